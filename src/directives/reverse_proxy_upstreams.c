/* Where reverse_proxy's upstreams come from: listed one by one, or looked up. */
#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/reverse_proxy.h"
#include "directives/upstream_address.h"

static bool check_scheme(struct scope *scope, const struct token *token, struct str scheme,
                         const struct proxy *proxy)
{
    if (str_is(scheme, "ws") || str_is(scheme, "wss")) {
        const char *instead = str_is(scheme, "ws") ? "http" : "https";
        struct diag *diag = diag_token(scope->diags, DIAG_UPSTREAM_SCHEME, token,
                                       STR_FMT ":// is for browsers only", STR_ARG(scheme));
        diag_help(scope->diags, diag, token->span,
                  str_printf(scope->arena, "%s" STR_FMT, instead,
                             STR_ARG(str_slice(token->text, scheme.len, token->text.len))),
                  "write %s://; WebSockets pass through it", instead);
        return false;
    }
    if (scheme.len && !str_is(scheme, "http") && !str_is(scheme, "https") &&
        !str_is(scheme, "h2c")) {
        struct diag *diag = diag_token(scope->diags, DIAG_UPSTREAM_SCHEME, token,
                                       "unknown scheme " STR_FMT "://", STR_ARG(scheme));
        diag_note(scope->diags, diag, "upstreams have http://, https://, h2c:// or none");
        return false;
    }
    if (proxy->scheme.len && !str_eq(scheme, proxy->scheme)) {
        struct diag *diag = diag_token(scope->diags, DIAG_UPSTREAM_SCHEME, token,
                                       "all upstreams of a proxy share one scheme: " STR_FMT "://",
                                       STR_ARG(proxy->scheme));
        diag_label(scope->diags, diag, proxy->upstream->span, STR_FMT ":// here",
                   STR_ARG(proxy->scheme));
        diag_note(scope->diags, diag,
                  "the transport, TLS included, is set for all of them at once");
        return false;
    }
    return true;
}

bool proxy_add_upstream(struct scope *scope, struct proxy *proxy, const struct token *token)
{
    struct upstream_address upstream;
    if (!upstream_read(scope, token, 0, token->text, &upstream) ||
        !check_scheme(scope, token, upstream.scheme, proxy))
        return false;
    proxy->scheme = upstream.scheme;
    proxy->upstream = token;
    json_t *upstreams = document_array_at(scope->document, proxy->handler, "upstreams", token);
    return upstream_add(scope, token, &upstream, upstreams);
}

bool parse_to(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
              void *state)
{
    (void)object;
    struct token_list arguments = cursor_remaining(in);
    if (arguments.n == 0)
        return take_arity_error(in, row);
    bool ok = true;
    for (size_t i = 0; i < arguments.n; i++)
        ok = proxy_add_upstream(scope, state, arguments.at[i]) && ok;
    return ok;
}

/* A value that can be given once, on the line or in the block. */
static bool parse_once(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "the %s was given already", row->name);
    cursor_prev(in);
    return take_next_string(scope, in, row, object, state);
}

static bool parse_versions(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    struct token_list arguments = cursor_remaining(in);
    if (arguments.n == 0)
        return take_arity_error(in, row);
    json_t *versions = document_object_at(scope->document, object, row->key, name);
    for (size_t i = 0; i < arguments.n; i++) {
        const struct token *token = arguments.at[i];
        if (!token_is(token, "ipv4") && !token_is(token, "ipv6"))
            return cursor_error_at(in, DIAG_BAD_VALUE, token, "'" STR_FMT "' is not ipv4 or ipv6",
                                   STR_ARG(token->text));
        document_set_at(scope->document, versions, str_dup(scope->arena, token->text).ptr,
                        document_bool(true), token);
    }
    return true;
}

#define COMMON_ROWS                                                                                \
    {.name = "refresh",                                                                            \
     .doc = "how long the answer of the name server is used; 1m by default",                       \
     .arguments = "<interval>",                                                                    \
     .key = "refresh",                                                                             \
     .type = VALUE_DURATION,                                                                       \
     .min_args = 1,                                                                                \
     .max_args = 1,                                                                                \
     .parse = take_next_duration},                                                                 \
        {.name = "resolvers",                                                                      \
         .doc = "name servers to ask",                                                             \
         .arguments = "<addresses...>",                                                            \
         .key = "resolver.addresses",                                                              \
         .type = VALUE_STRINGS,                                                                    \
         .min_args = 1,                                                                            \
         .max_args = -1,                                                                           \
         .parse = take_strings},                                                                   \
        {.name = "dial_timeout",                                                                   \
         .doc = "how long connecting to a name server may take",                                   \
         .arguments = "<timeout>",                                                                 \
         .key = "dial_timeout",                                                                    \
         .type = VALUE_DURATION,                                                                   \
         .min_args = 1,                                                                            \
         .max_args = 1,                                                                            \
         .parse = take_next_duration},                                                             \
    {                                                                                              \
        .name = "dial_fallback_delay", .doc = "head start of IPv6 over IPv4",                      \
        .arguments = "<delay>", .key = "dial_fallback_delay", .type = VALUE_DURATION,              \
        .min_args = 1, .max_args = 1, .parse = take_next_duration                                  \
    }

static const struct option srv_options[] = {
    {.name = "service",
     .doc = "service of the record, such as http",
     .arguments = "<service>",
     .key = "service",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_once,
     .flags = OPTION_ONCE_FILLED},
    {.name = "proto",
     .doc = "protocol of the record, such as tcp",
     .arguments = "<proto>",
     .key = "proto",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_once,
     .flags = OPTION_ONCE_FILLED},
    {.name = "name",
     .doc = "name of the record",
     .arguments = "<name>",
     .key = "name",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_once,
     .flags = OPTION_ONCE_FILLED},
    {.name = "grace_period",
     .doc = "how long old answers are good when the name server fails",
     .arguments = "<duration>",
     .key = "grace_period",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.8"},
    COMMON_ROWS,
    {0},
};

static const struct option a_options[] = {
    {.name = "name",
     .doc = "name to look up",
     .arguments = "<name>",
     .key = "name",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_once,
     .flags = OPTION_ONCE_FILLED},
    {.name = "port",
     .doc = "port of all upstreams; 80 by default",
     .arguments = "<any_port>",
     .key = "port",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_once,
     .flags = OPTION_ONCE_FILLED},
    {.name = "versions",
     .doc = "address families to look for; both by default",
     .arguments = "ipv4|ipv6...",
     .key = "versions",
     .min_args = 1,
     .max_args = -1,
     .values = "ipv4|ipv6",
     .parse = parse_versions,
     .flags = OPTION_ADDS,
     .since = "2.7"},
    COMMON_ROWS,
    {0},
};

/* Up to <max_args> words, each the same as an option of the block. */
static bool take_words(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, const char *const *keys)
{
    struct token_list words = cursor_remaining(in);
    if (words.n > (size_t)row->max_args)
        return take_arity_error(in, row);
    for (size_t i = 0; i < words.n; i++)
        option_set(scope, object, keys[i],
                   document_string(scope->document, words.at[i]->text, words.at[i]), words.at[i]);
    return true;
}

static bool source_records(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    static const char *const keys[] = {"name", "port"};
    return take_words(scope, in, row, object, keys) &&
           options_parse(scope, in, row->block, object, state);
}

static bool source_multi(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)state;
    if (cursor_next_arg(in))
        return take_arity_error(in, row);
    while (cursor_next_block(in, 0)) {
        const struct token *name = cursor_token(in);
        json_t *source = module_take(scope, in, &upstream_source_space);
        if (!source)
            return false;
        document_add(scope->document, document_array_at(scope->document, object, "sources", name),
                     source);
    }
    return true;
}

static const struct option dynamic_upstreams[] = {
    {.name = "srv",
     .doc = "SRV records",
     .arguments = "[<name>]",
     .max_args = 1,
     .block = srv_options,
     .parse = source_records,
     .since = "2.5"},
    {.name = "a",
     .doc = "A and AAAA records",
     .arguments = "[<name> [<any_port>]]",
     .max_args = 2,
     .block = a_options,
     .parse = source_records,
     .since = "2.5"},
    {.name = "multi",
     .doc = "the upstreams of several sources",
     .space = &upstream_source_space,
     .parse = source_multi,
     .flags = OPTION_MODULE_LINES,
     .since = "2.6"},
    {0},
};

const struct module_space upstream_source_space = {
    .name = "http.reverse_proxy.upstreams",
    .key = "source",
    .doc = "where upstreams are looked up",
    .modules = dynamic_upstreams,
};

/* A second one takes the place of the first, as in Caddy. */
bool parse_dynamic(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                   void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *source = module_take(scope, in, &upstream_source_space);
    document_set(scope->document, object, row->key, source);
    return source != NULL;
}
