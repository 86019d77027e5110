/* A server whose handler does what the path says, and what it saw:
 *
 *   /refuse       answers 413 at the headers
 *   /fail         the intake fails with 422 "test.fail" when it has got 1,000 bytes, or at the end
 *   /later        another thread answers
 *   /hold         world_release answers
 *   /file /memory a body of world.body_bytes from a file, from memory; /part: 1,000 bytes of the file from 500 on
 *   /status/NNN   that status, without a body
 *   /unchanged    304, with the length of the file
 *   else          200 and a line: "METHOD PATH?QUERY BYTES SUM ADDRESS SCHEME\n" (bytes of the body, and their sum) */
#ifndef PXM_TEST_HTTP_WORLD_H
#define PXM_TEST_HTTP_WORLD_H

#include "daemon/http.h"
#include <pthread.h>
#include <stdatomic.h>

enum { WORLD_IDS_MAX = 4096 };

struct world {
    struct http_server *server;
    struct http_options options;
    int64_t body_bytes;
    int file;       /* of body_bytes: byte i is i * 7 modulo 251 */
    uint8_t *bytes; /* the same */
    pthread_t answerer;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct http_exchange *later[64], *held[64];
    size_t later_count, held_count;
    bool ends;
    atomic_int begun, completed, failed, over, sent, rejected, intakes;
    atomic_int last_status, last_rejected;
    atomic_int_fast64_t last_sent_bytes, last_received_bytes;
    char ids[WORLD_IDS_MAX][HTTP_REQUEST_ID_MAX];
    size_t id_count;
};

/* Limits that nobody meets, loopback, any port; to be changed before world_start. */
void world_init(struct world *world);
void world_start(struct world *world);
/* Stops the server, and checks that every exchange that was begun is over and no intake is left. */
void world_stop(struct world *world);
void world_stop_server(struct world *world); /* and nothing else; world_stop comes later */
/* Waits until so many exchanges are held. */
void world_wait_held(struct world *world, size_t count);
/* Waits until the counter is at least that. */
void world_wait(struct world *world, atomic_int *counter, int least);
void world_release(struct world *world); /* answers all that are held */
bool world_held_is_gone(struct world *world, size_t index);
int world_descriptors(void); /* open in this process */

#endif
