/* Reads files of settings and descriptions with the options engine. */
#include "plugins/lines.h"

#include "adapt/adapter.h"
#include "syntax/parser.h"

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
            option_unknown(&scope, &in, rows, NULL);
    }
    return context->diags->n_errors == errors_before;
}
