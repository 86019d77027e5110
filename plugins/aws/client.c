/* The loop around one exchange. [job] */
#include "aws/client.h"
#include "aws/crc32.h"
#include "aws/retry.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { URL_BYTES_MAX = 16 << 10 };

#define ANY_REGION "us-east-1"

struct aws_client {
    const struct pxm_host *host;
    const struct aws_service *service;
    struct aws_settings settings;
    struct aws_pool *pool;
    struct aws_provider *provider;
    struct aws_clock clock;
    struct aws_budget budget;
    bool is_aws;
    pthread_mutex_t lock;
    struct aws_place place; /* under the lock; region "": not known yet */
};

/* ---- making ---- */

static void warn_of_endpoint(const struct aws_client *client)
{
    const struct aws_endpoint *endpoint = &client->place.endpoint;
    if (!endpoint->is_tls && !aws_endpoint_is_loopback(endpoint)) {
        client->host->log(client->host, NULL, PXM_LOG_WARN,
                          "the endpoint %s is reached without TLS: whoever is between can read and change objects",
                          endpoint->host);
    }
    if (!client->is_aws && !client->settings.region) {
        client->host->log(client->host, NULL, PXM_LOG_INFO,
                          "no region is given for the endpoint %s: requests are signed for " ANY_REGION,
                          endpoint->host);
    }
}

/* As far as it is known without asking anybody. */
static void set_place(struct aws_client *client)
{
    struct aws_place *place = &client->place;
    const struct aws_settings *settings = &client->settings;
    const char *region = settings->region, *reason = NULL;
    bool has_url =
        settings->endpoint && aws_endpoint_parse(client->service->name, settings->endpoint, &place->endpoint, &reason);
    client->is_aws = !has_url || place->endpoint.is_aws;
    if (!region && !client->is_aws) {
        region = ANY_REGION;
    }
    if (region) {
        snprintf(place->region, sizeof place->region, "%s", region);
    }
    if (!has_url && region) {
        (void)aws_endpoint_of_region(client->service->name, region, true, &place->endpoint);
    }
    if (has_url) {
        warn_of_endpoint(client);
    }
}

/* What the options say, with the service's own number of attempts where nobody says any. */
static struct aws_options complete(const struct aws_service *service, const struct aws_options *options)
{
    struct aws_options all = *options;
    if (all.attempts_max == PXM_UNSET_INT && service->attempts > 0 && !aws_environment("AWS_MAX_ATTEMPTS")) {
        all.attempts_max = service->attempts;
    }
    return all;
}

pxm_status aws_client_new(const struct pxm_host *host, const struct aws_service *service,
                          const struct aws_options *options, struct aws_client **ret, pxm_error *error)
{
    struct aws_client *client = calloc(1, sizeof *client);
    if (!client) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    client->host = host;
    client->service = service;
    client->clock.host = host;
    aws_budget_init(&client->budget);
    pthread_mutex_init(&client->lock, NULL);
    struct aws_options all = complete(service, options);
    pxm_status status = aws_settings_load(host, &all, service->name, &client->settings, error);
    if (status != PXM_OK) {
        aws_client_free(client);
        return status;
    }
    client->pool = aws_pool_new(host, client->settings.ca_file);
    client->provider = client->pool ? aws_provider_new(host, &client->settings, client->pool, &client->clock) : NULL;
    if (!client->provider) {
        aws_client_free(client);
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    set_place(client);
    *ret = client;
    return PXM_OK;
}

void aws_client_free(struct aws_client *client)
{
    if (client) {
        aws_provider_free(client->provider);
        aws_pool_free(client->pool);
        aws_settings_done(&client->settings);
        pthread_mutex_destroy(&client->lock);
        free(client);
    }
}

void aws_client_resumed(struct aws_client *client)
{
    aws_pool_drop(client->pool);
}

bool aws_client_is_aws(const struct aws_client *client)
{
    return client->is_aws;
}

bool aws_client_is_tls(struct aws_client *client)
{
    pthread_mutex_lock(&client->lock);
    bool is_tls = client->place.endpoint.is_tls;
    pthread_mutex_unlock(&client->lock);
    return is_tls;
}

/* ---- place ---- */

static void take_region(struct aws_client *client, const char *region)
{
    struct aws_place *place = &client->place;
    bool is_tls = !client->settings.endpoint || place->endpoint.is_tls;
    pthread_mutex_lock(&client->lock);
    snprintf(place->region, sizeof place->region, "%s", region);
    if (client->is_aws) {
        (void)aws_endpoint_of_region(client->service->name, region, is_tls, &place->endpoint);
    }
    pthread_mutex_unlock(&client->lock);
}

bool aws_client_place(struct aws_client *client, pxm_job *job, struct aws_place *ret, struct aws_fault *fault)
{
    char region[AWS_REGION_TEXT] = "";
    pthread_mutex_lock(&client->lock);
    *ret = client->place;
    pthread_mutex_unlock(&client->lock);
    if (ret->region[0]) {
        return true;
    }
    if (!aws_provider_region(client->provider, job, region)) {
        aws_fault_set(fault, AWS_FAULT_SETTINGS, AWS_REMEDY_NONE, "there is no region; set region or AWS_REGION");
        return false;
    }
    take_region(client, region);
    pthread_mutex_lock(&client->lock);
    *ret = client->place;
    pthread_mutex_unlock(&client->lock);
    return true;
}

bool aws_client_credentials(struct aws_client *client, pxm_job *job, struct aws_credentials **ret, int64_t *ret_now_ms,
                            struct aws_fault *fault)
{
    *ret_now_ms = aws_clock_now_ms(&client->clock);
    return aws_provider_get(client->provider, job, ret, fault);
}

/* ---- one attempt ---- */

void aws_request_done(struct aws_request *request)
{
    aws_list_done(&request->query);
    aws_list_done(&request->headers);
}

void aws_reply_done(struct aws_reply *reply)
{
    aws_transfer_end(reply->transfer);
    reply->transfer = NULL;
    aws_list_done(&reply->headers);
    aws_text_done(&reply->body);
}

/* What one attempt needs; borrowed from its caller. */
struct attempt {
    struct aws_client *client;
    pxm_job *job;
    const struct aws_request *request;
    const char *payload;
    bool expects_continue;
    struct aws_credentials *credentials; /* that it was signed with */
};

static bool fail_memory(struct aws_reply *reply)
{
    aws_fault_set(&reply->fault, AWS_FAULT_NO_MEMORY, AWS_REMEDY_NONE, "out of memory");
    return false;
}

static void write_headers(const struct attempt *attempt, const char *host, struct aws_list *headers)
{
    const struct aws_list *given = &attempt->request->headers;
    aws_list_add_header(headers, "host", host);
    for (size_t i = 0; i < given->count; i++) {
        aws_list_add_header(headers, given->items[i].name, given->items[i].value);
    }
    if (attempt->client->service->sends_payload_hash) {
        aws_list_add_header(headers, "x-amz-content-sha256", attempt->payload);
    }
    headers->failed |= given->failed;
}

/* What a function on Lambda must send along, so that one that starts itself over and over is found out. It is never
 * signed: whoever passes requests on may change it. */
static void write_trace(struct aws_list *headers)
{
    const char *trace = aws_environment("_X_AMZN_TRACE_ID");
    if (trace && aws_is_header_value(trace)) {
        aws_list_add(headers, "x-amzn-trace-id", trace);
    }
}

/* Signs, and fills headers and URL. */
static bool prepare(const struct attempt *attempt, const struct aws_place *place, struct aws_list *headers,
                    struct aws_text *url)
{
    const struct aws_request *request = attempt->request;
    const struct aws_client *client = attempt->client;
    const struct aws_credentials *credentials = attempt->credentials;
    struct aws_clock *clock = &attempt->client->clock;
    char host[AWS_HOST_TEXT + 64], path[URL_BYTES_MAX];
    snprintf(host, sizeof host, "%s%s%s", request->subdomain ? request->subdomain : "", request->subdomain ? "." : "",
             place->endpoint.host);
    snprintf(path, sizeof path, "%s%s", place->endpoint.path, request->path);
    write_headers(attempt, host, headers);
    struct aws_scope scope = {.access_key = credentials->access_key,
                              .secret_key = credentials->secret_key,
                              .token = credentials->token,
                              .region = place->region,
                              .service = client->service->name,
                              .now_ms = aws_clock_now_ms(clock),
                              .flags = client->service->sign_flags};
    struct aws_signable signable = {.method = request->method,
                                    .path = path,
                                    .query = &request->query,
                                    .headers = headers,
                                    .payload = attempt->payload};
    aws_text_printf(url, "%s://%s%s", place->endpoint.is_tls ? "https" : "http", host, path);
    if (request->query.count > 0) {
        aws_text_puts(url, "?");
        aws_query_write(&request->query, url);
    }
    bool good = aws_sign_headers(&scope, &signable, headers);
    write_trace(headers);
    return good && !url->failed && !headers->failed;
}

static bool copy_headers(const struct aws_list *from, struct aws_list *to)
{
    for (size_t i = 0; i < from->count; i++) {
        aws_list_add(to, from->items[i].name, from->items[i].value);
    }
    return !to->failed;
}

/* Whether the body is the one that the service has sent; where it tells no checksum, there is nothing to compare. */
static bool has_checksum(const struct aws_client *client, const struct aws_reply *reply)
{
    const char *told = client->service->checks_crc32 ? aws_list_get(&reply->headers, "x-amz-crc32") : NULL;
    char own[16];
    snprintf(own, sizeof own, "%" PRIu32, aws_crc32(aws_text_get(&reply->body), reply->body.length));
    return !told || strcmp(told, own) == 0;
}

/* Reads the reply and judges it. */
static bool take_reply(const struct attempt *attempt, struct aws_transfer *transfer, struct aws_reply *reply)
{
    if (!aws_transfer_reply(transfer, &reply->fault)) {
        return false;
    }
    reply->status = aws_transfer_status(transfer);
    if (!copy_headers(aws_transfer_headers(transfer), &reply->headers)) {
        return fail_memory(reply);
    }
    bool is_good = reply->status >= 200 && reply->status < 300;
    if (is_good && attempt->request->streams_reply) {
        return true;
    }
    if (!aws_transfer_collect(transfer, attempt->job, &reply->body, &reply->fault)) {
        if (is_good || reply->fault.class == AWS_FAULT_LATE || reply->fault.class == AWS_FAULT_NO_MEMORY) {
            return false;
        }
        aws_text_clear(&reply->body); /* the status says enough */
    } else if (!has_checksum(attempt->client, reply)) {
        aws_fault_set(&reply->fault, AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT,
                      "the reply was damaged on its way: its checksum is another; does a proxy change replies?");
        return false;
    }
    aws_fault_of_reply(&reply->fault, reply->status, &reply->headers, aws_text_get(&reply->body), reply->body.length,
                       aws_clock_now_ms(&attempt->client->clock));
    return reply->fault.class == AWS_FAULT_NONE;
}

static bool send_once(struct attempt *attempt, struct aws_reply *reply)
{
    struct aws_client *client = attempt->client;
    struct aws_place place;
    struct aws_list headers = {0};
    struct aws_text url;
    aws_reply_done(reply);
    reply->status = 0;
    aws_text_init(&reply->body, attempt->request->reply_max);
    aws_text_init(&url, URL_BYTES_MAX);
    aws_credentials_unref(attempt->credentials);
    attempt->credentials = NULL;
    bool good = aws_client_place(client, attempt->job, &place, &reply->fault) &&
                aws_provider_get(client->provider, attempt->job, &attempt->credentials, &reply->fault);
    if (good && !prepare(attempt, &place, &headers, &url)) {
        good = fail_memory(reply);
    }
    struct aws_wire wire = {.method = attempt->request->method,
                            .url = aws_text_get(&url),
                            .headers = &headers,
                            .body = attempt->request->body,
                            .expects_continue = attempt->expects_continue,
                            .total_ms = attempt->request->total_ms,
                            .idle = attempt->request->idle,
                            .idle_arg = attempt->request->idle_arg};
    struct aws_transfer *transfer = good ? aws_transfer_begin(client->pool, attempt->job, &wire, &reply->fault) : NULL;
    good = transfer && take_reply(attempt, transfer, reply);
    reply->attempts += 1 + (transfer && aws_transfer_was_resent(transfer));
    if (good && attempt->request->streams_reply) {
        reply->transfer = transfer;
        reply->fault = (struct aws_fault){.class = AWS_FAULT_NONE};
        transfer = NULL;
    }
    aws_transfer_end(transfer);
    aws_list_done(&headers);
    aws_text_done(&url);
    return good;
}

/* ---- what may help ---- */

struct course {
    int failures;
    int last_cost; /* of the last repetition, which a success gives back */
    bool tried_clock, tried_region, tried_credentials, tried_expect, tried_once;
};

static void correct_clock(struct aws_client *client, pxm_job *job, const struct aws_fault *fault)
{
    int64_t off_s = (client->host->now_ms(client->host) - fault->server_ms) / 1000;
    if (aws_clock_correct(&client->clock, fault->server_ms)) {
        client->host->log(client->host, job, PXM_LOG_WARN,
                          "the clock of this machine is %" PRId64 " s off that of the service; it is corrected for "
                          "signatures, but set it",
                          off_s);
    }
}

/* Asks for the head of something that answers with its region, whatever else it answers. */
static void ask_region(struct attempt *attempt, char region[AWS_REGION_TEXT])
{
    struct aws_request request = {
        .method = "HEAD", .subdomain = attempt->request->subdomain, .path = attempt->request->region_path};
    struct aws_reply reply = {.status = 0};
    struct attempt probe = {
        .client = attempt->client, .job = attempt->job, .request = &request, .payload = attempt->payload};
    char payload[AWS_SHA256_TEXT];
    if (aws_sha256_hex("", 0, payload)) {
        probe.payload = payload;
        (void)send_once(&probe, &reply);
        const char *told = aws_list_get(&reply.headers, "x-amz-bucket-region");
        snprintf(region, AWS_REGION_TEXT, "%s", told ? told : "");
    }
    aws_credentials_unref(probe.credentials);
    aws_reply_done(&reply);
}

/* Moves to the region that the service names. False: there is none, or we are there. */
static bool change_region(struct attempt *attempt, struct aws_fault *fault)
{
    struct aws_client *client = attempt->client;
    char region[AWS_REGION_TEXT];
    struct aws_place place;
    struct aws_fault ignored;
    /* To others than AWS, only the signature may change. */
    if (!client->is_aws && fault->http_status >= 300 && fault->http_status < 400) {
        return false;
    }
    snprintf(region, sizeof region, "%s", fault->region);
    if (!region[0] && attempt->request->region_path) {
        ask_region(attempt, region);
    }
    if (!aws_is_host_label(region) || !aws_client_place(client, attempt->job, &place, &ignored) ||
        strcmp(place.region, region) == 0) {
        return false;
    }
    /* Credentials belong to a partition, and are not shown in another. */
    if (strcmp(aws_region_suffix(place.region), aws_region_suffix(region)) != 0) {
        return false;
    }
    take_region(client, region);
    client->host->log(client->host, attempt->job, PXM_LOG_INFO, "the region is %s and not %s; set it", region,
                      place.region);
    return true;
}

/* Each of these helps once. */
static bool fix(struct attempt *attempt, struct course *course, struct aws_fault *fault)
{
    struct aws_client *client = attempt->client;
    bool *tried = fault->remedy == AWS_REMEDY_CLOCK         ? &course->tried_clock
                  : fault->remedy == AWS_REMEDY_REGION      ? &course->tried_region
                  : fault->remedy == AWS_REMEDY_CREDENTIALS ? &course->tried_credentials
                  : fault->remedy == AWS_REMEDY_NO_EXPECT   ? &course->tried_expect
                                                            : NULL;
    if (!tried || *tried) {
        return false;
    }
    *tried = true;
    switch (fault->remedy) {
    case AWS_REMEDY_CLOCK:
        correct_clock(client, attempt->job, fault);
        return true;
    case AWS_REMEDY_REGION:
        return change_region(attempt, fault);
    case AWS_REMEDY_CREDENTIALS:
        aws_provider_refuse(client->provider, attempt->credentials);
        return true;
    default:
        attempt->expects_continue = false;
        return true;
    }
}

/* Waits, if the fault may pass, the budget allows it and there is time. */
static bool wait_to_repeat(struct attempt *attempt, struct course *course, const struct aws_fault *fault)
{
    struct aws_client *client = attempt->client;
    const struct pxm_host *host = client->host;
    bool is_throttled = fault->class == AWS_FAULT_THROTTLED;
    int cost = is_throttled ? AWS_THROTTLE_COST : AWS_RETRY_COST;
    course->failures++;
    bool may = fault->remedy == AWS_REMEDY_WAIT || (fault->remedy == AWS_REMEDY_ONCE && !course->tried_once);
    if (!may || course->failures >= client->settings.attempts_max) {
        return false;
    }
    course->tried_once |= fault->remedy == AWS_REMEDY_ONCE;
    int64_t delay_ms = aws_retry_delay_ms(course->failures, is_throttled, client->service->delay_ms, aws_random(),
                                          fault->retry_after_ms);
    if (delay_ms >= host->remaining_ms(attempt->job) || !aws_budget_take(&client->budget, cost)) {
        return false;
    }
    course->last_cost = cost;
    host->log(host, attempt->job, PXM_LOG_DEBUG, "%s: attempt %d failed: %s %s; again in %" PRId64 " ms",
              client->service->name, course->failures, fault->code, fault->message, delay_ms);
    return aws_sleep(host, attempt->job, delay_ms);
}

static bool hash_body(const struct aws_body *body, char payload[AWS_SHA256_TEXT])
{
    return aws_sha256_hex(body ? body->data : "", body ? body->length : 0, payload);
}

bool aws_call(struct aws_client *client, pxm_job *job, const struct aws_request *request, struct aws_reply *reply)
{
    char payload[AWS_SHA256_TEXT];
    struct attempt attempt = {.client = client,
                              .job = job,
                              .request = request,
                              .payload = request->payload ? request->payload : payload,
                              .expects_continue = request->expects_continue};
    struct course course = {0};
    *reply = (struct aws_reply){.status = 0};
    bool good = request->payload || hash_body(request->body, payload) || fail_memory(reply);
    while (good) {
        good = send_once(&attempt, reply);
        if (good) {
            aws_budget_give(&client->budget, course.last_cost ? course.last_cost : 1);
            break;
        }
        good = fix(&attempt, &course, &reply->fault) || wait_to_repeat(&attempt, &course, &reply->fault);
    }
    aws_credentials_unref(attempt.credentials);
    return good;
}
