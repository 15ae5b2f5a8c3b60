#ifndef DIALTONE_PROXY_MATCH_H
#define DIALTONE_PROXY_MATCH_H

#include "proxy/transaction.h"

/* True where one of the sets matches, or there is none. A matcher that cannot decide sets
 * <*failed> and the transaction's failure. */
bool match_any_set(struct transaction *tx, struct dt_range sets, bool *failed);
/* True where the set asks for the host alone, which is known to fit. */
static inline bool match_is_known(const struct transaction *tx, uint32_t set)
{
    struct dt_range matchers = tx->tables->matcher_sets[set].matchers;
    return matchers.n == 1 && &tx->tables->matchers[matchers.first] == tx->host_fits;
}
/* Where the frame goes on behind routes that ask for other paths than the request's: what most of
 * them do, and is told at little cost. */
uint32_t match_pass_over(struct transaction *tx, const struct frame *frame);
/* True where the status and the headers of an answer fit. */
bool match_response(const struct core *core, const struct dt_response_matcher *matcher,
                    unsigned status, const struct http_headers *headers);
/* True where one of the numbers is the status or its class. */
bool match_status(const struct dt_tables *tables, struct dt_range numbers, unsigned status);

/* In a file of its own: it looks at the file system. */
bool match_url_pattern(struct transaction *tx, const struct dt_matcher *matcher, bool *failed);
bool match_file(struct transaction *tx, const struct dt_matcher *matcher, bool *failed);

/* The same of expressions. */
bool match_expression(struct transaction *tx, const struct dt_matcher *matcher, bool *failed);
/* What one row of matchers says. */
bool match_one(struct transaction *tx, uint32_t matcher, bool *failed);

struct address;
/* True where the address lies in one of the ranges (with the zone that a range may ask for). */
bool match_address(const struct dt_tables *tables, struct dt_range ranges,
                   const struct address *address, struct str zone);

/* The first row of matchers that this core has no function for, or DT_NONE. */
uint32_t match_find_unknown(const struct dt_tables *tables);

#endif
