#ifndef DIALTONE_ADAPT_AUTOMATION_POLICIES_H
#define DIALTONE_ADAPT_AUTOMATION_POLICIES_H

#include <stdbool.h>

#include "base/vec.h"
#include "json/value.h"

struct document;

/* How certificates are managed for some names, in the making. A NULL array is Go's nil slice, which
 * Caddy's comparisons tell from an empty one. */
struct automation_policy {
    json_t *subjects;      /* array of strings; none: all names */
    json_t *issuers;       /* array of issuers that may still change; shared */
    json_t *encoded;       /* array of issuers as they are written */
    json_t *managers;      /* array of get_certificate modules */
    json_t *renewal_ratio; /* a number, or NULL */
    json_t *key_type;      /* a string that is not empty, or NULL */
    bool on_demand, reuse_keys, disable_ocsp;
    struct policy_names *names; /* of <subjects>, while policies are consolidated */
};

/* One policy may stand in the list twice. */
typedef VEC(struct automation_policy *) automation_policies;

/* In automation_consolidate.c: sorts policies from special to general, drops those that say nothing and unites those that say
 * the same, as Caddy does. */
void automation_consolidate(struct document *document, automation_policies *policies);
/* Whether all its names can have certificates of a public authority. */
bool automation_is_public(const struct automation_policy *policy);
json_t *automation_policy_json(struct document *document, const struct automation_policy *policy);

#endif
