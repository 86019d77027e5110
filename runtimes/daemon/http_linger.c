/* Closing without a reset. A socket that is closed while something unread lies in it, or comes in later, resets the
 * connection, and the client loses the answer that explains why. So what was answered and closed by us is read on for
 * a moment, into nothing. */
#include "daemon/http_private.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10, READS_PER_TURN = 16 };

static void end(struct http_server *server, struct http_lingering *lingering)
{
    epoll_ctl(server->epoll, EPOLL_CTL_DEL, lingering->fd, NULL);
    close(lingering->fd);
    lingering->fd = -1;
}

void http_linger(struct http_server *server, int fd)
{
    struct http_lingering *place = &server->lingering[0];
    for (int i = 0; i < HTTP_LINGERING_MAX && place->fd >= 0; i++) {
        struct http_lingering *at = &server->lingering[i];
        if (at->fd < 0 || at->due_ms < place->due_ms) {
            place = at;
        }
    }
    if (place->fd >= 0) {
        end(server, place); /* all are taken: the oldest has had most of its time */
    }
    place->fd = fd;
    place->due_ms = http_now_ms() + server->options.linger_ms_max;
    place->watch.what = HTTP_WATCHED_LINGERING;
    if (!http_watch(server, fd, &place->watch)) {
        end(server, place);
    }
}

void http_linger_read(struct http_server *server, struct http_lingering *lingering)
{
    char nothing[READ_BYTES];
    if (lingering->fd < 0) {
        return; /* closed in this very turn */
    }
    for (int i = 0; i < READS_PER_TURN; i++) {
        ssize_t length = recv(lingering->fd, nothing, sizeof nothing, MSG_DONTWAIT);
        if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
            end(server, lingering);
            return;
        }
        if (length < 0) {
            return;
        }
    }
}

void http_linger_sweep(struct http_server *server, int64_t now_ms, bool all)
{
    for (int i = 0; i < HTTP_LINGERING_MAX; i++) {
        struct http_lingering *at = &server->lingering[i];
        if (at->fd >= 0 && (all || at->due_ms <= now_ms)) {
            end(server, at);
        }
    }
}
