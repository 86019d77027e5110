/* What is inside an engine: plugins, worker threads, transform instances, and what no pipeline may exceed. */
#ifndef PXM_ENGINE_ENGINE_H
#define PXM_ENGINE_ENGINE_H

#include "engine/instance.h"
#include "engine/pool.h"
#include <pixmill/pixmill.h>
#include <pthread.h>

enum { PXM_TIME_MS_DEFAULT = 60000, PXM_TRANSFORMS_MAX = 1024 };

struct pxm_engine {
    struct pxm_registry *registry;
    bool owns_registry;
    struct pxm_pool *pool;
    const struct pxm_clock *clock;
    const struct pxm_extension *extensions;
    struct pxm_limits limits;
    int64_t time_ms;
    pthread_mutex_t load_lock; /* held while a project opens or closes; guards what follows */
    size_t project_count;
    size_t transform_count;
    struct pxm_instance *transforms[PXM_TRANSFORMS_MAX];
};

/* What only our own hosts and tests bring along. All of it is borrowed and outlives the engine. */
struct pxm_engine_parts {
    const struct pxm_clock *clock;          /* tests turn its hands; NULL: the system's */
    struct pxm_registry *registry;          /* with what it has loaded already; NULL: one of its own */
    const struct pxm_extension *extensions; /* that instances may ask for; ends with a NULL id; NULL: none */
};
/* As pxm_engine_new; `parts` may be NULL. An engine over a registry ignores options->plugin_path. */
pxm_status pxm_engine_create(const struct pxm_engine_options *options, const struct pxm_engine_parts *parts,
                             pxm_engine **ret, pxm_error *error);

/* The engine's one instance of a transform, created when first asked for. Under the load lock. [load] */
pxm_status pxm_engine_transform(pxm_engine *engine, const struct pxm_unit *unit, struct pxm_instance **ret,
                                pxm_error *error);

#endif
