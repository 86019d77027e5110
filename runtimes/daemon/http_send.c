/* Answers on their way out: through libmicrohttpd, which copies headers and sends bodies where they lie, from memory or
 * from a file; or, where it takes none, past it. */
#include "daemon/http_private.h"

#include "base/blob.h"
#include "base/buf.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { RAW_BYTES_MAX = 16 << 10 };

static bool has_no_body(int status)
{
    return status < 200 || status == 204 || status == 304;
}

static const char id_header[] = "X-Request-Id";

/* These tell how this connection is used and what the log calls the request, which is nobody's business but ours. */
static bool is_ours(const char *name)
{
    static const char *const names[] = {"Connection",     "Keep-Alive", "Transfer-Encoding",
                                        "Content-Length", "Upgrade",    id_header};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void unref_blob(void *blob)
{
    pxm_blob_unref(blob);
}

/* A 304 tells the length that a 200 would have, and so needs one, of which not a byte is asked for. */
static ssize_t read_nothing(void *arg, uint64_t at, char *buffer, size_t size)
{
    (void)arg;
    (void)at;
    (void)buffer;
    (void)size;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* NULL: no memory, no descriptors, or a file that cannot be read. */
static struct MHD_Response *wrap_body(const struct app_response *response)
{
    static char nothing[1];
    if (response->status == 304 && response->length > 0) {
        return MHD_create_response_from_callback((uint64_t)response->length, 1, read_nothing, NULL, NULL);
    }
    if (response->body == NULL || response->length <= 0 || response->status == 204) {
        return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    }
    int64_t offset = 0;
    const int fd = pxm_blob_fd(response->body, &offset);
    if (fd >= 0) {
        const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (own < 0) {
            return NULL;
        }
        struct MHD_Response *made = MHD_create_response_from_fd_at_offset64((uint64_t)response->length, own,
                                                                            (uint64_t)(offset + response->offset));
        if (made == NULL) {
            close(own);
        }
        return made;
    }
    const char *data = pxm_blob_data(response->body, NULL);
    if (data == NULL) {
        return NULL;
    }
    pxm_blob *body = pxm_blob_ref(response->body);
    struct MHD_Response *made = MHD_create_response_from_buffer_with_free_callback_cls(
        (size_t)response->length, (void *)(uintptr_t)(data + response->offset), unref_blob, body);
    if (made == NULL) {
        pxm_blob_unref(body);
    }
    return made;
}

static bool add_headers(struct MHD_Response *made, const struct app_response *response, const char *id, bool close)
{
    for (size_t i = 0; i < response->header_count; i++) {
        const struct app_header *header = &response->headers[i];
        if (!is_ours(header->name) && MHD_add_response_header(made, header->name, header->value) != MHD_YES) {
            return false;
        }
    }
    return MHD_add_response_header(made, id_header, id) == MHD_YES &&
           (!close || MHD_add_response_header(made, "Connection", "close") == MHD_YES);
}

enum MHD_Result http_send(struct http_exchange *exchange)
{
    struct app_response *response = exchange->answer;
    exchange->answer = NULL;
    exchange->phase = HTTP_PHASE_CUT;
    if (response == NULL) {
        return MHD_NO;
    }
    const bool close = exchange->wants_close || atomic_load(&exchange->server->quiesced);
    struct MHD_Response *made = wrap_body(response);
    enum MHD_Result result = MHD_NO;
    if (made != NULL && add_headers(made, response, exchange->id, close)) {
        exchange->phase = HTTP_PHASE_SENDING;
        exchange->outcome.status = response->status;
        exchange->outcome.bytes_sent =
            has_no_body(response->status) || strcmp(exchange->head.method, "HEAD") == 0 ? 0 : response->length;
        exchange->sending_ms = http_now_ms();
        exchange->acknowledged = http_acknowledged(exchange->connection->fd);
        result = MHD_queue_response(exchange->mhd, (unsigned)response->status, made);
        if (result != MHD_YES) {
            exchange->phase = HTTP_PHASE_CUT;
            exchange->outcome.status = 0;
        }
    }
    if (made != NULL) {
        MHD_destroy_response(made);
    }
    app_response_free(response);
    return result;
}

/* ---- past libmicrohttpd ------------------------------------------------------------------------------------------ */

static void write_head(struct pxm_buf *buf, const struct app_response *response, const char *id, int64_t length)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm at = {0};
    const time_t now = time(NULL);
    pxm_buf_printf(buf, "HTTP/1.1 %d %s\r\n", response->status, MHD_get_reason_phrase_for((unsigned)response->status));
    if (gmtime_r(&now, &at) != NULL) {
        pxm_buf_printf(buf, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[at.tm_wday], at.tm_mday,
                       months[at.tm_mon], at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
    }
    for (size_t i = 0; i < response->header_count; i++) {
        if (!is_ours(response->headers[i].name)) {
            pxm_buf_printf(buf, "%s: %s\r\n", response->headers[i].name, response->headers[i].value);
        }
    }
    pxm_buf_printf(buf, "%s: %s\r\nContent-Length: %lld\r\nConnection: close\r\n\r\n", id_header, id,
                   (long long)length);
}

void http_send_raw(struct http_exchange *exchange, struct app_response *response)
{
    struct pxm_buf buf;
    if (response == NULL) {
        return;
    }
    pxm_buf_init(&buf, RAW_BYTES_MAX);
    const char *data = response->body != NULL ? pxm_blob_data(response->body, NULL) : NULL;
    const int64_t length = data != NULL ? response->length : 0;
    write_head(&buf, response, exchange->id, length);
    if (length > 0) {
        pxm_buf_add(&buf, data + response->offset, (size_t)length);
    }
    /* Nothing was sent on this connection since the last answer was taken, so it all fits, or the client is gone. */
    if (buf.status == PXM_OK &&
        send(exchange->connection->fd, buf.data, buf.length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)buf.length) {
        exchange->outcome.status = response->status;
    }
    pxm_buf_done(&buf);
    app_response_free(response);
}
