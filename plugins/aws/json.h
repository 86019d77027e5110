/* A reader of what services send as JSON (RFC 8259), in place and without memory of its own: numbers keep their digits,
 * texts may hold any character, and documents nest deeper than the engine's values do. [any] */
#ifndef AWS_JSON_H
#define AWS_JSON_H

#include "aws/text.h"

#include <stdbool.h>
#include <stddef.h>

enum { AWS_JSON_DEPTH_MAX = 96 };

enum aws_json_kind {
    AWS_JSON_NONE, /* there is no value */
    AWS_JSON_NULL,
    AWS_JSON_BOOL,
    AWS_JSON_NUMBER,
    AWS_JSON_STRING,
    AWS_JSON_ARRAY,
    AWS_JSON_OBJECT
};

/* One value of a text that is borrowed, without the blanks around it. Zeroed: none. */
struct aws_json {
    const char *text;
    size_t length;
};

/* Reads a whole text. False: it is no JSON, or nests too deep. All other functions take values of such texts alone. */
bool aws_json_read(const char *text, size_t length, struct aws_json *ret);
enum aws_json_kind aws_json_kind(struct aws_json value);
bool aws_json_is_true(struct aws_json value);
/* Adds the text of a string; false: it has half of a character, or `to` failed. */
bool aws_json_text(struct aws_json string, struct aws_text *to);
/* Whether it is a string of that text. */
bool aws_json_equals(struct aws_json string, const char *text);

/* The members of an array or object in order; anything else has none. */
struct aws_json_walk {
    const char *at, *end;
};
struct aws_json_walk aws_json_walk(struct aws_json container);
/* False: there are no more. `ret_name`: a string; none in an array. */
bool aws_json_next(struct aws_json_walk *walk, struct aws_json *ret_name, struct aws_json *ret_value);
/* The first member of an object with that name; none where there is no such. */
struct aws_json aws_json_get(struct aws_json object, const char *name);

/* Writes a text as a string, with its quotes. It is UTF-8. */
void aws_json_write(struct aws_text *to, const char *text, size_t length);

#endif
