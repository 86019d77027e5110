/* Reading YAML and showing diagnostics when memory runs out: a tree, or an error that says so. */
#include "alloc_sweep.h"
#include "base/arena.h"
#include "lang/yaml/yaml.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA_BYTES_MAX = 16 << 20, OUTPUT_BYTES_MAX = 1 << 20, ENTRIES = 400 };

static int read_sound_yaml(void *arg)
{
    const char *text = arg;
    struct pxm_arena *arena = pxm_arena_new(ARENA_BYTES_MAX);
    const struct pxm_source *source;
    const struct pxm_node *root;
    struct pxm_diags diags;
    int outcome = ALLOC_FALSE;

    if (!arena) {
        return ALLOC_FAILURE;
    }
    pxm_diags_init(&diags, arena);
    source = pxm_source_of_text(arena, "t.yaml", text, strlen(text), &diags);
    root = source ? pxm_yaml_parse(arena, source, &diags) : NULL;
    if (root && diags.errors == 0 && root->length == ENTRIES) {
        outcome = ALLOC_SUCCESS;
    } else if (!root && diags.no_memory && diags.errors > 0) {
        outcome = ALLOC_FAILURE;
    }
    pxm_arena_free(arena);
    return outcome;
}

static void reading_sound_yaml_survives(void **state)
{
    char text[ENTRIES * 24];
    size_t length = 0;

    (void)state;
    for (int i = 0; i < ENTRIES; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "k%03d: [\"x\", {y: z}]\n", i);
    }
    alloc_sweep("sound YAML", read_sound_yaml, text);
}

/* Every kind of mistake, found in several passes, then shown. */
static int read_and_show(enum pxm_diag_format format)
{
    static const char text[] =
        "a: 1\na: 2\nb: !x\nc: &y 3\nd: {e: ${f}, g: ${h}}\ni: @j\nk: *.l\nm: \"\\q\"\nn:\no: [p\n";
    struct pxm_arena *arena = pxm_arena_new(ARENA_BYTES_MAX);
    const struct pxm_source *source;
    struct pxm_diags diags;
    struct pxm_buf out;
    int outcome = ALLOC_FALSE;

    if (!arena) {
        return ALLOC_FAILURE;
    }
    pxm_diags_init(&diags, arena);
    pxm_buf_init(&out, OUTPUT_BYTES_MAX);
    source = pxm_source_of_text(arena, "t.yaml", text, strlen(text), &diags);
    if (source && pxm_yaml_parse(arena, source, &diags)) {
        goto done;
    }
    pxm_diags_render(&diags, format, true, &out);
    if (diags.no_memory || out.status == PXM_E_NO_MEMORY) {
        outcome = ALLOC_FAILURE;
    } else if (out.status == PXM_OK && diags.errors == 10 && strstr(out.data, "E006")) {
        outcome = ALLOC_SUCCESS;
    }
done:
    pxm_buf_done(&out);
    pxm_arena_free(arena);
    return outcome;
}

static int show_to_people(void *arg)
{
    (void)arg;
    return read_and_show(PXM_DIAG_HUMAN);
}

static int show_as_sarif(void *arg)
{
    (void)arg;
    return read_and_show(PXM_DIAG_SARIF);
}

static int show_as_commands(void *arg)
{
    (void)arg;
    return read_and_show(PXM_DIAG_GITHUB);
}

static void finding_and_showing_mistakes_survives(void **state)
{
    (void)state;
    alloc_sweep("mistakes for people", show_to_people, NULL);
    alloc_sweep("mistakes as SARIF", show_as_sarif, NULL);
    alloc_sweep("mistakes as workflow commands", show_as_commands, NULL);
}

static int read_file(void *arg)
{
    const char *path = arg;
    struct pxm_arena *arena = pxm_arena_new(ARENA_BYTES_MAX);
    struct pxm_diags diags;
    int outcome = ALLOC_FALSE;

    if (!arena) {
        return ALLOC_FAILURE;
    }
    pxm_diags_init(&diags, arena);
    if (pxm_source_read(arena, path, "shown", &diags)) {
        outcome = diags.errors ? ALLOC_FALSE : ALLOC_SUCCESS;
    } else if (diags.no_memory) {
        outcome = ALLOC_FAILURE;
    }
    pxm_arena_free(arena);
    return outcome;
}

static void reading_a_file_survives(void **state)
{
    char path[] = PXM_TEST_SOURCE "/CMakeLists.txt";

    (void)state;
    alloc_sweep("a file", read_file, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_sound_yaml_survives),
        cmocka_unit_test(finding_and_showing_mistakes_survives),
        cmocka_unit_test(reading_a_file_survives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
