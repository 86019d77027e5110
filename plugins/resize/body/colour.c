/* Colours as YAML writes them. */
#include "colour.h"
#include <string.h>

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = memchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c, 16);

    return at ? (int)(at - digits) : -1;
}

bool resize_colour_parse(const char *text, double ret[4])
{
    size_t length = text ? strlen(text) : 0;
    size_t wide = length == 4 ? 1 : 2;
    double colour[4] = {0, 0, 0, 255};

    if ((length != 4 && length != 7 && length != 9) || text[0] != '#') {
        return false;
    }
    for (size_t i = 0; 1 + i * wide < length; i++) {
        int high = digit(text[1 + i * wide]), low = digit(text[i * wide + wide]);
        if (high < 0 || low < 0) {
            return false;
        }
        colour[i] = 16 * high + low;
    }
    memcpy(ret, colour, sizeof(colour));
    return true;
}
