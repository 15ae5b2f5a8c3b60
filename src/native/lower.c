/* The whole document: apps, logging, storage. What belongs to Caddy's own process is passed over,
 * everything else is lowered or reported. */
#include "native/lower.h"

#include "json/document.h"
#include "native/digest.h"
#include "native/lower_private.h"
#include "native/network.h"
#include "syntax/diag.h"

enum { DEFAULT_HTTP_PORT = 80, DEFAULT_HTTPS_PORT = 443 };

struct http_json {
    struct dt_application application;
    const json_t *servers, *metrics;
};

#define APPLICATION(member) offsetof(struct http_json, application.member)
static const struct field http_fields[] = {
    {"http_port", FIELD_PORT, APPLICATION(http_port)},
    {"https_port", FIELD_PORT, APPLICATION(https_port)},
    {"grace_period", FIELD_DURATION, APPLICATION(grace_period_ns)},
    {"shutdown_delay", FIELD_DURATION, APPLICATION(shutdown_delay_ns)},
    {"servers", FIELD_JSON, offsetof(struct http_json, servers)},
    {"metrics", FIELD_JSON, offsetof(struct http_json, metrics)},
    {0},
};
#undef APPLICATION

static const json_t *lower_http(struct lowering *lo, const json_t *http)
{
    struct http_json in = {0};
    const struct token *before = enter(lo, http);
    read_object(lo, http, "the http app", http_fields, &in);
    leave(lo, before);
    lo->application.grace_period_ns = in.application.grace_period_ns;
    lo->application.shutdown_delay_ns = in.application.shutdown_delay_ns;
    lo->application.http_port =
        in.application.http_port ? in.application.http_port : DEFAULT_HTTP_PORT;
    lo->application.https_port =
        in.application.https_port ? in.application.https_port : DEFAULT_HTTPS_PORT;
    lower_meter(lo, in.metrics, in.servers);
    return in.servers;
}

static void lower_storage(struct lowering *lo, const json_t *storage)
{
    struct storage_json {
        struct dt_text root;
    } in = {0};
    static const struct field fields[] = {
        {"module", FIELD_IGNORED, 0},
        {"root", FIELD_TEXT, offsetof(struct storage_json, root)},
        {0},
    };
    struct str module = member_str(storage, "module");
    if (!storage)
        return;
    if (str_is(module, "file_system"))
        read_object(lo, storage, "the storage", fields, &in);
    else
        refuse_at(lo, storage, "the proxy core cannot store certificates in '" STR_FMT "'",
                  STR_ARG(module));
    lo->application.storage = in.root;
}

/* Caddy's endpoint serves its whole configuration; ours, at a unix socket only, tells how the proxy
 * is. What is on a port (as Caddy's own default) is not opened: who reaches it could be anybody. */
static void lower_admin(struct lowering *lo, const json_t *admin)
{
    struct admin_json {
        uint8_t disabled;
        struct str listen;
    } in = {0};
    static const struct field fields[] = {
        {"disabled", FIELD_FLAG, offsetof(struct admin_json, disabled)},
        {"listen", FIELD_STR, offsetof(struct admin_json, listen)},
        {"enforce_origin", FIELD_IGNORED, 0}, /* against browsers, which reach no unix socket */
        {"origins", FIELD_IGNORED, 0},
        {"config", FIELD_IGNORED, 0}, /* the configuration is part of the program */
        {"identity", FIELD_IGNORED, 0},
        {"remote", FIELD_REFUSED, 0},
        {0},
    };
    struct network_address address;
    const char *problem;
    read_object(lo, admin, "the admin endpoint", fields, &in);
    if (in.disabled || in.listen.len == 0)
        return;
    if (!network_parse(lo->arena, in.listen, &address, &problem)) {
        reject(lo, "the admin endpoint's address '" STR_FMT "' %s", STR_ARG(in.listen), problem);
        return;
    }
    if (address.network != DT_NETWORK_UNIX)
        return;
    lo->application.admin = intern(lo, address.host);
    lo->application.admin_mode = address.unix_mode;
}

static void lower_document(struct lowering *lo, const json_t *root)
{
    struct root_json {
        const json_t *admin, *logging, *storage, *apps;
    } in = {0};
    static const struct field fields[] = {
        {"admin", FIELD_JSON, offsetof(struct root_json, admin)},
        {"logging", FIELD_JSON, offsetof(struct root_json, logging)},
        {"storage", FIELD_JSON, offsetof(struct root_json, storage)},
        {"apps", FIELD_JSON, offsetof(struct root_json, apps)},
        {0},
    };
    struct apps_json {
        const json_t *http, *tls, *pki;
    } apps = {0};
    static const struct field app_fields[] = {
        {"http", FIELD_JSON, offsetof(struct apps_json, http)},
        {"tls", FIELD_JSON, offsetof(struct apps_json, tls)},
        {"pki", FIELD_JSON, offsetof(struct apps_json, pki)},
        {0},
    };
    const struct token *before = enter(lo, root);
    find_mapped_names(lo, root);
    read_object(lo, root, "the configuration", fields, &in);
    read_object(lo, in.apps, "the apps", app_fields, &apps);
    lower_admin(lo, in.admin);
    lower_logs(lo, in.logging);
    lower_storage(lo, in.storage);
    lower_pki(lo, apps.pki);
    const json_t *servers = lower_http(lo, apps.http);
    lower_tls_app(lo, apps.tls);
    lower_servers(lo, servers);
    finish_meter(lo);
    leave(lo, before);
}

static struct dt_build build_of(struct lowering *lo, const json_t *root)
{
    struct strbuf json = strbuf_in(lo->arena);
    document_write(root, false, &json);
    char digest[DIGEST_HEX_SIZE];
    digest_sha256(strbuf_str(&json), digest);
    return (struct dt_build){
        .source = intern(lo, lo->options->source_name),
        .digest = intern(lo, str_from(digest)),
        .version = intern(lo, STR(DIALTONE_VERSION)),
    };
}

bool lower(struct arena *arena, struct diags *diags, const struct document *document,
           const struct lower_options *options, struct dt_tables *out)
{
    struct lowering *lo = arena_new(arena, struct lowering);
    lo->arena = arena;
    lo->diags = diags;
    lo->document = document;
    lo->options = options;
    builder_init(lo);
    lower_document(lo, document->root);
    if (lo->n_errors)
        return false;
    struct dt_build build = build_of(lo, document->root);
    *out = builder_finish(lo);
    out->build = build;
    return true;
}
