#ifndef DIALTONE_PROXY_TEMPLATE_H
#define DIALTONE_PROXY_TEMPLATE_H

#include "proxy/transaction.h"

/* The text of a row of templates; DT_NONE is empty. */
struct str template_expand(struct transaction *tx, uint32_t row);
/* The same with each value query-escaped; {query} only where <escapes_query>. */
struct str template_expand_escaped(struct transaction *tx, uint32_t row, bool escapes_query);
/* The same with each value changed by <change>. */
struct str template_expand_with(struct transaction *tx, uint32_t row,
                                struct str (*change)(struct arena *arena, struct str value));
/* The value of a cookie, or empty. */
struct str template_cookie(struct transaction *tx, struct str name);
/* One placeholder; false where it has no value now. */
bool template_value(struct transaction *tx, const struct dt_part *part, struct str *out);

#endif
