/* What tests need of pictures: making one, looking at one, comparing two, writing one in another format. The work is
 * done by pipelines of their own, in an engine of their own with wide limits, so that the runner knows no codec.
 * Main thread. */
#ifndef PXM_CLI_TESTING_TOOLS_H
#define PXM_CLI_TESTING_TOOLS_H

#include "engine/project_handle.h"

enum tool { TOOL_GENERATE, TOOL_INSPECT, TOOL_COMPARE, TOOL_CONVERT, TOOL_COUNT };

struct tools {
    pxm_engine *engine; /* NULL: not needed so far */
    pxm_project_handle *handles[TOOL_COUNT];
};

/* Deterministic noise in three colours; the same seed gives the same picture. */
enum { TOOLS_SEED_MAX = 999999 };
struct tools_picture {
    int64_t width, height, seed;
    const char *format; /* as `encode` takes it */
};
pxm_status tools_generate(struct tools *tools, const struct tools_picture *picture, pxm_blob **ret, pxm_error *error);
/* The fields of `inspect`, as a new record. */
pxm_status tools_inspect(struct tools *tools, pxm_blob *blob, pxm_value **ret, pxm_error *error);
/* The fields of `compare`, and `picture`, its result, as a new record. */
pxm_status tools_compare(struct tools *tools, pxm_blob *blob, pxm_blob *with, pxm_value **ret, pxm_error *error);
pxm_status tools_convert(struct tools *tools, pxm_blob *blob, const char *format, pxm_blob **ret, pxm_error *error);
void tools_done(struct tools *tools);

#endif
