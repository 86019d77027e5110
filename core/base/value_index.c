/* An open-addressing hash table over the fields of a record. Keys come from strangers, so the hash has a secret: nobody
 * can choose keys that meet in one slot and make each lookup linear. */
#include "base/value_index.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

__extension__ typedef unsigned __int128 uint128;

/* 2^61 - 1, a prime for which the remainder is an addition. */
static const uint64_t field_prime = (UINT64_C(1) << 61) - 1;

/* The key as a polynomial over the integers modulo 2^61 - 1, evaluated at a secret point: two keys of n bytes meet for
 * at most n of the 2^61 points (Carter and Wegman, Universal Classes of Hash Functions, 1979). */
static uint64_t hash_key(uint64_t point, const char *key)
{
    uint64_t hash = 1;
    for (; *key != '\0'; key++) {
        uint128 product = (uint128)hash * point + (unsigned char)*key;
        hash = (uint64_t)(product & field_prime) + (uint64_t)(product >> 61);
        hash = hash >= field_prime ? hash - field_prime : hash;
    }
    return hash ^ hash >> 32;
}

static size_t find_slot(const struct pxm_value_index *index, const struct pxm_value_field *fields, const char *key)
{
    size_t slot = (size_t)hash_key(index->point, key) & index->mask;
    while (index->slots[slot] != 0 && strcmp(fields[index->slots[slot] - 1].key, key) != 0) {
        slot = (slot + 1) & index->mask;
    }
    return slot;
}

pxm_status pxm_value_index_build(struct pxm_value_index *index, const struct pxm_value_field *fields, size_t used,
                                 size_t count)
{
    if (count > UINT32_MAX / 4) {
        return PXM_E_LIMIT;
    }
    struct pxm_value_index built = {.mask = 63};
    while (built.mask < count * 2) {
        built.mask = built.mask * 2 + 1;
    }
    if (getrandom(&built.point, sizeof built.point, 0) != (ssize_t)sizeof built.point) {
        return PXM_E_INTERNAL;
    }
    built.point %= field_prime;
    built.slots = calloc(built.mask + 1, sizeof *built.slots);
    if (built.slots == NULL) {
        return PXM_E_NO_MEMORY;
    }
    for (size_t i = 0; i < used; i++) {
        pxm_value_index_add(&built, fields, i);
    }
    free(index->slots);
    *index = built;
    return PXM_OK;
}

void pxm_value_index_add(struct pxm_value_index *index, const struct pxm_value_field *fields, size_t position)
{
    index->slots[find_slot(index, fields, fields[position].key)] = (uint32_t)position + 1;
}

size_t pxm_value_index_find(const struct pxm_value_index *index, const struct pxm_value_field *fields, size_t used,
                            const char *key)
{
    size_t slot = find_slot(index, fields, key);
    return index->slots[slot] != 0 ? index->slots[slot] - 1 : used;
}

void pxm_value_index_done(struct pxm_value_index *index)
{
    free(index->slots);
    *index = (struct pxm_value_index){.slots = NULL};
}
