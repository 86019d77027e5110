/* Any bytes as a packet from another process, with descriptors that it may name: it is a message or it is refused, and
 * every descriptor is taken or closed. */
#include "base/blob.h"
#include "base/value.h"
#include "daemon/ipc.h"
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DESCRIPTORS = 2 };

static void check(int holds)
{
    if (!holds) {
        abort();
    }
}

/* The first one is sealed, the other is not. */
static void open_files(int descriptors[DESCRIPTORS])
{
    static const char text[] = "null[]0123456789";

    for (int i = 0; i < DESCRIPTORS; i++) {
        descriptors[i] = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        check(descriptors[i] >= 0 && write(descriptors[i], text, sizeof text - 1) == sizeof text - 1);
    }
    check(fcntl(descriptors[0], F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE) == 0);
}

static void read_blobs(const pxm_value *value)
{
    const pxm_blob *blob = pxm_value_as_blob(value);
    size_t length = 0;
    const char *data = blob ? pxm_blob_data(blob, &length) : NULL;
    volatile char last;

    if (data && length > 0) {
        last = data[length - 1];
        (void)last;
    }
    for (size_t i = 0; i < pxm_value_count(value); i++) {
        read_blobs(pxm_value_at(value, i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ipc_message message;
    pxm_error error = {0};
    int descriptors[DESCRIPTORS];

    open_files(descriptors);
    const int first = descriptors[0], second = descriptors[1];
    if (ipc_decode(data, size, descriptors, DESCRIPTORS, &message, &error) == PXM_OK) {
        pxm_error told = {0};
        read_blobs(message.value);
        ipc_error_read(message.value, &told);
        check(told.status < 0);
        ipc_message_done(&message);
    } else {
        check(error.status < 0 && error.code[0] != '\0');
    }
    check(fcntl(first, F_GETFD) < 0 && fcntl(second, F_GETFD) < 0);
    return 0;
}
