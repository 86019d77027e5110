/* The program `bootstrap`: the custom runtime of Lambda, and what `pixmill invoke` starts. */
#ifndef PXM_LAMBDA_LAMBDA_H
#define PXM_LAMBDA_LAMBDA_H

#include <pixmill/plugin.h>

/* Exit statuses of the commands, as those of `pixmill`. */
enum { LAMBDA_EXIT_FAILED = 1, LAMBDA_EXIT_USAGE = 2, LAMBDA_EXIT_CHECK = 3 };

/* The whole of a program's main. `builtins`: plugins that are linked into it, NULL at the end; they are found before
 * any file. Returns the exit status. */
int lambda_main(int argc, char **argv, const pxm_plugin_entry_fn *builtins);

/* Answers events until there are no more. */
int lambda_serve(const pxm_plugin_entry_fn *builtins);
/* invoke [--handler=NAME] [--project=PATH] [--profile=NAME] EVENT.json: one event of a file, the answer on standard
 * output. */
int lambda_invoke(int argc, char **argv, const pxm_plugin_entry_fn *builtins);

#endif
