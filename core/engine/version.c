/* Version numbers and the conditions a project puts on them. Pure functions. */
#include "engine/version.h"

#include <stdlib.h>
#include <string.h>

static unsigned long next_number(const char **at)
{
    char *end = NULL;
    unsigned long number = **at >= '0' && **at <= '9' ? strtoul(*at, &end, 10) : 0;

    if (end) {
        *at = *end == '.' ? end + 1 : end;
    } else {
        *at = ""; /* whatever follows is no number, so nothing more counts */
    }
    return number;
}

int pxm_version_compare(const char *a, const char *b)
{
    while (*a || *b) {
        unsigned long left = next_number(&a);
        unsigned long right = next_number(&b);
        if (left != right) {
            return left < right ? -1 : 1;
        }
    }
    return 0;
}

/* One part: an optional operator and a version. */
static bool part_matches(const char *version, const char *part, bool *ret_valid)
{
    static const struct {
        const char *text;
        bool less, equal, greater;
    } operators[] = {{">=", false, true, true}, {"<=", true, true, false}, {">", false, false, true},
                     {"<", true, false, false}, {"=", false, true, false}, {"", false, true, false}};

    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        size_t length = strlen(operators[i].text);
        if (strncmp(part, operators[i].text, length) != 0) {
            continue;
        }
        part += length;
        if (*part < '0' || *part > '9' || strspn(part, "0123456789.") != strlen(part)) {
            *ret_valid = false;
            return false;
        }
        int order = pxm_version_compare(version, part);
        return order < 0 ? operators[i].less : order == 0 ? operators[i].equal : operators[i].greater;
    }
    return false;
}

bool pxm_version_matches(const char *version, const char *condition, bool *ret_valid)
{
    char part[64];
    bool matches = true;
    size_t parts = 0;

    *ret_valid = true;
    while (*condition) {
        condition += strspn(condition, " ,");
        size_t length = strcspn(condition, " ,");
        if (length == 0) {
            break;
        }
        if (length >= sizeof part) {
            *ret_valid = false;
            return false;
        }
        memcpy(part, condition, length);
        part[length] = '\0';
        matches = part_matches(version, part, ret_valid) && matches;
        condition += length;
        parts++;
    }
    *ret_valid = *ret_valid && parts > 0;
    return *ret_valid && matches;
}
