/* Caddy's placeholders in expressions. As Caddy does it with two regular expressions, they become
 * calls of ph, wherever they stand, and a backslash before one keeps it as text. */
#include "cel/cel_private.h"

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_name_char(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

/* The length of "{name}" at <at>; 0: there is none. A name has two characters at least. */
static size_t placeholder_at(struct str text, size_t at)
{
    size_t end = at + 1;
    if (at >= text.len || text.ptr[at] != '{' || end >= text.len || !is_letter(text.ptr[end]))
        return 0;
    for (end++; end < text.len && is_name_char(text.ptr[end]); end++) {
    }
    return end < text.len && end - at > 2 && text.ptr[end] == '}' ? end + 1 - at : 0;
}

struct expansion {
    struct arena *arena;
    struct str written;
    struct strbuf out;
    struct cel_source *source;
    size_t copied; /* up to here the text is in <out> */
};

static void copy_up_to(struct expansion *in, size_t end)
{
    if (end <= in->copied)
        return;
    vec_push(in->arena, &in->source->pieces,
             (struct cel_piece){(uint32_t)in->out.len, (uint32_t)in->copied, (uint32_t)end, true});
    strbuf_add(&in->out, str_slice(in->written, in->copied, end));
    in->copied = end;
}

static void replace(struct expansion *in, size_t at, size_t len)
{
    copy_up_to(in, at);
    vec_push(in->arena, &in->source->pieces,
             (struct cel_piece){(uint32_t)in->out.len, (uint32_t)at, (uint32_t)(at + len), false});
    strbuf_puts(&in->out, "ph(req, \"");
    strbuf_add(&in->out, str_slice(in->written, at + 1, at + len - 1));
    strbuf_puts(&in->out, "\")");
    in->copied = at + len;
}

void cel_expand(struct arena *arena, struct str written, struct cel_source *source)
{
    struct expansion in = {arena, written, strbuf_in(arena), source, 0};
    size_t size;
    if (written.len == 0)
        return;
    for (size_t at = 0; at < written.len;) {
        /* at the beginning nothing needs to stand before it; elsewhere it takes one character */
        size_t len = at == 0 ? placeholder_at(written, 0) : 0;
        if (len > 0) {
            replace(&in, 0, len);
            at = len;
            continue;
        }
        utf8_decode(written, at, &size);
        len = placeholder_at(written, at + size);
        if (len > 0 && written.ptr[at] != '\\') {
            replace(&in, at + size, len);
            at += size + len;
            continue;
        }
        if (len > 0) { /* without the backslash it is text */
            copy_up_to(&in, at);
            in.copied = at + 1;
            at += len; /* the brace may be what stands before the next */
            continue;
        }
        at += size;
    }
    copy_up_to(&in, written.len);
    source->text = strbuf_finish(&in.out);
}

static const struct cel_piece *piece_at(const struct cel_source *source, uint32_t at)
{
    const struct cel_piece *found = NULL;
    for (size_t i = 0; i < source->pieces.n && source->pieces.at[i].at <= at; i++)
        found = &source->pieces.at[i];
    return found;
}

uint32_t cel_written_begin(const struct cel_source *source, uint32_t at)
{
    const struct cel_piece *piece = piece_at(source, at);
    return !piece ? 0 : piece->is_copy ? piece->from + (at - piece->at) : piece->from;
}

uint32_t cel_written_end(const struct cel_source *source, uint32_t at)
{
    const struct cel_piece *piece = at ? piece_at(source, at - 1) : NULL;
    return !piece ? 0 : piece->is_copy ? piece->from + (at - piece->at) : piece->from_end;
}
