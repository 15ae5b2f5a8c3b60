#ifndef DIALTONE_SYNTAX_TOKEN_H
#define DIALTONE_SYNTAX_TOKEN_H

#include "syntax/source.h"

enum token_quote { QUOTE_NONE, QUOTE_DOUBLE, QUOTE_BACKTICK, QUOTE_HEREDOC };

/* How a token came to be where it stands: one import that brought it. Caddy keeps a list of these
 * with each token and prints it. The imports around this one are those of <at>: at->via. */
struct import_chain {
    const struct import_chain *outer; /* the token's link before this one (a snippet that was itself
                                         imported from a file); NULL for the first */
    const struct token *at;           /* the word `import` */
    struct str name;                  /* the snippet; empty for a file */
    struct str text;                  /* as Caddy prints this link: "FILE:LINE (import NAME)" */
    uint32_t depth;                   /* links in the list, this one included */
};

/* Where tokens were written; shared by neighbours. */
struct token_home {
    struct str file;    /* as Caddy names it: as given for the root, absolute for imports */
    struct str snippet; /* whose body it is; empty outside */
};

/* One word of the expanded Caddyfile. Immutable once lexed or expanded; lives in the arena. */
struct token {
    struct str text;  /* quotes off, escapes done, import arguments filled in; valid UTF-8; no NUL
                         stands behind it */
    const struct token_home *home;
    const struct import_chain *via; /* NULL when no import was involved */
    struct span span; /* the characters the user typed, quotes included; in the snippet or imported
                         file for expanded tokens */
    uint32_t line;    /* Caddy's line number: a continued line keeps its first line's */
    uint8_t quote;    /* enum token_quote */
    bool is_escaped_heredoc; /* began with \< */
};

static inline bool token_is(const struct token *token, const char *text)
{
    return str_is(token->text, text);
}
/* Structural braces are whole unquoted tokens. */
static inline bool token_is_open(const struct token *token)
{
    return token->quote == QUOTE_NONE && token_is(token, "{");
}
static inline bool token_is_close(const struct token *token)
{
    return token->quote == QUOTE_NONE && token_is(token, "}");
}
/* Whether <second> starts a new line after <first>, by Caddy's rule: another file, another import
 * chain, or a later line than <first> ends on. */
bool token_is_on_new_line(const struct token *first, const struct token *second);

#endif
