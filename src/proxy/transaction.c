/* A request from its first byte of routing to its log line: what handlers read and change. */

#include "proxy/transaction.h"

#include "base/clock.h"
#include "net/tls.h"
#include "proxy/body.h"
#include "proxy/certificates.h"
#include "proxy/forwarded.h"
#include "proxy/log.h"
#include "proxy/login.h"
#include "proxy/match.h"
#include "proxy/metrics.h"
#include "proxy/proxying.h"
#include "proxy/response.h"
#include "proxy/router.h"
#include "proxy/seen_host.h"
#include "proxy/send_file.h"
#include "proxy/text.h"
#include "proxy/worker.h"

enum { RESPONSE_HEADERS = 16 };

/* --- values --- */

struct str value_text(const struct value *value)
{
    switch (value->kind) {
    case VALUE_STRING:
    case VALUE_NUMBER:
    case VALUE_OTHER:
        return value->text;
    case VALUE_TRUE:
        return STR("true");
    case VALUE_FALSE:
        return STR("false");
    case VALUE_UNSET:
    case VALUE_NULL:
        break;
    }
    return STR("");
}

struct str value_compared(const struct value *value)
{
    return value->compared.ptr ? value->compared : value_text(value);
}

/* Of those that Caddy sets for itself, the rarely read ones. */
static void fill_variable(struct transaction *tx, uint32_t variable, struct value *value)
{
    const struct core *core = tx->core;
    if (variable == core->start_time_variable) {
        struct strbuf text = strbuf_in(tx->arena);
        int64_t started_ns = tx->request->started_ns, now_ns = loop_now_ns(tx->worker->loop);
        text_add_time(&text, loop_wall_ns(tx->worker->loop) - (now_ns - started_ns),
                      started_ns - core->started_ns);
        *value = (struct value){VALUE_STRING, strbuf_str(&text), {0}};
    } else if (variable == core->uuid_variable && tx->uuid.len > 0) {
        *value = (struct value){VALUE_STRING, tx->uuid, {0}};
    }
}

struct value *transaction_variable(struct transaction *tx, uint32_t variable)
{
    if (!tx->vars)
        tx->vars = arena_array(tx->arena, struct value, tx->tables->n_variables);
    struct value *value = &tx->vars[variable];
    if (value->kind == VALUE_UNSET && variable == DT_VARIABLE_CLIENT_IP)
        *value = (struct value){VALUE_STRING, transaction_client_ip(tx), {0}};
    if (value->kind == VALUE_UNSET && variable == DT_VARIABLE_TRUSTED_PROXY) {
        transaction_client_ip(tx);
        value->kind = tx->is_from_trusted_proxy ? VALUE_TRUE : VALUE_FALSE;
    }
    if (value->kind == VALUE_UNSET)
        fill_variable(tx, variable, value);
    return value;
}

/* Most peers speak IPv4, and every proxied request needs this text. */
static size_t ip4_text(const struct in_addr *ip, char *out)
{
    const uint8_t *bytes = (const uint8_t *)ip;
    size_t n = 0;
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            out[n++] = '.';
        if (bytes[i] >= 100)
            out[n++] = (char)('0' + bytes[i] / 100);
        if (bytes[i] >= 10)
            out[n++] = (char)('0' + bytes[i] / 10 % 10);
        out[n++] = (char)('0' + bytes[i] % 10);
    }
    return n;
}

struct str transaction_peer(struct transaction *tx)
{
    const struct address *peer = http_connection_peer(tx->request->connection);
    if (tx->peer_text.len > 0)
        return tx->peer_text;
    if (tx->forwarded && peer->family == AF_INET) { /* an upstream was told it */
        tx->peer_text = forwarded_address(tx->forwarded);
        return tx->peer_text;
    }
    char *text = arena_alloc(tx->arena, ADDRESS_TEXT_BYTES);
    size_t n = peer->family == AF_INET ? ip4_text(&peer->in.sin_addr, text)
                                       : address_host(peer, true, text);
    tx->peer_text = str_make(text, n);
    return tx->peer_text;
}

/* Looks at the host, where it is another one than before. */
static void look_at_host(struct transaction *tx)
{
    if (tx->host_named.ptr == tx->host.ptr && tx->host_named.len == tx->host.len)
        return;
    const struct seen_host *seen = seen_host_find(tx->worker, tx->server, tx->host);
    tx->host_named = tx->host;
    tx->host_name = str_slice(tx->host, seen->name_at, seen->name_at + seen->name_len);
    tx->host_routes = seen->routes;
    tx->host_fits = seen->fits;
}

struct str transaction_host_name(struct transaction *tx)
{
    look_at_host(tx);
    return tx->host_name;
}

struct dt_range transaction_host_routes(struct transaction *tx)
{
    look_at_host(tx);
    return tx->host_routes;
}

void transaction_host_fits(struct transaction *tx, const struct dt_matcher *matcher)
{
    if (tx->host_fits)
        return;
    tx->host_fits = matcher;
    seen_host_find(tx->worker, tx->server, tx->host)->fits = matcher;
}

struct str transaction_uri(struct transaction *tx)
{
    if (tx->uri.len == 0)
        tx->uri = url_request_uri(&tx->url, tx->arena);
    return tx->uri;
}

int64_t transaction_elapsed_ns(const struct transaction *tx)
{
    return clock_monotonic_ns() - tx->request->started_ns;
}

struct http_headers *transaction_own_headers(struct transaction *tx)
{
    if (!tx->owns_headers)
        tx->headers = headers_copy(tx->arena, &tx->headers, 8);
    tx->owns_headers = true;
    return &tx->headers;
}

/* --- the client's address --- */

/* Reads one element of a list of addresses: port and zone are cut off. */
static bool listed_address(struct str text, struct address *out)
{
    struct str host, port, before, zone;
    url_split_host_port(text, &host, &port);
    host = str_trim(host);
    str_cut(host, STR("%"), &before, &zone);
    return address_parse(before, out);
}

/* The first address of the list, or from its end the first that is not trusted. */
static bool client_in_list(struct transaction *tx, struct str list, struct address *out)
{
    const struct dt_server *server = tx->server;
    struct address listed;
    struct str part;
    if (!server->is_trusted_proxies_strict) {
        for (bool more = true; more;) {
            more = str_cut(list, STR(","), &part, &list);
            if (!listed_address(part, &listed))
                continue;
            *out = listed;
            return true;
        }
        return false;
    }
    for (;;) {
        ptrdiff_t comma = str_last_index(list, ',');
        part = str_slice(list, (size_t)(comma + 1), list.len);
        if (listed_address(part, &listed) &&
            !match_address(tx->tables, server->trusted_proxies, &listed, (struct str){0})) {
            *out = listed;
            return true;
        }
        if (comma < 0)
            return false;
        list = str_slice(list, 0, (size_t)comma);
    }
}

static void find_client_ip(struct transaction *tx)
{
    const struct address *peer = http_connection_peer(tx->request->connection);
    const struct dt_server *server = tx->server;
    char text[ADDRESS_TEXT_BYTES];
    struct address client = *peer;
    struct str list;
    bool is_unix = peer->family == AF_UNIX;
    tx->has_client_ip = true;
    /* not known: a PROXY header told of a unix socket, which Caddy does not trust either */
    if (peer->family == AF_UNSPEC || (is_unix && !server->is_trusted_proxies_unix))
        return;
    if (!is_unix && server->trusted_proxies.n == 0) {
        tx->client_ip = transaction_peer(tx);
        if (peer->family == AF_INET6)
            str_cut(tx->client_ip, STR("%"), &tx->client_ip, &list);
        return;
    }
    tx->is_from_trusted_proxy =
        is_unix || match_address(tx->tables, server->trusted_proxies, peer, (struct str){0});
    for (uint32_t i = 0; tx->is_from_trusted_proxy && i < server->client_ip_headers.n; i++) {
        uint32_t name = tx->tables->numbers[server->client_ip_headers.first + i].value;
        if (field_join(tx->core, &tx->request->headers, name, STR(","), &list) &&
            client_in_list(tx, list, &client))
            break;
    }
    tx->client_ip = str_dup(tx->arena, str_make(text, address_host(&client, false, text)));
}

struct str transaction_client_ip(struct transaction *tx)
{
    if (!tx->has_client_ip)
        find_client_ip(tx);
    return tx->client_ip;
}

/* --- answers --- */

enum step transaction_fail(struct transaction *tx, unsigned status, struct str message)
{
    tx->failure = (struct failure){
        .is_set = true,
        .status = status,
        .message = message,
        .id = message.ptr ? text_random_id(tx->arena, 9) : (struct str){0},
    };
    return STEP_FAILED;
}

enum step transaction_fail_bare(struct transaction *tx, struct str message)
{
    tx->failure =
        (struct failure){.is_set = true, .is_bare = true, .status = 500, .message = message};
    return STEP_FAILED;
}

void transaction_reply(struct transaction *tx, unsigned status, struct str body)
{
    struct http_head head = {
        .status = status >= 200 && status <= 999 ? status : 500,
        .headers = tx->response,
        .content_length = (int64_t)body.len,
    };
    if ((body.len == 0 && str_eq(tx->request->method, STR("HEAD"))) ||
        http_status_has_no_body(head.status))
        head.content_length = HTTP_LENGTH_UNKNOWN; /* as Go: nothing is said of what is not known */
    if (str_eq(tx->request->method, STR("HEAD")))
        tx->unsent_bytes = body.len;
    response_start(tx, &head, body);
    response_data(tx, body);
    response_end(tx, NULL);
}

void transaction_resume(struct transaction *tx, enum step step)
{
    router_run(tx, step);
}

/* --- names with '_' and '.' --- */

/* A name as the allow lists have it: <text> or a prefix "x*" of it. */
static bool listed_name(struct transaction *tx, struct dt_range list, struct str name,
                        bool only_exact)
{
    for (uint32_t i = 0; i < list.n; i++) {
        struct str entry = table_text(tx->tables, tx->tables->texts[list.first + i]);
        bool is_prefix = entry.len > 0 && entry.ptr[entry.len - 1] == '*';
        if (is_prefix)
            entry.len--;
        if (is_prefix && !only_exact && name.len >= entry.len &&
            str_eq_nocase(str_slice(name, 0, entry.len), entry))
            return true;
        if (!is_prefix && str_eq_nocase(name, entry))
            return true;
    }
    return false;
}

/* The hyphenated twin of an expected name, which could pass for it further up. */
static bool is_twin(struct transaction *tx, struct dt_range list, char separator, struct str name)
{
    for (uint32_t i = 0; i < list.n; i++) {
        struct str entry = table_text(tx->tables, tx->tables->texts[list.first + i]);
        bool is_prefix = entry.len > 0 && entry.ptr[entry.len - 1] == '*';
        entry.len -= is_prefix;
        char *twin = arena_strndup(tx->arena, entry.ptr, entry.len);
        for (size_t k = 0; k < entry.len; k++)
            if (twin[k] == separator)
                twin[k] = '-';
        struct str part = is_prefix ? str_slice(name, 0, entry.len) : name;
        if (str_eq_nocase(part, str_make(twin, entry.len)))
            return true;
    }
    return false;
}

static bool keeps_name(struct transaction *tx, struct str name)
{
    struct dt_range underscores = tx->server->underscore_headers, dots = tx->server->dot_headers;
    bool has_underscore = str_index(name, '_') >= 0, has_dot = str_index(name, '.') >= 0;
    bool is_listed = true;
    if (has_underscore && has_dot)
        is_listed = listed_name(tx, underscores, name, true) || listed_name(tx, dots, name, true);
    else if (has_underscore)
        is_listed = listed_name(tx, underscores, name, false);
    else if (has_dot)
        is_listed = listed_name(tx, dots, name, false);
    else
        return !is_twin(tx, underscores, '_', name) && !is_twin(tx, dots, '.', name);
    unsigned n = 0;
    for (uint32_t i = 0; is_listed && i < tx->request->headers.n; i++)
        n += str_eq_nocase(tx->request->headers.at[i].name, name);
    return is_listed && n == 1;
}

static void drop_aliases(struct transaction *tx)
{
    struct http_headers *headers = transaction_own_headers(tx);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < headers->n; i++)
        if (keeps_name(tx, headers->at[i].name))
            headers->at[kept++] = headers->at[i];
    headers->n = kept;
}

/* --- the name of the handshake and the host of the request --- */

/* Caddy: lest a client shows its certificate to one site, or none, and then asks another. */
static enum step check_strict_sni(struct transaction *tx)
{
    struct tls_info info;
    struct str host, port;
    if (!tls_info(http_connection_stream(tx->request->connection), &info))
        return STEP_NEXT;
    if (!url_split_host_port(tx->host, &host, &port))
        host = tx->host;
    if (str_eq_nocase(info.server_name, host))
        return STEP_NEXT;
    return transaction_fail(tx, 421,
                            str_printf(tx->arena,
                                       "strict host matching: TLS ServerName (" STR_FMT
                                       ") and HTTP Host (" STR_FMT ") values differ",
                                       STR_ARG(info.server_name), STR_ARG(host)));
}

/* --- the whole --- */

static void on_body(struct http_request *request, struct str data)
{
    struct transaction *tx = request->app;
    if (tx->is_reading_body)
        body_take(tx, data);
    else
        proxying_upload(tx->proxying, data);
}

static void on_body_end(struct http_request *request)
{
    struct transaction *tx = request->app;
    if (tx->is_reading_body)
        body_end(tx);
    else
        proxying_upload_end(tx->proxying);
}

static void on_body_failed(struct http_request *request, enum http_body_failure reason)
{
    struct transaction *tx = request->app;
    if (tx->is_reading_body)
        body_end(tx); /* Caddy: what came of it counts */
    else
        proxying_upload_failed(tx->proxying, reason);
}

static void on_drained(struct http_request *request)
{
    struct transaction *tx = request->app;
    if (tx->sending)
        send_file_drained(tx);
    else if (tx->proxying)
        proxying_client_drained(tx->proxying);
}

static void on_done(struct http_request *request, enum http_end end)
{
    struct transaction *tx = request->app;
    for (struct proxying *run = tx->proxying; run; run = run->earlier)
        proxying_cancel(run);
    if (tx->login)
        login_cancel(tx->login);
    if (tx->sending)
        send_file_cancel(tx);
    if (tx->encoding)
        response_cancel(tx);
    if (end == HTTP_END_CLIENT_GONE && !http_reply_started(request))
        tx->log_status = 499;
    if (tx->spans && end == HTTP_END_ABORTED)
        metrics_forget(tx);
    else if (tx->spans)
        metrics_leave(tx, NULL, tx->log_status, tx->log_status != 0);
    if (tx->in_error_routes && !tx->failed_twice)
        log_failure(tx, LOG_FAILURE_HANDLED);
    if (tx->server->has_access_log)
        log_access(tx);
    if (tx->forwarded)
        forwarded_release(tx->forwarded);
}

static const struct http_request_events request_events = {
    .body = on_body,
    .body_end = on_body_end,
    .body_failed = on_body_failed,
    .drained = on_drained,
    .done = on_done,
};

/* The target as it came, where Go would write it so; else empty. */
static struct str target_as_it_came(const struct http_request *request, const struct url *url)
{
    struct str target = request->target;
    size_t query_bytes = request->has_query ? 1 + request->query.len : 0;
    bool is_so = url->is_plain && url->path.len > 0 && url->path.ptr == target.ptr &&
                 url->path.len + query_bytes == target.len;
    return is_so ? target : (struct str){0};
}

static void refuse_target(struct http_request *request)
{
    struct http_head head = {.status = 400, .headers = {.arena = request->arena}};
    struct str text = STR("400 Bad Request: malformed URL");
    headers_add(&head.headers, HEADER_CONTENT_TYPE, STR("text/plain; charset=utf-8"));
    head.content_length = (int64_t)text.len;
    request->close = true;
    http_reply(request, &head, text);
}

void transaction_start(struct worker *worker, const struct dt_server *server,
                       struct http_request *request)
{
    if (worker->core->certificates && certificates_answer(worker->core, request))
        return;
    struct transaction *tx = arena_alloc(request->arena, sizeof(*tx));
    bytes_clear(&tx->frame, sizeof(*tx) - offsetof(struct transaction, frame));
    tx->request = request;
    tx->worker = worker;
    tx->core = worker->core;
    tx->tables = tx->core->tables;
    tx->server = server;
    tx->arena = request->arena;
    tx->method = tx->original_method = request->method;
    tx->host = request->host;
    tx->headers = request->headers;
    if (!url_read(&tx->url, request->path, request->query, request->has_query, tx->arena)) {
        refuse_target(request);
        return;
    }
    tx->original_url = tx->url;
    tx->uri = target_as_it_came(request, &tx->url);
    request->app = tx;
    request->events = &request_events;
    tx->response = (struct http_headers){
        .arena = tx->arena,
        .at = arena_alloc(tx->arena, RESPONSE_HEADERS * sizeof(struct http_header)),
        .cap = RESPONSE_HEADERS,
    };
    headers_add(&tx->response, HEADER_SERVER, STR("Caddy"));
    router_start(tx);

    enum step step = STEP_NEXT;
    if (tx->method.len > MAX_METHOD) {
        log_long_method(tx);
        step = transaction_fail(tx, 405, (struct str){0});
    } else if (request->version == HTTP_1_1 && tx->host.len == 0)
        step = transaction_fail(tx, 400, STR("a Host must not be empty (RFC 9112)"));
    else if (server->underscore_headers.n > 0 || server->dot_headers.n > 0)
        drop_aliases(tx);
    if (step == STEP_NEXT && server->is_strict_sni_host &&
        http_connection_is_tls(request->connection))
        step = check_strict_sni(tx);
    router_run(tx, step);
}
