/* E302: an event must start one pipeline, so no two triggers of a project may match the same one. */
#include "lang/program/compile.h"

#include <string.h>

/* ---- routes ----------------------------------------------------------------------------------------------------- */

struct segment {
    const char *text;
    size_t length;
    bool hole, rest; /* {name}, {name...} */
};

/* Takes the next segment off a path; false: there is none. "/" has none. */
static bool next_segment(const char **path, struct segment *ret)
{
    if (**path != '/' || (*path)[1] == '\0') {
        return false;
    }
    ret->text = *path + 1;
    ret->length = strcspn(ret->text, "/");
    ret->hole = ret->text[0] == '{';
    ret->rest = ret->hole && ret->length > 4 && strncmp(ret->text + ret->length - 4, "...}", 4) == 0;
    *path = ret->text + ret->length;
    return true;
}

static bool paths_overlap(const char *a, const char *b)
{
    struct segment left = {0}, right = {0};

    for (;;) {
        bool more_left = next_segment(&a, &left), more_right = next_segment(&b, &right);
        if (!more_left || !more_right) {
            return more_left == more_right;
        }
        if (left.rest || right.rest) {
            return true;
        }
        bool equal = left.length == right.length && strncmp(left.text, right.text, left.length) == 0;
        if (!left.hole && !right.hole && !equal) {
            return false;
        }
    }
}

/* ---- pairs ------------------------------------------------------------------------------------------------------ */

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text), tail = strlen(suffix);

    return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

static bool suffixes_overlap(const char *const *a, const char *const *b)
{
    for (size_t i = 0; a && a[i]; i++) {
        for (size_t k = 0; b && b[k]; k++) {
            if (ends_with(a[i], b[k]) || ends_with(b[k], a[i])) {
                return true;
            }
        }
    }
    return !a || !b;
}

static const char *overlap(const struct pxm_trigger *a, const struct pxm_trigger *b)
{
    if (a->kind != b->kind) {
        return NULL;
    }
    switch (a->kind) {
    case PXM_TRIGGER_HTTP:
        return strcmp(a->method, b->method) == 0 && paths_overlap(a->path, b->path) ? "the same request" : NULL;
    case PXM_TRIGGER_OBJECT_CREATED:
        return strcmp(a->store, b->store) == 0 &&
                       (starts_with(a->prefix, b->prefix) || starts_with(b->prefix, a->prefix)) &&
                       suffixes_overlap(a->suffix, b->suffix)
                   ? "the same object"
                   : NULL;
    case PXM_TRIGGER_MESSAGE:
        return strcmp(a->queue, b->queue) == 0 ? "the same message" : NULL;
    case PXM_TRIGGER_SCHEDULE:
        return NULL;
    }
    return NULL;
}

static void compare(struct compiler *compiler, const struct draft *draft, const struct pxm_trigger *trigger,
                    const struct draft *other, const struct pxm_trigger *earlier)
{
    const char *what = overlap(trigger, earlier);

    if (!what) {
        return;
    }
    struct pxm_diag *diag =
        compile_error(compiler, "E302", trigger->span, "triggers `%s` of `%s` and `%s` of `%s` take %s", trigger->name,
                      draft->program->name, earlier->name, other->program->name, what);
    pxm_diag_label(compiler->diags, diag, "make them differ, so that one event starts one pipeline");
    pxm_diag_also(compiler->diags, diag, earlier->span, "the other one");
}

static void compare_with_earlier(struct compiler *compiler, size_t index, size_t trigger)
{
    const struct draft *draft = compiler->drafts[index];

    for (size_t i = 0; i <= index; i++) {
        const struct pxm_program *other = compiler->drafts[i]->program;
        size_t count = i == index ? trigger : other->trigger_count;
        for (size_t k = 0; k < count; k++) {
            compare(compiler, draft, &draft->program->triggers[trigger], compiler->drafts[i], &other->triggers[k]);
        }
    }
}

void check_triggers(struct compiler *compiler)
{
    for (size_t i = 0; i < compiler->draft_count; i++) {
        for (size_t k = 0; k < compiler->drafts[i]->program->trigger_count; k++) {
            compare_with_earlier(compiler, i, k);
        }
    }
}
