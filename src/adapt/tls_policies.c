/* TLS connection policies of one server: what its sites say, shields against client authentication
 * that is not meant for them, and the catch-all policy. */
#include <stdlib.h>

#include "adapt/adapter.h"
#include "adapt/automation_names.h"
#include "adapt/automation_subjects.h"
#include "adapt/servers.h"
#include "adapt/tls_consolidate.h"

#define POLICY_KEYS                                                                                \
    "match certificate_selection cipher_suites curves alpn protocol_min protocol_max drop "        \
    "client_authentication default_sni fallback_sni insecure_secrets_log"

typedef VEC(struct str) name_list;

/* Policies that change nothing, but whose names may need a shield. */
struct policy_state {
    tls_policies bare;
};

static struct policy_state *state_of(struct adapter *adapter, struct server *server)
{
    if (!server->policy_state)
        server->policy_state = arena_new(adapter->arena, struct policy_state);
    return server->policy_state;
}

static int compare_texts(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static void sort_strings(struct str *at, size_t n)
{
    if (n)
        qsort(at, n, sizeof(*at), compare_texts);
}

static json_t *match_names(struct adapter *adapter, const struct str *names, size_t n,
                           const struct token *origin)
{
    struct document *document = adapter->document;
    json_t *sni = document_array(document, origin);
    for (size_t i = 0; i < n; i++)
        document_add(document, sni, document_string(document, names[i], origin));
    json_t *match = document_object(document, origin);
    document_set(document, match, "sni", sni);
    return match;
}

static bool settings_are_empty(const json_t *policy)
{
    return json_object_size(policy) == (json_object_get(policy, "match") ? 1u : 0u);
}

static void set_text(struct adapter *adapter, json_t *policy, const char *key, struct str text)
{
    if (text.len)
        document_set(adapter->document, policy, key,
                     document_string(adapter->document, text, NULL));
    else
        document_remove(policy, key);
}

/* The default name also stands for clients that send none, so a policy for it gets both. Where a
 * site has the default and the fallback name, Caddy leaves it to chance which one it sees. */
static void add_default_name(struct adapter *adapter, json_t *policy, struct str *hosts, size_t *n)
{
    struct str default_sni = adapter_global_text(adapter, "default_sni");
    struct str fallback_sni = adapter_global_text(adapter, "fallback_sni");
    for (size_t i = 0; i < *n; i++) {
        bool is_default = str_eq(hosts[i], default_sni);
        if (!is_default && !str_eq(hosts[i], fallback_sni))
            continue;
        hosts[(*n)++] = STR("");
        set_text(adapter, policy, is_default ? "default_sni" : "fallback_sni",
                 is_default ? default_sni : fallback_sni);
        return;
    }
}

static void add_policy(struct adapter *adapter, struct server *server, json_t *policy)
{
    if (!server->policies)
        server->policies = document_array(adapter->document, NULL);
    document_add(adapter->document, server->policies, policy);
}

/* Sites that say nothing of TLS: their names may yet be covered by the wildcard of a policy that
 * asks for client certificates. */
static void add_bare_names(struct adapter *adapter, struct server *server, const struct str *hosts,
                           size_t n)
{
    struct str *specific = arena_array(adapter->arena, struct str, n);
    size_t n_specific = 0;
    for (size_t i = 0; i < n; i++)
        if (hosts[i].len && str_index(hosts[i], '*') < 0)
            specific[n_specific++] = hosts[i];
    if (!n_specific)
        return;
    json_t *policy = document_object(adapter->document, NULL);
    document_set(adapter->document, policy, "match",
                 match_names(adapter, specific, n_specific, NULL));
    vec_push(adapter->arena, &state_of(adapter, server)->bare, policy);
}

bool tls_site_policies(struct adapter *adapter, struct server *server, const struct site *site)
{
    const struct results *policies = &site->results[RESULT_TLS_CONNECTION_POLICY];
    struct str_list own = site_hosts(adapter->arena, site);
    size_t n = own.n;
    /* every tls directive may add one empty name */
    struct str *hosts = arena_array(adapter->arena, struct str, n + policies->n);
    if (n)
        memcpy(hosts, own.at, n * sizeof(*hosts));
    sort_strings(hosts, n);
    if (policies->n == 0) {
        add_bare_names(adapter, server, hosts, n);
        return true;
    }
    bool is_forced = n > 0 && site->results[RESULT_TLS_FORCE_AUTOMATE].n > 0;
    for (size_t i = 0; i < policies->n; i++) {
        json_t *policy = policies->at[i].value;
        add_default_name(adapter, policy, hosts, &n);
        if (n > 0) {
            sort_strings(hosts, n);
            document_set(adapter->document, policy, "match",
                         match_names(adapter, hosts, n, policies->at[i].origin));
        } else {
            set_text(adapter, policy, "default_sni", adapter_global_text(adapter, "default_sni"));
            set_text(adapter, policy, "fallback_sni", adapter_global_text(adapter, "fallback_sni"));
        }
        document_order(adapter->document, policy, POLICY_KEYS);
        if (!settings_are_empty(policy) || is_forced) {
            add_policy(adapter, server, policy);
            server->has_catch_all_policy = n == 0;
        } else if (n > 0) {
            vec_push(adapter->arena, &state_of(adapter, server)->bare, policy);
        }
    }
    return true;
}

/* Shields. */

/* The wildcards by which policies ask for client certificates, in lower case → the first such
 * policy's place, from 1. */
struct wildcards {
    struct map places;
    size_t most_stars;
};

static struct wildcards find_wildcards(struct adapter *adapter, const json_t *policies)
{
    struct wildcards found = {.places = map_in(adapter->arena)};
    for (size_t p = 0; p < json_array_size(policies); p++) {
        const json_t *policy = json_array_get(policies, p);
        size_t i;
        json_t *name;
        if (!json_object_get(policy, "client_authentication"))
            continue;
        json_array_foreach(tls_policy_names(policy), i, name) {
            struct str text = str_lower(adapter->arena, json_str(name));
            size_t stars = name_count_stars(text);
            if (stars && !map_find(&found.places, text))
                map_put(&found.places, text, (void *)(uintptr_t)(p + 1));
            if (stars > found.most_stars)
                found.most_stars = stars;
        }
    }
    return found;
}

/* The place of the first policy that asks for client certificates of <host> by a wildcard, from 1;
 * 0 for none. */
static size_t covered_by(struct adapter *adapter, const struct wildcards *wildcards,
                         struct str host)
{
    if (wildcards->most_stars == 0)
        return 0;
    struct strbuf scratch = strbuf_in(adapter->arena);
    host = subject_host(str_lower(adapter->arena, host));
    struct name_walk walk = name_walk(&scratch, host, wildcards->most_stars);
    struct str name;
    size_t first = 0;
    while (name_walk_next(&walk, &name)) {
        size_t place = (size_t)(uintptr_t)map_get(&wildcards->places, name);
        if (place && (first == 0 || place < first))
            first = place;
    }
    return first;
}

static json_t *shield_for(struct adapter *adapter, const json_t *policy, struct str *hosts,
                          size_t n)
{
    sort_strings(hosts, n);
    size_t n_unique = 0;
    for (size_t i = 0; i < n; i++)
        if (n_unique == 0 || !str_eq(hosts[n_unique - 1], hosts[i]))
            hosts[n_unique++] = hosts[i];
    const struct token *origin = document_origin(adapter->document, NULL, NULL, policy);
    json_t *shield = document_object(adapter->document, origin);
    const char *key;
    json_t *value;
    json_object_foreach(policy, key, value)
        if (strcmp(key, "client_authentication") != 0)
            document_set(adapter->document, shield, key, value);
    document_set(adapter->document, shield, "match", match_names(adapter, hosts, n_unique, origin));
    return shield;
}

/* Policies are tried in order, the first that matches counts: so before a policy that asks for
 * client certificates by a wildcard goes a copy without that, for the names of sites which never
 * asked for it. */
static void add_shields(struct adapter *adapter, struct server *server, tls_policies *policies)
{
    const tls_policies *bare = &state_of(adapter, server)->bare;
    tls_policies shielded = {0};
    size_t n = json_array_size(server->policies);
    name_list *hosts = arena_array(adapter->arena, name_list, n); /* by policy */
    struct wildcards wildcards = find_wildcards(adapter, server->policies);
    for (size_t b = 0; b < bare->n; b++) {
        size_t i;
        json_t *name;
        json_array_foreach(tls_policy_names(bare->at[b]), i, name) {
            size_t place = covered_by(adapter, &wildcards, json_str(name));
            if (place)
                vec_push(adapter->arena, &hosts[place - 1], json_str(name));
        }
    }
    for (size_t p = 0; p < n; p++) {
        json_t *policy = json_array_get(server->policies, p);
        if (hosts[p].n)
            vec_push(adapter->arena, &shielded,
                     shield_for(adapter, policy, hosts[p].at, hosts[p].n));
        vec_push(adapter->arena, &shielded, policy);
    }
    *policies = shielded;
}

bool tls_server_policies(struct adapter *adapter, struct server *server)
{
    struct document *document = adapter->document;
    struct str default_sni = adapter_global_text(adapter, "default_sni");
    struct str fallback_sni = adapter_global_text(adapter, "fallback_sni");
    tls_policies policies;
    add_shields(adapter, server, &policies);
    if (server->qualifies_for_tls && !server->has_catch_all_policy &&
        (policies.n > 0 || !server->policies_expected || default_sni.len || fallback_sni.len)) {
        json_t *policy = document_object(document, NULL);
        set_text(adapter, policy, "default_sni", default_sni);
        set_text(adapter, policy, "fallback_sni", fallback_sni);
        vec_push(adapter->arena, &policies, policy);
    }
    if (!tls_policies_consolidate(adapter, &policies))
        return false;
    server->policies = NULL;
    for (size_t i = 0; i < policies.n; i++) {
        document_order(document, policies.at[i], POLICY_KEYS);
        add_policy(adapter, server, policies.at[i]);
    }
    return true;
}
