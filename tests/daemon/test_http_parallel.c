/* Many clients at once, answers of other threads, and a server that stops under them. Made for the thread sanitizer. */
#include "http_client.h"
#include "http_world.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { CLIENTS = 8, UPLOADS = 50, BODY = 50000 };

static struct world world;
static char body[BODY];

static int setup(void **state)
{
    (void)state;
    world_init(&world);
    memset(body, 1, sizeof body);
    world_start(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

/* A client counts what went as it should; the test's own thread judges. */
struct client {
    pthread_t thread;
    int index;
    int right;
};

static void upload(struct client *client, int fd, int i)
{
    static const char *const paths[] = {"/later", "/x"};
    struct answer answer;
    char request[256], expected[128];
    const int length = (client->index * 7919 + i * 997) % BODY + 1;
    const char *path = paths[i % 2];
    snprintf(request, sizeof request, "PUT %s?%d HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", path,
             client->index * 1000 + i, length);
    client_puts(fd, request);
    client_send(fd, body, (size_t)length);
    snprintf(expected, sizeof expected, "PUT %s?%d %d %d ", path, client->index * 1000 + i, length, length);
    if (client_read(fd, &answer, false)) {
        client->right += answer.status == 200 && strncmp(answer.body, expected, strlen(expected)) == 0;
        client_answer_done(&answer);
    }
}

static void *upload_many(void *arg)
{
    struct client *client = arg;
    int fd = client_connect(http_port(world.server));
    for (int i = 0; i < UPLOADS; i++) {
        if (i % 10 == 9) {
            close(fd);
            fd = client_connect(http_port(world.server));
        }
        upload(client, fd, i);
    }
    close(fd);
    return NULL;
}

static void uploads_at_once_do_not_mix(void **state)
{
    struct client clients[CLIENTS] = {0};
    (void)state;
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].index = i;
        assert_int_equal(pthread_create(&clients[i].thread, NULL, upload_many, &clients[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].right, UPLOADS);
        assert_true(http_exchanges(world.server) >= 0);
    }
    world_wait(&world, &world.over, CLIENTS * UPLOADS);
    assert_int_equal(atomic_load(&world.sent), CLIENTS * UPLOADS);
}

/* Sends without a look at what comes back, until it is cut off. */
static void *upload_until_cut(void *arg)
{
    struct client *client = arg;
    char drain[4096];
    int fd = client_connect(http_port(world.server));
    for (bool open = true; open;) {
        char request[256];
        int length = snprintf(request, sizeof request, "PUT %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n",
                              client->index % 2 == 0 ? "/later" : "/x", BODY);
        open = send(fd, request, (size_t)length, MSG_NOSIGNAL) == length &&
               send(fd, body, sizeof body, MSG_NOSIGNAL) == (ssize_t)sizeof body &&
               recv(fd, drain, sizeof drain, 0) > 0;
        client->right += open;
    }
    close(fd);
    return NULL;
}

static void a_server_may_stop_under_load(void **state)
{
    struct client clients[CLIENTS] = {0};
    (void)state;
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].index = i;
        assert_int_equal(pthread_create(&clients[i].thread, NULL, upload_until_cut, &clients[i]), 0);
    }
    world_wait(&world, &world.over, 100);
    http_quiesce(world.server);
    world_stop_server(&world);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(uploads_at_once_do_not_mix),
        TEST(a_server_may_stop_under_load),
    };
    return cmocka_run_group_tests_name("http parallel", tests, NULL, NULL);
}
