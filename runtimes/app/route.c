/* Routes: a path is decoded segment by segment, then compared with each route of its method. */
#include "app/route.h"

#include "app/url.h"
#include "base/error.h"
#include "base/value.h"
#include <string.h>

/* ---- the path of a request --------------------------------------------------------------------------------------- */

/* Decoded segments, each with a NUL behind it, which none has inside. */
struct path {
    struct pxm_buf text;
    bool empty_segment; /* there is one, so that no route matches; "/" has no segment */
};

/* Whether a decoded segment, or a part between slashes that were escaped in it, means a step through folders. */
static bool has_dots(const char *segment)
{
    for (const char *at = segment;; at++) {
        size_t length = strcspn(at, "/");
        if ((length == 1 && at[0] == '.') || (length == 2 && at[0] == '.' && at[1] == '.')) {
            return true;
        }
        at += length;
        if (*at == '\0') {
            return false;
        }
    }
}

static pxm_status read_path(const char *path, struct path *ret, pxm_error *error)
{
    if (path[0] != '/' || strlen(path) > APP_TARGET_BYTES_MAX) {
        return pxm_error_set(error, PXM_E_INVALID, "url.invalid", "no path");
    }
    for (const char *at = path + 1; path[1] != '\0';) {
        size_t length = strcspn(at, "/"), start = ret->text.length;
        pxm_status status = app_url_decode(at, length, false, &ret->text, error);
        if (status != PXM_OK) {
            return status;
        }
        if (has_dots(ret->text.data + start)) {
            return pxm_error_set(error, PXM_E_INVALID, "url.invalid", "a segment is \".\" or \"..\"");
        }
        ret->empty_segment = ret->empty_segment || length == 0;
        if (pxm_buf_putc(&ret->text, '\0') != PXM_OK) {
            return pxm_error_no_memory(error);
        }
        at += length;
        if (*at++ == '\0') {
            break;
        }
    }
    return PXM_OK;
}

/* ---- routes ------------------------------------------------------------------------------------------------------ */

enum segment_kind { SEGMENT_TEXT, SEGMENT_HOLE, SEGMENT_REST, SEGMENT_END }; /* the more exact, the less */

struct segment {
    enum segment_kind kind;
    const char *text; /* of a hole: its name */
    size_t length;
};

/* Takes the next segment off a route, which the compiler or the reader of a manifest has checked. */
static struct segment next_segment(const char **route)
{
    struct segment segment = {.kind = SEGMENT_END};
    if (**route != '/' || (*route)[1] == '\0') {
        return segment;
    }
    segment = (struct segment){.kind = SEGMENT_TEXT, .text = *route + 1, .length = strcspn(*route + 1, "/")};
    *route = segment.text + segment.length;
    if (segment.text[0] == '{') {
        segment.kind = SEGMENT_HOLE;
        segment.text++;
        segment.length -= 2;
        if (segment.length > 3 && strncmp(segment.text + segment.length - 3, "...", 3) == 0) {
            segment.kind = SEGMENT_REST;
            segment.length -= 3;
        }
    }
    return segment;
}

/* The text of a route may be escaped as that of a path may. */
static pxm_status text_matches(const struct segment *segment, const char *text, bool *ret, pxm_error *error)
{
    if (memchr(segment->text, '%', segment->length) == NULL) {
        *ret = strlen(text) == segment->length && memcmp(text, segment->text, segment->length) == 0;
        return PXM_OK;
    }
    struct pxm_buf decoded;
    pxm_buf_init(&decoded, segment->length);
    pxm_status status = app_url_decode(segment->text, segment->length, false, &decoded, NULL);
    *ret = status == PXM_OK && strcmp(decoded.data, text) == 0;
    pxm_buf_done(&decoded);
    return status == PXM_E_NO_MEMORY ? pxm_error_no_memory(error) : PXM_OK; /* what cannot be decoded matches nothing */
}

static pxm_status route_matches(const char *route, const struct path *path, bool *ret, pxm_error *error)
{
    const char *at = path->text.data, *end = at + path->text.length;
    for (;;) {
        struct segment segment = next_segment(&route);
        bool matches = true;
        pxm_status status = PXM_OK;
        if (segment.kind == SEGMENT_END || at == end) {
            *ret = segment.kind == SEGMENT_END && at == end;
            return PXM_OK;
        }
        if (segment.kind == SEGMENT_TEXT) {
            status = text_matches(&segment, at, &matches, error);
        }
        if (status != PXM_OK || !matches || segment.kind == SEGMENT_REST) {
            *ret = matches;
            return status;
        }
        at += strlen(at) + 1;
    }
}

static bool is_more_exact(const char *route, const char *than)
{
    for (;;) {
        struct segment left = next_segment(&route), right = next_segment(&than);
        if (left.kind != right.kind) {
            return left.kind < right.kind;
        }
        if (left.kind == SEGMENT_END) {
            return false;
        }
    }
}

/* ---- holes ------------------------------------------------------------------------------------------------------- */

/* All that is left of the path, with its slashes again. */
static pxm_value *rest_of(const struct path *path, const char *at)
{
    struct pxm_buf rest;
    pxm_buf_init(&rest, path->text.length);
    for (const char *end = path->text.data + path->text.length; at < end; at += strlen(at) + 1) {
        pxm_buf_puts(&rest, rest.length > 0 ? "/" : "");
        pxm_buf_puts(&rest, at);
    }
    pxm_value *value = rest.status == PXM_OK ? pxm_value_string(rest.data, rest.length) : NULL;
    pxm_buf_done(&rest);
    return value;
}

static pxm_value *holes_of(const char *route, const struct path *path)
{
    pxm_value *holes = pxm_value_record();
    const char *at = path->text.data;
    for (;; at += strlen(at) + 1) {
        struct segment segment = next_segment(&route);
        if (segment.kind == SEGMENT_END) {
            break;
        }
        char name[64];
        if (segment.kind == SEGMENT_TEXT || segment.length >= sizeof name) {
            continue;
        }
        memcpy(name, segment.text, segment.length);
        name[segment.length] = '\0';
        bool rest = segment.kind == SEGMENT_REST;
        pxm_value_set(holes, name, rest ? rest_of(path, at) : pxm_value_string(at, strlen(at)));
        if (rest) {
            break;
        }
    }
    if (pxm_value_status(holes) != PXM_OK) {
        pxm_value_unref(holes);
        return NULL;
    }
    return holes;
}

/* ---- matching ---------------------------------------------------------------------------------------------------- */

/* Adds a method to a list that has room for all there are. */
static void allow(struct app_match *match, const char *method)
{
    size_t used = strlen(match->allow);
    const char *found = strstr(match->allow, method);
    if (found == NULL && used + strlen(method) + 3 <= sizeof match->allow) {
        memcpy(match->allow + used, ", ", used > 0 ? 3 : 0);
        memcpy(match->allow + used + (used > 0 ? 2 : 0), method, strlen(method) + 1);
    }
}

static bool takes(const struct app_trigger *trigger, const char *method)
{
    return strcmp(trigger->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

/* The best trigger for the method, and the methods of all that know the path. */
static pxm_status find(const struct app_manifest *manifest, const char *method, const struct path *path,
                       struct app_match *ret, pxm_error *error)
{
    for (size_t i = 0; i < manifest->trigger_count; i++) {
        const struct app_trigger *trigger = &manifest->triggers[i];
        bool matches = false;
        if (trigger->kind != PXM_TRIGGER_HTTP) {
            continue;
        }
        pxm_status status = route_matches(trigger->path, path, &matches, error);
        if (status != PXM_OK) {
            return status;
        }
        if (!matches) {
            continue;
        }
        allow(ret, trigger->method);
        if (strcmp(trigger->method, "GET") == 0) {
            allow(ret, "HEAD");
        }
        if (takes(trigger, method) && (ret->trigger == NULL || is_more_exact(trigger->path, ret->trigger->path))) {
            ret->trigger = trigger;
        }
    }
    return PXM_OK;
}

static pxm_status match_path(const struct app_manifest *manifest, const char *method, const struct path *path,
                             struct app_match *ret, pxm_error *error)
{
    struct app_match match = {.kind = APP_MATCH_NOT_FOUND};
    pxm_status status = path->empty_segment ? PXM_OK : find(manifest, method, path, &match, error);
    if (status != PXM_OK) {
        return status;
    }
    if (match.trigger != NULL) {
        match.kind = APP_MATCH_FOUND;
        match.allow[0] = '\0';
        match.path = holes_of(match.trigger->path, path);
        if (match.path == NULL) {
            return pxm_error_no_memory(error);
        }
    } else if (match.allow[0] != '\0') {
        match.kind = strcmp(method, "OPTIONS") == 0 ? APP_MATCH_FOUND : APP_MATCH_METHOD;
    }
    *ret = match;
    return PXM_OK;
}

pxm_status app_route(const struct app_manifest *manifest, const char *method, const char *path, struct app_match *ret,
                     pxm_error *error)
{
    struct path decoded = {.empty_segment = false};
    pxm_buf_init(&decoded.text, 2 * (size_t)APP_TARGET_BYTES_MAX);
    pxm_status status = read_path(path, &decoded, error);
    if (status == PXM_OK) {
        status = match_path(manifest, method, &decoded, ret, error);
    } else if (status != PXM_E_NO_MEMORY) {
        pxm_error_clear(error);
        *ret = (struct app_match){.kind = APP_MATCH_BAD};
        status = PXM_OK;
    }
    pxm_buf_done(&decoded.text);
    return status;
}

void app_match_done(struct app_match *match)
{
    pxm_value_unref(match->path);
    match->path = NULL;
}
