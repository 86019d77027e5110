/* Any bytes as application/x-www-form-urlencoded and as a path: text or an error, the same however the bytes come in;
 * and what was decoded comes back when it is encoded. */
#include "app/url.h"
#include "fuzz.h"
#include "outcome.h"
#include <string.h>

enum { OUTCOME_BYTES_MAX = 16 << 20 };

static void check_decoding(const char *text, size_t length, bool plus_is_space)
{
    struct pxm_buf once, encoded, twice;
    pxm_buf_init(&once, OUTCOME_BYTES_MAX);
    pxm_buf_init(&encoded, OUTCOME_BYTES_MAX);
    pxm_buf_init(&twice, OUTCOME_BYTES_MAX);
    if (app_url_decode(text, length, plus_is_space, &once, NULL) == PXM_OK) {
        check(once.length <= length && strlen(once.data) == once.length);
        for (size_t i = 0; i < once.length; i++) {
            pxm_buf_printf(&encoded, "%%%02X", (unsigned)(unsigned char)once.data[i]);
        }
        check(app_url_decode(encoded.data, encoded.length, plus_is_space, &twice, NULL) == PXM_OK);
        check(twice.length == once.length && strcmp(twice.data, once.data) == 0);
    } else {
        check(once.length == 0);
    }
    pxm_buf_done(&once);
    pxm_buf_done(&encoded);
    pxm_buf_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct app_trigger trigger = {.reads_form = true};
    struct pxm_buf outcome;
    pxm_buf_init(&outcome, OUTCOME_BYTES_MAX);
    outcome_of_any_steps(&trigger, "application/x-www-form-urlencoded", data, size, &outcome);
    pxm_buf_done(&outcome);
    check_decoding((const char *)data, size, false);
    check_decoding((const char *)data, size, true);
    return 0;
}
