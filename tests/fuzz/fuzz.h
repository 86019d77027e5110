/* The entry point of a fuzz target, as libFuzzer calls it; run_corpus.c calls it with each file of a folder. */
#ifndef PXM_TESTS_FUZZ_H
#define PXM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Aborts when something that must hold does not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
