/* One exchange over HTTP: a request is sent, its reply is read as it comes. Over libcurl, with a pool of handles that
 * keep their connections. Nothing is followed, repeated or decoded here. */
#ifndef AWS_HTTP_H
#define AWS_HTTP_H

#include "aws/fault.h"
#include "aws/list.h"
#include "aws/text.h"

#include <pixmill/plugin.h>

#include <stdbool.h>
#include <stdint.h>

/* Once a process, before any thread. [load] */
bool aws_http_start(void);

struct aws_pool;
/* `ca_file`: NULL: that of the system; copied. NULL: out of memory. */
struct aws_pool *aws_pool_new(const struct pxm_host *host, const char *ca_file);
/* No transfer is under way. NULL is fine. */
void aws_pool_free(struct aws_pool *pool);
/* Closes the connections that are idle, as they may be dead. [any] */
void aws_pool_drop(struct aws_pool *pool);

/* What is sent: bytes in memory, which may be a mapped file. Borrowed as long as the transfer lasts. */
struct aws_body {
    const void *data; /* never NULL */
    size_t length;
};

/* Work that is done while the network is waited for: some tenths of a millisecond of it. False: none is left. */
typedef bool (*aws_idle_work)(void *arg);

struct aws_wire {
    const char *method, *url;
    const struct aws_list *headers; /* `host` among them                                       */
    const struct aws_body *body;    /* NULL: none                                              */
    bool expects_continue;          /* ask before the body is sent                             */
    bool bypasses_proxy;
    int64_t connect_ms; /* until the connection stands; 0: 3 s                                 */
    int64_t total_ms;   /* until all is done; 0: as long as bytes come                         */
    aws_idle_work idle; /* NULL: there is none                                                 */
    void *idle_arg;
};

/* One exchange. One thread at a time. */
struct aws_transfer;
/* NULL: with the fault. `job` may be NULL. */
struct aws_transfer *aws_transfer_begin(struct aws_pool *pool, pxm_job *job, const struct aws_wire *wire,
                                        struct aws_fault *fault);
/* Sends, and waits for status and headers. False: with the fault. */
bool aws_transfer_reply(struct aws_transfer *transfer, struct aws_fault *fault);
int aws_transfer_status(const struct aws_transfer *transfer);
/* Whether the body was sent again, as a connection that was kept alive turned out to be dead. */
bool aws_transfer_was_resent(const struct aws_transfer *transfer);
const struct aws_list *aws_transfer_headers(const struct aws_transfer *transfer);
/* From now on the transfer ends in so many milliseconds, whatever job its reader has; INT64_MAX: it does not. */
void aws_transfer_set_deadline(struct aws_transfer *transfer, int64_t remaining_ms);
/* The body of the reply, as a stream: 0 is its end, -1 a fault. `job` may be NULL. */
int64_t aws_transfer_read(struct aws_transfer *transfer, pxm_job *job, void *buffer, size_t length,
                          struct aws_fault *fault);
/* Reads the rest into `text`, which stops at its cap. */
bool aws_transfer_collect(struct aws_transfer *transfer, pxm_job *job, struct aws_text *text, struct aws_fault *fault);
/* Breaks off what is not done, and gives the handle back. NULL is fine. */
void aws_transfer_end(struct aws_transfer *transfer);

/* Waits; false: the job's time ended first. */
bool aws_sleep(const struct pxm_host *host, pxm_job *job, int64_t ms);

#endif
