/* What Debian's libexpat.a takes from glibc 2.36, for machines with an older one: its hash tables are salted by it.
 * Goes into the package's copy of that archive. */
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

void arc4random_buf(void *buffer, size_t length);

void arc4random_buf(void *buffer, size_t length)
{
    char *at = buffer;

    while (length > 0) {
        ssize_t got = getrandom(at, length, 0);
        if (got < 0) {
            abort(); /* it may not fail, and predictable salt would be a lie */
        }
        at += got;
        length -= (size_t)got;
    }
}
