/* Content-Type, and parameters in general. No state. */
#include "app/media_type.h"

#include "base/error.h"
#include <string.h>

/* For ASCII alone, whatever the locale. */
static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

static bool is_token_character(char c)
{
    return is_alphanumeric(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static size_t token_length(const char *text)
{
    size_t length = 0;
    while (is_token_character(text[length])) {
        length++;
    }
    return length;
}

bool app_is_token(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && is_token_character(text[at])) {
        at++;
    }
    return at == length && length > 0;
}

/* Copies in lower case; false: too long. */
static bool copy_lower(char *to, size_t size, const char *text, size_t length)
{
    if (length >= size) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        to[i] = lower(text[i]);
    }
    to[length] = '\0';
    return true;
}

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

/* Behind the opening quote. False: it does not end, or holds control characters. */
static bool read_quoted(const char **at, struct pxm_buf *value)
{
    for (const char *c = *at; *c != '\0'; c++) {
        if (*c == '"') {
            *at = c + 1;
            return true;
        }
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7F) {
            return false;
        }
        if (*c == '\\' && (c[1] == '"' || c[1] == '\\')) {
            c++;
        }
        pxm_buf_putc(value, *c);
    }
    return false;
}

static bool read_value(const char **at, struct pxm_buf *value)
{
    if (**at == '"') {
        (*at)++;
        return read_quoted(at, value);
    }
    size_t length = token_length(*at);
    pxm_buf_add(value, *at, length);
    *at += length;
    return length > 0;
}

enum app_parameter app_parameter_next(const char **at, char name[APP_PARAMETER_NAME_MAX], struct pxm_buf *value)
{
    const char *c = skip_space(*at);
    bool is_parted = *c == ';';
    while (*c == ';') {
        c = skip_space(c + 1);
    }
    *at = c;
    if (*c == '\0') {
        return APP_PARAMETERS_END;
    }
    size_t length = token_length(c);
    if (!is_parted || length == 0 || c[length] != '=' || !copy_lower(name, APP_PARAMETER_NAME_MAX, c, length)) {
        return APP_PARAMETERS_BAD;
    }
    c += length + 1;
    pxm_buf_clear(value);
    if (!read_value(&c, value)) {
        return APP_PARAMETERS_BAD;
    }
    *at = c;
    if (value->status != PXM_OK) {
        return value->status == PXM_E_NO_MEMORY ? APP_PARAMETERS_NO_MEMORY : APP_PARAMETERS_BAD;
    }
    return APP_PARAMETER;
}

/* Characters of RFC 2046, section 5.1.1; the last one is no space. */
static bool is_boundary(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && (is_alphanumeric(text[at]) || (text[at] != '\0' && strchr("'()+_,-./:=? ", text[at])))) {
        at++;
    }
    return at == length && length > 0 && length <= APP_BOUNDARY_MAX && text[length - 1] != ' ';
}

/* False: said twice, or not what it must be. Parameters that we do not know do not count. */
static bool take_parameter(struct app_media_type *media, const char *name, const struct pxm_buf *value)
{
    if (strcmp(name, "charset") == 0) {
        return media->charset[0] == '\0' && value->length > 0 &&
               copy_lower(media->charset, sizeof media->charset, value->data, value->length);
    }
    if (strcmp(name, "boundary") == 0) {
        if (media->boundary[0] != '\0' || !is_boundary(value->data, value->length)) {
            return false;
        }
        memcpy(media->boundary, value->data, value->length + 1);
    }
    return true;
}

static bool read_type(const char **at, struct app_media_type *media)
{
    const char *start = skip_space(*at);
    size_t length = token_length(start);
    if (length == 0 || start[length] != '/') {
        return false;
    }
    size_t sub = token_length(start + length + 1);
    *at = start + length + 1 + sub;
    return sub > 0 && copy_lower(media->type, sizeof media->type, start, length + 1 + sub);
}

pxm_status app_media_type_read(const char *text, struct app_media_type *ret, pxm_error *error)
{
    struct app_media_type media = {.type = ""};
    enum app_parameter next = APP_PARAMETERS_END;
    char name[APP_PARAMETER_NAME_MAX];
    struct pxm_buf value;
    pxm_buf_init(&value, 256);
    if (text != NULL && *skip_space(text) != '\0') {
        next = read_type(&text, &media) ? APP_PARAMETER : APP_PARAMETERS_BAD;
    }
    while (next == APP_PARAMETER) {
        next = app_parameter_next(&text, name, &value);
        if (next == APP_PARAMETER && !take_parameter(&media, name, &value)) {
            next = APP_PARAMETERS_BAD;
        }
    }
    pxm_buf_done(&value);
    if (next == APP_PARAMETERS_NO_MEMORY) {
        return pxm_error_no_memory(error);
    }
    if (next == APP_PARAMETERS_BAD) {
        return pxm_error_set(error, PXM_E_INVALID, "request.media", "the Content-Type is no media type");
    }
    *ret = media;
    return PXM_OK;
}
