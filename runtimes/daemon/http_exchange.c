/* A request from its first line to the end of its answer, as libmicrohttpd tells it: opened at the request line,
 * handled at the headers, at each piece of the body and at its end, closed when all is over.
 *
 * libmicrohttpd takes an answer in two moments only: at the headers, and then it closes the connection, or at the end
 * of the body. So a refusal before a body goes out at the headers, and one without a body waits for the end, to keep
 * the connection; what fails in the middle is written past it. */
#include "daemon/http_private.h"

#include "app/answer.h"
#include "base/error.h"
#include <stdlib.h>
#include <string.h>

const struct app_head *http_head(const struct http_exchange *exchange)
{
    return &exchange->head;
}

const char *http_request_id(const struct http_exchange *exchange)
{
    return exchange->id;
}

void http_set_data(struct http_exchange *exchange, void *data)
{
    exchange->data = data;
}

void *http_data(const struct http_exchange *exchange)
{
    return exchange->data;
}

struct http_outcome http_outcome(const struct http_exchange *exchange)
{
    return exchange->outcome;
}

void http_cut(struct http_exchange *exchange)
{
    exchange->phase = HTTP_PHASE_CUT;
}

/* ---- opened and closed ------------------------------------------------------------------------------------------- */

static struct http_connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

/* The target is copied at once, as it is cut to pieces next; one that is too long is told by its absence. */
static bool keep_target(struct http_exchange *exchange, const char *uri)
{
    exchange->line_at = uri;
    if (strnlen(uri, APP_TARGET_BYTES_MAX + 1) > APP_TARGET_BYTES_MAX) {
        return true;
    }
    exchange->target = strdup(uri);
    return exchange->target != NULL;
}

void *http_exchange_open(void *arg, const char *uri, struct MHD_Connection *mhd)
{
    struct http_server *server = arg;
    struct http_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL || !keep_target(exchange, uri)) {
        free(exchange);
        return NULL; /* the handler closes the connection */
    }
    atomic_fetch_add(&server->refs, 1);
    exchange->server = server;
    exchange->mhd = mhd;
    exchange->connection = connection_of(mhd);
    exchange->connection->exchange = exchange;
    exchange->connection->requests++;
    exchange->started_ms = http_now_ms();
    memcpy(exchange->remote, exchange->connection->remote, sizeof exchange->remote);
    exchange->head = (struct app_head){.method = "-",
                                       .path = exchange->target != NULL ? exchange->target : "-",
                                       .query = "",
                                       .remote_addr = exchange->remote,
                                       .scheme = "http",
                                       .content_length = -1};
    http_identify(exchange);
    return exchange;
}

void http_exchange_over(struct http_exchange *exchange, bool sent)
{
    struct http_server *server = exchange->server;
    const struct http_options *options = &server->options;

    exchange->outcome.ms = http_now_ms() - exchange->started_ms;
    exchange->outcome.bytes_sent = sent ? exchange->outcome.bytes_sent : 0;
    if (exchange->was_begun) {
        options->handler->over(options->arg, exchange, sent);
        atomic_fetch_sub(&server->exchange_count, 1);
    } else if (options->handler->rejected != NULL) {
        options->handler->rejected(options->arg, exchange);
    }
    app_intake_free(exchange->intake);
    app_response_free(exchange->answer);
    free(exchange->target);
    free(exchange->text);
    free(exchange);
    http_unref(server);
}

void http_exchange_close(void *arg, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *context;
    (void)arg;
    *context = NULL;
    if (exchange == NULL) {
        return;
    }
    struct http_connection *connection = exchange->connection;
    connection->exchange = NULL;
    connection->since_ms = http_now_ms();
    if (exchange->outcome.status == 0 && exchange->phase <= HTTP_PHASE_BODY) { /* libmicrohttpd may have refused it */
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_HTTP_STATUS);
        exchange->outcome.status = info != NULL ? (int)info->http_status : 0;
    }
    pthread_mutex_lock(&exchange->server->lock);
    exchange->connection = NULL;
    exchange->mhd = NULL;
    const bool is_awaited = exchange->phase == HTTP_PHASE_WAIT && !exchange->is_answered;
    pthread_mutex_unlock(&exchange->server->lock);
    if (!is_awaited) { /* else it is over when it is answered */
        const bool sent = exchange->phase == HTTP_PHASE_SENDING && code == MHD_REQUEST_TERMINATED_COMPLETED_OK;
        http_exchange_over(exchange, sent && !atomic_load(&exchange->gone));
    }
}

/* ---- handled ----------------------------------------------------------------------------------------------------- */

/* Takes over the response. */
static enum MHD_Result answer_now(struct http_exchange *exchange, struct app_response *response)
{
    exchange->answer = response;
    return http_send(exchange);
}

static enum MHD_Result refuse(struct http_exchange *exchange, const struct http_refusal *refusal)
{
    exchange->wants_close = true;
    return answer_now(exchange, app_answer_problem(refusal->status, refusal->code, exchange->id, "%s", refusal->text));
}

static enum MHD_Result begin(struct http_exchange *exchange, const char *method, const char *version)
{
    struct http_server *server = exchange->server;
    const struct http_options *options = &server->options;
    const struct http_refusal refusal = http_head_read(exchange, method, version);
    if (refusal.status != 0) {
        return refuse(exchange, &refusal);
    }
    if (options->trust_forwarded) {
        http_believe_proxy(exchange);
    }
    /* How a chunked body is cut is not ours to see, and a proxy in front may read it otherwise; so what follows such a
     * body is never taken for a request. */
    exchange->wants_close = exchange->is_chunked || exchange->connection->requests >= options->requests_max;
    exchange->phase = HTTP_PHASE_BODY;
    exchange->body_ms = http_now_ms();
    exchange->was_begun = true;
    atomic_fetch_add(&server->exchange_count, 1);
    struct app_response *answer = NULL;
    exchange->intake = options->handler->begin(options->arg, exchange, &answer);
    if (answer == NULL) {
        return exchange->phase == HTTP_PHASE_CUT ? MHD_NO : MHD_YES;
    }
    if (exchange->has_body) {
        return answer_now(exchange, answer);
    }
    exchange->answer = answer;
    exchange->phase = HTTP_PHASE_ANSWER;
    return MHD_YES;
}

static enum MHD_Result take(struct http_exchange *exchange, const char *data, size_t *size)
{
    const struct http_options *options = &exchange->server->options;
    pxm_error error = {.status = PXM_OK};
    const size_t length = *size;
    *size = 0;
    exchange->outcome.bytes_received += (int64_t)length;
    if (exchange->intake == NULL || app_intake_feed(exchange->intake, data, length, &error) == PXM_OK) {
        return MHD_YES;
    }
    exchange->phase = HTTP_PHASE_CUT;
    http_send_raw(exchange, options->handler->failed(options->arg, exchange, &error));
    return MHD_NO;
}

/* The handler may answer at once, or some other thread may already while `complete` still runs. */
static enum MHD_Result complete(struct http_exchange *exchange, struct app_body *body)
{
    struct http_server *server = exchange->server;

    pthread_mutex_lock(&server->lock);
    exchange->completing = true;
    pthread_mutex_unlock(&server->lock);
    exchange->phase = HTTP_PHASE_WAIT;
    server->options.handler->complete(server->options.arg, exchange, body);
    pthread_mutex_lock(&server->lock);
    exchange->completing = false;
    const bool is_answered = exchange->is_answered;
    pthread_mutex_unlock(&server->lock);
    if (is_answered) {
        return http_send(exchange);
    }
    MHD_suspend_connection(exchange->mhd);
    return MHD_YES;
}

static enum MHD_Result end(struct http_exchange *exchange)
{
    const struct http_options *options = &exchange->server->options;
    if (exchange->intake == NULL) {
        return complete(exchange, NULL);
    }
    pxm_error error = {.status = PXM_OK};
    struct app_body *body = calloc(1, sizeof *body);
    const pxm_status status =
        body != NULL ? app_intake_finish(exchange->intake, body, &error) : pxm_error_no_memory(&error);
    app_intake_free(exchange->intake);
    exchange->intake = NULL;
    if (status != PXM_OK) {
        free(body);
        return answer_now(exchange, options->handler->failed(options->arg, exchange, &error));
    }
    return complete(exchange, body);
}

enum MHD_Result http_exchange_handle(void *arg, struct MHD_Connection *mhd, const char *url, const char *method,
                                     const char *version, const char *data, size_t *size, void **context)
{
    struct http_exchange *exchange = *context;
    (void)arg;
    (void)mhd;
    (void)url;
    if (exchange == NULL) {
        return MHD_NO;
    }
    switch (exchange->phase) {
    case HTTP_PHASE_HEAD:
        return begin(exchange, method, version);
    case HTTP_PHASE_BODY:
        return *size > 0 ? take(exchange, data, size) : end(exchange);
    case HTTP_PHASE_ANSWER:
        return http_send(exchange);
    case HTTP_PHASE_WAIT: /* resumed to be cut */
    case HTTP_PHASE_SENDING:
    case HTTP_PHASE_CUT:
        break;
    }
    return MHD_NO;
}
