/* Every operation of the table is run on small pictures, with middling and with extreme options. It may refuse, with an
 * error of the plugin's own; it may neither crash nor give a picture beyond the limits. */
#include "steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum level { LEAST, MIDDLE, MOST };

static double within(const struct pxm_option *option, enum level level, double middle)
{
    if (level == LEAST) {
        return option->min;
    }
    if (level == MOST) {
        return option->max;
    }
    return middle < option->min ? option->min : middle > option->max ? option->max : middle;
}

static void fill_list(struct step *step, const struct pxm_option *option, struct source *sources, enum level level)
{
    static const char *const words[] = {"over"};
    const double numbers[] = {1, 0, 0, 1};

    if (option->item == PXM_TYPE_IMAGE) {
        pxm_image *images[] = {source_image(sources)};
        step_images(step, option->name, images, 1);
    } else if (option->item == PXM_TYPE_STRING) {
        step_words(step, option->name, words, 1);
    } else {
        size_t count = level == LEAST || strcmp(option->name, "matrix") ? 1 : 4;
        step_floats(step, option->name, numbers, count);
    }
}

static const char *choose(const struct pxm_option *option, enum level level)
{
    const struct pxm_choice *choice = option->choices;

    while (level == MOST && choice[1].name) {
        choice++;
    }
    return choice->name;
}

static void fill(struct step *step, const struct pxm_option *option, struct source *sources, enum level level)
{
    switch (option->type) {
    case PXM_OPT_INT:
        step_int(step, option->name, (int64_t)within(option, level, 4));
        break;
    case PXM_OPT_FLOAT:
        step_float(step, option->name, within(option, level, 1.5));
        break;
    case PXM_OPT_STRING:
        step_string(step, option->name, strcmp(option->name, "font") ? "a <b> & c" : "sans 12");
        break;
    case PXM_OPT_ENUM:
        step_choice(step, option->name, choose(option, level));
        break;
    case PXM_OPT_IMAGE:
        step_image(step, option->name, source_image(sources + 1));
        break;
    case PXM_OPT_LIST:
        fill_list(step, option, sources, level);
        break;
    default:
        break;
    }
}

static void read_picture(struct step *step, pxm_image *image)
{
    const struct pxm_image_info *info = pxm_image_info(image);
    VipsImage *lazy = NULL, *memory;

    assert_in_range(info->width * info->height, 1, step->job.limits.pixels);
    if (pxm_image_pixels(image, &step->job, 0, 0, &lazy, step->error)) {
        assert_true(strlen(step->error->code) > 0);
        return;
    }
    assert_int_equal(lazy->Xsize, info->width);
    memory = vips_image_copy_memory(lazy);
    if (!memory) {
        vips_error_clear();
    }
    g_clear_object(&memory);
    g_object_unref(lazy);
}

/* 1: it worked. */
static int try(const struct pxm_unit *unit, struct source *sources, enum level level, bool optional)
{
    static const char *const codes[] = {"vips.failed", "limit.pixels", "limit.memory", "limit.time", "decode.corrupt"};
    struct step step;
    bool known = false;
    pxm_status status;

    step_begin(&step, unit->name, unit->signature->in ? source_image(sources) : NULL);
    step.job.limits.output_side = 256;
    step.job.limits.pixels = 256 * 256;
    step.job.limits.memory = 32 << 20;
    step.now_step_ms = 1; /* not for ever */
    for (const struct pxm_option *option = unit->options; option && option->name; option++) {
        if (optional || option->flags & PXM_OPT_REQUIRED || option->item == PXM_TYPE_IMAGE) {
            fill(&step, option, sources, level);
        }
    }
    status = step_run(&step);
    if (status) {
        for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
            known |= !strcmp(codes[i], step.error->code);
        }
        if (!known) {
            fail_msg("%s failed with %s: %s", unit->name, step.error->code, step.error->text);
        }
        if (level == MIDDLE && !optional) {
            print_message("%s: %s\n", step.error->code, step.error->text);
        }
    } else {
        if (unit->signature->out) {
            read_picture(&step, pxm_value_as_image(step.out));
        }
        for (const struct pxm_field *field = unit->signature->fields; field->name; field++) {
            const pxm_value *value = pxm_value_get(step.fields, field->name);

            assert_true(pxm_value_type(value) & field->type);
            if (field->type == PXM_TYPE_IMAGE) {
                read_picture(&step, pxm_value_as_image(value));
            }
        }
    }
    step_done(&step);
    return !status;
}

static void all(struct source *sources, enum level level, bool optional, int least)
{
    int worked = 0, count = 0;

    for (const struct pxm_unit *const *unit = steps_units(); *unit; unit++) {
        worked += try(*unit, sources, level, optional);
        count++;
    }
    print_message("%d of %d worked\n", worked, count);
    assert_true(worked >= least);
}

static void every_operation_runs_on_colour(void **state)
{
    static struct source sources[] = {{.width = 40, .height = 30, .bands = 3}, {.width = 40, .height = 30, .bands = 3}};

    (void)state;
    all(sources, MIDDLE, false, 140);
}

static void every_operation_runs_on_grey(void **state)
{
    static struct source sources[] = {{.width = 40, .height = 30, .bands = 1}, {.width = 5, .height = 5, .bands = 1}};

    (void)state;
    all(sources, MIDDLE, false, 130);
}

static void every_operation_takes_all_its_options(void **state)
{
    static struct source sources[] = {{.width = 40, .height = 30, .bands = 4}, {.width = 40, .height = 30, .bands = 4}};

    (void)state;
    all(sources, MIDDLE, true, 120);
}

static void no_operation_crashes_on_the_least_options(void **state)
{
    static struct source sources[] = {{.width = 1, .height = 1, .bands = 1}, {.width = 1, .height = 1, .bands = 1}};

    (void)state;
    all(sources, LEAST, false, 50);
    all(sources, LEAST, true, 1);
}

static void no_operation_crashes_on_the_largest_options(void **state)
{
    static struct source sources[] = {{.width = 40, .height = 30, .bands = 3}, {.width = 200, .height = 2, .bands = 1}};

    (void)state;
    all(sources, MOST, false, 40);
    all(sources, MOST, true, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_runs_on_colour),
        cmocka_unit_test(every_operation_runs_on_grey),
        cmocka_unit_test(every_operation_takes_all_its_options),
        cmocka_unit_test(no_operation_crashes_on_the_least_options),
        cmocka_unit_test(no_operation_crashes_on_the_largest_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
