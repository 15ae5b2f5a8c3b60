/* Upstreams that are found while requests come: who is asked, for which names, how often. */
#include "base/ip.h"
#include "base/parse.h"
#include "native/lower_private.h"

static const int64_t MINUTE = 60 * (int64_t)1000000000;
enum { DNS_PORT = 53 };

/* ---- resolvers ---- */

/* "udp/host:port", where network and port may be left out, as "host:port". */
static struct str server_address(struct lowering *lo, const json_t *value, bool *uses_tcp)
{
    struct str text = json_str(value), network, rest, host, port;
    uint16_t first = DNS_PORT, last = DNS_PORT;
    struct ip ip;
    if (!str_cut(text, STR("/"), &network, &rest))
        network = STR("udp"), rest = text;
    *uses_tcp = str_has_prefix(network, STR("tcp"));
    if (!*uses_tcp && !str_has_prefix(network, STR("udp"))) {
        refuse_at(lo, value, "the proxy core asks DNS servers by udp and tcp only");
        return STR("");
    }
    if (split_host_port(rest, &host, &port) != PARSE_OK) {
        host = rest;
        if (host.len > 1 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
            host = str_slice(host, 1, host.len - 1);
    } else if (parse_port_range(port, &first, &last) != PARSE_OK || first != last) {
        reject_at(lo, value, "the resolver '" STR_FMT "' needs exactly one port", STR_ARG(text));
        return STR("");
    }
    if (ip_parse(host, &ip) != IP_OK) {
        refuse_upstreams_at(lo, value,
                            "the proxy core asks DNS servers by their IP addresses, not by name");
        return STR("");
    }
    return str_printf(lo->arena, ip.is_v6 ? "[" STR_FMT "]:%u" : STR_FMT ":%u", STR_ARG(host),
                      first);
}

uint32_t lower_resolver(struct lowering *lo, const json_t *resolver)
{
    const json_t *addresses = NULL;
    static const struct field fields[] = {{"addresses", FIELD_JSON, 0}, {0}};
    if (!resolver)
        return DT_NONE;
    const struct token *before = enter(lo, resolver);
    read_object(lo, resolver, "a resolver", fields, &addresses);
    size_t n = elements(lo, addresses, "the resolver's addresses"), n_tcp = 0;
    if (n == 0)
        reject(lo, "a resolver needs an address");
    struct dt_resolver row = {
        .addresses = {reserve_texts(lo, (uint32_t)n), (uint32_t)n},
        .origin = origin_here(lo),
    };
    for (size_t i = 0; i < n; i++) {
        bool uses_tcp = false;
        struct str address = server_address(lo, json_array_get(addresses, i), &uses_tcp);
        lo->texts.at[row.addresses.first + i] = intern(lo, address);
        n_tcp += uses_tcp;
    }
    row.uses_tcp = n_tcp > 0;
    if (n_tcp > 0 && n_tcp < n)
        refuse(lo, "the proxy core asks all of a resolver's servers by udp, or all by tcp");
    leave(lo, before);
    return push_resolvers(lo, row);
}

/* ---- sources ---- */

struct source_json {
    struct str source, name, service, proto, port, network;
    int64_t refresh_ns, grace_period_ns;
    const json_t *resolver, *versions, *sources;
};

#define MEMBER(member) offsetof(struct source_json, member)
static const struct field service_fields[] = {
    {"source", FIELD_IGNORED, 0},
    {"service", FIELD_STR, MEMBER(service)},
    {"proto", FIELD_STR, MEMBER(proto)},
    {"name", FIELD_STR, MEMBER(name)},
    {"refresh", FIELD_DURATION, MEMBER(refresh_ns)},
    {"grace_period", FIELD_DURATION, MEMBER(grace_period_ns)},
    {"resolver", FIELD_JSON, MEMBER(resolver)},
    /* asking by UDP connects to nothing, and TCP has the time-out of the question */
    {"dial_timeout", FIELD_IGNORED, 0},
    {"dial_fallback_delay", FIELD_IGNORED, 0}, /* servers are IP addresses */
    {"dial_network", FIELD_STR, MEMBER(network)},
    {0},
};

static const struct field address_fields[] = {
    {"source", FIELD_IGNORED, 0},
    {"name", FIELD_STR, MEMBER(name)},
    {"port", FIELD_STR, MEMBER(port)},
    {"refresh", FIELD_DURATION, MEMBER(refresh_ns)},
    {"resolver", FIELD_JSON, MEMBER(resolver)},
    {"dial_timeout", FIELD_IGNORED, 0},
    {"dial_fallback_delay", FIELD_IGNORED, 0},
    {"versions", FIELD_JSON, MEMBER(versions)},
    {0},
};

static const struct field multi_fields[] = {
    {"source", FIELD_IGNORED, 0},
    {"sources", FIELD_JSON, MEMBER(sources)},
    {0},
};
#undef MEMBER

/* Caddy: what is not named is off as soon as one is named; both off are both on. */
static uint32_t lower_families(struct lowering *lo, const json_t *versions)
{
    struct versions_json {
        int8_t v4, v6;
    } in = {-1, -1};
    static const struct field fields[] = {
        {"ipv4", FIELD_TRISTATE, offsetof(struct versions_json, v4)},
        {"ipv6", FIELD_TRISTATE, offsetof(struct versions_json, v6)},
        {0},
    };
    read_object(lo, versions, "versions of IP", fields, &in);
    bool has_v4 = in.v4 == 1 || (in.v4 < 0 && in.v6 < 0);
    bool has_v6 = in.v6 == 1 || (in.v4 < 0 && in.v6 < 0);
    return has_v4 == has_v6 ? 0 : has_v4 ? 4 : 6;
}

static struct dt_source source_of(struct lowering *lo, const json_t *value, bool is_srv)
{
    struct source_json in = {0};
    read_object(lo, value, is_srv ? "a source of SRV records" : "a source of addresses",
                is_srv ? service_fields : address_fields, &in);
    struct dt_source row = {
        .kind = is_srv ? DT_SOURCE_SRV : DT_SOURCE_A,
        .refresh_ns = in.refresh_ns ? in.refresh_ns : MINUTE,
        .grace_period_ns = in.grace_period_ns,
        .name = template_of(lo, in.name, UNKNOWN_IS_EMPTY),
        .port = DT_NONE,
        .service = DT_NONE,
        .proto = DT_NONE,
        .network = intern(lo, in.network),
        .resolver = lower_resolver(lo, in.resolver),
        .origin = origin_here(lo),
    };
    if (!is_srv) {
        row.port = template_of(lo, in.port.len ? in.port : STR("80"), UNKNOWN_IS_EMPTY);
        row.families = lower_families(lo, in.versions);
    } else if (in.service.len || in.proto.len) {
        row.service = template_of(lo, in.service, UNKNOWN_IS_EMPTY);
        row.proto = template_of(lo, in.proto, UNKNOWN_IS_EMPTY);
    }
    return row;
}

typedef VEC(struct dt_source) source_list;

/* What `multi` holds comes one after the other, whatever is inside of what. */
static void collect(struct lowering *lo, const json_t *value, source_list *out)
{
    struct source_json in = {0};
    struct str kind = member_str(value, "source");
    const struct token *before = enter(lo, value);
    if (str_is(kind, "multi")) {
        read_object(lo, value, "several sources", multi_fields, &in);
        size_t n = elements(lo, in.sources, "the sources");
        for (size_t i = 0; i < n; i++)
            collect(lo, json_array_get(in.sources, i), out);
    } else if (str_is(kind, "a") || str_is(kind, "srv")) {
        struct dt_source row = source_of(lo, value, str_is(kind, "srv"));
        vec_push(lo->arena, out, row);
    } else {
        refuse_upstreams_at(lo, value, "the proxy core cannot find upstreams by '" STR_FMT "'",
                            STR_ARG(kind));
    }
    leave(lo, before);
}

void lower_sources(struct lowering *lo, const json_t *dynamic, struct dt_pool *pool)
{
    source_list list = {0};
    collect(lo, dynamic, &list);
    pool->merges_sources = str_is(member_str(dynamic, "source"), "multi");
    pool->sources =
        (struct dt_range){reserve_sources(lo, (uint32_t)list.n), (uint32_t)list.n};
    for (size_t i = 0; i < list.n; i++)
        lo->sources.at[pool->sources.first + i] = list.at[i];
}
