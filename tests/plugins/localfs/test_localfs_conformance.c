/* localfs does what every store does. */
#include "conformance/storage.h"
#include "place.h"

int main(void)
{
    return conformance_storage(place_driver());
}
