/* Folders below the root: opened without ever following a link, made durably, removed when empty. The kernel confines
 * whole paths (openat2); where it cannot, paths are walked one component at a time. [any] */
#include "localfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* Set on a folder once it and all above it are durable. It dies with the folder, so it cannot be stale, and it need not
 * be durable itself: without it the folders are flushed once more. */
#define DURABLE_MARK "user.pixmill.durable"

/* Set on a folder into which people drop files: it is theirs, with its owner and mode, and stays when it is empty. */
#define KEEP_MARK "user.pixmill.keep"

static int open_one(int folder, const char *name)
{
    int fd = openat(folder, name, FOLDER_FLAGS);
    return fd < 0 ? -errno : fd;
}

/* The next component of `path`, copied to `name`; NULL at the end. */
static const char *next_component(const char *path, const char *end, char name[LOCALFS_NAME_MAX + 1])
{
    if (path >= end) {
        return NULL;
    }
    const char *slash = memchr(path, '/', (size_t)(end - path));
    size_t length = (size_t)((slash ? slash : end) - path);
    memcpy(name, path, length);
    name[length] = '\0';
    return slash ? slash + 1 : end;
}

static int open_by_kernel(const struct localfs *fs, const char *key, size_t length)
{
    char path[LOCALFS_KEY_MAX + 1];
    memcpy(path, key, length);
    path[length] = '\0';
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, fs->root, path, &how, sizeof how);
    return fd < 0 ? -errno : (int)fd;
}

static int open_by_walk(const struct localfs *fs, const char *key, size_t length)
{
    char name[LOCALFS_NAME_MAX + 1];
    const char *at = key;
    int folder = open_one(fs->root, ".");
    while (folder >= 0 && (at = next_component(at, key + length, name))) {
        int next = open_one(folder, name);
        close(folder);
        folder = next;
    }
    return folder;
}

int localfs_folder_open(const struct localfs *fs, const char *key, size_t length)
{
    if (length == 0) {
        return open_one(fs->root, ".");
    }
    return fs->has_openat2 ? open_by_kernel(fs, key, length) : open_by_walk(fs, key, length);
}

/* Opens the folder `name`, making it if need be, and flushes the entry that leads to it. */
static int make_one(int folder, const char *name)
{
    int next = open_one(folder, name);
    if (next == -ENOENT) {
        if (mkdirat(folder, name, 0700) != 0 && errno != EEXIST) {
            return -errno;
        }
        next = open_one(folder, name);
    }
    if (next >= 0 && fsync(folder) != 0) {
        int number = errno;
        close(next);
        return -number;
    }
    return next;
}

int localfs_folder_make(const struct localfs *fs, const char *key, size_t length)
{
    char name[LOCALFS_NAME_MAX + 1];
    const char *at = key;
    int folder = localfs_folder_open(fs, key, length);
    if (folder >= 0) {
        if (length == 0 || fgetxattr(folder, DURABLE_MARK, NULL, 0) >= 0) {
            return folder;
        }
        close(folder);
    } else if (folder != -ENOENT) {
        return folder;
    }
    folder = open_one(fs->root, ".");
    while (folder >= 0 && (at = next_component(at, key + length, name))) {
        int next = make_one(folder, name);
        close(folder);
        folder = next;
    }
    if (folder >= 0) {
        (void)fsetxattr(folder, DURABLE_MARK, "", 0, 0);
    }
    return folder;
}

void localfs_folder_keep(int folder)
{
    (void)fsetxattr(folder, KEEP_MARK, "", 0, 0);
}

static bool is_kept(int above, const char *name)
{
    int folder = open_one(above, name);
    if (folder < 0) {
        return false;
    }
    bool kept = fgetxattr(folder, KEEP_MARK, NULL, 0) >= 0;
    close(folder);
    return kept;
}

void localfs_folder_prune(const struct localfs *fs, const char *key, size_t length)
{
    while (length > 0) {
        char name[LOCALFS_NAME_MAX + 1];
        size_t above = localfs_key_folder(key, length);
        next_component(key + (above > 0 ? above + 1 : 0), key + length, name);
        int folder = localfs_folder_open(fs, key, above);
        if (folder < 0) {
            return;
        }
        bool failed = is_kept(folder, name) || unlinkat(folder, name, AT_REMOVEDIR) != 0;
        close(folder);
        if (failed) {
            return;
        }
        length = above;
    }
}

int localfs_folder_private(const struct localfs *fs, bool make)
{
    if (make && mkdirat(fs->root, LOCALFS_PRIVATE, 0700) != 0 && errno != EEXIST) {
        return -errno;
    }
    return open_one(fs->root, LOCALFS_PRIVATE);
}
