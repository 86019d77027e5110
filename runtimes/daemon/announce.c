/* An announcement is one journal operation for each trigger that waits for the object; the last one to be committed
 * lets the run go on. */
#include "daemon/announce.h"

#include "base/value.h"
#include "daemon/object_event.h"
#include "daemon/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Objects of one run of which more is known, and bytes of the event of one; of the others the events know less. */
enum { TOLD_MAX = 256, TOLD_BYTES_MAX = 8 << 10 };

struct announcement {
    struct journal_op op;
    struct announcing *all;
};
struct announcing {
    struct supervisor *supervisor;
    struct work *work; /* NULL: its run is over, as its worker died meanwhile */
    char run_id[PXM_RUN_ID_MAX];
    char *event, *dedupe; /* JSON of the event; the object by store and key */
    size_t waiting;
    pxm_error error; /* the first failure */
    struct announcement items[];
};

static void finish(struct announcing *all)
{
    struct work *work = all->work;

    if (work) {
        work->announcing = NULL;
        crew_announced(work->edition->crew, &work->run, all->error.status == PXM_OK ? NULL : &all->error);
    }
    free(all->event);
    free(all->dedupe);
    free(all);
}

static void on_journaled(struct journal_op *op)
{
    struct announcing *all = ((struct announcement *)op)->all;

    if (op->error.status != PXM_OK && all->error.status == PXM_OK) {
        all->error = op->error;
    }
    supervisor_note_journal(all->supervisor, &op->error);
    journal_op_done(op);
    if (--all->waiting == 0) {
        finish(all);
    }
}

static size_t count_triggers(const struct app_manifest *manifest, const char *store, const char *key)
{
    size_t count = 0;

    for (size_t i = 0; i < manifest->trigger_count; i++) {
        count += app_trigger_wants(&manifest->triggers[i], store, key);
    }
    return count;
}

static pxm_status prepare(struct announcing *all, const char *store, const char *key)
{
    const struct app_object object = {
        .store = store, .key = key, .bytes = PXM_UNSET_INT, .time_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg)};

    return object_event_write(&object, &all->event, &all->dedupe, &all->error);
}

static void submit(struct announcing *all, const char *store, const char *key)
{
    const struct app_manifest *manifest = all->work->edition->manifest;
    size_t count = 0;

    for (size_t i = 0; i < manifest->trigger_count; i++) {
        const struct app_trigger *trigger = &manifest->triggers[i];
        if (!app_trigger_wants(trigger, store, key)) {
            continue;
        }
        struct announcement *item = &all->items[count++];
        item->all = all;
        item->op = (struct journal_op){.kind = JOURNAL_EXPECT,
                                       .done = on_journaled,
                                       .run = all->run_id,
                                       .pipeline = trigger->pipeline->name,
                                       .trigger = trigger->name,
                                       .event = all->event,
                                       .dedupe = all->dedupe,
                                       .now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg)};
        journal_submit(all->supervisor->journal, &item->op);
    }
}

void work_announced(struct crew_run *run, const char *store, const char *key)
{
    struct work *work = (struct work *)((char *)run - offsetof(struct work, run));
    size_t count = count_triggers(work->edition->manifest, store, key);
    pxm_error error = {0};

    if (count == 0) {
        crew_announced(work->edition->crew, run, NULL);
        return;
    }
    if (work->announcing) { /* a worker waits for the answer to each, unless it is not what it should be */
        pxm_error_set(&error, PXM_E_INTERNAL, "worker.invalid", "two announcements at once");
        crew_announced(work->edition->crew, run, &error);
        return;
    }
    struct announcing *all = calloc(1, sizeof *all + count * sizeof all->items[0]);
    if (!all) {
        pxm_error_no_memory(&error);
        crew_announced(work->edition->crew, run, &error);
        return;
    }
    all->supervisor = work->edition->supervisor;
    all->work = work;
    all->waiting = count;
    snprintf(all->run_id, sizeof all->run_id, "%s", run->id);
    work->announcing = all;
    if (prepare(all, store, key) != PXM_OK) {
        finish(all);
        return;
    }
    work->expected += count; /* also what the journal will refuse: concluding nothing does no harm */
    submit(all, store, key);
}

/* ---- what was put ------------------------------------------------------------------------------------------------ */

/* Takes over both texts. Of an object that is put again the last counts. */
static void keep_told(struct work *work, struct journal_told told)
{
    size_t i = 0;

    while (i < work->told_count && strcmp(work->told[i].dedupe, told.dedupe) != 0) {
        i++;
    }
    if (i < work->told_count) {
        free(work->told[i].dedupe);
        free(work->told[i].event);
        work->told[i] = told;
        return;
    }
    struct journal_told *grown = i < TOLD_MAX ? realloc(work->told, (i + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(told.dedupe);
        free(told.event);
        return;
    }
    work->told = grown;
    work->told[work->told_count++] = told;
}

void work_made(struct crew_run *run, const pxm_value *object)
{
    struct work *work = (struct work *)((char *)run - offsetof(struct work, run));
    struct app_object made = object_event_of(pxm_value_as_string(pxm_value_get(object, "store"), NULL), object);
    struct journal_told told = {0};
    pxm_error error = {0};

    made.time_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg);
    pxm_status status = object_event_write(&made, &told.event, &told.dedupe, &error);
    if (status == PXM_OK && strlen(told.event) <= TOLD_BYTES_MAX) {
        keep_told(work, told);
    } else {
        free(told.event);
        free(told.dedupe);
    }
}

void work_forget_made(struct work *work)
{
    for (size_t i = 0; i < work->told_count; i++) {
        free(work->told[i].dedupe);
        free(work->told[i].event);
    }
    free(work->told);
    work->told = NULL;
    work->told_count = 0;
}

void work_abandon_announcement(struct work *work)
{
    if (work->announcing) {
        work->announcing->work = NULL;
        work->announcing = NULL;
    }
}
