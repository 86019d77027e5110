/* Clients that upload pictures, each one like no other, until they are acknowledged, and meanwhile look at what they
 * were told is there. Some may put them straight into the bucket. */
#ifndef PXM_TEST_FAULTS_LOAD_H
#define PXM_TEST_FAULTS_LOAD_H

#include "host.h"
#include "ledger.h"

enum { LOAD_CLIENTS_MAX = 64 };

struct load {
    const struct host *host;
    const char *picture; /* a JPEG file */
    unsigned clients, seed;
    bool signs; /* each third upload goes by a signed URL straight into the bucket */
    struct ledger ledger;
    struct ledger direct;   /* these: acknowledged by the bucket, their records follow */
    atomic_size_t refused;  /* an input that ended two workers is not taken */
    atomic_size_t wrong;    /* answers that should not have been given; each is told on standard error */
    atomic_size_t broken;   /* answers that did not come, or not whole */
    atomic_size_t repeated; /* acknowledged requests that were sent once more */
    atomic_size_t read;     /* objects that were read and compared */
    /* its own */
    char *base;
    size_t base_length;
    atomic_bool over;
    pthread_t threads[LOAD_CLIENTS_MAX];
};

/* The clients begin; false: the picture cannot be read. */
bool load_start(struct load *load);
/* Each of them ends when what it has begun is acknowledged. */
void load_stop(struct load *load);
void load_done(struct load *load);
/* The picture with a comment in it; owned. */
char *load_picture(const struct load *load, const char *comment, size_t *ret_length);

#endif
