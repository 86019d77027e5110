/* The YAML subset: one UTF-8 document of maps, lists and scalars. Duplicate keys, tags, anchors, aliases, merge
 * keys, empty values, tabs and further documents are errors with a fix, found on libyaml's events before a tree
 * exists; so a tree has one place for each value and can hold no bomb. Scalars stay text: what they mean is
 * decided by who reads them. */
#ifndef PXM_LANG_YAML_H
#define PXM_LANG_YAML_H

#include "lang/diag/diag.h"
#include "lang/diag/source.h"
#include <stdbool.h>

enum { PXM_YAML_BYTES_MAX = 1 << 20, PXM_YAML_DEPTH_MAX = 32, PXM_YAML_NODES_MAX = 100000 };
enum pxm_node_kind { PXM_NODE_SCALAR, PXM_NODE_LIST, PXM_NODE_MAP };

struct pxm_node {
    enum pxm_node_kind kind;
    struct pxm_span span; /* of a scalar as written, quotes included; of the first line of anything else */
    bool quoted;          /* scalar: a string whatever it looks like */
    const char *text;     /* scalar: its value, ends in NUL, holds no NUL */
    size_t length;        /* scalar: of text; list and map: count of items and entries */
    struct pxm_node **items;
    struct pxm_entry *entries;
};
struct pxm_entry {
    struct pxm_node *key; /* scalar */
    struct pxm_node *value;
};

/* Reads a regular file of at most PXM_YAML_BYTES_MAX into the arena, without a byte order mark. NULL with a
 * diagnostic (E001 cannot be read, too large, not UTF-8, a character that YAML forbids). The source is not known
 * to the caller then, but lives on in the arena, for the diagnostic. */
struct pxm_source *pxm_source_read(struct pxm_arena *arena, const char *path, const char *shown_path,
                                   struct pxm_diags *diags);
/* The same of text in memory, which is copied. */
struct pxm_source *pxm_source_of_text(struct pxm_arena *arena, const char *shown_path, const char *text, size_t length,
                                      struct pxm_diags *diags);
/* NULL with diagnostics. Reports every error of the subset it can, not only the first. */
struct pxm_node *pxm_yaml_parse(struct pxm_arena *arena, const struct pxm_source *source, struct pxm_diags *diags);
/* What it says where no type is declared: a plain scalar that reads as bool, int, float or null is that, every other
 * one a string. A new reference; NULL: no memory. */
pxm_value *pxm_node_value(const struct pxm_node *node);
struct pxm_node *pxm_node_get(const struct pxm_node *map, const char *key); /* NULL: not there, or no map */
/* The place in the file of a part of a scalar's value (offset and length in `text`), through quotes and escapes. */
struct pxm_span pxm_node_part(const struct pxm_node *scalar, size_t offset, size_t length);

#endif
