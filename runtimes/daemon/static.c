/* Answering for the web page. */
#include "daemon/static_private.h"

#include "app/condition.h"
#include "base/blob.h"
#include "base/buf.h"
#include "base/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char not_built[] = "pixmill is running; its API is there, its web page is not.\n"
                                "Build the page with `./dev page`, which needs Node, and start again.\n";

/* ---- opened and closed ------------------------------------------------------------------------------------------- */

static bool copy_headers(struct static_site *site, const struct static_options *options)
{
    site->page_headers = calloc(options->page_header_count + 1, sizeof *site->page_headers);
    for (size_t i = 0; site->page_headers != NULL && i < options->page_header_count; i++) {
        struct app_header *copy = &site->page_headers[site->page_header_count++];
        copy->name = strdup(options->page_headers[i].name);
        copy->value = strdup(options->page_headers[i].value);
        if (copy->name == NULL || copy->value == NULL) {
            return false;
        }
    }
    return site->page_headers != NULL;
}

static bool copy_app_paths(struct static_site *site, const char *const *paths)
{
    size_t count = 0;
    while (paths != NULL && paths[count] != NULL) {
        count++;
    }
    site->app_paths = calloc(count + 1, sizeof *site->app_paths);
    for (size_t i = 0; site->app_paths != NULL && i < count; i++) {
        site->app_paths[i] = strdup(paths[i]);
        if (site->app_paths[i] == NULL) {
            return false;
        }
        site->app_path_count++;
    }
    return site->app_paths != NULL;
}

pxm_status static_open(const struct static_options *options, struct static_site **ret, pxm_error *error)
{
    struct static_site *site = calloc(1, sizeof *site);
    pxm_status status = PXM_OK;
    if (site == NULL || !copy_headers(site, options) || !copy_app_paths(site, options->app_paths)) {
        status = pxm_error_no_memory(error);
    } else {
        status = static_load(site, options->folder, error);
    }
    if (status != PXM_OK) {
        static_close(site);
        return status;
    }
    *ret = site;
    return PXM_OK;
}

void static_close(struct static_site *site)
{
    if (site == NULL) {
        return;
    }
    for (size_t i = 0; i < site->file_count; i++) {
        for (size_t j = 0; j < STATIC_ENCODINGS; j++) {
            pxm_blob_unref(site->files[i].bytes[j]);
        }
        free(site->files[i].path);
    }
    for (size_t i = 0; i < site->page_header_count; i++) {
        free((void *)(uintptr_t)site->page_headers[i].name);
        free((void *)(uintptr_t)site->page_headers[i].value);
    }
    for (size_t i = 0; i < site->app_path_count; i++) {
        free(site->app_paths[i]);
    }
    free(site->files);
    free(site->page_headers);
    free(site->app_paths);
    free(site);
}

bool static_is_built(const struct static_site *site)
{
    return site->file_count > 0;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static bool is_app_path(const struct static_site *site, const char *path)
{
    if (strcmp(path, "/") == 0) {
        return true;
    }
    for (size_t i = 0; i < site->app_path_count; i++) {
        const char *pattern = site->app_paths[i];
        const size_t length = strlen(pattern);
        const bool is_open = length > 0 && pattern[length - 1] == '*';
        if (is_open ? strncmp(path, pattern, length - 1) == 0 : strcmp(path, pattern) == 0) {
            return true;
        }
    }
    return false;
}

static const struct static_file *find_path(const struct static_site *site, const char *path)
{
    size_t low = 0, high = site->file_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(path, site->files[middle].path);
        if (order == 0) {
            return &site->files[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

static const struct static_file *find(const struct static_site *site, const char *path)
{
    const struct static_file *file = find_path(site, path);
    return file == NULL && is_app_path(site, path) ? find_path(site, "/index.html") : file;
}

static struct app_response *answer_not_built(void)
{
    struct app_response *response = app_response_new(404);
    pxm_blob *body = pxm_blob_new(not_built, sizeof not_built - 1, NULL, NULL);
    if (response == NULL || body == NULL || !app_response_set(response, "Content-Type", "text/plain; charset=utf-8") ||
        !app_response_set(response, "Cache-Control", "no-store") ||
        !app_response_set(response, "X-Content-Type-Options", "nosniff")) {
        pxm_blob_unref(body);
        app_response_free(response);
        return NULL;
    }
    app_response_body(response, body);
    return response;
}

static bool set_headers(struct app_response *response, const struct static_site *site, const struct static_file *file,
                        enum static_encoding encoding, const char *etag)
{
    static const char *const names[] = {[STATIC_BROTLI] = "br", [STATIC_GZIP] = "gzip"};
    bool done = app_response_set(response, "ETag", etag) &&
                app_response_set(response, "Cache-Control",
                                 file->immutable ? "public, max-age=31536000, immutable" : "no-cache") &&
                app_response_set(response, "X-Content-Type-Options", "nosniff");
    if (file->bytes[STATIC_BROTLI] != NULL || file->bytes[STATIC_GZIP] != NULL) {
        done = done && app_response_set(response, "Vary", "Accept-Encoding");
    }
    if (response->status != 304) {
        done = done && app_response_set(response, "Content-Type", file->type);
        done = done && (encoding == STATIC_PLAIN || app_response_set(response, "Content-Encoding", names[encoding]));
    }
    if (strncmp(file->type, "text/html", 9) == 0) {
        for (size_t i = 0; i < site->page_header_count; i++) {
            done = done && app_response_set(response, site->page_headers[i].name, site->page_headers[i].value);
        }
    }
    return done;
}

struct app_response *static_answer(const struct static_site *site, const struct app_head *head)
{
    static const char *const ends[] = {[STATIC_BROTLI] = "-br", [STATIC_GZIP] = "-gz", [STATIC_PLAIN] = ""};
    char etag[80];
    if (strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0) {
        return NULL;
    }
    if (!static_is_built(site)) {
        return is_app_path(site, head->path) ? answer_not_built() : NULL;
    }
    const struct static_file *file = find(site, head->path);
    if (file == NULL) {
        return NULL;
    }
    const bool is_there[] = {file->bytes[STATIC_BROTLI] != NULL, file->bytes[STATIC_GZIP] != NULL, true};
    const enum static_encoding encoding = static_choose(app_head_get(head, "Accept-Encoding"), is_there);
    (void)snprintf(etag, sizeof etag, "\"%s%s\"", file->sha256, ends[encoding]); /* other bytes, other tag */
    const bool is_known = app_condition_check(head, etag) == APP_CONDITION_NOT_MODIFIED;
    struct app_response *response = app_response_new(is_known ? 304 : 200);
    if (response == NULL || !set_headers(response, site, file, encoding, etag)) {
        app_response_free(response);
        return NULL;
    }
    if (is_known) {
        response->length = (int64_t)pxm_blob_length(file->bytes[encoding]);
    } else {
        app_response_body(response, pxm_blob_ref(file->bytes[encoding]));
    }
    return response;
}

/* `text` with `meta` instead of the first place for it; as it is where it has none. */
static pxm_blob *with_meta(const struct static_file *page, const char *meta)
{
    static const char place[] = "<!--page-meta-->";
    size_t length = 0;
    const char *text = pxm_blob_data(page->bytes[STATIC_PLAIN], &length);
    const char *found = text != NULL ? memmem(text, length, place, sizeof place - 1) : NULL;
    const size_t before = found != NULL ? (size_t)(found - text) : length;
    const size_t after = found != NULL ? length - before - (sizeof place - 1) : 0;
    struct pxm_buf buf;
    pxm_buf_init(&buf, STATIC_FILE_BYTES_MAX);
    if (text != NULL) {
        pxm_buf_add(&buf, text, before);
        pxm_buf_puts(&buf, found != NULL ? meta : "");
        pxm_buf_add(&buf, text + length - after, after);
    }
    const size_t whole = buf.length;
    char *copy = text != NULL ? pxm_buf_take(&buf) : NULL;
    pxm_buf_done(&buf);
    return copy != NULL ? pxm_blob_new(copy, whole, free, copy) : NULL;
}

struct app_response *static_page(const struct static_site *site, const char *meta)
{
    const struct static_file *page = find_path(site, "/index.html");
    pxm_blob *body = page != NULL ? with_meta(page, meta) : NULL;
    struct app_response *response = body != NULL ? app_response_new(200) : NULL;
    bool done = response != NULL && app_response_set(response, "Content-Type", page->type) &&
                app_response_set(response, "Cache-Control", "no-cache");
    for (size_t i = 0; done && i < site->page_header_count; i++) {
        done = app_response_set(response, site->page_headers[i].name, site->page_headers[i].value);
    }
    if (!done) {
        pxm_blob_unref(body);
        app_response_free(response);
        return NULL;
    }
    app_response_body(response, body);
    return response;
}
