#include "daemon/conclude.h"

#include "base/log.h"
#include "daemon/supervisor.h"

#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 1000 };

struct conclusion {
    struct supervisor *supervisor;
    struct journal_op op;
    struct loop_timer rest;
    char *run, *key, *answer;
    struct conclusion *next, *previous; /* of all that wait */
};

/* Whether the journal may take it later. */
static bool may_heal(const pxm_error *error)
{
    return pxm_error_is_transient(error) || error->status == PXM_E_NO_SPACE;
}

static void conclusion_free(struct conclusion *conclusion)
{
    free(conclusion->run);
    free(conclusion->key);
    free(conclusion->answer);
    free(conclusion);
}

static void wait_a_while(struct conclusion *conclusion)
{
    struct supervisor *supervisor = conclusion->supervisor;

    conclusion->previous = NULL;
    conclusion->next = supervisor->conclusions;
    if (conclusion->next) {
        conclusion->next->previous = conclusion;
    }
    supervisor->conclusions = conclusion;
    loop_timer_set(supervisor->loop, &conclusion->rest, AGAIN_MS);
}

static void on_concluded(struct journal_op *op)
{
    struct conclusion *conclusion = (struct conclusion *)((char *)op - offsetof(struct conclusion, op));
    struct supervisor *supervisor = conclusion->supervisor;
    bool again = may_heal(&op->error) && !atomic_load(&supervisor->draining);

    supervisor_note_journal(supervisor, &op->error);
    journal_op_done(op);
    if (again) {
        wait_a_while(conclusion);
    } else {
        conclusion_free(conclusion);
        jobs_look(&supervisor->jobs);
    }
}

static void on_rested(struct loop_timer *timer)
{
    struct conclusion *conclusion = (struct conclusion *)((char *)timer - offsetof(struct conclusion, rest));

    *(conclusion->previous ? &conclusion->previous->next : &conclusion->supervisor->conclusions) = conclusion->next;
    if (conclusion->next) {
        conclusion->next->previous = conclusion->previous;
    }
    conclusion->op.error = (pxm_error){0};
    journal_submit(conclusion->supervisor->journal, &conclusion->op);
}

static bool copy_text(const char *text, char **ret)
{
    *ret = text ? strdup(text) : NULL;
    return !text || *ret;
}

void conclude_again(struct supervisor *supervisor, const struct journal_op *failed)
{
    struct conclusion *conclusion = may_heal(&failed->error) ? calloc(1, sizeof *conclusion) : NULL;

    if (!conclusion) {
        return;
    }
    if (!copy_text(failed->run, &conclusion->run) || !copy_text(failed->key, &conclusion->key) ||
        !copy_text(failed->answer, &conclusion->answer)) {
        conclusion_free(conclusion);
        return;
    }
    pxm_log(PXM_LOG_ERROR, "daemon", conclusion->run, "that the run is over is not in the journal yet: %s",
            failed->error.text);
    conclusion->supervisor = supervisor;
    conclusion->rest.fire = on_rested;
    conclusion->op = (struct journal_op){.kind = JOURNAL_CONCLUDE,
                                         .done = on_concluded,
                                         .run = conclusion->run,
                                         .key = conclusion->key,
                                         .answer = conclusion->answer,
                                         .keep_key = failed->keep_key,
                                         .now_ms = failed->now_ms};
    wait_a_while(conclusion);
}

void conclude_end(struct supervisor *supervisor)
{
    while (supervisor->conclusions) {
        struct conclusion *conclusion = supervisor->conclusions;
        supervisor->conclusions = conclusion->next;
        loop_timer_cancel(supervisor->loop, &conclusion->rest);
        conclusion_free(conclusion);
    }
}
