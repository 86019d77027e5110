/* Options: what they take from YAML, and what arrives in the config struct. */
#include "option_world.h"

#include <pthread.h>

/* Binds and fills; the config is freed by the caller. */
static struct pxm_config *fill(struct world *world, const char *yaml)
{
    struct pxm_error error = {0};
    struct pxm_config *config = NULL;
    struct pxm_bindings *bindings = bind(world, &table, yaml);
    if (!bindings) {
        fail_msg("%s: %s", yaml, world_first(world));
    }
    if (pxm_config_fill(bindings, &world_scope, &config, &error) != PXM_OK) {
        fail_msg("%s: %s", yaml, error.text);
    }
    return config;
}

static void absent_options_have_their_default_or_are_unset(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    struct pxm_config *filled = fill(&world, NULL);
    const struct config *config = pxm_config_data(filled);
    assert_true(config->width == PXM_UNSET_INT);
    assert_true(config->ratio == 1.5);
    assert_int_equal(config->flag, 1);
    assert_int_equal(config->bytes, 4 << 20);
    assert_true(config->time == PXM_UNSET_INT && config->pixels == PXM_UNSET_INT);
    assert_null(config->key);
    assert_string_equal(config->background, "#fff");
    assert_null(config->token);
    assert_int_equal(config->fit, 1);
    assert_int_equal(pxm_value_count(config->tags), 2);
    assert_null(config->meta);
    assert_int_equal(pxm_value_as_int(config->quality), 80);
    assert_null(config->any);
    assert_null(config->image);
    assert_null(config->blob);
    pxm_config_free(filled);
    world_done(&world);
}

static void unset_kinds_without_a_default(void **state)
{
    static const struct pxm_option few[] = {
        {.name = "ratio", .type = PXM_OPT_FLOAT, FIELD(ratio, double), .help = "x"},
        {.name = "fit", .type = PXM_OPT_ENUM, FIELD(fit, int32_t), .choices = fits, .help = "x"},
        {.name = "flag", .type = PXM_OPT_BOOL, FIELD(flag, int32_t), .help = "x"},
        {.name = NULL},
    };
    static const struct pxm_option_table small = {few, sizeof *few, sizeof(struct config)};
    struct world world;
    struct pxm_error error = {0};
    struct pxm_config *filled = NULL;
    (void)state;
    world_init(&world);
    struct pxm_bindings *bindings = bind(&world, &small, NULL);
    assert_true(bindings->constant);
    assert_int_equal(pxm_config_fill(bindings, NULL, &filled, &error), PXM_OK);
    const struct config *config = pxm_config_data(filled);
    assert_true(isnan(config->ratio));
    assert_int_equal(config->fit, -1);
    assert_int_equal(config->flag, 0);
    pxm_config_free(filled);
    world_done(&world);
}

static void literals_are_read_by_the_type_of_their_option(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    struct pxm_config *filled = fill(
        &world, "{width: 640, limit: -5, ratio: 2, flag: false, bytes: 500KB, time: 1m30s, pixels: 80MP, key: 1.10,\n"
                " background: \"#a0B1c2\", store: images, fit: fill, tags: [NO, 7], numbers: [1, 2.5],\n"
                " meta: {a: 1, b: x, c: \"2\"}, quality: {jpeg: 82, webp: 78}, any: {x: [1, null]}}");
    const struct config *config = pxm_config_data(filled);
    assert_int_equal(config->width, 640);
    assert_int_equal(config->limit, -5);
    assert_true(config->ratio == 2.0);
    assert_int_equal(config->flag, 0);
    assert_int_equal(config->bytes, 500000);
    assert_int_equal(config->time, 90000);
    assert_int_equal(config->pixels, 80000000);
    assert_string_equal(config->key, "1.10");
    assert_string_equal(config->background, "#a0B1c2");
    assert_string_equal(config->store, "images");
    assert_int_equal(config->fit, 2);
    assert_string_equal(pxm_value_as_string(pxm_value_at(config->tags, 1), NULL), "7");
    assert_true(pxm_value_as_float(pxm_value_at(config->numbers, 1)) == 2.5);
    assert_int_equal(pxm_value_type(pxm_value_get(config->meta, "a")), PXM_TYPE_INT);
    assert_int_equal(pxm_value_type(pxm_value_get(config->meta, "c")), PXM_TYPE_STRING);
    assert_int_equal(pxm_value_as_int(pxm_value_get(config->quality, "webp")), 78);
    assert_int_equal(pxm_value_count(pxm_value_get(config->any, "x")), 2);
    pxm_config_free(filled);
    world_done(&world);
}

static void templates_fill_what_they_are_bound_to(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    struct pxm_config *filled =
        fill(&world,
             "width: \"${input.w}\"\nratio: \"${steps.size.size}\"\nflag: \"${input.flag}\"\nbytes: \"${env.LIMIT}\"\n"
             "time: \"${input.w}\"\npixels: \"${input.w}\"\nkey: \"k/${item}\"\nbackground: \"${'#12345678'}\"\n"
             "token: \"${secret.key}\"\nfit: \"${'inside'}\"\ntags: [\"${input.name}\", x]\n"
             "numbers: \"${vars.widths}\"\nmeta: {n: \"${input.w}\", s: \"${run.id}\"}\n"
             "quality: {webp: \"${env.Q}\", jpeg: 82}\nany: {list: \"${input.tags}\", none: \"${input.maybe}\"}\n"
             "image: \"${steps.image}\"\nblob: \"${input.file}\"\n");
    const struct config *config = pxm_config_data(filled);
    assert_int_equal(config->width, 320);
    assert_true(config->ratio == 7.0);
    assert_int_equal(config->flag, 1);
    assert_int_equal(config->bytes, 25 << 20);
    assert_int_equal(config->time, 320);
    assert_int_equal(config->pixels, 320);
    assert_string_equal(config->key, "k/640");
    assert_string_equal(config->background, "#12345678");
    assert_string_equal(config->token, "s3cr3t");
    assert_int_equal(config->fit, 0);
    assert_string_equal(pxm_value_as_string(pxm_value_at(config->tags, 0), NULL), "Ein Bild.JPG");
    assert_int_equal(pxm_value_count(config->numbers), 2);
    assert_int_equal(pxm_value_as_int(pxm_value_get(config->meta, "n")), 320);
    assert_int_equal(pxm_value_as_int(pxm_value_get(config->quality, "webp")), 50);
    assert_int_equal(pxm_value_type(pxm_value_get(config->any, "none")), PXM_TYPE_NULL);
    assert_int_equal(pxm_image_info(config->image)->width, 4);
    assert_int_equal(pxm_blob_length(config->blob), 5);
    pxm_config_free(filled);
    world_done(&world);
}

static void numbers_and_bools_become_text(void **state)
{
    static const struct {
        const char *yaml, *key;
    } cases[] = {{"key: \"${input.w}\"", "320"},
                 {"key: \"${input.flag}\"", "true"},
                 {"key: \"${input.ratio}\"", "1.5"},
                 {"key: \"$${x}\"", "${x}"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_init(&world);
        struct pxm_config *filled = fill(&world, cases[i].yaml);
        assert_string_equal(((const struct config *)pxm_config_data(filled))->key, cases[i].key);
        pxm_config_free(filled);
        world_done(&world);
    }
}

static void relative_paths_start_at_the_base(void **state)
{
    static const char *const cases[][2] = {
        {"folder: var/x", "/srv/app/var/x"}, {"folder: /var/x", "/var/x"}, {"folder: \"\"", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_init(&world);
        struct pxm_config *filled = fill(&world, cases[i][0]);
        assert_string_equal(((const struct config *)pxm_config_data(filled))->folder, cases[i][1]);
        pxm_config_free(filled);
        world_done(&world);
    }
}

static void a_path_beyond_what_the_system_takes_is_refused(void **state)
{
    struct world world;
    struct pxm_error error = {0};
    struct pxm_config *filled = NULL;
    char yaml[5000] = "folder: ";
    (void)state;
    world_init(&world);
    memset(yaml + strlen(yaml), 'a', 4500);
    assert_int_equal(pxm_config_fill(bind(&world, &table, yaml), NULL, &filled, &error), PXM_E_INVALID);
    assert_string_equal(error.text, "`folder` is a path of more than 4096 bytes");
    world_done(&world);
}

static void the_project_file_may_use_templates_everywhere(void **state)
{
    struct world world;
    struct pxm_error error = {0};
    struct pxm_config *filled = NULL;
    (void)state;
    world_init(&world);
    const struct pxm_node *map = world_yaml(&world, "{store: \"${env.LIMIT}\"}");
    const struct pxm_bind_rules rules = {.resolver = &world.resolver, .owner = "`fs`", .templates_everywhere = true};
    struct pxm_bindings *bindings = pxm_options_bind(world.arena, &table, map, map->span, &rules, &world.diags);
    assert_non_null(bindings);
    assert_false(bindings->constant);
    assert_int_equal(pxm_config_fill(bindings, &world_scope, &filled, &error), PXM_OK);
    assert_string_equal(((const struct config *)pxm_config_data(filled))->store, "25MiB");
    pxm_config_free(filled);

    const struct pxm_bind_rules none = {.owner = "`fs`"};
    assert_null(pxm_options_bind(world.arena, &table, map, map->span, &none, &world.diags));
    assert_string_equal(world_first(&world),
                        "E106 [\"${env.LIMIT}\"] `store` takes no template | write the value itself");
    world_done(&world);
}

static void an_owner_without_options_says_so(void **state)
{
    static const struct pxm_option_table nothing = {NULL, 0, 0};
    struct world world;
    struct pxm_error error = {0};
    struct pxm_config *filled = NULL;
    (void)state;
    world_init(&world);
    struct pxm_bindings *bindings = bind(&world, &nothing, "{}");
    assert_int_equal(pxm_config_fill(bindings, NULL, &filled, &error), PXM_OK);
    assert_non_null(pxm_config_data(filled));
    pxm_config_free(filled);
    assert_null(bind(&world, &nothing, "{a: 1}"));
    assert_string_equal(world_first(&world), "E102 [a] unknown option `a` for `shrink` | it has no options");
    world_done(&world);
}

/* What was bound is only read: each thread fills its own struct from the same bindings. */
static void *fill_many(void *arg)
{
    const struct pxm_bindings *bindings = arg;
    for (int i = 0; i < 200; i++) {
        struct pxm_error error = {0};
        struct pxm_config *config = NULL;
        if (pxm_config_fill(bindings, &world_scope, &config, &error) != PXM_OK ||
            strcmp(((const struct config *)pxm_config_data(config))->key, "k/640") != 0) {
            return arg;
        }
        pxm_config_free(config);
    }
    return NULL;
}

static void many_threads_fill_from_the_same_bindings(void **state)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    struct world world;
    (void)state;
    world_init(&world);
    struct pxm_bindings *bindings =
        bind(&world, &table, "{key: \"k/${item}\", tags: [a, b], meta: {n: \"${min(input.w, 3) ?? 1}\"}}");
    assert_non_null(bindings);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, fill_many, bindings), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_options_have_their_default_or_are_unset),
        cmocka_unit_test(unset_kinds_without_a_default),
        cmocka_unit_test(literals_are_read_by_the_type_of_their_option),
        cmocka_unit_test(templates_fill_what_they_are_bound_to),
        cmocka_unit_test(numbers_and_bools_become_text),
        cmocka_unit_test(relative_paths_start_at_the_base),
        cmocka_unit_test(a_path_beyond_what_the_system_takes_is_refused),
        cmocka_unit_test(the_project_file_may_use_templates_everywhere),
        cmocka_unit_test(many_threads_fill_from_the_same_bindings),
        cmocka_unit_test(an_owner_without_options_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
