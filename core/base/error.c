/* Errors: filling, adding context, reading. Nothing here allocates but pxm_error_new and pxm_error_to_value. */
#include "base/error.h"

#include "base/utf8.h"
#include "base/value.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Handed out by pxm_error_new when memory is out, perhaps to several threads at once: it is never written. */
static pxm_error shared_no_memory = {.status = PXM_E_NO_MEMORY, .code = "no_memory", .text = "out of memory"};

static bool is_writable(const pxm_error *error)
{
    return error != NULL && error != &shared_no_memory;
}

pxm_error *pxm_error_new(void)
{
    pxm_error *error = calloc(1, sizeof *error);
    return error != NULL ? error : &shared_no_memory;
}

void pxm_error_free(pxm_error *error)
{
    if (is_writable(error)) {
        free(error);
    }
}

pxm_status pxm_error_status(const pxm_error *error)
{
    return error->status;
}

const char *pxm_error_code(const pxm_error *error)
{
    return error->code;
}

const char *pxm_error_text(const pxm_error *error)
{
    return error->text;
}

const char *pxm_error_step(const pxm_error *error)
{
    return error->step;
}

int pxm_error_is_transient(const pxm_error *error)
{
    return pxm_status_is_transient(error->status);
}

void pxm_error_clear(pxm_error *error)
{
    if (is_writable(error)) {
        *error = (pxm_error){.status = PXM_OK};
    }
}

/* Formats into a buffer of PXM_ERROR_TEXT_MAX; what does not fit is cut at a character. */
static void format_text(char *buffer, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void format_text(char *buffer, const char *format, va_list args)
{
    int length = vsnprintf(buffer, PXM_ERROR_TEXT_MAX, format, args);
    if (length < 0) {
        buffer[0] = '\0';
    } else if (length >= PXM_ERROR_TEXT_MAX) {
        buffer[pxm_utf8_cut(buffer, PXM_ERROR_TEXT_MAX - 1)] = '\0';
    }
}

pxm_status pxm_error_setv(pxm_error *error, pxm_status status, const char *code, const char *format, va_list args)
{
    if (status >= PXM_OK) {
        status = PXM_E_INTERNAL; /* Who reports a failure has failed, whatever the number says. */
    }
    if (!is_writable(error)) {
        return status;
    }
    char text[PXM_ERROR_TEXT_MAX]; /* The arguments may point into the error itself. */
    char kept_code[PXM_ERROR_CODE_MAX];
    format_text(text, format, args);
    pxm_utf8_copy(kept_code, sizeof kept_code, code);
    pxm_error_clear(error);
    error->status = status;
    pxm_utf8_copy(error->code, sizeof error->code, kept_code);
    pxm_utf8_copy(error->text, sizeof error->text, text);
    return status;
}

pxm_status pxm_error_set(pxm_error *error, pxm_status status, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status = pxm_error_setv(error, status, code, format, args);
    va_end(args);
    return status;
}

static pxm_status status_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return PXM_E_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY:
        return PXM_E_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return PXM_E_DENIED;
    case ENOSPC:
    case EDQUOT:
        return PXM_E_NO_SPACE;
    case ENOMEM:
        return PXM_E_NO_MEMORY;
    case EFBIG:
    case EOVERFLOW:
        return PXM_E_LIMIT;
    case EINVAL:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return PXM_E_INVALID;
    case EAGAIN:
    case EBUSY:
    case ECONNABORTED:
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case EINTR:
    case EIO:
    case EMFILE:
    case ENETDOWN:
    case ENETUNREACH:
    case ENFILE:
    case ENOBUFS:
    case EPIPE:
    case ESTALE:
    case ETIMEDOUT:
        return PXM_E_TRANSIENT;
    default:
        return PXM_E_INTERNAL;
    }
}

static const char *io_code(pxm_status status)
{
    switch (status) {
    case PXM_E_NOT_FOUND:
        return "io.not_found";
    case PXM_E_EXISTS:
        return "io.exists";
    case PXM_E_DENIED:
        return "io.denied";
    case PXM_E_NO_SPACE:
        return "io.no_space";
    case PXM_E_NO_MEMORY:
        return "no_memory";
    case PXM_E_LIMIT:
        return "io.too_large";
    case PXM_E_INVALID:
        return "io.invalid";
    default:
        return "io.error";
    }
}

pxm_status pxm_error_errno(pxm_error *error, int number, const char *code, const char *what)
{
    pxm_status status = status_of_errno(number);
    const char *reason = strerrordesc_np(number);
    if (code == NULL) {
        code = io_code(status);
    }
    if (reason == NULL) {
        return pxm_error_set(error, status, code, "%s: system error %d", what, number);
    }
    return pxm_error_set(error, status, code, "%s: %s", what, reason);
}

pxm_status pxm_error_no_memory(pxm_error *error)
{
    return pxm_error_set(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

/* Puts the text and a colon before what is there; gives how many bytes these are. */
static size_t put_before(pxm_error *error, char text[PXM_ERROR_TEXT_MAX])
{
    size_t length = strlen(text);
    if (length + 2 < PXM_ERROR_TEXT_MAX) {
        memcpy(text + length, ": ", 3);
        length += 2;
        pxm_utf8_copy(text + length, PXM_ERROR_TEXT_MAX - length, error->text);
    }
    pxm_utf8_copy(error->text, sizeof error->text, text);
    return length;
}

static void move_inner(pxm_error *error, size_t shift)
{
    size_t length = strlen(error->text); /* its end may have been cut off */
    error->inner = error->inner + shift < length ? error->inner + shift : length;
}

void pxm_error_context(pxm_error *error, const char *format, ...)
{
    if (!is_writable(error)) {
        return;
    }
    char text[PXM_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    format_text(text, format, args);
    va_end(args);
    size_t shift = put_before(error, text);
    if (error->inner > 0) {
        move_inner(error, shift);
    }
}

void pxm_error_through(pxm_error *error, const char *step, const char *place)
{
    if (!is_writable(error)) {
        return;
    }
    char text[PXM_ERROR_TEXT_MAX];
    snprintf(text, sizeof text, "step `%s` (%s)", step, place);
    move_inner(error, put_before(error, text));
}

void pxm_error_note(pxm_error *error, const char *key, const char *value)
{
    if (!is_writable(error)) {
        return;
    }
    size_t at = 0;
    while (at < error->note_count && strcmp(error->notes[at].key, key) != 0) {
        at++;
    }
    if (at == PXM_ERROR_NOTES_MAX) {
        return;
    }
    if (at == error->note_count) {
        error->note_count++;
        pxm_utf8_copy(error->notes[at].key, sizeof error->notes[at].key, key);
    }
    pxm_utf8_copy(error->notes[at].value, sizeof error->notes[at].value, value != NULL ? value : "");
}

void pxm_error_blame(pxm_error *error, const char *step)
{
    if (is_writable(error) && error->origin[0] == '\0') {
        pxm_utf8_copy(error->origin, sizeof error->origin, step);
    }
}

void pxm_error_set_step(pxm_error *error, const char *step)
{
    if (is_writable(error)) {
        pxm_utf8_copy(error->step, sizeof error->step, step);
    }
}

bool pxm_status_is_transient(pxm_status status)
{
    return status == PXM_E_TRANSIENT || status == PXM_E_THROTTLED || status == PXM_E_NO_MEMORY ||
           status == PXM_E_NO_SPACE;
}

pxm_value *pxm_error_to_value(const pxm_error *error)
{
    pxm_value *notes = pxm_value_record();
    for (size_t i = 0; i < error->note_count; i++) {
        pxm_value_set(notes, error->notes[i].key, pxm_value_cstring(error->notes[i].value));
    }
    pxm_value *record = pxm_value_record();
    pxm_value_set(record, "code", pxm_value_cstring(error->code));
    pxm_value_set(record, "message", pxm_value_cstring(error->text));
    pxm_value_set(record, "transient", pxm_value_bool(pxm_status_is_transient(error->status)));
    pxm_value_set(record, "step", pxm_value_cstring(error->step));
    pxm_value_set(record, "origin", pxm_value_cstring(error->origin));
    pxm_value_set(record, "notes", notes);
    if (pxm_value_status(record) != PXM_OK) {
        pxm_value_unref(record);
        return NULL;
    }
    return record;
}
