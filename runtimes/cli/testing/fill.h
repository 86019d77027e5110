/* What a test gives: objects and records before it starts, and the inputs that it starts with. Main thread. */
#ifndef PXM_CLI_TESTING_FILL_H
#define PXM_CLI_TESTING_FILL_H

#include "testfile.h"
#include "tools.h"

/* The bytes of a content, as a new reference. */
pxm_status fill_content(struct tools *tools, const struct content *content, pxm_blob **ret, pxm_error *error);
/* Puts the given objects and records into the project's stores and tables. */
pxm_status fill_resources(struct tools *tools, pxm_project_handle *handle, const struct given *given, pxm_error *error);
/* One value for each input, NULL where nothing is given: of `input`, or what the trigger makes of `event`. Free with
 * pxm_bind_free. A failure with the code fill_code is that of a fixture; any other is the run's own. */
extern const char fill_code[];
pxm_status fill_inputs(struct tools *tools, pxm_pipeline *pipeline, const struct given *given, pxm_value ***ret,
                       pxm_error *error);

#endif
