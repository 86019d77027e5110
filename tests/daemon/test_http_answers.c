/* Answers of the HTTP front: bodies from files and memory, answers without one, headers. */
#include "http_client.h"
#include "http_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void get(const char *method, const char *path, struct answer *answer)
{
    char request[256];
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: h\r\n\r\n", method, path);
    assert_true(client_exchange(http_port(world.server), request, answer));
}

static void expect_length(const struct answer *answer, int64_t length)
{
    char text[32], expected[32];
    assert_true(client_header(answer, "Content-Length", text, sizeof text));
    snprintf(expected, sizeof expected, "%lld", (long long)length);
    assert_string_equal(text, expected);
}

static void a_body_arrives_whole(void **state)
{
    static const int64_t sizes[] = {0, 1, 15000, 100000, 20000000};
    static const char *const paths[] = {"/file", "/memory"};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (i > 0) {
            world_stop(&world);
            world_init(&world);
        }
        world.body_bytes = sizes[i];
        world_start(&world);
        for (size_t j = 0; j < 2; j++) {
            struct answer answer;
            get("GET", paths[j], &answer);
            assert_int_equal(answer.status, 200);
            assert_int_equal(answer.length, sizes[i]);
            assert_int_equal(memcmp(answer.body, world.bytes, answer.length), 0);
            client_answer_done(&answer);
            world_wait(&world, &world.over, (int)j + 1);
            assert_int_equal(atomic_load(&world.last_sent_bytes), sizes[i]);
            assert_int_equal(atomic_load(&world.sent), j + 1);
        }
    }
}

static void a_part_of_a_file_is_that_part(void **state)
{
    struct answer answer;
    (void)state;
    world_start(&world);
    get("GET", "/part", &answer);
    assert_int_equal(answer.status, 206);
    assert_int_equal(answer.length, 1000);
    assert_memory_equal(answer.body, world.bytes + 500, 1000);
    client_answer_done(&answer);
}

static void bodies_of_a_row_of_requests_do_not_mix(void **state)
{
    static const char *const paths[] = {"/file", "/part", "/memory", "/x"};
    (void)state;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    for (int i = 0; i < 40; i++) {
        char request[256];
        snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: h\r\n\r\n", i % 5 == 0 ? "HEAD" : "GET",
                 paths[i % 4]);
        client_puts(fd, request);
    }
    for (int i = 0; i < 40; i++) {
        struct answer answer;
        assert_true(client_read(fd, &answer, i % 5 == 0));
        if (i % 5 == 0) {
            assert_int_equal(answer.length, 0);
        } else if (i % 4 == 1) {
            assert_memory_equal(answer.body, world.bytes + 500, 1000);
        } else if (i % 4 != 3) {
            assert_int_equal(answer.length, world.body_bytes);
            assert_memory_equal(answer.body, world.bytes, answer.length);
        }
        client_answer_done(&answer);
    }
    close(fd);
}

static void head_tells_the_length_and_sends_nothing(void **state)
{
    static const char *const paths[] = {"/file", "/memory", "/part"};
    (void)state;
    world_start(&world);
    for (size_t i = 0; i < 3; i++) {
        struct answer answer;
        size_t rest = 0;
        int fd = client_connect(http_port(world.server));
        char request[256];
        snprintf(request, sizeof request, "HEAD %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", paths[i]);
        client_puts(fd, request);
        assert_true(client_read(fd, &answer, true));
        expect_length(&answer, i == 2 ? 1000 : world.body_bytes);
        assert_true(client_read_to_end(fd, &rest));
        assert_int_equal(rest, 0);
        client_answer_done(&answer);
        close(fd);
    }
    world_wait(&world, &world.over, 3);
    assert_int_equal(atomic_load(&world.last_sent_bytes), 0);
}

static void answers_without_a_body_have_none(void **state)
{
    static const int statuses[] = {200, 201, 204, 205, 301, 304, 404, 500};
    (void)state;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct answer answer;
        char request[256], text[32];
        snprintf(request, sizeof request, "GET /status/%d HTTP/1.1\r\nHost: h\r\n\r\n", statuses[i]);
        client_puts(fd, request);
        assert_true(client_read(fd, &answer, false));
        assert_int_equal(answer.status, statuses[i]);
        assert_int_equal(answer.length, 0);
        assert_false(client_header(&answer, "Transfer-Encoding", text, sizeof text));
        if (statuses[i] == 204) {
            assert_false(client_header(&answer, "Content-Length", text, sizeof text));
        } else if (statuses[i] != 304) {
            expect_length(&answer, 0);
        }
        client_answer_done(&answer);
    }
    close(fd);
}

/* What a 200 would have had (RFC 9110, section 8.6). */
static void not_modified_tells_the_length_of_what_was_not(void **state)
{
    struct answer answer;
    (void)state;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    for (int i = 0; i < 3; i++) {
        client_puts(fd, "GET /unchanged HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_true(client_read(fd, &answer, false));
        assert_int_equal(answer.status, 304);
        expect_length(&answer, world.body_bytes);
        client_answer_done(&answer);
    }
    close(fd);
}

static void headers_are_those_of_the_answer_and_a_date(void **state)
{
    struct answer answer;
    char text[64];
    (void)state;
    world_start(&world);
    get("GET", "/x", &answer);
    assert_true(client_header(&answer, "Content-Type", text, sizeof text));
    assert_string_equal(text, "text/plain");
    assert_true(client_header(&answer, "Date", text, sizeof text));
    assert_int_equal(strlen(text), 29);
    assert_string_equal(text + 25, " GMT");
    assert_false(client_header(&answer, "Server", text, sizeof text));
    assert_false(client_header(&answer, "Connection", text, sizeof text)); /* the handler's was not taken */
    client_answer_done(&answer);
}

static void an_answer_past_the_library_looks_like_any_other(void **state)
{
    struct answer answer;
    char text[64];
    static char part[2000];
    (void)state;
    world_start(&world);
    int fd = client_connect(http_port(world.server));
    client_puts(fd, "PUT /fail HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
    client_send(fd, part, sizeof part);
    assert_true(client_read(fd, &answer, false));
    assert_int_equal(memcmp(answer.head, "HTTP/1.1 422 Unprocessable", 26), 0);
    assert_true(client_header(&answer, "Content-Type", text, sizeof text));
    assert_string_equal(text, "text/plain");
    assert_true(client_header(&answer, "Date", text, sizeof text));
    assert_int_equal(strlen(text), 29);
    assert_string_equal(text + 25, " GMT");
    assert_true(answer.closes);
    client_answer_done(&answer);
    close(fd);
    world_wait(&world, &world.over, 1);
    assert_int_equal(atomic_load(&world.last_status), 422);
}

static void answers_leave_no_descriptor(void **state)
{
    (void)state;
    world_start(&world);
    struct answer answer;
    get("GET", "/x", &answer);
    client_answer_done(&answer);
    world_wait(&world, &world.over, 1);
    int before = world_descriptors();
    int fd = client_connect(http_port(world.server));
    for (int i = 0; i < 100; i++) {
        client_puts(fd, "GET /file HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_true(client_read(fd, &answer, false));
        client_answer_done(&answer);
    }
    client_puts(fd, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"); /* when it is answered, all before it is done with */
    assert_true(client_read(fd, &answer, false));
    client_answer_done(&answer);
    assert_true(world_descriptors() <= before + 2); /* both ends of this connection */
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_body_arrives_whole),
        TEST(a_part_of_a_file_is_that_part),
        TEST(bodies_of_a_row_of_requests_do_not_mix),
        TEST(head_tells_the_length_and_sends_nothing),
        TEST(answers_without_a_body_have_none),
        TEST(not_modified_tells_the_length_of_what_was_not),
        TEST(headers_are_those_of_the_answer_and_a_date),
        TEST(an_answer_past_the_library_looks_like_any_other),
        TEST(answers_leave_no_descriptor),
    };
    return cmocka_run_group_tests_name("http answers", tests, NULL, NULL);
}
