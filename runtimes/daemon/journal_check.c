/* Whether a journal is whole: its header, its schema, its pages, each row, and that nothing committed is missing. */
#include "daemon/journal_internal.h"

#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_BYTES = 100, REASON_BYTES = 256 };

static void set_reason(char *reason, const char *text)
{
    pxm_utf8_copy(reason, REASON_BYTES, text);
}

/* ---- the header (sqlite.org/fileformat2.html, section 1.3) ---- */

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* What never changes once a journal was made. SQLite would take some of it for a file of another kind, and refuse it or
 * write it in another way. */
static bool is_header_whole(const uint8_t header[HEADER_BYTES])
{
    static const uint8_t start[] = "SQLite format 3\0\x10\0\x02\x02\0\x40\x20\x20";
    static const struct {
        size_t place;
        uint32_t value;
    } words[] = {
        {44, 4}, {52, 0}, {56, 1}, {60, JOURNAL_VERSION}, {64, 0}, {68, JOURNAL_APPLICATION_ID}, {72, 0}, {76, 0},
        {80, 0}, {84, 0}, {88, 0}};
    bool whole = memcmp(header, start, sizeof start - 1) == 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        whole = whole && big_endian(header + words[i].place) == words[i].value;
    }
    return whole;
}

/* Before SQLite opens it: closing a file drops all locks that the process has on it. */
static pxm_status check_header(int folder, char *reason, pxm_error *error)
{
    uint8_t header[HEADER_BYTES];
    int fd = openat(folder, JOURNAL_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t length = fd < 0 ? -1 : pread(fd, header, sizeof header, 0);
    int number = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (length < 0) {
        return pxm_error_errno(error, number, number == EACCES || number == EPERM ? "journal.denied" : NULL,
                               "the journal cannot be read");
    }
    if (length < HEADER_BYTES || !is_header_whole(header)) {
        set_reason(reason, "its header is damaged, or it is no journal");
    }
    return PXM_OK;
}

/* ---- the schema ---- */

static bool is_known(const char *sql)
{
    for (const char *const *text = journal_schema; *text; text++) {
        if (strcmp(sql, *text) == 0) {
            return true;
        }
    }
    return false;
}

static pxm_status prepare(struct journal_db *db, const char *text, sqlite3_stmt **ret)
{
    int result = sqlite3_prepare_v2(db->db, text, -1, ret, NULL);
    return result == SQLITE_OK ? PXM_OK : journal_db_fail(db, result);
}

static pxm_status check_schema(struct journal_db *db, char *reason)
{
    sqlite3_stmt *list = NULL;
    size_t known = 0, expected = 0;
    bool row = false;
    while (journal_schema[expected]) {
        expected++;
    }
    pxm_status status = prepare(db, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL", &list);
    while (status == PXM_OK && (status = journal_step(db, list, &row)) == PXM_OK && row) {
        const char *sql = (const char *)sqlite3_column_text(list, 0);
        known += sql && is_known(sql);
        expected -= !sql || !is_known(sql); /* so that one too many is one that is missing */
    }
    sqlite3_finalize(list);
    if (status == PXM_OK && known != expected) {
        set_reason(reason, "its schema is damaged");
    }
    return status;
}

/* ---- pages and rows ---- */

/* A page that could not be read is told like one that is damaged. The result code, or SQLITE_CORRUPT. */
static int result_of(const char *said)
{
    static const char text[] = "unable to get the page. error code=";
    const char *found = strstr(said, text);
    long result = found ? strtol(found + strlen(text), NULL, 10) : SQLITE_CORRUPT;
    return result > 0 && result <= INT32_MAX ? (int)result : SQLITE_CORRUPT;
}

/* All pages and indexes, not the pages alone: an index that lacks a job would hide it. */
static pxm_status check_pages(struct journal_db *db, char *reason)
{
    sqlite3_stmt *check = NULL;
    bool row = false;
    pxm_status status = prepare(db, "PRAGMA integrity_check(1)", &check);
    if (status == PXM_OK) {
        status = journal_step(db, check, &row);
    }
    const char *said = row ? (const char *)sqlite3_column_text(check, 0) : NULL;
    if (said && (result_of(said) & 0xff) != SQLITE_CORRUPT) {
        status = journal_db_fail(db, result_of(said));
    }
    if (status == PXM_OK && (!said || strcmp(said, "ok") != 0)) {
        set_reason(reason, said ? said : "nothing can be said of its pages");
    }
    sqlite3_finalize(check);
    return status;
}

static pxm_status check_rows(struct journal_db *db, enum journal_table table, int64_t *count, char *reason)
{
    struct journal_value values[JOURNAL_COLUMNS_MAX];
    sqlite3_stmt *rows = NULL;
    bool row = false, whole = true;
    char text[64];
    snprintf(text, sizeof text, "SELECT * FROM %s NOT INDEXED", journal_tables[table].name);
    pxm_status status = prepare(db, text, &rows);
    while (status == PXM_OK && whole && (status = journal_step(db, rows, &row)) == PXM_OK && row) {
        status = journal_row_look(db, table, rows, values, &whole);
        whole = whole && values[0].i < db->meta[META_NEXT_ID];
        (*count)++;
    }
    if (status == PXM_OK && !whole) {
        snprintf(reason, REASON_BYTES, "row %" PRId64 " of %s is damaged", (int64_t)sqlite3_column_int64(rows, 0),
                 journal_tables[table].name);
    }
    sqlite3_finalize(rows);
    return status;
}

static pxm_status check_all_rows(struct journal_db *db, char *reason)
{
    int64_t count = 0;
    pxm_status status = PXM_OK;
    for (enum journal_table table = JOURNAL_JOBS; status == PXM_OK && !*reason && table < JOURNAL_TABLE_COUNT;
         table++) {
        status = check_rows(db, table, &count, reason);
    }
    if (status == PXM_OK && !*reason && count != db->meta[META_ROWS]) {
        snprintf(reason, REASON_BYTES, "it has %" PRId64 " rows instead of %" PRId64, count, db->meta[META_ROWS]);
    }
    return status;
}

/* ---- all of it ---- */

/* In one transaction that writes nothing: what `pixmill jobs` may do meanwhile is seen as a whole or not at all. */
static pxm_status check_content(struct journal_db *db, const struct journal_mark *mark, bool thorough, char *reason,
                                pxm_error *error)
{
    pxm_status status = check_schema(db, reason);
    if (status == PXM_OK && !*reason && thorough) {
        status = check_pages(db, reason);
    }
    if (status != PXM_OK || *reason) {
        return status;
    }
    status = journal_begin(db, error);
    if (status == PXM_OK && db->meta[META_SEQ] < mark->seq) {
        snprintf(reason, REASON_BYTES, "it ends with commit %" PRId64 " of %" PRId64, db->meta[META_SEQ], mark->seq);
    }
    if (status == PXM_OK && !*reason && thorough) {
        status = check_all_rows(db, reason);
    }
    journal_rollback(db);
    return status;
}

/* What SQLite says of a damaged file, rather than of the world around it. */
static bool is_damage(pxm_status status, const pxm_error *error)
{
    return status == PXM_E_INTERNAL && strcmp(error->code, "journal.damaged") == 0;
}

pxm_status journal_check(struct journal_db *db, int folder, const char *path, const struct journal_mark *mark,
                         bool thorough, char reason[REASON_BYTES], pxm_error *error)
{
    pxm_error found = {0};
    *reason = '\0';
    pxm_status status = check_header(folder, reason, error);
    if (status != PXM_OK || *reason) {
        return status;
    }
    status = journal_db_open(db, path, &found);
    if (status == PXM_OK) {
        status = check_content(db, mark, thorough, reason, &found);
    }
    if (is_damage(status, &found)) {
        set_reason(reason, found.text);
        status = PXM_OK;
    } else if (status != PXM_OK && error) {
        *error = found;
    }
    if (status != PXM_OK || *reason) {
        journal_db_close(db);
    }
    db->error = NULL;
    return status;
}
