/* What a run created and takes back if it fails: objects of `put` and items of `record` with `undo: true`. Several
 * threads of a run may add; the failing one plays it back, last first. */
#ifndef PXM_ENGINE_UNDO_H
#define PXM_ENGINE_UNDO_H

#include "base/job.h"
#include "engine/instance.h"
#include <pthread.h>

struct pxm_undo_entry {
    struct pxm_undo_entry *next; /* the one before it */
    struct pxm_instance *instance;
    bool is_item; /* of a table; else an object of a store */
    const char *step;
    char key[]; /* ends in NUL */
};
struct pxm_undo_log {
    pthread_mutex_t lock;
    struct pxm_undo_entry *last;
};

void pxm_undo_init(struct pxm_undo_log *log);
void pxm_undo_done(struct pxm_undo_log *log);
/* Room for an entry is made before the effect, so that nothing is created which could not be taken back. NULL: no
 * memory. */
struct pxm_undo_entry *pxm_undo_prepare(struct pxm_instance *instance, bool is_item, const char *step, const char *key);
void pxm_undo_add(struct pxm_undo_log *log, struct pxm_undo_entry *entry); /* takes it over */
/* Moves all to the log of the caller's pipeline. */
void pxm_undo_merge(struct pxm_undo_log *log, struct pxm_undo_log *outer);
/* Removes everything, and notes in the error what could not be removed. */
void pxm_undo_play(struct pxm_undo_log *log, pxm_job *job, pxm_error *error);

#endif
