/* watch: tells of files that others dropped into a folder. One call of a prefix at a time; the instance stays free for
 * everything else. */
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MAX = 1000, SLICE_MS = 100 };

struct round { /* one call */
    struct localfs *fs;
    struct localfs_watch *watch;
    const pxm_job *job;
    const struct pxm_watch *asked;
    pxm_value *items;
    pxm_error *error;
};

/* ---- who watches ---- */

static struct localfs_watch *watch_new(const char *prefix)
{
    struct localfs_watch *watch = calloc(1, sizeof *watch);
    if (watch) {
        watch->inotify = -1;
        memcpy(watch->prefix, prefix, strlen(prefix) + 1);
        watch->folder_length = localfs_key_folder(prefix, strlen(prefix));
    }
    return watch;
}

static void watch_free(struct localfs_watch *watch)
{
    localfs_tree_stop(watch);
    localfs_seen_drop_all(watch);
    free(watch);
}

void localfs_watch_done(struct localfs *fs)
{
    while (fs->watches) {
        struct localfs_watch *watch = fs->watches;
        fs->watches = watch->next;
        watch_free(watch);
    }
}

/* The watch of the prefix, a new one if need be; *ret_busy: another thread is in it. NULL: no memory, or busy. */
static struct localfs_watch *acquire(struct localfs *fs, const char *prefix, bool *ret_busy)
{
    pthread_mutex_lock(&fs->lock);
    struct localfs_watch *watch = fs->watches;
    while (watch && strcmp(watch->prefix, prefix) != 0) {
        watch = watch->next;
    }
    if (!watch && (watch = watch_new(prefix))) {
        watch->next = fs->watches;
        fs->watches = watch;
    }
    *ret_busy = watch && watch->busy;
    if (watch && !watch->busy) {
        watch->busy = true;
    } else {
        watch = NULL;
    }
    pthread_mutex_unlock(&fs->lock);
    return watch;
}

static void release(struct localfs *fs, struct localfs_watch *watch)
{
    pthread_mutex_lock(&fs->lock);
    watch->busy = false;
    pthread_mutex_unlock(&fs->lock);
}

/* ---- what was told before ---- */

static void remember(struct round *round, struct localfs_seen *seen, const char *etag)
{
    seen->taken = true;
    seen->closed = false;
    memcpy(seen->etag, etag, strnlen(etag, sizeof seen->etag - 1) + 1);
    localfs_seen_move(round->watch, seen, LOCALFS_REMEMBERED);
}

static pxm_status take_one(struct round *round, const pxm_value *item)
{
    const struct pxm_host *host = round->fs->host;
    const char *key = host->value_as_string(host->value_get(item, "key"), NULL);
    const char *etag = host->value_as_string(host->value_get(item, "etag"), NULL);
    enum localfs_found found = LOCALFS_FOUND_KNOWN;
    struct localfs_seen *seen = NULL;
    pxm_status status = localfs_key_check(round->fs, key, round->error);
    if (status != PXM_OK) {
        return status;
    }
    int result = localfs_file_take(round->fs, key, etag, &found, round->error);
    if (result < 0) {
        return localfs_fail(round->fs, round->error, -result, "mark", key);
    }
    if (found == LOCALFS_FOUND_REMEMBERED) {
        if (!localfs_seen_add(round->watch, key, &seen)) {
            return localfs_fail_memory(round->fs, round->error);
        }
        if (seen) {
            remember(round, seen, etag);
        }
    } else if (found == LOCALFS_FOUND_KNOWN && (seen = localfs_seen_find(round->watch, key))) {
        localfs_seen_drop(round->watch, seen);
    }
    return PXM_OK;
}

/* What was told and is not taken waits to be told again. */
static pxm_status settle(struct round *round)
{
    const struct pxm_host *host = round->fs->host;
    const pxm_value *taken = round->asked->taken;
    for (size_t i = 0; taken && i < host->value_count(taken); i++) {
        pxm_status status = take_one(round, host->value_at(taken, i));
        if (status != PXM_OK) {
            return status;
        }
    }
    while (round->watch->told.first) {
        struct localfs_seen *seen = round->watch->told.first;
        seen->closed = true;
        seen->due_ms = 0;
        localfs_seen_move(round->watch, seen, LOCALFS_WAITS);
    }
    return PXM_OK;
}

/* ---- what is to be told ---- */

/* One file that cannot be read must not stand in the way of all others. */
static pxm_status put_off(struct round *round, struct localfs_seen *seen, int number)
{
    const struct pxm_host *host = round->fs->host;
    if (number == ENOMEM) {
        return localfs_fail_memory(round->fs, round->error);
    }
    if (number == ETIME) {
        return localfs_in_time(round->fs, round->job, seen->key, round->error);
    }
    if (!seen->warned) {
        host->log(host, round->job, PXM_LOG_WARN, "\"%s\" in %s is not told yet: %s; it is looked at again every %d s",
                  seen->key, round->fs->config->root, strerrordesc_np(number), LOCALFS_AGAIN_MS / 1000);
    }
    seen->warned = true;
    seen->due_ms = localfs_monotonic_ms() + LOCALFS_AGAIN_MS;
    return PXM_OK;
}

static pxm_status look_at(struct round *round, struct localfs_seen *seen)
{
    const struct pxm_host *host = round->fs->host;
    enum localfs_found found = LOCALFS_FOUND_KNOWN;
    pxm_value *item = NULL;
    int result = localfs_file_look(round->fs, round->job, seen, &item, &found, round->error);
    if (result < 0) {
        return put_off(round, seen, -result);
    }
    switch (found) {
    case LOCALFS_FOUND_NEW:
        seen->taken = false;
        localfs_seen_move(round->watch, seen, LOCALFS_TOLD);
        return host->value_append(round->items, item) == PXM_OK ? PXM_OK : localfs_fail_memory(round->fs, round->error);
    case LOCALFS_FOUND_REMEMBERED:
        remember(round, seen, seen->etag);
        break;
    case LOCALFS_FOUND_LATER:
        seen->closed = false;
        seen->due_ms = localfs_monotonic_ms() + LOCALFS_SETTLE_MS;
        break;
    case LOCALFS_FOUND_KNOWN:
        localfs_seen_drop(round->watch, seen);
        break;
    }
    return PXM_OK;
}

/* Looks at all that are due, until there are enough. *ret_next_ms: when the next one will be. */
static pxm_status look_at_due(struct round *round, int64_t *ret_next_ms)
{
    const struct pxm_host *host = round->fs->host;
    pxm_status status = PXM_OK;
    *ret_next_ms = INT64_MAX;
    for (struct localfs_seen *seen = round->watch->waiting.first, *next; status == PXM_OK && seen; seen = next) {
        next = seen->next;
        if ((int64_t)host->value_count(round->items) >= round->asked->limit) {
            break;
        }
        if (seen->due_ms <= localfs_monotonic_ms()) {
            status = look_at(round, seen);
        } else if (seen->due_ms < *ret_next_ms) {
            *ret_next_ms = seen->due_ms;
        }
    }
    return status;
}

/* ---- the call ---- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static pxm_status wait_for_some(struct round *round)
{
    const struct pxm_host *host = round->fs->host;
    int64_t start_ms = localfs_monotonic_ms(), next_ms = 0;
    for (;;) {
        pxm_status status = localfs_tree_refresh(round->fs, round->watch, round->job, round->error);
        if (status == PXM_OK) {
            status = localfs_tree_read(round->fs, round->watch, round->job, round->error);
        }
        if (status == PXM_OK) {
            status = look_at_due(round, &next_ms);
        }
        if (host->value_count(round->items) > 0) {
            return PXM_OK; /* what went wrong after them is met again by the next call */
        }
        int64_t now_ms = localfs_monotonic_ms();
        int64_t left_ms = least(round->asked->wait_ms - (now_ms - start_ms), host->remaining_ms(round->job));
        if (status != PXM_OK || left_ms <= 0) {
            return status;
        }
        int64_t pause_ms = least(least(left_ms, SLICE_MS), next_ms > now_ms ? next_ms - now_ms : 1);
        struct pollfd events = {.fd = round->watch->inotify, .events = POLLIN};
        poll(&events, 1, (int)pause_ms);
        if (host->remaining_ms(round->job) <= 0) {
            return PXM_OK;
        }
    }
}

static pxm_status check(const struct localfs *fs, const pxm_job *job, const struct pxm_watch *asked, pxm_error *error)
{
    char folder[LOCALFS_KEY_MAX + 1];
    size_t length = strnlen(asked->prefix, LOCALFS_KEY_MAX + 1);
    size_t above = length <= LOCALFS_KEY_MAX ? localfs_key_folder(asked->prefix, length) : 0;
    const char *reason = NULL;
    if (asked->limit < 1 || asked->limit > LIMIT_MAX) {
        return fs->host->fail(error, PXM_E_INVALID, "store.bad_limit", "a watch tells of 1 to %d objects at once",
                              LIMIT_MAX);
    }
    memcpy(folder, asked->prefix, above);
    folder[above] = '\0';
    if (length > LOCALFS_KEY_MAX) {
        reason = "it is longer than 1024 bytes";
    } else if (asked->prefix[0] == '/') {
        reason = "it starts with a slash";
    } else if (above > 0) {
        localfs_key_valid(fs, folder, &reason);
    }
    if (reason) {
        return fs->host->fail(error, PXM_E_INVALID, "store.bad_key", "no object can be under this prefix: %s", reason);
    }
    return localfs_in_time(fs, job, asked->prefix, error);
}

pxm_status localfs_watch(void *self, pxm_job *job, const struct pxm_watch *asked, pxm_value *fields, pxm_error *error)
{
    struct round round = {.fs = self, .job = job, .asked = asked, .error = error};
    struct localfs *fs = self;
    bool busy = false;
    pxm_status status = check(fs, job, asked, error);
    if (status != PXM_OK) {
        return status;
    }
    round.watch = acquire(fs, asked->prefix, &busy);
    if (busy) {
        return fs->host->fail(error, PXM_E_TRANSIENT, "store.unavailable", "another thread watches \"%s\" in %s",
                              asked->prefix, fs->config->root);
    }
    if (!round.watch) {
        return localfs_fail_memory(fs, error);
    }
    round.items = fs->host->value_list();
    status = round.items ? settle(&round) : localfs_fail_memory(fs, error);
    if (status == PXM_OK) {
        status = wait_for_some(&round);
    }
    release(fs, round.watch);
    if (status != PXM_OK) {
        fs->host->value_unref(round.items);
        return status;
    }
    fs->host->value_set(fields, "items", round.items);
    return PXM_OK;
}
