/* A client of HTTP/1.1 with one connection, which is opened when it is needed. One thread. */
#ifndef PXM_BENCH_CLIENT_H
#define PXM_BENCH_CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct client {
    uint16_t port;
    int host; /* the client's own address is 127.0.1.1 and so on: servers count by address */
    int fd;   /* -1: not connected */
};

void client_init(struct client *client, uint16_t port, int host);
void client_done(struct client *client);

/* The status of the answer; 0: there was none. An answer that comes before all was sent ends the sending, and the
 * connection. `number` becomes the last bytes of the body, behind the picture. */
int client_upload(struct client *client, const char *data, size_t length, uint64_t number);
int client_get(struct client *client, const char *path);

#endif
