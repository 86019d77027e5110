/* Where things are in the lists of a table: tokens, times, hashes and the keys of rows. [any] */
#include "dynamodb.h"

#include "aws/crc32.h"
#include "aws/time.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

enum { TOKEN_BYTES = 8, HASH_BYTES = 16, DIGEST_BYTES = 32 };

#define ROW_START                                                                                                      \
    "\x01"                                                                                                             \
    "e"

/* Writes bytes as base64url; false: out of memory. */
static bool write_name(const uint8_t *bytes, size_t length, char *to, size_t room)
{
    struct aws_text text;
    aws_text_init(&text, room);
    aws_base64url(&text, bytes, length);
    bool good = !text.failed && text.length < room;
    if (good) {
        memcpy(to, aws_text_get(&text), text.length + 1);
    }
    aws_text_done(&text);
    return good;
}

bool dynamo_token(char token[DYNAMO_TOKEN + 1])
{
    uint8_t bytes[TOKEN_BYTES];
    return RAND_bytes(bytes, sizeof bytes) == 1 && write_name(bytes, sizeof bytes, token, DYNAMO_TOKEN + 1);
}

void dynamo_made(struct dynamo *dynamo, const char *token, char made[DYNAMO_MADE_LENGTH + 1])
{
    char iso[AWS_ISO_TEXT];
    int64_t now = dynamo->host->now_ms(dynamo->host) * 1000;
    int64_t last = atomic_load(&dynamo->last_made), next;
    do {
        next = now > last ? now : last + 1;
    } while (!atomic_compare_exchange_weak(&dynamo->last_made, &last, next));
    aws_time_iso(next / 1000, iso);
    snprintf(made, DYNAMO_MADE_LENGTH + 1, "%s%06d%s", iso, (int)(next % 1000), token);
}

bool dynamo_hash(const char *field, const struct tablebase_value *value, char hash[DYNAMO_HASH + 1])
{
    uint8_t text[TABLEBASE_NAME_MAX + 1 + TABLEBASE_VALUE_MAX + 1], digest[DIGEST_BYTES];
    size_t length = strnlen(field, TABLEBASE_NAME_MAX);
    memcpy(text, field, length);
    text[length++] = '\0';
    memcpy(text + length, value->bytes, value->length);
    return aws_sha256(text, length + value->length, digest) && write_name(digest, HASH_BYTES, hash, DYNAMO_HASH + 1);
}

void dynamo_list(const char *hash, unsigned shard, char list[DYNAMO_LIST_TEXT])
{
    snprintf(list, DYNAMO_LIST_TEXT, "%s#%u", hash ? hash : "*", shard);
}

unsigned dynamo_shard(const struct dynamo *dynamo, const char *key)
{
    return (unsigned)(aws_crc32(key, strlen(key)) % (uint32_t)dynamo->config->shards);
}

void dynamo_row_key(const char *token, const char *hash, const char *key, char row[DYNAMO_ROW_KEY_TEXT])
{
    snprintf(row, DYNAMO_ROW_KEY_TEXT, ROW_START "%.*s%.*s%s", DYNAMO_TOKEN, token, DYNAMO_HASH, hash, key);
}

const char *dynamo_row_item(const char *row)
{
    enum { START = sizeof ROW_START - 1 };
    if ((unsigned char)row[0] >= 0x20) {
        return row;
    }
    bool is_row = strncmp(row, ROW_START, START) == 0 && strlen(row) > START + DYNAMO_ROW;
    return is_row ? row + START + DYNAMO_ROW : NULL;
}
