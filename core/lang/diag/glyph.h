/* How one character looks on a terminal that must not be driven by what it shows. [any] */
#ifndef PXM_LANG_GLYPH_H
#define PXM_LANG_GLYPH_H

#include "base/buf.h"
#include <stddef.h>

enum { PXM_TAB_COLUMNS = 4 /* a tab is shown as so many blanks, wherever it stands */ };

struct pxm_glyph {
    size_t bytes;   /* of the source; at least 1 */
    unsigned width; /* columns on a terminal; 0 for combining marks */
    char shown[16]; /* the character itself, or \x1b, \u{202e} for one that would act, hide or reorder */
};
/* The first character of `text`, which must not be empty. */
struct pxm_glyph pxm_glyph_at(const char *text, size_t length);
/* Adds text with every character as pxm_glyph shows it, tabs and line breaks as \t, \n and \r. */
void pxm_buf_visible(struct pxm_buf *out, const char *text, size_t length);

#endif
