/* What the parts of options*.c and option_docs*.c share: kinds of options, the text of their values, and the checks
 * that literals and values of templates have in common. */
#ifndef PXM_LANG_OPTIONS_PRIVATE_H
#define PXM_LANG_OPTIONS_PRIVATE_H

#include "lang/options/options.h"

/* What follows from an option's type. */
struct option_kind {
    uint32_t type;
    const char *name;   /* "size": in reference pages */
    const char *phrase; /* "a size such as 25MiB": behind "takes" */
    uint32_t literal;   /* PXM_TYPE_ bits of a bound literal and of what fill stores */
    uint32_t accepts;   /* PXM_TYPE_ bits that a template may give; what is no literal kind is converted */
    size_t field_size;  /* of the field in the config struct, which is aligned to the same */
    const char *(*read)(const char *text, int64_t *ret); /* of kinds written with a unit, and of ints; else NULL */
};
const struct option_kind *option_kind(uint32_t type); /* NULL: no such type */
/* Numbers that have a range. */
bool option_is_number(const struct pxm_option *option);

enum { OPTION_TEXT_MAX = 256 };
/* A number as YAML would write it in this option: "25MiB", "1h30m", "0.5". */
void option_number_text(const struct pxm_option *option, double number, char text[OPTION_TEXT_MAX]);
/* "1 to 16383", "at least 1", "at most 4KiB"; "" where nothing is checked. */
void option_range_text(const struct pxm_option *option, char text[OPTION_TEXT_MAX]);

/* Whether the range has that end: infinity, and what no int can be, is none. */
bool option_has_least(const struct pxm_option *option);
bool option_has_most(const struct pxm_option *option);
/* An end of the range as JSON: text where YAML needs a unit. */
pxm_value *option_number_json(const struct pxm_option *option, double number);
/* The value if everything got into it; else frees it and gives NULL. */
pxm_value *option_json_done(pxm_value *value);

struct option_problem {
    const char *code; /* of the diagnostic */
    char message[2 * OPTION_TEXT_MAX];
    char hint[2 * OPTION_TEXT_MAX]; /* "" : none */
};
/* Whether a value of the option's literal kind is one that it takes: range, length, choices, kinds of items. */
bool option_check(const struct pxm_option *option, const pxm_value *value, struct option_problem *ret);
/* The same of one entry of an INT_OR_RECORD map. */
bool option_check_key(const struct pxm_option *option, const char *key, struct option_problem *ret);
bool option_check_number(const struct pxm_option *option, double number, struct option_problem *ret);

/* A literal, as it is written in YAML, of the option's type; NULL with diagnostics. It holds no template unless
 * `templates`. */
struct pxm_template *option_parse(struct pxm_arena *arena, const struct pxm_option *option, const struct pxm_node *node,
                                  struct pxm_diags *diags);
/* The default; NULL with diagnostics where the table is not sound. */
struct pxm_template *option_parse_fallback(struct pxm_arena *arena, const struct pxm_option *option,
                                           struct pxm_span span, struct pxm_diags *diags);
/* The type that a template must have to stand for the option. */
const struct pxm_type *option_want(struct pxm_arena *arena, const struct pxm_option *option);

#endif
