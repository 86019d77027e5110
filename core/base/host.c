/* The host table: every entry is a function of core/base, or a few lines that fit one to the signature of plugin.h. */
#include "base/host.h"

#include "base/blob.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/image.h"
#include "base/job.h"
#include "base/json.h"
#include "base/log.h"
#include "base/media.h"
#include "base/stream.h"
#include "base/utf8.h"
#include "base/value.h"
#include <stdlib.h>
#include <string.h>

static const struct pxm_host_impl *impl_of(const struct pxm_host *host)
{
    return host->impl;
}

static void host_log(const struct pxm_host *host, const pxm_job *job, int32_t level, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void host_log(const struct pxm_host *host, const pxm_job *job, int32_t level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pxm_logv(level, impl_of(host)->name, job != NULL ? job->id : NULL, format, args);
    va_end(args);
}

static const char *host_job_id(const pxm_job *job)
{
    return job != NULL ? job->id : "";
}

static int64_t host_now_ms(const struct pxm_host *host)
{
    const struct pxm_clock *clock = impl_of(host)->clock;
    return clock->wall_ms(clock->arg);
}

static int32_t host_value_equal(const pxm_value *a, const pxm_value *b)
{
    return pxm_value_equal(a, b);
}

static int32_t host_utf8_valid(const char *text, size_t length)
{
    return pxm_utf8_valid(text, length);
}

static pxm_status host_value_to_json(const pxm_value *value, pxm_blob **ret, pxm_error *error)
{
    struct pxm_buf buf;
    pxm_buf_init(&buf, PXM_JSON_BYTES_MAX);
    pxm_status status = pxm_json_write(&buf, value, 0, 0, error);
    if (status != PXM_OK) {
        pxm_buf_done(&buf);
        return status;
    }
    size_t length = buf.length;
    char *text = pxm_buf_take(&buf);
    pxm_blob *blob = text != NULL ? pxm_blob_new(text, length, free, text) : NULL;
    if (blob == NULL) {
        return pxm_error_no_memory(error);
    }
    pxm_blob_set_media(blob, "application/json");
    *ret = blob;
    return PXM_OK;
}

static const void *host_extension(const struct pxm_host *host, const char *id)
{
    const struct pxm_extension *at = impl_of(host)->extensions;
    while (at != NULL && at->id != NULL) {
        if (strcmp(at->id, id) == 0) {
            return at->table;
        }
        at++;
    }
    return NULL;
}

static const struct pxm_host host_table = {
    .struct_size = sizeof host_table,
    .abi = PXM_ABI_CURRENT,
    .log = host_log,
    .fail = pxm_error_set,
    .fail_note = pxm_error_note,
    .remaining_ms = pxm_job_remaining_ms,
    .job_id = host_job_id,
    .limits = pxm_job_limits,
    .now_ms = host_now_ms,
    .value_null = pxm_value_null,
    .value_bool = pxm_value_bool,
    .value_int = pxm_value_int,
    .value_float = pxm_value_float,
    .value_string = pxm_value_string,
    .value_list = pxm_value_list,
    .value_record = pxm_value_record,
    .value_blob = pxm_value_blob,
    .value_image = pxm_value_image,
    .value_append = pxm_value_append,
    .value_set = pxm_value_set,
    .value_ref = pxm_value_ref,
    .value_unref = pxm_value_unref,
    .value_type = pxm_value_type,
    .value_as_bool = pxm_value_as_bool,
    .value_as_int = pxm_value_as_int,
    .value_as_float = pxm_value_as_float,
    .value_as_string = pxm_value_as_string,
    .value_as_blob = pxm_value_as_blob,
    .value_as_image = pxm_value_as_image,
    .value_count = pxm_value_count,
    .value_at = pxm_value_at,
    .value_key = pxm_value_key,
    .value_get = pxm_value_get,
    .value_equal = host_value_equal,
    .utf8_valid = host_utf8_valid,
    .value_to_json = host_value_to_json,
    .value_from_json = pxm_json_parse,
    .blob_new = pxm_blob_new,
    .blob_from_fd = pxm_blob_from_fd,
    .blob_ref = pxm_blob_ref,
    .blob_unref = pxm_blob_unref,
    .blob_data = pxm_blob_data,
    .blob_length = pxm_blob_length,
    .blob_fd = pxm_blob_fd,
    .blob_sha256 = pxm_blob_sha256,
    .blob_set_media = pxm_blob_set_media,
    .blob_media = pxm_blob_media,
    .media_type = pxm_media_type,
    .stream_new = pxm_stream_new,
    .stream_of_blob = pxm_stream_of_blob,
    .stream_read = pxm_stream_read,
    .stream_size = pxm_stream_size,
    .stream_rewind = pxm_stream_rewind,
    .stream_peek_blob = pxm_stream_peek_blob,
    .stream_to_blob = pxm_stream_to_blob,
    .stream_close = pxm_stream_close,
    .image_new = pxm_image_new,
    .image_ref = pxm_image_ref,
    .image_unref = pxm_image_unref,
    .image_info = pxm_image_info,
    .image_pixels = pxm_image_pixels,
    .image_encoded = pxm_image_encoded,
    .image_attach = pxm_image_attach,
    .extension = host_extension,
    .blob_known_sha256 = pxm_blob_known_sha256,
};

void pxm_host_init(struct pxm_host *host, struct pxm_host_impl *impl)
{
    *host = host_table;
    host->impl = impl;
}
