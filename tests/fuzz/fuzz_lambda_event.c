/* Any text as an event of Lambda: what is taken for a request has a path and a query that a server could have got, and
 * whatever its body is, it is no larger than what the gateway wrote. */
#include "base/blob.h"
#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include "fuzz.h"
#include "lambda/caller.h"
#include "lambda/http_event.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Printable ASCII without a blank. */
static void check_target(const char *text, size_t max)
{
    check(strlen(text) <= max);
    for (; *text != '\0'; text++) {
        check(*text > ' ' && *text < 0x7F);
    }
}

static void check_head(const struct app_head *head)
{
    check(head->method[0] != '\0' && head->path[0] != '\0');
    check_target(head->method, SIZE_MAX);
    check_target(head->path, APP_TARGET_BYTES_MAX);
    check_target(head->query, APP_TARGET_BYTES_MAX);
    check(head->header_count <= APP_HEADERS_MAX);
    for (size_t i = 0; i < head->header_count; i++) {
        check(head->headers[i].name[0] != '\0' && strpbrk(head->headers[i].value, "\r\n") == NULL);
    }
}

static void feed(const struct lambda_request *request)
{
    const struct app_trigger trigger = {.reads_body = true};
    const struct app_intake_options options = {
        .trigger = &trigger, .content_length = -1, .bytes_max = 1 << 20, .spool = -1};
    struct app_intake *intake = NULL;
    struct app_body body = {.bytes = 0};
    pxm_error error = {0};

    check(app_intake_new(&options, &intake, &error) == PXM_OK);
    pxm_status status = lambda_request_feed(request, intake, &error);
    if (status == PXM_OK) {
        status = app_intake_finish(intake, &body, &error);
    }
    check((status == PXM_OK) == (error.status == PXM_OK));
    check(status != PXM_OK || (size_t)body.bytes <= request->text_length);
    app_body_done(&body);
    app_intake_free(intake);
}

static void read_request(const pxm_value *event, enum lambda_shape shape)
{
    static const struct lambda_settings settings = {.upload_token = "", .operator_token = ""};
    const struct app_trigger trigger = {.auth = "token"};
    struct lambda_request request;
    pxm_value *user = NULL;
    pxm_error error = {0};

    pxm_status status = lambda_request_read(&request, event, shape, "/api", &error);
    check((status == PXM_OK) == (error.status == PXM_OK));
    if (status == PXM_OK) {
        check_head(&request.head);
        feed(&request);
        status = lambda_caller_find(&settings, &trigger, &request.head, event, &user, &error);
        check((status == PXM_OK) == (user != NULL));
    }
    pxm_value_unref(user);
    lambda_request_done(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum lambda_shape shapes[] = {LAMBDA_HTTP_V2, LAMBDA_HTTP_V1, LAMBDA_HTTP_ALB};
    pxm_value *event = NULL;

    if (pxm_json_parse((const char *)data, size, &event, NULL) != PXM_OK) {
        return 0;
    }
    enum lambda_shape shape = lambda_shape_of(event);
    check(shape <= LAMBDA_DIRECT);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        read_request(event, shapes[i]); /* whatever it is, nothing may go wrong */
    }
    pxm_value_unref(event);
    return 0;
}
