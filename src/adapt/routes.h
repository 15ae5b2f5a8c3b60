#ifndef DIALTONE_ADAPT_ROUTES_H
#define DIALTONE_ADAPT_ROUTES_H

#include "adapt/directive.h"

struct adapter;

/* {"routes": […]} from results: sorted by the order of directives if <sort>, grouped where only
 * the first that matches may run, neighbours with the same matchers merged. Sorts <results> in
 * place. NULL after a diagnostic. */
json_t *routes_subroute(struct adapter *adapter, struct results *results, bool sort,
                        uint32_t *group_counter);
/* Merges neighbouring routes of an array that have equal matchers, group and end. Gives a new array;
 * the routes of the old one are left as they are. */
json_t *routes_consolidate(struct adapter *adapter, const json_t *routes);
/* Appends the routes of a site to those of its server, behind the site's matchers where it has
 * some, is not the only site, or tests hosts itself. */
void routes_append_site(struct adapter *adapter, json_t *routes, const json_t *subroute,
                        json_t *matcher_sets, bool is_only_site);

#endif
