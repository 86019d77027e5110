/* Uploads through the HTTP front into the real intake: what was sent is what the handler gets, on disk and hashed. */
#include "http_client.h"

#include "app/answer.h"
#include "base/blob.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/value.h"
#include "daemon/http.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { BODY_MAX = 3 << 20, LARGE = 2 << 20, LARGER = 5 << 20 };

static const struct app_trigger raw = {.body_max = BODY_MAX, .reads_body = true};
static const struct app_trigger form = {.body_max = BODY_MAX, .reads_files = true};
static struct http_server *server;
static int spool;
static char *large;

static struct app_intake *begin(void *arg, struct http_exchange *exchange, struct app_response **ret_refusal)
{
    const struct app_head *head = http_head(exchange);
    const bool is_form = strcmp(head->path, "/form") == 0;
    const struct app_intake_options options = {.trigger = is_form ? &form : &raw,
                                               .content_type = app_head_get(head, "Content-Type"),
                                               .content_length = head->content_length,
                                               .bytes_max = BODY_MAX,
                                               .spool = spool};
    pxm_error error = {.status = PXM_OK};
    struct app_intake *intake = NULL;
    (void)arg;
    if (app_intake_new(&options, &intake, &error) != PXM_OK) {
        *ret_refusal = app_answer_error(&error, http_request_id(exchange), 0);
    }
    return intake;
}

static void complete(void *arg, struct http_exchange *exchange, struct app_body *body)
{
    char text[128] = "none", hex[65];
    (void)arg;
    if (body != NULL) {
        pxm_blob *blob = body->body != NULL ? body->body : pxm_value_as_blob(pxm_value_get(body->files, "file"));
        pxm_hex(pxm_blob_sha256(blob), PXM_SHA256_BYTES, hex);
        snprintf(text, sizeof text, "%zu %s %s", pxm_blob_length(blob), hex,
                 pxm_blob_fd(blob, NULL) >= 0 ? "on disk" : "in memory");
        app_body_done(body);
        free(body);
    }
    struct app_response *response = app_response_new(201);
    app_response_body(response, pxm_blob_copy(text, strlen(text)));
    http_answer(exchange, response);
}

static struct app_response *failed(void *arg, struct http_exchange *exchange, const pxm_error *error)
{
    (void)arg;
    return app_answer_error(error, http_request_id(exchange), 0);
}

static void over(void *arg, struct http_exchange *exchange, bool sent)
{
    (void)arg;
    (void)exchange;
    (void)sent;
}

static int setup(void **state)
{
    static const struct http_handler handler = {.begin = begin, .complete = complete, .failed = failed, .over = over};
    const struct http_options options = {.listen_fd = -1,
                                         .connections_max = 512,
                                         .connections_per_address_max = 512,
                                         .header_ms_max = 600000,
                                         .body_ms_max = 600000,
                                         .idle_ms_max = 600000,
                                         .requests_max = 1000,
                                         .linger_ms_max = 600000,
                                         .handler = &handler};
    (void)state;
    spool = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    large = malloc(LARGE);
    if (spool < 0 || large == NULL || http_start(&options, &server, NULL) != PXM_OK) {
        return 1;
    }
    for (size_t i = 0; i < LARGE; i++) {
        large[i] = (char)(i * 31 % 253);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_stop(server);
    close(spool);
    free(large);
    return 0;
}

/* Sends a request of two or three pieces, and expects that status; and that text, where it is not NULL. */
static void expect(const char *head, const char *body, size_t length, const char *tail, int status, const char *text)
{
    struct answer answer;
    int fd = client_connect(http_port(server));
    client_puts(fd, head);
    client_send(fd, body, length);
    client_puts(fd, tail);
    assert_true(client_read(fd, &answer, false));
    if (answer.status != status || (text != NULL && strcmp(answer.body, text) != 0)) {
        fail_msg("%d: %s", answer.status, answer.body);
    }
    client_answer_done(&answer);
    close(fd);
}

static void describe(const char *data, size_t length, const char *where, char *text, size_t size)
{
    uint8_t digest[PXM_SHA256_BYTES];
    char hex[65];
    assert_int_equal(pxm_sha256(data, length, digest), PXM_OK);
    pxm_hex(digest, sizeof digest, hex);
    snprintf(text, size, "%zu %s %s", length, hex, where);
}

static void a_body_is_what_was_sent(void **state)
{
    char text[128];
    (void)state;
    describe("abc", 3, "in memory", text, sizeof text);
    expect("PUT /raw HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n", "abc", 3, "", 201, text);
    describe(large, LARGE, "on disk", text, sizeof text);
    expect("PUT /raw HTTP/1.1\r\nHost: h\r\nContent-Length: 2097152\r\n\r\n", large, LARGE, "", 201, text);
    expect("PUT /raw HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n", large, LARGE,
           "\r\n0\r\n\r\n", 201, text);
}

static void a_file_of_a_form_is_what_was_sent(void **state)
{
    static const char head[] = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.jpg\"\r\n\r\n";
    static const char tail[] = "\r\n--b--\r\n";
    char request[512], text[128];
    (void)state;
    snprintf(request, sizeof request,
             "POST /form HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             sizeof head - 1 + LARGE + sizeof tail - 1, head);
    describe(large, LARGE, "on disk", text, sizeof text);
    expect(request, large, LARGE, tail, 201, text);
}

static void too_much_is_refused_wherever_it_shows(void **state)
{
    static char larger[LARGER];
    (void)state;
    expect("PUT /raw HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n", large, 1000, "", 413, NULL);
    expect("PUT /raw HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n800000\r\n", larger, LARGER, "", 413,
           NULL);
}

static void what_is_no_form_is_refused(void **state)
{
    (void)state;
    expect(
        "POST /form HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 10\r\n\r\n",
        "0123456789", 10, "", 400, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_what_was_sent),
        cmocka_unit_test(a_file_of_a_form_is_what_was_sent),
        cmocka_unit_test(too_much_is_refused_wherever_it_shows),
        cmocka_unit_test(what_is_no_form_is_refused),
    };
    return cmocka_run_group_tests_name("http upload", tests, setup, teardown);
}
