/* Messages between processes: what goes in comes out, blobs by their descriptors, and nothing that the other side sends
 * is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/blob.h"
#include "base/value.h"
#include "daemon/ipc.h"
#include "daemon/packed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int pair[2];

static int open_pair(void **state)
{
    (void)state;
    return ipc_pair(pair, NULL) == PXM_OK ? 0 : -1;
}

static int close_pair(void **state)
{
    (void)state;
    close(pair[0]);
    close(pair[1]);
    return 0;
}

static int file_with(const char *text)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static pxm_blob *blob_of(int fd, int64_t offset, int64_t length)
{
    pxm_blob *blob = NULL;

    assert_int_equal(pxm_blob_from_fd(fd, offset, length, &blob, NULL), PXM_OK);
    return blob;
}

static void send_value(pxm_value *value)
{
    pxm_error error = {0};

    assert_int_equal(pxm_value_status(value), PXM_OK);
    assert_int_equal(ipc_send(pair[0], 7, value, -1, true, &error), PXM_OK);
    pxm_value_unref(value);
}

static pxm_value *receive_value(void)
{
    struct ipc_message message;
    pxm_error error = {0};
    enum ipc_received received = ipc_receive(pair[1], true, &message, &error);

    assert_string_equal(error.text, "");
    assert_int_equal(received, IPC_MESSAGE);
    assert_int_equal(message.type, 7);
    assert_int_equal(message.handle, -1);
    return message.value;
}

static void expect_text(const pxm_value *value, const char *text)
{
    const pxm_blob *blob = pxm_value_as_blob(value);
    size_t length = 0;

    assert_non_null(blob);
    const void *data = pxm_blob_data(blob, &length);
    assert_int_equal(length, strlen(text));
    assert_memory_equal(data, text, length);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static void values_come_out_as_they_went_in(void **state)
{
    pxm_value *list = pxm_value_list(), *value = pxm_value_record();
    (void)state;

    pxm_value_append(list, pxm_value_int(INT64_MIN));
    pxm_value_append(list, pxm_value_float(1.5));
    pxm_value_append(list, pxm_value_cstring("a\"\n\x7f"));
    pxm_value_append(list, pxm_value_null());
    pxm_value_set(value, "list", list);
    pxm_value_set(value, "", pxm_value_bool(1));
    pxm_value *copy = pxm_value_ref(value);
    send_value(value);
    pxm_value *back = receive_value();
    assert_true(pxm_value_equal(back, copy));
    pxm_value_unref(copy);
    pxm_value_unref(back);
}

static void blobs_come_out_where_they_were(void **state)
{
    static const uint8_t digest[32] = {1, 2, 0xff};
    pxm_value *list = pxm_value_list(), *value = pxm_value_record();
    pxm_blob *described = pxm_blob_copy("described", 9);
    struct stat sent, received;
    (void)state;

    int fd = file_with("0123456789");
    assert_int_equal(fstat(fd, &sent), 0);
    pxm_blob_set_media(described, "image/png");
    pxm_blob_set_etag(described, "\"e\"");
    pxm_blob_set_sha256(described, digest);
    pxm_value_append(list, pxm_value_int(1));
    pxm_value_append(list, pxm_value_blob(blob_of(fd, 3, 4)));
    pxm_value_append(list, pxm_value_blob(pxm_blob_copy("in memory", 9)));
    pxm_value_append(list, pxm_value_blob(pxm_blob_copy("", 0)));
    pxm_value_set(value, "a.b", list);
    pxm_value_set(value, "own", pxm_value_blob(described));
    pxm_value_set(value, "text", pxm_value_cstring("kept"));
    send_value(value);
    pxm_value *back = receive_value();
    const pxm_value *items = pxm_value_get(back, "a.b");
    assert_int_equal(pxm_value_count(items), 4);
    expect_text(pxm_value_at(items, 1), "3456");
    expect_text(pxm_value_at(items, 2), "in memory");
    expect_text(pxm_value_at(items, 3), "");
    expect_text(pxm_value_get(back, "own"), "described");
    assert_string_equal(pxm_value_as_string(pxm_value_get(back, "text"), NULL), "kept");
    pxm_blob *own = pxm_value_as_blob(pxm_value_get(back, "own"));
    assert_string_equal(pxm_blob_media(own), "image/png");
    assert_string_equal(pxm_blob_etag(own), "\"e\"");
    assert_memory_equal(pxm_blob_known_sha256(own), digest, 32);
    assert_int_equal(fstat(pxm_blob_fd(pxm_value_as_blob(pxm_value_at(items, 1)), NULL), &received), 0);
    assert_int_equal(received.st_ino, sent.st_ino);
    assert_null(pxm_blob_known_sha256(pxm_value_as_blob(pxm_value_at(items, 1))));
    pxm_value_unref(back);
}

static void a_message_may_be_nothing_but_a_blob(void **state)
{
    (void)state;
    send_value(pxm_value_blob(pxm_blob_copy("all", 3)));
    pxm_value *back = receive_value();
    expect_text(back, "all");
    assert_true(pxm_blob_fd(pxm_value_as_blob(back), NULL) >= 0);
    pxm_value_unref(back);
}

static void data_cannot_imitate_a_blob(void **state)
{
    pxm_value *value = pxm_value_record(), *entry = pxm_value_record(), *path = pxm_value_list();
    (void)state;

    pxm_value_append(path, pxm_value_cstring("image"));
    pxm_value_set(entry, "at", path);
    pxm_value_set(entry, "fd", pxm_value_int(0));
    pxm_value_set(entry, "offset", pxm_value_int(0));
    pxm_value_set(entry, "length", pxm_value_int(1));
    pxm_value *blobs = pxm_value_list();
    pxm_value_append(blobs, entry);
    pxm_value_set(value, "image", pxm_value_null());
    pxm_value_set(value, "blobs", blobs);
    pxm_value *copy = pxm_value_ref(value);
    send_value(value);
    pxm_value *back = receive_value();
    assert_true(pxm_value_equal(back, copy));
    pxm_value_unref(copy);
    pxm_value_unref(back);
}

static void what_is_too_long_for_a_packet_goes_as_a_file(void **state)
{
    char *text = malloc(3 << 20);
    (void)state;

    assert_non_null(text);
    memset(text, 'x', 3 << 20);
    pxm_value *value = pxm_value_record();
    pxm_value_set(value, "text", pxm_value_string(text, 3 << 20));
    pxm_value_set(value, "blob", pxm_value_blob(pxm_blob_copy("abc", 3)));
    send_value(value);
    pxm_value *back = receive_value();
    size_t length = 0;
    assert_memory_equal(pxm_value_as_string(pxm_value_get(back, "text"), &length), text, 3 << 20);
    assert_int_equal(length, 3 << 20);
    expect_text(pxm_value_get(back, "blob"), "abc");
    pxm_value_unref(back);
    free(text);
}

static void a_handle_goes_along(void **state)
{
    struct ipc_message message;
    struct stat sent, received;
    pxm_error error = {0};
    int fd = file_with("x");
    (void)state;

    pxm_value *blob = pxm_value_blob(pxm_blob_copy("abc", 3));
    assert_int_equal(ipc_send(pair[0], 9, blob, fd, true, &error), PXM_OK);
    pxm_value_unref(blob);
    assert_int_equal(ipc_receive(pair[1], true, &message, &error), IPC_MESSAGE);
    assert_int_equal(fstat(fd, &sent), 0);
    assert_int_equal(fstat(message.handle, &received), 0);
    assert_int_equal(sent.st_ino, received.st_ino);
    assert_int_equal(fcntl(message.handle, F_GETFD), FD_CLOEXEC);
    expect_text(message.value, "abc");
    ipc_message_done(&message);
    close(fd);
}

static void errors_keep_all_that_they_say(void **state)
{
    pxm_error error = {0}, back = {0};
    (void)state;

    pxm_error_set(&error, PXM_E_THROTTLED, "store.busy", "later");
    pxm_error_note(&error, "request", "42");
    pxm_error_set_step(&error, "put");
    pxm_error_blame(&error, "decode");
    pxm_error_through(&error, "put", "upload.yaml:1:1");
    send_value(ipc_error_write(&error));
    pxm_value *value = receive_value();
    ipc_error_read(value, &back);
    assert_memory_equal(&back, &error, sizeof error);
    pxm_value_unref(value);
}

static void an_error_that_makes_no_sense_is_still_a_failure(void **state)
{
    static const int64_t statuses[] = {0, 1, -1000, INT64_MIN};
    (void)state;

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        pxm_value *value = pxm_value_record();
        pxm_error back = {0};
        pxm_value_set(value, "status", pxm_value_int(statuses[i]));
        pxm_value_set(value, "inner", pxm_value_int(1 << 30));
        ipc_error_read(value, &back);
        assert_int_equal(back.status, PXM_E_INTERNAL);
        assert_int_equal(back.inner, 0);
        pxm_value_unref(value);
    }
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

static void too_many_files_are_refused(void **state)
{
    pxm_value *list = pxm_value_list();
    pxm_error error = {0};
    (void)state;

    for (int i = 0; i <= PACKED_DESCRIPTORS_MAX; i++) {
        pxm_value_append(list, pxm_value_blob(blob_of(file_with("x"), 0, 1)));
    }
    assert_int_equal(ipc_send(pair[0], 7, list, -1, true, &error), PXM_E_LIMIT);
    assert_string_equal(error.code, "ipc.blobs");
    pxm_value_unref(list);
    struct ipc_message message;
    assert_int_equal(ipc_receive(pair[1], false, &message, &error), IPC_NOTHING);
}

static void what_could_not_be_read_is_not_sent(void **state)
{
    pxm_value *list = pxm_value_list();
    struct ipc_message message;
    pxm_error error = {0};
    (void)state;

    pxm_value_append(list, pxm_value_string("a\0b", 3));
    assert_int_equal(ipc_send(pair[0], 7, list, -1, true, &error), PXM_E_INVALID);
    assert_string_equal(error.code, "json.unsupported");
    assert_int_equal(ipc_receive(pair[1], false, &message, &error), IPC_NOTHING);
    pxm_value_unref(list);
}

static void many_blobs_in_memory_are_one_descriptor(void **state)
{
    pxm_value *list = pxm_value_list();
    char text[16];
    (void)state;

    for (int i = 0; i < 1000; i++) {
        int length = snprintf(text, sizeof text, "blob %d", i);
        pxm_value_append(list, pxm_value_blob(pxm_blob_copy(text, (size_t)length)));
    }
    send_value(list);
    pxm_value *back = receive_value();
    assert_int_equal(pxm_value_count(back), 1000);
    expect_text(pxm_value_at(back, 0), "blob 0");
    expect_text(pxm_value_at(back, 999), "blob 999");
    pxm_value_unref(back);
}

static void a_side_that_is_gone_or_does_not_read_is_told(void **state)
{
    struct ipc_message message;
    pxm_error error = {0};
    pxm_status status = PXM_OK;
    (void)state;

    while (status == PXM_OK) {
        status = ipc_send(pair[0], 1, NULL, -1, false, &error);
    }
    assert_string_equal(error.code, "ipc.full");
    shutdown(pair[1], SHUT_RDWR);
    assert_int_equal(ipc_send(pair[0], 1, NULL, -1, false, &error), PXM_E_TRANSIENT);
    assert_string_equal(error.code, "ipc.closed");
    while (ipc_receive(pair[1], false, &message, &error) == IPC_MESSAGE) {
        ipc_message_done(&message);
    }
    assert_int_equal(ipc_receive(pair[1], false, &message, &error), IPC_CLOSED);
}

static void expect_broken(const void *packet, size_t length)
{
    struct ipc_message message;
    pxm_error error = {0};

    assert_int_equal(send(pair[0], packet, length, MSG_NOSIGNAL), length);
    assert_int_equal(ipc_receive(pair[1], false, &message, &error), IPC_BROKEN);
    assert_string_equal(error.code, "ipc.invalid");
}

static void packets_that_are_no_message_are_refused(void **state)
{
    static const uint32_t no_magic[6] = {1, 1, 0, 0, 0, 0}, no_text[6] = {0x314d5850, 1, 0, 0, 0, 0},
                          unknown_flag[6] = {0x314d5850, 1, 4, 0, 0, 0}, no_file[6] = {0x314d5850, 1, 2, 0, 4, 2},
                          no_handle[6] = {0x314d5850, 1, 1, 0, 0, 0},
                          too_much[6] = {0x314d5850, 1, 0, 0, 0xffffffff, 0xffffffff};
    char long_packet[80 << 10] = {0};
    (void)state;

    expect_broken("x", 1);
    expect_broken(no_magic, sizeof no_magic);
    expect_broken(no_text, sizeof no_text);
    expect_broken(unknown_flag, sizeof unknown_flag);
    expect_broken(no_file, sizeof no_file);
    expect_broken(no_handle, sizeof no_handle);
    expect_broken(too_much, sizeof too_much);
    expect_broken(long_packet, sizeof long_packet);
}

/* Reads as a process that believes nothing would, with one descriptor of ten bytes. */
static pxm_status read_packed(const char *value, const char *blobs, bool sealed, pxm_value **ret, pxm_error *error)
{
    int fd = file_with("0123456789");

    if (sealed) {
        assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE), 0);
    }
    pxm_status status = packed_read(value, strlen(value), blobs, strlen(blobs), &fd, 1, ret, error);
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

static void lists_of_blobs_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *value, *blobs;
    } cases[] = {
        {"{", "[]"},
        {"null", "{}"},
        {"null", "null"},
        {"null", "[1]"},
        {"null", "[{}]"},
        {"null", "[{\"at\":[],\"fd\":1,\"offset\":0,\"length\":1}]"},
        {"null", "[{\"at\":[],\"fd\":-2,\"offset\":0,\"length\":1}]"},
        {"null", "[{\"at\":[],\"fd\":-1,\"offset\":0,\"length\":1}]"},
        {"null", "[{\"at\":[],\"fd\":0.0,\"offset\":0,\"length\":1}]"},
        {"null", "[{\"at\":[],\"fd\":0,\"offset\":0}]"},
        {"null", "[{\"at\":[],\"fd\":0,\"offset\":null,\"length\":1}]"},
        {"null", "[{\"at\":[\"a\"],\"fd\":0,\"offset\":0,\"length\":1}]"},
        {"null", "[{\"at\":null,\"fd\":0,\"offset\":0,\"length\":1}]"},
        {"1", "[{\"at\":[],\"fd\":0,\"offset\":0,\"length\":1}]"},
        {"{\"a\":1}", "[{\"at\":[\"a\"],\"fd\":0,\"offset\":0,\"length\":1}]"},
        {"{\"a\":null}", "[{\"at\":[0],\"fd\":0,\"offset\":0,\"length\":1}]"},
        {"[null]", "[{\"at\":[\"0\"],\"fd\":0,\"offset\":0,\"length\":1}]"},
        {"[null]", "[{\"at\":[1],\"fd\":0,\"offset\":0,\"length\":1}]"},
        {"[null]", "[{\"at\":[0,0],\"fd\":0,\"offset\":0,\"length\":1}]"},
        {"[null]", "[{\"at\":[0],\"fd\":0,\"offset\":0,\"length\":1,\"sha256\":\"12\"}]"},
        {"[null]", "[{\"at\":[0],\"fd\":0,\"offset\":0,\"length\":1,\"sha256\":7}]"},
        {"[null,null]", "[{\"at\":[1],\"fd\":0,\"offset\":0,\"length\":1},{\"at\":[0],\"fd\":0,\"offset\":0,"
                        "\"length\":1}]"},
        {"[null,null]", "[{\"at\":[0],\"fd\":0,\"offset\":0,\"length\":1},{\"at\":[1],\"fd\":0,\"offset\":9,"
                        "\"length\":2}]"},
        {"[null,null]", "[{\"at\":[0],\"fd\":0,\"offset\":0,\"length\":1},{\"at\":[1],\"fd\":0,\"offset\":-1,"
                        "\"length\":2}]"},
        {"[null,null]", "[{\"at\":[0],\"fd\":0,\"offset\":0,\"length\":1},{\"at\":[1],\"fd\":0,\"offset\":1,"
                        "\"length\":9223372036854775807}]"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pxm_value *value = NULL;
        pxm_error error = {0};
        if (read_packed(cases[i].value, cases[i].blobs, true, &value, &error) != PXM_E_INVALID) {
            fail_msg("%s with %s was taken", cases[i].value, cases[i].blobs);
        }
        assert_string_equal(error.code, "ipc.invalid");
        assert_null(value);
    }
}

static void a_range_beyond_its_file_is_refused(void **state)
{
    pxm_value *value = NULL;
    pxm_error error = {0};
    (void)state;

    assert_int_equal(read_packed("null", "[{\"at\":[],\"fd\":0,\"offset\":5,\"length\":6}]", true, &value, &error),
                     PXM_E_INVALID);
    assert_int_equal(read_packed("null", "[{\"at\":[],\"fd\":0,\"offset\":5,\"length\":5}]", true, &value, &error),
                     PXM_OK);
    expect_text(value, "56789");
    pxm_value_unref(value);
}

/* It could be made shorter while it is mapped. */
static void shared_memory_must_be_sealed(void **state)
{
    static const char blobs[] = "[{\"at\":[0],\"fd\":0,\"offset\":0,\"length\":1},"
                                "{\"at\":[1],\"fd\":0,\"offset\":1,\"length\":2}]";
    pxm_value *value = NULL;
    pxm_error error = {0};
    (void)state;

    assert_int_equal(read_packed("[null,null]", blobs, false, &value, &error), PXM_E_INVALID);
    assert_int_equal(read_packed("[null,null]", blobs, true, &value, &error), PXM_OK);
    expect_text(pxm_value_at(value, 1), "12");
    pxm_value_unref(value);
}

/* ---- descriptors ------------------------------------------------------------------------------------------------- */

static int descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void nothing_leaks_whatever_is_sent(void **state)
{
    int before = descriptors();
    (void)state;

    blobs_come_out_where_they_were(state);
    what_is_too_long_for_a_packet_goes_as_a_file(state);
    a_handle_goes_along(state);
    too_many_files_are_refused(state);
    many_blobs_in_memory_are_one_descriptor(state);
    lists_of_blobs_that_make_no_sense_are_refused(state);
    packets_that_are_no_message_are_refused(state);
    a_range_beyond_its_file_is_refused(state);
    shared_memory_must_be_sealed(state);
    assert_int_equal(descriptors(), before);
}

int main(void)
{
#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, open_pair, close_pair)
    const struct CMUnitTest tests[] = {
        WITH_PAIR(values_come_out_as_they_went_in),
        WITH_PAIR(blobs_come_out_where_they_were),
        WITH_PAIR(a_message_may_be_nothing_but_a_blob),
        WITH_PAIR(data_cannot_imitate_a_blob),
        WITH_PAIR(what_is_too_long_for_a_packet_goes_as_a_file),
        WITH_PAIR(a_handle_goes_along),
        WITH_PAIR(errors_keep_all_that_they_say),
        WITH_PAIR(an_error_that_makes_no_sense_is_still_a_failure),
        WITH_PAIR(too_many_files_are_refused),
        WITH_PAIR(what_could_not_be_read_is_not_sent),
        WITH_PAIR(many_blobs_in_memory_are_one_descriptor),
        WITH_PAIR(a_side_that_is_gone_or_does_not_read_is_told),
        WITH_PAIR(packets_that_are_no_message_are_refused),
        WITH_PAIR(lists_of_blobs_that_make_no_sense_are_refused),
        WITH_PAIR(a_range_beyond_its_file_is_refused),
        WITH_PAIR(shared_memory_must_be_sealed),
        WITH_PAIR(nothing_leaks_whatever_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
