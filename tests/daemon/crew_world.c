/* The project, the crew's callbacks, and the runs. */
#include "crew_world.h"

#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/zygote.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *name, *text;
} pipelines[] = {
    {"deed", "version: 1\n"
             "inputs: {deed: {type: string}}\n"
             "triggers: {go: {http: {method: POST, path: /deed}, bind: {deed: \"${event.json.deed}\"}}}\n"
             "steps: [{id: done, evil.do: {deed: \"${input.deed}\"}}]\n"
             "output: {error: \"${steps.done.error}\", pid: \"${steps.done.pid}\"}\n"},
    {"echo", "version: 1\n"
             "inputs: {file: {type: blob}}\n"
             "triggers: {go: {http: {method: POST, path: /echo}, bind: {file: \"${event.body}\"}}}\n"
             "steps: [{evil.do: {deed: nothing}}]\n"
             "output: {file: \"${input.file}\", time: \"${run.unix_ms}\", attempt: \"${run.attempt}\"}\n"},
    {"send", "version: 1\n"
             "inputs: {n: {type: int}}\n"
             "triggers: {go: {http: {method: POST, path: /send}, bind: {n: \"${event.json.n}\"}}}\n"
             "steps: [{send: {queue: jobs, body: {n: \"${input.n}\"}}}]\n"},
    {"post", "version: 1\n"
             "inputs: {body: {type: record}}\n"
             "triggers: {go: {http: {method: POST, path: /post}, bind: {body: \"${event.json}\"}}}\n"
             "steps: [{send: {queue: jobs, body: \"${input.body}\"}}]\n"},
    {"send_later", "version: 1\n"
                   "inputs: {n: {type: int}}\n"
                   "triggers: {go: {http: {method: POST, path: /later}, bind: {n: \"${event.json.n}\"}}}\n"
                   "steps: [{send: {queue: jobs, body: {n: \"${input.n}\"}, delay: 4s}}]\n"},
    {"who", "version: 1\n"
            "inputs: {name: {type: string}}\n"
            "triggers: {go: {http: {method: GET, path: /who, auth: gate}, bind: {name: \"${event.user.subject}\"}}}\n"
            "output: {name: \"${input.name}\"}\n"},
    {"small", "version: 1\n"
              "inputs: {file: {type: blob}}\n"
              "triggers: {go: {http: {method: POST, path: /small}, bind: {file: \"${event.body}\"}}}\n"
              "steps:\n"
              "  - {id: image, in: input.file, decode: {}}\n"
              "  - {id: shrunk, thumbnail: {width: 64}}\n"
              "  - {id: packed, encode: {format: webp}}\n"
              "output: ${steps.packed}\n"},
};
static const char *const storing[] = {
    "version: 1\n"
    "inputs: {file: {type: blob}}\n"
    "triggers: {go: {http: {method: POST, path: /keep}, bind: {file: \"${event.body}\"}}}\n"
    "steps:\n"
    "  - {in: input.file, put: {store: images, key: \"kept/${run.id}\"}}\n"
    "  - {in: input.file, put: {store: images, key: \"other/${run.id}\"}}\n",
    "version: 1\n"
    "inputs: {key: {type: string}, file: {type: blob}}\n"
    "triggers:\n"
    "  made: {object_created: {store: images, prefix: kept/}, bind: {key: \"${event.key}\", file: "
    "\"${event.object}\"}}\n"
    "steps: [{evil.do: {deed: nothing}}]\n"
    "output: {key: \"${input.key}\", file: \"${input.file}\"}\n"};

/* ---- the program ------------------------------------------------------------------------------------------------- */

bool crew_world_main(int argc, char **argv, int *ret_status)
{
    static const struct zygote_options options;

    if (argc < 2 || strcmp(argv[1], ZYGOTE_WORD) != 0) {
        return false;
    }
    *ret_status = zygote_main(&options);
    return true;
}

bool crew_world_can_confine(void)
{
    int status = 0;
    pid_t probe = fork();

    assert_true(probe >= 0);
    if (probe == 0) {
        _exit(confine_calls(NULL) == PXM_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(probe, &status, 0), probe);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- the project ------------------------------------------------------------------------------------------------- */

void crew_world_write(const struct crew_world *world, const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void write_project(const struct crew_world *world, const char *stores)
{
    char text[512], name[64];

    snprintf(text, sizeof text,
             "version: 1\nprofiles: {local: {stores: %s, queues: {jobs: {sqlite: {path: jobs.db, queue: jobs}}}, "
             "auth: {gate: {evil: {}}}}}\n",
             stores ? stores : "{images: {localfs: {root: images}}}");
    crew_world_write(world, "pixmill.yaml", text);
    for (size_t i = 0; i < sizeof pipelines / sizeof pipelines[0]; i++) {
        snprintf(name, sizeof name, "%s.yaml", pipelines[i].name);
        crew_world_write(world, name, pipelines[i].text);
    }
    if (!stores) {
        crew_world_write(world, "keep.yaml", storing[0]);
        crew_world_write(world, "made.yaml", storing[1]);
    }
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static pid_t parent_of(const char *pid)
{
    char path[64], line[512] = "";
    int parent = 0;

    snprintf(path, sizeof path, "/proc/%.16s/stat", pid);
    FILE *file = fopen(path, "re");
    if (file) {
        const char *name_end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
        if (!name_end || sscanf(name_end, ") %*c %d", &parent) != 1) {
            parent = 0;
        }
        fclose(file);
    }
    return parent;
}

size_t crew_world_children(pid_t list[WORLD_CHILDREN_MAX])
{
    DIR *folder = opendir("/proc");
    size_t count = 0;

    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) && count < WORLD_CHILDREN_MAX;) {
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' && parent_of(entry->d_name) == getpid()) {
            list[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
        }
    }
    closedir(folder);
    return count;
}

/* ---- callbacks --------------------------------------------------------------------------------------------------- */

static void on_ready(void *arg, struct crew *crew, const pxm_error *error, const char *report)
{
    struct crew_world *world = arg;

    assert_false(world->ready);
    world->ready = true;
    world->crew = crew;
    if (error) {
        world->error = *error;
    }
    world->report = strdup(report);
    loop_stop(world->loop);
}

static void on_idle(void *arg, struct crew *crew, enum crew_class which)
{
    struct crew_world *world = arg;

    assert_true(crew_is_idle(crew, which));
    loop_stop(world->loop);
}

static void on_ended(void *arg, struct crew *crew)
{
    struct crew_world *world = arg;

    assert_ptr_equal(crew, world->crew);
    world->ended = true;
    loop_stop(world->loop);
}

static void keep_log(void *arg, const struct pxm_log_entry *entry)
{
    struct crew_world *world = arg;

    if (world->log_count < WORLD_LOG_MAX) {
        snprintf(world->log[world->log_count++], sizeof world->log[0], "%s: %s", entry->run ? entry->run : "-",
                 entry->text);
        loop_stop(world->loop);
    }
}

bool crew_world_logged(const struct crew_world *world, const char *line)
{
    bool found = false;

    for (size_t i = 0; i < world->log_count && !found; i++) {
        found = strcmp(world->log[i], line) == 0;
    }
    return found;
}

/* ---- the world --------------------------------------------------------------------------------------------------- */

void crew_world_init(struct crew_world *world, const char *stores)
{
    pxm_error error = {0};

    memset(world, 0, sizeof *world);
    snprintf(world->folder, sizeof world->folder, "/tmp/pixmill-crew-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    assert_int_equal(setenv("PIXMILL_PLUGIN_PATH", PXM_TEST_EVIL, 1), 0);
    write_project(world, stores);
    assert_int_equal(loop_new(&world->loop, &error), PXM_OK);
    pxm_log_set_sink(keep_log, world, PXM_LOG_INFO);
    world->options = (struct crew_options){.loop = world->loop,
                                           .project = world->folder,
                                           .state = world->folder,
                                           .image_workers = 2,
                                           .light_workers = 1,
                                           .time_ms = 3600000,
                                           .arg = world,
                                           .ready = on_ready,
                                           .idle = on_idle,
                                           .ended = on_ended};
}

void crew_world_start(struct crew_world *world)
{
    pxm_error error = {0};

    pid_t list[WORLD_CHILDREN_MAX];

    assert_int_equal(crew_new(&world->options, &world->crew, &error), PXM_OK);
    assert_int_equal(crew_world_children(list), 1);
    world->zygote = list[0];
    while (!world->ready) {
        crew_world_turn(world);
    }
}

void crew_world_open(struct crew_world *world)
{
    crew_world_start(world);
    if (world->error.status != PXM_OK) {
        print_error("%s: %s\n%s", world->error.code, world->error.text, world->report);
    }
    assert_int_equal(world->error.status, PXM_OK);
}

void crew_world_turn(struct crew_world *world)
{
    loop_run(world->loop);
}

void crew_world_await(struct crew_world *world, enum crew_class which)
{
    while (!crew_is_idle(world->crew, which)) {
        crew_world_turn(world);
    }
}

void crew_world_done(struct crew_world *world)
{
    crew_free(world->crew);
    loop_free(world->loop);
    free(world->report);
    pxm_log_set_sink(NULL, NULL, 0);
    assert_int_equal(nftw(world->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    /* Nobody is left, and nobody was left to be waited for. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* ---- runs -------------------------------------------------------------------------------------------------------- */

static void run_is_done(struct crew_run *run)
{
    struct world_run *own = (struct world_run *)run;

    assert_false(own->over);
    own->over = true;
    loop_stop(own->world->loop);
}

static void is_announced(struct crew_run *run, const char *store, const char *key)
{
    struct world_run *own = (struct world_run *)run;
    pxm_error error = {0};

    own->announced++;
    snprintf(own->announcement, sizeof own->announcement, "%s/%s", store, key);
    if (own->refuse) {
        pxm_error_set(&error, PXM_E_TRANSIENT, own->refuse, "the journal is away");
    }
    crew_announced(own->world->crew, run, own->refuse ? &error : NULL);
}

static void is_made(struct crew_run *run, const pxm_value *object)
{
    struct world_run *own = (struct world_run *)run;

    own->made++;
    snprintf(own->made_key, sizeof own->made_key, "%s", pxm_value_as_string(pxm_value_get(object, "key"), NULL));
    snprintf(own->made_etag, sizeof own->made_etag, "%s", pxm_value_as_string(pxm_value_get(object, "etag"), NULL));
}

static const struct app_trigger *first_trigger(const struct crew *crew, const char *pipeline)
{
    const struct app_manifest *manifest = crew_manifest(crew);

    for (size_t i = 0; i < manifest->trigger_count; i++) {
        if (strcmp(manifest->triggers[i].pipeline->name, pipeline) == 0) {
            return &manifest->triggers[i];
        }
    }
    return NULL;
}

void world_run_begin(struct crew_world *world, enum crew_class which, struct world_run *run, const char *pipeline,
                     pxm_value *event)
{
    run->world = world;
    run->event = event;
    run->run.id = run->run.id ? run->run.id : "r1";
    run->run.trigger = first_trigger(world->crew, pipeline);
    assert_non_null(run->run.trigger);
    run->run.event = event;
    run->run.attempt = run->run.attempt ? run->run.attempt : 1;
    run->run.deadline_ms = run->run.deadline_ms ? run->run.deadline_ms : 3600000;
    run->run.announce = is_announced;
    run->run.made = is_made;
    run->run.done = run_is_done;
    crew_begin(world->crew, which, &run->run);
}

void world_run_await(struct world_run *run)
{
    while (!run->over) {
        crew_world_turn(run->world);
    }
}

void world_run_whole(struct crew_world *world, struct world_run *run, const char *pipeline, pxm_value *event)
{
    crew_world_await(world, CREW_IMAGE);
    world_run_begin(world, CREW_IMAGE, run, pipeline, event);
    world_run_await(run);
}

void world_run_done(struct world_run *run)
{
    crew_run_done(&run->run);
    pxm_value_unref(run->event);
    memset(run, 0, sizeof *run);
}

pxm_value *world_deed(const char *deed)
{
    pxm_value *json = pxm_value_record(), *event = pxm_value_record();

    pxm_value_set(json, "deed", pxm_value_cstring(deed));
    pxm_value_set(event, "json", json);
    return event;
}

pxm_value *world_body(pxm_blob *blob)
{
    pxm_value *event = pxm_value_record();

    pxm_value_set(event, "body", pxm_value_blob(blob));
    return event;
}

int64_t world_int(const struct world_run *run, const char *key)
{
    return pxm_value_as_int(pxm_value_get(run->run.output, key));
}
