/* Steps through the tokens of one directive. The moves are those of Caddy's Dispenser, down to what
 * happens at the edges, because they decide what Caddy accepts. */
#include "adapt/cursor.h"

#include "base/arena.h"
#include "base/vec.h"

struct cursor cursor_over(struct arena *arena, struct diags *diags,
                          const struct token *const *tokens, size_t n)
{
    struct cursor in = {.arena = arena, .diags = diags, .n = n, .at = -1};
    in.tokens = arena_alloc(arena, n * sizeof(*in.tokens));
    if (n)
        memcpy(in.tokens, tokens, n * sizeof(*in.tokens));
    return in;
}

struct cursor cursor_into(struct arena *arena, struct diags *diags, struct token_list tokens)
{
    return (struct cursor){
        .arena = arena, .diags = diags, .tokens = tokens.at, .n = tokens.n, .at = -1};
}

const struct token *cursor_token(const struct cursor *in)
{
    return in->at < 0 || (size_t)in->at >= in->n ? NULL : in->tokens[in->at];
}

static bool is_open(const struct cursor *in)
{
    const struct token *token = cursor_token(in);
    return token && token_is_open(token);
}

static bool is_close(const struct cursor *in)
{
    const struct token *token = cursor_token(in);
    return token && token_is_close(token);
}

static bool has_next(const struct cursor *in)
{
    return in->at + 1 < (ptrdiff_t)in->n;
}

/* A fresh cursor always steps, even over nothing: so does Caddy's. */
static bool next_on_line(struct cursor *in)
{
    if (in->at < 0) {
        in->at++;
        return true;
    }
    if (!has_next(in) || token_is_on_new_line(in->tokens[in->at], in->tokens[in->at + 1]))
        return false;
    in->at++;
    return true;
}

bool cursor_next(struct cursor *in)
{
    if (!has_next(in))
        return false;
    in->at++;
    return true;
}

bool cursor_prev(struct cursor *in)
{
    if (in->at < 0)
        return false;
    in->at--;
    return in->at >= 0;
}

bool cursor_next_arg(struct cursor *in)
{
    if (!next_on_line(in))
        return false;
    if (is_open(in)) {
        in->at--;
        return false;
    }
    return true;
}

bool cursor_next_block(struct cursor *in, int initial_nesting)
{
    if (in->nesting > initial_nesting) {
        if (!cursor_next(in))
            return false;
        /* Looking whether the brace ends its line steps over it when it does not; Caddy then also
         * forgets to count it. */
        if (is_close(in) && !next_on_line(in))
            in->nesting--;
        else if (is_open(in) && !next_on_line(in))
            in->nesting++;
        return in->nesting > initial_nesting;
    }
    if (!next_on_line(in))
        return false;
    if (!is_open(in)) {
        in->at--;
        return false;
    }
    cursor_next(in);
    if (is_close(in))
        return false;
    in->nesting++;
    return true;
}

struct str cursor_val(const struct cursor *in)
{
    const struct token *token = cursor_token(in);
    return token ? token->text : STR("");
}

bool cursor_is(const struct cursor *in, const char *text)
{
    return str_is(cursor_val(in), text);
}

struct str cursor_val_raw(const struct cursor *in)
{
    const struct token *token = cursor_token(in);
    if (!token)
        return STR("");
    switch (token->quote) {
    case QUOTE_DOUBLE:
        return str_printf(in->arena, "\"" STR_FMT "\"", STR_ARG(token->text));
    case QUOTE_BACKTICK:
        return str_printf(in->arena, "`" STR_FMT "`", STR_ARG(token->text));
    case QUOTE_NONE:
    case QUOTE_HEREDOC:
        break;
    }
    return token->text;
}

struct token_list cursor_remaining(struct cursor *in)
{
    struct token_list list = {0};
    size_t begin = (size_t)(in->at + 1);
    while (cursor_next_arg(in))
        if (cursor_token(in))
            list.n++;
    list.at = arena_alloc(in->arena, list.n * sizeof(*list.at));
    if (list.n)
        memcpy(list.at, in->tokens + begin, list.n * sizeof(*list.at));
    return list;
}

size_t cursor_count_remaining(const struct cursor *in)
{
    struct cursor ahead = *in;
    size_t n = 0;
    while (cursor_next_arg(&ahead))
        n++;
    return n;
}

bool cursor_args(struct cursor *in, size_t n, const struct token ***targets)
{
    for (size_t i = 0; i < n; i++) {
        if (!cursor_next_arg(in))
            return false;
        *targets[i] = cursor_token(in);
    }
    return true;
}

bool cursor_all_args(struct cursor *in, size_t n, const struct token ***targets)
{
    if (!cursor_args(in, n, targets))
        return false;
    if (cursor_next_arg(in)) {
        cursor_prev(in);
        return false;
    }
    return true;
}

struct token_list cursor_segment_tokens(struct cursor *in)
{
    /* Every token is taken once, the opening brace included; the closing one stays to be consumed
     * by the loop around. */
    VEC(const struct token *) list = {0};
    vec_push(in->arena, &list, cursor_token(in));
    if (!cursor_token(in))
        return (struct token_list){.at = list.at};
    while (cursor_next_arg(in))
        vec_push(in->arena, &list, cursor_token(in));
    int nesting = in->nesting;
    bool opened = false;
    while (cursor_next_block(in, nesting)) {
        if (!opened)
            vec_push(in->arena, &list, in->tokens[in->at - 1]);
        opened = true;
        vec_push(in->arena, &list, cursor_token(in));
    }
    if (opened)
        vec_push(in->arena, &list, cursor_token(in));
    arena_trim(in->arena, list.at, list.cap * sizeof(*list.at), list.n * sizeof(*list.at));
    return (struct token_list){.at = list.at, .n = list.n};
}

struct cursor cursor_segment(struct cursor *in)
{
    struct token_list list = cursor_segment_tokens(in);
    return cursor_into(in->arena, in->diags, list);
}

void cursor_delete(struct cursor *in, size_t n)
{
    if (n == 0 || in->at + 1 < (ptrdiff_t)n || (size_t)in->at >= in->n)
        return;
    const struct token **rest = in->tokens + in->at + 1;
    memmove(rest - n, rest, (in->n - (size_t)(in->at + 1)) * sizeof(*rest));
    in->n -= n;
    in->at -= (ptrdiff_t)n;
}

void cursor_reset(struct cursor *in)
{
    in->at = -1;
    in->nesting = 0;
}

/* Where to point: the current token, or the nearest one where there is none. */
static const struct token *place(const struct cursor *in)
{
    if (in->n == 0)
        return NULL;
    if (in->at < 0)
        return in->tokens[0];
    return in->tokens[(size_t)in->at < in->n ? (size_t)in->at : in->n - 1];
}

static bool report(struct cursor *in, enum diag_code code, const struct token *token,
                   const char *format, va_list args)
{
    struct strbuf text = strbuf_in(in->arena);
    strbuf_vprintf(&text, format, args);
    diag_token(in->diags, code, token, STR_FMT, STR_ARG(strbuf_str(&text)));
    return false;
}

bool cursor_error(struct cursor *in, enum diag_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(in, code, place(in), format, args);
    va_end(args);
    return false;
}

bool cursor_error_at(struct cursor *in, enum diag_code code, const struct token *token,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(in, code, token, format, args);
    va_end(args);
    cursor_label_place(in, token);
    return false;
}

void cursor_label_place(struct cursor *in, const struct token *token)
{
    const struct token *here = place(in);
    if (!here || !token || here->line == token->line)
        return;
    diag_label(in->diags, in->diags->last, here->span,
               token_is_close(here)       ? "the block ends here"
               : here->line > token->line ? "the line goes on to here"
                                          : "Caddy names this place");
}

bool cursor_arg_error(struct cursor *in, const char *usage)
{
    const struct token *token = place(in);
    struct diag *diag =
        token && token_is_open(token)
            ? diag_token(in->diags, DIAG_WRONG_ARGUMENTS, token, "expected an argument, not '{'")
            : diag_token(in->diags, DIAG_WRONG_ARGUMENTS, token,
                         "too few or too many arguments at '" STR_FMT "'",
                         STR_ARG(token ? token->text : STR("")));
    if (usage)
        diag_note(in->diags, diag, "usage: %s", usage);
    return false;
}
