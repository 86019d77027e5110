/* Several processes on one database: none loses a write of another, and one that is killed loses nothing it was told is
 * written. */
#include "conformance/metadata.h"
#include "file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 6, ROUNDS = 40, KILLS = 20, INDEXED_MAX = 1000 };

static const char indexes[] = "['owner', 'tags', 'rank']";

/* A child must not use what its parent opened: it opens the file itself. */
static struct fixture *open_in_child(struct fixture *fixture)
{
    void *self = NULL;
    if (file_open_as(fixture->driver, "items", indexes, 60000, fixture, &self) != PXM_OK) {
        fprintf(stderr, "open: %s\n", fixture->error->text);
        _exit(2);
    }
    return fixture_new(fixture->driver, self);
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

/* Starts PROCESSES children that run fn and waits for them. */
static void run_processes(struct fixture *fixture, int (*fn)(struct fixture *fixture, int index))
{
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            _exit(fn(fixture, i));
        }
        assert_true(children[i] > 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

/* ---- at once ---- */

static int add_items_and_count(struct fixture *fixture, int index)
{
    struct fixture *own = open_in_child(fixture);
    char key[32], set[64], expect[32];
    for (int done = 0; done < ROUNDS;) {
        snprintf(key, sizeof key, "p%d-%d", index, done);
        snprintf(set, sizeof set, "{'owner': 'p%d', 'n': %d}", index, done);
        if (table_record(own, key, set, 0) != PXM_OK || table_lookup(own, "counter") != PXM_OK) {
            fprintf(stderr, "%s\n", own->error->text);
            return 3;
        }
        const pxm_value *item = own->host->value_get(own->fields, "item");
        int n = (int)own->host->value_as_int(own->host->value_get(item, "n"));
        snprintf(set, sizeof set, "{'n': %d}", n + 1);
        snprintf(expect, sizeof expect, "{'n': %d}", n);
        pxm_status status = table_record_if(own, "counter", set, expect, NULL);
        if (status != PXM_OK && status != PXM_E_EXISTS) {
            fprintf(stderr, "%s\n", own->error->text);
            return 4;
        }
        done += status == PXM_OK;
    }
    return 0;
}

static void processes_lose_no_write_of_each_other(void **state)
{
    struct fixture *fixture = *state;
    char item[64], owner[16];
    must_record(fixture, "counter", "{'n': 0}");
    close_own(fixture);
    run_processes(fixture, add_items_and_count);
    open_own(fixture);
    snprintf(item, sizeof item, "{'id': 'counter', 'n': %d}", PROCESSES * ROUNDS);
    must_hold(fixture, "counter", item);
    for (int i = 0; i < PROCESSES; i++) {
        snprintf(owner, sizeof owner, "'p%d'", i);
        assert_status(fixture, table_query(fixture, "owner", owner, NULL, INDEXED_MAX), PXM_OK);
        assert_int_equal(fixture->host->value_count(fixture->host->value_get(fixture->fields, "items")), ROUNDS);
    }
}

static int make_the_file(struct fixture *fixture, int index)
{
    struct fixture *own = open_in_child(fixture);
    char key[16];
    snprintf(key, sizeof key, "p%d", index);
    return table_record(own, key, "{'owner': 'all'}", PXM_RECORD_IF_ABSENT) == PXM_OK ? 0 : 3;
}

static void processes_may_all_be_the_first(void **state)
{
    struct fixture *fixture = *state;
    close_own(fixture);
    for (int round = 0; round < 10; round++) {
        file_remove(fixture->driver);
        run_processes(fixture, make_the_file);
    }
    open_own(fixture);
    assert_status(fixture, table_query(fixture, "owner", "'all'", NULL, INDEXED_MAX), PXM_OK);
    assert_int_equal(fixture->host->value_count(fixture->host->value_get(fixture->fields, "items")), PROCESSES);
}

/* ---- killed ---- */

/* Writes items and says each number that was acknowledged, until it is killed. */
static void write_until_killed(struct fixture *fixture, int to, int first)
{
    struct fixture *own = open_in_child(fixture);
    char key[32], set[96];
    for (int n = first;; n++) {
        snprintf(key, sizeof key, "k%d", n);
        snprintf(set, sizeof set, "{'n': %d, 'owner': 'killed', 'tags': ['a', 'b', %d]}", n, n);
        if (table_record(own, key, set, 0) != PXM_OK || write(to, &n, sizeof n) != (ssize_t)sizeof n) {
            _exit(3);
        }
    }
}

/* Kills a writer after it acknowledged `least` items; how many it had acknowledged. */
static int kill_a_writer(struct fixture *fixture, int first, int least)
{
    int ends[2], n = 0, acknowledged = 0, status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_until_killed(fixture, ends[1], first);
    }
    close(ends[1]);
    while (acknowledged < least && read(ends[0], &n, sizeof n) == (ssize_t)sizeof n) {
        acknowledged++;
    }
    kill(child, SIGKILL);
    while (read(ends[0], &n, sizeof n) == (ssize_t)sizeof n) {
        acknowledged++;
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return acknowledged;
}

static void a_killed_writer_loses_nothing_it_was_told_is_written(void **state)
{
    struct fixture *fixture = *state;
    int written = 0;
    for (int i = 0; i < KILLS; i++) {
        close_own(fixture);
        int acknowledged = kill_a_writer(fixture, written, 1 + i);
        open_own(fixture);
        for (int n = written; n < written + acknowledged; n++) {
            char key[32], item[128];
            snprintf(key, sizeof key, "k%d", n);
            snprintf(item, sizeof item, "{'id': '%s', 'n': %d, 'owner': 'killed', 'tags': ['a', 'b', %d]}", key, n, n);
            must_hold(fixture, key, item);
        }
        written += acknowledged;
        /* The item that was under way is whole, with its index entries, or absent. */
        assert_status(fixture, table_query(fixture, NULL, NULL, NULL, INDEXED_MAX), PXM_OK);
        size_t all = fixture->host->value_count(fixture->host->value_get(fixture->fields, "items"));
        assert_true(all == (size_t)written || all == (size_t)written + 1);
        assert_status(fixture, table_query(fixture, "tags", "'b'", NULL, INDEXED_MAX), PXM_OK);
        assert_int_equal(fixture->host->value_count(fixture->host->value_get(fixture->fields, "items")), all);
        written = (int)all;
    }
}

int main(void)
{
    struct conformance_driver *driver = file_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(processes_lose_no_write_of_each_other, driver),
        FIXTURE_TEST(processes_may_all_be_the_first, driver),
        FIXTURE_TEST(a_killed_writer_loses_nothing_it_was_told_is_written, driver),
    };
    return cmocka_run_group_tests_name("sqlite: processes", tests, NULL, NULL);
}
