/* Inputs that kill the workers which take them, and pipelines that keep failing so: both are set aside, so that one bad
 * file or plugin does not keep the whole crew busy with dying. [loop] */
#ifndef PXM_DAEMON_POISON_H
#define PXM_DAEMON_POISON_H

#include "base/error.h"
#include <stdbool.h>

enum {
    POISON_DEATHS = 2,         /* of one input */
    POISON_INPUTS_MAX = 1024,  /* remembered; the oldest is forgotten first */
    POISON_CIRCUIT_DEATHS = 5, /* of different inputs of one pipeline */
    POISON_CIRCUIT_WINDOW_MS = 60000,
    POISON_CIRCUIT_OPEN_MS = 30000,
    POISON_PIPELINES_MAX = 256,
};

struct poison_input {
    char key[65];
    int deaths;
    char code[PXM_ERROR_CODE_MAX]; /* of the last death: worker.crashed, worker.memory, limit.time */
};
struct poison_circuit {
    char pipeline[64];
    int64_t died_ms[POISON_CIRCUIT_DEATHS]; /* a ring of the last deaths */
    size_t next;
    int64_t open_until_ms;
};
struct poison {
    size_t input_count, oldest;
    struct poison_input inputs[POISON_INPUTS_MAX];
    size_t circuit_count;
    struct poison_circuit circuits[POISON_PIPELINES_MAX];
};

/* `input`: what tells inputs apart, up to 64 bytes; `death`: how the worker ended; times are the loop's. */
void poison_died(struct poison *poison, const char *pipeline, const char *input, const pxm_error *death,
                 int64_t now_ms);
/* PXM_OK, input.poison (permanent) or pipeline.suspended (transient; *ret_wait_ms: for how long). */
pxm_status poison_check(const struct poison *poison, const char *pipeline, const char *input, int64_t now_ms,
                        int64_t *ret_wait_ms, pxm_error *error);

#endif
