/* Characters of a JSON string (RFC 8259, section 7) as they come in, for text that is ASCII if it is right. [any] */
#ifndef PXM_APP_JSON_STRING_H
#define PXM_APP_JSON_STRING_H

#include <stdint.h>

enum app_json_character {
    APP_JSON_MORE, /* in the middle of an escape */
    APP_JSON_BYTE, /* `byte`: a byte of the content; 0xFF for an escape that is not ASCII */
    APP_JSON_END,  /* the closing quote */
    APP_JSON_BAD   /* no JSON */
};

struct app_json_string { /* all zero: behind the opening quote */
    enum { APP_JSON_PLAIN, APP_JSON_BACKSLASH, APP_JSON_HEX } part;
    unsigned digits;
    uint32_t code;
    uint8_t byte;
};

enum app_json_character app_json_string_take(struct app_json_string *string, char c);

#endif
