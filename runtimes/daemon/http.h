/* The HTTP front of the daemon, over libmicrohttpd: connections, limits of slow and greedy clients, bodies streamed to
 * where the handler wants them, answers sent from memory or by sendfile. It knows no route. Its thread only moves
 * bytes: when a body is whole the connection is suspended until somebody answers. */
#ifndef PXM_DAEMON_HTTP_H
#define PXM_DAEMON_HTTP_H

#include "app/head.h"
#include "app/intake.h"
#include "app/response.h"

struct http_server;   /* opaque */
struct http_exchange; /* a request and its answer; opaque */

struct http_options {
    const char *host; /* address to listen on */
    uint16_t port;    /* 0: any that is free */
    int listen_fd;    /* -1: none; else a socket that listens already (systemd) */
    int64_t connections_max, connections_per_address_max;
    int64_t header_ms_max, body_ms_max; /* for all headers; for the whole body */
    int64_t body_rate_min;              /* bytes a second, after 5 s */
    int64_t idle_ms_max;                /* of a connection between requests */
    int64_t requests_max;               /* of one connection */
    bool trust_forwarded;               /* X-Forwarded-For and -Proto of a proxy in front */
    const struct http_handler *handler;
    void *arg; /* the handler's */
};

/* Called on the HTTP thread; must not block. */
struct http_handler {
    /* Headers are there. Gives an intake for the body (which the server frees), or NULL and *ret_refusal: the answer,
     * sent at once, before the body is read; or NULL for both: there is no body, or it is to be ignored, go on. */
    struct app_intake *(*begin)(void *arg, struct http_exchange *exchange, struct app_response **ret_refusal);
    /* The body is whole; `body` is the handler's now (NULL: none), and so is the duty to call http_answer once. */
    void (*complete)(void *arg, struct http_exchange *exchange, struct app_body *body);
    /* The body could not be taken: the answer to give. */
    struct app_response *(*failed)(void *arg, struct http_exchange *exchange, const pxm_error *error);
    /* The exchange is over: answered and sent (`sent`), or the client went away before. The last call; where `complete`
     * was called before, only after http_answer. */
    void (*over)(void *arg, struct http_exchange *exchange, bool sent);
};

const struct app_head *http_head(const struct http_exchange *exchange); /* lives as long as the exchange */
const char *http_request_id(const struct http_exchange *exchange);      /* for logs and answers; unique, safe */
void http_set_data(struct http_exchange *exchange, void *data);         /* the handler's own */
void *http_data(const struct http_exchange *exchange);
bool http_is_gone(struct http_exchange *exchange); /* the client went away; answering is still a duty. [any] */
/* Takes over the response. [any], once for each exchange that was completed. */
void http_answer(struct http_exchange *exchange, struct app_response *response);

pxm_status http_start(const struct http_options *options, struct http_server **ret, pxm_error *error);
uint16_t http_port(const struct http_server *server);
int64_t http_connections(const struct http_server *server);
/* Takes no further connections; those that are open are told to close after their answer. */
void http_quiesce(struct http_server *server);
int64_t http_exchanges(const struct http_server *server); /* that are not over */
void http_stop(struct http_server *server);               /* cuts what is left */

#endif
