/* put by parts: all as long as each other but the last, as some services want it. What is not completed is given up.
 * [job] */
#include "aws/xml.h"
#include "s3.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"

enum { MIB = 1 << 20, PARTS_MAX = 10000, ID_MAX = 1024, LIST_BYTES_MAX = 4 << 20, ABORT_MS = 5000, SHA256_BYTES = 32 };

struct upload {
    const struct s3 *s3;
    pxm_job *job;
    const struct pxm_put *put;
    char *id;
    char *etag;            /* of the whole, when it is complete */
    struct aws_text parts; /* the list of parts, as XML         */
    struct s3_ahead ahead; /* of the parts of a blob */
    bool is_unsigned;      /* parts are not hashed   */
    int count;
    int64_t bytes;
    bool no_memory; /* while a reply was read */
};

size_t s3_part_size(const struct s3 *s3, int64_t bytes)
{
    int64_t least = bytes < 0 ? 0 : (bytes + PARTS_MAX - 1) / PARTS_MAX;
    least = (least + MIB - 1) / MIB * MIB;
    return (size_t)(least > s3->config->part_size ? least : s3->config->part_size);
}

/* ---- requests ---- */

static bool take_id(void *arg, const char *path, const char *text)
{
    struct upload *upload = arg;
    if (strcmp(path, "InitiateMultipartUploadResult/UploadId") == 0 && !upload->id) {
        upload->id = strlen(text) <= ID_MAX ? aws_copy_text(text) : NULL;
        upload->no_memory |= !upload->id && strlen(text) <= ID_MAX;
    }
    return true;
}

static bool take_etag(void *arg, const char *path, const char *text)
{
    struct upload *upload = arg;
    if (strcmp(path, "CompleteMultipartUploadResult/ETag") == 0 && !upload->etag) {
        upload->etag = aws_copy_text(text);
        upload->no_memory |= !upload->etag;
    }
    return true;
}

static bool read_reply(struct upload *upload, const struct aws_reply *reply, aws_xml_element element)
{
    enum aws_xml_result result = aws_xml_read(aws_text_get(&reply->body), reply->body.length, element, upload);
    upload->no_memory |= result == AWS_XML_NO_MEMORY;
    return result == AWS_XML_GOOD;
}

/* Also for a 2xx whose body is not what it must be. */
static pxm_status fail_reply(const struct upload *upload, struct aws_reply *reply, pxm_error *error)
{
    if (upload->no_memory) {
        return s3_fail_memory(upload->s3, error);
    }
    if (reply->fault.class == AWS_FAULT_NONE) {
        aws_fault_set(&reply->fault, AWS_FAULT_MALFORMED, AWS_REMEDY_NONE, "the reply is not one of this service");
    }
    if (reply->fault.class == AWS_FAULT_NOT_FOUND) { /* the upload, which others gave up; it can be begun again */
        reply->fault.class = AWS_FAULT_TRANSIENT;
    }
    return s3_fail(upload->s3, reply, "put", upload->put->key, error);
}

static pxm_status begin(struct upload *upload, pxm_error *error)
{
    struct s3_request request;
    struct aws_reply reply;
    struct aws_body nothing = {.data = ""};
    s3_request_init(upload->s3, "POST", upload->put->key, &request);
    request.request.body = &nothing;
    aws_list_add(&request.request.query, "uploads", "");
    s3_attributes_write(upload->s3, upload->put, &request.request.headers);
    bool good = aws_call(upload->s3->client, upload->job, &request.request, &reply) &&
                read_reply(upload, &reply, take_id) && upload->id;
    pxm_status status = good ? PXM_OK : fail_reply(upload, &reply, error);
    aws_reply_done(&reply);
    s3_request_done(&request);
    return status;
}

static void add_to_list(struct upload *upload, const char *etag)
{
    aws_text_printf(&upload->parts, "<Part><PartNumber>%d</PartNumber><ETag>", upload->count);
    for (const char *c = etag; *c; c++) {
        if (strchr("&<>\"'", *c)) {
            aws_text_printf(&upload->parts, "&#%d;", *c);
        } else {
            aws_text_add(&upload->parts, c, 1);
        }
    }
    aws_text_puts(&upload->parts, "</ETag></Part>");
}

/* `payload`: the hash of the part; NULL: not known. While the part is sent, what comes after it is hashed ahead. */
static pxm_status send_part(struct upload *upload, const char *data, size_t length, const char *payload,
                            pxm_error *error)
{
    const struct s3 *s3 = upload->s3;
    struct s3_request request;
    struct aws_reply reply;
    struct aws_body body = {.data = data, .length = length};
    char number[16];
    if (upload->count == PARTS_MAX) {
        return s3->host->fail(error, PXM_E_LIMIT, "store.too_large",
                              "the body of \"%s\" has more than %d parts; raise part_size", upload->put->key,
                              PARTS_MAX);
    }
    upload->bytes += (int64_t)length;
    snprintf(number, sizeof number, "%d", ++upload->count);
    s3_request_init(s3, "PUT", upload->put->key, &request);
    request.request.body = &body;
    request.request.payload = upload->is_unsigned ? AWS_UNSIGNED_PAYLOAD : payload;
    request.request.idle = payload ? s3_ahead_work : NULL;
    request.request.idle_arg = &upload->ahead;
    aws_list_add(&request.request.query, "partNumber", number);
    aws_list_add(&request.request.query, "uploadId", upload->id);
    bool good = aws_call(s3->client, upload->job, &request.request, &reply);
    const char *etag = good ? aws_list_get(&reply.headers, "etag") : NULL;
    if (etag) {
        add_to_list(upload, etag);
    }
    pxm_status status = etag ? PXM_OK : fail_reply(upload, &reply, error);
    aws_reply_done(&reply);
    s3_request_done(&request);
    return status;
}

/* An upload that is gone although nobody gave it up was completed by an attempt whose reply was lost. That may have
 * been one of libcurl's own, which repeats what it sent over a connection that turns out dead. */
static bool is_complete_already(const struct upload *upload, const struct aws_reply *reply)
{
    struct aws_list headers = {0};
    bool found = false;
    if (strcmp(reply->fault.code, "NoSuchUpload") != 0) {
        return false;
    }
    pxm_status status = s3_look(upload->s3, upload->job, upload->put->key, &headers, &found, NULL);
    bool is_same = status == PXM_OK && found && s3_content_length(&headers) == upload->bytes;
    aws_list_done(&headers);
    return is_same;
}

static pxm_status complete(struct upload *upload, bool *ret_was_there, pxm_error *error)
{
    const struct s3 *s3 = upload->s3;
    struct s3_request request;
    struct aws_reply reply;
    pxm_status status = PXM_OK;
    aws_text_puts(&upload->parts, "</CompleteMultipartUpload>");
    if (upload->parts.failed) {
        return s3_fail_memory(s3, error);
    }
    struct aws_body body = {.data = upload->parts.data, .length = upload->parts.length};
    s3_request_init(s3, "POST", upload->put->key, &request);
    request.request.body = &body;
    aws_list_add(&request.request.query, "uploadId", upload->id);
    aws_list_add(&request.request.headers, "content-type", "application/xml");
    s3_write_condition(s3, upload->put, &request.request.headers);
    bool good = aws_call(s3->client, upload->job, &request.request, &reply);
    if (good) {
        good = read_reply(upload, &reply, take_etag) && upload->etag;
    } else if (reply.fault.class == AWS_FAULT_CONDITION && (upload->put->flags & PXM_PUT_IF_ABSENT)) {
        *ret_was_there = good = true;
    } else {
        good = is_complete_already(upload, &reply);
    }
    if (!good) {
        status = fail_reply(upload, &reply, error);
    }
    aws_reply_done(&reply);
    s3_request_done(&request);
    return status;
}

/* Best effort: also after the job's time is over, but not for long. */
static void give_up(const struct upload *upload)
{
    struct s3_request request;
    struct aws_reply reply;
    s3_request_init(upload->s3, "DELETE", upload->put->key, &request);
    request.request.total_ms = ABORT_MS;
    aws_list_add(&request.request.query, "uploadId", upload->id);
    (void)aws_call(upload->s3->client, NULL, &request.request, &reply);
    aws_reply_done(&reply);
    s3_request_done(&request);
}

/* ---- bodies ---- */

/* A part of a blob. That of a file is mapped for as long as it is needed: of a large one no more is in memory than what
 * is sent and what is sent next. */
struct window {
    const char *data; /* NULL: there is none */
    size_t length;
    void *map; /* NULL: it lives in memory */
    size_t mapped;
};

static void close_window(struct window *window)
{
    if (window->map) {
        munmap(window->map, window->mapped);
    }
    *window = (struct window){.data = NULL};
}

/* Past the end of the body there is none. */
static pxm_status open_window(const struct upload *upload, const struct s3_body *body, size_t at, struct window *window,
                              pxm_error *error)
{
    const struct pxm_host *host = upload->s3->host;
    size_t left = at < body->length ? body->length - at : 0;
    size_t part = s3_part_size(upload->s3, (int64_t)body->length);
    int64_t offset = 0;
    *window = (struct window){.length = left < part ? left : part};
    if (left == 0 || body->data) {
        window->data = left > 0 ? body->data + at : NULL;
        return PXM_OK;
    }
    int fd = host->blob_fd(body->blob, &offset);
    int64_t from = offset + (int64_t)at, lead = from % sysconf(_SC_PAGESIZE);
    window->mapped = window->length + (size_t)lead;
    window->map = mmap(NULL, window->mapped, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, from - lead);
    if (window->map == MAP_FAILED) {
        window->map = NULL;
        return host->fail(error, PXM_E_TRANSIENT, "store.unavailable", "the body of \"%s\" cannot be mapped",
                          upload->put->key);
    }
    window->data = (const char *)window->map + lead;
    return PXM_OK;
}

/* Sends a part whose hash was begun, and begins that of the next. */
static pxm_status send_window(struct upload *upload, const struct window *window, const struct window *next,
                              pxm_error *error)
{
    char payload[S3_SHA256_TEXT];
    if (upload->is_unsigned) {
        return send_part(upload, window->data, window->length, NULL, error);
    }
    if (!s3_ahead_end(&upload->ahead, payload)) {
        return s3_fail_memory(upload->s3, error);
    }
    s3_ahead_begin(&upload->ahead, next->data, next->length);
    return send_part(upload, window->data, window->length, payload, error);
}

static pxm_status send_blob(struct upload *upload, const struct s3_body *body, pxm_error *error)
{
    struct window window = {.data = NULL}, next = {.data = NULL};
    pxm_status status = open_window(upload, body, 0, &window, error);
    s3_ahead_begin(&upload->ahead, window.data, window.length);
    for (size_t at = window.length; status == PXM_OK && window.data; at += window.length) {
        status = open_window(upload, body, at, &next, error);
        if (status == PXM_OK) {
            status = send_window(upload, &window, &next, error);
        }
        close_window(&window);
        window = next;
        next = (struct window){.data = NULL};
    }
    close_window(&window);
    return status;
}

/* The first part was read already, and is as long as a part. */
static pxm_status send_stream(struct upload *upload, const struct s3_body *body, pxm_error *error)
{
    const struct s3 *s3 = upload->s3;
    const char *key = upload->put->key;
    int64_t count = (int64_t)body->length;
    while (count > 0) {
        pxm_status status = send_part(upload, body->first, (size_t)count, NULL, error);
        if (status != PXM_OK) {
            return status;
        }
        if (body->announced >= 0 && upload->bytes > body->announced) {
            return s3_fail_truncated(s3, key, upload->bytes, body->announced, error);
        }
        count = s3_read_full(s3, upload->job, key, body->stream, body->first, body->part_size, error);
        if (count < 0) {
            return (pxm_status)count;
        }
    }
    return body->announced < 0 || upload->bytes == body->announced
               ? PXM_OK
               : s3_fail_truncated(s3, key, upload->bytes, body->announced, error);
}

static bool prepare(struct upload *upload, const struct s3_body *body)
{
    aws_text_init(&upload->parts, LIST_BYTES_MAX);
    aws_text_puts(&upload->parts, "<CompleteMultipartUpload xmlns=\"" NAMESPACE "\">");
    return !body->blob || s3_ahead_init(&upload->ahead);
}

/* What is known of the whole now that all of it is there. Signatures want the hashes of parts, so that of the whole
 * would cost as much again. */
static void report(struct upload *upload, const struct s3_body *body, struct s3_outcome *outcome)
{
    const struct pxm_host *host = upload->s3->host;
    bool can_ask = host->struct_size >= offsetof(struct pxm_host, blob_known_sha256) + sizeof host->blob_known_sha256;
    const uint8_t *whole = body->blob && can_ask ? host->blob_known_sha256(body->blob) : NULL;
    if (whole) {
        aws_hex(whole, SHA256_BYTES, outcome->sha256);
    }
    outcome->bytes = upload->bytes;
    outcome->etag = upload->etag;
    upload->etag = NULL;
}

pxm_status s3_put_parts(const struct s3 *s3, pxm_job *job, const struct pxm_put *put, struct s3_body *body,
                        struct s3_outcome *outcome, pxm_error *error)
{
    struct upload upload = {.s3 = s3, .job = job, .put = put};
    pxm_status status = prepare(&upload, body) ? begin(&upload, error) : s3_fail_memory(s3, error);
    bool has_begun = status == PXM_OK;
    upload.is_unsigned = s3->config->sign_parts == S3_SIGN_PARTS_UNLESS_TLS && aws_client_is_tls(s3->client);
    if (has_begun) {
        status = body->blob ? send_blob(&upload, body, error) : send_stream(&upload, body, error);
    }
    if (status == PXM_OK) {
        status = complete(&upload, &outcome->was_there, error);
    }
    if (has_begun && (status != PXM_OK || outcome->was_there)) {
        give_up(&upload);
    }
    if (status == PXM_OK && !outcome->was_there) {
        report(&upload, body, outcome);
    }
    s3_ahead_done(&upload.ahead);
    aws_text_done(&upload.parts);
    aws_free_text(upload.id);
    aws_free_text(upload.etag);
    return status;
}
