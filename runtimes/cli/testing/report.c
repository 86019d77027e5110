/* Writes reports. */
#include "report.h"

#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"
#include "lang/diag/glyph.h"
#include "save.h"

#include <inttypes.h>
#include <string.h>

void report_start(struct report *report, const struct cli *cli)
{
    *report = (struct report){.cli = cli};
    pxm_buf_init(&report->junit, CLI_TEXT_MAX);
}

/* ---- for people ---- */

static void put_place(struct pxm_buf *out, struct pxm_span span, bool column)
{
    if (span.source) {
        pxm_buf_printf(out, "%s:%u:", span.source->path, span.line);
        if (column) {
            pxm_buf_printf(out, "%u:", span.column);
        }
    }
}

static void write_text(const struct report *report, const struct test *test, const struct problems *problems,
                       int64_t ms)
{
    const char *bold = report->cli->color_out ? (problems->count > 0 ? "\033[1;31m" : "\033[32m") : "";
    struct pxm_buf out;

    pxm_buf_init(&out, CLI_TEXT_MAX);
    pxm_buf_printf(&out, "%s%s%s ", bold, problems->count > 0 ? "FAIL" : "ok", report->cli->color_out ? "\033[0m" : "");
    put_place(&out, test->span, false);
    pxm_buf_putc(&out, ' ');
    pxm_buf_visible(&out, test->name, strlen(test->name));
    pxm_buf_printf(&out, " (%" PRId64 " ms)\n", ms);
    for (size_t i = 0; i < problems->count; i++) {
        pxm_buf_puts(&out, "  ");
        put_place(&out, problems->items[i].span, true);
        pxm_buf_putc(&out, ' ');
        pxm_buf_visible(&out, problems->items[i].text, strlen(problems->items[i].text));
        pxm_buf_putc(&out, '\n');
    }
    for (size_t i = 0; i < problems->note_count; i++) {
        pxm_buf_puts(&out, "  ");
        pxm_buf_visible(&out, problems->notes[i], strlen(problems->notes[i]));
        pxm_buf_putc(&out, '\n');
    }
    cli_write(stdout, &out);
}

/* ---- JSON lines ---- */

static pxm_value *problem_value(const struct problem *problem)
{
    pxm_value *value = pxm_value_record();

    if (problem->span.source) {
        pxm_value_set(value, "file", pxm_value_cstring(problem->span.source->path));
        pxm_value_set(value, "line", pxm_value_int(problem->span.line));
        pxm_value_set(value, "column", pxm_value_int(problem->span.column));
    }
    pxm_value_set(value, "message", pxm_value_cstring(problem->text));
    return value;
}

static void write_json(const struct test *test, const struct problems *problems, int64_t ms)
{
    pxm_value *value = pxm_value_record();
    pxm_value *list = pxm_value_list();

    for (size_t i = 0; i < problems->count; i++) {
        pxm_value_append(list, problem_value(&problems->items[i]));
    }
    pxm_value_set(value, "schema", pxm_value_cstring("pixmill.test/1"));
    pxm_value_set(value, "file", pxm_value_cstring(test->span.source->path));
    pxm_value_set(value, "line", pxm_value_int(test->span.line));
    pxm_value_set(value, "pipeline", pxm_value_cstring(test->program->name));
    pxm_value_set(value, "name", pxm_value_cstring(test->name));
    pxm_value_set(value, "outcome", pxm_value_cstring(problems->count > 0 ? "failed" : "ok"));
    pxm_value_set(value, "ms", pxm_value_int(ms));
    pxm_value_set(value, "problems", list);
    cli_print_json(value, 0);
    pxm_value_unref(value);
}

/* ---- JUnit ---- */

/* Text for XML 1.0 (section 2.2, Char): what may not stand there becomes a question mark. */
static void put_xml(struct pxm_buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '&' || c == '<' || c == '>' || c == '"') {
            pxm_buf_printf(out, "&#%d;", c);
        } else {
            pxm_buf_putc(out, c < 0x20 && c != '\n' && c != '\t' ? '?' : *text);
        }
    }
}

static void put_seconds(struct pxm_buf *out, int64_t ms)
{
    pxm_buf_printf(out, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
}

static void add_junit(struct pxm_buf *out, const struct test *test, const struct problems *problems, int64_t ms)
{
    pxm_buf_puts(out, "  <testcase classname=\"");
    put_xml(out, test->program->name);
    pxm_buf_puts(out, "\" name=\"");
    put_xml(out, test->name);
    pxm_buf_puts(out, "\" file=\"");
    put_xml(out, test->span.source->path);
    pxm_buf_printf(out, "\" line=\"%u\" time=\"", test->span.line);
    put_seconds(out, ms);
    pxm_buf_puts(out, problems->count > 0 ? "\">\n" : "\"/>\n");
    for (size_t i = 0; i < problems->count; i++) {
        pxm_buf_puts(out, "    <failure message=\"");
        put_xml(out, problems->items[i].text);
        pxm_buf_puts(out, "\">");
        if (problems->items[i].span.source) {
            put_xml(out, problems->items[i].span.source->path);
            pxm_buf_printf(out, ":%u:%u", problems->items[i].span.line, problems->items[i].span.column);
        }
        pxm_buf_puts(out, "</failure>\n");
    }
    if (problems->count > 0) {
        pxm_buf_puts(out, "  </testcase>\n");
    }
}

static bool write_junit(const struct report *report, const char *path)
{
    struct pxm_buf out;
    struct pxm_error error = {0};

    pxm_buf_init(&out, CLI_TEXT_MAX);
    pxm_buf_puts(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    pxm_buf_printf(&out, " <testsuite name=\"pixmill\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"",
                   report->passed + report->failed, report->failed);
    put_seconds(&out, report->ms);
    pxm_buf_puts(&out, "\">\n");
    pxm_buf_add(&out, report->junit.data, report->junit.length);
    pxm_buf_puts(&out, " </testsuite>\n</testsuites>\n");
    bool fine = out.status == PXM_OK && report->junit.status == PXM_OK;
    if (!fine) {
        fprintf(stderr, "pixmill test: %s: the report is too large\n", path);
    } else if (save_file(path, out.data, out.length, &error) != PXM_OK) {
        fprintf(stderr, "pixmill test: %s\n", error.text);
        fine = false;
    }
    pxm_buf_done(&out);
    return fine;
}

/* ---- all of it ---- */

void report_test(struct report *report, const struct test *test, const struct problems *problems, int64_t ms)
{
    report->passed += problems->count == 0;
    report->failed += problems->count > 0;
    report->ms += ms;
    if (report->cli->json) {
        write_json(test, problems, ms);
    } else {
        write_text(report, test, problems, ms);
    }
    add_junit(&report->junit, test, problems, ms);
}

bool report_end(struct report *report, const char *junit)
{
    bool fine = !junit || write_junit(report, junit);

    if (report->cli->json) {
        pxm_value *value = pxm_value_record();
        pxm_value_set(value, "schema", pxm_value_cstring("pixmill.test/1"));
        pxm_value_set(value, "passed", pxm_value_int((int64_t)report->passed));
        pxm_value_set(value, "failed", pxm_value_int((int64_t)report->failed));
        pxm_value_set(value, "ms", pxm_value_int(report->ms));
        fine = cli_print_json(value, 0) && fine;
        pxm_value_unref(value);
    } else {
        printf("%zu passed, %zu failed\n", report->passed, report->failed);
    }
    pxm_buf_done(&report->junit);
    return fine;
}
