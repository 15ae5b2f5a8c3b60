/* Fewer automation policies that say the same. What comes out depends on the order of Caddy's
 * comparisons, so they are made in that order here. */
#include "adapt/automation_policies.h"

#include "adapt/automation_subjects.h"
#include "adapt/stable_sort.h"
#include "json/document.h"

static struct str string_of(const json_t *value)
{
    return str_make(json_string_value(value), json_string_length(value));
}

static bool same(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_equal(a, b));
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

/* Whether the names of <a> are all among those of <b>, wildcards considered. */
static bool is_subset(const struct automation_policy *a, const struct automation_policy *b)
{
    if (json_array_size(b->subjects) == 0)
        return true;
    if (json_array_size(a->subjects) == 0)
        return false;
    size_t i, j;
    json_t *name, *wider;
    json_array_foreach(a->subjects, i, name) {
        bool is_in = false;
        json_array_foreach(b->subjects, j, wider)
            is_in = is_in || subject_matches(string_of(name), string_of(wider));
        if (!is_in)
            return false;
    }
    return true;
}

/* The first later policy that <i> takes names away from; -1 for none. */
static ptrdiff_t shadowed_by(const automation_policies *policies, size_t i)
{
    for (size_t j = i + 1; j < policies->n; j++)
        if (is_subset(policies->at[i], policies->at[j]))
            return (ptrdiff_t)j;
    return -1;
}

static bool is_before(const void *a, const void *b, void *user)
{
    (void)user;
    const struct automation_policy *left = *(struct automation_policy *const *)a;
    const struct automation_policy *right = *(struct automation_policy *const *)b;
    if (is_subset(left, right))
        return true;
    if (is_subset(right, left))
        return false;
    return json_array_size(left->subjects) > json_array_size(right->subjects);
}

static void remove_at(automation_policies *policies, size_t at)
{
    memmove(policies->at + at, policies->at + at + 1,
            (policies->n - at - 1) * sizeof(*policies->at));
    policies->n--;
}

/* Drops empty policies that automatic HTTPS would come to by itself. False where all were empty. */
static bool drop_empty(automation_policies *policies)
{
    size_t n_empty = 0, n_before = policies->n;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)policies->n; i++) {
        if (!is_empty(policies->at[i], false))
            continue;
        n_empty++;
        ptrdiff_t shadowed = shadowed_by(policies, (size_t)i);
        if (i == (ptrdiff_t)policies->n - 1 ||
            (shadowed >= 0 && is_empty(policies->at[shadowed], true)))
            remove_at(policies, (size_t)i--);
    }
    return n_empty != n_before;
}

enum issuer_class { ISSUER_OF_ANY, ISSUER_MIXED, ISSUER_PUBLIC, ISSUER_INTERNAL };

/* Which issuer a policy without one would take for its names. */
static enum issuer_class implicit_class(const struct automation_policy *policy)
{
    bool has_public = false, has_internal = false;
    size_t i;
    json_t *name;
    if (json_array_size(policy->subjects) == 0)
        return ISSUER_OF_ANY;
    json_array_foreach(policy->subjects, i, name) {
        if (subject_is_public(string_of(name), policy->on_demand))
            has_public = true;
        else
            has_internal = true;
    }
    return has_public && has_internal ? ISSUER_MIXED : has_public ? ISSUER_PUBLIC : ISSUER_INTERNAL;
}

static bool has_issuers(const struct automation_policy *policy)
{
    return json_array_size(policy->issuers) > 0 || json_array_size(policy->encoded) > 0;
}

static bool uses_plain_internal(const struct automation_policy *policy)
{
    if (!has_issuers(policy))
        return implicit_class(policy) == ISSUER_INTERNAL;
    const json_t *only = json_array_get(policy->encoded, 0);
    const char *module = json_string_value(json_object_get(only, "module"));
    return json_array_size(policy->encoded) == 1 && json_array_size(policy->issuers) == 0 &&
           json_object_size(only) == 1 && module && strcmp(module, "internal") == 0;
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

/* A list of its own, because others may hold the one there is. */
static json_t *unite(struct document *document, const json_t *names, const json_t *more)
{
    json_t *all = document_array(document, NULL), *name, *known;
    size_t i, k;
    json_array_foreach(names, i, name)
        document_add(document, all, name);
    json_array_foreach(more, i, name) {
        bool is_known = false;
        json_array_foreach(all, k, known)
            is_known = is_known || json_equal(name, known);
        if (!is_known)
            document_add(document, all, name);
    }
    return all;
}

void automation_consolidate(struct document *document, automation_policies *policies)
{
    stable_sort(policies->at, policies->n, sizeof(*policies->at), is_before, NULL);
    if (!drop_empty(policies)) {
        policies->n = 0;
        return;
    }
    for (ptrdiff_t i = 0; i < (ptrdiff_t)policies->n; i++) {
        struct automation_policy *a = policies->at[i];
        for (ptrdiff_t j = i + 1; j < (ptrdiff_t)policies->n; j++) {
            const struct automation_policy *b = policies->at[j];
            if (policies_equal(a, b)) {
                remove_at(policies, (size_t)j);
                i--;
                break;
            }
            if (!say_the_same(a, b))
                continue;
            if (json_array_size(a->subjects) == 0 || json_array_size(b->subjects) > 0) {
                if (json_array_size(b->subjects) > 0)
                    a->subjects = unite(document, a->subjects, b->subjects);
                remove_at(policies, (size_t)j--);
            } else if (shadowed_by(policies, (size_t)i) >= j) {
                /* the later one covers all names, and none in between those of <a> */
                remove_at(policies, (size_t)i--);
                break;
            }
        }
    }
}

bool automation_is_public(const struct automation_policy *policy)
{
    size_t i;
    json_t *name;
    json_array_foreach(policy->subjects, i, name)
        if (!subject_is_public(string_of(name), policy->on_demand) ||
            subject_is_tailscale(string_of(name)))
            return false;
    return true;
}

static void set_some(struct document *document, json_t *object, const char *key, json_t *value)
{
    if (!document_is_empty(value))
        document_set(document, object, key, value);
}

json_t *automation_policy_json(struct document *document, const struct automation_policy *policy)
{
    json_t *first = json_array_get(policy->subjects, 0);
    json_t *object =
        document_object(document, first ? document_origin(document, NULL, NULL, first) : NULL);
    set_some(document, object, "subjects", policy->subjects);
    set_some(document, object, "issuers", policy->encoded);
    set_some(document, object, "get_certificate", policy->managers);
    set_some(document, object, "renewal_window_ratio", policy->renewal_ratio);
    set_some(document, object, "key_type", policy->key_type);
    if (policy->on_demand)
        document_set(document, object, "on_demand", document_bool(true));
    if (policy->reuse_keys)
        document_set(document, object, "reuse_private_keys", document_bool(true));
    if (policy->disable_ocsp)
        document_set(document, object, "disable_ocsp_stapling", document_bool(true));
    return object;
}
