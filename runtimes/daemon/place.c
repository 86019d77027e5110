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

bool place_from_program(const char *relative, char ret[PATH_MAX])
{
    char own[PATH_MAX], path[2 * PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);

    if (length <= 0) {
        return false;
    }
    own[length] = '\0';
    *strrchr(own, '/') = '\0';
    snprintf(path, sizeof path, "%s/%s", own, relative);
    return realpath(path, ret) != NULL;
}

static bool find_upwards(struct place *place)
{
    if (!getcwd(place->folder, sizeof place->folder)) {
        return false;
    }
    while (!has_project(place->folder)) {
        char *slash = strrchr(place->folder, '/');
        if (!slash || slash == place->folder) {
            return false;
        }
        *slash = '\0';
    }
    return true;
}

static bool find_project(struct place *place, const char *command)
{
    if (!find_upwards(place)) {
        place->shipped =
            place_from_program("../../share/pixmill/pipelines", place->folder) && has_project(place->folder);
        if (!place->shipped) {
            return complain(command, "no pixmill.yaml here or in a folder above", "; give --project");
        }
    }
    memcpy(place->project, place->folder, sizeof place->project);
    return true;
}

bool place_project(struct place *place, const char *command, const char *named)
{
    struct stat st;

    if (!named) {
        return find_project(place, command);
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
    if (place->shipped) {
        return complain(command, "where to keep pictures and records is not known", "; give --state");
    }
    return snprintf(place->state, sizeof place->state, "%s/var", place->folder) < (int)sizeof place->state ||
           complain(command, place->folder, ": the path is too long");
}
