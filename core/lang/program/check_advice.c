/* Warnings: what is allowed, and yet is seldom what was meant. */
#include "lang/program/compile.h"

#include "base/value.h"
#include <string.h>

/* A Lambda payload is 6 MiB at most, and a body comes in base64. */
static const int64_t lambda_body_max = INT64_C(6) * 1024 * 1024 / 4 * 3;

/* ---- W303: bodies that a Lambda function never gets ------------------------------------------------------------- */

static void find_body(void *arg, const struct pxm_ref *ref)
{
    static const char *const parts[] = {"body", "json", "form", "files", "filenames"};
    bool *found = arg;

    for (size_t i = 0; ref->segment_count && ref->segments[0].name && i < sizeof parts / sizeof parts[0]; i++) {
        *found = *found || strcmp(ref->segments[0].name, parts[i]) == 0;
    }
}

static bool reads_body(const struct pxm_trigger *trigger)
{
    bool found = false;

    for (size_t i = 0; trigger->kind == PXM_TRIGGER_HTTP && i < trigger->bind_count; i++) {
        pxm_template_refs(trigger->binds[i].value, find_body, &found);
    }
    return found;
}

static bool has_lambda(const struct pxm_project *project)
{
    bool found = false;

    for (size_t i = 0; i < project->host_count; i++) {
        found = found || strcmp(project->hosts[i].name, "lambda") == 0;
    }
    return found;
}

static void check_body(struct draft *draft)
{
    const struct pxm_program *program = draft->program;
    const struct pxm_node *limits = pxm_node_get(draft->root, "limits");
    const struct pxm_node *bytes = pxm_node_get(limits, "bytes");
    bool reads = false;

    for (size_t i = 0; i < program->trigger_count; i++) {
        reads = reads || (program->triggers[i].body_max == PXM_UNSET_INT && reads_body(&program->triggers[i]));
    }
    if (!reads || !bytes || program->limits.bytes <= lambda_body_max || !has_lambda(draft->compiler->project)) {
        return;
    }
    struct pxm_diag *diag =
        compile_warning(draft->compiler, "W303", compile_key_span(limits, "bytes"),
                        "`bytes: %s` cannot arrive over HTTP on Lambda (6 MiB payload, base64: 4.5 MiB)", bytes->text);
    pxm_diag_label(draft->compiler->diags, diag, "use a presigned PUT + object_created");
}

/* ---- W323: limits that a host does not grant -------------------------------------------------------------------- */

static const struct {
    const char *key;
    size_t offset; /* in struct pxm_limit_set */
} limits[] = {
    {"bytes", offsetof(struct pxm_limit_set, bytes)},
    {"pixels", offsetof(struct pxm_limit_set, pixels)},
    {"side", offsetof(struct pxm_limit_set, side)},
    {"frames", offsetof(struct pxm_limit_set, frames)},
    {"memory", offsetof(struct pxm_limit_set, memory)},
    {"scans", offsetof(struct pxm_limit_set, scans)},
    {"output_side", offsetof(struct pxm_limit_set, output_side)},
    {"time", offsetof(struct pxm_limit_set, time_ms)},
};

static int64_t limit_at(const struct pxm_limit_set *set, size_t offset)
{
    int64_t value;

    memcpy(&value, (const char *)set + offset, sizeof value);
    return value;
}

static void check_limits(struct draft *draft, const struct pxm_host_entry *host)
{
    const struct pxm_node *map = pxm_node_get(draft->root, "limits");

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        int64_t wanted = limit_at(&draft->program->limits, limits[i].offset);
        int64_t granted = limit_at(&host->limits, limits[i].offset);
        const struct pxm_node *node = pxm_node_get(map, limits[i].key);
        if (wanted == PXM_UNSET_INT || granted == PXM_UNSET_INT || wanted <= granted || !node) {
            continue;
        }
        struct pxm_diag *diag =
            compile_warning(draft->compiler, "W323", node->span, "`%s: %s` is more than host `%s` allows",
                            limits[i].key, node->text, host->name);
        pxm_diag_label(draft->compiler->diags, diag, "the lesser one counts");
    }
}

/* ---- W322: runs that leave more behind each time they are repeated ---------------------------------------------- */

/* `run` differs in each run, but its pipeline does not. */
static void find_run(void *arg, const struct pxm_ref *ref)
{
    const struct pxm_ref **found = arg;
    bool constant = ref->segment_count && ref->segments[0].name && strcmp(ref->segments[0].name, "pipeline") == 0;

    if (ref->root == PXM_ROOT_RUN && !constant) {
        *found = ref;
    }
}

/* Events of these kinds may come twice. */
static const struct pxm_trigger *repeating_trigger(const struct pxm_program *program)
{
    const struct pxm_trigger *found = NULL;

    for (size_t i = 0; !found && i < program->trigger_count; i++) {
        enum pxm_trigger_kind kind = program->triggers[i].kind;
        found = kind == PXM_TRIGGER_OBJECT_CREATED || kind == PXM_TRIGGER_MESSAGE ? &program->triggers[i] : NULL;
    }
    return found;
}

static void check_repeats(struct draft *draft, const struct step_note *note)
{
    const struct pxm_step *step = note->step;
    enum pxm_core_op op = step->operation && !note->on_failure ? step->operation->core : PXM_CORE_NONE;
    const struct pxm_binding *key = op == PXM_CORE_PUT || op == PXM_CORE_RECORD ? compile_binding(step, "key") : NULL;
    const struct pxm_trigger *trigger = repeating_trigger(draft->program);
    const struct pxm_ref *run = NULL;

    if (key && key->value && trigger) {
        pxm_template_refs(key->value, find_run, &run);
    }
    if (run) {
        struct pxm_diag *diag =
            compile_warning(draft->compiler, "W322", pxm_part_span(run->part),
                            "events of trigger `%s` may come twice, and each run writes another `%s`", trigger->name,
                            op == PXM_CORE_PUT ? "object" : "item");
        pxm_diag_label(draft->compiler->diags, diag, "make the key of what is stored, such as its sha256");
    }
}

/* ---- W321: tries that cannot help ------------------------------------------------------------------------------- */

static void check_retry(struct draft *draft, const struct step_note *note)
{
    const struct pxm_step *step = note->step;

    if (step->operation && step->operation->core == PXM_CORE_FAIL && step->retry.times > 0) {
        struct pxm_diag *diag = compile_warning(draft->compiler, "W321", compile_key_span(note->node, "retry"),
                                                "`fail` fails the same way each time");
        pxm_diag_label(draft->compiler->diags, diag, "delete `retry`");
    }
}

void check_advice(struct draft *draft)
{
    const struct pxm_project *project = draft->compiler->project;

    check_body(draft);
    for (size_t i = 0; i < project->host_count; i++) {
        check_limits(draft, &project->hosts[i]);
    }
    for (size_t i = 0; i < draft->note_count; i++) {
        check_repeats(draft, &draft->notes[i]);
        check_retry(draft, &draft->notes[i]);
    }
}
