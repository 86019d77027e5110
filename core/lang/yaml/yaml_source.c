/* Taking in text: from a file or memory, limited, as UTF-8 without anything that YAML readers or editors disagree
 * on. Called once for each file that is loaded, by one thread at a time for each arena. */
#include "base/utf8.h"
#include "lang/yaml/yaml.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char code_unreadable[] = "E001";

/* Opens a regular file; a FIFO or device would block or never end. -1 with *ret_why. */
static int open_regular(const char *path, size_t *ret_size, const char **ret_why)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        *ret_why = strerrordesc_np(errno);
        return -1;
    }
    if (fstat(fd, &status) < 0) {
        *ret_why = strerrordesc_np(errno);
        close(fd);
        return -1;
    }
    if (!S_ISREG(status.st_mode)) {
        *ret_why = S_ISDIR(status.st_mode) ? "it is a folder" : "it is no regular file";
        close(fd);
        return -1;
    }
    *ret_size = (uintmax_t)status.st_size > SIZE_MAX ? SIZE_MAX : (size_t)status.st_size;
    return fd;
}

/* Reads at most `size` bytes; fewer when the file got shorter. -1 with *ret_why. */
static ssize_t read_all(int fd, char *buffer, size_t size, const char **ret_why)
{
    size_t length = 0;

    while (length < size) {
        ssize_t got = read(fd, buffer + length, size - length);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            *ret_why = strerrordesc_np(errno);
            return -1;
        }
        if (got == 0) {
            break;
        }
        length += (size_t)got;
    }
    return (ssize_t)length;
}

/* What YAML forbids, and three line breaks that only some readers take for such. */
static bool is_allowed(uint32_t code)
{
    if (code < 0x20) {
        return code == '\t' || code == '\n' || code == '\r';
    }
    return !(code >= 0x7f && code <= 0x9f) && code != 0x2028 && code != 0x2029 && code != 0xfffe && code != 0xffff;
}

static const char *encoding_hint(const char *text, size_t length)
{
    if (length >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2))) {
        return "the file is UTF-16; save it as UTF-8";
    }
    return "save the file as UTF-8";
}

/* True when all of the text may be read on. Reports the first character that may not. */
static bool check_characters(const struct pxm_source *source, struct pxm_diags *diags)
{
    struct pxm_span place = {.source = source, .line = 1, .column = 1, .length = 1};
    struct pxm_diag *diag;
    uint32_t code = 0;
    size_t count = 0;

    while (place.offset < source->length) {
        const char *text = source->text + place.offset;

        count = pxm_utf8_next(text, source->length - place.offset, &code);
        if (count == 0 || !is_allowed(code)) {
            break;
        }
        place.column++;
        if (code == '\n' || (code == '\r' && text[1] != '\n')) {
            place.line++;
            place.column = 1;
        }
        place.offset += (uint32_t)count;
    }
    if (place.offset == source->length) {
        return true;
    }
    if (count == 0) {
        diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, code_unreadable, place, "byte 0x%02x is no UTF-8",
                            (unsigned char)source->text[place.offset]);
        pxm_diag_label(diags, diag, "%s", encoding_hint(source->text, source->length));
        return false;
    }
    place.length = (uint32_t)count;
    diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, code_unreadable, place, "character U+%04X is not allowed in YAML",
                        code);
    pxm_diag_label(diags, diag, "delete it, or write \"\\%c%0*x\" in double quotes", code > 0xff ? 'u' : 'x',
                   code > 0xff ? 4 : 2, code);
    return false;
}

/* Takes over `text`, which is in the arena and ends in NUL. */
static struct pxm_source *source_new(struct pxm_arena *arena, const char *shown_path, const char *text, size_t length,
                                     struct pxm_diags *diags)
{
    struct pxm_source *source = pxm_arena_alloc(arena, sizeof *source);
    const char *path = pxm_arena_strndup(arena, shown_path, strlen(shown_path));

    if (!source || !path) {
        pxm_diags_no_memory(diags);
        return NULL;
    }
    *source = (struct pxm_source){.path = path, .text = text, .length = length};
    return source;
}

static struct pxm_source *check(struct pxm_source *source, struct pxm_diags *diags)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};

    if (!source) {
        return NULL;
    }
    if (source->length >= sizeof mark && !memcmp(source->text, mark, sizeof mark)) {
        source->text += sizeof mark;
        source->length -= sizeof mark;
    }
    return check_characters(source, diags) ? source : NULL;
}

/* The file as a whole is to blame. */
static void report_file(struct pxm_arena *arena, const char *shown_path, const char *message, struct pxm_diags *diags)
{
    struct pxm_source *source = source_new(arena, shown_path, "", 0, diags);

    if (source) {
        pxm_diag_add(diags, PXM_SEVERITY_ERROR, code_unreadable, (struct pxm_span){.source = source}, "%s", message);
    }
}

static void report_size(struct pxm_arena *arena, const char *shown_path, size_t size, struct pxm_diags *diags)
{
    char message[128];

    snprintf(message, sizeof message, "the file has %zu bytes, and at most %d are read; split it", size,
             PXM_YAML_BYTES_MAX);
    report_file(arena, shown_path, message, diags);
}

static void report_unreadable(struct pxm_arena *arena, const char *shown_path, const char *why, struct pxm_diags *diags)
{
    char message[256];

    snprintf(message, sizeof message, "the file cannot be read: %s", why);
    report_file(arena, shown_path, message, diags);
}

/* Reads an open file of that size. */
static struct pxm_source *read_source(struct pxm_arena *arena, int fd, size_t size, const char *shown_path,
                                      struct pxm_diags *diags)
{
    const char *why = NULL;
    ssize_t length;
    char *text;

    if (size > PXM_YAML_BYTES_MAX) {
        report_size(arena, shown_path, size, diags);
        return NULL;
    }
    text = pxm_arena_alloc(arena, size + 1);
    if (!text) {
        pxm_diags_no_memory(diags);
        return NULL;
    }
    length = read_all(fd, text, size, &why);
    if (length < 0) {
        report_unreadable(arena, shown_path, why, diags);
        return NULL;
    }
    return check(source_new(arena, shown_path, text, (size_t)length, diags), diags);
}

struct pxm_source *pxm_source_read(struct pxm_arena *arena, const char *path, const char *shown_path,
                                   struct pxm_diags *diags)
{
    struct pxm_source *source;
    const char *why = NULL;
    size_t size = 0;
    int fd = open_regular(path, &size, &why);

    if (fd < 0) {
        report_unreadable(arena, shown_path, why, diags);
        return NULL;
    }
    source = read_source(arena, fd, size, shown_path, diags);
    close(fd);
    return source;
}

struct pxm_source *pxm_source_of_text(struct pxm_arena *arena, const char *shown_path, const char *text, size_t length,
                                      struct pxm_diags *diags)
{
    char *copy;

    if (length > PXM_YAML_BYTES_MAX) {
        report_size(arena, shown_path, length, diags);
        return NULL;
    }
    copy = pxm_arena_strndup(arena, text, length);
    if (!copy) {
        pxm_diags_no_memory(diags);
        return NULL;
    }
    return check(source_new(arena, shown_path, copy, length, diags), diags);
}
