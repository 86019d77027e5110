/* Makes a journal: in a file that nobody looks for until it is whole. */
#include "daemon/journal_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

pxm_status journal_exists(int folder, const char *name, bool *ret, pxm_error *error)
{
    bool exists = faccessat(folder, name, F_OK, 0) == 0;
    if (!exists && errno != ENOENT) {
        return pxm_error_errno(error, errno, "journal.unavailable", "the journal cannot be looked for");
    }
    *ret = exists;
    return PXM_OK;
}

static pxm_status make_schema(struct journal_db *db)
{
    /* What is in the header of the file is never written again. WAL is what the file says of itself from here on. */
    char head[256];
    snprintf(head, sizeof head,
             "PRAGMA page_size = %d; PRAGMA auto_vacuum = NONE; PRAGMA encoding = 'UTF-8'; BEGIN IMMEDIATE;"
             "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             (int)JOURNAL_PAGE_BYTES, (int)JOURNAL_APPLICATION_ID, (int)JOURNAL_VERSION);
    pxm_status status = journal_script(db, head);
    for (const char *const *text = journal_schema; status == PXM_OK && *text; text++) {
        status = journal_script(db, *text);
    }
    return status;
}

static pxm_status make_content(struct journal_db *db, pxm_status (*fill)(void *arg, struct journal_db *db), void *arg)
{
    struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
    db->meta[META_ID] = 1;
    db->meta[META_VERSION] = JOURNAL_VERSION;
    db->meta[META_SEQ] = db->meta[META_NEXT_ID] = 1;
    pxm_status status = make_schema(db);
    if (status == PXM_OK && fill) {
        status = fill(arg, db);
    }
    for (size_t i = 0; i < journal_tables[JOURNAL_META].columns; i++) {
        row[i].i = db->meta[i];
    }
    if (status == PXM_OK) {
        status = journal_row_write(db, JOURNAL_META, SQL_META_ADD, row);
    }
    if (status == PXM_OK) {
        journal_reset(db);
        status = journal_script(db, "COMMIT; PRAGMA journal_mode = WAL;");
    }
    return status;
}

static pxm_status remove_old(int folder, const char *name, pxm_error *error)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    char full[256];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(full, sizeof full, "%s%s", name, suffixes[i]);
        if (unlinkat(folder, full, 0) != 0 && errno != ENOENT) {
            return pxm_error_errno(error, errno, NULL, "what an earlier start left behind cannot be removed");
        }
    }
    return PXM_OK;
}

static pxm_status make_durable(int folder, const char *name, pxm_error *error)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool synced = fd >= 0 && fsync(fd) == 0;
    int number = errno;
    if (fd >= 0) {
        close(fd);
    }
    return synced ? PXM_OK : pxm_error_errno(error, number, "journal.unavailable", "a new journal cannot be flushed");
}

pxm_status journal_make(int folder, const char *folder_path, const char *name,
                        pxm_status (*fill)(void *arg, struct journal_db *db), void *arg, pxm_error *error)
{
    char path[JOURNAL_PATH_MAX];
    struct journal_db db = {0};
    pxm_status status = remove_old(folder, name, error);
    if (status != PXM_OK) {
        return status;
    }
    /* SQLite would make it readable for all that the umask lets. */
    int fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return pxm_error_errno(error, errno, "journal.unavailable", "the journal cannot be made");
    }
    close(fd);
    snprintf(path, sizeof path, "%s/%s", folder_path, name);
    status = journal_db_open(&db, path, error);
    if (status == PXM_OK) {
        status = make_content(&db, fill, arg);
        sqlite3_db_config(db.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    }
    journal_db_close(&db);
    return status == PXM_OK ? make_durable(folder, name, error) : status;
}
