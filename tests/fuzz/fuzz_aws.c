/* Any bytes as a reply of a service, a shared file, a time, an endpoint, a cursor and a header: what is read of them is
 * clean, and what is written from them can be read again. */
#include "aws/endpoint.h"
#include "aws/fault.h"
#include "aws/json.h"
#include "aws/profile.h"
#include "aws/sigv4.h"
#include "aws/text.h"
#include "aws/time.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 64 << 10, SECRET_RUN = 32 };

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* As text without a NUL inside. */
static char *text_of(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 1);
    check(text != NULL);
    for (size_t i = 0; i < size; i++) {
        text[i] = data[i] ? (char)data[i] : ' ';
    }
    return text;
}

static void check_shown(const char *text, size_t room)
{
    check(memchr(text, 0, room) != NULL);
    for (; *text; text++) {
        check((unsigned char)*text >= 0x20 && (unsigned char)*text < 0x7f);
    }
}

static void read_reply(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 301, 400, 403, 404, 500, 503};
    struct aws_list headers = {0};
    struct aws_fault fault;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        aws_fault_of_reply(&fault, statuses[i], &headers, (const char *)data, size, 0);
        check(statuses[i] == 200 || fault.class != AWS_FAULT_NONE);
        check_shown(fault.message, sizeof fault.message);
        check_shown(fault.code, sizeof fault.code);
        check_shown(fault.request_id, sizeof fault.request_id);
        check_shown(fault.region, sizeof fault.region);
        check_shown(fault.endpoint, sizeof fault.endpoint);
        check(strspn(fault.message, "0123456789abcdef") < SECRET_RUN);
    }
}

/* What is read lies within the text, is read alike again, and texts are the same after they are written. */
static void read_json(struct aws_json json, int depth)
{
    struct aws_json_walk walk = aws_json_walk(json);
    struct aws_json name, value, again;
    struct aws_text text, written, back;
    check(aws_json_read(json.text, json.length, &again) && again.length == json.length);
    while (depth > 0 && aws_json_next(&walk, &name, &value)) {
        check(value.text >= json.text && value.text + value.length <= json.text + json.length);
        check((aws_json_kind(json) == AWS_JSON_OBJECT) == (aws_json_kind(name) == AWS_JSON_STRING));
        read_json(value, depth - 1);
    }
    aws_text_init(&text, ROOM);
    if (aws_json_text(json, &text)) {
        aws_text_init(&written, 8 * ROOM);
        aws_text_init(&back, ROOM);
        aws_json_write(&written, aws_text_get(&text), text.length);
        check(aws_json_read(aws_text_get(&written), written.length, &again) && aws_json_text(again, &back));
        check(back.length == text.length && memcmp(aws_text_get(&back), aws_text_get(&text), text.length) == 0);
        aws_text_done(&written);
        aws_text_done(&back);
    }
    aws_text_done(&text);
}

static bool check_line(void *arg, const char *section, const char *key, const char *subkey, const char *value)
{
    (void)arg;
    check(section && key && subkey && value);
    check(!strchr(value, '\n') && !strchr(section, ']'));
    return true;
}

static void read_texts(char *text)
{
    struct aws_endpoint endpoint;
    const char *reason = NULL;
    int64_t ms = 0;
    char iso[AWS_ISO_TEXT];
    if (aws_time_parse(text, &ms) && ms >= 0) {
        int64_t again = -1;
        aws_time_iso(ms, iso);
        check(aws_time_parse(iso, &again) && again == ms);
    }
    if (aws_endpoint_parse("s3", text, &endpoint, &reason)) {
        check(endpoint.host[0] && !strpbrk(endpoint.host, "/@?# \r\n"));
        check(!strpbrk(endpoint.path, "?#\r\n"));
        (void)aws_endpoint_is_trusted(&endpoint);
    } else {
        check(reason != NULL);
    }
    check(aws_ini_read(text, check_line, NULL));
}

static void check_codes(const char *text)
{
    struct aws_text encoded, decoded;
    aws_text_init(&encoded, ROOM);
    aws_text_init(&decoded, ROOM);
    aws_percent_encode(&encoded, text, strlen(text), false);
    char *back = aws_copy_text(aws_text_get(&encoded));
    check(back && aws_percent_decode(back) && strcmp(back, text) == 0);
    aws_free_text(back);
    if (aws_base64url_decode(&decoded, text)) {
        aws_text_clear(&encoded);
        aws_base64url(&encoded, aws_text_get(&decoded), decoded.length);
        check(strcmp(aws_text_get(&encoded), text) == 0);
    }
    aws_text_done(&encoded);
    aws_text_done(&decoded);
}

static void sign(const char *text)
{
    struct aws_scope scope = {
        .access_key = "A", .secret_key = "secret-that-stays", .region = "r", .service = "s", .token = text};
    struct aws_list headers = {0}, query = {0};
    struct aws_text url;
    scope.flags = strlen(text) % 4;
    aws_text_init(&url, ROOM);
    aws_list_add_header(&headers, "host", text);
    aws_list_add_header(&headers, text, text);
    aws_list_add(&query, text, text);
    struct aws_signable request = {"GET", text, &query, &headers, AWS_UNSIGNED_PAYLOAD};
    if (aws_sign_query(&scope, &request, 60, &url)) {
        check(!strpbrk(url.data, " \r\n\"<>"));
        check(strstr(text, scope.secret_key) || !strstr(url.data, scope.secret_key));
    }
    check(aws_sign_headers(&scope, &request, &headers));
    aws_list_done(&headers);
    aws_list_done(&query);
    aws_text_done(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    struct aws_json json;
    if (aws_json_read((const char *)data, size, &json)) {
        read_json(json, 8);
    }
    read_reply(data, size);
    check_codes(text);
    sign(text);
    read_texts(text);
    free(text);
    return 0;
}
