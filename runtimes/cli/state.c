/* Reads and appends state files. */
#include "state.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/value.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct done_file {
    int64_t bytes, modified_ms;
    char path[];
};

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct done_file *)a)->path, ((const struct done_file *)b)->path);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The path of a line; the caller frees it. JSON holds characters only, so that a name that is none is written as bytes,
 * too. "" where the line makes no sense. NULL: no memory. */
static char *path_of(const pxm_value *line)
{
    size_t length = 0;
    const char *hex = pxm_value_as_string(pxm_value_get(line, "path_hex"), &length);
    char *path = strdup(length > 0 ? hex : pxm_value_as_string(pxm_value_get(line, "path"), NULL));

    for (size_t i = 0; path && i < length / 2; i++) {
        int high = hex_digit(hex[2 * i]);
        int low = hex_digit(hex[2 * i + 1]);
        path[i] = (char)(high < 0 || low < 0 ? 0 : high << 4 | low);
        path[i + 1] = '\0';
    }
    return path;
}

static bool remember(struct state *state, const pxm_value *line)
{
    const char *plan = pxm_value_as_string(pxm_value_get(line, "plan"), NULL);
    const char *outcome = pxm_value_as_string(pxm_value_get(line, "outcome"), NULL);

    if (strcmp(outcome, "ok") != 0 || strcmp(plan, state->plan) != 0) {
        return true;
    }
    char *path = path_of(line);
    size_t length = path ? strlen(path) : 0;
    struct done_file *file = path ? malloc(sizeof *file + length + 1) : NULL;
    if (!file) {
        free(path);
        return false;
    }
    file->bytes = pxm_value_as_int(pxm_value_get(line, "bytes"));
    file->modified_ms = pxm_value_as_int(pxm_value_get(line, "modified_ms"));
    memcpy(file->path, path, length + 1);
    free(path);
    struct done_file **found = tsearch(file, &state->done, by_path);
    if (!found) {
        free(file);
        return false;
    }
    if (*found != file) { /* done twice: the later line counts */
        (*found)->bytes = file->bytes;
        (*found)->modified_ms = file->modified_ms;
        free(file);
    }
    return true;
}

/* A line that is no JSON is the one that was being written when the machine stopped. */
static bool read_lines(struct state *state, FILE *in)
{
    char *text = NULL;
    size_t size = 0;
    bool fine = true;

    for (ssize_t length = getline(&text, &size, in); fine && length >= 0; length = getline(&text, &size, in)) {
        pxm_value *line = NULL;
        struct pxm_error error = {0};
        if (pxm_json_parse(text, (size_t)length, &line, &error) == PXM_OK) {
            fine = remember(state, line);
        }
        pxm_value_unref(line);
    }
    free(text);
    return fine && !ferror(in);
}

static bool open_out(struct state *state, const char *path)
{
    state->out = fopen(path, "a+e");
    if (!state->out) {
        fprintf(stderr, "pixmill: %s: %s\n", path, strerrordesc_np(errno));
        return false;
    }
    /* A torn last line must not swallow the next one. */
    if (fseek(state->out, -1, SEEK_END) == 0 && fgetc(state->out) != '\n' && fseek(state->out, 0, SEEK_END) == 0) {
        fputc('\n', state->out);
    }
    return true;
}

bool state_open(struct state *state, const char *path, const char *resume, const char *plan)
{
    bool fine = true;

    *state = (struct state){0};
    snprintf(state->plan, sizeof state->plan, "%s", plan);
    if (resume) {
        FILE *in = fopen(resume, "re");
        fine = in && read_lines(state, in);
        if (!fine) {
            fprintf(stderr, "pixmill: %s: %s\n", resume, in ? "cannot be read" : strerrordesc_np(errno));
        }
        if (in) {
            (void)fclose(in); /* it was read to its end */
        }
    }
    return fine && (!path || open_out(state, path));
}

bool state_has(const struct state *state, const struct walk_file *file)
{
    size_t length = strlen(file->path);
    struct done_file *key = malloc(sizeof *key + length + 1);

    if (!key) {
        return false; /* then it is done once more, which changes nothing */
    }
    memcpy(key->path, file->path, length + 1);
    struct done_file *const *found = tfind(key, &state->done, by_path);
    free(key);
    return found && (*found)->bytes == file->bytes && (*found)->modified_ms == file->modified_ms;
}

static void set_path(pxm_value *line, const char *path)
{
    size_t length = strlen(path);
    char *hex = pxm_utf8_valid(path, length) ? NULL : malloc(2 * length + 1);

    pxm_value_set(line, "path", pxm_value_cstring(path));
    if (hex) {
        pxm_hex((const uint8_t *)path, length, hex);
        pxm_value_set(line, "path_hex", pxm_value_cstring(hex));
        free(hex);
    }
}

static pxm_value *line_of(const struct state *state, const struct walk_file *file, const pxm_error *error, int64_t ms)
{
    pxm_value *line = pxm_value_record();

    set_path(line, file->path);
    pxm_value_set(line, "bytes", pxm_value_int(file->bytes));
    pxm_value_set(line, "modified_ms", pxm_value_int(file->modified_ms));
    pxm_value_set(line, "plan", pxm_value_cstring(state->plan));
    pxm_value_set(line, "outcome", pxm_value_cstring(error ? "failed" : "ok"));
    if (error) {
        pxm_value_set(line, "code", pxm_value_cstring(pxm_error_code(error)));
        pxm_value_set(line, "message", pxm_value_cstring(pxm_error_text(error)));
        pxm_value_set(line, "transient", pxm_value_bool(pxm_error_is_transient(error)));
    }
    pxm_value_set(line, "ms", pxm_value_int(ms));
    if (pxm_value_status(line) != PXM_OK) {
        pxm_value_unref(line);
        return NULL;
    }
    return line;
}

bool state_add(struct state *state, const struct walk_file *file, const pxm_error *error, int64_t ms)
{
    struct pxm_buf buf;
    struct pxm_error failure = {0};

    if (!state->out) {
        return true;
    }
    pxm_value *line = line_of(state, file, error, ms);
    pxm_buf_init(&buf, 1 << 20);
    bool fine = line && pxm_json_write(&buf, line, 0, 1, &failure) == PXM_OK && pxm_buf_putc(&buf, '\n') == PXM_OK &&
                fwrite(buf.data, 1, buf.length, state->out) == buf.length && fflush(state->out) == 0;
    pxm_buf_done(&buf);
    pxm_value_unref(line);
    if (!fine) {
        fprintf(stderr, "pixmill: the state file could not be written: %s\n", strerrordesc_np(errno));
    }
    return fine;
}

bool state_close(struct state *state)
{
    tdestroy(state->done, free);
    state->done = NULL;
    bool fine = !state->out || fclose(state->out) == 0;
    state->out = NULL;
    return fine;
}
