/* Evaluates the templates of `bind` over an event. */
#include "engine/bind.h"

#include "base/error.h"
#include "base/value.h"

#include <stdlib.h>
#include <string.h>

static pxm_value *load(void *arg, const struct pxm_ref *ref)
{
    return ref->root == PXM_ROOT_EVENT ? pxm_value_ref(arg) : NULL;
}

pxm_status pxm_bind_event(const pxm_pipeline *pipeline, const struct pxm_trigger *trigger, const pxm_value *event,
                          pxm_value ***ret, pxm_error *error)
{
    const struct pxm_scope scope = {.load = load, .arg = (void *)(uintptr_t)event};
    pxm_value **values = calloc(pipeline->program->input_count + 1, sizeof(pxm_value *));
    pxm_status status = values ? PXM_OK : pxm_error_no_memory(error);

    for (size_t i = 0; i < trigger->bind_count && status == PXM_OK; i++) {
        const struct pxm_bind *bind = &trigger->binds[i];
        status = pxm_template_eval(bind->value, &scope, &values[bind->input], error);
        if (status != PXM_OK) {
            pxm_error_context(error, "trigger `%s`, input `%s`", trigger->name,
                              pipeline->program->inputs[bind->input].name);
        }
    }
    if (status != PXM_OK) {
        pxm_bind_free(pipeline, values);
        return status;
    }
    *ret = values;
    return PXM_OK;
}

void pxm_bind_free(const pxm_pipeline *pipeline, pxm_value **values)
{
    for (size_t i = 0; values && i < pipeline->program->input_count; i++) {
        pxm_value_unref(values[i]);
    }
    free(values);
}

/* ---- what is read ------------------------------------------------------------------------------------------------ */

struct search {
    const char *field;
    bool found;
};

/* The event as a whole reads every field. */
static void look(void *arg, const struct pxm_ref *ref)
{
    struct search *search = arg;

    search->found =
        search->found || (ref->root == PXM_ROOT_EVENT && (ref->segment_count == 0 || !ref->segments[0].name ||
                                                          strcmp(ref->segments[0].name, search->field) == 0));
}

bool pxm_bind_reads(const struct pxm_trigger *trigger, const char *field)
{
    struct search search = {.field = field};

    for (size_t i = 0; i < trigger->bind_count; i++) {
        pxm_template_refs(trigger->binds[i].value, look, &search);
    }
    return search.found;
}
