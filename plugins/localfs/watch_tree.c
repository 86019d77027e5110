/* The folders below a watched prefix: inotify watches on all of them, reading them, and what their events mean. */
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    EVENTS_BYTES = 64 << 10,
    ENTRIES_PER_CHECK = 256,
    PATH_BYTES = LOCALFS_KEY_MAX + LOCALFS_NAME_MAX + 3,
    WATCH_MASK = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_EXCL_UNLINK | IN_ONLYDIR
};

struct tree {
    const struct localfs *fs;
    struct localfs_watch *watch;
    const pxm_job *job;
    pxm_error *error;
    /* Folders that are still to be read, as in struct localfs_folder. */
    size_t ahead_count, ahead_room;
    char **ahead;
};

/* ---- the folders that are watched, by wd ---- */

/* Where the wd is, or would be. */
static size_t place_of(const struct localfs_watch *watch, int wd)
{
    size_t low = 0, high = watch->folder_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (watch->folders[middle].wd < wd) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const char *path_of_wd(const struct localfs_watch *watch, int wd)
{
    size_t place = place_of(watch, wd);
    return place < watch->folder_count && watch->folders[place].wd == wd ? watch->folders[place].path : NULL;
}

static void forget_at(struct localfs_watch *watch, size_t place)
{
    free(watch->folders[place].path);
    watch->folder_count--;
    memmove(&watch->folders[place], &watch->folders[place + 1], (watch->folder_count - place) * sizeof *watch->folders);
}

/* A folder that was moved keeps its wd, and gets its new path. Takes the path over. */
static bool remember(struct localfs_watch *watch, int wd, char *path)
{
    size_t place = place_of(watch, wd);
    if (place < watch->folder_count && watch->folders[place].wd == wd) {
        free(watch->folders[place].path);
        watch->folders[place].path = path;
        return true;
    }
    if (watch->folder_count == watch->folder_room) {
        size_t room = watch->folder_room ? 2 * watch->folder_room : 16;
        struct localfs_folder *more = reallocarray(watch->folders, room, sizeof *more);
        if (!more) {
            free(path);
            return false;
        }
        watch->folders = more;
        watch->folder_room = room;
    }
    memmove(&watch->folders[place + 1], &watch->folders[place], (watch->folder_count - place) * sizeof *watch->folders);
    watch->folders[place] = (struct localfs_folder){.wd = wd, .path = path};
    watch->folder_count++;
    return true;
}

/* Ends the watches of a folder that is gone from there, and of all below it. */
static void forget_below(struct localfs_watch *watch, const char *path)
{
    for (size_t i = watch->folder_count; i > 0; i--) {
        if (strncmp(watch->folders[i - 1].path, path, strlen(path)) == 0) {
            inotify_rm_watch(watch->inotify, watch->folders[i - 1].wd);
            forget_at(watch, i - 1);
        }
    }
}

/* ---- reading folders ---- */

static pxm_status fail_memory(const struct tree *tree)
{
    return localfs_fail_memory(tree->fs, tree->error);
}

static void ignore(const struct tree *tree, const char *folder, const char *why)
{
    tree->fs->host->log(tree->fs->host, tree->job, PXM_LOG_DEBUG, "something in \"%s\" of %s is passed over: %s",
                        folder, tree->fs->config->root, why);
}

/* Takes the path over. */
static pxm_status push_ahead(struct tree *tree, char *path)
{
    if (path && tree->ahead_count == tree->ahead_room) {
        size_t room = tree->ahead_room ? 2 * tree->ahead_room : 16;
        char **more = reallocarray(tree->ahead, room, sizeof *more);
        if (!more) {
            free(path);
            return fail_memory(tree);
        }
        tree->ahead = more;
        tree->ahead_room = room;
    }
    if (!path) {
        return fail_memory(tree);
    }
    tree->ahead[tree->ahead_count++] = path;
    return PXM_OK;
}

/* Whether keys that start with `path` can start with the prefix. */
static bool leads_to_prefix(const struct localfs_watch *watch, const char *path)
{
    size_t length = strlen(path), prefix = strlen(watch->prefix);
    return strncmp(path, watch->prefix, length < prefix ? length : prefix) == 0;
}

/* The key of an entry of a folder; false where it can be none. */
static bool key_of(const struct tree *tree, const char *folder, const char *name, char key[PATH_BYTES])
{
    const char *reason = "its name starts with a dot";
    snprintf(key, PATH_BYTES, "%s%s", folder, name);
    if (name[0] == '.' || !localfs_key_valid(tree->fs, key, &reason)) {
        ignore(tree, folder, reason);
        return false;
    }
    return true;
}

static pxm_status add_file(struct tree *tree, const char *key, bool closed)
{
    struct localfs_seen *seen = NULL;
    if (strncmp(key, tree->watch->prefix, strlen(tree->watch->prefix)) != 0) {
        return PXM_OK;
    }
    if (!localfs_seen_add(tree->watch, key, &seen)) {
        return fail_memory(tree);
    }
    if (!seen) {
        return PXM_OK;
    }
    if (closed) {
        seen->closed = true;
        seen->due_ms = 0;
    }
    if (seen->state == LOCALFS_REMEMBERED) {
        localfs_seen_move(tree->watch, seen, LOCALFS_WAITS);
    }
    return PXM_OK;
}

static pxm_status add_folder(struct tree *tree, char key[PATH_BYTES])
{
    size_t length = strlen(key);
    memcpy(key + length, "/", 2);
    return leads_to_prefix(tree->watch, key) ? push_ahead(tree, strdup(key)) : PXM_OK;
}

static pxm_status add_entry(struct tree *tree, int folder, const char *path, const struct dirent *entry)
{
    char key[PATH_BYTES];
    struct stat stat;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
        !key_of(tree, path, entry->d_name, key) || fstatat(folder, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
        return PXM_OK;
    }
    if (S_ISDIR(stat.st_mode)) {
        return add_folder(tree, key);
    }
    if (!S_ISREG(stat.st_mode)) {
        ignore(tree, path, "it is a link or a device");
        return PXM_OK;
    }
    enum localfs_mark mark = localfs_file_mark(tree->fs, folder, key, tree->error);
    /* Without marks, what was there before anybody watched is taken for known. */
    bool known = mark == LOCALFS_MARK_THERE || (mark == LOCALFS_MARK_IMPOSSIBLE && !tree->watch->started);
    return known ? PXM_OK : add_file(tree, key, false);
}

static pxm_status read_entries(struct tree *tree, DIR *entries, const char *path)
{
    const struct dirent *entry;
    pxm_status status = PXM_OK;
    for (size_t i = 0; status == PXM_OK && (errno = 0, entry = readdir(entries)); i++) {
        if (i % ENTRIES_PER_CHECK == 0) {
            status = localfs_in_time(tree->fs, tree->job, path, tree->error);
        }
        if (status == PXM_OK) {
            status = add_entry(tree, dirfd(entries), path, entry);
        }
    }
    return status == PXM_OK && errno != 0 ? localfs_fail(tree->fs, tree->error, errno, "watch", path) : status;
}

static pxm_status fail_watch(const struct tree *tree, int number, const char *path)
{
    if (number != ENOSPC && number != EMFILE) {
        return localfs_fail(tree->fs, tree->error, number, "watch", path);
    }
    return tree->fs->host->fail(tree->error, PXM_E_TRANSIENT, "store.unavailable",
                                "cannot watch \"%s\" in %s: the limit of inotify is reached; raise %s", path,
                                tree->fs->config->root,
                                number == ENOSPC ? "fs.inotify.max_user_watches" : "fs.inotify.max_user_instances");
}

/* The wd of a folder, or a negative errno. The path of its descriptor names the very folder that was opened. */
static int watch_folder(const struct tree *tree, int folder, const char *path)
{
    char name[PATH_BYTES + 4096];
    if (tree->fs->has_proc) {
        snprintf(name, sizeof name, "/proc/self/fd/%d", folder);
    } else {
        snprintf(name, sizeof name, "%s/%s", tree->fs->config->root, path);
    }
    int wd = inotify_add_watch(tree->watch->inotify, name, WATCH_MASK);
    return wd < 0 ? -errno : wd;
}

/* Watches a folder and then reads it, so that nothing falls between. Takes the path over. One that is gone is no
 * error. */
static pxm_status read_folder(struct tree *tree, char *path)
{
    int folder = localfs_folder_open(tree->fs, path, *path ? strlen(path) - 1 : 0);
    if (folder < 0) {
        bool gone = folder == -ENOENT || folder == -ENOTDIR || folder == -ELOOP;
        bool closed = folder == -EACCES;
        if (closed) {
            tree->fs->host->log(tree->fs->host, tree->job, PXM_LOG_WARN,
                                "the folder \"%s\" of %s may not be read, so files in it are not seen", path,
                                tree->fs->config->root);
        }
        pxm_status status = gone || closed ? PXM_OK : fail_watch(tree, -folder, path);
        free(path);
        return status;
    }
    int wd = watch_folder(tree, folder, path);
    DIR *entries = wd < 0 ? NULL : fdopendir(folder);
    char *own = entries ? strdup(path) : NULL;
    pxm_status status;
    if (wd < 0) {
        status = fail_watch(tree, -wd, path);
    } else if (!own || !remember(tree->watch, wd, own)) {
        status = fail_memory(tree);
    } else {
        status = read_entries(tree, entries, path);
    }
    if (entries) {
        closedir(entries);
    } else {
        close(folder);
    }
    free(path);
    return status;
}

/* Reads what is ahead, and what that leads to. After a failure all is to be read again. */
static pxm_status read_ahead(struct tree *tree, pxm_status status)
{
    while (status == PXM_OK && tree->ahead_count > 0) {
        status = read_folder(tree, tree->ahead[--tree->ahead_count]);
    }
    while (tree->ahead_count > 0) {
        free(tree->ahead[--tree->ahead_count]);
    }
    free(tree->ahead);
    tree->ahead = NULL;
    tree->ahead_room = 0;
    tree->watch->rescan |= status != PXM_OK;
    return status;
}

/* ---- starting ---- */

void localfs_tree_stop(struct localfs_watch *watch)
{
    while (watch->folder_count > 0) {
        free(watch->folders[--watch->folder_count].path);
    }
    free(watch->folders);
    watch->folders = NULL;
    watch->folder_room = 0;
    if (watch->inotify >= 0) {
        close(watch->inotify);
        watch->inotify = -1;
    }
}

/* Whether the folder of the prefix is still the one that is watched. */
static bool is_where_it_was(const struct localfs *fs, const struct localfs_watch *watch)
{
    struct stat stat;
    int folder = localfs_folder_open(fs, watch->prefix, watch->folder_length);
    if (folder < 0) {
        return false;
    }
    bool same = fstat(folder, &stat) == 0 && stat.st_dev == watch->top.st_dev && stat.st_ino == watch->top.st_ino;
    close(folder);
    return same;
}

static pxm_status start(struct tree *tree)
{
    struct localfs_watch *watch = tree->watch;
    int folder = localfs_folder_make(tree->fs, watch->prefix, watch->folder_length);
    if (folder < 0) {
        return localfs_fail(tree->fs, tree->error, -folder, "watch", watch->prefix);
    }
    int number = fstat(folder, &watch->top) == 0 ? 0 : errno;
    if (watch->folder_length > 0) {
        localfs_folder_keep(folder);
    }
    close(folder);
    watch->inotify = number ? -1 : inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->inotify < 0) {
        return fail_watch(tree, number ? number : errno, watch->prefix);
    }
    watch->rescan = true;
    return PXM_OK;
}

static pxm_status read_all(struct tree *tree)
{
    const struct localfs_watch *watch = tree->watch;
    size_t length = watch->folder_length > 0 ? watch->folder_length + 1 : 0;
    tree->watch->rescan = false;
    return read_ahead(tree, push_ahead(tree, strndup(watch->prefix, length)));
}

pxm_status localfs_tree_refresh(const struct localfs *fs, struct localfs_watch *watch, const pxm_job *job,
                                pxm_error *error)
{
    struct tree tree = {.fs = fs, .watch = watch, .job = job, .error = error};
    pxm_status status = PXM_OK;
    if (watch->inotify < 0 || !is_where_it_was(fs, watch)) {
        localfs_tree_stop(watch);
        status = start(&tree);
    }
    /* While many files wait already there is no room for more. */
    if (status == PXM_OK && watch->rescan && watch->seen_count - watch->remembered_count <= LOCALFS_SEEN_MAX / 2) {
        status = read_all(&tree);
        watch->started |= status == PXM_OK && !watch->rescan;
    }
    return status;
}

/* ---- events ---- */

static bool is_link(const struct localfs *fs, const char *key)
{
    struct localfs_object object;
    if (localfs_object_open(fs, -1, key, &object) < 0) {
        return false;
    }
    bool link = object.stat.st_nlink > 1;
    localfs_object_done(fs, &object);
    return link;
}

/* A new name says nothing about when its file will be whole, unless it is a further name of one that is. */
static bool is_whole(const struct tree *tree, const struct inotify_event *event, const char *key)
{
    return (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) || ((event->mask & IN_CREATE) && is_link(tree->fs, key));
}

static pxm_status take_event(struct tree *tree, const struct inotify_event *event)
{
    char key[PATH_BYTES];
    struct localfs_watch *watch = tree->watch;
    if (event->mask & IN_Q_OVERFLOW) {
        watch->rescan = true;
        return PXM_OK;
    }
    const char *path = path_of_wd(watch, event->wd);
    if (path && (event->mask & IN_IGNORED)) {
        forget_at(watch, place_of(watch, event->wd));
        return PXM_OK;
    }
    if (!path || event->len == 0 || !key_of(tree, path, event->name, key)) {
        return PXM_OK;
    }
    if (!(event->mask & IN_ISDIR)) {
        return is_whole(tree, event, key) ? add_file(tree, key, true) : PXM_OK;
    }
    if (event->mask & (IN_CREATE | IN_MOVED_TO)) {
        return add_folder(tree, key);
    }
    if (event->mask & IN_MOVED_FROM) {
        memcpy(key + strlen(key), "/", 2);
        forget_below(watch, key);
    }
    return PXM_OK;
}

pxm_status localfs_tree_read(const struct localfs *fs, struct localfs_watch *watch, const pxm_job *job,
                             pxm_error *error)
{
    _Alignas(struct inotify_event) char buffer[EVENTS_BYTES];
    struct tree tree = {.fs = fs, .watch = watch, .job = job, .error = error};
    pxm_status status = PXM_OK;
    ssize_t length = 0;
    while (status == PXM_OK && (length = read(watch->inotify, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; status == PXM_OK && at < length;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)(buffer + at);
            status = take_event(&tree, event);
            at += (ssize_t)(sizeof *event + event->len);
        }
        status = read_ahead(&tree, status);
    }
    if (length < 0 && errno != EAGAIN && errno != EINTR) {
        return localfs_fail(fs, error, errno, "watch", watch->prefix);
    }
    return status;
}
