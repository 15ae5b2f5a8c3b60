/* The Caddyfile's words. A block for each state that a token can be in; no state outlives a token.
 * A heredoc ends at a word that its own beginning names, so its body is read by hand (lexer.c). */
#include "syntax/lexer_private.h"

/*!re2c
    re2c:define:YYCTYPE = "uint8_t";
    re2c:define:YYCURSOR = lx->cursor;
    re2c:define:YYMARKER = lx->marker;
    re2c:define:YYLIMIT = lx->limit;
    re2c:yyfill:enable = 0;
    re2c:eof = 0;

    // what Go's unicode.IsSpace says, but for the line end and the carriage return
    blank = [\t\v\f \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000];
*/

/* The token ends where the last character stood, not where the scanner looked. */
static bool finish(struct lexer *lx, const uint8_t *end, enum token_quote quote)
{
    lx->token_end = end;
    lx->quote = quote;
    return true;
}

/* A quote that the file's end closes makes an ordinary word, or nothing. */
static bool finish_unclosed(struct lexer *lx)
{
    lx->is_escaped = false;
    if (lx->text.len == 0)
        return false;
    diag_at(lx->diags, DIAG_UNTERMINATED_QUOTE,
            source_span(lx->source, (uint32_t)(lx->token_begin - lx->start),
                        (uint32_t)(lx->token_begin - lx->start) + 1),
            lx->via, "this quote is never closed: everything up to the end of the file is one word");
    return finish(lx, lx->cursor, QUOTE_NONE);
}

bool caddyfile_scan(struct lexer *lx)
{
    const uint8_t *begin;

    lx->text.len = 0;
    lx->is_escaped = false;
    lx->is_escaped_heredoc = false;
    lx->token_begin = NULL;

between:
    begin = lx->cursor;
    /*!re2c
        $           { return false; }
        [\n]        { lexer_line_end(lx); lx->token_begin = NULL; goto between; }
        [\r]        { goto between; }
        blank       { goto between; }
        "#"         { lexer_comment(lx, begin); goto between; }
        "\\"        { if (!lx->is_escaped) {
                          lx->is_escaped = true;
                          lx->token_begin = begin;
                          goto between;
                      }
                      goto first; }
        ["]         { goto first_of_quoted; }
        [`]         { goto first_of_backticked; }
        *           { goto first; }
    */

first:
    if (!lx->token_begin)
        lx->token_begin = begin;
    lx->token_line = lx->line;
    lx->token_end = lx->cursor = begin;
    goto word;

word:
    begin = lx->cursor;
    /*!re2c
        char = [^] \ (blank | [\r\n<\\]);

        $           { return finish(lx, lx->token_end, QUOTE_NONE); }
        [\n]        { lexer_line_end(lx); return finish(lx, lx->token_end, QUOTE_NONE); }
        [\r]        { goto word; }
        blank       { return finish(lx, lx->token_end, QUOTE_NONE); }
        "\\"        { if (!lx->is_escaped)
                          lx->is_escaped = true;
                      else
                          lexer_add(lx, begin);
                      lx->token_end = lx->cursor;
                      goto word; }
        "<"         { if (lx->is_escaped) {
                          lx->is_escaped = false;
                          lx->is_escaped_heredoc = true;
                      }
                      lexer_add(lx, begin);
                      lx->token_end = lx->cursor;
                      if (lx->text.len == 2 && lx->text.ptr[0] == '<' && !lx->is_escaped_heredoc)
                          goto marker;
                      goto word; }
        char+       { lexer_add(lx, begin); lx->token_end = lx->cursor; goto word; }
        *           { lexer_add(lx, begin); lx->token_end = lx->cursor; goto word; }
    */

marker:
    begin = lx->cursor;
    /*!re2c
        $           { return finish(lx, lx->token_end, QUOTE_NONE); }
        [ ]         { return finish(lx, lx->token_end, QUOTE_NONE); }
        [\r]        { goto marker; }
        [\n]        { switch (lexer_heredoc(lx)) {
                      case HEREDOC_TOKEN:
                          return true;
                      case HEREDOC_NOTHING:
                          return false;
                      }
                      return false; }
        [^ \r\n]+   { lexer_add(lx, begin); lx->token_end = lx->cursor; goto marker; }
        *           { lexer_add(lx, begin); lx->token_end = lx->cursor; goto marker; }
    */

first_of_quoted:
    if (!lx->token_begin)
        lx->token_begin = begin;
    lx->token_line = lx->line;
    goto quoted;

quoted:
    begin = lx->cursor;
    /*!re2c
        $           { return finish_unclosed(lx); }
        ["]         { if (!lx->is_escaped)
                          return finish(lx, lx->cursor, QUOTE_DOUBLE);
                      lx->is_escaped = false;
                      lexer_add(lx, begin);
                      goto quoted; }
        "\\"        { if (!lx->is_escaped)
                          lx->is_escaped = true;
                      else
                          lexer_add(lx, begin);
                      goto quoted; }
        [\n]        { lexer_add(lx, begin); lexer_line_end(lx); goto quoted; }
        [^"\\\n]+   { lexer_add(lx, begin); goto quoted; }
        *           { lexer_add(lx, begin); goto quoted; }
    */

first_of_backticked:
    if (!lx->token_begin)
        lx->token_begin = begin;
    lx->token_line = lx->line;
    lx->is_escaped = false;
    goto backticked;

backticked:
    begin = lx->cursor;
    /*!re2c
        $           { return finish_unclosed(lx); }
        [`]         { return finish(lx, lx->cursor, QUOTE_BACKTICK); }
        [\n]        { lexer_add(lx, begin); lexer_line_end(lx); goto backticked; }
        [^`\n]+     { lexer_add(lx, begin); goto backticked; }
        *           { lexer_add(lx, begin); goto backticked; }
    */
}
