/* vips-generate UNITS.c OPERATIONS.c: writes the tables of the two halves of the plugin from the libvips it is linked
 * to. Run by the build, so that checking a pipeline never maps libvips. */
#include "model.h"
#include <stdio.h>

int main(int argc, char **argv)
{
    GPtrArray *models;

    if (argc != 3) {
        fprintf(stderr, "usage: %s UNITS.c OPERATIONS.c\n", argv[0]);
        return 2;
    }
    if (VIPS_INIT(argv[0])) {
        fprintf(stderr, "%s: libvips does not start: %s\n", argv[0], vips_error_buffer());
        return 1;
    }
    models = model_read();
    return write_units(argv[1], models) && write_operations(argv[2], models) ? 0 : 1;
}
