/* Which tokens share a line, by Caddy's rules. */
#include "syntax/token.h"

uint32_t token_line_breaks(const struct token *token)
{
    uint32_t breaks = 0;
    for (size_t i = 0; i < token->text.len; i++)
        breaks += token->text.ptr[i] == '\n';
    /* Caddy: the opening line of a heredoc and its last newline are not in the text; an empty one
     * so claims a line too many */
    return token->quote == QUOTE_HEREDOC ? breaks + 2 : breaks;
}

/* Caddy compares what the links say, so that two imports of one line are alike. */
static bool same_imports(const struct import_chain *a, const struct import_chain *b)
{
    while (a && b && a != b) {
        if (!str_eq(a->text, b->text))
            return false;
        a = a->outer;
        b = b->outer;
    }
    return a == b;
}

bool token_is_on_new_line(const struct token *first, const struct token *second)
{
    if (!str_eq(first->file, second->file) || !same_imports(first->via, second->via))
        return true;
    return first->line + token_line_breaks(first) < second->line;
}
