#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_BYTES_MAX = 16384, TAIL_BYTES = 16, PATIENCE_MS = 120000 };

void client_init(struct client *client, uint16_t port, int host)
{
    *client = (struct client){.port = port, .host = host, .fd = -1};
}

void client_done(struct client *client)
{
    if (client->fd >= 0) {
        close(client->fd);
    }
    client->fd = -1;
}

static bool connect_client(struct client *client)
{
    const struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_port = htons(client->port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    const struct sockaddr_in own = {.sin_family = AF_INET,
                                    .sin_addr = {.s_addr = htonl(0x7f000101U + (uint32_t)client->host)}};
    const int on = 1;

    if (client->fd >= 0) {
        return true;
    }
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0) {
        return false;
    }
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    /* The port is chosen when it connects, so that one address has as many as it may have to this server. */
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(client->fd, (const struct sockaddr *)&own, sizeof own) != 0 ||
        connect(client->fd, (const struct sockaddr *)&server, sizeof server) != 0 ||
        fcntl(client->fd, F_SETFL, O_NONBLOCK) != 0) {
        client_done(client);
        return false;
    }
    return true;
}

/* Sends all, unless an answer comes before. False: it did, or the connection broke. */
static bool send_all(const struct client *client, const char *data, size_t length)
{
    while (length > 0) {
        struct pollfd socket = {.fd = client->fd, .events = POLLIN | POLLOUT};
        if (poll(&socket, 1, PATIENCE_MS) <= 0 || socket.revents & (POLLIN | POLLERR | POLLHUP)) {
            return false;
        }
        ssize_t sent = send(client->fd, data, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            return false;
        }
        data += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

/* Whether the text is a whole answer. */
static bool is_whole(const char *text, size_t length)
{
    const char *end = strstr(text, "\r\n\r\n");
    const char *said = strcasestr(text, "\r\ncontent-length:");
    long body = said && said < end ? strtol(said + sizeof "\r\ncontent-length:" - 1, NULL, 10) : 0;

    return end && body >= 0 && length >= (size_t)(end + 4 - text) + (size_t)body;
}

static int receive(struct client *client, bool keeps)
{
    char answer[ANSWER_BYTES_MAX];
    size_t length = 0;
    bool whole = false;

    answer[0] = '\0';
    while (!whole && length < sizeof answer - 1) {
        struct pollfd socket = {.fd = client->fd, .events = POLLIN};
        ssize_t got =
            poll(&socket, 1, PATIENCE_MS) > 0 ? recv(client->fd, answer + length, sizeof answer - 1 - length, 0) : 0;
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        length += (size_t)got;
        answer[length] = '\0';
        whole = is_whole(answer, length);
    }
    if (!whole || !keeps || strcasestr(answer, "\r\nconnection: close\r\n")) {
        client_done(client);
    }
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

int client_upload(struct client *client, const char *data, size_t length, uint64_t number)
{
    char head[256];
    char tail[TAIL_BYTES + 1];

    if (!connect_client(client)) {
        return 0;
    }
    int head_length = snprintf(head, sizeof head,
                               "POST /upload HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                               "Content-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n",
                               client->port, length + TAIL_BYTES);
    snprintf(tail, sizeof tail, "%016" PRIx64, number);
    bool sent = send_all(client, head, (size_t)head_length) && send_all(client, data, length) &&
                send_all(client, tail, TAIL_BYTES);
    return receive(client, sent);
}

int client_get(struct client *client, const char *path)
{
    char head[256];

    if (!connect_client(client)) {
        return 0;
    }
    int length = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", path, client->port);
    return receive(client, send_all(client, head, (size_t)length));
}
