/* A server of one connection at a time, over plain sockets. */
#include "api.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POLL_MS = 50, POLLS_MAX = 60000 / POLL_MS };

static const char next_path[] = "GET /2018-06-01/runtime/invocation/next ";

bool api_open(struct api *api)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    char name[64];

    *api = (struct api){.connection = -1, .body = malloc(API_BODY_BYTES_MAX)};
    api->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!api->body || api->listener < 0 || bind(api->listener, (struct sockaddr *)&address, length) < 0 ||
        listen(api->listener, 4) < 0 || getsockname(api->listener, (struct sockaddr *)&address, &length) < 0) {
        perror("runtime API");
        api_close(api);
        return false;
    }
    snprintf(name, sizeof name, "127.0.0.1:%d", ntohs(address.sin_port));
    return setenv("AWS_LAMBDA_RUNTIME_API", name, 1) == 0;
}

static void hang_up(struct api *api)
{
    if (api->connection >= 0) {
        close(api->connection);
    }
    api->connection = -1;
    api->held = 0;
}

void api_close(struct api *api)
{
    hang_up(api);
    if (api->listener >= 0) {
        close(api->listener);
    }
    free(api->body);
    api->body = NULL;
}

/* Whether the process has ended; it stays to be waited for. */
static bool has_ended(pid_t process)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == process;
}

static bool wait_readable(int fd, pid_t process)
{
    struct pollfd what = {.fd = fd, .events = POLLIN};

    for (int i = 0; i < POLLS_MAX; i++) {
        if (poll(&what, 1, POLL_MS) > 0) {
            return true;
        }
        if (has_ended(process)) {
            return false;
        }
    }
    return false;
}

/* More bytes into `to`; 0: the connection is over, or the process. */
static size_t receive(struct api *api, pid_t process, char *to, size_t room)
{
    int on = 1;

    if (api->connection < 0) {
        api->connection = wait_readable(api->listener, process) ? accept4(api->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (api->connection < 0) {
            return 0;
        }
        setsockopt(api->connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ssize_t got = wait_readable(api->connection, process) ? recv(api->connection, to, room, 0) : 0;
    return got > 0 ? (size_t)got : 0;
}

/* Reads a head into `head`, ended by NUL; what came behind it stays. Returns its length; 0: none came. */
static size_t read_head(struct api *api, pid_t process)
{
    char *end = NULL;
    bool again = true; /* a connection may have ended between two requests, once */

    while (api->held < sizeof api->head - 1) {
        api->head[api->held] = '\0';
        end = strstr(api->head, "\r\n\r\n");
        if (end) {
            end[2] = '\0';
            return (size_t)(end + 4 - api->head);
        }
        size_t got = receive(api, process, api->head + api->held, sizeof api->head - 1 - api->held);
        if (got == 0 && (!again || has_ended(process))) {
            return 0;
        }
        if (got == 0) {
            hang_up(api);
            again = false;
        }
        api->held += got;
    }
    return 0;
}

static size_t content_length(const char *head)
{
    static const char name[] = "\r\ncontent-length:";

    for (const char *at = strchr(head, '\r'); at; at = strchr(at + 1, '\r')) {
        if (strncasecmp(at, name, sizeof name - 1) == 0) {
            return (size_t)strtoul(at + sizeof name - 1, NULL, 10);
        }
    }
    return 0;
}

/* A request, with its body. `head` holds its head until the next one is read. */
static bool read_request(struct api *api, pid_t process, char *ret_line, size_t room)
{
    size_t length = read_head(api, process);

    if (length == 0) {
        return false;
    }
    snprintf(ret_line, room, "%.*s", (int)room - 1, api->head);
    size_t wanted = content_length(api->head);
    size_t held = api->held - length < wanted ? api->held - length : wanted;
    if (wanted > API_BODY_BYTES_MAX) {
        return false;
    }
    memcpy(api->body, api->head + length, held);
    api->held -= length + held;
    memmove(api->head, api->head + length + held, api->held);
    while (held < wanted) {
        size_t got = receive(api, process, api->body + held, wanted - held);
        if (got == 0) {
            return false;
        }
        held += got;
    }
    api->body_length = wanted;
    return true;
}

static bool send_all(struct api *api, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(api->connection, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

bool api_wait_next(struct api *api, pid_t process)
{
    char line[sizeof next_path];

    return read_request(api, process, line, sizeof line) && strcmp(line, next_path) == 0;
}

bool api_give(struct api *api, const struct api_event *event)
{
    char head[512];
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                          "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
                          "Lambda-Runtime-Deadline-Ms: 4102444800000\r\n"
                          "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:123456789012:function:f\r\n"
                          "\r\n",
                          event->length);

    return send_all(api, head, (size_t)length) && send_all(api, event->bytes, event->length);
}

bool api_wait_answer(struct api *api, pid_t process)
{
    static const char taken[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    char line[256];

    if (!read_request(api, process, line, sizeof line) || strncmp(line, "POST ", 5) != 0) {
        return false;
    }
    line[strcspn(line, "\r")] = '\0';
    if (!strstr(line, "/response ")) {
        fprintf(stderr, "%s: %.*s\n", line, (int)api->body_length, api->body);
        return false;
    }
    return send_all(api, taken, sizeof taken - 1);
}
