/* Reads option arguments in the handful of ways that Caddy's own parsers do, so that option tables
 * say which way instead of repeating it. */
#include "directives/option_takes.h"

#include "adapt/adapter.h"
#include "adapt/unknown.h"
#include "base/arena.h"
#include "base/str.h"
#include "base/suggest.h"

/* The object that holds the last part of <key>, which goes to <leaf>. */
static json_t *descend(struct scope *scope, json_t *object, const char *key, const char **leaf,
                       const struct token *origin)
{
    struct str rest = str_from(key);
    struct str part, after;
    while (str_cut(rest, STR("."), &part, &after)) {
        object =
            document_object_at(scope->document, object, str_dup(scope->arena, part).ptr, origin);
        rest = after;
    }
    *leaf = rest.ptr;
    return object;
}

void option_set(struct scope *scope, json_t *object, const char *key, json_t *value,
                const struct token *origin)
{
    const char *leaf;
    json_t *holder = descend(scope, object, key, &leaf, origin);
    if (document_is_empty(value))
        document_remove(holder, leaf);
    else
        document_set_at(scope->document, holder, leaf, value, origin);
}

json_t *strings_from(struct scope *scope, struct token_list tokens)
{
    json_t *array = document_array(scope->document, tokens.n ? tokens.at[0] : NULL);
    for (size_t i = 0; i < tokens.n; i++)
        document_add(scope->document, array,
                     document_string(scope->document, tokens.at[i]->text, tokens.at[i]));
    return array;
}

bool take_arity_error(struct cursor *in, const struct option *row)
{
    return cursor_arg_error(in, row->arguments
                                    ? arena_printf(in->arena, "%s %s", row->name, row->arguments)
                                    : row->name);
}

bool word_is_known(const struct token *word, const char *const *known)
{
    while (*known && !token_is(word, *known))
        known++;
    return *known != NULL;
}

bool word_refuse(struct cursor *in, const struct token *word, const char *const *known,
                 const char *what)
{
    struct suggestion suggestion = suggest_for(word->text);
    struct strbuf names = strbuf_in(in->arena);
    for (size_t i = 0; known[i]; i++) {
        suggest_try(&suggestion, str_from(known[i]));
        strbuf_printf(&names, "%s%s", i ? ", " : "", known[i]);
    }
    struct diag *diag = diag_token(in->diags, DIAG_BAD_VALUE, word,
                                   "'" STR_FMT "' is not one of the %s that Caddy knows",
                                   STR_ARG(word->text), what);
    if (suggestion.best.len)
        diag_help(in->diags, diag, word->span, suggestion.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
    diag_note(in->diags, diag, "they are: " STR_FMT, STR_ARG(strbuf_str(&names)));
    return false;
}

static bool next_argument(struct cursor *in, const struct option *row)
{
    return cursor_next_arg(in) || take_arity_error(in, row);
}

static bool only_argument(struct cursor *in, const struct option *row)
{
    if (cursor_count_remaining(in) != 1)
        return take_arity_error(in, row);
    return cursor_next_arg(in);
}

bool take_loose_flag(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *object, void *state)
{
    (void)state;
    option_set(scope, object, row->key, document_bool(true), cursor_token(in));
    return true;
}

bool take_flag(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
               void *state)
{
    take_loose_flag(scope, in, row, object, state);
    return !cursor_next_arg(in) || cursor_arg_error(in, NULL);
}

static bool set_string(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object)
{
    const struct token *token = cursor_token(in);
    option_set(scope, object, row->key, document_string(scope->document, token->text, token),
               token);
    return true;
}

bool take_next_string(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)state;
    return next_argument(in, row) && set_string(scope, in, row, object);
}

bool take_only_string(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)state;
    return only_argument(in, row) && set_string(scope, in, row, object);
}

static bool set_integer(struct scope *scope, const struct cursor *in, const struct option *row,
                        json_t *object, int64_t value)
{
    const struct token *token = cursor_token(in);
    option_set(scope, object, row->key, document_integer(scope->document, value, token), token);
    return true;
}

bool take_next_integer(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)state;
    int64_t value;
    return next_argument(in, row) && read_integer(in, &value) &&
           set_integer(scope, in, row, object, value);
}

bool take_next_duration(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)state;
    int64_t value;
    return next_argument(in, row) && read_duration(in, &value) &&
           set_integer(scope, in, row, object, value);
}

bool take_unplaced_duration(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    bool ok = take_next_duration(scope, in, row, object, state);
    if (!ok)
        scope_label_end(scope, scope->diags->last);
    return ok;
}

bool take_only_duration(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)state;
    int64_t value;
    return only_argument(in, row) && read_duration(in, &value) &&
           set_integer(scope, in, row, object, value);
}

bool take_only_size(struct scope *scope, struct cursor *in, const struct option *row,
                    json_t *object, void *state)
{
    (void)state;
    int64_t value;
    return only_argument(in, row) && read_size(in, &value) &&
           set_integer(scope, in, row, object, value);
}

static bool some_arguments(struct cursor *in, const struct option *row, struct token_list *tokens)
{
    *tokens = cursor_remaining(in);
    return tokens->n >= (size_t)row->min_args || take_arity_error(in, row);
}

bool take_strings(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                  void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    struct token_list tokens;
    if (!some_arguments(in, row, &tokens))
        return false;
    option_set(scope, object, row->key, strings_from(scope, tokens), name);
    return true;
}

bool take_more_strings(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    struct token_list tokens;
    if (!some_arguments(in, row, &tokens))
        return false;
    const char *leaf;
    json_t *holder = descend(scope, object, row->key, &leaf, name);
    for (size_t i = 0; i < tokens.n; i++)
        document_add(scope->document, document_array_at(scope->document, holder, leaf, name),
                     document_string(scope->document, tokens.at[i]->text, tokens.at[i]));
    return true;
}

bool take_external_account(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    static const char *const keys[] = {"key_id", "mac_key"};
    (void)state;
    const struct token *name = cursor_token(in);
    struct token_list tokens = cursor_remaining(in);
    if (tokens.n != 2)
        return take_arity_error(in, row);
    json_t *pair = document_object(scope->document, name);
    for (size_t i = 0; i < tokens.n; i++)
        document_set(scope->document, pair, keys[i],
                     document_string(scope->document, tokens.at[i]->text, tokens.at[i]));
    option_set(scope, object, row->key, pair, name);
    return true;
}

bool take_block(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                void *state)
{
    json_t *inner = document_object_at(scope->document, object, row->key, cursor_token(in));
    return options_parse(scope, in, row->block, inner, state);
}

static struct str names_of(struct arena *arena, const struct option *rows)
{
    struct strbuf names = strbuf_in(arena);
    for (; rows->name; rows++)
        strbuf_printf(&names, "%s%s", names.len ? ", " : "", rows->name);
    return strbuf_str(&names);
}

/* Reports that the space has no module of the name at the cursor. */
static void module_unknown(struct scope *scope, struct cursor *in, const struct module_space *space)
{
    const struct token *token = cursor_token(in);
    if (passes_over(scope->adapter, token, "no such module is known"))
        return;
    const struct plugin *plugin = plugin_of_module(scope->adapter, space, token->text);
    const struct module_space *known =
        vocabulary_modules(scope->adapter->vocabulary, str_from(space->name));
    struct suggestion suggestion = suggest_for(token->text);
    for (const struct option *module = known ? known->modules : space->modules;
         module && module->name; module++)
        suggest_try(&suggestion, str_from(module->name));
    struct diag *diag =
        diag_token(scope->diags, DIAG_INVALID_OPTION, token, "module not registered: %s." STR_FMT,
                   space->name, STR_ARG(token->text));
    if (suggestion.best.len && !plugin)
        diag_help(scope->diags, diag, token->span, suggestion.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
    if (space->modules)
        diag_note(scope->diags, diag, "the standard build has: " STR_FMT,
                  STR_ARG(names_of(scope->arena, space->modules)));
    else if (known && known->modules)
        diag_note(scope->diags, diag, "known are: " STR_FMT,
                  STR_ARG(names_of(scope->arena, known->modules)));
    else if (!plugin)
        diag_note(scope->diags, diag,
                  "the standard build of Caddy has no module of this kind; it comes "
                  "with plugins");
    if (plugin || !suggestion.best.len)
        unknown_hint(scope->adapter, diag, plugin);
}

const struct option *module_row(struct scope *scope, struct cursor *in,
                                const struct module_space *space)
{
    const struct option *row = known_module(scope->adapter, space, cursor_val(in));
    if (!row)
        module_unknown(scope, in, space);
    return row;
}

json_t *module_take(struct scope *scope, struct cursor *in, const struct module_space *space)
{
    return module_take_with(scope, in, space, NULL);
}

json_t *module_take_with(struct scope *scope, struct cursor *in, const struct module_space *space,
                         void *state)
{
    const struct token *token = cursor_token(in);
    const struct option *row = module_row(scope, in, space);
    if (!row)
        return NULL;
    json_t *object = document_object(scope->document, token);
    if (space->key)
        document_set(scope->document, object, space->key,
                     document_text(scope->document, row->name, token));
    struct row_path path = {
        .kind = ROW_MODULE, .space = space->name, .name = row->name, .since = row->since};
    row_enter(scope->adapter, &path, in);
    bool ok = true;
    if (row->parse) {
        struct cursor segment = cursor_segment(in);
        cursor_next(&segment);
        ok = row->parse(scope, &segment, row, object, state);
    }
    row_leave(scope->adapter);
    return ok ? object : NULL;
}
