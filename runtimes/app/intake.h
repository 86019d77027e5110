/* Takes the body of a request as it comes in, in pieces of any size, and makes of it what the trigger reads. Bytes of
 * files go to unlinked files of a folder (O_TMPFILE), hashed on the way, as soon as they exceed a threshold, so a body
 * takes little memory whatever its size. By Content-Type:
 *
 *   multipart/form-data                form: fields, of which the first of a name counts; files: parts with a filename,
 *                                      two of a name are request.fields; filenames: what those were called. A file that
 *                                      has neither bytes nor a name is one that nobody chose, and absent
 *   application/x-www-form-urlencoded  form: fields, of which the first of a name counts; or body, where the first
 * bytes
 *                                      are those of a file and the trigger reads it
 *   application/json, .../...+json     json; members of the top level that the trigger reads as files and that are
 *                                      strings hold base64 or a data: URL (RFC 2397): they are decoded as they stream
 *                                      into files, and are absent from json. Where the trigger may read any file, those
 *                                      that begin with "data:" are files
 *   anything else, or none             body
 *
 * A trigger that reads none of json, form and files gets any body as `body`. What the trigger does not read is
 * request.media: a trigger of json alone takes no picture. Files of names that it does not read are dropped. A body of
 * no bytes is none, whatever its type. One thread at a time. */
#ifndef PXM_APP_INTAKE_H
#define PXM_APP_INTAKE_H

#include "app/head.h"
#include "app/manifest.h"

enum {
    APP_JSON_BYTES_MAX = 1 << 20, /* of JSON text without its files */
    APP_JSON_DEPTH_MAX = 24,      /* of lists and objects in each other; an event and more is around them */
    APP_FORM_BYTES_MAX = 1 << 20, /* of all fields of a form, with their names */
    APP_PARTS_MAX = 64,           /* of a multipart body */
    APP_PART_HEADERS_BYTES_MAX = 4 << 10,
    APP_MEMORY_BYTES = 64 << 10, /* a file up to this stays in memory */
};

struct app_intake_options {
    const struct app_trigger *trigger; /* borrowed until the intake is freed */
    const char *content_type;          /* NULL: not said; copied */
    int64_t content_length;            /* -1: not said */
    int64_t bytes_max;                 /* of the body; of one that wraps files, of these together */
    int spool;                         /* open folder for unlinked files; borrowed; -1: memory only */
};

struct app_body { /* what is not there is NULL */
    pxm_blob *body;
    pxm_value *json;                     /* any JSON value */
    pxm_value *form, *files, *filenames; /* records */
    uint8_t sha256[32];                  /* of the whole body as received: tells repeated requests */
    int64_t bytes;
};

struct app_intake; /* opaque */

/* Codes, here and below: request.media (415), request.body (400: not what its type says, cut short, not as long as it
 * said), limit.bytes (413), request.fields (400: too many or too long), store.full (507, no space in the folder).
 * After a failure only free may be called. */
pxm_status app_intake_new(const struct app_intake_options *options, struct app_intake **ret, pxm_error *error);
pxm_status app_intake_feed(struct app_intake *intake, const void *data, size_t length, pxm_error *error);
/* All of the body was fed. Fills *ret, to be freed with app_body_done. */
pxm_status app_intake_finish(struct app_intake *intake, struct app_body *ret, pxm_error *error);
void app_intake_free(struct app_intake *intake);
void app_body_done(struct app_body *body);

#endif
