/* Text that grows up to a cap, and the encodings that requests are made of. What such a text held is wiped when it is
 * freed or moved, as it may have been a secret. A failure (no memory, cap reached) sticks: check once, at the end.
 * [any] */
#ifndef AWS_TEXT_H
#define AWS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aws_text {
    char *data;              /* NULL while nothing was added; ends in NUL */
    size_t length, capacity; /* bytes                                     */
    size_t max;              /* of content, without the NUL               */
    bool failed;
    bool is_full; /* by the cap, and not for want of memory */
};

void aws_text_init(struct aws_text *text, size_t max);
void aws_text_done(struct aws_text *text);
void aws_text_clear(struct aws_text *text); /* forgets the content and a failure, keeps the memory */
void aws_text_add(struct aws_text *text, const void *data, size_t length);
void aws_text_puts(struct aws_text *text, const char *string);
void aws_text_printf(struct aws_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Never NULL. */
const char *aws_text_get(const struct aws_text *text);
/* The content as text to be freed with aws_free_text, or NULL after a failure; the buffer is empty again. */
char *aws_text_take(struct aws_text *text);

/* A copy, or NULL: out of memory, or NULL was given. */
char *aws_copy_text(const char *text);
/* Wipes and frees; NULL is fine. */
void aws_free_text(char *text);

/* Every byte but A-Z a-z 0-9 - _ . ~ (and / where it is kept) as %XX. */
void aws_percent_encode(struct aws_text *to, const char *from, size_t length, bool keeps_slash);
/* The same into a buffer of 3 * length + 1 bytes; how many it took without the NUL. */
size_t aws_percent_write(char *to, const char *from, size_t length, bool keeps_slash);
/* In place; "+" stays. False: a % without two digits, or %00. */
bool aws_percent_decode(char *text);
/* Lower-case digits and a NUL: `hex` has 2 * length + 1 bytes. */
void aws_hex(const uint8_t *bytes, size_t length, char *hex);
void aws_base64(struct aws_text *to, const void *bytes, size_t length);
/* RFC 4648 section 5, without padding. */
void aws_base64url(struct aws_text *to, const void *bytes, size_t length);
/* Adds what `text` stands for; false: it is no such text. */
bool aws_base64url_decode(struct aws_text *to, const char *text);
/* Whether a header may hold it: no control character. NULL may be. */
bool aws_is_header_value(const char *text);
/* Whether it can be a part of a host name: letters, digits and inner hyphens, 1 to 63. */
bool aws_is_host_label(const char *text);

#endif
