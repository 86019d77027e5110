/* Tests as they are written, checked against the project they belong to. All of it lives in the arena of the reader
 * and is read-only once parsed. Main thread. */
#ifndef PXM_CLI_TESTING_TESTFILE_H
#define PXM_CLI_TESTING_TESTFILE_H

#include "match.h"
#include "reader.h"
#include "tools.h"

/* ---- given ---- */

enum content_kind { CONTENT_FILE, CONTENT_TEXT, CONTENT_GENERATE };
struct content { /* bytes */
    enum content_kind kind;
    const struct pxm_node *node;
    const char *path; /* FILE */
    const char *text; /* TEXT */
    size_t length;
    struct tools_picture picture; /* GENERATE */
};

/* An input, or a field of an event: a value, or bytes, or a record of bytes. */
struct datum {
    const char *name;
    const pxm_value *value;
    const struct content *content;
    size_t count;
    const struct datum *items;
};

struct given_object {
    const char *store, *key;
    const struct content *content;
    const pxm_value *meta; /* NULL: none */
};
struct given_item {
    const char *table, *key;
    const struct pxm_node *node;
    const pxm_value *value;
};
struct given {
    size_t input_count;
    const struct datum *inputs;        /* of the pipeline, by name */
    const struct pxm_trigger *trigger; /* NULL: inputs are given */
    size_t field_count;
    const struct datum *fields; /* of the event */
    size_t object_count;
    const struct given_object *objects;
    size_t item_count;
    const struct given_item *items;
};

/* ---- faults ---- */

struct fault {
    const char *program, *step;
    int64_t times;
    pxm_status status;
    const char *code, *message;
};

/* ---- expect ---- */

enum outcome { OUTCOME_OK, OUTCOME_FAILED, OUTCOME_STOPPED };
/* How steps end, as counted. */
enum step_outcome { STEP_OK, STEP_SKIPPED, STEP_FAILED, STEP_FALLBACK, STEP_STOPPED, STEP_OUTCOMES };
extern const char *const outcome_words[];      /* NULL at the end */
extern const char *const step_outcome_words[]; /* NULL at the end */

struct expected_step {
    const struct pxm_node *node; /* the id */
    const char *program, *step, *name;
    int outcome;                               /* of every time it ended; -1: counts are given */
    const struct match *counts[STEP_OUTCOMES]; /* NULL: any */
    const struct match *attempts;              /* of `attempts:` */
};
struct expected_entry {
    const struct pxm_node *node; /* the key */
    const struct match *match;
};
struct expected_contents { /* of a store or table */
    const char *name;
    const struct pxm_node *node;
    bool others; /* may be there too */
    size_t count;
    const struct expected_entry *entries;
};
struct expected_queue {
    const char *name;
    const struct match *messages; /* bodies, a list, in the order they were sent */
};
struct expect {
    const struct pxm_node *node;
    const struct pxm_node *outcome_node; /* NULL: as the rest says */
    enum outcome outcome;
    const struct pxm_node *error_node; /* NULL: any */
    const struct match *error;         /* a record */
    const struct match *output;
    size_t step_count;
    const struct expected_step *steps;
    size_t store_count, table_count, queue_count;
    const struct expected_contents *stores, *tables;
    const struct expected_queue *queues;
    const struct match *peak_memory; /* bytes */
};

/* ---- tests ---- */

struct test {
    const char *name;
    struct pxm_span span; /* of its first line */
    const struct pxm_program *program;
    struct given given;
    size_t fault_count;
    const struct fault *faults;
    struct expect expect;
};
struct tests {
    size_t count, capacity;
    struct test *items; /* in the order of files and lines */
};

enum { TESTS_MAX = 10000 };

/* Adds the tests of a file `NAME.test.yaml`, or of the `tests:` of a pipeline whose root node is given. Errors go to
 * the reader's diagnostics. reader->program is set. */
void testfile_read(struct reader *reader, const char *path, struct tests *tests);
void testfile_read_list(struct reader *reader, const struct pxm_node *list, struct tests *tests);

/* The parts of a test; each reports what is wrong. `node` may be NULL. */
void given_parse(struct reader *reader, const struct pxm_node *node, struct given *ret);
void faults_parse(struct reader *reader, const struct pxm_node *node, struct test *test);
void expect_parse(struct reader *reader, const struct pxm_node *node, struct expect *ret);

/* The status that an error of this code has. */
pxm_status fault_status(const char *code);

#endif
