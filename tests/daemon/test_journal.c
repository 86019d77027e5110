/* Jobs in the journal: from expected to done or dead. */
#include "journal_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 10000 };

/* What the process did so far, it did; then it dies. */
static void in_a_life_that_ends(struct place *place, void (*live)(struct place *place))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        loop_free(place->loop);
        if (loop_new(&place->loop, NULL) == PXM_OK && place_open(place, NULL) == PXM_OK) {
            live(place);
            _exit(0);
        }
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static struct journal_op retry_of(int64_t id, int64_t at)
{
    return (struct journal_op){
        .kind = JOURNAL_RETRY, .id = id, .cause = "{\"code\":\"x\"}", .now_ms = PLACE_NOW, .at_ms = PLACE_NOW + at};
}

static void bury(struct place *place, int64_t id)
{
    struct journal_op op = {.kind = JOURNAL_BURY, .id = id, .cause = "{\"code\":\"worker.crashed\"}"};
    place_assert_done(place, &op);
}

/* ---- files ---- */

static void a_folder_without_a_journal_gets_one_that_is_private(void **state)
{
    struct place *place = *state;
    struct stat about;
    char path[256];
    place_must_open(place, JOURNAL_FOUND_NEW);
    for (const char *const *name = (const char *const[]){"journal.db", "journal.mark", NULL}; *name; name++) {
        place_path(place->folder, *name, path);
        assert_int_equal(stat(path, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
    }
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND);
}

static void a_close_leaves_one_file_that_is_whole_by_itself(void **state)
{
    struct place *place = *state;
    char path[256];
    place_must_open(place, JOURNAL_FOUND_NEW);
    int64_t id = place_add(place, NULL, 0);
    place_close(place);
    place_path(place->folder, "journal.db-wal", path);
    assert_int_equal(access(path, F_OK), -1);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    assert_int_equal(place_take_one(place, 0), id);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct place *place = *state;
    pxm_error error = {0};
    assert_int_equal(rmdir(place->folder), 0);
    assert_int_equal(place_open(place, &error), PXM_E_NOT_FOUND);
    assert_string_equal(error.code, "journal.denied");
    assert_null(place->journal);
    assert_int_equal(mkdir(place->folder, 0700), 0);
}

/* ---- expected jobs ---- */

static void read_mark(const struct place *place, char bytes[256])
{
    char path[256];
    place_path(place->folder, "journal.mark", path);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    memset(bytes, 0, 256);
    assert_true(fread(bytes, 1, 256, file) > 0);
    fclose(file);
}

static void counting_writes_only_where_it_is_asked_to(void **state)
{
    struct place *place = *state;
    struct journal_op count = {.kind = JOURNAL_COUNT}, probe = {.kind = JOURNAL_COUNT, .writes = true};
    char before[256], after[256];
    place_must_open(place, JOURNAL_FOUND_NEW);
    place_add(place, NULL, 0);
    read_mark(place, before);
    place_assert_done(place, &count);
    read_mark(place, after);
    assert_memory_equal(after, before, sizeof before);
    place_assert_done(place, &probe);
    assert_int_equal(probe.counts.ready, 1);
    read_mark(place, after);
    assert_memory_not_equal(after, before, sizeof before);
}

static void an_expected_job_is_ready_when_its_run_ends(void **state)
{
    struct place *place = *state;
    struct journal_op op;
    place_must_open(place, JOURNAL_FOUND_NEW);
    int64_t id = place_expect(place, "r1", "k");
    assert_int_equal(place_take(place, 10, 0, &op), 0);
    assert_true(op.ret_next_ms == INT64_MAX);
    journal_op_done(&op);
    assert_int_equal(place_count(place).expected, 1);
    place_conclude(place, "another");
    assert_int_equal(place_take_one(place, 0), 0);
    place_conclude(place, "r1");
    assert_int_equal(place_take(place, 10, 0, &op), 1);
    assert_int_equal(op.jobs[0].id, id);
    assert_string_equal(op.jobs[0].pipeline, "thumbnail");
    assert_string_equal(op.jobs[0].trigger, "created");
    assert_string_equal(op.jobs[0].event, "{\"key\":\"k\"}");
    assert_null(op.jobs[0].cause);
    assert_string_equal(op.jobs[0].origin, "r1");
    assert_int_equal(op.jobs[0].attempts, 0);
    assert_int_equal(op.jobs[0].created_ms, PLACE_NOW);
    assert_int_equal(op.jobs[0].first_ms, 0);
    journal_op_done(&op);
}

static void expect_two(struct place *place)
{
    place_expect(place, "r1", "k1");
    place_expect(place, "r2", "k2");
}

static void what_was_expected_when_the_process_died_is_ready(void **state)
{
    struct place *place = *state;
    struct journal_op op;
    in_a_life_that_ends(place, expect_two);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    assert_int_equal(place_take(place, 10, 0, &op), 2);
    journal_op_done(&op);
}

static void one_run_expects_a_duplicate_once(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_true(place_expect(place, "r1", "k") > 0);
    assert_int_equal(place_expect(place, "r1", "k"), 0);
    assert_true(place_expect(place, "r1", NULL) > 0);
    assert_true(place_expect(place, "r1", "") > 0);
    assert_int_equal(place_count(place).expected, 3);
}

/* The job of the first run may be over before the second puts its object. */
static void a_run_has_its_own_job_though_another_expects_the_same(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    int64_t first = place_expect(place, "r1", "k");
    int64_t second = place_expect(place, "r2", "k");
    assert_true(second > first);
    place_conclude(place, "r1");
    assert_int_equal(place_take_one(place, 0), first);
    struct journal_op finish = {.kind = JOURNAL_FINISH, .id = first};
    place_assert_done(place, &finish);
    place_conclude(place, "r2");
    assert_int_equal(place_take_one(place, 0), second);
}

static void runs_that_end_before_a_job_is_taken_share_it(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    int64_t first = place_expect(place, "r1", "k");
    place_expect(place, "r2", "k");
    place_conclude(place, "r1");
    place_conclude(place, "r2");
    assert_int_equal(place_take_one(place, 0), first);
    assert_int_equal(place_take_one(place, 0), 0);
    assert_int_equal(place_count(place).taken, 1);
}

static void a_job_that_waits_for_its_next_try_is_not_shared(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    int64_t first = place_add(place, "k", 0);
    assert_int_equal(place_take_one(place, 0), first);
    struct journal_op retry = retry_of(first, 5000);
    place_assert_done(place, &retry);
    int64_t second = place_expect(place, "r2", "k");
    place_conclude(place, "r2");
    assert_int_equal(place_take_one(place, 0), second);
}

/* ---- adding and taking ---- */

static void an_added_job_has_no_duplicate_that_waits(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    int64_t first = place_add(place, "k", 0);
    assert_int_equal(place_add(place, "k", 0), 0);
    assert_true(place_add(place, "other", 5000) > 0);
    assert_int_equal(place_add(place, "other", 0), 0);
    place_expect(place, "r", "third");
    assert_int_equal(place_add(place, "third", 0), 0);
    assert_int_equal(place_take_one(place, 0), first);
    assert_true(place_add(place, "k", 0) > first); /* what is taken may have read what was there before */
}

static void jobs_come_in_the_order_of_their_time(void **state)
{
    struct place *place = *state;
    struct journal_op op;
    place_must_open(place, JOURNAL_FOUND_NEW);
    int64_t late = place_add(place, NULL, 3000), soon = place_add(place, NULL, 1000), now = place_add(place, NULL, 0);
    assert_int_equal(place_take(place, 10, 0, &op), 1);
    assert_int_equal(op.jobs[0].id, now);
    assert_int_equal(op.ret_next_ms, PLACE_NOW + 1000);
    journal_op_done(&op);
    assert_int_equal(place_take(place, 1, 5000, &op), 1);
    assert_int_equal(op.jobs[0].id, soon);
    assert_int_equal(op.ret_next_ms, PLACE_NOW + 3000);
    journal_op_done(&op);
    assert_int_equal(place_take_one(place, 5000), late);
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void ten_thousand_jobs_are_given_once_each(void **state)
{
    struct place *place = *state;
    struct journal_op *ops = calloc(MANY, sizeof *ops);
    static int64_t ids[MANY];
    size_t count = 0;
    place_must_open(place, JOURNAL_FOUND_NEW);
    for (size_t i = 0; i < MANY; i++) {
        ops[i] = (struct journal_op){
            .kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t", .event = "{}", .now_ms = PLACE_NOW};
    }
    place_do_all(place, ops, MANY);
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    for (;;) {
        struct journal_op op;
        size_t taken = place_take(place, MANY, 0, &op);
        for (size_t i = 0; i < taken; i++) {
            ids[count++] = op.jobs[i].id;
        }
        journal_op_done(&op);
        if (taken == 0) {
            break;
        }
        assert_true(taken <= JOURNAL_TAKE_MAX);
    }
    assert_int_equal(count, MANY);
    qsort(ids, MANY, sizeof *ids, compare_ids);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(ids[i], i + 1);
    }
    free(ops);
}

static void take_one_of_two(struct place *place)
{
    place_add(place, NULL, 0);
    place_add(place, NULL, 0);
    place_take_one(place, 0);
}

static void what_was_taken_when_the_process_died_is_given_again(void **state)
{
    struct place *place = *state;
    struct journal_op op;
    in_a_life_that_ends(place, take_one_of_two);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    assert_int_equal(place_take(place, 10, 0, &op), 2);
    journal_op_done(&op);
}

static void a_clock_that_steps_back_holds_no_job_up(void **state)
{
    struct place *place = *state;
    const int64_t year = INT64_C(366) * 24 * 3600 * 1000;
    place_must_open(place, JOURNAL_FOUND_NEW);
    struct journal_op ahead = {
        .kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t", .event = "{}", .now_ms = PLACE_NOW + year};
    place_assert_done(place, &ahead);
    assert_int_equal(place_take_one(place, year - 1), ahead.ret_id); /* made after what is now */
    struct journal_op retry = retry_of(ahead.ret_id, 0);
    retry.now_ms = PLACE_NOW + year;
    retry.at_ms = PLACE_NOW + year + 60000;
    place_assert_done(place, &retry);
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND); /* at PLACE_NOW */
    int64_t delayed = place_add(place, NULL, 1000);
    assert_int_equal(place_take_one(place, 0), ahead.ret_id);
    assert_int_equal(place_take_one(place, 0), 0);
    assert_int_equal(place_take_one(place, 1000), delayed);
}

/* ---- the ends of a job ---- */

static void a_finished_job_is_gone(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    struct journal_op finish = {.kind = JOURNAL_FINISH, .id = place_add(place, NULL, 0)};
    assert_int_equal(place_take_one(place, 0), finish.id);
    place_assert_done(place, &finish);
    place_assert_done(place, &finish); /* who was told that it failed may ask again */
    struct journal_counts counts = place_count(place);
    assert_int_equal(counts.ready + counts.taken + counts.delayed + counts.dead, 0);
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    assert_int_equal(place_take_one(place, 0), 0);
}

static void a_failed_job_is_tried_again_later_with_its_cause(void **state)
{
    struct place *place = *state;
    struct journal_op op;
    place_must_open(place, JOURNAL_FOUND_NEW);
    int64_t id = place_add(place, NULL, 0);
    assert_int_equal(place_take_one(place, 0), id);
    struct journal_op retry = retry_of(id, 2000);
    place_assert_done(place, &retry);
    assert_int_equal(place_count(place).delayed, 1);
    assert_int_equal(place_take_one(place, 1999), 0);
    assert_int_equal(place_take(place, 1, 2000, &op), 1);
    assert_int_equal(op.jobs[0].attempts, 1);
    assert_string_equal(op.jobs[0].cause, "{\"code\":\"x\"}");
    assert_int_equal(op.jobs[0].first_ms, PLACE_NOW);
    assert_int_equal(op.jobs[0].not_before_ms, PLACE_NOW + 2000);
    journal_op_done(&op);
    retry = retry_of(id, 0);
    retry.now_ms = PLACE_NOW + 3000;
    place_assert_done(place, &retry);
    assert_int_equal(place_take(place, 1, 3000, &op), 1);
    assert_int_equal(op.jobs[0].attempts, 2);
    assert_int_equal(op.jobs[0].first_ms, PLACE_NOW);
    assert_int_equal(op.jobs[0].last_ms, PLACE_NOW + 3000);
    journal_op_done(&op);
}

static void a_buried_job_is_a_dead_letter(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    int64_t id = place_add(place, "k", 0);
    bury(place, place_take_one(place, 0));
    assert_int_equal(place_take_one(place, 100000), 0);
    assert_int_equal(place_count(place).dead, 1);
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    struct journal_op list = {.kind = JOURNAL_DEAD, .limit = 10};
    place_assert_done(place, &list);
    assert_int_equal(list.job_count, 1);
    assert_int_equal(list.jobs[0].id, id);
    assert_int_equal(list.jobs[0].attempts, 1);
    assert_string_equal(list.jobs[0].cause, "{\"code\":\"worker.crashed\"}");
    journal_op_done(&list);
    assert_true(place_add(place, "k", 0) > id); /* the dead have no duplicates */
}

static void dead_letters_are_listed_newest_first_in_pages(void **state)
{
    struct place *place = *state;
    int64_t seen[7], cursor = 0;
    size_t count = 0;
    place_must_open(place, JOURNAL_FOUND_NEW);
    for (int i = 0; i < 7; i++) {
        bury(place, place_add(place, NULL, 0));
    }
    do {
        struct journal_op list = {.kind = JOURNAL_DEAD, .limit = 3, .cursor = cursor};
        place_assert_done(place, &list);
        for (size_t i = 0; i < list.job_count; i++) {
            seen[count++] = cursor = list.jobs[i].id;
        }
        cursor = list.job_count > 0 ? cursor : 0;
        journal_op_done(&list);
    } while (cursor);
    assert_int_equal(count, 7);
    for (size_t i = 1; i < count; i++) {
        assert_true(seen[i] < seen[i - 1]);
    }
}

static void a_redriven_letter_is_a_job_without_attempts(void **state)
{
    struct place *place = *state;
    struct journal_op op;
    place_must_open(place, JOURNAL_FOUND_NEW);
    int64_t id = place_add(place, NULL, 0);
    struct journal_op redrive = {.kind = JOURNAL_REDRIVE, .id = id};
    place_assert_fails(place, &redrive, PXM_E_NOT_FOUND, "job.not_found");
    bury(place, place_take_one(place, 0));
    place_assert_done(place, &redrive);
    assert_int_equal(place_take(place, 1, 0, &op), 1);
    assert_int_equal(op.jobs[0].id, id);
    assert_int_equal(op.jobs[0].attempts, 0);
    assert_null(op.jobs[0].cause);
    journal_op_done(&op);
    place_assert_fails(place, &redrive, PXM_E_NOT_FOUND, "job.not_found");
}

static void a_discarded_letter_is_gone(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    struct journal_op discard = {.kind = JOURNAL_DISCARD, .id = place_add(place, NULL, 0)};
    place_assert_fails(place, &discard, PXM_E_NOT_FOUND, "job.not_found");
    bury(place, discard.id);
    place_assert_done(place, &discard);
    place_assert_fails(place, &discard, PXM_E_NOT_FOUND, "job.not_found");
    assert_int_equal(place_count(place).dead, 0);
}

static void letters_that_died_long_ago_are_dropped(void **state)
{
    struct place *place = *state;
    const int64_t day = INT64_C(24) * 3600 * 1000;
    place_must_open(place, JOURNAL_FOUND_NEW);
    bury(place, place_add(place, NULL, 0));
    atomic_store(&place->wall_ms, PLACE_NOW + JOURNAL_DEAD_DAYS * day);
    place_close(place);
    atomic_store(&place->monotonic_ms, 3600 * 1000);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    assert_int_equal(place_count(place).dead, 1);
    atomic_store(&place->wall_ms, PLACE_NOW + JOURNAL_DEAD_DAYS * day + 1);
    atomic_store(&place->monotonic_ms, 2 * 3600 * 1000);
    place_count(place); /* after which there is time for it */
    assert_int_equal(place_count(place).dead, 0);
}

static void counts_tell_what_there_is(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    place_expect(place, "r", NULL);
    bury(place, place_add(place, NULL, 0));
    place_add(place, NULL, 0);
    place_take_one(place, 0);
    place_add(place, NULL, 5000);
    struct journal_counts counts = place_count(place);
    assert_int_equal(counts.oldest_ms, 0);
    place_add(place, NULL, 0);
    place_add(place, NULL, 0);
    counts = place_count(place);
    assert_int_equal(counts.expected, 1);
    assert_int_equal(counts.ready, 2);
    assert_int_equal(counts.delayed, 1);
    assert_int_equal(counts.taken, 1);
    assert_int_equal(counts.dead, 1);
    assert_int_equal(counts.oldest_ms, PLACE_NOW);
}

/* ---- batches ---- */

static void one_operation_that_fails_leaves_the_others_alone(void **state)
{
    struct place *place = *state;
    static char large[JOURNAL_EVENT_MAX + 2];
    memset(large, 'x', sizeof large - 1);
    place_must_open(place, JOURNAL_FOUND_NEW);
    struct journal_op ops[] = {
        {.kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t", .event = "{\"n\":1}"},
        {.kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t", .event = large},
        {.kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t"},
        {.kind = JOURNAL_RETRY, .id = 4711},
        {.kind = JOURNAL_TAKE, .limit = 0},
        {.kind = JOURNAL_EXPECT, .pipeline = "p", .trigger = "t", .event = "{}"},
        {.kind = (enum journal_kind)99},
        {.kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t", .event = "{\"n\":2}"},
        {.kind = JOURNAL_TAKE, .limit = 10, .now_ms = PLACE_NOW},
    };
    static const char *const codes[] = {"",
                                        "journal.too_large",
                                        "journal.invalid",
                                        "job.not_found",
                                        "journal.invalid",
                                        "journal.invalid",
                                        "journal.invalid",
                                        "",
                                        ""};
    const size_t count = sizeof ops / sizeof *ops;
    place_do_all(place, ops, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(ops[i].error.code, codes[i]);
    }
    assert_int_equal(ops[0].ret_id, 1);
    assert_int_equal(ops[7].ret_id, 2);
    assert_int_equal(ops[8].job_count, 2);
    journal_op_done(&ops[8]);
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND);
}

static void the_largest_event_is_kept(void **state)
{
    struct place *place = *state;
    struct journal_op op;
    static char large[JOURNAL_EVENT_MAX + 1];
    memset(large, 'x', sizeof large - 1);
    place_must_open(place, JOURNAL_FOUND_NEW);
    struct journal_op add = {.kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t", .event = large};
    place_assert_done(place, &add);
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    assert_int_equal(place_take(place, 1, 0, &op), 1);
    assert_string_equal(op.jobs[0].event, large);
    journal_op_done(&op);
}

static struct place *chained;
static struct journal_op chain[100];
static int64_t chain_seen;

static void submit_next(struct journal_op *op)
{
    size_t next = (size_t)(op - chain) + 1;
    assert_int_equal(op->error.status, PXM_OK);
    assert_int_equal(op->ret_id, ++chain_seen);
    if (next < sizeof chain / sizeof *chain) {
        chain[next] = *op;
        journal_submit(chained->journal, &chain[next]);
    }
}

static void a_close_does_what_is_submitted_while_it_finishes(void **state)
{
    struct place *place = *state;
    chained = place;
    chain_seen = 0;
    place_must_open(place, JOURNAL_FOUND_NEW);
    chain[0] = (struct journal_op){
        .kind = JOURNAL_ADD, .done = submit_next, .pipeline = "p", .trigger = "t", .event = "{}", .now_ms = PLACE_NOW};
    journal_submit(place->journal, &chain[0]);
    place_close(place);
    assert_int_equal(chain_seen, sizeof chain / sizeof *chain);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    assert_int_equal(place_count(place).ready, chain_seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(a_folder_without_a_journal_gets_one_that_is_private),
        PLACE_TEST(a_close_leaves_one_file_that_is_whole_by_itself),
        PLACE_TEST(a_folder_that_is_not_there_is_an_error),
        PLACE_TEST(counting_writes_only_where_it_is_asked_to),
        PLACE_TEST(an_expected_job_is_ready_when_its_run_ends),
        PLACE_TEST(what_was_expected_when_the_process_died_is_ready),
        PLACE_TEST(one_run_expects_a_duplicate_once),
        PLACE_TEST(a_run_has_its_own_job_though_another_expects_the_same),
        PLACE_TEST(runs_that_end_before_a_job_is_taken_share_it),
        PLACE_TEST(a_job_that_waits_for_its_next_try_is_not_shared),
        PLACE_TEST(an_added_job_has_no_duplicate_that_waits),
        PLACE_TEST(jobs_come_in_the_order_of_their_time),
        PLACE_TEST(ten_thousand_jobs_are_given_once_each),
        PLACE_TEST(what_was_taken_when_the_process_died_is_given_again),
        PLACE_TEST(a_clock_that_steps_back_holds_no_job_up),
        PLACE_TEST(a_finished_job_is_gone),
        PLACE_TEST(a_failed_job_is_tried_again_later_with_its_cause),
        PLACE_TEST(a_buried_job_is_a_dead_letter),
        PLACE_TEST(dead_letters_are_listed_newest_first_in_pages),
        PLACE_TEST(a_redriven_letter_is_a_job_without_attempts),
        PLACE_TEST(a_discarded_letter_is_gone),
        PLACE_TEST(letters_that_died_long_ago_are_dropped),
        PLACE_TEST(counts_tell_what_there_is),
        PLACE_TEST(one_operation_that_fails_leaves_the_others_alone),
        PLACE_TEST(the_largest_event_is_kept),
        PLACE_TEST(a_close_does_what_is_submitted_while_it_finishes),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
