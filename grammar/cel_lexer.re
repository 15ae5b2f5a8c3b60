/* Tokens of expressions: cel-go's lexical grammar. The lexer knows nothing of the grammar, sets the
 * kind and the end, and never fails: what is no token is one of kind -1. */
#include "cel/cel_private.h"

#include "cel_parser.h"

static int skip_or_take(struct str text, struct cel_token *token)
{
    const char *cursor = text.ptr + token->begin;
    const char *limit = text.ptr + text.len;
    const char *marker = cursor;

#define TAKE(what) return token->end = (uint32_t)(cursor - text.ptr), token->kind = (what), 1

    /*!re2c
        re2c:api:style = free-form;
        re2c:flags:input = custom;
        re2c:define:YYCTYPE = "unsigned char";
        re2c:define:YYPEEK = "(cursor < limit ? (unsigned char)*cursor : 0)";
        re2c:define:YYSKIP = "++cursor;";
        re2c:define:YYBACKUP = "marker = cursor;";
        re2c:define:YYRESTORE = "cursor = marker;";
        re2c:define:YYLESSTHAN = "cursor >= limit";
        re2c:yyfill:enable = 0;
        re2c:eof = 0;

        letter   = [A-Za-z_];
        digit    = [0-9];
        hex      = [0-9A-Fa-f];
        exponent = [eE] [+-]? digit+;
        escape   = "\\" ( [abfnrtv"'\\?`] | [0-3][0-7][0-7] | [xX] hex{2} | "u" hex{4} | "U" hex{8} );

        in_double  = escape | [^\\"\n\r];
        in_single  = escape | [^\\'\n\r];
        in_doubles = "\""{0,2} ( escape | [^\\"] );
        in_singles = "'"{0,2} ( escape | [^\\'] );
        raw_doubles = "\""{0,2} [^"];
        raw_singles = "'"{0,2} [^'];
        string = "\"" in_double* "\"" | "'" in_single* "'"
               | "\"\"\"" in_doubles* "\"\"\"" | "'''" in_singles* "'''"
               | [rR] "\"" [^"\n\r]* "\"" | [rR] "'" [^'\n\r]* "'"
               | [rR] "\"\"\"" raw_doubles* "\"\"\"" | [rR] "'''" raw_singles* "'''";

        $                   { token->end = token->begin; token->kind = 0; return 1; }
        [\t \r\n\f]+        { token->end = (uint32_t)(cursor - text.ptr); return 0; }
        "//" [^\n]*         { token->end = (uint32_t)(cursor - text.ptr); return 0; }

        "=="                { TAKE(CEL_TOKEN_EQUAL); }
        "!="                { TAKE(CEL_TOKEN_NOT_EQUAL); }
        "<"                 { TAKE(CEL_TOKEN_LESS); }
        "<="                { TAKE(CEL_TOKEN_LESS_EQUAL); }
        ">"                 { TAKE(CEL_TOKEN_GREATER); }
        ">="                { TAKE(CEL_TOKEN_GREATER_EQUAL); }
        "&&"                { TAKE(CEL_TOKEN_AND); }
        "||"                { TAKE(CEL_TOKEN_OR); }
        "["                 { TAKE(CEL_TOKEN_LBRACKET); }
        "]"                 { TAKE(CEL_TOKEN_RBRACKET); }
        "{"                 { TAKE(CEL_TOKEN_LBRACE); }
        "}"                 { TAKE(CEL_TOKEN_RBRACE); }
        "("                 { TAKE(CEL_TOKEN_LPAREN); }
        ")"                 { TAKE(CEL_TOKEN_RPAREN); }
        "."                 { TAKE(CEL_TOKEN_DOT); }
        ","                 { TAKE(CEL_TOKEN_COMMA); }
        "-"                 { TAKE(CEL_TOKEN_MINUS); }
        "!"                 { TAKE(CEL_TOKEN_NOT); }
        "?"                 { TAKE(CEL_TOKEN_QUESTION); }
        ":"                 { TAKE(CEL_TOKEN_COLON); }
        "+"                 { TAKE(CEL_TOKEN_PLUS); }
        "*"                 { TAKE(CEL_TOKEN_STAR); }
        "/"                 { TAKE(CEL_TOKEN_SLASH); }
        "%"                 { TAKE(CEL_TOKEN_PERCENT); }
        "in"                { TAKE(CEL_TOKEN_IN); }
        "true" | "false"    { TAKE(CEL_TOKEN_BOOL); }
        "null"              { TAKE(CEL_TOKEN_NULL); }

        digit+ "." digit+ exponent? | digit+ exponent | "." digit+ exponent?
                            { TAKE(CEL_TOKEN_DOUBLE); }
        digit+ | "0x" hex+  { TAKE(CEL_TOKEN_INT); }
        ( digit+ | "0x" hex+ ) [uU]
                            { TAKE(CEL_TOKEN_UINT); }
        string              { TAKE(CEL_TOKEN_STRING); }
        [bB] string         { TAKE(CEL_TOKEN_BYTES); }
        letter ( letter | digit )*
                            { TAKE(CEL_TOKEN_IDENT); }
        "`" [A-Za-z0-9_./ -]+ "`"
                            { TAKE(CEL_TOKEN_QUOTED_IDENT); }
        [^]                 { TAKE(-1); }
        *                   { TAKE(-1); }
    */
#undef TAKE
}

struct cel_token cel_next_token(struct str text, size_t at)
{
    struct cel_token token = {0, (uint32_t)at, (uint32_t)at};
    while (!skip_or_take(text, &token))
        token.begin = token.end;
    return token;
}
