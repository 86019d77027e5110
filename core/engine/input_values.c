/* Turns what comes from outside into typed inputs. Called by pxm_submit on the host's thread and by `call` on a
 * worker. */
#include "engine/input_values.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/media.h"
#include "base/utf8.h"
#include "base/value.h"
#include "engine/input_text.h"

#include <inttypes.h>
#include <string.h>

enum { SNIFF_BYTES = 64 };

static pxm_status invalid(const struct pxm_input *input, const char *why, pxm_error *error)
{
    return pxm_error_set(error, PXM_E_INVALID, "input.invalid", "input `%s` %s", input->name, why);
}

/* ---- from the host's struct -------------------------------------------------------------------------------------- */

pxm_status pxm_input_parse(const struct pxm_pipeline *pipeline, size_t index, const struct pxm_input_value *given,
                           pxm_value **ret, bool *ret_taken, pxm_error *error)
{
    const struct pxm_input *input = &pipeline->program->inputs[index];
    pxm_blob *blob = NULL;

    if (given->text) {
        return pxm_input_of_text(input, given->text, strlen(given->text), ret, error);
    }
    if (given->path) {
        pxm_status status = pxm_blob_open(given->path, pipeline->limits.bytes, &blob, error);
        if (status != PXM_OK) {
            pxm_error_context(error, "input `%s`", input->name);
            return status;
        }
    } else if (given->data) {
        *ret_taken = true;
        blob = pxm_blob_new(given->data, given->length, given->release, given->arg);
        if (!blob) {
            return pxm_error_no_memory(error);
        }
    }
    *ret = blob ? pxm_value_blob(blob) : pxm_value_null();
    return *ret ? PXM_OK : pxm_error_no_memory(error);
}

/* ---- what is declared of an input -------------------------------------------------------------------------------- */

static pxm_status check_number(const struct pxm_input *input, double number, pxm_error *error)
{
    bool checked = input->min != 0 || input->max != 0;

    if (checked && !(number >= input->min && number <= input->max)) {
        return pxm_error_set(error, PXM_E_INVALID, "input.invalid", "input `%s` is %g; it may be %g to %g", input->name,
                             number, input->min, input->max);
    }
    return PXM_OK;
}

static bool is_one_of(const char *const *words, const char *word)
{
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static pxm_status check_string(const struct pxm_pipeline *pipeline, size_t index, const pxm_value *value,
                               pxm_error *error)
{
    const struct pxm_input *input = &pipeline->program->inputs[index];
    const regex_t *pattern = pipeline->patterns[index];
    size_t length = 0;
    const char *text = pxm_value_as_string(value, &length);

    if (!pxm_utf8_valid(text, length) || memchr(text, '\0', length)) {
        return invalid(input, "is no UTF-8 text without NUL", error);
    }
    if (input->length_max > 0 && length > (uint64_t)input->length_max) {
        return pxm_error_set(error, PXM_E_INVALID, "input.invalid", "input `%s` has %zu bytes; %" PRId64 " are allowed",
                             input->name, length, input->length_max);
    }
    if (input->values && !is_one_of(input->values, text)) {
        return invalid(input, "is none of its declared values", error);
    }
    if (pattern && regexec(pattern, text, 0, NULL, 0) != 0) {
        return pxm_error_set(error, PXM_E_INVALID, "input.invalid", "input `%s` does not match the pattern %s",
                             input->name, input->pattern);
    }
    return PXM_OK;
}

/* The type of the bytes is what they say themselves, never what somebody calls them. */
static pxm_status check_blob(const struct pxm_input *input, const pxm_blob *blob, int64_t max, pxm_error *error)
{
    size_t length = pxm_blob_length(blob);

    if (length > (uint64_t)max) {
        return pxm_error_set(error, PXM_E_LIMIT, "limit.bytes", "input `%s` has %zu bytes; %" PRId64 " are allowed",
                             input->name, length, max);
    }
    if (!input->media) {
        return PXM_OK;
    }
    const void *data = pxm_blob_data(blob, &length);
    if (!data && length > 0) {
        return pxm_error_set(error, PXM_E_TRANSIENT, "input.unreadable", "input `%s` cannot be read", input->name);
    }
    const char *media = pxm_media_type(data, length < SNIFF_BYTES ? length : SNIFF_BYTES);
    if (!media || !is_one_of(input->media, media)) {
        return pxm_error_set(error, PXM_E_INVALID, "input.media", "input `%s` is %s, which is not accepted",
                             input->name, media ? media : "of no known type");
    }
    return PXM_OK;
}

static pxm_status check_value(const struct pxm_pipeline *pipeline, size_t index, const pxm_value *value,
                              int64_t blob_max, pxm_error *error)
{
    const struct pxm_input *input = &pipeline->program->inputs[index];
    uint32_t type = pxm_value_type(value);
    char wanted[96];
    char given[96];

    if (!(type & input->type->bits) && !(type == PXM_TYPE_INT && (input->type->bits & PXM_TYPE_FLOAT))) {
        return pxm_error_set(error, PXM_E_INVALID, "input.invalid", "input `%s` is %s; it must be %s", input->name,
                             pxm_type_name(type, given, sizeof given),
                             pxm_type_name(input->type->bits, wanted, sizeof wanted));
    }
    switch (type) {
    case PXM_TYPE_INT:
    case PXM_TYPE_FLOAT:
        return check_number(input, pxm_value_as_float(value), error);
    case PXM_TYPE_STRING:
        return check_string(pipeline, index, value, error);
    case PXM_TYPE_BLOB:
        return check_blob(input, pxm_value_as_blob(value), blob_max, error);
    default:
        return PXM_OK;
    }
}

/* ---- the door ---------------------------------------------------------------------------------------------------- */

static pxm_status absent(const struct pxm_input *input, pxm_value **ret, pxm_error *error)
{
    if (!input->fallback && !(input->type->bits & PXM_TYPE_NULL)) {
        return pxm_error_set(error, PXM_E_INVALID, "input.missing", "input `%s` is missing", input->name);
    }
    *ret = input->fallback ? pxm_value_ref(input->fallback) : pxm_value_null();
    return *ret ? PXM_OK : pxm_error_no_memory(error);
}

pxm_status pxm_input_accept(const struct pxm_pipeline *pipeline, size_t index, const pxm_value *given, int64_t blob_max,
                            pxm_value **ret, pxm_error *error)
{
    const struct pxm_input *input = &pipeline->program->inputs[index];
    pxm_value *value = NULL;
    pxm_status status = PXM_OK;

    if (pxm_value_type(given) == PXM_TYPE_STRING && !(input->type->bits & PXM_TYPE_STRING)) {
        size_t length = 0;
        const char *text = pxm_value_as_string(given, &length);
        status = pxm_input_of_text(input, text, length, &value, error);
    } else if (pxm_value_type(given) != PXM_TYPE_NULL) {
        value = pxm_value_ref(given);
    }
    if (status == PXM_OK && pxm_value_type(value) == PXM_TYPE_NULL) {
        pxm_value_unref(value);
        return absent(input, ret, error);
    }
    if (status == PXM_OK) {
        status = check_value(pipeline, index, value, blob_max, error);
    }
    if (status != PXM_OK) {
        pxm_value_unref(value);
        return status;
    }
    *ret = value;
    return PXM_OK;
}
