/* The host table: complete, and its adapters say what plugin.h promises. */
#include "base/error.h"
#include "base/host.h"
#include "base/job.h"
#include "base/log.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t test_now(void *arg)
{
    (void)arg;
    return 1234;
}

static const struct pxm_clock test_clock = {.wall_ms = test_now, .monotonic_ms = test_now};
static struct pxm_host_impl impl = {.name = "mystore", .clock = &test_clock};

static void every_entry_of_the_table_is_there(void **state)
{
    (void)state;
    struct pxm_host host;
    pxm_host_init(&host, &impl);
    assert_int_equal(host.struct_size, sizeof host);
    assert_int_equal(host.abi, PXM_ABI_CURRENT);
    assert_ptr_equal(host.impl, &impl);
    for (size_t at = offsetof(struct pxm_host, log); at < sizeof host; at += sizeof(void (*)(void))) {
        void (*entry)(void) = NULL;
        memcpy(&entry, (const char *)&host + at, sizeof entry);
        if (entry == NULL) {
            fail_msg("the entry at byte %zu is missing", at);
        }
    }
}

static void failing_and_asking_the_job_work_through_the_table(void **state)
{
    (void)state;
    struct pxm_host host;
    struct pxm_error error = {0};
    struct pxm_job job = {.id = "r1", .clock = &test_clock, .deadline_ms = 2000, .limits = {.bytes = 7}};
    pxm_host_init(&host, &impl);
    assert_int_equal((host.fail)(&error, PXM_E_DENIED, "store.denied", "bucket %s", "b"), PXM_E_DENIED);
    host.fail_note(&error, "aws.request_id", "1");
    assert_string_equal(error.text, "bucket b");
    assert_string_equal(error.notes[0].value, "1");
    assert_int_equal(host.remaining_ms(&job), 766);
    assert_string_equal(host.job_id(&job), "r1");
    assert_string_equal(host.job_id(NULL), "");
    assert_int_equal(host.limits(&job)->bytes, 7);
    assert_int_equal(host.now_ms(&host), 1234);
    assert_null(host.extension(&host, "pixmill.aws/1"));
}

static void extensions_are_found_by_their_id(void **state)
{
    (void)state;
    static const int one = 1, two = 2;
    static const struct pxm_extension extensions[] = {{"test.one/1", &one}, {"test.two/1", &two}, {NULL, NULL}};
    struct pxm_host_impl with = {.name = "mystore", .clock = &test_clock, .extensions = extensions};
    struct pxm_host host;
    pxm_host_init(&host, &with);
    assert_ptr_equal(host.extension(&host, "test.one/1"), &one);
    assert_ptr_equal(host.extension(&host, "test.two/1"), &two);
    assert_null(host.extension(&host, "test.two/2"));
}

static void json_goes_out_as_a_blob_and_comes_back(void **state)
{
    (void)state;
    struct pxm_host host;
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    pxm_value *back = NULL, *record = NULL;
    pxm_host_init(&host, &impl);
    record = host.value_record();
    host.value_set(record, "n", host.value_int(INT64_C(9007199254740993)));
    assert_int_equal(host.value_to_json(record, &blob, &error), PXM_OK);
    size_t length = 0;
    const char *text = host.blob_data(blob, &length);
    assert_int_equal(length, 22);
    assert_memory_equal(text, "{\"n\":9007199254740993}", length);
    assert_string_equal(host.blob_media(blob), "application/json");
    assert_int_equal(host.value_from_json(text, length, &back, &error), PXM_OK);
    assert_true(host.value_as_int(host.value_get(back, "n")) == INT64_C(9007199254740993));
    assert_true(host.value_equal(back, record));
    assert_false(host.value_equal(back, NULL));
    assert_true(host.utf8_valid(text, length));
    assert_false(host.utf8_valid("\xFF", 1));
    host.value_unref(back);
    host.value_unref(record);
    record = host.value_blob(blob);
    blob = NULL;
    assert_int_equal(host.value_to_json(record, &blob, &error), PXM_E_INVALID);
    assert_null(blob);
    host.value_unref(record);
}

static char logged[64];

static void remember(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    snprintf(logged, sizeof logged, "%s|%s|%s", entry->source, entry->run != NULL ? entry->run : "-", entry->text);
}

static void logs_carry_the_name_and_the_run(void **state)
{
    (void)state;
    struct pxm_host host;
    struct pxm_job job = {.id = "r1"};
    pxm_host_init(&host, &impl);
    pxm_log_set_sink(remember, NULL, PXM_LOG_DEBUG);
    host.log(&host, &job, PXM_LOG_INFO, "got %d", 3);
    assert_string_equal(logged, "mystore|r1|got 3");
    host.log(&host, NULL, PXM_LOG_INFO, "idle");
    assert_string_equal(logged, "mystore|-|idle");
    pxm_log_set_sink(NULL, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_of_the_table_is_there),
        cmocka_unit_test(extensions_are_found_by_their_id),
        cmocka_unit_test(failing_and_asking_the_job_work_through_the_table),
        cmocka_unit_test(json_goes_out_as_a_blob_and_comes_back),
        cmocka_unit_test(logs_carry_the_name_and_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
