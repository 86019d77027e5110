/* The keys that steps share: conditions, retry, on_error, timeout and undo. */
#include "lang/program/compile.h"

#include "base/value.h"
#include "lang/yaml/scalar.h"
#include <string.h>

struct pxm_expr *compile_condition(struct draft *draft, const struct pxm_node *node, const char *what)
{
    struct compiler *compiler = draft->compiler;
    struct pxm_resolver resolver = compile_resolver(draft);
    struct pxm_expr *expr;

    node = compile_kind(compiler, node, PXM_NODE_SCALAR, what);
    expr = node ? pxm_expr_parse(compiler->arena, node, compiler->diags) : NULL;
    if (!expr || !pxm_expr_check_as(expr, &resolver, &pxm_type_bool, what, compiler->diags)) {
        return NULL;
    }
    if (pxm_expr_is_constant(expr)) {
        struct pxm_diag *diag =
            compile_warning(compiler, "W320", pxm_expr_span(expr), "%s is the same in every run", what);
        pxm_diag_label(compiler->diags, diag, "it reads no name");
    }
    return expr;
}

/* ---- retry ------------------------------------------------------------------------------------------------------ */

struct retry_config {
    int64_t times, backoff, max;
};
static const struct pxm_option retry_options[] = {
    {.name = "times",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct retry_config, times, int64_t),
     .min = 1,
     .max = 10,
     .help = "Tries after the first one; only transient errors are tried again."},
    {.name = "backoff",
     .type = PXM_OPT_DURATION,
     .offset = PXM_FIELD(struct retry_config, backoff, int64_t),
     .min = 1,
     .max = 60000,
     .fallback = "200ms",
     .help = "Longest first pause; it doubles each time and is random below that."},
    {.name = "max",
     .type = PXM_OPT_DURATION,
     .offset = PXM_FIELD(struct retry_config, max, int64_t),
     .min = 1,
     .max = 600000,
     .fallback = "10s",
     .help = "Longest pause of all."},
    {.name = NULL},
};
const struct pxm_option_table compile_retry_table = {
    .options = retry_options, .option_size = sizeof(struct pxm_option), .config_size = sizeof(struct retry_config)};

void compile_retry(struct draft *draft, const struct pxm_node *node, struct pxm_step *step)
{
    const struct pxm_node *map = compile_kind(draft->compiler, node, PXM_NODE_MAP, "`retry`");

    if (!map) {
        return;
    }
    const struct retry_config *config =
        compile_literals(draft->compiler, &compile_retry_table, map, map->span, "`retry`", NULL);
    if (config) {
        step->retry =
            (struct pxm_retry){.times = config->times, .backoff_ms = config->backoff, .backoff_max_ms = config->max};
    }
}

/* ---- on_error --------------------------------------------------------------------------------------------------- */

static bool is_pattern(const char *text)
{
    size_t length = strlen(text);

    if (strcmp(text, "*") == 0) {
        return true;
    }
    return length > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.") == length && text[0] != '.' &&
           text[length - 1] != '.';
}

static bool read_action(struct draft *draft, const struct pxm_node *node, const struct pxm_step *step,
                        enum pxm_error_action *ret)
{
    static const char *const actions[] = {[PXM_ON_ERROR_FAIL] = "fail",
                                          [PXM_ON_ERROR_SKIP] = "skip",
                                          [PXM_ON_ERROR_STOP] = "stop",
                                          [PXM_ON_ERROR_FALLBACK] = "fallback"};
    const size_t count = step->kind == PXM_STEP_OPERATION ? 4 : 3;

    node = compile_kind(draft->compiler, node, PXM_NODE_SCALAR, "what is done on an error");
    for (size_t i = 0; node && i < count; i++) {
        if (strcmp(actions[i], node->text) == 0) {
            *ret = (enum pxm_error_action)i;
            return true;
        }
    }
    if (node) {
        struct pxm_diag *diag =
            compile_error(draft->compiler, "E110", node->span, "`%s` is not a value of `on_error`", node->text);
        pxm_diag_label(draft->compiler->diags, diag, "%s",
                       compile_hint(draft->compiler, node->text, actions, count,
                                    count == 4 ? "fail, skip, stop or fallback" : "fail, skip or stop"));
    }
    return false;
}

/* A misspelt code would never match, and nobody would notice. */
static void check_code(struct draft *draft, const struct pxm_node *key, const struct pxm_step *step)
{
    const char *const *codes = step->operation && step->operation->signature ? step->operation->signature->codes : NULL;
    const char *dot = strchr(key->text, '.');
    bool same_family = false;
    size_t count = 0;

    for (; dot && codes && codes[count]; count++) {
        if (strcmp(codes[count], key->text) == 0) {
            return;
        }
        same_family = same_family || strncmp(codes[count], key->text, (size_t)(dot - key->text) + 1) == 0;
    }
    if (same_family) {
        struct pxm_diag *diag = compile_warning(draft->compiler, "W314", key->span, "`%s` never fails with `%s`",
                                                step->operation->name, key->text);
        const char *best = pxm_suggest(key->text, codes, count);
        if (best) {
            pxm_diag_label(draft->compiler->diags, diag, "did you mean `%s`?", best);
        }
    }
}

/* Longer patterns are more exact; "*" is the shortest of all. */
static void insert_rule(struct pxm_error_rule *rules, size_t count, struct pxm_error_rule rule)
{
    size_t length = strcmp(rule.pattern, "*") == 0 ? 0 : strlen(rule.pattern);

    while (count > 0 && (strcmp(rules[count - 1].pattern, "*") == 0 || strlen(rules[count - 1].pattern) < length)) {
        rules[count] = rules[count - 1];
        count--;
    }
    rules[count] = rule;
}

static void check_fallback(struct draft *draft, const struct pxm_node *map, const struct pxm_step *step)
{
    struct compiler *compiler = draft->compiler;
    bool leads = false;

    for (size_t i = 0; i < step->rule_count; i++) {
        leads = leads || step->rules[i].action == PXM_ON_ERROR_FALLBACK;
    }
    if (leads && !pxm_node_get(map, "fallback")) {
        struct pxm_diag *diag = compile_error(compiler, "E122", compile_key_span(map, "on_error"),
                                              "`on_error` leads to a fallback that is not there");
        pxm_diag_label(compiler->diags, diag, "add `fallback: {OPERATION: {...}}` to the step");
    }
    if (!leads && pxm_node_get(map, "fallback")) {
        struct pxm_diag *diag =
            compile_error(compiler, "E122", compile_key_span(map, "fallback"), "nothing leads to this `fallback`");
        pxm_diag_label(compiler->diags, diag, "add `on_error: {CODE: fallback}`, or `\"*\"` for all codes");
    }
}

static void read_rules(struct draft *draft, const struct pxm_node *map, struct pxm_step *step)
{
    struct compiler *compiler = draft->compiler;
    struct pxm_error_rule *rules = compile_have(compiler, pxm_arena_array(compiler->arena, map->length, sizeof *rules));

    for (size_t i = 0; rules && i < map->length; i++) {
        const struct pxm_node *key = map->entries[i].key;
        struct pxm_error_rule rule = {.pattern = key->text};
        if (!is_pattern(key->text)) {
            struct pxm_diag *diag = compile_error(compiler, "E123", key->span, "`%s` is no error code", key->text);
            pxm_diag_label(compiler->diags, diag, "write a code such as store.not_found, its first part, or \"*\"");
            continue;
        }
        check_code(draft, key, step);
        if (read_action(draft, map->entries[i].value, step, &rule.action)) {
            insert_rule(rules, step->rule_count++, rule);
        }
    }
    step->rules = rules;
}

void compile_on_error(struct draft *draft, const struct pxm_node *node, struct pxm_step *step)
{
    size_t errors = draft->compiler->diags->errors;
    const struct pxm_node *map = compile_kind(draft->compiler, node, PXM_NODE_MAP, "`on_error`");

    if (map) {
        read_rules(draft, map, step);
    }
    if (draft->compiler->diags->errors == errors) {
        check_fallback(draft, compile_note(draft, step)->node, step);
    }
}

/* ---- the others ------------------------------------------------------------------------------------------------- */

int64_t compile_timeout(struct draft *draft, const struct pxm_node *node)
{
    int64_t ms = 0;

    node = compile_kind(draft->compiler, node, PXM_NODE_SCALAR, "`timeout`");
    const char *reason = node ? pxm_scalar_duration(node->text, &ms) : NULL;
    if (node && !reason && ms < 1) {
        reason = "it must be more than 0";
    }
    if (reason) {
        compile_error(draft->compiler, "E104", node->span, "`timeout`: %s", reason);
        return 0;
    }
    return ms;
}

/* What was there before a put is gone, so only one that makes its object can be undone. */
static bool makes_its_object(const struct pxm_step *step)
{
    const struct pxm_binding *absent = compile_binding(step, "if_absent");
    const pxm_value *value = absent && absent->value ? pxm_template_literal(absent->value) : NULL;

    return pxm_value_as_bool(value);
}

void compile_undo(struct draft *draft, const struct pxm_node *node, struct pxm_step *step)
{
    struct compiler *compiler = draft->compiler;
    enum pxm_core_op op = step->operation ? step->operation->core : PXM_CORE_NONE;

    node = compile_kind(compiler, node, PXM_NODE_SCALAR, "`undo`");
    if (!node) {
        return;
    }
    const char *reason = pxm_scalar_bool(node->text, &step->undo);
    if (reason) {
        compile_error(compiler, "E104", node->span, "`undo`: %s", reason);
    } else if (step->undo && step->operation && op != PXM_CORE_PUT && op != PXM_CORE_RECORD) {
        struct pxm_diag *diag =
            compile_error(compiler, "E128", node->span, "`%s` cannot be undone", step->operation->name);
        pxm_diag_label(compiler->diags, diag, "`undo` is for `put` and `record`, which know what they made");
    } else if (step->undo && op == PXM_CORE_PUT && !makes_its_object(step)) {
        struct pxm_diag *diag =
            compile_error(compiler, "E128", node->span, "a `put` that may replace an object cannot be undone");
        pxm_diag_label(compiler->diags, diag, "add `if_absent: true` to it");
    } else if (step->undo && step->operation) {
        bool put = op == PXM_CORE_PUT;
        const struct pxm_binding *resource = compile_binding(step, put ? "store" : "table");
        const pxm_value *name = resource && resource->value ? pxm_template_literal(resource->value) : NULL;
        if (name) {
            compile_use(compiler, put ? USE_STORE : USE_TABLE, pxm_value_as_string(name, NULL), node->span,
                        put ? "remove" : "erase");
        }
    }
}

int64_t compile_count(struct draft *draft, const struct pxm_node *node, const char *what, int64_t min, int64_t max,
                      int64_t fallback)
{
    int64_t number = fallback;

    node = compile_kind(draft->compiler, node, PXM_NODE_SCALAR, what);
    const char *reason = node ? pxm_scalar_int(node->text, &number) : NULL;
    if (reason) {
        compile_error(draft->compiler, "E104", node->span, "%s: %s", what, reason);
        return fallback;
    }
    if (node && (number < min || number > max)) {
        compile_error(draft->compiler, "E105", node->span, "%s must be from %lld to %lld", what, (long long)min,
                      (long long)max);
        return fallback;
    }
    return number;
}
