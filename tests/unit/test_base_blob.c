/* Blobs: who frees what, mapping, hashing, refusals. */
#include "base/blob.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/stream.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static atomic_int releases;

static void count_release(void *arg)
{
    assert_ptr_equal(arg, &releases);
    releases++;
}

static int file_with(const char *data, size_t length)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, length), length);
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void release_is_called_once_after_the_last_reference(void **state)
{
    (void)state;
    static const char data[] = "bytes";
    releases = 0;
    pxm_blob *blob = pxm_blob_new(data, 5, count_release, &releases);
    size_t length = 0;
    assert_ptr_equal(pxm_blob_data(blob, &length), data);
    assert_int_equal(length, 5);
    assert_int_equal(pxm_blob_length(blob), 5);
    assert_int_equal(pxm_blob_fd(blob, NULL), -1);
    assert_ptr_equal(pxm_blob_ref(blob), blob);
    pxm_blob_unref(blob);
    assert_int_equal(releases, 0);
    pxm_blob_unref(blob);
    assert_int_equal(releases, 1);
    pxm_blob_unref(NULL);
    assert_null(pxm_blob_ref(NULL));
}

static void a_copy_is_independent(void **state)
{
    (void)state;
    char data[] = "abc";
    pxm_blob *blob = pxm_blob_copy(data, 3);
    data[0] = 'x';
    assert_memory_equal(pxm_blob_data(blob, NULL), "abc", 3);
    pxm_blob_unref(blob);
}

static void empty_blobs_have_data_and_a_hash(void **state)
{
    (void)state;
    static const uint8_t hash[] = {0xE3, 0xB0, 0xC4, 0x42};
    struct pxm_error error = {0};
    size_t length = 9;
    pxm_blob *blobs[3] = {pxm_blob_copy(NULL, 0), pxm_blob_new(NULL, 0, NULL, NULL), NULL};
    assert_int_equal(pxm_blob_from_fd(file_with("", 0), 0, 0, &blobs[2], &error), PXM_OK);
    for (int i = 0; i < 3; i++) {
        assert_non_null(pxm_blob_data(blobs[i], &length));
        assert_int_equal(length, 0);
        assert_memory_equal(pxm_blob_sha256(blobs[i]), hash, sizeof hash);
        pxm_blob_unref(blobs[i]);
    }
}

static void a_range_of_a_file_is_mapped_wherever_it_starts(void **state)
{
    (void)state;
    enum { SIZE = 3 * 4096 + 17 };
    static char data[SIZE];
    for (size_t i = 0; i < SIZE; i++) {
        data[i] = (char)(i * 7);
    }
    static const struct {
        int64_t offset, length;
    } ranges[] = {{0, SIZE}, {1, SIZE - 1}, {4096, 4096}, {4095, 2}, {SIZE - 1, 1}, {SIZE, 0}, {8192, 100}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        struct pxm_error error = {0};
        pxm_blob *blob = NULL;
        int fd = file_with(data, SIZE);
        assert_int_equal(pxm_blob_from_fd(fd, ranges[i].offset, ranges[i].length, &blob, &error), PXM_OK);
        int64_t offset = -1;
        size_t length = 0;
        assert_int_equal(pxm_blob_fd(blob, &offset), fd);
        assert_int_equal(offset, ranges[i].offset);
        const void *bytes = pxm_blob_data(blob, &length);
        assert_int_equal(length, ranges[i].length);
        assert_memory_equal(bytes, data + ranges[i].offset, length);
        pxm_blob_unref(blob);
        assert_false(is_open(fd));
    }
}

static void a_range_beyond_the_file_is_refused_and_the_descriptor_closed(void **state)
{
    (void)state;
    static const struct {
        int64_t offset, length;
    } ranges[] = {{0, 6}, {5, 1}, {6, 0}, {-1, 1}, {0, -1}, {1, INT64_MAX}, {INT64_MAX, INT64_MAX}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        struct pxm_error error = {0};
        pxm_blob *blob = NULL;
        int fd = file_with("12345", 5);
        assert_int_equal(pxm_blob_from_fd(fd, ranges[i].offset, ranges[i].length, &blob, &error), PXM_E_INVALID);
        assert_string_equal(error.code, "io.invalid");
        assert_null(blob);
        assert_false(is_open(fd));
    }
}

static void what_is_no_regular_file_is_refused(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(pxm_blob_from_fd(pipes[0], 0, 0, &blob, &error), PXM_E_INVALID);
    assert_false(is_open(pipes[0]));
    close(pipes[1]);
    assert_int_equal(pxm_blob_from_fd(-1, 0, 0, &blob, &error), PXM_E_INTERNAL);
    assert_int_equal(pxm_blob_open("/dev/null", 100, &blob, &error), PXM_E_INVALID);
    assert_string_equal(error.text, "/dev/null: not a regular file");
    assert_int_equal(pxm_blob_open("/", 100, &blob, &error), PXM_E_INVALID);
    assert_null(blob);
}

static void opening_a_fifo_does_not_wait_for_its_writer(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    char folder[] = "/tmp/pixmill-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(pxm_blob_open(path, 100, &blob, &error), PXM_E_INVALID);
    unlink(path);
    rmdir(folder);
}

static void a_file_is_opened_whole_within_its_limit(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    char path[] = "/tmp/pixmill-test-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "12345", 5), 5);
    close(fd);
    assert_int_equal(pxm_blob_open(path, 5, &blob, &error), PXM_OK);
    assert_memory_equal(pxm_blob_data(blob, NULL), "12345", 5);
    assert_true(fcntl(pxm_blob_fd(blob, NULL), F_GETFD) & FD_CLOEXEC);
    pxm_blob_unref(blob);
    blob = NULL;
    assert_int_equal(pxm_blob_open(path, 4, &blob, &error), PXM_E_LIMIT);
    assert_string_equal(error.code, "limit.bytes");
    unlink(path);
    assert_int_equal(pxm_blob_open(path, 5, &blob, &error), PXM_E_NOT_FOUND);
    assert_null(blob);
}

static void the_media_type_is_copied_or_not_known(void **state)
{
    (void)state;
    char media[300] = "image/webp";
    pxm_blob *blob = pxm_blob_copy("x", 1);
    assert_null(pxm_blob_media(blob));
    pxm_blob_set_media(blob, media);
    media[0] = 'x';
    assert_string_equal(pxm_blob_media(blob), "image/webp");
    memset(media, 'a', sizeof media - 1);
    pxm_blob_set_media(blob, media);
    assert_null(pxm_blob_media(blob));
    pxm_blob_set_media(blob, NULL);
    assert_null(pxm_blob_media(blob));
    pxm_blob_unref(blob);
}

static void *read_all(void *arg)
{
    pxm_blob *blob = arg;
    size_t length = 0;
    const uint8_t *hash = pxm_blob_sha256(blob);
    const char *data = pxm_blob_data(blob, &length);
    bool is_right = hash != NULL && hash[0] == 0xBA && length == 3 && memcmp(data, "abc", 3) == 0;
    pxm_blob_unref(blob);
    return is_right ? arg : NULL;
}

static void threads_map_and_hash_once(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        struct pxm_error error = {0};
        pthread_t threads[4];
        pxm_blob *blob = NULL;
        assert_int_equal(pxm_blob_from_fd(file_with("abc", 3), 0, 3, &blob, &error), PXM_OK);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, read_all, pxm_blob_ref(blob)), 0);
        }
        for (int i = 0; i < 4; i++) {
            void *result = NULL;
            pthread_join(threads[i], &result);
            assert_ptr_equal(result, blob);
        }
        pxm_blob_unref(blob);
    }
}

/* A large file is hashed window by window, wherever the range starts. */
static void a_large_file_has_the_hash_of_its_bytes(void **state)
{
    (void)state;
    enum { START = 4097, LENGTH = (9 << 20) + 5, WHOLE = START + LENGTH + 3 };
    char *bytes = malloc(WHOLE);
    uint8_t hash[PXM_SHA256_BYTES];
    pxm_blob *blob = NULL;
    assert_non_null(bytes);
    for (size_t i = 0; i < WHOLE; i++) {
        bytes[i] = (char)(i * 31 ^ i >> 12);
    }
    assert_int_equal(pxm_sha256(bytes + START, LENGTH, hash), PXM_OK);
    assert_int_equal(pxm_blob_from_fd(file_with(bytes, WHOLE), START, LENGTH, &blob, NULL), PXM_OK);
    assert_memory_equal(pxm_blob_sha256(blob), hash, sizeof hash);
    assert_memory_equal(pxm_blob_data(blob, NULL), bytes + START, LENGTH);
    pxm_blob_unref(blob);
    free(bytes);
}

static void an_etag_is_kept_whole_or_not_at_all(void **state)
{
    (void)state;
    char long_tag[200];
    memset(long_tag, 'x', sizeof long_tag - 1);
    long_tag[sizeof long_tag - 1] = '\0';
    pxm_blob *blob = pxm_blob_copy("a", 1);
    assert_null(pxm_blob_etag(blob));
    pxm_blob_set_etag(blob, "\"tag\"");
    assert_string_equal(pxm_blob_etag(blob), "\"tag\"");
    pxm_blob_set_etag(blob, long_tag);
    assert_null(pxm_blob_etag(blob));
    pxm_blob_set_etag(blob, NULL);
    assert_null(pxm_blob_etag(blob));
    pxm_blob_unref(blob);
}

static void a_known_hash_is_not_computed_again(void **state)
{
    (void)state;
    uint8_t digest[32];
    memset(digest, 7, sizeof digest);
    pxm_blob *blob = pxm_blob_copy("a", 1);
    pxm_blob_set_sha256(blob, digest);
    assert_memory_equal(pxm_blob_sha256(blob), digest, sizeof digest);
    pxm_blob_unref(blob);
}

/* Describes a blob that somebody else has, too; theirs stays as it was. */
static void a_hash_that_nobody_computed_is_not_known(void **state)
{
    (void)state;
    pxm_blob *blob = pxm_blob_copy("abc", 3);
    assert_null(pxm_blob_known_sha256(blob));
    const uint8_t *computed = pxm_blob_sha256(blob);
    assert_ptr_equal(pxm_blob_known_sha256(blob), computed);
    pxm_blob_unref(blob);
}

static void expect_own(pxm_blob *shared)
{
    uint8_t digest[32];
    memset(digest, 7, sizeof digest);
    pxm_blob_set_media(shared, "text/plain");
    pxm_blob_set_sha256(shared, digest);
    assert_ptr_equal(pxm_blob_own(shared), shared);
    pxm_blob *own = pxm_blob_own(pxm_blob_ref(shared));
    assert_non_null(own);
    assert_ptr_not_equal(own, shared);
    pxm_blob_set_etag(own, "\"own\"");
    assert_null(pxm_blob_etag(shared));
    assert_string_equal(pxm_blob_media(own), "text/plain");
    assert_memory_equal(pxm_blob_sha256(own), digest, sizeof digest);
    pxm_blob_unref(shared);
    assert_int_equal(pxm_blob_length(own), 3);
    assert_memory_equal(pxm_blob_data(own, NULL), "bcd", 3);
    pxm_blob_unref(own);
}

static void what_others_have_is_described_as_another_one(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_blob *file = NULL;
    expect_own(pxm_blob_copy("bcd", 3));
    assert_int_equal(pxm_blob_from_fd(file_with("abcde", 5), 1, 3, &file, &error), PXM_OK);
    expect_own(file);
}

static void a_file_that_cannot_be_mapped_has_no_data_and_no_hash(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_blob *blob = NULL, *rest = NULL;
    size_t length = 9;
    char path[] = "/tmp/pixmill-test-XXXXXX", buffer[4];
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "12345", 5), 5);
    close(fd);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    unlink(path);
    assert_int_equal(pxm_blob_from_fd(fd, 0, 5, &blob, &error), PXM_OK);
    assert_null(pxm_blob_data(blob, &length));
    assert_int_equal(length, 9);
    assert_null(pxm_blob_sha256(blob));
    pxm_stream *stream = pxm_stream_of_blob(blob);
    assert_int_equal(pxm_stream_read(stream, buffer, sizeof buffer, &error), PXM_E_TRANSIENT);
    assert_int_equal(pxm_stream_to_blob(stream, NULL, 5, &rest, &error), PXM_OK);
    assert_ptr_equal(rest, blob);
    pxm_stream_close(stream);
    pxm_blob_unref(rest);
    pxm_blob_unref(blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(release_is_called_once_after_the_last_reference),
        cmocka_unit_test(a_copy_is_independent),
        cmocka_unit_test(empty_blobs_have_data_and_a_hash),
        cmocka_unit_test(a_range_of_a_file_is_mapped_wherever_it_starts),
        cmocka_unit_test(a_range_beyond_the_file_is_refused_and_the_descriptor_closed),
        cmocka_unit_test(what_is_no_regular_file_is_refused),
        cmocka_unit_test(opening_a_fifo_does_not_wait_for_its_writer),
        cmocka_unit_test(a_file_is_opened_whole_within_its_limit),
        cmocka_unit_test(the_media_type_is_copied_or_not_known),
        cmocka_unit_test(a_large_file_has_the_hash_of_its_bytes),
        cmocka_unit_test(an_etag_is_kept_whole_or_not_at_all),
        cmocka_unit_test(a_known_hash_is_not_computed_again),
        cmocka_unit_test(a_hash_that_nobody_computed_is_not_known),
        cmocka_unit_test(what_others_have_is_described_as_another_one),
        cmocka_unit_test(a_file_that_cannot_be_mapped_has_no_data_and_no_hash),
        cmocka_unit_test(threads_map_and_hash_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
