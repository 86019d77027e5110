/* The pool of handles. [any] */
#include "aws/pool.h"
#include "aws/text.h"

#include <curl/curl.h>
#include <stdlib.h>

enum { CONNECTIONS_MAX = 2 };

bool aws_http_start(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

struct aws_pool *aws_pool_new(const struct pxm_host *host, const char *ca_file)
{
    struct aws_pool *pool = calloc(1, sizeof *pool);
    if (!pool) {
        return NULL;
    }
    pool->host = host;
    pool->ca_file = aws_copy_text(ca_file);
    if ((ca_file && !pool->ca_file) || pthread_mutex_init(&pool->lock, NULL) != 0) {
        free(pool->ca_file);
        free(pool);
        return NULL;
    }
    return pool;
}

static void free_handle(struct aws_handle *handle)
{
    if (handle) {
        curl_easy_cleanup(handle->easy);
        curl_multi_cleanup(handle->multi);
        free(handle);
    }
}

void aws_pool_drop(struct aws_pool *pool)
{
    struct aws_handle *handle;
    do {
        pthread_mutex_lock(&pool->lock);
        handle = pool->count > 0 ? pool->idle[--pool->count] : NULL;
        pthread_mutex_unlock(&pool->lock);
        free_handle(handle);
    } while (handle);
}

void aws_pool_free(struct aws_pool *pool)
{
    if (pool) {
        aws_pool_drop(pool);
        pthread_mutex_destroy(&pool->lock);
        free(pool->ca_file);
        free(pool);
    }
}

static struct aws_handle *new_handle(void)
{
    struct aws_handle *handle = calloc(1, sizeof *handle);
    if (!handle) {
        return NULL;
    }
    handle->easy = curl_easy_init();
    handle->multi = curl_multi_init();
    if (!handle->easy || !handle->multi ||
        curl_multi_setopt(handle->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX) != CURLM_OK) {
        free_handle(handle);
        return NULL;
    }
    return handle;
}

struct aws_handle *aws_pool_take(struct aws_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct aws_handle *handle = pool->count > 0 ? pool->idle[--pool->count] : NULL;
    pthread_mutex_unlock(&pool->lock);
    return handle ? handle : new_handle();
}

void aws_pool_give(struct aws_pool *pool, struct aws_handle *handle)
{
    curl_multi_remove_handle(handle->multi, handle->easy);
    curl_easy_reset(handle->easy);
    pthread_mutex_lock(&pool->lock);
    if (pool->count < AWS_POOL_IDLE_MAX) {
        pool->idle[pool->count++] = handle;
        handle = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    free_handle(handle);
}
