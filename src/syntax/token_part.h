#ifndef DIALTONE_SYNTAX_TOKEN_PART_H
#define DIALTONE_SYNTAX_TOKEN_PART_H

#include <stddef.h>

#include "syntax/source.h"

struct arena;
struct token;

/* Where the bytes <begin> to <end> of a text were written. The text is what <token> says, or what
 * it and the words behind it say with blanks between them, with placeholders under their full
 * names. The token's span where that cannot be told (a {$ENV}, an import argument); <sources> may
 * be NULL. */
struct span token_part(struct arena *arena, const struct sources *sources,
                       const struct token *token, struct str text, size_t begin, size_t end);

#endif
