/* dynamodb does what every table does. */
#include "conformance/metadata.h"
#include "place.h"

int main(void)
{
    return conformance_metadata(place_driver());
}
