/* Signs and verifies URLs. What is signed is made the same way for both, in buffers on the stack: a URL that does not
 * fit is none of ours. */
#include "app/signed_url.h"

#include "app/url.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PARAMETERS_MAX = APP_URL_META_MAX + 8,
    SIGNATURE_LENGTH = 43, /* of 32 bytes in base64url without padding (RFC 4648, section 5) */
    MEDIA_MAX = 127,
    DIGITS_MAX = 18, /* of a number that surely fits */
};
static const int64_t number_max = 999999999999999999;

/* ---- keys -------------------------------------------------------------------------------------------------------- */

pxm_status app_url_keys_add(struct app_url_keys *keys, const void *bytes, size_t length, pxm_error *error)
{
    struct app_url_key key = {.length = length};
    uint8_t digest[PXM_SHA256_BYTES];

    if (length < APP_URL_KEY_BYTES_MIN || length > APP_URL_KEY_BYTES_MAX) {
        return pxm_error_set(error, PXM_E_INVALID, "url.key", "a key has %d to %d bytes, this one has %zu",
                             APP_URL_KEY_BYTES_MIN, APP_URL_KEY_BYTES_MAX, length);
    }
    if (keys->count == APP_URL_KEYS_MAX) {
        return pxm_error_set(error, PXM_E_INVALID, "url.key", "there are %d keys already", APP_URL_KEYS_MAX);
    }
    if (pxm_sha256(bytes, length, digest) != PXM_OK) {
        return pxm_error_no_memory(error);
    }
    memcpy(key.bytes, bytes, length);
    pxm_hex(digest, (sizeof key.id - 1) / 2, key.id);
    for (size_t i = 0; i < keys->count; i++) {
        if (strcmp(keys->keys[i].id, key.id) == 0) {
            OPENSSL_cleanse(&key, sizeof key);
            return pxm_error_set(error, PXM_E_INVALID, "url.key", "the same key twice");
        }
    }
    keys->keys[keys->count++] = key;
    OPENSSL_cleanse(&key, sizeof key);
    return PXM_OK;
}

static const struct app_url_key *find_key(const struct app_url_keys *keys, const char *id, size_t length)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (strlen(keys->keys[i].id) == length && memcmp(keys->keys[i].id, id, length) == 0) {
            return &keys->keys[i];
        }
    }
    return NULL;
}

/* ---- what is signed ---------------------------------------------------------------------------------------------- */

struct parameter { /* NAME=VALUE, as it stands in the URL */
    const char *text;
    size_t length, name_length;
};
struct parameters {
    size_t count;
    struct parameter items[PARAMETERS_MAX];
};

/* False: too many, an empty one, or a name twice, as who reads them later might take another one of the two. */
static bool read_parameters(const char *query, struct parameters *ret)
{
    ret->count = 0;
    for (const char *at = query;; at++) {
        struct parameter item = {.text = at, .length = strcspn(at, "&")};
        const char *equals = memchr(at, '=', item.length);
        if (equals == NULL || equals == at || ret->count == PARAMETERS_MAX) {
            return false;
        }
        item.name_length = (size_t)(equals - at);
        for (size_t i = 0; i < ret->count; i++) {
            if (ret->items[i].name_length == item.name_length &&
                memcmp(ret->items[i].text, item.text, item.name_length) == 0) {
                return false;
            }
        }
        ret->items[ret->count++] = item;
        at += item.length;
        if (*at == '\0') {
            return true;
        }
    }
}

static const struct parameter *find_parameter(const struct parameters *parameters, const char *name)
{
    for (size_t i = 0; i < parameters->count; i++) {
        const struct parameter *item = &parameters->items[i];
        if (item->name_length == strlen(name) && memcmp(item->text, name, item->name_length) == 0) {
            return item;
        }
    }
    return NULL;
}

/* The value in a buffer, as it stands in the URL; false: there is none, or it does not fit. */
static bool copy_value(const struct parameters *parameters, const char *name, char *buffer, size_t size)
{
    const struct parameter *item = find_parameter(parameters, name);
    if (item == NULL || item->length - item->name_length - 1 >= size) {
        return false;
    }
    size_t length = item->length - item->name_length - 1;
    memcpy(buffer, item->text + item->name_length + 1, length);
    buffer[length] = '\0';
    return true;
}

static int by_bytes(const void *a, const void *b)
{
    const struct parameter *left = a, *right = b;
    size_t length = left->length < right->length ? left->length : right->length;
    int order = memcmp(left->text, right->text, length);
    return order != 0 ? order : (left->length > right->length) - (left->length < right->length);
}

struct message {
    size_t length;
    bool fits;
    char text[2 * APP_URL_TEXT_MAX];
};

static void add(struct message *message, const char *text, size_t length)
{
    message->fits = message->fits && length <= sizeof message->text - message->length;
    if (message->fits) {
        memcpy(message->text + message->length, text, length);
        message->length += length;
    }
}

/* The canonical form; see signed_url.h. Who may GET may HEAD, too. */
static void make_message(const char *method, const char *path, const struct parameters *parameters, struct message *ret)
{
    static const char purpose[] = "pixmill-url-1\n";
    struct parameters sorted = *parameters;
    bool is_head = strcmp(method, "HEAD") == 0;

    qsort(sorted.items, sorted.count, sizeof sorted.items[0], by_bytes);
    ret->length = 0;
    ret->fits = true;
    add(ret, purpose, strlen(purpose));
    add(ret, is_head ? "GET" : method, strlen(is_head ? "GET" : method));
    add(ret, "\n", 1);
    add(ret, path, strlen(path));
    add(ret, "\n", 1);
    const struct parameter *signature = find_parameter(&sorted, "signature");
    for (size_t i = 0, written = 0; i < sorted.count; i++) {
        if (&sorted.items[i] != signature) {
            add(ret, "&", written++ > 0 ? 1 : 0);
            add(ret, sorted.items[i].text, sorted.items[i].length);
        }
    }
}

static pxm_status sign(const struct app_url_key *key, const struct message *message, char ret[SIGNATURE_LENGTH + 1],
                       pxm_error *error)
{
    uint8_t mac[PXM_SHA256_BYTES];
    unsigned char text[48];

    if (pxm_hmac_sha256(key->bytes, key->length, message->text, message->length, mac) != PXM_OK) {
        return pxm_error_no_memory(error);
    }
    EVP_EncodeBlock(text, mac, sizeof mac);
    for (size_t i = 0; i < SIGNATURE_LENGTH; i++) {
        ret[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
    }
    ret[SIGNATURE_LENGTH] = '\0';
    return PXM_OK;
}

/* ---- signing ----------------------------------------------------------------------------------------------------- */

static bool is_path(const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        if (*at <= ' ' || *at >= 0x7F || *at == '?' || *at == '#') {
            return false;
        }
    }
    return path[0] == '/';
}

/* type/subtype without parameters (RFC 6838, section 4.2). */
static bool is_media(const char *media)
{
    static const char allowed[] = "!#$&-^_.+0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t type = strspn(media, allowed);
    size_t subtype = media[type] == '/' ? strspn(media + type + 1, allowed) : 0;
    return type > 0 && subtype > 0 && media[type + 1 + subtype] == '\0' && type + 1 + subtype <= MEDIA_MAX;
}

static void add_escaped(struct pxm_buf *buf, const char *text)
{
    static const char plain[] = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL) {
            pxm_buf_putc(buf, *text);
        } else {
            pxm_buf_printf(buf, "%%%02X", (unsigned char)*text);
        }
    }
}

/* Each is a parameter of its own, so it needs a name and is text without NUL. */
static bool is_meta(const pxm_value *meta)
{
    bool good = pxm_value_count(meta) <= APP_URL_META_MAX;
    for (size_t i = 0; good && i < pxm_value_count(meta); i++) {
        const pxm_value *value = pxm_value_at(meta, i);
        const char *name = pxm_value_key(meta, i);
        size_t length = 0;
        const char *text = pxm_value_as_string(value, &length);
        good = pxm_value_type(value) == PXM_TYPE_STRING && strlen(text) == length && pxm_utf8_valid(text, length) &&
               name[0] != '\0' && pxm_utf8_valid(name, strlen(name));
    }
    return good;
}

static pxm_status check_grant(const struct app_url_keys *keys, const struct app_url_grant *grant, pxm_error *error)
{
    if (keys->count == 0) {
        return pxm_error_set(error, PXM_E_INVALID, "url.key", "there is no key to sign with");
    }
    bool has_bytes = grant->bytes_max != PXM_UNSET_INT;
    if (!is_path(grant->path) || grant->method[0] == '\0' || grant->expires_s <= 0 || grant->expires_s > number_max ||
        (grant->content_type != NULL && !is_media(grant->content_type)) || !is_meta(grant->meta) ||
        (has_bytes && (grant->bytes_max < 0 || grant->bytes_max > number_max))) {
        return pxm_error_set(error, PXM_E_INVALID, "url.invalid", "no URL can be made of this");
    }
    return PXM_OK;
}

/* All but the signature. */
static void write_unsigned(const struct app_url_key *key, const struct app_url_grant *grant, struct pxm_buf *ret)
{
    pxm_buf_printf(ret, "%s?expires=%" PRId64 "&key=%s", grant->path, grant->expires_s, key->id);
    if (grant->bytes_max != PXM_UNSET_INT) {
        pxm_buf_printf(ret, "&max=%" PRId64, grant->bytes_max);
    }
    if (grant->content_type != NULL) {
        pxm_buf_puts(ret, "&type=");
        add_escaped(ret, grant->content_type);
    }
    for (size_t i = 0; i < pxm_value_count(grant->meta); i++) {
        pxm_buf_puts(ret, "&meta_");
        add_escaped(ret, pxm_value_key(grant->meta, i));
        pxm_buf_putc(ret, '=');
        add_escaped(ret, pxm_value_as_string(pxm_value_at(grant->meta, i), NULL));
    }
}

pxm_status app_url_sign(const struct app_url_keys *keys, const struct app_url_grant *grant,
                        char buffer[APP_URL_TEXT_MAX], pxm_error *error)
{
    struct parameters parameters;
    struct message message;
    struct pxm_buf url;
    char signature[SIGNATURE_LENGTH + 1];
    pxm_status status = check_grant(keys, grant, error);

    if (status != PXM_OK) {
        return status;
    }
    pxm_buf_init(&url, APP_URL_TEXT_MAX - 1);
    write_unsigned(&keys->keys[0], grant, &url);
    if (url.status == PXM_OK && !read_parameters(url.data + strlen(grant->path) + 1, &parameters)) {
        status = pxm_error_set(error, PXM_E_INVALID, "url.invalid", "no URL can be made of this");
    } else if (url.status == PXM_OK) {
        make_message(grant->method, grant->path, &parameters, &message);
        status = sign(&keys->keys[0], &message, signature, error);
        pxm_buf_printf(&url, "&signature=%s", status == PXM_OK ? signature : "");
    }
    if (status == PXM_OK && url.status == PXM_E_LIMIT) {
        status =
            pxm_error_set(error, PXM_E_LIMIT, "url.too_long", "a signed URL has fewer than %d bytes", APP_URL_TEXT_MAX);
    } else if (status == PXM_OK && url.status != PXM_OK) {
        status = pxm_error_no_memory(error);
    }
    if (status == PXM_OK) {
        memcpy(buffer, url.data, url.length + 1);
    }
    pxm_buf_done(&url);
    return status;
}

/* ---- verifying --------------------------------------------------------------------------------------------------- */

static pxm_status deny(pxm_error *error, const char *code, const char *why)
{
    return pxm_error_set(error, PXM_E_DENIED, code, "%s", why);
}

/* Decimal digits and nothing else; false: no such number. */
static bool read_number(const struct parameters *parameters, const char *name, int64_t *ret)
{
    char text[DIGITS_MAX + 1];
    int64_t number = 0;
    if (!copy_value(parameters, name, text, sizeof text) || text[0] == '\0' ||
        text[strspn(text, "0123456789")] != '\0') {
        return false;
    }
    for (const char *at = text; *at != '\0'; at++) {
        number = number * 10 + (*at - '0');
    }
    *ret = number;
    return true;
}

static pxm_status check_signature(const struct app_url_keys *keys, const struct app_head *head,
                                  const struct parameters *parameters, pxm_error *error)
{
    struct message message;
    char id[sizeof keys->keys[0].id], given[SIGNATURE_LENGTH + 1], right[SIGNATURE_LENGTH + 1];
    const struct app_url_key *key =
        copy_value(parameters, "key", id, sizeof id) ? find_key(keys, id, strlen(id)) : NULL;

    if (key == NULL || !copy_value(parameters, "signature", given, sizeof given) || strlen(given) != SIGNATURE_LENGTH) {
        return deny(error, "auth.invalid", "the URL was not signed here");
    }
    make_message(head->method, head->path, parameters, &message);
    if (!message.fits) {
        return deny(error, "auth.invalid", "the URL was not signed here");
    }
    pxm_status status = sign(key, &message, right, error);
    if (status == PXM_OK && CRYPTO_memcmp(given, right, SIGNATURE_LENGTH) != 0) {
        status = deny(error, "auth.invalid", "the URL was not signed here");
    }
    return status;
}

/* The Content-Type of the head, without its parameters, must be the one that was signed, if one was. */
static pxm_status check_type(const struct parameters *parameters, const struct app_head *head, pxm_error *error)
{
    char escaped[3 * MEDIA_MAX + 1];
    const char *said = app_head_get(head, "Content-Type");
    struct pxm_buf type;

    if (find_parameter(parameters, "type") == NULL) {
        return PXM_OK;
    }
    if (said == NULL || !copy_value(parameters, "type", escaped, sizeof escaped)) {
        return deny(error, "auth.invalid", "the URL is for another Content-Type");
    }
    pxm_buf_init(&type, MEDIA_MAX);
    said += strspn(said, " \t");
    size_t length = strcspn(said, "; \t");
    pxm_status status = app_url_decode(escaped, strlen(escaped), false, &type, error);
    if (status != PXM_E_NO_MEMORY &&
        (status != PXM_OK || type.length != length || strncasecmp(type.data, said, length) != 0)) {
        status = deny(error, "auth.invalid", "the URL is for another Content-Type");
    }
    pxm_buf_done(&type);
    return status;
}

pxm_status app_url_verify(const struct app_url_keys *keys, const struct app_head *head, int64_t now_s,
                          int64_t *ret_bytes_max, pxm_error *error)
{
    struct parameters parameters;
    int64_t expires = 0, bytes_max = PXM_UNSET_INT;

    if (strlen(head->query) >= APP_URL_TEXT_MAX || strlen(head->path) >= APP_URL_TEXT_MAX ||
        !read_parameters(head->query, &parameters)) {
        bool is_signed = strstr(head->query, "signature=") != NULL;
        return deny(error, is_signed ? "auth.invalid" : "auth.missing",
                    is_signed ? "the URL was not signed here" : "the URL is not signed");
    }
    if (find_parameter(&parameters, "signature") == NULL) {
        return deny(error, "auth.missing", "the URL is not signed");
    }
    pxm_status status = check_signature(keys, head, &parameters, error);
    if (status != PXM_OK) {
        return status;
    }
    if (!read_number(&parameters, "expires", &expires) ||
        (find_parameter(&parameters, "max") != NULL && !read_number(&parameters, "max", &bytes_max))) {
        return deny(error, "auth.invalid", "the URL was not signed here");
    }
    if (now_s >= expires) {
        return deny(error, "auth.expired", "the URL has expired");
    }
    status = check_type(&parameters, head, error);
    if (status == PXM_OK) {
        *ret_bytes_max = bytes_max;
    }
    return status;
}
