/* Messages as they go over the wire, and back. */
#include "sqs.h"

#include "tablebase/tablebase.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { MD5_BYTES = 16 };

/* ---- texts ---- */

/* Of a character of three or four bytes; the text is UTF-8. */
static unsigned long code_point(const unsigned char *at, size_t bytes)
{
    unsigned long code = bytes == 4 ? at[0] & 0x07u : at[0] & 0x0fu;
    for (size_t i = 1; i < bytes; i++) {
        code = code << 6 | (at[i] & 0x3fu);
    }
    return code;
}

/* Adds JSON with escapes in place of the characters that a message may not have, which are U+FFFE and U+FFFF, and of
 * those beyond the basic plane, which some services do not take. They stand in strings alone. */
static void add_json(struct aws_text *to, const char *json, size_t length)
{
    size_t plain = 0;
    for (size_t at = 0; at < length;) {
        const unsigned char *byte = (const unsigned char *)json + at;
        size_t bytes = *byte >= 0xf0 ? 4 : *byte >= 0xe0 ? 3 : 1;
        unsigned long code = bytes > 1 ? code_point(byte, bytes) : *byte;
        if (code >= 0xfffe) {
            aws_text_add(to, json + plain, at - plain);
            plain = at + bytes;
            if (code > 0xffff) {
                aws_text_printf(to, "\\u%04lx\\u%04lx", 0xd800 + ((code - 0x10000) >> 10), 0xdc00 + (code & 0x3ff));
            } else {
                aws_text_printf(to, "\\u%04lx", code);
            }
        }
        at += bytes;
    }
    aws_text_add(to, json + plain, length - plain);
}

pxm_status sqs_text(const struct sqs *sqs, const pxm_value *value, size_t max, struct aws_text *ret, pxm_error *error)
{
    const struct pxm_host *host = sqs->host;
    pxm_blob *json = NULL;
    size_t length = 0;
    aws_text_init(ret, 4 * max);
    if (tablebase_is_deeper(host, value, PXM_STORED_DEPTH_MAX)) {
        return host->fail(error, PXM_E_INVALID, "queue.bad_message", "a message or cause nests deeper than %d levels",
                          PXM_STORED_DEPTH_MAX);
    }
    pxm_status status = host->value_to_json(value, &json, error);
    if (status != PXM_OK) {
        return status;
    }
    const char *text = host->blob_data(json, &length);
    if (length > max) {
        status = host->fail(error, PXM_E_LIMIT, "queue.too_large",
                            "a message or cause of %zu bytes does not fit into the queue %s, which takes %zu", length,
                            sqs->config->queue, max);
    } else {
        add_json(ret, text, length);
        status = ret->failed ? sqs_fail_memory(sqs, error) : PXM_OK;
    }
    host->blob_unref(json);
    return status;
}

pxm_value *sqs_value(const struct sqs *sqs, const char *text)
{
    const struct pxm_host *host = sqs->host;
    pxm_value *value = NULL;
    size_t length = strlen(text);
    pxm_status status = host->value_from_json(text, length, &value, NULL);
    if (status == PXM_OK && tablebase_is_deeper(host, value, PXM_STORED_DEPTH_MAX)) {
        host->value_unref(value);
        status = PXM_E_INVALID;
    }
    return status == PXM_OK ? value : status == PXM_E_NO_MEMORY ? NULL : host->value_string(text, length);
}

bool sqs_md5_matches(struct aws_json told, const char *text, size_t length)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    char hex[2 * MD5_BYTES + 1];
    unsigned bytes = 0;
    /* A machine that has no MD5 cannot compare. */
    if (aws_json_kind(told) != AWS_JSON_STRING || EVP_Digest(text, length, digest, &bytes, EVP_md5(), NULL) != 1 ||
        bytes != MD5_BYTES) {
        return true;
    }
    aws_hex(digest, MD5_BYTES, hex);
    return aws_json_equals(told, hex);
}

/* ---- receiving ---- */

void sqs_message_done(struct sqs_message *message)
{
    aws_free_text(message->id);
    aws_free_text(message->receipt);
    aws_free_text(message->text);
    aws_free_text(message->letter_id);
    aws_free_text(message->cause);
    *message = (struct sqs_message){.id = NULL};
}

void sqs_batch_done(struct sqs_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        sqs_message_done(&batch->items[i]);
    }
    batch->count = 0;
}

static struct aws_json attribute(struct aws_json message, const char *name)
{
    return aws_json_get(aws_json_get(aws_json_get(message, "MessageAttributes"), name), "StringValue");
}

/* False: it is none, or there is no memory. */
static bool read_message(struct aws_json json, struct sqs_message *ret, bool *ret_no_memory)
{
    struct aws_json system = aws_json_get(json, "Attributes"), first = attribute(json, SQS_FIRST);
    int64_t attempts = sqs_number(aws_json_get(system, "ApproximateReceiveCount"));
    *ret = (struct sqs_message){.id = sqs_copy(aws_json_get(json, "MessageId"), ret_no_memory),
                                .receipt = sqs_copy(aws_json_get(json, "ReceiptHandle"), ret_no_memory),
                                .text = sqs_copy(aws_json_get(json, "Body"), ret_no_memory),
                                .letter_id = sqs_copy(attribute(json, SQS_ID), ret_no_memory),
                                .cause = sqs_copy(attribute(json, SQS_CAUSE), ret_no_memory),
                                .attempts = attempts > 0 ? attempts : 1,
                                .sent_ms = sqs_number(aws_json_get(system, "SentTimestamp")),
                                .first_ms = sqs_number(aws_json_get(system, "ApproximateFirstReceiveTimestamp"))};
    if (ret->letter_id && sqs_number(first) >= 0) {
        ret->first_ms = sqs_number(first);
        attempts = sqs_number(attribute(json, SQS_ATTEMPTS));
        ret->attempts = attempts > 0 ? attempts : 1;
    }
    bool good = !*ret_no_memory && ret->id && ret->receipt && ret->text && strlen(ret->receipt) <= SQS_RECEIPT_MAX &&
                strlen(ret->id) <= SQS_ID_MAX;
    ret->is_damaged = good && !sqs_md5_matches(aws_json_get(json, "MD5OfBody"), ret->text, strlen(ret->text));
    if (!good) {
        sqs_message_done(ret);
    }
    return good;
}

static void write_receive(struct aws_text *body, const char *url, const struct pxm_receive *receive)
{
    static const char names[] = "[\"ApproximateReceiveCount\",\"SentTimestamp\",\"ApproximateFirstReceiveTimestamp\"]";
    sqs_begin(body, url);
    sqs_write_int(body, "MaxNumberOfMessages", receive->max);
    sqs_write_int(body, "WaitTimeSeconds", receive->wait_ms / 1000);
    sqs_write_int(body, "VisibilityTimeout", receive->lease_ms / 1000);
    /* The one name is the older one, the other the newer; a service knows either. */
    aws_text_printf(body, ",\"AttributeNames\":%s,\"MessageSystemAttributeNames\":%s", names, names);
    aws_text_printf(body, ",\"MessageAttributeNames\":[\"%s\",\"%s\",\"%s\",\"%s\"]", SQS_ID, SQS_CAUSE, SQS_ATTEMPTS,
                    SQS_FIRST);
}

bool sqs_fetch(const struct sqs *sqs, pxm_job *job, const char *url, const struct pxm_receive *receive,
               struct sqs_batch *ret, struct sqs_reply *reply)
{
    struct aws_text body;
    struct aws_json name, item;
    bool no_memory = false;
    ret->count = 0;
    write_receive(&body, url, receive);
    if (!sqs_call(sqs, job, "ReceiveMessage", &body, (int)(receive->wait_ms / 1000), reply)) {
        return false;
    }
    if (aws_json_kind(reply->json) != AWS_JSON_OBJECT) {
        aws_fault_set(&reply->reply.fault, AWS_FAULT_MALFORMED, AWS_REMEDY_NONE, "the reply is empty; check endpoint");
        return false;
    }
    struct aws_json_walk walk = aws_json_walk(aws_json_get(reply->json, "Messages"));
    while (aws_json_next(&walk, &name, &item)) {
        if (ret->count == SQS_RECEIVE_MAX || !read_message(item, &ret->items[ret->count], &no_memory)) {
            aws_fault_set(&reply->reply.fault, no_memory ? AWS_FAULT_NO_MEMORY : AWS_FAULT_MALFORMED, AWS_REMEDY_NONE,
                          "the reply has something that is no message; check endpoint");
            return false;
        }
        ret->count++;
    }
    return true;
}

/* ---- sending ---- */

static void write_attribute(struct aws_text *body, const char *name, const char *type, const char *value, bool is_first)
{
    aws_text_printf(body, "%s\"%s\":{\"DataType\":\"%s\",\"StringValue\":", is_first ? "" : ",", name, type);
    aws_json_write(body, value, strlen(value));
    aws_text_puts(body, "}");
}

static void write_letter(struct aws_text *body, const struct sqs_letter *letter)
{
    char attempts[24], first[24];
    snprintf(attempts, sizeof attempts, "%" PRId64, letter->attempts);
    snprintf(first, sizeof first, "%" PRId64, letter->first_ms);
    aws_text_puts(body, ",\"MessageAttributes\":{");
    write_attribute(body, SQS_ID, "String", letter->id, true);
    write_attribute(body, SQS_ATTEMPTS, "Number", attempts, false);
    write_attribute(body, SQS_FIRST, "Number", first, false);
    if (letter->cause) {
        write_attribute(body, SQS_CAUSE, "String", letter->cause, false);
    }
    aws_text_puts(body, "}");
}

pxm_status sqs_put(const struct sqs *sqs, pxm_job *job, const char *url, const struct aws_text *text, int64_t delay_s,
                   const struct sqs_letter *letter, char **ret_id, pxm_error *error)
{
    struct aws_text body;
    struct sqs_reply reply;
    sqs_begin(&body, url);
    sqs_write_text(&body, "MessageBody", aws_text_get(text), text->length);
    if (delay_s > 0) {
        sqs_write_int(&body, "DelaySeconds", delay_s);
    }
    if (letter) {
        write_letter(&body, letter);
    }
    bool good = sqs_call(sqs, job, "SendMessage", &body, 0, &reply);
    bool no_memory = false;
    char *id = good ? sqs_copy(aws_json_get(reply.json, "MessageId"), &no_memory) : NULL;
    pxm_status status = PXM_OK;
    if (!good) {
        status = sqs_fail(sqs, &reply, "send to", error);
    } else if (no_memory) {
        status = sqs_fail_memory(sqs, error);
    } else if (!id) {
        status = sqs_fail_reply(sqs, "it tells no id of the message", error);
    } else if (!sqs_md5_matches(aws_json_get(reply.json, "MD5OfMessageBody"), aws_text_get(text), text->length)) {
        status = sqs_fail_reply(sqs, "the message that it took is another one than was sent", error);
    }
    sqs_reply_done(&reply);
    if (status == PXM_OK && ret_id) {
        *ret_id = id;
    } else {
        aws_free_text(id);
    }
    return status;
}

/* ---- by receipt ---- */

static pxm_status change(const struct sqs *sqs, pxm_job *job, const char *operation, struct aws_text *body,
                         const char *receipt, pxm_error *error)
{
    struct sqs_reply reply;
    sqs_write_text(body, "ReceiptHandle", receipt, strlen(receipt));
    pxm_status status =
        sqs_call(sqs, job, operation, body, 0, &reply) ? PXM_OK : sqs_fail(sqs, &reply, "settle a message of", error);
    sqs_reply_done(&reply);
    return status;
}

pxm_status sqs_delete(const struct sqs *sqs, pxm_job *job, const char *url, const char *receipt, pxm_error *error)
{
    struct aws_text body;
    sqs_begin(&body, url);
    return change(sqs, job, "DeleteMessage", &body, receipt, error);
}

pxm_status sqs_hide(const struct sqs *sqs, pxm_job *job, const char *url, const char *receipt, int64_t seconds,
                    pxm_error *error)
{
    struct aws_text body;
    sqs_begin(&body, url);
    sqs_write_int(&body, "VisibilityTimeout", seconds);
    return change(sqs, job, "ChangeMessageVisibility", &body, receipt, error);
}
