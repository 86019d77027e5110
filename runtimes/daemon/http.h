/* The HTTP front of the daemon, over libmicrohttpd: connections, limits of slow and greedy clients, bodies streamed to
 * where the handler wants them, answers sent from memory or by sendfile. It knows no route. Its thread only moves
 * bytes: when a body is whole the connection is suspended until somebody answers.
 *
 * Requests are read strictly (RFC 9112): what a proxy in front could read as anything else than we do is refused and
 * its connection closed. Answers carry the headers that they are given, and Date, Content-Length, Connection and
 * X-Request-Id. */
#ifndef PXM_DAEMON_HTTP_H
#define PXM_DAEMON_HTTP_H

#include "app/head.h"
#include "app/intake.h"
#include "app/response.h"

struct http_server;   /* opaque */
struct http_exchange; /* a request and its answer; opaque */

enum { HTTP_REQUEST_ID_MAX = 65 };

struct http_options {
    const char *host; /* address or name to listen on; "": all, IPv4 and IPv6; NULL: 127.0.0.1 */
    uint16_t port;    /* 0: any that is free */
    int listen_fd;    /* -1: none; else a socket that listens already (systemd), which stays the caller's */
    int64_t connections_max, connections_per_address_max; /* an address of IPv6 is its /64; beyond them a connection is
                                                             answered 503 or 429 and closed */
    int64_t header_ms_max, body_ms_max;                   /* for all headers; for the whole body */
    int64_t body_rate_min; /* bytes a second, of a body after body_grace_ms, of an answer in each answer_ms_max */
    int64_t idle_ms_max;   /* of a connection between requests */
    int64_t idle_max;      /* connections between requests, each of which holds 128 KiB; of more than these, those that
                              have been idle for longest are closed. 0: no bound but connections_max */
    int64_t requests_max;  /* of one connection */
    int64_t body_grace_ms; /* 0: 5 s */
    int64_t answer_ms_max; /* a client that takes less of its answer than body_rate_min in it is cut; 0: 30 s */
    int64_t linger_ms_max; /* how long a connection that is closed is still read, so that the client sees its answer
                              rather than a reset; 0: 1 s */
    bool trust_forwarded;  /* X-Forwarded-For and -Proto and X-Request-Id of a proxy in front; connections are then not
                              counted by address, as they all have the proxy's */
    const struct http_handler *handler;
    void *arg; /* the handler's */
};

/* Called on the HTTP thread; must not block. */
struct http_handler {
    /* Headers are there. Gives an intake for the body (which the server frees), or NULL and *ret_refusal: the answer,
     * sent at once, before the body is read; or NULL for both: there is no body, or it is to be ignored, go on, unless
     * http_cut was called. */
    struct app_intake *(*begin)(void *arg, struct http_exchange *exchange, struct app_response **ret_refusal);
    /* The body is whole; `body` is the handler's now (NULL: none), to be freed by app_body_done and free; and so is the
     * duty to call http_answer once, now or later. */
    void (*complete)(void *arg, struct http_exchange *exchange, struct app_body *body);
    /* The body could not be taken: the answer to give. NULL: the connection is closed without one. */
    struct app_response *(*failed)(void *arg, struct http_exchange *exchange, const pxm_error *error);
    /* An exchange that was begun is over: answered, and all of it was handed to the network (`sent`), or the client is
     * known to have gone away before. The last call;
     * where `complete` was called before, only after http_answer, and on the answering thread if that comes after
     * http_stop. */
    void (*over)(void *arg, struct http_exchange *exchange, bool sent);
    /* A request was refused or given up before it came to `begin`: for the log. What was not read of its head is "-".
     * NULL: nobody wants to know. */
    void (*rejected)(void *arg, struct http_exchange *exchange);
};

/* What came of an exchange; to be asked in `over` and `rejected`. */
struct http_outcome {
    int status;             /* that was answered; 0: none was */
    int64_t bytes_received; /* of the body */
    int64_t bytes_sent;     /* of the body of the answer; 0 unless all was sent */
    int64_t ms;             /* since the request line */
};

const struct app_head *http_head(const struct http_exchange *exchange); /* lives as long as the exchange */
/* For logs and answers: unique, later ones sort behind earlier ones, up to 64 letters, digits and "._-". */
const char *http_request_id(const struct http_exchange *exchange);
void http_set_data(struct http_exchange *exchange, void *data); /* the handler's own */
void *http_data(const struct http_exchange *exchange);
struct http_outcome http_outcome(const struct http_exchange *exchange);
/* There is no memory to say what is wrong: the connection is closed. From `begin` alone, which gives NULL for both. */
void http_cut(struct http_exchange *exchange);
/* The client went away, or will send nothing more, which is taken for the same; answering is still a duty. From
 * `complete` until http_answer. [any] */
bool http_is_gone(struct http_exchange *exchange);
/* Takes over the response. [any], once for each exchange that was completed. NULL, for want of memory: the connection
 * is closed. */
void http_answer(struct http_exchange *exchange, struct app_response *response);

/* Codes "http.listen" and "http.start". */
pxm_status http_start(const struct http_options *options, struct http_server **ret, pxm_error *error);
/* The functions below: [any], one thread at a time. */
uint16_t http_port(const struct http_server *server);
int64_t http_connections(const struct http_server *server);
/* Takes no further connections but those that wait to be accepted already; each that is open is told to close after its
 * answer. */
void http_quiesce(struct http_server *server);
int64_t http_exchanges(const struct http_server *server); /* that were begun and are not over */
/* Cuts what is left and ends the thread. Exchanges that were completed and not answered yet still are to be answered;
 * they are over then. */
void http_stop(struct http_server *server);

#endif
