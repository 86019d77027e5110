/* Credentials that are asked for: of the token service for a web identity, and of a container's host. [job] */
#include "aws/endpoint.h"
#include "aws/retry.h"
#include "aws/source.h"
#include "aws/text.h"
#include "aws/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ATTEMPTS = 3,
    TIMEOUT_MS = 2000,
    EXCHANGE_MS = 10000,
    BASE_MS = 50,
    FORM_BYTES_MAX = 256 << 10,
    URL_BYTES_MAX = 4096
};

/* Waits before the next attempt, where one may help. */
static bool may_repeat(struct aws_search *search, int attempt)
{
    enum aws_remedy remedy = search->fault->remedy;
    bool is_invalid_once = attempt == 1 && strcmp(search->fault->code, "InvalidIdentityToken") == 0;
    if (attempt >= ATTEMPTS || (remedy != AWS_REMEDY_WAIT && remedy != AWS_REMEDY_ONCE && !is_invalid_once)) {
        return false;
    }
    bool is_throttled = search->fault->class == AWS_FAULT_THROTTLED;
    return aws_sleep(search->host, search->job, aws_retry_delay_ms(attempt, is_throttled, BASE_MS, aws_random(), -1));
}

/* ---- web identity ---- */

struct role_keys {
    char *access_key, *secret_key, *token, *expires;
    bool has_failed;
};

static bool take_role_element(void *arg, const char *path, const char *text)
{
    struct role_keys *keys = arg;
    static const char start[] = "AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials/";
    const struct {
        const char *name;
        char **field;
    } fields[] = {{"AccessKeyId", &keys->access_key},
                  {"SecretAccessKey", &keys->secret_key},
                  {"SessionToken", &keys->token},
                  {"Expiration", &keys->expires}};
    if (strncmp(path, start, sizeof start - 1) != 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(path + sizeof start - 1, fields[i].name) == 0 && !*fields[i].field) {
            *fields[i].field = aws_copy_text(text);
            keys->has_failed |= !*fields[i].field;
        }
    }
    return !keys->has_failed;
}

static enum aws_finding take_role_keys(struct aws_search *search, const struct aws_text *body)
{
    struct role_keys keys = {0};
    enum aws_finding finding = AWS_FINDING_FAULT;
    bool good = aws_xml_read(aws_text_get(body), body->length, take_role_element, &keys) == AWS_XML_GOOD &&
                keys.access_key && keys.secret_key && keys.token &&
                aws_time_parse(keys.expires, &search->found->expires_ms);
    if (!good) {
        aws_fault_set(search->fault, AWS_FAULT_MALFORMED, AWS_REMEDY_WAIT,
                      "the token service sent no credentials for the web identity");
    } else if (aws_source_keep(search, keys.access_key, keys.secret_key, keys.token)) {
        finding = AWS_FINDING_GOOD;
    }
    aws_free_text(keys.access_key);
    aws_free_text(keys.secret_key);
    aws_free_text(keys.token);
    aws_free_text(keys.expires);
    return finding;
}

static bool find_token_service(struct aws_search *search, struct aws_endpoint *endpoint)
{
    const char *url = aws_environment_endpoint("sts"), *reason = NULL;
    if (url && !aws_endpoint_parse("sts", url, endpoint, &reason)) {
        aws_fault_set(search->fault, AWS_FAULT_SETTINGS, AWS_REMEDY_NONE, "AWS_ENDPOINT_URL_STS cannot be used: %s",
                      reason);
        return false;
    }
    if (!url &&
        (!search->settings->region || !aws_endpoint_of_region("sts", search->settings->region, true, endpoint))) {
        aws_fault_set(search->fault, AWS_FAULT_SETTINGS, AWS_REMEDY_NONE,
                      "the token service has no region; set region or AWS_REGION");
        return false;
    }
    return true;
}

static void add_parameter(struct aws_text *form, const char *name, const char *value)
{
    aws_text_printf(form, "%s%s=", form->length > 0 ? "&" : "", name);
    aws_percent_encode(form, value, strlen(value), false);
}

static enum aws_finding ask_token_service(struct aws_search *search, const struct aws_endpoint *endpoint,
                                          const struct aws_text *form)
{
    char url[AWS_HOST_TEXT + AWS_PREFIX_TEXT + 16];
    struct aws_list headers = {0};
    struct aws_text body;
    struct aws_body sent = {.data = form->data, .length = form->length};
    struct aws_wire wire = {.method = "POST",
                            .url = url,
                            .headers = &headers,
                            .body = &sent,
                            .connect_ms = TIMEOUT_MS,
                            .total_ms = EXCHANGE_MS};
    enum aws_finding finding = AWS_FINDING_FAULT;
    snprintf(url, sizeof url, "%s://%s%s/", endpoint->is_tls ? "https" : "http", endpoint->host, endpoint->path);
    aws_list_add(&headers, "host", endpoint->host);
    aws_list_add(&headers, "content-type", "application/x-www-form-urlencoded");
    if (aws_source_fetch(search, &wire, &body)) {
        finding = take_role_keys(search, &body);
    }
    aws_text_done(&body);
    aws_list_done(&headers);
    return finding;
}

enum aws_finding aws_source_role(struct aws_search *search, const char *role_arn, const char *session_name,
                                 const char *token_file)
{
    struct aws_endpoint endpoint;
    struct aws_text token, form;
    enum aws_finding finding = AWS_FINDING_FAULT;
    if (!find_token_service(search, &endpoint)) {
        return finding;
    }
    aws_text_init(&form, FORM_BYTES_MAX);
    /* The file is read each time, as its content is replaced now and then. */
    for (int attempt = 1; aws_source_read_token(search, token_file, &token); attempt++) {
        aws_text_clear(&form);
        add_parameter(&form, "Action", "AssumeRoleWithWebIdentity");
        add_parameter(&form, "Version", "2011-06-15");
        add_parameter(&form, "RoleArn", role_arn);
        add_parameter(&form, "RoleSessionName", session_name ? session_name : "pixmill");
        add_parameter(&form, "WebIdentityToken", token.data);
        aws_text_done(&token);
        if (form.failed) {
            aws_fault_set(search->fault, AWS_FAULT_NO_MEMORY, AWS_REMEDY_NONE, "out of memory");
            break;
        }
        finding = ask_token_service(search, &endpoint, &form);
        if (finding == AWS_FINDING_GOOD || !may_repeat(search, attempt)) {
            break;
        }
    }
    aws_text_done(&token);
    aws_text_done(&form);
    return finding;
}

enum aws_finding aws_source_web_identity(struct aws_search *search)
{
    const char *file = aws_environment("AWS_WEB_IDENTITY_TOKEN_FILE"), *role = aws_environment("AWS_ROLE_ARN");
    if (!file || !role) {
        return AWS_FINDING_NONE;
    }
    return aws_source_role(search, role, aws_environment("AWS_ROLE_SESSION_NAME"), file);
}

/* ---- container ---- */

static bool add_authorization(struct aws_search *search, struct aws_list *headers)
{
    const char *file = aws_environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = aws_environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    struct aws_text text;
    if (file) {
        bool good = aws_source_read_token(search, file, &text);
        if (good) {
            aws_list_add(headers, "authorization", text.data);
        }
        aws_text_done(&text);
        return good;
    }
    if (!aws_is_header_value(token)) {
        aws_fault_set(search->fault, AWS_FAULT_DENIED, AWS_REMEDY_NONE,
                      "AWS_CONTAINER_AUTHORIZATION_TOKEN has a control character");
        return false;
    }
    if (token) {
        aws_list_add(headers, "authorization", token);
    }
    return true;
}

static enum aws_finding ask_container(struct aws_search *search, const char *url, const char *host)
{
    struct aws_list headers = {0};
    struct aws_text body;
    enum aws_finding finding = AWS_FINDING_FAULT;
    struct aws_wire wire = {.method = "GET",
                            .url = url,
                            .headers = &headers,
                            .bypasses_proxy = true,
                            .connect_ms = TIMEOUT_MS,
                            .total_ms = TIMEOUT_MS};
    aws_list_add(&headers, "host", host);
    if (add_authorization(search, &headers)) {
        if (aws_source_fetch(search, &wire, &body)) {
            finding = aws_source_take_json(search, aws_text_get(&body), body.length);
        }
        aws_text_done(&body);
    }
    aws_list_done(&headers);
    return finding;
}

/* The part of a URL before its query, which an endpoint must not have and this URL may. */
static bool check_container_url(struct aws_search *search, const char *url, struct aws_endpoint *endpoint)
{
    const char *reason = "it is neither https nor a host that is known to be this machine's";
    char *bare = strndup(url, strcspn(url, "?#"));
    bool good = bare && aws_endpoint_parse("", bare, endpoint, &reason) && aws_endpoint_is_trusted(endpoint);
    free(bare);
    if (!good) {
        aws_fault_set(search->fault, AWS_FAULT_SETTINGS, AWS_REMEDY_NONE,
                      "AWS_CONTAINER_CREDENTIALS_FULL_URI cannot be used: %s", reason);
    }
    return good;
}

enum aws_finding aws_source_container(struct aws_search *search)
{
    const char *relative = aws_environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = aws_environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    struct aws_endpoint endpoint;
    char url[URL_BYTES_MAX];
    if (!relative && !full) {
        return AWS_FINDING_NONE;
    }
    int length = relative ? snprintf(url, sizeof url, "http://169.254.170.2%s%s", *relative == '/' ? "" : "/", relative)
                          : snprintf(url, sizeof url, "%s", full);
    if (length < 0 || (size_t)length >= sizeof url) {
        aws_fault_set(search->fault, AWS_FAULT_SETTINGS, AWS_REMEDY_NONE, "the URL of the container is too long");
        return AWS_FINDING_FAULT;
    }
    if (!check_container_url(search, url, &endpoint)) {
        return AWS_FINDING_FAULT;
    }
    for (int attempt = 1;; attempt++) {
        enum aws_finding finding = ask_container(search, url, endpoint.host);
        if (finding == AWS_FINDING_GOOD || !may_repeat(search, attempt)) {
            return finding;
        }
    }
}
