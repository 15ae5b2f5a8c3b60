/* Filters of log fields: what of a value may be kept. */

#include <stdlib.h>

#include "base/ip.h"
#include "proxy/core.h"
#include "proxy/digest.h"
#include "proxy/log_encode.h"
#include "proxy/regexp.h"
#include "proxy/url.h"

enum { HASH_DIGITS = 8 };

/* What a filter works with. */
struct filtering {
    const struct core *core;
    struct arena *arena;
    const struct dt_log_filter *filter;
};

static struct str hash_of(const struct filtering *in, struct str text)
{
    char digits[DIGEST_HEX_BYTES];
    digest_sha256_hex(text, digits);
    return str_dup(in->arena, str_make(digits, HASH_DIGITS));
}

/* --- addresses --- */

/* Go prints an address that a mask of another length was laid over as "<nil>". */
static struct str masked(const struct filtering *in, struct ip ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (ip.is_v6 && memcmp(ip.bytes, mapped, sizeof(mapped)) == 0) {
        ip.is_v6 = false;
        memmove(ip.bytes, ip.bytes + sizeof(mapped), 4);
    }
    uint32_t width = ip.is_v6 ? 128 : 32;
    uint32_t bits = ip.is_v6 ? in->filter->ip6_bits : in->filter->ip4_bits;
    if (bits == 0 || bits > width)
        return STR("<nil>");
    for (uint32_t bit = bits; bit < width; bit++)
        ip.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    return ip_format(in->arena, ip);
}

/* A list of addresses, maybe with ports. */
static struct str mask_list(const struct filtering *in, struct str text)
{
    struct strbuf out = strbuf_in(in->arena);
    struct str part;
    for (bool more = true, is_first = true; more; is_first = false) {
        struct str host, port;
        struct ip ip;
        more = str_cut(text, STR(","), &part, &text);
        part = str_trim(part);
        if (!is_first)
            strbuf_puts(&out, ", ");
        if (!url_split_host_port(part, &host, &port)) {
            host = part;
            port = STR("");
        }
        if (ip_parse(host, &ip) != IP_OK || ip.zone.len > 0) {
            strbuf_add(&out, part);
            continue;
        }
        struct str address = masked(in, ip);
        bool has_colon = str_index(address, ':') >= 0 && port.len > 0;
        strbuf_printf(&out, has_colon ? "[" STR_FMT "]" : STR_FMT, STR_ARG(address));
        if (port.len > 0)
            strbuf_printf(&out, ":" STR_FMT, STR_ARG(port));
    }
    return strbuf_str(&out);
}

/* --- queries --- */

struct pair {
    struct str key, value;
    size_t order;
};

static int by_key(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = str_compare(x->key, y->key);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* What the actions make of a value; false where it is to go. */
static bool act_on(const struct filtering *in, struct str name, bool is_first_only,
                   struct str *value)
{
    const struct dt_tables *tables = in->core->tables;
    struct dt_range actions = in->filter->actions;
    for (uint32_t i = 0; i < actions.n; i++) {
        const struct dt_log_action *action = &tables->log_actions[actions.first + i];
        if (!str_eq(table_text(tables, action->name), name))
            continue;
        if (action->kind == DT_LOG_FILTER_DELETE)
            return false;
        *value = action->kind == DT_LOG_FILTER_HASH ? hash_of(in, *value)
                                                    : table_text(tables, action->value);
        if (is_first_only)
            break;
    }
    return true;
}

static struct str filtered_query(const struct filtering *in, struct str query)
{
    struct strbuf out = strbuf_in(in->arena);
    size_t room = 1, n = 0;
    bool is_bad = false;
    for (size_t i = 0; i < query.len; i++)
        room += query.ptr[i] == '&';
    struct pair *pairs = arena_array(in->arena, struct pair, room), one;
    while (url_query_next(&query, in->arena, &one.key, &one.value, &is_bad)) {
        one.order = n;
        if (act_on(in, one.key, false, &one.value))
            pairs[n++] = one;
    }
    qsort(pairs, n, sizeof(*pairs), by_key);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            strbuf_add_char(&out, '&');
        strbuf_add(&out, url_escape(pairs[i].key, URL_QUERY, in->arena));
        strbuf_add_char(&out, '=');
        strbuf_add(&out, url_escape(pairs[i].value, URL_QUERY, in->arena));
    }
    return strbuf_str(&out);
}

static bool has_control(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return true;
    return false;
}

/* The path as Go writes it, behind scheme and host; false where Go reads no URL. */
static bool add_before_query(const struct filtering *in, struct str text, struct strbuf *out)
{
    ptrdiff_t scheme = str_find(text, STR("://"));
    size_t path_at = 0;
    if (scheme > 0 && str_index(str_slice(text, 0, (size_t)scheme), '/') < 0) {
        size_t host = (size_t)scheme + 3;
        ptrdiff_t slash = str_index(str_slice(text, host, text.len), '/');
        path_at = slash < 0 ? text.len : host + (size_t)slash;
        strbuf_add(out, str_lower(in->arena, str_slice(text, 0, (size_t)scheme)));
        strbuf_add(out, str_slice(text, (size_t)scheme, path_at));
    }
    struct url url;
    struct str path = str_slice(text, path_at, text.len);
    if (path.len == 0)
        return true;
    if (!url_read(&url, path, STR(""), false, in->arena))
        return false;
    strbuf_add(out, url_escaped_path(&url, in->arena));
    return true;
}

static struct str filter_query(const struct filtering *in, struct str text)
{
    struct strbuf out = strbuf_in(in->arena);
    struct str rest, fragment, before, query;
    bool has_fragment = str_cut(text, STR("#"), &rest, &fragment);
    bool has_query = str_cut(rest, STR("?"), &before, &query);
    if (has_control(text) || !add_before_query(in, before, &out))
        return text;
    struct str filtered = has_query ? filtered_query(in, query) : STR("");
    if (filtered.len > 0 || (has_query && query.len == 0))
        strbuf_add_char(&out, '?');
    strbuf_add(&out, filtered);
    if (has_fragment && fragment.len > 0) {
        strbuf_add_char(&out, '#');
        strbuf_add(&out, fragment);
    }
    return strbuf_str(&out);
}

/* --- cookies --- */

static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", c))
            return false;
    }
    return text.len > 0;
}

static bool is_cookie_byte(char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != ';' && c != '\\';
}

/* Takes quotes off; false for a value that no cookie has. */
static bool cookie_value(struct str *value, bool *is_quoted)
{
    *is_quoted = value->len > 1 && value->ptr[0] == '"' && value->ptr[value->len - 1] == '"';
    if (*is_quoted)
        *value = str_slice(*value, 1, value->len - 1);
    for (size_t i = 0; i < value->len; i++)
        if (!is_cookie_byte(value->ptr[i]))
            return false;
    return true;
}

static void add_cookie(struct strbuf *out, struct str name, struct str value, bool is_quoted)
{
    if (out->len > 0)
        strbuf_puts(out, "; ");
    strbuf_add(out, name);
    strbuf_add_char(out, '=');
    bool in_quotes =
        value.len > 0 && (is_quoted || str_index(value, ' ') >= 0 || str_index(value, ',') >= 0);
    if (in_quotes)
        strbuf_add_char(out, '"');
    for (size_t i = 0; i < value.len; i++)
        if (is_cookie_byte(value.ptr[i]))
            strbuf_add_char(out, value.ptr[i]);
    if (in_quotes)
        strbuf_add_char(out, '"');
}

/* All lines become one. */
static void filter_cookies(const struct filtering *in, struct log_value *value)
{
    struct strbuf out = strbuf_in(in->arena);
    for (uint32_t i = 0; i < value->n_texts; i++) {
        struct str rest = value->texts[i], part, name, content;
        while (rest.len > 0) {
            bool is_quoted;
            str_cut(rest, STR(";"), &part, &rest);
            part = str_trim(part);
            str_cut(part, STR("="), &name, &content);
            name = str_trim(name);
            if (is_token(name) && cookie_value(&content, &is_quoted) &&
                act_on(in, name, true, &content))
                add_cookie(&out, name, content, is_quoted);
        }
    }
    struct str *line = arena_new(in->arena, struct str);
    *line = strbuf_str(&out);
    value->texts = line;
    value->n_texts = out.len > 0;
}

/* False where the line is to go; its attributes stay as they are. */
static bool filter_set_cookie(const struct filtering *in, struct str *line)
{
    struct str head, attributes, name, content;
    bool is_quoted;
    bool has_attributes = str_cut(*line, STR(";"), &head, &attributes);
    if (!str_cut(head, STR("="), &name, &content) || !is_token(str_trim(name)))
        return true;
    struct str value = str_trim(content), before = value;
    if (!cookie_value(&value, &is_quoted))
        return true;
    struct str unfiltered = value;
    if (!act_on(in, str_trim(name), true, &value))
        return false;
    if (value.ptr == unfiltered.ptr && value.len == unfiltered.len)
        return true;
    size_t lead = before.len ? (size_t)(before.ptr - content.ptr) : content.len;
    size_t behind = before.len ? lead + before.len : 0; /* Caddy writes nothing but blanks twice */
    struct str quote = is_quoted ? STR("\"") : STR("");
    *line = STR_JOIN(in->arena, name, STR("="), str_slice(content, 0, lead), quote, value, quote,
                     str_slice(content, behind, content.len), has_attributes ? STR(";") : STR(""),
                     attributes);
    return true;
}

static void filter_set_cookies(const struct filtering *in, struct log_value *value)
{
    struct str *kept = arena_array(in->arena, struct str, value->n_texts + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < value->n_texts; i++) {
        kept[n] = value->texts[i];
        n += filter_set_cookie(in, &kept[n]);
    }
    value->texts = kept;
    value->n_texts = n;
}

/* --- all of them --- */

static struct str replace_matches(const struct filtering *in, struct str text)
{
    const struct dt_tables *tables = in->core->tables;
    for (uint32_t i = 0; i < in->filter->replacements.n; i++) {
        const struct dt_log_replacement *row =
            &tables->log_replacements[in->filter->replacements.first + i];
        text = regexp_replace_in(in->core, in->arena, row->regexp, text,
                                 table_text(tables, row->value));
    }
    return text;
}

static void filter_texts(const struct filtering *in, struct log_value *value,
                         struct str (*change)(const struct filtering *in, struct str text))
{
    if (value->kind == LOG_TEXT)
        *value = LOG_TEXT_OF(change(in, value->text));
    if (value->kind != LOG_TEXTS)
        return;
    struct str *texts = arena_array(in->arena, struct str, value->n_texts + 1);
    for (uint32_t i = 0; i < value->n_texts; i++)
        texts[i] = change(in, value->texts[i]);
    value->texts = texts;
}

void log_filter(const struct core *core, struct arena *arena, const struct dt_log_filter *filter,
                struct str *key, struct log_value *value)
{
    const struct filtering in = {.core = core, .arena = arena, .filter = filter};
    switch ((enum dt_log_filter_kind)filter->kind) {
    case DT_LOG_FILTER_NONE:
        return;
    case DT_LOG_FILTER_DELETE:
        value->kind = LOG_SKIPPED;
        return;
    case DT_LOG_FILTER_RENAME:
        *key = table_text(core->tables, filter->value);
        return;
    case DT_LOG_FILTER_REPLACE:
        *value = LOG_TEXT_OF(table_text(core->tables, filter->value));
        return;
    case DT_LOG_FILTER_HASH:
        filter_texts(&in, value, hash_of);
        return;
    case DT_LOG_FILTER_IP_MASK:
        filter_texts(&in, value, mask_list);
        return;
    case DT_LOG_FILTER_QUERY:
        filter_texts(&in, value, filter_query);
        return;
    case DT_LOG_FILTER_COOKIE:
        if (value->kind == LOG_TEXTS)
            filter_cookies(&in, value);
        return;
    case DT_LOG_FILTER_SET_COOKIE:
        if (value->kind == LOG_TEXTS)
            filter_set_cookies(&in, value);
        return;
    case DT_LOG_FILTER_REGEXP:
        filter_texts(&in, value, replace_matches);
        return;
    }
}
