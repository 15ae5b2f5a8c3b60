/* Matcher sets: the JSON of http.matchers → rows. A matcher the core can run is a row of the table
 * at the end. */
#include <stdlib.h>

#include "base/ip.h"
#include "base/punycode.h"
#include "native/lower_private.h"
#include "syntax/placeholder.h"

static bool read_string(struct lowering *lo, const json_t *value, const char *what, struct str *out)
{
    *out = json_str(value);
    if (!json_is_string(value))
        reject_at(lo, value, "%s must be a string", what);
    return json_is_string(value);
}

/* ---- host ---- */

static int compare_text(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

struct dt_range host_patterns_of(struct lowering *lo, const struct str *hosts, size_t n,
                                 uint32_t *n_exact)
{
    struct str *exact = arena_array(lo->arena, struct str, n + 1);
    struct str *others = arena_array(lo->arena, struct str, n + 1);
    size_t n_first = 0, n_others = 0;
    for (size_t i = 0; i < n; i++) {
        if (has_placeholder(hosts[i]) || str_index(hosts[i], '*') >= 0)
            others[n_others++] = hosts[i];
        else
            exact[n_first++] = str_lower(lo->arena, hosts[i]);
    }
    qsort(exact, n_first, sizeof(*exact), compare_text);
    *n_exact = (uint32_t)n_first;
    struct dt_range range = {reserve_host_patterns(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n_first; i++) {
        lo->host_patterns.at[range.first + i] = (struct dt_host_pattern){
            .text = intern(lo, exact[i]), .kind = DT_HOST_PATTERN_EXACT, .template = DT_NONE};
    }
    for (size_t i = 0; i < n_others; i++) {
        struct dt_host_pattern row = {.kind = DT_HOST_PATTERN_WILDCARD, .template = DT_NONE};
        if (has_placeholder(others[i])) {
            row.kind = DT_HOST_PATTERN_TEMPLATE;
            row.template = template_of(lo, others[i], UNKNOWN_IS_EMPTY);
        } else {
            row.text = intern(lo, str_lower(lo->arena, others[i]));
        }
        lo->host_patterns.at[range.first + n_first + i] = row;
    }
    return range;
}

struct dt_range lower_host_patterns(struct lowering *lo, const json_t *list, uint32_t *n_exact)
{
    size_t n = elements(lo, list, "the hosts"), n_hosts = 0;
    struct str *hosts = arena_array(lo->arena, struct str, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(list, i);
        if (!read_string(lo, value, "a host", &hosts[n_hosts]))
            continue;
        if (!punycode_host(lo->arena, hosts[n_hosts], &hosts[n_hosts]))
            reject_at(lo, value, "the host is no UTF-8");
        n_hosts++;
    }
    return host_patterns_of(lo, hosts, n_hosts, n_exact);
}

static void lower_host(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    out->rows = lower_host_patterns(lo, value, &out->number);
}

/* ---- path ---- */

/* How a pattern compares is decided by the number and place of its stars. */
static struct dt_path_pattern path_pattern(struct lowering *lo, struct str pattern)
{
    struct dt_path_pattern row = {.template = DT_NONE, .kind = DT_PATH_GLOB};
    size_t stars = 0;
    bool has_special = false;
    for (size_t i = 0; i < pattern.len; i++) {
        stars += pattern.ptr[i] == '*';
        has_special |= strchr("?[\\", pattern.ptr[i]) != NULL;
    }
    bool starts = pattern.len && pattern.ptr[0] == '*';
    bool ends = pattern.len && pattern.ptr[pattern.len - 1] == '*';
    row.keeps_slashes = str_contains(pattern, STR("//"));
    if (stars == 1 && pattern.len == 1)
        row.kind = DT_PATH_ANY;
    else if (str_index(pattern, '%') >= 0)
        row.kind = DT_PATH_ESCAPED;
    else if (stars == 2 && starts && ends)
        row.kind = DT_PATH_CONTAINS;
    else if (stars == 1 && starts)
        row.kind = DT_PATH_SUFFIX;
    else if (stars == 1 && ends)
        row.kind = DT_PATH_PREFIX;
    else if (stars == 0 && !has_special)
        row.kind = DT_PATH_EXACT;
    if (row.kind == DT_PATH_CONTAINS || row.kind == DT_PATH_SUFFIX || row.kind == DT_PATH_PREFIX)
        pattern = str_slice(pattern, starts, pattern.len - ends);
    else if (row.kind == DT_PATH_ANY)
        pattern = STR("");
    row.text = intern(lo, pattern);
    return row;
}

static void lower_path(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    size_t n = elements(lo, value, "the paths");
    out->rows = (struct dt_range){reserve_path_patterns(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        struct str pattern;
        if (!read_string(lo, json_array_get(value, i), "a path", &pattern))
            continue;
        pattern = str_lower(lo->arena, pattern);
        uint32_t template = template_of(lo, pattern, UNKNOWN_IS_EMPTY);
        struct dt_path_pattern row = {.kind = DT_PATH_TEMPLATE, .template = template};
        if (template_is_constant(lo, template, &pattern))
            row = path_pattern(lo, str_dup(lo->arena, pattern));
        lo->path_patterns.at[out->rows.first + i] = row;
    }
}

/* ---- method, protocol, tls ---- */

static void lower_method(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    size_t n = elements(lo, value, "the methods");
    out->rows = (struct dt_range){reserve_texts(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        struct str method;
        if (read_string(lo, json_array_get(value, i), "a method", &method))
            lo->texts.at[out->rows.first + i] = intern(lo, str_upper(lo->arena, method));
    }
}

static const struct {
    const char *name;
    enum dt_protocol_match match;
} protocols[] = {
    {"http", DT_PROTOCOL_MATCH_HTTP},          {"https", DT_PROTOCOL_MATCH_HTTPS},
    {"grpc", DT_PROTOCOL_MATCH_GRPC},          {"http/1.0", DT_PROTOCOL_MATCH_1_0},
    {"http/1.0+", DT_PROTOCOL_MATCH_FROM_1_0}, {"http/1.1", DT_PROTOCOL_MATCH_1_1},
    {"http/1.1+", DT_PROTOCOL_MATCH_FROM_1_1}, {"http/2", DT_PROTOCOL_MATCH_2},
    {"http/2+", DT_PROTOCOL_MATCH_FROM_2},     {"http/3", DT_PROTOCOL_MATCH_3},
    {"http/3+", DT_PROTOCOL_MATCH_FROM_3},
};

static void lower_protocol(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    struct str name;
    if (!read_string(lo, value, "a protocol", &name))
        return;
    out->number = DT_PROTOCOL_MATCH_NEVER;
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (str_is(name, protocols[i].name))
            out->number = protocols[i].match;
    }
}

static void lower_tls_matcher(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    struct tls_json {
        int8_t is_complete;
    } in = {-1};
    static const struct field fields[] = {
        {"handshake_complete", FIELD_TRISTATE, offsetof(struct tls_json, is_complete)},
        {0},
    };
    read_object(lo, value, "a tls matcher", fields, &in);
    out->number = in.is_complete < 0 ? 0 : in.is_complete ? 1 : 2;
}

/* ---- header, query, vars ---- */

static struct dt_value_pattern header_value(struct lowering *lo, struct str text)
{
    struct dt_value_pattern row = {.kind = DT_VALUE_EXACT, .template = DT_NONE};
    uint32_t template = template_of(lo, text, UNKNOWN_IS_EMPTY);
    if (!template_is_constant(lo, template, &text)) {
        row.kind = DT_VALUE_TEMPLATE;
        row.template = template;
        return row;
    }
    text = str_dup(lo->arena, text);
    bool stars_first = text.len && text.ptr[0] == '*';
    bool stars_last = text.len && text.ptr[text.len - 1] == '*';
    if (text.len == 1 && stars_first)
        row.kind = DT_VALUE_ANY;
    else if (stars_first && stars_last)
        row.kind = DT_VALUE_CONTAINS;
    else if (stars_first)
        row.kind = DT_VALUE_SUFFIX;
    else if (stars_last)
        row.kind = DT_VALUE_PREFIX;
    row.text = intern(lo, str_slice(text, stars_first, text.len - (stars_last && text.len > 1)));
    return row;
}

/* Values of the query and vars matchers: only a query's whole "*" is special. */
static struct dt_value_pattern plain_value(struct lowering *lo, struct str text, bool has_any)
{
    struct dt_value_pattern row = {.kind = DT_VALUE_EXACT, .template = DT_NONE};
    uint32_t template = template_of(lo, text, UNKNOWN_IS_EMPTY);
    if (!template_is_constant(lo, template, &text)) {
        row.kind = DT_VALUE_TEMPLATE;
        row.template = template;
    } else if (has_any && str_is(text, "*")) {
        row.kind = DT_VALUE_ANY;
    } else {
        row.text = lo->templates.at[template].literal;
    }
    return row;
}

enum value_rules { HEADER_VALUES, QUERY_VALUES, VARIABLE_VALUES };

static struct dt_range lower_values(struct lowering *lo, const json_t *values,
                                    enum value_rules rules)
{
    size_t n = elements(lo, values, "the values");
    struct dt_range range = {reserve_value_patterns(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        struct str text;
        if (!read_string(lo, json_array_get(values, i), "a value", &text))
            continue;
        lo->value_patterns.at[range.first + i] = rules == HEADER_VALUES
                                                     ? header_value(lo, text)
                                                     : plain_value(lo, text, rules == QUERY_VALUES);
    }
    return range;
}

static struct dt_range lower_header_conditions(struct lowering *lo, const json_t *fields)
{
    if (!json_is_object(fields)) {
        if (fields && !json_is_null(fields))
            reject_at(lo, fields, "header fields must be an object");
        return (struct dt_range){0};
    }
    size_t n = json_object_size(fields), at = 0;
    struct dt_range range = {reserve_conditions(lo, (uint32_t)n), (uint32_t)n};
    const json_t *walked = fields;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i), at++) {
        const json_t *values = json_object_iter_value(i);
        struct str name = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        struct dt_condition row = {.template = DT_NONE, .number = builder_header(lo, name)};
        const struct token *before = enter(lo, values);
        if (json_is_null(values))
            row.kind = DT_CONDITION_ABSENT;
        else
            row.values = lower_values(lo, values, HEADER_VALUES);
        if (json_is_array(values) && json_array_size(values) == 0)
            row.kind = DT_CONDITION_PRESENT;
        leave(lo, before);
        lo->conditions.at[range.first + at] = row;
    }
    return range;
}

static void lower_header(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    out->rows = lower_header_conditions(lo, value);
}

bool is_placeholder_key(struct str key)
{
    return key.len > 2 && key.ptr[0] == '{' && key.ptr[key.len - 1] == '}' &&
           str_last_index(key, '{') == 0;
}

static void lower_keyed_values(struct lowering *lo, const json_t *value, enum value_rules rules,
                               struct dt_matcher *out)
{
    if (!json_is_object(value)) {
        reject_at(lo, value, "the matcher must be an object");
        return;
    }
    size_t n = json_object_size(value), at = 0;
    out->rows = (struct dt_range){reserve_conditions(lo, (uint32_t)n), (uint32_t)n};
    const json_t *walked = value;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i), at++) {
        const json_t *values = json_object_iter_value(i);
        struct str key = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        struct dt_condition row = {
            .kind = DT_CONDITION_VALUES, .number = DT_NONE, .template = DT_NONE};
        const struct token *before = enter(lo, values);
        if (rules == VARIABLE_VALUES && !is_placeholder_key(key))
            row.number = variable(lo, key);
        else
            row.template = template_of(lo, key, UNKNOWN_IS_EMPTY);
        row.values = lower_values(lo, values, rules);
        leave(lo, before);
        lo->conditions.at[out->rows.first + at] = row;
    }
}

static void lower_query(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    lower_keyed_values(lo, value, QUERY_VALUES, out);
}

static void lower_vars_matcher(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    lower_keyed_values(lo, value, VARIABLE_VALUES, out);
}

/* ---- addresses ---- */

static bool parse_range(struct str text, struct ip_prefix *prefix)
{
    if (str_index(text, '/') >= 0)
        return ip_prefix_parse(text, prefix) == IP_OK;
    if (ip_parse(text, &prefix->ip) != IP_OK)
        return false;
    prefix->bits = prefix->ip.is_v6 ? 128 : 32;
    return true;
}

static struct dt_ip_range ip_range(struct lowering *lo, struct ip_prefix prefix, struct str zone)
{
    struct dt_ip_range row = {
        .family = prefix.ip.is_v6 ? 6 : 4, .bits = (uint8_t)prefix.bits, .template = DT_NONE};
    ip_prefix_mask(prefix, row.ip);
    row.zone = intern(lo, zone);
    return row;
}

struct dt_range lower_ip_ranges(struct lowering *lo, const json_t *ranges)
{
    size_t n = elements(lo, ranges, "the ranges");
    struct dt_range range = {reserve_ip_ranges(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(ranges, i);
        struct dt_ip_range *row = &lo->ip_ranges.at[range.first + i];
        struct str text, address, zone;
        row->template = DT_NONE;
        if (!read_string(lo, value, "a range", &text))
            continue;
        uint32_t template = start_template_of(lo, &text, UNKNOWN_IS_EMPTY_AT_START);
        if (template != DT_NONE) {
            row->template = template;
            continue;
        }
        /* Caddy takes the zone from behind the prefix length: fe80::/10%eth0 */
        str_cut(text, STR("%"), &address, &zone);
        struct ip_prefix prefix;
        if (!parse_range(address, &prefix))
            reject_at(lo, value, "'" STR_FMT "' is no IP address or range", STR_ARG(text));
        else
            lo->ip_ranges.at[range.first + i] = ip_range(lo, prefix, zone);
    }
    return range;
}

struct dt_range lower_known_ranges(struct lowering *lo, const json_t *ranges, const char *what)
{
    for (size_t i = 0; i < json_array_size(ranges); i++) {
        const json_t *value = json_array_get(ranges, i);
        if (has_placeholder(json_str(value)))
            reject_at(lo, value, "placeholders are not expanded in %s", what);
    }
    return lower_ip_ranges(lo, ranges);
}

static void lower_ip(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    struct ip_json {
        const json_t *ranges;
    } in = {0};
    static const struct field fields[] = {
        {"ranges", FIELD_JSON, offsetof(struct ip_json, ranges)},
        {0},
    };
    read_object(lo, value, "an address matcher", fields, &in);
    out->rows = lower_ip_ranges(lo, in.ranges);
}

/* ---- not, expression ---- */

static void lower_not(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    out->rows = lower_matcher_sets(lo, value);
}

/* One number out of the text, which then begins behind it. */
static bool take_status(struct str *text, uint32_t *status)
{
    uint64_t value = 0;
    size_t n = 0;
    while (n < text->len && n < 9 && text->ptr[n] >= '0' && text->ptr[n] <= '9')
        value = value * 10 + (uint64_t)(text->ptr[n++] - '0');
    *status = (uint32_t)value;
    *text = str_slice(*text, n, text->len);
    return n > 0;
}

static bool take(struct str *text, const char *word)
{
    struct str before = *text;
    *text = str_trim_prefix(*text, str_from(word));
    return text->len != before.len;
}

#define STATUS_CODE "{http.error.status_code}"

/* What handle_errors makes of its arguments: `{…} in [404, 410]` and `{…} >= 500 && {…} <= 599`,
 * joined by `||`; and what people write, `{…} == 404`. */
static bool parse_status_expression(struct lowering *lo, struct str text, struct dt_range *out)
{
    VEC(struct dt_status_range) ranges = {0};
    do {
        struct dt_status_range row;
        if (take(&text, STATUS_CODE " in [")) {
            do {
                if (!take_status(&text, &row.from))
                    return false;
                row.to = row.from;
                vec_push(lo->arena, &ranges, row);
            } while (take(&text, ", ") || take(&text, ","));
            if (!take(&text, "]"))
                return false;
        } else if (take(&text, STATUS_CODE " == ")) {
            if (!take_status(&text, &row.from))
                return false;
            row.to = row.from;
            vec_push(lo->arena, &ranges, row);
        } else {
            if (!take(&text, STATUS_CODE " >= ") || !take_status(&text, &row.from) ||
                !take(&text, " && " STATUS_CODE " <= ") || !take_status(&text, &row.to))
                return false;
            vec_push(lo->arena, &ranges, row);
        }
    } while (take(&text, " || "));
    if (text.len)
        return false;
    *out = (struct dt_range){reserve_status_ranges(lo, (uint32_t)ranges.n), (uint32_t)ranges.n};
    memcpy(lo->status_ranges.at + out->first, ranges.at, ranges.n * sizeof(*ranges.at));
    return true;
}

static void lower_expression(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    struct expression_json {
        const json_t *text;
        struct str name;
    } in = {0};
    static const struct field fields[] = {
        {"expr", FIELD_JSON, offsetof(struct expression_json, text)},
        {"name", FIELD_STR, offsetof(struct expression_json, name)},
        {0},
    };
    in.name = STR("");
    if (json_is_string(value))
        in.text = value;
    else
        read_object(lo, value, "an expression", fields, &in);
    if (!json_is_string(in.text))
        reject_at(lo, value, "an expression must be a string");
    else if (!parse_status_expression(lo, json_str(in.text), &out->rows))
        lower_cel(lo, in.text, in.name, out);
}

/* ---- the table ---- */

static const struct matcher_row {
    const char *name;
    enum dt_matcher_kind kind;
    void (*lower)(struct lowering *lo, const json_t *value, struct dt_matcher *out);
} matchers[] = {
    {"host", DT_MATCHER_HOST, lower_host},
    {"path", DT_MATCHER_PATH, lower_path},
    {"method", DT_MATCHER_METHOD, lower_method},
    {"header", DT_MATCHER_HEADER, lower_header},
    {"query", DT_MATCHER_QUERY, lower_query},
    {"remote_ip", DT_MATCHER_REMOTE_IP, lower_ip},
    {"client_ip", DT_MATCHER_CLIENT_IP, lower_ip},
    {"protocol", DT_MATCHER_PROTOCOL, lower_protocol},
    {"tls", DT_MATCHER_TLS, lower_tls_matcher},
    {"not", DT_MATCHER_NOT, lower_not},
    {"vars", DT_MATCHER_VARS, lower_vars_matcher},
    {"expression", DT_MATCHER_ERROR_STATUS, lower_expression},
    {"file", DT_MATCHER_FILE, lower_file_matcher},
    {"path_regexp", DT_MATCHER_PATH_REGEXP, lower_path_regexp},
    {"header_regexp", DT_MATCHER_HEADER_REGEXP, lower_header_regexp},
    {"vars_regexp", DT_MATCHER_VARS_REGEXP, lower_vars_regexp},
    {"url_pattern", DT_MATCHER_URL_PATTERN, lower_url_pattern},
};
_Static_assert(sizeof(matchers) / sizeof(matchers[0]) == DT_N_MATCHER_KINDS - 2,
               "every matcher of the tables has a row; expressions have two kinds");

void lower_matcher(struct lowering *lo, const char *name, const json_t *value,
                   struct dt_matcher *out)
{
    for (size_t i = 0; i < sizeof(matchers) / sizeof(matchers[0]); i++) {
        if (strcmp(matchers[i].name, name) == 0) {
            out->kind = matchers[i].kind;
            out->origin = origin_here(lo);
            matchers[i].lower(lo, value, out);
            return;
        }
    }
    refuse_matcher(lo, "the proxy core cannot run the matcher '%s' yet", name);
}

struct dt_range lower_matcher_sets(struct lowering *lo, const json_t *sets)
{
    size_t n = elements(lo, sets, "the matcher sets");
    struct dt_range range = {reserve_matcher_sets(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        json_t *set = json_array_get(sets, i);
        if (!json_is_object(set)) {
            reject_at(lo, set, "a matcher set must be an object");
            continue;
        }
        const struct token *before = enter(lo, set);
        uint32_t n_matchers = (uint32_t)json_object_size(set), at = 0;
        struct dt_range matchers_range = {reserve_matchers(lo, n_matchers), n_matchers};
        for (void *m = json_object_iter(set); m; m = json_object_iter_next(set, m), at++) {
            const char *name = json_object_iter_key(m);
            const json_t *value = json_object_iter_value(m);
            const struct token *around = lo->place;
            lo->place = origin_of(lo, set, name, value);
            struct dt_matcher row = {0};
            lower_matcher(lo, name, value, &row);
            lo->matchers.at[matchers_range.first + at] = row;
            leave(lo, around);
        }
        lo->matcher_sets.at[range.first + i].matchers = matchers_range;
        leave(lo, before);
    }
    return range;
}

static struct dt_range lower_statuses(struct lowering *lo, const json_t *statuses)
{
    size_t n = elements(lo, statuses, "the status codes");
    struct dt_range range = {reserve_numbers(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(statuses, i);
        int64_t status = json_integer_value(value);
        if (!json_is_integer(value) || status < 0 || status > 999)
            reject_at(lo, value, "a status code must be a number of up to three digits");
        else
            lo->numbers.at[range.first + i].value = (uint32_t)status;
    }
    return range;
}

uint32_t lower_response_matcher(struct lowering *lo, const json_t *matcher)
{
    struct matcher_json {
        const json_t *statuses, *headers;
    } in = {0};
    static const struct field fields[] = {
        {"status_code", FIELD_JSON, offsetof(struct matcher_json, statuses)},
        {"headers", FIELD_JSON, offsetof(struct matcher_json, headers)},
        {0},
    };
    if (!matcher)
        return DT_NONE;
    read_object(lo, matcher, "a response matcher", fields, &in);
    struct dt_response_matcher row = {.statuses = lower_statuses(lo, in.statuses)};
    row.conditions = lower_header_conditions(lo, in.headers);
    return push_response_matchers(lo, row);
}
