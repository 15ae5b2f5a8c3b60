/* X-Forwarded-* and Via. What is said of a client that nobody stands before is the same for each
 * request to one host: a worker keeps the lines of those that ask again. */

#include "proxy/forwarded.h"

#include <stdlib.h>

#include "base/bytes8.h"
#include "proxy/match.h"
#include "proxy/worker.h"

enum { VIA_BYTES = sizeof("Via: 1.1 Caddy\r\n") - 1 };
static const char via_text[N_HTTP_VERSIONS][VIA_BYTES + 1] = {
    [HTTP_VERSION_NONE] = "Via: 0.0 Caddy\r\n", /* Caddy: of answers by FastCGI */
    [HTTP_1_0] = "Via: 1.0 Caddy\r\n",
    [HTTP_1_1] = "Via: 1.1 Caddy\r\n",
    [HTTP_2] = "Via: 2.0 Caddy\r\n",
    [HTTP_3] = "Via: 3.0 Caddy\r\n",
};

void forwarded_add_via(struct http_headers *headers, enum http_version version)
{
    headers_add_line(headers, HEADER_VIA, str_make(via_text[version], VIA_BYTES));
}

void forwarded_take(struct forwarded *forwarded, const struct http_header *header)
{
    if (header->id == HEADER_X_FORWARDED_PROTO) {
        forwarded->proto = header->value;
    } else if (header->id == HEADER_X_FORWARDED_HOST) {
        forwarded->host = header->value;
    } else if (forwarded->n_addresses++ == 0) {
        forwarded->first_address = header->value;
    } else {
        if (forwarded->n_addresses == 2)
            strbuf_add(&forwarded->addresses, forwarded->first_address);
        strbuf_puts(&forwarded->addresses, ", ");
        strbuf_add(&forwarded->addresses, header->value);
        forwarded->first_address = strbuf_str(&forwarded->addresses);
    }
}

/* The peer's address without zone; empty for unix sockets. */
static struct str peer_address(struct transaction *tx)
{
    struct str peer = transaction_peer(tx), address, zone;
    if (http_connection_peer(tx->request->connection)->family == AF_INET)
        return peer;
    if (str_eq(peer, STR("@")))
        return STR("");
    str_cut(peer, STR("%"), &address, &zone);
    return address;
}

static struct str scheme_of(const struct transaction *tx)
{
    return http_connection_is_tls(tx->request->connection) ? STR("https") : STR("http");
}

/* --- lines that stand one behind the other, so that they go out together --- */

enum { N_LINES = 4, PLACE_BITS = 8, PLACES = 1 << PLACE_BITS };

struct forwarded_lines {
    struct http_header rows[N_LINES];
    unsigned n_users; /* requests that may send them */
    bool is_kept;     /* by the worker; in malloc's memory, else in a request's arena */
    bool is_tls;
    enum http_version version;
    struct address peer;
    struct str host;
    char text[]; /* of the rows */
};

struct forwarded_lines **forwarded_kept_new(void)
{
    return calloc(PLACES, sizeof(struct forwarded_lines *));
}

void forwarded_kept_free(struct forwarded_lines **kept)
{
    for (int i = 0; kept && i < PLACES; i++)
        free(kept[i]);
    free(kept);
}

struct str forwarded_address(const struct forwarded_lines *lines)
{
    return lines->rows[0].value;
}

void forwarded_release(struct forwarded_lines *lines)
{
    if (--lines->n_users == 0 && !lines->is_kept)
        free(lines);
}

/* What they are made of; nothing in it ends a line. */
struct line_values {
    struct str address, scheme, host;
};

static size_t lines_bytes(const struct line_values *values)
{
    return sizeof("X-Forwarded-For: \r\nX-Forwarded-Proto: \r\nX-Forwarded-Host: \r\n") - 1 +
           values->address.len + values->scheme.len + values->host.len + VIA_BYTES;
}

static void lines_make(struct forwarded_lines *lines, enum http_version version,
                       const struct line_values *values)
{
    const struct {
        enum header_id id;
        struct str value;
    } made[N_LINES - 1] = {
        {HEADER_X_FORWARDED_FOR, values->address},
        {HEADER_X_FORWARDED_PROTO, values->scheme},
        {HEADER_X_FORWARDED_HOST, values->host},
    };
    char *at = lines->text;
    for (int i = 0; i < N_LINES - 1; i++) {
        char *begin = at;
        struct str name = header_name(made[i].id), value = made[i].value;
        bytes_copy(at, name.ptr, name.len);
        memcpy(at + name.len, ": ", 2);
        at += name.len + 2;
        bytes_copy(at, value.ptr, value.len);
        memcpy(at + value.len, "\r\n", 2);
        at += value.len + 2;
        lines->rows[i] = header_of_line(made[i].id, str_make(begin, (size_t)(at - begin)));
    }
    memcpy(at, via_text[version], VIA_BYTES);
    lines->rows[N_LINES - 1] = header_of_line(HEADER_VIA, str_make(at, VIA_BYTES));
    lines->version = version;
    lines->host = lines->rows[2].value;
}

static void lines_add(const struct forwarded_lines *lines, struct http_headers *headers)
{
    while (headers->cap - headers->n < N_LINES)
        headers_grow(headers);
    memcpy(headers->at + headers->n, lines->rows, sizeof(lines->rows));
    headers->n += N_LINES;
    headers->names |= header_bit(HEADER_X_FORWARDED_FOR) | header_bit(HEADER_X_FORWARDED_PROTO) |
                      header_bit(HEADER_X_FORWARDED_HOST) | header_bit(HEADER_VIA);
}

/* Without the port, and the zone, which is not told either. */
static bool is_same_node(const struct address *a, const struct address *b)
{
    if (a->family != b->family)
        return false;
    if (a->family == AF_INET)
        return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0;
}

static struct forwarded_lines **place_of(const struct transaction *tx, const struct address *peer)
{
    uint32_t end = peer->in.sin_addr.s_addr;
    if (peer->family == AF_INET6)
        memcpy(&end, &peer->in6.sin6_addr.s6_addr[12], sizeof(end));
    uint32_t mixed = (end + (uint32_t)tx->host.len) * UINT32_C(0x9E3779B1);
    return &tx->worker->forwarded[mixed >> (32 - PLACE_BITS)];
}

/* The place gets new ones; what it had goes with the last request that uses it. */
static struct forwarded_lines *lines_keep(struct forwarded_lines **place, size_t bytes)
{
    struct forwarded_lines *lines = malloc(bytes), *before = *place;
    if (!lines)
        return NULL;
    *lines = (struct forwarded_lines){.is_kept = true};
    *place = lines;
    if (before) {
        before->n_users++;
        before->is_kept = false;
        forwarded_release(before);
    }
    return lines;
}

/* Those that are kept, where they are for this client and host, or new ones, which are kept where a
 * connection asks for the same host again. NULL where a handler has made up the host. */
static const struct forwarded_lines *lines_for(struct transaction *tx)
{
    struct http_request *request = tx->request;
    const struct address *peer = http_connection_peer(request->connection);
    struct forwarded_lines **place = place_of(tx, peer), *lines = *place;
    bool is_tls = http_connection_is_tls(request->connection);
    bool fits = lines && lines->version == request->version && lines->is_tls == is_tls &&
                is_same_node(&lines->peer, peer) && str_eq(lines->host, tx->host);
    if (!fits && tx->host.ptr != request->host.ptr)
        return NULL;
    if (!fits) {
        struct line_values values = {peer_address(tx), scheme_of(tx), tx->host};
        size_t bytes = sizeof(*lines) + lines_bytes(&values);
        bool is_kept = request->same_host && !tx->forwarded;
        lines = is_kept ? lines_keep(place, bytes) : NULL;
        if (!lines) {
            lines = arena_alloc(tx->arena, bytes);
            lines->is_kept = false;
        }
        lines->peer = *peer;
        lines->is_tls = is_tls;
        lines_make(lines, request->version, &values);
    }
    if (lines->is_kept && !tx->forwarded) {
        lines->n_users++;
        tx->forwarded = lines;
    }
    return lines;
}

/* --- all of it --- */

/* No proxy before us is trusted, and there is an address to tell. */
static bool speaks_for_itself(const struct proxying *proxying)
{
    unsigned family = http_connection_peer(proxying->tx->request->connection)->family;
    return (family == AF_INET || family == AF_INET6) &&
           proxying->tx->server->trusted_proxies.n == 0 && proxying->pool->trusted_proxies.n == 0;
}

static bool is_trusted(const struct proxying *proxying)
{
    struct transaction *tx = proxying->tx;
    transaction_client_ip(tx);
    return tx->is_from_trusted_proxy ||
           (proxying->pool->trusted_proxies.n > 0 &&
            match_address(tx->tables, proxying->pool->trusted_proxies,
                          http_connection_peer(tx->request->connection), (struct str){0}));
}

/* Goes on with what a trusted proxy said. */
static void add_behind_proxy(struct transaction *tx, struct http_headers *headers,
                             const struct forwarded *forwarded)
{
    struct str peer = peer_address(tx), addresses = forwarded->first_address;
    if (addresses.len == 0)
        addresses = peer;
    else if (peer.len > 0)
        addresses = STR_JOIN(tx->arena, addresses, STR(", "), peer);
    if (addresses.len > 0)
        headers_add(headers, HEADER_X_FORWARDED_FOR, addresses);
    headers_add(headers, HEADER_X_FORWARDED_PROTO,
                forwarded->proto.len > 0 ? forwarded->proto : scheme_of(tx));
    headers_add(headers, HEADER_X_FORWARDED_HOST,
                forwarded->host.len > 0 ? forwarded->host : tx->host);
}

void forwarded_add(struct proxying *proxying, struct http_headers *headers,
                   const struct forwarded *forwarded)
{
    struct transaction *tx = proxying->tx;
    if (speaks_for_itself(proxying)) {
        const struct forwarded_lines *lines = lines_for(tx);
        if (lines) {
            lines_add(lines, headers);
            return;
        }
    }
    if (is_trusted(proxying)) {
        add_behind_proxy(tx, headers, forwarded);
    } else {
        struct str peer = peer_address(tx);
        if (peer.len > 0) {
            headers_add(headers, HEADER_X_FORWARDED_FOR, peer);
            headers_add(headers, HEADER_X_FORWARDED_PROTO, scheme_of(tx));
            headers_add(headers, HEADER_X_FORWARDED_HOST, tx->host);
        }
    }
    forwarded_add_via(headers, tx->request->version);
}
