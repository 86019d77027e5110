/* Diagnostics: everything that is wrong in a project, in one pass, each with its place, the reason and a way out.
 *
 *   pipelines/thumbs.yaml:18:45: error[E102]: unknown option `widht` for `thumbnail`
 *    18 |       - {id: shrink, in: image, thumbnail: {widht: "${item}"}}
 *       |                                             ^^^^^ did you mean `width`? (options: width, height, fit)
 *
 * Codes are stable: E0xx the YAML itself, E1xx keys, options and literal values, E2xx references, types and wiring,
 * E3xx what a pipeline would do, E4xx plugins, E5xx project and resources, W3xx and on warnings. */
#ifndef PXM_LANG_DIAG_H
#define PXM_LANG_DIAG_H

#include "base/buf.h"
#include "lang/diag/source.h"
#include <stdbool.h>

enum pxm_severity { PXM_SEVERITY_ERROR, PXM_SEVERITY_WARNING };
enum pxm_diag_format { PXM_DIAG_HUMAN, PXM_DIAG_SHORT, PXM_DIAG_JSON, PXM_DIAG_SARIF, PXM_DIAG_GITHUB };
enum { PXM_DIAGS_MAX = 200, PXM_DIAG_ALSO_MAX = 2 };

struct pxm_diag {
    enum pxm_severity severity;
    const char *code; /* static, "E102" */
    const char *message;
    struct pxm_span span;
    const char *label; /* stands behind the caret: the fix; may be NULL */
    size_t also_count;
    struct {
        struct pxm_span span;
        const char *label;
    } also[PXM_DIAG_ALSO_MAX]; /* other places that belong to it */
    const char *note;          /* a line of its own, "= note"; may be NULL */
};

struct pxm_diags { /* one thread at a time */
    struct pxm_arena *arena;
    struct pxm_diag **items;
    size_t count, capacity, errors, warnings;
    bool overflow;  /* more than PXM_DIAGS_MAX: the rest was dropped */
    bool no_memory; /* counted as an error, so that a failure to report is never a success */
};

void pxm_diags_init(struct pxm_diags *diags, struct pxm_arena *arena);
/* Adds one; NULL when it was not kept (then the functions below do nothing): the same code at the same place is
 * kept once. Texts are formatted into the arena, and cut when they are longer than about 1000 bytes. They may
 * quote hostile input: the renderers escape it. */
struct pxm_diag *pxm_diag_add(struct pxm_diags *diags, enum pxm_severity severity, const char *code,
                              struct pxm_span span, const char *format, ...) __attribute__((format(printf, 5, 6)));
void pxm_diag_label(struct pxm_diags *diags, struct pxm_diag *diag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void pxm_diag_also(struct pxm_diags *diags, struct pxm_diag *diag, struct pxm_span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void pxm_diag_note(struct pxm_diags *diags, struct pxm_diag *diag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Out of memory while checking. */
void pxm_diags_no_memory(struct pxm_diags *diags);

/* Adds them to `out`, sorted by file and line. `color`: ANSI escapes in the human format. JSON and SARIF are one
 * document each, also of no diagnostics. A failure (no memory, the cap of `out`) sticks in `out`. */
void pxm_diags_render(const struct pxm_diags *diags, enum pxm_diag_format format, bool color, struct pxm_buf *out);
/* The long text of a code for `pixmill explain E205`; NULL: no such code. Every code in use has one. */
const char *pxm_diag_explain(const char *code);
const char *pxm_diag_title(const char *code); /* a few words; NULL: no such code */
const char *pxm_diag_code_at(size_t index);   /* all of them in order; NULL behind the last */

/* The best of `words` for a mistyped one, by Damerau-Levenshtein distance <= max(1, length / 3) without regard to
 * case; the first of equally good ones; NULL: none. */
const char *pxm_suggest(const char *word, const char *const *words, size_t count);

#endif
