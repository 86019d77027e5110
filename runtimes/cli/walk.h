/* The files of a batch: a folder, one file, or a pattern with *, ?, [] and ** (any number of folders). */
#ifndef PXM_CLI_WALK_H
#define PXM_CLI_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WALK_FILES_MAX = 10000000, WALK_PARTS_MAX = 64 };

struct walk_file {
    char *path;      /* as to be opened */
    const char *rel; /* points into path: below the folder that the pattern starts with */
    int64_t bytes, modified_ms;
};
struct walk {
    struct walk_file *files; /* in order of their paths */
    size_t count, capacity;
};

/* Adds what `pattern` stands for; hidden files are left out unless the pattern names them. False after it told the
 * user. */
bool walk_add(struct walk *walk, const char *pattern);
void walk_done(struct walk *walk);
/* Whether a relative path matches; pure. */
bool walk_matches(const char *pattern, const char *path);

#endif
