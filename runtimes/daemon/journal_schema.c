/* The schema, and every statement that is run more than once. All are constant: data comes in through bindings alone.
 *
 *   meta       one row: the schema's version, the number of the last commit, the next job's id, how many rows the other
 *              tables have; and of a rescue that nobody has reacted to yet: when it was, rows kept and lost
 *   jobs       what must be done: expected by a run (0), ready (1), dead letters (2)
 *   keys       idempotency keys
 *   schedules  when each trigger last fired
 *
 * In memory, so that a death forgets them and a rollback takes them back: taken, the jobs that are being done; running,
 * the keys whose runs go on. */
#include "daemon/journal_internal.h"

const struct journal_table_info journal_tables[JOURNAL_TABLE_COUNT] = {
    [JOURNAL_META] = {"meta", META_LOST + 1, 0, SQL_META_ADD},
    [JOURNAL_JOBS] = {"jobs", JOB_CAUSE + 1,
                      1U << JOB_RUN | 1U << JOB_PIPELINE | 1U << JOB_TRIGGER | 1U << JOB_DEDUPE | 1U << JOB_EVENT |
                          1U << JOB_CAUSE,
                      SQL_JOB_ADD},
    [JOURNAL_KEYS] = {"keys", KEY_ANSWER + 1, 1U << KEY_KEY | 1U << KEY_FINGERPRINT | 1U << KEY_RUN | 1U << KEY_ANSWER,
                      SQL_KEY_ADD},
    [JOURNAL_SCHEDULES] = {"schedules", SCHEDULE_LAST_MS + 1, 1U << SCHEDULE_PIPELINE | 1U << SCHEDULE_TRIGGER,
                           SQL_SCHEDULE_ADD},
};

const char *const journal_schema[] = {
    "CREATE TABLE meta (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " next_id INTEGER NOT NULL, row_count INTEGER NOT NULL, rescued_ms INTEGER NOT NULL, kept INTEGER NOT NULL,"
    " lost INTEGER NOT NULL, sum BLOB NOT NULL) STRICT",
    "CREATE TABLE jobs (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, run TEXT NOT NULL, pipeline TEXT NOT NULL,"
    " trigger_name TEXT NOT NULL, dedupe TEXT NOT NULL, event TEXT NOT NULL, attempts INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
    " not_before_ms INTEGER NOT NULL, cause TEXT NOT NULL, sum BLOB NOT NULL) STRICT",
    "CREATE TABLE keys (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL,"
    " run TEXT NOT NULL, run_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, answered INTEGER NOT NULL,"
    " answer TEXT NOT NULL, sum BLOB NOT NULL) STRICT",
    "CREATE TABLE schedules (id INTEGER PRIMARY KEY, pipeline TEXT NOT NULL, trigger_name TEXT NOT NULL,"
    " last_ms INTEGER NOT NULL, sum BLOB NOT NULL, UNIQUE (pipeline, trigger_name)) STRICT",
    "CREATE INDEX jobs_expected ON jobs (run) WHERE state = 0",
    "CREATE INDEX jobs_due ON jobs (not_before_ms) WHERE state = 1",
    "CREATE INDEX jobs_dead ON jobs (id, last_ms) WHERE state = 2",
    "CREATE INDEX jobs_same ON jobs (pipeline, trigger_name, dedupe) WHERE state < 2 AND dedupe <> ''",
    "CREATE INDEX keys_age ON keys (created_ms)",
    NULL,
};

const char *const journal_sql_texts[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SAVEPOINT] = "SAVEPOINT operation",
    [SQL_SAVEPOINT_UNDO] = "ROLLBACK TO operation",
    [SQL_SAVEPOINT_END] = "RELEASE operation",

    [SQL_META_READ] = "SELECT * FROM meta WHERE id = 1",
    [SQL_META_ADD] = "INSERT OR REPLACE INTO meta VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_META_CHANGE] = "UPDATE meta SET version = ?2, seq = ?3, next_id = ?4, row_count = ?5, rescued_ms = ?6, "
                        "kept = ?7, lost = ?8, sum = ?9 WHERE id = ?1",

    [SQL_JOB_READ] = "SELECT * FROM jobs WHERE id = ?1",
    [SQL_JOB_ADD] = "INSERT OR REPLACE INTO jobs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [SQL_JOB_CHANGE] = "UPDATE jobs SET state = ?2, run = ?3, pipeline = ?4, trigger_name = ?5, dedupe = ?6, "
                       "event = ?7, attempts = ?8, created_ms = ?9, first_ms = ?10, last_ms = ?11, "
                       "not_before_ms = ?12, cause = ?13, sum = ?14 WHERE id = ?1",
    [SQL_JOB_DROP] = "DELETE FROM jobs WHERE id = ?1",
    [SQL_JOB_EXPECTED_ANY] = "SELECT id FROM jobs WHERE state = 0 LIMIT 1",
    [SQL_JOB_EXPECTED_BY] = "SELECT id FROM jobs WHERE state = 0 AND run = ?1 LIMIT 1",
    [SQL_JOB_SAME_OF_RUN] = "SELECT id FROM jobs WHERE pipeline = ?1 AND trigger_name = ?2 AND dedupe = ?3 "
                            "AND state < 2 AND dedupe <> '' AND state = 0 AND run = ?4 LIMIT 1",
    [SQL_JOB_SAME_WAITING] = "SELECT id FROM jobs WHERE pipeline = ?1 AND trigger_name = ?2 AND dedupe = ?3 "
                             "AND state < 2 AND dedupe <> '' AND id NOT IN temp.taken LIMIT 1",
    [SQL_JOB_SAME_READY] =
        "SELECT id FROM jobs WHERE pipeline = ?1 AND trigger_name = ?2 AND dedupe = ?3 "
        "AND state < 2 AND dedupe <> '' AND state = 1 AND attempts = 0 AND id NOT IN temp.taken LIMIT 1",
    [SQL_JOB_AHEAD] = "SELECT id FROM jobs WHERE state = 1 AND not_before_ms > ?1 AND max(created_ms, last_ms) > ?1 "
                      "ORDER BY not_before_ms LIMIT 1",
    [SQL_JOBS_DUE] = "SELECT * FROM jobs WHERE state = 1 AND not_before_ms <= ?1 AND id NOT IN temp.taken "
                     "ORDER BY not_before_ms, id LIMIT ?2",
    [SQL_JOBS_DEAD] = "SELECT * FROM jobs WHERE state = 2 AND id < ?1 ORDER BY id DESC LIMIT ?2",
    [SQL_JOB_NEXT] = "SELECT not_before_ms FROM jobs WHERE state = 1 AND id NOT IN temp.taken "
                     "ORDER BY not_before_ms LIMIT 1",
    [SQL_COUNT_EXPECTED] = "SELECT count(*) FROM jobs WHERE state = 0",
    [SQL_COUNT_READY] = "SELECT count(*), coalesce(min(created_ms), 0) FROM jobs WHERE state = 1 "
                        "AND not_before_ms <= ?1 AND id NOT IN temp.taken",
    [SQL_COUNT_DELAYED] = "SELECT count(*) FROM jobs WHERE state = 1 AND not_before_ms > ?1 "
                          "AND id NOT IN temp.taken",
    [SQL_COUNT_TAKEN] = "SELECT count(*) FROM temp.taken",
    [SQL_COUNT_DEAD] = "SELECT count(*) FROM jobs WHERE state = 2",
    [SQL_DEAD_DROP_OLD] = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = 2 AND last_ms < ?1 "
                          "ORDER BY id LIMIT 1000)",
    [SQL_DEAD_DROP_MANY] = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = 2 ORDER BY id LIMIT ?1)",
    [SQL_TAKEN_ADD] = "INSERT OR IGNORE INTO temp.taken (id) VALUES (?1)",
    [SQL_TAKEN_DROP] = "DELETE FROM temp.taken WHERE id = ?1",
    [SQL_TAKEN_LIST] = "SELECT id FROM temp.taken",

    [SQL_KEY_FIND] = "SELECT * FROM keys WHERE key = ?1",
    [SQL_KEY_ADD] = "INSERT OR REPLACE INTO keys VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_KEY_CHANGE] = "UPDATE keys SET key = ?2, fingerprint = ?3, run = ?4, run_ms = ?5, created_ms = ?6, "
                       "answered = ?7, answer = ?8, sum = ?9 WHERE id = ?1",
    [SQL_KEY_DROP] = "DELETE FROM keys WHERE id = ?1",
    [SQL_KEYS_DROP_OLD] = "DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE created_ms < ?1 "
                          "AND id NOT IN temp.running ORDER BY created_ms LIMIT 1000)",
    [SQL_RUNNING_ADD] = "INSERT OR IGNORE INTO temp.running (id) VALUES (?1)",
    [SQL_RUNNING_DROP] = "DELETE FROM temp.running WHERE id = ?1",
    [SQL_RUNNING_HAS] = "SELECT 1 FROM temp.running WHERE id = ?1",
    [SQL_RUNNING_LIST] = "SELECT id FROM temp.running",

    [SQL_SCHEDULE_FIND] = "SELECT * FROM schedules WHERE pipeline = ?1 AND trigger_name = ?2",
    [SQL_SCHEDULE_ADD] = "INSERT OR REPLACE INTO schedules VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_SCHEDULE_CHANGE] = "UPDATE schedules SET pipeline = ?2, trigger_name = ?3, last_ms = ?4, sum = ?5 "
                            "WHERE id = ?1",
};
