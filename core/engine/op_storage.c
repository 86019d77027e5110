/* Operations on stores: put, get, head, remove, presign, list. Called on worker threads. */
#include "engine/key.h"
#include "engine/operation_run.h"

#include "base/blob.h"
#include "base/media.h"
#include "base/stream.h"
#include "base/value.h"

#include <stdlib.h>
#include <string.h>

/* Finds the store and refuses a bad key. */
static pxm_status begin(struct pxm_op *op, const char *store, const char *key, const char *under)
{
    pxm_status status = pxm_op_resource(op, PXM_RESOURCE_STORE, store);

    return status == PXM_OK ? pxm_key_check(key, under, op->context->error) : status;
}

static void add_texts(pxm_value *told, const pxm_value *meta)
{
    for (size_t i = 0; i < pxm_value_count(meta); i++) {
        size_t length = 0;
        pxm_value_as_string(pxm_value_at(meta, i), &length);
        if (length > 0) {
            pxm_value_set(told, pxm_value_key(meta, i), pxm_value_ref(pxm_value_at(meta, i)));
        }
    }
}

/* What a store is told of the texts of a step and of those of the host (each may be NULL), as a new reference: all but
 * empty ones. NULL: nothing. */
static pxm_status meta_of(const struct pxm_op *op, const pxm_value *meta, const pxm_value *more, pxm_value **ret)
{
    size_t count = pxm_value_count(meta) + pxm_value_count(more);
    pxm_value *told = count > 0 ? pxm_value_record() : NULL;

    add_texts(told, meta);
    add_texts(told, more);
    if (count > 0 && (!told || pxm_value_status(told) != PXM_OK)) {
        pxm_value_unref(told);
        return pxm_error_no_memory(op->context->error);
    }
    if (pxm_value_count(told) == 0) {
        pxm_value_unref(told);
        told = NULL;
    }
    *ret = told;
    return PXM_OK;
}

/* ---- put --------------------------------------------------------------------------------------------------------- */

static void tell_of_made(const struct pxm_op *op)
{
    const struct pxm_put_config *config = op->config;
    const struct pxm_effects *effects = op->context->activation->run->effects;

    if (effects && effects->made) {
        effects->made(effects->arg, config->store, config->key, op->fields);
    }
}

static const char *media_of(pxm_blob *blob)
{
    size_t length = 0;
    const char *media = pxm_blob_media(blob);
    const void *data = media ? NULL : pxm_blob_data(blob, &length);

    return data ? pxm_media_type(data, length) : media;
}

static pxm_status put_blob(struct pxm_op *op, pxm_blob *blob, const pxm_value *meta)
{
    const struct pxm_put_config *config = op->config;
    struct pxm_instance *store = op->instance;
    struct pxm_put put = {.struct_size = sizeof put,
                          .flags = config->if_absent ? PXM_PUT_IF_ABSENT : 0,
                          .key = config->key,
                          .content_type = config->content_type ? config->content_type : media_of(blob),
                          .cache_control = config->cache,
                          .meta = meta,
                          .body = pxm_stream_of_blob(blob)};

    if (!put.body) {
        return pxm_error_no_memory(op->context->error);
    }
    pxm_instance_enter(store);
    pxm_status status = store->ops.storage.put(store->self, &op->context->job, &put, op->fields, op->context->error);
    pxm_instance_leave(store);
    pxm_stream_close(put.body);
    if (status == PXM_OK) {
        tell_of_made(op);
    }
    return status;
}

static pxm_status tell_of_put(const struct pxm_op *op)
{
    const struct pxm_put_config *config = op->config;
    const struct pxm_effects *effects = op->context->activation->run->effects;

    return effects && effects->put ? effects->put(effects->arg, config->store, config->key, op->context->error)
                                   : PXM_OK;
}

pxm_status pxm_op_put(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_put_config *config = op->config;
    const struct pxm_effects *effects = op->context->activation->run->effects;
    const struct pxm_step *step = op->plan->step;
    struct pxm_undo_entry *undo = NULL;
    pxm_value *meta = NULL;
    (void)ret;

    pxm_status status = begin(op, config->store, config->key, config->under);
    if (status != PXM_OK) {
        return status;
    }
    if (!op->instance->ops.storage.put) {
        return pxm_op_cannot(op, "put");
    }
    status = tell_of_put(op);
    if (status == PXM_OK) {
        status = meta_of(op, config->meta, effects ? effects->meta : NULL, &meta);
    }
    if (status == PXM_OK && step->undo && !(undo = pxm_undo_prepare(op->instance, false, step->id, config->key))) {
        status = pxm_error_no_memory(op->context->error);
    }
    if (status == PXM_OK) {
        status = put_blob(op, pxm_value_as_blob(op->in), meta);
    }
    pxm_value_unref(meta);
    if (undo && status == PXM_OK && pxm_value_as_bool(pxm_value_get(op->fields, "created"))) {
        pxm_undo_add(&op->context->activation->undo, undo);
    } else {
        free(undo);
    }
    return status;
}

/* ---- get --------------------------------------------------------------------------------------------------------- */

/* The blob tells what its store said of the object, so that an answer made of it needs no other look. A part of an
 * object has no tag of its own. The driver may have the blob still, which is then described as another one. */
static pxm_status describe(struct pxm_op *op, const struct pxm_get *get, pxm_blob **blob)
{
    if (get->offset > 0 || get->length >= 0) {
        return PXM_OK;
    }
    pxm_blob *own = pxm_blob_own(*blob);
    *blob = own;
    if (!own) {
        return pxm_error_no_memory(op->context->error);
    }
    pxm_blob_set_etag(own, pxm_value_as_string(pxm_value_get(op->fields, "etag"), NULL));
    if (!pxm_blob_media(own)) {
        pxm_blob_set_media(own, pxm_value_as_string(pxm_value_get(op->fields, "content_type"), NULL));
    }
    return PXM_OK;
}

/* The whole body is read before the store is left, so that a serial driver's stream is read under its gate. */
static pxm_status get_blob(struct pxm_op *op, const struct pxm_get *get, pxm_blob **ret)
{
    struct pxm_instance *store = op->instance;
    pxm_job *job = &op->context->job;
    pxm_stream *stream = NULL;

    pxm_instance_enter(store);
    pxm_status status = store->ops.storage.get(store->self, job, get, &stream, op->fields, op->context->error);
    if (status == PXM_OK && !stream) {
        status = pxm_op_broken(op, "succeeded without a body");
    }
    if (status == PXM_OK) {
        status = pxm_stream_to_blob(stream, job, job->limits.bytes, ret, op->context->error);
    }
    pxm_stream_close(stream);
    pxm_instance_leave(store);
    return status == PXM_OK ? describe(op, get, ret) : status;
}

pxm_status pxm_op_get(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_get_config *config = op->config;
    const struct pxm_get get = {.struct_size = sizeof get,
                                .key = config->key,
                                .offset = config->offset == PXM_UNSET_INT ? 0 : config->offset,
                                .length = config->length == PXM_UNSET_INT ? -1 : config->length,
                                .if_match = config->if_match};
    pxm_blob *blob = NULL;

    pxm_status status = begin(op, config->store, config->key, config->under);
    if (status == PXM_OK && !op->instance->ops.storage.get) {
        status = pxm_op_cannot(op, "get");
    }
    if (status == PXM_OK) {
        status = get_blob(op, &get, &blob);
    }
    if (status != PXM_OK) {
        return status;
    }
    *ret = pxm_value_blob(blob);
    return *ret ? PXM_OK : pxm_error_no_memory(op->context->error);
}

/* ---- head, remove ------------------------------------------------------------------------------------------------ */

pxm_status pxm_op_head(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_key_config *config = op->config;
    (void)ret;

    pxm_status status = begin(op, config->store, config->key, config->under);
    if (status != PXM_OK) {
        return status;
    }
    if (!op->instance->ops.storage.head) {
        return pxm_op_cannot(op, "head");
    }
    pxm_instance_enter(op->instance);
    status = op->instance->ops.storage.head(op->instance->self, &op->context->job, config->key, op->fields,
                                            op->context->error);
    pxm_instance_leave(op->instance);
    return status;
}

pxm_status pxm_op_remove(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_key_config *config = op->config;
    (void)ret;

    pxm_status status = begin(op, config->store, config->key, config->under);
    if (status != PXM_OK) {
        return status;
    }
    if (!op->instance->ops.storage.remove) {
        return pxm_op_cannot(op, "remove");
    }
    pxm_instance_enter(op->instance);
    status = op->instance->ops.storage.remove(op->instance->self, &op->context->job, config->key, op->fields,
                                              op->context->error);
    pxm_instance_leave(op->instance);
    return status;
}

/* ---- presign, list ----------------------------------------------------------------------------------------------- */

/* A driver that was compiled before there was `meta` would sign without it. */
static pxm_status check_meta(const struct pxm_op *op, const struct pxm_presign *presign)
{
    uint32_t abi = op->instance->abi;

    if (presign->meta && strcmp(presign->method, "GET") == 0) {
        return pxm_error_set(op->context->error, PXM_E_INVALID, "store.unsupported",
                             "a URL for GET has no `meta`, as nothing is stored by it");
    }
    if (presign->meta && abi < PXM_ABI(1, 3)) {
        return pxm_error_set(op->context->error, PXM_E_INVALID, "plugin.cannot",
                             "%s cannot sign `meta`: driver `%s` was made for ABI %u.%u, and that came with 1.3",
                             op->instance->name, op->instance->unit->name, abi >> 16, abi & 0xffff);
    }
    return PXM_OK;
}

static pxm_status presign(struct pxm_op *op, const pxm_value *meta)
{
    static const char *const methods[] = {"GET", "PUT", "POST"};
    const struct pxm_presign_config *config = op->config;
    struct pxm_instance *store = op->instance;
    const struct pxm_presign presign = {.struct_size = sizeof presign,
                                        .method =
                                            methods[config->method >= 0 && config->method < 3 ? config->method : 0],
                                        .key = config->key,
                                        .expires_ms = config->expires,
                                        .content_type = config->content_type,
                                        .bytes_max = config->bytes,
                                        .meta = meta};

    pxm_status status = check_meta(op, &presign);
    if (status != PXM_OK) {
        return status;
    }
    pxm_instance_enter(store);
    status = store->ops.storage.presign(store->self, &op->context->job, &presign, op->fields, op->context->error);
    pxm_instance_leave(store);
    return status;
}

pxm_status pxm_op_presign(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_presign_config *config = op->config;
    pxm_value *meta = NULL;
    (void)ret;

    pxm_status status = begin(op, config->store, config->key, config->under);
    if (status != PXM_OK) {
        return status;
    }
    if (!op->instance->ops.storage.presign) {
        return pxm_op_cannot(op, "presign");
    }
    status = meta_of(op, config->meta, NULL, &meta);
    if (status == PXM_OK) {
        status = presign(op, meta);
    }
    pxm_value_unref(meta);
    return status;
}

pxm_status pxm_op_list(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_list_config *config = op->config;
    const struct pxm_list list = {.struct_size = sizeof list,
                                  .prefix = config->prefix ? config->prefix : "",
                                  .cursor = config->cursor && *config->cursor ? config->cursor : NULL,
                                  .limit = config->limit};
    (void)ret;

    pxm_status status = pxm_op_resource(op, PXM_RESOURCE_STORE, config->store);
    if (status == PXM_OK) {
        status = pxm_key_check_prefix(list.prefix, op->context->error);
    }
    if (status != PXM_OK) {
        return status;
    }
    if (!op->instance->ops.storage.list) {
        return pxm_op_cannot(op, "list");
    }
    pxm_instance_enter(op->instance);
    status =
        op->instance->ops.storage.list(op->instance->self, &op->context->job, &list, op->fields, op->context->error);
    pxm_instance_leave(op->instance);
    return status;
}
