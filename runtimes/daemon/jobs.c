/* The life of a job: taken, run, and then finished, tried again or buried. */
#include "daemon/jobs.h"

#include "app/log.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/value.h"
#include "daemon/conclude.h"
#include "daemon/observe.h"
#include "daemon/retry.h"
#include "daemon/supervisor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_HAND_PER_WORKER = 4, TAKE_AGAIN_MS = 1000, END_AGAIN_MS = 5000 };

struct job {
    struct supervisor *supervisor;
    struct journal_job data;
    struct edition *edition; /* referenced */
    struct work work;
    pxm_value *event;
    char run_id[PXM_RUN_ID_MAX]; /* the same in every try, so that what a try left behind is found by the next */
    char input[REQUEST_DIGEST_MAX];
    pxm_error failure; /* why it is buried */
    char *cause;       /* the same as JSON */
    struct loop_timer rest;
    struct journal_op conclude, end;
    struct job *next, *previous; /* of those in hand */
};

static struct job *job_of(struct work *work)
{
    return (struct job *)((char *)work - offsetof(struct job, work));
}

static int64_t wall_ms(void)
{
    return pxm_clock_system.wall_ms(pxm_clock_system.arg);
}

static void job_free(struct job *job)
{
    struct jobs *jobs = &job->supervisor->jobs;

    *(job->previous ? &job->previous->next : &jobs->first) = job->next;
    if (job->next) {
        job->next->previous = job->previous;
    }
    jobs->in_hand--;
    loop_timer_cancel(job->supervisor->loop, &job->rest);
    work_forget_made(&job->work);
    journal_job_done(&job->data);
    pxm_value_unref(job->event);
    if (job->edition) {
        edition_unref(job->edition);
    }
    free(job->cause);
    free(job);
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

static void on_end(struct journal_op *op);

static void end_again(struct loop_timer *timer)
{
    struct job *job = (struct job *)((char *)timer - offsetof(struct job, rest));

    journal_submit(job->supervisor->journal, &job->end);
}

/* What came of a job is said until the journal has it: after a full disk, say, that may take a while. */
static void on_end(struct journal_op *op)
{
    struct job *job = (struct job *)((char *)op - offsetof(struct job, end));
    struct jobs *jobs = &job->supervisor->jobs;
    bool lost = op->error.status != PXM_OK && op->error.status != PXM_E_NOT_FOUND;

    supervisor_note_journal(job->supervisor, &op->error);
    if (lost && pxm_error_is_transient(&op->error) && !atomic_load(&job->supervisor->draining)) {
        pxm_log(PXM_LOG_ERROR, "jobs", job->run_id, "what came of the job is not in the journal yet: %s",
                op->error.text);
        job->end.error = (pxm_error){0};
        job->rest.fire = end_again;
        loop_timer_set(job->supervisor->loop, &job->rest, END_AGAIN_MS);
        return;
    }
    if (lost) {
        pxm_log(PXM_LOG_ERROR, "jobs", job->run_id,
                "what came of the job is not in the journal, so the next start will "
                "find it undone: %s",
                op->error.text);
    }
    journal_op_done(op);
    job_free(job);
    jobs_look(jobs);
}

static void end(struct job *job, enum journal_kind kind, int64_t at_ms)
{
    job->end = (struct journal_op){
        .kind = kind, .done = on_end, .id = job->data.id, .cause = job->cause, .at_ms = at_ms, .now_ms = wall_ms()};
    journal_submit(job->supervisor->journal, &job->end);
}

static void bury(struct job *job)
{
    free(job->cause);
    job->cause = retry_cause(&job->failure);
    const struct log_subject subject = {
        .run = job->run_id, .origin = job->work.origin, .pipeline = job->data.pipeline, .error = &job->failure};
    log_about(&subject, PXM_LOG_WARN, "jobs", "gave up after %" PRId64 " tries: %s: %s", job->data.attempts + 1,
              job->failure.code, job->failure.text);
    observe_job(job->supervisor, "dead");
    end(job, JOURNAL_BURY, 0);
}

static void try_again(struct job *job, const pxm_error *error)
{
    int64_t in_ms = retry_pause_ms(job->supervisor->options, job->data.attempts);

    job->cause = retry_cause(error);
    const struct log_subject subject = {
        .run = job->run_id, .origin = job->work.origin, .pipeline = job->data.pipeline, .error = error};
    log_about(&subject, PXM_LOG_INFO, "jobs", "try %" PRId64 " failed, the next in %" PRId64 " ms: %s",
              job->data.attempts + 1, in_ms, error->text);
    observe_job(job->supervisor, "retried");
    end(job, JOURNAL_RETRY, wall_ms() + in_ms);
}

/* ---- what came of a try ------------------------------------------------------------------------------------------ */

static bool is_last(const struct job *job)
{
    return job->data.attempts + 1 >= job->supervisor->options->attempts_max;
}

/* The daemon stops: the job is as ready as it was, for the next one. */
static void let_go(struct job *job)
{
    job_free(job);
}

static void on_mourned(struct work *work)
{
    struct job *job = job_of(work);
    bool lost = strcmp(work->run.error.code, "worker.lost") == 0;

    crew_run_done(&work->run);
    if (lost) { /* the next daemon tries it once more, and says what came of it */
        let_go(job);
    } else {
        bury(job);
    }
}

/* A pipeline whose worker died had no chance to say so where its users look: its on_failure is run in another one. */
static void mourn(struct job *job)
{
    job->work.ended = on_mourned;
    job->work.run = (struct crew_run){.id = job->run_id,
                                      .trigger = job->work.run.trigger,
                                      .event = job->event,
                                      .attempt = job->data.attempts + 1,
                                      .deadline_ms = job->work.run.deadline_ms,
                                      .final = true,
                                      .failure = &job->failure};
    work_add(&job->work);
}

static void on_killer(struct job *job, const pxm_error *error)
{
    struct poison *poison = &job->supervisor->poison;
    int64_t now_ms = loop_now_ms(job->supervisor->loop), wait_ms = 0;
    pxm_error verdict = {0};

    poison_died(poison, job->data.pipeline, job->input, error, now_ms);
    poison_check(poison, job->data.pipeline, job->input, now_ms, &wait_ms, &verdict);
    if (strcmp(verdict.code, "input.poison") != 0 && !is_last(job)) {
        try_again(job, error);
        return;
    }
    /* That memory ran out says what to do about it, which that the input is bad does not. */
    bool starved = strcmp(error->code, "worker.memory") == 0;
    job->failure = verdict.status != PXM_OK && !starved ? verdict : *error;
    pxm_error_note(&job->failure, "last", error->text);
    job->failure.status = PXM_E_INVALID; /* it will not be repeated */
    mourn(job);
}

static void on_failed(struct job *job, const pxm_error *error)
{
    bool killed = job->work.run.killed_worker;

    crew_run_done(&job->work.run);
    if (strcmp(error->code, "worker.lost") == 0 && atomic_load(&job->supervisor->draining)) {
        let_go(job);
    } else if (killed) {
        on_killer(job, error);
    } else if (pxm_error_is_transient(error) && !is_last(job)) {
        try_again(job, error);
    } else {
        job->failure = *error;
        bury(job);
    }
}

static void settle(struct job *job)
{
    const pxm_error error = job->work.run.error;

    observe_run(job->supervisor, &job->work);
    if (error.status == PXM_OK) {
        crew_run_done(&job->work.run);
        observe_job(job->supervisor, "done");
        end(job, JOURNAL_FINISH, 0);
    } else {
        on_failed(job, &error);
    }
}

static void on_concluded(struct journal_op *op)
{
    struct job *job = (struct job *)((char *)op - offsetof(struct job, conclude));

    supervisor_note_journal(job->supervisor, &op->error);
    if (op->error.status != PXM_OK) {
        conclude_again(job->supervisor, op);
    }
    journal_op_done(op);
    jobs_look(&job->supervisor->jobs);
    settle(job);
}

static void on_ended(struct work *work)
{
    struct job *job = job_of(work);

    if (work->expected == 0) {
        settle(job);
        return;
    }
    job->conclude = (struct journal_op){.kind = JOURNAL_CONCLUDE,
                                        .done = on_concluded,
                                        .run = job->run_id,
                                        .key = "",
                                        .told = work->told,
                                        .told_count = work->told_count,
                                        .now_ms = wall_ms()};
    journal_submit(job->supervisor->journal, &job->conclude);
}

/* ---- the beginning ----------------------------------------------------------------------------------------------- */

static void run(struct job *job, const struct app_trigger *trigger)
{
    job->work.edition = job->edition;
    job->work.kind = WORK_JOB;
    job->work.ended = on_ended;
    job->work.run = (struct crew_run){.id = job->run_id,
                                      .trigger = trigger,
                                      .event = job->event,
                                      .attempt = job->data.attempts + 1,
                                      .deadline_ms = trigger_deadline_ms(trigger),
                                      .final = is_last(job)};
    work_add(&job->work);
}

static void start(struct job *job);

static void on_rested(struct loop_timer *timer)
{
    start((struct job *)((char *)timer - offsetof(struct job, rest)));
}

static void start(struct job *job)
{
    struct supervisor *supervisor = job->supervisor;
    const struct app_trigger *trigger =
        app_manifest_trigger(job->edition->manifest, job->data.pipeline, job->data.trigger);
    int64_t wait_ms = 0;
    pxm_error error = {0};

    if (!trigger) {
        pxm_error_set(&job->failure, PXM_E_INVALID, "pipeline.unknown", "there is no pipeline `%s` with a trigger `%s`",
                      job->data.pipeline, job->data.trigger);
        bury(job);
    } else if (poison_check(&supervisor->poison, job->data.pipeline, job->input, loop_now_ms(supervisor->loop),
                            &wait_ms, &error) == PXM_OK) {
        run(job, trigger);
    } else if (pxm_error_is_transient(&error)) {
        job->rest.fire = on_rested;
        loop_timer_set(supervisor->loop, &job->rest, wait_ms);
    } else {
        job->failure = error;
        bury(job);
    }
}

static pxm_status prepare(struct job *job, pxm_error *error)
{
    uint8_t bytes[PXM_SHA256_BYTES];
    size_t length = strlen(job->data.event);

    snprintf(job->run_id, sizeof job->run_id, "job-%" PRId64 "-%" PRId64, job->data.created_ms, job->data.id);
    if (pxm_sha256(job->data.event, length, bytes) != PXM_OK) {
        return pxm_error_no_memory(error);
    }
    pxm_hex(bytes, sizeof bytes, job->input);
    return pxm_json_parse(job->data.event, length, &job->event, error);
}

static void begin(struct supervisor *supervisor, struct journal_job *data)
{
    struct job *job = calloc(1, sizeof *job);

    if (!job) { /* it stays in the journal; this process will not see it again */
        pxm_log(PXM_LOG_ERROR, "jobs", NULL, "out of memory for job %" PRId64, data->id);
        return;
    }
    job->supervisor = supervisor;
    job->data = *data;
    *data = (struct journal_job){0};
    job->work.origin = job->data.origin[0] ? job->data.origin : NULL;
    job->edition = edition_current(supervisor);
    job->next = supervisor->jobs.first;
    if (job->next) {
        job->next->previous = job;
    }
    supervisor->jobs.first = job;
    supervisor->jobs.in_hand++;
    if (prepare(job, &job->failure) == PXM_OK) {
        start(job);
    } else {
        bury(job);
    }
}

/* ---- taking ------------------------------------------------------------------------------------------------------ */

static int64_t room(const struct jobs *jobs)
{
    const struct supervisor *supervisor = jobs->supervisor;
    int64_t workers = (int64_t)supervisor->edition->image_workers + supervisor->options->light_workers;

    return IN_HAND_PER_WORKER * workers - jobs->in_hand;
}

static void on_taken(struct journal_op *op)
{
    struct jobs *jobs = (struct jobs *)((char *)op - offsetof(struct jobs, take));
    struct supervisor *supervisor = jobs->supervisor;
    struct journal_op taken = *op;
    bool more = (int64_t)taken.job_count == taken.limit;

    jobs->taking = false;
    if (taken.error.status != PXM_OK) {
        pxm_log(PXM_LOG_ERROR, "jobs", NULL, "the journal gives no jobs: %s", taken.error.text);
        loop_timer_set(supervisor->loop, &jobs->next, TAKE_AGAIN_MS);
    } else if (!more && taken.ret_next_ms != INT64_MAX) {
        loop_timer_set(supervisor->loop, &jobs->next, taken.ret_next_ms - wall_ms() + 1);
    }
    for (size_t i = 0; i < taken.job_count; i++) {
        begin(supervisor, &taken.jobs[i]);
    }
    journal_op_done(&taken);
    if (jobs->again || more) {
        jobs_look(jobs);
    }
}

static void on_due(struct loop_timer *timer)
{
    jobs_look((struct jobs *)((char *)timer - offsetof(struct jobs, next)));
}

void jobs_init(struct jobs *jobs, struct supervisor *supervisor)
{
    *jobs = (struct jobs){.supervisor = supervisor, .next = {.fire = on_due}};
}

void jobs_stop(struct jobs *jobs)
{
    while (jobs->first) {
        job_free(jobs->first);
    }
}

void jobs_look(struct jobs *jobs)
{
    struct supervisor *supervisor = jobs->supervisor;

    jobs->again = jobs->taking;
    if (jobs->taking || !supervisor->edition || atomic_load(&supervisor->draining) || room(jobs) <= 0) {
        return;
    }
    jobs->taking = true;
    jobs->take = (struct journal_op){.kind = JOURNAL_TAKE, .done = on_taken, .limit = room(jobs), .now_ms = wall_ms()};
    journal_submit(supervisor->journal, &jobs->take);
}
