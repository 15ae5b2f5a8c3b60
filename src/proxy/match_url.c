/* The url_pattern matcher: the request's URL, taken apart as browsers do
 * (https://url.spec.whatwg.org/), against an expression for each component. */

#include <string.h>

#include "base/glob.h"
#include "base/ip.h"
#include "base/parse.h"
#include "proxy/match.h"
#include "proxy/regexp.h"
#include "proxy/text.h"

/* --- hosts --- */

/* A number as in an IPv4 address: decimal, 0x… or 0…; false where it is none. */
static bool read_number(struct str text, uint64_t *value)
{
    unsigned base = 10;
    *value = 0;
    if (text.len > 1 && text.ptr[0] == '0') {
        bool is_hex = (text.ptr[1] | 32) == 'x';
        base = is_hex ? 16 : 8;
        text = str_slice(text, is_hex ? 2 : 1, text.len);
    } else if (text.len == 0) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        int digit = hex_digit(text.ptr[i]);
        if (digit < 0 || digit >= (int)base)
            return false;
        *value = *value * base + (unsigned)digit;
        if (*value > UINT32_MAX)
            *value = (uint64_t)UINT32_MAX + 1; /* too large, whatever comes */
    }
    return true;
}

/* Whether the last label is a number, so that the whole has to be an address. */
static bool ends_in_number(struct str host)
{
    uint64_t value;
    if (host.len > 0 && host.ptr[host.len - 1] == '.')
        host.len--;
    struct str last = str_slice(host, (size_t)(str_last_index(host, '.') + 1), host.len);
    bool is_digits = last.len > 0;
    for (size_t i = 0; i < last.len; i++)
        is_digits &= last.ptr[i] >= '0' && last.ptr[i] <= '9';
    return is_digits || (str_has_prefix(last, STR("0x")) && read_number(last, &value));
}

static bool spell_ip4(struct arena *arena, struct str *host)
{
    uint64_t parts[4], address = 0;
    size_t n = 0;
    struct str rest = *host;
    if (rest.ptr[rest.len - 1] == '.')
        rest.len--;
    for (bool more = true; more; n++) {
        struct str part;
        more = str_cut(rest, STR("."), &part, &rest);
        if (n == 4 || !read_number(part, &parts[n]))
            return false;
    }
    for (size_t i = 0; i < n; i++) {
        /* the last one fills what is left */
        uint64_t limit = i + 1 < n ? 256 : (uint64_t)1 << (8 * (5 - n));
        if (parts[i] >= limit)
            return false;
        address += i + 1 < n ? parts[i] << (8 * (3 - i)) : parts[i];
    }
    *host = str_printf(arena, "%u.%u.%u.%u", (unsigned)(address >> 24), (unsigned)(address >> 16 & 255),
                       (unsigned)(address >> 8 & 255), (unsigned)(address & 255));
    return true;
}

static bool spell_host(struct arena *arena, struct str *host)
{
    struct ip ip;
    if (host->len > 2 && host->ptr[0] == '[') {
        struct str inner = str_slice(*host, 1, host->len - 1);
        if (host->ptr[host->len - 1] != ']' || ip_parse(inner, &ip) != IP_OK || !ip.is_v6 ||
            ip.zone.len > 0)
            return false;
        *host = str_printf(arena, "[" STR_FMT "]", STR_ARG(ip_format(arena, ip)));
        return true;
    }
    *host = str_lower(arena, *host);
    for (size_t i = 0; i < host->len; i++) {
        unsigned char c = (unsigned char)host->ptr[i];
        if (c <= 0x20 || c >= 0x7F || strchr("#/:<>?@[\\]^|%", c))
            return false;
    }
    if (host->len == 0)
        return false;
    return !ends_in_number(*host) || spell_ip4(arena, host);
}

/* --- the URL --- */

/* As a parser of URLs writes the query: few characters are escaped. */
static struct str spell_query(struct arena *arena, struct str query)
{
    struct strbuf out = strbuf_in(arena);
    for (size_t i = 0; i < query.len; i++) {
        unsigned char c = (unsigned char)query.ptr[i];
        if (c <= 0x20 || c >= 0x7F || strchr("\"#<>'", c))
            strbuf_printf(&out, "%%%02X", c);
        else
            strbuf_add_char(&out, (char)c);
    }
    return strbuf_str(&out);
}

static bool cut_host(struct transaction *tx, bool is_tls, struct str *host, struct str *port)
{
    uint64_t number;
    ptrdiff_t colon = str_last_index(tx->host, ':');
    *host = tx->host;
    *port = STR("");
    if (colon >= 0 && str_index(str_slice(tx->host, (size_t)colon, tx->host.len), ']') < 0) {
        *host = str_slice(tx->host, 0, (size_t)colon);
        *port = str_slice(tx->host, (size_t)colon + 1, tx->host.len);
    }
    if (port->len > 0) {
        if (parse_go_uint(*port, 16, &number) != PARSE_OK)
            return false;
        *port = number == (is_tls ? 443 : 80) ? STR("") : text_int(tx->arena, (int64_t)number);
    }
    return spell_host(tx->arena, host);
}

bool match_url_pattern(struct transaction *tx, const struct dt_matcher *matcher, bool *failed)
{
    bool is_tls = http_connection_is_tls(tx->request->connection);
    struct str components[DT_N_URL_COMPONENTS] = {0};
    struct str query = tx->url.query;
    struct url clean = {.path = path_clean(tx->url.path, matcher->number != 0, tx->arena)};
    (void)failed;
    if (matcher->rows.n != DT_N_URL_COMPONENTS)
        return false;
    components[DT_URL_PROTOCOL] = is_tls ? STR("https") : STR("http");
    if (!cut_host(tx, is_tls, &components[DT_URL_HOSTNAME], &components[DT_URL_PORT]))
        return false;
    components[DT_URL_PATHNAME] = url_escaped_path(&clean, tx->arena);
    if (components[DT_URL_PATHNAME].len == 0)
        components[DT_URL_PATHNAME] = STR("/");
    str_cut(query, STR("#"), &query, &components[DT_URL_HASH]);
    components[DT_URL_SEARCH] = spell_query(tx->arena, query);
    for (uint32_t i = 0; i < DT_N_URL_COMPONENTS; i++)
        if (!regexp_matches(tx->core, matcher->rows.first + i, components[i]))
            return false;
    for (uint32_t i = 0; i < DT_N_URL_COMPONENTS; i++)
        regexp_keep_component(tx, matcher->rows.first + i, components[i],
                              (enum dt_url_component)i);
    return true;
}
