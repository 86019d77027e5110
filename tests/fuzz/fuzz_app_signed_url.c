/* Any URL: without the key nobody makes one that is permitted; what was signed is, and with one byte changed no more.
 * The input is a path and a query. */
#include "app/signed_url.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/value.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* A key that no input can know. */
static const struct app_url_keys *secret_keys(void)
{
    static struct app_url_keys keys;
    uint8_t bytes[APP_URL_KEY_BYTES_MIN];
    struct pxm_error error = {0};
    if (keys.count == 0) {
        check(pxm_random(bytes, sizeof bytes) == PXM_OK);
        check(app_url_keys_add(&keys, bytes, sizeof bytes, &error) == PXM_OK);
    }
    return &keys;
}

/* Parts the URL, which it changes, at its question mark. */
static pxm_status verify(char *url, const char *type)
{
    const struct app_header header = {.name = "Content-Type", .value = type};
    struct pxm_error error = {0};
    int64_t bytes_max = 0;
    char *query = strchr(url, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    const struct app_head head = {
        .method = "PUT", .path = url, .query = query ? query : "", .header_count = 1, .headers = &header};
    pxm_status status = app_url_verify(secret_keys(), &head, 0, &bytes_max, &error);
    check(status == PXM_OK || (status == PXM_E_DENIED && strncmp(error.code, "auth.", 5) == 0));
    return status;
}

/* The path of the input is signed, and all of it as a text; its length says which byte of the URL is changed. */
static void try_signing(const char *text, size_t size)
{
    char path[APP_URL_TEXT_MAX], url[APP_URL_TEXT_MAX], copy[APP_URL_TEXT_MAX];
    size_t length = strcspn(text, "?");
    struct pxm_error error = {0};
    if (length >= sizeof path) {
        return;
    }
    memcpy(path, text, length);
    path[length] = '\0';
    pxm_value *meta = pxm_value_record();
    check(pxm_value_set(meta, "name", pxm_value_string(text, strlen(text))) == PXM_OK);
    const struct app_url_grant grant = {.method = "PUT",
                                        .path = path,
                                        .expires_s = 1,
                                        .content_type = "image/png",
                                        .bytes_max = (int64_t)size,
                                        .meta = meta};
    pxm_status status = app_url_sign(secret_keys(), &grant, url, &error);
    pxm_value_unref(meta);
    if (status != PXM_OK) {
        check(error.status == PXM_E_INVALID || error.status == PXM_E_LIMIT);
        return;
    }
    memcpy(copy, url, sizeof copy);
    check(verify(copy, "image/png") == PXM_OK);
    memcpy(copy, url, sizeof copy);
    check(verify(copy, "image/gif") == PXM_E_DENIED);
    memcpy(copy, url, sizeof copy);
    copy[size % strlen(url)] ^= 1;
    check(verify(copy, "image/png") == PXM_E_DENIED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    check(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    try_signing(text, size);
    check(verify(text, "image/png") == PXM_E_DENIED);
    free(text);
    return 0;
}
