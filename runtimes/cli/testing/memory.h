/* The plugin `memory`: a store, a table, a queue and an auth that live in this process and end with it. The test
 * runner puts them in the place of a project's own. Instances of one `place` share what they hold, as instances of
 * one bucket do. */
#ifndef PXM_CLI_TESTING_MEMORY_H
#define PXM_CLI_TESTING_MEMORY_H

#include <pixmill/plugin.h>
#include <pthread.h>
#include <stdbool.h>

const struct pxm_plugin *pxm_plugin_memory(void);

extern const struct pxm_unit memory_store_unit, memory_table_unit, memory_queue_unit, memory_auth_unit;

/* ---- what the drivers share (memory.c) ---- */

/* What instances of one kind and name share. `contents` is the driver's; `lock` guards it. */
struct memory_place {
    pthread_mutex_t lock;
    void *contents;
    /* The registry's: */
    struct memory_place *next;
    const struct pxm_unit *unit;
    char *name; /* NULL: shared with nobody */
    void (*free)(const struct pxm_host *host, void *contents);
    int users;
};

/* The place of that name, whose contents are `make`'s when it is new; "" gives a new one each time. It ends with its
 * last user. NULL: no memory. [any] */
struct memory_place *memory_place_take(const struct pxm_unit *unit, const char *name, void *(*make)(void),
                                       void (*free)(const struct pxm_host *host, void *contents));
void memory_place_give(struct memory_place *place, const struct pxm_host *host);

/* What every driver starts its instance with. */
struct memory_driver {
    const struct pxm_host *host;
    const void *config;
    struct memory_place *place;
};
/* Makes an instance; *ret_self is a struct memory_driver. */
pxm_status memory_driver_create(const struct pxm_host *host, const void *config, const struct pxm_unit *unit,
                                const char *place, void *(*make)(void),
                                void (*free)(const struct pxm_host *host, void *contents), void **ret_self,
                                pxm_error *error);
void memory_driver_destroy(void *self);

pxm_status memory_fail_memory(const struct pxm_host *host, pxm_error *error); /* "no_memory" */
/* PXM_OK, or limit.time when the job is late or given up. */
pxm_status memory_in_time(const struct pxm_host *host, const pxm_job *job, pxm_error *error);
pxm_value *memory_text(const struct pxm_host *host, const char *text); /* NULL gives null */
/* Why the text cannot be a key of an object or item; NULL: it can. Both have 1 to 1024 bytes of UTF-8 without control
 * characters. */
const char *memory_bad_key(const struct pxm_host *host, const char *text);

/* Whether lists and records in the value nest deeper than `levels`. */
bool memory_is_deeper(const struct pxm_host *host, const pxm_value *value, int levels);

/* Grows an array by one zeroed element, which it returns; NULL: no memory. */
void *memory_grow(void **items, size_t *count, size_t size);
/* Closes the gap that element `index` leaves. */
void memory_shrink(void *items, size_t *count, size_t size, size_t index);

#endif
