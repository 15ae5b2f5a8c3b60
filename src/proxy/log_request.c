/* The lines about requests: what they say, and the logs that take them. */

#include "base/parse.h"
#include "net/loop.h"
#include "net/tls.h"
#include "proxy/handlers.h"
#include "proxy/log.h"
#include "proxy/log_put.h"
#include "proxy/response.h"
#include "proxy/template.h"
#include "proxy/text.h"
#include "proxy/worker.h"

/* --- headers --- */

/* X-Forwarded-For of any spelling, as Go writes names. */
static struct str canonical_name(struct arena *arena, struct str given)
{
    char *name = NULL;
    bool is_start = true;
    for (size_t i = 0; i < given.len; i++) {
        char c = given.ptr[i];
        if (is_start && c >= 'a' && c <= 'z')
            c = (char)(c - 0x20);
        else if (!is_start && c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        is_start = c == '-';
        if (c == given.ptr[i])
            continue;
        if (!name)
            name = arena_strndup(arena, given.ptr, given.len);
        name[i] = c;
    }
    return name ? str_make(name, given.len) : given;
}

#define BIT(id) (UINT64_C(1) << (id))
_Static_assert(N_HEADER_IDS <= 64, "a bit for each name");

static const uint64_t secrets = BIT(HEADER_COOKIE) | BIT(HEADER_SET_COOKIE) |
                                BIT(HEADER_AUTHORIZATION) | BIT(HEADER_PROXY_AUTHORIZATION);

static bool same_name(const struct http_header *a, const struct http_header *b)
{
    return a->id == b->id && (a->id != HEADER_OTHER ||
                              (a->name.len == b->name.len && str_eq_nocase(a->name, b->name)));
}

/* Headers to write, and what is special about their type. */
struct header_list {
    struct transaction *tx;
    const struct http_header *at;
    uint32_t n;
    bool hides_type; /* it was found out, which Caddy's log does not see */
    bool lacks_type; /* a handler has seen to it that there is none: an empty list, for Caddy */
};

/* The values of all headers that are named as row <i>, in order; n_texts 0: an earlier one was. */
static struct log_value values_of(const struct header_list *list, uint32_t i)
{
    struct log_value value = {.kind = LOG_TEXTS, .texts = &list->at[i].value, .n_texts = 1};
    uint32_t n = 0;
    for (uint32_t k = 0; k < list->n; k++) {
        bool is_same = same_name(&list->at[k], &list->at[i]);
        if (is_same && k < i)
            return (struct log_value){.kind = LOG_TEXTS};
        n += is_same;
    }
    if (n == 1)
        return value;
    struct str *texts = arena_array(list->tx->arena, struct str, n);
    value.texts = texts;
    value.n_texts = 0;
    for (uint32_t k = i; k < list->n; k++)
        if (same_name(&list->at[k], &list->at[i]))
            texts[value.n_texts++] = list->at[k].value;
    return value;
}

static void write_headers(const struct log_view *view, const void *ctx)
{
    static const struct str hidden = STR_INIT("REDACTED");
    const struct header_list *list = ctx;
    bool hides_secrets = !list->tx->server->logs_credentials;
    uint64_t passed_over = BIT(HEADER_HOST) | BIT(HEADER_TRANSFER_ENCODING);
    uint64_t seen = 0, repeated = 0; /* names; all that have no id are one here */
    if (list->hides_type)
        passed_over |= BIT(HEADER_CONTENT_TYPE);
    for (uint32_t i = 0; i < list->n; i++) {
        repeated |= seen & BIT(list->at[i].id);
        seen |= BIT(list->at[i].id);
    }
    for (uint32_t i = 0; i < list->n; i++) {
        const struct http_header *header = &list->at[i];
        struct log_value value = {.kind = LOG_TEXTS, .texts = &header->value, .n_texts = 1};
        if (passed_over & BIT(header->id))
            continue;
        if (repeated & BIT(header->id))
            value = values_of(list, i);
        if (value.n_texts == 0)
            continue;
        if (hides_secrets && (secrets & BIT(header->id)))
            value = (struct log_value){.kind = LOG_TEXTS, .texts = &hidden, .n_texts = 1};
        if (header->id != HEADER_OTHER)
            log_put_known(view, header_name(header->id), value);
        else
            log_put(view, canonical_name(list->tx->arena, header->name), value);
    }
    if (list->lacks_type)
        log_put_known(view, STR("Content-Type"), (struct log_value){.kind = LOG_TEXTS});
}

static void write_request_headers(const struct log_view *view, const void *ctx)
{
    const struct log_request *as = ctx;
    const struct http_request *request = as->tx->request;
    const struct header_list kept = {.tx = as->tx, .at = as->headers->at, .n = as->headers->n};
    const struct header_list dropped = {
        .tx = as->tx, .at = request->dropped_headers, .n = request->n_dropped_headers};
    write_headers(view, &kept);
    if (dropped.n > 0 && as->headers == &request->headers)
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
    log_put_known(view, STR("resumed"), LOG_BOOL_OF(info.resumed));
    log_put_known(view, STR("version"), LOG_INT_OF(info.version));
    log_put_known(view, STR("cipher_suite"), LOG_INT_OF(info.cipher));
    log_put_known(view, STR("proto"), LOG_TEXT_OF(info.alpn));
    log_put_known(view, STR("server_name"), LOG_TEXT_OF(info.server_name));
    log_put_known(view, STR("ech"), LOG_BOOL_OF(false));
    if (!tls_peer_names(stream, tx->arena, &common_name, &serial))
        return;
    log_put_known(view, STR("client_common_name"), LOG_TEXT_OF(common_name));
    log_put_known(view, STR("client_serial"), LOG_TEXT_OF(serial));
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
    char digits[TEXT_MOST_DIGITS];
    size_t n_digits = has_port ? (size_t)(text_put_int(digits, address_port(peer)) - digits) : 0;
    log_put_known(view, STR("remote_ip"), LOG_PLAIN_OF(transaction_peer(tx)));
    log_put_known(view, STR("remote_port"), LOG_PLAIN_OF(str_make(digits, n_digits)));
    log_put_known(view, STR("client_ip"), LOG_PLAIN_OF(transaction_client_ip(tx)));
    log_put_known(view, STR("proto"), LOG_PLAIN_OF(versions[request->version]));
    log_put_known(view, STR("method"), LOG_TEXT_OF(as->method));
    log_put_known(view, STR("host"), LOG_TEXT_OF(as->host));
    log_put_known(view, STR("uri"), LOG_TEXT_OF(as->uri));
    log_put_known(view, STR("headers"), LOG_OBJECT_OF(write_request_headers, ctx));
    if (request->content_length == HTTP_LENGTH_UNKNOWN && request->version == HTTP_1_1)
        log_put_known(view, STR("transfer_encoding"),
                      (struct log_value){.kind = LOG_TEXTS, .texts = &chunked, .n_texts = 1});
    if (http_connection_is_tls(request->connection))
        log_put_known(view, STR("tls"), LOG_OBJECT_OF(write_tls, ctx));
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

static struct str logger_host(const struct transaction *tx, uint32_t i)
{
    const struct dt_access_logger *rows =
        &tx->tables->access_loggers[tx->server->access_loggers.first];
    return table_text(tx->tables, rows[i].host);
}

/* The rows of the host as it is spelled: they are sorted by host. */
static struct dt_range loggers_named(const struct transaction *tx, struct str host)
{
    struct dt_range all = tx->server->access_loggers;
    uint32_t low = 0, end = all.n;
    while (low < end) {
        uint32_t middle = low + (end - low) / 2;
        if (str_compare(logger_host(tx, middle), host) < 0)
            low = middle + 1;
        else
            end = middle;
    }
    while (end < all.n && str_eq(logger_host(tx, end), host))
        end++;
    return (struct dt_range){all.first + low, end - low};
}

/* The rows of the pattern with the fewest stars that covers the host; none: n 0. */
static struct dt_range loggers_covering(const struct transaction *tx, struct str host)
{
    struct dt_range all = tx->server->access_loggers, found = {0};
    bool has_stars = false;
    for (uint32_t i = 0; i < all.n && !has_stars; i++)
        has_stars = str_index(logger_host(tx, i), '*') >= 0;
    for (unsigned stars = 1; has_stars && found.n == 0 && stars <= host.len / 2 + 1; stars++)
        for (uint32_t i = 0; i < all.n; i++) {
            if (!starred_equals(host, stars, logger_host(tx, i), true))
                continue;
            if (found.n == 0)
                found.first = all.first + i;
            found.n++;
        }
    return found;
}

/* Where a request's lines go. */
struct destination {
    struct dt_range rows; /* of access_loggers; n 0: where those of hosts without a logger go */
    bool is_logged;       /* false: no access line is written for the host */
};

static bool is_logged_unnamed(const struct transaction *tx, struct str host)
{
    const struct dt_server *server = tx->server;
    for (uint32_t i = 0; i < server->access_loggers.n; i++)
        if (host_fits(logger_host(tx, i), host))
            return true;
    for (uint32_t i = 0; i < server->skip_log_hosts.n; i++)
        if (host_fits(table_text(tx->tables, tx->tables->texts[server->skip_log_hosts.first + i]),
                      host))
            return false;
    return !server->skips_unmapped_hosts;
}

/* Without its port, if there is one. */
static struct str client_host(const struct transaction *tx)
{
    struct str given = tx->request->host, host, port;
    bool is_known = tx->host_named.ptr == given.ptr && tx->host_named.len == given.len;
    /* host matchers do without brackets where there is no port, too */
    if (is_known && given.len > 0 && given.ptr[0] != '[' && given.ptr[given.len - 1] != ']')
        return tx->host_name;
    url_split_host_port(given, &host, &port);
    return host;
}

static struct destination find_destination(const struct transaction *tx)
{
    struct str host = client_host(tx);
    struct destination to = {.rows = loggers_named(tx, host), .is_logged = true};
    if (to.rows.n > 0)
        return to;
    to.rows = loggers_covering(tx, host);
    to.is_logged = is_logged_unnamed(tx, host);
    return to;
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
static void write_entry(struct transaction *tx, struct dt_range rows, bool is_error,
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
    if (tx->has_loggers)
        rows = tx->loggers;
    else if (rows.n == 0)
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
    log_put_known(view, STR("request"), log_request_value(&request));
    log_put_known(view, STR("bytes_read"), LOG_INT_OF(tx->request->body_read));
    log_put_known(view, STR("user_id"), LOG_TEXT_OF(tx->user));
    log_put_known(view, STR("duration"), LOG_DURATION_OF(transaction_elapsed_ns(tx)));
    log_put_known(view, STR("size"), LOG_INT_OF(tx->request->body_sent + tx->unsent_bytes));
    log_put_known(view, STR("status"), LOG_INT_OF(line->status));
    log_put_known(view, STR("resp_headers"), LOG_OBJECT_OF(write_headers, &headers));
    for (const struct log_extra *extra = tx->extras; extra; extra = extra->next)
        log_put(view, extra->key, extra->value);
}

void log_access(struct transaction *tx)
{
    const struct destination to = find_destination(tx);
    if (!to.is_logged || (tx->vars && tx->vars[DT_VARIABLE_LOG_SKIP].kind == VALUE_TRUE))
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
    write_entry(tx, to.rows, false, &entry);
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
    log_put_known(view, STR("request"), log_request_value(&request));
    log_put_known(view, STR("duration"), LOG_DURATION_OF(tx->first_elapsed_ns));
    if (line->kind == LOG_FAILURE_TWICE) {
        log_put_known(view, STR("error"), LOG_TEXT_OF(failure_text(tx, &tx->failure)));
        log_open_namespace(view, STR("first_error"));
        log_put_known(view, STR("msg"), LOG_TEXT_OF(failure_message(tx, failure)));
    }
    log_put_known(view, STR("status"), LOG_INT_OF(failure->status));
    if (failure->is_bare)
        return;
    log_put_known(view, STR("err_id"), LOG_TEXT_OF(failure->id));
    log_put_known(view, STR("err_trace"), LOG_TEXT_OF(STR("")));
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
    write_entry(tx, find_destination(tx).rows, true, &entry);
}

static void write_long_method(const struct log_view *view, const void *ctx)
{
    const struct transaction *tx = ctx;
    char text[ADDRESS_TEXT_BYTES];
    size_t n = address_text(http_connection_peer(tx->request->connection), text);
    log_put_known(view, STR("method_trunc"), LOG_TEXT_OF(str_slice(tx->method, 0, MAX_METHOD)));
    log_put_known(view, STR("remote_addr"), LOG_TEXT_OF(str_make(text, n)));
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
    if (!tx->server->has_access_log || !find_destination(tx).is_logged)
        return;
    for (uint32_t i = 0; i < tx->tables->n_logs; i++)
        if (log_takes(tx->core, i, entry.logger))
            log_write(tx->core, tx->worker, tx->arena, i, &entry);
}
