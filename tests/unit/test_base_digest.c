/* SHA-256 against published vectors (FIPS 180-2, appendix B), randomness and hex. */
#include "base/digest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char million_a[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void hashes_match_the_standard(void **state)
{
    (void)state;
    uint8_t hash[PXM_SHA256_BYTES];
    char text[2 * PXM_SHA256_BYTES + 1];
    assert_int_equal(pxm_sha256("abc", 3, hash), PXM_OK);
    pxm_hex(hash, sizeof hash, text);
    assert_string_equal(text, abc);
}

static void pieces_hash_like_the_whole(void **state)
{
    (void)state;
    uint8_t hash[PXM_SHA256_BYTES];
    char text[2 * PXM_SHA256_BYTES + 1], piece[1000];
    memset(piece, 'a', sizeof piece);
    struct pxm_sha256_stream *stream = pxm_sha256_new();
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(pxm_sha256_update(stream, piece, sizeof piece), PXM_OK);
    }
    assert_int_equal(pxm_sha256_update(stream, piece, 0), PXM_OK);
    assert_int_equal(pxm_sha256_final(stream, hash), PXM_OK);
    pxm_sha256_free(stream);
    pxm_sha256_free(NULL);
    pxm_hex(hash, sizeof hash, text);
    assert_string_equal(text, million_a);
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t first[16] = {0}, second[16] = {0};
    assert_int_equal(pxm_random(first, sizeof first), PXM_OK);
    assert_int_equal(pxm_random(second, sizeof second), PXM_OK);
    assert_memory_not_equal(first, second, sizeof first);
    assert_int_equal(pxm_random(NULL, 0), PXM_OK);
}

static void hex_is_lower_case_and_ends_in_nul(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x0F, 0xA0, 0xFF};
    char text[9];
    pxm_hex(bytes, sizeof bytes, text);
    assert_string_equal(text, "000fa0ff");
    pxm_hex(bytes, 0, text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_match_the_standard),
        cmocka_unit_test(pieces_hash_like_the_whole),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(hex_is_lower_case_and_ends_in_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
