/* Parsing and checking a project: the order in which its files are read, and what is asked of the result. */
#include "lang/program/compile.h"

#include <string.h>

/* What stands behind a pipeline that belongs to no project. */
static const char default_project[] = "version: 1\n"
                                      "profiles:\n"
                                      "  local:\n"
                                      "    stores: {images: {localfs: {root: var/images}}}\n"
                                      "    tables: {images: {sqlite: {path: var/pixmill.db}}}\n";

/* ---- asking ----------------------------------------------------------------------------------------------------- */

const struct pxm_program *pxm_project_program(const struct pxm_project *project, const char *name)
{
    for (size_t i = 0; i < project->program_count; i++) {
        if (strcmp(project->programs[i]->name, name) == 0) {
            return project->programs[i];
        }
    }
    return NULL;
}

const struct pxm_profile *pxm_project_profile(const struct pxm_project *project, const char *name)
{
    for (size_t i = 0; i < project->profile_count; i++) {
        if (strcmp(project->profiles[i].name, name) == 0) {
            return &project->profiles[i];
        }
    }
    return NULL;
}

const struct pxm_host_entry *pxm_project_host(const struct pxm_project *project, const char *name)
{
    for (size_t i = 0; i < project->host_count; i++) {
        if (strcmp(project->hosts[i].name, name) == 0) {
            return &project->hosts[i];
        }
    }
    return NULL;
}

/* ---- hosts ------------------------------------------------------------------------------------------------------- */

static void replace(int64_t *number, int64_t said)
{
    *number = said != PXM_UNSET_INT ? said : *number;
}

void pxm_host_limits(const struct pxm_host_entry *host, struct pxm_limits *limits, int64_t *time_ms)
{
    if (!host) {
        return;
    }
    const struct pxm_limit_set *set = &host->limits;
    replace(&limits->bytes, set->bytes);
    replace(&limits->pixels, set->pixels);
    replace(&limits->side, set->side);
    replace(&limits->frames, set->frames);
    replace(&limits->memory, set->memory);
    replace(&limits->scans, set->scans);
    replace(&limits->output_side, set->output_side);
    replace(time_ms, set->time_ms);
}

const struct pxm_resource *pxm_profile_resource(const struct pxm_profile *profile, enum pxm_resource_kind kind,
                                                const char *name)
{
    for (size_t i = 0; i < profile->resource_count; i++) {
        if (profile->resources[i].kind == kind && strcmp(profile->resources[i].name, name) == 0) {
            return &profile->resources[i];
        }
    }
    return NULL;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* "pipelines/thumbs.yaml" is `thumbs`. */
static const char *program_name(struct compiler *compiler, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strlen(name);

    length -= length > 5 && strcmp(name + length - 5, ".yaml") == 0 ? 5 : 0;
    return compile_have(compiler, pxm_arena_strndup(compiler->arena, name, length));
}

static void check_name(struct compiler *compiler, const struct pxm_program *program, bool is_text)
{
    struct pxm_span start = {.source = program->source, .line = 1, .column = 1};

    if (!is_text && !compile_is_label(program->name)) {
        struct pxm_diag *diag =
            compile_error(compiler, "E123", start, "`%s` cannot be the name of a pipeline", program->name);
        pxm_diag_label(compiler->diags, diag, "name the file with letters, digits, `_` and `-`, at most 63");
    }
}

/* Each file gets a draft, a broken one too, so that a call of it is no further error. */
bool compile_open(struct compiler *compiler, const char *path, const char *text)
{
    struct draft *draft = compile_have(compiler, pxm_arena_alloc(compiler->arena, sizeof *draft));
    struct pxm_program *program = compile_have(compiler, pxm_arena_alloc(compiler->arena, sizeof *program));
    struct pxm_source *source;

    if (!draft || !program) {
        return false;
    }
    source = text ? pxm_source_of_text(compiler->arena, path, text, strlen(text), compiler->diags)
                  : pxm_source_read(compiler->arena, path, path, compiler->diags);
    *program = (struct pxm_program){
        .name = program_name(compiler, path), .path = path, .source = source, .project = compiler->project};
    *draft = (struct draft){.compiler = compiler, .program = program};
    if (!program->name) {
        return false;
    }
    if (source) {
        check_name(compiler, program, text != NULL);
        draft->root = pxm_yaml_parse(compiler->arena, source, compiler->diags);
    }
    compiler->drafts[compiler->draft_count] = draft;
    compiler->project->programs[compiler->draft_count++] = program;
    compiler->project->program_count = compiler->draft_count;
    return true;
}

static bool open_drafts(struct compiler *compiler, const struct project_files *files, const char *text)
{
    size_t count = files->pipeline_count;
    bool sound;

    compiler->drafts = compile_have(compiler, pxm_arena_array(compiler->arena, count + 1, sizeof(struct draft *)));
    compiler->project->programs =
        compile_have(compiler, pxm_arena_array(compiler->arena, count + 1, sizeof(struct pxm_program *)));
    sound = compiler->drafts && compiler->project->programs;
    for (size_t i = 0; sound && !compiler->part && i < count; i++) {
        sound = compile_open(compiler, files->pipelines[i], text);
    }
    return sound;
}

static const struct pxm_node *read_project_file(struct compiler *compiler, const char *path)
{
    struct pxm_source *source = path ? pxm_source_read(compiler->arena, path, path, compiler->diags)
                                     : pxm_source_of_text(compiler->arena, "(built in)", default_project,
                                                          strlen(default_project), compiler->diags);
    const struct pxm_node *root = source ? pxm_yaml_parse(compiler->arena, source, compiler->diags) : NULL;

    return compile_kind(compiler, root, PXM_NODE_MAP, "a project");
}

/* ---- checking --------------------------------------------------------------------------------------------------- */

/* Checks that look at several files at once have nothing to say about files that could not be read. */
static void check_all(struct compiler *compiler, bool has_profiles)
{
    for (size_t i = 0; i < compiler->draft_count; i++) {
        check_keys(compiler->drafts[i]);
        check_advice(compiler->drafts[i]);
    }
    check_triggers(compiler);
    check_loops(compiler);
    if (has_profiles) {
        check_resources(compiler);
    }
}

/* As their files are, which those of a part are not read in the order of. */
static void sort_drafts(struct compiler *compiler)
{
    struct draft **drafts = compiler->drafts;

    for (size_t i = 1; i < compiler->draft_count; i++) {
        for (size_t k = i; k > 0 && strcmp(drafts[k]->program->name, drafts[k - 1]->program->name) < 0; k--) {
            struct draft *draft = drafts[k];
            drafts[k] = drafts[k - 1];
            drafts[k - 1] = draft;
        }
    }
    for (size_t i = 0; i < compiler->draft_count; i++) {
        compiler->project->programs[i] = drafts[i]->program;
    }
}

static void compile_all(struct compiler *compiler, const struct project_files *files, const char *text)
{
    const struct pxm_node *root = read_project_file(compiler, files->path);
    const struct pxm_node *profiles = pxm_node_get(root, "profiles");

    if (root) {
        compile_project_file(compiler, root);
    }
    if (!open_drafts(compiler, files, text)) {
        return;
    }
    if (compiler->part) {
        compile_part(compiler, root);
    }
    for (size_t i = 0; i < compiler->draft_count; i++) { /* of a part, a call may add one */
        compile_pipeline(compiler->drafts[i]);
    }
    sort_drafts(compiler);
    compile_profiles(compiler, profiles, compiler->part || !files->path);
    compile_hosts(compiler, pxm_node_get(root, "hosts"));
    check_all(compiler, profiles != NULL);
}

struct pxm_project *pxm_project_parse(const struct pxm_load_options *options, struct pxm_diags *diags)
{
    struct pxm_project *project = pxm_arena_alloc(diags->arena, sizeof *project);
    struct project_files files;
    struct compiler compiler = {.arena = diags->arena,
                                .diags = diags,
                                .catalog = options->catalog,
                                .project = project,
                                .part = options->part,
                                .files = &files};

    if (!compile_have(&compiler, project) || !compile_find_files(&compiler, options, &files)) {
        return NULL;
    }
    *project = (struct pxm_project){.arena = diags->arena, .root = files.root, .path = files.path};
    compile_all(&compiler, &files, options->text);
    return project;
}
