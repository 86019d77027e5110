/* Walks option tables of any stride, knows what follows from an option's type, and checks values against an option:
 * what binding, filling, auditing and documentation have in common. Pure; any thread. */
#include "lang/options/options_private.h"

#include "base/utf8.h"
#include "base/value.h"
#include "lang/yaml/scalar.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- tables ----------------------------------------------------------------------------------------------------- */

struct pxm_option pxm_options_at(const struct pxm_option_table *table, size_t index)
{
    struct pxm_option option = {.name = NULL};
    size_t known = table->option_size < sizeof option ? table->option_size : sizeof option;
    memcpy(&option, (const char *)table->options + index * table->option_size, known);
    return option;
}

size_t pxm_options_count(const struct pxm_option_table *table)
{
    size_t count = 0;
    while (table->options && count < PXM_OPTIONS_MAX && pxm_options_at(table, count).name) {
        count++;
    }
    return count;
}

int pxm_options_find(const struct pxm_option_table *table, const char *name, bool *ret_old)
{
    size_t count = pxm_options_count(table);
    for (size_t i = 0; i < count; i++) {
        struct pxm_option option = pxm_options_at(table, i);
        bool current = strcmp(option.name, name) == 0;
        if (current || (option.old_name && strcmp(option.old_name, name) == 0)) {
            if (ret_old) {
                *ret_old = !current;
            }
            return (int)i;
        }
    }
    return -1;
}

/* ---- kinds ------------------------------------------------------------------------------------------------------ */

/* The largest unit that leaves no fraction is the one that is written. */
struct unit {
    const char *name;
    int64_t factor;
};
static const struct unit size_units[] = {{"GiB", 1 << 30}, {"GB", 1000000000}, {"MiB", 1 << 20}, {"MB", 1000000},
                                         {"KiB", 1 << 10}, {"KB", 1000},       {"B", 1}};
static const struct unit duration_units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
static const struct unit pixel_units[] = {{"MP", 1000000}, {"KP", 1000}, {"P", 1}};

enum {
    TEXT_BITS = PXM_TYPE_STRING | PXM_TYPE_INT | PXM_TYPE_FLOAT | PXM_TYPE_BOOL,
    UNIT_BITS = PXM_TYPE_INT | PXM_TYPE_STRING,
    JSON_BITS = PXM_TYPE_ANY & ~(PXM_TYPE_BLOB | PXM_TYPE_IMAGE)
};

static const struct option_kind kinds[] = {
    {PXM_OPT_BOOL, "bool", "true or false", PXM_TYPE_BOOL, PXM_TYPE_BOOL, sizeof(int32_t), NULL},
    {PXM_OPT_INT, "int", "an int", PXM_TYPE_INT, PXM_TYPE_INT, sizeof(int64_t), pxm_scalar_int},
    {PXM_OPT_FLOAT, "float", "a number", PXM_TYPE_FLOAT, PXM_TYPE_INT | PXM_TYPE_FLOAT, sizeof(double), NULL},
    {PXM_OPT_SIZE, "size", "a size such as 25MiB", PXM_TYPE_INT, UNIT_BITS, sizeof(int64_t), pxm_scalar_size},
    {PXM_OPT_DURATION, "duration", "a duration such as 15s", PXM_TYPE_INT, UNIT_BITS, sizeof(int64_t),
     pxm_scalar_duration},
    {PXM_OPT_PIXELS, "pixels", "a number of pixels such as 80MP", PXM_TYPE_INT, UNIT_BITS, sizeof(int64_t),
     pxm_scalar_pixels},
    {PXM_OPT_STRING, "string", "text", PXM_TYPE_STRING, TEXT_BITS, sizeof(char *), NULL},
    {PXM_OPT_ENUM, "choice", "one of its choices", PXM_TYPE_STRING, PXM_TYPE_STRING, sizeof(int32_t), NULL},
    {PXM_OPT_LIST, "list", "a list", PXM_TYPE_LIST, PXM_TYPE_LIST, sizeof(void *), NULL},
    {PXM_OPT_RECORD, "record", "a map", PXM_TYPE_RECORD, PXM_TYPE_RECORD, sizeof(void *), NULL},
    {PXM_OPT_INT_OR_RECORD, "int or record", "an int or a map of ints", PXM_TYPE_INT | PXM_TYPE_RECORD,
     PXM_TYPE_INT | PXM_TYPE_RECORD, sizeof(void *), NULL},
    {PXM_OPT_IMAGE, "image", "an image", PXM_TYPE_IMAGE, PXM_TYPE_IMAGE, sizeof(void *), NULL},
    {PXM_OPT_BLOB, "blob", "a blob", PXM_TYPE_BLOB, PXM_TYPE_BLOB, sizeof(void *), NULL},
    {PXM_OPT_STORE, "store", "the name of a store", PXM_TYPE_STRING, PXM_TYPE_STRING, sizeof(char *), NULL},
    {PXM_OPT_TABLE, "table", "the name of a table", PXM_TYPE_STRING, PXM_TYPE_STRING, sizeof(char *), NULL},
    {PXM_OPT_QUEUE, "queue", "the name of a queue", PXM_TYPE_STRING, PXM_TYPE_STRING, sizeof(char *), NULL},
    {PXM_OPT_PIPELINE, "pipeline", "the name of a pipeline", PXM_TYPE_STRING, PXM_TYPE_STRING, sizeof(char *), NULL},
    {PXM_OPT_VALUE, "any", "any value", JSON_BITS, JSON_BITS, sizeof(void *), NULL},
};

const struct option_kind *option_kind(uint32_t type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].type == type) {
            return &kinds[i];
        }
    }
    return NULL;
}

bool option_is_number(const struct pxm_option *option)
{
    return (option_kind(option->type)->literal & (PXM_TYPE_INT | PXM_TYPE_FLOAT)) && option->type != PXM_OPT_VALUE;
}

/* ---- texts ------------------------------------------------------------------------------------------------------ */

static void unit_text(const struct unit *units, int64_t number, char text[OPTION_TEXT_MAX])
{
    while (units->factor > 1 && (number == 0 || number % units->factor != 0)) {
        units++;
    }
    snprintf(text, OPTION_TEXT_MAX, "%" PRId64 "%s", number / units->factor, units->name);
}

void option_number_text(const struct pxm_option *option, double number, char text[OPTION_TEXT_MAX])
{
    const struct unit *units = option->type == PXM_OPT_SIZE       ? size_units
                               : option->type == PXM_OPT_DURATION ? duration_units
                               : option->type == PXM_OPT_PIXELS   ? pixel_units
                                                                  : NULL;
    if (units && fabs(number) < 0x1p62) {
        unit_text(units, (int64_t)number, text);
    } else if (option->type != PXM_OPT_FLOAT && fabs(number) < 0x1p62) {
        snprintf(text, OPTION_TEXT_MAX, "%" PRId64, (int64_t)number);
    } else {
        snprintf(text, OPTION_TEXT_MAX, "%.15g", number);
    }
}

static bool has_range(const struct pxm_option *option)
{
    return option->min != 0 || option->max != 0;
}

bool option_has_least(const struct pxm_option *option)
{
    return has_range(option) && option->min > -0x1p62;
}

bool option_has_most(const struct pxm_option *option)
{
    return has_range(option) && option->max < 0x1p62;
}

void option_range_text(const struct pxm_option *option, char text[OPTION_TEXT_MAX])
{
    char least[OPTION_TEXT_MAX], most[OPTION_TEXT_MAX];
    option_number_text(option, option->min, least);
    option_number_text(option, option->max, most);
    text[0] = '\0';
    if (!option_has_least(option) && !option_has_most(option)) {
        return;
    }
    if (!option_has_most(option)) {
        snprintf(text, OPTION_TEXT_MAX, "at least %.100s", least);
    } else if (!option_has_least(option)) {
        snprintf(text, OPTION_TEXT_MAX, "at most %.100s", most);
    } else if (option->min == option->max) {
        snprintf(text, OPTION_TEXT_MAX, "%.100s", least);
    } else {
        snprintf(text, OPTION_TEXT_MAX, "%.100s to %.100s", least, most);
    }
}

/* What came from outside, cut and without control characters, for a message. */
static void shown(const char *value, char text[OPTION_TEXT_MAX])
{
    enum { SHOWN_BYTES_MAX = 64 };
    pxm_utf8_copy(text, SHOWN_BYTES_MAX, value);
    for (char *c = text; *c; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
    }
}

/* ---- checks ----------------------------------------------------------------------------------------------------- */

static bool problem(struct option_problem *ret, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool problem(struct option_problem *ret, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ret->message, sizeof ret->message, format, args);
    va_end(args);
    ret->code = code;
    ret->hint[0] = '\0';
    return false;
}

bool option_check_number(const struct pxm_option *option, double number, struct option_problem *ret)
{
    char range[OPTION_TEXT_MAX], text[OPTION_TEXT_MAX];
    if (!has_range(option) || (number >= option->min && number <= option->max)) {
        return true;
    }
    option_range_text(option, range);
    option_number_text(option, number, text);
    return problem(ret, "E105", "`%s` must be %.100s, not %.100s", option->name, range, text);
}

static bool check_length(const struct pxm_option *option, size_t length, const char *unit, struct option_problem *ret)
{
    char range[OPTION_TEXT_MAX];
    struct pxm_option plain = *option;
    plain.type = PXM_OPT_INT;
    if (!has_range(option) || ((double)length >= option->min && (double)length <= option->max)) {
        return true;
    }
    option_range_text(&plain, range);
    if (option->flags & PXM_OPT_SECRET) {
        return problem(ret, "E105", "`%s` must have %.100s %s", option->name, range, unit);
    }
    return problem(ret, "E105", "`%s` must have %.100s %s, not %zu", option->name, range, unit, length);
}

static size_t character_count(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; count++) {
        size_t step = pxm_utf8_next(text + i, length - i, NULL);
        i += step ? step : 1;
    }
    return count;
}

static bool is_color(const char *text)
{
    size_t digits = *text == '#' ? strspn(text + 1, "0123456789abcdefABCDEF") : 0;
    return (digits == 3 || digits == 6 || digits == 8) && text[1 + digits] == '\0';
}

static bool check_string(const struct pxm_option *option, const pxm_value *value, struct option_problem *ret)
{
    char text[OPTION_TEXT_MAX];
    size_t length = 0;
    const char *string = pxm_value_as_string(value, &length);
    if (strlen(string) != length) {
        return problem(ret, "E104", "`%s` must not contain a NUL character", option->name);
    }
    if (option->flags & PXM_OPT_COLOR && !is_color(string)) {
        shown(string, text);
        problem(ret, "E104", "`%s` takes a color, not `%s`", option->name, text);
        snprintf(ret->hint, sizeof ret->hint, "write \"#rgb\", \"#rrggbb\" or \"#rrggbbaa\"");
        return false;
    }
    return check_length(option, character_count(string, length), "characters", ret);
}

/* "did you mean `cover`?", else all there is. */
static void choice_hint(const struct pxm_option *option, const char *word, struct option_problem *ret)
{
    const char *names[PXM_OPTIONS_MAX];
    size_t count = 0, used = 0;
    for (; count < PXM_OPTIONS_MAX && option->choices[count].name; count++) {
        names[count] = option->choices[count].name;
    }
    const char *close = pxm_suggest(word, names, count);
    if (close) {
        snprintf(ret->hint, sizeof ret->hint, "did you mean `%.100s`?", close);
        return;
    }
    snprintf(ret->hint, sizeof ret->hint, "one of: ");
    used = strlen(ret->hint);
    for (size_t i = 0; i < count; i++) {
        const char *between = i ? ", " : "";
        if (used + strlen(between) + strlen(names[i]) + sizeof ", ..." > sizeof ret->hint) {
            snprintf(ret->hint + used, sizeof ret->hint - used, ", ...");
            return;
        }
        used += (size_t)snprintf(ret->hint + used, sizeof ret->hint - used, "%s%s", between, names[i]);
    }
}

static bool is_choice(const struct pxm_option *option, const char *word)
{
    const struct pxm_choice *choice = option->choices;
    while (choice->name && strcmp(choice->name, word) != 0) {
        choice++;
    }
    return choice->name != NULL;
}

static bool check_choice(const struct pxm_option *option, const pxm_value *value, struct option_problem *ret)
{
    char text[OPTION_TEXT_MAX];
    size_t length = 0;
    const char *word = pxm_value_as_string(value, &length);
    if (strlen(word) == length && is_choice(option, word)) {
        return true;
    }
    shown(word, text);
    problem(ret, "E110", "`%s` is not a value of `%s`", text, option->name);
    choice_hint(option, text, ret);
    return false;
}

bool option_check_key(const struct pxm_option *option, const char *key, struct option_problem *ret)
{
    char text[OPTION_TEXT_MAX];
    if (is_choice(option, key)) {
        return true;
    }
    shown(key, text);
    problem(ret, "E110", "`%s` is not a key of `%s`", text, option->name);
    choice_hint(option, text, ret);
    return false;
}

/* Kinds of the items of a list, or of the values of a record. */
static bool check_items(const struct pxm_option *option, const pxm_value *value, struct option_problem *ret)
{
    char want[64], have[64];
    uint32_t taken = option->item | (option->item & PXM_TYPE_FLOAT ? PXM_TYPE_INT : 0);
    for (size_t i = 0; i < pxm_value_count(value); i++) {
        uint32_t type = pxm_value_type(pxm_value_at(value, i));
        if (!(type & taken)) {
            return problem(ret, "E104", "`%s` takes items of type %s, but item %zu is of type %s", option->name,
                           pxm_type_name(option->item, want, sizeof want), i, pxm_type_name(type, have, sizeof have));
        }
    }
    return check_length(option, pxm_value_count(value), option->type == PXM_OPT_LIST ? "items" : "entries", ret);
}

static bool check_int_or_record(const struct pxm_option *option, const pxm_value *value, struct option_problem *ret)
{
    if (pxm_value_type(value) == PXM_TYPE_INT) {
        return option_check_number(option, (double)pxm_value_as_int(value), ret);
    }
    for (size_t i = 0; i < pxm_value_count(value); i++) {
        const pxm_value *item = pxm_value_at(value, i);
        if (!option_check_key(option, pxm_value_key(value, i), ret)) {
            return false;
        }
        if (pxm_value_type(item) != PXM_TYPE_INT) {
            return problem(ret, "E104", "`%s` takes ints, but its `%s` is none", option->name, pxm_value_key(value, i));
        }
        if (!option_check_number(option, (double)pxm_value_as_int(item), ret)) {
            return false;
        }
    }
    return true;
}

bool option_check(const struct pxm_option *option, const pxm_value *value, struct option_problem *ret)
{
    char have[64];
    const struct option_kind *kind = option_kind(option->type);
    if (!(pxm_value_type(value) & kind->literal)) {
        return problem(ret, "E104", "`%s` takes %s, not a value of type %s", option->name, kind->phrase,
                       pxm_type_name(pxm_value_type(value), have, sizeof have));
    }
    switch (option->type) {
    case PXM_OPT_INT_OR_RECORD:
        return check_int_or_record(option, value, ret);
    case PXM_OPT_ENUM:
        return check_choice(option, value, ret);
    case PXM_OPT_LIST:
    case PXM_OPT_RECORD:
        return check_items(option, value, ret);
    default:
        break;
    }
    if (option_is_number(option)) {
        return option_check_number(option, pxm_value_as_float(value), ret);
    }
    return kind->literal != PXM_TYPE_STRING || check_string(option, value, ret);
}
