/* Pipelines on the command line: "decode ! thumbnail width=320 ! encode format=webp" as the YAML it stands for. */
#ifndef PXM_CLI_EXPRESSION_H
#define PXM_CLI_EXPRESSION_H

#include "cli.h"

#include "base/buf.h"
#include <stdbool.h>

/* Steps are separated by ` ! `; each is an operation and its options, NAME=VALUE; values with spaces stand in
 * quotes. The first step works on an input `file`, unless the catalog knows that it makes something from nothing.
 * False after it told the user. */
bool expression_to_yaml(const char *expression, const struct cli_project *plugins, struct pxm_buf *yaml);

#endif
