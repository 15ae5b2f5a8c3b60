/* The lines about requests: what they say, and the logs that take them. */

#include "base/bytes16.h"
#include "net/loop.h"
#include "net/tls.h"
#include "proxy/log.h"
#include "proxy/log_put.h"
#include "proxy/text.h"
#include "proxy/worker.h"

/* --- headers --- */

/* The letters among eight bytes of a name that are not of the case that Go writes: a bit of each,
 * 0x20. */
static uint64_t wrong_case(uint64_t word, bool is_start)
{
    uint64_t starts = word8_within(word, '-', '-') << 8 | (uint64_t)is_start << 7;
    return ((word8_within(word, 'A', 'Z') & ~starts) | (word8_within(word, 'a', 'z') & starts)) >>
           2;
}

/* X-Forwarded-For of any spelling, as Go writes names. */
static struct str canonical_name(struct arena *arena, struct str given)
{
    char *name = NULL;
    if (given.len == 0)
        return given;
    size_t last = given.len < 8 ? 0 : given.len - 8;
    for (size_t i = 0;; i = i + 8 < last ? i + 8 : last) {
        char bytes[8] = {0};
        size_t n = given.len < 8 ? given.len : 8;
        memcpy(bytes, given.ptr + i, n);
        uint64_t wrong = wrong_case(bytes8_load_little(bytes), i == 0 || given.ptr[i - 1] == '-');
        if (wrong && !name)
            name = arena_strndup(arena, given.ptr, given.len);
        for (; wrong; wrong &= wrong - 1) {
            size_t at = (size_t)__builtin_ctzll(wrong) / 8;
            name[i + at] = (char)(bytes[at] ^ 0x20);
        }
        if (i == last)
            return name ? str_make(name, given.len) : given;
    }
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

/* A name that is in the list, as it is written in front of its values: behind another field, and up
 * to the first value's quote. */
struct written_name {
    char text[31];
    uint8_t len;
};
#define WRITTEN(name) ",\"" name "\":["
static const struct written_name written_names[N_HEADER_IDS] = {
#define X(id, name, first, last) [HEADER_##id] = {WRITTEN(name), sizeof(WRITTEN(name)) - 1},
    HTTP_HEADERS(X)
#undef X
};
#define X(id, name, first, last)                                                                   \
    _Static_assert(sizeof(WRITTEN(name)) <= sizeof(written_names->text), "room for the name");
HTTP_HEADERS(X)
#undef X
#undef WRITTEN

/* What is in front of the first value's quote. */
LOG_INLINE char *put_name(const struct header_list *list, const struct http_header *header,
                          struct strbuf *out, char *to)
{
    if (header->id != HEADER_OTHER) {
        const struct written_name *name = &written_names[header->id];
        memcpy(to, name, sizeof(*name));
        return to + name->len;
    }
    *to = ',';
    to = log_put_string(out, to + 1, canonical_name(list->tx->arena, header->name));
    to[0] = ':';
    to[1] = '[';
    return to + 2;
}

/* The values of a header that is not the only one of its name, or that nobody is to read. */
static struct log_value special_values(const struct header_list *list, uint32_t i, bool is_secret)
{
    static const struct str hidden = STR_INIT("REDACTED");
    struct log_value value = values_of(list, i);
    if (is_secret && value.n_texts > 0)
        value = (struct log_value){.kind = LOG_TEXTS, .texts = &hidden, .n_texts = 1};
    return value;
}

/* A bit that names without an id have in common where they are the same; most that are not have
 * different ones. */
static uint64_t mark_of(struct str name)
{
    if (name.len == 0)
        return BIT(0);
    unsigned last = (unsigned char)name.ptr[name.len - 1] | 0x20,
             middle = (unsigned char)name.ptr[name.len / 2] | 0x20;
    return BIT((name.len * 5 + last * 3 + middle) & 63);
}

/* All of a list: with commas in front of each where they are written as they come, with room for
 * what comes behind them. */
LOG_INLINE char *each_header(const struct log_view *view, bool is_direct, char *to,
                             const struct header_list *list)
{
    enum { MARKS = sizeof("REDACTED,\"\":[\"\"]") };
    struct strbuf *out = view->encoding->out;
    uint64_t passed_over = BIT(HEADER_HOST) | BIT(HEADER_TRANSFER_ENCODING);
    uint64_t hidden = list->tx->server->logs_credentials ? 0 : secrets;
    uint64_t seen = 0, repeated = 0; /* names that have an id */
    uint64_t others = 0, alike = 0;  /* marks of the others, and those that more than one has */
    size_t texts = LOG_FIELDS_ROOM;
    if (list->hides_type)
        passed_over |= BIT(HEADER_CONTENT_TYPE);
    for (const struct http_header *at = list->at, *end = at + list->n; at < end; at++) {
        uint64_t bit = BIT(at->id);
        if (at->id == HEADER_OTHER) {
            uint64_t mark = mark_of(at->name);
            alike |= others & mark;
            others |= mark;
        } else {
            repeated |= seen & bit;
            seen |= bit;
        }
        texts += at->name.len + at->value.len + MARKS;
    }
    if (is_direct && (size_t)(out->ptr + out->cap - to) < texts)
        to = log_make_room(out, to, texts);
    for (uint32_t i = 0; i < list->n; i++) {
        const struct http_header *header = &list->at[i];
        struct log_value value = {.kind = LOG_TEXTS, .texts = &header->value, .n_texts = 1};
        uint64_t bit = BIT(header->id);
        if (passed_over & bit)
            continue;
        bool is_other = header->id == HEADER_OTHER;
        if (is_other ? alike & mark_of(header->name) : (repeated | hidden) & bit)
            value = special_values(list, i, hidden & bit);
        if (value.n_texts == 0)
            continue;
        if (!is_direct) {
            bool is_known = header->id != HEADER_OTHER;
            log_put(view,
                    is_known ? header_name(header->id)
                             : canonical_name(list->tx->arena, header->name),
                    value);
            continue;
        }
        to = log_put_string(out, put_name(list, header, out, to), value.texts[0]);
        for (uint32_t k = 1; k < value.n_texts; k++) {
            *to = ',';
            to = log_put_string(out, to + 1, value.texts[k]);
        }
        *to++ = ']';
    }
    return to;
}

static __attribute__((noinline)) char *put_headers(const struct log_view *view, char *to,
                                                   const struct header_list *list)
{
    return each_header(view, true, to, list);
}

static __attribute__((noinline)) void hand_headers(const struct log_view *view,
                                                   const struct header_list *list)
{
    each_header(view, false, NULL, list);
}

LOG_INLINE struct log_pen headers_fields(struct log_pen pen, const struct header_list *list)
{
    if (!pen.is_direct) {
        hand_headers(pen.view, list);
    } else {
        /* the first comma comes to be where the bracket is */
        const struct strbuf *out = pen.view->encoding->out;
        size_t begin = (size_t)(pen.to - out->ptr) - pen.is_first;
        pen.to = put_headers(pen.view, out->ptr + begin, list);
        bool is_empty = pen.to == out->ptr + begin;
        if (pen.is_first)
            out->ptr[begin] = '{';
        pen.to += pen.is_first && is_empty;
        pen.is_first = pen.is_first && is_empty;
    }
    if (list->lacks_type)
        pen = log_pen_value(pen, LOG_KEY("Content-Type"), (struct log_value){.kind = LOG_TEXTS});
    return pen;
}

static void write_headers(const struct log_view *view, const void *ctx)
{
    const struct header_list *list = ctx;
    LOG_WRITE(view, headers_fields, list);
}

LOG_INLINE struct log_pen request_headers_fields(struct log_pen pen, const struct log_request *as)
{
    const struct http_request *request = as->tx->request;
    const struct header_list kept = {.tx = as->tx, .at = as->headers->at, .n = as->headers->n};
    const struct header_list dropped = {
        .tx = as->tx, .at = request->dropped_headers, .n = request->n_dropped_headers};
    pen = headers_fields(pen, &kept);
    if (dropped.n > 0 && as->headers == &request->headers)
        pen = headers_fields(pen, &dropped);
    return pen;
}

static void write_request_headers(const struct log_view *view, const void *ctx)
{
    const struct log_request *as = ctx;
    LOG_WRITE(view, request_headers_fields, as);
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

LOG_INLINE struct log_pen tls_fields(struct log_pen pen, const struct log_request *as)
{
    struct transaction *tx = as->tx;
    const struct stream *stream = http_connection_stream(tx->request->connection);
    struct str common_name, serial;
    struct tls_info info;
    if (!tls_info(stream, &info))
        return pen;
    pen = log_pen_room(pen, info.alpn.len + info.server_name.len);
    pen = log_pen_bool(pen, LOG_KEY("resumed"), info.resumed);
    pen = log_pen_int(pen, LOG_KEY("version"), info.version);
    pen = log_pen_int(pen, LOG_KEY("cipher_suite"), info.cipher);
    pen = log_pen_text(pen, LOG_KEY("proto"), info.alpn);
    pen = log_pen_text(pen, LOG_KEY("server_name"), info.server_name);
    pen = log_pen_bool(pen, LOG_KEY("ech"), false);
    if (!tls_peer_names(stream, tx->arena, &common_name, &serial))
        return pen;
    pen = log_pen_room(pen, common_name.len + serial.len);
    pen = log_pen_text(pen, LOG_KEY("client_common_name"), common_name);
    return log_pen_text(pen, LOG_KEY("client_serial"), serial);
}

static void write_tls(const struct log_view *view, const void *ctx)
{
    const struct log_request *as = ctx;
    LOG_WRITE(view, tls_fields, as);
}

/* In quotes, and empty for a peer that has none. */
LOG_INLINE struct log_pen port_field(struct log_pen pen, const struct address *peer)
{
    const struct log_key key = LOG_KEY("remote_port");
    bool has_port = peer->family == AF_INET || peer->family == AF_INET6;
    if (!pen.is_direct) {
        struct arena *arena = pen.view->encoding->out->arena;
        log_put(pen.view, key.name,
                LOG_TEXT_OF(has_port ? text_int(arena, address_port(peer)) : STR("")));
        return pen;
    }
    pen = log_pen_key(pen, key);
    *pen.to++ = '"';
    if (has_port)
        pen.to = text_put_int(pen.to, address_port(peer));
    *pen.to++ = '"';
    return pen;
}

LOG_INLINE struct log_pen request_fields(struct log_pen pen, const struct log_request *as)
{
    static const struct str versions[N_HTTP_VERSIONS] = {
        [HTTP_1_0] = STR_INIT("HTTP/1.0"),
        [HTTP_1_1] = STR_INIT("HTTP/1.1"),
        [HTTP_2] = STR_INIT("HTTP/2.0"),
        [HTTP_3] = STR_INIT("HTTP/3.0"),
    };
    static const struct str chunked = STR_INIT("chunked");
    struct transaction *tx = as->tx;
    const struct http_request *request = tx->request;
    struct str peer_text = transaction_peer(tx), client_ip = transaction_client_ip(tx);
    pen = log_pen_room(pen,
                       peer_text.len + client_ip.len + as->method.len + as->host.len + as->uri.len);
    pen = log_pen_plain(pen, LOG_KEY("remote_ip"), peer_text);
    pen = port_field(pen, http_connection_peer(request->connection));
    pen = log_pen_plain(pen, LOG_KEY("client_ip"), client_ip);
    pen = log_pen_plain(pen, LOG_KEY("proto"), versions[request->version]);
    pen = log_pen_text(pen, LOG_KEY("method"), as->method);
    pen = log_pen_text(pen, LOG_KEY("host"), as->host);
    pen = log_pen_text(pen, LOG_KEY("uri"), as->uri);
    if (pen.is_direct)
        pen = log_pen_close(request_headers_fields(log_pen_open(pen, LOG_KEY("headers")), as));
    else
        log_put(pen.view, STR("headers"), LOG_OBJECT_OF(write_request_headers, as));
    if (request->content_length == HTTP_LENGTH_UNKNOWN && request->version == HTTP_1_1)
        pen = log_pen_value(pen, LOG_KEY("transfer_encoding"),
                            (struct log_value){.kind = LOG_TEXTS, .texts = &chunked, .n_texts = 1});
    if (http_connection_is_tls(request->connection))
        pen = log_pen_value(pen, LOG_KEY("tls"), LOG_OBJECT_OF(write_tls, as));
    return pen;
}

static void write_request(const struct log_view *view, const void *ctx)
{
    const struct log_request *as = ctx;
    LOG_WRITE(view, request_fields, as);
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
        int order = str_compare(logger_host(tx, middle), host);
        if (order == 0) {
            for (low = middle; low > 0 && str_eq(logger_host(tx, low - 1), host);)
                low--;
            for (end = middle + 1; end < all.n && str_eq(logger_host(tx, end), host);)
                end++;
            return (struct dt_range){all.first + low, end - low};
        }
        if (order < 0)
            low = middle + 1;
        else
            end = middle;
    }
    return (struct dt_range){all.first + low, 0};
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

LOG_INLINE struct log_pen access_fields(struct log_pen pen, const struct access_line *line)
{
    struct transaction *tx = line->tx;
    const struct log_request request = client_request(tx);
    const struct header_list headers = {
        .tx = tx,
        .at = tx->response.at,
        .n = tx->response.n,
        .hides_type = tx->type_is_sniffed,
        .lacks_type = tx->type_is_cleared && !headers_find(&tx->response, HEADER_CONTENT_TYPE),
    };
    if (pen.is_direct)
        pen = log_pen_close(request_fields(log_pen_open(pen, LOG_KEY("request")), &request));
    else
        log_put(pen.view, STR("request"), log_request_value(&request));
    pen = log_pen_room(pen, tx->user.len);
    pen = log_pen_int(pen, LOG_KEY("bytes_read"), (int64_t)tx->request->body_read);
    pen = log_pen_text(pen, LOG_KEY("user_id"), tx->user);
    pen = log_pen_duration(pen, LOG_KEY("duration"), transaction_elapsed_ns(tx));
    pen = log_pen_int(pen, LOG_KEY("size"), (int64_t)(tx->request->body_sent + tx->unsent_bytes));
    pen = log_pen_int(pen, LOG_KEY("status"), line->status);
    if (pen.is_direct)
        pen = log_pen_close(headers_fields(log_pen_open(pen, LOG_KEY("resp_headers")), &headers));
    else
        log_put(pen.view, STR("resp_headers"), LOG_OBJECT_OF(write_headers, &headers));
    return pen;
}

static void write_access(const struct log_view *view, const void *ctx)
{
    const struct access_line *line = ctx;
    LOG_WRITE(view, access_fields, line);
    for (const struct log_extra *extra = line->tx->extras; extra; extra = extra->next)
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
        .is_usual = true,
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
    write_entry(tx, find_destination(tx).rows, true, &entry);
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
    if (!tx->server->has_access_log || !find_destination(tx).is_logged)
        return;
    for (uint32_t i = 0; i < tx->tables->n_logs; i++)
        if (log_takes(tx->core, i, entry.logger))
            log_write(tx->core, tx->worker, tx->arena, i, &entry);
}
