/* Failures of a batch by code, each with one file to try again. Main thread. */
#ifndef PXM_CLI_TALLY_H
#define PXM_CLI_TALLY_H

#include "cli.h"
#include "progress.h"
#include "walk.h"

enum { TALLY_CODES_MAX = 64 };
struct tally {
    size_t count;
    struct {
        char code[64];
        const struct walk_file *file; /* the first, borrowed */
        char *message;                /* what it says */
        size_t times;
        bool transient;
    } codes[TALLY_CODES_MAX];
};

/* `file` outlives the tally. `error` NULL: success, which is not counted. */
void tally_add(struct tally *tally, const struct walk_file *file, const pxm_error *error);
/* The summary: for people on standard error, with --json on standard output. */
void tally_print(const struct tally *tally, const struct cli *cli, const struct args *args, const char *pipeline,
                 const struct progress *progress);
void tally_done(struct tally *tally);

#endif
