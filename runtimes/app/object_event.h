/* Objects that were made, as AWS and services like it tell it: a notification of S3, as it comes from a queue or
 * through SNS, and an event of EventBridge. Keys in it are the choice of whoever puts objects, so nothing of it is
 * trusted. [any] */
#ifndef PXM_APP_OBJECT_EVENT_H
#define PXM_APP_OBJECT_EVENT_H

#include <pixmill/plugin.h>

/* A sequencer as it is compared: upper-case hex digits, filled up with zeros at the end. */
enum { APP_OBJECT_EVENT_MAX = 100, APP_SEQUENCER_LENGTH = 32 };

struct app_made_object { /* strings may be NULL where not said otherwise: not told; numbers PXM_UNSET_INT */
    char *key;           /* never NULL, and fit for a store                                                         */
    char *decoded_key;   /* where nobody knows whether the key was encoded: what it is if there is no object of `key`.
                            NULL: there is no doubt                                                                */
    char *bucket;        /* never NULL                                                                             */
    char *etag;          /* with its quotes, as a store tells it                                                   */
    char *version;       /* where the bucket keeps versions                                                        */
    char *sequencer;     /* of two events of one key that with the greater text is the later                       */
    int64_t bytes, time_ms;
};
struct app_object_event {
    size_t count; /* 0: it tells of other things, such as that it was set up, or that an object was removed */
    struct app_made_object *objects;
};

/* Reads an event: a record, or a string of the JSON of one. Of one key in one bucket it gives the latest only. Codes
 * event.unknown (it is no such event), event.invalid (it is one, but something is missing), event.key (no store can
 * have that key), event.too_many (PXM_E_LIMIT). */
pxm_status app_object_event_read(const pxm_value *event, struct app_object_event *ret, pxm_error *error);
void app_object_event_done(struct app_object_event *event);

/* Takes a sequencer over as it is compared; false: it is none. */
int app_sequencer_read(const char *text, char ret[APP_SEQUENCER_LENGTH + 1]);
/* Below, equal to or above zero: the first is earlier than, the same as or later than the second, as far as they tell;
 * NULL is earlier than any. Both are as app_object_event_read gives them, of the same key. */
int app_sequencer_compare(const char *a, const char *b);

#endif
