/* Option tables as reference pages, as JSON and as JSON Schema. */
#include "option_world.h"

#include "lang/options/option_docs.h"

static const struct pxm_choice methods[] = {
    {"fast", 0, 0, "Good enough | mostly."}, {"best", 1, 0, NULL}, {NULL, 0, 0, NULL}};
static const struct pxm_option few[] = {
    {.name = "width",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     FIELD(width, int64_t),
     .min = 1,
     .max = 16383,
     .help = "Pixels."},
    {.name = "method",
     .type = PXM_OPT_ENUM,
     FIELD(fit, int32_t),
     .fallback = "fast",
     .choices = methods,
     .old_name = "mode",
     .help = "How a|b."},
    {.name = "bytes",
     .type = PXM_OPT_SIZE,
     .flags = PXM_OPT_ADVANCED,
     FIELD(bytes, int64_t),
     .fallback = "4MiB",
     .min = 1024,
     .max = INFINITY,
     .help = "A size."},
    {.name = "tags",
     .type = PXM_OPT_LIST,
     FIELD(tags, const pxm_value *),
     .item = PXM_TYPE_STRING,
     .min = 1,
     .max = 3,
     .fallback = "[a, b]",
     .help = "Words."},
    {.name = "quality",
     .type = PXM_OPT_INT_OR_RECORD,
     FIELD(quality, const pxm_value *),
     .min = 1,
     .max = 100,
     .choices = methods,
     .help = "Quality."},
    {.name = "token",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_SECRET | PXM_OPT_DEPRECATED,
     FIELD(token, const char *),
     .help = "A secret."},
    {.name = NULL},
};
static const struct pxm_option_table few_table = {few, sizeof *few, sizeof(struct config)};
static const struct pxm_option_table no_options = {NULL, 0, 0};

static void a_page_has_a_row_for_each_option(void **state)
{
    struct pxm_buf buf;
    (void)state;
    pxm_buf_init(&buf, 1 << 16);
    pxm_option_docs_markdown(&few_table, &buf);
    assert_string_equal(buf.data, "| Option | Type | Default | Values | |\n"
                                  "|---|---|---|---|---|\n"
                                  "| `width` | int | required | 1 to 16383 | Pixels. May hold a template. |\n"
                                  "| `method` | choice | `fast` | `fast`, `best` | How a\\|b. Formerly `mode`. |\n"
                                  "| `bytes` | size | `4MiB` | at least 1KiB | A size. For special cases. |\n"
                                  "| `tags` | list of string | `[a, b]` | 1 to 3 items | Words. |\n"
                                  "| `quality` | int or record |  | 1 to 100; keys: `fast`, `best` | Quality. |\n"
                                  "| `token` | string |  |  | A secret. Takes a secret. Deprecated. |\n"
                                  "\nValues of `method`:\n\n- `fast`: Good enough | mostly.\n"
                                  "\nValues of `quality`:\n\n- `fast`: Good enough | mostly.\n");
    pxm_buf_clear(&buf);
    pxm_option_docs_markdown(&no_options, &buf);
    assert_string_equal(buf.data, "");
    pxm_buf_done(&buf);
}

static void assert_json(pxm_value *value, const char *path, const char *want)
{
    struct pxm_error error = {0};
    struct pxm_buf buf;
    pxm_buf_init(&buf, 1 << 16);
    assert_int_equal(pxm_json_write(&buf, value, 0, 0, &error), PXM_OK);
    if (strcmp(buf.data, want) != 0) {
        fail_msg("%s is %s\nwant %s", path, buf.data, want);
    }
    pxm_buf_done(&buf);
}

static void programs_read_the_same(void **state)
{
    pxm_value *list = pxm_option_docs_json(&few_table);
    (void)state;
    assert_non_null(list);
    assert_int_equal(pxm_value_count(list), 6);
    assert_json(
        list, "all",
        "[{\"name\":\"width\",\"type\":\"int\",\"required\":true,\"dynamic\":true,\"secret\":false,\"advanced\":false,"
        "\"deprecated\":false,\"help\":\"Pixels.\",\"min\":1,\"max\":16383},"
        "{\"name\":\"method\",\"type\":\"choice\",\"required\":false,\"dynamic\":false,\"secret\":false,"
        "\"advanced\":false,\"deprecated\":false,\"help\":\"How a|b.\",\"default\":\"fast\",\"choices\":[{\"name\":"
        "\"fast\",\"help\":\"Good enough | mostly.\"},{\"name\":\"best\"}],\"old_name\":\"mode\"},"
        "{\"name\":\"bytes\",\"type\":\"size\",\"required\":false,\"dynamic\":false,\"secret\":false,"
        "\"advanced\":true,\"deprecated\":false,\"help\":\"A size.\",\"default\":\"4MiB\",\"min\":\"1KiB\"},"
        "{\"name\":\"tags\",\"type\":\"list of string\",\"required\":false,\"dynamic\":false,\"secret\":false,"
        "\"advanced\":false,\"deprecated\":false,\"help\":\"Words.\",\"default\":\"[a, b]\",\"min\":1,\"max\":3},"
        "{\"name\":\"quality\",\"type\":\"int or record\",\"required\":false,\"dynamic\":false,\"secret\":false,"
        "\"advanced\":false,\"deprecated\":false,\"help\":\"Quality.\",\"min\":1,\"max\":100,\"choices\":[{\"name\":"
        "\"fast\",\"help\":\"Good enough | mostly.\"},{\"name\":\"best\"}]},"
        "{\"name\":\"token\",\"type\":\"string\",\"required\":false,\"dynamic\":false,\"secret\":true,"
        "\"advanced\":false,\"deprecated\":true,\"help\":\"A secret.\"}]");
    pxm_value_unref(list);
}

static void editors_get_a_flat_schema(void **state)
{
    static const char *const wants[][2] = {
        {"width",
         "{\"anyOf\":[{\"type\":\"integer\",\"minimum\":1,\"maximum\":16383},{\"type\":\"string\",\"pattern\":\"^\\\\"
         "$\\\\{.+\\\\}$\"}],\"description\":\"Pixels.\"}"},
        {"method", "{\"enum\":[\"fast\",\"best\"],\"description\":\"How a|b.\",\"default\":\"fast\"}"},
        {"mode",
         "{\"enum\":[\"fast\",\"best\"],\"description\":\"Now called `method`.\",\"default\":\"fast\",\"deprecated\":"
         "true}"},
        {"bytes",
         "{\"type\":\"string\",\"pattern\":\"^(0|[1-9][0-9]*)([KMGT]i?)?B$\",\"description\":\"A size.\",\"default\":"
         "\"4MiB\"}"},
        {"tags",
         "{\"type\":\"array\",\"items\":{\"type\":[\"boolean\",\"number\",\"string\"]},\"minItems\":1,\"maxItems\":3,"
         "\"description\":\"Words.\",\"default\":[\"a\",\"b\"]}"},
        {"quality",
         "{\"anyOf\":[{\"type\":\"integer\",\"minimum\":1,\"maximum\":100},{\"type\":\"object\",\"properties\":{"
         "\"fast\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":100},\"best\":{\"type\":\"integer\",\"minimum\":"
         "1,\"maximum\":100}},\"additionalProperties\":false}],\"description\":\"Quality.\"}"},
        {"token", "{\"type\":\"string\",\"pattern\":\"^\\\\$\\\\{ *secret\\\\..+\\\\}$\",\"description\":\"A secret.\","
                  "\"deprecated\":true}"},
    };
    pxm_value *schema = pxm_option_docs_schema(&few_table, false);
    (void)state;
    assert_non_null(schema);
    const pxm_value *properties = pxm_value_get(schema, "properties");
    assert_int_equal(pxm_value_count(properties), sizeof wants / sizeof *wants);
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        pxm_value *property = pxm_value_ref(pxm_value_get(properties, wants[i][0]));
        assert_json(property, wants[i][0], wants[i][1]);
        pxm_value_unref(property);
    }
    assert_int_equal(pxm_value_count(pxm_value_get(schema, "required")), 1);
    assert_int_equal(pxm_value_as_bool(pxm_value_get(schema, "additionalProperties")), 0);
    pxm_value_unref(schema);
}

/* Every kind has a schema, with and without templates; the details are those of the kinds above. */
static void every_kind_has_a_schema(void **state)
{
    (void)state;
    for (int everywhere = 0; everywhere < 2; everywhere++) {
        pxm_value *schema = pxm_option_docs_schema(&table, everywhere);
        const pxm_value *properties = pxm_value_get(schema, "properties");
        assert_int_equal(pxm_value_count(properties), pxm_options_count(&table) + 1);
        for (size_t i = 0; i < pxm_value_count(properties); i++) {
            const pxm_value *property = pxm_value_at(properties, i);
            bool any = strcmp(pxm_value_key(properties, i), "any") == 0;
            bool typed =
                pxm_value_get(property, "type") || pxm_value_get(property, "anyOf") || pxm_value_get(property, "enum");
            assert_int_equal(typed, !any);
            assert_non_null(pxm_value_get(property, "description"));
        }
        bool store_templates = pxm_value_get(pxm_value_get(properties, "store"), "anyOf") != NULL;
        assert_int_equal(store_templates, everywhere);
        pxm_value_unref(schema);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_has_a_row_for_each_option),
        cmocka_unit_test(programs_read_the_same),
        cmocka_unit_test(editors_get_a_flat_schema),
        cmocka_unit_test(every_kind_has_a_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
