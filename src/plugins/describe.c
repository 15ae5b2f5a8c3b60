/* The language that describes plugins: its statements as tables of options, read by the same engine
 * that reads Caddyfiles. */
#include "plugins/describe.h"

#include "adapt/adapter.h"
#include "base/suggest.h"
#include "directives/option_takes.h"
#include "plugins/constant.h"
#include "plugins/lines.h"

/* The one word of a statement; NULL after a diagnostic. */
static const struct token *statement_word(struct cursor *in, const struct option *row)
{
    struct token_list words = cursor_remaining(in);
    if (words.n == 1)
        return words.at[0];
    take_arity_error(in, row);
    return NULL;
}

static bool statement_text(struct cursor *in, const struct option *row, const char **text)
{
    const struct token *word = statement_word(in, row);
    if (!word)
        return false;
    *text = str_dup(in->arena, word->text).ptr;
    return true;
}

static bool shape_doc(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)scope, (void)object;
    struct building *building = state;
    return statement_text(in, row, &building->shape->doc);
}

static bool shape_arg(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)scope, (void)object;
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    return parameter_read(state, in, words, strcmp(row->name, "label") == 0);
}

static bool check_constant(struct scope *scope, struct cursor *in, const struct token *word)
{
    struct document document;
    document_init(&document, scope->arena);
    return constant_value(&document, word, word) ||
           cursor_error_at(in, DIAG_BAD_DESCRIPTION, word, "this is no JSON");
}

static bool alias_add(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)object;
    struct building *building = state;
    struct token_list words = cursor_remaining(in);
    struct place place = {0};
    if (words.n != 2 && (words.n != 4 || !token_is(words.at[2], "as")))
        return take_arity_error(in, row);
    if (words.n == 4 && !place_read(building, in, words.at[3], &place))
        return false;
    if (!check_constant(scope, in, words.at[1]))
        return false;
    if (building->parameters.n == 0)
        return cursor_error(in, DIAG_BAD_DESCRIPTION,
                            "'word' stands below the argument that it is a word for");
    struct parameter *last = &building->parameters.at[building->parameters.n - 1];
    struct alias *more = arena_array(scope->arena, struct alias, last->n_aliases + 1);
    if (last->n_aliases)
        memcpy(more, last->aliases, last->n_aliases * sizeof(*more));
    more[last->n_aliases++] = 
        (struct alias){.word = words.at[0], .value = words.at[1], .place = place};
    last->aliases = more;
    return true;
}

static bool default_set(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)object;
    struct building *building = state;
    const struct token *word = statement_word(in, row);
    if (!word || !check_constant(scope, in, word))
        return false;
    struct parameter *last =
        building->parameters.n ? &building->parameters.at[building->parameters.n - 1] : NULL;
    if (!last || !last->is_optional)
        return cursor_error(in, DIAG_BAD_DESCRIPTION,
                            "'default' stands below the optional argument that it is for");
    last->fallback = word;
    return true;
}

static bool shape_set(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)object;
    struct building *building = state;
    struct token_list words = cursor_remaining(in);
    struct constant constant = {0};
    if (words.n != 2)
        return take_arity_error(in, row);
    constant.value = words.at[1];
    if (!place_read(building, in, words.at[0], &constant.place) ||
        !check_constant(scope, in, words.at[1]))
        return false;
    key_note(building, &constant.place);
    vec_push(scope->arena, &building->constants, constant);
    return true;
}

static bool shape_into(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)scope, (void)object;
    struct building *building = state;
    const struct token *word = statement_word(in, row);
    return word &&
           place_read(building, in, word, &building->shape->into);
}

static bool shape_name(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)scope, (void)object;
    struct building *building = state;
    const struct token *word = statement_word(in, row);
    if (!word || !place_read(building, in, word, &building->shape->name_place))
        return false;
    key_note(building, &building->shape->name_place);
    return true;
}

static bool shape_require(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)object;
    struct building *building = state;
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    for (size_t i = 0; i < words.n; i++)
        vec_push(scope->arena, &building->required, words.at[i]);
    return true;
}

static bool shape_block(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)scope, (void)object;
    struct building *building = state;
    const struct token *word = statement_word(in, row);
    if (!word)
        return false;
    if (!token_is(word, "any"))
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, word,
                               "the only block without options is 'any'");
    building->shape->takes_any_block = building->shape->is_undescribed = true;
    return true;
}

static bool shape_json(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)scope, (void)object;
    struct building *building = state;
    const struct token *word = statement_word(in, row);
    if (!word)
        return false;
    if (!token_is(word, "unknown"))
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, word, "json can only be 'unknown'");
    building->shape->is_undescribed = true;
    return true;
}

static bool shape_inline(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)scope, (void)object;
    struct building *building = state;
    building->shape->reads_inline = true;
    return !cursor_next_arg(in) || take_arity_error(in, row);
}

static bool shape_sub(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state);

#define SHAPE_STATEMENTS                                                                           \
    {.name = "doc",                                                                                \
     .doc = "one line that says what it is for",                                                   \
     .arguments = "<text>",                                                                        \
     .min_args = 1,                                                                                \
     .max_args = 1,                                                                                \
     .parse = shape_doc},                                                                          \
        {.name = "arg",                                                                            \
         .doc = "an argument on the line",                                                         \
         .arguments = "<name> [<type> [as <place>] [keep] [once]]",                                \
         .min_args = 1,                                                                            \
         .max_args = -1,                                                                           \
         .parse = shape_arg},                                                                      \
        {.name = "label",                                                                          \
         .doc = "an argument that only names the place of others",                                 \
         .arguments = "<name> [<type>]",                                                           \
         .min_args = 1,                                                                            \
         .max_args = -1,                                                                           \
         .parse = shape_arg},                                                                      \
        {.name = "word",                                                                           \
         .doc = "a word that the argument above may be, and the value it stands for",              \
         .arguments = "<word> <value> [as <place>]",                                               \
         .min_args = 2,                                                                            \
         .max_args = 4,                                                                            \
         .parse = alias_add},                                                                      \
        {.name = "default",                                                                        \
         .doc = "the value of the optional argument above where there is none",                    \
         .arguments = "<value>",                                                                   \
         .min_args = 1,                                                                            \
         .max_args = 1,                                                                            \
         .parse = default_set},                                                                    \
        {.name = "set",                                                                            \
         .doc = "a value that is there whatever is written; what is written replaces it",          \
         .arguments = "<place> <value>",                                                           \
         .min_args = 2,                                                                            \
         .max_args = 2,                                                                            \
         .parse = shape_set},                                                                      \
        {.name = "name",                                                                           \
         .doc = "where the name of the line goes",                                                 \
         .arguments = "<place>",                                                                   \
         .min_args = 1,                                                                            \
         .max_args = 1,                                                                            \
         .parse = shape_name},                                                                     \
        {.name = "option",                                                                         \
         .doc = "a line that may stand in the block; * is any other name",                         \
         .arguments = "<name> [<type> [as <place>] [keep] [once]]",                                \
         .min_args = 1,                                                                            \
         .max_args = -1,                                                                           \
         .parse = shape_sub},                                                                      \
        {.name = "inline",                                                                         \
         .doc = "one of the options may stand on the line itself",                                 \
         .parse = shape_inline},                                                                   \
        {.name = "require",                                                                        \
         .doc = "keys that must have a value in the end",                                          \
         .arguments = "<key...>",                                                                  \
         .min_args = 1,                                                                            \
         .max_args = -1,                                                                           \
         .parse = shape_require},                                                                  \
        {.name = "block",                                                                          \
         .doc = "the block may hold anything, and its JSON is not described",                      \
         .arguments = "any",                                                                       \
         .min_args = 1,                                                                            \
         .max_args = 1,                                                                            \
         .values = "any",                                                                          \
         .parse = shape_block},                                                                    \
        {.name = "json",                                                                           \
         .doc = "what JSON it becomes is not described",                                           \
         .arguments = "unknown",                                                                   \
         .min_args = 1,                                                                            \
         .max_args = 1,                                                                            \
         .values = "unknown",                                                                      \
         .parse = shape_json}

static const struct option option_statements[] = {
    SHAPE_STATEMENTS,
    {.name = "into",
     .doc = "the object that its values go to",
     .arguments = "<place>",
     .min_args = 1,
     .max_args = 1,
     .parse = shape_into},
    {0},
};

static const struct option plain_statements[] = {SHAPE_STATEMENTS, {0}};

static bool directive_handler(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *object, void *state)
{
    (void)scope, (void)object;
    struct building *building = state;
    return statement_text(in, row, &building->entry->json_name);
}

static bool directive_order(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)scope, (void)object;
    static const char *const places[] = {"before", "after", "first", "last", NULL};
    struct entry *entry = ((struct building *)state)->entry;
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    if (!word_is_known(words.at[0], places))
        return word_refuse(in, words.at[0], places, "places");
    bool has_neighbour = token_is(words.at[0], "before") || token_is(words.at[0], "after");
    if (words.n != 1u + has_neighbour)
        return take_arity_error(in, row);
    entry->place = words.at[0];
    entry->neighbour = has_neighbour ? words.at[1] : NULL;
    return true;
}

static const struct option directive_statements[] = {
    SHAPE_STATEMENTS,
    {.name = "order",
     .doc = "its place in the default order; without it there is none",
     .arguments = "before|after <directive> | first | last",
     .min_args = 1,
     .max_args = 2,
     .parse = directive_order},
    {.name = "handler",
     .doc = "the module that handles requests, if it is not called like the directive",
     .arguments = "<module>",
     .min_args = 1,
     .max_args = 1,
     .parse = directive_handler},
    {0},
};

static const struct option global_statements[] = {
    SHAPE_STATEMENTS,
    {.name = "app",
     .doc = "the app that it configures, if it is not called like the option",
     .arguments = "<module>",
     .min_args = 1,
     .max_args = 1,
     .parse = directive_handler},
    {0},
};

static struct building building_of(struct descriptions *descriptions, const struct token *name)
{
    struct building building = {.descriptions = descriptions,
                                .shape = arena_new(descriptions->arena, struct shape),
                                .keys = strbuf_in(descriptions->arena)};
    building.shape->token = name;
    building.shape->name = str_dup(descriptions->arena, name->text).ptr;
    return building;
}

/* "<a> [<b>] <c...>" */
static const char *usage_of(struct arena *arena, const struct building *building)
{
    struct strbuf usage = strbuf_in(arena);
    for (size_t i = 0; i < building->parameters.n; i++) {
        const struct parameter *one = &building->parameters.at[i];
        if (one->type == TYPE_RESPONSE_MATCHER)
            return "status <code...> | header <field> [<value>]";
        if (one->type == TYPE_MATCHERS)
            return NULL;
        strbuf_printf(&usage, "%s%s", i ? " " : "", one->is_optional ? "[" : "");
        if (one->type == TYPE_ONE_OF)
            strbuf_printf(&usage, "%s%s", one->values, one->takes_rest ? "..." : "");
        else
            strbuf_printf(&usage, "<%s%s>%s", strcmp(one->name, "*") == 0 ? "value" : one->name,
                          one->takes_rest || one->type == TYPE_TEXT ? "..." : "", one->type == TYPE_MODULE ? " ..." : "");
        strbuf_printf(&usage, "%s", one->is_optional ? "]" : "");
    }
    return usage.len ? strbuf_cstr(&usage) : NULL;
}

/* Statements that exclude each other. */
static bool check_shape(const struct building *building, struct cursor *in)
{
    const struct shape *shape = building->shape;
    const struct token *name = shape->token;
    if (shape->takes_any_block && building->options.n)
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, name,
                               "'block any' and options exclude each other");
    if (shape->reads_inline && building->parameters.n)
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, name,
                               "'inline' and arguments exclude each other");
    if (shape->reads_inline && building->options.n == 0)
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, name,
                               "'inline' is about options, and there are none");
    const struct parameter *last =
        building->parameters.n ? &building->parameters.at[building->parameters.n - 1] : NULL;
    bool takes_block = last && (last->type == TYPE_MODULE || last->type == TYPE_MATCHERS ||
                                last->type == TYPE_RESPONSE_MATCHER);
    if (takes_block && (building->options.n || shape->takes_any_block))
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, name,
                               "the block belongs to '%s': there can be no other options",
                               last->name);
    return true;
}

/* Moves what was gathered into the shape. */
static bool finish(struct building *building, struct cursor *in)
{
    struct arena *arena = building->descriptions->arena;
    struct shape *shape = building->shape;
    shape->parameters = building->parameters.at;
    shape->n_parameters = building->parameters.n;
    shape->constants = building->constants.at;
    shape->n_constants = building->constants.n;
    shape->required = building->required.at;
    shape->n_required = building->required.n;
    shape->shapes = building->options.at;
    shape->n_shapes = building->options.n;
    shape->arguments = usage_of(arena, building);
    if (building->keys.len)
        shape->keys = strbuf_cstr(&building->keys);
    return check_shape(building, in);
}

/* The keys of an option stand in the object around, unless it has one of its own. */
static void note_keys(struct building *around, const struct building *option)
{
    if (option->shape->into.n) {
        key_note(around, &option->shape->into);
        return;
    }
    struct str rest = strbuf_str(&option->keys), one;
    while (rest.len) {
        str_cut(rest, STR(" "), &one, &rest);
        struct step step = {.kind = STEP_KEY, .key = str_dup(around->descriptions->arena, one).ptr};
        key_note(around, &(struct place){.at = &step, .n = 1});
    }
}

static bool add_option(struct scope *scope, struct cursor *in, struct building *around,
                       struct building *option)
{
    const struct token *name = option->shape->token;
    for (size_t i = 0; i < around->options.n; i++)
        if (str_eq(around->options.at[i]->token->text, name->text)) {
            struct diag *diag =
                diag_token(in->diags, DIAG_DUPLICATE, name, "option '" STR_FMT "' is described twice",
                           STR_ARG(name->text));
            diag_label(in->diags, diag, around->options.at[i]->token->span, "first described here");
            return false;
        }
    note_keys(around, option);
    vec_push(scope->arena, &around->options, option->shape);
    return true;
}

static bool shape_sub(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    struct building *around = state;
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    struct building building = building_of(around->descriptions, words.at[0]);
    building.around = around->shape;
    building.shape->plugin = around->shape->plugin;
    return option_words_read(&building, in, words) &&
           options_parse(scope, in, option_statements, object, &building) &&
           finish(&building, in) && add_option(scope, in, around, &building);
}

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
    struct diag *diag = diag_token(in->diags, DIAG_DUPLICATE, name,
                                   "%s '" STR_FMT "' is described twice", entry_names[kind],
                                   STR_ARG(name->text));
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
    if (!options_parse(scope, in, row->block, object, &building) || !finish(&building, in))
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
                                       .diags = descriptions->diags},
               source, file_statements, descriptions);
}
