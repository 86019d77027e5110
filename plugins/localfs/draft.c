/* Files on their way to be objects. A draft has no name where the file system can make such files (O_TMPFILE), so that
 * it is gone by itself when its writer dies; otherwise, and for the moment in which it replaces an object, it has a
 * random name in the private folder and is locked. One draft belongs to one thread. */
#include "localfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { NAME_RANDOM_BYTES = 16, NAME_TRIES = 16, PROC_PATH_MAX = 32 };
#define NAME_PREFIX "draft-"

void localfs_draft_init(struct localfs_draft *draft)
{
    *draft = (struct localfs_draft){.fd = -1, .private_folder = -1};
}

static void proc_path(int fd, char path[PROC_PATH_MAX])
{
    snprintf(path, PROC_PATH_MAX, "/proc/self/fd/%d", fd);
}

static int choose_name(char *name, size_t size)
{
    unsigned char random[NAME_RANDOM_BYTES];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return -EAGAIN;
    }
    int at = snprintf(name, size, "%s", NAME_PREFIX);
    for (size_t i = 0; i < sizeof random; i++) {
        at += snprintf(name + at, size - (size_t)at, "%02x", random[i]);
    }
    return 0;
}

static int open_private(const struct localfs *fs, struct localfs_draft *draft)
{
    if (draft->private_folder < 0) {
        draft->private_folder = localfs_folder_private(fs, true);
    }
    return draft->private_folder < 0 ? draft->private_folder : 0;
}

/* Makes a file with a name. A sweep may take it before it is locked: then it has no link left, and the next is made. */
static int create_named(const struct localfs *fs, struct localfs_draft *draft)
{
    int result = open_private(fs, draft);
    for (int i = 0; i < NAME_TRIES && result == 0; i++) {
        struct stat stat;
        char name[sizeof draft->name];
        if ((result = choose_name(name, sizeof name)) < 0) {
            return result;
        }
        int fd = openat(draft->private_folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0) {
            return -errno;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &stat) == 0 && stat.st_nlink == 1) {
            draft->fd = fd;
            memcpy(draft->name, name, sizeof name);
            return 0;
        }
        unlinkat(draft->private_folder, name, 0);
        close(fd);
    }
    return result < 0 ? result : -EAGAIN;
}

int localfs_draft_create(const struct localfs *fs, struct localfs_draft *draft)
{
    if (fs->has_proc) {
        draft->fd = openat(fs->root, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (draft->fd >= 0) {
            return 0;
        }
        if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) {
            return -errno;
        }
    }
    return create_named(fs, draft);
}

/* Gives a file without a name one in the private folder. */
static int give_name(const struct localfs *fs, struct localfs_draft *draft)
{
    char path[PROC_PATH_MAX], name[sizeof draft->name];
    int result = open_private(fs, draft);
    if (result < 0 || (result = choose_name(name, sizeof name)) < 0) {
        return result;
    }
    if (flock(draft->fd, LOCK_EX | LOCK_NB) != 0) {
        return -errno;
    }
    proc_path(draft->fd, path);
    if (linkat(AT_FDCWD, path, draft->private_folder, name, AT_SYMLINK_FOLLOW) != 0) {
        return -errno;
    }
    memcpy(draft->name, name, sizeof name);
    return 0;
}

int localfs_draft_adopt(const struct localfs *fs, struct localfs_draft *draft, int fd, const void *attributes,
                        size_t length)
{
    /* XATTR_CREATE lets one put claim the file for good. Another that wants the same bytes under its own key copies
     * them, and so does a repeated one, as the kernel names such a file only once. */
    if (!fs->has_proc || fsetxattr(fd, LOCALFS_ATTRIBUTE, attributes, length, XATTR_CREATE) != 0) {
        return -EXDEV;
    }
    draft->fd = fd;
    draft->borrowed = true;
    if (give_name(fs, draft) != 0) {
        localfs_draft_done(draft);
        return -EXDEV;
    }
    return 0;
}

static int link_draft(const struct localfs_draft *draft, int folder, const char *name)
{
    char path[PROC_PATH_MAX];
    int failed;
    if (draft->name[0]) {
        failed = linkat(draft->private_folder, draft->name, folder, name, 0);
    } else {
        proc_path(draft->fd, path);
        failed = linkat(AT_FDCWD, path, folder, name, AT_SYMLINK_FOLLOW);
    }
    return failed ? -errno : 0;
}

int localfs_draft_publish(const struct localfs *fs, struct localfs_draft *draft, int folder, const char *name,
                          bool replace)
{
    int result = link_draft(draft, folder, name);
    if (result == -EEXIST && replace) {
        result = draft->name[0] ? 0 : give_name(fs, draft);
        if (result == 0 && renameat(draft->private_folder, draft->name, folder, name) != 0) {
            result = -errno;
        } else if (result == 0) {
            draft->name[0] = '\0';
        }
    }
    return result;
}

void localfs_draft_done(struct localfs_draft *draft)
{
    if (draft->name[0]) {
        unlinkat(draft->private_folder, draft->name, 0);
    }
    if (draft->fd >= 0 && !draft->borrowed) {
        close(draft->fd);
    }
    if (draft->private_folder >= 0) {
        close(draft->private_folder);
    }
    localfs_draft_init(draft);
}

static void sweep_one(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        unlinkat(folder, name, 0);
    }
    close(fd);
}

void localfs_draft_sweep(const struct localfs *fs)
{
    const struct dirent *entry;
    int folder = localfs_folder_private(fs, false);
    DIR *names = folder < 0 ? NULL : fdopendir(folder);
    if (!names) {
        if (folder >= 0) {
            close(folder);
        }
        return;
    }
    while ((entry = readdir(names))) {
        if (strncmp(entry->d_name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0) {
            sweep_one(folder, entry->d_name);
        }
    }
    closedir(names);
}
