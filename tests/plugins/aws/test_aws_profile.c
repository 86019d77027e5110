/* The shared files, as people write them. */
#include "aws/profile.h"
#include "aws/text.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void write_file(const char *path, const char *text, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), length);
    close(fd);
}

static struct aws_profile load(const char *credentials, const char *config, const char *name)
{
    struct aws_profile profile;
    write_file("credentials.ini", credentials, strlen(credentials));
    write_file("config.ini", config, strlen(config));
    assert_true(aws_profile_load("credentials.ini", "config.ini", name, "s3", &profile));
    unlink("credentials.ini");
    unlink("config.ini");
    return profile;
}

static void a_profile_is_read_from_both_files(void **state)
{
    struct aws_profile profile =
        load("[default]\naws_access_key_id = A1\naws_secret_access_key=S1\n[dev]\n aws_access_key_id = A2 \r\n"
             "aws_secret_access_key = S/2+=\naws_session_token = T2\n",
             "[default]\nregion = us-east-1\n[profile dev]\nregion=eu-west-1 # near\noutput = json\n"
             "endpoint_url = http://127.0.0.1:9000\n",
             "dev");
    (void)state;
    assert_true(profile.is_there);
    assert_string_equal(profile.access_key, "A2");
    assert_string_equal(profile.secret_key, "S/2+=");
    assert_string_equal(profile.token, "T2");
    assert_string_equal(profile.region, "eu-west-1");
    assert_string_equal(profile.endpoint, "http://127.0.0.1:9000");
    assert_null(profile.unsupported);
    aws_profile_done(&profile);
}

static void credentials_come_before_config(void **state)
{
    struct aws_profile profile = load("[default]\naws_access_key_id=A1\n",
                                      "[default]\naws_access_key_id=A2\n"
                                      "aws_secret_access_key=S2\n",
                                      "default");
    (void)state;
    assert_string_equal(profile.access_key, "A1");
    assert_string_equal(profile.secret_key, "S2");
    aws_profile_done(&profile);
}

static void a_service_may_have_its_own_endpoint(void **state)
{
    static const char config[] = "[profile dev]\nendpoint_url = http://all\nservices = local\n"
                                 "[services other]\ns3 =\n  endpoint_url = http://wrong\n"
                                 "[services local]\ndynamodb =\n  endpoint_url = http://tables\ns3 =\n"
                                 "  addressing_style = path\n  endpoint_url = http://objects\n";
    struct aws_profile profile = load("", config, "dev");
    (void)state;
    assert_string_equal(profile.endpoint, "http://objects");
    aws_profile_done(&profile);
    profile = load("", "[default]\ns3 =\n  region = x\nregion = y\n", "default");
    assert_string_equal(profile.region, "y"); /* what is below s3 is its own */
    aws_profile_done(&profile);
}

static void other_ways_to_credentials_are_named(void **state)
{
    static const char *const keys[] = {"credential_process", "sso_session", "source_profile"};
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char config[100];
        snprintf(config, sizeof config, "[profile p]\n%s = x\n", keys[i]);
        struct aws_profile profile = load("", config, "p");
        assert_string_equal(profile.unsupported, keys[i]);
        aws_profile_done(&profile);
    }
}

static void sections_and_lines_that_are_none_are_passed_over(void **state)
{
    static const char *const texts[] = {"",
                                        "\n\n\n",
                                        "[",
                                        "[]",
                                        "[default",
                                        "=\n=x\nx=",
                                        "key",
                                        "   ",
                                        "[default]\n=v\n =v\n",
                                        "\xff\xfe\x00",
                                        "[profile]\n[profile ]\n[profiledefault]\nregion=x\n",
                                        "; [default]\n# region = x\n[x]region=y\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct aws_profile profile = load(texts[i], texts[i], "default");
        assert_null(profile.access_key);
        assert_null(profile.region);
        aws_profile_done(&profile);
    }
    struct aws_profile profile = load("[dev]\n", "[dev]\nregion=x\n[profile  dev ]\noutput=x\n", "dev");
    assert_null(profile.region); /* the file of settings has the word before the name */
    assert_true(profile.is_there);
    aws_profile_done(&profile);
}

static void files_that_are_missing_say_nothing_and_large_ones_are_refused(void **state)
{
    struct aws_profile profile;
    size_t length = AWS_PROFILE_BYTES_MAX + 1;
    char *text = malloc(length);
    (void)state;
    assert_non_null(text);
    memset(text, '#', length);
    write_file("large.ini", text, length);
    free(text);
    assert_true(aws_profile_load("missing.ini", NULL, "default", "s3", &profile));
    assert_false(profile.is_there);
    aws_profile_done(&profile);
    assert_false(aws_profile_load("large.ini", NULL, "default", "s3", &profile));
    assert_false(aws_profile_load(".", NULL, "default", "s3", &profile)); /* a folder cannot be read */
    unlink("large.ini");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_is_read_from_both_files),
        cmocka_unit_test(credentials_come_before_config),
        cmocka_unit_test(a_service_may_have_its_own_endpoint),
        cmocka_unit_test(other_ways_to_credentials_are_named),
        cmocka_unit_test(sections_and_lines_that_are_none_are_passed_over),
        cmocka_unit_test(files_that_are_missing_say_nothing_and_large_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
