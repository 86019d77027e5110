/* Credentials: where they come from, kept as long as they are good, and renewed by one thread while others go on. The
 * order is that of the most specific: options, environment, web identity, shared files, container, machine. */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include "aws/fault.h"
#include "aws/http.h"
#include "aws/settings.h"
#include "aws/time.h"

#include <stdatomic.h>

/* Counted and constant: whoever signs holds what it signs with. Wiped when the last reference goes. */
struct aws_credentials {
    char *access_key, *secret_key, *token; /* token NULL: the keys are permanent            */
    int64_t expires_ms;                    /* INT64_MAX: never                              */
    int64_t obtained_ms;
    bool is_from_file; /* which may change at any time                  */
    atomic_int references;
};
void aws_credentials_unref(struct aws_credentials *credentials); /* NULL is fine [any] */

struct aws_provider;
/* Borrows settings, pool and clock. NULL: out of memory. [load] */
struct aws_provider *aws_provider_new(const struct pxm_host *host, const struct aws_settings *settings,
                                      struct aws_pool *pool, struct aws_clock *clock);
void aws_provider_free(struct aws_provider *provider);
/* A new reference. False: with the fault. [job] */
bool aws_provider_get(struct aws_provider *provider, pxm_job *job, struct aws_credentials **ret,
                      struct aws_fault *fault);
/* The service takes these no more: the next who asks gets others, if there are any. [any] */
void aws_provider_refuse(struct aws_provider *provider, const struct aws_credentials *credentials);
/* The region that this machine says it is in. False: it says none. [job] */
bool aws_provider_region(struct aws_provider *provider, pxm_job *job, char region[AWS_REGION_TEXT]);

/* Within the advisory window before their end credentials are renewed if nobody else does; within the mandatory one
 * everybody waits for that. */
int64_t aws_credentials_advisory_ms(const struct aws_credentials *credentials);
int64_t aws_credentials_mandatory_ms(const struct aws_credentials *credentials);

#endif
