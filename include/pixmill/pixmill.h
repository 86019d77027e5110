/* pixmill/pixmill.h: running pipelines from a program of your own. C11, also valid C++. Plugins never include it.
 *
 *   engine     plugins and worker threads                        pxm_engine_new .. pxm_engine_free
 *   project    pixmill.yaml and its pipelines, checked, opened   pxm_project_open .. pxm_project_close
 *   pipeline   one of them                                       pxm_project_pipeline (borrowed from the project)
 *   run        one execution                                     pxm_submit .. pxm_run_free
 *
 * Every function may be called from any thread, several at once, unless it says otherwise. Where a function fails it
 * gives a negative pxm_status and, if `ret_error` is not NULL, an error to be freed with pxm_error_free. Free functions
 * take NULL. A process that forks does so before pxm_engine_new. libvips, where a pipeline needs it, lives until the
 * process ends. */
/* The columns of this file are set by hand, so that it reads as the reference that it is. */
/* clang-format off */
#ifndef PXM_PIXMILL_H
#define PXM_PIXMILL_H

#include <pixmill/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(PXM_STATIC) || !defined(__GNUC__)
#define PXM_API
#else
#define PXM_API __attribute__((visibility("default")))
#endif

typedef struct pxm_engine pxm_engine;
typedef struct pxm_project_handle pxm_project_handle;
typedef struct pxm_pipeline pxm_pipeline;
typedef struct pxm_run pxm_run;

/* ---- errors ---------------------------------------------------------------------------------------------------- */

PXM_API const char *pxm_error_text(const pxm_error *error);     /* never NULL; lives as long as the error           */
PXM_API const char *pxm_error_code(const pxm_error *error);     /* dotted and stable: "limit.pixels"                */
PXM_API pxm_status pxm_error_status(const pxm_error *error);
PXM_API const char *pxm_error_step(const pxm_error *error);     /* id of the step that failed; "" if none did       */
PXM_API int pxm_error_is_transient(const pxm_error *error);     /* 1: repeating may help                            */
PXM_API void pxm_error_free(pxm_error *error);

/* ---- engine ---------------------------------------------------------------------------------------------------- */

struct pxm_engine_options { /* zero means the default, everywhere */
    uint32_t struct_size;
    uint32_t workers;               /* threads that run steps; default: one per processor                           */
    const char *plugin_path;        /* folders separated by ':', searched before the installed one; NULL: none      */
    struct pxm_limits limits;       /* what no pipeline may exceed; fields that are 0 take the defaults             */
    int64_t time_ms;                /* of one run; default 60000                                                    */
};
PXM_API pxm_status pxm_engine_new(const struct pxm_engine_options *options, pxm_engine **ret, pxm_error **ret_error);
/* A plugin that is linked into this program; it is found before any file, and started when a project first names it.
 * Before the first project is opened. Codes: plugin.abi, plugin.broken, plugin.exists. */
PXM_API pxm_status pxm_engine_add_builtin(pxm_engine *engine, pxm_plugin_entry_fn entry, pxm_error **ret_error);
/* All of a table that ends in NULL, as pxm_static_plugins below; stops at the first that is refused. */
PXM_API pxm_status pxm_engine_add_builtins(pxm_engine *engine, const pxm_plugin_entry_fn *entries,
                                           pxm_error **ret_error);
/* The plugins that CMake's pixmill_static_plugins() links into a program, in a table that it writes there: no part of
 * libpixmill. NULL at the end. */
extern const pxm_plugin_entry_fn pxm_static_plugins[];
PXM_API void pxm_engine_free(pxm_engine *engine); /* after its runs are freed and its projects closed */

/* ---- project ---------------------------------------------------------------------------------------------------- */

struct pxm_project_options {
    uint32_t struct_size, reserved;
    const char *path;    /* pixmill.yaml, its folder, or one pipeline file; NULL: found from the working directory up */
    const char *profile; /* NULL: $PIXMILL_PROFILE, else the first in the file                                        */
};
/* Checks everything, reads environment and secrets, and creates the stores, tables and queues of the profile. When
 * something is wrong the error tells the first, and *ret_report (if not NULL) gets the text of all diagnostics, also of
 * warnings after success; free it with pxm_text_free. */
PXM_API pxm_status pxm_project_open(pxm_engine *engine, const struct pxm_project_options *options,
                                    pxm_project_handle **ret, char **ret_report, pxm_error **ret_error);
PXM_API void pxm_project_close(pxm_project_handle *project); /* waits for its runs */
/* Borrowed; NULL: no pipeline of that name. */
PXM_API pxm_pipeline *pxm_project_pipeline(pxm_project_handle *project, const char *name);
PXM_API void pxm_text_free(char *text);

/* ---- runs -------------------------------------------------------------------------------------------------------- */

struct pxm_input_value {
    const char *name;
    const char *text;             /* for any input but blobs: as it would be written in YAML; NULL: use what follows  */
    const char *path;             /* a file, for blobs; NULL: use what follows                                        */
    const void *data;             /* bytes in memory                                                                  */
    size_t length;
    void (*release)(void *arg);   /* called once, when the last step has dropped the bytes, also when pxm_submit fails;
                                     NULL: the bytes outlive the run                                                  */
    void *arg;
};
struct pxm_run_options {
    uint32_t struct_size, reserved;
    const char *id;               /* for logs and run.id, 1 to 39 bytes; NULL: one is made                            */
    int64_t deadline_ms;          /* from now, waiting included; 0: the pipeline's limit, which counts from its start */
    const struct pxm_input_value *inputs;
    size_t input_count;
    void (*done)(void *arg, pxm_run *run); /* on a worker thread, when it has ended; NULL: none. Must not block and
                                              must not free the run                                                   */
    void *done_arg;
};
/* *ret is there before `done` is called; NULL after a failure, which is also that of a pipeline that is NULL. What is
 * wrong with inputs is told here and now; PXM_E_THROTTLED: too many runs wait. */
PXM_API pxm_status pxm_submit(pxm_pipeline *pipeline, const struct pxm_run_options *options, pxm_run **ret,
                              pxm_error **ret_error);
PXM_API int pxm_run_wait(pxm_run *run, int64_t timeout_ms); /* 1: ended; 0: still running. timeout_ms < 0: for ever   */
PXM_API void pxm_run_cancel(pxm_run *run);                  /* steps stop soon; wait as before                        */
/* After it has ended; what they give lives as long as the run. */
PXM_API pxm_status pxm_run_status(const pxm_run *run);       /* PXM_OK: success, also of a run that a step stopped    */
PXM_API const pxm_error *pxm_run_error(const pxm_run *run);  /* NULL after success                                    */
PXM_API const char *pxm_run_result_json(const pxm_run *run); /* the output; blobs as {"blob":{"bytes":N,"media":M}};
                                                                "null" after a failure and after a stop               */
PXM_API const void *pxm_run_result_data(const pxm_run *run, size_t *ret_length,
                                        const char **ret_media); /* NULL: the output is not one blob                  */
PXM_API void pxm_run_free(pxm_run *run);                     /* cancels and waits if need be                          */

#ifdef __cplusplus
}
#endif
#endif
