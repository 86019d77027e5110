/* Where the queue is at the service, and where its dead letters go: found when it is first needed. */
#include "sqs.h"

#include <stdio.h>
#include <string.h>

enum { URL_MAX = 2048 };

/* ---- names and URLs ---- */

bool sqs_name_valid(const char *name, const char **ret_reason)
{
    size_t length = strlen(name);
    if (length > 5 && strcmp(name + length - 5, ".fifo") == 0) {
        *ret_reason = "a queue that keeps an order cannot be used, as S3 cannot send to it either";
        return false;
    }
    *ret_reason = "the name of a queue is 1 to 80 letters, digits, hyphens and underscores";
    return length >= 1 && length <= SQS_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length;
}

/* "sqs.eu-central-1.amazonaws.com", or the older "eu-central-1.queue.amazonaws.com". */
static void take_region(const char *host, struct sqs_url *url)
{
    const char *label = strncmp(host, "sqs.", 4) == 0 ? host + 4 : host;
    size_t length = strcspn(label, ".");
    const char *rest = label + length;
    char region[AWS_REGION_TEXT];
    rest += strncmp(rest, ".queue", 6) == 0 ? 6 : 0;
    if (length == 0 || length >= sizeof region || rest[0] != '.') {
        return;
    }
    snprintf(region, sizeof region, "%.*s", (int)length, label);
    if (aws_is_host_label(region) && strcmp(rest + 1, aws_region_suffix(region)) == 0) {
        snprintf(url->region, sizeof url->region, "%s", region);
        url->is_aws = true;
    }
}

bool sqs_url_read(const char *url, struct sqs_url *ret)
{
    struct aws_endpoint endpoint;
    const char *reason = NULL, *scheme = strstr(url, "://"), *path = scheme ? strchr(scheme + 3, '/') : NULL;
    *ret = (struct sqs_url){.name = NULL};
    if (strlen(url) > URL_MAX || !path || !aws_endpoint_parse("sqs", url, &endpoint, &reason)) {
        return false;
    }
    snprintf(ret->origin, sizeof ret->origin, "%s://%s", endpoint.is_tls ? "https" : "http", endpoint.host);
    take_region(endpoint.host, ret);
    ret->name = strrchr(url, '/') + 1;
    return ret->name[0] != '\0';
}

/* ---- finding ---- */

/* *ret stays as it is where there is no such queue, which is a failure unless `may_lack`. */
static pxm_status ask_url(const struct sqs *sqs, pxm_job *job, const char *name, const char *account, bool may_lack,
                          char **ret, pxm_error *error)
{
    struct aws_text body;
    struct sqs_reply reply;
    aws_text_init(&body, SQS_REQUEST_MAX);
    aws_text_puts(&body, "{\"QueueName\":");
    aws_json_write(&body, name, strlen(name));
    if (account && account[0]) {
        sqs_write_text(&body, "QueueOwnerAWSAccountId", account, strlen(account));
    }
    bool no_memory = false;
    bool good = sqs_call(sqs, job, "GetQueueUrl", &body, 0, &reply);
    char *url = good ? sqs_copy(aws_json_get(reply.json, "QueueUrl"), &no_memory) : NULL;
    pxm_status status = PXM_OK;
    if (!good && !(may_lack && sqs_is_missing(&reply))) {
        status = sqs_fail(sqs, &reply, "find", error);
    } else if (good && !url) {
        status = no_memory ? sqs_fail_memory(sqs, error) : sqs_fail_reply(sqs, "it tells no URL", error);
    }
    sqs_reply_done(&reply);
    if (url) {
        *ret = url;
    }
    return status;
}

pxm_status sqs_seek_url(const struct sqs *sqs, pxm_job *job, const char *name, const char *account, char **ret,
                        pxm_error *error)
{
    *ret = NULL;
    return ask_url(sqs, job, name, account, true, ret, error);
}

pxm_status sqs_place_url(struct sqs *sqs, pxm_job *job, char **ret, pxm_error *error)
{
    const char *told = sqs->config->queue;
    char *url = NULL;
    pxm_status status = PXM_OK;
    pthread_mutex_lock(&sqs->lock);
    if (sqs->place.url) {
        told = sqs->place.url;
    }
    bool is_url = strstr(told, "://") != NULL;
    url = is_url ? aws_copy_text(told) : NULL;
    pthread_mutex_unlock(&sqs->lock);
    if (is_url) {
        *ret = url;
        return url ? PXM_OK : sqs_fail_memory(sqs, error);
    }
    status = ask_url(sqs, job, sqs->config->queue, NULL, false, &url, error);
    if (status != PXM_OK) {
        return status;
    }
    pthread_mutex_lock(&sqs->lock);
    if (!sqs->place.url) {
        sqs->place.url = aws_copy_text(url);
    }
    pthread_mutex_unlock(&sqs->lock);
    *ret = url;
    return PXM_OK;
}

/* ---- the redrive policy ---- */

pxm_status sqs_fail_policy(const struct sqs *sqs, const char *what, pxm_error *error)
{
    return sqs->host->fail(error, PXM_E_INVALID, "queue.unavailable",
                           "nothing is received from the queue %s: %s; give it a redrive policy with a dead-letter "
                           "queue, so that no message comes for ever",
                           sqs->config->queue, what);
}

static pxm_status find_dead(const struct sqs *sqs, pxm_job *job, const char *policy, struct sqs_place *place,
                            pxm_error *error)
{
    struct sqs_redrive redrive;
    bool no_memory = false;
    if (!sqs_redrive_read(policy, &redrive, &no_memory)) {
        return no_memory ? sqs_fail_memory(sqs, error) : sqs_fail_policy(sqs, "its redrive policy is not whole", error);
    }
    place->receives_max = redrive.receives_max;
    return ask_url(sqs, job, redrive.dead.name, redrive.dead.account, false, &place->dead_url, error);
}

static pxm_status ask_policy(const struct sqs *sqs, pxm_job *job, struct sqs_place *place, pxm_error *error)
{
    struct aws_text body;
    struct sqs_reply reply;
    sqs_begin(&body, place->url);
    aws_text_puts(&body, ",\"AttributeNames\":[\"RedrivePolicy\"]");
    bool good = sqs_call(sqs, job, "GetQueueAttributes", &body, 0, &reply);
    struct aws_json told = aws_json_get(aws_json_get(reply.json, "Attributes"), "RedrivePolicy");
    bool no_memory = false;
    char *policy = good ? sqs_copy(told, &no_memory) : NULL;
    pxm_status status = PXM_OK;
    if (!good) {
        status = sqs_fail(sqs, &reply, "look at", error);
    } else if (no_memory) {
        status = sqs_fail_memory(sqs, error);
    } else if (!policy) {
        status = sqs_fail_policy(sqs, "it has no redrive policy", error);
    } else {
        status = find_dead(sqs, job, policy, place, error);
    }
    aws_free_text(policy);
    sqs_reply_done(&reply);
    return status;
}

void sqs_place_done(struct sqs_place *place)
{
    aws_free_text(place->url);
    aws_free_text(place->dead_url);
    *place = (struct sqs_place){.url = NULL};
}

static bool copy_place(const struct sqs_place *from, struct sqs_place *to)
{
    *to = (struct sqs_place){
        .url = aws_copy_text(from->url), .dead_url = aws_copy_text(from->dead_url), .receives_max = from->receives_max};
    if (!to->url || !to->dead_url) {
        sqs_place_done(to);
        return false;
    }
    return true;
}

pxm_status sqs_place_find(struct sqs *sqs, pxm_job *job, struct sqs_place *ret, pxm_error *error)
{
    struct sqs_place place = {.url = NULL}, kept;
    pthread_mutex_lock(&sqs->lock);
    bool is_known = sqs->place.dead_url != NULL;
    bool has_copy = is_known && copy_place(&sqs->place, &place);
    pthread_mutex_unlock(&sqs->lock);
    if (is_known) {
        *ret = place;
        return has_copy ? PXM_OK : sqs_fail_memory(sqs, error);
    }
    pxm_status status = sqs_place_url(sqs, job, &place.url, error);
    if (status == PXM_OK) {
        status = ask_policy(sqs, job, &place, error);
    }
    if (status == PXM_OK && !copy_place(&place, &kept)) {
        status = sqs_fail_memory(sqs, error);
    }
    if (status != PXM_OK) {
        sqs_place_done(&place);
        return status;
    }
    pthread_mutex_lock(&sqs->lock);
    sqs_place_done(&sqs->place);
    sqs->place = kept;
    pthread_mutex_unlock(&sqs->lock);
    *ret = place;
    return PXM_OK;
}

void sqs_place_forget(struct sqs *sqs)
{
    pthread_mutex_lock(&sqs->lock);
    sqs_place_done(&sqs->place);
    pthread_mutex_unlock(&sqs->lock);
}
