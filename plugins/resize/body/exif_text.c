/* Texts from cameras: said to be ASCII (Exif 4.6.2), in truth whatever the maker or a program wrote. */
#include "exif.h"
#include <string.h>

/* Length of the well-formed UTF-8 sequence (RFC 3629 section 4) of several bytes; 0: none. *ret: what it encodes. */
static size_t sequence(const uint8_t *at, size_t left, uint32_t *ret)
{
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    uint32_t code = at[0] & (0x7fu >> length);
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if (at[0] < 0xc2 || at[0] > 0xf4 || left < length) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (at[i] & 0x3fu);
    }
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return 0;
    }
    *ret = code;
    return length;
}

static bool is_utf8(const uint8_t *bytes, size_t size)
{
    uint32_t code;

    for (size_t i = 0; i < size;) {
        size_t length = bytes[i] < 0x80 ? 1 : sequence(bytes + i, size - i, &code);

        if (!length) {
            return false;
        }
        i += length;
    }
    return true;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

void resize_exif_text(const uint8_t *bytes, size_t size, char *ret)
{
    const uint8_t *end = memchr(bytes, 0, size);
    bool utf8;
    size_t used = 0;

    size = end ? (size_t)(end - bytes) : size;
    utf8 = is_utf8(bytes, size);
    for (size_t i = 0; i < size;) {
        uint32_t code = bytes[i];
        size_t length = utf8 && code >= 0x80 ? sequence(bytes + i, size - i, &code) : 1;
        size_t needed = code < 0x80 ? 1 : utf8 ? length : 2;

        if (used + needed >= RESIZE_EXIF_TEXT_MAX) {
            break;
        }
        if (is_control(code) || (code == ' ' && used == 0)) {
            i += length;
            continue;
        }
        if (code < 0x80 || utf8) {
            memcpy(ret + used, bytes + i, length);
        } else {
            ret[used] = (char)(0xc0 | code >> 6);
            ret[used + 1] = (char)(0x80 | (code & 0x3f));
        }
        used += needed;
        i += length;
    }
    while (used && ret[used - 1] == ' ') {
        used--;
    }
    ret[used] = '\0';
}
