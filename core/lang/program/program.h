/* A project and its pipelines, parsed and checked: what the engine runs and the hosts trigger. Everything lives in the
 * project's arena and is read-only once checked, so any thread may read it. */
#ifndef PXM_LANG_PROGRAM_H
#define PXM_LANG_PROGRAM_H

#include "lang/program/operation.h"

enum {
    PXM_PIPELINES_MAX = 256, /* of a project                                                                    */
    PXM_STEPS_MAX = 256,     /* of a pipeline, with those of inner blocks, fallbacks and on_failure             */
    PXM_INPUTS_MAX = 64,     /* of a pipeline                                                                   */
    PXM_TRIGGERS_MAX = 16,   /* of a pipeline                                                                   */
    PXM_BLOCK_DEPTH_MAX = 4, /* of nested foreach and parallel                                                  */
    PXM_PARALLEL_MAX = 64,   /* steps of one `parallel`, and most of `max_parallel`                             */
    PXM_FOREACH_MAX = 1000,  /* items of one list, checked when it runs                                         */
    PXM_CALL_DEPTH_MAX = 8,  /* pipelines that call pipelines                                                   */
    PXM_PROJECT_BYTES_MAX = 64 << 20 /* a good size for the arena of a project                                       */
};

/* What a reference means at run time (see struct pxm_ref); `load` of a scope gives
 *   input.x     consumed 1  slot: index in program->inputs
 *   vars.x      consumed 1  slot: index in program->vars, which are the same for every run of an opened project
 *   env.x       consumed 1  slot: index in project->envs
 *   secret.x    consumed 1  by name: each profile has its own
 *   steps.x     consumed 1  depth, slot: the primary result, or the record of fields of a step that has none; null of a
 *                           step that was skipped
 *   steps.x.f   consumed 2  depth, slot: the field segments[1].name; null where there is none
 *   item, index consumed 0  depth 0: of the innermost foreach
 *   run         consumed 0  {id, time (RFC 3339), unix_ms, pipeline, attempt}
 *   error       consumed 0  {code, message, transient, step, origin}: in on_failure
 *   event       consumed 0  in bind, by kind of trigger:
 *       http            {method, path: {from the route}, query, headers, body: blob, json, form, files: {NAME: blob},
 *                       filenames: {NAME: what the client calls the file}, remote_addr,
 *                       user: {subject, and what else the auth said}; only with `auth:`}
 *       object_created  {key, store, bytes, etag, sequencer, time, object: blob}
 *       message         {id, json, attempts, sent_at}
 *       schedule        {time} */

/* ---- steps ------------------------------------------------------------------------------------------------------ */

enum pxm_step_kind { PXM_STEP_OPERATION, PXM_STEP_FOREACH, PXM_STEP_PARALLEL };
enum pxm_error_action { PXM_ON_ERROR_FAIL, PXM_ON_ERROR_SKIP, PXM_ON_ERROR_STOP, PXM_ON_ERROR_FALLBACK };

struct pxm_error_rule {
    const char *pattern; /* "store.not_found", a prefix such as "store", or "*" */
    enum pxm_error_action action;
};
struct pxm_retry {
    int64_t times;      /* tries after the first; 0: none */
    int64_t backoff_ms; /* upper bound of the first random pause; doubles each time */
    int64_t backoff_max_ms;
};

/* Where a step's primary input comes from. */
enum pxm_wire_kind { PXM_WIRE_NONE, PXM_WIRE_STEP, PXM_WIRE_INPUT };
struct pxm_wire {
    enum pxm_wire_kind kind;
    uint32_t depth, slot; /* as in struct pxm_ref */
};

struct pxm_block {
    size_t step_count;
    struct pxm_step **steps;
    /* Results of this frame: only top-level, on_failure and foreach blocks have a frame of their own; the steps of
     * `parallel` and `fallback` use the frame around them. */
    uint32_t slot_count;
};

struct pxm_step {
    enum pxm_step_kind kind;
    const char *id; /* as written, or "put@17" made from the operation and line, so that every message can name it */
    bool named;
    uint32_t order;       /* unique in the program, in the order of the file */
    uint32_t slot;        /* in its frame; a fallback has that of its step */
    struct pxm_span span; /* of the operation key */
    struct pxm_wire in;
    struct pxm_expr *when; /* NULL: always */
    struct pxm_retry retry;
    size_t rule_count;
    const struct pxm_error_rule *rules; /* in order of precedence: exact code, longer prefix, shorter prefix, "*" */
    struct pxm_step *fallback;          /* same slot; NULL: none */
    int64_t timeout_ms;                 /* 0: none of its own */
    bool undo;
    bool pass_through;      /* skipped: its input becomes its result (types are equal); else the result is null */
    uint32_t consumers;     /* steps, options and templates that read its primary result: 0, 1, 2 for several or once
                                  for each item; readers of a step that passes it on count too */
    uint64_t fields_wanted; /* bit per field of the signature that something reads */
    const struct pxm_type *type; /* of steps.ID as a whole; NULL: not known, because the step has an error */

    /* PXM_STEP_OPERATION */
    const struct pxm_operation *operation;
    struct pxm_bindings *options;
    const struct pxm_program *callee; /* of `call` */

    /* PXM_STEP_FOREACH; `block` has a frame of its own for each item. Its result has the fields items (what `emit`
     * gave, in order, of items that neither failed nor were left out by `where`), failed (the error of each item that
     * was tolerated) and count (of items that ran). */
    struct pxm_template *list; /* an expression or a literal list; evaluated in the frame around it, as `when` is */
    struct pxm_expr *where;    /* NULL: all; in the frame of the item */
    int64_t max_parallel, tolerate; /* 1 and 0 if not said */
    struct pxm_template *emit;      /* in the frame of the item; NULL: items are null */
    /* PXM_STEP_FOREACH and PXM_STEP_PARALLEL */
    struct pxm_block block;

    /* Steps of this block (at any depth below it, in foreach blocks too) that read this step's image and can be
     * announced as soon as this one is done, because whatever their options, `when`, list and `where` refer to is known
     * by then. */
    size_t announce_count;
    const struct pxm_announce *announces;
};
struct pxm_announce {
    const struct pxm_step *step;
    const struct pxm_step *foreach; /* around it, when the picture comes from outside the foreach; else NULL */
};

/* ---- pipelines --------------------------------------------------------------------------------------------------- */

struct pxm_input {
    const char *name;
    const struct pxm_type *type;
    const pxm_value *fallback; /* NULL: required, unless the type may be null */
    double min, max;           /* ints and floats; 0, 0: not checked */
    const char *pattern;       /* strings: POSIX extended, anchored at both ends; NULL: any */
    int64_t length_max;        /* strings, bytes */
    const char *const *media;  /* blobs: accepted media types by content, NULL at the end; NULL: any */
    const char *const *values; /* strings: one of; NULL: any */
    struct pxm_span span;
};

enum pxm_trigger_kind { PXM_TRIGGER_HTTP, PXM_TRIGGER_OBJECT_CREATED, PXM_TRIGGER_MESSAGE, PXM_TRIGGER_SCHEDULE };
struct pxm_trigger {
    const char *name;
    enum pxm_trigger_kind kind;
    struct pxm_span span;
    /* http */
    const char *method, *path; /* "/u/{owner}": {name} is one segment, {name...} at the end all the rest, not empty */
    int64_t status;            /* of success */
    const char *auth;          /* name of an auth resource; "token", "signed", "operator": the host's own; NULL: none */
    const char *cache;
    const char *const *vary; /* NULL at the end; NULL: none */
    int64_t body_max;        /* bytes; PXM_UNSET_INT: the pipeline's limit */
    /* object_created, message, schedule */
    const char *store, *prefix, *queue;
    const char *const *suffix; /* any of, NULL at the end; NULL: all */
    int64_t every_ms;
    size_t bind_count;
    struct pxm_bind {
        uint32_t input; /* index */
        struct pxm_template *value;
    } * binds;
};

/* Why a text cannot be the `path` of a trigger; NULL: it can. Static. */
const char *pxm_route_problem(const char *path);

struct pxm_limit_set { /* PXM_UNSET_INT: not said */
    int64_t bytes, pixels, side, frames, memory, scans, output_side, time_ms;
};

enum pxm_when_full { PXM_WHEN_FULL_REJECT, PXM_WHEN_FULL_WAIT };
/* Who reads what: the data flow of a pipeline. */
struct pxm_read {
    const struct pxm_step *reader; /* NULL: the pipeline's output */
    const struct pxm_step *from;   /* NULL: an input */
    uint32_t input;                /* index, where `from` is NULL */
    const char *field;             /* of `from`; NULL: its primary result */
    bool wire;                     /* through `in`, not through a template */
    bool repeated;                 /* for each item of a foreach that `from` is outside of */
};

struct pxm_program {
    const char *name, *path, *summary; /* name: the file's without .yaml; summary may be NULL */
    const struct pxm_source *source;
    const struct pxm_project *project;
    size_t input_count;
    struct pxm_input *inputs;
    size_t trigger_count;
    struct pxm_trigger *triggers;
    size_t var_count;
    struct pxm_var {
        const char *name;
        struct pxm_template *value;
        const struct pxm_type *type;
        struct pxm_span span;
    } * vars;
    struct pxm_limit_set limits;
    int64_t concurrency_max, queue_max; /* PXM_UNSET_INT: the host's */
    enum pxm_when_full when_full;
    struct pxm_block block;
    struct pxm_template *output;        /* NULL: null */
    const struct pxm_type *output_type; /* may be null where a step can `stop`; NULL: not known, because of an error */
    struct pxm_block on_failure;
    size_t step_count; /* all of them: struct pxm_step.order is below it */
    size_t read_count;
    const struct pxm_read *reads;
    uint32_t call_height; /* 0: calls nobody; else 1 + that of its highest callee */
    uint8_t digest[32];   /* SHA-256 of the file, for plan digests */
};

/* ---- projects ---------------------------------------------------------------------------------------------------- */

enum pxm_resource_kind { PXM_RESOURCE_STORE, PXM_RESOURCE_TABLE, PXM_RESOURCE_QUEUE, PXM_RESOURCE_AUTH };
struct pxm_resource {
    enum pxm_resource_kind kind;
    const char *name;
    const char *events; /* of a store: the queue through which it tells of objects that appear; NULL: none */
    const struct pxm_unit *unit;
    struct pxm_bindings *options;
    struct pxm_span span, events_span;
};
enum pxm_secret_source { PXM_SECRET_ENV, PXM_SECRET_FILE };
struct pxm_secret {
    const char *name;
    enum pxm_secret_source source;
    const char *from; /* variable or path */
    struct pxm_span span;
};
struct pxm_env {
    const char *name;
    const struct pxm_type *type;
    const pxm_value *fallback; /* NULL: required in its profiles */
    double min, max;
    const char *const *profiles; /* NULL: all */
    struct pxm_span span;
};
struct pxm_profile {
    const char *name;
    size_t resource_count;
    struct pxm_resource *resources;
    size_t secret_count;
    struct pxm_secret *secrets;
    struct pxm_span span;
};
struct pxm_host_entry {                              /* one of `hosts:` */
    const char *name, *profile;                      /* profile NULL: the project's only or first one */
    const char *address;                             /* to listen on, an IPv6 one without brackets; NULL: not said */
    int64_t port, workers, nice, deadline_margin_ms; /* PXM_UNSET_INT: not said */
    struct pxm_limit_set limits;
    size_t function_count;
    struct pxm_function { /* a part of the project that the host runs by itself */
        const char *name;
        const char *const *pipelines; /* NULL at the end */
    } * functions;
};
struct pxm_project {
    struct pxm_arena *arena;
    const char *root; /* absolute folder of pixmill.yaml; relative paths in options start here */
    const char *path;
    size_t profile_count;
    struct pxm_profile *profiles;
    size_t env_count;
    struct pxm_env *envs;
    size_t host_count;
    struct pxm_host_entry *hosts;
    size_t program_count;
    struct pxm_program **programs; /* sorted by name */
    size_t require_count;
    struct pxm_require {
        const char *plugin, *version;
        struct pxm_span span;
    } * requires;
};

struct pxm_load_options {
    /* pixmill.yaml, or a folder that has one; NULL: found by walking up from the working directory. A pipeline file is
     * opened with the project it belongs to; one that belongs to none, with the built-in default: profile `local`, a
     * store and a table `images` in var/ beside it. */
    const char *path;
    /* Instead of a file: the pipeline itself, as of `run -e`, with the default project; its name is `path` or "-". */
    const char *text;
    const struct pxm_catalog *catalog;
    const struct pxm_load_part *part; /* NULL: all of it */
};
/* What one function of a host takes of a project; no other pipeline is read, and no other plugin looked at. Of the
 * profile it has the resources that its pipelines use. */
struct pxm_load_part {
    const char *host;
    const char
        *function;       /* one of the host's `functions`, or names of pipelines, "upload,presign"; what they call comes
                             along */
    const char *profile; /* NULL: that of the host, else the first */
};
/* Parses and checks everything: project, all profiles, and all pipelines: NAME.yaml but not NAME.test.yaml in
 * `pipelines/` beside pixmill.yaml or, where there is no such folder, beside pixmill.yaml itself. Reads no environment
 * and no network, maps no heavy library. Diagnostics go to `diags`, whose arena the project shares; with an error among
 * them the project may be returned for tools that want to show what there is, but must not be run. NULL: nothing could
 * be read. */
struct pxm_project *pxm_project_parse(const struct pxm_load_options *options, struct pxm_diags *diags);

const struct pxm_program *pxm_project_program(const struct pxm_project *project, const char *name); /* NULL: none */
const struct pxm_profile *pxm_project_profile(const struct pxm_project *project, const char *name);
/* What `hosts:` says of that host; NULL: nothing. */
const struct pxm_host_entry *pxm_project_host(const struct pxm_project *project, const char *name);
/* What a host allows a run, where it is said something else than `limits` and `*time_ms` are; NULL: nothing is said. */
void pxm_host_limits(const struct pxm_host_entry *host, struct pxm_limits *limits, int64_t *time_ms);
const struct pxm_resource *pxm_profile_resource(const struct pxm_profile *profile, enum pxm_resource_kind kind,
                                                const char *name);

#endif
