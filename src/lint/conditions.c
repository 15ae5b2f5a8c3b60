/* Matchers of the JSON as formulas. Each function reads one kind of matcher as Caddy does when it
 * starts; what holds placeholders is not looked into. */
#include "lint/conditions.h"

#include "base/arena.h"
#include "base/map.h"
#include "lint/conditions_private.h"

static const struct condition always = {.kind = CONDITION_TRUE};
static const struct condition never = {.kind = CONDITION_FALSE};
static const struct condition unknown = {.kind = CONDITION_UNKNOWN};

static struct condition *condition_new(struct arena *arena, enum condition_kind kind,
                                       enum attribute attribute)
{
    struct condition *condition = arena_new(arena, struct condition);
    condition->kind = kind;
    condition->attributes = 1u << attribute;
    return condition;
}

/* --- formulas --- */

static const struct condition *join(struct arena *arena, enum condition_kind kind,
                                    const struct condition **parts, size_t n)
{
    const struct condition *neutral = kind == CONDITION_ALL ? &always : &never;
    const struct condition *decisive = kind == CONDITION_ALL ? &never : &always;
    unsigned attributes = 0;
    size_t n_left = 0;
    for (size_t i = 0; i < n; i++) {
        if (parts[i]->kind == decisive->kind)
            return decisive;
        if (parts[i]->kind == neutral->kind)
            continue;
        attributes |= parts[i]->attributes;
        parts[n_left++] = parts[i];
    }
    if (n_left <= 1)
        return n_left ? parts[0] : neutral;
    struct condition *all = arena_new(arena, struct condition);
    *all = (struct condition){
        .kind = kind, .attributes = attributes, .parts = parts, .n_parts = n_left};
    return all;
}

const struct condition *condition_and(struct arena *arena, const struct condition *a,
                                      const struct condition *b)
{
    const struct condition **parts = arena_array(arena, const struct condition *, 2);
    parts[0] = a;
    parts[1] = b;
    return join(arena, CONDITION_ALL, parts, 2);
}

static const struct condition *negate(struct arena *arena, const struct condition *condition)
{
    if (condition->kind == CONDITION_TRUE || condition->kind == CONDITION_FALSE)
        return condition->kind == CONDITION_TRUE ? &never : &always;
    struct condition *not = arena_new(arena, struct condition);
    *not = (struct condition){.kind = CONDITION_NOT, .attributes = condition->attributes};
    not->parts = arena_array(arena, const struct condition *, 1);
    not->parts[0] = condition;
    not->n_parts = 1;
    return not;
}

/* --- what is not understood --- */

/* Placeholders that are the same whenever they are asked for, as long as the request is. */
static const char *const pure_placeholders[] = {
    "http.request.method",      "http.request.scheme",     "http.request.proto",
    "http.request.host",        "http.request.hostport",   "http.request.port",
    "http.request.header.*",    "http.request.cookie.*",   "http.request.uri",
    "http.request.uri.path",    "http.request.uri.path.*", "http.request.uri.query",
    "http.request.uri.query.*", "http.request.orig_*",     "http.request.remote",
    "http.request.remote.*",    "http.request.tls.*",      "http.error.status_code",
    "http.error.message",       "http.vars.client_ip",     "env.*",
};

static bool is_pure_placeholder(struct str name)
{
    for (size_t i = 0; i < sizeof(pure_placeholders) / sizeof(pure_placeholders[0]); i++) {
        struct str known = str_from(pure_placeholders[i]);
        struct str start = str_trim_suffix(known, STR("*"));
        if (start.len < known.len ? str_has_prefix(name, start) : str_eq(name, known))
            return true;
    }
    return false;
}

static bool is_pure_text(struct str text)
{
    struct str before, name;
    while (str_cut(text, STR("{"), &before, &text)) {
        if (!str_cut(text, STR("}"), &name, &text) || !is_pure_placeholder(name))
            return false;
    }
    return true;
}

/* Whether the value's texts only hold placeholders that are pure. */
static bool is_pure(const json_t *value)
{
    if (json_is_string(value))
        return is_pure_text(json_str(value));
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_pure(json_array_get(value, i)))
            return false;
    for (size_t i = 0; i < json_object_size(value); i++) {
        const struct json_member *member = &value->as.members[i];
        if (!is_pure_text(str_make(member->key, member->key_len)) || !is_pure(member->value))
            return false;
    }
    return true;
}

static const struct condition *opaque(struct arena *arena, struct str name, const json_t *value,
                                      unsigned attributes)
{
    if (!is_pure(value))
        return &unknown;
    struct condition *condition = condition_new(arena, CONDITION_OPAQUE, ATTRIBUTE_OTHER);
    condition->attributes = attributes;
    condition->name = name;
    condition->value = value;
    return condition;
}

/* An expression is as pure as its placeholders; functions that look at files or variables are not.
 */
static const struct condition *of_expression(struct arena *arena, struct str name,
                                             const json_t *value)
{
    value = json_is_string(value) ? value : json_object_get(value, "expr");
    struct str text = json_str(value);
    bool is_impure = text.len == 0 || str_contains(text, STR("file(")) ||
                     str_contains(text, STR("vars")) || str_contains(text, STR("now("));
    return is_impure ? &unknown : opaque(arena, name, value, ALL_ATTRIBUTES);
}

static const struct condition *of_path_regexp(struct arena *arena, struct str name,
                                              const json_t *value)
{
    const json_t *pattern = json_object_get(value, "pattern");
    return pattern ? opaque(arena, name, pattern, 1u << ATTRIBUTE_PATH) : &unknown;
}

static const struct condition *of_header_regexp(struct arena *arena, struct str name,
                                                const json_t *value)
{
    return opaque(arena, name, value, 1u << ATTRIBUTE_HEADERS | 1u << ATTRIBUTE_HOST);
}

static const struct condition *of_vars(struct arena *arena, struct str name, const json_t *value)
{
    return opaque(arena, name, value, ALL_ATTRIBUTES);
}

/* --- lists of texts --- */

static bool is_list_of_strings(const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!json_is_string(json_array_get(value, i)))
            return false;
    return json_is_array(value);
}

static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            return false;
    return true;
}

/* Puts the texts that <takes> understands into <names>, in lower case if so; the others become
 * matchers of their own that are not understood. */
struct list_reading {
    bool (*takes)(struct str text);
    bool lowers;
    struct str name;
    unsigned attributes; /* of those that are not understood */
};

static const struct condition *read_list(struct arena *arena, const struct list_reading *how,
                                         const json_t *value, struct condition *condition)
{
    size_t n = json_array_size(value), n_others = 0;
    const struct condition **parts = arena_array(arena, const struct condition *, n + 1);
    condition->names = arena_array(arena, struct str, n);
    for (size_t i = 0; i < n; i++) {
        struct str text = json_str(json_array_get(value, i));
        if (how->takes(text))
            condition->names[condition->n_names++] = how->lowers ? str_lower(arena, text) : text;
        else
            parts[n_others++] = opaque(arena, how->name, json_array_get(value, i), how->attributes);
    }
    parts[n_others] = condition->n_names ? condition : &never;
    return join(arena, CONDITION_ANY, parts, n_others + 1);
}

/* --- host --- */

enum { MANY_HOSTS = 16 };

static bool takes_host(struct str text)
{
    return is_plain(text) && !str_contains(text, STR("{"));
}

static const struct condition *of_host(struct arena *arena, struct str name, const json_t *value)
{
    struct list_reading how = {takes_host, true, name, ALL_ATTRIBUTES};
    if (!is_list_of_strings(value))
        return json_is_null(value) ? &never : &unknown;
    struct condition *host = condition_new(arena, CONDITION_HOST, ATTRIBUTE_HOST);
    const struct condition *whole = read_list(arena, &how, value, host);
    if (host->n_names < MANY_HOSTS)
        return whole;
    host->exact = arena_new(arena, struct map);
    *host->exact = map_in(arena);
    for (size_t i = 0; i < host->n_names; i++)
        if (str_index(host->names[i], '*') < 0)
            map_put(host->exact, host->names[i], host);
    return whole;
}

/* --- path --- */

/* Doubled slashes and escapes are compared with other forms of the path. */
static bool takes_path(struct str text)
{
    return is_plain(text) && !str_contains(text, STR("{")) && !str_contains(text, STR("%")) &&
           !str_contains(text, STR("//"));
}

static void set_paths(struct arena *arena, struct condition *path)
{
    struct path_pattern *patterns = arena_array(arena, struct path_pattern, path->n_names);
    for (size_t i = 0; i < path->n_names; i++)
        patterns[i] = path_pattern_parse(path->names[i]);
    path->texts = (struct text_set){patterns, path->n_names};
}

static const struct condition *of_path(struct arena *arena, struct str name, const json_t *value)
{
    struct list_reading how = {takes_path, true, name, ALL_ATTRIBUTES};
    if (!is_list_of_strings(value))
        return json_is_null(value) ? &never : &unknown;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (str_is(json_str(json_array_get(value, i)), "*"))
            return &always;
    struct condition *path = condition_new(arena, CONDITION_PATH, ATTRIBUTE_PATH);
    const struct condition *whole = read_list(arena, &how, value, path);
    set_paths(arena, path);
    return whole;
}

const struct condition *condition_of_path(struct arena *arena, struct str text)
{
    struct condition *path = condition_new(arena, CONDITION_PATH, ATTRIBUTE_PATH);
    path->names = arena_new(arena, struct str);
    path->names[0] = text;
    path->n_names = 1;
    set_paths(arena, path);
    return path;
}

/* --- method, protocol, tls --- */

static bool takes_method(struct str text)
{
    (void)text;
    return true;
}

static const struct condition *of_method(struct arena *arena, struct str name, const json_t *value)
{
    struct list_reading how = {takes_method, false, name, 1u << ATTRIBUTE_METHOD};
    if (!is_list_of_strings(value))
        return json_is_null(value) ? &never : &unknown;
    return read_list(arena, &how, value, condition_new(arena, CONDITION_METHOD, ATTRIBUTE_METHOD));
}

/* A bit for each version (1.0, 1.1, later 1.x, 2, 3) and each state of TLS (none, its handshake
 * done, early data). */
enum {
    VERSIONS = 5,
    V1_0 = 1 << 0,
    V1_1 = 1 << 1,
    V1_X = 1 << 2,
    V2 = 1 << 3,
    V3 = 1 << 4,
    V_ALL = (1 << VERSIONS) - 1,
    TLS_NONE = 1,
    TLS_DONE = 2,
    TLS_EARLY = 4,
};

static unsigned protocols(unsigned versions, unsigned tls)
{
    return (tls & TLS_NONE ? versions : 0) | (tls & TLS_DONE ? versions << VERSIONS : 0) |
           (tls & TLS_EARLY ? versions << 2 * VERSIONS : 0);
}

static const struct condition *of_protocols(struct arena *arena, unsigned versions, unsigned tls)
{
    struct condition *condition = condition_new(arena, CONDITION_PROTOCOL, ATTRIBUTE_PROTOCOL);
    condition->protocols = protocols(versions, tls);
    return condition;
}

static const struct condition *of_protocol(struct arena *arena, struct str name,
                                           const json_t *value)
{
    static const struct {
        const char *name;
        unsigned versions, tls;
    } rows[] = {
        {"https", V_ALL, TLS_DONE | TLS_EARLY},
        {"http", V_ALL, TLS_NONE},
        {"http/1.0", V1_0, 7},
        {"http/1.0+", V_ALL, 7},
        {"http/1.1", V1_1, 7},
        {"http/1.1+", V_ALL & ~V1_0, 7},
        {"http/2", V2, 7},
        {"http/2+", V2 | V3, 7},
        {"http/3", V3, 7},
        {"http/3+", V3, 7},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (str_is(json_str(value), rows[i].name))
            return of_protocols(arena, rows[i].versions, rows[i].tls);
    if (str_is(json_str(value), "grpc"))
        return opaque(arena, name, value, 1u << ATTRIBUTE_HEADERS);
    return &never;
}

static const struct condition *of_tls(struct arena *arena, struct str name, const json_t *value)
{
    const json_t *complete = json_object_get(value, "handshake_complete");
    (void)name;
    return of_protocols(arena, V_ALL,
                        json_is_true(complete)    ? TLS_DONE
                        : json_is_false(complete) ? TLS_EARLY
                                                  : TLS_DONE | TLS_EARLY);
}

/* --- addresses --- */

static bool read_range(struct str text, struct range *range)
{
    struct str address, zone;
    *range = (struct range){.has_zone = str_cut(text, STR("%"), &address, &zone)};
    if (str_contains(address, STR("/")))
        return ip_prefix_parse(address, &range->prefix) == IP_OK;
    if (ip_parse(address, &range->prefix.ip) != IP_OK)
        return false;
    range->prefix.bits = range->prefix.ip.is_v6 ? 128 : 32;
    return true;
}

static const struct condition *of_ip(struct arena *arena, struct str name, const json_t *value)
{
    bool is_remote = str_is(name, "remote_ip");
    enum attribute attribute = is_remote ? ATTRIBUTE_REMOTE : ATTRIBUTE_CLIENT;
    const json_t *ranges = json_object_get(value, "ranges");
    if (ranges && !is_list_of_strings(ranges))
        return &unknown;
    struct condition *ip =
        condition_new(arena, is_remote ? CONDITION_REMOTE : CONDITION_CLIENT, attribute);
    ip->n_ranges = json_array_size(ranges);
    ip->ranges = arena_array(arena, struct range, ip->n_ranges);
    for (size_t i = 0; i < ip->n_ranges; i++)
        if (!read_range(json_str(json_array_get(ranges, i)), &ip->ranges[i]))
            return opaque(arena, name, value, ip->attributes);
    return ip->n_ranges ? ip : &never;
}

/* --- header, query --- */

static struct path_pattern value_pattern(struct str text)
{
    bool starts = text.ptr[0] == '*', ends = text.ptr[text.len - 1] == '*';
    if (text.len == 1 && starts)
        return (struct path_pattern){.kind = PATH_ANY, .text = text};
    return (struct path_pattern){
        .kind = starts && ends ? PATH_CONTAINS
                : starts       ? PATH_SUFFIX
                : ends         ? PATH_PREFIX
                               : PATH_EXACT,
        .text = str_slice(text, starts, text.len - ends),
    };
}

static const struct condition *of_values(struct arena *arena, struct str field, struct str name,
                                         const json_t *field_object, const json_t *values)
{
    struct condition *header = condition_new(arena, CONDITION_HEADER, ATTRIBUTE_HEADERS);
    size_t n = json_array_size(values);
    struct path_pattern *patterns = arena_array(arena, struct path_pattern, n);
    header->name = field;
    for (size_t i = 0; i < n; i++) {
        struct str text = json_str(json_array_get(values, i));
        if (!is_plain(text) || str_contains(text, STR("{")))
            return opaque(arena, name, field_object, ALL_ATTRIBUTES);
        patterns[i] = text.len ? value_pattern(text)
                               : (struct path_pattern){.kind = PATH_EXACT, .text = text};
    }
    header->texts = (struct text_set){patterns, n};
    return header;
}

/* A JSON object with this one member, so that it can be compared. */
static const json_t *only(struct arena *arena, const struct json_member *member)
{
    json_t *object = json_new(arena, JSON_OBJECT, NULL);
    json_object_set(arena, object, str_make(member->key, member->key_len), member->value);
    return object;
}

static const struct condition *of_field(struct arena *arena, struct str name,
                                        const struct json_member *member)
{
    struct str field = str_lower(arena, str_make(member->key, member->key_len));
    /* these are not among the fields, or only at times */
    if (str_is(field, "host") || str_is(field, "transfer-encoding"))
        return opaque(arena, name, only(arena, member),
                      1u << ATTRIBUTE_HEADERS | 1u << ATTRIBUTE_HOST);
    if (json_is_null(member->value) || (json_is_array(member->value) && member->value->n == 0)) {
        struct condition *header = condition_new(
            arena, json_is_null(member->value) ? CONDITION_HEADER_ABSENT : CONDITION_HEADER_PRESENT,
            ATTRIBUTE_HEADERS);
        header->name = field;
        return header;
    }
    if (!is_list_of_strings(member->value))
        return &unknown;
    return of_values(arena, field, name, only(arena, member), member->value);
}

static const struct condition *of_header(struct arena *arena, struct str name, const json_t *value)
{
    size_t n = json_object_size(value);
    const struct condition **parts = arena_array(arena, const struct condition *, n + 1);
    for (size_t i = 0; i < n; i++)
        parts[i] = of_field(arena, name, &value->as.members[i]);
    return join(arena, CONDITION_ALL, parts, n);
}

static const struct condition *of_parameter(struct arena *arena, struct str name,
                                            const struct json_member *member)
{
    struct condition *query = condition_new(arena, CONDITION_QUERY, ATTRIBUTE_QUERY);
    query->name = str_make(member->key, member->key_len);
    query->n_names = json_array_size(member->value);
    query->names = arena_array(arena, struct str, query->n_names);
    bool has_placeholder = str_contains(query->name, STR("{"));
    if (!json_is_null(member->value) && !is_list_of_strings(member->value))
        return &unknown;
    for (size_t i = 0; i < query->n_names; i++) {
        query->names[i] = json_str(json_array_get(member->value, i));
        has_placeholder |= str_contains(query->names[i], STR("{"));
    }
    if (has_placeholder)
        return opaque(arena, name, only(arena, member), ALL_ATTRIBUTES);
    return query->n_names ? query : &never;
}

static const struct condition *of_query(struct arena *arena, struct str name, const json_t *value)
{
    size_t n = json_object_size(value);
    if (n == 0)
        return condition_new(arena, CONDITION_QUERY_EMPTY, ATTRIBUTE_QUERY);
    const struct condition **parts = arena_array(arena, const struct condition *, n);
    for (size_t i = 0; i < n; i++)
        parts[i] = of_parameter(arena, name, &value->as.members[i]);
    return join(arena, CONDITION_ALL, parts, n);
}

/* --- sets --- */

static const struct condition *of_not(struct arena *arena, struct str name, const json_t *value)
{
    (void)name;
    if (json_array_size(value) == 0)
        return json_is_array(value) || json_is_null(value) ? &always : &unknown;
    return negate(arena, condition_of_match(arena, value));
}

static const struct matcher_reading {
    const char *name;
    const struct condition *(*read)(struct arena *arena, struct str name, const json_t *value);
} readings[] = {
    {"host", of_host},
    {"path", of_path},
    {"method", of_method},
    {"header", of_header},
    {"query", of_query},
    {"protocol", of_protocol},
    {"tls", of_tls},
    {"remote_ip", of_ip},
    {"client_ip", of_ip},
    {"not", of_not},
    {"expression", of_expression},
    {"path_regexp", of_path_regexp},
    {"header_regexp", of_header_regexp},
    {"vars", of_vars},
    {"vars_regexp", of_vars},
};

static bool is_about_files(const json_t *set)
{
    return json_object_size(set) == 1 && json_object_get(set, "file");
}

/* Matchers that only ask whether files exist. */
static bool asks_for_files(const struct json_member *member)
{
    bool asks = json_array_size(member->value) > 0 && strcmp(member->key, "not") == 0;
    for (size_t i = 0; asks && i < json_array_size(member->value); i++)
        asks = is_about_files(json_array_get(member->value, i));
    return asks || strcmp(member->key, "file") == 0;
}

static const struct condition *read_set(struct arena *arena, const json_t *set, bool skips_files)
{
    size_t n = json_object_size(set), n_parts = 0;
    if (!json_is_object(set))
        return &unknown;
    const struct condition **parts = arena_array(arena, const struct condition *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct json_member *member = &set->as.members[i];
        const struct condition *part = &unknown;
        if (skips_files && asks_for_files(member))
            continue;
        for (size_t k = 0; k < sizeof(readings) / sizeof(readings[0]); k++)
            if (strcmp(readings[k].name, member->key) == 0)
                part = readings[k].read(arena, str_from(member->key), member->value);
        parts[n_parts++] = part;
    }
    return join(arena, CONDITION_ALL, parts, n_parts);
}

static const struct condition *read_match(struct arena *arena, const json_t *match,
                                          bool skips_files)
{
    size_t n = json_array_size(match);
    if (n == 0)
        return &always;
    const struct condition **parts = arena_array(arena, const struct condition *, n);
    for (size_t i = 0; i < n; i++)
        parts[i] = read_set(arena, json_array_get(match, i), skips_files);
    return join(arena, CONDITION_ANY, parts, n);
}

const struct condition *condition_of_match(struct arena *arena, const json_t *match)
{
    return read_match(arena, match, false);
}

const struct condition *condition_of_match_but_files(struct arena *arena, const json_t *match)
{
    return read_match(arena, match, true);
}
