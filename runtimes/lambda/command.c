/* Which of its two callers the program has. */
#include "lambda/lambda.h"

#include <malloc.h>
#include <string.h>

enum { ARENAS = 2, BLOCK_BYTES = 128 << 10 };

/* A function pays for memory by its most, and one arena for each thread would keep what pictures took. Before anything
 * else is allocated. */
static void tune_malloc(void)
{
    mallopt(M_ARENA_MAX, ARENAS);
    mallopt(M_MMAP_THRESHOLD, BLOCK_BYTES);
}

int lambda_main(int argc, char **argv, const pxm_plugin_entry_fn *builtins)
{
    tune_malloc();
    return argc > 1 && strcmp(argv[1], "invoke") == 0 ? lambda_invoke(argc - 1, argv + 1, builtins)
                                                      : lambda_serve(builtins);
}
