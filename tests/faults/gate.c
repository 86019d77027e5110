/* In JSON, as it wants it. */
#include "gate.h"

#include "base/json.h"
#include "base/value.h"
#include "wire.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TRIES = 2400, PAUSE_MS = 50 };

static bool ask(uint16_t port, const char *path, const char *json, struct wire_answer *ret)
{
    const struct wire_request request = {.method = "POST", .path = path, .body = json, .length = strlen(json)};

    return wire_ask(port, &request, ret) && ret->status == 200;
}

int64_t gate_messages(uint16_t port, const char *queue)
{
    char json[256];
    struct wire_answer answer;
    pxm_value *value = NULL;
    int64_t count = -1;

    snprintf(json, sizeof json, "{\"queue\":\"%s\"}", queue);
    if (ask(port, "/messages", json, &answer) && pxm_json_parse(answer.body, answer.length, &value, NULL) == PXM_OK) {
        count = pxm_value_as_int(pxm_value_get(value, "messages"));
    }
    pxm_value_unref(value);
    wire_answer_done(&answer);
    return count;
}

/* An hour passes; the clock of those who sign does not know it. */
bool gate_end_leases(uint16_t port)
{
    static const char json[] = "{\"gate\":{\"later_ms\":3600000,\"skew_ms\":-3600000}}";
    struct wire_answer answer;
    bool done = ask(port, "/settings", json, &answer);

    wire_answer_done(&answer);
    return done;
}

bool gate_await_empty(uint16_t port, const char *queue)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};

    for (int i = 0; i < TRIES; i++) {
        if (gate_messages(port, queue) == 0) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    fprintf(stderr, "# %s: there is no end to its messages\n", queue);
    return false;
}
