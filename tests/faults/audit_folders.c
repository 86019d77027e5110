/* The other way round: from what is in the folders, or in a bucket, to the records that name it. */
#include "audit_private.h"
#include "base/json.h"
#include "base/value.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

static void stray(struct audit *audit, const char *path, const char *what)
{
    audit->strays++;
    fprintf(stderr, "# %s: %s\n", path, what);
}

/* The next entry but . and ..; NULL: there is none. */
static const char *next_name(DIR *folder)
{
    const struct dirent *entry = NULL;

    while ((entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            return entry->d_name;
        }
    }
    return NULL;
}

static DIR *open_folder(const struct audit *audit, const char *name)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s", audit->state, name);
    return opendir(path);
}

static void check_empty(struct audit *audit, const char *name)
{
    DIR *folder = open_folder(audit, name);
    const char *entry = NULL;

    while (folder && (entry = next_name(folder))) {
        stray(audit, entry, "was left behind");
    }
    if (folder) {
        closedir(folder);
    }
}

static void check_original(struct audit *audit, const struct audit_world *world, const char *name)
{
    audit->objects++;
    if (!audit_find_record(world, name)) {
        stray(audit, name, "is an original without a record");
    }
}

static void check_originals(struct audit *audit, const struct audit_world *world)
{
    DIR *folder = open_folder(audit, "images/uploads");
    const char *name = NULL;

    while (folder && (name = next_name(folder))) {
        check_original(audit, world, name);
    }
    if (folder) {
        closedir(folder);
    }
}

static bool is_named(const struct audit_record *record, const char *url)
{
    for (size_t i = 0; i < pxm_value_count(record->thumbnails); i++) {
        const char *text = pxm_value_as_string(pxm_value_get(pxm_value_at(record->thumbnails, i), "url"), NULL);
        if (text && strcmp(text, url) == 0) {
            return true;
        }
    }
    return false;
}

/* Pictures may differ in nothing but the end of their names, hence all records are asked. */
static bool is_named_by_any(const struct audit_world *world, const char *stem, const char *url)
{
    size_t length = strlen(stem);

    for (size_t i = 0; i < world->record_count; i++) {
        const struct audit_record *record = &world->records[i];
        bool same = strncmp(record->filename, stem, length) == 0 && record->filename[length] == '.';
        /* One that failed may have some of its derivatives: it does not name them. */
        if (same && (!record->ready || is_named(record, url))) {
            return true;
        }
    }
    return false;
}

static void check_derivative(struct audit *audit, const struct audit_world *world, const char *stem, const char *file)
{
    char url[PATH_BYTES];

    audit->objects++;
    snprintf(url, sizeof url, "/thumbnails/%s/%s", stem, file);
    if (!is_named_by_any(world, stem, url)) {
        stray(audit, url, "is a derivative that no record names");
    }
}

static void check_derivatives_of(struct audit *audit, const struct audit_world *world, const char *stem)
{
    char name[PATH_BYTES];
    const char *file = NULL;

    snprintf(name, sizeof name, "images/thumbnails/%s", stem);
    DIR *folder = open_folder(audit, name);
    while (folder && (file = next_name(folder))) {
        check_derivative(audit, world, stem, file);
    }
    if (folder) {
        closedir(folder);
    }
}

void audit_folders(struct audit *audit, const struct audit_world *world)
{
    DIR *folder = open_folder(audit, "images/thumbnails");
    const char *stem = NULL;

    check_empty(audit, "spool");
    check_empty(audit, "images/.pixmill");
    check_originals(audit, world);
    while (folder && (stem = next_name(folder))) {
        check_derivatives_of(audit, world, stem);
    }
    if (folder) {
        closedir(folder);
    }
}

/* ---- a bucket ---------------------------------------------------------------------------------------------------- */

static void check_key(struct audit *audit, const struct audit_world *world, const char *key)
{
    static const char uploads[] = "uploads/", thumbnails[] = "thumbnails/";
    char stem[LEDGER_NAME_MAX];
    const char *slash = strrchr(key, '/');

    if (strncmp(key, uploads, sizeof uploads - 1) == 0) {
        check_original(audit, world, key + sizeof uploads - 1);
    } else if (strncmp(key, thumbnails, sizeof thumbnails - 1) == 0 && slash >= key + sizeof thumbnails) {
        const char *start = key + sizeof thumbnails - 1;
        snprintf(stem, sizeof stem, "%.*s", (int)(slash - start), start);
        check_derivative(audit, world, stem, slash + 1);
    } else {
        stray(audit, key, "is neither an original nor a derivative");
    }
}

void audit_bucket(struct audit *audit, const struct audit_world *world)
{
    const struct wire_request request = {.method = "POST", .path = "/objects"};
    struct wire_answer answer;
    pxm_value *value = NULL;

    check_empty(audit, "spool");
    check_empty(audit, "images");
    bool whole = wire_ask(audit->gate_port, &request, &answer);
    if (!whole || pxm_json_parse(answer.body, answer.length, &value, NULL) != PXM_OK) {
        stray(audit, "/objects", "the bucket cannot be listed");
    }
    const pxm_value *keys = pxm_value_get(value, "keys");
    for (size_t i = 0; i < pxm_value_count(keys); i++) {
        check_key(audit, world, pxm_value_as_string(pxm_value_at(keys, i), NULL));
    }
    pxm_value_unref(value);
    wire_answer_done(&answer);
}
