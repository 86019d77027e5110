/* Growing text and bytes under a cap. Used wherever output is put together piece by piece; one thread at a time. */
#include "base/buf.h"

#include "base/utf8.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the data of every empty buffer points at; never written. */
static char nothing[1];

void pxm_buf_init(struct pxm_buf *buf, size_t max)
{
    *buf = (struct pxm_buf){.data = nothing, .max = max};
}

static void drop_memory(struct pxm_buf *buf)
{
    if (buf->capacity > 0) {
        free(buf->data);
    }
    buf->data = nothing;
    buf->length = 0;
    buf->capacity = 0;
}

void pxm_buf_done(struct pxm_buf *buf)
{
    drop_memory(buf);
    buf->status = PXM_OK;
}

void pxm_buf_clear(struct pxm_buf *buf)
{
    pxm_buf_truncate(buf, 0);
    buf->status = PXM_OK;
}

void pxm_buf_truncate(struct pxm_buf *buf, size_t length)
{
    if (length < buf->length) {
        buf->length = length;
        buf->data[length] = '\0';
    }
}

/* Makes room for `more` bytes and a NUL. */
static pxm_status make_room(struct pxm_buf *buf, size_t more)
{
    size_t total = 0;
    if (buf->status != PXM_OK) {
        return buf->status;
    }
    if (__builtin_add_overflow(buf->length, more, &total) || total > buf->max || total == SIZE_MAX) {
        return buf->status = PXM_E_LIMIT;
    }
    if (total < buf->capacity) {
        return PXM_OK;
    }
    size_t capacity = 0;
    if (__builtin_add_overflow(buf->capacity, buf->capacity / 2 + 64, &capacity) || capacity > buf->max) {
        capacity = buf->max < SIZE_MAX ? buf->max + 1 : SIZE_MAX;
    }
    if (capacity <= total) {
        capacity = total + 1;
    }
    char *data = realloc(buf->capacity > 0 ? buf->data : NULL, capacity);
    if (data == NULL) {
        return buf->status = PXM_E_NO_MEMORY;
    }
    data[buf->length] = '\0';
    buf->data = data;
    buf->capacity = capacity;
    return PXM_OK;
}

pxm_status pxm_buf_add(struct pxm_buf *buf, const void *data, size_t length)
{
    if (length == 0 || make_room(buf, length) != PXM_OK) {
        return buf->status;
    }
    memcpy(buf->data + buf->length, data, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
    return PXM_OK;
}

pxm_status pxm_buf_puts(struct pxm_buf *buf, const char *text)
{
    return pxm_buf_add(buf, text, strlen(text));
}

pxm_status pxm_buf_putc(struct pxm_buf *buf, char c)
{
    return pxm_buf_add(buf, &c, 1);
}

pxm_status pxm_buf_vprintf(struct pxm_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    if (buf->status == PXM_OK && length < 0) {
        buf->status = PXM_E_NO_MEMORY;
    }
    if (length > 0 && make_room(buf, (size_t)length) == PXM_OK) {
        int written = vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
        if (written == length) {
            buf->length += (size_t)length;
        } else {
            buf->data[buf->length] = '\0';
            buf->status = PXM_E_NO_MEMORY;
        }
    }
    va_end(again);
    return buf->status;
}

pxm_status pxm_buf_printf(struct pxm_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pxm_status status = pxm_buf_vprintf(buf, format, args);
    va_end(args);
    return status;
}

/* What RFC 8259 section 7 wants escaped; and DEL and the two line separators of ECMAScript, so that the text is safe on
 * a terminal and inside a script. */
static bool needs_escape(uint32_t code)
{
    return code < 0x20 || code == '"' || code == '\\' || code == 0x7F || code == 0x2028 || code == 0x2029;
}

static void put_escape(struct pxm_buf *buf, uint32_t code)
{
    static const char short_form[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                         {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};
    for (size_t i = 0; i < sizeof short_form / sizeof short_form[0]; i++) {
        if (code == (unsigned char)short_form[i][0]) {
            pxm_buf_putc(buf, '\\');
            pxm_buf_putc(buf, short_form[i][1]);
            return;
        }
    }
    pxm_buf_printf(buf, "\\u%04x", code);
}

pxm_status pxm_buf_json_string(struct pxm_buf *buf, const char *text, size_t length)
{
    size_t plain = 0; /* start of what is not written yet and goes out as it is */
    pxm_buf_putc(buf, '"');
    for (size_t at = 0; at < length;) {
        uint32_t code = 0;
        size_t step = pxm_utf8_next(text + at, length - at, &code);
        if (step > 0 && !needs_escape(code)) {
            at += step;
            continue;
        }
        pxm_buf_add(buf, text + plain, at - plain);
        if (step > 0) {
            put_escape(buf, code);
        } else {
            pxm_buf_puts(buf, "\xEF\xBF\xBD");
        }
        at += step > 0 ? step : 1;
        plain = at;
    }
    pxm_buf_add(buf, text + plain, length - plain);
    return pxm_buf_putc(buf, '"');
}

char *pxm_buf_take(struct pxm_buf *buf)
{
    char *text = NULL;
    if (buf->status == PXM_OK && buf->capacity == 0) {
        text = calloc(1, 1);
        buf->status = text != NULL ? PXM_OK : PXM_E_NO_MEMORY;
    } else if (buf->status == PXM_OK) {
        text = buf->data;
        buf->capacity = 0;
    }
    drop_memory(buf);
    return text;
}
