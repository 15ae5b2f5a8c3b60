/* rewrite, uri, method: change the request line before other handlers see it. */
#include "base/parse.h"
#include "directives/option_takes.h"
#include "directives/values.h"
#include "directives/vocabulary_private.h"

static void set_text(struct scope *scope, json_t *object, const char *key,
                     const struct token *token)
{
    value_set(scope, object, key, value_string(scope, token), token);
}

static bool adapt_rewrite(struct scope *scope)
{
    struct cursor *in = scope->in;
    json_t *matcher_set = NULL;
    cursor_next(in);
    size_t n = cursor_count_remaining(in);
    if (n < 1 || n > 2)
        return cursor_arg_error(in, "rewrite [<matcher>] <to>");
    /* A lone argument is the target, even where it looks like a matcher. */
    if (n == 2) {
        if (!scope_take_matcher(scope, &matcher_set))
            return false;
        cursor_next(in);
    }
    json_t *handler = handler_new(scope, "rewrite");
    cursor_next(in);
    set_text(scope, handler, "uri", cursor_token(in));
    scope_push_route(scope, matcher_set, handler);
    return true;
}

static json_t *adapt_method(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    json_t *handler = handler_new(scope, "rewrite");
    if (!cursor_next_arg(in)) {
        cursor_arg_error(in, "method [<matcher>] <method>");
        return NULL;
    }
    set_text(scope, handler, "method", cursor_token(in));
    if (cursor_next_arg(in)) {
        cursor_arg_error(in, "method [<matcher>] <method>");
        return NULL;
    }
    return handler;
}

/* A new object at the end of the array under <key>. */
static json_t *add_entry(struct scope *scope, json_t *object, const char *key,
                         const struct token *origin)
{
    json_t *entry = document_object(scope->document, origin);
    document_add(scope->document, document_array_at(scope->document, object, key, origin), entry);
    return entry;
}

static struct str without_leading(struct str text, char c)
{
    while (text.len && text.ptr[0] == c)
        text = str_slice(text, 1, text.len);
    return text;
}

static void set_pair(struct scope *scope, json_t *query, const char *action, struct str key,
                     struct str value, const struct token *origin)
{
    json_t *entry = add_entry(scope, query, action, origin);
    value_set(scope, entry, "key", document_string(scope->document, key, origin), origin);
    value_set(scope, entry, "val", document_string(scope->document, value, origin), origin);
}

static bool read_change(struct cursor *in, const struct option *row, struct token_list *words)
{
    *words = cursor_remaining(in);
    if ((int)words->n >= row->min_args && (int)words->n <= row->max_args)
        return true;
    return take_arity_error(in, row);
}

static bool change_delete(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *query, void *state)
{
    const struct token *first = cursor_token(in);
    struct token_list words;
    (void)state;
    if (!read_change(in, row, &words))
        return false;
    document_add(scope->document, document_array_at(scope->document, query, row->key, first),
                 document_string(scope->document, without_leading(first->text, '-'), first));
    return true;
}

static bool change_add(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *query, void *state)
{
    const struct token *first = cursor_token(in);
    struct token_list words;
    (void)state;
    if (!read_change(in, row, &words))
        return false;
    set_pair(scope, query, row->key, without_leading(first->text, '+'), words.at[0]->text, first);
    return true;
}

static bool change_rename(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *query, void *state)
{
    const struct token *first = cursor_token(in);
    struct str before, after, rest;
    struct token_list words;
    (void)state;
    if (!read_change(in, row, &words))
        return false;
    str_cut(first->text, STR(">"), &before, &after);
    str_cut(after, STR(">"), &after, &rest);
    set_pair(scope, query, row->key, before, after, first);
    return true;
}

static bool change_value(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *query, void *state)
{
    const struct token *first = cursor_token(in);
    struct token_list words;
    (void)state;
    if (!read_change(in, row, &words))
        return false;
    if (words.n == 1) {
        set_pair(scope, query, row->key, first->text, words.at[0]->text, first);
        return true;
    }
    json_t *entry = add_entry(scope, query, "replace", first);
    set_text(scope, entry, "key", first);
    set_text(scope, entry, "search_regexp", words.at[0]);
    set_text(scope, entry, "replace", words.at[1]);
    return true;
}

/* In this order: the first that fits counts. */
static const struct option query_changes[] = {
    {.name = "-<key>",
     .doc = "takes a key away",
     .key = "delete",
     .parse = change_delete,
     .flags = OPTION_ADDS},
    {.name = "+<key>",
     .doc = "adds a value",
     .arguments = "<value>",
     .key = "add",
     .min_args = 1,
     .max_args = 1,
     .parse = change_add,
     .flags = OPTION_ADDS},
    {.name = "<key>><new_key>",
     .doc = "renames a key",
     .key = "rename",
     .parse = change_rename,
     .flags = OPTION_ADDS},
    {.name = "<key>",
     .doc = "sets a value, or replaces what a pattern finds in it",
     .arguments = "<value> | <pattern> <replacement>",
     .key = "set",
     .min_args = 1,
     .max_args = 2,
     .parse = change_value,
     .flags = OPTION_ADDS},
    {0},
};

static bool uri_query(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *handler, void *state)
{
    (void)state;
    if (cursor_count_remaining(in) > 3) {
        cursor_remaining(in);
        return cursor_arg_error(in, "uri query [<change>]");
    }
    json_t *query = document_object_at(scope->document, handler, row->key, cursor_token(in));
    bool on_line = cursor_next_arg(in);
    if (on_line) {
        const struct option *change = option_find(row->block, cursor_val(in));
        if (!option_apply(scope, in, change, query, NULL))
            return false;
        struct cursor after = *in;
        if (cursor_next_block(&after, after.nesting))
            return cursor_error(&after, DIAG_NOT_ALLOWED_HERE,
                                "changes stand on the first line or in the block, not in both");
    }
    return options_parse(scope, in, row->block, query, NULL);
}

static bool uri_strip(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *handler, void *state)
{
    struct token_list words = cursor_remaining(in);
    (void)state;
    if (words.n != 1)
        return cursor_arg_error(in, "uri strip_prefix|strip_suffix <target>");
    set_text(scope, handler, row->key, words.at[0]);
    return true;
}

static bool uri_replace(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *handler, void *state)
{
    const struct token *name = cursor_token(in);
    struct token_list words = cursor_remaining(in);
    int64_t limit = 0;
    (void)state;
    if (words.n != 2 && words.n != 3)
        return cursor_arg_error(in, "uri replace <target> <replacement> [<limit>]");
    const struct token *word = words.n == 3 ? words.at[2] : NULL;
    if (word && word->text.len && parse_go_int(word->text, &limit) != PARSE_OK)
        return value_refuse(in, word, "a limit: it must be an integer");
    json_t *entry = add_entry(scope, handler, row->key, name);
    set_text(scope, entry, "find", words.at[0]);
    set_text(scope, entry, "replace", words.at[1]);
    value_set(scope, entry, "limit", document_integer(scope->document, limit, word), word);
    return true;
}

static bool uri_path_regexp(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *handler, void *state)
{
    const struct token *name = cursor_token(in);
    struct token_list words = cursor_remaining(in);
    (void)state;
    if (words.n != 2)
        return cursor_arg_error(in, "uri path_regexp <pattern> <replacement>");
    json_t *entry = add_entry(scope, handler, row->key, name);
    set_text(scope, entry, "find", words.at[0]);
    set_text(scope, entry, "replace", words.at[1]);
    return true;
}

static const struct option uri_actions[] = {
    {.name = "strip_prefix",
     .doc = "takes a prefix off the path",
     .arguments = "<text>",
     .key = "strip_path_prefix",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = uri_strip},
    {.name = "strip_suffix",
     .doc = "takes a suffix off the path",
     .arguments = "<text>",
     .key = "strip_path_suffix",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = uri_strip},
    {.name = "replace",
     .doc = "replaces a text in the whole URI, so many times at most",
     .arguments = "<find> <replacement> [<limit>]",
     .key = "uri_substring",
     .min_args = 2,
     .max_args = 3,
     .parse = uri_replace},
    {.name = "path_regexp",
     .doc = "replaces what a pattern finds in the path",
     .arguments = "<pattern> <replacement>",
     .key = "path_regexp",
     .min_args = 2,
     .max_args = 2,
     .parse = uri_path_regexp,
     .since = "2.4"},
    {.name = "query",
     .doc = "changes the query: one change on the line, or some in the block",
     .arguments = "[<change> ...]",
     .key = "query",
     .max_args = -1,
     .block = query_changes,
     .parse = uri_query,
     .flags = OPTION_INLINE,
     .since = "2.8"},
    {0},
};

static json_t *adapt_uri(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    json_t *handler = handler_new(scope, "rewrite");
    if (!cursor_next_arg(in)) {
        cursor_arg_error(in,
                         "uri [<matcher>] strip_prefix|strip_suffix|replace|path_regexp|query ...");
        return NULL;
    }
    const struct option *action = option_find(uri_actions, cursor_val(in));
    if (!action) {
        value_refuse_name(in, cursor_token(in), uri_actions);
        return NULL;
    }
    return option_apply(scope, in, action, handler, NULL) ? handler : NULL;
}

const struct directive rewrite_directives[] = {
    {.name = "rewrite",
     .doc = "gives the request another URI",
     .arguments = "<to>",
     .makes = "http.handlers.rewrite",
     .adapt = adapt_rewrite,
     .takes_matcher = true},
    {.name = "uri",
     .doc = "changes a part of the URI",
     .arguments = "<action> ...",
     .makes = "http.handlers.rewrite",
     .actions = uri_actions,
     .handler = adapt_uri},
    {.name = "method",
     .doc = "gives the request another method",
     .arguments = "<method>",
     .makes = "http.handlers.rewrite",
     .handler = adapt_method,
     .since = "2.5"},
    {0},
};
