/* Handlers: the JSON of http.handlers → rows. A handler the core can run is a row of the table at
 * the end. */
#include "base/parse.h"
#include "json/document.h"
#include "native/go_value.h"
#include "native/lower_private.h"

void lower_status(struct lowering *lo, const json_t *value, uint32_t *status, uint32_t *template)
{
    struct str text = json_str(value);
    *template = DT_NONE;
    if (json_is_integer(value))
        text = str_printf(lo->arena, "%lld", (long long)json_integer_value(value));
    else if (value && !json_is_string(value))
        reject_at(lo, value, "a status must be a number or text");
    if (text.len == 0)
        return;
    uint32_t row = template_of(lo, text, UNKNOWN_IS_EMPTY);
    if (!template_is_constant(lo, row, &text)) {
        *template = row;
        return;
    }
    int64_t number;
    if (parse_go_int(text, &number) != PARSE_OK)
        *template = row; /* an error when it is to be used, as for Caddy */
    else if (number < 100 || number > 999)
        reject_at(lo, value, "a status must have three digits");
    else
        *status = (uint32_t)number;
}

/* What Content-Type Caddy gives a body. */
static uint8_t content_of(const struct lowering *lo, uint32_t body)
{
    struct str text;
    if (body == DT_NONE)
        return DT_CONTENT_EMPTY;
    if (!template_is_constant(lo, body, &text))
        return DT_CONTENT_RUN_TIME;
    if (text.len == 0)
        return DT_CONTENT_EMPTY;
    text = str_trim_unicode(text);
    if (text.len <= 2)
        return DT_CONTENT_TEXT;
    char first = text.ptr[0], last = text.ptr[text.len - 1];
    bool is_bracketed = (first == '{' && last == '}') || (first == '[' && last == ']');
    return is_bracketed && document_is_valid(text) ? DT_CONTENT_JSON : DT_CONTENT_TEXT;
}

static void lower_static_response(struct lowering *lo, const json_t *handler,
                                  struct dt_handler *out)
{
    struct response_json {
        const json_t *status, *headers;
        struct str body;
        uint8_t closes, aborts;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"status_code", FIELD_JSON, offsetof(struct response_json, status)},
        {"headers", FIELD_JSON, offsetof(struct response_json, headers)},
        {"body", FIELD_STR, offsetof(struct response_json, body)},
        {"close", FIELD_FLAG, offsetof(struct response_json, closes)},
        {"abort", FIELD_FLAG, offsetof(struct response_json, aborts)},
        {0},
    };
    read_object(lo, handler, "a static_response", fields, &in);
    struct dt_response row = {.body = DT_NONE, .closes = in.closes, .aborts = in.aborts};
    lower_status(lo, in.status, &row.status, &row.status_template);
    row.headers = lower_header_fields(lo, in.headers, UNKNOWN_IS_KEPT);
    if (in.body.len)
        row.body = template_of(lo, in.body, UNKNOWN_IS_KEPT);
    row.content = content_of(lo, row.body);
    out->row = push_responses(lo, row);
}

static void lower_headers(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    out->row = lower_header_edit(lo, handler, NULL);
}

static void lower_rewrite_handler(struct lowering *lo, const json_t *handler,
                                  struct dt_handler *out)
{
    out->row = lower_rewrite(lo, handler);
}

static struct dt_assignment assignment(struct lowering *lo, struct str name, const json_t *value)
{
    struct dt_assignment row = {
        .variable = DT_NONE, .name = DT_NONE, .value = DT_NONE, .compared = DT_NONE};
    uint32_t template = template_of(lo, name, UNKNOWN_IS_EMPTY);
    struct str constant, text = go_value_text(lo->arena, value);
    if (template_is_constant(lo, template, &constant))
        row.variable = variable(lo, str_dup(lo->arena, constant));
    else
        row.name = template;
    switch (json_typeof(value)) {
    case JSON_STRING:
        row.kind = DT_TYPE_STRING;
        row.value = template_of(lo, json_str(value), UNKNOWN_IS_EMPTY);
        break;
    case JSON_TRUE:
        row.kind = DT_TYPE_TRUE;
        break;
    case JSON_FALSE:
        row.kind = DT_TYPE_FALSE;
        break;
    case JSON_NONE:
    case JSON_NULL:
        row.kind = DT_TYPE_NULL;
        break;
    case JSON_INTEGER:
    case JSON_REAL: {
        struct str shown = go_value_shown(lo->arena, value);
        row.kind = DT_TYPE_NUMBER;
        row.value = constant_template(lo, text);
        if (!str_eq(shown, text))
            row.compared = constant_template(lo, shown);
        break;
    }
    case JSON_OBJECT:
    case JSON_ARRAY: /* what is in it is not looked at for placeholders */
        row.kind = DT_TYPE_OTHER;
        if (row.variable == DT_VARIABLE_ACCESS_LOGGER_NAMES && json_is_array(value)) {
            row.kind = DT_TYPE_LOGGERS;
            row.loggers = lower_logger_list(lo, value);
        }
        row.value = constant_template(lo, text);
        break;
    }
    return row;
}

static void lower_vars(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    const json_t *walked = handler;
    VEC(struct dt_assignment) rows = {0};
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        struct str name = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        const json_t *value = json_object_iter_value(i);
        if (str_is(name, "handler"))
            continue;
        const struct token *before = lo->place;
        lo->place = origin_of(lo, handler, json_object_iter_key(i), value);
        vec_push(lo->arena, &rows, assignment(lo, name, value));
        leave(lo, before);
    }
    out->n = (uint32_t)rows.n;
    out->row = reserve_assignments(lo, out->n);
    if (rows.n)
        memcpy(lo->assignments.at + out->row, rows.at, rows.n * sizeof(*rows.at));
}

static struct dt_range lower_error_routes(struct lowering *lo, const json_t *errors)
{
    struct errors_json {
        const json_t *routes;
    } in = {0};
    static const struct field fields[] = {
        {"routes", FIELD_JSON, offsetof(struct errors_json, routes)},
        {0},
    };
    read_object(lo, errors, "error routes", fields, &in);
    return lower_routes(lo, in.routes);
}

static void lower_subroute(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct subroute_json {
        const json_t *routes, *errors;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"routes", FIELD_JSON, offsetof(struct subroute_json, routes)},
        {"errors", FIELD_JSON, offsetof(struct subroute_json, errors)},
        {0},
    };
    read_object(lo, handler, "a subroute", fields, &in);
    struct dt_subroute row = {.routes = lower_routes(lo, in.routes)};
    row.error_routes = lower_error_routes(lo, in.errors);
    out->row = push_subroutes(lo, row);
}

/* A named route is lowered where it is first invoked, and once per server. */
static void lower_invoke(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct invoke_json {
        struct str name;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"name", FIELD_STR, offsetof(struct invoke_json, name)},
        {0},
    };
    read_object(lo, handler, "an invoke", fields, &in);
    out->kind = DT_HANDLER_SUBROUTE;
    uintptr_t known = (uintptr_t)map_get(&lo->invoked, in.name);
    if (known) {
        out->row = (uint32_t)(known - 1);
        if (lo->subroutes.at[out->row].routes.n == 0)
            reject(lo, "the named route '" STR_FMT "' invokes itself", STR_ARG(in.name));
        return;
    }
    const json_t *route = json_object_get(lo->named_routes, str_dup(lo->arena, in.name).ptr);
    if (!route) {
        reject(lo, "there is no named route '" STR_FMT "'", STR_ARG(in.name));
        return;
    }
    out->row = push_subroutes(lo, (struct dt_subroute){0});
    map_put(&lo->invoked, in.name, (void *)(uintptr_t)(out->row + 1));
    struct dt_range routes = lower_route_alone(lo, route);
    lo->subroutes.at[out->row].routes = routes;
}

void check_named_routes(struct lowering *lo)
{
    const json_t *walked = lo->named_routes;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        struct str name = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        if (!map_get(&lo->invoked, name))
            lower_route_alone(lo, json_object_iter_value(i));
    }
}

static void lower_error(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct error_json {
        const json_t *status;
        struct str message;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"error", FIELD_STR, offsetof(struct error_json, message)},
        {"status_code", FIELD_JSON, offsetof(struct error_json, status)},
        {0},
    };
    read_object(lo, handler, "an error handler", fields, &in);
    struct dt_failure row = {.status = 500, .message = DT_NONE};
    lower_status(lo, in.status, &row.status, &row.status_template);
    if (in.message.len)
        row.message = template_of(lo, in.message, UNKNOWN_IS_KEPT);
    out->row = push_failures(lo, row);
}

static void lower_request_body(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct body_json {
        int64_t max_bytes;
        struct str body;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"max_size", FIELD_BYTES, offsetof(struct body_json, max_bytes)},
        {"set", FIELD_STR, offsetof(struct body_json, body)},
        {0},
    };
    read_object(lo, handler, "a request_body", fields, &in);
    struct dt_body_limit row = {.max_bytes = in.max_bytes, .body = DT_NONE};
    if (in.body.len)
        row.body = template_of(lo, in.body, UNKNOWN_IS_EMPTY);
    out->row = push_body_limits(lo, row);
}

static void lower_timeouts(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct dt_pace row = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"read_timeout", FIELD_DURATION, offsetof(struct dt_pace, read_idle_ns)},
        {"read_min_rate", FIELD_BYTES, offsetof(struct dt_pace, read_min_rate)},
        {"write_timeout", FIELD_DURATION, offsetof(struct dt_pace, write_idle_ns)},
        {"write_min_rate", FIELD_BYTES, offsetof(struct dt_pace, write_min_rate)},
        {"max_write_chunk", FIELD_IGNORED, 0}, /* how Caddy measures; the core sees each write */
        {0},
    };
    read_object(lo, handler, "a timeouts handler", fields, &row);
    out->row = push_paces(lo, row);
}

static void lower_reverse_proxy(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    out->row = lower_pool(lo, handler);
}

static const struct handler_row {
    const char *name;
    enum dt_handler_kind kind;
    void (*lower)(struct lowering *lo, const json_t *handler, struct dt_handler *out);
} handlers[] = {
    {"static_response", DT_HANDLER_RESPOND, lower_static_response},
    {"headers", DT_HANDLER_HEADERS, lower_headers},
    {"rewrite", DT_HANDLER_REWRITE, lower_rewrite_handler},
    {"vars", DT_HANDLER_VARS, lower_vars},
    {"subroute", DT_HANDLER_SUBROUTE, lower_subroute},
    {"invoke", DT_HANDLER_SUBROUTE, lower_invoke},
    {"error", DT_HANDLER_ERROR, lower_error},
    {"reverse_proxy", DT_HANDLER_PROXY, lower_reverse_proxy},
    {"file_server", DT_HANDLER_FILES, lower_file_server},
    {"encode", DT_HANDLER_ENCODE, lower_encode},
    {"request_body", DT_HANDLER_REQUEST_BODY, lower_request_body},
    {"timeouts", DT_HANDLER_TIMEOUTS, lower_timeouts},
    {"copy_response", DT_HANDLER_COPY_RESPONSE, lower_copy_response},
    {"copy_response_headers", DT_HANDLER_COPY_HEADERS, lower_copy_headers},
    {"authentication", DT_HANDLER_LOGIN, lower_login},
    {"intercept", DT_HANDLER_INTERCEPT, lower_intercept},
    {"map", DT_HANDLER_MAP, lower_map},
    {"log_append", DT_HANDLER_LOG_APPEND, lower_log_append},
    {"metrics", DT_HANDLER_METRICS, lower_metrics_page},
};

/* What Caddy can do and the core never will. */
static const struct {
    const char *name, *why;
} never[] = {
    {"templates", "its files are programs in Go's template language"},
    {"acme_server", "it is a certificate authority for others"},
    {"push", "browsers have given up HTTP/2 pushes"},
    {"tracing", "it reports to OpenTelemetry collectors"},
};

static void lower_handler(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct str name = member_str(handler, "handler");
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (str_is(name, handlers[i].name)) {
            *out = (struct dt_handler){.kind = handlers[i].kind, .n = 1, .origin = origin_here(lo)};
            handlers[i].lower(lo, handler, out);
            return;
        }
    }
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        if (str_is(name, never[i].name)) {
            refuse(lo, "the proxy core does not run the handler '%s': %s", never[i].name,
                   never[i].why);
            return;
        }
    }
    if (name.len)
        refuse(lo, "the proxy core cannot run the handler '" STR_FMT "' yet", STR_ARG(name));
    else
        reject(lo, "a handler must say which one it is");
}

struct dt_range lower_handlers(struct lowering *lo, const json_t *list)
{
    size_t n = elements(lo, list, "the handlers");
    struct dt_range range = {reserve_handlers(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        const json_t *handler = json_array_get(list, i);
        const struct token *before = enter(lo, handler);
        struct dt_handler row = {0};
        uint32_t body_uses = lo->n_body_uses;
        lower_handler(lo, handler, &row);
        /* what is in routes of its own says so there */
        row.needs_body = lo->n_body_uses != body_uses && row.kind != DT_HANDLER_SUBROUTE;
        lo->handlers.at[range.first + i] = row;
        leave(lo, before);
    }
    return range;
}
