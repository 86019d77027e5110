/* From what was parsed to a record, and from a record that nobody has looked at to what may be believed. */
#include "daemon/said.h"

#include "base/value.h"

#include <string.h>

enum { WORKERS_MAX = 256 };

pxm_value *said_write(const struct pxm_host_entry *host)
{
    pxm_value *value = pxm_value_record();

    if (host && host->address) {
        pxm_value_set(value, "address", pxm_value_cstring(host->address));
        pxm_value_set(value, "port", pxm_value_int(host->port));
    }
    if (host && host->workers != PXM_UNSET_INT) {
        pxm_value_set(value, "workers", pxm_value_int(host->workers));
    }
    return value;
}

/* False: it is there, but is no such number. */
static bool read_number(const pxm_value *record, const char *key, int64_t least, int64_t most, int64_t *ret)
{
    const pxm_value *value = pxm_value_get(record, key);

    *ret = value ? pxm_value_as_int(value) : PXM_UNSET_INT;
    return !value || (pxm_value_type(value) == PXM_TYPE_INT && *ret >= least && *ret <= most);
}

/* It goes into the log, so it has no control characters. */
static bool read_address(const pxm_value *record, char address[SAID_ADDRESS_MAX])
{
    const pxm_value *value = pxm_value_get(record, "address");
    size_t length = 0;

    address[0] = '\0';
    if (!value) {
        return true;
    }
    const char *text = pxm_value_type(value) == PXM_TYPE_STRING ? pxm_value_as_string(value, &length) : NULL;
    bool sound = text && length > 0 && length < SAID_ADDRESS_MAX;
    for (size_t i = 0; sound && i < length; i++) {
        sound = (unsigned char)text[i] > ' ' && text[i] != 0x7F;
    }
    if (sound) {
        memcpy(address, text, length);
        address[length] = '\0';
    }
    return sound;
}

pxm_status said_read(const pxm_value *value, struct said *ret, pxm_error *error)
{
    struct said said = {0};

    if (pxm_value_type(value) != PXM_TYPE_RECORD || !read_address(value, said.address) ||
        !read_number(value, "port", 0, UINT16_MAX, &said.port) ||
        !read_number(value, "workers", 1, WORKERS_MAX, &said.workers) ||
        (said.address[0] == '\0') != (said.port == PXM_UNSET_INT)) {
        return pxm_error_set(error, PXM_E_INVALID, "worker.invalid", "what the project says of its host cannot be");
    }
    *ret = said;
    return PXM_OK;
}
