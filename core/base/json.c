/* JSON from values. Reading is in json_parse.c. */
#include "base/json.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/image.h"
#include "base/value.h"
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    struct pxm_buf *buf;
    int indent;
    int describe;
    pxm_error *error;
};

static pxm_status write_value(struct writer *writer, const pxm_value *value, int level);

/* The fewest digits that read back equal, and always with a mark of a float, so that the type comes back too. Printed
 * in the C locale of this thread, as others write a decimal comma. */
static pxm_status write_float(struct writer *writer, double number)
{
    if (!isfinite(number)) {
        return pxm_error_set(writer->error, PXM_E_INVALID, "json.unsupported", "JSON has no number for %s",
                             isnan(number) ? "NaN" : "infinity");
    }
    char text[40] = "";
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0) {
        return pxm_error_no_memory(writer->error);
    }
    locale_t before = uselocale(plain);
    for (int digits = isnormal(number) ? DBL_DIG : 1; digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    uselocale(before);
    freelocale(plain);
    pxm_buf_puts(writer->buf, text);
    if (strpbrk(text, ".e") == NULL) {
        pxm_buf_puts(writer->buf, ".0");
    }
    return PXM_OK;
}

static pxm_status write_blob(struct writer *writer, const pxm_blob *blob)
{
    if (!writer->describe) {
        return pxm_error_set(writer->error, PXM_E_INVALID, "json.unsupported", "a blob has no JSON");
    }
    pxm_buf_printf(writer->buf, "{\"blob\":{\"bytes\":%zu,\"media\":", pxm_blob_length(blob));
    const char *media = pxm_blob_media(blob);
    if (media != NULL) {
        pxm_buf_json_string(writer->buf, media, strlen(media));
    } else {
        pxm_buf_puts(writer->buf, "null");
    }
    pxm_buf_puts(writer->buf, "}}");
    return PXM_OK;
}

static pxm_status write_image(struct writer *writer, const pxm_image *image)
{
    if (!writer->describe) {
        return pxm_error_set(writer->error, PXM_E_INVALID, "json.unsupported", "an image has no JSON");
    }
    const struct pxm_image_info *info = pxm_image_info(image);
    pxm_buf_printf(writer->buf, "{\"image\":{\"width\":%" PRId64 ",\"height\":%" PRId64 "}}", info->width,
                   info->height);
    return PXM_OK;
}

static void write_line_break(struct writer *writer, int level)
{
    if (writer->indent > 0) {
        pxm_buf_printf(writer->buf, "\n%*s", writer->indent * level, "");
    }
}

static pxm_status write_items(struct writer *writer, const pxm_value *value, int level)
{
    bool is_record = pxm_value_type(value) == PXM_TYPE_RECORD;
    size_t count = pxm_value_count(value);
    pxm_status status = PXM_OK;
    pxm_buf_putc(writer->buf, is_record ? '{' : '[');
    for (size_t i = 0; status == PXM_OK && i < count; i++) {
        if (i > 0) {
            pxm_buf_putc(writer->buf, ',');
        }
        write_line_break(writer, level + 1);
        if (is_record) {
            const char *key = pxm_value_key(value, i);
            pxm_buf_json_string(writer->buf, key, strlen(key));
            pxm_buf_puts(writer->buf, writer->indent > 0 ? ": " : ":");
        }
        status = write_value(writer, pxm_value_at(value, i), level + 1);
    }
    if (count > 0) {
        write_line_break(writer, level);
    }
    pxm_buf_putc(writer->buf, is_record ? '}' : ']');
    return status;
}

/* Recursion that the depth of values bounds. */
static pxm_status write_value(struct writer *writer, const pxm_value *value, int level)
{
    size_t length = 0;
    const char *text = NULL;
    switch (pxm_value_type(value)) {
    case PXM_TYPE_BOOL:
        pxm_buf_puts(writer->buf, pxm_value_as_bool(value) ? "true" : "false");
        return PXM_OK;
    case PXM_TYPE_INT:
        pxm_buf_printf(writer->buf, "%" PRId64, pxm_value_as_int(value));
        return PXM_OK;
    case PXM_TYPE_FLOAT:
        return write_float(writer, pxm_value_as_float(value));
    case PXM_TYPE_STRING:
        text = pxm_value_as_string(value, &length);
        pxm_buf_json_string(writer->buf, text, length);
        return PXM_OK;
    case PXM_TYPE_LIST:
    case PXM_TYPE_RECORD:
        return write_items(writer, value, level);
    case PXM_TYPE_BLOB:
        return write_blob(writer, pxm_value_as_blob(value));
    case PXM_TYPE_IMAGE:
        return write_image(writer, pxm_value_as_image(value));
    default:
        pxm_buf_puts(writer->buf, "null");
        return PXM_OK;
    }
}

/* Something may be missing from a list or record that failed, and half of a value must not pass for the whole. */
static pxm_status check_whole(const pxm_value *value, pxm_error *error)
{
    pxm_status status = value != NULL ? pxm_value_status(value) : PXM_OK;
    switch (status) {
    case PXM_OK:
        return PXM_OK;
    case PXM_E_NO_MEMORY:
        return pxm_error_no_memory(error);
    case PXM_E_LIMIT:
        return pxm_error_set(error, status, "json.too_deep", "nested more than %d levels deep", PXM_VALUE_DEPTH_MAX);
    default:
        return pxm_error_set(error, status, "json.unsupported", "a part of the value could not be put there");
    }
}

pxm_status pxm_json_write(struct pxm_buf *buf, const pxm_value *value, int indent, int describe, pxm_error *error)
{
    struct writer writer = {.buf = buf, .indent = indent, .describe = describe, .error = error};
    size_t start = buf->length;
    pxm_status status = check_whole(value, error);
    if (status != PXM_OK) {
        return status;
    }
    status = write_value(&writer, value, 0);
    if (status == PXM_OK && buf->status == PXM_E_LIMIT) {
        status = pxm_error_set(error, PXM_E_LIMIT, "json.too_large", "the JSON is longer than %zu bytes", buf->max);
    } else if (status == PXM_OK && buf->status != PXM_OK) {
        status = pxm_error_no_memory(error);
    }
    if (status != PXM_OK) {
        pxm_buf_truncate(buf, start);
    }
    return status;
}
