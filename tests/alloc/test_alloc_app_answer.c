/* Answers, routes, manifests and signed URLs when memory runs out: no crash, no leak, and no answer that lacks what
 * keeps it safe. */
#include "alloc_sweep.h"
#include "app/answer.h"
#include "app/policy.h"
#include "app/route.h"
#include "app/signed_url.h"
#include "base/arena.h"
#include "base/blob.h"
#include "base/error.h"
#include "base/job.h"
#include "base/json.h"
#include "base/value.h"
#include "engine/registry.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const origins[] = {"https://app.example", NULL};
static const struct app_policy policy = {.origins = origins};
static const char *const vary[] = {"Accept", NULL};
static const struct app_trigger trigger = {.name = "t",
                                           .kind = PXM_TRIGGER_HTTP,
                                           .method = "GET",
                                           .path = "/",
                                           .status = 200,
                                           .cache = "public",
                                           .vary = vary};
static const struct app_trigger redirect = {
    .name = "t", .kind = PXM_TRIGGER_HTTP, .method = "GET", .path = "/", .status = 302};

/* ---- answers ----------------------------------------------------------------------------------------------------- */

struct asked {
    const struct app_trigger *trigger;
    pxm_value *output;
    const char *name, *value; /* a header */
    int status;
    const char *has; /* a header of the answer */
};

static int answer(void *arg)
{
    const struct asked *asked = arg;
    const struct app_header headers[] = {{"Origin", "https://app.example"}, {asked->name, asked->value}};
    const struct app_head head = {
        .method = "GET", .path = "/", .query = "", .scheme = "http", .header_count = 2, .headers = headers};
    struct pxm_error error = {0};
    struct app_response *response = NULL;
    pxm_status status = app_answer_output(asked->trigger, &head, asked->output, &response, &error);
    if (status != PXM_OK) {
        return status == PXM_E_NO_MEMORY && error.status == status && response == NULL ? ALLOC_FAILURE : ALLOC_FALSE;
    }
    bool is_right = response->status == asked->status && app_response_get(response, asked->has) != NULL;
    bool is_whole = app_policy_apply(&policy, &head, response);
    is_right = is_right && (!is_whole || (app_response_get(response, "Access-Control-Allow-Origin") != NULL &&
                                          app_response_get(response, "X-Content-Type-Options") != NULL));
    app_response_free(response);
    return !is_right ? ALLOC_FALSE : is_whole ? ALLOC_SUCCESS : ALLOC_FAILURE;
}

static void answers_survive(void **state)
{
    (void)state;
    pxm_blob *blob = pxm_blob_copy("GIF89a....", 10);
    pxm_blob_set_etag(blob, "\"a\"");
    pxm_value *file = pxm_value_blob(blob), *text = pxm_value_cstring("/there"), *list = pxm_value_list();
    pxm_value_append(list, pxm_value_int(7));
    struct asked asked[] = {
        {&trigger, file, "X", "", 200, "Content-Security-Policy"},
        {&trigger, file, "If-None-Match", "\"a\"", 304, "ETag"},
        {&trigger, file, "If-Match", "\"b\"", 412, "Content-Type"},
        {&trigger, file, "Range", "bytes=1-2", 206, "Content-Range"},
        {&trigger, file, "Range", "bytes=10-", 416, "Content-Range"},
        {&trigger, list, "X", "", 200, "ETag"},
        {&trigger, NULL, "X", "", 204, "Vary"},
        {&redirect, text, "X", "", 302, "Location"},
    };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        alloc_sweep("answer", answer, &asked[i]);
    }
    pxm_value_unref(file);
    pxm_value_unref(text);
    pxm_value_unref(list);
}

static int problem(void *arg)
{
    const struct pxm_error *error = arg;
    struct app_response *response = app_answer_error(error, "r-1", 5);
    if (response == NULL) {
        return ALLOC_FAILURE;
    }
    bool is_right =
        response->body != NULL && response->length > 0 && app_response_get(response, "Content-Type") != NULL &&
        app_response_get(response, "Cache-Control") != NULL && app_response_get(response, "Retry-After") != NULL &&
        (response->status != 401 || app_response_get(response, "WWW-Authenticate") != NULL);
    app_response_free(response);
    return is_right ? ALLOC_SUCCESS : ALLOC_FALSE;
}

static void problems_survive(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_error_set(&error, PXM_E_DENIED, "auth.invalid", "no");
    alloc_sweep("problem 401", problem, &error);
    pxm_error_set(&error, PXM_E_THROTTLED, "engine.busy", "no");
    alloc_sweep("problem 503", problem, &error);
}

static int preflight(void *arg)
{
    (void)arg;
    const struct app_header headers[] = {{"Origin", "https://app.example"}, {"Access-Control-Request-Method", "PUT"}};
    const struct app_head head = {
        .method = "OPTIONS", .path = "/", .query = "", .scheme = "http", .header_count = 2, .headers = headers};
    struct app_response *response = app_policy_preflight(&policy, &head, "GET, HEAD, PUT");
    if (response == NULL) {
        return ALLOC_FAILURE;
    }
    bool is_right = app_response_get(response, "Access-Control-Allow-Origin") != NULL &&
                    app_response_get(response, "Access-Control-Max-Age") != NULL;
    app_response_free(response);
    return is_right ? ALLOC_SUCCESS : ALLOC_FALSE;
}

static void preflights_survive(void **state)
{
    (void)state;
    alloc_sweep("preflight", preflight, NULL);
}

/* ---- routes and manifests ---------------------------------------------------------------------------------------- */

static const char manifest_text[] =
    "{\"version\":1,\"pipelines\":[{\"name\":\"p\",\"light\":true,\"time_ms\":1,\"waits_when_full\":false}],"
    "\"triggers\":[{\"pipeline\":\"p\",\"name\":\"a\",\"index\":0,\"kind\":\"http\",\"method\":\"GET\","
    "\"path\":\"/a%20/{b}/{c...}\",\"status\":200,\"auth\":\"token\",\"body_max\":5,\"reads\":{\"body\":true,"
    "\"json\":false,\"form\":false,\"files\":true},\"files\":[\"file\"],\"vary\":[\"Accept\"]},"
    "{\"pipeline\":\"p\",\"name\":\"b\",\"index\":1,\"kind\":\"object_created\",\"store\":\"s\",\"prefix\":\"\","
    "\"suffix\":[\".jpg\"]}]}";

static int read_manifest(void *arg)
{
    struct pxm_error error = {0};
    struct app_manifest *manifest = NULL;
    pxm_status status = app_manifest_read(arg, &manifest, &error);
    if (status != PXM_OK) {
        return status == PXM_E_NO_MEMORY && error.status == status ? ALLOC_FAILURE : ALLOC_FALSE;
    }
    bool is_right = manifest->trigger_count == 2 && strcmp(manifest->triggers[0].files[0], "file") == 0;
    app_manifest_free(manifest);
    return is_right ? ALLOC_SUCCESS : ALLOC_FALSE;
}

static int write_manifest(void *arg)
{
    const struct pxm_project *project = arg;
    struct pxm_error error = {0};
    struct pxm_limits limits;
    pxm_value *json = NULL;
    pxm_limits_default(&limits);
    pxm_status status = app_manifest_write(project, NULL, &limits, 1000, &json, &error);
    if (status != PXM_OK) {
        return status == PXM_E_NO_MEMORY && error.status == status && json == NULL ? ALLOC_FAILURE : ALLOC_FALSE;
    }
    bool is_right = pxm_value_count(pxm_value_get(json, "pipelines")) == project->program_count;
    pxm_value_unref(json);
    return is_right ? ALLOC_SUCCESS : ALLOC_FALSE;
}

/* Of the pipelines of the app, with the real plugins. */
static void writing_a_manifest_survives(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    struct pxm_registry *registry = NULL;
    struct pxm_diags diags;
    struct pxm_arena *arena = pxm_arena_new(PXM_PROJECT_BYTES_MAX);
    assert_int_equal(pxm_registry_new(PXM_TEST_PLUGINS, &registry, &error), PXM_OK);
    struct pxm_catalog catalog = pxm_registry_catalog(registry);
    const struct pxm_load_options options = {.path = PXM_TEST_SOURCE "/pipelines", .catalog = &catalog};
    pxm_diags_init(&diags, arena);
    struct pxm_project *project = pxm_project_parse(&options, &diags);
    assert_non_null(project);
    assert_int_equal(diags.errors, 0);
    alloc_sweep("write manifest", write_manifest, project);
    pxm_arena_free(arena);
    pxm_registry_free(registry);
}

static int route(void *arg)
{
    struct pxm_error error = {0};
    struct app_match match = {.kind = APP_MATCH_BAD};
    pxm_status status = app_route(arg, "GET", "/a%20/%62/c/d%2F", &match, &error);
    if (status != PXM_OK) {
        return status == PXM_E_NO_MEMORY && match.path == NULL ? ALLOC_FAILURE : ALLOC_FALSE;
    }
    bool is_right =
        match.kind == APP_MATCH_FOUND && strcmp(pxm_value_as_string(pxm_value_get(match.path, "c"), NULL), "c/d/") == 0;
    app_match_done(&match);
    return is_right ? ALLOC_SUCCESS : ALLOC_FALSE;
}

static void manifests_and_routes_survive(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    struct app_manifest *manifest = NULL;
    pxm_value *json = NULL;
    assert_int_equal(pxm_json_parse(manifest_text, strlen(manifest_text), &json, &error), PXM_OK);
    alloc_sweep("manifest", read_manifest, json);
    assert_int_equal(app_manifest_read(json, &manifest, &error), PXM_OK);
    alloc_sweep("route", route, manifest);
    app_manifest_free(manifest);
    pxm_value_unref(json);
}

/* ---- signed URLs ------------------------------------------------------------------------------------------------- */

struct signing {
    struct app_url_keys keys;
    pxm_value *meta;
};

static int sign_and_verify(void *arg)
{
    const struct signing *signing = arg;
    const struct app_url_grant grant = {.method = "PUT",
                                        .path = "/x",
                                        .expires_s = 10,
                                        .content_type = "image/png",
                                        .bytes_max = 7,
                                        .meta = signing->meta};
    const struct app_header header = {"Content-Type", "image/png"};
    struct pxm_error error = {0};
    char url[APP_URL_TEXT_MAX];
    int64_t bytes_max = 0;
    pxm_status status = app_url_sign(&signing->keys, &grant, url, &error);
    if (status == PXM_OK) {
        const struct app_head head = {
            .method = "PUT", .path = "/x", .query = url + 3, .header_count = 1, .headers = &header};
        status = app_url_verify(&signing->keys, &head, 9, &bytes_max, &error);
    }
    if (status != PXM_OK) {
        return status == PXM_E_NO_MEMORY && error.status == status ? ALLOC_FAILURE : ALLOC_FALSE;
    }
    return bytes_max == 7 ? ALLOC_SUCCESS : ALLOC_FALSE;
}

static void signed_urls_survive(void **state)
{
    (void)state;
    static const char key[] = "0123456789abcdef0123456789abcdef";
    struct signing signing = {.meta = pxm_value_record()};
    struct pxm_error error = {0};
    assert_int_equal(app_url_keys_add(&signing.keys, key, sizeof key - 1, &error), PXM_OK);
    assert_int_equal(pxm_value_set(signing.meta, "name", pxm_value_string("a b", 3)), PXM_OK);
    alloc_sweep("signed URL", sign_and_verify, &signing);
    pxm_value_unref(signing.meta);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_survive),
        cmocka_unit_test(problems_survive),
        cmocka_unit_test(preflights_survive),
        cmocka_unit_test(manifests_and_routes_survive),
        cmocka_unit_test(writing_a_manifest_survives),
        cmocka_unit_test(signed_urls_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
