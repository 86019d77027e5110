/* The data flow of a pipeline as text that others draw: who reads whose result, and in which order effects happen. */
#ifndef PXM_LANG_GRAPH_H
#define PXM_LANG_GRAPH_H

#include "base/buf.h"
#include "lang/program/program.h"

enum pxm_graph_format { PXM_GRAPH_MERMAID, PXM_GRAPH_DOT };

/* Adds it to `out`, whose status says whether there was room. Solid arrows carry an image, a blob or a field; dashed
 * ones mean the order of effects only. */
void pxm_graph_write(const struct pxm_program *program, enum pxm_graph_format format, struct pxm_buf *out);

#endif
