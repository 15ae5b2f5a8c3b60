#ifndef DIALTONE_SYNTAX_LEXER_PRIVATE_H
#define DIALTONE_SYNTAX_LEXER_PRIVATE_H

/* What grammar/caddyfile_lexer.re and lexer.c share: the scanner finds where things begin and end,
 * lexer.c cooks their text. */
#include "base/str.h"
#include "syntax/lexer.h"

struct lexer {
    struct arena *arena;
    struct diags *diags;
    struct source *source;
    const struct import_chain *via;
    const uint8_t *start, *cursor, *marker, *limit;

    /* Caddy's line counting: joined lines and heredocs are added at the next real line end */
    uint32_t line, skipped_lines;

    /* the token being read */
    const uint8_t *token_begin, *token_end;
    uint32_t token_line;
    struct strbuf text;
    enum token_quote quote;
    bool is_escaped;         /* a backslash waits for the character it stands before */
    bool is_escaped_heredoc; /* there was a \<: << means nothing here */
    bool is_cut;
};

enum heredoc_result {
    HEREDOC_TOKEN,   /* the token is complete */
    HEREDOC_NOTHING, /* a marker and then the end of the file: no token, as in Caddy */
};

/* Appends the bytes from <begin> to the cursor, with a waiting backslash before them; what is not
 * UTF-8 becomes U+FFFD, a byte at a time. */
void lexer_add(struct lexer *lx, const uint8_t *begin);
/* A real line end, or one behind a backslash, which joins the lines. */
void lexer_line_end(struct lexer *lx);
/* Reads over a comment; the cursor stands behind its #. */
void lexer_comment(struct lexer *lx, const uint8_t *begin);
/* Reads a heredoc; the text so far is << and the marker, and the cursor behind the line end. */
enum heredoc_result lexer_heredoc(struct lexer *lx);

/* Generated: reads the next token into <lx>; false at the end. */
bool caddyfile_scan(struct lexer *lx);

#endif
