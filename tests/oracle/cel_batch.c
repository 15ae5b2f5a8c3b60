/* What src/cel says of the expressions on standard input, which NULs separate: "fine", "wrong", or
 * "unknown" for what is fine but not known here; a tab and the first message. A NUL ends each. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "cel/cel.h"

static const char *verdict(const struct cel_expression *expression)
{
    return expression->n_wrong ? "wrong" : expression->problems.n ? "unknown" : "fine";
}

int main(void)
{
    struct arena arena = ARENA_INIT;
    char *text = NULL;
    size_t cap = 0;
    ssize_t len;
    while ((len = getdelim(&text, &cap, '\0', stdin)) > 0) {
        if (text[len - 1] == '\0')
            len--;
        const struct cel_expression *expression = cel_compile(&arena, str_make(text, (size_t)len));
        fputs(verdict(expression), stdout);
        if (expression->problems.n)
            printf("\t%s", expression->problems.at[0].message);
        putchar('\0');
        arena_reset(&arena);
    }
    free(text);
    arena_free(&arena);
    return 0;
}
