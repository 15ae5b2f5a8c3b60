/* What Caddy's versions do differently with the same file (DT811 and on), for `dialtone upgrade`. Each
 * row names the version that brought the change. */
#include "base/arena.h"
#include "lint/hosts.h"
#include "lint/lint_private.h"

static void changed(struct lint *lint, const struct token *token, const char *now,
                    const char *before, const char *advice)
{
    struct diag *diag = lint_report(lint, token, "from Caddy %s on, %s; before, %s",
                                    lint->rule->changes, now, before);
    diag_note(lint_diags(lint), diag, "%s", advice);
}

/* The first line of that name in sites; NULL for none. */
struct line_search {
    struct lint *lint;
    const char *names; /* "a|b" */
    const struct node *found;
};

static bool look_for_line(const struct node *node, void *user)
{
    struct line_search *search = user;
    struct str left = str_from(search->names), name;
    if (node->role != ROLE_LINE || !line_directive(search->lint, node))
        return true;
    while (left.len && !search->found) {
        str_cut(left, STR("|"), &name, &left);
        if (str_eq(line_name(node), name))
            search->found = node;
    }
    return !search->found;
}

static const struct node *first_line(struct lint *lint, const char *names)
{
    struct line_search search = {.lint = lint, .names = names};
    if (lint->tree)
        node_walk(lint->tree, look_for_line, &search);
    return search.found;
}

/* An option of some `servers` in the global block. */
static bool has_server_option(const struct lint *lint, const char *name)
{
    const struct node *servers = global_option(lint, "servers");
    for (; servers; servers = line_next_option(servers))
        if (line_option(servers, name))
            return true;
    return false;
}

/* --- DT811 --- */

static bool speaks_tls(const struct node *line)
{
    for (uint32_t i = 1; i < line->n_words; i++)
        if (str_has_prefix(line->words[i]->text, STR("https://")))
            return true;
    for (const struct node *option = line->body; option; option = option->next) {
        if (str_is(line_name(option), "to") && speaks_tls(option))
            return true;
        for (const struct node *inner = option->body; inner; inner = inner->next)
            if (str_is(line_name(option), "transport") &&
                str_has_prefix(line_name(inner), STR("tls")))
                return true;
    }
    return false;
}

static bool changes_host(const struct node *line)
{
    for (const struct node *option = line->body; option; option = option->next) {
        struct str field = option->n_words > 1 ? option->words[1]->text : STR("");
        if (field.len && strchr("+-?>", field.ptr[0]))
            field = str_slice(field, 1, field.len);
        if (str_is(line_name(option), "header_up") && str_eq_nocase(field, STR("Host")))
            return true;
    }
    return false;
}

static void check_tls_host(struct lint *lint, const struct node *line)
{
    if (line_directive(lint, line) && speaks_tls(line) && !changes_host(line))
        changed(lint, line_name_token(line),
                "the Host of requests to an upstream over TLS is the upstream's own address",
                "what the client sent",
                "`header_up Host {host}` or `header_up Host {upstream_hostport}` is the same in every "
                "version");
}

/* --- DT812 --- */

static struct str parent_domain(struct str host)
{
    ptrdiff_t dot = str_index(host, '.');
    return dot < 0 ? STR("") : str_slice(host, (size_t)dot + 1, host.len);
}

static void check_wildcards(struct lint *lint)
{
    struct map wildcards = map_in(lint->arena); /* domain → token */
    for (int pass = 0; lint->tree && pass < 2; pass++)
        for (const struct node *site = lint->tree->body; site; site = site->next)
            for (uint32_t i = 0; site->role == ROLE_SITE && i < site->n_words; i++) {
                struct str host = site_host(site->words[i]->text), domain = parent_domain(host);
                bool is_wildcard = str_has_prefix(host, STR("*."));
                if (pass == 0 && is_wildcard)
                    map_put(&wildcards, str_dup(lint->arena, domain), (void *)site->words[i]);
                if (pass == 0 || is_wildcard || str_is(site_scheme(site->words[i]->text), "http"))
                    continue;
                const struct token *wildcard = map_get(&wildcards, domain);
                if (!wildcard)
                    continue;
                changed(lint, site->words[i], "this site uses the wildcard's certificate",
                        "it had its own",
                        "`tls force_automate` in the site keeps a certificate of its own from 2.10 on");
                struct diag *diag = lint_diags(lint)->last;
                diag_label(lint_diags(lint), diag, wildcard->span, "covers it");
            }
}

/* --- DT813 --- */

static void check_encode(struct lint *lint, const struct node *line)
{
    if (!line_directive(lint, line) || line_count_arguments(lint, line) || line_option(line, "gzip") ||
        line_option(line, "zstd") || line_option(line, "br"))
        return;
    changed(lint, line_name_token(line), "'encode' alone means zstd and gzip", "it compressed nothing",
            "`encode zstd gzip` is the same in every version");
}

/* --- DT814 --- */

static void check_on_demand(struct lint *lint, const struct node *line)
{
    const struct node *global = global_option(lint, "on_demand_tls");
    if (!line_inside(line, "tls") ||
        (global && (line_option(global, "ask") || line_option(global, "permission"))))
        return;
    changed(lint, line_name_token(line),
            "no certificate is issued on demand without `ask` or `permission`",
            "Caddy only warned", "add the global option `on_demand_tls { ask <url> }`");
}

/* --- the rest are about whole files: at the first place they concern --- */

static void check_http3(struct lint *lint)
{
    if (!lint->tree || has_server_option(lint, "protocols"))
        return;
    for (const struct node *site = lint->tree->body; site; site = site->next)
        for (uint32_t i = 0; site->role == ROLE_SITE && i < site->n_words; i++) {
            struct str address = site->words[i]->text;
            if (str_is(site_scheme(address), "http") || str_is(site_port(address), "80") ||
                (!site_host(address).len && !str_is(site_scheme(address), "https")))
                continue;
            changed(lint, site->words[i], "HTTP/3 is served on the same port of UDP",
                    "it was an experiment to be asked for",
                    "open UDP 443 as well, or say `servers { protocols h1 h2 }`");
            return;
        }
}

static void check_forwarded(struct lint *lint)
{
    const struct node *line = first_line(lint, "reverse_proxy|php_fastcgi|forward_auth");
    if (!line || has_server_option(lint, "trusted_proxies") || line_option(line, "trusted_proxies"))
        return;
    changed(lint, line_name_token(line),
            "X-Forwarded-For, -Proto and -Host that clients send are replaced",
            "they were passed on",
            "behind another proxy name it: trusted_proxies, in `servers` since 2.6.3");
}

static void check_via(struct lint *lint)
{
    const struct node *line = first_line(lint, "reverse_proxy|php_fastcgi|forward_auth");
    if (line)
        changed(lint, line_name_token(line),
                "Via is added to requests and responses and proxied responses have no `Server: Caddy`",
                "they had, and no Via",
                "`header_up -Via` and `header_down -Via` take it away");
}

static void check_file_methods(struct lint *lint)
{
    const struct node *line = first_line(lint, "file_server");
    if (line)
        changed(lint, line_name_token(line), "files answer only GET and HEAD, and 405 to the rest",
                "any method got the file", "use a matcher for method where that matters");
}

static void check_credentials(struct lint *lint)
{
    const struct node *line = first_line(lint, "log");
    if (line && !has_server_option(lint, "log_credentials"))
        changed(lint, line_name_token(line),
                "Cookie, Set-Cookie, Authorization and Proxy-Authorization are redacted in access logs",
                "they were logged", "`servers { log_credentials }` logs them");
}

static void check_metrics(struct lint *lint)
{
    const struct node *line = first_line(lint, "metrics");
    if (line && !global_option(lint, "metrics") && !has_server_option(lint, "metrics"))
        changed(lint, line_name_token(line), "there are metrics of HTTP only where they are asked for",
                "there always were", "add the global option `metrics` (before 2.9: `servers { metrics }`)");
}

static void check_fastcgi_buffers(struct lint *lint)
{
    const struct node *line = first_line(lint, "php_fastcgi");
    if (line && !line_option(line, "request_buffers"))
        changed(lint, line_name_token(line),
                "up to 4096 bytes of a request's body are buffered before it is sent on",
                "none were", "`request_buffers <size>` sets it");
}

#define SITE(line) "example.com {\n\t" line "\n}\n"

const struct lint_rule change_rules[] = {
    {.info = {"DT811", "changed-host-of-tls-upstreams", "Host of requests to upstreams over TLS, since 2.11",
              SEVERITY_WARNING},
     .changes = "2.11",
     .caddy = CADDY_SILENT,
     .why = "An upstream over TLS gets its own name and port as Host, where nothing sets it. An upstream that "
            "builds links or\nchooses a site by the Host header then answers for another name.",
     .bad = SITE("reverse_proxy https://10.0.0.5"),
     .good = SITE("reverse_proxy https://10.0.0.5 {\n\t\theader_up Host {host}\n\t}"),
     .on = "reverse_proxy|forward_auth",
     .line = check_tls_host},
    {.info = {"DT812", "changed-certificates-under-wildcards",
              "certificates of sites that a wildcard covers, since 2.10", SEVERITY_WARNING},
     .changes = "2.10",
     .caddy = CADDY_SILENT,
     .why = "Where there is a site *.example.com, one for a.example.com uses the wildcard's certificate. 2.9 did "
            "so only with\n`auto_https prefer_wildcard`, which 2.11 refuses.",
     .bad = "*.example.com {\n\ttls {\n\t\tissuer internal\n\t}\n\trespond ok\n}\na.example.com {\n\trespond a\n}\n",
     .good = "*.example.com {\n\ttls {\n\t\tissuer internal\n\t}\n\trespond ok\n}\na.example.org {\n\trespond a\n}\n",
     .whole = check_wildcards},
    {.info = {"DT813", "changed-encode-without-formats", "'encode' without formats, since 2.9",
              SEVERITY_WARNING},
     .changes = "2.9",
     .caddy = CADDY_SILENT,
     .why = "Without words `encode` has had no format to compress with, and now has two.",
     .bad = SITE("encode\n\trespond ok"),
     .good = SITE("encode zstd gzip\n\trespond ok"),
     .on = "encode",
     .line = check_encode},
    {.info = {"DT814", "changed-on-demand-permission", "on-demand TLS without a permission, since 2.7",
              SEVERITY_ERROR},
     .changes = "2.7",
     .caddy = CADDY_SILENT,
     .why = "Certificates on demand for whatever name a client asks for are an invitation to use up the limits "
            "of the authority.",
     .bad = "https:// {\n\ttls {\n\t\ton_demand\n\t}\n\trespond ok\n}\n",
     .good = "{\n\ton_demand_tls {\n\t\task http://localhost:5555/check\n\t}\n}\nhttps:// {\n\ttls {\n\t\t"
             "on_demand\n\t}\n\trespond ok\n}\n",
     .on = "on_demand",
     .line = check_on_demand},
    {.info = {"DT815", "changed-http3", "HTTP/3 without being asked for, since 2.6", SEVERITY_INFO},
     .changes = "2.6",
     .caddy = CADDY_SILENT,
     .why = "Clients are told of HTTP/3 by Alt-Svc; firewalls and containers that publish only TCP make them "
            "wait in vain.",
     .bad = SITE("respond ok"),
     .good = "{\n\tservers {\n\t\tprotocols h1 h2\n\t}\n}\n" SITE("respond ok"),
     .whole = check_http3},
    {.info = {"DT816", "changed-forwarded-fields", "X-Forwarded fields of clients, since 2.5",
              SEVERITY_WARNING},
     .changes = "2.5",
     .caddy = CADDY_SILENT,
     .why = "Fields that anyone can send are not believed any more. Behind a load balancer or a CDN upstreams "
            "then see its address\nas that of the client, and http as the scheme, until trusted_proxies names "
            "it.",
     .bad = SITE("reverse_proxy app:80"),
     .good = SITE("reverse_proxy app:80 {\n\t\ttrusted_proxies private_ranges\n\t}"),
     .whole = check_forwarded},
    {.info = {"DT817", "changed-methods-of-files", "methods that files answer, since 2.6.3", SEVERITY_INFO},
     .changes = "2.6.3",
     .caddy = CADDY_SILENT,
     .why = "A file is no answer to POST; clients, tests and health checks that sent it get 405 now.",
     .bad = SITE("file_server"),
     .good = SITE("respond ok"),
     .whole = check_file_methods},
    {.info = {"DT818", "changed-via", "the fields Via and Server of proxied responses, since 2.10",
              SEVERITY_INFO},
     .changes = "2.10",
     .caddy = CADDY_SILENT,
     .why = "Upstreams that refuse requests from proxies, or turn compression off for them, see Via; tools that "
            "looked for\n`Server: Caddy` see what the upstream says.",
     .bad = SITE("reverse_proxy app:80"),
     .good = SITE("respond ok"),
     .whole = check_via},
    {.info = {"DT819", "changed-credentials-in-logs", "credentials in access logs, since 2.5", SEVERITY_INFO},
     .changes = "2.5",
     .caddy = CADDY_SILENT,
     .why = "Before, whoever read the logs could take over sessions. What analyses logs by cookies needs the "
            "option now.",
     .bad = SITE("log\n\trespond ok"),
     .good = "{\n\tservers {\n\t\tlog_credentials\n\t}\n}\n" SITE("log\n\trespond ok"),
     .whole = check_credentials},
    {.info = {"DT820", "changed-metrics", "metrics of HTTP only on demand, since 2.6", SEVERITY_WARNING},
     .changes = "2.6",
     .caddy = CADDY_SILENT,
     .why = "Measuring each handler costs time, so it is off; dashboards stay empty without a word.",
     .bad = SITE("metrics /metrics"),
     .good = "{\n\tmetrics\n}\n" SITE("metrics /metrics"),
     .whole = check_metrics},
    {.info = {"DT821", "changed-fastcgi-buffers", "buffered requests to FastCGI, since 2.9.1", SEVERITY_INFO},
     .changes = "2.9.1",
     .caddy = CADDY_SILENT,
     .why = "PHP-FPM needs to know the length of a body; short bodies without one (HTTP/3, chunks) are buffered "
            "to count it.",
     .bad = SITE("php_fastcgi unix//run/php.sock"),
     .good = SITE("php_fastcgi unix//run/php.sock {\n\t\trequest_buffers 64KiB\n\t}"),
     .whole = check_fastcgi_buffers},
    {.info = {0}},
};
