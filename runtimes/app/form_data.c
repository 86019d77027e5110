/* From parts to fields and files. */
#include "app/form_data.h"

#include "base/error.h"

static pxm_status fields_too_long(pxm_error *error)
{
    return pxm_error_set(error, PXM_E_INVALID, "request.fields", "the fields are more than the %d bytes allowed",
                         APP_FORM_BYTES_MAX);
}

static pxm_status begin_part(void *arg, struct app_part *part, pxm_error *error)
{
    struct app_form_data *form = arg;
    form->part = *part;
    pxm_buf_clear(&form->field);
    return part->is_file ? app_upload_file_begin(form->upload, part->name, error) : PXM_OK;
}

static pxm_status add_data(void *arg, const void *data, size_t length, pxm_error *error)
{
    struct app_form_data *form = arg;
    if (form->part.is_file) {
        return app_upload_file_add(form->upload, data, length, error);
    }
    pxm_status status = pxm_buf_add(&form->field, data, length);
    if (status == PXM_E_LIMIT) {
        return fields_too_long(error);
    }
    return status == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
}

static pxm_status end_part(void *arg, pxm_error *error)
{
    struct app_form_data *form = arg;
    const struct app_part *part = &form->part;
    pxm_status status = part->is_file
                            ? app_upload_file_end(form->upload, part->name, part->filename, error)
                            : app_upload_field(form->upload, part->name, form->field.data, form->field.length, error);
    app_part_done(&form->part);
    return status;
}

static const struct app_multipart_sink sink = {.begin = begin_part, .data = add_data, .end = end_part};

void app_form_data_init(struct app_form_data *form, const char *boundary, struct app_upload *upload)
{
    *form = (struct app_form_data){.upload = upload};
    pxm_buf_init(&form->field, APP_FORM_BYTES_MAX);
    app_multipart_init(&form->multipart, boundary, &sink, form);
}

void app_form_data_done(struct app_form_data *form)
{
    if (form->upload == NULL) {
        return;
    }
    app_multipart_done(&form->multipart);
    app_part_done(&form->part);
    pxm_buf_done(&form->field);
}

pxm_status app_form_data_feed(struct app_form_data *form, const void *data, size_t length, pxm_error *error)
{
    return app_multipart_feed(&form->multipart, data, length, error);
}

pxm_status app_form_data_finish(struct app_form_data *form, pxm_error *error)
{
    return app_multipart_finish(&form->multipart, error);
}
