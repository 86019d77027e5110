/* The log of hosts: lines that machines and people read, without secrets, control characters and floods. */
#include "app/log.h"

#include "base/json.h"
#include "base/log.h"
#include "base/value.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int file = -1;
static char *text; /* what was written */

static void start(enum log_format format)
{
    const struct log_options options = {.format = format, .fd = file, .min_level = PXM_LOG_INFO, .access = true};
    log_start(&options);
}

static int setup(void **state)
{
    (void)state;
    file = memfd_create("log", MFD_CLOEXEC);
    text = NULL;
    return file >= 0 ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    log_stop();
    close(file);
    free(text);
    return 0;
}

static const char *written(void)
{
    const off_t length = lseek(file, 0, SEEK_END);
    free(text);
    text = calloc(1, (size_t)length + 1);
    assert_non_null(text);
    assert_int_equal(pread(file, text, (size_t)length, 0), length);
    return text;
}

static size_t count_lines(void)
{
    size_t lines = 0;
    for (const char *at = written(); (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    return lines;
}

static void expect_end(const char *end)
{
    const char *all = written();
    assert_true(strlen(all) >= strlen(end));
    assert_string_equal(all + strlen(all) - strlen(end), end);
}

static void the_core_logs_through_it(void **state)
{
    (void)state;
    start(LOG_TEXT);
    pxm_log(PXM_LOG_DEBUG, "s3", "run1", "not this");
    pxm_log(PXM_LOG_WARN, "s3", "run1", "put %d", 3);
    pxm_log(PXM_LOG_INFO, "s3", NULL, "fine");
    assert_int_equal(count_lines(), 2);
    assert_non_null(strstr(text, "Z warning s3: put 3 run=run1\n"));
    assert_non_null(strstr(text, "Z info    s3: fine\n"));
    assert_int_equal(text[4], '-'); /* no colour: this is no terminal */
}

static void a_line_says_what_it_is_about(void **state)
{
    const struct log_subject subject = {
        .request = "req1", .run = "run1", .job = "7", .pipeline = "import", .step = "decode"};
    (void)state;
    start(LOG_TEXT);
    log_about(&subject, PXM_LOG_ERROR, "jobs", "failed: %s", "why");
    expect_end("Z error   jobs: failed: why request=req1 run=run1 job=7 pipeline=import step=decode\n");
}

/* The only line, as JSON. */
static pxm_value *parse(void)
{
    pxm_value *value = NULL;
    const char *all = written();
    assert_int_equal(pxm_json_parse(all, strlen(all), &value, NULL), PXM_OK);
    return value;
}

static const char *get(const pxm_value *value, const char *key)
{
    return pxm_value_as_string(pxm_value_get(value, key), NULL);
}

static void json_has_a_line_for_each_entry(void **state)
{
    const struct log_subject subject = {.request = "req\"1", .pipeline = "import"};
    (void)state;
    start(LOG_JSON);
    log_about(&subject, PXM_LOG_WARN, "jobs", "a \"quoted\"\nline");
    pxm_value *value = parse();
    assert_int_equal(count_lines(), 1);
    assert_int_equal(strlen(get(value, "time")), 24);
    assert_string_equal(get(value, "level"), "warning");
    assert_string_equal(get(value, "source"), "jobs");
    assert_string_equal(get(value, "message"), "a \"quoted\"\nline");
    assert_string_equal(get(value, "request"), "req\"1");
    assert_string_equal(get(value, "pipeline"), "import");
    assert_null(pxm_value_get(value, "step"));
    pxm_value_unref(value);
}

static bool request_of(const char *run, char request[LOG_REQUEST_MAX])
{
    snprintf(request, LOG_REQUEST_MAX, "request-of-%s", run);
    return strcmp(run, "known") == 0;
}

static void a_cloud_is_told_the_names_that_it_knows(void **state)
{
    const struct log_options options = {
        .format = LOG_CLOUD, .fd = file, .min_level = PXM_LOG_INFO, .request_of = request_of};
    (void)state;
    log_start(&options);
    pxm_log(PXM_LOG_WARN, "s3", "known", "hello");
    pxm_value *value = parse();
    assert_int_equal(strlen(get(value, "timestamp")), 24);
    assert_string_equal(get(value, "level"), "WARN");
    assert_string_equal(get(value, "requestId"), "request-of-known");
    assert_string_equal(get(value, "run"), "known");
    assert_null(pxm_value_get(value, "time"));
    pxm_value_unref(value);
}

static void a_run_of_no_request_has_none(void **state)
{
    const struct log_options options = {
        .format = LOG_CLOUD, .fd = file, .min_level = PXM_LOG_INFO, .request_of = request_of};
    (void)state;
    log_start(&options);
    pxm_log(PXM_LOG_ERROR, "s3", "other", "hello");
    pxm_value *value = parse();
    assert_null(pxm_value_get(value, "requestId"));
    assert_string_equal(get(value, "run"), "other");
    pxm_value_unref(value);
}

static void a_document_is_a_line_as_it_is(void **state)
{
    static char much[LOG_LINE_MAX + 2];
    (void)state;
    start(LOG_JSON);
    log_document("{\"_aws\":1}\n", 11);
    assert_string_equal(written(), "{\"_aws\":1}\n");
    memset(much, 'x', sizeof much - 1);
    log_document(much, sizeof much - 1);
    assert_string_equal(written(), "{\"_aws\":1}\n");
}

static void an_exchange_is_one_line(void **state)
{
    const struct log_exchange exchange = {.request = "req1",
                                          .method = "GET",
                                          .path = "/images",
                                          .query = "limit=3&signature=abc&x",
                                          .remote = "::1",
                                          .route = "list",
                                          .agent = "curl/8 \x1B[31m",
                                          .run = "run1",
                                          .status = 200,
                                          .bytes_sent = 15,
                                          .ms = 3,
                                          .sent = true};
    (void)state;
    start(LOG_TEXT);
    log_access(&exchange);
    expect_end(
        "Z info    access: GET /images?limit=3&signature=[hidden]&x status=200 received=0 sent=15 ms=3 remote=::1 "
        "pipeline=list agent=curl/8 \\x1b[31m request=req1 run=run1\n");
}

static void an_exchange_is_numbers_in_json(void **state)
{
    const struct log_exchange exchange = {
        .request = "req1", .method = "PUT", .path = "/x", .query = "", .remote = "::1", .bytes_received = 1000};
    (void)state;
    start(LOG_JSON);
    log_access(&exchange);
    pxm_value *value = parse();
    assert_string_equal(get(value, "message"), "PUT /x");
    assert_int_equal(pxm_value_as_int(pxm_value_get(value, "received")), 1000);
    assert_int_equal(pxm_value_as_int(pxm_value_get(value, "status")), 0);
    assert_string_equal(get(value, "cut"), "yes");
    pxm_value_unref(value);
}

static void access_may_be_off(void **state)
{
    const struct log_options options = {.format = LOG_TEXT, .fd = file, .min_level = PXM_LOG_INFO};
    const struct log_exchange exchange = {.request = "r", .method = "GET", .path = "/", .query = "", .remote = "::1"};
    (void)state;
    log_start(&options);
    log_access(&exchange);
    assert_int_equal(count_lines(), 0);
}

/* ---- secrets ----------------------------------------------------------------------------------------------------- */

static void secrets_are_hidden_wherever_they_stand(void **state)
{
    static const char *const lines[] = {
        "GET https://h/x?X-Amz-Signature=CANARY&a=b failed",
        "GET /x?expires=1&signature=CANARY",
        "header Authorization: Bearer CANARY",
        "header AUTHORIZATION:Basic CANARY, then more",
        "\"authorization\": \"x\" and bearer CANARY",
        "Cookie: session=CANARY; other=CANARY",
        "https://h/?access_token=CANARY#x",
        "id_token=CANARY",
        "password=CANARY secret=CANARY",
        "X-Amz-Credential=CANARY/20260101/x",
        "Signature=CANARY",
    };
    (void)state;
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        start((enum log_format)format);
        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
            const struct log_subject subject = {.step = lines[i]};
            pxm_log(PXM_LOG_INFO, "t", NULL, "%s", lines[i]);
            log_about(&subject, PXM_LOG_INFO, "t", "number %zu", i);
        }
    }
    assert_int_equal(count_lines(), 4 * sizeof lines / sizeof lines[0]);
    assert_null(strstr(text, "CANARY"));
    assert_non_null(strstr(text, "&a=b failed"));
}

static void of_a_query_only_what_is_harmless_is_shown(void **state)
{
    static const char *const queries[] = {
        "signature=CANARY",       "code=CANARY&state=CANARY",         "Signature=CANARY",
        "limit=3&api_key=CANARY", "limit=3&&=CANARY&x=CANARY=CANARY", "sig%6eature=CANARY"};
    (void)state;
    start(LOG_TEXT);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        const struct log_exchange exchange = {
            .request = "r", .method = "GET", .path = "/", .query = queries[i], .remote = "::1", .sent = true};
        log_access(&exchange);
    }
    assert_int_equal(count_lines(), sizeof queries / sizeof queries[0]);
    assert_null(strstr(text, "CANARY"));
}

/* ---- what strangers send ----------------------------------------------------------------------------------------- */

static void control_characters_forge_nothing(void **state)
{
    (void)state;
    start(LOG_TEXT);
    pxm_log(PXM_LOG_INFO, "t", "r\n",
            "a\nb\rc\x1B[2Jd\x7F\x01\xC2\x85\xFF"
            "e\xC3\xA4");
    assert_int_equal(count_lines(), 1);
    expect_end("t: a\\x0ab\\x0dc\\x1b[2Jd\\x7f\\x01\\xc2\\xffe\xC3\xA4 run=r\\x0a\n");
}

static void what_a_client_calls_itself_may_be_as_long_as_headers_are(void **state)
{
    static char longest[16 << 10];
    const struct log_exchange exchange = {
        .request = "req1", .method = "GET", .path = "/", .query = "", .remote = "::1", .agent = longest, .sent = true};
    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    start(LOG_TEXT);
    log_access(&exchange);
    assert_int_equal(count_lines(), 1);
    expect_end("xxx request=req1\n");
}

static void long_lines_are_cut_and_stay_lines(void **state)
{
    static char longest[3 * LOG_LINE_MAX], quotes[3 * LOG_LINE_MAX];
    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    memset(quotes, 1, sizeof quotes - 1);
    const struct log_subject subject = {
        .request = longest, .run = quotes, .job = quotes, .pipeline = quotes, .step = "s"};
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        assert_int_equal(ftruncate(file, 0), 0);
        lseek(file, 0, SEEK_SET);
        start((enum log_format)format);
        log_about(&subject, PXM_LOG_INFO, "t", "%s", longest);
        assert_int_equal(count_lines(), 1);
        assert_true(strlen(text) <= LOG_LINE_MAX);
        log_about(&subject, PXM_LOG_INFO, "t", "%s", quotes);
        assert_int_equal(count_lines(), 2);
        const char *second = strchr(text, '\n') + 1;
        assert_true(strlen(second) <= LOG_LINE_MAX);
        if (format == LOG_JSON) {
            pxm_value *value = NULL;
            assert_int_equal(pxm_json_parse(text, (size_t)(second - text), &value, NULL), PXM_OK);
            pxm_value_unref(value);
            value = NULL;
            assert_int_equal(pxm_json_parse(second, strlen(second), &value, NULL), PXM_OK);
            pxm_value_unref(value);
        }
    }
}

/* ---- floods ------------------------------------------------------------------------------------------------------ */

static void a_line_that_is_repeated_is_counted(void **state)
{
    (void)state;
    start(LOG_TEXT);
    for (int i = 0; i < 1000; i++) {
        pxm_log(PXM_LOG_WARN, "http", NULL, "out of descriptors");
    }
    pxm_log(PXM_LOG_WARN, "http", NULL, "something else");
    assert_int_equal(count_lines(), 11);
    log_stop();
    assert_int_equal(count_lines(), 12);
    expect_end(" log: 990 lines like an earlier one were not written\n");
}

static void exchanges_are_not_lines_that_are_repeated(void **state)
{
    const struct log_exchange exchange = {.request = "r", .method = "GET", .path = "/", .query = "", .remote = "::1"};
    (void)state;
    start(LOG_TEXT);
    for (int i = 0; i < 100; i++) {
        log_access(&exchange);
    }
    assert_int_equal(count_lines(), 100);
}

/* A pipe that nobody reads is full at some time; whoever logs goes on. */
static void a_reader_that_does_not_read_stops_nobody(void **state)
{
    int ends[2];
    static char drain[1 << 20];
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const struct log_options options = {.format = LOG_TEXT, .fd = ends[1], .min_level = PXM_LOG_INFO};
    log_start(&options);
    for (int i = 0; i < 5000; i++) {
        pxm_log(PXM_LOG_INFO, "t", NULL, "line %d of many", i);
    }
    assert_true(read(ends[0], drain, sizeof drain) > 0);
    pxm_log(PXM_LOG_INFO, "t", NULL, "the last");
    log_stop();
    memset(drain, 0, sizeof drain);
    assert_true(read(ends[0], drain, sizeof drain - 1) > 0);
    assert_non_null(strstr(drain, " lines were lost, as nobody read them\n"));
    assert_non_null(strstr(drain, "the last\n"));
    close(ends[0]);
    close(ends[1]);
}

static void *log_many(void *arg)
{
    for (int i = 0; i < 500; i++) {
        pxm_log(PXM_LOG_INFO, "t", arg, "line %d", i);
    }
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    static char names[4][2] = {"a", "b", "c", "d"};
    pthread_t threads[4];
    (void)state;
    start(LOG_TEXT);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, names[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(count_lines(), 2000);
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        int number = -1;
        char run = '\0';
        assert_int_equal(sscanf(line + 25, "info    t: line %d run=%c\n", &number, &run), 2);
        assert_true(run >= 'a' && run <= 'd' && number < 500);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_core_logs_through_it),
        TEST(a_line_says_what_it_is_about),
        TEST(json_has_a_line_for_each_entry),
        TEST(a_cloud_is_told_the_names_that_it_knows),
        TEST(a_run_of_no_request_has_none),
        TEST(a_document_is_a_line_as_it_is),
        TEST(an_exchange_is_one_line),
        TEST(an_exchange_is_numbers_in_json),
        TEST(access_may_be_off),
        TEST(secrets_are_hidden_wherever_they_stand),
        TEST(of_a_query_only_what_is_harmless_is_shown),
        TEST(control_characters_forge_nothing),
        TEST(what_a_client_calls_itself_may_be_as_long_as_headers_are),
        TEST(long_lines_are_cut_and_stay_lines),
        TEST(a_line_that_is_repeated_is_counted),
        TEST(exchanges_are_not_lines_that_are_repeated),
        TEST(a_reader_that_does_not_read_stops_nobody),
        TEST(lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
