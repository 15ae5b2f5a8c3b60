/* Which reading of a bracket that does not fit leaves the fewest others that do not. */
#include "json/text_private.h"

#include <string.h>

enum { MAX_LOOKED_AT = 1 << 18 /* bytes */ };

/* Over a string that begins at <at>; it ends with its line at the latest. */
static size_t skip_string(struct str text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"' && text.ptr[at] != '\n'; at++)
        at += text.ptr[at] == '\\';
    return at;
}

size_t count_unfit_brackets(struct str text, size_t at, struct open_brackets open)
{
    size_t end = text.len - at > MAX_LOOKED_AT ? at + MAX_LOOKED_AT : text.len, n_unfit = 0;
    for (; at < end; at++) {
        char c = text.ptr[at];
        if (c == '"') {
            at = skip_string(text, at);
        } else if ((c == '{' || c == '[') && open.n < MAX_DEPTH) {
            open.closes[open.n++] = c == '{' ? '}' : ']';
        } else if (c == '}' || c == ']') {
            bool fits = open.n > 0 && open.closes[open.n - 1] == c;
            bool skips_one = !fits && open.n > 1 && open.closes[open.n - 2] == c;
            n_unfit += !fits;
            open.n -= fits ? 1 : skips_one ? 2 : 0;
        }
    }
    return n_unfit + (end == text.len ? open.n : 0);
}
