/* A program with the plugins that its build linked in. */
#include "lambda/lambda.h"
#include <pixmill/pixmill.h>

int main(int argc, char **argv)
{
    return lambda_main(argc, argv, pxm_static_plugins);
}
