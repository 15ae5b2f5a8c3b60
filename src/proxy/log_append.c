/* Fields that handlers add to the lines about a request. */

#include "base/parse.h"
#include "net/loop.h"
#include "proxy/handlers.h"
#include "proxy/log.h"
#include "proxy/response.h"
#include "proxy/template.h"
#include "proxy/text.h"
#include "proxy/worker.h"

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
