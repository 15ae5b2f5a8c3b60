/* Conditions on requests: path, host, header, ... Every kind reads all of its lines of one set, and
 * merges them in its own way. */
#include "base/ip.h"
#include "directives/request_matchers_private.h"
#include "directives/values.h"
#include "directives/vocabulary_private.h"

bool matcher_refuse_block(struct cursor *in, const char *name)
{
    return !cursor_next_block(in, 0) ||
           cursor_error(in, DIAG_MISPLACED_BLOCK, "'%s' takes no block", name);
}

/* Lists of words; null where there are none at all, as Caddy prints a nil slice. */
static json_t *parse_words(struct scope *scope, struct cursor *in, const char *name)
{
    json_t *words = document_array(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        while (cursor_next_arg(in))
            document_add(scope->document, words, value_string(scope, cursor_token(in)));
        if (!matcher_refuse_block(in, name))
            return NULL;
    }
    return json_array_size(words) ? words : document_null();
}

static json_t *parse_host(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    return parse_words(scope, in, "host");
}

static json_t *parse_path(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    return parse_words(scope, in, "path");
}

static json_t *parse_method(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    return parse_words(scope, in, "method");
}

/* Lists of addresses and ranges; the word private_ranges stands for several. */
static json_t *parse_ranges(struct scope *scope, struct cursor *in, const char *kind,
                            bool forwarded_is_gone)
{
    json_t *matcher = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        while (cursor_next_arg(in)) {
            const struct token *token = cursor_token(in);
            if (forwarded_is_gone && token_is(token, "forwarded")) {
                cursor_error(in, DIAG_BAD_VALUE, "'forwarded' is no more: use client_ip instead");
                return NULL;
            }
            json_t *ranges = document_array_at(scope->document, matcher, "ranges", token);
            if (!token_is(token, "private_ranges")) {
                document_add(scope->document, ranges, value_string(scope, token));
                continue;
            }
            for (const char *const *range = ip_private_ranges; *range; range++)
                document_add(scope->document, ranges,
                             document_text(scope->document, *range, token));
        }
        if (!matcher_refuse_block(in, kind))
            return NULL;
    }
    return matcher;
}

static json_t *parse_remote_ip(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    return parse_ranges(scope, in, "remote_ip", true);
}

static json_t *parse_client_ip(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    return parse_ranges(scope, in, "client_ip", false);
}

static json_t *parse_protocol(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    json_t *protocol = NULL;
    /* What is left on a line is read as another line, whose first word is passed over: so Caddy. */
    while (cursor_next(in)) {
        if (!cursor_next_arg(in)) {
            cursor_error(in, DIAG_WRONG_ARGUMENTS, "'protocol' needs one protocol");
            return NULL;
        }
        protocol = value_string(scope, cursor_token(in));
    }
    return protocol;
}

static json_t *parse_tls(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    json_t *matcher = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        if (cursor_next_arg(in)) {
            if (!cursor_is(in, "early_data")) {
                value_refuse(in, cursor_token(in), "an option of 'tls': there is only early_data");
                return NULL;
            }
            document_set_at(scope->document, matcher, "handshake_complete", document_bool(false),
                            cursor_token(in));
        }
        if (cursor_next_arg(in)) {
            cursor_arg_error(in, "tls [early_data]");
            return NULL;
        }
        if (!matcher_refuse_block(in, "tls"))
            return NULL;
    }
    return matcher;
}

static json_t *parse_not(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    json_t *sets = document_array(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        json_t *set = scope_matcher_block(scope, in, STR(""));
        if (!set)
            return NULL;
        document_add(scope->document, sets, set);
    }
    return json_array_size(sets) ? sets : document_null();
}

/* Several words are the expression as typed, quotes included; a lone one is it without. */
static json_t *parse_expression(struct scope *scope, struct cursor *in, struct str name)
{
    cursor_next(in);
    const struct token *origin = cursor_token(in);
    size_t n = cursor_count_remaining(in);
    if (n == 0) {
        cursor_arg_error(in, "expression <CEL expression>");
        return NULL;
    }
    struct strbuf text = strbuf_in(scope->arena);
    for (size_t i = 0; i < n; i++) {
        cursor_next_arg(in);
        if (i)
            strbuf_add_char(&text, ' ');
        else
            origin = cursor_token(in);
        strbuf_add(&text, n == 1 ? cursor_val(in) : cursor_val_raw(in));
    }
    json_t *expression = document_string(scope->document, strbuf_str(&text), origin);
    if (n > 1 || name.len == 0)
        return expression;
    json_t *named = document_object(scope->document, origin);
    document_set(scope->document, named, "expr", expression);
    document_set(scope->document, named, "name", document_string(scope->document, name, origin));
    return named;
}

/* try_files adds up over lines, and only the whole must not be empty. */
static bool parse_try_files(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    if (!option_more(scope, in, row, object, state))
        return false;
    return json_object_get(object, row->key) || cursor_arg_error(in, "try_files <file...>");
}

static const struct option file_options[] = {
    {.name = "root",
     .doc = "folder to look in",
     .arguments = "<path>",
     .key = "root",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_one},
    {.name = "try_files",
     .doc = "files to look for",
     .arguments = "[<file...>]",
     .key = "try_files",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = parse_try_files,
     .flags = OPTION_ADDS},
    {.name = "try_policy",
     .doc = "which of the files that exist is taken",
     .arguments = "first_exist|first_exist_fallback|smallest_size|largest_size|"
                  "most_recently_modified",
     .key = "try_policy",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_one,
     .flags = OPTION_OPEN_WORDS},
    {.name = "split_path",
     .doc = "endings after which the rest of the path is no file name",
     .arguments = "<ending...>",
     .key = "split_path",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = option_list,
     .since = "2.2"},
    {0},
};

static json_t *parse_file(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    json_t *file = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        const struct token *word = cursor_token(in);
        while (cursor_next_arg(in))
            document_add(scope->document,
                         document_array_at(scope->document, file, "try_files", word),
                         value_string(scope, cursor_token(in)));
        if (!options_parse(scope, in, file_options, file, NULL))
            return NULL;
    }
    document_order(scope->document, file, "root try_files try_policy split_path");
    return file;
}

static const struct option url_pattern_options[] = {
    {.name = "base_url",
     .doc = "URL that a relative pattern is relative to",
     .arguments = "<url>",
     .key = "base_url",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_one},
    {.name = "ignore_case",
     .doc = "takes upper and lower case for the same",
     .key = "ignore_case",
     .type = VALUE_TRUE,
     .parse = option_lone_flag},
    {0},
};

static json_t *parse_url_pattern(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    json_t *matcher = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        if (!cursor_next_arg(in)) {
            cursor_error(in, DIAG_WRONG_ARGUMENTS, "'url_pattern' needs one pattern");
            return NULL;
        }
        value_set(scope, matcher, "pattern", value_string(scope, cursor_token(in)),
                  cursor_token(in));
        if (!options_parse(scope, in, url_pattern_options, matcher, NULL))
            return NULL;
    }
    document_order(scope->document, matcher, "pattern base_url ignore_case");
    return matcher;
}

const struct matcher request_matchers[] = {
    {.name = "client_ip",
     .doc = "the client's address, proxies that are trusted considered",
     .arguments = "[<range>|private_ranges...]",
     .parse = parse_client_ip,
     .since = "2.7"},
    {.name = "expression",
     .doc = "an expression in CEL",
     .arguments = "<expression...>",
     .parse = parse_expression},
    {.name = "file",
     .doc = "which files there are",
     .arguments = "[<file...>]",
     .parse = parse_file,
     .options = file_options},
    {.name = "header",
     .doc = "a header field and its value; !<field> asks for none",
     .arguments = "<field> <value> | !<field>",
     .parse = matcher_header},
    {.name = "header_regexp",
     .doc = "a header field's value, by a regular expression",
     .arguments = "[<name>] <field> <pattern>",
     .parse = matcher_header_regexp},
    {.name = "host", .doc = "the host asked for", .arguments = "[<host...>]", .parse = parse_host},
    {.name = "method", .doc = "the method", .arguments = "[<method...>]", .parse = parse_method},
    {.name = "not",
     .doc = "what matches none of these",
     .arguments = "[<matcher> ...]",
     .parse = parse_not},
    {.name = "path", .doc = "the path", .arguments = "[<path_pattern...>]", .parse = parse_path},
    {.name = "path_regexp",
     .doc = "the path, by a regular expression",
     .arguments = "[<name>] <pattern>",
     .parse = matcher_path_regexp},
    {.name = "protocol",
     .doc = "the protocol, such as https, grpc or http/2+",
     .arguments = "<protocol>",
     .parse = parse_protocol},
    {.name = "query",
     .doc = "keys and values of the query",
     .arguments = "[<key=value...>]",
     .parse = matcher_query},
    {.name = "remote_ip",
     .doc = "the address that the connection comes from",
     .arguments = "[<range>|private_ranges...]",
     .parse = parse_remote_ip},
    {.name = "tls",
     .doc = "whether the handshake was complete when the request came",
     .arguments = "[early_data]",
     .parse = parse_tls,
     .since = "2.9"},
    {.name = "url_pattern",
     .doc = "the URL, by a WHATWG URL pattern",
     .arguments = "<pattern>",
     .parse = parse_url_pattern,
     .options = url_pattern_options,
     .since = "2.11.5"},
    {.name = "vars",
     .doc = "a variable's value",
     .arguments = "<variable> <value...>",
     .parse = matcher_vars},
    {.name = "vars_regexp",
     .doc = "a variable's value, by a regular expression",
     .arguments = "[<name>] <variable> <pattern>",
     .parse = matcher_vars_regexp},
    {0},
};
