/* Memory that is freed all at once: chunks that only grow, and a list of things to release with them. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 8 << 10 };

struct chunk {
    struct chunk *next;
    size_t used, capacity;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct defer {
    struct defer *next;
    void (*release)(void *);
    void *arg;
};

struct pxm_arena {
    struct chunk *chunks; /* the first is the one that is being filled */
    struct defer *defers; /* in the chunks; the last one added comes first */
    size_t left;          /* bytes that may still be given out */
};

struct pxm_arena *pxm_arena_new(size_t max_bytes)
{
    struct pxm_arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL) {
        arena->left = max_bytes;
    }
    return arena;
}

void pxm_arena_free(struct pxm_arena *arena)
{
    if (arena == NULL) {
        return;
    }
    for (struct defer *defer = arena->defers; defer != NULL; defer = defer->next) {
        defer->release(defer->arg);
    }
    for (struct chunk *chunk = arena->chunks; chunk != NULL;) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}

/* Adds a chunk with room for `size`. One that is made for a large piece goes behind the first, which has room left. */
static struct chunk *add_chunk(struct pxm_arena *arena, size_t size)
{
    size_t capacity = size > CHUNK_BYTES ? size : CHUNK_BYTES, total = 0;
    if (__builtin_add_overflow(sizeof(struct chunk), capacity, &total)) {
        return NULL;
    }
    struct chunk *chunk = calloc(1, total);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->capacity = capacity;
    if (size > CHUNK_BYTES && arena->chunks != NULL) {
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
    } else {
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    return chunk;
}

void *pxm_arena_alloc(struct pxm_arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    size_t rounded = 0;
    if (__builtin_add_overflow(size > 0 ? size : 1, align - 1, &rounded)) {
        return NULL;
    }
    rounded -= rounded % align;
    if (rounded > arena->left) {
        return NULL;
    }
    struct chunk *chunk = arena->chunks;
    if (chunk == NULL || rounded > chunk->capacity - chunk->used) {
        chunk = add_chunk(arena, rounded);
    }
    if (chunk == NULL) {
        return NULL;
    }
    void *memory = chunk->bytes + chunk->used;
    chunk->used += rounded;
    arena->left -= rounded;
    return memory;
}

void *pxm_arena_array(struct pxm_arena *arena, size_t count, size_t size)
{
    size_t total = 0;
    return __builtin_mul_overflow(count, size, &total) ? NULL : pxm_arena_alloc(arena, total);
}

char *pxm_arena_strndup(struct pxm_arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? pxm_arena_alloc(arena, length + 1) : NULL;
    if (copy != NULL && length > 0) {
        memcpy(copy, text, length);
    }
    return copy;
}

char *pxm_arena_printf(struct pxm_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length >= 0 ? pxm_arena_alloc(arena, (size_t)length + 1) : NULL;
    if (text == NULL) {
        return NULL;
    }
    va_start(args, format);
    int written = vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return written == length ? text : NULL;
}

int pxm_arena_defer(struct pxm_arena *arena, void (*release)(void *), void *arg)
{
    struct defer *defer = pxm_arena_alloc(arena, sizeof *defer);
    if (defer == NULL) {
        release(arg);
        return -1;
    }
    *defer = (struct defer){.next = arena->defers, .release = release, .arg = arg};
    arena->defers = defer;
    return 0;
}
