/* A short list: an event has one run at a time. */
#include "lambda/live.h"

#include "engine/run_id.h"
#include "lambda/settings.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct {
    pthread_mutex_t lock; /* guards what follows */
    struct {
        char run[PXM_RUN_ID_MAX], request[LOG_REQUEST_MAX];
    } items[LAMBDA_LOOPS_MAX];
} live = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Under the lock; "" finds a free one. LAMBDA_LOOPS_MAX: there is none. */
static size_t find(const char *run)
{
    size_t i = 0;

    while (i < LAMBDA_LOOPS_MAX && strcmp(live.items[i].run, run) != 0) {
        i++;
    }
    return i;
}

void lambda_live_add(const char *run, const char *request)
{
    pthread_mutex_lock(&live.lock);
    size_t free_one = find("");
    if (free_one < LAMBDA_LOOPS_MAX) {
        snprintf(live.items[free_one].run, sizeof live.items[free_one].run, "%s", run);
        snprintf(live.items[free_one].request, sizeof live.items[free_one].request, "%s", request);
    }
    pthread_mutex_unlock(&live.lock);
}

void lambda_live_remove(const char *run)
{
    pthread_mutex_lock(&live.lock);
    size_t found = find(run);
    if (found < LAMBDA_LOOPS_MAX) {
        live.items[found].run[0] = '\0';
    }
    pthread_mutex_unlock(&live.lock);
}

bool lambda_live_request(const char *run, char request[LOG_REQUEST_MAX])
{
    pthread_mutex_lock(&live.lock);
    size_t found = run[0] != '\0' ? find(run) : LAMBDA_LOOPS_MAX;
    if (found < LAMBDA_LOOPS_MAX) {
        memcpy(request, live.items[found].request, LOG_REQUEST_MAX);
    }
    pthread_mutex_unlock(&live.lock);
    return found < LAMBDA_LOOPS_MAX;
}
