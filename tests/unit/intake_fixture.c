/* One outcome for every way to feed the same bytes. */
#include "intake_fixture.h"

#include "base/blob.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/value.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { OUTCOME_BYTES_MAX = 1 << 22 };

static int folder = -1;

static void close_folder(void)
{
    close(folder);
}

int intake_folder(void)
{
    if (folder < 0) {
        folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(folder >= 0);
        atexit(close_folder);
    }
    return folder;
}

static void describe_blob(pxm_blob *blob, struct pxm_buf *ret)
{
    uint8_t digest[PXM_SHA256_BYTES];
    size_t length = 0;
    const char *data = pxm_blob_data(blob, &length);
    assert_int_equal(pxm_sha256(data, length, digest), PXM_OK);
    assert_memory_equal(pxm_blob_sha256(blob), digest, sizeof digest);
    pxm_buf_json_string(ret, data, length);
    if (pxm_blob_media(blob) != NULL) {
        pxm_buf_printf(ret, "(%s)", pxm_blob_media(blob));
    }
}

static void describe_value(const char *name, const pxm_value *value, struct pxm_buf *ret)
{
    struct pxm_error error = {0};
    if (value != NULL) {
        pxm_buf_printf(ret, "%s%s=", ret->length > 0 ? " " : "", name);
        assert_int_equal(pxm_json_write(ret, value, 0, 0, &error), PXM_OK);
    }
}

void intake_describe(const struct app_body *body, struct pxm_buf *ret)
{
    if (body->body != NULL) {
        pxm_buf_puts(ret, "body=");
        describe_blob(body->body, ret);
        assert_memory_equal(pxm_blob_sha256(body->body), body->sha256, sizeof body->sha256);
    }
    describe_value("json", body->json, ret);
    describe_value("form", body->form, ret);
    if (body->files != NULL) {
        pxm_buf_printf(ret, "%sfiles={", ret->length > 0 ? " " : "");
        for (size_t i = 0; i < pxm_value_count(body->files); i++) {
            pxm_buf_printf(ret, "%s%s=", i > 0 ? " " : "", pxm_value_key(body->files, i));
            describe_blob(pxm_value_as_blob(pxm_value_at(body->files, i)), ret);
        }
        pxm_buf_putc(ret, '}');
    }
    describe_value("filenames", body->filenames, ret);
}

static size_t length_of(const struct intake_case *what)
{
    return what->length > 0 ? what->length : strlen(what->body);
}

static pxm_status new_intake(const struct intake_case *what, int64_t content_length, struct app_intake **ret,
                             pxm_error *error)
{
    const struct app_intake_options options = {
        .trigger = &what->trigger,
        .content_type = what->content_type,
        .content_length = content_length,
        .bytes_max = what->bytes_max > 0 ? what->bytes_max : 1 << 20,
        .spool = intake_folder(),
    };
    return app_intake_new(&options, ret, error);
}

pxm_status intake_run(const struct intake_case *what, int64_t content_length, size_t step, struct app_body *ret,
                      pxm_error *error)
{
    const size_t length = length_of(what);
    struct app_intake *intake = NULL;
    pxm_status status = new_intake(what, content_length, &intake, error);
    for (size_t at = 0; at < length && status == PXM_OK; at += step) {
        status = app_intake_feed(intake, what->body + at, step < length - at ? step : length - at, error);
    }
    if (status == PXM_OK) {
        status = app_intake_finish(intake, ret, error);
    }
    app_intake_free(intake);
    return status;
}

/* In two pieces. */
static pxm_status run_cut(const struct intake_case *what, size_t cut, struct app_body *ret, pxm_error *error)
{
    struct app_intake *intake = NULL;
    pxm_status status = new_intake(what, -1, &intake, error);
    if (status == PXM_OK) {
        status = app_intake_feed(intake, what->body, cut, error);
    }
    if (status == PXM_OK) {
        status = app_intake_feed(intake, what->body + cut, length_of(what) - cut, error);
    }
    if (status == PXM_OK) {
        status = app_intake_finish(intake, ret, error);
    }
    app_intake_free(intake);
    return status;
}

static void compare(const struct intake_case *what, const char *how, size_t number, pxm_status status,
                    struct app_body *body, const pxm_error *error)
{
    struct pxm_buf outcome;
    pxm_buf_init(&outcome, OUTCOME_BYTES_MAX);
    size_t count = strlen(what->expected);
    if (status == PXM_OK) {
        intake_describe(body, &outcome);
        assert_int_equal(body->bytes, length_of(what));
        app_body_done(body);
    } else {
        assert_int_equal(error->status, status);
        pxm_buf_printf(&outcome, "%s: %s", error->code, error->text);
        count = count < outcome.length ? count : outcome.length;
    }
    if (strncmp(outcome.data, what->expected, count) != 0 || (status == PXM_OK && outcome.length != count) ||
        strlen(what->expected) != count) {
        fail_msg("%s %zu of\n%s\ngave     %s\nexpected %s", how, number, what->body, outcome.data, what->expected);
    }
    pxm_buf_done(&outcome);
}

void intake_check(const struct intake_case *what)
{
    const size_t length = length_of(what);
    const size_t steps[] = {length > 0 ? length : 1, 1, 7};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct pxm_error error = {0};
        struct app_body body = {.bytes = 0};
        pxm_status status = intake_run(what, (int64_t)length, steps[i], &body, &error);
        compare(what, "step", steps[i], status, &body, &error);
    }
    for (size_t cut = 0; cut <= length; cut++) {
        struct pxm_error error = {0};
        struct app_body body = {.bytes = 0};
        pxm_status status = run_cut(what, cut, &body, &error);
        compare(what, "cut", cut, status, &body, &error);
    }
}
