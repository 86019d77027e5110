/* Expressions and templates: a total language without loops or arithmetic; parsed, typed and wired before any event.
 *
 *   scalar = { text | "$${" | "${" expr "}" }     "$${" is a literal "${"; a scalar that is one ${...} keeps its type
 *   expr   = and {"or" and}    and = not {"and" not}    not = "not" not | cmp
 *   cmp    = alt [("=="|"!="|"<"|"<="|">"|">="|"in") alt]    alt = atom {"??" atom}
 *   atom   = string | number | true | false | null | ref | "(" expr ")" | "[" [expr {"," expr}] "]"
 *          | fn "(" expr {"," expr} ")"
 *   ref    = root { "." name | "[" (int|string) "]" }      name = [A-Za-z][A-Za-z0-9_]*
 *   root   = input | steps | vars | run | item | index | error | event | env | secret
 *   fn     = lower slug stem basename ext len join split cut min max
 *   string = "'" {char} "'" | '"' {char} '"'      with the escapes \\ \' \" and no others
 *
 * and, or, not and conditions take bools and nothing else. `==` and `!=` compare bools, numbers or strings with their
 * like, and anything with null; `<` and its kin compare numbers, or strings by their bytes; `in` looks for a scalar in
 * a list. A path into null is null, and so is an index past the end of a list; reading what may be null where null has
 * no meaning is an error (E205) that `??` mends. A condition does not narrow types: use `??` behind a `!= null` too.
 *
 *   lower(string) string      ASCII letters to lower case
 *   slug(string) string       lower case; each run of anything but a-z 0-9 becomes one "-"; none at the ends, at most
 *                             80 bytes; "x" when nothing is left, so that it can always be part of a key
 *   basename(string) string   what stands behind the last "/"; slashes at the end do not count
 *   stem(string) string       basename without its last extension; a leading dot starts no extension
 *   ext(string) string        the last extension in lower case, without the dot; "" when there is none
 *   len(string|list|record|blob) int       characters, items, entries or bytes
 *   join(list of string|int, string) string
 *   split(string, string) list of string   the parts between the separators, at most 1024; none of an empty string
 *   cut(string, int) string   as many of its first characters as take at most so many bytes
 *   min, max of 2 to 8 numbers             an int if all are ints
 *
 * Secrets are tainted: "${secret.x}" alone may be handed to a secret option, and nothing else can be done with it.
 *
 * Parsing and checking belong to one thread; what was checked is read-only and evaluated by any. */
#ifndef PXM_LANG_EXPR_H
#define PXM_LANG_EXPR_H

#include "lang/diag/diag.h"
#include "lang/expr/type.h"
#include "lang/yaml/yaml.h"
#include <pixmill/plugin.h>

enum {
    PXM_EXPR_DEPTH_MAX = 32,      /* of nested brackets, calls and `not`                                            */
    PXM_TEXT_BYTES_MAX = 64 << 10 /* of one rendered template and of one joined text; beyond it is "limit.text"     */
};

enum pxm_root {
    PXM_ROOT_INPUT,
    PXM_ROOT_STEPS,
    PXM_ROOT_VARS,
    PXM_ROOT_RUN,
    PXM_ROOT_ITEM,
    PXM_ROOT_INDEX,
    PXM_ROOT_ERROR,
    PXM_ROOT_EVENT,
    PXM_ROOT_ENV,
    PXM_ROOT_SECRET
};
const char *pxm_root_name(enum pxm_root root);

/* A part of a scalar's value. Its place in the file is computed when a diagnostic asks for it. */
struct pxm_part {
    const struct pxm_node *node; /* NULL: no place */
    size_t offset, length;       /* bytes of node->text */
};
struct pxm_span pxm_part_span(struct pxm_part part);

struct pxm_segment {  /* ".name" or "[3]" or "['name']" */
    const char *name; /* NULL: an index */
    int64_t index;
    struct pxm_part part; /* the name or index itself */
};
struct pxm_ref {
    enum pxm_root root;
    struct pxm_part part; /* all of it */
    size_t segment_count;
    struct pxm_segment *segments;
    /* Filled by the resolver, read by whoever runs it: */
    uint32_t depth;    /* frames outwards: 0 the block's own, 1 around its foreach, ... */
    uint32_t slot;     /* of a step, input, var, env or secret */
    uint32_t consumed; /* how many segments the root took; the rest walks into the value */
};
/* "steps.blur.hash" as written, up to and with so many segments: for messages. NULL: no memory. */
const char *pxm_ref_text(struct pxm_arena *arena, const struct pxm_ref *ref, size_t segment_count);

struct pxm_expr;     /* opaque; lives in the arena */
struct pxm_template; /* opaque: a literal, an expression, text with holes, or a list or record of templates */

/* Who knows what names mean. resolve() sets depth, slot and consumed and returns the type of what it took, or reports
 * why not and returns NULL. A reference may be resolved again, and the last answer counts. */
struct pxm_resolver {
    const struct pxm_type *(*resolve)(void *arg, struct pxm_ref *ref, struct pxm_diags *diags);
    void *arg;
    struct pxm_arena *arena;
};
/* Who has the values. load() gives what the resolver's `consumed` segments stand for as a new reference; NULL stands
 * for null. */
struct pxm_scope {
    pxm_value *(*load)(void *arg, const struct pxm_ref *ref);
    void *arg;
};

/* Of a bare expression (when, where, foreach without ${}). A scalar that is one whole ${...} is taken too, with a
 * warning-free shrug. NULL with diagnostics. */
struct pxm_expr *pxm_expr_parse(struct pxm_arena *arena, const struct pxm_node *scalar, struct pxm_diags *diags);
/* Types it; NULL with diagnostics. Reports a part that may be null and is used as if it could not (E205). The result
 * may itself be null or tainted, see pxm_expr_check_as. */
const struct pxm_type *pxm_expr_check(struct pxm_expr *expr, const struct pxm_resolver *resolver,
                                      struct pxm_diags *diags);
/* The same where only `want` will do: a condition (`what`: "`when`") must be a bool. Reports null (E205), secrets
 * (E209) and other kinds (E206). */
const struct pxm_type *pxm_expr_check_as(struct pxm_expr *expr, const struct pxm_resolver *resolver,
                                         const struct pxm_type *want, const char *what, struct pxm_diags *diags);
/* Whether it reads no name at all. A constant condition is worth a warning. */
bool pxm_expr_is_constant(const struct pxm_expr *expr);
/* Of what was checked. *ret: new reference, a null value for null. Never fails for lack of a value or its kind where
 * types were declared. Fails with "input.invalid" where dynamic data is of another kind than its use needs, with
 * "limit.text" and "limit.depth", and for lack of memory. */
pxm_status pxm_expr_eval(const struct pxm_expr *expr, const struct pxm_scope *scope, pxm_value **ret, pxm_error *error);
struct pxm_span pxm_expr_span(const struct pxm_expr *expr);

/* Of any node: maps and lists become records and lists of templates. A quoted or plain scalar without ${ is the string
 * it shows; literal typing (42 as int) is done by whoever knows the wanted type, see options.h. */
struct pxm_template *pxm_template_parse(struct pxm_arena *arena, const struct pxm_node *node, struct pxm_diags *diags);
/* The same where no table says a type (set, emit, output, vars): plain scalars that read as bool, int, float or null
 * are that, everything else is a string. */
struct pxm_template *pxm_template_parse_untyped(struct pxm_arena *arena, const struct pxm_node *node,
                                                struct pxm_diags *diags);
/* The same where scalars are of the kinds `bits` alone: with PXM_TYPE_STRING and PXM_TYPE_INT, a plain 42 is an int and
 * a plain 1.5 a string; with PXM_TYPE_INT alone, 1.5 is an error (E104). */
struct pxm_template *pxm_template_parse_as(struct pxm_arena *arena, const struct pxm_node *node, uint32_t bits,
                                           struct pxm_diags *diags);
/* The same of a list or map, where `bits` are the kinds of its items. */
struct pxm_template *pxm_template_parse_items(struct pxm_arena *arena, const struct pxm_node *node, uint32_t bits,
                                              struct pxm_diags *diags);
/* Takes over the reference, also on failure. NULL: no memory, or a NULL value. */
struct pxm_template *pxm_template_of_value(struct pxm_arena *arena, pxm_value *value);
/* Its value if it holds no expression, else NULL. Borrowed. */
const pxm_value *pxm_template_literal(const struct pxm_template *tpl);
/* NULL with diagnostics. Secrets inside text, lists and records are errors; a whole-value secret gives a tainted
 * type. */
const struct pxm_type *pxm_template_check(struct pxm_template *tpl, const struct pxm_resolver *resolver,
                                          struct pxm_diags *diags);
/* As pxm_expr_check_as; what is wrong inside a list or record is reported there. */
const struct pxm_type *pxm_template_check_as(struct pxm_template *tpl, const struct pxm_resolver *resolver,
                                             const struct pxm_type *want, const char *what, struct pxm_diags *diags);
/* As pxm_expr_eval. */
pxm_status pxm_template_eval(const struct pxm_template *tpl, const struct pxm_scope *scope, pxm_value **ret,
                             pxm_error *error);
/* The literal text before the first expression ("" if it starts with one): what an object key surely starts with. */
const char *pxm_template_prefix(const struct pxm_template *tpl);
/* Calls back for every reference in it, in order. */
void pxm_template_refs(const struct pxm_template *tpl, void (*each)(void *arg, const struct pxm_ref *ref), void *arg);
void pxm_expr_refs(const struct pxm_expr *expr, void (*each)(void *arg, const struct pxm_ref *ref), void *arg);
struct pxm_span pxm_template_span(const struct pxm_template *tpl);

#endif
