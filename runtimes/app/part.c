/* Headers of parts. No state. */
#include "app/part.h"

#include "app/intake.h"
#include "app/media_type.h"
#include "base/error.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static pxm_status refuse(pxm_error *error, const char *what)
{
    return pxm_error_set(error, PXM_E_INVALID, "request.body", "%s", what);
}

/* Replaces %22 by a quote. Browsers encode nothing else but line breaks, not even the percent sign. */
static void decode_quotes(struct pxm_buf *text)
{
    char *to = text->data;
    for (const char *from = text->data; *from != '\0'; from++) {
        bool is_quote = strncmp(from, "%22", 3) == 0;
        *to++ = is_quote ? '"' : *from;
        from += is_quote ? 2 : 0;
    }
    pxm_buf_truncate(text, (size_t)(to - text->data));
}

/* Takes the value of a parameter over; it may be said once. */
static pxm_status take_text(char **field, struct pxm_buf *value, pxm_error *error)
{
    if (*field != NULL) {
        return refuse(error, "a Content-Disposition says something twice");
    }
    if (!pxm_utf8_valid(value->data, value->length)) {
        return refuse(error, "a name in a Content-Disposition is no UTF-8");
    }
    if (value->length > 0) {
        decode_quotes(value);
    }
    *field = pxm_buf_take(value);
    return *field != NULL ? PXM_OK : pxm_error_no_memory(error);
}

static pxm_status take_parameters(const char *at, struct app_part *part, struct pxm_buf *value, pxm_error *error)
{
    char name[APP_PARAMETER_NAME_MAX];
    for (;;) {
        pxm_status status = PXM_OK;
        switch (app_parameter_next(&at, name, value)) {
        case APP_PARAMETERS_END:
            return PXM_OK;
        case APP_PARAMETERS_NO_MEMORY:
            return pxm_error_no_memory(error);
        case APP_PARAMETERS_BAD:
            return refuse(error, "a Content-Disposition is malformed");
        case APP_PARAMETER:
            if (strcmp(name, "name") == 0) {
                status = take_text(&part->name, value, error);
            } else if (strcmp(name, "filename") == 0) {
                status = take_text(&part->filename, value, error);
            }
            part->is_file = part->is_file || strcmp(name, "filename") == 0 || strcmp(name, "filename*") == 0;
            break;
        }
        if (status != PXM_OK) {
            return status;
        }
    }
}

static pxm_status take_disposition(const char *text, struct app_part *part, pxm_error *error)
{
    size_t length = strcspn(text, "; \t");
    if (length != strlen("form-data") || strncasecmp(text, "form-data", length) != 0) {
        return refuse(error, "the Content-Disposition of a part is not form-data");
    }
    struct pxm_buf value;
    pxm_buf_init(&value, APP_PART_HEADERS_BYTES_MAX);
    pxm_status status = take_parameters(text + length, part, &value, error);
    pxm_buf_done(&value);
    if (status == PXM_OK && part->name == NULL) {
        status = refuse(error, "a part has no name");
    }
    return status;
}

/* What a header means for us; most mean nothing. */
static pxm_status take_header(const char *name, const char *value, struct app_part *part, pxm_error *error)
{
    if (strcasecmp(name, "Content-Disposition") == 0) {
        if (part->name != NULL) {
            return refuse(error, "a part has two Content-Dispositions");
        }
        return take_disposition(value, part, error);
    }
    if (strcasecmp(name, "Content-Type") == 0 && strncasecmp(value, "multipart/", strlen("multipart/")) == 0) {
        return refuse(error, "a part is multipart itself; send each file as a part");
    }
    if (strcasecmp(name, "Content-Transfer-Encoding") == 0 && strcasecmp(value, "binary") != 0 &&
        strcasecmp(value, "8bit") != 0 && strcasecmp(value, "7bit") != 0) {
        return refuse(error, "a part has a Content-Transfer-Encoding; send its bytes as they are");
    }
    return PXM_OK;
}

static bool is_clean(const char *text)
{
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7F) {
            return false;
        }
    }
    return true;
}

/* A line without its CRLF. */
static pxm_status take_line(char *line, struct app_part *part, pxm_error *error)
{
    char *colon = strchr(line, ':');
    if (colon == NULL || !app_is_token(line, (size_t)(colon - line)) || !is_clean(colon)) {
        return refuse(error, "a header of a part is malformed");
    }
    *colon = '\0';
    char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t length = strlen(value);
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t')) {
        length--;
    }
    value[length] = '\0';
    return take_header(line, value, part, error);
}

static pxm_status take_lines(char *at, struct app_part *part, pxm_error *error)
{
    while (*at != '\0') {
        char *end = strstr(at, "\r\n");
        if (end == NULL) {
            return refuse(error, "a header of a part is malformed");
        }
        *end = '\0';
        pxm_status status = take_line(at, part, error);
        if (status != PXM_OK) {
            return status;
        }
        at = end + 2;
    }
    return part->name != NULL ? PXM_OK : refuse(error, "a part has no Content-Disposition");
}

pxm_status app_part_read(const char *headers, struct app_part *ret, pxm_error *error)
{
    struct app_part part = {.name = NULL};
    char *copy = strdup(headers);
    if (copy == NULL) {
        return pxm_error_no_memory(error);
    }
    pxm_status status = take_lines(copy, &part, error);
    free(copy);
    if (status != PXM_OK) {
        app_part_done(&part);
        return status;
    }
    *ret = part;
    return PXM_OK;
}

void app_part_done(struct app_part *part)
{
    free(part->name);
    free(part->filename);
    *part = (struct app_part){.name = NULL};
}
