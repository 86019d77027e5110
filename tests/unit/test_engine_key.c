/* What a rendered object key may be. */
#include "engine_fixture.h"

#include "engine/key.h"

#include <string.h>

static pxm_status check(const char *key, const char *under)
{
    pxm_error error = {0};
    pxm_status status = pxm_key_check(key, under, &error);

    if (status != PXM_OK) {
        assert_string_equal(error.code, "key.invalid");
    }
    return status;
}

static void ordinary_keys_pass(void **state)
{
    (void)state;
    assert_int_equal(check("originals/a b/ü.jpg", NULL), PXM_OK);
    assert_int_equal(check("a", NULL), PXM_OK);
    assert_int_equal(check("a.b/c.d", "a.b/"), PXM_OK);
}

static void hostile_keys_are_refused(void **state)
{
    static const char *const bad[] = {"", "..", "../a", "a/../b", "a\\b", "/a", "a//b", "a\nb", "a\x7f", "\x01"};
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(check(bad[i], NULL), PXM_E_INVALID);
    }
}

static void a_key_has_1024_bytes_at_most(void **state)
{
    char key[1026];
    (void)state;

    memset(key, 'a', sizeof key);
    key[1024] = '\0';
    assert_int_equal(check(key, NULL), PXM_OK);
    key[1024] = 'a';
    key[1025] = '\0';
    assert_int_equal(check(key, NULL), PXM_E_INVALID);
}

static void under_confines_to_a_whole_folder(void **state)
{
    (void)state;
    assert_int_equal(check("originals/cat.jpg", "originals/"), PXM_OK);
    assert_int_equal(check("originals/cat.jpg", "originals"), PXM_OK);
    assert_int_equal(check("originals-2/cat.jpg", "originals"), PXM_E_INVALID);
    assert_int_equal(check("originals/", "originals/"), PXM_E_INVALID);
    assert_int_equal(check("thumbs/cat.jpg", "originals/"), PXM_E_INVALID);
}

static void a_prefix_may_be_empty(void **state)
{
    pxm_error error = {0};
    (void)state;

    assert_int_equal(pxm_key_check_prefix("", &error), PXM_OK);
    assert_int_equal(pxm_key_check_prefix("a/", &error), PXM_OK);
    assert_int_equal(pxm_key_check_prefix("../", &error), PXM_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_keys_pass),           cmocka_unit_test(hostile_keys_are_refused),
        cmocka_unit_test(a_key_has_1024_bytes_at_most), cmocka_unit_test(under_confines_to_a_whole_folder),
        cmocka_unit_test(a_prefix_may_be_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
