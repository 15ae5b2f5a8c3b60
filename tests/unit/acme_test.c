/* What ACME takes of JOSE and PKCS #10, and where Caddy keeps its files. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "acme/challenges.h"
#include "acme/jose.h"
#include "acme/store.h"
#include "test.h"

static void base64url(void)
{
    static const struct {
        struct str bytes;
        const char *text;
    } rows[] = {
        {STR_INIT(""), ""},
        {STR_INIT("f"), "Zg"},
        {STR_INIT("fo"), "Zm8"},
        {STR_INIT("foo"), "Zm9v"},
        {STR_INIT("foob"), "Zm9vYg"},
        {STR_INIT("fooba"), "Zm9vYmE"},
        {STR_INIT("\xff\xef"), "_-8"},
        {STR_INIT("\0\0\0\x3e"), "AAAAPg"},
    };
    struct arena arena = ARENA_INIT;
    struct str bytes;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_STR(jose_base64url(&arena, rows[i].bytes), rows[i].text);
        CHECK(jose_base64url_read(&arena, str_from(rows[i].text), &bytes));
        CHECK(str_eq(bytes, rows[i].bytes));
    }
    CHECK(jose_base64url_read(&arena, STR("Zg=="), &bytes) && str_is(bytes, "f"));
    CHECK(!jose_base64url_read(&arena, STR("Z"), &bytes));
    CHECK(!jose_base64url_read(&arena, STR("Zm+v"), &bytes));
    arena_free(&arena);
}

/* The text of a member of a flattened JWS. */
static struct str part(struct arena *arena, struct str jws, const char *name)
{
    struct str before, after, value, rest;
    char *head = arena_printf(arena, "\"%s\":\"", name);
    if (!str_cut(jws, str_from(head), &before, &after))
        return STR("");
    str_cut(after, STR("\""), &value, &rest);
    return value;
}

static bool is_signed(struct arena *arena, EVP_PKEY *key, struct str jws)
{
    struct str protected = part(arena, jws, "protected"), payload = part(arena, jws, "payload"),
               raw;
    struct str input = STR_JOIN(arena, protected, STR("."), payload);
    if (!jose_base64url_read(arena, part(arena, jws, "signature"), &raw) || raw.len != 64)
        return false;
    ECDSA_SIG *both = ECDSA_SIG_new();
    ECDSA_SIG_set0(both, BN_bin2bn((const unsigned char *)raw.ptr, 32, NULL),
                   BN_bin2bn((const unsigned char *)raw.ptr + 32, 32, NULL));
    unsigned char *der = NULL;
    int len = i2d_ECDSA_SIG(both, &der);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool fits = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestVerify(context, der, (size_t)len, (const unsigned char *)input.ptr,
                                 input.len) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ECDSA_SIG_free(both);
    return fits;
}

static void signatures(void)
{
    struct arena arena = ARENA_INIT;
    EVP_PKEY *key = jose_new_key(STR("p256")), *other = jose_new_key(STR(""));
    for (int i = 0; i < 50; i++) { /* numbers with leading zeros come up now and then */
        struct str payload = str_printf(&arena, "{\"n\":%d}", i);
        struct str jws = jose_sign(&arena, key, STR("\"kid\":\"x\""), payload), bytes;
        CHECK(is_signed(&arena, key, jws));
        CHECK(!is_signed(&arena, other, jws));
        CHECK(jose_base64url_read(&arena, part(&arena, jws, "protected"), &bytes));
        CHECK_STR(bytes, "{\"alg\":\"ES256\",\"kid\":\"x\"}");
    }
    struct str again = jose_key_pem(&arena, key);
    EVP_PKEY *read = jose_key_read(again);
    CHECK(read && EVP_PKEY_eq(read, key) == 1);
    CHECK_INT(jose_thumbprint(&arena, key).len, 43);
    CHECK(str_eq(jose_thumbprint(&arena, key), jose_thumbprint(&arena, read)));
    CHECK(!str_eq(jose_thumbprint(&arena, key), jose_thumbprint(&arena, other)));
    EVP_PKEY_free(read);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    arena_free(&arena);
}

/* The mac is what openssl dgst -hmac makes of the same input. */
static void macs(void)
{
    struct arena arena = ARENA_INIT;
    struct str jws = jose_sign_hmac(&arena, STR("key"), STR("\"kid\":\"a\""), STR("{}"));
    CHECK_STR(part(&arena, jws, "protected"), "eyJhbGciOiJIUzI1NiIsImtpZCI6ImEifQ");
    CHECK_STR(part(&arena, jws, "payload"), "e30");
    CHECK_STR(part(&arena, jws, "signature"), "g1r8Y8wYi1d1Y-GQr-DapY7ZokpJvYvAFIskhnPQb1g");
    arena_free(&arena);
}

static void requests(void)
{
    static const char *const types[] = {"", "p256", "p384", "rsa2048", "ed25519"};
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        EVP_PKEY *key = jose_new_key(str_from(types[i]));
        bool is_ip = i == 2;
        struct str der = jose_request(&arena, key, is_ip ? STR("::1") : STR("a.test"), i == 1);
        const unsigned char *at = (const unsigned char *)der.ptr;
        X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)der.len);
        CHECK(request && X509_REQ_verify(request, key) == 1);
        STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(request);
        CHECK_INT(sk_X509_EXTENSION_num(list), i == 1 ? 2 : 1);
        GENERAL_NAMES *names = X509V3_get_d2i(list, NID_subject_alt_name, NULL, NULL);
        CHECK_INT(sk_GENERAL_NAME_num(names), 1);
        CHECK_INT(sk_GENERAL_NAME_value(names, 0)->type, is_ip ? GEN_IPADD : GEN_DNS);
        GENERAL_NAMES_free(names);
        sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
        X509_REQ_free(request);
        EVP_PKEY_free(key);
    }
    CHECK(jose_new_key(STR("p521")) == NULL);
    arena_free(&arena);
}

static void challenge_certificate(void)
{
    EVP_PKEY *key = jose_new_key(STR("p256"));
    X509 *certificate = jose_alpn_certificate(key, STR("a.test"), STR("token.thumb"));
    unsigned char want[34] = {4, 32};
    ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    EVP_Digest("token.thumb", 11, want + 2, NULL, EVP_sha256(), NULL);
    CHECK(certificate && X509_check_host(certificate, "a.test", 0, 0, NULL) == 1);
    int at = X509_get_ext_by_OBJ(certificate, object, -1);
    X509_EXTENSION *extension = at < 0 ? NULL : X509_get_ext(certificate, at);
    CHECK(extension && X509_EXTENSION_get_critical(extension));
    CHECK(extension && ASN1_STRING_length(X509_EXTENSION_get_data(extension)) == 34 &&
          memcmp(ASN1_STRING_get0_data(X509_EXTENSION_get_data(extension)), want, 34) == 0);

    struct acme_challenges challenges;
    struct arena arena = ARENA_INIT;
    struct str text = {0}, pem = jose_certificate_pem(&arena, certificate);
    acme_challenges_init(&challenges);
    CHECK(!acme_challenges_are_open(&challenges));
    CHECK(acme_challenges_put(&challenges, ACME_ALPN, STR("a.test"), pem));
    CHECK(acme_challenges_put(&challenges, ACME_HTTP, STR("token"), STR("token.thumb")));
    CHECK(acme_challenges_are_open(&challenges));
    CHECK(acme_challenges_find(&challenges, ACME_HTTP, STR("token"), &arena, &text));
    CHECK_STR(text, "token.thumb");
    CHECK(!acme_challenges_find(&challenges, ACME_HTTP, STR("TOKEN"), &arena, &text));
    CHECK(!acme_challenges_find(&challenges, ACME_HTTP, STR("a.test"), &arena, &text));
    CHECK(acme_challenges_find(&challenges, ACME_ALPN, STR("A.test"), &arena, &text));
    CHECK(str_eq(text, pem));
    CHECK(!acme_challenges_find(&challenges, ACME_ALPN, STR("token"), &arena, &text));
    acme_challenges_drop(&challenges, ACME_HTTP, STR("token"));
    CHECK(!acme_challenges_find(&challenges, ACME_HTTP, STR("token"), &arena, &text));
    acme_challenges_drop(&challenges, ACME_HTTP, STR("token"));
    acme_challenges_drop(&challenges, ACME_ALPN, STR("a.test"));
    CHECK(!acme_challenges_are_open(&challenges));
    acme_challenges_free(&challenges);
    arena_free(&arena);
    ASN1_OBJECT_free(object);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void files(void)
{
    struct arena arena = ARENA_INIT;
    char folder[] = "/tmp/acme_test.XXXXXX";
    struct acme_authority authority = {.directory = STR("https://ca.test:14000/acme/dir"),
                                       .email = STR("Some.One+x@Example.org")};
    struct acme_account account, again;
    struct str error = {0};
    CHECK(mkdtemp(folder) != NULL);
    struct acme_paths paths =
        acme_paths_of(&arena, STR("/s"), STR("https://acme-v02.api.letsencrypt.org/directory"),
                      STR("*.Example.com"));
    CHECK_STR(str_from(paths.certificate),
              "/s/certificates/acme-v02.api.letsencrypt.org-directory/wildcard_.example.com/"
              "wildcard_.example.com.crt");
    CHECK(acme_account_load(&arena, str_from(folder), &authority, &account, &error));
    CHECK_INT(account.url.len, 0);
    account.url = STR("https://ca.test/account/1");
    CHECK(acme_account_save(&arena, str_from(folder), &authority, &account, &error));
    CHECK_INT(
        access(arena_printf(&arena,
                            "%s/acme/ca.test-14000-acme-dir/users/some.one_plus_x@example.org/"
                            "some.one_plus_x.json",
                            folder),
               R_OK),
        0);
    CHECK(acme_account_load(&arena, str_from(folder), &authority, &again, &error));
    CHECK(EVP_PKEY_eq(again.key, account.key) == 1 && str_eq(again.url, account.url));
    EVP_PKEY_free(again.key);
    EVP_PKEY_free(account.key);

    int64_t from = 0, until = 0;
    EVP_PKEY *key = jose_new_key(STR("p256")), *other = jose_new_key(STR("p256"));
    X509 *certificate = jose_alpn_certificate(key, STR("a.test"), STR("x"));
    struct acme_result result = {.chain = jose_certificate_pem(&arena, certificate),
                                 .key = jose_key_pem(&arena, key)};
    paths = acme_paths_of(&arena, str_from(folder), authority.directory, STR("a.test"));
    CHECK(!acme_certificate_times(&paths, &from, &until));
    CHECK(acme_certificate_save(&arena, &paths, STR("a.test"), &result, &error));
    CHECK(acme_certificate_times(&paths, &from, &until));
    CHECK_INT(until - from, 7 * 24 * 3600 + 3600);
    result.key = jose_key_pem(&arena, other); /* a crash between two files */
    CHECK(acme_certificate_save(&arena, &paths, STR("a.test"), &result, &error));
    CHECK(!acme_certificate_times(&paths, &from, &until));
    paths = acme_paths_of(&arena, STR("/proc/nowhere"), authority.directory, STR("a.test"));
    CHECK(!acme_certificate_save(&arena, &paths, STR("a.test"), &result, &error) && error.len > 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    CHECK_INT(system(arena_printf(&arena, "rm -r %s", folder)), 0);
    arena_free(&arena);
}

static const struct test tests[] = {
    {"base64url", base64url},
    {"signatures", signatures},
    {"macs", macs},
    {"requests", requests},
    {"challenge_certificate", challenge_certificate},
    {"files", files},
};

TESTS_MAIN(tests)
