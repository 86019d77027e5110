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
    if (LOCALFS_WITHOUT == WITHOUT_NOTHING) {
        return conformance_storage(place_driver());
    }
    /* The thousands of objects to list are the same for all. */
    return storage_objects_tests(place_driver()) + storage_keys_tests(place_driver()) +
           storage_faults_tests(place_driver());
}
