/* Holds the exclusive lock of an SQLite file until its standard input ends: hold_lock FILE; or, where others have it
 * open, that of writers: hold_lock FILE write. Says "locked" when it has it. */
#include <sqlite3.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    const char *lock = argc > 2 ? "BEGIN IMMEDIATE" : "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE";

    if (argc < 2 || sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(db, lock, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "hold_lock: %s\n", db ? sqlite3_errmsg(db) : "usage: hold_lock FILE [write]");
        sqlite3_close(db);
        return 1;
    }
    puts("locked");
    fflush(stdout);
    while (getchar() != EOF) {
    }
    sqlite3_close(db); /* rolls back */
    return 0;
}
