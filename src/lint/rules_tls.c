/* Rules for TLS and certificates (DT4xx). */
#include "base/arena.h"
#include "base/ip.h"
#include "base/vec.h"
#include "lint/hosts.h"
#include "lint/lint_private.h"
#include "lint/rule.h"

static const struct token *origin_of(const struct lint *lint, const json_t *object, const char *key)
{
    const json_t *value = key ? json_object_get(object, key) : object;
    return document_origin(&lint->pipeline->document, key ? object : NULL, key, value);
}

/* --- sites and their tls lines --- */

/* Whether the site is served over HTTPS as far as its addresses tell. */
static bool is_https(const struct token *address)
{
    return !str_is(site_scheme(address->text), "http") && !str_is(site_port(address->text), "80");
}

/* The first address of the site that <is_it> holds for and that is served over HTTPS. */
static const struct token *site_with(const struct node *site, bool (*is_it)(struct str host))
{
    if (!site || site->role != ROLE_SITE)
        return NULL;
    for (uint32_t i = 0; i < site->n_words; i++)
        if (!str_contains(site->words[i]->text, STR("{")) && is_https(site->words[i]) &&
            is_it(site_host(site->words[i]->text)))
            return site->words[i];
    return NULL;
}

static bool automates(const struct lint *lint)
{
    const struct node *option = global_option(lint, "auto_https");
    const struct token *word;
    for (uint32_t i = 0; option && (word = line_word(option, i)); i++)
        if (token_is(word, "off") || token_is(word, "disable_certs"))
            return false;
    return true;
}

/* --- DT401, DT402: certificates for whoever asks --- */

static bool is_unbounded(const json_t *policy)
{
    const json_t *subjects = json_object_get(policy, "subjects");
    if (json_array_size(subjects) == 0)
        return true;
    for (size_t i = 0; i < json_array_size(subjects); i++)
        if (str_contains(json_str(json_array_get(subjects, i)), STR("*")))
            return true;
    return false;
}

/* Caddy's own authority asks nobody for permission. */
static bool is_internal_only(const json_t *policy)
{
    const json_t *issuers = json_object_get(policy, "issuers");
    for (size_t i = 0; i < json_array_size(issuers); i++)
        if (!str_is(json_str(json_object_get(json_array_get(issuers, i), "module")), "internal"))
            return false;
    return json_array_size(issuers) > 0;
}

static void check_on_demand(struct lint *lint)
{
    const json_t *apps = json_object_get(lint->root, "apps");
    const json_t *automation = json_object_get(json_object_get(apps, "tls"), "automation");
    const json_t *global = json_object_get(automation, "on_demand");
    size_t i;
    json_t *policy;
    if (json_object_get(global, "permission") || json_object_get(global, "ask"))
        return;
    json_array_foreach(json_object_get(automation, "policies"), i, policy) {
        if (!json_is_true(json_object_get(policy, "on_demand")) || !is_unbounded(policy) ||
            is_internal_only(policy))
            continue;
        struct diag *diag = lint_report(lint, origin_of(lint, policy, "on_demand"),
                                        "certificates on demand for any name that anyone asks for");
        diag_note(lint_diags(lint), diag,
                  "Caddy does not start: on-demand TLS needs a permission module; add the global "
                  "option `on_demand_tls { ask <url> }`");
    }
}

enum { MAX_LABELS = 4 };

/* Whether the node is a line that answers every request the same. */
static bool answers_blindly(const struct lint *lint, const struct node *site)
{
    const struct node *line = site->body;
    if (!line || line->next || !str_is(line_name(line), "respond") || line_matcher(lint, line))
        return false;
    const struct token *status = NULL, *word;
    for (uint32_t i = 0; (word = line_argument(lint, line, i)); i++)
        status = word;
    return !status || status->text.len != 3 || status->text.ptr[0] == '2';
}

/* Sites that answer every request the same, by their ports. */
struct blind_sites {
    VEC(const struct node *) sites;
};

static void add_blind_site(const struct lint *lint, struct map *ports, const struct node *site)
{
    if (site->role != ROLE_SITE || !answers_blindly(lint, site))
        return;
    for (uint32_t i = 0; i < site->n_words; i++) {
        struct str port = site_port(site->words[i]->text);
        struct blind_sites *list = map_get(ports, port);
        if (!port.len)
            continue;
        if (!list) {
            list = arena_new(lint->arena, struct blind_sites);
            map_put(ports, port, list);
        }
        if (list->sites.n == 0 || list->sites.at[list->sites.n - 1] != site)
            vec_push(lint->arena, &list->sites, site);
    }
}

static const struct blind_sites *blind_sites_on(const struct lint *lint, struct str port)
{
    static const char question;
    struct map *ports = lint_answered(lint, &question, NULL);
    if (!ports) {
        ports = arena_new(lint->arena, struct map);
        *ports = map_in(lint->arena);
        for (const struct node *site = lint->tree->body; site; site = site->next)
            add_blind_site(lint, ports, site);
        lint_answer(lint, &question, NULL, ports);
    }
    return map_get(ports, port);
}

static void check_ask(struct lint *lint, const struct node *line)
{
    const struct token *url = line_word(line, 0);
    if (!url || !line_inside(line, "on_demand_tls") || str_contains(url->text, STR("{")))
        return;
    struct str host = site_host(url->text);
    if (str_is(host, "example.com") || str_is(host, "example.org") || str_is(host, "example.net")) {
        lint_report(lint, url, "nobody at " STR_FMT " knows which names are yours", STR_ARG(host));
        return;
    }
    if (!host_is_loopback(host))
        return;
    const struct blind_sites *list = blind_sites_on(lint, site_port(url->text));
    for (size_t i = 0; list && i < list->sites.n && i < MAX_LABELS; i++) {
        struct diag *diag = lint_report(
            lint, url, "this permits every name: it answers without looking at the domain");
        diag_label(lint_diags(lint), diag, list->sites.at[i]->body->words[0]->span,
                   "always this answer");
        diag_note(lint_diags(lint), diag,
                  "anyone can make the server order certificates until the authority's limits "
                  "are used up; check {query.domain} against a list");
    }
}

/* --- DT403, DT410: an issuer that does not fit the name --- */

static bool is_public_site_host(struct str host)
{
    return host_is_public(host) && !str_contains(host, STR("*"));
}

static void report_internal(struct lint *lint, const struct token *at, const struct token *site)
{
    struct diag *diag = lint_report(lint, at, "a public name gets a certificate that no browser trusts");
    /* who writes `tls internal` mostly knows what it is: names of an internal network look like
     * public ones */
    if (!lint_is_for_production(lint))
        lint_soften(lint, diag, SEVERITY_INFO);
    diag_label(lint_diags(lint), diag, site->span, "a public authority would issue for this name");
    diag_note(lint_diags(lint), diag,
              "visitors see a warning unless they have installed this server's own root");
}

static void check_internal(struct lint *lint, const struct node *line)
{
    if (line->parent && line->parent->role == ROLE_GLOBAL) {
        const struct token *address = NULL;
        if (line != line_option(line->parent, "local_certs"))
            return; /* once is enough */
        for (const struct node *site = lint->tree->body; site && !address; site = site->next)
            address = site_with(site, is_public_site_host);
        if (address)
            report_internal(lint, line_name_token(line), address);
        return;
    }
    const struct token *issuer = line_word(line, 0);
    const struct token *address = site_with(line->parent, is_public_site_host);
    if (str_is(line_name(line), "tls") && issuer && token_is(issuer, "internal") && address)
        report_internal(lint, issuer, address);
}

static void check_private_name(struct lint *lint, const struct node *line)
{
    const struct token *email = line_word(line, 0);
    const struct node *issuer = line_option(line, "issuer");
    const struct token *asks = NULL;
    if (!line->parent || line->parent->role != ROLE_SITE)
        return;
    if (email && !line_word(line, 1) && str_contains(email->text, STR("@")))
        asks = email;
    else if (issuer && line_word(issuer, 0) && token_is(line_word(issuer, 0), "acme") &&
             !line_option(issuer, "dir") && !(issuer->n_words > 2))
        asks = line_word(issuer, 0);
    if (!asks || line_option(line, "ca") || global_option(lint, "acme_ca") ||
        global_option(lint, "local_certs"))
        return;
    const struct token *address = site_with(line->parent, host_is_private_name);
    if (!address)
        return;
    struct diag *diag = lint_report(lint, asks, "no public authority issues a certificate for this name");
    diag_label(lint_diags(lint), diag, address->span, "not in the public DNS");
    diag_note(lint_diags(lint), diag,
              "the server goes on trying and failing; `tls internal` issues one of its own");
}

/* --- DT404 --- */

/* Whether an upstream is on this machine, or in a network of its own: those with certificates that
 * nobody can verify mostly are. What is filled in later may be. */
static bool is_near(const struct token *upstream)
{
    struct str host = site_host(upstream->text);
    struct ip ip;
    if (str_has_prefix(upstream->text, STR("unix")) || str_contains(upstream->text, STR("{")))
        return true;
    if (ip_parse(host, &ip) == IP_OK)
        return ip_is_private(ip) || ip_is_loopback(ip) || ip_is_link_local(ip) || ip_is_shared(ip);
    return !host_is_public(host);
}

static bool are_near(const struct node *line)
{
    for (uint32_t i = 1; i < line->n_words; i++)
        if (!str_has_prefix(line->words[i]->text, STR("/")) &&
            !str_has_prefix(line->words[i]->text, STR("@")) && !is_near(line->words[i]))
            return false;
    return true;
}

/* Whether no upstream of the proxy around is known to be somewhere on the internet. */
static bool is_near_only(const struct node *line)
{
    const struct node *proxy = line_inside(line, "reverse_proxy");
    if (proxy && !are_near(proxy))
        return false;
    for (const struct node *to = proxy ? line_option(proxy, "to") : NULL; to;
         to = line_next_option(to))
        if (!are_near(to))
            return false;
    return true;
}

static void check_verification_off(struct lint *lint, const struct node *line)
{
    struct diag *diag =
        lint_report(lint, line_name_token(line),
                    "the certificate of this upstream is not verified, so anyone on the way can "
                    "pretend to be it");
    if (is_near_only(line) && !lint_is_for_production(lint))
        lint_soften(lint, diag, SEVERITY_INFO);
    diag_note(lint_diags(lint), diag,
              "trust its certificate instead: `tls_trust_pool file <ca.pem>`, and "
              "`tls_server_name` where the names differ");
}

/* --- DT405 --- */

static bool is_wildcard(struct str host)
{
    return str_has_prefix(host, STR("*.")) &&
           host_is_public(str_slice(host, 2, host.len));
}

/* Whether a tls line says where the certificate comes from, other than by ACME over HTTP. */
static bool chooses_source(const struct node *tls)
{
    static const char *const options[] = {"dns", "issuer", "get_certificate", "on_demand", "load",
                                          "dns_challenge_override_domain", NULL};
    const struct token *word = line_word(tls, 0);
    if (word && (token_is(word, "internal") || line_word(tls, 1)))
        return true;
    for (size_t i = 0; options[i]; i++)
        if (line_option(tls, options[i]))
            return true;
    return false;
}

static void check_wildcard(struct lint *lint, const struct node *site)
{
    static const char *const globals[] = {"acme_dns", "dns", "cert_issuer", "local_certs", NULL};
    const struct token *address = site_with(site, is_wildcard);
    if (!address || !automates(lint))
        return;
    for (size_t i = 0; globals[i]; i++)
        if (global_option(lint, globals[i]))
            return;
    for (const struct node *line = site->body; line; line = line->next)
        if (str_is(line_name(line), "tls") && chooses_source(line))
            return;
    struct diag *diag = lint_report(
        lint, address, "a wildcard certificate needs the DNS challenge, and none is configured");
    diag_note(lint_diags(lint), diag,
              "no certificate will ever be issued: add `tls { dns <provider> … }` or the global "
              "option acme_dns");
}

/* --- DT406, DT408, DT409 --- */

/* The lines to take away so that an option is gone: those of its block too, where that would be left
 * empty and has no other words. */
static struct span lines_without(const struct lint *lint, const struct node *option)
{
    const struct node *around = option->parent;
    if (around && around->role == ROLE_LINE && around->body == option && !option->next &&
        around->n_words == 1)
        return lint_whole_lines(lint, line_span_with_block(around));
    return lint_whole_lines(lint, line_span_with_block(option));
}

static void check_staging(struct lint *lint, const struct node *line)
{
    const struct token *url = line_word(line, 0);
    if (!url || !str_contains(url->text, STR("acme-staging")))
        return;
    struct diag *diag = lint_report(lint, url, "certificates come from a staging authority");
    diag_note(lint_diags(lint), diag, "no browser trusts them");
    diag_fix(lint_diags(lint), diag, FIX_UNSAFE, lines_without(lint, line), STR(""),
             "leave this line away in production");
}

static void check_client_auth(struct lint *lint, const struct node *line)
{
    static const char *const pools[] = {"trust_pool",        "trusted_ca_cert",
                                        "trusted_ca_cert_file", "trusted_leaf_cert",
                                        "trusted_leaf_cert_file", "verifier", NULL};
    const struct node *mode = line_option(line, "mode");
    const struct token *word = mode ? line_word(mode, 0) : NULL;
    bool has_pool = false;
    for (size_t i = 0; pools[i]; i++)
        has_pool |= line_option(line, pools[i]) != NULL;
    if (word ? !token_is(word, "require") || line_option(line, "verifier") : has_pool)
        return;
    struct diag *diag =
        lint_report(lint, word ? word : line_name_token(line),
                    "clients must show a certificate, but nobody checks who issued it");
    diag_note(lint_diags(lint), diag,
              "anyone can make one: use `mode require_and_verify` with `trust_pool file <ca.pem>`");
    if (word && has_pool)
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, word->span, STR("require_and_verify"),
                 "verify them against the trust pool");
}

static bool has_client_auth(const struct node *node, void *user)
{
    bool *found = user;
    *found |= node->role == ROLE_LINE && str_is(line_name(node), "client_auth");
    return !*found;
}

static bool some_site_asks_for_certificates(const struct lint *lint)
{
    static const char yes, no;
    const char *answer = lint_answered(lint, &yes, NULL);
    bool found = answer == &yes;
    if (!answer) {
        node_walk(lint->tree, has_client_auth, &found);
        lint_answer(lint, &yes, NULL, found ? &yes : &no);
    }
    return found;
}

static void check_safety_switch(struct lint *lint, const struct node *line)
{
    const struct token *word = line_word(line, 0), *second = line_word(line, 1);
    if (str_is(line_name(line), "insecure_secrets_log")) {
        struct diag *diag = lint_report(
            lint, line_name_token(line),
            "whoever reads this log can decrypt every connection that was recorded");
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, lines_without(lint, line), STR(""),
                 "leave this line away");
    } else if (str_is(line_name(line), "strict_sni_host")) {
        if (word && token_is(word, "insecure_off") && some_site_asks_for_certificates(lint))
            lint_report(lint, word,
                        "a client can pass one site's client authentication by naming another in "
                        "TLS");
    } else if (line_inside(line, "tls") && word && second && token_is(word, "tls1.3") &&
               token_is(second, "tls1.2")) {
        struct diag *diag =
            lint_report(lint, word, "the lowest version is above the highest: nothing is left");
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, (struct span){word->span.begin, second->span.end},
                 STR("tls1.2 tls1.3"), "the lowest comes first");
    }
}

#define SITE "example.com {\n\trespond ok\n"
#define TLS(lines) SITE "\ttls {\n" lines "\t}\n}\n"

const struct lint_rule tls_rules[] = {
    {.info = {"DT401", "on-demand-without-permission",
              "certificates on demand without anything that permits a name", SEVERITY_ERROR},
     .caddy = CADDY_VALIDATES,
     .why = "A catch-all site with on-demand TLS orders a certificate for every name that a client "
            "sends. Something must say which\nnames are yours: the global option on_demand_tls.",
     .at_run_time = "Caddy adapts the file and refuses to start.",
     .bad = "https:// {\n\ttls {\n\t\ton_demand\n\t}\n\trespond ok\n}\n",
     .good = "{\n\ton_demand_tls {\n\t\task http://127.0.0.1:5555/check\n\t}\n}\nhttps:// {\n"
             "\ttls {\n\t\ton_demand\n\t}\n\trespond ok\n}\n",
     .whole = check_on_demand},
    {.info = {"DT402", "permissive-on-demand-ask", "a permission endpoint that permits everything",
              SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "The `ask` endpoint is called with ?domain=NAME and answers 200 for names that may have "
            "a certificate. One that\nalways answers 200 permits every name on earth.",
     .at_run_time = "Anyone can point names at the server and use up the authority's rate limits "
                    "and the disk.",
     .bad = "{\n\ton_demand_tls {\n\t\task http://localhost:5555/\n\t}\n}\nhttp://localhost:5555 {\n"
            "\trespond 200\n}\nhttps:// {\n\ttls {\n\t\ton_demand\n\t}\n\trespond ok\n}\n",
     .good = "{\n\ton_demand_tls {\n\t\task http://localhost:5555/\n\t}\n}\nhttp://localhost:5555 {\n"
             "\t@mine query domain=a.example.com domain=b.example.com\n\trespond @mine 200\n"
             "\trespond 403\n}\nhttps:// {\n\ttls {\n\t\ton_demand\n\t}\n\trespond ok\n}\n",
     .on = "ask",
     .line = check_ask},
    {.info = {"DT403", "internal-ca-on-public-name",
              "a certificate of this server's own authority for a public name", SEVERITY_WARNING},
     .environments = 1u << ENVIRONMENT_NONE | 1u << ENVIRONMENT_HOST | 1u << ENVIRONMENT_CONTAINER,
     .caddy = CADDY_SILENT,
     .why = "`tls internal` and `local_certs` issue from an authority that only this machine trusts. "
            "A public name can have a\ncertificate that everyone trusts, without any setting.\nAn info, "
            "and a warning from the profile `production` on.",
     .at_run_time = "Browsers show a warning page.",
     .bad = "example.com {\n\ttls internal\n\trespond ok\n}\n",
     .good = "nas.lan {\n\ttls internal\n\trespond ok\n}\n",
     .on = "tls|local_certs",
     .line = check_internal},
    {.info = {"DT404", "upstream-verification-disabled",
              "TLS to an upstream without verifying its certificate", SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "tls_insecure_skip_verify switches off the one thing that makes TLS to an upstream safe: "
            "checking who answers.\nWhoever can get between the proxy and the upstream reads and "
            "changes everything, passwords and cookies included.\nFor upstreams in a network of their "
            "own it is an info, and a warning from the profile `production` on.",
     .at_run_time = "Caddy connects to whatever answers, with any certificate, expired, self-signed "
                    "or for another name.",
     .bad = "example.com {\n\treverse_proxy https://app.example.net {\n\t\ttransport http {\n"
            "\t\t\ttls_insecure_skip_verify\n\t\t}\n\t}\n}\n",
     .good = "example.com {\n\treverse_proxy https://10.0.0.5 {\n\t\ttransport http {\n"
             "\t\t\ttls_trust_pool file /etc/ssl/upstream.pem\n\t\t}\n\t}\n}\n",
     .on = "tls_insecure_skip_verify",
     .line = check_verification_off},
    {.info = {"DT405", "wildcard-without-dns-challenge",
              "a wildcard site whose certificate cannot be issued", SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why = "Authorities issue wildcard certificates only by the DNS challenge, which needs a "
            "provider's plugin and a token.",
     .at_run_time = "Every attempt fails: no solvers available for remaining challenges.",
     .bad = "*.example.com {\n\trespond ok\n}\n",
     .good = "*.example.com {\n\ttls /etc/ssl/wildcard.pem /etc/ssl/wildcard.key\n\trespond ok\n}\n",
     .block = check_wildcard},
    {.info = {"DT406", "acme-staging-endpoint", "certificates from a staging authority",
              SEVERITY_WARNING},
     .profile = PROFILE_PRODUCTION,
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "Staging authorities are for trying things out; no browser trusts what they issue.",
     .at_run_time = "Browsers show a warning page.",
     .bad = "{\n\tacme_ca https://acme-staging-v02.api.letsencrypt.org/directory\n}\n" SITE "}\n",
     .good = "{\n\temail admin@example.com\n}\n" SITE "}\n",
     .on = "acme_ca|ca|dir",
     .line = check_staging},
    {.code = DIAG_UNDECLARED_PLUGIN,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_NONE,
     .why = "A standard Caddy does not have this module. The file works with a Caddy that was built "
            "with the plugin; dialtone\nchecks it by the plugin's description.",
     .at_run_time = "A standard Caddy refuses the file: module not registered."},
    {.info = {"DT408", "client-auth-not-verified",
              "client certificates that are asked for and not verified", SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "`mode require` only requires that some certificate is shown. It is the mode of a "
            "client_auth block without a trust\npool, too.",
     .at_run_time = "Anyone gets in with a certificate they made themselves.",
     .bad = TLS("\t\tclient_auth {\n\t\t\tmode require\n"
                "\t\t\ttrust_pool file /etc/ssl/clients.pem\n\t\t}\n"),
     .good = TLS("\t\tclient_auth {\n\t\t\tmode require_and_verify\n"
                 "\t\t\ttrust_pool file /etc/ssl/clients.pem\n\t\t}\n"),
     .on = "client_auth",
     .line = check_client_auth},
    {.info = {"DT409", "tls-safety-switch-off", "a setting that takes TLS its protection",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "insecure_secrets_log writes the keys of all connections to a file. strict_sni_host "
            "insecure_off lets a client pass\nclient authentication of another site. protocols takes "
            "the lowest version first.",
     .at_run_time = "Caddy does as it is told; a reversed range of versions fails when it starts.",
     .bad = TLS("\t\tinsecure_secrets_log /var/log/keys\n"),
     .good = TLS("\t\tprotocols tls1.2 tls1.3\n"),
     .on = "insecure_secrets_log|strict_sni_host|protocols",
     .line = check_safety_switch},
    {.info = {"DT410", "public-acme-for-private-name",
              "a public authority is asked for a name it cannot issue for", SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "Public authorities issue only for names in the public DNS, without underscores.",
     .at_run_time = "Caddy goes on trying, with growing pauses, and the site has no certificate.",
     .bad = "nas.lan {\n\ttls admin@nas.lan\n\trespond ok\n}\n",
     .good = "nas.lan {\n\ttls internal\n\trespond ok\n}\n",
     .on = "tls",
     .line = check_private_name},
    {.code = DIAG_TLS_CONFLICT,
     .caddy = CADDY_REFUSES,
     .why = "Two settings of TLS exclude each other: an issuer beside files, two issuers' options on "
            "one policy, client\nauthentication twice."},
    {.info = {0}},
};
