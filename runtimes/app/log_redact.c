/* What must not be in a log: credentials, and what gives rights to whoever has it. */
#include "app/log_private.h"

#include <string.h>
#include <strings.h>

static const char hidden[] = "[hidden]";

struct secret {
    const char *begin; /* in any case */
    const char *end;   /* what follows up to one of these is hidden */
};

/* Parameters end at the next one; headers at the end of what is quoted of them. */
static const struct secret secrets[] = {
    {"authorization:", "\r\n\"',;"},
    {"authorization=", "&\r\n\"', ;"},
    {"bearer ", "\r\n\"', ;"},
    {"cookie:", "\r\n\"'"},
    {"signature=", "&\r\n\"', ;#"},
    {"token=", "&\r\n\"', ;#"},
    {"x-amz-credential=", "&\r\n\"', ;#"},
    {"password=", "&\r\n\"', ;#"},
    {"secret=", "&\r\n\"', ;#"},
};

static const struct secret *secret_at(const char *text)
{
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (strncasecmp(text, secrets[i].begin, strlen(secrets[i].begin)) == 0) {
            return &secrets[i];
        }
    }
    return NULL;
}

void log_redact(struct pxm_buf *buf, const char *text)
{
    const char *plain = text;
    for (const char *at = text; *at != '\0';) {
        const struct secret *secret = secret_at(at);
        if (secret == NULL) {
            at++;
            continue;
        }
        at += strlen(secret->begin);
        at += strspn(at, " \t");
        pxm_buf_add(buf, plain, (size_t)(at - plain));
        const size_t length = strcspn(at, secret->end);
        if (length > 0) {
            pxm_buf_puts(buf, hidden);
        }
        at += length;
        plain = at;
    }
    pxm_buf_puts(buf, plain);
}

/* Only what is known to be harmless is shown: a parameter that the pipelines of somebody else take may be anything. */
static bool is_harmless(const char *name, size_t length)
{
    static const char *const names[] = {"cursor", "limit",   "tag",  "w",   "h",    "width", "height",
                                        "format", "expires", "type", "max", "page", "ids"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) {
            return true;
        }
    }
    return false;
}

void log_redact_query(struct pxm_buf *buf, const char *query)
{
    while (*query != '\0') {
        const size_t length = strcspn(query, "&");
        const size_t name = strcspn(query, "=&");
        const bool is_shown = name == length || is_harmless(query, name);
        pxm_buf_add(buf, query, is_shown ? length : name + 1);
        if (!is_shown && length > name + 1) {
            pxm_buf_puts(buf, hidden);
        }
        query += length;
        if (*query == '&') {
            pxm_buf_putc(buf, '&');
            query++;
        }
    }
}
