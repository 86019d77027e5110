/* s3 does what every store does. */
#include "bucket.h"
#include "conformance/storage.h"

int main(void)
{
    return conformance_storage(bucket_driver());
}
