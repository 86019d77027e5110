/* Option tables at work: a YAML map is bound to a table once, when it is loaded, and fills a config struct for each
 * call. The same tables are walked for reference pages, JSON Schema and completion, see option_docs.h.
 *
 * Binding belongs to one thread; bindings are read-only afterwards and fill config structs on any. */
#ifndef PXM_LANG_OPTIONS_H
#define PXM_LANG_OPTIONS_H

#include "lang/expr/expr.h"
#include "lang/yaml/yaml.h"

/* Types of options that only the core's own tables have. */
enum {
    PXM_OPT_PIXELS = 64, /* 80MP                     int64_t                                                    */
    PXM_OPT_STORE,       /* name of a store          const char *: the name                                     */
    PXM_OPT_TABLE,       /* name of a table          const char *                                               */
    PXM_OPT_QUEUE,       /* name of a queue          const char *                                               */
    PXM_OPT_PIPELINE,    /* name of a pipeline       const char *                                               */
    PXM_OPT_VALUE        /* anything JSON can say    const pxm_value *; NULL unset                              */
};

enum { PXM_OPTIONS_MAX = 256 }; /* in one table */

/* A table as a plugin compiled it, whatever its stride. */
struct pxm_option_table {
    const struct pxm_option *options; /* may be NULL: no options */
    uint32_t option_size, config_size;
};
size_t pxm_options_count(const struct pxm_option_table *table);
/* The i-th, widened to this build's struct: what the plugin did not know is zero. */
struct pxm_option pxm_options_at(const struct pxm_option_table *table, size_t index);
/* Index of a name (or old name, then *ret_old is set); -1. ret_old may be NULL. */
int pxm_options_find(const struct pxm_option_table *table, const char *name, bool *ret_old);
/* Why the table itself is wrong (no help text, a field outside the struct, a default out of range, unknown type, ...);
 * NULL: sound. A plugin with an unsound table is refused. Static or arena text. */
const char *pxm_options_audit(struct pxm_arena *arena, const struct pxm_option_table *table);
/* The same of the core's own tables, which may use the types above. */
const char *pxm_options_audit_core(struct pxm_arena *arena, const struct pxm_option_table *table);

struct pxm_binding {
    const struct pxm_node *node; /* the value as written; NULL: absent, the default applies */
    struct pxm_template *value;  /* NULL: absent and no default. Literals have the option's type: choices and names are
                                     strings, sizes and pixel counts ints, durations ints of milliseconds */
};
struct pxm_bindings {
    const struct pxm_option_table *table;
    struct pxm_binding *items; /* one for each option */
    bool constant;             /* no template at all: one config struct can serve every call */
    const char *base;          /* as the rules said */
};
/* Who may write what here. */
struct pxm_bind_rules {
    bool templates_everywhere; /* project file: env and secrets in any option; else only in PXM_OPT_DYNAMIC ones */
    const struct pxm_resolver *resolver; /* types templates against their options; NULL: templates are refused */
    const char *owner;                   /* for messages: "`thumbnail`" */
    const char *const *also; /* words that are no options here but may explain a typo (step keys); NULL at the end */
    const char *base; /* folder where relative PXM_OPT_PATH values start, without a / at its end; lives as long as the
                         bindings; NULL: they stay as they are */
};
/* `map` may be NULL (no options given). NULL with diagnostics; unknown keys, missing required ones, wrong types, ranges
 * and choices, all in one pass. `table` is sound and outlives the bindings.
 *
 * A template must be of its option's type; text is also taken for sizes, durations and pixel counts and read at run
 * time, while ints are bytes, milliseconds and pixels; numbers and bools are also taken for text. Lengths of text are
 * in characters. An option never takes null: a
 * template that may be null is E205, so an optional option is either written or not. Only items of lists and records,
 * and "anything JSON can say", may be null. */
struct pxm_bindings *pxm_options_bind(struct pxm_arena *arena, const struct pxm_option_table *table,
                                      const struct pxm_node *map, struct pxm_span owner_span,
                                      const struct pxm_bind_rules *rules, struct pxm_diags *diags);

struct pxm_config; /* a filled config struct and what it points at */
/* Evaluates the bindings into a new struct; values from templates are checked for type, range and choices as literals
 * were ("input.invalid" names the option, and never shows a secret). Of constant bindings one serves every call and
 * `scope` may be NULL. */
pxm_status pxm_config_fill(const struct pxm_bindings *bindings, const struct pxm_scope *scope, struct pxm_config **ret,
                           pxm_error *error);
const void *pxm_config_data(const struct pxm_config *config);
void pxm_config_free(struct pxm_config *config); /* wipes secrets; NULL is fine */

#endif
