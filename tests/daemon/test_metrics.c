/* Counters, gauges and histograms, and the text that Prometheus reads. */
#include "daemon/metrics.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const route_labels[] = {"route", "method", "status", NULL};
static const double seconds[] = {0.005, 0.1, 2.5, 0};
static const struct metrics_description requests = {
    METRICS_COUNTER, "pixmill_http_requests_total", "Requests that were answered.", route_labels, NULL, 0};
static const struct metrics_description connections = {
    METRICS_GAUGE, "pixmill_http_connections", "Open connections.", NULL, NULL, 0};
static const struct metrics_description duration = {METRICS_HISTOGRAM,
                                                    "pixmill_http_request_seconds",
                                                    "From the request line to the end of the answer.",
                                                    NULL,
                                                    seconds,
                                                    0};

static struct metrics *metrics;

static int setup(void **state)
{
    (void)state;
    metrics = metrics_new();
    return metrics != NULL ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    metrics_free(metrics);
    return 0;
}

static char *render(void)
{
    struct pxm_buf buf;
    pxm_buf_init(&buf, METRICS_TEXT_BYTES_MAX);
    assert_int_equal(metrics_render(metrics, &buf), PXM_OK);
    char *text = pxm_buf_take(&buf);
    assert_non_null(text);
    return text;
}

static void expect_text(const char *expected)
{
    char *text = render();
    assert_string_equal(text, expected);
    free(text);
}

static void expect_line(const char *line)
{
    char *text = render();
    const char *at = strstr(text, line);
    if (at == NULL || (at != text && at[-1] != '\n')) {
        fail_msg("no \"%s\" in:\n%s", line, text);
    }
    free(text);
}

static void a_counter_counts_each_set_of_labels(void **state)
{
    (void)state;
    struct metrics_family *family = metrics_family(metrics, &requests);
    metrics_add(family, 1, (const char *const[]){"list", "GET", "200"});
    metrics_add(family, 1, (const char *const[]){"list", "GET", "200"});
    metrics_add(family, 1, (const char *const[]){"list", "GET", "404"});
    metrics_add(family, 0.5, (const char *const[]){"list", "HEAD", "200"});
    expect_line("# HELP pixmill_http_requests_total Requests that were answered.\n"
                "# TYPE pixmill_http_requests_total counter\n");
    expect_line("pixmill_http_requests_total{route=\"list\",method=\"GET\",status=\"200\"} 2\n");
    expect_line("pixmill_http_requests_total{route=\"list\",method=\"GET\",status=\"404\"} 1\n");
    expect_line("pixmill_http_requests_total{route=\"list\",method=\"HEAD\",status=\"200\"} 0.5\n");
}

static void a_counter_never_falls(void **state)
{
    (void)state;
    struct metrics_family *family = metrics_family(metrics, &requests);
    const char *const labels[] = {"a", "b", "c"};
    metrics_add(family, 3, labels);
    metrics_add(family, -1, labels);
    metrics_add(family, (double)NAN, labels);
    metrics_add(family, (double)INFINITY, labels);
    expect_line("pixmill_http_requests_total{route=\"a\",method=\"b\",status=\"c\"} 3\n");
}

static void a_gauge_rises_and_falls(void **state)
{
    (void)state;
    struct metrics_family *family = metrics_family(metrics, &connections);
    expect_text("# HELP pixmill_http_connections Open connections.\n# TYPE pixmill_http_connections gauge\n");
    metrics_set(family, 5, NULL);
    metrics_add(family, -7, NULL);
    expect_text("# HELP pixmill_http_connections Open connections.\n# TYPE pixmill_http_connections gauge\n"
                "pixmill_http_connections -2\n");
}

static void a_histogram_sums_up_its_buckets(void **state)
{
    static const double values[] = {0, 0.005, 0.0051, 0.1, 2, 2.5, 100, 1e6};
    (void)state;
    struct metrics_family *family = metrics_family(metrics, &duration);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        metrics_observe(family, values[i], NULL);
    }
    metrics_observe(family, (double)NAN, NULL);
    expect_text("# HELP pixmill_http_request_seconds From the request line to the end of the answer.\n"
                "# TYPE pixmill_http_request_seconds histogram\n"
                "pixmill_http_request_seconds_bucket{le=\"0.005\"} 2\n"
                "pixmill_http_request_seconds_bucket{le=\"0.1\"} 4\n"
                "pixmill_http_request_seconds_bucket{le=\"2.5\"} 6\n"
                "pixmill_http_request_seconds_bucket{le=\"+Inf\"} 8\n"
                "pixmill_http_request_seconds_sum 1000104.6101\n"
                "pixmill_http_request_seconds_count 8\n");
}

static void a_histogram_may_have_labels(void **state)
{
    static const char *const labels[] = {"pipeline", NULL};
    static const struct metrics_description runs = {
        METRICS_HISTOGRAM, "pixmill_run_seconds", "Runs.", labels, seconds, 0};
    (void)state;
    metrics_observe(metrics_family(metrics, &runs), 1, (const char *const[]){"import"});
    expect_line("pixmill_run_seconds_bucket{pipeline=\"import\",le=\"2.5\"} 1\n");
    expect_line("pixmill_run_seconds_count{pipeline=\"import\"} 1\n");
}

static void labels_are_escaped_and_cut(void **state)
{
    char longest[METRICS_LABEL_BYTES_MAX + 100];
    (void)state;
    struct metrics_family *family = metrics_family(metrics, &requests);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    metrics_add(family, 1, (const char *const[]){"a\"b\\c\nd", "", longest});
    longest[METRICS_LABEL_BYTES_MAX - 1] = '\0';
    char line[512];
    snprintf(line, sizeof line, "pixmill_http_requests_total{route=\"a\\\"b\\\\c\\nd\",method=\"\",status=\"%s\"} 1\n",
             longest);
    expect_line(line);
    metrics_add(family, 1, (const char *const[]){NULL, "x", "y"});
    expect_line("pixmill_http_requests_total{route=\"\",method=\"x\",status=\"y\"} 1\n");
}

static void a_family_has_so_many_series(void **state)
{
    static const char *const labels[] = {"reason", NULL};
    static const struct metrics_description exits = {METRICS_COUNTER, "exits", "Exits.", labels, NULL, 10};
    (void)state;
    struct metrics_family *family = metrics_family(metrics, &exits);
    for (int i = 0; i < 1000; i++) {
        char reason[16];
        snprintf(reason, sizeof reason, "%d", i);
        metrics_add(family, 1, (const char *const[]){reason});
    }
    metrics_add(family, 1, (const char *const[]){"other"});
    metrics_add(family, 1, (const char *const[]){"3"});
    expect_line("exits{reason=\"other\"} 991\n");
    expect_line("exits{reason=\"3\"} 2\n");
    char *text = render();
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, 2 + 10 + 1);
    free(text);
}

static void numbers_are_as_exact_as_they_are(void **state)
{
    static const struct {
        double value;
        const char *text;
    } numbers[] = {{0, "0"},
                   {1e15, "1e+15"},
                   {123456789012345, "123456789012345"},
                   {0.1, "0.1"},
                   {-2.5, "-2.5"},
                   {1.0 / 3, "0.3333333333333333"},
                   {9007199254740991, "9007199254740991"}};
    (void)state;
    struct metrics_family *family = metrics_family(metrics, &connections);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char line[128];
        metrics_set(family, numbers[i].value, NULL);
        snprintf(line, sizeof line, "pixmill_http_connections %s\n", numbers[i].text);
        expect_line(line);
    }
}

static void refresh(void *arg)
{
    metrics_add(arg, 1, NULL);
}

static void what_is_asked_for_is_asked_before_each_rendering(void **state)
{
    (void)state;
    struct metrics_family *family = metrics_family(metrics, &connections);
    assert_true(metrics_on_render(metrics, refresh, NULL, family));
    expect_line("pixmill_http_connections 1\n");
    expect_line("pixmill_http_connections 2\n");
    for (int i = 1; i < 8; i++) {
        assert_true(metrics_on_render(metrics, refresh, NULL, family));
    }
    assert_false(metrics_on_render(metrics, refresh, NULL, family));
}

static void the_process_tells_of_itself(void **state)
{
    static const char *const names[] = {"process_cpu_seconds_total",
                                        "process_resident_memory_bytes",
                                        "process_virtual_memory_bytes",
                                        "process_open_fds",
                                        "process_max_fds",
                                        "process_threads",
                                        "process_start_time_seconds"};
    (void)state;
    assert_true(metrics_add_process(metrics));
    char *text = render();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char start[128];
        snprintf(start, sizeof start, "\n%s ", names[i]);
        const char *at = strstr(text, start);
        assert_non_null(at);
        const double value = strtod(at + strlen(start), NULL);
        assert_true(i == 0 ? value >= 0 : value >= 1);
        assert_true(i != 6 || value > 1e9);
    }
    free(text);
}

static void a_family_that_could_not_be_had_takes_everything(void **state)
{
    (void)state;
    metrics_add(NULL, 1, NULL);
    metrics_set(NULL, 1, NULL);
    metrics_observe(NULL, 1, NULL);
    expect_text("");
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

static void *count_up(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        char status[8];
        snprintf(status, sizeof status, "%d", i % 10);
        metrics_add(arg, 1, (const char *const[]){"r", "GET", status});
        if (i % 100 == 0) {
            free(render());
        }
    }
    return NULL;
}

static void threads_may_count_at_once(void **state)
{
    pthread_t threads[4];
    (void)state;
    struct metrics_family *family = metrics_family(metrics, &requests);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, family), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < 10; i++) {
        char line[128];
        snprintf(line, sizeof line, "pixmill_http_requests_total{route=\"r\",method=\"GET\",status=\"%d\"} 400\n", i);
        expect_line(line);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_counter_counts_each_set_of_labels),
        TEST(a_counter_never_falls),
        TEST(a_gauge_rises_and_falls),
        TEST(a_histogram_sums_up_its_buckets),
        TEST(a_histogram_may_have_labels),
        TEST(labels_are_escaped_and_cut),
        TEST(a_family_has_so_many_series),
        TEST(numbers_are_as_exact_as_they_are),
        TEST(what_is_asked_for_is_asked_before_each_rendering),
        TEST(the_process_tells_of_itself),
        TEST(a_family_that_could_not_be_had_takes_everything),
        TEST(threads_may_count_at_once),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
