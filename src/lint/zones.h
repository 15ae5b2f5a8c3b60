#ifndef DIALTONE_LINT_ZONES_H
#define DIALTONE_LINT_ZONES_H

struct lint;
struct node;

/* rules_zones.c; the rows are in rules_address.c. Both are for lines that name upstreams. */
void check_zone_in_url(struct lint *lint, const struct node *line);
void check_zone_escaped(struct lint *lint, const struct node *line);

#endif
