/* apps.tls and connection policies: which certificates there are, and who may choose which. */
#include "base/ip.h"
#include "base/punycode.h"
#include "native/features.h"
#include "native/lower_private.h"
#include "native/servers.h"
#include "syntax/diag.h"
#include "syntax/token.h"

enum { TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

struct tag_list {
    VEC(uint32_t) certificates;
};

/* ---- loaded certificates ---- */

static void tag_certificate(struct lowering *lo, uint32_t row, struct dt_range tags)
{
    lo->has_untagged_certificates |= tags.n == 0;
    for (uint32_t i = 0; i < tags.n; i++) {
        struct str tag = str_dup(lo->arena, text_of(lo, lo->texts.at[tags.first + i]));
        struct tag_list *list = map_get(&lo->certificate_tags, tag);
        if (!list) {
            list = arena_new(lo->arena, struct tag_list);
            map_put(&lo->certificate_tags, tag, list);
        }
        vec_push(lo->arena, &list->certificates, row);
    }
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
        struct dt_certificate row = {
            .kind = kind, .certificate = in.certificate, .key = in.key, .origin = origin_here(lo)};
        tag_certificate(lo, push_certificates(lo, row), in.tags);
        leave(lo, before);
    }
}

/* The certificates that a policy's selection names; false where it has none. */
static bool selected_certificates(struct lowering *lo, const json_t *selection,
                                  struct dt_range *out)
{
    struct selection_json {
        struct dt_range tags;
    } in = {0};
    static const struct field fields[] = {
        {"any_tag", FIELD_TEXTS, offsetof(struct selection_json, tags)},
        {0},
    };
    if (!selection)
        return false;
    read_object(lo, selection, "a certificate selection", fields, &in);
    VEC(uint32_t) rows = {0};
    for (uint32_t t = 0; t < in.tags.n; t++) {
        struct str tag = str_dup(lo->arena, text_of(lo, lo->texts.at[in.tags.first + t]));
        const struct tag_list *list = map_get(&lo->certificate_tags, tag);
        for (size_t i = 0; list && i < list->certificates.n; i++)
            vec_push(lo->arena, &rows, list->certificates.at[i]);
    }
    *out = numbers_of(lo, rows.at, rows.n);
    return true;
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

bool has_loaded_certificate(struct lowering *lo, const json_t *policies, struct str name)
{
    if (lo->has_untagged_certificates)
        return true; /* which names they hold shows when they are read */
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

/* ---- automation ---- */

struct automation_json {
    const json_t *subjects, *issuers;
    struct dt_text key_type;
};

static const struct field automation_fields[] = {
    {"subjects", FIELD_JSON, offsetof(struct automation_json, subjects)},
    {"issuers", FIELD_JSON, offsetof(struct automation_json, issuers)},
    {"get_certificate", FIELD_REFUSED, 0},
    {"must_staple", FIELD_IGNORED, 0},          /* no certificate of the local CA is ever stapled */
    {"renewal_window_ratio", FIELD_IGNORED, 0}, /* the core renews its own at two thirds */
    {"key_type", FIELD_TEXT, offsetof(struct automation_json, key_type)},
    {"storage", FIELD_REFUSED, 0},
    {"on_demand", FIELD_REFUSED, 0},
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

static void read_internal_issuer(struct lowering *lo, const json_t *issuer,
                                 struct dt_certificate *row)
{
    static const struct field fields[] = {
        {"module", FIELD_IGNORED, 0},
        {"ca", FIELD_TEXT, offsetof(struct dt_certificate, authority)},
        {"lifetime", FIELD_DURATION, offsetof(struct dt_certificate, lifetime_ns)},
        {"sign_with_root", FIELD_FLAG32, offsetof(struct dt_certificate, signs_with_root)},
        {0},
    };
    read_object(lo, issuer, "an internal issuer", fields, row);
    if (row->signs_with_root)
        need(lo, FEATURE_SIGN_WITH_ROOT, issuer, "sign_with_root");
}

static void complain_of_name(struct lowering *lo, struct str name)
{
    const struct token *token = lo->place;
    struct diag *diag =
        diag_token(lo->diags, DIAG_NATIVE_CERTIFICATE, token,
                   "'" STR_FMT "' needs a certificate of a public CA, which the proxy core cannot "
                   "get yet",
                   STR_ARG(name));
    lo->n_errors++;
    struct span span = token ? token->span : (struct span){0};
    diag_help(lo->diags, diag, span, (struct str){0},
              "write `tls CERT KEY` in the site for a certificate you have, `tls internal` for one "
              "of the local CA, or `http://" STR_FMT "` as its address for no TLS",
              STR_ARG(name));
}

static void lower_managed_name(struct lowering *lo, struct str name)
{
    bool is_internal_anyway;
    const json_t *policy = find_policy(lo, name, &is_internal_anyway);
    const json_t *issuers = json_object_get(policy, "issuers");
    struct dt_certificate row = {
        .kind = DT_CERTIFICATE_INTERNAL, .subject = intern(lo, name), .origin = origin_here(lo)};
    row.key_type = intern(lo, member_str(policy, "key_type"));
    if (str_has_suffix(str_lower(lo->arena, name), STR(".ts.net"))) {
        refuse(lo, "the proxy core cannot ask Tailscale for certificates");
        return;
    }
    for (size_t i = 0; i < json_array_size(issuers); i++) {
        const json_t *issuer = json_array_get(issuers, i);
        if (!str_is(member_str(issuer, "module"), "internal"))
            continue;
        read_internal_issuer(lo, issuer, &row);
        is_internal_anyway = true;
        break;
    }
    if (!is_internal_anyway) {
        complain_of_name(lo, name);
        return;
    }
    struct str key_type = member_str(policy, "key_type");
    if (key_type.len && !str_is(key_type, "p256"))
        need(lo, FEATURE_KEY_TYPES, policy, "key_type");
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
            lower_managed_name(lo, names[i].name);
        leave(lo, before);
    }
    /* names that no route matches, but that the configuration asks for */
    for (size_t i = 0; i < lo->automated_names.n; i++) {
        struct str name = lo->automated_names.entries[i].key;
        bool is_done = false;
        for (size_t k = 0; k < n; k++)
            is_done |= str_eq(names[k].name, name);
        if (!is_done)
            lower_managed_name(lo, name);
    }
}

/* ---- the app ---- */

static void read_automation(struct lowering *lo, const json_t *automation)
{
    struct app_json {
        const json_t *policies;
    } in = {0};
    static const struct field fields[] = {
        {"policies", FIELD_JSON, offsetof(struct app_json, policies)},
        {"on_demand", FIELD_REFUSED, 0},
        {"ocsp_interval", FIELD_IGNORED, 0},
        {"renew_interval", FIELD_IGNORED, 0},
        {"storage_clean_interval", FIELD_IGNORED, 0},
        {0},
    };
    read_object(lo, automation, "certificate automation", fields, &in);
    lo->automation = in.policies;
    for (size_t i = 0; i < elements(lo, in.policies, "the automation policies"); i++) {
        struct automation_json policy = {0};
        const json_t *value = json_array_get(in.policies, i);
        const struct token *before = enter(lo, value);
        read_object(lo, value, "an automation policy", automation_fields, &policy);
        leave(lo, before);
    }
}

void lower_tls_app(struct lowering *lo, const json_t *tls)
{
    struct app_json {
        const json_t *certificates, *automation;
    } in = {0};
    static const struct field fields[] = {
        {"certificates", FIELD_JSON, offsetof(struct app_json, certificates)},
        {"automation", FIELD_JSON, offsetof(struct app_json, automation)},
        {"session_tickets", FIELD_REFUSED, 0},
        {"cache", FIELD_IGNORED, 0}, /* the core holds all certificates in memory */
        {"disable_ocsp_stapling", FIELD_IGNORED, 0},
        {"disable_storage_check", FIELD_IGNORED, 0},
        {"disable_storage_clean", FIELD_IGNORED, 0},
        {"encrypted_client_hello", FIELD_REFUSED, 0},
        {"dns", FIELD_REFUSED, 0},
        {"resolvers", FIELD_REFUSED, 0},
        {0},
    };
    struct loaders_json {
        const json_t *files, *pems, *automate;
    } loaders = {0};
    static const struct field loader_fields[] = {
        {"load_files", FIELD_JSON, offsetof(struct loaders_json, files)},
        {"load_pem", FIELD_JSON, offsetof(struct loaders_json, pems)},
        {"load_folders", FIELD_REFUSED, 0},
        {"load_storage", FIELD_REFUSED, 0},
        {"automate", FIELD_JSON, offsetof(struct loaders_json, automate)},
        {0},
    };
    const struct token *before = enter(lo, tls);
    read_object(lo, tls, "the tls app", fields, &in);
    read_object(lo, in.certificates, "certificates", loader_fields, &loaders);
    load_certificates(lo, loaders.files, DT_CERTIFICATE_FILES);
    load_certificates(lo, loaders.pems, DT_CERTIFICATE_PEM);
    for (size_t i = 0; i < elements(lo, loaders.automate, "the names"); i++)
        map_put(&lo->automated_names, json_str(json_array_get(loaders.automate, i)), lo);
    read_automation(lo, in.automation);
    leave(lo, before);
}

/* ---- connection policies ---- */

struct client_json {
    const json_t *ca, *verifiers;
    struct dt_range certificates, files, leafs;
    struct str mode;
};

static const struct field client_fields[] = {
    {"ca", FIELD_JSON, offsetof(struct client_json, ca)},
    {"trusted_ca_certs", FIELD_TEXTS, offsetof(struct client_json, certificates)},
    {"trusted_ca_certs_pem_files", FIELD_TEXTS, offsetof(struct client_json, files)},
    {"trusted_leaf_certs", FIELD_TEXTS, offsetof(struct client_json, leafs)},
    {"verifiers", FIELD_REFUSED, 0},
    {"mode", FIELD_STR, offsetof(struct client_json, mode)},
    {0},
};

static void lower_client_roots(struct lowering *lo, const json_t *ca, struct client_json *in)
{
    struct str provider = member_str(ca, "provider");
    static const struct field fields[] = {
        {"provider", FIELD_IGNORED, 0},
        {"trusted_ca_certs", FIELD_TEXTS, offsetof(struct client_json, certificates)},
        {"pem_files", FIELD_TEXTS, offsetof(struct client_json, files)},
        {0},
    };
    if (str_is(provider, "file") || str_is(provider, "inline"))
        read_object(lo, ca, "a pool of CA certificates", fields, in);
    else
        refuse_at(lo, ca, "the proxy core cannot take CA certificates from '" STR_FMT "' yet",
                  STR_ARG(provider));
}

static uint8_t client_mode(struct lowering *lo, const struct client_json *in)
{
    static const struct {
        const char *name;
        uint8_t mode;
    } modes[] = {
        {"request", DT_CLIENT_AUTH_REQUEST},
        {"require", DT_CLIENT_AUTH_REQUIRE},
        {"verify_if_given", DT_CLIENT_AUTH_VERIFY_IF_GIVEN},
        {"require_and_verify", DT_CLIENT_AUTH_REQUIRE_AND_VERIFY},
    };
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (str_is(in->mode, modes[i].name))
            return modes[i].mode;
    }
    if (in->mode.len)
        reject(lo, "'" STR_FMT "' is no mode of client authentication", STR_ARG(in->mode));
    return in->certificates.n || in->files.n || in->leafs.n ? DT_CLIENT_AUTH_REQUIRE_AND_VERIFY
                                                            : DT_CLIENT_AUTH_REQUIRE;
}

static void lower_client_auth(struct lowering *lo, const json_t *client,
                              struct dt_connection_policy *row)
{
    struct client_json in = {0};
    const struct token *before = enter(lo, client);
    need(lo, FEATURE_CLIENT_AUTH, NULL, NULL);
    read_object(lo, client, "client authentication", client_fields, &in);
    if (in.ca)
        lower_client_roots(lo, in.ca, &in);
    row->client_auth = client_mode(lo, &in);
    row->client_ca_certificates = in.certificates;
    row->client_ca_files = in.files;
    row->client_leafs = in.leafs;
    leave(lo, before);
}

static void lower_policy_match(struct lowering *lo, const json_t *match,
                               struct dt_connection_policy *row)
{
    struct match_json {
        const json_t *sni, *remote, *local;
    } in = {0};
    static const struct field fields[] = {
        {"sni", FIELD_JSON, offsetof(struct match_json, sni)},
        {"remote_ip", FIELD_JSON, offsetof(struct match_json, remote)},
        {"local_ip", FIELD_JSON, offsetof(struct match_json, local)},
        {0},
    };
    struct ranges_json {
        const json_t *ranges, *not_ranges;
    } remote = {0}, local = {0};
    static const struct field range_fields[] = {
        {"ranges", FIELD_JSON, offsetof(struct ranges_json, ranges)},
        {"not_ranges", FIELD_JSON, offsetof(struct ranges_json, not_ranges)},
        {0},
    };
    uint32_t n_exact;
    read_object(lo, match, "a handshake matcher", fields, &in);
    read_object(lo, in.remote, "a remote_ip matcher", range_fields, &remote);
    read_object(lo, in.local, "a local_ip matcher", range_fields, &local);
    row->sni = lower_host_patterns(lo, in.sni, &n_exact);
    row->remote_ranges = lower_ip_ranges(lo, remote.ranges);
    row->remote_not_ranges = lower_ip_ranges(lo, remote.not_ranges);
    row->local_ranges = lower_ip_ranges(lo, local.ranges);
}

static uint16_t tls_version(struct lowering *lo, struct str name, uint16_t otherwise)
{
    if (name.len == 0)
        return otherwise;
    if (str_is(name, "tls1.2"))
        return TLS_1_2;
    if (!str_is(name, "tls1.3"))
        reject(lo, "'" STR_FMT "' is none of tls1.2 and tls1.3", STR_ARG(name));
    return TLS_1_3;
}

struct policy_json {
    struct dt_connection_policy row;
    const json_t *match, *selection, *client;
    struct str minimum, maximum;
};

#define ROW(member) offsetof(struct policy_json, row.member)
static const struct field policy_fields[] = {
    {"match", FIELD_JSON, offsetof(struct policy_json, match)},
    {"certificate_selection", FIELD_JSON, offsetof(struct policy_json, selection)},
    {"cipher_suites", FIELD_TEXTS, ROW(cipher_suites)},
    {"curves", FIELD_TEXTS, ROW(curves)},
    {"alpn", FIELD_TEXTS, ROW(alpn)},
    {"protocol_min", FIELD_STR, offsetof(struct policy_json, minimum)},
    {"protocol_max", FIELD_STR, offsetof(struct policy_json, maximum)},
    {"drop", FIELD_FLAG, ROW(drops)},
    {"client_authentication", FIELD_JSON, offsetof(struct policy_json, client)},
    {"default_sni", FIELD_TEXT, ROW(default_sni)},
    {"fallback_sni", FIELD_TEXT, ROW(fallback_sni)},
    {"insecure_secrets_log", FIELD_REFUSED, 0},
    {"handshake_context", FIELD_REFUSED, 0},
    {0},
};
#undef ROW

static struct dt_connection_policy lower_policy(struct lowering *lo, const json_t *policy)
{
    struct policy_json in = {0};
    const struct token *before = enter(lo, policy);
    read_object(lo, policy, "a connection policy", policy_fields, &in);
    struct dt_connection_policy row = in.row;
    row.origin = origin_here(lo);
    row.min_version = tls_version(lo, in.minimum, TLS_1_2);
    row.max_version = tls_version(lo, in.maximum, TLS_1_3);
    if (row.min_version > row.max_version)
        reject(lo, "the lowest TLS version is above the highest");
    row.has_selection = selected_certificates(lo, in.selection, &row.certificates);
    if (in.match)
        lower_policy_match(lo, in.match, &row);
    if (in.client)
        lower_client_auth(lo, in.client, &row);
    leave(lo, before);
    return row;
}

struct dt_range lower_connection_policies(struct lowering *lo, const json_t *policies,
                                          bool adds_empty)
{
    uint32_t n = (uint32_t)elements(lo, policies, "the connection policies");
    struct dt_range range = {reserve_connection_policies(lo, n + adds_empty), n + adds_empty};
    for (uint32_t i = 0; i < n; i++) {
        struct dt_connection_policy row = lower_policy(lo, json_array_get(policies, i));
        lo->connection_policies.at[range.first + i] = row;
    }
    if (adds_empty) {
        lo->connection_policies.at[range.first + n] = (struct dt_connection_policy){
            .min_version = TLS_1_2, .max_version = TLS_1_3, .origin = origin_here(lo)};
    }
    return range;
}
