/* Lazy pictures: ownership, passing on, attachments. */
#include "base/blob.h"
#include "base/error.h"
#include "base/image.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A decoder that only notes what it was asked. */
struct decoder {
    int64_t width, height;
    pxm_status status;
    struct _VipsImage *pixels;
    pxm_blob *file;
    char *order; /* where freeing is noted; may be NULL */
};

static pxm_status decoder_pixels(void *self, pxm_job *job, int64_t min_width, int64_t min_height,
                                 struct _VipsImage **ret, pxm_error *error)
{
    (void)job;
    struct decoder *decoder = self;
    decoder->width = min_width;
    decoder->height = min_height;
    if (decoder->status != PXM_OK) {
        return pxm_error_set(error, decoder->status, "image.broken", "broken");
    }
    *ret = decoder->pixels;
    return PXM_OK;
}

static pxm_status decoder_encoded(void *self, pxm_blob **ret)
{
    *ret = pxm_blob_ref(((struct decoder *)self)->file);
    return PXM_OK;
}

/* Of a text with room for it, and zeros behind. */
static void add_letter(char *text, char letter)
{
    text[strlen(text)] = letter;
}

static void decoder_free(void *self)
{
    struct decoder *decoder = self;
    if (decoder->order != NULL) {
        add_letter(decoder->order, 'D');
    }
}

static const struct pxm_image_ops ops = {
    .struct_size = sizeof ops, .pixels = decoder_pixels, .encoded = decoder_encoded, .free = decoder_free};
static const struct pxm_image_info info = {.struct_size = sizeof info,
                                           .width = 400,
                                           .height = 300,
                                           .frames = 1,
                                           .has_alpha = 1,
                                           .orientation = 6,
                                           .format = "png"};

static void requests_are_passed_to_the_decoder(void **state)
{
    (void)state;
    int fake_pixels = 0;
    struct decoder decoder = {.pixels = (struct _VipsImage *)(void *)&fake_pixels, .file = pxm_blob_copy("x", 1)};
    struct pxm_error error = {0};
    struct _VipsImage *pixels = NULL;
    pxm_blob *file = NULL;
    pxm_image *image = pxm_image_new(&ops, &decoder, &info);
    assert_int_equal(pxm_image_info(image)->width, 400);
    assert_string_equal(pxm_image_info(image)->format, "png");
    assert_int_equal(pxm_image_pixels(image, NULL, 40, 30, &pixels, &error), PXM_OK);
    assert_ptr_equal(pixels, decoder.pixels);
    assert_int_equal(decoder.width * 1000 + decoder.height, 40030);
    assert_int_equal(pxm_image_encoded(image, &file), PXM_OK);
    assert_ptr_equal(file, decoder.file);
    pxm_blob_unref(file);
    pxm_blob_unref(decoder.file);
    pxm_image_unref(image);
    pxm_image_unref(NULL);
    assert_null(pxm_image_ref(NULL));
}

static void shorter_structs_of_an_older_plugin_are_completed_with_zero(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    struct pxm_image_ops old_ops = ops;
    struct pxm_image_info old_info = info;
    pxm_blob *file = NULL;
    old_ops.struct_size = offsetof(struct pxm_image_ops, encoded);
    old_info.struct_size = offsetof(struct pxm_image_info, has_alpha);
    pxm_image *image = pxm_image_new(&old_ops, &decoder, &old_info);
    assert_int_equal(pxm_image_encoded(image, &file), PXM_E_NOT_FOUND);
    assert_int_equal(pxm_image_info(image)->frames, 1);
    assert_int_equal(pxm_image_info(image)->has_alpha, 0);
    assert_null(pxm_image_info(image)->format);
    assert_int_equal(pxm_image_info(image)->struct_size, sizeof info);
    pxm_image_unref(image);
}

static void a_decoder_without_pixels_is_refused_and_freed(void **state)
{
    (void)state;
    char order[8] = "";
    struct decoder decoder = {.order = order};
    const struct pxm_image_ops none = {.struct_size = sizeof none, .free = decoder_free};
    assert_null(pxm_image_new(&none, &decoder, &info));
    assert_string_equal(order, "D");
}

static void a_broken_file_is_blamed_on_the_step_that_decoded_it(void **state)
{
    (void)state;
    struct decoder decoder = {.status = PXM_E_BAD_IMAGE};
    struct _VipsImage *pixels = NULL;
    pxm_image *image = pxm_image_new(&ops, &decoder, &info);
    assert_null(pxm_image_origin(image));
    pxm_image_set_origin(image, "decode");
    assert_string_equal(pxm_image_origin(image), "decode");
    struct pxm_error error = {0};
    assert_int_equal(pxm_image_pixels(image, NULL, 0, 0, &pixels, &error), PXM_E_BAD_IMAGE);
    assert_string_equal(error.origin, "decode");
    decoder.status = PXM_E_TIMEOUT;
    struct pxm_error late = {0};
    assert_int_equal(pxm_image_pixels(image, NULL, 0, 0, &pixels, &late), PXM_E_TIMEOUT);
    assert_string_equal(late.origin, "");
    assert_null(pixels);
    pxm_image_unref(image);
}

static atomic_int makes;

static void *make_copy(void *arg)
{
    makes++;
    return arg;
}

static char free_order[8];

static void note_free(void *value)
{
    add_letter(free_order, *(const char *)value);
}

static void attachments_are_made_once_per_key_and_freed_before_the_decoder(void **state)
{
    (void)state;
    static char first[] = "a", second[] = "b";
    struct decoder decoder = {.order = free_order};
    memset(free_order, 0, sizeof free_order);
    makes = 0;
    pxm_image *image = pxm_image_new(&ops, &decoder, &info);
    assert_ptr_equal(pxm_image_attach(image, &ops, make_copy, first, note_free), first);
    assert_ptr_equal(pxm_image_attach(image, &ops, make_copy, second, note_free), first);
    assert_ptr_equal(pxm_image_attach(image, &info, make_copy, second, note_free), second);
    assert_int_equal(makes, 2);
    pxm_image_unref(image);
    assert_string_equal(free_order, "baD");
}

static void a_failed_make_may_be_tried_again(void **state)
{
    (void)state;
    static char value[] = "a";
    struct decoder decoder = {0};
    memset(free_order, 0, sizeof free_order);
    pxm_image *image = pxm_image_new(&ops, &decoder, &info);
    assert_null(pxm_image_attach(image, &ops, make_copy, NULL, note_free));
    assert_ptr_equal(pxm_image_attach(image, &ops, make_copy, value, NULL), value);
    pxm_image_unref(image);
    assert_string_equal(free_order, "");
}

static void *attach(void *image)
{
    static char value[] = "a";
    for (int i = 0; i < 1000; i++) {
        pxm_image_unref(pxm_image_ref(image));
        if (pxm_image_attach(image, &makes, make_copy, value, NULL) != value) {
            return NULL;
        }
    }
    return value;
}

static void threads_attach_once(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    pthread_t threads[4];
    makes = 0;
    pxm_image *image = pxm_image_new(&ops, &decoder, &info);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, attach, image), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
    assert_int_equal(makes, 1);
    pxm_image_unref(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_passed_to_the_decoder),
        cmocka_unit_test(shorter_structs_of_an_older_plugin_are_completed_with_zero),
        cmocka_unit_test(a_decoder_without_pixels_is_refused_and_freed),
        cmocka_unit_test(a_broken_file_is_blamed_on_the_step_that_decoded_it),
        cmocka_unit_test(attachments_are_made_once_per_key_and_freed_before_the_decoder),
        cmocka_unit_test(a_failed_make_may_be_tried_again),
        cmocka_unit_test(threads_attach_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
