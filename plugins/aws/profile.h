/* The shared files of profiles, ~/.aws/credentials and ~/.aws/config. [any] */
#ifndef AWS_PROFILE_H
#define AWS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

enum { AWS_PROFILE_BYTES_MAX = 1 << 20 };

/* What the files say of one profile; NULL: nothing. */
struct aws_profile {
    char *access_key, *secret_key, *token;
    char *region, *endpoint;
    char *role_arn, *role_session_name, *token_file;
    char *unsupported; /* the name of a setting that would give credentials in a way that is not known here */
    bool is_there;
};

/* Reads both files of `name`. `service` is the section of a service below [services ...]. False: a file is too large,
 * or there was no memory. A file that is not there says nothing. */
bool aws_profile_load(const char *credentials_path, const char *config_path, const char *name, const char *service,
                      struct aws_profile *ret);
void aws_profile_done(struct aws_profile *profile);

/* A line of such a file: KEY = VALUE in a [SECTION], or SUBKEY = VALUE below "KEY =". False stops. */
typedef bool (*aws_ini_line)(void *arg, const char *section, const char *key, const char *subkey, const char *value);
/* Reads a text, which is cut up on the way. Lines that are no settings are passed over. */
bool aws_ini_read(char *text, aws_ini_line line, void *arg);

#endif
