/* Diagnostics: what is kept, how each format looks to the letter, and that hostile text cannot drive a terminal. */
#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include "lang/diag/diag.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OUTPUT_BYTES_MAX = 16 << 20 };

struct fixture {
    struct pxm_arena *arena;
    struct pxm_diags diags;
    struct pxm_buf out;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    fixture->arena = pxm_arena_new(16 << 20);
    assert_non_null(fixture->arena);
    pxm_diags_init(&fixture->diags, fixture->arena);
    pxm_buf_init(&fixture->out, OUTPUT_BYTES_MAX);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    pxm_buf_done(&fixture->out);
    pxm_arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static const char *render(struct fixture *fixture, enum pxm_diag_format format)
{
    pxm_buf_done(&fixture->out);
    pxm_buf_init(&fixture->out, OUTPUT_BYTES_MAX);
    pxm_diags_render(&fixture->diags, format, false, &fixture->out);
    assert_int_equal(fixture->out.status, PXM_OK);
    return fixture->out.data;
}

static const struct pxm_source *source_new(struct fixture *fixture, const char *path, const char *text, size_t length)
{
    struct pxm_source *source = pxm_arena_alloc(fixture->arena, sizeof *source);

    assert_non_null(source);
    *source =
        (struct pxm_source){.path = path, .text = pxm_arena_strndup(fixture->arena, text, length), .length = length};
    assert_non_null(source->text);
    return source;
}

/* The first occurrence of `part`. */
static struct pxm_span find(const struct pxm_source *source, const char *part)
{
    const char *at = strstr(source->text, part);
    struct pxm_span whole = {.source = source, .line = 1, .column = 1, .length = (uint32_t)source->length};

    assert_non_null(at);
    return pxm_span_part(whole, (uint32_t)(at - source->text), (uint32_t)strlen(part));
}

static const char thumbs[] = "version: 1\n"
                             "triggers:\n"
                             "  created: {object_created: {store: originals, prefix: originals/}}\n"
                             "\n\n\n\n\n\n"
                             "steps:\n"
                             "  - {id: shrink, thumbnail: {widht: 320}}\n"
                             "  - {id: save, put: {store: originals, key: \"originals/t/${item}.webp\"}}\n";

/* ---- the human format
 * ------------------------------------------------------------------------------------------- */

static void people_see_the_line_the_place_and_the_way_out(void **state)
{
    struct fixture *f = *state;
    const struct pxm_source *source = source_new(f, "pipelines/thumbs.yaml", thumbs, sizeof thumbs - 1);
    struct pxm_diag *diag = pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E102", find(source, "widht"),
                                         "unknown option `%s` for `thumbnail`", "widht");

    pxm_diag_label(&f->diags, diag, "did you mean `%s`? (options: width, height)", "width");
    assert_string_equal(render(f, PXM_DIAG_HUMAN),
                        "pipelines/thumbs.yaml:11:30: error[E102]: unknown option `widht` for `thumbnail`\n"
                        " 11 |   - {id: shrink, thumbnail: {widht: 320}}\n"
                        "    |                              ^^^^^ did you mean `width`? (options: width, height)\n");
}

static void other_places_and_a_note_follow(void **state)
{
    struct fixture *f = *state;
    const struct pxm_source *source = source_new(f, "t.yaml", thumbs, sizeof thumbs - 1);
    const struct pxm_source *project = source_new(f, "pixmill.yaml", "stores: x\n", 10);
    struct pxm_diag *diag = pxm_diag_add(&f->diags, PXM_SEVERITY_WARNING, "W301", find(source, "originals/t/"),
                                         "this pipeline triggers itself");

    pxm_diag_label(&f->diags, diag, "written here");
    pxm_diag_also(&f->diags, diag, find(source, "prefix: originals/"), "trigger `created` fires");
    pxm_diag_also(&f->diags, diag, find(project, "x"), "the store");
    pxm_diag_also(&f->diags, diag, find(project, "stores"), "a third place is not kept");
    pxm_diag_note(&f->diags, diag, "on Lambda this bills");
    assert_string_equal(
        render(f, PXM_DIAG_HUMAN),
        "t.yaml:12:46: warning[W301]: this pipeline triggers itself\n"
        " 12 |   - {id: save, put: {store: originals, key: \"originals/t/${item}.webp\"}}\n"
        "    |                                              ^^^^^^^^^^^^ written here\n"
        "  3 |   created: {object_created: {store: originals, prefix: originals/}}\n"
        "    |                                                ^^^^^^^^^^^^^^^^^^ trigger `created` fires\n"
        "    > pixmill.yaml:1:9\n"
        "  1 | stores: x\n"
        "    |         ^ the store\n"
        "    = on Lambda this bills\n");
}

static void what_has_no_line_is_told_without_one(void **state)
{
    struct fixture *f = *state;
    const struct pxm_source *source = source_new(f, "t.yaml", "", 0);
    struct pxm_diag *diag = pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E001", (struct pxm_span){.source = source},
                                         "the file cannot be read");

    pxm_diag_label(&f->diags, diag, "look");
    pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E501", (struct pxm_span){0}, "no such profile");
    assert_string_equal(render(f, PXM_DIAG_HUMAN), "error[E501]: no such profile\n"
                                                   "t.yaml: error[E001]: the file cannot be read\n"
                                                   "    = look\n");
}

static void carets_stand_by_display_width(void **state)
{
    static const struct {
        const char *text, *part, *line, *caret;
    } cases[] = {
        {"\xe6\x97\xa5\xe6\x9c\xac: x", "x", "  1 | \xe6\x97\xa5\xe6\x9c\xac: x\n", "    |       ^\n"}, /* wide */
        {"\xe6\x97\xa5\xe6\x9c\xac: x", "\xe6\x9c\xac", "  1 | \xe6\x97\xa5\xe6\x9c\xac: x\n", "    |   ^^\n"},
        {"e\xcc\x81\xcc\xa3: x", "x", "  1 | e\xcc\x81\xcc\xa3: x\n", "    |    ^\n"}, /* combining */
        {"\ta:\tx", "x", "  1 |     a:    x\n", "    |           ^\n"},                /* tabs */
        {"\xf0\x9f\x98\x80: x", "x", "  1 | \xf0\x9f\x98\x80: x\n", "    |     ^\n"},  /* emoji */
        {"a: \xe2\x80\xae x", "x", "  1 | a: \\u{202e} x\n", "    |             ^\n"}, /* bidi */
        {"a: \xff x", "x", "  1 | a: \\xff x\n", "    |         ^\n"},                 /* no UTF-8 */
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pxm_source *source = source_new(f, "t", cases[i].text, strlen(cases[i].text));

        pxm_diags_init(&f->diags, f->arena);
        pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E002", find(source, cases[i].part), "m");
        render(f, PXM_DIAG_HUMAN);
        if (!strstr(f->out.data, cases[i].line) || !strstr(f->out.data, cases[i].caret)) {
            fail_msg("%s", f->out.data);
        }
    }
}

static void carets_stay_on_the_first_line_and_reach_behind_the_last_character(void **state)
{
    struct fixture *f = *state;
    const struct pxm_source *source = source_new(f, "t", "ab: [1,\n 2]", 11);

    pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E002", find(source, "[1,\n 2]"), "m");
    pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E003", pxm_span_part(find(source, "2]"), 2, 0), "end");
    assert_string_equal(render(f, PXM_DIAG_HUMAN), "t:1:5: error[E002]: m\n"
                                                   "  1 | ab: [1,\n"
                                                   "    |     ^^^\n"
                                                   "t:2:4: error[E003]: end\n"
                                                   "  2 |  2]\n"
                                                   "    |    ^\n");
}

static void long_lines_are_cut_around_the_place(void **state)
{
    struct fixture *f = *state;
    const struct pxm_source *source;
    const char *line;
    const char *caret;
    char text[4000];

    memset(text, 'a', sizeof text);
    memcpy(text + 2000, "HERE", 4);
    source = source_new(f, "t", text, sizeof text);
    pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E002", find(source, "HERE"), "m");
    render(f, PXM_DIAG_HUMAN);
    line = strstr(f->out.data, "\n  1 | ...aaa");
    assert_non_null(line);
    assert_non_null(strstr(line, "aaa...\n"));
    caret = strstr(line, "    | ");
    assert_non_null(caret);
    assert_true(caret - line < 180);
    assert_int_equal(strstr(line, "HERE") - (line + 1), strstr(caret, "^^^^") - caret);
}

static void hostile_text_is_shown_and_never_sent_to_the_terminal(void **state)
{
    static const char evil[] = "\x1b]0;x\a\x9b\xc2\x9b\r\n\xe2\x80\xae\xef\xbb\xbf\xff`";
    struct fixture *f = *state;
    const struct pxm_source *source = source_new(f, evil, evil, sizeof evil - 1);
    struct pxm_diag *diag = pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E002", find(source, "x"), "%s", evil);

    pxm_diag_label(&f->diags, diag, "%s", evil);
    pxm_diag_also(&f->diags, diag, find(source, "0"), "%s", evil);
    pxm_diag_note(&f->diags, diag, "%s", evil);
    for (int format = PXM_DIAG_HUMAN; format <= PXM_DIAG_GITHUB; format++) {
        render(f, (enum pxm_diag_format)format);
        for (const char *p = f->out.data; *p; p++) {
            assert_true(((unsigned char)*p >= 0x20 && *p != 0x7f) || *p == '\n');
        }
        if (format != PXM_DIAG_JSON && format != PXM_DIAG_SARIF) {
            assert_null(strstr(f->out.data, "\xc2\x9b"));
            assert_null(strstr(f->out.data, "\xe2\x80\xae"));
            assert_null(strchr(f->out.data, '\xff'));
        }
    }
    assert_non_null(strstr(render(f, PXM_DIAG_HUMAN), "\\x1b]0;x\\x07\\x9b\\u{9b}\\r\\n\\u{202e}\\u{feff}\\xff`"));
}

static void colors_are_only_there_when_asked_for(void **state)
{
    struct fixture *f = *state;
    const struct pxm_source *source = source_new(f, "t", "abc", 3);

    pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E002", find(source, "b"), "m");
    assert_null(strchr(render(f, PXM_DIAG_HUMAN), '\x1b'));
    pxm_diags_render(&f->diags, PXM_DIAG_HUMAN, true, &f->out);
    assert_non_null(strstr(f->out.data, "\x1b[1;31merror[E002]\x1b[0m"));
}

/* ---- what is kept
 * ----------------------------------------------------------------------------------------------- */

static void the_order_is_file_line_column_and_then_discovery(void **state)
{
    struct fixture *f = *state;
    const struct pxm_source *a = source_new(f, "a", "x y\nz", 5);
    const struct pxm_source *b = source_new(f, "b", "x", 1);

    pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E001", find(b, "x"), "5");
    pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E002", find(a, "z"), "4");
    pxm_diag_add(&f->diags, PXM_SEVERITY_WARNING, "W303", find(a, "y"), "2");
    pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E003", find(a, "y"), "3");
    pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E004", find(a, "x"), "1");
    assert_string_equal(render(f, PXM_DIAG_SHORT), "a:1:1: error[E004]: 1\n"
                                                   "a:1:3: warning[W303]: 2\n"
                                                   "a:1:3: error[E003]: 3\n"
                                                   "a:2:1: error[E002]: 4\n"
                                                   "b:1:1: error[E001]: 5\n");
    assert_int_equal(f->diags.errors, 4);
    assert_int_equal(f->diags.warnings, 1);
}

static void the_same_code_at_the_same_place_is_kept_once(void **state)
{
    struct fixture *f = *state;
    const struct pxm_source *source = source_new(f, "a", "x y", 3);
    const struct pxm_span nowhere = {0};

    assert_non_null(pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E102", find(source, "x"), "first"));
    assert_null(pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E102", find(source, "x"), "again"));
    assert_non_null(pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E103", find(source, "x"), "another code"));
    assert_non_null(pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E102", find(source, "y"), "another place"));
    assert_non_null(pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E102", nowhere, "no place"));
    assert_null(pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E102", nowhere, "no place"));
    assert_non_null(pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E102", nowhere, "no place, another text"));
    assert_int_equal(f->diags.errors, 5);
    pxm_diag_label(&f->diags, NULL, "a diagnostic that was not kept takes no label");
}

static void texts_without_end_are_cut_between_characters(void **state)
{
    struct fixture *f = *state;
    const struct pxm_diag *diag;
    char text[8001];
    size_t length;

    for (size_t i = 0; i < sizeof text - 1; i += 2) {
        memcpy(text + i, "\xc3\xa9", 2);
    }
    text[sizeof text - 1] = '\0';
    diag = pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E102", (struct pxm_span){0}, "x%s", text);
    length = strlen(diag->message);
    assert_in_range(length, 1000, 1023);
    assert_string_equal(diag->message + length - 5, "\xc3\xa9...");
}

static void too_many_are_counted_and_said(void **state)
{
    static const char *const said = "there are more; only the first are shown";
    struct fixture *f = *state;
    char text[PXM_DIAGS_MAX + 10];
    const struct pxm_source *source;

    memset(text, 'x', sizeof text);
    source = source_new(f, "t", text, sizeof text);
    for (uint32_t i = 0; i < sizeof text; i++) {
        struct pxm_span span = {.source = source, .line = 1, .column = i + 1, .offset = i, .length = 1};

        pxm_diag_add(&f->diags, i % 2 ? PXM_SEVERITY_WARNING : PXM_SEVERITY_ERROR, "E002", span, "m");
    }
    assert_int_equal(f->diags.count, PXM_DIAGS_MAX);
    assert_int_equal(f->diags.errors + f->diags.warnings, sizeof text);
    for (int format = PXM_DIAG_HUMAN; format <= PXM_DIAG_GITHUB; format++) {
        assert_non_null(strstr(render(f, (enum pxm_diag_format)format), said));
    }
}

static void a_lack_of_memory_is_an_error(void **state)
{
    struct pxm_arena *arena = pxm_arena_new(16);
    struct fixture *f = *state;

    assert_non_null(arena);
    pxm_diags_init(&f->diags, arena);
    assert_null(pxm_diag_add(&f->diags, PXM_SEVERITY_WARNING, "W303", (struct pxm_span){0}, "does not fit at all"));
    pxm_diags_no_memory(&f->diags);
    assert_true(f->diags.no_memory);
    assert_int_equal(f->diags.errors, 1);
    assert_string_equal(render(f, PXM_DIAG_SHORT),
                        "error: out of memory while checking; there may be more to report\n");
    assert_string_equal(render(f, PXM_DIAG_GITHUB),
                        "::error ::out of memory while checking; there may be more to report\n");
    pxm_arena_free(arena);
}

/* ---- formats for programs
 * --------------------------------------------------------------------------------------- */

static void fill_two(struct fixture *f)
{
    const struct pxm_source *source = source_new(f, "a b/t,:%\xc3\xa9.yaml", "x: \"q\"\ny: [1,\n2]\n", 17);
    struct pxm_diag *diag =
        pxm_diag_add(&f->diags, PXM_SEVERITY_ERROR, "E003", find(source, "\"q\""), "100%% \"bad\",\nyes: no");

    pxm_diag_label(&f->diags, diag, "mend it");
    pxm_diag_also(&f->diags, diag, find(source, "[1,\n2]"), "this one");
    pxm_diag_note(&f->diags, diag, "Truly");
    pxm_diag_add(&f->diags, PXM_SEVERITY_WARNING, "W303", (struct pxm_span){0}, "no place");
}

static void workflow_commands_are_escaped(void **state)
{
    struct fixture *f = *state;

    fill_two(f);
    assert_string_equal(render(f, PXM_DIAG_GITHUB),
                        "::warning title=W303::no place\n"
                        "::error file=a b/t%2C%3A%25\xc3\xa9.yaml,line=1,endLine=1,col=4,endColumn=7,title=E003::"
                        "100%25 \"bad\",\\nyes: no; mend it\n");
}

static const pxm_value *member(const pxm_value *value, const char *name)
{
    const pxm_value *found = pxm_value_get(value, name);

    if (!found) {
        fail_msg("no member %s", name);
    }
    return found;
}

static const char *text_of(const pxm_value *value, const char *name)
{
    return pxm_value_as_string(member(value, name), NULL);
}

static pxm_value *parse_json(struct fixture *f)
{
    struct pxm_error error = {0};
    pxm_value *value = NULL;

    assert_int_equal(pxm_json_parse(f->out.data, f->out.length, &value, &error), PXM_OK);
    return value;
}

static void json_is_one_versioned_document(void **state)
{
    struct fixture *f = *state;
    pxm_value *document;
    const pxm_value *list;
    const pxm_value *diag;

    render(f, PXM_DIAG_JSON);
    document = parse_json(f);
    assert_string_equal(text_of(document, "schema"), "pixmill.diagnostics/1");
    assert_int_equal(pxm_value_count(member(document, "diagnostics")), 0);
    pxm_value_unref(document);

    fill_two(f);
    render(f, PXM_DIAG_JSON);
    document = parse_json(f);
    assert_int_equal(pxm_value_as_int(member(document, "errors")), 1);
    assert_int_equal(pxm_value_as_int(member(document, "warnings")), 1);
    list = member(document, "diagnostics");
    assert_int_equal(pxm_value_count(list), 2);
    assert_null(pxm_value_get(pxm_value_at(list, 0), "file"));
    diag = pxm_value_at(list, 1);
    assert_string_equal(text_of(diag, "severity"), "error");
    assert_string_equal(text_of(diag, "code"), "E003");
    assert_string_equal(text_of(diag, "message"), "100% \"bad\",\nyes: no");
    assert_string_equal(text_of(diag, "file"), "a b/t,:%\xc3\xa9.yaml");
    assert_string_equal(text_of(diag, "label"), "mend it");
    assert_string_equal(text_of(diag, "note"), "Truly");
    assert_int_equal(pxm_value_as_int(member(diag, "line")), 1);
    assert_int_equal(pxm_value_as_int(member(diag, "column")), 4);
    assert_int_equal(pxm_value_as_int(member(diag, "end_line")), 1);
    assert_int_equal(pxm_value_as_int(member(diag, "end_column")), 7);
    diag = pxm_value_at(member(diag, "also"), 0);
    assert_string_equal(text_of(diag, "label"), "this one");
    assert_int_equal(pxm_value_as_int(member(diag, "end_line")), 3);
    assert_int_equal(pxm_value_as_int(member(diag, "end_column")), 3);
    pxm_value_unref(document);
}

static void sarif_has_rules_places_and_related_places(void **state)
{
    struct fixture *f = *state;
    pxm_value *document;
    const pxm_value *run;
    const pxm_value *result;
    const pxm_value *place;

    fill_two(f);
    render(f, PXM_DIAG_SARIF);
    document = parse_json(f);
    assert_string_equal(text_of(document, "version"), "2.1.0");
    run = pxm_value_at(member(document, "runs"), 0);
    assert_string_equal(text_of(run, "columnKind"), "unicodeCodePoints");
    assert_string_equal(text_of(member(member(run, "tool"), "driver"), "name"), "pixmill");
    assert_int_equal(pxm_value_count(member(member(member(run, "tool"), "driver"), "rules")), 2);
    assert_null(pxm_value_get(pxm_value_at(member(run, "results"), 0), "locations"));
    result = pxm_value_at(member(run, "results"), 1);
    assert_string_equal(text_of(result, "ruleId"), "E003");
    assert_string_equal(text_of(result, "level"), "error");
    assert_string_equal(text_of(member(result, "message"), "text"), "100% \"bad\",\nyes: no; mend it. Truly");
    place = member(pxm_value_at(member(result, "locations"), 0), "physicalLocation");
    assert_string_equal(text_of(member(place, "artifactLocation"), "uri"), "a%20b/t%2C%3A%25%C3%A9.yaml");
    assert_int_equal(pxm_value_as_int(member(member(place, "region"), "endColumn")), 7);
    place = pxm_value_at(member(result, "relatedLocations"), 0);
    assert_string_equal(text_of(member(place, "message"), "text"), "this one");
    pxm_value_unref(document);
}

static void a_full_buffer_is_told(void **state)
{
    struct fixture *f = *state;

    fill_two(f);
    for (int format = PXM_DIAG_HUMAN; format <= PXM_DIAG_GITHUB; format++) {
        struct pxm_buf small;

        pxm_buf_init(&small, 60);
        pxm_diags_render(&f->diags, (enum pxm_diag_format)format, false, &small);
        assert_int_equal(small.status, PXM_E_LIMIT);
        pxm_buf_done(&small);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(people_see_the_line_the_place_and_the_way_out),
        TEST(other_places_and_a_note_follow),
        TEST(what_has_no_line_is_told_without_one),
        TEST(carets_stand_by_display_width),
        TEST(carets_stay_on_the_first_line_and_reach_behind_the_last_character),
        TEST(long_lines_are_cut_around_the_place),
        TEST(hostile_text_is_shown_and_never_sent_to_the_terminal),
        TEST(colors_are_only_there_when_asked_for),
        TEST(the_order_is_file_line_column_and_then_discovery),
        TEST(the_same_code_at_the_same_place_is_kept_once),
        TEST(texts_without_end_are_cut_between_characters),
        TEST(too_many_are_counted_and_said),
        TEST(a_lack_of_memory_is_an_error),
        TEST(workflow_commands_are_escaped),
        TEST(json_is_one_versioned_document),
        TEST(sarif_has_rules_places_and_related_places),
        TEST(a_full_buffer_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
