/* Pipelines on the command line: "decode ! thumbnail width=320 ! encode format=webp" as the YAML it stands for. */
#ifndef PXM_CLI_EXPRESSION_H
#define PXM_CLI_EXPRESSION_H

#include "base/buf.h"
#include <stdbool.h>

/* Steps are separated by ` ! `; each is an operation and its options, NAME=VALUE; values with spaces stand in quotes.
 * False after it told the user. */
bool expression_to_yaml(const char *expression, struct pxm_buf *yaml);

#endif
