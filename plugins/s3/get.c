/* get: a stream that reads the reply as it comes, and goes on where it was when the connection breaks. [job] */
#include "s3.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RESUMES_MAX = 3, SKIP_BYTES = 16 << 10, DIGITS_MAX = 18 };

struct reader {
    const struct s3 *s3;
    char *key, *etag;
    struct aws_transfer *transfer;
    int64_t start, at, end; /* of the part in the object; end -1: to the end, which is not known */
    int64_t deadline_ms;    /* on the monotonic clock; INT64_MAX: none                           */
    int resumes;
};

static int64_t monotonic_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void close_reader(void *self)
{
    struct reader *reader = self;
    aws_transfer_end(reader->transfer);
    aws_free_text(reader->key);
    aws_free_text(reader->etag);
    free(reader);
}

/* ---- requests ---- */

/* Bytes from `offset` up to `end` (-1: all). */
static void ask_range(int64_t offset, int64_t end, struct aws_list *headers)
{
    char range[64];
    if (end >= 0) {
        snprintf(range, sizeof range, "bytes=%" PRId64 "-%" PRId64, offset, end - 1);
    } else {
        snprintf(range, sizeof range, "bytes=%" PRId64 "-", offset);
    }
    if (offset > 0 || end >= 0) {
        aws_list_add(headers, "range", range);
    }
}

static bool take_digits(const char **at, int64_t *ret)
{
    size_t length = strspn(*at, "0123456789");
    if (length == 0 || length > DIGITS_MAX) {
        return false;
    }
    *ret = strtoll(*at, NULL, 10);
    *at += length;
    return true;
}

/* What a 206 gives: "bytes 0-9/100". */
static bool read_content_range(const struct aws_list *headers, int64_t *ret_first, int64_t *ret_last,
                               int64_t *ret_total)
{
    const char *at = aws_list_get(headers, "content-range");
    if (!at || strncmp(at, "bytes ", 6) != 0) {
        return false;
    }
    at += 6;
    return take_digits(&at, ret_first) && *at++ == '-' && take_digits(&at, ret_last) && *at++ == '/' &&
           take_digits(&at, ret_total) && *at == '\0' && *ret_first <= *ret_last && *ret_last < *ret_total;
}

/* Reads and forgets what a service sent that does not know ranges. */
static bool skip(struct aws_transfer *transfer, pxm_job *job, int64_t bytes, struct aws_fault *fault)
{
    char chunk[SKIP_BYTES];
    while (bytes > 0) {
        size_t room = bytes < SKIP_BYTES ? (size_t)bytes : SKIP_BYTES;
        int64_t count = aws_transfer_read(transfer, job, chunk, room, fault);
        if (count <= 0) {
            return count == 0; /* the object ends before */
        }
        bytes -= count;
    }
    return true;
}

/* Sees that the reply starts at `offset`; *ret_total: bytes of the whole object, -1: not known. */
static bool check_reply(struct aws_reply *reply, pxm_job *job, int64_t offset, int64_t *ret_total)
{
    int64_t first = 0, last = 0, total = s3_content_length(&reply->headers);
    if (reply->status == 206) {
        if (!read_content_range(&reply->headers, &first, &last, &total) || first != offset) {
            aws_fault_set(&reply->fault, AWS_FAULT_MALFORMED, AWS_REMEDY_NONE,
                          "the service sent another part than it was asked for");
            return false;
        }
    } else if (!skip(reply->transfer, job, offset, &reply->fault)) {
        return false;
    }
    *ret_total = total;
    return true;
}

/* ---- reading ---- */

/* Asks for the rest of the very same object. */
static bool resume(struct reader *reader, struct aws_fault *fault)
{
    struct s3_request request;
    struct aws_reply reply;
    int64_t total = -1;
    int64_t left_ms = reader->deadline_ms == INT64_MAX ? INT64_MAX : reader->deadline_ms - monotonic_ms();
    bool may = reader->etag && reader->resumes < RESUMES_MAX && left_ms > 0 && fault->remedy == AWS_REMEDY_WAIT;
    aws_transfer_end(reader->transfer);
    reader->transfer = NULL;
    if (!may) {
        return false;
    }
    reader->resumes++;
    s3_request_init(reader->s3, "GET", reader->key, &request);
    request.request.streams_reply = true;
    request.request.total_ms = left_ms == INT64_MAX ? 0 : left_ms;
    ask_range(reader->at, reader->end, &request.request.headers);
    aws_list_add(&request.request.headers, "if-match", reader->etag);
    bool good =
        aws_call(reader->s3->client, NULL, &request.request, &reply) && check_reply(&reply, NULL, reader->at, &total);
    if (good) {
        reader->transfer = reply.transfer;
        reply.transfer = NULL;
        aws_transfer_set_deadline(reader->transfer, left_ms);
    } else {
        *fault = reply.fault;
    }
    aws_reply_done(&reply);
    s3_request_done(&request);
    return good;
}

static pxm_status fail_read(const struct reader *reader, const struct aws_fault *fault, pxm_error *error)
{
    struct aws_reply reply = {.fault = *fault};
    if (fault->class == AWS_FAULT_CONDITION || fault->class == AWS_FAULT_NOT_FOUND) {
        return reader->s3->host->fail(error, PXM_E_TRANSIENT, "store.changed",
                                      "the object \"%s\" was replaced while it was read", reader->key);
    }
    return s3_fail(reader->s3, &reply, "read", reader->key, error);
}

static int64_t read_body(void *self, void *buffer, size_t length, pxm_error *error)
{
    struct reader *reader = self;
    struct aws_fault fault = {.class = AWS_FAULT_NONE};
    if (reader->end >= 0 && (int64_t)length > reader->end - reader->at) {
        length = (size_t)(reader->end - reader->at);
    }
    while (length > 0) {
        int64_t count = reader->transfer ? aws_transfer_read(reader->transfer, NULL, buffer, length, &fault) : -1;
        if (count == 0 && reader->end >= 0) { /* the head promised more */
            aws_fault_set(&fault, AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT, "the reply ended early");
            count = -1;
        }
        if (count >= 0) {
            reader->at += count;
            return count;
        }
        if (!reader->transfer) {
            aws_fault_set(&fault, AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT, "the connection broke off");
        }
        if (!resume(reader, &fault)) {
            return fail_read(reader, &fault, error);
        }
    }
    return 0;
}

static pxm_status rewind_body(void *self, pxm_error *error)
{
    struct reader *reader = self;
    struct aws_fault fault = {.class = AWS_FAULT_TRANSIENT, .remedy = AWS_REMEDY_WAIT};
    reader->at = reader->start;
    reader->resumes = 0;
    if (reader->end >= 0 && reader->at == reader->end) {
        return PXM_OK;
    }
    return resume(reader, &fault) ? PXM_OK : fail_read(reader, &fault, error);
}

static const struct pxm_stream_ops reader_ops = {
    .struct_size = sizeof reader_ops, .read = read_body, .rewind = rewind_body, .close = close_reader};

/* ---- get ---- */

/* Nothing of an object: what lies past its end, or no bytes. */
static pxm_status get_nothing(const struct s3 *s3, pxm_job *job, const struct pxm_get *get, pxm_stream **ret,
                              pxm_value *fields, pxm_error *error)
{
    struct aws_list headers = {0};
    bool found = false;
    pxm_blob *blob = NULL;
    pxm_status status = s3_look(s3, job, get->key, &headers, &found, error);
    const char *etag = aws_list_get(&headers, "etag");
    if (status == PXM_OK && !found) {
        status = s3->host->fail(error, PXM_E_NOT_FOUND, "store.not_found", "no object \"%s\" in the bucket %s",
                                get->key, s3->config->bucket);
    } else if (status == PXM_OK && get->if_match && (!etag || strcmp(etag, get->if_match) != 0)) {
        status = s3->host->fail(error, PXM_E_EXISTS, "store.changed", "the object \"%s\" is another one now", get->key);
    }
    if (status == PXM_OK) {
        blob = s3->host->blob_new("", 0, NULL, NULL);
        pxm_stream *stream = blob ? s3->host->stream_of_blob(blob) : NULL;
        s3->host->blob_unref(blob);
        if (stream) {
            s3_fill_head(s3, job, get->key, &headers, s3_content_length(&headers), fields);
            *ret = stream;
        } else {
            status = s3_fail_memory(s3, error);
        }
    }
    aws_list_done(&headers);
    return status;
}

/* The end of what is read: the least of what was asked for and what there is. */
static int64_t end_of(int64_t wanted_end, int64_t total)
{
    return wanted_end >= 0 && (total < 0 || wanted_end < total) ? wanted_end : total;
}

static pxm_status open_reader(const struct s3 *s3, pxm_job *job, const struct pxm_get *get, struct aws_reply *reply,
                              int64_t end, int64_t total, pxm_stream **ret, pxm_value *fields, pxm_error *error)
{
    const struct pxm_host *host = s3->host;
    const char *etag = aws_list_get(&reply->headers, "etag");
    struct reader *reader = calloc(1, sizeof *reader);
    int64_t left_ms = host->remaining_ms(job), now_ms = monotonic_ms();
    if (!reader) {
        return s3_fail_memory(s3, error);
    }
    reader->s3 = s3;
    reader->key = aws_copy_text(get->key);
    reader->etag = aws_copy_text(etag);
    reader->start = reader->at = get->offset;
    reader->end = end_of(end, total);
    reader->deadline_ms = left_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + left_ms;
    if (!reader->key || (etag && !reader->etag)) {
        close_reader(reader);
        return s3_fail_memory(s3, error);
    }
    reader->transfer = reply->transfer;
    reply->transfer = NULL;
    aws_transfer_set_deadline(reader->transfer, left_ms);
    /* A service without ranges sent all: what is past the end is nothing. */
    int64_t size = reader->end < 0 ? -1 : reader->end > reader->at ? reader->end - reader->at : 0;
    reader->end = reader->end >= 0 ? reader->at + size : -1;
    pxm_stream *stream = host->stream_new(&reader_ops, reader, size);
    if (!stream) {
        return s3_fail_memory(s3, error);
    }
    s3_fill_head(s3, job, get->key, &reply->headers, total, fields);
    *ret = stream;
    return PXM_OK;
}

pxm_status s3_get(void *self, pxm_job *job, const struct pxm_get *get, pxm_stream **ret, pxm_value *fields,
                  pxm_error *error)
{
    const struct s3 *s3 = self;
    struct s3_request request;
    struct aws_reply reply;
    int64_t end = -1, total = -1;
    pxm_status status = s3_key_check(s3, get->key, error);
    if (status != PXM_OK) {
        return status;
    }
    if (get->offset < 0 || get->length < -1) {
        return s3->host->fail(error, PXM_E_INVALID, "store.bad_range",
                              "a part of \"%s\" starts at 0 or later, and its length is -1 or more", get->key);
    }
    if (get->length == 0) {
        return get_nothing(s3, job, get, ret, fields, error);
    }
    if (get->length > 0 && get->length <= INT64_MAX - get->offset) {
        end = get->offset + get->length;
    }
    s3_request_init(s3, "GET", get->key, &request);
    request.request.streams_reply = true;
    ask_range(get->offset, end, &request.request.headers);
    if (get->if_match) {
        aws_list_add(&request.request.headers, "if-match", get->if_match);
    }
    if (aws_call(s3->client, job, &request.request, &reply) && check_reply(&reply, job, get->offset, &total)) {
        status = open_reader(s3, job, get, &reply, end, total, ret, fields, error);
    } else if (reply.fault.class == AWS_FAULT_RANGE) {
        status = get_nothing(s3, job, get, ret, fields, error);
    } else {
        status = s3_fail(s3, &reply, "get", get->key, error);
    }
    aws_reply_done(&reply);
    s3_request_done(&request);
    return status;
}
