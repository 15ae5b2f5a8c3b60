/* All rules, as one list of the tables in this folder. */
#include "base/suggest.h"
#include "lint/rule.h"

static const struct lint_rule *const tables[] = {
    tool_rules,   syntax_rules,   json_rules,       address_rules, upstream_rules, tls_rules,
    route_rules,  header_rules,   security_rules,   deprecated_rules, version_rules, change_rules, style_rules, native_rules,
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

/* Its id, the beginning of its id, or its name. */
static bool is_called(const struct diag_code_info *info, struct str name)
{
    struct str id = str_from(info->id);
    return str_eq_nocase(str_from(info->name), name) ||
           (name.len > 2 && name.len <= id.len && str_eq_nocase(str_slice(id, 0, name.len), name));
}

static bool is_rule(struct suggestion *suggestion, const struct diag_code_info *info)
{
    suggest_try(suggestion, str_from(info->name)); /* of ids too many are alike */
    return is_called(info, suggestion->wanted);
}

bool lint_rule_exists(struct str name, struct str *nearest)
{
    struct suggestion suggestion = suggest_for(name);
    const struct lint_rule *rule;
    bool is_there = false;
    for (size_t i = 0; !is_there && (rule = lint_rule_at(i)); i++)
        is_there = is_rule(&suggestion, lint_rule_info(rule));
    for (int code = DIAG_NONE + 1; !is_there && code < N_DIAG_CODES; code++)
        is_there = is_rule(&suggestion, diag_code_info((enum diag_code)code));
    *nearest = suggestion.best;
    return is_there;
}
