/* CGI's variables (RFC 3875 4.1), those that Caddy adds, and the request's headers among them. */

#include "proxy/cgi.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "net/tls.h"
#include "proxy/core.h"
#include "proxy/file_path.h"
#include "proxy/surroundings.h"
#include "proxy/template.h"
#include "proxy/text.h"

/* The version of Caddy that all of this is like; applications look for the name. */
#define SERVER_SOFTWARE "Caddy/v2.11.7"

/* What the variables are made of. */
struct cgi_facts {
    const struct core *core;
    const struct dt_fastcgi *fastcgi;
    struct transaction *tx; /* NULL: a health check */
    struct arena *arena;
    struct str root; /* absolute */
    struct str method, host, path, query, uri;
    struct str remainder; /* behind the file that a matcher found */
    struct str remote_ip, remote_port, local_ip, protocol, user;
    struct str tls_version, tls_cipher; /* empty: as they are not known to Apache */
    bool is_tls;
    const struct http_headers *headers;
    int64_t wall_ns;     /* of a health check */
    struct str length;   /* what Content-Length says; empty: nothing */
};

/* --- the list --- */

enum { OWN_VARIABLES = 40 };

static void add(struct http_headers *out, struct str name, struct str value)
{
    out->at[out->n++] = (struct http_header){.name = name, .value = value};
}

/* The one with that name among those from <first> on, or NULL. */
static struct http_header *find(const struct http_headers *in, uint32_t first, struct str name)
{
    for (uint32_t i = first; i < in->n; i++)
        if (str_eq(in->at[i].name, name))
            return &in->at[i];
    return NULL;
}

static void set(struct http_headers *out, struct str name, struct str value)
{
    struct http_header *there = find(out, 0, name);
    if (there)
        there->value = value;
    else
        add(out, name, value);
}

/* --- paths --- */

/* Where the path of the script ends; -1 where no text that it is split at is in it. Bytes that are
 * not ASCII are equal to none: what looks like ".php" is not. */
static ptrdiff_t split_at(const struct dt_tables *tables, struct dt_range splits, struct str path)
{
    if (splits.n == 0)
        return 0; /* Caddy: all of it is PATH_INFO */
    for (uint32_t i = 0; i < splits.n; i++) {
        struct str split = table_text(tables, tables->texts[splits.first + i]);
        for (size_t at = 0; split.len > 0 && at + split.len <= path.len; at++)
            if (str_eq_nocase(str_slice(path, at, at + split.len), split))
                return (ptrdiff_t)(at + split.len);
    }
    return -1;
}

static void add_paths(const struct cgi_facts *facts, struct http_headers *out)
{
    struct str script = facts->path, document = facts->path, info = {0};
    ptrdiff_t split = split_at(facts->core->tables, facts->fastcgi->splits, facts->path);
    if (split >= 0) {
        script = document = str_slice(facts->path, 0, (size_t)split);
        info = str_slice(facts->path, (size_t)split, facts->path.len);
    }
    if (info.len == 0)
        info = facts->remainder;
    add(out, STR("DOCUMENT_ROOT"), facts->root);
    add(out, STR("DOCUMENT_URI"), document);
    add(out, STR("PATH_INFO"), info);
    add(out, STR("SCRIPT_FILENAME"), file_path_join(facts->arena, facts->root, script));
    if (script.len > 0 && script.ptr[0] != '/')
        script = STR_JOIN(facts->arena, STR("/"), script);
    add(out, STR("SCRIPT_NAME"), script);
    if (info.len > 0)
        add(out, STR("PATH_TRANSLATED"), file_path_join(facts->arena, facts->root, info));
}

/* A template; what of it has no value becomes <nothing>. */
static struct str expand(const struct cgi_facts *facts, uint32_t row, struct str nothing)
{
    const struct dt_tables *tables = facts->core->tables;
    const struct dt_template *template = &tables->templates[row];
    struct strbuf out = strbuf_in(facts->arena);
    if (template->parts.n == 0)
        return table_text(tables, template->literal);
    for (uint32_t i = 0; i < template->parts.n; i++) {
        const struct dt_part *part = &tables->parts[template->parts.first + i];
        struct str value = {0};
        if (facts->tx)
            template_value(facts->tx, part, &value);
        else if (part->kind == DT_PART_LITERAL)
            value = table_text(tables, part->text);
        else
            surroundings_value(facts->core, facts->arena, part, facts->wall_ns, &value);
        strbuf_add(&out, value.len > 0 ? value : nothing);
    }
    return strbuf_str(&out);
}

/* The root as an absolute path; false where its links lead nowhere. */
static bool find_root(struct cgi_facts *facts, struct str *problem)
{
    char resolved[PATH_MAX];
    struct str root = expand(facts, facts->fastcgi->root, STR("."));
    if (root.len == 0 || root.ptr[0] != '/')
        root = STR_JOIN(facts->arena, facts->core->working_directory, STR("/"), root);
    facts->root = file_path_tidy(facts->arena, root);
    if (!facts->fastcgi->resolves_links)
        return true;
    if (!realpath(str_dup(facts->arena, facts->root).ptr, resolved)) {
        *problem = str_printf(facts->arena, "building environment: " STR_FMT ": %s",
                              STR_ARG(facts->root), strerrordesc_np(errno));
        return false;
    }
    facts->root = str_dup(facts->arena, str_from(resolved));
    return true;
}

/* --- the request --- */

bool cgi_leaves_body_out(struct str method)
{
    return str_is(method, "HEAD") || str_is(method, "OPTIONS");
}

static void add_request(const struct cgi_facts *facts, struct http_headers *out)
{
    bool is_get = str_is(facts->method, "GET");
    bool has_no_body = cgi_leaves_body_out(facts->method);
    struct str method = str_upper(facts->arena, facts->method);
    struct str type = headers_get(facts->headers, HEADER_CONTENT_TYPE);
    if (!is_get && (method.len == 0 || str_is(method, "GET")))
        method = STR("POST"); /* Caddy: methods are upper case, and "get" has a body */
    if (!is_get && !has_no_body && type.len == 0)
        type = STR("application/x-www-form-urlencoded");
    add(out, STR("REQUEST_METHOD"), method);
    add(out, STR("CONTENT_TYPE"), type);
    add(out, STR("CONTENT_LENGTH"),
        has_no_body || facts->length.len == 0 ? STR("0") : facts->length);
    add(out, STR("QUERY_STRING"), facts->query);
    add(out, STR("REQUEST_SCHEME"), facts->is_tls ? STR("https") : STR("http"));
    add(out, STR("REQUEST_URI"), facts->uri);
    add(out, STR("HTTP_HOST"), facts->host);
}

static void add_server(const struct cgi_facts *facts, struct http_headers *out)
{
    struct str name, port;
    url_split_host_port(facts->host, &name, &port);
    if (port.len == 0)
        port = facts->is_tls ? STR("443") : STR("80");
    add(out, STR("GATEWAY_INTERFACE"), STR("CGI/1.1"));
    add(out, STR("SERVER_NAME"), name);
    add(out, STR("SERVER_PORT"), port);
    add(out, STR("SERVER_PROTOCOL"), facts->protocol);
    add(out, STR("SERVER_SOFTWARE"), STR(SERVER_SOFTWARE));
    if (facts->local_ip.len > 0)
        add(out, STR("SERVER_ADDR"), facts->local_ip);
    if (!facts->is_tls)
        return;
    add(out, STR("HTTPS"), STR("on"));
    if (facts->tls_version.len > 0)
        add(out, STR("SSL_PROTOCOL"), facts->tls_version);
    if (facts->tls_cipher.len > 0)
        add(out, STR("SSL_CIPHER"), facts->tls_cipher);
}

static void add_client(const struct cgi_facts *facts, struct http_headers *out)
{
    add(out, STR("AUTH_TYPE"), STR(""));
    add(out, STR("REMOTE_ADDR"), facts->remote_ip);
    add(out, STR("REMOTE_HOST"), facts->remote_ip);
    add(out, STR("REMOTE_PORT"), facts->remote_port);
    add(out, STR("REMOTE_IDENT"), STR(""));
    add(out, STR("REMOTE_USER"), facts->user);
}

static void add_configured(const struct cgi_facts *facts, struct http_headers *out)
{
    const struct dt_tables *tables = facts->core->tables;
    struct dt_range rows = facts->fastcgi->variables;
    for (uint32_t i = 0; i < rows.n; i++) {
        const struct dt_cgi_variable *row = &tables->cgi_variables[rows.first + i];
        struct str name = table_text(tables, row->name);
        if (str_is(name, "REQUEST_METHOD") || str_is(name, "CONTENT_LENGTH"))
            continue; /* Caddy: they are those of the request in any case */
        if (str_is(name, "CONTENT_TYPE") && !str_is(facts->method, "GET") &&
            !cgi_leaves_body_out(facts->method))
            continue;
        set(out, name, expand(facts, row->value, STR("")));
    }
}

static struct str variable_of_header(struct arena *arena, struct str name)
{
    static const struct str prefix = STR_INIT("HTTP_");
    char *out = arena_alloc(arena, prefix.len + name.len);
    memcpy(out, prefix.ptr, prefix.len);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        out[prefix.len + i] = c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 0x20) : c;
    }
    return str_make(out, prefix.len + name.len);
}

/* Headers come after what is configured, and the values of one name joined. "Proxy" is nobody's to
 * set: programs take HTTP_PROXY for the proxy that they are to use (httpoxy.org). */
static void add_headers(const struct cgi_facts *facts, struct http_headers *out)
{
    uint32_t first = out->n;
    for (uint32_t i = 0; i < facts->headers->n; i++) {
        const struct http_header *header = &facts->headers->at[i];
        if (str_eq_nocase(header->name, STR("Proxy")))
            continue;
        struct str name = variable_of_header(facts->arena, header->name);
        struct http_header *there = find(out, first, name);
        if (there)
            there->value = STR_JOIN(facts->arena, there->value, STR(", "), header->value);
        else
            add(out, name, header->value);
    }
    if (facts->tx && facts->length.len > 0 && !find(out, first, STR("HTTP_CONTENT_LENGTH")))
        add(out, STR("HTTP_CONTENT_LENGTH"), facts->length);
    /* what was configured under the same names goes */
    for (uint32_t i = 0, n = out->n; i < first; i++) {
        struct http_header *later = NULL;
        if (str_has_prefix(out->at[i].name, STR("HTTP_")))
            later = find(out, first, out->at[i].name);
        if (!later)
            continue;
        out->at[i].value = later->value;
        *later = out->at[--n];
        out->n = n;
    }
}

static struct http_headers variables_of(const struct cgi_facts *facts)
{
    uint32_t cap = OWN_VARIABLES + facts->fastcgi->variables.n + facts->headers->n;
    struct http_headers out = {
        .arena = facts->arena,
        .at = arena_alloc(facts->arena, cap * sizeof(struct http_header)),
        .cap = cap,
    };
    add_client(facts, &out);
    add_server(facts, &out);
    add_request(facts, &out);
    add_paths(facts, &out);
    add_configured(facts, &out);
    add_headers(facts, &out);
    return out;
}

/* --- of requests --- */

static struct str local_ip(struct transaction *tx)
{
    struct address local = http_connection_local(tx->request->connection);
    char text[ADDRESS_TEXT_BYTES];
    if (local.family != AF_INET && local.family != AF_INET6)
        return STR("");
    struct str ip = str_make(text, address_host(&local, true, text));
    /* Go: an address with a zone is none */
    return str_index(ip, '%') >= 0 ? STR("") : str_dup(tx->arena, ip);
}

/* As Apache's mod_ssl names it. */
static struct str tls_version(struct transaction *tx)
{
    struct tls_info info;
    if (!tls_info(http_connection_stream(tx->request->connection), &info))
        return STR("");
    return info.version == 0x0304   ? STR("TLSv1.3")
           : info.version == 0x0303 ? STR("TLSv1.2")
                                    : STR("");
}

static struct str value_of(struct transaction *tx, enum dt_part_kind kind)
{
    struct dt_part part = {.kind = kind};
    struct str value = {0};
    template_value(tx, &part, &value);
    return value;
}

struct str cgi_content_length(struct proxying *proxying)
{
    /* Caddy: a body that is left out is still told of */
    if (proxying->drops_body)
        return headers_get(&proxying->tx->headers, HEADER_CONTENT_LENGTH);
    return text_int(proxying->tx->arena, proxying->content_length);
}

bool cgi_variables(struct proxying *proxying, struct http_headers *out, struct str *problem)
{
    struct transaction *tx = proxying->tx;
    struct cgi_facts facts = {
        .core = tx->core,
        .fastcgi = proxying->fastcgi,
        .tx = tx,
        .arena = tx->arena,
        .method = proxying->method,
        .host = proxying->attempt_host,
        .path = proxying->url.path,
        .query = proxying->url.query,
        .uri = url_request_uri(&tx->original_url, tx->arena),
        .remainder = tx->file.is_set ? tx->file.remainder : STR(""),
        .remote_ip = transaction_peer(tx),
        .remote_port = value_of(tx, DT_PART_REMOTE_PORT),
        .local_ip = local_ip(tx),
        .protocol = value_of(tx, DT_PART_PROTO),
        .user = tx->user,
        .is_tls = http_connection_is_tls(tx->request->connection),
        .headers = &proxying->headers,
        .length = cgi_content_length(proxying),
    };
    if (facts.is_tls) {
        facts.tls_version = tls_version(tx);
        facts.tls_cipher = value_of(tx, DT_PART_TLS_CIPHER_SUITE);
    }
    if (!find_root(&facts, problem))
        return false;
    *out = variables_of(&facts);
    return true;
}

/* --- of health checks --- */

struct http_headers cgi_check_variables(const struct core *core, struct arena *arena,
                                        const struct dt_fastcgi *fastcgi,
                                        const struct cgi_check *check)
{
    struct cgi_facts facts = {
        .core = core,
        .fastcgi = fastcgi,
        .arena = arena,
        .method = check->method,
        .host = check->host,
        .uri = check->target,
        .protocol = STR("HTTP/1.1"),
        .wall_ns = check->wall_ns,
        .headers = check->headers,
        .length = text_int(arena, check->content_length),
    };
    struct str problem;
    str_cut(check->target, STR("?"), &facts.path, &facts.query);
    facts.root = core->working_directory;
    find_root(&facts, &problem);
    return variables_of(&facts);
}
