/* The policies of a queue: who may send to it, and where its dead letters go. [any] */
#include "sqs.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define S3   "s3.amazonaws.com"
#define SEND "sqs:SendMessage"

enum { TEXT_MAX = 4096 };

/* ---- ARNs ---- */

bool sqs_arn_read(const char *text, struct sqs_arn *ret)
{
    size_t lengths[6];
    const char *parts[6], *at = text;
    for (size_t i = 0; i < 6; i++) {
        parts[i] = at;
        lengths[i] = i < 5 ? strcspn(at, ":") : strlen(at);
        if (lengths[i] >= SQS_ARN_PART || (i < 5 && at[lengths[i]] != ':')) {
            return false;
        }
        at += lengths[i] + (i < 5);
    }
    struct sqs_arn arn = {.name = ""};
    memcpy(arn.partition, parts[1], lengths[1]);
    memcpy(arn.region, parts[3], lengths[3]);
    memcpy(arn.account, parts[4], lengths[4]);
    memcpy(arn.name, parts[5], lengths[5]);
    if (lengths[0] != 3 || strncmp(parts[0], "arn", 3) != 0 || !arn.name[0]) {
        return false;
    }
    *ret = arn;
    return true;
}

static void write_arn(struct aws_text *to, const struct sqs_arn *arn, const char *name)
{
    aws_text_printf(to, "arn:%s:sqs:%s:%s:%s", arn->partition, arn->region, arn->account, name);
}

static void write_bucket(struct aws_text *to, const struct sqs_arn *queue, const char *bucket)
{
    aws_text_printf(to, "arn:%s:s3:::%s", queue->partition, bucket);
}

/* ---- writing ---- */

static void write_string(struct aws_text *to, struct aws_text *text)
{
    to->failed |= text->failed;
    aws_json_write(to, aws_text_get(text), text->length);
    aws_text_clear(text);
}

void sqs_policy_write(const struct sqs *sqs, struct aws_text *to, const struct sqs_arn *queue, const pxm_value *senders)
{
    const struct pxm_host *host = sqs->host;
    struct aws_text text;
    aws_text_init(&text, TEXT_MAX);
    aws_text_puts(to, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Buckets\",\"Effect\":\"Allow\","
                      "\"Principal\":{\"Service\":\"" S3 "\"},\"Action\":\"" SEND "\",\"Resource\":");
    write_arn(&text, queue, queue->name);
    write_string(to, &text);
    aws_text_puts(to, ",\"Condition\":{\"StringEquals\":{\"aws:SourceAccount\":");
    aws_json_write(to, queue->account, strlen(queue->account));
    aws_text_puts(to, "},\"ArnEquals\":{\"aws:SourceArn\":[");
    for (size_t i = 0; i < host->value_count(senders); i++) {
        aws_text_puts(to, i > 0 ? "," : "");
        write_bucket(&text, queue, host->value_as_string(host->value_at(senders, i), NULL));
        write_string(to, &text);
    }
    aws_text_puts(to, "]}}}]}");
    aws_text_done(&text);
}

bool sqs_redrive_read(const char *text, struct sqs_redrive *ret, bool *ret_no_memory)
{
    struct aws_json policy;
    struct sqs_redrive redrive;
    if (!aws_json_read(text, strlen(text), &policy)) {
        return false;
    }
    redrive.receives_max = sqs_number(aws_json_get(policy, "maxReceiveCount"));
    char *arn = sqs_copy(aws_json_get(policy, "deadLetterTargetArn"), ret_no_memory);
    bool is_whole = arn && redrive.receives_max > 0 && sqs_arn_read(arn, &redrive.dead);
    aws_free_text(arn);
    if (is_whole) {
        *ret = redrive;
    }
    return is_whole;
}

void sqs_redrive_write(struct aws_text *to, const struct sqs_arn *dead, int64_t receives_max)
{
    struct aws_text text;
    aws_text_init(&text, TEXT_MAX);
    write_arn(&text, dead, dead->name);
    aws_text_puts(to, "{\"deadLetterTargetArn\":");
    write_string(to, &text);
    aws_text_printf(to, ",\"maxReceiveCount\":%" PRId64 "}", receives_max);
    aws_text_done(&text);
}

/* ---- who may send ---- */

/* Whether a text is of a pattern with * and ?, in any case of letters. */
static bool is_like(const char *text, const char *pattern)
{
    const char *star = NULL, *resume = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == '?' || strncasecmp(pattern, text, 1) == 0) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

struct search {
    const char *source; /* the ARN of a bucket that is to send */
    struct aws_text word;
    bool no_memory;
};

static bool word_is_like(struct search *search, struct aws_json word, const char *text)
{
    aws_text_clear(&search->word);
    bool is_word = aws_json_kind(word) == AWS_JSON_STRING && aws_json_text(word, &search->word);
    search->no_memory |= search->word.failed && !search->word.is_full;
    return is_word && is_like(text, aws_text_get(&search->word));
}

/* A word, or one of several. */
static bool has_like(struct search *search, struct aws_json words, const char *text)
{
    struct aws_json_walk walk = aws_json_walk(words);
    struct aws_json name, word;
    if (aws_json_kind(words) != AWS_JSON_ARRAY) {
        return word_is_like(search, words, text);
    }
    while (aws_json_next(&walk, &name, &word)) {
        if (word_is_like(search, word, text)) {
            return true;
        }
    }
    return false;
}

static bool is_for_s3(struct search *search, struct aws_json principal)
{
    return has_like(search, principal, S3) || has_like(search, aws_json_get(principal, "Service"), S3) ||
           aws_json_equals(aws_json_get(principal, "AWS"), "*");
}

/* Conditions on anything but the source are taken to hold. */
static bool is_from_bucket(struct search *search, struct aws_json conditions)
{
    struct aws_json_walk tests = aws_json_walk(conditions);
    struct aws_json test, keys, key, words;
    while (aws_json_next(&tests, &test, &keys)) {
        struct aws_json_walk walk = aws_json_walk(keys);
        bool is_not = memmem(test.text, test.length, "Not", 3) != NULL; /* "ArnNotLike" */
        while (aws_json_next(&walk, &key, &words)) {
            if (word_is_like(search, key, "aws:SourceArn") && has_like(search, words, search->source) == is_not) {
                return false;
            }
        }
    }
    return true;
}

static bool statement_lets(struct search *search, struct aws_json statement)
{
    return aws_json_equals(aws_json_get(statement, "Effect"), "Allow") &&
           is_for_s3(search, aws_json_get(statement, "Principal")) &&
           has_like(search, aws_json_get(statement, "Action"), SEND) &&
           is_from_bucket(search, aws_json_get(statement, "Condition"));
}

static bool policy_lets(struct search *search, const char *policy)
{
    struct aws_json json, name, statement;
    if (!policy || !aws_json_read(policy, strlen(policy), &json)) {
        return false;
    }
    struct aws_json statements = aws_json_get(json, "Statement");
    struct aws_json_walk walk = aws_json_walk(statements);
    if (aws_json_kind(statements) == AWS_JSON_OBJECT) {
        return statement_lets(search, statements);
    }
    while (aws_json_next(&walk, &name, &statement)) {
        if (statement_lets(search, statement)) {
            return true;
        }
    }
    return false;
}

bool sqs_policy_lets(const char *policy, const struct sqs_arn *queue, const char *bucket, bool *ret_no_memory)
{
    struct search search = {.source = NULL};
    struct aws_text source;
    aws_text_init(&search.word, TEXT_MAX);
    aws_text_init(&source, TEXT_MAX);
    write_bucket(&source, queue, bucket);
    search.source = aws_text_get(&source);
    bool lets = policy_lets(&search, policy);
    *ret_no_memory |= search.no_memory || source.failed;
    aws_text_done(&search.word);
    aws_text_done(&source);
    return lets;
}
