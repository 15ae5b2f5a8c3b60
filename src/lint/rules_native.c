/* Rules for the native target (DT10xx): lowering finds most, from its tables of features. */
#include "lint/rule.h"

/* --- DT1005: what is read once, when the program is built --- */

/* Whether a variable's name says that its value is a secret. */
static bool is_secret(struct arena *arena, struct str name)
{
    static const char *const words[] = {"TOKEN", "SECRET", "PASS", "KEY", "CREDENTIAL", "AUTH"};
    struct str upper = str_upper(arena, name);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_contains(upper, str_from(words[i])))
            return true;
    return false;
}

static void check_frozen(struct lint *lint, const struct source *source)
{
    if (!lint->pipeline->is_for_core)
        return;
    struct map named = map_in(lint->arena);
    for (uint32_t i = 0; i < source->n_splices; i++) {
        const struct splice *splice = &source->splices[i];
        struct span span = {source->base + splice->raw_begin, source->base + splice->raw_end};
        struct str text = str_slice(source->raw, splice->raw_begin + 2, splice->raw_end - 1);
        struct str name, fallback;
        str_cut(text, STR(":"), &name, &fallback);
        if (source_is_comment(source, span) || map_put(&named, name, lint))
            continue;
        bool secret = is_secret(lint->arena, name);
        struct diag *diag =
            lint_report_at(lint, span, NULL,
                           secret ? "the value of " STR_FMT " can be read in the program that is built"
                                  : "the value of " STR_FMT " is that of the machine that builds",
                           STR_ARG(name));
        if (!secret)
            lint_soften(lint, diag, SEVERITY_INFO);
        diag_note(lint_diags(lint), diag,
                  "where placeholders are filled in, {env." STR_FMT
                  "} is read when the program starts",
                  STR_ARG(name));
    }
}

#define FILES "example.com {\n\ttls cert.pem key.pem\n"

const struct lint_rule native_rules[] = {
    {.code = DIAG_NATIVE_UNSUPPORTED,
     .caddy = CADDY_NONE,
     .why = "The proxy core runs what its tables can express; what it cannot run is an error at the "
            "place that asks for it, never\nleft out in silence. `dialtone check --native` asks for this."},
    {.code = DIAG_NATIVE_CERTIFICATE,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_NONE,
     .why = "The proxy core orders certificates by the HTTP-01 and TLS-ALPN-01 challenges. A wildcard needs "
            "DNS-01, and that a plugin for the\nprovider of the name servers."},
    {.code = DIAG_NATIVE_UPSTREAM,
     .caddy = CADDY_NONE,
     .why = "The proxy core asks DNS servers for upstreams, and knows those servers by their addresses. "
            "A server that is a name would have to\nbe looked up first; sources that are plugins need "
            "Caddy.",
     .bad = FILES "\treverse_proxy {\n\t\tdynamic a app.internal 9000 {\n\t\t\tresolvers ns.internal\n"
                  "\t\t}\n\t}\n}\n",
     .good = FILES "\treverse_proxy {\n\t\tdynamic a app.internal 9000 {\n\t\t\tresolvers 192.0.2.53\n"
                   "\t\t}\n\t}\n}\n"},
    {.code = DIAG_NATIVE_MATCHER,
     .caddy = CADDY_NONE,
     .why = "The proxy core runs Caddy's own matchers; those of plugins need Caddy. What a request gives to "
            "a matcher in an expression can be\na path, a host, a file or a value of a field, but no "
            "pattern and no method.",
     .bad = FILES "\t@api expression `path('/api/*') && method({header.X-Method})`\n"
                  "\treverse_proxy @api app:9000\n}\n",
     .good = FILES "\t@api expression `path('/api/*') && {method} == {header.X-Method}`\n"
                   "\treverse_proxy @api app:9000\n}\n"},
    {.info = {"DT1005", "native-frozen-environment", "a variable that is read when the program is built",
              SEVERITY_WARNING},
     .caddy = CADDY_NONE,
     .why = "{$NAME} gives way to its value before anything else happens. Caddy does that at each start; "
            "`dialtone build` does it once,\nand whoever has the program has the value. For names that "
            "do not look like secrets it is an info.",
     .bad = FILES "\treverse_proxy app:9000 {\n\t\theader_up Authorization {$API_TOKEN}\n\t}\n}\n",
     .good = FILES "\treverse_proxy app:9000 {\n\t\theader_up Authorization {env.API_TOKEN}\n"
                   "\t}\n}\n",
     .source = check_frozen},
    {.info = {0}},
};
