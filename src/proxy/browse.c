/* Listings of directories: their order, and the forms they are shown in. */

#include "proxy/browse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/parse.h"
#include "proxy/template.h"
#include "proxy/text.h"

/* --- order --- */

static int by_name(const void *a, const void *b)
{
    const struct listing_item *left = a, *right = b;
    return str_compare(left->lower, right->lower);
}

static int by_name_directories_first(const void *a, const void *b)
{
    const struct listing_item *left = a, *right = b;
    return left->is_directory == right->is_directory ? by_name(a, b) : left->is_directory ? -1 : 1;
}

/* Sizes of directories say nothing: they come first, by name. */
static int by_size(const void *a, const void *b)
{
    const struct listing_item *left = a, *right = b;
    if (left->is_directory || right->is_directory)
        return by_name_directories_first(a, b);
    return (left->size > right->size) - (left->size < right->size);
}

static int by_time(const void *a, const void *b)
{
    const struct timespec *left = &((const struct listing_item *)a)->modified;
    const struct timespec *right = &((const struct listing_item *)b)->modified;
    if (left->tv_sec != right->tv_sec)
        return left->tv_sec < right->tv_sec ? -1 : 1;
    return (left->tv_nsec > right->tv_nsec) - (left->tv_nsec < right->tv_nsec);
}

static const struct {
    struct str name;
    int (*compare)(const void *a, const void *b);
} orders[] = {
    {STR_INIT("name"), by_name},
    {STR_INIT("namedirfirst"), by_name_directories_first},
    {STR_INIT("size"), by_size},
    {STR_INIT("time"), by_time},
};

static void sort_by(struct listing *listing)
{
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
        if (str_eq(orders[i].name, listing->sort) && listing->n > 0)
            qsort(listing->items, listing->n, sizeof(*listing->items), orders[i].compare);
    if (!str_eq(listing->order, STR("desc")))
        return;
    for (uint32_t i = 0; i < listing->n / 2; i++) {
        struct listing_item item = listing->items[i];
        listing->items[i] = listing->items[listing->n - 1 - i];
        listing->items[listing->n - 1 - i] = item;
    }
}

static bool is_order(struct str text)
{
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
        if (str_eq(orders[i].name, text))
            return true;
    return false;
}

static struct str parameter(struct transaction *tx, struct str wanted)
{
    struct str rest = tx->url.query, key, value;
    bool bad = false;
    while (url_query_next(&rest, tx->arena, &key, &value, &bad))
        if (str_eq(key, wanted))
            return value;
    return STR("");
}

/* What somebody asked for stays so, by a cookie. */
static void keep_in_cookie(struct transaction *tx, struct str name, struct str value)
{
    bool is_tls = http_connection_is_tls(tx->request->connection);
    headers_add(&tx->response, HEADER_SET_COOKIE,
                str_printf(tx->arena, STR_FMT "=" STR_FMT "; HttpOnly;%s SameSite=Lax",
                           STR_ARG(name), STR_ARG(value), is_tls ? " Secure;" : ""));
}

static uint32_t count_parameter(struct transaction *tx, struct str name, uint32_t limit)
{
    int64_t n;
    if (parse_go_int(parameter(tx, name), &n) != PARSE_OK || n <= 0 || n > limit)
        return 0;
    return (uint32_t)n;
}

void listing_arrange(struct transaction *tx, const struct dt_browse *browse,
                     struct listing *listing)
{
    const struct str sort = parameter(tx, STR("sort")), order = parameter(tx, STR("order"));
    listing->sort = sort.len ? sort : table_text(tx->tables, browse->sort);
    listing->order = order.len ? order : table_text(tx->tables, browse->order);
    if (is_order(listing->sort))
        keep_in_cookie(tx, STR("sort"), listing->sort);
    else if (listing->sort.len == 0)
        listing->sort = template_cookie(tx, STR("sort"));
    if (str_eq(listing->order, STR("asc")) || str_eq(listing->order, STR("desc")))
        keep_in_cookie(tx, STR("order"), listing->order);
    else if (listing->order.len == 0)
        listing->order = template_cookie(tx, STR("order"));
    if (listing->sort.len == 0)
        listing->sort = STR("namedirfirst");
    sort_by(listing);
    uint32_t offset = count_parameter(tx, STR("offset"), listing->n);
    listing->items += offset;
    listing->n -= offset;
    uint32_t limit = count_parameter(tx, STR("limit"), listing->n);
    listing->n = limit ? limit : listing->n;
}

/* --- pieces --- */

static struct str item_url(struct arena *arena, const struct listing_item *item)
{
    return STR_JOIN(arena, STR("./"), url_escape(item->name, URL_PATH, arena));
}

/* "1.5 KiB" */
static void add_size(struct strbuf *out, int64_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    double value = (double)size;
    if (size < 10) {
        strbuf_printf(out, "%lld B", (long long)size);
        return;
    }
    for (int64_t left = size; left >= 1024; left /= 1024)
        unit++;
    value /= (double)(INT64_C(1) << 10 * unit);
    double tenths = floor(value * 10 + 0.5) / 10;
    if (tenths < 10)
        strbuf_printf(out, "%.1f %s", tenths, units[unit]);
    else
        strbuf_printf(out, "%.0f %s", value, units[unit]);
}

static struct tm utc_of(const struct timespec *time)
{
    struct tm utc;
    gmtime_r(&time->tv_sec, &utc);
    return utc;
}

static void add_long_time(struct strbuf *out, const struct timespec *time)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    struct tm utc = utc_of(time);
    strbuf_printf(out, "%s %d, %d at %02d:%02d:%02d", months[utc.tm_mon % 12], utc.tm_mday,
                  utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/* --- JSON --- */

/* RFC 3339, with as many digits behind the seconds as there are. */
static void add_json_time(struct strbuf *out, const struct timespec *time)
{
    struct tm utc = utc_of(time);
    long fraction = time->tv_nsec;
    int digits = 9;
    strbuf_printf(out, "\"%04d-%02d-%02dT%02d:%02d:%02d", utc.tm_year + 1900, utc.tm_mon + 1,
                  utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
    for (; fraction > 0 && fraction % 10 == 0; digits--)
        fraction /= 10;
    if (fraction > 0)
        strbuf_printf(out, ".%0*ld", digits, fraction);
    strbuf_puts(out, "Z\"");
}

/* The bits of Go's os.FileMode. */
static uint32_t go_mode(const struct listing_item *item)
{
    static const struct {
        uint32_t unix_bits, go_bits;
    } types[] = {
        {S_IFDIR, UINT32_C(1) << 31},  {S_IFLNK, UINT32_C(1) << 27},
        {S_IFBLK, UINT32_C(1) << 26},  {S_IFIFO, UINT32_C(1) << 25},
        {S_IFSOCK, UINT32_C(1) << 24}, {S_IFCHR, UINT32_C(1) << 26 | UINT32_C(1) << 21},
    };
    uint32_t mode = item->mode & 0777;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if ((item->mode & S_IFMT) == types[i].unix_bits)
            mode |= types[i].go_bits;
    mode |= item->mode & S_ISUID ? UINT32_C(1) << 23 : 0;
    mode |= item->mode & S_ISGID ? UINT32_C(1) << 22 : 0;
    mode |= item->mode & S_ISVTX ? UINT32_C(1) << 20 : 0;
    return mode;
}

/* As Go's encoder: what means something in HTML is escaped. */
static void add_json_string(struct strbuf *out, struct str text)
{
    struct strbuf plain = strbuf_in(out->arena);
    text_add_json(&plain, text);
    for (size_t i = 0; i < plain.len; i++) {
        char c = plain.ptr[i];
        if (c == '<' || c == '>' || c == '&')
            strbuf_printf(out, "\\u%04x", c);
        else
            strbuf_add_char(out, c);
    }
}

void listing_as_json(const struct listing *listing, struct strbuf *out)
{
    strbuf_add_char(out, '[');
    for (uint32_t i = 0; i < listing->n; i++) {
        const struct listing_item *item = &listing->items[i];
        strbuf_puts(out, i ? ",{\"name\":" : "{\"name\":");
        add_json_string(out, item->name);
        strbuf_printf(out, ",\"size\":%lld,\"url\":", (long long)item->size);
        add_json_string(out, item_url(out->arena, item));
        strbuf_puts(out, ",\"mod_time\":");
        add_json_time(out, &item->modified);
        strbuf_printf(out, ",\"mode\":%u,\"is_dir\":%s,\"is_symlink\":%s", go_mode(item),
                      item->is_directory ? "true" : "false", item->is_link ? "true" : "false");
        if (item->target.len > 0) {
            strbuf_puts(out, ",\"symlink_path\":");
            add_json_string(out, item->target);
        }
        strbuf_add_char(out, '}');
    }
    strbuf_puts(out, "]\n");
}

/* --- text --- */

enum { N_COLUMNS = 3, TAB_WIDTH = 8 };

static size_t count_runes(struct str text)
{
    size_t n = 0;
    for (size_t i = 0, size; i < text.len; i += size, n++)
        utf8_decode(text, i, &size);
    return n;
}

/* Columns are padded with tabs up to a multiple of their width. */
static void add_line(struct strbuf *out, const struct str *cells, const size_t *widths)
{
    for (int k = 0; k < N_COLUMNS; k++) {
        size_t len = count_runes(cells[k]);
        strbuf_add(out, cells[k]);
        for (size_t at = len; k + 1 < N_COLUMNS && at < widths[k];
             at = (at / TAB_WIDTH + 1) * TAB_WIDTH)
            strbuf_add_char(out, '\t');
    }
    strbuf_add_char(out, '\n');
}

void listing_as_text(const struct listing *listing, struct strbuf *out)
{
    static const struct str heads[][N_COLUMNS] = {
        {STR_INIT("Name"), STR_INIT("Size"), STR_INIT("Modified")},
        {STR_INIT("----"), STR_INIT("----"), STR_INIT("--------")},
    };
    struct str *cells = arena_array(out->arena, struct str, listing->n * N_COLUMNS + 1);
    size_t widths[N_COLUMNS] = {5, 5, 0};
    for (uint32_t i = 0; i < listing->n; i++) {
        struct strbuf size = strbuf_in(out->arena), time = strbuf_in(out->arena);
        add_size(&size, listing->items[i].size);
        add_long_time(&time, &listing->items[i].modified);
        struct str *row = &cells[i * N_COLUMNS];
        row[0] = listing->items[i].name;
        row[1] = strbuf_str(&size);
        row[2] = strbuf_str(&time);
        for (int k = 0; k + 1 < N_COLUMNS; k++)
            widths[k] = count_runes(row[k]) + 1 > widths[k] ? count_runes(row[k]) + 1 : widths[k];
    }
    for (int k = 0; k < N_COLUMNS; k++)
        widths[k] = (widths[k] + TAB_WIDTH - 1) / TAB_WIDTH * TAB_WIDTH;
    add_line(out, heads[0], widths);
    add_line(out, heads[1], widths);
    for (uint32_t i = 0; i < listing->n; i++)
        add_line(out, &cells[i * N_COLUMNS], widths);
}

/* --- HTML --- */

static const char page_head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
static const char page_style[] =
    "body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; "
    "padding: 0 1rem; color-scheme: light dark }\n"
    "h1 { font-size: 1.2rem; overflow-wrap: anywhere }\n"
    "table { width: 100%; border-collapse: collapse }\n"
    "th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid #8884 }\n"
    "td:nth-child(2), th:nth-child(2) { text-align: right; white-space: nowrap }\n"
    "td:nth-child(1) { overflow-wrap: anywhere }\n"
    "</style>\n";

static void add_crumbs(struct transaction *tx, struct str path, struct strbuf *out)
{
    uint32_t depth = 0, at = 0;
    if (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    for (size_t i = 0; i < path.len; i++)
        depth += path.ptr[i] == '/';
    for (bool more = true; more; at++) {
        struct str part, text;
        more = str_cut(path, STR("/"), &part, &path);
        if (!url_unescape(part, URL_PATH, tx->arena, &text))
            text = part;
        strbuf_puts(out, "<a href=\"");
        for (uint32_t k = at; k < depth; k++)
            strbuf_puts(out, "../");
        strbuf_puts(out, at == depth ? "./\">" : "\">");
        text_add_html(out, at == 0 && text.len == 0 ? STR("/") : text);
        strbuf_puts(out, at == 0 ? "</a> " : more ? "</a> / " : "</a>");
        if (!more || path.len == 0)
            return;
    }
}

static void add_heading(const struct listing *listing, const char *name, const char *title,
                        struct strbuf *out)
{
    bool is_now = str_is(listing->sort, name) ||
                  (strcmp(name, "name") == 0 && str_is(listing->sort, "namedirfirst"));
    bool falls = is_now && !str_is(listing->order, "desc");
    strbuf_printf(out, "<th><a href=\"?sort=%s&amp;order=%s\">%s</a>", name,
                  falls ? "desc" : "asc", title);
}

void listing_as_html(struct transaction *tx, const struct listing *listing, struct str nonce,
                     struct strbuf *out)
{
    strbuf_puts(out, page_head);
    strbuf_printf(out, "<style nonce=\"" STR_FMT "\">\n%s<title>", STR_ARG(nonce), page_style);
    text_add_html(out, listing->path);
    strbuf_puts(out, "</title>\n<h1>");
    add_crumbs(tx, listing->path, out);
    strbuf_printf(out, "</h1>\n<p>%u director%s, %u file%s</p>\n<table>\n<tr>",
                  listing->n_directories, listing->n_directories == 1 ? "y" : "ies",
                  listing->n_files, listing->n_files == 1 ? "" : "s");
    add_heading(listing, "name", "Name", out);
    add_heading(listing, "size", "Size", out);
    add_heading(listing, "time", "Modified", out);
    strbuf_puts(out, "\n");
    if (listing->path.len > 1)
        strbuf_puts(out, "<tr><td><a href=\"../\">..</a><td><td>\n");
    for (uint32_t i = 0; i < listing->n; i++) {
        const struct listing_item *item = &listing->items[i];
        struct tm utc = utc_of(&item->modified);
        strbuf_puts(out, "<tr><td><a href=\"");
        text_add_html(out, item_url(tx->arena, item));
        strbuf_puts(out, "\">");
        text_add_html(out, item->name);
        strbuf_puts(out, "</a>");
        if (item->target.len > 0) {
            strbuf_puts(out, " \xE2\x86\x92 ");
            text_add_html(out, item->target);
        }
        strbuf_puts(out, "<td>");
        if (!item->is_directory)
            add_size(out, item->size);
        strbuf_printf(out, "<td>%04d-%02d-%02d %02d:%02d:%02d\n", utc.tm_year + 1900,
                      utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
    }
    strbuf_puts(out, "</table>\n");
}
