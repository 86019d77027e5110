/* Where services are, and which URLs may be trusted with credentials. */
#include "aws/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void regions_have_the_domain_of_their_partition(void **state)
{
    static const struct {
        const char *region, *host;
    } rows[] = {
        {"us-east-1", "s3.us-east-1.amazonaws.com"},           {"cn-north-1", "s3.cn-north-1.amazonaws.com.cn"},
        {"eusc-de-east-1", "s3.eusc-de-east-1.amazonaws.eu"},  {"us-iso-east-1", "s3.us-iso-east-1.c2s.ic.gov"},
        {"us-isob-east-1", "s3.us-isob-east-1.sc2s.sgov.gov"}, {"us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"}};
    struct aws_endpoint endpoint;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(aws_endpoint_of_region("s3", rows[i].region, true, &endpoint));
        assert_string_equal(endpoint.host, rows[i].host);
        assert_true(endpoint.is_aws && endpoint.is_tls);
    }
    assert_false(aws_endpoint_of_region("s3", "evil.example/", true, &endpoint));
    assert_false(aws_endpoint_of_region("s3", "", true, &endpoint));
}

static void urls_are_taken_apart(void **state)
{
    static const struct {
        const char *url, *host, *path;
        bool is_tls, is_aws, is_ip;
    } rows[] = {
        {"http://127.0.0.1:9000", "127.0.0.1:9000", "", false, false, true},
        {"https://store.example", "store.example", "", true, false, false},
        {"https://store.example/", "store.example", "", true, false, false},
        {"https://store.example:443/a/b/", "store.example", "/a/b", true, false, false},
        {"http://store.example:80", "store.example", "", false, false, false},
        {"http://[::1]:9000/p", "[::1]:9000", "/p", false, false, true},
        {"https://s3.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com", "", true, true, false},
        {"http://s3.eu-west-1.amazonaws.com/p", "s3.eu-west-1.amazonaws.com", "/p", false, false, false},
        {"https://s3.eu-west-1.amazonaws.com.evil.example", "s3.eu-west-1.amazonaws.com.evil.example", "", true, false,
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aws_endpoint endpoint;
        const char *reason = NULL;
        assert_true(aws_endpoint_parse("s3", rows[i].url, &endpoint, &reason));
        assert_string_equal(endpoint.host, rows[i].host);
        assert_string_equal(endpoint.path, rows[i].path);
        assert_int_equal(endpoint.is_tls, rows[i].is_tls);
        assert_int_equal(endpoint.is_aws, rows[i].is_aws);
        assert_int_equal(endpoint.is_ip, rows[i].is_ip);
    }
}

static void what_is_no_endpoint_is_refused(void **state)
{
    static const char *const urls[] = {"",
                                       "store.example",
                                       "store.example:9000",
                                       "ftp://store.example",
                                       "file:///etc/passwd",
                                       "http://user@store.example",
                                       "http://user:pass@store.example",
                                       "http://store.example?x=y",
                                       "http://store.example#x",
                                       "http://",
                                       "http://store.example:99999",
                                       "http://store example",
                                       "http://store.example\r\nx: y",
                                       "//store.example"};
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct aws_endpoint endpoint;
        const char *reason = NULL;
        if (aws_endpoint_parse("s3", urls[i], &endpoint, &reason)) {
            fail_msg("%s was taken", urls[i]);
        }
        assert_non_null(reason);
    }
}

static void only_hosts_of_this_machine_may_give_credentials_without_tls(void **state)
{
    static const struct {
        const char *url;
        bool is_trusted;
    } rows[] = {
        {"http://127.0.0.1", true},
        {"http://127.1.2.3:8080", true},
        {"http://[::1]:1", true},
        {"http://localhost/x", true},
        {"http://169.254.170.2", true},
        {"http://169.254.170.23", true},
        {"http://[fd00:ec2::23]", true},
        {"https://anywhere.example", true},
        {"http://169.254.170.22", false},
        {"http://128.0.0.1", false},
        {"http://127.0.0.1.example", false},
        {"http://localhost.example", false},
        {"http://169.254.169.254", false},
        {"http://[::1:2]", false},
        {"http://anywhere.example", false},
        {"http://[fd00:ec2::24]", false},
        {"http://169.254.170.2.example", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aws_endpoint endpoint;
        const char *reason = NULL;
        assert_true(aws_endpoint_parse("", rows[i].url, &endpoint, &reason));
        if (aws_endpoint_is_trusted(&endpoint) != rows[i].is_trusted) {
            fail_msg("%s", rows[i].url);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_have_the_domain_of_their_partition),
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(what_is_no_endpoint_is_refused),
        cmocka_unit_test(only_hosts_of_this_machine_may_give_credentials_without_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
