/* Any bytes through the formatter: what comes out has the same tokens, stays as it is when it is
 * formatted again, and nothing is read outside the text. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/line_diff.h"
#include "syntax/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    char *copy = malloc(size ? size : 1); /* so that reading past the end is seen */
    memcpy(copy, data, size);
    struct str text = str_make(copy, size), formatted, again;
    if (format_caddyfile(&arena, text, &formatted) != FORMAT_REFUSED) {
        if (!format_same_tokens(&arena, text, formatted))
            abort();
        if (format_caddyfile(&arena, formatted, &again) == FORMAT_REFUSED ||
            !str_eq(formatted, again))
            abort();
        struct strbuf diff = strbuf_in(&arena);
        line_diff(&diff, STR("a"), text, STR("b"), formatted);
        if ((diff.len == 0) != str_eq(text, formatted))
            abort();
    }
    free(copy);
    arena_free(&arena);
    return 0;
}
