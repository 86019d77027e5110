/* Values: sharing, order, lookup, failures that stick, equality. */
#include "base/blob.h"
#include "base/image.h"
#include "base/value.h"
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static pxm_value *list_of(pxm_value *item)
{
    pxm_value *list = pxm_value_list();
    pxm_value_append(list, item);
    return list;
}

static void readers_give_nothing_for_the_wrong_kind(void **state)
{
    (void)state;
    pxm_value *text = pxm_value_cstring("text");
    size_t length = 9;
    assert_int_equal(pxm_value_as_int(text), 0);
    assert_int_equal(pxm_value_as_bool(text), 0);
    assert_true(pxm_value_as_float(text) == 0);
    assert_null(pxm_value_as_blob(text));
    assert_null(pxm_value_as_image(text));
    assert_int_equal(pxm_value_count(text), 0);
    assert_null(pxm_value_at(text, 0));
    assert_null(pxm_value_get(text, "x"));
    assert_null(pxm_value_key(text, 0));
    assert_string_equal(pxm_value_as_string(NULL, &length), "");
    assert_int_equal(length, 0);
    assert_int_equal(pxm_value_type(NULL), PXM_TYPE_NULL);
    pxm_value_unref(text);
    pxm_value_unref(NULL);
    assert_null(pxm_value_ref(NULL));
}

static void scalars_keep_what_they_were_made_of(void **state)
{
    (void)state;
    pxm_value *list = pxm_value_list();
    pxm_value_append(list, pxm_value_null());
    pxm_value_append(list, pxm_value_bool(7));
    pxm_value_append(list, pxm_value_int(INT64_MIN));
    pxm_value_append(list, pxm_value_float(0.1));
    pxm_value_append(list, pxm_value_string("a\0b", 3));
    pxm_value_append(list, pxm_value_cstring(NULL));
    size_t length = 0;
    assert_int_equal(pxm_value_status(list), PXM_OK);
    assert_int_equal(pxm_value_as_bool(pxm_value_at(list, 1)), 1);
    assert_true(pxm_value_as_int(pxm_value_at(list, 2)) == INT64_MIN);
    assert_true(pxm_value_as_float(pxm_value_at(list, 3)) == 0.1);
    assert_true(pxm_value_as_float(pxm_value_at(list, 2)) == -0x1p63);
    assert_memory_equal(pxm_value_as_string(pxm_value_at(list, 4), &length), "a\0b", 4);
    assert_int_equal(length, 3);
    assert_int_equal(pxm_value_type(pxm_value_at(list, 5)), PXM_TYPE_NULL);
    assert_null(pxm_value_at(list, 6));
    pxm_value_unref(list);
}

static void a_record_keeps_insertion_order_and_replaces_equal_keys(void **state)
{
    (void)state;
    pxm_value *record = pxm_value_record();
    pxm_value_set(record, "b", pxm_value_int(1));
    pxm_value_set(record, "a", pxm_value_int(2));
    pxm_value_set(record, "b", pxm_value_int(3));
    assert_int_equal(pxm_value_count(record), 2);
    assert_string_equal(pxm_value_key(record, 0), "b");
    assert_string_equal(pxm_value_key(record, 1), "a");
    assert_int_equal(pxm_value_as_int(pxm_value_get(record, "b")), 3);
    assert_null(pxm_value_get(record, "c"));
    pxm_value_unref(record);
}

static void big_records_find_every_key(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    pxm_value *record = pxm_value_record();
    char key[16];
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < COUNT; i++) {
            snprintf(key, sizeof key, "key%d", i);
            assert_int_equal(pxm_value_set(record, key, pxm_value_int(i + pass)), PXM_OK);
        }
    }
    assert_int_equal(pxm_value_count(record), COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "key%d", i);
        assert_int_equal(pxm_value_as_int(pxm_value_get(record, key)), i + 1);
        assert_string_equal(pxm_value_key(record, (size_t)i), key);
    }
    assert_null(pxm_value_get(record, "key20000"));
    assert_null(pxm_value_get(record, ""));
    pxm_value_unref(record);
}

static void a_missing_item_is_remembered(void **state)
{
    (void)state;
    pxm_value *record = pxm_value_record();
    assert_int_equal(pxm_value_set(record, "a", NULL), PXM_E_NO_MEMORY);
    assert_int_equal(pxm_value_set(record, "b", pxm_value_int(1)), PXM_E_NO_MEMORY);
    assert_int_equal(pxm_value_status(record), PXM_E_NO_MEMORY);
    assert_int_equal(pxm_value_count(record), 0);
    pxm_value *outer = pxm_value_list();
    assert_int_equal(pxm_value_append(outer, record), PXM_E_NO_MEMORY);
    assert_int_equal(pxm_value_status(outer), PXM_E_NO_MEMORY);
    pxm_value_unref(outer);
    assert_int_equal(pxm_value_append(NULL, pxm_value_int(1)), PXM_E_NO_MEMORY);
    assert_int_equal(pxm_value_status(NULL), PXM_E_NO_MEMORY);
}

static void what_is_part_of_another_value_cannot_be_changed(void **state)
{
    (void)state;
    pxm_value *inner = pxm_value_list();
    pxm_value *outer = list_of(inner);
    assert_int_equal(pxm_value_append(inner, pxm_value_int(1)), PXM_E_INVALID);
    assert_int_equal(pxm_value_append(inner, pxm_value_ref(outer)), PXM_E_INVALID);
    assert_int_equal(pxm_value_append(outer, pxm_value_ref(outer)), PXM_E_INVALID);
    assert_int_equal(pxm_value_set(inner, "key", pxm_value_int(1)), PXM_E_INVALID);
    assert_int_equal(pxm_value_count(inner), 0);
    pxm_value_unref(outer);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    pxm_value *value = pxm_value_int(1);
    for (int depth = 1; depth <= PXM_VALUE_DEPTH_MAX; depth++) {
        value = list_of(value);
        assert_int_equal(pxm_value_status(value), PXM_OK);
    }
    value = list_of(value);
    assert_int_equal(pxm_value_status(value), PXM_E_LIMIT);
    assert_int_equal(pxm_value_count(value), 0);
    pxm_value_unref(value);
}

static void equality_is_deep_and_exact(void **state)
{
    (void)state;
    pxm_value *a = pxm_value_record(), *b = pxm_value_record();
    pxm_value_set(a, "x", list_of(pxm_value_int(1)));
    pxm_value_set(a, "y", pxm_value_cstring("s"));
    pxm_value_set(b, "y", pxm_value_cstring("s"));
    assert_false(pxm_value_equal(a, b));
    pxm_value_set(b, "x", list_of(pxm_value_float(1.0)));
    assert_true(pxm_value_equal(a, b));
    pxm_value_set(b, "x", list_of(pxm_value_float(1.5)));
    assert_false(pxm_value_equal(a, b));
    pxm_value_unref(a);
    pxm_value_unref(b);
}

static void scalars_are_equal_by_kind_and_content(void **state)
{
    (void)state;
    pxm_value *values[] = {pxm_value_null(),      pxm_value_bool(0),           pxm_value_bool(1),
                           pxm_value_int(2),      pxm_value_float(2.5),        pxm_value_cstring("a"),
                           pxm_value_cstring(""), pxm_value_string("a\0b", 3), pxm_value_list(),
                           pxm_value_record()};
    enum { COUNT = sizeof values / sizeof values[0] };
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            assert_int_equal(pxm_value_equal(values[i], values[j]), i == j);
        }
        assert_int_equal(pxm_value_equal(values[i], NULL), i == 0);
    }
    for (size_t i = 0; i < COUNT; i++) {
        pxm_value_unref(values[i]);
    }
}

static bool int_equals_float(int64_t i, double f)
{
    pxm_value *a = pxm_value_int(i), *b = pxm_value_float(f);
    bool equal = pxm_value_equal(a, b);
    assert_int_equal(pxm_value_equal(b, a), equal);
    pxm_value_unref(a);
    pxm_value_unref(b);
    return equal;
}

static void ints_and_floats_compare_as_numbers(void **state)
{
    (void)state;
    assert_true(int_equals_float(INT64_MIN, -0x1p63));
    assert_false(int_equals_float(INT64_MAX, 0x1p63));
    assert_true(int_equals_float(INT64_C(1) << 53, 0x1p53));
    assert_false(int_equals_float((INT64_C(1) << 53) + 1, 0x1p53));
    assert_false(int_equals_float(0, NAN));
    assert_false(int_equals_float(0, INFINITY));
    assert_true(int_equals_float(0, -0.0));
}

static int image_frees;

static pxm_status no_pixels(void *self, pxm_job *job, int64_t width, int64_t height, struct _VipsImage **ret,
                            pxm_error *error)
{
    (void)self, (void)job, (void)width, (void)height, (void)ret, (void)error;
    return PXM_E_INTERNAL;
}

static void count_free(void *self)
{
    (void)self;
    image_frees++;
}

static void blobs_and_images_are_owned_and_equal_only_themselves(void **state)
{
    (void)state;
    const struct pxm_image_ops ops = {.struct_size = sizeof ops, .pixels = no_pixels, .free = count_free};
    const struct pxm_image_info info = {.struct_size = sizeof info, .width = 4, .height = 3, .frames = 1};
    pxm_image *image = pxm_image_new(&ops, NULL, &info);
    pxm_value *first = pxm_value_image(image), *second = pxm_value_image(pxm_image_ref(image));
    assert_true(pxm_value_equal(first, second));
    assert_ptr_equal(pxm_value_as_image(second), image);
    image_frees = 0;
    pxm_value_unref(first);
    assert_int_equal(image_frees, 0);
    pxm_value_unref(second);
    assert_int_equal(image_frees, 1);
    first = pxm_value_blob(pxm_blob_copy("x", 1));
    second = pxm_value_blob(pxm_blob_copy("x", 1));
    assert_false(pxm_value_equal(first, second));
    pxm_value_unref(first);
    pxm_value_unref(second);
    assert_null(pxm_value_blob(NULL));
    assert_null(pxm_value_image(NULL));
}

static void type_names_read_like_a_sentence(void **state)
{
    (void)state;
    char buffer[80], tiny[6];
    assert_string_equal(pxm_type_name(PXM_TYPE_INT, NULL, 0), "int");
    assert_string_equal(pxm_type_name(PXM_TYPE_IMAGE, NULL, 0), "image");
    assert_string_equal(pxm_type_name(PXM_TYPE_INT | PXM_TYPE_STRING, buffer, sizeof buffer), "int or string");
    assert_string_equal(pxm_type_name(PXM_TYPE_NULL | PXM_TYPE_INT | PXM_TYPE_BLOB, buffer, sizeof buffer),
                        "null, int or blob");
    assert_string_equal(pxm_type_name(PXM_TYPE_ANY, NULL, 0), "any");
    assert_string_equal(pxm_type_name(0, NULL, 0), "nothing");
    assert_string_equal(pxm_type_name(PXM_TYPE_ANY & ~1U, tiny, sizeof tiny), "bool,");
}

static void *ref_and_unref(void *arg)
{
    for (int i = 0; i < 10000; i++) {
        pxm_value *again = pxm_value_ref(arg);
        pxm_value *own = list_of(pxm_value_ref(pxm_value_at(again, 0)));
        pxm_value_unref(own);
        pxm_value_unref(again);
    }
    pxm_value_unref(arg);
    return NULL;
}

static void threads_share_a_value(void **state)
{
    (void)state;
    pthread_t threads[4];
    pxm_value *shared = list_of(pxm_value_cstring("text"));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ref_and_unref, pxm_value_ref(shared)), 0);
    }
    pxm_value_unref(shared);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_give_nothing_for_the_wrong_kind),
        cmocka_unit_test(scalars_keep_what_they_were_made_of),
        cmocka_unit_test(a_record_keeps_insertion_order_and_replaces_equal_keys),
        cmocka_unit_test(big_records_find_every_key),
        cmocka_unit_test(a_missing_item_is_remembered),
        cmocka_unit_test(what_is_part_of_another_value_cannot_be_changed),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(equality_is_deep_and_exact),
        cmocka_unit_test(scalars_are_equal_by_kind_and_content),
        cmocka_unit_test(ints_and_floats_compare_as_numbers),
        cmocka_unit_test(blobs_and_images_are_owned_and_equal_only_themselves),
        cmocka_unit_test(type_names_read_like_a_sentence),
        cmocka_unit_test(threads_share_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
