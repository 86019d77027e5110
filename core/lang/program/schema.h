/* JSON Schemas (draft 2020-12) for editors: of pixmill.yaml and of pipelines. Operations are properties of one flat
 * step object and never alternatives (`oneOf`), so that an editor marks exactly the wrong key and completes clean
 * names. */
#ifndef PXM_LANG_SCHEMA_H
#define PXM_LANG_SCHEMA_H

#include "lang/program/operation.h"

/* New records, made of the tables that check the files; pxm_json_write gives the documents. All operations and drivers
 * that the catalog names are in them; those whose plugins cannot be loaded are left out. NULL: no memory. */
pxm_value *pxm_schema_pipeline(const struct pxm_catalog *catalog);
pxm_value *pxm_schema_project(const struct pxm_catalog *catalog);

#endif
