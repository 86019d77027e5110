/* A logical table as the metadata interface: the instance, and record, lookup and erase. [any] */
#include "sqlite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- one item in the database ---- */

struct row {
    int64_t seq;
    pxm_value *item; /* as it is shown; NULL: there is none */
    char *json;      /* as it is stored */
};

static void row_done(const struct sqlite_table *table, struct row *row)
{
    table->host->value_unref(row->item);
    free(row->json);
    *row = (struct row){0};
}

static pxm_status find_row(const struct sqlite_table *table, struct sqlite_session *session, const char *key,
                           struct row *ret)
{
    bool found = false;
    sqlite3_stmt *find = sqlite_statement(session, SQL_ITEM_FIND);
    sqlite_bind_int(session, find, 1, table->id);
    sqlite_bind_text(session, find, 2, key);
    pxm_status status = sqlite_step(session, find, &found);
    if (status != PXM_OK || !found) {
        return status;
    }
    const char *json = (const char *)sqlite3_column_text(find, 1);
    size_t length = (size_t)sqlite3_column_bytes(find, 1);
    struct row row = {.seq = sqlite3_column_int64(find, 0), .json = json ? strndup(json, length) : NULL};
    status =
        row.json ? sqlite_item_show(table, key, json, length, &row.item, session->error) : sqlite_fail_memory(session);
    sqlite3_reset(find);
    if (status != PXM_OK) {
        row_done(table, &row);
        return status;
    }
    *ret = row;
    return PXM_OK;
}

/* ---- record ---- */

static pxm_status store_json(const struct sqlite_table *table, struct sqlite_session *session, const char *key,
                             struct row *row, const char *json, size_t length)
{
    sqlite3_stmt *store = sqlite_statement(session, row->item ? SQL_ITEM_CHANGE : SQL_ITEM_ADD);
    if (row->item) {
        sqlite_bind_int(session, store, 1, row->seq);
        sqlite_bind_chars(session, store, 2, json, length);
        return sqlite_run(session, store);
    }
    sqlite_bind_int(session, store, 1, table->id);
    sqlite_bind_text(session, store, 2, key);
    sqlite_bind_chars(session, store, 3, json, length);
    pxm_status status = sqlite_run(session, store);
    row->seq = sqlite3_last_insert_rowid(session->db);
    return status;
}

/* Stores the merged item unless it is what is there already. */
static pxm_status store_row(const struct sqlite_table *table, struct sqlite_session *session, const char *key,
                            struct row *row, const pxm_value *merged)
{
    const struct pxm_host *host = table->host;
    pxm_blob *blob = NULL;
    size_t length = 0;
    pxm_status status = host->value_to_json(merged, &blob, session->error);
    if (status != PXM_OK) {
        return status;
    }
    const char *json = host->blob_data(blob, &length);
    if (length > TABLEBASE_ITEM_MAX) {
        status = host->fail(session->error, PXM_E_LIMIT, "table.too_large",
                            "the item \"%s\" would have %zu bytes, more than the %d that a table takes", key, length,
                            TABLEBASE_ITEM_MAX);
    } else if (!row->json || strlen(row->json) != length || memcmp(row->json, json, length) != 0) {
        status = store_json(table, session, key, row, json, length);
        if (status == PXM_OK) {
            status = sqlite_entries_write(session, table->id, row->seq, merged);
        }
    }
    host->blob_unref(blob);
    return status;
}

/* One operation on one item, for its transaction. */
struct change {
    struct sqlite_table *table;
    const char *key;
    const struct pxm_record *record; /* of record */
    const pxm_value *expect;         /* of erase; may be NULL */
    struct row row;                  /* what is there, or was */
    bool applied;
};

static pxm_status write_item(struct sqlite_session *session, void *arg)
{
    struct change *change = arg;
    const struct sqlite_table *table = change->table;
    const struct pxm_record *record = change->record;
    pxm_value *merged = NULL;
    pxm_status status = find_row(table, session, record->key, &change->row);
    if (status == PXM_OK && change->row.item && (record->flags & PXM_RECORD_IF_ABSENT)) {
        status = table->host->fail(session->error, PXM_E_EXISTS, "table.exists", "there is an item \"%s\" in table %s",
                                   record->key, table->config->table);
    }
    if (status == PXM_OK) {
        status = tablebase_expect(&table->base, record->key, change->row.item, record->expect, session->error);
    }
    if (status == PXM_OK) {
        status = tablebase_newer(&table->base, record, change->row.item, &change->applied, session->error);
    }
    if (status == PXM_OK && change->applied) {
        status = tablebase_merge(&table->base, record, change->row.item, &merged, session->error);
    }
    if (status == PXM_OK && change->applied) {
        status = store_row(table, session, record->key, &change->row, merged);
    }
    table->host->value_unref(merged);
    return status;
}

static pxm_status table_record(void *self, pxm_job *job, const struct pxm_record *record, pxm_value *fields,
                               pxm_error *error)
{
    struct change change = {.table = self, .key = record->key, .record = record};
    struct sqlite_table *table = change.table;
    const struct pxm_host *host = table->host;
    pxm_status status = tablebase_check_key(host, record->key, error);
    if (status == PXM_OK) {
        status = tablebase_check_set(&table->base, record, error);
    }
    if (status == PXM_OK) {
        status = sqlite_transact(&table->database, job, true, write_item, &change, error);
    }
    if (status == PXM_OK) {
        host->value_set(fields, "key", host->value_string(record->key, strlen(record->key)));
        host->value_set(fields, "created", host->value_bool(!change.row.item));
        host->value_set(fields, "applied", host->value_bool(change.applied));
    }
    row_done(table, &change.row);
    return status;
}

/* ---- lookup and erase ---- */

static pxm_status read_item(struct sqlite_session *session, void *arg)
{
    struct change *change = arg;
    return find_row(change->table, session, change->key, &change->row);
}

static pxm_status erase_item(struct sqlite_session *session, void *arg)
{
    static const enum sqlite_sql drops[] = {SQL_ENTRIES_DROP_ITEM, SQL_ITEM_ERASE};
    struct change *change = arg;
    pxm_status status = read_item(session, change);
    if (status == PXM_OK) {
        status = tablebase_expect(&change->table->base, change->key, change->row.item, change->expect, session->error);
    }
    for (size_t i = 0; status == PXM_OK && change->row.item && i < sizeof drops / sizeof *drops; i++) {
        sqlite3_stmt *drop = sqlite_statement(session, drops[i]);
        sqlite_bind_int(session, drop, 1, change->row.seq);
        status = sqlite_run(session, drop);
    }
    return status;
}

/* Checks the key and does `work` on its item. */
static pxm_status transact_item(struct change *change, pxm_job *job, bool write, sqlite_work *work, pxm_error *error)
{
    pxm_status status = tablebase_check_key(change->table->host, change->key, error);
    return status == PXM_OK ? sqlite_transact(&change->table->database, job, write, work, change, error) : status;
}

static pxm_status table_lookup(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    struct change change = {.table = self, .key = key};
    const struct pxm_host *host = change.table->host;
    pxm_status status = transact_item(&change, job, false, read_item, error);
    if (status == PXM_OK && !change.row.item) {
        status = host->fail(error, PXM_E_NOT_FOUND, "table.not_found", "no item \"%s\" in table %s", key,
                            change.table->config->table);
    }
    if (status == PXM_OK) {
        host->value_set(fields, "key", host->value_string(key, strlen(key)));
        host->value_set(fields, "item", host->value_ref(change.row.item));
    }
    row_done(change.table, &change.row);
    return status;
}

static pxm_status table_erase(void *self, pxm_job *job, const char *key, const pxm_value *expect, pxm_value *fields,
                              pxm_error *error)
{
    struct change change = {.table = self, .key = key, .expect = expect};
    const struct pxm_host *host = change.table->host;
    pxm_status status = transact_item(&change, job, true, erase_item, error);
    if (status == PXM_OK) {
        const pxm_value *item = change.row.item;
        host->value_set(fields, "erased", host->value_bool(item != NULL));
        host->value_set(fields, "item", item ? host->value_ref(item) : host->value_null());
    }
    row_done(change.table, &change.row);
    return status;
}

/* ---- the instance ---- */

static pxm_status validate(const struct pxm_host *host, const void *config, pxm_error *error)
{
    const struct sqlite_table_config *settings = config;
    struct tablebase base = {.host = host, .key_field = settings->key};
    return tablebase_check_indexes(&base, settings->indexes, error);
}

/* The id of the table; 0 if it is not there yet. */
static pxm_status find_table(struct sqlite_session *session, const char *name, int64_t *ret)
{
    bool row = false;
    sqlite3_stmt *find = sqlite_statement(session, SQL_TABLE_FIND);
    sqlite_bind_text(session, find, 1, name);
    pxm_status status = sqlite_step(session, find, &row);
    if (status == PXM_OK) {
        *ret = row ? sqlite3_column_int64(find, 0) : 0;
        sqlite3_reset(find);
    }
    return status;
}

static pxm_status read_cursor_key(struct sqlite_table *table, struct sqlite_session *session)
{
    bool row = false;
    sqlite3_stmt *read = sqlite_statement(session, SQL_SETTING_READ);
    sqlite_bind_text(session, read, 1, "cursor_key");
    pxm_status status = sqlite_step(session, read, &row);
    if (status == PXM_OK && (!row || sqlite3_column_bytes(read, 0) != SQLITE_CURSOR_KEY_BYTES)) {
        status = sqlite_fail(session, SQLITE_CORRUPT);
    }
    if (status == PXM_OK) {
        memcpy(table->cursor_key, sqlite3_column_blob(read, 0), SQLITE_CURSOR_KEY_BYTES);
    }
    return status;
}

struct opening {
    struct sqlite_table *table;
    bool ready; /* the indexes are as configured */
};

/* Finds the table and whether its indexes are as configured, without waiting for writers. */
static pxm_status look_up_table(struct sqlite_session *session, void *arg)
{
    struct opening *opening = arg;
    struct sqlite_table *table = opening->table;
    pxm_status status = find_table(session, table->config->table, &table->id);
    bool same = false;
    if (status == PXM_OK) {
        status = sqlite_entries_declared(session, table->id, table->config->indexes, &same);
    }
    if (status == PXM_OK) {
        status = read_cursor_key(table, session);
    }
    opening->ready = table->id != 0 && same;
    return status;
}

static pxm_status declare_table(struct sqlite_session *session, void *arg)
{
    const struct opening *opening = arg;
    struct sqlite_table *table = opening->table;
    sqlite3_stmt *add = sqlite_statement(session, SQL_TABLE_ADD);
    sqlite_bind_text(session, add, 1, table->config->table);
    pxm_status status = sqlite_run(session, add);
    if (status == PXM_OK) {
        status = find_table(session, table->config->table, &table->id);
    }
    return status == PXM_OK ? sqlite_entries_declare(session, table->id, table->config->indexes) : status;
}

static pxm_status open_table(struct sqlite_table *table, pxm_error *error)
{
    struct opening opening = {.table = table};
    pxm_status status = sqlite_transact(&table->database, NULL, false, look_up_table, &opening, error);
    if (status == PXM_OK && !opening.ready) {
        status = sqlite_transact(&table->database, NULL, true, declare_table, &opening, error);
    }
    return status;
}

static void table_destroy(void *self)
{
    struct sqlite_table *table = self;
    sqlite_database_done(&table->database);
    free(table);
}

static pxm_status table_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    const struct sqlite_table_config *settings = config;
    pxm_status status = validate(host, config, error);
    if (status != PXM_OK) {
        return status;
    }
    struct sqlite_table *table = calloc(1, sizeof *table);
    if (!table) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    table->host = host;
    table->config = settings;
    table->base = (struct tablebase){.host = host, .key_field = settings->key};
    status = sqlite_database_init(&table->database, host, "table", settings->path, settings->busy_timeout, error);
    if (status == PXM_OK) {
        status = open_table(table, error);
    }
    if (status != PXM_OK) {
        table_destroy(table);
        return status;
    }
    *ret_self = table;
    return PXM_OK;
}

static pxm_status table_check(void *self, pxm_job *job, pxm_error *error)
{
    struct sqlite_table *table = self;
    return sqlite_check(&table->database, job, error);
}

/* Table and indexes are made when an instance is. */
static pxm_status table_prepare(void *self, pxm_job *job, pxm_value *fields, pxm_error *error)
{
    const struct sqlite_table *table = self;
    const struct pxm_host *host = table->host;
    const char *name = table->config->table;
    (void)job;
    (void)error;
    host->value_set(fields, "table", host->value_string(name, strlen(name)));
    host->value_set(fields, "made", host->value_list());
    return PXM_OK;
}

/* ---- description ---- */

static const struct pxm_option options[] = {
    {.name = "path",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_PATH,
     .offset = PXM_FIELD(struct sqlite_table_config, path, const char *),
     .min = 1,
     .max = 4096,
     .help = "The database file; it is made if its folder is there."},
    {.name = "table",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct sqlite_table_config, table, const char *),
     .fallback = "items",
     .min = 1,
     .max = SQLITE_NAME_MAX,
     .help = "Which of the tables in the file; each name is a table of its own."},
    {.name = "key",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct sqlite_table_config, key, const char *),
     .fallback = "key",
     .min = 1,
     .max = SQLITE_NAME_MAX,
     .help = "The field that shows the key of an item."},
    {.name = "indexes",
     .type = PXM_OPT_LIST,
     .item = PXM_TYPE_STRING,
     .offset = PXM_FIELD(struct sqlite_table_config, indexes, const pxm_value *),
     .max = 32,
     .help = "Fields that `query` may ask for; of a list each item can be found."},
    {.name = "busy_timeout",
     .type = PXM_OPT_DURATION,
     .flags = PXM_OPT_ADVANCED,
     .offset = PXM_FIELD(struct sqlite_table_config, busy_timeout, int64_t),
     .fallback = "5s",
     .min = 0,
     .max = 600000,
     .help = "How long an operation waits while others write, before it fails with table.unavailable."},
    {.name = NULL},
};

static const struct pxm_metadata_ops ops = {
    .struct_size = sizeof ops,
    .record = table_record,
    .lookup = table_lookup,
    .query = sqlite_table_query,
    .erase = table_erase,
    .prepare = table_prepare,
};

const struct pxm_unit sqlite_table_unit = {
    .struct_size = sizeof sqlite_table_unit,
    .threads = PXM_THREADS_PARALLEL,
    .config_size = sizeof(struct sqlite_table_config),
    .option_size = sizeof(struct pxm_option),
    .iface = PXM_IFACE_METADATA,
    .name = "sqlite",
    .summary = "Records in one SQLite file, shared by any number of processes",
    .options = options,
    .ops = &ops,
    .validate = validate,
    .create = table_create,
    .check = table_check,
    .destroy = table_destroy,
};
