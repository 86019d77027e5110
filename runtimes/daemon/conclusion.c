/* One operation for each run, on its way to the journal or resting. */
#include "daemon/conclusion.h"

#include "base/log.h"
#include "daemon/supervisor.h"

#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 1000 };

struct conclusion {
    struct journal_op op;
    struct supervisor *supervisor;
    char *run, *key, *answer;
    struct loop_timer rest;
    struct conclusion *next, *previous;
};

static void conclusion_free(struct conclusion *conclusion)
{
    free(conclusion->run);
    free(conclusion->key);
    free(conclusion->answer);
    free(conclusion);
}

static void drop(struct conclusion *conclusion)
{
    struct conclusions *conclusions = &conclusion->supervisor->conclusions;

    *(conclusion->previous ? &conclusion->previous->next : &conclusions->first) = conclusion->next;
    if (conclusion->next) {
        conclusion->next->previous = conclusion->previous;
    }
    loop_timer_cancel(conclusion->supervisor->loop, &conclusion->rest);
    conclusion_free(conclusion);
}

static bool is_left_to_the_next(struct supervisor *supervisor, const char *run, const pxm_error *error)
{
    if (pxm_error_is_transient(error) && !atomic_load(&supervisor->draining)) {
        return false;
    }
    pxm_log(PXM_LOG_ERROR, "journal", run, "that the run is over is not in the journal: %s", error->text);
    return true;
}

static void on_told(struct journal_op *op)
{
    struct conclusion *conclusion = (struct conclusion *)((char *)op - offsetof(struct conclusion, op));
    struct supervisor *supervisor = conclusion->supervisor;

    supervisor_note_journal(supervisor, &op->error);
    journal_op_done(op);
    if (op->error.status == PXM_OK || is_left_to_the_next(supervisor, conclusion->run, &op->error)) {
        drop(conclusion);
        jobs_look(&supervisor->jobs);
    } else {
        loop_timer_set(supervisor->loop, &conclusion->rest, AGAIN_MS);
    }
}

static void on_rested(struct loop_timer *timer)
{
    struct conclusion *conclusion = (struct conclusion *)((char *)timer - offsetof(struct conclusion, rest));

    journal_submit(conclusion->supervisor->journal, &conclusion->op);
}

static bool copy(const char *text, char **ret)
{
    *ret = text ? strdup(text) : NULL;
    return !text || *ret;
}

void conclusions_insist(struct supervisor *supervisor, const struct journal_op *op)
{
    if (is_left_to_the_next(supervisor, op->run, &op->error)) {
        return;
    }
    struct conclusion *conclusion = calloc(1, sizeof *conclusion);
    if (!conclusion || !copy(op->run, &conclusion->run) || !copy(op->key, &conclusion->key) ||
        !copy(op->answer, &conclusion->answer)) {
        pxm_log(PXM_LOG_ERROR, "journal", op->run, "out of memory; what the run announced waits for the next start");
        if (conclusion) {
            conclusion_free(conclusion);
        }
        return;
    }
    conclusion->supervisor = supervisor;
    conclusion->rest.fire = on_rested;
    conclusion->op = *op;
    conclusion->op.done = on_told;
    conclusion->op.run = conclusion->run;
    conclusion->op.key = conclusion->key;
    conclusion->op.answer = conclusion->answer;
    conclusion->next = supervisor->conclusions.first;
    if (conclusion->next) {
        conclusion->next->previous = conclusion;
    }
    supervisor->conclusions.first = conclusion;
    loop_timer_set(supervisor->loop, &conclusion->rest, AGAIN_MS);
}

void conclusions_stop(struct supervisor *supervisor)
{
    while (supervisor->conclusions.first) {
        drop(supervisor->conclusions.first);
    }
}
