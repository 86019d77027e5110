/* Holds the end of a run against `expect`: outcome, error, output, steps, memory. */
#include "result.h"

#include "base/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256, COUNTS_TEXT_MAX = 128 };

/* ---- outcome ---- */

static enum outcome outcome_of(const struct result *result)
{
    if (result->error.status != PXM_OK) {
        return OUTCOME_FAILED;
    }
    return steplog_stopped(result->log) ? OUTCOME_STOPPED : OUTCOME_OK;
}

static void check_outcome(struct match_context *context, const struct expect *expect, const struct result *result)
{
    enum outcome outcome = outcome_of(result);
    enum outcome wanted = expect->outcome_node ? expect->outcome : expect->error ? OUTCOME_FAILED : OUTCOME_OK;
    struct pxm_span span = expect->outcome_node ? expect->outcome_node->span : expect->node->span;
    bool said = expect->outcome_node || expect->error;

    /* A stop is a success, and counts as a failure of the test only where another end was asked for. */
    if (outcome == wanted || (!said && outcome == OUTCOME_STOPPED)) {
        return;
    }
    if (outcome == OUTCOME_FAILED) {
        problems_add(context->problems, span, "outcome: failed with %s: %s (expected %s)", result->error.code,
                     result->error.text, outcome_words[wanted]);
    } else {
        problems_add(context->problems, span, "outcome: %s (expected %s)", outcome_words[outcome],
                     outcome_words[wanted]);
    }
}

static void check_error(struct match_context *context, const struct expect *expect, const struct result *result)
{
    const pxm_error *error = &result->error;

    if (!expect->error || error->status == PXM_OK) {
        return; /* that it did not fail has been told */
    }
    pxm_value *value = pxm_error_to_value(error);
    /* Who is not to blame elsewhere is to blame where it surfaced. */
    pxm_value_set(value, "origin", pxm_value_cstring(error->origin[0] ? error->origin : error->step));
    match_check(context, expect->error, "error", value);
    pxm_value_unref(value);
}

/* ---- steps ---- */

/* "ok 3, skipped 1" */
static const char *describe_counts(const int64_t *counts, char buffer[COUNTS_TEXT_MAX])
{
    size_t at = 0;

    snprintf(buffer, COUNTS_TEXT_MAX, "never reached");
    for (size_t i = 0; i < STEP_OUTCOMES; i++) {
        if (counts[i] > 0 && at < COUNTS_TEXT_MAX) {
            int written = snprintf(buffer + at, COUNTS_TEXT_MAX - at, "%s%s %" PRId64, at ? ", " : "",
                                   step_outcome_words[i], counts[i]);
            at += written > 0 ? (size_t)written : 0;
        }
    }
    return buffer;
}

static void check_step_outcome(struct match_context *context, const struct expected_step *step, const int64_t *counts)
{
    char text[COUNTS_TEXT_MAX];
    bool holds = counts[step->outcome] > 0;

    for (size_t i = 0; i < STEP_OUTCOMES; i++) {
        holds = holds && (counts[i] == 0 || (int)i == step->outcome);
    }
    if (!holds) {
        problems_add(context->problems, step->node->span, "step %s: %s (expected %s)", step->name,
                     describe_counts(counts, text), step_outcome_words[step->outcome]);
    }
}

static void check_counts(struct match_context *context, const struct expected_step *step, const int64_t *counts)
{
    char name[NAME_MAX_BYTES];

    for (size_t i = 0; i < STEP_OUTCOMES; i++) {
        if (step->counts[i]) {
            pxm_value *count = pxm_value_int(counts[i]);
            snprintf(name, sizeof name, "step %s %s", step->name, step_outcome_words[i]);
            match_check(context, step->counts[i], name, count);
            pxm_value_unref(count);
        }
    }
}

/* A foreach that has gone through its items is counted by them; how it ended itself is a word. */
static void check_step(struct match_context *context, const struct expected_step *step, const struct steplog *log)
{
    static const struct steplog_entry never = {0};
    const struct steplog_entry *found = steplog_find(log, step->program, step->step);
    const struct steplog_entry *entry = found ? found : &never;
    int64_t items = 0;
    char name[NAME_MAX_BYTES];

    for (size_t i = 0; i < STEP_OUTCOMES; i++) {
        items += entry->items[i];
    }
    if (step->attempts) {
        pxm_value *attempts = pxm_value_int(entry->attempts);
        snprintf(name, sizeof name, "attempts of %s", step->name);
        match_check(context, step->attempts, name, attempts);
        pxm_value_unref(attempts);
    } else if (step->outcome >= 0) {
        check_step_outcome(context, step, entry->ended);
    } else {
        check_counts(context, step, items > 0 ? entry->items : entry->ended);
    }
}

/* ---- all of it ---- */

static void check_peak(struct match_context *context, const struct expect *expect, const struct result *result)
{
    struct pxm_span span = expect->peak_memory->node->span;

    if (result->peak_bytes < 0) {
        problems_add(context->problems, span, "peak_memory: this system does not tell it");
        return;
    }
    pxm_value *bytes = pxm_value_int(result->peak_bytes);
    match_check(context, expect->peak_memory, "peak_memory", bytes);
    pxm_value_unref(bytes);
}

void result_check(struct match_context *context, const struct test *test, const struct result *result)
{
    const struct expect *expect = &test->expect;

    check_outcome(context, expect, result);
    check_error(context, expect, result);
    if (expect->output && result->error.status == PXM_OK) {
        match_check(context, expect->output, "output", result->output);
    }
    for (size_t i = 0; i < expect->step_count; i++) {
        check_step(context, &expect->steps[i], result->log);
    }
    result_check_stored(context, test, result);
    if (expect->peak_memory) {
        check_peak(context, expect, result);
    }
}
