/* Journals whose bytes were changed, cut off or taken away: what is told of them, and what is kept. A damaged byte must
 * never bring the daemon down, nor a job into being; and what a checksum still vouches for is kept. */
#include "journal_place.h"

#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    JOBS = 120,
    DEAD = 30,
    LONG_EVERY = 10,
    LONG_BYTES = 9000, /* of an event that has pages of its own */
    KEYS = 40,
    SCHEDULES = 5,
    ROWS = JOBS + KEYS + SCHEDULES
};

static char pristine[64]; /* a folder with a journal as a killed process leaves it */

/* ---- the journal that is damaged ---- */

/* The event of the n-th job: known again without knowing anything else. */
static void make_event(int n, char event[LONG_BYTES + 64])
{
    int length = snprintf(event, 64, "{\"n\":%d,\"pad\":\"", n);
    size_t pad = n % LONG_EVERY == 0 ? LONG_BYTES : (size_t)(n % 7) * 20;
    memset(event + length, 'a' + n % 26, pad);
    memcpy(event + (size_t)length + pad, "\"}", 3);
}

static void fill_jobs(struct place *place)
{
    static char event[LONG_BYTES + 64];
    char dedupe[32];
    for (int n = 1; n <= JOBS; n++) {
        make_event(n, event);
        snprintf(dedupe, sizeof dedupe, "object %d", n);
        struct journal_op add = {.kind = n % 3 == 0 ? JOURNAL_EXPECT : JOURNAL_ADD,
                                 .run = "run",
                                 .pipeline = "thumbnail",
                                 .trigger = "created",
                                 .event = event,
                                 .dedupe = dedupe};
        place_assert_done(place, &add);
        assert_int_equal(add.ret_id, n);
        if (n > JOBS - DEAD && n % 3 != 0) {
            struct journal_op bury = {.kind = JOURNAL_BURY, .id = n, .cause = "{\"code\":\"poison\"}"};
            place_assert_done(place, &bury);
        }
    }
}

static void fill_rest(struct place *place)
{
    char text[32];
    for (int i = 0; i < KEYS; i++) {
        snprintf(text, sizeof text, "key %d", i);
        struct journal_op claim = {.kind = JOURNAL_CLAIM, .key = text, .fingerprint = "f", .run = text};
        struct journal_op conclude = {.kind = JOURNAL_CONCLUDE, .key = text, .run = text, .answer = "{\"status\":201}"};
        place_assert_done(place, &claim);
        if (i % 2 == 0) {
            place_assert_done(place, &conclude);
        }
    }
    for (int i = 0; i < SCHEDULES; i++) {
        snprintf(text, sizeof text, "schedule %d", i);
        struct journal_op schedule = {
            .kind = JOURNAL_SCHEDULE, .pipeline = "p", .trigger = text, .event = "{}", .every_ms = 1000};
        place_assert_done(place, &schedule);
        struct journal_op finish = {.kind = JOURNAL_FINISH, .id = schedule.ret_id};
        place_assert_done(place, &finish);
    }
}

static const char *const names[] = {"journal.db", "journal.db-wal", "journal.db-shm", "journal.mark"};

/* Half of the content is in the file, and half in the -wal alone, as a killed process leaves it; the whole in the file
 * where `closed`. */
static void make_pristine(struct place *place, bool closed)
{
    place_empty(place->folder);
    place_empty(pristine);
    place_must_open(place, JOURNAL_FOUND_NEW);
    fill_jobs(place);
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    fill_rest(place);
    if (closed) {
        place_close(place);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        place_copy(place->folder, pristine, names[i]);
    }
    place_close(place);
}

static void put_pristine(struct place *place)
{
    place_empty(place->folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        place_copy(pristine, place->folder, names[i]);
    }
}

static int64_t size_of(const char *folder, const char *name)
{
    char path[256];
    struct stat about;
    place_path(folder, name, path);
    return stat(path, &about) == 0 ? about.st_size : -1;
}

static void flip(const char *folder, const char *name, int64_t offset, uint8_t mask)
{
    char path[256];
    uint8_t byte;
    place_path(folder, name, path);
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, offset), 1);
    byte ^= mask;
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}

static void cut(const char *folder, const char *name, int64_t length)
{
    char path[256];
    place_path(folder, name, path);
    assert_int_equal(truncate(path, length), 0);
}

/* ---- what is found ---- */

static void assert_job_was_written(const struct journal_job *job, bool *seen)
{
    static char event[LONG_BYTES + 64];
    assert_in_range(job->id, 1, JOBS + KEYS + 2 * SCHEDULES);
    int n = (int)job->id;
    if (strcmp(job->pipeline, "p") == 0) { /* of a schedule: it was finished, but the file may be older than that */
        assert_string_equal(job->event, "{}");
        return;
    }
    make_event(n, event);
    assert_string_equal(job->event, event);
    assert_string_equal(job->pipeline, "thumbnail");
    assert_string_equal(job->trigger, "created");
    assert_in_range(job->attempts, 0, 1);
    assert_true(!job->cause || strcmp(job->cause, "{\"code\":\"poison\"}") == 0);
    assert_false(seen[n]);
    seen[n] = true;
}

static int64_t look_at_jobs(struct place *place, enum journal_kind kind, bool *seen)
{
    struct journal_op op = {.kind = kind, .limit = JOURNAL_TAKE_MAX};
    place_assert_done(place, &op);
    int64_t count = (int64_t)op.job_count;
    for (size_t i = 0; i < op.job_count; i++) {
        assert_job_was_written(&op.jobs[i], seen);
    }
    journal_op_done(&op);
    return count;
}

static void assert_same_bytes(const char *folder_a, const char *name_a, const char *folder_b, const char *name_b)
{
    char a[256], b[256];
    place_path(folder_a, name_a, a);
    place_path(folder_b, name_b, b);
    FILE *left = fopen(a, "rb"), *right = fopen(b, "rb");
    assert_non_null(left);
    assert_non_null(right);
    int x, y;
    do {
        x = fgetc(left);
        y = fgetc(right);
        assert_int_equal(x, y);
    } while (x != EOF);
    fclose(left);
    fclose(right);
}

/* Opens what is in the folder and looks at all of it; the number of jobs. */
static int64_t open_and_look(struct place *place)
{
    bool seen[ROWS + 1] = {false};
    pxm_error error = {0};
    if (place_open(place, &error) != PXM_OK) {
        fail_msg("%s: %s", error.code, error.text);
    }
    int64_t jobs = look_at_jobs(place, JOURNAL_TAKE, seen) + look_at_jobs(place, JOURNAL_DEAD, seen);
    if (place->report.found == JOURNAL_FOUND_SOUND) {
        assert_int_equal(jobs, JOBS);
    } else {
        assert_int_equal(place->report.found, JOURNAL_FOUND_DAMAGED);
        assert_in_range(place->report.kept, jobs, ROWS + SCHEDULES);
        assert_true(place->report.lost >= ROWS - place->report.kept);
        assert_true(strncmp(place->report.aside, "journal-damaged-", 16) == 0);
    }
    return jobs;
}

/* A journal that was rescued works, and is whole when it is opened again. */
static void assert_goes_on(struct place *place, int64_t jobs)
{
    int64_t id = place_add(place, "after", 0);
    assert_true(id > JOBS);
    place_close(place);
    bool seen[ROWS + 1] = {false};
    place_must_open(place, JOURNAL_FOUND_SOUND);
    int64_t taken = place_take_one(place, 0) > 0;
    for (; place_take_one(place, 0); taken++) {
    }
    assert_int_equal(taken + look_at_jobs(place, JOURNAL_DEAD, seen), jobs + 1);
    place_close(place);
}

/* What came of the damage that was done to a file; FOUND_SOUND where it did none. */
static struct journal_report try_damage(struct place *place, const char *name)
{
    char before[64];
    snprintf(before, sizeof before, "%s/pixmill-damaged-XXXXXX", place_base());
    assert_non_null(mkdtemp(before));
    place_copy(place->folder, before, name);
    int64_t jobs = open_and_look(place);
    struct journal_report report = place->report;
    if (report.found == JOURNAL_FOUND_DAMAGED && size_of(before, "journal.db") >= 0) {
        assert_same_bytes(before, name, place->folder, report.aside);
    }
    assert_goes_on(place, jobs);
    place_empty(before);
    rmdir(before);
    return report;
}

/* ---- tests ---- */

static void flip_some(struct place *place, bool closed, const char *name, int flips, uint64_t seed)
{
    int damaged = 0, cheap = 0;
    make_pristine(place, closed);
    int64_t size = size_of(pristine, name);
    assert_true(size > 4096);
    for (int i = 0; i < flips; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        int64_t offset = (int64_t)((seed >> 33) % (uint64_t)size);
        put_pristine(place);
        flip(place->folder, name, offset, (uint8_t)(1U << (seed >> 30 & 7)));
        struct journal_report report = try_damage(place, name);
        damaged += report.found == JOURNAL_FOUND_DAMAGED;
        cheap += report.found == JOURNAL_FOUND_DAMAGED && report.kept >= ROWS - 1;
    }
    print_message("%s%s: %d flips, %d were damage, %d of these cost one row or none\n", name,
                  closed ? "" : ", beside a -wal", flips, damaged, cheap);
    assert_true(damaged > flips / 10);
    assert_true(cheap > damaged / 2);
}

static void a_flipped_byte_of_the_file_is_found_and_costs_little(void **state)
{
    flip_some(*state, true, "journal.db", 200, 1);
}

static void a_flipped_byte_of_the_file_beside_a_wal_is_found(void **state)
{
    flip_some(*state, false, "journal.db", 100, 2);
}

static void a_flipped_byte_of_the_wal_is_found(void **state)
{
    flip_some(*state, false, "journal.db-wal", 100, 3);
}

/* All of the header, as each of its bytes means something else. */
static void a_flipped_byte_of_the_header_costs_nothing(void **state)
{
    struct place *place = *state;
    make_pristine(place, true);
    for (int64_t offset = 0; offset < 108; offset++) {
        for (int bit = 0; bit < 8; bit += 3) {
            put_pristine(place);
            flip(place->folder, "journal.db", offset, (uint8_t)(1U << bit));
            int64_t jobs = open_and_look(place);
            assert_int_equal(jobs, JOBS);
            place_close(place);
        }
    }
}

static void a_file_of_any_length_opens(void **state)
{
    struct place *place = *state;
    make_pristine(place, true);
    int64_t size = size_of(pristine, "journal.db");
    for (int64_t length = 0; length < size; length += 1531) {
        put_pristine(place);
        cut(place->folder, "journal.db", length);
        assert_int_equal(try_damage(place, "journal.db").found, JOURNAL_FOUND_DAMAGED);
    }
}

static void a_wal_of_any_length_opens(void **state)
{
    struct place *place = *state;
    make_pristine(place, false);
    int64_t size = size_of(pristine, "journal.db-wal");
    for (int64_t length = 0; length < size; length += 4120 / 2) {
        put_pristine(place);
        cut(place->folder, "journal.db-wal", length);
        assert_int_equal(try_damage(place, "journal.db-wal").found, JOURNAL_FOUND_DAMAGED);
    }
}

static void remove_file(struct place *place, const char *name)
{
    char path[256];
    place_path(place->folder, name, path);
    assert_int_equal(unlink(path), 0);
}

static void a_wal_that_was_removed_is_missed(void **state)
{
    struct place *place = *state;
    make_pristine(place, false);
    put_pristine(place);
    remove_file(place, "journal.db-wal");
    struct journal_report report = try_damage(place, "journal.db");
    assert_int_equal(report.found, JOURNAL_FOUND_DAMAGED);
    assert_int_equal(report.kept, JOBS); /* the rest was in the -wal */
    assert_int_equal(report.lost, ROWS - JOBS);
}

static void a_journal_that_was_removed_is_missed(void **state)
{
    struct place *place = *state;
    make_pristine(place, true);
    put_pristine(place);
    remove_file(place, "journal.db");
    place_must_open(place, JOURNAL_FOUND_DAMAGED);
    assert_int_equal(place->report.kept, 0);
    assert_int_equal(place->report.lost, ROWS);
}

static void what_is_not_needed_is_not_missed(void **state)
{
    struct place *place = *state;
    make_pristine(place, false);
    for (size_t i = 2; i < sizeof names / sizeof *names; i++) {
        put_pristine(place);
        remove_file(place, names[i]);
        assert_int_equal(open_and_look(place), JOBS);
        assert_int_equal(place->report.found, JOURNAL_FOUND_SOUND);
        place_close(place);
    }
}

static void an_older_copy_is_told_from_the_journal_it_was(void **state)
{
    struct place *place = *state;
    make_pristine(place, true);
    put_pristine(place);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    place_add(place, NULL, 0);
    place_close(place);
    place_copy(pristine, place->folder, "journal.db");
    assert_int_equal(open_and_look(place), JOBS);
    assert_int_equal(place->report.found, JOURNAL_FOUND_DAMAGED);
    assert_int_equal(place->report.lost, 1);
}

static void write_file(struct place *place, const char *text, size_t length)
{
    char path[256];
    place_path(place->folder, "journal.db", path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void a_file_that_is_no_database_is_set_aside(void **state)
{
    struct place *place = *state;
    static char text[20000];
    memset(text, 'x', sizeof text);
    for (size_t length = 0; length <= sizeof text; length += 5000) {
        place_empty(place->folder);
        write_file(place, text, length);
        place_must_open(place, JOURNAL_FOUND_DAMAGED);
        assert_int_equal(place->report.kept, 0);
        assert_int_equal(size_of(place->folder, place->report.aside), length);
        assert_int_equal(place_add(place, NULL, 0), 1);
        place_close(place);
    }
}

static void damage_is_told_until_the_daemon_lived_to_react(void **state)
{
    struct place *place = *state;
    make_pristine(place, true);
    put_pristine(place);
    cut(place->folder, "journal.db", 20000);
    place_must_open(place, JOURNAL_FOUND_DAMAGED);
    struct journal_report first = place->report;
    char killed[64];
    snprintf(killed, sizeof killed, "%s/pixmill-killed-XXXXXX", place_base());
    assert_non_null(mkdtemp(killed));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        place_copy(place->folder, killed, names[i]);
    }
    place_close(place);
    place_empty(place->folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        place_copy(killed, place->folder, names[i]);
    }
    place_must_open(place, JOURNAL_FOUND_DAMAGED);
    assert_string_equal(place->report.aside, first.aside);
    assert_int_equal(place->report.lost, first.lost);
    journal_stay_damaged(place->journal);
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_DAMAGED);
    assert_string_equal(place->report.aside, first.aside);
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND);
    place_empty(killed);
    rmdir(killed);
}

static void keep_quiet(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    (void)entry;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(a_flipped_byte_of_the_file_is_found_and_costs_little),
        PLACE_TEST(a_flipped_byte_of_the_file_beside_a_wal_is_found),
        PLACE_TEST(a_flipped_byte_of_the_wal_is_found),
        PLACE_TEST(a_flipped_byte_of_the_header_costs_nothing),
        PLACE_TEST(a_file_of_any_length_opens),
        PLACE_TEST(a_wal_of_any_length_opens),
        PLACE_TEST(a_wal_that_was_removed_is_missed),
        PLACE_TEST(a_journal_that_was_removed_is_missed),
        PLACE_TEST(what_is_not_needed_is_not_missed),
        PLACE_TEST(an_older_copy_is_told_from_the_journal_it_was),
        PLACE_TEST(a_file_that_is_no_database_is_set_aside),
        PLACE_TEST(damage_is_told_until_the_daemon_lived_to_react),
    };
    snprintf(pristine, sizeof pristine, "%s/pixmill-pristine-XXXXXX", place_base());
    if (!mkdtemp(pristine)) {
        return EXIT_FAILURE;
    }
    pxm_log_set_sink(keep_quiet, NULL, PXM_LOG_ERROR);
    int failed = cmocka_run_group_tests_name("journal: damage", tests, NULL, NULL);
    place_empty(pristine);
    rmdir(pristine);
    return failed;
}
