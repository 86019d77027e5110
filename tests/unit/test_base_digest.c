/* SHA-256 and HMAC against published vectors (FIPS 180-2, appendix B; RFC 4231, section 4), randomness and hex. */
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

/* `count` times the byte, or `from`, `from` + 1, ... where `step`. */
struct bytes {
    uint8_t from, step;
    size_t count;
};

static size_t fill(uint8_t *buffer, struct bytes bytes, const char *text)
{
    if (text != NULL) {
        memcpy(buffer, text, strlen(text));
        return strlen(text);
    }
    for (size_t i = 0; i < bytes.count; i++) {
        buffer[i] = (uint8_t)(bytes.from + i * bytes.step);
    }
    return bytes.count;
}

static void hmacs_match_the_standard(void **state)
{
    (void)state;
    static const struct {
        struct bytes key;
        const char *key_text;
        struct bytes data;
        const char *data_text, *mac;
    } cases[] = {
        {{0x0b, 0, 20}, NULL, {0}, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {{0},
         "Jefe",
         {0},
         "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {{0xaa, 0, 20}, NULL, {0xdd, 0, 50}, NULL, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {{0x01, 1, 25}, NULL, {0xcd, 0, 50}, NULL, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {{0x0c, 0, 20}, NULL, {0}, "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"},
        {{0xaa, 0, 131},
         NULL,
         {0},
         "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {{0xaa, 0, 131},
         NULL,
         {0},
         "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
         "hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t key[200], data[200], mac[PXM_SHA256_BYTES];
        char text[2 * PXM_SHA256_BYTES + 1];
        size_t key_length = fill(key, cases[i].key, cases[i].key_text);
        size_t length = fill(data, cases[i].data, cases[i].data_text);
        assert_int_equal(pxm_hmac_sha256(key, key_length, data, length, mac), PXM_OK);
        pxm_hex(mac, sizeof mac, text);
        assert_memory_equal(text, cases[i].mac, strlen(cases[i].mac)); /* one of them is cut short */
    }
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
        cmocka_unit_test(hashes_match_the_standard),         cmocka_unit_test(pieces_hash_like_the_whole),
        cmocka_unit_test(hmacs_match_the_standard),          cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(hex_is_lower_case_and_ends_in_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
