/* Every statement that is run more than once. All are constant: data comes in through bindings alone. */
#include "sqlite.h"

const char *const sqlite_sql_texts[SQL_COUNT] = {
    [SQL_BEGIN_READ] = "BEGIN DEFERRED",
    [SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",

    [SQL_SETTING_ADD] = "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [SQL_SETTING_READ] = "SELECT value FROM settings WHERE name = ?1",

    [SQL_TABLE_ADD] = "INSERT INTO tables (name) VALUES (?1) ON CONFLICT DO NOTHING",
    [SQL_TABLE_FIND] = "SELECT id FROM tables WHERE name = ?1",

    [SQL_INDEXED_ADD] = "INSERT INTO indexed (table_id, field) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [SQL_INDEXED_DROP] = "DELETE FROM indexed WHERE table_id = ?1",
    [SQL_INDEXED_LIST] = "SELECT field FROM indexed WHERE table_id = ?1",
    [SQL_INDEXED_HAS] = "SELECT 1 FROM indexed WHERE table_id = ?1 AND field = ?2",

    [SQL_ENTRIES_DROP_TABLE] = "DELETE FROM entries WHERE table_id = ?1",
    [SQL_ENTRIES_DROP_ITEM] = "DELETE FROM entries WHERE seq = ?1",
    [SQL_ENTRY_ADD] =
        "INSERT INTO entries (table_id, field, value, seq) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",

    [SQL_ITEM_FIND] = "SELECT seq, item FROM items WHERE table_id = ?1 AND key = ?2",
    [SQL_ITEM_ADD] = "INSERT INTO items (table_id, key, item) VALUES (?1, ?2, ?3)",
    [SQL_ITEM_CHANGE] = "UPDATE items SET item = ?2 WHERE seq = ?1",
    [SQL_ITEM_ERASE] = "DELETE FROM items WHERE seq = ?1",

    [SQL_ITEMS_ALL] = "SELECT seq, item FROM items WHERE table_id = ?1",
    [SQL_ITEMS_NEWEST] = "SELECT seq, key, item FROM items WHERE table_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
    [SQL_ITEMS_EQUAL] = "SELECT e.seq, i.key, i.item FROM entries e JOIN items i ON i.seq = e.seq "
                        "WHERE e.table_id = ?1 AND e.seq < ?2 AND e.field = ?4 AND e.value = ?5 "
                        "ORDER BY e.seq DESC LIMIT ?3",
};
