/* The linter's settings by their names, and what a project adds to them. */
#include "base/arena.h"
#include "directives/vocabulary.h"
#include "lint/lint_private.h"

static const char *const profiles[] = {
    [PROFILE_COMPAT] = "caddy-compat",
    [PROFILE_RECOMMENDED] = "recommended",
    [PROFILE_PRODUCTION] = "production",
    [PROFILE_STRICT] = "strict",
};

static const char *const environments[] = {
    [ENVIRONMENT_HOST] = "host",
    [ENVIRONMENT_CONTAINER] = "container",
    [ENVIRONMENT_DEV] = "dev",
};

static const char *const severities[] = {
    [SEVERITY_NONE] = "off",
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_ERROR] = "error",
};

/* The place of the name in the list, or <n>. */
static size_t place_in(const char *const *names, size_t n, struct str name)
{
    size_t i = 0;
    while (i < n && !(names[i] && str_is(name, names[i])))
        i++;
    return i;
}

#define PLACE_IN(names, name) place_in(names, sizeof(names) / sizeof(names[0]), name)

enum lint_profile lint_profile_named(struct str name)
{
    size_t place = PLACE_IN(profiles, name);
    return place > PROFILE_STRICT ? PROFILE_DEFAULT : (enum lint_profile)place;
}

enum lint_environment lint_environment_named(struct str name)
{
    size_t place = PLACE_IN(environments, name);
    return place > ENVIRONMENT_DEV ? ENVIRONMENT_NONE : (enum lint_environment)place;
}

bool lint_severity_named(struct str name, enum severity *severity)
{
    *severity = (enum severity)PLACE_IN(severities, name);
    return *severity <= SEVERITY_ERROR;
}

bool lint_severity_put(struct map *map, struct str rule, enum severity severity,
                       struct str *nearest)
{
    if (!lint_rule_exists(rule, nearest))
        return false;
    struct str capitals = str_upper(map->arena, rule);
    struct lint_severity *set = arena_new(map->arena, struct lint_severity);
    set->severity = severity;
    map_put(map, str_has_prefix(capitals, STR("DT")) ? capitals : str_lower(map->arena, rule), set);
    return true;
}

static bool add_rule(struct lint_settings *settings, const struct project_rule *row,
                     struct diags *diags)
{
    struct str nearest, rule = row->rule->text;
    enum severity severity;
    lint_severity_named(row->severity->text, &severity);
    if (lint_severity_put(&settings->project_severities, rule, severity, &nearest))
        return true;
    struct diag *diag = diag_token(diags, DIAG_UNRESOLVED_REFERENCE, row->rule,
                                   "there is no rule '" STR_FMT "'", STR_ARG(rule));
    if (nearest.len)
        diag_help(diags, diag, row->rule->span, nearest, "did you mean '" STR_FMT "'?",
                  STR_ARG(nearest));
    else
        diag_note(diags, diag,
                  "rules are named by id (DT404), family (DT4) or name; `dialtone rules` lists them");
    return false;
}

static bool add_target(struct lint_settings *settings, const struct token *word,
                       struct diags *diags)
{
    struct lint_version version;
    if (!lint_version_read(word->text, &version)) {
        diag_token(diags, DIAG_BAD_VALUE, word,
                   "'" STR_FMT "' is not a version of Caddy, such as 2.11 or 2.7.6",
                   STR_ARG(word->text));
        return false;
    }
    if (!settings->target.major)
        settings->target = version;
    return true;
}

bool lint_settings_add(struct lint_settings *settings, struct pipeline *pipeline)
{
    const struct project *project = &pipeline->project;
    struct arena *arena = &pipeline->arena;
    struct diags *diags = &pipeline->diags;
    const struct token *const *values = project->values;
    bool ok = true;
    if (!settings->profile && values[PROJECT_PROFILE])
        settings->profile = lint_profile_named(values[PROJECT_PROFILE]->text);
    if (!settings->environment && values[PROJECT_ENVIRONMENT])
        settings->environment = lint_environment_named(values[PROJECT_ENVIRONMENT]->text);
    if (values[PROJECT_TARGET])
        ok = add_target(settings, values[PROJECT_TARGET], diags);
    settings->project_severities = map_in(arena);
    for (size_t i = 0; i < project->rules.n; i++)
        ok = add_rule(settings, &project->rules.at[i], diags) && ok;
    if (!settings->has_variables && project->variables.n) {
        settings->has_variables = true;
        settings->variables = map_in(arena);
        for (size_t i = 0; i < project->variables.n; i++)
            map_put(&settings->variables, project->variables.at[i]->text, settings);
    }
    settings->policies = project->policies.at;
    settings->n_policies = project->policies.n;
    /* without the names of its plugins much would seem to be unknown */
    bool lacks_names = pipeline->vocabulary == caddy_vocabulary() &&
                       (project->plugins.n || project->plugin_files.n || project->described.n);
    return (lacks_names || lint_policies_check(pipeline)) && ok;
}
