/* Paths only; nothing is made or opened. */
#include "daemon/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool complain(const char *command, const char *what, const char *problem)
{
    fprintf(stderr, "pixmill %s: %s%s\n", command, what, problem);
    return false;
}

static bool has_project(const char *folder)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/pixmill.yaml", folder);

    return length < (int)sizeof path && access(path, R_OK) == 0;
}

static bool find_upwards(struct place *place, const char *command)
{
    if (!getcwd(place->folder, sizeof place->folder)) {
        return complain(command, "the working directory is gone", "");
    }
    while (!has_project(place->folder)) {
        char *slash = strrchr(place->folder, '/');
        if (!slash || slash == place->folder) {
            return complain(command, "no pixmill.yaml here or in a folder above", "; give --project");
        }
        *slash = '\0';
    }
    memcpy(place->project, place->folder, sizeof place->project);
    return true;
}

bool place_project(struct place *place, const char *command, const char *named)
{
    struct stat st;

    if (!named) {
        return find_upwards(place, command);
    }
    if (!realpath(named, place->project) || stat(place->project, &st) != 0) {
        return complain(command, named, ": there is no such file or folder");
    }
    memcpy(place->folder, place->project, sizeof place->folder);
    if (!S_ISDIR(st.st_mode)) {
        *strrchr(place->folder, '/') = '\0';
    }
    return true;
}

static bool make_absolute(struct place *place, const char *command, const char *path)
{
    char here[PATH_MAX];
    int length = path[0] == '/'
                     ? snprintf(place->state, PATH_MAX, "%s", path)
                     : snprintf(place->state, PATH_MAX, "%s/%s", getcwd(here, sizeof here) ? here : "", path);

    return length < PATH_MAX || complain(command, path, ": the path is too long");
}

bool place_state(struct place *place, const char *command, const char *named)
{
    static const char *const variables[] = {"PIXMILL_STATE", "STATE_DIRECTORY"};

    for (size_t i = 0; i < sizeof variables / sizeof variables[0] && !named; i++) {
        named = secure_getenv(variables[i]);
        named = named && named[0] ? named : NULL;
    }
    if (named) {
        return make_absolute(place, command, named);
    }
    if (!place->folder[0] && !place_project(place, command, NULL)) {
        return false;
    }
    return snprintf(place->state, sizeof place->state, "%s/var", place->folder) < (int)sizeof place->state ||
           complain(command, place->folder, ": the path is too long");
}
