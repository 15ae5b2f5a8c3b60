/* The options of the tls directive's block. */
#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/tls_client_auth.h"
#include "directives/tls_issuers.h"
#include "directives/tls_private.h"

json_t *tls_new_issuer(struct scope *scope, const char *module, const struct token *origin)
{
    json_t *issuer = document_object(scope->document, origin);
    document_set(scope->document, issuer, "module", document_text(scope->document, module, origin));
    return issuer;
}

json_t *tls_implied_acme(struct scope *scope, struct tls *tls, const struct token *origin)
{
    if (!tls->acme)
        tls->acme = tls_new_issuer(scope, "acme", origin);
    return tls->acme;
}

static bool protocol(struct scope *scope, struct cursor *in, json_t *policy, const char *key,
                     const struct token *word)
{
    static const char *const known[] = {"tls1.2", "tls1.3", NULL};
    if (!word_is_known(word, known))
        return word_refuse(in, word, known, "TLS versions");
    document_set(scope->document, policy, key, document_string(scope->document, word->text, word));
    return true;
}

static bool option_protocols(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *policy, void *state)
{
    (void)state;
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    return protocol(scope, in, policy, "protocol_min", words.at[0]) &&
           (words.n < 2 || protocol(scope, in, policy, "protocol_max", words.at[1]));
}

/* Names out of a fixed list, appended to the policy. */
static bool known_names(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *policy, const char *const *known)
{
    const struct token *name = cursor_token(in);
    while (cursor_next_arg(in)) {
        const struct token *word = cursor_token(in);
        if (!word_is_known(word, known))
            return word_refuse(in, word, known, row->name);
        document_add(scope->document, document_array_at(scope->document, policy, row->key, name),
                     document_string(scope->document, word->text, word));
    }
    return true;
}

static bool option_ciphers(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *policy, void *state)
{
    (void)state;
    static const char *const known[] = {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        NULL,
    };
    return known_names(scope, in, row, policy, known);
}

static bool option_curves(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *policy, void *state)
{
    (void)state;
    static const char *const known[] = {"x25519mlkem768", "x25519",    "secp256r1",
                                        "secp384r1",      "secp521r1", NULL};
    return known_names(scope, in, row, policy, known);
}

static bool option_client_auth(struct scope *scope, struct cursor *in, const struct option *row,
                               json_t *policy, void *state)
{
    (void)state;
    json_t *client_auth = tls_client_auth_take(scope, in);
    document_set(scope->document, policy, row->key, client_auth);
    return client_auth != NULL;
}

static bool option_load(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *policy, void *state)
{
    (void)policy;
    struct tls *tls = state;
    if (!tls->folders)
        tls->folders = document_object(scope->document, cursor_token(in));
    return take_more_strings(scope, in, row, tls->folders, NULL);
}

/* Options of the implied ACME issuer: the row's key is a path in it. */
static bool acme_string(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *policy, void *state)
{
    (void)policy;
    return take_only_string(scope, in, row, tls_implied_acme(scope, state, cursor_token(in)), NULL);
}

static bool acme_strings(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *policy, void *state)
{
    (void)policy;
    if (cursor_count_remaining(in) != 1)
        return take_arity_error(in, row);
    return take_more_strings(scope, in, row, tls_implied_acme(scope, state, cursor_token(in)),
                             NULL);
}

static bool acme_eab(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *policy, void *state)
{
    (void)policy;
    return take_external_account(scope, in, row, tls_implied_acme(scope, state, cursor_token(in)),
                                 NULL);
}

static json_t *dns_challenge(struct scope *scope, struct tls *tls, const struct token *origin)
{
    json_t *acme = tls_implied_acme(scope, tls, origin);
    json_t *challenges = document_object_at(scope->document, acme, "challenges", origin);
    return document_object_at(scope->document, challenges, "dns", origin);
}

static bool option_dns(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *policy, void *state)
{
    (void)policy;
    const struct token *name = cursor_token(in);
    if (cursor_next_arg(in)) {
        json_t *provider = tls_dns_provider_take(scope, in);
        if (!provider)
            return false;
        document_set(scope->document, dns_challenge(scope, state, name), row->key, provider);
        return true;
    }
    dns_challenge(scope, state, name);
    if (scope_global(scope, "dns"))
        return true;
    return cursor_error(in, DIAG_WRONG_ARGUMENTS,
                        "dns without a provider needs the global option 'dns'");
}

/* Options of the DNS challenge, which need a provider that some other line names. */
static json_t *dns_option(struct scope *scope, struct tls *tls, struct cursor *in)
{
    const struct token *name = cursor_token(in);
    strbuf_printf(&tls->dns_options, "%s" STR_FMT, tls->dns_options.len ? ", " : "",
                  STR_ARG(name->text));
    return dns_challenge(scope, tls, name);
}

static bool dns_strings(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *policy, void *state)
{
    (void)policy;
    return take_strings(scope, in, row, dns_option(scope, state, in), NULL);
}

static bool dns_string(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *policy, void *state)
{
    (void)policy;
    return take_only_string(scope, in, row, dns_option(scope, state, in), NULL);
}

static bool dns_duration(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *policy, void *state)
{
    (void)policy;
    return take_only_duration(scope, in, row, dns_option(scope, state, in), NULL);
}

static bool dns_propagation_timeout(struct scope *scope, struct cursor *in,
                                    const struct option *row, json_t *policy, void *state)
{
    (void)policy;
    json_t *dns = dns_option(scope, state, in);
    int64_t timeout;
    if (cursor_count_remaining(in) != 1)
        return take_arity_error(in, row);
    cursor_next_arg(in);
    if (!tls_propagation_timeout(in, &timeout))
        return false;
    const struct token *token = cursor_token(in);
    option_set(scope, dns, row->key, document_integer(scope->document, timeout, token), token);
    return true;
}

static bool option_issuer(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *policy, void *state)
{
    (void)policy;
    struct tls *tls = state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *issuer = tls_issuer_take(scope, in);
    if (issuer)
        document_add(scope->document, tls->issuers, issuer);
    return issuer != NULL;
}

static bool manager_http(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    if (!take_next_string(scope, in, row, object, state))
        return false;
    if (cursor_next_arg(in))
        return take_arity_error(in, row);
    if (cursor_next_block(in, 0))
        return cursor_error(in, DIAG_MISPLACED_BLOCK, "get_certificate http takes no block");
    return true;
}

static bool manager_tailscale(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *object, void *state)
{
    (void)scope, (void)row, (void)object, (void)state;
    return !cursor_next_arg(in) || cursor_arg_error(in, NULL);
}

static const struct option certificate_managers[] = {
    {.name = "http",
     .doc = "ask an HTTP server for the certificate during the handshake",
     .arguments = "<url>",
     .key = "url",
     .min_args = 1,
     .max_args = 1,
     .parse = manager_http,
     .since = "2.5"},
    {.name = "tailscale",
     .doc = "take the certificate from the local Tailscale daemon",
     .parse = manager_tailscale,
     .since = "2.5"},
    {0},
};

const struct module_space certificate_manager_space = {
    .name = "tls.get_certificate",
    .key = "via",
    .doc = "where certificates come from during the handshake",
    .modules = certificate_managers,
};

static bool option_get_certificate(struct scope *scope, struct cursor *in, const struct option *row,
                                   json_t *policy, void *state)
{
    (void)policy;
    struct tls *tls = state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *manager = module_take(scope, in, &certificate_manager_space);
    if (manager)
        document_add(scope->document, tls->managers, document_sorted(scope->document, manager));
    return manager != NULL;
}

static bool option_key_type(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *policy, void *state)
{
    (void)policy;
    struct tls *tls = state;
    if (cursor_count_remaining(in) != 1)
        return take_arity_error(in, row);
    cursor_next_arg(in);
    tls->key_type = document_string(scope->document, cursor_val(in), cursor_token(in));
    return true;
}

static bool option_on_demand(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *policy, void *state)
{
    (void)scope, (void)row, (void)policy;
    ((struct tls *)state)->on_demand = cursor_token(in);
    return !cursor_next_arg(in) || cursor_arg_error(in, NULL);
}

static bool option_reuse_keys(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *policy, void *state)
{
    (void)scope, (void)row, (void)policy;
    ((struct tls *)state)->reuse_keys = cursor_token(in);
    return !cursor_next_arg(in) || cursor_arg_error(in, NULL);
}

static bool option_renewal_ratio(struct scope *scope, struct cursor *in, const struct option *row,
                                 json_t *policy, void *state)
{
    (void)policy;
    struct tls *tls = state;
    double ratio;
    if (cursor_count_remaining(in) != 1)
        return take_arity_error(in, row);
    cursor_next_arg(in);
    if (!read_float(in, &ratio))
        return false;
    if (ratio <= 0 || ratio >= 1)
        return cursor_error(in, DIAG_BAD_VALUE, "the ratio lies between 0 and 1, both excluded");
    if (ratio > 0) /* Caddy lets NaN pass, and then drops it */
        tls->renewal_ratio = document_real(scope->document, ratio, cursor_token(in));
    return true;
}

const struct option tls_options[] = {
    {.name = "protocols",
     .doc = "the lowest and the highest TLS version",
     .arguments = "tls1.2|tls1.3 [tls1.2|tls1.3]",
     .key = "protocol_min",
     .min_args = 1,
     .max_args = 2,
     .values = "tls1.2|tls1.3",
     .parse = option_protocols,
     .flags = OPTION_LOOSE},
    {.name = "ciphers",
     .doc = "the cipher suites for TLS 1.2, best first",
     .arguments = "[<cipher...>]",
     .key = "cipher_suites",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = option_ciphers,
     .flags = OPTION_ADDS},
    {.name = "curves",
     .doc = "the groups for key exchange",
     .arguments = "[<curve...>]",
     .key = "curves",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .values = "x25519mlkem768|x25519|secp256r1|secp384r1|secp521r1",
     .parse = option_curves,
     .flags = OPTION_ADDS},
    {.name = "alpn",
     .doc = "the protocols to offer in the handshake",
     .arguments = "<protocol...>",
     .key = "alpn",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings},
    {.name = "client_auth",
     .doc = "ask clients for certificates",
     .key = "client_authentication",
     .type = VALUE_BLOCK,
     .block = tls_client_auth_options,
     .parse = option_client_auth,
     .flags = OPTION_LOOSE,
     .since = "2.1"},
    {.name = "load",
     .doc = "folders to load PEM files with certificate and key from",
     .arguments = "[<folder...>]",
     .key = "load_folders",
     .makes = "tls.certificates.load_folders",
     .json = "$.apps.tls.certificates.load_folders",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = option_load,
     .flags = OPTION_ADDS},
    {.name = "ca",
     .doc = "the directory of the ACME server",
     .arguments = "<url>",
     .key = "ca",
     .json = "$.apps.tls.automation.policies[].issuers[].ca",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = acme_string},
    {.name = "ca_root",
     .doc = "a PEM file with a root that vouches for the ACME server",
     .arguments = "<file>",
     .key = "trusted_roots_pem_files",
     .json = "$.apps.tls.automation.policies[].issuers[].trusted_roots_pem_files",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = 1,
     .parse = acme_strings,
     .flags = OPTION_ADDS},
    {.name = "key_type",
     .doc = "the kind of keys to make",
     .arguments = "ed25519|p256|p384|rsa2048|rsa4096",
     .key = "key_type",
     .json = "$.apps.tls.automation.policies[].key_type",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = option_key_type,
     .flags = OPTION_OPEN_WORDS,
     .since = "2.4"},
    {.name = "eab",
     .doc = "the external account that the ACME account is bound to",
     .arguments = "<key_id> <mac_key>",
     .key = "external_account",
     .json = "$.apps.tls.automation.policies[].issuers[].external_account",
     .min_args = 2,
     .max_args = 2,
     .parse = acme_eab,
     .since = "2.2"},
    {.name = "issuer",
     .doc = "who issues the certificates; several are tried in turn",
     .arguments = "<issuer> ...",
     .json = "$.apps.tls.automation.policies[].issuers[]",
     .min_args = 1,
     .max_args = -1,
     .space = &issuer_space,
     .parse = option_issuer,
     .flags = OPTION_ADDS,
     .since = "2.2"},
    {.name = "get_certificate",
     .doc = "where to get certificates from during the handshake",
     .arguments = "<manager> ...",
     .json = "$.apps.tls.automation.policies[].get_certificate[]",
     .min_args = 1,
     .max_args = -1,
     .space = &certificate_manager_space,
     .parse = option_get_certificate,
     .flags = OPTION_ADDS,
     .since = "2.5"},
    {.name = "dns",
     .doc = "prove control by DNS, through this provider",
     .arguments = "[<provider> ...]",
     .key = "provider",
     .json = "$.apps.tls.automation.policies[].issuers[].challenges.dns.provider",
     .max_args = -1,
     .space = &dns_provider_space,
     .parse = option_dns},
    {.name = "resolvers",
     .doc = "the DNS servers to look for the challenge's record at",
     .arguments = "<server...>",
     .key = "resolvers",
     .json = "$.apps.tls.automation.policies[].issuers[].challenges.dns.resolvers",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = dns_strings,
     .since = "2.4",
     .beside = "dns"},
    {.name = "propagation_delay",
     .doc = "how long to wait before looking for the DNS record",
     .arguments = "<duration>",
     .key = "propagation_delay",
     .json = "$.apps.tls.automation.policies[].issuers[].challenges.dns.propagation_delay",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = dns_duration,
     .since = "2.6.3",
     .beside = "dns"},
    {.name = "propagation_timeout",
     .doc = "how long to look for the DNS record; -1 for not at all",
     .arguments = "<duration>|-1",
     .key = "propagation_timeout",
     .json = "$.apps.tls.automation.policies[].issuers[].challenges.dns.propagation_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = dns_propagation_timeout,
     .since = "2.6.3",
     .beside = "dns"},
    {.name = "dns_ttl",
     .doc = "how long the DNS record may be cached",
     .arguments = "<duration>",
     .key = "ttl",
     .json = "$.apps.tls.automation.policies[].issuers[].challenges.dns.ttl",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = dns_duration,
     .beside = "dns",
     .since = "2.6.3"},
    {.name = "dns_challenge_override_domain",
     .doc = "the domain to put the DNS record under",
     .arguments = "<domain>",
     .key = "override_domain",
     .json = "$.apps.tls.automation.policies[].issuers[].challenges.dns.override_domain",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = dns_string,
     .since = "2.5",
     .beside = "dns"},
    {.name = "on_demand",
     .doc = "get certificates when they are first asked for",
     .json = "$.apps.tls.automation.policies[].on_demand",
     .type = VALUE_TRUE,
     .parse = option_on_demand},
    {.name = "reuse_private_keys",
     .doc = "keep the key when a certificate is renewed",
     .json = "$.apps.tls.automation.policies[].reuse_private_keys",
     .type = VALUE_TRUE,
     .parse = option_reuse_keys,
     .since = "2.8"},
    {.name = "insecure_secrets_log",
     .doc = "a file to write session secrets to, for debugging",
     .arguments = "<file>",
     .key = "insecure_secrets_log",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string,
     .since = "2.6"},
    {.name = "renewal_window_ratio",
     .doc = "the part of a certificate's lifetime that is left when it is renewed",
     .arguments = "<ratio>",
     .json = "$.apps.tls.automation.policies[].renewal_window_ratio",
     .type = VALUE_FLOAT,
     .min_args = 1,
     .max_args = 1,
     .parse = option_renewal_ratio,
     .since = "2.11"},
    {0},
};
