/* What the parts of the sqs driver share.
 *
 * A message is one of the service, whose text is the JSON of the body. Its lease is the service's visibility timeout,
 * its receipt the service's receipt handle. Beside the service the instance remembers what it received: a message that
 * is to become a dead letter is sent to the dead-letter queue, with its cause, before it is deleted, and a lease that
 * has run out is known without asking. Receipts that it does not know, such as those of a process that has ended, are
 * the service's to judge; a message of such a one is given back, and the queue's own redrive policy makes the dead
 * letter.
 *
 * Nothing is received from a queue without a redrive policy, as a message that cannot be worked on would come for ever.
 *
 * An instance is constant after create but for what lies under its lock, so every operation may run in any number of
 * threads at once.
 */
#ifndef SQS_H
#define SQS_H

#include "aws/client.h"
#include "aws/json.h"

#include <pixmill/plugin.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SQS_ID       "pxm_id"       /* attributes of a dead letter: the message that it was,      */
#define SQS_CAUSE    "pxm_cause"    /* why it died, as JSON,                                      */
#define SQS_ATTEMPTS "pxm_attempts" /* how often it was received,                                 */
#define SQS_FIRST    "pxm_first"    /* and when it was received first, in milliseconds since 1970 */

#define SQS_DEAD "-dead" /* what the name of a dead-letter queue ends with where no other is told */

enum {
    SQS_NAME_MAX = 80,          /* bytes of the name of a queue                                  */
    SQS_ARN_PART = 128,         /* bytes of a part of an ARN, with its NUL                       */
    SQS_BODY_MAX = 256 << 10,   /* bytes of a body that is sent                                  */
    SQS_CAUSE_MAX = 8 << 10,    /* bytes of a cause that goes with a dead letter                 */
    SQS_REQUEST_MAX = 8 << 20,  /* bytes of a request                                            */
    SQS_REPLY_MAX = 16 << 20,   /* bytes of a reply: ten messages of 1 MiB, with their escapes   */
    SQS_RECEIVE_MAX = 10,       /* messages of one reply                                         */
    SQS_WAIT_S = 20,            /* a reply is waited for at a time                               */
    SQS_VISIBILITY_S = 43200,   /* longest lease                                                 */
    SQS_RETENTION_S = 1209600,  /* longest time that a queue keeps what nobody receives          */
    SQS_DELAY_S = 900,          /* longest delay of what is sent                                 */
    SQS_HELD_MAX = 1024,        /* receipts that are remembered                                  */
    SQS_HELD_BYTES = 64 << 20,  /* of the texts that go with them                                */
    SQS_RECEIPT_MAX = 4096,     /* bytes of a receipt                                            */
    SQS_ID_MAX = 128,           /* bytes of the id of a message                                  */
    SQS_LETTERS_MAX = 1000,     /* dead letters that are looked at                               */
    SQS_LETTER_BYTES = 8 << 20, /* of their texts                                                */
    SQS_PEEK_S = 30             /* so long dead letters are hidden at most while they are looked at */
};

struct sqs_config {
    const char *queue; /* URL or name */
    struct aws_options aws;
    const char *dead_letters; /* NULL: as the queue, with SQS_DEAD */
    int64_t max_receives, visibility_ms, retention_ms;
};

/* A message of a reply. */
struct sqs_message {
    char *id, *receipt, *text; /* never NULL */
    char *letter_id, *cause;   /* of a dead letter that this driver made; NULL: it tells none */
    int64_t attempts, sent_ms, first_ms;
    bool is_damaged; /* the text is not the one that has this checksum */
};

/* What became of a receipt. */
enum sqs_hold { SQS_HOLD_UNKNOWN, SQS_HOLD_GOOD, SQS_HOLD_LOST };
struct sqs_held {
    char *receipt, *id, *text; /* text NULL: it was settled, or there was no room */
    int64_t attempts, first_ms, until_ms;
    bool is_settled;
};

/* What is known of the queue at the service. */
struct sqs_place {
    char *url, *dead_url;
    int64_t receives_max; /* of its redrive policy; 0: not known yet */
};

struct sqs {
    const struct pxm_host *host;
    const struct sqs_config *config;
    struct aws_client *client;
    pthread_mutex_t lock; /* guards the rest */
    struct sqs_place place;
    struct sqs_held held[SQS_HELD_MAX]; /* a ring */
    size_t held_next, held_bytes;
};

/* ---- requests (request.c) ---- */

struct sqs_reply {
    struct aws_reply reply;
    struct aws_json json; /* an object */
};
/* Starts a request about a queue: {"QueueUrl":"..." */
void sqs_begin(struct aws_text *body, const char *url);
/* Adds ,"NAME":"TEXT" and ,"NAME":NUMBER */
void sqs_write_text(struct aws_text *body, const char *name, const char *text, size_t length);
void sqs_write_int(struct aws_text *body, const char *name, int64_t number);
/* Ends the request, sends it, and frees it. `wait_s`: how long the service may take for a reply on top of the usual.
 * Fills the reply, which is to be freed in any case. False: with reply.fault. [job] */
bool sqs_call(const struct sqs *sqs, pxm_job *job, const char *operation, struct aws_text *body, int wait_s,
              struct sqs_reply *reply);
void sqs_reply_done(struct sqs_reply *reply);
bool sqs_has_code(const struct sqs_reply *reply, const char *code);
/* Whether it says that there is no such queue. */
bool sqs_is_missing(const struct sqs_reply *reply);
/* Sets the error of a reply that did not do `what` with the queue. */
pxm_status sqs_fail(const struct sqs *sqs, const struct sqs_reply *reply, const char *what, pxm_error *error);
pxm_status sqs_fail_memory(const struct sqs *sqs, pxm_error *error);
pxm_status sqs_fail_reply(const struct sqs *sqs, const char *what, pxm_error *error);
/* PXM_OK, or PXM_E_TIMEOUT when the job is late or given up. */
pxm_status sqs_in_time(const struct sqs *sqs, const pxm_job *job, pxm_error *error);
/* A copy of a text of a reply, to be freed with aws_free_text; NULL: it is none, or there was no memory, which is
 * noted. */
char *sqs_copy(struct aws_json string, bool *ret_no_memory);
/* A number that is written as one, or as a string; -1: it is none. */
int64_t sqs_number(struct aws_json value);

/* ---- where the queue is (place.c) ---- */

/* What the URL of a queue tells; false: it is none. "" where it does not tell. */
struct sqs_url {
    char origin[AWS_HOST_TEXT + 16], region[AWS_REGION_TEXT];
    bool is_aws;
    const char *name;
};
bool sqs_url_read(const char *url, struct sqs_url *ret);
/* Whether that may be the name of a queue; *ret_reason: why not. */
bool sqs_name_valid(const char *name, const char **ret_reason);
/* *ret: the URL of the queue, a copy to be freed with aws_free_text. [job] */
pxm_status sqs_place_url(struct sqs *sqs, pxm_job *job, char **ret, pxm_error *error);
/* Likewise, with what its redrive policy says; fails where it has none. [job] */
pxm_status sqs_place_find(struct sqs *sqs, pxm_job *job, struct sqs_place *ret, pxm_error *error);
void sqs_place_done(struct sqs_place *place);
/* It may have changed. */
void sqs_place_forget(struct sqs *sqs);
/* *ret: the URL of a queue by its name, to be freed with aws_free_text; NULL: there is none. `account` NULL, or empty:
 * that of the credentials. [job] */
pxm_status sqs_seek_url(const struct sqs *sqs, pxm_job *job, const char *name, const char *account, char **ret,
                        pxm_error *error);
/* Sets the error of a queue from which nothing can be received. */
pxm_status sqs_fail_policy(const struct sqs *sqs, const char *what, pxm_error *error);

/* ---- its policies (policy.c) ---- */

/* "arn:PARTITION:sqs:REGION:ACCOUNT:NAME". */
struct sqs_arn {
    char partition[SQS_ARN_PART], region[SQS_ARN_PART], account[SQS_ARN_PART], name[SQS_ARN_PART];
};
bool sqs_arn_read(const char *text, struct sqs_arn *ret);
/* Where dead letters go, and when. */
struct sqs_redrive {
    struct sqs_arn dead;
    int64_t receives_max;
};
/* False: it is not whole, or there was no memory, which is noted. */
bool sqs_redrive_read(const char *text, struct sqs_redrive *ret, bool *ret_no_memory);
void sqs_redrive_write(struct aws_text *to, const struct sqs_arn *dead, int64_t receives_max);
/* The policy that lets buckets of its account send to a queue. */
void sqs_policy_write(const struct sqs *sqs, struct aws_text *to, const struct sqs_arn *queue,
                      const pxm_value *senders);
/* Whether a policy, or NULL, lets a bucket send, as far as can be seen: conditions on other things than the source are
 * taken to hold, and what it denies is not looked at. */
bool sqs_policy_lets(const char *policy, const struct sqs_arn *queue, const char *bucket, bool *ret_no_memory);

/* Whole seconds, rounded up, and no more than `max`, which the service takes (receive.c). */
int64_t sqs_seconds(int64_t ms, int64_t max);

/* ---- messages (message.c) ---- */

/* The JSON of a value as it is sent, of characters that every service takes. */
pxm_status sqs_text(const struct sqs *sqs, const pxm_value *value, size_t max, struct aws_text *ret, pxm_error *error);
/* What a text is as a value: that of its JSON, or else the text itself. NULL: out of memory. */
pxm_value *sqs_value(const struct sqs *sqs, const char *text);
/* Whether the checksum that a service told is that of the text; also where it told none. */
bool sqs_md5_matches(struct aws_json told, const char *text, size_t length);
/* Receives without keeping anything; messages are to be freed in any case. [job] */
struct sqs_batch {
    struct sqs_message items[SQS_RECEIVE_MAX];
    size_t count;
};
bool sqs_fetch(const struct sqs *sqs, pxm_job *job, const char *url, const struct pxm_receive *receive,
               struct sqs_batch *ret, struct sqs_reply *reply);
void sqs_message_done(struct sqs_message *message);
void sqs_batch_done(struct sqs_batch *batch);
/* Sends a text; attributes are those of a dead letter, or NULL. *ret_id: the new id, or NULL to ignore it. [job] */
struct sqs_letter {
    const char *id, *cause; /* cause NULL: none */
    int64_t attempts, first_ms;
};
pxm_status sqs_put(const struct sqs *sqs, pxm_job *job, const char *url, const struct aws_text *text, int64_t delay_s,
                   const struct sqs_letter *letter, char **ret_id, pxm_error *error);
/* Deletes a message; changes how long it is hidden. [job] */
pxm_status sqs_delete(const struct sqs *sqs, pxm_job *job, const char *url, const char *receipt, pxm_error *error);
pxm_status sqs_hide(const struct sqs *sqs, pxm_job *job, const char *url, const char *receipt, int64_t seconds,
                    pxm_error *error);

/* ---- what is held (held.c) ---- */

/* Remembers a message; its text goes over to it. */
void sqs_held_add(struct sqs *sqs, struct sqs_message *message, int64_t until_ms);
/* What is known of a receipt. Where it is good, *ret is a copy, to be freed. */
enum sqs_hold sqs_held_find(struct sqs *sqs, const char *receipt, struct sqs_held *ret);
void sqs_held_done(struct sqs_held *held);
void sqs_held_extend(struct sqs *sqs, const char *receipt, int64_t until_ms);
void sqs_held_settle(struct sqs *sqs, const char *receipt);
void sqs_held_drop_all(struct sqs *sqs);
int64_t sqs_later(const struct sqs *sqs, int64_t ms); /* from now; no overflow */

/* ---- the interface ---- */

pxm_status sqs_send(void *self, pxm_job *job, const struct pxm_message *message, pxm_value *fields, pxm_error *error);
pxm_status sqs_receive(void *self, pxm_job *job, const struct pxm_receive *receive, pxm_value *fields,
                       pxm_error *error);
pxm_status sqs_extend(void *self, pxm_job *job, const char *receipt, int64_t lease_ms, pxm_error *error);
pxm_status sqs_settle(void *self, pxm_job *job, const struct pxm_settle *settle, pxm_error *error);
pxm_status sqs_depth(void *self, pxm_job *job, pxm_value *fields, pxm_error *error);
pxm_status sqs_dead(void *self, pxm_job *job, const char *cursor, int64_t limit, pxm_value *fields, pxm_error *error);
pxm_status sqs_redrive(void *self, pxm_job *job, const char *id, pxm_error *error);
pxm_status sqs_discard(void *self, pxm_job *job, const char *id, pxm_error *error);
pxm_status sqs_prepare(void *self, pxm_job *job, const struct pxm_prepare *prepare, pxm_value *fields,
                       pxm_error *error);

#endif
