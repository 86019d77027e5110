/* What killed workers, remembered in rings of fixed size. */
#include "daemon/poison.h"

#include <stdio.h>
#include <string.h>

/* Its index; input_count where it is not known. */
static size_t find_input(const struct poison *poison, const char *key)
{
    size_t i = 0;

    while (i < poison->input_count && strcmp(poison->inputs[i].key, key) != 0) {
        i++;
    }
    return i;
}

static struct poison_input *add_input(struct poison *poison, const char *key)
{
    struct poison_input *input;

    if (poison->input_count < POISON_INPUTS_MAX) {
        input = &poison->inputs[poison->input_count++];
    } else {
        input = &poison->inputs[poison->oldest];
        poison->oldest = (poison->oldest + 1) % POISON_INPUTS_MAX;
    }
    *input = (struct poison_input){0};
    snprintf(input->key, sizeof input->key, "%s", key);
    return input;
}

/* Its index; circuit_count where it is not known. */
static size_t find_circuit(const struct poison *poison, const char *pipeline)
{
    size_t i = 0;

    while (i < poison->circuit_count && strcmp(poison->circuits[i].pipeline, pipeline) != 0) {
        i++;
    }
    return i;
}

/* NULL: there are too many already. */
static struct poison_circuit *circuit_of(struct poison *poison, const char *pipeline)
{
    size_t i = find_circuit(poison, pipeline);

    if (i == POISON_PIPELINES_MAX) {
        return NULL;
    }
    if (i == poison->circuit_count) {
        poison->circuits[i] = (struct poison_circuit){0};
        snprintf(poison->circuits[i].pipeline, sizeof poison->circuits[i].pipeline, "%s", pipeline);
        poison->circuit_count++;
    }
    return &poison->circuits[i];
}

static void count_death(struct poison_circuit *circuit, int64_t now_ms)
{
    circuit->died_ms[circuit->next] = now_ms;
    circuit->next = (circuit->next + 1) % POISON_CIRCUIT_DEATHS;

    int64_t oldest = circuit->died_ms[circuit->next]; /* 0: there were fewer */
    if (oldest != 0 && now_ms - oldest <= POISON_CIRCUIT_WINDOW_MS) {
        circuit->open_until_ms = now_ms + POISON_CIRCUIT_OPEN_MS;
        memset(circuit->died_ms, 0, sizeof circuit->died_ms);
    }
}

void poison_died(struct poison *poison, const char *pipeline, const char *input, const pxm_error *death, int64_t now_ms)
{
    size_t i = find_input(poison, input);
    bool first = i == poison->input_count;
    struct poison_input *known = first ? add_input(poison, input) : &poison->inputs[i];
    struct poison_circuit *circuit = circuit_of(poison, pipeline);

    known->deaths++;
    snprintf(known->code, sizeof known->code, "%s", death->code);
    if (circuit && first) { /* the same input again says nothing new of the pipeline */
        count_death(circuit, now_ms);
    }
}

pxm_status poison_check(const struct poison *poison, const char *pipeline, const char *input, int64_t now_ms,
                        int64_t *ret_wait_ms, pxm_error *error)
{
    size_t known = find_input(poison, input), circuit = find_circuit(poison, pipeline);

    if (known < poison->input_count && poison->inputs[known].deaths >= POISON_DEATHS) {
        return pxm_error_set(error, PXM_E_INVALID, "input.poison",
                             "this input ended %d worker processes (%s) and is not tried again",
                             poison->inputs[known].deaths, poison->inputs[known].code);
    }
    if (circuit < poison->circuit_count && poison->circuits[circuit].open_until_ms > now_ms) {
        *ret_wait_ms = poison->circuits[circuit].open_until_ms - now_ms;
        return pxm_error_set(error, PXM_E_THROTTLED, "pipeline.suspended",
                             "pipeline `%s` ended several worker processes and rests for a while", pipeline);
    }
    return PXM_OK;
}
