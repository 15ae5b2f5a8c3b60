/* Certificate issuers (tls.issuance): acme, internal, zerossl. */
#include "directives/tls_issuers.h"

#include "directives/module_spaces.h"
#include "directives/option_takes.h"

json_t *tls_dns_provider_take(struct scope *scope, struct cursor *in)
{
    return module_take(scope, in, &dns_provider_space);
}

bool tls_propagation_timeout(struct cursor *in, int64_t *nanoseconds)
{
    if (cursor_is(in, "-1")) {
        *nanoseconds = -1;
        return true;
    }
    return read_duration(in, nanoseconds);
}

static bool chains_smallest(struct scope *scope, struct cursor *in, json_t *object)
{
    if (!cursor_is(in, "smallest"))
        return cursor_error(in, DIAG_BAD_VALUE, "preferred_chains takes 'smallest' or a block");
    document_set_at(scope->document, object, "smallest", document_bool(true), cursor_token(in));
    if (cursor_next_arg(in))
        return cursor_arg_error(in, NULL);
    if (cursor_next_block(in, in->nesting))
        return cursor_error(in, DIAG_INVALID_OPTION, "'smallest' excludes other options");
    return true;
}

static bool chains_names(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    const struct token *name = cursor_token(in);
    if (!take_more_strings(scope, in, row, object, state))
        return false;
    if (json_object_get(object, "root_common_name") && json_object_get(object, "any_common_name"))
        return cursor_error_at(in, DIAG_TLS_CONFLICT, name,
                               "root_common_name and any_common_name exclude each other");
    return true;
}

const struct option tls_preferred_chains_options[] = {
    {.name = "root_common_name",
     .doc = "take the first chain whose root has one of these names",
     .arguments = "<name...>",
     .key = "root_common_name",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = chains_names,
     .flags = OPTION_ADDS},
    {.name = "any_common_name",
     .doc = "take the first chain with an issuer of one of these names",
     .arguments = "<name...>",
     .key = "any_common_name",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = chains_names,
     .flags = OPTION_ADDS},
    {0},
};

json_t *tls_preferred_chains_take(struct scope *scope, struct cursor *in)
{
    json_t *object = document_object(scope->document, cursor_token(in));
    if (cursor_next_arg(in) && !chains_smallest(scope, in, object))
        return NULL;
    if (!options_parse(scope, in, tls_preferred_chains_options, object, NULL))
        return NULL;
    if (document_is_empty(object)) {
        cursor_error(in, DIAG_WRONG_ARGUMENTS, "preferred_chains says nothing");
        return NULL;
    }
    document_order(scope->document, object, "smallest root_common_name any_common_name");
    return object;
}

static bool issuer_chains(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)state;
    json_t *chains = tls_preferred_chains_take(scope, in);
    document_set(scope->document, object, row->key, chains);
    return chains != NULL;
}

static bool acme_lifetime(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    if (!take_only_duration(scope, in, row, object, state))
        return false;
    if (json_integer_value(json_object_get(object, row->key)) < 0)
        return cursor_error(in, DIAG_BAD_VALUE, "the lifetime must not be negative");
    return true;
}

static bool acme_dir(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *object, void *state)
{
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "the directory is given twice");
    return take_only_string(scope, in, row, object, state);
}

static bool acme_distributed(struct scope *scope, struct cursor *in, const struct option *row,
                             json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    if (!cursor_is(in, "false"))
        return cursor_error(in, DIAG_BAD_VALUE, "distributed can only be set to 'false'");
    json_t *challenges = document_object_at(scope->document, object, "challenges", name);
    document_set_at(scope->document, challenges, row->key, document_bool(false), name);
    return true;
}

static bool acme_dns(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    json_t *challenges = document_object_at(scope->document, object, "challenges", name);
    json_t *dns = document_object_at(scope->document, challenges, "dns", name);
    if (!cursor_next_arg(in))
        return true;
    json_t *provider = tls_dns_provider_take(scope, in);
    document_set(scope->document, dns, row->key, provider);
    return provider != NULL;
}

static bool propagation_timeout(struct scope *scope, struct cursor *in, const struct option *row,
                                json_t *object, void *state)
{
    (void)state;
    int64_t timeout;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    if (!tls_propagation_timeout(in, &timeout))
        return false;
    const struct token *token = cursor_token(in);
    option_set(scope, object, row->key, document_integer(scope->document, timeout, token), token);
    return true;
}

static const struct option acme_options[] = {
    {.name = "dir",
     .doc = "the directory of the ACME server",
     .arguments = "<url>",
     .key = "ca",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = acme_dir,
     .flags = OPTION_ONCE,
     .since = "2.2"},
    {.name = "test_dir",
     .doc = "the directory to try again with after a failure",
     .arguments = "<url>",
     .key = "test_ca",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_string,
     .since = "2.2"},
    {.name = "email",
     .doc = "the account's e-mail address",
     .arguments = "<email>",
     .key = "email",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_string,
     .since = "2.2"},
    {.name = "profile",
     .doc = "the kind of certificate to order, for servers that offer several",
     .arguments = "<name>",
     .key = "profile",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_string,
     .since = "2.10"},
    {.name = "timeout",
     .doc = "how long one operation may take",
     .arguments = "<duration>",
     .key = "acme_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_duration,
     .since = "2.2"},
    {.name = "lifetime",
     .doc = "how long certificates shall be valid",
     .arguments = "<duration>",
     .key = "certificate_lifetime",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = acme_lifetime,
     .since = "2.8"},
    {.name = "disable_http_challenge",
     .doc = "never prove control by HTTP",
     .key = "challenges.http.disabled",
     .type = VALUE_TRUE,
     .parse = take_flag,
     .since = "2.2"},
    {.name = "disable_tlsalpn_challenge",
     .doc = "never prove control by TLS-ALPN",
     .key = "challenges.tls-alpn.disabled",
     .type = VALUE_TRUE,
     .parse = take_flag,
     .since = "2.2"},
    {.name = "distributed",
     .doc = "whether another member of the cluster may answer a challenge",
     .arguments = "false",
     .key = "distributed",
     .json = "challenges.distributed",
     .min_args = 1,
     .max_args = 1,
     .values = "false",
     .parse = acme_distributed,
     .since = "2.11"},
    {.name = "alt_http_port",
     .doc = "the port that the HTTP challenge reaches this machine at",
     .arguments = "<port>",
     .key = "challenges.http.alternate_port",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_integer,
     .since = "2.2"},
    {.name = "alt_tlsalpn_port",
     .doc = "the port that the TLS-ALPN challenge reaches this machine at",
     .arguments = "<port>",
     .key = "challenges.tls-alpn.alternate_port",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_integer,
     .since = "2.2"},
    {.name = "eab",
     .doc = "the external account that the ACME account is bound to",
     .arguments = "<key_id> <mac_key>",
     .key = "external_account",
     .min_args = 2,
     .max_args = 2,
     .parse = take_external_account,
     .since = "2.2"},
    {.name = "trusted_roots",
     .doc = "PEM files with the roots that vouch for the ACME server",
     .arguments = "[<file...>]",
     .key = "trusted_roots_pem_files",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.2"},
    {.name = "dns",
     .doc = "prove control by DNS, through this provider",
     .arguments = "[<provider> ...]",
     .key = "provider",
     .json = "challenges.dns.provider",
     .max_args = -1,
     .space = &dns_provider_space,
     .parse = acme_dns,
     .since = "2.2"},
    {.name = "propagation_delay",
     .doc = "how long to wait before looking for the DNS record",
     .arguments = "<duration>",
     .key = "challenges.dns.propagation_delay",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.5"},
    {.name = "propagation_timeout",
     .doc = "how long to look for the DNS record; -1 for not at all",
     .arguments = "<duration>|-1",
     .key = "challenges.dns.propagation_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = propagation_timeout,
     .since = "2.4.2"},
    {.name = "resolvers",
     .doc = "the DNS servers to look for the record at",
     .arguments = "<server...>",
     .key = "challenges.dns.resolvers",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.2"},
    {.name = "dns_ttl",
     .doc = "how long the DNS record may be cached",
     .arguments = "<duration>",
     .key = "challenges.dns.ttl",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.6.3"},
    {.name = "dns_challenge_override_domain",
     .doc = "the domain to put the DNS record under",
     .arguments = "<domain>",
     .key = "challenges.dns.override_domain",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_string,
     .since = "2.5"},
    {.name = "preferred_chains",
     .doc = "which of several certificate chains to take",
     .arguments = "[smallest]",
     .key = "preferred_chains",
     .max_args = 1,
     .values = "smallest",
     .block = tls_preferred_chains_options,
     .needs = "root_common_name|any_common_name",
     .parse = issuer_chains,
     .flags = OPTION_WORDS_SUFFICE,
     .since = "2.4.2"},
    {0},
};

static bool issuer_acme(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    if (cursor_next_arg(in)) {
        const struct token *url = cursor_token(in);
        option_set(scope, object, "ca", document_string(scope->document, url->text, url), url);
        if (cursor_next_arg(in))
            return take_arity_error(in, row);
    }
    return options_parse(scope, in, row->block, object, state);
}

static const struct option internal_options[] = {
    {.name = "ca",
     .doc = "the authority of the pki app that signs",
     .arguments = "<ca_id>",
     .key = "ca",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_string,
     .since = "2.2"},
    {.name = "lifetime",
     .doc = "how long certificates are valid",
     .arguments = "<duration>",
     .key = "lifetime",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_unplaced_duration,
     .since = "2.5"},
    {.name = "sign_with_root",
     .doc = "sign with the root instead of the intermediate",
     .key = "sign_with_root",
     .type = VALUE_TRUE,
     .parse = take_flag,
     .since = "2.5"},
    {0},
};

/* Words after the name are ignored, and hide the block. */
static bool issuer_internal(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    return options_parse(scope, in, row->block, object, state);
}

static bool zerossl_dns(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *provider = tls_dns_provider_take(scope, in);
    if (provider)
        option_set(scope, object, row->key, provider, cursor_token(in));
    return provider != NULL;
}

static const struct option zerossl_options[] = {
    /* Caddy reads the option's own name as the number of days, so that no number is ever right */
    {.name = "validity_days",
     .doc = "how many days certificates are valid",
     .arguments = "<days>",
     .key = "validity_days",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .flags = OPTION_REFUSED,
     .since = "2.8"},
    {.name = "alt_http_port",
     .doc = "the port that the HTTP validation reaches this machine at",
     .arguments = "<port>",
     .key = "alternate_http_port",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_integer,
     .since = "2.8"},
    {.name = "dns",
     .doc = "prove control by a CNAME record, through this provider",
     .arguments = "<provider> ...",
     .key = "cname_validation.provider",
     .min_args = 1,
     .max_args = -1,
     .space = &dns_provider_space,
     .parse = zerossl_dns,
     .since = "2.8"},
    {.name = "propagation_delay",
     .doc = "how long to wait before looking for the DNS record",
     .arguments = "<duration>",
     .key = "cname_validation.propagation_delay",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.8"},
    {.name = "propagation_timeout",
     .doc = "how long to look for the DNS record; -1 for not at all",
     .arguments = "<duration>|-1",
     .key = "cname_validation.propagation_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = propagation_timeout,
     .since = "2.8"},
    {.name = "resolvers",
     .doc = "the DNS servers to look for the record at",
     .arguments = "<server...>",
     .key = "cname_validation.resolvers",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.8"},
    {.name = "dns_ttl",
     .doc = "how long the DNS record may be cached",
     .arguments = "<duration>",
     .key = "cname_validation.ttl",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.8"},
    {0},
};

static bool issuer_zerossl(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    return take_next_string(scope, in, row, object, state) &&
           (!cursor_next_arg(in) || take_arity_error(in, row)) &&
           options_parse(scope, in, row->block, object, state);
}

static const struct option tls_issuers[] = {
    {.name = "acme",
     .doc = "certificates from an ACME server",
     .arguments = "[<directory_url>]",
     .max_args = 1,
     .block = acme_options,
     .parse = issuer_acme},
    {.name = "internal",
     .doc = "certificates from an authority of this very server",
     .block = internal_options,
     .parse = issuer_internal,
     .flags = OPTION_LOOSE},
    {.name = "zerossl",
     .doc = "certificates from ZeroSSL's own interface (not ACME)",
     .arguments = "<api_key>",
     .key = "api_key",
     .min_args = 1,
     .max_args = 1,
     .block = zerossl_options,
     .parse = issuer_zerossl,
     .since = "2.2"},
    {0},
};

const struct module_space issuer_space = {
    .name = "tls.issuance",
    .key = "module",
    .doc = "who issues certificates",
    .modules = tls_issuers,
};

const struct module_space dns_provider_space = {
    .name = "dns.providers",
    .key = "name",
    .doc = "who keeps DNS records",
};

json_t *tls_issuer_take(struct scope *scope, struct cursor *in)
{
    return module_take(scope, in, &issuer_space);
}
