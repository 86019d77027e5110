/* Requests about a key, and how they fail. */
#include "s3.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void s3_request_init(const struct s3 *s3, const char *method, const char *key, struct s3_request *request)
{
    memset(request, 0, sizeof *request);
    s3_key_path(s3, key, request->path);
    s3_key_path(s3, NULL, request->bucket_path);
    request->request.method = method;
    request->request.subdomain = s3->is_virtual ? s3->config->bucket : NULL;
    request->request.path = request->path;
    request->request.region_path = request->bucket_path;
    request->request.reply_max = S3_REPLY_MAX;
}

void s3_request_done(struct s3_request *request)
{
    aws_request_done(&request->request);
}

pxm_status s3_fail(const struct s3 *s3, const struct aws_reply *reply, const char *what, const char *key,
                   pxm_error *error)
{
    char action[S3_KEY_MAX + 256];
    const struct aws_fault *fault = &reply->fault;
    if (fault->class == AWS_FAULT_NOT_FOUND && key) {
        return s3->host->fail(error, PXM_E_NOT_FOUND, "store.not_found", "no object \"%s\" in the bucket %s", key,
                              s3->config->bucket);
    }
    if (key) {
        snprintf(action, sizeof action, "%s \"%s\" in the bucket %s", what, key, s3->config->bucket);
    } else {
        snprintf(action, sizeof action, "%s the bucket %s", what, s3->config->bucket);
    }
    return aws_fault_fail(s3->host, fault, "store", action, error);
}

pxm_status s3_fail_memory(const struct s3 *s3, pxm_error *error)
{
    return s3->host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

pxm_status s3_fail_truncated(const struct s3 *s3, const char *key, int64_t bytes, int64_t announced, pxm_error *error)
{
    return s3->host->fail(error, PXM_E_INVALID, "store.truncated",
                          "the body of \"%s\" has %s%" PRId64 " bytes and not the %" PRId64 " that it should have", key,
                          bytes > announced ? "at least " : "", bytes, announced);
}

pxm_status s3_in_time(const struct s3 *s3, const pxm_job *job, const char *key, pxm_error *error)
{
    if (s3->host->remaining_ms(job) > 0) {
        return PXM_OK;
    }
    return s3->host->fail(error, PXM_E_TIMEOUT, "limit.time",
                          "stopped at \"%s\": the time is up or the run was cancelled", key);
}

pxm_value *s3_text(const struct s3 *s3, const char *text)
{
    return text ? s3->host->value_string(text, strlen(text)) : s3->host->value_null();
}
