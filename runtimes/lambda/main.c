/* A program without plugins of its own. */
#include "lambda/lambda.h"

int main(int argc, char **argv)
{
    static const pxm_plugin_entry_fn none[] = {NULL};

    return lambda_main(argc, argv, none);
}
