/* Objects as events of the journal. */
#include "daemon/object_event.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/value.h"

#include <stdio.h>
#include <stdlib.h>

enum { EVENT_BYTES_MAX = 512 << 10 };

static pxm_status write_event(const struct app_object *object, char **ret, pxm_error *error)
{
    pxm_value *event = NULL;
    struct pxm_buf buf;

    pxm_buf_init(&buf, EVENT_BYTES_MAX);
    pxm_status status = app_event_object_created(object, &event, error);
    if (status == PXM_OK) {
        status = pxm_json_write(&buf, event, 0, 0, error);
    }
    if (status == PXM_OK && !(*ret = pxm_buf_take(&buf))) {
        status = pxm_error_no_memory(error);
    }
    pxm_value_unref(event);
    pxm_buf_done(&buf);
    return status;
}

pxm_status object_event_write(const struct app_object *object, char **ret_event, char **ret_dedupe, pxm_error *error)
{
    *ret_event = *ret_dedupe = NULL;
    if (asprintf(ret_dedupe, "%s:%s", object->store, object->key) < 0) {
        *ret_dedupe = NULL;
        return pxm_error_no_memory(error);
    }
    return write_event(object, ret_event, error);
}

/* What nobody told is not known. */
static int64_t number_of(const pxm_value *item, const char *key)
{
    const pxm_value *value = pxm_value_get(item, key);

    return pxm_value_type(value) == PXM_TYPE_INT ? pxm_value_as_int(value) : PXM_UNSET_INT;
}

static const char *text_of(const pxm_value *item, const char *key)
{
    const pxm_value *value = pxm_value_get(item, key);

    return pxm_value_type(value) == PXM_TYPE_STRING ? pxm_value_as_string(value, NULL) : NULL;
}

struct app_object object_event_of(const char *store, const pxm_value *item)
{
    return (struct app_object){.store = store,
                               .key = pxm_value_as_string(pxm_value_get(item, "key"), NULL),
                               .etag = text_of(item, "etag"),
                               .sequencer = text_of(item, "sequencer"),
                               .bytes = number_of(item, "bytes"),
                               .time_ms = number_of(item, "modified_at")};
}
