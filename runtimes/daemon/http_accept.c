/* Where connections come from: the listening socket, how many are taken in all and of one address. Accepting is ours
 * rather than libmicrohttpd's, which turns in circles when descriptors run out, and closes without a word. */
#include "daemon/http_private.h"

#include "base/error.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BACKLOG = 512, ACCEPTED_PER_TURN = 32, ACCEPT_AGAIN_MS = 250 };

bool http_watch(struct http_server *server, int fd, struct http_watch *watch)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};
    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* ---- the listening socket ---------------------------------------------------------------------------------------- */

/* -1 and errno: it does not work. */
static int listen_at(const struct addrinfo *at, bool both)
{
    const int on = 1, off = 0;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at->ai_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? &off : &on, sizeof on);
    }
    if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int number = errno;
        close(fd);
        errno = number;
        return -1;
    }
    return fd;
}

static pxm_status listen_on(struct http_server *server, const char *host, pxm_error *error)
{
    char port[8], name[256];
    size_t length = strlen(host);
    bool brackets = length > 2 && host[0] == '[' && host[length - 1] == ']';
    if (length >= sizeof name) {
        return pxm_error_set(error, PXM_E_INVALID, "http.listen", "the address to listen on is too long");
    }
    (void)snprintf(port, sizeof port, "%u", server->options.port);
    (void)snprintf(name, sizeof name, "%.*s", brackets ? (int)length - 2 : (int)length, brackets ? host + 1 : host);
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int failure = getaddrinfo(length > 0 ? name : "::", port, &hints, &found);
    if (failure != 0) {
        return pxm_error_set(error, PXM_E_INVALID, "http.listen", "listen on %s: %s", host, gai_strerror(failure));
    }
    for (const struct addrinfo *at = found; at != NULL && server->listener < 0; at = at->ai_next) {
        server->listener = listen_at(at, length == 0);
    }
    int number = errno;
    freeaddrinfo(found);
    if (server->listener < 0) {
        char what[512];
        (void)snprintf(what, sizeof what, "listen on %s, port %s", length > 0 ? name : "all addresses", port);
        return pxm_error_errno(error, number, "http.listen", what);
    }
    server->owns_listener = true;
    return PXM_OK;
}

pxm_status http_listen(struct http_server *server, pxm_error *error)
{
    pxm_status status = PXM_OK;
    if (server->options.listen_fd >= 0) {
        server->listener = server->options.listen_fd;
    } else {
        status = listen_on(server, server->options.host != NULL ? server->options.host : "127.0.0.1", error);
    }
    if (status != PXM_OK) {
        return status;
    }
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = {.v6 = {.sin6_family = AF_UNSPEC}};
    socklen_t size = sizeof at;
    int is_listening = 0;
    socklen_t size_of_int = sizeof is_listening;
    if (getsockopt(server->listener, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size_of_int) != 0 ||
        getsockname(server->listener, &at.any, &size) != 0) {
        return pxm_error_errno(error, errno, "http.listen", "the socket that was handed over");
    }
    if (!is_listening || (at.any.sa_family != AF_INET && at.any.sa_family != AF_INET6)) {
        return pxm_error_set(error, PXM_E_INVALID, "http.listen",
                             "the socket that was handed over does not listen for TCP connections");
    }
    server->port = ntohs(at.any.sa_family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
    return PXM_OK;
}

void http_stop_listening(struct http_server *server)
{
    if (server->listens) {
        epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->listener, NULL);
        server->listens = false;
        server->accept_at_ms = 0;
    }
    if (server->owns_listener && server->listener >= 0) {
        close(server->listener);
        server->listener = -1;
    }
}

/* ---- connections ------------------------------------------------------------------------------------------------- */

static void set_address(struct http_connection *connection, const struct sockaddr_storage *from)
{
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)from;
        connection->address.s6_addr[10] = connection->address.s6_addr[11] = 0xFF;
        memcpy(connection->address.s6_addr + 12, &v4->sin_addr, 4);
    } else if (from->ss_family == AF_INET6) {
        connection->address = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
    }
    const char *text = IN6_IS_ADDR_V4MAPPED(&connection->address)
                           ? inet_ntop(AF_INET, connection->address.s6_addr + 12, connection->remote, HTTP_REMOTE_MAX)
                           : inet_ntop(AF_INET6, &connection->address, connection->remote, HTTP_REMOTE_MAX);
    if (text == NULL) {
        connection->remote[0] = '\0';
    }
}

/* One who has an address of IPv6 has all of its /64. */
static bool is_same_client(const struct in6_addr *a, const struct in6_addr *b)
{
    return memcmp(a, b, IN6_IS_ADDR_V4MAPPED(a) ? sizeof *a : 8) == 0;
}

/* There are a thousand connections, not a million: counting them costs less than keeping a table right. */
static bool is_crowded(const struct http_server *server, const struct http_connection *entering)
{
    int64_t count = 0;
    if (server->options.trust_forwarded) {
        return false;
    }
    for (const struct http_connection *at = server->connections; at != NULL; at = at->next) {
        count += is_same_client(&entering->address, &at->address);
    }
    return count >= server->options.connections_per_address_max;
}

static void turn_away(struct http_server *server, int fd, const char *text)
{
    (void)send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    http_linger(server, fd);
}

static void enter(struct http_server *server, int fd, const struct sockaddr_storage *from, socklen_t size)
{
    struct http_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        close(fd);
        return;
    }
    connection->server = server;
    connection->fd = fd;
    connection->since_ms = http_now_ms();
    set_address(connection, from);
    const char *refusal = NULL;
    if (atomic_load(&server->connection_count) >= server->options.connections_max) {
        refusal = server->busy;
    } else if (is_crowded(server, connection)) {
        refusal = server->crowded;
    }
    if (refusal != NULL) {
        turn_away(server, fd, refusal);
        free(connection);
        return;
    }
    server->entering = connection; /* which http_connection_notify takes */
    (void)MHD_add_connection(server->daemon, fd, (const struct sockaddr *)(const void *)from, size);
    free(server->entering);
    server->entering = NULL;
}

/* Whether another try makes sense right away. The errors of a single connection that broke before it was accepted are
 * many (accept(2)); what is not one of them lasts. */
static bool can_go_on(struct http_server *server, int number)
{
    switch (number) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        server->accept_at_ms = http_now_ms() + ACCEPT_AGAIN_MS;
        if (server->listens) {
            epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->listener, NULL);
            server->listens = false;
        }
        return false;
    case EAGAIN:
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
        return false;
    default:
        return true;
    }
}

void http_accept(struct http_server *server)
{
    if (server->listener < 0) {
        return;
    }
    if (!server->listens) {
        server->listens = http_watch(server, server->listener, &server->on_listener);
    }
    const int turns = atomic_load(&server->quiesced) ? BACKLOG : ACCEPTED_PER_TURN;
    for (int i = 0; i < turns; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof from;
        int fd = accept4(server->listener, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            enter(server, fd, &from, size);
        } else if (!can_go_on(server, errno)) {
            return;
        }
    }
}

static void add(struct http_server *server, struct http_connection *connection)
{
    connection->next = server->connections;
    if (connection->next != NULL) {
        connection->next->previous = connection;
    }
    server->connections = connection;
    atomic_fetch_add(&server->connection_count, 1);
}

static void drop(struct http_server *server, struct http_connection *connection)
{
    if (connection->previous != NULL) {
        connection->previous->next = connection->next;
    } else {
        server->connections = connection->next;
    }
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    atomic_fetch_sub(&server->connection_count, 1);
}

bool http_peer_closed(int fd)
{
    char byte;
    ssize_t length = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR);
}

void http_connection_notify(void *arg, struct MHD_Connection *mhd, void **context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = arg;
    (void)mhd;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = server->entering;
        server->entering = NULL;
        add(server, *context);
        return;
    }
    struct http_connection *connection = *context;
    *context = NULL;
    drop(server, connection);
    if (!connection->resets && !atomic_load(&server->stopped) && !http_peer_closed(connection->fd)) {
        int fd = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);
        if (fd >= 0) {
            http_linger(server, fd);
        }
    }
    free(connection);
}
