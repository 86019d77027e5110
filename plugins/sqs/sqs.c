/* The sqs driver: messages in a queue of SQS, or of a service that is compatible with it. This file owns the instance
 * and the description of the unit. */
#include "sqs.h"

#include <stdlib.h>
#include <string.h>

static const struct aws_service service = {.name = "sqs",
                                           .sign_flags = AWS_SIGN_NORMALISE_PATH | AWS_SIGN_ENCODE_PATH,
                                           .sends_payload_hash = true,
                                           .delay_ms = 50};

static pxm_status validate(const struct pxm_host *host, const void *config, pxm_error *error)
{
    const struct sqs_config *settings = config;
    struct sqs_url url;
    const char *reason = NULL, *queue = settings->queue ? settings->queue : "";
    bool is_url = strstr(queue, "://") != NULL;
    if (is_url && !sqs_url_read(queue, &url)) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "queue is no URL of a queue, such as https://sqs.REGION.amazonaws.com/ACCOUNT/NAME");
    }
    if (!sqs_name_valid(is_url ? url.name : queue, &reason)) {
        return host->fail(error, PXM_E_INVALID, "option.invalid", "queue cannot be used: %s", reason);
    }
    if (settings->dead_letters && !sqs_name_valid(settings->dead_letters, &reason)) {
        return host->fail(error, PXM_E_INVALID, "option.invalid", "dead_letters cannot be used: %s", reason);
    }
    if (settings->dead_letters && strcmp(settings->dead_letters, is_url ? url.name : queue) == 0) {
        return host->fail(error, PXM_E_INVALID, "option.invalid", "dead_letters is the queue itself");
    }
    return aws_options_check(host, &settings->aws, service.name, error);
}

static void destroy(void *self)
{
    struct sqs *sqs = self;
    sqs_held_drop_all(sqs);
    sqs_place_done(&sqs->place);
    aws_client_free(sqs->client);
    pthread_mutex_destroy(&sqs->lock);
    free(sqs);
}

/* What nobody says more exactly, the URL of the queue tells: its region, and where a service is that is not AWS. */
static void complete(const struct sqs_config *settings, struct sqs_url *url, struct aws_options *options)
{
    if (!strstr(settings->queue, "://") || !sqs_url_read(settings->queue, url)) {
        return;
    }
    if (!options->region && url->region[0]) {
        options->region = url->region;
    }
    if (!options->endpoint && !url->is_aws && !aws_environment_endpoint(service.name)) {
        options->endpoint = url->origin;
    }
}

static pxm_status create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    const struct sqs_config *settings = config;
    struct sqs_url url = {.name = NULL};
    struct aws_options options = settings->aws;
    pxm_status status = validate(host, config, error);
    if (status != PXM_OK) {
        return status;
    }
    complete(settings, &url, &options);
    struct sqs *sqs = calloc(1, sizeof *sqs);
    if (!sqs) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    sqs->host = host;
    sqs->config = settings;
    pthread_mutex_init(&sqs->lock, NULL);
    status = aws_client_new(host, &service, &options, &sqs->client, error);
    if (status != PXM_OK) {
        destroy(sqs);
        return status;
    }
    *ret_self = sqs;
    return PXM_OK;
}

/* Whether the queue is there, and messages cannot come for ever; has no effect. */
static pxm_status check(void *self, pxm_job *job, pxm_error *error)
{
    struct sqs_place place;
    pxm_status status = sqs_place_find(self, job, &place, error);
    if (status == PXM_OK) {
        sqs_place_done(&place);
    }
    return status;
}

static void resumed(void *self)
{
    struct sqs *sqs = self;
    aws_client_resumed(sqs->client);
}

static pxm_status load(const struct pxm_host *host, pxm_error *error)
{
    return aws_http_start() ? PXM_OK : host->fail(error, PXM_E_NO_MEMORY, "no_memory", "libcurl cannot be started");
}

#define FIELD(name, type) PXM_FIELD(struct sqs_config, name, type)

static const struct pxm_option options[] = {
    {.name = "queue",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED,
     .offset = FIELD(queue, const char *),
     .help =
         "URL of the queue, or its name; it must have a redrive policy, and no order (FIFO). `pixmill queues create` "
         "makes it."},
    AWS_OPTIONS(struct sqs_config,
                "Region of the queue; else that of its URL, AWS_REGION, AWS_DEFAULT_REGION, the profile, or what this "
                "machine says.",
                "URL of a compatible service; else AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL, the host of the queue's "
                "URL, the profile, or SQS itself.",
                "3"),
    {.name = "dead_letters",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(dead_letters, const char *),
     .help = "Name of the queue of dead letters that is made; else that of the queue with `" SQS_DEAD "` at its end."},
    {.name = "max_receives",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(max_receives, int64_t),
     .fallback = "5",
     .min = 1,
     .max = 1000,
     .help = "How often a message of a queue that is made is received before it is a dead letter."},
    {.name = "visibility",
     .type = PXM_OPT_DURATION,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(visibility_ms, int64_t),
     .fallback = "30s",
     .min = 0,
     .max = SQS_VISIBILITY_S * 1000.0,
     .help =
         "For how long a queue that is made hides what is received from it by others, who do not say it themselves."},
    {.name = "retention",
     .type = PXM_OPT_DURATION,
     .flags = PXM_OPT_ADVANCED,
     .offset = FIELD(retention_ms, int64_t),
     .fallback = "4d",
     .min = 60000,
     .max = SQS_RETENTION_S * 1000.0,
     .help = "For how long a queue that is made keeps what nobody receives; its dead letters are kept for 14 days."},
    {.name = NULL},
};

static const struct pxm_queue_ops ops = {
    .struct_size = sizeof ops,
    .send = sqs_send,
    .receive = sqs_receive,
    .extend = sqs_extend,
    .settle = sqs_settle,
    .depth = sqs_depth,
    .dead = sqs_dead,
    .redrive = sqs_redrive,
    .discard = sqs_discard,
    .prepare = sqs_prepare,
};

static const struct pxm_unit unit = {
    .struct_size = sizeof unit,
    .threads = PXM_THREADS_PARALLEL,
    .config_size = sizeof(struct sqs_config),
    .option_size = sizeof(struct pxm_option),
    .iface = PXM_IFACE_QUEUE,
    .name = "sqs",
    .summary = "Messages in a queue of SQS or of a compatible service",
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
    .name = "sqs",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .summary = "Queues in SQS and its likes",
    .units = units,
    .load = load,
};

PXM_PLUGIN(sqs, plugin)
