/* The options of `transport http`. */
#include "base/parse.h"
#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/tls_ca_pools.h"
#include "directives/transport.h"

static bool parse_size_option(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *object, void *state)
{
    (void)state;
    int64_t bytes;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    if (!read_size(in, &bytes))
        return false;
    const struct token *token = cursor_token(in);
    option_set(scope, object, row->key, document_integer(scope->document, bytes, token), token);
    return true;
}

static bool bad_word(struct cursor *in, const struct option *row)
{
    return cursor_error(in, DIAG_BAD_VALUE, "'" STR_FMT "' is not one of %s",
                        STR_ARG(cursor_val(in)), row->values);
}

static bool parse_proxy_protocol(struct scope *scope, struct cursor *in, const struct option *row,
                                 json_t *object, void *state)
{
    if (!take_next_string(scope, in, row, object, state))
        return false;
    return cursor_is(in, "v1") || cursor_is(in, "v2") || bad_word(in, row);
}

static bool parse_renegotiation(struct scope *scope, struct cursor *in, const struct option *row,
                                json_t *object, void *state)
{
    if (!take_next_string(scope, in, row, object, state))
        return false;
    return cursor_is(in, "never") || cursor_is(in, "once") || cursor_is(in, "freely") ||
           bad_word(in, row);
}

static json_t *network_proxy(struct scope *scope, const struct token *url)
{
    json_t *proxy = document_object(scope->document, url);
    document_set(scope->document, proxy, "from", document_text(scope->document, "url", url));
    document_set(scope->document, proxy, "url", document_string(scope->document, url->text, url));
    return proxy;
}

static bool parse_forward_proxy(struct scope *scope, struct cursor *in, const struct option *row,
                                json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    document_set(scope->document, object, row->key, network_proxy(scope, cursor_token(in)));
    return true;
}

/* Caddy takes the token after `url`, whatever it is, and `url` itself where there is none. */
static bool proxy_from_url(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)row, (void)state;
    cursor_next(in);
    const struct token *url = cursor_token(in);
    document_set(scope->document, object, "url", document_string(scope->document, url->text, url));
    return true;
}

static bool proxy_from_none(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)scope, (void)in, (void)row, (void)object, (void)state;
    return true;
}

static const struct option network_proxies[] = {
    {.name = "url",
     .doc = "the proxy at a URL",
     .arguments = "<url>",
     .key = "url",
     .min_args = 1,
     .max_args = 1,
     .parse = proxy_from_url,
     .flags = OPTION_LOOSE,
     .since = "2.10"},
    {.name = "none",
     .doc = "no proxy, whatever the environment says",
     .parse = proxy_from_none,
     .flags = OPTION_LOOSE,
     .since = "2.10"},
    {0},
};

const struct module_space network_proxy_space = {
    .name = "caddy.network_proxy",
    .key = "from",
    .doc = "a proxy on the way to a server",
    .modules = network_proxies,
};

static bool parse_network_proxy(struct scope *scope, struct cursor *in, const struct option *row,
                                json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *proxy = module_take(scope, in, &network_proxy_space);
    document_set(scope->document, object, row->key, proxy);
    return proxy != NULL;
}

static json_t *tls_object(struct scope *scope, json_t *object, const struct token *origin)
{
    return document_object_at(scope->document, object, "tls", origin);
}

static bool parse_tls(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)row, (void)state;
    tls_object(scope, object, cursor_token(in));
    return true;
}

static bool parse_client_auth(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *object, void *state)
{
    static const char *const pair[] = {"client_certificate_file", "client_certificate_key_file"};
    (void)state;
    json_t *tls = tls_object(scope, object, cursor_token(in));
    struct token_list arguments = cursor_remaining(in);
    if (arguments.n != 1 && arguments.n != 2)
        return take_arity_error(in, row);
    for (size_t i = 0; i < arguments.n; i++)
        option_set(scope, tls, arguments.n == 1 ? "client_certificate_automate" : pair[i],
                   document_string(scope->document, arguments.at[i]->text, arguments.at[i]),
                   arguments.at[i]);
    return true;
}

static bool both_trusts(struct cursor *in)
{
    return cursor_error(in, DIAG_TLS_CONFLICT,
                        "tls_trust_pool and tls_trusted_ca_certs exclude each other");
}

static bool parse_trusted_certs(struct scope *scope, struct cursor *in, const struct option *row,
                                json_t *object, void *state)
{
    const struct token *name = cursor_token(in);
    if (cursor_count_remaining(in) > 0 && json_object_get(tls_object(scope, object, name), "ca")) {
        cursor_remaining(in);
        return both_trusts(in);
    }
    return take_strings(scope, in, row, object, state);
}

static bool parse_trust_pool(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *pool = tls_ca_pool_take(scope, in);
    if (!pool)
        return false;
    json_t *tls = tls_object(scope, object, name);
    if (json_object_get(tls, "root_ca_pem_files"))
        return both_trusts(in);
    if (json_object_get(tls, "ca"))
        return cursor_error(in, DIAG_DUPLICATE, "'tls_trust_pool' stands here twice");
    document_set(scope->document, tls, "ca", pool);
    return true;
}

static bool parse_keepalive(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *keep_alive = document_object_at(scope->document, object, "keep_alive", name);
    const struct token *token = cursor_token(in);
    if (cursor_is(in, "off")) {
        document_set_at(scope->document, keep_alive, "enabled", document_bool(false), token);
        return true;
    }
    int64_t timeout;
    if (!read_duration(in, &timeout))
        return false;
    option_set(scope, keep_alive, "idle_timeout", document_integer(scope->document, timeout, token),
               token);
    return true;
}

/* Words other than `off` mean nothing. */
static bool parse_compression(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *object, void *state)
{
    (void)state;
    if (cursor_next_arg(in) && cursor_is(in, "off"))
        document_set_at(scope->document, object, row->key, document_bool(false), cursor_token(in));
    return true;
}

const struct option http_transport_options[] = {
    {.name = "read_buffer",
     .doc = "size of the buffer for reading; 4KiB by default",
     .arguments = "<size>",
     .key = "read_buffer_size",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_size_option},
    {.name = "write_buffer",
     .doc = "size of the buffer for writing; 4KiB by default",
     .arguments = "<size>",
     .key = "write_buffer_size",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_size_option},
    {.name = "read_timeout",
     .doc = "how long one read may take",
     .arguments = "<duration>",
     .key = "read_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.6"},
    {.name = "write_timeout",
     .doc = "how long one write may take",
     .arguments = "<duration>",
     .key = "write_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.6"},
    {.name = "max_response_header",
     .doc = "the most bytes an answer's header may have; 10MiB by default",
     .arguments = "<size>",
     .key = "max_response_header_size",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_size_option,
     .since = "2.3"},
    {.name = "proxy_protocol",
     .doc = "tells upstreams the client's address by the PROXY protocol",
     .arguments = "v1|v2",
     .key = "proxy_protocol",
     .min_args = 1,
     .max_args = 1,
     .values = "v1|v2",
     .parse = parse_proxy_protocol,
     .since = "2.7"},
    {.name = "forward_proxy_url",
     .doc = "a proxy to reach the upstreams through",
     .arguments = "<url>",
     .key = "network_proxy",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_forward_proxy,
     .since = "2.8",
     .deprecated = "network_proxy url",
     .deprecated_as = DIAG_DEPRECATED_TRUST},
    {.name = "network_proxy",
     .doc = "a proxy to reach the upstreams through",
     .arguments = "<proxy> ...",
     .key = "network_proxy",
     .min_args = 1,
     .max_args = -1,
     .space = &network_proxy_space,
     .parse = parse_network_proxy,
     .since = "2.10"},
    {.name = "dial_timeout",
     .doc = "how long connecting may take; 3s by default",
     .arguments = "<duration>",
     .key = "dial_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "dial_fallback_delay",
     .doc = "head start of IPv6 over IPv4; 300ms by default",
     .arguments = "<duration>",
     .key = "dial_fallback_delay",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.3"},
    {.name = "response_header_timeout",
     .doc = "how long an upstream may take to begin its answer",
     .arguments = "<duration>",
     .key = "response_header_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.3"},
    {.name = "expect_continue_timeout",
     .doc = "how long to wait for 100 Continue",
     .arguments = "<duration>",
     .key = "expect_continue_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.3"},
    {.name = "resolvers",
     .doc = "name servers to ask",
     .arguments = "<addresses...>",
     .key = "resolver.addresses",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.5"},
    {.name = "tls", .doc = "speaks TLS with the upstreams", .key = "tls", .parse = parse_tls},
    {.name = "tls_client_auth",
     .doc = "the certificate to show to upstreams",
     .arguments = "<automate_name> | <cert_file> <key_file>",
     .key = "tls",
     .min_args = 1,
     .max_args = 2,
     .parse = parse_client_auth},
    {.name = "tls_insecure_skip_verify",
     .doc = "takes any certificate from upstreams",
     .key = "tls.insecure_skip_verify",
     .type = VALUE_TRUE,
     .parse = take_flag},
    {.name = "tls_curves",
     .doc = "key exchange groups",
     .arguments = "<curves...>",
     .key = "tls.curves",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.8"},
    {.name = "tls_timeout",
     .doc = "how long a TLS handshake may take",
     .arguments = "<duration>",
     .key = "tls.handshake_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "tls_trusted_ca_certs",
     .doc = "certificates of the authorities to trust",
     .arguments = "<pem_files...>",
     .key = "tls.root_ca_pem_files",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = parse_trusted_certs,
     .deprecated = "tls_trust_pool",
     .deprecated_as = DIAG_DEPRECATED_TRUST},
    {.name = "tls_trust_pool",
     .doc = "the authorities to trust",
     .arguments = "<pool> ...",
     .key = "tls.ca",
     .min_args = 1,
     .max_args = -1,
     .space = &ca_pool_space,
     .parse = parse_trust_pool,
     .flags = OPTION_ONCE_FILLED,
     .since = "2.8"},
    {.name = "tls_server_name",
     .doc = "name that the upstream's certificate must have",
     .arguments = "<name>",
     .key = "tls.server_name",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string,
     .since = "2.1"},
    {.name = "tls_renegotiation",
     .doc = "whether upstreams may ask for a new TLS handshake",
     .arguments = "never|once|freely",
     .key = "tls.renegotiation",
     .min_args = 1,
     .max_args = 1,
     .values = "never|once|freely",
     .parse = parse_renegotiation,
     .since = "2.5.2"},
    {.name = "tls_except_ports",
     .doc = "ports of upstreams that do not speak TLS",
     .arguments = "<any_port...>",
     .key = "tls.except_ports",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.5.2"},
    {.name = "keepalive",
     .doc = "how long unused connections are kept; 2m by default",
     .arguments = "off|<duration>",
     .key = "keep_alive",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_keepalive},
    {.name = "keepalive_interval",
     .doc = "pause between two probes of a connection; 30s by default",
     .arguments = "<interval>",
     .key = "keep_alive.probe_interval",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.5"},
    {.name = "keepalive_idle_conns",
     .doc = "unused connections to keep in all",
     .arguments = "<count>",
     .key = "keep_alive.max_idle_conns",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_integer},
    {.name = "keepalive_idle_conns_per_host",
     .doc = "unused connections to keep for each upstream; 32 by default",
     .arguments = "<count>",
     .key = "keep_alive.max_idle_conns_per_host",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_integer,
     .since = "2.4.3"},
    {.name = "versions",
     .doc = "versions of HTTP; 1.1 and 2 by default",
     .arguments = "<versions...>",
     .key = "versions",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.1"},
    {.name = "compression",
     .doc = "whether answers may be compressed on their way from the upstream",
     .arguments = "[off]",
     .key = "compression",
     .max_args = 1,
     .parse = parse_compression,
     .flags = OPTION_OPEN_WORDS,
     .since = "2.2"},
    {.name = "max_conns_per_host",
     .doc = "the most connections to one upstream",
     .arguments = "<count>",
     .key = "max_conns_per_host",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_integer,
     .since = "2.3"},
    {.name = "local_address",
     .doc = "address that connections come from",
     .arguments = "<address>",
     .key = "local_address",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string,
     .since = "2.9"},
    {0},
};
