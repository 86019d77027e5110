/* Expressions, templates and option tables when memory runs out: a failure that says so, no crash, no leak, no false
 * success. Arenas take memory in large pieces, so a second sweep gives them a little more room each time. */
#include "alloc_sweep.h"

#include "../unit/option_world.h"
#include "lang/options/option_docs.h"

enum { NAMES = sizeof world_names / sizeof *world_names, ARENA_BYTES = 1 << 20, ARENA_STEP = 48 };

static pxm_value *values[NAMES];
static const struct pxm_scope scope = {.load = world_load, .arg = values};

static const char good[] =
    "width: \"${min(input.w, 640) ?? 1}\"\nratio: 2.5\nflag: \"${not (input.flag and item in [1, 2] or index == 0)}\"\n"
    "bytes: \"${env.LIMIT}\"\nkey: \"k/${slug(stem(input.name))}\"\ntoken: \"${secret.key}\"\nfit: \"${'inside'}\"\n"
    "folder: var\nbackground: \"${lower('#FFF')}\"\n"
    "tags: [\"${join(split(cut(join(input.tags, '-'), 3), '-'), '')}\", x]\n"
    "meta: {n: \"${len(input.tags)}\", s: \"${steps.blur.hash ?? ''}\"}\n"
    "quality: {webp: \"${env.Q}\", jpeg: 82}\nany: {list: \"${vars.widths}\", none: [null, 1.5, {a: b}]}\n"
    "image: \"${steps.image}\"\n";
static const char bad[] =
    "wdth: 1\nfit: x\nflag: NO\nquality: {gif: 0}\nkey: \"${input.name.length} ${nope} ${1 +} "
    "${lower(steps.blur.hash)}\"\n"
    "tags: {a: b}\ntoken: x\nstore: \"${run.id}\"\nwidth: \"${secret.key}\"\nw: 1\nany: \"{{ input.w }}\"\n"
    "meta: \"${steps.size.hsah}\"\nbytes: 1B\nimage: \"${input.w == 'a'}\"\n";

/* Binds the text in an arena of so many bytes; `filled` where a config shall be filled too. */
static int bind_and_fill(const char *yaml, size_t arena_bytes, bool is_good)
{
    struct pxm_error error = {0};
    struct pxm_diags diags;
    struct pxm_config *config = NULL;
    struct pxm_arena *arena = pxm_arena_new(arena_bytes);
    struct pxm_bindings *bindings = NULL;
    int ret = ALLOC_FALSE;
    if (!arena) {
        return ALLOC_FAILURE;
    }
    pxm_diags_init(&diags, arena);
    const struct pxm_resolver resolver = {.resolve = world_resolve, .arena = arena};
    const struct pxm_bind_rules rules = {.resolver = &resolver, .owner = "`shrink`", .base = "/srv"};
    const struct pxm_source *source = pxm_source_of_text(arena, "test.yaml", yaml, strlen(yaml), &diags);
    const struct pxm_node *map = source ? pxm_yaml_parse(arena, source, &diags) : NULL;
    if (map) {
        bindings = pxm_options_bind(arena, &table, map, map->span, &rules, &diags);
    }
    if (!bindings) {
        bool told = is_good ? diags.no_memory : diags.errors > 0;
        ret = !told ? ALLOC_FALSE : is_good || diags.no_memory ? ALLOC_FAILURE : ALLOC_SUCCESS;
    } else if (is_good) {
        pxm_status status = pxm_config_fill(bindings, &scope, &config, &error);
        bool right = status == PXM_OK && ((const struct config *)pxm_config_data(config))->width == 320;
        ret = right ? ALLOC_SUCCESS : status == PXM_E_NO_MEMORY && !config ? ALLOC_FAILURE : ALLOC_FALSE;
    }
    pxm_config_free(config);
    pxm_arena_free(arena);
    return ret;
}

static int bind_good(void *arg)
{
    (void)arg;
    return bind_and_fill(good, ARENA_BYTES, true);
}

static int bind_bad(void *arg)
{
    (void)arg;
    return bind_and_fill(bad, ARENA_BYTES, false);
}

static void options_survive(void **state)
{
    (void)state;
    alloc_sweep("good options", bind_good, NULL);
    alloc_sweep("bad options", bind_bad, NULL);
}

/* An arena that is full is memory that is out, at each of its own allocations. */
static void full_arenas_are_told(void **state)
{
    (void)state;
    for (int is_good = 0; is_good < 2; is_good++) {
        int outcome = ALLOC_FAILURE;
        for (size_t bytes = 0; outcome != ALLOC_SUCCESS; bytes += ARENA_STEP) {
            outcome = bind_and_fill(is_good ? good : bad, bytes, is_good);
            if (outcome == ALLOC_FALSE || bytes > ARENA_BYTES) {
                fail_msg("%s options in an arena of %zu bytes", is_good ? "good" : "bad", bytes);
            }
        }
    }
}

static int audit(void *arg)
{
    struct pxm_arena *arena = pxm_arena_new(ARENA_BYTES);
    (void)arg;
    if (!arena) {
        return ALLOC_FAILURE;
    }
    const char *fault = pxm_options_audit_core(arena, &table);
    int ret = !fault ? ALLOC_SUCCESS : strcmp(fault, "out of memory") == 0 ? ALLOC_FAILURE : ALLOC_FALSE;
    pxm_arena_free(arena);
    return ret;
}

static int docs(void *arg)
{
    struct pxm_buf buf;
    pxm_buf_init(&buf, 1 << 16);
    (void)arg;
    pxm_option_docs_markdown(&table, &buf);
    pxm_value *list = pxm_option_docs_json(&table);
    pxm_value *schema = pxm_option_docs_schema(&table, true);
    bool done = buf.status == PXM_OK && list && schema;
    bool right = (!list || pxm_value_count(list) == pxm_options_count(&table)) &&
                 (!schema || pxm_value_count(pxm_value_get(schema, "properties")) == pxm_options_count(&table) + 1);
    pxm_value_unref(schema);
    pxm_value_unref(list);
    pxm_buf_done(&buf);
    return !right ? ALLOC_FALSE : done ? ALLOC_SUCCESS : ALLOC_FAILURE;
}

static void audits_and_pages_survive(void **state)
{
    (void)state;
    alloc_sweep("audit", audit, NULL);
    alloc_sweep("docs", docs, NULL);
}

static int make_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        values[i] = world_value(&world_names[i]);
    }
    return 0;
}

static int drop_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        pxm_value_unref(values[i]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_survive),
        cmocka_unit_test(full_arenas_are_told),
        cmocka_unit_test(audits_and_pages_survive),
    };
    return cmocka_run_group_tests(tests, make_values, drop_values);
}
