/* Counts what happens to steps, and makes some fail. */
#include "steplog.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

bool steplog_init(struct steplog *log, const struct test *test)
{
    *log = (struct steplog){.test = test};
    pthread_mutex_init(&log->lock, NULL);
    log->fault_left = calloc(test->fault_count + 1, sizeof *log->fault_left);
    for (size_t i = 0; log->fault_left && i < test->fault_count; i++) {
        log->fault_left[i] = test->faults[i].times;
    }
    return log->fault_left != NULL;
}

void steplog_done(struct steplog *log)
{
    free(log->fault_left);
    free(log->entries);
    pthread_mutex_destroy(&log->lock);
}

const struct steplog_entry *steplog_find(const struct steplog *log, const char *program, const char *step)
{
    for (size_t i = 0; i < log->count; i++) {
        if (strcmp(log->entries[i].program, program) == 0 && strcmp(log->entries[i].step, step) == 0) {
            return &log->entries[i];
        }
    }
    return NULL;
}

bool steplog_stopped(const struct steplog *log)
{
    for (size_t i = 0; i < log->count; i++) {
        if (log->entries[i].ended[STEP_STOPPED] > 0 || log->entries[i].items[STEP_STOPPED] > 0) {
            return true;
        }
    }
    return false;
}

/* The entry of a step, made now if it is the first time. Under the lock; NULL: no memory. */
static struct steplog_entry *entry_of(struct steplog *log, const struct pxm_trace_step *step)
{
    for (size_t i = 0; i < log->count; i++) {
        struct steplog_entry *entry = &log->entries[i];
        if (strcmp(entry->program, step->program->name) == 0 && strcmp(entry->step, step->step->id) == 0) {
            return entry;
        }
    }
    struct steplog_entry *more = reallocarray(log->entries, log->count + 1, sizeof *more);
    if (!more) {
        log->no_memory = true;
        return NULL;
    }
    log->entries = more;
    more[log->count] = (struct steplog_entry){.program = step->program->name, .step = step->step->id};
    return &more[log->count++];
}

static enum step_outcome outcome_of(enum pxm_trace_outcome outcome)
{
    static const enum step_outcome outcomes[] = {[PXM_TRACE_OK] = STEP_OK,
                                                 [PXM_TRACE_SKIPPED] = STEP_SKIPPED,
                                                 [PXM_TRACE_FALLBACK] = STEP_FALLBACK,
                                                 [PXM_TRACE_STOPPED] = STEP_STOPPED,
                                                 [PXM_TRACE_FAILED] = STEP_FAILED};

    return outcomes[outcome];
}

static void on_ended(void *arg, const struct pxm_trace_step *step)
{
    struct steplog *log = arg;

    pthread_mutex_lock(&log->lock);
    struct steplog_entry *entry = entry_of(log, step);
    if (entry) {
        entry->ended[outcome_of(step->outcome)]++;
        entry->attempts += step->attempts;
    }
    pthread_mutex_unlock(&log->lock);
}

static void on_item(void *arg, const struct pxm_trace_step *step)
{
    struct steplog *log = arg;

    pthread_mutex_lock(&log->lock);
    struct steplog_entry *entry = entry_of(log, step);
    if (entry) {
        entry->items[outcome_of(step->outcome)]++;
    }
    pthread_mutex_unlock(&log->lock);
}

static pxm_status inject(void *arg, const struct pxm_trace_step *step, pxm_error *error)
{
    struct steplog *log = arg;
    const struct fault *found = NULL;

    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; !found && i < log->test->fault_count; i++) {
        const struct fault *fault = &log->test->faults[i];
        bool hits = log->fault_left[i] > 0 && strcmp(fault->program, step->program->name) == 0 &&
                    strcmp(fault->step, step->step->id) == 0;
        if (hits) {
            log->fault_left[i]--;
            found = fault;
        }
    }
    pthread_mutex_unlock(&log->lock);
    return found ? pxm_error_set(error, found->status, found->code, "%s", found->message) : PXM_OK;
}

struct pxm_trace steplog_hooks(struct steplog *log)
{
    return (struct pxm_trace){.ended = on_ended, .item = on_item, .inject = inject, .arg = log};
}
