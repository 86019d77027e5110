/* Any conditions, ranges and origins: an answer that HTTP allows, of bytes that are there, and no header is broken. The
 * input is the values of the headers, one a line. */
#include "app/answer.h"
#include "app/policy.h"
#include "base/blob.h"
#include "base/error.h"
#include "base/value.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"If-Match", "If-None-Match", "If-Range", "Range",
                                    "Origin",   "Host",          "Range",    "If-None-Match"};
enum { NAMES = sizeof names / sizeof names[0] };

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_headers(const struct app_response *response)
{
    for (size_t i = 0; i < response->header_count; i++) {
        const char *value = response->headers[i].value;
        check(value[strcspn(value, "\r\n")] == '\0');
    }
}

static void check_response(const struct app_response *response, const char *method)
{
    bool has_body = response->body != NULL;
    int64_t whole = has_body ? (int64_t)pxm_blob_length(response->body) : 0;
    check(response->offset >= 0 && response->length >= 0 && response->offset <= whole &&
          response->length <= whole - response->offset);
    switch (response->status) {
    case 200:
        check(response->offset == 0 && response->length == whole);
        break;
    case 206:
        check(strcmp(method, "GET") == 0 && response->length > 0 && app_response_get(response, "Content-Range"));
        break;
    case 304:
        check(!has_body && app_response_get(response, "ETag"));
        break;
    case 412:
    case 416:
        check(strcmp(app_response_get(response, "Content-Type"), "application/problem+json") == 0);
        break;
    default:
        check(false);
    }
    check_headers(response);
}

static void try_answer(const struct app_head *head)
{
    static const char *const origins[] = {"https://app.example", NULL};
    static const struct app_policy policy = {.origins = origins};
    static const struct app_trigger trigger = {
        .name = "t", .kind = PXM_TRIGGER_HTTP, .method = "GET", .status = 200, .cache = "public"};
    struct pxm_error error = {0};
    struct app_response *response = NULL;
    pxm_blob *blob = pxm_blob_copy("0123456789", 10);
    pxm_blob_set_etag(blob, "\"a\"");
    pxm_value *output = pxm_value_blob(blob);
    check(app_answer_output(&trigger, head, output, &response, &error) == PXM_OK);
    check(app_policy_apply(&policy, head, response));
    check_response(response, head->method);
    const char *allowed = app_response_get(response, "Access-Control-Allow-Origin");
    check(allowed == NULL || strcmp(allowed, origins[0]) == 0);
    app_policy_is_foreign(&policy, head);
    app_response_free(response);
    pxm_value_unref(output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct app_header headers[NAMES];
    struct app_head head = {.method = "GET", .path = "/", .query = "", .scheme = "http", .headers = headers};
    char *text = malloc(size + 1);
    check(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    for (char *at = text; at != NULL && head.header_count < NAMES;) {
        char *end = strchr(at, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        bool is_sent = *at != '\0';
        headers[head.header_count] = (struct app_header){is_sent ? names[head.header_count] : "X", at};
        head.header_count++;
        at = end;
    }
    try_answer(&head);
    head.method = "HEAD";
    try_answer(&head);
    free(text);
    return 0;
}
