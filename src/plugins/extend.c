/* Makes a vocabulary of the standard one and what descriptions add to it: rows like those of the
 * tables, made at run time. */
#include "adapt/adapter.h"
#include "base/suggest.h"
#include "plugins/describe.h"
#include "plugins/shortcuts.h"

static const enum value_type row_types[N_PARAMETER_TYPES] = {
    [TYPE_STRING] = VALUE_STRING,    [TYPE_ONE_OF] = VALUE_STRING, [TYPE_INTEGER] = VALUE_INTEGER,
    [TYPE_UNSIGNED] = VALUE_INTEGER, [TYPE_NUMBER] = VALUE_FLOAT,  [TYPE_DURATION] = VALUE_DURATION,
    [TYPE_SIZE] = VALUE_SIZE,
};

/* The dotted key of a place that names nothing of the line; else NULL. */
static const char *key_of(struct arena *arena, const struct place *place)
{
    struct strbuf key = strbuf_in(arena);
    for (size_t i = 0; i < place->n; i++) {
        if (place->at[i].kind != STEP_KEY)
            return NULL;
        strbuf_printf(&key, "%s%s", i ? "." : "", place->at[i].key);
    }
    return key.len ? strbuf_cstr(&key) : NULL;
}

static void describe_arguments(struct arena *arena, struct option *row, const struct shape *shape)
{
    for (size_t i = 0; i < shape->n_parameters; i++) {
        const struct parameter *parameter = &shape->parameters[i];
        row->min_args += !parameter->is_optional;
        if (parameter->takes_rest || parameter->type == TYPE_MODULE ||
            parameter->type == TYPE_RESPONSE_MATCHER || parameter->type == TYPE_MATCHERS ||
            parameter->type == TYPE_TEXT)
            row->max_args = -1;
        else if (row->max_args >= 0)
            row->max_args++;
        if (parameter->type == TYPE_MODULE)
            row->space = parameter->space;
    }
    if (shape->reads_inline)
        row->max_args = -1;
    if (shape->n_parameters == 1) {
        const struct parameter *only = &shape->parameters[0];
        row->type =
            only->takes_rest && only->type == TYPE_STRING ? VALUE_STRINGS : row_types[only->type];
        row->values = only->values;
        row->key = key_of(arena, &only->place);
    } else if (shape->n_parameters == 0 && shape->n_constants == 1) {
        row->key = key_of(arena, &shape->constants[0].place);
        if (token_is(shape->constants[0].value, "true"))
            row->type = VALUE_TRUE;
    }
}

static const struct option *rows_of(struct arena *arena, struct shape *shape);

static struct option row_of(struct arena *arena, struct shape *shape)
{
    struct str name = str_replace(arena, str_from(shape->name), STR("*"), STR("<name>"));
    struct option row = {.name = str_dup(arena, name).ptr,
                         .doc = shape->doc,
                         .arguments = shape->arguments,
                         .block = rows_of(arena, shape),
                         .parse = shape_option,
                         .flags = shape->is_once ? OPTION_ONCE : 0,
                         .plugin = shape->plugin,
                         .description = shape};
    describe_arguments(arena, &row, shape);
    return row;
}

/* The options of a shape's block, made once. */
static const struct option *rows_of(struct arena *arena, struct shape *shape)
{
    if (shape->options || shape->n_shapes == 0)
        return shape->options;
    struct option *rows = arena_array(arena, struct option, shape->n_shapes + 1);
    for (size_t i = 0; i < shape->n_shapes; i++)
        rows[i] = row_of(arena, shape->shapes[i]);
    shape->options = rows;
    return rows;
}

/* Reads the directive's line into a handler. */
static json_t *read_handler(struct scope *scope)
{
    const struct entry *entry = scope->directive->description;
    cursor_next(scope->in);
    json_t *handler = handler_new(scope, entry->json_name);
    if (!shape_read(scope, scope->in, entry->shape, handler))
        return NULL;
    return handler;
}

/* The same for a directive that stands for several routes. */
static bool read_shortcut(struct scope *scope)
{
    const struct entry *entry = scope->directive->description;
    struct document *document = scope->document;
    json_t *matcher_set;
    if (!scope_take_matcher(scope, &matcher_set))
        return false;
    json_t *settings = read_handler(scope);
    if (!settings)
        return false;
    json_t *routes = entry->shortcut->routes(scope, settings);
    json_t *subroute =
        matcher_set ? handler_new(scope, "subroute") : document_object(document, NULL);
    document_set(document, subroute, "routes", routes);
    if (matcher_set)
        scope_push_route(scope, matcher_set, subroute);
    else
        scope_push(scope, RESULT_SUBROUTE, subroute);
    return true;
}

static json_t *read_matcher(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    const struct matcher *row = NULL;
    cursor_next(in);
    const struct token *word = cursor_token(in);
    row = vocabulary_matcher(scope->adapter->vocabulary, word->text);
    const struct entry *entry = row->description;
    json_t *matcher = document_object(scope->document, word);
    /* lines of one kind stand behind one another */
    do {
        if (!shape_read(scope, in, entry->shape, matcher))
            return NULL;
    } while (cursor_next(in));
    return matcher;
}

static bool read_app(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *globals, void *state)
{
    (void)state;
    const struct entry *entry = row->description;
    const struct token *name = cursor_token(in);
    json_t *app = document_object(scope->document, name);
    if (!shape_read(scope, in, entry->shape, app))
        return false;
    if (!entry->shape->is_undescribed)
        document_set(scope->document, document_object_at(scope->document, globals, "apps", name),
                     entry->json_name, app);
    return true;
}

static struct directive directive_of(struct arena *arena, const struct entry *entry)
{
    struct shape *shape = entry->shape;
    return (struct directive){.name = shape->name,
                              .doc = shape->doc,
                              .arguments = shape->arguments,
                              .handler = entry->shortcut ? NULL : read_handler,
                              .adapt = entry->shortcut ? read_shortcut : NULL,
                              .takes_matcher = true,
                              .options = rows_of(arena, shape),
                              .plugin = shape->plugin,
                              .description = entry};
}

static struct matcher matcher_of(struct arena *arena, const struct entry *entry)
{
    struct shape *shape = entry->shape;
    return (struct matcher){.name = shape->name,
                            .doc = shape->doc,
                            .arguments = shape->arguments,
                            .parse = read_matcher,
                            .options = rows_of(arena, shape),
                            .plugin = shape->plugin,
                            .description = entry};
}

static struct option global_of(struct arena *arena, const struct entry *entry)
{
    struct option row = row_of(arena, entry->shape);
    row.parse = read_app;
    row.key = entry->json_name;
    row.description = entry;
    return row;
}

static struct option module_of(struct arena *arena, const struct entry *entry)
{
    struct option row = row_of(arena, entry->shape);
    row.name = entry->json_name;
    return row;
}

static size_t count_list(const void *list)
{
    const void *const *at = list;
    size_t n = 0;
    while (at && at[n])
        n++;
    return n;
}

/* A NULL-terminated list with one more at its end. */
static const void *list_with(struct arena *arena, const void *list, const void *more)
{
    size_t n = count_list(list);
    const void **longer = arena_array(arena, const void *, n + 2);
    if (n)
        memcpy(longer, list, n * sizeof(*longer));
    longer[n] = more;
    return longer;
}

static void add_rows(struct descriptions *descriptions, struct vocabulary *vocabulary)
{
    struct arena *arena = descriptions->arena;
    size_t n = descriptions->entries.n, n_directives = 0, n_matchers = 0, n_globals = 0;
    struct directive *directives = arena_array(arena, struct directive, n + 1);
    struct matcher *matchers = arena_array(arena, struct matcher, n + 1);
    struct option *globals = arena_array(arena, struct option, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct entry *entry = arena_new(arena, struct entry);
        *entry = descriptions->entries.at[i];
        switch (entry->kind) {
        case ENTRY_DIRECTIVE:
            directives[n_directives++] = directive_of(arena, entry);
            break;
        case ENTRY_MATCHER:
            matchers[n_matchers++] = matcher_of(arena, entry);
            break;
        case ENTRY_GLOBAL:
            globals[n_globals++] = global_of(arena, entry);
            break;
        case ENTRY_NONE:
        case ENTRY_MODULE:
        case N_ENTRY_KINDS:
            break;
        }
    }
    vocabulary->directives = list_with(arena, vocabulary->directives, directives);
    vocabulary->matchers = list_with(arena, vocabulary->matchers, matchers);
    vocabulary->global_options = list_with(arena, vocabulary->global_options, globals);
}

static size_t count_rows(const struct option *rows)
{
    size_t n = 0;
    while (rows && rows[n].name)
        n++;
    return n;
}

/* The modules of a name space: what it has already, and the described ones. */
static struct module_space *space_with(struct descriptions *descriptions,
                                       const struct module_space *space)
{
    struct arena *arena = descriptions->arena;
    size_t n = count_rows(space->modules);
    struct module_space *own = arena_new(arena, struct module_space);
    struct option *rows = arena_array(arena, struct option, n + descriptions->entries.n + 1);
    if (n)
        memcpy(rows, space->modules, n * sizeof(*rows));
    for (size_t i = 0; i < descriptions->entries.n; i++) {
        const struct entry *entry = &descriptions->entries.at[i];
        if (entry->kind == ENTRY_MODULE && strcmp(entry->namespace, space->name) == 0)
            rows[n++] = module_of(arena, entry);
    }
    *own = *space;
    own->modules = rows;
    return own;
}

static bool has_modules(const struct descriptions *descriptions, const char *namespace)
{
    for (size_t i = 0; i < descriptions->entries.n; i++)
        if (descriptions->entries.at[i].kind == ENTRY_MODULE &&
            strcmp(descriptions->entries.at[i].namespace, namespace) == 0)
            return true;
    return false;
}

/* All name spaces, those of plugins included. Their modules come later, since both refer to each
 * other. */
static void add_spaces(struct descriptions *descriptions, struct vocabulary *vocabulary)
{
    struct arena *arena = descriptions->arena;
    for (size_t i = 0; i < descriptions->namespaces.n; i++) {
        const struct namespace *namespace = &descriptions->namespaces.at[i];
        if (vocabulary_modules(vocabulary, str_from(namespace->name)))
            continue;
        struct module_space *space = arena_new(arena, struct module_space);
        *space = (struct module_space){
            .name = namespace->name, .key = namespace->key, .doc = namespace->doc};
        vocabulary->modules = list_with(arena, vocabulary->modules, space);
    }
}

static void fill_spaces(struct descriptions *descriptions, struct vocabulary *vocabulary)
{
    size_t n = count_list(vocabulary->modules);
    const struct module_space **spaces =
        arena_array(descriptions->arena, const struct module_space *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct module_space *space = vocabulary->modules[i];
        spaces[i] =
            has_modules(descriptions, space->name) ? space_with(descriptions, space) : space;
    }
    vocabulary->modules = spaces;
}

static void unknown_space(const struct descriptions *descriptions,
                          const struct vocabulary *vocabulary, const struct token *token,
                          struct str name)
{
    struct suggestion suggestion = suggest_for(name);
    for (size_t i = 0; vocabulary->modules[i]; i++)
        suggest_try(&suggestion, str_from(vocabulary->modules[i]->name));
    struct diag *diag = diag_token(descriptions->diags, DIAG_BAD_DESCRIPTION, token,
                                   "there is no name space '" STR_FMT "'", STR_ARG(name));
    if (suggestion.best.len)
        diag_note(descriptions->diags, diag, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
    else
        diag_note(descriptions->diags, diag,
                  "a plugin that brings a new kind of modules says so with 'namespace'");
}

/* Finds the name spaces of arguments that are modules. */
static bool resolve_shape(const struct descriptions *descriptions,
                          const struct vocabulary *vocabulary, struct shape *shape)
{
    bool ok = true;
    for (size_t i = 0; i < shape->n_parameters; i++) {
        struct parameter *parameter = &shape->parameters[i];
        if (parameter->type != TYPE_MODULE || parameter->space)
            continue;
        parameter->space = vocabulary_modules(vocabulary, parameter->namespace->text);
        if (!parameter->space) {
            unknown_space(descriptions, vocabulary, parameter->namespace,
                          parameter->namespace->text);
            ok = false;
        }
    }
    for (size_t i = 0; i < shape->n_shapes; i++)
        ok = resolve_shape(descriptions, vocabulary, shape->shapes[i]) && ok;
    return ok;
}

static bool resolve(const struct descriptions *descriptions, const struct vocabulary *vocabulary)
{
    bool ok = true;
    for (size_t i = 0; i < descriptions->entries.n; i++) {
        const struct entry *entry = &descriptions->entries.at[i];
        ok = resolve_shape(descriptions, vocabulary, entry->shape) && ok;
        if (entry->kind != ENTRY_MODULE ||
            vocabulary_modules(vocabulary, str_from(entry->namespace)))
            continue;
        unknown_space(descriptions, vocabulary, entry->shape->token, str_from(entry->namespace));
        ok = false;
    }
    return ok;
}

/* Whether the name is in the order; then *at is where. */
static bool find_place(const char *const *order, size_t n, struct str name, size_t *at)
{
    for (*at = 0; *at < n; ++*at)
        if (str_is(name, order[*at]))
            return true;
    return false;
}

static bool add_places(const struct descriptions *descriptions, struct vocabulary *vocabulary)
{
    size_t n = count_list(vocabulary->order);
    const char **order =
        arena_array(descriptions->arena, const char *, n + descriptions->entries.n + 1);
    memcpy(order, vocabulary->order, n * sizeof(*order));
    bool ok = true;
    for (size_t i = 0; i < descriptions->entries.n; i++) {
        const struct entry *entry = &descriptions->entries.at[i];
        size_t at = 0;
        if (!entry->place)
            continue;
        if (!entry->neighbour) {
            at = token_is(entry->place, "first") ? 0 : n;
        } else if (find_place(order, n, entry->neighbour->text, &at)) {
            at += token_is(entry->place, "after");
        } else {
            diag_token(descriptions->diags, DIAG_BAD_DESCRIPTION, entry->neighbour,
                       "'" STR_FMT "' has no place in the order of directives",
                       STR_ARG(entry->neighbour->text));
            ok = false;
            continue;
        }
        memmove(order + at + 1, order + at, (n - at) * sizeof(*order));
        order[at] = entry->shape->name;
        n++;
    }
    vocabulary->order = order;
    return ok;
}

const struct vocabulary *vocabulary_extended(struct descriptions *descriptions,
                                             struct reserve *reserve)
{
    struct vocabulary *vocabulary = arena_new(descriptions->arena, struct vocabulary);
    *vocabulary = *descriptions->standard;
    vocabulary->reserve = reserve;
    if (descriptions->entries.n + descriptions->namespaces.n == 0)
        return vocabulary;
    add_spaces(descriptions, vocabulary);
    bool ok = resolve(descriptions, vocabulary);
    ok = add_places(descriptions, vocabulary) && ok;
    add_rows(descriptions, vocabulary);
    fill_spaces(descriptions, vocabulary);
    return ok ? vocabulary : NULL;
}
