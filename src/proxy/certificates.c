/* The tables' wishes for certificates, given to the keeper; what it says, and who asks back. */
#include "proxy/certificates.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "acme/keeper.h"
#include "base/parse.h"
#include "dialtone/proxy.h"
#include "http/server.h"
#include "proxy/forward.h"
#include "proxy/log.h"
#include "proxy/tls_state.h"

#define ALPN "acme-tls/1"

static const struct str tokens = STR_INIT("/.well-known/acme-challenge/");

static const struct dt_acme_engine *engine;

void dt_proxy_use_acme(const struct dt_acme_engine *chosen)
{
    engine = chosen;
}

struct certificates {
    struct acme_challenges challenges;
    struct acme_plan plan;
    struct acme_keeper *keeper; /* NULL: not begun; the main thread's */
    _Atomic bool is_kept;       /* workers may look into <plan> */
    struct core *core;
};

static void say(void *ctx, enum acme_level level, const char *message, struct str subject,
                struct str authority, struct str error)
{
    static const enum dt_log_level levels[] = {
        [ACME_INFO] = DT_LOG_INFO, [ACME_WARN] = DT_LOG_WARN, [ACME_ERROR] = DT_LOG_ERROR};
    struct certificates *certificates = ctx;
    const struct log_pair fields[] = {
        {STR("identifier"), LOG_TEXT_OF(subject)},
        {STR("issuer"), LOG_TEXT_OF(authority)},
        {STR("error"), LOG_TEXT_OF(error)},
    };
    log_line(certificates->core, NULL, levels[level], STR("tls.obtain"), str_from(message), fields,
             error.len > 0 ? 3 : 2);
}

/* The main thread reads certificates again, as after any SIGHUP. */
static void changed(void *ctx)
{
    (void)ctx;
    kill(getpid(), SIGHUP);
}

/* Through the proxy that the environment names, if it does. */
static bool way(void *ctx, struct str host, uint16_t port, struct arena *arena,
                struct https_way *out, struct str *problem)
{
    const struct certificates *certificates = ctx;
    return forward_way(certificates->core, host, port, arena, out, problem);
}

/* --- the plan --- */

static const struct acme_authority *authorities_of(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    struct acme_authority *all =
        arena_array(core->arena, struct acme_authority, tables->n_acme_issuers);
    for (uint32_t i = 0; i < tables->n_acme_issuers; i++) {
        const struct dt_acme_issuer *row = &tables->acme_issuers[i];
        struct str *roots = arena_array(core->arena, struct str, row->ca_files.n + 1);
        for (uint32_t k = 0; k < row->ca_files.n; k++)
            roots[k] =
                str_from(tls_path(core, core->arena, tables->texts[row->ca_files.first + k]));
        all[i] = (struct acme_authority){
            .directory = table_text(tables, row->directory),
            .email = table_text(tables, row->email),
            .eab_key_id = table_text(tables, row->eab_key_id),
            .eab_mac_key = table_text(tables, row->eab_mac_key),
            .roots = roots,
            .n_roots = row->ca_files.n,
            .profile = table_text(tables, row->profile),
            .shares_no_challenges = row->shares_no_challenges,
        };
    }
    return all;
}

/* Whether authorities find a listener where they look for one. */
static bool has_listener(const struct dt_tables *tables, uint16_t port, bool is_tls)
{
    for (uint32_t i = 0; i < tables->n_listeners; i++)
        if (tables->listeners[i].port == port && tables->listeners[i].is_tls == is_tls)
            return true;
    return false;
}

static struct acme_subject subject_of(struct core *core, const struct dt_certificate *row)
{
    const struct dt_tables *tables = core->tables;
    bool by_http = has_listener(tables, tables->application.http_port, false);
    bool by_alpn = has_listener(tables, tables->application.https_port, true);
    for (uint32_t i = 0; i < row->issuers.n; i++) {
        const struct dt_acme_issuer *issuer =
            &tables->acme_issuers[tables->numbers[row->issuers.first + i].value];
        by_http &= !issuer->has_no_http;
        by_alpn &= !issuer->has_no_tls_alpn;
    }
    return (struct acme_subject){
        .wish = {.subject = table_text(tables, row->subject),
                 .key_type = table_text(tables, row->key_type),
                 .must_staple = row->must_staple,
                 .by_http = by_http,
                 .by_alpn = by_alpn},
        .authorities = &tables->numbers[row->issuers.first].value,
        .n_authorities = row->issuers.n,
        .renewal_ratio = row->renewal_permille / 1000.0,
    };
}

bool certificates_setup(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    if (tables->n_acme_issuers == 0)
        return true;
    struct certificates *certificates = arena_new(core->arena, struct certificates);
    acme_challenges_init(&certificates->challenges);
    certificates->core = core;
    core->certificates = certificates;
    return true;
}

void certificates_begin(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    struct certificates *certificates = core->certificates;
    if (!certificates || !engine)
        return;
    struct acme_subject *subjects =
        arena_array(core->arena, struct acme_subject, tables->n_certificates);
    size_t n = 0;
    for (uint32_t i = 0; i < tables->n_certificates; i++)
        if (tables->certificates[i].kind == DT_CERTIFICATE_ACME && tls_wants_certificate(core, i))
            subjects[n++] = subject_of(core, &tables->certificates[i]);
    certificates->plan = (struct acme_plan){
        .storage = core->data_directory,
        .authorities = authorities_of(core),
        .n_authorities = tables->n_acme_issuers,
        .subjects = subjects,
        .n_subjects = n,
        .challenges = &certificates->challenges,
        .way = way,
        .log = say,
        .changed = changed,
        .ctx = certificates,
    };
    if (n > 0)
        certificates->keeper = engine->start(&certificates->plan);
    atomic_store(&certificates->is_kept, certificates->keeper != NULL);
    if (n > 0 && !certificates->keeper)
        say(certificates, ACME_ERROR, "no certificate can be got", STR(""), STR(""),
            STR("there is no thread for it"));
}

void certificates_end(struct core *core)
{
    if (!core->certificates)
        return;
    if (core->certificates->keeper)
        engine->stop(core->certificates->keeper);
    acme_challenges_free(&core->certificates->challenges);
    core->certificates = NULL;
}

/* --- authorities that ask back --- */

/* Whether a certificate of this name or address is ordered here. */
static bool is_ours(const struct certificates *certificates, struct str name)
{
    for (size_t i = 0; i < certificates->plan.n_subjects; i++)
        if (str_eq_nocase(certificates->plan.subjects[i].wish.subject, name))
            return true;
    return false;
}

/* An address that a handshake asks for is a name below arpa (RFC 8738 6). */
static bool is_reverse_name(struct str name)
{
    return str_has_suffix(name, STR(".in-addr.arpa")) || str_has_suffix(name, STR(".ip6.arpa"));
}

static struct str name_of_host(struct str host)
{
    struct str name, port;
    if (split_host_port(host, &name, &port) == PARSE_OK)
        return name;
    return str_trim_suffix(str_trim_prefix(host, STR("[")), STR("]"));
}

/* Files are read only for what an authority could ask of this machine. */
static bool find_token(struct certificates *certificates, struct http_request *request,
                       struct str token, struct str *answer)
{
    if (acme_challenges_are_open(&certificates->challenges) &&
        acme_challenges_find(&certificates->challenges, ACME_HTTP, token, request->arena, answer))
        return true;
    struct str name = name_of_host(request->host);
    return atomic_load(&certificates->is_kept) && token.len > 0 && is_ours(certificates, name) &&
           engine->elsewhere(&certificates->plan, &name, &token, request->arena, answer);
}

bool certificates_answer(struct core *core, struct http_request *request)
{
    struct certificates *certificates = core->certificates;
    struct str token, answer;
    if (!str_has_prefix(request->path, tokens) || !str_is(request->method, "GET"))
        return false;
    token = str_slice(request->path, tokens.len, request->path.len);
    if (!find_token(certificates, request, token, &answer))
        return false;
    struct http_head head = {.status = 200, .headers = {.arena = request->arena}};
    headers_add(&head.headers, HEADER_CONTENT_TYPE, STR("text/plain"));
    http_reply(request, &head, answer);
    return true;
}

bool certificates_choose(struct core *core, const struct tls_hello *hello,
                         struct tls_choice *choice)
{
    static const char *const protocols[] = {ALPN, NULL};
    static const struct tls_policy policy = {.alpn = protocols, .secrets_fd = -1};
    struct certificates *certificates = core->certificates;
    struct str name = hello->server_name;
    struct arena arena = ARENA_INIT;
    struct str pem;
    char error[TLS_ERROR_BYTES];
    if (!certificates || hello->alpn_len != sizeof(ALPN) || hello->alpn[0] != sizeof(ALPN) - 1 ||
        memcmp(hello->alpn + 1, ALPN, sizeof(ALPN) - 1) != 0)
        return false;
    bool is_asked =
        (acme_challenges_are_open(&certificates->challenges) &&
         acme_challenges_find(&certificates->challenges, ACME_ALPN, name, &arena, &pem)) ||
        (atomic_load(&certificates->is_kept) &&
         (is_ours(certificates, name) || is_reverse_name(name)) &&
         engine->elsewhere(&certificates->plan, &name, NULL, &arena, &pem));
    if (is_asked)
        *choice = (struct tls_choice){.policy = &policy,
                                      .identity = tls_identity_parse(pem, pem, "challenge", error)};
    arena_free(&arena);
    return is_asked;
}
