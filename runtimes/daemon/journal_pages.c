/* Reads the rows of a damaged journal from its pages (sqlite.org/fileformat2.html, sections 1.6, 2.1 and 4): each page
 * that looks like a leaf of a table, each cell of it that looks like a row, whatever the rest of the file says. Every
 * number is checked against the page it is read from; what does not fit is passed over. */
#include "daemon/journal_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE = JOURNAL_PAGE_BYTES,
    FILE_HEADER = 100,
    LEAF = 0x0d,
    LEAF_HEADER = 8,
    LOCAL_MAX = PAGE - 35,                   /* of a payload, in the cell itself */
    LOCAL_MIN = (PAGE - 12) * 32 / 255 - 23, /* of one that goes on elsewhere    */
    WAL_HEADER = 32,
    FRAME_HEADER = 24,
    FRAME = FRAME_HEADER + PAGE,
    PAYLOAD_MAX = 4 << 20
};

struct pages {
    int db, wal;
    uint32_t db_count, count; /* pages of the file, and all that may be asked for */
    uint32_t *frames;         /* by page: the number of its last frame in the -wal, from 1; 0: it is in the file */
    pxm_status (*found)(void *arg, const struct journal_record *record);
    void *arg;
    pxm_error *error;
};

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t get_u16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* A number of one to nine bytes; moves *at. False: it does not end before `end`. */
static bool get_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
    uint64_t value = 0;
    for (int i = 0; i < 9; i++) {
        if (*at == end) {
            return false;
        }
        uint8_t byte = *(*at)++;
        value = i == 8 ? value << 8 | byte : value << 7 | (byte & 0x7f);
        if (i == 8 || !(byte & 0x80)) {
            break;
        }
    }
    *ret = value;
    return true;
}

/* ---- pages ---- */

static bool read_page(const struct pages *pages, uint32_t number, uint8_t page[PAGE])
{
    if (number == 0 || number > pages->count) {
        return false;
    }
    uint32_t frame = pages->frames[number];
    if (frame > 0) {
        return pread(pages->wal, page, PAGE, WAL_HEADER + (off_t)(frame - 1) * FRAME + FRAME_HEADER) == PAGE;
    }
    return number <= pages->db_count && pread(pages->db, page, PAGE, (off_t)(number - 1) * PAGE) == PAGE;
}

static int64_t size_of(int fd)
{
    struct stat about;
    return fd >= 0 && fstat(fd, &about) == 0 ? about.st_size : 0;
}

/* The salts of the frames that count: those of the header, or where no frame has them, of the first frame. */
static bool read_salts(const struct pages *pages, uint32_t frames, uint8_t salts[8])
{
    uint8_t header[FRAME_HEADER], wal[WAL_HEADER];
    if (frames == 0 || pread(pages->wal, wal, sizeof wal, 0) != (ssize_t)sizeof wal) {
        return false;
    }
    for (uint32_t i = 0; i < frames; i++) {
        if (pread(pages->wal, header, sizeof header, WAL_HEADER + (off_t)i * FRAME) == (ssize_t)sizeof header &&
            memcmp(header + 8, wal + 16, 8) == 0) {
            memcpy(salts, wal + 16, 8);
            return true;
        }
    }
    bool read = pread(pages->wal, header, sizeof header, WAL_HEADER) == (ssize_t)sizeof header;
    memcpy(salts, header + 8, 8);
    return read;
}

static pxm_status map_frames(struct pages *pages)
{
    uint8_t header[FRAME_HEADER], salts[8];
    int64_t wal_bytes = size_of(pages->wal) - WAL_HEADER, db_pages = size_of(pages->db) / PAGE;
    int64_t frames = wal_bytes > 0 ? wal_bytes / FRAME : 0;
    if (db_pages + frames >= INT32_MAX) {
        return pxm_error_set(pages->error, PXM_E_LIMIT, "journal.too_large", "the damaged journal is too large");
    }
    pages->db_count = (uint32_t)db_pages;
    pages->count = (uint32_t)(db_pages + frames);
    pages->frames = calloc((size_t)pages->count + 1, sizeof *pages->frames);
    if (!pages->frames) {
        return pxm_error_no_memory(pages->error);
    }
    if (!read_salts(pages, (uint32_t)frames, salts)) {
        return PXM_OK;
    }
    for (uint32_t i = 0; i < (uint32_t)frames; i++) {
        if (pread(pages->wal, header, sizeof header, WAL_HEADER + (off_t)i * FRAME) != (ssize_t)sizeof header ||
            memcmp(header + 8, salts, sizeof salts) != 0) {
            continue;
        }
        uint32_t number = get_u32(header);
        if (number > 0 && number <= pages->count) {
            pages->frames[number] = i + 1;
        }
    }
    return PXM_OK;
}

/* ---- rows ---- */

/* The value of a column by its serial type, from the body of a record; moves *at. */
static bool get_value(struct journal_record *record, size_t column, uint64_t type, const uint8_t **at,
                      const uint8_t *end)
{
    static const uint8_t sizes[] = {0, 1, 2, 3, 4, 6, 8};
    struct journal_value *value = &record->values[column];
    *value = (struct journal_value){0};
    if (type == 8 || type == 9) {
        value->i = (int64_t)type - 8;
        return true;
    }
    if (type == 7 || type == 10 || type == 11) {
        return false;
    }
    uint64_t length = type < 7 ? sizes[type] : (type - 12) / 2;
    if (length > (uint64_t)(end - *at)) {
        return false;
    }
    if (type < 7) {
        uint64_t number = length > 0 && **at & 0x80 ? UINT64_MAX : 0;
        for (size_t i = 0; i < length; i++) {
            number = number << 8 | (*at)[i];
        }
        value->i = (int64_t)number;
    } else {
        value->text = (const char *)*at;
        value->length = (size_t)length;
        *(type & 1 ? &record->text : &record->blob) |= 1U << column;
    }
    *at += length;
    return true;
}

/* A record is a row where all of it fits; an id that is the row's own number is kept as NULL. */
static pxm_status take_record(const struct pages *pages, int64_t id, const uint8_t *payload, size_t length)
{
    struct journal_record record = {0};
    const uint8_t *at = payload, *end = payload + length;
    uint64_t header = 0;
    if (!get_varint(&at, end, &header) || header > length) {
        return PXM_OK;
    }
    const uint8_t *body = payload + header, *types_end = body;
    while (at < types_end) {
        uint64_t type = 0;
        if (record.count == sizeof record.values / sizeof *record.values || !get_varint(&at, types_end, &type) ||
            !get_value(&record, record.count, type, &body, end)) {
            return PXM_OK;
        }
        record.count++;
    }
    if (record.count == 0 || body != end) {
        return PXM_OK;
    }
    record.values[0].i = id;
    return pages->found(pages->arg, &record);
}

/* A payload that goes on in pages of its own. */
static pxm_status take_long(const struct pages *pages, int64_t id, const uint8_t *start, size_t local, size_t length)
{
    uint8_t page[PAGE];
    struct pxm_buf payload;
    uint32_t next = get_u32(start + local);
    pxm_buf_init(&payload, PAYLOAD_MAX);
    pxm_buf_add(&payload, start, local);
    while (payload.status == PXM_OK && payload.length < length && read_page(pages, next, page)) {
        size_t left = length - payload.length;
        pxm_buf_add(&payload, page + 4, left < PAGE - 4 ? left : PAGE - 4);
        next = get_u32(page);
    }
    pxm_status status = payload.status == PXM_E_NO_MEMORY ? pxm_error_no_memory(pages->error) : PXM_OK;
    if (payload.status == PXM_OK && payload.length == length) {
        status = take_record(pages, id, (const uint8_t *)payload.data, length);
    }
    pxm_buf_done(&payload);
    return status;
}

static pxm_status take_cell(const struct pages *pages, const uint8_t *cell, const uint8_t *end)
{
    uint64_t length = 0, id = 0;
    if (!get_varint(&cell, end, &length) || !get_varint(&cell, end, &id) || length > PAYLOAD_MAX) {
        return PXM_OK;
    }
    if (length <= LOCAL_MAX) {
        return length <= (uint64_t)(end - cell) ? take_record(pages, (int64_t)id, cell, (size_t)length) : PXM_OK;
    }
    size_t local = LOCAL_MIN + (size_t)(length - LOCAL_MIN) % (PAGE - 4);
    local = local <= LOCAL_MAX ? local : LOCAL_MIN;
    return local + 4 <= (size_t)(end - cell) ? take_long(pages, (int64_t)id, cell, local, (size_t)length) : PXM_OK;
}

static pxm_status take_page(const struct pages *pages, uint32_t number)
{
    uint8_t page[PAGE];
    if (!read_page(pages, number, page)) {
        return PXM_OK;
    }
    const uint8_t *header = number == 1 ? page + FILE_HEADER : page;
    if (*header != LEAF) {
        return PXM_OK;
    }
    const uint8_t *pointers = header + LEAF_HEADER, *end = page + PAGE;
    size_t cells = get_u16(header + 3), room = (size_t)(end - pointers) / 2;
    pxm_status status = PXM_OK;
    for (size_t i = 0; status == PXM_OK && i < cells && i < room; i++) {
        size_t offset = get_u16(pointers + 2 * i);
        if (offset < PAGE) {
            status = take_cell(pages, page + offset, end);
        }
    }
    return status;
}

pxm_status journal_pages(int db, int wal, pxm_status (*found)(void *arg, const struct journal_record *record),
                         void *arg, pxm_error *error)
{
    struct pages pages = {.db = db, .wal = wal, .found = found, .arg = arg, .error = error};
    pxm_status status = map_frames(&pages);
    /* What the -wal has is newer, so it comes last: where a row is found twice, the last one counts. */
    for (int newer = 0; newer <= 1; newer++) {
        for (uint32_t number = 1; status == PXM_OK && number <= pages.count; number++) {
            if ((pages.frames[number] > 0) == (newer > 0)) {
                status = take_page(&pages, number);
            }
        }
    }
    free(pages.frames);
    return status;
}
