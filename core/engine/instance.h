/* A unit at work: a resource of a profile, or a transform. It has its own copy of the host table, and its calls are as
 * serial as the unit's thread model demands. */
#ifndef PXM_ENGINE_INSTANCE_H
#define PXM_ENGINE_INSTANCE_H

#include "base/host.h"
#include "engine/registry.h"
#include "lang/options/options.h"

struct pxm_instance {
    const struct pxm_unit *unit;  /* as described: options and signature */
    const struct pxm_unit *ready; /* with its functions */
    uint32_t abi;                 /* that these were compiled against */
    char name[128];               /* for logs and messages: "store `originals`", "`thumbnail`" */
    void *self;
    union { /* copies at this build's size: what the plugin did not know is NULL */
        struct pxm_transform_ops transform;
        struct pxm_storage_ops storage;
        struct pxm_metadata_ops metadata;
        struct pxm_queue_ops queue;
        struct pxm_auth_ops auth;
    } ops;
    struct pxm_config *config; /* of a resource; NULL: a transform */
    struct pxm_host host;
    struct pxm_host_impl impl;
    struct pxm_gate *gate; /* NULL: calls may run side by side */
};

struct pxm_instance_options {
    struct pxm_registry *registry;
    const struct pxm_unit *unit;
    const char *name; /* copied */
    const struct pxm_clock *clock;
    const struct pxm_extension *extensions; /* see struct pxm_host_impl */
    struct pxm_config *config;              /* taken over, also on failure */
};
/* Makes the unit ready, validates the config and creates. [load] */
pxm_status pxm_instance_new(const struct pxm_instance_options *options, struct pxm_instance **ret, pxm_error *error);
void pxm_instance_free(struct pxm_instance *instance);

/* Around every call of the unit's functions. */
void pxm_instance_enter(struct pxm_instance *instance);
void pxm_instance_leave(struct pxm_instance *instance);

/* The unit's own check; PXM_OK where it has none. [job] */
pxm_status pxm_instance_check(struct pxm_instance *instance, pxm_job *job, pxm_error *error);
/* What a text among its options says; NULL: there is no such option, or it says nothing. [any] */
const char *pxm_instance_text(const struct pxm_instance *instance, const char *option);
/* The process was frozen. [load] */
void pxm_instance_resumed(struct pxm_instance *instance);

#endif
