/* TLS from the tables: identities, connection policies with their choice by the ClientHello, and
 * the client side of each transport. */

#include "proxy/tls_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "net/stream.h"
#include "net/tls.h"
#include "proxy/log.h"
#include "proxy/match.h"

/* One server's policies. */
struct server_tls {
    struct core *core;
    const struct dt_server *server;
    struct tls_policy *policies; /* by place in the server's connection_policies */
};

struct authority {
    struct authority *next;
    struct str id;
    struct local_ca *ca;
};

/* What has to be released; one process has one core. */
struct tls_state {
    struct authority *authorities;
    struct tls_identity **retired; /* owned; replaced ones that a handshake may still use */
    size_t n_retired;
};

static bool complain(const struct core *core, uint32_t origin, const char *what, const char *why)
{
    const struct dt_tables *tables = core->tables;
    if (origin < tables->n_origins) {
        const struct dt_origin *place = &tables->origins[origin];
        fprintf(stderr, "%s: %s:%u: %s: %s\n", core->name, dt_chars(tables, place->file),
                place->line, what, why);
    } else {
        fprintf(stderr, "%s: %s: %s\n", core->name, what, why);
    }
    return false;
}

/* --- names of the tables, and OpenSSL's --- */

static const struct {
    struct str go;
    const char *openssl;
} curve_names[] = {
    {STR_INIT("x25519mlkem768"), "X25519MLKEM768"},
    {STR_INIT("x25519"), "X25519"},
    {STR_INIT("secp256r1"), "P-256"},
    {STR_INIT("secp384r1"), "P-384"},
    {STR_INIT("secp521r1"), "P-521"},
};

static const struct {
    struct str go;
    const char *openssl;
} cipher_names[] = {
    {STR_INIT("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"), "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {STR_INIT("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"), "ECDHE-RSA-AES256-GCM-SHA384"},
    {STR_INIT("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {STR_INIT("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "ECDHE-RSA-AES128-GCM-SHA256"},
    {STR_INIT("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"), "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {STR_INIT("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"), "ECDHE-RSA-CHACHA20-POLY1305"},
    {STR_INIT("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"), "ECDHE-RSA-AES256-SHA"},
    {STR_INIT("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"), "ECDHE-RSA-AES128-SHA"},
    {STR_INIT("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"), "ECDHE-ECDSA-AES256-SHA"},
    {STR_INIT("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"), "ECDHE-ECDSA-AES128-SHA"},
};

static const char *curve_of(struct str go)
{
    for (size_t i = 0; i < sizeof(curve_names) / sizeof(curve_names[0]); i++)
        if (str_eq(curve_names[i].go, go))
            return curve_names[i].openssl;
    return NULL;
}

static const char *cipher_of(struct str go)
{
    for (size_t i = 0; i < sizeof(cipher_names) / sizeof(cipher_names[0]); i++)
        if (str_eq(cipher_names[i].go, go))
            return cipher_names[i].openssl;
    return NULL;
}

/* A colon-separated list in OpenSSL's names; NULL for an empty range. */
static const char *name_list(struct core *core, struct dt_range range,
                             const char *(*name_of)(struct str go))
{
    struct strbuf out = strbuf_in(core->arena);
    for (uint32_t i = 0; i < range.n; i++) {
        const char *name = name_of(table_text(core->tables, core->tables->texts[range.first + i]));
        if (!name)
            continue;
        if (out.len > 0)
            strbuf_add_char(&out, ':');
        strbuf_puts(&out, name);
    }
    return out.len ? strbuf_cstr(&out) : NULL;
}

/* What this core speaks of what is listed, or of what the server's protocols allow. */
static const char *const *alpn_of(struct core *core, const struct dt_server *server,
                                  struct dt_range listed)
{
    static const char *const all[] = {"h2", "http/1.1", NULL};
    static const char *const only_h1[] = {"http/1.1", NULL};
    bool has_h2 = server->protocols & DT_PROTOCOL_H2;
    const char **names = arena_array(core->arena, const char *, listed.n + 1);
    size_t n = 0;
    for (uint32_t i = 0; i < listed.n; i++) {
        const char *name = dt_chars(core->tables, core->tables->texts[listed.first + i]);
        if (strcmp(name, "http/1.1") == 0 || strcmp(name, "http/1.0") == 0 ||
            (has_h2 && strcmp(name, "h2") == 0))
            names[n++] = name;
    }
    if (n)
        return names;
    return has_h2 ? all : only_h1;
}

static struct tls_trust *trust_of(struct core *core, struct dt_range files,
                                  struct dt_range inline_certificates, char *error)
{
    const struct dt_tables *tables = core->tables;
    if (files.n > 0) {
        const char **paths = arena_array(core->arena, const char *, files.n);
        for (uint32_t i = 0; i < files.n; i++)
            paths[i] = dt_chars(tables, tables->texts[files.first + i]);
        return tls_trust_files(paths, files.n, error);
    }
    struct str *ders = arena_array(core->arena, struct str, inline_certificates.n);
    for (uint32_t i = 0; i < inline_certificates.n; i++)
        ders[i] = table_text(tables, tables->texts[inline_certificates.first + i]);
    return tls_trust_inline(ders, inline_certificates.n, error);
}

/* --- identities --- */

static struct local_ca *authority_for(struct core *core, struct str id, char *error)
{
    struct authority *authority = core->tls->authorities;
    for (; authority; authority = authority->next)
        if (str_eq(authority->id, id))
            return authority->ca;
    char *directory = arena_printf(core->arena, STR_FMT "/pki/authorities/" STR_FMT,
                                   STR_ARG(core->data_directory), STR_ARG(id));
    char *name = arena_printf(core->arena, "dialtone " STR_FMT " authority", STR_ARG(id));
    struct local_ca *ca = local_ca_open(directory, name, error);
    if (!ca)
        return NULL;
    authority = arena_new(core->arena, struct authority);
    *authority = (struct authority){core->tls->authorities, id, ca};
    core->tls->authorities = authority;
    return ca;
}

static struct tls_identity *load_identity(struct core *core, const struct dt_certificate *row,
                                          char error[TLS_ERROR_BYTES])
{
    const struct dt_tables *tables = core->tables;
    switch ((enum dt_certificate_kind)row->kind) {
    case DT_CERTIFICATE_FILES:
        return tls_identity_load(dt_chars(tables, row->certificate), dt_chars(tables, row->key),
                                 error);
    case DT_CERTIFICATE_INTERNAL: {
        struct str subject = table_text(tables, row->subject);
        struct str id = row->authority.len ? table_text(tables, row->authority) : STR("local");
        struct local_ca *ca = authority_for(core, id, error);
        return ca ? tls_identity_issue(ca, &subject, 1, row->lifetime_ns) : NULL;
    }
    case DT_CERTIFICATE_PEM:
        snprintf(error, TLS_ERROR_BYTES, "certificates inside the configuration are not supported");
        return NULL;
    case DT_CERTIFICATE_NONE:
        break;
    }
    snprintf(error, TLS_ERROR_BYTES, "unknown kind of certificate");
    return NULL;
}

static const char *certificate_name(const struct dt_tables *tables,
                                    const struct dt_certificate *row)
{
    return dt_chars(tables, row->subject.len ? row->subject : row->certificate);
}

static bool load_identities(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    bool is_fine = true;
    core->identities =
        arena_alloc(core->arena, sizeof(core->identities[0]) * (tables->n_certificates + 1));
    for (uint32_t i = 0; i < tables->n_certificates; i++) {
        char error[TLS_ERROR_BYTES] = "";
        struct tls_identity *identity = load_identity(core, &tables->certificates[i], error);
        atomic_init(&core->identities[i], identity);
        if (!identity)
            is_fine = complain(core, tables->certificates[i].origin,
                               certificate_name(tables, &tables->certificates[i]), error);
    }
    return is_fine;
}

void tls_reload(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    for (uint32_t i = 0; i < tables->n_certificates; i++) {
        char error[TLS_ERROR_BYTES] = "";
        if (tables->certificates[i].kind != DT_CERTIFICATE_FILES)
            continue;
        struct tls_identity *fresh = load_identity(core, &tables->certificates[i], error);
        if (!fresh) {
            complain(core, tables->certificates[i].origin,
                     certificate_name(tables, &tables->certificates[i]), error);
            continue;
        }
        struct tls_state *state = core->tls;
        struct tls_identity **retired =
            realloc(state->retired, (state->n_retired + 1) * sizeof(*retired));
        if (!retired) {
            tls_identity_free(fresh);
            return;
        }
        state->retired = retired;
        retired[state->n_retired++] = atomic_exchange(&core->identities[i], fresh);
    }
}

/* --- the choice for a handshake --- */

static bool name_fits(struct str pattern, struct str name)
{
    struct str want, rest_of_pattern, got, rest_of_name;
    if (str_eq_nocase(pattern, name))
        return true;
    return str_cut(pattern, STR("."), &want, &rest_of_pattern) && str_eq(want, STR("*")) &&
           str_cut(name, STR("."), &got, &rest_of_name) && got.len > 0 &&
           str_eq_nocase(rest_of_pattern, rest_of_name);
}

static bool sni_fits(const struct dt_tables *tables, struct dt_range patterns, struct str name)
{
    for (uint32_t i = 0; i < patterns.n; i++) {
        struct dt_text text = tables->host_patterns[patterns.first + i].text;
        if (name_fits(table_text(tables, text), name))
            return true;
    }
    return patterns.n == 0;
}

static struct address local_address(const struct tls_hello *hello)
{
    return http_connection_local(http_connection_of(hello->stream));
}

static bool policy_fits(const struct dt_tables *tables, const struct dt_connection_policy *policy,
                        const struct tls_hello *hello)
{
    struct str no_zone = {0};
    if (!sni_fits(tables, policy->sni, hello->server_name))
        return false;
    if (policy->remote_ranges.n > 0 &&
        !match_address(tables, policy->remote_ranges, hello->peer, no_zone))
        return false;
    if (policy->remote_not_ranges.n > 0 &&
        match_address(tables, policy->remote_not_ranges, hello->peer, no_zone))
        return false;
    if (policy->local_ranges.n == 0)
        return true;
    struct address local = local_address(hello);
    return match_address(tables, policy->local_ranges, &local, no_zone);
}

static struct tls_identity *identity_for(struct core *core,
                                         const struct dt_connection_policy *policy, struct str name)
{
    const struct dt_tables *tables = core->tables;
    uint32_t n = policy->has_selection ? policy->certificates.n : tables->n_certificates;
    for (uint32_t i = 0; i < n && name.len > 0; i++) {
        uint32_t row =
            policy->has_selection ? tables->numbers[policy->certificates.first + i].value : i;
        const struct dt_certificate *certificate = &tables->certificates[row];
        struct tls_identity *identity = atomic_load(&core->identities[row]);
        bool covers = certificate->kind == DT_CERTIFICATE_INTERNAL
                          ? name_fits(table_text(tables, certificate->subject), name)
                          : tls_identity_covers(identity, name);
        if (covers)
            return identity;
    }
    return NULL;
}

static struct tls_choice choose(const struct tls_hello *hello, void *ctx)
{
    struct server_tls *tls = ctx;
    const struct dt_tables *tables = tls->core->tables;
    for (uint32_t i = 0; i < tls->server->connection_policies.n; i++) {
        const struct dt_connection_policy *row =
            &tables->connection_policies[tls->server->connection_policies.first + i];
        if (!policy_fits(tables, row, hello))
            continue;
        struct tls_choice choice = {.policy = &tls->policies[i]};
        struct str name = hello->server_name;
        char text[ADDRESS_TEXT_BYTES];
        if (row->drops)
            return (struct tls_choice){0};
        if (name.len == 0 && row->default_sni.len > 0) {
            name = table_text(tables, row->default_sni);
        } else if (name.len == 0) {
            struct address local = local_address(hello);
            name = str_make(text, address_host(&local, false, text));
        }
        choice.identity = identity_for(tls->core, row, name);
        if (!choice.identity)
            choice.identity = identity_for(tls->core, row, table_text(tables, row->fallback_sni));
        return choice;
    }
    return (struct tls_choice){0};
}

static bool make_policy(struct core *core, const struct dt_server *server,
                        const struct dt_connection_policy *row, struct tls_policy *policy)
{
    static const enum tls_client_auth client_auths[] = {
        [DT_CLIENT_AUTH_NONE] = TLS_CLIENT_AUTH_NONE,
        [DT_CLIENT_AUTH_REQUEST] = TLS_CLIENT_AUTH_REQUEST,
        [DT_CLIENT_AUTH_REQUIRE] = TLS_CLIENT_AUTH_REQUIRE,
        [DT_CLIENT_AUTH_VERIFY_IF_GIVEN] = TLS_CLIENT_AUTH_VERIFY_IF_GIVEN,
        [DT_CLIENT_AUTH_REQUIRE_AND_VERIFY] = TLS_CLIENT_AUTH_REQUIRE_AND_VERIFY,
    };
    char error[TLS_ERROR_BYTES] = "";
    *policy = (struct tls_policy){
        .alpn = alpn_of(core, server, row->alpn),
        .min_version = row->min_version,
        .max_version = row->max_version,
        .ciphers = name_list(core, row->cipher_suites, cipher_of),
        .groups = name_list(core, row->curves, curve_of),
        .client_auth = client_auths[row->client_auth],
    };
    if (row->client_leafs.n > 0)
        return complain(core, row->origin, "client_auth",
                        "trusted leaf certificates are not supported");
    if (row->client_auth < DT_CLIENT_AUTH_VERIFY_IF_GIVEN)
        return true;
    policy->client_trust = trust_of(core, row->client_ca_files, row->client_ca_certificates, error);
    return policy->client_trust || complain(core, row->origin, "client_auth", error);
}

static bool make_server(struct core *core, uint32_t row)
{
    const struct dt_tables *tables = core->tables;
    const struct dt_server *server = &tables->servers[row];
    uint32_t n = server->connection_policies.n;
    if (n == 0)
        return true;
    struct server_tls *tls = arena_new(core->arena, struct server_tls);
    *tls = (struct server_tls){core, server, arena_array(core->arena, struct tls_policy, n)};
    for (uint32_t i = 0; i < n; i++)
        if (!make_policy(core, server,
                         &tables->connection_policies[server->connection_policies.first + i],
                         &tls->policies[i]))
            return false;
    struct tls_server_config config = {.choose = choose, .ctx = tls};
    core->server_tls[row] = tls_server_new(&config);
    return core->server_tls[row] != NULL ||
           complain(core, server->origin, "TLS", "cannot be set up");
}

/* --- upstreams --- */

static bool make_client(struct core *core, uint32_t row)
{
    static const char *const both[] = {"h2", "http/1.1", NULL};
    static const char *const only_h2[] = {"h2", NULL};
    const struct dt_tables *tables = core->tables;
    const struct dt_transport *transport = &tables->transports[row];
    char error[TLS_ERROR_BYTES] = "";
    struct tls_client_config config = {
        .alpn = !(transport->versions & DT_PROTOCOL_H2)  ? both + 1
                : transport->versions & DT_PROTOCOL_H1 ? both
                                                       : only_h2,
        .groups = name_list(core, transport->curves, curve_of),
        .insecure_skip_verify = transport->skips_verify,
    };
    if (!transport->is_tls && transport->forward_proxy == DT_NONE)
        return true; /* TLS may be spoken to a proxy on the way */
    if (transport->has_roots) {
        config.trust = trust_of(core, transport->ca_files, transport->ca_certificates, error);
        if (!config.trust)
            return complain(core, transport->origin, "trusted certificates", error);
    }
    if (transport->client_certificate.len > 0) {
        config.identity = tls_identity_load(dt_chars(tables, transport->client_certificate),
                                            dt_chars(tables, transport->client_key), error);
        if (!config.identity)
            return complain(core, transport->origin, "client certificate", error);
    }
    core->transport_tls[row] = tls_client_new(&config, error);
    return core->transport_tls[row] || complain(core, transport->origin, "TLS", error);
}

bool tls_setup(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    bool is_fine;
    core->tls = arena_new(core->arena, struct tls_state);
    core->server_tls = arena_array(core->arena, struct tls_server *, tables->n_servers);
    core->transport_tls = arena_array(core->arena, struct tls_client *, tables->n_transports);
    is_fine = load_identities(core);
    for (uint32_t i = 0; i < tables->n_servers; i++)
        is_fine &= make_server(core, i);
    for (uint32_t i = 0; i < tables->n_transports; i++)
        is_fine &= make_client(core, i);
    return is_fine;
}

void tls_teardown(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    for (uint32_t i = 0; i < tables->n_servers; i++)
        if (core->server_tls[i])
            tls_server_free(core->server_tls[i]);
    for (uint32_t i = 0; i < tables->n_transports; i++)
        if (core->transport_tls[i])
            tls_client_free(core->transport_tls[i]);
    for (uint32_t i = 0; i < tables->n_certificates; i++)
        if (atomic_load(&core->identities[i]))
            tls_identity_free(atomic_load(&core->identities[i]));
    for (size_t i = 0; i < core->tls->n_retired; i++)
        tls_identity_free(core->tls->retired[i]);
    free(core->tls->retired);
    for (struct authority *a = core->tls->authorities; a; a = a->next)
        local_ca_free(a->ca);
}
