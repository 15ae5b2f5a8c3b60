/* The module tables as one: the list of families, the places modules are registered at, look-ups.
 */
#include "modules/tables.h"

const struct module *const module_tables[] = {
    modules_admin,         modules_logging,
    modules_http,          modules_http_matchers,
    modules_http_handlers, modules_reverse_proxy,
    modules_tls,           modules_tls_trust,
    modules_issuance,      NULL,
};

const struct module_namespace module_namespaces[] = {
    {"", "app", "what Caddy runs"},
    {"admin.api", "admin endpoint", "what the admin endpoint answers; not configured"},
    {"caddy.adapters", "config adapter", "what makes JSON of other formats; not configured"},
    {"caddy.config_loaders", "config loader", "where configurations are pulled from"},
    {"caddy.fs", "file system", "what files can be served from"},
    {"caddy.listeners", "listener wrapper", "what connections pass through"},
    {"caddy.logging.cores", "log core", "what takes log entries"},
    {"caddy.logging.encoders", "log encoder", "what log entries look like"},
    {"caddy.logging.encoders.filter", "log filter", "how fields of log entries are changed"},
    {"caddy.logging.writers", "log writer", "where log entries go"},
    {"caddy.network_proxy", "network proxy", "proxies on the way to others"},
    {"caddy.packetconns", "packet wrapper", "what QUIC packets pass through"},
    {"caddy.storage", "storage", "where certificates and keys are kept"},
    {"dns.providers", "DNS provider", "who runs a domain's DNS"},
    {"events.handlers", "event handler", "what is done on events"},
    {"http.authentication.hashes", "password hash", "how passwords are hashed"},
    {"http.authentication.providers", "authentication provider", "who lets people in"},
    {"http.encoders", "encoder", "how responses are compressed"},
    {"http.handlers", "handler", "what is done with requests"},
    {"http.handlers.templates.functions", "template function", "what templates can call"},
    {"http.ip_sources", "IP source", "where lists of addresses come from"},
    {"http.matchers", "matcher", "what requests are matched by"},
    {"http.precompressed", "precompressed format", "compressed files beside their originals"},
    {"http.reverse_proxy.circuit_breakers", "circuit breaker", "what spares upstreams in trouble"},
    {"http.reverse_proxy.selection_policies", "selection policy", "which upstream is next"},
    {"http.reverse_proxy.transport", "transport", "how upstreams are spoken to"},
    {"http.reverse_proxy.upstreams", "upstream source", "where upstreams come from"},
    {"tls.ca_pool.source", "CA pool", "authorities to trust"},
    {"tls.certificates", "certificate loader", "where certificates are loaded from"},
    {"tls.client_auth.verifier", "client verifier", "conditions for clients' certificates"},
    {"tls.context", "handshake context", "what changes the context of handshakes"},
    {"tls.ech.publishers", "ECH publisher", "how clients learn of ECH"},
    {"tls.get_certificate", "certificate manager", "who is asked during handshakes"},
    {"tls.handshake_match", "handshake matcher", "what TLS handshakes are matched by"},
    {"tls.issuance", "issuer", "who issues certificates"},
    {"tls.leaf_cert_loader", "leaf loader", "where single certificates are loaded from"},
    {"tls.permission", "permission module", "who allows certificates on demand"},
    {"tls.stek", "session key source", "where session ticket keys come from"},
    {0},
};

const struct module *module_find(struct str id)
{
    for (const struct module *const *table = module_tables; *table; table++)
        for (const struct module *row = *table; row->id; row++)
            if (str_is(id, row->id))
                return row;
    return NULL;
}

struct str module_space_of(const struct module *module, struct str *name)
{
    struct str id = str_from(module->id);
    ptrdiff_t dot = str_is(id, "caddy.filesystems") ? -1 : str_last_index(id, '.'); /* an app */
    *name = str_slice(id, (size_t)(dot + 1), id.len);
    return str_slice(id, 0, dot < 0 ? 0 : (size_t)dot);
}

const struct module_namespace *module_namespace_find(struct str name)
{
    for (const struct module_namespace *space = module_namespaces; space->name; space++)
        if (str_is(name, space->name))
            return space;
    return NULL;
}

const struct module_field *module_field_find(const struct module_object *object, struct str name)
{
    for (; object; object = object->inherited)
        for (const struct module_field *field = object->fields; field->name; field++)
            if (str_is(name, field->name))
                return field;
    return NULL;
}

const char *module_kind_name(enum module_shape_kind kind)
{
#define X(kind_, name, words, plural) [SHAPE_##kind_] = name,
    static const char *const names[N_SHAPE_KINDS] = {MODULE_SHAPE_KINDS(X)};
#undef X
    return names[kind];
}
