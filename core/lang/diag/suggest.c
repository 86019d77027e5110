/* "Did you mean": the nearest of the words that were possible. Pure; called by whoever reports an unknown word. */
#include "lang/diag/diag.h"
#include <ctype.h>
#include <string.h>

enum { WORD_MAX = 64 /* longer ones are no typo */ };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost 1 each; case costs
 * nothing. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *row = rows[2];

    for (size_t j = 0; j <= b_length; j++) {
        last[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t *spare = before;

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            int ca = tolower((unsigned char)a[i - 1]);
            int cb = tolower((unsigned char)b[j - 1]);

            row[j] = least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) && cb == tolower((unsigned char)a[i - 2])) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
        row = spare;
    }
    return last[b_length];
}

const char *pxm_suggest(const char *word, const char *const *words, size_t count)
{
    size_t length = strlen(word);
    size_t best_distance = length / 3 > 1 ? length / 3 : 1;
    const char *best = NULL;

    if (length == 0 || length > WORD_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(words[i]);
        size_t d;

        if (other > WORD_MAX) {
            continue;
        }
        d = distance(word, length, words[i], other);
        if (d < other && (d < best_distance || (d == best_distance && !best))) {
            best = words[i];
            best_distance = d;
        }
    }
    return best;
}
