/* Collecting diagnostics. Everything lives in the arena of the set; a failure to keep one is itself counted as an
 * error. Called by every part that reads or checks, one thread at a time for each set. */
#include "lang/diag/diag.h"
#include "base/utf8.h"
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1024 /* of one message, label or note: what is quoted in it may come from a hostile file */ };

void pxm_diags_init(struct pxm_diags *diags, struct pxm_arena *arena)
{
    *diags = (struct pxm_diags){.arena = arena};
}

void pxm_diags_no_memory(struct pxm_diags *diags)
{
    if (!diags->no_memory) {
        diags->no_memory = true;
        diags->errors++;
    }
}

static const char *format_text(struct pxm_diags *diags, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static const char *format_text(struct pxm_diags *diags, const char *format, va_list args)
{
    static const char ellipsis[] = "...";
    char text[TEXT_MAX];
    int written = vsnprintf(text, sizeof text, format, args);
    size_t length;
    char *copy;

    if (written < 0) {
        pxm_diags_no_memory(diags);
        return NULL;
    }
    length = (size_t)written;
    if (length >= sizeof text) {
        length = pxm_utf8_cut(text, sizeof text - sizeof ellipsis);
        memcpy(text + length, ellipsis, sizeof ellipsis);
        length += sizeof ellipsis - 1;
    }
    copy = pxm_arena_strndup(diags->arena, text, length);
    if (!copy) {
        pxm_diags_no_memory(diags);
    }
    return copy;
}

/* Without a place, the message tells two of one code apart. */
static bool is_known(const struct pxm_diags *diags, const char *code, struct pxm_span span, const char *message)
{
    for (size_t i = 0; i < diags->count; i++) {
        const struct pxm_diag *other = diags->items[i];
        bool same = !strcmp(other->code, code) && other->span.source == span.source;

        if (same && (span.source ? other->span.offset == span.offset : message && !strcmp(other->message, message))) {
            return true;
        }
    }
    return false;
}

static bool grow(struct pxm_diags *diags)
{
    size_t capacity = diags->capacity ? 2 * diags->capacity : 8;
    struct pxm_diag **items;

    if (diags->count < diags->capacity) {
        return true;
    }
    items = pxm_arena_array(diags->arena, capacity, sizeof(struct pxm_diag *));
    if (!items) {
        return false;
    }
    if (diags->count) {
        memcpy(items, diags->items, diags->count * sizeof(struct pxm_diag *));
    }
    diags->items = items;
    diags->capacity = capacity;
    return true;
}

/* A mistake at the end of a file has a place, but no character. */
static struct pxm_span within_source(struct pxm_span span)
{
    size_t length = span.source ? span.source->length : 0;

    if (span.offset > length) {
        span.offset = (uint32_t)length;
    }
    if (span.length > length - span.offset) {
        span.length = (uint32_t)(length - span.offset);
    }
    return span;
}

static void count(struct pxm_diags *diags, enum pxm_severity severity)
{
    if (severity == PXM_SEVERITY_ERROR) {
        diags->errors++;
    } else {
        diags->warnings++;
    }
}

struct pxm_diag *pxm_diag_add(struct pxm_diags *diags, enum pxm_severity severity, const char *code,
                              struct pxm_span span, const char *format, ...)
{
    const char *message;
    struct pxm_diag *diag;
    va_list args;

    if (span.source && is_known(diags, code, span, NULL)) {
        return NULL;
    }
    if (diags->count == PXM_DIAGS_MAX) {
        diags->overflow = true;
        count(diags, severity);
        return NULL;
    }
    va_start(args, format);
    message = format_text(diags, format, args);
    va_end(args);
    if (!message || (!span.source && is_known(diags, code, span, message))) {
        return NULL;
    }
    diag = pxm_arena_alloc(diags->arena, sizeof *diag);
    if (!diag || !grow(diags)) {
        pxm_diags_no_memory(diags);
        return NULL;
    }
    *diag = (struct pxm_diag){.severity = severity, .code = code, .message = message, .span = within_source(span)};
    diags->items[diags->count++] = diag;
    count(diags, severity);
    return diag;
}

void pxm_diag_label(struct pxm_diags *diags, struct pxm_diag *diag, const char *format, ...)
{
    va_list args;

    if (diag) {
        va_start(args, format);
        diag->label = format_text(diags, format, args);
        va_end(args);
    }
}

void pxm_diag_also(struct pxm_diags *diags, struct pxm_diag *diag, struct pxm_span span, const char *format, ...)
{
    const char *label;
    va_list args;

    if (!diag || diag->also_count == PXM_DIAG_ALSO_MAX) {
        return;
    }
    va_start(args, format);
    label = format_text(diags, format, args);
    va_end(args);
    if (label) {
        diag->also[diag->also_count].span = within_source(span);
        diag->also[diag->also_count].label = label;
        diag->also_count++;
    }
}

void pxm_diag_note(struct pxm_diags *diags, struct pxm_diag *diag, const char *format, ...)
{
    va_list args;

    if (diag) {
        va_start(args, format);
        diag->note = format_text(diags, format, args);
        va_end(args);
    }
}
