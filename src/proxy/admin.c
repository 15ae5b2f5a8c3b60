/* What the admin endpoint answers: one row per path. */

#include "proxy/admin.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "http/server.h"
#include "net/loop.h"
#include "proxy/control.h"
#include "proxy/core.h"
#include "proxy/text.h"
#include "proxy/worker.h"

struct admin {
    struct core *core;
    struct loop *loop;
    struct http_server *http;
    int64_t started_ns;
    struct task order; /* after the answer to who gave it */
    enum control_order ordered;
    struct http_request *waiting; /* for a replacement; NULL: its client has gone */
    bool replaces;
};

struct answer {
    unsigned status;
    struct strbuf body; /* JSON */
};

struct admin_row {
    const char *method, *path;
    /* Fills the answer in. False: it comes later. */
    bool (*run)(struct admin *admin, struct http_request *request, struct answer *answer);
};

static void answer_with(struct http_request *request, unsigned status, struct str body)
{
    struct http_head head = {.status = status, .headers = {.arena = request->arena}};
    headers_add(&head.headers, HEADER_CONTENT_TYPE, STR("application/json"));
    http_reply(request, &head, body);
}

static void add_text(struct strbuf *out, const char *name, struct str value)
{
    strbuf_printf(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    text_add_json(out, value);
}

static void add_number(struct strbuf *out, const char *name, uint64_t value)
{
    strbuf_printf(out, "%s\"%s\":%" PRIu64, out->ptr[out->len - 1] == '{' ? "" : ",", name, value);
}

/* --- asking --- */

static bool health(struct admin *admin, struct http_request *request, struct answer *answer)
{
    struct core *core = admin->core;
    bool is_ending = control_is_ending(core);
    (void)request;
    answer->status = is_ending ? 503 : 200;
    strbuf_puts(&answer->body, "{");
    add_text(&answer->body, "status", is_ending ? STR("ending") : STR("serving"));
    add_number(&answer->body, "pid", (uint64_t)getpid());
    add_number(&answer->body, "workers", core->n_workers);
    add_number(&answer->body, "uptime_seconds",
               (uint64_t)(loop_now_ns(admin->loop) - admin->started_ns) / 1000000000);
    strbuf_puts(&answer->body, "}\n");
    return true;
}

static void write_counters(struct strbuf *out, const struct http_counters *counters)
{
    static const char *const answers[6] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    add_number(out, "connections", counters->connections);
    add_number(out, "open_connections", counters->open_connections);
    add_number(out, "requests", counters->requests);
    add_number(out, "open_requests", counters->open_requests);
    strbuf_puts(out, ",\"answers\":{");
    for (int i = 0; i < 6; i++)
        add_number(out, answers[i], counters->answers[i]);
    strbuf_puts(out, "}");
    add_number(out, "body_bytes_in", counters->body_bytes_in);
    add_number(out, "body_bytes_out", counters->body_bytes_out);
}

static bool counters(struct admin *admin, struct http_request *request, struct answer *answer)
{
    const struct core *core = admin->core;
    struct http_counters all = {0};
    struct strbuf workers = strbuf_in(request->arena);
    for (unsigned i = 0; i < core->n_workers; i++) {
        struct http_counters sum = {0};
        worker_count(&core->workers[i], &sum);
        strbuf_puts(&workers, i ? ",{" : "{");
        write_counters(&workers, &sum);
        strbuf_puts(&workers, "}");
        worker_count(&core->workers[i], &all);
    }
    strbuf_puts(&answer->body, "{");
    write_counters(&answer->body, &all);
    add_number(&answer->body, "max_connections", core->limit.max);
    strbuf_printf(&answer->body, ",\"workers\":[" STR_FMT "]}\n", STR_ARG(strbuf_str(&workers)));
    return true;
}

static bool config(struct admin *admin, struct http_request *request, struct answer *answer)
{
    const struct dt_tables *tables = admin->core->tables;
    (void)request;
    strbuf_puts(&answer->body, "{");
    add_text(&answer->body, "source", table_text(tables, tables->build.source));
    add_text(&answer->body, "sha256", table_text(tables, tables->build.digest));
    add_text(&answer->body, "version", table_text(tables, tables->build.version));
    add_number(&answer->body, "tables", tables->abi);
    strbuf_puts(&answer->body, ",\"listeners\":[");
    for (uint32_t i = 0; i < tables->n_listeners; i++) {
        strbuf_puts(&answer->body, i ? "," : "");
        text_add_json(&answer->body, table_text(tables, tables->listeners[i].address));
    }
    strbuf_puts(&answer->body, "]}\n");
    return true;
}

/* As Caddy's GET /reverse_proxy/upstreams: each dial address once. */
static bool upstreams(struct admin *admin, struct http_request *request, struct answer *answer)
{
    const struct core *core = admin->core;
    const struct dt_tables *tables = core->tables;
    bool *is_told = arena_array(request->arena, bool, tables->n_states + 1);
    const char *separator = "";
    strbuf_puts(&answer->body, "[");
    for (uint32_t i = 0; i < tables->n_upstreams; i++) {
        const struct dt_upstream *upstream = &tables->upstreams[i];
        struct upstream_state *state = &core->states[upstream->state];
        if (is_told[upstream->state] || upstream->dial_template != DT_NONE)
            continue;
        is_told[upstream->state] = true;
        strbuf_printf(&answer->body, "%s{\"address\":", separator);
        text_add_json(&answer->body, table_text(tables, upstream->dial));
        add_number(&answer->body, "num_requests", atomic_load(&state->requests));
        add_number(&answer->body, "fails", atomic_load(&state->fails));
        strbuf_puts(&answer->body, "}");
        separator = ",";
    }
    strbuf_puts(&answer->body, "]\n");
    return true;
}

/* --- orders --- */

static void give_order(struct task *task)
{
    struct admin *admin = (struct admin *)((char *)task - offsetof(struct admin, order));
    control_order(admin->core, admin->ordered, NULL, NULL);
}

static bool order(struct admin *admin, enum control_order which, struct answer *answer)
{
    admin->ordered = which;
    loop_defer(admin->loop, &admin->order);
    strbuf_puts(&answer->body, "{}\n");
    return true;
}

static bool stop(struct admin *admin, struct http_request *request, struct answer *answer)
{
    (void)request;
    return order(admin, CONTROL_STOP, answer);
}

static bool reload(struct admin *admin, struct http_request *request, struct answer *answer)
{
    (void)request;
    return order(admin, CONTROL_RELOAD, answer);
}

static void client_gone(struct http_request *request, enum http_end end)
{
    struct admin *admin = request->app;
    (void)end;
    admin->waiting = NULL;
}

static const struct http_request_events waiting_events = {.done = client_gone};

static void replaced(const char *problem, void *ctx)
{
    struct admin *admin = ctx;
    struct http_request *request = admin->waiting;
    admin->replaces = false;
    if (!request)
        return;
    struct strbuf body = strbuf_in(request->arena);
    strbuf_puts(&body, "{");
    if (problem)
        add_text(&body, "error", str_from(problem));
    strbuf_puts(&body, "}\n");
    answer_with(request, problem ? 500 : 200, strbuf_str(&body));
}

static void begin_replacement(struct task *task)
{
    struct admin *admin = (struct admin *)((char *)task - offsetof(struct admin, order));
    if (!control_order(admin->core, CONTROL_REPLACE, replaced, admin))
        replaced("a replacement is under way, or the end has begun", admin);
}

static bool replace(struct admin *admin, struct http_request *request, struct answer *answer)
{
    if (admin->replaces) {
        answer->status = 409;
        strbuf_puts(&answer->body, "{\"error\":\"a replacement is under way\"}\n");
        return true;
    }
    admin->replaces = true;
    admin->waiting = request;
    request->app = admin;
    request->events = &waiting_events;
    admin->order.run = begin_replacement;
    loop_defer(admin->loop, &admin->order);
    return false;
}

static const struct admin_row rows[] = {
    {"GET", "/health", health},
    {"GET", "/counters", counters},
    {"GET", "/config", config},
    {"GET", "/upstreams", upstreams},
    {"GET", "/reverse_proxy/upstreams", upstreams},
    {"POST", "/stop", stop},
    {"POST", "/reload", reload},
    {"POST", "/replace", replace},
};

static void on_request(struct http_request *request, void *ctx)
{
    struct admin *admin = ctx;
    struct answer answer = {.status = 200, .body = strbuf_in(request->arena)};
    const struct admin_row *found = NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (str_is(request->path, rows[i].path))
            found = &rows[i];
    admin->order.run = give_order;
    if (!found) {
        answer.status = 404;
        strbuf_puts(&answer.body, "{\"error\":\"nothing is there\"}\n");
    } else if (!str_is(request->method, found->method)) {
        answer.status = 405;
        strbuf_printf(&answer.body, "{\"error\":\"only %s is answered\"}\n", found->method);
    } else if (!found->run(admin, request, &answer)) {
        return;
    }
    answer_with(request, answer.status, strbuf_str(&answer.body));
}

struct admin *admin_open(struct core *core, struct loop *loop, int fd)
{
    struct admin *admin = calloc(1, sizeof(*admin));
    struct http_server_config config = {.on_request = on_request, .ctx = admin};
    if (!admin)
        return NULL;
    admin->core = core;
    admin->loop = loop;
    admin->started_ns = loop_now_ns(loop);
    admin->http = http_server_new(loop, &config);
    int status = http_server_listen(admin->http, fd, 0);
    if (status == 0)
        return admin;
    control_say(core, DT_LOG_ERROR, "the admin socket does not answer: %s", strerror(-status));
    admin_close(admin);
    return NULL;
}

void admin_close(struct admin *admin)
{
    if (!admin)
        return;
    loop_undefer(admin->loop, &admin->order);
    admin->waiting = NULL;
    http_server_free(admin->http);
    loop_free_later(admin->loop, admin);
}
