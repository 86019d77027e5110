/* Where requests go: path and virtual addressing, regions that are wrong, keys that end, proxies and prefixes. The gate
 * plays AWS itself as an HTTP proxy, which gets requests for any host. */
#include "bucket.h"
#include "conformance/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pxm_unit *unit(void)
{
    return bucket_driver()->unit;
}

static void set(const char *option, const char *value)
{
    conformance_set_string(unit(), place_config(), option, value);
}

/* From now on the endpoint is S3's own, and the way there is through the gate. */
static void use_aws(struct fixture *fixture, const char *bucket)
{
    setenv("http_proxy", gate_s3_url(), 1);
    set("endpoint", "http://s3.us-east-1.amazonaws.com");
    set("bucket", bucket);
    place_reopen(fixture);
}

/* The URL of the nth request. */
static char *url_of(const struct fixture *fixture, size_t index)
{
    const struct pxm_host *host = fixture->host;
    pxm_value *state = gate_state();
    const pxm_value *entry = host->value_at(host->value_get(state, "log"), index);
    char *url = strdup(host->value_as_string(host->value_get(entry, "url"), NULL));
    assert_non_null(url);
    host->value_unref(state);
    return url;
}

static void assert_url(const struct fixture *fixture, size_t index, const char *expected)
{
    char *url = url_of(fixture, index);
    assert_string_equal(url, expected);
    free(url);
}

static void a_bucket_of_aws_comes_before_the_host(void **state)
{
    struct fixture *fixture = *state;
    use_aws(fixture, "images");
    must_put(fixture, "a b/c+d", 10, 1);
    assert_string_equal(field_text(fixture, "url"), "http://images.s3.us-east-1.amazonaws.com/a%20b/c%2Bd");
    assert_url(fixture, 0, "http://images.s3.us-east-1.amazonaws.com/a%20b/c%2Bd");
    must_have(fixture, "a b/c+d", 10, 1);
    assert_status(fixture, store_list(fixture, "", NULL, 10), PXM_OK);
    assert_int_equal(fixture->host->value_count(fixture->host->value_get(fixture->fields, "items")), 1);
}

static void a_name_that_is_no_host_label_comes_into_the_path(void **state)
{
    static const char *const names[] = {"images.example.org", "Images", "under_score"};
    struct fixture *fixture = *state;
    gate_settings("{'buckets':['images.example.org','Images','under_score']}");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char expected[200];
        use_aws(fixture, names[i]);
        must_put(fixture, "k", 10, 1);
        snprintf(expected, sizeof expected, "http://s3.us-east-1.amazonaws.com/%s/k", names[i]);
        assert_url(fixture, i, expected);
    }
}

static void an_access_point_is_a_bucket_by_its_alias(void **state)
{
    static const char alias[] = "pictures-hrzrlukc5m36ft7okagglf3gmwluquse1b-s3alias";
    struct fixture *fixture = *state;
    char settings[100], expected[200];
    snprintf(settings, sizeof settings, "{'buckets':['%s']}", alias);
    gate_settings(settings);
    use_aws(fixture, alias);
    must_put(fixture, "k", 10, 1);
    must_have(fixture, "k", 10, 1);
    snprintf(expected, sizeof expected, "http://%s.s3.us-east-1.amazonaws.com/k", alias);
    assert_url(fixture, 0, expected);
}

static void addressing_can_be_chosen(void **state)
{
    struct fixture *fixture = *state;
    conformance_set_choice(unit(), place_config(), "addressing", 1);
    use_aws(fixture, "images");
    must_put(fixture, "k", 10, 1);
    assert_url(fixture, 0, "http://s3.us-east-1.amazonaws.com/images/k");
}

static void a_url_may_have_another_base(void **state)
{
    struct fixture *fixture = *state;
    set("base_url", "https://cdn.example/");
    place_reopen(fixture);
    must_put(fixture, "a b/c", 10, 1);
    assert_string_equal(field_text(fixture, "url"), "https://cdn.example/a%20b/c");
}

/* ---- regions ---- */

static void a_bucket_in_another_region_is_found_once(void **state)
{
    struct fixture *fixture = *state;
    gate_settings("{'gate':{'regions':{'images':'eu-west-1'}}}");
    use_aws(fixture, "images");
    must_put(fixture, "k", 10, 1);
    assert_int_equal(gate_requests(NULL), 2);
    assert_url(fixture, 1, "http://images.s3.eu-west-1.amazonaws.com/k");
    must_put(fixture, "k", 20, 1); /* it is known now */
    assert_int_equal(gate_requests(NULL), 3);
}

static void a_region_that_no_body_tells_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    gate_settings("{'gate':{'regions':{'images':'eu-west-1'},'hints':false}}");
    use_aws(fixture, "images");
    must_put(fixture, "k", 10, 1);
    assert_int_equal(gate_requests("HEAD"), 1);
    must_have(fixture, "k", 10, 1);
}

static void a_head_finds_the_region_as_well(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "k", 10, 1);
    gate_settings("{'gate':{'regions':{'images':'eu-west-1'}}}");
    use_aws(fixture, "images");
    assert_status(fixture, store_head(fixture, "k"), PXM_OK);
}

static void a_compatible_store_may_name_the_region_to_sign_for(void **state)
{
    struct fixture *fixture = *state;
    gate_settings("{'gate':{'region':'garage'}}");
    place_reopen(fixture);
    must_put(fixture, "k", 10, 1);
    assert_int_equal(gate_requests(NULL), 2);
    must_have(fixture, "k", 10, 1);
    assert_int_equal(gate_requests(NULL), 3);
}

static void regions_that_are_none_or_of_another_partition_are_refused(void **state)
{
    static const char *const regions[] = {"cn-north-1", "evil.example", "x/y", "us-east-1"};
    struct fixture *fixture = *state;
    use_aws(fixture, "images");
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        struct body_plan plan = body_plan(10, 1);
        char fault[300];
        snprintf(fault, sizeof fault,
                 "[{'method':'PUT','status':301,'body':'<Error><Code>PermanentRedirect</Code><Region>%s</Region>"
                 "<Endpoint>images.evil.example</Endpoint></Error>'}]",
                 regions[i]);
        gate_faults(fault);
        assert_fault(fixture, store_put(fixture, "k", &plan, 0), PXM_E_INVALID, "store.unavailable", "region");
        assert_int_equal(gate_requests("PUT"), i + 1);
    }
}

static void a_region_that_moves_for_ever_is_followed_once(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(10, 1);
    use_aws(fixture, "images");
    gate_faults("[{'status':301,'body':'<Error><Code>PermanentRedirect</Code><Region>eu-west-1</Region></Error>'},"
                "{'status':301,'body':'<Error><Code>PermanentRedirect</Code><Region>eu-west-2</Region></Error>'}]");
    assert_fault(fixture, store_put(fixture, "k", &plan, 0), PXM_E_INVALID, "store.unavailable",
                 "set region to eu-west-2");
    assert_int_equal(gate_requests("PUT"), 2);
}

static void without_a_region_there_is_no_host(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(10, 1);
    set("endpoint", NULL);
    set("region", NULL);
    place_reopen(fixture);
    assert_fault(fixture, store_put(fixture, "k", &plan, 0), PXM_E_INVALID, "store.unavailable", "set region");
}

/* ---- keys that end ---- */

static void use_machine(struct fixture *fixture)
{
    setenv("AWS_EC2_METADATA_DISABLED", "false", 1);
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", gate_metadata_url(), 1);
    set("access_key", NULL);
    set("secret_key", NULL);
    place_reopen(fixture);
}

static void keys_that_ended_early_are_renewed_once(void **state)
{
    struct fixture *fixture = *state;
    use_machine(fixture);
    must_put(fixture, "k", 10, 1);
    gate_settings("{'expire':true}");
    must_have(fixture, "k", 10, 1);
    assert_int_equal(gate_count("machine"), 2);
    gate_settings("{'expire':true}");
    assert_status(fixture, store_head(fixture, "k"), PXM_OK); /* whose refusal has no word of it */
    assert_int_equal(gate_count("machine"), 3);
}

static void a_denial_is_no_reason_to_renew(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(10, 1);
    use_machine(fixture);
    must_put(fixture, "k", 10, 1);
    gate_faults("[{'status':403,'times':3,'body':'<Error><Code>AccessDenied</Code></Error>'}]");
    for (int i = 0; i < 3; i++) {
        assert_fault(fixture, store_put(fixture, "k", &plan, 0), PXM_E_DENIED, "store.denied", "AccessDenied");
    }
    assert_int_equal(gate_count("machine"), 1);
}

static void machines_are_asked_past_every_proxy(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(10, 1);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    use_machine(fixture);
    assert_status(fixture, store_put(fixture, "k", &plan, 0), PXM_E_TRANSIENT); /* the store is behind the proxy */
    assert_int_equal(gate_count("machine"), 1);
}

/* ---- options ---- */

static void options_that_do_not_fit_are_refused(void **state)
{
    static const struct {
        const char *option, *value, *word;
    } rows[] = {
        {"bucket", "", "bucket"},
        {"bucket", "a/b", "bucket"},
        {"bucket", "evil.example?x", "bucket"},
        {"endpoint", "store.example:9000", "endpoint"},
        {"endpoint", "http://user:gate-secret@store.example", "endpoint"},
        {"region", "x.y/z", "region"},
        {"base_url", "https://cdn.example", "base_url"},
        {"secret_key", NULL, "belong together"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        void *self = NULL, *config = malloc(unit()->config_size);
        assert_non_null(config);
        memcpy(config, place_config(), unit()->config_size);
        conformance_set_string(unit(), config, rows[i].option, rows[i].value);
        fixture_next(fixture);
        assert_fault(fixture, unit()->create(fixture->host, config, &self, fixture->error), PXM_E_INVALID,
                     "option.invalid", rows[i].word);
        assert_null(self);
        free(config);
    }
}

static void the_environment_gives_what_options_do_not(void **state)
{
    struct fixture *fixture = *state;
    setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1", 1);
    setenv("AWS_ENDPOINT_URL_S3", gate_s3_url(), 1);
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ACCESS_KEY_ID", GATE_KEY, 1);
    setenv("AWS_SECRET_ACCESS_KEY", GATE_SECRET, 1);
    static const char *const options[] = {"endpoint", "region", "access_key", "secret_key"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        set(options[i], NULL);
    }
    place_reopen(fixture);
    must_put(fixture, "k", 10, 1);
    assert_int_equal(gate_requests(NULL), 1);
}

static void check_tells_whether_the_bucket_can_be_used(void **state)
{
    struct fixture *fixture = *state;
    assert_status(fixture, unit()->check(fixture->self, &fixture->job, fixture->error), PXM_OK);
    set("bucket", "missing");
    place_reopen(fixture);
    assert_fault(fixture, unit()->check(fixture->self, &fixture->job, fixture->error), PXM_E_INVALID,
                 "store.unavailable", "NoSuchBucket");
}

static void after_a_freeze_new_connections_are_made(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "k", 10, 1);
    unit()->resumed(fixture->self);
    must_have(fixture, "k", 10, 1);
}

int main(void)
{
    struct conformance_driver *driver = bucket_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_bucket_of_aws_comes_before_the_host, driver),
        FIXTURE_TEST(a_name_that_is_no_host_label_comes_into_the_path, driver),
        FIXTURE_TEST(an_access_point_is_a_bucket_by_its_alias, driver),
        FIXTURE_TEST(addressing_can_be_chosen, driver),
        FIXTURE_TEST(a_url_may_have_another_base, driver),
        FIXTURE_TEST(a_bucket_in_another_region_is_found_once, driver),
        FIXTURE_TEST(a_region_that_no_body_tells_is_asked_for, driver),
        FIXTURE_TEST(a_head_finds_the_region_as_well, driver),
        FIXTURE_TEST(a_compatible_store_may_name_the_region_to_sign_for, driver),
        FIXTURE_TEST(regions_that_are_none_or_of_another_partition_are_refused, driver),
        FIXTURE_TEST(a_region_that_moves_for_ever_is_followed_once, driver),
        FIXTURE_TEST(without_a_region_there_is_no_host, driver),
        FIXTURE_TEST(keys_that_ended_early_are_renewed_once, driver),
        FIXTURE_TEST(a_denial_is_no_reason_to_renew, driver),
        FIXTURE_TEST(machines_are_asked_past_every_proxy, driver),
        FIXTURE_TEST(options_that_do_not_fit_are_refused, driver),
        FIXTURE_TEST(the_environment_gives_what_options_do_not, driver),
        FIXTURE_TEST(check_tells_whether_the_bucket_can_be_used, driver),
        FIXTURE_TEST(after_a_freeze_new_connections_are_made, driver),
    };
    return cmocka_run_group_tests_name("s3: places", tests, NULL, NULL);
}
