/* rewrite, uri, method: change the request line before other handlers see it. */
#include "base/parse.h"
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

/* One change of the query: what it is, its first word tells, in this order. */
static bool read_query_change(struct scope *scope, json_t *query, struct token_list words)
{
    static const char usage[] =
        "[-|+]<key> [<value>] | <key>><new key> | <key> <pattern> <replacement>";
    struct cursor *in = scope->in;
    const struct token *first = words.at[0];
    struct str key = first->text;
    if (str_has_prefix(key, STR("-"))) {
        if (words.n != 1)
            return cursor_arg_error(in, usage);
        document_add(scope->document, document_array_at(scope->document, query, "delete", first),
                     document_string(scope->document, without_leading(key, '-'), first));
    } else if (str_has_prefix(key, STR("+"))) {
        if (words.n != 2)
            return cursor_arg_error(in, usage);
        set_pair(scope, query, "add", without_leading(key, '+'), words.at[1]->text, first);
    } else if (str_index(key, '>') >= 0) {
        struct str before, after, rest;
        if (words.n != 1)
            return cursor_arg_error(in, usage);
        str_cut(key, STR(">"), &before, &after);
        str_cut(after, STR(">"), &after, &rest);
        set_pair(scope, query, "rename", before, after, first);
    } else if (words.n == 3) {
        json_t *entry = add_entry(scope, query, "replace", first);
        set_text(scope, entry, "key", first);
        set_text(scope, entry, "search_regexp", words.at[1]);
        set_text(scope, entry, "replace", words.at[2]);
    } else {
        if (words.n != 2)
            return cursor_arg_error(in, usage);
        set_pair(scope, query, "set", key, words.at[1]->text, first);
    }
    return true;
}

static bool uri_query(struct scope *scope, json_t *handler, struct token_list words)
{
    struct cursor *in = scope->in;
    if (words.n > 4)
        return cursor_arg_error(in, "uri query [<change...>]");
    json_t *query = document_object_at(scope->document, handler, "query", words.at[0]);
    struct token_list change = {words.at + 1, words.n - 1};
    if (change.n && !read_query_change(scope, query, change))
        return false;
    while (cursor_next_block(in, 0)) {
        if (change.n)
            return cursor_error(in, DIAG_NOT_ALLOWED_HERE,
                                "changes stand on the first line or in the block, not in both");
        size_t begin = (size_t)in->at;
        cursor_remaining(in);
        struct token_list line = {in->tokens + begin, (size_t)in->at - begin + 1};
        if (!read_query_change(scope, query, line))
            return false;
    }
    return true;
}

static bool uri_strip(struct scope *scope, json_t *handler, struct token_list words)
{
    if (words.n != 2)
        return cursor_arg_error(scope->in, "uri strip_prefix|strip_suffix <target>");
    bool is_prefix = token_is(words.at[0], "strip_prefix");
    set_text(scope, handler, is_prefix ? "strip_path_prefix" : "strip_path_suffix", words.at[1]);
    return true;
}

static bool uri_replace(struct scope *scope, json_t *handler, struct token_list words)
{
    int64_t limit = 0;
    if (words.n != 3 && words.n != 4)
        return cursor_arg_error(scope->in, "uri replace <target> <replacement> [<limit>]");
    const struct token *word = words.n == 4 ? words.at[3] : NULL;
    if (word && word->text.len && parse_go_int(word->text, &limit) != PARSE_OK)
        return value_refuse(scope->in, word, "a limit: it must be an integer");
    json_t *entry = add_entry(scope, handler, "uri_substring", words.at[0]);
    set_text(scope, entry, "find", words.at[1]);
    set_text(scope, entry, "replace", words.at[2]);
    value_set(scope, entry, "limit", document_integer(scope->document, limit, word), word);
    return true;
}

static bool uri_path_regexp(struct scope *scope, json_t *handler, struct token_list words)
{
    if (words.n != 3)
        return cursor_arg_error(scope->in, "uri path_regexp <pattern> <replacement>");
    json_t *entry = add_entry(scope, handler, "path_regexp", words.at[0]);
    set_text(scope, entry, "find", words.at[1]);
    set_text(scope, entry, "replace", words.at[2]);
    return true;
}

static const struct {
    const char *name;
    bool (*read)(struct scope *scope, json_t *handler, struct token_list words);
} uri_changes[] = {
    {"strip_prefix", uri_strip}, {"strip_suffix", uri_strip},      {"replace", uri_replace},
    {"query", uri_query},        {"path_regexp", uri_path_regexp},
};

static json_t *adapt_uri(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    json_t *handler = handler_new(scope, "rewrite");
    struct token_list words = cursor_remaining(in);
    if (words.n < 1) {
        cursor_arg_error(in,
                         "uri [<matcher>] strip_prefix|strip_suffix|replace|path_regexp|query ...");
        return NULL;
    }
    for (size_t i = 0; i < sizeof(uri_changes) / sizeof(uri_changes[0]); i++)
        if (token_is(words.at[0], uri_changes[i].name))
            return uri_changes[i].read(scope, handler, words) ? handler : NULL;
    value_refuse_word(in, words.at[0], "strip_prefix|strip_suffix|replace|path_regexp|query");
    return NULL;
}

const struct directive rewrite_directives[] = {
    {.name = "rewrite",
     .doc = "gives the request another URI",
     .arguments = "<to>",
     .adapt = adapt_rewrite,
     .takes_matcher = true},
    {.name = "uri",
     .doc = "changes a part of the URI",
     .arguments = "strip_prefix|strip_suffix <text> | replace <find> <replacement> [<limit>] | "
                  "path_regexp <pattern> <replacement> | query [<rename>] | query [-]<key> | "
                  "query [+]<key> <value> | query <key> <pattern> <replacement>",
     .handler = adapt_uri},
    {.name = "method",
     .doc = "gives the request another method",
     .arguments = "<method>",
     .handler = adapt_method,
     .since = "2.5"},
    {0},
};
