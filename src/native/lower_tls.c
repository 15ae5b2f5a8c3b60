/* apps.tls: which certificates there are, and for which names the local CA makes more. */
#include <math.h>

#include "base/ip.h"
#include "base/punycode.h"
#include "native/features.h"
#include "native/lower_private.h"
#include "native/servers.h"
#include "syntax/diag.h"
#include "syntax/token.h"

#define HOUR_NS INT64_C(3600000000000)
enum {
    RENEWAL_PERMILLE = 333, /* a third of the lifetime */
    TICKET_KEYS = 4,
    /* Go's own, where Caddy is told not to rotate */
    UNROTATED_TICKET_KEYS = 7,
    UNROTATED_TICKET_HOURS = 24,
    TICKET_HOURS = 12,
};

/* ---- loaded certificates ---- */

static void note_tags(struct lowering *lo, struct dt_range tags)
{
    lo->has_certificates = true;
    lo->has_untagged_certificates |= tags.n == 0;
    for (uint32_t i = 0; i < tags.n; i++)
        map_put(&lo->certificate_tags,
                str_dup(lo->arena, text_of(lo, lo->texts.at[tags.first + i])), lo);
}

static void load_certificates(struct lowering *lo, const json_t *list,
                              enum dt_certificate_kind kind)
{
    struct certificate_json {
        struct dt_text certificate, key;
        struct str format;
        struct dt_range tags;
    };
    static const struct field fields[] = {
        {"certificate", FIELD_TEXT, offsetof(struct certificate_json, certificate)},
        {"key", FIELD_TEXT, offsetof(struct certificate_json, key)},
        {"format", FIELD_STR, offsetof(struct certificate_json, format)},
        {"tags", FIELD_TEXTS, offsetof(struct certificate_json, tags)},
        {0},
    };
    for (size_t i = 0; i < elements(lo, list, "the certificates"); i++) {
        struct certificate_json in = {0};
        const json_t *value = json_array_get(list, i);
        const struct token *before = enter(lo, value);
        read_object(lo, value, "a certificate", fields, &in);
        if (in.format.len && !str_is(in.format, "pem"))
            refuse(lo, "the proxy core reads certificates only as PEM");
        if (kind == DT_CERTIFICATE_PEM)
            need(lo, FEATURE_CERTIFICATE_PEM, value, "certificate");
        struct dt_certificate row = {.kind = kind,
                                     .certificate = in.certificate,
                                     .key = in.key,
                                     .authority = DT_NONE,
                                     .tags = in.tags,
                                     .staples = !lo->has_no_staples,
                                     .origin = origin_here(lo)};
        push_certificates(lo, row);
        note_tags(lo, in.tags);
        leave(lo, before);
    }
}

static void load_folders(struct lowering *lo, const json_t *list)
{
    for (size_t i = 0; i < elements(lo, list, "the folders"); i++) {
        const json_t *value = json_array_get(list, i);
        const struct token *before = enter(lo, value);
        struct dt_certificate row = {.kind = DT_CERTIFICATE_FOLDER,
                                     .certificate = intern(lo, json_str(value)),
                                     .authority = DT_NONE,
                                     .staples = !lo->has_no_staples,
                                     .origin = origin_here(lo)};
        if (row.certificate.len == 0)
            reject(lo, "a folder of certificates needs its path");
        push_certificates(lo, row);
        note_tags(lo, (struct dt_range){0});
        leave(lo, before);
    }
}

/* ---- names ---- */

static struct str host_only(struct str name)
{
    if (name.len > 1 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        return str_slice(name, 1, name.len - 1);
    return name;
}

static bool is_ip(struct str name)
{
    struct ip ip;
    return ip_parse(name, &ip) == IP_OK && ip.zone.len == 0;
}

static bool is_internal_ip(struct str name)
{
    static const char *const networks[] = {
        "127.0.0.0/8",    "0.0.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
        "169.254.0.0/16", "::/7",       "fe80::/10",  "fc00::/7",
    };
    struct ip ip;
    if (ip_parse(name, &ip) != IP_OK)
        return false;
    for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
        struct ip_prefix prefix;
        ip_prefix_parse(str_from(networks[i]), &prefix);
        if (ip_prefix_contains(prefix, ip))
            return true;
    }
    return false;
}

static bool is_internal(struct lowering *lo, struct str name)
{
    static const char *const suffixes[] = {".localhost", ".local", ".internal", ".home.arpa"};
    name = str_trim_suffix(str_lower(lo->arena, host_only(name)), STR("."));
    if (str_is(name, "localhost") || is_internal_ip(name))
        return true;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (str_has_suffix(name, str_from(suffixes[i])))
            return true;
    }
    return false;
}

static size_t count_of(struct str text, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == c;
    return n;
}

bool name_qualifies(struct str name)
{
    static const char never[] = "()[]{}<> \t\n\"\\!@#$%^&|;'+=";
    if (str_trim(name).len == 0 || name.ptr[0] == '.' || name.ptr[name.len - 1] == '.')
        return false;
    if (str_index(name, '*') >= 0 && !str_has_prefix(name, STR("*.")) && name.len != 1)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '\0' || strchr(never, name.ptr[i]))
            return false;
    }
    return true;
}

static bool qualifies_for_public(struct lowering *lo, struct str name)
{
    if (!name_qualifies(name) || is_internal(lo, name))
        return false;
    return str_index(name, '*') < 0 || (count_of(name, '*') == 1 && count_of(name, '.') > 1 &&
                                        name.len > 2 && str_has_prefix(name, STR("*.")));
}

/* The name with its first <n> labels as '*'; empty where it has no more. */
static struct str starred(struct arena *arena, struct str name, size_t n)
{
    struct strbuf out = strbuf_in(arena);
    for (size_t i = 0; i < n; i++) {
        struct str label;
        strbuf_puts(&out, i ? ".*" : "*");
        if (!str_cut(name, STR("."), &label, &name))
            return i + 1 == n ? strbuf_str(&out) : STR("");
    }
    strbuf_add_char(&out, '.');
    strbuf_add(&out, name);
    return strbuf_str(&out);
}

static bool matches_wildcard(struct lowering *lo, struct str name, struct str pattern)
{
    name = str_lower(lo->arena, host_only(name));
    pattern = str_lower(lo->arena, pattern);
    if (str_eq(name, pattern))
        return true;
    size_t labels = str_index(pattern, '*') < 0 ? 0 : count_of(name, '.') + 1;
    for (size_t n = 1; n <= labels; n++) {
        if (str_eq(starred(lo->arena, name, n), pattern))
            return true;
    }
    return false;
}

/* ---- automation ---- */

struct automation_json {
    const json_t *subjects, *issuers, *on_demand, *renewal;
    struct str key_type;
};

static const struct field automation_fields[] = {
    {"subjects", FIELD_JSON, offsetof(struct automation_json, subjects)},
    {"issuers", FIELD_JSON, offsetof(struct automation_json, issuers)},
    {"get_certificate", FIELD_REFUSED, 0},
    {"must_staple", FIELD_IGNORED, 0}, /* read where a certificate is ordered */
    {"renewal_window_ratio", FIELD_JSON, offsetof(struct automation_json, renewal)},
    {"key_type", FIELD_STR, offsetof(struct automation_json, key_type)},
    {"storage", FIELD_REFUSED, 0},
    {"on_demand", FIELD_JSON, offsetof(struct automation_json, on_demand)},
    {"reuse_private_keys", FIELD_REFUSED, 0},
    {"disable_ocsp_stapling", FIELD_IGNORED, 0},
    {"ocsp_overrides", FIELD_IGNORED, 0},
    {0},
};

/* The policy that lists the name itself, or the first that covers it. */
static const json_t *policy_for(struct lowering *lo, struct str name, bool is_exact)
{
    for (size_t i = 0; i < json_array_size(lo->automation); i++) {
        const json_t *policy = json_array_get(lo->automation, i);
        const json_t *subjects = json_object_get(policy, "subjects");
        if (json_array_size(subjects) == 0 && !is_exact)
            return policy;
        for (size_t s = 0; s < json_array_size(subjects); s++) {
            struct str subject = json_str(json_array_get(subjects, s));
            punycode_host(lo->arena, subject, &subject);
            if (is_exact ? str_eq(subject, name) : matches_wildcard(lo, name, subject))
                return policy;
        }
    }
    return NULL;
}

static bool all_internal(struct lowering *lo, const json_t *subjects)
{
    for (size_t i = 0; i < json_array_size(subjects); i++) {
        if (!is_internal(lo, json_str(json_array_get(subjects, i))))
            return false;
    }
    return true;
}

/* The policy for a name, and whether the local CA issues even where the policy does not say so. */
static const json_t *find_policy(struct lowering *lo, struct str name, bool *is_internal_anyway)
{
    const json_t *policy = policy_for(lo, name, true);
    *is_internal_anyway = false;
    if (policy) {
        *is_internal_anyway = json_array_size(json_object_get(policy, "issuers")) == 0 &&
                              all_internal(lo, json_object_get(policy, "subjects"));
        return policy;
    }
    if (!qualifies_for_public(lo, name) || (is_ip(name) && json_array_size(lo->automation) == 0)) {
        *is_internal_anyway = true;
        return NULL;
    }
    return policy_for(lo, name, false);
}

static const json_t *internal_issuer(const json_t *policy)
{
    const json_t *issuers = json_object_get(policy, "issuers");
    for (size_t i = 0; i < json_array_size(issuers); i++) {
        const json_t *issuer = json_array_get(issuers, i);
        if (str_is(member_str(issuer, "module"), "internal"))
            return issuer;
    }
    return NULL;
}

static bool is_issued_here(struct lowering *lo, struct str name)
{
    bool is_internal_anyway;
    const json_t *policy = find_policy(lo, name, &is_internal_anyway);
    return is_internal_anyway || internal_issuer(policy);
}

bool has_loaded_certificate(struct lowering *lo, const json_t *policies, struct str name)
{
    /* which names they hold shows when they are read */
    if (lo->has_untagged_certificates && !is_issued_here(lo, name))
        return true;
    for (size_t i = 0; i < json_array_size(policies); i++) {
        const json_t *policy = json_array_get(policies, i);
        const json_t *tags =
            json_object_get(json_object_get(policy, "certificate_selection"), "any_tag");
        const json_t *sni = json_object_get(json_object_get(policy, "match"), "sni");
        bool has_some = false, is_meant = !sni;
        for (size_t t = 0; t < json_array_size(tags); t++)
            has_some |= map_get(&lo->certificate_tags, json_str(json_array_get(tags, t))) != NULL;
        for (size_t s = 0; s < json_array_size(sni); s++)
            is_meant |= matches_wildcard(lo, name, json_str(json_array_get(sni, s)));
        if (has_some && is_meant)
            return true;
    }
    return false;
}

static void read_internal_issuer(struct lowering *lo, const json_t *issuer,
                                 struct dt_certificate *row)
{
    struct issuer_json {
        struct dt_certificate row;
        struct str authority;
    } in = {.row = *row};
    static const struct field fields[] = {
        {"module", FIELD_IGNORED, 0},
        {"ca", FIELD_STR, offsetof(struct issuer_json, authority)},
        {"lifetime", FIELD_DURATION, offsetof(struct issuer_json, row.lifetime_ns)},
        {"sign_with_root", FIELD_FLAG, offsetof(struct issuer_json, row.signs_with_root)},
        {0},
    };
    const struct token *before = enter(lo, issuer);
    read_object(lo, issuer, "an internal issuer", fields, &in);
    *row = in.row;
    row->authority = authority_of(lo, in.authority);
    leave(lo, before);
}

static void complain_of_name(struct lowering *lo, struct str name)
{
    const struct token *token = lo->place;
    struct diag *diag =
        diag_token(lo->diags, DIAG_NATIVE_CERTIFICATE, token,
                   "'" STR_FMT "' needs the DNS challenge of a public CA, which the proxy core "
                   "cannot meet",
                   STR_ARG(name));
    lo->n_errors++;
    struct span span = token ? token->span : (struct span){0};
    diag_help(lo->diags, diag, span, (struct str){0},
              "write `tls CERT KEY` in the site for a certificate you have, `tls internal` for one "
              "of the local CA, or the names one by one");
}

/* ---- public CAs ---- */

static const struct str lets_encrypt = STR_INIT("https://acme-v02.api.letsencrypt.org/directory");

struct challenge_json {
    uint16_t port;
    uint8_t is_disabled;
};

/* <port>: where the core's own listeners are. */
static uint8_t read_challenge(struct lowering *lo, const json_t *challenge, uint16_t port)
{
    struct challenge_json in = {.port = port};
    static const struct field fields[] = {
        {"disabled", FIELD_FLAG, offsetof(struct challenge_json, is_disabled)},
        {"alternate_port", FIELD_PORT, offsetof(struct challenge_json, port)},
        {0},
    };
    const struct token *before = enter(lo, challenge);
    read_object(lo, challenge, "a challenge", fields, &in);
    if (in.port != port && !in.is_disabled)
        refuse_at(lo, json_object_get(challenge, "alternate_port"),
                  "the proxy core answers challenges on the HTTP and HTTPS ports only, not on %u",
                  in.port);
    leave(lo, before);
    return in.is_disabled;
}

static void read_challenges(struct lowering *lo, const json_t *challenges,
                            struct dt_acme_issuer *row)
{
    struct challenges_json {
        const json_t *http, *alpn;
        uint8_t is_shared;
    } in = {.is_shared = true};
    static const struct field fields[] = {
        {"http", FIELD_JSON, offsetof(struct challenges_json, http)},
        {"tls-alpn", FIELD_JSON, offsetof(struct challenges_json, alpn)},
        {"dns", FIELD_REFUSED, 0},
        {"bind_host", FIELD_IGNORED, 0}, /* the listeners of the servers answer */
        {"distributed", FIELD_FLAG, offsetof(struct challenges_json, is_shared)},
        {0},
    };
    const struct token *before = enter(lo, challenges);
    read_object(lo, challenges, "the challenges", fields, &in);
    row->shares_no_challenges = !in.is_shared;
    row->has_no_http = read_challenge(lo, in.http, lo->application.http_port);
    row->has_no_tls_alpn = read_challenge(lo, in.alpn, lo->application.https_port);
    leave(lo, before);
}

static void read_external_account(struct lowering *lo, const json_t *account,
                                  struct dt_acme_issuer *row)
{
    static const struct field fields[] = {
        {"key_id", FIELD_TEXT, offsetof(struct dt_acme_issuer, eab_key_id)},
        {"mac_key", FIELD_TEXT, offsetof(struct dt_acme_issuer, eab_mac_key)},
        {0},
    };
    const struct token *before = enter(lo, account);
    read_object(lo, account, "an external account", fields, row);
    leave(lo, before);
}

/* The row of an issuer, read once; NULL is the issuer of a configuration that names none. */
static uint32_t acme_issuer(struct lowering *lo, const json_t *issuer)
{
    struct issuer_json {
        struct dt_acme_issuer row;
        const json_t *account, *challenges;
        struct str directory;
    } in = {0};
    static const struct field fields[] = {
        {"module", FIELD_IGNORED, 0},
        {"ca", FIELD_STR, offsetof(struct issuer_json, directory)},
        {"test_ca", FIELD_IGNORED, 0}, /* asked before the other after a failure; here that waits */
        {"email", FIELD_TEXT, offsetof(struct issuer_json, row.email)},
        {"profile", FIELD_TEXT, offsetof(struct issuer_json, row.profile)},
        {"account_key", FIELD_REFUSED, 0},
        {"external_account", FIELD_JSON, offsetof(struct issuer_json, account)},
        {"acme_timeout", FIELD_IGNORED, 0}, /* every request ends in half a minute */
        {"challenges", FIELD_JSON, offsetof(struct issuer_json, challenges)},
        {"trusted_roots_pem_files", FIELD_TEXTS, offsetof(struct issuer_json, row.ca_files)},
        {"preferred_chains", FIELD_REFUSED, 0},
        {"certificate_lifetime", FIELD_REFUSED, 0},
        {"network_proxy", FIELD_REFUSED, 0},
        {0},
    };
    struct str key = str_make((const char *)&issuer, sizeof(issuer));
    uint32_t row = (uint32_t)(uintptr_t)map_get(&lo->acme_rows, key);
    if (row)
        return row - 1;
    const struct token *before = enter(lo, issuer);
    read_object(lo, issuer, "an ACME issuer", fields, &in);
    read_external_account(lo, in.account, &in.row);
    read_challenges(lo, in.challenges, &in.row);
    in.row.directory = intern(lo, in.directory.len > 0 ? in.directory : lets_encrypt);
    if (in.directory.len > 0 && !str_has_prefix(in.directory, STR("https://")))
        reject_at(lo, json_object_get(issuer, "ca"), "'" STR_FMT "' is no https URL",
                  STR_ARG(in.directory));
    leave(lo, before);
    row = push_acme_issuers(lo, in.row);
    map_put(&lo->acme_rows, str_dup(lo->arena, key), (void *)(uintptr_t)(row + 1));
    return row;
}

/* The issuers of a policy that the core can ask, in order. */
static struct dt_range acme_issuers(struct lowering *lo, const json_t *policy)
{
    const json_t *issuers = json_object_get(policy, "issuers");
    size_t n = json_array_size(issuers), n_rows = 0;
    uint32_t *rows = arena_array(lo->arena, uint32_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *issuer = json_array_get(issuers, i);
        struct str module = member_str(issuer, "module");
        if (str_is(module, "acme"))
            rows[n_rows++] = acme_issuer(lo, issuer);
        else
            refuse_at(lo, issuer, "the proxy core cannot ask the issuer '" STR_FMT "'",
                      STR_ARG(module));
    }
    if (n == 0)
        rows[n_rows++] = acme_issuer(lo, NULL);
    return numbers_of(lo, rows, n_rows);
}

static void lower_managed_name(struct lowering *lo, struct str name, bool ignores_loaded)
{
    bool is_internal_anyway;
    const json_t *policy = find_policy(lo, name, &is_internal_anyway);
    const json_t *issuer = internal_issuer(policy);
    struct dt_certificate row = {.kind = DT_CERTIFICATE_INTERNAL,
                                 .subject = intern(lo, name),
                                 .authority = DT_NONE,
                                 .unless_loaded = lo->has_certificates && !ignores_loaded,
                                 .origin = origin_here(lo)};
    row.key_type = intern(lo, member_str(policy, "key_type"));
    row.renewal_permille = lower_permille(lo, json_object_get(policy, "renewal_window_ratio"),
                                          "renewal_window_ratio", RENEWAL_PERMILLE);
    if (str_has_suffix(str_lower(lo->arena, name), STR(".ts.net"))) {
        refuse(lo, "the proxy core cannot ask Tailscale for certificates");
        return;
    }
    if (issuer) {
        read_internal_issuer(lo, issuer, &row);
    } else if (is_internal_anyway) {
        row.authority = authority_of(lo, STR(""));
    } else if (str_index(name, '*') >= 0) {
        complain_of_name(lo, name);
        return;
    } else {
        row.kind = DT_CERTIFICATE_ACME;
        row.must_staple = json_is_true(json_object_get(policy, "must_staple"));
        row.issuers = acme_issuers(lo, policy);
    }
    push_certificates(lo, row);
}

/* Caddy takes a wildcard that it has anyway before a certificate for the name alone. */
static bool is_covered(struct lowering *lo, const struct named_host *names, size_t n,
                       struct str name)
{
    if (is_ip(name) || str_index(name, '*') >= 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (str_index(names[i].name, '*') >= 0 && matches_wildcard(lo, name, names[i].name))
            return true;
    }
    return false;
}

void lower_managed_names(struct lowering *lo, const struct named_host *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct token *before = lo->place;
        lo->place = names[i].origin ? names[i].origin : before;
        if (map_get(&lo->automated_names, names[i].name) ||
            !is_covered(lo, names, n, names[i].name))
            lower_managed_name(lo, names[i].name, names[i].ignores_loaded);
        leave(lo, before);
    }
    /* names that no route matches, but that the configuration asks for */
    for (size_t i = 0; i < lo->automated_names.n; i++) {
        struct str name = lo->automated_names.entries[i].key;
        bool is_done = false;
        for (size_t k = 0; k < n; k++)
            is_done |= str_eq(names[k].name, name);
        if (!is_done)
            lower_managed_name(lo, name, true);
    }
}

/* ---- the app ---- */

uint32_t lower_permille(struct lowering *lo, const json_t *value, const char *key,
                        uint32_t otherwise)
{
    double ratio = json_number_value(value);
    if (!value || json_is_null(value))
        return otherwise;
    if (!json_is_number(value)) {
        reject_at(lo, value, "'%s' must be a number", key);
        return otherwise;
    }
    /* as Caddy: what is no ratio is passed over */
    return ratio > 0 && ratio <= 1 ? (uint32_t)lround(ratio * 1000) : otherwise;
}

static void check_key_type(struct lowering *lo, const json_t *policy, struct str key_type)
{
    static const char *const types[] = {"", "ed25519", "p256", "p384", "rsa2048", "rsa4096"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (str_is(key_type, types[i]))
            return;
    }
    reject_at(lo, json_object_get(policy, "key_type"), "'" STR_FMT "' is no type of a key",
              STR_ARG(key_type));
}

static void refuse_on_demand(struct lowering *lo, const json_t *value)
{
    if (value && !json_is_false(value))
        refuse_at(lo, value,
                  "the proxy core has all certificates before it serves: it cannot get "
                  "them on demand yet");
}

static void read_automation(struct lowering *lo, const json_t *automation)
{
    struct app_json {
        const json_t *policies, *on_demand;
    } in = {0};
    static const struct field fields[] = {
        {"policies", FIELD_JSON, offsetof(struct app_json, policies)},
        {"on_demand", FIELD_JSON, offsetof(struct app_json, on_demand)},
        {"ocsp_interval", FIELD_IGNORED, 0},
        {"renew_interval", FIELD_IGNORED, 0},
        {"storage_clean_interval", FIELD_IGNORED, 0},
        {0},
    };
    read_object(lo, automation, "certificate automation", fields, &in);
    lo->automation = in.policies;
    refuse_on_demand(lo, in.on_demand);
    for (size_t i = 0; i < elements(lo, in.policies, "the automation policies"); i++) {
        struct automation_json policy = {0};
        const json_t *value = json_array_get(in.policies, i);
        const struct token *before = enter(lo, value);
        read_object(lo, value, "an automation policy", automation_fields, &policy);
        refuse_on_demand(lo, policy.on_demand);
        check_key_type(lo, value, policy.key_type);
        leave(lo, before);
    }
}

static void lower_session_tickets(struct lowering *lo, const json_t *tickets)
{
    struct tickets_json {
        const json_t *source;
        int64_t rotation_ns;
        uint32_t max_keys;
        uint8_t is_disabled, never_rotates;
    } in = {0};
    static const struct field fields[] = {
        {"key_source", FIELD_JSON, offsetof(struct tickets_json, source)},
        {"rotation_interval", FIELD_DURATION, offsetof(struct tickets_json, rotation_ns)},
        {"max_keys", FIELD_COUNT, offsetof(struct tickets_json, max_keys)},
        {"disable_rotation", FIELD_FLAG, offsetof(struct tickets_json, never_rotates)},
        {"disabled", FIELD_FLAG, offsetof(struct tickets_json, is_disabled)},
        {0},
    };
    const struct token *before = enter(lo, tickets);
    read_object(lo, tickets, "session tickets", fields, &in);
    struct str provider = member_str(in.source, "provider");
    if (in.source && !str_is(provider, "standard"))
        refuse_at(lo, in.source,
                  "the proxy core keeps the keys of session tickets in memory, not in '" STR_FMT
                  "'",
                  STR_ARG(provider));
    if (in.rotation_ns < 0)
        reject(lo, "keys of session tickets cannot be rotated backwards");
    struct dt_application *application = &lo->application;
    application->ticket_rotation_ns = in.rotation_ns > 0 ? in.rotation_ns : TICKET_HOURS * HOUR_NS;
    application->max_ticket_keys = in.max_keys ? in.max_keys : TICKET_KEYS;
    if (in.never_rotates) {
        application->ticket_rotation_ns = UNROTATED_TICKET_HOURS * HOUR_NS;
        application->max_ticket_keys = UNROTATED_TICKET_KEYS;
    }
    if (in.is_disabled)
        application->max_ticket_keys = 0;
    leave(lo, before);
}

static const json_t *stored_pairs(struct lowering *lo, const json_t *loader)
{
    struct loader_json {
        const json_t *pairs;
    } in = {0};
    static const struct field fields[] = {
        {"pairs", FIELD_JSON, offsetof(struct loader_json, pairs)},
        {0},
    };
    read_object(lo, loader, "certificates of the storage", fields, &in);
    return in.pairs;
}

void lower_tls_app(struct lowering *lo, const json_t *tls)
{
    struct app_json {
        const json_t *certificates, *automation, *tickets;
        uint8_t has_no_staples;
    } in = {0};
    static const struct field fields[] = {
        {"certificates", FIELD_JSON, offsetof(struct app_json, certificates)},
        {"automation", FIELD_JSON, offsetof(struct app_json, automation)},
        {"session_tickets", FIELD_JSON, offsetof(struct app_json, tickets)},
        {"cache", FIELD_IGNORED, 0}, /* the core holds all certificates in memory */
        {"disable_ocsp_stapling", FIELD_FLAG, offsetof(struct app_json, has_no_staples)},
        {"disable_storage_check", FIELD_IGNORED, 0},
        {"disable_storage_clean", FIELD_IGNORED, 0},
        {"encrypted_client_hello", FIELD_REFUSED, 0},
        {"dns", FIELD_REFUSED, 0},
        {"resolvers", FIELD_REFUSED, 0},
        {0},
    };
    struct loaders_json {
        const json_t *files, *pems, *folders, *storage, *automate;
    } loaders = {0};
    static const struct field loader_fields[] = {
        {"load_files", FIELD_JSON, offsetof(struct loaders_json, files)},
        {"load_pem", FIELD_JSON, offsetof(struct loaders_json, pems)},
        {"load_folders", FIELD_JSON, offsetof(struct loaders_json, folders)},
        {"load_storage", FIELD_JSON, offsetof(struct loaders_json, storage)},
        {"automate", FIELD_JSON, offsetof(struct loaders_json, automate)},
        {0},
    };
    const struct token *before = enter(lo, tls);
    read_object(lo, tls, "the tls app", fields, &in);
    read_object(lo, in.certificates, "certificates", loader_fields, &loaders);
    lo->has_no_staples = in.has_no_staples;
    lower_session_tickets(lo, in.tickets);
    load_certificates(lo, loaders.files, DT_CERTIFICATE_FILES);
    load_folders(lo, loaders.folders);
    load_certificates(lo, loaders.pems, DT_CERTIFICATE_PEM);
    load_certificates(lo, stored_pairs(lo, loaders.storage), DT_CERTIFICATE_STORED);
    for (size_t i = 0; i < elements(lo, loaders.automate, "the names"); i++)
        map_put(&lo->automated_names, json_str(json_array_get(loaders.automate, i)), lo);
    read_automation(lo, in.automation);
    leave(lo, before);
}
