/* Diagnostics in order, and the formats of one line each: short for grep and editors, workflow commands for
 * GitHub. Pure; called by whoever shows diagnostics, from any thread that may read the set. */
#include "lang/diag/diag_render.h"
#include "lang/diag/glyph.h"
#include <stdlib.h>
#include <string.h>

const char *pxm_severity_name(enum pxm_severity severity)
{
    return severity == PXM_SEVERITY_ERROR ? "error" : "warning";
}

struct pxm_span pxm_span_end(struct pxm_span span)
{
    return pxm_span_part(span, span.length, 0);
}

const char *pxm_diags_missing(const struct pxm_diags *diags)
{
    if (diags->no_memory) {
        return "out of memory while checking; there may be more to report";
    }
    return diags->overflow ? "there are more; only the first are shown" : NULL;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare(const struct pxm_diag *a, const struct pxm_diag *b)
{
    const char *path_a = a->span.source ? a->span.source->path : "";
    const char *path_b = b->span.source ? b->span.source->path : "";
    int order = strcmp(path_a, path_b);

    if (order == 0) {
        order = compare_numbers(a->span.line, b->span.line);
    }
    return order ? order : compare_numbers(a->span.column, b->span.column);
}

/* Insertion keeps those of one place in the order in which they were found. */
static void sort(const struct pxm_diags *diags, struct pxm_diag_list *ret)
{
    ret->diags = diags;
    ret->count = 0;
    for (size_t i = 0; i < diags->count; i++) {
        size_t at = ret->count++;

        while (at > 0 && compare(ret->items[at - 1], diags->items[i]) > 0) {
            ret->items[at] = ret->items[at - 1];
            at--;
        }
        ret->items[at] = diags->items[i];
    }
}

static void put_visible(struct pxm_buf *out, const char *text)
{
    pxm_buf_visible(out, text, strlen(text));
}

static void render_short(const struct pxm_diag *diag, struct pxm_buf *out)
{
    if (diag->span.source) {
        put_visible(out, diag->span.source->path);
        if (diag->span.line) {
            pxm_buf_printf(out, ":%u:%u", diag->span.line, diag->span.column);
        }
        pxm_buf_puts(out, ": ");
    }
    pxm_buf_printf(out, "%s[%s]: ", pxm_severity_name(diag->severity), diag->code);
    put_visible(out, diag->message);
    if (diag->label) {
        pxm_buf_puts(out, "; ");
        put_visible(out, diag->label);
    }
    pxm_buf_putc(out, '\n');
}

/* Workflow commands: percent-encoded where their syntax needs it. Nothing else of the text is left to act on a
 * log. */
static void put_command_text(struct pxm_buf *out, const char *text, const char *special)
{
    struct pxm_buf visible;

    pxm_buf_init(&visible, out->max);
    put_visible(&visible, text);
    for (size_t i = 0; i < visible.length; i++) {
        if (strchr(special, visible.data[i])) {
            pxm_buf_printf(out, "%%%02X", (unsigned char)visible.data[i]);
        } else {
            pxm_buf_putc(out, visible.data[i]);
        }
    }
    if (visible.status != PXM_OK) {
        out->status = visible.status;
    }
    pxm_buf_done(&visible);
}

static void render_github(const struct pxm_diag *diag, struct pxm_buf *out)
{
    static const char in_property[] = "%:,";
    static const char in_message[] = "%";
    struct pxm_span end;

    pxm_buf_printf(out, "::%s ", pxm_severity_name(diag->severity));
    if (diag->span.source) {
        pxm_buf_puts(out, "file=");
        put_command_text(out, diag->span.source->path, in_property);
        pxm_buf_putc(out, ',');
    }
    if (diag->span.source && diag->span.line) {
        end = pxm_span_end(diag->span);
        pxm_buf_printf(out, "line=%u,endLine=%u,", diag->span.line, end.line);
        if (end.line == diag->span.line) { /* Columns are allowed within one line only. */
            pxm_buf_printf(out, "col=%u,endColumn=%u,", diag->span.column, end.column);
        }
    }
    pxm_buf_printf(out, "title=%s::", diag->code);
    put_command_text(out, diag->message, in_message);
    if (diag->label) {
        pxm_buf_puts(out, "; ");
        put_command_text(out, diag->label, in_message);
    }
    pxm_buf_putc(out, '\n');
}

void pxm_diags_render(const struct pxm_diags *diags, enum pxm_diag_format format, bool color, struct pxm_buf *out)
{
    const char *missing = pxm_diags_missing(diags);
    struct pxm_diag_list list;

    sort(diags, &list);
    switch (format) {
    case PXM_DIAG_JSON:
        pxm_diag_render_json(&list, out);
        return;
    case PXM_DIAG_SARIF:
        pxm_diag_render_sarif(&list, out);
        return;
    case PXM_DIAG_HUMAN:
    case PXM_DIAG_SHORT:
    case PXM_DIAG_GITHUB:
        break;
    }
    for (size_t i = 0; i < list.count; i++) {
        if (format == PXM_DIAG_HUMAN) {
            pxm_diag_render_human(list.items[i], color, out);
        } else if (format == PXM_DIAG_SHORT) {
            render_short(list.items[i], out);
        } else {
            render_github(list.items[i], out);
        }
    }
    if (missing) {
        pxm_buf_printf(out, format == PXM_DIAG_GITHUB ? "::error ::%s\n" : "error: %s\n", missing);
    }
}
