/* What a pipeline or a project takes from outside: declarations of inputs and of environment variables, and the vars
 * that are made of them. */
#include "lang/program/compile.h"

#include "base/value.h"
#include <string.h>

enum {
    TEXT_BYTES = 64 << 10,   /* of a text, if not said                                                             */
    MATCHED_BYTES = 4 << 10, /* of one with a pattern: a match then takes some 0.1 s at the worst */
    TEXT_BYTES_MAX = 64 << 20
};

struct declaration_config {
    int32_t type, optional;
    const pxm_value *fallback;
    double min, max;
    const char *pattern, *summary;
    int64_t length_max;
    const pxm_value *media, *values, *profiles;
};

static const struct pxm_choice input_types[] = {
    {.name = "blob", .value = PXM_TYPE_BLOB, .help = "Bytes, such as an uploaded file."},
    {.name = "image", .value = PXM_TYPE_IMAGE, .help = "A decoded picture, from a pipeline that calls this one."},
    {.name = "string", .value = PXM_TYPE_STRING, .help = "Text."},
    {.name = "int", .value = PXM_TYPE_INT, .help = "A whole number of 64 bits."},
    {.name = "float", .value = PXM_TYPE_FLOAT, .help = "A number."},
    {.name = "bool", .value = PXM_TYPE_BOOL, .help = "true or false."},
    {.name = "list", .value = PXM_TYPE_LIST, .help = "A list of anything."},
    {.name = "record", .value = PXM_TYPE_RECORD, .help = "A record of anything."},
    {.name = NULL},
};

#define FIELD(field_, ctype_) .offset = PXM_FIELD(struct declaration_config, field_, ctype_)

static const struct pxm_option input_options[] = {
    {.name = "type",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_REQUIRED,
     FIELD(type, int32_t),
     .choices = input_types,
     .help = "Its type."},
    {.name = "summary", .type = PXM_OPT_STRING, FIELD(summary, const char *), .help = "What it is for."},
    {.name = "optional",
     .type = PXM_OPT_BOOL,
     FIELD(optional, int32_t),
     .fallback = "false",
     .help = "It may be null, which it is when nothing is given."},
    {.name = "default",
     .type = PXM_OPT_VALUE,
     FIELD(fallback, const pxm_value *),
     .help = "Its value when nothing or null is given."},
    {.name = "min", .type = PXM_OPT_FLOAT, FIELD(min, double), .help = "The least number."},
    {.name = "max", .type = PXM_OPT_FLOAT, FIELD(max, double), .help = "The greatest number."},
    {.name = "pattern",
     .type = PXM_OPT_STRING,
     FIELD(pattern, const char *),
     .min = 1,
     .max = COMPILE_PATTERN_BYTES_MAX,
     .help = "POSIX extended regular expression that the whole text must match."},
    {.name = "length_max",
     .type = PXM_OPT_INT,
     FIELD(length_max, int64_t),
     .min = 1,
     .max = TEXT_BYTES_MAX,
     .help = "Most bytes of a text; 64 KiB if not said, 4 KiB where there is a pattern."},
    {.name = "media",
     .type = PXM_OPT_LIST,
     .item = PXM_TYPE_STRING,
     FIELD(media, const pxm_value *),
     .help = "Media types that a blob may have, told from its first bytes; any if not said."},
    {.name = "values",
     .type = PXM_OPT_LIST,
     .item = PXM_TYPE_STRING,
     FIELD(values, const pxm_value *),
     .help = "All texts it may be."},
    {.name = NULL},
};

static const struct pxm_choice env_types[] = {
    {.name = "string", .value = PXM_TYPE_STRING, .help = "Text."},
    {.name = "int", .value = PXM_TYPE_INT, .help = "A whole number of 64 bits."},
    {.name = "float", .value = PXM_TYPE_FLOAT, .help = "A number."},
    {.name = "bool", .value = PXM_TYPE_BOOL, .help = "true or false."},
    {.name = NULL},
};

static const struct pxm_option env_options[] = {
    {.name = "type",
     .type = PXM_OPT_ENUM,
     FIELD(type, int32_t),
     .choices = env_types,
     .fallback = "string",
     .help = "Its type."},
    {.name = "summary", .type = PXM_OPT_STRING, FIELD(summary, const char *), .help = "What it is for."},
    {.name = "default",
     .type = PXM_OPT_VALUE,
     FIELD(fallback, const pxm_value *),
     .help = "Its value when it is not set."},
    {.name = "min", .type = PXM_OPT_FLOAT, FIELD(min, double), .help = "The least number."},
    {.name = "max", .type = PXM_OPT_FLOAT, FIELD(max, double), .help = "The greatest number."},
    {.name = "profiles",
     .type = PXM_OPT_LIST,
     .item = PXM_TYPE_STRING,
     FIELD(profiles, const pxm_value *),
     .help = "Profiles that need it; all if not said."},
    {.name = NULL},
};

#undef FIELD

const struct pxm_option_table compile_input_table = {.options = input_options,
                                                     .option_size = sizeof(struct pxm_option),
                                                     .config_size = sizeof(struct declaration_config)};
const struct pxm_option_table compile_env_table = {
    .options = env_options, .option_size = sizeof(struct pxm_option), .config_size = sizeof(struct declaration_config)};

/* ---- what a declaration may say --------------------------------------------------------------------------------- */

/* Constraints belong to some types only; NULL at the end. */
static const struct {
    const char *key;
    uint32_t bits;
} constraints[] = {{"min", PXM_TYPE_INT | PXM_TYPE_FLOAT},
                   {"max", PXM_TYPE_INT | PXM_TYPE_FLOAT},
                   {"pattern", PXM_TYPE_STRING},
                   {"length_max", PXM_TYPE_STRING},
                   {"values", PXM_TYPE_STRING},
                   {"media", PXM_TYPE_BLOB}};

static void check_constraints(struct compiler *compiler, const struct pxm_node *map, const struct pxm_type *type)
{
    for (size_t i = 0; i < sizeof constraints / sizeof constraints[0]; i++) {
        if (pxm_node_get(map, constraints[i].key) && !(constraints[i].bits & type->bits)) {
            struct pxm_type only = {.bits = constraints[i].bits};
            compile_error(compiler, "E128", compile_key_span(map, constraints[i].key), "`%s` is for %s, not for %s",
                          constraints[i].key, pxm_type_text(compiler->arena, &only),
                          pxm_type_text(compiler->arena, type));
        }
    }
}

static bool check_pattern(struct compiler *compiler, const struct pxm_node *map, const char *pattern)
{
    const char *problem = pattern ? compile_pattern_problem(pattern) : NULL;

    if (problem) {
        compile_error(compiler, "E123", pxm_node_get(map, "pattern")->span, "this pattern is refused: %s", problem);
    }
    return !problem;
}

/* ---- the default ------------------------------------------------------------------------------------------------ */

static const pxm_value *literal_of(struct compiler *compiler, const struct pxm_node *node, uint32_t bits)
{
    bool scalar = !(bits & (PXM_TYPE_LIST | PXM_TYPE_RECORD));
    struct pxm_template *tpl = scalar ? pxm_template_parse_as(compiler->arena, node, bits, compiler->diags)
                                      : pxm_template_parse_untyped(compiler->arena, node, compiler->diags);
    const pxm_value *value = tpl ? pxm_template_literal(tpl) : NULL;

    if (tpl && !value) {
        compile_error(compiler, "E123", node->span, "a default is a literal, not a template");
    }
    return value;
}

static const char *outside(const struct declaration *declared, const pxm_value *value)
{
    bool match = true;

    if (declared->type->bits & (PXM_TYPE_INT | PXM_TYPE_FLOAT)) {
        double number = pxm_value_as_float(value);
        bool within =
            (declared->min == 0 && declared->max == 0) || (number >= declared->min && number <= declared->max);
        return within ? NULL : "is outside `min` and `max`";
    }
    if (!(declared->type->bits & PXM_TYPE_STRING)) {
        return NULL;
    }
    const char *text = pxm_value_as_string(value, NULL);
    if (declared->pattern && compile_pattern_match(declared->pattern, text, &match) && !match) {
        return "does not match `pattern`";
    }
    for (size_t i = 0; declared->values; i++) {
        if (!declared->values[i]) {
            return "is none of `values`";
        }
        if (strcmp(declared->values[i], text) == 0) {
            break;
        }
    }
    return NULL;
}

static void read_default(struct compiler *compiler, const struct pxm_node *node, struct declaration *ret)
{
    uint32_t bits = ret->type->bits & ~(uint32_t)PXM_TYPE_NULL;

    if (bits & (PXM_TYPE_BLOB | PXM_TYPE_IMAGE)) {
        compile_error(compiler, "E123", node->span, "%s has no literal, so it cannot have a default",
                      pxm_type_text(compiler->arena, ret->type));
        return;
    }
    const pxm_value *value = literal_of(compiler, node, bits);
    if (!value) {
        return;
    }
    const struct pxm_type *have = pxm_type_of_value(compiler->arena, value);
    const char *reason = NULL;
    if (have && !pxm_type_fits(have, ret->type)) {
        compile_error(compiler, "E104", node->span, "the default is %s, but the type is %s",
                      pxm_type_text(compiler->arena, have), pxm_type_text(compiler->arena, ret->type));
    } else if ((reason = outside(ret, value))) {
        compile_error(compiler, "E123", node->span, "the default %s", reason);
    } else {
        ret->fallback = value;
    }
}

/* ---- declarations ----------------------------------------------------------------------------------------------- */

static void read_range(struct compiler *compiler, const struct pxm_node *map, const struct declaration_config *config,
                       struct declaration *ret)
{
    bool has_min = config->min == config->min; /* a NaN says that nothing was given */
    bool has_max = config->max == config->max;

    if (!has_min && !has_max) {
        return;
    }
    ret->min = has_min ? config->min : -9.2e18;
    ret->max = has_max ? config->max : 9.2e18;
    if (ret->min > ret->max) {
        compile_error(compiler, "E123", compile_key_span(map, "max"), "`max` is less than `min`");
    }
}

static int64_t length_max(const struct declaration_config *config)
{
    if (config->type != PXM_TYPE_STRING || config->length_max != PXM_UNSET_INT) {
        return config->length_max;
    }
    return config->pattern ? MATCHED_BYTES : TEXT_BYTES;
}

bool compile_declaration(struct compiler *compiler, const struct pxm_node *map, struct pxm_span span, const char *owner,
                         bool env, struct declaration *ret)
{
    const struct declaration_config *config =
        compile_literals(compiler, env ? &compile_env_table : &compile_input_table, map, span, owner, NULL);

    *ret = (struct declaration){.length_max = PXM_UNSET_INT};
    if (!config) {
        return false;
    }
    ret->type = pxm_type_of_bits(compiler->arena, (uint32_t)config->type);
    ret->type =
        compile_have(compiler, config->optional == 1 ? pxm_type_with_null(compiler->arena, ret->type) : ret->type);
    if (!ret->type) {
        return false;
    }
    if (!env) {
        check_constraints(compiler, map, ret->type);
        ret->pattern = check_pattern(compiler, map, config->pattern) ? config->pattern : NULL;
        ret->length_max = length_max(config);
        ret->media = compile_strings(compiler, config->media);
        ret->values = compile_strings(compiler, config->values);
    }
    ret->profiles = env ? compile_strings(compiler, config->profiles) : NULL;
    read_range(compiler, map, config, ret);
    if (pxm_node_get(map, "default")) {
        read_default(compiler, pxm_node_get(map, "default"), ret);
    }
    return true;
}

static void read_input(struct draft *draft, const struct pxm_entry *entry)
{
    struct compiler *compiler = draft->compiler;
    const char *name = compile_name(compiler, entry->key, "the name of an input");
    const struct pxm_node *map = compile_kind(compiler, entry->value, PXM_NODE_MAP, "an input");
    struct declaration declared = {.length_max = PXM_UNSET_INT};

    if (map) {
        compile_declaration(compiler, map, entry->key->span, "an input", false, &declared);
    }
    if (name) {
        draft->program->inputs[draft->program->input_count++] = (struct pxm_input){.name = name,
                                                                                   .type = declared.type,
                                                                                   .fallback = declared.fallback,
                                                                                   .min = declared.min,
                                                                                   .max = declared.max,
                                                                                   .pattern = declared.pattern,
                                                                                   .length_max = declared.length_max,
                                                                                   .media = declared.media,
                                                                                   .values = declared.values,
                                                                                   .span = entry->key->span};
    }
}

void compile_inputs(struct draft *draft, const struct pxm_node *map)
{
    map = compile_kind(draft->compiler, map, PXM_NODE_MAP, "`inputs`");
    if (!map) {
        return;
    }
    if (map->length > PXM_INPUTS_MAX) {
        compile_error(draft->compiler, "E127", map->span, "more than %d inputs of one pipeline", PXM_INPUTS_MAX);
        return;
    }
    draft->program->inputs =
        compile_have(draft->compiler, pxm_arena_array(draft->compiler->arena, map->length, sizeof(struct pxm_input)));
    for (size_t i = 0; draft->program->inputs && i < map->length; i++) {
        read_input(draft, &map->entries[i]);
    }
}

const struct pxm_input *compile_input(const struct pxm_program *program, const char *name)
{
    for (size_t i = 0; i < program->input_count; i++) {
        if (strcmp(program->inputs[i].name, name) == 0) {
            return &program->inputs[i];
        }
    }
    return NULL;
}

/* ---- vars ------------------------------------------------------------------------------------------------------- */

void compile_vars(struct draft *draft, const struct pxm_node *map)
{
    struct compiler *compiler = draft->compiler;
    struct pxm_program *program = draft->program;
    struct pxm_resolver resolver = compile_resolver(draft);

    map = compile_kind(compiler, map, PXM_NODE_MAP, "`vars`");
    if (!map) {
        return;
    }
    program->vars = compile_have(compiler, pxm_arena_array(compiler->arena, map->length, sizeof *program->vars));
    draft->place = PLACE_VARS;
    for (size_t i = 0; program->vars && i < map->length; i++) {
        const char *name = compile_name(compiler, map->entries[i].key, "the name of a var");
        struct pxm_template *value =
            pxm_template_parse_untyped(compiler->arena, map->entries[i].value, compiler->diags);
        const struct pxm_type *type = value ? pxm_template_check(value, &resolver, compiler->diags) : NULL;
        if (name) {
            program->vars[program->var_count++] =
                (struct pxm_var){.name = name, .value = value, .type = type, .span = map->entries[i].key->span};
        }
    }
}
