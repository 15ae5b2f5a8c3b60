/* All rules, as one list of the tables in this folder. */
#include "base/str.h"
#include "lint/rule.h"

static const struct lint_rule *const tables[] = {
    tool_rules,   syntax_rules,   json_rules,       address_rules, upstream_rules, tls_rules,
    route_rules,  header_rules,   security_rules,   deprecated_rules, style_rules, native_rules,
};

enum { N_TABLES = sizeof(tables) / sizeof(tables[0]) };

static bool is_end(const struct lint_rule *rule)
{
    return !rule->info.id && !rule->code;
}

const struct lint_rule *lint_rule_at(size_t i)
{
    for (size_t t = 0; t < N_TABLES; t++)
        for (const struct lint_rule *rule = tables[t]; !is_end(rule); rule++)
            if (i-- == 0)
                return rule;
    return NULL;
}

const struct diag_code_info *lint_rule_info(const struct lint_rule *rule)
{
    return rule->code ? diag_code_info(rule->code) : &rule->info;
}

const struct lint_rule *lint_rule_find(struct str id)
{
    const struct lint_rule *rule;
    for (size_t i = 0; (rule = lint_rule_at(i)); i++) {
        const struct diag_code_info *info = lint_rule_info(rule);
        if (str_eq_nocase(str_from(info->id), id) || str_eq_nocase(str_from(info->name), id))
            return rule;
    }
    return NULL;
}
