/* localfs does what every store does, also where the kernel or the file system can do less. */
#include "conformance/storage.h"
#include "place.h"
#include "without.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    if (without(LOCALFS_WITHOUT) != 0) {
        printf("skipped: this process may not filter its system calls\n");
        return EXIT_SUCCESS;
    }
    return conformance_storage(place_driver());
}
