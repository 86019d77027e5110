/* What was wrong with one test: each mismatch at the place of its expectation. Main thread. */
#ifndef PXM_CLI_TESTING_PROBLEMS_H
#define PXM_CLI_TESTING_PROBLEMS_H

#include "lang/diag/source.h"

#include <stdbool.h>
#include <stddef.h>

struct problem {
    struct pxm_span span;
    char *text;
};
struct problems {
    size_t count;
    struct problem *items;
    size_t note_count;
    char **notes; /* "saved ...": lines below the problems */
    bool no_memory;
};

/* Adds one; NULL problems: does nothing. */
void problems_add(struct problems *problems, struct pxm_span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void problems_note(struct problems *problems, const char *format, ...) __attribute__((format(printf, 2, 3)));
void problems_done(struct problems *problems);

#endif
