/* What may be a key, its parts, and its URL. Pure functions: [any]. */
#include "localfs.h"

#include <stdlib.h>
#include <string.h>

static const char *bad_byte(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return "it has a control character";
        }
        if (*text == '\\') {
            return "it has a backslash";
        }
    }
    return NULL;
}

static const char *bad_component(const char *text, size_t length)
{
    if (length == 0) {
        return "it has an empty component: it starts or ends with a slash, or has two in a row";
    }
    if (length > LOCALFS_NAME_MAX) {
        return "a component is longer than 255 bytes";
    }
    if ((length == 1 && text[0] == '.') || (length == 2 && text[0] == '.' && text[1] == '.')) {
        return "a component is \".\" or \"..\"";
    }
    return NULL;
}

static const char *bad_key(const struct localfs *fs, const char *text)
{
    size_t total = strnlen(text, LOCALFS_KEY_MAX + 1);
    if (total == 0) {
        return "it is empty";
    }
    if (total > LOCALFS_KEY_MAX) {
        return "it is longer than 1024 bytes";
    }
    const char *reason = fs->host->utf8_valid(text, total) ? bad_byte(text) : "it is not UTF-8";
    const char *component = text;
    while (!reason) {
        size_t length = strcspn(component, "/");
        reason = bad_component(component, length);
        if (component == text && length == strlen(LOCALFS_PRIVATE) && strncmp(text, LOCALFS_PRIVATE, length) == 0) {
            reason = "\"" LOCALFS_PRIVATE "\" is reserved for the store itself";
        }
        if (component[length] == '\0') {
            break;
        }
        component += length + 1;
    }
    return reason;
}

bool localfs_key_valid(const struct localfs *fs, const char *text, const char **ret_reason)
{
    const char *reason = bad_key(fs, text);
    if (ret_reason && reason) {
        *ret_reason = reason;
    }
    return !reason;
}

pxm_status localfs_key_check(const struct localfs *fs, const char *key, pxm_error *error)
{
    const char *reason = NULL;
    if (localfs_key_valid(fs, key, &reason)) {
        return PXM_OK;
    }
    /* The key itself stays out of the text: it may hold anything. */
    return fs->host->fail(error, PXM_E_INVALID, "store.bad_key", "not a usable object key: %s", reason);
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
