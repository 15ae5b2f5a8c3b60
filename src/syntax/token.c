/* Tokens: the line rule that decides where one ends and the next begins, exactly as Caddy sees
 * it. */
#include "syntax/token.h"

static bool same_chain(const struct import_chain *a, const struct import_chain *b)
{
    while (a != b) {
        if (!a || !b || a->depth != b->depth || !str_eq(a->text, b->text))
            return false;
        a = a->outer;
        b = b->outer;
    }
    return true;
}

/* Lines the token's own text takes beyond its first (Caddy's NumLineBreaks, heredoc quirk
 * included). */
static uint32_t token_line_breaks(const struct token *token)
{
    uint32_t n = 0;
    const char *at = token->text.ptr, *end = at + token->text.len;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        n++;
        at++;
    }
    /* Caddy: the marker's line and the newline that was cut off, even of an empty heredoc */
    return token->quote == QUOTE_HEREDOC ? n + 2 : n;
}

bool token_is_on_new_line(const struct token *first, const struct token *second)
{
    if ((first->home != second->home && !str_eq(first->home->file, second->home->file)) ||
        !same_chain(first->via, second->via))
        return true;
    if (first->line >= second->line)
        return false;
    return first->line + token_line_breaks(first) < second->line;
}
