/* A packet is a header, then the JSON of the value, then that of its blobs; where those are too long, they are in the
 * first descriptor behind the handle. Descriptors: handle, text, those of the blobs. */
#include "daemon/ipc.h"

#include "base/value.h"
#include "daemon/packed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC = 0x314d5850 /* "PXM1" */, HAS_HANDLE = 1, HAS_TEXT_FILE = 2 };

struct header {
    uint32_t magic, type, flags, reserved;
    uint32_t value_length, blobs_length;
};
enum { PACKET_BYTES_MAX = IPC_INLINE_BYTES_MAX + (int)sizeof(struct header) };

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(IPC_DESCRIPTORS_MAX * sizeof(int))];
};

pxm_status ipc_pair(int ret[2], pxm_error *error)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) != 0) {
        return pxm_error_errno(error, errno, NULL, "a socket pair");
    }
    return PXM_OK;
}

/* ---- sending ----------------------------------------------------------------------------------------------------- */

static pxm_status send_failed(pxm_error *error)
{
    switch (errno) {
    case EPIPE:
    case ECONNRESET:
        return pxm_error_set(error, PXM_E_TRANSIENT, "ipc.closed", "the other process is gone");
    case EAGAIN:
        return pxm_error_set(error, PXM_E_TRANSIENT, "ipc.full", "the other process does not read");
    default:
        return pxm_error_errno(error, errno, NULL, "sending to another process");
    }
}

static void set_descriptors(struct msghdr *message, union control *control, const int *descriptors, size_t count)
{
    if (count == 0) {
        return;
    }
    memset(control, 0, sizeof *control);
    message->msg_control = control->bytes;
    message->msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *part = CMSG_FIRSTHDR(message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(part), descriptors, count * sizeof(int));
}

static pxm_status send_packet(int fd, struct iovec *parts, size_t part_count, const int *descriptors, size_t count,
                              bool wait, pxm_error *error)
{
    union control control;
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = part_count};
    ssize_t sent;

    set_descriptors(&message, &control, descriptors, count);
    do {
        sent = sendmsg(fd, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? send_failed(error) : PXM_OK;
}

/* Value and blobs one after the other in a file of memory. */
static pxm_status text_file(const struct packed *packed, int *ret, pxm_error *error)
{
    struct pxm_buf both;

    pxm_buf_init(&both, IPC_BYTES_MAX);
    pxm_buf_add(&both, packed->value.data, packed->value.length);
    pxm_buf_add(&both, packed->blobs.data, packed->blobs.length);
    pxm_status status = both.status;
    if (status == PXM_E_LIMIT) {
        pxm_error_set(error, status, "ipc.too_large", "a message of more than %d bytes", IPC_BYTES_MAX);
    } else if (status != PXM_OK) {
        pxm_error_no_memory(error);
    } else {
        status = packed_memory(both.data, both.length, ret, error);
    }
    pxm_buf_done(&both);
    return status;
}

static pxm_status send_packed(int fd, struct header *header, const struct packed *packed, int handle, bool wait,
                              pxm_error *error)
{
    int descriptors[IPC_DESCRIPTORS_MAX], text = -1;
    size_t count = 0, part_count = 3;
    struct iovec parts[3] = {{header, sizeof *header},
                             {packed->value.data, packed->value.length},
                             {packed->blobs.data, packed->blobs.length}};
    pxm_status status = PXM_OK;

    if (handle >= 0) {
        header->flags |= HAS_HANDLE;
        descriptors[count++] = handle;
    }
    if (packed->value.length + packed->blobs.length > IPC_INLINE_BYTES_MAX) {
        status = text_file(packed, &text, error);
        header->flags |= HAS_TEXT_FILE;
        descriptors[count++] = text;
        part_count = 1;
    }
    if (status == PXM_OK) {
        memcpy(descriptors + count, packed->descriptors, packed->descriptor_count * sizeof(int));
        count += packed->descriptor_count;
        header->value_length = (uint32_t)packed->value.length;
        header->blobs_length = (uint32_t)packed->blobs.length;
        status = send_packet(fd, parts, part_count, descriptors, count, wait, error);
    }
    if (text >= 0) {
        close(text);
    }
    return status;
}

pxm_status ipc_send(int fd, uint32_t type, const pxm_value *value, int handle, bool wait, pxm_error *error)
{
    struct header header = {.magic = MAGIC, .type = type};
    struct packed packed;
    pxm_value *null = value ? NULL : pxm_value_null();

    pxm_status status = packed_write(value ? value : null, &packed, error);
    if (status == PXM_OK) {
        status = send_packed(fd, &header, &packed, handle, wait, error);
    }
    packed_done(&packed);
    pxm_value_unref(null);
    return status;
}

/* ---- receiving --------------------------------------------------------------------------------------------------- */

static void close_all(const int *descriptors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (descriptors[i] >= 0) {
            close(descriptors[i]);
        }
    }
}

static pxm_status invalid(pxm_error *error, const char *what)
{
    return pxm_error_set(error, PXM_E_INVALID, "ipc.invalid", "another process sent %s", what);
}

/* Read, and not mapped: nobody can change what is in this process's own memory. */
static pxm_status read_text(int fd, size_t length, char **ret, pxm_error *error)
{
    char *text = malloc(length + 1);
    size_t done = 0;
    struct stat info;

    if (!text) {
        return pxm_error_no_memory(error);
    }
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) { /* reading anything else might wait */
        ssize_t got = 1;
        while (done < length && (got > 0 || (got < 0 && errno == EINTR))) {
            got = pread(fd, text + done, length - done, (off_t)done);
            done += got > 0 ? (size_t)got : 0;
        }
    }
    if (done < length) {
        free(text);
        return invalid(error, "less text than it said");
    }
    *ret = text;
    return PXM_OK;
}

static pxm_status decode_text(const struct header *header, const char *text, int *descriptors, size_t count,
                              struct ipc_message *ret, pxm_error *error)
{
    pxm_value *value = NULL;
    pxm_status status = packed_read(text, header->value_length, text + header->value_length, header->blobs_length,
                                    descriptors, count, &value, error);

    if (status == PXM_OK) {
        *ret = (struct ipc_message){.type = header->type, .value = value, .handle = -1};
    }
    return status;
}

static pxm_status decode(const struct header *header, const char *inline_text, size_t inline_length, int *descriptors,
                         size_t count, struct ipc_message *ret, pxm_error *error)
{
    size_t text_length = (size_t)header->value_length + header->blobs_length;
    size_t first = (header->flags & HAS_HANDLE) ? 1 : 0;
    char *text = NULL;
    pxm_status status = PXM_OK;

    if (header->flags & HAS_TEXT_FILE) {
        if (first >= count || inline_length != 0 || text_length > IPC_BYTES_MAX) {
            return invalid(error, "a message of no sense");
        }
        status = read_text(descriptors[first], text_length, &text, error);
        first++;
    } else if (text_length != inline_length || first > count) {
        return invalid(error, "a message of another length than it said");
    }
    if (status == PXM_OK) {
        status = decode_text(header, text ? text : inline_text, descriptors + first, count - first, ret, error);
    }
    free(text);
    if (status == PXM_OK && (header->flags & HAS_HANDLE)) {
        ret->handle = descriptors[0];
        descriptors[0] = -1;
    }
    return status;
}

pxm_status ipc_decode(const void *packet, size_t length, int *descriptors, size_t descriptor_count,
                      struct ipc_message *ret, pxm_error *error)
{
    struct header header;
    pxm_status status;

    if (length < sizeof header) {
        status = invalid(error, "too little");
    } else {
        memcpy(&header, packet, sizeof header);
        if (header.magic != MAGIC || header.reserved != 0 || (header.flags & ~(uint32_t)(HAS_HANDLE | HAS_TEXT_FILE))) {
            status = invalid(error, "what is no message");
        } else {
            status = decode(&header, (const char *)packet + sizeof header, length - sizeof header, descriptors,
                            descriptor_count, ret, error);
        }
    }
    close_all(descriptors, descriptor_count);
    return status;
}

static size_t take_descriptors(struct msghdr *message, int descriptors[IPC_DESCRIPTORS_MAX])
{
    size_t count = 0;

    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) {
            size_t here = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            here = here < IPC_DESCRIPTORS_MAX - count ? here : IPC_DESCRIPTORS_MAX - count;
            memcpy(descriptors + count, CMSG_DATA(part), here * sizeof(int));
            count += here;
        }
    }
    return count;
}

enum ipc_received ipc_receive(int fd, bool wait, struct ipc_message *ret, pxm_error *error)
{
    char packet[PACKET_BYTES_MAX];
    union control control;
    struct iovec part = {packet, sizeof packet};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    int descriptors[IPC_DESCRIPTORS_MAX];
    ssize_t got;

    do {
        got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) {
        return IPC_NOTHING;
    }
    if (got == 0 || (got < 0 && errno == ECONNRESET)) {
        return IPC_CLOSED;
    }
    if (got < 0) {
        pxm_error_errno(error, errno, NULL, "receiving from another process");
        return IPC_BROKEN;
    }
    size_t count = take_descriptors(&message, descriptors);
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        close_all(descriptors, count);
        invalid(error, "a message that is too long, or descriptors for which there is no room");
        return IPC_BROKEN;
    }
    return ipc_decode(packet, (size_t)got, descriptors, count, ret, error) == PXM_OK ? IPC_MESSAGE : IPC_BROKEN;
}

void ipc_message_done(struct ipc_message *message)
{
    pxm_value_unref(message->value);
    if (message->handle >= 0) {
        close(message->handle);
    }
    *message = (struct ipc_message){.handle = -1};
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

pxm_value *ipc_error_write(const pxm_error *error)
{
    pxm_value *value = pxm_value_record(), *notes = pxm_value_record();

    for (size_t i = 0; i < error->note_count; i++) {
        pxm_value_set(notes, error->notes[i].key, pxm_value_cstring(error->notes[i].value));
    }
    pxm_value_set(value, "status", pxm_value_int(error->status));
    pxm_value_set(value, "code", pxm_value_cstring(error->code));
    pxm_value_set(value, "text", pxm_value_cstring(error->text));
    pxm_value_set(value, "inner", pxm_value_int((int64_t)error->inner));
    pxm_value_set(value, "step", pxm_value_cstring(error->step));
    pxm_value_set(value, "origin", pxm_value_cstring(error->origin));
    pxm_value_set(value, "notes", notes);
    return value;
}

void ipc_error_read(const pxm_value *value, pxm_error *ret)
{
    int64_t status = pxm_value_as_int(pxm_value_get(value, "status"));
    int64_t inner = pxm_value_as_int(pxm_value_get(value, "inner"));
    const char *code = pxm_value_as_string(pxm_value_get(value, "code"), NULL);
    const char *origin = pxm_value_as_string(pxm_value_get(value, "origin"), NULL);
    const pxm_value *notes = pxm_value_get(value, "notes");

    pxm_error_clear(ret);
    pxm_error_set(ret, status < 0 && status >= PXM_E_NO_SPACE ? (pxm_status)status : PXM_E_INTERNAL,
                  code[0] ? code : "worker.invalid", "%s", pxm_value_as_string(pxm_value_get(value, "text"), NULL));
    if (inner > 0 && (uint64_t)inner < strlen(ret->text)) {
        ret->inner = (size_t)inner;
    }
    pxm_error_set_step(ret, pxm_value_as_string(pxm_value_get(value, "step"), NULL));
    if (origin[0]) {
        pxm_error_blame(ret, origin);
    }
    for (size_t i = 0; i < pxm_value_count(notes) && i < PXM_ERROR_NOTES_MAX; i++) {
        pxm_error_note(ret, pxm_value_key(notes, i), pxm_value_as_string(pxm_value_at(notes, i), NULL));
    }
}
