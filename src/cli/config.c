/* config: prints the settings that hold for a file, and where each comes from. */
#include <stdio.h>

#include "base/arena.h"
#include "cli/settings.h"
#include "json/document.h"

/* What is printed, one row a setting; lists have a row for each element. */
struct config {
    struct pipeline *pipeline;
    const struct invocation *invocation;
    struct strbuf *out;
    json_t *rows; /* NULL: for people */
};

/* ".dialtone:3", "--target" or "default" */
static struct str place_text(const struct config *config, enum setting_origin origin,
                             const struct token *token, const char *flag)
{
    struct arena *arena = &config->pipeline->arena;
    if (origin == SETTING_FLAG)
        return str_printf(arena, "--%s", flag);
    if (origin == SETTING_DEFAULT)
        return STR("default");
    struct position position = source_position(&config->pipeline->sources, token->span.begin);
    return str_printf(arena, STR_FMT ":%u", STR_ARG(shown_path(arena, position.path)),
                      position.line);
}

static void add_row(const struct config *config, const char *name, struct str value,
                    enum setting_origin origin, const struct token *token, const char *flag)
{
    static const char *const origins[] = {"default", "project", "flag"};
    struct document *document = &config->pipeline->document;
    if (!config->rows) {
        strbuf_printf(config->out, "%-13s %-30s  " STR_FMT "\n", name,
                      value.ptr ? str_printf(&config->pipeline->arena, STR_FMT, STR_ARG(value)).ptr
                                : "-",
                      STR_ARG(place_text(config, origin, token, flag)));
        return;
    }
    json_t *row = document_object(document, NULL);
    document_set(document, row, "name", document_text(document, name, NULL));
    if (value.ptr)
        document_set(document, row, "value", document_string(document, value, NULL));
    document_set(document, row, "from", document_text(document, origins[origin], NULL));
    if (token) {
        struct position position = source_position(&config->pipeline->sources, token->span.begin);
        document_set(document, row, "file", document_string(document, position.path, NULL));
        document_set(document, row, "line", document_integer(document, position.line, NULL));
    }
    document_add(document, config->rows, row);
}

static void add_words(const struct config *config, const char *name, const struct words *words,
                      const char *flag)
{
    for (size_t i = 0; i < words->n; i++)
        add_row(config, name, str_from(words->at[i]), SETTING_FLAG, NULL, flag);
}

static void add_tokens(const struct config *config, const char *name,
                       const struct token *const *tokens, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_row(config, name, tokens[i]->text, SETTING_PROJECT, tokens[i], NULL);
}

static void add_rules(const struct config *config)
{
    struct arena *arena = &config->pipeline->arena;
    const struct project *project = &config->pipeline->project;
    struct str left = str_from(config->invocation->rules), item, rule, severity;
    while (left.len) {
        str_cut(left, STR(","), &item, &left);
        str_cut(item, STR("="), &rule, &severity);
        add_row(config, "rule",
                str_printf(arena, STR_FMT " " STR_FMT, STR_ARG(rule), STR_ARG(severity)),
                SETTING_FLAG, NULL, "rules");
    }
    for (size_t i = 0; i < project->rules.n; i++) {
        const struct project_rule *row = &project->rules.at[i];
        add_row(config, "rule",
                str_printf(arena, STR_FMT " " STR_FMT, STR_ARG(row->rule->text),
                           STR_ARG(row->severity->text)),
                SETTING_PROJECT, row->rule, NULL);
    }
}

/* Those of the command line were read into the project as well: their place tells. */
static void add_policies(const struct config *config)
{
    const struct project *project = &config->pipeline->project;
    for (size_t i = 0; i < project->policies.n; i++) {
        const struct policy *policy = &project->policies.at[i];
        const char *name = policy->kind == POLICY_FORBID ? "forbid" : "require";
        struct strbuf text = strbuf_in(&config->pipeline->arena);
        for (size_t k = 0; k < policy->words.n; k++)
            strbuf_printf(&text, "%s" STR_FMT, k ? " " : "", STR_ARG(policy->words.at[k]->text));
        const struct token *first = policy->words.at[0];
        bool is_of_project = project->source &&
                             source_of(&config->pipeline->sources, first->span) == project->source;
        add_row(config, name, strbuf_str(&text), is_of_project ? SETTING_PROJECT : SETTING_FLAG,
                is_of_project ? first : NULL, name);
    }
}

static void add_all(const struct config *config)
{
    const struct invocation *invocation = config->invocation;
    const struct project *project = &config->pipeline->project;
    for (int i = 0; i < N_PROJECT_SETTINGS; i++) {
        const char *name = setting_name((enum project_setting)i);
        struct setting_value value = setting_value(invocation, project, (enum project_setting)i);
        add_row(config, name, value.text, value.origin, value.token, name);
    }
    add_rules(config);
    add_words(config, "env", &invocation->variables, "env");
    if (invocation->variables.n == 0)
        add_tokens(config, "env", project->variables.at, project->variables.n);
    add_words(config, "exclude", &invocation->excludes, "exclude");
    add_tokens(config, "exclude", project->excludes.at, project->excludes.n);
    add_policies(config);
    add_words(config, "plugins", &invocation->plugins, "plugins");
    add_tokens(config, "plugins", project->plugin_files.at, project->plugin_files.n);
    add_tokens(config, "plugin", project->plugins.at, project->plugins.n);
}

static bool print_config(struct pipeline *pipeline, const struct invocation *invocation)
{
    struct strbuf out = strbuf_in(&pipeline->arena);
    struct document *document = &pipeline->document;
    struct config config = {.pipeline = pipeline, .invocation = invocation, .out = &out};
    const struct source *source = pipeline->project.source;
    if (!invocation->json) {
        add_all(&config);
        return write_output(NULL, strbuf_str(&out));
    }
    json_t *root = document_object(document, NULL);
    config.rows = document_array(document, NULL);
    add_all(&config);
    if (source)
        document_set(document, root, "project", document_string(document, source->path, NULL));
    document_set(document, root, "settings", config.rows);
    document_write(root, true, &out);
    strbuf_add_char(&out, '\n');
    return write_output(NULL, strbuf_str(&out));
}

enum exit_status command_config(struct invocation *invocation)
{
    if (invocation->n_files > 1) {
        fputs("dialtone config: settings of one file at a time\n", stderr);
        return STATUS_USAGE;
    }
    struct pipeline pipeline;
    struct lint_settings settings;
    pipeline_init(&pipeline, NULL);
    enum exit_status status = STATUS_USAGE;
    if (settings_read(&pipeline.arena, invocation, &settings)) {
        struct str file = str_from(invocation->n_files ? invocation->files[0] : "Caddyfile");
        bool is_fine = invocation->no_project || pipeline_read_project(&pipeline, file);
        invocation->no_project = true; /* it is read by now */
        status = load_plugins(&pipeline, invocation, true);
        if (status == STATUS_FINE && !is_fine)
            status = STATUS_FINDINGS;
        enum exit_status settled = settings_complete(&settings, &pipeline, invocation);
        if (status == STATUS_FINE)
            status = settled;
        print_diagnostics(&pipeline, invocation, stderr);
        if (status == STATUS_FINE && !print_config(&pipeline, invocation))
            status = STATUS_TROUBLE;
    }
    pipeline_free(&pipeline);
    return status;
}
