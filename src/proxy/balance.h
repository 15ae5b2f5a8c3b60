#ifndef DIALTONE_PROXY_BALANCE_H
#define DIALTONE_PROXY_BALANCE_H

#include "proxy/proxying.h"

/* The upstream for the next attempt by the pool's policy, a row of upstreams; DT_NONE where none
 * is available. */
uint32_t balance_choose(struct proxying *proxying);

/* A row of policies that this core cannot run, or DT_NONE. */
uint32_t balance_find_unknown(const struct dt_tables *tables);

#endif
