/* Collects the fields and files of a body in records. */
#include "app/upload.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"
#include <inttypes.h>
#include <string.h>

void app_upload_init(struct app_upload *upload, const struct app_intake_options *options)
{
    *upload =
        (struct app_upload){.trigger = options->trigger, .folder = options->spool, .bytes_max = options->bytes_max};
}

void app_upload_done(struct app_upload *upload)
{
    app_spool_done(&upload->spool);
    pxm_value_unref(upload->form);
    pxm_value_unref(upload->files);
    pxm_value_unref(upload->filenames);
    upload->form = upload->files = upload->filenames = NULL;
}

bool app_upload_wants(const struct app_upload *upload, const char *name)
{
    const char *const *names = upload->trigger->files;
    if (!upload->trigger->reads_files || names == NULL) {
        return upload->trigger->reads_files;
    }
    while (*names != NULL && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

const char *app_upload_name_text(const char *name, char buffer[APP_NAME_TEXT_MAX])
{
    buffer[0] = '"';
    pxm_utf8_copy(buffer + 1, APP_NAME_TEXT_MAX - 2, name);
    for (char *c = buffer + 1; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F) {
            *c = '?';
        }
    }
    size_t length = strlen(buffer);
    memcpy(buffer + length, "\"", 2);
    return buffer;
}

/* Sets a member of a record that is made when it is first needed. */
static pxm_status set(pxm_value **record, const char *name, pxm_value *item, pxm_error *error)
{
    if (*record == NULL) {
        *record = pxm_value_record();
    }
    return pxm_value_set(*record, name, item) == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
}

pxm_status app_upload_field(struct app_upload *upload, const char *name, const char *text, size_t length,
                            pxm_error *error)
{
    char shown[APP_NAME_TEXT_MAX];
    if (!pxm_utf8_valid(text, length) || memchr(text, '\0', length) != NULL) {
        return pxm_error_set(error, PXM_E_INVALID, "request.body", "the field %s is no text in UTF-8",
                             app_upload_name_text(name, shown));
    }
    size_t more = 0;
    if (__builtin_add_overflow(length, strlen(name), &more) || more > APP_FORM_BYTES_MAX - upload->field_bytes) {
        return pxm_error_set(error, PXM_E_INVALID, "request.fields", "the fields are more than the %d bytes allowed",
                             APP_FORM_BYTES_MAX);
    }
    upload->field_bytes += more;
    if (pxm_value_get(upload->form, name) != NULL) {
        return PXM_OK;
    }
    return set(&upload->form, name, pxm_value_string(text, length), error);
}

pxm_status app_upload_file_begin(struct app_upload *upload, const char *name, pxm_error *error)
{
    char shown[APP_NAME_TEXT_MAX];
    if (pxm_value_get(upload->files, name) != NULL) {
        return pxm_error_set(error, PXM_E_INVALID, "request.fields", "there are two files of the name %s",
                             app_upload_name_text(name, shown));
    }
    upload->is_kept = app_upload_wants(upload, name);
    return upload->is_kept ? app_spool_init(&upload->spool, upload->folder, -1, error) : PXM_OK;
}

pxm_status app_upload_file_add(struct app_upload *upload, const void *data, size_t length, pxm_error *error)
{
    int64_t bytes = 0;
    if (__builtin_add_overflow(upload->bytes, length, &bytes) || bytes > upload->bytes_max) {
        return pxm_error_set(error, PXM_E_LIMIT, "limit.bytes", "the files are more than the %" PRId64 " bytes allowed",
                             upload->bytes_max);
    }
    upload->bytes = bytes;
    return upload->is_kept ? app_spool_add(&upload->spool, data, length, error) : PXM_OK;
}

/* What a form sends where no file was chosen. */
static bool is_no_file(const struct app_upload *upload, const char *filename)
{
    return filename != NULL && filename[0] == '\0' && upload->spool.length == 0;
}

pxm_status app_upload_file_end(struct app_upload *upload, const char *name, const char *filename, pxm_error *error)
{
    pxm_blob *blob = NULL;
    if (!upload->is_kept) {
        return PXM_OK;
    }
    if (is_no_file(upload, filename)) {
        app_spool_done(&upload->spool);
        return PXM_OK;
    }
    pxm_status status = app_spool_finish(&upload->spool, &blob, error);
    if (status == PXM_OK) {
        status = set(&upload->files, name, pxm_value_blob(blob), error);
    }
    if (status == PXM_OK && filename != NULL && filename[0] != '\0') {
        status = set(&upload->filenames, name, pxm_value_cstring(filename), error);
    }
    return status;
}

void app_upload_take(struct app_upload *upload, struct app_body *ret)
{
    ret->form = upload->form;
    ret->files = upload->files;
    ret->filenames = upload->filenames;
    upload->form = upload->files = upload->filenames = NULL;
}
