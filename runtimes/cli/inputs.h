/* The inputs of a run from the command line: --set NAME=VALUE and the file. Main thread. */
#ifndef PXM_CLI_INPUTS_H
#define PXM_CLI_INPUTS_H

#include "cli.h"

enum { INPUTS_MAX = 64 };

struct inputs {
    struct pxm_input_value values[INPUTS_MAX];
    size_t count;
    char *texts[2 * INPUTS_MAX]; /* what the values point at */
    size_t text_count;
};

/* `file` NULL: none. `rel`: what {rel} stands for; NULL: the same as file. In --set values {path} {rel} {name} {stem}
 * are replaced where `file` is given and `expand`; "@FILE" gives a blob input another file. False after it told the
 * user. */
bool inputs_make(struct inputs *inputs, const struct args *args, const struct pxm_program *program, const char *file,
                 const char *rel, bool expand);
/* Adds `text` with {path} {rel} {name} {stem} replaced; any other brace stays as it is. */
void inputs_expand(struct pxm_buf *buf, const char *text, const char *file, const char *rel);
void inputs_done(struct inputs *inputs);

#endif
