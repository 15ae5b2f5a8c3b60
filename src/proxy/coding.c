/* Which coding of a body to choose for a client. */

#include "proxy/coding.h"

#include "http/encodings.h"

static const struct str names[] = {
    [DT_ENCODING_NONE] = STR_INIT("identity"),
    [DT_ENCODING_GZIP] = STR_INIT("gzip"),
    [DT_ENCODING_ZSTD] = STR_INIT("zstd"),
    [DT_ENCODING_BR] = STR_INIT("br"),
};

struct str coding_name(enum dt_encoding coding)
{
    return names[coding];
}

enum dt_encoding coding_next(const struct transaction *tx, struct dt_range list, unsigned *rank)
{
    struct str accepted = headers_get(&tx->headers, HEADER_ACCEPT_ENCODING);
    enum dt_encoding chosen = DT_ENCODING_NONE;
    unsigned best = 0;
    if (accepted.len == 0 || headers_find(&tx->headers, HEADER_SEC_WEBSOCKET_KEY))
        return DT_ENCODING_NONE;
    for (uint32_t i = 0; i < list.n; i++) {
        enum dt_encoding one = tx->tables->numbers[list.first + i].value;
        unsigned weight = accepted_weight(accepted, names[one]);
        unsigned this_rank = weight ? weight * (list.n + 1) + list.n - i : 0;
        if (this_rank < *rank && this_rank > best) {
            best = this_rank;
            chosen = one;
        }
    }
    *rank = best;
    return chosen;
}

bool coding_is_forbidden(const struct http_headers *headers)
{
    const struct http_header *control = headers_find_named(headers, STR("Cache-Control"));
    return control && str_contains(control->value, STR("no-transform"));
}
