/* The raw client of the HTTP tests. */
#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 240000 };

void client_connect_socket(int fd, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
}

int client_connect(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    client_connect_socket(fd, port);
    return fd;
}

int client_connect_v6(uint16_t port)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void wait_for(int fd, short events)
{
    struct pollfd polled = {.fd = fd, .events = events};
    int count = poll(&polled, 1, PATIENCE_MS);
    assert_int_equal(count, 1);
}

void client_send(int fd, const void *data, size_t length)
{
    const char *at = data;
    while (length > 0) {
        wait_for(fd, POLLOUT);
        ssize_t written = send(fd, at, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (written < 0 && errno == EAGAIN) {
            continue;
        }
        if (written < 0) {
            assert_true(errno == EPIPE || errno == ECONNRESET);
            return;
        }
        at += written;
        length -= (size_t)written;
    }
}

void client_puts(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

/* Bytes; 0: closed; -1: reset. */
static ssize_t receive(int fd, void *buffer, size_t size)
{
    wait_for(fd, POLLIN);
    ssize_t length = recv(fd, buffer, size, 0);
    if (length < 0) {
        assert_int_equal(errno, ECONNRESET);
    }
    return length;
}

static bool read_head(int fd, struct answer *answer)
{
    size_t length = 0;
    while (length < 4 || memcmp(answer->head + length - 4, "\r\n\r\n", 4) != 0) {
        assert_true(length + 1 < sizeof answer->head);
        ssize_t got = receive(fd, answer->head + length, 1);
        if (got <= 0) {
            assert_int_equal(length, 0); /* no half of a head */
            return false;
        }
        length++;
    }
    answer->head[length] = '\0';
    return true;
}

bool client_header(const struct answer *answer, const char *name, char *buffer, size_t size)
{
    const size_t length = strlen(name);
    for (const char *line = strstr(answer->head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            line += length + 1;
            line += strspn(line, " ");
            snprintf(buffer, size, "%.*s", (int)strcspn(line, "\r"), line);
            return true;
        }
    }
    return false;
}

bool client_read(int fd, struct answer *answer, bool of_head)
{
    char text[64];
    memset(answer, 0, sizeof *answer);
    if (!read_head(fd, answer)) {
        return false;
    }
    assert_int_equal(sscanf(answer->head, "HTTP/1.1 %3d ", &answer->status), 1);
    answer->closes = client_header(answer, "Connection", text, sizeof text) && strcmp(text, "close") == 0;
    size_t length = 0;
    if (!of_head && answer->status >= 200 && answer->status != 204 && answer->status != 304) {
        assert_true(client_header(answer, "Content-Length", text, sizeof text));
        length = strtoul(text, NULL, 10);
    }
    answer->body = calloc(1, length + 1);
    assert_non_null(answer->body);
    while (answer->length < length) {
        ssize_t got = receive(fd, answer->body + answer->length, length - answer->length);
        assert_true(got > 0);
        answer->length += (size_t)got;
    }
    return true;
}

void client_answer_done(struct answer *answer)
{
    free(answer->body);
    answer->body = NULL;
}

bool client_read_to_end(int fd, size_t *ret_length)
{
    static _Thread_local char buffer[64 << 10];
    size_t total = 0;
    ssize_t got;
    while ((got = receive(fd, buffer, sizeof buffer)) > 0) {
        total += (size_t)got;
    }
    if (ret_length != NULL) {
        *ret_length = total;
    }
    return got == 0;
}

bool client_exchange(uint16_t port, const char *request, struct answer *answer)
{
    int fd = client_connect(port);
    client_puts(fd, request);
    bool got = client_read(fd, answer, strncmp(request, "HEAD ", 5) == 0);
    close(fd);
    return got;
}
