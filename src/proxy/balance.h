#ifndef DIALTONE_PROXY_BALANCE_H
#define DIALTONE_PROXY_BALANCE_H

#include "proxy/proxying.h"

/* The run's candidate for the next attempt by the pool's policy; NULL where none is available. */
const struct backend *balance_choose(struct proxying *proxying);

/* A row of policies that this core cannot run, or DT_NONE. */
uint32_t balance_find_unknown(const struct dt_tables *tables);

#endif
