/* The ranges of an Accept header, one at a time and in place; nothing is allocated. */
#include "accept.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { HEADER_MAX = 4096, RANGES_MAX = 64 };

struct slice {
    const char *at, *end;
};

static struct slice trim(struct slice slice)
{
    while (slice.at < slice.end && strchr(" \t", *slice.at)) {
        slice.at++;
    }
    while (slice.at < slice.end && strchr(" \t", slice.end[-1])) {
        slice.end--;
    }
    return slice;
}

/* Takes what is before the next `separator` that is not quoted (RFC 9110 section 5.6.4), and moves behind it. */
static struct slice take(struct slice *rest, char separator)
{
    struct slice part = *rest;
    bool quoted = false;
    const char *at = rest->at;

    for (; at < rest->end && (quoted || *at != separator); at++) {
        if (quoted && *at == '\\' && at + 1 < rest->end) {
            at++;
        } else if (*at == '"') {
            quoted = !quoted;
        }
    }
    part.end = at;
    rest->at = at < rest->end ? at + 1 : at;
    return trim(part);
}

static bool equals(struct slice slice, const char *text)
{
    size_t length = strlen(text);

    return (size_t)(slice.end - slice.at) == length && !strncasecmp(slice.at, text, length);
}

/* "0", "0.", "0.0" to "0.000": the only ways to write a quality of 0 (RFC 9110 section 12.4.2). */
static bool is_zero(struct slice parameter)
{
    if (parameter.end - parameter.at < 3 || strncasecmp(parameter.at, "q=", 2)) {
        return false;
    }
    for (const char *at = parameter.at + 2; at < parameter.end; at++) {
        if (*at != '0' && !(*at == '.' && at == parameter.at + 3)) {
            return false;
        }
    }
    return parameter.at[2] == '0';
}

/* Whether the range names the type, or covers it by a wildcard. */
enum cover { COVER_NONE, COVER_ALL, COVER_FAMILY, COVER_TYPE };

static enum cover cover_of(struct slice type, const char *media)
{
    size_t family = (size_t)(strchr(media, '/') - media) + 1;

    if (equals(type, media)) {
        return COVER_TYPE;
    }
    if (equals(type, "*/*")) {
        return COVER_ALL;
    }
    return (size_t)(type.end - type.at) == family + 1 && type.end[-1] == '*' && !strncasecmp(type.at, media, family)
               ? COVER_FAMILY
               : COVER_NONE;
}

enum resize_accept resize_accept_rank(const char *header, const char *media)
{
    struct slice rest = {header, header + strnlen(header, HEADER_MAX)};
    enum cover best = COVER_NONE;
    bool refused = false;

    for (int i = 0; i < RANGES_MAX && rest.at < rest.end; i++) {
        struct slice range = take(&rest, ','), type = take(&range, ';');
        enum cover cover = cover_of(type, media);
        bool zero = false;

        while (range.at < range.end) {
            zero |= is_zero(take(&range, ';'));
        }
        /* The most specific range decides; of two alike, the one that accepts. */
        if (cover > best || (cover != COVER_NONE && cover == best && !zero)) {
            best = cover;
            refused = zero;
        }
    }
    if (best != COVER_NONE && refused) {
        return RESIZE_ACCEPT_REFUSED;
    }
    return best == COVER_TYPE ? RESIZE_ACCEPT_NAMED : RESIZE_ACCEPT_UNNAMED;
}
