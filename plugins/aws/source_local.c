/* Credentials that are given: options, environment, shared files. And what the other sources share. [job] */
#include "aws/profile.h"
#include "aws/source.h"
#include "aws/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { TOKEN_BYTES_MAX = 64 << 10, REPLY_BYTES_MAX = 64 << 10 };

static enum aws_finding fail(struct aws_search *search, const char *text)
{
    aws_fault_set(search->fault, AWS_FAULT_DENIED, AWS_REMEDY_NONE, "%s", text);
    return AWS_FINDING_FAULT;
}

bool aws_source_keep(struct aws_search *search, const char *access_key, const char *secret_key, const char *token)
{
    struct aws_credentials *found = search->found;
    found->access_key = aws_copy_text(access_key);
    found->secret_key = aws_copy_text(secret_key);
    found->token = token && *token ? aws_copy_text(token) : NULL;
    if (!aws_is_header_value(access_key) || !aws_is_header_value(token)) {
        fail(search, "the AWS credentials have a control character");
        return false;
    }
    if (!found->access_key || !found->secret_key || (token && *token && !found->token)) {
        aws_fault_set(search->fault, AWS_FAULT_NO_MEMORY, AWS_REMEDY_NONE, "out of memory");
        return false;
    }
    return true;
}

enum aws_finding aws_source_options(struct aws_search *search)
{
    const struct aws_settings *settings = search->settings;
    if (!settings->access_key) {
        return AWS_FINDING_NONE;
    }
    bool good = aws_source_keep(search, settings->access_key, settings->secret_key, settings->session_token);
    return good ? AWS_FINDING_GOOD : AWS_FINDING_FAULT;
}

enum aws_finding aws_source_environment(struct aws_search *search)
{
    const char *access_key = aws_environment("AWS_ACCESS_KEY_ID");
    const char *secret_key = aws_environment("AWS_SECRET_ACCESS_KEY");
    const char *expires = aws_environment("AWS_CREDENTIAL_EXPIRATION");
    if (!access_key && !secret_key) {
        return AWS_FINDING_NONE;
    }
    if (!access_key || !secret_key) {
        return fail(search, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both or none");
    }
    if (expires && !aws_time_parse(expires, &search->found->expires_ms)) {
        return fail(search, "AWS_CREDENTIAL_EXPIRATION is no time such as 2026-11-22T10:38:00Z");
    }
    bool good = aws_source_keep(search, access_key, secret_key, aws_environment("AWS_SESSION_TOKEN"));
    return good ? AWS_FINDING_GOOD : AWS_FINDING_FAULT;
}

static enum aws_finding take_profile(struct aws_search *search, const struct aws_profile *profile)
{
    if (profile->access_key && profile->secret_key) {
        search->found->is_from_file = true;
        bool good = aws_source_keep(search, profile->access_key, profile->secret_key, profile->token);
        return good ? AWS_FINDING_GOOD : AWS_FINDING_FAULT;
    }
    if (profile->access_key || profile->secret_key) {
        return fail(search, "the profile has only one of aws_access_key_id and aws_secret_access_key");
    }
    if (profile->role_arn && profile->token_file) {
        return aws_source_role(search, profile->role_arn, profile->role_session_name, profile->token_file);
    }
    if (profile->unsupported) {
        aws_fault_set(search->fault, AWS_FAULT_DENIED, AWS_REMEDY_NONE,
                      "the profile %s gets its credentials by %s, which is not supported; use keys, or role_arn with "
                      "web_identity_token_file",
                      search->settings->profile, profile->unsupported);
        return AWS_FINDING_FAULT;
    }
    if (search->settings->names_profile && !profile->is_there) {
        aws_fault_set(search->fault, AWS_FAULT_DENIED, AWS_REMEDY_NONE,
                      "there is no profile %s in the shared files of credentials; check profile or AWS_PROFILE",
                      search->settings->profile);
        return AWS_FINDING_FAULT;
    }
    return AWS_FINDING_NONE;
}

enum aws_finding aws_source_files(struct aws_search *search)
{
    const struct aws_settings *settings = search->settings;
    struct aws_profile profile;
    if (!aws_profile_load(settings->credentials_path, settings->config_path, settings->profile, settings->service,
                          &profile)) {
        return fail(search, "the shared files of credentials cannot be read");
    }
    enum aws_finding finding = take_profile(search, &profile);
    aws_profile_done(&profile);
    return finding;
}

/* ---- for those that ask over HTTP ---- */

bool aws_source_fetch(struct aws_search *search, const struct aws_wire *wire, struct aws_text *body)
{
    aws_text_init(body, REPLY_BYTES_MAX);
    struct aws_transfer *transfer = aws_transfer_begin(search->pool, search->job, wire, search->fault);
    bool good = transfer && aws_transfer_reply(transfer, search->fault) &&
                aws_transfer_collect(transfer, search->job, body, search->fault);
    if (good) {
        aws_fault_of_reply(search->fault, aws_transfer_status(transfer), aws_transfer_headers(transfer),
                           aws_text_get(body), body->length, aws_clock_now_ms(search->clock));
        good = search->fault->class == AWS_FAULT_NONE;
    }
    aws_transfer_end(transfer);
    return good;
}

static const char *text_of(const struct pxm_host *host, const pxm_value *record, const char *key)
{
    const char *text = host->value_as_string(host->value_get(record, key), NULL);
    return *text ? text : NULL;
}

enum aws_finding aws_source_take_json(struct aws_search *search, const char *json, size_t length)
{
    const struct pxm_host *host = search->host;
    pxm_value *record = NULL;
    enum aws_finding finding = AWS_FINDING_FAULT;
    if (host->value_from_json(json, length, &record, NULL) != PXM_OK) {
        aws_fault_set(search->fault, AWS_FAULT_MALFORMED, AWS_REMEDY_WAIT, "the credentials are no JSON");
        return finding;
    }
    const char *access_key = text_of(host, record, "AccessKeyId"), *token = text_of(host, record, "Token");
    const char *secret_key = text_of(host, record, "SecretAccessKey"), *code = text_of(host, record, "Code");
    const char *expires = text_of(host, record, "Expiration");
    if (!access_key || !secret_key || !token || !aws_time_parse(expires, &search->found->expires_ms) ||
        (code && strcmp(code, "Success") != 0)) {
        aws_fault_set(search->fault, AWS_FAULT_DENIED, AWS_REMEDY_WAIT, "there are no credentials in the reply");
    } else if (aws_source_keep(search, access_key, secret_key, token)) {
        finding = AWS_FINDING_GOOD;
    }
    host->value_unref(record);
    return finding;
}

bool aws_source_read_token(struct aws_search *search, const char *path, struct aws_text *token)
{
    char chunk[4096];
    ssize_t count = -1;
    aws_text_init(token, TOKEN_BYTES_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && ((count = read(fd, chunk, sizeof chunk)) > 0 || (count < 0 && errno == EINTR))) {
        aws_text_add(token, chunk, count > 0 ? (size_t)count : 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    while (token->length > 0 && strchr(" \t\r\n", token->data[token->length - 1])) {
        token->data[--token->length] = '\0';
    }
    if (count != 0 || token->failed || token->length == 0 || !aws_is_header_value(token->data)) {
        aws_fault_set(search->fault, AWS_FAULT_DENIED, AWS_REMEDY_NONE, "no token can be read from the file %s", path);
        return false;
    }
    return true;
}
