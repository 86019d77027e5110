/* A client of one service: signs, sends, judges the reply, and does what may help: waits and repeats, corrects its
 * clock, finds the region, gets new credentials. Used by any number of threads at once. */
#ifndef AWS_CLIENT_H
#define AWS_CLIENT_H

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/http.h"
#include "aws/sigv4.h"

/* What differs between services. */
struct aws_service {
    const char *name;        /* "s3": in the host, the signature and the environment       */
    uint32_t sign_flags;     /* AWS_SIGN_...                                               */
    bool sends_payload_hash; /* the header x-amz-content-sha256                            */
    int64_t delay_ms;        /* before the first repetition, at most                       */
    int attempts;            /* of a request where nothing else is told; 0: 3              */
    bool checks_crc32;       /* replies have the header x-amz-crc32                        */
};

struct aws_client;
/* [load] */
pxm_status aws_client_new(const struct pxm_host *host, const struct aws_service *service,
                          const struct aws_options *options, struct aws_client **ret, pxm_error *error);
/* No call is under way. NULL is fine. [load] */
void aws_client_free(struct aws_client *client);
/* The process was frozen: connections may be dead, and time has passed. [load] */
void aws_client_resumed(struct aws_client *client);

/* ---- calls ---- */

struct aws_request {
    const char *method;
    const char *subdomain;          /* comes before the endpoint's host; NULL: nothing                         */
    const char *path;               /* encoded; starts with a slash; the endpoint's own path comes before it   */
    struct aws_list query, headers; /* headers without those that the client adds itself              */
    const struct aws_body *body;    /* NULL: none                                                     */
    const char *payload;            /* its SHA-256 in hex; NULL: not known yet                        */
    bool expects_continue;          /* ask before the body is sent                                    */
    bool streams_reply;             /* a 2xx is read by the caller, from `transfer`                   */
    size_t reply_max;               /* bytes of a reply that is kept                                  */
    int64_t total_ms;               /* of one attempt; 0: as long as bytes come                       */
    aws_idle_work idle;             /* done while the network is waited for; NULL: nothing            */
    void *idle_arg;
    const char *region_path; /* HEAD of this path tells the region; NULL: nothing does         */
};

struct aws_reply {
    struct aws_fault fault; /* AWS_FAULT_NONE: the service did it                                    */
    int status;             /* 0: there was no reply                                                 */
    int attempts;           /* how often it was sent: an earlier one may have been done all the same */
    struct aws_list headers;
    struct aws_text body;
    struct aws_transfer *transfer;
};

void aws_request_done(struct aws_request *request);
/* Fills the reply, which is to be freed in any case. Returns whether the service did it. [job] */
bool aws_call(struct aws_client *client, pxm_job *job, const struct aws_request *request, struct aws_reply *reply);
void aws_reply_done(struct aws_reply *reply);

/* ---- without a call ---- */

/* Where requests go now and with what they are signed, for URLs that are given to others. */
struct aws_place {
    struct aws_endpoint endpoint;
    char region[AWS_REGION_TEXT];
};
/* False: with the fault. [job] */
bool aws_client_place(struct aws_client *client, pxm_job *job, struct aws_place *ret, struct aws_fault *fault);
/* Like aws_provider_get, and what time it is there. [job] */
bool aws_client_credentials(struct aws_client *client, pxm_job *job, struct aws_credentials **ret, int64_t *ret_now_ms,
                            struct aws_fault *fault);
/* Whether the endpoint is that of the service itself, and not one of a compatible store. [any] */
bool aws_client_is_aws(const struct aws_client *client);
/* Whether requests go over TLS now. [any] */
bool aws_client_is_tls(struct aws_client *client);

#endif
