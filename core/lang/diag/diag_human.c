/* Diagnostics for people: the heading line that editors parse, the source line with carets under the span, other
 * places, a note. Pure; called by diag_render.c. Nothing from a file reaches the terminal but as pxm_glyph_at
 * shows it. */
#include "lang/diag/diag_render.h"
#include "lang/diag/glyph.h"
#include <stdio.h>
#include <string.h>

enum {
    LEFT_COLUMNS_MAX = 100, /* shown before the span */
    COLUMNS_MAX = 150,      /* of a source line */
};
static const char cut_mark[] = "...";

/* ANSI escapes, or empty texts. */
struct paint {
    const char *severity, *gutter, *bold, *off;
};

/* The part of a source line that is shown, and where the carets stand below it. */
struct excerpt {
    const char *begin, *end;
    bool cut_left, cut_right;
    unsigned caret_column, caret_count;
};

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

static unsigned glyph_columns(const char **text, const char *end)
{
    struct pxm_glyph glyph = pxm_glyph_at(*text, (size_t)(end - *text));

    *text += glyph.bytes;
    return glyph.width;
}

/* The start of the line of `at`, or of as much of it as may be shown before. */
static const char *find_begin(const char *text, const char *at, bool *ret_cut)
{
    const char *begin = at;
    unsigned columns = 0;

    while (begin > text && !is_break(begin[-1])) {
        const char *character = begin - 1;
        const char *next;

        while (character > text && begin - character < 4 && ((unsigned char)*character & 0xc0) == 0x80) {
            character--;
        }
        next = character;
        columns += glyph_columns(&next, begin);
        if (columns > LEFT_COLUMNS_MAX) {
            *ret_cut = true;
            break;
        }
        begin = character;
    }
    return begin;
}

static struct excerpt cut_out(struct pxm_span span)
{
    const struct pxm_source *source = span.source;
    const char *at = source->text + (span.offset < source->length ? span.offset : source->length);
    const char *text_end = source->text + source->length;
    const char *span_end = (size_t)(text_end - at) > span.length ? at + span.length : text_end;
    struct excerpt excerpt = {0};
    unsigned total = 0;

    excerpt.begin = find_begin(source->text, at, &excerpt.cut_left);
    excerpt.end = excerpt.begin;
    while (excerpt.end < text_end && !is_break(*excerpt.end)) {
        const char *next = excerpt.end;
        unsigned columns = glyph_columns(&next, text_end);

        total += columns;
        if (total > COLUMNS_MAX) {
            excerpt.cut_right = true;
            break;
        }
        if (excerpt.end < at) {
            excerpt.caret_column += columns;
        } else if (excerpt.end < span_end) {
            excerpt.caret_count += columns;
        }
        excerpt.end = next;
    }
    if (excerpt.cut_left) {
        excerpt.caret_column += sizeof cut_mark - 1;
    }
    if (excerpt.caret_count == 0) {
        excerpt.caret_count = 1;
    }
    return excerpt;
}

static void put_visible(struct pxm_buf *out, const char *text)
{
    pxm_buf_visible(out, text, strlen(text));
}

static void put_repeated(struct pxm_buf *out, char c, unsigned count)
{
    while (count-- > 0) {
        pxm_buf_putc(out, c);
    }
}

static void put_source_line(struct pxm_buf *out, const struct excerpt *excerpt)
{
    if (excerpt->cut_left) {
        pxm_buf_puts(out, cut_mark);
    }
    for (const char *p = excerpt->begin; p < excerpt->end;) {
        struct pxm_glyph glyph = pxm_glyph_at(p, (size_t)(excerpt->end - p));

        pxm_buf_puts(out, glyph.shown);
        p += glyph.bytes;
    }
    if (excerpt->cut_right) {
        pxm_buf_puts(out, cut_mark);
    }
    pxm_buf_putc(out, '\n');
}

/* The source line with carets and label below it. */
static void put_place(struct pxm_buf *out, const struct paint *paint, int digits, struct pxm_span span,
                      const char *label)
{
    struct excerpt excerpt = cut_out(span);

    pxm_buf_printf(out, "%s %*u |%s ", paint->gutter, digits, span.line, paint->off);
    put_source_line(out, &excerpt);
    pxm_buf_printf(out, "%s %*s |%s ", paint->gutter, digits, "", paint->off);
    put_repeated(out, ' ', excerpt.caret_column);
    pxm_buf_puts(out, paint->severity);
    put_repeated(out, '^', excerpt.caret_count);
    if (label) {
        pxm_buf_putc(out, ' ');
        put_visible(out, label);
    }
    pxm_buf_puts(out, paint->off);
    pxm_buf_putc(out, '\n');
}

static void put_note(struct pxm_buf *out, const struct paint *paint, int digits, const char *note)
{
    pxm_buf_printf(out, "%s %*s =%s ", paint->gutter, digits, "", paint->off);
    put_visible(out, note);
    pxm_buf_putc(out, '\n');
}

static void put_path(struct pxm_buf *out, struct pxm_span span)
{
    put_visible(out, span.source->path);
    if (span.line) {
        pxm_buf_printf(out, ":%u:%u", span.line, span.column);
    }
}

static void put_heading(struct pxm_buf *out, const struct paint *paint, const struct pxm_diag *diag)
{
    if (diag->span.source) {
        pxm_buf_puts(out, paint->bold);
        put_path(out, diag->span);
        pxm_buf_printf(out, ":%s ", paint->off);
    }
    pxm_buf_printf(out, "%s%s[%s]%s%s: ", paint->severity, pxm_severity_name(diag->severity), diag->code, paint->off,
                   paint->bold);
    put_visible(out, diag->message);
    pxm_buf_printf(out, "%s\n", paint->off);
}

static bool has_line(struct pxm_span span)
{
    return span.source && span.line;
}

/* Width of the line numbers of one diagnostic. */
static int count_digits(const struct pxm_diag *diag)
{
    uint32_t largest = diag->span.line;
    int digits = 2;

    for (size_t i = 0; i < diag->also_count; i++) {
        largest = diag->also[i].span.line > largest ? diag->also[i].span.line : largest;
    }
    for (largest /= 100; largest > 0; largest /= 10) {
        digits++;
    }
    return digits;
}

void pxm_diag_render_human(const struct pxm_diag *diag, bool color, struct pxm_buf *out)
{
    static const struct paint plain = {"", "", "", ""};
    static const struct paint error = {"\x1b[1;31m", "\x1b[34m", "\x1b[1m", "\x1b[0m"};
    static const struct paint warning = {"\x1b[1;33m", "\x1b[34m", "\x1b[1m", "\x1b[0m"};
    const struct paint *paint = !color ? &plain : diag->severity == PXM_SEVERITY_ERROR ? &error : &warning;
    int digits = count_digits(diag);

    put_heading(out, paint, diag);
    if (has_line(diag->span)) {
        put_place(out, paint, digits, diag->span, diag->label);
    } else if (diag->label) {
        put_note(out, paint, digits, diag->label);
    }
    for (size_t i = 0; i < diag->also_count; i++) {
        struct pxm_span span = diag->also[i].span;

        if (!has_line(span)) {
            put_note(out, paint, digits, diag->also[i].label);
            continue;
        }
        if (span.source != diag->span.source) {
            pxm_buf_printf(out, "%s %*s >%s ", paint->gutter, digits, "", paint->off);
            put_path(out, span);
            pxm_buf_putc(out, '\n');
        }
        put_place(out, paint, digits, span, diag->also[i].label);
    }
    if (diag->note) {
        put_note(out, paint, digits, diag->note);
    }
}
