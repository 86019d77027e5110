/* Keys are read from the state folder by each process that needs them, so they are in no message. */
#include "daemon/urls.h"

#include "base/clock.h"
#include "daemon/state.h"

#include <stdio.h>
#include <string.h>

static struct app_url_keys keys;

pxm_status urls_keys_read(const char *state, struct app_url_keys *ret, pxm_error *error)
{
    struct state_keys read;
    pxm_status status = state_url_keys_read(state, &read, error);

    *ret = (struct app_url_keys){0};
    for (size_t i = 0; status == PXM_OK && i < read.count; i++) {
        status = app_url_keys_add(ret, read.keys[i].bytes, read.keys[i].length, error);
    }
    explicit_bzero(&read, sizeof read);
    return status;
}

static pxm_status sign_grant(void *impl, const struct pxm_url_grant *asked, char *buffer, size_t length,
                             int64_t *ret_expires_at_ms, pxm_error *error)
{
    char text[APP_URL_TEXT_MAX];
    int64_t expires_s = (pxm_clock_system.wall_ms(pxm_clock_system.arg) + asked->expires_ms) / 1000;
    const struct app_url_grant grant = {.method = asked->method,
                                        .path = asked->path,
                                        .expires_s = expires_s,
                                        .content_type = asked->content_type,
                                        .bytes_max = asked->bytes_max,
                                        .meta = asked->meta};

    pxm_status status = app_url_sign(impl, &grant, text, error);
    if (status != PXM_OK) {
        return status;
    }
    size_t needed = strlen(text) + 1;
    if (needed > length) {
        return pxm_error_set(error, PXM_E_LIMIT, "url.too_long", "the URL would be too long");
    }
    memcpy(buffer, text, needed);
    *ret_expires_at_ms = expires_s * 1000;
    return PXM_OK;
}

static pxm_status sign(void *impl, const char *method, const char *path, int64_t expires_ms, const char *content_type,
                       int64_t bytes_max, char *buffer, size_t length, int64_t *ret_expires_at_ms, pxm_error *error)
{
    const struct pxm_url_grant grant = {.struct_size = sizeof grant,
                                        .method = method,
                                        .path = path,
                                        .expires_ms = expires_ms,
                                        .content_type = content_type,
                                        .bytes_max = bytes_max};

    return sign_grant(impl, &grant, buffer, length, ret_expires_at_ms, error);
}

pxm_status urls_extensions(const char *state, const struct pxm_extension **ret, pxm_error *error)
{
    static const struct pxm_urls urls = {
        .struct_size = sizeof urls, .impl = &keys, .sign = sign, .sign_grant = sign_grant};
    static const struct pxm_extension list[] = {{PXM_EXTENSION_URLS, &urls}, {NULL, NULL}};
    pxm_status status = state ? urls_keys_read(state, &keys, error) : PXM_OK;

    if (status == PXM_OK) {
        *ret = list;
    }
    return status;
}
