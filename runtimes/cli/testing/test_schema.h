/* The JSON Schema (draft 2020-12) of *.test.yaml, for editors. */
#ifndef PXM_CLI_TESTING_TEST_SCHEMA_H
#define PXM_CLI_TESTING_TEST_SCHEMA_H

#include "lang/program/operation.h"

/* A new record; NULL: no memory. The catalog has no part in it. */
pxm_value *test_schema(const struct pxm_catalog *catalog);

#endif
