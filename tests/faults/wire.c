/* Requests with Connection: close, so that an answer ends where the connection does and is as long as it says. */
#include "wire.h"

#include "base/buf.h"
#include "base/digest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_BYTES_MAX = 64 << 20, PATIENCE_S = 240 };

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The other end may answer before it has read all, so what cannot be sent is no failure yet. */
static void send_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t count = send(fd, data, length, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return;
        }
        data += count;
        length -= (size_t)count;
    }
}

static void send_request(int fd, const struct wire_request *request)
{
    struct pxm_buf head;

    pxm_buf_init(&head, 64 << 10);
    pxm_buf_printf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s", request->method, request->path,
                   request->host ? request->host : "127.0.0.1", request->headers ? request->headers : "");
    if (request->length > 0) {
        pxm_buf_printf(&head, "Content-Length: %zu\r\n", request->length);
    }
    pxm_buf_puts(&head, "\r\n");
    send_all(fd, head.data, head.length);
    send_all(fd, request->body, request->length);
    pxm_buf_done(&head);
}

static void receive_all(int fd, struct pxm_buf *into)
{
    char part[16 << 10];
    ssize_t count = 0;

    while ((count = recv(fd, part, sizeof part, 0)) > 0 || (count < 0 && errno == EINTR)) {
        if (count > 0 && pxm_buf_add(into, part, (size_t)count) != PXM_OK) {
            return;
        }
    }
}

/* The value of a header within the head; its length, or -1. */
static int find_header(const char *head, const char *name, const char **ret)
{
    size_t length = strlen(name);

    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        const char *at = line + 2;
        if (strncasecmp(at, name, length) == 0 && at[length] == ':') {
            *ret = at + length + 1 + strspn(at + length + 1, " ");
            return (int)strcspn(*ret, "\r\n");
        }
    }
    return -1;
}

/* Takes the text apart; the body is whole if it is as long as it was said to be. */
static bool read_answer(struct pxm_buf *text, struct wire_answer *ret)
{
    const char *value = NULL;
    char *end = strstr(text->data, "\r\n\r\n");

    if (!end || strncmp(text->data, "HTTP/1.1 ", 9) != 0) {
        return false;
    }
    end[2] = '\0';
    ret->status = (int)strtol(text->data + 9, NULL, 10);
    int length = find_header(text->data, "ETag", &value);
    if (length >= 0) {
        snprintf(ret->etag, sizeof ret->etag, "%.*s", length, value);
    }
    size_t start = (size_t)(end + 4 - text->data), said = 0;
    if (find_header(text->data, "Content-Length", &value) >= 0) {
        said = strtoul(value, NULL, 10);
    }
    ret->length = text->length - start;
    if (ret->length != said) {
        return false;
    }
    ret->body = malloc(ret->length + 1);
    if (!ret->body) {
        return false;
    }
    memcpy(ret->body, text->data + start, ret->length);
    ret->body[ret->length] = '\0';
    return true;
}

bool wire_ask(uint16_t port, const struct wire_request *request, struct wire_answer *ret)
{
    struct pxm_buf text;
    int fd = connect_to(port);

    *ret = (struct wire_answer){0};
    if (fd < 0) {
        return false;
    }
    pxm_buf_init(&text, ANSWER_BYTES_MAX);
    send_request(fd, request);
    receive_all(fd, &text);
    close(fd);
    bool whole = read_answer(&text, ret);
    pxm_buf_done(&text);
    return whole;
}

void wire_answer_done(struct wire_answer *answer)
{
    free(answer->body);
    *answer = (struct wire_answer){0};
}

void wire_digest(const void *data, size_t length, char ret[WIRE_DIGEST_MAX])
{
    uint8_t bytes[PXM_SHA256_BYTES];

    if (pxm_sha256(data, length, bytes) != PXM_OK) {
        abort();
    }
    pxm_hex(bytes, sizeof bytes, ret);
}

void wire_md5_tag(const void *data, size_t length, char ret[WIRE_TAG_MAX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    unsigned int count = 0;

    if (EVP_Digest(data, length, digest, &count, EVP_md5(), NULL) != 1) {
        abort();
    }
    pxm_hex(digest, count, hex);
    snprintf(ret, WIRE_TAG_MAX, "\"%.64s\"", hex);
}
