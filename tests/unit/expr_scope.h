/* A small world of names for the tests of expressions, templates and options: their types, for the checker, and their
 * values, for the evaluator. */
#ifndef PXM_TESTS_EXPR_SCOPE_H
#define PXM_TESTS_EXPR_SCOPE_H

#include "base/blob.h"
#include "base/error.h"
#include "base/image.h"
#include "base/json.h"
#include "base/value.h"
#include "lang/expr/expr.h"
#include <string.h>

static const struct pxm_type world_nullable_string = {.bits = PXM_TYPE_STRING | PXM_TYPE_NULL};
static const struct pxm_type world_strings = {.bits = PXM_TYPE_LIST, .item = &pxm_type_string};
static const struct pxm_type world_ints = {.bits = PXM_TYPE_LIST, .item = &pxm_type_int};
static const struct pxm_type world_secret = {.bits = PXM_TYPE_STRING, .tainted = true};
static const struct pxm_type_field world_blur_fields[] = {{"hash", &pxm_type_string}, {"size", &pxm_type_int}};
static const struct pxm_type world_blur = {.bits = PXM_TYPE_RECORD | PXM_TYPE_NULL,
                                           .field_count = 2,
                                           .fields = world_blur_fields,
                                           .null_reason = "its `on_error` (line 12) can skip it"};
static const struct pxm_type world_size = {.bits = PXM_TYPE_RECORD, .field_count = 2, .fields = world_blur_fields};

static const struct world_name {
    enum pxm_root root;
    const char *name; /* first segment; NULL: the root itself */
    const struct pxm_type *type;
    const char *json; /* its value; NULL: made by world_load() */
} world_names[] = {
    {PXM_ROOT_INPUT, "name", &pxm_type_string, "\"Ein Bild.JPG\""},
    {PXM_ROOT_INPUT, "key", &pxm_type_string, "\"originals/2026/cat.tar.GZ\""},
    {PXM_ROOT_INPUT, "w", &pxm_type_int, "320"},
    {PXM_ROOT_INPUT, "ratio", &pxm_type_float, "1.5"},
    {PXM_ROOT_INPUT, "flag", &pxm_type_bool, "true"},
    {PXM_ROOT_INPUT, "tags", &world_strings, "[\"a\",\"b\"]"},
    {PXM_ROOT_INPUT, "maybe", &world_nullable_string, "null"},
    {PXM_ROOT_INPUT, "file", &pxm_type_blob, NULL},
    {PXM_ROOT_INPUT, "big", &pxm_type_string, NULL},
    {PXM_ROOT_STEPS, "image", &pxm_type_image, NULL},
    {PXM_ROOT_STEPS, "blur", &world_blur, "null"},
    {PXM_ROOT_STEPS, "size", &world_size, "{\"hash\":\"LKO2\",\"size\":7}"},
    {PXM_ROOT_STEPS, "row", &pxm_type_record, "{\"title\":\"Cat\",\"n\":3,\"list\":[1,\"x\"],\"deep\":{\"a\":1}}"},
    {PXM_ROOT_VARS, "widths", &world_ints, "[320,640]"},
    {PXM_ROOT_VARS, "list", &pxm_type_list, "[1,\"x\",null]"},
    {PXM_ROOT_VARS, "quality", &pxm_type_record, "{\"jpeg\":\"x\"}"},
    {PXM_ROOT_RUN, "id", &pxm_type_string, "\"01J9\""},
    {PXM_ROOT_ITEM, NULL, &pxm_type_int, "640"},
    {PXM_ROOT_INDEX, NULL, &pxm_type_int, "0"},
    {PXM_ROOT_ENV, "Q", &pxm_type_int, "50"},
    {PXM_ROOT_ENV, "LIMIT", &pxm_type_string, "\"25MiB\""},
    {PXM_ROOT_SECRET, "key", &world_secret, "\"s3cr3t\""},
    {PXM_ROOT_EVENT, NULL, &pxm_type_any, "{\"json\":{\"key\":\"k\",\"w\":12,\"flag\":true,\"deep\":[[1]]}}"},
};

static const struct pxm_type *world_resolve(void *arg, struct pxm_ref *ref, struct pxm_diags *diags)
{
    (void)arg;
    for (uint32_t i = 0; i < sizeof world_names / sizeof *world_names; i++) {
        const struct world_name *name = &world_names[i];
        bool named = name->name && ref->segment_count > 0 && ref->segments[0].name &&
                     strcmp(name->name, ref->segments[0].name) == 0;
        if (name->root == ref->root && (named || !name->name)) {
            ref->depth = 0;
            ref->slot = i;
            ref->consumed = name->name != NULL;
            return name->type;
        }
    }
    pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E203", pxm_part_span(ref->part), "nobody knows this name");
    return NULL;
}

static pxm_status world_no_pixels(void *self, pxm_job *job, int64_t width, int64_t height, struct _VipsImage **ret,
                                  pxm_error *error)
{
    (void)self, (void)job, (void)width, (void)height, (void)ret;
    return pxm_error_set(error, PXM_E_INTERNAL, "test", "this picture has no pixels");
}

static pxm_value *world_image(void)
{
    static const struct pxm_image_ops ops = {.struct_size = sizeof ops, .pixels = world_no_pixels};
    static const struct pxm_image_info info = {
        .struct_size = sizeof info, .width = 4, .height = 3, .frames = 1, .orientation = 1, .format = "png"};
    pxm_image *image = pxm_image_new(&ops, NULL, &info);
    return image ? pxm_value_image(image) : NULL;
}

static pxm_value *world_value(const struct world_name *name)
{
    struct pxm_error error = {0};
    pxm_value *value = NULL;
    if (name->json) {
        pxm_json_parse(name->json, strlen(name->json), &value, &error);
    } else if (name->type == &pxm_type_image) {
        value = world_image();
    } else if (name->type == &pxm_type_string) {
        static char big[1 << 10];
        memset(big, 'x', sizeof big);
        value = pxm_value_string(big, sizeof big);
    } else {
        value = pxm_value_blob(pxm_blob_copy("12345", 5));
    }
    return value;
}

/* `arg`: values made beforehand, so that none is lost when memory is out; NULL: they are made when asked for. */
static pxm_value *world_load(void *arg, const struct pxm_ref *ref)
{
    pxm_value **values = arg;
    return values ? pxm_value_ref(values[ref->slot]) : world_value(&world_names[ref->slot]);
}

static const struct pxm_scope world_scope = {.load = world_load, .arg = NULL};

#endif
