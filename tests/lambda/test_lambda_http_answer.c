/* Answers as gateways want them. */
#include "lambda/http_answer.h"

#include "base/blob.h"
#include "fixture.h"

struct answer {
    struct app_response *response;
    struct lambda_request request;
    struct pxm_buf buf;
    pxm_value *json;
};

static void begin(struct answer *answer, int status, const char *type, const void *body, size_t length)
{
    *answer = (struct answer){.response = app_response_new(status), .request = {.head = {.method = "GET"}}};
    assert_non_null(answer->response);
    pxm_buf_init(&answer->buf, 1 << 20);
    if (type) {
        assert_true(app_response_set(answer->response, "Content-Type", type));
    }
    if (body) {
        app_response_body(answer->response, pxm_blob_copy(body, length));
    }
}

static const pxm_value *write_as(struct answer *answer, enum lambda_shape shape)
{
    assert_int_equal(lambda_answer_write(answer->response, &answer->request, shape, &answer->buf), PXM_OK);
    assert_int_equal(pxm_json_parse(answer->buf.data, answer->buf.length, &answer->json, NULL), PXM_OK);
    return answer->json;
}

static void end(struct answer *answer)
{
    app_response_free(answer->response);
    pxm_buf_done(&answer->buf);
    pxm_value_unref(answer->json);
}

static const char *text(const pxm_value *json, const char *path)
{
    return lambda_text_at(json, path);
}

static bool is_base64(const pxm_value *json)
{
    return pxm_value_as_bool(pxm_value_get(json, "isBase64Encoded"));
}

static void text_goes_as_it_is(void **state)
{
    static const char *const types[] = {"application/json", "application/problem+json", "text/plain; charset=utf-8"};
    struct answer answer;
    (void)state;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        begin(&answer, 201, types[i], "{\"a\":\"\xC3\xA7\"}", 10);
        const pxm_value *json = write_as(&answer, LAMBDA_HTTP_V2);
        assert_int_equal(pxm_value_as_int(pxm_value_get(json, "statusCode")), 201);
        assert_string_equal(text(json, "headers.Content-Type"), types[i]);
        assert_string_equal(text(json, "body"), "{\"a\":\"\xC3\xA7\"}");
        assert_false(is_base64(json));
        end(&answer);
    }
}

static void bytes_go_as_base64(void **state)
{
    struct answer answer;
    (void)state;

    begin(&answer, 200, "image/webp", "hello", 5);
    const pxm_value *json = write_as(&answer, LAMBDA_HTTP_V1);
    assert_string_equal(text(json, "body"), "aGVsbG8=");
    assert_true(is_base64(json));
    end(&answer);
    begin(&answer, 200, "text/plain", "\xFF\xFE", 2);
    json = write_as(&answer, LAMBDA_HTTP_V2);
    assert_string_equal(text(json, "body"), "//4=");
    end(&answer);
}

static void only_the_part_that_is_asked_for_goes(void **state)
{
    struct answer answer;
    (void)state;

    begin(&answer, 206, "image/webp", "0123456789", 10);
    answer.response->offset = 2;
    answer.response->length = 3;
    assert_string_equal(text(write_as(&answer, LAMBDA_HTTP_V2), "body"), "MjM0");
    end(&answer);
}

static void without_a_body_there_is_none(void **state)
{
    struct answer answer;
    (void)state;

    begin(&answer, 204, NULL, NULL, 0);
    const pxm_value *json = write_as(&answer, LAMBDA_HTTP_V2);
    assert_string_equal(text(json, "body"), "");
    assert_false(is_base64(json));
    end(&answer);
    begin(&answer, 200, "image/webp", "hello", 5);
    answer.request.head.method = "HEAD";
    assert_string_equal(text(write_as(&answer, LAMBDA_HTTP_V2), "body"), "");
    end(&answer);
}

static void a_load_balancer_wants_words_and_its_own_kind_of_headers(void **state)
{
    struct answer answer;
    (void)state;

    begin(&answer, 404, "text/plain", "x", 1);
    const pxm_value *json = write_as(&answer, LAMBDA_HTTP_ALB);
    assert_string_equal(text(json, "statusDescription"), "404 Not Found");
    assert_string_equal(text(json, "headers.Content-Type"), "text/plain");
    assert_null(pxm_value_get(json, "multiValueHeaders"));
    end(&answer);
    begin(&answer, 599, "text/plain", "x", 1);
    answer.request.multi = true;
    json = write_as(&answer, LAMBDA_HTTP_ALB);
    assert_string_equal(text(json, "statusDescription"), "599 Error");
    assert_string_equal(text(json, "multiValueHeaders.Content-Type.0"), "text/plain");
    assert_null(pxm_value_get(json, "headers"));
    end(&answer);
}

static void more_than_fits_is_told(void **state)
{
    struct answer answer;
    (void)state;

    begin(&answer, 200, "image/webp", "0123456789", 10);
    answer.buf.max = 60;
    assert_int_equal(lambda_answer_write(answer.response, &answer.request, LAMBDA_HTTP_V2, &answer.buf), PXM_E_LIMIT);
    end(&answer);
}

static void a_stream_begins_with_its_head(void **state)
{
    struct answer answer;
    (void)state;

    begin(&answer, 200, "image/webp", "x", 1);
    assert_int_equal(lambda_answer_write_head(answer.response, &answer.buf), PXM_OK);
    assert_string_equal(answer.buf.data,
                        "{\"statusCode\":200,\"headers\":{\"Content-Type\":\"image/webp\"},\"cookies\":[]}");
    end(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_goes_as_it_is),
        cmocka_unit_test(bytes_go_as_base64),
        cmocka_unit_test(only_the_part_that_is_asked_for_goes),
        cmocka_unit_test(without_a_body_there_is_none),
        cmocka_unit_test(a_load_balancer_wants_words_and_its_own_kind_of_headers),
        cmocka_unit_test(more_than_fits_is_told),
        cmocka_unit_test(a_stream_begins_with_its_head),
    };
    return cmocka_run_group_tests_name("lambda: answers", tests, NULL, NULL);
}
