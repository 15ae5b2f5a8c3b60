/* Addresses of upstreams. Without a zone they are read exactly as Caddy does. A zone is taken out
 * first, so that the rest is read the same way, and put back into what is dialled. */
#include "directives/upstream_address.h"

#include "adapt/adapter.h"
#include "adapt/address.h"
#include "adapt/directive.h"
#include "base/arena.h"
#include "directives/upstream_url.h"

struct reading {
    struct arena *arena;
    struct str text;
    const char *problem; /* own words; NULL while nothing is wrong */
};

static bool refuse(struct reading *reading, const char *problem)
{
    reading->problem = problem;
    return false;
}

/* A port range is no port for a URL, so Caddy reads the URL with port 0 in place of it. */
static bool read_ranged_url(struct reading *reading, struct upstream_url *url, struct str *port)
{
    static const char bad_port[] = "its port is not a number from 0 to 65535";
    struct str text = reading->text;
    if (str_index(text, '-') < 0)
        return refuse(reading, bad_port);
    struct str range = str_slice(text, (size_t)str_last_index(text, ':') + 1, text.len);
    ptrdiff_t dash = str_index(range, '-');
    if (dash < 0 || str_last_index(range, '-') != dash)
        return refuse(reading, bad_port);
    struct str single = str_replace(reading->arena, text, range, STR("0"));
    *port = range;
    if (upstream_url_read(reading->arena, single, url) != URL_OK)
        return refuse(reading, "it is not a URL");
    return true;
}

static bool check_scheme_and_port(struct reading *reading, struct str scheme, struct str port)
{
    if (str_is(port, "443") && str_is(scheme, "http"))
        return refuse(reading, "http:// contradicts port 443, which is for HTTPS");
    if (str_is(port, "443") && str_is(scheme, "h2c"))
        return refuse(reading, "h2c:// contradicts port 443, which is for HTTPS");
    if (str_is(port, "80") && str_is(scheme, "https"))
        return refuse(reading, "https:// contradicts port 80, which is for HTTP");
    return true;
}

static bool read_url(struct reading *reading, struct upstream_address *upstream)
{
    struct upstream_url url;
    struct str port = STR("");
    if (str_index(reading->text, '{') >= 0)
        return refuse(reading, "a placeholder cannot stand in an upstream with a scheme");
    switch (upstream_url_read(reading->arena, reading->text, &url)) {
    case URL_OK:
        break;
    case URL_MALFORMED:
        return refuse(reading, "it is not a URL");
    case URL_BAD_PORT:
        if (!read_ranged_url(reading, &url, &port))
            return false;
        break;
    }
    if (port.len == 0)
        port = url.port;
    if (url.has_more)
        return refuse(reading, "an upstream has only a scheme, a host and a port; use `rewrite` to "
                               "change the path");
    if (!check_scheme_and_port(reading, url.scheme, port))
        return false;
    if (port.len == 0 && (str_is(url.scheme, "http") || str_is(url.scheme, "h2c")))
        port = STR("80");
    else if (port.len == 0 && str_is(url.scheme, "https"))
        port = STR("443");
    upstream->network = STR("");
    upstream->scheme = url.scheme;
    upstream->host = url.host;
    upstream->port = port;
    return true;
}

static bool read_as_caddy(struct reading *reading, struct upstream_address *upstream)
{
    if (str_contains(reading->text, STR("://")))
        return read_url(reading, upstream);
    upstream->network = upstream->scheme = upstream->port = STR("");
    if (network_address_split(reading->arena, reading->text, &upstream->network, &upstream->host,
                              &upstream->port))
        upstream->host = reading->text;
    if (upstream->port.len == 0 && str_index(upstream->host, '{') < 0 &&
        !network_is_unix(upstream->network) && !network_is_fd(upstream->network))
        upstream->port = STR("80");
    if (str_is(upstream->network, "unix+h2c")) {
        upstream->network = STR("unix");
        upstream->scheme = STR("h2c");
    }
    return true;
}

static struct str dial_text(struct arena *arena, const struct upstream_address *upstream)
{
    return network_address_join(arena, upstream->network, upstream->host, upstream->port);
}

/* Whether dialtone knows what the zone means there: TCP to an IPv6 literal. */
static bool can_normalize(const struct address *address)
{
    struct str network = str_trim(address->network);
    return address->kind == HOST_IPV6 &&
           (!address->has_network || str_eq_nocase(network, STR("tcp")) ||
            str_eq_nocase(network, STR("tcp6")) || network.len == 0);
}

bool upstream_read(struct scope *scope, const struct token *token, size_t offset, struct str text,
                   struct upstream_address *upstream)
{
    *upstream = (struct upstream_address){0};
    if (!address_check(scope->diags, token, offset, text, ADDRESS_UPSTREAM, &upstream->address))
        return false;
    const struct address *address = &upstream->address;
    struct reading reading = {.arena = scope->arena, .text = text};
    bool normalize = address->has_zone && can_normalize(address);
    if (normalize && scope->adapter->options.no_normalize && read_as_caddy(&reading, upstream))
        return true;
    if (normalize) {
        reading = (struct reading){.arena = scope->arena,
                                   .text = address_without_zone(scope->arena, address)};
        upstream->is_normalized = true;
    }
    if (read_as_caddy(&reading, upstream))
        return true;
    diag_token(scope->diags, DIAG_BAD_UPSTREAM, token, "upstream '" STR_FMT "': %s", STR_ARG(text),
               reading.problem);
    return false;
}

static void add_dial(struct scope *scope, const struct token *token, struct str dial,
                     json_t *upstreams)
{
    json_t *object = document_object(scope->document, token);
    if (dial.len)
        document_set(scope->document, object, "dial",
                     document_string(scope->document, dial, token));
    document_add(scope->document, upstreams, object);
}

static struct str dial_with_port(struct scope *scope, const struct upstream_address *upstream,
                                 struct str port)
{
    if (upstream->is_normalized)
        return address_dial(scope->arena, &upstream->address, port);
    struct upstream_address with_port = *upstream;
    with_port.port = port;
    return dial_text(scope->arena, &with_port);
}

bool upstream_add(struct scope *scope, const struct token *token,
                  const struct upstream_address *upstream, json_t *upstreams)
{
    struct str port = upstream->port;
    if (str_index(port, '{') >= 0 && str_index(port, '}') >= 0) {
        add_dial(scope, token, dial_with_port(scope, upstream, port), upstreams);
        return true;
    }
    struct network_address parts;
    struct str dial = dial_text(scope->arena, upstream);
    const char *problem = network_address_parse(scope->arena, dial, &parts);
    if (problem) {
        diag_token(scope->diags, DIAG_BAD_UPSTREAM, token, "upstream '" STR_FMT "': %s",
                   STR_ARG(upstream->address.text), problem);
        return false;
    }
    if (network_is_unix(upstream->network) || str_index(port, '-') < 0) {
        add_dial(scope, token, dial_with_port(scope, upstream, port), upstreams);
        return true;
    }
    /* Caddy: a range loses the network that was written before it. */
    for (uint32_t i = parts.start_port; i <= parts.end_port; i++) {
        struct str each = str_printf(scope->arena, "%u", i);
        add_dial(scope, token,
                 upstream->is_normalized
                     ? address_dial(scope->arena, &upstream->address, each)
                     : network_address_join(scope->arena, STR(""), parts.host, each),
                 upstreams);
    }
    return true;
}
