/* sqlite as a queue: what every queue does, and what is its own: ids that are remembered, several queues and tables in
 * a file, files of an older version, and files that are not what they should be. */
#include "conformance/metadata.h"
#include "queue_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY_MS = 24 * 3600 * 1000, BUSY_MS = 50, MANY = 300 };

static struct fixture *open_other(struct fixture *fixture, const char *queue, int64_t max_attempts)
{
    void *self = NULL;
    assert_status(fixture, queue_file_open_as(fixture->driver, queue, max_attempts, 60000, fixture, &self), PXM_OK);
    return fixture_new(fixture->driver, self);
}

static void close_other(struct fixture *other)
{
    other->driver->close(other->driver->arg, other->self);
    fixture_free(other);
}

static int64_t in_database(const struct fixture *fixture, const char *text)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(queue_file_path(fixture->driver), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

static void change_database(const struct fixture *fixture, const char *script)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(queue_file_path(fixture->driver), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, script, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* ---- what is remembered ---- */

static void an_id_is_remembered_after_its_message_is_done_and_forgotten_after_its_window(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX], id[64];
    assert_status(fixture, queue_send(fixture, "1", 0, "upload 1"), PXM_OK);
    snprintf(id, sizeof id, "%s", field_text(fixture, "id"));
    must_receive(fixture, receipt);
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
    conformance_pass_ms(DAY_MS / 2);
    assert_status(fixture, queue_send(fixture, "2", 0, "upload 1"), PXM_OK);
    assert_string_equal(field_text(fixture, "id"), id);
    must_have_depth(fixture, 0, 0, 0, 0);
    conformance_pass_ms(DAY_MS / 2);
    assert_status(fixture, queue_send(fixture, "3", 0, "upload 1"), PXM_OK);
    assert_string_not_equal(field_text(fixture, "id"), id);
    must_have_depth(fixture, 1, 0, 0, 0);
}

static void ids_that_are_forgotten_take_no_room(void **state)
{
    struct fixture *fixture = *state;
    char id[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "id %d", i);
        assert_status(fixture, queue_send(fixture, "1", 0, id), PXM_OK);
    }
    assert_int_equal(in_database(fixture, "SELECT count(*) FROM sent"), MANY);
    conformance_pass_ms(DAY_MS);
    for (int i = 0; i < MANY / 100 + 1; i++) {
        snprintf(id, sizeof id, "new %d", i);
        assert_status(fixture, queue_send(fixture, "1", 0, id), PXM_OK);
    }
    assert_int_equal(in_database(fixture, "SELECT count(*) FROM sent"), MANY / 100 + 1);
}

static void ids_have_a_greatest_length(void **state)
{
    struct fixture *fixture = *state;
    char id[1026];
    memset(id, 'i', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    assert_failed(fixture, queue_send(fixture, "1", 0, id), PXM_E_INVALID, "queue.bad_message");
    assert_failed(fixture, queue_send(fixture, "1", 0, ""), PXM_E_INVALID, "queue.bad_message");
    assert_failed(fixture, queue_send(fixture, "1", 0, "\xff"), PXM_E_INVALID, "queue.bad_message");
    assert_status(fixture, queue_send(fixture, "1", 0, id + 1), PXM_OK);
    must_have_depth(fixture, 1, 0, 0, 0);
}

static void what_is_done_leaves_nothing_in_the_file(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX], id[64];
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
    must_make_dead(fixture, "2", "test.failed");
    assert_status(fixture, queue_dead(fixture, NULL, 1), PXM_OK);
    snprintf(id, sizeof id, "%s", item_text(fixture, 0, "id"));
    assert_status(fixture, queue_discard(fixture, id), PXM_OK);
    assert_int_equal(in_database(fixture, "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM bodies)"), 0);
}

static void a_number_is_never_given_twice(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX], id[64];
    must_send(fixture, "1");
    snprintf(id, sizeof id, "%s", field_text(fixture, "id"));
    must_receive(fixture, receipt);
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
    must_send(fixture, "2");
    assert_string_not_equal(field_text(fixture, "id"), id);
}

/* ---- several of them ---- */

static void queues_of_one_file_are_apart(void **state)
{
    struct fixture *fixture = *state;
    struct fixture *other = open_other(fixture, "others", QUEUE_ATTEMPTS_MAX);
    char receipt[RECEIPT_BYTES_MAX], id[64];
    assert_status(fixture, queue_send(fixture, "'ours'", 0, "same"), PXM_OK);
    assert_status(other, queue_send(other, "'theirs'", 0, "same"), PXM_OK);
    must_have_depth(fixture, 1, 0, 0, 0);
    must_have_depth(other, 1, 0, 0, 0);
    must_receive(other, receipt);
    assert_item_json(other, 0, "body", "'theirs'");
    assert_failed(fixture, queue_settle(fixture, receipt, PXM_SETTLE_DONE, 0, NULL), PXM_E_NOT_FOUND,
                  "queue.lost_lease");
    snprintf(id, sizeof id, "%s", item_text(other, 0, "id"));
    must_settle(other, receipt, PXM_SETTLE_DEAD);
    assert_failed(fixture, queue_redrive(fixture, id), PXM_E_NOT_FOUND, "queue.not_found");
    assert_failed(fixture, queue_discard(fixture, id), PXM_E_NOT_FOUND, "queue.not_found");
    assert_status(fixture, queue_dead(fixture, NULL, 10), PXM_OK);
    assert_int_equal(item_count(fixture), 0);
    must_have_depth(other, 0, 0, 0, 1);
    close_other(other);
}

static void tables_and_queues_share_a_file(void **state)
{
    struct fixture *fixture = *state;
    struct conformance_driver tables = {.unit = conformance_load("sqlite", PXM_IFACE_METADATA)};
    void *config = conformance_config(tables.unit), *self = NULL;
    conformance_set_string(tables.unit, config, "path", queue_file_path(fixture->driver));
    conformance_set_string(tables.unit, config, "key", "id");
    conformance_set_int(tables.unit, config, "busy_timeout", 60000);
    assert_status(fixture, tables.unit->create(conformance_host(), config, &self, fixture->error), PXM_OK);
    struct fixture *table = fixture_new(&tables, self);
    must_send(fixture, "'message'");
    must_record(table, "k", "{'a': 1}");
    must_hold(table, "k", "{'id': 'k', 'a': 1}");
    must_have_depth(fixture, 1, 0, 0, 0);
    tables.unit->destroy(self);
    fixture_free(table);
    free(config);
}

static void a_lower_limit_of_attempts_holds_for_what_is_there(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    must_settle(fixture, receipt, PXM_SETTLE_RETRY);
    must_receive(fixture, receipt);
    conformance_pass_ms(QUEUE_LEASE_MS);
    struct fixture *stricter = open_other(fixture, "messages", 1);
    must_have_depth(fixture, 1, 0, 0, 0);
    must_have_depth(stricter, 0, 0, 0, 1);
    must_receive_nothing(stricter);
    must_have_depth(fixture, 0, 0, 0, 1);
    close_other(stricter);
}

/* ---- files ---- */

static void a_file_of_the_first_version_keeps_its_tables_and_gains_queues(void **state)
{
    struct fixture *fixture = *state;
    queue_file_close_own(fixture);
    change_database(fixture, "DROP TABLE queues; DROP TABLE messages; DROP TABLE bodies; DROP TABLE sent;"
                             "INSERT INTO tables (name) VALUES ('items');"
                             "INSERT INTO items (table_id, key, item) VALUES (1, 'k', '{}');"
                             "PRAGMA user_version = 1;");
    queue_file_open_own(fixture);
    must_send(fixture, "1");
    must_have_depth(fixture, 1, 0, 0, 0);
    assert_int_equal(in_database(fixture, "SELECT count(*) FROM items WHERE key = 'k'"), 1);
}

static void a_damaged_message_stands_in_nobodys_way(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "1");
    must_send(fixture, "2");
    change_database(fixture, "UPDATE bodies SET body = '{' WHERE seq = (SELECT min(seq) FROM bodies);");
    assert_status(fixture, queue_receive(fixture, 10, 0, QUEUE_LEASE_MS), PXM_OK);
    assert_int_equal(item_count(fixture), 1);
    assert_item_json(fixture, 0, "body", "2");
    must_have_depth(fixture, 0, 0, 1, 1);
    assert_status(fixture, queue_dead(fixture, NULL, 10), PXM_OK);
    assert_item_json(fixture, 0, "body", "null");
    const pxm_value *code = fixture->host->value_get(item_field(fixture, 0, "cause"), "code");
    assert_string_equal(fixture->host->value_as_string(code, NULL), "queue.damaged");
    change_database(fixture, "DELETE FROM bodies;");
    conformance_pass_ms(QUEUE_LEASE_MS);
    must_receive_nothing(fixture);
    must_have_depth(fixture, 0, 0, 0, 2);
    assert_failed(fixture, queue_settle(fixture, receipt, 7, 0, NULL), PXM_E_INVALID, "queue.bad_message");
}

static void pages_of_large_letters_are_no_larger_than_memory_allows(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    size_t length = 200 << 10, listed = 0;
    char receipt[RECEIPT_BYTES_MAX], cursor[64];
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, 'x', length);
    pxm_value *body = host->value_string(text, length);
    for (int i = 0; i < 30; i++) {
        assert_status(fixture, queue_send_value(fixture, body), PXM_OK);
        must_receive(fixture, receipt);
        must_settle(fixture, receipt, PXM_SETTLE_DEAD);
    }
    assert_status(fixture, queue_dead(fixture, NULL, 1000), PXM_OK);
    listed = item_count(fixture);
    assert_in_range(listed, 1, 21);
    snprintf(cursor, sizeof cursor, "%s", field_text(fixture, "cursor"));
    assert_status(fixture, queue_dead(fixture, cursor, 1000), PXM_OK);
    assert_int_equal(listed + item_count(fixture), 30);
    assert_field_null(fixture, "cursor");
    host->value_unref(body);
    free(text);
}

static void a_locked_database_is_waited_for_and_then_unavailable(void **state)
{
    struct fixture *fixture = *state;
    void *self = NULL;
    sqlite3 *locker = NULL;
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "1");
    assert_status(fixture, queue_file_open_as(fixture->driver, "messages", 3, BUSY_MS, fixture, &self), PXM_OK);
    struct fixture *other = fixture_new(fixture->driver, self);
    assert_int_equal(sqlite3_open_v2(queue_file_path(fixture->driver), &locker, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(locker, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_failed(other, queue_send(other, "2", 0, NULL), PXM_E_TRANSIENT, "queue.unavailable");
    assert_failed(other, queue_receive(other, 1, 0, QUEUE_LEASE_MS), PXM_E_TRANSIENT, "queue.unavailable");
    must_have_depth(other, 1, 0, 0, 0); /* readers do not wait for writers */
    sqlite3_close(locker);
    must_receive(other, receipt);
    close_other(other);
}

static void assert_refused(struct fixture *fixture, pxm_status expected, const char *code)
{
    void *self = NULL;
    pxm_status status = queue_file_open_as(fixture->driver, "messages", 3, 1000, fixture, &self);
    assert_failed(fixture, status, expected, code);
    assert_non_null(strstr(fixture->error->text, queue_file_path(fixture->driver)));
}

static void files_that_cannot_be_used_are_told_in_the_queues_words(void **state)
{
    struct fixture *fixture = *state;
    char garbage[8192];
    queue_file_close_own(fixture);
    change_database(fixture, "PRAGMA user_version = 99");
    assert_refused(fixture, PXM_E_INVALID, "queue.denied");
    queue_file_remove(fixture->driver);
    memset(garbage, 'g', sizeof garbage);
    int fd = open(queue_file_path(fixture->driver), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, garbage, sizeof garbage), sizeof garbage);
    close(fd);
    assert_refused(fixture, PXM_E_INTERNAL, "queue.damaged");
    queue_file_remove(fixture->driver);
    queue_file_open_own(fixture);
    must_send(fixture, "1");
}

int main(void)
{
    struct conformance_driver *driver = queue_file_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(an_id_is_remembered_after_its_message_is_done_and_forgotten_after_its_window, driver),
        FIXTURE_TEST(ids_that_are_forgotten_take_no_room, driver),
        FIXTURE_TEST(ids_have_a_greatest_length, driver),
        FIXTURE_TEST(what_is_done_leaves_nothing_in_the_file, driver),
        FIXTURE_TEST(a_number_is_never_given_twice, driver),
        FIXTURE_TEST(queues_of_one_file_are_apart, driver),
        FIXTURE_TEST(tables_and_queues_share_a_file, driver),
        FIXTURE_TEST(a_lower_limit_of_attempts_holds_for_what_is_there, driver),
        FIXTURE_TEST(a_file_of_the_first_version_keeps_its_tables_and_gains_queues, driver),
        FIXTURE_TEST(a_damaged_message_stands_in_nobodys_way, driver),
        FIXTURE_TEST(pages_of_large_letters_are_no_larger_than_memory_allows, driver),
        FIXTURE_TEST(a_locked_database_is_waited_for_and_then_unavailable, driver),
        FIXTURE_TEST(files_that_cannot_be_used_are_told_in_the_queues_words, driver),
    };
    static const struct queue_traits traits = {.limits_attempts = true};
    return conformance_queue(driver, &traits) + cmocka_run_group_tests_name("sqlite queue", tests, NULL, NULL);
}
