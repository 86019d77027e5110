/* Limits come before anything of a plugin runs in the worker, so they hold for all of it. */
#include "daemon/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 1024 };

static pxm_status fail(pxm_error *error, const char *what)
{
    return pxm_error_errno(error, errno, NULL, what);
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

/* Lowers a limit for good; one that is lower already stays. */
static pxm_status lower(__rlimit_resource_t resource, uint64_t value, const char *what, pxm_error *error)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0) {
        return fail(error, what);
    }
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > value) {
        limit.rlim_max = value;
    }
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(resource, &limit) == 0 ? PXM_OK : fail(error, what);
}

static pxm_status limit_memory(int64_t memory_max, pxm_error *error)
{
    FILE *file = memory_max > 0 ? fopen("/proc/self/statm", "re") : NULL;
    uint64_t pages = 0, bytes = 0;

    if (memory_max == 0) {
        return PXM_OK;
    }
    if (!file) {
        return fail(error, "/proc/self/statm");
    }
    int found = fscanf(file, "%" SCNu64, &pages);
    fclose(file);
    if (found != 1 || __builtin_mul_overflow(pages, (uint64_t)sysconf(_SC_PAGESIZE), &bytes) ||
        __builtin_add_overflow(bytes, (uint64_t)memory_max, &bytes)) {
        return pxm_error_set(error, PXM_E_INTERNAL, "io.error", "/proc/self/statm makes no sense");
    }
    return lower(RLIMIT_AS, bytes, "limiting memory", error);
}

pxm_status confine_limits(int64_t parent, int64_t memory_max, pxm_error *error)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0) != 0 || setpgid(0, 0) != 0) {
        return fail(error, "confining a worker");
    }
    if (getppid() != parent) { /* it died before its death would have been told */
        return pxm_error_set(error, PXM_E_TRANSIENT, "worker.lost", "the daemon is gone");
    }
    pxm_status status = lower(RLIMIT_CORE, 0, "limiting cores", error);
    if (status == PXM_OK) {
        status = lower(RLIMIT_NOFILE, DESCRIPTORS_MAX, "limiting descriptors", error);
    }
    return status == PXM_OK ? limit_memory(memory_max, error) : status;
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

/* clang-format off */
static const int denied[] = {
    /* other programs and processes */
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(process_madvise), SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(pidfd_send_signal), SCMP_SYS(tkill),
    /* file systems and name spaces */
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(move_mount),
    SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr), SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(open_by_handle_at), SCMP_SYS(quotactl),
    SCMP_SYS(fanotify_init),
    /* other users */
    SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid),
    SCMP_SYS(setresgid), SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(setgroups), SCMP_SYS(capset),
    /* the kernel and the machine */
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(init_module), SCMP_SYS(finit_module),
    SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon),
    SCMP_SYS(swapoff), SCMP_SYS(acct), SCMP_SYS(syslog), SCMP_SYS(vhangup), SCMP_SYS(iopl), SCMP_SYS(ioperm),
    SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex),
    SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl)};
/* clang-format on */

/* Calls whose first argument is a process: to itself, for abort(3) and what threads need, yes; to others, no. */
static const int to_itself[] = {SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(rt_sigqueueinfo),
                                SCMP_SYS(rt_tgsigqueueinfo)};

/* By the call's first argument. */
static int deny_where(scmp_filter_ctx filter, int call, enum scmp_compare compare, uint64_t a, uint64_t b)
{
    const struct scmp_arg_cmp where = {.arg = 0, .op = compare, .datum_a = a, .datum_b = b};

    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), call, 1, &where);
}

static int add_rules(scmp_filter_ctx filter)
{
    const uint64_t self = (uint64_t)getpid();
    int result = 0;

    for (size_t i = 0; i < sizeof denied / sizeof denied[0] && result == 0; i++) {
        result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
    }
    for (size_t i = 0; i < sizeof to_itself / sizeof to_itself[0] && result == 0; i++) {
        result = deny_where(filter, to_itself[i], SCMP_CMP_NE, self, 0);
    }
    if (result == 0) { /* limits of itself, by the number 0 */
        result = deny_where(filter, SCMP_SYS(prlimit64), SCMP_CMP_NE, 0, 0);
    }
    if (result == 0) { /* threads, but no processes */
        result = deny_where(filter, SCMP_SYS(clone), SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0);
    }
    if (result == 0) { /* its arguments are in memory, where no filter sees them; the C library then uses clone */
        result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    }
    return result;
}

pxm_status confine_calls(pxm_error *error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int result = filter ? add_rules(filter) : -ENOMEM;

    if (result == 0) {
        result = seccomp_load(filter);
    }
    seccomp_release(filter);
    return result == 0 ? PXM_OK
                       : pxm_error_errno(error, -result, "confine.seccomp", "the kernel takes no seccomp filter");
}
