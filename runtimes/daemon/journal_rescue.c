/* Rescues what is whole in a damaged journal. The new one is made under a name of its own and then called
 * journal.rescued: from there on the rest, setting the old files aside and putting the new one in their place, can be
 * gone on with after a death at any point. The old files are read, never changed. */
#include "daemon/journal_internal.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAKING_NAME  "journal.making"
#define RESCUED_NAME "journal.rescued"

void journal_aside_name(int64_t rescued_ms, char name[256])
{
    char when[PXM_TIME_TEXT_MAX];
    pxm_time_format(rescued_ms, when);
    for (char *at = when; *at; at++) {
        *at = *at == ':' ? '-' : *at;
    }
    snprintf(name, 256, "journal-damaged-%s.db", when);
}

/* ---- what is whole ---- */

struct rescue {
    struct journal_db *db; /* the new one */
    const struct journal_mark *mark;
    int old, old_wal;
    int64_t now_ms, broken;      /* rows whose checksum does not hold */
    int64_t meta[META_LOST + 1]; /* of the old one; all 0: not found */
};

static bool fits(const struct journal_table_info *table, const struct journal_record *record)
{
    return record->count == table->columns + 1 && record->text == table->text_columns &&
           record->blob == 1U << table->columns && record->values[table->columns].length == JOURNAL_SUM_BYTES;
}

/* A row is taken over once for each of its copies; the last counts. */
static pxm_status take(struct rescue *rescue, enum journal_table table, const struct journal_record *record)
{
    for (size_t i = 0; table == JOURNAL_META && i < journal_tables[table].columns; i++) {
        rescue->meta[i] = record->values[i].i;
    }
    if (record->values[0].i >= rescue->db->meta[META_NEXT_ID] && table != JOURNAL_META &&
        record->values[0].i < INT64_MAX) {
        rescue->db->meta[META_NEXT_ID] = record->values[0].i + 1;
    }
    return table == JOURNAL_META ? PXM_OK
                                 : journal_row_write(rescue->db, table, journal_tables[table].add, record->values);
}

static pxm_status found(void *arg, const struct journal_record *record)
{
    struct rescue *rescue = arg;
    bool fitted = false;
    for (enum journal_table table = 0; table < JOURNAL_TABLE_COUNT; table++) {
        uint8_t sum[JOURNAL_SUM_BYTES];
        if (!fits(&journal_tables[table], record)) {
            continue;
        }
        fitted = true;
        pxm_status status = journal_sum(rescue->db, table, record->values, sum);
        if (status != PXM_OK) {
            return status;
        }
        if (memcmp(sum, record->values[journal_tables[table].columns].text, sizeof sum) == 0) {
            return take(rescue, table, record);
        }
    }
    rescue->broken += fitted;
    return PXM_OK;
}

static pxm_status count_rows(struct journal_db *db, int64_t *ret)
{
    sqlite3_stmt *count = NULL;
    bool row = false;
    int result = sqlite3_prepare_v2(db->db,
                                    "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM keys) + "
                                    "(SELECT count(*) FROM schedules)",
                                    -1, &count, NULL);
    pxm_status status = result == SQLITE_OK ? journal_step(db, count, &row) : journal_db_fail(db, result);
    if (status == PXM_OK) {
        *ret = sqlite3_column_int64(count, 0);
    }
    sqlite3_finalize(count);
    return status;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static pxm_status fill(void *arg, struct journal_db *db)
{
    struct rescue *rescue = arg;
    const struct journal_mark *mark = rescue->mark;
    int64_t kept = 0, *meta = db->meta;
    rescue->db = db;
    pxm_status status = journal_pages(rescue->old, rescue->old_wal, found, rescue, db->error);
    if (status == PXM_OK) {
        status = count_rows(db, &kept);
    }
    if (status != PXM_OK) {
        return status;
    }
    /* How many there were is what the mark or the file itself says, whichever is newer. */
    bool known = mark->seq > 0 || rescue->meta[META_SEQ] > 0;
    int64_t had = mark->seq >= rescue->meta[META_SEQ] ? mark->rows : rescue->meta[META_ROWS];
    meta[META_SEQ] = larger(mark->seq, rescue->meta[META_SEQ]) + 1;
    meta[META_NEXT_ID] = larger(meta[META_NEXT_ID], larger(mark->next_id, rescue->meta[META_NEXT_ID]));
    meta[META_ROWS] = meta[META_KEPT] = kept;
    meta[META_LOST] = known ? larger(had - kept, 0) : rescue->broken;
    meta[META_RESCUED_MS] = larger(rescue->now_ms, 1);
    return PXM_OK;
}

/* ---- files ---- */

static pxm_status set_aside(int folder, int64_t rescued_ms, pxm_error *error)
{
    static const char *const suffixes[] = {"-wal", "-shm", ""};
    char name[256], from[64], to[300];
    journal_aside_name(rescued_ms, name);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(from, sizeof from, JOURNAL_NAME "%s", suffixes[i]);
        snprintf(to, sizeof to, "%s%s", name, suffixes[i]);
        if (renameat(folder, from, folder, to) != 0 && errno != ENOENT) {
            return pxm_error_errno(error, errno, "journal.unavailable", "the damaged journal cannot be set aside");
        }
    }
    return PXM_OK;
}

pxm_status journal_rescue_finish(int folder, const char *folder_path, pxm_error *error)
{
    char path[JOURNAL_PATH_MAX];
    struct journal_db db = {0};
    bool exists = false;
    pxm_status status = journal_exists(folder, RESCUED_NAME, &exists, error);
    if (status != PXM_OK || !exists) {
        return status;
    }
    snprintf(path, sizeof path, "%s/" RESCUED_NAME, folder_path);
    status = journal_db_open(&db, path, error);
    if (status == PXM_OK) {
        status = journal_begin(&db, error);
        journal_rollback(&db);
        sqlite3_db_config(db.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    }
    int64_t rescued_ms = db.meta[META_RESCUED_MS];
    journal_db_close(&db);
    if (status == PXM_OK) {
        status = set_aside(folder, rescued_ms, error);
    }
    if (status == PXM_OK && (renameat(folder, RESCUED_NAME, folder, JOURNAL_NAME) != 0 || fsync(folder) != 0)) {
        status = pxm_error_errno(error, errno, "journal.unavailable", "the rescued journal cannot be put in its place");
    }
    return status;
}

/* *ret: -1 where there is no such file. */
static pxm_status open_old(int folder, const char *name, int *ret, pxm_error *error)
{
    *ret = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*ret < 0 && errno != ENOENT) {
        return pxm_error_errno(error, errno, "journal.unavailable", "the damaged journal cannot be opened");
    }
    return PXM_OK;
}

pxm_status journal_rescue(int folder, const char *folder_path, const struct journal_mark *mark, int64_t now_ms,
                          pxm_error *error)
{
    struct rescue rescue = {.mark = mark, .old = -1, .old_wal = -1, .now_ms = now_ms};
    pxm_status status = open_old(folder, JOURNAL_NAME, &rescue.old, error);
    if (status == PXM_OK) {
        status = open_old(folder, JOURNAL_NAME "-wal", &rescue.old_wal, error);
    }
    if (status == PXM_OK) {
        status = journal_make(folder, folder_path, MAKING_NAME, fill, &rescue, error);
    }
    if (rescue.old >= 0) {
        close(rescue.old);
    }
    if (rescue.old_wal >= 0) {
        close(rescue.old_wal);
    }
    if (status == PXM_OK && (renameat(folder, MAKING_NAME, folder, RESCUED_NAME) != 0 || fsync(folder) != 0)) {
        status = pxm_error_errno(error, errno, "journal.unavailable", "the rescued journal cannot be renamed");
    }
    return status == PXM_OK ? journal_rescue_finish(folder, folder_path, error) : status;
}
