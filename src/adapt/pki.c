/* The PKI app: authorities of the global option `pki`, those that acme_server signs with, and those
 * whose root the system shall not come to trust. */
#include "adapt/adapter.h"
#include "adapt/automation_issuers.h"
#include "adapt/servers.h"

#define AUTHORITY_KEYS                                                                             \
    "name root_common_name intermediate_common_name intermediate_lifetime install_trust root "     \
    "intermediate maintenance_interval renewal_window_ratio"

struct authorities {
    struct document *document;
    json_t *by_id;
    bool skip_trust; /* the option skip_install_trust */
};

static void skip_trust(struct authorities *ca, json_t *authority)
{
    if (ca->skip_trust)
        document_set(ca->document, authority, "install_trust", document_bool(false));
}

static void add(struct authorities *ca, const char *id, const struct token *origin)
{
    if (json_object_get(ca->by_id, id))
        return;
    json_t *authority = document_object(ca->document, origin);
    skip_trust(ca, authority);
    document_set(ca->document, ca->by_id, id, authority);
}

static void add_from_site(struct authorities *ca, const struct site *site)
{
    const struct results *results = &site->results[RESULT_PKI_CA];
    for (size_t i = 0; i < results->n; i++)
        add(ca, json_string_value(json_object_get(results->at[i].value, "id")),
            results->at[i].origin);
}

/* Sites with an internal issuer bring its authority to life, whatever auto_https says. */
static void add_internal(struct authorities *ca, const struct site *site)
{
    const struct results *results = &site->results[RESULT_TLS_CERT_ISSUER];
    for (size_t i = 0; i < results->n; i++) {
        const char *id = json_string_value(json_object_get(results->at[i].value, "ca"));
        if (issuer_is(results->at[i].value, "internal"))
            add(ca, id ? id : "local", results->at[i].origin);
    }
}

typedef void visit_fn(struct authorities *ca, const struct site *site);

static void visit_sites(struct authorities *ca, const struct servers *servers, visit_fn *visit)
{
    for (size_t i = 0; i < servers->n; i++)
        for (size_t k = 0; k < servers->at[i].n_sites; k++)
            visit(ca, &servers->at[i].sites[k]);
}

/* By id, as Go writes maps; the members of each in their own order. */
static json_t *sorted(struct authorities *ca)
{
    json_t *by_id = document_object(ca->document, NULL), *authority;
    const char *id;
    json_object_foreach(ca->by_id, id, authority) {
        document_order(ca->document, authority, AUTHORITY_KEYS);
        document_set(ca->document, by_id, id, authority);
    }
    json_object_sort(by_id);
    return by_id;
}

bool pki_app_build(struct adapter *adapter, const struct servers *servers, json_t **app)
{
    struct document *document = adapter->document;
    struct authorities ca = {
        .document = document,
        .by_id = adapter_global(adapter, "pki"),
        .skip_trust = adapter_global(adapter, "skip_install_trust") != NULL,
    };
    if (!ca.by_id)
        ca.by_id = document_object(document, NULL);
    for (void *i = json_object_iter(ca.by_id); i; i = json_object_iter_next(ca.by_id, i))
        skip_trust(&ca, json_object_iter_value(i));
    visit_sites(&ca, servers, add_from_site);
    if (ca.skip_trust) {
        if (document_is_empty(ca.by_id) && !adapter_auto_https(adapter, "off"))
            add(&ca, "local", NULL);
        visit_sites(&ca, servers, add_internal);
    }
    if (document_is_empty(ca.by_id))
        return true;
    *app = document_object(document, NULL);
    document_set(document, *app, "certificate_authorities", sorted(&ca));
    return true;
}
