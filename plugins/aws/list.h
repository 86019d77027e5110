/* Names and values in order: the headers, or the query, of one request or reply. Values are wiped when they go, as a
 * header may be a secret. A failure (no memory) sticks: check once, at the end. [any] */
#ifndef AWS_LIST_H
#define AWS_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct aws_pair {
    char *name, *value;
    bool is_signed; /* a header that the signature covers */
};

struct aws_list {
    struct aws_pair *items;
    size_t count, capacity;
    bool failed;
};

void aws_list_done(struct aws_list *list);
/* Drops what came after the first `count`. */
void aws_list_truncate(struct aws_list *list, size_t count);
/* Copies both. */
void aws_list_add(struct aws_list *list, const char *name, const char *value);
/* The same for a header, which is to be signed if it is one of those that proxies leave alone: host, content-type,
 * content-md5, range, if-... and x-amz-... */
void aws_list_add_header(struct aws_list *list, const char *name, const char *value);
/* The same for a header that is to be signed in any case. */
void aws_list_add_signed(struct aws_list *list, const char *name, const char *value);
/* The first value of that name, whatever its case; NULL: none. Lives as long as the item. */
const char *aws_list_get(const struct aws_list *list, const char *name);

#endif
