/* Option tables of any stride, and which tables are refused themselves. */
#include "option_world.h"

static void tables_of_another_stride_are_read(void **state)
{
    struct wide {
        struct pxm_option option;
        void *later;
    } rows[3] = {{.option = options[0]}, {.option = options[2]}, {.option = {.name = NULL}}};
    const struct pxm_option_table wide = {&rows[0].option, sizeof *rows, sizeof(struct config)};
    /* As a plugin of before `help` would have it. */
    enum { NARROW = offsetof(struct pxm_option, help) };
    unsigned char bytes[3 * NARROW] = {0};
    for (size_t i = 0; i < 2; i++) {
        memcpy(bytes + i * NARROW, &options[i], NARROW);
    }
    const struct pxm_option_table narrow = {(const void *)bytes, NARROW, sizeof(struct config)};
    bool old = true;
    (void)state;
    assert_int_equal(pxm_options_count(&wide), 2);
    assert_string_equal(pxm_options_at(&wide, 1).name, "ratio");
    assert_int_equal(pxm_options_find(&wide, "ratio", &old), 1);
    assert_false(old);
    assert_int_equal(pxm_options_find(&wide, "w", &old), 0);
    assert_true(old);
    assert_int_equal(pxm_options_find(&wide, "nothing", NULL), -1);
    assert_int_equal(pxm_options_count(&narrow), 2);
    assert_string_equal(pxm_options_at(&narrow, 1).name, "limit");
    assert_null(pxm_options_at(&narrow, 1).help);
}

static void unsound_tables_are_refused(void **state)
{
#define SOUND .name = "a", .type = PXM_OPT_INT, .offset = 8, .help = "x"
    static const struct pxm_choice twice[] = {{"a", 0, 0, NULL}, {"a", 1, 0, NULL}, {NULL, 0, 0, NULL}};
    static const struct pxm_choice negative[] = {{"a", -1, 0, NULL}, {NULL, 0, 0, NULL}};
    static const struct pxm_choice none[] = {{NULL, 0, 0, NULL}};
    static const struct {
        struct pxm_option rows[3];
        const char *fault;
    } cases[] = {
        {{{SOUND}}, NULL},
        {{{.name = "Big", .type = PXM_OPT_INT, .help = "x"}}, "option `Big` is no name in snake_case"},
        {{{.name = "a", .type = PXM_OPT_INT}}, "option `a` has no help text"},
        {{{.name = "a", .type = 99, .help = "x"}}, "option `a` has an unknown type"},
        {{{.name = "a", .type = PXM_OPT_STORE, .help = "x"}}, "option `a` has an unknown type"},
        {{{.name = "a", .type = PXM_OPT_INT, .offset = 60, .help = "x"}},
         "option `a` has a field outside the config struct"},
        {{{.name = "a", .type = PXM_OPT_INT, .offset = UINT32_MAX - 3, .help = "x"}},
         "option `a` has a field outside the config struct"},
        {{{.name = "a", .type = PXM_OPT_INT, .offset = 4, .help = "x"}}, "option `a` has a field that is not aligned"},
        {{{SOUND}, {.name = "b", .type = PXM_OPT_BOOL, .offset = 12, .help = "x"}},
         "option `b` has the same field as `a`"},
        {{{SOUND}, {SOUND}}, "option `a` has a name that `a` has too"},
        {{{SOUND}, {.name = "b", .old_name = "a", .type = PXM_OPT_INT, .help = "x"}},
         "option `b` has a name that `a` has too"},
        {{{SOUND, .old_name = "A"}}, "option `a` has an impossible former name"},
        {{{SOUND, .flags = 1u << 30}}, "option `a` has an unknown flag"},
        {{{SOUND, .flags = PXM_OPT_SECRET}}, "option `a` is a secret, color or path, but no string"},
        {{{.name = "a", .type = PXM_OPT_STRING, .flags = PXM_OPT_SECRET, .fallback = "x", .help = "x"}},
         "option `a` is a secret with a default"},
        {{{SOUND, .flags = PXM_OPT_REQUIRED, .fallback = "1"}}, "option `a` is required and has a default"},
        {{{.name = "a", .type = PXM_OPT_IMAGE, .help = "x"}},
         "option `a` takes an image or blob, which only a template gives, but is not dynamic"},
        {{{SOUND, .choices = fits}}, "option `a` has choices, but is no choice"},
        {{{.name = "a", .type = PXM_OPT_ENUM, .help = "x"}}, "option `a` has no choices"},
        {{{.name = "a", .type = PXM_OPT_ENUM, .choices = none, .help = "x"}}, "option `a` has no choices"},
        {{{.name = "a", .type = PXM_OPT_ENUM, .choices = twice, .help = "x"}}, "option `a` has the choice `a` twice"},
        {{{.name = "a", .type = PXM_OPT_ENUM, .choices = negative, .help = "x"}},
         "option `a` has the choice `a` with a negative value"},
        {{{SOUND, .min = 2, .max = 1}}, "option `a` has an empty range"},
        {{{SOUND, .min = NAN}}, "option `a` has an empty range"},
        {{{.name = "a", .type = PXM_OPT_BOOL, .max = 1, .help = "x"}},
         "option `a` has a range, but nothing to measure"},
        {{{.name = "a", .type = PXM_OPT_LIST, .help = "x"}}, "option `a` does not say what its items are"},
        {{{SOUND, .item = PXM_TYPE_INT}}, "option `a` has items, but is no list or map"},
        {{{SOUND, .fallback = "x"}}, "option `a` has a bad default: `a` takes an int, not `x`"},
        {{{SOUND, .min = 2, .max = 3, .fallback = "1"}}, "option `a` has a bad default: `a` must be 2 to 3, not 1"},
        {{{.name = "a", .type = PXM_OPT_STRING, .fallback = "${item}", .help = "x"}},
         "option `a` has a template as its default"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_init(&world);
        const struct pxm_option_table bad = {cases[i].rows, sizeof(struct pxm_option), 64};
        const char *fault = pxm_options_audit(world.arena, &bad);
        if ((fault == NULL) != (cases[i].fault == NULL) || (fault && strcmp(fault, cases[i].fault) != 0)) {
            fail_msg("%zu: %s", i, fault ? fault : "sound");
        }
        world_done(&world);
    }
}

static void a_table_without_an_end_is_refused(void **state)
{
    static struct pxm_option endless[PXM_OPTIONS_MAX + 1];
    struct world world;
    (void)state;
    world_init(&world);
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        endless[i] = options[0];
    }
    const struct pxm_option_table bad = {endless, sizeof *endless, sizeof(struct config)};
    assert_string_equal(pxm_options_audit(world.arena, &bad), "its options have no end, or there are too many");
    const struct pxm_option_table odd = {options, 12, sizeof(struct config)};
    assert_string_equal(pxm_options_audit(world.arena, &odd), "its options have an impossible size");
    world_done(&world);
}

static void the_core_may_use_its_own_types(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_null(pxm_options_audit_core(world.arena, &table));
    assert_string_equal(pxm_options_audit(world.arena, &table), "option `pixels` has an unknown type");
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_of_another_stride_are_read),
        cmocka_unit_test(unsound_tables_are_refused),
        cmocka_unit_test(a_table_without_an_end_is_refused),
        cmocka_unit_test(the_core_may_use_its_own_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
