/* What kind of event a function was given, by what it has: one table for all shapes. [any] */
#ifndef PXM_LAMBDA_SHAPE_H
#define PXM_LAMBDA_SHAPE_H

#include <pixmill/plugin.h>
#include <stdbool.h>

enum lambda_shape {
    LAMBDA_UNKNOWN,
    LAMBDA_HTTP_V2,     /* HTTP API, payload 2.0; function URL */
    LAMBDA_HTTP_ALB,    /* application load balancer */
    LAMBDA_HTTP_V1,     /* REST API; HTTP API, payload 1.0 */
    LAMBDA_MESSAGES,    /* SQS */
    LAMBDA_OBJECTS,     /* S3, EventBridge of S3, S3's own test */
    LAMBDA_TOPIC,       /* SNS */
    LAMBDA_SCHEDULE,    /* EventBridge, by time */
    LAMBDA_DESTINATION, /* what a failed event left at its destination: another event is inside */
    LAMBDA_DIRECT       /* our own: {"pipeline": ...} */
};

enum lambda_shape lambda_shape_of(const pxm_value *event);
bool lambda_shape_is_http(enum lambda_shape shape);
/* What stands at "a.b.0.c" in a value: members by name, items by number; NULL: nothing does. */
const pxm_value *lambda_at(const pxm_value *value, const char *path);
/* The same if it is a text; NULL: it is none. */
const char *lambda_text_at(const pxm_value *value, const char *path);

#endif
