/* The search path of plugins: where it comes from, and what lies there. */
#include "engine/folders.h"

#include "base/error.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDERS_MAX = 32, PATH_MAX_BYTES = 4096, NAMES_MAX = 1024 };

struct pxm_folders {
    char *list[FOLDERS_MAX + 1];
    size_t count;
};

static bool add(struct pxm_folders *folders, const char *path, size_t length)
{
    if (length == 0 || path[0] != '/' || folders->count == FOLDERS_MAX) {
        return true;
    }
    char *copy = strndup(path, length);
    if (!copy) {
        return false;
    }
    folders->list[folders->count++] = copy;
    return true;
}

static bool add_path(struct pxm_folders *folders, const char *path)
{
    while (path && *path) {
        size_t length = strcspn(path, ":");
        if (!add(folders, path, length)) {
            return false;
        }
        path += length + (path[length] == ':');
    }
    return true;
}

/* Programs that programs start lie one folder deeper than those that people start. */
static bool is_helper(const char *program)
{
    static const char folder[] = "/" PXM_HELPER_FOLDER "/";
    const char *slash = strrchr(program, '/');
    size_t length = sizeof folder - 1, before = (size_t)(slash + 1 - program);

    return before >= length && strncmp(slash + 1 - length, folder, length) == 0;
}

/* BIN/../LIB/pixmill/plugins-1: the same rule finds them in a build folder, an installed tree and one that was
 * moved. */
static bool add_beside_program(struct pxm_folders *folders)
{
    char path[PATH_MAX_BYTES];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof "/../" PXM_PLUGIN_FROM_BIN);

    if (length <= 0) {
        return true;
    }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash) {
        return true;
    }
    size_t left = sizeof path - (size_t)(slash + 1 - path);
    int written = snprintf(slash + 1, left, "%s%s", is_helper(path) ? "../" : "", PXM_PLUGIN_FROM_BIN);
    return written < 0 || (size_t)written >= left || add(folders, path, strlen(path));
}

struct pxm_folders *pxm_folders_new(const char *path)
{
    struct pxm_folders *folders = calloc(1, sizeof *folders);

    if (!folders) {
        return NULL;
    }
    if (add_path(folders, path) && add_path(folders, secure_getenv("PIXMILL_PLUGIN_PATH")) &&
        add_beside_program(folders) && add_path(folders, PXM_PLUGIN_INSTALLED)) {
        return folders;
    }
    pxm_folders_free(folders);
    return NULL;
}

void pxm_folders_free(struct pxm_folders *folders)
{
    if (!folders) {
        return;
    }
    for (size_t i = 0; i < folders->count; i++) {
        free(folders->list[i]);
    }
    free(folders);
}

const char *const *pxm_folders_list(const struct pxm_folders *folders)
{
    return (const char *const *)folders->list;
}

static bool is_file_name(const char *name, size_t length)
{
    return length > 0 && length < 64 && name[0] != '.' && !memchr(name, '/', length);
}

bool pxm_folders_find(const struct pxm_folders *folders, const char *name, char *ret_path, size_t size)
{
    if (!is_file_name(name, strlen(name))) {
        return false;
    }
    for (size_t i = 0; i < folders->count; i++) {
        int written = snprintf(ret_path, size, "%s/%s.so", folders->list[i], name);
        if (written > 0 && (size_t)written < size && access(ret_path, F_OK) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- listing ----------------------------------------------------------------------------------------------------- */

struct names {
    char **items;
    size_t count;
};

static bool names_add(struct names *names, const char *name, size_t length)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strlen(names->items[i]) == length && memcmp(names->items[i], name, length) == 0) {
            return true;
        }
    }
    if (names->count == NAMES_MAX) {
        return true;
    }
    char *copy = strndup(name, length);
    if (copy) {
        names->items[names->count++] = copy;
    }
    return copy != NULL;
}

static bool names_add_folder(struct names *names, const char *folder)
{
    static const char suffix[] = ".so", body[] = "-body.so";
    DIR *dir = opendir(folder);
    bool kept = true;

    if (!dir) {
        return true; /* a folder that is not there holds no plugins */
    }
    for (struct dirent *found = readdir(dir); kept && found; found = readdir(dir)) {
        size_t length = strlen(found->d_name);
        bool module = length > strlen(suffix) && strcmp(found->d_name + length - strlen(suffix), suffix) == 0;
        bool second = length > strlen(body) && strcmp(found->d_name + length - strlen(body), body) == 0;
        if (module && !second && is_file_name(found->d_name, length - strlen(suffix))) {
            kept = names_add(names, found->d_name, length - strlen(suffix));
        }
    }
    closedir(dir);
    return kept;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

pxm_status pxm_folders_names(const struct pxm_folders *folders, const char *const *more, char ***ret, size_t *ret_count,
                             pxm_error *error)
{
    struct names names = {calloc(NAMES_MAX, sizeof *names.items), 0};
    bool kept = names.items != NULL;

    for (size_t i = 0; kept && more[i]; i++) {
        kept = names_add(&names, more[i], strlen(more[i]));
    }
    for (size_t i = 0; kept && i < folders->count; i++) {
        kept = names_add_folder(&names, folders->list[i]);
    }
    if (!kept) {
        for (size_t i = 0; i < names.count; i++) {
            free(names.items[i]);
        }
        free(names.items);
        return pxm_error_no_memory(error);
    }
    qsort(names.items, names.count, sizeof *names.items, compare_names);
    *ret = names.items;
    *ret_count = names.count;
    return PXM_OK;
}
