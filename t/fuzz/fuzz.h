/* t/fuzz/fuzz.h - what a fuzz target has: one function for libFuzzer or for replay.c.
 *
 * The first is libFuzzer's own interface (LLVM, compiler-rt/lib/fuzzer/FuzzerInterface.h).
 */
#ifndef T_FUZZ_FUZZ_H
#define T_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Tries the SIZE bytes at DATA; aborts when something is wrong. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The folder of t/fuzz/corpus with inputs for this target. */
extern const char *const fuzz_corpus;

/* A descriptor of a file in memory with SIZE bytes, to be closed. */
int fuzz_file(const void *bytes, size_t size);

/* Aborts when CONDITION does not hold. */
#define FUZZ_ASSERT(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
