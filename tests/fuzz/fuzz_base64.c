/* Any text as base64: bytes or an error, the same in steps of any size; and what was decoded is, encoded again, the
 * same digits. */
#include "app/base64.h"
#include "base/buf.h"
#include "fuzz.h"
#include "outcome.h"
#include <string.h>

enum { OUTCOME_BYTES_MAX = 16 << 20 };

static bool decode_steps(const char *text, size_t length, size_t step, struct pxm_buf *ret)
{
    struct app_base64 base64 = {0};
    uint8_t out[64];
    size_t count = 0;
    for (size_t at = 0; at < length;) {
        size_t piece = step < length - at ? step : length - at;
        size_t read = app_base64_decode(&base64, text + at, piece, out, &count);
        check(read <= piece && count <= piece / 4 * 3 + 3);
        pxm_buf_add(ret, out, count);
        at += read;
        if (read < piece && (text[at++] != '=' || !app_base64_pad(&base64))) {
            return false;
        }
    }
    if (!app_base64_finish(&base64, out, &count)) {
        return false;
    }
    check(count <= 2);
    pxm_buf_add(ret, out, count);
    return true;
}

/* Without padding. */
static void encode(const struct pxm_buf *bytes, struct pxm_buf *ret)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t bit = 0; bit < bytes->length * 8; bit += 6) {
        unsigned value = 0;
        for (size_t i = bit; i < bit + 6; i++) {
            unsigned byte = i / 8 < bytes->length ? (unsigned char)bytes->data[i / 8] : 0;
            value = value << 1 | (byte >> (7 - i % 8) & 1);
        }
        pxm_buf_putc(ret, alphabet[value]);
    }
}

static char standard(char c)
{
    return (char)(c == '-' ? '+' : c == '_' ? '/' : c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    static const size_t steps[] = {64, 1, 3, 4, 5, 63};
    struct pxm_buf first, other, encoded;
    pxm_buf_init(&first, OUTCOME_BYTES_MAX);
    pxm_buf_init(&other, OUTCOME_BYTES_MAX);
    pxm_buf_init(&encoded, OUTCOME_BYTES_MAX);
    bool is_base64 = decode_steps(text, size, steps[0], &first);
    for (size_t i = 1; i < sizeof steps / sizeof steps[0]; i++) {
        pxm_buf_clear(&other);
        check(decode_steps(text, size, steps[i], &other) == is_base64);
        check(other.length == first.length && memcmp(other.data, first.data, first.length) == 0);
    }
    if (is_base64) {
        encode(&first, &encoded);
        check(encoded.length <= size);
        for (size_t i = 0; i < encoded.length; i++) {
            check(standard(text[i]) == encoded.data[i]);
        }
        check(size - encoded.length <= 2);
    }
    pxm_buf_done(&first);
    pxm_buf_done(&other);
    pxm_buf_done(&encoded);
    return 0;
}
