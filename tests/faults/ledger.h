/* What clients know of their uploads, and nothing else: what was sent under which key, and what was acknowledged. [any]
 */
#ifndef PXM_TEST_FAULTS_LEDGER_H
#define PXM_TEST_FAULTS_LEDGER_H

#include "wire.h"

#include <pthread.h>

enum { LEDGER_NAME_MAX = 129, LEDGER_KEY_MAX = 64 };

struct ledger_entry {
    char key[LEDGER_KEY_MAX];
    char digest[WIRE_DIGEST_MAX];
    char filename[LEDGER_NAME_MAX]; /* "": never acknowledged */
};

struct ledger {
    pthread_mutex_t lock;
    struct ledger_entry *entries;
    size_t count, room;
};

/* Whether its record is made of an object that does not tell whose it is: its key begins with "unowned-". */
bool ledger_is_unowned(const struct ledger_entry *entry);
void ledger_init(struct ledger *ledger);
void ledger_done(struct ledger *ledger);
void ledger_add(struct ledger *ledger, const char *key, const char *digest, const char *filename);
/* Any of those that were acknowledged; false: there is none. */
bool ledger_pick(struct ledger *ledger, unsigned random, struct ledger_entry *ret);
/* Lines of key, digest and filename (- for none), with blanks between them; false: it cannot be read. */
bool ledger_read(struct ledger *ledger, const char *path);

#endif
