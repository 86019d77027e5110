/* The form of a browser's upload: a policy that holds every field to what it must be, and its signature. [job] */
#include "s3.h"

#include <stdio.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { POLICY_BYTES_MAX = 64 << 10 };

/* [a, b, c]; c may be NULL. Takes over the values. */
static pxm_value *triple(const struct pxm_host *host, pxm_value *a, pxm_value *b, pxm_value *c)
{
    pxm_value *list = host->value_list();
    pxm_value *items[] = {a, b, c};
    bool good = list != NULL;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        if (!list) {
            host->value_unref(items[i]);
        } else {
            good = host->value_append(list, items[i]) == PXM_OK && good;
        }
    }
    if (!good) {
        host->value_unref(list);
        return NULL;
    }
    return list;
}

/* A field of the form, which the policy holds to its value. */
static bool add_field(const struct s3 *s3, pxm_value *form, pxm_value *conditions, const char *name, const char *value)
{
    const struct pxm_host *host = s3->host;
    char field[S3_META_HEADER_TEXT + 1];
    snprintf(field, sizeof field, "$%s", name);
    bool good = host->value_append(conditions,
                                   triple(host, s3_text(s3, "eq"), s3_text(s3, field), s3_text(s3, value))) == PXM_OK;
    return host->value_set(form, name, s3_text(s3, value)) == PXM_OK && good;
}

static bool add_meta(const struct s3 *s3, const pxm_value *meta, pxm_value *form, pxm_value *conditions)
{
    struct aws_list headers = {0};
    s3_meta_write(s3, meta, &headers);
    bool good = !headers.failed;
    for (size_t i = 0; good && i < headers.count; i++) {
        good = add_field(s3, form, conditions, headers.items[i].name, headers.items[i].value);
    }
    aws_list_done(&headers);
    return good;
}

static bool add_fields(const struct s3 *s3, const struct pxm_presign *presign, const struct s3_signing *signing,
                       pxm_value *form, pxm_value *conditions)
{
    const struct pxm_host *host = s3->host;
    char stamp[AWS_STAMP_TEXT];
    struct aws_text credential;
    aws_text_init(&credential, POLICY_BYTES_MAX);
    aws_scope_write(&signing->scope, &credential);
    aws_time_stamp(signing->scope.now_ms, stamp);
    bool good =
        add_field(s3, form, conditions, "key", presign->key) &&
        (!presign->content_type || add_field(s3, form, conditions, "Content-Type", presign->content_type)) &&
        add_meta(s3, storebase_presign_meta(host, presign), form, conditions) &&
        add_field(s3, form, conditions, "x-amz-algorithm", ALGORITHM) &&
        add_field(s3, form, conditions, "x-amz-credential", aws_text_get(&credential)) &&
        add_field(s3, form, conditions, "x-amz-date", stamp) &&
        (!signing->scope.token || add_field(s3, form, conditions, "x-amz-security-token", signing->scope.token)) &&
        add_field(s3, form, conditions, "success_action_status", "201") && !credential.failed;
    aws_text_done(&credential);
    pxm_value *bucket = host->value_record();
    host->value_set(bucket, "bucket", s3_text(s3, s3->config->bucket));
    good = host->value_append(conditions, bucket) == PXM_OK && good;
    if (good && presign->bytes_max != PXM_UNSET_INT) {
        good = host->value_append(conditions, triple(host, s3_text(s3, "content-length-range"), host->value_int(0),
                                                     host->value_int(presign->bytes_max))) == PXM_OK;
    }
    return good;
}

/* {"expiration", "conditions"} as JSON; NULL: no memory. */
static pxm_blob *write_policy(const struct pxm_host *host, const struct s3_signing *signing,
                              const pxm_value *conditions)
{
    char expiration[AWS_ISO_TEXT];
    pxm_blob *json = NULL;
    pxm_value *policy = host->value_record();
    aws_time_iso(signing->expires_ms / 1000 * 1000, expiration);
    bool good = policy &&
                host->value_set(policy, "expiration", host->value_string(expiration, strlen(expiration))) == PXM_OK &&
                host->value_set(policy, "conditions", host->value_ref(conditions)) == PXM_OK &&
                host->value_to_json(policy, &json, NULL) == PXM_OK;
    host->value_unref(policy);
    return good ? json : NULL;
}

/* The policy in base64, and its signature, as the last fields. */
static bool sign(const struct s3 *s3, const struct s3_signing *signing, const pxm_value *conditions, pxm_value *form)
{
    const struct pxm_host *host = s3->host;
    struct aws_text text;
    char signature[AWS_SHA256_TEXT];
    size_t length = 0;
    pxm_blob *json = write_policy(host, signing, conditions);
    if (!json) {
        return false;
    }
    const void *data = host->blob_data(json, &length);
    aws_text_init(&text, POLICY_BYTES_MAX);
    aws_base64(&text, data, length);
    bool good = !text.failed && aws_sign_policy(&signing->scope, text.data, signature) &&
                host->value_set(form, "policy", host->value_string(text.data, text.length)) == PXM_OK &&
                host->value_set(form, "x-amz-signature", s3_text(s3, signature)) == PXM_OK;
    aws_text_done(&text);
    host->blob_unref(json);
    return good;
}

static bool write_url(const struct s3 *s3, const struct s3_signing *signing, pxm_value *fields)
{
    char path[S3_PATH_TEXT];
    struct aws_text url;
    const struct aws_endpoint *endpoint = &signing->place.endpoint;
    s3_key_path(s3, NULL, path);
    aws_text_init(&url, S3_URL_MAX);
    aws_text_printf(&url, "%s://%s%s%s", endpoint->is_tls ? "https" : "http", signing->host, endpoint->path, path);
    bool good =
        !url.failed && s3->host->value_set(fields, "url", s3->host->value_string(url.data, url.length)) == PXM_OK;
    aws_text_done(&url);
    return good;
}

pxm_status s3_presign_form(const struct s3 *s3, const struct pxm_presign *presign, const struct s3_signing *signing,
                           pxm_value *fields, pxm_error *error)
{
    const struct pxm_host *host = s3->host;
    pxm_value *form = host->value_record(), *conditions = host->value_list();
    bool good = form && conditions && add_fields(s3, presign, signing, form, conditions) &&
                sign(s3, signing, conditions, form) && write_url(s3, signing, fields);
    if (good) {
        host->value_set(fields, "headers", host->value_record());
        host->value_set(fields, "fields", host->value_ref(form));
    }
    host->value_unref(form);
    host->value_unref(conditions);
    return good ? PXM_OK : s3_fail_memory(s3, error);
}
