/* Content type, cache control and metadata as headers. Names of metadata are lower-case, as headers have no case; what
 * is not ASCII in a value is percent-encoded, as headers have no encoding. [any] */
#include "s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define META "x-amz-meta-"

enum { NAME_MAX_BYTES = S3_META_HEADER_TEXT - sizeof META };

static bool is_meta_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= NAME_MAX_BYTES && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == length;
}

/* Whether a byte of a value comes back as it was: blanks at its ends would not, nor would what is not ASCII. */
static bool is_plain(const char *value, size_t length, size_t at)
{
    unsigned char c = (unsigned char)value[at];
    bool is_end = at == 0 || at + 1 == length || value[at - 1] == ' ';
    return c >= 0x20 && c < 0x7f && c != '%' && !(c == ' ' && is_end);
}

static size_t encoded_length(const char *value, size_t length)
{
    size_t bytes = 0;
    for (size_t i = 0; i < length; i++) {
        bytes += is_plain(value, length, i) ? 1 : 3;
    }
    return bytes;
}

static void encode_value(const char *value, struct aws_text *to)
{
    size_t length = strlen(value);
    for (size_t i = 0; i < length; i++) {
        if (is_plain(value, length, i)) {
            aws_text_add(to, &value[i], 1);
        } else {
            aws_text_printf(to, "%%%02X", (unsigned char)value[i]);
        }
    }
}

const char *s3_meta_fault(const struct s3 *s3, const pxm_value *meta)
{
    const struct pxm_host *host = s3->host;
    size_t bytes = 0;
    for (size_t i = 0; meta && i < host->value_count(meta); i++) {
        const pxm_value *value = host->value_at(meta, i);
        size_t length = 0;
        if (host->value_type(value) != PXM_TYPE_STRING) {
            return "meta must be strings";
        }
        const char *text = host->value_as_string(value, &length);
        if (!is_meta_name(host->value_key(meta, i))) {
            return "names of meta are of lower-case letters, digits, - and _, at most 128 of them";
        }
        if (strlen(text) != length) {
            return "meta has a NUL";
        }
        bytes += strlen(host->value_key(meta, i)) + encoded_length(text, length);
    }
    return bytes > S3_META_MAX ? "names and values of meta take more than 2048 bytes" : NULL;
}

pxm_status s3_attributes_check(const struct s3 *s3, const struct pxm_put *put, pxm_error *error)
{
    const char *reason = NULL;
    if (!aws_is_header_value(put->content_type) || !aws_is_header_value(put->cache_control)) {
        reason = "content type or cache control has a control character";
    } else if ((put->content_type && strlen(put->content_type) > S3_META_MAX) ||
               (put->cache_control && strlen(put->cache_control) > S3_META_MAX)) {
        reason = "content type or cache control takes more than 2048 bytes";
    } else {
        reason = s3_meta_fault(s3, put->meta);
    }
    return reason ? s3->host->fail(error, PXM_E_INVALID, "store.bad_meta", "cannot put \"%s\": %s", put->key, reason)
                  : PXM_OK;
}

void s3_meta_write(const struct s3 *s3, const pxm_value *meta, struct aws_list *headers)
{
    const struct pxm_host *host = s3->host;
    for (size_t i = 0; meta && i < host->value_count(meta); i++) {
        char name[sizeof META + NAME_MAX_BYTES];
        struct aws_text value;
        snprintf(name, sizeof name, META "%s", host->value_key(meta, i));
        aws_text_init(&value, S3_META_MAX);
        encode_value(host->value_as_string(host->value_at(meta, i), NULL), &value);
        aws_list_add_header(headers, name, aws_text_get(&value));
        headers->failed |= value.failed;
        aws_text_done(&value);
    }
}

void s3_attributes_write(const struct s3 *s3, const struct pxm_put *put, struct aws_list *headers)
{
    if (put->content_type) {
        aws_list_add(headers, "content-type", put->content_type);
    }
    if (put->cache_control) {
        aws_list_add(headers, "cache-control", put->cache_control);
    }
    s3_meta_write(s3, put->meta, headers);
}

static void read_meta(const struct s3 *s3, const struct aws_pair *header, pxm_value *meta)
{
    const struct pxm_host *host = s3->host;
    char name[S3_META_MAX];
    snprintf(name, sizeof name, "%s", header->name + strlen(META));
    for (char *c = name; *c; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    }
    char *value = aws_copy_text(header->value);
    /* What others wrote may be no such encoding. */
    bool is_good = value && aws_percent_decode(value) && host->utf8_valid(value, strlen(value));
    const char *text = is_good ? value : header->value;
    if (host->utf8_valid(text, strlen(text)) && host->utf8_valid(name, strlen(name))) {
        host->value_set(meta, name, s3_text(s3, text));
    }
    aws_free_text(value);
}

pxm_value *s3_attributes_read(const struct s3 *s3, const struct aws_list *headers)
{
    const struct pxm_host *host = s3->host;
    pxm_value *meta = host->value_record();
    for (size_t i = 0; meta && i < headers->count; i++) {
        if (strncasecmp(headers->items[i].name, META, strlen(META)) == 0) {
            read_meta(s3, &headers->items[i], meta);
        }
    }
    if (meta && host->value_count(meta) == 0) {
        host->value_unref(meta);
        return host->value_null();
    }
    return meta;
}
