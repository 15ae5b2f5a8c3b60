#ifndef DIALTONE_SYNTAX_PLACEHOLDER_H
#define DIALTONE_SYNTAX_PLACEHOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Text with {placeholders}, cut the way Caddy's replacer cuts it: `\{` and `\}` are braces that
 * mean nothing, a '{' that is never closed is text, placeholders do not nest. */
enum piece_kind {
    PIECE_END,
    PIECE_LITERAL,     /* <text> goes out as it is */
    PIECE_PLACEHOLDER, /* <text> is between the braces, <raw> has them */
    PIECE_REFUSED,     /* over a hundred '{' unclosed: Caddy gives up, the whole text is empty */
};

struct piece {
    enum piece_kind kind;
    struct str text, raw;
};

struct piece_scan {
    struct str input;
    size_t at;
    uint32_t n_unclosed;
};

static inline struct piece_scan piece_scan_of(struct str input)
{
    return (struct piece_scan){.input = input};
}
/* The next piece; neighbouring literals may come one by one. */
struct piece piece_next(struct piece_scan *scan);
/* Takes a placeholder back: its '{' becomes a literal (returned) and scanning goes on behind that,
 * so braces inside of it get their chance. */
struct piece piece_reject(struct piece_scan *scan, struct piece placeholder);
/* Whether there is any placeholder at all. */
bool has_placeholder(struct str text);

#endif
