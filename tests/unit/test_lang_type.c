/* Static types: what fits where, what two types have in common, and how they are called. */
#include "expr_world.h"

static const struct pxm_type string_or_int = {.bits = PXM_TYPE_STRING | PXM_TYPE_INT};
static const struct pxm_type nullable_int = {.bits = PXM_TYPE_INT | PXM_TYPE_NULL};
static const struct pxm_type any_but_null = {.bits = PXM_TYPE_ANY & ~PXM_TYPE_NULL, .open = true};
static const struct pxm_type map_of_ints = {.bits = PXM_TYPE_RECORD, .open = true, .item = &pxm_type_int};
static const struct pxm_type no_item = {.bits = 0};
static const struct pxm_type empty_list = {.bits = PXM_TYPE_LIST, .item = &no_item};
static const struct pxm_type any_list_of_any = {.bits = PXM_TYPE_LIST, .item = &pxm_type_any};
static const struct pxm_type_field wide_fields[] = {
    {"hash", &pxm_type_string}, {"size", &pxm_type_int}, {"more", &pxm_type_bool}};
static const struct pxm_type wide_record = {.bits = PXM_TYPE_RECORD, .field_count = 3, .fields = wide_fields};
static const struct pxm_type_field optional_fields[] = {
    {"hash", &pxm_type_string}, {"size", &pxm_type_int}, {"none", &world_nullable_string}};
static const struct pxm_type optional_record = {.bits = PXM_TYPE_RECORD, .field_count = 3, .fields = optional_fields};
static const struct pxm_type_field int_fields[] = {{"a", &pxm_type_int}, {"b", &pxm_type_int}};
static const struct pxm_type ints_record = {.bits = PXM_TYPE_RECORD, .field_count = 2, .fields = int_fields};

static void a_type_fits_where_all_its_values_do(void **state)
{
    static const struct {
        const struct pxm_type *from, *to;
        bool fits, may_fit;
    } cases[] = {
        {&pxm_type_int, &pxm_type_int, true, true},
        {&pxm_type_int, &pxm_type_float, true, true},
        {&pxm_type_float, &pxm_type_int, false, false},
        {&pxm_type_int, &string_or_int, true, true},
        {&string_or_int, &pxm_type_int, false, false},
        {&nullable_int, &pxm_type_int, false, false},
        {&pxm_type_int, &nullable_int, true, true},
        {&pxm_type_null, &nullable_int, true, true},
        {&pxm_type_string, &pxm_type_any, true, true},
        {&pxm_type_any, &pxm_type_string, false, false},
        {&pxm_type_any, &world_nullable_string, false, true},
        {&any_but_null, &pxm_type_string, false, true},
        {&any_but_null, &pxm_type_image, false, true},
        {&any_but_null, &pxm_type_null, false, false},
        {&world_secret, &pxm_type_string, false, false},
        {&world_secret, &pxm_type_any, false, false},
        {&world_secret, &world_secret, true, true},
        {&pxm_type_string, &world_secret, true, true},
        {&world_ints, &pxm_type_list, true, true},
        {&world_ints, &world_strings, false, false},
        {&pxm_type_list, &world_ints, false, true},
        {&any_list_of_any, &world_ints, false, false},
        {&any_list_of_any, &pxm_type_list, true, true},
        {&empty_list, &world_ints, true, true},
        {&world_size, &pxm_type_record, true, true},
        {&pxm_type_record, &world_size, false, false},
        {&wide_record, &world_size, false, false},
        {&world_size, &wide_record, false, false},
        {&world_size, &optional_record, true, true},
        {&ints_record, &map_of_ints, true, true},
        {&world_size, &map_of_ints, false, false},
        {&map_of_ints, &pxm_type_record, true, true},
        {&pxm_type_record, &map_of_ints, false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (pxm_type_fits(cases[i].from, cases[i].to) != cases[i].fits ||
            pxm_type_may_fit(cases[i].from, cases[i].to) != cases[i].may_fit) {
            fail_msg("case %zu", i);
        }
    }
}

static void types_are_named_for_people(void **state)
{
    static const struct {
        const struct pxm_type *type;
        const char *text;
    } cases[] = {
        {&pxm_type_any, "anything"},       {&any_but_null, "anything"},
        {&pxm_type_null, "null"},          {&pxm_type_image, "image"},
        {&string_or_int, "int or string"}, {&nullable_int, "int or null"},
        {&pxm_type_list, "list"},          {&world_strings, "list of string"},
        {&any_list_of_any, "list"},        {&empty_list, "empty list"},
        {&map_of_ints, "record of int"},   {&world_blur, "record or null"},
        {&world_secret, "secret"},         {&no_item, "nothing"},
    };
    struct world world;
    (void)state;
    world_init(&world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(pxm_type_text(world.arena, cases[i].type), cases[i].text);
    }
    const struct pxm_type *mixed = pxm_type_list_of(world.arena, &string_or_int);
    assert_string_equal(pxm_type_text(world.arena, mixed), "list of (int or string)");
    world_done(&world);
}

static void null_comes_and_goes(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    const struct pxm_type *with = pxm_type_with_null(world.arena, &pxm_type_int);
    assert_string_equal(pxm_type_text(world.arena, with), "int or null");
    assert_ptr_equal(pxm_type_with_null(world.arena, with), with);
    assert_string_equal(pxm_type_text(world.arena, pxm_type_without_null(world.arena, with)), "int");
    assert_null(pxm_type_without_null(world.arena, &world_blur)->null_reason);
    assert_ptr_equal(pxm_type_without_null(world.arena, &pxm_type_int), &pxm_type_int);
    assert_null(pxm_type_with_null(world.arena, NULL));
    world_done(&world);
}

static void a_union_keeps_what_is_known_of_both(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    struct pxm_arena *arena = world.arena;
    assert_string_equal(pxm_type_text(arena, pxm_type_union(arena, &pxm_type_int, &pxm_type_string)), "int or string");
    assert_string_equal(pxm_type_text(arena, pxm_type_union(arena, &world_ints, &world_strings)),
                        "list of (int or string)");
    assert_string_equal(pxm_type_text(arena, pxm_type_union(arena, &world_ints, &pxm_type_list)), "list");
    assert_string_equal(pxm_type_text(arena, pxm_type_union(arena, &empty_list, &world_ints)), "list of int");
    assert_string_equal(pxm_type_text(arena, pxm_type_union(arena, &world_ints, &pxm_type_null)),
                        "list of int or null");
    assert_ptr_equal(pxm_type_union(arena, &no_item, &pxm_type_int), &pxm_type_int);
    assert_true(pxm_type_union(arena, &world_secret, &pxm_type_int)->tainted);
    assert_string_equal(pxm_type_union(arena, &pxm_type_string, &world_blur)->null_reason, world_blur.null_reason);

    const struct pxm_type *records = pxm_type_union(arena, &world_size, &wide_record);
    assert_string_equal(pxm_type_text(arena, pxm_type_field(records, "hash")), "string");
    assert_string_equal(pxm_type_text(arena, pxm_type_field(records, "more")), "bool or null");
    assert_null(pxm_type_field(records, "other"));
    const struct pxm_type *open = pxm_type_union(arena, &ints_record, &map_of_ints);
    assert_string_equal(pxm_type_text(arena, pxm_type_field(open, "a")), "int or null");
    assert_string_equal(pxm_type_text(arena, pxm_type_field(open, "other")), "int");
    assert_ptr_equal(pxm_type_field(&pxm_type_record, "x"), &pxm_type_any);
    world_done(&world);
}

static void a_value_has_an_exact_type(void **state)
{
    struct world world;
    struct pxm_error error = {0};
    pxm_value *value = NULL;
    static const char json[] = "{\"list\":[1,\"a\"],\"none\":null,\"record\":{\"f\":1.5,\"b\":true}}";
    (void)state;
    world_init(&world);
    assert_int_equal(pxm_json_parse(json, strlen(json), &value, &error), PXM_OK);
    const struct pxm_type *type = pxm_type_of_value(world.arena, value);
    pxm_value_unref(value);
    assert_string_equal(pxm_type_text(world.arena, pxm_type_field(type, "list")), "list of (int or string)");
    assert_string_equal(pxm_type_text(world.arena, pxm_type_field(type, "none")), "null");
    assert_string_equal(pxm_type_text(world.arena, pxm_type_field(pxm_type_field(type, "record"), "f")), "float");
    assert_null(pxm_type_field(type, "other"));
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_fits_where_all_its_values_do),
        cmocka_unit_test(types_are_named_for_people),
        cmocka_unit_test(null_comes_and_goes),
        cmocka_unit_test(a_union_keeps_what_is_known_of_both),
        cmocka_unit_test(a_value_has_an_exact_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
