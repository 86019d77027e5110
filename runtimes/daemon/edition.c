/* Editions come, are used, and go: when nothing is left that may bring work the crew retires, and with its last worker
 * the edition ends. */
#include "daemon/edition.h"

#include "base/log.h"
#include "daemon/supervisor.h"

#include <stdlib.h>

static void edition_free(struct edition *edition)
{
    struct edition **link = &edition->supervisor->editions;

    while (*link != edition) {
        link = &(*link)->next;
    }
    *link = edition->next;
    crew_free(edition->crew);
    free(edition->loads);
    free(edition);
}

/* ---- references -------------------------------------------------------------------------------------------------- */

struct edition *edition_ref(struct edition *edition)
{
    edition->refs++;
    return edition;
}

struct edition *edition_current(struct supervisor *supervisor)
{
    pthread_mutex_lock(&supervisor->lock);
    struct edition *edition = supervisor->edition ? edition_ref(supervisor->edition) : NULL;
    pthread_mutex_unlock(&supervisor->lock);
    return edition;
}

/* No work can come any more, so the crew may go. */
static void on_farewell(struct loop_task *task)
{
    struct edition *edition = (struct edition *)((char *)task - offsetof(struct edition, farewell));

    crew_retire(edition->crew);
}

/* Who is the last has no successor: only the current edition and those who hold one hand out references. */
void edition_unref(struct edition *edition)
{
    struct supervisor *supervisor = edition->supervisor;

    pthread_mutex_lock(&supervisor->lock);
    bool last = --edition->refs == 0;
    pthread_mutex_unlock(&supervisor->lock);
    if (last) {
        edition->farewell.run = on_farewell;
        loop_post(supervisor->loop, &edition->farewell);
    }
}

/* ---- the crew's calls -------------------------------------------------------------------------------------------- */

static void on_idle(void *arg, struct crew *crew, enum crew_class which)
{
    struct edition *edition = arg;
    (void)crew;

    if (edition->loads) {
        work_turn(edition, which);
    }
}

static void on_ended(void *arg, struct crew *crew)
{
    (void)crew;

    edition_free(arg);
}

static void take_over(struct edition *edition)
{
    struct supervisor *supervisor = edition->supervisor;

    pthread_mutex_lock(&supervisor->lock);
    struct edition *old = supervisor->edition;
    supervisor->edition = edition_ref(edition);
    pthread_mutex_unlock(&supervisor->lock);
    supervisor_loaded(supervisor);
    if (old) {
        edition_unref(old);
    }
}

static void on_ready(void *arg, struct crew *crew, const pxm_error *error, const char *report)
{
    struct edition *edition = arg;
    struct supervisor *supervisor = edition->supervisor;
    pxm_error failure = {0};

    supervisor->coming = NULL;
    if (atomic_load(&supervisor->draining)) {
        crew_retire(crew);
        return;
    }
    if (!error) {
        edition->manifest = crew_manifest(crew);
        edition->image_workers = crew_size(crew, CREW_IMAGE);
        edition->loads = calloc(edition->manifest->pipeline_count + 1, sizeof *edition->loads);
        if (edition->loads) {
            take_over(edition);
            return;
        }
        pxm_error_no_memory(&failure);
        error = &failure;
    }
    supervisor_load_failed(supervisor, error, report);
    crew_retire(crew);
}

pxm_status edition_load(struct supervisor *supervisor, pxm_error *error)
{
    const struct serve_options *options = supervisor->options;
    struct edition *edition = calloc(1, sizeof *edition);

    if (!edition) {
        return pxm_error_no_memory(error);
    }
    edition->supervisor = supervisor;
    const struct crew_options crew = {.loop = supervisor->loop,
                                      .project = options->project,
                                      .profile = options->profile,
                                      .state = options->state,
                                      .image_workers = options->image_workers,
                                      .image_workers_default = options->image_workers_default,
                                      .light_workers = options->light_workers,
                                      .time_ms = options->run_ms_max,
                                      .memory_max = options->worker_memory_max,
                                      .nice = options->worker_nice,
                                      .jobs_max = 1000,
                                      .growth_max = 64 << 20,
                                      .descriptors_max = 16,
                                      .arg = edition,
                                      .ready = on_ready,
                                      .idle = on_idle,
                                      .ended = on_ended};
    pxm_status status = crew_new(&crew, &edition->crew, error);
    if (status != PXM_OK) {
        free(edition);
        return status;
    }
    supervisor->coming = edition;
    edition->next = supervisor->editions;
    supervisor->editions = edition;
    return PXM_OK;
}

void editions_stop(struct supervisor *supervisor)
{
    for (struct edition *edition = supervisor->editions; edition; edition = edition->next) {
        edition->stopped = true;
        if (edition->loads) {
            work_drop(edition);
        }
        crew_stop(edition->crew);
    }
    supervisor->coming = NULL;
}

void editions_free(struct supervisor *supervisor)
{
    while (supervisor->editions) {
        edition_free(supervisor->editions);
    }
}
