/* Functions: parts of a project that a host runs by themselves. What they are is declared in `functions:` of the host;
 * what one of them takes of the project is found here, before any pipeline is read. */
#include "lang/program/compile.h"

#include <string.h>

/* ---- declared ---------------------------------------------------------------------------------------------------- */

static const char **names_of_files(struct compiler *compiler, size_t extra)
{
    return compile_have(compiler,
                        pxm_arena_array(compiler->arena, compiler->files->pipeline_count + extra + 1, sizeof(char *)));
}

/* "pipelines/thumbs.yaml" is `thumbs`. */
static const char *name_of_file(struct compiler *compiler, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    return compile_have(compiler, pxm_arena_strndup(compiler->arena, name, strcspn(name, ".")));
}

static const char *path_of(struct compiler *compiler, const char *name)
{
    for (size_t i = 0; i < compiler->files->pipeline_count; i++) {
        const char *candidate = name_of_file(compiler, compiler->files->pipelines[i]);
        if (candidate && strcmp(candidate, name) == 0) {
            return compiler->files->pipelines[i];
        }
    }
    return NULL;
}

static void check_pipeline(struct compiler *compiler, const struct pxm_node *node)
{
    size_t count = compiler->files->pipeline_count;

    if (path_of(compiler, node->text)) {
        return;
    }
    const char **words = names_of_files(compiler, 0);
    for (size_t i = 0; words && i < count; i++) {
        words[i] = name_of_file(compiler, compiler->files->pipelines[i]);
        words[i] = words[i] ? words[i] : "";
    }
    struct pxm_diag *diag = compile_error(compiler, "E503", node->span, "there is no pipeline `%s`", node->text);
    pxm_diag_label(compiler->diags, diag, "%s",
                   words ? compile_hint(compiler, node->text, words, count, "pipelines are named as their files") : "");
}

static const char *const *read_pipelines(struct compiler *compiler, const struct pxm_node *list)
{
    const char **names =
        list ? compile_have(compiler, pxm_arena_array(compiler->arena, list->length + 1, sizeof *names)) : NULL;
    size_t count = 0;

    for (size_t i = 0; names && i < list->length; i++) {
        const char *name = compile_label(compiler, list->items[i], "the name of a pipeline");
        if (name) {
            check_pipeline(compiler, list->items[i]);
            names[count++] = name;
        }
    }
    return names;
}

void compile_functions(struct compiler *compiler, const struct pxm_node *map, struct pxm_host_entry *host)
{
    map = compile_kind(compiler, map, PXM_NODE_MAP, "`functions`");
    if (!map) {
        return;
    }
    host->functions =
        compile_have(compiler, pxm_arena_array(compiler->arena, map->length + 1, sizeof *host->functions));
    for (size_t i = 0; host->functions && i < map->length; i++) {
        const char *name = compile_label(compiler, map->entries[i].key, "the name of a function");
        const struct pxm_node *list = compile_kind(compiler, map->entries[i].value, PXM_NODE_LIST, "a function");
        if (name && list) {
            host->functions[host->function_count++] =
                (struct pxm_function){.name = name, .pipelines = read_pipelines(compiler, list)};
        }
    }
}

/* ---- of a part --------------------------------------------------------------------------------------------------- */

struct draft *compile_take(struct compiler *compiler, const char *name)
{
    const char *path = NULL;

    for (size_t i = 0; i < compiler->draft_count; i++) {
        if (strcmp(compiler->drafts[i]->program->name, name) == 0) {
            return compiler->drafts[i];
        }
    }
    path = path_of(compiler, name);
    return path && compile_open(compiler, path, NULL) ? compiler->drafts[compiler->draft_count - 1] : NULL;
}

static void report_unknown(struct compiler *compiler, const struct pxm_node *functions, const char *name)
{
    const struct pxm_span nowhere = {0};
    size_t count = 0, files = compiler->files->pipeline_count;
    const char **words = names_of_files(compiler, functions ? functions->length : 0);

    for (size_t i = 0; words && functions && i < functions->length; i++) {
        words[count++] = functions->entries[i].key->text;
    }
    for (size_t i = 0; words && i < files; i++) {
        words[count] = name_of_file(compiler, compiler->files->pipelines[i]);
        count += words[count] ? 1 : 0;
    }
    const char *hint = words ? compile_hint(compiler, name, words, count, "pipelines are named as their files") : "";
    compile_error(compiler, "E503", nowhere, "there is no function and no pipeline `%.64s`; %s", name, hint);
}

/* "upload,presign". */
static void take_names(struct compiler *compiler, const struct pxm_node *functions, const char *names)
{
    for (size_t length = 0; *names != '\0'; names += length + (names[length] != '\0')) {
        length = strcspn(names, ",+");
        const char *name = compile_have(compiler, pxm_arena_strndup(compiler->arena, names, length));
        if (name && !compile_take(compiler, name)) {
            report_unknown(compiler, functions, name);
        }
    }
}

/* False: it is no function of the host. */
static bool take_function(struct compiler *compiler, const struct pxm_node *functions)
{
    const struct pxm_node *list = pxm_node_get(functions, compiler->part->function);

    for (size_t i = 0; list && list->kind == PXM_NODE_LIST && i < list->length; i++) {
        if (list->items[i]->kind == PXM_NODE_SCALAR) {
            compile_take(compiler, list->items[i]->text); /* what is not there is reported where hosts are read */
        }
    }
    return list != NULL;
}

/* That which was asked for, or that of the host, or the first. */
static void choose_profile(struct compiler *compiler, const struct pxm_node *root, const struct pxm_node *host)
{
    const struct pxm_span nowhere = {0};
    const struct pxm_node *profiles = pxm_node_get(root, "profiles"), *own = pxm_node_get(host, "profile");
    const char *name = compiler->part->profile;

    if (!name && own && own->kind == PXM_NODE_SCALAR) {
        name = own->text;
    }
    if (!profiles || profiles->kind != PXM_NODE_MAP || profiles->length == 0) {
        return;
    }
    compiler->part_profile = name ? name : profiles->entries[0].key->text;
    if (!pxm_node_get(profiles, compiler->part_profile)) {
        struct pxm_diag *diag = compile_error(compiler, "E508", nowhere, "there is no profile `%.64s`", name);
        pxm_diag_note(compiler->diags, diag, "%s has %zu, the first is `%s`", compiler->project->path, profiles->length,
                      profiles->entries[0].key->text);
    }
}

void compile_part(struct compiler *compiler, const struct pxm_node *root)
{
    const struct pxm_node *host = pxm_node_get(pxm_node_get(root, "hosts"), compiler->part->host);
    const struct pxm_node *functions = pxm_node_get(host, "functions");

    choose_profile(compiler, root, host);
    if (functions && functions->kind != PXM_NODE_MAP) {
        functions = NULL;
    }
    if (!take_function(compiler, functions)) {
        take_names(compiler, functions, compiler->part->function);
    }
}
