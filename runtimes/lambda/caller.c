/* Gateways write who it is where no client can reach: into the context of the request. */
#include "lambda/caller.h"

#include "app/signed_url.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "lambda/shape.h"

#include <string.h>

enum { CLAIMS_MAX = 64 };

static pxm_status with_subject(const char *subject, const pxm_value *claims, pxm_value **ret, pxm_error *error)
{
    pxm_value *user = pxm_value_record();

    pxm_value_set(user, "subject", pxm_value_cstring(subject));
    for (size_t i = 0; i < pxm_value_count(claims) && i < CLAIMS_MAX; i++) {
        if (strcmp(pxm_value_key(claims, i), "subject") != 0) {
            pxm_value_set(user, pxm_value_key(claims, i), pxm_value_ref(pxm_value_at(claims, i)));
        }
    }
    if (pxm_value_status(user) != PXM_OK) {
        pxm_value_unref(user);
        return pxm_error_no_memory(error);
    }
    *ret = user;
    return PXM_OK;
}

/* Whom a gateway let in by a token (JWT or Cognito), by IAM or by a function of its own; NULL: it asked nobody. */
static const char *subject_of(const pxm_value *event, const pxm_value **ret_claims)
{
    static const struct {
        const char *subject, *claims; /* claims NULL: none */
    } places[] = {
        {"requestContext.authorizer.jwt.claims.sub", "requestContext.authorizer.jwt.claims"},
        {"requestContext.authorizer.claims.sub", "requestContext.authorizer.claims"},
        {"requestContext.authorizer.iam.userArn", NULL},
        {"requestContext.identity.userArn", NULL},
        {"requestContext.authorizer.principalId", NULL},
        {"requestContext.authorizer.lambda.principalId", NULL},
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *subject = lambda_text_at(event, places[i].subject);
        if (subject && subject[0] != '\0') {
            *ret_claims = places[i].claims ? lambda_at(event, places[i].claims) : NULL;
            return subject;
        }
    }
    return NULL;
}

/* URLs are signed by the store here, so no key of this host has signed any. */
static pxm_status refuse_signed(const struct app_head *head, pxm_error *error)
{
    const struct app_url_keys none = {0};
    int64_t bytes_max = 0;
    pxm_status status =
        app_url_verify(&none, head, pxm_clock_system.wall_ms(pxm_clock_system.arg) / 1000, &bytes_max, error);

    return status == PXM_OK ? pxm_error_set(error, PXM_E_DENIED, "auth.invalid", "this token is not accepted here")
                            : status;
}

pxm_status lambda_caller_find(const struct lambda_settings *settings, const struct app_trigger *trigger,
                              const struct app_head *head, const pxm_value *event, pxm_value **ret, pxm_error *error)
{
    const pxm_value *claims = NULL;
    const char *auth = trigger->auth;
    bool is_operators = auth && strcmp(auth, "operator") == 0, is_token = auth && strcmp(auth, "token") == 0;

    *ret = NULL;
    if (!auth) {
        return PXM_OK;
    }
    if (strcmp(auth, "signed") == 0) {
        return refuse_signed(head, error);
    }
    if (app_head_bears(head, settings->operator_token)) {
        return with_subject("operator", NULL, ret, error);
    }
    if (is_token && app_head_bears(head, settings->upload_token)) {
        return with_subject("token", NULL, ret, error);
    }
    const char *subject = is_operators ? NULL : subject_of(event, &claims);
    if (subject) {
        return with_subject(subject, claims, ret, error);
    }
    if (is_token && settings->open) {
        return with_subject("local", NULL, ret, error);
    }
    if (!is_token && !is_operators) {
        return PXM_OK; /* its resource is asked before the run */
    }
    bool missing = !app_head_get(head, "Authorization");
    return pxm_error_set(error, PXM_E_DENIED, missing ? "auth.missing" : "auth.invalid",
                         missing ? "this needs a token" : "this token is not accepted here");
}
