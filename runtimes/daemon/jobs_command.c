/* pixmill jobs: the dead letters of a state folder, whether a daemon runs or not. It has a connection of its own to the
 * journal, beside that of the daemon, which is told by SIGUSR1 that there may be jobs. It never repairs anything: a
 * damaged journal is the daemon's. */
#include "daemon/daemon.h"
#include "daemon/journal_internal.h"
#include "daemon/place.h"
#include "daemon/state.h"

#include "base/json.h"
#include "base/value.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_PARTLY = 5, EXIT_TRANSIENT = 6 };
enum { PAGE = 1000, JSON_MAX = 8 << 20 };

struct jobs {
    const char *folder;
    bool json, all;
    int folder_fd, mark;
    struct stat file; /* of the journal, when it was opened */
    struct journal_db db;
};

/* ---- output ---- */

/* Events may quote names of files, which may hold what a terminal would obey. */
static void print_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
    }
}

static int print_error(const pxm_error *error)
{
    fprintf(stderr, "error[%s]: ", error->code);
    print_text(stderr, error->text);
    fputc('\n', stderr);
    return pxm_status_is_transient(error->status) ? EXIT_TRANSIENT : EXIT_FAILED;
}

/* A text that holds JSON, as what it holds; as it is where it does not. */
static pxm_value *parsed(const char *text)
{
    pxm_value *value = NULL;
    if (text && pxm_json_parse(text, strlen(text), &value, NULL) != PXM_OK) {
        return pxm_value_cstring(text);
    }
    return text ? value : pxm_value_null();
}

static pxm_value *time_value(int64_t ms)
{
    char text[PXM_TIME_TEXT_MAX];
    pxm_time_format(ms, text);
    return ms > 0 ? pxm_value_cstring(text) : pxm_value_null();
}

static pxm_value *job_value(const struct journal_job *job)
{
    pxm_value *value = pxm_value_record();
    pxm_value_set(value, "id", pxm_value_int(job->id));
    pxm_value_set(value, "pipeline", pxm_value_cstring(job->pipeline));
    pxm_value_set(value, "trigger", pxm_value_cstring(job->trigger));
    pxm_value_set(value, "attempts", pxm_value_int(job->attempts));
    pxm_value_set(value, "created_at", time_value(job->created_ms));
    pxm_value_set(value, "first_failed_at", time_value(job->first_ms));
    pxm_value_set(value, "last_failed_at", time_value(job->last_ms));
    pxm_value_set(value, "cause", parsed(job->cause));
    pxm_value_set(value, "event", parsed(job->event));
    return value;
}

static bool print_json(const struct journal_job *job, int indent)
{
    struct pxm_buf buf;
    pxm_value *value = job_value(job);
    pxm_buf_init(&buf, JSON_MAX);
    bool fine = pxm_json_write(&buf, value, indent, 0, NULL) == PXM_OK;
    fputs(fine ? buf.data : "null", stdout);
    pxm_buf_done(&buf);
    pxm_value_unref(value);
    return fine;
}

/* "code: message" of a cause. */
static void print_cause(const struct journal_job *job)
{
    pxm_value *cause = parsed(job->cause);
    const pxm_value *code = pxm_value_get(cause, "code"), *message = pxm_value_get(cause, "message");
    print_text(stdout, code && pxm_value_type(code) == PXM_TYPE_STRING ? pxm_value_as_string(code, NULL) : "no cause");
    if (message && pxm_value_type(message) == PXM_TYPE_STRING) {
        fputs(": ", stdout);
        print_text(stdout, pxm_value_as_string(message, NULL));
    }
    pxm_value_unref(cause);
}

static void print_line(const struct journal_job *job)
{
    char when[PXM_TIME_TEXT_MAX];
    pxm_time_format(job->last_ms, when);
    printf("%" PRId64 "  %s  %" PRId64 "x  ", job->id, when, job->attempts);
    print_text(stdout, job->pipeline);
    fputs("  ", stdout);
    print_cause(job);
    fputc('\n', stdout);
}

/* ---- the journal ---- */

static int open_journal(struct jobs *jobs)
{
    pxm_error error = {0};
    char path[JOURNAL_PATH_MAX], reason[256];
    struct journal_mark mark = {0};
    jobs->folder_fd = open(jobs->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (jobs->folder_fd < 0 || fstatat(jobs->folder_fd, JOURNAL_NAME, &jobs->file, 0) != 0) {
        pxm_error_errno(&error, errno, "journal.unavailable", "there is no journal to be had");
        pxm_error_context(&error, "state folder %s", jobs->folder);
        return print_error(&error);
    }
    jobs->mark = journal_mark_open(jobs->folder_fd, false);
    if (jobs->mark >= 0) {
        journal_mark_read(jobs->mark, &mark);
    }
    if ((size_t)snprintf(path, sizeof path, "%s/" JOURNAL_NAME, jobs->folder) >= sizeof path) {
        fprintf(stderr, "pixmill jobs: the path of the state folder is too long\n");
        return EXIT_USAGE;
    }
    pxm_status status = journal_check(&jobs->db, jobs->folder_fd, path, &mark, false, reason, &error);
    if (status == PXM_OK && *reason) {
        status = pxm_error_set(&error, PXM_E_INTERNAL, "journal.damaged",
                               "the journal in %s is damaged (%s); start the daemon again, which rescues what is whole",
                               jobs->folder, reason);
    }
    return status == PXM_OK ? EXIT_OK : print_error(&error);
}

/* Whether the daemon set the journal aside meanwhile, so that what was written is not in the one that counts. */
static bool was_replaced(const struct jobs *jobs)
{
    struct stat now;
    return fstatat(jobs->folder_fd, JOURNAL_NAME, &now, 0) != 0 || now.st_ino != jobs->file.st_ino ||
           now.st_dev != jobs->file.st_dev;
}

static int do_ops(struct jobs *jobs, struct journal_op *ops, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        ops[i].next = &ops[i + 1];
    }
    if (count == 0) {
        return EXIT_OK;
    }
    if (journal_batch(&jobs->db, ops) != PXM_OK) {
        return print_error(&ops[0].error);
    }
    if (jobs->db.changed && jobs->mark >= 0) {
        journal_mark_write(jobs->mark, &jobs->db);
    }
    if (was_replaced(jobs)) {
        fprintf(stderr, "pixmill jobs: the daemon replaced its journal meanwhile; repeat this\n");
        return EXIT_TRANSIENT;
    }
    return EXIT_OK;
}

static void tell_daemon(const struct jobs *jobs)
{
    pid_t pid = state_holder(jobs->folder);
    if (pid > 0 && kill(pid, SIGUSR1) != 0) {
        fprintf(stderr,
                "pixmill jobs: the daemon (process %ld) could not be told; it will see to it when it looks next\n",
                (long)pid);
    }
}

/* ---- list and show ---- */

static int count_jobs(struct jobs *jobs, struct journal_counts *ret)
{
    struct journal_op op = {.kind = JOURNAL_COUNT};
    int code = do_ops(jobs, &op, 1);
    *ret = op.counts;
    return code;
}

static int print_page(struct jobs *jobs, int64_t *cursor, size_t *count)
{
    struct journal_op op = {.kind = JOURNAL_DEAD, .limit = PAGE, .cursor = *cursor};
    int code = do_ops(jobs, &op, 1);
    for (size_t i = 0; code == EXIT_OK && i < op.job_count; i++) {
        if (jobs->json) {
            fputs(*count > 0 ? ",\n" : "\n", stdout);
            code = print_json(&op.jobs[i], 0) ? EXIT_OK : EXIT_FAILED;
        } else {
            print_line(&op.jobs[i]);
        }
        ++*count;
    }
    *cursor = op.job_count > 0 ? op.jobs[op.job_count - 1].id : 0;
    journal_op_done(&op);
    return code;
}

static int list(struct jobs *jobs)
{
    struct journal_counts counts;
    int64_t cursor = 0;
    size_t count = 0;
    int code = count_jobs(jobs, &counts);
    if (code != EXIT_OK) {
        return code;
    }
    int64_t waiting = counts.ready + counts.delayed;
    if (jobs->json) {
        printf("{\"schema\":\"pixmill.jobs/1\",\"waiting\":%" PRId64 ",\"expected\":%" PRId64 ",\"jobs\":[", waiting,
               counts.expected);
    }
    do {
        code = print_page(jobs, &cursor, &count);
    } while (code == EXIT_OK && cursor > 1);
    if (jobs->json) {
        fputs("]}\n", stdout);
    } else {
        fprintf(stderr, "%zu dead letter%s; %" PRId64 " job%s waiting\n", count, count == 1 ? "" : "s", waiting,
                waiting == 1 ? "" : "s");
    }
    return code;
}

static int show(struct jobs *jobs, int64_t id)
{
    struct journal_op op = {.kind = JOURNAL_DEAD, .limit = 1, .cursor = id + 1};
    int code = do_ops(jobs, &op, 1);
    if (code == EXIT_OK && (op.job_count == 0 || op.jobs[0].id != id)) {
        fprintf(stderr, "error[job.not_found]: there is no dead letter %" PRId64 "\n", id);
        code = EXIT_FAILED;
    }
    if (code == EXIT_OK) {
        code = print_json(&op.jobs[0], jobs->json ? 0 : 2) ? EXIT_OK : EXIT_FAILED;
        fputc('\n', stdout);
    }
    journal_op_done(&op);
    return code;
}

/* ---- retry and discard ---- */

/* All of one page, at most PAGE; *ret_done: how many could be done. */
static int change(struct jobs *jobs, enum journal_kind kind, const int64_t *ids, size_t count, size_t *ret_done)
{
    struct journal_op *ops = calloc(count, sizeof *ops);
    if (!ops) {
        fprintf(stderr, "pixmill jobs: out of memory\n");
        return EXIT_TRANSIENT;
    }
    for (size_t i = 0; i < count; i++) {
        ops[i] = (struct journal_op){.kind = kind, .id = ids[i]};
    }
    int code = do_ops(jobs, ops, count);
    for (size_t i = 0; code == EXIT_OK && i < count; i++) {
        if (ops[i].error.status == PXM_OK) {
            ++*ret_done;
        } else {
            print_error(&ops[i].error);
        }
    }
    free(ops);
    return code;
}

static int list_ids(struct jobs *jobs, int64_t ids[PAGE], size_t *ret_count, int64_t *cursor)
{
    struct journal_op op = {.kind = JOURNAL_DEAD, .limit = PAGE, .cursor = *cursor};
    int code = do_ops(jobs, &op, 1);
    for (size_t i = 0; i < op.job_count; i++) {
        ids[i] = *cursor = op.jobs[i].id;
    }
    *ret_count = op.job_count;
    journal_op_done(&op);
    return code;
}

static int change_all(struct jobs *jobs, enum journal_kind kind, size_t *ret_asked, size_t *ret_done)
{
    int64_t ids[PAGE], cursor = 0;
    size_t count = 0;
    int code;
    do {
        code = list_ids(jobs, ids, &count, &cursor);
        *ret_asked += count;
        if (code == EXIT_OK && count > 0) {
            code = change(jobs, kind, ids, count, ret_done);
        }
    } while (code == EXIT_OK && count > 0 && cursor > 1);
    return code;
}

static int change_some(struct jobs *jobs, enum journal_kind kind, const int64_t *ids, size_t count)
{
    size_t asked = count, done = 0;
    int code = jobs->all ? change_all(jobs, kind, &asked, &done) : change(jobs, kind, ids, count, &done);
    if (done > 0) {
        tell_daemon(jobs);
    }
    if (jobs->json) {
        printf("{\"schema\":\"pixmill.jobs/1\",\"asked\":%zu,\"done\":%zu}\n", asked, done);
    } else {
        printf("%s %zu of %zu\n", kind == JOURNAL_REDRIVE ? "to be run again:" : "discarded:", done, asked);
    }
    if (code != EXIT_OK) {
        return code;
    }
    return done == asked ? EXIT_OK : done > 0 ? EXIT_PARTLY : EXIT_FAILED;
}

/* ---- the command line ---- */

static int usage(void)
{
    fprintf(stderr, "pixmill jobs: write `jobs list`, `jobs show ID`, `jobs retry ID...`, `jobs retry --all` or "
                    "`jobs discard ID...`\n");
    return EXIT_USAGE;
}

static bool parse_options(struct jobs *jobs, int argc, char **argv)
{
    /* What `pixmill` hands on; what means nothing here is passed over. */
    static const struct option options[] = {
        {"state", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"all", no_argument, NULL, 'a'},
        {"color", required_argument, NULL, 'x'},
        {"project", required_argument, NULL, 'x'},
        {"profile", required_argument, NULL, 'x'},
        {0},
    };
    int code = 0;
    optind = 1;
    while ((code = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (code == 's') {
            jobs->folder = optarg;
        } else if (code == 'j') {
            jobs->json = true;
        } else if (code == 'a') {
            jobs->all = true;
        } else if (code != 'x') {
            return false;
        }
    }
    return true;
}

static bool parse_ids(char *const *words, size_t count, int64_t *ids)
{
    for (size_t i = 0; i < count; i++) {
        char *end = NULL;
        errno = 0;
        long long id = strtoll(words[i], &end, 10);
        if (errno || end == words[i] || *end || id <= 0 || id == INT64_MAX) {
            fprintf(stderr, "pixmill jobs: `%s` is no id of a job; see pixmill jobs list\n", words[i]);
            return false;
        }
        ids[i] = id;
    }
    return true;
}

static int run(struct jobs *jobs, const char *what, const int64_t *ids, size_t count)
{
    bool retries = strcmp(what, "retry") == 0, discards = strcmp(what, "discard") == 0;
    bool lists = strcmp(what, "list") == 0, shows = strcmp(what, "show") == 0;
    bool counted = lists ? count == 0 : shows ? count == 1 : retries && jobs->all ? count == 0 : count > 0;
    if (!(lists || shows || retries || discards) || !counted || (jobs->all && !retries)) {
        return usage();
    }
    int code = open_journal(jobs);
    if (code != EXIT_OK) {
        return code;
    }
    if (lists) {
        return list(jobs);
    }
    return shows ? show(jobs, ids[0]) : change_some(jobs, retries ? JOURNAL_REDRIVE : JOURNAL_DISCARD, ids, count);
}

int jobs_command(int argc, char **argv)
{
    struct jobs jobs = {.folder_fd = -1, .mark = -1};
    struct place place = {0};
    int64_t ids[PAGE];
    if (!parse_options(&jobs, argc, argv) || !place_state(&place, "jobs", jobs.folder)) {
        return EXIT_USAGE;
    }
    jobs.folder = place.state;
    const char *what = optind < argc ? argv[optind++] : "list";
    size_t count = (size_t)(argc - optind);
    if (count > PAGE) {
        fprintf(stderr, "pixmill jobs: at most %d ids at once\n", (int)PAGE);
        return EXIT_USAGE;
    }
    int code = parse_ids(argv + optind, count, ids) ? run(&jobs, what, ids, count) : EXIT_USAGE;
    journal_db_close(&jobs.db);
    if (jobs.mark >= 0) {
        close(jobs.mark);
    }
    if (jobs.folder_fd >= 0) {
        close(jobs.folder_fd);
    }
    if (fflush(stdout) != 0 && code == EXIT_OK) {
        perror("pixmill: standard output");
        return EXIT_FAILED;
    }
    return code;
}
