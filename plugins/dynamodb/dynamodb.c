/* The dynamodb driver: items in a table of DynamoDB, or of a service that is compatible with it. This file owns the
 * instance and the description of the unit. */
#include "dynamodb.h"

#include <stdlib.h>
#include <string.h>

static const struct aws_service service = {.name = "dynamodb",
                                           .sign_flags = AWS_SIGN_NORMALISE_PATH | AWS_SIGN_ENCODE_PATH,
                                           .sends_payload_hash = true,
                                           .delay_ms = 25,
                                           .attempts = 4,
                                           .checks_crc32 = true};

/* Names of tables and indexes. */
static bool is_name(const char *name)
{
    size_t length = strlen(name);
    return length >= 3 && length <= TABLEBASE_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == length;
}

static pxm_status validate(const struct pxm_host *host, const void *config, pxm_error *error)
{
    const struct dynamo_config *settings = config;
    struct tablebase base = {.host = host, .key_field = settings->key};
    if (!settings->table || !is_name(settings->table)) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "table is no name of a table: 3 to 255 letters, digits, dots, hyphens and underscores");
    }
    if (!is_name(settings->index)) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "index is no name of an index: 3 to 255 letters, digits, dots, hyphens and underscores");
    }
    if (strncmp(settings->key, DYNAMO_OWN, sizeof DYNAMO_OWN - 1) == 0) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "key: names that start with " DYNAMO_OWN " are the table's own");
    }
    if (aws_options_check(host, &settings->aws, service.name, error) != PXM_OK) {
        return PXM_E_INVALID;
    }
    return tablebase_check_indexes(&base, settings->indexes, error);
}

static void destroy(void *self)
{
    struct dynamo *dynamo = self;
    aws_client_free(dynamo->client);
    pthread_mutex_destroy(&dynamo->lock);
    free(dynamo);
}

static pxm_status create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    const struct dynamo_config *settings = config;
    pxm_status status = validate(host, config, error);
    if (status != PXM_OK) {
        return status;
    }
    struct dynamo *dynamo = calloc(1, sizeof *dynamo);
    if (!dynamo) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    dynamo->host = host;
    dynamo->config = settings;
    dynamo->base = (struct tablebase){.host = host, .key_field = settings->key};
    pthread_mutex_init(&dynamo->lock, NULL);
    status = aws_client_new(host, &service, &settings->aws, &dynamo->client, error);
    if (status != PXM_OK) {
        destroy(dynamo);
        return status;
    }
    *ret_self = dynamo;
    return PXM_OK;
}

/* Whether the table and its index can be read; has no effect. */
static pxm_status check(void *self, pxm_job *job, pxm_error *error)
{
    const struct dynamo *dynamo = self;
    const struct dynamo_candidate *candidate = NULL;
    struct dynamo_lists *lists = dynamo_lists_new(dynamo, NULL, NULL, 1);
    pxm_status status = lists ? dynamo_lists_peek(lists, job, &candidate, error) : dynamo_fail_memory(dynamo, error);
    dynamo_lists_free(lists);
    return status;
}

static void resumed(void *self)
{
    struct dynamo *dynamo = self;
    aws_client_resumed(dynamo->client);
}

static pxm_status load(const struct pxm_host *host, pxm_error *error)
{
    return aws_http_start() ? PXM_OK : host->fail(error, PXM_E_NO_MEMORY, "no_memory", "libcurl cannot be started");
}

#define FIELD(name, type) PXM_FIELD(struct dynamo_config, name, type)

static const struct pxm_option options[] = {
    {.name = "table",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED,
     .offset = FIELD(table, const char *),
     .help = "Table that holds the items; `pixmill tables create` makes it and its index."},
    {.name = "key",
     .type = PXM_OPT_STRING,
     .offset = FIELD(key, const char *),
     .fallback = "key",
     .min = 1,
     .max = TABLEBASE_NAME_MAX,
     .help = "Partition key of the table, a string, and the field that shows the key of an item."},
    {.name = "indexes",
     .type = PXM_OPT_LIST,
     .item = PXM_TYPE_STRING,
     .offset = FIELD(indexes, const pxm_value *),
     .max = 32,
     .help = "Fields that `query` may ask for, of items written since; of a list each item can be found."},
    AWS_OPTIONS(struct dynamo_config,
                "Region of the table; else AWS_REGION, AWS_DEFAULT_REGION, the profile, or what this machine says.",
                "URL of a compatible service; else AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, the profile, or "
                "DynamoDB itself.",
                "4"),
    {.name = "index",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(index, const char *),
     .fallback = "newest",
     .help = "Secondary index of the table that gives items newest first."},
    {.name = "shards",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(shards, int64_t),
     .fallback = "4",
     .min = 1,
     .max = DYNAMO_SHARDS_MAX,
     .help =
         "Partitions that each list of the index is spread over, some 1000 writes a second each; it may only grow."},
    {.name = "cursor_secret",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_SECRET | PXM_OPT_ADVANCED,
     .offset = FIELD(cursor_secret, const char *),
     .min = 16,
     .max = 1024,
     .help =
         "What cursors are signed with, the same for all who serve the table; without it a secret lies in the table."},
    {.name = NULL},
};

static const struct pxm_metadata_ops ops = {
    .struct_size = sizeof ops,
    .record = dynamo_record,
    .lookup = dynamo_lookup,
    .query = dynamo_query,
    .erase = dynamo_erase,
    .prepare = dynamo_prepare,
};

static const struct pxm_unit unit = {
    .struct_size = sizeof unit,
    .threads = PXM_THREADS_PARALLEL,
    .config_size = sizeof(struct dynamo_config),
    .option_size = sizeof(struct pxm_option),
    .iface = PXM_IFACE_METADATA,
    .name = "dynamodb",
    .summary = "Items in a table of DynamoDB or of a compatible service",
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
    .name = "dynamodb",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .summary = "Items in DynamoDB and its likes",
    .units = units,
    .load = load,
};

PXM_PLUGIN(dynamodb, plugin)
