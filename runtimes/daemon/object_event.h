/* That an object is there, as the journal keeps it. [any] */
#ifndef PXM_DAEMON_OBJECT_EVENT_H
#define PXM_DAEMON_OBJECT_EVENT_H

#include "app/event.h"

/* The event as JSON, and what tells its duplicates: the store and the key. Both to be freed, after a failure, too. */
pxm_status object_event_write(const struct app_object *object, char **ret_event, char **ret_dedupe, pxm_error *error);
/* An object of which a store, or its queue, tells {key etag bytes modified_at sequencer}; borrows from both. */
struct app_object object_event_of(const char *store, const pxm_value *item);

#endif
