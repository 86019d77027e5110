/* What the parts of watch share: how files that others drop into a folder become known, once each.
 *
 * A file that is ours has the attributes that put writes, with the time of its last change. One that was dropped gets
 * the same when it is told, with its SHA-256 and the word `untaken`; taking it removes the word. So the files say
 * themselves what is left to be told, and nothing is forgotten by a restart; and the etag stays the same. Files that
 * cannot be marked are remembered here, in memory.
 *
 * Each prefix that is watched has one inotify instance with a watch for each folder below it. A folder is watched
 * before it is read, so nothing falls between; when the kernel drops events, all is read again. A watch belongs to the
 * thread that made it busy. */
#ifndef LOCALFS_WATCH_H
#define LOCALFS_WATCH_H

#include "localfs.h"

#define LOCALFS_UNTAKEN "untaken"

enum {
    LOCALFS_SEEN_MAX = 65536, /* files that are known at once; when there are more, all is read again later */
    LOCALFS_SETTLE_MS = 2000, /* so long a file of which no end was seen must have stayed as it is          */
    LOCALFS_AGAIN_MS = 60000  /* after so long a file that could not be read is looked at again             */
};

/* ---- files that were seen (watch_seen.c) ---- */

enum localfs_seen_state {
    LOCALFS_WAITS,     /* is to be looked at, from due_ms on                         */
    LOCALFS_TOLD,      /* by the last call                                           */
    LOCALFS_REMEMBERED /* need not be told, and cannot be marked; etag says of what  */
};

struct localfs_seen {
    enum localfs_seen_state state;
    bool closed;                          /* somebody finished writing it, or moved it here whole     */
    bool taken;                           /* need not be told, as long as its etag is still this one  */
    bool warned;                          /* that it cannot be read                                   */
    int64_t due_ms;                       /* monotonic                                                */
    int64_t mtime_ns;                     /* its time of change when it was looked at last; -1: never */
    char etag[LOCALFS_ETAG_TEXT];         /* when it was told or remembered; "": never                */
    struct localfs_seen *next, *previous; /* in the list of its state                                 */
    char key[];
};

struct localfs_list {
    struct localfs_seen *first, *last;
};

struct localfs_folder {
    int wd;
    char *path; /* with its slash; "" is the root */
};

struct localfs_watch {
    struct localfs_watch *next;
    bool busy; /* a thread is in it; guarded by the lock of the instance */
    char prefix[LOCALFS_KEY_MAX + 1];
    size_t folder_length; /* of the folder in the prefix, without its slash */
    int inotify;          /* -1: not started */
    struct stat top;      /* of the folder of the prefix */
    bool started;         /* all was read once */
    bool rescan;          /* all must be read again */
    size_t folder_count, folder_room;
    struct localfs_folder *folders; /* by wd */
    size_t seen_count, remembered_count;
    void *seen; /* tree (search.h) of all, by key */
    struct localfs_list waiting, told, remembered;
};

/* NULL: not known. */
struct localfs_seen *localfs_seen_find(const struct localfs_watch *watch, const char *key);
/* The entry of the key, a new one of state LOCALFS_WAITS if need be. With too many of them the oldest that is
 * remembered goes; where all wait none is made, *ret is NULL and the watch is to be read again. False: no memory. */
bool localfs_seen_add(struct localfs_watch *watch, const char *key, struct localfs_seen **ret);
/* Puts it at the end of the list of that state. */
void localfs_seen_move(struct localfs_watch *watch, struct localfs_seen *seen, enum localfs_seen_state state);
void localfs_seen_drop(struct localfs_watch *watch, struct localfs_seen *seen);
void localfs_seen_drop_all(struct localfs_watch *watch);
int64_t localfs_monotonic_ms(void);

/* ---- folders and their events (watch_tree.c) ---- */

/* Starts the watch, or starts it again when its folder is not the one that it was, or reads all when events were
 * lost. */
pxm_status localfs_tree_refresh(const struct localfs *fs, struct localfs_watch *watch, const pxm_job *job,
                                pxm_error *error);
/* Takes in what happened since; does not wait. */
pxm_status localfs_tree_read(const struct localfs *fs, struct localfs_watch *watch, const pxm_job *job,
                             pxm_error *error);
/* Ends what refresh started; what was seen stays known. */
void localfs_tree_stop(struct localfs_watch *watch);

/* ---- one file (watch_file.c) ---- */

enum localfs_found {
    LOCALFS_FOUND_NEW,        /* whole, marked if it can be, durable; to be told             */
    LOCALFS_FOUND_KNOWN,      /* gone, or marked as one that need not be told                */
    LOCALFS_FOUND_REMEMBERED, /* need not be told, and has no mark: its etag is to be kept   */
    LOCALFS_FOUND_LATER       /* still being written, as far as one can see                  */
};
/* All return 0 or a negative errno; -ETIME: the job is late. */

/* Looks at a file that waits; fills its etag and, of a new one, *ret_item. */
int localfs_file_look(const struct localfs *fs, const pxm_job *job, struct localfs_seen *seen, pxm_value **ret_item,
                      enum localfs_found *ret, pxm_error *error);
/* Marks the file as taken if it has that etag. REMEMBERED: it has and cannot be marked. */
int localfs_file_take(const struct localfs *fs, const char *key, const char *etag, enum localfs_found *ret,
                      pxm_error *error);
/* Whether a file of a folder that is being read is marked as one that need not be told. */
enum localfs_mark { LOCALFS_MARK_THERE, LOCALFS_MARK_MISSING, LOCALFS_MARK_IMPOSSIBLE };
enum localfs_mark localfs_file_mark(const struct localfs *fs, int folder, const char *key, pxm_error *error);

#endif
