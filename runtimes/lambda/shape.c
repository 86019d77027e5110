/* The first row that fits counts. */
#include "lambda/shape.h"

#include "base/value.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 64, CONDITIONS_MAX = 3 };

struct condition {
    const char *path; /* NULL: none */
    const char *text; /* what stands there; NULL: anything but null */
};

static const struct row {
    enum lambda_shape shape;
    struct condition conditions[CONDITIONS_MAX];
} rows[] = {
    {LAMBDA_HTTP_V2, {{"version", "2.0"}, {"requestContext.http.method", NULL}}},
    {LAMBDA_HTTP_ALB, {{"requestContext.elb", NULL}, {"httpMethod", NULL}}},
    {LAMBDA_HTTP_V1, {{"requestContext.identity", NULL}, {"httpMethod", NULL}, {"path", NULL}}},
    {LAMBDA_MESSAGES, {{"Records.0.eventSource", "aws:sqs"}}},
    {LAMBDA_OBJECTS, {{"Records.0.eventSource", "aws:s3"}}},
    {LAMBDA_OBJECTS, {{"Event", "s3:TestEvent"}}},
    {LAMBDA_TOPIC, {{"Records.0.EventSource", "aws:sns"}}},
    {LAMBDA_OBJECTS, {{"source", "aws.s3"}, {"detail-type", NULL}, {"detail", NULL}}},
    {LAMBDA_SCHEDULE, {{"detail-type", "Scheduled Event"}}},
    {LAMBDA_DESTINATION, {{"requestContext.functionArn", NULL}, {"requestPayload", NULL}}},
    {LAMBDA_DIRECT, {{"pipeline", NULL}}},
};

static const pxm_value *member(const pxm_value *value, const char *name)
{
    char *end = NULL;

    if (pxm_value_type(value) == PXM_TYPE_RECORD) {
        return pxm_value_get(value, name);
    }
    if (pxm_value_type(value) != PXM_TYPE_LIST) {
        return NULL;
    }
    unsigned long index = strtoul(name, &end, 10);
    return *end == '\0' && index < pxm_value_count(value) ? pxm_value_at(value, index) : NULL;
}

const pxm_value *lambda_at(const pxm_value *value, const char *path)
{
    char name[NAME_MAX_LENGTH];

    while (value && *path != '\0') {
        size_t length = strcspn(path, ".");
        if (length >= sizeof name) {
            return NULL;
        }
        memcpy(name, path, length);
        name[length] = '\0';
        value = member(value, name);
        path += length + (path[length] == '.');
    }
    return value;
}

const char *lambda_text_at(const pxm_value *value, const char *path)
{
    const pxm_value *found = lambda_at(value, path);
    size_t length = 0;

    if (pxm_value_type(found) != PXM_TYPE_STRING) {
        return NULL;
    }
    const char *text = pxm_value_as_string(found, &length);
    return strlen(text) == length ? text : NULL; /* one with a NUL in it is no text for anybody here */
}

static bool holds(const struct condition *condition, const pxm_value *event)
{
    if (!condition->path) {
        return true;
    }
    if (condition->text) {
        const char *text = lambda_text_at(event, condition->path);
        return text && strcmp(text, condition->text) == 0;
    }
    const pxm_value *found = lambda_at(event, condition->path);
    return found && pxm_value_type(found) != PXM_TYPE_NULL;
}

enum lambda_shape lambda_shape_of(const pxm_value *event)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool fits = true;
        for (size_t k = 0; fits && k < CONDITIONS_MAX; k++) {
            fits = holds(&rows[i].conditions[k], event);
        }
        if (fits) {
            return rows[i].shape;
        }
    }
    return LAMBDA_UNKNOWN;
}

bool lambda_shape_is_http(enum lambda_shape shape)
{
    return shape == LAMBDA_HTTP_V2 || shape == LAMBDA_HTTP_V1 || shape == LAMBDA_HTTP_ALB;
}
