/* Any text as an event of objects: whatever comes out has keys that a store takes, and of each key one. */
#include "app/object_event.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"
#include "engine/key.h"
#include "fuzz.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_key(const char *key)
{
    struct pxm_error error = {0};
    check(pxm_key_check(key, NULL, &error) == PXM_OK && pxm_utf8_valid(key, strlen(key)));
}

static void check_objects(const struct app_object_event *event)
{
    char again[APP_SEQUENCER_LENGTH + 1];
    check(event->count <= APP_OBJECT_EVENT_MAX);
    for (size_t i = 0; i < event->count; i++) {
        const struct app_made_object *object = &event->objects[i];
        check_key(object->key);
        check(object->bucket != NULL && object->bucket[0] != '\0');
        if (object->decoded_key != NULL) {
            check_key(object->decoded_key);
            check(strcmp(object->decoded_key, object->key) != 0);
        }
        check(object->sequencer == NULL ||
              (app_sequencer_read(object->sequencer, again) && strcmp(again, object->sequencer) == 0));
        for (size_t j = 0; j < i; j++) {
            check(strcmp(event->objects[j].key, object->key) != 0 ||
                  strcmp(event->objects[j].bucket, object->bucket) != 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct app_object_event event = {.count = 0};
    struct pxm_error error = {0};
    pxm_value *text = pxm_value_string((const char *)data, size);
    check(text != NULL);
    pxm_status status = app_object_event_read(text, &event, &error);
    check((status == PXM_OK) == (error.status == PXM_OK));
    check(status == PXM_OK || event.count == 0);
    check_objects(&event);
    app_object_event_done(&event);
    pxm_value_unref(text);
    return 0;
}
