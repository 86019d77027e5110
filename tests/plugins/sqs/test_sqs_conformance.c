/* sqs does what every queue does, but for what the service cannot. */
#include "place.h"

int main(void)
{
    return conformance_queue(place_driver(), place_traits());
}
