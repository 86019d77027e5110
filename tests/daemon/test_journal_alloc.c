/* The journal when memory runs out, in its own code or in SQLite's: what fails says so, what is done is done, and a
 * lack of memory is never taken for damage. */
#include "journal_place.h"

#include "alloc_sweep.h"
#include "base/log.h"

#include <fcntl.h>
#include <malloc.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char left_behind[64]; /* a folder with a journal as a killed process leaves it */

static const char *const names[] = {"journal.db", "journal.db-wal", "journal.mark"};

/* ---- SQLite's allocator: ours, which fails on demand ---- */

static void *take(int bytes)
{
    return malloc((size_t)bytes);
}

static void *resize(void *memory, int bytes)
{
    return realloc(memory, (size_t)bytes);
}

static int size_of(void *memory)
{
    return (int)malloc_usable_size(memory);
}

static int round_up(int bytes)
{
    return (bytes + 7) & ~7;
}

static int start(void *arg)
{
    (void)arg;
    return SQLITE_OK;
}

static void stop(void *arg)
{
    (void)arg;
}

static const sqlite3_mem_methods methods = {take, free, resize, size_of, round_up, start, stop, NULL};

/* ---- the scenario ---- */

static int left;
static struct loop *current;
static enum journal_found expected;

static void count_down(struct journal_op *op)
{
    (void)op;
    if (--left == 0) {
        loop_stop(current);
    }
}

static int wrong(const char *what, const pxm_error *error)
{
    print_message("%s: %s: %s\n", what, error->code, error->text);
    return ALLOC_FALSE;
}

static int work(struct journal *journal)
{
    static struct journal_op ops[5];
    static const struct journal_op given[] = {
        {.kind = JOURNAL_ADD, .pipeline = "p", .trigger = "t", .event = "{}", .dedupe = "k"},
        {.kind = JOURNAL_CLAIM, .key = "key", .fingerprint = "f", .run = "r", .run_ms = 1},
        {.kind = JOURNAL_CONCLUDE, .key = "key", .run = "r", .answer = "{}"},
        {.kind = JOURNAL_TAKE, .limit = 10, .now_ms = INT64_MAX / 2},
        {.kind = JOURNAL_DEAD, .limit = 10},
    };
    const size_t count = sizeof ops / sizeof *ops;
    memcpy(ops, given, sizeof given);
    left = (int)count;
    for (size_t i = 0; i < count; i++) {
        ops[i].done = count_down;
        journal_submit(journal, &ops[i]);
    }
    loop_run(current);
    int outcome = ALLOC_SUCCESS;
    for (size_t i = 0; i < count; i++) {
        if (ops[i].error.status == PXM_E_NO_MEMORY) {
            outcome = outcome == ALLOC_SUCCESS ? ALLOC_FAILURE : outcome;
        } else if (ops[i].error.status != PXM_OK) {
            outcome = wrong("an operation", &ops[i].error);
        }
    }
    bool right = ops[0].ret_id > 0 && ops[3].job_count == 2 && ops[4].job_count == 1;
    for (size_t i = 0; i < count; i++) {
        journal_op_done(&ops[i]);
    }
    return outcome == ALLOC_SUCCESS && !right ? ALLOC_FALSE : outcome;
}

static int open_and_work(void *arg)
{
    struct place *place = arg;
    struct journal *journal = NULL;
    struct journal_report report;
    pxm_error error = {0};
    const struct journal_options options = {
        .folder = place->folder, .loop = place->loop, .keep_ms = 1000000, .clock = &place->clock};
    place_empty(place->folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        place_copy(left_behind, place->folder, names[i]);
    }
    if (journal_open(&options, &journal, &report, &error) != PXM_OK) {
        return error.status == PXM_E_NO_MEMORY ? ALLOC_FAILURE : wrong("opening", &error);
    }
    int outcome = work(journal);
    journal_close(journal);
    return report.found == expected && report.lost == 0 ? outcome : wrong("what was found", &error);
}

static void leave_one(struct place *place)
{
    place_must_open(place, JOURNAL_FOUND_NEW);
    struct journal_op bury = {.kind = JOURNAL_BURY, .id = place_add(place, NULL, 0)};
    place_assert_done(place, &bury);
    place_expect(place, "r1", NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        place_copy(place->folder, left_behind, names[i]);
    }
    place_close(place);
    current = place->loop;
}

static void every_allocation_may_fail(void **state)
{
    leave_one(*state);
    expected = JOURNAL_FOUND_SOUND;
    alloc_sweep("journal", open_and_work, *state);
}

static void every_allocation_of_a_rescue_may_fail(void **state)
{
    char path[256];
    leave_one(*state);
    place_path(left_behind, "journal.db", path);
    int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "x", 1, 70), 1); /* of the header, which costs no row */
    close(fd);
    expected = JOURNAL_FOUND_DAMAGED;
    alloc_sweep("rescue", open_and_work, *state);
}

static void keep_quiet(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    (void)entry;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(every_allocation_may_fail),
        PLACE_TEST(every_allocation_of_a_rescue_may_fail),
    };
    snprintf(left_behind, sizeof left_behind, "%s/pixmill-left-XXXXXX", place_base());
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK || !mkdtemp(left_behind)) {
        return EXIT_FAILURE;
    }
    pxm_log_set_sink(keep_quiet, NULL, PXM_LOG_ERROR);
    int failed = cmocka_run_group_tests_name("journal: memory", tests, NULL, NULL);
    place_empty(left_behind);
    rmdir(left_behind);
    return failed;
}
