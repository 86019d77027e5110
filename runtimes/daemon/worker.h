/* The child side of a run: an engine with one thread over what the zygote has mapped, one run at a time. */
#ifndef PXM_DAEMON_WORKER_H
#define PXM_DAEMON_WORKER_H

#include "app/manifest.h"
#include "base/host.h"
#include "base/job.h"
#include "engine/registry.h"

struct worker_options {
    int socket;
    struct pxm_registry *registry;
    const struct pxm_project *project; /* its arena becomes the worker's */
    const struct app_manifest *manifest;
    const char *profile; /* NULL: the first */
    const struct pxm_extension *extensions;
    struct pxm_limits limits; /* of the host */
    int64_t time_ms;
};

/* Opens the project and runs what comes until the supervisor closes the socket. The exit status. */
int worker_main(const struct worker_options *options);

#endif
