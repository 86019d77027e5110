/* The state file of a batch: one JSON line for each file that is done, appended at once, so that an interrupted batch
 * goes on where it stopped. What counts as the same work: path, size, time of change, and the plan's digest. Main
 * thread. */
#ifndef PXM_CLI_STATE_H
#define PXM_CLI_STATE_H

#include "walk.h"
#include <pixmill/pixmill.h>
#include <stdio.h>

struct state {
    FILE *out;  /* NULL: nothing is written down */
    void *done; /* tree of what earlier runs did successfully */
    char plan[65];
};

/* Reads `resume` (may be NULL) and opens `path` (may be NULL; may be the same) for appending. False after it told the
 * user. */
bool state_open(struct state *state, const char *path, const char *resume, const char *plan);
/* Whether an earlier run did this file successfully, by the same plan. */
bool state_has(const struct state *state, const struct walk_file *file);
/* Writes one line; `error` NULL: success. False when it could not be written (told). */
bool state_add(struct state *state, const struct walk_file *file, const pxm_error *error, int64_t ms);
bool state_close(struct state *state);

#endif
