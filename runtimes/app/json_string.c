/* One character after the other. No state but the caller's. */
#include "app/json_string.h"

#include "app/hex.h"
#include <string.h>

static enum app_json_character give(struct app_json_string *string, uint8_t byte)
{
    *string = (struct app_json_string){.byte = byte};
    return APP_JSON_BYTE;
}

static enum app_json_character take_plain(struct app_json_string *string, char c)
{
    if (c == '"') {
        return APP_JSON_END;
    }
    if (c == '\\') {
        string->part = APP_JSON_BACKSLASH;
        return APP_JSON_MORE;
    }
    return (unsigned char)c < 0x20 ? APP_JSON_BAD : give(string, (uint8_t)c);
}

static enum app_json_character take_escape(struct app_json_string *string, char c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (c == 'u') {
        *string = (struct app_json_string){.part = APP_JSON_HEX};
        return APP_JSON_MORE;
    }
    const char *found = c != '\0' ? strchr(from, c) : NULL;
    return found != NULL ? give(string, (uint8_t)to[found - from]) : APP_JSON_BAD;
}

static enum app_json_character take_hex(struct app_json_string *string, char c)
{
    int digit = app_hex_digit(c);
    if (digit < 0) {
        return APP_JSON_BAD;
    }
    string->code = string->code << 4 | (uint32_t)digit;
    if (++string->digits < 4) {
        return APP_JSON_MORE;
    }
    return give(string, string->code < 0x80 ? (uint8_t)string->code : 0xFF);
}

enum app_json_character app_json_string_take(struct app_json_string *string, char c)
{
    switch (string->part) {
    case APP_JSON_PLAIN:
        return take_plain(string, c);
    case APP_JSON_BACKSLASH:
        return take_escape(string, c);
    case APP_JSON_HEX:
        return take_hex(string, c);
    }
    return APP_JSON_BAD;
}
