/* Pauses are random, so that what failed together does not come back together. */
#include "daemon/retry.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/value.h"

enum { CAUSE_BYTES_MAX = 16 << 10, BACKOFF_FACTOR = 4 };

int64_t retry_pause_ms(const struct serve_options *options, int64_t failed)
{
    uint64_t random = 0;
    int64_t bound = options->retry_ms;

    for (int64_t i = 0; i < failed && bound < options->retry_ms_max; i++) {
        bound *= BACKOFF_FACTOR;
    }
    bound = bound < options->retry_ms_max ? bound : options->retry_ms_max;
    return pxm_random(&random, sizeof random) == PXM_OK && bound > 0 ? (int64_t)(random % (uint64_t)bound) : bound;
}

bool retry_delivers_again(const pxm_error *error, bool killed_worker, int64_t attempts)
{
    return (killed_worker || pxm_error_is_transient(error)) && attempts < RETRY_DELIVERIES_MAX;
}

char *retry_cause(const pxm_error *error)
{
    pxm_value *value = pxm_error_to_value(error);
    struct pxm_buf buf;
    char *text = NULL;

    pxm_buf_init(&buf, CAUSE_BYTES_MAX);
    if (value && pxm_json_write(&buf, value, 0, 1, NULL) == PXM_OK) {
        text = pxm_buf_take(&buf);
    }
    pxm_value_unref(value);
    pxm_buf_done(&buf);
    return text;
}
