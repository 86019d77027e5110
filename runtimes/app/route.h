/* From method and path to the trigger they mean. [any] */
#ifndef PXM_APP_ROUTE_H
#define PXM_APP_ROUTE_H

#include "app/head.h"
#include "app/manifest.h"

enum app_match_kind {
    APP_MATCH_FOUND,
    APP_MATCH_NOT_FOUND,
    APP_MATCH_METHOD, /* the path is known, the method is not: 405 */
    APP_MATCH_BAD     /* no path: bad escapes, a NUL, no UTF-8, "." or "..", too long: 400 */
};
struct app_match {
    enum app_match_kind kind;
    const struct app_trigger *trigger; /* FOUND; NULL where the method is OPTIONS, which only asks for `allow` */
    pxm_value *path;                   /* FOUND with a trigger: record of the holes of the route, decoded; owned */
    char allow[64];                    /* METHOD, and FOUND by OPTIONS: "GET, HEAD, DELETE" */
};
/* Segments are compared decoded, so an escaped slash belongs to its segment; an empty segment matches nothing. The most
 * exact route wins: text before {name}, {name} before {name...}, from left to right. A GET route takes HEAD.
 * PXM_E_NO_MEMORY alone is a failure. */
pxm_status app_route(const struct app_manifest *manifest, const char *method, const char *path, struct app_match *ret,
                     pxm_error *error);
void app_match_done(struct app_match *match);

#endif
