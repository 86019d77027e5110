/* Memory that is freed all at once: syntax trees and compiled pipelines live in one. One thread at a time. */
#ifndef PXM_BASE_ARENA_H
#define PXM_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct pxm_arena; /* opaque */

struct pxm_arena *pxm_arena_new(size_t max_bytes); /* NULL: no memory */
void pxm_arena_free(struct pxm_arena *arena);      /* NULL is fine; runs the defers, last first */
/* Zeroed, aligned for anything. NULL when memory is out or max_bytes is reached. */
void *pxm_arena_alloc(struct pxm_arena *arena, size_t size);
void *pxm_arena_array(struct pxm_arena *arena, size_t count, size_t size); /* checks the product */
/* Copies exactly `length` bytes, NULs too, and adds a NUL. */
char *pxm_arena_strndup(struct pxm_arena *arena, const char *text, size_t length);
char *pxm_arena_printf(struct pxm_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Calls release(arg) when the arena is freed; at once, with -1 returned, when it cannot be remembered. */
int pxm_arena_defer(struct pxm_arena *arena, void (*release)(void *), void *arg);

#endif
