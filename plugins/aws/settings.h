/* What a client is told by its options, the environment and the shared files, each name at one place. Read once, when
 * the client is made, and constant then; only credentials are looked up again, as they change. */
#ifndef AWS_SETTINGS_H
#define AWS_SETTINGS_H

#include <pixmill/plugin.h>

#include <stdbool.h>
#include <stdint.h>

/* What a plugin's own options say; NULL, or PXM_UNSET_INT: nothing. Copied. A part of the plugin's config, under the
 * name `aws`. */
struct aws_options {
    const char *region, *endpoint, *profile, *ca_file;
    const char *access_key, *secret_key, *session_token;
    int64_t attempts_max;
};

/* The rows of these options for the table of a driver; a macro, as tables are constant. `config` is the struct that
 * has them; the others say what else tells the region and the endpoint, and how many attempts there are by default. */
#define AWS_OPTIONS(config, region_help, endpoint_help, attempts)                                                      \
    {.name = "region",                                                                                                 \
     .type = PXM_OPT_STRING,                                                                                           \
     .offset = PXM_FIELD(config, aws.region, const char *),                                                            \
     .help = region_help},                                                                                             \
        {.name = "endpoint",                                                                                           \
         .type = PXM_OPT_STRING,                                                                                       \
         .offset = PXM_FIELD(config, aws.endpoint, const char *),                                                      \
         .help = endpoint_help},                                                                                       \
        {.name = "access_key",                                                                                         \
         .type = PXM_OPT_STRING,                                                                                       \
         .flags = PXM_OPT_SECRET,                                                                                      \
         .offset = PXM_FIELD(config, aws.access_key, const char *),                                                    \
         .help =                                                                                                       \
             "Access key; without it the environment, the shared files, the container and the machine are asked."},    \
        {.name = "secret_key",                                                                                         \
         .type = PXM_OPT_STRING,                                                                                       \
         .flags = PXM_OPT_SECRET,                                                                                      \
         .offset = PXM_FIELD(config, aws.secret_key, const char *),                                                    \
         .help = "Secret of the access key."},                                                                         \
        {.name = "session_token",                                                                                      \
         .type = PXM_OPT_STRING,                                                                                       \
         .flags = PXM_OPT_SECRET | PXM_OPT_ADVANCED,                                                                   \
         .offset = PXM_FIELD(config, aws.session_token, const char *),                                                 \
         .help = "Token that goes with a temporary access key."},                                                      \
        {.name = "profile",                                                                                            \
         .type = PXM_OPT_STRING,                                                                                       \
         .flags = PXM_OPT_ADVANCED,                                                                                    \
         .offset = PXM_FIELD(config, aws.profile, const char *),                                                       \
         .help = "Profile in the shared files; else AWS_PROFILE, or the default one."},                                \
        {.name = "ca_file",                                                                                            \
         .type = PXM_OPT_STRING,                                                                                       \
         .flags = PXM_OPT_PATH | PXM_OPT_ADVANCED,                                                                     \
         .offset = PXM_FIELD(config, aws.ca_file, const char *),                                                       \
         .help = "File of the certificates that are trusted; else AWS_CA_BUNDLE, or those of the system."},            \
    {                                                                                                                  \
        .name = "max_attempts", .type = PXM_OPT_INT, .flags = PXM_OPT_ADVANCED,                                        \
        .offset = PXM_FIELD(config, aws.attempts_max, int64_t), .min = 1, .max = 20,                                   \
        .help = "How often a request is sent at most; else AWS_MAX_ATTEMPTS, or " attempts "."                         \
    }

/* Whether they can be what they say, without asking anybody. [load] */
pxm_status aws_options_check(const struct pxm_host *host, const struct aws_options *options, const char *service,
                             pxm_error *error);

struct aws_settings {
    const char *service;                           /* "s3", static                                                */
    char *region;                                  /* NULL: not told                                              */
    char *endpoint;                                /* a URL; NULL: the built-in one                               */
    char *profile;                                 /* never NULL                                                  */
    bool names_profile;                            /* somebody chose it, so it must be there                      */
    char *credentials_path, *config_path;          /* NULL: there is no home folder                   */
    char *ca_file;                                 /* NULL: that of the system                                    */
    char *access_key, *secret_key, *session_token; /* of the options                         */
    int attempts_max;
};

/* [load] */
pxm_status aws_settings_load(const struct pxm_host *host, const struct aws_options *options, const char *service,
                             struct aws_settings *ret, pxm_error *error);
void aws_settings_done(struct aws_settings *settings);
/* An environment variable; NULL: it is not set, or empty. [any] */
const char *aws_environment(const char *name);
/* The URL that the environment gives for a service; NULL: none. [any] */
const char *aws_environment_endpoint(const char *service);
/* Whether one says "true", in any case. [any] */
bool aws_environment_is_true(const char *name);

#endif
