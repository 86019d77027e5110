/* Prints or gathers what the engine tells of steps. [any] */
#include "trace.h"

#include "base/blob.h"
#include "base/image.h"
#include "base/value.h"

#include <string.h>

static const char *const outcome_names[] = {"ok", "skipped", "fallback", "stopped", "failed"};

/* "1440x960 jpeg", "152.3 KB image/webp", "{2}": a value in a word or two. */
static void describe(const pxm_value *value, char *out, size_t size)
{
    const struct pxm_image_info *info = NULL;
    const char *media = NULL;

    switch (pxm_value_type(value)) {
    case PXM_TYPE_IMAGE:
        info = pxm_image_info(pxm_value_as_image(value));
        snprintf(out, size, "image %lldx%lld%s%s", (long long)info->width, (long long)info->height,
                 info->frames > 1 ? " animated" : "", info->has_alpha ? " alpha" : "");
        break;
    case PXM_TYPE_BLOB:
        media = pxm_blob_media(pxm_value_as_blob(value));
        snprintf(out, size, "%.1f KB%s%s", (double)pxm_blob_length(pxm_value_as_blob(value)) / 1000.0, media ? " " : "",
                 media ? media : "");
        break;
    case PXM_TYPE_RECORD:
        snprintf(out, size, "record of %zu", pxm_value_count(value));
        break;
    case PXM_TYPE_LIST:
        snprintf(out, size, "list of %zu", pxm_value_count(value));
        break;
    default:
        snprintf(out, size, "%s", value ? "value" : "-");
        break;
    }
}

static void print_step(const struct trace *trace, const struct pxm_trace_step *step)
{
    char out[96];
    char item[24] = "";

    describe(step->out, out, sizeof out);
    if (step->index >= 0) {
        snprintf(item, sizeof item, "[%lld]", (long long)step->index);
    }
    fprintf(stderr, "%*s%s%-8s%s %-20s %6lld ms  %s", (int)step->depth * 2, "",
            trace->cli->color && step->outcome == PXM_TRACE_FAILED ? "\033[1;31m" : "", outcome_names[step->outcome],
            trace->cli->color ? "\033[0m" : "", step->step->id, (long long)step->ms, out);
    fprintf(stderr, "%s%s", *item ? " " : "", item);
    if (step->attempts > 1) {
        fprintf(stderr, ", %u tries", step->attempts);
    }
    if (step->error) {
        fprintf(stderr, ", %s: %s", pxm_error_code(step->error), pxm_error_text(step->error));
    }
    fputc('\n', stderr);
}

static pxm_value *to_value(const struct pxm_trace_step *step)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "pipeline", pxm_value_cstring(step->program->name));
    pxm_value_set(value, "step", pxm_value_cstring(step->step->id));
    pxm_value_set(value, "operation",
                  pxm_value_cstring(step->step->operation                  ? step->step->operation->name
                                    : step->step->kind == PXM_STEP_FOREACH ? "foreach"
                                                                           : "parallel"));
    if (step->index >= 0) {
        pxm_value_set(value, "index", pxm_value_int(step->index));
    }
    pxm_value_set(value, "outcome", pxm_value_cstring(outcome_names[step->outcome]));
    pxm_value_set(value, "attempts", pxm_value_int(step->attempts));
    pxm_value_set(value, "at_ms", pxm_value_int(step->at_ms));
    pxm_value_set(value, "ms", pxm_value_int(step->ms));
    if (step->fields) {
        pxm_value_set(value, "fields", pxm_value_ref(step->fields));
    }
    if (step->error) {
        pxm_value_set(value, "code", pxm_value_cstring(pxm_error_code(step->error)));
        pxm_value_set(value, "message", pxm_value_cstring(pxm_error_text(step->error)));
    }
    return value;
}

static void on_ended(void *arg, const struct pxm_trace_step *step)
{
    struct trace *trace = arg;

    pthread_mutex_lock(&trace->lock);
    if (trace->steps) {
        pxm_value_append(trace->steps, to_value(step));
    } else {
        print_step(trace, step);
    }
    pthread_mutex_unlock(&trace->lock);
}

void trace_init(struct trace *trace, const struct cli *cli)
{
    *trace = (struct trace){.cli = cli, .steps = cli->json ? pxm_value_list() : NULL};
    pthread_mutex_init(&trace->lock, NULL);
}

void trace_done(struct trace *trace)
{
    pxm_value_unref(trace->steps);
    pthread_mutex_destroy(&trace->lock);
}

struct pxm_trace trace_hooks(struct trace *trace)
{
    return (struct pxm_trace){.ended = on_ended, .arg = trace};
}
