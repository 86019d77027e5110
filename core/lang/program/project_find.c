/* Which files a project is made of: pixmill.yaml, found from where one stands, and its pipelines. Opens folders, reads
 * no file. */
#include "lang/program/compile.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char project_name[] = "pixmill.yaml";

enum { PARENTS_MAX = 64 };

static bool is_file(const char *path)
{
    struct stat info;

    return path && stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

static bool is_folder(const char *path)
{
    struct stat info;

    return path && stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static const char *join(struct compiler *compiler, const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    bool here = strcmp(folder, ".") == 0;

    return compile_have(compiler, here ? pxm_arena_strndup(compiler->arena, name, strlen(name))
                                       : pxm_arena_printf(compiler->arena, "%s%s%s", folder, slash, name));
}

static const char *folder_of(struct compiler *compiler, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return ".";
    }
    return compile_have(compiler, pxm_arena_strndup(compiler->arena, path, slash == path ? 1 : (size_t)(slash - path)));
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static const char *absolute(struct compiler *compiler, const char *folder)
{
    char *path = realpath(folder, NULL);
    const char *copy = path ? pxm_arena_strndup(compiler->arena, path, strlen(path)) : NULL;

    free(path);
    return copy;
}

static bool fail(struct compiler *compiler, const char *path, const char *problem)
{
    struct pxm_span nowhere = {0};
    struct pxm_diag *diag = compile_error(compiler, "E500", nowhere, "%s: %s", path, problem);

    pxm_diag_note(compiler->diags, diag, "a project is a folder with %s in it", project_name);
    return false;
}

/* ---- pipelines -------------------------------------------------------------------------------------------------- */

static bool is_pipeline(const char *name)
{
    size_t length = strlen(name);

    return length > 5 && name[0] != '.' && strcmp(name + length - 5, ".yaml") == 0 && strcmp(name, project_name) != 0 &&
           !(length > 10 && strcmp(name + length - 10, ".test.yaml") == 0);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool add_pipeline(struct compiler *compiler, struct project_files *files, const char *folder, const char *name)
{
    if (files->pipeline_count == PXM_PIPELINES_MAX) {
        struct pxm_span nowhere = {0};
        compile_error(compiler, "E127", nowhere, "more than %d pipelines in %s", PXM_PIPELINES_MAX, folder);
        return false;
    }
    const char *path = join(compiler, folder, name);
    if (path) {
        files->pipelines[files->pipeline_count++] = path;
    }
    return path != NULL;
}

static bool list_pipelines(struct compiler *compiler, struct project_files *files, const char *folder)
{
    DIR *stream = opendir(folder);
    bool sound = stream != NULL;
    const struct dirent *entry;

    if (!stream) {
        return fail(compiler, folder, "the folder cannot be read");
    }
    errno = 0;
    while (sound && (entry = readdir(stream)) != NULL) {
        if (is_pipeline(entry->d_name)) {
            sound = add_pipeline(compiler, files, folder, entry->d_name);
        }
        errno = 0;
    }
    bool whole = errno == 0;
    closedir(stream);
    if (!whole) {
        return fail(compiler, folder, "the folder cannot be read");
    }
    qsort(files->pipelines, files->pipeline_count, sizeof *files->pipelines, by_text);
    return sound;
}

/* ---- the project ------------------------------------------------------------------------------------------------ */

/* `path` names pixmill.yaml. */
static bool take_project(struct compiler *compiler, const char *path, struct project_files *files)
{
    const char *folder = folder_of(compiler, path);
    const char *inner = folder ? join(compiler, folder, "pipelines") : NULL;

    files->path = path;
    files->root = folder ? absolute(compiler, folder) : NULL;
    if (!inner || !files->root) {
        return fail(compiler, path, "the folder cannot be found");
    }
    return list_pipelines(compiler, files, is_folder(inner) ? inner : folder);
}

static bool take_default(struct compiler *compiler, const char *path, bool is_text, struct project_files *files)
{
    const char *folder = is_text ? "." : folder_of(compiler, path);

    files->root = folder ? absolute(compiler, folder) : NULL;
    if (!files->root) {
        return fail(compiler, path, "the folder cannot be found");
    }
    files->pipelines[files->pipeline_count++] = path;
    return true;
}

/* The project that a pipeline file belongs to: beside it, or beside its folder `pipelines`. NULL: none. */
static const char *project_of(struct compiler *compiler, const char *path)
{
    const char *folder = folder_of(compiler, path);
    const char *beside = folder ? join(compiler, folder, project_name) : NULL;
    const char *inner = folder ? join(compiler, folder, "pipelines") : NULL;
    const char *whole = folder ? absolute(compiler, folder) : NULL;

    if (!beside || !inner || !whole || !is_pipeline(base_name(path))) {
        return NULL;
    }
    if (is_file(beside) && !is_folder(inner)) {
        return beside;
    }
    const char *above = strcmp(base_name(whole), "pipelines") == 0 ? join(compiler, folder, "../pixmill.yaml") : NULL;
    return is_file(above) ? above : NULL;
}

static bool find_upwards(struct compiler *compiler, struct project_files *files)
{
    const char *path = project_name;

    for (int i = 0; path && i < PARENTS_MAX; i++) {
        if (is_file(path)) {
            return take_project(compiler, path, files);
        }
        path = compile_have(compiler, pxm_arena_printf(compiler->arena, "../%s", path));
    }
    return fail(compiler, project_name, "there is none here or in a folder above");
}

bool compile_find_files(struct compiler *compiler, const struct pxm_load_options *options, struct project_files *ret)
{
    const char *path = options->path;

    *ret = (struct project_files){0};
    ret->pipelines =
        compile_have(compiler, pxm_arena_array(compiler->arena, PXM_PIPELINES_MAX, sizeof *ret->pipelines));
    if (!ret->pipelines) {
        return false;
    }
    if (options->text) {
        return take_default(compiler, path ? path : "-", true, ret);
    }
    if (!path) {
        return find_upwards(compiler, ret);
    }
    path = compile_have(compiler, pxm_arena_strndup(compiler->arena, path, strlen(path)));
    if (path && is_folder(path)) {
        path = join(compiler, path, project_name);
    }
    if (!path || !is_file(path)) {
        return path && fail(compiler, path, "there is no such file");
    }
    if (strcmp(base_name(path), project_name) == 0) {
        return take_project(compiler, path, ret);
    }
    const char *project = project_of(compiler, path);
    return project ? take_project(compiler, project, ret) : take_default(compiler, path, false, ret);
}
