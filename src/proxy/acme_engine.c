/* The keeper of certificates behind the interface of dialtone/proxy.h. */
#include "acme/keeper.h"
#include "dialtone/proxy.h"

const struct dt_acme_engine dt_acme = {acme_keeper_start, acme_keeper_stop};
