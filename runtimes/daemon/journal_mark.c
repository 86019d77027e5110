/* The mark: how far the journal got, in a file of one small record. It is written in place, so a full disk is no
 * hindrance. */
#include "daemon/journal_internal.h"

#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MARK_NAME  "journal.mark"
#define MARK_MAGIC "pxmmark1"

enum {
    MAGIC_BYTES = 8,
    NUMBERS = 3,
    BODY_BYTES = MAGIC_BYTES + NUMBERS * 8,
    MARK_BYTES = BODY_BYTES + PXM_SHA256_BYTES
};

int journal_mark_open(int folder, bool create)
{
    int fd = openat(folder, MARK_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600);
    return fd < 0 ? -errno : fd;
}

static void put_number(uint8_t *at, int64_t number)
{
    for (size_t i = 0; i < 8; i++) {
        at[i] = (uint8_t)((uint64_t)number >> 8 * i);
    }
}

static int64_t get_number(const uint8_t *at)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++) {
        number |= (uint64_t)at[i] << 8 * i;
    }
    return (int64_t)number;
}

void journal_mark_read(int mark, struct journal_mark *ret)
{
    uint8_t bytes[MARK_BYTES], sum[PXM_SHA256_BYTES];
    *ret = (struct journal_mark){0};
    if (pread(mark, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes || memcmp(bytes, MARK_MAGIC, MAGIC_BYTES) != 0 ||
        pxm_sha256(bytes, BODY_BYTES, sum) != PXM_OK || memcmp(bytes + BODY_BYTES, sum, sizeof sum) != 0) {
        return;
    }
    *ret = (struct journal_mark){.seq = get_number(bytes + MAGIC_BYTES),
                                 .next_id = get_number(bytes + MAGIC_BYTES + 8),
                                 .rows = get_number(bytes + MAGIC_BYTES + 16)};
}

void journal_mark_write(int mark, const struct journal_db *db)
{
    uint8_t bytes[MARK_BYTES];
    memcpy(bytes, MARK_MAGIC, MAGIC_BYTES);
    put_number(bytes + MAGIC_BYTES, db->meta[META_SEQ]);
    put_number(bytes + MAGIC_BYTES + 8, db->meta[META_NEXT_ID]);
    put_number(bytes + MAGIC_BYTES + 16, db->meta[META_ROWS]);
    if (pxm_sha256(bytes, BODY_BYTES, bytes + BODY_BYTES) == PXM_OK) {
        ssize_t written = pwrite(mark, bytes, sizeof bytes, 0); /* one that is behind does no harm */
        (void)written;
    }
}
