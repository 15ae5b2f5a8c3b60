#ifndef DIALTONE_PROXY_REGEXP_H
#define DIALTONE_PROXY_REGEXP_H

#include "proxy/transaction.h"

/* Regular expressions at run time. */

/* Compiles all rows; false after saying what is wrong. */
bool regexps_open(struct core *core);
void regexps_close(struct core *core);

/* Whether the text holds a match; its groups then are {http.regexp.*}. The text must live as long as
 * the request. */
bool regexp_match(struct transaction *tx, uint32_t row, struct str text);
/* The same outside of requests; nothing is remembered. */
bool regexp_matches(const struct core *core, uint32_t row, struct str text);
/* The same with a pattern that a request gives; <*is_pattern> is false where it is none. */
bool regexp_matches_late(struct transaction *tx, struct str pattern, struct str text,
                         bool *is_pattern);
/* Every match becomes <replacement>, in which $1 and ${name} are groups. */
struct str regexp_replace(struct transaction *tx, uint32_t row, struct str text,
                          struct str replacement);
/* The same outside of requests. */
struct str regexp_replace_in(const struct core *core, struct arena *arena, uint32_t row,
                             struct str text, struct str replacement);
/* The replacement for the first match alone; false where there is none. */
bool regexp_expand(struct transaction *tx, uint32_t row, struct str text, struct str replacement,
                   struct str *out);
/* Remembers the groups of an expression that fits a component of the URL: {http.url_pattern.*}. */
void regexp_keep_component(struct transaction *tx, uint32_t row, struct str text,
                           enum dt_url_component component);
/* {http.url_pattern.<key>}; false where no match has set it. */
bool regexp_component_value(const struct transaction *tx, struct str key, struct str *out);
/* {http.regexp.<key>}; false where no match has set it. */
bool regexp_value(const struct transaction *tx, struct str key, struct str *out);

#endif
