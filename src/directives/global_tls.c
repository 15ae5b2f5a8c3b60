/* The global options of certificates, keys and TLS. */
#include "directives/global_private.h"
#include "directives/module_spaces.h"
#include "directives/tls_issuers.h"
#include "directives/vocabulary_private.h"

static bool option_clean_interval(struct scope *scope, struct cursor *in, const struct option *row,
                                  json_t *globals, void *state)
{
    (void)state;
    int64_t duration;
    if (!global_one_token(in, row))
        return false;
    const struct token *token = cursor_token(in);
    if (token_is(token, "off"))
        return global_keep(scope, globals, row, document_bool(false), token);
    return read_duration(in, &duration) &&
           global_keep(scope, globals, row, document_integer(scope->document, duration, token),
                       token);
}

static const struct option eab_options[] = {
    {.name = "key_id",
     .doc = "the account's id",
     .arguments = "<id>",
     .key = "key_id",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string},
    {.name = "mac_key",
     .doc = "the account's key",
     .arguments = "<key>",
     .key = "mac_key",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string,
     .since = "2.2"},
    {0},
};

static bool option_eab(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *globals, void *state)
{
    const struct token *name = cursor_token(in);
    json_t *eab = document_object(scope->document, name);
    if (cursor_next_arg(in))
        return take_arity_error(in, row);
    if (!options_parse(scope, in, row->block, eab, state))
        return false;
    for (const struct option *part = eab_options; part->name; part++)
        if (!json_object_get(eab, part->key)) /* both always show */
            document_set(scope->document, eab, part->key, document_text(scope->document, "", name));
    return global_keep(scope, globals, row, eab, name);
}

static bool option_cert_issuer(struct scope *scope, struct cursor *in, const struct option *row,
                               json_t *globals, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (!cursor_next(in))
        return take_arity_error(in, row);
    json_t *issuer = tls_issuer_take(scope, in);
    if (issuer)
        document_add(scope->document, document_array_at(scope->document, globals, row->name, name),
                     issuer);
    return issuer != NULL;
}

static bool permission_http(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)state;
    if (cursor_count_remaining(in) != 1)
        return take_arity_error(in, row);
    cursor_next_arg(in);
    document_set(scope->document, object, row->key,
                 document_string(scope->document, cursor_val(in), cursor_token(in)));
    return true;
}

static const struct option permissions[] = {
    {.name = "http",
     .doc = "ask an HTTP server",
     .arguments = "<url>",
     .key = "endpoint",
     .min_args = 1,
     .max_args = 1,
     .parse = permission_http,
     .since = "2.8"},
    {0},
};

const struct module_space permission_space = {
    .name = "tls.permission",
    .key = "module",
    .doc = "who decides which names may have a certificate",
    .modules = permissions,
};

static bool on_demand_permission(struct scope *scope, struct cursor *in, const struct option *row,
                                 json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    if (json_object_get(object, "permission"))
        return cursor_error(in, DIAG_DUPLICATE, "who permits certificates is said twice");
    json_t *permission;
    if (token_is(name, "ask")) {
        permission = document_object(scope->document, name);
        document_set(scope->document, permission, "module",
                     document_text(scope->document, "http", name));
        document_set(scope->document, permission, "endpoint",
                     document_string(scope->document, cursor_val(in), cursor_token(in)));
    } else {
        permission = module_take(scope, in, &permission_space);
        if (!permission)
            return false;
    }
    document_set(scope->document, object, "permission",
                 document_sorted(scope->document, permission));
    return true;
}

static const struct option on_demand_options[] = {
    {.name = "ask",
     .doc = "a URL that answers 200 for names that may have a certificate",
     .arguments = "<url>",
     .key = "permission",
     .min_args = 1,
     .max_args = 1,
     .parse = on_demand_permission,
     .flags = OPTION_ONCE_FILLED},
    {.name = "permission",
     .doc = "who decides which names may have a certificate",
     .arguments = "<module> ...",
     .key = "permission",
     .min_args = 1,
     .max_args = -1,
     .space = &permission_space,
     .parse = on_demand_permission,
     .flags = OPTION_ONCE_FILLED,
     .since = "2.8"},
    {.name = "interval",
     .doc = "removed from Caddy",
     .arguments = "<duration>",
     .min_args = 1,
     .max_args = 1,
     .flags = OPTION_REFUSED},
    {.name = "burst",
     .doc = "removed from Caddy",
     .arguments = "<count>",
     .min_args = 1,
     .max_args = 1,
     .flags = OPTION_REFUSED},
    {0},
};

static bool option_on_demand(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *globals, void *state)
{
    const struct token *name = cursor_token(in);
    json_t *on_demand = document_object(scope->document, name);
    if (cursor_next_arg(in))
        return cursor_arg_error(in, NULL);
    if (!options_parse(scope, in, row->block, on_demand, state))
        return false;
    if (document_is_empty(on_demand))
        return cursor_error(in, DIAG_WRONG_ARGUMENTS, "on_demand_tls says nothing");
    return global_keep(scope, globals, row, on_demand, name);
}

static bool option_ocsp_stapling(struct scope *scope, struct cursor *in, const struct option *row,
                                 json_t *globals, void *state)
{
    (void)state;
    if (cursor_count_remaining(in) != 1)
        return take_arity_error(in, row);
    cursor_next_arg(in);
    const struct token *token = cursor_token(in);
    if (!token_is(token, "off"))
        return cursor_error(in, DIAG_BAD_VALUE, "ocsp_stapling can only be 'off'");
    return global_keep(scope, globals, row, document_string(scope->document, token->text, token),
                       token);
}

static bool option_preferred_chains(struct scope *scope, struct cursor *in,
                                    const struct option *row, json_t *globals, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    return global_keep(scope, globals, row, tls_preferred_chains_take(scope, in), name);
}

/* acme_dns alone stands for the provider of `dns`: a null that is present. */
static bool option_dns(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *globals, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (cursor_next(in)) {
        json_t *provider = tls_dns_provider_take(scope, in);
        /* where the provider is the mistake, that there is none is not another */
        global_keep(scope, globals, row, provider ? provider : document_bool(true), name);
        return provider != NULL;
    }
    if (!token_is(name, "acme_dns"))
        return take_arity_error(in, row);
    return global_keep(scope, globals, row, document_null(), name);
}

static bool option_resolvers(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *globals, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    return global_keep(scope, globals, row, strings_from(scope, words), name);
}

static bool ech_dns(struct scope *scope, struct cursor *in, const struct option *row,
                    json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (!cursor_next(in))
        return take_arity_error(in, row);
    json_t *provider = tls_dns_provider_take(scope, in);
    if (!provider)
        return false;
    json_t *publication = document_object(scope->document, name);
    json_t *names = document_array_at(scope->document, publication, "configs", name);
    size_t i;
    json_t *config;
    json_array_foreach(json_object_get(object, "configs"), i, config)
        document_add(scope->document, names, json_object_get(config, "public_name"));
    json_t *publishers = document_object_at(scope->document, publication, "publishers", name);
    document_set(scope->document, document_object_at(scope->document, publishers, "dns", name),
                 "provider", provider);
    document_add(scope->document, document_array_at(scope->document, object, "publication", name),
                 publication);
    return true;
}

static const struct option ech_options[] = {
    {.name = "dns",
     .doc = "publish the configuration by DNS, through this provider",
     .arguments = "<provider> ...",
     .makes = "tls.ech.publishers.dns",
     .json = "publication[].publishers.dns.provider",
     .min_args = 1,
     .max_args = -1,
     .space = &dns_provider_space,
     .parse = ech_dns,
     .flags = OPTION_ADDS},
    {0},
};

static bool option_ech(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *globals, void *state)
{
    struct document *document = scope->document;
    const struct token *name = cursor_token(in);
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    json_t *ech = document_object(document, name);
    json_t *configs = document_array_at(document, ech, "configs", name);
    for (size_t i = 0; i < words.n; i++) {
        json_t *config = document_object(document, words.at[i]);
        document_set(document, config, "public_name",
                     document_string(document, words.at[i]->text, words.at[i]));
        document_add(document, configs, config);
    }
    return options_parse(scope, in, row->block, ech, state) &&
           global_keep(scope, globals, row, ech, name);
}

static bool option_renewal_ratio(struct scope *scope, struct cursor *in, const struct option *row,
                                 json_t *globals, void *state)
{
    (void)state;
    double ratio;
    if (!cursor_next(in))
        return take_arity_error(in, row);
    const struct token *token = cursor_token(in);
    if (!read_float(in, &ratio))
        return false;
    if (!(ratio > 0 && ratio < 1))
        return cursor_error(in, DIAG_BAD_VALUE, "the ratio lies between 0 and 1, both excluded");
    if (cursor_next(in))
        return take_arity_error(in, row);
    return global_keep(scope, globals, row, document_real(scope->document, ratio, token), token);
}

static bool option_automate_names(struct scope *scope, struct cursor *in, const struct option *row,
                                  json_t *globals, void *state)
{
    (void)state;
    return take_more_strings(scope, in, row, globals, NULL);
}

const struct option global_tls_options[] = {
    {.name = "email",
     .doc = "the e-mail address of ACME accounts",
     .arguments = "<email>",
     .key = "email",
     .json = "$.apps.tls.automation.policies[].issuers[].email",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = global_take_string},
    {.name = "local_certs",
     .doc = "issue all certificates from an authority of this server",
     .key = "local_certs",
     .json = "$.apps.tls.automation.policies[].issuers[].module",
     .type = VALUE_TRUE,
     .parse = global_take_true,
     .flags = OPTION_LOOSE},
    {.name = "skip_install_trust",
     .doc = "do not put the root of local authorities where the system trusts it",
     .key = "skip_install_trust",
     .json = "$.apps.pki.certificate_authorities.*.install_trust",
     .type = VALUE_TRUE,
     .parse = global_take_true,
     .flags = OPTION_LOOSE,
     .since = "2.4.2"},
    {.name = "acme_ca",
     .doc = "the directory of the ACME server",
     .arguments = "<url>",
     .key = "acme_ca",
     .json = "$.apps.tls.automation.policies[].issuers[].ca",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = global_take_string},
    {.name = "acme_ca_root",
     .doc = "a PEM file with a root that vouches for the ACME server",
     .arguments = "<file>",
     .key = "acme_ca_root",
     .json = "$.apps.tls.automation.policies[].issuers[].trusted_roots_pem_files",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = global_take_string},
    {.name = "acme_dns",
     .doc = "prove control by DNS, through this provider",
     .arguments = "[<provider> ...]",
     .key = "acme_dns",
     .json = "$.apps.tls.automation.policies[].issuers[].challenges.dns.provider",
     .max_args = -1,
     .space = &dns_provider_space,
     .parse = option_dns},
    {.name = "acme_eab",
     .doc = "the external account that ACME accounts are bound to",
     .key = "acme_eab",
     .json = "$.apps.tls.automation.policies[].issuers[].external_account",
     .block = eab_options,
     .parse = option_eab,
     .since = "2.1"},
    {.name = "cert_issuer",
     .doc = "who issues certificates; several are tried in turn",
     .arguments = "<issuer> ...",
     .key = "cert_issuer",
     .json = "$.apps.tls.automation.policies[].issuers[]",
     .min_args = 1,
     .max_args = -1,
     .space = &issuer_space,
     .parse = option_cert_issuer,
     .flags = OPTION_ADDS,
     .since = "2.2"},
    {.name = "cert_lifetime",
     .doc = "how long certificates shall be valid",
     .arguments = "<duration>",
     .key = "cert_lifetime",
     .json = "$.apps.tls.automation.policies[].issuers[].certificate_lifetime",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = global_take_duration,
     .flags = OPTION_LOOSE,
     .since = "2.8"},
    {.name = "preferred_chains",
     .doc = "which of several certificate chains to take",
     .arguments = "[smallest]",
     .key = "preferred_chains",
     .json = "$.apps.tls.automation.policies[].issuers[].preferred_chains",
     .max_args = 1,
     .values = "smallest",
     .block = tls_preferred_chains_options,
     .needs = "root_common_name|any_common_name",
     .parse = option_preferred_chains,
     .flags = OPTION_WORDS_SUFFICE,
     .since = "2.4.2"},
    {.name = "key_type",
     .doc = "the kind of keys to make",
     .arguments = "ed25519|p256|p384|rsa2048|rsa4096",
     .key = "key_type",
     .json = "$.apps.tls.automation.policies[].key_type",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = global_take_string,
     .flags = OPTION_OPEN_WORDS},
    {.name = "renewal_window_ratio",
     .doc = "the part of a certificate's lifetime that is left when it is renewed",
     .arguments = "<ratio>",
     .key = "renewal_window_ratio",
     .json = "$.apps.tls.automation.policies[].renewal_window_ratio",
     .type = VALUE_FLOAT,
     .min_args = 1,
     .max_args = 1,
     .parse = option_renewal_ratio,
     .since = "2.11"},
    {.name = "on_demand_tls",
     .doc = "who permits certificates that are made when first asked for",
     .key = "on_demand_tls",
     .json = "$.apps.tls.automation.on_demand",
     .block = on_demand_options,
     .needs = "ask|permission",
     .parse = option_on_demand},
    {.name = "tls_automate_names",
     .doc = "names to keep certificates for without a site",
     .arguments = "<name...>",
     .key = "tls_automate_names",
     .json = "$.apps.tls.certificates.automate",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = option_automate_names,
     .flags = OPTION_ADDS,
     .since = "2.11"},
    {.name = "default_sni",
     .doc = "the name to assume where a client sends none",
     .arguments = "<name>",
     .key = "default_sni",
     .json = "$.apps.http.servers.*.tls_connection_policies[].default_sni",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = global_take_string},
    {.name = "fallback_sni",
     .doc = "the name to assume where no certificate fits",
     .arguments = "<name>",
     .key = "fallback_sni",
     .json = "$.apps.http.servers.*.tls_connection_policies[].fallback_sni",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = global_take_string,
     .since = "2.7"},
    {.name = "ocsp_stapling",
     .doc = "whether OCSP responses are sent along",
     .arguments = "off",
     .key = "ocsp_stapling",
     .json = "$.apps.tls.automation.policies[].disable_ocsp_stapling",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .values = "off",
     .parse = option_ocsp_stapling,
     .since = "2.4"},
    {.name = "ocsp_interval",
     .doc = "how often to look for OCSP responses to renew",
     .arguments = "<duration>",
     .key = "ocsp_interval",
     .json = "$.apps.tls.automation.ocsp_interval",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = global_take_duration,
     .flags = OPTION_LOOSE,
     .since = "2.6"},
    {.name = "renew_interval",
     .doc = "how often to look for certificates to renew",
     .arguments = "<duration>",
     .key = "renew_interval",
     .json = "$.apps.tls.automation.renew_interval",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = global_take_duration,
     .flags = OPTION_LOOSE,
     .since = "2.5"},
    {.name = "storage_check",
     .doc = "whether the storage is tried out at the start",
     .arguments = "off",
     .key = "storage_check",
     .json = "$.apps.tls.disable_storage_check",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .values = "off",
     .parse = global_take_off,
     .since = "2.9"},
    {.name = "storage_clean_interval",
     .doc = "how often to clear the storage of what is expired",
     .arguments = "<duration>|off",
     .key = "storage_clean_interval",
     .json = "$.apps.tls.automation.storage_clean_interval",
     .min_args = 1,
     .max_args = 1,
     .parse = option_clean_interval,
     .since = "2.4"},
    {.name = "dns",
     .doc = "the DNS provider for everything that needs one",
     .arguments = "<provider> ...",
     .key = "dns",
     .json = "$.apps.tls.dns",
     .min_args = 1,
     .max_args = -1,
     .space = &dns_provider_space,
     .parse = option_dns,
     .since = "2.10"},
    {.name = "tls_resolvers",
     .doc = "the DNS servers for challenges",
     .arguments = "<server...>",
     .key = "tls_resolvers",
     .json = "$.apps.tls.resolvers",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = option_resolvers,
     .since = "2.11.2"},
    {.name = "ech",
     .doc = "hide server names: Encrypted ClientHello under these public names",
     .arguments = "<public_name...>",
     .key = "ech",
     .json = "$.apps.tls.encrypted_client_hello",
     .min_args = 1,
     .max_args = -1,
     .block = ech_options,
     .parse = option_ech,
     .since = "2.10"},
    {0},
};
