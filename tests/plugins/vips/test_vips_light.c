/* The light half of the plugin describes every operation without libvips. */
#include <pixmill/plugin.h>

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool process_maps(const char *name)
{
    char line[4096];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");

    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps)) {
        found |= strstr(line, name) != NULL;
    }
    fclose(maps);
    return found;
}

static void describing_operations_maps_no_image_library(void **state)
{
    pxm_plugin_entry_fn entry = NULL;
    void *module = dlopen(PXM_TEST_PLUGINS "/vips.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void *symbol = module ? dlsym(module, "pxm_plugin_entry") : NULL;
    size_t count = 0;

    (void)state;
    assert_non_null(symbol);
    memcpy(&entry, &symbol, sizeof(entry));
    while (entry()->units[count]) {
        count++;
    }
    assert_true(count > 150);
    assert_string_equal(entry()->body, "vips-body");
    assert_true(process_maps("/vips.so"));
    assert_false(process_maps("libvips"));
    assert_false(process_maps("libglib"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(describing_operations_maps_no_image_library)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
