/* Any bytes as a Caddyfile, corrected in both ways: the JSON stays the same or the file still compiles,
 * and doing it again changes nothing. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../fix/promises.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get_env(const char *name)
{
    return strcmp(name, "HOST") == 0 ? "example.com" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum fix_kind kinds[] = {FIX_SAFE, FIX_UNSAFE};
    char *copy = malloc(size ? size : 1); /* so that reading past the end is seen */
    memcpy(copy, data, size);
    struct fix_case files = {.names = {"Caddyfile"}, .texts = {str_make(copy, size)}, .get_env = get_env};
    for (size_t i = 0; i < 2; i++) {
        struct arena arena = ARENA_INIT;
        struct fix_case corrected;
        struct fix_result result;
        const char *broken = broken_promise(&arena, &files, kinds[i], &corrected, &result);
        if (broken) {
            fprintf(stderr, "%s\n", broken);
            abort();
        }
        arena_free(&arena);
    }
    free(copy);
    return 0;
}
