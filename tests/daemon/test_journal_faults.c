/* A journal whose process is killed at every system call that touches files, and one whose every such call fails: what
 * was said to be done is done when the journal is opened again, and nothing else came into being. The calls are
 * disturbed by strace(1), which counts them for each thread; see journal_once.c. FAULTS says which part of all that
 * this program tries. */
#include "journal_once.h"
#include "journal_place.h"

#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAULTS_KILLS, FAULTS_ERRORS, FAULTS_STARTS };
enum { TIMES_MAX = 3000, NO_STRACE = 99, JOBS_LEFT = ONCE_ROUNDS };

static const char *const reading[] = {"pread64", "fcntl", "close", "newfstatat", "openat", NULL};
static const char *const writing[] = {"pwrite64", "fdatasync", "fsync",    "ftruncate",
                                      "unlink",   "unlinkat",  "renameat", NULL};

enum start { START_EMPTY, START_LEFT, START_DAMAGED };

struct trial {
    const char *mode; /* of journal_once */
    enum start start;
    const char *effect; /* "error=EIO" */
    bool for_good;      /* from one call on, not only one */
};

static char left_behind[64]; /* a folder with a journal as a killed process leaves it */
static char log_name[64];

static const char *const names[] = {"journal.db", "journal.db-wal", "journal.mark"};

/* ---- running it ---- */

static void exec_once(const struct place *place, const struct trial *trial, const char *call, int when)
{
    char trace[64], inject[128];
    snprintf(trace, sizeof trace, "trace=%s,access", call);
    snprintf(inject, sizeof inject, "inject=%s:%s:when=%d%s", call, trial->effect, when, trial->for_good ? "+" : "");
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* which cannot look while it is traced itself */
    if (when > 0) {
        execlp("strace", "strace", "-f", "-qq", "-o", log_name, "-e", trace, "-e", inject, JOURNAL_ONCE, place->folder,
               trial->mode, (char *)NULL);
    } else {
        execl(JOURNAL_ONCE, JOURNAL_ONCE, place->folder, trial->mode, (char *)NULL);
    }
    _exit(NO_STRACE);
}

/* The exit status of journal_once, or minus the signal that killed it; `acks`: what it said. */
static int run_once(const struct place *place, const struct trial *trial, const char *call, int when, char acks[256])
{
    int status = 0, ends[2];
    size_t length = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDERR_FILENO);
        dup2(ends[1], ONCE_ACKS);
        exec_once(place, trial, call, when);
    }
    close(ends[1]);
    for (ssize_t got; length < 255 && (got = read(ends[0], acks + length, 255 - length)) > 0;) {
        length += (size_t)got;
    }
    acks[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static char *read_log(void)
{
    enum { LOG_MAX = 4 << 20 };
    char *log = calloc(1, LOG_MAX);
    assert_non_null(log);
    int fd = open(log_name, O_RDONLY);
    ssize_t length = 0;
    for (ssize_t got; fd >= 0 && (got = read(fd, log + length, (size_t)(LOG_MAX - 1 - length))) > 0;) {
        length += got;
    }
    if (fd >= 0) {
        close(fd);
    }
    return log;
}

/* How often a thread had made the call when the work starts, of the thread that had done so most often. */
static int count_before_start(const char *call)
{
    char *log = read_log(), *start = strstr(log, ONCE_STARTS), text[64];
    long threads[8] = {0};
    int counts[8] = {0}, most = 0;
    snprintf(text, sizeof text, " %s(", call);
    assert_non_null(start);
    for (char *line = log; line < start; line = strchr(line, '\n') + 1) {
        long thread = strtol(line, NULL, 10);
        char *end = strchr(line, '\n'), *found = strstr(line, text);
        size_t i = 0;
        while (threads[i] && threads[i] != thread) {
            i++;
            assert_true(i < 8);
        }
        threads[i] = thread;
        counts[i] += found && found < end;
        most = counts[i] > most ? counts[i] : most;
    }
    free(log);
    return most;
}

static bool was_disturbed(void)
{
    char *log = read_log();
    bool disturbed = strstr(log, "(INJECTED)") != NULL;
    free(log);
    return disturbed;
}

/* ---- what must be there ---- */

static void prepare(const struct place *place, enum start start)
{
    char path[256];
    place_empty(place->folder);
    unlink(log_name);
    for (size_t i = 0; start != START_EMPTY && i < sizeof names / sizeof *names; i++) {
        place_copy(left_behind, place->folder, names[i]);
    }
    if (start == START_DAMAGED) { /* a byte of the header, which costs no row */
        place_path(place->folder, "journal.db", path);
        int fd = open(path, O_RDWR);
        assert_int_equal(pwrite(fd, "x", 1, 70), 1);
        close(fd);
    }
}

static bool said(const char *acks, char what, int round)
{
    for (; *acks; acks += 2) {
        if (acks[0] == what && acks[1] == '0' + round) {
            return true;
        }
    }
    return false;
}

static void assert_round(const char *acks, int round, int added, int expected, bool insisted)
{
    bool must_be_added = said(acks, 'a', round) && !said(acks, 'c', round);
    bool may_not_be_added = said(acks, 'f', round);
    if ((must_be_added && !added) || (may_not_be_added && added) || (said(acks, 'e', round) && !expected)) {
        fail_msg("round %d: %d added, %d expected, after it said %s", round, added, expected, acks);
    }
    /* What fails may be found done after all when the process died; then it is there twice when it was tried again. */
    assert_in_range(added, 0, insisted ? 3 : 1);
    assert_in_range(expected, 0, insisted ? 3 : 1);
}

static void assert_jobs(struct place *place, const struct trial *trial, const char *acks)
{
    int added[ONCE_ROUNDS + 1] = {0}, expected[ONCE_ROUNDS + 1] = {0};
    struct journal_op op = {.kind = JOURNAL_TAKE, .limit = 100, .now_ms = INT64_MAX / 2};
    place_assert_done(place, &op);
    for (size_t i = 0; i < op.job_count; i++) {
        const char *event = op.jobs[i].event;
        if (strcmp(event, "warm") == 0) {
            continue;
        }
        assert_true(strlen(event) == 2 && event[1] >= '1' && event[1] <= '0' + ONCE_ROUNDS);
        assert_true(event[0] == 'a' || event[0] == 'e');
        (event[0] == 'a' ? added : expected)[event[1] - '0']++;
    }
    journal_op_done(&op);
    for (int round = 1; round <= ONCE_ROUNDS; round++) {
        if (trial->start == START_EMPTY) {
            assert_round(acks, round, added[round], expected[round], strstr(trial->effect, "error") != NULL);
        } else {
            assert_int_equal(added[round], 0);
            assert_int_equal(expected[round], 1);
        }
    }
}

static void assert_outcome(struct place *place, const struct trial *trial, const char *acks)
{
    pxm_error error = {0};
    if (place_open(place, &error) != PXM_OK) {
        fail_msg("%s: %s", error.code, error.text);
    }
    if (place->report.found == JOURNAL_FOUND_DAMAGED) {
        assert_int_equal(trial->start, START_DAMAGED);
        assert_int_equal(place->report.lost, 0);
    }
    assert_jobs(place, trial, acks);
    place_close(place);
}

/* ---- disturbing it ---- */

static int disturb_call(struct place *place, const struct trial *trial, const char *call)
{
    const struct trial harmless = {.mode = trial->mode, .effect = "delay_enter=1"};
    const bool kills = strstr(trial->effect, "signal=KILL") != NULL;
    char acks[256];
    int disturbed = 0, full = 0;
    prepare(place, trial->start);
    assert_int_equal(run_once(place, &harmless, call, 1, acks), ONCE_DONE);
    for (int when = 1 + count_before_start(call); when < TIMES_MAX; when++) {
        prepare(place, trial->start);
        int result = run_once(place, trial, call, when, acks);
        if (!(kills ? result < 0 : was_disturbed())) {
            assert_int_equal(result, ONCE_DONE);
            break;
        }
        disturbed++;
        if (!kills && result != ONCE_DONE && result != ONCE_NOT_OPENED &&
            !(trial->for_good && result == ONCE_GAVE_UP)) {
            fail_msg("%s %d, %s: exit %d", call, when, trial->effect, result);
        }
        assert_null(strchr(acks, 'X'));
        assert_true(!strchr(acks, 'F') || strstr(trial->effect, "ENOSPC"));
        full += strchr(acks, 'F') != NULL;
        assert_outcome(place, trial, acks);
    }
    bool can_be_full = strstr(trial->effect, "ENOSPC") && strcmp(call, "pwrite64") == 0;
    assert_true(!can_be_full || strcmp(trial->mode, "work") != 0 || full > 10);
    return disturbed;
}

static void disturb(struct place *place, const struct trial *trial, const char *const *calls, int least)
{
    const struct trial harmless = {.mode = "open", .effect = "delay_enter=1"};
    char acks[256];
    int disturbed = 0;
    prepare(place, START_EMPTY);
    if (run_once(place, &harmless, "fsync", 1, acks) != ONCE_DONE) {
        print_message("skipped: strace is missing or may not trace\n");
        skip();
    }
    for (; *calls; calls++) {
        disturbed += disturb_call(place, trial, *calls);
    }
    print_message("%s, start %d, %s%s: %d calls\n", trial->mode, trial->start, trial->effect,
                  trial->for_good ? " from there on" : "", disturbed);
    assert_true(disturbed >= least);
}

static void what_was_acknowledged_survives_a_kill_at_any_call(void **state)
{
    const struct trial trial = {"work", START_EMPTY, "signal=KILL", false};
    disturb(*state, &trial, writing, 40);
    disturb(*state, &trial, (const char *const[]){"fcntl", NULL}, 20);
}

static void a_start_that_is_killed_at_any_call_loses_nothing(void **state)
{
    static const enum start starts[] = {START_EMPTY, START_LEFT, START_DAMAGED};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const struct trial trial = {"open", starts[i], "signal=KILL", false};
        disturb(*state, &trial, writing, 5);
    }
}

static void after_a_call_that_failed_it_heals_by_itself(void **state)
{
    static const char *const effects[] = {"error=EIO", "error=ENOSPC"};
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
        const struct trial trial = {"work", START_EMPTY, effects[i], false};
        disturb(*state, &trial, writing, 40);
    }
}

static void while_calls_fail_nothing_is_acknowledged_that_is_not_kept(void **state)
{
    static const char *const calls[] = {"pwrite64", "fdatasync", NULL};
    static const char *const effects[] = {"error=EIO", "error=ENOSPC"};
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
        const struct trial trial = {"work", START_EMPTY, effects[i], true};
        disturb(*state, &trial, calls, 20);
    }
}

static void a_start_whose_calls_fail_takes_nothing_for_damage(void **state)
{
    static const enum start starts[] = {START_EMPTY, START_LEFT};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const struct trial trial = {"open", starts[i], "error=EIO", false};
        disturb(*state, &trial, writing, 5);
        disturb(*state, &trial, reading, 20);
    }
    const struct trial full = {"open", START_DAMAGED, "error=ENOSPC", false};
    disturb(*state, &full, writing, 5);
}

static void keep_quiet(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    (void)entry;
}

/* A journal with jobs in its -wal. */
static int leave_one(void **state)
{
    const struct trial trial = {"leave", START_EMPTY, "", false};
    struct place place = {0};
    char acks[256];
    (void)state;
    snprintf(left_behind, sizeof left_behind, "%s/pixmill-left-XXXXXX", place_base());
    snprintf(log_name, sizeof log_name, "%s/pixmill-journal-%ld.trace", place_base(), (long)getpid());
    assert_non_null(mkdtemp(left_behind));
    memcpy(place.folder, left_behind, sizeof left_behind);
    assert_int_equal(run_once(&place, &trial, "", 0, acks), ONCE_DONE);
    assert_int_equal(strlen(acks), 2 * 4 * ONCE_ROUNDS);
    return 0;
}

static int remove_it(void **state)
{
    (void)state;
    unlink(log_name);
    place_empty(left_behind);
    return rmdir(left_behind);
}

int main(void)
{
    static const struct CMUnitTest kills[] = {
        PLACE_TEST(what_was_acknowledged_survives_a_kill_at_any_call),
        PLACE_TEST(a_start_that_is_killed_at_any_call_loses_nothing),
    };
    static const struct CMUnitTest errors[] = {
        PLACE_TEST(after_a_call_that_failed_it_heals_by_itself),
        PLACE_TEST(while_calls_fail_nothing_is_acknowledged_that_is_not_kept),
    };
    static const struct CMUnitTest starts[] = {
        PLACE_TEST(a_start_whose_calls_fail_takes_nothing_for_damage),
    };
    pxm_log_set_sink(keep_quiet, NULL, PXM_LOG_ERROR);
    switch (FAULTS) {
    case FAULTS_KILLS:
        return cmocka_run_group_tests_name("journal: kills", kills, leave_one, remove_it);
    case FAULTS_ERRORS:
        return cmocka_run_group_tests_name("journal: calls that fail", errors, leave_one, remove_it);
    default:
        return cmocka_run_group_tests_name("journal: starts whose calls fail", starts, leave_one, remove_it);
    }
}
