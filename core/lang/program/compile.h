/* What the parts of the compiler share while they turn files into a project: who is being read, what is visible from
 * there, and what is looked at again when all is known. Private to compile.c, project*.c, pipeline*.c, inputs.c,
 * triggers.c, steps*.c, wires.c, resolve.c, plan.c and check_*.c. Everything lives in the project's arena; one thread.
 *
 * Whatever has an error is left NULL (a type, bindings, an expression), and whoever finds NULL says nothing: so no
 * diagnostic is caused by an earlier one. */
#ifndef PXM_LANG_COMPILE_H
#define PXM_LANG_COMPILE_H

#include "lang/program/program.h"

enum draft_state { DRAFT_UNREAD, DRAFT_OPEN, DRAFT_DONE };

/* Where an expression stands decides which names it may read. */
enum place { PLACE_PROJECT, PLACE_VARS, PLACE_BIND, PLACE_STEP, PLACE_OUTPUT, PLACE_ON_FAILURE };

struct frame { /* one set of slots: of a pipeline, of its on_failure, or of one item of a foreach */
    struct frame *outer;
    const struct pxm_node *foreach; /* map of its step; NULL: of a whole block, where there is no item */
    const struct pxm_type *item;    /* NULL: not known */
    uint32_t slots;
    uint32_t parallel; /* open `parallel` blocks: the results of their steps are not visible yet */
};

struct name { /* an id, known before any step is read, so that a later one is told from one that is not there */
    const char *id;
    const struct pxm_node *node;    /* as written */
    const struct pxm_node *foreach; /* map of the innermost foreach step around it; NULL: none */
    bool on_failure;
    bool open; /* its step is being read right now */
    bool visible;
    struct pxm_step *step; /* NULL: not read yet */
    const struct frame *frame;
};

struct step_note { /* of each step, by pxm_step.order: what checks want to know of it */
    struct pxm_step *step;
    const struct pxm_node *node;    /* its map */
    const struct pxm_step *foreach; /* innermost around it; NULL: none */
    bool on_failure;
    bool conditional; /* a `when` on it or around it */
    bool is_fallback;
    const char *skip_reason;       /* "its `when` (line 12) can skip it"; NULL: it is never skipped */
    const struct pxm_type *fields; /* of its results, as a record; NULL: not known */
    const struct pxm_type *in;     /* what comes over its wire; NULL: nothing, or not known */
};

struct draft { /* a pipeline on its way to a program */
    struct compiler *compiler;
    struct pxm_program *program;
    enum draft_state state;
    const struct draft *caller;  /* DRAFT_OPEN: whose `call` led here; NULL: none */
    const struct pxm_node *root; /* NULL: the file is broken */
    size_t name_count, name_capacity;
    struct name *names;
    size_t note_count, note_limit; /* so many as were declared */
    struct step_note *notes;
    size_t read_count, read_capacity;
    struct pxm_read *reads;
    /* Where it stands: */
    enum place place;
    struct frame *frame;
    struct pxm_step *reader;        /* whose expressions are read; NULL: none */
    const struct pxm_step *foreach; /* innermost around */
    bool conditional;
    uint32_t block_depth;
    bool quiet;                   /* references are not counted: they were before */
    const struct pxm_type *event; /* PLACE_BIND: NULL: not known */
};

/* A resource that a pipeline needs. */
enum use_kind { USE_STORE, USE_TABLE, USE_QUEUE, USE_AUTH, USE_SECRET };
struct use {
    enum use_kind kind;
    const char *name;
    struct pxm_span span;
    const char *verb; /* what it must be able to do: "presign"; NULL: just be there */
};

struct project_files;
struct compiler {
    struct pxm_arena *arena;
    struct pxm_diags *diags;
    const struct pxm_catalog *catalog;
    struct pxm_project *project;
    size_t draft_count;
    struct draft **drafts; /* sorted by name; a broken file has one too */
    uint32_t call_depth;
    size_t use_count, use_capacity;
    struct use *uses;
    const struct pxm_profile *profile; /* PLACE_PROJECT: whose resources are read */
    const struct pxm_load_part *part;  /* NULL: all of the project */
    const char *part_profile;          /* with a part: the one profile that is read; NULL: there is none */
    const struct project_files *files;
};

/* ---- compile.c: reading maps ------------------------------------------------------------------------------------ */

/* An array with room for one more; NULL (reported) without memory. The old one stays in the arena. */
void *compile_grow(struct compiler *compiler, void *items, size_t count, size_t *capacity, size_t size);
struct pxm_diag *compile_error(struct compiler *compiler, const char *code, struct pxm_span span, const char *format,
                               ...) __attribute__((format(printf, 4, 5)));
struct pxm_diag *compile_warning(struct compiler *compiler, const char *code, struct pxm_span span, const char *format,
                                 ...) __attribute__((format(printf, 4, 5)));
/* Checks a result that is NULL only when memory is out. */
void *compile_have(struct compiler *compiler, const void *memory);
/* The node if it is of that kind, else NULL with E121. NULL gives NULL. `what`: "`inputs`". */
const struct pxm_node *compile_kind(struct compiler *compiler, const struct pxm_node *node, enum pxm_node_kind kind,
                                    const char *what);
/* Reports (E120) each key that is none of `known` (NULL at the end). `where`: "a pipeline". */
void compile_keys(struct compiler *compiler, const struct pxm_node *map, const char *const *known, const char *where);
/* The key node of an entry, for its place; the map's own span if there is no such key. */
struct pxm_span compile_key_span(const struct pxm_node *map, const char *key);
/* The scalar's text if it may name something ([A-Za-z][A-Za-z0-9_]*, 63 bytes), else NULL with E123. */
const char *compile_name(struct compiler *compiler, const struct pxm_node *scalar, const char *what);
bool compile_is_name(const char *text);
/* The same for resources, profiles, hosts and pipelines, which no expression names: `-` may be in it. */
const char *compile_label(struct compiler *compiler, const struct pxm_node *scalar, const char *what);
bool compile_is_label(const char *text);
/* A copy of the map without one key. */
const struct pxm_node *compile_without(struct compiler *compiler, const struct pxm_node *map, const char *key);
/* A map of literals through an option table: the filled struct, which lives as long as the arena. `map` may be NULL.
 * NULL with diagnostics. ret_bindings may be NULL. */
const void *compile_literals(struct compiler *compiler, const struct pxm_option_table *table,
                             const struct pxm_node *map, struct pxm_span span, const char *owner,
                             const struct pxm_bindings **ret_bindings);
/* A list of strings as an array with NULL at the end; NULL for NULL or without memory. */
const char *const *compile_strings(struct compiler *compiler, const pxm_value *list);
/* `version: 1`. */
void compile_version(struct compiler *compiler, const struct pxm_node *map);
/* Reads `limits:`; `map` may be NULL. */
void compile_limits(struct compiler *compiler, const struct pxm_node *map, struct pxm_limit_set *ret);
/* Counts a resource that is needed. */
void compile_use(struct compiler *compiler, enum use_kind kind, const char *name, struct pxm_span span,
                 const char *verb);
/* Asks the unit about literal options (E129). */
void compile_validate(struct compiler *compiler, const struct pxm_unit *unit, const struct pxm_bindings *bindings,
                      struct pxm_span span, const char *owner);
/* One "did you mean" for a label: "did you mean `x`?" or `otherwise`. */
const char *compile_hint(struct compiler *compiler, const char *word, const char *const *words, size_t count,
                         const char *otherwise);

/* ---- the parts -------------------------------------------------------------------------------------------------- */

/* project_file.c; `root` NULL: the file is broken. Hosts come last, as they name profiles. */
void compile_project_file(struct compiler *compiler, const struct pxm_node *root);
void compile_hosts(struct compiler *compiler, const struct pxm_node *map);
/* functions.c: reads `functions:` of a host, NULL: there are none */
void compile_functions(struct compiler *compiler, const struct pxm_node *map, struct pxm_host_entry *host);
/* Of a part: which profile is read, and the drafts of its pipelines. */
void compile_part(struct compiler *compiler, const struct pxm_node *root);
/* The draft of a pipeline, which is opened if it is not yet; NULL: no file is called so, or memory is out. */
struct draft *compile_take(struct compiler *compiler, const char *name);
/* project.c: opens the draft of a file, or of a text; false: no memory. */
bool compile_open(struct compiler *compiler, const char *path, const char *text);
/* project_profiles.c; after the pipelines: `only_used` leaves out what none of them uses */
void compile_profiles(struct compiler *compiler, const struct pxm_node *map, bool only_used);
/* project_find.c: which files a project is made of */
struct project_files {
    const char *path; /* pixmill.yaml; NULL: the built-in default */
    const char *root; /* absolute folder */
    size_t pipeline_count;
    const char **pipelines; /* paths, sorted by name */
};
bool compile_find_files(struct compiler *compiler, const struct pxm_load_options *options, struct project_files *ret);
/* pipeline.c */
void compile_pipeline(struct draft *draft);
/* Of a part, what is not there yet is opened. */
struct draft *compile_find(struct compiler *compiler, const char *name);
/* inputs.c */
void compile_inputs(struct draft *draft, const struct pxm_node *map);
void compile_vars(struct draft *draft, const struct pxm_node *map);
extern const struct pxm_option_table compile_input_table, compile_env_table, compile_limits_table,
    compile_concurrency_table, compile_retry_table, compile_http_table, compile_object_created_table,
    compile_message_table, compile_schedule_table, compile_host_table;
const struct pxm_input *compile_input(const struct pxm_program *program, const char *name);
/* A declaration {type, default, min, max, ...} of an input or of an env variable. */
struct declaration {
    const struct pxm_type *type; /* NULL: has an error */
    const pxm_value *fallback;
    double min, max;
    const char *pattern;
    int64_t length_max;
    const char *const *media, *const *values, *const *profiles;
};
bool compile_declaration(struct compiler *compiler, const struct pxm_node *map, struct pxm_span span, const char *owner,
                         bool env, struct declaration *ret);
/* pattern.c: why a pattern is refused, NULL: it is not; and whether a text matches a sound one (false: no memory) */
enum { COMPILE_PATTERN_BYTES_MAX = 256 };
const char *compile_pattern_problem(const char *pattern);
bool compile_pattern_match(const char *pattern, const char *text, bool *ret_match);
/* triggers.c, events.c */
void compile_triggers(struct draft *draft, const struct pxm_node *map);
/* Whether `auth: NAME` means something that every host brings along, so that no resource may be called so. */
bool compile_is_host_auth(const char *name);
const struct pxm_type *compile_event_type(struct compiler *compiler, const struct pxm_trigger *trigger);
/* steps.c: a block, one step, and what its results are */
struct frame *compile_frame(struct draft *draft, const struct pxm_node *foreach);
void compile_block(struct draft *draft, const struct pxm_node *steps, struct pxm_block *ret);
/* `above`: the step directly above; NULL: none in this block. NULL: the map is none, or memory is out. */
struct pxm_step *compile_step(struct draft *draft, const struct pxm_node *map, const struct pxm_step *above);
struct step_note *compile_note(struct draft *draft, const struct pxm_step *step);
/* steps_declare.c: counts steps and collects their ids before any is read; false: too many. */
bool compile_declare(struct draft *draft, const struct pxm_node *steps, const struct pxm_node *foreach,
                     bool on_failure);
/* steps_operation.c: the operation among the keys of a step (NULL: none, reported), and its options */
extern const char *const compile_step_words[]; /* keys that are no operations; NULL at the end */
struct operation_entry {
    const struct pxm_entry *entry;
    const struct pxm_operation *operation; /* NULL: there is none, which was reported */
    const struct pxm_node *options;        /* without the `op` of a family */
};
bool compile_find_operation(struct draft *draft, const struct pxm_node *map, struct operation_entry *ret);
void compile_options(struct draft *draft, const struct operation_entry *found, struct pxm_step *step);
/* steps_results.c: the types of what it gives, also when it may be skipped. `in`: what comes over its wire. */
void compile_results(struct draft *draft, struct pxm_step *step, const struct pxm_type *in);
void compile_foreach_results(struct draft *draft, struct pxm_step *step, const struct pxm_type *emit);
size_t compile_field_count(const struct pxm_signature *signature);
const char *compile_field_name(const struct pxm_signature *signature, size_t index);
/* steps_blocks.c: foreach and parallel */
void compile_foreach(struct draft *draft, const struct pxm_node *map, struct pxm_step *step);
void compile_parallel(struct draft *draft, const struct pxm_node *map, struct pxm_step *step,
                      const struct pxm_step *above);
/* steps_keys.c: the keys that all steps share; NULL nodes give the default */
struct pxm_expr *compile_condition(struct draft *draft, const struct pxm_node *node, const char *what);
void compile_retry(struct draft *draft, const struct pxm_node *node, struct pxm_step *step);
void compile_on_error(struct draft *draft, const struct pxm_node *node, struct pxm_step *step);
int64_t compile_timeout(struct draft *draft, const struct pxm_node *node);
void compile_undo(struct draft *draft, const struct pxm_node *node, struct pxm_step *step);
int64_t compile_count(struct draft *draft, const struct pxm_node *node, const char *what, int64_t min, int64_t max,
                      int64_t fallback);
/* calls.c: who is called, and what is given to the inputs of a pipeline */
void compile_call(struct draft *draft, struct pxm_step *step);
struct given {
    const struct pxm_program *to;
    const struct pxm_node *map;  /* input name -> value; NULL: nothing is given */
    const struct pxm_type *type; /* of the whole map, a record; NULL: not known */
    struct pxm_span span;        /* of whoever gives it */
    const char *who;             /* "trigger `form`" */
    bool from_outside;           /* numbers may come as text */
};
/* Names that are no inputs (E211), types that do not fit (E216), and inputs that get nothing (E213). */
void compile_given(struct compiler *compiler, const struct given *given);
/* wires.c: `in`, or what stands above; `above` NULL: the step is the first of a block. What comes over the wire; NULL:
 * nothing, or not known. */
const struct pxm_type *compile_wire(struct draft *draft, const struct pxm_node *in, struct pxm_step *step,
                                    const struct pxm_step *above);
/* The same for a fallback: its own `in`, or what its step reads. */
const struct pxm_type *compile_fallback_wire(struct draft *draft, const struct pxm_node *in, struct pxm_step *fallback,
                                             const struct pxm_step *step);
/* resolve.c */
struct pxm_resolver compile_resolver(struct draft *draft);
struct pxm_resolver compile_project_resolver(struct compiler *compiler);
struct name *compile_step_name(const struct draft *draft, const char *id);
/* Reports E205 for each part of a value that is null when a step was skipped, where nobody wrote `??`. */
void compile_nulls(struct draft *draft, const struct pxm_type *type, const struct pxm_node *node);
/* Whether it may be read from here; *ret_depth frames outwards. Reports (E203) why not. */
bool compile_visible(struct draft *draft, const struct name *name, struct pxm_span span, uint32_t *ret_depth);
void compile_read(struct draft *draft, const struct pxm_step *from, uint32_t input, const char *field, bool wire);
/* The fields of a step's results as a record that is never null; NULL: not known. */
const struct pxm_type *compile_fields(struct draft *draft, const struct pxm_step *step);
/* The type, null too for that reason; NULL for NULL or without memory. */
const struct pxm_type *compile_nullable(struct compiler *compiler, const struct pxm_type *type, const char *subject,
                                        const char *reason);
/* A type made of fields. */
const struct pxm_type *compile_record_type(struct compiler *compiler, const struct pxm_type_field *fields,
                                           size_t count);
/* plan.c: consumers, fields wanted, announcements */
void compile_plan(struct draft *draft);
/* check_keys.c (E304), check_advice.c (warnings): of one pipeline. The others look at all of them:
 * check_triggers.c (E302), check_loops.c (E301), check_resources.c (E501 to E503). */
void check_keys(struct draft *draft);
void check_advice(struct draft *draft);
void check_triggers(struct compiler *compiler);
void check_loops(struct compiler *compiler);
void check_resources(struct compiler *compiler);
/* The binding of an option of a step; NULL: the operation has none of that name, or the options have an error. */
const struct pxm_binding *compile_binding(const struct pxm_step *step, const char *name);

#endif
