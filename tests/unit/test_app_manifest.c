/* Manifests: what a project tells of itself arrives unchanged, and nothing that is unsound is taken. With the real
 * plugins. */
#include "app/manifest.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "base/json.h"
#include "base/value.h"
#include "engine/registry.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { HOST_BYTES = 20 << 20, HOST_TIME_MS = 60000 };

struct world {
    char folder[64];
    struct pxm_registry *registry;
    struct pxm_arena *arena;
    struct pxm_project *project;
};

static void write_file(const struct world *world, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void open_project(struct world *world, const char *path)
{
    struct pxm_error error = {0};
    struct pxm_diags diags;
    assert_int_equal(pxm_registry_new(PXM_TEST_PLUGINS, &world->registry, &error), PXM_OK);
    struct pxm_catalog catalog = pxm_registry_catalog(world->registry);
    world->arena = pxm_arena_new(PXM_PROJECT_BYTES_MAX);
    pxm_diags_init(&diags, world->arena);
    const struct pxm_load_options options = {.path = path, .catalog = &catalog};
    world->project = pxm_project_parse(&options, &diags);
    if (diags.errors > 0) {
        struct pxm_buf said;
        pxm_buf_init(&said, 1 << 20);
        pxm_diags_render(&diags, PXM_DIAG_HUMAN, false, &said);
        fail_msg("%s", said.data);
    }
    assert_non_null(world->project);
}

static void close_project(struct world *world)
{
    pxm_arena_free(world->arena);
    pxm_registry_free(world->registry);
}

static pxm_value *written(const struct world *world)
{
    struct pxm_error error = {0};
    struct pxm_limits limits;
    pxm_value *value = NULL;
    pxm_limits_default(&limits);
    limits.bytes = HOST_BYTES;
    assert_int_equal(
        app_manifest_write(world->project, &world->project->profiles[0], &limits, HOST_TIME_MS, &value, &error),
        PXM_OK);
    return value;
}

/* As it goes from one process to another. */
static pxm_value *through_json(pxm_value *value)
{
    struct pxm_error error = {0};
    struct pxm_buf buf;
    pxm_value *again = NULL;
    pxm_buf_init(&buf, PXM_JSON_BYTES_MAX);
    assert_int_equal(pxm_json_write(&buf, value, 0, 0, &error), PXM_OK);
    assert_int_equal(pxm_json_parse(buf.data, buf.length, &again, &error), PXM_OK);
    pxm_buf_done(&buf);
    pxm_value_unref(value);
    return again;
}

static struct app_manifest *manifest_of(const struct world *world)
{
    struct pxm_error error = {0};
    struct app_manifest *manifest = NULL;
    pxm_value *json = through_json(written(world));
    if (app_manifest_read(json, &manifest, &error) != PXM_OK) {
        fail_msg("%s", error.text);
    }
    pxm_value_unref(json);
    return manifest;
}

static void expect_same_text(const char *left, const char *right)
{
    if (left == NULL || right == NULL) {
        assert_null(left);
        assert_null(right);
    } else {
        assert_string_equal(left, right);
    }
}

static void expect_same_texts(const char *const *left, const char *const *right)
{
    if (left == NULL || right == NULL) {
        assert_null(left);
        assert_null(right);
        return;
    }
    size_t i = 0;
    for (; left[i] != NULL && right[i] != NULL; i++) {
        assert_string_equal(left[i], right[i]);
    }
    assert_ptr_equal(left[i], right[i]);
}

/* Every trigger of the project is there, as it was declared, and no other one. */
static void expect_all_of(const struct pxm_project *project, const struct app_manifest *manifest)
{
    size_t count = 0;
    assert_int_equal(manifest->pipeline_count, project->program_count);
    for (size_t i = 0; i < project->program_count; i++) {
        const struct pxm_program *program = project->programs[i];
        assert_string_equal(manifest->pipelines[i].name, program->name);
        for (size_t k = 0; k < program->trigger_count; k++, count++) {
            const struct pxm_trigger *trigger = &program->triggers[k];
            const struct app_trigger *got = app_manifest_trigger(manifest, program->name, trigger->name);
            assert_non_null(got);
            assert_ptr_equal(got->pipeline, &manifest->pipelines[i]);
            assert_int_equal(got->index, k);
            assert_int_equal(got->kind, trigger->kind);
            expect_same_text(got->method, trigger->method);
            expect_same_text(got->path, trigger->path);
            expect_same_text(got->auth, trigger->auth);
            expect_same_text(got->cache, trigger->cache);
            expect_same_text(got->store, trigger->store);
            expect_same_text(got->prefix, trigger->prefix);
            expect_same_text(got->queue, trigger->queue);
            expect_same_texts(got->vary, trigger->vary);
            expect_same_texts(got->suffix, trigger->suffix);
            assert_int_equal(got->status, trigger->kind == PXM_TRIGGER_HTTP ? trigger->status : 0);
            assert_int_equal(got->every_ms, trigger->every_ms);
        }
    }
    assert_int_equal(manifest->trigger_count, count);
}

static void the_pipelines_of_the_app_arrive_unchanged(void **state)
{
    (void)state;
    struct world world = {0};
    open_project(&world, PXM_TEST_SOURCE "/pipelines");
    struct app_manifest *manifest = manifest_of(&world);
    expect_all_of(world.project, manifest);
    assert_true(manifest->trigger_count > 0);
    assert_false(app_manifest_pipeline(manifest, "thumbnails")->light);
    assert_true(app_manifest_pipeline(manifest, "newest")->light);
    assert_null(app_manifest_pipeline(manifest, "nothing"));
    assert_null(app_manifest_trigger(manifest, "newest", "created"));
    assert_null(app_manifest_trigger(manifest, "thumbnails", "nothing"));
    app_manifest_free(manifest);
    close_project(&world);
}

static const char project_text[] = "version: 1\n"
                                   "profiles:\n"
                                   "  local:\n"
                                   "    stores: {images: {localfs: {root: var/images}}}\n"
                                   "    tables: {images: {sqlite: {path: var/p.db, table: images, key: filename}}}\n";

/* Calls what handles pixels, in a block of a fallback. */
static const char caller_text[] =
    "version: 1\n"
    "inputs: {file: {type: blob}, name: {type: string}}\n"
    "triggers:\n"
    "  form:\n"
    "    http: {method: POST, path: /form, status: 201, auth: token, body_max: 1MiB, vary: [Accept, Origin]}\n"
    "    bind: {file: \"${event.files.photo ?? event.files['other']}\", name: \"${event.form.name}\"}\n"
    "  raw:\n"
    "    http: {method: PUT, path: \"/raw/{name...}\", auth: signed, cache: \"public, max-age=60\", body_max: 1GiB}\n"
    "    bind: {file: \"${event.body}\", name: \"${event.path.name}\"}\n"
    "limits: {bytes: 8MiB, time: 5s}\n"
    "concurrency: {max: 3, queue: 7, when_full: wait}\n"
    "steps:\n"
    "  - id: first\n"
    "    head: {store: images, key: \"x/${input.name}\"}\n"
    "    on_error: {\"*\": fallback}\n"
    "    fallback: {call: {pipeline: pixels, with: {file: \"${input.file}\"}}}\n";

static const char pixels_text[] =
    "version: 1\n"
    "inputs: {file: {type: blob}}\n"
    "limits: {time: 10m}\n"
    "steps:\n"
    "  - {id: one, foreach: [1, 2], steps: [{id: image, in: input.file, decode: {}}], emit: \"${steps.image.width}\"}\n"
    "output: ${steps.one.items}\n";

static const char light_text[] = "version: 1\n"
                                 "inputs: {key: {type: string}, rest: {type: record, default: {}}}\n"
                                 "triggers:\n"
                                 "  json:\n"
                                 "    http: {method: POST, path: \"/json/{key}\"}\n"
                                 "    bind: {key: \"${event.path.key}\", rest: \"${event.files}\"}\n"
                                 "  clock: {schedule: {every: 24h}, bind: {key: \"${event.time}\"}}\n"
                                 "  seen:\n"
                                 "    object_created: {store: images, prefix: in/, suffix: [.jpg, .png]}\n"
                                 "    bind: {key: \"${event.key}\"}\n"
                                 "steps:\n"
                                 "  - {id: gone, remove: {store: images, key: \"x/${input.key}\"}}\n";

static const char failing_text[] = "version: 1\n"
                                   "inputs: {file: {type: blob}}\n"
                                   "steps:\n"
                                   "  - {id: kept, in: input.file, put: {store: images, key: x/y}}\n"
                                   "on_failure:\n"
                                   "  - {id: image, in: input.file, decode: {}}\n";

static void make_project(struct world *world)
{
    *world = (struct world){.folder = "/tmp/pixmill-manifest-XXXXXX"};
    char path[128];
    assert_non_null(mkdtemp(world->folder));
    snprintf(path, sizeof path, "%s/pipelines", world->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(world, "pixmill.yaml", project_text);
    write_file(world, "pipelines/caller.yaml", caller_text);
    write_file(world, "pipelines/pixels.yaml", pixels_text);
    write_file(world, "pipelines/light.yaml", light_text);
    write_file(world, "pipelines/failing.yaml", failing_text);
    open_project(world, world->folder);
}

static void remove_project(struct world *world)
{
    static const char *const names[] = {"pixmill.yaml",         "pipelines/caller.yaml",  "pipelines/pixels.yaml",
                                        "pipelines/light.yaml", "pipelines/failing.yaml", "pipelines"};
    close_project(world);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", world->folder, names[i]);
        assert_int_equal(remove(path), 0);
    }
    assert_int_equal(rmdir(world->folder), 0);
}

static void light_is_what_handles_no_pixels_whoever_it_calls(void **state)
{
    (void)state;
    struct world world;
    make_project(&world);
    struct app_manifest *manifest = manifest_of(&world);
    expect_all_of(world.project, manifest);
    assert_false(app_manifest_pipeline(manifest, "caller")->light);
    assert_false(app_manifest_pipeline(manifest, "pixels")->light);
    assert_false(app_manifest_pipeline(manifest, "failing")->light);
    assert_true(app_manifest_pipeline(manifest, "light")->light);
    app_manifest_free(manifest);
    remove_project(&world);
}

static void limits_are_the_least_of_host_pipeline_and_trigger(void **state)
{
    (void)state;
    struct world world;
    make_project(&world);
    struct app_manifest *manifest = manifest_of(&world);
    assert_int_equal(app_manifest_trigger(manifest, "caller", "form")->body_max, 1 << 20);
    assert_int_equal(app_manifest_trigger(manifest, "caller", "raw")->body_max, 8 << 20);
    assert_int_equal(app_manifest_trigger(manifest, "light", "json")->body_max, HOST_BYTES);
    const struct app_pipeline *caller = app_manifest_pipeline(manifest, "caller");
    const struct app_pipeline *light = app_manifest_pipeline(manifest, "light");
    assert_int_equal(caller->time_ms, 5000);
    assert_int_equal(app_manifest_pipeline(manifest, "pixels")->time_ms, HOST_TIME_MS);
    assert_int_equal(light->time_ms, HOST_TIME_MS);
    assert_int_equal(caller->concurrency_max, 3);
    assert_int_equal(caller->queue_max, 7);
    assert_true(caller->waits_when_full);
    assert_int_equal(light->concurrency_max, PXM_UNSET_INT);
    assert_int_equal(light->queue_max, PXM_UNSET_INT);
    assert_false(light->waits_when_full);
    app_manifest_free(manifest);
    remove_project(&world);
}

static void what_a_trigger_reads_is_told(void **state)
{
    (void)state;
    struct world world;
    make_project(&world);
    struct app_manifest *manifest = manifest_of(&world);
    const struct app_trigger *form = app_manifest_trigger(manifest, "caller", "form");
    assert_true(form->reads_files && form->reads_form && !form->reads_body && !form->reads_json);
    assert_string_equal(form->files[0], "photo");
    assert_string_equal(form->files[1], "other");
    assert_null(form->files[2]);
    const struct app_trigger *raw = app_manifest_trigger(manifest, "caller", "raw");
    assert_true(raw->reads_body && !raw->reads_form && !raw->reads_files && !raw->reads_json);
    assert_null(raw->files[0]);
    const struct app_trigger *any = app_manifest_trigger(manifest, "light", "json");
    assert_true(any->reads_files);
    assert_null(any->files);
    app_manifest_free(manifest);
    remove_project(&world);
}

/* ---- hostile manifests ------------------------------------------------------------------------------------------- */

static const char sound[] =
    "{'version':1,'pipelines':[{'name':'p','light':true,'time_ms':1,'waits_when_full':false,'queue_max':3}],"
    "'triggers':[{'pipeline':'p','name':'a','index':0,'kind':'http','method':'GET','path':'/a/{b}','status':200,"
    "'body_max':5,'reads':{'body':true,'json':false,'form':false,'files':false},'files':null,'vary':['Accept']},"
    "{'pipeline':'p','name':'b','index':1,'kind':'object_created','store':'s','prefix':'','suffix':['.jpg'],"
    "'queue':'told'},"
    "{'pipeline':'p','name':'c','index':2,'kind':'message','queue':'q'},"
    "{'pipeline':'p','name':'d','index':3,'kind':'schedule','every_ms':60000}]}";

/* JSON in which ' stands for ", with the first `from` replaced. */
static pxm_status read_changed(const char *from, const char *to, pxm_error *error)
{
    struct pxm_buf buf;
    pxm_value *json = NULL;
    struct app_manifest *manifest = NULL;
    const char *at = from[0] != '\0' ? strstr(sound, from) : sound;
    assert_non_null(at);
    pxm_buf_init(&buf, 1 << 20);
    pxm_buf_add(&buf, sound, (size_t)(at - sound));
    pxm_buf_puts(&buf, to);
    pxm_buf_puts(&buf, at + strlen(from));
    for (size_t i = 0; i < buf.length; i++) {
        buf.data[i] = buf.data[i] == '\'' ? '"' : buf.data[i];
    }
    if (pxm_json_parse(buf.data, buf.length, &json, error) != PXM_OK) {
        fail_msg("%s: %s", error->text, buf.data);
    }
    pxm_buf_done(&buf);
    pxm_status status = app_manifest_read(json, &manifest, error);
    assert_true((status == PXM_OK) == (manifest != NULL));
    app_manifest_free(manifest);
    pxm_value_unref(json);
    return status;
}

static void nothing_unsound_is_taken(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"'version':1", "'version':2"},
        {"'version':1,", ""},
        {"'version':1", "'version':1,'more':1"},
        {"'light':true", "'light':1"},
        {"'light':true,", ""},
        {"'time_ms':1", "'time_ms':-1"},
        {"'time_ms':1", "'time_ms':1.5"},
        {"'queue_max':3", "'queue_max':-3"},
        {"'queue_max':3", "'queue_max':null"},
        {"'queue_max':3", "'queue':3"},
        {"'name':'p'", "'name':''"},
        {"'name':'p'", "'name':'p\\u007f'"},
        {"'name':'p'", "'name':'p\\n'"},
        {"'name':'p'", "'name':'other'"},
        {"'name':'p'", "'name':7"},
        {"[{'name':'p'", "[{'name':'p','light':true,'time_ms':1,'waits_when_full':false},{'name':'p'"},
        {"'pipelines':[", "'pipelines':[1,"},
        {"'triggers':[", "'triggers':[null,"},
        {"'pipeline':'p','name':'a'", "'name':'a'"},
        {"'name':'a'", "'name':'b'"},
        {"'index':0", "'index':1"},
        {"'index':1", "'index':0"},
        {"'index':3", "'index':16"},
        {"'index':3", "'index':-1"},
        {"'kind':'http'", "'kind':'https'"},
        {"'kind':'http'", "'kind':'message'"},
        {"'kind':'http',", ""},
        {"'method':'GET'", "'method':'get'"},
        {"'method':'GET'", "'method':'TRACE'"},
        {"'method':'GET',", ""},
        {"'/a/{b}'", "'a'"},
        {"'/a/{b}'", "'/a/{b'"},
        {"'/a/{b}'", "'/a//b'"},
        {"'/a/{b}'", "'/{a...}/b'"},
        {"'status':200", "'status':500"},
        {"'status':200", "'status':-9223372036854775808"},
        {"'status':200", "'status':200,'auth':''"},
        {"'status':200", "'status':200,'cache':'a\\r\\nSet-Cookie: b'"},
        {"'status':200", "'status':200,'queue':'q'"},
        {"'body_max':5", "'body_max':-1"},
        {"'body_max':5,", ""},
        {"'files':false}", "'files':false,'query':true}"},
        {"'json':false,", ""},
        {"'reads':{'body':true,'json':false,'form':false,'files':false}", "'reads':true"},
        {"'files':null", "'files':'a'"},
        {"'files':null", "'files':[1]"},
        {"'files':null", "'files':['']"},
        {",'files':null", ""},
        {"'vary':['Accept']", "'vary':'Accept'"},
        {"'vary':['Accept']", "'vary':['A\\nB']"},
        {"'store':'s',", ""},
        {"'prefix':''", "'prefix':null"},
        {"'suffix':['.jpg']", "'suffix':[['.jpg']]"},
        {"'queue':'q'", "'queue':''"},
        {"'queue':'q'", "'queue':'q','store':'s'"},
        {"'every_ms':60000", "'every_ms':0"},
        {"'every_ms':60000", "'every_ms':'1h'"},
    };
    struct pxm_error error = {0};
    assert_int_equal(read_changed("", "", &error), PXM_OK);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (read_changed(changes[i][0], changes[i][1], &error) != PXM_E_INVALID) {
            fail_msg("%s -> %s was taken", changes[i][0], changes[i][1]);
        }
        assert_string_equal(error.code, "manifest.invalid");
    }
}

static void what_is_no_record_is_no_manifest(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    struct app_manifest *manifest = NULL;
    pxm_value *values[] = {NULL, pxm_value_null(), pxm_value_list(), pxm_value_cstring("x"), pxm_value_record()};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(app_manifest_read(values[i], &manifest, &error), PXM_E_INVALID);
        assert_null(manifest);
        pxm_value_unref(values[i]);
    }
    app_manifest_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pipelines_of_the_app_arrive_unchanged),
        cmocka_unit_test(light_is_what_handles_no_pixels_whoever_it_calls),
        cmocka_unit_test(limits_are_the_least_of_host_pipeline_and_trigger),
        cmocka_unit_test(what_a_trigger_reads_is_told),
        cmocka_unit_test(nothing_unsound_is_taken),
        cmocka_unit_test(what_is_no_record_is_no_manifest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
