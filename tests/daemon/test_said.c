/* What a project says of the daemon comes from another process: only what can be is believed. And who counts as this
 * machine, as nobody there needs a token. */
#include "daemon/said.h"

#include "base/error.h"
#include "base/job.h"
#include "base/json.h"
#include "base/value.h"
#include "daemon/options.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static pxm_status read_text(const char *json, struct said *ret, pxm_error *error)
{
    pxm_value *value = NULL;

    assert_int_equal(pxm_json_parse(json, strlen(json), &value, error), PXM_OK);
    pxm_status status = said_read(value, ret, error);
    pxm_value_unref(value);
    return status;
}

static void what_a_project_says_arrives(void **state)
{
    const struct pxm_host_entry host = {.name = "daemon", .address = "::1", .port = 8081, .workers = 3};
    pxm_value *value = said_write(&host);
    struct said said;
    pxm_error error = {0};
    (void)state;

    assert_int_equal(said_read(value, &said, &error), PXM_OK);
    assert_string_equal(said.address, "::1");
    assert_int_equal(said.port, 8081);
    assert_int_equal(said.workers, 3);
    pxm_value_unref(value);
}

static void a_project_may_say_nothing(void **state)
{
    const struct pxm_host_entry silent = {.name = "daemon", .port = PXM_UNSET_INT, .workers = PXM_UNSET_INT};
    const struct pxm_host_entry *const hosts[] = {NULL, &silent};
    struct said said;
    pxm_error error = {0};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        pxm_value *value = said_write(hosts[i]);
        assert_int_equal(said_read(value, &said, &error), PXM_OK);
        assert_string_equal(said.address, "");
        assert_int_equal(said.port, PXM_UNSET_INT);
        assert_int_equal(said.workers, PXM_UNSET_INT);
        pxm_value_unref(value);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    static const char *const refused[] = {"null",
                                          "[]",
                                          "{\"workers\": 0}",
                                          "{\"workers\": 257}",
                                          "{\"workers\": \"4\"}",
                                          "{\"workers\": null}",
                                          "{\"address\": \"::1\"}",
                                          "{\"port\": 80}",
                                          "{\"address\": \"::1\", \"port\": 65536}",
                                          "{\"address\": \"::1\", \"port\": -1}",
                                          "{\"address\": \"\", \"port\": 80}",
                                          "{\"address\": \"a\\nb\", \"port\": 80}",
                                          "{\"address\": 1, \"port\": 80}"};
    (void)state;

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct said said = {.workers = 77};
        pxm_error error = {0};
        assert_int_equal(read_text(refused[i], &said, &error), PXM_E_INVALID);
        assert_string_equal(error.code, "worker.invalid");
        assert_int_equal(said.workers, 77);
    }
}

static void an_address_has_an_end(void **state)
{
    char json[SAID_ADDRESS_MAX + 64], address[SAID_ADDRESS_MAX + 1];
    struct said said;
    pxm_error error = {0};
    (void)state;

    for (size_t length = SAID_ADDRESS_MAX - 1; length <= SAID_ADDRESS_MAX; length++) {
        memset(address, 'a', length);
        address[length] = '\0';
        snprintf(json, sizeof json, "{\"address\": \"%s\", \"port\": 80}", address);
        assert_int_equal(read_text(json, &said, &error), length < SAID_ADDRESS_MAX ? PXM_OK : PXM_E_INVALID);
    }
}

static void limits_of_the_project_replace_those_of_the_host(void **state)
{
    struct pxm_host_entry host = {.name = "daemon"};
    struct pxm_limits limits, before;
    int64_t time_ms = 60000;
    (void)state;

    pxm_limits_default(&limits);
    pxm_limits_default(&before);
    pxm_host_limits(NULL, &limits, &time_ms);
    assert_memory_equal(&limits, &before, sizeof limits);
    assert_int_equal(time_ms, 60000);
    host.limits = (struct pxm_limit_set){.bytes = PXM_UNSET_INT,
                                         .pixels = 5000000,
                                         .side = PXM_UNSET_INT,
                                         .frames = PXM_UNSET_INT,
                                         .memory = PXM_UNSET_INT,
                                         .scans = PXM_UNSET_INT,
                                         .output_side = PXM_UNSET_INT,
                                         .time_ms = 90000};
    pxm_host_limits(&host, &limits, &time_ms);
    assert_int_equal(limits.pixels, 5000000);
    assert_int_equal(limits.bytes, before.bytes);
    assert_int_equal(time_ms, 90000);
}

static void this_machine_alone_is_told_from_all_others(void **state)
{
    static const char *const local[] = {"127.0.0.1", "127.8.9.10", "::1", "localhost", "LocalHost"};
    static const char *const open[] = {"",          "0.0.0.0",  "::",    "[::]",        "192.168.0.1",
                                       "128.0.0.1", "::ffff:1", "127.1", "127.0.0.1.x", "localhost.com",
                                       "127.0.0.1 "};
    (void)state;

    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        assert_true(serve_is_local(local[i]));
    }
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        assert_false(serve_is_local(open[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_project_says_arrives),
        cmocka_unit_test(a_project_may_say_nothing),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(an_address_has_an_end),
        cmocka_unit_test(limits_of_the_project_replace_those_of_the_host),
        cmocka_unit_test(this_machine_alone_is_told_from_all_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
