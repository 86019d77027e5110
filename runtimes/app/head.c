/* Headers by name. */
#include "app/head.h"

#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

const char *app_head_get(const struct app_head *head, const char *name)
{
    for (size_t i = 0; i < head->header_count; i++) {
        if (strcasecmp(head->headers[i].name, name) == 0) {
            return head->headers[i].value;
        }
    }
    return NULL;
}

bool app_head_bears(const struct app_head *head, const char *token)
{
    static const char scheme[] = "Bearer ";
    const char *given = app_head_get(head, "Authorization");
    size_t length = strlen(token);

    if (!given || strncasecmp(given, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    given += sizeof scheme - 1;
    /* The length of a token is no secret, what it is is. */
    return length > 0 && strlen(given) == length && CRYPTO_memcmp(given, token, length) == 0;
}
