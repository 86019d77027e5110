/* Calling what a step names: an operation of the core or a transform, and not believing a word of what comes back. */
#ifndef PXM_ENGINE_OPERATION_RUN_H
#define PXM_ENGINE_OPERATION_RUN_H

#include "engine/run.h"

struct pxm_op {                  /* one call */
    struct pxm_context *context; /* with the job of this step */
    const struct pxm_plan_step *plan;
    const void *config;            /* the filled options */
    const pxm_value *in;           /* NULL: null or none */
    struct pxm_instance *instance; /* whose functions were called, once known; NULL: the core's alone */
    pxm_value *fields;             /* an empty record to fill */
};

/* One attempt. `config` is the struct that the operation's table fills. */
pxm_status pxm_operation_run(struct pxm_context *context, const struct pxm_plan_step *plan, const void *config,
                             const pxm_value *in, struct pxm_result *ret);
/* What a transform is told of a call. */
struct pxm_call pxm_operation_call(const struct pxm_plan_step *plan, const void *config, const pxm_value *in);

/* PXM_E_INTERNAL "plugin.contract", naming who broke it. */
pxm_status pxm_op_broken(const struct pxm_op *op, const char *how);
/* Finds the resource into op->instance. */
pxm_status pxm_op_resource(struct pxm_op *op, enum pxm_resource_kind kind, const char *name);
/* The resource has no such function. */
pxm_status pxm_op_cannot(const struct pxm_op *op, const char *verb);

/* The core's operations: op_storage.c, op_table.c, op_queue.c, op_flow.c. *ret is a new reference, or untouched. */
typedef pxm_status pxm_op_fn(struct pxm_op *op, pxm_value **ret);
pxm_op_fn pxm_op_put, pxm_op_get, pxm_op_head, pxm_op_remove, pxm_op_presign, pxm_op_list;
pxm_op_fn pxm_op_record, pxm_op_lookup, pxm_op_query, pxm_op_erase;
pxm_op_fn pxm_op_send, pxm_op_call, pxm_op_fail;

#endif
