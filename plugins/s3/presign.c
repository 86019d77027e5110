/* presign: a URL that lets whoever has it get or put one object for a while, or a form to post. [job] */
#include "s3.h"

#include <stdio.h>
#include <string.h>

#define EXPIRES_MAX_MS (INT64_C(604800) * 1000)

static pxm_status refuse(const struct s3 *s3, const char *code, const char *text, pxm_error *error)
{
    return s3->host->fail(error, PXM_E_INVALID, code, "cannot sign a URL: %s", text);
}

static pxm_status check(const struct s3 *s3, const struct pxm_presign *presign, pxm_error *error)
{
    bool is_get = strcmp(presign->method, "GET") == 0, is_post = strcmp(presign->method, "POST") == 0;
    pxm_status status = s3_key_check(s3, presign->key, error);
    if (status != PXM_OK) {
        return status;
    }
    if (!is_get && !is_post && strcmp(presign->method, "PUT") != 0) {
        return refuse(s3, "store.unsupported", "the method is GET, PUT or POST", error);
    }
    if (presign->expires_ms < 1000 || presign->expires_ms > EXPIRES_MAX_MS) {
        return refuse(s3, "store.unsupported", "it may be good for 1 second to 7 days", error);
    }
    if (!aws_is_header_value(presign->content_type)) {
        return refuse(s3, "store.bad_meta", "the content type has a control character", error);
    }
    const pxm_value *meta = storebase_presign_meta(s3->host, presign);
    if (meta && is_get) {
        return refuse(s3, "store.unsupported", "only an upload has metadata", error);
    }
    const char *fault = s3_meta_fault(s3, meta);
    if (fault) {
        return refuse(s3, "store.bad_meta", fault, error);
    }
    /* A URL for PUT cannot hold to it: whoever takes the object looks at its size. */
    if (presign->bytes_max != PXM_UNSET_INT && (is_get || presign->bytes_max < 0)) {
        return refuse(s3, "store.unsupported", "only an upload has a size to hold to, of 0 bytes or more", error);
    }
    return PXM_OK;
}

static pxm_status fail(const struct s3 *s3, const struct aws_fault *fault, const char *key, pxm_error *error)
{
    struct aws_reply reply = {.fault = *fault};
    return s3_fail(s3, &reply, "sign a URL for", key, error);
}

/* Keys, place and time. With temporary keys a URL dies with them, so it promises no more. */
static pxm_status begin(const struct s3 *s3, pxm_job *job, const struct pxm_presign *presign,
                        struct s3_signing *signing, pxm_error *error)
{
    struct aws_fault fault;
    int64_t now_ms = 0;
    if (!aws_client_place(s3->client, job, &signing->place, &fault) ||
        !aws_client_credentials(s3->client, job, &signing->credentials, &now_ms, &fault)) {
        return fail(s3, &fault, presign->key, error);
    }
    const struct aws_credentials *credentials = signing->credentials;
    signing->expires_ms = now_ms + presign->expires_ms;
    if (signing->expires_ms > credentials->expires_ms) {
        signing->expires_ms = credentials->expires_ms;
    }
    if (signing->expires_ms - now_ms < 1000) {
        return s3->host->fail(error, PXM_E_TRANSIENT, "store.unavailable",
                              "cannot sign a URL: the credentials end at once");
    }
    signing->scope = (struct aws_scope){.access_key = credentials->access_key,
                                        .secret_key = credentials->secret_key,
                                        .token = credentials->token,
                                        .region = signing->place.region,
                                        .service = "s3",
                                        .now_ms = now_ms};
    snprintf(signing->host, sizeof signing->host, "%s%s%s", s3->is_virtual ? s3->config->bucket : "",
             s3->is_virtual ? "." : "", signing->place.endpoint.host);
    return PXM_OK;
}

/* What the client has to send of the headers that were signed: all but the first, which is `host`. */
static pxm_value *needed_headers(const struct s3 *s3, const struct aws_list *headers)
{
    pxm_value *needed = s3->host->value_record();
    for (size_t i = 1; needed && i < headers->count; i++) {
        s3->host->value_set(needed, headers->items[i].name, s3_text(s3, headers->items[i].value));
    }
    return needed;
}

static pxm_status sign_url(const struct s3 *s3, const struct pxm_presign *presign, const struct s3_signing *signing,
                           pxm_value *fields, pxm_error *error)
{
    const struct pxm_host *host = s3->host;
    const struct aws_endpoint *endpoint = &signing->place.endpoint;
    bool has_type = presign->content_type && strcmp(presign->method, "PUT") == 0;
    char path[S3_PATH_TEXT], whole[S3_PATH_TEXT + AWS_PREFIX_TEXT];
    struct aws_list headers = {0};
    struct aws_text url;
    s3_key_path(s3, presign->key, path);
    snprintf(whole, sizeof whole, "%s%s", endpoint->path, path);
    aws_list_add_header(&headers, "host", signing->host);
    if (has_type) {
        aws_list_add_header(&headers, "content-type", presign->content_type);
    }
    s3_meta_write(s3, storebase_presign_meta(host, presign), &headers);
    aws_text_init(&url, 64 << 10);
    aws_text_printf(&url, "%s://%s%s?", endpoint->is_tls ? "https" : "http", signing->host, whole);
    struct aws_signable signable = {
        .method = presign->method, .path = whole, .headers = &headers, .payload = AWS_UNSIGNED_PAYLOAD};
    int64_t seconds = (signing->expires_ms - signing->scope.now_ms) / 1000;
    bool good = !url.failed && aws_sign_query(&signing->scope, &signable, seconds, &url);
    if (good) {
        host->value_set(fields, "url", host->value_string(url.data, url.length));
        host->value_set(fields, "headers", needed_headers(s3, &headers));
        host->value_set(fields, "fields", host->value_record());
    }
    aws_list_done(&headers);
    aws_text_done(&url);
    return good ? PXM_OK : s3_fail_memory(s3, error);
}

pxm_status s3_presign(void *self, pxm_job *job, const struct pxm_presign *presign, pxm_value *fields, pxm_error *error)
{
    const struct s3 *s3 = self;
    struct s3_signing signing = {.credentials = NULL};
    pxm_status status = check(s3, presign, error);
    if (status == PXM_OK) {
        status = begin(s3, job, presign, &signing, error);
    }
    if (status == PXM_OK && strcmp(presign->method, "POST") == 0) {
        status = s3_presign_form(s3, presign, &signing, fields, error);
    } else if (status == PXM_OK) {
        status = sign_url(s3, presign, &signing, fields, error);
    }
    if (status == PXM_OK) {
        s3->host->value_set(fields, "method", s3_text(s3, presign->method));
        /* Whole seconds, as the signature has them. */
        s3->host->value_set(fields, "expires_at", s3->host->value_int(signing.expires_ms / 1000 * 1000));
    }
    aws_credentials_unref(signing.credentials);
    return status;
}
