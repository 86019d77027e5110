/* What the tests of the image plugin share. */
#include "support.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS_MAX = 16 };

static struct pxm_host host;
static struct pxm_host_impl host_impl = {.name = "resize", .clock = &pxm_clock_system};
static const struct pxm_plugin *light, *body;
static void *selves[UNITS_MAX];

static const struct pxm_plugin *open_module(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    pxm_plugin_entry_fn entry;

    if (!module) {
        fail_msg("%s", dlerror());
    }
    *(void **)&entry = dlsym(module, "pxm_plugin_entry");
    assert_non_null(entry);
    return entry();
}

int setup(void **state)
{
    struct pxm_error error = {0};

    (void)state;
    pxm_host_init(&host, &host_impl);
    light = open_module(PXM_TEST_PLUGINS "/resize.so");
    body = open_module(PXM_TEST_PLUGINS "/resize-body.so");
    assert_int_equal(body->load(&host, &error), PXM_OK);
    for (size_t i = 0; body->units[i]; i++) {
        assert_int_equal(body->units[i]->create(&host, NULL, &selves[i], &error), PXM_OK);
    }
    return 0;
}

int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; body->units[i]; i++) {
        body->units[i]->destroy(selves[i]);
    }
    vips_shutdown();
    return 0;
}

void job_init(struct pxm_job *job)
{
    *job = (struct pxm_job){.id = "test", .clock = &pxm_clock_system, .deadline_ms = INT64_MAX};
    pxm_limits_default(&job->limits);
}

static const struct pxm_unit *find_unit(const struct pxm_plugin *plugin, const char *name, size_t *ret_index)
{
    for (size_t i = 0; plugin->units[i]; i++) {
        if (strcmp(plugin->units[i]->name, name) == 0) {
            *ret_index = i;
            return plugin->units[i];
        }
    }
    fail_msg("no operation %s", name);
    return NULL;
}

static struct pxm_call call_of(const struct step *step)
{
    size_t index;

    return (struct pxm_call){.struct_size = sizeof(struct pxm_call),
                             .consumers = step->consumers ? step->consumers : 1,
                             .fields_wanted = UINT64_MAX,
                             .unit = find_unit(light, step->op, &index),
                             .options = step->options,
                             .in = step->in};
}

void step_run(struct step *step)
{
    struct pxm_call call = call_of(step);
    size_t index;
    void *light_self = NULL;
    const struct pxm_transform_ops *ops = call.unit->ops;

    step->fields = pxm_value_record();
    if (ops) { /* the light half does it by itself */
        assert_int_equal(call.unit->create(&host, NULL, &light_self, &step->error), PXM_OK);
        step->status = ops->apply(light_self, step->job, &call, &step->out, step->fields, &step->error);
        call.unit->destroy(light_self);
    } else {
        ops = find_unit(body, step->op, &index)->ops;
        step->status = ops->apply(selves[index], step->job, &call, &step->out, step->fields, &step->error);
    }
    assert_int_equal(step->status, step->error.status);
    assert_true((step->status == PXM_OK && call.unit->signature->out) == (step->out != NULL));
}

void step_announce(const struct step *step)
{
    struct pxm_call call = call_of(step);
    size_t index;
    const struct pxm_transform_ops *ops = find_unit(body, step->op, &index)->ops;

    ops->announce(selves[index], step->job, &call);
}

void step_done(struct step *step)
{
    pxm_value_unref(step->out);
    pxm_value_unref(step->fields);
}

struct resize_decode_options decode_options(void)
{
    return (struct resize_decode_options){.page = 0};
}

struct resize_thumbnail_options thumbnail_options(int64_t width, int64_t height)
{
    return (struct resize_thumbnail_options){.width = width,
                                             .height = height,
                                             .focus_x = NAN,
                                             .focus_y = NAN,
                                             .background = "#ffffff",
                                             .fit = RESIZE_FIT_INSIDE,
                                             .gravity = -1,
                                             .kernel = RESIZE_KERNEL_LANCZOS3};
}

struct resize_encode_options encode_options(int32_t format)
{
    return (struct resize_encode_options){
        .effort = PXM_UNSET_INT, .max_bytes = PXM_UNSET_INT, .background = "#ffffff", .format = format};
}

static pxm_value *result_of(struct step *step)
{
    pxm_value *out;

    step_run(step);
    if (step->status) {
        fail_msg("%s: %s: %s", step->op, step->error.code, step->error.text);
    }
    out = pxm_value_ref(step->out);
    step_done(step);
    return out;
}

pxm_value *decode(pxm_value *blob, struct pxm_job *job)
{
    struct resize_decode_options options = decode_options();
    struct step step = {.op = "decode", .options = &options, .in = blob, .job = job};

    return result_of(&step);
}

pxm_value *thumbnail(pxm_value *image, const struct resize_thumbnail_options *options, struct pxm_job *job)
{
    struct step step = {.op = "thumbnail", .options = options, .in = image, .job = job};

    return result_of(&step);
}

pxm_value *encode(pxm_value *image, int32_t format, struct pxm_job *job)
{
    struct resize_encode_options options = encode_options(format);
    struct step step = {.op = "encode", .options = &options, .in = image, .job = job};

    return result_of(&step);
}

VipsImage *pixels(pxm_value *image, struct pxm_job *job)
{
    struct pxm_error error = {0};
    VipsImage *stream = NULL, *memory;

    if (pxm_image_pixels(pxm_value_as_image(image), job, 0, 0, &stream, &error)) {
        fail_msg("%s: %s", error.code, error.text);
    }
    memory = vips_image_copy_memory(stream);
    g_object_unref(stream);
    assert_non_null(memory);
    return memory;
}

/* Runs the step and says whether it failed, which must be with that code. */
static bool refuses(struct step *step, const char *code)
{
    step_run(step);
    if (step->status) {
        assert_string_equal(step->error.code, code);
    }
    return step->status != PXM_OK;
}

void assert_refused(const void *data, size_t length, struct pxm_job *job, const char *code)
{
    struct resize_decode_options decode_as = decode_options();
    struct resize_thumbnail_options size = thumbnail_options(64, PXM_UNSET_INT);
    struct resize_encode_options write_as = encode_options(RESIZE_FORMAT_JPEG);
    pxm_value *blob = blob_of(data, length);
    struct step one = {.op = "decode", .options = &decode_as, .in = blob, .job = job};
    struct step two = {.op = "thumbnail", .options = &size, .job = job};
    struct step three = {.op = "encode", .options = &write_as, .job = job};
    bool refused = refuses(&one, code);

    if (!refused) {
        two.in = one.out;
        refused = refuses(&two, code);
    }
    if (!refused) {
        three.in = two.out;
        refused = refuses(&three, code);
    }
    assert_true(refused);
    step_done(&three);
    step_done(&two);
    step_done(&one);
    pxm_value_unref(blob);
}

pxm_value *blob_of(const void *data, size_t length)
{
    pxm_value *value = pxm_value_blob(pxm_blob_copy(data, length));

    assert_non_null(value);
    return value;
}

pxm_value *blob_saved(VipsImage *image, const char *suffix)
{
    void *data;
    size_t length;
    pxm_value *value;

    if (vips_image_write_to_buffer(image, suffix, &data, &length, NULL)) {
        fail_msg("%s", vips_error_buffer());
    }
    value = blob_of(data, length);
    g_free(data);
    return value;
}

VipsImage *test_picture(int width, int height, int bands)
{
    uint8_t *data = malloc((size_t)width * (size_t)height * (size_t)bands);
    VipsImage *image, *copy;

    assert_non_null(data);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *pixel = data + ((size_t)y * (size_t)width + (size_t)x) * (size_t)bands;
            double u = (double)x / width, v = (double)y / height;
            double wave = 20 * sin(u * u * 90) * cos(v * v * 70);
            double bands_of[] = {40 + 160 * u + wave, 40 + 160 * v - wave, 200 - 80 * u - 80 * v + wave,
                                 hypot(u - 0.5, v - 0.5) < 0.35 ? 255 : 60};
            for (int b = 0; b < bands; b++) {
                pixel[b] = (uint8_t)lrint(bands_of[bands == 2 && b == 1 ? 3 : b]);
            }
        }
    }
    image = vips_image_new_from_memory_copy(data, (size_t)width * (size_t)height * (size_t)bands, width, height, bands,
                                            VIPS_FORMAT_UCHAR);
    free(data);
    assert_int_equal(
        vips_copy(image, &copy, "interpretation", bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, NULL),
        0);
    g_object_unref(image);
    return copy;
}

double difference(VipsImage *a, VipsImage *b)
{
    VipsImage *d, *positive;
    double mean;

    assert_int_equal(a->Xsize, b->Xsize);
    assert_int_equal(a->Ysize, b->Ysize);
    assert_int_equal(a->Bands, b->Bands);
    assert_int_equal(vips_subtract(a, b, &d, NULL), 0);
    assert_int_equal(vips_abs(d, &positive, NULL), 0);
    assert_int_equal(vips_avg(positive, &mean, NULL), 0);
    g_object_unref(d);
    g_object_unref(positive);
    return mean;
}
