/* Reads a text as Caddy's own formatter does, a character at a time and unlike Caddy's lexer: it
 * has its own idea of where quotes, comments and heredocs begin, and its output is matched to the
 * byte. */
#include "syntax/format_private.h"

/* What is open: "…", `…`, or a ` inside "…". */
enum quotes { QUOTES_NONE, QUOTES_DOUBLE, QUOTES_BACKTICK, QUOTES_BACKTICK_IN_DOUBLE };

struct reader {
    struct layout layout;
    struct str text;
    size_t at;
    enum quotes quotes;
    bool after_blank; /* of the character to come; the beginning counts */
    bool no_heredoc;  /* a \< was read, and no blank since */
    bool is_steady;   /* nothing was read yet that blanks are made or lost around */
};

/* Characters that end a stretch of a word; a byte of a longer character may be one of a blank. */
static const bool ends_stretch[256] = {
    ['\t'] = true, ['\n'] = true, ['\v'] = true, ['\f'] = true, ['\r'] = true, [' '] = true,
    ['\\'] = true, ['`'] = true,  ['#'] = true,  ['{'] = true,  ['}'] = true,
};

static void copy(struct reader *in, size_t end)
{
    strbuf_add(&in->layout.out, str_slice(in->text, in->at, end));
    in->at = end;
}

static void read_escaped(struct reader *in)
{
    size_t size = 0;
    in->is_steady = false;
    if (in->after_blank)
        strbuf_add_char(&in->layout.out, ' ');
    in->after_blank = false;
    copy(in, in->at + 1);
    if (in->at == in->text.len)
        return;
    if (in->text.ptr[in->at] == '<')
        in->no_heredoc = true;
    utf8_decode(in->text, in->at, &size);
    copy(in, in->at + size);
}

static void read_comment(struct reader *in)
{
    layout_word(&in->layout, STR("#"), in->after_blank);
    in->at++;
    ptrdiff_t len = str_index(str_slice(in->text, in->at, in->text.len), '\n');
    in->after_blank = false;
    if (len < 0) {
        copy(in, in->text.len);
        return;
    }
    copy(in, in->at + (size_t)len);
    in->at++;
    layout_line_break(&in->layout);
    in->after_blank = true;
}

static bool is_marker(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_'))
            return false;
    }
    return text.len > 0;
}

/* The body, up to the first end marker that a blank follows. */
static void read_heredoc_body(struct reader *in, struct str marker)
{
    size_t from = in->at;
    ptrdiff_t found;
    while ((found = str_find(str_slice(in->text, from, in->text.len), marker)) >= 0) {
        size_t end = from + (size_t)found + marker.len;
        if (end < in->text.len && format_blank(in->text, end)) {
            copy(in, end);
            return;
        }
        from = end - marker.len + 1;
    }
    copy(in, in->text.len);
}

/* The second < of what may be a heredoc. */
static void read_heredoc(struct reader *in)
{
    size_t size, begin = ++in->at, end = begin;
    strbuf_add_char(&in->layout.out, '<');
    in->after_blank = false;
    while (end < in->text.len && !format_blank(in->text, end)) {
        utf8_decode(in->text, end, &size);
        end += size;
    }
    struct str marker = str_slice(in->text, begin, end);
    copy(in, end);
    if (end == in->text.len || in->text.ptr[end] != '\n')
        return;
    in->at++;
    if (!is_marker(marker)) {
        layout_line_break(&in->layout);
        return;
    }
    strbuf_add_char(&in->layout.out, '\n');
    read_heredoc_body(in, marker);
}

static void read_double_quoted(struct reader *in)
{
    size_t end = in->at;
    while (end < in->text.len && in->text.ptr[end] != '"' && in->text.ptr[end] != '\\' &&
           in->text.ptr[end] != '`')
        end++;
    copy(in, end);
    if (end == in->text.len)
        return;
    if (in->text.ptr[end] == '\\') {
        read_escaped(in);
        return;
    }
    in->quotes = in->text.ptr[end] == '"' ? QUOTES_NONE : QUOTES_BACKTICK_IN_DOUBLE;
    copy(in, end + 1);
}

/* Inside backticks a backslash escapes, too, and a " matters where the backtick was inside "…". */
static void read_backticked(struct reader *in)
{
    bool is_inner = in->quotes == QUOTES_BACKTICK_IN_DOUBLE;
    size_t end = in->at;
    while (end < in->text.len && in->text.ptr[end] != '`' && in->text.ptr[end] != '\\' &&
           !(is_inner && in->text.ptr[end] == '"'))
        end++;
    copy(in, end);
    if (end == in->text.len)
        return;
    if (in->text.ptr[end] == '\\') {
        read_escaped(in);
    } else if (is_inner && in->text.ptr[end] == '`') {
        in->quotes = QUOTES_DOUBLE;
        copy(in, end + 1);
    } else {
        in->quotes = QUOTES_NONE;
        layout_word(&in->layout, str_slice(in->text, end, end + 1), false);
        in->at++;
    }
}

/* What stands behind a } on its line is moved away from it. */
static bool is_behind_close(const struct layout *layout)
{
    return layout->is_line_start && layout->line_ends == 0 && layout_last(layout) == '}';
}

static void open_backtick(struct reader *in)
{
    if (in->after_blank && !in->layout.is_line_start)
        strbuf_add_char(&in->layout.out, ' ');
    in->quotes = QUOTES_BACKTICK;
    in->is_steady = false;
    in->after_blank = false;
    copy(in, in->at + 1);
}

/* A word, or what comes of it before a character that needs a look. */
static void read_stretch(struct reader *in)
{
    struct str text = in->text;
    bool spaced = in->after_blank, opens_quote = spaced && text.ptr[in->at] == '"';
    bool may_begin_heredoc = spaced && text.ptr[in->at] == '<';
    size_t end = in->at + 1; /* the rest of a longer character is nothing special */
    while (!opens_quote && !may_begin_heredoc && end < text.len) {
        unsigned char c = (unsigned char)text.ptr[end];
        if (ends_stretch[c] || (c >= 0x80 && format_blank(text, end)))
            break;
        end++;
    }
    in->is_steady = in->is_steady && !is_behind_close(&in->layout);
    layout_word(&in->layout, str_slice(text, in->at, end), spaced);
    in->after_blank = may_begin_heredoc;
    if (opens_quote)
        in->quotes = QUOTES_DOUBLE;
    in->at = end;
}

static void read_brace(struct reader *in)
{
    struct layout *layout = &in->layout;
    bool spaced = in->after_blank;
    in->after_blank = false;
    in->is_steady = in->is_steady && (spaced || layout->brace == BRACE_WRITTEN) &&
                    !is_behind_close(layout);
    if (in->text.ptr[in->at] == '{') {
        layout_open(layout, spaced);
    } else if (spaced || layout->brace == BRACE_NONE) {
        if (layout->brace == BRACE_WAITS)
            layout_brace(layout);
        layout_close(layout);
    } else { /* the end of a {placeholder} */
        layout_word(layout, STR("}"), false);
    }
    in->at++;
}

/* Any number of them; most are ASCII. */
static void read_blanks(struct reader *in, size_t size)
{
    do {
        if (in->text.ptr[in->at] == '\n')
            layout_line_end(&in->layout);
        in->at += size;
        size = in->at < in->text.len ? format_blank(in->text, in->at) : 0;
    } while (size);
    layout_blank(&in->layout);
    in->after_blank = true;
    in->no_heredoc = false;
}

static void read_unquoted(struct reader *in)
{
    size_t size = format_blank(in->text, in->at);
    if (size) {
        read_blanks(in, size);
        return;
    }
    switch (in->text.ptr[in->at]) {
    case '\\':
        read_escaped(in);
        break;
    case '`':
        open_backtick(in);
        break;
    case '#':
        read_comment(in);
        break;
    case '{':
    case '}':
        read_brace(in);
        break;
    default:
        read_stretch(in);
    }
}

struct str format_as_caddy(struct arena *arena, struct str text, bool *is_steady)
{
    struct reader in = {.text = format_trim(text), .after_blank = true, .is_steady = true};
    in.layout = layout_in(arena, in.text.len);
    while (in.at < in.text.len) {
        bool after_less = in.after_blank && layout_last(&in.layout) == '<';
        in.is_steady = in.is_steady && !after_less;
        if (after_less && in.text.ptr[in.at] == '<' && in.quotes == QUOTES_NONE && !in.no_heredoc) {
            read_heredoc(&in);
            continue;
        }
        if (after_less)
            in.after_blank = false;
        switch (in.quotes) {
        case QUOTES_NONE:
            read_unquoted(&in);
            break;
        case QUOTES_DOUBLE:
            read_double_quoted(&in);
            break;
        case QUOTES_BACKTICK:
        case QUOTES_BACKTICK_IN_DOUBLE:
            read_backticked(&in);
            break;
        }
    }
    struct str out = layout_finish(&in.layout);
    *is_steady = in.is_steady && !in.layout.left_brace;
    return out;
}
