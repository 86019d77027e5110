/* The scripted server as a program: prints its port, and ends when its standard input does. */
#include "http_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct world world;

static void serves_until_the_input_ends(void **state)
{
    (void)state;
    world_init(&world);
    world.body_bytes = 5000000;
    world.options.linger_ms_max = 60000; /* curl may be slow */
    world_start(&world);
    fprintf(stderr, "port %u\n", http_port(world.server));
    while (getchar() != EOF) {
    }
    world_stop(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(serves_until_the_input_ends)};
    return cmocka_run_group_tests_name("http scripted", tests, NULL, NULL);
}
