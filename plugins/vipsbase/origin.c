/* Remembers whether reading a file failed. libvips reports all failures of a chain alike, and its text is shared by
 * all threads, so a step in front of every decoder notes them; the note travels with the metadata to whatever is
 * derived. */
#include "vipsbase/vipsbase.h"

#define ORIGIN "pixmill-origin" /* name of the metadata item */

struct origin {
    gint failed; /* atomic; the text is written before, by the one thread that won it */
    gint taken;  /* atomic */
    char text[VIPSBASE_TEXT_MAX];
};

static void note_failure(struct origin *origin)
{
    if (!g_atomic_int_compare_and_exchange(&origin->taken, 0, 1)) {
        return;
    }
    vipsbase_text(origin->text);
    g_atomic_int_set(&origin->failed, 1);
}

/* Passes pixels on as they are, without a copy. */
static int pass(VipsRegion *out, void *seq, void *a, void *b, gboolean *stop)
{
    VipsRegion *in = seq;

    (void)a;
    (void)stop;
    if (vips_region_prepare(in, &out->valid)) {
        note_failure(b);
        return -1;
    }
    return vips_region_region(out, in, &out->valid, out->valid.left, out->valid.top);
}

static int free_origin(void *origin, void *area)
{
    (void)area;
    g_free(origin);
    return 0;
}

VipsImage *vipsbase_origin_mark(VipsImage *in)
{
    struct origin *origin;
    VipsImage *out;

    if (!in) {
        return NULL;
    }
    out = vips_image_new();
    if (!out || vips_image_pipelinev(out, VIPS_DEMAND_STYLE_THINSTRIP, in, NULL)) {
        g_clear_object(&out);
        g_object_unref(in);
        return NULL;
    }
    /* The output holds the input from here on. */
    g_object_set_data_full(G_OBJECT(out), ORIGIN, in, g_object_unref);
    origin = g_new0(struct origin, 1);
    vips_image_set_area(out, ORIGIN, free_origin, origin);
    if (vips_image_generate(out, vips_start_one, pass, vips_stop_one, in, origin)) {
        g_clear_object(&out);
    }
    return out;
}

const char *vipsbase_origin_failure(VipsImage *image)
{
    const void *data;
    const struct origin *origin;

    if (!vips_image_get_typeof(image, ORIGIN) || vips_image_get_area(image, ORIGIN, &data)) {
        return NULL;
    }
    origin = data;
    return __atomic_load_n(&origin->failed, __ATOMIC_ACQUIRE) ? origin->text : NULL;
}
