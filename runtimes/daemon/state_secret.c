/* Tokens and keys: small files that nobody else may read. What was in memory on the way is overwritten. */
#include "daemon/state_internal.h"

#include "base/digest.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYS_NAME "url.keys"

enum { TOKEN_BYTES = 32, KEY_BYTES = 32, STATE_FILE_MAX = 1024 };

/* ---- files ---- */

static pxm_status fail_errno(pxm_error *error, int number, const char *name, const char *what)
{
    bool denied = number == EACCES || number == EPERM || number == EROFS;
    pxm_status status = pxm_error_errno(error, number, denied ? "state.denied" : "state.unavailable", what);
    pxm_error_context(error, "%s", name);
    return status;
}

static pxm_status read_private(int fd, const char *name, const char *code, char text[STATE_FILE_MAX + 1],
                               pxm_error *error)
{
    struct stat about;
    size_t length = 0;
    if (fstat(fd, &about) != 0) {
        return fail_errno(error, errno, name, "cannot be looked at");
    }
    if (!S_ISREG(about.st_mode) || about.st_mode & (S_IRWXO | S_IWGRP)) {
        return pxm_error_set(error, PXM_E_DENIED, code,
                             "%s: others may read or change this secret, or it is no file; chmod 600 helps", name);
    }
    while (length < STATE_FILE_MAX + 1) {
        ssize_t got = read(fd, text + length, STATE_FILE_MAX + 1 - length);
        if (got < 0 && errno != EINTR) {
            return fail_errno(error, errno, name, "cannot be read");
        }
        if (got == 0) {
            break;
        }
        length += got > 0 ? (size_t)got : 0;
    }
    if (length > STATE_FILE_MAX || memchr(text, '\0', length)) {
        return pxm_error_set(error, PXM_E_INVALID, code, "%s: this is no such file: it is too long, or no text", name);
    }
    text[length] = '\0';
    return PXM_OK;
}

/* Reads a file that nobody else may read, as text with a NUL; `code` of what is wrong with it. `folder` may be
 * AT_FDCWD. */
static pxm_status file_read(int folder, const char *name, const char *code, char text[STATE_FILE_MAX + 1],
                            pxm_error *error)
{
    /* Not blocking: a pipe that was put there must not hold up the start. */
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return fail_errno(error, errno, name, "cannot be opened");
    }
    pxm_status status = read_private(fd, name, code, text, error);
    close(fd);
    return status;
}

/* 0, or an errno. */
static int write_durably(int fd, const char *text)
{
    size_t length = strlen(text), written = 0;
    while (written < length) {
        ssize_t put = write(fd, text + written, length - written);
        if (put < 0 && errno != EINTR) {
            return errno;
        }
        written += put > 0 ? (size_t)put : 0;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* Makes one, whole or not at all, and durable. */
static pxm_status file_write(int folder, const char *name, const char *text, pxm_error *error)
{
    char making[64];
    snprintf(making, sizeof making, "%s.making", name);
    if (unlinkat(folder, making, 0) != 0 && errno != ENOENT) {
        return fail_errno(error, errno, name, "what an earlier start left behind cannot be removed");
    }
    int fd = openat(folder, making, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return fail_errno(error, errno, name, "cannot be made");
    }
    int number = write_durably(fd, text);
    close(fd);
    if (number == 0 && (renameat(folder, making, folder, name) != 0 || fsync(folder) != 0)) {
        number = errno;
    }
    if (number != 0) {
        unlinkat(folder, making, 0);
        return fail_errno(error, number, name, "cannot be written");
    }
    return PXM_OK;
}

static bool is_missing(int folder, const char *name)
{
    struct stat about;
    return fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

/* ---- tokens ---- */

/* RFC 4648, section 5, without padding. */
static void base64url(const uint8_t *data, size_t length, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | data[i];
        for (count += 8; count >= 6; count -= 6) {
            *out++ = digits[bits >> (count - 6) & 63];
        }
    }
    if (count > 0) {
        *out++ = digits[bits << (6 - count) & 63];
    }
    *out = '\0';
}

static pxm_status make_token(int folder, const char *name, pxm_error *error)
{
    uint8_t bytes[TOKEN_BYTES];
    char text[2 * TOKEN_BYTES];
    if (pxm_random(bytes, sizeof bytes) != PXM_OK) {
        return pxm_error_set(error, PXM_E_INTERNAL, "internal", "no random bytes to be had");
    }
    base64url(bytes, sizeof bytes, text);
    size_t length = strlen(text);
    text[length] = '\n';
    text[length + 1] = '\0';
    pxm_status status = file_write(folder, name, text, error);
    explicit_bzero(bytes, sizeof bytes);
    explicit_bzero(text, sizeof text);
    return status;
}

static size_t trimmed_length(const char *text)
{
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        length--;
    }
    return length;
}

static pxm_status read_token(int folder, const char *name, char token[STATE_TOKEN_MAX + 1], pxm_error *error)
{
    char text[STATE_FILE_MAX + 1] = "";
    pxm_status status = file_read(folder, name, "state.token", text, error);
    size_t length = status == PXM_OK ? trimmed_length(text) : 0;
    bool fits = length >= STATE_TOKEN_MIN && length <= STATE_TOKEN_MAX;
    for (size_t i = 0; fits && i < length; i++) {
        fits = text[i] >= '!' && text[i] <= '~';
    }
    if (status == PXM_OK && fits) {
        memcpy(token, text, length);
        token[length] = '\0';
    } else if (status == PXM_OK) {
        status = pxm_error_set(error, PXM_E_INVALID, "state.token",
                               "%s: a token has %d to %d characters, from ! to ~ and no space", name,
                               (int)STATE_TOKEN_MIN, (int)STATE_TOKEN_MAX);
    }
    explicit_bzero(text, sizeof text);
    return status;
}

pxm_status state_token(const struct state *state, const char *name, char token[STATE_TOKEN_MAX + 1], pxm_error *error)
{
    pxm_status status = is_missing(state->folder, name) ? make_token(state->folder, name, error) : PXM_OK;
    return status == PXM_OK ? read_token(state->folder, name, token, error) : status;
}

pxm_status state_token_read(const char *path, char token[STATE_TOKEN_MAX + 1], pxm_error *error)
{
    return read_token(AT_FDCWD, path, token, error);
}

/* ---- keys ---- */

static pxm_status make_keys(int folder, pxm_error *error)
{
    uint8_t bytes[KEY_BYTES];
    char text[2 * KEY_BYTES + 2];
    if (pxm_random(bytes, sizeof bytes) != PXM_OK) {
        return pxm_error_set(error, PXM_E_INTERNAL, "internal", "no random bytes to be had");
    }
    pxm_hex(bytes, sizeof bytes, text);
    text[sizeof text - 2] = '\n';
    text[sizeof text - 1] = '\0';
    pxm_status status = file_write(folder, KEYS_NAME, text, error);
    explicit_bzero(bytes, sizeof bytes);
    explicit_bzero(text, sizeof text);
    return status;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* One key of `length` characters, as hex. */
static bool parse_key(const char *text, size_t length, struct state_keys *keys)
{
    if (keys->count == STATE_KEYS_MAX || length % 2 != 0 || length / 2 < STATE_KEY_BYTES_MIN ||
        length / 2 > STATE_KEY_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < length; i += 2) {
        int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        keys->keys[keys->count].bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    keys->keys[keys->count++].length = length / 2;
    return true;
}

static bool parse_keys(const char *text, struct state_keys *keys)
{
    bool fine = true;
    while (fine && *(text += strspn(text, "\r\n"))) {
        size_t length = strcspn(text, "\r\n");
        fine = parse_key(text, length, keys);
        text += length;
    }
    return fine && keys->count > 0;
}

static pxm_status read_keys(int folder, struct state_keys *ret, pxm_error *error)
{
    char text[STATE_FILE_MAX + 1] = "";
    struct state_keys keys = {0};
    pxm_status status = file_read(folder, KEYS_NAME, "state.keys", text, error);
    if (status == PXM_OK && parse_keys(text, &keys)) {
        *ret = keys;
    } else if (status == PXM_OK) {
        status = pxm_error_set(error, PXM_E_INVALID, "state.keys",
                               KEYS_NAME ": one or two lines of %d to %d hex digits are wanted",
                               2 * STATE_KEY_BYTES_MIN, 2 * STATE_KEY_BYTES_MAX);
    }
    explicit_bzero(text, sizeof text);
    explicit_bzero(&keys, sizeof keys);
    return status;
}

pxm_status state_url_keys(const struct state *state, struct state_keys *ret, pxm_error *error)
{
    pxm_status status = is_missing(state->folder, KEYS_NAME) ? make_keys(state->folder, error) : PXM_OK;
    return status == PXM_OK ? read_keys(state->folder, ret, error) : status;
}

pxm_status state_url_keys_read(const char *folder, struct state_keys *ret, pxm_error *error)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return pxm_error_errno(error, errno, "state.unavailable", folder);
    }
    pxm_status status = read_keys(fd, ret, error);
    close(fd);
    return status;
}
