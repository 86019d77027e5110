/* Growing text, and encodings. [any] */
#include "aws/text.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256, LABEL_MAX = 63 };

void aws_text_init(struct aws_text *text, size_t max)
{
    *text = (struct aws_text){.max = max};
}

static void wipe(struct aws_text *text)
{
    if (text->data) {
        OPENSSL_cleanse(text->data, text->length);
        free(text->data);
    }
}

void aws_text_done(struct aws_text *text)
{
    wipe(text);
    *text = (struct aws_text){.max = text->max};
}

void aws_text_clear(struct aws_text *text)
{
    text->length = 0;
    text->failed = text->is_full = false;
    if (text->data) {
        text->data[0] = '\0';
    }
}

/* Room for `more` bytes and the NUL. */
static bool reserve(struct aws_text *text, size_t more)
{
    if (text->failed) {
        return false;
    }
    if (more > text->max - text->length) {
        text->failed = text->is_full = true;
        return false;
    }
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity) {
        return true;
    }
    size_t capacity = text->capacity ? text->capacity : FIRST_CAPACITY;
    while (capacity < needed) {
        capacity = capacity > SIZE_MAX / 2 ? needed : 2 * capacity;
    }
    capacity = capacity - 1 > text->max ? text->max + 1 : capacity;
    char *data = malloc(capacity);
    if (!data) {
        text->failed = true;
        return false;
    }
    if (text->data) {
        memcpy(data, text->data, text->length + 1);
    }
    wipe(text);
    text->data = data;
    text->capacity = capacity;
    return true;
}

void aws_text_add(struct aws_text *text, const void *data, size_t length)
{
    if (!reserve(text, length)) {
        return;
    }
    if (length > 0) {
        memcpy(text->data + text->length, data, length);
    }
    text->length += length;
    text->data[text->length] = '\0';
}

void aws_text_puts(struct aws_text *text, const char *string)
{
    aws_text_add(text, string, strlen(string));
}

void aws_text_printf(struct aws_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        text->failed = true;
    } else if (reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

const char *aws_text_get(const struct aws_text *text)
{
    return text->data ? text->data : "";
}

char *aws_text_take(struct aws_text *text)
{
    char *data = NULL;
    if (!text->failed) {
        aws_text_add(text, "", 0);
        data = aws_copy_text(text->data);
    }
    aws_text_done(text);
    return data;
}

char *aws_copy_text(const char *text)
{
    return text ? strdup(text) : NULL;
}

void aws_free_text(char *text)
{
    if (text) {
        OPENSSL_cleanse(text, strlen(text));
        free(text);
    }
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

size_t aws_percent_write(char *to, const char *from, size_t length, bool keeps_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t at = 0;
    for (size_t i = 0; i < length; i++) {
        char c = from[i];
        if (is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' || c == '~' || (c == '/' && keeps_slash)) {
            to[at++] = c;
        } else {
            to[at++] = '%';
            to[at++] = digits[(unsigned char)c >> 4];
            to[at++] = digits[(unsigned char)c & 15];
        }
    }
    to[at] = '\0';
    return at;
}

void aws_percent_encode(struct aws_text *to, const char *from, size_t length, bool keeps_slash)
{
    enum { PIECE_BYTES = 256 };
    char piece[3 * PIECE_BYTES + 1];
    for (size_t at = 0; at < length; at += PIECE_BYTES) {
        size_t left = length - at;
        size_t count = aws_percent_write(piece, from + at, left < PIECE_BYTES ? left : PIECE_BYTES, keeps_slash);
        aws_text_add(to, piece, count);
    }
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool aws_percent_decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = digit_value(from[1]), low = high < 0 ? -1 : digit_value(from[2]);
        if (low < 0 || (high == 0 && low == 0)) {
            return false;
        }
        *to++ = (char)(high << 4 | low);
        from += 2;
    }
    *to = '\0';
    return true;
}

void aws_hex(const uint8_t *bytes, size_t length, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * length] = '\0';
}

static void encode64(struct aws_text *to, const uint8_t *bytes, size_t length, const char *alphabet, bool pads)
{
    for (size_t i = 0; i < length; i += 3) {
        size_t count = length - i < 3 ? length - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= count > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= count > 2 ? bytes[i + 2] : 0;
        char out[4];
        for (int j = 0; j < 4; j++) {
            out[j] = (size_t)j <= count ? alphabet[group >> (18 - 6 * j) & 63] : '=';
        }
        aws_text_add(to, out, pads ? 4 : count + 1);
    }
}

void aws_base64(struct aws_text *to, const void *bytes, size_t length)
{
    encode64(to, bytes, length, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void aws_base64url(struct aws_text *to, const void *bytes, size_t length)
{
    encode64(to, bytes, length, url_alphabet, false);
}

bool aws_base64url_decode(struct aws_text *to, const char *text)
{
    uint32_t group = 0;
    int bits = 0;
    for (; *text; text++) {
        const char *at = strchr(url_alphabet, *text);
        if (!at) {
            return false;
        }
        group = group << 6 | (uint32_t)(at - url_alphabet);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            uint8_t byte = (uint8_t)(group >> bits);
            aws_text_add(to, &byte, 1);
            group &= (1U << bits) - 1;
        }
    }
    /* What is left over must be no more than padding, so that each content has one text only. */
    return bits < 6 && group == 0 && !to->failed;
}

bool aws_is_header_value(const char *text)
{
    for (; text && *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

bool aws_is_host_label(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (!is_letter_or_digit(text[i]) && (text[i] != '-' || i == 0 || i + 1 == length)) {
            return false;
        }
    }
    return length > 0 && length <= LABEL_MAX;
}
