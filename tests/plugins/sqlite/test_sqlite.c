/* sqlite alone: indexes that change, several tables in a file, and files that are not what they should be. */
#include "conformance/metadata.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, SKIPPED = 77, BUSY_MS = 50, ITEMS = 200 };

/* Another instance as a fixture of its own. */
static struct fixture *open_other(struct fixture *fixture, const char *table, const char *indexes)
{
    void *self = NULL;
    assert_status(fixture, file_open_as(fixture->driver, table, indexes, 60000, fixture, &self), PXM_OK);
    return fixture_new(fixture->driver, self);
}

static void close_other(struct fixture *other)
{
    other->driver->close(other->driver->arg, other->self);
    fixture_free(other);
}

static size_t query_count(struct fixture *fixture, const char *field, const char *equal)
{
    assert_status(fixture, table_query(fixture, field, equal, NULL, 1000), PXM_OK);
    return fixture->host->value_count(fixture->host->value_get(fixture->fields, "items"));
}

/* ---- indexes and tables ---- */

static void new_indexes_cover_old_items(void **state)
{
    struct fixture *fixture = *state;
    char key[16], set[64];
    for (int i = 0; i < ITEMS; i++) {
        snprintf(key, sizeof key, "k%d", i);
        snprintf(set, sizeof set, "{'color': 'c%d', 'owner': 'o', 'l': [%d, 'x']}", i % 4, i);
        must_record(fixture, key, set);
    }
    struct fixture *other = open_other(fixture, "items", "['color', 'l']");
    assert_int_equal(query_count(other, "color", "'c1'"), ITEMS / 4);
    assert_int_equal(query_count(other, "l", "7"), 1);
    assert_int_equal(query_count(other, "l", "'x'"), ITEMS);
    assert_failed(other, table_query(other, "owner", "'o'", NULL, 5), PXM_E_INVALID, "table.bad_query");
    /* The older instance writes what the file asks for now, and no longer answers for what it lost. */
    must_record(fixture, "late", "{'color': 'c1'}");
    assert_int_equal(query_count(other, "color", "'c1'"), ITEMS / 4 + 1);
    assert_failed(fixture, table_query(fixture, "owner", "'o'", NULL, 5), PXM_E_INVALID, "table.bad_query");
    close_other(other);
    other = open_other(fixture, "items", "['owner', 'tags', 'rank']");
    assert_int_equal(query_count(fixture, "owner", "'o'"), ITEMS);
    close_other(other);
}

static void an_item_that_cannot_be_indexed_keeps_the_old_indexes(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    void *self = NULL;
    char text[2000];
    memset(text, 't', sizeof text);
    pxm_value *set = host->value_record();
    host->value_set(set, "long", host->value_string(text, sizeof text));
    host->value_set(set, "owner", host->value_string("o", 1));
    struct pxm_record record = {.struct_size = sizeof record, .key = "k", .set = set};
    assert_status(fixture, table_record_with(fixture, &record), PXM_OK);
    host->value_unref(set);
    pxm_status status = file_open_as(fixture->driver, "items", "['long']", 1000, fixture, &self);
    assert_failed(fixture, status, PXM_E_LIMIT, "table.too_large");
    assert_null(self);
    assert_int_equal(query_count(fixture, "owner", "'o'"), 1);
}

static void tables_of_one_file_are_apart(void **state)
{
    struct fixture *fixture = *state;
    struct fixture *other = open_other(fixture, "others", "['owner']");
    for (int i = 0; i < 3; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%d", i);
        must_record(fixture, key, "{'a': 1, 'owner': 'o'}");
    }
    must_not_hold(other, "k0");
    must_record(other, "k0", "{'a': 2, 'owner': 'o'}");
    must_hold(fixture, "k0", "{'id': 'k0', 'a': 1, 'owner': 'o'}");
    assert_int_equal(query_count(fixture, "owner", "'o'"), 3);
    assert_int_equal(query_count(other, "owner", "'o'"), 1);
    assert_status(fixture, table_query(fixture, "owner", "'o'", NULL, 1), PXM_OK);
    char *cursor = strdup(field_text(fixture, "cursor"));
    assert_failed(other, table_query(other, "owner", "'o'", cursor, 1), PXM_E_INVALID, "table.bad_cursor");
    free(cursor);
    close_other(other);
}

static void indexes_are_checked(void **state)
{
    static const char *const bad[] = {"['']", "['id']", "['a', 'a']"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        void *self = NULL;
        pxm_status status = file_open_as(fixture->driver, "items", bad[i], 1000, fixture, &self);
        assert_failed(fixture, status, PXM_E_INVALID, "option.invalid");
    }
}

/* ---- locks ---- */

static sqlite3 *lock_file(const struct fixture *fixture)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(file_path(fixture->driver), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void a_locked_database_is_waited_for_and_then_unavailable(void **state)
{
    struct fixture *fixture = *state;
    void *self = NULL;
    must_record(fixture, "k", "{'a': 1}");
    assert_status(fixture, file_open_as(fixture->driver, "items", "['owner', 'tags', 'rank']", BUSY_MS, fixture, &self),
                  PXM_OK);
    struct fixture *other = fixture_new(fixture->driver, self);
    sqlite3 *locker = lock_file(fixture);
    assert_failed(other, table_record(other, "k", "{'a': 2}", 0), PXM_E_TRANSIENT, "table.unavailable");
    must_hold(other, "k", "{'id': 'k', 'a': 1}"); /* readers do not wait for writers */
    assert_int_equal(query_count(other, NULL, NULL), 1);
    sqlite3_close(locker);
    must_record(other, "k", "{'a': 2}");
    close_other(other);
}

/* A clock that passes by itself, so that the wait ends by the job's deadline and not by the instance's minute. */
static int64_t running_clock(void *arg)
{
    struct fixture *fixture = arg;
    return atomic_fetch_add(&fixture->now_ms, 1000);
}

static void a_job_waits_for_a_lock_no_longer_than_it_may(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *locker = lock_file(fixture);
    fixture->clock.monotonic_ms = running_clock;
    assert_failed(fixture, table_record(fixture, "k", "{'a': 2}", 0), PXM_E_TIMEOUT, "limit.time");
    fixture->job.deadline_ms = INT64_MAX;
    sqlite3_close(locker);
    must_record(fixture, "k", "{'a': 2}");
}

/* ---- files ---- */

static void overwrite(const struct fixture *fixture, const char *script)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(file_path(fixture->driver), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, script, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* No instance is open while fn changes the file; afterwards an open must fail with that code. */
static void assert_refused(struct fixture *fixture, pxm_status expected, const char *code)
{
    void *self = NULL;
    pxm_status status = file_open_as(fixture->driver, "items", "['owner', 'tags', 'rank']", 1000, fixture, &self);
    assert_failed(fixture, status, expected, code);
    assert_non_null(strstr(fixture->error->text, file_path(fixture->driver)));
}

static void close_own(struct fixture *fixture)
{
    fixture->driver->close(fixture->driver->arg, fixture->self);
    fixture->self = NULL;
}

static void open_own(struct fixture *fixture)
{
    fixture->self = fixture->driver->open_again(fixture->driver->arg);
}

static void newer_schemas_and_other_programs_files_are_refused(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'a': 1}");
    close_own(fixture);
    overwrite(fixture, "PRAGMA user_version = 99");
    assert_refused(fixture, PXM_E_INVALID, "table.denied");
    overwrite(fixture, "PRAGMA user_version = 2; PRAGMA application_id = 7");
    assert_refused(fixture, PXM_E_INVALID, "table.denied");
    overwrite(fixture, "PRAGMA application_id = 0x70786d31");
    open_own(fixture);
    must_hold(fixture, "k", "{'id': 'k', 'a': 1}");
}

static void write_whole(const char *path, const char *data, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, length), length);
    close(fd);
}

static void damaged_files_are_told(void **state)
{
    struct fixture *fixture = *state;
    char key[16], garbage[8192];
    for (int i = 0; i < ITEMS; i++) {
        snprintf(key, sizeof key, "k%d", i);
        must_record(fixture, key, "{'owner': 'somebody with a rather long name to fill pages with'}");
    }
    close_own(fixture);
    struct stat whole;
    assert_int_equal(stat(file_path(fixture->driver), &whole), 0);
    assert_int_equal(truncate(file_path(fixture->driver), whole.st_size / 2), 0);
    assert_refused(fixture, PXM_E_INTERNAL, "table.damaged");
    memset(garbage, 'g', sizeof garbage);
    write_whole(file_path(fixture->driver), garbage, sizeof garbage);
    assert_refused(fixture, PXM_E_INTERNAL, "table.damaged");
    file_remove(fixture->driver);
    open_own(fixture);
    must_record(fixture, "k", "{'a': 1}");
}

static void damage_within_is_told_when_it_is_met(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'a': 1}");
    must_record(fixture, "fine", "{'a': 1}");
    overwrite(fixture, "UPDATE items SET item = 'no json' WHERE key = 'k'");
    assert_failed(fixture, table_lookup(fixture, "k"), PXM_E_INTERNAL, "table.damaged");
    assert_failed(fixture, table_record(fixture, "k", "{'a': 2}", 0), PXM_E_INTERNAL, "table.damaged");
    assert_failed(fixture, table_query(fixture, NULL, NULL, NULL, 10), PXM_E_INTERNAL, "table.damaged");
    must_hold(fixture, "fine", "{'id': 'fine', 'a': 1}");
}

static void the_file_is_for_its_owner_alone(void **state)
{
    struct fixture *fixture = *state;
    struct stat made;
    assert_int_equal(stat(file_path(fixture->driver), &made), 0);
    assert_int_equal(made.st_mode & 07777, 0600);
}

/* Runs fn in a child; what it returns, or SKIPPED. */
static int in_child(struct fixture *fixture, int (*fn)(struct fixture *fixture))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(fn(fixture));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void assert_child(int result, const char *needs)
{
    if (result == SKIPPED) {
        print_message("skipped: %s\n", needs);
        skip();
    }
    assert_int_equal(result, 0);
}

static int open_as_nobody(struct fixture *fixture)
{
    void *self = NULL;
    if (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0) {
        return SKIPPED;
    }
    pxm_status status = file_open_as(fixture->driver, "items", "[]", 1000, fixture, &self);
    return status == PXM_E_DENIED && strcmp(fixture->error->code, "table.denied") == 0 ? 0 : 1;
}

static void a_file_that_is_not_ours_is_denied(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'a': 1}");
    close_own(fixture);
    int result = in_child(fixture, open_as_nobody);
    open_own(fixture);
    assert_child(result, "only root can become another user");
}

/* A disk of one MiB, seen by this process alone, over the folder of the file. */
static int fill_small_disk(struct fixture *fixture)
{
    char folder[4096];
    void *self = NULL;
    snprintf(folder, sizeof folder, "%s", file_path(fixture->driver));
    *strrchr(folder, '/') = '\0';
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=1m") != 0) {
        return SKIPPED;
    }
    if (file_open_as(fixture->driver, "items", "['owner']", 1000, fixture, &self) != PXM_OK) {
        return 2;
    }
    struct fixture *other = fixture_new(fixture->driver, self);
    char key[16], set[4096];
    memset(set, 'x', sizeof set);
    memcpy(set, "{'a': '", 7);
    memcpy(set + sizeof set - 3, "'}", 3);
    pxm_status status = PXM_OK;
    int count = 0;
    for (; status == PXM_OK && count < 1000; count++) {
        snprintf(key, sizeof key, "k%d", count);
        status = table_record(other, key, set, 0);
    }
    if (status != PXM_E_NO_SPACE || strcmp(other->error->code, "table.full") != 0) {
        fprintf(stderr, "%d %s %s\n", status, other->error->code, other->error->text);
        return 3;
    }
    /* What was acknowledged is there, what failed is not. */
    bool failed_is_there = table_lookup(other, key) == PXM_OK;
    bool first_is_there = table_lookup(other, "k0") == PXM_OK;
    close_other(other);
    return count > 10 && !failed_is_there && first_is_there ? 0 : 4;
}

static void a_full_disk_is_told_and_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    assert_child(in_child(fixture, fill_small_disk), "this process may not mount a small disk");
}

int main(void)
{
    struct conformance_driver *driver = file_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(new_indexes_cover_old_items, driver),
        FIXTURE_TEST(an_item_that_cannot_be_indexed_keeps_the_old_indexes, driver),
        FIXTURE_TEST(tables_of_one_file_are_apart, driver),
        FIXTURE_TEST(indexes_are_checked, driver),
        FIXTURE_TEST(a_locked_database_is_waited_for_and_then_unavailable, driver),
        FIXTURE_TEST(a_job_waits_for_a_lock_no_longer_than_it_may, driver),
        FIXTURE_TEST(newer_schemas_and_other_programs_files_are_refused, driver),
        FIXTURE_TEST(damaged_files_are_told, driver),
        FIXTURE_TEST(damage_within_is_told_when_it_is_met, driver),
        FIXTURE_TEST(the_file_is_for_its_owner_alone, driver),
        FIXTURE_TEST(a_file_that_is_not_ours_is_denied, driver),
        FIXTURE_TEST(a_full_disk_is_told_and_loses_nothing, driver),
    };
    return cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
}
