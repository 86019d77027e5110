/* Writes the YAML of a one-line pipeline. What the operations and options mean is the checker's business. */
#include "expression.h"

#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 64 };

/* A word ends at a space outside quotes. */
static size_t word_length(const char *text)
{
    char quote = '\0';
    size_t i = 0;

    for (; text[i] && (quote || text[i] != ' '); i++) {
        if (quote && text[i] == quote) {
            quote = '\0';
        } else if (!quote && (text[i] == '"' || text[i] == '\'')) {
            quote = text[i];
        }
    }
    return i;
}

/* A number, bool or word is left plain, so that the option's type decides; anything else is a string in quotes. */
static void add_value(struct pxm_buf *yaml, const char *value, size_t length)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+";
    char quote =
        length >= 2 && (value[0] == '"' || value[0] == '\'') && value[length - 1] == value[0] ? value[0] : '\0';

    if (!quote && length > 0 && strspn(value, plain) >= length) {
        pxm_buf_add(yaml, value, length);
        return;
    }
    if (!quote && length > 0 && value[0] == '[') {
        pxm_buf_add(yaml, value, length);
        return;
    }
    if (quote) {
        value++;
        length -= 2;
    }
    pxm_buf_json_string(yaml, value, length);
}

static bool add_option(struct pxm_buf *yaml, const char *word, size_t length, bool first)
{
    const char *equals = memchr(word, '=', length);

    if (!equals || equals == word) {
        fprintf(stderr, "pixmill run: `%.*s` is no NAME=VALUE\n", (int)length, word);
        return false;
    }
    pxm_buf_puts(yaml, first ? "" : ", ");
    pxm_buf_add(yaml, word, (size_t)(equals - word));
    pxm_buf_puts(yaml, ": ");
    add_value(yaml, equals + 1, length - (size_t)(equals + 1 - word));
    return true;
}

/* Whether the first operation wants something to work on; one that nobody knows is left to the checker. */
static bool takes_file(const char *expression, const struct cli_project *plugins)
{
    const char *text = expression + strspn(expression, " ");
    struct pxm_missing missing = {0};
    const char *name = pxm_arena_strndup(plugins->arena, text, word_length(text));
    const struct pxm_operation *operation =
        name ? plugins->catalog.operation(plugins->catalog.arg, plugins->arena, name, &missing) : NULL;

    return !operation || operation->signature->in != 0;
}

/* One step, up to a lone `!`; moves *at behind it, and tells in *ret_more whether there was one. */
static bool add_step(struct pxm_buf *yaml, const char **at, size_t number, bool first_takes_file, bool *ret_more)
{
    const char *text = *at + strspn(*at, " ");
    size_t length = word_length(text);
    size_t options = 0;

    *ret_more = false;
    if (length == 0 || (length == 1 && *text == '!')) {
        fprintf(stderr, "pixmill run: an operation is missing in the expression\n");
        return false;
    }
    pxm_buf_printf(yaml, "  - {id: s%zu, %s%.*s: {", number, number == 1 && first_takes_file ? "in: input.file, " : "",
                   (int)length, text);
    for (text += length; *text; text += length) {
        text += strspn(text, " ");
        length = word_length(text);
        *ret_more = length == 1 && *text == '!';
        if (*ret_more) {
            text++;
            break;
        }
        if (length > 0 && !add_option(yaml, text, length, options++ == 0)) {
            return false;
        }
    }
    pxm_buf_puts(yaml, "}}\n");
    *at = text;
    return true;
}

bool expression_to_yaml(const char *expression, const struct cli_project *plugins, struct pxm_buf *yaml)
{
    bool file = takes_file(expression, plugins);
    bool more = false;
    size_t count = 0;

    pxm_buf_printf(yaml, "version: 1\n%ssteps:\n", file ? "inputs:\n  file: {type: blob}\n" : "");
    do {
        if (count == STEPS_MAX || !add_step(yaml, &expression, ++count, file, &more)) {
            return false;
        }
    } while (more);
    pxm_buf_printf(yaml, "output: ${steps.s%zu}\n", count);
    if (yaml->status != PXM_OK) {
        fprintf(stderr, "pixmill run: the expression is too long\n");
        return false;
    }
    return true;
}
