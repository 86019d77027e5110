/* The harness behind steps.h. */
#include "steps.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct pxm_host *steps_host(void)
{
    static struct pxm_host_impl impl = {.name = "test", .clock = &pxm_clock_system};
    static struct pxm_host host;

    if (!host.impl) {
        pxm_host_init(&host, &impl);
    }
    return &host;
}

static const struct pxm_plugin *load(const char *name)
{
    char path[4096];
    pxm_plugin_entry_fn entry = NULL;
    void *module, *symbol;

    snprintf(path, sizeof(path), "%s/%s.so", PXM_TEST_PLUGINS, name);
    module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    symbol = module ? dlsym(module, "pxm_plugin_entry") : NULL;
    if (!symbol) {
        fail_msg("%s: %s", path, dlerror());
    }
    memcpy(&entry, &symbol, sizeof(entry));
    return entry();
}

const struct pxm_unit *const *steps_units(void)
{
    static const struct pxm_plugin *plugin;

    if (!plugin) {
        plugin = load("vips");
    }
    return plugin->units;
}

static const struct pxm_unit *find(const struct pxm_unit *const *units, const char *name)
{
    while (*units && strcmp((*units)->name, name)) {
        units++;
    }
    return *units;
}

const struct pxm_unit *steps_unit(const char *name)
{
    return find(steps_units(), name);
}

static const struct pxm_unit *body_unit(const char *name)
{
    static const struct pxm_plugin *body;

    if (!body) {
        pxm_error *error = pxm_error_new();

        body = load("vips-body");
        if (body->load(steps_host(), error)) {
            fail_msg("%s", error->text);
        }
        pxm_error_free(error);
    }
    return find(body->units, name);
}

/* ---- a step ---- */

static int64_t clock_now(void *arg)
{
    struct step *step = arg;

    step->now_ms += step->now_step_ms;
    return step->now_ms;
}

static void unset(const struct pxm_option *option, void *field)
{
    static const int64_t no_int = PXM_UNSET_INT;
    static const double no_float = NAN;
    static const int32_t no_choice = -1;
    int32_t fallback = option->fallback && !strcmp(option->fallback, "true");

    if (option->type == PXM_OPT_INT) {
        memcpy(field, &no_int, sizeof(no_int));
    } else if (option->type == PXM_OPT_FLOAT) {
        memcpy(field, &no_float, sizeof(no_float));
    } else if (option->type == PXM_OPT_ENUM) {
        memcpy(field, &no_choice, sizeof(no_choice));
    } else if (option->type == PXM_OPT_BOOL) {
        memcpy(field, &fallback, sizeof(fallback));
    }
}

void step_begin(struct step *step, const char *unit, pxm_image *in)
{
    *step = (struct step){.unit = steps_unit(unit), .consumers = 1, .fields_wanted = UINT64_MAX};
    if (!step->unit) {
        fail_msg("no unit %s", unit);
    }
    assert_true(step->unit->config_size <= sizeof(step->config));
    step->clock = (struct pxm_clock){.wall_ms = clock_now, .monotonic_ms = clock_now, .arg = step};
    step->job = (struct pxm_job){.id = "test", .clock = &step->clock, .deadline_ms = 60000};
    pxm_limits_default(&step->job.limits);
    for (const struct pxm_option *option = step->unit->options; option && option->name; option++) {
        unset(option, (char *)step->config + option->offset);
    }
    step->in = in ? pxm_value_image(in) : NULL;
    step->held = pxm_value_list();
    step->fields = pxm_value_record();
    step->error = pxm_error_new();
}

static const struct pxm_option *option_of(const struct step *step, const char *name)
{
    for (const struct pxm_option *option = step->unit->options; option && option->name; option++) {
        if (!strcmp(option->name, name)) {
            return option;
        }
    }
    fail_msg("%s has no option %s", step->unit->name, name);
    return NULL;
}

static void put(struct step *step, const char *option, uint32_t type, const void *value, size_t size)
{
    const struct pxm_option *found = option_of(step, option);

    assert_int_equal(found->type, type);
    memcpy((char *)step->config + found->offset, value, size);
}

void step_int(struct step *step, const char *option, int64_t value)
{
    put(step, option, PXM_OPT_INT, &value, sizeof(value));
}

void step_float(struct step *step, const char *option, double value)
{
    put(step, option, PXM_OPT_FLOAT, &value, sizeof(value));
}

void step_bool(struct step *step, const char *option, bool value)
{
    int32_t field = value;

    put(step, option, PXM_OPT_BOOL, &field, sizeof(field));
}

void step_choice(struct step *step, const char *option, const char *name)
{
    for (const struct pxm_choice *choice = option_of(step, option)->choices; choice->name; choice++) {
        if (!strcmp(choice->name, name)) {
            put(step, option, PXM_OPT_ENUM, &choice->value, sizeof(choice->value));
            return;
        }
    }
    fail_msg("%s: %s has no choice %s", step->unit->name, option, name);
}

void step_string(struct step *step, const char *option, const char *text)
{
    put(step, option, PXM_OPT_STRING, &text, sizeof(text));
}

static void put_list(struct step *step, const char *option, pxm_value *list)
{
    put(step, option, PXM_OPT_LIST, &list, sizeof(list));
    assert_int_equal(pxm_value_append(step->held, list), PXM_OK);
}

void step_floats(struct step *step, const char *option, const double *values, size_t count)
{
    pxm_value *list = pxm_value_list();

    for (size_t i = 0; i < count; i++) {
        bool is_int = option_of(step, option)->item == PXM_TYPE_INT;
        pxm_value_append(list, is_int ? pxm_value_int((int64_t)values[i]) : pxm_value_float(values[i]));
    }
    put_list(step, option, list);
}

void step_words(struct step *step, const char *option, const char *const *words, size_t count)
{
    pxm_value *list = pxm_value_list();

    for (size_t i = 0; i < count; i++) {
        pxm_value_append(list, pxm_value_cstring(words[i]));
    }
    put_list(step, option, list);
}

void step_images(struct step *step, const char *option, pxm_image *const *images, size_t count)
{
    pxm_value *list = pxm_value_list();

    for (size_t i = 0; i < count; i++) {
        pxm_value_append(list, pxm_value_image(images[i]));
    }
    put_list(step, option, list);
}

void step_image(struct step *step, const char *option, pxm_image *image)
{
    put(step, option, PXM_OPT_IMAGE, &image, sizeof(image));
    assert_int_equal(pxm_value_append(step->held, pxm_value_image(image)), PXM_OK);
}

/* The lists and pictures that options point at are let go before the result is used: it must have its own. */
pxm_status step_run(struct step *step)
{
    const struct pxm_unit *body = body_unit(step->unit->name);
    const struct pxm_transform_ops *ops = body->ops;
    const struct pxm_call call = {
        .struct_size = sizeof(call),
        .consumers = step->consumers,
        .fields_wanted = step->fields_wanted,
        .unit = step->unit,
        .options = step->config,
        .in = step->in,
    };
    void *self = NULL;
    pxm_status status = body->create(steps_host(), NULL, &self, step->error);

    assert_int_equal(status, PXM_OK);
    status = ops->apply(self, &step->job, &call, &step->out, step->fields, step->error);
    body->destroy(self);
    pxm_value_unref(step->in);
    pxm_value_unref(step->held);
    step->in = step->held = NULL;
    memset(step->config, 0xa5, sizeof(step->config));
    if (status) {
        assert_null(step->out);
        assert_int_equal(step->error->status, status);
        assert_true(strlen(step->error->code) > 0);
        assert_true(strlen(step->error->text) > 0);
    }
    return status;
}

void step_done(struct step *step)
{
    pxm_value_unref(step->in);
    pxm_value_unref(step->held);
    pxm_value_unref(step->out);
    pxm_value_unref(step->fields);
    pxm_error_free(step->error);
}

pxm_image *step_result(const struct step *step)
{
    return pxm_image_ref(pxm_value_as_image(step->out));
}

double step_number(const struct step *step, const char *field)
{
    const pxm_value *value = pxm_value_get(step->fields, field);

    assert_true(pxm_value_type(value) & (PXM_TYPE_INT | PXM_TYPE_FLOAT));
    return pxm_value_as_float(value);
}

void assert_step_failed(const struct step *step, pxm_status status, const char *code)
{
    if (strcmp(step->error->code, code) || step->error->status != status) {
        fail_msg("%s failed with %s (%d): %s", step->unit->name, step->error->code, step->error->status,
                 step->error->text);
    }
}

VipsImage *step_pixels(struct step *step, pxm_image *image)
{
    VipsImage *lazy = NULL, *memory;

    if (pxm_image_pixels(image, &step->job, 0, 0, &lazy, step->error)) {
        fail_msg("%s: %s", step->unit->name, step->error->text);
    }
    memory = vips_image_copy_memory(lazy);
    g_object_unref(lazy);
    if (!memory) {
        fail_msg("%s: %s", step->unit->name, vips_error_buffer());
    }
    return memory;
}

const VipsPel *step_pel(const VipsImage *image, int x, int y)
{
    assert_non_null(image->data);
    assert_int_equal(image->BandFmt, VIPS_FORMAT_UCHAR);
    return image->data + ((ptrdiff_t)y * image->Xsize + x) * image->Bands;
}

/* ---- sources ---- */

static int source_generate(VipsRegion *out, void *seq, void *a, void *b, gboolean *stop)
{
    const struct source *source = b;

    (void)seq;
    (void)a;
    (void)stop;
    for (int y = out->valid.top; y < VIPS_RECT_BOTTOM(&out->valid); y++) {
        for (int x = out->valid.left; x < VIPS_RECT_RIGHT(&out->valid); x++) {
            VipsPel *pel = out->data + (ptrdiff_t)(y - out->valid.top) * out->bpl +
                           (ptrdiff_t)(x - out->valid.left) * source->bands;

            for (int band = 0; band < source->bands; band++) {
                pel[band] = (VipsPel)(x + 3 * y + 50 * band);
            }
        }
    }
    return 0;
}

static pxm_status source_pixels(void *self, pxm_job *job, int64_t min_width, int64_t min_height, VipsImage **ret,
                                pxm_error *error)
{
    struct source *source = self;
    VipsImage *image = vips_image_new(), *once = NULL;

    (void)job;
    (void)min_width;
    (void)min_height;
    (void)error;
    g_atomic_int_inc(&source->asked);
    vips_image_init_fields(image, source->width, source->height, source->bands, VIPS_FORMAT_UCHAR, VIPS_CODING_NONE,
                           source->bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, 1, 1);
    assert_int_equal(vips_image_pipelinev(image, VIPS_DEMAND_STYLE_THINSTRIP, NULL), 0);
    assert_int_equal(vips_image_generate(image, NULL, source_generate, NULL, NULL, source), 0);
    vips_image_set_int(image, VIPS_META_SEQUENTIAL, 1);
    /* Fails an evaluation that goes back up, as a decoder does. */
    assert_int_equal(vips_sequential(image, &once, "tile_height", 1, NULL), 0);
    g_object_unref(image);
    *ret = once;
    return PXM_OK;
}

pxm_image *source_image(struct source *source)
{
    static const struct pxm_image_ops ops = {.struct_size = sizeof(ops), .pixels = source_pixels};
    const struct pxm_image_info info = {
        .struct_size = sizeof(info),
        .width = source->width,
        .height = source->height,
        .frames = 1,
        .has_alpha = source->bands == 2 || source->bands == 4,
        .orientation = 1,
        .format = "png",
    };
    pxm_image *image = pxm_image_new(&ops, source, &info);

    assert_non_null(image);
    return image;
}
