/* The auth of the plugin `memory`, for tests: whoever the token names is taken at their word. [any] */
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char bearer[] = "Bearer ";

static const char *header_of(const struct pxm_host *host, const pxm_value *request, const char *name)
{
    const pxm_value *headers = host->value_get(request, "headers");

    for (size_t i = 0; headers && i < host->value_count(headers); i++) {
        if (strcasecmp(host->value_key(headers, i), name) == 0) {
            return host->value_as_string(host->value_at(headers, i), NULL);
        }
    }
    return NULL;
}

static pxm_status auth_verify(void *self, pxm_job *job, const pxm_value *request, pxm_value *fields, pxm_error *error)
{
    const struct pxm_host *const *host = self;
    const char *token = header_of(*host, request, "authorization");

    (void)job;
    if (!token) {
        return (*host)->fail(error, PXM_E_DENIED, "auth.missing", "the request has no Authorization header");
    }
    if (strncmp(token, bearer, sizeof bearer - 1) != 0 || !token[sizeof bearer - 1]) {
        return (*host)->fail(error, PXM_E_DENIED, "auth.invalid", "the Authorization header is not `Bearer NAME`");
    }
    (*host)->value_set(fields, "subject", memory_text(*host, token + sizeof bearer - 1));
    return PXM_OK;
}

static pxm_status auth_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    const struct pxm_host **self = malloc(sizeof(const struct pxm_host *));

    (void)config;
    if (!self) {
        return memory_fail_memory(host, error);
    }
    *self = host;
    *ret_self = self;
    return PXM_OK;
}

static const struct pxm_auth_ops ops = {.struct_size = sizeof ops, .verify = auth_verify};

const struct pxm_unit memory_auth_unit = {
    .struct_size = sizeof memory_auth_unit,
    .threads = PXM_THREADS_PARALLEL,
    .option_size = sizeof(struct pxm_option),
    .iface = PXM_IFACE_AUTH,
    .name = "memory",
    .summary = "Takes `Authorization: Bearer NAME` for a proof of being NAME",
    .ops = &ops,
    .create = auth_create,
    .destroy = free,
};
