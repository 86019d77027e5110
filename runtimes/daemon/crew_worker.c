/* One worker, from its fork to its end, and the run that it has. A run ends once: when the worker tells its outcome, or
 * when the worker ends without having done so. */
#include "daemon/crew_private.h"

#include "base/log.h"
#include "base/value.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    START_MS_MAX = 60000,
    TIDY_MS_MAX = 5000,
    STOP_MS_MAX = 5000,
    GRACE_MS = 100,
    HELLO_MS = 5000,
    CLOSED_MS_MAX = 1000,
    LOG_LINES_MAX = 1000
};

static struct crew_worker *worker_of(struct crew_process *process)
{
    return (struct crew_worker *)process;
}

static const struct crew_options *options_of(const struct crew_worker *worker)
{
    return &worker->group->crew->options;
}

static void set_timer(struct crew_worker *worker, int64_t in_ms)
{
    loop_timer_set(options_of(worker)->loop, &worker->timer, in_ms);
}

static void kill_worker(struct crew_worker *worker, enum crew_kill why)
{
    if (worker->killed == KILL_NONE) {
        worker->killed = why;
    }
    crew_process_kill(&worker->process);
}

/* ---- starting ---------------------------------------------------------------------------------------------------- */

static pxm_status fork_worker(struct crew_worker *worker, pxm_error *error)
{
    int pair[2];
    pxm_status status = ipc_pair(pair, error);

    if (status != PXM_OK) {
        return status;
    }
    status = crew_process_listen(&worker->process, pair[0], error);
    if (status == PXM_OK) {
        status = crew_zygote_fork(worker->group->crew, pair[1], error);
        if (status != PXM_OK) {
            crew_process_done(&worker->process);
        }
    }
    close(pair[1]);
    return status;
}

void crew_worker_start(struct crew_worker *worker)
{
    pxm_error error = {0};

    worker->killed = KILL_NONE;
    worker->opened = worker->closed = false;
    worker->jobs = worker->log_lines = worker->resident_first = 0;
    worker->resident = worker->descriptors = -1;
    if (fork_worker(worker, &error) != PXM_OK) {
        crew_group_failed(worker->group, &error, NULL);
        return;
    }
    worker->state = WORKER_STARTING;
    set_timer(worker, START_MS_MAX);
}

void crew_worker_stop(struct crew_worker *worker)
{
    worker->state = WORKER_ENDING;
    crew_process_hang_up(&worker->process);
    set_timer(worker, STOP_MS_MAX);
}

/* ---- the run ----------------------------------------------------------------------------------------------------- */

/* The run may be gone when it has been told, and so may its worker's idleness. */
static void end_run(struct crew_worker *worker)
{
    struct crew_run *run = worker->run;

    worker->run = NULL;
    run->worker = NULL;
    run->done(run);
}

static pxm_status send_run(struct crew_worker *worker, const struct crew_run *run, pxm_error *error)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "id", pxm_value_cstring(run->id));
    pxm_value_set(value, "pipeline", pxm_value_cstring(run->trigger->pipeline->name));
    pxm_value_set(value, "trigger", pxm_value_int(run->trigger->index));
    pxm_value_set(value, "attempt", pxm_value_int(run->attempt));
    pxm_value_set(value, "final", pxm_value_bool(run->final));
    pxm_value_set(value, "failure", run->failure ? ipc_error_write(run->failure) : pxm_value_null());
    pxm_value_set(value, "time_ms", pxm_value_int(run->time_ms));
    pxm_value_set(value, "deadline_ms", pxm_value_int(run->deadline_ms));
    pxm_value_set(value, "event", pxm_value_ref(run->event));
    pxm_status status = pxm_value_status(value);
    if (status == PXM_E_LIMIT) {
        pxm_error_set(error, status, "limit.depth", "the event is nested too deeply");
    } else if (status != PXM_OK) {
        pxm_error_no_memory(error);
    } else {
        status = ipc_send(worker->process.socket.fd, CREW_RUN, value, -1, false, error);
    }
    pxm_value_unref(value);
    return status;
}

static bool is_gone(const pxm_error *error)
{
    return strcmp(error->code, "ipc.closed") == 0 || strcmp(error->code, "ipc.full") == 0;
}

/* Nothing is told from here, as the caller is not finished with the run: the end of the worker, or the timer, will. */
void crew_worker_run(struct crew_worker *worker, struct crew_run *run)
{
    int64_t kill_ms = 0;

    worker->state = WORKER_BUSY;
    worker->run = run;
    worker->log_lines = 0;
    run->worker = worker;
    pxm_error_clear(&run->error);
    run->killed_worker = false;
    run->output = run->steps = NULL;
    run->cpu_ms = run->ms = 0;
    pxm_error_clear(&worker->refusal);
    if (send_run(worker, run, &worker->refusal) == PXM_OK) {
        set_timer(worker, __builtin_add_overflow(run->deadline_ms, GRACE_MS, &kill_ms) ? INT64_MAX : kill_ms);
    } else if (is_gone(&worker->refusal)) {
        kill_worker(worker, KILL_CLOSED);
    } else {
        set_timer(worker, 0);
    }
}

/* ---- what it says ------------------------------------------------------------------------------------------------ */

static void broken(struct crew_worker *worker, const char *what)
{
    pxm_error_set(&worker->cause, PXM_E_INTERNAL, "worker.invalid", "%s", what);
    kill_worker(worker, KILL_BROKEN);
}

static void say_hello(struct crew_worker *worker, const pxm_value *message)
{
    int64_t pid = pxm_value_as_int(pxm_value_get(message, "pid"));

    if (pid <= 0 || pid > INT32_MAX || crew_process_watch(&worker->process, (pid_t)pid, &worker->cause) != PXM_OK) {
        crew_process_hang_up(&worker->process);
        kill_worker(worker, KILL_BROKEN);
    }
}

static void refused(struct crew_worker *worker, const pxm_value *message)
{
    pxm_error error = {0};

    ipc_error_read(pxm_value_get(message, "error"), &error);
    worker->state = WORKER_ENDING;
    set_timer(worker, STOP_MS_MAX);
    crew_group_failed(worker->group, &error, pxm_value_as_string(pxm_value_get(message, "report"), NULL));
}

static void announced(struct crew_worker *worker, const pxm_value *message)
{
    const pxm_value *store = pxm_value_get(message, "store"), *key = pxm_value_get(message, "key");

    if (worker->state != WORKER_BUSY || pxm_value_type(store) != PXM_TYPE_STRING ||
        pxm_value_type(key) != PXM_TYPE_STRING) {
        broken(worker, "it announced what is no object");
    } else if (worker->run->announce) {
        worker->run->announce(worker->run, pxm_value_as_string(store, NULL), pxm_value_as_string(key, NULL));
    } else {
        crew_announced(worker->group->crew, worker->run, NULL);
    }
}

static void made(struct crew_worker *worker, const pxm_value *message)
{
    if (worker->state != WORKER_BUSY || pxm_value_type(pxm_value_get(message, "store")) != PXM_TYPE_STRING ||
        pxm_value_type(pxm_value_get(message, "key")) != PXM_TYPE_STRING) {
        broken(worker, "it made what is no object");
    } else if (worker->run->made) {
        worker->run->made(worker->run, message);
    }
}

static int64_t not_negative(const pxm_value *message, const char *key)
{
    int64_t number = pxm_value_as_int(pxm_value_get(message, key));

    return number > 0 ? number : 0;
}

static void finished(struct crew_worker *worker, const pxm_value *message)
{
    const pxm_value *error = pxm_value_get(message, "error"), *output = pxm_value_get(message, "output");
    const pxm_value *steps = pxm_value_get(message, "steps");
    struct crew_run *run = worker->run;

    if (worker->state != WORKER_BUSY) {
        broken(worker, "it ended a run that it did not have");
        return;
    }
    if (pxm_value_type(error) != PXM_TYPE_NULL) {
        ipc_error_read(error, &run->error);
    } else {
        run->output = output ? pxm_value_ref(output) : pxm_value_null();
    }
    run->steps = steps ? pxm_value_ref(steps) : NULL;
    run->cpu_ms = not_negative(message, "cpu_ms");
    run->ms = not_negative(message, "ms");
    worker->state = WORKER_TIDYING;
    set_timer(worker, TIDY_MS_MAX);
    end_run(worker);
}

/* Whether it has been used up. The second run is the first one that is compared: by then what is kept for all runs is
 * there. */
static bool is_worn(struct crew_worker *worker, int64_t resident, int64_t descriptors)
{
    const struct crew_options *options = options_of(worker);

    if (worker->jobs == 0) {
        worker->resident_first = resident;
        return false;
    }
    if (worker->resident < 0) {
        worker->resident = resident;
        worker->descriptors = descriptors;
    }
    return (options->jobs_max > 0 && worker->jobs >= options->jobs_max) ||
           (options->growth_max > 0 && resident - worker->resident > options->growth_max) ||
           (options->descriptors_max > 0 && descriptors - worker->descriptors > options->descriptors_max);
}

static void become_idle(struct crew_worker *worker)
{
    worker->state = WORKER_IDLE;
    loop_timer_cancel(options_of(worker)->loop, &worker->timer);
    if (worker->group->crew->retiring) {
        crew_worker_stop(worker);
        return;
    }
    crew_group_ready(worker->group);
    if (options_of(worker)->idle) {
        options_of(worker)->idle(options_of(worker)->arg, worker->group->crew, worker->group->which);
    }
}

static void is_free(struct crew_worker *worker, const pxm_value *message)
{
    if (worker->state != WORKER_TIDYING && !(worker->state == WORKER_STARTING && worker->opened)) {
        broken(worker, "it says that it is free when it cannot be");
        return;
    }
    worker->jobs += worker->state == WORKER_TIDYING;
    if (is_worn(worker, not_negative(message, "resident"), not_negative(message, "descriptors"))) {
        worker->group->counts.recycled++;
        crew_worker_stop(worker);
        return;
    }
    become_idle(worker);
}

static void opened(struct crew_worker *worker)
{
    if (worker->state != WORKER_STARTING || worker->opened) {
        broken(worker, "it opened the project twice");
        return;
    }
    worker->opened = true;
    worker->group->counts.started++;
    worker->group->failures = 0;
}

static void log_line(struct crew_worker *worker, const pxm_value *message)
{
    if (++worker->log_lines < LOG_LINES_MAX) {
        crew_log(message);
    } else if (worker->log_lines == LOG_LINES_MAX) {
        pxm_log(PXM_LOG_WARN, "crew", worker->run ? worker->run->id : NULL, "more than %d lines of log of one run",
                LOG_LINES_MAX);
    }
}

static void worker_received(struct crew_process *process, const struct ipc_message *message)
{
    struct crew_worker *worker = worker_of(process);

    if (worker->killed != KILL_NONE) {
        return; /* it is judged already */
    }
    switch (message->type) {
    case CREW_HELLO:
        say_hello(worker, message->value);
        break;
    case CREW_OPENED:
        opened(worker);
        break;
    case CREW_REFUSED:
        refused(worker, message->value);
        break;
    case CREW_ANNOUNCE:
        announced(worker, message->value);
        break;
    case CREW_MADE:
        made(worker, message->value);
        break;
    case CREW_DONE:
        finished(worker, message->value);
        break;
    case CREW_IDLE:
        is_free(worker, message->value);
        break;
    case CREW_LOG:
        log_line(worker, message->value);
        break;
    default:
        broken(worker, "it sent a message of no known type");
        break;
    }
}

/* ---- its end ----------------------------------------------------------------------------------------------------- */

static void forget(struct crew_worker *worker)
{
    loop_timer_cancel(options_of(worker)->loop, &worker->timer);
    worker->state = WORKER_NONE;
}

static void worker_closed(struct crew_process *process, const pxm_error *error)
{
    struct crew_worker *worker = worker_of(process);
    pxm_error failure = {0};

    if (process->pid != 0 && error) {
        worker->cause = *error;
        kill_worker(worker, KILL_BROKEN);
        return;
    }
    if (process->pid != 0) { /* mostly because it is ending, and how it ends is worth knowing */
        worker->closed = true;
        if (worker->state == WORKER_IDLE) {
            worker->state = WORKER_TIDYING; /* no run can be sent to it */
        }
        set_timer(worker, CLOSED_MS_MAX);
        return;
    }
    forget(worker);
    pxm_error_set(&failure, PXM_E_TRANSIENT, "worker.lost", "a worker could not be forked");
    crew_group_failed(worker->group, &failure, NULL);
    crew_settle(worker->group->crew);
}

/* Out of memory ends a process in many ways: by the kernel, or by itself when an allocation is refused. That it has
 * used most of what it may tells which it was. */
static bool ran_out_of_memory(const struct crew_worker *worker, int status, const struct rusage *usage)
{
    int64_t most = options_of(worker)->memory_max;

    if (!WIFSIGNALED(status)) {
        return false;
    }
    return WTERMSIG(status) == SIGKILL ||
           (most > 0 && (int64_t)usage->ru_maxrss * 1024 > worker->resident_first + most / 4 * 3);
}

static void judge(const struct crew_worker *worker, int status, const struct rusage *usage, pxm_error *ret)
{
    char death[CREW_DEATH_TEXT_MAX];

    crew_death_text(status, death);
    if (worker->killed == KILL_DEADLINE) {
        pxm_error_set(ret, PXM_E_TIMEOUT, "limit.time", "the run did not end when its time was over, and was killed");
    } else if (worker->killed == KILL_BROKEN) {
        pxm_error_set(ret, PXM_E_INTERNAL, "worker.crashed", "the worker was killed: %s", worker->cause.text);
    } else if (worker->killed == KILL_CLOSED) {
        pxm_error_set(ret, PXM_E_INTERNAL, "worker.crashed", "the worker closed its socket, and was killed");
    } else if (ran_out_of_memory(worker, status, usage)) {
        pxm_error_set(ret, PXM_E_NO_MEMORY, "worker.memory", "the worker ran out of memory and %s", death);
    } else {
        pxm_error_set(ret, PXM_E_INTERNAL, "worker.crashed", "the worker %s", death);
    }
}

static void worker_ended(struct crew_process *process, int status, const struct rusage *usage)
{
    struct crew_worker *worker = worker_of(process);
    struct crew_group *group = worker->group;
    bool starting = worker->state == WORKER_STARTING, expected = worker->state == WORKER_ENDING;
    pxm_error error = {0};

    judge(worker, status, usage, &error);
    forget(worker);
    if (!expected) {
        group->counts.killed += worker->killed == KILL_DEADLINE;
        group->counts.crashed += worker->killed != KILL_DEADLINE;
    }
    if (worker->run) {
        worker->run->error = error;
        worker->run->killed_worker = true;
        end_run(worker);
    } else if (!expected && !starting) {
        pxm_log(PXM_LOG_WARN, "crew", NULL, "between two runs: %s", error.text);
    }
    if (starting) {
        crew_group_failed(group, &error, NULL);
    } else {
        crew_group_fill(group);
    }
    crew_settle(group->crew);
}

static void due(struct loop_timer *timer)
{
    struct crew_worker *worker = (struct crew_worker *)((char *)timer - offsetof(struct crew_worker, timer));

    if (worker->state == WORKER_BUSY && worker->refusal.status != PXM_OK) {
        worker->run->error = worker->refusal;
        worker->state = WORKER_IDLE;
        end_run(worker);
        if (worker->state == WORKER_IDLE) {
            become_idle(worker);
        }
        return;
    }
    kill_worker(worker, worker->closed ? KILL_CLOSED : worker->state == WORKER_BUSY ? KILL_DEADLINE : KILL_STARTING);
    if (worker->process.pid == 0) { /* it never said who it is */
        crew_process_hang_up(&worker->process);
    }
}

void crew_worker_init(struct crew_worker *worker, struct crew_group *group)
{
    crew_process_init(&worker->process, group->crew->options.loop);
    worker->process.received = worker_received;
    worker->process.closed = worker_closed;
    worker->process.ended = worker_ended;
    worker->group = group;
    worker->timer.fire = due;
}

/* One that was just forked says at once who it is. */
void crew_worker_free(struct crew_worker *worker)
{
    if (worker->process.pid == 0) {
        crew_process_hear(&worker->process, HELLO_MS);
    }
    crew_process_done(&worker->process);
    forget(worker);
    if (worker->run) {
        pxm_error_set(&worker->run->error, PXM_E_TRANSIENT, "worker.lost", "the daemon gave the run up");
        worker->run->killed_worker = true;
        end_run(worker);
    }
}
