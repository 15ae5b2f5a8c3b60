/* Files of accounts and certificates. */
#include "acme/store.h"

#include <jansson.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <time.h>

#include "acme/files.h"
#include "acme/jose.h"
#include "acme/member.h"
#include "acme/paths.h"

/* --- accounts --- */

bool acme_account_load(struct arena *arena, struct str root, const struct acme_authority *authority,
                       struct acme_account *account, struct str *error)
{
    struct str base = acme_account_base(arena, root, authority->directory, authority->email), text;
    *account = (struct acme_account){0};
    if (acme_file_load(arena, arena_printf(arena, STR_FMT ".key", STR_ARG(base)), &text))
        account->key = jose_key_read(text);
    /* an account signs with ES256 here; one with another key is left alone, and a new one made */
    if (account->key && jose_jwk(arena, account->key).len == 0) {
        EVP_PKEY_free(account->key);
        account->key = NULL;
    }
    if (account->key &&
        acme_file_load(arena, arena_printf(arena, STR_FMT ".json", STR_ARG(base)), &text)) {
        json_t *about = json_loadb(text.ptr ? text.ptr : "", text.len, 0, NULL);
        const char *url = json_string_value(json_object_get(about, "location"));
        if (url)
            account->url = str_dup(arena, str_from(url));
        json_decref(about);
    }
    if (!account->key)
        account->key = jose_new_key(STR("p256"));
    if (!account->key)
        *error = STR("the key of an account cannot be made");
    return account->key != NULL;
}

static struct str dumped(struct arena *arena, json_t *object)
{
    char *text = object ? json_dumps(object, JSON_INDENT(1)) : NULL;
    struct str copy = text ? str_dup(arena, str_from(text)) : (struct str){0};
    free(text);
    json_decref(object);
    return copy;
}

/* jansson wants no NULL, whatever the length. */
static const char *text_or_empty(struct str text)
{
    return text.ptr ? text.ptr : "";
}

bool acme_account_save(struct arena *arena, struct str root, const struct acme_authority *authority,
                       const struct acme_account *account, struct str *error)
{
    struct str base = acme_account_base(arena, root, authority->directory, authority->email);
    json_t *contacts = json_array();
    if (authority->email.len > 0)
        json_array_append_new(contacts, json_sprintf("mailto:%.*s", STR_ARG(authority->email)));
    struct str about = dumped(arena, json_pack("{s:s,s:o,s:b,s:s%}", "status", "valid", "contact",
                                               contacts, "termsOfServiceAgreed", 1, "location",
                                               account->url.ptr, account->url.len));
    const struct acme_file files[] = {
        {arena_printf(arena, STR_FMT ".key", STR_ARG(base)), jose_key_pem(arena, account->key)},
        {arena_printf(arena, STR_FMT ".json", STR_ARG(base)), about},
    };
    return acme_files_save(arena, files, sizeof(files) / sizeof(files[0]), error);
}

/* --- certificates --- */

/* What certmagic calls the certificate's metadata. */
static struct str about(struct arena *arena, struct str subject, const struct acme_stored *stored)
{
    json_t *data = json_pack("{s:s%,s:s%,s:s%}", "url", text_or_empty(stored->url), stored->url.len,
                             "ca", text_or_empty(stored->authority), stored->authority.len,
                             "account", text_or_empty(stored->account), stored->account.len);
    json_t *renewal = acme_renewal_json(arena, &stored->renewal);
    if (renewal)
        json_object_set_new(data, "renewal_info", renewal);
    return dumped(arena,
                  json_pack("{s:[s%],s:o}", "sans", subject.ptr, subject.len, "issuer_data", data));
}

bool acme_certificate_save(struct arena *arena, const struct acme_paths *paths, struct str subject,
                           const struct acme_result *result, struct str *error)
{
    const struct acme_file files[] = {
        {paths->key, result->key},
        {paths->certificate, result->chain},
        {paths->about, about(arena, subject, &result->stored)},
    };
    return acme_files_save(arena, files, sizeof(files) / sizeof(files[0]), error);
}

bool acme_about_save(struct arena *arena, const struct acme_paths *paths, struct str subject,
                     const struct acme_stored *stored, struct str *error)
{
    const struct acme_file file = {paths->about, about(arena, subject, stored)};
    return acme_files_save(arena, &file, 1, error);
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm parts;
    return ASN1_TIME_to_tm(time, &parts) ? (int64_t)timegm(&parts) : 0;
}

bool acme_chain_read(struct arena *arena, struct str chain, struct str key_pem,
                     struct acme_stored *stored)
{
    BIO *bio = BIO_new_mem_buf(chain.ptr ? chain.ptr : "", (int)chain.len);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY *key = jose_key_read(key_pem);
    bool fits = certificate && key && X509_check_private_key(certificate, key) == 1;
    if (fits) {
        stored->from = seconds_of(X509_get0_notBefore(certificate));
        stored->until = seconds_of(X509_get0_notAfter(certificate));
        stored->renewal.id = acme_renewal_id(arena, certificate);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return fits;
}

void acme_about_read(struct arena *arena, struct str text, struct acme_stored *stored)
{
    json_t *all = json_loadb(text.ptr ? text.ptr : "", text.len, 0, NULL);
    const json_t *data = json_object_get(all, "issuer_data");
    struct str id = stored->renewal.id;
    stored->url = acme_member_text(arena, data, "url");
    stored->authority = acme_member_text(arena, data, "ca");
    stored->account = acme_member_text(arena, data, "account");
    acme_renewal_load(arena, json_object_get(data, "renewal_info"), &stored->renewal);
    /* what was told of another certificate is worth nothing */
    if (stored->renewal.id.len > 0 && !str_eq(stored->renewal.id, id))
        stored->renewal = (struct acme_renewal){0};
    stored->renewal.id = id;
    json_decref(all);
}

bool acme_certificate_load(struct arena *arena, const struct acme_paths *paths,
                           struct acme_stored *stored)
{
    struct str chain, pem, text = {0};
    *stored = (struct acme_stored){0};
    if (!acme_file_load(arena, paths->certificate, &chain) ||
        !acme_file_load(arena, paths->key, &pem) || !acme_chain_read(arena, chain, pem, stored))
        return false;
    if (acme_file_load(arena, paths->about, &text))
        acme_about_read(arena, text, stored);
    return true;
}
