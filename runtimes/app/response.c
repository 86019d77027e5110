/* Answers before they are sent: a status, headers, and a body or a part of one. */
#include "app/response.h"

#include "base/blob.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct app_response *app_response_new(int status)
{
    struct app_response *response = calloc(1, sizeof *response);
    if (response != NULL) {
        response->status = status;
    }
    return response;
}

static void free_header(struct app_header *header)
{
    free((void *)(uintptr_t)header->name);
    free((void *)(uintptr_t)header->value);
}

void app_response_free(struct app_response *response)
{
    if (response == NULL) {
        return;
    }
    for (size_t i = 0; i < response->header_count; i++) {
        free_header(&response->headers[i]);
    }
    pxm_blob_unref(response->body);
    free(response);
}

/* A token (RFC 9110, section 5.6.2). */
static bool is_name(const char *name)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    return name[0] != '\0' && name[strspn(name, token)] == '\0';
}

/* A control character could end the header and begin another one. */
static bool is_value(const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7F) {
            return false;
        }
    }
    return true;
}

static size_t find(const struct app_response *response, const char *name)
{
    size_t at = 0;
    while (at < response->header_count && strcasecmp(response->headers[at].name, name) != 0) {
        at++;
    }
    return at;
}

bool app_response_set(struct app_response *response, const char *name, const char *value)
{
    size_t at = find(response, name);
    if (at == APP_RESPONSE_HEADERS_MAX || !is_name(name) || !is_value(value)) {
        return false;
    }
    struct app_header header = {.name = strdup(name), .value = strdup(value)};
    if (header.name == NULL || header.value == NULL) {
        free_header(&header);
        return false;
    }
    if (at < response->header_count) {
        free_header(&response->headers[at]);
    } else {
        response->header_count++;
    }
    response->headers[at] = header;
    return true;
}

void app_response_unset(struct app_response *response, const char *name)
{
    size_t at = find(response, name);
    if (at < response->header_count) {
        free_header(&response->headers[at]);
        response->headers[at] = response->headers[--response->header_count];
    }
}

const char *app_response_get(const struct app_response *response, const char *name)
{
    size_t at = find(response, name);
    return at < response->header_count ? response->headers[at].value : NULL;
}

void app_response_body(struct app_response *response, pxm_blob *body)
{
    pxm_blob_unref(response->body);
    response->body = body;
    response->offset = 0;
    response->length = body != NULL ? (int64_t)pxm_blob_length(body) : 0;
}
