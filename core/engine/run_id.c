/* Makes names of runs. */
#include "engine/run_id.h"

#include "base/digest.h"
#include "base/error.h"

enum { RANDOM_BYTES = 10 };

pxm_status pxm_run_id_make(const struct pxm_clock *clock, char id[PXM_RUN_ID_MAX], pxm_error *error)
{
    uint8_t random[RANDOM_BYTES];
    char time[PXM_TIME_TEXT_MAX];
    size_t length = 0;

    if (pxm_random(random, sizeof random) != PXM_OK) {
        return pxm_error_set(error, PXM_E_TRANSIENT, "run.random", "no random numbers for an id");
    }
    pxm_time_format(clock->wall_ms(clock->arg), time);
    for (const char *at = time; *at; at++) {
        if ((*at >= '0' && *at <= '9') || *at == 'T') {
            id[length++] = *at;
        }
    }
    id[length++] = '-';
    pxm_hex(random, RANDOM_BYTES, id + length);
    return PXM_OK;
}
