/* Calls: their copies of what the engine lends for the time of one call only. Any thread. */
#include "call.h"
#include <stdlib.h>
#include <string.h>

/* How a slot is held. */
enum hold { HOLD_NUMBER, HOLD_STRING, HOLD_VALUE, HOLD_IMAGE };

static enum hold hold_of(enum vop_kind kind)
{
    switch (kind) {
    case VOP_STRING:
    case VOP_PLAIN:
        return HOLD_STRING;
    case VOP_INTS:
    case VOP_FLOATS:
    case VOP_ENUMS:
    case VOP_IMAGES:
        return HOLD_VALUE;
    case VOP_IMAGE:
        return HOLD_IMAGE;
    default:
        return HOLD_NUMBER;
    }
}

/* Fills `slot` with the call's own copy of a lent one; false: out of memory. */
static bool slot_copy(const struct pxm_host *host, enum vop_kind kind, const union vop_slot *lent, union vop_slot *slot)
{
    switch (hold_of(kind)) {
    case HOLD_STRING:
        slot->string = lent->string ? strdup(lent->string) : NULL;
        return !lent->string || slot->string;
    case HOLD_VALUE:
        slot->list = lent->list ? host->value_ref(lent->list) : NULL;
        return true;
    case HOLD_IMAGE:
        slot->image = lent->image ? host->image_ref(lent->image) : NULL;
        return true;
    default:
        *slot = *lent;
        return true;
    }
}

static void slot_done(const struct pxm_host *host, enum vop_kind kind, union vop_slot *slot)
{
    switch (hold_of(kind)) {
    case HOLD_STRING:
        free(slot->string);
        break;
    case HOLD_VALUE:
        host->value_unref(slot->list);
        break;
    case HOLD_IMAGE:
        host->image_unref(slot->image);
        break;
    default:
        break;
    }
}

struct vop_call *vop_call_new(const struct pxm_host *host, const struct vop_operation *operation,
                              const struct pxm_call *call)
{
    const union vop_slot *lent = call->options;
    struct vop_call *self = calloc(1, sizeof(*self));

    if (!self) {
        return NULL;
    }
    self->references = 1;
    self->host = host;
    self->operation = operation;
    self->slots = calloc((size_t)operation->argument_count + 1, sizeof(*self->slots));
    if (!self->slots) {
        free(self);
        return NULL;
    }
    for (uint32_t i = 0; i < operation->argument_count; i++) {
        if (!slot_copy(host, operation->arguments[i].kind, &lent[i], &self->slots[i])) {
            vop_call_unref(self);
            return NULL;
        }
    }
    if (operation->in) {
        self->in = host->image_ref(host->value_as_image(call->in));
    }
    return self;
}

struct vop_call *vop_call_ref(struct vop_call *call)
{
    g_atomic_int_inc(&call->references);
    return call;
}

void vop_call_unref(struct vop_call *call)
{
    if (!call || !g_atomic_int_dec_and_test(&call->references)) {
        return;
    }
    for (uint32_t i = 0; i < call->operation->argument_count; i++) {
        slot_done(call->host, call->operation->arguments[i].kind, &call->slots[i]);
    }
    call->host->image_unref(call->in);
    free(call->slots);
    free(call);
}
