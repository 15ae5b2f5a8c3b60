/* ACME issuers: the default ones, those that `tls` options imply, and what global options add. */
#include "adapt/automation_issuers.h"

#include "json/document.h"
#include "syntax/diag.h"

#define ZEROSSL_ACME_DIRECTORY "https://acme.zerossl.com/v2/DV90"

bool issuer_is(const json_t *issuer, const char *module)
{
    const char *name = json_string_value(json_object_get(issuer, "module"));
    return name && strcmp(name, module) == 0;
}

static json_t *acme_issuer(struct document *document)
{
    json_t *issuer = document_object(document, NULL);
    document_set(document, issuer, "module", document_text(document, "acme", NULL));
    return issuer;
}

json_t *issuers_default(struct document *document, const char *email)
{
    json_t *issuers = document_array(document, NULL);
    document_add(document, issuers, acme_issuer(document));
    if (str_trim(str_from(email)).len == 0)
        return issuers;
    json_t *zerossl = acme_issuer(document);
    document_set(document, zerossl, "ca", document_text(document, ZEROSSL_ACME_DIRECTORY, NULL));
    document_set(document, zerossl, "email", document_text(document, email, NULL));
    document_add(document, issuers, zerossl);
    return issuers;
}

static bool contains(const json_t *array, const json_t *value)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
        if (json_is_equal(item, value))
            return true;
    return false;
}

static void add_unique(struct document *document, json_t *array, json_t *value)
{
    if (!contains(array, value))
        document_add(document, array, value);
}

/* Objects that are merged member by member; all others are replaced as a whole. */
static bool is_merged(const char *key)
{
    static const char *const keys[] = {"challenges", "http", "tls-alpn", "dns"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static void merge(struct document *document, json_t *base, const json_t *overrides)
{
    const char *key;
    json_t *value;
    json_object_foreach(overrides, key, value) {
        if (is_merged(key)) {
            merge(document, document_object_at(document, base, key, NULL), value);
        } else if (strcmp(key, "trusted_roots_pem_files") == 0) {
            size_t i;
            json_t *root;
            json_array_foreach(value, i, root)
                add_unique(document, document_array_at(document, base, key, NULL), root);
        } else {
            document_set(document, base, key, document_copy(document, value));
        }
    }
}

json_t *issuers_implied(struct document *document, const json_t *global_issuers,
                        const json_t *overrides)
{
    json_t *implied = document_array(document, NULL);
    const json_t *bases = global_issuers;
    size_t i;
    json_t *base;
    for (int round = 0; round < 2; round++) {
        json_array_foreach(bases, i, base) {
            if (!issuer_is(base, "acme"))
                continue;
            json_t *issuer = document_copy(document, base);
            merge(document, issuer, overrides);
            document_add(document, implied, issuer);
        }
        if (json_array_size(implied) > 0)
            break;
        /* whoever names a directory wants that one only */
        bool has_directory = json_object_get(overrides, "ca") != NULL;
        const char *email = json_string_value(json_object_get(overrides, "email"));
        bases = issuers_default(document, has_directory || !email ? "" : email);
    }
    return implied;
}

/* Sets <key> from global option <option> where the issuer has nothing there. */
static void fill(struct document *document, json_t *object, const char *key, const json_t *globals,
                 const char *option)
{
    json_t *value = json_object_get(globals, option);
    if (value && !json_object_get(object, key) && !document_is_empty(value))
        document_set(document, object, key, value);
}

static bool fill_dns(struct document *document, struct diags *diags, const json_t *globals,
                     json_t *issuer)
{
    json_t *acme_dns = json_object_get(globals, "acme_dns");
    json_t *challenges = json_object_get(issuer, "challenges");
    if (!acme_dns || json_object_get(json_object_get(challenges, "dns"), "provider"))
        return true;
    if (json_is_null(acme_dns) && !json_object_get(globals, "dns")) {
        diag_token(diags, DIAG_WRONG_ARGUMENTS,
                   document_origin(document, globals, "acme_dns", acme_dns),
                   "acme_dns names no provider, and there is no 'dns' global option to take it "
                   "from");
        return false;
    }
    challenges = document_object_at(document, issuer, "challenges", NULL);
    json_t *dns = document_object_at(document, challenges, "dns", NULL);
    if (!json_is_null(acme_dns))
        document_set(document, dns, "provider", acme_dns);
    return true;
}

/* The port that a challenge reaches us at; of no use beside the DNS challenge. */
static void fill_port(struct document *document, const json_t *globals, const char *option,
                      json_t *issuer, const char *challenge)
{
    json_t *challenges = json_object_get(issuer, "challenges");
    if (!json_object_get(globals, option) || json_object_get(challenges, "dns") ||
        json_object_get(json_object_get(challenges, challenge), "alternate_port"))
        return;
    challenges = document_object_at(document, issuer, "challenges", NULL);
    fill(document, document_object_at(document, challenges, challenge, NULL), "alternate_port",
         globals, option);
}

static void fill_bind_host(struct document *document, const json_t *globals, json_t *issuer)
{
    json_t *challenges = json_object_get(issuer, "challenges");
    if (json_object_get(challenges, "dns") || json_object_get(challenges, "bind_host"))
        return;
    json_t *first = json_array_get(json_object_get(globals, "default_bind"), 0);
    json_t *address = json_array_get(json_object_get(first, "addresses"), 0);
    if (!address)
        return;
    challenges = document_object_at(document, issuer, "challenges", NULL);
    if (!document_is_empty(address))
        document_set(document, challenges, "bind_host", address);
}

static void fill_resolvers(struct document *document, const json_t *globals, json_t *issuer)
{
    json_t *dns = json_object_get(json_object_get(issuer, "challenges"), "dns");
    if (dns && (json_object_get(globals, "acme_dns") || json_object_get(dns, "provider")))
        fill(document, dns, "resolvers", globals, "tls_resolvers");
}

bool issuer_fill(struct document *document, struct diags *diags, const json_t *globals,
                 json_t *issuer)
{
    if (!issuer_is(issuer, "acme"))
        return true;
    fill(document, issuer, "email", globals, "email");
    fill(document, issuer, "ca", globals, "acme_ca");
    json_t *root = json_object_get(globals, "acme_ca_root");
    if (root)
        add_unique(document, document_array_at(document, issuer, "trusted_roots_pem_files", NULL),
                   root);
    if (!fill_dns(document, diags, globals, issuer))
        return false;
    fill(document, issuer, "external_account", globals, "acme_eab");
    fill(document, issuer, "preferred_chains", globals, "preferred_chains");
    fill_port(document, globals, "http_port", issuer, "http");
    fill_port(document, globals, "https_port", issuer, "tls-alpn");
    fill_bind_host(document, globals, issuer);
    fill(document, issuer, "certificate_lifetime", globals, "cert_lifetime");
    fill_resolvers(document, globals, issuer);
    return true;
}
