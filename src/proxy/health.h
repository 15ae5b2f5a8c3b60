#ifndef DIALTONE_PROXY_HEALTH_H
#define DIALTONE_PROXY_HEALTH_H

struct health;
struct worker;

/* Checks every upstream of the pools that have active checks from now on, in this worker's loop;
 * the findings are in core.healths. NULL where there is nothing to check. */
struct health *health_start(struct worker *worker);
/* NULL is fine. */
void health_stop(struct health *health);

#endif
