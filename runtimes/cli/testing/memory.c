/* What the memory drivers share: places, failures, keys. [any] */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES_MAX = 1024 };

/* ---- places ---- */

static pthread_mutex_t places_lock = PTHREAD_MUTEX_INITIALIZER;
static struct memory_place *places; /* guarded by places_lock, as are their `users` */

static struct memory_place *find_place(const struct pxm_unit *unit, const char *name)
{
    struct memory_place *place = places;

    while (place && !(place->unit == unit && place->name && strcmp(place->name, name) == 0)) {
        place = place->next;
    }
    return place;
}

static void place_free(struct memory_place *place, const struct pxm_host *host)
{
    if (place->contents) {
        place->free(host, place->contents);
    }
    pthread_mutex_destroy(&place->lock);
    free(place->name);
    free(place);
}

static struct memory_place *place_new(const struct pxm_unit *unit, const char *name, void *(*make)(void),
                                      void (*free_contents)(const struct pxm_host *host, void *contents))
{
    struct memory_place *place = calloc(1, sizeof *place);

    if (!place) {
        return NULL;
    }
    pthread_mutex_init(&place->lock, NULL);
    place->unit = unit;
    place->free = free_contents;
    place->name = *name ? strdup(name) : NULL;
    place->contents = make();
    if (!place->contents || (*name && !place->name)) {
        place_free(place, NULL);
        return NULL;
    }
    place->next = places;
    places = place;
    return place;
}

struct memory_place *memory_place_take(const struct pxm_unit *unit, const char *name, void *(*make)(void),
                                       void (*free_contents)(const struct pxm_host *host, void *contents))
{
    pthread_mutex_lock(&places_lock);
    struct memory_place *place = *name ? find_place(unit, name) : NULL;
    if (!place) {
        place = place_new(unit, name, make, free_contents);
    }
    if (place) {
        place->users++;
    }
    pthread_mutex_unlock(&places_lock);
    return place;
}

void memory_place_give(struct memory_place *place, const struct pxm_host *host)
{
    pthread_mutex_lock(&places_lock);
    bool last = --place->users == 0;
    for (struct memory_place **link = &places; last && *link; link = &(*link)->next) {
        if (*link == place) {
            *link = place->next;
            break;
        }
    }
    pthread_mutex_unlock(&places_lock);
    if (last) {
        place_free(place, host);
    }
}

/* ---- instances ---- */

pxm_status memory_driver_create(const struct pxm_host *host, const void *config, const struct pxm_unit *unit,
                                const char *place, void *(*make)(void),
                                void (*free_contents)(const struct pxm_host *host, void *contents), void **ret_self,
                                pxm_error *error)
{
    struct memory_driver *driver = calloc(1, sizeof *driver);

    if (!driver) {
        return memory_fail_memory(host, error);
    }
    driver->host = host;
    driver->config = config;
    driver->place = memory_place_take(unit, place, make, free_contents);
    if (!driver->place) {
        free(driver);
        return memory_fail_memory(host, error);
    }
    *ret_self = driver;
    return PXM_OK;
}

void memory_driver_destroy(void *self)
{
    struct memory_driver *driver = self;

    memory_place_give(driver->place, driver->host);
    free(driver);
}

/* ---- small things ---- */

pxm_status memory_fail_memory(const struct pxm_host *host, pxm_error *error)
{
    return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

pxm_status memory_in_time(const struct pxm_host *host, const pxm_job *job, pxm_error *error)
{
    if (host->remaining_ms(job) > 0) {
        return PXM_OK;
    }
    return host->fail(error, PXM_E_TIMEOUT, "limit.time", "the time is up, or the run was cancelled");
}

pxm_value *memory_text(const struct pxm_host *host, const char *text)
{
    return text ? host->value_string(text, strlen(text)) : host->value_null();
}

const char *memory_bad_key(const struct pxm_host *host, const char *text)
{
    size_t length = strnlen(text, KEY_BYTES_MAX + 1);

    if (length == 0) {
        return "it is empty";
    }
    if (length > KEY_BYTES_MAX) {
        return "it is longer than 1024 bytes";
    }
    if (!host->utf8_valid(text, length)) {
        return "it is not UTF-8";
    }
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            return "it has a control character";
        }
    }
    return NULL;
}

/* Recursion that `levels` bounds. */
bool memory_is_deeper(const struct pxm_host *host, const pxm_value *value, int levels)
{
    if (!(host->value_type(value) & (PXM_TYPE_LIST | PXM_TYPE_RECORD))) {
        return false;
    }
    bool deeper = levels == 0;
    for (size_t i = 0; !deeper && i < host->value_count(value); i++) {
        deeper = memory_is_deeper(host, host->value_at(value, i), levels - 1);
    }
    return deeper;
}

void *memory_grow(void **items, size_t *count, size_t size)
{
    char *more = reallocarray(*items, *count + 1, size);

    if (!more) {
        return NULL;
    }
    *items = more;
    memset(more + *count * size, 0, size);
    return more + (*count)++ * size;
}

void memory_shrink(void *items, size_t *count, size_t size, size_t index)
{
    char *at = (char *)items + index * size;

    memmove(at, at + size, (--*count - index) * size);
}

/* ---- the plugin ---- */

static const struct pxm_unit *const units[] = {&memory_store_unit, &memory_table_unit, &memory_queue_unit,
                                               &memory_auth_unit, NULL};

static const struct pxm_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi = PXM_ABI_CURRENT,
    .abi_min = PXM_ABI(1, 0),
    .name = "memory",
    .version = PXM_VERSION,
    .license = "Apache-2.0",
    .summary = "Stores, tables and queues in memory, for tests",
    .units = units,
};

const struct pxm_plugin *pxm_plugin_memory(void)
{
    return &plugin;
}
