/* Plugins that are linked in: the engine finds them before any file, starts them when they are named and not before,
 * and they work as their modules do. */
#include "base/error.h"
#include "engine/registry.h"
#include <pixmill/pixmill.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a plugin that counts its starts --------------------------------------------------------------------------- */

static int starts;

static pxm_status count_start(const struct pxm_host *host, pxm_error *error)
{
    (void)host;
    (void)error;
    starts++;
    return PXM_OK;
}

static const struct pxm_signature signature = {.struct_size = sizeof signature, .in = PXM_TYPE_BLOB};
static const struct pxm_transform_ops ops = {.struct_size = sizeof ops};
static const struct pxm_unit unit = {.struct_size = sizeof unit,
                                     .iface = PXM_IFACE_TRANSFORM,
                                     .name = "counted.step",
                                     .summary = "Does nothing.",
                                     .signature = &signature,
                                     .ops = &ops};
static const struct pxm_unit *const units[] = {&unit, NULL};

static const struct pxm_plugin *counted(void)
{
    static const struct pxm_plugin plugin = {.struct_size = sizeof plugin,
                                             .abi = PXM_ABI_CURRENT,
                                             .abi_min = PXM_ABI_CURRENT,
                                             .name = "counted",
                                             .version = "1.0",
                                             .license = "Apache-2.0",
                                             .summary = "Counts how often it is started.",
                                             .units = units,
                                             .load = count_start};
    return &plugin;
}

/* Bears another name than its operation lets expect. */
static const struct pxm_plugin *other_name(void)
{
    static const struct pxm_plugin plugin = {.struct_size = sizeof plugin,
                                             .abi = PXM_ABI_CURRENT,
                                             .abi_min = PXM_ABI_CURRENT,
                                             .name = "else",
                                             .version = "1.0",
                                             .license = "Apache-2.0",
                                             .summary = "Counts how often it is started.",
                                             .units = units,
                                             .load = count_start};
    return &plugin;
}

static const struct pxm_plugin *foreign(void)
{
    static const struct pxm_plugin plugin = {.struct_size = sizeof plugin,
                                             .abi = PXM_ABI(9, 0),
                                             .abi_min = PXM_ABI(9, 0),
                                             .name = "foreign",
                                             .version = "1.0",
                                             .license = "Apache-2.0",
                                             .summary = "Counts how often it is started.",
                                             .units = units,
                                             .load = count_start};
    return &plugin;
}

static const struct pxm_plugin *nothing(void)
{
    return NULL;
}

static struct pxm_registry *registry_of(pxm_plugin_entry_fn entry)
{
    struct pxm_registry *registry = NULL;
    pxm_error error = {0};

    starts = 0;
    assert_int_equal(pxm_registry_new(PXM_TEST_PLUGINS, &registry, &error), PXM_OK);
    assert_int_equal(pxm_registry_add_builtin(registry, entry, &error), PXM_OK);
    return registry;
}

static const struct pxm_operation *look_up(struct pxm_registry *registry, const char *name)
{
    struct pxm_catalog catalog = pxm_registry_catalog(registry);
    struct pxm_arena *arena = pxm_arena_new(1 << 16);
    struct pxm_missing missing;

    const struct pxm_operation *found = catalog.operation(catalog.arg, arena, name, &missing);
    pxm_arena_free(arena);
    return found;
}

static void what_is_linked_in_starts_once_when_it_is_named(void **state)
{
    struct pxm_registry *registry = registry_of(counted);
    (void)state;

    assert_non_null(look_up(registry, "put"));
    assert_non_null(look_up(registry, "decode"));
    assert_int_equal(starts, 0);
    assert_non_null(look_up(registry, "counted.step"));
    assert_non_null(look_up(registry, "counted.step"));
    assert_int_equal(starts, 1);
    pxm_registry_free(registry);
}

static void an_operation_is_found_in_whatever_is_linked_in(void **state)
{
    struct pxm_registry *registry = registry_of(other_name);
    (void)state;

    assert_non_null(look_up(registry, "counted.step"));
    assert_int_equal(starts, 1);
    pxm_registry_free(registry);
}

static void what_cannot_be_a_plugin_is_refused_when_it_is_added(void **state)
{
    struct pxm_registry *registry = registry_of(counted);
    pxm_error error = {0};
    (void)state;

    assert_int_equal(pxm_registry_add_builtin(registry, counted, &error), PXM_E_EXISTS);
    assert_string_equal(error.code, "plugin.exists");
    error = (pxm_error){0};
    assert_int_equal(pxm_registry_add_builtin(registry, foreign, &error), PXM_E_INVALID);
    assert_string_equal(error.code, "plugin.abi");
    error = (pxm_error){0};
    assert_int_equal(pxm_registry_add_builtin(registry, nothing, &error), PXM_E_INVALID);
    assert_string_equal(error.code, "plugin.broken");
    pxm_registry_free(registry);
}

static void a_table_stops_at_what_is_refused(void **state)
{
    const pxm_plugin_entry_fn table[] = {counted, foreign, NULL};
    const struct pxm_engine_options options = {.struct_size = sizeof options, .workers = 1};
    pxm_engine *engine = NULL;
    pxm_error *error = NULL;
    (void)state;

    assert_int_equal(pxm_engine_new(&options, &engine, NULL), PXM_OK);
    assert_int_equal(pxm_engine_add_builtins(engine, table, &error), PXM_E_INVALID);
    assert_string_equal(pxm_error_code(error), "plugin.abi");
    pxm_error_free(error);
    pxm_engine_free(engine);
}

/* ---- our own ----------------------------------------------------------------------------------------------------- */

static void our_own_come_before_their_files(void **state)
{
    struct pxm_registry *registry = NULL;
    struct pxm_plugin_info info;
    pxm_error error = {0};
    char **names = NULL;
    size_t count = 0;
    (void)state;

    assert_int_equal(pxm_registry_new(PXM_TEST_PLUGINS, &registry, &error), PXM_OK);
    for (size_t i = 0; pxm_static_plugins[i]; i++) {
        assert_int_equal(pxm_registry_add_builtin(registry, pxm_static_plugins[i], &error), PXM_OK);
    }
    assert_int_equal(pxm_registry_names(registry, &names, &count, &error), PXM_OK);
    assert_in_range(count, 6, 100);
    for (size_t i = 0; i < count; i++) {
        assert_null(strstr(names[i], "-body"));
        free(names[i]);
    }
    free(names);
    static const char *const own[] = {"localfs", "sqlite", "s3", "dynamodb", "resize", "vips"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        assert_true(pxm_registry_plugin(registry, own[i], &info));
        assert_null(info.path);
        assert_non_null(info.plugin);
        assert_in_range(info.unit_count, 1, 1000);
    }
    pxm_registry_free(registry);
}

static bool maps(const char *what)
{
    char line[1024];
    bool found = false;
    FILE *file = fopen("/proc/self/maps", "re");

    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        found = found || strstr(line, what);
    }
    fclose(file);
    return found;
}

static const char pictures[] = "version: 1\n"
                               "inputs: {file: {type: blob}}\n"
                               "steps:\n"
                               "  - {id: image, in: input.file, decode: {}}\n"
                               "  - {id: small, thumbnail: {width: 64}}\n"
                               "  - {id: soft, vips.gaussblur: {sigma: 1}}\n"
                               "  - {id: bytes, encode: {format: webp}}\n"
                               "output: ${steps.bytes}\n";

static void a_picture_is_made_without_a_single_module(void **state)
{
    char folder[] = "/tmp/pixmill-builtin-XXXXXX";
    char path[64];
    const struct pxm_engine_options options = {.struct_size = sizeof options, .workers = 1};
    const struct pxm_project_options project_options = {.struct_size = sizeof project_options, .path = path};
    const struct pxm_input_value file = {.name = "file", .path = PXM_TEST_SOURCE "/examples/photo.jpg"};
    const struct pxm_run_options job = {.struct_size = sizeof job, .inputs = &file, .input_count = 1};
    pxm_engine *engine = NULL;
    pxm_project_handle *project = NULL;
    pxm_run *run = NULL;
    pxm_error *error = NULL;
    const char *media = NULL;
    size_t length = 0;
    (void)state;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pictures.yaml", folder);
    FILE *pipeline = fopen(path, "we");
    assert_non_null(pipeline);
    assert_true(fputs(pictures, pipeline) >= 0);
    assert_int_equal(fclose(pipeline), 0);
    assert_int_equal(pxm_engine_new(&options, &engine, NULL), PXM_OK);
    assert_int_equal(pxm_engine_add_builtins(engine, pxm_static_plugins, NULL), PXM_OK);
    assert_int_equal(pxm_project_open(engine, &project_options, &project, NULL, &error), PXM_OK);
    assert_int_equal(pxm_submit(pxm_project_pipeline(project, "pictures"), &job, &run, NULL), PXM_OK);
    assert_int_equal(pxm_run_wait(run, -1), 1);
    assert_int_equal(pxm_run_status(run), PXM_OK);
    assert_non_null(pxm_run_result_data(run, &length, &media));
    assert_string_equal(media, "image/webp");
    assert_false(maps("/plugins-1/"));
    pxm_run_free(run);
    pxm_project_close(project);
    pxm_engine_free(engine);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_is_made_without_a_single_module), /* first: what is mapped stays mapped */
        cmocka_unit_test(what_is_linked_in_starts_once_when_it_is_named),
        cmocka_unit_test(an_operation_is_found_in_whatever_is_linked_in),
        cmocka_unit_test(what_cannot_be_a_plugin_is_refused_when_it_is_added),
        cmocka_unit_test(a_table_stops_at_what_is_refused),
        cmocka_unit_test(our_own_come_before_their_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
