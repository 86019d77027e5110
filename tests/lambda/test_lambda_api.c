/* Streams that break while they are sent, before a server of one connection that keeps what it is sent. */
#include "lambda/runtime_api.h"

#include "base/blob.h"
#include "base/stream.h"
#include "fixture.h"

#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    int socket;
    pthread_t thread;
    char address[64];
    char received[64 << 10];
    size_t length;
} server;

/* Takes one request to the end of its chunks and trailers, and answers it. */
static void *serve(void *arg)
{
    static const char reply[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    int client = accept(server.socket, NULL, NULL);
    ssize_t count = 0;
    (void)arg;

    server.length = 0;
    while (!(server.length > 4 && strstr(server.received, "\r\n0\r\n") &&
             memcmp(server.received + server.length - 4, "\r\n\r\n", 4) == 0) &&
           (count = read(client, server.received + server.length, sizeof server.received - server.length - 1)) > 0) {
        for (ssize_t i = 0; i < count; i++) { /* NULs are part of a stream, but end a text */
            char *c = &server.received[server.length + (size_t)i];
            *c = (char)(*c == '\0' ? '|' : *c);
        }
        server.length += (size_t)count;
        server.received[server.length] = '\0';
    }
    assert(write(client, reply, sizeof reply - 1) == (ssize_t)sizeof reply - 1);
    close(client);
    return NULL;
}

static int start(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    (void)state;

    server.received[0] = '\0';
    server.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server.socket, (struct sockaddr *)&address, length) != 0 || listen(server.socket, 1) != 0 ||
        getsockname(server.socket, (struct sockaddr *)&address, &length) != 0) {
        return 1;
    }
    snprintf(server.address, sizeof server.address, "127.0.0.1:%d", ntohs(address.sin_port));
    return pthread_create(&server.thread, NULL, serve, NULL);
}

static int stop(void **state)
{
    (void)state;
    close(server.socket);
    return 0;
}

static int64_t read_some(void *self, void *buffer, size_t length, pxm_error *error)
{
    int *left = self;

    if (*left == 0) {
        return pxm_error_set(error, PXM_E_TRANSIENT, "store.unavailable", "it \"broke\"\n");
    }
    --*left;
    memset(buffer, 'x', length < 10 ? length : 10);
    return length < 10 ? (int64_t)length : 10;
}

static pxm_status send_stream(pxm_stream *stream, pxm_error *error)
{
    struct lambda_api *api = NULL;
    struct pxm_buf head;

    pxm_buf_init(&head, 100);
    pxm_buf_puts(&head, "{HEAD}");
    assert_int_equal(lambda_api_new(server.address, &api, error), PXM_OK);
    pxm_status status = lambda_api_stream(api, "id-1", &head, stream, error);
    lambda_api_free(api);
    pxm_buf_done(&head);
    pthread_join(server.thread, NULL);
    return status;
}

static void a_stream_that_breaks_ends_in_trailers(void **state)
{
    static const struct pxm_stream_ops ops = {.struct_size = sizeof ops, .read = read_some};
    int left = 2;
    pxm_stream *stream = pxm_stream_new(&ops, &left, -1);
    pxm_error error = {0};
    (void)state;

    assert_int_equal(send_stream(stream, &error), PXM_OK);
    pxm_stream_close(stream);
    assert_non_null(strstr(server.received, "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1"));
    assert_non_null(strstr(server.received, "{HEAD}||||||||"));
    assert_non_null(strstr(server.received, "xxxxxxxxxx"));
    const char *trailers = strstr(server.received, "\r\n0\r\n");
    assert_non_null(strstr(trailers, "Lambda-Runtime-Function-Error-Type: Function.Storage\r\n"));
    /* {"errorMessage":"it \"broke\"\n","errorType":"Function.Storage",... */
    assert_non_null(strstr(
        trailers, "Lambda-Runtime-Function-Error-Body: eyJlcnJvck1lc3NhZ2UiOiJpdCBcImJyb2tlXCJcbiIsImVycm9yVHlwZSI6"));
}

static void a_stream_that_does_not_break_has_none(void **state)
{
    pxm_blob *blob = pxm_blob_copy("body", 4);
    pxm_stream *stream = pxm_stream_of_blob(blob);
    pxm_error error = {0};
    (void)state;

    assert_int_equal(send_stream(stream, &error), PXM_OK);
    pxm_stream_close(stream);
    pxm_blob_unref(blob);
    const char *trailers = strstr(server.received, "\r\n0\r\n");
    assert_non_null(strstr(server.received, "body"));
    assert_non_null(strstr(server.received, "Trailer: Lambda-Runtime-Function-Error-Type"));
    assert_null(strstr(trailers, "Lambda-Runtime"));
}

static void failures_have_names_of_a_closed_list(void **state)
{
    static const struct {
        pxm_status status;
        const char *code, *name;
    } cases[] = {
        {PXM_E_BAD_IMAGE, "decode.corrupt", "Function.CorruptImage"},
        {PXM_E_LIMIT, "limit.pixels", "Function.CorruptImage"},
        {PXM_E_TRANSIENT, "store.unavailable", "Function.Storage"},
        {PXM_E_NOT_FOUND, "table.not_found", "Function.Metadata"},
        {PXM_E_THROTTLED, "queue.unavailable", "Function.Queue"},
        {PXM_E_TIMEOUT, "limit.time", "Function.Timeout"},
        {PXM_E_TIMEOUT, "store.timeout", "Function.Timeout"},
        {PXM_E_INVALID, "event.key", "Function.BadEvent"},
        {PXM_E_INVALID, "acme.failed", "Function.Failed"},
        {PXM_E_INTERNAL, "internal", "Function.Failed"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pxm_error error = {0};
        pxm_error_set(&error, cases[i].status, cases[i].code, "x");
        assert_string_equal(lambda_failure_name(lambda_failure_of(&error)), cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stream_that_breaks_ends_in_trailers, start, stop),
        cmocka_unit_test_setup_teardown(a_stream_that_does_not_break_has_none, start, stop),
        cmocka_unit_test(failures_have_names_of_a_closed_list),
    };
    pxm_error error = {0};

    if (lambda_api_start(&error) != PXM_OK) {
        return 1;
    }
    return cmocka_run_group_tests_name("lambda: api", tests, NULL, NULL);
}
