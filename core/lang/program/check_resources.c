/* What pipelines need of the project: every resource in every profile (E501), a driver that can do what is asked of it
 * (E502), and names that exist at all (E503). */
#include "lang/program/compile.h"

#include <string.h>

static const char *const kind_names[] = {[USE_STORE] = "store",
                                         [USE_TABLE] = "table",
                                         [USE_QUEUE] = "queue",
                                         [USE_AUTH] = "auth resource",
                                         [USE_SECRET] = "secret"};

/* ---- what a driver can do --------------------------------------------------------------------------------------- */

#define VERB(kind_, verb_, ops_, member_)                                                                              \
    {                                                                                                                  \
        kind_, verb_, offsetof(struct ops_, member_)                                                                   \
    }

static const struct {
    enum use_kind kind;
    const char *verb;
    size_t offset; /* of the function in the driver's table */
} verbs[] = {
    VERB(USE_STORE, "put", pxm_storage_ops, put),        VERB(USE_STORE, "get", pxm_storage_ops, get),
    VERB(USE_STORE, "head", pxm_storage_ops, head),      VERB(USE_STORE, "remove", pxm_storage_ops, remove),
    VERB(USE_STORE, "list", pxm_storage_ops, list),      VERB(USE_STORE, "presign", pxm_storage_ops, presign),
    VERB(USE_TABLE, "record", pxm_metadata_ops, record), VERB(USE_TABLE, "lookup", pxm_metadata_ops, lookup),
    VERB(USE_TABLE, "query", pxm_metadata_ops, query),   VERB(USE_TABLE, "erase", pxm_metadata_ops, erase),
    VERB(USE_QUEUE, "send", pxm_queue_ops, send),        VERB(USE_QUEUE, "receive", pxm_queue_ops, receive),
};

/* A table in a body that is not loaded yet is looked at when the resource is opened. */
static bool driver_can(const struct pxm_unit *unit, enum use_kind kind, const char *verb)
{
    const char *ops = unit && verb ? unit->ops : NULL;
    uint32_t size;
    void (*function)(void);

    for (size_t i = 0; ops && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (verbs[i].kind != kind || strcmp(verbs[i].verb, verb) != 0) {
            continue;
        }
        memcpy(&size, ops, sizeof size);
        if (verbs[i].offset + sizeof function > size) {
            return false;
        }
        memcpy(&function, ops + verbs[i].offset, sizeof function);
        return function != NULL;
    }
    return true;
}

/* ---- one use in one profile ------------------------------------------------------------------------------------- */

static const struct pxm_resource *find_resource(const struct pxm_profile *profile, const struct use *use)
{
    static const enum pxm_resource_kind kinds[] = {[USE_STORE] = PXM_RESOURCE_STORE,
                                                   [USE_TABLE] = PXM_RESOURCE_TABLE,
                                                   [USE_QUEUE] = PXM_RESOURCE_QUEUE,
                                                   [USE_AUTH] = PXM_RESOURCE_AUTH};

    return pxm_profile_resource(profile, kinds[use->kind], use->name);
}

static bool has_secret(const struct pxm_profile *profile, const char *name)
{
    bool found = false;

    for (size_t i = 0; !found && i < profile->secret_count; i++) {
        found = strcmp(profile->secrets[i].name, name) == 0;
    }
    return found;
}

static bool has(const struct pxm_profile *profile, const struct use *use)
{
    return use->kind == USE_SECRET ? has_secret(profile, use->name) : find_resource(profile, use) != NULL;
}

static void check_driver(struct compiler *compiler, const struct pxm_profile *profile, const struct use *use)
{
    const struct pxm_resource *resource = use->kind == USE_SECRET ? NULL : find_resource(profile, use);

    if (!resource || driver_can(resource->unit, use->kind, use->verb)) {
        return;
    }
    struct pxm_diag *diag = compile_error(
        compiler, "E502", use->span, "%s `%s` cannot `%s`: driver `%s` of profile `%s` has no such operation",
        kind_names[use->kind], use->name, use->verb, resource->unit->name, profile->name);
    pxm_diag_also(compiler->diags, diag, resource->span, "declared here");
}

/* ---- all profiles ----------------------------------------------------------------------------------------------- */

static void report_unknown(struct compiler *compiler, const struct use *use)
{
    const struct pxm_project *project = compiler->project;
    size_t count = 0, total = 0;

    for (size_t i = 0; i < project->profile_count; i++) {
        total += project->profiles[i].resource_count + project->profiles[i].secret_count;
    }
    const char **words = compile_have(compiler, pxm_arena_array(compiler->arena, total + 1, sizeof *words));
    for (size_t i = 0; words && i < project->profile_count; i++) {
        const struct pxm_profile *profile = &project->profiles[i];
        for (size_t k = 0; k < profile->resource_count; k++) {
            struct use same = {.kind = use->kind, .name = profile->resources[k].name};
            if (use->kind != USE_SECRET && find_resource(profile, &same)) {
                words[count++] = same.name;
            }
        }
        for (size_t k = 0; use->kind == USE_SECRET && k < profile->secret_count; k++) {
            words[count++] = profile->secrets[k].name;
        }
    }
    struct pxm_diag *diag =
        compile_error(compiler, "E503", use->span, "there is no %s `%s`", kind_names[use->kind], use->name);
    pxm_diag_label(compiler->diags, diag, "%s",
                   words ? compile_hint(compiler, use->name, words, count, "declare it in the profiles of pixmill.yaml")
                         : "");
}

static void report_gap(struct compiler *compiler, const struct pxm_profile *profile, const struct use *use)
{
    struct pxm_diag *diag = compile_error(compiler, "E501", use->span, "profile `%s` has no %s `%s`", profile->name,
                                          kind_names[use->kind], use->name);

    pxm_diag_label(compiler->diags, diag, "every profile defines every resource that is used");
    pxm_diag_also(compiler->diags, diag, profile->span, "this profile");
}

/* Whether an earlier use told the same already. */
static bool is_repeated(const struct compiler *compiler, size_t index, bool verb_too)
{
    const struct use *use = &compiler->uses[index];

    for (size_t i = 0; i < index; i++) {
        const struct use *other = &compiler->uses[i];
        bool same_verb = !verb_too || (other->verb && use->verb && strcmp(other->verb, use->verb) == 0);
        if (other->kind == use->kind && same_verb && strcmp(other->name, use->name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_use(struct compiler *compiler, size_t index)
{
    const struct pxm_project *project = compiler->project;
    const struct use *use = &compiler->uses[index];
    size_t missing = 0;

    for (size_t i = 0; i < project->profile_count; i++) {
        missing += has(&project->profiles[i], use) ? 0 : 1;
    }
    if (missing == project->profile_count) {
        report_unknown(compiler, use);
        return;
    }
    for (size_t i = 0; i < project->profile_count; i++) {
        if (!has(&project->profiles[i], use) && !is_repeated(compiler, index, false)) {
            report_gap(compiler, &project->profiles[i], use);
        } else if (use->verb && !is_repeated(compiler, index, true)) {
            check_driver(compiler, &project->profiles[i], use);
        }
    }
}

/* ---- queues of stores ------------------------------------------------------------------------------------------- */

/* A message goes to one of those that take it, so the queue of stores can be no trigger's. */
static void check_others(struct compiler *compiler, const struct pxm_resource *store)
{
    struct pxm_diag *diag = NULL;

    for (size_t i = 0; i < compiler->draft_count; i++) {
        const struct pxm_program *program = compiler->drafts[i]->program;
        for (size_t k = 0; k < program->trigger_count; k++) {
            const struct pxm_trigger *trigger = &program->triggers[k];
            if (trigger->kind == PXM_TRIGGER_MESSAGE && strcmp(trigger->queue, store->events) == 0) {
                diag = compile_error(compiler, "E302", store->events_span,
                                     "store `%s` and trigger `%s` of `%s` take the same messages", store->name,
                                     trigger->name, program->name);
                pxm_diag_label(compiler->diags, diag, "give the store a queue of its own");
                pxm_diag_also(compiler->diags, diag, trigger->span, "the trigger");
            }
        }
    }
}

static void check_events(struct compiler *compiler, const struct pxm_profile *profile, const struct pxm_resource *store)
{
    const struct pxm_resource *queue = pxm_profile_resource(profile, PXM_RESOURCE_QUEUE, store->events);
    struct pxm_diag *diag = NULL;

    if (!queue) {
        diag = compile_error(compiler, "E503", store->events_span, "profile `%s` has no queue `%s`", profile->name,
                             store->events);
        pxm_diag_label(compiler->diags, diag, "declare it among the `queues` of the profile");
    } else if (!driver_can(queue->unit, USE_QUEUE, "receive")) {
        diag = compile_error(compiler, "E502", store->events_span,
                             "queue `%s` cannot `receive`: driver `%s` of profile `%s` has no such operation",
                             queue->name, queue->unit->name, profile->name);
        pxm_diag_also(compiler->diags, diag, queue->span, "declared here");
    } else {
        check_others(compiler, store);
    }
}

void check_resources(struct compiler *compiler)
{
    for (size_t i = 0; i < compiler->use_count; i++) {
        check_use(compiler, i);
    }
    for (size_t i = 0; i < compiler->project->profile_count; i++) {
        const struct pxm_profile *profile = &compiler->project->profiles[i];
        for (size_t k = 0; k < profile->resource_count; k++) {
            if (profile->resources[k].events) {
                check_events(compiler, profile, &profile->resources[k]);
            }
        }
    }
}
