/* What a client is told by its options, the environment and the shared files, each name at one place. Read once, when
 * the client is made, and constant then; only credentials are looked up again, as they change. */
#ifndef AWS_SETTINGS_H
#define AWS_SETTINGS_H

#include <pixmill/plugin.h>

#include <stdbool.h>
#include <stdint.h>

/* What a plugin's own options say; NULL, or PXM_UNSET_INT: nothing. Copied. */
struct aws_options {
    const char *region, *endpoint, *profile, *ca_file;
    const char *access_key, *secret_key, *session_token;
    int64_t attempts_max;
};

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
