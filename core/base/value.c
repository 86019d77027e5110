/* Counted typed values. Every part of the engine and every plugin makes and reads them; a value that several have is
 * only read, and its count is atomic, so no lock is needed. */
#include "base/value.h"

#include "base/blob.h"
#include "base/image.h"
#include "base/log.h"
#include "base/value_index.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_FROM = 16 /* fields; fewer are looked through one by one */ };

struct list {
    pxm_value **items;
    size_t count, capacity;
};

struct record {
    struct pxm_value_field *fields;
    size_t count, capacity;
    struct pxm_value_index index; /* of all fields, from INDEX_FROM on */
};

struct string {
    size_t length;
    char *text; /* follows the value in the same piece of memory */
};

struct pxm_value {
    atomic_size_t refs;
    uint32_t type;
    pxm_status status;   /* of a list or record: the first failure of a set or append; sticks */
    uint32_t depth;      /* of nested lists and records, this one included; at most PXM_VALUE_DEPTH_MAX */
    atomic_bool is_item; /* it belongs to a list or record, so it does not change any more */
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct string string;
        struct list list;
        struct record record;
        pxm_blob *blob;
        pxm_image *image;
    };
};

static pxm_value *new_value(uint32_t type, size_t more)
{
    size_t size = 0;
    if (__builtin_add_overflow(sizeof(pxm_value), more, &size)) {
        return NULL;
    }
    pxm_value *value = calloc(1, size);
    if (value != NULL) {
        atomic_init(&value->refs, 1);
        value->type = type;
    }
    return value;
}

pxm_value *pxm_value_null(void)
{
    return new_value(PXM_TYPE_NULL, 0);
}

pxm_value *pxm_value_bool(int32_t b)
{
    pxm_value *value = new_value(PXM_TYPE_BOOL, 0);
    if (value != NULL) {
        value->boolean = b != 0;
    }
    return value;
}

pxm_value *pxm_value_int(int64_t i)
{
    pxm_value *value = new_value(PXM_TYPE_INT, 0);
    if (value != NULL) {
        value->integer = i;
    }
    return value;
}

pxm_value *pxm_value_float(double f)
{
    pxm_value *value = new_value(PXM_TYPE_FLOAT, 0);
    if (value != NULL) {
        value->number = f;
    }
    return value;
}

pxm_value *pxm_value_string(const char *text, size_t length)
{
    pxm_value *value = length < SIZE_MAX ? new_value(PXM_TYPE_STRING, length + 1) : NULL;
    if (value == NULL) {
        return NULL;
    }
    value->string = (struct string){.length = length, .text = (char *)(value + 1)};
    if (length > 0) {
        memcpy(value->string.text, text, length);
    }
    return value;
}

pxm_value *pxm_value_cstring(const char *text)
{
    return text != NULL ? pxm_value_string(text, strlen(text)) : pxm_value_null();
}

pxm_value *pxm_value_list(void)
{
    pxm_value *value = new_value(PXM_TYPE_LIST, 0);
    if (value != NULL) {
        value->depth = 1;
    }
    return value;
}

pxm_value *pxm_value_record(void)
{
    pxm_value *value = new_value(PXM_TYPE_RECORD, 0);
    if (value != NULL) {
        value->depth = 1;
    }
    return value;
}

pxm_value *pxm_value_blob(pxm_blob *blob)
{
    pxm_value *value = blob != NULL ? new_value(PXM_TYPE_BLOB, 0) : NULL;
    if (value == NULL) {
        pxm_blob_unref(blob);
        return NULL;
    }
    value->blob = blob;
    return value;
}

pxm_value *pxm_value_image(pxm_image *image)
{
    pxm_value *value = image != NULL ? new_value(PXM_TYPE_IMAGE, 0) : NULL;
    if (value == NULL) {
        pxm_image_unref(image);
        return NULL;
    }
    value->image = image;
    return value;
}

static const char *name_of_bit(uint32_t bit)
{
    static const char *const names[] = {"null", "bool", "int", "float", "string", "list", "record", "blob", "image"};
    return names[__builtin_ctz(bit)];
}

/* Whether a list or record, as `type` says, may still be changed. What is a part of another value is not: others may be
 * reading it, the depth of its parent would no longer be right, and it could come to hold itself. */
static pxm_status check_parent(const pxm_value *parent, uint32_t type)
{
    if (parent == NULL) {
        return PXM_E_NO_MEMORY;
    }
    if (parent->type != type) {
        pxm_log(PXM_LOG_ERROR, "value", NULL, "a %s was changed as if it were a %s", name_of_bit(parent->type),
                name_of_bit(type));
        return PXM_E_INVALID;
    }
    if (atomic_load_explicit(&parent->is_item, memory_order_relaxed)) {
        pxm_log(PXM_LOG_ERROR, "value", NULL, "a %s was changed after it became a part of another value",
                name_of_bit(type));
        return PXM_E_INVALID;
    }
    return PXM_OK;
}

/* Whether `item` may become a part of `parent`. What stands against it is remembered in the parent. */
static pxm_status check_item(pxm_value *parent, uint32_t type, const pxm_value *item)
{
    pxm_status status = check_parent(parent, type);
    if (status != PXM_OK) {
        return status;
    }
    if (parent->status != PXM_OK) {
        return parent->status;
    }
    if (item == NULL) {
        return parent->status = PXM_E_NO_MEMORY;
    }
    if (item->status != PXM_OK) {
        return parent->status = item->status;
    }
    if (item == parent) {
        return parent->status = PXM_E_INVALID;
    }
    return item->depth < PXM_VALUE_DEPTH_MAX ? PXM_OK : (parent->status = PXM_E_LIMIT);
}

/* Notes that `item` is now a part of `parent`. */
static void adopt_item(pxm_value *parent, pxm_value *item)
{
    atomic_store_explicit(&item->is_item, true, memory_order_relaxed);
    if (parent->depth <= item->depth) {
        parent->depth = item->depth + 1;
    }
}

/* Room for one more element in an array that is full at *capacity; NULL: no memory, nothing changed. */
static void *grow(void *array, size_t *capacity, size_t size)
{
    size_t more = 0, bytes = 0;
    if (__builtin_add_overflow(*capacity, *capacity / 2 + 4, &more) || __builtin_mul_overflow(more, size, &bytes)) {
        return NULL;
    }
    void *grown = realloc(array, bytes);
    if (grown != NULL) {
        *capacity = more;
    }
    return grown;
}

static pxm_status push_item(struct list *list, pxm_value *item)
{
    if (list->count == list->capacity) {
        pxm_value **items = grow(list->items, &list->capacity, sizeof(pxm_value *));
        if (items == NULL) {
            return PXM_E_NO_MEMORY;
        }
        list->items = items;
    }
    list->items[list->count++] = item;
    return PXM_OK;
}

pxm_status pxm_value_append(pxm_value *list, pxm_value *item)
{
    pxm_status status = check_item(list, PXM_TYPE_LIST, item);
    if (status == PXM_OK) {
        status = list->status = push_item(&list->list, item);
    }
    if (status != PXM_OK) {
        pxm_value_unref(item);
        return status;
    }
    adopt_item(list, item);
    return PXM_OK;
}

/* The position of a key; the number of fields where there is none. */
static size_t find_field(const struct record *record, const char *key)
{
    if (record->index.slots != NULL) {
        return pxm_value_index_find(&record->index, record->fields, record->count, key);
    }
    size_t at = 0;
    while (at < record->count && strcmp(record->fields[at].key, key) != 0) {
        at++;
    }
    return at;
}

static pxm_status push_field(struct record *record, const char *key, pxm_value *item)
{
    if (record->count == record->capacity) {
        struct pxm_value_field *fields = grow(record->fields, &record->capacity, sizeof *record->fields);
        if (fields == NULL) {
            return PXM_E_NO_MEMORY;
        }
        record->fields = fields;
    }
    if (record->count + 1 >= INDEX_FROM && record->count * 2 >= record->index.mask) {
        pxm_status status = pxm_value_index_build(&record->index, record->fields, record->count, record->count * 2);
        if (status != PXM_OK) {
            return status;
        }
    }
    char *copy = strdup(key);
    if (copy == NULL) {
        return PXM_E_NO_MEMORY;
    }
    record->fields[record->count] = (struct pxm_value_field){.key = copy, .item = item};
    if (record->index.slots != NULL) {
        pxm_value_index_add(&record->index, record->fields, record->count);
    }
    record->count++;
    return PXM_OK;
}

pxm_status pxm_value_set(pxm_value *record, const char *key, pxm_value *item)
{
    pxm_status status = check_item(record, PXM_TYPE_RECORD, item);
    if (status != PXM_OK) {
        pxm_value_unref(item);
        return status;
    }
    size_t at = find_field(&record->record, key);
    if (at < record->record.count) {
        pxm_value_unref(record->record.fields[at].item);
        record->record.fields[at].item = item;
    } else if ((status = push_field(&record->record, key, item)) != PXM_OK) {
        pxm_value_unref(item);
        return record->status = status;
    }
    adopt_item(record, item);
    return PXM_OK;
}

pxm_status pxm_value_status(const pxm_value *value)
{
    return value != NULL ? value->status : PXM_E_NO_MEMORY;
}

pxm_value *pxm_value_ref(const pxm_value *value)
{
    /* Const says that what is in a value does not change. The count does, and no value is a constant object. */
    pxm_value *counted = (pxm_value *)(uintptr_t)value;
    if (counted != NULL) {
        atomic_fetch_add_explicit(&counted->refs, 1, memory_order_relaxed);
    }
    return counted;
}

/* Calls pxm_value_unref for the items: recursion that PXM_VALUE_DEPTH_MAX bounds. */
static void free_content(pxm_value *value)
{
    switch (value->type) {
    case PXM_TYPE_LIST:
        for (size_t i = 0; i < value->list.count; i++) {
            pxm_value_unref(value->list.items[i]);
        }
        free(value->list.items);
        break;
    case PXM_TYPE_RECORD:
        for (size_t i = 0; i < value->record.count; i++) {
            free(value->record.fields[i].key);
            pxm_value_unref(value->record.fields[i].item);
        }
        free(value->record.fields);
        pxm_value_index_done(&value->record.index);
        break;
    case PXM_TYPE_BLOB:
        pxm_blob_unref(value->blob);
        break;
    case PXM_TYPE_IMAGE:
        pxm_image_unref(value->image);
        break;
    default:
        break;
    }
}

void pxm_value_unref(pxm_value *value)
{
    if (value == NULL || atomic_fetch_sub_explicit(&value->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    free_content(value);
    free(value);
}

static bool is_type(const pxm_value *value, uint32_t type)
{
    return value != NULL && value->type == type;
}

uint32_t pxm_value_type(const pxm_value *value)
{
    return value != NULL ? value->type : PXM_TYPE_NULL;
}

int32_t pxm_value_as_bool(const pxm_value *value)
{
    return is_type(value, PXM_TYPE_BOOL) && value->boolean;
}

int64_t pxm_value_as_int(const pxm_value *value)
{
    return is_type(value, PXM_TYPE_INT) ? value->integer : 0;
}

double pxm_value_as_float(const pxm_value *value)
{
    if (is_type(value, PXM_TYPE_INT)) {
        return (double)value->integer;
    }
    return is_type(value, PXM_TYPE_FLOAT) ? value->number : 0;
}

const char *pxm_value_as_string(const pxm_value *value, size_t *ret_length)
{
    bool is_string = is_type(value, PXM_TYPE_STRING);
    if (ret_length != NULL) {
        *ret_length = is_string ? value->string.length : 0;
    }
    return is_string ? value->string.text : "";
}

pxm_blob *pxm_value_as_blob(const pxm_value *value)
{
    return is_type(value, PXM_TYPE_BLOB) ? value->blob : NULL;
}

pxm_image *pxm_value_as_image(const pxm_value *value)
{
    return is_type(value, PXM_TYPE_IMAGE) ? value->image : NULL;
}

size_t pxm_value_count(const pxm_value *value)
{
    if (is_type(value, PXM_TYPE_LIST)) {
        return value->list.count;
    }
    return is_type(value, PXM_TYPE_RECORD) ? value->record.count : 0;
}

const pxm_value *pxm_value_at(const pxm_value *value, size_t index)
{
    if (index >= pxm_value_count(value)) {
        return NULL;
    }
    return value->type == PXM_TYPE_LIST ? value->list.items[index] : value->record.fields[index].item;
}

const char *pxm_value_key(const pxm_value *record, size_t index)
{
    return is_type(record, PXM_TYPE_RECORD) && index < record->record.count ? record->record.fields[index].key : NULL;
}

const pxm_value *pxm_value_get(const pxm_value *record, const char *key)
{
    if (!is_type(record, PXM_TYPE_RECORD)) {
        return NULL;
    }
    return pxm_value_at(record, find_field(&record->record, key));
}

const char *pxm_type_name(uint32_t bits, char *buffer, size_t length)
{
    bits &= PXM_TYPE_ANY;
    if (bits == 0 || bits == PXM_TYPE_ANY) {
        return bits == 0 ? "nothing" : "any";
    }
    if ((bits & (bits - 1)) == 0) {
        return name_of_bit(bits);
    }
    size_t used = 0;
    buffer[0] = '\0';
    for (uint32_t rest = bits; rest != 0 && used < length; rest &= rest - 1) {
        const char *joint = rest == bits ? "" : (rest & (rest - 1)) == 0 ? " or " : ", ";
        int more = snprintf(buffer + used, length - used, "%s%s", joint, name_of_bit(rest));
        used += more > 0 ? (size_t)more : 0;
    }
    return buffer;
}
