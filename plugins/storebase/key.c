#include "storebase/storebase.h"

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
    if (length > STOREBASE_NAME_MAX) {
        return "a component is longer than 255 bytes";
    }
    if ((length == 1 && text[0] == '.') || (length == 2 && text[0] == '.' && text[1] == '.')) {
        return "a component is \".\" or \"..\"";
    }
    return NULL;
}

const char *storebase_key_fault(const struct pxm_host *host, const char *text)
{
    size_t total = strnlen(text, STOREBASE_KEY_MAX + 1);
    if (total == 0) {
        return "it is empty";
    }
    if (total > STOREBASE_KEY_MAX) {
        return "it is longer than 1024 bytes";
    }
    const char *reason = host->utf8_valid(text, total) ? bad_byte(text) : "it is not UTF-8";
    while (!reason) {
        size_t length = strcspn(text, "/");
        reason = bad_component(text, length);
        if (text[length] == '\0') {
            break;
        }
        text += length + 1;
    }
    return reason;
}

/* The key itself stays out of the text: it may hold anything. */
pxm_status storebase_key_fail(const struct pxm_host *host, const char *reason, pxm_error *error)
{
    return host->fail(error, PXM_E_INVALID, "store.bad_key", "not a usable object key: %s", reason);
}
