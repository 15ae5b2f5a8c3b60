/* Pools of trusted certificate authorities (tls.ca_pool.source): `trust_pool` of client_auth,
 * `tls_trust_pool` of the HTTP transport, and pools within pools. */
#include "directives/tls_ca_pools.h"

#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/storage.h"

/* The words after the pool's name come first, those of its block after them. */
static bool words_and_block(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object)
{
    struct option words = {.key = row->key, .max_args = -1};
    return take_more_strings(scope, in, &words, object, NULL) &&
           options_parse(scope, in, row->block, object, NULL);
}

static bool no_words(struct cursor *in)
{
    return !cursor_next_arg(in) || cursor_arg_error(in, NULL);
}

static bool need_some(struct cursor *in, const json_t *object, const struct option *row,
                      const char *what)
{
    if (json_array_size(json_object_get(object, row->key)) > 0)
        return true;
    return cursor_error(in, DIAG_WRONG_ARGUMENTS, "the '%s' trust pool names no %s", row->name,
                        what);
}

static bool pool_inline(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    return no_words(in) && options_parse(scope, in, row->block, object, state) &&
           need_some(in, object, row, "certificate");
}

static bool pool_file(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)state;
    return words_and_block(scope, in, row, object) && need_some(in, object, row, "file");
}

static bool pool_pki(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *object, void *state)
{
    (void)state;
    return words_and_block(scope, in, row, object) && need_some(in, object, row, "authority");
}

static bool pool_words(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)state;
    return words_and_block(scope, in, row, object);
}

static bool pool_system(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)scope, (void)row, (void)object, (void)state;
    if (!no_words(in))
        return false;
    if (cursor_next_block(in, 0))
        return cursor_error(in, DIAG_INVALID_OPTION, "the 'system' trust pool has no options");
    return true;
}

static bool pool_combined(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    return no_words(in) && options_parse(scope, in, row->block, object, state) &&
           need_some(in, object, row, "source");
}

static json_t *nested_pool(struct scope *scope, struct cursor *in, const struct option *row)
{
    if (cursor_next_arg(in))
        return tls_ca_pool_take(scope, in);
    take_arity_error(in, row);
    return NULL;
}

static bool combined_source(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    json_t *pool = nested_pool(scope, in, row);
    if (!pool)
        return false;
    document_add(scope->document, document_array_at(scope->document, object, row->key, name), pool);
    return true;
}

static bool http_tls_ca(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)state;
    json_t *pool = nested_pool(scope, in, row);
    if (!pool)
        return false;
    document_set(scope->document, object, row->key, pool);
    return true;
}

static bool http_tls_renegotiation(struct scope *scope, struct cursor *in, const struct option *row,
                                   json_t *object, void *state)
{
    if (!take_next_string(scope, in, row, object, state))
        return false;
    if (cursor_is(in, "never") || cursor_is(in, "once") || cursor_is(in, "freely"))
        return true;
    return cursor_error(in, DIAG_BAD_VALUE, "renegotiation is never, once or freely");
}

static bool http_tls(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *object, void *state)
{
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "the tls block of the trust pool is given twice");
    return take_block(scope, in, row, object, state);
}

static bool pool_storage(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)state;
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "the storage of the trust pool is given twice");
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *storage = storage_take(scope, in);
    document_set(scope->document, object, row->key, storage);
    return storage != NULL;
}

static const struct option inline_options[] = {
    {.name = "trust_der",
     .doc = "certificates to trust, DER in base64",
     .arguments = "[<base64_der...>]",
     .key = "trusted_ca_certs",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = take_more_strings,
     .flags = OPTION_ADDS},
    {0},
};

static const struct option file_options[] = {
    {.name = "pem_file",
     .doc = "PEM files with certificates to trust",
     .arguments = "[<file...>]",
     .key = "pem_files",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = take_more_strings,
     .flags = OPTION_ADDS},
    {0},
};

static const struct option pki_options[] = {
    {.name = "authority",
     .doc = "ids of certificate authorities of the pki app",
     .arguments = "[<ca_id...>]",
     .key = "authority",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = take_more_strings,
     .flags = OPTION_ADDS},
    {0},
};

static const struct option storage_options[] = {
    {.name = "storage",
     .doc = "where to look for the keys",
     .arguments = "<module> ...",
     .key = "storage",
     .min_args = 1,
     .max_args = -1,
     .space = &storage_space,
     .parse = pool_storage,
     .flags = OPTION_ONCE},
    {.name = "keys",
     .doc = "storage keys of PEM certificates",
     .arguments = "[<key...>]",
     .key = "pem_keys",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = take_more_strings,
     .flags = OPTION_ADDS},
    {0},
};

static const struct option http_tls_options[] = {
    {.name = "ca",
     .doc = "the pool that vouches for the endpoints",
     .arguments = "<pool> ...",
     .key = "ca",
     .min_args = 1,
     .max_args = -1,
     .space = &ca_pool_space,
     .parse = http_tls_ca},
    {.name = "insecure_skip_verify",
     .doc = "do not verify the endpoints' certificates",
     .key = "insecure_skip_verify",
     .type = VALUE_TRUE,
     .parse = take_loose_flag},
    {.name = "handshake_timeout",
     .doc = "how long a TLS handshake may take",
     .arguments = "<duration>",
     .key = "handshake_timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "server_name",
     .doc = "the name to verify the endpoints against",
     .arguments = "<name>",
     .key = "server_name",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string},
    {.name = "renegotiation",
     .doc = "how often an endpoint may renegotiate",
     .arguments = "never|once|freely",
     .key = "renegotiation",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .values = "never|once|freely",
     .parse = http_tls_renegotiation},
    {0},
};

static const struct option http_options[] = {
    {.name = "endpoints",
     .doc = "URLs to load certificates from",
     .arguments = "<url...>",
     .key = "endpoints",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_more_strings,
     .flags = OPTION_ADDS},
    {.name = "tls",
     .doc = "TLS to the endpoints",
     .key = "tls",
     .type = VALUE_BLOCK,
     .block = http_tls_options,
     .parse = http_tls,
     .flags = OPTION_ONCE},
    {0},
};

static const struct option combined_options[] = {
    {.name = "source",
     .doc = "one more pool to take certificates from",
     .arguments = "<pool> ...",
     .key = "sources",
     .min_args = 1,
     .max_args = -1,
     .space = &ca_pool_space,
     .parse = combined_source,
     .flags = OPTION_ADDS},
    {0},
};

static const struct option tls_ca_pools[] = {
    {.name = "inline",
     .doc = "certificates written in the Caddyfile",
     .key = "trusted_ca_certs",
     .block = inline_options,
     .needs = "trust_der",
     .parse = pool_inline,
     .since = "2.8"},
    {.name = "file",
     .doc = "certificates from PEM files",
     .arguments = "[<file...>]",
     .key = "pem_files",
     .max_args = -1,
     .block = file_options,
     .needs = "pem_file",
     .parse = pool_file,
     .flags = OPTION_WORDS_SUFFICE,
     .since = "2.8"},
    {.name = "pki_root",
     .doc = "root certificates of the pki app's authorities",
     .arguments = "[<ca_id...>]",
     .key = "authority",
     .max_args = -1,
     .block = pki_options,
     .needs = "authority",
     .parse = pool_pki,
     .flags = OPTION_WORDS_SUFFICE,
     .since = "2.8"},
    {.name = "pki_intermediate",
     .doc = "intermediate certificates of the pki app's authorities",
     .arguments = "[<ca_id...>]",
     .key = "authority",
     .max_args = -1,
     .block = pki_options,
     .needs = "authority",
     .parse = pool_pki,
     .flags = OPTION_WORDS_SUFFICE,
     .since = "2.8"},
    {.name = "storage",
     .doc = "certificates from a storage module",
     .arguments = "[<key...>]",
     .key = "pem_keys",
     .max_args = -1,
     .block = storage_options,
     .parse = pool_words,
     .since = "2.8"},
    {.name = "http",
     .doc = "certificates from URLs",
     .arguments = "[<url...>]",
     .key = "endpoints",
     .max_args = -1,
     .block = http_options,
     .parse = pool_words,
     .since = "2.8"},
    {.name = "system",
     .doc = "the operating system's certificates",
     .parse = pool_system,
     .since = "2.11.3"},
    {.name = "combined",
     .doc = "the certificates of several pools",
     .key = "sources",
     .block = combined_options,
     .needs = "source",
     .parse = pool_combined,
     .since = "2.11.3"},
    {0},
};

const struct module_space ca_pool_space = {
    .name = "tls.ca_pool.source",
    .key = "provider",
    .doc = "certificate authorities to trust",
    .modules = tls_ca_pools,
};

json_t *tls_ca_pool_take(struct scope *scope, struct cursor *in)
{
    json_t *pool = module_take(scope, in, &ca_pool_space);
    return pool ? document_sorted(scope->document, pool) : NULL;
}
