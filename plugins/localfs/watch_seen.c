/* Files that were seen: found by key, and in the order in which they are to be looked at. One thread at a time. */
#include "watch.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t localfs_monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The tree holds pointers to keys, so that one can be searched for without making an entry. */
static int compare_keys(const void *a, const void *b)
{
    return strcmp(a, b);
}

static struct localfs_seen *entry_of(char *key)
{
    return (struct localfs_seen *)(void *)(key - offsetof(struct localfs_seen, key));
}

struct localfs_seen *localfs_seen_find(const struct localfs_watch *watch, const char *key)
{
    char *const *node = tfind(key, &watch->seen, compare_keys);
    return node ? entry_of(*node) : NULL;
}

static struct localfs_list *list_of(struct localfs_watch *watch, enum localfs_seen_state state)
{
    return state == LOCALFS_WAITS ? &watch->waiting : state == LOCALFS_TOLD ? &watch->told : &watch->remembered;
}

static void append(struct localfs_watch *watch, struct localfs_seen *seen)
{
    struct localfs_list *list = list_of(watch, seen->state);
    watch->remembered_count += seen->state == LOCALFS_REMEMBERED;
    seen->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = seen;
    list->last = seen;
}

static void unlink_seen(struct localfs_watch *watch, struct localfs_seen *seen)
{
    struct localfs_list *list = list_of(watch, seen->state);
    watch->remembered_count -= seen->state == LOCALFS_REMEMBERED;
    *(seen->previous ? &seen->previous->next : &list->first) = seen->next;
    *(seen->next ? &seen->next->previous : &list->last) = seen->previous;
    seen->next = seen->previous = NULL;
}

bool localfs_seen_add(struct localfs_watch *watch, const char *key, struct localfs_seen **ret)
{
    size_t size = strlen(key) + 1;
    *ret = localfs_seen_find(watch, key);
    if (*ret) {
        return true;
    }
    if (watch->seen_count == LOCALFS_SEEN_MAX && watch->remembered.first) {
        localfs_seen_drop(watch, watch->remembered.first);
    }
    if (watch->seen_count == LOCALFS_SEEN_MAX) {
        watch->rescan = true;
        return true;
    }
    struct localfs_seen *seen = calloc(1, sizeof *seen + size);
    if (!seen) {
        return false;
    }
    seen->mtime_ns = -1;
    memcpy(seen->key, key, size);
    if (!tsearch(seen->key, &watch->seen, compare_keys)) {
        free(seen);
        return false;
    }
    watch->seen_count++;
    append(watch, seen);
    *ret = seen;
    return true;
}

void localfs_seen_move(struct localfs_watch *watch, struct localfs_seen *seen, enum localfs_seen_state state)
{
    unlink_seen(watch, seen);
    seen->state = state;
    append(watch, seen);
}

void localfs_seen_drop(struct localfs_watch *watch, struct localfs_seen *seen)
{
    unlink_seen(watch, seen);
    tdelete(seen->key, &watch->seen, compare_keys);
    watch->seen_count--;
    free(seen);
}

static void free_key(void *key)
{
    free(entry_of(key));
}

void localfs_seen_drop_all(struct localfs_watch *watch)
{
    tdestroy(watch->seen, free_key);
    watch->seen = NULL;
    watch->seen_count = watch->remembered_count = 0;
    watch->waiting = watch->told = watch->remembered = (struct localfs_list){0};
}
