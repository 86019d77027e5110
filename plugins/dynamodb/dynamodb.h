/* What the parts of the dynamodb driver share.
 *
 * An item is one item of the table: its fields are attributes of the same names, and beside them are a few of the
 * driver's own, whose names start with "pxm_". It is always written whole, on the condition that nobody has written it
 * since it was read, so conditions and merging are decided here and hold for the very item that is written.
 *
 * One secondary index, of keys alone, gives items newest first. Its partition is a list and a shard of it ("*#2": of
 * all items); its sort key is when the item was made. What is found by an indexed field is a list of its own, of rows
 * in the same table: their keys start with a control character, which no item's may, and tell which item they stand
 * for. A row is put before the item that it stands for is written, and dropped after; whoever reads one looks at the
 * item, too. So a row may be left over, and is passed over, but none is ever missing, without transactions.
 *
 * An instance is constant after create but for its clock and the key of cursors, so every operation may run in any
 * number of threads at once.
 */
#ifndef DYNAMODB_H
#define DYNAMODB_H

#include "aws/client.h"
#include "aws/json.h"
#include "tablebase/tablebase.h"

#include <pixmill/plugin.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DYNAMO_OWN     "pxm_"        /* how the names of the driver's own attributes start          */
#define DYNAMO_SEQ     "pxm_seq"     /* N: how often the item was written                           */
#define DYNAMO_OPS     "pxm_ops"     /* S: tokens of the last writes, newest first                  */
#define DYNAMO_MADE    "pxm_made"    /* S: when the item was made; the sort key of the index        */
#define DYNAMO_LIST    "pxm_list"    /* S: list and shard; the partition key of the index           */
#define DYNAMO_ENTRIES "pxm_entries" /* S: of each row that stands for the item, its hash and token */
#define DYNAMO_SECRET  "pxm_secret"  /* S: in a row of its own, what cursors are signed with        */

enum {
    DYNAMO_TOKEN = 11,            /* characters that name one write                      */
    DYNAMO_HASH = 22,             /* characters that name a field and a value of it      */
    DYNAMO_MADE_LENGTH = 41,      /* "2026-11-22T10:38:00.123Z", 6 digits, a token       */
    DYNAMO_OPS_KEPT = 8,          /* tokens in an item                                   */
    DYNAMO_ROWS_MAX = 32 * 256,   /* rows for one item                                   */
    DYNAMO_REQUEST_MAX = 4 << 20, /* bytes of a request                                  */
    DYNAMO_REPLY_MAX = 17 << 20,  /* the service sends 16 MiB at most                    */
    DYNAMO_BATCH_WRITE = 25,
    DYNAMO_BATCH_GET = 100,
    DYNAMO_SHARDS_MAX = 64,
    DYNAMO_CURSOR_KEY = 32,
    DYNAMO_LIST_TEXT = DYNAMO_HASH + 16,
    DYNAMO_ROW_KEY_TEXT = 2 + DYNAMO_TOKEN + DYNAMO_HASH + TABLEBASE_KEY_MAX + 1
};

struct dynamo_config {
    const char *table, *key, *index;
    const pxm_value *indexes; /* list of field names; may be NULL */
    struct aws_options aws;
    const char *cursor_secret;
    int64_t shards;
};

struct dynamo {
    const struct pxm_host *host;
    const struct dynamo_config *config;
    struct tablebase base;
    struct aws_client *client;
    _Atomic int64_t last_made; /* microseconds, so that no two items of this instance are made at once */
    pthread_mutex_t lock;      /* guards the rest */
    bool has_cursor_key;
    uint8_t cursor_key[DYNAMO_CURSOR_KEY];
};

/* ---- requests (request.c) ---- */

struct dynamo_reply {
    struct aws_reply reply;
    struct aws_json json; /* an object */
};
/* Starts a request about the table: {"TableName": ... */
void dynamo_begin(const struct dynamo *dynamo, struct aws_text *body);
/* Sends one; fills the reply, which is to be freed in any case. False: with reply.fault. [job] */
bool dynamo_call(const struct dynamo *dynamo, pxm_job *job, const char *operation, const struct aws_text *body,
                 struct dynamo_reply *reply);
void dynamo_reply_done(struct dynamo_reply *reply);
/* Sets the error of a reply that did not do `what` with the item (key NULL: the table). */
pxm_status dynamo_fail(const struct dynamo *dynamo, const struct dynamo_reply *reply, const char *what, const char *key,
                       pxm_error *error);
pxm_status dynamo_fail_memory(const struct dynamo *dynamo, pxm_error *error);
pxm_status dynamo_fail_reply(const struct dynamo *dynamo, const char *what, pxm_error *error);
/* PXM_OK, or PXM_E_TIMEOUT when the job is late or given up. */
pxm_status dynamo_in_time(const struct dynamo *dynamo, const pxm_job *job, pxm_error *error);
/* Adds ,"NAME":{"KEYFIELD":{"S":KEY}} */
void dynamo_write_key(const struct dynamo *dynamo, const char *name, const char *key, struct aws_text *body);
/* Adds "NAME":{"S":TEXT} */
void dynamo_write_text(const char *name, const char *text, size_t length, struct aws_text *body);
/* Waits before the `failures`th repetition of what a reply left undone; false: the time is up. [job] */
bool dynamo_pause(const struct dynamo *dynamo, pxm_job *job, int failures);

/* ---- values as attributes (value.c) ---- */

/* Adds a value with its type: {"S":"text"}. PXM_E_INVALID, table.bad_record: the service knows no such. */
pxm_status dynamo_write_value(const struct pxm_host *host, const pxm_value *value, struct aws_text *to,
                              pxm_error *error);
/* The value of an attribute; NULL: out of memory, or it is no attribute (*ret_bad). Sets become lists. */
pxm_value *dynamo_read_value(const struct pxm_host *host, struct aws_json attribute, bool *ret_bad);

/* ---- items (item.c) ---- */

struct dynamo_item {
    bool is_there;
    pxm_value *shown;    /* the item as it is shown                                          */
    struct aws_text raw; /* the attributes as they came: an object                           */
    char *ops, *entries; /* never NULL where it is there                                     */
    char *seq, *made;    /* NULL: it has none, as others have written it                     */
};
void dynamo_item_done(const struct dynamo *dynamo, struct dynamo_item *item);
/* Takes over what a reply says of an item; no object: there is none. */
pxm_status dynamo_item_take(const struct dynamo *dynamo, struct aws_json attributes, struct dynamo_item *ret,
                            pxm_error *error);
/* Reads the newest state. Undone by dynamo_item_done. [job] */
pxm_status dynamo_item_read(const struct dynamo *dynamo, pxm_job *job, const char *key, struct dynamo_item *ret,
                            pxm_error *error);
/* Whether the write of that token is one of the last that made the item what it is. */
bool dynamo_item_has_op(const struct dynamo_item *item, const char *token);

/* ---- places in lists (place.c) ---- */

/* A new name for a write; false: there is no randomness. */
bool dynamo_token(char token[DYNAMO_TOKEN + 1]);
/* When an item that is made now is made: later than all before of this instance. */
void dynamo_made(struct dynamo *dynamo, const char *token, char made[DYNAMO_MADE_LENGTH + 1]);
/* Names a field with a value; false: libcrypto failed. */
bool dynamo_hash(const char *field, const struct tablebase_value *value, char hash[DYNAMO_HASH + 1]);
/* The partition of a shard; hash NULL: of all items. */
void dynamo_list(const char *hash, unsigned shard, char list[DYNAMO_LIST_TEXT]);
unsigned dynamo_shard(const struct dynamo *dynamo, const char *key);
void dynamo_row_key(const char *token, const char *hash, const char *key, char row[DYNAMO_ROW_KEY_TEXT]);
/* The key of the item that a row stands for, within `row`; an item stands for itself; NULL: it is neither. */
const char *dynamo_row_item(const char *row);

/* ---- rows for indexed fields (rows.c) ---- */

struct
    dynamo_rows { /* each a hash and the token of the write that put the row, DYNAMO_HASH + DYNAMO_TOKEN characters */
    struct aws_text text;
};
enum { DYNAMO_ROW = DYNAMO_HASH + DYNAMO_TOKEN };
/* The rows that an item with these fields needs: those it has (text of DYNAMO_ENTRIES), and for others new ones. */
pxm_status dynamo_rows_plan(const struct dynamo *dynamo, const pxm_value *fields, const char *has, const char *token,
                            struct dynamo_rows *ret, pxm_error *error);
void dynamo_rows_done(struct dynamo_rows *rows);
/* Adds those of `rows` that have the token and are not yet in `to`. */
void dynamo_rows_note(struct aws_text *to, const char *rows, const char *token);
/* Puts those rows of `rows` that have the token. [job] */
pxm_status dynamo_rows_put(const struct dynamo *dynamo, pxm_job *job, const char *key, const char *made,
                           const char *rows, const char *token, pxm_error *error);
/* Drops those of `rows` that are not in `kept`, as far as it can: rows that stay are passed over by readers. [job] */
void dynamo_rows_drop(const struct dynamo *dynamo, pxm_job *job, const char *key, const char *rows, const char *kept);

/* ---- the interface ---- */

pxm_status dynamo_record(void *self, pxm_job *job, const struct pxm_record *record, pxm_value *fields,
                         pxm_error *error);
pxm_status dynamo_lookup(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error);
pxm_status dynamo_erase(void *self, pxm_job *job, const char *key, const pxm_value *expect, pxm_value *fields,
                        pxm_error *error);
pxm_status dynamo_query(void *self, pxm_job *job, const struct pxm_query *query, pxm_value *fields, pxm_error *error);
pxm_status dynamo_prepare(void *self, pxm_job *job, pxm_value *fields, pxm_error *error);

/* ---- candidates of a query (lists.c) ---- */

struct dynamo_candidate {
    char made[DYNAMO_MADE_LENGTH + 1];
    char key[TABLEBASE_KEY_MAX + 1]; /* of the item */
};
/* The shards of one list, merged: newest first. */
struct dynamo_lists;
/* `hash` NULL: all items. `before`: only what was made earlier; NULL: all. NULL: out of memory. */
struct dynamo_lists *dynamo_lists_new(const struct dynamo *dynamo, const char *hash, const char *before, int64_t limit);
void dynamo_lists_free(struct dynamo_lists *lists); /* NULL is fine */
/* *ret: the next one, borrowed until the next call but one; NULL: there are no more. Does not move. [job] */
pxm_status dynamo_lists_peek(struct dynamo_lists *lists, pxm_job *job, const struct dynamo_candidate **ret,
                             pxm_error *error);
/* Moves past what was peeked. */
void dynamo_lists_pass(struct dynamo_lists *lists);

/* ---- cursors (cursor.c) ---- */

/* Signs where a page of a query ended. `scope`: names the query. [job] */
pxm_status dynamo_cursor_write(struct dynamo *dynamo, pxm_job *job, const char *scope, size_t length, const char *made,
                               pxm_value **ret, pxm_error *error);
/* PXM_OK, or table.bad_cursor. [job] */
pxm_status dynamo_cursor_read(struct dynamo *dynamo, pxm_job *job, const char *scope, size_t length, const char *cursor,
                              char made[DYNAMO_MADE_LENGTH + 1], pxm_error *error);
/* What cursors are signed with: of the option, or of the table, which gets one if it has none. [job] */
pxm_status dynamo_cursor_key(struct dynamo *dynamo, pxm_job *job, pxm_error *error);

#endif
