/* Automation policies as they are written. */
#include "adapt/automation_policies.h"

#include "adapt/automation_subjects.h"
#include "json/document.h"

bool automation_is_public(const struct automation_policy *policy)
{
    size_t i;
    json_t *name;
    json_array_foreach(policy->subjects, i, name)
        if (!subject_is_public(json_str(name), policy->on_demand) ||
            subject_is_tailscale(json_str(name)))
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
