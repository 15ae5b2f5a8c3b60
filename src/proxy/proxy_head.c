/* The heads that reverse_proxy sends in both directions: hop-by-hop fields (RFC 9110 7.6.1),
 * X-Forwarded-*, Via and the configured operations. */

#include "proxy/proxy_head.h"

#include "proxy/forwarded.h"
#include "proxy/handlers.h"
#include "proxy/log.h"
#include "proxy/match.h"
#include "proxy/response.h"
#include "proxy/sendable.h"
#include "proxy/text.h"

/* --- hop-by-hop fields --- */

/* Fields that end here, as Caddy has them; those of the framing are written by the http layer. */
static const uint64_t hop_by_hop =
    HEADER_BIT(HEADER_ALT_SVC) | HEADER_BIT(HEADER_CONNECTION) |
    HEADER_BIT(HEADER_PROXY_CONNECTION) | HEADER_BIT(HEADER_KEEP_ALIVE) |
    HEADER_BIT(HEADER_PROXY_AUTHENTICATE) | HEADER_BIT(HEADER_PROXY_AUTHORIZATION) |
    HEADER_BIT(HEADER_TE) | HEADER_BIT(HEADER_TRAILER) | HEADER_BIT(HEADER_TRANSFER_ENCODING) |
    HEADER_BIT(HEADER_UPGRADE);

enum {
    SAYS_UPGRADE = 1,
    NAMES_FIELDS = 2, /* something beyond the connection itself, perhaps */
};

/* What the Connection fields say, of these flags. Nearly always they are one word. */
static unsigned connection_says(const struct http_headers *headers)
{
    unsigned says = 0;
    if (!(headers->names & HEADER_BIT(HEADER_CONNECTION)))
        return 0;
    const struct http_header *header = headers->at;
    for (uint32_t n = headers->n; n > 0; n--, header++) {
        if (header->id != HEADER_CONNECTION || str_eq_nocase(header->value, STR("keep-alive")) ||
            str_eq_nocase(header->value, STR("close")))
            continue;
        says |= str_eq_nocase(header->value, STR("upgrade")) ? SAYS_UPGRADE : NAMES_FIELDS;
    }
    if ((says & NAMES_FIELDS) && headers_list_token(headers, HEADER_CONNECTION, STR("upgrade")))
        says |= SAYS_UPGRADE;
    return says;
}

/* True where a Connection field names this one. */
static bool is_named(const struct http_headers *headers, struct str name)
{
    return headers_have_token(headers, HEADER_CONNECTION, name);
}

/* --- the request --- */

enum { MORE_HEADERS = 8 };

static struct http_headers headers_for(struct arena *arena, uint32_t cap)
{
    return (struct http_headers){
        .arena = arena,
        .at = arena_alloc(arena, cap * sizeof(struct http_header)),
        .cap = cap,
    };
}

/* Go sends the first User-Agent, and none that is empty. */
static void keep_one_user_agent(struct http_headers *headers)
{
    const struct http_header *first = headers_find(headers, HEADER_USER_AGENT);
    struct str value = first ? first->value : STR("");
    if (!first)
        return;
    headers_remove(headers, HEADER_USER_AGENT);
    if (value.len > 0)
        headers_add(headers, HEADER_USER_AGENT, value);
}

/* <says>: as connection_says of <in>. */
static void copy_end_to_end(const struct http_headers *in, unsigned says, struct http_headers *out,
                            struct forwarded *forwarded)
{
    const uint64_t forwarded_names = HEADER_BIT(HEADER_X_FORWARDED_FOR) |
                                     HEADER_BIT(HEADER_X_FORWARDED_PROTO) |
                                     HEADER_BIT(HEADER_X_FORWARDED_HOST);
    uint64_t dropped = hop_by_hop | HEADER_BIT(HEADER_CONTENT_LENGTH) | HEADER_BIT(HEADER_HOST);
    bool checks_names = (says & NAMES_FIELDS) != 0;
    /* all others are just copied */
    const uint64_t looked_at =
        checks_names ? UINT64_MAX : dropped | forwarded_names | HEADER_BIT(HEADER_USER_AGENT);
    struct http_header *to = out->at;
    const struct http_header *header = in->at;
    out->names = in->names & ~(dropped | forwarded_names);
    for (uint32_t n = in->n; n > 0; n--, header++) {
        uint64_t name = HEADER_BIT(header->id);
        if (name & looked_at) {
            if ((name & dropped) || (checks_names && is_named(in, header->name)))
                continue;
            if (name & forwarded_names) {
                forwarded_take(forwarded, header);
                continue;
            }
            dropped |= name & HEADER_BIT(HEADER_USER_AGENT); /* Go sends the first alone */
        }
        *to++ = *header;
    }
    out->n = (uint32_t)(to - out->at);
    if (headers_have_token(in, HEADER_TE, STR("trailers")))
        headers_add(out, HEADER_TE, STR("trailers"));
}

void proxy_make_request(struct proxying *proxying)
{
    struct transaction *tx = proxying->tx;
    struct http_headers *headers = &proxying->prepared;
    struct forwarded forwarded = {.addresses = strbuf_in(tx->arena)};
    proxying->method = tx->method;
    proxying->host = tx->host;
    proxying->content_length = tx->request->content_length;
    /* Caddy: what is chunked stays so, but scripts are told a length */
    if (tx->replaces_body && (proxying->content_length >= 0 || proxying->fastcgi))
        proxying->content_length = (int64_t)tx->body.len;
    proxying->url = tx->url;
    if (proxying->pool->rewrite != DT_NONE) {
        rewrite_apply(tx, proxying->pool->rewrite, &proxying->method, &proxying->url);
        proxying->uri = url_request_uri(&proxying->url, tx->arena);
        bool has_no_body =
            str_eq(proxying->method, STR("GET")) || str_eq(proxying->method, STR("HEAD"));
        bool has_changed =
            !str_eq(proxying->method, tx->method) || !str_eq(proxying->uri, transaction_uri(tx));
        proxying->drops_body = has_no_body && has_changed &&
                               tx->tables->rewrites[proxying->pool->rewrite].method != DT_NONE;
        if (proxying->drops_body)
            proxying->content_length = 0;
    } else {
        proxying->uri = transaction_uri(tx);
    }
    if (proxying->method.len == 0 && !proxying->fastcgi)
        proxying->method = STR("GET"); /* as Go */
    *headers = headers_for(tx->arena, tx->headers.n + MORE_HEADERS);
    unsigned says = connection_says(&tx->headers);
    copy_end_to_end(&tx->headers, says, headers, &forwarded);
    proxying->upgrade = STR("");
    if (says & SAYS_UPGRADE)
        proxying->upgrade = str_lower(tx->arena, headers_get(&tx->headers, HEADER_UPGRADE));
    if (proxying->upgrade.len > 0) {
        headers_add(headers, HEADER_CONNECTION, STR("Upgrade"));
        headers_add(headers, HEADER_UPGRADE, proxying->upgrade);
    }
    forwarded_add(proxying, headers, &forwarded);
    if (proxying->fastcgi && !headers_find(headers, HEADER_USER_AGENT))
        headers_add(headers, HEADER_USER_AGENT, STR("")); /* Caddy: it is empty, not unknown */
}

/* RFC 4007, RFC 9844: a zone means nothing to another node. */
static struct str without_zone(struct arena *arena, struct str host)
{
    if (host.len == 0 || host.ptr[0] != '[')
        return host;
    ptrdiff_t percent = str_index(host, '%'), close = str_last_index(host, ']');
    if (percent < 0 || close < percent)
        return host;
    return str_printf(arena, STR_FMT STR_FMT, STR_ARG(str_slice(host, 0, (size_t)percent)),
                      STR_ARG(str_slice(host, (size_t)close, host.len)));
}

/* What came from the client itself was looked at when it was read. */
static const char *unsendable_part(const struct proxying *proxying, bool has_good_fields)
{
    const struct http_request *request = proxying->tx->request;
    if (proxying->method.ptr != request->method.ptr && !sendable_token(proxying->method))
        return "method";
    if (proxying->url.query.ptr != request->query.ptr && !sendable_target(proxying->url.query))
        return "query";
    return has_good_fields ? NULL : "header field";
}

/* The client's Host field, where it says this and came as it is sent: under this name. */
static const struct http_header *line_of_host(const struct http_request *request, struct str host)
{
    const struct http_header *header = headers_find(&request->headers, HEADER_HOST);
    bool is_so = header && header->value.ptr == host.ptr && header->value.len == host.len &&
                 header_is_line(header) && memcmp(header->name.ptr, "Host", 4) == 0;
    return is_so ? header : NULL;
}

/* The client's request line, where it is what is sent and nothing stands between it and Host. */
static const char *line_before_host(const struct proxying *proxying)
{
    static const char version[] = " HTTP/1.1\r\n";
    const struct http_request *request = proxying->tx->request;
    struct str method = proxying->method, uri = proxying->uri;
    if (!proxying->host_line || method.ptr != request->method.ptr ||
        method.len != request->method.len || uri.ptr != request->target.ptr ||
        uri.len != request->target.len)
        return NULL;
    const char *behind = uri.ptr + uri.len;
    bool is_one_text = uri.ptr == method.ptr + method.len + 1 &&
                       proxying->host_line->name.ptr == behind + sizeof(version) - 1;
    return is_one_text && memcmp(behind, version, sizeof(version) - 1) == 0 ? method.ptr : NULL;
}

bool proxy_make_attempt(struct proxying *proxying, struct str *problem)
{
    struct transaction *tx = proxying->tx;
    const struct dt_header_edit *edit = NULL;
    bool has_good_fields = !tx->is_unsendable;
    proxying->attempt_host = proxying->host;
    if (proxying->pool->headers != DT_NONE)
        edit = &tx->tables->header_edits[proxying->pool->headers];
    if (edit && edit->request.n > 0) {
        proxying->headers = headers_copy(tx->arena, &proxying->prepared, MORE_HEADERS);
        /* Caddy: there is an empty one where the client says nothing */
        if (!headers_find(&proxying->headers, HEADER_USER_AGENT))
            headers_add(&proxying->headers, HEADER_USER_AGENT, STR(""));
        has_good_fields &=
            headers_edit(tx, edit->request, &proxying->headers, &proxying->attempt_host);
        if (!proxying->fastcgi)
            keep_one_user_agent(&proxying->headers);
    } else {
        proxying->headers = proxying->prepared;
    }
    if (proxying->attempt_host.len == 0 && !proxying->fastcgi)
        proxying->attempt_host = proxying->destination->hostport; /* as Go */
    proxying->attempt_host = without_zone(tx->arena, proxying->attempt_host);
    if (proxying->fastcgi) /* whose texts come with their lengths */
        return true;
    if (proxying->method.len == 0)
        proxying->method = STR("GET"); /* as Go */
    if (proxying->attempt_host.ptr != tx->request->host.ptr &&
        !sendable_host(proxying->attempt_host))
        proxying->attempt_host = STR(""); /* as Go */
    proxying->host_line = line_of_host(tx->request, proxying->attempt_host);
    proxying->request_line = line_before_host(proxying);
    const char *part = unsendable_part(proxying, has_good_fields);
    if (part)
        *problem = str_printf(tx->arena, "the request's %s cannot be sent", part);
    return !part;
}

/* --- the response --- */

/* Removes the fields that were meant for this hop only. */
static void drop_hop_by_hop(struct http_headers *headers)
{
    if (!(headers->names & hop_by_hop))
        return;
    bool checks_names = (connection_says(headers) & NAMES_FIELDS) != 0;
    struct http_header *drop = NULL;
    for (uint32_t i = 0; checks_names && i < headers->n; i++) {
        drop = &headers->at[i];
        if (!(hop_by_hop & HEADER_BIT(drop->id)) && is_named(headers, drop->name))
            drop->id = HEADER_KEEP_ALIVE; /* goes below, like others of this hop */
    }
    uint32_t kept = 0;
    while (kept < headers->n && !(hop_by_hop & HEADER_BIT(headers->at[kept].id)))
        kept++;
    for (uint32_t i = kept; i < headers->n; i++)
        if (!(hop_by_hop & HEADER_BIT(headers->at[i].id)))
            headers->at[kept++] = headers->at[i];
    headers->n = kept;
    headers->names &= ~hop_by_hop;
}

static void append(struct http_headers *to, const struct http_headers *from)
{
    if (to->n + from->n > to->cap)
        *to = headers_copy(to->arena, to, from->n + MORE_HEADERS);
    if (from->n > 0)
        memcpy(to->at + to->n, from->at, from->n * sizeof(*from->at));
    to->n += from->n;
    to->names |= from->names;
}

/* Whether something of the body has to be seen before the head can go out. */
static bool awaits_body(struct transaction *tx, const struct http_head *head)
{
    if (!tx->deferred && headers_find(&tx->response, HEADER_CONTENT_TYPE))
        return false;
    struct http_head merged = {
        .status = head->status, .headers = tx->response, .content_length = head->content_length};
    return response_needs_start(tx, &merged);
}

void proxy_make_response(struct proxying *proxying)
{
    struct transaction *tx = proxying->tx;
    struct http_head *head = &proxying->exchange.head;
    struct str trailer = headers_get(&head->headers, HEADER_TRAILER);
    /* the head of what is passed on at once is out before there is a body to look at */
    tx->is_untyped =
        tx->type_is_cleared ||
        (!proxying->fastcgi && headers_find(&head->headers, HEADER_TRANSFER_ENCODING)) ||
        proxying->pool->flush_interval_ns < 0;
    /* Caddy: an answer of a script is not flushed, so Go tells the length of a short one */
    tx->tells_length = proxying->fastcgi && head->content_length < 0 &&
                       proxying->pool->flush_interval_ns >= 0 &&
                       !headers_find(&head->headers, HEADER_CONTENT_LENGTH) &&
                       !response_is_event_stream(&head->headers);
    drop_hop_by_hop(&head->headers);
    headers_remove(&tx->response, HEADER_SERVER);
    forwarded_add_via(&tx->response, head->version);
    if (proxying->pool->headers != DT_NONE) {
        const struct dt_header_edit *edit = &tx->tables->header_edits[proxying->pool->headers];
        bool had_length = headers_find(&head->headers, HEADER_CONTENT_LENGTH) != NULL;
        if (edit->response.n > 0 &&
            (edit->require == DT_NONE ||
             match_response(tx->core, &tx->tables->response_matchers[edit->require], head->status,
                            &head->headers)))
            headers_edit(tx, edit->response, &head->headers, NULL);
        if (had_length && !headers_find(&head->headers, HEADER_CONTENT_LENGTH)) {
            head->content_length = HTTP_LENGTH_UNKNOWN;
            tx->tells_length |= proxying->pool->flush_interval_ns >= 0;
        }
    }
    append(&tx->response, &head->headers);
    if (trailer.len > 0 && !proxying->fastcgi)
        headers_add(&tx->response, HEADER_TRAILER, trailer);
    proxying->awaits_body = awaits_body(tx, head);
}

void proxy_send_response(struct proxying *proxying, struct str start)
{
    struct transaction *tx = proxying->tx;
    struct http_head head = {
        .status = proxying->exchange.head.status,
        .headers = tx->response,
        .content_length = proxying->exchange.head.content_length,
    };
    if (!proxying->fastcgi) /* Caddy: a script's own words go nowhere */
        head.reason = proxying->exchange.head.reason;
    proxying->head_sent = true;
    response_start(tx, &head, start);
}

void proxy_send_interim(struct proxying *proxying, const struct http_head *interim)
{
    struct transaction *tx = proxying->tx;
    struct http_head head = {
        .status = interim->status,
        .headers = headers_copy(tx->arena, &tx->response, interim->headers.n),
    };
    append(&head.headers, &interim->headers);
    http_reply_interim(tx->request, &head);
    tx->response.n = 0; /* Caddy: what was set so far goes with the interim response */
}

bool proxy_make_upgrade_head(struct proxying *proxying, struct http_head *head)
{
    struct transaction *tx = proxying->tx;
    struct http_headers *headers = &proxying->exchange.head.headers;
    struct str offered = str_dup(tx->arena, headers_get(headers, HEADER_UPGRADE));
    if (proxying->upgrade.len == 0 || !str_eq_nocase(offered, proxying->upgrade))
        return false;
    drop_hop_by_hop(headers);
    append(&tx->response, headers);
    headers_add(&tx->response, HEADER_CONNECTION, STR("Upgrade"));
    headers_add(&tx->response, HEADER_UPGRADE, offered);
    *head = (struct http_head){.status = 101, .headers = tx->response};
    return true;
}
