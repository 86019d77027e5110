/* Stand-ins for environment, secrets and drivers. */
#include "world.h"

#include "base/value.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>

enum { SECRET_TEXT_MAX = 128 };

static pxm_value *variable(void *arg, const struct pxm_env *env)
{
    bool ranged = env->min != 0 || env->max != 0;
    double number = ranged && (env->min > 1 || env->max < 1) ? env->min : 1;

    (void)arg;
    if (env->type->bits & PXM_TYPE_STRING) {
        return pxm_value_cstring("test");
    }
    if (env->type->bits & PXM_TYPE_INT) {
        return pxm_value_int(llround(ceil(number)));
    }
    return env->type->bits & PXM_TYPE_FLOAT ? pxm_value_float(number) : pxm_value_bool(false);
}

static pxm_value *secret(void *arg, const struct pxm_secret *wanted)
{
    char text[SECRET_TEXT_MAX];

    (void)arg;
    snprintf(text, sizeof text, "test-%s", wanted->name);
    return pxm_value_cstring(text);
}

static const struct pxm_unit *driver(void *arg, const struct pxm_resource *resource)
{
    (void)arg;
    switch (resource->kind) {
    case PXM_RESOURCE_STORE:
        return &memory_store_unit;
    case PXM_RESOURCE_TABLE:
        return &memory_table_unit;
    case PXM_RESOURCE_QUEUE:
        return &memory_queue_unit;
    case PXM_RESOURCE_AUTH:
        return &memory_auth_unit;
    }
    return NULL;
}

const struct pxm_outside *world_outside(void)
{
    static const struct pxm_outside outside = {.variable = variable, .secret = secret, .driver = driver};

    return &outside;
}
