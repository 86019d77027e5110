/* The manifest of a project, as the process that has parsed it tells it to another. */
#include "app/manifest.h"
#include "app/manifest_words.h"

#include "base/error.h"
#include "base/value.h"
#include "engine/bind.h"
#include <stdlib.h>
#include <string.h>

struct writer {
    const struct pxm_project *project;
    const struct pxm_profile *profile; /* NULL: none */
    const struct pxm_limits *limits;
    int64_t time_ms;
    bool *heavy; /* of each program: a step of it, or of one that it calls, is an operation of a plugin */
};

static int64_t least(int64_t host, int64_t said)
{
    return said != PXM_UNSET_INT && said < host ? said : host;
}

static void set_number(pxm_value *record, const char *key, int64_t number)
{
    if (number != PXM_UNSET_INT) {
        pxm_value_set(record, key, pxm_value_int(number));
    }
}

static void set_text(pxm_value *record, const char *key, const char *text)
{
    if (text != NULL) {
        pxm_value_set(record, key, pxm_value_cstring(text));
    }
}

static void set_texts(pxm_value *record, const char *key, const char *const *texts)
{
    if (texts == NULL) {
        return;
    }
    pxm_value *list = pxm_value_list();
    for (size_t i = 0; texts[i] != NULL; i++) {
        pxm_value_append(list, pxm_value_cstring(texts[i]));
    }
    pxm_value_set(record, key, list);
}

/* ---- what is light ----------------------------------------------------------------------------------------------- */

static bool calls_heavy(const struct writer *writer, const struct pxm_program *callee)
{
    bool heavy = false;
    for (size_t i = 0; callee != NULL && i < writer->project->program_count; i++) {
        heavy = heavy || (writer->project->programs[i] == callee && writer->heavy[i]);
    }
    return heavy;
}

/* Recursion that the depth of blocks bounds. */
static bool block_is_heavy(const struct writer *writer, const struct pxm_block *block)
{
    for (size_t i = 0; i < block->step_count; i++) {
        for (const struct pxm_step *step = block->steps[i]; step != NULL; step = step->fallback) {
            if ((step->operation != NULL && step->operation->unit != NULL) || calls_heavy(writer, step->callee) ||
                block_is_heavy(writer, &step->block)) {
                return true;
            }
        }
    }
    return false;
}

/* Those that call nobody come first, and each after all that it calls. */
static void find_heavy(struct writer *writer)
{
    for (uint32_t height = 0; height <= PXM_CALL_DEPTH_MAX; height++) {
        for (size_t i = 0; i < writer->project->program_count; i++) {
            const struct pxm_program *program = writer->project->programs[i];
            if (program->call_height == height) {
                writer->heavy[i] =
                    block_is_heavy(writer, &program->block) || block_is_heavy(writer, &program->on_failure);
            }
        }
    }
}

/* ---- what is read of an event ------------------------------------------------------------------------------------ */

struct files {
    pxm_value *names; /* a record, of which the keys count */
    bool any;         /* not by name alone */
};

static bool is_named(const struct pxm_ref *ref, size_t index, const char *name)
{
    return ref->segments[index].name != NULL && strcmp(ref->segments[index].name, name) == 0;
}

/* A file is read as event.files.NAME, and what it was called as event.filenames.NAME. */
static void look_for_file(void *arg, const struct pxm_ref *ref)
{
    struct files *files = arg;
    if (ref->root != PXM_ROOT_EVENT || (ref->segment_count > 0 && ref->segments[0].name != NULL &&
                                        !is_named(ref, 0, "files") && !is_named(ref, 0, "filenames"))) {
        return;
    }
    if (ref->segment_count < 2 || ref->segments[1].name == NULL) {
        files->any = true;
    } else {
        pxm_value_set(files->names, ref->segments[1].name, pxm_value_null());
    }
}

/* A list of names; null: any may be read. */
static pxm_value *files_of(const struct pxm_trigger *trigger)
{
    struct files files = {.names = pxm_value_record()};
    for (size_t i = 0; i < trigger->bind_count; i++) {
        pxm_template_refs(trigger->binds[i].value, look_for_file, &files);
    }
    pxm_value *list = files.any ? pxm_value_null() : pxm_value_list();
    for (size_t i = 0; !files.any && i < pxm_value_count(files.names); i++) {
        pxm_value_append(list, pxm_value_cstring(pxm_value_key(files.names, i)));
    }
    bool whole = pxm_value_status(files.names) == PXM_OK;
    pxm_value_unref(files.names);
    if (!whole) {
        pxm_value_unref(list);
        return NULL;
    }
    return list;
}

static pxm_value *reads_of(const struct pxm_trigger *trigger)
{
    pxm_value *reads = pxm_value_record();
    pxm_value_set(reads, "body", pxm_value_bool(pxm_bind_reads(trigger, "body")));
    pxm_value_set(reads, "json", pxm_value_bool(pxm_bind_reads(trigger, "json")));
    pxm_value_set(reads, "form", pxm_value_bool(pxm_bind_reads(trigger, "form")));
    pxm_value_set(reads, "files",
                  pxm_value_bool(pxm_bind_reads(trigger, "files") || pxm_bind_reads(trigger, "filenames")));
    return reads;
}

/* ---- records ----------------------------------------------------------------------------------------------------- */

static void write_http(const struct writer *writer, const struct pxm_program *program,
                       const struct pxm_trigger *trigger, pxm_value *record)
{
    int64_t bytes = least(writer->limits->bytes, program->limits.bytes);
    set_text(record, "method", trigger->method);
    set_text(record, "path", trigger->path);
    set_number(record, "status", trigger->status);
    set_text(record, "auth", trigger->auth);
    set_text(record, "cache", trigger->cache);
    set_texts(record, "vary", trigger->vary);
    set_number(record, "body_max", least(bytes, trigger->body_max));
    pxm_value_set(record, "reads", reads_of(trigger));
    pxm_value_set(record, "files", files_of(trigger));
}

static void write_object_created(const struct writer *writer, const struct pxm_trigger *trigger, pxm_value *record)
{
    const struct pxm_resource *store =
        writer->profile != NULL ? pxm_profile_resource(writer->profile, PXM_RESOURCE_STORE, trigger->store) : NULL;
    set_text(record, "store", trigger->store);
    set_text(record, "prefix", trigger->prefix);
    set_texts(record, "suffix", trigger->suffix);
    set_text(record, "queue", store != NULL ? store->events : NULL);
}

static pxm_value *write_trigger(const struct writer *writer, const struct pxm_program *program, size_t index)
{
    const struct pxm_trigger *trigger = &program->triggers[index];
    pxm_value *record = pxm_value_record();
    set_text(record, "pipeline", program->name);
    set_text(record, "name", trigger->name);
    set_number(record, "index", (int64_t)index);
    set_text(record, "kind", app_manifest_kinds[trigger->kind]);
    switch (trigger->kind) {
    case PXM_TRIGGER_HTTP:
        write_http(writer, program, trigger, record);
        break;
    case PXM_TRIGGER_OBJECT_CREATED:
        write_object_created(writer, trigger, record);
        break;
    case PXM_TRIGGER_MESSAGE:
        set_text(record, "queue", trigger->queue);
        break;
    case PXM_TRIGGER_SCHEDULE:
        set_number(record, "every_ms", trigger->every_ms);
        break;
    }
    return record;
}

static pxm_value *write_pipeline(const struct writer *writer, size_t index)
{
    const struct pxm_program *program = writer->project->programs[index];
    pxm_value *record = pxm_value_record();
    set_text(record, "name", program->name);
    pxm_value_set(record, "light", pxm_value_bool(!writer->heavy[index]));
    set_number(record, "time_ms", least(writer->time_ms, program->limits.time_ms));
    set_number(record, "concurrency_max", program->concurrency_max);
    set_number(record, "queue_max", program->queue_max);
    pxm_value_set(record, "waits_when_full", pxm_value_bool(program->when_full == PXM_WHEN_FULL_WAIT));
    return record;
}

pxm_status app_manifest_write(const struct pxm_project *project, const struct pxm_profile *profile,
                              const struct pxm_limits *limits, int64_t time_ms, pxm_value **ret, pxm_error *error)
{
    struct writer writer = {.project = project,
                            .profile = profile,
                            .limits = limits,
                            .time_ms = time_ms,
                            .heavy = calloc(project->program_count + 1, sizeof *writer.heavy)};
    pxm_value *pipelines = pxm_value_list(), *triggers = pxm_value_list(), *manifest = pxm_value_record();
    if (writer.heavy != NULL) {
        find_heavy(&writer);
    }
    for (size_t i = 0; writer.heavy != NULL && i < project->program_count; i++) {
        pxm_value_append(pipelines, write_pipeline(&writer, i));
        for (size_t k = 0; k < project->programs[i]->trigger_count; k++) {
            pxm_value_append(triggers, write_trigger(&writer, project->programs[i], k));
        }
    }
    pxm_value_set(manifest, "version", pxm_value_int(APP_MANIFEST_VERSION));
    pxm_value_set(manifest, "pipelines", pipelines);
    pxm_value_set(manifest, "triggers", triggers);
    bool is_whole = writer.heavy != NULL && pxm_value_status(manifest) == PXM_OK;
    free(writer.heavy);
    if (!is_whole) {
        pxm_value_unref(manifest);
        return pxm_error_no_memory(error);
    }
    *ret = manifest;
    return PXM_OK;
}
