/* Large bodies, which go by parts. */
#include "bucket.h"
#include "conformance/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MIB = 1 << 20, PART_BYTES = 5 * MIB, BODY_BYTES = 12 * MIB + 345 };

/* Parts are as small as the service allows. */
static void use_small_parts(struct fixture *fixture)
{
    const struct pxm_unit *unit = bucket_driver()->unit;
    conformance_set_int(unit, place_config(), "multipart_above", PART_BYTES);
    conformance_set_int(unit, place_config(), "part_size", PART_BYTES);
    place_reopen(fixture);
}

static int setup(void **state)
{
    int result = fixture_setup(state);
    use_small_parts(*state);
    return result;
}

#define PART_TEST(function, driver) cmocka_unit_test_prestate_setup_teardown(function, setup, fixture_teardown, driver)

static pxm_status put_plan(struct fixture *fixture, const char *key, const struct body_plan *plan, uint32_t flags)
{
    return store_put(fixture, key, plan, flags);
}

/* Bytes of the nth part that was sent; -1: there is none. */
static int64_t part_bytes(const struct fixture *fixture, size_t number)
{
    const struct pxm_host *host = fixture->host;
    pxm_value *state = gate_state();
    const pxm_value *log = host->value_get(state, "log");
    int64_t bytes = -1;
    for (size_t i = 0; i < host->value_count(log) && bytes < 0; i++) {
        const pxm_value *entry = host->value_at(log, i);
        bool is_part = strstr(host->value_as_string(host->value_get(entry, "url"), NULL), "partNumber=") != NULL;
        if (is_part && number-- == 0) {
            const pxm_value *length = host->value_get(host->value_get(entry, "headers"), "content-length");
            bytes = strtoll(host->value_as_string(length, NULL), NULL, 10);
        }
    }
    host->value_unref(state);
    return bytes;
}

static void assert_parts(struct fixture *fixture)
{
    assert_int_equal(field_int(fixture, "bytes"), BODY_BYTES);
    assert_true(field_bool(fixture, "created"));
    assert_non_null(strstr(field_text(fixture, "etag"), "-3\""));
    assert_int_equal(part_bytes(fixture, 0), PART_BYTES);
    assert_int_equal(part_bytes(fixture, 1), PART_BYTES);
    assert_int_equal(part_bytes(fixture, 2), BODY_BYTES - 2 * PART_BYTES);
    assert_int_equal(part_bytes(fixture, 3), -1);
    must_have(fixture, "large", BODY_BYTES, 1);
}

/* A file is mapped part by part, wherever in it the body starts. */
static void a_part_of_a_file_goes_by_parts(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    enum { START = 4097 };
    char path[] = "parts-XXXXXX";
    uint8_t *content = calloc(1, START + BODY_BYTES);
    pxm_blob *blob = NULL;
    int fd = mkstemp(path);
    assert_non_null(content);
    assert_true(fd >= 0);
    unlink(path);
    body_fill(content + START, 1, 0, BODY_BYTES);
    assert_int_equal(write(fd, content, START + BODY_BYTES), START + BODY_BYTES);
    free(content);
    assert_status(fixture, host->blob_from_fd(fd, START, BODY_BYTES, &blob, fixture->error), PXM_OK);
    pxm_stream *body = host->stream_of_blob(blob);
    struct pxm_put put = {.struct_size = sizeof put, .key = "large", .body = body};
    assert_status(fixture, store_put_with(fixture, &put), PXM_OK);
    host->stream_close(body);
    host->blob_unref(blob);
    assert_parts(fixture);
}

static void all_parts_but_the_last_are_equal(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    assert_status(fixture, put_plan(fixture, "large", &plan, 0), PXM_OK);
    assert_parts(fixture);
}

static void a_body_of_unknown_size_goes_by_parts(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    plan.announced = -1;
    assert_status(fixture, put_plan(fixture, "large", &plan, 0), PXM_OK);
    assert_parts(fixture);
}

static void put_blob(struct fixture *fixture, bool is_hashed)
{
    uint8_t *bytes = malloc(BODY_BYTES);
    assert_non_null(bytes);
    body_fill(bytes, 1, 0, BODY_BYTES);
    pxm_blob *blob = fixture->host->blob_new(bytes, BODY_BYTES, free, bytes);
    if (is_hashed) {
        assert_non_null(fixture->host->blob_sha256(blob));
    }
    pxm_stream *body = fixture->host->stream_of_blob(blob);
    struct pxm_put put = {.struct_size = sizeof put, .key = "large", .body = body};
    assert_status(fixture, store_put_with(fixture, &put), PXM_OK);
    fixture->host->stream_close(body);
    assert_true(is_hashed == (fixture->host->blob_known_sha256(blob) != NULL));
    fixture->host->blob_unref(blob);
}

/* Signatures want the hashes of the parts. */
static void a_blob_goes_by_parts_without_being_hashed_as_a_whole(void **state)
{
    struct fixture *fixture = *state;
    put_blob(fixture, false);
    assert_null(field_text(fixture, "sha256"));
    assert_parts(fixture);
}

static void a_hash_that_is_known_is_told(void **state)
{
    struct fixture *fixture = *state;
    char sha256[65];
    body_sha256(1, BODY_BYTES, sha256);
    put_blob(fixture, true);
    assert_string_equal(field_text(fixture, "sha256"), sha256);
    assert_parts(fixture);
}

static void a_body_of_whole_parts_has_no_empty_one(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(2 * PART_BYTES, 1);
    plan.announced = -1;
    assert_status(fixture, put_plan(fixture, "whole", &plan, 0), PXM_OK);
    assert_int_equal(part_bytes(fixture, 1), PART_BYTES);
    assert_int_equal(part_bytes(fixture, 2), -1);
    must_have(fixture, "whole", 2 * PART_BYTES, 1);
}

static void attributes_go_with_the_first_request(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    pxm_stream *body = body_stream(&plan);
    struct pxm_put put = {.struct_size = sizeof put, .key = "large", .content_type = "image/tiff", .body = body};
    assert_status(fixture, store_put_with(fixture, &put), PXM_OK);
    fixture->host->stream_close(body);
    assert_status(fixture, store_head(fixture, "large"), PXM_OK);
    assert_string_equal(field_text(fixture, "content_type"), "image/tiff");
}

static void a_part_that_fails_is_sent_again(void **state)
{
    static const char *const faults[] = {
        "[{'method':'PUT','url':'partNumber=2','reset':'after'}]",
        "[{'method':'PUT','url':'partNumber=3','status':500}]",
        "[{'method':'POST','url':'uploads=','reset':'before'}]",
        "[{'method':'POST','url':'uploadId=','status':200,'body':'  <Error><Code>InternalError</Code></Error>'}]",
    };
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        gate_faults(faults[i]);
        assert_status(fixture, put_plan(fixture, "large", &plan, 0), PXM_OK);
        must_have(fixture, "large", BODY_BYTES, 1);
    }
}

static void an_upload_whose_end_is_lost_is_found_complete(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    gate_faults("[{'method':'POST','url':'uploadId=','reset':'after'}]");
    assert_status(fixture, put_plan(fixture, "large", &plan, 0), PXM_OK);
    assert_int_equal(field_int(fixture, "bytes"), BODY_BYTES);
    must_have(fixture, "large", BODY_BYTES, 1);
}

static void an_upload_that_fails_is_given_up(void **state)
{
    static const char *const faults[] = {
        "[{'method':'PUT','url':'partNumber=2','status':500,'times':3}]",
        "[{'method':'PUT','url':'partNumber=3','status':403,'body':'<Error><Code>AccessDenied</Code></Error>'}]",
        "[{'method':'POST','url':'uploadId=','status':200,'body':'<html>'}]",
    };
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        gate_faults(faults[i]);
        assert_true(put_plan(fixture, "large", &plan, 0) != PXM_OK);
        must_not_have(fixture, "large");
        assert_int_equal(gate_requests("DELETE"), i + 1);
    }
}

static void stop(void *arg)
{
    struct fixture *fixture = arg;
    atomic_store(&fixture->cancelled, true);
}

static void bodies_that_fail_or_lie_leave_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    plan.fail_at = BODY_BYTES - 1;
    assert_status(fixture, put_plan(fixture, "large", &plan, 0), PXM_E_TRANSIENT);
    assert_string_equal(fixture->error->code, "test.reset");
    plan = body_plan(BODY_BYTES, 1);
    plan.announced = BODY_BYTES + 1;
    assert_failed(fixture, put_plan(fixture, "large", &plan, 0), PXM_E_INVALID, "store.truncated");
    plan.announced = BODY_BYTES - 1;
    assert_failed(fixture, put_plan(fixture, "large", &plan, 0), PXM_E_INVALID, "store.truncated");
    plan = body_plan(BODY_BYTES, 1);
    plan.stop_at = 7 * MIB;
    plan.stop = stop;
    plan.arg = fixture;
    assert_status(fixture, put_plan(fixture, "large", &plan, 0), PXM_E_TIMEOUT);
    atomic_store(&fixture->cancelled, false);
    must_not_have(fixture, "large");
}

static void if_absent_holds_for_parts(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    assert_status(fixture, put_plan(fixture, "large", &plan, PXM_PUT_IF_ABSENT), PXM_OK);
    assert_true(field_bool(fixture, "created"));
    size_t sent = gate_requests("PUT");
    plan.seed = 2;
    assert_status(fixture, put_plan(fixture, "large", &plan, PXM_PUT_IF_ABSENT), PXM_OK);
    assert_false(field_bool(fixture, "created"));
    assert_int_equal(gate_requests("PUT"), sent); /* nothing was sent in vain */
    must_have(fixture, "large", BODY_BYTES, 1);
}

static void an_object_that_comes_in_between_is_left(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 2);
    must_put(fixture, "large", 10, 1);
    gate_faults("[{'method':'HEAD','status':404}]"); /* as if it was not there yet */
    assert_status(fixture, put_plan(fixture, "large", &plan, PXM_PUT_IF_ABSENT), PXM_OK);
    assert_false(field_bool(fixture, "created"));
    assert_int_equal(field_int(fixture, "bytes"), 10);
    must_have(fixture, "large", 10, 1);
}

int main(void)
{
    struct conformance_driver *driver = bucket_driver();
    const struct CMUnitTest tests[] = {
        PART_TEST(all_parts_but_the_last_are_equal, driver),
        PART_TEST(a_part_of_a_file_goes_by_parts, driver),
        PART_TEST(a_body_of_unknown_size_goes_by_parts, driver),
        PART_TEST(a_blob_goes_by_parts_without_being_hashed_as_a_whole, driver),
        PART_TEST(a_hash_that_is_known_is_told, driver),
        PART_TEST(a_body_of_whole_parts_has_no_empty_one, driver),
        PART_TEST(attributes_go_with_the_first_request, driver),
        PART_TEST(a_part_that_fails_is_sent_again, driver),
        PART_TEST(an_upload_whose_end_is_lost_is_found_complete, driver),
        PART_TEST(an_upload_that_fails_is_given_up, driver),
        PART_TEST(bodies_that_fail_or_lie_leave_nothing, driver),
        PART_TEST(if_absent_holds_for_parts, driver),
        PART_TEST(an_object_that_comes_in_between_is_left, driver),
    };
    return cmocka_run_group_tests_name("s3: parts", tests, NULL, NULL);
}
