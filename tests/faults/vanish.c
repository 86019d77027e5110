/* Clients that go away in the middle of a request: vanish PORT FILE COUNT [LENGTH]. COUNT requests to upload the file
 * are begun, each one on a connection of its own that is closed behind another byte of it, from the first to the last;
 * half of them are reset. LENGTH is what Content-Length says instead of the truth. It prints how many were answered. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_BYTES_MAX = 8 << 20, PATIENCE_S = 240 };

static char request[REQUEST_BYTES_MAX];

static int connect_to(uint16_t port)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

/* The request, of which not all will be sent; its length, or 0. */
static size_t make_request(const char *path, const char *said)
{
    FILE *file = fopen(path, "re");
    size_t size = 0, room = sizeof request / 2;
    char length[24];

    if (!file) {
        return 0;
    }
    size = fread(request + room, 1, room, file);
    fclose(file);
    snprintf(length, sizeof length, "%zu", size);
    int head = snprintf(request, room,
                        "POST /upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"
                        "Content-Length: %s\r\n\r\n",
                        said ? said : length);
    memmove(request + head, request + room, size);
    return (size_t)head + size;
}

/* Whether there was any answer before the connection was given up. */
static bool send_and_go(uint16_t port, size_t length, bool reset, bool wait)
{
    const struct linger linger = {.l_onoff = 1};
    char answer[256];
    ssize_t count = 0;
    int fd = connect_to(port);

    if (fd < 0) {
        perror("connect");
        exit(EXIT_FAILURE);
    }
    for (size_t sent = 0; sent < length; sent += (size_t)count) {
        count = send(fd, request + sent, length - sent, MSG_NOSIGNAL);
        if (count <= 0) {
            break;
        }
    }
    if (wait) {
        shutdown(fd, SHUT_WR);
        count = recv(fd, answer, sizeof answer, 0);
    }
    if (reset) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    close(fd);
    return wait && count > 0;
}

int main(int argc, char **argv)
{
    size_t answered = 0;

    if (argc < 4) {
        fprintf(stderr, "vanish PORT FILE COUNT [LENGTH]\n");
        return 64;
    }
    uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
    size_t length = make_request(argv[2], argc > 4 ? argv[4] : NULL), count = strtoul(argv[3], NULL, 10);
    if (length == 0 || count == 0) {
        return 64;
    }
    for (size_t i = 0; i < count; i++) {
        size_t upto = argc > 4 ? length : length * i / count;
        answered += send_and_go(port, upto, i % 2 == 0, i % 16 == 15);
    }
    printf("%zu\n", answered);
    return EXIT_SUCCESS;
}
