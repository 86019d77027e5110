/* The provider: one snapshot, one refresh at a time. [any] */
#include "aws/credentials.h"
#include "aws/retry.h"
#include "aws/source.h"
#include "aws/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { ADVISORY_MS = 15 * 60000, MANDATORY_MS = 5 * 60000, AGAIN_MS = 30000, WAIT_SLICE_NS = 50000000 };

struct stamp {
    struct timespec modified;
    ino_t inode;
    off_t size;
};

struct aws_provider {
    const struct pxm_host *host;
    const struct aws_settings *settings;
    struct aws_pool *pool;
    struct aws_clock *clock;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock. */
    struct aws_credentials *current; /* NULL: none yet                          */
    bool is_refused;                 /* the service takes `current` no more     */
    bool is_busy;                    /* one thread looks; `machine` is its own  */
    int64_t again_ms;                /* after a failure: not before             */
    uint64_t failures;               /* so that who waited for one need not fail again */
    struct aws_fault last_fault;
    struct stamp stamps[2]; /* of the shared files that were read last */
    struct aws_machine machine;
};

int64_t aws_credentials_advisory_ms(const struct aws_credentials *credentials)
{
    int64_t third = (credentials->expires_ms - credentials->obtained_ms) / 3;
    return third < ADVISORY_MS ? third : ADVISORY_MS;
}

int64_t aws_credentials_mandatory_ms(const struct aws_credentials *credentials)
{
    int64_t sixth = (credentials->expires_ms - credentials->obtained_ms) / 6;
    return sixth < MANDATORY_MS ? sixth : MANDATORY_MS;
}

void aws_credentials_unref(struct aws_credentials *credentials)
{
    if (credentials && atomic_fetch_sub(&credentials->references, 1) == 1) {
        aws_free_text(credentials->access_key);
        aws_free_text(credentials->secret_key);
        aws_free_text(credentials->token);
        free(credentials);
    }
}

static struct aws_credentials *ref(struct aws_credentials *credentials)
{
    atomic_fetch_add(&credentials->references, 1);
    return credentials;
}

struct aws_provider *aws_provider_new(const struct pxm_host *host, const struct aws_settings *settings,
                                      struct aws_pool *pool, struct aws_clock *clock)
{
    struct aws_provider *provider = calloc(1, sizeof *provider);
    if (!provider) {
        return NULL;
    }
    provider->host = host;
    provider->settings = settings;
    provider->pool = pool;
    provider->clock = clock;
    pthread_mutex_init(&provider->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&provider->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return provider;
}

void aws_provider_free(struct aws_provider *provider)
{
    if (provider) {
        aws_credentials_unref(provider->current);
        aws_machine_done(&provider->machine);
        pthread_cond_destroy(&provider->changed);
        pthread_mutex_destroy(&provider->lock);
        free(provider);
    }
}

/* ---- looking ---- */

static enum aws_finding search_all(struct aws_search *search)
{
    static enum aws_finding (*const sources[])(struct aws_search *) = {aws_source_options,      aws_source_environment,
                                                                       aws_source_web_identity, aws_source_files,
                                                                       aws_source_container,    aws_source_machine};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        enum aws_finding finding = sources[i](search);
        if (finding != AWS_FINDING_NONE) {
            return finding;
        }
    }
    aws_fault_set(search->fault, AWS_FAULT_DENIED, AWS_REMEDY_NONE,
                  "there are no AWS credentials; set access_key and secret_key, or AWS_ACCESS_KEY_ID and "
                  "AWS_SECRET_ACCESS_KEY, or a profile, or give this machine a role%s",
                  search->machine->is_silent ? "; its metadata service does not answer: in a container "
                                               "http-put-response-hop-limit has to be 2"
                                             : "");
    return AWS_FINDING_FAULT;
}

static struct aws_credentials *look(struct aws_provider *provider, pxm_job *job, struct aws_fault *fault)
{
    struct aws_credentials *found = calloc(1, sizeof *found);
    if (!found) {
        aws_fault_set(fault, AWS_FAULT_NO_MEMORY, AWS_REMEDY_NONE, "out of memory");
        return NULL;
    }
    atomic_init(&found->references, 1);
    found->expires_ms = INT64_MAX;
    found->obtained_ms = aws_clock_now_ms(provider->clock);
    struct aws_search search = {.host = provider->host,
                                .settings = provider->settings,
                                .pool = provider->pool,
                                .clock = provider->clock,
                                .machine = &provider->machine,
                                .job = job,
                                .fault = fault,
                                .found = found};
    if (search_all(&search) != AWS_FINDING_GOOD) {
        aws_credentials_unref(found);
        return NULL;
    }
    return found;
}

/* ---- shared files ---- */

static struct stamp stamp_of(const char *path)
{
    struct stat stat_of;
    struct stamp stamp;
    memset(&stamp, 0, sizeof stamp);
    if (path && stat(path, &stat_of) == 0) {
        stamp.modified = stat_of.st_mtim;
        stamp.inode = stat_of.st_ino;
        stamp.size = stat_of.st_size;
    }
    return stamp;
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
    return a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec &&
           a->inode == b->inode && a->size == b->size;
}

/* Whether the files changed since they were looked at; from now on that is now. */
static bool have_files_changed(struct aws_provider *provider)
{
    const char *const paths[] = {provider->settings->credentials_path, provider->settings->config_path};
    bool has_changed = false;
    for (int i = 0; i < 2; i++) {
        struct stamp stamp = stamp_of(paths[i]);
        has_changed |= !is_same(&stamp, &provider->stamps[i]);
        provider->stamps[i] = stamp;
    }
    return has_changed;
}

/* ---- getting ---- */

enum need { NEED_NOTHING, NEED_SOON, NEED_NOW };

static enum need need_of(struct aws_provider *provider, int64_t now_ms)
{
    const struct aws_credentials *current = provider->current;
    if (!current || provider->is_refused) {
        return NEED_NOW;
    }
    if (current->expires_ms != INT64_MAX) {
        int64_t left = current->expires_ms - now_ms;
        return left <= aws_credentials_mandatory_ms(current)  ? NEED_NOW
               : left <= aws_credentials_advisory_ms(current) ? NEED_SOON
                                                              : NEED_NOTHING;
    }
    if (current->is_from_file && have_files_changed(provider)) {
        provider->again_ms = 0;
        return NEED_SOON;
    }
    return NEED_NOTHING;
}

static bool is_usable(const struct aws_provider *provider, int64_t now_ms)
{
    return provider->current && !provider->is_refused && provider->current->expires_ms > now_ms;
}

/* Waits, under the lock, for the one who looks. */
static void wait_for_change(struct aws_provider *provider)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_SLICE_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&provider->changed, &provider->lock, &until);
}

/* Looks, with the lock given up meanwhile. False: with the fault. */
static bool renew(struct aws_provider *provider, pxm_job *job, struct aws_fault *fault)
{
    provider->is_busy = true;
    (void)have_files_changed(provider);
    pthread_mutex_unlock(&provider->lock);
    struct aws_credentials *found = look(provider, job, fault);
    pthread_mutex_lock(&provider->lock);
    provider->is_busy = false;
    pthread_cond_broadcast(&provider->changed);
    if (!found && fault->class != AWS_FAULT_LATE) { /* that was the fault of one job alone */
        provider->again_ms = aws_clock_now_ms(provider->clock) + AGAIN_MS + (int64_t)(aws_random() * AGAIN_MS);
        provider->failures++;
        provider->last_fault = *fault;
    }
    if (!found) {
        return false;
    }
    aws_credentials_unref(provider->current);
    provider->current = found;
    provider->is_refused = false;
    provider->again_ms = 0;
    return true;
}

bool aws_provider_get(struct aws_provider *provider, pxm_job *job, struct aws_credentials **ret,
                      struct aws_fault *fault)
{
    bool is_good = false, is_done = false;
    pthread_mutex_lock(&provider->lock);
    uint64_t failures = provider->failures;
    while (!is_done) {
        int64_t now_ms = aws_clock_now_ms(provider->clock);
        enum need need = need_of(provider, now_ms);
        bool usable = is_usable(provider, now_ms);
        if (need == NEED_NOTHING || (usable && (provider->is_busy ? need == NEED_SOON : now_ms < provider->again_ms))) {
            is_good = is_done = true;
        } else if (!provider->is_busy && failures != provider->failures) {
            *fault = provider->last_fault;
            is_done = true;
        } else if (!provider->is_busy) {
            is_good = renew(provider, job, fault) || is_usable(provider, aws_clock_now_ms(provider->clock));
            is_done = true;
        } else if (provider->host->remaining_ms(job) <= 0) {
            aws_fault_set(fault, AWS_FAULT_LATE, AWS_REMEDY_NONE, "the time is up");
            is_done = true;
        } else {
            wait_for_change(provider);
        }
    }
    if (is_good) {
        *ret = ref(provider->current);
    }
    pthread_mutex_unlock(&provider->lock);
    return is_good;
}

void aws_provider_refuse(struct aws_provider *provider, const struct aws_credentials *credentials)
{
    pthread_mutex_lock(&provider->lock);
    if (provider->current == credentials) {
        provider->is_refused = true;
    }
    pthread_mutex_unlock(&provider->lock);
}

bool aws_provider_region(struct aws_provider *provider, pxm_job *job, char region[AWS_REGION_TEXT])
{
    struct aws_fault fault;
    pthread_mutex_lock(&provider->lock);
    while (provider->is_busy && provider->host->remaining_ms(job) > 0) {
        wait_for_change(provider);
    }
    bool is_mine = !provider->is_busy;
    provider->is_busy = true;
    pthread_mutex_unlock(&provider->lock);
    if (!is_mine) {
        return false;
    }
    struct aws_search search = {.host = provider->host,
                                .settings = provider->settings,
                                .pool = provider->pool,
                                .clock = provider->clock,
                                .machine = &provider->machine,
                                .job = job,
                                .fault = &fault};
    bool good = aws_machine_region(&search, region);
    pthread_mutex_lock(&provider->lock);
    provider->is_busy = false;
    pthread_cond_broadcast(&provider->changed);
    pthread_mutex_unlock(&provider->lock);
    return good;
}
