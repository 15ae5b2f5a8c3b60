/* The language that describes plugins: the statements that say what may follow a name, as tables of
 * options, read by the same engine that reads Caddyfiles. */
#include "directives/option_takes.h"
#include "plugins/constant.h"
#include "plugins/describe.h"
#include "plugins/shortcuts.h"

const struct token *statement_word(struct cursor *in, const struct option *row)
{
    struct token_list words = cursor_remaining(in);
    if (words.n == 1)
        return words.at[0];
    take_arity_error(in, row);
    return NULL;
}

bool statement_text(struct cursor *in, const struct option *row, const char **text)
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

static bool shape_counter(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)scope, (void)object;
    struct building *building = state;
    struct token_list words = cursor_remaining(in);
    if (words.n != 2)
        return take_arity_error(in, row);
    building->shape->counter = str_dup(in->arena, words.at[1]->text).ptr;
    if (!place_read(building, in, words.at[0], &building->shape->counter_place))
        return false;
    key_note(building, &building->shape->counter_place);
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
    return word && place_read(building, in, word, &building->shape->into);
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
    if (!token_is(word, "any") && !token_is(word, "ignored"))
        return cursor_error_at(in, DIAG_BAD_DESCRIPTION, word,
                               "a block without options is 'any' or 'ignored'");
    building->shape->takes_any_block = true;
    building->shape->is_undescribed |= token_is(word, "any");
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

static bool shape_exclusive(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)scope, (void)object;
    struct building *building = state;
    building->shape->is_exclusive = true;
    return !cursor_next_arg(in) || take_arity_error(in, row);
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
        {.name = "counter",                                                                        \
         .doc = "the number of lines with this counter so far",                                    \
         .arguments = "<place> <counter>",                                                         \
         .min_args = 2,                                                                            \
         .max_args = 2,                                                                            \
         .parse = shape_counter},                                                                  \
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
        {.name = "exclusive",                                                                      \
         .doc = "there are arguments or a block, not both",                                        \
         .parse = shape_exclusive},                                                                \
        {.name = "require",                                                                        \
         .doc = "keys that must have a value in the end; of \"a|b\" one of both",                  \
         .arguments = "<key...>",                                                                  \
         .min_args = 1,                                                                            \
         .max_args = -1,                                                                           \
         .parse = shape_require},                                                                  \
        {.name = "block",                                                                          \
         .doc =                                                                                    \
             "the block may hold anything; its JSON is not described, or the plugin ignores it",   \
         .arguments = "any|ignored",                                                               \
         .min_args = 1,                                                                            \
         .max_args = 1,                                                                            \
         .values = "any|ignored",                                                                  \
         .parse = shape_block},                                                                    \
    {                                                                                              \
        .name = "json", .doc = "what JSON it becomes is not described", .arguments = "unknown",    \
        .min_args = 1, .max_args = 1, .values = "unknown", .parse = shape_json                     \
    }

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

const struct option plain_statements[] = {SHAPE_STATEMENTS, {0}};

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

static bool directive_expands(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *object, void *state)
{
    (void)scope, (void)object;
    struct entry *entry = ((struct building *)state)->entry;
    const struct token *word = statement_word(in, row);
    const char *known[16] = {0};
    if (!word)
        return false;
    for (size_t i = 0; shortcuts[i].name; i++) {
        known[i] = shortcuts[i].name;
        if (token_is(word, shortcuts[i].name))
            entry->shortcut = &shortcuts[i];
    }
    return entry->shortcut || word_refuse(in, word, known, "shortcuts");
}

const struct option directive_statements[] = {
    SHAPE_STATEMENTS,
    {.name = "order",
     .doc = "its place in the default order; without it there is none",
     .arguments = "before|after <directive> | first | last",
     .min_args = 1,
     .max_args = 2,
     .parse = directive_order},
    {.name = "expands",
     .doc = "it stands for several routes, which dialtone knows how to make of its settings",
     .arguments = "php_server",
     .min_args = 1,
     .max_args = 1,
     .values = "php_server",
     .parse = directive_expands},
    {.name = "handler",
     .doc = "the module that handles requests, if it is not called like the directive",
     .arguments = "<module>",
     .min_args = 1,
     .max_args = 1,
     .parse = directive_handler},
    {0},
};

const struct option global_statements[] = {
    SHAPE_STATEMENTS,
    {.name = "app",
     .doc = "the app that it configures, if it is not called like the option",
     .arguments = "<module>",
     .min_args = 1,
     .max_args = 1,
     .parse = directive_handler},
    {0},
};

struct building building_of(struct descriptions *descriptions, const struct token *name)
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
            strbuf_printf(&usage, "<%s%s>%s", strchr(one->name, '*') ? "value" : one->name,
                          one->takes_rest || one->type == TYPE_TEXT ? "..." : "",
                          one->type == TYPE_MODULE ? " ..." : "");
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
                               "'block' and options exclude each other");
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

bool building_finish(struct building *building, struct cursor *in)
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
                diag_token(in->diags, DIAG_DUPLICATE, name,
                           "option '" STR_FMT "' is described twice", STR_ARG(name->text));
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
           building_finish(&building, in) && add_option(scope, in, around, &building);
}
