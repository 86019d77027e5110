/* What the renderers share. Each adds one document, or one line or block for each diagnostic, to a buffer. */
#ifndef PXM_LANG_DIAG_RENDER_H
#define PXM_LANG_DIAG_RENDER_H

#include "lang/diag/diag.h"

/* Diagnostics in the order in which they are shown. */
struct pxm_diag_list {
    const struct pxm_diags *diags;
    size_t count;
    const struct pxm_diag *items[PXM_DIAGS_MAX];
};

void pxm_diag_render_human(const struct pxm_diag *diag, bool color, struct pxm_buf *out);
void pxm_diag_render_json(const struct pxm_diag_list *list, struct pxm_buf *out);
void pxm_diag_render_sarif(const struct pxm_diag_list *list, struct pxm_buf *out);

const char *pxm_severity_name(enum pxm_severity severity); /* "error", "warning" */
/* The place behind the last character of a span. */
struct pxm_span pxm_span_end(struct pxm_span span);
/* Said instead of diagnostics that could not be kept; NULL: all are there. */
const char *pxm_diags_missing(const struct pxm_diags *diags);

#endif
