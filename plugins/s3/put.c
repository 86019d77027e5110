/* put: what may be asked, and small bodies, which go in one request that can be repeated. [job] */
#include "s3.h"

#include <stdlib.h>
#include <string.h>

enum { ASK_FIRST_BYTES = 8 << 20, TRIES = 8, SHA256_BYTES = 32 };

int64_t s3_read_full(const struct s3 *s3, pxm_job *job, const char *key, pxm_stream *stream, char *buffer,
                     size_t length, pxm_error *error)
{
    enum { CHUNK_BYTES = 256 << 10 };
    size_t total = 0;
    while (total < length) {
        pxm_status status = s3_in_time(s3, job, key, error);
        if (status != PXM_OK) {
            return status;
        }
        size_t chunk = length - total < CHUNK_BYTES ? length - total : CHUNK_BYTES;
        int64_t count = s3->host->stream_read(stream, buffer + total, chunk, error);
        if (count < 0) {
            return count;
        }
        if (count == 0) {
            break;
        }
        total += (size_t)count;
    }
    return (int64_t)total;
}

void s3_write_condition(const struct s3 *s3, const struct pxm_put *put, struct aws_list *headers)
{
    if ((put->flags & PXM_PUT_IF_ABSENT) && s3->config->if_absent != S3_IF_ABSENT_HEAD) {
        aws_list_add(headers, "if-none-match", "*");
    }
}

static void write_checksum(const struct s3 *s3, const uint8_t digest[SHA256_BYTES], struct aws_list *headers)
{
    struct aws_text text;
    if (s3->config->checksum != S3_CHECKSUM_SHA256) {
        return;
    }
    aws_text_init(&text, S3_SHA256_TEXT);
    aws_base64(&text, digest, SHA256_BYTES);
    aws_list_add(headers, "x-amz-checksum-sha256", aws_text_get(&text));
    aws_text_done(&text);
}

static bool hash(const struct s3 *s3, const void *data, size_t length, pxm_blob *blob, uint8_t digest[SHA256_BYTES])
{
    /* A blob may know its own already. */
    const uint8_t *known = blob ? s3->host->blob_sha256(blob) : NULL;
    if (known) {
        memcpy(digest, known, SHA256_BYTES);
        return true;
    }
    return aws_sha256(data, length, digest);
}

/* A service that cannot do the condition says so, or that it cannot do the request: then the option helps. */
static pxm_status fail_put(const struct s3 *s3, const struct aws_reply *reply, const struct pxm_put *put,
                           pxm_error *error)
{
    if (reply->fault.class == AWS_FAULT_UNSUPPORTED && (put->flags & PXM_PUT_IF_ABSENT)) {
        return s3->host->fail(error, PXM_E_INVALID, "store.unsupported",
                              "cannot put \"%s\" only if it is absent: the service does not do that; set if_absent: "
                              "head to look first, which is no protection against others who put at the same time",
                              put->key);
    }
    return s3_fail(s3, reply, "put", put->key, error);
}

/* One request with the whole body, of which `blob` (may be NULL) is the owner. */
static pxm_status put_whole(const struct s3 *s3, pxm_job *job, const struct pxm_put *put, const char *data,
                            size_t length, pxm_blob *blob, struct s3_outcome *outcome, pxm_error *error)
{
    struct s3_request request;
    struct aws_reply reply;
    struct aws_body body = {.data = data ? data : "", .length = length};
    uint8_t digest[SHA256_BYTES];
    pxm_status status = PXM_OK;
    if (!hash(s3, body.data, length, blob, digest)) {
        return s3_fail_memory(s3, error);
    }
    aws_hex(digest, sizeof digest, outcome->sha256);
    outcome->bytes = (int64_t)length;
    s3_request_init(s3, "PUT", put->key, &request);
    request.request.body = &body;
    request.request.payload = outcome->sha256;
    request.request.expects_continue = length >= ASK_FIRST_BYTES && s3->config->expect != S3_EXPECT_NEVER;
    s3_attributes_write(s3, put, &request.request.headers);
    s3_write_condition(s3, put, &request.request.headers);
    write_checksum(s3, digest, &request.request.headers);
    if (aws_call(s3->client, job, &request.request, &reply)) {
        outcome->etag = aws_copy_text(aws_list_get(&reply.headers, "etag"));
    } else if (reply.fault.class == AWS_FAULT_CONDITION && (put->flags & PXM_PUT_IF_ABSENT)) {
        outcome->was_there = true;
    } else {
        status = fail_put(s3, &reply, put, error);
    }
    aws_reply_done(&reply);
    s3_request_done(&request);
    return status;
}

/* ---- bodies ---- */

static pxm_status put_blob(const struct s3 *s3, pxm_job *job, const struct pxm_put *put, pxm_blob *blob,
                           struct s3_outcome *outcome, pxm_error *error)
{
    size_t length = s3->host->blob_length(blob);
    bool is_large = (int64_t)length > s3->config->multipart_above;
    bool is_mapped = !is_large || s3->host->blob_fd(blob, NULL) < 0; /* a large file is mapped part by part */
    const char *data = is_mapped ? s3->host->blob_data(blob, NULL) : NULL;
    if (is_mapped && !data && length > 0) {
        return s3->host->fail(error, PXM_E_TRANSIENT, "store.unavailable", "the body of \"%s\" cannot be mapped",
                              put->key);
    }
    if (!is_large) {
        return put_whole(s3, job, put, data, length, blob, outcome, error);
    }
    struct s3_body body = {.blob = blob, .data = data, .length = length, .announced = (int64_t)length};
    return s3_put_parts(s3, job, put, &body, outcome, error);
}

/* The body without its size, so that whoever reads it comes to its true end. */
struct plain {
    const struct s3 *s3;
    pxm_stream *body;
    bool has_failed;
};

static int64_t read_plain(void *self, void *buffer, size_t length, pxm_error *error)
{
    struct plain *plain = self;
    int64_t count = plain->s3->host->stream_read(plain->body, buffer, length, error);
    plain->has_failed |= count < 0;
    return count;
}

/* A stream of a known size that fits in one request: into memory, or a file that has no name, so that its hash is known
 * before it is sent and it can be sent again. */
static pxm_status put_spooled(const struct s3 *s3, pxm_job *job, const struct pxm_put *put, int64_t announced,
                              struct s3_outcome *outcome, pxm_error *error)
{
    static const struct pxm_stream_ops plain_ops = {.struct_size = sizeof plain_ops, .read = read_plain};
    struct plain plain = {.s3 = s3, .body = put->body};
    pxm_blob *blob = NULL;
    pxm_stream *stream = s3->host->stream_new(&plain_ops, &plain, -1);
    if (!stream) {
        return s3_fail_memory(s3, error);
    }
    pxm_status status = s3->host->stream_to_blob(stream, job, announced, &blob, error);
    s3->host->stream_close(stream);
    if (status == PXM_E_LIMIT && !plain.has_failed) {
        return s3_fail_truncated(s3, put->key, announced + 1, announced, error);
    }
    if (status != PXM_OK) {
        return status;
    }
    int64_t length = (int64_t)s3->host->blob_length(blob);
    status = length == announced ? put_blob(s3, job, put, blob, outcome, error)
                                 : s3_fail_truncated(s3, put->key, length, announced, error);
    s3->host->blob_unref(blob);
    return status;
}

/* A stream that is large, or of which nobody knows how large: the first part decides. */
static pxm_status put_stream(const struct s3 *s3, pxm_job *job, const struct pxm_put *put, int64_t announced,
                             struct s3_outcome *outcome, pxm_error *error)
{
    struct s3_body body = {.stream = put->body, .announced = announced};
    body.part_size = s3_part_size(s3, announced);
    body.first = malloc(body.part_size);
    if (!body.first) {
        return s3_fail_memory(s3, error);
    }
    int64_t count = s3_read_full(s3, job, put->key, put->body, body.first, body.part_size, error);
    pxm_status status = count < 0 ? (pxm_status)count : PXM_OK;
    if (status == PXM_OK && count < (int64_t)body.part_size) {
        status = announced >= 0 && count != announced
                     ? s3_fail_truncated(s3, put->key, count, announced, error)
                     : put_whole(s3, job, put, body.first, (size_t)count, NULL, outcome, error);
    } else if (status == PXM_OK) {
        body.length = (size_t)count;
        status = s3_put_parts(s3, job, put, &body, outcome, error);
    }
    free(body.first);
    return status;
}

static pxm_status put_body(const struct s3 *s3, pxm_job *job, const struct pxm_put *put, struct s3_outcome *outcome,
                           pxm_error *error)
{
    pxm_blob *blob = s3->host->stream_peek_blob(put->body);
    int64_t announced = s3->host->stream_size(put->body);
    if (blob) {
        return put_blob(s3, job, put, blob, outcome, error);
    }
    if (announced >= 0 && announced <= s3->config->multipart_above) {
        return put_spooled(s3, job, put, announced, outcome, error);
    }
    return put_stream(s3, job, put, announced, outcome, error);
}

/* ---- put ---- */

static void fill_fields(const struct s3 *s3, pxm_job *job, const char *key, const char *etag, int64_t bytes,
                        const char *sha256, bool created, pxm_value *fields)
{
    const struct pxm_host *host = s3->host;
    host->value_set(fields, "key", s3_text(s3, key));
    host->value_set(fields, "url", s3_key_url(s3, job, key));
    host->value_set(fields, "etag", s3_text(s3, etag));
    host->value_set(fields, "bytes", bytes >= 0 ? host->value_int(bytes) : host->value_null());
    host->value_set(fields, "sha256", s3_text(s3, sha256));
    host->value_set(fields, "created", host->value_bool(created));
}

/* Tells about the object that is there; *ret_found stays false where there is none. */
static pxm_status report_existing(const struct s3 *s3, pxm_job *job, const char *key, pxm_value *fields,
                                  bool *ret_found, pxm_error *error)
{
    struct aws_list headers = {0};
    pxm_status status = s3_look(s3, job, key, &headers, ret_found, error);
    if (status == PXM_OK && *ret_found) {
        fill_fields(s3, job, key, aws_list_get(&headers, "etag"), s3_content_length(&headers), NULL, false, fields);
    }
    aws_list_done(&headers);
    return status;
}

/* Whether it is better to look before a body is sent: where nothing else protects the object, and where the service
 * would refuse a large body only at its end. */
static bool looks_first(const struct s3 *s3, const struct pxm_put *put)
{
    int64_t announced = s3->host->stream_size(put->body);
    return (put->flags & PXM_PUT_IF_ABSENT) &&
           (s3->config->if_absent == S3_IF_ABSENT_HEAD || announced < 0 || announced > s3->config->multipart_above);
}

pxm_status s3_put(void *self, pxm_job *job, const struct pxm_put *put, pxm_value *fields, pxm_error *error)
{
    const struct s3 *s3 = self;
    struct s3_outcome outcome = {.bytes = 0};
    bool found = false;
    pxm_status status = s3_key_check(s3, put->key, error);
    if (status == PXM_OK) {
        status = s3_attributes_check(s3, put, error);
    }
    if (status == PXM_OK && looks_first(s3, put)) {
        status = report_existing(s3, job, put->key, fields, &found, error);
    }
    if (status != PXM_OK || found) {
        return status;
    }
    for (int i = 0; i < TRIES; i++) {
        outcome.was_there = false;
        status = put_body(s3, job, put, &outcome, error);
        if (status == PXM_OK && !outcome.was_there) {
            const char *sha256 = outcome.sha256[0] ? outcome.sha256 : NULL;
            fill_fields(s3, job, put->key, outcome.etag, outcome.bytes, sha256, true, fields);
        } else if (status == PXM_OK) {
            status = report_existing(s3, job, put->key, fields, &found, error);
        }
        /* What was there may be gone by now; then its place is free, if the body can be had once more. */
        if (status != PXM_OK || !outcome.was_there || found) {
            break;
        }
        status = s3->host->stream_rewind(put->body, error);
        if (status != PXM_OK) {
            break;
        }
    }
    aws_free_text(outcome.etag);
    if (status == PXM_OK && outcome.was_there && !found) {
        status = s3->host->fail(error, PXM_E_TRANSIENT, "store.unavailable",
                                "cannot put \"%s\" in the bucket %s: others keep putting and removing it", put->key,
                                s3->config->bucket);
    }
    return status;
}
