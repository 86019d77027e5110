/* prepare: makes the queue and that of its dead letters, where they are missing, and tells how those that are there
 * differ from what the options say. Never done but by an explicit command. */
#include "sqs.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { POLL_MS = 250, POLLS_MAX = 40 /* until what was made must be seen */, POLICY_MAX = 64 << 10, NOTE_MAX = 400 };

/* What the service tells of a queue. */
struct sqs_found {
    bool is_there;
    struct sqs_arn arn;
    char *redrive, *policy;            /* NULL: none       */
    int64_t visibility_s, retention_s; /* below 0: unknown */
};

struct preparation {
    struct sqs *sqs;
    pxm_job *job;
    const pxm_value *senders;   /* may be NULL */
    const char *name;           /* of the queue; borrowed from the config */
    struct sqs_redrive redrive; /* as it is, or is to be; an account only where it is known */
    char *url, *dead_url;       /* NULL: not known yet */
    struct sqs_found live, dead;
    pxm_value *made, *there, *differs;
    bool no_memory; /* for a line of these lists */
};

static void note(struct preparation *preparation, pxm_value *list, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void note(struct preparation *preparation, pxm_value *list, const char *format, ...)
{
    const struct pxm_host *host = preparation->sqs->host;
    char text[NOTE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    preparation->no_memory |= host->value_append(list, host->value_string(text, strlen(text))) != PXM_OK;
}

static pxm_status fail(const struct preparation *preparation, pxm_status status, const char *what, pxm_error *error)
{
    return preparation->sqs->host->fail(error, status, "queue.unavailable", "cannot make the queue %s: %s",
                                        preparation->sqs->config->queue, what);
}

/* ---- looking ---- */

static void found_done(struct sqs_found *found)
{
    aws_free_text(found->redrive);
    aws_free_text(found->policy);
    *found = (struct sqs_found){.is_there = false};
}

static pxm_status read_found(const struct sqs *sqs, struct aws_json told, struct sqs_found *ret, pxm_error *error)
{
    bool no_memory = false;
    char *arn = sqs_copy(aws_json_get(told, "QueueArn"), &no_memory);
    bool has_arn = arn && sqs_arn_read(arn, &ret->arn);
    aws_free_text(arn);
    ret->redrive = sqs_copy(aws_json_get(told, "RedrivePolicy"), &no_memory);
    ret->policy = sqs_copy(aws_json_get(told, "Policy"), &no_memory);
    ret->visibility_s = sqs_number(aws_json_get(told, "VisibilityTimeout"));
    ret->retention_s = sqs_number(aws_json_get(told, "MessageRetentionPeriod"));
    ret->is_there = true;
    if (no_memory) {
        return sqs_fail_memory(sqs, error);
    }
    return has_arn ? PXM_OK : sqs_fail_reply(sqs, "it tells no ARN", error);
}

static pxm_status look(const struct preparation *preparation, const char *url, struct sqs_found *ret, pxm_error *error)
{
    const struct sqs *sqs = preparation->sqs;
    struct aws_text body;
    struct sqs_reply reply;
    pxm_status status = PXM_OK;
    found_done(ret);
    sqs_begin(&body, url);
    aws_text_puts(&body, ",\"AttributeNames\":[\"QueueArn\",\"RedrivePolicy\",\"Policy\",\"VisibilityTimeout\","
                         "\"MessageRetentionPeriod\"]");
    bool good = sqs_call(sqs, preparation->job, "GetQueueAttributes", &body, 0, &reply);
    if (good) {
        status = read_found(sqs, aws_json_get(reply.json, "Attributes"), ret, error);
    } else if (!sqs_is_missing(&reply)) {
        status = sqs_fail(sqs, &reply, "look at", error);
    }
    sqs_reply_done(&reply);
    return status;
}

/* What was made may not be seen everywhere at once. */
static pxm_status await(const struct preparation *preparation, const char *url, struct sqs_found *ret, pxm_error *error)
{
    const struct pxm_host *host = preparation->sqs->host;
    pxm_status status = look(preparation, url, ret, error);
    for (int polls = 0; status == PXM_OK && !ret->is_there; polls++) {
        if (polls == POLLS_MAX) {
            return fail(preparation, PXM_E_TRANSIENT, "it was made, but is not there; check queue, or ask again later",
                        error);
        }
        if (!aws_sleep(host, preparation->job, POLL_MS)) {
            return host->fail(error, PXM_E_TIMEOUT, "limit.time",
                              "the queue %s is being made, but not ready in time; ask again later",
                              preparation->sqs->config->queue);
        }
        status = look(preparation, url, ret, error);
    }
    return status;
}

/* ---- making ---- */

/* Another who makes it at the same time does no harm: then *ret stays NULL. Takes the request, whose attributes end
 * with it. */
static pxm_status create(struct preparation *preparation, const char *name, struct aws_text *body, char **ret,
                         pxm_error *error)
{
    const struct sqs *sqs = preparation->sqs;
    struct sqs_reply reply;
    bool no_memory = false;
    pxm_status status = PXM_OK;
    aws_text_puts(body, "}");
    bool good = sqs_call(sqs, preparation->job, "CreateQueue", body, 0, &reply);
    char *url = good ? sqs_copy(aws_json_get(reply.json, "QueueUrl"), &no_memory) : NULL;
    if (good && !url) {
        status = no_memory ? sqs_fail_memory(sqs, error) : sqs_fail_reply(sqs, "it tells no URL", error);
    } else if (good) {
        note(preparation, preparation->made, "queue %s", name);
    } else if (!sqs_has_code(&reply, "QueueNameExists") && !sqs_has_code(&reply, "QueueAlreadyExists")) {
        status = sqs_fail(sqs, &reply, "make", error);
    }
    sqs_reply_done(&reply);
    *ret = url;
    return status;
}

static void begin_create(struct aws_text *body, const char *name, int64_t retention_s)
{
    aws_text_init(body, SQS_REQUEST_MAX);
    aws_text_puts(body, "{\"QueueName\":");
    aws_json_write(body, name, strlen(name));
    aws_text_printf(body, ",\"Attributes\":{\"MessageRetentionPeriod\":\"%" PRId64 "\"", retention_s);
}

/* The queue of dead letters is made where the credentials are at home, and so it must belong there. */
static pxm_status make_dead(struct preparation *preparation, pxm_error *error)
{
    const struct sqs_arn *wanted = &preparation->redrive.dead, *live = &preparation->live.arn;
    struct aws_text body;
    char *url = NULL;
    if (preparation->live.is_there &&
        (strcmp(wanted->account, live->account) != 0 || strcmp(wanted->region, live->region) != 0)) {
        return sqs_fail_policy(preparation->sqs, "its dead-letter queue is not there, and is of another account",
                               error);
    }
    begin_create(&body, wanted->name, SQS_RETENTION_S);
    pxm_status status = create(preparation, wanted->name, &body, &url, error);
    if (status == PXM_OK && !url) {
        status = sqs_seek_url(preparation->sqs, preparation->job, wanted->name, NULL, &url, error);
    }
    if (status == PXM_OK && !url) {
        status = fail(preparation, PXM_E_TRANSIENT, "its dead-letter queue comes and goes", error);
    }
    if (status == PXM_OK) {
        status = await(preparation, url, &preparation->dead, error);
    }
    aws_free_text(preparation->dead_url);
    preparation->dead_url = url;
    return status;
}

static void write_live(const struct preparation *preparation, struct aws_text *body)
{
    const struct sqs *sqs = preparation->sqs;
    const struct sqs_config *config = sqs->config;
    struct sqs_arn arn = preparation->dead.arn;
    struct aws_text policy;
    snprintf(arn.name, sizeof arn.name, "%s", preparation->name);
    aws_text_init(&policy, POLICY_MAX);
    begin_create(body, preparation->name, sqs_seconds(config->retention_ms, SQS_RETENTION_S));
    aws_text_printf(body, ",\"VisibilityTimeout\":\"%" PRId64 "\"",
                    sqs_seconds(config->visibility_ms, SQS_VISIBILITY_S));
    sqs_redrive_write(&policy, &preparation->dead.arn, config->max_receives);
    sqs_write_text(body, "RedrivePolicy", aws_text_get(&policy), policy.length);
    body->failed |= policy.failed;
    if (sqs->host->value_count(preparation->senders) > 0) {
        aws_text_clear(&policy);
        sqs_policy_write(sqs, &policy, &arn, preparation->senders);
        sqs_write_text(body, "Policy", aws_text_get(&policy), policy.length);
        body->failed |= policy.failed;
    }
    aws_text_done(&policy);
}

/* Whether "https://HOST/ACCOUNT/NAME" is of that account. */
static bool is_of_account(const char *url, const char *account)
{
    const char *end = strrchr(url, '/');
    size_t length = strlen(account);
    return (size_t)(end - url) > length && end[-(ptrdiff_t)length - 1] == '/' &&
           strncmp(end - length, account, length) == 0;
}

static pxm_status make_live(struct preparation *preparation, pxm_error *error)
{
    struct aws_text body;
    struct sqs_url told;
    char *url = NULL;
    if (preparation->url && sqs_url_read(preparation->url, &told) && told.is_aws &&
        !is_of_account(preparation->url, preparation->dead.arn.account)) {
        return fail(preparation, PXM_E_INVALID, "its URL is of another account than the credentials", error);
    }
    write_live(preparation, &body);
    pxm_status status = create(preparation, preparation->name, &body, &url, error);
    if (status == PXM_OK && !url && !preparation->url) {
        status = sqs_seek_url(preparation->sqs, preparation->job, preparation->name, NULL, &url, error);
    }
    if (!preparation->url) {
        preparation->url = url;
    } else {
        aws_free_text(url);
    }
    if (status == PXM_OK && !preparation->url) {
        status = fail(preparation, PXM_E_TRANSIENT, "it comes and goes", error);
    }
    return status == PXM_OK ? await(preparation, preparation->url, &preparation->live, error) : status;
}

/* ---- finding ---- */

static pxm_status find_live(struct preparation *preparation, pxm_error *error)
{
    const struct sqs *sqs = preparation->sqs;
    const struct sqs_config *config = sqs->config;
    struct sqs_url url;
    pxm_status status = PXM_OK;
    if (strstr(config->queue, "://") && sqs_url_read(config->queue, &url)) {
        preparation->name = url.name;
        if (url.is_aws && config->aws.region && strcmp(url.region, config->aws.region) != 0) {
            return fail(preparation, PXM_E_INVALID, "its URL is of another region than region says", error);
        }
        preparation->url = aws_copy_text(config->queue);
        status = preparation->url ? PXM_OK : sqs_fail_memory(sqs, error);
    } else {
        status = sqs_seek_url(sqs, preparation->job, config->queue, NULL, &preparation->url, error);
    }
    if (status == PXM_OK && preparation->url) {
        status = look(preparation, preparation->url, &preparation->live, error);
    }
    if (status == PXM_OK && preparation->live.is_there) {
        note(preparation, preparation->there, "queue %s", preparation->name);
    }
    return status;
}

/* Where dead letters go: a queue that is there says it itself. */
static pxm_status choose_dead(struct preparation *preparation, pxm_error *error)
{
    const struct sqs *sqs = preparation->sqs;
    struct sqs_redrive *redrive = &preparation->redrive;
    const char *reason = NULL, *told = sqs->config->dead_letters, *policy = preparation->live.redrive;
    bool no_memory = false;
    if (preparation->live.is_there && !policy) {
        return sqs_fail_policy(sqs, "it has no redrive policy", error);
    }
    if (preparation->live.is_there && !sqs_redrive_read(policy, redrive, &no_memory)) {
        return no_memory ? sqs_fail_memory(sqs, error) : sqs_fail_policy(sqs, "its redrive policy is not whole", error);
    }
    if (preparation->live.is_there) {
        return PXM_OK;
    }
    snprintf(redrive->dead.name, sizeof redrive->dead.name, "%s%s", told ? told : preparation->name,
             told ? "" : SQS_DEAD);
    return sqs_name_valid(redrive->dead.name, &reason)
               ? PXM_OK
               : fail(preparation, PXM_E_INVALID,
                      "that of its dead letters would have too long a name; set dead_letters", error);
}

static pxm_status find_dead(struct preparation *preparation, pxm_error *error)
{
    const struct sqs_arn *dead = &preparation->redrive.dead;
    pxm_status status =
        sqs_seek_url(preparation->sqs, preparation->job, dead->name, dead->account, &preparation->dead_url, error);
    if (status == PXM_OK && preparation->dead_url) {
        status = look(preparation, preparation->dead_url, &preparation->dead, error);
    }
    if (status == PXM_OK && preparation->dead.is_there) {
        note(preparation, preparation->there, "queue %s", dead->name);
    }
    return status;
}

/* Another may have made the queue just now, with other dead letters. */
static pxm_status choose_dead_again(struct preparation *preparation, pxm_error *error)
{
    const struct sqs_arn made = preparation->dead.arn;
    pxm_status status = choose_dead(preparation, error);
    if (status == PXM_OK && strcmp(made.name, preparation->redrive.dead.name) != 0) {
        aws_free_text(preparation->dead_url);
        preparation->dead_url = NULL;
        found_done(&preparation->dead);
        status = find_dead(preparation, error);
    }
    return status;
}

/* ---- comparing ---- */

static void compare_number(struct preparation *preparation, const char *queue, const char *what, int64_t is,
                           int64_t wanted)
{
    if (is >= 0 && is != wanted) {
        note(preparation, preparation->differs, "queue %s: %s %" PRId64 " instead of %" PRId64, queue, what, is,
             wanted);
    }
}

static void compare(struct preparation *preparation)
{
    const struct pxm_host *host = preparation->sqs->host;
    const struct sqs_config *config = preparation->sqs->config;
    const struct sqs_found *live = &preparation->live;
    const struct sqs_arn *dead = &preparation->redrive.dead;
    const char *name = preparation->name;
    if (config->dead_letters && strcmp(config->dead_letters, dead->name) != 0) {
        note(preparation, preparation->differs, "queue %s: dead letters go to %s instead of %s", name, dead->name,
             config->dead_letters);
    }
    compare_number(preparation, name, "max_receives", preparation->redrive.receives_max, config->max_receives);
    compare_number(preparation, name, "visibility in seconds", live->visibility_s,
                   sqs_seconds(config->visibility_ms, SQS_VISIBILITY_S));
    compare_number(preparation, name, "retention in seconds", live->retention_s,
                   sqs_seconds(config->retention_ms, SQS_RETENTION_S));
    compare_number(preparation, dead->name, "retention in seconds", preparation->dead.retention_s, SQS_RETENTION_S);
    for (size_t i = 0; i < host->value_count(preparation->senders); i++) {
        const char *bucket = host->value_as_string(host->value_at(preparation->senders, i), NULL);
        if (!sqs_policy_lets(live->policy, &live->arn, bucket, &preparation->no_memory)) {
            note(preparation, preparation->differs, "queue %s: its policy does not let the bucket %s send to it", name,
                 bucket);
        }
    }
}

/* ---- all of it ---- */

static pxm_status run(struct preparation *preparation, pxm_error *error)
{
    pxm_status status = sqs_in_time(preparation->sqs, preparation->job, error);
    if (status == PXM_OK) {
        status = find_live(preparation, error);
    }
    if (status == PXM_OK) {
        status = choose_dead(preparation, error);
    }
    if (status == PXM_OK) {
        status = find_dead(preparation, error);
    }
    if (status == PXM_OK && !preparation->dead.is_there) {
        status = make_dead(preparation, error);
    }
    if (status == PXM_OK && !preparation->live.is_there) {
        status = make_live(preparation, error);
        status = status == PXM_OK ? choose_dead_again(preparation, error) : status;
    }
    if (status == PXM_OK) {
        compare(preparation);
    }
    return status == PXM_OK && preparation->no_memory ? sqs_fail_memory(preparation->sqs, error) : status;
}

pxm_status sqs_prepare(void *self, pxm_job *job, const struct pxm_prepare *prepare, pxm_value *fields, pxm_error *error)
{
    struct sqs *sqs = self;
    const struct pxm_host *host = sqs->host;
    struct preparation preparation = {.sqs = sqs,
                                      .job = job,
                                      .senders = prepare->senders,
                                      .name = sqs->config->queue,
                                      .made = host->value_list(),
                                      .there = host->value_list(),
                                      .differs = host->value_list()};
    bool has_lists = preparation.made && preparation.there && preparation.differs;
    pxm_status status = has_lists ? run(&preparation, error) : sqs_fail_memory(sqs, error);
    sqs_place_forget(sqs);
    found_done(&preparation.live);
    found_done(&preparation.dead);
    aws_free_text(preparation.url);
    aws_free_text(preparation.dead_url);
    if (status != PXM_OK) {
        host->value_unref(preparation.made);
        host->value_unref(preparation.there);
        host->value_unref(preparation.differs);
        return status;
    }
    host->value_set(fields, "queue", host->value_string(preparation.name, strlen(preparation.name)));
    host->value_set(fields, "made", preparation.made);
    host->value_set(fields, "there", preparation.there);
    host->value_set(fields, "differs", preparation.differs);
    return PXM_OK;
}
