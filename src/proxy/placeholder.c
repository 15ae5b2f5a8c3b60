/* Placeholders at run time: what each stands for. */

#include "proxy/template.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/number.h"
#include "base/parse.h"
#include "http/date.h"
#include "net/loop.h"
#include "proxy/body.h"
#include "proxy/handlers.h"
#include "proxy/log.h"
#include "proxy/proxying.h"
#include "proxy/regexp.h"
#include "proxy/response.h"
#include "proxy/surroundings.h"
#include "proxy/text.h"
#include "proxy/tls_value.h"
#include "proxy/worker.h"

/* --- pieces of paths, hosts and queries --- */

/* Behind the last '/'. */
static struct str file_of(struct str path)
{
    return str_slice(path, (size_t)(str_last_index(path, '/') + 1), path.len);
}

static struct str dir_of(struct str path)
{
    return str_slice(path, 0, (size_t)(str_last_index(path, '/') + 1));
}

/* With its dot. */
static struct str extension_of(struct str path)
{
    struct str file = file_of(path);
    ptrdiff_t dot = str_last_index(file, '.');
    return dot < 0 ? STR("") : str_slice(file, (size_t)dot, file.len);
}

/* Go's path.Base without the extension. */
static struct str base_of(struct str path)
{
    struct str rest = path;
    while (rest.len > 0 && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    if (rest.len == 0)
        return path.len ? STR("/") : STR(".");
    return str_trim_suffix(file_of(rest), extension_of(path));
}

static struct str segment_of(struct str path, uint32_t index)
{
    struct str segment, rest = str_trim_prefix(path, STR("/"));
    for (uint32_t i = 0;; i++) {
        bool more = str_cut(rest, STR("/"), &segment, &rest);
        if (i == index)
            return segment;
        if (!more)
            return STR("");
    }
}

static struct str label_of(struct transaction *tx, uint32_t index)
{
    struct str host, port;
    url_split_host_port(tx->host, &host, &port);
    for (;; index--) {
        ptrdiff_t dot = str_last_index(host, '.');
        if (index == 0)
            return str_lower(tx->arena, str_slice(host, (size_t)(dot + 1), host.len));
        if (dot < 0)
            return STR("");
        host = str_slice(host, 0, (size_t)dot);
    }
}

static struct str query_value(struct transaction *tx, struct str wanted)
{
    struct str rest = tx->url.query, key, value, first = {0};
    struct strbuf joined = strbuf_in(tx->arena);
    unsigned n = 0;
    bool bad = false;
    while (url_query_next(&rest, tx->arena, &key, &value, &bad)) {
        if (!str_eq(key, wanted))
            continue;
        if (n++ == 0) {
            first = value;
            continue;
        }
        if (n == 2)
            strbuf_add(&joined, first);
        strbuf_add_char(&joined, ',');
        strbuf_add(&joined, value);
    }
    return n > 1 ? strbuf_str(&joined) : first;
}

static struct str prefixed_query(struct transaction *tx, struct str query)
{
    if (query.len == 0)
        return query;
    return str_printf(tx->arena, "?" STR_FMT, STR_ARG(query));
}

struct str template_cookie(struct transaction *tx, struct str wanted)
{
    for (uint32_t i = 0; i < tx->headers.n; i++) {
        struct str rest = tx->headers.at[i].value, pair, name, value;
        if (tx->headers.at[i].id != HEADER_COOKIE)
            continue;
        while (rest.len > 0) {
            str_cut(rest, STR(";"), &pair, &rest);
            pair = str_trim(pair);
            if (!str_cut(pair, STR("="), &name, &value) && pair.len == 0)
                continue;
            if (!str_eq_nocase(str_trim(name), wanted))
                continue;
            if (value.len > 1 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
                value = str_slice(value, 1, value.len - 1);
            return value;
        }
    }
    return STR("");
}

/* --- addresses --- */

static struct str address_string(struct transaction *tx, const struct address *address,
                                 bool with_port)
{
    char text[ADDRESS_TEXT_BYTES];
    size_t n = with_port ? address_text(address, text) : address_host(address, true, text);
    return str_dup(tx->arena, str_make(text, n));
}

static struct str port_string(struct transaction *tx, const struct address *address)
{
    if (address->family != AF_INET && address->family != AF_INET6)
        return STR("");
    return text_int(tx->arena, address_port(address));
}

static struct str local_value(struct transaction *tx, enum dt_part_kind kind)
{
    struct http_connection *connection = tx->request->connection;
    struct address local = http_connection_local(connection);
    const struct dt_listener *listener = &tx->tables->listeners[http_connection_tag(connection)];
    if (local.family == AF_UNIX && listener->network == DT_NETWORK_UNIX &&
        kind != DT_PART_LOCAL_PORT)
        return table_text(tx->tables, listener->host);
    return kind == DT_PART_LOCAL_PORT ? port_string(tx, &local)
                                      : address_string(tx, &local, kind == DT_PART_LOCAL);
}

/* The network of the peer: <bits> is "24", or "24,64" for both families. */
static struct str masked_peer(struct transaction *tx, struct str bits)
{
    const struct address *peer = http_connection_peer(tx->request->connection);
    struct str for_ip4, for_ip6;
    char text[INET6_ADDRSTRLEN];
    uint8_t ip[16] = {0};
    int64_t n;
    bool is_ip6 = peer->family == AF_INET6;
    if (peer->family != AF_INET && !is_ip6)
        return transaction_peer(tx);
    bool both = str_cut(bits, STR(","), &for_ip4, &for_ip6);
    int width = is_ip6 ? 128 : 32;
    if (parse_go_int(is_ip6 && both ? for_ip6 : for_ip4, &n) != PARSE_OK || n < 0 || n > width)
        return STR("");
    memcpy(ip, is_ip6 ? (const void *)&peer->in6.sin6_addr : (const void *)&peer->in.sin_addr,
           is_ip6 ? 16 : 4);
    for (int bit = (int)n; bit < width; bit++)
        ip[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    inet_ntop(is_ip6 ? AF_INET6 : AF_INET, ip, text, sizeof(text));
    return str_printf(tx->arena, "%s/%d", text, (int)n);
}

/* --- times --- */

static struct str milliseconds(struct transaction *tx, int64_t ns)
{
    struct strbuf out = strbuf_in(tx->arena);
    number_add_plain(&out, (double)ns / 1e9 * 1e3);
    return strbuf_str(&out);
}

/* The loop's clock stands still for a round. */
static int64_t since(const struct transaction *tx, int64_t started_ns)
{
    return transaction_elapsed_ns(tx) + tx->request->started_ns - started_ns;
}

/* --- files, failures and upstreams --- */

static struct str file_value(struct transaction *tx, enum dt_part_kind kind)
{
    switch ((unsigned)kind) {
    case DT_PART_FILE_ESCAPED:
        return url_escape(tx->file.relative, URL_PATH, tx->arena);
    case DT_PART_FILE_RELATIVE:
        return tx->file.relative;
    case DT_PART_FILE_ABSOLUTE:
        return tx->file.absolute;
    case DT_PART_FILE_TYPE:
        return tx->file.is_directory ? STR("directory") : STR("file");
    default:
        return tx->file.remainder;
    }
}

struct str failure_text(struct transaction *tx, const struct failure *failure)
{
    struct strbuf out = strbuf_in(tx->arena);
    if (failure->is_bare)
        return failure->message;
    if (failure->id.len > 0)
        strbuf_printf(&out, "{id=" STR_FMT "}", STR_ARG(failure->id));
    strbuf_printf(&out, ": HTTP %u", failure->status);
    if (failure->message.ptr)
        strbuf_printf(&out, ": " STR_FMT, STR_ARG(failure->message));
    return str_trim(strbuf_str(&out));
}

static struct str failure_value(struct transaction *tx, enum dt_part_kind kind)
{
    const struct failure *failure = &tx->failure;
    switch ((unsigned)kind) {
    case DT_PART_ERROR:
        return failure_text(tx, failure);
    case DT_PART_ERROR_STATUS_CODE:
        return text_int(tx->arena, failure->status);
    case DT_PART_ERROR_STATUS_TEXT:
        return http_status_text(failure->status);
    case DT_PART_ERROR_MESSAGE:
        return failure->message.ptr ? failure->message : http_status_text(failure->status);
    case DT_PART_ERROR_TRACE: /* a place in Caddy's own source; there is none here */
        return STR("");
    default:
        return failure->id;
    }
}

/* What intercept held back. */
static bool interception_value(struct transaction *tx, const struct dt_part *part, struct str *out)
{
    const struct http_head *head = response_intercepted(tx);
    if (!head)
        return false;
    if (part->kind == DT_PART_INTERCEPT_HEADER)
        return field_join(tx->core, &head->headers, part->number, STR(","), out);
    *out = text_int(tx->arena, head->status);
    return true;
}

static bool is_over(const struct transaction *tx, const struct proxying *run)
{
    return tx->failure.is_set || (run->has_ended && tx->handled != run);
}

/* What a run of reverse_proxy has found out; false for what it does not know (yet). */
static bool value_of_run(struct transaction *tx, const struct proxying *proxying,
                         const struct dt_part *part, struct str *out)
{
    static const struct destination nowhere;
    bool is_chosen = proxying->destination != NULL;
    const struct destination *to = is_chosen ? proxying->destination : &nowhere;
    const struct http_head *head = &proxying->exchange.head;
    switch (part->kind) {
    case DT_PART_UPSTREAM_ADDRESS:
        *out = to->address;
        return is_chosen;
    case DT_PART_UPSTREAM_HOSTPORT:
        *out = to->hostport;
        return is_chosen;
    case DT_PART_UPSTREAM_HOST:
        *out = to->host;
        return is_chosen;
    case DT_PART_UPSTREAM_PORT:
        *out = text_int(tx->arena, to->port);
        return is_chosen;
    case DT_PART_UPSTREAM_REQUESTS:
        *out = text_int(tx->arena, proxying->load.requests);
        return is_chosen;
    case DT_PART_UPSTREAM_MAX_REQUESTS:
        *out = text_int(tx->arena, proxying->load.max_requests);
        return is_chosen;
    case DT_PART_UPSTREAM_FAILS:
        *out = text_int(tx->arena, proxying->load.fails);
        return is_chosen;
    case DT_PART_UPSTREAM_LATENCY:
        *out = text_duration(tx->arena, proxying->latency_ns);
        return proxying->latency_ns > 0;
    case DT_PART_UPSTREAM_LATENCY_MS:
        *out = milliseconds(tx, proxying->latency_ns);
        return proxying->latency_ns > 0;
    case DT_PART_UPSTREAM_DURATION:
        *out = text_duration(tx->arena, proxying->duration_ns);
        return proxying->duration_ns > 0 && !proxying->is_held;
    case DT_PART_UPSTREAM_DURATION_MS:
        *out = milliseconds(tx, proxying->duration_ns);
        return proxying->duration_ns > 0 && !proxying->is_held;
    case DT_PART_PROXY_DURATION:
        *out = text_duration(tx->arena, since(tx, proxying->started_ns));
        return is_over(tx, proxying);
    case DT_PART_PROXY_DURATION_MS:
        *out = milliseconds(tx, since(tx, proxying->started_ns));
        return is_over(tx, proxying);
    case DT_PART_PROXY_RETRIES:
        *out = text_int(tx->arena, proxying->retries);
        return proxying->retries > 0 || proxying->is_over;
    case DT_PART_PROXY_STATUS_CODE:
        *out = text_int(tx->arena, head->status);
        return proxying->has_head;
    case DT_PART_PROXY_STATUS_TEXT:
        *out = head->reason; /* of a script, as it says it */
        if (!proxying->fastcgi)
            *out = str_printf(tx->arena, "%u%s" STR_FMT, head->status,
                              proxying->exchange.reason.len ? " " : "",
                              STR_ARG(proxying->exchange.reason));
        return proxying->has_head;
    case DT_PART_PROXY_TRANSPORT_ERROR:
        *out = STR("true");
        return proxying->is_transport_error;
    default: /* DT_PART_PROXY_HEADER */
        return proxying->has_head &&
               field_join(tx->core, &head->headers, part->number, STR(","), out);
    }
}

/* The last run tells, or one before it. */
static bool proxy_value(struct transaction *tx, const struct dt_part *part, struct str *out)
{
    for (const struct proxying *run = tx->proxying; run; run = run->earlier)
        if (value_of_run(tx, run, part, out))
            return true;
    return false;
}

/* --- all of them --- */

static struct str header_value(struct transaction *tx, const struct http_headers *headers,
                               uint32_t name)
{
    struct str value = {0};
    if (headers == &tx->headers && tx->core->header_ids[name] == HEADER_HOST)
        return value; /* Go keeps it apart from the header */
    field_join(tx->core, headers, name, STR(","), &value);
    return value;
}

static struct str host_of(struct transaction *tx)
{
    struct str host, port;
    url_split_host_port(tx->host, &host, &port);
    return host;
}

/* Go shows a number without leading zeros and the text as it is otherwise. */
static struct str port_of(struct transaction *tx)
{
    struct str host, port;
    int64_t number;
    url_split_host_port(tx->host, &host, &port);
    return parse_go_int(port, &number) == PARSE_OK ? text_int(tx->arena, number) : port;
}

static struct str version_text(enum http_version version)
{
    static const struct str names[N_HTTP_VERSIONS] = {
        [HTTP_1_0] = STR_INIT("HTTP/1.0"),
        [HTTP_1_1] = STR_INIT("HTTP/1.1"),
        [HTTP_2] = STR_INIT("HTTP/2.0"),
        [HTTP_3] = STR_INIT("HTTP/3.0"),
    };
    return names[version];
}

bool template_value(struct transaction *tx, const struct dt_part *part, struct str *out)
{
    struct http_request *request = tx->request;
    struct http_connection *connection = request->connection;
    switch ((enum dt_part_kind)part->kind) {
    case DT_PART_LITERAL:
        *out = table_text(tx->tables, part->text);
        return true;
    case DT_PART_PATH_RAW:
        *out = url_escaped_path(&tx->url, tx->arena);
        return true;
    case DT_PART_METHOD:
        *out = tx->method;
        return true;
    case DT_PART_SCHEME:
        *out = http_connection_is_tls(connection) ? STR("https") : STR("http");
        return true;
    case DT_PART_PROTO:
        *out = version_text(request->version);
        return true;
    case DT_PART_PROTO_NAME:
        *out = request->version == HTTP_2   ? STR("HTTP/2")
               : request->version == HTTP_3 ? STR("HTTP/3")
                                            : version_text(request->version);
        return true;
    case DT_PART_HOST:
        *out = host_of(tx);
        return true;
    case DT_PART_PORT:
        *out = port_of(tx);
        return true;
    case DT_PART_HOSTPORT:
        *out = tx->host;
        return true;
    case DT_PART_LOCAL:
    case DT_PART_LOCAL_HOST:
    case DT_PART_LOCAL_PORT:
        *out = local_value(tx, part->kind);
        return true;
    case DT_PART_REMOTE:
        *out = address_string(tx, http_connection_peer(connection), true);
        return true;
    case DT_PART_REMOTE_HOST:
        *out = transaction_peer(tx);
        return true;
    case DT_PART_REMOTE_PORT:
        *out = port_string(tx, http_connection_peer(connection));
        return true;
    case DT_PART_REMOTE_MASKED:
        *out = masked_peer(tx, table_text(tx->tables, part->text));
        return true;
    case DT_PART_URI:
        *out = transaction_uri(tx);
        return true;
    case DT_PART_URI_ESCAPED:
        *out = url_escape(transaction_uri(tx), URL_QUERY, tx->arena);
        return true;
    case DT_PART_PATH:
        *out = tx->url.path;
        return true;
    case DT_PART_PATH_ESCAPED:
        *out = url_escape(tx->url.path, URL_QUERY, tx->arena);
        return true;
    case DT_PART_PATH_FILE:
        *out = file_of(tx->url.path);
        return true;
    case DT_PART_PATH_DIR:
        *out = dir_of(tx->url.path);
        return true;
    case DT_PART_PATH_FILE_BASE:
        *out = base_of(tx->url.path);
        return true;
    case DT_PART_PATH_FILE_EXT:
        *out = extension_of(tx->url.path);
        return true;
    case DT_PART_PATH_SEGMENT:
        *out = segment_of(tx->url.path, part->number);
        return true;
    case DT_PART_QUERY:
        *out = tx->url.query;
        return true;
    case DT_PART_QUERY_ESCAPED:
        *out = url_escape(tx->url.query, URL_QUERY, tx->arena);
        return true;
    case DT_PART_PREFIXED_QUERY:
        *out = prefixed_query(tx, tx->url.query);
        return true;
    case DT_PART_QUERY_VALUE:
        *out = query_value(tx, table_text(tx->tables, part->text));
        return true;
    case DT_PART_HEADER:
        *out = header_value(tx, &tx->headers, part->number);
        return true;
    case DT_PART_COOKIE:
        *out = template_cookie(tx, table_text(tx->tables, part->text));
        return true;
    case DT_PART_HOST_LABEL:
        *out = label_of(tx, part->number);
        return true;
    case DT_PART_DURATION:
        *out = text_duration(tx->arena, since(tx, request->started_ns));
        return true;
    case DT_PART_DURATION_MS:
        *out = milliseconds(tx, since(tx, request->started_ns));
        return true;
    case DT_PART_BODY:
        *out = body_text(tx);
        return true;
    case DT_PART_BODY_BASE64:
        *out = text_base64(tx->arena, body_text(tx));
        return true;
    case DT_PART_UUID:
        if (tx->uuid.len == 0) {
            tx->uuid = text_uuid(tx->arena);
            log_extra(tx, STR("uuid"), LOG_TEXT_OF(tx->uuid), true);
        }
        *out = tx->uuid;
        return true;
    case DT_PART_ORIG_METHOD:
        *out = tx->original_method;
        return true;
    case DT_PART_ORIG_URI:
        *out = request->target;
        return true;
    case DT_PART_ORIG_PATH:
        *out = tx->original_url.path;
        return true;
    case DT_PART_ORIG_PATH_FILE:
        *out = file_of(tx->original_url.path);
        return true;
    case DT_PART_ORIG_PATH_DIR:
        *out = dir_of(tx->original_url.path);
        return true;
    case DT_PART_ORIG_PATH_SEGMENT:
        *out = segment_of(tx->original_url.path, part->number);
        return true;
    case DT_PART_ORIG_QUERY:
        *out = tx->original_url.query;
        return true;
    case DT_PART_ORIG_PREFIXED_QUERY:
        *out = prefixed_query(tx, tx->original_url.query);
        return true;
    case DT_PART_TLS_VERSION:
    case DT_PART_TLS_CIPHER_SUITE:
    case DT_PART_TLS_RESUMED:
    case DT_PART_TLS_PROTO:
    case DT_PART_TLS_PROTO_MUTUAL:
    case DT_PART_TLS_SERVER_NAME:
    case DT_PART_TLS_ECH:
    case DT_PART_TLS_CLIENT_FINGERPRINT:
    case DT_PART_TLS_CLIENT_PUBLIC_KEY:
    case DT_PART_TLS_CLIENT_PUBLIC_KEY_SHA256:
    case DT_PART_TLS_CLIENT_ISSUER:
    case DT_PART_TLS_CLIENT_SERIAL:
    case DT_PART_TLS_CLIENT_SUBJECT:
    case DT_PART_TLS_CLIENT_PEM:
    case DT_PART_TLS_CLIENT_DER:
    case DT_PART_TLS_CLIENT_DNS_NAMES:
    case DT_PART_TLS_CLIENT_DNS_NAME:
    case DT_PART_TLS_CLIENT_EMAILS:
    case DT_PART_TLS_CLIENT_EMAIL:
    case DT_PART_TLS_CLIENT_IPS:
    case DT_PART_TLS_CLIENT_IP:
    case DT_PART_TLS_CLIENT_URIS:
    case DT_PART_TLS_CLIENT_URI:
        tls_value(tx, part, out);
        return true;
    case DT_PART_RESPONSE_HEADER:
        *out = header_value(tx, &tx->response, part->number);
        return true;
    case DT_PART_VARIABLE:
        *out = value_text(transaction_variable(tx, part->number));
        return true;
    case DT_PART_REGEXP:
        return regexp_value(tx, table_text(tx->tables, part->text), out);
    case DT_PART_URL_PATTERN:
        return regexp_component_value(tx, table_text(tx->tables, part->text), out);
    case DT_PART_MAPPED:
        return map_value(tx, part->number, out);
    case DT_PART_USER_ID:
        *out = tx->user;
        return tx->user.ptr != NULL;
    case DT_PART_INTERCEPT_STATUS:
    case DT_PART_INTERCEPT_HEADER:
        return interception_value(tx, part, out);
    case DT_PART_FILE_ESCAPED:
    case DT_PART_FILE_RELATIVE:
    case DT_PART_FILE_ABSOLUTE:
    case DT_PART_FILE_TYPE:
    case DT_PART_FILE_REMAINDER:
        *out = file_value(tx, part->kind);
        return tx->file.is_set;
    case DT_PART_ERROR:
    case DT_PART_ERROR_STATUS_CODE:
    case DT_PART_ERROR_STATUS_TEXT:
    case DT_PART_ERROR_MESSAGE:
    case DT_PART_ERROR_TRACE:
    case DT_PART_ERROR_ID:
        if (tx->failure.is_bare && part->kind != DT_PART_ERROR)
            return false;
        if (tx->failure.is_set)
            *out = failure_value(tx, part->kind);
        return tx->failure.is_set;
    case DT_PART_UPSTREAM_ADDRESS:
    case DT_PART_UPSTREAM_HOSTPORT:
    case DT_PART_UPSTREAM_HOST:
    case DT_PART_UPSTREAM_PORT:
    case DT_PART_UPSTREAM_REQUESTS:
    case DT_PART_UPSTREAM_MAX_REQUESTS:
    case DT_PART_UPSTREAM_FAILS:
    case DT_PART_UPSTREAM_LATENCY:
    case DT_PART_UPSTREAM_LATENCY_MS:
    case DT_PART_UPSTREAM_DURATION:
    case DT_PART_UPSTREAM_DURATION_MS:
    case DT_PART_PROXY_DURATION:
    case DT_PART_PROXY_DURATION_MS:
    case DT_PART_PROXY_RETRIES:
    case DT_PART_PROXY_STATUS_CODE:
    case DT_PART_PROXY_STATUS_TEXT:
    case DT_PART_PROXY_TRANSPORT_ERROR:
    case DT_PART_PROXY_HEADER:
        return proxy_value(tx, part, out);
    case DT_PART_HEALTH_TARGET:
        *out = tx->health_target;
        return tx->health_target.len > 0;
    case DT_PART_SHUTTING_DOWN:
        *out = atomic_load(&tx->core->shutdown_at_ns) ? STR("true") : STR("false");
        return true;
    case DT_PART_TIME_UNTIL_SHUTDOWN: {
        int64_t at = atomic_load(&tx->core->shutdown_at_ns);
        *out = at ? text_duration(tx->arena, at - loop_wall_ns(tx->worker->loop)) : STR("");
        return true;
    }
    case DT_PART_NOW_HTTP:
        *out = str_make(loop_http_date(tx->worker->loop), HTTP_DATE_BYTES);
        return true;
    case DT_PART_ENV:
    case DT_PART_FILE_CONTENT:
    case DT_PART_HOSTNAME:
    case DT_PART_SLASH:
    case DT_PART_OS:
    case DT_PART_WORKING_DIRECTORY:
    case DT_PART_ARCH:
    case DT_PART_NOW:
    case DT_PART_NOW_COMMON_LOG:
    case DT_PART_NOW_YEAR:
    case DT_PART_NOW_UNIX:
    case DT_PART_NOW_UNIX_MS:
        return surroundings_value(tx->core, tx->arena, part, loop_wall_ns(tx->worker->loop), out);
    case DT_N_PART_KINDS:
        break;
    }
    return false;
}
