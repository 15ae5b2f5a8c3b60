/* The keeper of certificates behind the interface of dialtone/proxy.h. */
#include "acme/keeper.h"
#include "dialtone/proxy.h"

static int elsewhere(const struct acme_plan *plan, const struct str *identifier,
                     const struct str *token, struct arena *arena, struct str *answer)
{
    return acme_keeper_elsewhere(plan, token ? ACME_HTTP : ACME_ALPN, *identifier,
                                 token ? *token : (struct str){0}, arena, answer);
}

const struct dt_acme_engine dt_acme = {acme_keeper_start, acme_keeper_stop, elsewhere};
