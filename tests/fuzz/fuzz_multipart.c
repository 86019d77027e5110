/* Any bytes as multipart/form-data: fields and files or an error, the same however the bytes come in. */
#include "fuzz.h"
#include "outcome.h"

enum { OUTCOME_BYTES_MAX = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct app_trigger trigger = {.reads_form = true, .reads_files = true};
    struct pxm_buf outcome;
    pxm_buf_init(&outcome, OUTCOME_BYTES_MAX);
    outcome_of_any_steps(&trigger, "multipart/form-data; boundary=b", data, size, &outcome);
    outcome_of_any_steps(&trigger, "multipart/form-data; boundary=--b-", data, size, &outcome);
    pxm_buf_done(&outcome);
    return 0;
}
