/* Host names as certificate authorities and resolvers see them. */
#include "lint/hosts.h"

#include "base/ip.h"
#include "syntax/address.h"

/* Last labels that are not in the public DNS: RFC 6761, RFC 8375, RFC 9476, ICANN's .internal, and
 * the ones that routers and companies use by habit. */
static const char *const private_suffixes[] = {
    "local", "localhost", "internal", "lan",   "home",        "home.arpa", "test", "invalid",
    "corp",  "intranet",  "private",  "localdomain", "alt", "onion",     "arpa", "example",
};

/* Only the host and the port of a site's address. */
static struct address authority(struct str text)
{
    struct str scheme, rest;
    struct address address;
    if (str_cut(text, STR("://"), &scheme, &rest))
        text = rest;
    ptrdiff_t slash = str_index(text, '/');
    address_scan(slash < 0 ? text : str_slice(text, 0, (size_t)slash), &address);
    return address;
}

struct str site_host(struct str address)
{
    return authority(address).host;
}

struct str site_port(struct str address)
{
    return authority(address).port;
}

struct str site_scheme(struct str address)
{
    struct str scheme, rest;
    return str_cut(address, STR("://"), &scheme, &rest) ? scheme : STR("");
}

bool host_is_loopback(struct str host)
{
    struct ip ip;
    if (str_eq_nocase(host, STR("localhost")) || str_has_suffix(host, STR(".localhost")))
        return true;
    return ip_parse(host, &ip) == IP_OK && ip_is_loopback(ip);
}

static bool has_private_suffix(struct str host)
{
    for (size_t i = 0; i < sizeof(private_suffixes) / sizeof(private_suffixes[0]); i++) {
        struct str suffix = str_from(private_suffixes[i]);
        if (host.len > suffix.len && host.ptr[host.len - suffix.len - 1] == '.' &&
            str_eq_nocase(str_slice(host, host.len - suffix.len, host.len), suffix))
            return true;
    }
    return false;
}

static bool is_name(struct str host)
{
    struct ip ip;
    return host.len > 0 && !str_contains(host, STR("{")) && !str_contains(host, STR(":")) &&
           ip_parse(host, &ip) != IP_OK;
}

bool host_is_public(struct str host)
{
    return is_name(host) && str_contains(host, STR(".")) && !has_private_suffix(host) &&
           !str_contains(host, STR("_")) && !host_is_loopback(host);
}

bool host_is_private_name(struct str host)
{
    return is_name(host) && !host_is_loopback(host) && !str_contains(host, STR("*")) &&
           /* such a name stands for one that is not known */
           !str_has_suffix(host, STR(".invalid")) &&
           (!str_contains(host, STR(".")) || has_private_suffix(host) ||
            str_contains(host, STR("_")));
}
