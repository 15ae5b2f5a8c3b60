/* Fewer automation policies that say the same. What comes out depends on the order of Caddy's
 * comparisons, so it is kept here; but comparisons that can only fail are left out, for there may be
 * a policy for each of very many sites. */
#include "adapt/automation_names.h"
#include "adapt/automation_policies.h"
#include "adapt/stable_sort.h"
#include "json/document.h"

struct ranks {
    VEC(size_t) list;
};

struct consolidation {
    struct document *document;
    struct arena arena;     /* gone with the consolidation */
    struct strbuf scratch;  /* for walks over names */
    struct automation_policy **at; /* sorted; their places in here are their ranks */
    size_t n;
    bool *is_gone;
    size_t *next;          /* the next rank whose settings may be the same; n for none */
    struct map by_name;    /* name → struct ranks * of the policies that have it */
    struct ranks nameless; /* policies for all names */
    size_t most_stars;     /* in any name */
};

static bool same(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_is_equal(a, b));
}

static bool policies_equal(const struct automation_policy *a, const struct automation_policy *b)
{
    return a == b || (same(a->subjects, b->subjects) && same(a->issuers, b->issuers) &&
                      same(a->encoded, b->encoded) && same(a->managers, b->managers) &&
                      same(a->renewal_ratio, b->renewal_ratio) && same(a->key_type, b->key_type) &&
                      a->on_demand == b->on_demand && a->reuse_keys == b->reuse_keys &&
                      a->disable_ocsp == b->disable_ocsp);
}

/* Says nothing but, perhaps, for which names and where to get certificates from. */
static bool is_empty(const struct automation_policy *policy, bool even_managers)
{
    return !policy->issuers && !policy->encoded && (even_managers || !policy->managers) &&
           !policy->renewal_ratio && !policy->key_type && !policy->on_demand &&
           !policy->reuse_keys && !policy->disable_ocsp;
}

static bool is_subset(struct consolidation *co, const struct automation_policy *a,
                      const struct automation_policy *b)
{
    return policy_names_are_in(&co->scratch, a->names, b->names);
}

/* The first rank from <ranks> after <i> of a policy that takes names away from that at <i>. */
static size_t first_wider(struct consolidation *co, const struct ranks *ranks, size_t i)
{
    size_t low = 0, high = ranks ? ranks->list.n : 0, n = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranks->list.at[middle] <= i)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < n; low++) {
        size_t rank = ranks->list.at[low];
        if (!co->is_gone[rank] && is_subset(co, co->at[i], co->at[rank]))
            return rank;
    }
    return co->n;
}

/* The first later policy that <i> loses names to; n for none. All its names are in that one, so
 * its first name is. */
static size_t shadowed_by(struct consolidation *co, size_t i)
{
    const struct policy_names *names = co->at[i]->names;
    size_t first = first_wider(co, &co->nameless, i);
    if (names->hosts.n == 0)
        return first;
    struct strbuf own = strbuf_in(&co->arena); /* is_subset walks too */
    struct name_walk walk = name_walk(&own, names->hosts.at[0], co->most_stars);
    struct str name;
    while (name_walk_next(&walk, &name)) {
        size_t rank = first_wider(co, map_get(&co->by_name, name), i);
        if (rank < first)
            first = rank;
    }
    return first;
}

static bool is_before(const void *a, const void *b, void *user)
{
    const struct automation_policy *left = *(struct automation_policy *const *)a;
    const struct automation_policy *right = *(struct automation_policy *const *)b;
    if (is_subset(user, left, right))
        return true;
    if (is_subset(user, right, left))
        return false;
    return json_array_size(left->subjects) > json_array_size(right->subjects);
}

static void index_names(struct consolidation *co)
{
    co->by_name = map_in(&co->arena);
    for (size_t i = 0; i < co->n; i++) {
        const struct policy_names *names = co->at[i]->names;
        if (names->most_stars > co->most_stars)
            co->most_stars = names->most_stars;
        if (names->hosts.n == 0)
            vec_push(&co->arena, &co->nameless.list, i);
        for (size_t k = 0; k < names->texts.n; k++) {
            struct str text = names->texts.entries[k].key;
            struct ranks *ranks = map_get(&co->by_name, text);
            if (!ranks) {
                ranks = arena_new(&co->arena, struct ranks);
                map_put(&co->by_name, text, ranks);
            }
            vec_push(&co->arena, &ranks->list, i);
        }
    }
}

/* Drops empty policies that automatic HTTPS would come to by itself. False where all were empty. */
static bool drop_empty(struct consolidation *co)
{
    size_t n_empty = 0;
    for (size_t i = 0; i < co->n; i++) {
        if (!is_empty(co->at[i], false))
            continue;
        n_empty++;
        size_t shadowed = i + 1 == co->n ? co->n : shadowed_by(co, i);
        co->is_gone[i] =
            i + 1 == co->n || (shadowed < co->n && is_empty(co->at[shadowed], true));
    }
    return n_empty != co->n;
}

enum issuer_class { ISSUER_OF_ANY, ISSUER_MIXED, ISSUER_PUBLIC, ISSUER_INTERNAL };

/* Which issuer a policy without one would take for its names. */
static enum issuer_class implicit_class(const struct automation_policy *policy)
{
    const struct policy_names *names = policy->names;
    if (names->hosts.n == 0)
        return ISSUER_OF_ANY;
    if (names->has_public && names->has_internal)
        return ISSUER_MIXED;
    return names->has_public ? ISSUER_PUBLIC : ISSUER_INTERNAL;
}

static bool has_issuers(const struct automation_policy *policy)
{
    return json_array_size(policy->issuers) > 0 || json_array_size(policy->encoded) > 0;
}

static bool is_plain_internal(const json_t *issuers)
{
    const json_t *only = json_array_get(issuers, 0);
    return json_array_size(issuers) == 1 && json_object_size(only) == 1 &&
           str_is(json_str(json_object_get(only, "module")), "internal");
}

static bool uses_plain_internal(const struct automation_policy *policy)
{
    if (!has_issuers(policy))
        return implicit_class(policy) == ISSUER_INTERNAL;
    return is_plain_internal(policy->encoded) && json_array_size(policy->issuers) == 0;
}

static bool have_same_issuers(const struct automation_policy *a, const struct automation_policy *b)
{
    if (!same(a->encoded, b->encoded))
        return uses_plain_internal(a) && uses_plain_internal(b);
    if (has_issuers(a) || has_issuers(b))
        return true;
    enum issuer_class of_a = implicit_class(a), of_b = implicit_class(b);
    return of_a == ISSUER_OF_ANY || of_b == ISSUER_OF_ANY || of_a == of_b;
}

/* Whether nothing tells two policies apart but their names; whether OCSP is stapled is not
 * compared. */
static bool say_the_same(const struct automation_policy *a, const struct automation_policy *b)
{
    return have_same_issuers(a, b) && same(a->managers, b->managers) &&
           same(a->key_type, b->key_type) && a->on_demand == b->on_demand &&
           a->reuse_keys == b->reuse_keys && same(a->renewal_ratio, b->renewal_ratio);
}

/* Equal for policies that are equal or say the same. */
static uint64_t settings_hash(const struct automation_policy *policy)
{
    const json_t *values[] = {policy->managers, policy->key_type, policy->renewal_ratio,
                              /* no issuer may mean the internal one */
                              is_plain_internal(policy->encoded) ? NULL : policy->encoded};
    uint64_t hash = policy->on_demand * 2u + policy->reuse_keys;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        hash = hash * 31 + json_hash(values[i]);
    return hash;
}

/* Links each policy to the next whose settings may be the same. */
static void link_settings(struct consolidation *co)
{
    struct map latest = map_in(&co->arena); /* hash → rank + 1 */
    co->next = arena_array(&co->arena, size_t, co->n);
    for (size_t i = 0; i < co->n; i++) {
        co->next[i] = co->n;
        if (co->is_gone[i])
            continue;
        uint64_t hash = settings_hash(co->at[i]);
        struct str key = str_dup(&co->arena, str_make((const char *)&hash, sizeof(hash)));
        size_t before = (size_t)(uintptr_t)map_put(&latest, key, (void *)(uintptr_t)(i + 1));
        if (before)
            co->next[before - 1] = i;
    }
}

/* Adds the names of <b> to <a>, in a list of its own, because others may hold the one there is. */
static void unite(struct consolidation *co, struct automation_policy *a,
                  const struct automation_policy *b, struct map *known)
{
    size_t i;
    json_t *name;
    if (!known->arena) {
        const json_t *names = a->subjects;
        *known = map_in(&co->arena);
        a->subjects = document_array(co->document, NULL);
        json_array_foreach(names, i, name) {
            document_add(co->document, a->subjects, name);
            map_put(known, json_str(name), name);
        }
    }
    json_array_foreach(b->subjects, i, name) {
        if (map_find(known, json_str(name)))
            continue;
        map_put(known, json_str(name), name);
        document_add(co->document, a->subjects, name);
        policy_names_add(&co->arena, a->names, json_str(name), a->on_demand);
    }
}

/* Compares the policy at <i> with the later ones, and drops those, or it. */
static void unite_later(struct consolidation *co, size_t i)
{
    struct automation_policy *a = co->at[i];
    struct map known = {0};
    size_t before = i, j;
    while ((j = co->next[before]) < co->n) {
        const struct automation_policy *b = co->at[j];
        bool is_equal = policies_equal(a, b);
        if (!is_equal && !say_the_same(a, b)) {
            before = j;
            continue;
        }
        if (is_equal || json_array_size(a->subjects) == 0 || json_array_size(b->subjects) > 0) {
            if (!is_equal && json_array_size(b->subjects) > 0)
                unite(co, a, b, &known);
            co->is_gone[j] = true;
            co->next[before] = co->next[j];
            if (is_equal)
                before = i; /* Caddy starts over */
            continue;
        }
        size_t shadowed = shadowed_by(co, i);
        if (shadowed < co->n && shadowed >= j) {
            /* the later one covers all names, and none in between those of <a> */
            co->is_gone[i] = true;
            return;
        }
        before = j;
    }
}

void automation_consolidate(struct document *document, automation_policies *policies)
{
    struct consolidation co = {.document = document, .at = policies->at, .n = policies->n};
    co.scratch = strbuf_in(&co.arena);
    co.is_gone = arena_array(&co.arena, bool, co.n);
    for (size_t i = 0; i < co.n; i++)
        if (!co.at[i]->names)
            co.at[i]->names =
                policy_names_new(&co.arena, co.at[i]->subjects, co.at[i]->on_demand);
    stable_sort(co.at, co.n, sizeof(*co.at), is_before, &co);
    index_names(&co);
    policies->n = 0;
    if (drop_empty(&co)) {
        link_settings(&co);
        for (size_t i = 0; i < co.n; i++)
            if (!co.is_gone[i])
                unite_later(&co, i);
        for (size_t i = 0; i < co.n; i++)
            if (!co.is_gone[i])
                policies->at[policies->n++] = co.at[i];
    }
    arena_free(&co.arena);
}
