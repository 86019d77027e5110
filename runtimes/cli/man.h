/* Writing man pages on standard output, in man(7) form. Main thread. */
#ifndef PXM_CLI_MAN_H
#define PXM_CLI_MAN_H

/* The title and the line that whatis(1) shows. `section`: 1 for commands, 7 for what pipelines are made of. */
void man_print_head(const char *name, int section, const char *summary);
/* Text as it is: backslashes, and dots and quotes at the start of a line, mean something to troff. */
void man_print_text(const char *text);

#endif
