/* Joins the files of the page with what it must know of this daemon: config.json. */
#include "daemon/site.h"

#include "app/page.h"
#include "base/blob.h"
#include "base/buf.h"
#include "base/error.h"
#include "daemon/static.h"
#include "daemon/supervisor.h"

#include <stdlib.h>
#include <string.h>

enum { POLICY_BYTES_MAX = 4 << 10, CONFIG_BYTES_MAX = 16 << 10, META_BYTES_MAX = 16 << 10, UPLOADS_AT_ONCE = 4 };

static const char *const app_paths[] = {"/tag/*", "/i/*", NULL};

static struct app_page describe(int64_t bytes_max)
{
    return (struct app_page){
        .name = "pixmill", .bytes_max = bytes_max, .concurrency = UPLOADS_AT_ONCE, .operations = true};
}

pxm_status site_open(struct supervisor *supervisor, pxm_error *error)
{
    const struct app_page page = describe(0);
    struct pxm_buf policy;

    if (!supervisor->options->site) {
        return PXM_OK;
    }
    pxm_buf_init(&policy, POLICY_BYTES_MAX);
    app_page_policy(&page, &policy);
    const struct app_header headers[] = {{"Content-Security-Policy", policy.data},
                                         {"Referrer-Policy", "strict-origin-when-cross-origin"},
                                         {"Cross-Origin-Opener-Policy", "same-origin"},
                                         {"Permissions-Policy", "geolocation=(), microphone=()"}};
    const struct static_options options = {.folder = supervisor->options->site,
                                           .app_paths = app_paths,
                                           .page_headers = headers,
                                           .page_header_count = sizeof headers / sizeof headers[0]};
    pxm_status status =
        policy.status == PXM_OK ? static_open(&options, &supervisor->site, error) : pxm_error_no_memory(error);
    pxm_buf_done(&policy);
    return status;
}

void site_close(struct supervisor *supervisor)
{
    static_close(supervisor->site);
}

/* How large an upload may be is what the app's route says, in the edition that is current. */
static int64_t upload_bytes_max(const struct app_manifest *manifest)
{
    int64_t most = 0;

    for (size_t i = 0; i < manifest->trigger_count; i++) {
        const struct app_trigger *trigger = &manifest->triggers[i];
        if (trigger->kind == PXM_TRIGGER_HTTP && strcmp(trigger->method, "POST") == 0 &&
            strcmp(trigger->path, "/upload") == 0) {
            most = trigger->body_max;
        }
    }
    return most;
}

static struct app_response *answer_config(struct supervisor *supervisor)
{
    struct edition *edition = edition_current(supervisor);
    struct app_response *response = app_response_new(200);
    struct pxm_buf json;

    if (!edition || !response) {
        app_response_free(response);
        if (edition) {
            edition_unref(edition);
        }
        return NULL;
    }
    const struct app_page page = describe(upload_bytes_max(edition->manifest));
    edition_unref(edition);
    pxm_buf_init(&json, CONFIG_BYTES_MAX);
    app_page_config(&page, &json);
    size_t length = json.length;
    char *text = pxm_buf_take(&json);
    pxm_buf_done(&json);
    pxm_blob *body = text ? pxm_blob_new(text, length, free, text) : NULL;
    if (!body || !app_response_set(response, "Content-Type", "application/json") ||
        !app_response_set(response, "Cache-Control", "no-cache")) {
        pxm_blob_unref(body);
        app_response_free(response);
        return NULL;
    }
    app_response_body(response, body);
    return response;
}

struct app_response *site_answer(struct supervisor *supervisor, const struct app_head *head)
{
    if (!supervisor->site || (strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0)) {
        return NULL;
    }
    if (strcmp(head->path, "/config.json") == 0) {
        return answer_config(supervisor);
    }
    return static_answer(supervisor->site, head);
}

const char *site_picture_name(const struct supervisor *supervisor, const struct app_head *head)
{
    static const char prefix[] = "/i/";
    bool is_read = strcmp(head->method, "GET") == 0 || strcmp(head->method, "HEAD") == 0;

    return supervisor->site && static_is_built(supervisor->site) && is_read &&
                   strncmp(head->path, prefix, sizeof prefix - 1) == 0
               ? head->path + sizeof prefix - 1
               : NULL;
}

struct app_response *site_picture_page(struct supervisor *supervisor, const struct app_head *head,
                                       const pxm_value *record)
{
    struct pxm_buf meta;

    pxm_buf_init(&meta, META_BYTES_MAX);
    if (record) {
        app_page_meta(head, record, &meta);
    }
    struct app_response *response = meta.status == PXM_OK ? static_page(supervisor->site, meta.data) : NULL;
    pxm_buf_done(&meta);
    return response;
}
