/* Text → literal and {placeholder} pieces, by the rules of Caddy's replacer. */
#include "syntax/placeholder.h"

#define MAX_UNCLOSED 100 /* Caddy's limit */

/* The text may be part of a longer one: what is behind it is not looked at. */
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
    re2c:flags:utf-8 = 0;

    plain  = [^{}\\];
    escape = "\\"+;
    /* a backslash keeps the brace behind it from closing */
    body   = ( [^}\\] | escape [^}\\] | escape "}" )*;
*/

static struct piece literal(struct piece_scan *scan, size_t begin, size_t end)
{
    scan->at = end;
    return (struct piece){.kind = PIECE_LITERAL, .text = str_slice(scan->input, begin, end)};
}

struct piece piece_next(struct piece_scan *scan)
{
    size_t begin = scan->at;
    if (begin >= scan->input.len)
        return (struct piece){.kind = PIECE_END};

    const char *start = scan->input.ptr + begin;
    const char *cursor = start, *marker = start, *limit = scan->input.ptr + scan->input.len;
    bool is_open = *start == '{';
    if (is_open && scan->n_unclosed > MAX_UNCLOSED)
        return (struct piece){.kind = PIECE_REFUSED};

    for (;;) {
        /*!re2c
            $ { return (struct piece){.kind = PIECE_END}; }
            plain+ { return literal(scan, begin, (size_t)(cursor - scan->input.ptr)); }
            "\\" [{}] {
                size_t end = (size_t)(cursor - scan->input.ptr);
                return literal(scan, end - 1, end);
            }
            "\\" | "}" { return literal(scan, begin, begin + 1); }
            "{" body "}" { break; }
            "{" body escape "}" {
                /* only the very last byte closes in spite of a backslash before it */
                if (cursor == limit)
                    break;
                scan->n_unclosed++;
                return literal(scan, begin, begin + 1);
            }
            "{" {
                scan->n_unclosed++;
                return literal(scan, begin, begin + 1);
            }
            * { return literal(scan, begin, begin + 1); }
        */
    }
    size_t end = (size_t)(cursor - scan->input.ptr);
    scan->at = end;
    return (struct piece){
        .kind = PIECE_PLACEHOLDER,
        .text = str_slice(scan->input, begin + 1, end - 1),
        .raw = str_slice(scan->input, begin, end),
    };
}

struct piece piece_reject(struct piece_scan *scan, struct piece placeholder)
{
    size_t begin = (size_t)(placeholder.raw.ptr - scan->input.ptr);
    return literal(scan, begin, begin + 1);
}

bool has_placeholder(struct str text)
{
    struct piece_scan scan = piece_scan_of(text);
    for (;;) {
        struct piece piece = piece_next(&scan);
        if (piece.kind == PIECE_PLACEHOLDER)
            return true;
        if (piece.kind != PIECE_LITERAL)
            return false;
    }
}
