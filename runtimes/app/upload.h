/* The files and fields of one body, as the readers of JSON and of forms find them. One thread at a time. */
#ifndef PXM_APP_UPLOAD_H
#define PXM_APP_UPLOAD_H

#include "app/intake.h"
#include "app/spool.h"
#include <stdbool.h>

struct app_upload {
    const struct app_trigger *trigger;   /* borrowed */
    int folder;                          /* as in struct app_intake_options */
    int64_t bytes_max, bytes;            /* of all files */
    size_t field_bytes;                  /* of all fields, with their names */
    pxm_value *form, *files, *filenames; /* records; NULL: none yet */
    struct app_spool spool;              /* of the file that is open */
    bool is_kept;                        /* the open file is one that the trigger reads */
};

void app_upload_init(struct app_upload *upload, const struct app_intake_options *options);
void app_upload_done(struct app_upload *upload);
/* Whether the trigger reads event.files.NAME. */
bool app_upload_wants(const struct app_upload *upload, const char *name);

/* The first of a name counts. Codes: request.fields (too long), request.body (no UTF-8, or a NUL). */
pxm_status app_upload_field(struct app_upload *upload, const char *name, const char *text, size_t length,
                            pxm_error *error);
/* One file after the other. What the trigger does not read is counted and dropped. */
pxm_status app_upload_file_begin(struct app_upload *upload, const char *name, pxm_error *error);
/* Codes: limit.bytes, and those of app_spool_add. */
pxm_status app_upload_file_add(struct app_upload *upload, const void *data, size_t length, pxm_error *error);
/* `filename` NULL: not known. Code request.fields: there is a file of that name. */
pxm_status app_upload_file_end(struct app_upload *upload, const char *name, const char *filename, pxm_error *error);
/* Hands the records over. */
void app_upload_take(struct app_upload *upload, struct app_body *ret);

/* "NAME" as far as it is short and harmless enough to be in a message. */
enum { APP_NAME_TEXT_MAX = 68 };
const char *app_upload_name_text(const char *name, char buffer[APP_NAME_TEXT_MAX]);

#endif
