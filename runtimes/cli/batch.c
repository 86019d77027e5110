/* Keeps a bounded number of runs in flight; a run that ends is put into a list by its worker thread and settled by the
 * main thread, which alone touches state file, tally and progress. */
#include "batch.h"

#include "base/digest.h"
#include "inputs.h"
#include "progress.h"
#include "state.h"
#include "tally.h"
#include "walk.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t interrupted;

struct flight { /* one run under way */
    struct flight *next;
    struct ended *ended;
    const struct walk_file *file;
    pxm_run *run;
    int64_t started_ms;
};
struct ended { /* runs that are over; the lock guards the list */
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct flight *first;
};
struct course { /* a batch under way; main thread */
    const struct batch *batch;
    struct walk walk;
    struct state state;
    struct progress progress;
    struct tally tally;
    struct ended ended;
    size_t next, in_flight;
    size_t fail_most;
    bool broken; /* something of ours failed, such as writing the state file */
};

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static void on_done(void *arg, pxm_run *run)
{
    struct flight *flight = arg;
    struct ended *ended = flight->ended;

    (void)run;
    pthread_mutex_lock(&ended->lock);
    flight->next = ended->first;
    ended->first = flight;
    pthread_cond_signal(&ended->more);
    pthread_mutex_unlock(&ended->lock);
}

static void settle(struct course *course, const struct walk_file *file, const pxm_error *error, int64_t ms)
{
    course->broken = !state_add(&course->state, file, error, ms) || course->broken;
    tally_add(&course->tally, file, error);
    progress_step(&course->progress, error != NULL);
}

static void start(struct course *course, const struct walk_file *file)
{
    const struct batch *batch = course->batch;
    struct flight *flight = calloc(1, sizeof *flight);
    struct inputs inputs = {0};
    pxm_error *error = NULL;

    if (!flight || !inputs_make(&inputs, batch->args, batch->program, file->path, file->rel, true)) {
        free(flight);
        course->broken = true;
        return;
    }
    *flight = (struct flight){.ended = &course->ended, .file = file, .started_ms = pxm_clock_system.monotonic_ms(NULL)};
    const struct pxm_run_options options = {.struct_size = sizeof options,
                                            .deadline_ms = batch->deadline_ms,
                                            .inputs = inputs.values,
                                            .input_count = inputs.count,
                                            .done = on_done,
                                            .done_arg = flight};
    /* The worker may be done before pxm_submit returns, so the handle is taken from the flight only when it has
     * landed. */
    course->in_flight++;
    if (pxm_submit(batch->pipeline, &options, &flight->run, &error) != PXM_OK) {
        course->in_flight--;
        settle(course, file, error, 0);
        pxm_error_free(error);
        free(flight);
    }
    inputs_done(&inputs);
}

/* Waits for at least one run to end and settles all that have. */
static void land(struct course *course)
{
    pthread_mutex_lock(&course->ended.lock);
    while (!course->ended.first) {
        pthread_cond_wait(&course->ended.more, &course->ended.lock);
    }
    struct flight *flight = course->ended.first;
    course->ended.first = NULL;
    pthread_mutex_unlock(&course->ended.lock);
    while (flight) {
        struct flight *next = flight->next;
        pxm_run_wait(flight->run, -1);
        settle(course, flight->file, pxm_run_error(flight->run),
               pxm_clock_system.monotonic_ms(NULL) - flight->started_ms);
        pxm_run_free(flight->run);
        free(flight);
        course->in_flight--;
        flight = next;
    }
}

static bool goes_on(const struct course *course)
{
    return !interrupted && !course->broken && course->progress.failed <= course->fail_most;
}

static void fly(struct course *course)
{
    size_t most = (size_t)course->batch->jobs * 2; /* one in work and one ready for each worker */

    while (course->next < course->walk.count && goes_on(course)) {
        const struct walk_file *file = &course->walk.files[course->next++];
        if (!state_has(&course->state, file)) {
            start(course, file);
        }
        while (course->in_flight >= most) {
            land(course);
        }
    }
    while (course->in_flight > 0) {
        land(course);
    }
}

/* "25" or "1%" of `total`; everything may fail when nothing is said. */
static bool parse_most(const char *text, size_t total, size_t *ret)
{
    char *end = NULL;

    if (!text) {
        *ret = total;
        return true;
    }
    double number = strtod(text, &end);
    bool share = strcmp(end, "%") == 0;
    if (end == text || (*end && !share) || !(number >= 0 && number <= (share ? 100 : WALK_FILES_MAX))) {
        fprintf(stderr, "pixmill run: --max-fail takes a number, or a share from 0%% to 100%%\n");
        return false;
    }
    *ret = share ? (size_t)(number / 100.0 * (double)total) : (size_t)number;
    return true;
}

/* What makes two batches the same work: the pipeline and all that it may call, the profile, and what --set says. */
static void plan_digest(const struct batch *batch, char hex[65])
{
    uint8_t digest[PXM_SHA256_BYTES] = {0};
    struct pxm_buf buf;

    pxm_buf_init(&buf, 1 << 20);
    const char *profile = args_value(batch->args, "profile");
    pxm_buf_puts(&buf, batch->program->name);
    for (size_t i = 0; i < batch->project->program_count; i++) {
        const struct pxm_program *program = batch->project->programs[i];
        pxm_buf_add(&buf, program->digest, sizeof program->digest);
    }
    pxm_buf_printf(&buf, "/%s/", profile ? profile : "");
    for (size_t i = 0; args_nth(batch->args, "set", i); i++) {
        const char *set = args_nth(batch->args, "set", i);
        pxm_buf_add(&buf, set, strlen(set) + 1);
    }
    pxm_sha256(buf.data, buf.length, digest);
    pxm_hex(digest, sizeof digest, hex);
    pxm_buf_done(&buf);
}

static bool gather(struct course *course)
{
    const struct args *args = course->batch->args;
    char plan[65];

    for (size_t i = 0; args_nth(args, "each", i); i++) {
        if (!walk_add(&course->walk, args_nth(args, "each", i))) {
            return false;
        }
    }
    plan_digest(course->batch, plan);
    const char *resume = args_value(args, "resume");
    const char *path = args_value(args, "state");
    return state_open(&course->state, path ? path : resume, resume, plan) &&
           parse_most(args_value(args, "max-fail"), course->walk.count, &course->fail_most);
}

static int verdict(const struct course *course)
{
    const struct progress *progress = &course->progress;

    if (interrupted) {
        return CLI_INTERRUPTED;
    }
    if (course->broken) {
        return CLI_FAILED;
    }
    if (progress->failed == 0) {
        return CLI_OK;
    }
    bool gave_up = course->next < course->walk.count;
    return gave_up || progress->failed == progress->done - progress->skipped ? CLI_FAILED : CLI_PARTLY;
}

static void report(struct course *course)
{
    const struct batch *batch = course->batch;
    const char *state = args_value(batch->args, "state");

    if (!state) {
        state = args_value(batch->args, "resume");
    }
    progress_end(&course->progress);
    tally_print(&course->tally, batch->cli, batch->args, batch->program->name, &course->progress);
    if (interrupted) {
        fprintf(stderr, "stopped after %zu of %zu", course->progress.done, course->walk.count);
        fprintf(stderr, state ? "; go on with: pixmill run %s ... --resume %s\n" : "\n", batch->program->name,
                state ? state : "");
    } else if (course->next < course->walk.count) {
        fprintf(stderr, "gave up after %zu failures (--max-fail)\n", course->progress.failed);
    }
}

int batch_run(const struct batch *batch)
{
    struct course course = {.batch = batch};
    struct sigaction action = {.sa_handler = on_signal};
    int code = CLI_USAGE;

    pthread_mutex_init(&course.ended.lock, NULL);
    pthread_cond_init(&course.ended.more, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (gather(&course)) {
        size_t skipped = 0;
        for (size_t i = 0; i < course.walk.count; i++) {
            skipped += state_has(&course.state, &course.walk.files[i]);
        }
        progress_start(&course.progress, course.walk.count, skipped);
        fly(&course);
        report(&course);
        code = verdict(&course);
    }
    if (!state_close(&course.state) && code == CLI_OK) {
        code = CLI_FAILED;
    }
    tally_done(&course.tally);
    walk_done(&course.walk);
    pthread_cond_destroy(&course.ended.more);
    pthread_mutex_destroy(&course.ended.lock);
    return code;
}
