/* What a line of the log looks like. */
#include "app/log_private.h"

#include "base/clock.h"
#include "base/utf8.h"
#include <string.h>

enum { MESSAGE_MAX = 2600, FIELD_MAX = 400, CLEANED_MAX = 64 << 10 };

static const char *const names[] = {"debug", "info", "warning", "error"};
static const char *const cloud_names[] = {"DEBUG", "INFO", "WARN", "ERROR"};

static size_t level_index(int32_t level)
{
    return level >= PXM_LOG_DEBUG && level <= PXM_LOG_ERROR ? (size_t)level : PXM_LOG_INFO;
}

/* Text in which nothing is secret, and that is no longer than `max`. */
static void clean(struct pxm_buf *buf, const char *text, size_t max)
{
    pxm_buf_init(buf, CLEANED_MAX);
    log_redact(buf, text);
    if (buf->length > max) {
        pxm_buf_truncate(buf, pxm_utf8_cut(buf->data, max));
    }
}

static void put_json(struct pxm_buf *buf, const char *name, const char *text, size_t max)
{
    struct pxm_buf cleaned;
    clean(&cleaned, text, max);
    pxm_buf_printf(buf, "%s\"%s\":", buf->length > 1 ? "," : "", name);
    pxm_buf_json_string(buf, cleaned.data, cleaned.length);
    pxm_buf_done(&cleaned);
}

static const char *field_name(const struct log_field *field, bool is_cloud)
{
    return is_cloud && strcmp(field->name, "request") == 0 ? "requestId" : field->name;
}

static void write_json(struct pxm_buf *buf, const struct log_line *line, const char *time, bool is_cloud)
{
    pxm_buf_putc(buf, '{');
    put_json(buf, is_cloud ? "timestamp" : "time", time, FIELD_MAX);
    put_json(buf, "level", (is_cloud ? cloud_names : names)[level_index(line->level)], FIELD_MAX);
    put_json(buf, "source", line->source, FIELD_MAX);
    put_json(buf, "message", line->message, MESSAGE_MAX);
    const size_t whole = buf->length;
    for (size_t i = 0; i < line->count; i++) {
        const size_t before = buf->length;
        if (line->fields[i].text != NULL) {
            put_json(buf, field_name(&line->fields[i], is_cloud), line->fields[i].text, FIELD_MAX);
        } else {
            pxm_buf_printf(buf, ",\"%s\":%lld", line->fields[i].name, (long long)line->fields[i].number);
        }
        if (buf->length > LOG_LINE_MAX - 2) { /* what has no room is left out, so that the rest stays JSON */
            pxm_buf_truncate(buf, before);
        }
    }
    if (buf->length > LOG_LINE_MAX - 2) { /* a message of control characters, each of which takes six bytes */
        pxm_buf_truncate(buf, whole < LOG_LINE_MAX - 2 ? whole : 1);
    }
    pxm_buf_puts(buf, "}\n");
}

/* Bytes that would drive a terminal or begin another line are shown as \xNN; what is no UTF-8, too. */
static void put_text(struct pxm_buf *buf, const char *text, size_t max)
{
    struct pxm_buf cleaned;
    clean(&cleaned, text, max);
    for (size_t at = 0; at < cleaned.length;) {
        uint32_t code = 0;
        const size_t step = pxm_utf8_next(cleaned.data + at, cleaned.length - at, &code);
        if (step == 0 || code < 0x20 || (code >= 0x7F && code < 0xA0)) {
            pxm_buf_printf(buf, "\\x%02x", (unsigned char)cleaned.data[at]);
            at += step > 1 ? step : 1;
            continue;
        }
        pxm_buf_add(buf, cleaned.data + at, step);
        at += step;
    }
    pxm_buf_done(&cleaned);
}

static void write_text(struct pxm_buf *buf, const struct log_line *line, const char *time, bool colored)
{
    static const char *const colors[] = {"\x1B[2m", "", "\x1B[33m", "\x1B[31m"};
    const size_t level = level_index(line->level);
    const char *off = colored && colors[level][0] != '\0' ? "\x1B[0m" : "";
    pxm_buf_printf(buf, "%s %s%-7s%s ", time, colored ? colors[level] : "", names[level], off);
    put_text(buf, line->source, FIELD_MAX);
    pxm_buf_puts(buf, ": ");
    put_text(buf, line->message, MESSAGE_MAX);
    for (size_t i = 0; i < line->count; i++) {
        if (line->fields[i].text != NULL) {
            pxm_buf_printf(buf, " %s=", line->fields[i].name);
            put_text(buf, line->fields[i].text, FIELD_MAX);
        } else {
            pxm_buf_printf(buf, " %s=%lld", line->fields[i].name, (long long)line->fields[i].number);
        }
    }
    if (buf->length > LOG_LINE_MAX - 1) {
        pxm_buf_truncate(buf, pxm_utf8_cut(buf->data, LOG_LINE_MAX - 1));
    }
    pxm_buf_putc(buf, '\n');
}

void log_write_line(struct pxm_buf *buf, const struct log_line *line, enum log_format format, bool colored)
{
    char time[PXM_TIME_TEXT_MAX];
    pxm_time_format(pxm_clock_system.wall_ms(pxm_clock_system.arg), time);
    if (format != LOG_TEXT) {
        write_json(buf, line, time, format == LOG_CLOUD);
    } else {
        write_text(buf, line, time, colored);
    }
}
