/* Rules for names and forms that Caddy has given up or will (DT8xx). */
#include "base/arena.h"
#include "lint/hosts.h"
#include "lint/lint_private.h"
#include "lint/rule.h"

/* What the compiler refused a word for. */
struct refusal {
    struct diag *diag;
    struct refusal *next; /* of the same word */
};

static struct str span_key(const struct span *span)
{
    return str_make((const char *)span, sizeof(*span));
}

/* The compiler's errors for exactly this word. */
static const struct refusal *refusals_of(struct lint *lint, const struct token *token)
{
    static const char question;
    struct map *refusals = lint_answered(lint, &question, NULL);
    if (!refusals) {
        refusals = arena_new(lint->arena, struct map);
        *refusals = map_in(lint->arena);
        for (struct diag *diag = lint_diags(lint)->first; diag; diag = diag->next) {
            if (!diag->code || diag->severity != SEVERITY_ERROR)
                continue;
            struct refusal *refusal = arena_new(lint->arena, struct refusal);
            *refusal = (struct refusal){diag, map_get(refusals, span_key(&diag->span))};
            map_put(refusals, span_key(&diag->span), refusal);
        }
        lint_answer(lint, &question, NULL, refusals);
    }
    return map_get(refusals, span_key(&token->span));
}

/* Puts a rule's finding in place of the compiler's at the same token: it says the same, and what to
 * write instead. */
static void supersede(struct lint *lint, const struct token *token)
{
    for (const struct refusal *at = refusals_of(lint, token); at; at = at->next)
        diag_set_severity(lint_diags(lint), at->diag, SEVERITY_NONE);
}

/* Whether the compiler has refused exactly this word, and nothing was said in its place. */
static bool is_refused(struct lint *lint, const struct token *token)
{
    for (const struct refusal *at = refusals_of(lint, token); at; at = at->next)
        if (at->diag->severity == SEVERITY_ERROR)
            return true;
    return false;
}

/* --- DT802: the compiler finds it, this corrects it --- */

/* {args.0} as {args[0]}, wherever it stands in the text of a word. */
static struct str with_brackets(struct lint *lint, struct str text)
{
    struct strbuf out = strbuf_in(lint->arena);
    struct str before, rest;
    while (str_cut(text, STR("{args."), &before, &rest)) {
        size_t n = 0;
        while (n < rest.len && rest.ptr[n] >= '0' && rest.ptr[n] <= '9')
            n++;
        strbuf_add(&out, before);
        bool is_argument = n && n < rest.len && rest.ptr[n] == '}';
        strbuf_add(&out, is_argument ? STR("{args[") : STR("{args."));
        strbuf_add(&out, str_slice(rest, 0, n));
        if (is_argument)
            strbuf_add_char(&out, ']');
        text = str_slice(rest, n, rest.len);
    }
    strbuf_add(&out, text);
    return strbuf_finish(&out);
}

static void check_dotted(struct lint *lint)
{
    for (struct diag *diag = lint_diags(lint)->first; diag; diag = diag->next) {
        if (diag->code != DIAG_DOTTED_ARGUMENT)
            continue;
        struct str written = lint_text(lint, diag->span), text = with_brackets(lint, written);
        if (!str_eq(written, text))
            diag_fix(lint_diags(lint), diag, FIX_SAFE, diag->span, text, "write");
    }
}

/* --- DT803 --- */

static void check_site_path(struct lint *lint, const struct node *site)
{
    /* a directive outside of any site is another mistake */
    if (site->role == ROLE_SITE && site->n_words && is_refused(lint, site->words[0]))
        return;
    for (uint32_t i = 0; site->role == ROLE_SITE && i < site->n_words; i++) {
        struct str text = site->words[i]->text, scheme = site_scheme(text), before, path;
        if (scheme.len)
            text = str_slice(text, scheme.len + 3, text.len);
        if (!str_cut(text, STR("/"), &before, &path))
            continue;
        struct diag *diag = lint_report(lint, site->words[i], "a path in the address of a site");
        diag_note(lint_diags(lint), diag,
                  "Caddy will stop reading it: match it inside, `handle /" STR_FMT " { … }`; without a "
                  "* it matches only this one path",
                  STR_ARG(path));
    }
}

/* --- DT806 --- */

static const struct removed {
    const char *name, *inside; /* the option; NULL: anywhere */
    const char *word;          /* of its line; NULL: the option itself */
    const char *since, *version; /* when it came, NULL for 2.0, and went */
    const char *instead;
} removed_options[] = {
    {"interval", "on_demand_tls", NULL, NULL, "2.9", "leave it away: `ask` or `permission` decides"},
    {"burst", "on_demand_tls", NULL, NULL, "2.9", "leave it away: `ask` or `permission` decides"},
    {"buffer_requests", "reverse_proxy", NULL, "2.2", "2.8", "request_buffers <size>"},
    {"buffer_responses", "reverse_proxy", NULL, "2.4", "2.8", "response_buffers <size>"},
    {"max_buffer_size", "reverse_proxy", NULL, "2.4", "2.8",
     "the size of request_buffers and response_buffers"},
    {"lookup_srv", NULL, NULL, "2.2", "2.7", "dynamic srv <name>"},
    {"protocol", "servers", NULL, "2.3", "2.8", "protocols h1 h2 h2c"},
    {"experimental_http3", NULL, NULL, NULL, "2.6", "leave it away: HTTP/3 is on"},
    {"auto_https", NULL, "prefer_wildcard", "2.9", "2.11", "leave it away: that is how it is since 2.10"},
    {"remote_ip", NULL, "forwarded", "2.3", "2.8", "client_ip, and the option trusted_proxies of servers"},
};

static const struct token *removed_word(const struct node *line, const struct removed *row)
{
    uint32_t first = str_has_prefix(line_name(line), STR("@")) ? 1 : 0;
    if (first >= line->n_words || !token_is(line->words[first], row->name) ||
        (row->inside && !line_inside(line, row->inside)))
        return NULL;
    if (!row->word)
        return line->words[first];
    for (uint32_t i = first + 1; i < line->n_words; i++)
        if (token_is(line->words[i], row->word))
            return line->words[i];
    return NULL;
}

/* Whether the compiler has refused the line for some word of it. */
static bool is_line_refused(struct lint *lint, const struct node *line)
{
    for (uint32_t i = 0; i < line->n_words; i++)
        if (is_refused(lint, line->words[i]))
            return true;
    return false;
}

static void check_removed(struct lint *lint, const struct node *line)
{
    for (size_t i = 0; i < sizeof(removed_options) / sizeof(removed_options[0]); i++) {
        const struct removed *row = &removed_options[i];
        const struct token *word = removed_word(line, row);
        if (!word || !is_line_refused(lint, line))
            continue;
        struct diag *diag =
            lint_report(lint, word, "'" STR_FMT "' is gone since Caddy %s", STR_ARG(word->text),
                        row->version);
        diag_note(lint_diags(lint), diag, "instead: %s", row->instead);
        const struct lint_version target = lint->settings->target;
        if (row->since && lint_version_before(target, row->since)) {
            diag_note(lint_diags(lint), diag, "it came with %s: the target does not have it yet",
                      row->since);
        } else if (lint_version_before(target, row->version)) {
            diag_set_severity(lint_diags(lint), diag, SEVERITY_INFO);
            diag_note(lint_diags(lint), diag,
                      "the target has it; without it dialtone cannot see all of the file");
        }
        for (uint32_t k = 0; k < line->n_words; k++)
            supersede(lint, line->words[k]);
        return;
    }
}

/* --- DT807 --- */

static const struct foreign {
    const char *name, *from, *instead;
} foreign_directives[] = {
    {"proxy", "Caddy 1", "reverse_proxy"},
    {"gzip", "Caddy 1", "encode gzip"},
    {"browse", "Caddy 1", "file_server browse"},
    {"errors", "Caddy 1", "handle_errors { … }"},
    {"ext", "Caddy 1", "try_files {path} {path}.html"},
    {"status", "Caddy 1", "respond <status>, or error <status>"},
    {"fastcgi", "Caddy 1", "php_fastcgi"},
    {"index", "Caddy 1", "file_server { index … }"},
    {"limits", "Caddy 1", "request_body { max_size … }"},
    {"mime", "Caddy 1", "header Content-Type …"},
    {"internal", "Caddy 1", "a matcher with `error 404`"},
    {"expvar", "Caddy 1", "the admin endpoint's /debug/vars"},
    {"pprof", "Caddy 1", "the admin endpoint's /debug/pprof"},
    {"websocket", "Caddy 1", "reverse_proxy: it passes websockets on"},
    {"location", "nginx", "handle <path> { … }"},
    {"proxy_pass", "nginx", "reverse_proxy <upstream>"},
    {"server_name", "nginx", "the address before the site's block"},
    {"listen", "nginx", "the port in the site's address"},
    {"proxy_set_header", "nginx", "header_up <field> <value> in reverse_proxy"},
    {"add_header", "nginx", "header <field> <value>"},
    {"return", "nginx", "respond <body> <status>, or redir <to> <status>"},
    {"ssl_certificate", "nginx", "tls <cert> <key>"},
    {"ssl_certificate_key", "nginx", "tls <cert> <key>"},
    {"fastcgi_pass", "nginx", "php_fastcgi <upstream>"},
    {"client_max_body_size", "nginx", "request_body { max_size … }"},
    {"access_log", "nginx", "log { output file <path> }"},
    {"error_page", "nginx", "handle_errors { … }"},
    {"autoindex", "nginx", "file_server browse"},
    {"DocumentRoot", "Apache", "root <path> with file_server"},
    {"ProxyPass", "Apache", "reverse_proxy <upstream>"},
    {"RewriteRule", "Apache", "rewrite <to>, with path_regexp"},
    {"Redirect", "Apache", "redir <to>"},
    {"ServerName", "Apache", "the address before the site's block"},
};

static void check_foreign(struct lint *lint, const struct node *line)
{
    const struct token *name = line_name_token(line);
    for (size_t i = 0; i < sizeof(foreign_directives) / sizeof(foreign_directives[0]); i++) {
        const struct foreign *row = &foreign_directives[i];
        if (!token_is(name, row->name) || !is_refused(lint, name))
            continue;
        struct diag *diag = lint_report(lint, name, "'%s' is a directive of %s", row->name, row->from);
        diag_note(lint_diags(lint), diag, "in this Caddy: %s", row->instead);
        supersede(lint, name);
        return;
    }
}

/* --- DT808 --- */

static void check_push(struct lint *lint, const struct node *line)
{
    if (!line_directive(lint, line))
        return;
    struct diag *diag = lint_report(lint, line_name_token(line), "browsers have given up HTTP/2 push");
    diag_note(lint_diags(lint), diag, "`header Link \"</style.css>; rel=preload\"` does what is left of it");
}

const struct lint_rule deprecated_rules[] = {
    {.code = DIAG_DEPRECATED,
     .compares_versions = true,
     .fix = FIX_SAFE,
     .caddy = CADDY_WARNS,
     .why = "The old name still works, and will not in a later version.",
     .at_run_time = "The same as the new name; Caddy logs a warning.",
     .bad = "example.com {\n\tskip_log\n\trespond ok\n}\n",
     .good = "example.com {\n\tlog_skip\n\trespond ok\n}\n"},
    {.code = DIAG_DOTTED_ARGUMENT,
     .compares_versions = true,
     .fix = FIX_SAFE,
     .profile = PROFILE_COMPAT,
     .caddy = CADDY_WARNS,
     .why = "{args.0} is how arguments of imports were written before 2.7; it is {args[0]} now.",
     .at_run_time = "The same; Caddy logs a warning.",
     .bad = "(say) {\n\trespond {args.0}\n}\nexample.com {\n\timport say hello\n}\n",
     .good = "(say) {\n\trespond {args[0]}\n}\nexample.com {\n\timport say hello\n}\n",
     .whole = check_dotted},
    {.info = {"DT803", "path-in-site-address", "a path in the address of a site", SEVERITY_WARNING},
     .compares_versions = true,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_WARNS,
     .why = "Paths in addresses are from Caddy 1. They make several blocks for one host, in an order that "
            "is not the file's.",
     .at_run_time = "Works for now; Caddy logs a warning.",
     .bad = "example.com/api {\n\trespond ok\n}\n",
     .good = "example.com {\n\thandle /api {\n\t\trespond ok\n\t}\n}\n",
     .block = check_site_path},
    {.code = DIAG_DEPRECATED_METRICS,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_WARNS,
     .since = "2.9",
     .why = "Metrics are collected for all servers together: the option is a global one now.",
     .at_run_time = "The same as the global option; Caddy logs a warning.",
     .bad = "{\n\tservers {\n\t\tmetrics\n\t}\n}\nexample.com {\n\trespond ok\n}\n",
     .good = "{\n\tmetrics\n}\nexample.com {\n\trespond ok\n}\n"},
    {.code = DIAG_DEPRECATED_TRUST,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_WARNS,
     .since = "2.8",
     .why = "Which certificates are trusted is the business of modules now: tls_trust_pool of a transport, "
            "trust_pool and verifier of\nclient_auth. The proxy on the way to an upstream is one too: "
            "network_proxy.",
     .at_run_time = "The same as the new option; Caddy logs a warning.",
     .bad = "example.com {\n\treverse_proxy https://app:443 {\n\t\ttransport http {\n"
            "\t\t\ttls_trusted_ca_certs /etc/ssl/app.pem\n\t\t}\n\t}\n}\n",
     .good = "example.com {\n\treverse_proxy https://app:443 {\n\t\ttransport http {\n"
             "\t\t\ttls_trust_pool file /etc/ssl/app.pem\n\t\t}\n\t}\n}\n"},
    {.info = {"DT806", "removed-option", "an option that Caddy no longer has", SEVERITY_ERROR},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_REFUSES,
     .why = "The option was deprecated, and is gone.",
     .bad = "example.com {\n\treverse_proxy app:80 {\n\t\tbuffer_requests\n\t}\n}\n",
     .good = "example.com {\n\treverse_proxy app:80 {\n\t\trequest_buffers 4KiB\n\t}\n}\n",
     .compares_versions = true,
     .on = "interval|burst|buffer_requests|buffer_responses|max_buffer_size|lookup_srv|protocol|"
           "experimental_http3|auto_https|remote_ip|@",
     .line = check_removed},
    {.info = {"DT807", "v1-or-foreign-directive", "a directive of Caddy 1 or of another server",
              SEVERITY_ERROR},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_REFUSES,
     .why = "Tutorials for Caddy 1, nginx and Apache are everywhere, and so is text made from them.",
     .bad = "example.com {\n\tproxy_pass http://localhost:8080\n}\n",
     .good = "example.com {\n\treverse_proxy localhost:8080\n}\n",
     .on = "proxy|gzip|browse|errors|ext|status|fastcgi|index|limits|mime|internal|expvar|pprof|"
           "websocket|location|proxy_pass|server_name|listen|proxy_set_header|add_header|return|"
           "ssl_certificate|ssl_certificate_key|fastcgi_pass|client_max_body_size|access_log|"
           "error_page|autoindex|DocumentRoot|ProxyPass|RewriteRule|Redirect|ServerName",
     .line = check_foreign},
    {.info = {"DT808", "http2-push", "HTTP/2 push, which browsers have given up", SEVERITY_INFO},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "No current browser accepts pushed responses.",
     .at_run_time = "Nothing; Caddy logs a warning.",
     .bad = "example.com {\n\tpush /style.css\n\tfile_server\n}\n",
     .good = "example.com {\n\tfile_server\n}\n",
     .on = "push",
     .line = check_push},
    {.info = {0}},
};
