/* Options before environment before shared files. */
#include "aws/settings.h"
#include "aws/endpoint.h"
#include "aws/profile.h"
#include "aws/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PATH_BYTES_MAX = 4096, ATTEMPTS = 3, ATTEMPTS_MAX = 20 };

const char *aws_environment(const char *name)
{
    const char *value = secure_getenv(name);
    return value && *value ? value : NULL;
}

bool aws_environment_is_true(const char *name)
{
    const char *value = aws_environment(name);
    return value && strcasecmp(value, "true") == 0;
}

static const char *first_of(const char *a, const char *b)
{
    return a && *a ? a : b;
}

/* The path that the environment names, or one below the home folder. */
static char *path_of(const char *variable, const char *usual)
{
    struct aws_text path;
    const char *named = aws_environment(variable), *home = aws_environment("HOME");
    aws_text_init(&path, PATH_BYTES_MAX);
    if (named && strncmp(named, "~/", 2) != 0) {
        aws_text_puts(&path, named);
    } else if (home) {
        aws_text_printf(&path, "%s/%s", home, named ? named + 2 : usual);
    } else {
        return NULL;
    }
    return aws_text_take(&path);
}

/* AWS_ENDPOINT_URL_S3 before AWS_ENDPOINT_URL. */
const char *aws_environment_endpoint(const char *service)
{
    char name[64];
    if (aws_environment_is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) {
        return NULL;
    }
    snprintf(name, sizeof name, "AWS_ENDPOINT_URL_%s", service);
    for (char *c = name; *c; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    return first_of(aws_environment(name), aws_environment("AWS_ENDPOINT_URL"));
}

static pxm_status read_attempts(const struct pxm_host *host, int64_t option, int *ret, pxm_error *error)
{
    const char *text = aws_environment("AWS_MAX_ATTEMPTS");
    const char *mode = aws_environment("AWS_RETRY_MODE");
    static const char *const modes[] = {"standard", "legacy", "adaptive"};
    bool is_known = !mode;
    for (size_t i = 0; i < sizeof modes / sizeof *modes && mode; i++) {
        is_known |= strcasecmp(mode, modes[i]) == 0;
    }
    if (!is_known) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "the environment variable AWS_RETRY_MODE must be standard, legacy or adaptive");
    }
    if (option != PXM_UNSET_INT) {
        *ret = (int)option;
        return PXM_OK;
    }
    long attempts = text ? strtol(text, NULL, 10) : ATTEMPTS;
    if (attempts < 1 || attempts > ATTEMPTS_MAX) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "the environment variable AWS_MAX_ATTEMPTS must be 1 to %d", ATTEMPTS_MAX);
    }
    *ret = (int)attempts;
    return PXM_OK;
}

/* Region and endpoint as far as the files have to tell them. */
static pxm_status take_profile(const struct pxm_host *host, struct aws_settings *settings, pxm_error *error)
{
    struct aws_profile profile;
    bool ignores = aws_environment_is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if (!aws_profile_load(settings->credentials_path, settings->config_path, settings->profile, settings->service,
                          &profile)) {
        return host->fail(error, PXM_E_INVALID, "option.invalid", "cannot read the shared files %s and %s",
                          settings->credentials_path, settings->config_path);
    }
    if (!settings->region && profile.region) {
        settings->region = profile.region;
        profile.region = NULL;
    }
    if (!settings->endpoint && profile.endpoint && !ignores) {
        settings->endpoint = profile.endpoint;
        profile.endpoint = NULL;
    }
    aws_profile_done(&profile);
    return PXM_OK;
}

/* Copies what is there; false: no memory. */
static bool keep(char **to, const char *from)
{
    *to = from && *from ? aws_copy_text(from) : NULL;
    return *to || !from || !*from;
}

static bool take_texts(const struct aws_options *options, struct aws_settings *settings)
{
    const char *region = first_of(aws_environment("AWS_REGION"), aws_environment("AWS_DEFAULT_REGION"));
    const char *endpoint = aws_environment_endpoint(settings->service);
    const char *profile = first_of(options->profile, aws_environment("AWS_PROFILE"));
    settings->names_profile = profile != NULL;
    settings->credentials_path = path_of("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
    settings->config_path = path_of("AWS_CONFIG_FILE", ".aws/config");
    return keep(&settings->region, first_of(options->region, region)) &&
           keep(&settings->endpoint, first_of(options->endpoint, endpoint)) &&
           keep(&settings->profile, profile ? profile : "default") &&
           keep(&settings->ca_file, first_of(options->ca_file, aws_environment("AWS_CA_BUNDLE"))) &&
           keep(&settings->access_key, options->access_key) && keep(&settings->secret_key, options->secret_key) &&
           keep(&settings->session_token, options->session_token);
}

pxm_status aws_options_check(const struct pxm_host *host, const struct aws_options *options, const char *service,
                             pxm_error *error)
{
    struct aws_endpoint endpoint;
    const char *reason = NULL;
    if (options->region && !aws_is_host_label(options->region)) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "region is no region: letters, digits and hyphens, such as eu-central-1");
    }
    if (options->endpoint && !aws_endpoint_parse(service, options->endpoint, &endpoint, &reason)) {
        return host->fail(error, PXM_E_INVALID, "option.invalid", "endpoint cannot be used: %s", reason);
    }
    if (!options->access_key != !options->secret_key) {
        return host->fail(error, PXM_E_INVALID, "option.invalid",
                          "access_key and secret_key belong together: give both or none");
    }
    return PXM_OK;
}

pxm_status aws_settings_load(const struct pxm_host *host, const struct aws_options *options, const char *service,
                             struct aws_settings *ret, pxm_error *error)
{
    struct aws_settings settings = {.service = service};
    const char *reason = NULL;
    struct aws_endpoint endpoint;
    pxm_status status = read_attempts(host, options->attempts_max, &settings.attempts_max, error);
    if (status != PXM_OK) {
        return status;
    }
    status = take_texts(options, &settings) ? take_profile(host, &settings, error)
                                            : host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    if (status == PXM_OK && !settings.access_key != !settings.secret_key) {
        status = host->fail(error, PXM_E_INVALID, "option.invalid",
                            "access_key and secret_key belong together: give both or none");
    }
    if (status == PXM_OK && settings.region && !aws_is_host_label(settings.region)) {
        status = host->fail(error, PXM_E_INVALID, "option.invalid",
                            "the region is no region: letters, digits and hyphens, such as eu-central-1");
    }
    if (status == PXM_OK && settings.endpoint && !aws_endpoint_parse(service, settings.endpoint, &endpoint, &reason)) {
        status = host->fail(error, PXM_E_INVALID, "option.invalid", "the endpoint cannot be used: %s", reason);
    }
    if (status != PXM_OK) {
        aws_settings_done(&settings);
        return status;
    }
    *ret = settings;
    return PXM_OK;
}

void aws_settings_done(struct aws_settings *settings)
{
    char *texts[] = {settings->region,           settings->endpoint,    settings->profile,
                     settings->credentials_path, settings->config_path, settings->ca_file,
                     settings->access_key,       settings->secret_key,  settings->session_token};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        aws_free_text(texts[i]);
    }
    *settings = (struct aws_settings){0};
}
