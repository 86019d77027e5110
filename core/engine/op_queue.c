/* Operations on queues: send. Called on worker threads. */
#include "engine/operation_run.h"

pxm_status pxm_op_send(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_send_config *config = op->config;
    const struct pxm_message message = {.struct_size = sizeof message,
                                        .body = config->body,
                                        .delay_ms = config->delay == PXM_UNSET_INT ? 0 : config->delay,
                                        .dedupe_id = config->dedupe_id};
    (void)ret;

    pxm_status status = pxm_op_resource(op, PXM_RESOURCE_QUEUE, config->queue);
    if (status != PXM_OK) {
        return status;
    }
    if (!op->instance->ops.queue.send) {
        return pxm_op_cannot(op, "send");
    }
    pxm_instance_enter(op->instance);
    status =
        op->instance->ops.queue.send(op->instance->self, &op->context->job, &message, op->fields, op->context->error);
    pxm_instance_leave(op->instance);
    return status;
}
