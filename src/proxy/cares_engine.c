/* c-ares behind the interface of dialtone/proxy.h. */
#include "dialtone/proxy.h"
#include "net/cares.h"

const struct dt_dns_engine dt_cares = {cares_open};
