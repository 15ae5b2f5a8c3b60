/* TLS connection policies of one server: what its sites say, shields against client authentication
 * that is not meant for them, the catch-all policy, and fewer policies that say the same. */
#include "adapt/adapter.h"
#include "adapt/automation_subjects.h"
#include "adapt/servers.h"

#define POLICY_KEYS                                                                                \
    "match certificate_selection cipher_suites curves alpn protocol_min protocol_max drop "        \
    "client_authentication default_sni fallback_sni insecure_secrets_log"

typedef VEC(json_t *) policy_list;
typedef VEC(struct str) name_list;

/* Policies that change nothing, but whose names may need a shield. */
struct policy_state {
    policy_list bare;
};

static struct policy_state *state_of(struct adapter *adapter, struct server *server)
{
    if (!server->policy_state)
        server->policy_state = arena_new(adapter->arena, struct policy_state);
    return server->policy_state;
}

static struct str string_of(const json_t *value)
{
    return str_make(json_string_value(value), json_string_length(value));
}

static void sort_strings(struct str *at, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct str moving = at[i];
        size_t j = i;
        for (; j > 0 && str_compare(at[j - 1], moving) > 0; j--)
            at[j] = at[j - 1];
        at[j] = moving;
    }
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

static json_t *sni_of(const json_t *policy)
{
    return json_object_get(json_object_get(policy, "match"), "sni");
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

static bool covers(const json_t *policy, struct str host)
{
    size_t i;
    json_t *name;
    if (!json_object_get(policy, "client_authentication"))
        return false;
    json_array_foreach(sni_of(policy), i, name)
        if (str_index(string_of(name), '*') >= 0 && subject_matches(host, string_of(name)))
            return true;
    return false;
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
static void add_shields(struct adapter *adapter, struct server *server, policy_list *policies)
{
    const policy_list *bare = &state_of(adapter, server)->bare;
    policy_list shielded = {0};
    size_t n = json_array_size(server->policies);
    name_list *hosts = arena_array(adapter->arena, name_list, n); /* by policy */
    for (size_t b = 0; b < bare->n; b++) {
        size_t i;
        json_t *name;
        json_array_foreach(sni_of(bare->at[b]), i, name)
            for (size_t p = 0; p < n; p++)
                if (covers(json_array_get(server->policies, p), string_of(name))) {
                    vec_push(adapter->arena, &hosts[p], string_of(name));
                    break;
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

/* Consolidation: the loop is Caddy's, index by index, for its result depends on it. */

static void remove_at(policy_list *policies, size_t at)
{
    memmove(policies->at + at, policies->at + at + 1,
            (policies->n - at - 1) * sizeof(*policies->at));
    policies->n--;
}

/* Policies without a matcher come last. */
static void catch_all_last(struct adapter *adapter, policy_list *policies)
{
    policy_list sorted = {0};
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < policies->n; i++)
            if (!json_object_get(policies->at[i], "match") == (round == 1))
                vec_push(adapter->arena, &sorted, policies->at[i]);
    *policies = sorted;
}

/* Whether all is equal but the matcher. */
static bool settings_equal(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;
    size_t n_a = json_object_size(a) - (json_object_get(a, "match") != NULL);
    size_t n_b = json_object_size(b) - (json_object_get(b, "match") != NULL);
    if (n_a != n_b)
        return false;
    json_object_foreach(a, key, value)
        if (strcmp(key, "match") != 0 && !json_equal(value, json_object_get(b, key)))
            return false;
    return true;
}

static bool both_match_names_only(const json_t *a, const json_t *b)
{
    return sni_of(a) && sni_of(b) && json_object_size(json_object_get(a, "match")) == 1 &&
           json_object_size(json_object_get(b, "match")) == 1;
}

static bool matchers_equal(const json_t *a, const json_t *b)
{
    const json_t *left = json_object_get(a, "match"), *right = json_object_get(b, "match");
    return left == right || (left && right && json_equal(left, right));
}

static bool conflict(struct adapter *adapter, const json_t *a, const json_t *b, const char *what)
{
    struct document *document = adapter->document;
    const struct token *here = document_origin(document, NULL, NULL, b);
    const struct token *there = document_origin(document, NULL, NULL, a);
    struct diag *diag = diag_token(adapter->diags, DIAG_TLS_CONFLICT, here,
                                   "two tls directives for the same names disagree on %s", what);
    if (there)
        diag_label(adapter->diags, diag, there->span, "the other one is here");
    return false;
}

/* Whether two policies for the same names can be one; Caddy looks at client authentication from one
 * side only. */
static bool can_merge(struct adapter *adapter, const json_t *a, const json_t *b)
{
    static const struct {
        const char *key, *what;
    } settings[] = {
        {"alpn", "ALPN"},
        {"cipher_suites", "cipher suites"},
        {"client_authentication", "client authentication"},
        {"curves", "curves"},
        {"default_sni", "the default name"},
        {"fallback_sni", "the fallback name"},
        {"protocol_min", "the lowest TLS version"},
        {"protocol_max", "the highest TLS version"},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        const json_t *left = json_object_get(a, settings[i].key);
        const json_t *right = json_object_get(b, settings[i].key);
        bool is_wrong = strcmp(settings[i].key, "client_authentication") == 0
                            ? !left && right
                            : left && right && !json_equal(left, right);
        if (is_wrong)
            return conflict(adapter, a, b, settings[i].what);
    }
    return true;
}

static void merge_tags(struct document *document, json_t *selection, const json_t *more)
{
    json_t *tags = json_object_get(selection, "any_tag"), *tag, *known;
    size_t i, k;
    json_array_foreach(json_object_get(more, "any_tag"), i, tag) {
        bool is_known = false;
        json_array_foreach(tags, k, known)
            is_known |= json_equal(tag, known);
        if (!is_known)
            document_add(document, tags, tag);
    }
}

/* What <policy> leaves open is taken from <other>; its secrets log is not. */
static void merge(struct document *document, json_t *policy, const json_t *other)
{
    const char *key;
    json_t *value;
    json_object_foreach(other, key, value) {
        json_t *own = json_object_get(policy, key);
        if (strcmp(key, "match") == 0 || strcmp(key, "insecure_secrets_log") == 0)
            continue;
        if (!own)
            document_set(document, policy, key, value);
        else if (strcmp(key, "certificate_selection") == 0)
            merge_tags(document, own, value);
    }
}

/* Tries to do without policy <j> beside <i>. Sets *is_done when it did; false after a diagnostic.
 */
static bool consolidate_pair(struct adapter *adapter, policy_list *policies, size_t i, size_t j,
                             bool *is_done)
{
    json_t *a = policies->at[i], *b = policies->at[j];
    *is_done = true;
    if (json_equal(a, b)) {
        remove_at(policies, j);
        return true;
    }
    if (j == i + 1 && both_match_names_only(a, b) && settings_equal(a, b)) {
        json_t *names = document_array(adapter->document, NULL), *name;
        size_t k;
        json_array_foreach(sni_of(a), k, name)
            document_add(adapter->document, names, name);
        json_array_foreach(sni_of(b), k, name)
            document_add(adapter->document, names, name);
        document_set(adapter->document, json_object_get(a, "match"), "sni", names);
        remove_at(policies, j);
        return true;
    }
    if (matchers_equal(a, b)) {
        if (!can_merge(adapter, a, b))
            return false;
        merge(adapter->document, a, b);
        remove_at(policies, j);
        return true;
    }
    *is_done = false;
    return true;
}

static bool consolidate(struct adapter *adapter, policy_list *policies)
{
    catch_all_last(adapter, policies);
    for (ptrdiff_t i = 0; i < (ptrdiff_t)policies->n; i++) {
        bool is_done = false;
        for (size_t j = 0; j < policies->n && !is_done; j++) {
            if ((ptrdiff_t)j == i)
                continue;
            if (!consolidate_pair(adapter, policies, (size_t)i, j, &is_done))
                return false;
        }
        if (is_done)
            i--;
    }
    return true;
}

bool tls_server_policies(struct adapter *adapter, struct server *server)
{
    struct document *document = adapter->document;
    struct str default_sni = adapter_global_text(adapter, "default_sni");
    struct str fallback_sni = adapter_global_text(adapter, "fallback_sni");
    policy_list policies;
    add_shields(adapter, server, &policies);
    if (server->qualifies_for_tls && !server->has_catch_all_policy &&
        (policies.n > 0 || !server->policies_expected || default_sni.len || fallback_sni.len)) {
        json_t *policy = document_object(document, NULL);
        set_text(adapter, policy, "default_sni", default_sni);
        set_text(adapter, policy, "fallback_sni", fallback_sni);
        vec_push(adapter->arena, &policies, policy);
    }
    if (!consolidate(adapter, &policies))
        return false;
    server->policies = NULL;
    for (size_t i = 0; i < policies.n; i++) {
        document_order(document, policies.at[i], POLICY_KEYS);
        add_policy(adapter, server, policies.at[i]);
    }
    return true;
}
