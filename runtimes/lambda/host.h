/* The function's part of the project, opened: what events are handed to. Read-only once open, so any thread may use
 * it. */
#ifndef PXM_LAMBDA_HOST_H
#define PXM_LAMBDA_HOST_H

#include "app/manifest.h"
#include "app/policy.h"
#include "engine/project_handle.h"
#include "lambda/invocation.h"
#include "lambda/settings.h"
#include <stdatomic.h>

struct lambda_host {
    const struct lambda_settings *settings;
    struct pxm_registry *registry;
    pxm_engine *engine;
    pxm_project_handle *project;
    struct app_manifest *manifest;
    struct app_policy policy;
    int64_t margin_ms;   /* before the end of an event's time */
    atomic_bool is_hung; /* a run did not end in its time: the process is to end */
};

/* `builtins`: plugins that are linked in, NULL at the end. On failure *ret_failure tells its kind, and the text of the
 * error is all that was found wrong. */
pxm_status lambda_host_open(const struct lambda_settings *settings, const pxm_plugin_entry_fn *builtins,
                            struct lambda_host **ret, enum lambda_failure *ret_failure, pxm_error *error);
void lambda_host_close(struct lambda_host *host); /* NULL is fine; not of one that is hung */

#endif
