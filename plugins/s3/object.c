/* Objects that are there: head and remove. [job] */
#include "s3.h"

#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 18 };

int64_t s3_content_length(const struct aws_list *headers)
{
    const char *text = aws_list_get(headers, "content-length");
    size_t length = text ? strlen(text) : 0;
    return length > 0 && length <= DIGITS_MAX && strspn(text, "0123456789") == length ? strtoll(text, NULL, 10) : -1;
}

void s3_fill_head(const struct s3 *s3, pxm_job *job, const char *key, const struct aws_list *headers, int64_t bytes,
                  pxm_value *fields)
{
    const struct pxm_host *host = s3->host;
    int64_t modified_ms = 0;
    bool is_dated = aws_time_parse(aws_list_get(headers, "last-modified"), &modified_ms);
    host->value_set(fields, "key", s3_text(s3, key));
    host->value_set(fields, "url", s3_key_url(s3, job, key));
    host->value_set(fields, "etag", s3_text(s3, aws_list_get(headers, "etag")));
    host->value_set(fields, "bytes", bytes >= 0 ? host->value_int(bytes) : host->value_null());
    host->value_set(fields, "content_type", s3_text(s3, aws_list_get(headers, "content-type")));
    host->value_set(fields, "cache_control", s3_text(s3, aws_list_get(headers, "cache-control")));
    host->value_set(fields, "modified_at", is_dated ? host->value_int(modified_ms) : host->value_null());
    host->value_set(fields, "meta", s3_attributes_read(s3, headers));
}

/* A refused HEAD has no body that would say why: a GET of nothing much does, and what helps it helps the HEAD. */
static bool ask_why(const struct s3 *s3, pxm_job *job, const char *key, struct aws_reply *reply)
{
    struct s3_request request;
    s3_request_init(s3, "GET", key, &request);
    aws_list_add(&request.request.headers, "range", "bytes=0-0");
    bool good = aws_call(s3->client, job, &request.request, reply);
    s3_request_done(&request);
    return good || reply->fault.class == AWS_FAULT_RANGE;
}

static bool send_head(const struct s3 *s3, pxm_job *job, const char *key, struct aws_reply *reply)
{
    struct s3_request request;
    s3_request_init(s3, "HEAD", key, &request);
    bool good = aws_call(s3->client, job, &request.request, reply);
    if (!good && (reply->status == 400 || reply->status == 403)) {
        aws_reply_done(reply);
        if (ask_why(s3, job, key, reply)) {
            aws_reply_done(reply);
            good = aws_call(s3->client, job, &request.request, reply);
        }
    }
    s3_request_done(&request);
    return good;
}

pxm_status s3_look(const struct s3 *s3, pxm_job *job, const char *key, struct aws_list *ret_headers, bool *ret_found,
                   pxm_error *error)
{
    struct aws_reply reply;
    pxm_status status = PXM_OK;
    bool good = send_head(s3, job, key, &reply);
    if (good) {
        *ret_headers = reply.headers;
        reply.headers = (struct aws_list){0};
    } else if (reply.fault.class != AWS_FAULT_NOT_FOUND) {
        status = s3_fail(s3, &reply, "look at", key, error);
    }
    *ret_found = good;
    aws_reply_done(&reply);
    return status;
}

pxm_status s3_head(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    const struct s3 *s3 = self;
    struct aws_list headers = {0};
    bool found = false;
    pxm_status status = s3_key_check(s3, key, error);
    if (status == PXM_OK) {
        status = s3_look(s3, job, key, &headers, &found, error);
    }
    if (status == PXM_OK && !found) {
        status = s3->host->fail(error, PXM_E_NOT_FOUND, "store.not_found", "no object \"%s\" in the bucket %s", key,
                                s3->config->bucket);
    }
    if (status == PXM_OK) {
        s3_fill_head(s3, job, key, &headers, s3_content_length(&headers), fields);
    }
    aws_list_done(&headers);
    return status;
}

pxm_status s3_remove(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    const struct s3 *s3 = self;
    struct aws_list headers = {0};
    struct s3_request request;
    struct aws_reply reply;
    bool found = false;
    pxm_status status = s3_key_check(s3, key, error);
    if (status == PXM_OK) { /* deleting says nothing of whether there was anything */
        status = s3_look(s3, job, key, &headers, &found, error);
    }
    aws_list_done(&headers);
    if (status == PXM_OK && found) {
        s3_request_init(s3, "DELETE", key, &request);
        if (!aws_call(s3->client, job, &request.request, &reply) && reply.fault.class != AWS_FAULT_NOT_FOUND) {
            status = s3_fail(s3, &reply, "remove", key, error);
        }
        aws_reply_done(&reply);
        s3_request_done(&request);
    }
    if (status == PXM_OK) {
        s3->host->value_set(fields, "removed", s3->host->value_bool(found));
    }
    return status;
}
