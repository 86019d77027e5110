/* Reads lists of entity tags and compares them. No state. */
#include "app/condition.h"

#include <string.h>
#include <strings.h>

struct tag {
    bool weak;
    const char *text; /* with its quotes */
    size_t length;
};

/* Takes a tag off the text; false: there is none. */
static bool read_tag(const char **at, struct tag *ret)
{
    const char *text = *at;
    struct tag tag = {.weak = strncmp(text, "W/", 2) == 0};
    text += tag.weak ? 2 : 0;
    if (*text != '"') {
        return false;
    }
    tag.text = text++;
    while ((unsigned char)*text > ' ' && *text != '"' && *text != 0x7F) {
        text++;
    }
    if (*text != '"') {
        return false;
    }
    tag.length = (size_t)(text + 1 - tag.text);
    *at = text + 1;
    *ret = tag;
    return true;
}

bool app_condition_is_etag(const char *text)
{
    struct tag tag;
    return read_tag(&text, &tag) && *text == '\0';
}

/* Strongly: neither may be weak (section 8.8.3.2). */
static bool same(const struct tag *tag, const char *etag, bool strongly)
{
    struct tag other;
    if (etag == NULL || !read_tag(&etag, &other) || (strongly && (tag->weak || other.weak))) {
        return false;
    }
    return tag->length == other.length && memcmp(tag->text, other.text, tag->length) == 0;
}

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

/* Whether a list of tags, or "*", names what has this one; false where the list cannot be read. */
static bool lists(const char *at, const char *etag, bool strongly)
{
    bool found = false;
    at = skip_space(at);
    if (*at == '*') {
        return *skip_space(at + 1) == '\0';
    }
    for (;;) {
        struct tag tag;
        at += strspn(at, " \t,"); /* elements may be empty (section 5.6.1) */
        if (*at == '\0') {
            return found;
        }
        if (!read_tag(&at, &tag)) {
            return false;
        }
        at = skip_space(at);
        if (*at != ',' && *at != '\0') {
            return false;
        }
        found = found || same(&tag, etag, strongly);
    }
}

/* The same of all headers of a name, which mean one list; *ret_there: there is one. */
static bool headers_list(const struct app_head *head, const char *name, const char *etag, bool strongly,
                         bool *ret_there)
{
    bool found = false;
    *ret_there = false;
    for (size_t i = 0; i < head->header_count; i++) {
        if (strcasecmp(head->headers[i].name, name) == 0) {
            *ret_there = true;
            found = found || lists(head->headers[i].value, etag, strongly);
        }
    }
    return found;
}

enum app_condition app_condition_check(const struct app_head *head, const char *etag)
{
    bool there = false;
    if (!headers_list(head, "If-Match", etag, true, &there) && there) {
        return APP_CONDITION_FAILED;
    }
    if (headers_list(head, "If-None-Match", etag, false, &there)) {
        return APP_CONDITION_NOT_MODIFIED;
    }
    return APP_CONDITION_HOLDS;
}

bool app_condition_allows_range(const struct app_head *head, const char *etag)
{
    const char *value = app_head_get(head, "If-Range");
    struct tag tag;
    if (value == NULL) {
        return true;
    }
    value = skip_space(value);
    return read_tag(&value, &tag) && *skip_space(value) == '\0' && same(&tag, etag, true);
}
