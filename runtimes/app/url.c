/* Percent-decoding of paths, queries and forms. No state. */
#include "app/url.h"

#include "app/hex.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"
#include <string.h>

static pxm_status invalid(pxm_error *error, size_t at, const char *what)
{
    return pxm_error_set(error, PXM_E_INVALID, "url.invalid", "byte %zu: %s", at + 1, what);
}

/* The byte that the escape at `at` stands for. */
static pxm_status decode_escape(const char *text, size_t length, size_t at, char *ret, pxm_error *error)
{
    int high = length - at >= 3 ? app_hex_digit(text[at + 1]) : -1;
    int low = high >= 0 ? app_hex_digit(text[at + 2]) : -1;
    if (low < 0) {
        return invalid(error, at, "two hex digits must follow a percent sign");
    }
    *ret = (char)(high << 4 | low);
    return PXM_OK;
}

static pxm_status decode_into(const char *text, size_t length, bool plus_is_space, struct pxm_buf *ret,
                              pxm_error *error)
{
    size_t plain = 0; /* start of what is not added yet and stands for itself */
    for (size_t at = 0; at < length;) {
        char c = text[at];
        size_t step = 1;
        if (c == '%') {
            pxm_status status = decode_escape(text, length, at, &c, error);
            if (status != PXM_OK) {
                return status;
            }
            step = 3;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c != '\0') {
            at++;
            continue;
        }
        if (c == '\0') {
            return invalid(error, at, "a NUL is not allowed");
        }
        pxm_buf_add(ret, text + plain, at - plain);
        pxm_buf_putc(ret, c);
        at += step;
        plain = at;
    }
    pxm_buf_add(ret, text + plain, length - plain);
    if (ret->status == PXM_E_LIMIT) {
        return pxm_error_set(error, PXM_E_LIMIT, "url.too_long", "more than %zu bytes", ret->max);
    }
    return ret->status == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
}

pxm_status app_url_decode(const char *text, size_t length, bool plus_is_space, struct pxm_buf *ret, pxm_error *error)
{
    size_t start = ret->length;
    pxm_status status = decode_into(text, length, plus_is_space, ret, error);
    if (status == PXM_OK && !pxm_utf8_valid(ret->data + start, ret->length - start)) {
        status = pxm_error_set(error, PXM_E_INVALID, "url.invalid", "what the percent signs encode is no UTF-8");
    }
    if (status != PXM_OK) {
        pxm_buf_truncate(ret, start);
    }
    return status;
}

/* Reads one pair into `scratch`, which it clears: the name, a NUL, and the value, whose start is *ret_value. */
static pxm_status decode_pair(const char *text, size_t length, struct pxm_buf *scratch, size_t *ret_value,
                              pxm_error *error)
{
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals != NULL ? (size_t)(equals - text) : length;
    pxm_buf_clear(scratch);
    pxm_status status = app_url_decode(text, name_length, true, scratch, error);
    if (status != PXM_OK) {
        return status;
    }
    if (pxm_buf_putc(scratch, '\0') != PXM_OK) {
        return pxm_error_no_memory(error);
    }
    *ret_value = scratch->length;
    return equals != NULL ? app_url_decode(equals + 1, length - name_length - 1, true, scratch, error) : PXM_OK;
}

static pxm_status read_pairs(const char *text, size_t length, pxm_value *record, struct pxm_buf *scratch,
                             pxm_error *error)
{
    size_t count = 0, value = 0, step = 0;
    for (size_t at = 0; at < length; at += step + 1) {
        const char *end = memchr(text + at, '&', length - at);
        step = end != NULL ? (size_t)(end - text) - at : length - at;
        if (step == 0) {
            continue;
        }
        if (++count > APP_PAIRS_MAX) {
            return pxm_error_set(error, PXM_E_LIMIT, "url.too_many", "more than %d parameters", APP_PAIRS_MAX);
        }
        pxm_status status = decode_pair(text + at, step, scratch, &value, error);
        if (status != PXM_OK) {
            pxm_error_context(error, "parameter %zu", count);
            return status;
        }
        if (pxm_value_get(record, scratch->data) == NULL &&
            pxm_value_set(record, scratch->data, pxm_value_string(scratch->data + value, scratch->length - value)) !=
                PXM_OK) {
            return pxm_error_no_memory(error);
        }
    }
    return PXM_OK;
}

pxm_status app_url_pairs(const char *text, size_t length, pxm_value **ret, pxm_error *error)
{
    pxm_value *record = pxm_value_record();
    if (record == NULL) {
        return pxm_error_no_memory(error);
    }
    struct pxm_buf scratch;
    pxm_buf_init(&scratch, SIZE_MAX); /* no more than the text */
    pxm_status status = read_pairs(text, length, record, &scratch, error);
    pxm_buf_done(&scratch);
    if (status != PXM_OK) {
        pxm_value_unref(record);
        return status;
    }
    *ret = record;
    return PXM_OK;
}
