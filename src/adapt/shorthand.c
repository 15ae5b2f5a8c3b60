/* Spells out placeholder shorthands: whole names, and families such as {header.<name>}. */
#include "adapt/shorthand.h"

#include "base/arena.h"
#include "syntax/token.h"

/* clang-format off */
const struct shorthand shorthands[] = {
#define ROW(name, kind, expansion, doc, since) \
    {STR_INIT(name), STR_INIT(expansion), doc, since, SHORTHAND_##kind}
    ROW("host", EXACT, "http.request.host",
        "the host asked for, without its port", NULL),
    ROW("hostport", EXACT, "http.request.hostport",
        "the host asked for, with its port", NULL),
    ROW("port", EXACT, "http.request.port",
        "the port asked for", "2.1"),
    ROW("orig_method", EXACT, "http.request.orig_method",
        "the method before any rewrite", "2.9"),
    ROW("orig_uri", EXACT, "http.request.orig_uri",
        "the URI before any rewrite", "2.9"),
    ROW("orig_path", EXACT, "http.request.orig_uri.path",
        "the path before any rewrite", "2.9"),
    ROW("orig_dir", EXACT, "http.request.orig_uri.path.dir",
        "the folder of the path before any rewrite", "2.9"),
    ROW("orig_file", EXACT, "http.request.orig_uri.path.file",
        "the last part of the path before any rewrite", "2.9"),
    ROW("orig_query", EXACT, "http.request.orig_uri.query",
        "the query before any rewrite, without ?", "2.9"),
    ROW("orig_?query", EXACT, "http.request.orig_uri.prefixed_query",
        "the query before any rewrite, with ? where there is one", "2.9"),
    ROW("method", EXACT, "http.request.method",
        "the method", NULL),
    ROW("uri", EXACT, "http.request.uri",
        "the URI", NULL),
    ROW("%uri", EXACT, "http.request.uri_escaped",
        "the URI, escaped for use in a query", "2.11"),
    ROW("path", EXACT, "http.request.uri.path",
        "the path", NULL),
    ROW("%path", EXACT, "http.request.uri.path_escaped",
        "the path, escaped for use in a query", "2.11"),
    ROW("dir", EXACT, "http.request.uri.path.dir",
        "the folder of the path", NULL),
    ROW("file", EXACT, "http.request.uri.path.file",
        "the last part of the path", NULL),
    ROW("query", EXACT, "http.request.uri.query",
        "the query, without ?", NULL),
    ROW("%query", EXACT, "http.request.uri.query_escaped",
        "the query, escaped for use in a query", "2.11"),
    ROW("?query", EXACT, "http.request.uri.prefixed_query",
        "the query, with ? where there is one", "2.9"),
    ROW("remote", EXACT, "http.request.remote",
        "the peer's address and port", NULL),
    ROW("remote_host", EXACT, "http.request.remote.host",
        "the peer's address", NULL),
    ROW("remote_port", EXACT, "http.request.remote.port",
        "the peer's port", NULL),
    ROW("scheme", EXACT, "http.request.scheme",
        "http or https", NULL),
    ROW("uuid", EXACT, "http.request.uuid",
        "an id made for the request", "2.8"),
    ROW("tls_cipher", EXACT, "http.request.tls.cipher_suite",
        "the cipher suite of the connection", NULL),
    ROW("tls_version", EXACT, "http.request.tls.version",
        "the TLS version of the connection", NULL),
    ROW("tls_client_fingerprint", EXACT, "http.request.tls.client.fingerprint",
        "SHA-256 of the client's certificate", NULL),
    ROW("tls_client_issuer", EXACT, "http.request.tls.client.issuer",
        "the issuer of the client's certificate", NULL),
    ROW("tls_client_serial", EXACT, "http.request.tls.client.serial",
        "the serial number of the client's certificate", NULL),
    ROW("tls_client_subject", EXACT, "http.request.tls.client.subject",
        "the subject of the client's certificate", NULL),
    ROW("tls_client_certificate_pem", EXACT, "http.request.tls.client.certificate_pem",
        "the client's certificate, PEM", "2.3"),
    ROW("tls_client_certificate_der_base64", EXACT, "http.request.tls.client.certificate_der_base64",
        "the client's certificate, DER in base64", "2.4.6"),
    ROW("upstream_hostport", EXACT, "http.reverse_proxy.upstream.hostport",
        "the upstream that the request goes to", "2.4.4"),
    ROW("client_ip", EXACT, "http.vars.client_ip",
        "the client's address, trusted proxies considered", "2.7"),
    ROW("header.", WORD, "http.request.header.",
        "a header field of the request", "2.1"),
    ROW("cookie.", WORD, "http.request.cookie.",
        "a cookie of the request", "2.6"),
    ROW("labels.", WORD, "http.request.host.labels.",
        "a label of the host, counted from the right", "2.1"),
    ROW("path.", WORD, "http.request.uri.path.",
        "a part of the path by its number", "2.1"),
    ROW("file.", WORD, "http.request.uri.path.file.",
        "base or ext: the last part of the path without its ending, and the ending", "2.6"),
    ROW("query.", WORD, "http.request.uri.query.",
        "a key of the query", "2.1"),
    ROW("re.", DOTTED, "http.regexp.",
        "what a group of a regular expression matched", "2.1"),
    ROW("vars.", WORD, "http.vars.",
        "a variable", "2.5"),
    ROW("rp.", DOTTED, "http.reverse_proxy.",
        "of the proxy: its upstream and its answer", "2.5.1"),
    ROW("resp.", DOTTED, "http.intercept.",
        "of an answer that intercept holds", "2.8"),
    ROW("err.", DOTTED, "http.error.",
        "of the error that handle_errors handles", "2.5.2"),
    ROW("file_match.", WORD, "http.matchers.file.",
        "of the file that a file matcher found", "2.6"),
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
        ptrdiff_t open = str_index(str_slice(text, i, text.len), '{');
        if (open < 0)
            break;
        i += (size_t)open;
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
