/* Matcher tokens, definitions of named matchers, and matchers of responses. */
#include "adapt/matchers.h"

#include <stdlib.h>

#include "adapt/adapter.h"
#include "adapt/unknown.h"
#include "base/parse.h"
#include "base/suggest.h"

const struct matcher *vocabulary_matcher(const struct vocabulary *vocabulary, struct str name)
{
    const struct matcher *const *list = vocabulary->matchers;
    for (; list && *list; list++)
        for (const struct matcher *row = *list; row->name; row++)
            if (str_is(name, row->name))
                return row;
    return NULL;
}

/* Never passed over: routes would match what they must not. <end> is where the set that holds it
 * ends, if it is inside another matcher. */
static bool unknown_matcher(struct scope *scope, const struct token *token, const struct token *end)
{
    const struct plugin *plugin = plugin_of_matcher(scope->adapter, token->text);
    struct suggestion suggestion = suggest_for(token->text);
    const struct matcher *const *list = scope->adapter->vocabulary->matchers;
    for (; list && *list; list++)
        for (const struct matcher *row = *list; row->name; row++)
            suggest_try(&suggestion, str_from(row->name));
    struct diag *diag = diag_token(scope->diags, DIAG_INVALID_OPTION, token,
                                   "unknown matcher '" STR_FMT "'", STR_ARG(token->text));
    if (suggestion.best.len && !plugin)
        diag_help(scope->diags, diag, token->span, suggestion.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
    else
        unknown_hint(scope->adapter, diag, plugin);
    if (scope->adapter->options.skip_unknown)
        diag_note(scope->diags, diag,
                  "matchers are never passed over: routes would match what they must not");
    if (end && end->line != token->line)
        diag_label(scope->diags, diag, end->span, "the matchers around it end here");
    scope_label_end(scope, diag);
    return false;
}

/* The lines of one kind of matcher in a set: they are read together. */
struct kind {
    struct str name;
    VEC(const struct token *) tokens;
};
struct kinds {
    VEC(struct kind) list;
    const struct token *end; /* of sets in other matchers: the last token */
};

static struct kind *kind_of(struct scope *scope, struct kinds *kinds, struct str name)
{
    for (size_t i = 0; i < kinds->list.n; i++)
        if (str_eq(kinds->list.at[i].name, name))
            return &kinds->list.at[i];
    vec_push(scope->arena, &kinds->list, (struct kind){.name = name});
    return &kinds->list.at[kinds->list.n - 1];
}

/* Words in quotes without a matcher's name are an expression. */
static void add_expression(struct scope *scope, struct kinds *kinds, const struct token *quoted)
{
    struct token *name = arena_new(scope->arena, struct token);
    *name = *quoted;
    name->text = STR("expression");
    struct kind *kind = kind_of(scope, kinds, name->text);
    vec_push(scope->arena, &kind->tokens, name);
    vec_push(scope->arena, &kind->tokens, quoted);
}

static void add_segment(struct scope *scope, struct kinds *kinds, struct cursor *in)
{
    struct str name = cursor_val(in);
    struct token_list segment = cursor_segment_tokens(in);
    struct kind *kind = kind_of(scope, kinds, name);
    for (size_t i = 0; i < segment.n; i++)
        vec_push(scope->arena, &kind->tokens, segment.at[i]);
}

static int compare_kinds(const void *a, const void *b)
{
    return str_compare(((const struct kind *)a)->name, ((const struct kind *)b)->name);
}

static json_t *read_kind(struct scope *scope, struct kind *kind, struct str name,
                         const struct token *end)
{
    const struct matcher *row = known_matcher(scope->adapter, kind->name);
    if (!row) {
        unknown_matcher(scope, kind->tokens.at[0], end);
        return NULL;
    }
    if (!adapter_enter(scope->adapter, kind->tokens.at[0]))
        return NULL;
    struct cursor in = cursor_over(scope->arena, scope->diags, kind->tokens.at, kind->tokens.n);
    struct scope inner = scope_with_cursor(scope, &in);
    struct row_path path = {.kind = ROW_MATCHER, .name = row->name, .since = row->since};
    row_enter(scope->adapter, &path, &in);
    json_t *value = row->parse(&inner, &in, name);
    row_leave(scope->adapter);
    adapter_leave(scope->adapter);
    return value;
}

/* Reads each kind and puts its value into <set>, in the order of names. */
static bool read_kinds(struct scope *scope, struct kinds *kinds, struct str name, json_t *set)
{
    bool ok = true;
    if (kinds->list.n)
        qsort(kinds->list.at, kinds->list.n, sizeof(*kinds->list.at), compare_kinds);
    for (size_t i = 0; i < kinds->list.n; i++) {
        struct kind *kind = &kinds->list.at[i];
        json_t *value = read_kind(scope, kind, name, kinds->end);
        ok = value && ok;
        document_set_str(scope->document, set, kind->name, value, kind->tokens.at[0]);
    }
    return ok;
}

json_t *scope_matcher_block(struct scope *scope, struct cursor *in, struct str name)
{
    struct kinds kinds = {0};
    json_t *set = document_object(scope->document, cursor_token(in));
    int nesting = in->nesting;
    while (cursor_next_arg(in) || cursor_next_block(in, nesting)) {
        if (cursor_token(in)->quote != QUOTE_NONE)
            add_expression(scope, &kinds, cursor_token(in));
        else
            add_segment(scope, &kinds, in);
    }
    kinds.end = cursor_token(in);
    return read_kinds(scope, &kinds, name, set) ? set : NULL;
}

static json_t *find_set(const struct matchers *matchers, struct str name)
{
    json_t *set = NULL;
    for (; matchers && !set; matchers = matchers->outer)
        set = map_get(&matchers->own, name);
    return set;
}

static bool defined_twice(struct scope *scope, const struct token *token, const struct token *first)
{
    struct diag *diag = diag_token(scope->diags, DIAG_DUPLICATE, token,
                                   "matcher '" STR_FMT "' is defined twice", STR_ARG(token->text));
    if (first)
        diag_label(scope->diags, diag, first->span, "first defined here");
    scope_label_end(scope, diag);
    return false;
}

bool matcher_define(struct scope *scope, struct token_list tokens)
{
    struct cursor in = cursor_into(scope->arena, scope->diags, tokens);
    struct kinds kinds = {0};
    cursor_next(&in);
    const struct token *token = cursor_token(&in);
    const json_t *before = find_set(scope->matchers, token->text);
    if (before)
        return defined_twice(scope, token, document_origin(scope->document, NULL, NULL, before));
    json_t *set = document_object(scope->document, token);
    map_put(&scope->matchers->own, token->text, set);
    if (cursor_next_arg(&in)) {
        if (cursor_token(&in)->quote != QUOTE_NONE) {
            add_expression(scope, &kinds, cursor_token(&in));
            return read_kinds(scope, &kinds, str_slice(token->text, 1, token->text.len), set);
        }
        cursor_prev(&in);
    }
    int nesting = in.nesting;
    while (cursor_next_arg(&in) || cursor_next_block(&in, nesting))
        add_segment(scope, &kinds, &in);
    return read_kinds(scope, &kinds, str_slice(token->text, 1, token->text.len), set);
}

static void suggest_sets(struct suggestion *suggestion, const struct matchers *matchers)
{
    if (!matchers)
        return;
    suggest_sets(suggestion, matchers->outer);
    for (size_t i = 0; i < matchers->own.n; i++)
        suggest_try(suggestion, matchers->own.entries[i].key);
}

static bool undefined_matcher(struct scope *scope, const struct token *token)
{
    struct suggestion suggestion = suggest_for(token->text);
    suggest_sets(&suggestion, scope->matchers);
    struct diag *diag =
        diag_token(scope->diags, DIAG_UNRESOLVED_REFERENCE, token,
                   "matcher '" STR_FMT "' is not defined here", STR_ARG(token->text));
    if (suggestion.best.len)
        diag_help(scope->diags, diag, token->span, suggestion.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
    scope_label_end(scope, diag);
    return false;
}

/* Looks at the current token only: *is_matcher tells whether it is one. */
static bool scope_matcher_token(struct scope *scope, const struct token *token,
                                json_t **matcher_set, bool *is_matcher)
{
    *matcher_set = NULL;
    *is_matcher = false;
    struct str text = token ? token->text : STR("");
    if (text.len == 0)
        return true;
    *is_matcher = str_is(text, "*") || text.ptr[0] == '/' || text.ptr[0] == '@';
    if (text.ptr[0] == '/') {
        json_t *paths = document_array(scope->document, token);
        document_add(scope->document, paths, document_string(scope->document, text, token));
        *matcher_set = document_object(scope->document, token);
        document_set(scope->document, *matcher_set, "path", paths);
    } else if (text.ptr[0] == '@') {
        *matcher_set = find_set(scope->matchers, text);
        if (!*matcher_set)
            return undefined_matcher(scope, token);
    }
    return true;
}

bool scope_take_matcher(struct scope *scope, json_t **matcher_set)
{
    struct cursor *in = scope->in;
    bool is_matcher = false, ok = true;
    *matcher_set = NULL;
    if (in->at < 0)
        cursor_next(in);
    if (cursor_next_arg(in))
        ok = scope_matcher_token(scope, cursor_token(in), matcher_set, &is_matcher);
    if (is_matcher)
        cursor_delete(in, 1);
    cursor_reset(in);
    return ok;
}

/* What the lines of one response matcher have said. */
struct response {
    json_t *codes;
    struct kinds headers;
};

/* "4xx" is 4. */
static bool parse_status(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    struct response *response = state;
    bool any = false, ok = true;
    (void)row, (void)object;
    while (cursor_next_arg(in)) {
        const struct token *token = cursor_token(in);
        struct str text = token->text;
        int64_t code;
        if (text.len == 3 && str_has_suffix(text, STR("xx")))
            text.len = 1;
        any = true;
        if (parse_go_int(text, &code) == PARSE_OK)
            document_add(scope->document, response->codes,
                         document_integer(scope->document, code, token));
        else
            ok = cursor_error(in, DIAG_BAD_VALUE, "'" STR_FMT "' is not a status",
                              STR_ARG(token->text));
    }
    return any ? ok : cursor_arg_error(in, "status <code>...");
}

/* Header lines are read together by the request matcher of that name, at the end. */
static bool parse_header(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    struct response *response = state;
    (void)row, (void)object;
    add_segment(scope, &response->headers, in);
    return true;
}

const struct option response_matchers[] = {
    {.name = "status",
     .doc = "the status, or its class",
     .arguments = "<status_class...>",
     .key = "status_code",
     .min_args = 1,
     .max_args = -1,
     .parse = parse_status,
     .flags = OPTION_ADDS},
    {.name = "header",
     .doc = "a header field and its value; !<field> asks for none",
     .arguments = "<field> <value> | !<field>",
     .key = "headers",
     .min_args = 1,
     .max_args = 2,
     .parse = parse_header,
     .flags = OPTION_ADDS},
    {0},
};

static bool read_headers(struct scope *scope, struct kinds *headers, json_t *matcher)
{
    if (headers->list.n == 0)
        return true;
    json_t *value = read_kind(scope, &headers->list.at[0], STR(""), NULL);
    if (!document_is_empty(value))
        document_set(scope->document, matcher, "headers", document_sorted(scope->document, value));
    return value != NULL;
}

bool scope_response_matcher(struct scope *scope, struct cursor *in, json_t *matchers)
{
    struct cursor own = *in;
    bool ok = true;
    if (in->at < 0)
        cursor_next(&own);
    const struct token *name = cursor_token(&own);
    if (json_object_find(matchers, name->text.ptr, name->text.len))
        return cursor_error(&own, DIAG_DUPLICATE, "matcher '" STR_FMT "' is defined twice",
                            STR_ARG(name->text));
    if (in->at >= 0) {
        own = cursor_segment(in);
        cursor_next(&own);
    }
    json_t *matcher = document_object(scope->document, name);
    struct response response = {.codes = document_array(scope->document, name)};
    document_set_str(scope->document, matchers, name->text, matcher, NULL);
    int nesting = own.nesting;
    while (cursor_next_arg(&own) || cursor_next_block(&own, nesting)) {
        const struct option *row = option_find(response_matchers, cursor_val(&own));
        if (!row) {
            ok = cursor_error(&own, DIAG_INVALID_OPTION,
                              "unknown response matcher '" STR_FMT "': there are header and status",
                              STR_ARG(cursor_val(&own)));
            break;
        }
        ok = option_apply(scope, &own, row, matcher, &response) && ok;
    }
    if (json_array_size(response.codes))
        document_set(scope->document, matcher, "status_code", response.codes);
    return read_headers(scope, &response.headers, matcher) && ok;
}
