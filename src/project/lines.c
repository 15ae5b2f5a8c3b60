/* Reads files of settings and descriptions with the options engine. */
#include "project/lines.h"

#include "adapt/adapter.h"
#include "base/suggest.h"
#include "syntax/parser.h"

static void unknown_line(const struct lines_context *context, const struct token *name,
                         const struct option *rows)
{
    struct suggestion suggestion = suggest_for(name->text);
    for (const struct option *row = rows; row->name; row++)
        suggest_try(&suggestion, str_from(row->name));
    struct diag *diag =
        diag_token(context->diags, DIAG_INVALID_OPTION, name, "there is no %s '" STR_FMT "'",
                   context->what, STR_ARG(name->text));
    if (suggestion.best.len)
        diag_help(context->diags, diag, name->span, suggestion.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
}

bool lines_read(const struct lines_context *context, const struct source *source,
                const struct option *rows, void *state)
{
    uint32_t errors_before = context->diags->n_errors;
    const struct node *file = parse_lines(context->arena, context->sources, context->diags, source);
    struct adapter adapter = {.arena = context->arena, .diags = context->diags};
    for (const struct node *line = file->body; line; line = line->next) {
        if (line->n_tokens == 0)
            continue;
        struct cursor in =
            cursor_over(context->arena, context->diags, line->tokens, line->n_tokens);
        struct scope scope = {
            .adapter = &adapter, .arena = context->arena, .diags = context->diags, .in = &in};
        cursor_next(&in);
        const struct option *row = option_find(rows, cursor_val(&in));
        if (row)
            option_apply(&scope, &in, row, NULL, state);
        else
            unknown_line(context, cursor_token(&in), rows);
    }
    return context->diags->n_errors == errors_before;
}
