/* Fewer TLS connection policies. Caddy compares each with all others, from the first, and starts over
 * after each change; its result depends on that order, so it is kept here, but only policies that
 * can be united are compared. */
#include "adapt/tls_consolidate.h"

#include "adapt/adapter.h"

/* A policy, linked to its neighbours and to those that may be for the same names. */
struct entry {
    json_t *policy;
    struct entry *before, *after;
    struct entry *same_before, *same_after;
    bool owns_names; /* the list of names was made here and may grow */
};

struct consolidation {
    struct adapter *adapter;
    struct arena *scratch; /* gone with the consolidation */
    struct entry *first;
    struct map by_names; /* see names_key → the first struct entry * */
};

json_t *tls_policy_names(const json_t *policy)
{
    return json_object_get(json_object_get(policy, "match"), "sni");
}

/* Policies without a matcher come last. */
static void catch_all_last(struct adapter *adapter, tls_policies *policies)
{
    tls_policies sorted = {0};
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
        if (strcmp(key, "match") != 0 && !json_is_equal(value, json_object_get(b, key)))
            return false;
    return true;
}

static bool both_match_names_only(const json_t *a, const json_t *b)
{
    return tls_policy_names(a) && tls_policy_names(b) && json_object_size(json_object_get(a, "match")) == 1 &&
           json_object_size(json_object_get(b, "match")) == 1;
}

static bool matchers_equal(const json_t *a, const json_t *b)
{
    const json_t *left = json_object_get(a, "match"), *right = json_object_get(b, "match");
    return left == right || (left && right && json_is_equal(left, right));
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
                            : left && right && !json_is_equal(left, right);
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
            is_known |= json_is_equal(tag, known);
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

/* Equal for policies with equal matchers: how many names, and the first. */
static struct str names_key(struct arena *arena, const json_t *policy)
{
    const json_t *names = tls_policy_names(policy);
    struct strbuf key = strbuf_in(arena);
    uint32_t n = (uint32_t)json_array_size(names);
    strbuf_add(&key, str_make((const char *)&n, sizeof(n)));
    strbuf_add(&key, json_str(json_array_get(names, 0)));
    return strbuf_str(&key);
}

/* Entries with the same key are linked in the order of their places in the list. */
static void link_entry(struct consolidation *co, struct entry *entry)
{
    struct str key = names_key(co->scratch, entry->policy);
    struct entry *after = map_get(&co->by_names, key), *before = NULL;
    for (; after && after < entry; after = after->same_after)
        before = after;
    entry->same_before = before;
    entry->same_after = after;
    if (after)
        after->same_before = entry;
    if (before)
        before->same_after = entry;
    else
        map_put(&co->by_names, key, entry);
}

static void unlink_entry(struct consolidation *co, struct entry *entry)
{
    if (entry->same_after)
        entry->same_after->same_before = entry->same_before;
    if (entry->same_before)
        entry->same_before->same_after = entry->same_after;
    else
        map_put(&co->by_names, names_key(co->scratch, entry->policy), entry->same_after);
}

static void remove_entry(struct consolidation *co, struct entry *entry)
{
    unlink_entry(co, entry);
    if (entry->before)
        entry->before->after = entry->after;
    else
        co->first = entry->after;
    if (entry->after)
        entry->after->before = entry->before;
}

static bool can_join_names(const struct entry *entry, const struct entry *next)
{
    return next && both_match_names_only(entry->policy, next->policy) &&
           settings_equal(entry->policy, next->policy);
}

/* The first entry that <entry> can be united with. */
static struct entry *find_partner(const struct consolidation *co, struct entry *entry)
{
    struct entry *next = can_join_names(entry, entry->after) ? entry->after : NULL;
    struct entry *same = map_get(&co->by_names, names_key(co->scratch, entry->policy));
    while (same && (same == entry || !matchers_equal(entry->policy, same->policy)))
        same = same->same_after;
    return next && (!same || next < same) ? next : same;
}

static void join_names(struct consolidation *co, struct entry *entry, const json_t *more)
{
    struct document *document = co->adapter->document;
    json_t *names = tls_policy_names(entry->policy), *name;
    size_t i;
    unlink_entry(co, entry);
    if (!entry->owns_names) {
        json_t *own = document_array(document, NULL);
        json_array_foreach(names, i, name)
            document_add(document, own, name);
        document_set(document, json_object_get(entry->policy, "match"), "sni", own);
        names = own;
        entry->owns_names = true;
    }
    json_array_foreach(more, i, name)
        document_add(document, names, name);
    link_entry(co, entry);
}

/* Does without <partner> beside <entry>. False after a diagnostic. */
static bool unite(struct consolidation *co, struct entry *entry, struct entry *partner)
{
    json_t *a = entry->policy, *b = partner->policy;
    bool joins_names = partner == entry->after && can_join_names(entry, partner);
    remove_entry(co, partner);
    if (json_is_equal(a, b))
        return true;
    if (joins_names) {
        join_names(co, entry, tls_policy_names(b));
        return true;
    }
    if (!can_merge(co->adapter, a, b))
        return false;
    merge(co->adapter->document, a, b);
    return true;
}

static bool consolidate(struct consolidation *co)
{
    struct entry *entry = co->first;
    while (entry) {
        struct entry *partner = find_partner(co, entry);
        if (partner && !unite(co, entry, partner))
            return false;
        /* Where an earlier one went, Caddy's index now means the next. */
        if (!partner || partner < entry)
            entry = entry->after;
    }
    return true;
}

bool tls_policies_consolidate(struct adapter *adapter, tls_policies *policies)
{
    struct arena scratch = ARENA_INIT;
    struct consolidation co = {
        .adapter = adapter, .scratch = &scratch, .by_names = map_in(&scratch)};
    catch_all_last(adapter, policies);
    size_t n = policies->n;
    struct entry *entries = arena_array(&scratch, struct entry, n);
    for (size_t i = 0; i < n; i++) {
        entries[i].policy = policies->at[i];
        entries[i].before = i > 0 ? &entries[i - 1] : NULL;
        entries[i].after = i + 1 < n ? &entries[i + 1] : NULL;
    }
    for (size_t i = n; i-- > 0;)
        link_entry(&co, &entries[i]);
    co.first = n ? entries : NULL;
    bool ok = consolidate(&co);
    policies->n = 0;
    for (struct entry *entry = co.first; entry; entry = entry->after)
        vec_push(adapter->arena, policies, entry->policy);
    arena_free(&scratch);
    return ok;
}
