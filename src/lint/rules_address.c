/* Rules for addresses, zones and listeners (DT2xx). */
#include "base/arena.h"
#include "base/ip.h"
#include "lint/hosts.h"
#include "lint/lint_private.h"
#include "lint/rule.h"
#include "lint/zones.h"
#include "syntax/address.h"

static bool is_literal(const struct token *token)
{
    return !str_contains(token->text, STR("{"));
}

/* --- DT203 --- */

static bool ends_in_port(struct str text)
{
    ptrdiff_t colon = str_last_index(text, ':');
    struct str group = str_slice(text, (size_t)colon + 1, text.len);
    if (group.len < 3 || group.len > 5 || group.ptr[0] == '0')
        return false;
    for (size_t i = 0; i < group.len; i++)
        if (group.ptr[i] < '0' || group.ptr[i] > '9')
            return false;
    return true;
}

static void check_unbracketed(struct lint *lint, const struct node *line)
{
    const struct token *token;
    for (uint32_t i = 0; (token = line_argument(lint, line, i)); i++) {
        struct str text = token->text;
        struct str before = str_slice(text, 0, (size_t)(str_last_index(text, ':') + 1));
        struct ip ip;
        if (str_contains(text, STR("{")) || str_index(text, ':') < 0 || !ends_in_port(text))
            continue;
        struct str address = str_slice(before, 0, before.len ? before.len - 1 : 0);
        if (ip_parse(address, &ip) != IP_OK || !ip.is_v6 || ip.zone.len)
            continue;
        struct diag *diag = lint_report(
            lint, token, "without brackets the port is taken for the end of the address");
        diag_note(lint_diags(lint), diag, "port 80 of [" STR_FMT "] is dialled", STR_ARG(text));
        if (str_eq(lint_text(lint, token->span), text))
            diag_fix(lint_diags(lint), diag, FIX_UNSAFE, token->span,
                     str_printf(lint->arena, "[" STR_FMT "]" STR_FMT, STR_ARG(address),
                                STR_ARG(str_slice(text, address.len, text.len))),
                     "put the address in brackets");
    }
}

/* --- DT204, DT205, DT208, DT210, DT803: hosts of sites --- */

static void check_site_zone(struct lint *lint, const struct node *site)
{
    for (uint32_t i = 0; site->role == ROLE_SITE && i < site->n_words; i++) {
        struct str text = site->words[i]->text;
        if (!is_literal(site->words[i]) || !str_contains(text, STR("[")) ||
            !str_contains(text, STR("%")))
            continue;
        struct diag *diag =
            lint_report(lint, site->words[i], "no client sends a zone in its Host header");
        diag_note(lint_diags(lint), diag,
                  "this site is never reached; leave the host away, and `bind` to the address with "
                  "its zone");
    }
}

static void check_unspecified(struct lint *lint, const struct node *site)
{
    for (uint32_t i = 0; site->role == ROLE_SITE && i < site->n_words; i++) {
        struct ip ip;
        struct str host = site_host(site->words[i]->text);
        bool is_host = str_index(site_port(site->words[i]->text), ':') < 0; /* not 0.0.0.0:80:80 */
        if (!is_host || ip_parse(host, &ip) != IP_OK || !ip_is_unspecified(ip))
            continue;
        struct diag *diag = lint_report(
            lint, site->words[i], "this answers only requests for the host " STR_FMT, STR_ARG(host));
        diag_note(lint_diags(lint), diag,
                  "leave the host away to answer for all; `bind` chooses the interface");
    }
}

static void check_wildcard(struct lint *lint, const struct node *site)
{
    for (uint32_t i = 0; site->role == ROLE_SITE && i < site->n_words; i++) {
        struct str host = site_host(site->words[i]->text);
        bool is_star = str_is(host, "*");
        bool is_top = str_has_prefix(host, STR("*.")) && str_last_index(host, '.') == 1;
        if (!is_literal(site->words[i]) || !(is_star || is_top) ||
            (is_top && !host_is_public(str_printf(lint->arena, "a" STR_FMT,
                                                  STR_ARG(str_slice(host, 1, host.len))))))
            continue;
        struct diag *diag =
            lint_report(lint, site->words[i],
                        is_star ? "`*` stands for one label: this matches localhost, not example.com"
                                : "no authority issues a certificate for a whole top-level domain");
        if (is_star)
            diag_note(lint_diags(lint), diag, "write https:// or :443 to answer for every host");
    }
}

static void check_runtime_host(struct lint *lint, const struct node *site)
{
    for (uint32_t i = 0; site->role == ROLE_SITE && i < site->n_words; i++) {
        const struct token *token = site->words[i];
        struct str text = token->text, before, rest, name;
        if (!str_cut(text, STR("{env."), &before, &rest) || !str_cut(rest, STR("}"), &name, &rest))
            continue;
        struct diag *diag = lint_report(
            lint, token, "addresses are read before requests come: {env." STR_FMT "} has no value",
            STR_ARG(name));
        if (str_eq(lint_text(lint, token->span), text))
            diag_fix(lint_diags(lint), diag, FIX_UNSAFE, token->span,
                     str_printf(lint->arena, STR_FMT "{$" STR_FMT "}" STR_FMT, STR_ARG(before),
                                STR_ARG(name), STR_ARG(rest)),
                     "read the variable when the file is read");
    }
}

/* --- DT207 --- */

/* Ports → the first site with a host that is served over HTTPS there. */
static const struct map *https_sites(const struct lint *lint)
{
    static const char question;
    struct map *sites = lint_answered(lint, &question, NULL);
    if (sites)
        return sites;
    sites = arena_new(lint->arena, struct map);
    *sites = map_in(lint->arena);
    for (const struct node *site = lint->tree ? lint->tree->body : NULL; site; site = site->next)
        for (uint32_t i = 0; site->role == ROLE_SITE && i < site->n_words; i++) {
            struct str text = site->words[i]->text, port = site_port(text);
            if (port.len && site_scheme(text).len == 0 && site_host(text).len > 0 &&
                !map_find(sites, port))
                map_put(sites, port, (void *)site);
        }
    lint_answer(lint, &question, NULL, sites);
    return sites;
}

static void check_implicit_https(struct lint *lint, const json_t *handler,
                                 const struct lint_route *route)
{
    const json_t *transport = json_object_get(handler, "transport"), *upstream;
    size_t i;
    (void)route;
    if (transport || global_option(lint, "auto_https"))
        return;
    json_array_foreach(json_object_get(handler, "upstreams"), i, upstream) {
        struct address at;
        address_scan(json_str(json_object_get(upstream, "dial")), &at);
        const struct node *site =
            at.port.len && host_is_loopback(at.host) ? map_get(https_sites(lint), at.port) : NULL;
        if (!site || str_is(at.port, "80"))
            continue;
        struct diag *diag = lint_report_json(lint, upstream, "dial",
                                             "plain HTTP is sent to a site that speaks HTTPS");
        diag_label(lint_diags(lint), diag, site->words[0]->span,
                   "a site with a host is HTTPS, whatever its port");
        diag_note(lint_diags(lint), diag, "write http:// before that site's address");
    }
}

/* --- DT209 --- */

/* What an address is served at, whatever its spelling: "host:port/path". */
static struct str served_at(struct lint *lint, struct str text)
{
    struct str scheme = site_scheme(text), host = site_host(text), port = site_port(text);
    struct str before, rest = text, path = STR("");
    if (scheme.len)
        rest = str_slice(text, scheme.len + 3, text.len);
    if (str_cut(rest, STR("/"), &before, &path))
        path = str_printf(lint->arena, "/" STR_FMT, STR_ARG(path));
    if (!port.len)
        port = str_is(scheme, "http") ? STR("80") : host.len || scheme.len ? STR("443") : STR("");
    return str_lower(lint->arena, str_printf(lint->arena, STR_FMT ":" STR_FMT STR_FMT, STR_ARG(host),
                                             STR_ARG(port), STR_ARG(path)));
}

static void check_duplicates(struct lint *lint)
{
    struct map seen = map_in(lint->arena);
    if (global_option(lint, "http_port") || global_option(lint, "https_port"))
        return;
    for (const struct node *site = lint->tree ? lint->tree->body : NULL; site; site = site->next) {
        if (site->role != ROLE_SITE || line_option(site, "bind"))
            continue;
        for (uint32_t i = 0; i < site->n_words; i++) {
            const struct token *token = site->words[i];
            if (!is_literal(token))
                continue;
            struct str key = served_at(lint, token->text);
            const struct token *first = map_get(&seen, key);
            if (!first) {
                map_put(&seen, key, (void *)token);
                continue;
            }
            if (str_eq(first->text, token->text))
                continue; /* Caddy refuses it by itself */
            struct diag *diag = lint_report(
                lint, token, "this is the same site as another block's, spelled otherwise");
            diag_label(lint_diags(lint), diag, first->span, "here");
            diag_note(lint_diags(lint), diag,
                      "only the first block's directives answer; put both in one block");
        }
    }
}

/* --- DT211, DT212, DT213 --- */

static bool some_server_listens(const struct lint *lint, struct str address)
{
    static const char question;
    struct map *listeners = lint_answered(lint, &question, NULL);
    const json_t *servers = lint_servers(lint), *listen;
    size_t i;
    if (listeners)
        return map_find(listeners, address);
    listeners = arena_new(lint->arena, struct map);
    *listeners = map_in(lint->arena);
    for (const struct json_member *at = json_object_iter(servers); at;
         at = json_object_iter_next(servers, at))
        json_array_foreach(json_object_get(at->value, "listen"), i, listen)
            map_put(listeners, json_str(listen), listeners);
    lint_answer(lint, &question, NULL, listeners);
    return map_find(listeners, address);
}

static void check_server_options(struct lint *lint, const struct node *line)
{
    const struct token *address = line_word(line, 0);
    if (!lint->root || !address || !is_literal(address) || !line->parent ||
        line->parent->role != ROLE_GLOBAL)
        return;
    struct str text = str_trim_prefix(address->text, STR("tcp/"));
    if (str_has_prefix(text, STR("localhost")) || some_server_listens(lint, text))
        return;
    struct diag *diag = lint_report(lint, address, "no server listens on " STR_FMT, STR_ARG(text));
    diag_note(lint_diags(lint), diag,
              "these options are for no server, trusted_proxies included; name the address as it "
              "is after `bind`");
}

static void check_bind_port(struct lint *lint, const struct node *line)
{
    const struct token *token;
    if (!line_directive(lint, line))
        return;
    for (uint32_t i = 0; (token = line_argument(lint, line, i)); i++) {
        struct address address;
        address_scan(token->text, &address);
        if (!is_literal(token) || !address.has_port || !address.port.len ||
            str_has_prefix(token->text, STR("unix")) || str_has_prefix(token->text, STR("fd")))
            continue;
        struct diag *diag = lint_report(lint, token, "`bind` has no port: :" STR_FMT " is dropped",
                                        STR_ARG(address.port));
        diag_note(lint_diags(lint), diag, "the port belongs to the site's address");
        if (str_eq(lint_text(lint, token->span), token->text))
            diag_fix(lint_diags(lint), diag, FIX_SAFE, token->span,
                     str_slice(token->text, 0, token->text.len - address.port.len - 1),
                     "leave the port away");
    }
}

static bool switches_https_off(const struct lint *lint)
{
    const struct node *option = global_option(lint, "auto_https");
    return option && line_word(option, 0) && token_is(line_word(option, 0), "off");
}

static void check_https_off(struct lint *lint, const struct node *site)
{
    if (site->role != ROLE_SITE || !switches_https_off(lint) || line_option(site, "tls"))
        return;
    for (uint32_t i = 0; i < site->n_words; i++) {
        struct str text = site->words[i]->text, port = site_port(text);
        if (!is_literal(site->words[i]) || str_is(site_scheme(text), "http") ||
            (port.len && !str_is(port, "443")) || !(site_host(text).len || port.len))
            continue;
        struct diag *diag = lint_report(
            lint, site->words[i], "this listens for HTTPS, and auto_https off gets no certificate");
        diag_label(lint_diags(lint), diag, line_name_token(global_option(lint, "auto_https"))->span,
                   "switched off here");
        diag_note(lint_diags(lint), diag,
                  "every handshake fails; write http:// before the address, or give `tls` a "
                  "certificate");
    }
}

/* --- DT214 --- */

static const char *const passing[] = {
    "root",       "encode",    "header",        "log",       "tls",         "bind",
    "vars",       "rewrite",   "uri",           "try_files", "basic_auth",  "basicauth",
    "templates",  "map",       "request_header", "method",   "request_body", "tracing",
    "log_append", "log_skip",  "skip_log",      "log_name",  "fs",          "push",
    "handle_errors", NULL,
};

static bool passes_on(struct str name)
{
    for (size_t i = 0; passing[i]; i++)
        if (str_is(name, passing[i]))
            return true;
    return false;
}

static void check_no_handler(struct lint *lint, const struct node *site)
{
    const struct node *last = NULL;
    if (site->role != ROLE_SITE || !lint->root)
        return;
    for (const struct node *line = site->body; line; line = line->next) {
        if (line->role == ROLE_MATCHER)
            continue;
        if (!passes_on(line_name(line)))
            return;
        bool is_about_connections = str_is(line_name(line), "tls") ||
                                    str_is(line_name(line), "log") ||
                                    str_is(line_name(line), "bind");
        if (!is_about_connections)
            last = line;
    }
    if (!last)
        return; /* an empty site is there for its certificate */
    struct diag *diag = lint_report(lint, site->words[0], "nothing in this site answers requests");
    diag_label(lint_diags(lint), diag, line_name_token(last)->span,
               str_is(line_name(last), "root") ? "only says where files are: add `file_server`"
                                               : "passes requests on to nothing");
    diag_note(lint_diags(lint), diag, "every request gets an empty answer with status 200");
}

#define SITE(address) address " {\n\trespond ok\n}\n"

const struct lint_rule address_rules[] = {
    {.code = DIAG_ZONE_MISSING,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "A link-local address means nothing without the interface it is on, its zone (RFC 4007): "
            "every link has its own fe80::1.",
     .at_run_time = "Caddy accepts it, and every request fails: dial tcp [fe80::1]:443: connect: invalid "
                    "argument.",
     .bad = "example.com {\n\treverse_proxy https://[fe80::1]\n}\n",
     .good = "example.com {\n\treverse_proxy tcp6/[fe80::1%eth0]:443 {\n\t\ttransport http {\n"
             "\t\t\ttls\n\t\t}\n\t}\n}\n"},
    {.info = {"DT202", "unescaped-ipv6-zone", "a zone in a URL, which only dialtone can read",
              SEVERITY_WARNING},
     .fix = FIX_SAFE,
     .caddy = CADDY_REFUSES,
     .why = "In a URL % begins an escape, so Caddy refuses %eth0. RFC 6874 wanted %25eth0 there, and RFC "
            "9844 has withdrawn it.",
     .at_run_time = "Caddy refuses the file: invalid URL escape \"%et\".",
     .bad = "example.com {\n\treverse_proxy https://[fe80::1%eth0]\n}\n",
     .good = "example.com {\n\treverse_proxy tcp6/[fe80::1%eth0]:443 {\n\t\ttransport http {\n"
             "\t\t\ttls\n\t\t}\n\t}\n}\n",
     .on = "reverse_proxy|to|forward_auth|php_fastcgi",
     .line = check_zone_in_url},
    {.info = {"DT203", "unbracketed-ipv6", "an IPv6 address and a port without brackets",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "::1:8080 is an IPv6 address. With a port the address stands in brackets: [::1]:8080.",
     .at_run_time = "Caddy dials port 80 of an address that nobody has.",
     .bad = "example.com {\n\treverse_proxy ::1:8080\n}\n",
     .good = "example.com {\n\treverse_proxy [::1]:8080\n}\n",
     .on = "reverse_proxy|to|forward_auth|php_fastcgi",
     .line = check_unbracketed},
    {.info = {"DT204", "zone-in-site-address", "a zone in the address of a site", SEVERITY_ERROR},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "The host of a site is compared with the Host header, and clients leave the zone out of it.",
     .at_run_time = "The site is never reached.",
     .bad = SITE("http://[fe80::1%eth0]:8080"),
     .good = "http://:8080 {\n\tbind fe80::1%eth0\n\trespond ok\n}\n",
     .block = check_site_zone},
    {.info = {"DT205", "unspecified-address-as-host", "0.0.0.0 or [::] as the host of a site",
              SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_WARNS,
     .why = "The host of a site is compared with the Host header. It does not choose the interface.",
     .at_run_time = "Only requests with Host: 0.0.0.0 are answered; Caddy logs a warning.",
     .bad = SITE("http://0.0.0.0:8080"),
     .good = SITE("http://:8080"),
     .block = check_unspecified},
    {.code = DIAG_BAD_ADDRESS,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_REFUSES,
     .why = "An address of a site is [scheme://]host[:port][/path] with the schemes http and https; its "
            "scheme and port must agree.",
     .bad = SITE("http://example.com:443"),
     .good = SITE("http://example.com:8080")},
    {.info = {"DT207", "implicit-https-on-port", "plain HTTP to a site of this file that speaks HTTPS",
              SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "A site with a host speaks HTTPS on any port; :2017 alone speaks HTTP.",
     .at_run_time = "400: client sent an HTTP request to an HTTPS server.",
     .bad = "localhost:2016 {\n\treverse_proxy localhost:2017\n}\nlocalhost:2017 {\n\trespond x\n}\n",
     .good = "localhost:2016 {\n\treverse_proxy localhost:2017\n}\nhttp://localhost:2017 {\n"
             "\trespond x\n}\n",
     .on_handler = "reverse_proxy",
     .handler = check_implicit_https},
    {.info = {"DT208", "wildcard-host-misuse", "a wildcard that does not match what it seems to",
              SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "A * stands for exactly one label of a name.",
     .at_run_time = "`*` matches localhost and other single labels only.",
     .bad = SITE("*"),
     .good = SITE("https://"),
     .block = check_wildcard},
    {.code = DIAG_AMBIGUOUS_SITE,
     .caddy = CADDY_SILENT,
     .why = "Caddy compares the text of addresses: the same spelling twice is refused, two spellings of "
            "one site are not.",
     .at_run_time = "Both blocks become one route, and the second never runs.",
     .bad = SITE("example.com") SITE("https://example.com"),
     .good = SITE("example.com") SITE("http://example.com"),
     .whole = check_duplicates},
    {.info = {"DT210", "placeholder-in-site-address", "a run-time placeholder in a site's address",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_REFUSES,
     .why = "Listeners and certificates are set up from addresses before any request; {env.NAME} is "
            "filled in while one is handled.\n{$NAME} is filled in when the file is read.",
     .bad = SITE("{env.DOMAIN}"),
     .good = SITE("{$DOMAIN:example.com}"),
     .block = check_runtime_host},
    {.info = {"DT211", "server-options-without-listener",
              "server options for an address that no server listens on", SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "`servers ADDRESS` is compared with listeners as they are after `bind`.",
     .at_run_time = "The options have no effect, trusted_proxies and timeouts included.",
     .bad = "{\n\tservers :8080 {\n\t\ttimeouts {\n\t\t\tidle 1m\n\t\t}\n\t}\n}\n:8080 {\n"
            "\tbind 127.0.0.1\n\trespond ok\n}\n",
     .good = "{\n\tservers 127.0.0.1:8080 {\n\t\ttimeouts {\n\t\t\tidle 1m\n\t\t}\n\t}\n}\n:8080 {\n"
             "\tbind 127.0.0.1\n\trespond ok\n}\n",
     .on = "servers",
     .line = check_server_options},
    {.info = {"DT212", "bind-with-port", "a port in `bind`", SEVERITY_ERROR},
     .fix = FIX_SAFE,
     .caddy = CADDY_SILENT,
     .why = "`bind` chooses interfaces; ports come from the addresses of sites.",
     .at_run_time = "The port is dropped without a word.",
     .bad = "example.com {\n\tbind 127.0.0.1:8443\n\trespond ok\n}\n",
     .good = "example.com:8443 {\n\tbind 127.0.0.1\n\trespond ok\n}\n",
     .on = "bind",
     .line = check_bind_port},
    {.info = {"DT213", "auto-https-off-still-https", "HTTPS without a certificate", SEVERITY_ERROR},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "auto_https off switches certificates and redirects off, not the port: a site with a host "
            "still listens on :443.",
     .at_run_time = "Every handshake fails, and nothing listens on port 80.",
     .bad = "{\n\tauto_https off\n}\n" SITE("example.com"),
     .good = "{\n\tauto_https off\n}\n" SITE("http://example.com"),
     .block = check_https_off},
    {.info = {"DT214", "site-without-handler", "a site in which nothing answers", SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "root, encode, header and their like change requests and responses; something else must make "
            "the response.",
     .at_run_time = "200 with an empty body, for every request.",
     .bad = "example.com {\n\troot * /srv\n\tencode gzip\n}\n",
     .good = "example.com {\n\troot * /srv\n\tencode gzip\n\tfile_server\n}\n",
     .block = check_no_handler},
    {.code = DIAG_SCHEME_CONFLICT,
     .caddy = CADDY_REFUSES,
     .why = "One listener speaks either HTTP or HTTPS."},
    {.code = DIAG_ZONE_EMPTY,
     .caddy = CADDY_SILENT,
     .why = "After the % stands the name or the number of an interface.",
     .bad = "example.com {\n\treverse_proxy [fe80::1%]:80\n}\n",
     .good = "example.com {\n\treverse_proxy [fe80::1%eth0]:80\n}\n"},
    {.code = DIAG_ZONE_INVALID,
     .caddy = CADDY_SILENT,
     .why = "Names of interfaces have at most 15 bytes, no slash and no blank."},
    {.code = DIAG_ZONE_ON_IPV4, .caddy = CADDY_SILENT, .why = "Only IPv6 addresses have zones."},
    {.code = DIAG_ZONE_ON_HOST,
     .caddy = CADDY_SILENT,
     .why = "A name has no zone; the addresses it stands for come from DNS, which knows no interfaces."},
    {.code = DIAG_ZONE_UNBRACKETED,
     .caddy = CADDY_SILENT,
     .why = "Without brackets nobody can tell where the address ends."},
    {.code = DIAG_ZONE_NETWORK,
     .caddy = CADDY_SILENT,
     .why = "A zone belongs to IPv6; the network that is named here is another one."},
    {.code = DIAG_BRACKET_UNCLOSED, .caddy = CADDY_SILENT, .why = "A [ needs its ]."},
    {.code = DIAG_ZONE_ON_GLOBAL,
     .caddy = CADDY_SILENT,
     .why = "A global address means the same on every interface. A zone there ties connections to one of "
            "them, which is rarely meant."},
    {.code = DIAG_ZONE_ESCAPED,
     .fix = FIX_SAFE,
     .profile = PROFILE_COMPAT,
     .caddy = CADDY_SILENT,
     .why = "%25 is how RFC 6874 spelled the % of a zone in URLs; RFC 9844 has withdrawn that. Outside of "
            "URLs Caddy takes the 25\nfor a part of the zone.",
     .bad = "example.com {\n\treverse_proxy https://[fe80::1%25eth0]\n}\n",
     .good = "example.com {\n\treverse_proxy tcp6/[fe80::1%eth0]:443 {\n\t\ttransport http {\n"
             "\t\t\ttls\n\t\t}\n\t}\n}\n",
     .on = "reverse_proxy|to|forward_auth|php_fastcgi",
     .line = check_zone_escaped},
    {.info = {0}},
};
