/* Runs a fuzz target over the files and folders named as arguments, for compilers without libFuzzer and for every
 * build of the tests. Each input is also tried cut short, so that a small corpus goes a longer way. */
#include "fuzz.h"
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_BYTES_MAX = 2 << 20, FOLDERS_MAX = 8, CUTS = 64 };

static size_t inputs;

/* On the heap and to the byte, so that a sanitizer sees a read beyond it. */
static void try(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs++;
}

static int run_file(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    static uint8_t data[INPUT_BYTES_MAX];
    FILE *file = type == FTW_F ? fopen(path, "rb") : NULL;
    size_t size;

    (void)status;
    (void)walk;
    if (type == FTW_D) {
        return 0;
    }
    if (!file) {
        fprintf(stderr, "%s cannot be read\n", path);
        return -1;
    }
    size = fread(data, 1, sizeof data, file);
    fclose(file);
    try(data, size);
    for (size_t i = 0; i < CUTS && i < size; i++) {
        try(data, size * i / CUTS);
    }
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (nftw(argv[i], run_file, FOLDERS_MAX, FTW_PHYS) != 0) {
            fprintf(stderr, "%s: nothing to run\n", argv[i]);
            return 1;
        }
    }
    printf("%zu inputs\n", inputs);
    return inputs > 0 ? 0 : 1;
}
