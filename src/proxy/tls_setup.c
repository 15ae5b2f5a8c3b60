/* TLS from the tables: connection policies, tickets, the client side of each transport; reading
 * certificates again, and renewing those that the core makes itself. */

#include "proxy/tls_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proxy/environment.h"
#include "proxy/log.h"
#include "proxy/tls_state.h"

static void log_complaint(struct core *core, const char *what, const char *why)
{
    const struct log_pair fields[] = {
        {STR("subject"), LOG_TEXT_OF(str_from(what))},
        {STR("error"), LOG_TEXT_OF(str_from(why))},
    };
    log_line(core, NULL, DT_LOG_ERROR, STR("tls"), STR("what was there before stays"), fields,
             sizeof(fields) / sizeof(fields[0]));
}

bool tls_complain(struct core *core, uint32_t origin, const char *what, const char *why)
{
    const struct dt_tables *tables = core->tables;
    if (core->tls && core->tls->is_serving) {
        log_complaint(core, what, why);
    } else if (origin < tables->n_origins) {
        const struct dt_origin *place = &tables->origins[origin];
        fprintf(stderr, "%s: %s:%u: %s: %s\n", core->name, dt_chars(tables, place->file),
                place->line, what, why);
    } else {
        fprintf(stderr, "%s: %s: %s\n", core->name, what, why);
    }
    return false;
}

/* --- names of the tables, and OpenSSL's --- */

struct name_pair {
    struct str go;
    const char *openssl;
};

static const struct name_pair curve_names[] = {
    {STR_INIT("x25519mlkem768"), "X25519MLKEM768"},
    {STR_INIT("x25519"), "X25519"},
    {STR_INIT("secp256r1"), "P-256"},
    {STR_INIT("secp384r1"), "P-384"},
    {STR_INIT("secp521r1"), "P-521"},
};

/* In Go's order of preference. */
static const struct name_pair cipher_names[] = {
    {STR_INIT("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {STR_INIT("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "ECDHE-RSA-AES128-GCM-SHA256"},
    {STR_INIT("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"), "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {STR_INIT("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"), "ECDHE-RSA-AES256-GCM-SHA384"},
    {STR_INIT("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"), "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {STR_INIT("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"), "ECDHE-RSA-CHACHA20-POLY1305"},
    {STR_INIT("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"), "ECDHE-ECDSA-AES128-SHA"},
    {STR_INIT("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"), "ECDHE-RSA-AES128-SHA"},
    {STR_INIT("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"), "ECDHE-ECDSA-AES256-SHA"},
    {STR_INIT("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"), "ECDHE-RSA-AES256-SHA"},
};

static bool has_text(const struct core *core, struct dt_range texts, struct str text)
{
    for (uint32_t i = 0; i < texts.n; i++)
        if (str_eq(table_text(core->tables, core->tables->texts[texts.first + i]), text))
            return true;
    return false;
}

/* A colon-separated list in OpenSSL's names, in the order of the rows whatever the configuration's
 * is (as Go's); NULL where nothing is listed. */
static const char *name_list(const struct core *core, struct arena *arena, struct dt_range listed,
                             const struct name_pair *pairs, size_t n)
{
    struct strbuf out = strbuf_in(arena);
    for (size_t i = 0; i < n; i++) {
        if (!has_text(core, listed, pairs[i].go))
            continue;
        if (out.len > 0)
            strbuf_add_char(&out, ':');
        strbuf_puts(&out, pairs[i].openssl);
    }
    return out.len ? strbuf_cstr(&out) : NULL;
}

static const char *ciphers_of(struct core *core, struct dt_range listed)
{
    return name_list(core, core->arena, listed, cipher_names,
                     sizeof(cipher_names) / sizeof(cipher_names[0]));
}

/* What the library does not know is left out of the list. */
static const char *groups_of(const struct core *core, struct arena *arena, struct dt_range listed)
{
    struct name_pair known[sizeof(curve_names) / sizeof(curve_names[0])];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(curve_names) / sizeof(curve_names[0]); i++)
        if (tls_knows_group(curve_names[i].openssl))
            known[n++] = curve_names[i];
    return name_list(core, arena, listed, known, n);
}

/* What is listed, or what the server's protocols allow; HTTP/2 is only spoken where they do. */
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
        if (strcmp(name, "h3") != 0 && (has_h2 || strcmp(name, "h2") != 0))
            names[n++] = name;
    }
    if (n)
        return names;
    return has_h2 ? all : only_h1;
}

/* --- authorities --- */

/* A common name with {pki.ca.name} and {time.now.year} in it. */
static const char *common_name(const struct core *core, struct arena *arena, struct str name,
                               struct str template)
{
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    struct str year = str_printf(arena, "%d", tm.tm_year + 1900);
    template = str_replace(arena, template, STR("{pki.ca.name}"), name);
    template = str_replace(arena, template, STR("{time.now.year}"), year);
    template = str_replace(arena, template, STR("{system.hostname}"), core->hostname);
    return str_dup(arena, template).ptr;
}

static struct local_ca *open_authority(struct core *core, uint32_t row, char error[TLS_ERROR_BYTES])
{
    const struct dt_tables *tables = core->tables;
    const struct dt_authority *authority = &tables->authorities[row];
    struct arena arena = ARENA_INIT;
    struct str id = table_text(tables, authority->id), name = table_text(tables, authority->name);
    struct str root = table_text(tables, authority->root_common_name);
    struct str intermediate = table_text(tables, authority->intermediate_common_name);
    if (!name.len)
        name = str_printf(&arena, "dialtone " STR_FMT " authority", STR_ARG(id));
    struct local_ca_config config = {
        .directory = arena_printf(&arena, STR_FMT "/pki/authorities/" STR_FMT,
                                  STR_ARG(core->data_directory), STR_ARG(id)),
        .root_name = common_name(core, &arena, name,
                                 root.len ? root : STR("{pki.ca.name} - {time.now.year} ECC Root")),
        .intermediate_name =
            common_name(core, &arena, name,
                        intermediate.len ? intermediate : STR("{pki.ca.name} - ECC Intermediate")),
        .intermediate_lifetime_ns = authority->intermediate_lifetime_ns,
        .renewal_permille = authority->renewal_permille,
    };
    if (authority->root_certificate.len)
        config.root_certificate = tls_path(core, &arena, authority->root_certificate);
    if (authority->root_key.len)
        config.root_key = tls_path(core, &arena, authority->root_key);
    if (authority->intermediate_certificate.len) {
        config.intermediate_certificate =
            tls_path(core, &arena, authority->intermediate_certificate);
        config.intermediate_key = tls_path(core, &arena, authority->intermediate_key);
    }
    struct local_ca *ca = local_ca_open(&config, error);
    arena_free(&arena);
    return ca;
}

struct local_ca *tls_authority(struct core *core, uint32_t row, char error[TLS_ERROR_BYTES])
{
    struct local_ca **ca = &core->tls->authorities[row];
    if (!*ca)
        *ca = open_authority(core, row, error);
    return *ca;
}

/* --- servers --- */

static bool make_policy(struct core *core, const struct dt_server *server, uint32_t row)
{
    static const enum tls_client_auth client_auths[] = {
        [DT_CLIENT_AUTH_NONE] = TLS_CLIENT_AUTH_NONE,
        [DT_CLIENT_AUTH_REQUEST] = TLS_CLIENT_AUTH_REQUEST,
        [DT_CLIENT_AUTH_REQUIRE] = TLS_CLIENT_AUTH_REQUIRE,
        [DT_CLIENT_AUTH_VERIFY_IF_GIVEN] = TLS_CLIENT_AUTH_VERIFY_IF_GIVEN,
        [DT_CLIENT_AUTH_REQUIRE_AND_VERIFY] = TLS_CLIENT_AUTH_REQUIRE_AND_VERIFY,
    };
    const struct dt_connection_policy *policy = &core->tables->connection_policies[row];
    struct tls_policy *out = &core->tls->policies[row];
    *out = (struct tls_policy){
        .alpn = alpn_of(core, server, policy->alpn),
        .min_version = policy->min_version,
        .max_version = policy->max_version,
        .ciphers = ciphers_of(core, policy->cipher_suites),
        .groups = groups_of(core, core->arena, policy->curves),
        .client_auth = client_auths[policy->client_auth],
        .secrets_fd = -1,
    };
    if (policy->secrets_log.len == 0)
        return true;
    const char *path = tls_path(core, core->arena, policy->secrets_log);
    out->secrets_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return out->secrets_fd >= 0 || tls_complain(core, policy->origin, path, strerror(errno));
}

static bool make_server(struct core *core, uint32_t row)
{
    const struct dt_server *server = &core->tables->servers[row];
    struct dt_range policies = server->connection_policies;
    if (policies.n == 0)
        return true;
    struct server_tls *tls = arena_new(core->arena, struct server_tls);
    *tls = (struct server_tls){core, server};
    for (uint32_t i = 0; i < policies.n; i++)
        if (!make_policy(core, server, policies.first + i))
            return false;
    struct tls_server_config config = {
        .choose = tls_choose, .ctx = tls, .tickets = core->tls->tickets};
    core->server_tls[row] = tls_server_new(&config);
    return core->server_tls[row] != NULL ||
           tls_complain(core, server->origin, "TLS", "cannot be set up");
}

/* --- upstreams --- */

static bool needs_client(const struct core *core, const struct dt_transport *transport)
{
    /* TLS may be spoken to a proxy on the way */
    return transport->is_tls || transport->forward_proxy != DT_NONE ||
           environment_uses_tls(core->environment);
}

/* NULL after saying what is wrong; <arena>: of paths. */
static struct tls_client *client_of(struct core *core, struct arena *arena, uint32_t row)
{
    static const char *const both[] = {"h2", "http/1.1", NULL};
    static const char *const only_h2[] = {"h2", NULL};
    const struct dt_transport *transport = &core->tables->transports[row];
    char error[TLS_ERROR_BYTES] = "";
    struct tls_client_config config = {
        .alpn = !(transport->versions & DT_PROTOCOL_H2) ? both + 1
                : transport->versions & DT_PROTOCOL_H1  ? both
                                                        : only_h2,
        .groups = groups_of(core, arena, transport->curves),
        .insecure_skip_verify = transport->skips_verify,
    };
    if (transport->trust_pool != DT_NONE) {
        config.trust =
            tls_pool(core, transport->trust_pool, (struct dt_range){0}, transport->origin);
        if (!config.trust)
            return NULL;
    }
    if (transport->client_certificate.len > 0) {
        config.identity = tls_identity_load(tls_path(core, arena, transport->client_certificate),
                                            tls_path(core, arena, transport->client_key), error);
        if (!config.identity) {
            tls_trust_unref(config.trust);
            tls_complain(core, transport->origin, "client certificate", error);
            return NULL;
        }
    }
    struct tls_client *client = tls_client_new(&config, error);
    tls_identity_unref(config.identity); /* the client's context has its parts */
    tls_trust_unref(config.trust);
    if (!client)
        tls_complain(core, transport->origin, "TLS", error);
    return client;
}

static bool make_client(struct core *core, uint32_t row)
{
    if (!needs_client(core, &core->tables->transports[row]))
        return true;
    core->transport_tls[row] = client_of(core, core->arena, row);
    return core->transport_tls[row] != NULL;
}

/* New ones of all rows, NULL where plain; NULL after saying what is wrong. */
static struct tls_client **fresh_clients(struct core *core, struct arena *arena)
{
    uint32_t n = core->tables->n_transports;
    struct tls_client **fresh = arena_array(arena, struct tls_client *, n + 1);
    bool is_fine = true;
    for (uint32_t i = 0; is_fine && i < n; i++) {
        if (!core->transport_tls[i])
            continue;
        fresh[i] = client_of(core, arena, i);
        is_fine = fresh[i] != NULL;
    }
    for (uint32_t i = 0; !is_fine && i < n; i++)
        tls_client_free(fresh[i]);
    return is_fine ? fresh : NULL;
}

/* --- the whole --- */

bool tls_setup(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    const struct dt_application *application = &tables->application;
    struct tls_state *state = arena_new(core->arena, struct tls_state);
    bool is_fine;
    core->tls = state;
    pthread_rwlock_init(&state->lock, NULL);
    state->authorities = arena_array(core->arena, struct local_ca *, tables->n_authorities + 1);
    state->policies =
        arena_array(core->arena, struct tls_policy, tables->n_connection_policies + 1);
    for (uint32_t i = 0; i < tables->n_connection_policies; i++)
        state->policies[i].secrets_fd = -1;
    if (application->max_ticket_keys > 0)
        state->tickets =
            tls_tickets_new(application->max_ticket_keys, application->ticket_rotation_ns);
    handover_take_tickets(core, state->tickets);
    core->server_tls = arena_array(core->arena, struct tls_server *, tables->n_servers);
    core->transport_tls = arena_array(core->arena, struct tls_client *, tables->n_transports);
    state->set = tls_set_load(core, NULL, false);
    is_fine = state->set != NULL;
    for (uint32_t i = 0; i < tables->n_servers; i++)
        is_fine &= make_server(core, i);
    for (uint32_t i = 0; i < tables->n_transports; i++)
        is_fine &= make_client(core, i);
    state->is_serving = is_fine;
    return is_fine;
}

static bool replace_set(struct tls_state *state, struct tls_set *fresh)
{
    struct tls_set *before = state->set;
    if (!fresh)
        return false;
    pthread_rwlock_wrlock(&state->lock);
    state->set = fresh;
    pthread_rwlock_unlock(&state->lock);
    tls_set_free(before);
    return true;
}

bool tls_reload(struct core *core)
{
    struct tls_state *state = core->tls;
    uint32_t n = core->tables->n_authorities;
    struct arena arena = ARENA_INIT;
    struct local_ca **before = arena_array(&arena, struct local_ca *, n + 1);
    /* their files may be others now */
    for (uint32_t i = 0; i < n; i++) {
        before[i] = state->authorities[i];
        state->authorities[i] = NULL;
    }
    struct tls_client **clients = fresh_clients(core, &arena);
    bool is_replaced = clients && replace_set(state, tls_set_load(core, state->set, false));
    for (uint32_t i = 0; clients && i < core->tables->n_transports; i++) {
        if (clients[i] && is_replaced)
            tls_client_take(core->transport_tls[i], clients[i]);
        else
            tls_client_free(clients[i]);
    }
    for (uint32_t i = 0; i < n; i++) {
        local_ca_free(is_replaced ? before[i] : state->authorities[i]);
        if (!is_replaced)
            state->authorities[i] = before[i];
    }
    arena_free(&arena);
    return is_replaced;
}

/* --- what the core makes itself --- */

static int64_t earlier(int64_t due, int64_t other)
{
    return other && (!due || other < due) ? other : due;
}

static int64_t next_due(const struct core *core)
{
    int64_t due = tls_set_due(core->tls->set);
    for (uint32_t i = 0; i < core->tables->n_authorities; i++)
        if (core->tls->authorities[i])
            due = earlier(due, local_ca_due(core->tls->authorities[i]));
    return due;
}

int64_t tls_maintain(struct core *core)
{
    enum { RETRY_SECONDS = 60, LONGEST_SECONDS = 3600 };
    struct tls_state *state = core->tls;
    int64_t now = (int64_t)time(NULL), due = next_due(core);
    char error[TLS_ERROR_BYTES];
    if (!due || now < due)
        return due && due - now < LONGEST_SECONDS ? due - now : LONGEST_SECONDS;
    for (uint32_t i = 0; i < core->tables->n_authorities; i++) {
        struct local_ca *ca = state->authorities[i];
        if (ca && !local_ca_maintain(ca, error))
            tls_complain(core, core->tables->authorities[i].origin, "certificate authority", error);
    }
    if (!replace_set(state, tls_set_load(core, state->set, true)))
        return RETRY_SECONDS;
    due = next_due(core);
    return due && due > now ? due - now : 1;
}

void tls_teardown(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    struct tls_state *state = core->tls;
    for (uint32_t i = 0; i < tables->n_servers; i++)
        if (core->server_tls[i])
            tls_server_free(core->server_tls[i]);
    for (uint32_t i = 0; i < tables->n_transports; i++)
        if (core->transport_tls[i])
            tls_client_free(core->transport_tls[i]);
    for (uint32_t i = 0; i < tables->n_connection_policies; i++)
        if (state->policies[i].secrets_fd >= 0)
            close(state->policies[i].secrets_fd);
    tls_set_free(state->set);
    for (uint32_t i = 0; i < tables->n_authorities; i++)
        local_ca_free(state->authorities[i]);
    tls_tickets_free(state->tickets);
    pthread_rwlock_destroy(&state->lock);
}
