/* The s3 driver: objects in a bucket of S3, or of a store that is compatible with it. This file owns the instance and
 * the description of the unit. */
#include "s3.h"

#include <stdlib.h>
#include <string.h>

static const struct aws_service service = {.name = "s3", .sends_payload_hash = true, .delay_ms = 50};

static bool is_bucket_name(const char *name)
{
    size_t length = strlen(name);
    return length >= 3 && length <= S3_BUCKET_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == length &&
           strcmp(name, "...") != 0;
}

/* Whether it may be a part of a host name, without a dot, which no certificate for all buckets covers. */
static bool is_label(const char *name)
{
    return aws_is_host_label(name) && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static bool is_address(const char *endpoint)
{
    struct aws_endpoint parsed;
    const char *reason = NULL;
    return endpoint && aws_endpoint_parse(service.name, endpoint, &parsed, &reason) && parsed.is_ip;
}

static pxm_status validate(const struct pxm_host *host, const void *config, pxm_error *error)
{
    const struct s3_config *settings = config;
    const char *base = settings->base_url;
    if (!settings->bucket || !is_bucket_name(settings->bucket)) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "bucket is no name of a bucket: 3 to 63 letters, digits, dots and hyphens");
    }
    if (base && (!base[0] || base[strlen(base) - 1] != '/')) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "base_url must end in a slash, as keys are appended to it");
    }
    if (aws_options_check(host, &settings->aws, service.name, error) != PXM_OK) {
        return PXM_E_INVALID;
    }
    if (settings->addressing == S3_ADDRESSING_VIRTUAL && is_address(settings->aws.endpoint)) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "addressing: virtual puts the bucket before the host, but endpoint is an address");
    }
    return PXM_OK;
}

static pxm_status create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    const struct s3_config *settings = config;
    pxm_status status = validate(host, config, error);
    if (status != PXM_OK) {
        return status;
    }
    struct s3 *s3 = calloc(1, sizeof *s3);
    if (!s3) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    s3->host = host;
    s3->config = settings;
    status = aws_client_new(host, &service, &settings->aws, &s3->client, error);
    if (status != PXM_OK) {
        free(s3);
        return status;
    }
    s3->is_virtual =
        settings->addressing == S3_ADDRESSING_VIRTUAL ||
        (settings->addressing != S3_ADDRESSING_PATH && aws_client_is_aws(s3->client) && is_label(settings->bucket));
    *ret_self = s3;
    return PXM_OK;
}

/* Whether the bucket can be reached and listed; has no effect. */
static pxm_status check(void *self, pxm_job *job, pxm_error *error)
{
    const struct s3 *s3 = self;
    pxm_value *fields = s3->host->value_record();
    struct pxm_list list = {.struct_size = sizeof list, .prefix = "", .limit = 1};
    pxm_status status = fields ? s3_list(self, job, &list, fields, error) : s3_fail_memory(s3, error);
    s3->host->value_unref(fields);
    return status;
}

static void resumed(void *self)
{
    struct s3 *s3 = self;
    aws_client_resumed(s3->client);
}

static void destroy(void *self)
{
    struct s3 *s3 = self;
    aws_client_free(s3->client);
    free(s3);
}

static pxm_status load(const struct pxm_host *host, pxm_error *error)
{
    return aws_http_start() ? PXM_OK : host->fail(error, PXM_E_NO_MEMORY, "no_memory", "libcurl cannot be started");
}

static const struct pxm_choice addressings[] = {
    {"auto", S3_ADDRESSING_AUTO, 0, "virtual for AWS, path for other endpoints and for names that are no host label"},
    {"path", S3_ADDRESSING_PATH, 0, "https://HOST/BUCKET/KEY"},
    {"virtual", S3_ADDRESSING_VIRTUAL, 0, "https://BUCKET.HOST/KEY"},
    {NULL, 0, 0, NULL},
};
static const struct pxm_choice conditions[] = {
    {"native", S3_IF_ABSENT_NATIVE, 0, "by If-None-Match, which holds against all others"},
    {"head", S3_IF_ABSENT_HEAD, 0, "by looking first, for services that know no conditions"},
    {NULL, 0, 0, NULL},
};
static const struct pxm_choice expects[] = {
    {"auto", S3_EXPECT_AUTO, 0, "ask before bodies of 8 MiB and more"},
    {"never", S3_EXPECT_NEVER, 0, "never ask, for proxies that break on it"},
    {NULL, 0, 0, NULL},
};
static const struct pxm_choice checksums[] = {
    {"off", S3_CHECKSUM_OFF, 0, "none: the signature covers the SHA-256 of every body"},
    {"sha256", S3_CHECKSUM_SHA256, 0, "x-amz-checksum-sha256, which the service keeps with the object"},
    {NULL, 0, 0, NULL},
};

static const struct pxm_choice signings[] = {
    {"always", S3_SIGN_PARTS_ALWAYS, 0, "the service compares each part with its SHA-256"},
    {"unless_tls", S3_SIGN_PARTS_UNLESS_TLS, 0, "over TLS, which protects them on their way, parts are not hashed"},
    {NULL, 0, 0, NULL},
};

#define FIELD(name, type) PXM_FIELD(struct s3_config, name, type)

static const struct pxm_option options[] = {
    {.name = "bucket",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED,
     .offset = FIELD(bucket, const char *),
     .help = "Bucket, or the alias of an access point, that holds the objects; it must be there."},
    AWS_OPTIONS(struct s3_config,
                "Region of the bucket; else AWS_REGION, AWS_DEFAULT_REGION, the profile, or what this machine says.",
                "URL of a compatible service; else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile, or S3 itself.",
                "3"),
    {.name = "addressing",
     .type = PXM_OPT_ENUM,
     .offset = FIELD(addressing, int32_t),
     .fallback = "auto",
     .choices = addressings,
     .help = "Where the bucket stands in URLs."},
    {.name = "base_url",
     .type = PXM_OPT_STRING,
     .offset = FIELD(base_url, const char *),
     .help = "What comes before the key in the URL of an object, such as that of a CDN; ends in a slash."},
    {.name = "if_absent",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(if_absent, int32_t),
     .fallback = "native",
     .choices = conditions,
     .help = "How a put with `if_absent` leaves an object alone that is there."},
    {.name = "expect",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(expect, int32_t),
     .fallback = "auto",
     .choices = expects,
     .help = "Whether large bodies are sent only after the service asked for them."},
    {.name = "checksum",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(checksum, int32_t),
     .fallback = "off",
     .choices = checksums,
     .help = "Checksum that the service is to keep; many compatible services take none."},
    {.name = "multipart_above",
     .type = PXM_OPT_SIZE,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(multipart_above, int64_t),
     .fallback = "64MiB",
     .min = 5242880,
     .max = 5368709120,
     .help = "Bodies larger than this go in parts."},
    {.name = "part_size",
     .type = PXM_OPT_SIZE,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(part_size, int64_t),
     .fallback = "8MiB",
     .min = 5242880,
     .max = 536870912,
     .help = "Bytes of a part; larger where there would be more than 10000 parts."},
    {.name = "sign_parts",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(sign_parts, int32_t),
     .fallback = "always",
     .choices = signings,
     .help = "Whether the signature of a part covers its bytes; hashing them is most of the work of a large put."},
    {.name = "list_v1",
     .type = PXM_OPT_BOOL,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(list_v1, int32_t),
     .fallback = "false",
     .help = "List by version 1, without URL encoding, for services that know no other."},
    {.name = NULL},
};

static const struct pxm_storage_ops ops = {
    .struct_size = sizeof ops,
    .put = s3_put,
    .get = s3_get,
    .head = s3_head,
    .remove = s3_remove,
    .list = s3_list,
    .presign = s3_presign,
};

static const struct pxm_unit unit = {
    .struct_size = sizeof unit,
    .threads = PXM_THREADS_PARALLEL,
    .config_size = sizeof(struct s3_config),
    .option_size = sizeof(struct pxm_option),
    .iface = PXM_IFACE_STORAGE,
    .name = "s3",
    .summary = "Objects in a bucket of S3 or of a compatible service",
    .options = options,
    .ops = &ops,
    .validate = validate,
    .create = create,
    .check = check,
    .resumed = resumed,
    .destroy = destroy,
};

static const struct pxm_unit *const units[] = {&unit, NULL};

static const struct pxm_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi = PXM_ABI_CURRENT,
    .abi_min = PXM_ABI(1, 0),
    .name = "s3",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .summary = "Objects in S3 and its likes",
    .units = units,
    .load = load,
};

PXM_PLUGIN(s3, plugin)
