/* sqlite does what every table does. */
#include "conformance/metadata.h"
#include "file.h"

int main(void)
{
    return conformance_metadata(file_driver());
}
