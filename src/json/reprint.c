/* JSON text with other white space. */
#include "json/text.h"

static void new_line(struct strbuf *out, int depth)
{
    strbuf_add_char(out, '\n');
    for (int i = 0; i < depth; i++)
        strbuf_add_char(out, '\t');
}

/* The offset behind the string that begins at <at>. */
static size_t string_end(struct str text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++)
        at += text.ptr[at] == '\\';
    return at + 1;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void json_reprint(struct str text, bool pretty, struct strbuf *out)
{
    int depth = 0;
    bool is_open = false; /* nothing stands in the innermost brackets yet */
    strbuf_reserve(out, text.len);
    for (size_t at = 0; at < text.len;) {
        char c = text.ptr[at];
        size_t end = c == '"' ? string_end(text, at) : at + 1;
        bool is_close = c == '}' || c == ']';
        if (!is_space(c)) {
            depth -= is_close;
            if (pretty && is_open != is_close)
                if (is_open || is_close)
                    new_line(out, depth);
            is_open = c == '{' || c == '[';
            depth += is_open;
            strbuf_add(out, str_slice(text, at, end));
            if (pretty && c == ',')
                new_line(out, depth);
            if (pretty && c == ':')
                strbuf_add_char(out, ' ');
        }
        at = end;
    }
}
