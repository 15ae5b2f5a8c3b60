#ifndef DIALTONE_ADAPT_SHORTHAND_H
#define DIALTONE_ADAPT_SHORTHAND_H

#include "base/str.h"

struct arena;
struct token;

/* Placeholder shorthands: {host} is written for {http.request.host}. */

enum shorthand_kind {
    SHORTHAND_EXACT,  /* the name and nothing else */
    SHORTHAND_WORD,   /* the name begins so; letters, digits, '_' and '-' follow */
    SHORTHAND_DOTTED, /* the same, and dots may follow */
    N_SHORTHAND_KINDS
};

struct shorthand {
    struct str name, expansion; /* without braces */
    const char *doc;            /* one line: what it stands for when a request is there */
    const char *since;          /* the Caddy version that brought it; NULL: 2.0 */
    enum shorthand_kind kind;
};
/* Ends with a row without a name. */
extern const struct shorthand shorthands[];

/* The token with its shorthands spelled out: itself where it has none. */
const struct token *shorthand_expand(struct arena *arena, const struct token *token);
/* The shorthand that stands for <expansion> (braces do not matter), or empty. */
struct str shorthand_of(struct str expansion);

#endif
