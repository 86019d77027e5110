/* From an event of a gateway to a request before its body, and to its body. [any], one thread at a time. */
#ifndef PXM_LAMBDA_HTTP_EVENT_H
#define PXM_LAMBDA_HTTP_EVENT_H

#include "app/head.h"
#include "app/intake.h"
#include "base/buf.h"
#include "lambda/shape.h"

struct lambda_request {
    struct app_head head;
    bool multi;         /* a load balancer that has headers as lists, and wants them so */
    const char *text;   /* of the body, as the gateway wrote it; borrowed from the event */
    size_t text_length; /* 0: there is no body */
    bool is_base64;
    struct app_header headers[APP_HEADERS_MAX]; /* of head */
    struct pxm_buf path, query, names;          /* what head points at */
};

/* `base_path`: what a path begins with before that which routes tell; a path without it stays as it is. The event is
 * borrowed as long as the request is used. Codes request.invalid, request.path, request.headers (too many or too long).
 * To be freed with lambda_request_done in any case. */
pxm_status lambda_request_read(struct lambda_request *request, const pxm_value *event, enum lambda_shape shape,
                               const char *base_path, pxm_error *error);
void lambda_request_done(struct lambda_request *request);
/* Feeds an intake with the bytes of the body. Code request.body (what is said to be base64 is none), and those of the
 * intake. */
pxm_status lambda_request_feed(const struct lambda_request *request, struct app_intake *intake, pxm_error *error);

#endif
