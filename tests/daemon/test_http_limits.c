/* Clients that are slow, idle or too many. Limits are short where they must strike, and far away where they must not:
 * nothing here asks how long something took. */
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SHORT_MS = 200 };

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

static void expect_closed(int fd)
{
    size_t length = 0;
    client_read_to_end(fd, &length);
    assert_int_equal(length, 0);
    close(fd);
}

static void expect_timeout(int fd)
{
    struct answer answer;
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, 408);
    assert_true(answer.closes);
    assert_non_null(strstr(answer.body, "request.timeout"));
    client_answer_done(&answer);
    expect_closed(fd);
}

/* ---- slow -------------------------------------------------------------------------------------------------------- */

static void a_client_that_says_nothing_is_closed(void **state)
{
    (void)state;
    world.options.header_ms_max = SHORT_MS;
    world_start(&world);
    expect_closed(client_connect(http_port(world.server)));
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "GET / HT");
    expect_closed(fd);
    assert_int_equal(atomic_load(&world.rejected), 0);
}

/* Until the request line is there nobody can be answered, and this process may be slow itself: then once more. */
static int begin_slowly(const char *request, bool drips)
{
    struct pollfd polled = {.events = POLLIN};
    char byte;
    for (;;) {
        int fd = polled.fd = client_connect(http_port(world.server));
        client_puts(fd, request);
        for (int i = 0; i < 10000 && drips && poll(&polled, 1, 10) == 0; i++) {
            client_puts(fd, "x");
        }
        assert_int_equal(poll(&polled, 1, 60000), 1);
        if (recv(fd, &byte, 1, MSG_PEEK) == 1) {
            return fd;
        }
        close(fd);
    }
}

static void headers_that_take_too_long_are_answered_408(void **state)
{
    (void)state;
    world.options.header_ms_max = SHORT_MS;
    world_start(&world);
    expect_timeout(begin_slowly("GET / HTTP/1.1\r\nHost: h\r\nX: ", false));
    world_wait(&world, &world.rejected, 1);
    assert_int_equal(atomic_load(&world.last_rejected), 408);
    assert_int_equal(atomic_load(&world.begun), 0);
}

/* A byte now and then keeps nobody alive. */
static void headers_that_drip_are_answered_408(void **state)
{
    (void)state;
    world.options.header_ms_max = SHORT_MS;
    world_start(&world);
    expect_timeout(begin_slowly("GET / HTTP/1.1\r\nHost: h\r\nX: ", true));
    assert_int_equal(atomic_load(&world.begun), 0);
}

static void headers_of_a_later_request_have_the_same_time(void **state)
{
    struct answer answer;
    (void)state;
    world.options.header_ms_max = SHORT_MS;
    world_start(&world);
    int fd = begin_slowly("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n", false);
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, 200);
    client_answer_done(&answer);
    expect_timeout(fd);
}

static void a_body_that_stops_is_answered_408(void **state)
{
    (void)state;
    world.options.body_ms_max = SHORT_MS;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
    expect_timeout(fd);
    world_wait(&world, &world.over, 1);
    assert_int_equal(atomic_load(&world.last_status), 408);
    assert_int_equal(atomic_load(&world.last_received_bytes), 3);
    assert_int_equal(atomic_load(&world.sent), 0);
    assert_int_equal(atomic_load(&world.completed), 0);
}

static void a_body_that_drips_is_answered_408(void **state)
{
    (void)state;
    world.options.body_grace_ms = SHORT_MS;
    world.options.body_rate_min = 1 << 20;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    for (int i = 0; i < 10000 && poll(&polled, 1, 10) == 0; i++) {
        client_puts(fd, "x");
    }
    expect_timeout(fd);
}

static void a_client_that_does_not_read_is_cut(void **state)
{
    (void)state;
    world.body_bytes = 50 << 20; /* more than sockets hold */
    world.options.answer_ms_max = SHORT_MS;
    world.options.body_rate_min = 1000;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "GET /file HTTP/1.1\r\nHost: h\r\n\r\n");
    world_wait(&world, &world.over, 1);
    assert_int_equal(atomic_load(&world.sent), 0);
    assert_int_equal(atomic_load(&world.last_sent_bytes), 0);
    close(fd);
}

static void a_client_that_reads_a_drop_now_and_then_is_cut(void **state)
{
    char byte;
    (void)state;
    world.body_bytes = 50 << 20;
    world.options.answer_ms_max = SHORT_MS;
    world.options.body_rate_min = 1 << 30;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "GET /memory HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < 1000 && atomic_load(&world.over) == 0; i++) {
        if (recv(fd, &byte, 1, MSG_DONTWAIT) == 0) {
            break;
        }
    }
    world_wait(&world, &world.over, 1);
    assert_int_equal(atomic_load(&world.sent), 0);
    close(fd);
}

static void a_connection_that_is_idle_is_closed(void **state)
{
    struct answer answer;
    (void)state;
    world.options.idle_ms_max = SHORT_MS;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(client_read(fd, &answer, false));
    assert_false(answer.closes);
    client_answer_done(&answer);
    expect_closed(fd);
}

/* Whoever waits for us is not slow. */
static void a_client_that_waits_for_its_answer_is_not_timed_out(void **state)
{
    struct answer answer;
    (void)state;
    world.options.idle_ms_max = SHORT_MS;
    world.options.answer_ms_max = SHORT_MS;
    world_start(&world);
    int fd = client_connect(http_port(world.server)), idle = client_connect(http_port(world.server));
    client_puts(fd, "PUT /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    world_wait_held(&world, 1);
    client_puts(idle, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(client_read(idle, &answer, false));
    client_answer_done(&answer);
    expect_closed(idle); /* so the time has passed */
    world_release(&world);
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, 200);
    client_answer_done(&answer);
    close(fd);
}

/* ---- too many ---------------------------------------------------------------------------------------------------- */

static void expect_turned_away(int status)
{
    struct answer answer;
    char text[64];
    int fd = client_connect(http_port(world.server));
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, status);
    assert_true(answer.closes);
    assert_true(client_header(&answer, "Retry-After", text, sizeof text));
    assert_non_null(strstr(answer.body, "\"http.connections\""));
    client_answer_done(&answer);
    expect_closed(fd);
}

/* Opens a connection that is served. */
static int enter(void)
{
    struct answer answer;
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, 200);
    client_answer_done(&answer);
    return fd;
}

static void wait_for_connections(int64_t count)
{
    while (http_connections(world.server) > count) {
        poll(NULL, 0, 1);
    }
}

static void an_address_has_so_many_connections(void **state)
{
    int fds[3];
    (void)state;
    world.options.connections_per_address_max = 3;
    world_start(&world);
    for (int i = 0; i < 3; i++) {
        fds[i] = enter();
    }
    assert_int_equal(http_connections(world.server), 3);
    for (int i = 0; i < 10; i++) {
        expect_turned_away(429);
    }
    close(fds[0]);
    wait_for_connections(2);
    fds[0] = enter();
    expect_turned_away(429);
    for (int i = 0; i < 3; i++) {
        close(fds[i]);
    }
}

static void of_those_that_are_idle_the_newest_stay(void **state)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    struct answer answer;
    int fds[8];
    (void)state;

    world.options.idle_max = 4;
    world.options.body_grace_ms = SHORT_MS; /* so that it looks often */
    world_start(&world);
    for (size_t i = 0; i < 8; i++) {
        fds[i] = client_connect(http_port(world.server));
        client_puts(fds[i], request);
        assert_true(client_read(fds[i], &answer, false));
        client_answer_done(&answer);
    }
    for (size_t i = 0; i < 4; i++) {
        expect_closed(fds[i]);
    }
    for (size_t i = 4; i < 8; i++) {
        client_puts(fds[i], request);
        assert_true(client_read(fds[i], &answer, false));
        assert_int_equal(answer.status, 200);
        client_answer_done(&answer);
        close(fds[i]);
    }
}

static void all_together_have_so_many_connections(void **state)
{
    int fds[3];
    (void)state;
    world.options.connections_max = 3;
    world_start(&world);
    for (int i = 0; i < 3; i++) {
        fds[i] = enter();
    }
    for (int i = 0; i < 10; i++) {
        expect_turned_away(503);
    }
    close(fds[1]);
    wait_for_connections(2);
    fds[1] = enter();
    expect_turned_away(503);
    for (int i = 0; i < 3; i++) {
        close(fds[i]);
    }
}

static void the_connections_of_a_proxy_are_not_counted_as_one_client(void **state)
{
    int fds[5];
    (void)state;
    world.options.connections_per_address_max = 1;
    world.options.trust_forwarded = true;
    world_start(&world);
    for (int i = 0; i < 5; i++) {
        fds[i] = enter();
    }
    for (int i = 0; i < 5; i++) {
        close(fds[i]);
    }
}

/* A client that is turned away and sends on all the same sees why, as it is not reset. */
static void who_is_turned_away_sees_why(void **state)
{
    static char part[100000];
    struct answer answer;
    (void)state;
    world.options.connections_max = 1;
    world.options.linger_ms_max = 600000;
    world_start(&world);
    int first = enter(), fd = client_connect(http_port(world.server));
    client_puts(fd, "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    for (int i = 0; i < 10; i++) {
        client_send(fd, part, sizeof part);
    }
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, 503);
    client_answer_done(&answer);
    shutdown(fd, SHUT_WR);
    assert_true(client_read_to_end(fd, NULL));
    close(fd);
    close(first);
}

static double cpu_seconds(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}

/* Without a descriptor left nobody is accepted, nothing turns in circles, and all goes on when there are some again. */
static void descriptors_may_run_out(void **state)
{
    struct rlimit before, none;
    struct answer answer;
    int fds[4];
    (void)state;
    world_start(&world);
    int served = enter();
    for (int i = 0; i < 4; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fds[i] >= 0);
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3; /* those that are open stay open */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 4; i++) {
        client_connect_socket(fds[i], http_port(world.server));
        client_puts(fds[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    double spent = cpu_seconds();
    struct pollfd polled = {.fd = fds[0], .events = POLLIN};
    assert_int_equal(poll(&polled, 1, 1000), 0);
    assert_true(cpu_seconds() - spent < 0.5);
    client_puts(served, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(client_read(served, &answer, false));
    assert_int_equal(answer.status, 200);
    client_answer_done(&answer);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    for (int i = 0; i < 4; i++) {
        assert_true(client_read(fds[i], &answer, false));
        assert_int_equal(answer.status, 200);
        client_answer_done(&answer);
        close(fds[i]);
    }
    close(served);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_client_that_says_nothing_is_closed),  TEST(headers_that_take_too_long_are_answered_408),
        TEST(headers_that_drip_are_answered_408),    TEST(headers_of_a_later_request_have_the_same_time),
        TEST(a_body_that_stops_is_answered_408),     TEST(a_body_that_drips_is_answered_408),
        TEST(a_client_that_does_not_read_is_cut),    TEST(a_client_that_reads_a_drop_now_and_then_is_cut),
        TEST(a_connection_that_is_idle_is_closed),   TEST(a_client_that_waits_for_its_answer_is_not_timed_out),
        TEST(an_address_has_so_many_connections),    TEST(of_those_that_are_idle_the_newest_stay),
        TEST(all_together_have_so_many_connections), TEST(the_connections_of_a_proxy_are_not_counted_as_one_client),
        TEST(who_is_turned_away_sees_why),           TEST(descriptors_may_run_out),
    };
    return cmocka_run_group_tests_name("http limits", tests, NULL, NULL);
}
