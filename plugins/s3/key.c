/* What may be a key, its path, and its URL. */
#include "s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *bad_byte(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return "it has a control character";
        }
        if (*text == '\\') {
            return "it has a backslash";
        }
    }
    return NULL;
}

static const char *bad_component(const char *text, size_t length)
{
    if (length == 0) {
        return "it has an empty component: it starts or ends with a slash, or has two in a row";
    }
    if (length > S3_NAME_MAX) {
        return "a component is longer than 255 bytes";
    }
    if ((length == 1 && text[0] == '.') || (length == 2 && text[0] == '.' && text[1] == '.')) {
        return "a component is \".\" or \"..\"";
    }
    return NULL;
}

static const char *bad_key(const struct pxm_host *host, const char *text)
{
    size_t total = strnlen(text, S3_KEY_MAX + 1);
    if (total == 0) {
        return "it is empty";
    }
    if (total > S3_KEY_MAX) {
        return "it is longer than 1024 bytes";
    }
    const char *reason = host->utf8_valid(text, total) ? bad_byte(text) : "it is not UTF-8";
    while (!reason) {
        size_t length = strcspn(text, "/");
        reason = bad_component(text, length);
        if (text[length] == '\0') {
            break;
        }
        text += length + 1;
    }
    return reason;
}

bool s3_key_valid(const struct pxm_host *host, const char *text, const char **ret_reason)
{
    const char *reason = bad_key(host, text);
    if (ret_reason && reason) {
        *ret_reason = reason;
    }
    return !reason;
}

pxm_status s3_key_check(const struct s3 *s3, const char *key, pxm_error *error)
{
    const char *reason = NULL;
    if (s3_key_valid(s3->host, key, &reason)) {
        return PXM_OK;
    }
    /* The key itself stays out of the text: it may hold anything. */
    return s3->host->fail(error, PXM_E_INVALID, "store.bad_key", "not a usable object key: %s", reason);
}

/* Takes no memory: a request must never go to another path than it should. */
void s3_key_path(const struct s3 *s3, const char *key, char path[S3_PATH_TEXT])
{
    size_t at = 0;
    path[at++] = '/';
    if (!s3->is_virtual) {
        at += aws_percent_write(path + at, s3->config->bucket, strlen(s3->config->bucket), false);
    }
    if (key && !s3->is_virtual) {
        path[at++] = '/';
    }
    path[at] = '\0';
    if (key) {
        aws_percent_write(path + at, key, strlen(key), true);
    }
}

pxm_value *s3_key_url(const struct s3 *s3, pxm_job *job, const char *key)
{
    struct aws_text url;
    struct aws_place place;
    struct aws_fault fault;
    char path[S3_PATH_TEXT];
    aws_text_init(&url, S3_URL_MAX);
    if (s3->config->base_url) {
        aws_text_puts(&url, s3->config->base_url);
        aws_percent_encode(&url, key, strlen(key), true);
    } else if (aws_client_place(s3->client, job, &place, &fault)) {
        s3_key_path(s3, key, path);
        aws_text_printf(&url, "%s://%s%s%s%s%s", place.endpoint.is_tls ? "https" : "http",
                        s3->is_virtual ? s3->config->bucket : "", s3->is_virtual ? "." : "", place.endpoint.host,
                        place.endpoint.path, path);
    }
    pxm_value *value = url.failed ? NULL : s3->host->value_string(aws_text_get(&url), url.length);
    aws_text_done(&url);
    return value;
}
