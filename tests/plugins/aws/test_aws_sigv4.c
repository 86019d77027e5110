/* Signatures against figures that are known to be right: requests of the service's own examples, and of this table,
 * each computed by an independent signer. */
#include "aws/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN     "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
#define EMPTY     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define AUG_30    INT64_C(1440938160000) /* 2015-08-30T12:36:00Z */
#define MAY_24    INT64_C(1369353600000) /* 2013-05-24T00:00:00Z */
#define DEC_29    INT64_C(1451347200000) /* 2015-12-29T00:00:00Z */
#define TEXT_MAX  (64 << 10)
#define PAIRS_MAX 8

struct pair {
    const char *name, *value;
};

struct figure {
    const char *method, *path, *expected;
    struct pair query[PAIRS_MAX], headers[PAIRS_MAX]; /* up to a NULL name; all headers are signed */
    const char *token, *body;
    uint32_t flags;
};

static const struct aws_scope example = {.access_key = "AKIDEXAMPLE",
                                         .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                         .region = "us-east-1",
                                         .service = "service",
                                         .now_ms = AUG_30};
static const struct aws_scope s3_example = {.access_key = "AKIAIOSFODNN7EXAMPLE",
                                            .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                            .region = "us-east-1",
                                            .service = "s3",
                                            .now_ms = MAY_24};

static void add_pairs(struct aws_list *list, const struct pair *pairs)
{
    for (size_t i = 0; i < PAIRS_MAX && pairs[i].name; i++) {
        aws_list_add_signed(list, pairs[i].name, pairs[i].value);
    }
}

static void encode_path(const char *path, struct aws_text *encoded)
{
    aws_text_init(encoded, TEXT_MAX);
    aws_percent_encode(encoded, path, strlen(path), true);
}

static void assert_signature(const struct aws_scope *scope, const struct figure *figure, const char *host, bool is_s3)
{
    struct aws_list query = {0}, headers = {0};
    struct aws_text path;
    struct aws_scope with_token = *scope;
    char payload[AWS_SHA256_TEXT];
    with_token.token = figure->token;
    with_token.flags = figure->flags;
    const char *body = figure->body ? figure->body : "";
    assert_true(aws_sha256_hex(body, strlen(body), payload));
    add_pairs(&query, figure->query);
    aws_list_add_header(&headers, "Host", host);
    add_pairs(&headers, figure->headers);
    if (is_s3) {
        aws_list_add_header(&headers, "X-Amz-Content-Sha256", payload);
    }
    encode_path(figure->path, &path);
    struct aws_signable request = {figure->method, path.data, &query, &headers, payload};
    assert_true(aws_sign_headers(&with_token, &request, &headers));
    const char *authorization = aws_list_get(&headers, "Authorization");
    assert_non_null(authorization);
    assert_string_equal(strstr(authorization, "Signature=") + strlen("Signature="), figure->expected);
    aws_list_done(&query);
    aws_list_done(&headers);
    aws_text_done(&path);
}

static void requests_are_signed_as_the_table_says(void **state)
{
    static const struct figure figures[] = {
        {.method = "GET", .path = "/", .expected = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {.method = "GET",
         .path = "/",
         .expected = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
         .token = TOKEN},
        {.method = "GET",
         .path = "/",
         .expected = "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
         .query = {{"Param-3", "Value3"}, {"Param", "Value2"}, {"\xe1\x88\xb4", "Value1"}}},
        {.method = "GET",
         .path = "/",
         .expected = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
         .query = {{"Param2", "value2"}, {"Param1", "value1"}}},
        {.method = "GET",
         .path = "/",
         .expected = "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
         .query = {{"Param1", "value1"}}},
        {.method = "GET",
         .path = "/\xe1\x88\xb4",
         .expected = "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
        {.method = "GET",
         .path = "/example space/",
         .expected = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
        {.method = "GET",
         .path = "//example//",
         .expected = "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
        {.method = "GET",
         .path = "//example//",
         .expected = "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
         .flags = AWS_SIGN_NORMALISE_PATH},
        {.method = "GET",
         .path = "/example/..",
         .expected = "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282"},
        {.method = "GET",
         .path = "/",
         .expected = "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
         .headers = {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}}},
        {.method = "GET",
         .path = "/",
         .expected = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
         .headers = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}},
        {.method = "POST", .path = "/", .expected = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
        {.method = "POST",
         .path = "/",
         .expected = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
         .headers = {{"My-Header1", "value1"}}},
        {.method = "POST",
         .path = "/",
         .expected = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
         .headers = {{"Content-Length", "13"},
                     {"Content-Type", "application/x-www-form-urlencoded"},
                     {"X-Amz-Content-Sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
         .body = "Param1=value1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        assert_signature(&example, &figures[i], "example.amazonaws.com", false);
    }
}

static void paths_are_normalised_and_encoded_again_for_all_but_s3(void **state)
{
    static const struct {
        const char *given, *plain;
    } paths[] = {{"/a/./b", "/a/b"}, {"/a/../b", "/b"}, {"/..", "/"}, {"", "/"},
                 {"/a/b/..", "/a/"}, {"/a/.", "/a/"},   {"//", "/"},  {"/../../a//b/", "/a/b/"}};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct aws_list given = {0}, plain = {0};
        struct aws_scope scope = example;
        aws_list_add_header(&given, "host", "h");
        aws_list_add_header(&plain, "host", "h");
        scope.flags = AWS_SIGN_NORMALISE_PATH;
        struct aws_signable request = {"GET", paths[i].given, NULL, &given, EMPTY};
        assert_true(aws_sign_headers(&scope, &request, &given));
        request = (struct aws_signable){"GET", paths[i].plain, NULL, &plain, EMPTY};
        scope.flags = 0;
        assert_true(aws_sign_headers(&scope, &request, &plain));
        assert_string_equal(aws_list_get(&given, "authorization"), aws_list_get(&plain, "authorization"));
        aws_list_done(&given);
        aws_list_done(&plain);
    }
    struct aws_list twice = {0}, once = {0};
    struct aws_scope scope = example;
    aws_list_add_header(&twice, "host", "h");
    aws_list_add_header(&once, "host", "h");
    scope.flags = AWS_SIGN_ENCODE_PATH | AWS_SIGN_NORMALISE_PATH;
    struct aws_signable request = {"GET", "/a%20b", NULL, &twice, EMPTY};
    assert_true(aws_sign_headers(&scope, &request, &twice));
    scope.flags = 0;
    request = (struct aws_signable){"GET", "/a%2520b", NULL, &once, EMPTY};
    assert_true(aws_sign_headers(&scope, &request, &once));
    assert_string_equal(aws_list_get(&twice, "authorization"), aws_list_get(&once, "authorization"));
    aws_list_done(&twice);
    aws_list_done(&once);
}

static void s3_requests_are_signed_as_the_table_says(void **state)
{
    static const struct figure figures[] = {
        {.method = "GET",
         .path = "/test.txt",
         .expected = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
         .headers = {{"Range", "bytes=0-9"}}},
        {.method = "PUT",
         .path = "/test$file.text",
         .expected = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
         .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
         .body = "Welcome to Amazon S3."},
        {.method = "GET",
         .path = "/",
         .expected = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
         .query = {{"lifecycle", ""}}},
        {.method = "GET",
         .path = "/",
         .expected = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
         .query = {{"max-keys", "2"}, {"prefix", "J"}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        assert_signature(&s3_example, &figures[i], "examplebucket.s3.amazonaws.com", true);
    }
}

static void assert_query(const struct aws_scope *scope, const char *path, const char *host, const char *payload,
                         int64_t expires_s, const char *expected)
{
    struct aws_list headers = {0};
    struct aws_text query;
    aws_text_init(&query, TEXT_MAX);
    aws_list_add_header(&headers, "Host", host);
    struct aws_signable request = {"GET", path, NULL, &headers, payload};
    assert_true(aws_sign_query(scope, &request, expires_s, &query));
    const char *signature = strstr(query.data, "&X-Amz-Signature=");
    assert_non_null(signature);
    assert_string_equal(signature + strlen("&X-Amz-Signature="), expected);
    aws_list_done(&headers);
    aws_text_done(&query);
}

static void urls_are_signed_as_the_table_says(void **state)
{
    struct aws_scope with_token = example;
    (void)state;
    with_token.token = TOKEN;
    assert_query(&example, "/", "example.amazonaws.com", EMPTY, 3600,
                 "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d");
    assert_query(&with_token, "/", "example.amazonaws.com", EMPTY, 3600,
                 "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c");
    assert_query(&s3_example, "/test.txt", "examplebucket.s3.amazonaws.com", AWS_UNSIGNED_PAYLOAD, 86400,
                 "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

static void a_policy_is_signed_with_the_key_of_its_day(void **state)
{
    /* {"expiration":"2015-12-30T12:00:00.000Z"}, signed by an independent signer. */
    static const char policy[] = "eyJleHBpcmF0aW9uIjoiMjAxNS0xMi0zMFQxMjowMDowMC4wMDBaIn0=";
    char signature[AWS_SHA256_TEXT], other[AWS_SHA256_TEXT];
    struct aws_scope scope = s3_example;
    (void)state;
    scope.now_ms = DEC_29;
    assert_true(aws_sign_policy(&scope, policy, signature));
    assert_string_equal(signature, "6177f37480a703088dfd86e641c14a716a167304797a98fad5384106dc6f6061");
    scope.now_ms += INT64_C(86400000);
    assert_true(aws_sign_policy(&scope, policy, other));
    assert_string_not_equal(signature, other);
}

static void proxies_may_change_what_is_not_signed(void **state)
{
    static const char *const left_alone[] = {"Host",     "content-type",  "Content-MD5", "RANGE",
                                             "if-match", "If-None-Match", "x-amz-acl",   "X-Amz-Meta-A"};
    static const char *const changed[] = {"Expect", "accept-encoding",   "User-Agent",      "Connection",
                                          "TE",     "transfer-encoding", "x-amzn-trace-id", "cache-control",
                                          "accept"};
    struct aws_list list = {0};
    (void)state;
    for (size_t i = 0; i < sizeof left_alone / sizeof *left_alone; i++) {
        aws_list_add_header(&list, left_alone[i], "x");
        assert_true(list.items[list.count - 1].is_signed);
    }
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        aws_list_add_header(&list, changed[i], "x");
        assert_false(list.items[list.count - 1].is_signed);
    }
    aws_list_done(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_signed_as_the_table_says),
        cmocka_unit_test(paths_are_normalised_and_encoded_again_for_all_but_s3),
        cmocka_unit_test(s3_requests_are_signed_as_the_table_says),
        cmocka_unit_test(urls_are_signed_as_the_table_says),
        cmocka_unit_test(a_policy_is_signed_with_the_key_of_its_day),
        cmocka_unit_test(proxies_may_change_what_is_not_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
