/* Settings: from flags, from the project, and the command that tells where each comes from. */
#include "cli/settings.h"

#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/parse.h"

static const char *const names[N_PROJECT_SETTINGS] = {
#define X(setting, name, arguments, words, doc) [PROJECT_##setting] = name,
    PROJECT_VALUES(X)
#undef X
};

/* The field of struct invocation that each setting of one word has, and what holds where nobody says
 * anything. */
static const struct {
    size_t offset;
    const char *otherwise;
} given[N_PROJECT_SETTINGS] = {
    [PROJECT_TARGET] = {offsetof(struct invocation, target), "newest"},
    [PROJECT_ENVIRONMENT] = {offsetof(struct invocation, environment), NULL},
    [PROJECT_PROFILE] = {offsetof(struct invocation, profile), "recommended"},
    [PROJECT_FAIL_ON] = {offsetof(struct invocation, fail_on), "warning"},
    [PROJECT_MAX_FINDINGS] = {offsetof(struct invocation, max_findings), "100"},
    [PROJECT_BASELINE] = {offsetof(struct invocation, baseline), NULL},
};

const char *setting_name(enum project_setting setting)
{
    return names[setting];
}

struct setting_value setting_value(const struct invocation *invocation,
                                   const struct project *project, enum project_setting setting)
{
    const char *flag = *(const char *const *)((const char *)invocation + given[setting].offset);
    const struct token *token = project->values[setting];
    if (flag)
        return (struct setting_value){str_from(flag), SETTING_FLAG, NULL};
    if (token)
        return (struct setting_value){token->text, SETTING_PROJECT, token};
    const char *otherwise = given[setting].otherwise;
    return (struct setting_value){otherwise ? str_from(otherwise) : (struct str){0},
                                  SETTING_DEFAULT, NULL};
}

static bool no_such_rule(const struct invocation *invocation, struct str rule, struct str nearest)
{
    fprintf(stderr, "dialtone %s: there is no rule '" STR_FMT "'", invocation->command->name,
            STR_ARG(rule));
    if (nearest.len)
        fprintf(stderr, ", did you mean '" STR_FMT "'?", STR_ARG(nearest));
    fputs("\n(`dialtone rules` lists them)\n", stderr);
    return false;
}

/* "DT404=error,DT9=off" into the settings; false after a message. */
static bool rules_read(struct arena *arena, const struct invocation *invocation,
                       struct lint_settings *settings)
{
    struct str left = str_from(invocation->rules), item, rule, name, nearest;
    settings->severities = map_in(arena);
    while (left.len) {
        enum severity severity;
        str_cut(left, STR(","), &item, &left);
        if (!str_cut(item, STR("="), &rule, &name) || !rule.len ||
            !lint_severity_named(name, &severity)) {
            fprintf(stderr,
                    "dialtone %s: --rules takes RULE=off|info|warning|error, not '" STR_FMT "'\n",
                    invocation->command->name, STR_ARG(item));
            return false;
        }
        if (!lint_severity_put(&settings->severities, rule, severity, &nearest))
            return no_such_rule(invocation, rule, nearest);
    }
    return true;
}

static bool variables_read(struct arena *arena, const struct invocation *invocation,
                           struct lint_settings *settings)
{
    settings->variables = map_in(arena);
    settings->has_variables = invocation->variables.n > 0;
    for (size_t i = 0; i < invocation->variables.n; i++) {
        struct str left = str_from(invocation->variables.at[i]), name;
        if (lint_environment_named(left)) {
            fprintf(stderr,
                    "dialtone %s: --env names variables; where files run is --environment " STR_FMT
                    "\n",
                    invocation->command->name, STR_ARG(left));
            return false;
        }
        while (left.len) {
            str_cut(left, STR(","), &name, &left);
            map_put(&settings->variables, name, settings);
        }
    }
    return true;
}

bool settings_read(struct arena *arena, const struct invocation *invocation,
                   struct lint_settings *settings)
{
    *settings = (struct lint_settings){.ignores_comments = invocation->no_ignore};
    if (invocation->profile)
        settings->profile = lint_profile_named(str_from(invocation->profile));
    if (invocation->environment)
        settings->environment = lint_environment_named(str_from(invocation->environment));
    if (invocation->target &&
        !lint_version_read(str_from(invocation->target), &settings->target)) {
        fprintf(stderr, "dialtone %s: --target takes a version such as 2.11 or 2.7.6, not '%s'\n",
                invocation->command->name, invocation->target);
        return false;
    }
    settings->only_versions = invocation->from != NULL;
    if (invocation->from && !lint_version_read(str_from(invocation->from), &settings->from)) {
        fprintf(stderr, "dialtone %s: '%s' is not a version such as 2.11 or 2.7.6\n",
                invocation->command->name, invocation->from);
        return false;
    }
    const char *count = invocation->max_findings;
    if (count && (!*count || count[strspn(count, "0123456789")] || strlen(count) > 9)) {
        fprintf(stderr, "dialtone %s: --max-findings takes a number, not '%s'\n",
                invocation->command->name, count);
        return false;
    }
    return variables_read(arena, invocation, settings) &&
           (!invocation->rules || rules_read(arena, invocation, settings));
}

static void add_policies(struct strbuf *text, const char *setting, const struct words *policies)
{
    for (size_t i = 0; i < policies->n; i++)
        strbuf_printf(text, "%s %s\n", setting, policies->at[i]);
}

enum exit_status settings_complete(struct lint_settings *settings, struct pipeline *pipeline,
                                   const struct invocation *invocation)
{
    struct strbuf text = strbuf_in(&pipeline->arena);
    add_policies(&text, "forbid", &invocation->forbids);
    add_policies(&text, "require", &invocation->requires);
    if (text.len) {
        const struct source *source =
            source_add(&pipeline->sources, STR("command line"), strbuf_str(&text));
        if (!source || !project_read(&pipeline->project, &pipeline->sources, &pipeline->diags, source))
            return STATUS_USAGE;
    }
    return lint_settings_add(settings, pipeline) ? STATUS_FINE : STATUS_FINDINGS;
}

bool settings_fail(const struct pipeline *pipeline, const struct invocation *invocation)
{
    const struct diags *diags = &pipeline->diags;
    struct str fail_on = setting_value(invocation, &pipeline->project, PROJECT_FAIL_ON).text;
    switch (fail_on.ptr[0]) {
    case 'e':
        return diags->n_errors > 0;
    case 'w':
        return diags->n_errors + diags->n_warnings > 0;
    case 'i':
        return diags->n_errors + diags->n_warnings + diags->n_infos > 0;
    }
    return false;
}

uint32_t settings_shown(const struct pipeline *pipeline, const struct invocation *invocation)
{
    struct str text = setting_value(invocation, &pipeline->project, PROJECT_MAX_FINDINGS).text;
    int64_t count = 0; /* both the flag and the project's line were read as numbers before */
    parse_go_int(text, &count);
    return (uint32_t)count;
}
