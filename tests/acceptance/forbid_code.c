/* Runs a command that may not run code it has written itself, as a service manager may have it:
 * forbid_code COMMAND... */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int forbid(scmp_filter_ctx filter, int call, unsigned count, const struct scmp_arg_cmp *where)
{
    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), call, count, where);
}

int main(int argc, char **argv)
{
    const struct scmp_arg_cmp anonymous[] = {
        SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC)};
    const struct scmp_arg_cmp later[] = {SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC)};
    const struct scmp_arg_cmp shared[] = {SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC),
                                          SCMP_A3_64(SCMP_CMP_MASKED_EQ, MAP_SHARED, MAP_SHARED)};
    scmp_filter_ctx filter = argc > 1 ? seccomp_init(SCMP_ACT_ALLOW) : NULL;

    if (!filter || forbid(filter, SCMP_SYS(mmap), 1, anonymous) != 0 ||
        forbid(filter, SCMP_SYS(mprotect), 1, later) != 0 || forbid(filter, SCMP_SYS(mmap), 2, shared) != 0 ||
        seccomp_load(filter) != 0) {
        fprintf(stderr, "forbid_code: no filter\n");
        return 1;
    }
    seccomp_release(filter);
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    return 1;
}
