/* Lays a text out by the words that the lexer finds in it: for files of which Caddy's formatter would
 * change the words. Nothing is cooked: every word keeps its spelling. */
#include "syntax/format_private.h"

#include "base/arena.h"
#include "syntax/lexer.h"

struct writer {
    struct layout layout;
    struct str text;
    size_t at;   /* up to where it is written */
    bool spaced; /* a blank or line end stood before <at> */
    uint32_t n_parting; /* line ends that make a line of what follows, where one is not enough */
};

enum piece_kind {
    PIECE_WORD,
    PIECE_QUOTED,
    PIECE_HEREDOC,
    PIECE_EMPTY_HEREDOC,
    PIECE_OPEN,
    PIECE_CLOSE,
    PIECE_COMMENT
};

/* A word, a brace or a comment. */
struct piece {
    enum piece_kind kind;
    size_t begin, end;
};

/* What is still to be written. */
struct pieces {
    struct source *source;
    const struct source *variables; /* the same text; its splices are the {$NAME:default} */
    struct lexed lexed;
    size_t n_words; /* of lexed.n: those that are no piece are left to finish() */
    size_t word, comment;
};

/* Where the {$NAME:default} ends that <at> lies in, or <at>: its blanks and quotes are part of a value
 * and not to be touched. */
static size_t variable_end(const struct source *variables, size_t at)
{
    uint32_t low = 0, high = variables->n_splices;
    while (low < high) { /* the first that begins at <at> or later */
        uint32_t middle = low + (high - low) / 2;
        if (variables->splices[middle].raw_begin < at)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low ? variables->splices[low - 1].raw_end : 0;
    return end > at ? end : at;
}

/* Past the carriage returns, which mean nothing outside quotes. */
static size_t skip_returns(struct str text, size_t at)
{
    while (at < text.len && text.ptr[at] == '\r')
        at++;
    return at;
}

/* Past blanks on the same line. */
static size_t skip_blanks(struct str text, size_t at)
{
    size_t size;
    while (at < text.len && text.ptr[at] != '\n' && (size = format_blank(text, at)) != 0)
        at += size;
    return at;
}

/* What stands between two pieces: blanks, line ends, and the backslash that joins two lines. */
static void write_gap(struct writer *w, size_t end)
{
    bool joins = false;
    while (w->at < end) {
        char c = w->text.ptr[w->at];
        size_t size = format_blank(w->text, w->at);
        if (c == '\\') {
            layout_word(&w->layout, STR("\\"), w->spaced);
            joins = true;
        } else if (c == '\n' && joins) {
            strbuf_add_char(&w->layout.out, '\n');
            joins = false;
            w->n_parting = 1;
        } else if (c == '\n') {
            layout_line_end(&w->layout);
        } else if (c != '\r') {
            layout_blank(&w->layout);
        }
        w->spaced = c == '\r' ? w->spaced : c != '\\';
        w->at += size ? size : 1;
    }
}

/* Whether a backslash at the end of an unquoted word waits for the character behind it. */
static bool ends_escaped(struct str word)
{
    bool is_escaped = false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] == '\\')
            is_escaped = !is_escaped;
        else if (word.ptr[i] != '\r' && !format_blank(word, i))
            is_escaped = false;
    }
    return is_escaped;
}

/* What must stay right behind a word: a line end that its backslash hides, the blank that its
 * backslash is wasted on, the blank that keeps << from being a heredoc. */
static void write_tail(struct writer *w, struct str word)
{
    struct strbuf *out = &w->layout.out;
    size_t next = skip_returns(w->text, w->at);
    bool is_end = next == w->text.len;
    bool is_escaped = ends_escaped(word);
    if (is_escaped && !is_end && w->text.ptr[next] == '\n') {
        strbuf_add_char(out, '\n');
        w->at = next + 1;
        w->spaced = true;
        w->n_parting = 1;
    } else if (is_escaped || str_has_prefix(word, STR("<<"))) {
        strbuf_add_char(out, ' ');
        w->at = skip_blanks(w->text, next);
    }
}

static void write_word(struct writer *w, const struct piece *piece)
{
    struct arena *arena = w->layout.out.arena;
    struct str word = str_slice(w->text, piece->begin, piece->end);
    if (piece->kind != PIECE_QUOTED && str_index(word, '\r') >= 0)
        word = piece->kind == PIECE_WORD ? str_replace(arena, word, STR("\r"), STR(""))
                                         : str_replace(arena, word, STR("\r\n"), STR("\n"));
    layout_word(&w->layout, word, w->spaced);
    w->at = piece->end;
    w->spaced = false;
    /* to Caddy the line behind an empty heredoc is still its own */
    w->n_parting = piece->kind == PIECE_EMPTY_HEREDOC ? 2 : 0;
    if (piece->kind == PIECE_WORD)
        write_tail(w, word);
}

static void write_comment(struct writer *w, const struct piece *piece)
{
    struct str comment = str_slice(w->text, piece->begin, piece->end);
    layout_word(&w->layout, comment, w->spaced);
    w->at = skip_returns(w->text, piece->end);
    w->spaced = false;
    w->n_parting = str_index(comment, '\\') >= 0; /* even in a comment it joins lines */
    if (w->at == w->text.len)
        return;
    layout_line_break(&w->layout);
    w->at++;
    w->spaced = true;
}

/* The layout leaves no empty line before a }. Where lines were joined, it may need one. */
static void part_from_close(struct writer *w)
{
    if (w->layout.line_ends < w->n_parting)
        return;
    for (; w->n_parting; w->n_parting--)
        layout_line_break(&w->layout);
}

static void write_piece(struct writer *w, const struct piece *piece)
{
    write_gap(w, piece->begin);
    switch (piece->kind) {
    case PIECE_WORD:
    case PIECE_QUOTED:
    case PIECE_HEREDOC:
    case PIECE_EMPTY_HEREDOC:
        write_word(w, piece);
        return;
    case PIECE_COMMENT:
        write_comment(w, piece);
        return;
    case PIECE_OPEN:
        layout_open(&w->layout, w->spaced);
        break;
    case PIECE_CLOSE:
        if (w->layout.brace == BRACE_WAITS)
            layout_brace(&w->layout);
        part_from_close(w);
        layout_close(&w->layout);
        break;
    }
    w->at = piece->end;
    w->spaced = false;
    w->n_parting = 0;
}

static struct piece token_piece(const struct token *token, const struct source *source)
{
    enum piece_kind kind = PIECE_QUOTED;
    if (token->quote == QUOTE_NONE)
        kind = PIECE_WORD;
    else if (token->quote == QUOTE_HEREDOC)
        kind = token->text.len ? PIECE_HEREDOC : PIECE_EMPTY_HEREDOC;
    bool is_bare = token->span.end - token->span.begin == 1; /* without a backslash behind it */
    if (is_bare && token_is_open(token))
        kind = PIECE_OPEN;
    else if (is_bare && token_is_close(token))
        kind = PIECE_CLOSE;
    return (struct piece){kind, token->span.begin - source->base, token->span.end - source->base};
}

/* Whether the last word takes all that follows: a quote or heredoc that is never closed, or a word
 * that a line end behind it would make a heredoc. */
static bool is_open_ended(const struct lexed *lexed, const struct diags *diags,
                          const struct comment_list *comments)
{
    for (const struct diag *diag = diags->first; diag; diag = diag->next)
        if (diag->code == DIAG_UNTERMINATED_QUOTE)
            return true;
    const struct token *last = lexed->n ? lexed->at[lexed->n - 1] : NULL;
    if (lexed->is_cut || !last)
        return lexed->is_cut;
    return last->quote == QUOTE_NONE && !last->is_escaped_heredoc &&
           str_has_prefix(last->text, STR("<<")) &&
           (comments->n == 0 || comments->at[comments->n - 1].span.begin < last->span.begin);
}

/* Writes what is left behind the pieces: as it stands, with no line end added, where it is more than
 * blanks. */
static struct str finish(struct writer *w)
{
    struct str rest = format_trim(str_slice(w->text, w->at, w->text.len));
    if (rest.len == 0)
        return layout_finish(&w->layout);
    write_gap(w, (size_t)(rest.ptr - w->text.ptr));
    layout_word(&w->layout, str_slice(w->text, w->at, w->text.len), w->spaced);
    struct str out = strbuf_str(&w->layout.out);
    size_t begin = 0;
    while (begin < out.len && out.ptr[begin] == '\n')
        begin++;
    return str_slice(out, begin, out.len);
}

/* The next piece of either kind, whichever comes first; false at the end. */
static bool next_piece(struct pieces *in, struct piece *piece)
{
    const struct comment_list *comments = in->source->comments;
    const struct comment *comment = in->comment < comments->n ? &comments->at[in->comment] : NULL;
    const struct token *token = in->word < in->n_words ? in->lexed.at[in->word] : NULL;
    if (comment && (!token || comment->span.begin < token->span.begin)) {
        size_t begin = comment->span.begin - in->source->base;
        *piece = (struct piece){PIECE_COMMENT, begin, begin + comment->text.len};
        in->comment++;
        return true;
    }
    if (!token)
        return false;
    *piece = token_piece(token, in->source);
    in->word++;
    return true;
}

/* Makes the piece longer until it ends outside of any {$NAME:default}. */
static void join_pieces(struct pieces *in, struct piece *piece)
{
    size_t end;
    while ((end = variable_end(in->variables, piece->end)) > piece->end) {
        piece->kind = PIECE_QUOTED;
        piece->end = end;
        for (;;) {
            struct pieces rest = *in;
            struct piece next;
            if (!next_piece(&rest, &next) || next.begin >= piece->end)
                break;
            *in = rest;
            piece->end = next.end > piece->end ? next.end : piece->end;
        }
    }
}

struct str format_by_words(struct arena *arena, struct str text)
{
    struct diags diags = diags_in(arena);
    struct pieces in = {.source = source_plain(arena, text),
                        .variables = format_with_defaults(arena, text)};
    in.lexed = lex_source(arena, &diags, in.source, STR(""), NULL);
    in.n_words = in.lexed.n - is_open_ended(&in.lexed, &diags, in.source->comments);

    struct writer w = {.layout = layout_in(arena, text.len), .text = text, .spaced = true};
    struct str mark = STR("\xef\xbb\xbf");
    w.at = str_has_prefix(text, mark) ? mark.len : 0;
    struct piece piece;
    while (next_piece(&in, &piece)) {
        join_pieces(&in, &piece);
        write_piece(&w, &piece);
    }
    struct str out = finish(&w);
    /* where the first word itself begins with such a mark, it must not become the file's */
    if (!str_has_prefix(text, mark) && !str_has_prefix(out, mark))
        return out;
    struct strbuf marked = strbuf_in(arena);
    strbuf_add(&marked, mark);
    strbuf_add(&marked, out);
    return strbuf_str(&marked);
}
