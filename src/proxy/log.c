/* Structured log lines as Caddy writes them: JSON objects, or a console form for people. Workers
 * collect lines and hand them over when many have come or a moment has passed. */

#include "proxy/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "net/loop.h"
#include "net/tls.h"
#include "proxy/log_sink.h"
#include "proxy/text.h"
#include "proxy/worker.h"

enum { LOG_BUFFER_BYTES = 64 * 1024 };
static const int64_t flush_after_ns = 100 * 1000000;

static const char *const level_names[] = {
    [DT_LOG_DEBUG] = "debug", [DT_LOG_INFO] = "info",   [DT_LOG_WARN] = "warn",
    [DT_LOG_ERROR] = "error", [DT_LOG_PANIC] = "panic", [DT_LOG_FATAL] = "fatal",
};

static const char *const level_titles[] = {
    [DT_LOG_DEBUG] = "DEBUG", [DT_LOG_INFO] = "INFO",   [DT_LOG_WARN] = "WARN",
    [DT_LOG_ERROR] = "ERROR", [DT_LOG_PANIC] = "PANIC", [DT_LOG_FATAL] = "FATAL",
};

bool log_open(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    core->sinks = arena_array(core->arena, struct log_sink, tables->n_logs);
    for (uint32_t i = 0; i < tables->n_logs; i++) {
        int error = log_sink_open(&core->sinks[i], tables, &tables->logs[i]);
        if (error < 0) {
            fprintf(stderr, "%s: log file %s: %s\n", core->name,
                    dt_chars(tables, tables->logs[i].file), strerror(-error));
            return false;
        }
    }
    return true;
}

void log_reopen(struct core *core)
{
    for (uint32_t i = 0; i < core->tables->n_logs; i++)
        log_sink_reopen(&core->sinks[i]);
}

/* --- lines --- */

static void format_line(struct strbuf *out, bool is_json, enum dt_log_level level, int64_t now_ns,
                        const struct str texts[3])
{
    const struct str logger = texts[0], message = texts[1], fields = texts[2];
    if (is_json) {
        strbuf_printf(out, "{\"level\":\"%s\",\"ts\":", level_names[level]);
        text_add_seconds(out, now_ns / 1000 * 1000);
        if (logger.len > 0) {
            strbuf_puts(out, ",\"logger\":");
            text_add_json(out, logger);
        }
        strbuf_puts(out, ",\"msg\":");
        text_add_json(out, message);
        if (fields.len > 0)
            strbuf_add_char(out, ',');
        strbuf_add(out, fields);
        strbuf_puts(out, "}\n");
        return;
    }
    time_t seconds = (time_t)(now_ns / 1000000000);
    struct tm utc;
    char when[40];
    gmtime_r(&seconds, &utc);
    strftime(when, sizeof(when), "%Y/%m/%d %H:%M:%S", &utc);
    strbuf_printf(out, "%s.%03d\t%s\t", when, (int)(now_ns / 1000000 % 1000), level_titles[level]);
    if (logger.len > 0) {
        strbuf_add(out, logger);
        strbuf_add_char(out, '\t');
    }
    strbuf_add(out, message);
    if (fields.len > 0) {
        strbuf_puts(out, "\t{");
        strbuf_add(out, fields);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, '\n');
}

void log_flush(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->core->tables->n_logs; i++) {
        struct log_buffer *buffer = &worker->log_buffers[i];
        if (buffer->len > 0)
            log_sink_write(&worker->core->sinks[i], buffer->ptr, buffer->len);
        buffer->len = 0;
    }
}

static void flush_due(struct timer *timer)
{
    log_flush((struct worker *)((char *)timer - offsetof(struct worker, log_timer)));
}

static void hand_over(struct core *core, struct worker *worker, uint32_t sink, struct str line)
{
    struct log_buffer *buffer = worker ? &worker->log_buffers[sink] : NULL;
    if (core->sinks[sink].fd < 0)
        return;
    if (buffer && !buffer->ptr)
        buffer->ptr = malloc(LOG_BUFFER_BYTES);
    if (buffer && buffer->len + line.len > LOG_BUFFER_BYTES)
        log_flush(worker);
    if (!buffer || !buffer->ptr || line.len > LOG_BUFFER_BYTES) {
        log_sink_write(&core->sinks[sink], line.ptr, line.len);
        return;
    }
    memcpy(buffer->ptr + buffer->len, line.ptr, line.len);
    buffer->len += line.len;
    worker->log_timer.fire = flush_due;
    if (!timer_running(&worker->log_timer))
        timer_start(worker->loop, &worker->log_timer, flush_after_ns);
}

/* A name covers all that begin with it and a dot. */
static bool covers(const struct dt_tables *tables, struct dt_range names, struct str logger)
{
    for (uint32_t i = 0; i < names.n; i++) {
        struct str name = table_text(tables, tables->texts[names.first + i]);
        if (name.len == 0 || (str_has_prefix(logger, name) &&
                              (logger.len == name.len || logger.ptr[name.len] == '.')))
            return true;
    }
    return false;
}

static bool sink_takes(const struct core *core, uint32_t sink, enum dt_log_level level,
                       struct str logger)
{
    const struct dt_log *row = &core->tables->logs[sink];
    if (row->level > level)
        return false;
    if (row->include.n > 0 && !covers(core->tables, row->include, logger))
        return false;
    return !covers(core->tables, row->exclude, logger);
}

bool log_wants(const struct core *core, enum dt_log_level level)
{
    for (uint32_t i = 0; i < core->tables->n_logs; i++)
        if (core->tables->logs[i].level <= level)
            return true;
    return false;
}

static int64_t wall_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void log_line(struct core *core, struct worker *worker, enum dt_log_level level, struct str logger,
              struct str message, struct str fields)
{
    struct arena arena = ARENA_INIT;
    const struct str texts[3] = {logger, message, fields};
    int64_t now = worker ? loop_wall_ns(worker->loop) : wall_now();
    for (uint32_t i = 0; i < core->tables->n_logs; i++) {
        struct strbuf line = strbuf_in(&arena);
        if (!sink_takes(core, i, level, logger))
            continue;
        format_line(&line, core->sinks[i].is_json, level, now, texts);
        hand_over(core, worker, i, strbuf_str(&line));
    }
    arena_free(&arena);
}

/* --- requests --- */

/* X-Forwarded-For of any spelling, as Go writes names. */
static void add_canonical(struct strbuf *out, const struct http_header *header)
{
    bool is_start = true;
    if (header->id != HEADER_OTHER) {
        strbuf_add(out, header_name(header->id));
        return;
    }
    for (size_t i = 0; i < header->name.len; i++) {
        char c = header->name.ptr[i];
        if (is_start && c >= 'a' && c <= 'z')
            c = (char)(c - 0x20);
        else if (!is_start && c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        is_start = c == '-';
        strbuf_add_char(out, c);
    }
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

static void add_headers(struct strbuf *out, const struct http_header *at, uint32_t n,
                        bool shows_secrets, bool *any)
{
    for (uint32_t i = 0; i < n; i++) {
        bool is_repeated = at[i].id == HEADER_HOST || at[i].id == HEADER_TRANSFER_ENCODING;
        for (uint32_t k = 0; k < i && !is_repeated; k++)
            is_repeated = same_name(&at[k], &at[i]);
        if (is_repeated)
            continue;
        struct strbuf name = strbuf_in(out->arena);
        add_canonical(&name, &at[i]);
        if (*any)
            strbuf_add_char(out, ',');
        *any = true;
        text_add_json(out, strbuf_str(&name));
        strbuf_puts(out, ":[");
        if (is_secret(at[i].id) && !shows_secrets)
            strbuf_puts(out, "\"REDACTED\"");
        for (uint32_t k = i; k < n && (shows_secrets || !is_secret(at[i].id)); k++) {
            if (!same_name(&at[k], &at[i]))
                continue;
            if (k > i)
                strbuf_add_char(out, ',');
            text_add_json(out, at[k].value);
        }
        strbuf_add_char(out, ']');
    }
}

static void add_text(struct strbuf *out, const char *key, struct str value)
{
    strbuf_puts(out, key);
    text_add_json(out, value);
}

static void add_tls(struct strbuf *out, struct transaction *tx)
{
    struct tls_info info;
    if (!tls_info(http_connection_stream(tx->request->connection), &info))
        return;
    strbuf_printf(out, ",\"tls\":{\"resumed\":%s,\"version\":%u,\"cipher_suite\":%u",
                  info.resumed ? "true" : "false", info.version, info.cipher);
    add_text(out, ",\"proto\":", info.alpn);
    add_text(out, ",\"server_name\":", info.server_name);
    strbuf_puts(out, ",\"ech\":false}");
}

void log_add_request(struct strbuf *out, struct transaction *tx, const struct log_request *as)
{
    static const char *const versions[N_HTTP_VERSIONS] = {"", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0",
                                                          "HTTP/3.0"};
    struct http_request *request = tx->request;
    const struct address *peer = http_connection_peer(request->connection);
    bool shows_secrets = tx->server->logs_credentials, any = false;
    add_text(out, "\"request\":{\"remote_ip\":", transaction_peer(tx));
    bool has_port = peer->family == AF_INET || peer->family == AF_INET6;
    add_text(out,
             ",\"remote_port\":", has_port ? text_int(tx->arena, address_port(peer)) : STR(""));
    add_text(out, ",\"client_ip\":", transaction_client_ip(tx));
    strbuf_printf(out, ",\"proto\":\"%s\"", versions[request->version]);
    add_text(out, ",\"method\":", as->method);
    add_text(out, ",\"host\":", as->host);
    add_text(out, ",\"uri\":", as->uri);
    strbuf_puts(out, ",\"headers\":{");
    add_headers(out, as->headers->at, as->headers->n, shows_secrets, &any);
    if (as->headers == &request->headers)
        add_headers(out, request->dropped_headers, request->n_dropped_headers, shows_secrets, &any);
    strbuf_add_char(out, '}');
    if (request->content_length == HTTP_LENGTH_UNKNOWN && request->version == HTTP_1_1)
        strbuf_puts(out, ",\"transfer_encoding\":[\"chunked\"]");
    if (http_connection_is_tls(request->connection))
        add_tls(out, tx);
    strbuf_add_char(out, '}');
}

/* The request as it came, before handlers changed it. */
static void add_request(struct strbuf *out, struct transaction *tx)
{
    struct http_request *request = tx->request;
    struct log_request as = {request->method, request->host, request->target, &request->headers};
    log_add_request(out, tx, &as);
}

static int64_t elapsed(struct transaction *tx)
{
    return loop_now_ns(tx->worker->loop) - tx->request->started_ns;
}

static void add_answer(struct strbuf *out, struct transaction *tx, unsigned status)
{
    bool any = false;
    strbuf_printf(out, ",\"bytes_read\":%llu", (unsigned long long)tx->request->body_read);
    add_text(out, ",\"user_id\":", tx->user);
    strbuf_puts(out, ",\"duration\":");
    text_add_seconds(out, elapsed(tx));
    strbuf_printf(out, ",\"size\":%llu,\"status\":%u,\"resp_headers\":{",
                  (unsigned long long)tx->request->body_sent, status);
    add_headers(out, tx->response.at, tx->response.n, tx->server->logs_credentials, &any);
    strbuf_add_char(out, '}');
    if (tx->uuid.len > 0)
        add_text(out, ",\"uuid\":", tx->uuid);
}

/* --- which logs --- */

/* True where <pattern> is the host, or covers it with '*' for leading labels. */
static bool host_fits(struct str pattern, struct str host)
{
    for (;;) {
        struct str want, got;
        if (str_eq_nocase(pattern, host))
            return true;
        if (!str_cut(pattern, STR("."), &want, &pattern) || !str_cut(host, STR("."), &got, &host) ||
            !str_eq(want, STR("*")))
            return false;
    }
}

static struct str host_without_port(struct transaction *tx)
{
    struct str host, port;
    url_split_host_port(tx->request->host, &host, &port);
    return host;
}

/* True where the host's requests are logged; else no line is written. */
static bool is_logged(struct transaction *tx, struct str host, bool *is_mapped)
{
    const struct dt_server *server = tx->server;
    *is_mapped = false;
    for (uint32_t i = 0; i < server->access_loggers.n; i++) {
        struct dt_text name = tx->tables->access_loggers[server->access_loggers.first + i].host;
        *is_mapped |= name.len > 0 && host_fits(table_text(tx->tables, name), host);
    }
    if (*is_mapped)
        return true;
    for (uint32_t i = 0; i < server->skip_log_hosts.n; i++)
        if (host_fits(table_text(tx->tables, tx->tables->texts[server->skip_log_hosts.first + i]),
                      host))
            return false;
    return !server->skips_unmapped_hosts;
}

struct log_entry {
    enum dt_log_level level;
    struct str base, message, fields; /* <base>: "http.log.access" */
};

static void write_to(struct transaction *tx, const struct dt_access_logger *logger,
                     const struct log_entry *entry)
{
    struct core *core = tx->core;
    struct str name = entry->base;
    /* the table has the name for accesses; that for failures ends like it */
    if (logger && logger->name.len > 0)
        name = STR_JOIN(tx->arena, entry->base,
                        str_trim_prefix(table_text(tx->tables, logger->name),
                                        STR("http.log.access")));
    const struct str texts[3] = {name, entry->message, entry->fields};
    for (uint32_t i = 0; i < tx->tables->n_logs; i++) {
        struct strbuf line = strbuf_in(tx->arena);
        if (!sink_takes(core, i, entry->level, name))
            continue;
        strbuf_reserve(&line, entry->fields.len + 256);
        format_line(&line, core->sinks[i].is_json, entry->level, loop_wall_ns(tx->worker->loop),
                    texts);
        hand_over(core, tx->worker, i, strbuf_str(&line));
    }
}

/* To the loggers of the request's host, else to the server's default one. */
static void write_entry(struct transaction *tx, struct str host, bool is_mapped,
                        const struct log_entry *entry)
{
    const struct dt_server *server = tx->server;
    for (uint32_t i = 0; is_mapped && i < server->access_loggers.n; i++) {
        const struct dt_access_logger *logger =
            &tx->tables->access_loggers[server->access_loggers.first + i];
        if (logger->host.len > 0 && host_fits(table_text(tx->tables, logger->host), host))
            write_to(tx, logger, entry);
    }
    if (!is_mapped)
        write_to(tx,
                 server->default_logger == DT_NONE
                     ? NULL
                     : &tx->tables->access_loggers[server->default_logger],
                 entry);
}

void log_access(struct transaction *tx)
{
    struct str host = host_without_port(tx);
    bool is_mapped;
    if (!is_logged(tx, host, &is_mapped) ||
        (tx->vars && tx->vars[DT_VARIABLE_LOG_SKIP].kind == VALUE_TRUE))
        return;
    unsigned status = tx->log_status ? tx->log_status : tx->is_unhandled ? 0 : tx->request->status;
    struct strbuf fields = strbuf_in(tx->arena);
    strbuf_reserve(&fields, 1024);
    add_request(&fields, tx);
    add_answer(&fields, tx, status);
    struct log_entry entry = {
        .level = status >= 500 ? DT_LOG_ERROR : DT_LOG_INFO,
        .base = STR("http.log.access"),
        .message = tx->is_unhandled ? STR("NOP") : STR("handled request"),
        .fields = strbuf_str(&fields),
    };
    write_entry(tx, host, is_mapped, &entry);
}

void log_failure(struct transaction *tx, enum log_failure_kind kind)
{
    const struct failure *failure = &tx->failure;
    struct str host = host_without_port(tx);
    bool is_mapped;
    struct log_entry entry = {
        .level = kind == LOG_FAILURE_TWICE                              ? DT_LOG_ERROR
                 : kind == LOG_FAILURE_HANDLED || failure->status < 500 ? DT_LOG_DEBUG
                                                                        : DT_LOG_ERROR,
        .base = STR("http.log.error"),
        .message = kind == LOG_FAILURE_TWICE  ? STR("error handling handler error")
                   : failure->message.len > 0 ? failure->message
                                              : http_status_text(failure->status),
    };
    if (!log_wants(tx->core, entry.level))
        return;
    is_logged(tx, host, &is_mapped);
    struct strbuf fields = strbuf_in(tx->arena);
    add_request(&fields, tx);
    strbuf_puts(&fields, ",\"duration\":");
    text_add_seconds(&fields, elapsed(tx));
    if (kind == LOG_FAILURE_TWICE)
        add_text(&fields, ",\"error\":", failure->message);
    strbuf_printf(&fields, ",\"status\":%u", failure->status);
    add_text(&fields, ",\"err_id\":", failure->id);
    add_text(&fields, ",\"err_trace\":", STR(""));
    entry.fields = strbuf_str(&fields);
    write_entry(tx, host, is_mapped, &entry);
}
