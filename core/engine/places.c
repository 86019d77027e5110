/* Makes missing folders between a project's own folder and the files of its drivers. */
#include "engine/places.h"

#include "base/arena.h"
#include "base/error.h"
#include "engine/environment.h"
#include "lang/diag/diag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SCRATCH_BYTES_MAX = 1 << 20 };

/* Makes each folder of `path` behind its first `start` bytes, but for the last part. Changes `path` on the way. */
static int make_folders(char *path, size_t start)
{
    for (char *slash = strchr(path + start, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int failed = mkdir(path, 0700) < 0 && errno != EEXIST ? errno : 0;
        *slash = '/';
        if (failed) {
            return failed;
        }
    }
    return 0;
}

/* Of an option that is a path; NULL: it is none, or not given. */
static const char *path_at(const struct pxm_bindings *bindings, size_t index, const void *config)
{
    const struct pxm_option option = pxm_options_at(bindings->table, index);
    const char *path = NULL;

    if (option.flags & PXM_OPT_PATH) {
        memcpy(&path, (const char *)config + option.offset, sizeof path);
    }
    return path;
}

pxm_status pxm_places_make(const struct pxm_bindings *bindings, const void *config, pxm_error *error)
{
    size_t length = bindings->base ? strlen(bindings->base) : 0;

    for (size_t i = 0; length > 0 && i < pxm_options_count(bindings->table); i++) {
        const char *path = path_at(bindings, i, config);
        if (!path || strncmp(path, bindings->base, length) != 0 || path[length] != '/') {
            continue;
        }
        char *copy = strdup(path);
        if (!copy) {
            return pxm_error_no_memory(error);
        }
        int number = make_folders(copy, length + 1);
        free(copy);
        if (number) {
            return pxm_error_errno(error, number, "project.folder", path);
        }
    }
    return PXM_OK;
}

/* ---- of a profile ------------------------------------------------------------------------------------------------ */

struct places {
    pxm_status (*each)(void *arg, const char *path);
    void *arg;
};

static pxm_status tell(const struct places *places, const struct pxm_bindings *bindings, const struct pxm_scope *scope)
{
    struct pxm_config *config = NULL;
    pxm_status status = pxm_config_fill(bindings, scope, &config, NULL);

    if (status == PXM_OK) {
        status = pxm_places_make(bindings, pxm_config_data(config), NULL);
    }
    for (size_t i = 0; status == PXM_OK && i < pxm_options_count(bindings->table); i++) {
        const char *path = path_at(bindings, i, pxm_config_data(config));
        status = path ? places->each(places->arg, path) : PXM_OK;
    }
    pxm_config_free(config);
    return status == PXM_E_NO_MEMORY ? status : PXM_OK;
}

pxm_status pxm_places_each(const struct pxm_project *project, const struct pxm_profile *profile,
                           pxm_status (*each)(void *arg, const char *path), void *arg, pxm_error *error)
{
    const struct places places = {.each = each, .arg = arg};
    struct pxm_arena *arena = pxm_arena_new(SCRATCH_BYTES_MAX);
    struct pxm_environment environment = {0};
    struct pxm_diags diags;
    pxm_status status = PXM_OK;

    if (!arena) {
        return pxm_error_no_memory(error);
    }
    pxm_diags_init(&diags, arena);
    if (pxm_environment_read(&environment, project, profile, NULL, &diags)) {
        const struct pxm_scope scope = pxm_environment_scope(&environment);
        for (size_t i = 0; status == PXM_OK && i < profile->resource_count; i++) {
            status = tell(&places, profile->resources[i].options, &scope);
        }
    }
    pxm_environment_done(&environment);
    pxm_arena_free(arena);
    return status == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
}
