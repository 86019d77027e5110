/* The canonical form of a request, the key chain and the signature. [any] */
#include "aws/sigv4.h"
#include "aws/time.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { SHA256_BYTES = 32, CANONICAL_MAX = 256 << 10, DATE_TEXT = 9 };

bool aws_sha256(const void *data, size_t length, uint8_t digest[SHA256_BYTES])
{
    return EVP_Digest(data, length, digest, NULL, EVP_sha256(), NULL) == 1;
}

bool aws_sha256_hex(const void *data, size_t length, char hex[AWS_SHA256_TEXT])
{
    uint8_t digest[SHA256_BYTES];
    if (!aws_sha256(data, length, digest)) {
        return false;
    }
    aws_hex(digest, sizeof digest, hex);
    return true;
}

/* ---- query ---- */

static int compare_pairs(const void *a, const void *b)
{
    const struct aws_pair *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : strcmp(left->value, right->value);
}

static void add_encoded(struct aws_list *list, const char *name, const char *value)
{
    struct aws_text encoded[2];
    for (int i = 0; i < 2; i++) {
        const char *text = i == 0 ? name : value;
        aws_text_init(&encoded[i], CANONICAL_MAX);
        aws_percent_encode(&encoded[i], text, strlen(text), false);
        list->failed |= encoded[i].failed;
    }
    aws_list_add(list, aws_text_get(&encoded[0]), aws_text_get(&encoded[1]));
    aws_text_done(&encoded[0]);
    aws_text_done(&encoded[1]);
}

void aws_query_write(const struct aws_list *query, struct aws_text *to)
{
    struct aws_list encoded = {0};
    for (size_t i = 0; query && i < query->count; i++) {
        add_encoded(&encoded, query->items[i].name, query->items[i].value);
    }
    if (encoded.count > 1) {
        qsort(encoded.items, encoded.count, sizeof *encoded.items, compare_pairs);
    }
    for (size_t i = 0; i < encoded.count; i++) {
        aws_text_printf(to, "%s%s=%s", i > 0 ? "&" : "", encoded.items[i].name, encoded.items[i].value);
    }
    to->failed |= encoded.failed || (query && query->failed);
    aws_list_done(&encoded);
}

/* ---- headers ---- */

/* Without blanks at both ends, and with one space for each run of them within. */
static void add_trimmed(struct aws_text *to, const char *value)
{
    bool is_blank = false, is_first = true;
    for (; *value; value++) {
        if (*value == ' ' || *value == '\t') {
            is_blank = true;
            continue;
        }
        if (is_blank && !is_first) {
            aws_text_puts(to, " ");
        }
        aws_text_add(to, value, 1);
        is_blank = is_first = false;
    }
}

/* The headers that are signed, by name. Equal names keep their order, as the sort is stable. */
static void sort_signed(const struct aws_list *headers, struct aws_list *sorted)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (headers->items[i].is_signed) {
            aws_list_add(sorted, headers->items[i].name, headers->items[i].value);
        }
    }
    for (size_t i = 0; i < sorted->count; i++) {
        for (char *c = sorted->items[i].name; *c; c++) {
            *c = (char)tolower((unsigned char)*c);
        }
    }
    for (size_t i = 1; i < sorted->count; i++) {
        struct aws_pair pair = sorted->items[i];
        size_t j = i;
        for (; j > 0 && strcmp(sorted->items[j - 1].name, pair.name) > 0; j--) {
            sorted->items[j] = sorted->items[j - 1];
        }
        sorted->items[j] = pair;
    }
    sorted->failed |= headers->failed;
}

/* "name:value" lines into `lines`, "name;name" into `names`. */
static void write_headers(const struct aws_list *headers, struct aws_text *lines, struct aws_text *names)
{
    struct aws_list sorted = {0};
    sort_signed(headers, &sorted);
    for (size_t i = 0; i < sorted.count; i++) {
        bool is_repeated = i > 0 && strcmp(sorted.items[i].name, sorted.items[i - 1].name) == 0;
        if (is_repeated) {
            aws_text_puts(lines, ",");
        } else {
            aws_text_printf(lines, "%s%s:", i > 0 ? "\n" : "", sorted.items[i].name);
            aws_text_printf(names, "%s%s", i > 0 ? ";" : "", sorted.items[i].name);
        }
        add_trimmed(lines, sorted.items[i].value);
    }
    aws_text_puts(lines, "\n");
    lines->failed |= sorted.failed;
    aws_list_done(&sorted);
}

/* ---- path ---- */

/* RFC 3986 section 5.2.4, and single slashes. */
static void add_normalised(struct aws_text *to, const char *path)
{
    size_t start = to->length;
    const char *at = path;
    bool ends_in_slash = false;
    while (*at) {
        at += strspn(at, "/");
        size_t length = strcspn(at, "/");
        ends_in_slash = length == 0 || at[length] == '/';
        if (length == 2 && strncmp(at, "..", 2) == 0) {
            while (to->length > start && to->data[--to->length] != '/') {
            }
            ends_in_slash = true;
        } else if (length == 1 && *at == '.') {
            ends_in_slash = true;
        } else if (length > 0) {
            aws_text_puts(to, "/");
            aws_text_add(to, at, length);
        }
        at += length;
    }
    if (ends_in_slash || to->length == start) {
        aws_text_puts(to, "/");
    }
}

static void write_path(const struct aws_scope *scope, const char *path, struct aws_text *to)
{
    struct aws_text normalised;
    aws_text_init(&normalised, CANONICAL_MAX);
    if (scope->flags & AWS_SIGN_NORMALISE_PATH) {
        add_normalised(&normalised, path);
    } else {
        aws_text_puts(&normalised, path);
    }
    if (scope->flags & AWS_SIGN_ENCODE_PATH) {
        aws_percent_encode(to, aws_text_get(&normalised), normalised.length, true);
    } else {
        aws_text_puts(to, aws_text_get(&normalised));
    }
    to->failed |= normalised.failed;
    aws_text_done(&normalised);
}

/* ---- signature ---- */

static bool hmac(const void *key, size_t key_length, const char *text, uint8_t digest[SHA256_BYTES])
{
    return HMAC(EVP_sha256(), key, (int)key_length, (const unsigned char *)text, strlen(text), digest, NULL) != NULL;
}

static void write_date(const struct aws_scope *scope, char date[DATE_TEXT])
{
    char stamp[AWS_STAMP_TEXT];
    aws_time_stamp(scope->now_ms, stamp);
    snprintf(date, DATE_TEXT, "%.8s", stamp);
}

static bool sign_text(const struct aws_scope *scope, const char *text, char signature[AWS_SHA256_TEXT])
{
    uint8_t key[SHA256_BYTES], next[SHA256_BYTES];
    char date[DATE_TEXT];
    struct aws_text secret;
    aws_text_init(&secret, CANONICAL_MAX);
    aws_text_printf(&secret, "AWS4%s", scope->secret_key);
    write_date(scope, date);
    bool good = !secret.failed && hmac(secret.data, secret.length, date, key) &&
                hmac(key, sizeof key, scope->region, next) && hmac(next, sizeof next, scope->service, key) &&
                hmac(key, sizeof key, "aws4_request", next) && hmac(next, sizeof next, text, key);
    if (good) {
        aws_hex(key, sizeof key, signature);
    }
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(next, sizeof next);
    aws_text_done(&secret);
    return good;
}

static void write_credential_scope(const struct aws_scope *scope, struct aws_text *to)
{
    char date[DATE_TEXT];
    write_date(scope, date);
    aws_text_printf(to, "%s/%s/%s/aws4_request", date, scope->region, scope->service);
}

void aws_scope_write(const struct aws_scope *scope, struct aws_text *to)
{
    aws_text_printf(to, "%s/", scope->access_key);
    write_credential_scope(scope, to);
}

/* The signature of a request whose query is `query`; `names` gets what it covers. */
static bool sign_request(const struct aws_scope *scope, const struct aws_signable *request, const char *query,
                         struct aws_text *names, char signature[AWS_SHA256_TEXT])
{
    struct aws_text canonical, lines;
    char hash[AWS_SHA256_TEXT], stamp[AWS_STAMP_TEXT];
    aws_text_init(&canonical, CANONICAL_MAX);
    aws_text_init(&lines, CANONICAL_MAX);
    write_headers(request->headers, &lines, names);
    aws_text_printf(&canonical, "%s\n", request->method);
    write_path(scope, request->path, &canonical);
    aws_text_printf(&canonical, "\n%s\n%s\n%s\n%s", query, aws_text_get(&lines), aws_text_get(names), request->payload);
    bool good =
        !canonical.failed && !lines.failed && !names->failed && aws_sha256_hex(canonical.data, canonical.length, hash);
    if (good) {
        aws_text_clear(&canonical);
        aws_time_stamp(scope->now_ms, stamp);
        aws_text_printf(&canonical, ALGORITHM "\n%s\n", stamp);
        write_credential_scope(scope, &canonical);
        aws_text_printf(&canonical, "\n%s", hash);
        good = !canonical.failed && sign_text(scope, canonical.data, signature);
    }
    aws_text_done(&canonical);
    aws_text_done(&lines);
    return good;
}

bool aws_sign_headers(const struct aws_scope *scope, const struct aws_signable *request, struct aws_list *headers)
{
    struct aws_text query, names, value;
    char stamp[AWS_STAMP_TEXT], signature[AWS_SHA256_TEXT];
    aws_text_init(&query, CANONICAL_MAX);
    aws_text_init(&names, CANONICAL_MAX);
    aws_text_init(&value, CANONICAL_MAX);
    aws_time_stamp(scope->now_ms, stamp);
    aws_list_add_signed(headers, "x-amz-date", stamp);
    if (scope->token) {
        aws_list_add_signed(headers, "x-amz-security-token", scope->token);
    }
    aws_query_write(request->query, &query);
    bool good =
        !headers->failed && !query.failed && sign_request(scope, request, aws_text_get(&query), &names, signature);
    if (good) {
        aws_text_puts(&value, ALGORITHM " Credential=");
        aws_scope_write(scope, &value);
        aws_text_printf(&value, ", SignedHeaders=%s, Signature=%s", aws_text_get(&names), signature);
        aws_list_add(headers, "authorization", aws_text_get(&value));
        good = !value.failed && !headers->failed;
    }
    aws_text_done(&query);
    aws_text_done(&names);
    aws_text_done(&value);
    return good;
}

static void add_query_parameters(const struct aws_scope *scope, const struct aws_signable *request, int64_t expires_s,
                                 const char *names, struct aws_list *query)
{
    char stamp[AWS_STAMP_TEXT], seconds[24];
    struct aws_text credential;
    aws_text_init(&credential, CANONICAL_MAX);
    aws_scope_write(scope, &credential);
    aws_time_stamp(scope->now_ms, stamp);
    snprintf(seconds, sizeof seconds, "%lld", (long long)expires_s);
    for (size_t i = 0; request->query && i < request->query->count; i++) {
        aws_list_add(query, request->query->items[i].name, request->query->items[i].value);
    }
    aws_list_add(query, "X-Amz-Algorithm", ALGORITHM);
    aws_list_add(query, "X-Amz-Credential", aws_text_get(&credential));
    aws_list_add(query, "X-Amz-Date", stamp);
    aws_list_add(query, "X-Amz-Expires", seconds);
    aws_list_add(query, "X-Amz-SignedHeaders", names);
    if (scope->token) {
        aws_list_add(query, "X-Amz-Security-Token", scope->token);
    }
    query->failed |= credential.failed;
    aws_text_done(&credential);
}

bool aws_sign_query(const struct aws_scope *scope, const struct aws_signable *request, int64_t expires_s,
                    struct aws_text *query)
{
    struct aws_text names, lines, canonical;
    struct aws_list parameters = {0};
    char signature[AWS_SHA256_TEXT];
    aws_text_init(&names, CANONICAL_MAX);
    aws_text_init(&lines, CANONICAL_MAX);
    aws_text_init(&canonical, CANONICAL_MAX);
    write_headers(request->headers, &lines, &names);
    add_query_parameters(scope, request, expires_s, aws_text_get(&names), &parameters);
    aws_query_write(&parameters, &canonical);
    parameters.failed |= names.failed;
    aws_text_clear(&names);
    bool good = !parameters.failed && !canonical.failed &&
                sign_request(scope, request, aws_text_get(&canonical), &names, signature);
    if (good) {
        aws_text_printf(query, "%s&X-Amz-Signature=%s", aws_text_get(&canonical), signature);
        good = !query->failed;
    }
    aws_list_done(&parameters);
    aws_text_done(&names);
    aws_text_done(&lines);
    aws_text_done(&canonical);
    return good;
}

bool aws_sign_policy(const struct aws_scope *scope, const char *policy, char signature[AWS_SHA256_TEXT])
{
    return sign_text(scope, policy, signature);
}
