/* Credentials from every place, asked of services that count; and who renews them, and when. */
#include "aws-gate/gate.h"
#include "aws/credentials.h"
#include "base/clock.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 8, HOUR_MS = 3600000 };

static _Atomic int64_t shift_ms; /* of the clock of the tests */

static int64_t shifted_ms(void *arg)
{
    (void)arg;
    return pxm_clock_system.wall_ms(NULL) + atomic_load(&shift_ms);
}

static const struct pxm_clock shifted = {.wall_ms = shifted_ms};

struct world {
    struct pxm_host host;
    struct pxm_host_impl impl;
    struct aws_settings settings;
    struct aws_clock clock;
    struct aws_pool *pool;
    struct aws_provider *provider;
    struct aws_fault fault;
};

static void open_world(struct world *world, const struct aws_options *options)
{
    pxm_error *error = pxm_error_new();
    memset(world, 0, sizeof *world);
    world->impl = (struct pxm_host_impl){.name = "test", .clock = &shifted};
    pxm_host_init(&world->host, &world->impl);
    if (aws_settings_load(&world->host, options, "s3", &world->settings, error) != PXM_OK) {
        fail_msg("%s", error->text);
    }
    world->clock.host = &world->host;
    world->pool = aws_pool_new(&world->host, NULL);
    assert_non_null(world->pool);
    world->provider = aws_provider_new(&world->host, &world->settings, world->pool, &world->clock);
    assert_non_null(world->provider);
    pxm_error_free(error);
}

static void close_world(struct world *world)
{
    aws_provider_free(world->provider);
    aws_pool_free(world->pool);
    aws_settings_done(&world->settings);
}

static const struct aws_options no_options = {.attempts_max = PXM_UNSET_INT};

static int setup(void **state)
{
    atomic_store(&shift_ms, 0);
    gate_reset();
    *state = NULL;
    return 0;
}

static struct aws_credentials *must_get(struct world *world)
{
    struct aws_credentials *credentials = NULL;
    if (!aws_provider_get(world->provider, NULL, &credentials, &world->fault)) {
        fail_msg("%s %s", world->fault.code, world->fault.message);
    }
    return credentials;
}

static void must_have_key(struct world *world, const char *key)
{
    struct aws_credentials *credentials = must_get(world);
    assert_string_equal(credentials->access_key, key);
    aws_credentials_unref(credentials);
}

static void must_fail(struct world *world, const char *word)
{
    struct aws_credentials *credentials = NULL;
    assert_false(aws_provider_get(world->provider, NULL, &credentials, &world->fault));
    if (!strstr(world->fault.message, word)) {
        fail_msg("\"%s\" does not say \"%s\"", world->fault.message, word);
    }
    assert_null(strstr(world->fault.message, "gate-"));
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void use_machine(void)
{
    setenv("AWS_EC2_METADATA_DISABLED", "false", 1);
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", gate_metadata_url(), 1);
}

static void use_container(void)
{
    char url[128];
    snprintf(url, sizeof url, "%s/container?x=y", gate_metadata_url());
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "gate-container-token", 1);
}

static void use_identity(const char *token)
{
    write_file("identity.token", token);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "identity.token", 1);
    setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/gate", 1);
    setenv("AWS_ENDPOINT_URL_STS", gate_metadata_url(), 1);
}

/* ---- the order ---- */

static void the_most_specific_place_comes_first(void **state)
{
    struct aws_options options = {
        .access_key = "OPTION", .secret_key = "s", .session_token = "t", .attempts_max = PXM_UNSET_INT};
    struct world world;
    (void)state;
    use_machine();
    open_world(&world, &no_options);
    struct aws_credentials *machine = must_get(&world);
    assert_int_equal(strncmp(machine->access_key, "ASIA", 4), 0);
    assert_non_null(machine->token);
    aws_credentials_unref(machine);
    close_world(&world);
    use_container();
    open_world(&world, &no_options);
    aws_credentials_unref(must_get(&world));
    assert_int_equal(gate_count("container"), 1);
    close_world(&world);
    write_file("shared.ini", "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n");
    setenv("AWS_SHARED_CREDENTIALS_FILE", "shared.ini", 1);
    open_world(&world, &no_options);
    must_have_key(&world, "FILE");
    close_world(&world);
    use_identity("good");
    open_world(&world, &no_options);
    aws_credentials_unref(must_get(&world));
    assert_int_equal(gate_count("identity"), 1);
    close_world(&world);
    setenv("AWS_ACCESS_KEY_ID", "ENVIRONMENT", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    open_world(&world, &no_options);
    must_have_key(&world, "ENVIRONMENT");
    close_world(&world);
    open_world(&world, &options);
    must_have_key(&world, "OPTION");
    close_world(&world);
    assert_int_equal(gate_count("machine"), 1);
    unlink("shared.ini");
    unlink("identity.token");
}

static void halves_and_nonsense_are_told(void **state)
{
    struct world world;
    (void)state;
    open_world(&world, &no_options);
    must_fail(&world, "no AWS credentials");
    setenv("AWS_ACCESS_KEY_ID", "A", 1);
    must_fail(&world, "belong together");
    setenv("AWS_SECRET_ACCESS_KEY", "", 1); /* empty is not set */
    must_fail(&world, "belong together");
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    setenv("AWS_CREDENTIAL_EXPIRATION", "tomorrow", 1);
    must_fail(&world, "AWS_CREDENTIAL_EXPIRATION");
    setenv("AWS_CREDENTIAL_EXPIRATION", "2999-01-01T00:00:00Z", 1);
    must_have_key(&world, "A");
    close_world(&world);
}

static void profiles_that_cannot_help_are_told(void **state)
{
    struct aws_options options = {.profile = "p", .attempts_max = PXM_UNSET_INT};
    struct world world;
    (void)state;
    setenv("AWS_CONFIG_FILE", "config.ini", 1);
    write_file("config.ini", "[profile other]\n");
    open_world(&world, &options);
    must_fail(&world, "no profile p");
    write_file("config.ini", "[profile p]\ncredential_process = x\n");
    must_fail(&world, "credential_process");
    write_file("config.ini", "[profile p]\naws_access_key_id = A\n");
    must_fail(&world, "only one of");
    close_world(&world);
    unlink("config.ini");
}

static void a_file_that_changes_is_read_again(void **state)
{
    struct world world;
    (void)state;
    write_file("shared.ini", "[default]\naws_access_key_id=FIRST\naws_secret_access_key=s\n");
    setenv("AWS_SHARED_CREDENTIALS_FILE", "shared.ini", 1);
    open_world(&world, &no_options);
    must_have_key(&world, "FIRST");
    write_file("shared.new", "[default]\naws_access_key_id=SECOND\naws_secret_access_key=s\n");
    assert_int_equal(rename("shared.new", "shared.ini"), 0);
    must_have_key(&world, "SECOND");
    write_file("shared.new", "[default]\naws_access_key_id=");
    assert_int_equal(rename("shared.new", "shared.ini"), 0);
    must_have_key(&world, "SECOND"); /* half a file is no reason to stop */
    close_world(&world);
    unlink("shared.ini");
}

/* ---- places that are asked ---- */

static void a_machine_is_asked_with_a_token_that_is_kept(void **state)
{
    struct world world;
    (void)state;
    use_machine();
    open_world(&world, &no_options);
    struct aws_credentials *first = must_get(&world);
    aws_provider_refuse(world.provider, first);
    aws_credentials_unref(must_get(&world));
    assert_int_equal(gate_count("token"), 1);
    assert_int_equal(gate_count("machine"), 2);
    gate_settings("{'forget_tokens':true}"); /* 401, so a new one is had */
    struct aws_credentials *second = must_get(&world);
    aws_provider_refuse(world.provider, second);
    aws_credentials_unref(must_get(&world));
    assert_int_equal(gate_count("token"), 2);
    assert_int_equal(gate_count("machine"), 3);
    aws_credentials_unref(first);
    aws_credentials_unref(second);
    close_world(&world);
}

static void a_machine_without_version_2_is_not_asked_without_a_token(void **state)
{
    struct world world;
    (void)state;
    use_machine();
    gate_settings("{'metadata':{'v1':true}}");
    open_world(&world, &no_options);
    must_fail(&world, "no AWS credentials");
    assert_int_equal(gate_count("machine"), 0);
    close_world(&world);
}

static void a_machine_that_is_not_there_is_not_asked_for_a_minute(void **state)
{
    struct world world;
    (void)state;
    use_machine();
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1", 1);
    open_world(&world, &no_options);
    must_fail(&world, "no AWS credentials");
    use_machine();
    must_fail(&world, "no AWS credentials");
    assert_int_equal(gate_count("token"), 0);
    atomic_store(&shift_ms, 61000);
    aws_credentials_unref(must_get(&world));
    close_world(&world);
}

/* Replies to a container are dropped where the machine's hop limit is 1; here nobody accepts. */
static void a_machine_that_does_not_answer_may_have_too_small_a_hop_limit(void **state)
{
    struct world world;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    char url[64];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    use_machine();
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
    open_world(&world, &no_options);
    must_fail(&world, "http-put-response-hop-limit has to be 2");
    close_world(&world);
    close(fd);
}

static void what_a_machine_says_of_its_region_is_used(void **state)
{
    struct world world;
    char region[AWS_REGION_TEXT] = "";
    (void)state;
    use_machine();
    gate_settings("{'metadata':{'region':'eu-north-1'}}");
    open_world(&world, &no_options);
    assert_true(aws_provider_region(world.provider, NULL, region));
    assert_string_equal(region, "eu-north-1");
    gate_settings("{'metadata':{'region':'evil.example/'}}");
    assert_false(aws_provider_region(world.provider, NULL, region));
    close_world(&world);
}

static void a_container_is_asked_only_where_it_may_be(void **state)
{
    static const char *const urls[] = {"http://127.0.0.1.example/x", "http://[::2]/x", "ftp://127.0.0.1/x", "x",
                                       "http://user@127.0.0.1/x"};
    struct world world;
    (void)state;
    use_container();
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", urls[i], 1);
        open_world(&world, &no_options);
        must_fail(&world, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
        close_world(&world);
    }
    assert_int_equal(gate_count("container"), 0);
}

static void the_token_of_a_container_is_read_each_time(void **state)
{
    struct world world;
    (void)state;
    use_container();
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "another", 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "container.token", 1);
    write_file("container.token", "gate-container-token\n");
    open_world(&world, &no_options);
    struct aws_credentials *first = must_get(&world);
    write_file("container.token", "gate-container-token\r\nx: y");
    aws_provider_refuse(world.provider, first);
    must_fail(&world, "container.token");
    write_file("container.token", "gate-container-token");
    aws_credentials_unref(must_get(&world));
    unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    aws_credentials_unref(first);
    close_world(&world);
    open_world(&world, &no_options);
    must_fail(&world, "403");
    close_world(&world);
    unlink("container.token");
}

static void a_container_that_stumbles_is_asked_three_times(void **state)
{
    struct world world;
    (void)state;
    use_container();
    gate_settings("{'metadata':{'broken':true}}");
    open_world(&world, &no_options);
    must_fail(&world, "500");
    assert_int_equal(gate_count("container"), 3);
    close_world(&world);
}

static void an_identity_is_read_each_time(void **state)
{
    struct world world;
    (void)state;
    use_identity("good\n");
    open_world(&world, &no_options);
    struct aws_credentials *first = must_get(&world);
    assert_non_null(first->token);
    gate_settings("{'metadata':{'identity':'rotated'}}");
    write_file("identity.token", "rotated");
    aws_provider_refuse(world.provider, first);
    aws_credentials_unref(must_get(&world));
    assert_int_equal(gate_count("identity"), 2);
    aws_credentials_unref(first);
    close_world(&world);
    unlink("identity.token");
}

static void an_identity_may_stumble_once(void **state)
{
    struct world world;
    (void)state;
    use_identity("good");
    gate_settings("{'metadata':{'fail':['InvalidIdentityToken','IDPCommunicationError']}}");
    open_world(&world, &no_options);
    aws_credentials_unref(must_get(&world));
    assert_int_equal(gate_count("identity"), 3);
    close_world(&world);
    gate_settings("{'metadata':{'fail':['InvalidIdentityToken','InvalidIdentityToken']}}");
    open_world(&world, &no_options);
    must_fail(&world, "no");
    assert_string_equal(world.fault.code, "InvalidIdentityToken");
    assert_int_equal(gate_count("identity"), 5);
    close_world(&world);
    gate_settings("{'metadata':{'fail':['AccessDenied']}}");
    open_world(&world, &no_options);
    must_fail(&world, "no");
    assert_int_equal(gate_count("identity"), 6);
    close_world(&world);
    unlink("identity.token");
}

/* ---- renewing ---- */

static void get_in_thread(void *arg, int index)
{
    struct world *world = arg;
    struct aws_credentials *credentials = NULL;
    struct aws_fault fault;
    (void)index;
    if (!aws_provider_get(world->provider, NULL, &credentials, &fault)) {
        abort();
    }
    aws_credentials_unref(credentials);
}

static void of_many_who_ask_one_looks(void **state)
{
    struct world world;
    (void)state;
    use_machine();
    open_world(&world, &no_options);
    run_threads(THREADS, get_in_thread, &world);
    assert_int_equal(gate_count("machine"), 1);
    atomic_store(&shift_ms, HOUR_MS - 10 * 60000); /* soon at their end */
    run_threads(THREADS, get_in_thread, &world);
    assert_int_equal(gate_count("machine"), 2);
    close_world(&world);
}

static void short_lives_have_short_windows(void **state)
{
    struct aws_credentials credentials = {.obtained_ms = 0, .expires_ms = 12 * HOUR_MS};
    (void)state;
    assert_int_equal(aws_credentials_advisory_ms(&credentials), 15 * 60000);
    assert_int_equal(aws_credentials_mandatory_ms(&credentials), 5 * 60000);
    credentials.expires_ms = 6000;
    assert_int_equal(aws_credentials_advisory_ms(&credentials), 2000);
    assert_int_equal(aws_credentials_mandatory_ms(&credentials), 1000);
    struct world world;
    use_machine();
    gate_settings("{'metadata':{'seconds':60}}");
    open_world(&world, &no_options);
    for (int i = 0; i < 10; i++) {
        aws_credentials_unref(must_get(&world));
    }
    assert_int_equal(gate_count("machine"), 1); /* not at every request */
    atomic_store(&shift_ms, 45000);
    aws_credentials_unref(must_get(&world));
    assert_int_equal(gate_count("machine"), 2);
    close_world(&world);
}

static void old_ones_are_used_while_new_ones_cannot_be_had(void **state)
{
    struct world world;
    (void)state;
    use_machine();
    open_world(&world, &no_options);
    struct aws_credentials *first = must_get(&world);
    gate_settings("{'metadata':{'broken':true}}");
    atomic_store(&shift_ms, HOUR_MS - 2 * 60000); /* where they must be renewed */
    for (int i = 0; i < 5; i++) {
        must_have_key(&world, first->access_key);
    }
    assert_int_equal(gate_count("machine"), 2); /* it is not tried every time */
    atomic_store(&shift_ms, HOUR_MS - 30000);
    must_have_key(&world, first->access_key);
    assert_int_equal(gate_count("machine"), 3);
    atomic_store(&shift_ms, HOUR_MS + 60000); /* they have ended */
    must_fail(&world, "500");
    gate_settings("{'metadata':{'broken':false}}");
    struct aws_credentials *second = must_get(&world); /* and nobody is stuck */
    assert_string_not_equal(second->access_key, first->access_key);
    aws_credentials_unref(first);
    aws_credentials_unref(second);
    close_world(&world);
}

static void expired_ones_of_a_machine_are_used_on(void **state)
{
    struct world world;
    (void)state;
    use_machine();
    gate_settings("{'metadata':{'seconds':-60}}");
    open_world(&world, &no_options);
    struct aws_credentials *credentials = must_get(&world);
    must_have_key(&world, credentials->access_key);
    assert_int_equal(gate_count("machine"), 1);
    aws_credentials_unref(credentials);
    close_world(&world);
}

static void only_what_is_in_use_can_be_refused(void **state)
{
    struct world world;
    (void)state;
    use_machine();
    open_world(&world, &no_options);
    struct aws_credentials *first = must_get(&world);
    aws_provider_refuse(world.provider, first);
    struct aws_credentials *second = must_get(&world);
    aws_provider_refuse(world.provider, first); /* by another thread, late */
    must_have_key(&world, second->access_key);
    assert_int_equal(gate_count("machine"), 2);
    aws_credentials_unref(first);
    aws_credentials_unref(second);
    close_world(&world);
}

#define CREDENTIALS_TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREDENTIALS_TEST(the_most_specific_place_comes_first),
        CREDENTIALS_TEST(halves_and_nonsense_are_told),
        CREDENTIALS_TEST(profiles_that_cannot_help_are_told),
        CREDENTIALS_TEST(a_file_that_changes_is_read_again),
        CREDENTIALS_TEST(a_machine_is_asked_with_a_token_that_is_kept),
        CREDENTIALS_TEST(a_machine_without_version_2_is_not_asked_without_a_token),
        CREDENTIALS_TEST(a_machine_that_is_not_there_is_not_asked_for_a_minute),
        CREDENTIALS_TEST(a_machine_that_does_not_answer_may_have_too_small_a_hop_limit),
        CREDENTIALS_TEST(what_a_machine_says_of_its_region_is_used),
        CREDENTIALS_TEST(a_container_is_asked_only_where_it_may_be),
        CREDENTIALS_TEST(the_token_of_a_container_is_read_each_time),
        CREDENTIALS_TEST(a_container_that_stumbles_is_asked_three_times),
        CREDENTIALS_TEST(an_identity_is_read_each_time),
        CREDENTIALS_TEST(an_identity_may_stumble_once),
        CREDENTIALS_TEST(of_many_who_ask_one_looks),
        CREDENTIALS_TEST(short_lives_have_short_windows),
        CREDENTIALS_TEST(old_ones_are_used_while_new_ones_cannot_be_had),
        CREDENTIALS_TEST(expired_ones_of_a_machine_are_used_on),
        CREDENTIALS_TEST(only_what_is_in_use_can_be_refused),
    };
    return aws_http_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
