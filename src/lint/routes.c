/* Between routes of the JSON and the directives that they came from. */
#include "lint/routes.h"

#include "base/arena.h"
#include "lint/lint_private.h"

const struct analysis *lint_analysis(struct lint *lint)
{
    if (!lint->facts->analysis && lint->root)
        lint->facts->analysis = analysis_of(lint->arena, lint_servers(lint));
    return lint->facts->analysis;
}

struct mapping {
    struct lint *lint;
    struct map *directives;
};

/* Inner lines come later, so that they replace the ones around them. */
static bool map_tokens(const struct node *node, void *user)
{
    struct mapping *mapping = user;
    if (line_directive(mapping->lint, node))
        for (uint32_t i = 0; i < node->n_tokens; i++)
            map_put(mapping->directives,
                    str_make((const char *)&node->tokens[i], sizeof(node->tokens[i])),
                    (void *)node);
    return true;
}

const struct node *lint_directive_of(struct lint *lint, const struct token *token)
{
    struct lint_facts *facts = lint->facts;
    if (!token || !lint->tree)
        return NULL;
    if (!facts->directives) {
        facts->directives = arena_new(lint->arena, struct map);
        *facts->directives = map_in(lint->arena);
        struct mapping mapping = {lint, facts->directives};
        node_walk(lint->tree, map_tokens, &mapping);
    }
    return map_get(facts->directives, str_make((const char *)&token, sizeof(token)));
}

static const struct token *origin_of(const struct lint *lint, const json_t *value)
{
    const struct token *token = document_origin(&lint->pipeline->document, NULL, NULL, value);
    if (!token)
        token = document_origin(&lint->pipeline->document, value, "handler",
                                json_object_get(value, "handler"));
    if (!token)
        token = document_origin(&lint->pipeline->document, NULL, NULL,
                                json_array_get(json_object_get(value, "match"), 0));
    return token;
}

struct place lint_place(struct lint *lint, const json_t *route, const json_t *handler)
{
    const json_t *first = json_array_get(json_object_get(route, "handle"), 0);
    const struct token *token = handler ? origin_of(lint, handler) : NULL;
    if (!token)
        token = origin_of(lint, route);
    struct place place = {.line = lint_directive_of(lint, token)};
    place.name = json_str(json_object_get(handler ? handler : first, "handler"));
    if (!token)
        return place;
    place.via = token->via;
    place.span = token->span;
    if (place.line) {
        const struct token *name = line_name_token(place.line);
        const struct token *matcher = line_matcher(lint, place.line);
        if (str_is(name->text, "handle_path"))
            matcher = line_word(place.line, 0);
        place.name = name->text;
        place.via = name->via;
        place.span = (struct span){name->span.begin, matcher ? matcher->span.end : name->span.end};
        /* a matcher out of an import's arguments stands elsewhere */
        if (place.span.end <= place.span.begin || (matcher && matcher->via != name->via))
            place.span = name->span;
    }
    return place;
}

struct str line_indent(const struct lint *lint, const struct node *line)
{
    struct str text = lint_text(lint, lint_whole_lines(lint, line_span(line)));
    size_t n = 0;
    while (n < text.len && (text.ptr[n] == ' ' || text.ptr[n] == '\t'))
        n++;
    return str_slice(text, 0, n);
}

/* --- the whole JSON --- */

struct collector {
    struct arena *arena;
    struct json_finds *finds;
    const json_t *server; /* that is being walked; NULL outside */
};

static void add_regexp(struct collector *collector, const json_t *pattern, struct str name,
                       bool is_matcher, const char *field)
{
    if (json_is_string(pattern))
        vec_push(collector->arena, &collector->finds->regexps,
                 (struct json_regexp){pattern, name, is_matcher, field});
}

static void add_matcher(struct collector *collector, const json_t *regexp, const char *field)
{
    add_regexp(collector, json_object_get(regexp, "pattern"),
               json_str(json_object_get(regexp, "name")), true, field);
}

static void find_path_regexp(struct collector *collector, const json_t *object, const json_t *value)
{
    (void)object;
    add_matcher(collector, json_is_object(value) ? value : NULL, NULL);
    /* of a rewrite */
    for (size_t i = 0; i < json_array_size(value); i++)
        add_regexp(collector, json_object_get(json_array_get(value, i), "find"), STR(""), false,
                   NULL);
}

static void find_header_regexp(struct collector *collector, const json_t *object,
                               const json_t *value)
{
    (void)object;
    for (size_t i = 0; i < json_object_size(value); i++)
        add_matcher(collector, value->as.members[i].value, value->as.members[i].key);
}

static void find_vars_regexp(struct collector *collector, const json_t *object, const json_t *value)
{
    (void)object;
    for (size_t i = 0; i < json_object_size(value); i++)
        add_matcher(collector, value->as.members[i].value, NULL);
}

/* With placeholders it is compiled for each request. */
static void find_search_regexp(struct collector *collector, const json_t *object,
                               const json_t *value)
{
    (void)object;
    if (!str_contains(json_str(value), STR("{")))
        add_regexp(collector, value, STR(""), false, NULL);
}

static void find_pattern(struct collector *collector, const json_t *object, const json_t *value)
{
    (void)object;
    add_regexp(collector, value, STR(""), false, NULL);
}

static void find_filter(struct collector *collector, const json_t *object, const json_t *value)
{
    if (str_is(json_str(json_object_get(object, "filter")), "regexp"))
        add_regexp(collector, value, STR(""), false, NULL);
}

static void find_expression(struct collector *collector, const json_t *object, const json_t *value)
{
    const json_t *text = json_is_string(value) ? value : json_object_get(value, "expr");
    (void)object;
    collector->finds->has_regexp_functions |= str_contains(json_str(text), STR("_regexp("));
    if (json_is_string(text))
        vec_push(collector->arena, &collector->finds->expressions, text);
}

/* Whether a rewrite's target begins with a slash, or leaves the path as it is. */
static bool is_rooted(struct str uri)
{
    static const char *const starts[] = {"/", "?", "{http.request.uri", "{http.request.orig_uri",
                                         "{http.matchers.file.relative}", NULL};
    for (size_t i = 0; starts[i]; i++)
        if (str_has_prefix(uri, str_from(starts[i])))
            return true;
    return uri.len == 0;
}

static void find_handler(struct collector *collector, const json_t *object, const json_t *value)
{
    if (str_is(json_str(value), "rewrite") && !is_rooted(json_str(json_object_get(object, "uri"))))
        collector->finds->rewrites_to_relative = true;
    if (str_is(json_str(value), "map"))
        vec_push(collector->arena, &collector->finds->maps, object);
    collector->finds->has_regexp_functions |= !handler_is_known(json_str(value));
}

/* Sets of matchers, those inside of `not` included. */
static void find_sets(struct collector *collector, const json_t *sets)
{
    struct json_finds *finds = collector->finds;
    for (size_t i = 0; i < json_array_size(sets); i++) {
        const json_t *set = json_array_get(sets, i), *paths = json_object_get(set, "path");
        struct json_set found = {set, collector->server};
        for (size_t k = 0; k < json_array_size(paths); k++)
            if (!path_is_plain(json_str(json_array_get(paths, k))))
                vec_push(collector->arena, &finds->odd_paths, json_array_get(paths, k));
        if (json_object_get(set, "header"))
            vec_push(collector->arena, &finds->field_sets, found);
        if (json_object_get(set, "remote_ip"))
            vec_push(collector->arena, &finds->remote_sets, found);
        find_sets(collector, json_object_get(set, "not"));
    }
}

static void find_route(struct collector *collector, const json_t *object, const json_t *value)
{
    (void)value;
    if (collector->server)
        find_sets(collector, json_object_get(object, "match"));
}

static const struct key_find {
    struct str key;
    void (*find)(struct collector *collector, const json_t *object, const json_t *value);
} key_finds[] = {
    {STR_INIT("handle"), find_route},
    {STR_INIT("handler"), find_handler},
    {STR_INIT("path_regexp"), find_path_regexp},
    {STR_INIT("header_regexp"), find_header_regexp},
    {STR_INIT("vars_regexp"), find_vars_regexp},
    {STR_INIT("search_regexp"), find_search_regexp},
    {STR_INIT("input_regexp"), find_pattern},
    {STR_INIT("expect_body"), find_pattern},
    {STR_INIT("regexp"), find_filter},
    {STR_INIT("expression"), find_expression},
};

/* A look at its length and its first letter: most keys are none of them. */
static bool may_be_found(const struct json_member *member)
{
    static const bool firsts[256] = {['h'] = true, ['p'] = true, ['v'] = true, ['s'] = true,
                                     ['i'] = true, ['e'] = true, ['r'] = true};
    return member->key_len >= 6 && member->key_len <= 13 && firsts[(unsigned char)member->key[0]];
}

static void collect(struct collector *collector, const json_t *value)
{
    if (json_is_string(value)) {
        if (value->n > 13 && memchr(value->as.text, '{', value->n) &&
            str_contains(json_str(value), STR("{http.regexp.")))
            vec_push(collector->arena, &collector->finds->captures, value);
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++)
        collect(collector, json_array_get(value, i));
    for (size_t i = 0; i < json_object_size(value); i++) {
        const struct json_member *member = &value->as.members[i];
        for (size_t k = 0; may_be_found(member) && k < sizeof(key_finds) / sizeof(key_finds[0]); k++)
            if (member->key_len == key_finds[k].key.len &&
                memcmp(member->key, key_finds[k].key.ptr, member->key_len) == 0)
                key_finds[k].find(collector, value, member->value);
        collect(collector, member->value);
    }
}

const struct json_finds *lint_json_finds(struct lint *lint)
{
    if (lint->facts->json_finds || !lint->root)
        return lint->facts->json_finds;
    lint->facts->json_finds = arena_new(lint->arena, struct json_finds);
    struct collector collector = {lint->arena, lint->facts->json_finds, NULL};
    const json_t *servers = lint_servers(lint);
    for (size_t i = 0; i < json_object_size(servers); i++) {
        collector.server = servers->as.members[i].value;
        collect(&collector, collector.server);
    }
    collector.server = NULL;
    collect(&collector, json_object_get(lint->root, "logging"));
    return lint->facts->json_finds;
}
