/* What the files of the HTTP front share. All of it belongs to the HTTP thread but what says otherwise. */
#ifndef PXM_DAEMON_HTTP_PRIVATE_H
#define PXM_DAEMON_HTTP_PRIVATE_H

#include "daemon/http.h"
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

enum {
    HTTP_LINGERING_MAX = 256,
    HTTP_REMOTE_MAX = INET6_ADDRSTRLEN,
    HTTP_TURN_AWAY_MAX = 512,
};

/* What an event of the server's own epoll is about. */
enum http_watched { HTTP_WATCHED_WAKEUP, HTTP_WATCHED_LISTENER, HTTP_WATCHED_ENGINE, HTTP_WATCHED_LINGERING };
struct http_watch {
    enum http_watched what;
};

/* A socket that was answered and closed by the server: read to its end, so that the answer is not overtaken by a
 * reset. */
struct http_lingering {
    struct http_watch watch;
    int fd; /* -1: free */
    int64_t due_ms;
};

struct http_connection {
    struct http_server *server;
    struct http_connection *next, *previous;
    int fd; /* libmicrohttpd's */
    struct in6_addr address;
    char remote[HTTP_REMOTE_MAX];
    int64_t requests;               /* whose request line was read */
    int64_t since_ms;               /* when it was accepted or its last exchange ended */
    struct http_exchange *exchange; /* NULL: between requests */
    bool resets;                    /* is closed without a last word: nobody reads it */
    bool leaves;                    /* was idle, and is closed to make room */
};

enum http_phase {
    HTTP_PHASE_HEAD,    /* the request line is there */
    HTTP_PHASE_BODY,    /* was begun */
    HTTP_PHASE_WAIT,    /* was completed: suspended, somebody is to answer */
    HTTP_PHASE_ANSWER,  /* the answer is there and is handed to libmicrohttpd at its next call */
    HTTP_PHASE_SENDING, /* libmicrohttpd has it */
    HTTP_PHASE_CUT      /* nothing more is to be said: answered past libmicrohttpd, or no answer could be made */
};

struct http_exchange {
    struct http_server *server;
    struct http_connection *connection; /* NULL: gone; changes under the server's lock */
    struct MHD_Connection *mhd;
    enum http_phase phase;
    char id[HTTP_REQUEST_ID_MAX];
    /* the head: strings in `text`, all of it in one piece of memory */
    struct app_head head;
    char *text;
    char *target;        /* as sent; NULL: too long */
    const char *line_at; /* where libmicrohttpd has it */
    bool has_body, is_chunked;
    bool was_begun, wants_close;
    char remote[HTTP_REMOTE_MAX];
    void *data;
    struct app_intake *intake;
    struct http_outcome outcome;
    int64_t started_ms, body_ms, sending_ms;
    uint64_t acknowledged; /* bytes that the client had taken when the window of sending_ms began */
    /* under the server's lock */
    struct app_response *answer;
    bool is_answered, completing, abandoned;
    struct http_exchange *next_answered;
    atomic_bool gone;
};

struct http_server {
    struct http_options options;
    atomic_int refs; /* one of http_start's caller, one of each exchange */
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int epoll, wakeup, listener;
    uint16_t port;
    bool owns_listener, listens;
    int64_t accept_at_ms; /* accepting failed for want of descriptors or memory: not before then; 0: go on */
    int64_t sweep_ms, swept_at_ms;
    struct http_watch on_wakeup, on_listener, on_engine;
    struct http_connection *connections;
    struct http_connection *entering; /* handed over to libmicrohttpd right now */
    struct http_lingering lingering[HTTP_LINGERING_MAX];
    uint64_t id_time;
    uint8_t id_random[10];
    char busy[HTTP_TURN_AWAY_MAX], crowded[HTTP_TURN_AWAY_MAX]; /* 503, 429 */
    /* any thread */
    atomic_bool quiesced, stopped;
    atomic_int_fast64_t connection_count, exchange_count;
    pthread_mutex_t lock;
    struct http_exchange *first_answered, **last_answered; /* under the lock */
};

int64_t http_now_ms(void); /* monotonic */
void http_unref(struct http_server *server);
void http_wake(const struct http_server *server);

/* http_accept.c */
pxm_status http_listen(struct http_server *server, pxm_error *error);
void http_accept(struct http_server *server);
void http_stop_listening(struct http_server *server);
bool http_watch(struct http_server *server, int fd, struct http_watch *watch);
/* libmicrohttpd opens or closes a connection. */
void http_connection_notify(void *arg, struct MHD_Connection *mhd, void **context,
                            enum MHD_ConnectionNotificationCode code);
/* Whether the other end has closed, or at least will send nothing more, and nothing is left to read. [any] */
bool http_peer_closed(int fd);

/* http_linger.c */
void http_linger(struct http_server *server, int fd); /* its own descriptor of the same socket */
void http_linger_read(struct http_server *server, struct http_lingering *lingering);
/* Closes those whose time is over; all: everyone. */
void http_linger_sweep(struct http_server *server, int64_t now_ms, bool all);

/* http_exchange.c: what libmicrohttpd calls */
void *http_exchange_open(void *arg, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result http_exchange_handle(void *arg, struct MHD_Connection *mhd, const char *url, const char *method,
                                     const char *version, const char *data, size_t *size, void **context);
void http_exchange_close(void *arg, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code);
/* The exchange is over, and freed. [any], after its connection let go of it. */
void http_exchange_over(struct http_exchange *exchange, bool sent);

/* http_head.c: why a request is refused. */
struct http_refusal {
    int status; /* 0: it is not */
    const char *code, *text;
};
/* Fills the head of the exchange from what libmicrohttpd has read, if all of it is as it should be. */
struct http_refusal http_head_read(struct http_exchange *exchange, const char *method, const char *version);

/* http_identity.c */
void http_identify(struct http_exchange *exchange);      /* gives it its id */
void http_believe_proxy(struct http_exchange *exchange); /* takes over what a trusted proxy says */

/* http_send.c */
/* Hands the answer of the exchange to libmicrohttpd, and frees it. */
enum MHD_Result http_send(struct http_exchange *exchange);
/* Writes an answer to the socket past libmicrohttpd, which takes none while a body comes in, and frees it. The
 * connection must be closed then. */
void http_send_raw(struct http_exchange *exchange, struct app_response *response);

/* http_limits.c */
void http_sweep(struct http_server *server, int64_t now_ms);
uint64_t http_acknowledged(int fd); /* bytes that the other end has taken since it connected */

#endif
