/* A file that comes as text: base64, or a data: URL (RFC 2397). Decodes characters as they come into the bytes of an
 * upload. One thread at a time. */
#ifndef PXM_APP_FILE_TEXT_H
#define PXM_APP_FILE_TEXT_H

#include "app/base64.h"
#include "app/upload.h"

enum {
    APP_DATA_URL_HEAD_MAX = 256, /* of a data: URL, what stands between the colon and the comma */
    APP_FILE_TEXT_BYTES = 64 << 10
};

struct app_file_text {
    struct app_upload *upload; /* borrowed; a file is open in it */
    enum { APP_TEXT_START, APP_TEXT_HEAD, APP_TEXT_DATA } part;
    int64_t read; /* characters */
    bool is_url, is_base64;
    struct app_base64 base64;
    unsigned escape_left; /* hex digits that are to come */
    uint8_t escape;
    size_t head_length; /* of START: how much of "data:" */
    char head[APP_DATA_URL_HEAD_MAX];
    size_t used;
    uint8_t bytes[APP_FILE_TEXT_BYTES]; /* decoded, not handed on yet */
};

void app_file_text_init(struct app_file_text *text, struct app_upload *upload);
/* Takes characters. Line breaks are skipped in base64, and in a data: URL percent escapes are decoded. Fails with
 * "request.body", which says at which byte, or as app_upload_file_add does. */
pxm_status app_file_text_add(struct app_file_text *text, const char *data, size_t length, pxm_error *error);
/* Takes the digits of base64 that the data begins with, if digits may stand here, and says how many: the fast way
 * through a large file, as a digit stands for itself in whatever the text is a part of. */
pxm_status app_file_text_digits(struct app_file_text *text, const char *data, size_t length, size_t *ret_step,
                                pxm_error *error);
/* All was added. The file in the upload stays open. */
pxm_status app_file_text_finish(struct app_file_text *text, pxm_error *error);

#endif
