/* pixmill jobs, as its users meet it: the real programs on a journal that this process has open, or has not. */
#include "journal_place.h"

#include "base/log.h"
#include "daemon/state.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 20, MANY = 2300 };

static char out[OUTPUT_MAX], err[OUTPUT_MAX];

static void read_file(const char *path, char *text)
{
    int fd = open(path, O_RDONLY);
    size_t length = 0;
    assert_true(fd >= 0);
    for (ssize_t got; length < OUTPUT_MAX - 1 && (got = read(fd, text + length, OUTPUT_MAX - 1 - length)) > 0;) {
        length += (size_t)got;
    }
    text[length] = '\0';
    close(fd);
}

/* Runs `pixmill jobs --state FOLDER ARGUMENTS...`; what it printed is in out and err. The exit status. */
static int run_program(const struct place *place, const char *program, const char *const *arguments)
{
    static char texts[16][256];
    char *words[17] = {NULL};
    char out_path[256], err_path[256];
    int status = 0;
    size_t count = 0;
    place_path(place->folder, "out", out_path);
    place_path(place->folder, "err", err_path);
    const char *const before[] = {program, "jobs", "--state", place->folder};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        snprintf(texts[count++], sizeof texts[0], "%s", before[i]);
    }
    for (; *arguments && count < sizeof texts / sizeof *texts; arguments++) {
        snprintf(texts[count++], sizeof texts[0], "%s", *arguments);
    }
    for (size_t i = 0; i < count; i++) {
        words[i] = texts[i];
    }
    pid_t child = fork();
    if (child == 0) {
        dup2(open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
        dup2(open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
        execv(program, words);
        _exit(99);
    }
    while (waitpid(child, &status, 0) < 0) { /* a signal that we are told of interrupts it */
    }
    read_file(out_path, out);
    read_file(err_path, err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#define JOBS(place, ...) run_program(place, PXM_TEST_BINARY "/bin/pixmill", (const char *const[]){__VA_ARGS__, NULL})

static void assert_jobs(int result, int expected)
{
    if (result != expected) {
        fail_msg("exit %d instead of %d\n%s%s", result, expected, out, err);
    }
}

static int64_t bury_one(struct place *place, const char *cause)
{
    int64_t id = place_add(place, NULL, 0);
    struct journal_op bury = {.kind = JOURNAL_BURY, .id = id, .cause = cause};
    place_assert_done(place, &bury);
    return id;
}

/* ---- looking ---- */

static void letters_are_listed_newest_first(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    bury_one(place, "{\"code\":\"worker.crashed\",\"message\":\"it died\"}");
    bury_one(place, "{\"code\":\"limit.time\"}");
    place_add(place, NULL, 0);
    for (int life = 0; life < 2; life++) {
        assert_jobs(JOBS(place, "list"), 0);
        char *first = strstr(out, "limit.time"), *second = strstr(out, "worker.crashed: it died\n");
        assert_true(first && second && first < second);
        assert_non_null(strstr(out, "1970-01-12T13:46:40"));
        assert_non_null(strstr(err, "2 dead letters; 1 job waiting"));
        place_close(place); /* no matter whether a daemon runs */
    }
}

static void json_is_one_document(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_jobs(JOBS(place, "--json"), 0);
    assert_string_equal(out, "{\"schema\":\"pixmill.jobs/1\",\"waiting\":0,\"expected\":0,\"jobs\":[]}\n");
    bury_one(place, "{\"code\":\"x\"}");
    place_expect(place, "r", NULL);
    assert_jobs(JOBS(place, "list", "--json"), 0);
    assert_string_equal(out, "{\"schema\":\"pixmill.jobs/1\",\"waiting\":0,\"expected\":1,\"jobs\":[\n"
                             "{\"id\":1,\"pipeline\":\"thumbnail\",\"trigger\":\"created\",\"attempts\":1,"
                             "\"created_at\":\"1970-01-12T13:46:40.000Z\","
                             "\"first_failed_at\":\"1970-01-12T13:46:40.000Z\","
                             "\"last_failed_at\":\"1970-01-12T13:46:40.000Z\","
                             "\"cause\":{\"code\":\"x\"},\"event\":{\"key\":\"k\"}}]}\n");
}

static void one_letter_is_shown_whole(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    bury_one(place, "{\"code\":\"x\"}");
    bury_one(place, "no JSON");
    bury_one(place, "{\"code\":\"y\"}");
    assert_jobs(JOBS(place, "show", "1"), 0);
    assert_non_null(strstr(out, "\"key\": \"k\""));
    assert_jobs(JOBS(place, "show", "2"), 0);
    assert_non_null(strstr(out, "\"cause\": \"no JSON\""));
    assert_jobs(JOBS(place, "show", "4"), 1);
    assert_non_null(strstr(err, "job.not_found"));
    assert_string_equal(out, "");
}

static void a_terminal_is_told_nothing_to_obey(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    bury_one(place, "{\"code\":\"x\",\"message\":\"\\u001b[31mred\\u0007\\u000a\"}");
    assert_jobs(JOBS(place, "list"), 0);
    assert_non_null(strstr(out, "x: ?[31mred??\n"));
    assert_jobs(JOBS(place, "show", "1"), 0);
    assert_null(strchr(out, '\033'));
}

/* ---- changing ---- */

static volatile sig_atomic_t told;

static void count_signal(int number)
{
    (void)number;
    told++;
}

static void a_letter_is_run_again_and_the_daemon_is_told(void **state)
{
    struct place *place = *state;
    struct state *held = NULL;
    char spool[256];
    const struct sigaction action = {.sa_handler = count_signal};
    told = 0;
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(state_open(place->folder, &held, NULL), PXM_OK);
    place_must_open(place, JOURNAL_FOUND_NEW);
    int64_t id = bury_one(place, "{\"code\":\"x\"}");
    assert_int_equal(place_take_one(place, 0), 0);
    assert_jobs(JOBS(place, "retry", "1"), 0);
    assert_non_null(strstr(out, "to be run again: 1 of 1"));
    assert_int_equal(told, 1);
    struct journal_op take = {.kind = JOURNAL_TAKE, .limit = 1, .now_ms = INT64_MAX / 2};
    place_assert_done(place, &take);
    assert_int_equal(take.job_count, 1);
    assert_int_equal(take.jobs[0].id, id);
    journal_op_done(&take);
    assert_jobs(JOBS(place, "list"), 0);
    assert_int_equal(told, 1); /* looking is no reason to */
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    place_path(place->folder, "spool", spool);
    rmdir(spool);
    state_close(held);
}

static void what_cannot_be_done_is_told_by_the_exit_code(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    bury_one(place, NULL);
    bury_one(place, NULL);
    bury_one(place, NULL);
    assert_jobs(JOBS(place, "discard", "1", "77"), 5);
    assert_non_null(strstr(err, "there is no dead letter 77"));
    assert_jobs(JOBS(place, "discard", "1"), 1);
    assert_jobs(JOBS(place, "discard", "2", "3", "--json"), 0);
    assert_string_equal(out, "{\"schema\":\"pixmill.jobs/1\",\"asked\":2,\"done\":2}\n");
    assert_int_equal(place_count(place).dead, 0);
}

static void all_of_many_are_run_again(void **state)
{
    struct place *place = *state;
    static struct journal_op ops[MANY];
    place_must_open(place, JOURNAL_FOUND_NEW);
    for (int i = 0; i < MANY; i++) {
        ops[i] = (struct journal_op){
            .kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t", .event = "{}", .now_ms = PLACE_NOW};
    }
    place_do_all(place, ops, MANY);
    for (int i = 0; i < MANY; i++) {
        ops[i] = (struct journal_op){.kind = JOURNAL_BURY, .id = i + 1, .now_ms = PLACE_NOW};
    }
    place_do_all(place, ops, MANY);
    assert_int_equal(place_count(place).dead, MANY);
    assert_jobs(JOBS(place, "retry", "--all"), 0);
    assert_non_null(strstr(out, "2300 of 2300"));
    assert_int_equal(place_count(place).dead, 0);
}

/* ---- what is wrong ---- */

static void wrong_usage_says_what_is_right(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_jobs(JOBS(place, "frobnicate"), 2);
    assert_jobs(JOBS(place, "list", "1"), 2);
    assert_jobs(JOBS(place, "show"), 2);
    assert_jobs(JOBS(place, "retry"), 2);
    assert_jobs(JOBS(place, "retry", "--all", "1"), 2);
    assert_jobs(JOBS(place, "discard", "--all"), 2);
    assert_non_null(strstr(err, "jobs discard ID..."));
    static const char *const bad[] = {"x", "0", "1x", "", "9223372036854775807", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_jobs(JOBS(place, "show", bad[i]), 2);
        assert_non_null(strstr(err, "is no id of a job"));
    }
    assert_jobs(JOBS(place, "show", "--", "-1"), 2);
    assert_jobs(JOBS(place, "--nonsense"), 2);
}

static void a_folder_without_a_journal_gets_none(void **state)
{
    struct place *place = *state;
    char path[256];
    assert_jobs(JOBS(place, "list"), 1);
    assert_non_null(strstr(err, "journal.unavailable"));
    place_path(place->folder, "journal.db", path);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_damaged_journal_is_left_to_the_daemon(void **state)
{
    struct place *place = *state;
    char path[256];
    place_must_open(place, JOURNAL_FOUND_NEW);
    bury_one(place, NULL);
    place_close(place);
    place_path(place->folder, "journal.db", path);
    int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "y", 1, 69), 1);
    close(fd);
    assert_jobs(JOBS(place, "retry", "--all"), 1);
    assert_non_null(strstr(err, "journal.damaged"));
    place_must_open(place, JOURNAL_FOUND_DAMAGED);
    assert_int_equal(place_count(place).dead, 1);
}

static void a_program_without_its_daemon_says_so(void **state)
{
    struct place *place = *state;
    char path[256];
    place_copy(PXM_TEST_BINARY "/bin", place->folder, "pixmill");
    place_path(place->folder, "pixmill", path);
    assert_int_equal(chmod(path, 0700), 0);
    if (access("/usr/local/libexec/pixmill/daemon", X_OK) == 0) {
        skip(); /* it finds the one that is installed */
    }
    assert_jobs(run_program(place, path, (const char *const[]){"list", NULL}), 1);
    assert_non_null(strstr(err, "is missing"));
}

static void keep_quiet(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    (void)entry;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(letters_are_listed_newest_first),
        PLACE_TEST(json_is_one_document),
        PLACE_TEST(one_letter_is_shown_whole),
        PLACE_TEST(a_terminal_is_told_nothing_to_obey),
        PLACE_TEST(a_letter_is_run_again_and_the_daemon_is_told),
        PLACE_TEST(what_cannot_be_done_is_told_by_the_exit_code),
        PLACE_TEST(all_of_many_are_run_again),
        PLACE_TEST(wrong_usage_says_what_is_right),
        PLACE_TEST(a_folder_without_a_journal_gets_none),
        PLACE_TEST(a_damaged_journal_is_left_to_the_daemon),
        PLACE_TEST(a_program_without_its_daemon_says_so),
    };
    pxm_log_set_sink(keep_quiet, NULL, PXM_LOG_ERROR);
    return cmocka_run_group_tests_name("pixmill jobs", tests, NULL, NULL);
}
