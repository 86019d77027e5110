/* Bodies to text, whatever the steps. */
#include "outcome.h"

#include "base/blob.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/value.h"
#include <stdlib.h>
#include <string.h>

enum { OUTCOME_BYTES_MAX = 16 << 20, FILE_BYTES_MAX = 1 << 20 };

void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void add_blob(pxm_blob *blob, struct pxm_buf *ret)
{
    uint8_t digest[PXM_SHA256_BYTES];
    size_t length = 0;
    const char *data = pxm_blob_data(blob, &length);
    check(pxm_sha256(data, length, digest) == PXM_OK);
    check(memcmp(pxm_blob_sha256(blob), digest, sizeof digest) == 0);
    pxm_buf_printf(ret, "%zu:", length);
    pxm_buf_add(ret, data, length);
}

static void add_value(const pxm_value *value, struct pxm_buf *ret)
{
    pxm_buf_puts(ret, "\n");
    if (value != NULL) {
        check(pxm_json_write(ret, value, 0, 0, NULL) == PXM_OK);
    }
}

/* Every text of a record is clean. */
static void check_texts(const pxm_value *record)
{
    for (size_t i = 0; i < pxm_value_count(record); i++) {
        size_t length = 0;
        const char *text = pxm_value_as_string(pxm_value_at(record, i), &length), *key = pxm_value_key(record, i);
        check(pxm_utf8_valid(text, length) && strlen(text) == length && pxm_utf8_valid(key, strlen(key)));
    }
}

static void add_body(const struct app_body *body, struct pxm_buf *ret)
{
    check_texts(body->form);
    check_texts(body->filenames);
    check(pxm_value_count(body->files) <= APP_PARTS_MAX);
    pxm_buf_puts(ret, "body ");
    if (body->body != NULL) {
        add_blob(body->body, ret);
    }
    add_value(body->json, ret);
    add_value(body->form, ret);
    add_value(body->filenames, ret);
    for (size_t i = 0; i < pxm_value_count(body->files); i++) {
        pxm_buf_printf(ret, "\n%s=", pxm_value_key(body->files, i));
        add_blob(pxm_value_as_blob(pxm_value_at(body->files, i)), ret);
    }
}

static void add_error(pxm_status status, const pxm_error *error, struct pxm_buf *ret)
{
    static const char *const codes[] = {"request.media", "request.body", "request.fields", "limit.bytes"};
    bool is_known = false;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        is_known = is_known || strcmp(error->code, codes[i]) == 0;
    }
    check(is_known && error->status == status && (status == PXM_E_INVALID || status == PXM_E_LIMIT));
    pxm_buf_printf(ret, "%s: %s", error->code, error->text);
}

void outcome_of(const struct app_trigger *trigger, const char *content_type, const void *data, size_t size, size_t step,
                struct pxm_buf *ret)
{
    const struct app_intake_options options = {.trigger = trigger,
                                               .content_type = content_type,
                                               .content_length = -1,
                                               .bytes_max = FILE_BYTES_MAX,
                                               .spool = -1};
    struct pxm_error error = {0};
    struct app_body body = {.bytes = 0};
    struct app_intake *intake = NULL;
    pxm_status status = app_intake_new(&options, &intake, &error);
    for (size_t at = 0; at < size && status == PXM_OK; at += step) {
        status = app_intake_feed(intake, (const char *)data + at, step < size - at ? step : size - at, &error);
    }
    if (status == PXM_OK) {
        status = app_intake_finish(intake, &body, &error);
    }
    app_intake_free(intake);
    pxm_buf_clear(ret);
    if (status == PXM_OK) {
        check((size_t)body.bytes == size);
        add_body(&body, ret);
        app_body_done(&body);
    } else {
        add_error(status, &error, ret);
    }
    check(ret->status == PXM_OK);
}

void outcome_of_any_steps(const struct app_trigger *trigger, const char *content_type, const void *data, size_t size,
                          struct pxm_buf *ret)
{
    const size_t steps[] = {1, 2, 3, 5, 17, size / 2 + 1};
    struct pxm_buf other;
    pxm_buf_init(&other, OUTCOME_BYTES_MAX);
    outcome_of(trigger, content_type, data, size, size + 1, ret);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        outcome_of(trigger, content_type, data, size, steps[i], &other);
        check(other.length == ret->length && memcmp(other.data, ret->data, ret->length) == 0);
    }
    pxm_buf_done(&other);
}
