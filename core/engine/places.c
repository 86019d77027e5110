/* Makes missing folders between a project's own folder and the files of its drivers. */
#include "engine/places.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

pxm_status pxm_places_make(const struct pxm_bindings *bindings, const void *config, pxm_error *error)
{
    size_t length = bindings->base ? strlen(bindings->base) : 0;

    for (size_t i = 0; length > 0 && i < pxm_options_count(bindings->table); i++) {
        const struct pxm_option option = pxm_options_at(bindings->table, i);
        const char *path = NULL;
        if (!(option.flags & PXM_OPT_PATH)) {
            continue;
        }
        memcpy(&path, (const char *)config + option.offset, sizeof path);
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
