/* What an option table says, for people and for editors: reference pages, `--json`, JSON Schema. Reads tables alone, so
 * it never loads what they configure. [any] */
#ifndef PXM_LANG_OPTION_DOCS_H
#define PXM_LANG_OPTION_DOCS_H

#include "base/buf.h"
#include "lang/options/options.h"

/* A Markdown table (GitHub Flavored Markdown 0.29, section 4.10) with a row for each option, and below it a list for
 * each option whose choices have a help text. Nothing where there are no options. A failure sticks in the buffer. */
void pxm_option_docs_markdown(const struct pxm_option_table *table, struct pxm_buf *out);

/* A list with a record for each option: name, type, required, dynamic, secret, advanced, deprecated, help, and where
 * there are any: default, min, max, items, choices (name, help), old_name. NULL: no memory. */
pxm_value *pxm_option_docs_json(const struct pxm_option_table *table);

/* A JSON Schema (draft 2020-12) of the map of options: an object with flat properties, no others allowed. Where a
 * template may stand, a number or bool is `anyOf` that type and a string "${...}". `templates_everywhere` as in struct
 * pxm_bind_rules. NULL: no memory. */
pxm_value *pxm_option_docs_schema(const struct pxm_option_table *table, bool templates_everywhere);

#endif
