/* Patterns of inputs: POSIX extended regular expressions (POSIX.1-2017, section 9.4), anchored at both ends.
 * Strangers choose the text, so what a matcher would need much memory or time for is refused beforehand. */
#include "lang/program/compile.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum {
    ATOMS_MAX = 512, /* of the pattern with every repetition written out */
    GROUPS_MAX = 16  /* inside each other */
};

struct level { /* of one group: its atoms, and those of the last one, which a repetition multiplies */
    size_t sum, last;
};

static size_t add_capped(size_t a, size_t b)
{
    return a + b > ATOMS_MAX ? ATOMS_MAX + 1 : a + b;
}

static void add_atom(struct level *level, size_t atoms)
{
    level->sum = add_capped(level->sum, level->last);
    level->last = atoms > 0 ? atoms : 1;
}

/* Behind the "]" of a bracket expression, where one that comes first is a member. */
static const char *skip_bracket(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    at += *at == ']' ? 1 : 0;
    at += strcspn(at, "]");
    return *at ? at + 1 : at;
}

/* Behind the "}" of a repetition, which multiplies the last atom. */
static const char *repeat(const char *at, struct level *level)
{
    char *end;
    unsigned long low = strtoul(at + 1, &end, 10);
    unsigned long high = *end == ',' ? strtoul(end + 1, &end, 10) : low;
    unsigned long most = high > low ? high : low;

    most = most > ATOMS_MAX ? ATOMS_MAX + 1 : most > 0 ? most : 1;
    level->last = level->last * most > ATOMS_MAX ? ATOMS_MAX + 1 : level->last * most;
    at += strcspn(at, "}");
    return *at ? at + 1 : at;
}

/* Why it is refused; NULL: it is small enough. */
static const char *cost_problem(const char *pattern)
{
    struct level levels[GROUPS_MAX + 1] = {{0}};
    size_t depth = 0;

    for (const char *at = pattern; *at;) {
        struct level *level = &levels[depth];
        if (*at == '\\' && at[1] >= '1' && at[1] <= '9') {
            return "back-references are not allowed";
        }
        if (*at == ')' && depth == 0) {
            return "a `)` has no `(`";
        }
        if (*at == '(' && depth == GROUPS_MAX) {
            return "its groups are nested too deeply";
        }
        if (*at == '(') {
            levels[++depth] = (struct level){0};
            at++;
        } else if (*at == ')') {
            add_atom(&levels[--depth], add_capped(level->sum, level->last));
            at++;
        } else if (*at == '{') {
            at = repeat(at, level);
        } else if (*at == '[') {
            add_atom(level, 1);
            at = skip_bracket(at);
        } else {
            add_atom(level, 1);
            at += *at == '\\' && at[1] ? 2 : 1;
        }
    }
    return add_capped(levels[0].sum, levels[0].last) > ATOMS_MAX ? "its repetitions make it too long" : NULL;
}

const char *compile_pattern_problem(const char *pattern)
{
    const char *problem = cost_problem(pattern);
    bool match;

    if (!problem && !compile_pattern_match(pattern, "", &match)) {
        problem = "it is no POSIX extended regular expression";
    }
    return problem;
}

bool compile_pattern_match(const char *pattern, const char *text, bool *ret_match)
{
    regex_t regex;
    char whole[COMPILE_PATTERN_BYTES_MAX + 8];
    char *end = whole;

    *end++ = '^';
    *end++ = '(';
    end = stpncpy(end, pattern, COMPILE_PATTERN_BYTES_MAX);
    *end++ = ')';
    *end++ = '$';
    *end = '\0';
    if (regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB)) {
        return false;
    }
    *ret_match = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return true;
}
