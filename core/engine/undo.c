/* Taking back effects. Filled by put and record, played by a pipeline that has failed. */
#include "engine/undo.h"

#include "base/error.h"
#include "base/value.h"

#include <stdlib.h>
#include <string.h>

void pxm_undo_init(struct pxm_undo_log *log)
{
    log->last = NULL;
    pthread_mutex_init(&log->lock, NULL);
}

void pxm_undo_done(struct pxm_undo_log *log)
{
    while (log->last) {
        struct pxm_undo_entry *entry = log->last;
        log->last = entry->next;
        free(entry);
    }
    pthread_mutex_destroy(&log->lock);
}

struct pxm_undo_entry *pxm_undo_prepare(struct pxm_instance *instance, bool is_item, const char *step, const char *key)
{
    size_t length = strlen(key);
    struct pxm_undo_entry *entry = malloc(sizeof *entry + length + 1);

    if (!entry) {
        return NULL;
    }
    *entry = (struct pxm_undo_entry){.instance = instance, .is_item = is_item, .step = step};
    memcpy(entry->key, key, length + 1);
    return entry;
}

void pxm_undo_add(struct pxm_undo_log *log, struct pxm_undo_entry *entry)
{
    pthread_mutex_lock(&log->lock);
    entry->next = log->last;
    log->last = entry;
    pthread_mutex_unlock(&log->lock);
}

void pxm_undo_merge(struct pxm_undo_log *log, struct pxm_undo_log *outer)
{
    struct pxm_undo_entry *first = log->last;

    if (!first) {
        return;
    }
    while (first->next) {
        first = first->next;
    }
    pthread_mutex_lock(&outer->lock);
    first->next = outer->last;
    outer->last = log->last;
    pthread_mutex_unlock(&outer->lock);
    log->last = NULL;
}

static pxm_status remove_object(const struct pxm_undo_entry *entry, pxm_job *job, pxm_value *fields, pxm_error *error)
{
    const struct pxm_storage_ops *ops = &entry->instance->ops.storage;

    if (!ops->remove) {
        return pxm_error_set(error, PXM_E_INVALID, "plugin.cannot", "%s cannot remove", entry->instance->name);
    }
    return ops->remove(entry->instance->self, job, entry->key, fields, error);
}

static pxm_status erase_item(const struct pxm_undo_entry *entry, pxm_job *job, pxm_value *fields, pxm_error *error)
{
    const struct pxm_metadata_ops *ops = &entry->instance->ops.metadata;

    if (!ops->erase) {
        return pxm_error_set(error, PXM_E_INVALID, "plugin.cannot", "%s cannot erase", entry->instance->name);
    }
    return ops->erase(entry->instance->self, job, entry->key, NULL, fields, error);
}

static void play(const struct pxm_undo_entry *entry, pxm_job *job, pxm_error *run_error)
{
    pxm_error error = {0};
    pxm_value *fields = pxm_value_record();
    pxm_status status = fields ? PXM_OK : pxm_error_no_memory(&error);

    if (status == PXM_OK) {
        pxm_instance_enter(entry->instance);
        status = entry->is_item ? erase_item(entry, job, fields, &error) : remove_object(entry, job, fields, &error);
        pxm_instance_leave(entry->instance);
    }
    pxm_value_unref(fields);
    if (status != PXM_OK && status != PXM_E_NOT_FOUND) {
        pxm_error_context(&error, "`%s` was not undone", entry->key);
        pxm_error_note(run_error, entry->step, error.text);
    }
}

void pxm_undo_play(struct pxm_undo_log *log, pxm_job *job, pxm_error *error)
{
    while (log->last) {
        struct pxm_undo_entry *entry = log->last;
        log->last = entry->next;
        play(entry, job, error);
        free(entry);
    }
}
