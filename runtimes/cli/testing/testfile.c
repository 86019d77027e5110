/* Reads tests: their list, names and faults. */
#include "testfile.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static const char *const file_keys[] = {"version", "summary", "tests", NULL};
static const char *const test_keys[] = {"name", "given", "faults", "expect", NULL};
static const char *const fault_keys[] = {"step", "error", "times", "message", "transient", NULL};

enum { TIMES_MAX = 1000000 };

/* ---- faults ---- */

/* Whether the last word of a dotted code is that one. */
static bool ends_in(const char *code, const char *word)
{
    const char *dot = strrchr(code, '.');

    return strcmp(dot ? dot + 1 : code, word) == 0;
}

pxm_status fault_status(const char *code)
{
    static const struct {
        const char *whole, *first, *last; /* each NULL: does not matter */
        pxm_status status;
    } classes[] = {
        {"no_memory", NULL, NULL, PXM_E_NO_MEMORY},
        {"limit.time", NULL, NULL, PXM_E_TIMEOUT},
        {"run.cancelled", NULL, NULL, PXM_E_CANCELLED},
        {NULL, "limit.", NULL, PXM_E_LIMIT},
        {NULL, "decode.", NULL, PXM_E_BAD_IMAGE},
        {NULL, "auth.", "unavailable", PXM_E_TRANSIENT},
        {NULL, "auth.", NULL, PXM_E_DENIED},
        {NULL, NULL, "throttled", PXM_E_THROTTLED},
        {NULL, NULL, "unavailable", PXM_E_TRANSIENT},
        {NULL, NULL, "not_found", PXM_E_NOT_FOUND},
        {NULL, NULL, "exists", PXM_E_EXISTS},
        {NULL, NULL, "conflict", PXM_E_EXISTS},
        {NULL, NULL, "changed", PXM_E_EXISTS},
        {NULL, NULL, "denied", PXM_E_DENIED},
        {NULL, NULL, "full", PXM_E_NO_SPACE},
        {NULL, NULL, "too_large", PXM_E_LIMIT},
        {NULL, NULL, "failed", PXM_E_INTERNAL},
        {NULL, "plugin.", NULL, PXM_E_INTERNAL},
    };

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        bool fits = (!classes[i].whole || strcmp(code, classes[i].whole) == 0) &&
                    (!classes[i].first || strncmp(code, classes[i].first, strlen(classes[i].first)) == 0) &&
                    (!classes[i].last || ends_in(code, classes[i].last));
        if (fits) {
            return classes[i].status;
        }
    }
    return PXM_E_INVALID;
}

/* [a-z0-9_] words with dots between them. */
static bool is_code(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length < 64 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.") == length &&
           text[0] != '.' && text[length - 1] != '.' && !strstr(text, "..");
}

static void parse_fault(struct reader *reader, const struct pxm_node *map, struct fault *fault)
{
    const struct pxm_node *step = pxm_node_get(map, "step");
    const struct pxm_node *code = reader_kind(reader, pxm_node_get(map, "error"), PXM_NODE_SCALAR, "`error`");
    const struct pxm_node *message = reader_kind(reader, pxm_node_get(map, "message"), PXM_NODE_SCALAR, "`message`");
    const struct pxm_node *transient = pxm_node_get(map, "transient");
    struct reader_step found = {0};
    bool again = false;

    reader_keys(reader, map, fault_keys, "a fault");
    fault->times = 1;
    reader_int(reader, pxm_node_get(map, "times"), 1, TIMES_MAX, &fault->times);
    if (!step || !pxm_node_get(map, "error")) {
        reader_error(reader, "E122", map->span, "a fault has a `step` and an `error`");
        return;
    }
    if (code && !is_code(code->text)) {
        reader_error(reader, "E123", code->span, "`%.64s` is no error code; write one such as store.throttled",
                     code->text);
    }
    if (!code || !reader_step(reader, step, &found) || !reader_bool(reader, transient, &again)) {
        return;
    }
    fault->program = found.program->name;
    fault->step = found.step->id;
    fault->code = code->text;
    fault->message = message ? message->text : "a fault that the test injects";
    fault->status = fault_status(code->text);
    if (transient) {
        fault->status = again ? PXM_E_TRANSIENT : PXM_E_INVALID;
    }
}

void faults_parse(struct reader *reader, const struct pxm_node *node, struct test *test)
{
    node = reader_kind(reader, node, PXM_NODE_LIST, "`faults`");
    struct fault *faults = node ? reader_array(reader, node->length + 1, sizeof *faults) : NULL;

    for (size_t i = 0; faults && i < node->length; i++) {
        const struct pxm_node *map = reader_kind(reader, node->items[i], PXM_NODE_MAP, "a fault");
        if (map) {
            parse_fault(reader, map, &faults[test->fault_count++]);
        }
    }
    test->faults = faults;
}

/* ---- tests ---- */

static struct test *add_test(struct reader *reader, struct tests *tests)
{
    if (tests->count == tests->capacity) {
        size_t capacity = tests->capacity * 2 + 64;
        struct test *more = reader_array(reader, capacity, sizeof *more);
        if (!more) {
            return NULL;
        }
        if (tests->count > 0) {
            memcpy(more, tests->items, tests->count * sizeof *more);
        }
        tests->items = more;
        tests->capacity = capacity;
    }
    return &tests->items[tests->count++];
}

static void read_test(struct reader *reader, const struct pxm_node *node, struct tests *tests)
{
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "a test");
    const struct pxm_node *name = reader_kind(reader, pxm_node_get(map, "name"), PXM_NODE_SCALAR, "`name`");
    struct test *test = map ? add_test(reader, tests) : NULL;

    if (!test) {
        return;
    }
    reader_keys(reader, map, test_keys, "a test");
    if (!pxm_node_get(map, "name")) {
        reader_error(reader, "E122", map->span, "a test has a `name`");
    }
    if (!pxm_node_get(map, "expect")) {
        reader_error(reader, "E122", map->span, "a test without `expect` cannot fail");
    }
    test->name = name ? name->text : "";
    test->span = map->span;
    test->program = reader->program;
    given_parse(reader, pxm_node_get(map, "given"), &test->given);
    faults_parse(reader, pxm_node_get(map, "faults"), test);
    expect_parse(reader, pxm_node_get(map, "expect"), &test->expect);
}

void testfile_read_list(struct reader *reader, const struct pxm_node *list, struct tests *tests)
{
    list = reader_kind(reader, list, PXM_NODE_LIST, "`tests`");
    if (list && tests->count + list->length > TESTS_MAX) {
        reader_error(reader, "E127", list->span, "more than %d tests of one project", TESTS_MAX);
        return;
    }
    for (size_t i = 0; list && i < list->length; i++) {
        read_test(reader, list->items[i], tests);
    }
}

void testfile_read(struct reader *reader, const char *path, struct tests *tests)
{
    struct pxm_source *source = pxm_source_read(reader->arena, path, path, reader->diags);
    const struct pxm_node *root = source ? pxm_yaml_parse(reader->arena, source, reader->diags) : NULL;
    const struct pxm_node *version;

    root = reader_kind(reader, root, PXM_NODE_MAP, "a test file");
    if (!root) {
        return;
    }
    reader_keys(reader, root, file_keys, "a test file");
    version = pxm_node_get(root, "version");
    if (!version || version->kind != PXM_NODE_SCALAR || strcmp(version->text, "1") != 0) {
        reader_error(reader, version ? "E104" : "E122", version ? version->span : root->span,
                     "a test file starts with `version: 1`");
    }
    if (!pxm_node_get(root, "tests")) {
        reader_error(reader, "E122", root->span, "a test file has `tests`");
    }
    testfile_read_list(reader, pxm_node_get(root, "tests"), tests);
}
