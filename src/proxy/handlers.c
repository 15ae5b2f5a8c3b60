/* Handler kinds and their functions; the small ones are here. */

#include "proxy/handlers.h"

#include "base/parse.h"
#include "proxy/router.h"
#include "proxy/template.h"
#include "proxy/text.h"

/* The variable of an expanded name; DT_NONE where nobody reads one of this name. */
static uint32_t find_variable(const struct dt_tables *tables, struct str name)
{
    for (uint32_t i = 0; i < tables->n_variables; i++)
        if (str_eq(table_text(tables, tables->variables[i].name), name))
            return i;
    return DT_NONE;
}

static void set_variable(struct transaction *tx, const struct dt_assignment *assignment,
                         struct value value)
{
    uint32_t variable = assignment->variable;
    struct str name;
    if (variable == DT_NONE) {
        name = template_expand(tx, assignment->name);
        variable = find_variable(tx->tables, name);
    } else {
        name = table_text(tx->tables, tx->tables->variables[variable].name);
    }
    /* Caddy: for access logs */
    if (str_eq(name, STR("http.auth.user.id")))
        tx->user = value_text(&value);
    if (variable != DT_NONE)
        *transaction_variable(tx, variable) = value;
}

static enum step handle_vars(struct transaction *tx, const struct dt_handler *handler)
{
    for (uint32_t i = 0; i < handler->n; i++) {
        const struct dt_assignment *assignment = &tx->tables->assignments[handler->row + i];
        struct value value = {0};
        switch ((enum dt_type)assignment->kind) {
        case DT_TYPE_STRING:
            value = (struct value){VALUE_STRING, template_expand(tx, assignment->value), {0}};
            break;
        case DT_TYPE_TRUE:
            value.kind = VALUE_TRUE;
            break;
        case DT_TYPE_FALSE:
            value.kind = VALUE_FALSE;
            break;
        case DT_TYPE_NUMBER:
            value = (struct value){VALUE_NUMBER, template_expand(tx, assignment->value), {0}};
            if (assignment->compared != DT_NONE)
                value.compared = template_expand(tx, assignment->compared);
            break;
        case DT_TYPE_OTHER:
            value = (struct value){VALUE_OTHER, template_expand(tx, assignment->value), {0}};
            break;
        case DT_TYPE_NULL:
            value.kind = VALUE_NULL;
            break;
        case DT_TYPE_LOGGERS:
            value.kind = VALUE_OTHER;
            value.text = template_expand(tx, assignment->value);
            tx->loggers = assignment->loggers;
            tx->has_loggers = true;
            break;
        }
        set_variable(tx, assignment, value);
    }
    return STEP_NEXT;
}

static enum step handle_subroute(struct transaction *tx, const struct dt_handler *handler)
{
    router_enter(tx, &tx->tables->subroutes[handler->row]);
    return STEP_NEXT;
}

static enum step handle_error(struct transaction *tx, const struct dt_handler *handler)
{
    const struct dt_failure *failure = &tx->tables->failures[handler->row];
    int64_t status = failure->status ? failure->status : 500;
    if (failure->status_template != DT_NONE) {
        struct str text = template_expand(tx, failure->status_template);
        if (parse_go_int(text, &status) != PARSE_OK)
            return transaction_fail(
                tx, 500, text_not_a_number(tx->arena, text));
    }
    return transaction_fail(tx, (unsigned)status, template_expand(tx, failure->message));
}

static enum step handle_request_body(struct transaction *tx, const struct dt_handler *handler)
{
    const struct dt_body_limit *row = &tx->tables->body_limits[handler->row];
    if (row->body != DT_NONE) {
        tx->body = template_expand(tx, row->body);
        tx->replaces_body = true;
    }
    if (row->max_bytes > 0)
        tx->max_body_bytes = row->max_bytes;
    return STEP_NEXT;
}

static enum step handle_timeouts(struct transaction *tx, const struct dt_handler *handler)
{
    const struct http_pace *paces = &tx->core->paces[2 * handler->row];
    http_request_pace(tx->request, paces[0].idle_ns > 0 ? &paces[0] : NULL,
                      paces[1].idle_ns > 0 ? &paces[1] : NULL);
    return STEP_NEXT;
}

static enum step handle_intercept(struct transaction *tx, const struct dt_handler *handler)
{
    struct deferred_work *deferred = arena_new(tx->arena, struct deferred_work);
    deferred->interception = &tx->tables->interceptions[handler->row];
    deferred->earlier = tx->deferred;
    tx->deferred = deferred;
    return STEP_NEXT;
}

typedef enum step handler_function(struct transaction *tx, const struct dt_handler *handler);

static handler_function *const handlers[DT_N_HANDLER_KINDS] = {
    [DT_HANDLER_RESPOND] = handle_respond,   [DT_HANDLER_HEADERS] = handle_headers,
    [DT_HANDLER_REWRITE] = handle_rewrite,   [DT_HANDLER_VARS] = handle_vars,
    [DT_HANDLER_SUBROUTE] = handle_subroute, [DT_HANDLER_ERROR] = handle_error,
    [DT_HANDLER_PROXY] = handle_proxy,       [DT_HANDLER_FILES] = handle_files,
    [DT_HANDLER_ENCODE] = handle_encode,
    [DT_HANDLER_REQUEST_BODY] = handle_request_body,
    [DT_HANDLER_TIMEOUTS] = handle_timeouts,
    [DT_HANDLER_COPY_RESPONSE] = handle_copy_answer,
    [DT_HANDLER_COPY_HEADERS] = handle_copy_fields,
    [DT_HANDLER_LOGIN] = handle_login,
    [DT_HANDLER_INTERCEPT] = handle_intercept,
    [DT_HANDLER_MAP] = handle_map,
    [DT_HANDLER_LOG_APPEND] = handle_log_append,
    [DT_HANDLER_METRICS] = handle_metrics,
};

enum step handler_run(struct transaction *tx, const struct dt_handler *handler)
{
    return handlers[handler->kind](tx, handler);
}

uint32_t handler_find_unknown(const struct dt_tables *tables)
{
    for (uint32_t i = 0; i < tables->n_handlers; i++) {
        uint32_t kind = tables->handlers[i].kind;
        if (kind >= DT_N_HANDLER_KINDS || !handlers[kind])
            return i;
    }
    return DT_NONE;
}
