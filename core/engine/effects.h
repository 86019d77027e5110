/* What a host wants to be told of before a run changes the world outside, so that it can see to what must follow. */
#ifndef PXM_ENGINE_EFFECTS_H
#define PXM_ENGINE_EFFECTS_H

#include <pixmill/plugin.h>

/* Called on worker threads, several at once where steps overlap; may block. */
struct pxm_effects {
    /* An object is about to be put; called before each try. What is not PXM_OK, with the error set, is how the try
     * fails, and nothing is put. NULL: nobody wants to be told. */
    pxm_status (*put)(void *arg, const char *store, const char *key, pxm_error *error);
    /* One was put; `fields` are those of put, borrowed. NULL: nobody wants to know. */
    void (*made)(void *arg, const char *store, const char *key, const pxm_value *fields);
    void *arg;
    const pxm_value *meta; /* record of texts that each object gets besides those of its step; borrowed; NULL: none */
};

#endif
