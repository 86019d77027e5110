/* UTF-8 reading and writing. No state, no allocation. */
#include "base/utf8.h"

#include <string.h>

/* Length that a lead byte announces and the bits of the code point it carries; 0: no lead byte. */
static size_t lead_length(unsigned char lead, uint32_t *ret_bits)
{
    if (lead < 0x80) {
        *ret_bits = lead;
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        *ret_bits = lead & 0x1FU;
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        *ret_bits = lead & 0x0FU;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        *ret_bits = lead & 0x07U;
        return 4;
    }
    return 0;
}

size_t pxm_utf8_next(const char *text, size_t length, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code = 0;
    size_t need = length > 0 ? lead_length((unsigned char)text[0], &code) : 0;
    if (need == 0 || need > length) {
        return 0;
    }
    for (size_t i = 1; i < need; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xC0U) != 0x80) {
            return 0;
        }
        code = code << 6 | (byte & 0x3FU);
    }
    if (code < least[need] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        return 0;
    }
    if (ret != NULL) {
        *ret = code;
    }
    return need;
}

bool pxm_utf8_valid(const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t step = pxm_utf8_next(text + at, length - at, NULL);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}

size_t pxm_utf8_put(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

size_t pxm_utf8_cut(const char *text, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        uint32_t bits = 0;
        unsigned char byte = (unsigned char)text[length - back];
        if ((byte & 0xC0U) == 0x80) {
            continue;
        }
        return lead_length(byte, &bits) > back ? length - back : length;
    }
    return length;
}

void pxm_utf8_copy(char *buffer, size_t size, const char *text)
{
    size_t length = strlen(text);
    if (length >= size) {
        length = pxm_utf8_cut(text, size - 1);
    }
    memmove(buffer, text, length);
    buffer[length] = '\0';
}
