/* Where words, braces, blanks and line ends go: the rules of `caddy fmt`, which both readers of the
 * formatter follow. */
#include "syntax/format_private.h"

#include "base/arena.h"
#include "base/parse.h"

/* Caddy indents no deeper. */
#define MAX_INDENT 10

#define IMPORT "import"

struct layout layout_in(struct arena *arena, size_t text_len)
{
    struct layout layout = {
        .out = strbuf_in(arena), .is_line_start = true, .word_is_import = true};
    strbuf_reserve(&layout.out, text_len + text_len / 8 + 64);
    return layout;
}

char layout_last(const struct layout *layout)
{
    return layout->out.len ? layout->out.ptr[layout->out.len - 1] : '\0';
}

void layout_line_break(struct layout *layout)
{
    strbuf_add_char(&layout->out, '\n');
    layout->is_line_start = true;
}

static void indent(struct layout *layout)
{
    strbuf_reserve(&layout->out, layout->nesting);
    for (uint32_t i = 0; i < layout->nesting; i++)
        layout->out.ptr[layout->out.len++] = '\t';
}

static bool last_is_blank(const struct layout *layout)
{
    struct str out = strbuf_str(&layout->out);
    size_t begin = out.len;
    while (begin > 0 && out.len - begin < 4) {
        begin--;
        if (((unsigned char)out.ptr[begin] & 0xc0) != 0x80)
            return format_blank(out, begin) != 0;
    }
    return false;
}

static void watch_word(struct layout *layout, struct str text)
{
    size_t before = layout->word_len;
    layout->word_len += text.len;
    if (layout->word_is_import)
        layout->word_is_import = text.ptr[0] == IMPORT[before] &&
                                 layout->word_len <= strlen(IMPORT) &&
                                 memcmp(&IMPORT[before], text.ptr, text.len) == 0;
}

void layout_blank(struct layout *layout)
{
    if (layout->word_len == 0)
        return;
    bool is_import = layout->word_is_import && layout->word_len == strlen(IMPORT);
    if (layout->line == LINE_EMPTY)
        layout->line = is_import ? LINE_IMPORT : LINE_OTHER;
    layout->word_len = 0;
    layout->word_is_import = true;
}

void layout_line_end(struct layout *layout)
{
    layout_blank(layout);
    if (layout->line != LINE_EMPTY)
        layout->is_after_import = layout->nesting == 0 && layout->line == LINE_IMPORT;
    else if (layout->brace != BRACE_WAITS || !layout->brace_own_line)
        layout->is_after_import = false;
    layout->line = LINE_EMPTY;
    layout->line_ends++;
}

/* What follows the brace of a top-level block stands apart from it. */
static void part_blocks(struct layout *layout)
{
    if (layout->nesting == 0 && layout_last(layout) == '}') {
        layout_line_break(layout);
        layout_line_break(layout);
    }
}

void layout_brace(struct layout *layout)
{
    part_blocks(layout);
    if (layout->brace_own_line && layout->is_after_import) {
        if (layout_last(layout) != '\n')
            layout_line_break(layout);
        indent(layout);
        layout->left_brace = true;
    } else if (layout->is_line_start) {
        indent(layout);
    } else if (!layout->brace_after_blank || !last_is_blank(layout)) {
        strbuf_add_char(&layout->out, ' ');
    }
    strbuf_add_char(&layout->out, '{');
    layout_line_break(layout);
    layout->brace = BRACE_NONE;
    layout->brace_own_line = false;
    layout->line_ends = 0;
    if (layout->nesting < MAX_INDENT)
        layout->nesting++;
}

void layout_word(struct layout *layout, struct str text, bool spaced)
{
    if (layout->brace == BRACE_WAITS && spaced)
        layout_brace(layout);
    for (uint32_t i = 0; i < layout->line_ends && i < 2; i++)
        layout_line_break(layout);
    layout->line_ends = 0;
    bool indents = layout->is_line_start;
    if (indents) {
        indent(layout);
        part_blocks(layout);
        layout->is_line_start = false;
    }
    watch_word(layout, text);
    strbuf_reserve(&layout->out, text.len + 2);
    char *at = layout->out.ptr + layout->out.len;
    if (spaced && !indents)
        *at++ = ' ';
    if (layout->brace == BRACE_WAITS) {
        *at++ = '{';
        layout->brace = BRACE_WRITTEN;
    }
    memcpy(at, text.ptr, text.len);
    layout->out.len = (size_t)(at - layout->out.ptr) + text.len;
}

void layout_open(struct layout *layout, bool spaced)
{
    layout_blank(layout);
    if (layout->brace == BRACE_WAITS)
        layout_brace(layout);
    layout->brace = BRACE_WAITS;
    layout->brace_after_blank = spaced && !layout->is_line_start;
    layout->brace_own_line = layout->line_ends > 0;
    if (layout->brace_after_blank && layout->line_ends == 0)
        strbuf_add_char(&layout->out, ' ');
}

void layout_close(struct layout *layout)
{
    layout_blank(layout);
    if (layout_last(layout) != '\n')
        layout_line_break(layout);
    if (layout->nesting > 0)
        layout->nesting--;
    indent(layout);
    strbuf_add_char(&layout->out, '}');
    layout->line_ends = 0;
}

struct str layout_finish(struct layout *layout)
{
    if (layout->brace == BRACE_WAITS)
        layout_brace(layout);
    struct str text = format_trim(strbuf_str(&layout->out));
    size_t begin = (size_t)(text.ptr - layout->out.ptr);
    layout->out.len = begin + text.len;
    strbuf_add_char(&layout->out, '\n');
    return str_slice(strbuf_str(&layout->out), begin, layout->out.len);
}

size_t format_wide_blank(struct str text, size_t at)
{
    size_t size;
    uint32_t rune = utf8_decode(text, at, &size);
    return rune_is_space(rune) ? size : 0;
}

struct str format_trim(struct str text)
{
    size_t begin = 0, end = text.len, size;
    while (begin < end && (size = format_blank(text, begin)) != 0)
        begin += size;
    while (end > begin) {
        size_t last = end - 1;
        while (last > begin && end - last < 3 && ((unsigned char)text.ptr[last] & 0xc0) == 0x80)
            last--;
        if (format_blank(text, last) != end - last)
            break;
        end = last;
    }
    return str_slice(text, begin, end);
}
