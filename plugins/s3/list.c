/* list: pages in order of keys. A cursor is the last key of a page, so it is good for both versions of the list, and
 * for as long as anybody keeps it. [job] */
#include "aws/xml.h"
#include "s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CURSOR_START "k."

enum { LIMIT_MAX = 1000, CURSOR_MAX = 2048, DIGITS_MAX = 18 };

struct page {
    const struct s3 *s3;
    const char *prefix, *after;
    pxm_value *items;
    bool is_encoded, is_truncated, has_failed;
    bool no_memory; /* why it failed */
    char *last;     /* key of the page, as the service gave it */
    /* The object that is being read. */
    char *key, *etag;
    int64_t bytes, modified_ms; /* -1: not told */
};

/* Whether a key could start so. */
static bool may_start_key(const struct pxm_host *host, const char *prefix)
{
    size_t length = strnlen(prefix, S3_KEY_MAX + 1);
    if (length > S3_KEY_MAX || !host->utf8_valid(prefix, length)) {
        return false;
    }
    for (const char *c = prefix; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '\\') {
            return false;
        }
    }
    return true;
}

/* ---- cursors ---- */

static bool decode_cursor(const struct s3 *s3, const struct pxm_list *list, struct aws_text *after)
{
    size_t start = strlen(CURSOR_START);
    aws_text_init(after, S3_KEY_MAX);
    bool good = strnlen(list->cursor, CURSOR_MAX + 1) <= CURSOR_MAX &&
                strncmp(list->cursor, CURSOR_START, start) == 0 && aws_base64url_decode(after, list->cursor + start);
    const char *key = aws_text_get(after);
    return good && *key && strlen(key) == after->length && s3->host->utf8_valid(key, after->length) &&
           strncmp(key, list->prefix, strlen(list->prefix)) == 0;
}

static pxm_value *encode_cursor(const struct s3 *s3, const char *key)
{
    struct aws_text cursor;
    aws_text_init(&cursor, CURSOR_MAX);
    aws_text_puts(&cursor, CURSOR_START);
    aws_base64url(&cursor, key, strlen(key));
    pxm_value *value = cursor.failed ? NULL : s3->host->value_string(cursor.data, cursor.length);
    aws_text_done(&cursor);
    return value;
}

/* ---- pages ---- */

static void replace(struct page *page, char **field, const char *text)
{
    aws_free_text(*field);
    *field = aws_copy_text(text);
    page->no_memory |= !*field;
    page->has_failed |= !*field;
}

static int64_t read_number(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= DIGITS_MAX && strspn(text, "0123456789") == length ? strtoll(text, NULL, 10) : -1;
}

/* What is put there by others under a name that is no key of ours is passed over. */
static void end_object(struct page *page)
{
    const struct pxm_host *host = page->s3->host;
    bool is_good = page->key && (!page->is_encoded || aws_percent_decode(page->key));
    /* Keys that do not go on from where we were would never end. */
    bool goes_on = is_good && strcmp(page->key, page->after) > 0 &&
                   (!page->last || strcmp(page->key, page->last) > 0) &&
                   strncmp(page->key, page->prefix, strlen(page->prefix)) == 0;
    if (!goes_on) {
        page->has_failed = true;
        return;
    }
    replace(page, &page->last, page->key);
    if (!storebase_key_fault(host, page->key)) {
        pxm_value *item = host->value_record();
        host->value_set(item, "key", s3_text(page->s3, page->key));
        host->value_set(item, "bytes", page->bytes >= 0 ? host->value_int(page->bytes) : host->value_null());
        host->value_set(item, "etag", s3_text(page->s3, page->etag));
        host->value_set(item, "modified_at",
                        page->modified_ms >= 0 ? host->value_int(page->modified_ms) : host->value_null());
        page->no_memory |= host->value_append(page->items, item) != PXM_OK;
        page->has_failed |= page->no_memory;
    }
    aws_free_text(page->key);
    aws_free_text(page->etag);
    page->key = page->etag = NULL;
    page->bytes = page->modified_ms = -1;
}

static bool take_element(void *arg, const char *path, const char *text)
{
    struct page *page = arg;
    static const char root[] = "ListBucketResult/";
    if (strncmp(path, root, sizeof root - 1) != 0) {
        return !page->has_failed;
    }
    path += sizeof root - 1;
    if (strcmp(path, "Contents") == 0) {
        end_object(page);
    } else if (strcmp(path, "Contents/Key") == 0) {
        replace(page, &page->key, text);
    } else if (strcmp(path, "Contents/ETag") == 0) {
        replace(page, &page->etag, text);
    } else if (strcmp(path, "Contents/Size") == 0) {
        page->bytes = read_number(text);
    } else if (strcmp(path, "Contents/LastModified") == 0) {
        (void)aws_time_parse(text, &page->modified_ms);
    } else if (strcmp(path, "IsTruncated") == 0) {
        page->is_truncated = strcmp(text, "true") == 0;
    }
    return !page->has_failed;
}

/* How keys are written is told anywhere in the page, so it is looked for first. */
static bool take_encoding(void *arg, const char *path, const char *text)
{
    struct page *page = arg;
    if (strcmp(path, "ListBucketResult/EncodingType") == 0) {
        page->is_encoded = strcmp(text, "url") == 0;
    }
    return true;
}

static bool read_with(struct page *page, const struct aws_text *body, aws_xml_element element)
{
    enum aws_xml_result result = aws_xml_read(aws_text_get(body), body->length, element, page);
    page->no_memory |= result == AWS_XML_NO_MEMORY;
    return result == AWS_XML_GOOD && !page->has_failed;
}

static bool read_page(struct page *page, const struct aws_text *body)
{
    page->bytes = page->modified_ms = -1;
    bool good = read_with(page, body, take_encoding) && read_with(page, body, take_element);
    aws_free_text(page->key);
    aws_free_text(page->etag);
    return good && (!page->is_truncated || page->last);
}

static void write_query(const struct s3 *s3, const struct page *page, int64_t limit, struct aws_list *query)
{
    char number[24];
    snprintf(number, sizeof number, "%d", (int)limit);
    if (!s3->config->list_v1) {
        aws_list_add(query, "list-type", "2");
        aws_list_add(query, "encoding-type", "url");
    }
    aws_list_add(query, "max-keys", number);
    aws_list_add(query, "prefix", page->prefix);
    if (*page->after) {
        aws_list_add(query, s3->config->list_v1 ? "marker" : "start-after", page->after);
    }
}

static pxm_status fail_page(const struct s3 *s3, pxm_error *error)
{
    return s3->host->fail(error, PXM_E_TRANSIENT, "store.damaged",
                          "cannot list the bucket %s: the reply is no list, or does not go on from the last page",
                          s3->config->bucket);
}

static pxm_status fill_page(const struct s3 *s3, pxm_job *job, struct page *page, int64_t limit, pxm_value *fields,
                            pxm_error *error)
{
    struct s3_request request;
    struct aws_reply reply;
    pxm_status status = PXM_OK;
    s3_request_init(s3, "GET", NULL, &request);
    request.request.reply_max = S3_LIST_MAX;
    write_query(s3, page, limit, &request.request.query);
    if (!aws_call(s3->client, job, &request.request, &reply)) {
        status = s3_fail(s3, &reply, "list", NULL, error);
    } else if (!read_page(page, &reply.body)) {
        status = page->no_memory ? s3_fail_memory(s3, error) : fail_page(s3, error);
    } else {
        s3->host->value_set(fields, "items", s3->host->value_ref(page->items));
        s3->host->value_set(fields, "cursor",
                            page->is_truncated ? encode_cursor(s3, page->last) : s3->host->value_null());
    }
    aws_reply_done(&reply);
    s3_request_done(&request);
    return status;
}

pxm_status s3_list(void *self, pxm_job *job, const struct pxm_list *list, pxm_value *fields, pxm_error *error)
{
    const struct s3 *s3 = self;
    const struct pxm_host *host = s3->host;
    struct aws_text after;
    if (list->limit < 1 || list->limit > LIMIT_MAX) {
        return host->fail(error, PXM_E_INVALID, "store.bad_limit", "a page has 1 to %d items", LIMIT_MAX);
    }
    aws_text_init(&after, 0);
    if (list->cursor && !decode_cursor(s3, list, &after)) {
        aws_text_done(&after);
        return host->fail(error, PXM_E_INVALID, "store.bad_cursor", "this is no cursor of an earlier page");
    }
    pxm_status status = PXM_OK;
    struct page page = {.s3 = s3, .prefix = list->prefix, .after = aws_text_get(&after), .items = host->value_list()};
    if (!page.items) {
        status = s3_fail_memory(s3, error);
    } else if (may_start_key(host, list->prefix)) {
        status = fill_page(s3, job, &page, list->limit, fields, error);
    } else {
        host->value_set(fields, "items", host->value_ref(page.items));
        host->value_set(fields, "cursor", host->value_null());
    }
    host->value_unref(page.items);
    aws_free_text(page.last);
    aws_text_done(&after);
    return status;
}
