/* Any path: found, or not, or refused; and what a hole holds is text that takes no step through folders. */
#include "app/route.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

static struct app_pipeline pipeline = {.name = "p"};
static struct app_trigger triggers[] = {
    {.pipeline = &pipeline, .kind = PXM_TRIGGER_HTTP, .method = "GET", .path = "/a/{rest...}", .status = 200},
    {.pipeline = &pipeline, .kind = PXM_TRIGGER_HTTP, .method = "GET", .path = "/a/{x}/b", .status = 200},
    {.pipeline = &pipeline, .kind = PXM_TRIGGER_HTTP, .method = "PUT", .path = "/a/{x}/{y}", .status = 200},
    {.pipeline = &pipeline, .kind = PXM_TRIGGER_HTTP, .method = "GET", .path = "/", .status = 200},
    {.pipeline = &pipeline, .kind = PXM_TRIGGER_HTTP, .method = "GET", .path = "/%41/{x}", .status = 200},
};
static const struct app_manifest manifest = {.trigger_count = sizeof triggers / sizeof triggers[0],
                                             .triggers = triggers};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_hole(const pxm_value *hole)
{
    size_t length = 0;
    const char *text = pxm_value_as_string(hole, &length);
    check(length > 0 && strlen(text) == length && pxm_utf8_valid(text, length));
    for (const char *at = text;; at++) {
        size_t part = strcspn(at, "/");
        check(!(part == 1 && at[0] == '.') && !(part == 2 && at[0] == '.' && at[1] == '.'));
        at += part;
        if (*at == '\0') {
            return;
        }
    }
}

static void try_method(const char *method, const char *path)
{
    struct pxm_error error = {0};
    struct app_match match;
    check(app_route(&manifest, method, path, &match, &error) == PXM_OK && error.status == PXM_OK);
    check((match.trigger != NULL) == (match.path != NULL));
    check(match.kind != APP_MATCH_FOUND || match.trigger != NULL || match.allow[0] != '\0');
    check(match.kind != APP_MATCH_METHOD || match.allow[0] != '\0');
    for (size_t i = 0; i < pxm_value_count(match.path); i++) {
        check_hole(pxm_value_at(match.path, i));
    }
    app_match_done(&match);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *path = malloc(size + 1);
    check(path != NULL);
    if (size > 0) {
        memcpy(path, data, size);
    }
    path[size] = '\0';
    try_method("GET", path);
    try_method("PUT", path);
    try_method("OPTIONS", path);
    free(path);
    return 0;
}
