/* What each code means, at length, for `pixmill explain` and for the rules of SARIF. One table, in the order of
 * the codes; each code in use has an entry, which a test checks. Constant; read from any thread. */
#include "lang/diag/diag.h"
#include <string.h>

struct explanation {
    const char *code, *title, *text;
};

static const struct explanation table[] = {
    /* ---- the YAML itself ---- */
    {"E001", "the file cannot be read as text",
     "The file does not exist, may not be read, is no regular file, is larger than 1 MiB, or\n"
     "is not UTF-8 throughout. Control characters and the invisible line breaks U+0085, U+2028\n"
     "and U+2029 are refused too, because editors and YAML readers disagree on what they do.\n"
     "Save the file as UTF-8; in double quotes such characters can be written as \\x85 or\n"
     "\\u2028.\n"},
    {"E002", "the YAML is broken",
     "The file does not follow the syntax of YAML. The caret stands where reading had to stop;\n"
     "where a bracket, a quote, a list or a map was opened earlier, that place is shown as\n"
     "well, for the mistake is often there. Usual causes:\n"
     "\n"
     "    key: a: b        a value that holds `: ` needs quotes: \"a: b\"\n"
     "    key: \"a\" b       text behind a closing quote\n"
     "    key: [a, b       a bracket that is never closed\n"
     "    key: \"\\d\"        in double quotes `\\` begins an escape; use single quotes\n"
     "\n"
     "Entries of one map stand in the same column, deeper than the key that they belong to.\n"},
    {"E003", "a key twice in one map",
     "YAML readers disagree on which of two equal keys wins, so neither is taken. Delete one.\n"
     "A value that depends on the environment goes into the profiles of pixmill.yaml.\n"},
    {"E004", "an anchor, an alias or a merge key",
     "`&name`, `*name` and `<<:` make one value appear in several places, so that no error\n"
     "could name one place, and a small file could grow without bound. A value that is used\n"
     "twice goes into `vars:` and is read as ${vars.name}. A text that begins with `*` or `&`\n"
     "needs quotes:\n"
     "\n"
     "    suffix: \"*.jpg\"\n"},
    {"E005", "a tag or a directive",
     "`!name` is a YAML tag. Types come from the option that a value is for, so tags have\n"
     "nothing to say; a quoted value is always a string. In a condition, write `not`:\n"
     "\n"
     "    when: not error.transient     instead of   when: !error.transient\n"
     "\n"
     "Lines that begin with `%` before the document are directives; they are not needed.\n"},
    {"E006", "a template without quotes inside braces or brackets",
     "Inside `{ }` and `[ ]` YAML takes the `{` of `${` for the start of a map. Put the value\n"
     "in quotes; a value that is one whole template keeps the type of what it stands for:\n"
     "\n"
     "    {width: \"${item}\"}             instead of   {width: ${item}}\n"
     "\n"
     "On a line of its own, `width: ${item}` needs no quotes.\n"},
    {"E007", "a key or a value is missing",
     "A key without a value is null in YAML, and most often a mistake:\n"
     "\n"
     "    background: #fff              `#` behind a blank begins a comment; write \"#fff\"\n"
     "    steps:                        what belongs below it is not there\n"
     "\n"
     "Write the value, or delete the key. \"\" is an empty text, {} an empty map, [] an empty\n"
     "list.\n"},
    {"E008", "too deep or too many values",
     "A file holds at most 32 levels of maps and lists, and at most 100000 values. Split it.\n"},
    {"E009", "a second document",
     "`---` begins a second YAML document, and much software reads only the first. One file\n"
     "holds one pipeline, one project or one set of tests; put the rest into files of their\n"
     "own.\n"},
    {"E010", "a character that cannot stand here",
     "Tabs do not indent in YAML: use spaces. A value cannot begin with `@`, `%` or a\n"
     "backquote: put it in quotes. No value can hold the character NUL.\n"},
    {"E011", "a key that is no word",
     "YAML allows lists and maps as keys; nothing here has such keys. Usually a template or a\n"
     "text lacks its quotes.\n"},

    /* ---- keys, options and literal values ---- */
    {"E102", "an unknown option",
     "The operation, driver or trigger has no option of that name. The message lists those\n"
     "that there are, with the nearest one; `pixmill plugins describe NAME` says what each\n"
     "does. Unknown options are never passed over, because a mistyped one would silently keep\n"
     "its default.\n"},
    {"E103", "a required option is missing",
     "The option has no default, so it must be given. `pixmill plugins describe NAME` marks\n"
     "such options with `*`.\n"},
    {"E104", "a value of the wrong type",
     "The option says which type it takes, and how a value looks does not matter: NO, 1.10 and\n"
     "22:22 are texts. Literals are written as\n"
     "\n"
     "    bool         true, false\n"
     "    int          42, -7: decimal, without leading zero\n"
     "    float        0.5, 1e-3\n"
     "    size         500KB, 25MiB: a unit that says 1000 or 1024\n"
     "    pixels       640P, 500KP, 80MP\n"
     "    duration     200ms, 15s, 1h30m\n"
     "    color        \"#rgb\", \"#rrggbb\", \"#rrggbbaa\", in quotes\n"
     "\n"
     "A value in quotes is a string. A template has the type of what it stands for.\n"},
    {"E105", "a value out of range",
     "The number, or the length of the text or list, is not within what the option allows. The\n"
     "message names both ends of the range.\n"},
    {"E106", "a template where only a literal may stand",
     "The option is fixed when the pipeline is loaded, so that nobody who sends a request can\n"
     "change it. Options that may differ from run to run are named in the message; `pixmill\n"
     "plugins describe NAME` marks them as dynamic.\n"},
    {"E107", "an option under two names",
     "The option was renamed. Its former name is still taken, but not beside the new one:\n"
     "delete the former.\n"},
    {"E108", "a secret must come from `secrets`",
     "The option takes a secret, which never stands in a file of the project. Declare it in\n"
     "the profiles, and name it alone:\n"
     "\n"
     "    secrets: {upload_key: {env: UPLOAD_KEY}}\n"
     "    auth: {hmac: \"${secret.upload_key}\"}\n"},
    {"E110", "not one of the values",
     "There is a fixed set of words for this place, and the message names the nearest. For\n"
     "options, `pixmill plugins describe NAME` lists all of them with their meaning.\n"},
    {"E120", "an unknown key",
     "Files, steps, triggers and inputs have fixed keys, and this is none of them. Unknown\n"
     "keys are never passed over, because a mistyped one would silently do nothing. Look for a\n"
     "typo, and at the indentation: the key may belong one level further in or out.\n"},
    {"E121", "a map, a list or a text in place of another",
     "The place wants one of these, and another is written there:\n"
     "\n"
     "    map          {key: value}, or `key: value` on indented lines\n"
     "    list         [a, b], or lines that begin with `- `\n"
     "    text         anything else\n"},
    {"E122", "a part is missing",
     "A file says `version: 1`; a list of steps has at least one step; a `fallback` and the\n"
     "`on_error` that leads to it need each other; a project has profiles. Add what the\n"
     "message names.\n"},
    {"E123", "a name, pattern, path or default that cannot be",
     "Names begin with a letter and go on with letters, digits and `_`; no hyphens, as those\n"
     "read as minus in expressions. Patterns are short and without nesting that could take for\n"
     "ever. A path begins with `/`, and its {holes} have different names. A default is a\n"
     "literal that its own input would accept. No auth resource is called token, signed or\n"
     "operator, as every host has those. A host listens on ADDRESS:PORT.\n"},
    {"E124", "nothing to do",
     "A step has exactly one operation (or `foreach`, `parallel` or `call`), a trigger one\n"
     "kind of event, a resource one driver, a secret one source. Here there is none. Look for\n"
     "a typo in its name, and at the indentation below it.\n"},
    {"E125", "several things to do in one place",
     "A step has exactly one operation, a trigger one kind of event, a resource one driver, a\n"
     "secret one source. Make the second one a step, trigger or resource of its own.\n"},
    {"E126", "an id twice in one file",
     "Ids are unique in a file, those of inner blocks and fallbacks included, so that each\n"
     "name in an expression means one step. Rename one.\n"},
    {"E127", "more than is allowed",
     "Pipelines, steps, triggers and nested blocks are bounded, so that no project can exhaust\n"
     "the engine that loads it. The message names the limit. Move steps into a pipeline of\n"
     "their own and `call` it.\n"},
    {"E128", "a key that does not belong here",
     "The key exists, but not for this kind of step or input: `undo` is for `put` and\n"
     "`record`, `where` and `emit` are for `foreach`, `pattern` is for strings. Delete it, or\n"
     "move it to the step that it is meant for.\n"},
    {"E129", "options that do not go together",
     "Each option is right by itself, but not together with the others. Where a plugin refuses\n"
     "them, the message is its own.\n"},

    /* ---- references, types and wiring ---- */
    {"E201", "an expression that cannot be read",
     "Expressions have names, literals, comparisons (==  !=  <  <=  >  >=  in), and, or, not,\n"
     "??, lists and a few functions; there is no arithmetic, no && and no `!`. Strings stand\n"
     "in single or double quotes:\n"
     "\n"
     "    when: input.w <= 320 and steps.image.frames == 1\n"},
    {"E202", "an unknown name or function",
     "Names begin with one of input, steps, vars, run, item, index, error, event, env and\n"
     "secret. Functions are lower, slug, stem, basename, ext, len, join, split, cut, min and\n"
     "max. A text needs quotes: `format == 'webp'`.\n"},
    {"E203", "a step that cannot be seen from here",
     "A step sees those above it, since steps run in the order of the file. Steps inside a\n"
     "`foreach` run any number of times, and those of a `parallel` at the same time as their\n"
     "siblings, so neither has one result to read from elsewhere. Name what shall be seen\n"
     "outside of a `foreach` with `emit:`, then read the list `steps.ID.items`.\n"},
    {"E204", "an unknown field",
     "The value has no such field, or is of a type that has none. `pixmill plugins describe\n"
     "NAME` lists the fields of an operation's result. The number of items is len(list).\n"},
    {"E205", "a value that may be null",
     "The value may be missing: its step can be skipped by `when` or `on_error`, or the field\n"
     "is not always there. Say what shall stand in for it:\n"
     "\n"
     "    blurhash: \"${steps.blur.hash ?? ''}\"\n"
     "\n"
     "A whole step that may be null cannot be read by another; give it a `fallback`.\n"},
    {"E206", "types that do not fit",
     "The place takes another type than the expression has, or two values of different types\n"
     "are compared. Nothing is converted on the way: a number becomes a text inside a longer\n"
     "text only, as in \"${item}px\".\n"},
    {"E207", "a function with the wrong arguments",
     "The function takes another number of arguments. The label shows how it is called.\n"},
    {"E208", "a template in a key",
     "Keys are fixed, so that everything that a pipeline may touch can be checked beforehand.\n"
     "Templates stand in values only.\n"},
    {"E209", "a secret that would get out",
     "A secret goes into an option that takes one, as \"${secret.NAME}\" alone, and nowhere\n"
     "else: not into a text, a comparison, a log, an object key or an output.\n"},
    {"E210", "a step gets the wrong kind of input",
     "Without `in:` a step takes the result of the step directly above it in the same block.\n"
     "Its type must be one that the operation takes. Name another step with `in: ID`, or put a\n"
     "step between them: `decode` makes an image of a blob, `encode` a blob of an image.\n"},
    {"E211", "a step, input or variable that is not there",
     "Nothing of that name is declared in this file, or in the pipeline that is called. The\n"
     "label names the nearest one.\n"},
    {"E212", "a name that cannot be read here",
     "What a name stands for must be known where it is read: `event` in the `bind` of a\n"
     "trigger, `item` and `index` inside a `foreach`, `error` in `on_failure`, `env` in `vars`\n"
     "and pixmill.yaml, `secret` in options that take one. So a pipeline does the same on\n"
     "every host, and its inputs say all that it reads.\n"},
    {"E213", "an input without a value",
     "The input has no default, and the trigger's `bind` or the `call` gives it nothing. Give\n"
     "it a value there, or a `default:` where it is declared.\n"},
    {"E214", "`in` names what the operation cannot take",
     "The step or input that `in:` names is of a type that the operation does not take, or has\n"
     "fields only. Name the step that made the image or blob, or put `decode` or `encode`\n"
     "between them.\n"},
    {"E215", "a fallback of another type",
     "A `fallback` stands in for its step, and later steps must not notice. It has to give the\n"
     "same type.\n"},
    {"E216", "an argument of the wrong type",
     "The value that `bind` or `call` gives is not of the type that the input declares.\n"},

    /* ---- what a pipeline would do ---- */
    {"E301", "pipelines that trigger themselves",
     "A pipeline writes an object or a message that starts it again, directly or through\n"
     "others, so each run would start the next, for ever. Write to another store, prefix or\n"
     "queue, or narrow the trigger with `prefix:` or `suffix:`.\n"},
    {"E302", "two triggers for one event",
     "The same request, object or message would start two pipelines, and which of them is not\n"
     "defined. Give them methods, paths, prefixes or queues that do not overlap.\n"},
    {"E303", "pipelines that call each other without end",
     "`call` must come to an end: no pipeline calls itself, directly or through others, and\n"
     "the chain of calls is short. The message shows the way round.\n"},
    {"E304", "an object key that the caller chooses",
     "The key consists of nothing but data of the event, so that a caller could read or write\n"
     "any object of the store. Begin it with a literal prefix, or confine it:\n"
     "\n"
     "    get: {store: originals, key: \"${input.key}\", under: originals/}\n"},

    /* ---- plugins ---- */
    {"E401", "a plugin cannot be loaded",
     "The plugin is in no plugin folder, or was refused: built for another version of the\n"
     "plugin interface, a library that it needs is missing, or its description is unsound.\n"
     "`pixmill plugins list` shows where was looked, and why each one was refused.\n"},
    {"E402", "an operation or driver that is not there",
     "No loaded plugin offers it. Look for a typo; operations of third parties are written\n"
     "with the vendor's name, as in acme.facecrop, and their plugin is named under `plugins:\n"
     "{require: {...}}` in pixmill.yaml.\n"},

    /* ---- project and resources ---- */
    {"E500", "no project",
     "A project is a folder with a pixmill.yaml in it, and its pipelines in the folder\n"
     "pipelines/. It is looked for in the current folder and those around it.\n"},
    {"E501", "a profile lacks a resource",
     "A profile supplies whole resources by name, and each profile must have all that the\n"
     "pipelines use; nothing is taken from another profile. Declare it there, or run this\n"
     "pipeline on other profiles only.\n"},
    {"E502", "a resource that cannot do what is asked of it",
     "The driver lacks the operation: a store without presigned links, a table without\n"
     "queries. Use another driver for this profile; `pixmill plugins describe NAME` lists what\n"
     "each can do.\n"},
    {"E503", "a resource, profile or pipeline that is not there",
     "Stores, tables and queues are declared in the profiles of pixmill.yaml, and a pipeline\n"
     "is named as its file; functions are those of the host, or names of pipelines. The label\n"
     "names the nearest one.\n"},
    {"E504", "an environment variable that is not declared for the profile",
     "All that a project reads from the environment is declared under `env:`, with its type\n"
     "and the profiles that have it. Add the profile there, or read the variable only where it\n"
     "is.\n"},
    {"E506", "a resource cannot be opened",
     "The driver could not open the store, table or queue with its options; the message is the\n"
     "driver's own. Check folder, name and permissions.\n"},
    {"E507", "options that are refused when the project is loaded",
     "With the environment and the secrets of this profile filled in, an option, variable or\n"
     "pattern is no longer valid. The message names it and says why.\n"},
    {"E508", "a profile that is not there",
     "The profile that was asked for (`--profile`, PIXMILL_PROFILE or the entry of the host)\n"
     "is not among `profiles:` of pixmill.yaml.\n"},
    {"E509", "an environment variable is not set or has the wrong type",
     "The profile needs the variable. Set it where the program is started, or give it a\n"
     "`default:` under `env:`.\n"},
    {"E510", "a secret is missing",
     "The source that `secrets:` names has no value, or cannot be read. Secrets are read once,\n"
     "when the project is loaded.\n"},

    /* ---- tests ---- */
    {"E601", "a matcher that is not there",
     "In a test a map stands for what must hold of a value, so its keys are matchers:\n"
     "\n"
     "    {record: {w: 320}}    {equals: ...}    {len: 3}    {matches: \"^[0-9]+$\"}\n"
     "    {near: 480, by: 1}    {any: true}      {absent: true}\n"
     "    {one_of: [a, b]}      {contains: x}    {image: {width: 320}}\n"
     "\n"
     "A misspelt one would expect nothing and always pass, so it is an error. The fields of a\n"
     "record stand inside {record: ...}.\n"},
    {"E602", "a test that belongs to no pipeline",
     "NAME.test.yaml tests the pipeline NAME.yaml beside it. Rename the file, or write the tests\n"
     "into the pipeline itself, under `tests:`.\n"},
    {"E603", "a file that a test gives is not there",
     "`file:` names a regular file; a relative path starts at the folder of the test file. A\n"
     "picture need not be a file: {generate: {width: 300, height: 200, seed: 7}} makes one.\n"},
    {"E604", "a trigger that is not there",
     "The event of a test goes through the `bind` of one of the pipeline's triggers, which\n"
     "`trigger:` names. A pipeline without triggers is started by `input:`.\n"},

    /* ---- warnings ---- */
    {"W303", "a limit that the host cannot reach",
     "A request body on Lambda has at most 6 MiB and arrives as base64, which leaves 4.5 MiB.\n"
     "Larger files go by a presigned upload and an `object_created` trigger.\n"},
    {"W310", "a former name", "The option was renamed. Its former name still works; write the new one.\n"},
    {"W311", "a default that is never used",
     "The value on the left of `??`, or compared with null, cannot be null, so the rest has no\n"
     "effect. Either it is not needed, or another value was meant.\n"},
    {"W312", "braces that are plain text",
     "`{{ }}` is the template of other tools. Here templates are written ${...}; without the\n"
     "`$` the text is taken as it stands.\n"},
    {"W313", "a deprecated option",
     "The option still works and will go in a later version. Its description says what to use\n"
     "instead.\n"},
    {"W314", "an error code that never occurs",
     "The operation does not list this code among those that it fails with, so this entry of\n"
     "`on_error` has no effect. Look for a typo; `pixmill plugins describe NAME` lists the\n"
     "codes.\n"},
    {"W320", "a condition that is always the same",
     "The condition reads no name, so it is true or false in every run. Delete it, or the\n"
     "step.\n"},
    {"W321", "a retry that cannot help", "Only transient errors are ever retried, and this operation has none.\n"},
    {"W322", "a step that may take effect twice",
     "Events are delivered at least once. A key that differs from run to run makes each\n"
     "delivery write another object or item. Make the key from the content or the input, as in\n"
     "${steps.image.sha256}, or set `if_absent`.\n"},
    {"W323", "a limit beyond the host's",
     "Of the limits of host, pipeline and step the least one counts, so the larger one has no\n"
     "effect.\n"},
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
