/* What the generator knows beyond libvips' own description of its operations: which are not for pipelines, and which
 * need tighter bounds than libvips has. Everything here is a decision about safety, so each entry says why. */
#ifndef VOP_RULES_H
#define VOP_RULES_H

#include "../vop.h"

/* Why an operation is left out; NULL: it is offered. `nickname` and `type` are libvips' names for it. */
const char *rule_denied(const char *nickname, const char *type);

/* Whether an optional argument is left out. */
int rule_dropped(const char *nickname, const char *argument);

/* Narrows the range of a number. */
void rule_range(const char *nickname, const char *argument, double *min, double *max);

/* Whether only the pipeline's author may set an argument, no template. */
int rule_literal(const char *nickname, const char *argument);

/* Fills input_pixels and working_bytes. */
void rule_bounds(const char *nickname, struct vop_operation *ret);

#endif
