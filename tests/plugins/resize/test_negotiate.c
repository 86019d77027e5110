/* `negotiate`: which format a client gets. */
#include "support.h"

#include <string.h>

static pxm_value *list_of(const char *first, const char *second, const char *third)
{
    const char *const names[] = {first, second, third};
    pxm_value *list = pxm_value_list();

    for (int i = 0; i < 3 && names[i]; i++) {
        pxm_value_append(list, pxm_value_cstring(names[i]));
    }
    return list;
}

/* Choosing a format needs no pixels. */
static pxm_status no_pixels(void *self, pxm_job *job, int64_t min_width, int64_t min_height, VipsImage **ret,
                            pxm_error *error)
{
    (void)self;
    (void)job;
    (void)min_width;
    (void)min_height;
    (void)ret;
    (void)error;
    fail_msg("asked for pixels");
    return PXM_E_INTERNAL;
}

static pxm_image *image_of(int64_t frames)
{
    static const struct pxm_image_ops ops = {.struct_size = sizeof(ops), .pixels = no_pixels};
    const struct pxm_image_info info = {
        .struct_size = sizeof(info), .width = 1, .height = 1, .frames = frames, .orientation = 1};

    return pxm_image_new(&ops, NULL, &info);
}

/* Runs with still [avif, webp, jpeg] and, if asked, animated [webp, gif]. */
static void run(struct step *step, const char *accept, int64_t frames, bool animated)
{
    static struct pxm_job job;
    struct resize_negotiate_options options = {.accept = accept};
    pxm_value *still = list_of("avif", "webp", "jpeg"), *moving = list_of("webp", "gif", NULL);

    job_init(&job);
    options.still = still;
    options.animated = animated ? moving : NULL;
    *step = (struct step){.op = "negotiate", .options = &options, .in = pxm_value_image(image_of(frames)), .job = &job};
    step_run(step);
    pxm_value_unref(step->in);
    pxm_value_unref(still);
    pxm_value_unref(moving);
    step->in = NULL;
    step->options = NULL;
}

static void answers(const char *accept, int64_t frames, bool animated, const char *name)
{
    struct step step;

    run(&step, accept, frames, animated);
    assert_int_equal(step.status, PXM_OK);
    assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "name"), NULL), name);
    assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "vary"), NULL), "Accept");
    step_done(&step);
}

static void the_operators_order_decides_among_named_formats(void **state)
{
    (void)state;
    answers("image/webp,image/avif;q=0.1,*/*", 1, true, "avif");
    answers("image/webp,*/*;q=0.8", 1, true, "webp");
    answers("image/jpeg,image/webp;q=0.1", 1, true, "webp");
}

static void a_client_that_names_no_format_gets_the_last(void **state)
{
    (void)state;
    answers("*/*", 1, true, "jpeg");
    answers("image/*", 1, true, "jpeg");
    answers("", 1, true, "jpeg");
    answers(NULL, 1, true, "jpeg");
}

static void a_refused_format_is_not_the_fallback(void **state)
{
    (void)state;
    answers("image/jpeg;q=0", 1, true, "webp");
    answers("*/*;q=0", 1, true, "jpeg");
}

static void an_animation_has_its_own_list(void **state)
{
    (void)state;
    answers("image/avif,image/webp", 3, true, "webp");
    answers("*/*", 3, true, "gif");
    answers("image/avif,image/webp", 3, false, "avif");
}

static void the_media_type_goes_with_the_name(void **state)
{
    struct step step;

    (void)state;
    run(&step, "image/avif", 1, true);
    assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "media"), NULL), "image/avif");
    step_done(&step);
}

static void a_list_of_one_does_not_vary(void **state)
{
    pxm_value *still = list_of("png", NULL, NULL);
    const struct resize_negotiate_options options = {.accept = "image/webp", .still = still};
    struct pxm_job job;
    struct step step = {.op = "negotiate", .options = &options, .job = &job};

    (void)state;
    job_init(&job);
    step.in = pxm_value_image(image_of(1));
    step_run(&step);
    assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "name"), NULL), "png");
    assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "vary"), NULL), "");
    pxm_value_unref(step.in);
    pxm_value_unref(still);
    step_done(&step);
}

static void an_unknown_format_is_refused_by_name(void **state)
{
    pxm_value *still = list_of("jpg", NULL, NULL);
    const struct resize_negotiate_options options = {.accept = "", .still = still};
    struct pxm_job job;
    struct step step = {.op = "negotiate", .options = &options, .job = &job};

    (void)state;
    job_init(&job);
    step.in = pxm_value_image(image_of(1));
    step_run(&step);
    assert_string_equal(step.error.code, "negotiate.format");
    assert_non_null(strstr(step.error.text, "`jpg` in `still`"));
    pxm_value_unref(step.in);
    pxm_value_unref(still);
    step_done(&step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_operators_order_decides_among_named_formats),
        cmocka_unit_test(a_client_that_names_no_format_gets_the_last),
        cmocka_unit_test(a_refused_format_is_not_the_fallback),
        cmocka_unit_test(an_animation_has_its_own_list),
        cmocka_unit_test(the_media_type_goes_with_the_name),
        cmocka_unit_test(a_list_of_one_does_not_vary),
        cmocka_unit_test(an_unknown_format_is_refused_by_name),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
