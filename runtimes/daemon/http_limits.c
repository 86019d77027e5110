/* Clients that are too slow: looked for now and then, all of them, by what each is at. A limit is a time by which
 * something must be whole, or an amount within a time; inactivity alone would let one byte a minute live for ever. */
#include "daemon/http_private.h"

#include "app/answer.h"
#include <linux/tcp.h>

uint64_t http_acknowledged(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_acked : 0;
}

/* libmicrohttpd sees the end of the connection, and closes it. */
static void close_quietly(struct http_connection *connection)
{
    shutdown(connection->fd, SHUT_RDWR);
}

/* What the kernel still holds for a client that does not read goes with the connection. */
static void reset(struct http_connection *connection)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    connection->resets = true;
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    shutdown(connection->fd, SHUT_RDWR);
}

static void give_up(struct http_exchange *exchange, const char *what)
{
    http_send_raw(exchange, app_answer_problem(408, "request.timeout", exchange->id, "%s", what));
    exchange->phase = HTTP_PHASE_CUT;
    close_quietly(exchange->connection);
}

static bool is_late_body(const struct http_exchange *exchange, int64_t now_ms)
{
    const struct http_options *options = &exchange->server->options;
    const int64_t spent_ms = now_ms - exchange->body_ms;
    if (spent_ms > options->body_ms_max) {
        return true;
    }
    return spent_ms > options->body_grace_ms &&
           exchange->outcome.bytes_received < options->body_rate_min * spent_ms / 1000;
}

static void look_at_reader(struct http_exchange *exchange, int64_t now_ms)
{
    const struct http_options *options = &exchange->server->options;
    if (now_ms - exchange->sending_ms < options->answer_ms_max) {
        return;
    }
    const uint64_t taken = http_acknowledged(exchange->connection->fd);
    const uint64_t least = (uint64_t)(options->body_rate_min * options->answer_ms_max / 1000);
    if (taken - exchange->acknowledged < (least > 0 ? least : 1)) {
        exchange->phase = HTTP_PHASE_CUT;
        reset(exchange->connection);
        return;
    }
    exchange->acknowledged = taken;
    exchange->sending_ms = now_ms;
}

/* libmicrohttpd misses an end of input that comes together with the last bytes, and would wait for more. */
static bool is_left(const struct http_connection *connection)
{
    const struct http_exchange *exchange = connection->exchange;
    return (exchange == NULL || exchange->phase <= HTTP_PHASE_BODY) && http_peer_closed(connection->fd);
}

static void look_at(struct http_connection *connection, int64_t now_ms)
{
    const struct http_options *options = &connection->server->options;
    struct http_exchange *exchange = connection->exchange;
    if (is_left(connection)) {
        close_quietly(connection);
        return;
    }
    if (exchange == NULL) {
        const int64_t most = connection->requests == 0 ? options->header_ms_max : options->idle_ms_max;
        if (now_ms - connection->since_ms > most) {
            close_quietly(connection);
        }
        return;
    }
    switch (exchange->phase) {
    case HTTP_PHASE_HEAD:
        if (now_ms - (connection->requests == 1 ? connection->since_ms : exchange->started_ms) >
            options->header_ms_max) {
            give_up(exchange, "the headers took too long");
        }
        break;
    case HTTP_PHASE_BODY:
        if (is_late_body(exchange, now_ms)) {
            give_up(exchange, "the body came too slowly");
        }
        break;
    case HTTP_PHASE_WAIT:
        if (http_peer_closed(connection->fd)) {
            atomic_store(&exchange->gone, true);
        }
        break;
    case HTTP_PHASE_SENDING:
        look_at_reader(exchange, now_ms);
        break;
    case HTTP_PHASE_ANSWER:
    case HTTP_PHASE_CUT:
        break;
    }
}

/* One that has asked nothing yet holds next to nothing. */
static bool is_idle(const struct http_connection *connection)
{
    return connection->exchange == NULL && connection->requests > 0 && !connection->leaves;
}

static struct http_connection *longest_idle(const struct http_server *server)
{
    struct http_connection *longest = NULL;
    for (struct http_connection *at = server->connections; at != NULL; at = at->next) {
        if (is_idle(at) && (longest == NULL || at->since_ms <= longest->since_ms)) {
            longest = at;
        }
    }
    return longest;
}

/* libmicrohttpd keeps the memory of a connection, all of it touched, until that is closed. */
static void close_surplus(struct http_server *server)
{
    int64_t idle = 0;
    for (const struct http_connection *at = server->connections; at != NULL; at = at->next) {
        idle += is_idle(at);
    }
    for (; server->options.idle_max > 0 && idle > server->options.idle_max; idle--) {
        struct http_connection *longest = longest_idle(server);
        longest->leaves = true;
        close_quietly(longest);
    }
}

void http_sweep(struct http_server *server, int64_t now_ms)
{
    for (struct http_connection *at = server->connections; at != NULL; at = at->next) {
        look_at(at, now_ms);
    }
    close_surplus(server);
}
