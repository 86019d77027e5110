#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char unowned[] = "unowned-";

bool ledger_is_unowned(const struct ledger_entry *entry)
{
    return strncmp(entry->key, unowned, sizeof unowned - 1) == 0;
}

void ledger_init(struct ledger *ledger)
{
    *ledger = (struct ledger){0};
    pthread_mutex_init(&ledger->lock, NULL);
}

void ledger_done(struct ledger *ledger)
{
    pthread_mutex_destroy(&ledger->lock);
    free(ledger->entries);
}

void ledger_add(struct ledger *ledger, const char *key, const char *digest, const char *filename)
{
    pthread_mutex_lock(&ledger->lock);
    if (ledger->count == ledger->room) {
        ledger->room = ledger->room * 2 + 64;
        ledger->entries = realloc(ledger->entries, ledger->room * sizeof *ledger->entries);
        if (!ledger->entries) {
            abort();
        }
    }
    struct ledger_entry *entry = &ledger->entries[ledger->count++];
    snprintf(entry->key, sizeof entry->key, "%s", key);
    snprintf(entry->digest, sizeof entry->digest, "%s", digest);
    snprintf(entry->filename, sizeof entry->filename, "%s", filename);
    pthread_mutex_unlock(&ledger->lock);
}

bool ledger_pick(struct ledger *ledger, unsigned random, struct ledger_entry *ret)
{
    bool found = false;

    pthread_mutex_lock(&ledger->lock);
    for (size_t i = 0; i < ledger->count && !found; i++) {
        *ret = ledger->entries[(random + i) % ledger->count];
        found = ret->filename[0] != '\0';
    }
    pthread_mutex_unlock(&ledger->lock);
    return found;
}

bool ledger_read(struct ledger *ledger, const char *path)
{
    char key[LEDGER_KEY_MAX], digest[WIRE_DIGEST_MAX], filename[LEDGER_NAME_MAX];
    FILE *file = fopen(path, "re");

    if (!file) {
        return false;
    }
    while (fscanf(file, "%63s %64s %128s", key, digest, filename) == 3) {
        ledger_add(ledger, key, digest, strcmp(filename, "-") == 0 ? "" : filename);
    }
    bool whole = feof(file) != 0;
    fclose(file);
    return whole;
}
