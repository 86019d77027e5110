/* Several processes on one queue: no two hold one message, and one that is killed at any moment loses none. */
#include "queue_file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SENDERS = 2, CONSUMERS = 4, EACH = 60, ALL = SENDERS * EACH, KILLS = 15, LONG_MS = 3600000, ATTEMPTS = 1000 };

/* Memory that all processes of a test share. */
struct ledger {
    atomic_int received[ALL], settled[ALL]; /* how often, by what the message says */
    atomic_int done;
};

static struct ledger *new_ledger(void)
{
    void *memory = mmap(NULL, sizeof(struct ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    return memory;
}

/* A child must not use what its parent opened: it opens the file itself. */
static struct fixture *open_in_child(struct fixture *fixture)
{
    void *self = NULL;
    if (queue_file_open_as(fixture->driver, "messages", ATTEMPTS, 60000, fixture, &self) != PXM_OK) {
        fprintf(stderr, "open: %s\n", fixture->error->text);
        _exit(2);
    }
    return fixture_new(fixture->driver, self);
}

static void expect(const struct fixture *own, bool holds)
{
    if (!holds) {
        fprintf(stderr, "%s: %s\n", own->error->code, own->error->text);
        _exit(3);
    }
}

static void send_each(struct fixture *own, int first)
{
    char json[16], id[16];
    for (int i = 0; i < EACH; i++) {
        snprintf(json, sizeof json, "%d", first + i);
        snprintf(id, sizeof id, "id-%d", first + i);
        expect(own, queue_send(own, json, 0, id) == PXM_OK);
    }
}

/* Receives, settles and tells so, until all is done. */
static void consume(struct fixture *own, struct ledger *ledger, int64_t lease_ms)
{
    char receipts[10][RECEIPT_BYTES_MAX];
    int bodies[10];
    while (atomic_load(&ledger->done) < ALL) {
        expect(own, queue_receive(own, 3, 1, lease_ms) == PXM_OK);
        size_t count = item_count(own);
        for (size_t i = 0; i < count; i++) {
            snprintf(receipts[i], RECEIPT_BYTES_MAX, "%s", item_text(own, i, "receipt"));
            bodies[i] = (int)item_int(own, i, "body");
            atomic_fetch_add(&ledger->received[bodies[i]], 1);
        }
        for (size_t i = 0; i < count; i++) {
            expect(own, queue_settle(own, receipts[i], PXM_SETTLE_DONE, 0, NULL) == PXM_OK);
            atomic_fetch_add(&ledger->settled[bodies[i]], 1);
            atomic_fetch_add(&ledger->done, 1);
        }
    }
}

static void wait_for(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void no_two_processes_hold_one_message(void **state)
{
    struct fixture *fixture = *state;
    struct ledger *ledger = new_ledger();
    pid_t children[SENDERS + CONSUMERS];
    queue_file_close_own(fixture);
    for (int i = 0; i < SENDERS + CONSUMERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            struct fixture *own = open_in_child(fixture);
            if (i < SENDERS) {
                send_each(own, i * EACH);
            } else {
                consume(own, ledger, LONG_MS);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < SENDERS + CONSUMERS; i++) {
        wait_for(children[i]);
    }
    queue_file_open_own(fixture);
    for (int i = 0; i < ALL; i++) {
        assert_int_equal(atomic_load(&ledger->received[i]), 1);
        assert_int_equal(atomic_load(&ledger->settled[i]), 1);
    }
    must_have_depth(fixture, 0, 0, 0, 0);
    munmap(ledger, sizeof *ledger);
}

static void a_consumer_that_is_killed_before_it_settles_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "'precious'");
    queue_file_close_own(fixture);
    pid_t child = fork();
    if (child == 0) {
        struct fixture *own = open_in_child(fixture);
        must_receive(own, receipt);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    queue_file_open_own(fixture);
    must_receive_nothing(fixture);
    must_have_depth(fixture, 0, 0, 1, 0);
    conformance_pass_ms(QUEUE_LEASE_MS);
    must_receive(fixture, receipt);
    assert_item_json(fixture, 0, "body", "'precious'");
    assert_int_equal(item_int(fixture, 0, "attempts"), 2);
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
}

/* Starts a consumer, and kills it once it has settled `least` more messages. */
static void kill_a_consumer(struct fixture *fixture, struct ledger *ledger, int least)
{
    int wanted = atomic_load(&ledger->done) + least, status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        consume(open_in_child(fixture), ledger, LONG_MS);
        _exit(0);
    }
    while (atomic_load(&ledger->done) < wanted && waitpid(child, &status, WNOHANG) == 0) {
        usleep(100);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
}

static void consumers_that_are_killed_at_any_moment_lose_nothing_and_repeat_nothing_that_is_done(void **state)
{
    struct fixture *fixture = *state;
    struct ledger *ledger = new_ledger();
    int twice = 0;
    for (int i = 0; i < SENDERS; i++) {
        send_each(fixture, i * EACH);
    }
    queue_file_close_own(fixture);
    for (int i = 0; i < KILLS; i++) {
        kill_a_consumer(fixture, ledger, i % 5);
        conformance_pass_ms(LONG_MS); /* what it held is free again */
    }
    assert_status(fixture, queue_file_open_as(fixture->driver, "messages", ATTEMPTS, 60000, fixture, &fixture->self),
                  PXM_OK);
    assert_status(fixture, queue_depth(fixture), PXM_OK);
    int64_t gone = ALL - field_int(fixture, "ready"), told = atomic_load(&ledger->done);
    /* A message that was settled in the very moment of the kill is gone, but not told yet. */
    assert_true(told <= gone && gone <= told + KILLS);
    atomic_store(&ledger->done, (int)gone);
    consume(fixture, ledger, LONG_MS);
    for (int i = 0; i < ALL; i++) {
        assert_in_range(atomic_load(&ledger->received[i]), 1, KILLS + 1);
        assert_in_range(atomic_load(&ledger->settled[i]), 0, 1);
        twice += atomic_load(&ledger->settled[i]) == 0;
    }
    assert_in_range(twice, 0, KILLS);
    must_have_depth(fixture, 0, 0, 0, 0);
    munmap(ledger, sizeof *ledger);
}

/* Sends and tells each number that was acknowledged, until it is killed. */
static void send_until_killed(struct fixture *fixture, int to, int first)
{
    struct fixture *own = open_in_child(fixture);
    char json[32];
    for (int n = first;; n++) {
        snprintf(json, sizeof json, "%d", n);
        expect(own, queue_send(own, json, 0, NULL) == PXM_OK && write(to, &n, sizeof n) == (ssize_t)sizeof n);
    }
}

static void a_sender_that_is_killed_loses_nothing_it_was_told_is_sent(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < KILLS; i++) {
        int ends[2], n = 0, acknowledged = 0, status = 0;
        queue_file_close_own(fixture);
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            send_until_killed(fixture, ends[1], 0);
        }
        close(ends[1]);
        while (acknowledged <= i && read(ends[0], &n, sizeof n) == (ssize_t)sizeof n) {
            acknowledged++;
        }
        kill(child, SIGKILL);
        while (read(ends[0], &n, sizeof n) == (ssize_t)sizeof n) {
            acknowledged++;
        }
        close(ends[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        queue_file_open_own(fixture);
        assert_status(fixture, queue_depth(fixture), PXM_OK);
        assert_in_range(field_int(fixture, "ready"), acknowledged, acknowledged + 1);
        for (int64_t left = field_int(fixture, "ready"); left > 0; left--) {
            char receipt[RECEIPT_BYTES_MAX];
            must_receive(fixture, receipt);
            must_settle(fixture, receipt, PXM_SETTLE_DONE);
        }
    }
}

int main(void)
{
    struct conformance_driver *driver = queue_file_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(no_two_processes_hold_one_message, driver),
        FIXTURE_TEST(a_consumer_that_is_killed_before_it_settles_loses_nothing, driver),
        FIXTURE_TEST(consumers_that_are_killed_at_any_moment_lose_nothing_and_repeat_nothing_that_is_done, driver),
        FIXTURE_TEST(a_sender_that_is_killed_loses_nothing_it_was_told_is_sent, driver),
    };
    return cmocka_run_group_tests_name("sqlite queue: processes", tests, NULL, NULL);
}
