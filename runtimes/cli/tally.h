/* Failures of a batch by code, each with one file to try again. Main thread. */
#ifndef PXM_CLI_TALLY_H
#define PXM_CLI_TALLY_H

#include "cli.h"
#include "progress.h"

enum { TALLY_CODES_MAX = 64 };
struct tally {
    size_t count;
    struct {
        char code[64];
        char *path, *message; /* of the first */
        size_t times;
        bool transient;
    } codes[TALLY_CODES_MAX];
};

void tally_add(struct tally *tally, const char *path, const pxm_error *error); /* error NULL: success, not counted */
/* The summary: for people on standard error, with --json on standard output. */
void tally_print(const struct tally *tally, const struct cli *cli, const char *pipeline,
                 const struct progress *progress);
void tally_done(struct tally *tally);

#endif
