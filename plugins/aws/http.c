/* Transfers: libcurl pushes, whoever reads pulls, so the transfer is driven as far as somebody waits for its bytes, and
 * paused between. The job is looked at at least every SLICE_MS. [job] */
#include "aws/http.h"
#include "aws/pool.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SLICE_MS = 50,
    CONNECT_MS = 3000,
    STALL_S = 30,
    CONTINUE_MS = 500,
    IDLE_S = 20,
    BUFFER_BYTES = 128 << 10,
    UPLOAD_BYTES = 256 << 10,
    SMALL_BYTES = 32 << 10, /* of a body that goes out with the headers */
    HEADER_BYTES_MAX = 64 << 10
};

struct aws_transfer {
    struct aws_pool *pool;
    struct aws_handle *handle;
    pxm_job *job;
    struct curl_slist *lines;
    const struct aws_body *body;
    size_t sent;        /* bytes of the body */
    int beginnings;     /* of the request: libcurl starts over where a connection that was kept turns out dead */
    aws_idle_work idle; /* NULL: there is none, or none is left */
    void *idle_arg;
    /* The reply. */
    struct aws_list headers;
    size_t header_bytes;
    int status;
    bool has_headers, is_done, is_paused;
    int64_t deadline_ms; /* on the monotonic clock; INT64_MAX: none */
    int result;          /* CURLcode, once it is done */
    char text[CURL_ERROR_SIZE];
    /* Where bytes go; what does not fit waits in `rest`. */
    char *to;
    size_t room, taken;
    size_t rest_at, rest_length;
    char rest[CURL_MAX_WRITE_SIZE];
};

bool aws_sleep(const struct pxm_host *host, pxm_job *job, int64_t ms)
{
    while (ms > 0) {
        if (host->remaining_ms(job) <= 0) {
            return false;
        }
        int64_t slice = ms < SLICE_MS ? ms : SLICE_MS;
        struct timespec time = {.tv_nsec = (long)slice * 1000000};
        nanosleep(&time, NULL);
        ms -= slice;
    }
    return host->remaining_ms(job) > 0;
}

/* ---- what libcurl calls ---- */

static size_t send_body(char *to, size_t size, size_t count, void *arg)
{
    struct aws_transfer *transfer = arg;
    const struct aws_body *body = transfer->body;
    size_t left = body->length - transfer->sent, room = size * count;
    room = room < left ? room : left;
    memcpy(to, (const char *)body->data + transfer->sent, room);
    transfer->sent += room;
    return room;
}

static int count_beginning(void *arg, char *to, char *from, int to_port, int from_port)
{
    struct aws_transfer *transfer = arg;
    (void)to, (void)from, (void)to_port, (void)from_port;
    transfer->beginnings++;
    return CURL_PREREQFUNC_OK;
}

static int seek_body(void *arg, curl_off_t offset, int origin)
{
    struct aws_transfer *transfer = arg;
    if (origin != SEEK_SET || offset < 0 || (size_t)offset > transfer->body->length) {
        return CURL_SEEKFUNC_FAIL;
    }
    transfer->sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static void add_header(struct aws_transfer *transfer, const char *line, size_t length)
{
    char *text = strndup(line, length);
    char *colon = text ? strchr(text, ':') : NULL;
    if (!text) {
        transfer->headers.failed = true;
    } else if (colon) {
        char *value = colon + 1 + strspn(colon + 1, " \t");
        size_t end = strcspn(value, "\r\n");
        *colon = '\0';
        while (end > 0 && (value[end - 1] == ' ' || value[end - 1] == '\t')) {
            end--;
        }
        value[end] = '\0';
        aws_list_add(&transfer->headers, text, value);
    }
    free(text);
}

static size_t take_header(char *line, size_t size, size_t count, void *arg)
{
    struct aws_transfer *transfer = arg;
    size_t length = size * count;
    transfer->header_bytes += length;
    if (transfer->header_bytes > HEADER_BYTES_MAX) {
        return 0;
    }
    if (transfer->has_headers) { /* trailers */
        return length;
    }
    if (length > 5 && strncmp(line, "HTTP/", 5) == 0) { /* also after "100 Continue" */
        const char *space = memchr(line, ' ', length);
        aws_list_truncate(&transfer->headers, 0);
        transfer->status = space && length - (size_t)(space - line) > 3 ? (int)strtol(space, NULL, 10) : 0;
    } else if (length <= 2) {
        transfer->has_headers = transfer->status >= 200;
    } else {
        add_header(transfer, line, length);
    }
    return transfer->headers.failed ? 0 : length;
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
    struct aws_transfer *transfer = arg;
    size_t length = size * count;
    size_t fits = transfer->room - transfer->taken;
    if (transfer->rest_length > 0 || fits == 0 || length > sizeof transfer->rest) {
        transfer->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    fits = fits < length ? fits : length;
    memcpy(transfer->to + transfer->taken, data, fits);
    transfer->taken += fits;
    transfer->rest_at = 0;
    transfer->rest_length = length - fits;
    memcpy(transfer->rest, data + fits, length - fits);
    return length;
}

/* ---- beginning and end ---- */

static bool add_lines(struct aws_transfer *transfer, const struct aws_wire *wire)
{
    struct aws_text line;
    bool good = true;
    aws_text_init(&line, HEADER_BYTES_MAX);
    for (size_t i = 0; good && i <= wire->headers->count; i++) {
        aws_text_clear(&line);
        if (i == wire->headers->count) { /* libcurl would ask before every body */
            aws_text_puts(&line, wire->expects_continue ? "Expect: 100-continue" : "Expect:");
        } else if (*wire->headers->items[i].value) {
            aws_text_printf(&line, "%s: %s", wire->headers->items[i].name, wire->headers->items[i].value);
        } else { /* how libcurl is told of an empty value */
            aws_text_printf(&line, "%s;", wire->headers->items[i].name);
        }
        struct curl_slist *longer = line.failed ? NULL : curl_slist_append(transfer->lines, line.data);
        good = longer != NULL;
        transfer->lines = good ? longer : transfer->lines;
    }
    aws_text_done(&line);
    return good && !wire->headers->failed;
}

/* A small body leaves with the headers, in one packet. Without a type of its own libcurl would give it one. */
static bool is_small(const struct aws_wire *wire)
{
    return wire->body->length <= SMALL_BYTES && !wire->expects_continue && aws_list_get(wire->headers, "content-type");
}

static bool set_method(CURL *easy, struct aws_transfer *transfer, const struct aws_wire *wire)
{
    bool good = true;
    if (strcmp(wire->method, "HEAD") == 0) {
        good = curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    } else if (wire->body && is_small(wire)) {
        good = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, wire->body->data) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)wire->body->length) == CURLE_OK;
    } else if (wire->body) {
        good = curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)wire->body->length) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_READFUNCTION, send_body) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_READDATA, transfer) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BYTES) == CURLE_OK;
    }
    return good && curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
                                    strcmp(wire->method, "HEAD") == 0 ? NULL : wire->method) == CURLE_OK;
}

static bool set_up(struct aws_transfer *transfer, const struct aws_wire *wire)
{
    CURL *easy = transfer->handle->easy;
    long connect_ms = wire->connect_ms > 0 ? (long)wire->connect_ms : CONNECT_MS;
    const char *ca_file = transfer->pool->ca_file;
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_PATH_AS_IS, 1},
        {CURLOPT_TCP_NODELAY, 1},
        {CURLOPT_TCP_KEEPALIVE, 1},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
        {CURLOPT_HTTP09_ALLOWED, 0},
        {CURLOPT_BUFFERSIZE, BUFFER_BYTES},
        {CURLOPT_MAXAGE_CONN, IDLE_S},
        {CURLOPT_EXPECT_100_TIMEOUT_MS, CONTINUE_MS},
        {CURLOPT_CONNECTTIMEOUT_MS, connect_ms},
        {CURLOPT_TIMEOUT_MS, (long)wire->total_ms},
        {CURLOPT_LOW_SPEED_LIMIT, 1},
        {CURLOPT_LOW_SPEED_TIME, STALL_S},
    };
    bool good = true;
    for (size_t i = 0; good && i < sizeof numbers / sizeof *numbers; i++) {
        good = curl_easy_setopt(easy, numbers[i].option, numbers[i].value) == CURLE_OK;
    }
    return good && curl_easy_setopt(easy, CURLOPT_URL, wire->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "pixmill") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->lines) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->text) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, count_beginning) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           (!ca_file || curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK) &&
           (!wire->bypasses_proxy || curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK) &&
           set_method(easy, transfer, wire);
}

struct aws_transfer *aws_transfer_begin(struct aws_pool *pool, pxm_job *job, const struct aws_wire *wire,
                                        struct aws_fault *fault)
{
    struct aws_transfer *transfer = calloc(1, sizeof *transfer);
    struct aws_handle *handle = transfer ? aws_pool_take(pool) : NULL;
    if (!handle) {
        free(transfer);
        aws_fault_set(fault, AWS_FAULT_NO_MEMORY, AWS_REMEDY_NONE, "out of memory");
        return NULL;
    }
    transfer->pool = pool;
    transfer->handle = handle;
    transfer->job = job;
    transfer->deadline_ms = INT64_MAX;
    transfer->body = wire->body;
    transfer->idle = wire->idle;
    transfer->idle_arg = wire->idle_arg;
    if (!add_lines(transfer, wire) || !set_up(transfer, wire) ||
        curl_multi_add_handle(handle->multi, handle->easy) != CURLM_OK) {
        aws_transfer_end(transfer);
        aws_fault_set(fault, AWS_FAULT_NO_MEMORY, AWS_REMEDY_NONE, "out of memory");
        return NULL;
    }
    return transfer;
}

void aws_transfer_end(struct aws_transfer *transfer)
{
    if (!transfer) {
        return;
    }
    aws_pool_give(transfer->pool, transfer->handle);
    curl_slist_free_all(transfer->lines);
    aws_list_done(&transfer->headers);
    free(transfer);
}

/* ---- driving ---- */

static int64_t monotonic_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void aws_transfer_set_deadline(struct aws_transfer *transfer, int64_t remaining_ms)
{
    int64_t now_ms = monotonic_ms();
    transfer->deadline_ms = remaining_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + remaining_ms;
}

/* The least of the job's time and the transfer's. */
static int64_t time_left_ms(const struct aws_transfer *transfer, int64_t of_job_ms)
{
    if (transfer->deadline_ms == INT64_MAX) {
        return of_job_ms;
    }
    int64_t left = transfer->deadline_ms - monotonic_ms();
    return left < of_job_ms ? left : of_job_ms;
}

/* One step, and a wait of at most a slice for the next. False: a fault. */
static bool step(struct aws_transfer *transfer, pxm_job *job, bool (*is_enough)(const struct aws_transfer *),
                 struct aws_fault *fault)
{
    const struct pxm_host *host = transfer->pool->host;
    CURLM *multi = transfer->handle->multi;
    int running = 0, queued = 0;
    int64_t left = time_left_ms(transfer, host->remaining_ms(job));
    if (left <= 0) {
        aws_fault_set(fault, AWS_FAULT_LATE, AWS_REMEDY_NONE, "the time is up");
        return false;
    }
    if (curl_multi_perform(multi, &running) != CURLM_OK) {
        aws_fault_set(fault, AWS_FAULT_NO_MEMORY, AWS_REMEDY_NONE, "out of memory");
        return false;
    }
    CURLMsg *message = curl_multi_info_read(multi, &queued);
    if (message && message->msg == CURLMSG_DONE) {
        transfer->is_done = true;
        transfer->result = (int)message->data.result;
    }
    if (transfer->is_done || is_enough(transfer)) {
        return true;
    }
    if (transfer->idle) {
        transfer->idle = transfer->idle(transfer->idle_arg) ? transfer->idle : NULL;
        return true;
    }
    if (curl_multi_poll(multi, NULL, 0, (int)(left < SLICE_MS ? left : SLICE_MS), NULL) != CURLM_OK) {
        aws_fault_set(fault, AWS_FAULT_NO_MEMORY, AWS_REMEDY_NONE, "out of memory");
        return false;
    }
    return true;
}

static bool has_headers(const struct aws_transfer *transfer)
{
    return transfer->has_headers;
}

bool aws_transfer_reply(struct aws_transfer *transfer, struct aws_fault *fault)
{
    while (!transfer->has_headers && !transfer->is_done) {
        if (!step(transfer, transfer->job, has_headers, fault)) {
            return false;
        }
    }
    /* A server may answer before it has read the whole body, and close: its answer is what counts. */
    if (transfer->has_headers) {
        return true;
    }
    if (transfer->result == CURLE_OK) {
        transfer->result = CURLE_GOT_NOTHING;
    }
    aws_fault_of_curl(fault, transfer->result, transfer->text);
    return false;
}

int aws_transfer_status(const struct aws_transfer *transfer)
{
    return transfer->status;
}

bool aws_transfer_was_resent(const struct aws_transfer *transfer)
{
    return transfer->beginnings > 1;
}

const struct aws_list *aws_transfer_headers(const struct aws_transfer *transfer)
{
    return &transfer->headers;
}

static bool has_bytes(const struct aws_transfer *transfer)
{
    return transfer->taken == transfer->room || transfer->is_paused;
}

static size_t take_rest(struct aws_transfer *transfer, char *to, size_t length)
{
    size_t count = transfer->rest_length < length ? transfer->rest_length : length;
    memcpy(to, transfer->rest + transfer->rest_at, count);
    transfer->rest_at += count;
    transfer->rest_length -= count;
    return count;
}

/* A reply that had begun ends badly. What was sent no longer matters where the status says that it was refused. */
static bool is_whole(const struct aws_transfer *transfer)
{
    return transfer->result == CURLE_OK || (transfer->status >= 300 && (transfer->result == CURLE_SEND_ERROR ||
                                                                        transfer->result == CURLE_SEND_FAIL_REWIND));
}

int64_t aws_transfer_read(struct aws_transfer *transfer, pxm_job *job, void *buffer, size_t length,
                          struct aws_fault *fault)
{
    transfer->to = buffer;
    transfer->room = length;
    transfer->taken = take_rest(transfer, buffer, length);
    while (transfer->taken < length && !transfer->is_done) {
        if (transfer->is_paused) {
            transfer->is_paused = false;
            if (curl_easy_pause(transfer->handle->easy, CURLPAUSE_CONT) != CURLE_OK) {
                aws_fault_set(fault, AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT, "the transfer broke off");
                return -1;
            }
        }
        if (!step(transfer, job, has_bytes, fault)) {
            return -1;
        }
        if (transfer->is_paused && transfer->taken > 0) {
            break;
        }
    }
    transfer->room = transfer->taken;
    if (transfer->taken == 0 && length > 0 && transfer->is_done && !is_whole(transfer)) {
        aws_fault_of_curl(fault, transfer->result, transfer->text);
        return -1;
    }
    return (int64_t)transfer->taken;
}

bool aws_transfer_collect(struct aws_transfer *transfer, pxm_job *job, struct aws_text *text, struct aws_fault *fault)
{
    char chunk[CURL_MAX_WRITE_SIZE];
    int64_t count;
    while ((count = aws_transfer_read(transfer, job, chunk, sizeof chunk, fault)) > 0) {
        aws_text_add(text, chunk, (size_t)count);
        if (text->failed) {
            aws_fault_set(fault, text->is_full ? AWS_FAULT_MALFORMED : AWS_FAULT_NO_MEMORY, AWS_REMEDY_NONE,
                          "the reply is larger than any should be");
            return false;
        }
    }
    return count == 0;
}
