/* How upstreams are talked to: the `http` transport and its TLS. */
#include "base/parse.h"
#include "native/features.h"
#include "native/lower_private.h"
#include "native/network.h"
#include "syntax/placeholder.h"

static const int64_t SECOND = 1000000000;
enum { DEFAULT_IDLE_PER_HOST = 32, DEFAULT_RESPONSE_HEADER_BYTES = 10 << 20 };

struct transport_json {
    struct str protocol, proxy_protocol, local_address, forward_proxy;
    struct dt_transport row;
    const json_t *tls, *keep_alive, *versions, *resolver, *network_proxy;
    int8_t compresses;
};

#define ROW(member) offsetof(struct transport_json, row.member)
static const struct field transport_fields[] = {
    {"protocol", FIELD_STR, offsetof(struct transport_json, protocol)},
    {"resolver", FIELD_JSON, offsetof(struct transport_json, resolver)},
    {"tls", FIELD_JSON, offsetof(struct transport_json, tls)},
    {"keep_alive", FIELD_JSON, offsetof(struct transport_json, keep_alive)},
    {"compression", FIELD_TRISTATE, offsetof(struct transport_json, compresses)},
    {"max_conns_per_host", FIELD_COUNT, ROW(max_per_host)},
    {"proxy_protocol", FIELD_STR, offsetof(struct transport_json, proxy_protocol)},
    {"forward_proxy_url", FIELD_STR, offsetof(struct transport_json, forward_proxy)},
    {"network_proxy", FIELD_JSON, offsetof(struct transport_json, network_proxy)},
    {"dial_timeout", FIELD_DURATION, ROW(dial_timeout_ns)},
    {"dial_fallback_delay", FIELD_DURATION, ROW(dial_fallback_delay_ns)},
    {"response_header_timeout", FIELD_DURATION, ROW(response_header_timeout_ns)},
    /* the core passes "Expect: 100-continue" on and waits for no answer, with any timeout */
    {"expect_continue_timeout", FIELD_IGNORED, 0},
    {"max_response_header_size", FIELD_BYTES, ROW(max_response_header_bytes)},
    {"write_buffer_size", FIELD_IGNORED, 0}, /* the core's buffers are its own */
    {"read_buffer_size", FIELD_IGNORED, 0},
    {"read_timeout", FIELD_DURATION, ROW(read_timeout_ns)},
    {"write_timeout", FIELD_DURATION, ROW(write_timeout_ns)},
    {"versions", FIELD_JSON, offsetof(struct transport_json, versions)},
    {"local_address", FIELD_STR, offsetof(struct transport_json, local_address)},
    {0},
};
#undef ROW

static void lower_keep_alive(struct lowering *lo, const json_t *keep_alive,
                             struct dt_transport *row)
{
    struct keep_alive_json {
        int8_t is_enabled;
        int64_t probe_ns, idle_ns;
        uint32_t max_idle, max_idle_per_host;
    } in = {.is_enabled = -1};
    static const struct field fields[] = {
        {"enabled", FIELD_TRISTATE, offsetof(struct keep_alive_json, is_enabled)},
        {"probe_interval", FIELD_DURATION, offsetof(struct keep_alive_json, probe_ns)},
        {"max_idle_conns", FIELD_COUNT, offsetof(struct keep_alive_json, max_idle)},
        {"max_idle_conns_per_host", FIELD_COUNT,
         offsetof(struct keep_alive_json, max_idle_per_host)},
        {"idle_timeout", FIELD_DURATION, offsetof(struct keep_alive_json, idle_ns)},
        {0},
    };
    read_object(lo, keep_alive, "keep-alive settings", fields, &in);
    row->keeps_alive = in.is_enabled != 0;
    if (in.probe_ns)
        need(lo, FEATURE_KEEPALIVE_PROBES, keep_alive, "probe_interval");
    row->keepalive_probe_ns = in.probe_ns ? in.probe_ns : 30 * SECOND;
    row->idle_timeout_ns = in.idle_ns ? in.idle_ns : 120 * SECOND;
    row->max_idle = in.max_idle;
    row->max_idle_per_host = in.max_idle_per_host ? in.max_idle_per_host : DEFAULT_IDLE_PER_HOST;
}

static uint8_t lower_versions(struct lowering *lo, const json_t *transport, const json_t *versions)
{
    static const struct {
        const char *name;
        uint8_t bit;
    } known[] = {
        {"1.1", DT_PROTOCOL_H1},
        {"2", DT_PROTOCOL_H2},
        {"h2c", DT_PROTOCOL_H2C},
        {"3", DT_PROTOCOL_H3},
    };
    uint8_t bits = 0;
    size_t n = elements(lo, versions, "the versions");
    if (n == 0)
        return DT_PROTOCOL_H1 | DT_PROTOCOL_H2;
    for (size_t i = 0; i < n; i++) {
        uint8_t bit = 0;
        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
            if (str_is(json_str(json_array_get(versions, i)), known[k].name))
                bit = known[k].bit;
        }
        if (!bit)
            reject_at(lo, json_array_get(versions, i),
                      "this is no version of HTTP that Caddy knows");
        bits |= bit;
    }
    if (bits & (DT_PROTOCOL_H2 | DT_PROTOCOL_H2C))
        need(lo, FEATURE_UPSTREAM_H2, transport, "versions");
    if (bits == DT_PROTOCOL_H3)
        need(lo, FEATURE_UPSTREAM_H3, transport, "versions");
    return bits;
}

struct tls_json {
    const json_t *ca, *except_ports;
    struct dt_range pool, files, curves;
    struct str server_name, renegotiation, certificate, key;
    int64_t handshake_timeout_ns;
    uint8_t skips_verify;
};

static const struct field tls_fields[] = {
    {"ca", FIELD_JSON, offsetof(struct tls_json, ca)},
    {"root_ca_pool", FIELD_TEXTS, offsetof(struct tls_json, pool)},
    {"root_ca_pem_files", FIELD_TEXTS, offsetof(struct tls_json, files)},
    {"client_certificate_file", FIELD_STR, offsetof(struct tls_json, certificate)},
    {"client_certificate_key_file", FIELD_STR, offsetof(struct tls_json, key)},
    {"client_certificate_automate", FIELD_REFUSED, 0},
    {"insecure_skip_verify", FIELD_FLAG, offsetof(struct tls_json, skips_verify)},
    {"handshake_timeout", FIELD_DURATION, offsetof(struct tls_json, handshake_timeout_ns)},
    {"server_name", FIELD_STR, offsetof(struct tls_json, server_name)},
    {"renegotiation", FIELD_STR, offsetof(struct tls_json, renegotiation)},
    {"except_ports", FIELD_JSON, offsetof(struct tls_json, except_ports)},
    {"curves", FIELD_TEXTS, offsetof(struct tls_json, curves)},
    {0},
};

static struct dt_range lower_ports(struct lowering *lo, const json_t *ports)
{
    size_t n = elements(lo, ports, "the ports");
    struct dt_range range = {reserve_numbers(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        uint64_t port;
        if (parse_go_uint(json_str(json_array_get(ports, i)), 16, &port) != PARSE_OK)
            reject_at(lo, json_array_get(ports, i), "this is no port");
        else
            lo->numbers.at[range.first + i].value = (uint32_t)port;
    }
    return range;
}

static uint8_t lower_renegotiation(struct lowering *lo, struct str level)
{
    static const char *const levels[] = {"never", "once", "freely"};
    for (uint8_t i = 0; i < 3; i++) {
        if (str_is(level, levels[i]))
            return i;
    }
    if (level.len)
        reject(lo, "'" STR_FMT "' is none of never, once and freely", STR_ARG(level));
    return 0;
}

static void lower_tls(struct lowering *lo, const json_t *tls, struct dt_transport *row)
{
    struct tls_json in = {0};
    const struct token *before = enter(lo, tls);
    read_object(lo, tls, "TLS to upstreams", tls_fields, &in);
    row->is_tls = 1;
    row->skips_verify = in.skips_verify;
    row->tls_handshake_timeout_ns = in.handshake_timeout_ns;
    if (in.ca && (in.pool.n || in.files.n))
        reject_at(lo, in.ca, "CA certificates are given in two ways");
    else if (in.ca)
        row->trust_pool = lower_trust_pool(lo, in.ca);
    else if (in.pool.n || in.files.n)
        row->trust_pool = push_trust_pools(
            lo, (struct dt_trust_pool){.files = in.files, .certificates = in.pool});
    if (!in.certificate.len != !in.key.len)
        reject(lo, "a client certificate needs both its file and its key's file");
    if (in.certificate.len)
        need(lo, FEATURE_CLIENT_CERTIFICATE, tls, "client_certificate_file");
    row->client_certificate = intern(lo, in.certificate);
    row->client_key = intern(lo, in.key);
    if (in.server_name.len)
        row->server_name = template_of(lo, in.server_name, UNKNOWN_IS_EMPTY);
    row->renegotiates = lower_renegotiation(lo, in.renegotiation);
    if (row->renegotiates)
        need(lo, FEATURE_RENEGOTIATION, tls, "renegotiation");
    row->plain_ports = lower_ports(lo, in.except_ports);
    row->curves = in.curves;
    leave(lo, before);
}

static uint8_t lower_proxy_protocol(struct lowering *lo, const json_t *transport,
                                    struct str version)
{
    if (version.len == 0)
        return DT_PROXY_PROTOCOL_NONE;
    need(lo, FEATURE_PROXY_PROTOCOL, transport, "proxy_protocol");
    if (str_is(version, "v1"))
        return DT_PROXY_PROTOCOL_V1;
    if (!str_is(version, "v2"))
        reject(lo, "'" STR_FMT "' is no version of the PROXY protocol", STR_ARG(version));
    return DT_PROXY_PROTOCOL_V2;
}

static void lower_local_address(struct lowering *lo, const json_t *transport, struct str text,
                                struct dt_transport *row)
{
    const json_t *value = json_object_get(transport, "local_address");
    struct network_address address;
    const char *problem;
    if (!network_parse(lo->arena, text, &address, &problem))
        reject_at(lo, value, "the local address '" STR_FMT "' %s", STR_ARG(text), problem);
    else if (address.network == DT_NETWORK_UNIX || address.network == DT_NETWORK_FD)
        refuse_at(lo, value, "the proxy core knows local addresses of TCP only");
    else if (address.host_kind == DT_HOST_NAME)
        refuse_at(lo, value, "the proxy core takes a local address as IP address, not as name");
    else if (address.first_port != address.last_port)
        reject_at(lo, value, "the local address '" STR_FMT "' has more than one port",
                  STR_ARG(text));
    else
        row->local_address =
            intern(lo, network_text(lo->arena, &address, address.first_port, true));
}

/* Of URLs without placeholders: what could never work is said now. */
static void check_forward_proxy(struct lowering *lo, struct str url, const struct dt_transport *row)
{
    static const char *const schemes[] = {"http", "https", "socks5", "socks5h"};
    struct str scheme, rest, host, port;
    size_t i = 0, n = sizeof(schemes) / sizeof(schemes[0]);
    if (!str_cut(url, STR("://"), &scheme, &rest))
        scheme = STR(""), rest = STR("");
    scheme = str_lower(lo->arena, scheme);
    while (i < n && !str_is(scheme, schemes[i]))
        i++;
    ptrdiff_t at = str_last_index(rest, '@');
    rest = str_slice(rest, (size_t)(at + 1), rest.len);
    ptrdiff_t slash = str_index(rest, '/');
    if (slash >= 0)
        rest = str_slice(rest, 0, (size_t)slash);
    if (split_host_port(rest, &host, &port) != PARSE_OK)
        host = rest;
    if (i == n || host.len == 0)
        reject(lo, "the proxy '" STR_FMT "' is no URL with a host and one of the schemes http, "
                   "https, socks5 and socks5h",
               STR_ARG(url));
    else if (row->is_tls && str_is(scheme, "https"))
        refuse(lo, "the proxy core cannot speak TLS to an upstream through a proxy that is spoken "
                   "to by TLS itself");
    else if ((row->versions & DT_PROTOCOL_H2C) && !row->is_tls && str_has_prefix(scheme, STR("http")))
        refuse(lo, "HTTP/2 without TLS does not go through a proxy of HTTP");
}

static void lower_forward_proxy(struct lowering *lo, const struct transport_json *in,
                                struct dt_transport *row)
{
    struct url_json {
        struct str from, url;
    } url = {.url = in->forward_proxy};
    static const struct field fields[] = {
        {"from", FIELD_STR, offsetof(struct url_json, from)},
        {"url", FIELD_STR, offsetof(struct url_json, url)},
        {0},
    };
    const struct token *before = enter(lo, in->network_proxy);
    row->forward_proxy = DT_NONE;
    read_object(lo, in->network_proxy, "a proxy on the way", fields, &url);
    row->ignores_environment = in->network_proxy != NULL;
    if (in->forward_proxy.len)
        url.url = in->forward_proxy; /* Caddy: the older way wins */
    else if (in->network_proxy && !str_is(url.from, "url") && !str_is(url.from, "none"))
        refuse(lo, "the proxy core knows no proxy from '" STR_FMT "'", STR_ARG(url.from));
    if (url.url.len || str_is(url.from, "url")) {
        row->forward_proxy = template_of(lo, url.url, UNKNOWN_IS_EMPTY);
        (void)enter(lo, json_object_get(in->network_proxy, "url"));
        if (!has_placeholder(url.url))
            check_forward_proxy(lo, url.url, row);
    }
    leave(lo, before);
}

uint32_t lower_transport(struct lowering *lo, const json_t *transport)
{
    struct transport_json in = {.compresses = -1};
    const struct token *before = enter(lo, transport);
    struct str protocol = member_str(transport, "protocol");
    if (str_is(protocol, "fastcgi")) {
        struct dt_transport fastcgi = lower_fastcgi(lo, transport);
        leave(lo, before);
        return push_transports(lo, fastcgi);
    }
    if (transport && !str_is(protocol, "http"))
        refuse(lo, "the proxy core cannot run the transport '" STR_FMT "' yet", STR_ARG(protocol));
    else
        read_object(lo, transport, "a transport", transport_fields, &in);
    struct dt_transport row = in.row;
    row.origin = origin_here(lo);
    row.fastcgi = DT_NONE;
    row.server_name = DT_NONE;
    row.trust_pool = DT_NONE;
    row.forward_proxy = DT_NONE;
    row.compresses = in.compresses != 0;
    if (row.dial_timeout_ns == 0)
        row.dial_timeout_ns = 3 * SECOND;
    if (row.dial_fallback_delay_ns)
        need(lo, FEATURE_FALLBACK_DELAY, transport, "dial_fallback_delay");
    else
        row.dial_fallback_delay_ns = SECOND * 3 / 10;
    if (row.max_response_header_bytes <= 0)
        row.max_response_header_bytes = DEFAULT_RESPONSE_HEADER_BYTES;
    if (row.max_per_host)
        need(lo, FEATURE_MAX_PER_HOST, transport, "max_conns_per_host");
    if (row.read_timeout_ns)
        need(lo, FEATURE_TRANSPORT_TIMEOUTS, transport, "read_timeout");
    if (row.write_timeout_ns)
        need(lo, FEATURE_TRANSPORT_TIMEOUTS, transport, "write_timeout");
    if (in.local_address.len)
        lower_local_address(lo, transport, in.local_address, &row);
    row.resolver = lower_resolver(lo, in.resolver);
    row.versions = lower_versions(lo, transport, in.versions);
    row.proxy_protocol = lower_proxy_protocol(lo, transport, in.proxy_protocol);
    lower_keep_alive(lo, in.keep_alive, &row);
    if (in.tls)
        lower_tls(lo, in.tls, &row);
    lower_forward_proxy(lo, &in, &row);
    leave(lo, before);
    return push_transports(lo, row);
}
