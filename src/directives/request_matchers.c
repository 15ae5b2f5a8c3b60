/* Conditions on requests: path, host, header, … Every kind reads all of its lines of one set, and
 * merges them in its own way. */
#include "base/ip.h"
#include "directives/header_ops.h"
#include "directives/values.h"
#include "directives/vocabulary_private.h"

/* After a line: no kind but `file`, `url_pattern` and `not` has a block. */
static bool refuse_block(struct cursor *in, const char *name)
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
        if (!refuse_block(in, name))
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

/* A list under <key> of an object whose other keys are texts: key → [value…]. */
static void add_value(struct scope *scope, json_t *object, struct str key, json_t *value,
                      const struct token *origin)
{
    json_t *values = json_object_getn(object, key.ptr, key.len);
    if (!json_is_array(values)) {
        values = document_array(scope->document, origin);
        document_set_str(scope->document, object, key, values, origin);
    }
    document_add(scope->document, values, value);
}

static json_t *parse_query(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    json_t *query = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        struct token_list words = cursor_remaining(in);
        for (size_t i = 0; i < words.n; i++) {
            const struct token *word = words.at[i];
            struct str key, value;
            if (word->text.len == 0)
                continue;
            if (!str_cut(word->text, STR("="), &key, &value)) {
                value_refuse(in, word, "a condition on the query: write <key>=<value>");
                return NULL;
            }
            add_value(scope, query, key, document_string(scope->document, value, word), word);
        }
        if (!refuse_block(in, "query"))
            return NULL;
    }
    return document_sorted(scope->document, query);
}

/* "<field> <value>" or "!<field>", the current token being the field. */
static bool read_header(struct scope *scope, struct cursor *in, json_t *headers)
{
    const struct token *field = cursor_token(in);
    struct str name = field->text;
    if (str_has_prefix(name, STR("!"))) {
        name = str_slice(name, 1, name.len);
        if (name.len == 0)
            return cursor_error(in, DIAG_WRONG_ARGUMENTS, "a field name must follow '!'");
        document_set_str(scope->document, headers, name, document_null(), field);
        return !cursor_next_arg(in) ||
               cursor_error(in, DIAG_WRONG_ARGUMENTS,
                            "'!' asks for a field to be absent: no value can follow");
    }
    if (!cursor_next_arg(in))
        return cursor_error(in, DIAG_WRONG_ARGUMENTS, "a value must follow the field");
    add_value(scope, headers, header_canonical_name(scope->arena, name),
              value_string(scope, cursor_token(in)), field);
    return true;
}

static json_t *parse_header(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    json_t *headers = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    /* What is left on a line is read as another line, whose first word is passed over: so Caddy. */
    while (cursor_next(in)) {
        if (!cursor_next_arg(in)) {
            cursor_error(in, DIAG_WRONG_ARGUMENTS, "'header' needs a field");
            return NULL;
        }
        if (!read_header(scope, in, headers) || !refuse_block(in, "header"))
            return NULL;
    }
    return document_sorted(scope->document, headers);
}

static json_t *new_regexp(struct scope *scope, const struct token *name, struct str fallback,
                          const struct token *pattern)
{
    json_t *regexp = document_object(scope->document, pattern);
    json_t *given = name && name->text.len ? value_string(scope, name)
                                           : document_string(scope->document, fallback, pattern);
    value_set(scope, regexp, "name", given, pattern);
    document_set(scope->document, regexp, "pattern", value_string(scope, pattern));
    return regexp;
}

/* "[<name>] <field> <pattern>" lines of header_regexp and vars_regexp. */
static json_t *parse_regexps(struct scope *scope, struct cursor *in, struct str name,
                             const char *kind, bool fields_repeat)
{
    json_t *regexps = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        const struct token *words[3] = {0};
        size_t n = 0;
        while (n < 3 && cursor_next_arg(in))
            words[n++] = cursor_token(in);
        if (n < 2) {
            cursor_arg_error(in,
                             str_printf(scope->arena, "%s [<name>] <field> <pattern>", kind).ptr);
            return NULL;
        }
        const struct token *field = words[n - 2];
        if (!fields_repeat && json_object_getn(regexps, field->text.ptr, field->text.len)) {
            cursor_error_at(in, DIAG_DUPLICATE, field, "field '" STR_FMT "' has a pattern already",
                            STR_ARG(field->text));
            return NULL;
        }
        document_set_str(scope->document, regexps, field->text,
                         new_regexp(scope, n == 3 ? words[0] : NULL, name, words[n - 1]), field);
        if (!refuse_block(in, kind))
            return NULL;
    }
    return document_sorted(scope->document, regexps);
}

static json_t *parse_header_regexp(struct scope *scope, struct cursor *in, struct str name)
{
    return parse_regexps(scope, in, name, "header_regexp", false);
}

static json_t *parse_vars_regexp(struct scope *scope, struct cursor *in, struct str name)
{
    return parse_regexps(scope, in, name, "vars_regexp", true);
}

static json_t *parse_path_regexp(struct scope *scope, struct cursor *in, struct str name)
{
    json_t *regexp = NULL;
    const struct token *before = NULL;
    struct str fallback = name;
    while (cursor_next(in)) {
        if (before && before->text.len) {
            cursor_error(in, DIAG_DUPLICATE, "a set of matchers has one 'path_regexp' only");
            return NULL;
        }
        struct token_list words = cursor_remaining(in);
        if (words.n < 1 || words.n > 2) {
            cursor_arg_error(in, "path_regexp [<name>] <pattern>");
            return NULL;
        }
        before = words.at[words.n - 1];
        /* A name outlives the line of an empty pattern. */
        if (words.n == 2)
            fallback = words.at[0]->text.len ? words.at[0]->text : name;
        regexp = new_regexp(scope, NULL, fallback, before);
        if (!refuse_block(in, "path_regexp"))
            return NULL;
    }
    return regexp;
}

static json_t *parse_vars(struct scope *scope, struct cursor *in, struct str name)
{
    (void)name;
    json_t *vars = document_object(scope->document, in->n ? in->tokens[0] : NULL);
    while (cursor_next(in)) {
        if (!cursor_next_arg(in)) {
            cursor_error(in, DIAG_WRONG_ARGUMENTS, "'vars' needs a variable");
            return NULL;
        }
        const struct token *variable = cursor_token(in);
        struct token_list words = cursor_remaining(in);
        if (words.n == 0) {
            cursor_error(in, DIAG_WRONG_ARGUMENTS, "'vars' needs a value after the variable");
            return NULL;
        }
        for (size_t i = 0; i < words.n; i++)
            add_value(scope, vars, variable->text, value_string(scope, words.at[i]), variable);
        if (!refuse_block(in, "vars"))
            return NULL;
    }
    return document_sorted(scope->document, vars);
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
        if (!refuse_block(in, kind))
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
        if (!refuse_block(in, "tls"))
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
    return json_object_get(object, row->key) || cursor_arg_error(in, "try_files <file…>");
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
     .arguments = "<file…>",
     .key = "try_files",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = parse_try_files},
    {.name = "try_policy",
     .doc = "which of the files that exist is taken",
     .arguments = "first_exist|first_exist_fallback|smallest_size|largest_size|"
                  "most_recently_modified",
     .key = "try_policy",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_one},
    {.name = "split_path",
     .doc = "endings after which the rest of the path is no file name",
     .arguments = "<ending…>",
     .key = "split_path",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = option_list},
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
        value_set(scope, matcher, "pattern", value_string(scope, cursor_token(in)), cursor_token(in));
        if (!options_parse(scope, in, url_pattern_options, matcher, NULL))
            return NULL;
    }
    document_order(scope->document, matcher, "pattern base_url ignore_case");
    return matcher;
}

const struct matcher request_matchers[] = {
    {.name = "client_ip",
     .doc = "the client's address, proxies that are trusted considered",
     .arguments = "<range…>|private_ranges",
     .parse = parse_client_ip,
     .since = "2.7"},
    {.name = "expression",
     .doc = "an expression in CEL",
     .arguments = "<expression>",
     .parse = parse_expression},
    {.name = "file",
     .doc = "which files there are",
     .arguments = "[<file…>]",
     .parse = parse_file,
     .options = file_options},
    {.name = "header",
     .doc = "a header field and its value; !<field> asks for none",
     .arguments = "<field> <value>",
     .parse = parse_header},
    {.name = "header_regexp",
     .doc = "a header field's value, by a regular expression",
     .arguments = "[<name>] <field> <pattern>",
     .parse = parse_header_regexp},
    {.name = "host", .doc = "the host asked for", .arguments = "<host…>", .parse = parse_host},
    {.name = "method", .doc = "the method", .arguments = "<method…>", .parse = parse_method},
    {.name = "not",
     .doc = "what matches none of these",
     .arguments = "<matcher> …",
     .parse = parse_not},
    {.name = "path", .doc = "the path", .arguments = "<path…>", .parse = parse_path},
    {.name = "path_regexp",
     .doc = "the path, by a regular expression",
     .arguments = "[<name>] <pattern>",
     .parse = parse_path_regexp},
    {.name = "protocol",
     .doc = "the protocol, such as https, grpc or http/2+",
     .arguments = "<protocol>",
     .parse = parse_protocol},
    {.name = "query",
     .doc = "keys and values of the query",
     .arguments = "<key>=<value>…",
     .parse = parse_query},
    {.name = "remote_ip",
     .doc = "the address that the connection comes from",
     .arguments = "<range…>|private_ranges",
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
     .since = "2.11"},
    {.name = "vars",
     .doc = "a variable's value",
     .arguments = "<variable> <value…>",
     .parse = parse_vars},
    {.name = "vars_regexp",
     .doc = "a variable's value, by a regular expression",
     .arguments = "[<name>] <variable> <pattern>",
     .parse = parse_vars_regexp},
    {0},
};
