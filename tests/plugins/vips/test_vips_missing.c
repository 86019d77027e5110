/* A plugin built with one libvips may meet another at run time. The body runs here over a table that names an
 * operation, an argument and a word that no libvips has. */
#include "base/error.h"
#include "base/host.h"
#include "base/job.h"
#include "base/value.h"
#include "call.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct pxm_choice words[] = {{"sideways", 0, 0, ""}, {NULL, 0, 0, NULL}};
static const struct vop_argument no_property[] = {{"depth-of-field", VOP_INT, 0, NULL, NULL}};
static const struct vop_argument no_word[] = {{"direction", VOP_ENUM, 0, words, NULL}};
static const struct vop_argument no_interpolator[] = {{"interpolate", VOP_INTERPOLATE, 0, words, NULL}};
static const struct vop_argument sizes[] = {{"width", VOP_INT, 1, NULL, NULL}, {"height", VOP_INT, 1, NULL, NULL}};
static const struct vop_argument no_output[] = {{"mood", VOP_INT, 0, NULL, NULL}};

const struct vop_operation vop_operations[] = {
    {.unit = "vips.argument", .name = "avg", .arguments = no_property, .argument_count = 1},
    {.unit = "vips.interpolator", .name = "affine", .out = "out", .arguments = no_interpolator, .argument_count = 1},
    {.unit = "vips.nothing", .name = "unheard_of", .out = "out"},
    {.unit = "vips.output",
     .name = "black",
     .arguments = sizes,
     .argument_count = 2,
     .outputs = no_output,
     .output_count = 1},
    {.unit = "vips.picture", .name = "black", .out = "picture", .arguments = sizes, .argument_count = 2},
    {.unit = "vips.word", .name = "flip", .out = "out", .arguments = no_word, .argument_count = 1},
};
const size_t vop_operation_count = sizeof(vop_operations) / sizeof(*vop_operations);
const struct pxm_unit *const vop_body_units[] = {NULL};

static const struct pxm_field fields[] = {{"mood", PXM_TYPE_INT, 0, ""}, {NULL, 0, 0, NULL}};
static const struct pxm_signature signature = {.struct_size = sizeof(signature), .fields = fields};

static void misses(const char *unit_name, const void *options, const char *what)
{
    struct pxm_host_impl impl = {.name = "test", .clock = &pxm_clock_system};
    struct pxm_job job = {.id = "test", .clock = &pxm_clock_system, .deadline_ms = INT64_MAX};
    const struct pxm_unit unit = {.struct_size = sizeof(unit), .name = unit_name, .signature = &signature};
    const struct pxm_call call = {
        .struct_size = sizeof(call), .consumers = 1, .fields_wanted = 1, .unit = &unit, .options = options};
    struct pxm_host host;
    pxm_error *error = pxm_error_new();
    pxm_value *out = NULL, *record = pxm_value_record();
    void *self = NULL;
    char version[64];

    pxm_host_init(&host, &impl);
    pxm_limits_default(&job.limits);
    assert_int_equal(vipsbase_start(&host, error), PXM_OK);
    assert_int_equal(vop_create(&host, NULL, &self, error), PXM_OK);
    assert_int_not_equal(vop_transform.apply(self, &job, &call, &out, record, error), PXM_OK);
    assert_string_equal(error->code, "vips.missing");
    g_snprintf(version, sizeof(version), "this libvips %d.%d.%d has no ", vips_version(0), vips_version(1),
               vips_version(2));
    assert_non_null(strstr(error->text, version));
    assert_non_null(strstr(error->text, what));
    assert_null(out);
    vop_destroy(self);
    pxm_value_unref(record);
    pxm_error_free(error);
}

static void a_missing_operation_is_named(void **state)
{
    (void)state;
    misses("vips.nothing", NULL, "`unheard_of`");
}

static void a_missing_argument_is_named(void **state)
{
    const union vop_slot options[] = {{.integer = 3}};

    (void)state;
    misses("vips.argument", options, "argument `depth-of-field` of `avg`");
}

static void a_missing_word_is_named(void **state)
{
    const union vop_slot options[] = {{.choice = 0}};

    (void)state;
    misses("vips.word", options, "`sideways` for `flip`");
    misses("vips.interpolator", options, "sideways");
}

static void a_missing_result_is_named(void **state)
{
    const union vop_slot options[] = {{.integer = 3}, {.integer = 3}};

    (void)state;
    misses("vips.picture", options, "argument `picture` of `black`");
    misses("vips.output", options, "argument `mood` of `black`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_operation_is_named),
        cmocka_unit_test(a_missing_argument_is_named),
        cmocka_unit_test(a_missing_word_is_named),
        cmocka_unit_test(a_missing_result_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
