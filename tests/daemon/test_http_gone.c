/* Clients that go away, anywhere: nothing of theirs stays, neither an intake nor a descriptor nor a connection. And
 * clients that stay and do nothing. */
#include "http_client.h"
#include "http_world.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { CUTS = 200, BODY = 4000, IDLE = 1000 };

static struct world world;

static int setup(void **state)
{
    (void)state;
    world_init(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

static void reset_and_close(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* Nobody is left, and nothing that they brought. */
static void expect_nothing_left(int descriptors)
{
    while (http_connections(world.server) > 0 || world_descriptors() > descriptors) {
        poll(NULL, 0, 1);
    }
    assert_int_equal(atomic_load(&world.intakes), 0);
    assert_int_equal(http_exchanges(world.server), 0);
    assert_int_equal(atomic_load(&world.over), atomic_load(&world.begun));
}

static size_t make_request(char *buffer, size_t size, const char *path)
{
    int length = snprintf(buffer, size, "PUT %s HTTP/1.1\r\nHost: h\r\nX-Long: %0200d\r\nContent-Length: %d\r\n\r\n",
                          path, 0, BODY);
    memset(buffer + length, 'x', BODY);
    return (size_t)length + BODY;
}

/* A request is cut at each of 200 places from its first byte to its last but one. */
static void an_upload_may_be_cut_anywhere(void **state)
{
    static char request[BODY + 1000];
    (void)state;
    world_start(&world);
    size_t length = make_request(request, sizeof request, "/x");
    const int before = world_descriptors();
    for (int by_reset = 0; by_reset < 2; by_reset++) {
        for (size_t i = 0; i < CUTS; i++) {
            int fd = client_connect(http_port(world.server));
            client_send(fd, request, i * (length - 1) / (CUTS - 1));
            if (by_reset) {
                reset_and_close(fd);
            } else {
                close(fd);
            }
        }
    }
    expect_nothing_left(before);
    assert_int_equal(atomic_load(&world.completed), 0);
    assert_int_equal(atomic_load(&world.sent), 0);
}

static void a_chunked_upload_may_be_cut_anywhere(void **state)
{
    static const char request[] = "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "5\r\nabcde\r\n10;x=y\r\n0123456789abcdef\r\n0\r\nX: y\r\n\r\n";
    (void)state;
    world_start(&world);
    const int before = world_descriptors();
    for (size_t i = 0; i < sizeof request - 1; i++) {
        int fd = client_connect(http_port(world.server));
        client_send(fd, request, i);
        close(fd);
    }
    expect_nothing_left(before);
    assert_int_equal(atomic_load(&world.completed), 0);
}

static void an_answer_may_be_cut_anywhere(void **state)
{
    static char buffer[1 << 20];
    (void)state;
    world.body_bytes = 8 << 20;
    world_start(&world);
    const int before = world_descriptors();
    for (size_t i = 0; i < CUTS; i++) {
        int fd = client_connect(http_port(world.server));
        client_puts(fd,
                    i % 2 == 0 ? "GET /file HTTP/1.1\r\nHost: h\r\n\r\n" : "GET /memory HTTP/1.1\r\nHost: h\r\n\r\n");
        size_t most = i * 10000;
        while (most > 0) {
            ssize_t got = recv(fd, buffer, most < sizeof buffer ? most : sizeof buffer, 0);
            assert_true(got > 0);
            most -= (size_t)got;
        }
        if (i % 3 == 0) {
            reset_and_close(fd);
        } else {
            close(fd);
        }
    }
    expect_nothing_left(before);
}

static void a_client_that_left_while_it_was_to_wait_is_noticed(void **state)
{
    (void)state;
    world_start(&world);
    const int before = world_descriptors();
    int stays = client_connect(http_port(world.server)), leaves = client_connect(http_port(world.server));
    client_puts(stays, "PUT /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    world_wait_held(&world, 1);
    client_puts(leaves, "PUT /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    world_wait_held(&world, 2);
    assert_false(world_held_is_gone(&world, 0));
    assert_false(world_held_is_gone(&world, 1));
    close(leaves);
    while (!world_held_is_gone(&world, 1)) {
        poll(NULL, 0, 1);
    }
    assert_false(world_held_is_gone(&world, 0));
    assert_int_equal(atomic_load(&world.over), 0); /* answering is still a duty */
    world_release(&world);
    world_wait(&world, &world.over, 2);
    struct answer answer;
    assert_true(client_read(stays, &answer, false));
    assert_int_equal(answer.status, 200);
    client_answer_done(&answer);
    assert_int_equal(atomic_load(&world.sent), 1);
    close(stays);
    expect_nothing_left(before);
}

/* What is sent ahead is no sign of life after the end. */
static void a_client_that_sent_more_before_it_left_is_noticed_when_answered(void **state)
{
    (void)state;
    world_start(&world);
    const int before = world_descriptors();
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "PUT /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nxGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
    world_wait_held(&world, 1);
    reset_and_close(fd);
    world_release(&world);
    expect_nothing_left(before);
}

/* ---- those who stay ---------------------------------------------------------------------------------------------- */

static int64_t resident_kib(void)
{
    char line[256];
    int64_t kib = 0;
    FILE *file = fopen("/proc/self/status", "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kib = strtoll(line + 6, NULL, 10);
        }
    }
    fclose(file);
    return kib;
}

static void a_thousand_idle_connections_disturb_nobody(void **state)
{
    static int fds[IDLE];
    struct rlimit limit;
    struct answer answer;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < 2 * IDLE + 100) {
        skip();
    }
    world_start(&world);
    const int before = world_descriptors();
    const int64_t resident_before = resident_kib();
    for (int i = 0; i < IDLE; i++) {
        fds[i] = client_connect(http_port(world.server));
    }
    for (int i = 0; i < 100; i++) {
        assert_true(client_exchange(http_port(world.server), "GET /later HTTP/1.1\r\nHost: h\r\n\r\n", &answer));
        assert_int_equal(answer.status, 200);
        client_answer_done(&answer);
    }
    assert_true(http_connections(world.server) >= IDLE);
    print_message("a new connection takes %.1f KiB\n", (double)(resident_kib() - resident_before) / IDLE);
    for (int i = 0; i < IDLE; i++) {
        client_puts(fds[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_true(client_read(fds[i], &answer, false));
        assert_int_equal(answer.status, 200);
        client_answer_done(&answer);
    }
    print_message("one that was used takes %.1f KiB\n", (double)(resident_kib() - resident_before) / IDLE);
    for (int i = 0; i < IDLE; i++) {
        close(fds[i]);
    }
    expect_nothing_left(before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_upload_may_be_cut_anywhere),
        TEST(a_chunked_upload_may_be_cut_anywhere),
        TEST(an_answer_may_be_cut_anywhere),
        TEST(a_client_that_left_while_it_was_to_wait_is_noticed),
        TEST(a_client_that_sent_more_before_it_left_is_noticed_when_answered),
        TEST(a_thousand_idle_connections_disturb_nobody),
    };
    return cmocka_run_group_tests_name("http gone", tests, NULL, NULL);
}
