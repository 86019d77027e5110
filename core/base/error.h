/* Errors: a status, a dotted code, a text, notes, and where it happened. Set once where the cause is known, given
 * context on the way up, reported once at the edge. One thread at a time. */
#ifndef PXM_BASE_ERROR_H
#define PXM_BASE_ERROR_H

#include <pixmill/pixmill.h>
#include <pixmill/plugin.h>
#include <stdarg.h>
#include <stdbool.h>

enum { PXM_ERROR_TEXT_MAX = 1024, PXM_ERROR_CODE_MAX = 64, PXM_ERROR_NOTES_MAX = 8 };

/* Everything is inside, so that filling one never allocates and so never fails; longer texts are cut at a character.
 * Read the fields freely, but write through the functions below: the shared error of pxm_error_new must stay as it
 * is. */
struct pxm_error {
    pxm_status status; /* PXM_OK: not set */
    char code[PXM_ERROR_CODE_MAX];
    char text[PXM_ERROR_TEXT_MAX];
    size_t inner;    /* where in text it begins without the steps that it came through and their places in files */
    char step[64];   /* id of the step where it surfaced; "" */
    char origin[64]; /* id of the step that is to blame, where that is another one: pictures are lazy */
    size_t note_count;
    struct {
        char key[48];
        char value[208];
    } notes[PXM_ERROR_NOTES_MAX];
};

/* One on the heap; when memory is out, a shared constant one that says so. Free either with pxm_error_free (declared in
 * pixmill.h). */
pxm_error *pxm_error_new(void);

/* In all that follow a NULL error is fine: only the status is returned. */
void pxm_error_clear(pxm_error *error);
/* Replaces all that was set before, and returns `status` (PXM_E_INTERNAL where that says success). The arguments may
 * point into the error itself. */
pxm_status pxm_error_set(pxm_error *error, pxm_status status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
pxm_status pxm_error_setv(pxm_error *error, pxm_status status, const char *code, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));
/* Sets the error from errno `number`: ENOENT is PXM_E_NOT_FOUND, ENOSPC and EDQUOT PXM_E_NO_SPACE, ...; the text is
 * "WHAT: strerror". `code` NULL: "io.error", "io.no_space", ... by status. */
pxm_status pxm_error_errno(pxm_error *error, int number, const char *code, const char *what);
pxm_status pxm_error_no_memory(pxm_error *error); /* code "no_memory" */
/* Puts "context: " before the text. */
void pxm_error_context(pxm_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds a note, or replaces the one of that key; beyond PXM_ERROR_NOTES_MAX they are dropped. */
void pxm_error_note(pxm_error *error, const char *key, const char *value);
/* Puts "step `STEP` (PLACE): " before the text; what stands behind the last of them is `inner`, for callers whom names
 * of files do not concern. */
void pxm_error_through(pxm_error *error, const char *step, const char *place);
/* The step where it surfaced. */
void pxm_error_set_step(pxm_error *error, const char *step);
/* The step that is to blame; the first call counts. */
void pxm_error_blame(pxm_error *error, const char *step);
/* Whether repeating may help. */
bool pxm_status_is_transient(pxm_status status);
/* {"code","message","transient","step","origin","notes":{}} as a new value; NULL when out of memory. */
pxm_value *pxm_error_to_value(const pxm_error *error);

#endif
