/* Rules for security (DT7xx). */
#include "base/arena.h"
#include "lint/hosts.h"
#include "lint/lint_private.h"
#include "lint/rule.h"

/* --- what several rules ask --- */

static bool is_literal(const struct token *token)
{
    return !str_contains(token->text, STR("{"));
}

/* Whether something was filled in from the environment or an import where the word stands. */
static bool is_typed(const struct lint *lint, const struct token *token)
{
    return !str_contains(lint_text(lint, token->span), STR("{"));
}

/* The first address of the site around that the public can reach by its name. */
static const struct token *public_address(const struct node *line)
{
    const struct node *site = line_block(line);
    if (!site || site->role != ROLE_SITE)
        return NULL;
    for (uint32_t i = 0; i < site->n_words; i++) {
        struct str host = site_host(site->words[i]->text);
        if (is_literal(site->words[i]) &&
            host_is_public(str_has_prefix(host, STR("*.")) ? str_slice(host, 2, host.len) : host))
            return site->words[i];
    }
    return NULL;
}

struct search {
    const char *const *names;
    const struct node *found;
};

static bool look_for(const struct node *node, void *user)
{
    struct search *search = user;
    for (size_t i = 0; node->role == ROLE_LINE && !search->found && search->names[i]; i++)
        if (str_is(line_name(node), search->names[i]))
            search->found = node;
    return !search->found;
}

/* The first line with one of these names anywhere in the block. */
static const struct node *line_in(const struct lint *lint, const struct node *block,
                                  const char *const *names)
{
    static const struct node none;
    const struct node *found = block ? lint_answered(lint, names, block) : &none;
    if (!found) {
        struct search search = {names, NULL};
        node_walk(block, look_for, &search);
        found = search.found ? search.found : &none;
        lint_answer(lint, names, block, found);
    }
    return found == &none ? NULL : found;
}

/* --- DT701 --- */

static void check_admin(struct lint *lint, const struct node *line)
{
    const struct token *address = line_word(line, 0);
    if (!line->parent || line->parent->role != ROLE_GLOBAL || !address || !is_literal(address) ||
        token_is(address, "off") || str_has_prefix(address->text, STR("unix")) ||
        str_has_prefix(address->text, STR("fd/")))
        return;
    struct str text = address->text, network, rest;
    if (str_cut(text, STR("/"), &network, &rest))
        text = rest;
    if (host_is_loopback(site_host(text)))
        return;
    struct diag *diag = lint_report(lint, address,
                                    "whoever reaches this address can replace the whole configuration");
    diag_note(lint_diags(lint), diag,
              "the admin endpoint has no password; bind it to localhost:2019 or to a unix socket");
    diag_fix(lint_diags(lint), diag, FIX_UNSAFE, address->span, STR("localhost:2019"),
             "keep it on this machine");
}

/* --- DT702 to DT704: passwords --- */

enum { BCRYPT_LEN = 60 };

/* $2a$, the cost in two digits, $, salt and hash in bcrypt's base64 */
static bool is_bcrypt(struct str text)
{
    enum { SALT = 7 };
    if (text.len != BCRYPT_LEN || text.ptr[SALT - 1] != '$' ||
        !(str_has_prefix(text, STR("$2a$")) || str_has_prefix(text, STR("$2b$")) ||
          str_has_prefix(text, STR("$2y$"))))
        return false;
    for (size_t i = 0; i < BCRYPT_LEN; i++) {
        char c = text.ptr[i];
        bool is_digit = c >= '0' && c <= '9';
        if ((i == 4 || i == 5) && !is_digit)
            return false;
        if (i >= SALT && !is_digit && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            c != '.' && c != '/')
            return false;
    }
    return true;
}

static void check_hash(struct lint *lint, const struct token *hash)
{
    struct str text = hash->text;
    /* bcrypt in base64 is 80 characters and begins so; Caddy 2.4 and older printed hashes like that */
    bool is_encoded = text.len == 80 && str_has_prefix(text, STR("JDJ"));
    if (!is_literal(hash) || is_bcrypt(text) || is_encoded || str_has_prefix(text, STR("$argon2")))
        return;
    struct diag *diag;
    if (str_has_prefix(text, STR("$$2"))) {
        diag = lint_report(lint, hash, "the dollar signs of this hash are doubled");
        diag_note(lint_diags(lint), diag,
                  "compose files need that, Caddyfiles do not: nobody can log in with it");
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, hash->span,
                 str_replace(lint->arena, lint_text(lint, hash->span), STR("$$"), STR("$")),
                 "write them once");
    } else if (str_has_prefix(text, STR("$2"))) {
        diag = text.len == BCRYPT_LEN
                   ? lint_report(lint, hash, "this hash is damaged: it has signs that bcrypt's has not")
                   : lint_report(lint, hash, "this hash is %s: bcrypt's has %d characters, this %zu",
                                 text.len < BCRYPT_LEN ? "cut off" : "too long", BCRYPT_LEN,
                                 text.len);
        diag_note(lint_diags(lint), diag, "nobody can log in with it");
    } else {
        diag = lint_report(lint, hash, "this is no hash of a password");
        diag_note(lint_diags(lint), diag,
                  "every login fails, and a password in plain text is readable for whoever sees the "
                  "file; `caddy hash-password` makes a hash");
    }
}

static void check_hashes(struct lint *lint, const struct node *line)
{
    const struct token *algorithm = line_argument(lint, line, 0);
    if (!line_directive(lint, line) || (algorithm && !token_is(algorithm, "bcrypt")))
        return;
    for (const struct node *user = line->body; user; user = user->next)
        if (line_word(user, 0) && is_typed(lint, line_word(user, 0)))
            check_hash(lint, line_word(user, 0));
}

static void check_plaintext_auth(struct lint *lint, const struct node *line)
{
    const struct node *site = line_block(line);
    if (!line_directive(lint, line) || !site || site->role != ROLE_SITE)
        return;
    for (uint32_t i = 0; i < site->n_words; i++) {
        const struct token *address = site->words[i];
        if (!is_literal(address) || !str_is(site_scheme(address->text), "http") ||
            !host_is_public(site_host(address->text)))
            continue;
        struct diag *diag = lint_report(lint, line_name_token(line),
                                        "passwords travel in plain text to this site");
        diag_label(lint_diags(lint), diag, address->span, "plain HTTP");
        diag_note(lint_diags(lint), diag, "every request carries user name and password, readable on "
                                          "the way");
    }
}

/* The matcher of a directive in the block that serves what is below the path, which is no such
 * matcher itself. */
static const struct token *serves_below(const struct lint *lint, const struct node *block,
                                        struct str path)
{
    static const char question;
    struct map *below = lint_answered(lint, &question, block);
    if (!below) {
        below = arena_new(lint->arena, struct map);
        *below = map_in(lint->arena);
        for (const struct node *line = block->body; line; line = line->next) {
            const struct token *matcher = line_matcher(lint, line);
            if (matcher)
                below_put(below, matcher->text, matcher);
        }
        lint_answer(lint, &question, block, below);
    }
    return map_get(below, path);
}

static void check_partial_auth(struct lint *lint, const struct node *line)
{
    const struct token *path = line_matcher(lint, line);
    if (!path || !str_has_prefix(path->text, STR("/")) || str_contains(path->text, STR("*")) ||
        !is_literal(path))
        return;
    bool is_root = token_is(path, "/");
    const struct token *open = is_root ? NULL : serves_below(lint, line->parent, path->text);
    if (!is_root && !open)
        return;
    struct diag *diag =
        lint_report(lint, path, "only the one address " STR_FMT " asks for a password",
                    STR_ARG(path->text));
    if (open)
        diag_label(lint_diags(lint), diag, open->span, "this is open to everyone");
    diag_note(lint_diags(lint), diag, "a path without * matches only itself");
    if (is_root)
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, path->span, STR("*"), "protect everything");
    else
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, path->span,
                 str_printf(lint->arena, STR_FMT "*", STR_ARG(path->text)),
                 "protect what is below as well");
}

/* --- DT705 --- */

static bool is_token_text(struct str text)
{
    if (text.len < 20)
        return false;
    bool has_digit = false, has_letter = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_digit = c >= '0' && c <= '9';
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_digit && !is_letter && c != '-' && c != '_')
            return false;
        has_digit |= is_digit;
        has_letter |= is_letter;
    }
    return has_digit && has_letter;
}

/* Words that stand for a secret in examples. */
static bool is_example(struct str text)
{
    static const char *const signs[] = {"example", "xxxx", "XXXX", "your", "YOUR", "token", "TOKEN",
                                        "secret", "placeholder", "changeme", NULL};
    for (size_t i = 0; signs[i]; i++)
        if (str_contains(text, str_from(signs[i])))
            return true;
    return false;
}

static const struct token *secret_of(const struct lint *lint, const struct node *line)
{
    if (str_is(line_name(line), "header_up") || str_is(line_name(line), "request_header")) {
        const struct token *field = line_argument(lint, line, 0), *value = line_argument(lint, line, 1);
        if (!field || !value || !str_eq_nocase(field->text, STR("Authorization")))
            return NULL;
        struct str scheme, rest;
        bool is_known = str_cut(value->text, STR(" "), &scheme, &rest) && rest.len >= 8 &&
                        (str_eq_nocase(scheme, STR("Bearer")) || str_eq_nocase(scheme, STR("Basic")));
        return is_known && is_literal(value) && !is_example(value->text) ? value : NULL;
    }
    const struct token *last = NULL, *word;
    for (uint32_t i = 1; (word = line_word(line, i)); i++)
        last = word;
    return last && is_token_text(last->text) && !is_example(last->text) ? last : NULL;
}

static void check_secret(struct lint *lint, const struct node *line)
{
    const struct token *secret = secret_of(lint, line);
    if (!secret || !is_typed(lint, secret))
        return;
    struct diag *diag = lint_report(lint, secret, "a secret stands in the file");
    diag_note(lint_diags(lint), diag,
              "everyone who sees the file or its history has it; write {env.NAME} and set the "
              "variable where the server runs");
}

/* --- DT706, DT707: what requests may choose --- */

static bool is_hostless(const struct lint_route *route)
{
    for (; route; route = route->outer) {
        const json_t *sets = json_object_get(route->route, "match");
        for (size_t i = 0; i < json_array_size(sets); i++)
            if (json_object_get(json_array_get(sets, i), "host"))
                return false;
    }
    return true;
}

static const char *chosen_by_request(struct str dial, const struct lint_route *route)
{
    static const struct {
        const char *placeholder, *what;
    } sources[] = {
        {"{http.request.header.", "a header of the request"},
        {"{http.request.uri.query.", "the query of the request"},
        {"{http.request.cookie.", "a cookie of the request"},
        {"{http.request.orig_uri.query.", "the query of the request"},
    };
    struct str host, rest;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        if (str_has_prefix(dial, str_from(sources[i].placeholder)))
            return sources[i].what;
    if ((str_has_prefix(dial, STR("{http.request.host}")) ||
         str_has_prefix(dial, STR("{http.request.hostport}"))) &&
        str_cut(dial, STR("}"), &host, &rest) && is_hostless(route))
        return "the Host header of the request";
    return NULL;
}

static void check_open_proxy(struct lint *lint, const json_t *handler, const struct lint_route *route)
{
    size_t i;
    json_t *upstream;
    json_array_foreach(json_object_get(handler, "upstreams"), i, upstream) {
        const char *what = chosen_by_request(json_str(json_object_get(upstream, "dial")), route);
        if (!what)
            continue;
        struct diag *diag = lint_report_json(lint, upstream, "dial",
                                             "whoever sends a request chooses where it goes: %s", what);
        diag_note(lint_diags(lint), diag,
                  "this is an open proxy into your network; use `map` to choose from a fixed list");
    }
}

static void check_open_redirect(struct lint *lint, const struct node *line)
{
    static const char *const begins[] = {"{query.",   "{http.request.uri.query.", "{header.",
                                         "{http.request.header.", "{cookie.", "{>", "//{path}",
                                         "//{uri}", "//{http.request.uri", NULL};
    const struct token *target = line_argument(lint, line, 0);
    for (size_t i = 0; target && begins[i]; i++) {
        if (!str_has_prefix(target->text, str_from(begins[i])))
            continue;
        struct diag *diag =
            lint_report(lint, target, "a link to this site can lead visitors anywhere");
        diag_note(lint_diags(lint), diag,
                  "redirect to a fixed host: https://example.com followed by the path");
    }
}

/* --- DT708 to DT711: files --- */

static void check_listing(struct lint *lint, const struct node *line)
{
    const struct token *word = line_argument(lint, line, 0), *address = public_address(line);
    bool browses = (word && token_is(word, "browse")) || line_option(line, "browse");
    if (!browses || !address)
        return;
    struct diag *diag =
        lint_report(lint, word && token_is(word, "browse") ? word : line_name_token(line_option(line, "browse")),
                    "everyone sees the names of all files below the root");
    diag_label(lint_diags(lint), diag, address->span, "a public site");
}

static bool has_root(const struct lint *lint, const struct node *block)
{
    static const char question;
    const struct node *root = lint_answered(lint, &question, block);
    if (!root) {
        root = line_option(block, "root");
        lint_answer(lint, &question, block, root ? root : block);
    }
    return root && root != block;
}

static void check_dotfiles(struct lint *lint, const struct node *line)
{
    if (!line_directive(lint, line) || line_option(line, "hide") || line_option(line, "root"))
        return;
    if (!line->parent || !has_root(lint, line->parent))
        return;
    struct diag *diag = lint_report(lint, line_name_token(line),
                                    "files such as .git and .env below the root are served too");
    diag_note(lint_diags(lint), diag, "hide them: `file_server { hide .git .env* }`");
}

static void check_root(struct lint *lint, const struct node *line)
{
    static const char *const folders[] = {"/",     "/etc",  "/root", "/home", "/proc", "/sys",
                                          "/dev",  "/boot", "/usr",  "/var",  "/run",  "/bin",
                                          "/lib",  "{env.HOME}", NULL};
    const struct token *path = line_argument(lint, line, 0);
    /* `root /` alone: the argument looks like a matcher, and is the root */
    if (line_directive(lint, line) && !path)
        path = line_matcher(lint, line);
    if (!path || !(line_directive(lint, line) || line_inside(line, "file_server") == line->parent))
        return;
    struct str text = path->text;
    while (text.len > 1 && text.ptr[text.len - 1] == '/')
        text = str_slice(text, 0, text.len - 1);
    for (size_t i = 0; folders[i]; i++) {
        if (!str_is(text, folders[i]))
            continue;
        struct diag *diag = lint_report(lint, path, "this root holds files of the whole system");
        diag_note(lint_diags(lint), diag,
                  "keys, passwords and logs are one request away; use a folder of its own, such as "
                  "/srv/site");
    }
}

/* The first proxy that stands directly in the block. */
static const struct node *proxy_in(const struct lint *lint, const struct node *block)
{
    static const char question;
    const struct node *proxy = lint_answered(lint, &question, block);
    if (!proxy) {
        proxy = block->body;
        while (proxy && !str_is(line_name(proxy), "reverse_proxy") &&
               !str_is(line_name(proxy), "php_fastcgi"))
            proxy = proxy->next;
        lint_answer(lint, &question, block, proxy ? proxy : block);
    }
    return proxy == block ? NULL : proxy;
}

static void check_templates(struct lint *lint, const struct node *line)
{
    if (!line_directive(lint, line) || line_matcher(lint, line) || !line->parent)
        return;
    const struct node *proxy = proxy_in(lint, line->parent);
    if (!proxy)
        return;
    struct diag *diag = lint_report(lint, line_name_token(line),
                                    "what the upstream sends is run as a template");
    /* an API answers with JSON, which is no template */
    if (line_matcher(lint, proxy) && !token_is(line_matcher(lint, proxy), "*"))
        lint_soften(lint, diag, SEVERITY_INFO);
    diag_label(lint_diags(lint), diag, line_name_token(proxy)->span, "its answers go through it");
    diag_note(lint_diags(lint), diag,
              "text that users wrote can read files and the environment; give `templates` a "
              "matcher for your own pages");
}

/* --- DT712 to DT714: what is seen from outside --- */

static void check_logging(struct lint *lint, const struct node *line)
{
    bool is_global = line->parent && line->parent->role == ROLE_GLOBAL;
    if (str_is(line_name(line), "log_credentials") && line_inside(line, "servers"))
        lint_report(lint, line_name_token(line), "cookies and passwords of every request are logged");
    else if (str_is(line_name(line), "trace") && line_inside(line, "servers"))
        lint_report(lint, line_name_token(line), "every handler of every request is logged");
    else if (str_is(line_name(line), "debug") && is_global &&
             lint->settings->profile >= PROFILE_PRODUCTION)
        lint_report(lint, line_name_token(line), "debug logging is on, with details of requests");
}

static bool is_guarded(const struct lint *lint, const struct node *line)
{
    static const char *const guards[] = {"basic_auth", "basicauth", "forward_auth", "authenticate",
                                         "authorize",  "abort",     "bind", NULL};
    const struct token *matcher = line_matcher(lint, line);
    for (const struct node *around = line->parent; around; around = around->parent) {
        const struct token *outer =
            around->role == ROLE_LINE ? line_matcher(lint, around) : NULL;
        if (outer && str_has_prefix(outer->text, STR("@")))
            return true;
    }
    return (matcher && str_has_prefix(matcher->text, STR("@"))) || line_in(lint, line_block(line), guards);
}

static void check_metrics(struct lint *lint, const struct node *line)
{
    const struct token *address = public_address(line);
    if (!line_directive(lint, line) || !address || is_guarded(lint, line))
        return;
    struct diag *diag =
        lint_report(lint, line_name_token(line), "everyone can read this server's metrics");
    diag_label(lint_diags(lint), diag, address->span, "a public site");
    diag_note(lint_diags(lint), diag,
              "serve them on a site of their own that is bound to 127.0.0.1, or behind remote_ip");
}

static void check_localhost_site(struct lint *lint, const struct node *site)
{
    static const char *const binds[] = {"bind", NULL};
    if (site->role != ROLE_SITE || global_option(lint, "default_bind") || line_in(lint, site, binds))
        return;
    for (uint32_t i = 0; i < site->n_words; i++) {
        struct str host = site_host(site->words[i]->text);
        if (!is_literal(site->words[i]) || !host_is_loopback(host))
            continue;
        struct diag *diag = lint_report(lint, site->words[i],
                                        "this listens on every interface, not only on localhost");
        diag_note(lint_diags(lint), diag,
                  "the name is only compared with the Host header, which anyone can send; add `bind "
                  "127.0.0.1 ::1`");
    }
}

/* --- DT715, DT716: known holes --- */

static void check_header_alias(struct lint *lint, const struct node *line)
{
    static const char *const fastcgi[] = {"php_fastcgi", NULL};
    const struct token *word;
    if (!line_inside(line, "forward_auth") || !line_in(lint, line_block(line), fastcgi))
        return;
    for (uint32_t i = 0; (word = line_word(line, i)); i++) {
        if (!str_contains(word->text, STR("-")) || str_contains(word->text, STR(">")))
            continue;
        struct str alias = str_replace(lint->arena, word->text, STR("-"), STR("_"));
        struct diag *diag = lint_report(
            lint, word, "a client can send " STR_FMT " itself, which PHP sees under the same name",
            STR_ARG(alias));
        diag_note(lint_diags(lint), diag, "delete it first: `request_header -" STR_FMT "`",
                  STR_ARG(alias));
    }
}

/* Advisories: what a version before <fixed> must not be used with. */
static void check_advisory(struct lint *lint, const struct node *line)
{
    static const struct {
        const char *name, *inside, *fixed, *what;
    } advisories[] = {
        {"copy_headers", "forward_auth", "2.11.2",
         "clients can set the fields that the authentication service should (GHSA-7r4p-vjf4-gxv4)"},
        {"templates", NULL, "2.11.4", "template functions reach files they should not "
                                      "(GHSA-vcc4-2c75-vc9v)"},
        {"php_fastcgi", NULL, "2.11.1", "a path can be split so that another file is run as PHP "
                                        "(CVE-2026-27590)"},
    };
    struct lint_version fixed;
    for (size_t i = 0; i < sizeof(advisories) / sizeof(advisories[0]); i++) {
        if (!str_is(line_name(line), advisories[i].name) ||
            (advisories[i].inside ? !line_inside(line, advisories[i].inside)
                                  : !line_directive(lint, line)) ||
            !lint_version_read(str_from(advisories[i].fixed), &fixed) ||
            lint_targets(lint, fixed.major, fixed.minor, fixed.patch))
            continue;
        struct diag *diag = lint_report(lint, line_name_token(line), "%s", advisories[i].what);
        diag_note(lint_diags(lint), diag, "mended in Caddy %s", advisories[i].fixed);
    }
}

#define HASH "$2a$14$Bjy6C77P.UOn1WrQeF3yOuUVOTVJ7XXDc6Y25d616tLEMi5kvALvO"
#define AUTH(where, hash) "example.com {\n\tbasic_auth" where " {\n\t\tbob " hash "\n\t}\n\trespond ok\n}\n"

const struct lint_rule security_rules[] = {
    {.info = {"DT701", "admin-api-exposed", "the admin endpoint on an address others can reach",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "The admin endpoint takes a new configuration from whoever connects, without a password.",
     .at_run_time = "Anyone who reaches it owns the server: it can be told to serve every file, or to "
                    "proxy anywhere.",
     .bad = "{\n\tadmin 0.0.0.0:2019\n}\nexample.com {\n\trespond ok\n}\n",
     .good = "{\n\tadmin localhost:2019\n}\nexample.com {\n\trespond ok\n}\n",
     .on = "admin",
     .line = check_admin},
    {.info = {"DT702", "bad-password-hash", "a password hash that no password fits", SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "basic_auth compares with a hash by bcrypt or argon2id. A password in plain text, a hash "
            "with doubled dollar signs or\none that was cut off can never be matched.",
     .at_run_time = "Every login is answered 401; some values keep Caddy from starting.",
     .bad = AUTH("", "$$2a$$14$$Bjy6C77P.UOn1WrQeF3yOuUVOTVJ7XXDc6Y25d616tLEMi5kvALvO"),
     .good = AUTH("", HASH),
     .on = "basic_auth|basicauth",
     .line = check_hashes},
    {.info = {"DT703", "auth-over-plaintext", "passwords over plain HTTP", SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "Basic authentication sends user name and password with every request, readable for "
            "everyone on the way.",
     .bad = "http://example.com {\n\tbasic_auth {\n\t\tbob " HASH "\n\t}\n\trespond ok\n}\n",
     .good = AUTH("", HASH),
     .on = "basic_auth|basicauth",
     .line = check_plaintext_auth},
    {.info = {"DT704", "partial-auth-coverage", "a password for one address, and none below it",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "A path matcher without * matches that one path. `basic_auth /` protects the front page "
            "and nothing else.",
     .at_run_time = "Everything else is open.",
     .bad = AUTH(" /", HASH),
     .good = AUTH(" /admin*", HASH),
     .on = "basic_auth|basicauth|forward_auth",
     .line = check_partial_auth},
    {.info = {"DT705", "hardcoded-secret", "a secret in the file", SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "Files are copied, committed and shown around; secrets should not be in them. {env.NAME} is "
            "read when it is needed and is\nnot written into the adapted configuration.",
     .bad = "example.com {\n\treverse_proxy app:80 {\n"
            "\t\theader_up Authorization \"Bearer q8Zt41LmP0sKd93hVwX2\"\n\t}\n}\n",
     .good = "example.com {\n\treverse_proxy app:80 {\n"
             "\t\theader_up Authorization \"Bearer {env.API_KEY}\"\n\t}\n}\n",
     .on = "dns|acme_dns|header_up|request_header",
     .line = check_secret},
    {.info = {"DT706", "request-controlled-upstream", "an upstream that the request chooses",
              SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why = "A header, the query, a cookie or the Host of a catch-all site is what the client sends.",
     .at_run_time = "An open proxy: anyone can reach whatever this machine can, its own loopback "
                    "included.",
     .bad = "example.com {\n\treverse_proxy {header.X-Target}\n}\n",
     .good = "example.com {\n\tmap {path} {backend} {\n\t\t/a a:80\n\t\tdefault b:80\n\t}\n"
             "\treverse_proxy {backend}\n}\n",
     .on_handler = "reverse_proxy",
     .handler = check_open_proxy},
    {.info = {"DT707", "open-redirect", "a redirection whose target the request chooses",
              SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "A link to your site that leads somewhere else is what phishing needs.",
     .bad = "example.com {\n\tredir {query.next}\n}\n",
     .good = "example.com {\n\tredir https://www.example.com{uri}\n}\n",
     .on = "redir",
     .line = check_open_redirect},
    {.info = {"DT708", "directory-listing", "listings of folders on a public site", SEVERITY_INFO},
     .profile = PROFILE_PRODUCTION,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "`browse` shows the names of all files, also of those nobody was meant to find.",
     .bad = "example.com {\n\troot * /srv\n\tfile_server browse\n}\n",
     .good = "example.com {\n\troot * /srv\n\tfile_server\n}\n",
     .on = "file_server",
     .line = check_listing},
    {.info = {"DT709", "dotfiles-served", "a file server that hides nothing", SEVERITY_INFO},
     .profile = PROFILE_STRICT,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "Folders that are deployed by git or hold an .env file serve those as well. (Case "
            "insensitive disks need more than `hide`.)",
     .bad = "example.com {\n\troot * /var/www/app\n\tfile_server\n}\n",
     .good = "example.com {\n\troot * /var/www/app\n\tfile_server {\n\t\thide .git .env*\n\t}\n}\n",
     .on = "file_server",
     .line = check_dotfiles},
    {.info = {"DT710", "dangerous-web-root", "a folder of the system as root", SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why = "A root holds what everyone may read.",
     .at_run_time = "Requests read /etc/passwd, keys and logs.",
     .bad = "example.com {\n\troot * /\n\tfile_server\n}\n",
     .good = "example.com {\n\troot * /srv/site\n\tfile_server\n}\n",
     .on = "root",
     .line = check_root},
    {.info = {"DT711", "templates-on-untrusted-content", "templates run over what an upstream sends",
              SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why = "`templates` executes template actions in every text response that passes through it. "
            "Proxied pages hold text that\nusers wrote.",
     .at_run_time = "{{readFile \"/etc/passwd\"}} in a comment reads the file.",
     .bad = "example.com {\n\ttemplates\n\treverse_proxy app:80\n}\n",
     .good = "example.com {\n\ttemplates /pages/*\n\thandle /pages/* {\n\t\troot * /srv\n"
             "\t\tfile_server\n\t}\n\thandle {\n\t\treverse_proxy app:80\n\t}\n}\n",
     .on = "templates",
     .line = check_templates},
    {.info = {"DT712", "sensitive-logging", "logs that hold more than they should", SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "log_credentials writes cookies and Authorization headers to the log, trace and debug "
            "details of every request.",
     .bad = "{\n\tservers {\n\t\tlog_credentials\n\t}\n}\nexample.com {\n\trespond ok\n}\n",
     .good = "{\n\tservers {\n\t\tprotocols h1 h2\n\t}\n}\nexample.com {\n\trespond ok\n}\n",
     .on = "log_credentials|trace|debug",
     .line = check_logging},
    {.info = {"DT713", "metrics-exposed", "metrics on a public site", SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "Metrics tell how much traffic there is, which hosts and upstreams, and how they fare.",
     .bad = "example.com {\n\tmetrics /metrics\n\treverse_proxy app:3000\n}\n",
     .good = "http://127.0.0.1:9180 {\n\tbind 127.0.0.1\n\tmetrics /metrics\n}\n",
     .on = "metrics",
     .line = check_metrics},
    {.info = {"DT714", "localhost-site-on-all-interfaces",
              "a site for localhost that listens on every interface", SEVERITY_WARNING},
     .environments = 1u << ENVIRONMENT_HOST,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "The host of a site's address is compared with the Host header; it does not choose the "
            "interface. `bind` does.",
     .at_run_time = "Anyone in the network reaches it by sending Host: localhost.",
     .bad = "http://localhost:8080 {\n\trespond secret\n}\n",
     .good = "http://localhost:8080 {\n\tbind 127.0.0.1 ::1\n\trespond secret\n}\n",
     .block = check_localhost_site},
    {.info = {"DT715", "forward-auth-header-alias",
              "a field that clients can send under another spelling", SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "CGI variables have no difference between - and _: Remote_User and Remote-User are both "
            "HTTP_REMOTE_USER. forward_auth\ncleans only the name it copies.",
     .at_run_time = "A client logs in as somebody else.",
     .bad = "example.com {\n\tforward_auth auth:9091 {\n\t\turi /verify\n\t\tcopy_headers Remote-User\n"
            "\t}\n\tphp_fastcgi unix//run/php.sock\n\tfile_server\n}\n",
     .good = "example.com {\n\tforward_auth auth:9091 {\n\t\turi /verify\n\t\tcopy_headers Remote-User\n"
             "\t}\n\treverse_proxy app:80\n}\n",
     .on = "copy_headers",
     .line = check_header_alias},
    {.info = {"DT716", "known-vulnerable-version",
              "a construct that the target version handles with a known hole", SEVERITY_ERROR},
     .until = "2.11.5",
     .target = "2.11.0",
     .caddy = CADDY_SILENT,
     .why = "The declared version of Caddy has a published advisory for this.",
     .at_run_time = "See the advisory. Upgrading mends it.",
     .bad = "example.com {\n\ttemplates\n\tfile_server\n}\n",
     .good = "example.com {\n\tfile_server\n}\n",
     .on = "copy_headers|templates|php_fastcgi",
     .line = check_advisory},
    {.info = {0}},
};
