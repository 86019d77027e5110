/* Any bytes as the pages of a damaged journal and of its -wal: rows are found in them or not, and what is found lies
 * within them. */
#include "daemon/journal_internal.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 64 };

static void check(int holds)
{
    if (!holds) {
        abort();
    }
}

/* Every byte of every value is read, so that a sanitizer sees one that lies elsewhere. */
static pxm_status found(void *arg, const struct journal_record *record)
{
    unsigned *sum = arg;

    check(record->count > 0 && record->count <= JOURNAL_COLUMNS_MAX + 1 && (record->text & record->blob) == 0);
    for (size_t i = 0; i < record->count; i++) {
        const struct journal_value *value = &record->values[i];
        for (size_t at = 0; value->text && at < value->length; at++) {
            *sum += (unsigned char)value->text[at];
        }
    }
    return PXM_OK;
}

/* What is shorter than a page is a page all the same. */
static int file_of(const uint8_t *data, size_t size)
{
    size_t whole = (size + JOURNAL_PAGE_BYTES - 1) / JOURNAL_PAGE_BYTES * JOURNAL_PAGE_BYTES;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    check(fd >= 0 && write(fd, data, size) == (ssize_t)size && ftruncate(fd, (off_t)whole) == 0);
    return fd;
}

/* The first two bytes say how much of the rest is the journal; what follows is its -wal. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pxm_error error = {0};
    volatile unsigned sum = 0;
    unsigned seen = 0;

    if (size < 2) {
        return 0;
    }
    size_t pieces = (size_t)data[0] << 8 | data[1], rest = size - 2;
    size_t first = pieces * PIECE < rest ? pieces * PIECE : rest;
    int db = file_of(data + 2, first), wal = file_of(data + 2 + first, rest - first);
    check(journal_pages(db, wal, found, &seen, &error) == PXM_OK || error.code[0] != '\0');
    sum = seen;
    (void)sum;
    close(db);
    close(wal);
    return 0;
}
