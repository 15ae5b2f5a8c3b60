/* metrics: what is counted, in the format that the client asks for. */

#include "base/parse.h"
#include "proxy/coding.h"
#include "proxy/encoder.h"
#include "proxy/handlers.h"
#include "proxy/metrics_text.h"
#include "proxy/response.h"
#include "proxy/url.h"
#include "proxy/worker.h"

/* --- what the client accepts --- */

struct clause {
    struct str type, subtype, version, escaping;
    double quality;
};

enum { MAX_CLAUSES = 32 };

/* 0 to 1 in thousandths; what is malformed counts as 1, as in Go's reader. */
static double quality_of(struct str text)
{
    double value = 0, unit = 1;
    bool is_behind_point = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.' && !is_behind_point) {
            is_behind_point = true;
            continue;
        }
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return 1;
        value = value * 10 + (text.ptr[i] - '0');
        unit *= is_behind_point ? 10 : 1;
    }
    return text.len ? value / unit : 1;
}

static bool read_clause(struct str text, struct clause *out)
{
    struct str part, name, value;
    *out = (struct clause){.quality = 1};
    str_cut(text, STR(";"), &part, &text);
    if (!str_cut(str_trim(part), STR("/"), &out->type, &out->subtype) &&
        !str_eq(out->type, STR("*")))
        return false;
    if (out->subtype.len == 0)
        out->subtype = STR("*");
    while (text.len > 0) {
        str_cut(text, STR(";"), &part, &text);
        if (!str_cut(str_trim(part), STR("="), &name, &value))
            continue;
        if (str_eq(name, STR("q")))
            out->quality = quality_of(value);
        else if (str_eq(name, STR("version")))
            out->version = value;
        else if (str_eq(name, STR("escaping")))
            out->escaping = value;
    }
    return true;
}

/* Whether <a> comes before <b>: what is wanted more, what says more. */
static bool comes_before(const struct clause *a, const struct clause *b)
{
    bool a_any = str_eq(a->type, STR("*")), b_any = str_eq(b->type, STR("*"));
    bool a_star = str_eq(a->subtype, STR("*")), b_star = str_eq(b->subtype, STR("*"));
    if (a->quality != b->quality)
        return a->quality > b->quality;
    return a_any != b_any ? b_any : !a_star && b_star;
}

static size_t read_accept(struct str text, struct clause *clauses)
{
    size_t n = 0;
    while (text.len > 0 && n < MAX_CLAUSES) {
        struct str part;
        struct clause one;
        str_cut(text, STR(","), &part, &text);
        if (!read_clause(part, &one))
            continue;
        size_t at = n++;
        for (; at > 0 && comes_before(&one, &clauses[at - 1]); at--)
            clauses[at] = clauses[at - 1];
        clauses[at] = one;
    }
    return n;
}

/* A format the handler can write. */
static const struct format {
    struct str type, subtype, version;
    bool is_open;
} formats[] = {
    {STR_INIT("application"), STR_INIT("openmetrics-text"), STR_INIT("1.0.0"), true},
    {STR_INIT("application"), STR_INIT("openmetrics-text"), STR_INIT("0.0.1"), true},
    {STR_INIT("text"), STR_INIT("plain"), STR_INIT("0.0.4"), false},
};
enum { PLAIN_FORMAT = 2, N_FORMATS = 3 };

static bool fits(const struct clause *clause, const struct format *format)
{
    struct str version = clause->version;
    if (version.len == 0 && str_eq(clause->subtype, STR("openmetrics-text")))
        version = STR("0.0.1");
    if (version.len == 0 && str_eq(clause->type, STR("text")) &&
        str_eq(clause->subtype, STR("plain")))
        version = STR("0.0.4");
    return (str_eq(clause->type, STR("*")) || str_eq(clause->type, format->type)) &&
           (str_eq(clause->subtype, STR("*")) || str_eq(clause->subtype, format->subtype)) &&
           str_eq(version, format->version);
}

static const struct format *choose_format(struct transaction *tx, bool is_plain,
                                          struct str *escaping)
{
    static const char *const escapings[] = {"allow-utf-8", "underscores", "dots", "values", NULL};
    struct clause clauses[MAX_CLAUSES];
    size_t n = read_accept(headers_get(&tx->headers, HEADER_ACCEPT), clauses);
    *escaping = STR("underscores");
    for (size_t i = 0; i < n; i++) {
        if (str_is_one_of(clauses[i].escaping, escapings))
            *escaping = clauses[i].escaping;
        for (size_t k = is_plain ? PLAIN_FORMAT : 0; k < N_FORMATS; k++)
            if (fits(&clauses[i], &formats[k]))
                return &formats[k];
    }
    return &formats[PLAIN_FORMAT];
}

/* --- compression --- */

/* Go's: the coding that is wanted most, the first of ours among equals. */
static enum dt_encoding choose_coding(struct str accept)
{
    static const struct {
        struct str name;
        enum dt_encoding coding;
    } offers[] = {{STR_INIT("identity"), DT_ENCODING_NONE}, {STR_INIT("gzip"), DT_ENCODING_GZIP}};
    enum dt_encoding best = DT_ENCODING_NONE;
    double best_quality = -1;
    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
        struct str rest = accept, part, name, weight;
        while (rest.len > 0) {
            str_cut(rest, STR(","), &part, &rest);
            str_cut(part, STR(";"), &name, &weight);
            name = str_trim(name);
            weight = str_trim(weight);
            double quality = str_has_prefix(weight, STR("q="))
                                 ? quality_of(str_slice(weight, 2, weight.len))
                                 : 1;
            if (quality <= best_quality ||
                (!str_eq(name, STR("*")) && !str_eq(name, offers[i].name)))
                continue;
            best_quality = quality;
            best = quality > 0 ? offers[i].coding : DT_ENCODING_NONE;
        }
    }
    return best;
}

static void take(void *ctx, struct str data)
{
    strbuf_add(ctx, data);
}

static struct str compressed(struct transaction *tx, struct str text, enum dt_encoding *coding)
{
    static const struct dt_encoder settings = {.gzip_level = 6};
    struct encoder *encoder =
        *coding == DT_ENCODING_NONE ? NULL : encoder_take(tx->worker, &settings, *coding);
    if (!encoder) {
        *coding = DT_ENCODING_NONE;
        return text;
    }
    struct strbuf out = strbuf_in(tx->arena);
    encoder_run(encoder, text, ENCODER_END, take, &out);
    encoder_give_back(tx->worker, encoder);
    return strbuf_str(&out);
}

/* --- the whole --- */

/* The values of name[] in the query. */
static struct str *wanted_names(struct transaction *tx, size_t *n)
{
    struct str rest = tx->url.query, key, value;
    size_t room = 1;
    bool is_bad = false;
    for (size_t i = 0; i < rest.len; i++)
        room += rest.ptr[i] == '&';
    struct str *names = arena_array(tx->arena, struct str, room);
    *n = 0;
    while (url_query_next(&rest, tx->arena, &key, &value, &is_bad))
        if (str_eq(key, STR("name[]")))
            names[(*n)++] = value;
    return names;
}

enum step handle_metrics(struct transaction *tx, const struct dt_handler *handler)
{
    const struct dt_metrics_page *page = &tx->tables->metrics_pages[handler->row];
    struct metrics_request request = {0};
    struct strbuf text = strbuf_in(tx->arena);
    struct str escaping;
    const struct format *format = choose_format(tx, page->is_plain, &escaping);
    request.is_open = format->is_open;
    request.names = wanted_names(tx, &request.n);
    metrics_write(tx->core, &request, &text);
    headers_set(&tx->response, HEADER_CONTENT_TYPE,
                str_printf(tx->arena,
                           STR_FMT "/" STR_FMT "; version=" STR_FMT
                                   "; charset=utf-8; escaping=" STR_FMT,
                           STR_ARG(format->type), STR_ARG(format->subtype),
                           STR_ARG(format->version), STR_ARG(escaping)));
    struct str joined = STR("");
    for (uint32_t i = 0; i < tx->headers.n; i++)
        if (tx->headers.at[i].id == HEADER_ACCEPT_ENCODING)
            joined = STR_JOIN(tx->arena, joined, STR(","), tx->headers.at[i].value);
    enum dt_encoding coding = choose_coding(joined);
    struct str body = compressed(tx, strbuf_str(&text), &coding);
    if (coding != DT_ENCODING_NONE)
        headers_set(&tx->response, HEADER_CONTENT_ENCODING, coding_name(coding));
    struct http_head head = {
        .status = 200, .headers = tx->response, .content_length = HTTP_LENGTH_UNKNOWN};
    tx->tells_length = true;
    if (str_eq(tx->request->method, STR("HEAD")))
        tx->unsent_bytes = body.len;
    atomic_fetch_add(&tx->core->n_scrapes, 1);
    response_start(tx, &head, body);
    response_data(tx, body);
    response_end(tx, NULL);
    return STEP_TAKEN;
}
