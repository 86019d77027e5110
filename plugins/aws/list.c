/* Ordered names and values. [any] */
#include "aws/list.h"
#include "aws/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_CAPACITY = 16 };

void aws_list_truncate(struct aws_list *list, size_t count)
{
    while (list->count > count) {
        list->count--;
        aws_free_text(list->items[list->count].name);
        aws_free_text(list->items[list->count].value);
    }
}

void aws_list_done(struct aws_list *list)
{
    aws_list_truncate(list, 0);
    free(list->items);
    *list = (struct aws_list){0};
}

static bool reserve(struct aws_list *list)
{
    if (list->count < list->capacity) {
        return true;
    }
    size_t capacity = list->capacity ? 2 * list->capacity : FIRST_CAPACITY;
    struct aws_pair *items = realloc(list->items, capacity * sizeof *items);
    if (!items) {
        return false;
    }
    list->items = items;
    list->capacity = capacity;
    return true;
}

static void add(struct aws_list *list, const char *name, const char *value, bool is_signed)
{
    struct aws_pair pair = {.name = aws_copy_text(name), .value = aws_copy_text(value), .is_signed = is_signed};
    if (!pair.name || !pair.value || !reserve(list)) {
        aws_free_text(pair.name);
        aws_free_text(pair.value);
        list->failed = true;
        return;
    }
    list->items[list->count++] = pair;
}

void aws_list_add(struct aws_list *list, const char *name, const char *value)
{
    add(list, name, value, false);
}

void aws_list_add_signed(struct aws_list *list, const char *name, const char *value)
{
    add(list, name, value, true);
}

void aws_list_add_header(struct aws_list *list, const char *name, const char *value)
{
    static const char *const names[] = {"host", "content-type", "content-md5", "range"};
    static const char *const starts[] = {"if-", "x-amz-"};
    bool is_signed = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        is_signed |= strcasecmp(name, names[i]) == 0;
    }
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        is_signed |= strncasecmp(name, starts[i], strlen(starts[i])) == 0;
    }
    add(list, name, value, is_signed);
}

const char *aws_list_get(const struct aws_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcasecmp(list->items[i].name, name) == 0) {
            return list->items[i].value;
        }
    }
    return NULL;
}
