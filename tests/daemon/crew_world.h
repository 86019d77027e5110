/* A crew over a project that the test makes, and the loop it lives in. The test's own program is the zygote, too, so a
 * main begins with crew_world_main. */
#ifndef PXM_TESTS_DAEMON_CREW_WORLD_H
#define PXM_TESTS_DAEMON_CREW_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/blob.h"
#include "base/value.h"
#include "daemon/crew.h"
#include <sys/types.h>

enum { WORLD_LOG_MAX = 64, WORLD_CHILDREN_MAX = 64 };

struct crew_world {
    char folder[64];
    struct loop *loop;
    struct crew *crew;
    struct crew_options options; /* to be changed before crew_world_start */
    pid_t zygote;                /* the first one */
    bool ready, ended;
    pxm_error error; /* of ready */
    char *report;
    size_t log_count;
    char log[WORLD_LOG_MAX][256]; /* "RUN: TEXT" */
};

/* True: the process was a zygote or worker, and *ret_status is how it ends. */
bool crew_world_main(int argc, char **argv, int *ret_status);
/* Whether this kernel lets workers be confined. */
bool crew_world_can_confine(void);

/* A project with a profile of these `stores` (YAML, in flow style; NULL: `images`, of localfs), and the pipelines that
 * crew_world.c has. */
void crew_world_init(struct crew_world *world, const char *stores);
void crew_world_write(const struct crew_world *world, const char *name, const char *text);
/* Makes the crew and waits for `ready`. */
void crew_world_start(struct crew_world *world);
/* The same, and it must be without an error. */
void crew_world_open(struct crew_world *world);
void crew_world_done(struct crew_world *world);
/* Runs the loop until something has happened. */
void crew_world_turn(struct crew_world *world);
/* Until a worker of the class is idle. */
void crew_world_await(struct crew_world *world, enum crew_class which);
/* Processes whose parent is this one. */
size_t crew_world_children(pid_t list[WORLD_CHILDREN_MAX]);
bool crew_world_logged(const struct crew_world *world, const char *line);

/* A run and all that it is given. */
struct world_run {
    struct crew_run run; /* first */
    struct crew_world *world;
    pxm_value *event;
    bool over;
    int announced; /* how often */
    char announcement[128];
    int made; /* how often it was told that an object is there */
    char made_key[64], made_etag[128];
    const char *refuse; /* the code to refuse announcements with; NULL: they are accepted */
};
/* Begins the first trigger of a pipeline; `event` is taken over. */
void world_run_begin(struct crew_world *world, enum crew_class which, struct world_run *run, const char *pipeline,
                     pxm_value *event);
void world_run_await(struct world_run *run);
/* Both, waiting for a worker before. */
void world_run_whole(struct crew_world *world, struct world_run *run, const char *pipeline, pxm_value *event);
void world_run_done(struct world_run *run);

/* {json: {deed}} */
pxm_value *world_deed(const char *deed);
/* {body: blob}; takes over the blob. */
pxm_value *world_body(pxm_blob *blob);
int64_t world_int(const struct world_run *run, const char *key); /* of the output */

#endif
