/* Events as pipelines see them (struct pxm_ref tells their shape), made the same way by every host. [any] */
#ifndef PXM_APP_EVENT_H
#define PXM_APP_EVENT_H

#include "app/head.h"
#include "app/intake.h"
#include "app/route.h"

struct app_http_event { /* all borrowed */
    const struct app_head *head;
    const struct app_match *match;
    const struct app_body *body; /* NULL: none */
    const pxm_value *user;       /* what the auth said; NULL: none */
};
/* {method, path, query, headers, body, json, form, files, filenames, remote_addr, user}; user is there where there is
 * one. Names of headers are in lower case; of a header that is repeated the first counts, unless it is a list, whose
 * lines are joined by commas. Headers that prove who somebody is (Authorization, Proxy-Authorization, Cookie) are left
 * out, so that no pipeline can leak them, and so are those that are no UTF-8. Of a query parameter that is repeated the
 * first counts. Code request.query (400: bad escapes, no UTF-8, too many). */
pxm_status app_event_http(const struct app_http_event *from, pxm_value **ret, pxm_error *error);

struct app_object {          /* strings may be NULL where not said otherwise, numbers PXM_UNSET_INT: not known */
    const char *store, *key; /* never NULL */
    const char *etag, *sequencer;
    int64_t bytes, time_ms;
};
/* {key, store, bytes, etag, sequencer, time}, with null for what is not known; `object` is read by who runs it, if its
 * trigger wants it. */
pxm_status app_event_object_created(const struct app_object *object, pxm_value **ret, pxm_error *error);
/* {time} */
pxm_status app_event_schedule(int64_t time_ms, pxm_value **ret, pxm_error *error);
/* Whether an object that appeared is one that the trigger waits for. */
bool app_trigger_wants(const struct app_trigger *trigger, const char *store, const char *key);

#endif
