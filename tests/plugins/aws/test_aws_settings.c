/* Options before environment before shared files. */
#include "aws/settings.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/host.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const variables[] = {"AWS_REGION",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_ENDPOINT_URL",
                                        "AWS_ENDPOINT_URL_S3",
                                        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                        "AWS_PROFILE",
                                        "AWS_MAX_ATTEMPTS",
                                        "AWS_RETRY_MODE",
                                        "AWS_CA_BUNDLE",
                                        "AWS_SHARED_CREDENTIALS_FILE",
                                        "AWS_CONFIG_FILE"};

static const struct aws_options nothing = {.attempts_max = PXM_UNSET_INT};

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        unsetenv(variables[i]);
    }
    setenv("HOME", "/nonexistent", 1);
    return 0;
}

static pxm_status load(const struct aws_options *options, struct aws_settings *settings, pxm_error *error)
{
    static struct pxm_host_impl impl = {.name = "test", .clock = &pxm_clock_system};
    struct pxm_host host;
    pxm_host_init(&host, &impl);
    return aws_settings_load(&host, options, "s3", settings, error);
}

static struct aws_settings must_load(const struct aws_options *options)
{
    struct aws_settings settings;
    pxm_error *error = pxm_error_new();
    if (load(options, &settings, error) != PXM_OK) {
        fail_msg("%s", error->text);
    }
    pxm_error_free(error);
    return settings;
}

static void assert_refused(const struct aws_options *options, const char *word)
{
    struct aws_settings settings;
    pxm_error *error = pxm_error_new();
    assert_int_equal(load(options, &settings, error), PXM_E_INVALID);
    assert_string_equal(error->code, "option.invalid");
    assert_non_null(strstr(error->text, word));
    pxm_error_free(error);
}

static void write_config(const char *text)
{
    int fd = open("settings.ini", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    setenv("AWS_CONFIG_FILE", "settings.ini", 1);
}

static void nothing_said_is_little_known(void **state)
{
    struct aws_settings settings = must_load(&nothing);
    (void)state;
    assert_null(settings.region);
    assert_null(settings.endpoint);
    assert_null(settings.access_key);
    assert_null(settings.ca_file);
    assert_string_equal(settings.profile, "default");
    assert_false(settings.names_profile);
    assert_string_equal(settings.credentials_path, "/nonexistent/.aws/credentials");
    assert_string_equal(settings.config_path, "/nonexistent/.aws/config");
    assert_int_equal(settings.attempts_max, 3);
    aws_settings_done(&settings);
}

static void the_more_specific_comes_first(void **state)
{
    struct aws_options options = {.region = "r-4", .endpoint = "http://option", .attempts_max = 7};
    (void)state;
    write_config("[default]\nregion = r-1\nendpoint_url = http://profile\n[profile p]\nregion = r-p\n");
    struct aws_settings settings = must_load(&nothing);
    assert_string_equal(settings.region, "r-1");
    assert_string_equal(settings.endpoint, "http://profile");
    aws_settings_done(&settings);
    setenv("AWS_PROFILE", "p", 1);
    settings = must_load(&nothing);
    assert_string_equal(settings.region, "r-p");
    assert_true(settings.names_profile);
    aws_settings_done(&settings);
    setenv("AWS_DEFAULT_REGION", "r-2", 1);
    setenv("AWS_ENDPOINT_URL", "http://all", 1);
    settings = must_load(&nothing);
    assert_string_equal(settings.region, "r-2");
    assert_string_equal(settings.endpoint, "http://all");
    aws_settings_done(&settings);
    setenv("AWS_REGION", "r-3", 1);
    setenv("AWS_ENDPOINT_URL_S3", "http://one", 1);
    setenv("AWS_MAX_ATTEMPTS", "5", 1);
    setenv("AWS_CA_BUNDLE", "/ca.pem", 1);
    settings = must_load(&nothing);
    assert_string_equal(settings.region, "r-3");
    assert_string_equal(settings.endpoint, "http://one");
    assert_string_equal(settings.ca_file, "/ca.pem");
    assert_int_equal(settings.attempts_max, 5);
    aws_settings_done(&settings);
    settings = must_load(&options);
    assert_string_equal(settings.region, "r-4");
    assert_string_equal(settings.endpoint, "http://option");
    assert_int_equal(settings.attempts_max, 7);
    aws_settings_done(&settings);
    unlink("settings.ini");
}

static void endpoints_of_others_can_be_ignored(void **state)
{
    (void)state;
    write_config("[default]\nregion = r-1\nendpoint_url = http://profile\n");
    setenv("AWS_ENDPOINT_URL", "http://all", 1);
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE", 1);
    struct aws_settings settings = must_load(&nothing);
    assert_null(settings.endpoint);
    assert_string_equal(settings.region, "r-1");
    aws_settings_done(&settings);
    unlink("settings.ini");
}

static void what_cannot_be_is_refused(void **state)
{
    struct aws_options options = nothing;
    static const char *const attempts[] = {"0", "-1", "x", "21", "99999999999999999999"};
    (void)state;
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        setenv("AWS_MAX_ATTEMPTS", attempts[i], 1);
        assert_refused(&nothing, "AWS_MAX_ATTEMPTS");
    }
    unsetenv("AWS_MAX_ATTEMPTS");
    setenv("AWS_RETRY_MODE", "never", 1);
    assert_refused(&nothing, "AWS_RETRY_MODE");
    setenv("AWS_RETRY_MODE", "Standard", 1);
    setenv("AWS_REGION", "evil.example/", 1);
    assert_refused(&nothing, "region");
    setenv("AWS_REGION", "", 1); /* empty is not set */
    setenv("AWS_ENDPOINT_URL", "store.example", 1);
    assert_refused(&nothing, "endpoint");
    unsetenv("AWS_ENDPOINT_URL");
    options.secret_key = "gate-secret";
    assert_refused(&options, "belong together");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_said_is_little_known, setup),
        cmocka_unit_test_setup(the_more_specific_comes_first, setup),
        cmocka_unit_test_setup(endpoints_of_others_can_be_ignored, setup),
        cmocka_unit_test_setup(what_cannot_be_is_refused, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
