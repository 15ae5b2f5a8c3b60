/* Spells out placeholder shorthands: whole names, and families such as {header.<name>}. */
#include "adapt/shorthand.h"

#include "base/arena.h"
#include "syntax/token.h"

struct shorthand {
    struct str name, expansion; /* without braces */
};

/* clang-format off */
static const struct shorthand names[] = {
#define ROW(name, expansion) {STR_INIT(name), STR_INIT(expansion)}
    ROW("host",        "http.request.host"),
    ROW("hostport",    "http.request.hostport"),
    ROW("port",        "http.request.port"),
    ROW("orig_method", "http.request.orig_method"),
    ROW("orig_uri",    "http.request.orig_uri"),
    ROW("orig_path",   "http.request.orig_uri.path"),
    ROW("orig_dir",    "http.request.orig_uri.path.dir"),
    ROW("orig_file",   "http.request.orig_uri.path.file"),
    ROW("orig_query",  "http.request.orig_uri.query"),
    ROW("orig_?query", "http.request.orig_uri.prefixed_query"),
    ROW("method",      "http.request.method"),
    ROW("uri",         "http.request.uri"),
    ROW("%uri",        "http.request.uri_escaped"),
    ROW("path",        "http.request.uri.path"),
    ROW("%path",       "http.request.uri.path_escaped"),
    ROW("dir",         "http.request.uri.path.dir"),
    ROW("file",        "http.request.uri.path.file"),
    ROW("query",       "http.request.uri.query"),
    ROW("%query",      "http.request.uri.query_escaped"),
    ROW("?query",      "http.request.uri.prefixed_query"),
    ROW("remote",      "http.request.remote"),
    ROW("remote_host", "http.request.remote.host"),
    ROW("remote_port", "http.request.remote.port"),
    ROW("scheme",      "http.request.scheme"),
    ROW("uuid",        "http.request.uuid"),
    ROW("tls_cipher",  "http.request.tls.cipher_suite"),
    ROW("tls_version", "http.request.tls.version"),
    ROW("tls_client_fingerprint", "http.request.tls.client.fingerprint"),
    ROW("tls_client_issuer",      "http.request.tls.client.issuer"),
    ROW("tls_client_serial",      "http.request.tls.client.serial"),
    ROW("tls_client_subject",     "http.request.tls.client.subject"),
    ROW("tls_client_certificate_pem", "http.request.tls.client.certificate_pem"),
    ROW("tls_client_certificate_der_base64", "http.request.tls.client.certificate_der_base64"),
    ROW("upstream_hostport", "http.reverse_proxy.upstream.hostport"),
    ROW("client_ip",   "http.vars.client_ip"),
};

/* What follows the prefix is any run of letters, digits, '_', '-' and, where <dots>, '.'. */
static const struct family {
    struct str name, expansion;
    bool dots;
} families[] = {
    {STR_INIT("header."),     STR_INIT("http.request.header."),        false},
    {STR_INIT("cookie."),     STR_INIT("http.request.cookie."),        false},
    {STR_INIT("labels."),     STR_INIT("http.request.host.labels."),   false},
    {STR_INIT("path."),       STR_INIT("http.request.uri.path."),      false},
    {STR_INIT("file."),       STR_INIT("http.request.uri.path.file."), false},
    {STR_INIT("query."),      STR_INIT("http.request.uri.query."),     false},
    {STR_INIT("re."),         STR_INIT("http.regexp."),                true},
    {STR_INIT("vars."),       STR_INIT("http.vars."),                  false},
    {STR_INIT("rp."),         STR_INIT("http.reverse_proxy."),         true},
    {STR_INIT("resp."),       STR_INIT("http.intercept."),             true},
    {STR_INIT("err."),        STR_INIT("http.error."),                 true},
    {STR_INIT("file_match."), STR_INIT("http.matchers.file."),         false},
#undef ROW
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_word(struct str text, bool dots)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || (dots && c == '.')))
            return false;
    }
    return true;
}

/* What the name between two braces stands for: <expansion>, then <rest>. */
static bool look_up(struct str name, struct str *expansion, struct str *rest)
{
    *rest = STR("");
    for (size_t i = 0; i < COUNT(names); i++) {
        *expansion = names[i].expansion;
        if (str_eq(names[i].name, name))
            return true;
    }
    for (size_t i = 0; i < COUNT(families); i++) {
        *expansion = families[i].expansion;
        *rest = str_slice(name, families[i].name.len, name.len);
        if (str_has_prefix(name, families[i].name) && is_word(*rest, families[i].dots))
            return true;
    }
    return false;
}

const struct token *shorthand_expand(struct arena *arena, const struct token *token)
{
    struct str text = token->text, expansion, rest;
    struct strbuf out = strbuf_in(arena);
    size_t done = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '{')
            continue;
        ptrdiff_t len = str_index(str_slice(text, i, text.len), '}');
        if (len < 0)
            break;
        if (!look_up(str_slice(text, i + 1, i + (size_t)len), &expansion, &rest))
            continue;
        strbuf_add(&out, str_slice(text, done, i + 1));
        strbuf_add(&out, expansion);
        strbuf_add(&out, rest);
        i += (size_t)len;
        done = i;
    }
    if (done == 0)
        return token;
    strbuf_add(&out, str_slice(text, done, text.len));
    struct token *expanded = arena_new(arena, struct token);
    *expanded = *token;
    expanded->text = strbuf_str(&out);
    return expanded;
}

static struct str without_braces(struct str text)
{
    while (text.len && (text.ptr[0] == '{' || text.ptr[0] == '}'))
        text = str_slice(text, 1, text.len);
    while (text.len && (text.ptr[text.len - 1] == '{' || text.ptr[text.len - 1] == '}'))
        text.len--;
    return text;
}

struct str shorthand_of(struct str expansion)
{
    expansion = without_braces(expansion);
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq(names[i].expansion, expansion))
            return names[i].name;
    return STR("");
}
