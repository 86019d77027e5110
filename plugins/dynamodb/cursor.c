/* Cursors: when the last item of a page was made, signed (HMAC-SHA256, RFC 2104, cut to 16 bytes) together with the
 * query. So one works for its query on this table alone, and nobody can make one up. All daemons on a table sign with
 * the same key: that of the option, or one that lies in the table. */
#include "dynamodb.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

enum {
    MAC_BYTES = 16,
    CURSOR_BYTES = DYNAMO_MADE_LENGTH + MAC_BYTES, /* divides by 3, so that no bit of the text is spare */
    CURSOR_TEXT = CURSOR_BYTES / 3 * 4,
    SCOPE_MAX = 2048,
    SECRET_TEXT_MAX = 64
};

/* The row that holds the key; no item's key starts so. */
#define ROW                                                                                                            \
    "\x01"                                                                                                             \
    "secret"

/* Whether memory ran out, and the text was not merely too long. */
static bool lacks_memory(const struct aws_text *text)
{
    return text->failed && !text->is_full;
}

/* ---- the key ---- */

static pxm_status read_key(struct dynamo *dynamo, pxm_job *job, bool *ret_found, pxm_error *error)
{
    struct aws_text body, text, key;
    struct dynamo_reply reply;
    dynamo_begin(dynamo, &body);
    dynamo_write_key(dynamo, "Key", ROW, &body);
    aws_text_puts(&body, ",\"ConsistentRead\":true}");
    aws_text_init(&text, SECRET_TEXT_MAX);
    aws_text_init(&key, DYNAMO_CURSOR_KEY);
    bool good = dynamo_call(dynamo, job, "GetItem", &body, &reply);
    pxm_status status = good ? PXM_OK : dynamo_fail(dynamo, &reply, "read the secret of cursors of", NULL, error);
    struct aws_json secret = aws_json_get(aws_json_get(aws_json_get(reply.json, "Item"), DYNAMO_SECRET), "S");
    if (good && aws_json_kind(secret) == AWS_JSON_STRING) {
        *ret_found = aws_json_text(secret, &text) && aws_base64url_decode(&key, aws_text_get(&text)) &&
                     key.length == DYNAMO_CURSOR_KEY;
        if (*ret_found) {
            memcpy(dynamo->cursor_key, aws_text_get(&key), DYNAMO_CURSOR_KEY);
        } else if (lacks_memory(&text) || lacks_memory(&key)) {
            status = dynamo_fail_memory(dynamo, error);
        } else {
            status = dynamo->host->fail(error, PXM_E_INTERNAL, "table.damaged",
                                        "the secret of cursors in the table %s is none; set cursor_secret",
                                        dynamo->config->table);
        }
    }
    dynamo_reply_done(&reply);
    aws_text_done(&key);
    aws_text_done(&text);
    aws_text_done(&body);
    return status;
}

/* Puts one, unless there is one by now. */
static pxm_status make_key(const struct dynamo *dynamo, pxm_job *job, pxm_error *error)
{
    uint8_t bytes[DYNAMO_CURSOR_KEY];
    struct aws_text body, text;
    struct dynamo_reply reply;
    aws_text_init(&text, SECRET_TEXT_MAX);
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return dynamo->host->fail(error, PXM_E_INTERNAL, "table.unavailable", "this machine has no randomness");
    }
    aws_base64url(&text, bytes, sizeof bytes);
    dynamo_begin(dynamo, &body);
    aws_text_puts(&body, ",\"Item\":{");
    dynamo_write_text(dynamo->config->key, ROW, strlen(ROW), &body);
    aws_text_puts(&body, ",");
    dynamo_write_text(DYNAMO_SECRET, aws_text_get(&text), text.length, &body);
    aws_text_puts(&body, "},\"ConditionExpression\":\"attribute_not_exists(#s)\",\"ExpressionAttributeNames\":{\"#s\":"
                         "\"" DYNAMO_SECRET "\"}}");
    body.failed |= text.failed;
    pxm_status status = PXM_OK;
    if (!dynamo_call(dynamo, job, "PutItem", &body, &reply) && reply.reply.fault.class != AWS_FAULT_CONDITION) {
        status = dynamo_fail(dynamo, &reply, "keep the secret of cursors in", NULL, error);
    }
    dynamo_reply_done(&reply);
    aws_text_done(&text);
    aws_text_done(&body);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return status;
}

static pxm_status find_key(struct dynamo *dynamo, pxm_job *job, pxm_error *error)
{
    const char *secret = dynamo->config->cursor_secret;
    if (secret) {
        dynamo->has_cursor_key = aws_sha256(secret, strlen(secret), dynamo->cursor_key);
        return dynamo->has_cursor_key ? PXM_OK : dynamo_fail_memory(dynamo, error);
    }
    pxm_status status = read_key(dynamo, job, &dynamo->has_cursor_key, error);
    if (status == PXM_OK && !dynamo->has_cursor_key) {
        status = make_key(dynamo, job, error);
    }
    if (status == PXM_OK && !dynamo->has_cursor_key) {
        status = read_key(dynamo, job, &dynamo->has_cursor_key, error);
    }
    if (status == PXM_OK && !dynamo->has_cursor_key) {
        status = dynamo_fail_reply(dynamo, "what was written is not there", error);
    }
    return status;
}

pxm_status dynamo_cursor_key(struct dynamo *dynamo, pxm_job *job, pxm_error *error)
{
    pthread_mutex_lock(&dynamo->lock);
    pxm_status status = dynamo->has_cursor_key ? PXM_OK : find_key(dynamo, job, error);
    pthread_mutex_unlock(&dynamo->lock);
    return status;
}

/* ---- signing ---- */

/* Of the table and the query, each as it is, and of the place, whose length is fixed. */
static bool sign(const struct dynamo *dynamo, const char *scope, size_t length, const char *made,
                 uint8_t mac[MAC_BYTES])
{
    uint8_t text[SCOPE_MAX + TABLEBASE_NAME_MAX + 1 + DYNAMO_MADE_LENGTH], whole[EVP_MAX_MD_SIZE];
    size_t name = strnlen(dynamo->config->table, TABLEBASE_NAME_MAX);
    if (length > SCOPE_MAX) {
        return false;
    }
    memcpy(text, dynamo->config->table, name);
    text[name++] = '\0';
    memcpy(text + name, scope, length);
    memcpy(text + name + length, made, DYNAMO_MADE_LENGTH);
    if (!HMAC(EVP_sha256(), dynamo->cursor_key, DYNAMO_CURSOR_KEY, text, name + length + DYNAMO_MADE_LENGTH, whole,
              NULL)) {
        return false;
    }
    memcpy(mac, whole, MAC_BYTES);
    return true;
}

pxm_status dynamo_cursor_write(struct dynamo *dynamo, pxm_job *job, const char *scope, size_t length, const char *made,
                               pxm_value **ret, pxm_error *error)
{
    uint8_t bytes[CURSOR_BYTES];
    struct aws_text text;
    pxm_status status = dynamo_cursor_key(dynamo, job, error);
    if (status != PXM_OK) {
        return status;
    }
    aws_text_init(&text, CURSOR_TEXT);
    memcpy(bytes, made, DYNAMO_MADE_LENGTH);
    bool good = sign(dynamo, scope, length, made, bytes + DYNAMO_MADE_LENGTH);
    aws_base64url(&text, bytes, sizeof bytes);
    *ret = good && !text.failed ? dynamo->host->value_string(aws_text_get(&text), text.length) : NULL;
    aws_text_done(&text);
    return *ret ? PXM_OK : dynamo_fail_memory(dynamo, error);
}

pxm_status dynamo_cursor_read(struct dynamo *dynamo, pxm_job *job, const char *scope, size_t length, const char *cursor,
                              char made[DYNAMO_MADE_LENGTH + 1], pxm_error *error)
{
    uint8_t mac[MAC_BYTES];
    struct aws_text bytes;
    pxm_status status = dynamo_cursor_key(dynamo, job, error);
    if (status != PXM_OK) {
        return status;
    }
    aws_text_init(&bytes, CURSOR_BYTES);
    bool good = strnlen(cursor, CURSOR_TEXT + 1) == CURSOR_TEXT && aws_base64url_decode(&bytes, cursor) &&
                bytes.length == CURSOR_BYTES && sign(dynamo, scope, length, aws_text_get(&bytes), mac) &&
                CRYPTO_memcmp(mac, aws_text_get(&bytes) + DYNAMO_MADE_LENGTH, MAC_BYTES) == 0;
    if (good) {
        memcpy(made, aws_text_get(&bytes), DYNAMO_MADE_LENGTH);
        made[DYNAMO_MADE_LENGTH] = '\0';
    } else if (lacks_memory(&bytes)) {
        status = dynamo_fail_memory(dynamo, error);
    } else {
        status =
            dynamo->host->fail(error, PXM_E_INVALID, "table.bad_cursor", "the cursor is not one that this query gave");
    }
    aws_text_done(&bytes);
    return status;
}
