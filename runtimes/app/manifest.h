/* What a host must know of a project to send events to its pipelines: every trigger, with what it reads. It is plain
 * data, so that the process that takes requests need not load a plugin: the one that parsed the project writes it as
 * JSON. Read-only once made. [any] */
#ifndef PXM_APP_MANIFEST_H
#define PXM_APP_MANIFEST_H

#include "lang/program/program.h"

struct app_pipeline {
    const char *name;
    bool light;              /* neither it nor what it calls has a transform, so it handles no pixels */
    int64_t time_ms;         /* the least of host and pipeline */
    int64_t concurrency_max; /* PXM_UNSET_INT: the host's */
    int64_t queue_max;       /* PXM_UNSET_INT: the host's */
    bool waits_when_full;
};

struct app_trigger {
    const struct app_pipeline *pipeline;
    const char *name;
    uint32_t index; /* among the triggers of its pipeline */
    enum pxm_trigger_kind kind;
    /* http */
    const char *method, *path; /* as in struct pxm_trigger */
    int status;
    const char *auth;        /* NULL: anybody; "token", "signed", "operator": the host's own; else an auth resource */
    const char *cache;       /* NULL: none */
    const char *const *vary; /* NULL at the end */
    int64_t body_max;        /* bytes; what neither trigger nor pipeline nor host exceed */
    bool reads_body, reads_json, reads_form, reads_files;
    const char *const *files; /* the NAMEs of event.files.NAME that are read, NULL at the end; NULL: any may be */
    /* object_created, message, schedule */
    const char *store, *prefix;
    const char *queue;         /* of object_created: through which the store tells of its objects; NULL: none */
    const char *const *suffix; /* NULL at the end */
    int64_t every_ms;
};

struct app_manifest {
    struct pxm_arena *arena; /* owns all of it */
    size_t pipeline_count, trigger_count;
    struct app_pipeline *pipelines;
    struct app_trigger *triggers;
};

/* The manifest of a checked project as a JSON value. `profile` NULL: no store tells of its objects. `limits` and
 * `time_ms`: what the host allows. PXM_E_NO_MEMORY alone is a failure. */
pxm_status app_manifest_write(const struct pxm_project *project, const struct pxm_profile *profile,
                              const struct pxm_limits *limits, int64_t time_ms, pxm_value **ret, pxm_error *error);
/* Strict, as it comes from another process: every field is there, of its type and in its range, and nothing else. Code
 * "manifest.invalid". */
pxm_status app_manifest_read(const pxm_value *json, struct app_manifest **ret, pxm_error *error);
void app_manifest_free(struct app_manifest *manifest);
/* NULL: none. */
const struct app_pipeline *app_manifest_pipeline(const struct app_manifest *manifest, const char *name);
const struct app_trigger *app_manifest_trigger(const struct app_manifest *manifest, const char *pipeline,
                                               const char *trigger);

#endif
