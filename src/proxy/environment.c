/* HTTP_PROXY and its like, by the rules of Go's golang.org/x/net/http/httpproxy. */
#include "proxy/environment.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/parse.h"

/* One entry of NO_PROXY. */
struct environment_exception {
    enum { EXCEPT_NAME, EXCEPT_ADDRESS, EXCEPT_PREFIX } kind;
    struct str name;   /* ".example.com" */
    bool names_itself; /* and example.com, not only what is below it */
    struct ip_prefix prefix;
    struct str port; /* empty: any */
};

static struct str variable(char *(*get)(const char *name), const char *upper, const char *lower)
{
    const char *value = get(upper);
    if (!value || !*value)
        value = get(lower);
    return value ? str_from(value) : STR("");
}

/* A text without a scheme is a host and port of a proxy that speaks HTTP. */
static struct str url_of(struct arena *arena, struct str text)
{
    struct str scheme = STR("http"), rest = text;
    if (text.len == 0)
        return text;
    (void)str_cut(text, STR("://"), &scheme, &rest);
    if (rest.len == 0)
        scheme = STR("http"), rest = text;
    return str_printf(arena, STR_FMT "://" STR_FMT, STR_ARG(str_lower(arena, scheme)),
                      STR_ARG(rest));
}

/* False for an entry that says nothing. */
static bool read_exception(struct arena *arena, struct str text, struct environment_exception *out)
{
    struct str host = text;
    *out = (struct environment_exception){.kind = EXCEPT_PREFIX};
    if (ip_prefix_parse(text, &out->prefix) == IP_OK)
        return true;
    if (split_host_port(text, &host, &out->port) != PARSE_OK) {
        host = text;
        out->port = STR("");
    }
    if (host.len == 0)
        return false;
    out->kind = EXCEPT_ADDRESS;
    if (ip_parse(host, &out->prefix.ip) == IP_OK && out->prefix.ip.zone.len == 0)
        return true;
    out->kind = EXCEPT_NAME;
    if (str_has_prefix(host, STR("*.")))
        host = str_slice(host, 1, host.len);
    out->names_itself = host.ptr[0] != '.';
    out->name = out->names_itself ? str_printf(arena, "." STR_FMT, STR_ARG(host)) : host;
    return true;
}

static void read_exceptions(struct environment *out, struct arena *arena, struct str rest)
{
    uint32_t most = 1;
    for (size_t i = 0; i < rest.len; i++)
        most += rest.ptr[i] == ',';
    out->except = arena_array(arena, struct environment_exception, most);
    while (rest.len > 0) {
        struct str whole = rest, entry;
        str_cut(whole, STR(","), &entry, &rest);
        entry = str_lower(arena, str_trim(entry));
        out->excepts_all |= str_is(entry, "*");
        out->n_except += read_exception(arena, entry, &out->except[out->n_except]);
    }
}

void environment_read(struct environment *out, struct arena *arena, char *(*get)(const char *name))
{
    *out = (struct environment){
        .plain = url_of(arena, variable(get, "HTTP_PROXY", "http_proxy")),
        .tls = url_of(arena, variable(get, "HTTPS_PROXY", "https_proxy")),
        .is_cgi = variable(get, "REQUEST_METHOD", "REQUEST_METHOD").len > 0,
    };
    if (out->plain.len > 0 || out->tls.len > 0)
        read_exceptions(out, arena, variable(get, "NO_PROXY", "no_proxy"));
}

bool environment_uses_tls(const struct environment *environment)
{
    return str_has_prefix(environment->plain, STR("https://")) ||
           str_has_prefix(environment->tls, STR("https://"));
}

/* The host is below the name, or the name itself. */
static bool ends_in(struct str host, const struct environment_exception *except)
{
    struct str name = except->name;
    if (except->names_itself && host.len + 1 == name.len)
        name = str_slice(name, 1, name.len);
    return host.len >= name.len &&
           str_eq_nocase(str_slice(host, host.len - name.len, host.len), name);
}

/* Go: the zone says nothing, and an IPv4-mapped address is one of IPv4. */
static struct ip bare(struct ip ip)
{
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    ip.zone = STR("");
    if (ip.is_v6 && memcmp(ip.bytes, mapped, sizeof(mapped)) == 0) {
        ip.is_v6 = false;
        memmove(ip.bytes, ip.bytes + sizeof(mapped), 4);
        memset(ip.bytes + 4, 0, sizeof(ip.bytes) - 4);
    }
    return ip;
}

static bool is_excepted(const struct environment_exception *except, struct str host,
                        const struct ip *ip, struct str port)
{
    if (except->port.len > 0 && !str_eq(except->port, port))
        return false;
    switch (except->kind) {
    case EXCEPT_ADDRESS:
        return ip && ip_equal(bare(except->prefix.ip), *ip);
    case EXCEPT_PREFIX:
        return ip && ip_prefix_contains(except->prefix, *ip);
    case EXCEPT_NAME:
        return !ip && ends_in(host, except);
    }
    return false;
}

struct str environment_proxy(const struct environment *environment, bool is_tls, struct str host,
                             uint16_t port, struct str *problem)
{
    struct str url = is_tls ? environment->tls : environment->plain;
    struct ip ip;
    char digits[8];
    int n_digits = snprintf(digits, sizeof(digits), "%u", port);
    if (url.len == 0)
        return url;
    if (!is_tls && environment->is_cgi) {
        *problem = STR("HTTP_PROXY is not used where REQUEST_METHOD is set: it may come from a "
                       "client");
        return STR("");
    }
    bool is_ip = ip_parse(host, &ip) == IP_OK;
    if (is_ip)
        ip = bare(ip);
    if (environment->excepts_all || str_is(host, "localhost") || (is_ip && ip_is_loopback(ip)))
        return STR("");
    for (uint32_t i = 0; i < environment->n_except; i++)
        if (is_excepted(&environment->except[i], host, is_ip ? &ip : NULL,
                        str_make(digits, (size_t)n_digits)))
            return STR("");
    return url;
}
