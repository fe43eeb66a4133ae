/* t/fuzz/replay.c - runs a fuzz target on the files of its corpus, or on those named; TAP. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

/* Runs the target on the file at PATH. 1 or 0. */
static int replay(const char *path)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    size_t got;
    FILE *file = fopen(path, "rb");
    if (!file) {
        return 0;
    }
    do {
        bytes = realloc(bytes, size + 65536);
        FUZZ_ASSERT(bytes);
        got = fread(bytes + size, 1, 65536, file);
        size += got;
    } while (got > 0);
    int is_read = !ferror(file);
    fclose(file);
    if (is_read) {
        LLVMFuzzerTestOneInput(bytes, size);
    }
    free(bytes);
    return is_read;
}

/* Says what became of PATH, the input NUMBER. 1 or 0. */
static int tell(const char *path, int number)
{
    int is_ok = replay(path);
    printf("%s %d - %s\n", is_ok ? "ok" : "not ok", number, path);
    fflush(stdout);
    return is_ok;
}

int main(int argc, char **argv)
{
    const char *source = getenv("CRM_SOURCE");
    struct dirent **entries = NULL;
    char path[4096];
    int number = 0;
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        failed += !tell(argv[i], ++number);
    }
    if (argc == 1) {
        snprintf(path, sizeof(path), "%s/t/fuzz/corpus/%s", source ? source : ".", fuzz_corpus);
        int count = scandir(path, &entries, NULL, alphasort);
        for (int i = 0; i < count; i++) {
            if (entries[i]->d_name[0] != '.') {
                snprintf(path, sizeof(path), "%s/t/fuzz/corpus/%s/%s", source ? source : ".",
                         fuzz_corpus, entries[i]->d_name);
                failed += !tell(path, ++number);
            }
            free(entries[i]);
        }
        free(entries);
    }
    printf("1..%d\n", number);
    return number == 0 || failed > 0;
}
