#ifndef DIALTONE_SYNTAX_IMPORT_ARGS_H
#define DIALTONE_SYNTAX_IMPORT_ARGS_H

#include "syntax/diag.h"
#include "syntax/token.h"

/* The arguments of one import, and where to report what does not fit them. */
struct import_args {
    struct arena *arena;
    struct diags *diags;
    const struct token *const *at;
    size_t n;
};

/* Whether the whole token is {args[a:b]} and the range lies within the arguments. */
bool import_args_range(const struct import_args *args, const struct token *token, size_t *begin,
                       size_t *end);
/* The token's text with every {args[i]} and {args.i} filled in, and \{ and \} freed of their
 * backslash, as Caddy's replacer does. */
struct str import_args_fill(const struct import_args *args, const struct token *token);

#endif
