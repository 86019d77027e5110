/* The path of a key, and its URL. */
#include "s3.h"

#include "storebase/storebase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pxm_status s3_key_check(const struct s3 *s3, const char *key, pxm_error *error)
{
    const char *reason = storebase_key_fault(s3->host, key);

    return reason ? storebase_key_fail(s3->host, reason, error) : PXM_OK;
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
