/* file_server, try_files: answers from files, and paths that depend on which files there are. */
#include "directives/hidden_files.h"
#include "directives/module_spaces.h"
#include "directives/values.h"
#include "directives/vocabulary_private.h"

static bool parse_once(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "'%s' stands here twice", row->name);
    return row->type == VALUE_TRUE ? option_flag(scope, in, row, object, state)
                                   : option_one(scope, in, row, object, state);
}

static bool parse_sort(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    return option_more(scope, in, row, object, state);
}

static bool parse_file_limit(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *object, void *state)
{
    const struct token *name = cursor_token(in);
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "'file_limit' stands here twice");
    if (cursor_count_remaining(in) != 1)
        return cursor_error_at(in, DIAG_WRONG_ARGUMENTS, name, "'file_limit' takes one integer");
    return option_one(scope, in, row, object, state);
}

static const struct option browse_options[] = {
    {.name = "reveal_symlinks",
     .doc = "shows where symbolic links lead",
     .key = "reveal_symlinks",
     .type = VALUE_TRUE,
     .parse = parse_once,
     .flags = OPTION_ONCE_FILLED,
     .since = "2.8"},
    {.name = "sort",
     .doc = "order of the listing",
     .arguments = "[name|namedirfirst|size|time|asc|desc...]",
     .key = "sort",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .values = "name|namedirfirst|size|time|asc|desc",
     .parse = parse_sort,
     .flags = OPTION_ADDS,
     .since = "2.9"},
    {.name = "file_limit",
     .doc = "how many files a listing shows at most",
     .arguments = "<count>",
     .key = "file_limit",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_file_limit,
     .flags = OPTION_ONCE_FILLED,
     .since = "2.9"},
    {0},
};

static bool parse_browse(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    const struct token *name = cursor_token(in);
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "browsing is configured already");
    json_t *browse = document_object_at(scope->document, object, row->key, name);
    if (cursor_next_arg(in))
        value_set(scope, browse, "template_file", value_string(scope, cursor_token(in)),
                  cursor_token(in));
    return options_parse(scope, in, row->block, browse, state);
}

static const struct option precompressed_formats[] = {
    {.name = "br", .doc = "Brotli: files that end in .br", .since = "2.4"},
    {.name = "zstd", .doc = "Zstandard: files that end in .zst", .since = "2.4"},
    {.name = "gzip", .doc = "gzip: files that end in .gz", .since = "2.4"},
    {0},
};

const struct module_space precompressed_space = {
    .name = "http.precompressed",
    .doc = "formats of files that are compressed already",
    .modules = precompressed_formats,
};

static bool parse_precompressed(struct scope *scope, struct cursor *in, const struct option *row,
                                json_t *object, void *state)
{
    const struct token *name = cursor_token(in);
    if (!option_list(scope, in, row, object, state))
        return false;
    json_t *order = document_array_at(scope->document, object, row->key, name);
    if (json_array_size(order) == 0)
        for (const struct option *format = precompressed_formats; format->name; format++)
            document_add(scope->document, order,
                         document_text(scope->document, format->name, name));
    json_t *formats = document_object_at(scope->document, object, "precompressed", name);
    for (size_t i = 0; i < json_array_size(order); i++)
        document_set(scope->document, formats, json_string_value(json_array_get(order, i)),
                     document_object(scope->document, name));
    return true;
}

static bool parse_status(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return cursor_arg_error(in, "status <code>");
    value_set_weak(scope, object, row->key, cursor_token(in));
    return true;
}

static const struct option file_server_options[] = {
    {.name = "fs",
     .doc = "file system to read from",
     .arguments = "<filesystem>",
     .key = "fs",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_once,
     .flags = OPTION_ONCE_FILLED,
     .since = "2.6"},
    {.name = "root",
     .doc = "folder of the files",
     .arguments = "<path>",
     .key = "root",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_one},
    {.name = "hide",
     .doc = "files that are not to be seen",
     .arguments = "<pattern...>",
     .key = "hide",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = option_more,
     .flags = OPTION_ADDS},
    {.name = "index",
     .doc = "names of index files",
     .arguments = "<file...>",
     .key = "index_names",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = option_list},
    {.name = "browse",
     .doc = "lists folders that have no index",
     .arguments = "[<template_file>]",
     .key = "browse",
     .type = VALUE_BLOCK,
     .max_args = 1,
     .block = browse_options,
     .parse = parse_browse,
     .flags = OPTION_ONCE_FILLED},
    {.name = "precompressed",
     .doc = "sends compressed files that stand beside the plain ones",
     .arguments = "[br|zstd|gzip...]",
     .key = "precompressed_order",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .values = "br|zstd|gzip",
     .space = &precompressed_space,
     .parse = parse_precompressed,
     .flags = OPTION_ADDS,
     .since = "2.4"},
    {.name = "status",
     .doc = "status of the answer instead of 200",
     .arguments = "<status>",
     .key = "status_code",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_status,
     .since = "2.4"},
    {.name = "disable_canonical_uris",
     .doc = "does not redirect to add or take away the last slash",
     .key = "canonical_uris",
     .type = VALUE_TRUE,
     .parse = option_lone_false,
     .since = "2.4.4"},
    {.name = "pass_thru",
     .doc = "goes on to the next handler where there is no file",
     .key = "pass_thru",
     .type = VALUE_TRUE,
     .parse = option_lone_flag,
     .since = "2.5"},
    {.name = "etag_file_extensions",
     .doc = "endings of files that hold the Etag of the file beside them",
     .arguments = "<ending...>",
     .key = "etag_file_extensions",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = option_list,
     .since = "2.8"},
    {0},
};

static json_t *adapt_file_server(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    json_t *handler = handler_new(scope, "file_server");
    struct token_list words = cursor_remaining(in);
    if (words.n > 1 || (words.n == 1 && !token_is(words.at[0], "browse"))) {
        cursor_arg_error(in, "file_server [<matcher>] [browse]");
        return NULL;
    }
    if (words.n == 1)
        document_object_at(scope->document, handler, "browse", words.at[0]);
    if (!options_parse(scope, in, file_server_options, handler, NULL))
        return NULL;
    hide_configuration(scope, handler);
    return handler;
}

static bool parse_policy(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "there is a policy already");
    return option_one(scope, in, row, object, state);
}

static const struct option try_files_options[] = {
    {.name = "policy",
     .doc = "which of the files that exist is taken",
     .arguments = "first_exist|first_exist_fallback|smallest_size|largest_size|"
                  "most_recently_modified",
     .key = "try_policy",
     .json = "$..match[].file.try_policy",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .values = "first_exist|first_exist_fallback|smallest_size|largest_size|"
               "most_recently_modified",
     .parse = parse_policy,
     .flags = OPTION_LOOSE | OPTION_ONCE_FILLED,
     .since = "2.6"},
    {0},
};

/* A route that looks for <files> and rewrites to the one found, with <query> after it. */
static void push_try(struct scope *scope, json_t *files, json_t *policy, struct str query,
                     const struct token *origin)
{
    struct document *document = scope->document;
    json_t *file = document_object(document, origin);
    document_set(document, file, "try_files", files);
    document_set(document, file, "try_policy", policy);
    json_t *matcher_set = document_object(document, origin);
    document_set(document, matcher_set, "file", file);
    json_t *handler = handler_new(scope, "rewrite");
    struct str uri =
        str_printf(scope->arena, "{http.matchers.file.relative}" STR_FMT, STR_ARG(query));
    document_set(document, handler, "uri", document_string(document, uri, origin));
    scope_push_route(scope, matcher_set, handler);
}

/* Files with a query get routes of their own, since each rewrites differently. */
static void push_tries(struct scope *scope, struct token_list words, json_t *policy)
{
    json_t *plain = NULL;
    for (size_t i = 0; i < words.n; i++) {
        struct str text = words.at[i]->text;
        ptrdiff_t mark = str_index(text, '?');
        if (mark < 0) {
            if (!plain)
                plain = document_array(scope->document, words.at[i]);
            document_add(scope->document, plain, value_string(scope, words.at[i]));
            continue;
        }
        if (plain)
            push_try(scope, plain, policy, STR(""), words.at[0]);
        plain = NULL;
        json_t *files = document_array(scope->document, words.at[i]);
        document_add(
            scope->document, files,
            document_string(scope->document, str_slice(text, 0, (size_t)mark), words.at[i]));
        push_try(scope, files, policy, str_slice(text, (size_t)mark, text.len), words.at[i]);
    }
    if (plain)
        push_try(scope, plain, policy, STR(""), words.at[0]);
}

static bool adapt_try_files(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return cursor_arg_error(in, "try_files <file...>");
    json_t *options = document_object(scope->document, NULL);
    while (cursor_next_block(in, 0)) { /* Caddy passes over what it does not know here */
        const struct option *row = option_find(try_files_options, cursor_val(in));
        if (row && !option_apply(scope, in, row, options, NULL))
            return false;
    }
    struct results routes = {0};
    struct scope own = *scope;
    own.out = &routes;
    push_tries(&own, words, json_object_get(options, "try_policy"));
    scope_group_routes(scope, &routes);
    for (size_t i = 0; i < routes.n; i++)
        vec_push(scope->arena, scope->out, routes.at[i]);
    return true;
}

const struct directive file_server_directives[] = {
    {.name = "file_server",
     .doc = "answers with files",
     .arguments = "[browse]",
     .makes = "http.handlers.file_server",
     .handler = adapt_file_server,
     .options = file_server_options},
    {.name = "try_files",
     .doc = "rewrites to the first of these files that exists",
     .arguments = "<file...>",
     .makes = "http.handlers.rewrite",
     .adapt = adapt_try_files,
     .options = try_files_options},
    {0},
};
