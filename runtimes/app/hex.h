/* Hex digits of percent escapes and JSON. [any] */
#ifndef PXM_APP_HEX_H
#define PXM_APP_HEX_H

/* The value of a digit; -1: it is none. */
static inline int app_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

#endif
