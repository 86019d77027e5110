/* The generated tables against the libvips that the tests run on, and against what must never be in them. */
#include "lang/options/options.h"
#include "steps.h"

#include <string.h>

/* By the engine's own rules: it refuses a plugin with an unsound table. */
static void every_option_is_sound(void **state)
{
    (void)state;
    for (const struct pxm_unit *const *unit = steps_units(); *unit; unit++) {
        const struct pxm_option_table table = {(*unit)->options, (*unit)->option_size, (*unit)->config_size};
        struct pxm_arena *arena = pxm_arena_new(1 << 20);
        const char *fault = pxm_options_audit(arena, &table);

        if (fault) {
            fail_msg("%s: %s", (*unit)->name, fault);
        }
        assert_true(strlen((*unit)->summary) > 1);
        pxm_arena_free(arena);
    }
}

static bool is_small(const char *name)
{
    return *name >= 'a' && *name <= 'z' && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

static void names_are_in_snake_case(void **state)
{
    (void)state;
    for (const struct pxm_unit *const *unit = steps_units(); *unit; unit++) {
        assert_true(is_small((*unit)->name + 5));
        for (const struct pxm_field *field = (*unit)->signature->fields; field->name; field++) {
            assert_true(is_small(field->name));
        }
    }
    assert_non_null(steps_unit("vips.lab2xyz"));
}

static void names_are_those_of_libvips(void **state)
{
    (void)state;
    vips_init("test");
    for (const struct pxm_unit *const *unit = steps_units(); *unit; unit++) {
        assert_int_equal(strncmp((*unit)->name, "vips.", 5), 0);
        assert_true(vips_type_find("VipsOperation", (*unit)->name + 5) != 0);
        assert_true(unit == steps_units() || strcmp(unit[-1]->name, (*unit)->name) < 0);
    }
}

static const struct pxm_option *option_of(const char *unit, const char *name)
{
    const struct pxm_option *option = steps_unit(unit)->options;

    while (option->name && strcmp(option->name, name)) {
        option++;
    }
    return option->name ? option : NULL;
}

static void ranges_and_words_come_from_libvips(void **state)
{
    const struct pxm_option *sigma = option_of("vips.gaussblur", "sigma");
    const struct pxm_option *mode = option_of("vips.composite2", "mode");
    const struct pxm_option *overlay = option_of("vips.composite2", "overlay");
    bool found = false;

    (void)state;
    assert_int_equal(sigma->type, PXM_OPT_FLOAT);
    assert_true(sigma->flags & PXM_OPT_REQUIRED);
    assert_true(sigma->min == 0 && sigma->max == 1000);
    assert_int_equal(overlay->type, PXM_OPT_IMAGE);
    assert_true(overlay->flags & PXM_OPT_REQUIRED);
    for (const struct pxm_choice *choice = mode->choices; choice->name; choice++) {
        found |= !strcmp(choice->name, "soft-light");
        assert_string_not_equal(choice->name, "last");
        assert_true(choice->value >= 0);
    }
    assert_true(found);
}

/* A word of YAML reaches libvips as text in three places only, of which none is a file. */
static void no_option_can_name_a_file(void **state)
{
    (void)state;
    for (const struct pxm_unit *const *unit = steps_units(); *unit; unit++) {
        const char *name = (*unit)->name;

        assert_null(strstr(name, "load"));
        assert_null(strstr(name, "save"));
        for (const struct pxm_option *option = (*unit)->options; option && option->name; option++) {
            if (option->type == PXM_OPT_STRING) {
                assert_string_equal(name, "vips.text");
                assert_true(!strcmp(option->name, "text") || !strcmp(option->name, "font"));
            }
        }
    }
    assert_null(steps_unit("vips.system"));
    assert_null(steps_unit("vips.thumbnail"));
    assert_null(steps_unit("vips.thumbnail_source"));
    assert_null(steps_unit("vips.globalbalance"));
    assert_null(steps_unit("vips.matrixprint"));
    assert_non_null(steps_unit("vips.thumbnail_image"));
}

static void a_font_is_chosen_by_the_author_only(void **state)
{
    (void)state;
    assert_false(option_of("vips.text", "font")->flags & PXM_OPT_DYNAMIC);
    assert_false(option_of("vips.text", "dpi")->flags & PXM_OPT_DYNAMIC);
    assert_true(option_of("vips.text", "text")->flags & PXM_OPT_DYNAMIC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_sound),      cmocka_unit_test(names_are_in_snake_case),
        cmocka_unit_test(names_are_those_of_libvips), cmocka_unit_test(ranges_and_words_come_from_libvips),
        cmocka_unit_test(no_option_can_name_a_file),  cmocka_unit_test(a_font_is_chosen_by_the_author_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
