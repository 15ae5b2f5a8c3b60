#ifndef DIALTONE_ADAPT_SHORTHAND_H
#define DIALTONE_ADAPT_SHORTHAND_H

#include "base/str.h"

struct arena;
struct token;

/* Placeholder shorthands: {host} is written for {http.request.host}. */

/* The token with its shorthands spelled out: itself where it has none. */
const struct token *shorthand_expand(struct arena *arena, const struct token *token);
/* The shorthand that stands for <expansion> (braces do not matter), or empty. */
struct str shorthand_of(struct str expansion);

#endif
