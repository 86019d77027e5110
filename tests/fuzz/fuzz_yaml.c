/* Any bytes as YAML: a tree or diagnostics, every place within the text, the same answer twice, and in each
 * format. */
#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include "fuzz.h"
#include "lang/yaml/yaml.h"
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES_MAX = 256 << 20, OUTPUT_BYTES_MAX = 64 << 20 };

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_span(struct pxm_span span)
{
    if (span.source) {
        check(span.offset <= span.source->length);
        check(span.length <= span.source->length - span.offset);
    }
}

/* A third of it, as the reader of an expression would ask for. */
static void check_part(const struct pxm_node *scalar)
{
    struct pxm_span part = pxm_node_part(scalar, scalar->length / 3, scalar->length / 3);

    check_span(part);
    check(part.offset >= scalar->span.offset);
    check(part.offset + part.length <= scalar->span.offset + scalar->span.length);
}

static void check_tree(const struct pxm_node *node, int depth)
{
    check(depth <= PXM_YAML_DEPTH_MAX);
    check_span(node->span);
    check(node->span.line > 0 && node->span.column > 0);
    if (node->kind == PXM_NODE_SCALAR) {
        check(strlen(node->text) == node->length);
        check_part(node);
    }
    for (size_t i = 0; i < node->length && node->kind == PXM_NODE_LIST; i++) {
        check_tree(node->items[i], depth + 1);
    }
    for (size_t i = 0; i < node->length && node->kind == PXM_NODE_MAP; i++) {
        check(node->entries[i].key->kind == PXM_NODE_SCALAR);
        check_tree(node->entries[i].key, depth + 1);
        check_tree(node->entries[i].value, depth + 1);
    }
}

/* People get printable text; programs get JSON. */
static void check_output(const struct pxm_diags *diags, enum pxm_diag_format format)
{
    bool is_json = format == PXM_DIAG_JSON || format == PXM_DIAG_SARIF;
    struct pxm_error error = {0};
    pxm_value *document = NULL;
    struct pxm_buf out;

    pxm_buf_init(&out, OUTPUT_BYTES_MAX);
    pxm_diags_render(diags, format, false, &out);
    check(out.status == PXM_OK);
    for (size_t i = 0; i < out.length; i++) {
        check((unsigned char)out.data[i] >= 0x20 || out.data[i] == '\n');
    }
    if (is_json) {
        check(pxm_json_parse(out.data, out.length, &document, &error) == PXM_OK);
        pxm_value_unref(document);
    }
    pxm_buf_done(&out);
}

static void check_diags(const struct pxm_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        const struct pxm_diag *diag = diags->items[i];

        check(pxm_diag_explain(diag->code) != NULL);
        check_span(diag->span);
        for (size_t j = 0; j < diag->also_count; j++) {
            check_span(diag->also[j].span);
        }
    }
    for (int format = PXM_DIAG_HUMAN; format <= PXM_DIAG_GITHUB; format++) {
        check_output(diags, (enum pxm_diag_format)format);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pxm_arena *arena = pxm_arena_new(ARENA_BYTES_MAX);
    const struct pxm_source *source;
    const struct pxm_node *root;
    struct pxm_diags diags;
    size_t errors;

    check(arena != NULL);
    pxm_diags_init(&diags, arena);
    source = pxm_source_of_text(arena, "t.yaml", (const char *)data, size, &diags);
    root = source ? pxm_yaml_parse(arena, source, &diags) : NULL;
    check((root != NULL) == (diags.errors == 0));
    check(!diags.no_memory);
    if (root) {
        check_tree(root, 0);
    }
    check_diags(&diags);
    errors = diags.errors;
    if (source && !diags.overflow) { /* The same mistakes at the same places are known already. */
        check(!pxm_yaml_parse(arena, source, &diags) == !root);
        check(diags.errors == errors);
    }
    pxm_arena_free(arena);
    return 0;
}
