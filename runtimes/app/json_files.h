/* JSON as it comes in, whose files are taken out of it on the way: members of the top level that are strings of base64
 * or data: URLs. They are never in memory as a whole, and null stands in their place until the rest, which is small, is
 * parsed. So whatever is refused by the parser of the core is refused here, and nothing else is taken. One thread at a
 * time. */
#ifndef PXM_APP_JSON_FILES_H
#define PXM_APP_JSON_FILES_H

#include "app/file_text.h"

struct app_json_files; /* opaque */

/* `upload` is borrowed. Which members are files: those that the trigger reads; where it may read any, those that begin
 * with "data:". NULL: no memory. */
struct app_json_files *app_json_files_new(struct app_upload *upload);
/* Codes: request.body, limit.bytes (also of more than APP_JSON_BYTES_MAX beside the files), and those of the upload. */
pxm_status app_json_files_feed(struct app_json_files *json, const void *data, size_t length, pxm_error *error);
/* The value without its files. */
pxm_status app_json_files_finish(struct app_json_files *json, pxm_value **ret, pxm_error *error);
void app_json_files_free(struct app_json_files *json);

#endif
