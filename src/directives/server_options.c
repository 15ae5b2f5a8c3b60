/* The global option `servers`: settings of whole servers, picked by listener address. */
#include "directives/server_options.h"

#include "base/ip.h"
#include "base/parse.h"
#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/vocabulary_private.h"

/* The options' object is the entry; what goes into the server itself is below "server". */

static bool option_name(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *entry, void *state)
{
    if (!json_object_get(entry, "address"))
        return cursor_error(in, DIAG_INVALID_OPTION,
                            "a name needs a listener address after 'servers': which server would "
                            "it be?");
    return take_next_string(scope, in, row, entry, state);
}

static bool proxy_protocol_policy(struct scope *scope, struct cursor *in, const struct option *row,
                                  json_t *object, void *state)
{
    (void)state;
    static const char *const policies[] = {"IGNORE", "USE", "REJECT", "REQUIRE", "SKIP"};
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    const struct token *token = cursor_token(in);
    struct str policy = str_upper(scope->arena, token->text);
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        if (!str_is(policy, policies[i]))
            continue;
        /* the first is the zero value, which Caddy leaves out */
        option_set(scope, object, row->key,
                   i ? document_string(scope->document, policy, token) : NULL, token);
        return true;
    }
    return cursor_error(in, DIAG_BAD_VALUE,
                        "'" STR_FMT "' is not one of ignore, use, reject, "
                        "require, skip",
                        STR_ARG(token->text));
}

static const struct option proxy_protocol_options[] = {
    {.name = "timeout",
     .doc = "how long to wait for the PROXY header",
     .arguments = "<duration>",
     .key = "timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "allow",
     .doc = "addresses that PROXY headers are taken from",
     .arguments = "[<cidr...>]",
     .key = "allow",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = take_more_strings,
     .flags = OPTION_ADDS},
    {.name = "deny",
     .doc = "addresses that PROXY headers are not taken from",
     .arguments = "[<cidr...>]",
     .key = "deny",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = take_more_strings,
     .flags = OPTION_ADDS,
     .since = "2.8"},
    {.name = "fallback_policy",
     .doc = "what to do with a PROXY header from any other address",
     .arguments = "ignore|use|reject|require|skip",
     .key = "fallback_policy",
     .min_args = 1,
     .max_args = 1,
     .values = "ignore|use|reject|require|skip",
     .parse = proxy_protocol_policy,
     .since = "2.8"},
    {0},
};

static bool wrapper_proxy_protocol(struct scope *scope, struct cursor *in, const struct option *row,
                                   json_t *object, void *state)
{
    if (cursor_next_arg(in))
        return cursor_arg_error(in, NULL);
    return options_parse(scope, in, row->block, object, state);
}

/* Caddy reads nothing of these, so anything may follow their names. */
static bool wrapper_bare(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)scope, (void)in, (void)row, (void)object, (void)state;
    return true;
}

static const struct option listener_wrappers[] = {
    {.name = "proxy_protocol",
     .doc = "take the client's address from a PROXY header",
     .block = proxy_protocol_options,
     .parse = wrapper_proxy_protocol,
     .since = "2.7"},
    {.name = "http_redirect",
     .doc = "answer plain HTTP on the TLS port with a redirect",
     .parse = wrapper_bare,
     .flags = OPTION_LOOSE,
     .since = "2.5"},
    {.name = "tls", .doc = "where TLS comes among the wrappers", .parse = wrapper_bare,
     .flags = OPTION_LOOSE},
    {0},
};

const struct module_space listener_wrapper_space = {
    .name = "caddy.listeners",
    .key = "wrapper",
    .doc = "what connections go through before HTTP",
    .modules = listener_wrappers,
};

const struct module_space packet_wrapper_space = {
    .name = "caddy.packetconns",
    .key = "wrapper",
    .doc = "what packets go through before HTTP/3",
};

static bool option_listener_wrappers(struct scope *scope, struct cursor *in,
                                     const struct option *row, json_t *entry, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    json_t *server = document_object_at(scope->document, entry, "server", name);
    int nesting = in->nesting;
    while (cursor_next_block(in, nesting)) {
        json_t *wrapper = module_take(scope, in, &listener_wrapper_space);
        if (!wrapper)
            return false;
        document_add(scope->document, document_array_at(scope->document, server, row->name, name),
                     document_sorted(scope->document, wrapper));
    }
    return true;
}

static bool option_packet_wrappers(struct scope *scope, struct cursor *in, const struct option *row,
                                   json_t *entry, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    json_t *server = document_object_at(scope->document, entry, "server", name);
    int nesting = in->nesting;
    while (cursor_next_block(in, nesting)) {
        json_t *wrapper = module_take(scope, in, &packet_wrapper_space);
        if (!wrapper)
            return false;
        document_add(scope->document, document_array_at(scope->document, server, row->name, name),
                     document_sorted(scope->document, wrapper));
    }
    return true;
}

/* `read_body_idle 30s 1024`: a duration, and the least rate in bytes per second. */
static bool timeout_and_rate(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *entry, void *state)
{
    (void)state;
    size_t n = cursor_count_remaining(in);
    if (n < 1 || n > 2)
        return take_arity_error(in, row);
    struct option duration = {.key = row->key, .arguments = row->arguments};
    if (!take_next_duration(scope, in, &duration, entry, NULL))
        return false;
    struct option rate = {
        .key = str_is(str_from(row->name), "write_idle") ? "server.write_min_rate"
                                                         : "server.read_min_rate",
    };
    return n < 2 || take_next_integer(scope, in, &rate, entry, NULL);
}

static const struct option timeout_options[] = {
    {.name = "read_body",
     .doc = "how long reading a whole request may take",
     .arguments = "<duration>",
     .key = "server.read_timeout",
     .json = "read_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "read_body_idle",
     .doc = "how long a request's body may stall, and the least rate it must come at",
     .arguments = "<duration> [<bytes_per_second>]",
     .key = "server.read_idle_timeout",
     .json = "read_idle_timeout",
     .min_args = 1,
     .max_args = 2,
     .parse = timeout_and_rate,
     .since = "2.11.5"},
    {.name = "read_header",
     .doc = "how long reading a request's head may take",
     .arguments = "<duration>",
     .key = "server.read_header_timeout",
     .json = "read_header_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "write",
     .doc = "how long writing a response may take",
     .arguments = "<duration>",
     .key = "server.write_timeout",
     .json = "write_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "write_idle",
     .doc = "how long a response may stall, and the least rate it must go at",
     .arguments = "<duration> [<bytes_per_second>]",
     .key = "server.write_idle_timeout",
     .json = "write_idle_timeout",
     .min_args = 1,
     .max_args = 2,
     .parse = timeout_and_rate,
     .since = "2.11.5"},
    {.name = "write_max_chunk",
     .doc = "how much to write at once",
     .arguments = "<size>",
     .key = "server.max_write_chunk",
     .json = "max_write_chunk",
     .type = VALUE_SIZE,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_size,
     .since = "2.11.5"},
    {.name = "idle",
     .doc = "how long a connection may wait for its next request",
     .arguments = "<duration>",
     .key = "server.idle_timeout",
     .json = "idle_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {0},
};

static bool option_timeouts(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *entry, void *state)
{
    return options_parse(scope, in, row->block, entry, state);
}

static bool option_keepalive_count(struct scope *scope, struct cursor *in, const struct option *row,
                                   json_t *entry, void *state)
{
    (void)state;
    int64_t count;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    const struct token *token = cursor_token(in);
    enum parse_result result = parse_go_int_bits(token->text, 32, &count);
    if (result != PARSE_OK)
        return cursor_error(in, DIAG_BAD_VALUE, "'" STR_FMT "' is not a count: %s",
                            STR_ARG(token->text), parse_result_text(result));
    option_set(scope, entry, row->key, document_integer(scope->document, count, token), token);
    return true;
}

/* Words that must not come twice, appended; no block may follow. */
static bool add_distinct(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *entry, const char *const *known)
{
    const struct token *name = cursor_token(in);
    json_t *server = document_object_at(scope->document, entry, "server", name);
    struct token_list words = cursor_remaining(in);
    for (size_t i = 0; i < words.n; i++) {
        const struct token *word = words.at[i];
        if (known && !word_is_known(word, known))
            return word_refuse(in, word, known, row->name);
        json_t *list = document_array_at(scope->document, server, row->name, name);
        size_t j;
        json_t *other;
        json_array_foreach(list, j, other)
            if (str_is(word->text, json_string_value(other)))
                return cursor_error_at(in, DIAG_DUPLICATE, word, "'" STR_FMT "' stands here twice",
                                       STR_ARG(word->text));
        document_add(scope->document, list, document_string(scope->document, word->text, word));
    }
    return !cursor_next_block(in, in->nesting) || take_arity_error(in, row);
}

static bool option_protocols(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *entry, void *state)
{
    (void)state;
    static const char *const known[] = {"h1", "h2", "h2c", "h3", NULL};
    return add_distinct(scope, in, row, entry, known);
}

static bool option_client_ip_headers(struct scope *scope, struct cursor *in,
                                     const struct option *row, json_t *entry, void *state)
{
    (void)state;
    return add_distinct(scope, in, row, entry, NULL);
}

static bool option_strict_sni_host(struct scope *scope, struct cursor *in, const struct option *row,
                                   json_t *entry, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    json_t *server = document_object_at(scope->document, entry, "server", name);
    if (cursor_next_arg(in) && !cursor_is(in, "insecure_off") && !cursor_is(in, "on"))
        return cursor_error(in, DIAG_BAD_VALUE, "strict_sni_host is 'on' or 'insecure_off'");
    document_set_at(scope->document, server, row->name,
                    document_bool(!cursor_is(in, "insecure_off")), name);
    return true;
}

static bool ip_source_static(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *object, void *state)
{
    (void)state;
    struct document *document = scope->document;
    const struct token *name = cursor_token(in);
    while (cursor_next_arg(in)) {
        const struct token *word = cursor_token(in);
        json_t *ranges = document_array_at(document, object, row->key, name);
        if (!token_is(word, "private_ranges")) {
            document_add(document, ranges, document_string(document, word->text, word));
            continue;
        }
        for (const char *const *range = ip_private_ranges; *range; range++)
            document_add(document, ranges, document_text(document, *range, word));
    }
    return true;
}

static const struct option ip_sources[] = {
    {.name = "static",
     .doc = "a list of address ranges",
     .arguments = "[<range>|private_ranges...]",
     .key = "ranges",
     .max_args = -1,
     .parse = ip_source_static,
     .since = "2.6.3"},
    {0},
};

const struct module_space ip_source_space = {
    .name = "http.ip_sources",
    .key = "source",
    .doc = "a source of address ranges",
    .modules = ip_sources,
};

static bool option_trusted_proxies(struct scope *scope, struct cursor *in, const struct option *row,
                                   json_t *entry, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *source = module_take(scope, in, &ip_source_space);
    if (!source)
        return false;
    document_set(scope->document, document_object_at(scope->document, entry, "server", name),
                 row->name, document_sorted(scope->document, source));
    return true;
}

static bool option_trusted_strict(struct scope *scope, struct cursor *in, const struct option *row,
                                  json_t *entry, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    option_set(scope, entry, row->key, document_integer(scope->document, 1, name), name);
    return !cursor_next_arg(in) || cursor_arg_error(in, NULL);
}

static const struct option metrics_options[] = {
    {.name = "per_host",
     .doc = "count every host by itself",
     .key = "server.metrics.per_host",
     .json = "per_host",
     .type = VALUE_TRUE,
     .parse = take_loose_flag,
     .since = "2.9"},
    {0},
};

/* A repetition starts anew. */
static bool option_metrics(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *entry, void *state)
{
    const struct token *name = cursor_token(in);
    json_t *server = document_object_at(scope->document, entry, "server", name);
    document_set(scope->document, server, row->name, document_object(scope->document, name));
    return options_parse(scope, in, row->block, entry, state);
}

static bool option_0rtt(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *entry, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    json_t *server = document_object_at(scope->document, entry, "server", name);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    if (!cursor_is(in, "off"))
        return cursor_error(in, DIAG_BAD_VALUE, "0rtt can only be 'off'");
    document_set_at(scope->document, server, "allow_0rtt", document_bool(false), name);
    return true;
}

static bool same_address(struct scope *scope, const struct token *name, const json_t *other)
{
    const struct token *first = document_origin(scope->document, NULL, NULL, other);
    struct diag *diag = diag_token(scope->diags, DIAG_DUPLICATE, name,
                                   "two 'servers' options for the same address");
    if (first)
        diag_label(scope->diags, diag, first->span, "the first one is here");
    return false;
}

/* Longest address first; an address may stand once only. */
static bool insert_entry(struct scope *scope, json_t *entries, json_t *entry,
                         const struct token *name)
{
    const char *address = json_string_value(json_object_get(entry, "address"));
    size_t len = address ? strlen(address) : 0, place = 0, i;
    json_t *other;
    json_array_foreach(entries, i, other) {
        const char *taken = json_string_value(json_object_get(other, "address"));
        if (str_eq(str_from(taken), str_from(address)))
            return same_address(scope, name, other);
        if ((taken ? strlen(taken) : 0) >= len)
            place = i + 1;
    }
    document_insert(scope->document, entries, place, entry);
    return true;
}

bool servers_option(struct scope *scope, struct cursor *in, const struct option *row,
                    json_t *globals, void *state)
{
    const struct token *name = cursor_token(in);
    json_t *entry = document_object(scope->document, name);
    if (cursor_next_arg(in)) {
        const struct token *address = cursor_token(in);
        option_set(scope, entry, "address",
                   document_string(scope->document, address->text, address), address);
        if (cursor_next_arg(in))
            return take_arity_error(in, row);
    }
    document_object_at(scope->document, entry, "server", name);
    if (!options_parse(scope, in, server_options, entry, state))
        return false;
    return insert_entry(scope, document_array_at(scope->document, globals, row->name, name), entry,
                        name);
}

const struct option server_options[] = {
    {.name = "name",
     .doc = "the server's name instead of srv0, srv1, …",
     .arguments = "<name>",
     .key = "name",
     .json = "$.apps.http.servers.*",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_name,
     .since = "2.6.3"},
    {.name = "listener_wrappers",
     .doc = "what connections go through before HTTP",
     .json = "listener_wrappers",
     .space = &listener_wrapper_space,
     .parse = option_listener_wrappers,
     .flags = OPTION_MODULE_LINES | OPTION_ADDS},
    {.name = "packet_conn_wrappers",
     .doc = "what packets go through before HTTP/3 (plugins only)",
     .json = "packet_conn_wrappers",
     .space = &packet_wrapper_space,
     .parse = option_packet_wrappers,
     .flags = OPTION_MODULE_LINES | OPTION_ADDS,
     .since = "2.11"},
    {.name = "timeouts",
     .doc = "how long things may take",
     .block = timeout_options,
     .parse = option_timeouts},
    {.name = "keepalive_interval",
     .doc = "how often to probe idle TCP connections",
     .arguments = "<duration>",
     .key = "server.keepalive_interval",
     .json = "keepalive_interval",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.6"},
    {.name = "keepalive_idle",
     .doc = "how long a TCP connection is idle before the first probe",
     .arguments = "<duration>",
     .key = "server.keepalive_idle",
     .json = "keepalive_idle",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.11"},
    {.name = "keepalive_count",
     .doc = "how many probes may go unanswered",
     .arguments = "<n>",
     .key = "server.keepalive_count",
     .json = "keepalive_count",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = option_keepalive_count,
     .since = "2.11"},
    {.name = "max_header_size",
     .doc = "how large a request's head may be",
     .arguments = "<size>",
     .key = "server.max_header_bytes",
     .json = "max_header_bytes",
     .type = VALUE_SIZE,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_size},
    {.name = "enable_full_duplex",
     .doc = "let HTTP/1 responses begin before the request has been read",
     .key = "server.enable_full_duplex",
     .json = "enable_full_duplex",
     .type = VALUE_TRUE,
     .parse = take_flag,
     .since = "2.7"},
    {.name = "expected_underscore_headers",
     .doc = "header fields with underscores that are let through",
     .arguments = "<field...>",
     .key = "server.expected_underscore_headers",
     .json = "expected_underscore_headers",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.11.5"},
    {.name = "expected_dot_headers",
     .doc = "header fields with dots that are let through",
     .arguments = "<field...>",
     .key = "server.expected_dot_headers",
     .json = "expected_dot_headers",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.11.5"},
    {.name = "log_credentials",
     .doc = "do not blank passwords and cookies in access logs",
     .key = "logs.should_log_credentials",
     .type = VALUE_TRUE,
     .parse = take_flag,
     .since = "2.5"},
    {.name = "protocols",
     .doc = "the HTTP versions to serve",
     .arguments = "[h1|h2|h2c|h3...]",
     .json = "protocols",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .values = "h1|h2|h2c|h3",
     .parse = option_protocols,
     .flags = OPTION_ADDS,
     .since = "2.6"},
    {.name = "strict_sni_host",
     .doc = "refuse requests whose Host is not the name of the TLS handshake",
     .arguments = "[on|insecure_off]",
     .json = "strict_sni_host",
     .max_args = 1,
     .values = "on|insecure_off",
     .parse = option_strict_sni_host},
    {.name = "trusted_proxies",
     .doc = "proxies that may tell the client's address",
     .arguments = "<source> ...",
     .json = "trusted_proxies",
     .min_args = 1,
     .max_args = -1,
     .space = &ip_source_space,
     .parse = option_trusted_proxies,
     .since = "2.6.3"},
    {.name = "trusted_proxies_strict",
     .doc = "read the list of forwarding addresses from its end",
     .key = "server.trusted_proxies_strict",
     .json = "trusted_proxies_strict",
     .parse = option_trusted_strict,
     .since = "2.8"},
    {.name = "trusted_proxies_unix",
     .doc = "trust whoever connects through a unix socket",
     .key = "server.trusted_proxies_unix",
     .json = "trusted_proxies_unix",
     .type = VALUE_TRUE,
     .parse = take_flag,
     .since = "2.11"},
    {.name = "client_ip_headers",
     .doc = "the header fields that trusted proxies tell the client's address in",
     .arguments = "[<field...>]",
     .json = "client_ip_headers",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = option_client_ip_headers,
     .flags = OPTION_HEADER_NAME | OPTION_ADDS,
     .since = "2.7"},
    {.name = "metrics",
     .doc = "collect metrics",
     .json = "$.apps.http.metrics",
     .block = metrics_options,
     .parse = option_metrics,
     .since = "2.6",
     .deprecated = "the global option 'metrics'",
     .deprecated_as = DIAG_DEPRECATED_METRICS},
    {.name = "trace",
     .doc = "log every handler that a request comes to",
     .key = "logs.trace",
     .type = VALUE_TRUE,
     .parse = take_flag,
     .since = "2.8"},
    {.name = "0rtt",
     .doc = "whether HTTP/3 requests may come with the handshake",
     .arguments = "off",
     .json = "allow_0rtt",
     .min_args = 1,
     .max_args = 1,
     .values = "off",
     .parse = option_0rtt,
     .since = "2.11"},
    {0},
};
