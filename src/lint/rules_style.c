/* Rules for style (DT9xx). */
#include "base/arena.h"
#include "base/vec.h"
#include "lint/hosts.h"
#include "lint/lint_private.h"
#include "lint/rule.h"
#include "syntax/format.h"
#include "syntax/parser.h"

/* --- DT901; as Caddy does it, of the main file only --- */

static void check_format(struct lint *lint)
{
    struct span span;
    if (!lint->tree || !lint->root ||
        !format_would_change(lint->arena, lint->pipeline->source, &span))
        return;
    struct diag *diag = lint_report_at(lint, span, NULL, "the file is not formatted from here on");
    diag_note(lint_diags(lint), diag, "`dialtone fmt --write` formats it, and changes no word of it");
}

/* --- DT902: what is defined and never used --- */

struct definitions {
    struct lint *lint;
    struct map imported; /* names that some import asks for → anything */
    bool is_open;        /* an import's name is not known before it is expanded */
};

static bool note_imports(const struct node *node, void *user)
{
    struct definitions *all = user;
    if (node->role == ROLE_IMPORT || (node->role == ROLE_LINE && str_is(line_name(node), "import"))) {
        const struct token *name = line_word(node, 0);
        /* a name out of a variable is another one elsewhere */
        if (name && str_contains(lint_text(all->lint, name->span), STR("{")))
            all->is_open = true;
        else if (name)
            map_put(&all->imported, name->text, all);
    }
    return true;
}

/* The file as it was written; what is wrong with it was reported when it was read. */
static const struct node *as_written(struct lint *lint, const struct source *source)
{
    struct diags silent = diags_in(lint->arena);
    return parse_caddyfile(lint->arena, &lint->pipeline->sources, &silent, source, false);
}

static void report_unused(struct lint *lint, const struct node *node, const char *what)
{
    struct diag *diag = lint_report(lint, node->words[0], "%s is never used", what);
    /* snippets are kept for later, and other tools import them */
    if (node->role == ROLE_SNIPPET)
        lint_soften(lint, diag, SEVERITY_INFO);
    diag_fix(lint_diags(lint), diag, FIX_UNSAFE, lint_whole_lines(lint, line_span_with_block(node)),
             STR(""), "leave it away");
}

/* A look that costs nothing, before parsing again. */
static bool may_define_snippets(struct str raw)
{
    return str_has_prefix(raw, STR("(")) || str_contains(raw, STR("\n("));
}

/* Whether files are imported that are not here: they may use anything. */
static bool misses_imports(const struct lint *lint)
{
    for (const struct diag *diag = lint->pipeline->diags.first; diag; diag = diag->next)
        if (diag->code == DIAG_IMPORT_NOTHING || diag->code == DIAG_UNRESOLVED_IMPORT)
            return true;
    return false;
}

/* Snippets and nothing that could use them: other files do. */
static bool is_made_for_import(const struct node *written)
{
    for (const struct node *node = written->body; node; node = node->next)
        if (node->role != ROLE_SNIPPET)
            return false;
    return true;
}

static void check_unused_snippets(struct lint *lint)
{
    struct definitions all = {.lint = lint, .imported = map_in(lint->arena)};
    const struct source *main = lint->pipeline->source;
    if (!may_define_snippets(main->raw))
        return;
    const struct node *written = NULL;
    uint32_t n = lint->pipeline->sources.n; /* parsing again loads nothing */
    for (uint32_t i = 0; i < n; i++) {
        const struct node *tree = as_written(lint, lint->pipeline->sources.at[i]);
        if (lint->pipeline->sources.at[i] == main)
            written = tree;
        node_walk(tree, note_imports, &all);
    }
    if ((written && is_made_for_import(written)) || misses_imports(lint))
        return;
    for (const struct node *node = written && !all.is_open ? written->body : NULL; node;
         node = node->next) {
        struct str name = node->n_words ? node->words[0]->text : STR("");
        if (node->role == ROLE_SNIPPET && name.len > 2 &&
            !map_get(&all.imported, str_slice(name, 1, name.len - 1)))
            report_unused(lint, node, "this snippet");
    }
}

struct matcher_use {
    struct map used;
    VEC(const struct node *) defined;
    struct arena *arena;
};

static bool note_matchers(const struct node *node, void *user)
{
    struct matcher_use *use = user;
    bool is_definition = node->n_words && str_has_prefix(node->words[0]->text, STR("@"));
    if (is_definition && node->role == ROLE_MATCHER)
        vec_push(use->arena, &use->defined, node);
    for (uint32_t i = is_definition ? 1 : 0; i < node->n_words; i++)
        if (str_has_prefix(node->words[i]->text, STR("@")))
            map_put(&use->used, node->words[i]->text, use);
    return true;
}

static bool note_routes(const struct node *node, void *user)
{
    struct map *invoked = user;
    if (node->role == ROLE_LINE && str_is(line_name(node), "invoke"))
        for (uint32_t i = 1; i < node->n_words; i++)
            map_put(invoked, node->words[i]->text, invoked);
    return true;
}

static void check_unused(struct lint *lint)
{
    struct map invoked = map_in(lint->arena);
    if (!lint->tree || !lint->root)
        return;
    check_unused_snippets(lint);
    node_walk(lint->tree, note_routes, &invoked);
    for (const struct node *node = lint->tree->body; node; node = node->next) {
        struct str name = node->n_words ? node->words[0]->text : STR("");
        if (node->role == ROLE_NAMED_ROUTE && name.len > 3 &&
            !map_get(&invoked, str_slice(name, 2, name.len - 1)))
            report_unused(lint, node, "this named route");
        if (node->role != ROLE_SITE && node->role != ROLE_NAMED_ROUTE)
            continue;
        struct matcher_use use = {.arena = lint->arena, .used = map_in(lint->arena)};
        node_walk(node, note_matchers, &use);
        for (size_t i = 0; i < use.defined.n; i++) {
            const struct node *matcher = use.defined.at[i];
            if (!matcher->words[0]->via && !map_get(&use.used, matcher->words[0]->text))
                report_unused(lint, matcher, "this matcher");
        }
    }
}

/* --- DT903, DT904, DT905: what can be left away --- */

/* What the word will be is not known: an argument of an import, or a variable, stands in it. */
static bool is_open(const struct lint *lint, const struct token *token)
{
    struct str text = lint_text(lint, token->span);
    return str_contains(text, STR("{args")) || str_contains(text, STR("{block")) ||
           str_contains(text, STR("{$"));
}

static bool find_stars(const struct node *node, void *user)
{
    struct lint *lint = user;
    const struct token *star = line_matcher(lint, node), *next = line_word(node, 1);
    bool is_root = str_is(line_name(node), "root");
    if (!star || !token_is(star, "*") || star->quote != QUOTE_NONE ||
        is_open(lint, star) || (next && is_open(lint, next)) ||
        (next && !is_root && strchr("/@*", next->text.len ? next->text.ptr[0] : 'x')) ||
        (is_root && (node->n_words != 3 || !lint_targets(lint, 2, 8, 0))))
        return true;
    struct diag *diag = lint_report(lint, star, "`*` matches every request, as no matcher does");
    if (next)
        diag_fix(lint_diags(lint), diag, FIX_SAFE,
                 (struct span){star->span.begin, next->span.begin}, STR(""), "leave it away");
    return true;
}

static void check_stars(struct lint *lint, const struct node *block)
{
    node_walk(block, find_stars, lint);
}

static void check_redundant_port(struct lint *lint, const struct node *site)
{
    for (uint32_t i = 0; site->role == ROLE_SITE && i < site->n_words; i++) {
        const struct token *token = site->words[i];
        struct str text = token->text, scheme = site_scheme(text), host = site_host(text);
        struct str port = site_port(text);
        bool is_https = str_is(scheme, "https") && str_is(port, "443");
        bool is_http = str_is(scheme, "http") && str_is(port, "80");
        if (!(is_https || is_http) || !host.len || !str_eq(lint_text(lint, token->span), text))
            continue;
        struct str rest = str_slice(text, scheme.len + 3, text.len), before, after;
        str_cut(rest, is_https ? STR(":443") : STR(":80"), &before, &after);
        struct diag *diag = lint_report(lint, token, "scheme and port say the same");
        diag_fix(lint_diags(lint), diag, FIX_SAFE, token->span,
                 str_printf(lint->arena, "%s" STR_FMT STR_FMT, is_http ? "http://" : "",
                            STR_ARG(before), STR_ARG(after)),
                 "leave away what goes without saying");
    }
}

/* The hosts that are served over HTTPS, on its own port. */
static const struct map *https_hosts(const struct lint *lint)
{
    static const char question;
    struct map *hosts = lint_answered(lint, &question, NULL);
    if (hosts)
        return hosts;
    hosts = arena_new(lint->arena, struct map);
    *hosts = map_in(lint->arena);
    for (const struct node *site = lint->tree->body; site; site = site->next)
        for (uint32_t i = 0; site->role == ROLE_SITE && i < site->n_words; i++) {
            struct str text = site->words[i]->text, port = site_port(text);
            if (!str_is(site_scheme(text), "http") && (!port.len || str_is(port, "443")))
                map_put(hosts, site_host(text), hosts);
        }
    lint_answer(lint, &question, NULL, hosts);
    return hosts;
}

static void check_redundant_redirect(struct lint *lint, const struct node *site)
{
    const struct node *line = site->body;
    if (site->role != ROLE_SITE || site->n_words != 1 || !line || line->next ||
        !str_is(line_name(line), "redir") || line_matcher(lint, line) ||
        global_option(lint, "auto_https") || !str_is(site_scheme(site->words[0]->text), "http") ||
        site_port(site->words[0]->text).len)
        return;
    struct str host = site_host(site->words[0]->text);
    const struct token *to = line_argument(lint, line, 0);
    if (!to || !(token_is(to, "https://{host}{uri}") ||
                 str_eq(to->text, str_printf(lint->arena, "https://" STR_FMT "{uri}", STR_ARG(host)))) ||
        !map_find(https_hosts(lint), host))
        return;
    struct diag *diag =
        lint_report(lint, site->words[0], "automatic HTTPS redirects this host by itself");
    diag_fix(lint_diags(lint), diag, FIX_UNSAFE, lint_whole_lines(lint, line_span_with_block(site)),
             STR(""), "leave this site away");
}

/* --- DT906 --- */

static bool is_single(struct str name)
{
    static const char *const names[] = {
        "debug",         "http_port",      "https_port",    "email",        "default_sni",
        "fallback_sni",  "acme_ca",        "acme_ca_root",  "grace_period", "shutdown_delay",
        "admin",         "local_certs",    "key_type",      "auto_https",   "ocsp_stapling",
        "storage",       "renew_interval", "acme_dns",      "on_demand_tls", NULL};
    for (size_t i = 0; names[i]; i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

static void check_repeated(struct lint *lint, const struct node *block)
{
    struct map seen = map_in(lint->arena);
    for (const struct node *line = block->body; line; line = line->next) {
        bool is_root = block->role == ROLE_SITE && str_is(line_name(line), "root");
        if (!is_root && !(block->role == ROLE_GLOBAL && is_single(line_name(line))))
            continue;
        const struct token *matcher = line_matcher(lint, line);
        struct str key = matcher && line_argument(lint, line, 0) && !token_is(matcher, "*")
                             ? str_printf(lint->arena, STR_FMT " " STR_FMT, STR_ARG(line_name(line)),
                                          STR_ARG(matcher->text))
                             : line_name(line);
        const struct node *first = map_put(&seen, key, (void *)line);
        if (!first)
            continue;
        struct diag *diag = lint_report(lint, line_name_token(line),
                                        "'" STR_FMT "' stands here twice: the last one counts",
                                        STR_ARG(line_name(line)));
        diag_label(lint_diags(lint), diag, line_name_token(first)->span, "this one has no effect");
    }
}

/* --- DT907 --- */

static bool is_plain_prefix(struct str pattern)
{
    if (!str_has_prefix(pattern, STR("^/")))
        return false;
    for (size_t i = 2; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
              c == '-' || c == '_'))
            return false;
    }
    return true;
}

static void check_regexp(struct lint *lint, const struct node *line)
{
    const struct token *pattern = NULL;
    for (uint32_t i = 0; i < line->n_words; i++)
        if (token_is(line->words[i], "path_regexp") && i + 2 == line->n_words)
            pattern = line->words[i + 1];
    if (!pattern || !is_plain_prefix(pattern->text))
        return;
    struct diag *diag = lint_report(lint, pattern, "a path does what this pattern does");
    diag_note(lint_diags(lint), diag, "`path " STR_FMT "*` (it does not tell capitals apart)",
              STR_ARG(str_slice(pattern->text, 1, pattern->text.len)));
}

const struct lint_rule style_rules[] = {
    {.code = DIAG_UNFORMATTED,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_WARNS,
     .why = "One layout for all files makes differences between versions small. `dialtone fmt` writes it, "
            "and never changes what the\nfile means.",
     .bad = "example.com {\n  respond ok\n}\n",
     .good = "example.com {\n\trespond ok\n}\n",
     .whole = check_format},
    {.info = {"DT902", "unused-definition", "a snippet, matcher or named route that nothing uses",
              SEVERITY_WARNING},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "Often a name that was misspelt where it should be used, or something left over.",
     .bad = "example.com {\n\t@api path /api/*\n\trespond ok\n}\n",
     .good = "example.com {\n\t@api path /api/*\n\trespond @api ok\n}\n",
     .whole = check_unused},
    {.info = {"DT903", "redundant-wildcard-matcher", "a `*` that says nothing", SEVERITY_INFO},
     .profile = PROFILE_STRICT,
     .fix = FIX_SAFE,
     .caddy = CADDY_SILENT,
     .why = "Without a matcher a directive is for every request. `*` is needed only before an argument "
            "that begins with a slash.",
     .bad = "example.com {\n\treverse_proxy * app:80\n}\n",
     .good = "example.com {\n\treverse_proxy app:80\n}\n",
     .block = check_stars},
    {.info = {"DT904", "redundant-scheme-port", "a scheme and its own port", SEVERITY_INFO},
     .profile = PROFILE_STRICT,
     .fix = FIX_SAFE,
     .caddy = CADDY_SILENT,
     .why = "https:// means port 443, and a host alone means both.",
     .bad = "https://example.com:443 {\n\trespond ok\n}\n",
     .good = "example.com {\n\trespond ok\n}\n",
     .block = check_redundant_port},
    {.info = {"DT905", "redundant-https-redirect", "a redirection that automatic HTTPS makes anyway",
              SEVERITY_INFO},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "Where a site has HTTPS, requests over HTTP are redirected to it without any setting.",
     .bad = "http://example.com {\n\tredir https://{host}{uri}\n}\nexample.com {\n\trespond ok\n}\n",
     .good = "example.com {\n\trespond ok\n}\n",
     .block = check_redundant_redirect},
    {.info = {"DT906", "repeated-option", "an option that stands twice, of which one counts",
              SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "The last one wins, without a word about the others.",
     .bad = "{\n\temail a@example.com\n\temail b@example.com\n}\nexample.com {\n\trespond ok\n}\n",
     .good = "{\n\temail a@example.com\n}\nexample.com {\n\trespond ok\n}\n",
     .block = check_repeated},
    {.info = {"DT907", "regexp-could-be-path", "a pattern that is only a prefix", SEVERITY_INFO},
     .profile = PROFILE_STRICT,
     .caddy = CADDY_SILENT,
     .why = "Paths are cheaper, are indexed, and are easier to read.",
     .bad = "example.com {\n\t@api path_regexp ^/api/\n\trespond @api ok\n}\n",
     .good = "example.com {\n\t@api path /api/*\n\trespond @api ok\n}\n",
     .on = "@|path_regexp",
     .line = check_regexp},
    {.info = {0}},
};
