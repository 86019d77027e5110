/* Messages between the processes of the daemon, over SOCK_SEQPACKET socket pairs: a type, a value, whose blobs go as
 * descriptors (daemon/packed.h), and perhaps a descriptor of its own. What does not fit into a packet goes as a sealed
 * file of memory. The other side is believed in nothing. [any], one sender and one receiver of a socket at a time,
 * except that messages without blobs of at most IPC_INLINE_BYTES_MAX may be sent by several threads at once. */
#ifndef PXM_DAEMON_IPC_H
#define PXM_DAEMON_IPC_H

#include "base/error.h"

enum { IPC_INLINE_BYTES_MAX = 64 << 10, IPC_DESCRIPTORS_MAX = 72, IPC_BYTES_MAX = 32 << 20 };

/* Close-on-exec, blocking. */
pxm_status ipc_pair(int ret[2], pxm_error *error);

/* `value` NULL: null. `handle`: a descriptor that goes along, borrowed; -1: none. `wait`: until there is room, else
 * ipc.full. Codes: ipc.closed (the other side is gone), ipc.full, ipc.blobs, ipc.too_large, json.*, io.*. */
pxm_status ipc_send(int fd, uint32_t type, const pxm_value *value, int handle, bool wait, pxm_error *error);

struct ipc_message {
    uint32_t type;
    pxm_value *value; /* owned */
    int handle;       /* owned; -1: none */
};
enum ipc_received {
    IPC_MESSAGE,
    IPC_NOTHING, /* not now */
    IPC_CLOSED,  /* the other side is gone */
    IPC_BROKEN   /* it sent what is no message, or it cannot be received: ipc.invalid, io.*; see the error */
};
enum ipc_received ipc_receive(int fd, bool wait, struct ipc_message *ret, pxm_error *error);
/* A packet as it was received. Takes over the descriptors, also on failure. */
pxm_status ipc_decode(const void *packet, size_t length, int *descriptors, size_t descriptor_count,
                      struct ipc_message *ret, pxm_error *error);
void ipc_message_done(struct ipc_message *message);

/* Errors as values, with their status, and back; whatever the value is, *ret says a failure. */
pxm_value *ipc_error_write(const pxm_error *error);
void ipc_error_read(const pxm_value *value, pxm_error *ret);

#endif
