/* Handles of libcurl, each with its own connections, so that no two threads share any. */
#ifndef AWS_POOL_H
#define AWS_POOL_H

#include "aws/http.h"

#include <pthread.h>

enum { AWS_POOL_IDLE_MAX = 16 };

struct aws_handle {
    void *easy, *multi; /* CURL, CURLM */
};

struct aws_pool {
    const struct pxm_host *host;
    char *ca_file;
    pthread_mutex_t lock;
    struct aws_handle *idle[AWS_POOL_IDLE_MAX]; /* the last one used comes first: its connection is the warmest */
    int count;
};

/* A handle without options; NULL: out of memory. There are as many as are asked for: a stream may keep one for long,
 * and nobody should wait for another's reader. [any] */
struct aws_handle *aws_pool_take(struct aws_pool *pool);
/* Takes the handle back; a transfer that is not done is broken off. [any] */
void aws_pool_give(struct aws_pool *pool, struct aws_handle *handle);

#endif
