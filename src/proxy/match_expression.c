/* The matcher `expression`: what a request answers an expression. */
#include "proxy/match.h"

#include "net/loop.h"
#include "proxy/expression.h"
#include "proxy/log.h"
#include "proxy/regexp.h"
#include "proxy/template.h"
#include "proxy/worker.h"

/* ---- placeholders, which have types here ---- */

/* What is no text in Caddy; kinds without a row are texts. */
static const struct {
    uint32_t part; /* enum dt_part_kind */
    enum cel_value_kind kind;
} typed_parts[] = {
    {DT_PART_PORT, CEL_INT},
    {DT_PART_LOCAL_PORT, CEL_INT},
    {DT_PART_REMOTE_PORT, CEL_INT},
    {DT_PART_DURATION, CEL_DURATION},
    {DT_PART_DURATION_MS, CEL_DOUBLE},
    {DT_PART_TLS_RESUMED, CEL_BOOL},
    {DT_PART_TLS_PROTO_MUTUAL, CEL_BOOL},
    {DT_PART_TLS_ECH, CEL_BOOL},
    {DT_PART_TLS_CLIENT_ISSUER, CEL_NAME},
    {DT_PART_TLS_CLIENT_SUBJECT, CEL_NAME},
    {DT_PART_TLS_CLIENT_PEM, CEL_BYTES},
    {DT_PART_TLS_CLIENT_DNS_NAMES, CEL_LIST},
    {DT_PART_TLS_CLIENT_EMAILS, CEL_LIST},
    {DT_PART_TLS_CLIENT_SERIAL, CEL_ERROR},
    {DT_PART_TLS_CLIENT_IPS, CEL_ERROR},
    {DT_PART_TLS_CLIENT_IP, CEL_ERROR},
    {DT_PART_TLS_CLIENT_URIS, CEL_ERROR},
    {DT_PART_TLS_CLIENT_URI, CEL_ERROR},
    {DT_PART_INTERCEPT_STATUS, CEL_INT},
    {DT_PART_ERROR, CEL_ERROR},
    {DT_PART_ERROR_STATUS_CODE, CEL_INT},
    {DT_PART_UPSTREAM_REQUESTS, CEL_INT},
    {DT_PART_UPSTREAM_MAX_REQUESTS, CEL_INT},
    {DT_PART_UPSTREAM_FAILS, CEL_INT},
    {DT_PART_UPSTREAM_LATENCY, CEL_DURATION},
    {DT_PART_UPSTREAM_LATENCY_MS, CEL_DOUBLE},
    {DT_PART_UPSTREAM_DURATION, CEL_DURATION},
    {DT_PART_UPSTREAM_DURATION_MS, CEL_DOUBLE},
    {DT_PART_PROXY_DURATION, CEL_DURATION},
    {DT_PART_PROXY_DURATION_MS, CEL_DOUBLE},
    {DT_PART_PROXY_RETRIES, CEL_INT},
    {DT_PART_PROXY_STATUS_CODE, CEL_INT},
    {DT_PART_PROXY_TRANSPORT_ERROR, CEL_BOOL},
    {DT_PART_SHUTTING_DOWN, CEL_BOOL},
    {DT_PART_TIME_UNTIL_SHUTDOWN, CEL_DURATION},
};

static enum cel_value_kind kind_of(uint32_t part)
{
    for (size_t i = 0; i < sizeof(typed_parts) / sizeof(*typed_parts); i++)
        if (typed_parts[i].part == part)
            return typed_parts[i].kind;
    return CEL_STRING;
}

static struct cel_value variable_value(struct transaction *tx, uint32_t number)
{
    const struct value *value = transaction_variable(tx, number);
    switch (value->kind) {
    case VALUE_STRING:
        return cel_string(value->text);
    case VALUE_TRUE:
    case VALUE_FALSE:
        return cel_bool(value->kind == VALUE_TRUE);
    case VALUE_NUMBER: /* numbers of JSON are Go's float64 */
        return cel_convert(tx->arena, cel_string(value->text), CEL_DOUBLE);
    case VALUE_OTHER:
        return cel_error(tx->arena, "a variable is a list or an object");
    case VALUE_UNSET:
    case VALUE_NULL:
        break;
    }
    return cel_null();
}

/* Known names have no value without TLS. */
static bool is_of_tls(uint32_t part)
{
    return part >= DT_PART_TLS_VERSION && part <= DT_PART_TLS_CLIENT_URI;
}

/* Whether Caddy has nothing where the text is empty. */
static bool is_null_if_empty(uint32_t part)
{
    return part == DT_PART_TIME_UNTIL_SHUTDOWN || part == DT_PART_TLS_CLIENT_DNS_NAME ||
           part == DT_PART_TLS_CLIENT_EMAIL || part == DT_PART_TLS_CLIENT_PUBLIC_KEY ||
           part == DT_PART_TLS_CLIENT_PUBLIC_KEY_SHA256;
}

static struct cel_value now(struct transaction *tx)
{
    int64_t ns = loop_wall_ns(tx->worker->loop);
    return (struct cel_value){
        .kind = CEL_TIMESTAMP, .i = ns / 1000000000, .nanos = (uint32_t)(ns % 1000000000)};
}

/* "[a b]", as Go prints a list of texts. */
static struct cel_value list_value(struct transaction *tx, struct str text)
{
    struct str rest = str_trim_suffix(str_trim_prefix(text, STR("[")), STR("]")), name;
    struct cel_value *items = arena_array(tx->arena, struct cel_value, rest.len + 1);
    size_t n = 0;
    while (rest.len > 0) {
        str_cut(rest, STR(" "), &name, &rest);
        items[n++] = cel_string(name);
    }
    return cel_list(items, n);
}

static struct cel_value part_value(struct transaction *tx, const struct dt_part *part)
{
    struct str text = {0};
    enum cel_value_kind kind = kind_of(part->kind);
    if (part->kind == DT_PART_LITERAL)
        return cel_null();
    if (part->kind == DT_PART_VARIABLE)
        return variable_value(tx, part->number);
    if (part->kind == DT_PART_NOW)
        return now(tx);
    if (is_of_tls(part->kind) && !http_connection_is_tls(tx->request->connection))
        return cel_null();
    if (!template_value(tx, part, &text))
        return cel_null();
    if (text.len == 0 && is_null_if_empty(part->kind))
        return cel_null();
    if (kind == CEL_ERROR)
        return (struct cel_value){.kind = CEL_ERROR, .text = text};
    if (kind == CEL_STRING)
        return cel_string(text);
    if (kind == CEL_NAME)
        return (struct cel_value){.kind = CEL_NAME, .text = text};
    if (kind == CEL_LIST)
        return list_value(tx, text);
    struct cel_value value = cel_convert(tx->arena, cel_string(text), kind);
    /* a port may be missing or no number, and then is a text */
    return value.kind == CEL_ERROR ? cel_string(text) : value;
}

static struct cel_value host_placeholder(void *user, uint32_t template)
{
    struct transaction *tx = user;
    const struct dt_template *row = &tx->tables->templates[template];
    return row->parts.n ? part_value(tx, &tx->tables->parts[row->parts.first]) : cel_null();
}

static bool host_matches(void *user, uint32_t regexp, struct str text)
{
    const struct transaction *tx = user;
    return regexp_matches(tx->core, regexp, text);
}

static struct cel_value host_matches_pattern(void *user, struct str pattern, struct str text)
{
    struct transaction *tx = user;
    bool is_pattern, found = regexp_matches_late(tx, pattern, text, &is_pattern);
    return is_pattern
               ? cel_bool(found)
               : cel_error(tx->arena, "'" STR_FMT "' is no regular expression", STR_ARG(pattern));
}

static struct cel_value host_matcher(void *user, uint32_t matcher)
{
    struct transaction *tx = user;
    bool failed = false;
    bool matches = match_one(tx, matcher, &failed);
    if (!failed)
        return cel_bool(matches);
    return (struct cel_value){.kind = CEL_ERROR,
                              .text = tx->failure.message.ptr ? tx->failure.message
                                                              : STR("a matcher failed")};
}

/* ---- the matcher ---- */

static void log_error(struct transaction *tx, struct str text)
{
    struct log_pair pair = {STR("error"), LOG_TEXT_OF(text)};
    log_line(tx->core, tx->worker, DT_LOG_ERROR, STR("http.matchers.expression"),
             STR("evaluating expression"), &pair, 1);
}

bool match_expression(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    static const struct expression_host host = {host_placeholder, host_matches,
                                                host_matches_pattern, host_matcher};
    struct failure before = tx->failure;
    struct cel_value value =
        expression_evaluate(tx->tables, tx->arena, &host, tx, matcher->rows.first);
    if (value.kind != CEL_ERROR) {
        tx->failure = before; /* of a matcher that an && or || could do without */
        return cel_is_true(value);
    }
    log_error(tx, value.text);
    if (tx->failure.is_set && tx->failure.message.ptr == value.text.ptr &&
        before.message.ptr != value.text.ptr) {
        *failed = true; /* a matcher's failure goes on as it is */
        return false;
    }
    transaction_fail_bare(tx, value.text);
    *failed = true;
    return false;
}
