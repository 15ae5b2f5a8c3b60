/* Cooks what the scanner finds into tokens: escapes, invalid bytes, line numbers, heredocs; keeps
 * the comments. */
#include "syntax/lexer.h"

#include "base/arena.h"
#include "base/vec.h"
#include "syntax/lexer_private.h"

static struct span span_of(const struct lexer *lx, const uint8_t *begin, const uint8_t *end)
{
    return source_span(lx->source, (uint32_t)(begin - lx->start), (uint32_t)(end - lx->start));
}

static struct str bytes_between(const uint8_t *begin, const uint8_t *end)
{
    return str_make((const char *)begin, (size_t)(end - begin));
}

/* Appends with every byte that is no UTF-8 replaced, as Go reads runes. */
static void add_runes(struct strbuf *out, struct str bytes)
{
    size_t clean = 0; /* what is valid and not yet copied begins here */
    for (size_t i = str_ascii_prefix(bytes), size; i < bytes.len; i += size) {
        size = 1;
        if ((unsigned char)bytes.ptr[i] < 0x80)
            continue;
        uint32_t rune = utf8_decode(bytes, i, &size);
        if (rune != 0xfffd || size != 1)
            continue;
        strbuf_add(out, str_slice(bytes, clean, i));
        strbuf_add_rune(out, 0xfffd);
        clean = i + 1;
    }
    strbuf_add(out, str_slice(bytes, clean, bytes.len));
}

void lexer_add(struct lexer *lx, const uint8_t *begin)
{
    if (lx->is_escaped)
        strbuf_add_char(&lx->text, '\\');
    lx->is_escaped = false;
    add_runes(&lx->text, bytes_between(begin, lx->cursor));
}

void lexer_line_end(struct lexer *lx)
{
    if (lx->is_escaped) {
        lx->skipped_lines++;
        lx->is_escaped = false;
        return;
    }
    lx->line += 1 + lx->skipped_lines;
    lx->skipped_lines = 0;
}

static bool owns_line(const struct source *source, uint32_t offset)
{
    while (offset > 0 && source->raw.ptr[offset - 1] != '\n') {
        offset--;
        if (!memchr(" \t\r\v\f", source->raw.ptr[offset], 5))
            return false;
    }
    return true;
}

void lexer_comment(struct lexer *lx, const uint8_t *begin)
{
    const uint8_t *end = memchr(begin, '\n', (size_t)(lx->limit - begin));
    if (!end)
        end = lx->limit;
    /* Caddy: a backslash anywhere in a comment joins the next line to this one */
    if (memchr(begin, '\\', (size_t)(end - begin)))
        lx->is_escaped = true;
    lx->cursor = end;

    struct span span = span_of(lx, begin, end);
    struct comment_list *list = lx->source->comments;
    struct comment comment = {.span = span, .text = bytes_between(begin, end)};
    comment.text = str_trim_suffix(comment.text, STR("\r"));
    uint32_t offset = span.begin - lx->source->base;
    uint32_t low = 0, high = lx->source->n_lines;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (lx->source->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    comment.line = low + 1;
    comment.owns_line = owns_line(lx->source, offset);
    vec_push(lx->arena, list, comment);
}

static bool is_marker_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* Says what is wrong with the marker, if anything; <marker> is what stands behind <<. */
static bool check_marker(struct lexer *lx, struct str marker, struct span span)
{
    struct diag *diag;
    if (marker.len == 0) {
        diag = diag_at(lx->diags, DIAG_HEREDOC, span, lx->via, "'<<' begins a heredoc without a "
                                                               "marker");
        diag_note(lx->diags, diag,
                  "write a word of letters, digits, '-' and '_' behind it, such as <<END, or "
                  "\"<<\" in quotes when no heredoc is meant");
        return false;
    }
    if (marker.ptr[0] == '<') {
        diag = diag_at(lx->diags, DIAG_HEREDOC, span, lx->via, "too many '<' before a heredoc's "
                                                               "marker");
        diag_note(lx->diags, diag, "a heredoc begins with exactly two, such as <<END");
        return false;
    }
    for (size_t i = 0; i < marker.len; i++) {
        if (is_marker_char(marker.ptr[i]))
            continue;
        diag = diag_at(lx->diags, DIAG_HEREDOC, span, lx->via,
                       "a heredoc's marker cannot be '" STR_FMT "'", STR_ARG(marker));
        diag_note(lx->diags, diag,
                  "markers are made of letters, digits, '-' and '_'; put the word in quotes when "
                  "no heredoc is meant");
        return false;
    }
    return true;
}

/* Takes <padding> off the front of every line of <body> (each with its line end) and joins them;
 * lines that lack it are reported and kept as they are. */
static void strip_lines(struct lexer *lx, const uint8_t *body, struct str lines, struct str padding)
{
    struct strbuf cooked = strbuf_in(lx->arena);
    size_t at = 0;
    lx->text.len = 0;
    while (at < lines.len) {
        ptrdiff_t end = str_index(str_slice(lines, at, lines.len), '\n');
        struct str line = str_slice(lines, at, at + (size_t)end);
        size_t line_begin = at;
        at += (size_t)end + 1;
        if (lx->text.len || line_begin)
            strbuf_add_char(&lx->text, '\n');
        if (line.len == 0 || str_is(line, "\r"))
            continue;
        cooked.len = 0;
        add_runes(&cooked, line);
        struct str text = strbuf_str(&cooked);
        if (!str_has_prefix(text, padding)) {
            struct str shown = str_trim_suffix(line, STR("\r"));
            struct diag *diag = diag_at(
                lx->diags, DIAG_HEREDOC,
                span_of(lx, body + line_begin, body + line_begin + shown.len), lx->via,
                "this line of the heredoc does not begin with the white space before its end "
                "marker");
            diag_note(lx->diags, diag,
                      "what stands before the end marker is taken off every line, so each must "
                      "begin with it: %zu characters",
                      padding.len);
            padding = STR("");
        }
        for (size_t i = padding.len; i < text.len; i++)
            if (text.ptr[i] != '\r')
                strbuf_add_char(&lx->text, text.ptr[i]);
    }
}

/* The file ends inside: the rest is lost, so nothing is said about what is not closed. */
static void lose_rest(struct lexer *lx, struct str marker, struct span span)
{
    struct diag *diag = diag_at(lx->diags, DIAG_HEREDOC, span, lx->via,
                                "the end marker '" STR_FMT "' of this heredoc is missing",
                                STR_ARG(marker));
    diag_note(lx->diags, diag, "it stands alone on a line behind the text: " STR_FMT,
              STR_ARG(marker));
    lx->cursor = lx->limit;
    lx->is_cut = true;
}

enum heredoc_result lexer_heredoc(struct lexer *lx)
{
    struct str marker = str_dup(lx->arena, str_slice(strbuf_str(&lx->text), 2, lx->text.len));
    struct span span = span_of(lx, lx->token_begin, lx->token_end);
    lx->quote = QUOTE_HEREDOC;
    if (!check_marker(lx, marker, span)) {
        lx->quote = QUOTE_DOUBLE; /* an argument, whatever it was to be */
        lexer_line_end(lx);
        return HEREDOC_TOKEN;
    }
    const uint8_t *body = lx->cursor;
    if (body == lx->limit)
        return HEREDOC_NOTHING;
    const uint8_t *end = memmem(body, (size_t)(lx->limit - body), marker.ptr, marker.len);
    if (!end) {
        lose_rest(lx, marker, span);
        return HEREDOC_TOKEN;
    }

    struct str all = bytes_between(body, end);
    struct str lines = str_slice(all, 0, (size_t)(str_last_index(all, '\n') + 1));
    struct strbuf padding = strbuf_in(lx->arena);
    add_runes(&padding, str_slice(all, lines.len, all.len));
    lx->skipped_lines++;
    for (size_t i = 0; i < lines.len; i++)
        lx->skipped_lines += lines.ptr[i] == '\n';
    strip_lines(lx, body, lines, strbuf_str(&padding));
    lx->line += lx->skipped_lines;
    lx->skipped_lines = 0;
    lx->cursor = lx->token_end = end + marker.len;
    return HEREDOC_TOKEN;
}

/* The token's text in the source where it stands there as it is, which is nearly always; else a
 * copy. */
static struct str keep_text(struct lexer *lx)
{
    struct str text = strbuf_str(&lx->text);
    const uint8_t *begin = lx->token_begin;
    begin += lx->quote == QUOTE_DOUBLE || lx->quote == QUOTE_BACKTICK;
    if (begin + text.len <= lx->token_end && str_eq(bytes_between(begin, begin + text.len), text))
        return bytes_between(begin, begin + text.len);
    return str_dup(lx->arena, text);
}

static const struct token *make_token(struct lexer *lx, const struct token_home *home)
{
    struct token *token = arena_new(lx->arena, struct token);
    token->text = keep_text(lx);
    token->home = home;
    token->line = lx->token_line;
    token->quote = (uint8_t)lx->quote;
    token->is_escaped_heredoc = lx->is_escaped_heredoc && lx->text.len && lx->text.ptr[0] == '<';
    token->span = span_of(lx, lx->token_begin, lx->token_end);
    return token;
}

struct lexed lex_source(struct arena *arena, struct diags *diags, struct source *source,
                        struct str file, const struct import_chain *via)
{
    VEC(const struct token *) tokens = {0};
    struct lexer lx = {
        .arena = arena, .diags = diags, .source = source, .via = via, .line = 1, .text = {.arena = arena}};
    lx.start = lx.cursor = (const uint8_t *)source->spliced.ptr;
    lx.limit = lx.start + source->spliced.len;
    source->comments = arena_new(arena, struct comment_list);
    struct token_home *home = arena_new(arena, struct token_home);
    home->file = str_dup(arena, file);

    if (lx.start == lx.limit)
        diag_at(diags, DIAG_EMPTY_FILE, (struct span){source->base, source->base}, via,
                source->raw.len ? "nothing is left of the file once its {$…} are replaced"
                                : "the file is empty");
    if (str_has_prefix(source->spliced, STR("\xef\xbb\xbf")))
        lx.cursor += 3;
    while (caddyfile_scan(&lx))
        vec_push(arena, &tokens, make_token(&lx, home));
    return (struct lexed){tokens.at, tokens.n, tokens.cap, lx.is_cut};
}
