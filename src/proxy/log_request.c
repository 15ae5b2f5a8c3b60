/* The lines about requests: what they say, and the logs that take them. */

#include "base/parse.h"
#include "net/loop.h"
#include "net/tls.h"
#include "proxy/handlers.h"
#include "proxy/log.h"
#include "proxy/response.h"
#include "proxy/template.h"
#include "proxy/text.h"
#include "proxy/worker.h"

/* --- headers --- */

/* X-Forwarded-For of any spelling, as Go writes names. */
static struct str canonical_name(struct arena *arena, const struct http_header *header)
{
    bool is_start = true;
    if (header->id != HEADER_OTHER)
        return header_name(header->id);
    char *name = arena_strndup(arena, header->name.ptr, header->name.len);
    for (size_t i = 0; i < header->name.len; i++) {
        if (is_start && name[i] >= 'a' && name[i] <= 'z')
            name[i] = (char)(name[i] - 0x20);
        else if (!is_start && name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] | 0x20);
        is_start = name[i] == '-';
    }
    return str_make(name, header->name.len);
}

static bool is_secret(enum header_id id)
{
    return id == HEADER_COOKIE || id == HEADER_SET_COOKIE || id == HEADER_AUTHORIZATION ||
           id == HEADER_PROXY_AUTHORIZATION;
}

static bool same_name(const struct http_header *a, const struct http_header *b)
{
    return a->id == b->id && (a->id != HEADER_OTHER || str_eq_nocase(a->name, b->name));
}

/* Headers to write, and what is special about their type. */
struct header_list {
    struct transaction *tx;
    const struct http_header *at;
    uint32_t n;
    bool hides_type; /* it was found out, which Caddy's log does not see */
    bool lacks_type; /* a handler has seen to it that there is none: an empty list, for Caddy */
};

static void put_header(const struct log_view *view, const struct header_list *list, uint32_t i)
{
    static const struct str hidden = STR_INIT("REDACTED");
    struct arena *arena = list->tx->arena;
    struct log_value value = {.kind = LOG_TEXTS, .texts = &list->at[i].value, .n_texts = 1};
    uint32_t n = 0, put = 0;
    for (uint32_t k = i; k < list->n; k++)
        n += same_name(&list->at[k], &list->at[i]);
    if (is_secret(list->at[i].id) && !list->tx->server->logs_credentials) {
        value.texts = &hidden;
    } else if (n > 1) {
        struct str *texts = arena_array(arena, struct str, n);
        for (uint32_t k = i; k < list->n; k++)
            if (same_name(&list->at[k], &list->at[i]))
                texts[put++] = list->at[k].value;
        value.texts = texts;
        value.n_texts = n;
    }
    log_put(view, canonical_name(arena, &list->at[i]), value);
}

static void write_headers(const struct log_view *view, const void *ctx)
{
    const struct header_list *list = ctx;
    for (uint32_t i = 0; i < list->n; i++) {
        enum header_id id = list->at[i].id;
        bool is_passed_over = id == HEADER_HOST || id == HEADER_TRANSFER_ENCODING ||
                              (id == HEADER_CONTENT_TYPE && list->hides_type);
        for (uint32_t k = 0; k < i && !is_passed_over; k++)
            is_passed_over = same_name(&list->at[k], &list->at[i]);
        if (!is_passed_over)
            put_header(view, list, i);
    }
    if (list->lacks_type)
        log_put(view, STR("Content-Type"), (struct log_value){.kind = LOG_TEXTS});
}

static void write_request_headers(const struct log_view *view, const void *ctx)
{
    const struct log_request *as = ctx;
    const struct http_request *request = as->tx->request;
    const struct header_list kept = {.tx = as->tx, .at = as->headers->at, .n = as->headers->n};
    const struct header_list dropped = {
        .tx = as->tx, .at = request->dropped_headers, .n = request->n_dropped_headers};
    write_headers(view, &kept);
    if (as->headers == &request->headers)
        write_headers(view, &dropped);
}

static void write_alone(const struct log_view *view, const void *ctx)
{
    const struct log_headers *given = ctx;
    const struct header_list list = {
        .tx = given->tx, .at = given->headers->at, .n = given->headers->n};
    write_headers(view, &list);
}

struct log_value log_headers_value(const struct log_headers *headers)
{
    return LOG_OBJECT_OF(write_alone, headers);
}

/* --- requests --- */

static void write_tls(const struct log_view *view, const void *ctx)
{
    struct transaction *tx = ((const struct log_request *)ctx)->tx;
    const struct stream *stream = http_connection_stream(tx->request->connection);
    struct str common_name, serial;
    struct tls_info info;
    if (!tls_info(stream, &info))
        return;
    log_put(view, STR("resumed"), LOG_BOOL_OF(info.resumed));
    log_put(view, STR("version"), LOG_INT_OF(info.version));
    log_put(view, STR("cipher_suite"), LOG_INT_OF(info.cipher));
    log_put(view, STR("proto"), LOG_TEXT_OF(info.alpn));
    log_put(view, STR("server_name"), LOG_TEXT_OF(info.server_name));
    log_put(view, STR("ech"), LOG_BOOL_OF(false));
    if (!tls_peer_names(stream, tx->arena, &common_name, &serial))
        return;
    log_put(view, STR("client_common_name"), LOG_TEXT_OF(common_name));
    log_put(view, STR("client_serial"), LOG_TEXT_OF(serial));
}

static void write_request(const struct log_view *view, const void *ctx)
{
    static const struct str versions[N_HTTP_VERSIONS] = {
        [HTTP_1_0] = STR_INIT("HTTP/1.0"),
        [HTTP_1_1] = STR_INIT("HTTP/1.1"),
        [HTTP_2] = STR_INIT("HTTP/2.0"),
        [HTTP_3] = STR_INIT("HTTP/3.0"),
    };
    static const struct str chunked = STR_INIT("chunked");
    const struct log_request *as = ctx;
    struct transaction *tx = as->tx;
    const struct http_request *request = tx->request;
    const struct address *peer = http_connection_peer(request->connection);
    bool has_port = peer->family == AF_INET || peer->family == AF_INET6;
    struct str port = has_port ? text_int(tx->arena, address_port(peer)) : STR("");
    log_put(view, STR("remote_ip"), LOG_TEXT_OF(transaction_peer(tx)));
    log_put(view, STR("remote_port"), LOG_TEXT_OF(port));
    log_put(view, STR("client_ip"), LOG_TEXT_OF(transaction_client_ip(tx)));
    log_put(view, STR("proto"), LOG_TEXT_OF(versions[request->version]));
    log_put(view, STR("method"), LOG_TEXT_OF(as->method));
    log_put(view, STR("host"), LOG_TEXT_OF(as->host));
    log_put(view, STR("uri"), LOG_TEXT_OF(as->uri));
    log_put(view, STR("headers"), LOG_OBJECT_OF(write_request_headers, ctx));
    if (request->content_length == HTTP_LENGTH_UNKNOWN && request->version == HTTP_1_1)
        log_put(view, STR("transfer_encoding"),
                (struct log_value){.kind = LOG_TEXTS, .texts = &chunked, .n_texts = 1});
    if (http_connection_is_tls(request->connection))
        log_put(view, STR("tls"), LOG_OBJECT_OF(write_tls, ctx));
}

struct log_value log_request_value(const struct log_request *as)
{
    return LOG_OBJECT_OF(write_request, as);
}

/* As it came, before handlers changed it. */
static struct log_request client_request(struct transaction *tx)
{
    const struct http_request *request = tx->request;
    return (struct log_request){tx, request->method, request->host, request->target,
                                &request->headers};
}

/* --- fields that handlers add --- */

void log_extra(struct transaction *tx, struct str key, struct log_value value, bool replaces)
{
    struct log_extra **link = &tx->extras;
    for (; *link; link = &(*link)->next) {
        if (!replaces || !str_eq((*link)->key, key))
            continue;
        (*link)->value = value;
        return;
    }
    *link = arena_new(tx->arena, struct log_extra);
    **link = (struct log_extra){.key = key, .value = value};
}

/* The types of placeholders whose values are no texts for Caddy. */
static int type_of(uint32_t kind)
{
    switch (kind) {
    case DT_PART_DURATION:
    case DT_PART_UPSTREAM_LATENCY:
    case DT_PART_UPSTREAM_DURATION:
    case DT_PART_PROXY_DURATION:
    case DT_PART_TIME_UNTIL_SHUTDOWN:
        return LOG_DURATION;
    case DT_PART_DURATION_MS:
    case DT_PART_UPSTREAM_LATENCY_MS:
    case DT_PART_UPSTREAM_DURATION_MS:
    case DT_PART_PROXY_DURATION_MS:
        return LOG_FLOAT;
    case DT_PART_ERROR_STATUS_CODE:
    case DT_PART_INTERCEPT_STATUS:
    case DT_PART_UPSTREAM_REQUESTS:
    case DT_PART_UPSTREAM_MAX_REQUESTS:
    case DT_PART_UPSTREAM_FAILS:
    case DT_PART_PROXY_RETRIES:
    case DT_PART_PROXY_STATUS_CODE:
        return LOG_INT;
    case DT_PART_TLS_RESUMED:
    case DT_PART_TLS_PROTO_MUTUAL:
    case DT_PART_SHUTTING_DOWN:
        return LOG_BOOL;
    default:
        return LOG_TEXT;
    }
}

static struct log_value typed(int type, struct str text)
{
    struct log_value value = {.kind = LOG_NULL};
    switch (type) {
    case LOG_DURATION:
        if (parse_duration(text, &value.number) == PARSE_OK)
            value.kind = LOG_DURATION;
        return value;
    case LOG_FLOAT:
        return (struct log_value){.kind = LOG_RAW, .text = text}; /* digits already */
    case LOG_INT:
        if (parse_go_int(text, &value.number) == PARSE_OK)
            value.kind = LOG_INT;
        return value;
    case LOG_BOOL:
        return text.len ? LOG_BOOL_OF(str_is(text, "true")) : value;
    default:
        return LOG_TEXT_OF(text);
    }
}

static struct log_value variable_value(const struct value *value)
{
    switch (value->kind) {
    case VALUE_STRING:
    case VALUE_OTHER:
        return LOG_TEXT_OF(value->text);
    case VALUE_TRUE:
    case VALUE_FALSE:
        return LOG_BOOL_OF(value->kind == VALUE_TRUE);
    case VALUE_NUMBER:
        return (struct log_value){.kind = LOG_RAW, .text = value->text};
    case VALUE_UNSET:
    case VALUE_NULL:
        break;
    }
    return (struct log_value){.kind = LOG_NULL};
}

static bool is_of_tls(uint32_t kind)
{
    return kind >= DT_PART_TLS_VERSION && kind <= DT_PART_TLS_SERVER_NAME;
}

static struct log_value part_value(struct transaction *tx, const struct dt_part *part)
{
    struct str text = {0};
    if (part->kind == DT_PART_VARIABLE)
        return variable_value(transaction_variable(tx, part->number));
    if (part->kind == DT_PART_NOW)
        return (struct log_value){.kind = LOG_TIME, .number = loop_wall_ns(tx->worker->loop)};
    if (is_of_tls(part->kind) && !http_connection_is_tls(tx->request->connection))
        return (struct log_value){.kind = LOG_NULL};
    if (!template_value(tx, part, &text))
        return (struct log_value){.kind = LOG_NULL};
    return typed(type_of(part->kind), text);
}

static void add_field(struct transaction *tx, const struct dt_log_field *row)
{
    struct log_value value = {.kind = LOG_NULL};
    switch ((enum dt_log_value)row->kind) {
    case DT_LOG_VALUE_TEXT:
        value = LOG_TEXT_OF(table_text(tx->tables, row->text));
        if (row->variable != DT_NONE && transaction_variable(tx, row->variable)->kind)
            value = variable_value(transaction_variable(tx, row->variable));
        break;
    case DT_LOG_VALUE_PART:
        value = part_value(tx, &tx->tables->parts[row->part]);
        break;
    case DT_LOG_VALUE_NULL:
        break;
    case DT_LOG_VALUE_ANSWER:
        value = LOG_TEXT_OF(response_copy(tx));
        break;
    case DT_LOG_VALUE_ANSWER_BASE64:
        value = LOG_TEXT_OF(text_base64(tx->arena, response_copy(tx)));
        break;
    }
    if (value.kind == LOG_TEXT)
        value.text = str_dup(tx->arena, value.text); /* handlers may change what it is part of */
    log_extra(tx, table_text(tx->tables, row->key), value, false);
}

void log_add_late(struct transaction *tx, const struct late_field *mark)
{
    while (tx->late_fields != mark && tx->late_fields) {
        const struct dt_log_field *row = tx->late_fields->row;
        tx->late_fields = tx->late_fields->earlier;
        add_field(tx, row);
    }
}

enum step handle_log_append(struct transaction *tx, const struct dt_handler *handler)
{
    const struct dt_log_field *row = &tx->tables->log_fields[handler->row];
    bool is_of_answer = row->kind == DT_LOG_VALUE_ANSWER || row->kind == DT_LOG_VALUE_ANSWER_BASE64;
    if (is_of_answer)
        response_keep_copy(tx);
    if (row->is_early && !is_of_answer)
        add_field(tx, row);
    if (row->is_late || is_of_answer) {
        struct late_field *late = arena_new(tx->arena, struct late_field);
        *late = (struct late_field){.earlier = tx->late_fields, .row = row};
        tx->late_fields = late;
    }
    return STEP_NEXT;
}

/* --- which logs --- */

/* <host> with its first <n> labels that are not empty replaced by '*', as it is compared with the
 * names of loggers; false where it has not so many. */
static bool starred_equals(struct str host, unsigned n, struct str pattern, bool with_case)
{
    struct str want, got;
    for (bool more_host = true, more_pattern = true; more_host || more_pattern;) {
        if (more_host != more_pattern)
            return false;
        more_host = str_cut(host, STR("."), &got, &host);
        more_pattern = str_cut(pattern, STR("."), &want, &pattern);
        if (n > 0 && got.len > 0) {
            n--;
            got = STR("*");
        }
        if (with_case ? !str_eq(got, want) : !str_eq_nocase(got, want))
            return false;
    }
    return n == 0;
}

/* Whether the pattern is the host, or covers it with '*' for leading labels, in whatever case. */
static bool host_fits(struct str pattern, struct str host)
{
    if (str_eq_nocase(pattern, host))
        return true;
    for (unsigned n = 1; str_has_prefix(pattern, STR("*")) && n <= host.len / 2 + 1; n++)
        if (starred_equals(host, n, pattern, false))
            return true;
    return false;
}

/* The rows of the host: its own, else of the pattern with the fewest stars; none: n 0. */
static struct dt_range loggers_of(const struct transaction *tx, struct str host)
{
    struct dt_range all = tx->server->access_loggers, found = {0};
    if (all.n == 0)
        return found;
    for (unsigned stars = 0; stars <= host.len / 2 + 1; stars++) {
        for (uint32_t i = 0; i < all.n; i++) {
            const struct dt_access_logger *row = &tx->tables->access_loggers[all.first + i];
            if (!starred_equals(host, stars, table_text(tx->tables, row->host), true))
                continue;
            if (found.n == 0)
                found.first = all.first + i;
            found.n++;
        }
        if (found.n > 0)
            return found;
    }
    return found;
}

static struct str host_without_port(struct transaction *tx)
{
    struct str host, port;
    url_split_host_port(tx->request->host, &host, &port);
    return host;
}

/* False where no access line is written for the host. */
static bool is_logged(struct transaction *tx, struct str host)
{
    const struct dt_server *server = tx->server;
    for (uint32_t i = 0; i < server->access_loggers.n; i++) {
        struct dt_text name = tx->tables->access_loggers[server->access_loggers.first + i].host;
        if (host_fits(table_text(tx->tables, name), host))
            return true;
    }
    for (uint32_t i = 0; i < server->skip_log_hosts.n; i++)
        if (host_fits(table_text(tx->tables, tx->tables->texts[server->skip_log_hosts.first + i]),
                      host))
            return false;
    return !server->skips_unmapped_hosts;
}

static void write_to_row(struct transaction *tx, uint32_t row, bool is_error,
                         struct log_entry *entry)
{
    const struct dt_access_logger *logger = &tx->tables->access_loggers[row];
    struct dt_range logs = is_error ? logger->error_logs : logger->logs;
    entry->logger = table_text(tx->tables, is_error ? logger->error_name : logger->name);
    for (uint32_t i = 0; i < logs.n; i++)
        log_write(tx->core, tx->worker, tx->arena, tx->tables->numbers[logs.first + i].value,
                  entry);
}

/* To the loggers that log_name chose, else to those of the host, else to the server's default. */
static void write_entry(struct transaction *tx, struct str host, bool is_error,
                        struct log_entry *entry)
{
    const struct dt_server *server = tx->server;
    if (!server->has_access_log) {
        entry->logger = STR("http.log.error");
        for (uint32_t i = 0; i < tx->tables->n_logs; i++)
            if (log_takes(tx->core, i, entry->logger))
                log_write(tx->core, tx->worker, tx->arena, i, entry);
        return;
    }
    struct dt_range rows = tx->has_loggers ? tx->loggers : loggers_of(tx, host);
    if (!tx->has_loggers && rows.n == 0)
        rows = (struct dt_range){server->default_logger, server->default_logger != DT_NONE};
    for (uint32_t i = 0; i < rows.n; i++)
        write_to_row(tx, rows.first + i, is_error, entry);
}

/* --- the lines --- */

struct access_line {
    struct transaction *tx;
    unsigned status;
};

static void write_access(const struct log_view *view, const void *ctx)
{
    const struct access_line *line = ctx;
    struct transaction *tx = line->tx;
    const struct log_request request = client_request(tx);
    const struct header_list headers = {
        .tx = tx,
        .at = tx->response.at,
        .n = tx->response.n,
        .hides_type = tx->type_is_sniffed,
        .lacks_type = tx->type_is_cleared && !headers_find(&tx->response, HEADER_CONTENT_TYPE),
    };
    log_put(view, STR("request"), log_request_value(&request));
    log_put(view, STR("bytes_read"), LOG_INT_OF(tx->request->body_read));
    log_put(view, STR("user_id"), LOG_TEXT_OF(tx->user));
    log_put(view, STR("duration"), LOG_DURATION_OF(transaction_elapsed_ns(tx)));
    log_put(view, STR("size"), LOG_INT_OF(tx->request->body_sent + tx->unsent_bytes));
    log_put(view, STR("status"), LOG_INT_OF(line->status));
    log_put(view, STR("resp_headers"), LOG_OBJECT_OF(write_headers, &headers));
    for (const struct log_extra *extra = tx->extras; extra; extra = extra->next)
        log_put(view, extra->key, extra->value);
}

void log_access(struct transaction *tx)
{
    struct str host = host_without_port(tx);
    if (!is_logged(tx, host) || (tx->vars && tx->vars[DT_VARIABLE_LOG_SKIP].kind == VALUE_TRUE))
        return;
    log_add_late(tx, NULL);
    struct access_line line = {
        .tx = tx,
        .status = tx->log_status     ? tx->log_status
                  : tx->is_unhandled ? 0
                                     : tx->request->status,
    };
    struct log_entry entry = {
        .level = line.status >= 500 ? DT_LOG_ERROR : DT_LOG_INFO,
        .time_ns = loop_wall_ns(tx->worker->loop),
        .message = tx->is_unhandled ? STR("NOP") : STR("handled request"),
        .write = write_access,
        .ctx = &line,
    };
    write_entry(tx, host, false, &entry);
}

struct failure_line {
    struct transaction *tx;
    enum log_failure_kind kind;
};

static struct str failure_message(struct transaction *tx, const struct failure *failure)
{
    return failure->message.ptr ? failure->message : failure_text(tx, failure);
}

static void write_failure(const struct log_view *view, const void *ctx)
{
    const struct failure_line *line = ctx;
    struct transaction *tx = line->tx;
    const struct failure *failure = &tx->first_failure;
    const struct log_request request = client_request(tx);
    log_put(view, STR("request"), log_request_value(&request));
    log_put(view, STR("duration"), LOG_DURATION_OF(tx->first_elapsed_ns));
    if (line->kind == LOG_FAILURE_TWICE) {
        log_put(view, STR("error"), LOG_TEXT_OF(failure_text(tx, &tx->failure)));
        log_open_namespace(view, STR("first_error"));
        log_put(view, STR("msg"), LOG_TEXT_OF(failure_message(tx, failure)));
    }
    log_put(view, STR("status"), LOG_INT_OF(failure->status));
    if (failure->is_bare)
        return;
    log_put(view, STR("err_id"), LOG_TEXT_OF(failure->id));
    log_put(view, STR("err_trace"), LOG_TEXT_OF(STR("")));
}

void log_failure(struct transaction *tx, enum log_failure_kind kind)
{
    const struct failure_line line = {.tx = tx, .kind = kind};
    bool is_error =
        kind == LOG_FAILURE_TWICE || (kind == LOG_FAILURE_PLAIN && tx->first_failure.status >= 500);
    struct log_entry entry = {
        .level = is_error ? DT_LOG_ERROR : DT_LOG_DEBUG,
        .time_ns = loop_wall_ns(tx->worker->loop),
        .write = write_failure,
        .ctx = &line,
    };
    if (!log_wants(tx->core, entry.level))
        return;
    entry.message = kind == LOG_FAILURE_TWICE ? STR("error handling handler error")
                                              : failure_message(tx, &tx->first_failure);
    write_entry(tx, host_without_port(tx), true, &entry);
}

static void write_long_method(const struct log_view *view, const void *ctx)
{
    const struct transaction *tx = ctx;
    char text[ADDRESS_TEXT_BYTES];
    size_t n = address_text(http_connection_peer(tx->request->connection), text);
    log_put(view, STR("method_trunc"), LOG_TEXT_OF(str_slice(tx->method, 0, MAX_METHOD)));
    log_put(view, STR("remote_addr"), LOG_TEXT_OF(str_make(text, n)));
}

void log_long_method(struct transaction *tx)
{
    struct log_entry entry = {
        .level = DT_LOG_DEBUG,
        .time_ns = loop_wall_ns(tx->worker->loop),
        .logger = STR("http.log.access"),
        .message = STR("rejecting request with long method"),
        .write = write_long_method,
        .ctx = tx,
    };
    if (!tx->server->has_access_log || !is_logged(tx, host_without_port(tx)))
        return;
    for (uint32_t i = 0; i < tx->tables->n_logs; i++)
        if (log_takes(tx->core, i, entry.logger))
            log_write(tx->core, tx->worker, tx->arena, i, &entry);
}
