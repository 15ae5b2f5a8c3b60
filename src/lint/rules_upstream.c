/* Rules for upstreams (DT3xx). Most look at the JSON: there every spelling of an upstream has become
 * one form, and its origin is the word the user wrote. */
#include "lint/hosts.h"
#include "lint/lint_private.h"
#include "lint/rule.h"
#include "syntax/address.h"

/* --- what a reverse_proxy handler holds --- */

static struct str dial_of(const json_t *upstream)
{
    return json_str(json_object_get(upstream, "dial"));
}

static const json_t *transport_of(const json_t *handler)
{
    return json_object_get(handler, "transport");
}

static bool speaks_http(const json_t *handler)
{
    const char *protocol = json_string_value(json_object_get(transport_of(handler), "protocol"));
    return !protocol || strcmp(protocol, "http") == 0;
}

static bool speaks_tls(const json_t *handler)
{
    return json_object_get(transport_of(handler), "tls") != NULL;
}

static bool has_version(const json_t *handler, const char *version)
{
    const json_t *versions = json_object_get(transport_of(handler), "versions");
    for (size_t i = 0; i < json_array_size(versions); i++)
        if (str_is(json_str(json_array_get(versions, i)), version))
            return true;
    return false;
}

static const struct token *origin_of(const struct lint *lint, const json_t *value)
{
    return value ? document_origin(&lint->pipeline->document, NULL, NULL, value) : NULL;
}

/* The word the user wrote for an upstream; NULL where it is not plainly there. */
static const struct token *upstream_token(const struct lint *lint, const json_t *upstream)
{
    const struct token *token = origin_of(lint, json_object_get(upstream, "dial"));
    return token ? token : origin_of(lint, upstream);
}

/* Takes a dial address over TCP apart; false for sockets and placeholders. */
static bool dial_parts(struct str dial, struct address *parts)
{
    if (str_contains(dial, STR("{")))
        return false;
    address_scan(dial, parts);
    return parts->port.len > 0 &&
           (!parts->has_network || str_has_prefix(parts->network, STR("tcp")));
}

/* --- DT301, DT309: words that are no address --- */

static const char *const networks[] = {"tcp",  "tcp4", "tcp6",     "udp",      "udp4", "udp6",  "ip",
                                       "ip4",  "ip6",  "unix",     "unixgram", "fd",   "fdgram",
                                       "unix+h2c", "unixpacket", NULL};

static bool is_network(struct str name)
{
    for (size_t i = 0; networks[i]; i++)
        if (str_is(name, networks[i]))
            return true;
    return false;
}

static void check_path_in_upstream(struct lint *lint, const json_t *handler,
                                   const struct lint_route *route)
{
    size_t i;
    json_t *upstream;
    (void)route;
    json_array_foreach(json_object_get(handler, "upstreams"), i, upstream) {
        struct str dial = dial_of(upstream), network, rest;
        if (str_contains(dial, STR("{")) || !str_cut(dial, STR("/"), &network, &rest) ||
            is_network(network) || str_has_prefix(dial, STR("unix:")))
            continue;
        const struct token *token = upstream_token(lint, upstream);
        struct diag *diag = lint_report(
            lint, token, "an upstream has no path: '" STR_FMT "' is read as the name of a network",
            STR_ARG(network));
        diag_note(lint_diags(lint), diag,
                  "every request fails with 502: unknown network " STR_FMT, STR_ARG(network));
        if (token && str_has_prefix(lint_text(lint, token->span), network))
            diag_fix(lint_diags(lint), diag, FIX_SUGGEST, token->span, network,
                     "leave the path away, and add it to requests with `rewrite`");
    }
}

static void check_unix_socket(struct lint *lint, const json_t *handler,
                              const struct lint_route *route)
{
    size_t i;
    json_t *upstream;
    (void)route;
    json_array_foreach(json_object_get(handler, "upstreams"), i, upstream) {
        struct str dial = dial_of(upstream);
        const struct token *token =
            str_has_prefix(dial, STR("unix")) ? upstream_token(lint, upstream) : NULL;
        if (!token || str_contains(dial, STR("{")))
            continue;
        if (str_has_prefix(dial, STR("unix:/"))) {
            struct str path = str_slice(dial, 5, dial.len);
            struct diag *diag =
                lint_report(lint, token, "a unix socket is written unix/ and its path, not unix:");
            diag_note(lint_diags(lint), diag,
                      "every request fails with 502: unknown network unix:");
            if (str_eq(lint_text(lint, token->span), dial))
                diag_fix(lint_diags(lint), diag, FIX_UNSAFE, token->span,
                         str_printf(lint->arena, "unix/" STR_FMT, STR_ARG(path)),
                         "write the socket so");
        } else if (str_has_prefix(dial, STR("unix/")) && dial.len > 5 && dial.ptr[5] != '/' &&
                   dial.ptr[5] != '@' && dial.ptr[5] != '.') {
            struct diag *diag =
                lint_report(lint, token, "the path of this socket is relative: '" STR_FMT "'",
                            STR_ARG(str_slice(dial, 5, dial.len)));
            diag_note(lint_diags(lint), diag,
                      "it is looked for in the folder that the server was started in");
            if (str_eq(lint_text(lint, token->span), dial))
                diag_fix(lint_diags(lint), diag, FIX_SUGGEST, token->span,
                         str_printf(lint->arena, "unix//" STR_FMT,
                                    STR_ARG(str_slice(dial, 5, dial.len))),
                         "an absolute path begins with a second slash");
        }
    }
}

/* --- DT302: a later https:// turns TLS on for all --- */

static void check_mixed_schemes(struct lint *lint, const struct node *line)
{
    const struct token *plain = NULL, *token;
    for (uint32_t i = 0; (token = line_argument(lint, line, i)); i++) {
        struct address address;
        address_scan(token->text, &address);
        bool is_tls = str_is(address.scheme, "https");
        if (str_contains(token->text, STR("{")))
            return;
        if (!plain && !address.scheme.len) {
            plain = token;
        } else if (plain && is_tls) {
            struct diag *diag =
                lint_report(lint, token, "https:// here makes every upstream of this line TLS");
            diag_label(lint_diags(lint), diag, plain->span, "this one too, though it says nothing");
            diag_note(lint_diags(lint), diag,
                      "requests to it fail with 502: first record does not look like a TLS "
                      "handshake");
            return;
        }
    }
}

/* --- DT303, DT304, DT305: port, TLS and zone that do not go together --- */

static void check_plaintext_to_tls_port(struct lint *lint, const json_t *handler,
                                        const struct lint_route *route)
{
    size_t i;
    json_t *upstream;
    struct address at;
    (void)route;
    if (speaks_tls(handler) || !speaks_http(handler))
        return;
    json_array_foreach(json_object_get(handler, "upstreams"), i, upstream) {
        if (!str_has_suffix(dial_of(upstream), STR("443")))
            continue;
        const struct token *token = upstream_token(lint, upstream);
        if (!token || !dial_parts(dial_of(upstream), &at) ||
            !(str_is(at.port, "443") || str_is(at.port, "8443") || str_is(at.port, "9443")))
            continue;
        struct str written = lint_text(lint, token->span);
        if (str_has_prefix(written, STR("http://")) || str_has_prefix(written, STR("h2c://")))
            continue; /* said on purpose */
        struct diag *diag = lint_report(
            lint, token, "port " STR_FMT " usually speaks TLS, and this upstream is sent plain HTTP",
            STR_ARG(at.port));
        diag_note(lint_diags(lint), diag, "a port alone does not switch TLS on");
        if (str_eq(written, token->text) && !str_contains(written, STR("/")))
            diag_fix(lint_diags(lint), diag, FIX_UNSAFE, token->span,
                     str_printf(lint->arena, "https://" STR_FMT, STR_ARG(written)),
                     "name the scheme");
    }
}

static void check_tls_on_port_80(struct lint *lint, const json_t *handler,
                                 const struct lint_route *route)
{
    size_t i;
    json_t *upstream;
    struct address at;
    (void)route;
    if (!speaks_tls(handler) || !speaks_http(handler))
        return;
    json_array_foreach(json_object_get(handler, "upstreams"), i, upstream) {
        const struct token *token = upstream_token(lint, upstream);
        if (!token || !dial_parts(dial_of(upstream), &at) || !str_is(at.port, "80"))
            continue;
        struct address written;
        address_scan(token->text, &written);
        if (written.has_scheme || written.has_port || written.has_network ||
            str_contains(token->text, STR("{")))
            continue; /* the port was written, or is no matter of this rule */
        struct diag *diag =
            lint_report(lint, token, "TLS is spoken to port 80: an upstream without a port means 80");
        const struct token *tls = origin_of(lint, json_object_get(transport_of(handler), "tls"));
        if (tls)
            diag_label(lint_diags(lint), diag, tls->span, "this turns TLS on");
        if (str_eq(lint_text(lint, token->span), token->text))
            diag_fix(lint_diags(lint), diag, FIX_UNSAFE, token->span,
                     str_printf(lint->arena, STR_FMT ":443", STR_ARG(token->text)),
                     "name the port");
    }
}

static void check_zone_unverifiable(struct lint *lint, const json_t *handler,
                                    const struct lint_route *route)
{
    const json_t *tls = json_object_get(transport_of(handler), "tls"), *upstream;
    size_t i;
    (void)route;
    if (!tls || json_is_true(json_object_get(tls, "insecure_skip_verify")) ||
        json_object_get(tls, "server_name"))
        return;
    json_array_foreach(json_object_get(handler, "upstreams"), i, upstream) {
        if (!str_contains(dial_of(upstream), STR("%")))
            continue;
        struct diag *diag = lint_report(
            lint, upstream_token(lint, upstream),
            "Caddy can never verify this upstream's certificate: it checks the name with its zone");
        diag_note(lint_diags(lint), diag,
                  "every request of Caddy's fails with 502; a proxy built by dialtone checks the "
                  "bare address");
        diag_note(lint_diags(lint), diag,
                  "`tls_server_name <name in the certificate>` in `transport http` works in both");
    }
}

/* --- DT306 to DT308: where requests end up --- */

static void check_localhost_in_container(struct lint *lint, const json_t *handler,
                                         const struct lint_route *route)
{
    size_t i;
    json_t *upstream;
    struct address at;
    (void)route;
    json_array_foreach(json_object_get(handler, "upstreams"), i, upstream) {
        const struct token *token = upstream_token(lint, upstream);
        if (!token || !dial_parts(dial_of(upstream), &at) ||
            !(host_is_loopback(at.host) || at.host.len == 0))
            continue;
        struct diag *diag = lint_report(
            lint, token, "inside a container this is the container itself, not the host");
        diag_note(lint_diags(lint), diag,
                  "name the other container's service, or host.docker.internal");
    }
}

static void check_no_upstreams(struct lint *lint, const json_t *handler,
                               const struct lint_route *route)
{
    (void)route;
    if (json_array_size(json_object_get(handler, "upstreams")) ||
        json_object_get(handler, "dynamic_upstreams"))
        return;
    struct diag *diag = lint_report_json(lint, handler, NULL, "a proxy without any upstream");
    diag_note(lint_diags(lint), diag, "every request is answered 503: no upstreams available");
}

/* Whether a listener on <listen> takes what is sent to <host>:<port> on this machine. */
static bool listens_there(struct str listen, const struct address *to)
{
    struct address at;
    if (!dial_parts(listen, &at))
        return false;
    bool is_everywhere = at.host.len == 0 || str_is(at.host, "0.0.0.0") || str_is(at.host, "::");
    return str_eq(at.port, to->port) && (is_everywhere || host_is_loopback(at.host));
}

/* Whether a route rewrites, before it gets to <handler>. */
static bool rewrites_before(const json_t *route, const json_t *handler)
{
    const json_t *handle = json_object_get(route, "handle");
    for (size_t i = 0; i < json_array_size(handle); i++) {
        const json_t *other = json_array_get(handle, i);
        if (other == handler)
            break;
        if (str_is(json_str(json_object_get(other, "handler")), "rewrite"))
            return true;
    }
    return false;
}

/* How many routes of the list there are before the first one that rewrites. */
static size_t count_before_rewrite(const struct lint *lint, const json_t *list)
{
    static const char question;
    json_t *const *first = lint_answered(lint, &question, list);
    if (!first) {
        first = list->as.items;
        while (first < list->as.items + list->n && !rewrites_before(*first, NULL))
            first++;
        lint_answer(lint, &question, list, first);
    }
    return (size_t)(first - list->as.items);
}

/* A handler before it in the same route may send the request elsewhere on purpose. */
static bool is_changed_before(const struct lint *lint, const struct lint_route *route,
                              const json_t *handler)
{
    for (const struct lint_route *at = route; at; at = at->outer) {
        if (count_before_rewrite(lint, at->list) < at->index ||
            rewrites_before(at->route, handler))
            return true;
    }
    return json_object_get(json_object_get(handler, "headers"), "request") != NULL ||
           json_object_get(handler, "rewrite") != NULL;
}

static void check_loop(struct lint *lint, const json_t *handler, const struct lint_route *route)
{
    size_t i, j;
    json_t *upstream, *listen;
    struct address at;
    json_array_foreach(json_object_get(handler, "upstreams"), i, upstream) {
        if (!dial_parts(dial_of(upstream), &at) ||
            !(host_is_loopback(at.host) || at.host.len == 0 || str_is(at.host, "0.0.0.0")))
            continue;
        json_array_foreach(json_object_get(route->server, "listen"), j, listen) {
            if (!listens_there(json_str(listen), &at) || is_changed_before(lint, route, handler))
                continue;
            struct diag *diag =
                lint_report(lint, upstream_token(lint, upstream),
                            "this site proxies to itself: the server listens on " STR_FMT,
                            STR_ARG(json_str(listen)));
            diag_note(lint_diags(lint), diag,
                      "each request becomes another one to the same server until something gives "
                      "up");
        }
    }
}

/* --- DT310: habits from version 1 --- */

static void check_fastcgi_preset(struct lint *lint, const struct node *line)
{
    const struct token *token;
    for (uint32_t i = 1; (token = line_argument(lint, line, i)); i++) {
        if (!token_is(token, "php"))
            continue;
        struct diag *diag = lint_report(
            lint, token, "'php' is taken for another upstream, php:80, not for a preset");
        diag_note(lint_diags(lint), diag, "about half of the requests go there, and fail");
        const struct token *before = line_argument(lint, line, i - 1);
        if (!token->via && before->span.end < token->span.begin)
            diag_fix(lint_diags(lint), diag, FIX_UNSAFE,
                     (struct span){before->span.end, token->span.end}, STR(""), "leave it away");
    }
}

/* --- DT311: HTTP/2 without TLS --- */

static bool asks_for_grpc(const struct lint_route *route)
{
    for (; route; route = route->outer) {
        const json_t *sets = json_object_get(route->route, "match");
        for (size_t i = 0; i < json_array_size(sets); i++)
            if (str_is(json_str(json_object_get(json_array_get(sets, i), "protocol")), "grpc"))
                return true;
    }
    return false;
}

static void check_h2c(struct lint *lint, const json_t *handler, const struct lint_route *route)
{
    const json_t *versions = json_object_get(transport_of(handler), "versions"), *upstream;
    struct address at;
    size_t i;
    if (!speaks_http(handler))
        return;
    if (has_version(handler, "h2")) {
        lint_report_json(lint, versions, NULL, "'h2' is no version of HTTP here: write 2, or h2c");
        return;
    }
    if (has_version(handler, "h2c") && speaks_tls(handler)) {
        lint_report_json(lint, versions, NULL,
                         "h2c is HTTP/2 without TLS, and this transport uses TLS");
        return;
    }
    if (versions || speaks_tls(handler))
        return;
    bool is_grpc = asks_for_grpc(route);
    json_array_foreach(json_object_get(handler, "upstreams"), i, upstream) {
        struct str dial = dial_of(upstream);
        if (!is_grpc && !str_has_suffix(dial, STR(":50051")))
            continue;
        const struct token *token = upstream_token(lint, upstream);
        if (!token || !dial_parts(dial, &at) || !(is_grpc || str_is(at.port, "50051")))
            continue;
        struct diag *diag = lint_report(
            lint, token, "gRPC needs HTTP/2, and this upstream is spoken to in HTTP/1.1");
        struct str written = lint_text(lint, token->span);
        if (str_eq(written, token->text) && !str_contains(written, STR("/")))
            diag_fix(lint_diags(lint), diag, FIX_UNSAFE, token->span,
                     str_printf(lint->arena, "h2c://" STR_FMT, STR_ARG(written)),
                     "speak HTTP/2 without TLS");
    }
}

/* --- DT312, DT313: health and balancing that do nothing --- */

static const char *const active_keys[] = {"interval", "timeout", "passes",   "fails",  "body",
                                          "method",   "headers", "max_size", "expect_status",
                                          "expect_body", NULL};
static const char *const passive_keys[] = {"max_fails", "unhealthy_status", "unhealthy_latency",
                                           NULL};

/* The first of the keys that is set. */
static const char *key_set(const json_t *object, const char *const *keys)
{
    for (size_t i = 0; keys[i]; i++)
        if (json_object_get(object, keys[i]))
            return keys[i];
    return NULL;
}

static bool is_active(const json_t *active)
{
    static const char *const starts[] = {"path", "uri", "port", NULL};
    return key_set(active, starts) != NULL;
}

static void check_inactive_health(struct lint *lint, const json_t *handler,
                                  const struct lint_route *route)
{
    const json_t *checks = json_object_get(handler, "health_checks");
    const json_t *active = json_object_get(checks, "active");
    const json_t *passive = json_object_get(checks, "passive");
    const char *key = key_set(active, active_keys);
    (void)route;
    if (active && !is_active(active) && key) {
        struct diag *diag = lint_report_json(lint, active, key,
                                             "no health check is made: it needs health_uri or "
                                             "health_port");
        diag_note(lint_diags(lint), diag, "the other health options alone do nothing");
    }
    if (active && is_active(active) && json_object_get(handler, "dynamic_upstreams"))
        lint_report_json(lint, active, NULL,
                         "upstreams that are looked up for each request are never checked actively");
    key = key_set(passive, passive_keys);
    if (key && !json_object_get(passive, "fail_duration")) {
        struct diag *diag = lint_report_json(
            lint, passive, key, "failures are not remembered without fail_duration, so this does "
                                "nothing");
        diag_note(lint_diags(lint), diag, "add `fail_duration 30s`");
    }
}

static void check_failover(struct lint *lint, const json_t *handler, const struct lint_route *route)
{
    const json_t *balancing = json_object_get(handler, "load_balancing");
    const json_t *policy = json_object_get(balancing, "selection_policy");
    const json_t *checks = json_object_get(handler, "health_checks");
    size_t n = json_array_size(json_object_get(handler, "upstreams"));
    const char *name = json_string_value(json_object_get(policy, "policy"));
    (void)route;
    if (!name || json_object_get(handler, "dynamic_upstreams"))
        return;
    const json_t *weights = json_object_get(policy, "weights");
    if (weights && n && json_array_size(weights) != n) {
        lint_report_json(lint, policy, "weights",
                         "%zu weights for %zu upstreams: each upstream needs one",
                         json_array_size(weights), n);
        return;
    }
    bool notices =
        is_active(json_object_get(checks, "active")) ||
        json_object_get(json_object_get(checks, "passive"), "fail_duration") != NULL;
    if (strcmp(name, "first") == 0 && n > 1 && !notices) {
        struct diag *diag = lint_report_json(
            lint, policy, "policy",
            "the second upstream is never used: nothing here notices that the first one is down");
        diag_note(lint_diags(lint), diag,
                  "add `fail_duration 30s` and `lb_try_duration 5s`, or `health_uri`");
    }
}

/* --- DT314, DT315 --- */

static bool names_php_or_files(const struct node *node, void *user)
{
    bool *found = user;
    if (node->role == ROLE_LINE && (str_is(line_name(node), "file_server") ||
                                    str_is(line_name(node), "reverse_proxy")))
        *found = true;
    return !*found;
}

/* Whether the site has a root, and nothing but PHP that serves what is there. */
static bool serves_only_php(const struct lint *lint, const struct node *site)
{
    static const char yes, no;
    const char *answer = lint_answered(lint, &yes, site);
    bool serves = false;
    if (answer)
        return answer == &yes;
    node_walk(site, names_php_or_files, &serves);
    answer = !serves && line_option(site, "root") ? &yes : &no;
    lint_answer(lint, &yes, site, answer);
    return answer == &yes;
}

static void check_php_without_files(struct lint *lint, const struct node *line)
{
    const struct node *site = line_block(line);
    if (!line_directive(lint, line) || line_matcher(lint, line) || line->parent != site ||
        !serves_only_php(lint, site))
        return;
    struct diag *diag = lint_report(lint, line_name_token(line),
                                    "nothing here serves the files that are not PHP");
    diag_note(lint_diags(lint), diag,
              "images, styles and scripts are passed to PHP, which answers its front page or 404; "
              "add `file_server`");
}

static bool compresses_streams(const struct node *node, void *user)
{
    bool *found = user;
    if (node->role == ROLE_LINE && str_is(line_name(node), "encode") && !line_option(node, "match"))
        *found = true;
    return !*found;
}

static bool site_compresses_streams(const struct lint *lint, const struct node *site)
{
    static const char yes, no;
    const char *answer = lint_answered(lint, &yes, site);
    bool found = answer == &yes;
    if (!answer) {
        node_walk(site, compresses_streams, &found);
        lint_answer(lint, &yes, site, found ? &yes : &no);
    }
    return found;
}

static void check_stream_compression(struct lint *lint, const struct node *line)
{
    const struct node *site = line_block(line);
    if (!site || !line_word(line, 0) || !token_is(line_word(line, 0), "-1") ||
        !site_compresses_streams(lint, site))
        return;
    struct diag *diag = lint_report(lint, line_name_token(line),
                                    "`encode` holds event streams back, which this means to avoid");
    diag_note(lint_diags(lint), diag,
              "before 2.11.5 the default list of types to compress holds text/*, event streams "
              "included; name the types in `encode { match { header Content-Type … } }`");
}

#define PROXY "example.com {\n\treverse_proxy "
#define END "\n}\n"

const struct lint_rule upstream_rules[] = {
    {.code = DIAG_BAD_UPSTREAM,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "An upstream is a host and a port, with at most a scheme before them. A path does not "
            "belong there.",
     .at_run_time = "With a scheme before it Caddy refuses a path. Without one the part before the "
                    "first slash is taken for the name\nof a network, and every request fails with "
                    "502: unknown network localhost:8080.",
     .bad = PROXY "localhost:8080/api" END,
     .good = "example.com {\n\trewrite * /api{uri}\n\treverse_proxy localhost:8080\n}\n",
     .on_handler = "reverse_proxy",
     .handler = check_path_in_upstream},
    {.code = DIAG_UPSTREAM_SCHEME,
     .caddy = CADDY_SILENT,
     .why = "All upstreams of one reverse_proxy share one transport. The order decides what Caddy "
            "says: https:// first is refused,\nhttps:// later turns TLS on for all of them.",
     .at_run_time = "TLS is spoken to the plain upstream too, and its requests fail with 502.",
     .bad = PROXY "localhost:8080 https://example.org" END,
     .good = PROXY "https://a.example.org https://b.example.org" END,
     .on = "reverse_proxy|to",
     .line = check_mixed_schemes},
    {.info = {"DT303", "plaintext-to-tls-port", "plain HTTP to a port that usually speaks TLS",
              SEVERITY_WARNING},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "A port does not choose the protocol: only https:// or `transport http { tls }` does.",
     .at_run_time = "The upstream answers 400 (plain HTTP sent to an HTTPS port), or closes the "
                    "connection.",
     .bad = PROXY "10.0.0.1:443" END,
     .good = PROXY "https://10.0.0.1" END,
     .on_handler = "reverse_proxy",
     .handler = check_plaintext_to_tls_port},
    {.info = {"DT304", "tls-transport-on-port-80", "TLS to an upstream without a port, which means 80",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "Without a scheme and a port an upstream means port 80, whatever its transport is.",
     .at_run_time = "A TLS handshake with port 80: every request fails with 502.",
     .bad = PROXY "192.168.32.230 {\n\t\ttransport http {\n\t\t\ttls_insecure_skip_verify\n\t\t}\n"
                  "\t}" END,
     .good = PROXY "https://192.168.32.230 {\n\t\ttransport http {\n\t\t\ttls_server_name app.lan\n"
                   "\t\t}\n\t}" END,
     .on_handler = "reverse_proxy",
     .handler = check_tls_on_port_80},
    {.info = {"DT305", "zoned-upstream-unverifiable",
              "TLS to an address with a zone, verified against the zoned name", SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "No certificate can hold a zone: it has a meaning only on its own machine (RFC 4007). "
            "Caddy compares the certificate\nwith the address and its zone all the same.",
     .at_run_time = "Caddy answers 502: x509: certificate is valid for fe80::1, not fe80::1%eth0. A "
                    "proxy that dialtone builds\nverifies against the address without its zone.",
     .bad = PROXY "tcp6/[fe80::1%eth0]:443 {\n\t\ttransport http {\n\t\t\ttls\n\t\t}\n\t}" END,
     .good = PROXY "tcp6/[fe80::1%eth0]:443 {\n\t\ttransport http {\n\t\t\ttls\n"
                   "\t\t\ttls_server_name router.lan\n\t\t}\n\t}" END,
     .on_handler = "reverse_proxy",
     .handler = check_zone_unverifiable},
    {.info = {"DT306", "localhost-in-container", "an upstream on localhost, inside a container",
              SEVERITY_WARNING},
     .environments = 1u << ENVIRONMENT_CONTAINER,
     .caddy = CADDY_SILENT,
     .why = "A container has a loopback interface of its own: localhost is the container that the "
            "proxy runs in.",
     .at_run_time = "502: connection refused.",
     .bad = PROXY "localhost:3000" END,
     .good = PROXY "app:3000" END,
     .on_handler = "reverse_proxy",
     .handler = check_localhost_in_container},
    {.info = {"DT307", "no-upstreams", "a reverse proxy without any upstream", SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why = "Often an environment variable or an import argument that is empty.",
     .at_run_time = "Every request is answered 503: no upstreams available.",
     .bad = "example.com {\n\treverse_proxy\n}\n",
     .good = PROXY "localhost:8080" END,
     .on_handler = "reverse_proxy",
     .handler = check_no_upstreams},
    {.info = {"DT308", "proxy-loop", "a site that proxies to its own server", SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why = "The upstream is the port that this server listens on.",
     .at_run_time = "Each request becomes another request to the same server, until connections or "
                    "memory run out.",
     .bad = ":8080 {\n\treverse_proxy localhost:8080\n}\n",
     .good = ":8080 {\n\treverse_proxy localhost:9000\n}\n",
     .on_handler = "reverse_proxy",
     .handler = check_loop},
    {.info = {"DT309", "malformed-unix-socket", "a unix socket that is not written as one",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "A unix socket is written unix/ and its path: unix//run/app.sock. The form unix:/run/… "
            "is nginx's.",
     .at_run_time = "502: unknown network unix:",
     .bad = "example.com {\n\tphp_fastcgi unix:/run/php/php-fpm.sock\n\tfile_server\n}\n",
     .good = "example.com {\n\tphp_fastcgi unix//run/php/php-fpm.sock\n\tfile_server\n}\n",
     .on_handler = "reverse_proxy",
     .handler = check_unix_socket},
    {.info = {"DT310", "fastcgi-preset-argument", "the preset `php` of version 1 as an upstream",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "Version 1's `fastcgi / 127.0.0.1:9000 php` had a preset; php_fastcgi has none: every "
            "word is an upstream.",
     .at_run_time = "Half of the requests are sent to a host named php, port 80.",
     .bad = "example.com {\n\tphp_fastcgi 127.0.0.1:9000 php\n\tfile_server\n}\n",
     .good = "example.com {\n\tphp_fastcgi 127.0.0.1:9000\n\tfile_server\n}\n",
     .on = "php_fastcgi",
     .line = check_fastcgi_preset},
    {.info = {"DT311", "h2c-mismatch", "HTTP/2 that the transport cannot speak", SEVERITY_WARNING},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "gRPC needs HTTP/2. Without TLS that is h2c, which must be asked for; with TLS it comes "
            "by itself.",
     .at_run_time = "gRPC calls fail with 502 or a protocol error.",
     .bad = "example.com {\n\t@grpc protocol grpc\n\treverse_proxy @grpc localhost:50051\n}\n",
     .good = "example.com {\n\t@grpc protocol grpc\n\treverse_proxy @grpc h2c://localhost:50051\n}\n",
     .on_handler = "reverse_proxy",
     .handler = check_h2c},
    {.info = {"DT312", "inactive-health-check", "health check options that check nothing",
              SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "Active checks begin with health_uri or health_port; passive ones with fail_duration. "
            "The other options only tune them.",
     .at_run_time = "No upstream is ever marked down.",
     .bad = PROXY "app1:80 app2:80 {\n\t\thealth_interval 5s\n\t}" END,
     .good = PROXY "app1:80 app2:80 {\n\t\thealth_uri /healthz\n\t\thealth_interval 5s\n\t}" END,
     .on_handler = "reverse_proxy",
     .handler = check_inactive_health},
    {.info = {"DT313", "failover-without-health-checks",
              "a policy that needs to know which upstreams are down, and cannot", SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "`lb_policy first` takes the first upstream that is not marked down; without health "
            "checks none ever is.\nWeights are given to upstreams in order, one for each.",
     .at_run_time = "When the first upstream is down, requests fail though the second would answer.",
     .bad = PROXY "app1:80 app2:80 {\n\t\tlb_policy first\n\t}" END,
     .good = PROXY "app1:80 app2:80 {\n\t\tlb_policy first\n\t\tlb_try_duration 5s\n"
                   "\t\tfail_duration 30s\n\t}" END,
     .on_handler = "reverse_proxy",
     .handler = check_failover},
    {.info = {"DT314", "php-without-file-server", "PHP behind a site that serves no other files",
              SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "php_fastcgi runs PHP; it does not serve images, styles and scripts. That is what "
            "file_server is for.",
     .at_run_time = "Requests for such files end in PHP's index.php, or 404.",
     .bad = "example.com {\n\troot * /srv\n\tphp_fastcgi unix//run/php.sock\n}\n",
     .good = "example.com {\n\troot * /srv\n\tphp_fastcgi unix//run/php.sock\n\tfile_server\n}\n",
     .on = "php_fastcgi",
     .line = check_php_without_files},
    {.info = {"DT315", "event-stream-compression", "event streams that wait for the compressor",
              SEVERITY_INFO},
     .until = "2.11.5",
     .target = "2.11.4",
     .caddy = CADDY_SILENT,
     .why = "`encode` compresses text/* by default, event streams included, and before 2.11.5 it "
            "sends the head of a\nresponse only with its first bytes.",
     .at_run_time = "Browsers see a stream that stays silent until the first event.",
     .bad = "example.com {\n\tencode gzip\n\treverse_proxy app:9000 {\n\t\tflush_interval -1\n\t}\n}\n",
     .good = "example.com {\n\tencode {\n\t\tgzip\n\t\tmatch {\n"
             "\t\t\theader Content-Type text/html*\n\t\t}\n\t}\n\treverse_proxy app:9000 {\n"
             "\t\tflush_interval -1\n\t}\n}\n",
     .on = "flush_interval",
     .line = check_stream_compression},
    {.info = {0}},
};
