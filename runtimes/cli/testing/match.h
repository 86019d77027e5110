/* Expectations of values, blobs and stored objects, as tests write them: a scalar is what the value must be, a list
 * what its items must be, a map with one or more matchers what must hold of it. Parsed once, checked when the test
 * has run. */
#ifndef PXM_CLI_TESTING_MATCH_H
#define PXM_CLI_TESTING_MATCH_H

#include "cli.h"
#include "problems.h"
#include "reader.h"

#include <regex.h>

struct tools;

enum match_kind {
    MATCH_LITERAL,  /* scalar: equal, as the value's type reads it */
    MATCH_COMPARE,  /* "<= 40KiB" */
    MATCH_ITEMS,    /* a list: item by item */
    MATCH_RECORD,   /* {record: {...}}: these fields; others do not matter */
    MATCH_EQUALS,   /* {equals: anything}: exactly that */
    MATCH_LENGTH,   /* {len: N}: of text, list, record */
    MATCH_REGEX,    /* {matches: "..."}: POSIX extended, anywhere */
    MATCH_NEAR,     /* {near: N, by: M}: a number, or each of a list */
    MATCH_ANY,      /* {any: true}: there, and not null */
    MATCH_ABSENT,   /* {absent: true}: not there, or null */
    MATCH_ONE_OF,   /* {one_of: [...]} */
    MATCH_CONTAINS, /* {contains: x}: a part of a text, or an item of a list */
    MATCH_BLOB      /* {image: ..., text: ..., file: ..., bytes: ..., content_type: ...}: all of them */
};
enum match_compare { MATCH_LESS, MATCH_AT_MOST, MATCH_MORE, MATCH_AT_LEAST };

struct match {
    enum match_kind kind;
    const struct pxm_node *node; /* as written */
    enum match_compare compare;
    double number, by;
    const char *text;       /* COMPARE: as written */
    const pxm_value *value; /* EQUALS, NEAR */
    regex_t *regex;
    size_t count; /* ITEMS, RECORD, ONE_OF, and LENGTH, CONTAINS: 1 */
    const struct match **items;
    const char **names; /* RECORD */
    const struct match_blob *blob;
};

struct match_like {
    const struct pxm_node *node;
    const char *path, *shown; /* of the golden file: to open, and as written */
    const struct match *mean_de, *max_de, *dhash;
};
/* Facts that `inspect` tells of a picture. */
enum { MATCH_FACTS_MAX = 16 };
struct match_picture {
    const struct pxm_node *node;
    size_t count;
    const char *names[MATCH_FACTS_MAX];
    const struct match *facts[MATCH_FACTS_MAX];
    const struct match_like *like; /* NULL: any */
};
struct match_blob { /* each NULL: any */
    const struct match_picture *image;
    const struct match *text, *bytes, *content_type, *cache_control, *meta;
    const char *path, *shown; /* whose bytes it must have */
    const struct pxm_node *path_node;
};

/* NULL after diagnostics. */
const struct match *match_parse(struct reader *reader, const struct pxm_node *node);
/* Of an object in a store: {any: true}, {absent: true}, or what must hold of its bytes and attributes. */
const struct match *match_parse_object(struct reader *reader, const struct pxm_node *node);
/* A number or a comparison. */
const struct match *match_parse_number(struct reader *reader, const struct pxm_node *node);
/* Of an item of a table: {absent: true}, or fields. */
const struct match *match_parse_item(struct reader *reader, const struct pxm_node *node);
/* Fields of a record. */
const struct match *match_parse_fields(struct reader *reader, const struct pxm_node *map);
const struct match_picture *match_parse_picture(struct reader *reader, const struct pxm_node *node);

/* What is needed while checking. */
struct match_context {
    struct tools *tools;
    struct problems *problems; /* NULL: only the answer matters */
    const char *root;          /* folder of the project: failed pictures are saved below */
    bool bless;
    size_t blessed; /* golden files written */
};
/* Whether the value (NULL: none) is as expected; if not, problems tell where. `what` names it: "output.width". */
bool match_check(struct match_context *context, const struct match *match, const char *what, const pxm_value *actual);
/* Of a blob with its attributes, a record {content_type cache_control meta}; each may be missing. */
bool match_check_blob(struct match_context *context, const struct match *match, const char *what, pxm_blob *blob,
                      const pxm_value *attributes);
bool match_check_picture(struct match_context *context, const struct match_picture *picture, const char *what,
                         pxm_blob *blob);
bool match_check_number(const struct match *match, double number);
/* "<= 4", "3", "one of ...": what was expected, in few words. */
void match_describe(const struct match *match, char *buffer, size_t size);
/* A value in few words, safe for terminals. */
enum { MATCH_TEXT_MAX = 160 };
void match_describe_value(const pxm_value *value, char buffer[MATCH_TEXT_MAX]);

#endif
