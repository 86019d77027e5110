/* Finds the files of a batch with fts(3); names are matched part by part with fnmatch(3). */
#include "walk.h"

#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One part of a pattern or path: up to the next slash. */
static size_t part_length(const char *text)
{
    return strcspn(text, "/");
}

static const char *next_part(const char *text)
{
    text += part_length(text);
    return *text == '/' ? text + 1 : text;
}

static bool part_matches(const char *pattern, const char *path)
{
    char left[256];
    char right[256];
    size_t a = part_length(pattern);
    size_t b = part_length(path);

    if (a >= sizeof left || b >= sizeof right) {
        return false;
    }
    memcpy(left, pattern, a);
    memcpy(right, path, b);
    left[a] = right[b] = '\0';
    return fnmatch(left, right, FNM_PERIOD) == 0;
}

static bool is_any_folders(const char *pattern)
{
    return part_length(pattern) == 2 && pattern[0] == '*' && pattern[1] == '*';
}

/* The last `**` seen is the only one worth going back to: what it took grows by one part and the rest is tried
 * again. */
bool walk_matches(const char *pattern, const char *path)
{
    const char *after_any = NULL;
    const char *retry_at = NULL;

    while (*path) {
        if (*pattern && is_any_folders(pattern)) {
            after_any = pattern = next_part(pattern);
            retry_at = path;
        } else if (*pattern && part_matches(pattern, path)) {
            pattern = next_part(pattern);
            path = next_part(path);
        } else if (after_any && *retry_at != '.') {
            pattern = after_any;
            retry_at = path = next_part(retry_at);
        } else {
            return false;
        }
    }
    while (*pattern && is_any_folders(pattern)) {
        pattern = next_part(pattern);
    }
    return *pattern == '\0';
}

/* Length of the folder part before the first wildcard, with its slash. */
static size_t fixed_length(const char *pattern)
{
    size_t wild = strcspn(pattern, "*?[");

    while (wild > 0 && pattern[wild - 1] != '/') {
        wild--;
    }
    return wild;
}

static bool keep(struct walk *walk, const char *path, size_t skip, const struct stat *st)
{
    if (walk->count == WALK_FILES_MAX) {
        fprintf(stderr, "pixmill: more than %d files\n", WALK_FILES_MAX);
        return false;
    }
    if (walk->count == walk->capacity) {
        size_t capacity = walk->capacity ? walk->capacity * 2 : 256;
        struct walk_file *files = reallocarray(walk->files, capacity, sizeof *files);
        if (!files) {
            fprintf(stderr, "pixmill: out of memory\n");
            return false;
        }
        walk->files = files;
        walk->capacity = capacity;
    }
    char *copy = strdup(path);
    if (!copy) {
        fprintf(stderr, "pixmill: out of memory\n");
        return false;
    }
    walk->files[walk->count++] =
        (struct walk_file){.path = copy,
                           .rel = copy + skip,
                           .bytes = st->st_size,
                           .modified_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000};
    return true;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Looks below `folder`; `pattern` NULL takes every file that is not hidden. */
static bool walk_folder(struct walk *walk, char *folder, const char *pattern)
{
    char *const roots[] = {folder, NULL};
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    bool fine = fts != NULL;
    size_t skip = strlen(folder);

    while (skip > 0 && folder[skip - 1] == '/') {
        skip--;
    }
    if (!fts) {
        fprintf(stderr, "pixmill: %s: %s\n", folder, strerrordesc_np(errno));
        return false;
    }
    for (FTSENT *found = fts_read(fts); fine && found; found = fts_read(fts)) {
        const char *rel = found->fts_path + skip;
        rel += strspn(rel, "/");
        bool hidden = found->fts_level > 0 && found->fts_name[0] == '.';
        if (found->fts_info == FTS_D && hidden && !pattern) {
            fts_set(fts, found, FTS_SKIP);
        } else if (found->fts_info == FTS_F && (pattern ? walk_matches(pattern, rel) : !hidden)) {
            fine = keep(walk, found->fts_path, (size_t)(rel - found->fts_path), found->fts_statp);
        } else if (found->fts_info == FTS_DNR || found->fts_info == FTS_ERR || found->fts_info == FTS_NS) {
            fprintf(stderr, "pixmill: %s: %s\n", found->fts_path, strerrordesc_np(found->fts_errno));
            fine = false;
        }
    }
    fts_close(fts);
    return fine;
}

bool walk_add(struct walk *walk, const char *pattern)
{
    size_t before = walk->count;
    size_t fixed = fixed_length(pattern);
    struct stat st;

    /* What is there is meant as it is called, also where its name has a bracket. */
    bool exists = stat(pattern, &st) == 0;
    bool wild = !exists && pattern[strcspn(pattern, "*?[")] != '\0';
    if (!exists && !wild) {
        fprintf(stderr, "pixmill: %s: %s\n", pattern, strerrordesc_np(errno));
        return false;
    }
    if (exists && !S_ISDIR(st.st_mode)) {
        const char *slash = strrchr(pattern, '/');
        return keep(walk, pattern, slash ? (size_t)(slash + 1 - pattern) : 0, &st);
    }
    char *folder = wild && fixed == 0 ? strdup(".") : strndup(pattern, wild ? fixed : strlen(pattern));
    if (!folder) {
        fprintf(stderr, "pixmill: out of memory\n");
        return false;
    }
    bool fine = walk_folder(walk, folder, wild ? pattern + fixed : NULL);
    free(folder);
    if (fine && walk->count == before) {
        fprintf(stderr, "pixmill: %s matches no file\n", pattern);
        return false;
    }
    return fine;
}

void walk_done(struct walk *walk)
{
    for (size_t i = 0; i < walk->count; i++) {
        free(walk->files[i].path);
    }
    free(walk->files);
    *walk = (struct walk){0};
}
