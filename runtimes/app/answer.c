/* From the output of a run to an answer. */
#include "app/answer.h"

#include "app/condition.h"
#include "app/media.h"
#include "app/range.h"
#include "base/blob.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VARY_BYTES_MAX = 4 << 10 };

/* An answer in the making. */
struct draft {
    const struct app_trigger *trigger;
    const struct app_head *head;
    struct app_response *response; /* owned */
    char etag[128];                /* "": none */
    bool done;                     /* so far; false: no memory, as what is set was checked before */
};

static void set(struct draft *draft, const char *name, const char *value)
{
    draft->done = draft->done && app_response_set(draft->response, name, value);
}

static bool is_read(const struct draft *draft)
{
    return strcmp(draft->head->method, "GET") == 0 || strcmp(draft->head->method, "HEAD") == 0;
}

/* ---- what every answer of a trigger has -------------------------------------------------------------------------- */

static void set_vary(struct draft *draft)
{
    struct pxm_buf vary;
    pxm_buf_init(&vary, VARY_BYTES_MAX);
    for (size_t i = 0; draft->trigger->vary != NULL && draft->trigger->vary[i] != NULL; i++) {
        pxm_buf_printf(&vary, "%s%s", i > 0 ? ", " : "", draft->trigger->vary[i]);
    }
    if (vary.status == PXM_E_LIMIT) {
        set(draft, "Vary", "*"); /* no cache may then take one answer for another */
    } else if (vary.status != PXM_OK) {
        draft->done = false;
    } else if (vary.length > 0) {
        set(draft, "Vary", vary.data);
    }
    pxm_buf_done(&vary);
}

static void begin(struct draft *draft)
{
    draft->response = app_response_new(draft->trigger->status);
    draft->done = draft->response != NULL;
    if (draft->done) {
        set(draft, "Cache-Control", draft->trigger->cache != NULL ? draft->trigger->cache : "no-store");
        set_vary(draft);
    }
}

static pxm_status finish(struct draft *draft, struct app_response **ret, pxm_error *error)
{
    if (!draft->done) {
        app_response_free(draft->response);
        return pxm_error_no_memory(error);
    }
    *ret = draft->response;
    return PXM_OK;
}

/* ---- without a body ---------------------------------------------------------------------------------------------- */

static bool is_bodiless(int status)
{
    return status == 204 || status == 205 || status == 304;
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* A URL or a path as a header may have it: printable ASCII without a blank. */
static bool is_location(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] >= 0x7F) {
            return false;
        }
    }
    return length > 0 && length <= APP_TARGET_BYTES_MAX;
}

static pxm_status redirect(struct draft *draft, const pxm_value *output, struct app_response **ret, pxm_error *error)
{
    size_t length = 0;
    const char *location = pxm_value_as_string(output, &length);
    if (!is_location(location, length)) {
        return pxm_error_set(error, PXM_E_INVALID, "output.location", "the output of a redirect is no URL");
    }
    begin(draft);
    if (draft->done) {
        set(draft, "Location", location);
    }
    return finish(draft, ret, error);
}

static pxm_status nothing(struct draft *draft, struct app_response **ret, pxm_error *error)
{
    begin(draft);
    if (draft->done && draft->response->status == 200) {
        draft->response->status = 204;
    }
    return finish(draft, ret, error);
}

/* ---- bodies ------------------------------------------------------------------------------------------------------ */

static pxm_status json_body(const pxm_value *output, pxm_blob **ret, pxm_error *error)
{
    struct pxm_buf buf;
    pxm_buf_init(&buf, PXM_JSON_BYTES_MAX);
    pxm_status status = pxm_json_write(&buf, output, 0, 0, error);
    if (status == PXM_OK) {
        size_t length = buf.length;
        char *text = pxm_buf_take(&buf);
        *ret = text != NULL ? pxm_blob_new(text, length, free, text) : NULL;
        status = *ret != NULL ? PXM_OK : pxm_error_no_memory(error);
    }
    pxm_buf_done(&buf);
    return status;
}

/* What its store said, else its hash, where that is known or soon made: a file is not read here. */
static void find_etag(struct draft *draft, pxm_blob *body)
{
    const char *told = pxm_blob_etag(body);
    if (told != NULL && app_condition_is_etag(told) && strlen(told) < sizeof draft->etag) {
        memcpy(draft->etag, told, strlen(told) + 1);
        return;
    }
    const uint8_t *digest = pxm_blob_known_sha256(body);
    if (digest == NULL && pxm_blob_fd(body, NULL) < 0) {
        digest = pxm_blob_sha256(body);
    }
    if (digest != NULL) {
        char hex[2 * PXM_SHA256_BYTES + 1];
        pxm_hex(digest, PXM_SHA256_BYTES, hex);
        snprintf(draft->etag, sizeof draft->etag, "\"%s\"", hex);
    }
}

/* What is public may be part of any page, the rest only of pages of the same site. */
static bool is_public(const struct app_trigger *trigger)
{
    return trigger->auth == NULL && trigger->cache != NULL && strstr(trigger->cache, "public") != NULL;
}

/* It may come from strangers: whatever it is, no browser runs it with the rights of this origin. */
static void describe_blob(struct draft *draft, const pxm_blob *body)
{
    const char *media = app_media_of_blob(body);
    set(draft, "Content-Type", media);
    set(draft, "X-Content-Type-Options", "nosniff");
    set(draft, "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox");
    set(draft, "Cross-Origin-Resource-Policy", is_public(draft->trigger) ? "cross-origin" : "same-site");
    if (!app_media_is_inert(media)) {
        set(draft, "Content-Disposition", "attachment");
    }
    if (is_read(draft)) {
        set(draft, "Accept-Ranges", "bytes");
    }
}

/* ---- conditions and ranges --------------------------------------------------------------------------------------- */

/* Section 15.4.5 of RFC 9110: what a 200 would say of caching, and nothing of the body. */
static void not_modified(struct draft *draft)
{
    static const char *const of_the_body[] = {"Content-Type", "Content-Disposition", "Accept-Ranges"};
    draft->response->status = 304;
    for (size_t i = 0; i < sizeof of_the_body / sizeof of_the_body[0]; i++) {
        app_response_unset(draft->response, of_the_body[i]);
    }
    app_response_body(draft->response, NULL);
}

static void replace(struct draft *draft, struct app_response *response)
{
    app_response_free(draft->response);
    draft->response = response;
    draft->done = draft->done && response != NULL;
}

static void take_range(struct draft *draft)
{
    struct app_response *response = draft->response;
    const char *value = app_head_get(draft->head, "Range");
    int64_t offset = 0, length = 0, whole = response->length;
    char text[80];

    if (value == NULL || strcmp(draft->head->method, "GET") != 0 || response->status != 200 ||
        !app_condition_allows_range(draft->head, draft->etag[0] != '\0' ? draft->etag : NULL)) {
        return;
    }
    switch (app_range_read(value, whole, &offset, &length)) {
    case APP_RANGE_WHOLE:
        break;
    case APP_RANGE_PART:
        snprintf(text, sizeof text, "bytes %" PRId64 "-%" PRId64 "/%" PRId64, offset, offset + length - 1, whole);
        set(draft, "Content-Range", text);
        response->status = 206;
        response->offset = offset;
        response->length = length;
        break;
    case APP_RANGE_BEYOND:
        snprintf(text, sizeof text, "bytes */%" PRId64, whole);
        replace(draft, app_answer_problem(416, "request.range", NULL, "there are %" PRId64 " bytes", whole));
        if (draft->done) {
            set(draft, "Content-Range", text);
        }
        break;
    }
}

/* Only of what would be a success (section 13.2.1). */
static void apply_conditions(struct draft *draft, bool has_ranges)
{
    if (!is_read(draft) || draft->response->status >= 300) {
        return;
    }
    switch (app_condition_check(draft->head, draft->etag[0] != '\0' ? draft->etag : NULL)) {
    case APP_CONDITION_NOT_MODIFIED:
        not_modified(draft);
        break;
    case APP_CONDITION_FAILED:
        replace(draft, app_answer_problem(412, "request.condition", NULL, "what is there has another tag"));
        break;
    case APP_CONDITION_HOLDS:
        if (has_ranges) {
            take_range(draft);
        }
        break;
    }
}

/* Takes over the body. */
static pxm_status with_body(struct draft *draft, pxm_blob *body, bool is_blob, struct app_response **ret,
                            pxm_error *error)
{
    begin(draft);
    if (!draft->done) {
        pxm_blob_unref(body);
        return finish(draft, ret, error);
    }
    app_response_body(draft->response, body);
    if (is_blob) {
        describe_blob(draft, body);
    } else {
        set(draft, "Content-Type", "application/json");
    }
    /* JSON that nobody may keep needs no tag. */
    if (is_read(draft) && (is_blob || draft->trigger->cache != NULL)) {
        find_etag(draft, body);
    }
    if (draft->etag[0] != '\0') {
        set(draft, "ETag", draft->etag);
    }
    if (draft->done) {
        apply_conditions(draft, is_blob);
    }
    return finish(draft, ret, error);
}

pxm_status app_answer_output(const struct app_trigger *trigger, const struct app_head *head, const pxm_value *output,
                             struct app_response **ret, pxm_error *error)
{
    struct draft draft = {.trigger = trigger, .head = head};
    pxm_blob *body = NULL;
    uint32_t type = pxm_value_type(output);

    if (type == PXM_TYPE_NULL || is_bodiless(trigger->status)) {
        return nothing(&draft, ret, error);
    }
    if (type == PXM_TYPE_STRING && is_redirect(trigger->status)) {
        return redirect(&draft, output, ret, error);
    }
    if (type == PXM_TYPE_BLOB) {
        return with_body(&draft, pxm_blob_ref(pxm_value_as_blob(output)), true, ret, error);
    }
    pxm_status status = json_body(output, &body, error);
    return status == PXM_OK ? with_body(&draft, body, false, ret, error) : status;
}
