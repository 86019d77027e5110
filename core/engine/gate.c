/* Owns the process-wide list of shared gates. Instances acquire one when they are made and enter it around each
 * call. */
#include "engine/gate.h"

#include <pthread.h>
#include <stdlib.h>

struct pxm_gate {
    pthread_mutex_t lock;
    const void *key;
    size_t users;          /* under list_lock */
    struct pxm_gate *next; /* under list_lock */
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list; never held while a gate is entered */
static struct pxm_gate *shared_gates;

static struct pxm_gate *gate_new(const void *key)
{
    struct pxm_gate *gate = calloc(1, sizeof *gate);

    if (gate) {
        pthread_mutex_init(&gate->lock, NULL);
        gate->key = key;
        gate->users = 1;
    }
    return gate;
}

struct pxm_gate *pxm_gate_acquire(const void *key)
{
    if (!key) {
        return gate_new(NULL);
    }
    pthread_mutex_lock(&list_lock);
    struct pxm_gate *gate = shared_gates;
    while (gate && gate->key != key) {
        gate = gate->next;
    }
    if (gate) {
        gate->users++;
    } else if ((gate = gate_new(key))) {
        gate->next = shared_gates;
        shared_gates = gate;
    }
    pthread_mutex_unlock(&list_lock);
    return gate;
}

void pxm_gate_release(struct pxm_gate *gate)
{
    if (!gate) {
        return;
    }
    pthread_mutex_lock(&list_lock);
    size_t left = --gate->users;
    struct pxm_gate **link = &shared_gates;
    while (left == 0 && *link) {
        if (*link == gate) {
            *link = gate->next;
        } else {
            link = &(*link)->next;
        }
    }
    pthread_mutex_unlock(&list_lock);
    if (left == 0) {
        pthread_mutex_destroy(&gate->lock);
        free(gate);
    }
}

void pxm_gate_enter(struct pxm_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
}

void pxm_gate_leave(struct pxm_gate *gate)
{
    pthread_mutex_unlock(&gate->lock);
}
