/* Feeds bodies to an intake in every way that a network could, and tells what came of them as text. */
#ifndef PXM_TESTS_INTAKE_FIXTURE_H
#define PXM_TESTS_INTAKE_FIXTURE_H

#include "app/intake.h"
#include "base/buf.h"
#include "base/error.h"

struct intake_case {
    struct app_trigger trigger;
    const char *content_type;
    int64_t bytes_max; /* 0: 1 MiB */
    const char *body;
    size_t length;        /* 0: of `body` as a text */
    const char *expected; /* as of intake_describe, or "CODE: TEXT" up to where the text may go on */
};

/* An open folder for files; closed at exit. */
int intake_folder(void);
/* `body="..." json=... form=... files={name="..."} filenames=...` of what is there, and nothing else. Contents are JSON
 * strings. Fails the test where a blob does not know its digest, or `bytes` is not the length. */
void intake_describe(const struct app_body *body, struct pxm_buf *ret);
/* Feeds the whole; a `step` of so many bytes at a time. */
pxm_status intake_run(const struct intake_case *what, int64_t content_length, size_t step, struct app_body *ret,
                      pxm_error *error);
/* Runs a case in one piece, byte by byte, and in two pieces for every place where it can be cut. */
void intake_check(const struct intake_case *what);

#endif
