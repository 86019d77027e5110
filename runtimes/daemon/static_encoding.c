/* Which encoding a client likes best (RFC 9110, section 12.5.3). */
#include "daemon/static_private.h"

#include <string.h>
#include <strings.h>

enum { WHOLE = 1000 }; /* a weight of 1, in thousandths */

/* "0", "0.5", "1.000" in thousandths; what is no weight is none. */
static int read_weight(const char *text, size_t length)
{
    int weight = 0, unit = WHOLE;
    for (size_t i = 0; i < length; i++) {
        if (i == 1 ? text[i] != '.' : (text[i] < '0' || text[i] > '9')) {
            return 0;
        }
        if (i != 1) {
            weight += (text[i] - '0') * unit;
            unit /= 10;
        }
    }
    return length > 0 && weight <= WHOLE ? weight : 0;
}

/* The weight of one element, "NAME" or "NAME;q=WEIGHT" with blanks anywhere between. */
static int weight_of(const char *element, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (element[i] != ';') {
            continue;
        }
        i++;
        i += strspn(element + i, " \t");
        if (i + 2 <= length && strncasecmp(element + i, "q=", 2) == 0) {
            const size_t end = i + strcspn(element + i, " \t,;");
            return read_weight(element + i + 2, end - i - 2);
        }
    }
    return WHOLE;
}

enum static_encoding static_choose(const char *accept, const bool is_there[STATIC_ENCODINGS])
{
    static const char *const names[] = {[STATIC_BROTLI] = "br", [STATIC_GZIP] = "gzip", [STATIC_PLAIN] = "identity"};
    int weights[STATIC_ENCODINGS] = {-1, -1, -1}, any = -1; /* -1: not named */
    for (const char *at = accept != NULL ? accept : ""; *at != '\0';) {
        at += strspn(at, " \t,");
        const size_t length = strcspn(at, ","), name = strcspn(at, " \t,;");
        if (name == 1 && *at == '*') {
            any = weight_of(at, length);
        }
        for (size_t i = 0; i < STATIC_ENCODINGS; i++) {
            if (name == strlen(names[i]) && strncasecmp(at, names[i], name) == 0) {
                weights[i] = weight_of(at, length);
            }
        }
        at += length;
    }
    /* One that is not named has the weight of the asterisk; plain bytes are always fine, yet liked least. */
    enum static_encoding best = STATIC_PLAIN;
    int best_weight = weights[STATIC_PLAIN] >= 0 ? weights[STATIC_PLAIN] : any > 0 ? any : 0;
    for (int i = STATIC_GZIP; i >= STATIC_BROTLI; i--) {
        const int weight = weights[i] >= 0 ? weights[i] : any > 0 ? any : 0;
        if (is_there[i] && weight > 0 && weight >= best_weight) {
            best = (enum static_encoding)i;
            best_weight = weight;
        }
    }
    return best;
}
