/* Network addresses as they stand in Caddy's JSON. */
#include "native/network.h"

#include "base/arena.h"
#include "base/ip.h"
#include "base/parse.h"

enum { DEFAULT_UNIX_MODE = 0200, OWNER_MAY_WRITE = 0200, LONGEST_ZONE = 15 };

static const struct {
    const char *name;
    enum dt_network network;
} networks[] = {
    {"", DT_NETWORK_TCP},      {"tcp", DT_NETWORK_TCP},   {"tcp4", DT_NETWORK_TCP4},
    {"tcp6", DT_NETWORK_TCP6}, {"unix", DT_NETWORK_UNIX}, {"fd", DT_NETWORK_FD},
};

static const char *network_name(enum dt_network network)
{
    for (size_t i = 1; i < sizeof(networks) / sizeof(networks[0]); i++) {
        if (networks[i].network == network)
            return networks[i].name;
    }
    return "";
}

static const char *parse_unix(struct str text, struct network_address *out)
{
    struct str path, mode;
    out->host_kind = DT_HOST_PATH;
    out->unix_mode = DEFAULT_UNIX_MODE;
    if (str_cut(text, STR("|"), &path, &mode)) {
        unsigned bits = 0;
        for (size_t i = 0; i < mode.len; i++) {
            if (mode.ptr[i] < '0' || mode.ptr[i] > '7' || i > 4)
                return "has permission bits that are not octal";
            bits = bits * 8 + (unsigned)(mode.ptr[i] - '0');
        }
        if (bits > 0777 || !(bits & OWNER_MAY_WRITE))
            return "has permission bits that do not let its owner write";
        out->unix_mode = (uint16_t)bits;
    }
    out->host = path;
    return path.len ? NULL : "has no path";
}

static const char *parse_fd(struct str text, struct network_address *out)
{
    uint64_t fd;
    if (parse_go_uint(text, 31, &fd) != PARSE_OK)
        return "is no number of a file descriptor";
    out->fd = (uint32_t)fd;
    out->host = text;
    return NULL;
}

static const char *parse_host(struct arena *arena, struct str host, struct network_address *out)
{
    struct ip ip;
    out->host = host;
    out->host_kind = host.len ? DT_HOST_NAME : DT_HOST_NONE;
    if (ip_parse(host, &ip) == IP_OK) {
        out->host_kind = ip.is_v6 ? DT_HOST_IP6 : DT_HOST_IP4;
        out->zone = ip.zone;
        ip.zone = STR("");
        out->host = ip_format(arena, ip);
        memcpy(out->ip, ip.bytes, sizeof(out->ip));
    }
    if (out->host_kind == DT_HOST_NAME && str_index(host, '%') >= 0)
        return "has a zone that is empty, or one that belongs to no IPv6 address";
    if (out->zone.len > LONGEST_ZONE)
        return "has a zone that is longer than any interface name";
    if (out->network == DT_NETWORK_TCP4 && out->host_kind == DT_HOST_IP6)
        return "is an IPv6 address behind 'tcp4/'";
    if (out->network == DT_NETWORK_TCP6 && out->host_kind == DT_HOST_IP4)
        return "is an IPv4 address behind 'tcp6/'";
    return NULL;
}

static struct str without_brackets(struct str text)
{
    while (text.len && (text.ptr[0] == '[' || text.ptr[0] == ']'))
        text = str_slice(text, 1, text.len);
    while (text.len && (text.ptr[text.len - 1] == '[' || text.ptr[text.len - 1] == ']'))
        text = str_slice(text, 0, text.len - 1);
    return text;
}

static const char *parse_tcp(struct arena *arena, struct str text, struct network_address *out)
{
    struct str host, port = {0};
    if (split_host_port(text, &host, &port) != PARSE_OK)
        host = without_brackets(text), port = STR("");
    if (port.len && parse_port_range(port, &out->first_port, &out->last_port) != PARSE_OK)
        return "has a port that is no number or range of numbers";
    return parse_host(arena, host, out);
}

bool network_parse(struct arena *arena, struct str text, struct network_address *out,
                   const char **problem)
{
    struct str name, rest;
    *out = (struct network_address){0};
    if (!str_cut(text, STR("/"), &name, &rest))
        rest = text, name = STR("");
    name = str_lower(arena, str_trim_unicode(name));
    for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
        if (str_is(name, networks[i].name))
            out->network = networks[i].network;
    }
    if (out->network == DT_NETWORK_NONE)
        *problem = "is of a network the proxy core does not know (tcp, tcp4, tcp6, unix, fd)";
    else if (out->network == DT_NETWORK_UNIX)
        *problem = parse_unix(rest, out);
    else if (out->network == DT_NETWORK_FD)
        *problem = parse_fd(rest, out);
    else
        *problem = parse_tcp(arena, rest, out);
    return *problem == NULL;
}

struct str network_hostport(struct arena *arena, const struct network_address *address,
                            uint16_t port)
{
    if (address->network == DT_NETWORK_UNIX || address->network == DT_NETWORK_FD)
        return str_dup(arena, address->host);
    if (address->zone.len)
        return str_printf(arena, "[" STR_FMT "%%" STR_FMT "]:%u", STR_ARG(address->host),
                          STR_ARG(address->zone), port);
    if (str_index(address->host, ':') >= 0)
        return str_printf(arena, "[" STR_FMT "]:%u", STR_ARG(address->host), port);
    return str_printf(arena, STR_FMT ":%u", STR_ARG(address->host), port);
}

struct str network_text(struct arena *arena, const struct network_address *address, uint16_t port,
                        bool is_whole)
{
    struct str hostport = network_hostport(arena, address, port);
    if (address->network == DT_NETWORK_TCP && !is_whole)
        return hostport;
    return str_printf(arena, "%s/" STR_FMT, network_name(address->network), STR_ARG(hostport));
}
