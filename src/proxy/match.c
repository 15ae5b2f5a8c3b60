/* Request matchers: one function per kind, found by the table at the end. */

#include "proxy/match.h"

#include "base/glob.h"
#include "proxy/regexp.h"
#include "proxy/template.h"
#include "proxy/url.h"

typedef bool matcher_run(struct transaction *tx, const struct dt_matcher *matcher, bool *failed);

/* --- host --- */

static bool labels_match(struct str pattern, struct str host)
{
    for (;;) {
        struct str want, got;
        bool more = str_cut(pattern, STR("."), &want, &pattern);
        if (str_cut(host, STR("."), &got, &host) != more)
            return false;
        if (!str_eq(want, STR("*")) && !str_eq_nocase(want, got))
            return false;
        if (!more)
            return true;
    }
}

static bool host_matches(struct str pattern, struct str host)
{
    return str_index(pattern, '*') >= 0 ? labels_match(pattern, host)
                                        : str_eq_nocase(pattern, host);
}

/* Compares without case as str_compare would with <b> lower-cased. */
static int compare_lower(struct str a, struct str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    if (str_eq(a, b)) /* the usual spelling */
        return 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)b.ptr[i];
        c = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
        if ((unsigned char)a.ptr[i] != c)
            return (unsigned char)a.ptr[i] - c;
    }
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

static bool match_host(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    const struct dt_host_pattern *patterns = &tx->tables->host_patterns[matcher->rows.first];
    struct str host = transaction_host_name(tx);
    (void)failed;
    for (uint32_t low = 0, high = matcher->number; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_lower(table_text(tx->tables, patterns[middle].text), host);
        if (order == 0) {
            transaction_host_fits(tx, matcher);
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t i = matcher->number; i < matcher->rows.n; i++) {
        const struct dt_host_pattern *pattern = &patterns[i];
        struct str text = pattern->kind == DT_HOST_PATTERN_TEMPLATE
                              ? template_expand(tx, pattern->template)
                              : table_text(tx->tables, pattern->text);
        if (!host_matches(text, host))
            continue;
        if (pattern->kind != DT_HOST_PATTERN_TEMPLATE)
            transaction_host_fits(tx, matcher);
        return true;
    }
    return false;
}

/* --- path --- */

static const enum path_pattern_kind path_kinds[] = {
    [DT_PATH_ANY] = PATH_ANY,           [DT_PATH_EXACT] = PATH_EXACT,
    [DT_PATH_PREFIX] = PATH_PREFIX,     [DT_PATH_SUFFIX] = PATH_SUFFIX,
    [DT_PATH_CONTAINS] = PATH_CONTAINS, [DT_PATH_GLOB] = PATH_GLOB,
    [DT_PATH_ESCAPED] = PATH_ESCAPED,
};

/* The path as the path matchers of many routes compare it: worked out once, until it is rewritten.
 */
static const struct matched_path *matched_path(struct transaction *tx)
{
    struct matched_path *seen = &tx->matched_path;
    struct str path = tx->url.path;
    if (seen->of.ptr == path.ptr && seen->of.len == path.len && seen->lower.ptr)
        return seen;
    bool has_upper = false;
    for (size_t i = 0; i < path.len; i++)
        has_upper |= path.ptr[i] >= 'A' && path.ptr[i] <= 'Z';
    seen->of = path;
    seen->lower = has_upper || !path.ptr ? str_lower(tx->arena, path) : path;
    seen->clean = path_clean(seen->lower, false, tx->arena);
    return seen;
}

/* Most patterns are a path or the beginning of one. */
static bool is_simple(const struct dt_path_pattern *row)
{
    return (row->kind == DT_PATH_PREFIX || row->kind == DT_PATH_EXACT) && !row->keeps_slashes;
}

/* Paths that differ often do not in their first bytes, so the last is looked at before them. */
static inline bool simple_fits(const struct dt_path_pattern *row, struct str text, struct str path)
{
    return (row->kind == DT_PATH_PREFIX ? path.len >= text.len : path.len == text.len) &&
           (text.len == 0 || (path.ptr[text.len - 1] == text.ptr[text.len - 1] &&
                              memcmp(path.ptr, text.ptr, text.len) == 0));
}

static bool match_path(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    const struct matched_path *seen = matched_path(tx);
    (void)failed;
    for (uint32_t i = 0; i < matcher->rows.n; i++) {
        const struct dt_path_pattern *row = &tx->tables->path_patterns[matcher->rows.first + i];
        struct path_pattern pattern;
        struct str path = seen->clean;
        if (is_simple(row)) {
            if (simple_fits(row, table_text(tx->tables, row->text), path))
                return true;
            continue;
        }
        if (row->kind == DT_PATH_TEMPLATE)
            pattern = path_pattern_parse(template_expand(tx, row->template));
        else if (row->kind == DT_PATH_TEMPLATE_LOWER)
            pattern = path_pattern_parse(str_lower(tx->arena, template_expand(tx, row->template)));
        else
            pattern = (struct path_pattern){path_kinds[row->kind], row->keeps_slashes,
                                            table_text(tx->tables, row->text)};
        if (pattern.kind == PATH_ESCAPED)
            path =
                path_clean(url_escaped_path(&tx->url, tx->arena), pattern.keep_slashes, tx->arena);
        else if (pattern.kind != PATH_ANY && pattern.keep_slashes)
            path = path_clean(seen->lower, true, tx->arena);
        if (path_pattern_match(&pattern, path, tx->arena))
            return true;
    }
    return false;
}

/* The path matcher that decides alone that a route does not match: the first one of its only set.
 */
static const struct dt_matcher *path_matcher(const struct dt_tables *tables,
                                             const struct dt_route *route)
{
    if (route->matcher_sets.n != 1 || route->needs_body)
        return NULL;
    const struct dt_matcher_set *set = &tables->matcher_sets[route->matcher_sets.first];
    const struct dt_matcher *matcher = &tables->matchers[set->matchers.first];
    return set->matchers.n > 0 && matcher->kind == DT_MATCHER_PATH ? matcher : NULL;
}

/* Whether the matcher's patterns are simple ones, none of which fits. */
static inline bool none_fits(const struct dt_tables *tables, const struct dt_matcher *matcher,
                             struct str path)
{
    const struct dt_path_pattern *row = &tables->path_patterns[matcher->rows.first];
    for (const struct dt_path_pattern *end = row + matcher->rows.n; row < end; row++)
        if (!is_simple(row) || simple_fits(row, table_text(tables, row->text), path))
            return false;
    return true;
}

uint32_t match_pass_over(struct transaction *tx, const struct frame *frame)
{
    const struct dt_tables *tables = tx->tables;
    struct str path = {0};
    uint32_t at = frame->at;
    for (; at < frame->n; at++) {
        const struct dt_matcher *matcher =
            path_matcher(tables, &tables->routes[frame_route(frame, at)]);
        if (!matcher)
            break;
        if (!path.ptr)
            path = matched_path(tx)->clean;
        if (!none_fits(tables, matcher, path))
            break;
    }
    return at;
}

/* --- method, protocol, tls --- */

static bool match_method(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    (void)failed;
    for (uint32_t i = 0; i < matcher->rows.n; i++)
        if (str_eq(tx->method, table_text(tx->tables, tx->tables->texts[matcher->rows.first + i])))
            return true;
    return false;
}

static bool match_protocol(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    enum http_version version = tx->request->version;
    bool is_tls = http_connection_is_tls(tx->request->connection);
    (void)failed;
    switch ((enum dt_protocol_match)matcher->number) {
    case DT_PROTOCOL_MATCH_NEVER:
        return false;
    case DT_PROTOCOL_MATCH_HTTP:
        return !is_tls;
    case DT_PROTOCOL_MATCH_HTTPS:
        return is_tls;
    case DT_PROTOCOL_MATCH_GRPC:
        return str_has_prefix(headers_get(&tx->headers, HEADER_CONTENT_TYPE),
                              STR("application/grpc"));
    case DT_PROTOCOL_MATCH_1_0:
        return version == HTTP_1_0;
    case DT_PROTOCOL_MATCH_1_1:
        return version == HTTP_1_1;
    case DT_PROTOCOL_MATCH_2:
        return version == HTTP_2;
    case DT_PROTOCOL_MATCH_3:
        return version == HTTP_3;
    case DT_PROTOCOL_MATCH_FROM_1_0:
        return version >= HTTP_1_0;
    case DT_PROTOCOL_MATCH_FROM_1_1:
        return version >= HTTP_1_1;
    case DT_PROTOCOL_MATCH_FROM_2:
        return version >= HTTP_2;
    case DT_PROTOCOL_MATCH_FROM_3:
        return version >= HTTP_3;
    }
    return false;
}

/* Requests come only after the handshake here: there is no early data. */
static bool match_tls(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    (void)failed;
    return http_connection_is_tls(tx->request->connection) && matcher->number != 2;
}

/* --- values --- */

static bool value_fits(enum dt_value_pattern_kind kind, struct str pattern, struct str value)
{
    switch (kind) {
    case DT_VALUE_EXACT:
        return str_eq(value, pattern);
    case DT_VALUE_ANY:
        return true;
    case DT_VALUE_PREFIX:
        return str_has_prefix(value, pattern);
    case DT_VALUE_SUFFIX:
        return str_has_suffix(value, pattern);
    case DT_VALUE_CONTAINS:
        return str_contains(value, pattern);
    case DT_VALUE_TEMPLATE:
        break;
    }
    return false;
}

/* A header value against an expanded pattern: '*' at the ends decides. */
static bool header_text_fits(struct str pattern, struct str value)
{
    bool starts = pattern.len > 0 && pattern.ptr[0] == '*';
    bool ends = pattern.len > 0 && pattern.ptr[pattern.len - 1] == '*';
    if (pattern.len == 1 && starts)
        return true;
    if (starts && ends)
        return str_contains(value, str_slice(pattern, 1, pattern.len - 1));
    if (starts)
        return str_has_suffix(value, str_slice(pattern, 1, pattern.len));
    if (ends)
        return str_has_prefix(value, str_slice(pattern, 0, pattern.len - 1));
    return str_eq(value, pattern);
}

/* <tx> is NULL where there are no placeholders (response matchers). */
static bool header_value_fits(struct transaction *tx, const struct dt_tables *tables,
                              const struct dt_condition *condition, struct str value)
{
    for (uint32_t i = 0; i < condition->values.n; i++) {
        const struct dt_value_pattern *pattern =
            &tables->value_patterns[condition->values.first + i];
        bool fits = pattern->kind == DT_VALUE_TEMPLATE
                        ? tx && header_text_fits(template_expand(tx, pattern->template), value)
                        : value_fits(pattern->kind, table_text(tables, pattern->text), value);
        if (fits)
            return true;
    }
    return false;
}

/* --- header --- */

static bool condition_holds(struct transaction *tx, const struct core *core,
                            const struct dt_condition *condition,
                            const struct http_headers *headers)
{
    bool exists = false;
    for (uint32_t i = 0; i < headers->n; i++) {
        if (!field_is(core, &headers->at[i], condition->number))
            continue;
        exists = true;
        if (condition->kind == DT_CONDITION_VALUES &&
            header_value_fits(tx, core->tables, condition, headers->at[i].value))
            return true;
    }
    return condition->kind == DT_CONDITION_PRESENT  ? exists
           : condition->kind == DT_CONDITION_ABSENT ? !exists
                                                    : false;
}

/* Host is not among the headers: its value is the request's host, if there is one. */
static bool host_condition_holds(struct transaction *tx, const struct dt_condition *condition)
{
    if (condition->kind == DT_CONDITION_VALUES)
        return tx->host.len > 0 && header_value_fits(tx, tx->tables, condition, tx->host);
    return (tx->host.len > 0) == (condition->kind == DT_CONDITION_PRESENT);
}

static bool match_header(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    (void)failed;
    for (uint32_t i = 0; i < matcher->rows.n; i++) {
        const struct dt_condition *condition = &tx->tables->conditions[matcher->rows.first + i];
        bool holds = tx->core->header_ids[condition->number] == HEADER_HOST
                         ? host_condition_holds(tx, condition)
                         : condition_holds(tx, tx->core, condition, &tx->headers);
        if (!holds)
            return false;
    }
    return true;
}

/* --- query --- */

static bool query_value_fits(struct transaction *tx, const struct dt_condition *condition,
                             struct str value)
{
    for (uint32_t i = 0; i < condition->values.n; i++) {
        const struct dt_value_pattern *pattern =
            &tx->tables->value_patterns[condition->values.first + i];
        struct str text = pattern->kind == DT_VALUE_TEMPLATE
                              ? template_expand(tx, pattern->template)
                              : table_text(tx->tables, pattern->text);
        if (pattern->kind == DT_VALUE_ANY || str_eq(text, STR("*")) || str_eq(text, value))
            return true;
    }
    return false;
}

static bool match_query(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    struct str rest = tx->url.query, key, value;
    bool bad = false, any = false;
    (void)failed;
    while (url_query_next(&rest, tx->arena, &key, &value, &bad))
        any = true;
    if (matcher->rows.n == 0)
        return !any;
    if (bad)
        return false;
    for (uint32_t i = 0; i < matcher->rows.n; i++) {
        const struct dt_condition *condition = &tx->tables->conditions[matcher->rows.first + i];
        struct str wanted = template_expand(tx, condition->template);
        bool fits = false;
        rest = tx->url.query;
        while (!fits && url_query_next(&rest, tx->arena, &key, &value, &bad))
            fits = str_eq(key, wanted) && query_value_fits(tx, condition, value);
        if (!fits)
            return false;
    }
    return true;
}

/* --- addresses --- */

static bool in_range(const struct dt_ip_range *range, const uint8_t *ip, unsigned family)
{
    if (range->family != family)
        return false;
    unsigned bytes = range->bits / 8, bits = range->bits % 8;
    if (memcmp(range->ip, ip, bytes) != 0)
        return false;
    return bits == 0 || ((range->ip[bytes] ^ ip[bytes]) & (0xFF00 >> bits) & 0xFF) == 0;
}

bool match_address(const struct dt_tables *tables, struct dt_range ranges,
                   const struct address *address, struct str zone)
{
    const uint8_t *ip = address->family == AF_INET ? (const uint8_t *)&address->in.sin_addr
                                                   : (const uint8_t *)&address->in6.sin6_addr;
    unsigned family = address->family == AF_INET ? 4 : address->family == AF_INET6 ? 6 : 0;
    for (uint32_t i = 0; i < ranges.n; i++) {
        const struct dt_ip_range *range = &tables->ip_ranges[ranges.first + i];
        if (family != 0 && in_range(range, ip, family) &&
            (range->zone.len == 0 || str_eq(zone, table_text(tables, range->zone))))
            return true;
    }
    return false;
}

static bool match_remote_ip(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    const struct address *peer = http_connection_peer(tx->request->connection);
    struct str before, zone = {0};
    (void)failed;
    if (peer->family == AF_INET6 && peer->in6.sin6_scope_id != 0)
        str_cut(transaction_peer(tx), STR("%"), &before, &zone);
    return match_address(tx->tables, matcher->rows, peer, zone);
}

static bool match_client_ip(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    struct address client;
    (void)failed;
    return address_parse(transaction_client_ip(tx), &client) &&
           match_address(tx->tables, matcher->rows, &client, (struct str){0});
}

/* --- not, vars, error status --- */

static bool match_not(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    return matcher->rows.n == 0 || !match_any_set(tx, matcher->rows, failed);
}

/* A variable, also one that is read by its placeholder, or what a placeholder stands for. */
static struct str subject_of(struct transaction *tx, uint32_t variable, uint32_t row)
{
    if (variable != DT_NONE)
        return value_compared(transaction_variable(tx, variable));
    const struct dt_template *template = &tx->tables->templates[row];
    const struct dt_part *part = &tx->tables->parts[template->parts.first];
    if (template->parts.n == 1 && part->kind == DT_PART_VARIABLE)
        return value_compared(transaction_variable(tx, part->number));
    return template_expand(tx, row);
}

static bool match_vars(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    (void)failed;
    for (uint32_t i = 0; i < matcher->rows.n; i++) {
        const struct dt_condition *condition = &tx->tables->conditions[matcher->rows.first + i];
        struct str value = subject_of(tx, condition->number, condition->template);
        for (uint32_t k = 0; k < condition->values.n; k++) {
            const struct dt_value_pattern *pattern =
                &tx->tables->value_patterns[condition->values.first + k];
            struct str text = pattern->kind == DT_VALUE_TEMPLATE
                                  ? template_expand(tx, pattern->template)
                                  : table_text(tx->tables, pattern->text);
            if (str_eq(text, value))
                return true;
        }
    }
    return matcher->rows.n == 0;
}

static bool match_error_status(struct transaction *tx, const struct dt_matcher *matcher,
                               bool *failed)
{
    bool has_status = tx->failure.is_set && !tx->failure.is_bare;
    for (uint32_t i = 0; i < matcher->rows.n; i++) {
        const struct dt_status_range *range = &tx->tables->status_ranges[matcher->rows.first + i];
        if (!has_status) {
            *failed |= range->from != range->to; /* null >= 500: cannot be decided */
            continue;
        }
        if (tx->failure.status >= range->from && tx->failure.status <= range->to)
            return true;
    }
    if (*failed)
        transaction_fail_bare(tx, STR("no such overload"));
    return false;
}

/* --- regular expressions --- */

static bool match_path_regexp(struct transaction *tx, const struct dt_matcher *matcher,
                              bool *failed)
{
    (void)failed;
    return regexp_match(tx, matcher->rows.first, path_clean(tx->url.path, false, tx->arena));
}

static bool field_matches(struct transaction *tx, const struct dt_regexp_condition *condition)
{
    if (tx->core->header_ids[condition->number] == HEADER_HOST)
        return tx->host.len > 0 && regexp_match(tx, condition->regexp, tx->host);
    for (uint32_t i = 0; i < tx->headers.n; i++)
        if (field_is(tx->core, &tx->headers.at[i], condition->number) &&
            regexp_match(tx, condition->regexp, tx->headers.at[i].value))
            return true;
    return false;
}

static bool match_header_regexp(struct transaction *tx, const struct dt_matcher *matcher,
                                bool *failed)
{
    (void)failed;
    for (uint32_t i = 0; i < matcher->rows.n; i++)
        if (!field_matches(tx, &tx->tables->regexp_conditions[matcher->rows.first + i]))
            return false;
    return true;
}

static bool match_vars_regexp(struct transaction *tx, const struct dt_matcher *matcher,
                              bool *failed)
{
    (void)failed;
    for (uint32_t i = 0; i < matcher->rows.n; i++) {
        const struct dt_regexp_condition *condition =
            &tx->tables->regexp_conditions[matcher->rows.first + i];
        struct str value = subject_of(tx, condition->number, condition->template);
        if (regexp_match(tx, condition->regexp, value))
            return true;
    }
    return false;
}

/* --- answers --- */

bool match_status(const struct dt_tables *tables, struct dt_range numbers, unsigned status)
{
    for (uint32_t i = 0; i < numbers.n; i++) {
        unsigned want = tables->numbers[numbers.first + i].value;
        if (status == want || (want < 100 && status / 100 == want))
            return true;
    }
    return false;
}

bool match_response(const struct core *core, const struct dt_response_matcher *matcher,
                    unsigned status, const struct http_headers *headers)
{
    if (matcher->statuses.n > 0 && !match_status(core->tables, matcher->statuses, status))
        return false;
    for (uint32_t i = 0; i < matcher->conditions.n; i++)
        if (!condition_holds(NULL, core, &core->tables->conditions[matcher->conditions.first + i],
                             headers))
            return false;
    return true;
}

/* --- sets --- */

static matcher_run *const matchers[DT_N_MATCHER_KINDS] = {
    [DT_MATCHER_HOST] = match_host,
    [DT_MATCHER_PATH] = match_path,
    [DT_MATCHER_METHOD] = match_method,
    [DT_MATCHER_HEADER] = match_header,
    [DT_MATCHER_QUERY] = match_query,
    [DT_MATCHER_REMOTE_IP] = match_remote_ip,
    [DT_MATCHER_CLIENT_IP] = match_client_ip,
    [DT_MATCHER_PROTOCOL] = match_protocol,
    [DT_MATCHER_TLS] = match_tls,
    [DT_MATCHER_NOT] = match_not,
    [DT_MATCHER_VARS] = match_vars,
    [DT_MATCHER_ERROR_STATUS] = match_error_status,
    [DT_MATCHER_FILE] = match_file,
    [DT_MATCHER_PATH_REGEXP] = match_path_regexp,
    [DT_MATCHER_HEADER_REGEXP] = match_header_regexp,
    [DT_MATCHER_VARS_REGEXP] = match_vars_regexp,
    [DT_MATCHER_URL_PATTERN] = match_url_pattern,
    [DT_MATCHER_EXPRESSION] = match_expression,
};

bool match_one(struct transaction *tx, uint32_t row, bool *failed)
{
    const struct dt_matcher *matcher = &tx->tables->matchers[row];
    return matchers[matcher->kind](tx, matcher, failed);
}

bool match_any_set(struct transaction *tx, struct dt_range sets, bool *failed)
{
    const struct dt_matcher_set *set = &tx->tables->matcher_sets[sets.first];
    for (const struct dt_matcher_set *end = set + sets.n; set < end; set++) {
        const struct dt_matcher *matcher = &tx->tables->matchers[set->matchers.first];
        const struct dt_matcher *last = matcher + set->matchers.n;
        while (matcher < last && (matcher == tx->host_fits ||
                                  (matchers[matcher->kind](tx, matcher, failed) && !*failed)))
            matcher++;
        if (matcher == last || *failed)
            return matcher == last;
    }
    return sets.n == 0;
}

uint32_t match_find_unknown(const struct dt_tables *tables)
{
    for (uint32_t i = 0; i < tables->n_matchers; i++) {
        uint32_t kind = tables->matchers[i].kind;
        if (kind >= DT_N_MATCHER_KINDS || !matchers[kind])
            return i;
    }
    return DT_NONE;
}
