/* Any bytes as JSON with files: a value and files or an error, the same however the bytes come in. What is taken is
 * JSON, and JSON without files is taken as the parser takes it. */
#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include "fuzz.h"
#include "outcome.h"
#include <string.h>

enum { OUTCOME_BYTES_MAX = 16 << 20 };

static bool is_json(const uint8_t *data, size_t size)
{
    pxm_value *value = NULL;
    bool is_valid = pxm_json_parse((const char *)data, size, &value, NULL) == PXM_OK;
    pxm_value_unref(value);
    return is_valid;
}

static bool begins_with(const struct pxm_buf *outcome, const char *text)
{
    return strncmp(outcome->data, text, strlen(text)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"image", "a", NULL};
    static const struct app_trigger any = {.reads_json = true, .reads_files = true},
                                    named = {.reads_files = true, .files = names}, none = {.reads_json = true};
    static const struct app_trigger *const triggers[] = {&any, &named, &none};
    const bool is_valid = is_json(data, size);
    struct pxm_buf outcome;
    pxm_buf_init(&outcome, OUTCOME_BYTES_MAX);
    for (size_t i = 0; i < sizeof triggers / sizeof triggers[0]; i++) {
        outcome_of_any_steps(triggers[i], "application/json", data, size, &outcome);
        check(!begins_with(&outcome, "body ") || is_valid || size == 0);
    }
    check(!is_valid || begins_with(&outcome, "body ") || begins_with(&outcome, "request.body: the JSON is nested"));
    pxm_buf_done(&outcome);
    return 0;
}
