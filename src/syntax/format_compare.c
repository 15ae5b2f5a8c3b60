/* Whether two texts say the same: the tokens that Caddy's lexer finds in them. Texts that differ in
 * plain blanks only, which is nearly always, are walked side by side; all others go through the
 * lexer. */
#include "syntax/format.h"

#include "base/arena.h"
#include "syntax/lexer.h"
#include "syntax/format_private.h"

/* One of two texts that are walked side by side. */
struct walker {
    const char *at, *end;
    bool crossed_line; /* a line end stood before <at> */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static void skip_blanks(struct walker *walker)
{
    walker->crossed_line = false;
    for (; walker->at < walker->end && is_blank(*walker->at); walker->at++)
        walker->crossed_line = walker->crossed_line || *walker->at == '\n';
}

/* What ends a plain word: blanks, and whatever takes the lexer to understand. */
static const bool stops[256] = {
    [0 ... ' '] = true, ['\\'] = true,
    [0xc2] = true, [0xe1 ... 0xe3] = true, [0xef] = true, /* of blanks, and of a byte order mark */
};

/* The end of the quoted word, comment or word at <at>; NULL where it takes the lexer to know. */
static const char *piece_end(const char *at, const char *end)
{
    const char *begin = at;
    if (*at == '#') {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        line_end = line_end ? line_end : end;
        return memchr(at, '\\', (size_t)(line_end - at)) ? NULL : line_end;
    }
    if (*at == '"' || *at == '`') {
        char quote = *at++;
        for (; at < end && *at != quote; at++)
            if (*at == '\\' && quote == '"' && ++at == end)
                return NULL;
        return at == end ? NULL : at + 1;
    }
    while (at < end && !stops[(unsigned char)*at])
        at++;
    return *begin == '<' || (at < end && !is_blank(*at)) ? NULL : at;
}

/* What a token has to do with the layout of lines. */
enum brace { BRACE_OTHER, BRACE_OPEN, BRACE_CLOSE };

static enum brace brace_of(const char *at, const char *end)
{
    if (end - at != 1)
        return BRACE_OTHER;
    return *at == '{' ? BRACE_OPEN : *at == '}' ? BRACE_CLOSE : BRACE_OTHER;
}

/* Line ends around braces belong to the formatter: a { may move up to the line before it, what
 * follows a brace may move to a line of its own, and so may a }. */
static bool may_change_line(enum brace before, enum brace token, bool was_new_line)
{
    if (was_new_line)
        return token == BRACE_OPEN;
    return before != BRACE_OTHER || token == BRACE_CLOSE;
}

/* Whether what began with <first> ends at <at> in the other text, too. */
static bool may_end_here(char first, const char *at, const char *end)
{
    if (at == end || first == '"' || first == '`')
        return true;
    return first == '#' ? *at == '\n' : is_blank(*at);
}

/* Whether all that differs is blanks between words; false where that takes the lexer to know. */
static bool are_plainly_same(struct str a, struct str b)
{
    struct walker left = {a.ptr, a.ptr + a.len, false}, right = {b.ptr, b.ptr + b.len, false};
    enum brace before = BRACE_OTHER;
    bool is_first = true;
    for (;;) {
        skip_blanks(&left);
        skip_blanks(&right);
        if (left.at == left.end || right.at == right.end)
            return left.at == left.end && right.at == right.end;
        const char *end = piece_end(left.at, left.end);
        if (!end || right.end - right.at < end - left.at ||
            memcmp(left.at, right.at, (size_t)(end - left.at)) != 0)
            return false;
        const char *right_end = right.at + (end - left.at);
        if (!may_end_here(*left.at, right_end, right.end))
            return false;
        enum brace token = brace_of(left.at, end);
        if (left.crossed_line != right.crossed_line && !is_first &&
            !may_change_line(before, token, left.crossed_line))
            return false;
        if (*left.at != '#') {
            before = token;
            is_first = false;
        }
        left.at = end;
        right.at = right_end;
    }
}

/* What the lexer refuses must not become something that it accepts. */
static bool has_broken_heredoc(const struct diags *diags)
{
    for (const struct diag *diag = diags->first; diag; diag = diag->next)
        if (diag->code == DIAG_HEREDOC)
            return true;
    return false;
}

static enum brace brace_of_token(const struct token *token)
{
    return token_is_open(token) ? BRACE_OPEN : token_is_close(token) ? BRACE_CLOSE : BRACE_OTHER;
}

static bool compare_tokens(struct arena *arena, struct str a, struct str b)
{
    struct diags left_diags = diags_in(arena), right_diags = diags_in(arena);
    struct lexed left = lex_source(arena, &left_diags, source_plain(arena, a), STR(""), NULL);
    struct lexed right = lex_source(arena, &right_diags, source_plain(arena, b), STR(""), NULL);
    if (left.n != right.n || has_broken_heredoc(&left_diags) != has_broken_heredoc(&right_diags))
        return false;
    for (size_t i = 0; i < left.n; i++) {
        const struct token *one = left.at[i], *other = right.at[i];
        if (one->quote != other->quote || !str_eq(one->text, other->text))
            return false;
        if (i == 0)
            continue;
        bool was_new_line = token_is_on_new_line(left.at[i - 1], one);
        bool is_new_line = token_is_on_new_line(right.at[i - 1], other);
        if (was_new_line != is_new_line &&
            !may_change_line(brace_of_token(left.at[i - 1]), brace_of_token(one), was_new_line))
            return false;
    }
    return true;
}

static bool same_text_tokens(struct arena *arena, struct str a, struct str b)
{
    return are_plainly_same(a, b) || compare_tokens(arena, a, b);
}

static const char *no_variable(void *user, const char *name)
{
    (void)user, (void)name;
    return NULL;
}

const struct source *format_with_defaults(struct arena *arena, struct str text)
{
    const struct source_hooks hooks = {.get_env = no_variable};
    struct sources sources = sources_in(arena, &hooks);
    const struct source *source = source_add(&sources, STR(""), text);
    return source ? source : source_plain(arena, text);
}

bool format_same_tokens(struct arena *arena, struct str before, struct str after)
{
    if (str_eq(before, after))
        return true;
    if (!same_text_tokens(arena, before, after))
        return false;
    if (!str_contains(before, STR("{$")) && !str_contains(after, STR("{$")))
        return true;
    return same_text_tokens(arena, format_with_defaults(arena, before)->spliced,
                            format_with_defaults(arena, after)->spliced);
}
