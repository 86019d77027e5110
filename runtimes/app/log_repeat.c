/* Lines that say the same over and over: ten are written in ten seconds, the others counted. */
#include "app/log_private.h"

#include <string.h>

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211); /* FNV-1a */
    }
    return hash * UINT64_C(1099511628211);
}

bool log_repeat_allows(struct log_repeat table[LOG_REPEATS], const struct log_line *line, int64_t now_ms,
                       int *ret_missed)
{
    const uint64_t hash =
        hash_text(hash_text(UINT64_C(14695981039346656037) + (uint64_t)line->level, line->source), line->message);
    struct log_repeat *entry = &table[hash % LOG_REPEATS];
    *ret_missed = 0;
    if (entry->hash != hash) { /* another one gives way, and what was missed of it is forgotten */
        *entry = (struct log_repeat){.hash = hash, .since_ms = now_ms};
    } else if (now_ms - entry->since_ms >= LOG_REPEAT_MS) {
        *ret_missed = entry->count > LOG_REPEATED_MAX ? entry->count - LOG_REPEATED_MAX : 0;
        *entry = (struct log_repeat){.hash = hash, .since_ms = now_ms};
    }
    return ++entry->count <= LOG_REPEATED_MAX;
}
