/* Text to the bytes of a file. */
#include "app/file_text.h"

#include "app/hex.h"
#include "base/error.h"
#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const char scheme[] = "data:";

enum { PIECE_BYTES = 16 << 10 /* of base64 that are decoded at once */ };

void app_file_text_init(struct app_file_text *text, struct app_upload *upload)
{
    text->upload = upload;
    text->part = APP_TEXT_START;
    text->read = 0;
    text->is_url = text->is_base64 = false;
    text->base64 = (struct app_base64){0};
    text->escape_left = 0;
    text->escape = 0;
    text->head_length = text->used = 0;
}

static pxm_status refuse(const struct app_file_text *text, const char *what, pxm_error *error)
{
    return pxm_error_set(error, PXM_E_INVALID, "request.body", "byte %" PRId64 ": %s", text->read + 1, what);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static pxm_status flush(struct app_file_text *text, pxm_error *error)
{
    pxm_status status = app_upload_file_add(text->upload, text->bytes, text->used, error);
    text->used = 0;
    return status;
}

static pxm_status make_room(struct app_file_text *text, size_t more, pxm_error *error)
{
    return sizeof text->bytes - text->used >= more ? PXM_OK : flush(text, error);
}

/* Decodes digits; *ret_step: how many there were at the start of the data, of which it looks at PIECE_BYTES. */
static pxm_status add_digits(struct app_file_text *text, const char *data, size_t length, size_t *ret_step,
                             pxm_error *error)
{
    size_t piece = length < PIECE_BYTES ? length : PIECE_BYTES, count = 0;
    pxm_status status = make_room(text, piece / 4 * 3 + 3, error);
    if (status == PXM_OK) {
        *ret_step = app_base64_decode(&text->base64, data, piece, text->bytes + text->used, &count);
        text->used += count;
    }
    return status;
}

/* A byte of the content, as it is or decoded from an escape. */
static pxm_status add_byte(struct app_file_text *text, char byte, pxm_error *error)
{
    size_t step = 0;
    if (!text->is_base64) {
        pxm_status status = make_room(text, 1, error);
        if (status == PXM_OK) {
            text->bytes[text->used++] = (uint8_t)byte;
        }
        return status;
    }
    pxm_status status = add_digits(text, &byte, 1, &step, error);
    if (status != PXM_OK || step == 1 || byte == '\r' || byte == '\n') {
        return status;
    }
    if (byte == '=') {
        return app_base64_pad(&text->base64) ? PXM_OK : refuse(text, "base64 has no padding here", error);
    }
    return refuse(text, text->base64.padding > 0 ? "nothing may follow the padding of base64" : "this is no base64",
                  error);
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

/* A URL is printable ASCII; what else there is has to be escaped. */
static bool is_url_character(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7F;
}

static pxm_status add_escape(struct app_file_text *text, char c, pxm_error *error)
{
    if (text->escape_left == 0) {
        text->escape_left = 2;
        text->escape = 0;
        return PXM_OK;
    }
    int digit = app_hex_digit(c);
    if (digit < 0) {
        return refuse(text, "two hex digits must follow a percent sign", error);
    }
    text->escape = (uint8_t)(text->escape << 4 | digit);
    return --text->escape_left == 0 ? add_byte(text, (char)text->escape, error) : PXM_OK;
}

static pxm_status add_data(struct app_file_text *text, const char *data, size_t length, size_t *ret_step,
                           pxm_error *error)
{
    *ret_step = 1;
    if (text->is_url && (text->escape_left > 0 || *data == '%')) {
        return add_escape(text, *data, error);
    }
    if (text->is_url && !is_url_character(*data) && !text->is_base64) {
        return refuse(text, "a data: URL has no such character", error);
    }
    if (!text->is_base64) {
        return add_byte(text, *data, error);
    }
    size_t step = 0;
    pxm_status status = add_digits(text, data, length, &step, error);
    if (status != PXM_OK || step > 0) {
        *ret_step = step;
        return status;
    }
    return add_byte(text, *data, error);
}

/* It is no URL: what looked like the start of one is base64, and "data" is digits. */
static pxm_status begin_base64(struct app_file_text *text, pxm_error *error)
{
    size_t step = 0;
    text->part = APP_TEXT_DATA;
    text->is_base64 = true;
    return add_digits(text, text->head, text->head_length, &step, error);
}

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t count = strlen(end);
    return length >= count && strncasecmp(text + length - count, end, count) == 0;
}

/* The media type in the head is not believed: the first bytes of the file tell. */
static pxm_status add_head(struct app_file_text *text, char c, pxm_error *error)
{
    if (c == ',') {
        text->part = APP_TEXT_DATA;
        text->is_base64 = ends_with(text->head, text->head_length, ";base64");
        return PXM_OK;
    }
    if (!is_url_character(c)) {
        return refuse(text, "a data: URL has no such character", error);
    }
    if (text->head_length == sizeof text->head) {
        return refuse(text, "a data: URL has a comma before its data", error);
    }
    text->head[text->head_length++] = c;
    return PXM_OK;
}

/* Takes some of the data, *ret_step characters of it. */
static pxm_status add_some(struct app_file_text *text, const char *data, size_t length, size_t *ret_step,
                           pxm_error *error)
{
    *ret_step = 1;
    switch (text->part) {
    case APP_TEXT_START:
        if (strncasecmp(data, scheme + text->head_length, 1) != 0) {
            *ret_step = 0;
            return begin_base64(text, error);
        }
        text->head[text->head_length++] = *data;
        if (text->head_length == strlen(scheme)) {
            text->part = APP_TEXT_HEAD;
            text->is_url = true;
            text->head_length = 0;
        }
        return PXM_OK;
    case APP_TEXT_HEAD:
        return add_head(text, *data, error);
    case APP_TEXT_DATA:
        return add_data(text, data, length, ret_step, error);
    }
    return PXM_OK;
}

pxm_status app_file_text_add(struct app_file_text *text, const char *data, size_t length, pxm_error *error)
{
    size_t step = 0;
    for (size_t at = 0; at < length; at += step) {
        pxm_status status = add_some(text, data + at, length - at, &step, error);
        if (status != PXM_OK) {
            return status;
        }
        text->read += (int64_t)step;
    }
    return PXM_OK;
}

pxm_status app_file_text_digits(struct app_file_text *text, const char *data, size_t length, size_t *ret_step,
                                pxm_error *error)
{
    size_t step = 0;
    if (text->part != APP_TEXT_DATA || !text->is_base64 || text->escape_left > 0) {
        *ret_step = 0;
        return PXM_OK;
    }
    pxm_status status = add_digits(text, data, length, &step, error);
    if (status == PXM_OK) {
        text->read += (int64_t)step;
        *ret_step = step;
    }
    return status;
}

pxm_status app_file_text_finish(struct app_file_text *text, pxm_error *error)
{
    size_t count = 0;
    pxm_status status = text->part == APP_TEXT_START ? begin_base64(text, error) : PXM_OK;
    if (status != PXM_OK) {
        return status;
    }
    if (text->part == APP_TEXT_HEAD) {
        return refuse(text, "a data: URL has a comma before its data", error);
    }
    if (text->escape_left > 0) {
        return refuse(text, "two hex digits must follow a percent sign", error);
    }
    status = make_room(text, 2, error);
    if (status == PXM_OK && text->is_base64) {
        if (!app_base64_finish(&text->base64, text->bytes + text->used, &count)) {
            return refuse(text, "base64 ends in the middle of a byte", error);
        }
        text->used += count;
    }
    return status == PXM_OK ? flush(text, error) : status;
}
