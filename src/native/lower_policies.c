/* Connection policies: which handshakes they are for, what they offer, whom they trust. */
#include "native/features.h"
#include "native/lower_private.h"
#include "syntax/placeholder.h"

enum { TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

/* ---- the choice of a certificate ---- */

static void lower_selection(struct lowering *lo, const json_t *selection,
                            struct dt_connection_policy *row)
{
    struct selection_json {
        struct dt_connection_policy row;
        struct str algorithm;
    } in = {0};
#define ROW(member) offsetof(struct selection_json, row.member)
    static const struct field fields[] = {
        {"any_tag", FIELD_TEXTS, ROW(any_tags)},
        {"all_tags", FIELD_TEXTS, ROW(all_tags)},
        {"serial_number", FIELD_TEXTS, ROW(serial_numbers)},
        {"subject_organization", FIELD_TEXTS, ROW(organizations)},
        {"public_key_algorithm", FIELD_STR, offsetof(struct selection_json, algorithm)},
        {0},
    };
#undef ROW
    static const char *const algorithms[] = {
        [DT_KEY_RSA] = "rsa", [DT_KEY_DSA] = "dsa", [DT_KEY_ECDSA] = "ecdsa"};
    const struct token *before = enter(lo, selection);
    read_object(lo, selection, "a certificate selection", fields, &in);
    row->has_selection = 1;
    row->any_tags = in.row.any_tags;
    row->all_tags = in.row.all_tags;
    row->serial_numbers = in.row.serial_numbers;
    row->organizations = in.row.organizations;
    struct str algorithm = str_lower(lo->arena, in.algorithm);
    for (uint8_t i = DT_KEY_RSA; i <= DT_KEY_ECDSA; i++) {
        if (str_is(algorithm, algorithms[i]))
            row->key_algorithm = i;
    }
    if (algorithm.len && !row->key_algorithm)
        reject(lo, "'" STR_FMT "' is no algorithm of a key: rsa, dsa or ecdsa", STR_ARG(algorithm));
    leave(lo, before);
}

/* ---- trust ---- */

static void append_texts(struct lowering *lo, struct dt_range *range, struct dt_range more)
{
    if (range->n == 0 || more.n == 0) {
        *range = more.n ? more : *range;
        return;
    }
    struct dt_range both = {reserve_texts(lo, range->n + more.n), range->n + more.n};
    for (uint32_t i = 0; i < both.n; i++)
        lo->texts.at[both.first + i] =
            lo->texts.at[i < range->n ? range->first + i : more.first + i - range->n];
    *range = both;
}

static void append_authorities(struct lowering *lo, struct dt_range *range, struct dt_range ids)
{
    VEC(uint32_t) rows = {0};
    for (uint32_t i = 0; i < range->n; i++)
        vec_push(lo->arena, &rows, lo->numbers.at[range->first + i].value);
    for (uint32_t i = 0; i < ids.n; i++) {
        struct str id = str_dup(lo->arena, text_of(lo, lo->texts.at[ids.first + i]));
        uint32_t row = authority_of(lo, id);
        if (row != DT_NONE)
            vec_push(lo->arena, &rows, row);
    }
    *range = numbers_of(lo, rows.at, rows.n);
}

struct pool_json {
    struct dt_range certificates, files, keys, authorities;
    const json_t *sources;
};

static const struct field pool_fields[] = {
    {"provider", FIELD_IGNORED, 0},
    {"trusted_ca_certs", FIELD_TEXTS, offsetof(struct pool_json, certificates)},
    {"pem_files", FIELD_TEXTS, offsetof(struct pool_json, files)},
    {"pem_keys", FIELD_TEXTS, offsetof(struct pool_json, keys)},
    {"storage", FIELD_REFUSED, 0},
    {"authority", FIELD_TEXTS, offsetof(struct pool_json, authorities)},
    {"sources", FIELD_JSON, offsetof(struct pool_json, sources)},
    {0},
};

enum { MAX_POOL_DEPTH = 32 };

static void read_pool(struct lowering *lo, const json_t *pool, unsigned depth,
                      struct dt_trust_pool *row)
{
    struct str provider = member_str(pool, "provider");
    struct pool_json in = {0};
    const struct token *before = enter(lo, pool);
    if (str_is(provider, "http")) {
        refuse(lo, "the proxy core asks nobody for CA certificates: save them to a file");
    } else if (str_is(provider, "system")) {
        row->uses_system = 1;
    } else if (depth == MAX_POOL_DEPTH) {
        refuse(lo, "pools of CA certificates are in each other too deeply");
    } else {
        read_object(lo, pool, "a pool of CA certificates", pool_fields, &in);
        append_texts(lo, &row->certificates, in.certificates);
        append_texts(lo, &row->files, in.files);
        append_texts(lo, &row->stored, in.keys);
        if (str_is(provider, "pki_root"))
            append_authorities(lo, &row->roots, in.authorities);
        else if (str_is(provider, "pki_intermediate"))
            append_authorities(lo, &row->intermediates, in.authorities);
        else if (!str_is(provider, "file") && !str_is(provider, "inline") &&
                 !str_is(provider, "storage") && !str_is(provider, "combined"))
            refuse(lo, "the proxy core cannot take CA certificates from '" STR_FMT "'",
                   STR_ARG(provider));
        for (size_t i = 0; i < elements(lo, in.sources, "the sources"); i++) {
            const json_t *source = json_array_get(in.sources, i);
            if (str_is(member_str(source, "provider"), "system"))
                reject_at(lo, source, "the system's certificates cannot be combined with others");
            else
                read_pool(lo, source, depth + 1, row);
        }
    }
    leave(lo, before);
}

uint32_t lower_trust_pool(struct lowering *lo, const json_t *pool)
{
    struct dt_trust_pool row = {0};
    read_pool(lo, pool, 0, &row);
    return push_trust_pools(lo, row);
}

/* ---- client certificates ---- */

static void read_leaf_loader(struct lowering *lo, const json_t *loader,
                             struct dt_leaf_verifier *row)
{
    struct loader_json {
        struct dt_range files, folders, certificates;
    } in = {0};
    static const struct field fields[] = {
        {"loader", FIELD_IGNORED, 0},
        {"files", FIELD_TEXTS, offsetof(struct loader_json, files)},
        {"folders", FIELD_TEXTS, offsetof(struct loader_json, folders)},
        {"certificates", FIELD_TEXTS, offsetof(struct loader_json, certificates)},
        {"storage", FIELD_REFUSED, 0},
        {0},
    };
    struct str kind = member_str(loader, "loader");
    const struct token *before = enter(lo, loader);
    read_object(lo, loader, "a loader of leaf certificates", fields, &in);
    append_texts(lo, &row->files, in.files);
    append_texts(lo, &row->folders, in.folders);
    if (str_is(kind, "pem"))
        append_texts(lo, &row->pems, in.certificates);
    else if (str_is(kind, "storage"))
        append_texts(lo, &row->stored, in.certificates);
    else if (!str_is(kind, "file") && !str_is(kind, "folder"))
        refuse(lo, "the proxy core cannot load leaf certificates by '" STR_FMT "'", STR_ARG(kind));
    leave(lo, before);
}

static struct dt_leaf_verifier read_verifier(struct lowering *lo, const json_t *verifier)
{
    struct verifier_json {
        struct str kind;
        const json_t *loaders;
    } in = {0};
    static const struct field fields[] = {
        {"verifier", FIELD_STR, offsetof(struct verifier_json, kind)},
        {"leaf_certs_loaders", FIELD_JSON, offsetof(struct verifier_json, loaders)},
        {0},
    };
    struct dt_leaf_verifier row = {0};
    const struct token *before = enter(lo, verifier);
    struct str kind = member_str(verifier, "verifier");
    if (str_is(kind, "leaf")) {
        read_object(lo, verifier, "a verifier of client certificates", fields, &in);
        for (size_t i = 0; i < elements(lo, in.loaders, "the loaders"); i++)
            read_leaf_loader(lo, json_array_get(in.loaders, i), &row);
    } else {
        refuse(lo, "the proxy core cannot verify client certificates by '" STR_FMT "'",
               STR_ARG(kind));
    }
    leave(lo, before);
    return row;
}

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
    {"verifiers", FIELD_JSON, offsetof(struct client_json, verifiers)},
    {"mode", FIELD_STR, offsetof(struct client_json, mode)},
    {0},
};

static void lower_client_pool(struct lowering *lo, const struct client_json *in,
                              struct dt_connection_policy *row)
{
    bool has_certificates = in->certificates.n || in->files.n;
    if (in->ca && has_certificates) {
        reject_at(lo, in->ca, "CA certificates are given in two ways");
    } else if (in->ca) {
        row->client_pool = lower_trust_pool(lo, in->ca);
    } else if (has_certificates) {
        struct dt_trust_pool pool = {.certificates = in->certificates, .files = in->files};
        row->client_pool = push_trust_pools(lo, pool);
    }
}

static void lower_verifiers(struct lowering *lo, const struct client_json *in,
                            struct dt_connection_policy *row)
{
    uint32_t n = (uint32_t)elements(lo, in->verifiers, "the verifiers");
    uint32_t n_all = n + (in->leafs.n > 0);
    row->client_leafs = (struct dt_range){reserve_leaf_verifiers(lo, n_all), n_all};
    for (uint32_t i = 0; i < n; i++) {
        struct dt_leaf_verifier verifier = read_verifier(lo, json_array_get(in->verifiers, i));
        lo->leaf_verifiers.at[row->client_leafs.first + i] = verifier;
    }
    if (in->leafs.n)
        lo->leaf_verifiers.at[row->client_leafs.first + n].certificates = in->leafs;
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
    if (in->certificates.n || in->files.n || in->leafs.n || in->ca)
        return DT_CLIENT_AUTH_REQUIRE_AND_VERIFY;
    /* an empty block asks for nothing */
    return json_array_size(in->verifiers) ? DT_CLIENT_AUTH_REQUIRE : DT_CLIENT_AUTH_NONE;
}

static void lower_client_auth(struct lowering *lo, const json_t *client,
                              struct dt_connection_policy *row)
{
    struct client_json in = {0};
    const struct token *before = enter(lo, client);
    need(lo, FEATURE_CLIENT_AUTH, NULL, NULL);
    read_object(lo, client, "client authentication", client_fields, &in);
    row->client_auth = client_mode(lo, &in);
    lower_client_pool(lo, &in, row);
    lower_verifiers(lo, &in, row);
    leave(lo, before);
}

/* ---- handshakes ---- */

static uint32_t lower_sni_regexp(struct lowering *lo, const json_t *value)
{
    struct regexp_json {
        struct str name, pattern;
    } in = {0};
    static const struct field fields[] = {
        {"name", FIELD_STR, offsetof(struct regexp_json, name)},
        {"pattern", FIELD_STR, offsetof(struct regexp_json, pattern)},
        {0},
    };
    read_object(lo, value, "a regular expression", fields, &in);
    if (has_placeholder(in.pattern)) {
        refuse_at(lo, value,
                  "the proxy core cannot expand placeholders in an expression for server names");
        return DT_NONE;
    }
    return regexp_of(lo, value, in.pattern, in.name);
}

static void check_sni(struct lowering *lo, const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        if (has_placeholder(json_str(json_array_get(names, i))))
            refuse_at(lo, json_array_get(names, i),
                      "the proxy core cannot expand placeholders in a server name of TLS");
    }
}

static void lower_policy_match(struct lowering *lo, const json_t *match,
                               struct dt_connection_policy *row)
{
    struct match_json {
        const json_t *sni, *regexp, *remote, *local;
    } in = {0};
    static const struct field fields[] = {
        {"sni", FIELD_JSON, offsetof(struct match_json, sni)},
        {"sni_regexp", FIELD_JSON, offsetof(struct match_json, regexp)},
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
    check_sni(lo, in.sni);
    row->sni = lower_host_patterns(lo, in.sni, &n_exact);
    if (in.regexp)
        row->sni_regexp = lower_sni_regexp(lo, in.regexp);
    row->remote_ranges = lower_known_ranges(lo, remote.ranges, "the addresses of handshakes");
    row->remote_not_ranges =
        lower_known_ranges(lo, remote.not_ranges, "the addresses of handshakes");
    row->local_ranges = lower_known_ranges(lo, local.ranges, "the addresses of handshakes");
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
    {"insecure_secrets_log", FIELD_TEXT, ROW(secrets_log)},
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
    row.sni_regexp = row.client_pool = DT_NONE;
    if (in.selection)
        lower_selection(lo, in.selection, &row);
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
        lo->connection_policies.at[range.first + n] =
            (struct dt_connection_policy){.min_version = TLS_1_2,
                                          .max_version = TLS_1_3,
                                          .sni_regexp = DT_NONE,
                                          .client_pool = DT_NONE,
                                          .origin = origin_here(lo)};
    }
    return range;
}
