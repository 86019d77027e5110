/* From a Content-Type to the reader that knows it, and from its bytes to what an event holds. */
#include "app/intake.h"

#include "app/form_data.h"
#include "app/json_files.h"
#include "app/media_type.h"
#include "app/spool.h"
#include "app/upload.h"
#include "app/url.h"
#include "base/blob.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/value.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_BODY, KIND_JSON, KIND_PAIRS, KIND_FORM_DATA };

struct app_intake {
    struct app_intake_options options; /* the content type is not kept */
    enum kind kind;
    int64_t received_max, received;
    struct pxm_sha256_stream *hash; /* of all that was received; NULL: the spool has it */
    struct app_upload upload;       /* of what wraps files */
    struct app_spool spool;         /* KIND_BODY, KIND_PAIRS */
    struct app_json_files *json;    /* KIND_JSON */
    struct app_form_data form;      /* KIND_FORM_DATA */
};

/* ---- what kind of body ------------------------------------------------------------------------------------------ */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), count = strlen(end);
    return length > count && strcmp(text + length - count, end) == 0;
}

static enum kind kind_of(const struct app_trigger *trigger, const char *type)
{
    if (!trigger->reads_json && !trigger->reads_form && !trigger->reads_files) {
        return KIND_BODY;
    }
    if (strcmp(type, "multipart/form-data") == 0) {
        return KIND_FORM_DATA;
    }
    if (strcmp(type, "application/x-www-form-urlencoded") == 0) {
        return KIND_PAIRS;
    }
    return strcmp(type, "application/json") == 0 || ends_with(type, "+json") ? KIND_JSON : KIND_BODY;
}

static bool is_read(const struct app_trigger *trigger, enum kind kind)
{
    switch (kind) {
    case KIND_BODY:
        return trigger->reads_body || (!trigger->reads_json && !trigger->reads_form && !trigger->reads_files);
    case KIND_JSON:
        return trigger->reads_json || trigger->reads_files;
    case KIND_PAIRS:
        return trigger->reads_form;
    case KIND_FORM_DATA:
        return trigger->reads_form || trigger->reads_files;
    }
    return false;
}

/* What the trigger reads, for a message. */
static void list_kinds(const struct app_trigger *trigger, struct pxm_buf *ret)
{
    static const char *const names[] = {
        [KIND_BODY] = "the file itself",
        [KIND_JSON] = "application/json",
        [KIND_PAIRS] = "application/x-www-form-urlencoded",
        [KIND_FORM_DATA] = "multipart/form-data",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_read(trigger, (enum kind)i)) {
            pxm_buf_printf(ret, "%s%s", ret->length > 0 ? " or " : "", names[i]);
        }
    }
}

static pxm_status refuse_kind(const struct app_trigger *trigger, const struct app_media_type *media, pxm_error *error)
{
    struct pxm_buf taken;
    pxm_buf_init(&taken, 256);
    list_kinds(trigger, &taken);
    pxm_status status = PXM_OK;
    if (taken.status == PXM_E_NO_MEMORY) {
        status = pxm_error_no_memory(error);
    } else if (media->type[0] == '\0') {
        status =
            pxm_error_set(error, PXM_E_INVALID, "request.media", "the body has no Content-Type: send %s", taken.data);
    } else {
        status = pxm_error_set(error, PXM_E_INVALID, "request.media", "%s is not taken here: send %s", media->type,
                               taken.data);
    }
    pxm_buf_done(&taken);
    return status;
}

/* What of the Content-Type the kind needs. */
static pxm_status check_media(const struct app_trigger *trigger, enum kind kind, const struct app_media_type *media,
                              pxm_error *error)
{
    if (!is_read(trigger, kind)) {
        return refuse_kind(trigger, media, error);
    }
    if (kind == KIND_FORM_DATA && media->boundary[0] == '\0') {
        return pxm_error_set(error, PXM_E_INVALID, "request.media", "multipart/form-data without a boundary");
    }
    bool is_text = kind == KIND_JSON || kind == KIND_PAIRS;
    if (is_text && media->charset[0] != '\0' && strcmp(media->charset, "utf-8") != 0 &&
        strcmp(media->charset, "utf8") != 0) {
        return pxm_error_set(error, PXM_E_INVALID, "request.media", "the charset of %s is UTF-8 alone", media->type);
    }
    return PXM_OK;
}

/* ---- limits ----------------------------------------------------------------------------------------------------- */

static int64_t add_or_max(int64_t a, int64_t b)
{
    int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* How long the whole body may be. What wraps files has limits of its own for what it has beside them. */
static int64_t received_max(const struct app_intake_options *options, enum kind kind)
{
    const int64_t max = options->bytes_max;
    switch (kind) {
    case KIND_BODY:
        return max;
    case KIND_JSON:
        if (options->trigger->reads_files) {
            return add_or_max(add_or_max(max, max / 3 + 4), APP_JSON_BYTES_MAX);
        }
        return max < APP_JSON_BYTES_MAX ? max : APP_JSON_BYTES_MAX;
    case KIND_PAIRS:
        return options->trigger->reads_body || max < APP_FORM_BYTES_MAX ? max : APP_FORM_BYTES_MAX;
    case KIND_FORM_DATA:
        return add_or_max(max, (int64_t)APP_FORM_BYTES_MAX + (int64_t)APP_PARTS_MAX * APP_PART_HEADERS_BYTES_MAX);
    }
    return max;
}

static pxm_status too_long(const struct app_intake *intake, pxm_error *error)
{
    return pxm_error_set(error, PXM_E_LIMIT, "limit.bytes", "the body is more than the %" PRId64 " bytes allowed",
                         intake->received_max);
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

static pxm_status init_kind(struct app_intake *intake, const struct app_media_type *media, pxm_error *error)
{
    if (intake->kind == KIND_BODY || intake->kind == KIND_PAIRS) {
        return app_spool_init(&intake->spool, intake->options.spool, intake->options.content_length, error);
    }
    app_upload_init(&intake->upload, &intake->options);
    intake->hash = pxm_sha256_new();
    if (intake->kind == KIND_JSON) {
        intake->json = app_json_files_new(&intake->upload);
    } else if (intake->kind == KIND_FORM_DATA) {
        app_form_data_init(&intake->form, media->boundary, &intake->upload);
    }
    bool is_whole = intake->hash != NULL && (intake->kind != KIND_JSON || intake->json != NULL);
    return is_whole ? PXM_OK : pxm_error_no_memory(error);
}

static pxm_status init(struct app_intake *intake, pxm_error *error)
{
    struct app_media_type media = {.type = ""};
    const struct app_trigger *trigger = intake->options.trigger;
    if (intake->options.content_length != 0) {
        pxm_status status = app_media_type_read(intake->options.content_type, &media, error);
        if (status == PXM_OK) {
            intake->kind = kind_of(trigger, media.type);
            status = check_media(trigger, intake->kind, &media, error);
        }
        if (status != PXM_OK) {
            return status;
        }
    }
    intake->options.content_type = NULL;
    intake->received_max = received_max(&intake->options, intake->kind);
    if (intake->options.content_length > intake->received_max) {
        return too_long(intake, error);
    }
    return init_kind(intake, &media, error);
}

pxm_status app_intake_new(const struct app_intake_options *options, struct app_intake **ret, pxm_error *error)
{
    struct app_intake *intake = calloc(1, sizeof *intake);
    if (intake == NULL) {
        return pxm_error_no_memory(error);
    }
    intake->options = *options;
    pxm_status status = init(intake, error);
    if (status != PXM_OK) {
        app_intake_free(intake);
        return status;
    }
    *ret = intake;
    return PXM_OK;
}

void app_intake_free(struct app_intake *intake)
{
    if (intake == NULL) {
        return;
    }
    app_form_data_done(&intake->form);
    app_json_files_free(intake->json);
    app_upload_done(&intake->upload);
    app_spool_done(&intake->spool);
    pxm_sha256_free(intake->hash);
    free(intake);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static pxm_status feed_kind(struct app_intake *intake, const void *data, size_t length, pxm_error *error)
{
    switch (intake->kind) {
    case KIND_BODY:
    case KIND_PAIRS:
        return app_spool_add(&intake->spool, data, length, error);
    case KIND_JSON:
        return app_json_files_feed(intake->json, data, length, error);
    case KIND_FORM_DATA:
        return app_form_data_feed(&intake->form, data, length, error);
    }
    return PXM_OK;
}

static pxm_status digest_failed(pxm_error *error)
{
    return pxm_error_set(error, PXM_E_INTERNAL, "internal", "libcrypto cannot compute a digest");
}

pxm_status app_intake_feed(struct app_intake *intake, const void *data, size_t length, pxm_error *error)
{
    const int64_t said = intake->options.content_length;
    if (__builtin_add_overflow(intake->received, length, &intake->received) ||
        intake->received > intake->received_max) {
        return too_long(intake, error);
    }
    if (said >= 0 && intake->received > said) {
        return pxm_error_set(error, PXM_E_INVALID, "request.body",
                             "the body is longer than the %" PRId64 " bytes that it said", said);
    }
    if (intake->hash != NULL && pxm_sha256_update(intake->hash, data, length) != PXM_OK) {
        return digest_failed(error);
    }
    return feed_kind(intake, data, length, error);
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

static pxm_status finish_body(struct app_intake *intake, struct app_body *ret, pxm_error *error)
{
    pxm_status status = app_spool_finish(&intake->spool, &ret->body, error);
    const uint8_t *digest = status == PXM_OK ? pxm_blob_sha256(ret->body) : NULL;
    if (status == PXM_OK && digest == NULL) {
        return digest_failed(error);
    }
    if (status == PXM_OK) {
        memcpy(ret->sha256, digest, sizeof ret->sha256);
    }
    return status;
}

static pxm_status read_pairs(const pxm_blob *body, pxm_value **ret, pxm_error *error)
{
    size_t length = 0;
    const char *text = pxm_blob_data(body, &length);
    if (length > APP_FORM_BYTES_MAX) {
        return pxm_error_set(error, PXM_E_LIMIT, "limit.bytes", "the form is more than the %d bytes allowed",
                             APP_FORM_BYTES_MAX);
    }
    pxm_status status = text != NULL ? app_url_pairs(text, length, ret, error) : pxm_error_no_memory(error);
    if (status == PXM_OK || status == PXM_E_NO_MEMORY) {
        return status;
    }
    return pxm_error_set(error, PXM_E_INVALID, status == PXM_E_LIMIT ? "request.fields" : "request.body",
                         "the form: %s", error->text);
}

/* curl sends a file so, if nobody tells it what else to say. No form begins like a picture does, as all that is no
 * plain ASCII is escaped in one. */
static pxm_status finish_pairs(struct app_intake *intake, struct app_body *ret, pxm_error *error)
{
    pxm_status status = finish_body(intake, ret, error);
    if (status != PXM_OK || (intake->options.trigger->reads_body && pxm_blob_media(ret->body) != NULL)) {
        return status;
    }
    status = read_pairs(ret->body, &ret->form, error);
    pxm_blob_unref(ret->body);
    ret->body = NULL;
    return status;
}

static pxm_status finish_kind(struct app_intake *intake, struct app_body *ret, pxm_error *error)
{
    pxm_status status = PXM_OK;
    switch (intake->kind) {
    case KIND_BODY:
        return finish_body(intake, ret, error);
    case KIND_JSON:
        status = app_json_files_finish(intake->json, &ret->json, error);
        break;
    case KIND_PAIRS:
        return finish_pairs(intake, ret, error);
    case KIND_FORM_DATA:
        status = app_form_data_finish(&intake->form, error);
        break;
    }
    if (status == PXM_OK) {
        app_upload_take(&intake->upload, ret);
    }
    return status;
}

static pxm_status finish(struct app_intake *intake, struct app_body *ret, pxm_error *error)
{
    const int64_t said = intake->options.content_length;
    ret->bytes = intake->received;
    if (said >= 0 && intake->received != said) {
        return pxm_error_set(error, PXM_E_INVALID, "request.body",
                             "the body ended after %" PRId64 " of the %" PRId64 " bytes that it said", intake->received,
                             said);
    }
    if (intake->received == 0) {
        return pxm_sha256("", 0, ret->sha256) == PXM_OK ? PXM_OK : digest_failed(error);
    }
    if (intake->hash != NULL && pxm_sha256_final(intake->hash, ret->sha256) != PXM_OK) {
        return digest_failed(error);
    }
    return finish_kind(intake, ret, error);
}

pxm_status app_intake_finish(struct app_intake *intake, struct app_body *ret, pxm_error *error)
{
    struct app_body body = {.bytes = 0};
    pxm_status status = finish(intake, &body, error);
    if (status != PXM_OK) {
        app_body_done(&body);
        return status;
    }
    *ret = body;
    return PXM_OK;
}

void app_body_done(struct app_body *body)
{
    pxm_blob_unref(body->body);
    pxm_value_unref(body->json);
    pxm_value_unref(body->form);
    pxm_value_unref(body->files);
    pxm_value_unref(body->filenames);
    *body = (struct app_body){.bytes = 0};
}
