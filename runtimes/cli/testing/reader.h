/* Reading test files: what every part of their parser asks of a node, with diagnostics where the answer is no.
 * Memory is the arena's. Main thread. */
#ifndef PXM_CLI_TESTING_READER_H
#define PXM_CLI_TESTING_READER_H

#include "lang/program/program.h"
#include "lang/yaml/yaml.h"

struct reader {
    struct pxm_arena *arena;
    struct pxm_diags *diags;
    const struct pxm_project *project;
    const struct pxm_profile *profile; /* whose stores, tables and queues a test may name */
    const struct pxm_program *program; /* the pipeline that is tested */
    const char *folder;                /* of the test file; fixtures are found from here */
};

struct pxm_diag *reader_error(struct reader *reader, const char *code, struct pxm_span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with "did you mean" behind the caret where one of the words is near, else `otherwise`. */
void reader_unknown(struct reader *reader, const char *code, struct pxm_span span, const char *message,
                    const char *word, const char *const *words, size_t count, const char *otherwise);
/* Memory from the arena, zeroed; NULL (reported) when there is none. */
void *reader_array(struct reader *reader, size_t count, size_t size);

/* The node if it is of that kind, else NULL with a diagnostic. NULL gives NULL. `what`: "`given`". */
const struct pxm_node *reader_kind(struct reader *reader, const struct pxm_node *node, enum pxm_node_kind kind,
                                   const char *what);
/* Reports each key of the map that is none of `known` (NULL at the end). `where`: "a test". */
void reader_keys(struct reader *reader, const struct pxm_node *map, const char *const *known, const char *where);
/* Scalars. False after a diagnostic; *ret stays as it is where the node is NULL. */
bool reader_int(struct reader *reader, const struct pxm_node *node, int64_t least, int64_t most, int64_t *ret);
bool reader_bool(struct reader *reader, const struct pxm_node *node, bool *ret);
/* Index in `words` (NULL at the end), or -1 with a diagnostic. */
int reader_word(struct reader *reader, const struct pxm_node *node, const char *const *words, const char *what);
/* What the node says where no type is declared; lives as long as the arena. NULL (reported): no memory. */
const pxm_value *reader_value(struct reader *reader, const struct pxm_node *node);
/* The path of a file beside the test file. NULL after a diagnostic. */
const char *reader_path(struct reader *reader, const struct pxm_node *node);

/* Whether the profile has it; reports where it has not. `key` is where it is named. */
bool reader_resource(struct reader *reader, enum pxm_resource_kind kind, const struct pxm_node *key);
/* The step that `name` stands for: an id of the tested pipeline, or PIPELINE.ID of another. NULL after a diagnostic. */
struct reader_step {
    const struct pxm_program *program;
    const struct pxm_step *step;
};
bool reader_step(struct reader *reader, const struct pxm_node *name, struct reader_step *ret);

#endif
