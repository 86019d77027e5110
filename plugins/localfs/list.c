/* list: one page of keys in the order of their bytes, across folders. [any]
 *
 * A folder sorts as its name with a slash, so that a walk in depth first order gives the order of keys. Only the
 * smallest names that are still ahead are kept of each folder on the path; when they are used up the folder is read
 * again. So a page takes bounded memory however many objects there are, and time in proportion to the folders that it
 * touches. */
#include "localfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_MIN = 16,      /* names kept of one folder, at least                     */
    BATCH_BUDGET = 4096, /* names kept of all folders, as far as the least allows  */
    DEPTH_MAX = LOCALFS_KEY_MAX / 2 + 1,
    ENTRIES_PER_CHECK = 4096 /* directory entries read between two looks at the time   */
};

/* One folder on the path from where the walk began to where it is. */
struct frame {
    size_t path_length; /* of the folder in walk.path, with its slash      */
    char **names;       /* sorted; the name of a folder ends in a slash    */
    size_t count, next;
    bool more;                        /* there are names behind the last one             */
    bool inclusive;                   /* the name `bound` itself is ahead, too           */
    char bound[LOCALFS_NAME_MAX + 2]; /* names from here on are ahead                    */
};

struct walk {
    const struct localfs *fs;
    const pxm_job *job;
    const char *prefix;
    char cursor[LOCALFS_KEY_MAX + 1];                  /* keys up to this one were given before; "": none */
    char path[LOCALFS_KEY_MAX + LOCALFS_NAME_MAX + 3]; /* of the innermost folder, with its slash */
    struct frame *frames;
    size_t depth, kept;
    size_t wanted; /* keys still to be found                          */
};

/* ---- reading one folder ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void drop_names(struct walk *walk, struct frame *frame)
{
    walk->kept -= frame->count - frame->next;
    for (size_t i = frame->next; i < frame->count; i++) {
        free(frame->names[i]);
    }
    free(frame->names);
    frame->names = NULL;
    frame->count = frame->next = 0;
}

static void keep_smallest(struct frame *frame, size_t limit)
{
    qsort(frame->names, frame->count, sizeof *frame->names, compare_names);
    while (frame->count > limit) {
        free(frame->names[--frame->count]);
        frame->more = true;
    }
}

/* 'f' for a folder, 'o' for what may be an object, 0 for anything else. */
static char kind_of(int folder, const struct dirent *entry)
{
    struct stat stat;
    if (entry->d_type == DT_DIR || entry->d_type == DT_REG) {
        return entry->d_type == DT_DIR ? 'f' : 'o';
    }
    if (entry->d_type != DT_UNKNOWN || fstatat(folder, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
        return 0;
    }
    return S_ISDIR(stat.st_mode) ? 'f' : S_ISREG(stat.st_mode) ? 'o' : 0;
}

/* The entry as a name in the frame, if it may lead to keys that the page wants; else false. Writes behind walk.path. */
static bool name_ahead(struct walk *walk, const struct frame *frame, int folder, const struct dirent *entry)
{
    char *name = walk->path + frame->path_length;
    snprintf(name, LOCALFS_NAME_MAX + 1, "%s", entry->d_name);
    if (!localfs_key_valid(walk->fs, walk->path, NULL)) {
        return false;
    }
    char kind = kind_of(folder, entry);
    if (kind == 'f') {
        memcpy(name + strlen(name), "/", 2);
    }
    int order = strcmp(name, frame->bound);
    size_t prefix = strlen(walk->prefix);
    return kind && (order > 0 || (order == 0 && frame->inclusive)) &&
           (prefix <= frame->path_length || strncmp(walk->path, walk->prefix, prefix) == 0);
}

static pxm_status gather(struct walk *walk, struct frame *frame, DIR *entries, size_t limit, pxm_error *error)
{
    const struct dirent *entry;
    pxm_status status = PXM_OK;
    for (size_t i = 0; status == PXM_OK && (errno = 0, entry = readdir(entries)); i++) {
        if (i % ENTRIES_PER_CHECK == 0) {
            status = localfs_in_time(walk->fs, walk->job, walk->prefix, error);
        }
        if (status != PXM_OK || !name_ahead(walk, frame, dirfd(entries), entry)) {
            continue;
        }
        if (frame->count == 2 * limit) {
            keep_smallest(frame, limit);
        }
        frame->names[frame->count] = strdup(walk->path + frame->path_length);
        if (!frame->names[frame->count]) {
            return localfs_fail_memory(walk->fs, error);
        }
        frame->count++;
    }
    if (status == PXM_OK && errno != 0) {
        status = localfs_fail(walk->fs, error, errno, "list", walk->prefix);
    }
    return status;
}

/* Fills the frame with the smallest names from its bound on. A folder that is gone has none. */
static pxm_status read_folder(struct walk *walk, struct frame *frame, pxm_error *error)
{
    size_t room = walk->kept < BATCH_BUDGET ? BATCH_BUDGET - walk->kept : 0;
    size_t limit = walk->wanted < room ? walk->wanted : room;
    limit = limit < BATCH_MIN ? BATCH_MIN : limit;
    drop_names(walk, frame);
    frame->more = false;
    int folder = localfs_folder_open(walk->fs, walk->path, frame->path_length > 0 ? frame->path_length - 1 : 0);
    if (folder == -ENOENT || folder == -ENOTDIR || folder == -ELOOP) {
        return PXM_OK;
    }
    DIR *entries = folder < 0 ? NULL : fdopendir(folder);
    frame->names = calloc(2 * limit, sizeof *frame->names);
    pxm_status status;
    if (folder < 0) {
        status = localfs_fail(walk->fs, error, -folder, "list", walk->prefix);
    } else if (!entries || !frame->names) {
        status = localfs_fail_memory(walk->fs, error);
    } else {
        status = gather(walk, frame, entries, limit, error);
        keep_smallest(frame, limit);
    }
    walk->path[frame->path_length] = '\0';
    walk->kept += frame->count;
    if (entries) {
        closedir(entries);
    } else if (folder >= 0) {
        close(folder);
    }
    return status;
}

/* ---- the walk ---- */

/* Enters the folder walk.path. The bound is where the cursor passes through it, if it does. */
static pxm_status enter(struct walk *walk, pxm_error *error)
{
    size_t length = strlen(walk->path);
    struct frame *frame = &walk->frames[walk->depth];
    *frame = (struct frame){.path_length = length};
    if (strncmp(walk->cursor, walk->path, length) == 0) {
        const char *rest = walk->cursor + length;
        size_t name = strcspn(rest, "/");
        frame->inclusive = rest[name] == '/';
        snprintf(frame->bound, sizeof frame->bound, "%.*s", (int)(name + frame->inclusive), rest);
    }
    walk->depth++;
    return read_folder(walk, frame, error);
}

/* Moves on to the next object; then walk.path is its key. *ret_found stays false at the end. */
static pxm_status next_object(struct walk *walk, bool *ret_found, pxm_error *error)
{
    pxm_status status = PXM_OK;
    *ret_found = false;
    while (status == PXM_OK && walk->depth > 0 && !*ret_found) {
        struct frame *frame = &walk->frames[walk->depth - 1];
        walk->path[frame->path_length] = '\0';
        if (frame->next == frame->count) {
            if (frame->more) {
                status = read_folder(walk, frame, error);
            } else {
                drop_names(walk, frame);
                walk->depth--;
            }
            continue;
        }
        char *name = frame->names[frame->next++];
        walk->kept--;
        bool folder = name[strlen(name) - 1] == '/';
        snprintf(frame->bound, sizeof frame->bound, "%s", name);
        frame->inclusive = false;
        snprintf(walk->path + frame->path_length, sizeof walk->path - frame->path_length, "%s", name);
        free(name);
        if (folder) {
            status = enter(walk, error);
        } else {
            *ret_found = true;
        }
    }
    return status;
}

/* ---- the page ---- */

/* Appends what is known of an object, unless it is gone: then *ret_there is false. */
static pxm_status add_item(const struct localfs *fs, const char *key, pxm_value *items, bool *ret_there,
                           pxm_error *error)
{
    const struct pxm_host *host = fs->host;
    struct localfs_object object;
    *ret_there = false;
    int result = localfs_object_open(fs, -1, key, &object);
    if (result < 0) {
        return result == -ENOENT ? PXM_OK : localfs_fail(fs, error, -result, "open", key);
    }
    pxm_status status = localfs_object_load(fs, &object, key, error);
    pxm_value *item = status == PXM_OK ? host->value_record() : NULL;
    if (item) {
        host->value_set(item, "key", localfs_text(fs, key));
        host->value_set(item, "bytes", host->value_int(object.stat.st_size));
        host->value_set(item, "etag", localfs_text(fs, object.etag));
        host->value_set(item, "modified_at", host->value_int(localfs_object_modified_ms(&object)));
    }
    if (status == PXM_OK) {
        status = host->value_append(items, item) == PXM_OK ? PXM_OK : localfs_fail_memory(fs, error);
        *ret_there = true;
    }
    localfs_object_done(fs, &object);
    return status;
}

/* A cursor is the last key given, in hex. It is only a place in the order: a forged one shows nothing outside the
 * prefix. */
static pxm_value *cursor_of(const struct localfs *fs, const char *key)
{
    char text[2 * LOCALFS_KEY_MAX + 1];
    size_t length = strlen(key);
    for (size_t i = 0; i < length; i++) {
        snprintf(text + 2 * i, 3, "%02x", (unsigned char)key[i]);
    }
    return fs->host->value_string(text, 2 * length);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool read_cursor(const struct localfs *fs, const char *text, char key[LOCALFS_KEY_MAX + 1])
{
    size_t length = strnlen(text, 2 * LOCALFS_KEY_MAX + 1);
    if (length == 0 || length % 2 || length > 2 * LOCALFS_KEY_MAX) {
        return false;
    }
    for (size_t i = 0; i < length / 2; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        key[i] = (char)(high << 4 | low);
    }
    key[length / 2] = '\0';
    return localfs_key_valid(fs, key, NULL);
}

/* Puts the walk into the folder of the prefix. *ret_empty: no key can be under the prefix and behind the cursor. */
static pxm_status start(struct walk *walk, const struct pxm_list *list, bool *ret_empty, pxm_error *error)
{
    const struct pxm_host *host = walk->fs->host;
    size_t length = strnlen(list->prefix, LOCALFS_KEY_MAX + 1);
    size_t folder = length <= LOCALFS_KEY_MAX ? localfs_key_folder(list->prefix, length) : 0;
    if (list->limit < 1 || list->limit > 1000) {
        return host->fail(error, PXM_E_INVALID, "store.bad_limit", "a page of a list has 1 to 1000 keys");
    }
    if (list->cursor && !read_cursor(walk->fs, list->cursor, walk->cursor)) {
        return host->fail(error, PXM_E_INVALID, "store.bad_cursor", "the cursor is not one that a list gave");
    }
    memcpy(walk->path, list->prefix, folder);
    if (length > LOCALFS_KEY_MAX || list->prefix[0] == '/' ||
        (folder > 0 && !localfs_key_valid(walk->fs, walk->path, NULL))) {
        *ret_empty = true;
        return PXM_OK;
    }
    if (folder > 0) {
        walk->path[folder] = '/';
        folder++;
    }
    if (strncmp(walk->cursor, walk->path, folder) > 0) {
        *ret_empty = true;
        return PXM_OK;
    }
    return enter(walk, error);
}

/* `last` becomes the last key of the page, *ret_more whether another one follows. */
static pxm_status fill_page(struct walk *walk, pxm_value *items, char last[LOCALFS_KEY_MAX + 1], bool *ret_more,
                            pxm_error *error)
{
    bool found, there;
    pxm_status status;
    while ((status = next_object(walk, &found, error)) == PXM_OK && found) {
        if (walk->wanted == 0) {
            *ret_more = true;
            return PXM_OK;
        }
        status = add_item(walk->fs, walk->path, items, &there, error);
        if (status != PXM_OK) {
            return status;
        }
        if (there) {
            memcpy(last, walk->path, strlen(walk->path) + 1);
            walk->wanted--;
        }
    }
    return status;
}

pxm_status localfs_list(void *self, pxm_job *job, const struct pxm_list *list, pxm_value *fields, pxm_error *error)
{
    const struct localfs *fs = self;
    struct walk walk = {.fs = fs, .job = job, .prefix = list->prefix, .wanted = (size_t)list->limit};
    char last[LOCALFS_KEY_MAX + 1] = "";
    bool empty = false, more = false;
    pxm_value *items = fs->host->value_list();
    walk.frames = calloc(DEPTH_MAX, sizeof *walk.frames);
    pxm_status status = items && walk.frames ? start(&walk, list, &empty, error) : localfs_fail_memory(fs, error);
    if (status == PXM_OK && !empty) {
        status = fill_page(&walk, items, last, &more, error);
    }
    while (walk.depth > 0) {
        drop_names(&walk, &walk.frames[--walk.depth]);
    }
    free(walk.frames);
    if (status != PXM_OK) {
        fs->host->value_unref(items);
        return status;
    }
    fs->host->value_set(fields, "items", items);
    fs->host->value_set(fields, "cursor", more ? cursor_of(fs, last) : fs->host->value_null());
    return PXM_OK;
}
