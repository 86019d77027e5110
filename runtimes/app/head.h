/* A request before its body, as any host has it: no type of an HTTP server or of a cloud is in it. [any] */
#ifndef PXM_APP_HEAD_H
#define PXM_APP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    APP_TARGET_BYTES_MAX = 8 << 10,
    APP_HEADERS_MAX = 100,
    APP_HEADERS_BYTES_MAX = 16 << 10, /* names and values together */
};

struct app_header {
    const char *name, *value;
};

struct app_head {            /* all borrowed from the host */
    const char *method;      /* as sent, such as "GET" */
    const char *path;        /* as sent, with its percent escapes, without the query */
    const char *query;       /* as sent, without the question mark; "" if there is none */
    const char *remote_addr; /* "127.0.0.1", "::1"; of the client, as far as the host can tell */
    const char *scheme;      /* "http" or "https", as the client used it */
    size_t header_count;
    const struct app_header *headers;
    int64_t content_length; /* -1: not said */
};

/* The value of the first header of that name, whatever its case; NULL: there is none. */
const char *app_head_get(const struct app_head *head, const char *name);
/* Whether it bears this token (RFC 6750), which is not "". Takes the same time whatever differs. */
bool app_head_bears(const struct app_head *head, const char *token);

#endif
