/* Site addresses and listener addresses, taken apart and put together as Caddy does. */
#include "adapt/address.h"

#include <locale.h>
#include <wctype.h>

#include "adapt/adapter.h"
#include "base/ip.h"
#include "base/parse.h"

enum { LONGEST_ADDRESS = 4096, HIGHEST_PORT = 65535 };

/* Lower case of any script, as Go has it. */
static uint32_t lower_rune(uint32_t rune)
{
    if (rune < 0x80)
        return rune >= 'A' && rune <= 'Z' ? rune + 32 : rune;
    static locale_t unicode; /* the same for everyone, and kept for the process */
    if (!unicode)
        unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return unicode ? towlower_l(rune, unicode) : rune;
}

/* Lower case but for what stands in {placeholders}; a backslash takes a brace its meaning. */
static struct str lower_text(struct arena *arena, struct str text)
{
    struct strbuf out = strbuf_in(arena);
    bool escaped = false, inside = false;
    for (size_t at = 0, size; at < text.len; at += size) {
        uint32_t rune = utf8_decode(text, at, &size);
        if (rune == '\\' && !escaped) {
            escaped = true;
            strbuf_add_rune(&out, rune);
            continue;
        }
        if (rune == '{' && !escaped)
            inside = true;
        if (rune == '}' && !escaped)
            inside = false;
        strbuf_add_rune(&out, inside ? rune : lower_rune(rune));
        escaped = false;
    }
    return strbuf_str(&out);
}

static struct str lower_all(struct arena *arena, struct str text)
{
    struct strbuf out = strbuf_in(arena);
    for (size_t at = 0, size; at < text.len; at += size)
        strbuf_add_rune(&out, lower_rune(utf8_decode(text, at, &size)));
    return strbuf_str(&out);
}

static struct str normal_host(struct arena *arena, struct str host)
{
    struct ip ip;
    host = str_trim_unicode(host);
    if (ip_parse(host, &ip) == IP_OK && ip.is_v6) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        if (memcmp(ip.bytes, mapped, sizeof(mapped)))
            host = ip_format(arena, ip);
    }
    return lower_text(arena, host);
}

static void split_site_host(struct arena *arena, struct str text, struct str *host,
                            struct str *port)
{
    *port = STR("");
    if (split_host_port(text, host, port) == PARSE_OK)
        return;
    struct str with_colon = str_printf(arena, STR_FMT ":", STR_ARG(text));
    if (split_host_port(with_colon, host, port) == PARSE_OK)
        return;
    *host = text;
    *port = STR("");
}

bool site_address_parse(struct adapter *adapter, const struct token *token,
                        struct site_address *address)
{
    struct str rest = str_trim_unicode(str_slice(token->text, 0, LONGEST_ADDRESS)), before, after;
    *address = (struct site_address){.token = token, .original = rest};
    if (str_cut(rest, STR("://"), &before, &after)) {
        address->scheme = lower_text(adapter->arena, before);
        rest = after;
    }
    ptrdiff_t slash = str_index(rest, '/');
    if (slash >= 0) {
        address->path = str_slice(rest, (size_t)slash, rest.len);
        rest = str_slice(rest, 0, (size_t)slash);
    }
    split_site_host(adapter->arena, rest, &address->host, &address->port);
    address->host = normal_host(adapter->arena, address->host);
    if (address->port.len == 0)
        return true;
    int64_t port;
    enum parse_result result = parse_go_int(address->port, &port);
    if (result == PARSE_OK && (port < 0 || port > HIGHEST_PORT))
        result = PARSE_RANGE;
    if (result == PARSE_OK)
        return true;
    diag_token(adapter->diags, DIAG_BAD_ADDRESS, token, "'" STR_FMT "' is not a port: %s",
               STR_ARG(address->port), parse_result_text(result));
    return false;
}

static struct str join_host_port(struct arena *arena, struct str host, struct str port)
{
    if (str_index(host, ':') < 0)
        return STR_JOIN(arena, host, STR(":"), port);
    return STR_JOIN(arena, STR("["), host, STR("]:"), port);
}

struct str site_address_text(struct arena *arena, const struct site_address *address)
{
    if (address->host.len == 0 && address->port.len == 0)
        return STR("");
    struct str scheme = address->scheme, host = address->host;
    if (scheme.len == 0)
        scheme = str_is(address->port, "443") ? STR("https") : STR("http");
    if (address->port.len && ((str_is(scheme, "https") && !str_is(address->port, "443")) ||
                              (str_is(scheme, "http") && !str_is(address->port, "80"))))
        host = join_host_port(arena, host, address->port);
    return str_printf(arena, STR_FMT "://" STR_FMT STR_FMT, STR_ARG(scheme), STR_ARG(host),
                      STR_ARG(address->path));
}

bool network_is_unix(struct str network)
{
    return str_has_prefix(network, STR("unix"));
}

bool network_is_fd(struct str network)
{
    return str_has_prefix(network, STR("fd"));
}

static struct str trim_brackets(struct str text)
{
    while (text.len && (text.ptr[0] == '[' || text.ptr[0] == ']'))
        text = str_slice(text, 1, text.len);
    while (text.len && (text.ptr[text.len - 1] == '[' || text.ptr[text.len - 1] == ']'))
        text.len--;
    return text;
}

const char *network_address_split(struct arena *arena, struct str text, struct str *network,
                                  struct str *host, struct str *port)
{
    struct str before, after, ignored;
    *network = *host = *port = STR("");
    if (str_cut(text, STR("/"), &before, &after)) {
        *network = lower_all(arena, str_trim_unicode(before));
        text = after;
        if (network_is_unix(*network) || network_is_fd(*network)) {
            *host = text;
            return NULL;
        }
    }
    enum parse_result result = split_host_port(text, host, port);
    if (result == PARSE_OK)
        return NULL;
    *port = STR("");
    struct str bare = join_host_port(arena, trim_brackets(text), STR("0"));
    return split_host_port(bare, host, &ignored) == PARSE_OK ? NULL : parse_result_text(result);
}

struct str network_address_join(struct arena *arena, struct str network, struct str host,
                                struct str port)
{
    struct str slash = network.len ? STR("/") : STR("");
    if ((host.len && port.len == 0) || network_is_unix(network) || network_is_fd(network))
        return STR_JOIN(arena, network, slash, host);
    if (port.len == 0)
        return STR_JOIN(arena, network, slash);
    if (str_index(host, ':') < 0)
        return STR_JOIN(arena, network, slash, host, STR(":"), port);
    return STR_JOIN(arena, network, slash, STR("["), host, STR("]:"), port);
}

/* "path|0222": the bits must let the owner write. */
static const char *check_permissions(struct str host)
{
    struct str path, bits;
    if (!str_cut(host, STR("|"), &path, &bits))
        return NULL;
    uint64_t mode = 0;
    if (bits.len == 0)
        return "the permission bits after '|' are missing";
    for (size_t i = 0; i < bits.len; i++) {
        if (bits.ptr[i] < '0' || bits.ptr[i] > '7' || mode > UINT32_MAX >> 3)
            return "the permission bits after '|' must be an octal number";
        mode = mode * 8 + (uint64_t)(bits.ptr[i] - '0');
    }
    /* Two or more of Go's thirteen file type bits push the owner's out of the place where Caddy
     * looks for them. */
    if (!(mode & 0200) || __builtin_popcountll(mode >> 19) > 1)
        return "the permission bits after '|' must let the owner write";
    return NULL;
}

const char *network_address_parse(struct arena *arena, struct str text,
                                  struct network_address *address)
{
    struct str port, first, last;
    *address = (struct network_address){0};
    const char *problem =
        network_address_split(arena, text, &address->network, &address->host, &port);
    if (problem)
        return problem;
    if (address->network.len == 0)
        address->network = STR("tcp");
    if (network_is_unix(address->network))
        return check_permissions(address->host);
    if (network_is_fd(address->network) || port.len == 0)
        return NULL;
    if (!str_cut(port, STR("-"), &first, &last))
        last = first;
    uint64_t start, end;
    if (parse_go_uint(first, 16, &start) != PARSE_OK || parse_go_uint(last, 16, &end) != PARSE_OK)
        return "the port is not a number from 0 to 65535";
    if (end < start)
        return "the port range ends before it begins";
    if (end - start > HIGHEST_PORT - 1)
        return "the port range is too large";
    address->start_port = (uint32_t)start;
    address->end_port = (uint32_t)end;
    return NULL;
}

struct str network_address_text(struct arena *arena, const struct network_address *address)
{
    struct str network = str_is(address->network, "tcp") ? STR("") : address->network;
    struct str port = address->start_port == address->end_port
                          ? str_printf(arena, "%u", address->start_port)
                          : str_printf(arena, "%u-%u", address->start_port, address->end_port);
    return network_address_join(arena, network, address->host, port);
}
