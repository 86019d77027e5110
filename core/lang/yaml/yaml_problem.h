/* What yaml.c and yaml_problem.c share: the text as libyaml sees it, and libyaml's errors in words. */
#ifndef PXM_LANG_YAML_PROBLEM_H
#define PXM_LANG_YAML_PROBLEM_H

#include "lang/diag/diag.h"
#include "lang/diag/source.h"
#include <stdbool.h>
#include <yaml.h>

/* A copy of a source in which mistakes that were reported are overwritten with letters, so that the next pass over
 * it can find what comes after them. It keeps all lengths, so places are the same in both. */
struct pxm_yaml_text {
    const struct pxm_source *source;
    char *text;           /* source->length bytes and a NUL */
    size_t index, offset; /* the last place asked for: characters and bytes from the start */
};

/* libyaml counts characters from the start of the text; asked for in rising order this costs one walk over it. */
struct pxm_span pxm_yaml_span(struct pxm_yaml_text *text, const yaml_mark_t *begin, const yaml_mark_t *end);
/* Overwrites ASCII bytes. */
void pxm_yaml_mend(struct pxm_yaml_text *text, size_t offset, size_t length);
bool pxm_yaml_is_mended(const struct pxm_yaml_text *text, struct pxm_span span);

/* Reports the error that stopped the parser. True: it is mended, and another pass may find more. */
bool pxm_yaml_report_problem(struct pxm_yaml_text *text, const yaml_parser_t *parser, struct pxm_diags *diags);
/* `scalar` ends in `$` with a `{` behind it: a template that flow style tears apart. Reports and mends it. */
void pxm_yaml_report_template(struct pxm_yaml_text *text, struct pxm_span scalar, struct pxm_diags *diags);

#endif
