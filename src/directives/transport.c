/* How upstreams are talked to: the `transport` option, and what the scheme of the upstreams asks of
 * it. */
#include "directives/transport.h"

#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/reverse_proxy.h"

static bool read_transport(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    return options_parse(scope, in, row->block, object, state);
}

static const struct option proxy_transports[] = {
    {.name = "http",
     .doc = "HTTP/1.1, HTTP/2 or HTTP/3, with or without TLS",
     .block = http_transport_options,
     .parse = read_transport,
     .flags = OPTION_LOOSE},
    {.name = "fastcgi",
     .doc = "FastCGI, as php-fpm speaks it",
     .block = fastcgi_transport_options,
     .parse = read_transport,
     .flags = OPTION_LOOSE},
    {0},
};

const struct module_space transport_space = {
    .name = "http.reverse_proxy.transport",
    .key = "protocol",
    .doc = "how upstreams are talked to",
    .modules = proxy_transports,
};

/* A second one takes the place of the first, as in Caddy. */
bool parse_transport(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *object, void *state)
{
    (void)object;
    struct proxy *proxy = state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    if (proxy->has_fixed_transport)
        return cursor_error(in, DIAG_DUPLICATE, "'%s' brings its own transport",
                            scope->directive ? scope->directive->name : "the directive");
    const struct token *name = cursor_token(in);
    json_t *transport = module_take(scope, in, &transport_space);
    if (!transport)
        return false;
    proxy->transport = transport;
    proxy->transport_is_http = token_is(name, "http");
    return true;
}

static json_t *http_transport(struct scope *scope)
{
    json_t *transport = document_object(scope->document, NULL);
    document_set(scope->document, transport, "protocol",
                 document_text(scope->document, "http", NULL));
    return transport;
}

static void enable_h2c(struct scope *scope, json_t *transport)
{
    json_t *versions = document_array(scope->document, NULL);
    document_add(scope->document, versions, document_text(scope->document, "h2c", NULL));
    document_add(scope->document, versions, document_text(scope->document, "2", NULL));
    document_set(scope->document, transport, "versions", versions);
}

/* Reported where the handler ends, as Caddy does: only there both are known. */
static bool transport_conflict(struct scope *scope, struct cursor *in, const struct proxy *proxy,
                               const char *message)
{
    const struct token *end = cursor_token(in);
    struct diag *diag =
        diag_token(in->diags, DIAG_UPSTREAM_SCHEME, end ? end : proxy->upstream, "%s", message);
    diag_label(in->diags, diag, proxy->upstream->span, STR_FMT ":// here", STR_ARG(proxy->scheme));
    const struct token *transport = document_origin(scope->document, NULL, NULL, proxy->transport);
    if (transport)
        diag_label(in->diags, diag, transport->span, "the transport");
    return false;
}

bool proxy_finish_transport(struct scope *scope, struct cursor *in, struct proxy *proxy)
{
    bool is_https = str_is(proxy->scheme, "https"), is_h2c = str_is(proxy->scheme, "h2c");
    if (!proxy->transport && (is_https || is_h2c)) {
        proxy->transport = http_transport(scope);
        proxy->transport_is_http = true;
    }
    json_t *transport = proxy->transport;
    if (!transport)
        return true;
    if (!proxy->transport_is_http && is_https)
        return transport_conflict(scope, in, proxy,
                                  "the upstreams are https://, but their transport knows no TLS");
    if (proxy->transport_is_http) {
        if (is_https)
            document_object_at(scope->document, transport, "tls", NULL);
        if (str_is(proxy->scheme, "http") && json_object_get(transport, "tls"))
            return transport_conflict(
                scope, in, proxy,
                "the upstreams are http://, but their transport is set up for TLS");
        if (is_h2c)
            enable_h2c(scope, transport);
        /* Only the protocol: that is the default transport. */
        if (json_object_size(transport) == 1)
            return true;
    }
    document_set(scope->document, proxy->handler, "transport", transport);
    return true;
}
