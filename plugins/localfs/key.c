/* What may be a key of this store, its parts, and its URL. Pure functions: [any]. */
#include "localfs.h"

#include <stdlib.h>
#include <string.h>

static bool is_reserved(const char *key)
{
    size_t length = strcspn(key, "/");

    return length == strlen(LOCALFS_PRIVATE) && strncmp(key, LOCALFS_PRIVATE, length) == 0;
}

bool localfs_key_valid(const struct localfs *fs, const char *text, const char **ret_reason)
{
    const char *reason = storebase_key_fault(fs->host, text);

    if (!reason && is_reserved(text)) {
        reason = "\"" LOCALFS_PRIVATE "\" is reserved for the store itself";
    }
    if (ret_reason && reason) {
        *ret_reason = reason;
    }
    return !reason;
}

pxm_status localfs_key_check(const struct localfs *fs, const char *key, pxm_error *error)
{
    const char *reason = NULL;

    return localfs_key_valid(fs, key, &reason) ? PXM_OK : storebase_key_fail(fs->host, reason, error);
}

size_t localfs_key_folder(const char *key, size_t length)
{
    while (length > 0 && key[length - 1] != '/') {
        length--;
    }
    return length > 0 ? length - 1 : 0;
}

const char *localfs_key_name(const char *key)
{
    const char *slash = strrchr(key, '/');
    return slash ? slash + 1 : key;
}

static bool needs_no_escape(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~/", c);
}

pxm_value *localfs_key_url(const struct localfs *fs, const char *key)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t base = strlen(fs->config->base_url);
    char *url = malloc(base + 3 * strlen(key) + 1);
    if (!url) {
        return NULL;
    }
    memcpy(url, fs->config->base_url, base);
    size_t at = base;
    for (; *key; key++) {
        if (needs_no_escape(*key)) {
            url[at++] = *key;
            continue;
        }
        url[at++] = '%';
        url[at++] = digits[(unsigned char)*key >> 4];
        url[at++] = digits[(unsigned char)*key & 15];
    }
    pxm_value *value = fs->host->value_string(url, at);
    free(url);
    return value;
}
