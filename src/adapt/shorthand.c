/* Spells out placeholder shorthands: whole names, and families such as {header.<name>}. */
#include "adapt/shorthand.h"

#include "base/arena.h"
#include "syntax/token.h"

/* clang-format off */
const struct shorthand shorthands[] = {
#define ROW(name, kind, expansion, doc) {STR_INIT(name), STR_INIT(expansion), doc, SHORTHAND_##kind}
    ROW("host", EXACT, "http.request.host",
        "the host asked for, without its port"),
    ROW("hostport", EXACT, "http.request.hostport",
        "the host asked for, with its port"),
    ROW("port", EXACT, "http.request.port",
        "the port asked for"),
    ROW("orig_method", EXACT, "http.request.orig_method",
        "the method before any rewrite"),
    ROW("orig_uri", EXACT, "http.request.orig_uri",
        "the URI before any rewrite"),
    ROW("orig_path", EXACT, "http.request.orig_uri.path",
        "the path before any rewrite"),
    ROW("orig_dir", EXACT, "http.request.orig_uri.path.dir",
        "the folder of the path before any rewrite"),
    ROW("orig_file", EXACT, "http.request.orig_uri.path.file",
        "the last part of the path before any rewrite"),
    ROW("orig_query", EXACT, "http.request.orig_uri.query",
        "the query before any rewrite, without ?"),
    ROW("orig_?query", EXACT, "http.request.orig_uri.prefixed_query",
        "the query before any rewrite, with ? where there is one"),
    ROW("method", EXACT, "http.request.method",
        "the method"),
    ROW("uri", EXACT, "http.request.uri",
        "the URI"),
    ROW("%uri", EXACT, "http.request.uri_escaped",
        "the URI, escaped for use in a query"),
    ROW("path", EXACT, "http.request.uri.path",
        "the path"),
    ROW("%path", EXACT, "http.request.uri.path_escaped",
        "the path, escaped for use in a query"),
    ROW("dir", EXACT, "http.request.uri.path.dir",
        "the folder of the path"),
    ROW("file", EXACT, "http.request.uri.path.file",
        "the last part of the path"),
    ROW("query", EXACT, "http.request.uri.query",
        "the query, without ?"),
    ROW("%query", EXACT, "http.request.uri.query_escaped",
        "the query, escaped for use in a query"),
    ROW("?query", EXACT, "http.request.uri.prefixed_query",
        "the query, with ? where there is one"),
    ROW("remote", EXACT, "http.request.remote",
        "the peer's address and port"),
    ROW("remote_host", EXACT, "http.request.remote.host",
        "the peer's address"),
    ROW("remote_port", EXACT, "http.request.remote.port",
        "the peer's port"),
    ROW("scheme", EXACT, "http.request.scheme",
        "http or https"),
    ROW("uuid", EXACT, "http.request.uuid",
        "an id made for the request"),
    ROW("tls_cipher", EXACT, "http.request.tls.cipher_suite",
        "the cipher suite of the connection"),
    ROW("tls_version", EXACT, "http.request.tls.version",
        "the TLS version of the connection"),
    ROW("tls_client_fingerprint", EXACT, "http.request.tls.client.fingerprint",
        "SHA-256 of the client's certificate"),
    ROW("tls_client_issuer", EXACT, "http.request.tls.client.issuer",
        "the issuer of the client's certificate"),
    ROW("tls_client_serial", EXACT, "http.request.tls.client.serial",
        "the serial number of the client's certificate"),
    ROW("tls_client_subject", EXACT, "http.request.tls.client.subject",
        "the subject of the client's certificate"),
    ROW("tls_client_certificate_pem", EXACT, "http.request.tls.client.certificate_pem",
        "the client's certificate, PEM"),
    ROW("tls_client_certificate_der_base64", EXACT, "http.request.tls.client.certificate_der_base64",
        "the client's certificate, DER in base64"),
    ROW("upstream_hostport", EXACT, "http.reverse_proxy.upstream.hostport",
        "the upstream that the request goes to"),
    ROW("client_ip", EXACT, "http.vars.client_ip",
        "the client's address, trusted proxies considered"),
    ROW("header.", WORD, "http.request.header.",
        "a header field of the request"),
    ROW("cookie.", WORD, "http.request.cookie.",
        "a cookie of the request"),
    ROW("labels.", WORD, "http.request.host.labels.",
        "a label of the host, counted from the right"),
    ROW("path.", WORD, "http.request.uri.path.",
        "a part of the path by its number"),
    ROW("file.", WORD, "http.request.uri.path.file.",
        "base or ext: the last part of the path without its ending, and the ending"),
    ROW("query.", WORD, "http.request.uri.query.",
        "a key of the query"),
    ROW("re.", DOTTED, "http.regexp.",
        "what a group of a regular expression matched"),
    ROW("vars.", WORD, "http.vars.",
        "a variable"),
    ROW("rp.", DOTTED, "http.reverse_proxy.",
        "of the proxy: its upstream and its answer"),
    ROW("resp.", DOTTED, "http.intercept.",
        "of an answer that intercept holds"),
    ROW("err.", DOTTED, "http.error.",
        "of the error that handle_errors handles"),
    ROW("file_match.", WORD, "http.matchers.file.",
        "of the file that a file matcher found"),
#undef ROW
    {.kind = N_SHORTHAND_KINDS},
};
/* clang-format on */

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
    for (const struct shorthand *row = shorthands; row->name.len; row++) {
        *expansion = row->expansion;
        *rest = str_slice(name, row->name.len, name.len);
        switch (row->kind) {
        case SHORTHAND_EXACT:
            if (str_eq(row->name, name))
                return true;
            break;
        case SHORTHAND_WORD:
        case SHORTHAND_DOTTED:
            if (str_has_prefix(name, row->name) && is_word(*rest, row->kind == SHORTHAND_DOTTED))
                return true;
            break;
        case N_SHORTHAND_KINDS:
            break;
        }
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
    for (const struct shorthand *row = shorthands; row->name.len; row++)
        if (row->kind == SHORTHAND_EXACT && str_eq(row->expansion, expansion))
            return row->name;
    return STR("");
}
