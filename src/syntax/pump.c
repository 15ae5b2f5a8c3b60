/* The pump between tokens and grammar. */
#include "syntax/pump.h"

#include "caddyfile_parser.h"

#include <stdlib.h>

/* What people call the kinds; those without a name are variants of a named one. */
static const struct {
    int kind;
    const char *name;
} kind_names[] = {
    {TOKEN_KEY, "a site address"}, {TOKEN_WORD, "a word"},       {TOKEN_LBRACE, "'{'"},
    {TOKEN_RBRACE, "'}'"},         {TOKEN_NEWLINE, "end of line"},
};

void pump_start(struct pump *pump, struct arena *arena, struct diags *diags)
{
    *pump = (struct pump){.arena = arena, .diags = diags, .tree = {.arena = arena}};
    pump->tree.file = arena_new(arena, struct node);
    pump->tree.file->role = ROLE_FILE;
    pump->grammar = CaddyfileAlloc(malloc);
    if (!pump->grammar)
        arena_exhausted();
    pump_push(pump, TOKEN_BEGIN, NULL);
}

static struct str shown(struct pump *pump, const struct token *token)
{
    if (!token)
        return STR("the end of the file");
    if (token->text.len > 40)
        return str_printf(pump->arena, "'" STR_FMT "…'", STR_ARG(str_slice(token->text, 0, 40)));
    return str_printf(pump->arena, "'" STR_FMT "'", STR_ARG(token->text));
}

struct diag *pump_expected(struct pump *pump, enum diag_code code, const struct token *token)
{
    const char *names[sizeof(kind_names) / sizeof(*kind_names)];
    size_t n = 0;
    struct strbuf list = strbuf_in(pump->arena);
    for (size_t i = 0; i < sizeof(kind_names) / sizeof(*kind_names); i++)
        if (CaddyfileFits(pump->grammar, kind_names[i].kind))
            names[n++] = kind_names[i].name;
    for (size_t i = 0; i < n; i++) {
        strbuf_puts(&list, i == 0 ? "" : i + 1 == n ? " or " : ", ");
        strbuf_puts(&list, names[i]);
    }
    return diag_token(pump->diags, code, token, "expected " STR_FMT ", found " STR_FMT,
                      STR_ARG(strbuf_str(&list)), STR_ARG(shown(pump, token)));
}

static void hand_over(struct pump *pump, int kind, const struct token *token)
{
    struct lexeme lexeme = {token, (uint32_t)pump->tree.tokens.n};
    Caddyfile(pump->grammar, kind, lexeme, &pump->tree);
    if (token)
        vec_push(pump->arena, &pump->tree.tokens, token);
}

void pump_push(struct pump *pump, int kind, const struct token *token)
{
    if (!CaddyfileFits(pump->grammar, kind)) {
        pump_expected(pump, DIAG_SYNTAX, token);
        pump_end_line(pump);
        if (!CaddyfileFits(pump->grammar, kind))
            return;
    }
    hand_over(pump, kind, token);
}

void pump_end_line(struct pump *pump)
{
    if (CaddyfileFits(pump->grammar, TOKEN_NEWLINE))
        hand_over(pump, TOKEN_NEWLINE, NULL);
}

bool pump_begins_line(const struct pump *pump, const struct token *token)
{
    const struct token_vec *tokens = &pump->tree.tokens;
    return tokens->n == 0 || token_is_on_new_line(tokens->at[tokens->n - 1], token);
}

void pump_open(struct pump *pump, const struct token *brace)
{
    bool has_words = CaddyfileFits(pump->grammar, TOKEN_LBRACE);
    hand_over(pump, has_words ? TOKEN_LBRACE : TOKEN_NAMELESS_LBRACE, brace);
    vec_push(pump->arena, &pump->open, brace);
}

void pump_close(struct pump *pump, const struct token *brace)
{
    if (pump->open.n == 0)
        return; /* nothing is open: the mistake was reported where it is */
    pump_end_line(pump);
    hand_over(pump, TOKEN_RBRACE, brace);
    pump->open.n--;
}

void pump_report_open(struct pump *pump, const struct token *last)
{
    size_t n = pump->open.n;
    struct diag *diag = diag_token(pump->diags, DIAG_UNCLOSED_BLOCK, pump->open.at[n - 1],
                                   "this '{' is never closed");
    for (size_t i = n - 1; i-- > 0;)
        diag_label(pump->diags, diag, pump->open.at[i]->span, "nor is this one around it");
    if (last && last != pump->open.at[n - 1])
        diag_label(pump->diags, diag, last->span, "nothing follows this");
}

void pump_close_rest(struct pump *pump, size_t n_open)
{
    while (pump->open.n > n_open)
        pump_close(pump, NULL);
}

struct node *pump_finish(struct pump *pump)
{
    struct lexeme end = {NULL, (uint32_t)pump->tree.tokens.n};
    Caddyfile(pump->grammar, 0, end, &pump->tree);
    CaddyfileFree(pump->grammar, free);
    pump->grammar = NULL;
    tree_finish(&pump->tree);
    return pump->tree.file;
}
