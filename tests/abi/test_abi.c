/* What this host makes of plugins that are older, newer, wrong, cut short or not plugins at all: one clear line each,
 * never a crash. Every case goes through the registry, as a project's would. */
#include "base/arena.h"
#include "base/error.h"
#include "engine/instance.h"
#include "engine/registry.h"
#include "engine/version.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct pxm_registry *registry;
    struct pxm_catalog catalog;
    struct pxm_arena *arena;
    struct pxm_missing missing;
    char folder[64]; /* for files of the test's own */
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct pxm_error error = {0};
    char path[512];

    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/pixmill-abi-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(path, sizeof path, "%s:%s", fixture->folder, ABI_PLUGINS);
    assert_int_equal(pxm_registry_new(path, &fixture->registry, &error), PXM_OK);
    fixture->catalog = pxm_registry_catalog(fixture->registry);
    fixture->arena = pxm_arena_new(1 << 20);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char command[128];

    pxm_registry_free(fixture->registry);
    pxm_arena_free(fixture->arena);
    snprintf(command, sizeof command, "%s/cut.so", fixture->folder);
    unlink(command);
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

static const struct pxm_operation *find(struct fixture *fixture, const char *name)
{
    return fixture->catalog.operation(fixture->catalog.arg, fixture->arena, name, &fixture->missing);
}

/* The plugin is there, is refused, and the reason is one line that says `why`. */
static void assert_refused(struct fixture *fixture, const char *name, const char *why)
{
    assert_null(find(fixture, name));
    assert_true(fixture->missing.broken);
    assert_non_null(fixture->missing.note);
    if (!strstr(fixture->missing.note, why)) {
        fail_msg("`%s` does not say `%s`", fixture->missing.note, why);
    }
    assert_null(strchr(fixture->missing.note, '\n'));
}

static void assert_options(const struct pxm_operation *operation)
{
    assert_int_equal(pxm_options_count(&operation->options), 2);
    assert_string_equal(pxm_options_at(&operation->options, 0).name, "times");
    assert_string_equal(pxm_options_at(&operation->options, 1).name, "word");
    assert_non_null(operation->signature->fields);
}

static void a_plugin_of_this_version_is_taken(void **state)
{
    const struct pxm_operation *operation = find(*state, "plain.op");

    assert_non_null(operation);
    assert_options(operation);
}

static void a_newer_plugin_that_can_live_with_this_host_is_taken(void **state)
{
    const struct pxm_operation *operation = find(*state, "newer.op");

    assert_non_null(operation);
    assert_options(operation);
}

static void an_older_plugin_is_read_no_further_than_its_size(void **state)
{
    const struct pxm_operation *operation = find(*state, "older.op");

    assert_non_null(operation);
    assert_options(operation);
    assert_null(operation->unit->validate);
    assert_null(operation->unit->destroy);
}

static void a_plugin_that_needs_a_newer_host_is_refused(void **state)
{
    assert_refused(*state, "toonew.op", "it wants plugin ABI 1.9, and this engine speaks 1.3");
}

static void a_plugin_of_another_major_version_is_refused(void **state)
{
    assert_refused(*state, "othermajor.op", "it wants plugin ABI 2.0, and this engine speaks 1.3");
}

static void a_module_without_the_entry_is_refused(void **state)
{
    assert_refused(*state, "noentry.op", "it exports no pxm_plugin_entry");
}

static void an_entry_that_returns_nothing_is_refused(void **state)
{
    assert_refused(*state, "nothing.op", "its pxm_plugin_entry returns nothing");
}

static void an_unresolved_symbol_is_named(void **state)
{
    assert_refused(*state, "unresolved.op", "a_function_that_nobody_has");
}

static void a_unit_that_stands_there_twice_is_refused(void **state)
{
    assert_refused(*state, "twice.op", "stands there twice");
}

static void a_plugin_under_a_foreign_name_is_refused(void **state)
{
    assert_refused(*state, "misnamed.op", "it calls itself `somebody-else`");
}

static void a_plugin_that_does_not_start_is_refused(void **state)
{
    assert_refused(*state, "stubborn.op", "does not start: not today");
}

static void an_unsound_option_table_is_refused(void **state)
{
    assert_refused(*state, "badoption.op", "times");
}

static void a_name_without_a_plugin_is_missing_not_broken(void **state)
{
    struct fixture *fixture = *state;

    assert_null(find(fixture, "nobody.op"));
    assert_false(fixture->missing.broken);
    assert_null(find(fixture, "../plain.op"));
    assert_false(fixture->missing.broken);
}

static void a_body_is_loaded_when_its_unit_is_first_needed(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_operation *operation = find(fixture, "light.op");
    const struct pxm_unit *ready = NULL;
    struct pxm_error error = {0};

    assert_non_null(operation);
    assert_null(operation->unit->ops);
    assert_int_equal(pxm_registry_ready(fixture->registry, operation->unit, &ready, &error), PXM_OK);
    assert_non_null(ready->ops);
    assert_int_equal(pxm_registry_abi(fixture->registry, ready), PXM_ABI_CURRENT);
}

static void a_unit_is_as_old_as_its_plugin(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_operation *operation = find(fixture, "newer.op");
    const struct pxm_unit none = {0};

    assert_non_null(operation);
    assert_int_equal(pxm_registry_abi(fixture->registry, operation->unit), PXM_ABI(1, 7));
    assert_int_equal(pxm_registry_abi(fixture->registry, &none), PXM_ABI_CURRENT);
}

static void operations_that_an_older_plugin_did_not_know_are_missing(void **state)
{
    struct fixture *fixture = *state;
    struct pxm_instance *instance = NULL;
    struct pxm_error error = {0};
    const struct pxm_unit *unit =
        fixture->catalog.driver(fixture->catalog.arg, fixture->arena, PXM_IFACE_STORAGE, "store", &fixture->missing);

    assert_non_null(unit);
    const struct pxm_instance_options options = {
        .registry = fixture->registry, .unit = unit, .name = "store", .clock = &pxm_clock_system};
    assert_int_equal(pxm_instance_new(&options, &instance, &error), PXM_OK);
    assert_non_null(instance->ops.storage.head);
    assert_null(instance->ops.storage.watch);
    assert_int_equal(instance->abi, PXM_ABI(1, 0));
    pxm_instance_free(instance);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static char *read_module(const char *name, size_t *ret_length)
{
    char path[512];
    char *data = NULL;

    snprintf(path, sizeof path, "%s/%s.so", ABI_PLUGINS, name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    *ret_length = (size_t)ftell(in);
    rewind(in);
    data = malloc(*ret_length);
    assert_int_equal(fread(data, 1, *ret_length, in), *ret_length);
    fclose(in);
    return data;
}

static void write_module(const struct fixture *fixture, const char *data, size_t length, mode_t mode)
{
    char path[128];

    snprintf(path, sizeof path, "%s/cut.so", fixture->folder);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, length), (ssize_t)length);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* A fresh registry for each look, as one remembers what it could not load. */
static void assert_cut_refused(struct fixture *fixture, const char *why)
{
    struct pxm_error error = {0};

    pxm_registry_free(fixture->registry);
    assert_int_equal(pxm_registry_new(fixture->folder, &fixture->registry, &error), PXM_OK);
    fixture->catalog = pxm_registry_catalog(fixture->registry);
    assert_refused(fixture, "cut.op", why);
}

static void a_module_that_was_cut_short_is_refused_wherever_it_ends(void **state)
{
    struct fixture *fixture = *state;
    size_t length = 0;
    char *data = read_module("plain", &length);

    for (size_t cut = 0; cut < length; cut += cut < 4096 ? 64 : 1021) {
        write_module(fixture, data, cut, 0600);
        assert_cut_refused(fixture, "");
    }
    free(data);
}

static void text_is_no_module(void **state)
{
    static const char text[] =
        "this is not the module you are looking for; it is just as long as a header would be....";

    write_module(*state, text, sizeof text, 0600);
    assert_cut_refused(*state, "not a module");
}

static void a_module_for_another_processor_is_refused(void **state)
{
    size_t length = 0;
    char *data = read_module("plain", &length);

    data[18] = 0x7f; /* e_machine */
    write_module(*state, data, length, 0600);
    assert_cut_refused(*state, "another kind of processor");
    free(data);
}

static void a_module_that_anybody_may_write_is_refused(void **state)
{
    size_t length = 0;
    char *data = read_module("plain", &length);

    write_module(*state, data, length, 0666);
    assert_cut_refused(*state, "may be written by anybody");
    free(data);
}

/* ---- versions ---------------------------------------------------------------------------------------------------- */

static void versions_compare_number_by_number(void **state)
{
    (void)state;
    assert_true(pxm_version_compare("1.10", "1.9") > 0);
    assert_true(pxm_version_compare("1.2", "1.2.0") == 0);
    assert_true(pxm_version_compare("1.2.3", "1.3") < 0);
    assert_true(pxm_version_compare("2", "10") < 0);
}

static void conditions_on_versions(void **state)
{
    static const struct {
        const char *version, *condition;
        bool valid, matches;
    } cases[] = {
        {"1.3.0", ">=1.2", true, true},    {"1.3.0", ">=1.2 <2", true, true}, {"2.0", ">=1.2 <2", true, false},
        {"1.2.3", "1.2.3", true, true},    {"1.2.3", "=1.2.4", true, false},  {"1.2.3", ">= 1.2", false, false},
        {"1.2.3", "latest", false, false}, {"1.2.3", "", false, false},       {"1.2.3", ">1.2.2,<=1.2.3", true, true}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool valid = false;
        assert_int_equal(pxm_version_matches(cases[i].version, cases[i].condition, &valid), cases[i].matches);
        assert_int_equal(valid, cases[i].valid);
    }
}

static void a_required_version_is_compared(void **state)
{
    struct fixture *fixture = *state;

    assert_true(fixture->catalog.require(fixture->catalog.arg, fixture->arena, "plain", ">=1.2", &fixture->missing));
    assert_false(fixture->catalog.require(fixture->catalog.arg, fixture->arena, "plain", ">=1.3", &fixture->missing));
    assert_string_equal(fixture->missing.message, "plugin `plain` is of version 1.2.3, and >=1.3 is wanted");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_plugin_of_this_version_is_taken),
        CASE(a_newer_plugin_that_can_live_with_this_host_is_taken),
        CASE(an_older_plugin_is_read_no_further_than_its_size),
        CASE(a_plugin_that_needs_a_newer_host_is_refused),
        CASE(a_plugin_of_another_major_version_is_refused),
        CASE(a_module_without_the_entry_is_refused),
        CASE(an_entry_that_returns_nothing_is_refused),
        CASE(an_unresolved_symbol_is_named),
        CASE(a_unit_that_stands_there_twice_is_refused),
        CASE(a_plugin_under_a_foreign_name_is_refused),
        CASE(a_plugin_that_does_not_start_is_refused),
        CASE(an_unsound_option_table_is_refused),
        CASE(a_name_without_a_plugin_is_missing_not_broken),
        CASE(a_body_is_loaded_when_its_unit_is_first_needed),
        CASE(operations_that_an_older_plugin_did_not_know_are_missing),
        CASE(a_unit_is_as_old_as_its_plugin),
        CASE(a_module_that_was_cut_short_is_refused_wherever_it_ends),
        CASE(text_is_no_module),
        CASE(a_module_for_another_processor_is_refused),
        CASE(a_module_that_anybody_may_write_is_refused),
        CASE(versions_compare_number_by_number),
        CASE(conditions_on_versions),
        CASE(a_required_version_is_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
