/* Streams: reading, rewinding, and becoming a blob under limits. */
#include "base/blob.h"
#include "base/error.h"
#include "base/job.h"
#include "base/stream.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

/* A source of `length` bytes that gives them in pieces. */
struct source {
    int64_t length, given;
    size_t piece;
    int reads, closes, rewinds;
    int64_t fail_at;     /* gives PXM_E_TRANSIENT from there on; -1: never */
    int64_t claim;       /* what read says instead; 0: the truth */
    atomic_bool *cancel; /* set by the second read */
};

static char byte_at(int64_t position)
{
    return (char)(position * 31 + position / 1000);
}

static int64_t source_read(void *self, void *buffer, size_t length, pxm_error *error)
{
    struct source *source = self;
    source->reads++;
    if (source->cancel != NULL && source->reads == 2) {
        atomic_store(source->cancel, true);
    }
    if (source->claim != 0) {
        return source->claim;
    }
    if (source->fail_at >= 0 && source->given >= source->fail_at) {
        return pxm_error_set(error, PXM_E_TRANSIENT, "test.broken", "the source broke");
    }
    int64_t count = source->length - source->given;
    count = count < (int64_t)length ? count : (int64_t)length;
    count = count < (int64_t)source->piece ? count : (int64_t)source->piece;
    for (int64_t i = 0; i < count; i++) {
        ((char *)buffer)[i] = byte_at(source->given + i);
    }
    source->given += count;
    return count;
}

static pxm_status source_rewind(void *self, pxm_error *error)
{
    (void)error;
    struct source *source = self;
    source->given = 0;
    source->rewinds++;
    return PXM_OK;
}

static void source_close(void *self)
{
    ((struct source *)self)->closes++;
}

static const struct pxm_stream_ops once_ops = {
    .struct_size = sizeof once_ops, .read = source_read, .close = source_close};
static const struct pxm_stream_ops again_ops = {
    .struct_size = sizeof again_ops, .read = source_read, .rewind = source_rewind, .close = source_close};

static void assert_content(pxm_blob *blob, int64_t from, int64_t length)
{
    size_t got = 0;
    const char *data = pxm_blob_data(blob, &got);
    assert_int_equal(got, length);
    for (int64_t i = 0; i < length; i++) {
        if (data[i] != byte_at(from + i)) {
            fail_msg("byte %lld differs", (long long)i);
        }
    }
}

static void a_stream_reads_rewinds_and_closes_once(void **state)
{
    (void)state;
    struct source source = {.length = 100, .piece = 7, .fail_at = -1};
    struct pxm_error error = {0};
    char buffer[16];
    pxm_stream *stream = pxm_stream_new(&again_ops, &source, 100);
    assert_int_equal(pxm_stream_size(stream), 100);
    assert_null(pxm_stream_peek_blob(stream));
    assert_int_equal(pxm_stream_read(stream, buffer, 0, &error), 0);
    assert_int_equal(source.reads, 0);
    assert_int_equal(pxm_stream_read(stream, buffer, sizeof buffer, &error), 7);
    assert_int_equal(pxm_stream_rewind(stream, &error), PXM_OK);
    assert_int_equal(source.given, 0);
    pxm_stream_close(stream);
    assert_int_equal(source.closes, 1);
    pxm_stream_close(NULL);
}

static void a_stream_without_rewind_says_so(void **state)
{
    (void)state;
    struct source source = {.length = 100, .piece = 7, .fail_at = -1};
    struct pxm_error error = {0};
    char buffer[16];
    pxm_stream *stream = pxm_stream_new(&once_ops, &source, -5);
    assert_int_equal(pxm_stream_size(stream), -1);
    assert_int_equal(pxm_stream_rewind(stream, &error), PXM_OK);
    pxm_stream_read(stream, buffer, sizeof buffer, &error);
    assert_int_equal(pxm_stream_rewind(stream, &error), PXM_E_INVALID);
    assert_string_equal(error.code, "stream.not_rewindable");
    pxm_stream_close(stream);
}

static void an_older_plugins_shorter_table_is_read_no_further(void **state)
{
    (void)state;
    struct source source = {.length = 10, .piece = 7, .fail_at = -1};
    struct pxm_stream_ops ops = again_ops;
    ops.struct_size = offsetof(struct pxm_stream_ops, rewind);
    pxm_stream *stream = pxm_stream_new(&ops, &source, 10);
    assert_non_null(stream);
    pxm_stream_close(stream);
    assert_int_equal(source.closes, 0);
    ops = (struct pxm_stream_ops){.struct_size = sizeof ops, .close = source_close};
    assert_null(pxm_stream_new(&ops, &source, 10));
    assert_int_equal(source.closes, 1);
}

static void a_lying_read_is_an_error(void **state)
{
    (void)state;
    static const int64_t claims[] = {17, INT64_MAX, INT64_MIN, -(INT64_C(1) << 32)};
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        struct source source = {.length = 100, .piece = 7, .fail_at = -1, .claim = claims[i]};
        struct pxm_error error = {0};
        char buffer[16];
        pxm_stream *stream = pxm_stream_new(&once_ops, &source, -1);
        assert_int_equal(pxm_stream_read(stream, buffer, sizeof buffer, &error), PXM_E_INTERNAL);
        assert_string_equal(error.code, "stream.overrun");
        pxm_stream_close(stream);
    }
}

static void a_blob_is_read_like_any_stream(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    char buffer[4];
    pxm_blob *blob = pxm_blob_copy("abcdef", 6);
    pxm_stream *stream = pxm_stream_of_blob(blob);
    assert_ptr_equal(pxm_stream_peek_blob(stream), blob);
    assert_int_equal(pxm_stream_size(stream), 6);
    assert_int_equal(pxm_stream_read(stream, buffer, 4, &error), 4);
    assert_null(pxm_stream_peek_blob(stream));
    assert_int_equal(pxm_stream_read(stream, buffer, 4, &error), 2);
    assert_memory_equal(buffer, "ef", 2);
    assert_int_equal(pxm_stream_read(stream, buffer, 4, &error), 0);
    assert_int_equal(pxm_stream_rewind(stream, &error), PXM_OK);
    assert_int_equal(pxm_stream_read(stream, buffer, 1, &error), 1);
    assert_int_equal(buffer[0], 'a');
    pxm_blob_unref(blob);
    pxm_stream_close(stream);
}

static void a_blob_comes_back_without_a_copy(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    char buffer[4];
    pxm_blob *blob = pxm_blob_copy("abcdef", 6), *whole = NULL, *rest = NULL;
    pxm_stream *stream = pxm_stream_of_blob(blob);
    assert_int_equal(pxm_stream_to_blob(stream, NULL, 5, &whole, &error), PXM_E_LIMIT);
    assert_int_equal(pxm_stream_to_blob(stream, NULL, 6, &whole, &error), PXM_OK);
    assert_ptr_equal(whole, blob);
    assert_int_equal(pxm_stream_read(stream, buffer, 4, &error), 0);
    pxm_stream_rewind(stream, &error);
    pxm_stream_read(stream, buffer, 2, &error);
    assert_int_equal(pxm_stream_to_blob(stream, NULL, 4, &rest, &error), PXM_OK);
    pxm_stream_close(stream);
    const char *start = pxm_blob_data(blob, NULL);
    assert_ptr_equal(pxm_blob_data(rest, NULL), start + 2);
    pxm_blob_unref(blob);
    pxm_blob_unref(whole);
    assert_memory_equal(pxm_blob_data(rest, NULL), "cdef", 4);
    pxm_blob_unref(rest);
}

static pxm_blob *spooled(int64_t length, int64_t announced, size_t piece)
{
    struct source source = {.length = length, .piece = piece, .fail_at = -1};
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    pxm_stream *stream = pxm_stream_new(&once_ops, &source, announced);
    if (pxm_stream_to_blob(stream, NULL, length, &blob, &error) != PXM_OK) {
        fail_msg("%s", error.text);
    }
    pxm_stream_close(stream);
    return blob;
}

static void short_bodies_stay_in_memory(void **state)
{
    (void)state;
    static const int64_t lengths[] = {0, 1, 32768, 32769, 1000000, PXM_STREAM_SPOOL_BYTES};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        pxm_blob *blob = spooled(lengths[i], i % 2 == 0 ? lengths[i] : -1, 50000);
        assert_int_equal(pxm_blob_fd(blob, NULL), -1);
        assert_content(blob, 0, lengths[i]);
        pxm_blob_unref(blob);
    }
}

static void long_bodies_go_to_a_file_without_a_name(void **state)
{
    (void)state;
    int64_t length = PXM_STREAM_SPOOL_BYTES + INT64_C(100001);
    pxm_blob *blob = spooled(length, -1, 60000);
    struct stat info;
    assert_int_equal(fstat(pxm_blob_fd(blob, NULL), &info), 0);
    assert_int_equal(info.st_nlink, 0);
    assert_int_equal(info.st_size, length);
    assert_true(fcntl(pxm_blob_fd(blob, NULL), F_GETFD) & FD_CLOEXEC);
    assert_content(blob, 0, length);
    pxm_blob_unref(blob);
}

static void assert_to_blob_fails(struct source *source, int64_t announced, pxm_job *job, int64_t max, pxm_status status,
                                 const char *code)
{
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    pxm_stream *stream = pxm_stream_new(&once_ops, source, announced);
    assert_int_equal(pxm_stream_to_blob(stream, job, max, &blob, &error), status);
    assert_string_equal(error.code, code);
    assert_null(blob);
    pxm_stream_close(stream);
    assert_int_equal(source->closes, 1);
}

static void more_than_the_limit_is_refused(void **state)
{
    (void)state;
    struct source source = {.length = 1001, .piece = 100, .fail_at = -1};
    assert_to_blob_fails(&source, -1, NULL, 1000, PXM_E_LIMIT, "limit.bytes");
    struct source endless = {.length = INT64_MAX, .piece = 30000, .fail_at = -1};
    assert_to_blob_fails(&endless, -1, NULL, PXM_STREAM_SPOOL_BYTES + 1000, PXM_E_LIMIT, "limit.bytes");
    struct source announced = {.length = 1001, .piece = 100, .fail_at = -1};
    assert_to_blob_fails(&announced, 1001, NULL, 1000, PXM_E_LIMIT, "limit.bytes");
    assert_int_equal(announced.reads, 0);
}

static void an_announced_size_is_held(void **state)
{
    (void)state;
    struct source less = {.length = 99, .piece = 10, .fail_at = -1};
    assert_to_blob_fails(&less, 100, NULL, 1000, PXM_E_INVALID, "stream.size");
    struct source more = {.length = 101, .piece = 10, .fail_at = -1};
    assert_to_blob_fails(&more, 100, NULL, 1000, PXM_E_INVALID, "stream.size");
}

static void the_rest_counts_from_what_was_read(void **state)
{
    (void)state;
    struct source source = {.length = 100, .piece = 10, .fail_at = -1};
    struct pxm_error error = {0};
    char buffer[10];
    pxm_blob *blob = NULL;
    pxm_stream *stream = pxm_stream_new(&once_ops, &source, 100);
    pxm_stream_read(stream, buffer, sizeof buffer, &error);
    assert_int_equal(pxm_stream_to_blob(stream, NULL, 90, &blob, &error), PXM_OK);
    assert_content(blob, 10, 90);
    pxm_blob_unref(blob);
    pxm_stream_close(stream);
}

static void a_failing_source_keeps_its_error(void **state)
{
    (void)state;
    struct source early = {.length = 1000, .piece = 10, .fail_at = 500};
    assert_to_blob_fails(&early, -1, NULL, 1000, PXM_E_TRANSIENT, "test.broken");
    struct source late = {.length = INT64_MAX, .piece = 32768, .fail_at = PXM_STREAM_SPOOL_BYTES + INT64_C(100000)};
    assert_to_blob_fails(&late, -1, NULL, INT64_MAX, PXM_E_TRANSIENT, "test.broken");
}

static void cancelling_is_noticed_between_reads(void **state)
{
    (void)state;
    atomic_bool cancelled = false;
    struct pxm_job job = {.clock = &pxm_clock_system, .deadline_ms = INT64_MAX, .cancelled = &cancelled};
    struct source source = {.length = INT64_MAX, .piece = 10, .fail_at = -1, .cancel = &cancelled};
    assert_to_blob_fails(&source, -1, &job, INT64_MAX, PXM_E_CANCELLED, "run.cancelled");
    assert_int_equal(source.reads, 2);
}

static void a_missing_temporary_folder_is_an_error_with_its_name(void **state)
{
    (void)state;
    struct source source = {.length = INT64_MAX, .piece = 32768, .fail_at = -1};
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    assert_int_equal(setenv("TMPDIR", "/nonexistent/folder", 1), 0);
    pxm_stream *stream = pxm_stream_new(&once_ops, &source, -1);
    assert_int_equal(pxm_stream_to_blob(stream, NULL, INT64_MAX, &blob, &error), PXM_E_NOT_FOUND);
    assert_string_equal(error.text, "make a temporary file in /nonexistent/folder: No such file or directory");
    pxm_stream_close(stream);
    unsetenv("TMPDIR");
}

static void a_file_that_cannot_grow_is_an_error_and_leaves_no_blob(void **state)
{
    (void)state;
    struct rlimit before, little = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = (struct rlimit){.rlim_cur = PXM_STREAM_SPOOL_BYTES + 100000, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    struct source source = {.length = INT64_MAX, .piece = 32768, .fail_at = -1};
    assert_to_blob_fails(&source, -1, NULL, INT64_MAX, PXM_E_LIMIT, "io.too_large");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_reads_rewinds_and_closes_once),
        cmocka_unit_test(a_stream_without_rewind_says_so),
        cmocka_unit_test(an_older_plugins_shorter_table_is_read_no_further),
        cmocka_unit_test(a_lying_read_is_an_error),
        cmocka_unit_test(a_blob_is_read_like_any_stream),
        cmocka_unit_test(a_blob_comes_back_without_a_copy),
        cmocka_unit_test(short_bodies_stay_in_memory),
        cmocka_unit_test(long_bodies_go_to_a_file_without_a_name),
        cmocka_unit_test(more_than_the_limit_is_refused),
        cmocka_unit_test(an_announced_size_is_held),
        cmocka_unit_test(the_rest_counts_from_what_was_read),
        cmocka_unit_test(a_failing_source_keeps_its_error),
        cmocka_unit_test(cancelling_is_noticed_between_reads),
        cmocka_unit_test(a_file_that_cannot_grow_is_an_error_and_leaves_no_blob),
        cmocka_unit_test(a_missing_temporary_folder_is_an_error_with_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
