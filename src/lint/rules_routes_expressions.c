/* Expressions that Caddy refuses when it starts (DT522). */
#include "cel/cel.h"
#include "json/document.h"
#include "lint/routes.h"
#include "syntax/token_part.h"

static void report(struct lint *lint, const json_t *value, const struct cel_expression *expression,
                   const struct cel_problem *problem)
{
    const struct token *token = document_origin(&lint->pipeline->document, NULL, NULL, value);
    struct span span = {0};
    if (token)
        span = token_part(lint->arena, &lint->pipeline->sources, token, expression->text,
                          problem->begin, problem->end);
    struct diag *diag =
        lint_report_at(lint, span, token ? token->via : NULL, "%s", problem->message);
    if (problem->hint)
        diag_help(lint_diags(lint), diag, span, (struct str){0}, "%s", problem->hint);
    diag_note(lint_diags(lint), diag, "Caddy adapts the file and does not start with it");
}

void check_expressions(struct lint *lint)
{
    const struct json_finds *finds = lint_json_finds(lint);
    for (size_t i = 0; finds && i < finds->expressions.n; i++) {
        const json_t *value = finds->expressions.at[i];
        const struct cel_expression *expression = cel_compile(lint->arena, json_str(value));
        for (size_t k = 0; k < expression->problems.n; k++)
            if (expression->problems.at[k].kind == CEL_WRONG)
                report(lint, value, expression, &expression->problems.at[k]);
    }
}
