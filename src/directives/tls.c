/* The tls directive: certificates, who issues them, and how connections are secured. */
#include "adapt/automation_issuers.h"
#include "directives/acme_server.h"
#include "directives/bind.h"
#include "directives/option_takes.h"
#include "directives/tls_private.h"
#include "directives/vocabulary_private.h"

/* Certificate file → tag, over the whole Caddyfile: a certificate loaded twice would lose the tag
 * that policies look for. */
struct certificate_tags {
    struct map tags;
};

static json_t *tag_certificate(struct scope *scope, struct tls *tls, const struct token *file,
                               const struct token *key)
{
    struct document *document = scope->document;
    struct certificate_tags *seen =
        adapter_state(scope->adapter, "tls certificate tags", sizeof(*seen));
    seen->tags.arena = scope->arena;
    json_t *tag = map_get(&seen->tags, file->text);
    if (tag)
        return tag;
    struct str name = str_printf(scope->arena, "cert%zu", seen->tags.n);
    tag = document_string(document, name, file);
    map_put(&seen->tags, file->text, tag);

    json_t *pair = document_object(document, file);
    document_set(document, pair, "certificate", document_string(document, file->text, file));
    document_set(document, pair, "key", document_string(document, key->text, key));
    document_add(document, document_array_at(document, pair, "tags", file), tag);
    tls->files = document_object(document, file);
    document_add(document, document_array_at(document, tls->files, "load_files", file), pair);
    return tag;
}

static bool first_line(struct scope *scope, struct tls *tls, json_t *policy,
                       struct token_list words)
{
    struct document *document = scope->document;
    if (words.n > 2)
        return cursor_arg_error(scope->in, NULL);
    if (words.n == 2) {
        json_t *tag = tag_certificate(scope, tls, words.at[0], words.at[1]);
        json_t *selection =
            document_object_at(document, policy, "certificate_selection", words.at[0]);
        document_add(document, document_array_at(document, selection, "any_tag", words.at[0]), tag);
        return true;
    }
    if (words.n == 0)
        return true;
    const struct token *word = words.at[0];
    if (token_is(word, "internal")) {
        tls->internal = tls_new_issuer(scope, "internal", word);
    } else if (token_is(word, "force_automate")) {
        tls->force_automate = word;
    } else if (str_index(word->text, '@') < 0) {
        static const char *const known[] = {"internal", "force_automate", "an e-mail address",
                                            "certificate and key", NULL};
        return word_refuse(scope->in, word, known, "arguments of tls");
    } else {
        document_set(document, tls_implied_acme(scope, tls, word), "email",
                     document_string(document, word->text, word));
    }
    return true;
}

/* Two issuers that exclude each other: reported at the end of the block, where Caddy finds out. */
static bool conflict(struct scope *scope, const json_t *issuer, const json_t *other,
                     const char *message)
{
    const struct token *one = document_origin(scope->document, NULL, NULL, issuer);
    const struct token *two = document_origin(scope->document, NULL, NULL, other);
    struct diag *diag =
        diag_token(scope->diags, DIAG_TLS_CONFLICT, cursor_token(scope->in), "%s", message);
    if (one)
        diag_label(scope->diags, diag, one->span, "one issuer");
    if (two)
        diag_label(scope->diags, diag, two->span, "another issuer");
    return false;
}

static bool check(struct scope *scope, const struct tls *tls, bool is_naked)
{
    struct cursor *in = scope->in;
    json_t *dns = json_object_get(json_object_get(tls->acme, "challenges"), "dns");
    if (tls->dns_options.len && !json_object_get(dns, "provider") && !scope_global(scope, "dns") &&
        document_is_empty(scope_global(scope, "acme_dns")))
        return cursor_error(in, DIAG_TLS_CONFLICT,
                            "the DNS challenge options (" STR_FMT ") need a DNS provider: 'dns' "
                            "here or the global option 'acme_dns'",
                            STR_ARG(strbuf_str(&tls->dns_options)));
    if (is_naked)
        return cursor_arg_error(in, "[internal|force_automate|<email>] | <cert> <key> | { ... }");
    if (json_array_size(tls->issuers) > 0 && (tls->acme || tls->internal))
        return conflict(scope, json_array_get(tls->issuers, 0),
                        tls->acme ? tls->acme : tls->internal,
                        "'issuer' excludes what implies an issuer (an e-mail address, internal, "
                        "ca, dns, eab, …)");
    if (tls->acme && tls->internal)
        return conflict(scope, tls->internal, tls->acme,
                        "certificates cannot be both internal and from an ACME server");
    return true;
}

static void push_issuers(struct scope *scope, const struct tls *tls)
{
    const json_t *issuers = tls->issuers;
    if (json_array_size(issuers) == 0 && tls->acme)
        issuers = issuers_implied(scope->document, scope_global(scope, "cert_issuer"), tls->acme);
    size_t i;
    json_t *issuer;
    json_array_foreach(issuers, i, issuer) scope_push(scope, RESULT_TLS_CERT_ISSUER, issuer);
    if (tls->internal)
        scope_push(scope, RESULT_TLS_CERT_ISSUER, tls->internal);
}

static void push_all(struct scope *scope, const struct tls *tls, json_t *policy)
{
    if (tls->files)
        scope_push(scope, RESULT_TLS_CERT_LOADER, tls->files);
    if (tls->folders && json_object_size(tls->folders) > 0)
        scope_push(scope, RESULT_TLS_CERT_LOADER, tls->folders);
    push_issuers(scope, tls);
    if (!document_is_empty(tls->key_type))
        scope_push(scope, RESULT_TLS_KEY_TYPE, tls->key_type);
    if (tls->on_demand)
        scope_push(scope, RESULT_TLS_ON_DEMAND, document_bool(true));
    size_t i;
    json_t *manager;
    json_array_foreach(tls->managers, i, manager)
        scope_push(scope, RESULT_TLS_CERT_MANAGER, manager);
    if (tls->reuse_keys)
        scope_push(scope, RESULT_TLS_REUSE_KEYS, document_bool(true));
    if (tls->renewal_ratio)
        scope_push(scope, RESULT_TLS_RENEWAL_RATIO, tls->renewal_ratio);
    if (tls->force_automate)
        scope_push(scope, RESULT_TLS_FORCE_AUTOMATE, document_bool(true));
    scope_push(scope, RESULT_TLS_CONNECTION_POLICY, policy);
}

static bool tls_adapt(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    const struct token *name = cursor_token(in);
    struct tls tls = {
        .issuers = document_array(scope->document, name),
        .managers = document_array(scope->document, name),
        .dns_options = strbuf_in(scope->arena),
    };
    json_t *policy = document_object(scope->document, name);
    struct token_list words = cursor_remaining(in);
    if (!first_line(scope, &tls, policy, words))
        return false;
    ptrdiff_t before = in->at;
    if (!options_parse(scope, in, tls_options, policy, &tls))
        return false;
    bool is_naked = words.n == 0 && !block_had_options(in, before);
    if (!check(scope, &tls, is_naked))
        return false;
    push_all(scope, &tls, policy);
    return true;
}

const struct directive tls_directives[] = {
    {.name = "tls",
     .doc = "how the site's connections are secured and where its certificates come from",
     .arguments = "[internal|force_automate|<email>] | <cert_file> <key_file>",
     .makes = "tls.certificates.load_files tls.certificates.automate",
     .json = "$.apps.http.servers.*.tls_connection_policies[]",
     .adapt = tls_adapt,
     .flags = OPTION_WORDS_SUFFICE,
     .options = tls_options,
     .needs = "*"},
    {.name = "bind",
     .doc = "the addresses that the site listens on",
     .arguments = "[<bind_address...>]",
     .json = "$.apps.http.servers.*",
     .adapt = bind_adapt,
     .options = bind_options},
    {.name = "acme_server",
     .doc = "serve certificates by ACME, signed by an authority of the pki app",
     .makes = "http.handlers.acme_server",
     .adapt = acme_server_adapt,
     .since = "2.1",
     .takes_matcher = true,
     .options = acme_server_options},
    {0},
};
