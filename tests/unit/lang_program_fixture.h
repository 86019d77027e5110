/* A small world for tests of the compiler: a catalog of plugins that only describe themselves, and projects in a
 * temporary folder that is the working directory while a test runs, so that diagnostics show short paths. */
#ifndef PXM_TESTS_LANG_PROGRAM_FIXTURE_H
#define PXM_TESTS_LANG_PROGRAM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lang/program/program.h"

/* Operations: decode thumbnail encode blurhash negotiate upper acme.facecrop vips.{sharpen gaussblur composite2 avg
 * gamma}; acme.broken cannot be loaded. Stores: localfs (cannot presign), s3, and broken, which cannot be loaded.
 * Tables: sqlite, dynamodb. Queues: dir, sqs. Auth: hmac. Plugins that can be required: acme.facecrop 1.3. */
extern const struct pxm_catalog fake_catalog;

/* A project with one profile `local` (stores originals, thumbs, rejected; table images; queue jobs; auth users; secret
 * upload_key) and hosts daemon and lambda. */
extern const char fake_project[];

struct world {
    char folder[64];
    char back[4096]; /* where one stood before */
    struct pxm_arena *arena;
    struct pxm_diags diags;
    struct pxm_project *project;
};
/* Files given as path, text, path, text, ..., NULL; parses what `path` names (NULL: found from the folder). */
void world_open(struct world *world, const char *path, ...) __attribute__((sentinel));
void world_close(struct world *world);
/* Writes a file below the folder, which is made if need be. */
void world_write(const struct world *world, const char *path, const char *text);
void world_parse(struct world *world, const struct pxm_load_options *options);

/* The diagnostics of fake_project with one pipeline `pipelines/p.yaml`, as people see them; "" when there are none.
 * Valid until the next call. */
const char *diagnose(const char *pipeline);
/* The same of any files, as for world_open; pixmill.yaml is fake_project if not given. */
const char *diagnose_files(const char *path, ...) __attribute__((sentinel));
/* Diagnostics of a world as text; valid until the next call. */
const char *world_text(const struct world *world);
/* A pipeline that must check clean; world_close is up to the caller. */
const struct pxm_program *world_program(struct world *world, const char *pipeline);

#endif
