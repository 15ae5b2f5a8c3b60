/* `client_auth` of the tls directive: which client certificates are asked for, and who vouches for
 * them. */
#include "directives/tls_client_auth.h"

#include <errno.h>
#include <stdio.h>

#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/tls_ca_pools.h"
#include "directives/tls_pem.h"

#define MAX_PEM_BYTES (16u << 20)

static bool read_file(struct arena *arena, struct str path, struct str *text)
{
    FILE *file = fopen(str_dup(arena, path).ptr, "rb");
    if (!file)
        return false;
    struct strbuf buf = strbuf_in(arena);
    char chunk[8192];
    size_t n;
    while (buf.len < MAX_PEM_BYTES && (n = fread(chunk, 1, sizeof(chunk), file)) > 0)
        strbuf_add(&buf, str_make(chunk, n));
    bool is_read = !ferror(file);
    fclose(file);
    *text = strbuf_str(&buf);
    return is_read;
}

static json_t *certificates(struct scope *scope, json_t *object, const char *key,
                            const struct token *origin)
{
    return document_array_at(scope->document, object, key, origin);
}

/* Caddy reads the file while adapting, relative to the working directory, and inlines it. */
static bool add_file(struct scope *scope, struct cursor *in, json_t *object, const char *key)
{
    const struct token *path = cursor_token(in);
    struct str text, type, base64;
    if (!read_file(scope->arena, path->text, &text))
        return cursor_error(in, DIAG_UNREADABLE_FILE, "cannot read '" STR_FMT "': %s",
                            STR_ARG(path->text), strerror(errno));
    size_t n = 0;
    for (; tls_pem_next(scope->arena, &text, &type, &base64); n++) {
        if (!str_is(type, "CERTIFICATE"))
            return cursor_error(in, DIAG_BAD_VALUE,
                                "'" STR_FMT "' holds a PEM block that is no "
                                "certificate: " STR_FMT,
                                STR_ARG(path->text), STR_ARG(type));
        document_add(scope->document, certificates(scope, object, key, path),
                     document_string(scope->document, base64, path));
    }
    if (!n)
        return cursor_error(in, DIAG_BAD_VALUE, "'" STR_FMT "' holds no PEM certificate",
                            STR_ARG(path->text));
    return true;
}

static bool add_certificate(struct scope *scope, struct cursor *in, json_t *object, const char *key)
{
    const struct token *token = cursor_token(in);
    document_add(scope->document, certificates(scope, object, key, token),
                 document_string(scope->document, token->text, token));
    return true;
}

static bool pool_conflict(struct cursor *in)
{
    return cursor_error(in, DIAG_TLS_CONFLICT,
                        "trust_pool cannot stand beside trusted_ca_cert or trusted_ca_cert_file");
}

static bool trusted_ca_cert(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)state;
    if (json_object_get(object, "ca"))
        return pool_conflict(in);
    bool is_file = cursor_is(in, "trusted_ca_cert_file");
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    return is_file ? add_file(scope, in, object, row->key)
                   : add_certificate(scope, in, object, row->key);
}

static bool trusted_leaf_cert(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *object, void *state)
{
    (void)state;
    bool is_file = cursor_is(in, "trusted_leaf_cert_file");
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    return is_file ? add_file(scope, in, object, row->key)
                   : add_certificate(scope, in, object, row->key);
}

static bool trust_pool(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)state;
    if (json_object_get(object, "trusted_ca_certs"))
        return pool_conflict(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *pool = tls_ca_pool_take(scope, in);
    document_set(scope->document, object, row->key, pool);
    return pool != NULL;
}

static bool leaf_loader(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    (void)state;
    struct option words = {.key = row->key, .max_args = -1};
    return take_strings(scope, in, &words, object, NULL);
}

static const struct option leaf_loaders[] = {
    {.name = "file",
     .doc = "certificates from PEM files",
     .arguments = "[<file...>]",
     .key = "files",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = leaf_loader,
     .since = "2.8"},
    {.name = "folder",
     .doc = "certificates from all PEM files of folders",
     .arguments = "[<folder...>]",
     .key = "folders",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = leaf_loader,
     .since = "2.8"},
    {.name = "pem",
     .doc = "certificates written in the Caddyfile, PEM",
     .arguments = "[<pem...>]",
     .key = "certificates",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = leaf_loader,
     .since = "2.8"},
    {0},
};

const struct module_space leaf_loader_space = {
    .name = "tls.leaf_cert_loader",
    .key = "loader",
    .doc = "where leaf certificates come from",
    .modules = leaf_loaders,
};

static bool add_leaf_loader(struct scope *scope, struct cursor *in, json_t *object)
{
    const struct token *name = cursor_token(in);
    json_t *loader = module_take(scope, in, &leaf_loader_space);
    if (!loader)
        return false;
    document_add(scope->document,
                 document_array_at(scope->document, object, "leaf_certs_loaders", name),
                 document_sorted(scope->document, loader));
    return true;
}

/* `leaf file a.pem` in one line takes two words at least; else the loaders are in the block. */
static bool verifier_leaf(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)row, (void)state;
    if (cursor_count_remaining(in) > 1) {
        cursor_next_arg(in);
        return add_leaf_loader(scope, in, object);
    }
    int nesting = in->nesting;
    while (cursor_next_block(in, nesting))
        if (!add_leaf_loader(scope, in, object))
            return false;
    return true;
}

static const struct option verifiers[] = {
    {.name = "leaf",
     .doc = "accept only these very certificates",
     .arguments = "[<loader> ...]",
     .max_args = -1,
     .space = &leaf_loader_space,
     .parse = verifier_leaf,
     .flags = OPTION_MODULE_LINES,
     .since = "2.8"},
    {0},
};

const struct module_space verifier_space = {
    .name = "tls.client_auth.verifier",
    .key = "verifier",
    .doc = "a check of client certificates",
    .modules = verifiers,
};

static bool verifier(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *module = module_take(scope, in, &verifier_space);
    if (!module)
        return false;
    document_add(scope->document, document_array_at(scope->document, object, row->key, name),
                 document_sorted(scope->document, module));
    return true;
}

json_t *tls_client_auth_take(struct scope *scope, struct cursor *in)
{
    const struct token *name = cursor_token(in);
    json_t *object = document_object(scope->document, name);
    struct cursor segment = cursor_segment(in);
    while (cursor_next_arg(&segment))
        ; /* Caddy ignores what stands before the block */
    if (!options_parse(scope, &segment, tls_client_auth_options, object, NULL))
        return NULL;
    json_t *authorities = json_object_get(object, "trusted_ca_certs");
    if (authorities) {
        json_t *pool = document_object(scope->document, name);
        document_set(scope->document, pool, "provider",
                     document_text(scope->document, "inline", name));
        document_set(scope->document, pool, "trusted_ca_certs", authorities);
        document_set(scope->document, object, "ca", pool);
        document_remove(object, "trusted_ca_certs");
    }
    document_order(scope->document, object, "ca trusted_leaf_certs verifiers mode");
    return object;
}

const struct option tls_client_auth_options[] = {
    {.name = "mode",
     .doc = "whether clients must show a certificate and whether it is verified",
     .arguments = "request|require|verify_if_given|require_and_verify",
     .key = "mode",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_string,
     .flags = OPTION_OPEN_WORDS},
    {.name = "trust_pool",
     .doc = "the authorities that vouch for clients",
     .arguments = "<pool> ...",
     .key = "ca",
     .min_args = 1,
     .max_args = -1,
     .space = &ca_pool_space,
     .parse = trust_pool,
     .since = "2.8"},
    {.name = "trusted_leaf_cert",
     .doc = "a client certificate to accept, DER in base64",
     .arguments = "<base64_der>",
     .key = "trusted_leaf_certs",
     .min_args = 1,
     .max_args = 1,
     .parse = trusted_leaf_cert,
     .flags = OPTION_ADDS,
     .deprecated = "verifier leaf",
     .deprecated_as = DIAG_DEPRECATED_TRUST},
    {.name = "trusted_leaf_cert_file",
     .doc = "client certificates to accept, from a PEM file",
     .arguments = "<pem_file>",
     .key = "trusted_leaf_certs",
     .min_args = 1,
     .max_args = 1,
     .parse = trusted_leaf_cert,
     .flags = OPTION_ADDS,
     .deprecated = "verifier leaf",
     .deprecated_as = DIAG_DEPRECATED_TRUST},
    {.name = "verifier",
     .doc = "a further check of client certificates",
     .arguments = "<verifier> ...",
     .key = "verifiers",
     .min_args = 1,
     .max_args = -1,
     .space = &verifier_space,
     .parse = verifier,
     .flags = OPTION_ADDS,
     .since = "2.8"},
    {.name = "trusted_ca_cert",
     .doc = "an authority that vouches for clients, DER in base64",
     .arguments = "<base64_der>",
     .key = "trusted_ca_certs",
     .json = "ca.trusted_ca_certs",
     .min_args = 1,
     .max_args = 1,
     .parse = trusted_ca_cert,
     .flags = OPTION_ADDS,
     .deprecated = "trust_pool inline",
     .deprecated_as = DIAG_DEPRECATED_TRUST},
    {.name = "trusted_ca_cert_file",
     .doc = "authorities that vouch for clients, from a PEM file",
     .arguments = "<pem_file>",
     .key = "trusted_ca_certs",
     .json = "ca.trusted_ca_certs",
     .min_args = 1,
     .max_args = 1,
     .parse = trusted_ca_cert,
     .flags = OPTION_ADDS,
     .deprecated = "trust_pool file",
     .deprecated_as = DIAG_DEPRECATED_TRUST},
    {0},
};
