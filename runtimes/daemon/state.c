/* The state folder itself: making it, locking it, emptying the spool. */
#include "daemon/state_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LOCK_NAME  "lock"
#define SPOOL_NAME "spool"

enum { PID_TEXT_MAX = 32, PATH_BYTES_MAX = 4096 };

static pxm_status fail_errno(pxm_error *error, int number, const char *what, const char *path)
{
    bool denied = number == EACCES || number == EPERM || number == EROFS;
    pxm_status status = pxm_error_errno(error, number, denied ? "state.denied" : "state.unavailable", what);
    pxm_error_context(error, "state folder %s", path);
    return status;
}

/* ---- the folder ---- */

/* Who may write to the folder may put other files in the place of ours. */
static pxm_status check_folder(int folder, const char *path, pxm_error *error)
{
    struct stat about;
    if (fstat(folder, &about) != 0) {
        return fail_errno(error, errno, "it cannot be looked at", path);
    }
    if (about.st_uid != geteuid() || about.st_mode & (S_IWGRP | S_IWOTH)) {
        return pxm_error_set(error, PXM_E_DENIED, "state.denied",
                             "state folder %s: it must belong to the user that runs pixmill, and nobody else may write "
                             "to it; chmod 700 and chown help",
                             path);
    }
    return PXM_OK;
}

/* 0, or an errno. */
static int make_folders(const char *path)
{
    char part[PATH_BYTES_MAX];
    size_t length = strlen(path);
    if (length >= sizeof part) {
        return ENAMETOOLONG;
    }
    memcpy(part, path, length + 1);
    for (char *slash = strchr(part + (*part == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return errno;
        }
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : errno;
}

static pxm_status open_folder(struct state *state, const char *path, pxm_error *error)
{
    int number = make_folders(path);
    if (number != 0) {
        return fail_errno(error, number, "it cannot be made", path);
    }
    state->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state->folder < 0) {
        return fail_errno(error, errno, "it cannot be opened", path);
    }
    state->path = realpath(path, NULL);
    if (!state->path || asprintf(&state->spool, "%s/" SPOOL_NAME, state->path) < 0) {
        state->spool = NULL;
        return state->path ? pxm_error_no_memory(error) : fail_errno(error, errno, "it cannot be found", path);
    }
    return check_folder(state->folder, path, error);
}

/* ---- the lock ---- */

static pid_t read_pid(int lock)
{
    char text[PID_TEXT_MAX] = "", *end = NULL;
    ssize_t length = pread(lock, text, sizeof text - 1, 0);
    if (length <= 0) {
        return 0;
    }
    errno = 0;
    long pid = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\n' && pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

static pxm_status fail_locked(int lock, const char *path, pxm_error *error)
{
    char who[PID_TEXT_MAX] = "";
    pid_t pid = read_pid(lock);
    if (pid > 0) {
        snprintf(who, sizeof who, " (process %ld)", (long)pid);
    }
    return pxm_error_set(error, PXM_E_EXISTS, "state.locked",
                         "state folder %s: another pixmill%s is using it; stop that first, or give another folder",
                         path, who);
}

static pxm_status take_lock(struct state *state, pxm_error *error)
{
    char text[PID_TEXT_MAX];
    state->lock = openat(state->folder, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (state->lock < 0) {
        return fail_errno(error, errno, "its lock cannot be opened", state->path);
    }
    if (flock(state->lock, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? fail_locked(state->lock, state->path, error)
                                    : fail_errno(error, errno, "it cannot be locked", state->path);
    }
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(state->lock, 0) != 0 || pwrite(state->lock, text, (size_t)length, 0) != length) {
        return fail_errno(error, errno, "the process id cannot be written to its lock", state->path);
    }
    return PXM_OK;
}

pid_t state_holder(const char *folder)
{
    char path[PATH_BYTES_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/" LOCK_NAME, folder) >= sizeof path) {
        return 0;
    }
    int lock = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0) {
        return 0;
    }
    /* A shared lock is had where nobody has the other kind, and is gone at once. */
    bool is_held = flock(lock, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    pid_t pid = is_held ? read_pid(lock) : 0;
    close(lock);
    return pid;
}

/* ---- the spool ---- */

static int remove_entry(int folder, const char *name)
{
    if (unlinkat(folder, name, 0) == 0) {
        return 0;
    }
    return errno == EISDIR || errno == EPERM ? unlinkat(folder, name, AT_REMOVEDIR) : -1;
}

/* Takes over the descriptor. 0, or an errno. */
static int empty_folder(int folder)
{
    int number = 0;
    DIR *list = fdopendir(folder);
    if (!list) {
        number = errno;
        close(folder);
        return number;
    }
    errno = 0;
    for (struct dirent *found = readdir(list); found && number == 0; found = readdir(list)) {
        bool is_itself = strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0;
        if (!is_itself && remove_entry(folder, found->d_name) != 0 && errno != ENOENT) {
            number = errno;
        }
        errno = 0;
    }
    number = number ? number : errno;
    closedir(list);
    return number;
}

static pxm_status empty_spool(const struct state *state, pxm_error *error)
{
    if (mkdirat(state->folder, SPOOL_NAME, 0700) != 0 && errno != EEXIST) {
        return fail_errno(error, errno, "the folder spool cannot be made", state->path);
    }
    int spool = openat(state->folder, SPOOL_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int number = spool < 0 ? errno : empty_folder(spool);
    return number == 0 ? PXM_OK : fail_errno(error, number, "the folder spool cannot be emptied", state->path);
}

/* ---- all of it ---- */

pxm_status state_open(const char *folder, struct state **ret, pxm_error *error)
{
    struct state *state = calloc(1, sizeof *state);
    if (!state) {
        return pxm_error_no_memory(error);
    }
    state->folder = state->lock = -1;
    pxm_status status = open_folder(state, folder, error);
    if (status == PXM_OK) {
        status = take_lock(state, error);
    }
    if (status == PXM_OK) {
        status = empty_spool(state, error);
    }
    if (status != PXM_OK) {
        state_close(state);
        return status;
    }
    *ret = state;
    return PXM_OK;
}

void state_close(struct state *state)
{
    if (!state) {
        return;
    }
    if (state->lock >= 0) {
        close(state->lock);
    }
    if (state->folder >= 0) {
        close(state->folder);
    }
    free(state->path);
    free(state->spool);
    free(state);
}

const char *state_spool(const struct state *state)
{
    return state->spool;
}

pxm_status state_free_bytes(const struct state *state, int64_t *ret, pxm_error *error)
{
    struct statvfs about;
    uint64_t bytes;
    if (fstatvfs(state->folder, &about) != 0) {
        return fail_errno(error, errno, "its free space cannot be told", state->path);
    }
    if (__builtin_mul_overflow((uint64_t)about.f_bavail, (uint64_t)about.f_frsize, &bytes) || bytes > INT64_MAX) {
        bytes = INT64_MAX;
    }
    *ret = (int64_t)bytes;
    return PXM_OK;
}
