/* The HTTP front: requests, connections that are used again, ids, proxies, quiescing and stopping. */
#include "http_client.h"
#include "http_world.h"

#include "base/error.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

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

static void expect(const char *request, int status, const char *body)
{
    struct answer answer;
    assert_true(client_exchange(http_port(world.server), request, &answer));
    assert_int_equal(answer.status, status);
    if (body != NULL) {
        assert_string_equal(answer.body, body);
    }
    client_answer_done(&answer);
}

/* An exchange is over a moment after its answer was read. */
static void expect_no_exchanges(void)
{
    while (http_exchanges(world.server) > 0) {
        poll(NULL, 0, 1);
    }
}

static void a_request_reaches_the_handler_as_it_was_sent(void **state)
{
    (void)state;
    world_start(&world);
    expect("GET /a%20b/c?x=1&y=%2F HTTP/1.1\r\nHost: h\r\n\r\n", 200, "GET /a%20b/c?x=1&y=%2F -1 0 127.0.0.1 http\n");
    expect("DELETE /? HTTP/1.1\r\nHost: h\r\n\r\n", 200, "DELETE /? -1 0 127.0.0.1 http\n");
    expect("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 200, "OPTIONS *? -1 0 127.0.0.1 http\n");
    expect("GET http://h:80/p?q HTTP/1.1\r\nHost: h:80\r\n\r\n", 200, "GET /p?q -1 0 127.0.0.1 http\n");
    expect("GET / HTTP/1.0\r\n\r\n", 200, "GET /? -1 0 127.0.0.1 http\n");
    expect("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 200, "PUT /x? -1 0 127.0.0.1 http\n");
}

static void a_body_is_taken_in_any_framing(void **state)
{
    (void)state;
    world_start(&world);
    expect("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", 200, "POST /x? 3 294 127.0.0.1 http\n");
    expect("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", 200,
           "POST /x? 3 294 127.0.0.1 http\n");
    expect("POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", 200,
           "POST /later? 3 294 127.0.0.1 http\n");
    world_wait(&world, &world.over, 3);
    assert_int_equal(atomic_load(&world.sent), 3);
    assert_int_equal(atomic_load(&world.last_received_bytes), 3);
}

static void a_client_that_asks_first_is_told_to_go_on(void **state)
{
    struct answer answer;
    (void)state;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, 100);
    client_answer_done(&answer);
    client_puts(fd, "abc");
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, 200);
    client_answer_done(&answer);
    close(fd);
}

static void a_client_that_asks_first_may_be_refused(void **state)
{
    struct answer answer;
    (void)state;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "PUT /refuse HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3000000\r\n\r\n");
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, 413);
    assert_true(answer.closes);
    client_answer_done(&answer);
    assert_true(client_read_to_end(fd, NULL));
    close(fd);
}

/* The client sends on for a while after the answer, as most do, and must not be reset. */
static void a_refusal_is_seen_before_the_body_is_sent(void **state)
{
    static char part[100000];
    struct answer answer;
    (void)state;
    world.options.linger_ms_max = 600000;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
    for (int i = 0; i < 50; i++) {
        client_send(fd, part, sizeof part);
    }
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, 413);
    assert_string_equal(answer.body, "too much\n");
    client_answer_done(&answer);
    shutdown(fd, SHUT_WR);
    assert_true(client_read_to_end(fd, NULL));
    close(fd);
    world_wait(&world, &world.over, 1);
    assert_int_equal(atomic_load(&world.completed), 0);
}

static void a_refusal_without_a_body_keeps_the_connection(void **state)
{
    struct answer answer;
    (void)state;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    for (int i = 0; i < 3; i++) {
        client_puts(fd, "GET /refuse HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_true(client_read(fd, &answer, false));
        assert_int_equal(answer.status, 413);
        assert_false(answer.closes);
        client_answer_done(&answer);
    }
    close(fd);
}

static void a_body_that_fails_is_answered_where_it_fails(void **state)
{
    static char part[100000];
    struct answer answer;
    (void)state;
    world.options.linger_ms_max = 600000;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "PUT /fail HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
    client_send(fd, part, sizeof part);
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(answer.status, 422);
    assert_string_equal(answer.body, "test.fail");
    assert_true(answer.closes);
    client_answer_done(&answer);
    client_send(fd, part, sizeof part);
    shutdown(fd, SHUT_WR);
    assert_true(client_read_to_end(fd, NULL));
    close(fd);
    expect("PUT /fail HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", 422, "test.fail");
    expect("PUT /fail HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 422, "test.fail");
    world_wait(&world, &world.over, 3);
    assert_int_equal(atomic_load(&world.failed), 3);
    assert_int_equal(atomic_load(&world.completed), 0);
}

/* ---- connections ------------------------------------------------------------------------------------------------- */

static void a_connection_is_used_again_and_again(void **state)
{
    struct answer answer;
    (void)state;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    for (int i = 0; i < 200; i++) {
        char request[256], body[256];
        snprintf(request, sizeof request, "POST /%s%d HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n%02d",
                 i % 2 == 0 ? "now" : "later?", i, i % 100);
        client_puts(fd, request);
        assert_true(client_read(fd, &answer, false));
        assert_int_equal(answer.status, 200);
        snprintf(body, sizeof body, "POST /%s%d%s 2 ", i % 2 == 0 ? "now" : "later?", i, i % 2 == 0 ? "?" : "");
        assert_memory_equal(answer.body, body, strlen(body));
        client_answer_done(&answer);
    }
    close(fd);
    expect_no_exchanges();
}

static void requests_in_a_row_are_answered_in_that_row(void **state)
{
    struct answer answer;
    char requests[8192] = "";
    size_t length = 0;
    (void)state;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    for (int i = 0; i < 50; i++) {
        length += (size_t)snprintf(requests + length, sizeof requests - length,
                                   "%s /%d HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n%d",
                                   i % 3 == 0 ? "PUT" : "POST", i, i % 10);
    }
    client_send(fd, requests, length);
    for (int i = 0; i < 50; i++) {
        char body[64];
        assert_true(client_read(fd, &answer, false));
        snprintf(body, sizeof body, "%s /%d? 1 %d ", i % 3 == 0 ? "PUT" : "POST", i, '0' + i % 10);
        assert_memory_equal(answer.body, body, strlen(body));
        client_answer_done(&answer);
    }
    close(fd);
}

static void a_connection_has_so_many_requests(void **state)
{
    struct answer answer;
    (void)state;
    world.options.requests_max = 3;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    for (int i = 1; i <= 3; i++) {
        client_puts(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_true(client_read(fd, &answer, false));
        assert_int_equal(answer.closes, i == 3);
        client_answer_done(&answer);
    }
    assert_true(client_read_to_end(fd, NULL));
    close(fd);
}

static void a_client_that_wants_to_close_is_closed(void **state)
{
    static const char *const requests[] = {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                                           "GET / HTTP/1.1\r\nHost: h\r\nConnection: CLOSE \r\n\r\n",
                                           "GET / HTTP/1.1\r\nHost: h\r\nConnection: x, close\r\n\r\n",
                                           "GET / HTTP/1.0\r\n\r\n"};
    (void)state;
    world_start(&world);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct answer answer;
        int fd = client_connect(http_port(world.server));
        client_puts(fd, requests[i]);
        assert_true(client_read(fd, &answer, false));
        assert_true(answer.closes);
        client_answer_done(&answer);
        shutdown(fd, SHUT_WR);
        assert_true(client_read_to_end(fd, NULL));
        close(fd);
    }
}

static void ids_are_in_the_order_of_time_and_never_the_same(void **state)
{
    (void)state;
    world_start(&world);
    for (int i = 0; i < 20; i++) {
        struct answer answer;
        int fd = client_connect(http_port(world.server));
        for (int j = 0; j < 20; j++) {
            client_puts(fd, "GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: of-a-stranger\r\n\r\n");
            assert_true(client_read(fd, &answer, false));
            client_answer_done(&answer);
        }
        close(fd);
    }
    assert_int_equal(world.id_count, 400);
    for (size_t i = 0; i < world.id_count; i++) {
        assert_int_equal(strlen(world.ids[i]), 26);
        assert_int_equal(strspn(world.ids[i], "0123456789abcdefghjkmnpqrstvwxyz"), 26);
        assert_true(i == 0 || strcmp(world.ids[i - 1], world.ids[i]) < 0);
    }
}

static void expect_its_id(const char *request, int status)
{
    struct answer answer;
    char id[80] = "";

    assert_true(client_exchange(http_port(world.server), request, &answer));
    assert_int_equal(answer.status, status);
    assert_true(client_header(&answer, "X-Request-Id", id, sizeof id));
    assert_int_equal(strlen(id), 26);
    if (status == 400) { /* it does not come to the handler; its problem names the id, too */
        assert_non_null(strstr(answer.body, id));
    } else {
        assert_string_equal(id, world.ids[world.id_count - 1]);
    }
    client_answer_done(&answer);
}

static void every_answer_says_its_id(void **state)
{
    (void)state;
    world_start(&world);
    expect_its_id("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 200);
    expect_its_id("GET / HTTP/1.1\r\nHost: h\r\nHost: g\r\n\r\n", 400);
}

/* ---- proxies ----------------------------------------------------------------------------------------------------- */

static void what_strangers_say_of_their_address_counts_for_nothing(void **state)
{
    (void)state;
    world_start(&world);
    expect("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n\r\n", 200,
           "GET /? -1 0 127.0.0.1 http\n");
}

static void what_a_trusted_proxy_says_counts(void **state)
{
    (void)state;
    world.options.trust_forwarded = true;
    world_start(&world);
    expect("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 6.6.6.6, 9.9.9.9\r\nX-Forwarded-Proto: https\r\n"
           "X-Request-Id: proxy_0001.x-y\r\n\r\n",
           200, "GET /? -1 0 9.9.9.9 https\n");
    assert_string_equal(world.ids[0], "proxy_0001.x-y");
    expect("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 6.6.6.6\r\nx-forwarded-for:2001:db8::1 \r\n"
           "X-Forwarded-Proto: gopher\r\n\r\n",
           200, "GET /? -1 0 2001:db8::1 http\n");
    expect("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 6.6.6.6, unknown\r\n\r\n", 200,
           "GET /? -1 0 127.0.0.1 http\n");
    expect("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 6.6.6.6,\r\nX-Request-Id: a b c d e f g\r\n\r\n", 200,
           "GET /? -1 0 127.0.0.1 http\n");
    assert_int_equal(strlen(world.ids[3]), 26);
    expect("GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: <script>alert\r\n\r\n", 200, NULL);
    assert_int_equal(strlen(world.ids[4]), 26);
}

/* ---- listening --------------------------------------------------------------------------------------------------- */

static void a_socket_that_was_handed_over_is_used_and_left_open(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    (void)state;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    world.options.listen_fd = fd;
    world_start(&world);
    assert_int_equal(http_port(world.server), ntohs(at.sin_port));
    expect("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 200, NULL);
    world_stop_server(&world);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    close(fd);
}

static void what_does_not_listen_is_refused(void **state)
{
    pxm_error error = {.status = PXM_OK};
    struct http_server *server = NULL;
    (void)state;
    world_start(&world);
    struct http_options options = world.options;
    options.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(http_start(&options, &server, &error), PXM_OK);
    assert_string_equal(error.code, "http.listen");
    close(options.listen_fd);
    options.listen_fd = -1;
    options.port = http_port(world.server);
    assert_int_not_equal(http_start(&options, &server, &error), PXM_OK);
    assert_string_equal(error.code, "http.listen");
    options.host = "not an address";
    assert_int_not_equal(http_start(&options, &server, &error), PXM_OK);
    assert_string_equal(error.code, "http.listen");
    assert_null(server);
}

static void ipv6_is_listened_on(void **state)
{
    static const char *const hosts[] = {"::1", "[::1]", ""};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct answer answer;
        if (i > 0) {
            world_stop(&world);
            world_init(&world);
        }
        world.options.host = hosts[i];
        world_start(&world);
        int fd = client_connect_v6(http_port(world.server));
        client_puts(fd, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
        assert_true(client_read(fd, &answer, false));
        assert_string_equal(answer.body, "GET /? -1 0 ::1 http\n");
        client_answer_done(&answer);
        close(fd);
    }
    expect("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 200, "GET /? -1 0 127.0.0.1 http\n");
}

/* ---- stopping ---------------------------------------------------------------------------------------------------- */

static void a_server_that_quiesces_finishes_what_it_has(void **state)
{
    struct answer answer;
    (void)state;
    world_start(&world);
    int held = client_connect(http_port(world.server)), idle = client_connect(http_port(world.server));
    client_puts(idle, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(client_read(idle, &answer, false));
    assert_false(answer.closes);
    client_answer_done(&answer);
    client_puts(held, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    world_wait_held(&world, 1);
    assert_int_equal(http_exchanges(world.server), 1);
    http_quiesce(world.server);
    client_puts(idle, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(client_read(idle, &answer, false));
    assert_true(answer.closes);
    client_answer_done(&answer);
    assert_true(client_read_to_end(idle, NULL));
    close(idle);
    world_release(&world);
    assert_true(client_read(held, &answer, false));
    assert_int_equal(answer.status, 200);
    assert_true(answer.closes);
    client_answer_done(&answer);
    assert_true(client_read_to_end(held, NULL));
    close(held);
    world_wait(&world, &world.over, 3);
    expect_no_exchanges();
}

static void a_server_that_stops_lets_those_answer_who_must(void **state)
{
    (void)state;
    world_start(&world);
    int held[3];
    for (int i = 0; i < 3; i++) {
        held[i] = client_connect(http_port(world.server));
        client_puts(held[i], "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    }
    int half = client_connect(http_port(world.server));
    client_puts(half, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nx");
    world_wait_held(&world, 3);
    world_stop_server(&world);
    assert_true(world_held_is_gone(&world, 0));
    assert_int_equal(atomic_load(&world.over), atomic_load(&world.begun) - 3);
    world_release(&world);
    assert_int_equal(atomic_load(&world.over), atomic_load(&world.begun));
    assert_int_equal(atomic_load(&world.sent), 0);
    for (int i = 0; i < 3; i++) {
        close(held[i]);
    }
    close(half);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_request_reaches_the_handler_as_it_was_sent),
        TEST(a_body_is_taken_in_any_framing),
        TEST(a_client_that_asks_first_is_told_to_go_on),
        TEST(a_client_that_asks_first_may_be_refused),
        TEST(a_refusal_is_seen_before_the_body_is_sent),
        TEST(a_refusal_without_a_body_keeps_the_connection),
        TEST(a_body_that_fails_is_answered_where_it_fails),
        TEST(a_connection_is_used_again_and_again),
        TEST(requests_in_a_row_are_answered_in_that_row),
        TEST(a_connection_has_so_many_requests),
        TEST(a_client_that_wants_to_close_is_closed),
        TEST(ids_are_in_the_order_of_time_and_never_the_same),
        TEST(every_answer_says_its_id),
        TEST(what_strangers_say_of_their_address_counts_for_nothing),
        TEST(what_a_trusted_proxy_says_counts),
        TEST(a_socket_that_was_handed_over_is_used_and_left_open),
        TEST(what_does_not_listen_is_refused),
        TEST(ipv6_is_listened_on),
        TEST(a_server_that_quiesces_finishes_what_it_has),
        TEST(a_server_that_stops_lets_those_answer_who_must),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
