/* A client that sends exactly what it is told. Whatever does not happen within a generous time fails the test. */
#ifndef PXM_TEST_HTTP_CLIENT_H
#define PXM_TEST_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int client_connect(uint16_t port);
void client_connect_socket(int fd, uint16_t port);
int client_connect_v6(uint16_t port);
void client_send(int fd, const void *data, size_t length); /* all of it; a connection that was closed is fine */
void client_puts(int fd, const char *text);

struct answer {
    int status;
    char head[8192];
    char *body; /* ends in NUL; owned */
    size_t length;
    bool closes; /* says Connection: close */
};
/* Reads one answer; false: the connection was closed or reset before any byte of it. */
bool client_read(int fd, struct answer *answer, bool of_head);
void client_answer_done(struct answer *answer);
/* The value of a header; false: there is none. */
bool client_header(const struct answer *answer, const char *name, char *buffer, size_t size);
/* Reads until the other end closes; true: it did so without a reset. What was read is not kept. */
bool client_read_to_end(int fd, size_t *ret_length);
/* Sends, reads one answer, closes. */
bool client_exchange(uint16_t port, const char *request, struct answer *answer);

#endif
