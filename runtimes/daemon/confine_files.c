/* Where a worker may write, by Landlock: below the folders of its stores and tables, the state folder, and what
 * libraries need for themselves. It may read as before: what libraries read of a system is no list that would stay
 * true. */
#include "daemon/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The second version of the interface knows links between folders, without which no upload could be adopted by a store;
 * the third files that are cut. */
enum { ABI_MIN = 2, ABI_TRUNCATE = 3 };
static const uint64_t truncates = UINT64_C(1) << 14;
static const uint64_t writes = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                               LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                               LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                               LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                               LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;

static long landlock_abi(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool confine_can_files(void)
{
    return landlock_abi() >= ABI_MIN;
}

/* Cuts the last part off; false: none is left. */
static bool to_parent(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash || path[1] == '\0') {
        return false;
    }
    slash[slash == path] = '\0';
    return true;
}

/* The folder that a path is, or that the file of that name is in, or, where that is to be made yet, the nearest above
 * it. -1: there is none. */
static int open_place(char *path)
{
    int fd;

    while ((fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        if (!to_parent(path)) {
            return -1;
        }
    }
    return fd;
}

/* What is not there needs no rule. */
static pxm_status permit(int ruleset, int fd, uint64_t access, pxm_error *error)
{
    const struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};

    if (fd < 0) {
        return PXM_OK;
    }
    int failure = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 ? 0 : errno;
    close(fd);
    return failure == 0 ? PXM_OK : pxm_error_errno(error, failure, "confine.landlock", "a place of a worker");
}

static pxm_status permit_place(int ruleset, const char *path, uint64_t access, pxm_error *error)
{
    char *copy = strdup(path);

    if (!copy) {
        return pxm_error_no_memory(error);
    }
    int fd = open_place(copy);
    free(copy);
    return permit(ruleset, fd, access, error);
}

/* Temporary files of libraries, devices such as /dev/null, and the names of the worker's own threads. */
static pxm_status permit_common(int ruleset, uint64_t all, pxm_error *error)
{
    static const char *const folders[] = {"/tmp", "/var/tmp", "/dev/shm"}, *const files[] = {"/dev", "/proc/self"};
    const uint64_t into = all & (LANDLOCK_ACCESS_FS_WRITE_FILE | truncates);
    const char *temporary = secure_getenv("TMPDIR");
    pxm_status status = temporary && temporary[0] == '/' ? permit_place(ruleset, temporary, all, error) : PXM_OK;

    for (size_t i = 0; i < sizeof folders / sizeof folders[0] && status == PXM_OK; i++) {
        status = permit(ruleset, open(folders[i], O_PATH | O_DIRECTORY | O_CLOEXEC), all, error);
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0] && status == PXM_OK; i++) {
        status = permit(ruleset, open(files[i], O_PATH | O_DIRECTORY | O_CLOEXEC), into, error);
    }
    return status;
}

pxm_status confine_files(const char *const *places, pxm_error *error)
{
    const uint64_t all = landlock_abi() >= ABI_TRUNCATE ? writes | truncates : writes;
    const struct landlock_ruleset_attr attributes = {.handled_access_fs = all};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);

    if (ruleset < 0) {
        return pxm_error_errno(error, errno, "confine.landlock", "the kernel takes no rules for files");
    }
    pxm_status status = permit_common(ruleset, all, error);
    for (; *places && status == PXM_OK; places++) {
        status = permit_place(ruleset, *places, all, error);
    }
    if (status == PXM_OK && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
        status = pxm_error_errno(error, errno, "confine.landlock", "the kernel takes no rules for files");
    }
    close(ruleset);
    return status;
}
