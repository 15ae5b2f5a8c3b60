/* The language that describes plugins: the statements `plugin`, `directive`, `module` and the like.
 */
#include "adapt/adapter.h"
#include "directives/option_takes.h"
#include "plugins/describe.h"
#include "project/lines.h"

/* What one `plugin` gathers. */
struct plugin_state {
    struct descriptions *descriptions;
    struct plugin *plugin;
    const struct token *name;
};

static const char *const entry_names[N_ENTRY_KINDS] = {
    [ENTRY_DIRECTIVE] = "directive",
    [ENTRY_MATCHER] = "matcher",
    [ENTRY_GLOBAL] = "global_option",
    [ENTRY_MODULE] = "module",
};

static bool is_standard(const struct descriptions *descriptions, enum entry_kind kind,
                        struct str name)
{
    const struct vocabulary *standard = descriptions->standard;
    const struct module_space *const *space = standard->modules;
    switch (kind) {
    case ENTRY_DIRECTIVE:
        return vocabulary_directive(standard, name) != NULL;
    case ENTRY_MATCHER:
        return vocabulary_matcher(standard, name) != NULL;
    case ENTRY_GLOBAL:
        return vocabulary_global(standard, name) != NULL;
    case ENTRY_MODULE:
        for (; space && *space; space++) {
            struct str prefix = str_printf(descriptions->arena, "%s.", (*space)->name);
            if (str_has_prefix(name, prefix) &&
                option_find((*space)->modules, str_slice(name, prefix.len, name.len)))
                return true;
        }
        break;
    case ENTRY_NONE:
    case N_ENTRY_KINDS:
        break;
    }
    return false;
}

/* False where the entry is not to be kept; with a report, unless it only gives way. */
static bool claim_name(struct descriptions *descriptions, struct cursor *in, enum entry_kind kind,
                       const struct token *name)
{
    if (is_standard(descriptions, kind, name->text))
        return cursor_error_at(in, DIAG_DUPLICATE, name,
                               "Caddy itself has a %s '" STR_FMT "'; a plugin cannot bring another",
                               entry_names[kind], STR_ARG(name->text));
    struct str key =
        str_printf(descriptions->arena, "%s " STR_FMT, entry_names[kind], STR_ARG(name->text));
    const struct token *first = map_get(&descriptions->names, key);
    if (!first) {
        map_put(&descriptions->names, key, (void *)name);
        return true;
    }
    if (descriptions->is_builtin)
        return false;
    struct diag *diag =
        diag_token(in->diags, DIAG_DUPLICATE, name, "%s '" STR_FMT "' is described twice",
                   entry_names[kind], STR_ARG(name->text));
    diag_label(in->diags, diag, first->span, "first described here");
    return false;
}

static enum entry_kind kind_of(const struct option *row)
{
    for (int kind = 1; kind < N_ENTRY_KINDS; kind++)
        if (strcmp(entry_names[kind], row->name) == 0)
            return (enum entry_kind)kind;
    return ENTRY_NONE;
}

/* Cuts `dns.providers.cloudflare` at the last dot. */
static bool split_module(struct cursor *in, const struct token *name, struct entry *entry)
{
    ptrdiff_t dot = str_last_index(name->text, '.');
    if (dot <= 0 || (size_t)dot + 1 == name->text.len)
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, name,
                               "'" STR_FMT "' is no module: write its whole name, such as "
                               "dns.providers.cloudflare",
                               STR_ARG(name->text));
    entry->namespace = str_dup(in->arena, str_slice(name->text, 0, (size_t)dot)).ptr;
    entry->json_name =
        str_dup(in->arena, str_slice(name->text, (size_t)dot + 1, name->text.len)).ptr;
    return true;
}

static bool plugin_entry(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    struct plugin_state *plugin = state;
    struct descriptions *descriptions = plugin->descriptions;
    struct entry entry = {.kind = kind_of(row)};
    const struct token *name = statement_word(in, row);
    if (!name)
        return false;
    if (name->text.len == 0)
        return take_arity_error(in, row);
    struct building building = building_of(descriptions, name);
    building.entry = &entry;
    building.shape->plugin = plugin->plugin;
    entry.shape = building.shape;
    entry.json_name = building.shape->name;
    if (entry.kind == ENTRY_MODULE && !split_module(in, name, &entry))
        return false;
    if (!options_parse(scope, in, row->block, object, &building) || !building_finish(&building, in))
        return false;
    uint32_t errors_before = descriptions->diags->n_errors;
    if (claim_name(descriptions, in, entry.kind, name))
        vec_push(scope->arena, &descriptions->entries, entry);
    return descriptions->diags->n_errors == errors_before;
}

static bool namespace_key(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)scope, (void)object;
    struct namespace *namespace = state;
    return statement_text(in, row, &namespace->key);
}

static bool namespace_doc(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)scope, (void)object;
    struct namespace *namespace = state;
    return statement_text(in, row, &namespace->doc);
}

static const struct option namespace_statements[] = {
    {.name = "key",
     .doc = "the JSON key that the module's name goes under",
     .arguments = "<key>",
     .min_args = 1,
     .max_args = 1,
     .parse = namespace_key},
    {.name = "doc",
     .doc = "one line that says what such modules are",
     .arguments = "<text>",
     .min_args = 1,
     .max_args = 1,
     .parse = namespace_doc},
    {0},
};

static bool plugin_namespace(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *object, void *state)
{
    struct plugin_state *plugin = state;
    struct namespace namespace = {.token = statement_word(in, row)};
    if (!namespace.token)
        return false;
    namespace.name = str_dup(scope->arena, namespace.token->text).ptr;
    if (!options_parse(scope, in, row->block, object, &namespace))
        return false;
    if (!namespace.key)
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, namespace.token,
                               "the name space '" STR_FMT "' needs a 'key'",
                               STR_ARG(namespace.token->text));
    vec_push(scope->arena, &plugin->descriptions->namespaces, namespace);
    return true;
}

static bool plugin_package(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)scope, (void)object;
    struct plugin_state *plugin = state;
    return statement_text(in, row, &plugin->plugin->package);
}

static bool plugin_doc(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)scope, (void)object, (void)state;
    return statement_word(in, row) != NULL;
}

static const struct option plugin_statements[] = {
    {.name = "package",
     .doc = "the Go package that Caddy is built with to have the plugin",
     .arguments = "<path>",
     .min_args = 1,
     .max_args = 1,
     .parse = plugin_package},
    {.name = "doc",
     .doc = "one line that says what it is for",
     .arguments = "<text>",
     .min_args = 1,
     .max_args = 1,
     .parse = plugin_doc},
    {.name = "directive",
     .doc = "a directive that handles requests",
     .arguments = "<name>",
     .min_args = 1,
     .max_args = 1,
     .block = directive_statements,
     .parse = plugin_entry},
    {.name = "matcher",
     .doc = "a request matcher",
     .arguments = "<name>",
     .min_args = 1,
     .max_args = 1,
     .block = plain_statements,
     .parse = plugin_entry},
    {.name = "global_option",
     .doc = "an option of the first block, which configures an app",
     .arguments = "<name>",
     .min_args = 1,
     .max_args = 1,
     .block = global_statements,
     .parse = plugin_entry},
    {.name = "module",
     .doc = "a module that options choose by name",
     .arguments = "<namespace.name>",
     .min_args = 1,
     .max_args = 1,
     .block = plain_statements,
     .parse = plugin_entry},
    {.name = "namespace",
     .doc = "a kind of modules that the plugin brings",
     .arguments = "<name>",
     .min_args = 1,
     .max_args = 1,
     .block = namespace_statements,
     .parse = plugin_namespace},
    {0},
};

static bool file_plugin(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    struct descriptions *descriptions = state;
    struct plugin_state plugin = {.descriptions = descriptions, .name = statement_word(in, row)};
    if (!plugin.name)
        return false;
    vec_push(scope->arena, &descriptions->seen, str_dup(scope->arena, plugin.name->text).ptr);
    if (descriptions->wanted && !map_find(descriptions->wanted, plugin.name->text))
        return true;
    plugin.plugin = arena_new(scope->arena, struct plugin);
    plugin.plugin->name = str_dup(scope->arena, plugin.name->text).ptr;
    plugin.plugin->is_declared = descriptions->is_declared;
    vec_push(scope->arena, &descriptions->plugins, plugin.plugin);
    return options_parse(scope, in, row->block, object, &plugin);
}

static const struct option file_statements[] = {
    {.name = "plugin",
     .doc = "a plugin and what it brings",
     .arguments = "<name>",
     .min_args = 1,
     .max_args = 1,
     .block = plugin_statements,
     .parse = file_plugin},
    {0},
};

bool description_read(struct descriptions *descriptions, struct cursor *in)
{
    struct adapter adapter = {.arena = descriptions->arena, .diags = descriptions->diags};
    struct scope scope = {
        .adapter = &adapter, .arena = descriptions->arena, .diags = descriptions->diags, .in = in};
    return file_plugin(&scope, in, &file_statements[0], NULL, descriptions);
}

void descriptions_read(struct descriptions *descriptions, const struct source *source)
{
    lines_read(&(struct lines_context){.arena = descriptions->arena,
                                       .sources = descriptions->sources,
                                       .diags = descriptions->diags,
                                       .what = "statement"},
               source, file_statements, descriptions);
}
