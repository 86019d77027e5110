/* The parts between boundaries. Every state takes some bytes and says how many; what might be a delimiter stays in
 * `matched`, as a delimiter begins with the only CR in it and so never overlaps another start of one. */
#include "app/multipart.h"

#include "app/intake.h"
#include "base/error.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void app_multipart_init(struct app_multipart *multipart, const char *boundary, const struct app_multipart_sink *sink,
                        void *arg)
{
    *multipart = (struct app_multipart){.sink = sink, .arg = arg, .matched = 2, .assumed = 2};
    pxm_buf_init(&multipart->head, APP_PART_HEADERS_BYTES_MAX);
    int length = snprintf(multipart->delimiter, sizeof multipart->delimiter, "\r\n--%.70s", boundary);
    multipart->delimiter_length = length > 0 ? (size_t)length : 0;
}

void app_multipart_done(struct app_multipart *multipart)
{
    pxm_buf_done(&multipart->head);
}

static pxm_status refuse(const struct app_multipart *multipart, size_t at, const char *what, pxm_error *error)
{
    return pxm_error_set(error, PXM_E_INVALID, "request.body", "byte %" PRId64 " of multipart/form-data: %s",
                         multipart->read + (int64_t)at + 1, what);
}

/* ---- data ------------------------------------------------------------------------------------------------------- */

static pxm_status put_data(const struct app_multipart *multipart, const char *data, size_t length, pxm_error *error)
{
    if (length == 0 || multipart->state != APP_MULTIPART_DATA) {
        return PXM_OK;
    }
    return multipart->sink->data(multipart->arg, data, length, error);
}

static void await_delimiter(struct app_multipart *multipart, enum app_multipart_state state)
{
    multipart->state = state;
    multipart->matched = 2;
    multipart->assumed = 2;
}

/* A delimiter is complete: the part before it, if any, has ended. */
static pxm_status end_part(struct app_multipart *multipart, pxm_error *error)
{
    bool is_part = multipart->state == APP_MULTIPART_DATA;
    multipart->state = APP_MULTIPART_BOUNDARY;
    multipart->matched = 0;
    multipart->assumed = 0;
    multipart->last = '\0';
    return is_part ? multipart->sink->end(multipart->arg, error) : PXM_OK;
}

/* Goes on with a delimiter that began before. Where it turns out to be none, what was held back is data. */
static pxm_status go_on(struct app_multipart *multipart, const char *data, size_t length, size_t *ret_step,
                        pxm_error *error)
{
    size_t step = 0;
    while (step < length && multipart->matched + step < multipart->delimiter_length &&
           data[step] == multipart->delimiter[multipart->matched + step]) {
        step++;
    }
    *ret_step = step;
    multipart->matched += step;
    if (multipart->matched == multipart->delimiter_length) {
        return end_part(multipart, error);
    }
    if (step == length) {
        return PXM_OK;
    }
    size_t start = multipart->assumed, held = multipart->matched - start;
    multipart->matched = 0;
    multipart->assumed = 0;
    return put_data(multipart, multipart->delimiter + start, held, error);
}

/* Data up to the next delimiter, or what may be the start of one at the end. */
static pxm_status take_data(struct app_multipart *multipart, const char *data, size_t length, size_t *ret_step,
                            pxm_error *error)
{
    if (multipart->matched > 0) {
        return go_on(multipart, data, length, ret_step, error);
    }
    size_t count = 0;
    const char *at = memchr(data, '\r', length);
    while (at != NULL) {
        size_t left = length - (size_t)(at - data);
        count = left < multipart->delimiter_length ? left : multipart->delimiter_length;
        if (memcmp(at, multipart->delimiter, count) == 0) {
            break;
        }
        at = memchr(at + 1, '\r', left - 1);
    }
    size_t plain = at != NULL ? (size_t)(at - data) : length;
    pxm_status status = put_data(multipart, data, plain, error);
    if (status != PXM_OK) {
        return status;
    }
    multipart->matched = at != NULL ? count : 0;
    *ret_step = plain + multipart->matched;
    return multipart->matched == multipart->delimiter_length ? end_part(multipart, error) : PXM_OK;
}

/* ---- boundaries and headers ------------------------------------------------------------------------------------- */

/* The rest of the line of a boundary: "--" if it is the last, white space, CRLF. */
static pxm_status take_boundary(struct app_multipart *multipart, char c, pxm_error *error)
{
    char last = multipart->last;
    bool is_start = last == '\0', is_dash = last == '-' && !multipart->is_last;
    multipart->last = c;
    if (is_dash && c == '-') {
        multipart->is_last = true;
        return PXM_OK;
    }
    if (last == '\r' && c == '\n') {
        pxm_buf_clear(&multipart->head);
        multipart->state = multipart->is_last ? APP_MULTIPART_EPILOGUE : APP_MULTIPART_HEADERS;
        return PXM_OK;
    }
    bool is_next = c == ' ' || c == '\t' || c == '\r' || (is_start && c == '-');
    if (last == '\r' || is_dash || !is_next) {
        return refuse(multipart, 0, "a boundary stands alone on its line", error);
    }
    return PXM_OK;
}

/* The headers of a part are complete. */
static pxm_status begin_part(struct app_multipart *multipart, pxm_error *error)
{
    struct app_part part = {.name = NULL};
    if (++multipart->part_count > APP_PARTS_MAX) {
        return pxm_error_set(error, PXM_E_INVALID, "request.fields", "more than %d parts", APP_PARTS_MAX);
    }
    pxm_buf_truncate(&multipart->head, multipart->head.length - 2);
    pxm_status status = app_part_read(multipart->head.data, &part, error);
    if (status == PXM_OK) {
        status = multipart->sink->begin(multipart->arg, &part, error);
    }
    if (status != PXM_OK) {
        pxm_error_context(error, "part %zu", multipart->part_count);
    }
    await_delimiter(multipart, APP_MULTIPART_DATA);
    return status;
}

static bool ends_with(const struct pxm_buf *buf, const char *end)
{
    size_t length = strlen(end);
    return buf->length >= length && memcmp(buf->data + buf->length - length, end, length) == 0;
}

/* One line, or a piece of one. The headers end with an empty line. */
static pxm_status take_headers(struct app_multipart *multipart, const char *data, size_t length, size_t *ret_step,
                               pxm_error *error)
{
    const char *end = memchr(data, '\n', length);
    size_t step = end != NULL ? (size_t)(end - data) + 1 : length;
    const char *nul = memchr(data, '\0', step);
    if (nul != NULL) {
        return refuse(multipart, (size_t)(nul - data), "a NUL in a header", error);
    }
    pxm_status status = pxm_buf_add(&multipart->head, data, step);
    if (status == PXM_E_LIMIT) {
        return pxm_error_set(error, PXM_E_INVALID, "request.fields", "the headers of a part are more than %d bytes",
                             APP_PART_HEADERS_BYTES_MAX);
    }
    if (status != PXM_OK) {
        return pxm_error_no_memory(error);
    }
    *ret_step = step;
    bool is_end = ends_with(&multipart->head, "\r\n\r\n") || strcmp(multipart->head.data, "\r\n") == 0;
    return is_end ? begin_part(multipart, error) : PXM_OK;
}

pxm_status app_multipart_feed(struct app_multipart *multipart, const void *data, size_t length, pxm_error *error)
{
    const char *from = data;
    for (size_t at = 0, step = 0; at < length; at += step) {
        pxm_status status = PXM_OK;
        step = 1;
        switch (multipart->state) {
        case APP_MULTIPART_PREAMBLE:
        case APP_MULTIPART_DATA:
            status = take_data(multipart, from + at, length - at, &step, error);
            break;
        case APP_MULTIPART_BOUNDARY:
            status = take_boundary(multipart, from[at], error);
            break;
        case APP_MULTIPART_HEADERS:
            status = take_headers(multipart, from + at, length - at, &step, error);
            break;
        case APP_MULTIPART_EPILOGUE:
            return PXM_OK;
        }
        if (status != PXM_OK) {
            return status;
        }
        multipart->read += (int64_t)step;
    }
    return PXM_OK;
}

pxm_status app_multipart_finish(const struct app_multipart *multipart, pxm_error *error)
{
    bool is_closed = multipart->state == APP_MULTIPART_BOUNDARY && multipart->is_last && multipart->last != '\r';
    if (multipart->state == APP_MULTIPART_EPILOGUE || is_closed) {
        return PXM_OK;
    }
    return refuse(multipart, 0, "the last boundary is missing", error);
}
