/* What is made of checked programs and of the tables that check them: graphs and schemas. */
#include "lang_program_fixture.h"

#include "base/json.h"
#include "base/value.h"
#include "lang/program/graph.h"
#include "lang/program/schema.h"
#include <string.h>

static const char pipeline[] =
    "version: 1\n"
    "inputs: {file: {type: blob}}\n"
    "steps:\n"
    "  - {id: image, decode: {}}\n"
    "  - id: sizes\n"
    "    foreach: [1, 2]\n"
    "    where: item <= steps.image.width\n"
    "    steps:\n"
    "      - {id: small, in: image, thumbnail: {width: \"${item}\"}}\n"
    "      - {encode: {format: webp}, on_error: {\"*\": fallback}, fallback: {encode: {format: jpeg}}}\n"
    "      - {id: saved, put: {store: thumbs, key: \"t/${item}\"}}\n"
    "    emit: {w: \"${steps.small.width}\", h: \"${steps.small.height}\"}\n"
    "  - {id: row, record: {table: images, key: a, set: {all: \"${steps.sizes.items}\"}}}\n"
    "output: \"${steps.row.key}\"\n"
    "on_failure: [{id: told, send: {queue: jobs, body: {code: \"${error.code}\"}}}]\n";

/* ---- graphs ----------------------------------------------------------------------------------------------------- */

static void check_graph(enum pxm_graph_format format, const char *expected)
{
    struct world world;
    struct pxm_buf buf;
    const struct pxm_program *program = world_program(&world, pipeline);

    pxm_buf_init(&buf, 1 << 16);
    pxm_graph_write(program, format, &buf);
    assert_int_equal(buf.status, PXM_OK);
    assert_string_equal(buf.data, expected);
    pxm_buf_done(&buf);
    world_close(&world);
}

static void a_graph_for_markdown(void **state)
{
    (void)state;
    check_graph(PXM_GRAPH_MERMAID, "flowchart TD\n"
                                   "  i0([\"file\"])\n"
                                   "  s0[\"image: decode\"]\n"
                                   "  subgraph g1[\"sizes\"]\n"
                                   "  s1[\"sizes\"]\n"
                                   "  s2[\"small: thumbnail\"]\n"
                                   "  s3[\"encode@10\"]\n"
                                   "  s4[\"encode@10 (fallback)\"]\n"
                                   "  s5[(\"saved: put thumbs\")]\n"
                                   "  end\n"
                                   "  s6[(\"row: record images\")]\n"
                                   "  s5 -.-> s6\n"
                                   "  subgraph gfailure[\"on_failure\"]\n"
                                   "  s7[(\"told: send jobs\")]\n"
                                   "  end\n"
                                   "  output([\"output\"])\n"
                                   "  i0 --> s0\n"
                                   "  s0 --> |\"width\"| s1\n"
                                   "  s0 --> s2\n"
                                   "  s2 --> s3\n"
                                   "  s2 --> s4\n"
                                   "  s3 --> s5\n"
                                   "  s2 --> |\"width, height\"| s1\n"
                                   "  s1 --> |\"items\"| s6\n"
                                   "  s6 --> |\"key\"| output\n");
}

static void a_graph_for_graphviz(void **state)
{
    (void)state;
    check_graph(PXM_GRAPH_DOT, "digraph \"p\" {\n"
                               "  node [shape=box];\n"
                               "  i0 [shape=oval, label=\"file\"];\n"
                               "  s0 [label=\"image: decode\"];\n"
                               "  subgraph cluster_1 {\n"
                               "  label=\"sizes\";\n"
                               "  s1 [label=\"sizes\"];\n"
                               "  s2 [label=\"small: thumbnail\"];\n"
                               "  s3 [label=\"encode@10\"];\n"
                               "  s4 [label=\"encode@10 (fallback)\"];\n"
                               "  s5 [shape=cylinder, label=\"saved: put thumbs\"];\n"
                               "  }\n"
                               "  s6 [shape=cylinder, label=\"row: record images\"];\n"
                               "  s5 -> s6 [style=dashed];\n"
                               "  subgraph cluster_failure {\n"
                               "  label=\"on_failure\";\n"
                               "  s7 [shape=cylinder, label=\"told: send jobs\"];\n"
                               "  }\n"
                               "  output [shape=oval];\n"
                               "  i0 -> s0;\n"
                               "  s0 -> s1 [label=\"width\"];\n"
                               "  s0 -> s2;\n"
                               "  s2 -> s3;\n"
                               "  s2 -> s4;\n"
                               "  s3 -> s5;\n"
                               "  s2 -> s1 [label=\"width, height\"];\n"
                               "  s1 -> s6 [label=\"items\"];\n"
                               "  s6 -> output [label=\"key\"];\n"
                               "}\n");
}

static void a_graph_without_room_is_no_success(void **state)
{
    struct world world;
    struct pxm_buf buf;
    (void)state;
    const struct pxm_program *program = world_program(&world, pipeline);
    pxm_buf_init(&buf, 100);
    pxm_graph_write(program, PXM_GRAPH_DOT, &buf);
    assert_int_equal(buf.status, PXM_E_LIMIT);
    pxm_buf_done(&buf);
    world_close(&world);
}

/* ---- schemas ---------------------------------------------------------------------------------------------------- */

/* The part of a schema at a path of keys, as JSON; NULL at the end. Valid until the next call. */
static const char *part_of(const pxm_value *schema, ...) __attribute__((sentinel));

static const char *part_of(const pxm_value *schema, ...)
{
    static char text[4096];
    struct pxm_buf buf;
    va_list keys;

    va_start(keys, schema);
    for (const char *key = va_arg(keys, const char *); key; key = va_arg(keys, const char *)) {
        schema = pxm_value_get(schema, key);
        assert_non_null(schema);
    }
    va_end(keys);
    pxm_buf_init(&buf, sizeof text);
    assert_int_equal(pxm_json_write(&buf, schema, 0, 0, NULL), PXM_OK);
    memcpy(text, buf.data, buf.length + 1);
    pxm_buf_done(&buf);
    return text;
}

static void operations_are_flat_properties_of_a_step(void **state)
{
    pxm_value *schema = pxm_schema_pipeline(&fake_catalog);
    (void)state;
    assert_non_null(schema);
    const pxm_value *step = pxm_value_get(pxm_value_get(schema, "$defs"), "step");
    assert_non_null(step);
    assert_string_equal(part_of(step, "additionalProperties", NULL), "false");
    assert_null(pxm_value_get(step, "oneOf"));
    assert_null(pxm_value_get(step, "required"));
    const pxm_value *keys = pxm_value_get(step, "properties");
    assert_string_equal(part_of(keys, "put", "required", NULL), "[\"store\",\"key\"]");
    assert_string_equal(part_of(keys, "thumbnail", "required", NULL), "[\"width\"]");
    assert_string_equal(part_of(keys, "thumbnail", "properties", "width", "anyOf", NULL),
                        "[{\"type\":\"integer\",\"minimum\":1,\"maximum\":16383},"
                        "{\"type\":\"string\",\"pattern\":\"^\\\\$\\\\{.+\\\\}$\"}]");
    assert_string_equal(part_of(keys, "vips", "properties", "op", "enum", NULL),
                        "[\"sharpen\",\"gaussblur\",\"composite2\",\"avg\",\"gamma\"]");
    assert_string_equal(part_of(keys, "fallback", "$ref", NULL), "\"#/$defs/step\"");
    assert_string_equal(part_of(schema, "required", NULL), "[\"version\"]");
    pxm_value_unref(schema);
}

static void drivers_are_properties_of_resources(void **state)
{
    pxm_value *schema = pxm_schema_project(&fake_catalog);
    (void)state;
    assert_non_null(schema);
    const pxm_value *profile =
        pxm_value_get(pxm_value_get(pxm_value_get(schema, "properties"), "profiles"), "additionalProperties");
    assert_non_null(profile);
    const pxm_value *stores = pxm_value_get(pxm_value_get(profile, "properties"), "stores");
    const pxm_value *drivers = pxm_value_get(pxm_value_get(stores, "additionalProperties"), "properties");
    assert_int_equal(pxm_value_count(drivers), 3); /* and the queue of their events */
    assert_string_equal(part_of(drivers, "localfs", "required", NULL), "[\"root\"]");
    assert_non_null(pxm_value_get(drivers, "s3"));
    assert_non_null(part_of(schema, "properties", "hosts", "additionalProperties", "properties", "limits", NULL));
    pxm_value_unref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_graph_for_markdown),
        cmocka_unit_test(a_graph_for_graphviz),
        cmocka_unit_test(a_graph_without_room_is_no_success),
        cmocka_unit_test(operations_are_flat_properties_of_a_step),
        cmocka_unit_test(drivers_are_properties_of_resources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
