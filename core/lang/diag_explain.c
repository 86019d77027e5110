/* What each code means, at length, for `pixmill explain` and for the rules of SARIF. One table, in the order of the codes;
 * each code in use has an entry, which a test checks. Constant; read from any thread. */
#include "lang/diag.h"
#include <string.h>

struct explanation {
    const char *code, *title, *text;
};

static const struct explanation table[] = {
    /* ---- the YAML itself ---- */
    {"E001", "the file cannot be read as text",
     "The file does not exist, is not readable, is no regular file, is larger than 1 MiB, or is not UTF-8 throughout. "
     "Control\n"
     "characters and the invisible line breaks U+0085, U+2028 and U+2029 are refused too, because editors and YAML "
     "readers\n"
     "disagree on what they do. Save the file as UTF-8; in double quotes such characters can be written as \\x85 or "
     "\\u2028.\n"},
    {"E002", "the YAML is broken",
     "The file does not follow the syntax of YAML. The caret stands where reading had to stop; where a bracket, a "
     "quote, a list\n"
     "or a map was opened earlier, that place is shown as well, for the mistake is often there. Usual causes:\n"
     "\n"
     "    key: a: b            a value that holds `: ` needs quotes:  key: \"a: b\"\n"
     "    key: \"a\" b           text behind a closing quote\n"
     "    key: [a, b           a bracket that is never closed\n"
     "    key: \"\\d\"            in double quotes `\\` begins an escape; use single quotes\n"
     "\n"
     "Entries of one map stand in the same column, deeper than the key that they belong to.\n"},
    {"E003", "a key twice in one map",
     "YAML readers disagree on which of two equal keys wins, so neither is taken. Delete one. Where a value shall "
     "depend on\n"
     "the environment, use profiles in pixmill.yaml.\n"},
    {"E004", "anchors, aliases and merge keys",
     "`&name`, `*name` and `<<:` make a value appear in several places, so that no error could name one place, and a "
     "small\n"
     "file could grow without bound. A value that is used twice goes into `vars:` and is read as ${vars.name}. A text "
     "that\n"
     "begins with `*` or `&` needs quotes:\n"
     "\n"
     "    suffix: \"*.jpg\"\n"},
    {"E005", "tags and directives",
     "`!name` is a YAML tag. Types come from the option that a value is for, so tags have nothing to say; a quoted "
     "value is\n"
     "always a string. In a condition, write `not`:\n"
     "\n"
     "    when: not error.transient        instead of   when: !error.transient\n"
     "\n"
     "Lines that begin with `%` before the document are directives; they are not needed.\n"},
    {"E006", "a template without quotes inside braces or brackets",
     "Inside `{ }` and `[ ]` YAML takes the `{` of `${` for the start of a map. Put the value in quotes; a value that "
     "is one\n"
     "whole template keeps the type of what it stands for:\n"
     "\n"
     "    {width: \"${item}\"}                instead of   {width: ${item}}\n"
     "\n"
     "On a line of its own, `width: ${item}` needs no quotes.\n"},
    {"E007", "a key or a value is missing",
     "A key without a value is null in YAML, and most often a mistake:\n"
     "\n"
     "    background: #fff                  `#` behind a blank begins a comment; write \"#fff\"\n"
     "    steps:                            the list below is not there, or a comment\n"
     "\n"
     "Write the value, or delete the key. \"\" is an empty text, {} an empty map, [] an empty list.\n"},
    {"E008", "too deep or too many values",
     "A file holds at most 32 levels of maps and lists, and at most 100000 values. Split it.\n"},
    {"E009", "a second document",
     "`---` begins a second YAML document, and much software reads only the first. One file holds one pipeline, one "
     "project or\n"
     "one set of tests; put the rest into files of their own.\n"},
    {"E010", "a character that cannot stand here",
     "Tabs do not indent in YAML: use spaces. A value cannot begin with `@`, `%` or a backquote: put it in quotes. No "
     "value can\n"
     "hold the character NUL.\n"},
    {"E011", "a key that is no word",
     "YAML allows lists and maps as keys; nothing here has such keys. Usually a template or a text lacks its "
     "quotes.\n"},

    /* ---- keys, options and literal values ---- */
    {"E102", "an unknown option or key",
     "The operation, resource or file has no option of that name. The message lists what there is and the nearest "
     "name;\n"
     "`pixmill plugins describe NAME` says what each option does. Unknown keys are never passed over, because a "
     "mistyped\n"
     "option would silently keep its default.\n"},
    {"E103", "a required option is missing",
     "The operation or resource cannot do its work without the option, and there is no value that would suit\n"
     "everyone. `pixmill plugins describe NAME` says what it is for.\n"},
    {"E104", "a value of the wrong type",
     "The type of a value comes from its option, never from how the value looks:\n"
     "\n"
     "    true, false          bool; yes, no, on and off are plain words\n"
     "    42                   int: decimal digits, no leading zero\n"
     "    1.5                  float\n"
     "    25MiB, 500KB         size: a whole number and a unit (B KB MB GB TB, KiB MiB GiB TiB)\n"
     "    80MP, 500KP          number of pixels\n"
     "    200ms, 15s, 1h30m    duration\n"
     "    \"42\"                 a string, because of the quotes\n"
     "\n"
     "Where text is wanted, 1.10 and NO are that text. Colors are written \"#rgb\", \"#rrggbb\" or \"#rrggbbaa\", in\n"
     "quotes, as # would begin a comment. Images and blobs come from a step: \"${steps.ID}\".\n"},
    {"E105", "a value out of range",
     "The number is smaller or larger than the option allows, or the text, list or map is too short or too\n"
     "long. `pixmill plugins describe NAME` shows all ranges.\n"},
    {"E106", "a template in an option that is fixed",
     "Only options that are marked as dynamic may hold \"${...}\" in a pipeline: they are the line between those\n"
     "who wrote the pipeline and those who send data to it. All others have one value for all runs. In\n"
     "pixmill.yaml every option may hold \"${env.NAME}\", which is read when the program starts.\n"},
    {"E107", "an option under its old and its new name",
     "The option was renamed, and the former name is still taken. Both at once would be two values for one\n"
     "option; delete the former one.\n"},
    {"E108", "a secret that stands in the file",
     "The option takes a secret, which is never written down in a project. Say in pixmill.yaml where the\n"
     "profile finds it, and use its name:\n"
     "\n"
     "    secrets: {upload_key: {env: UPLOAD_KEY}}\n"
     "    ...\n"
     "    key: \"${secret.upload_key}\"\n"},
    {"E110", "not one of the values",
     "The option takes one of a fixed set of words. `pixmill plugins describe NAME` lists them with their meaning.\n"},

    /* ---- references, types and wiring ---- */
    {"E201", "an expression that cannot be read",
     "The expression between ${ and }, or behind `when` or `where`, does not follow the grammar. It has names,\n"
     "literals, lists, calls and these operators, weakest first:\n"
     "\n"
     "    or    and    not    == != < <= > >= in    ??\n"
     "\n"
     "There is no arithmetic, no `a ? b : c`, no regular expression, and no !, && or ||: write not, and, or.\n"
     "Strings stand in single or double quotes. Names are letters, digits and `_`; other keys are read with\n"
     "brackets: event.headers['x-request-id']. A literal ${ is written $${.\n"},
    {"E202", "an unknown name or function",
     "A reference starts with one of input, steps, vars, run, item, index, error, event, env and secret. Any\n"
     "other word is a text that lacks its quotes ('jpeg'), or a function that does not exist. The functions\n"
     "are lower, slug, stem, basename, ext, len, join, min and max.\n"},
    {"E203", "a step that cannot be seen from here",
     "Steps inside a `foreach` run any number of times, those in a branch of `parallel` at the same time as their "
     "siblings, so\n"
     "they have no one result outside. Name what shall be seen outside with `emit:`, then read the list "
     "`steps.ID.items`.\n"
     "References point backwards only: a step sees those above it.\n"},
    {"E204", "a field that is not there",
     "The value has no field of that name, or is of a kind that has no fields or items at all. Fields are read\n"
     "with `.name` or ['name'], items of a list with [0]; how many there are says len(x).\n"},
    {"E205", "a value that may be null",
     "The value may be missing: the step can be skipped by its `when` or its `on_error: skip`, or the field is not "
     "always\n"
     "there. Say what shall stand in for it:\n"
     "\n"
     "    blurhash: \"${steps.blur.hash ?? ''}\"\n"},
    {"E206", "a value of a kind that cannot stand here",
     "Every value has a known type before anything runs. `and`, `or`, `not`, `when` and `where` take bools;\n"
     "`<` and its kin take numbers, or strings; `==` compares bools, numbers or strings with their like, and\n"
     "anything with null; `in` looks for a scalar in a list. Text takes strings, numbers and bools: join(list,\n"
     "', ') makes text of a list. A template that is the whole value keeps its type, so it must be the one\n"
     "that the option takes.\n"},
    {"E207", "a call with the wrong number of arguments",
     "    lower(string)  slug(string)  stem(string)  basename(string)  ext(string)\n"
     "    len(string, list, record or blob)\n"
     "    join(list of strings or ints, string)\n"
     "    min(number, number, ...)  max(number, number, ...)      2 to 8 numbers\n"},
    {"E208", "a template in a key",
     "Templates stand in values only, so that the shape of every map is known before anything runs.\n"},
    {"E209", "a secret that would get out",
     "A secret may be handed to an option that takes one, alone: \"${secret.name}\". It cannot stand in text, in\n"
     "a list or map, in a comparison or a call, nor in any other option, because from there it could reach a\n"
     "log, a key or an answer.\n"},
    {"E210", "a step gets the wrong kind of input",
     "Without `in:` a step takes the result of the step directly above it in the same block. Its kind (image, blob, "
     "...) must\n"
     "be one that the operation takes. Name another step with `in: ID`, or put a step between them: `decode` makes an "
     "image of\n"
     "a blob, `encode` a blob of an image.\n"},

    /* ---- what a pipeline would do ---- */
    {"E301", "a pipeline that triggers itself",
     "The pipeline writes an object under the very store and prefix whose new objects start it, so each run would "
     "start the\n"
     "next, for ever. Write to another store or prefix, or narrow the trigger with `prefix:` or `suffix:`.\n"},
    {"E302", "two triggers for one event",
     "The same request, object or message would start two pipelines, and which of them is not defined. Give them "
     "routes,\n"
     "prefixes or queues that do not overlap.\n"},
    {"E304", "an object key that the caller chooses",
     "The key consists of nothing but data of the event, so a caller could read or write any object of the store. "
     "Begin it\n"
     "with a literal prefix, or confine it:\n"
     "\n"
     "    get: {store: originals, key: \"${input.key}\", under: originals/}\n"},

    /* ---- plugins ---- */
    {"E401", "a plugin cannot be loaded",
     "The plugin is not in any plugin folder, or was refused: built for another interface version, a library that it "
     "needs is\n"
     "missing, or its description is unsound. `pixmill plugins list` shows where was looked and why each one was "
     "refused.\n"},

    /* ---- warnings ---- */
    {"W303", "a limit that the host cannot reach",
     "The limit is larger than what the host can deliver at all. A request body on Lambda has at most 6 MiB and "
     "arrives as\n"
     "base64, which leaves 4.5 MiB; take larger files by a presigned upload and an `object_created` trigger.\n"},
    {"W310", "an option under its old name",
     "The option was renamed. The former name is still taken, and will not be for ever.\n"},
    {"W311", "a value that is never null",
     "A comparison with null whose answer is known, or a default that is never used. The author may have meant\n"
     "another value.\n"},
    {"W312", "braces of another template language",
     "`{{ name }}` has no meaning here and stays in the text as it is. Templates are written ${name}.\n"},
    {"W313", "an option that should no longer be used", "The option still works. Its help says what to use instead.\n"},
};

enum { CODES = sizeof table / sizeof *table };

static const struct explanation *find(const char *code)
{
    for (size_t i = 0; i < CODES; i++) {
        if (!strcmp(table[i].code, code)) {
            return &table[i];
        }
    }
    return NULL;
}

const char *pxm_diag_explain(const char *code)
{
    const struct explanation *explanation = find(code);

    return explanation ? explanation->text : NULL;
}

const char *pxm_diag_title(const char *code)
{
    const struct explanation *explanation = find(code);

    return explanation ? explanation->title : NULL;
}

const char *pxm_diag_code_at(size_t index)
{
    return index < CODES ? table[index].code : NULL;
}
