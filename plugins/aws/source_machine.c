/* Credentials of the machine's role, by version 2 of the instance metadata service. [job] */
#include "aws/endpoint.h"
#include "aws/retry.h"
#include "aws/source.h"
#include "aws/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOKEN_HEADER "x-aws-ec2-metadata-token"

enum {
    TOKEN_S = 21600,
    TOKEN_EARLY_MS = 5000,
    ABSENT_MS = 60000,
    BASE_MS = 50,
    LATER_MS = 300000,
    NUMBER_MAX = 1000,
    NAME_MAX_BYTES = 128
};

void aws_machine_done(struct aws_machine *machine)
{
    aws_free_text(machine->token);
    *machine = (struct aws_machine){0};
}

static int64_t now_ms(const struct aws_search *search)
{
    return search->host->now_ms(search->host);
}

static long number_of(const char *variable, long usual)
{
    const char *text = aws_environment(variable);
    long number = text ? strtol(text, NULL, 10) : usual;
    return number >= 1 && number <= NUMBER_MAX ? number : usual;
}

static bool find_service(struct aws_search *search, struct aws_endpoint *endpoint)
{
    const char *url = aws_environment("AWS_EC2_METADATA_SERVICE_ENDPOINT"), *reason = NULL;
    const char *mode = aws_environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    if (!url) {
        url = mode && strcasecmp(mode, "IPv6") == 0 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    }
    if (!aws_endpoint_parse("", url, endpoint, &reason)) {
        aws_fault_set(search->fault, AWS_FAULT_SETTINGS, AWS_REMEDY_NONE,
                      "AWS_EC2_METADATA_SERVICE_ENDPOINT cannot be used: %s", reason);
        return false;
    }
    return true;
}

/* `token` is the value of the header of that name; for PUT, of the one that asks for a token. */
static bool ask(struct aws_search *search, const char *method, const char *path, const char *token,
                struct aws_text *body)
{
    struct aws_endpoint endpoint;
    struct aws_list headers = {0};
    struct aws_body nothing = {.data = ""};
    char url[AWS_HOST_TEXT + AWS_PREFIX_TEXT + 512];
    bool is_put = strcmp(method, "PUT") == 0, good = false;
    int64_t timeout_ms = 1000 * number_of("AWS_METADATA_SERVICE_TIMEOUT", 1);
    struct aws_wire wire = {.method = method,
                            .url = url,
                            .headers = &headers,
                            .body = is_put ? &nothing : NULL,
                            .bypasses_proxy = true,
                            .connect_ms = timeout_ms,
                            .total_ms = timeout_ms};
    aws_text_init(body, 0);
    if (!find_service(search, &endpoint)) {
        return false;
    }
    snprintf(url, sizeof url, "%s://%s%s/latest/%s", endpoint.is_tls ? "https" : "http", endpoint.host, endpoint.path,
             path);
    aws_list_add(&headers, "host", endpoint.host);
    if (token) {
        aws_list_add(&headers, is_put ? TOKEN_HEADER "-ttl-seconds" : TOKEN_HEADER, token);
    }
    long attempts = number_of("AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1);
    for (int attempt = 1;; attempt++) {
        good = aws_source_fetch(search, &wire, body);
        if (good || attempt >= attempts || search->fault->remedy != AWS_REMEDY_WAIT ||
            !aws_sleep(search->host, search->job, aws_retry_delay_ms(attempt, false, BASE_MS, aws_random(), -1))) {
            break;
        }
        aws_text_done(body);
    }
    aws_list_done(&headers);
    return good;
}

/* A token for the requests that follow. */
static bool renew_token(struct aws_search *search)
{
    struct aws_machine *machine = search->machine;
    struct aws_text body;
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%d", TOKEN_S);
    aws_machine_done(machine);
    bool good = ask(search, "PUT", "api/token", seconds, &body);
    if (good && (body.length == 0 || !aws_is_header_value(body.data))) {
        aws_fault_set(search->fault, AWS_FAULT_MALFORMED, AWS_REMEDY_NONE, "the metadata service sent no token");
        good = false;
    }
    if (good) {
        machine->token = aws_text_take(&body);
        machine->token_until_ms = now_ms(search) + INT64_C(1000) * TOKEN_S - TOKEN_EARLY_MS;
        good = machine->token != NULL;
    } else if (search->fault->http_status == 0 && search->fault->class == AWS_FAULT_TRANSIENT) {
        /* Most machines have no such service, and those that have one answer at once. */
        machine->absent_until_ms = now_ms(search) + ABSENT_MS;
        machine->is_silent = search->fault->is_timeout;
    }
    aws_text_done(&body);
    return good;
}

/* Reads below /latest/meta-data with a token, and once more with a new one when it is refused. */
static bool read_metadata(struct aws_search *search, const char *path, struct aws_text *body)
{
    struct aws_machine *machine = search->machine;
    aws_text_init(body, 0);
    if ((!machine->token || now_ms(search) >= machine->token_until_ms) && !renew_token(search)) {
        return false;
    }
    if (ask(search, "GET", path, machine->token, body)) {
        return true;
    }
    if (search->fault->http_status != 401) {
        return false;
    }
    aws_text_done(body);
    return renew_token(search) && ask(search, "GET", path, machine->token, body);
}

static bool is_absent(const struct aws_search *search)
{
    return aws_environment_is_true("AWS_EC2_METADATA_DISABLED") || now_ms(search) < search->machine->absent_until_ms;
}

/* The keys that a machine was given last may be too old because the service that renews them is down. They are
 * used on, as they may well be taken still. */
static void extend(struct aws_search *search)
{
    int64_t now = aws_clock_now_ms(search->clock);
    if (search->found->expires_ms <= now) {
        search->found->obtained_ms = now;
        search->found->expires_ms = now + LATER_MS + (int64_t)(aws_random() * LATER_MS);
        search->host->log(search->host, search->job, PXM_LOG_WARN,
                          "the instance metadata service gives credentials that are expired; they are used on");
    }
}

enum aws_finding aws_source_machine(struct aws_search *search)
{
    struct aws_text role, body;
    char path[64 + NAME_MAX_BYTES];
    enum aws_finding finding = AWS_FINDING_FAULT;
    if (is_absent(search)) {
        return AWS_FINDING_NONE;
    }
    if (!read_metadata(search, "meta-data/iam/security-credentials/", &role)) {
        bool has_none = search->fault->http_status == 0 || search->fault->http_status == 404;
        aws_text_done(&role);
        return has_none && search->fault->class != AWS_FAULT_LATE ? AWS_FINDING_NONE : AWS_FINDING_FAULT;
    }
    aws_text_add(&role, "", 0);
    role.data[strcspn(role.data, "\r\n")] = '\0';
    if (!role.data[0] || strlen(role.data) > NAME_MAX_BYTES || !aws_is_header_value(role.data) ||
        strpbrk(role.data, "/?# ")) {
        aws_fault_set(search->fault, AWS_FAULT_MALFORMED, AWS_REMEDY_NONE, "the metadata service names no role");
        aws_text_done(&role);
        return finding;
    }
    snprintf(path, sizeof path, "meta-data/iam/security-credentials/%.128s", role.data);
    aws_text_done(&role);
    if (read_metadata(search, path, &body)) {
        finding = aws_source_take_json(search, aws_text_get(&body), body.length);
    }
    aws_text_done(&body);
    if (finding == AWS_FINDING_GOOD) {
        extend(search);
    }
    return finding;
}

bool aws_machine_region(struct aws_search *search, char region[AWS_REGION_TEXT])
{
    struct aws_text body;
    if (is_absent(search)) {
        return false;
    }
    bool good = read_metadata(search, "meta-data/placement/region", &body) && aws_is_host_label(aws_text_get(&body));
    if (good) {
        snprintf(region, AWS_REGION_TEXT, "%s", body.data);
    }
    aws_text_done(&body);
    return good;
}
