/* The last check of a key before a driver sees it. Called by the operations on stores. */
#include "engine/key.h"

#include "base/error.h"

#include <stdbool.h>
#include <string.h>

static bool has_control(const char *key)
{
    for (const char *p = key; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            return true;
        }
    }
    return false;
}

static const char *fault(const char *key)
{
    if (strnlen(key, PXM_KEY_BYTES_MAX + 1) > PXM_KEY_BYTES_MAX) {
        return "is longer than 1024 bytes";
    }
    if (strstr(key, "..")) {
        return "has `..` in it";
    }
    if (strchr(key, '\\')) {
        return "has a backslash in it";
    }
    if (has_control(key)) {
        return "has a control character in it";
    }
    if (key[0] == '/' || strstr(key, "//")) {
        return "starts with a slash or has two in a row";
    }
    return NULL;
}

/* `originals` confines to originals/x and not to originals-2/x. */
static bool is_under(const char *key, const char *under)
{
    size_t length = strlen(under);

    if (strncmp(key, under, length) != 0 || key[length] == '\0') {
        return false;
    }
    return length == 0 || under[length - 1] == '/' || key[length] == '/';
}

/* The key is quoted only where it holds no control bytes, and cut. */
static pxm_status refuse(const char *key, const char *why, pxm_error *error)
{
    if (has_control(key)) {
        return pxm_error_set(error, PXM_E_INVALID, "key.invalid", "the key %s", why);
    }
    return pxm_error_set(error, PXM_E_INVALID, "key.invalid", "the key `%.100s` %s", key, why);
}

pxm_status pxm_key_check_prefix(const char *prefix, pxm_error *error)
{
    const char *why = fault(prefix);

    return why ? refuse(prefix, why, error) : PXM_OK;
}

pxm_status pxm_key_check(const char *key, const char *under, pxm_error *error)
{
    const char *why = key[0] == '\0' ? "is empty" : fault(key);

    if (!why && under && !is_under(key, under)) {
        return pxm_error_set(error, PXM_E_INVALID, "key.invalid", "the key `%.100s` is not under `%s`", key, under);
    }
    return why ? refuse(key, why, error) : PXM_OK;
}
