/* Diagnostics for programs: one JSON document of our own, or SARIF 2.1.0 (OASIS Static Analysis Results
 * Interchange Format). Pure; called by diag_render.c. */
#include "lang/diag/diag_render.h"
#include <string.h>

static void put_string(struct pxm_buf *out, const char *text)
{
    pxm_buf_json_string(out, text, strlen(text));
}

/* ,"name":"text"; nothing for NULL. */
static void put_member(struct pxm_buf *out, const char *name, const char *text)
{
    if (text) {
        pxm_buf_printf(out, ",\"%s\":", name);
        put_string(out, text);
    }
}

/* ---- our own
 * ---------------------------------------------------------------------------------------------------- */

/* ,"file":... of a span that has one. Lines and columns count from 1, columns in code points; the end is
 * exclusive. */
static void put_place(struct pxm_buf *out, struct pxm_span span)
{
    struct pxm_span end;

    if (!span.source) {
        return;
    }
    put_member(out, "file", span.source->path);
    if (span.line) {
        end = pxm_span_end(span);
        pxm_buf_printf(out, ",\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u", span.line, span.column,
                       end.line, end.column);
    }
}

static void put_diag(struct pxm_buf *out, const struct pxm_diag *diag)
{
    pxm_buf_printf(out, "{\"severity\":\"%s\",\"code\":\"%s\"", pxm_severity_name(diag->severity), diag->code);
    put_member(out, "message", diag->message);
    put_place(out, diag->span);
    put_member(out, "label", diag->label);
    put_member(out, "note", diag->note);
    pxm_buf_puts(out, ",\"also\":[");
    for (size_t i = 0; i < diag->also_count; i++) {
        pxm_buf_puts(out, i ? ",{\"label\":" : "{\"label\":");
        put_string(out, diag->also[i].label);
        put_place(out, diag->also[i].span);
        pxm_buf_putc(out, '}');
    }
    pxm_buf_puts(out, "]}");
}

void pxm_diag_render_json(const struct pxm_diag_list *list, struct pxm_buf *out)
{
    pxm_buf_printf(out, "{\"schema\":\"pixmill.diagnostics/1\",\"errors\":%zu,\"warnings\":%zu", list->diags->errors,
                   list->diags->warnings);
    put_member(out, "missing", pxm_diags_missing(list->diags));
    pxm_buf_puts(out, ",\"diagnostics\":[");
    for (size_t i = 0; i < list->count; i++) {
        pxm_buf_puts(out, i ? ",\n" : "\n");
        put_diag(out, list->items[i]);
    }
    pxm_buf_puts(out, "]}\n");
}

/* ---- SARIF
 * ------------------------------------------------------------------------------------------------------ */

/* A relative URI reference (RFC 3986); bytes outside its unreserved characters and "/" are percent-encoded. */
static void put_uri(struct pxm_buf *out, const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

    pxm_buf_putc(out, '"');
    for (; *path; path++) {
        if (strchr(plain, *path)) {
            pxm_buf_putc(out, *path);
        } else {
            pxm_buf_printf(out, "%%%02X", (unsigned char)*path);
        }
    }
    pxm_buf_putc(out, '"');
}

/* {"id":N,"physicalLocation":...}, sections 3.28 to 3.30. Without a file there is no location to give. */
static void put_location(struct pxm_buf *out, size_t id, struct pxm_span span, const char *message)
{
    struct pxm_span end;

    pxm_buf_printf(out, "{\"id\":%zu,\"physicalLocation\":{\"artifactLocation\":{\"uri\":", id);
    put_uri(out, span.source->path);
    pxm_buf_putc(out, '}');
    if (span.line) {
        end = pxm_span_end(span);
        pxm_buf_printf(out, ",\"region\":{\"startLine\":%u,\"startColumn\":%u,\"endLine\":%u,\"endColumn\":%u}",
                       span.line, span.column, end.line, end.column);
    }
    pxm_buf_putc(out, '}');
    if (message) {
        pxm_buf_puts(out, ",\"message\":{\"text\":");
        put_string(out, message);
        pxm_buf_putc(out, '}');
    }
    pxm_buf_putc(out, '}');
}

static void put_related(struct pxm_buf *out, const struct pxm_diag *diag)
{
    size_t put = 0;

    pxm_buf_puts(out, ",\"relatedLocations\":[");
    for (size_t i = 0; i < diag->also_count; i++) {
        if (diag->also[i].span.source) {
            pxm_buf_puts(out, put++ ? "," : "");
            put_location(out, i + 1, diag->also[i].span, diag->also[i].label);
        }
    }
    pxm_buf_putc(out, ']');
}

/* The message of SARIF is all that many viewers show, so label and note are part of it. */
static void put_message(struct pxm_buf *out, const struct pxm_diag *diag)
{
    struct pxm_buf text;

    pxm_buf_init(&text, out->max);
    pxm_buf_puts(&text, diag->message);
    if (diag->label) {
        pxm_buf_printf(&text, "; %s", diag->label);
    }
    if (diag->note) {
        pxm_buf_printf(&text, ". %s", diag->note);
    }
    pxm_buf_puts(out, ",\"message\":{\"text\":");
    pxm_buf_json_string(out, text.data, text.length);
    pxm_buf_putc(out, '}');
    if (text.status != PXM_OK) {
        out->status = text.status;
    }
    pxm_buf_done(&text);
}

static void put_result(struct pxm_buf *out, const struct pxm_diag *diag)
{
    pxm_buf_printf(out, "{\"ruleId\":\"%s\",\"level\":\"%s\"", diag->code, pxm_severity_name(diag->severity));
    put_message(out, diag);
    if (diag->span.source) {
        pxm_buf_puts(out, ",\"locations\":[");
        put_location(out, 0, diag->span, NULL);
        pxm_buf_putc(out, ']');
    }
    put_related(out, diag);
    pxm_buf_putc(out, '}');
}

static bool is_first_of_code(const struct pxm_diag_list *list, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (!strcmp(list->items[i]->code, list->items[index]->code)) {
            return false;
        }
    }
    return true;
}

/* Each code that occurs, with its explanation. */
static void put_rules(struct pxm_buf *out, const struct pxm_diag_list *list)
{
    size_t put = 0;

    for (size_t i = 0; i < list->count; i++) {
        const char *code = list->items[i]->code;
        const char *title = pxm_diag_title(code);
        const char *text = pxm_diag_explain(code);

        if (!is_first_of_code(list, i)) {
            continue;
        }
        pxm_buf_printf(out, "%s{\"id\":\"%s\"", put++ ? ",\n" : "\n", code);
        if (title && text) {
            pxm_buf_puts(out, ",\"shortDescription\":{\"text\":");
            put_string(out, title);
            pxm_buf_puts(out, "},\"fullDescription\":{\"text\":");
            put_string(out, text);
            pxm_buf_putc(out, '}');
        }
        pxm_buf_putc(out, '}');
    }
}

/* Diagnostics that could not be kept are a notification of the tool (section 3.58). */
static void put_invocation(struct pxm_buf *out, const char *missing)
{
    pxm_buf_printf(out, ",\"invocations\":[{\"executionSuccessful\":%s,\"toolExecutionNotifications\":[",
                   missing ? "false" : "true");
    if (missing) {
        pxm_buf_puts(out, "{\"level\":\"error\",\"message\":{\"text\":");
        put_string(out, missing);
        pxm_buf_puts(out, "}}");
    }
    pxm_buf_puts(out, "]}]");
}

void pxm_diag_render_sarif(const struct pxm_diag_list *list, struct pxm_buf *out)
{
    pxm_buf_puts(out,
                 "{\"$schema\":\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0."
                 "json\",\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"pixmill\",\"rules\":[");
    put_rules(out, list);
    pxm_buf_puts(out, "]}},\"columnKind\":\"unicodeCodePoints\"");
    put_invocation(out, pxm_diags_missing(list->diags));
    pxm_buf_puts(out, ",\"results\":[");
    for (size_t i = 0; i < list->count; i++) {
        pxm_buf_puts(out, i ? ",\n" : "\n");
        put_result(out, list->items[i]);
    }
    pxm_buf_puts(out, "]}]}\n");
}
