/* What yaml.c and yaml_subset.c share: one pass over the events of a document. */
#ifndef PXM_LANG_YAML_READER_H
#define PXM_LANG_YAML_READER_H

#include "lang/yaml/yaml.h"
#include "lang/yaml/yaml_problem.h"

struct pxm_yaml_frame {
    struct pxm_node *node;
    size_t base; /* where its children start on the stack */
};

/* One pass. */
struct pxm_yaml_reader {
    struct pxm_yaml_text *text;
    struct pxm_arena *arena; /* of the nodes */
    struct pxm_diags *diags;
    struct pxm_node *root;
    struct pxm_node **stack; /* children of open lists and maps; keys and values take turns */
    size_t stack_count, stack_capacity;
    struct pxm_yaml_frame frames[PXM_YAML_DEPTH_MAX];
    size_t depth, nodes;
    uint32_t last_end; /* offset behind the last scalar or bracket */
    bool failed;       /* something was reported */
    bool done;         /* no event after this one is wanted */
    bool mended;       /* another pass may find more */
};

/* Reports an error at `span` and marks the pass as failed. */
struct pxm_diag *pxm_yaml_report(struct pxm_yaml_reader *reader, const char *code, struct pxm_span span,
                                 const char *message);
void pxm_yaml_out_of_memory(struct pxm_yaml_reader *reader);

/* Whether the next node is a key. */
bool pxm_yaml_wants_key(const struct pxm_yaml_reader *reader);
/* Before the node is added: */
void pxm_yaml_check_scalar(struct pxm_yaml_reader *reader, const yaml_event_t *event, const struct pxm_node *node);
void pxm_yaml_check_alias(struct pxm_yaml_reader *reader, struct pxm_span span);
void pxm_yaml_check_collection(struct pxm_yaml_reader *reader, const yaml_event_t *event, struct pxm_span span);
/* Of a map that is filled. */
void pxm_yaml_check_duplicates(struct pxm_yaml_reader *reader, const struct pxm_node *map);
/* Whether anything but comments follows the first document, which ends with `event`. */
void pxm_yaml_check_rest(struct pxm_yaml_reader *reader, const yaml_event_t *event);
void pxm_yaml_report_empty_file(struct pxm_yaml_reader *reader);
/* Of the text before the document; false: there are some, and libyaml would compare each with all others. */
bool pxm_yaml_check_directives(const struct pxm_source *source, struct pxm_diags *diags);

#endif
