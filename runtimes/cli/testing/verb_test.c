/* pixmill test: finds the tests of a project, checks them, runs them and tells how they ended. */
#include "suite.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char test_ending[] = ".test.yaml";
static const char pipeline_ending[] = ".yaml";

enum { FILES_MAX = 1024, PATH_BYTES_MAX = 4096 };

/* ---- paths ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);

    return length > strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* "upload" of "pipelines/upload.test.yaml" and "pipelines/upload.yaml". */
static size_t stem_length(const char *path)
{
    const char *name = base_name(path);

    return strlen(name) - strlen(ends_with(name, test_ending) ? test_ending : pipeline_ending);
}

static const struct pxm_program *program_of(const struct pxm_project *project, const char *path)
{
    const char *name = base_name(path);
    size_t length = stem_length(path);

    for (size_t i = 0; i < project->program_count; i++) {
        const char *candidate = project->programs[i]->name;
        if (strlen(candidate) == length && strncmp(candidate, name, length) == 0) {
            return project->programs[i];
        }
    }
    return NULL;
}

/* ---- finding ---- */

struct finder {
    struct reader reader;
    struct tests *tests;
    size_t file_count;
    const char *files[FILES_MAX]; /* of tests */
};

static const char *folder_of(struct finder *finder, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder =
        slash ? pxm_arena_strndup(finder->reader.arena, path, slash == path ? 1 : (size_t)(slash - path)) : ".";

    if (!folder) {
        pxm_diags_no_memory(finder->reader.diags);
    }
    return folder;
}

static void add_file(struct finder *finder, const char *folder, const char *name)
{
    bool here = strcmp(folder, ".") == 0;
    const char *path = pxm_arena_printf(finder->reader.arena, "%s%s%s", here ? "" : folder, here ? "" : "/", name);

    if (!path) {
        pxm_diags_no_memory(finder->reader.diags);
    } else if (finder->file_count == FILES_MAX) {
        const struct pxm_span nowhere = {0};
        reader_error(&finder->reader, "E127", nowhere, "more than %d test files in %s", FILES_MAX, folder);
    } else {
        finder->files[finder->file_count++] = path;
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All *.test.yaml of a folder, in order. */
static void find_files(struct finder *finder, const char *folder)
{
    DIR *stream = opendir(folder);
    const struct dirent *entry;
    size_t first = finder->file_count;
    size_t errors = finder->reader.diags->errors;

    if (!stream) {
        const struct pxm_span nowhere = {0};
        reader_error(&finder->reader, "E500", nowhere, "%s: %s", folder, strerrordesc_np(errno));
        return;
    }
    while ((entry = readdir(stream)) != NULL && finder->reader.diags->errors == errors) {
        if (entry->d_name[0] != '.' && ends_with(entry->d_name, test_ending)) {
            add_file(finder, folder, entry->d_name);
        }
    }
    closedir(stream);
    qsort(finder->files + first, finder->file_count - first, sizeof *finder->files, by_text);
}

static void find_all(struct finder *finder)
{
    const struct pxm_project *project = finder->reader.project;
    const char *last = NULL;

    for (size_t i = 0; i < project->program_count; i++) {
        const char *folder = folder_of(finder, project->programs[i]->path);
        if (folder && (!last || strcmp(folder, last) != 0)) {
            find_files(finder, folder);
            last = folder;
        }
    }
}

/* ---- reading ---- */

static void read_file(struct finder *finder, const char *path)
{
    finder->reader.program = program_of(finder->reader.project, path);
    finder->reader.folder = folder_of(finder, path);
    if (!finder->reader.program) {
        const struct pxm_span nowhere = {0};
        struct pxm_diag *diag = reader_error(&finder->reader, "E602", nowhere, "%s: there is no pipeline `%.*s`", path,
                                             (int)stem_length(path), base_name(path));
        pxm_diag_note(finder->reader.diags, diag, "NAME.test.yaml tests NAME.yaml beside it, in %s",
                      finder->reader.project->path);
    } else if (finder->reader.folder) {
        testfile_read(&finder->reader, path, finder->tests);
    }
}

/* The `tests:` of a pipeline itself. */
static void read_inline(struct finder *finder, const struct pxm_program *program)
{
    const struct pxm_node *root = pxm_yaml_parse(finder->reader.arena, program->source, finder->reader.diags);
    const struct pxm_node *tests = pxm_node_get(root, "tests");

    finder->reader.program = program;
    finder->reader.folder = folder_of(finder, program->path);
    if (tests && finder->reader.folder) {
        testfile_read_list(&finder->reader, tests, finder->tests);
    }
}

static void read_named(struct finder *finder, const struct args *args)
{
    for (size_t i = 0; i < args->count; i++) {
        const struct pxm_program *program = program_of(finder->reader.project, args->words[i]);
        if (ends_with(args->words[i], test_ending) || !program) {
            read_file(finder, args->words[i]);
        } else {
            read_inline(finder, program);
        }
    }
}

static void read_all(struct finder *finder)
{
    const struct pxm_project *project = finder->reader.project;

    find_all(finder);
    for (size_t i = 0; i < finder->file_count; i++) {
        read_file(finder, finder->files[i]);
    }
    for (size_t i = 0; i < project->program_count; i++) {
        read_inline(finder, project->programs[i]);
    }
}

/* ---- the verb ---- */

static bool check_words(const struct args *args)
{
    for (size_t i = 0; i < args->count; i++) {
        if (!ends_with(args->words[i], pipeline_ending)) {
            fprintf(stderr, "pixmill test: %s is neither NAME.test.yaml nor a pipeline\n", args->words[i]);
            return false;
        }
    }
    return true;
}

/* The project that the first file belongs to: that of the pipeline beside it. NULL: that of --project, or found. */
static char *project_path(const struct args *args)
{
    char *path = NULL;

    if (args->count == 0 || args_value(args, "project")) {
        return NULL;
    }
    const char *word = args->words[0];
    int folder = (int)(base_name(word) - word);
    if (asprintf(&path, "%.*s%.*s%s", folder, word, (int)stem_length(word), base_name(word), pipeline_ending) < 0) {
        return NULL;
    }
    return path;
}

static const struct pxm_profile *profile_of(const struct pxm_project *project, const struct args *args)
{
    const char *name = args_value(args, "profile");
    const struct pxm_profile *profile = name ? pxm_project_profile(project, name) : project->profiles;

    if (!profile || project->profile_count == 0) {
        fprintf(stderr, "pixmill test: there is no profile `%s` in %s\n", name ? name : "", project->path);
        return NULL;
    }
    return profile;
}

static int run_tests(const struct cli *cli, const struct args *args, struct cli_project *project, const char *path)
{
    struct tests tests = {0};
    const struct pxm_profile *profile = profile_of(project->project, args);
    struct finder *finder = profile ? pxm_arena_alloc(project->arena, sizeof *finder) : NULL;
    struct report report;

    if (!finder) {
        return CLI_USAGE;
    }
    *finder = (struct finder){.reader = {project->arena, &project->diags, project->project, profile, NULL, "."},
                              .tests = &tests};
    if (args->count > 0) {
        read_named(finder, args);
    } else {
        read_all(finder);
    }
    int code = cli_project_report(cli, project);
    if (code != CLI_OK) {
        return code;
    }
    const struct suite suite = {.cli = cli,
                                .path = path ? path : args_value(args, "project"),
                                .profile = profile->name,
                                .root = project->project->root,
                                .only = args_value(args, "only"),
                                .bless = args_has(args, "bless")};
    report_start(&report, cli);
    code = suite_run(&suite, &tests, &report);
    bool written = report_end(&report, args_value(args, "junit"));
    return code == CLI_OK && !written ? CLI_FAILED : code;
}

int verb_test(struct cli *cli, const struct args *args)
{
    struct cli_project project;
    char *path = NULL;

    if (!check_words(args)) {
        return CLI_USAGE;
    }
    path = project_path(args);
    int code = cli_project_load(args, path, NULL, &project);
    if (code != CLI_OK) {
        free(path);
        return code;
    }
    if (!project.project || project.diags.errors > 0) {
        code = cli_project_report(cli, &project);
    } else {
        code = run_tests(cli, args, &project, path);
    }
    cli_project_done(&project);
    free(path);
    return code;
}
