/* Base64 to bytes and back. Four digits at a time where it can, as pictures of many megabytes come this way. */
#include "app/base64.h"

/* What a digit stands for; -1: it is none. */
static const int8_t values[256] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, 62, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61,
    -1, -1, -1, -1, -1, -1, -1, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, -1, -1, -1, -1, 63, -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
    45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
};

static int value_of(char c)
{
    return values[(unsigned char)c];
}

static void put_three(uint8_t *out, uint32_t bits)
{
    out[0] = (uint8_t)(bits >> 16);
    out[1] = (uint8_t)(bits >> 8);
    out[2] = (uint8_t)bits;
}

/* Whole groups of four digits; gives the number of bytes read, and writes three for every four of them. */
static size_t decode_groups(const char *text, size_t length, uint8_t *out)
{
    size_t at = 0;
    for (; length - at >= 4; at += 4) {
        int a = value_of(text[at]), b = value_of(text[at + 1]), c = value_of(text[at + 2]), d = value_of(text[at + 3]);
        if ((a | b | c | d) < 0) {
            break;
        }
        put_three(out + at / 4 * 3, (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | (uint32_t)d);
    }
    return at;
}

size_t app_base64_decode(struct app_base64 *base64, const char *text, size_t length, uint8_t *out, size_t *ret_count)
{
    size_t at = 0, count = 0;
    while (at < length && base64->padding == 0) {
        if (base64->count == 0) {
            size_t step = decode_groups(text + at, length - at, out + count);
            at += step;
            count += step / 4 * 3;
        }
        int value = at < length ? value_of(text[at]) : -1;
        if (value < 0) {
            break;
        }
        at++;
        base64->bits = base64->bits << 6 | (uint32_t)value;
        if (++base64->count == 4) {
            put_three(out + count, base64->bits);
            count += 3;
            base64->bits = 0;
            base64->count = 0;
        }
    }
    *ret_count = count;
    return at;
}

bool app_base64_pad(struct app_base64 *base64)
{
    if (base64->count < 2 || base64->count + base64->padding == 4) {
        return false;
    }
    base64->padding++;
    return true;
}

bool app_base64_finish(const struct app_base64 *base64, uint8_t out[2], size_t *ret_count)
{
    if (base64->count == 1 || (base64->padding > 0 && base64->count + base64->padding != 4)) {
        return false;
    }
    size_t count = base64->count > 0 ? base64->count - 1 : 0;
    unsigned spare = base64->count * 6 - (unsigned)count * 8; /* bits of the last digit that no byte has */
    if ((base64->bits & ((1U << spare) - 1)) != 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = (uint8_t)(base64->bits >> spare >> 8 * (count - 1 - i));
    }
    *ret_count = count;
    return true;
}

void app_base64_encode(const void *data, size_t length, struct pxm_buf *ret)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { GROUPS = 256 };
    const uint8_t *bytes = data;
    char text[4 * GROUPS];
    size_t used = 0;

    for (size_t at = 0; at < length; at += 3) {
        size_t count = length - at < 3 ? length - at : 3;
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++) {
            bits = bits << 8 | (i < count ? bytes[at + i] : 0);
        }
        for (size_t i = 0; i < 4; i++) {
            text[used++] = i <= count ? digits[bits >> (18 - 6 * i) & 63] : '=';
        }
        if (used == sizeof text || at + 3 >= length) {
            pxm_buf_add(ret, text, used);
            used = 0;
        }
    }
}
