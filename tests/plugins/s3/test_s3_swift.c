/* s3 over the S3 API of OpenStack Swift, a server that is none of ours and verifies signatures, hashes and lengths. It
 * knows no condition for a put and no form of a browser; all else is what every store does. */
#include "aws-gate/gate.h"
#include "conformance/storage.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PYTHON "/usr/bin/python3" /* that of Debian, which its packages are for */

enum { MIB = 1 << 20, EXIT_SKIPPED = 77, MINUTE_MS = 60000 };

static struct {
    pid_t pid;
    FILE *input, *output; /* it ends when the first closes */
    int port, buckets;
    char bucket[32];
    const struct pxm_unit *unit;
    void *config;
} swift;

/* ---- the server -------------------------------------------------------------------------------------------------- */

static int run(const char *const argv[])
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void stop(void)
{
    static const char *const remove[] = {"/bin/rm", "-rf", "swift", NULL};
    fclose(swift.input);
    waitpid(swift.pid, NULL, 0);
    run(remove);
}

/* The data lie in this folder, which is that of the build. */
static void start(void)
{
    static const char *const remove[] = {"/bin/rm", "-rf", "swift", NULL};
    int input[2], output[2];
    run(remove);
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    swift.pid = fork();
    assert_true(swift.pid >= 0);
    if (swift.pid == 0) {
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        execl(PYTHON, PYTHON, "-B", PXM_TEST_SOURCE "/tests/swift/server.py", "swift", (char *)NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    swift.input = fdopen(input[1], "w");
    swift.output = fdopen(output[0], "r");
    assert_non_null(swift.input);
    assert_non_null(swift.output);
    signal(SIGPIPE, SIG_IGN);
    atexit(stop);
    assert_int_equal(fscanf(swift.output, "{\"s3\": %d}", &swift.port), 1);
}

static void make_bucket(void)
{
    int status = 0;
    snprintf(swift.bucket, sizeof swift.bucket, "images-%d", ++swift.buckets);
    fprintf(swift.input, "%s\n", swift.bucket);
    fflush(swift.input);
    assert_int_equal(fscanf(swift.output, "%d", &status), 1);
    assert_int_equal(status, 201);
}

/* ---- the driver -------------------------------------------------------------------------------------------------- */

static void set_config(void)
{
    const struct pxm_unit *unit = swift.unit;
    static char url[64]; /* the config borrows it */
    snprintf(url, sizeof url, "http://127.0.0.1:%d", swift.port);
    conformance_set_string(unit, swift.config, "bucket", swift.bucket);
    conformance_set_string(unit, swift.config, "endpoint", url);
    conformance_set_string(unit, swift.config, "region", "us-east-1");
    conformance_set_string(unit, swift.config, "access_key", "gate:gate");
    conformance_set_string(unit, swift.config, "secret_key", GATE_SECRET);
    conformance_set_choice(unit, swift.config, "if_absent", 1);
    conformance_set_int(unit, swift.config, "multipart_above", INT64_C(64) << 20);
    conformance_set_int(unit, swift.config, "part_size", INT64_C(8) << 20);
}

static void *open_again(void *arg)
{
    void *self = NULL;
    pxm_error *error = pxm_error_new();
    (void)arg;
    if (swift.unit->create(conformance_host(), swift.config, &self, error) != PXM_OK) {
        fail_msg("create: %s", error->text);
    }
    pxm_error_free(error);
    return self;
}

static void *open_new(void *arg)
{
    if (swift.pid == 0) {
        start();
    }
    make_bucket();
    set_config();
    return open_again(arg);
}

static void close_instance(void *arg, void *self)
{
    (void)arg;
    swift.unit->destroy(self);
}

static void finish(void *arg)
{
    (void)arg;
}

static void reopen(struct fixture *fixture)
{
    swift.unit->destroy(fixture->self);
    fixture->self = open_again(NULL);
}

/* ---- what another server takes for good, and for bad ------------------------------------------------------------- */

static char *signed_url(struct fixture *fixture, const char *method, const char *key, const char *type)
{
    const struct pxm_storage_ops *ops = fixture->ops;
    struct pxm_presign presign = {.struct_size = sizeof presign,
                                  .method = method,
                                  .key = key,
                                  .expires_ms = MINUTE_MS,
                                  .content_type = type,
                                  .bytes_max = PXM_UNSET_INT};
    fixture_next(fixture);
    assert_status(fixture, ops->presign(fixture->self, &fixture->job, &presign, fixture->fields, fixture->error),
                  PXM_OK);
    char *url = strdup(field_text(fixture, "url"));
    assert_non_null(url);
    return url;
}

static void signed_urls_are_good_for_what_they_were_signed_for(void **state)
{
    struct fixture *fixture = *state;
    static const char key[] = "a b/'()!*~+%/caf\xc3\xa9?x=y&z";
    char reply[64];
    char *url = signed_url(fixture, "PUT", key, "image/png");
    assert_int_equal(gate_send("PUT", url, "text/html", "png", 3, NULL, 0), 403);
    assert_int_equal(gate_send("GET", url, NULL, NULL, 0, NULL, 0), 403);
    must_not_have(fixture, key);
    assert_int_equal(gate_send("PUT", url, "image/png", "png", 3, NULL, 0), 200);
    free(url);
    assert_status(fixture, store_head(fixture, key), PXM_OK);
    assert_string_equal(field_text(fixture, "content_type"), "image/png");
    url = signed_url(fixture, "GET", key, NULL);
    assert_int_equal(gate_send("GET", url, NULL, NULL, 0, reply, sizeof reply), 200);
    assert_string_equal(reply, "png");
    char *at = strstr(url, "a%20b");
    assert_non_null(at);
    at[0] = 'b';
    assert_int_equal(gate_send("GET", url, NULL, NULL, 0, NULL, 0), 403);
    free(url);
}

static void a_signed_upload_is_held_to_its_metadata(void **state)
{
    static const char text[] = "{'name': 'K\xc3\xa4se & 50%.jpg', 'tags': 'red,dark blue', 'owner': 'u-1'}";
    struct fixture *fixture = *state;
    const struct pxm_storage_ops *ops = fixture->ops;
    pxm_value *meta = json_value(text);
    struct pxm_presign presign = {.struct_size = sizeof presign,
                                  .method = "PUT",
                                  .key = "k",
                                  .expires_ms = MINUTE_MS,
                                  .content_type = "image/png",
                                  .bytes_max = PXM_UNSET_INT,
                                  .meta = meta};
    fixture_next(fixture);
    assert_status(fixture, ops->presign(fixture->self, &fixture->job, &presign, fixture->fields, fixture->error),
                  PXM_OK);
    char *url = strdup(field_text(fixture, "url"));
    pxm_value *headers = fixture->host->value_ref(fixture->host->value_get(fixture->fields, "headers"));
    assert_int_equal(gate_send("PUT", url, "image/png", "png", 3, NULL, 0), 403);
    must_not_have(fixture, "k");
    assert_int_equal(gate_send_headers("PUT", url, headers, "png", 3), 200);
    assert_status(fixture, store_head(fixture, "k"), PXM_OK);
    assert_field_json(fixture, "meta", text);
    fixture->host->value_unref(headers);
    fixture->host->value_unref(meta);
    free(url);
}

static void large_objects_go_in_by_parts_and_come_out_in_pieces(void **state)
{
    struct fixture *fixture = *state;
    int64_t bytes = 20 * MIB + 3;
    struct body_plan plan = body_plan(bytes, 1);
    pxm_stream *stream = NULL;
    plan.announced = -1;
    assert_status(fixture, store_put(fixture, "large", &plan, 0), PXM_OK);
    assert_int_equal(field_int(fixture, "bytes"), bytes);
    must_have(fixture, "large", bytes, 1);
    assert_status(fixture, store_get(fixture, "large", 8 * MIB - 5, 10, NULL, &stream), PXM_OK);
    assert_body(fixture, stream, 1, 8 * MIB - 5, 10);
    assert_status(fixture, store_get(fixture, "large", bytes - 2, 100, NULL, &stream), PXM_OK);
    assert_body(fixture, stream, 1, bytes - 2, 2);
    assert_status(fixture, store_remove(fixture, "large"), PXM_OK);
    must_be_empty(fixture);
}

static void what_was_given_up_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(20 * MIB, 1);
    plan.announced = -1;
    plan.fail_at = 17 * MIB;
    assert_true(store_put(fixture, "large", &plan, 0) != PXM_OK);
    must_be_empty(fixture);
}

static void a_wrong_secret_is_denied(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(10, 1);
    conformance_set_string(swift.unit, swift.config, "secret_key", "another-secret-of-32-characters-x");
    reopen(fixture);
    assert_failed(fixture, store_put(fixture, "k", &plan, 0), PXM_E_DENIED, "store.denied");
    assert_non_null(strstr(fixture->error->text, "SignatureDoesNotMatch"));
    assert_null(strstr(fixture->error->text, "another-secret"));
}

static void another_region_is_found_out(void **state)
{
    struct fixture *fixture = *state;
    conformance_set_string(swift.unit, swift.config, "region", "eu-north-1");
    reopen(fixture);
    must_put(fixture, "k", 10, 1);
    must_have(fixture, "k", 10, 1);
}

static void a_bucket_that_is_not_there_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(10, 1);
    conformance_set_string(swift.unit, swift.config, "bucket", "nowhere");
    reopen(fixture);
    assert_failed(fixture, store_put(fixture, "k", &plan, 0), PXM_E_INVALID, "store.unavailable");
    assert_non_null(strstr(fixture->error->text, "NoSuchBucket"));
}

/* What it lacks, so that nobody relies on it unawares. */
static void a_condition_is_refused_with_the_option_that_helps(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(10, 1);
    conformance_set_choice(swift.unit, swift.config, "if_absent", 0);
    reopen(fixture);
    assert_failed(fixture, store_put(fixture, "k", &plan, PXM_PUT_IF_ABSENT), PXM_E_INVALID, "store.unsupported");
    assert_non_null(strstr(fixture->error->text, "if_absent: head"));
    must_not_have(fixture, "k");
}

static void forms_are_not_taken(void **state)
{
    struct fixture *fixture = *state;
    static const char form[] =
        "--mark\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--mark\r\n"
        "Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nbody\r\n--mark--\r\n";
    char *url = signed_url(fixture, "POST", "k", NULL);
    long status = gate_send("POST", url, "multipart/form-data; boundary=mark", form, sizeof form - 1, NULL, 0);
    assert_true(status >= 400);
    must_not_have(fixture, "k");
    free(url);
}

static bool is_installed(void)
{
    static const char *const look[] = {PYTHON, "-c", "import swift.common.middleware.s3api, swift.obj.server", NULL};
    return access(PYTHON, X_OK) == 0 && run(look) == 0;
}

int main(void)
{
    static struct conformance_driver driver = {.open = open_new,
                                               .open_again = open_again,
                                               .close = close_instance,
                                               .finish = finish,
                                               .thrift = 10,
                                               .lacks = CONFORMANCE_EXCLUSIVE_PUT};
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(signed_urls_are_good_for_what_they_were_signed_for, &driver),
        FIXTURE_TEST(a_signed_upload_is_held_to_its_metadata, &driver),
        FIXTURE_TEST(large_objects_go_in_by_parts_and_come_out_in_pieces, &driver),
        FIXTURE_TEST(what_was_given_up_leaves_nothing, &driver),
        FIXTURE_TEST(a_wrong_secret_is_denied, &driver),
        FIXTURE_TEST(another_region_is_found_out, &driver),
        FIXTURE_TEST(a_bucket_that_is_not_there_is_told, &driver),
        FIXTURE_TEST(a_condition_is_refused_with_the_option_that_helps, &driver),
        FIXTURE_TEST(forms_are_not_taken, &driver),
    };
    if (!is_installed()) {
        printf("SKIPPED: OpenStack Swift is not installed (Debian: python3-swift), so no server of others verified "
               "what s3 signs\n");
        return EXIT_SKIPPED;
    }
    swift.unit = conformance_load("s3", PXM_IFACE_STORAGE);
    swift.config = conformance_config(swift.unit);
    driver.unit = swift.unit;
    int failed = conformance_storage(&driver);
    failed += cmocka_run_group_tests_name("s3: swift", tests, NULL, NULL);
    free(swift.config);
    return failed;
}
