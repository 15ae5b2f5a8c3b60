/* Handlers that look at the answers of others: handle_response, intercept, and what copies. */
#include "native/lower_private.h"

static struct dt_range header_numbers(struct lowering *lo, const json_t *list)
{
    size_t n = elements(lo, list, "header names");
    uint32_t *rows = arena_array(lo->arena, uint32_t, n + 1);
    for (size_t i = 0; i < n; i++)
        rows[i] = builder_header(lo, json_str(json_array_get(list, i)));
    return numbers_of(lo, rows, n);
}

void lower_copy_response(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct copy_json {
        const json_t *status;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"status_code", FIELD_JSON, offsetof(struct copy_json, status)},
        {0},
    };
    read_object(lo, handler, "a copy_response", fields, &in);
    struct dt_copy row = {.status_template = DT_NONE};
    lower_status(lo, in.status, &row.status, &row.status_template);
    out->row = push_copies(lo, row);
}

void lower_copy_headers(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct copy_json {
        const json_t *include, *exclude;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"include", FIELD_JSON, offsetof(struct copy_json, include)},
        {"exclude", FIELD_JSON, offsetof(struct copy_json, exclude)},
        {0},
    };
    read_object(lo, handler, "a copy_response_headers", fields, &in);
    struct dt_copy row = {.status_template = DT_NONE};
    row.include = header_numbers(lo, in.include);
    row.exclude = header_numbers(lo, in.exclude);
    out->row = push_copies(lo, row);
}

struct dt_range lower_response_handlers(struct lowering *lo, const json_t *list)
{
    struct handler_json {
        const json_t *matcher, *status, *routes;
    };
    static const struct field fields[] = {
        {"match", FIELD_JSON, offsetof(struct handler_json, matcher)},
        {"status_code", FIELD_JSON, offsetof(struct handler_json, status)},
        {"routes", FIELD_JSON, offsetof(struct handler_json, routes)},
        {0},
    };
    size_t n = elements(lo, list, "the handlers of responses");
    struct dt_range range = {reserve_response_handlers(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        struct handler_json in = {0};
        const json_t *value = json_array_get(list, i);
        const struct token *before = enter(lo, value);
        read_object(lo, value, "a handler of responses", fields, &in);
        struct dt_response_handler row = {.status_template = DT_NONE};
        row.matcher = lower_response_matcher(lo, in.matcher);
        lower_status(lo, in.status, &row.status, &row.status_template);
        row.routes = lower_routes(lo, in.routes);
        lo->response_handlers.at[range.first + i] = row;
        leave(lo, before);
    }
    return range;
}

void lower_intercept(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct intercept_json {
        const json_t *handlers;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"handle_response", FIELD_JSON, offsetof(struct intercept_json, handlers)},
        {0},
    };
    read_object(lo, handler, "an intercept", fields, &in);
    struct dt_interception row = {.handlers = lower_response_handlers(lo, in.handlers)};
    out->row = push_interceptions(lo, row);
}
