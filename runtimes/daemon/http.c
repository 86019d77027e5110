/* The HTTP server: starting, its thread, answers of other threads, stopping.
 *
 * libmicrohttpd runs in its external mode on a thread of ours (MHD_run between two waits), not on one of its own: so
 * limits are enforced, connections accepted and answers handed over where nothing else touches a connection, without a
 * lock. */
#include "daemon/http_private.h"

#include "base/clock.h"
#include "base/error.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    CONNECTION_MEMORY = 128 << 10,
    EVENTS_PER_TURN = 64,
    SWEEP_MS_MIN = 10,
    SWEEP_MS_MAX = 1000,
    BODY_GRACE_MS = 5000,
    ANSWER_MS_MAX = 30000,
    LINGER_MS_MAX = 1000,
    BODY_RATE_MIN_MAX = 1 << 30
};

int64_t http_now_ms(void)
{
    return pxm_clock_system.monotonic_ms(pxm_clock_system.arg);
}

void http_wake(const struct http_server *server)
{
    const uint64_t one = 1;
    ssize_t written = write(server->wakeup, &one, sizeof one); /* full: it is awake already */
    (void)written;
}

void http_unref(struct http_server *server)
{
    if (atomic_fetch_sub(&server->refs, 1) == 1) {
        pthread_mutex_destroy(&server->lock);
        free(server);
    }
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

/* Connections whose answer has come go on. */
static void resume_answered(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    struct http_exchange *exchange = server->first_answered;
    server->first_answered = NULL;
    server->last_answered = &server->first_answered;
    pthread_mutex_unlock(&server->lock);
    while (exchange != NULL) {
        struct http_exchange *next = exchange->next_answered;
        exchange->phase = HTTP_PHASE_ANSWER;
        MHD_resume_connection(exchange->mhd);
        exchange = next;
    }
}

static void on_wakeup(struct http_server *server)
{
    uint64_t count;
    ssize_t length = read(server->wakeup, &count, sizeof count);
    (void)length;
    resume_answered(server);
    if (atomic_load(&server->quiesced) && server->owns_listener) {
        http_accept(server); /* those who wait would be reset when the listener is closed */
    }
    if (atomic_load(&server->quiesced)) {
        http_stop_listening(server);
    }
}

static int wait_ms(const struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG engine_ms = 0;
    if (MHD_get_timeout(server->daemon, &engine_ms) == MHD_YES && engine_ms == 0) {
        return 0;
    }
    int64_t due_ms = server->connections != NULL ? server->swept_at_ms + server->sweep_ms : INT64_MAX;
    for (int i = 0; i < HTTP_LINGERING_MAX; i++) {
        if (server->lingering[i].fd >= 0 && server->lingering[i].due_ms < due_ms) {
            due_ms = server->lingering[i].due_ms;
        }
    }
    if (server->accept_at_ms != 0 && server->accept_at_ms < due_ms) {
        due_ms = server->accept_at_ms;
    }
    if (due_ms == INT64_MAX) {
        return -1;
    }
    int64_t left_ms = due_ms - http_now_ms();
    return left_ms <= 0 ? 0 : left_ms < SWEEP_MS_MAX ? (int)left_ms : SWEEP_MS_MAX;
}

static void handle_event(struct http_server *server, struct http_watch *watch)
{
    switch (watch->what) {
    case HTTP_WATCHED_WAKEUP:
        on_wakeup(server);
        break;
    case HTTP_WATCHED_LISTENER:
        http_accept(server);
        break;
    case HTTP_WATCHED_LINGERING:
        http_linger_read(server, (struct http_lingering *)watch);
        break;
    case HTTP_WATCHED_ENGINE:
        break; /* MHD_run sees to it */
    }
}

static void sweep_if_due(struct http_server *server)
{
    int64_t now_ms = http_now_ms();
    if (now_ms - server->swept_at_ms >= server->sweep_ms) {
        server->swept_at_ms = now_ms;
        http_sweep(server, now_ms);
    }
    http_linger_sweep(server, now_ms, false);
    if (server->accept_at_ms != 0 && server->accept_at_ms <= now_ms) {
        server->accept_at_ms = 0;
        http_accept(server);
    }
}

/* What waits for an answer will not be sent it; libmicrohttpd wants no connection suspended when it stops. */
static void abandon(struct http_server *server)
{
    resume_answered(server);
    for (struct http_connection *connection = server->connections; connection != NULL; connection = connection->next) {
        struct http_exchange *exchange = connection->exchange;
        if (exchange == NULL || exchange->phase != HTTP_PHASE_WAIT) {
            continue;
        }
        pthread_mutex_lock(&server->lock);
        exchange->abandoned = !exchange->is_answered;
        pthread_mutex_unlock(&server->lock);
        MHD_resume_connection(exchange->mhd);
    }
}

static void *run(void *arg)
{
    struct http_server *server = arg;
    struct epoll_event events[EVENTS_PER_TURN];

    while (!atomic_load(&server->stopped)) {
        int count = epoll_wait(server->epoll, events, EVENTS_PER_TURN, wait_ms(server));
        for (int i = 0; i < count; i++) {
            handle_event(server, events[i].data.ptr);
        }
        (void)MHD_run(server->daemon);
        sweep_if_due(server);
    }
    http_stop_listening(server);
    abandon(server);
    MHD_stop_daemon(server->daemon);
    http_linger_sweep(server, 0, true);
    return NULL;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

void http_answer(struct http_exchange *exchange, struct app_response *response)
{
    struct http_server *server = exchange->server;

    pthread_mutex_lock(&server->lock);
    exchange->answer = response;
    exchange->is_answered = true;
    bool is_detached = exchange->connection == NULL;
    /* While `complete` is running its caller looks whether the answer came already. */
    if (!is_detached && !exchange->completing && !exchange->abandoned) {
        exchange->next_answered = NULL;
        *server->last_answered = exchange;
        server->last_answered = &exchange->next_answered;
        http_wake(server);
    }
    pthread_mutex_unlock(&server->lock);
    if (is_detached) {
        http_exchange_over(exchange, false);
    }
}

bool http_is_gone(struct http_exchange *exchange)
{
    if (!atomic_load(&exchange->gone)) {
        pthread_mutex_lock(&exchange->server->lock);
        if (exchange->connection == NULL || http_peer_closed(exchange->connection->fd)) {
            atomic_store(&exchange->gone, true);
        }
        pthread_mutex_unlock(&exchange->server->lock);
    }
    return atomic_load(&exchange->gone);
}

/* ---- starting and stopping --------------------------------------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void set_options(struct http_server *server, const struct http_options *options)
{
    struct http_options *own = &server->options;
    *own = *options;
    own->body_grace_ms = own->body_grace_ms > 0 ? own->body_grace_ms : BODY_GRACE_MS;
    own->answer_ms_max = own->answer_ms_max > 0 ? own->answer_ms_max : ANSWER_MS_MAX;
    own->body_rate_min = least(own->body_rate_min, BODY_RATE_MIN_MAX);
    own->linger_ms_max = own->linger_ms_max > 0 ? own->linger_ms_max : LINGER_MS_MAX;
    int64_t shortest = least(least(own->header_ms_max, own->body_ms_max), least(own->idle_ms_max, own->answer_ms_max));
    server->sweep_ms = least(least(shortest, own->body_grace_ms) / 4, SWEEP_MS_MAX);
    server->sweep_ms = server->sweep_ms > SWEEP_MS_MIN ? server->sweep_ms : SWEEP_MS_MIN;
    server->swept_at_ms = http_now_ms();
}

/* What a connection is told that is not taken: a whole answer, as there is no request to make one for. */
static void set_turning_away(struct http_server *server)
{
    static const char form[] = "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\nContent-Length: %zu\r\n"
                               "Cache-Control: no-store\r\nRetry-After: 1\r\nConnection: close\r\n\r\n%s";
    static const char busy[] = "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
                               "\"code\":\"http.connections\"}\n";
    static const char crowded[] = "{\"type\":\"about:blank\",\"title\":\"Too Many Requests\",\"status\":429,"
                                  "\"code\":\"http.connections\"}\n";
    (void)snprintf(server->busy, sizeof server->busy, form, 503, "Service Unavailable", sizeof busy - 1, busy);
    (void)snprintf(server->crowded, sizeof server->crowded, form, 429, "Too Many Requests", sizeof crowded - 1,
                   crowded);
}

/* What is percent-encoded stays so: who routes decodes, once. */
static size_t leave_escapes(void *arg, struct MHD_Connection *mhd, char *text)
{
    (void)arg;
    (void)mhd;
    return strlen(text);
}

/* libmicrohttpd's own strictness stays off: it closes without an answer, or with a broken one, where http_head.c
 * refuses with a whole one, and it sees less. */
static struct MHD_Daemon *start_engine(struct http_server *server)
{
    const unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
    return MHD_start_daemon(flags, 0, NULL, NULL, http_exchange_handle, server, MHD_OPTION_NOTIFY_COMPLETED,
                            http_exchange_close, server, MHD_OPTION_NOTIFY_CONNECTION, http_connection_notify, server,
                            MHD_OPTION_URI_LOG_CALLBACK, http_exchange_open, server, MHD_OPTION_UNESCAPE_CALLBACK,
                            leave_escapes, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)server->options.connections_max + 1,
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

static bool watch_all(struct http_server *server)
{
    const union MHD_DaemonInfo *engine = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    server->on_wakeup.what = HTTP_WATCHED_WAKEUP;
    server->on_engine.what = HTTP_WATCHED_ENGINE;
    server->on_listener.what = HTTP_WATCHED_LISTENER;
    if (engine == NULL || !http_watch(server, server->wakeup, &server->on_wakeup) ||
        !http_watch(server, engine->epoll_fd, &server->on_engine) ||
        !http_watch(server, server->listener, &server->on_listener)) {
        return false;
    }
    server->listens = true;
    return true;
}

/* Signals are for the thread that waits for them; SIGPIPE, which sendfile raises, is for nobody. */
static int start_thread(struct http_server *server)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&server->thread, NULL, run, server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

static void close_all(struct http_server *server)
{
    if (server->listener >= 0 && server->owns_listener) {
        close(server->listener);
    }
    if (server->wakeup >= 0) {
        close(server->wakeup);
    }
    if (server->epoll >= 0) {
        close(server->epoll);
    }
    server->listener = server->wakeup = server->epoll = -1;
}

static struct http_server *new_server(const struct http_options *options)
{
    struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL || pthread_mutex_init(&server->lock, NULL) != 0) {
        free(server);
        return NULL;
    }
    atomic_init(&server->refs, 1);
    server->last_answered = &server->first_answered;
    server->listener = -1;
    for (int i = 0; i < HTTP_LINGERING_MAX; i++) {
        server->lingering[i].fd = -1;
    }
    set_options(server, options);
    set_turning_away(server);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return server;
}

pxm_status http_start(const struct http_options *options, struct http_server **ret, pxm_error *error)
{
    struct http_server *server = new_server(options);
    if (server == NULL) {
        return pxm_error_no_memory(error);
    }
    pxm_status status = PXM_OK;
    if (server->epoll < 0 || server->wakeup < 0) {
        status = pxm_error_errno(error, errno, "http.start", "the HTTP server cannot be started");
    } else {
        status = http_listen(server, error);
    }
    if (status == PXM_OK) {
        server->daemon = start_engine(server);
        if (server->daemon == NULL || !watch_all(server)) {
            status = pxm_error_set(error, PXM_E_INTERNAL, "http.start", "the HTTP server cannot be started");
        }
    }
    if (status == PXM_OK) {
        int failure = start_thread(server);
        if (failure != 0) {
            status = pxm_error_errno(error, failure, "http.start", "the thread of the HTTP server cannot be started");
        }
    }
    if (status != PXM_OK) {
        if (server->daemon != NULL) {
            MHD_stop_daemon(server->daemon);
        }
        close_all(server);
        http_unref(server);
        return status;
    }
    *ret = server;
    return PXM_OK;
}

uint16_t http_port(const struct http_server *server)
{
    return server->port;
}

int64_t http_connections(const struct http_server *server)
{
    return atomic_load(&server->connection_count);
}

int64_t http_exchanges(const struct http_server *server)
{
    return atomic_load(&server->exchange_count);
}

void http_quiesce(struct http_server *server)
{
    atomic_store(&server->quiesced, true);
    http_wake(server);
}

void http_stop(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    atomic_store(&server->stopped, true);
    http_wake(server);
    pthread_join(server->thread, NULL);
    close_all(server);
    http_unref(server);
}
