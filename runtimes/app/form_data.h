/* A form of multipart/form-data: its parts become the fields and files of an upload. One thread at a time. */
#ifndef PXM_APP_FORM_DATA_H
#define PXM_APP_FORM_DATA_H

#include "app/multipart.h"
#include "app/upload.h"

struct app_form_data {
    struct app_upload *upload; /* borrowed */
    struct app_multipart multipart;
    struct app_part part; /* the one that is being read */
    struct pxm_buf field; /* its text, where it is no file */
};

/* `boundary` as of a media type. Must not move; free with app_form_data_done. */
void app_form_data_init(struct app_form_data *form, const char *boundary, struct app_upload *upload);
/* Codes: those of app_multipart_feed and of the upload. */
pxm_status app_form_data_feed(struct app_form_data *form, const void *data, size_t length, pxm_error *error);
pxm_status app_form_data_finish(struct app_form_data *form, pxm_error *error);
void app_form_data_done(struct app_form_data *form); /* also of one that is all zero */

#endif
