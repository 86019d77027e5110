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

    [SQL_QUEUE_ADD] = "INSERT INTO queues (name) VALUES (?1) ON CONFLICT DO NOTHING",
    [SQL_QUEUE_FIND] = "SELECT id FROM queues WHERE name = ?1",

    [SQL_MESSAGE_ADD] = "INSERT INTO messages (queue_id, state, ready_ms, attempts, lease, sent_ms, first_ms, last_ms) "
                        "VALUES (?1, 0, ?2, 0, 0, ?3, 0, 0)",
    [SQL_BODY_ADD] = "INSERT INTO bodies (seq, body) VALUES (?1, ?2)",
    [SQL_BODY_FIND] = "SELECT body FROM bodies WHERE seq = ?1",
    [SQL_BODY_DROP] = "DELETE FROM bodies WHERE seq = ?1",

    [SQL_SENT_FIND] = "SELECT seq FROM sent WHERE queue_id = ?1 AND dedupe_id = ?2 AND forget_ms > ?3",
    [SQL_SENT_ADD] = "INSERT INTO sent (queue_id, dedupe_id, seq, forget_ms) VALUES (?1, ?2, ?3, ?4) "
                     "ON CONFLICT DO UPDATE SET seq = excluded.seq, forget_ms = excluded.forget_ms",
    /* A few at a time, so that no send has to wait for all that a busy day left. */
    [SQL_SENT_FORGET] = "DELETE FROM sent WHERE queue_id = ?1 AND dedupe_id IN "
                        "(SELECT dedupe_id FROM sent WHERE queue_id = ?1 AND forget_ms <= ?2 LIMIT 100)",

    [SQL_READY_ANY] = "SELECT 1 FROM messages WHERE queue_id = ?1 AND state IN (0, 1) AND ready_ms <= ?2 LIMIT 1",
    [SQL_LEASES_BURY] = "UPDATE messages SET state = 2, ready_ms = 0, cause = ?4 "
                        "WHERE queue_id = ?1 AND state = 1 AND ready_ms <= ?2 AND attempts >= ?3",
    [SQL_LEASES_RELEASE] = "UPDATE messages SET state = 0 WHERE queue_id = ?1 AND state = 1 AND ready_ms <= ?2",
    [SQL_MESSAGES_LEASE] =
        "UPDATE messages SET state = 1, ready_ms = ?3, attempts = attempts + 1, lease = lease + 1, last_ms = ?2,"
        " first_ms = CASE first_ms WHEN 0 THEN ?2 ELSE first_ms END "
        "WHERE seq IN (SELECT seq FROM messages WHERE queue_id = ?1 AND state = 0 AND ready_ms <= ?2"
        " ORDER BY ready_ms LIMIT ?4) RETURNING seq, lease, attempts, sent_ms",
    [SQL_MESSAGE_BURY] = "UPDATE messages SET state = 2, ready_ms = 0, cause = ?2 WHERE seq = ?1",

    [SQL_LEASE_EXTEND] = "UPDATE messages SET ready_ms = ?5 "
                         "WHERE seq = ?1 AND queue_id = ?2 AND lease = ?3 AND state = 1 AND ready_ms > ?4",
    [SQL_LEASE_DONE] = "DELETE FROM messages "
                       "WHERE seq = ?1 AND queue_id = ?2 AND lease = ?3 AND state = 1 AND ready_ms > ?4",
    /* ?5: when it is ready again, ?6: after how many attempts it is a dead letter instead. */
    [SQL_LEASE_SETTLE] = "UPDATE messages SET state = CASE WHEN attempts >= ?6 THEN 2 ELSE 0 END,"
                         " ready_ms = CASE WHEN attempts >= ?6 THEN 0 ELSE ?5 END, cause = ?7 "
                         "WHERE seq = ?1 AND queue_id = ?2 AND lease = ?3 AND state = 1 AND ready_ms > ?4",

    [SQL_DEPTH] = "SELECT count(*) FILTER (WHERE state < 2 AND ready_ms <= ?2 AND NOT (state = 1 AND attempts >= ?3)),"
                  " count(*) FILTER (WHERE state = 0 AND ready_ms > ?2),"
                  " count(*) FILTER (WHERE state = 1 AND ready_ms > ?2),"
                  " count(*) FILTER (WHERE state = 2 OR (state = 1 AND ready_ms <= ?2 AND attempts >= ?3)),"
                  " min(sent_ms) FILTER (WHERE state = 0 OR (state = 1 AND (ready_ms > ?2 OR attempts < ?3))) "
                  "FROM messages WHERE queue_id = ?1",
    [SQL_DEAD_LIST] = "SELECT m.seq, b.body, m.cause, m.attempts, m.first_ms, m.last_ms FROM messages m "
                      "LEFT JOIN bodies b ON b.seq = m.seq WHERE m.queue_id = ?1 AND m.state = 2 AND m.ready_ms = 0 "
                      "AND m.seq > ?2 ORDER BY m.seq LIMIT ?3",
    [SQL_DEAD_REDRIVE] = "UPDATE messages SET state = 0, ready_ms = ?3, attempts = 0, first_ms = 0, last_ms = 0,"
                         " cause = NULL WHERE seq = ?1 AND queue_id = ?2 AND state = 2",
    [SQL_DEAD_DROP] = "DELETE FROM messages WHERE seq = ?1 AND queue_id = ?2 AND state = 2",
};
