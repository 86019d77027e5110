/* Operations on tables: record, lookup, query, erase. Called on worker threads. */
#include "engine/operation_run.h"

#include "base/value.h"

#include <stdlib.h>

static pxm_status record_item(struct pxm_op *op)
{
    const struct pxm_record_config *config = op->config;
    struct pxm_instance *table = op->instance;
    uint32_t flags = (config->if_absent ? PXM_RECORD_IF_ABSENT : 0U) | (config->replace ? PXM_RECORD_REPLACE : 0U);
    const struct pxm_record record = {.struct_size = sizeof record,
                                      .flags = flags,
                                      .key = config->key,
                                      .set = config->set,
                                      .expect = config->expect,
                                      .newer_by = config->newer_by};

    pxm_instance_enter(table);
    pxm_status status =
        table->ops.metadata.record(table->self, &op->context->job, &record, op->fields, op->context->error);
    pxm_instance_leave(table);
    return status;
}

pxm_status pxm_op_record(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_record_config *config = op->config;
    const struct pxm_step *step = op->plan->step;
    struct pxm_undo_entry *undo = NULL;
    (void)ret;

    pxm_status status = pxm_op_resource(op, PXM_RESOURCE_TABLE, config->table);
    if (status != PXM_OK) {
        return status;
    }
    if (!op->instance->ops.metadata.record) {
        return pxm_op_cannot(op, "record");
    }
    if (step->undo && !(undo = pxm_undo_prepare(op->instance, true, step->id, config->key))) {
        return pxm_error_no_memory(op->context->error);
    }
    status = record_item(op);
    if (undo && status == PXM_OK && pxm_value_as_bool(pxm_value_get(op->fields, "created"))) {
        pxm_undo_add(&op->context->activation->undo, undo);
    } else {
        free(undo);
    }
    return status;
}

pxm_status pxm_op_lookup(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_lookup_config *config = op->config;
    (void)ret;

    pxm_status status = pxm_op_resource(op, PXM_RESOURCE_TABLE, config->table);
    if (status != PXM_OK) {
        return status;
    }
    if (!op->instance->ops.metadata.lookup) {
        return pxm_op_cannot(op, "lookup");
    }
    pxm_instance_enter(op->instance);
    status = op->instance->ops.metadata.lookup(op->instance->self, &op->context->job, config->key, op->fields,
                                               op->context->error);
    pxm_instance_leave(op->instance);
    return status;
}

pxm_status pxm_op_query(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_query_config *config = op->config;
    const struct pxm_query query = {.struct_size = sizeof query,
                                    .field = config->field,
                                    .equal = config->equal,
                                    .cursor = config->cursor && *config->cursor ? config->cursor : NULL,
                                    .limit = config->limit};
    (void)ret;

    pxm_status status = pxm_op_resource(op, PXM_RESOURCE_TABLE, config->table);
    if (status != PXM_OK) {
        return status;
    }
    if (!op->instance->ops.metadata.query) {
        return pxm_op_cannot(op, "query");
    }
    pxm_instance_enter(op->instance);
    status =
        op->instance->ops.metadata.query(op->instance->self, &op->context->job, &query, op->fields, op->context->error);
    pxm_instance_leave(op->instance);
    return status;
}

pxm_status pxm_op_erase(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_erase_config *config = op->config;
    (void)ret;

    pxm_status status = pxm_op_resource(op, PXM_RESOURCE_TABLE, config->table);
    if (status != PXM_OK) {
        return status;
    }
    if (!op->instance->ops.metadata.erase) {
        return pxm_op_cannot(op, "erase");
    }
    pxm_instance_enter(op->instance);
    status = op->instance->ops.metadata.erase(op->instance->self, &op->context->job, config->key, config->expect,
                                              op->fields, op->context->error);
    pxm_instance_leave(op->instance);
    return status;
}
