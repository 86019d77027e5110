/* Security headers, CORS and forged requests. No origin is reflected: what is answered is what was configured. */
#include "app/policy.h"

#include "base/buf.h"
#include <string.h>
#include <strings.h>

enum { HEADER_BYTES_MAX = 8 << 10 };

/* ---- origins ----------------------------------------------------------------------------------------------------- */

/* The only header of that name; NULL: there is none, or several, of which none is to be believed. */
static const char *single(const struct app_head *head, const char *name, size_t *ret_count)
{
    const char *value = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        if (strcasecmp(head->headers[i].name, name) == 0) {
            value = head->headers[i].value;
            ++*ret_count;
        }
    }
    return *ret_count == 1 ? value : NULL;
}

/* What Access-Control-Allow-Origin says to this origin; NULL: it is not allowed. */
static const char *allowed(const struct app_policy *policy, const char *origin)
{
    if (origin == NULL || strcmp(origin, "null") == 0) {
        return NULL;
    }
    for (size_t i = 0; policy->origins != NULL && policy->origins[i] != NULL; i++) {
        if (strcmp(policy->origins[i], "*") == 0 || strcmp(policy->origins[i], origin) == 0) {
            return policy->origins[i];
        }
    }
    return NULL;
}

static bool allows_any(const struct app_policy *policy)
{
    return policy->origins != NULL && policy->origins[0] != NULL;
}

/* ---- headers ----------------------------------------------------------------------------------------------------- */

static bool set_default(struct app_response *response, const char *name, const char *value)
{
    return app_response_get(response, name) != NULL || app_response_set(response, name, value);
}

static bool lists_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; *at != '\0';) {
        at += strspn(at, " \t,");
        size_t count = strcspn(at, " \t,");
        if (count == length && strncasecmp(at, word, length) == 0) {
            return true;
        }
        at += count;
    }
    return false;
}

/* Adds to what the answer depends on. */
static bool add_vary(struct app_response *response, const char *name)
{
    const char *before = app_response_get(response, "Vary");
    if (before == NULL) {
        return app_response_set(response, "Vary", name);
    }
    if (lists_word(before, "*") || lists_word(before, name)) {
        return true;
    }
    struct pxm_buf vary;
    pxm_buf_init(&vary, HEADER_BYTES_MAX);
    pxm_buf_printf(&vary, "%s, %s", before, name);
    bool done = vary.status == PXM_OK ? app_response_set(response, "Vary", vary.data)
                                      : vary.status == PXM_E_LIMIT && app_response_set(response, "Vary", "*");
    pxm_buf_done(&vary);
    return done;
}

static bool apply_cors(const struct app_policy *policy, const struct app_head *head, struct app_response *response)
{
    size_t count = 0;
    const char *origin = allowed(policy, single(head, "Origin", &count));
    if (!allows_any(policy)) {
        return true;
    }
    if (!add_vary(response, "Origin")) {
        return false;
    }
    return origin == NULL || (app_response_set(response, "Access-Control-Allow-Origin", origin) &&
                              app_response_set(response, "Access-Control-Expose-Headers",
                                               "Content-Range, ETag, Location, Retry-After, X-Request-Id"));
}

bool app_policy_apply(const struct app_policy *policy, const struct app_head *head, struct app_response *response)
{
    bool is_error = response->status >= 400;
    return set_default(response, "X-Content-Type-Options", "nosniff") &&
           set_default(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'") &&
           set_default(response, "Cross-Origin-Resource-Policy", "same-origin") &&
           set_default(response, "Referrer-Policy", "no-referrer") &&
           (is_error ? app_response_set(response, "Cache-Control", "no-store")
                     : set_default(response, "Cache-Control", "no-store")) &&
           apply_cors(policy, head, response);
}

/* ---- preflights -------------------------------------------------------------------------------------------------- */

/* Request headers that mean something to us; what else a page wants to send is not asked for. */
static const char request_headers[] =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, Range";
/* Browsers keep a preflight for two hours at most, whatever they are told. */
static const char preflight_seconds[] = "7200";

struct app_response *app_policy_preflight(const struct app_policy *policy, const struct app_head *head,
                                          const char *allow)
{
    struct app_response *response = app_response_new(204);
    size_t count = 0;
    bool is_allowed = allowed(policy, single(head, "Origin", &count)) != NULL;
    bool done =
        response != NULL && app_response_set(response, "Allow", allow) && app_policy_apply(policy, head, response);
    if (done && is_allowed) {
        done = app_response_set(response, "Access-Control-Allow-Methods", allow) &&
               app_response_set(response, "Access-Control-Allow-Headers", request_headers) &&
               app_response_set(response, "Access-Control-Max-Age", preflight_seconds);
    }
    if (!done) {
        app_response_free(response);
        return NULL;
    }
    return response;
}

/* ---- forged requests --------------------------------------------------------------------------------------------- */

/* Takes the scheme off an origin; false: it has none that we speak. */
static bool take_scheme(const char **origin, bool *ret_https)
{
    *ret_https = strncmp(*origin, "https://", 8) == 0;
    if (!*ret_https && strncmp(*origin, "http://", 7) != 0) {
        return false;
    }
    *origin += *ret_https ? 8 : 7;
    return true;
}

/* The length of host and port without a port that its scheme implies. */
static size_t authority_length(const char *authority, bool https)
{
    const char *port = https ? ":443" : ":80";
    size_t length = strlen(authority), tail = strlen(port);
    return length > tail && strcmp(authority + length - tail, port) == 0 ? length - tail : length;
}

static bool is_own(const struct app_head *head, const char *origin)
{
    size_t count = 0;
    const char *host = single(head, "Host", &count);
    bool from_https = false, to_https = strcmp(head->scheme, "https") == 0;
    if (host == NULL || !take_scheme(&origin, &from_https) || (to_https && !from_https)) {
        return false;
    }
    /* Behind a proxy that does not tell so, the host speaks of the scheme that the page came by. */
    size_t length = authority_length(host, from_https);
    return length > 0 && length == authority_length(origin, from_https) && strncasecmp(host, origin, length) == 0;
}

bool app_policy_is_foreign(const struct app_policy *policy, const struct app_head *head)
{
    size_t count = 0;
    const char *origin = single(head, "Origin", &count);
    bool changes =
        strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0 && strcmp(head->method, "OPTIONS") != 0;
    if (!changes || count == 0) {
        return false;
    }
    return origin == NULL || (allowed(policy, origin) == NULL && !is_own(head, origin));
}
