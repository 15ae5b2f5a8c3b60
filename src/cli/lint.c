/* explain, rules: the pages of the linter's rules, and the list of them. */
#include <stdio.h>

#include "base/suggest.h"
#include "cli/cli.h"
#include "lint/lint.h"
#include "lint/rule.h"

static enum exit_status unknown_rule(const char *name)
{
    struct suggestion suggestion = suggest_for(str_from(name));
    const struct lint_rule *rule;
    for (size_t i = 0; (rule = lint_rule_at(i)); i++) {
        suggest_try(&suggestion, str_from(lint_rule_info(rule)->id));
        suggest_try(&suggestion, str_from(lint_rule_info(rule)->name));
    }
    fprintf(stderr, "dialtone explain: no rule '%s'", name);
    if (suggestion.best.len)
        fprintf(stderr, ", did you mean '" STR_FMT "'?", STR_ARG(suggestion.best));
    fputs("\n(`dialtone rules` lists them)\n", stderr);
    return STATUS_USAGE;
}

enum exit_status command_explain(struct invocation *invocation)
{
    if (invocation->n_files == 0) {
        fputs("dialtone explain: which rule? (`dialtone rules` lists them)\n", stderr);
        return STATUS_USAGE;
    }
    struct arena arena = ARENA_INIT;
    struct strbuf text = strbuf_in(&arena);
    enum exit_status status = STATUS_FINE;
    for (size_t i = 0; i < invocation->n_files && status == STATUS_FINE; i++) {
        const struct lint_rule *rule = lint_rule_find(str_from(invocation->files[i]));
        if (!rule) {
            status = unknown_rule(invocation->files[i]);
            break;
        }
        if (i)
            strbuf_add_char(&text, '\n');
        lint_explain(rule, &text);
    }
    if (status == STATUS_FINE && !write_output(NULL, strbuf_str(&text)))
        status = STATUS_TROUBLE;
    arena_free(&arena);
    return status;
}

enum exit_status command_rules(struct invocation *invocation)
{
    static const char *const severities[] = {"off", "info", "warning", "error"};
    if (invocation->n_files) {
        fputs("dialtone rules: takes no file (`dialtone explain ID` tells of one rule)\n", stderr);
        return STATUS_USAGE;
    }
    struct arena arena = ARENA_INIT;
    struct strbuf text = strbuf_in(&arena);
    const struct lint_rule *rule;
    if (invocation->json) {
        lint_rules_json(&arena, &text);
    } else {
        for (size_t i = 0; (rule = lint_rule_at(i)); i++) {
            const struct diag_code_info *info = lint_rule_info(rule);
            strbuf_printf(&text, "%-6s  %-7s  %-32s  %s\n", info->id, severities[info->severity],
                          info->name, info->doc);
        }
    }
    bool written = write_output(NULL, strbuf_str(&text));
    arena_free(&arena);
    return written ? STATUS_FINE : STATUS_TROUBLE;
}
