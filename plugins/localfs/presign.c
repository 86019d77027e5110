/* presign: a URL of the host that serves the store, which lets its holder fetch or store one object for a while. The
 * store itself is no server, so the host signs. [any] */
#include "localfs.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the host signs with: as much of it as the host knows. False: nothing. */
static bool find_urls(const struct localfs *fs, struct pxm_urls *ret)
{
    const struct pxm_urls *urls = fs->host->extension(fs->host, PXM_EXTENSION_URLS);
    *ret = (struct pxm_urls){0};
    if (urls) {
        memcpy(ret, urls, urls->struct_size < sizeof *ret ? urls->struct_size : sizeof *ret);
    }
    return ret->sign != NULL;
}

/* Where the path of a URL starts: behind scheme and host, if it has any. NULL: it has no absolute path, or something
 * behind it. */
static const char *path_of(const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *path = url;
    if (scheme && strcspn(url, "/?#") == (size_t)(scheme + 1 - url)) {
        path = strchr(scheme + 3, '/');
    } else if (strncmp(url, "//", 2) == 0) {
        path = strchr(url + 2, '/');
    }
    return path && *path == '/' && !strpbrk(path, "?#") ? path : NULL;
}

static pxm_status check(const struct localfs *fs, const struct pxm_presign *presign, bool *ret_put, pxm_error *error)
{
    const pxm_value *meta = storebase_presign_meta(fs->host, presign);
    bool put = strcmp(presign->method, "PUT") == 0;
    const struct pxm_put later = {.struct_size = sizeof later,
                                  .key = presign->key,
                                  .content_type = put ? presign->content_type : NULL,
                                  .meta = meta};
    pxm_status status = localfs_put_check(fs, &later, error);
    if (status != PXM_OK) {
        return status;
    }
    if (!put && strcmp(presign->method, "GET") != 0) {
        return fs->host->fail(error, PXM_E_INVALID, "store.unsupported",
                              "a store in a folder signs URLs for GET and PUT, not for %.16s", presign->method);
    }
    if (!put && meta) {
        return fs->host->fail(error, PXM_E_INVALID, "store.unsupported", "only an upload has metadata");
    }
    if (presign->expires_ms < 1) {
        return fs->host->fail(error, PXM_E_INVALID, "store.bad_limit", "a URL must work for some time");
    }
    *ret_put = put;
    return PXM_OK;
}

static pxm_value *headers_of(const struct localfs *fs, const char *content_type)
{
    pxm_value *headers = fs->host->value_record();
    if (headers && content_type) {
        fs->host->value_set(headers, "content-type", localfs_text(fs, content_type));
    }
    return headers;
}

/* What comes before the path of `whole`, and then what the host signed. */
static pxm_value *join(const struct localfs *fs, const char *whole, size_t before, const char *signed_path)
{
    char *url = NULL;
    int length = asprintf(&url, "%.*s%s", (int)before, whole, signed_path);
    if (length < 0) {
        return NULL;
    }
    pxm_value *value = fs->host->value_string(url, (size_t)length);
    free(url);
    return value;
}

/* Has the host sign for the path. */
static pxm_status sign(const struct localfs *fs, const struct pxm_urls *urls, const struct pxm_presign *presign,
                       const char *path, char buffer[PXM_URL_BYTES_MAX], int64_t *ret_expires_at_ms, pxm_error *error)
{
    bool put = strcmp(presign->method, "PUT") == 0;
    const struct pxm_url_grant grant = {.struct_size = sizeof grant,
                                        .method = presign->method,
                                        .path = path,
                                        .expires_ms = presign->expires_ms,
                                        .content_type = put ? presign->content_type : NULL,
                                        .bytes_max = put ? presign->bytes_max : PXM_UNSET_INT,
                                        .meta = storebase_presign_meta(fs->host, presign)};
    if (urls->sign_grant) {
        return urls->sign_grant(urls->impl, &grant, buffer, PXM_URL_BYTES_MAX, ret_expires_at_ms, error);
    }
    if (grant.meta) {
        return fs->host->fail(error, PXM_E_INVALID, "store.unsupported",
                              "cannot sign a URL of \"%s\": this host signs no metadata", presign->key);
    }
    return urls->sign(urls->impl, grant.method, path, grant.expires_ms, grant.content_type, grant.bytes_max, buffer,
                      PXM_URL_BYTES_MAX, ret_expires_at_ms, error);
}

pxm_status localfs_presign(void *self, pxm_job *job, const struct pxm_presign *presign, pxm_value *fields,
                           pxm_error *error)
{
    const struct localfs *fs = self;
    const struct pxm_host *host = fs->host;
    struct pxm_urls urls;
    char buffer[PXM_URL_BYTES_MAX];
    bool put = false;
    int64_t expires_at_ms = 0;
    (void)job;
    pxm_status status = check(fs, presign, &put, error);
    if (status != PXM_OK) {
        return status;
    }
    bool signs = find_urls(fs, &urls);
    const char *base_path = path_of(fs->config->base_url);
    if (!signs || !base_path) {
        return host->fail(error, PXM_E_INVALID, "store.unsupported", "cannot sign a URL of \"%s\": %s", presign->key,
                          signs ? "base_url must be a URL or an absolute path, without a query"
                                : "a store in a folder has URLs only where a daemon serves it (`pixmill serve`)");
    }
    size_t before = (size_t)(base_path - fs->config->base_url);
    pxm_value *url = localfs_key_url(fs, presign->key);
    if (!url) {
        return localfs_fail_memory(fs, error);
    }
    const char *whole = host->value_as_string(url, NULL);
    status = sign(fs, &urls, presign, whole + before, buffer, &expires_at_ms, error);
    if (status == PXM_OK) {
        host->value_set(fields, "method", localfs_text(fs, presign->method));
        host->value_set(fields, "url", join(fs, whole, before, buffer));
        host->value_set(fields, "headers", headers_of(fs, put ? presign->content_type : NULL));
        host->value_set(fields, "fields", host->value_record());
        host->value_set(fields, "expires_at", host->value_int(expires_at_ms));
    }
    host->value_unref(url);
    return status;
}
