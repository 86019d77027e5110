/* Parses command lines with getopt_long, which is told what a verb's table says. Main thread. */
#include "args.h"

#include "lang/diag/diag.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 48, LONG_BASE = 256 };

const struct args_option args_common[] = {
    {"project", 'p', "PATH", ARGS_FILE, NULL, "pixmill.yaml, or its folder; else found from here upwards"},
    {"profile", 'P', "NAME", ARGS_PROFILE, NULL, "which stores, tables and queues to use; else $PIXMILL_PROFILE"},
    {"json", 0, NULL, ARGS_TEXT, NULL, "answer in JSON, for programs"},
    {"color", 0, "WHEN", ARGS_WORDS, "auto always never", "colour: auto, always or never"},
    {"help", 'h', NULL, ARGS_TEXT, NULL, "show this help"},
    {0},
};

/* All options of a verb in one array; returns their number. */
static size_t gather(const struct args_verb *verb, const struct args_option **all)
{
    size_t count = 0;

    for (const struct args_option *o = verb->options; o && o->name && count < OPTIONS_MAX; o++) {
        all[count++] = o;
    }
    for (const struct args_option *o = args_common; o->name && count < OPTIONS_MAX; o++) {
        all[count++] = o;
    }
    return count;
}

static void tell_unknown(const struct args_verb *verb, const struct args_option *const *all, size_t count,
                         const char *word)
{
    const char *names[OPTIONS_MAX];
    const char *name = word + strspn(word, "-");

    for (size_t i = 0; i < count; i++) {
        names[i] = all[i]->name;
    }
    const char *best = pxm_suggest(name, names, count);
    fprintf(stderr, "pixmill %s: unknown option %s", verb->name, word);
    fprintf(stderr, best ? "; did you mean --%s?\n" : "; see pixmill %s --help\n", best ? best : verb->name);
}

static bool keep(struct args *args, const struct args_option *option, const char *value)
{
    if (args->value_count == ARGS_VALUES_MAX) {
        fprintf(stderr, "pixmill %s: more than %d options\n", args->verb->name, ARGS_VALUES_MAX);
        return false;
    }
    args->values[args->value_count].option = option;
    args->values[args->value_count++].value = option->value ? value : NULL;
    return true;
}

static bool check_count(const struct args *args)
{
    const struct args_verb *verb = args->verb;

    if (args->count >= verb->least && args->count <= verb->most) {
        return true;
    }
    fprintf(stderr, "pixmill %s: %s; usage: pixmill %s %s\n", verb->name,
            args->count < verb->least ? "something is missing" : "that is one argument too many", verb->name,
            verb->arguments);
    return false;
}

/* Which of `all` getopt_long returned. */
static const struct args_option *option_of(const struct args_option *const *all, size_t count, int code)
{
    if (code >= LONG_BASE && (size_t)(code - LONG_BASE) < count) {
        return all[code - LONG_BASE];
    }
    for (size_t i = 0; i < count; i++) {
        if (all[i]->letter && all[i]->letter == code) {
            return all[i];
        }
    }
    return NULL;
}

bool args_parse(struct args *args, const struct args_verb *verb, int argc, char **argv)
{
    const struct args_option *all[OPTIONS_MAX];
    struct option longs[OPTIONS_MAX + 1] = {0};
    char shorts[2 * OPTIONS_MAX + 2] = ":";
    size_t count = gather(verb, all);
    size_t end = 1;
    int code = 0;

    *args = (struct args){.verb = verb};
    for (size_t i = 0; i < count; i++) {
        longs[i] =
            (struct option){all[i]->name, all[i]->value ? required_argument : no_argument, NULL, LONG_BASE + (int)i};
        if (all[i]->letter) {
            shorts[end++] = all[i]->letter;
            if (all[i]->value) {
                shorts[end++] = ':';
            }
        }
    }
    opterr = 0;
    optind = 1;
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct args_option *option = option_of(all, count, code);
        if (code == ':') {
            fprintf(stderr, "pixmill %s: %s wants a value\n", verb->name, argv[optind - 1]);
            return false;
        }
        if (!option) {
            tell_unknown(verb, all, count, argv[optind - 1]);
            return false;
        }
        if (!keep(args, option, optarg)) {
            return false;
        }
    }
    args->words = argv + optind;
    args->count = (size_t)(argc - optind);
    return args_has(args, "help") || check_count(args);
}

bool args_has(const struct args *args, const char *name)
{
    for (size_t i = 0; i < args->value_count; i++) {
        if (strcmp(args->values[i].option->name, name) == 0) {
            return true;
        }
    }
    return false;
}

const char *args_value(const struct args *args, const char *name)
{
    for (size_t i = args->value_count; i > 0; i--) {
        if (strcmp(args->values[i - 1].option->name, name) == 0) {
            return args->values[i - 1].value;
        }
    }
    return NULL;
}

const char *args_nth(const struct args *args, const char *name, size_t index)
{
    for (size_t i = 0; i < args->value_count; i++) {
        if (strcmp(args->values[i].option->name, name) == 0 && index-- == 0) {
            return args->values[i].value;
        }
    }
    return NULL;
}

bool args_number(const struct args *args, const char *name, long least, long most, long fallback, long *ret)
{
    const char *text = args_value(args, name);
    char *end = NULL;

    if (!text) {
        *ret = fallback;
        return true;
    }
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno || end == text || *end || number < least || number > most) {
        fprintf(stderr, "pixmill %s: --%s takes a whole number from %ld to %ld\n", args->verb->name, name, least, most);
        return false;
    }
    *ret = number;
    return true;
}

static void help_option(const struct args_option *option, FILE *out)
{
    char left[64];
    char letter[5] = "    ";

    if (option->letter) {
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name, option->value ? " " : "",
             option->value ? option->value : "");
    fprintf(out, "  %-24s %s\n", left, option->help);
}

void args_help(const struct args_verb *verb, FILE *out)
{
    fprintf(out, "pixmill %s%s%s: %s\n\n", verb->name, *verb->arguments ? " " : "", verb->arguments, verb->summary);
    if (verb->details) {
        fprintf(out, "%s\n", verb->details);
    }
    fprintf(out, "Options\n");
    for (const struct args_option *o = verb->options; o && o->name; o++) {
        help_option(o, out);
    }
    for (const struct args_option *o = args_common; o->name; o++) {
        help_option(o, out);
    }
    if (verb->examples) {
        fprintf(out, "\nExamples\n%s", verb->examples);
    }
    if (verb->exits) {
        fprintf(out, "\nExit codes: %s.\n", verb->exits);
    }
}
