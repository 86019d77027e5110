/* What went wrong with a request, as the service or the network tells it: its class, and what would help. From the text
 * of others only what is fit to be shown is kept: no signature, key or token, and no control character. [any] */
#ifndef AWS_FAULT_H
#define AWS_FAULT_H

#include "aws/list.h"

#include <pixmill/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum aws_fault_class {
    AWS_FAULT_NONE,
    AWS_FAULT_NOT_FOUND,
    AWS_FAULT_CONDITION, /* a condition of the request did not hold                             */
    AWS_FAULT_CONFLICT,  /* with another request at the same time                               */
    AWS_FAULT_RANGE,     /* asks for bytes that are not there                                   */
    AWS_FAULT_DENIED,
    AWS_FAULT_THROTTLED,
    AWS_FAULT_TRANSIENT,
    AWS_FAULT_INVALID,     /* the service does not take the request                             */
    AWS_FAULT_SETTINGS,    /* region, endpoint, bucket or certificate are not what they must be */
    AWS_FAULT_UNSUPPORTED, /* the service cannot do that                                        */
    AWS_FAULT_TOO_LARGE,
    AWS_FAULT_FULL,
    AWS_FAULT_MALFORMED, /* the reply is not one of this service                                */
    AWS_FAULT_LATE,      /* the job's time is over, or it was given up                          */
    AWS_FAULT_NO_MEMORY
};

enum aws_remedy {
    AWS_REMEDY_NONE,
    AWS_REMEDY_WAIT,        /* and send it again                        */
    AWS_REMEDY_ONCE,        /* the same, a single time                  */
    AWS_REMEDY_CLOCK,       /* correct the clock                        */
    AWS_REMEDY_REGION,      /* find the region                          */
    AWS_REMEDY_CREDENTIALS, /* get new ones                             */
    AWS_REMEDY_NO_EXPECT    /* send the body without asking for it first */
};

enum { AWS_REGION_TEXT = 64 };

struct aws_fault {
    enum aws_fault_class class;
    enum aws_remedy remedy;
    int http_status; /* 0: there was no reply                                      */
    bool is_timeout; /* nobody answered in time                                    */
    char code[64];   /* "NoSuchKey"; "" where the service gave none                */
    char message[384];
    char request_id[96], host_id[128];
    char region[AWS_REGION_TEXT]; /* where the service says that it should be sent; "": it does not */
    char endpoint[256];
    int64_t server_ms;      /* the service's clock; 0: not told                    */
    int64_t retry_after_ms; /* -1: not told                                        */
};

/* A fault that we found ourselves. */
void aws_fault_set(struct aws_fault *fault, enum aws_fault_class class, enum aws_remedy remedy, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The fault that a reply tells, by its status, headers and body; AWS_FAULT_NONE for a 2xx whose body is no error.
 * `now_ms` is what our clock says. */
void aws_fault_of_reply(struct aws_fault *fault, int status, const struct aws_list *headers, const char *body,
                        size_t length, int64_t now_ms);
/* The fault that libcurl tells by its CURLcode. */
void aws_fault_of_curl(struct aws_fault *fault, int code, const char *text);

/* Sets the error: "cannot WHAT: CODE: MESSAGE; ADVICE", with the code FAMILY.SUFFIX and the ids of the request as
 * notes. `family`: "store", "table", "queue". */
pxm_status aws_fault_fail(const struct pxm_host *host, const struct aws_fault *fault, const char *family,
                          const char *what, pxm_error *error);

#endif
