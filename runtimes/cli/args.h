/* Command lines, by one table a verb: parsing, --help, completion and man pages all read it. */
#ifndef PXM_CLI_ARGS_H
#define PXM_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What completion offers for a value or a positional argument. */
enum args_kind {
    ARGS_TEXT,
    ARGS_FILE,
    ARGS_FOLDER,
    ARGS_PIPELINE,
    ARGS_PROFILE,
    ARGS_PLUGIN,
    ARGS_OPERATION,
    ARGS_CODE,
    ARGS_WORDS
};

struct args_option {
    const char *name;  /* long, without dashes; NULL ends the table */
    char letter;       /* short; '\0': none */
    const char *value; /* "N": takes one, named so in help; NULL: a flag */
    enum args_kind kind;
    const char *words; /* ARGS_WORDS: "a b c" */
    const char *help;
};

struct cli;
struct args;
struct args_verb {
    const char *name;      /* NULL ends the table */
    const char *arguments; /* "PIPELINE [FILE]" */
    size_t least, most;    /* positional arguments */
    enum args_kind kind;   /* of the first positional */
    const char *words;     /* ARGS_WORDS: "a b c" */
    const char *summary;   /* one line */
    const char *details;   /* paragraphs for --help and the man page */
    const char *examples;  /* lines; may be NULL */
    const char *exits;     /* its exit codes; NULL: those that all have */
    const struct args_option *options;
    int (*run)(struct cli *cli, const struct args *args); /* an exit code */
};

/* Options that every verb has. */
extern const struct args_option args_common[];

enum { ARGS_VALUES_MAX = 256 };
struct args {
    const struct args_verb *verb;
    size_t count;
    char *const *words; /* positional */
    size_t value_count;
    struct {
        const struct args_option *option;
        const char *value; /* NULL of a flag */
    } values[ARGS_VALUES_MAX];
};

/* False after it told the user what is wrong (on standard error). argv[0] is the verb. */
bool args_parse(struct args *args, const struct args_verb *verb, int argc, char **argv);
bool args_has(const struct args *args, const char *name);
const char *args_value(const struct args *args, const char *name); /* the last; NULL: not given */
/* The i-th value of an option that may be repeated; NULL: no more. */
const char *args_nth(const struct args *args, const char *name, size_t index);
/* A whole number; `fallback` when not given. False after it told the user. */
bool args_number(const struct args *args, const char *name, long least, long most, long fallback, long *ret);
void args_help(const struct args_verb *verb, FILE *out);

#endif
