/* The TLS app: certificates that are loaded and certificates that are managed, from the global
 * options and the tls directives of all sites. */
#include "adapt/adapter.h"
#include "adapt/automation_issuers.h"
#include "adapt/automation_policies.h"
#include "adapt/automation_subjects.h"
#include "adapt/servers.h"
#include "adapt/stable_sort.h"
#include "base/map.h"

struct automation {
    struct adapter *adapter;
    struct arena *arena;
    struct document *document;
    automation_policies policies;
    struct automation_policy *catch_all; /* of all names that no other policy is for; or NULL */
    json_t *certificates;                /* loaders by kind */
    struct map shared; /* names that share a site with a hostless address */
    struct map forced; /* names that are managed though a wildcard may cover them */
};

static json_t *copy_array(struct document *document, const json_t *array)
{
    json_t *copy = document_array(document, NULL), *item;
    size_t i;
    json_array_foreach(array, i, item)
        document_add(document, copy, item);
    return copy;
}

static bool comes_before(const void *left, const void *right, void *user)
{
    (void)user;
    json_t *const *a = left, *const *b = right;
    return str_compare(json_str(*a), json_str(*b)) < 0;
}

static void sort_names(json_t *names)
{
    stable_sort(names->as.items, names->n, sizeof(*names->as.items), comes_before, NULL);
}

/* Whether global options are set that ACME issuers are filled in with; the e-mail address alone
 * makes no policy. */
static bool has_acme_options(const struct adapter *adapter, bool even_email)
{
    static const char *const options[] = {"acme_ca", "acme_ca_root", "acme_dns", "acme_eab",
                                          "preferred_chains"};
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (adapter_global(adapter, options[i]))
            return true;
    return even_email && adapter_global(adapter, "email");
}

static bool has_policy_options(const struct adapter *adapter)
{
    static const char *const options[] = {"cert_issuer", "local_certs", "key_type", "ocsp_stapling",
                                          "renewal_window_ratio"};
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (adapter_global(adapter, options[i]))
            return true;
    return has_acme_options(adapter, false);
}

static bool fill_issuers(struct automation *au, const json_t *issuers)
{
    size_t i;
    json_t *issuer;
    json_array_foreach(issuers, i, issuer)
        if (!issuer_fill(au->document, au->adapter->diags, au->adapter->globals, issuer))
            return false;
    return true;
}

static json_t *internal_issuer(struct document *document)
{
    json_t *issuer = document_object(document, NULL);
    document_set(document, issuer, "module", document_text(document, "internal", NULL));
    json_t *issuers = document_array(document, NULL);
    document_add(document, issuers, issuer);
    return issuers;
}

/* A policy that says what the global options say; NULL after a diagnostic. */
static struct automation_policy *base_policy(struct automation *au)
{
    struct adapter *adapter = au->adapter;
    struct automation_policy *policy = arena_new(au->arena, struct automation_policy);
    if (!has_policy_options(adapter))
        return policy;
    json_t *key_type = adapter_global(adapter, "key_type");
    policy->key_type = document_is_empty(key_type) ? NULL : key_type;
    policy->issuers = adapter_global(adapter, "cert_issuer");
    json_t *local = adapter_global(adapter, "local_certs");
    if (policy->issuers && local) {
        diag_token(adapter->diags, DIAG_TLS_CONFLICT,
                   document_origin(au->document, adapter->globals, "local_certs", local),
                   "local_certs is an issuer, and cert_issuer names another");
        return NULL;
    }
    if (local)
        policy->issuers = internal_issuer(au->document);
    if (has_acme_options(adapter, false) && !fill_issuers(au, policy->issuers))
        return NULL;
    policy->disable_ocsp = adapter_global(adapter, "ocsp_stapling") != NULL;
    policy->renewal_ratio = adapter_global(adapter, "renewal_window_ratio");
    return policy;
}

/* Names beside a hostless address are in no route matcher, so automatic HTTPS does not see them. */
static void collect_shared(struct automation *au, const struct site *site, struct str http_port)
{
    for (size_t i = 0; i < site->n_keys; i++) {
        if (site->keys[i].host.len)
            continue;
        for (size_t j = 0; j < site->n_keys; j++) {
            const struct site_address *key = &site->keys[j];
            if (str_eq(key->original, site->keys[i].original) || !key->host.len ||
                str_is(key->scheme, "http") || str_eq(key->port, http_port))
                continue;
            map_put(&au->shared, key->host, NULL);
        }
        return;
    }
}

static void bind_issuers(struct automation *au, const struct site *site, const json_t *issuers)
{
    const struct results *binds = &site->results[RESULT_BIND];
    for (size_t b = 0; b < binds->n; b++) {
        json_t *address = json_array_get(json_object_get(binds->at[b].value, "addresses"), 0);
        size_t i;
        json_t *issuer;
        json_array_foreach(issuers, i, issuer) {
            if (!issuer_is(issuer, "acme"))
                continue;
            json_t *challenges = document_object_at(au->document, issuer, "challenges", NULL);
            if (!json_object_get(challenges, "bind_host") && !document_is_empty(address))
                document_set(au->document, challenges, "bind_host", address);
        }
    }
}

static json_t *values_of(struct automation *au, const struct results *results)
{
    if (results->n == 0)
        return NULL;
    json_t *values = document_array(au->document, NULL);
    for (size_t i = 0; i < results->n; i++)
        document_add(au->document, values, results->at[i].value);
    return values;
}

static bool site_issuers(struct automation *au, const struct site *site,
                         struct automation_policy *policy)
{
    const struct results *results = &site->results[RESULT_TLS_CERT_ISSUER];
    json_t *issuers = values_of(au, results);
    if (!issuers)
        return true;
    if (policy == au->catch_all && !(policy->issuers && json_is_equal(policy->issuers, issuers))) {
        struct diag *diag =
            diag_token(au->adapter->diags, DIAG_TLS_CONFLICT, results->at[0].origin,
                       "a site without a host name shares its certificate policy with all names, "
                       "and that one has other issuers");
        diag_note(au->adapter->diags, diag,
                  "global options, or another site without a host name, "
                  "said so before");
        return false;
    }
    policy->issuers = issuers;
    return true;
}

/* What the site's tls directives say. */
static bool site_settings(struct automation *au, const struct site *site,
                          struct automation_policy *policy)
{
    const struct results *results = site->results;
    if (results[RESULT_TLS_ON_DEMAND].n)
        policy->on_demand = true;
    if (results[RESULT_TLS_REUSE_KEYS].n)
        policy->reuse_keys = true;
    if (results[RESULT_TLS_KEY_TYPE].n)
        policy->key_type = results[RESULT_TLS_KEY_TYPE].at[0].value;
    if (results[RESULT_TLS_RENEWAL_RATIO].n)
        policy->renewal_ratio = results[RESULT_TLS_RENEWAL_RATIO].at[0].value;
    else if (adapter_global(au->adapter, "renewal_window_ratio"))
        policy->renewal_ratio = adapter_global(au->adapter, "renewal_window_ratio");
    if (!site_issuers(au, site, policy))
        return false;
    const struct results *managers = &results[RESULT_TLS_CERT_MANAGER];
    if (managers->n) {
        policy->managers = copy_array(au->document, policy->managers);
        for (size_t i = 0; i < managers->n; i++)
            document_add(au->document, policy->managers, managers->at[i].value);
    }
    bind_issuers(au, site, policy->issuers);
    return true;
}

static json_t *subjects_of(struct automation *au, const struct site *site, struct str http_port)
{
    struct str_list hosts = site_hosts_not_http(au->arena, site, http_port);
    struct arena scratch = ARENA_INIT;
    struct map origins = map_in(&scratch); /* host → token of its first key */
    json_t *subjects = document_array(au->document, NULL);
    for (size_t i = site->n_keys; i-- > 0;)
        map_put(&origins, site->keys[i].host, (void *)site->keys[i].token);
    for (size_t i = 0; i < hosts.n; i++)
        document_add(au->document, subjects,
                     document_string(au->document, hosts.at[i], map_get(&origins, hosts.at[i])));
    arena_free(&scratch);
    sort_names(subjects);
    return subjects;
}

static void refuse_subject(struct diags *diags, const struct token *token, struct str text)
{
    if (!token || !token_is_close(token)) {
        diag_token(diags, DIAG_BAD_ADDRESS, token, "no certificate can be had for '" STR_FMT "'",
                   STR_ARG(text));
        return;
    }
    /* a brace too many that Caddy took for a site, about which there was only a warning */
    struct diag *warning =
        diag_token(diags, DIAG_TOLERATED_BRACE, token, "this '}' closes nothing");
    diag_set_severity(diags, warning, SEVERITY_NONE);
    struct diag *diag = diag_token(diags, DIAG_STRAY_BRACE, token, "this '}' closes nothing");
    diag_note(diags, diag, "there is one '}' too many, or a '{' too few before it");
}

/* Without an issuer, names that no public authority signs for go to a policy of their own.
 * Sets *internal where there is one; false after a diagnostic. */
static bool split_subjects(struct automation *au, struct automation_policy *policy,
                           struct automation_policy **internal)
{
    struct document *document = au->document;
    json_t *inside = document_array(document, NULL), *outside = document_array(document, NULL);
    size_t i;
    json_t *name;
    json_array_foreach(policy->subjects, i, name) {
        struct str text = json_str(name);
        if (subject_is_tailscale(text))
            continue;
        if (!subject_qualifies(text)) {
            refuse_subject(au->adapter->diags, document_origin(document, NULL, NULL, name), text);
            return false;
        }
        document_add(document, subject_is_public(text, policy->on_demand) ? outside : inside, name);
    }
    if (json_array_size(inside) == 0 || json_array_size(outside) == 0)
        return true;
    policy->subjects = outside;
    *internal = arena_new(au->arena, struct automation_policy);
    **internal = *policy;
    (*internal)->subjects = inside;
    (*internal)->encoded = internal_issuer(document);
    return true;
}

static void add_loaders(struct automation *au, const struct site *site)
{
    const struct results *loaders = &site->results[RESULT_TLS_CERT_LOADER];
    for (size_t i = 0; i < loaders->n; i++) {
        const char *kind;
        json_t *items, *item;
        size_t k;
        json_object_foreach(loaders->at[i].value, kind, items) {
            json_t *all =
                document_array_at(au->document, au->certificates, kind, loaders->at[i].origin);
            json_array_foreach(items, k, item)
                document_add(au->document, all, item);
        }
    }
}

static bool add_site(struct automation *au, const struct site *site, struct str http_port)
{
    struct str_list hosts = site_hosts(au->arena, site);
    struct automation_policy *policy = base_policy(au), *internal = NULL;
    if (!policy)
        return false;
    if (hosts.n == 0 && au->catch_all)
        policy = au->catch_all;
    if (site->results[RESULT_TLS_FORCE_AUTOMATE].n)
        for (size_t i = 0; i < hosts.n; i++)
            map_put(&au->forced, hosts.at[i], NULL);
    if (!site_settings(au, site, policy))
        return false;
    if (hosts.n == 0 && !au->catch_all)
        au->catch_all = policy;
    policy->subjects = subjects_of(au, site, http_port);
    if (json_array_size(policy->issuers) == 0 && !split_subjects(au, policy, &internal))
        return false;
    vec_push(au->arena, &au->policies, policy);
    if (internal)
        vec_push(au->arena, &au->policies, internal);
    add_loaders(au, site);
    return true;
}

static bool add_servers(struct automation *au, const struct servers *servers, struct str http_port)
{
    for (size_t i = 0; i < servers->n; i++) {
        const struct server *server = &servers->at[i];
        if (!server_uses_other_port(server, http_port))
            continue;
        for (size_t k = 0; k < server->n_sites; k++)
            if (!site_is_all_http(&server->sites[k]) && !add_site(au, &server->sites[k], http_port))
                return false;
    }
    return true;
}

/* The public names of Encrypted ClientHello need certificates too. */
static bool add_ech(struct automation *au)
{
    json_t *ech = adapter_global(au->adapter, "ech"), *config;
    size_t i;
    if (!ech)
        return true;
    struct automation_policy *policy = base_policy(au);
    if (!policy)
        return false;
    json_array_foreach(json_object_get(ech, "configs"), i, config) {
        json_t *name = json_object_get(config, "public_name");
        if (document_is_empty(name))
            continue;
        if (!policy->subjects)
            policy->subjects = document_array(au->document, NULL);
        document_add(au->document, policy->subjects, name);
    }
    vec_push(au->arena, &au->policies, policy);
    return true;
}

static struct map names_with_policy(const struct automation *au)
{
    struct map names = map_in(au->arena);
    for (size_t i = 0; i < au->policies.n; i++) {
        size_t k;
        json_t *name;
        json_array_foreach(au->policies.at[i]->subjects, k, name)
            map_put(&names, json_str(name), name);
    }
    return names;
}

/* Names of the option tls_automate_names: those that no site has a policy for get one. <known> are
 * those in <managed>. */
static bool add_option_names(struct automation *au, struct map *known, json_t *managed,
                             json_t *inside)
{
    json_t *names = adapter_global(au->adapter, "tls_automate_names"), *name;
    json_t *outside = document_array(au->document, NULL);
    struct map with_policy = {0};
    size_t i;
    if (names)
        with_policy = names_with_policy(au);
    json_array_foreach(names, i, name) {
        struct str text = json_str(name);
        if (map_find(known, text))
            continue;
        map_put(known, text, name);
        document_add(au->document, managed, name);
        if (!map_find(&with_policy, text))
            document_add(au->document, subject_qualifies_publicly(text) ? outside : inside, name);
    }
    if (json_array_size(outside) == 0 ||
        (!has_policy_options(au->adapter) && !has_acme_options(au->adapter, true)))
        return true;
    struct automation_policy *policy = base_policy(au);
    if (!policy)
        return false;
    policy->subjects = outside;
    vec_push(au->arena, &au->policies, policy);
    return true;
}

/* Names that are managed though no route matcher names them. */
static bool add_managed_names(struct automation *au)
{
    struct document *document = au->document;
    json_t *managed = document_array(document, NULL), *inside = document_array(document, NULL);
    struct map known = map_in(au->arena);
    if (!adapter_auto_https(au->adapter, "off") &&
        !adapter_auto_https(au->adapter, "disable_certs"))
        for (size_t i = 0; i < au->shared.n; i++) {
            struct str text = au->shared.entries[i].key;
            json_t *name = document_string(document, text, NULL);
            map_put(&known, text, name);
            document_add(document, managed, name);
            if (!subject_qualifies_publicly(text))
                document_add(document, inside, name);
        }
    for (size_t i = 0; i < au->forced.n; i++) {
        struct str text = au->forced.entries[i].key;
        if (map_find(&known, text))
            continue;
        json_t *name = document_string(document, text, NULL);
        map_put(&known, text, name);
        document_add(document, managed, name);
    }
    if (!add_option_names(au, &known, managed, inside))
        return false;
    sort_names(managed);
    if (json_array_size(managed) > 0)
        document_set(document, au->certificates, "automate", managed);
    if (json_array_size(inside) > 0) {
        struct automation_policy *policy = arena_new(au->arena, struct automation_policy);
        policy->subjects = inside;
        policy->encoded = internal_issuer(document);
        vec_push(au->arena, &au->policies, policy);
    }
    return true;
}

/* Public names without an issuer get the default ones, for global options to fill in. */
static void add_default_issuers(struct automation *au)
{
    struct adapter *adapter = au->adapter;
    if (!has_acme_options(adapter, true))
        return;
    json_t *email = adapter_global(adapter, "email");
    bool has_directory = adapter_global(adapter, "acme_ca") != NULL;
    for (size_t i = 0; i < au->policies.n; i++) {
        struct automation_policy *policy = au->policies.at[i];
        if (json_array_size(policy->issuers) == 0 && automation_is_public(policy))
            policy->issuers = issuers_default(
                au->document, has_directory || !email ? "" : json_string_value(email));
    }
}

static bool encode_issuers(struct automation *au)
{
    for (size_t i = 0; i < au->policies.n; i++) {
        struct automation_policy *policy = au->policies.at[i];
        size_t k;
        json_t *issuer;
        if (!fill_issuers(au, policy->issuers))
            return false;
        if (policy->encoded || json_array_size(policy->issuers) == 0)
            continue;
        policy->encoded = document_array(au->document, NULL);
        json_array_foreach(policy->issuers, k, issuer)
            document_add(au->document, policy->encoded, document_sorted(au->document, issuer));
    }
    return true;
}

static bool check_overlap(struct automation *au)
{
    struct map seen = map_in(au->arena);
    for (size_t i = 0; i < au->policies.n; i++) {
        size_t k;
        json_t *name;
        json_array_foreach(au->policies.at[i]->subjects, k, name) {
            json_t *other = map_put(&seen, json_str(name), name);
            if (!other)
                continue;
            const struct token *first = document_origin(au->document, NULL, NULL, other);
            struct diag *diag =
                diag_token(au->adapter->diags, DIAG_TLS_CONFLICT,
                           document_origin(au->document, NULL, NULL, name),
                           "two certificate policies that differ are for '" STR_FMT "'",
                           STR_ARG(json_str(name)));
            if (first)
                diag_label(au->adapter->diags, diag, first->span, "the other one is for this");
            return false;
        }
    }
    return true;
}

static void set_some(struct document *document, json_t *object, const char *key, json_t *value)
{
    if (!document_is_empty(value))
        document_set(document, object, key, value);
}

/* An interval; `storage_clean_interval off` is no interval. */
static void set_interval(struct automation *au, json_t *object, const char *key, const char *option)
{
    json_t *interval = adapter_global(au->adapter, option);
    if (json_is_integer(interval))
        set_some(au->document, object, key, interval);
}

static json_t *automation_json(struct automation *au)
{
    struct document *document = au->document;
    json_t *automation = document_object(document, NULL);
    json_t *policies = document_array(document, NULL);
    for (size_t i = 0; i < au->policies.n; i++)
        document_add(document, policies, automation_policy_json(document, au->policies.at[i]));
    set_some(document, automation, "policies", policies);
    document_set(document, automation, "on_demand", adapter_global(au->adapter, "on_demand_tls"));
    set_interval(au, automation, "ocsp_interval", "ocsp_interval");
    set_interval(au, automation, "renew_interval", "renew_interval");
    set_interval(au, automation, "storage_clean_interval", "storage_clean_interval");
    return automation;
}

static void set_true(struct document *document, json_t *object, const char *key, bool value)
{
    if (value)
        document_set(document, object, key, document_bool(true));
}

static json_t *app_json(struct automation *au)
{
    struct document *document = au->document;
    struct adapter *adapter = au->adapter;
    json_t *app = document_object(document, NULL);
    document_order(document, au->certificates, "automate load_files load_folders");
    set_some(document, app, "certificates", au->certificates);
    set_some(document, app, "automation", automation_json(au));
    set_true(document, app, "disable_ocsp_stapling",
             adapter_global(adapter, "ocsp_stapling") != NULL);
    set_true(document, app, "disable_storage_check",
             adapter_global(adapter, "storage_check") != NULL);
    set_true(document, app, "disable_storage_clean",
             json_is_false(adapter_global(adapter, "storage_clean_interval")));
    document_set(document, app, "encrypted_client_hello", adapter_global(adapter, "ech"));
    json_t *dns = adapter_global(adapter, "dns");
    document_set(document, app, "dns", dns);
    document_set(document, app, "resolvers", adapter_global(adapter, "tls_resolvers"));
    return document_is_empty(app) ? NULL : app;
}

bool tls_app_build(struct adapter *adapter, const struct servers *servers, json_t **app)
{
    struct automation au = {
        .adapter = adapter,
        .arena = adapter->arena,
        .document = adapter->document,
        .certificates = document_object(adapter->document, NULL),
        .shared = map_in(adapter->arena),
        .forced = map_in(adapter->arena),
    };
    struct str http_port = adapter->http_port;
    if (!adapter_auto_https(adapter, "off"))
        for (size_t i = 0; i < servers->n; i++)
            for (size_t k = 0; k < servers->at[i].n_sites; k++)
                collect_shared(&au, &servers->at[i].sites[k], http_port);
    if (has_policy_options(adapter)) {
        au.catch_all = base_policy(&au);
        if (!au.catch_all)
            return false;
        vec_push(au.arena, &au.policies, au.catch_all);
    }
    if (!add_servers(&au, servers, http_port) || !add_ech(&au) || !add_managed_names(&au))
        return false;
    add_default_issuers(&au);
    if (!encode_issuers(&au))
        return false;
    automation_consolidate(au.document, &au.policies);
    if (!check_overlap(&au))
        return false;
    *app = app_json(&au);
    return true;
}
