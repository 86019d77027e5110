/* The places where credentials may be, each a function that looks there. One thread at a time looks. */
#ifndef AWS_SOURCE_H
#define AWS_SOURCE_H

#include "aws/credentials.h"

enum aws_finding { AWS_FINDING_NONE, AWS_FINDING_GOOD, AWS_FINDING_FAULT };

/* What the machine's metadata service told that is still true. */
struct aws_machine {
    char *token;
    int64_t token_until_ms;  /* on the engine's clock            */
    int64_t absent_until_ms; /* nobody answered, so do not ask   */
    bool is_silent;          /* it takes no answer so long that one may have been dropped on the way */
};
void aws_machine_done(struct aws_machine *machine);

struct aws_search {
    const struct pxm_host *host;
    const struct aws_settings *settings;
    struct aws_pool *pool;
    struct aws_clock *clock;
    struct aws_machine *machine;
    pxm_job *job;
    struct aws_fault *fault;
    struct aws_credentials *found; /* to be filled */
};

enum aws_finding aws_source_options(struct aws_search *search);
enum aws_finding aws_source_environment(struct aws_search *search);
enum aws_finding aws_source_web_identity(struct aws_search *search);
enum aws_finding aws_source_files(struct aws_search *search);
enum aws_finding aws_source_container(struct aws_search *search);
enum aws_finding aws_source_machine(struct aws_search *search);
/* The region of the machine. */
bool aws_machine_region(struct aws_search *search, char region[AWS_REGION_TEXT]);
/* Exchanges the token in a file for the keys of a role. */
enum aws_finding aws_source_role(struct aws_search *search, const char *role_arn, const char *session_name,
                                 const char *token_file);

/* ---- for those that ask over HTTP ---- */

/* One exchange with a reply of at most 64 KiB. False: with the fault, also for a status other than 2xx. */
bool aws_source_fetch(struct aws_search *search, const struct aws_wire *wire, struct aws_text *body);
/* Fills `found` from {AccessKeyId SecretAccessKey Token Expiration}. */
enum aws_finding aws_source_take_json(struct aws_search *search, const char *json, size_t length);
/* Copies; false: no memory, with the fault. */
bool aws_source_keep(struct aws_search *search, const char *access_key, const char *secret_key, const char *token);
/* Reads a file with a token: at most 64 KiB, without blanks at its end and without control characters. */
bool aws_source_read_token(struct aws_search *search, const char *path, struct aws_text *token);

#endif
