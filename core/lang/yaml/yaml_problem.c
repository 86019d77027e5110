/* libyaml's errors in words that say what to do, at the place that is to blame, with the mistake mended in a copy
 * of the text where that cannot make up further errors. Called by yaml.c alone. */
#include "lang/yaml/yaml_problem.h"
#include "base/utf8.h"
#include <string.h>

enum { QUOTE_MAX = 60 /* bytes of the source that a fix repeats */ };

struct pxm_span pxm_yaml_span(struct pxm_yaml_text *text, const yaml_mark_t *begin, const yaml_mark_t *end)
{
    struct pxm_span span = {
        .source = text->source, .line = (uint32_t)begin->line + 1, .column = (uint32_t)begin->column + 1};
    const yaml_mark_t *const marks[] = {begin, end};
    uint32_t offsets[2];

    for (size_t i = 0; i < 2; i++) {
        size_t length = text->source->length;

        while (text->index > marks[i]->index) {
            do {
                text->offset--;
            } while (((unsigned char)text->text[text->offset] & 0xc0) == 0x80);
            text->index--;
        }
        while (text->index < marks[i]->index && text->offset < length) {
            do {
                text->offset++;
            } while (((unsigned char)text->text[text->offset] & 0xc0) == 0x80);
            text->index++;
        }
        offsets[i] = (uint32_t)text->offset;
    }
    span.offset = offsets[0];
    span.length = offsets[1] > offsets[0] ? offsets[1] - offsets[0] : 0;
    return span;
}

void pxm_yaml_mend(struct pxm_yaml_text *text, size_t offset, size_t length)
{
    for (size_t i = offset; i < offset + length && i < text->source->length; i++) {
        if ((unsigned char)text->text[i] < 0x80) {
            text->text[i] = 'x';
        }
    }
}

bool pxm_yaml_is_mended(const struct pxm_yaml_text *text, struct pxm_span span)
{
    return memcmp(text->text + span.offset, text->source->text + span.offset, span.length) != 0;
}

/* Bytes of "${...}" at `text`, through nested braces and quotes; to the end of the line when it is not closed on
 * it. */
static size_t template_length(const char *text)
{
    size_t depth = 0;
    char quote = '\0';
    size_t i;

    for (i = 1; text[i] && text[i] != '\n' && text[i] != '\r'; i++) {
        char c = text[i];

        if (quote) {
            quote = c == quote ? '\0' : quote;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '{') {
            depth++;
        } else if (c == '}' && --depth == 0) {
            return i + 1;
        }
    }
    return i;
}

/* Bytes of a plain scalar in flow style, as its author meant it: templates in it are part of it. */
static size_t meant_length(const char *text)
{
    size_t i = 0;

    while (text[i] && !strchr(",[]{}\r\n", text[i]) && !(text[i] == ':' && strchr(" ,[]{}\r\n", text[i + 1])) &&
           !(text[i] == ' ' && text[i + 1] == '#')) {
        i += text[i] == '$' && text[i + 1] == '{' ? template_length(text + i) : 1;
    }
    while (i > 0 && (text[i - 1] == ' ' || text[i - 1] == '\t')) {
        i--;
    }
    return i;
}

void pxm_yaml_report_template(struct pxm_yaml_text *text, struct pxm_span scalar, struct pxm_diags *diags)
{
    const char *meant = text->source->text + scalar.offset;
    struct pxm_diag *diag;
    const char *quote;

    scalar.length = (uint32_t)meant_length(meant);
    quote = memchr(meant, '"', scalar.length) ? "'" : "\"";
    diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E006", scalar, "`${` inside `{ }` or `[ ]` must be quoted");
    if (scalar.length <= QUOTE_MAX && !memchr(meant, *quote, scalar.length)) {
        pxm_diag_label(diags, diag, "write %s%.*s%s%s", quote, (int)scalar.length, meant, quote,
                       *meant == '$' && template_length(meant) == scalar.length
                           ? " (a value that is one whole template keeps its type)"
                           : "");
    } else {
        pxm_diag_label(diags, diag, "put quotes around the value");
    }
    pxm_yaml_mend(text, scalar.offset, scalar.length);
}

/* ---- errors of the parser
 * --------------------------------------------------------------------------------------- */

enum blame { PROBLEM, CONTEXT };
struct problem {
    const char *problem; /* how libyaml's text starts */
    const char *context; /* how its context starts; NULL: any */
    enum blame blame;    /* which of libyaml's two places is to blame */
    const char *code, *message, *label;
    const char *also; /* label of the context's place; NULL: not shown */
};

static const struct problem problems[] = {
    {"found a tab", NULL, PROBLEM, "E010", "a tab cannot indent", "use spaces", NULL},
    {"could not find expected ':'", NULL, CONTEXT, "E002", "a key without `:`",
     "write `key: value`, or `- ` before an item of a list; a text of several lines goes in quotes", NULL},
    {"mapping values are not allowed", NULL, PROBLEM, "E002", "a second `:` within one value",
     "put a text that holds `: ` in quotes; begin a map on the next line, indented", NULL},
    {"block sequence entries are not allowed", NULL, PROBLEM, "E002", "a list cannot begin here",
     "begin it on the next line, or write [a, b]", NULL},
    {"mapping keys are not allowed", NULL, PROBLEM, "E002", "`?` cannot begin a key here", "write `key: value`", NULL},
    {"did not find expected key", NULL, PROBLEM, "E002", "expected a key",
     "compare the indentation with the lines above, and look for text behind a closing quote or bracket",
     "this map is not finished"},
    {"did not find expected '-'", NULL, PROBLEM, "E002", "expected `- `",
     "compare the indentation with the lines above", "this list is not finished"},
    {"did not find expected ',' or ']'", NULL, PROBLEM, "E002", "expected `,` or `]`",
     "a comma is missing, the list is not closed, or a text needs quotes", "opened here"},
    {"did not find expected ',' or '}'", NULL, PROBLEM, "E002", "expected `,` or `}`",
     "a comma is missing, the map is not closed, or a text needs quotes", "opened here"},
    {"did not find expected node content", NULL, PROBLEM, "E002", "expected a value",
     "a value is missing, or there is a comma or bracket too many", NULL},
    {"did not find expected <document start>", NULL, PROBLEM, "E002", "the document has ended before this",
     "make it part of the map or list above by its indentation, or delete it", NULL},
    {"found unexpected end of stream", "while scanning a quoted", CONTEXT, "E002", "this quote is never closed",
     "add the closing quote", NULL},
    {"found unexpected document indicator", NULL, CONTEXT, "E002", "this quote is not closed before `---` or `...`",
     "add the closing quote", NULL},
    {"did not find expected hexdecimal number", NULL, PROBLEM, "E002", "an escape without its hex digits",
     "write \\x41, \\u00e9 or \\U0001f600; in single quotes nothing is escaped", NULL},
    {"found invalid Unicode character", NULL, PROBLEM, "E002", "an escape that stands for no character",
     "surrogates and numbers above 10ffff are none", NULL},
    {"found an indentation indicator equal to 0", NULL, PROBLEM, "E002", "an indentation of 0",
     "write 1 to 9, or nothing", NULL},
    {"did not find expected comment or line break", "while scanning a block scalar", PROBLEM, "E002",
     "text behind `|` or `>`", "begin the text on the next line, or quote the value", NULL},
    {"found undefined tag handle", NULL, PROBLEM, "E005", "a YAML tag", "delete it, or put the value in quotes", NULL},
    {"", "while scanning a tag", CONTEXT, "E005", "a YAML tag", "delete it, or put the value in quotes", NULL},
    {"", "while parsing a tag", CONTEXT, "E005", "a YAML tag", "delete it, or put the value in quotes", NULL},
    {"", "while scanning a directive", CONTEXT, "E005", "a YAML directive", "delete the line", NULL},
    {"", "while scanning a %", CONTEXT, "E005", "a YAML directive", "delete the line", NULL},
};

static bool starts_with(const char *text, const char *start)
{
    return !strncmp(text, start, strlen(start));
}

/* Bytes of a word that was not meant as an alias, an anchor or anything else of YAML. */
static size_t word_length(const char *text)
{
    size_t i = 1;

    while (text[i] && !strchr(" \t\r\n,[]{}", text[i]) && !(text[i] == ':' && strchr(" \t\r\n,[]{}", text[i + 1]))) {
        i++;
    }
    return i;
}

/* A first character that means something else to YAML: the author wants a text, and quotes make it one. */
static bool report_first_character(struct pxm_yaml_text *text, struct pxm_span place, const char *code,
                                   const char *what, struct pxm_diags *diags)
{
    const char *word = text->source->text + place.offset;
    const char name[] = {'`', *word, '`', '\0'};
    struct pxm_diag *diag;

    place.length = (uint32_t)word_length(word);
    diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, code, place, "%s %s", *word == '`' ? "a backquote" : name, what);
    if (place.length <= QUOTE_MAX && !memchr(word, '"', place.length) && !memchr(word, '\\', place.length)) {
        pxm_diag_label(diags, diag, "if a text is meant, write \"%.*s\"", (int)place.length, word);
    } else {
        pxm_diag_label(diags, diag, "if a text is meant, put quotes around it");
    }
    pxm_yaml_mend(text, place.offset, 1);
    return true;
}

static bool report_escape(struct pxm_yaml_text *text, struct pxm_span place, struct pxm_diags *diags)
{
    const char *escape = text->source->text + place.offset;
    uint32_t code;
    size_t length = 1 + pxm_utf8_next(escape + 1, text->source->length - place.offset - 1, &code);
    struct pxm_diag *diag;

    place.length = (uint32_t)length;
    diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E002", place, "unknown escape `%.*s` in double quotes", (int)length,
                        escape);
    pxm_diag_label(diags, diag, "write `\\%.*s`, or use single quotes, where nothing is escaped", (int)length, escape);
    pxm_yaml_mend(text, place.offset, 1);
    return true;
}

/* Errors whose fix depends on the character that libyaml stumbled over. */
static bool report_character(struct pxm_yaml_text *text, struct pxm_span place, struct pxm_diags *diags)
{
    struct pxm_diag *diag;

    place.length = 1;
    if (text->source->text[place.offset] == '\t') {
        diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E010", place, "a tab cannot indent");
        pxm_diag_label(diags, diag, "use spaces");
        return false;
    }
    return report_first_character(text, place, "E010", "cannot begin a value", diags);
}

static void report_known(struct pxm_yaml_text *text, const yaml_parser_t *parser, const struct problem *known,
                         struct pxm_diags *diags)
{
    struct pxm_span at = pxm_yaml_span(text, &parser->problem_mark, &parser->problem_mark);
    struct pxm_span context = pxm_yaml_span(text, &parser->context_mark, &parser->context_mark);
    bool has_context = parser->context != NULL && context.offset != at.offset;
    const char *rest = text->source->text + at.offset;
    bool at_end = rest[strspn(rest, " \t\r\n")] == '\0';
    struct pxm_diag *diag;

    at.length = context.length = 1;
    if (*rest == '!') {
        at.length = (uint32_t)word_length(rest);
    }
    if (known->blame == CONTEXT && has_context) {
        at = context;
        at.length = (uint32_t)strcspn(text->source->text + at.offset, "\r\n");
    } else if (at_end && has_context && known->also) {
        diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, known->code, context, "%s, but the file ends", known->message);
        pxm_diag_label(diags, diag, "%s", known->also);
        return;
    }
    diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, known->code, at, "%s", known->message);
    pxm_diag_label(diags, diag, "%s", known->label);
    if (known->also && has_context) {
        pxm_diag_also(diags, diag, context, "%s", known->also);
    }
}

bool pxm_yaml_report_problem(struct pxm_yaml_text *text, const yaml_parser_t *parser, struct pxm_diags *diags)
{
    const char *problem = parser->problem ? parser->problem : "unknown error";
    const char *context = parser->context ? parser->context : "";
    struct pxm_span at;

    if (parser->error == YAML_MEMORY_ERROR) {
        pxm_diags_no_memory(diags);
        return false;
    }
    if (parser->error == YAML_READER_ERROR) { /* A source holds valid text only, so this is the last resort. */
        at =
            (struct pxm_span){.source = text->source, .line = 1, .column = 1, .length = (uint32_t)text->source->length};
        at = pxm_span_part(at, (uint32_t)parser->problem_offset, 1);
        pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E001", at, "%s", problem);
        return false;
    }
    at = pxm_yaml_span(text, &parser->problem_mark, &parser->problem_mark);
    if (starts_with(problem, "found character that cannot start any token")) {
        return report_character(text, at, diags);
    }
    if (starts_with(problem, "found unknown escape character")) {
        return report_escape(text, at, diags);
    }
    if (starts_with(context, "while scanning an a")) { /* an anchor, an alias */
        at = pxm_yaml_span(text, &parser->context_mark, &parser->context_mark);
        return report_first_character(text, at, "E004", "begins a YAML anchor or alias, and there are none here",
                                      diags);
    }
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        if (starts_with(problem, problems[i].problem) &&
            (!problems[i].context || starts_with(context, problems[i].context))) {
            report_known(text, parser, &problems[i], diags);
            return false;
        }
    }
    at.length = 1;
    pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E002", at, "the YAML is broken: %s%s%s", context, *context ? ", " : "",
                 problem);
    return false;
}
