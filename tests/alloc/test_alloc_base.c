/* core/base when memory runs out: no crash, no leak, no false success. */
#include "alloc_sweep.h"
#include "base/arena.h"
#include "base/blob.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/host.h"
#include "base/image.h"
#include "base/json.h"
#include "base/stream.h"
#include "base/value.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* What a scenario has come to: a failure must say that memory was the cause. */
static int outcome(pxm_status status, bool is_right)
{
    if (status == PXM_OK) {
        return is_right ? ALLOC_SUCCESS : ALLOC_FALSE;
    }
    return status == PXM_E_NO_MEMORY ? ALLOC_FAILURE : ALLOC_FALSE;
}

static int json_round_trip(void *arg)
{
    const char *text = arg;
    struct pxm_error error = {0};
    struct pxm_buf buf;
    pxm_value *value = NULL;
    pxm_buf_init(&buf, PXM_JSON_BYTES_MAX);
    pxm_status status = pxm_json_parse(text, strlen(text), &value, &error);
    if (status == PXM_OK) {
        status = pxm_json_write(&buf, value, 0, 0, &error);
    }
    bool is_right = error.status == status && (status != PXM_OK || strcmp(buf.data, text) == 0);
    pxm_value_unref(value);
    pxm_buf_done(&buf);
    return is_right ? outcome(status, true) : ALLOC_FALSE;
}

static void json_survives(void **state)
{
    (void)state;
    struct pxm_buf buf;
    pxm_buf_init(&buf, 1 << 16);
    pxm_buf_puts(&buf, "{\"list\":[null,true,-7,1.5,\"\xC3\xA9\\n\",[],{}],\"\":0");
    for (int i = 0; i < 40; i++) {
        pxm_buf_printf(&buf, ",\"key%d\":{\"n\":%d}", i, i);
    }
    pxm_buf_putc(&buf, '}');
    alloc_sweep("json", json_round_trip, buf.data);
    pxm_buf_done(&buf);
}

/* Nested without a check each, as plugins do; the outermost value tells. */
static int build_values(void *arg)
{
    (void)arg;
    pxm_value *items = pxm_value_list();
    for (int i = 0; i < 10; i++) {
        pxm_value *item = pxm_value_record();
        pxm_value_set(item, "name", pxm_value_cstring("x"));
        pxm_value_set(item, "name", pxm_value_cstring("y"));
        pxm_value_set(item, "blob", pxm_value_blob(pxm_blob_copy("bytes", 5)));
        pxm_value_append(items, item);
    }
    pxm_value *fields = pxm_value_record();
    char key[8];
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "f%d", i);
        pxm_value_set(fields, key, i % 2 == 0 ? pxm_value_int(i) : pxm_value_float(i));
    }
    pxm_value_set(fields, "items", items);
    pxm_status status = pxm_value_status(fields);
    const pxm_value *last = pxm_value_at(pxm_value_get(fields, "items"), 9);
    bool is_right = pxm_value_count(fields) == 41 &&
                    strcmp(pxm_value_as_string(pxm_value_get(last, "name"), NULL), "y") == 0 &&
                    pxm_value_as_blob(pxm_value_get(last, "blob")) != NULL;
    pxm_value_unref(fields);
    return outcome(status, is_right);
}

static void values_survive(void **state)
{
    (void)state;
    alloc_sweep("values", build_values, NULL);
}

static int describe_error(void *arg)
{
    (void)arg;
    pxm_error *error = pxm_error_new();
    pxm_error_set(error, PXM_E_DENIED, "store.denied", "bucket %s", "b");
    pxm_error_note(error, "key", "value");
    pxm_error_context(error, "put");
    bool is_shared = pxm_error_status(error) == PXM_E_NO_MEMORY;
    bool is_right = strcmp(pxm_error_text(error), is_shared ? "out of memory" : "put: bucket b") == 0;
    pxm_value *value = pxm_error_to_value(error);
    int result = value == NULL || is_shared ? ALLOC_FAILURE : ALLOC_SUCCESS;
    is_right = is_right && (value == NULL || pxm_value_count(value) == 6);
    pxm_value_unref(value);
    pxm_error_free(error);
    return is_right ? result : ALLOC_FALSE;
}

static void errors_survive(void **state)
{
    (void)state;
    alloc_sweep("errors", describe_error, NULL);
}

static void *fill_shared_error(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        pxm_error_set(arg, PXM_E_DENIED, "a.b", "%d", i);
        pxm_error_context(arg, "context");
        pxm_error_note(arg, "key", "value");
        pxm_error_set_step(arg, "step");
        pxm_error_blame(arg, "step");
        pxm_error_clear(arg);
    }
    pxm_error_free(arg);
    return NULL;
}

static void the_shared_error_stays_as_it_is_in_any_thread(void **state)
{
    (void)state;
    alloc_fail_all(true);
    pxm_error *first = pxm_error_new(), *second = pxm_error_new();
    alloc_fail_all(false);
    pthread_t thread;
    assert_ptr_equal(first, second);
    assert_int_equal(pthread_create(&thread, NULL, fill_shared_error, first), 0);
    fill_shared_error(second);
    pthread_join(thread, NULL);
    assert_int_equal(pxm_error_status(first), PXM_E_NO_MEMORY);
    assert_string_equal(pxm_error_code(first), "no_memory");
    assert_string_equal(pxm_error_text(first), "out of memory");
    assert_int_equal(first->note_count, 0);
    assert_string_equal(first->step, "");
    assert_string_equal(first->origin, "");
    assert_true(pxm_error_is_transient(first));
}

static void count_release(void *arg)
{
    (*(int *)arg)++;
}

static int make_blobs(void *arg)
{
    (void)arg;
    struct pxm_error error = {0};
    int releases = 0, fd = memfd_create("test", MFD_CLOEXEC);
    pxm_blob *file = NULL;
    assert_int_equal(write(fd, "12345", 5), 5);
    pxm_blob *memory = pxm_blob_new("bytes", 5, count_release, &releases);
    pxm_blob *copy = pxm_blob_copy("bytes", 5);
    pxm_blob *empty = pxm_blob_copy(NULL, 0);
    pxm_status status = pxm_blob_from_fd(fd, 1, 3, &file, &error);
    bool is_whole = memory != NULL && copy != NULL && empty != NULL && status == PXM_OK;
    bool is_right = releases == (memory == NULL) && error.status == status && (file == NULL) == (status != PXM_OK);
    if (is_whole) {
        is_right = is_right && memcmp(pxm_blob_sha256(memory), pxm_blob_sha256(copy), PXM_SHA256_BYTES) == 0 &&
                   memcmp(pxm_blob_data(file, NULL), "234", 3) == 0;
    }
    pxm_blob_unref(memory);
    pxm_blob_unref(copy);
    pxm_blob_unref(empty);
    pxm_blob_unref(file);
    is_right = is_right && releases == 1 && fcntl(fd, F_GETFD) < 0;
    return is_right ? outcome(is_whole ? PXM_OK : PXM_E_NO_MEMORY, true) : ALLOC_FALSE;
}

static void blobs_survive(void **state)
{
    (void)state;
    alloc_sweep("blobs", make_blobs, NULL);
}

struct source {
    int64_t left;
    int closes;
};

static int64_t source_read(void *self, void *buffer, size_t length, pxm_error *error)
{
    (void)error;
    struct source *source = self;
    int64_t count = source->left < (int64_t)length ? source->left : (int64_t)length;
    memset(buffer, 'x', (size_t)count);
    source->left -= count;
    return count;
}

static void source_close(void *self)
{
    ((struct source *)self)->closes++;
}

static int spool(void *arg)
{
    const int64_t length = *(const int64_t *)arg;
    const struct pxm_stream_ops ops = {.struct_size = sizeof ops, .read = source_read, .close = source_close};
    struct source source = {.left = length};
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    pxm_stream *stream = pxm_stream_new(&ops, &source, -1);
    pxm_status status = PXM_E_NO_MEMORY;
    if (stream != NULL) {
        status = pxm_stream_to_blob(stream, NULL, length, &blob, &error);
        pxm_stream_close(stream);
    }
    size_t got = 0;
    const char *data = blob != NULL ? pxm_blob_data(blob, &got) : NULL;
    bool is_right = source.closes == 1 && (status == PXM_OK) == (blob != NULL) &&
                    (stream == NULL || error.status == status) &&
                    (blob == NULL || ((int64_t)got == length && data[length - 1] == 'x'));
    pxm_blob_unref(blob);
    return is_right ? outcome(status, true) : ALLOC_FALSE;
}

static void streams_survive(void **state)
{
    (void)state;
    int64_t in_memory = 100000, in_file = PXM_STREAM_SPOOL_BYTES + INT64_C(1);
    alloc_sweep("stream in memory", spool, &in_memory);
    alloc_sweep("stream in a file", spool, &in_file);
}

static int read_blob(void *arg)
{
    (void)arg;
    struct pxm_error error = {0};
    char first = 0;
    pxm_blob *blob = pxm_blob_copy("bytes", 5), *rest = NULL;
    pxm_stream *stream = blob != NULL ? pxm_stream_of_blob(blob) : NULL;
    pxm_status status = PXM_E_NO_MEMORY;
    bool is_right = true;
    if (stream != NULL) {
        is_right = pxm_stream_read(stream, &first, 1, &error) == 1;
        status = pxm_stream_to_blob(stream, NULL, 4, &rest, &error);
    }
    pxm_stream_close(stream);
    pxm_blob_unref(blob);
    is_right = is_right && (rest == NULL || memcmp(pxm_blob_data(rest, NULL), "ytes", 4) == 0);
    pxm_blob_unref(rest);
    return is_right ? outcome(status, rest != NULL) : ALLOC_FALSE;
}

static void streams_of_blobs_survive(void **state)
{
    (void)state;
    alloc_sweep("stream of a blob", read_blob, NULL);
}

static pxm_status no_pixels(void *self, pxm_job *job, int64_t width, int64_t height, struct _VipsImage **ret,
                            pxm_error *error)
{
    (void)self, (void)job, (void)width, (void)height, (void)ret;
    return pxm_error_set(error, PXM_E_INTERNAL, "test", "none");
}

static void *make_text(void *arg)
{
    return strdup(arg);
}

static int use_image(void *arg)
{
    (void)arg;
    const struct pxm_image_ops ops = {.struct_size = sizeof ops, .pixels = no_pixels, .free = count_release};
    const struct pxm_image_info info = {.struct_size = sizeof info, .width = 1, .height = 1, .frames = 1};
    int frees = 0;
    char text[] = "text";
    pxm_image *image = pxm_image_new(&ops, &frees, &info);
    const char *attached = image != NULL ? pxm_image_attach(image, &ops, make_text, text, free) : NULL;
    pxm_value *value = pxm_value_image(image);
    bool is_whole = attached != NULL && value != NULL;
    bool is_right = attached == NULL || value == NULL || strcmp(attached, "text") == 0;
    pxm_value_unref(value);
    return is_right && frees == 1 ? outcome(is_whole ? PXM_OK : PXM_E_NO_MEMORY, true) : ALLOC_FALSE;
}

static void images_survive(void **state)
{
    (void)state;
    alloc_sweep("images", use_image, NULL);
}

static int use_arena(void *arg)
{
    (void)arg;
    int releases = 0, deferred = 0;
    struct pxm_arena *arena = pxm_arena_new(1 << 20);
    if (arena == NULL) {
        return ALLOC_FAILURE;
    }
    bool is_whole = true, is_right = true;
    for (int i = 0; i < 100; i++) {
        char *text = pxm_arena_printf(arena, "%d", i);
        char *copy = pxm_arena_strndup(arena, "text", 4);
        is_whole = pxm_arena_array(arena, 100, 10) != NULL && text != NULL && copy != NULL && is_whole;
        is_right =
            is_right && (text == NULL || strtol(text, NULL, 10) == i) && (copy == NULL || strcmp(copy, "text") == 0);
        is_whole = pxm_arena_defer(arena, count_release, &releases) == 0 && is_whole;
        deferred++;
    }
    is_whole = pxm_arena_alloc(arena, 50000) != NULL && is_whole;
    pxm_arena_free(arena);
    is_right = is_right && releases == deferred;
    return is_right ? outcome(is_whole ? PXM_OK : PXM_E_NO_MEMORY, true) : ALLOC_FALSE;
}

static void arenas_survive(void **state)
{
    (void)state;
    alloc_sweep("arena", use_arena, NULL);
}

/* Fills a buffer and takes the text, then takes the empty text that is left. */
static int use_buf(void *arg)
{
    (void)arg;
    struct pxm_buf buf;
    pxm_buf_init(&buf, 1 << 16);
    for (int i = 0; i < 50; i++) {
        pxm_buf_printf(&buf, "%02d", i);
        pxm_buf_json_string(&buf, "a\"b\x01", 4);
        pxm_buf_puts(&buf, "text");
    }
    char *text = pxm_buf_take(&buf);
    bool is_right = text != NULL ? buf.status == PXM_OK && strlen(text) == 50 * strlen("00'a\\'b\\u0001'text")
                                 : buf.status == PXM_E_NO_MEMORY;
    char *empty = pxm_buf_take(&buf);
    is_right = is_right && (empty != NULL ? text != NULL && empty[0] == '\0' : buf.status == PXM_E_NO_MEMORY);
    pxm_status status = buf.status;
    free(text);
    free(empty);
    pxm_buf_done(&buf);
    return is_right ? outcome(status, true) : ALLOC_FALSE;
}

static void buffers_survive(void **state)
{
    (void)state;
    alloc_sweep("buf", use_buf, NULL);
}

static int json_through_the_host(void *arg)
{
    struct pxm_host *host = arg;
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    pxm_value *list = host->value_list();
    host->value_append(list, host->value_string("text", 4));
    pxm_status status = pxm_value_status(list);
    bool is_right = true;
    if (status == PXM_OK) {
        status = host->value_to_json(list, &blob, &error);
        is_right = error.status == status && (status == PXM_OK) == (blob != NULL);
    }
    is_right = is_right && (blob == NULL || memcmp(host->blob_data(blob, NULL), "[\"text\"]", 8) == 0);
    host->value_unref(list);
    host->blob_unref(blob);
    return is_right ? outcome(status, true) : ALLOC_FALSE;
}

static void the_host_table_survives(void **state)
{
    (void)state;
    struct pxm_host_impl impl = {.name = "test", .clock = &pxm_clock_system};
    struct pxm_host host;
    pxm_host_init(&host, &impl);
    alloc_sweep("host json", json_through_the_host, &host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_survives),
        cmocka_unit_test(values_survive),
        cmocka_unit_test(errors_survive),
        cmocka_unit_test(the_shared_error_stays_as_it_is_in_any_thread),
        cmocka_unit_test(blobs_survive),
        cmocka_unit_test(streams_survive),
        cmocka_unit_test(streams_of_blobs_survive),
        cmocka_unit_test(images_survive),
        cmocka_unit_test(arenas_survive),
        cmocka_unit_test(buffers_survive),
        cmocka_unit_test(the_host_table_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
