#ifndef DIALTONE_SYNTAX_LEXER_H
#define DIALTONE_SYNTAX_LEXER_H

#include "syntax/diag.h"
#include "syntax/token.h"

struct arena;

/* A comment, from its # to the end of the line. */
struct comment {
    struct span span;
    struct str text;  /* with the #, without the line end */
    uint32_t line;    /* in the raw text */
    bool owns_line;   /* no token stands before it on its line */
};

struct comment_list {
    struct comment *at; /* in order */
    size_t n, cap;
};

struct lexed {
    const struct token **at;
    size_t n, cap;
    bool is_cut; /* the rest of the file was lost in a heredoc without end */
};

/* All tokens of a source, as Caddy would see them. <file> becomes the name of their file. Mistakes
 * (of heredocs; a file without any bytes) are reported, with <via> as the imports that led to the
 * file, and reading goes on behind them. The comments go to <source>->comments. */
struct lexed lex_source(struct arena *arena, struct diags *diags, struct source *source,
                        struct str file, const struct import_chain *via);

#endif
