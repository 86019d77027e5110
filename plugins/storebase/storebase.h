/* What stores have in common, wherever they keep their objects: what may be a key, so that a key that one of them takes
 * can be moved to another, and how requests of older engines are read. A static library, no plugin, and pure: nothing
 * here touches a store. [any] */
#ifndef STOREBASE_H
#define STOREBASE_H

#include <pixmill/plugin.h>

enum {
    STOREBASE_KEY_MAX = 1024, /* bytes of a key, without the NUL */
    STOREBASE_NAME_MAX = 255  /* bytes of one component          */
};

/* Why `text` is no key, a constant; NULL: it may be one. */
const char *storebase_key_fault(const struct pxm_host *host, const char *text);
/* store.bad_key, for that reason. */
pxm_status storebase_key_fail(const struct pxm_host *host, const char *reason, pxm_error *error);

/* The metadata that an upload by a signed URL must have; NULL: none, or the engine is of a version before there was
 * any. */
const pxm_value *storebase_presign_meta(const struct pxm_host *host, const struct pxm_presign *presign);

#endif
