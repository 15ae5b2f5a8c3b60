/* Certificates without a network: what they are chosen by and what placeholders say of them, OCSP
 * responses of all ages, and local authorities that are renewed. */
#include "net/tls.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "test.h"

/* A certificate that signed itself, and its key, for nothing but this. */
static const char pem[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIICUTCCAfigAwIBAgILAP7cuph2VDIQ/twwCgYIKoZIzj0EAwIwXzELMAkGA1UE\n"
                          "BhMCREUxDTALBgNVBAoMBEEsIEIxGTAIBgNVBAsMAXgwDQYDVQQDDAYjbGFzdCAx\n"
                          "GjAYBgkqhkiG9w0BCQEWC2FAYi5leGFtcGxlMQowCAYDVQQFEwE3MB4XDTI2MTEy\n"
                          "NzEzMzExNloXDTQ2MTEyMjEzMzExNlowXzELMAkGA1UEBhMCREUxDTALBgNVBAoM\n"
                          "BEEsIEIxGTAIBgNVBAsMAXgwDQYDVQQDDAYjbGFzdCAxGjAYBgkqhkiG9w0BCQEW\n"
                          "C2FAYi5leGFtcGxlMQowCAYDVQQFEwE3MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n"
                          "QgAEYmJsWA70OaXcmto7XXa42luVL43jT5dgPfNZiXUf2U6Uq4oU10l1A6OXvmwI\n"
                          "vEqp25/hNyddEoVw+hohJcA7zaOBmjCBlzAMBgNVHRMEBTADAQH/MFMGA1UdEQRM\n"
                          "MEqCCWEuZXhhbXBsZYILKi5iLmV4YW1wbGWBC2FAYi5leGFtcGxlhwQKAAABhxAA\n"
                          "AAAAAAAAAAAAAAAAAAABhgtodHRwczovL3gveTATBgNVHSUEDDAKBggrBgEFBQcD\n"
                          "AjAdBgNVHQ4EFgQUyXZAkS6FEwww9jCYL2cDJqeGys8wCgYIKoZIzj0EAwIDRwAw\n"
                          "RAIgaDMN6kvTB3nfJjOODdBG47BEX3N88RcFtpXwxTpjtGICIG6LJJK70hjX266E\n"
                          "s2pFgL8A2xNd3HCduQ581stNE/eI\n"
                          "-----END CERTIFICATE-----\n"
                          "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMClZUimY/bc6MTIO\n"
                          "2ef19d8876pjom4eRblefph0vrOhRANCAARiYmxYDvQ5pdya2jtddrjaW5UvjeNP\n"
                          "l2A981mJdR/ZTpSrihTXSXUDo5e+bAi8Sqnbn+E3J10ShXD6GiElwDvN\n"
                          "-----END PRIVATE KEY-----\n";

static struct tls_identity *parsed(void)
{
    char error[TLS_ERROR_BYTES] = "";
    struct tls_identity *identity =
        tls_identity_parse(str_from(pem), str_from(pem), "the test's", error);
    CHECK_STR(str_from(error), "");
    return identity;
}

/* ---- facts ---- */

static void test_facts(void)
{
    static const char *const names[] = {"#last ",   "a.example", "*.b.example", "a@b.example",
                                        "10.0.0.1", "::1",       "https://x/y"};
    struct tls_identity *identity = parsed();
    const struct tls_identity_facts *facts = tls_identity_facts(identity);
    CHECK_INT(facts->n_names, 7);
    for (size_t i = 0; i < facts->n_names && i < 7; i++)
        CHECK_STR(facts->names[i], names[i]);
    CHECK_INT(facts->n_organizations, 1);
    CHECK_STR(facts->organizations[0], "A, B");
    CHECK_STR(facts->serial, "1203552815971897489555164");
    CHECK_INT(facts->algorithm, TLS_KEY_ECDSA);
    CHECK_INT(facts->renew_at, 0);
    CHECK(tls_identity_same(identity, identity));
    tls_identity_unref(identity);
}

static void test_bad_pairs(void)
{
    static const struct {
        const char *certificate, *key, *wrong;
    } rows[] = {
        {"", pem, "x: no certificate in it"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", pem,
         "x: a certificate cannot be read"},
        {pem, "", "x: no key that can be read"},
        {pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
         "x: encrypted keys are not supported, decrypt it first"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char error[TLS_ERROR_BYTES] = "";
        CHECK(
            !tls_identity_parse(str_from(rows[i].certificate), str_from(rows[i].key), "x", error));
        CHECK_STR(str_from(error), rows[i].wrong);
    }
}

static struct str der_of(unsigned char **bytes)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
    int len = i2d_X509(certificate, bytes);
    X509_free(certificate);
    BIO_free(in);
    return str_make((char *)*bytes, (size_t)len);
}

static void test_texts(void)
{
    static const struct {
        enum tls_certificate_text what;
        uint32_t index;
        const char *text, *of_nothing;
    } rows[] = {
        {TLS_TEXT_SUBJECT, TLS_TEXT_ALL,
         "SERIALNUMBER=7,CN=\\#last\\ ,OU=x,O=A\\, B,C=DE,"
         "1.2.840.113549.1.9.1=#0c0b6140622e6578616d706c65",
         ""},
        {TLS_TEXT_SERIAL, TLS_TEXT_ALL, "1203552815971897489555164", "<nil>"},
        {TLS_TEXT_DNS_NAMES, TLS_TEXT_ALL, "[a.example *.b.example]", "[]"},
        {TLS_TEXT_DNS_NAMES, 1, "*.b.example", ""},
        {TLS_TEXT_DNS_NAMES, 2, "", ""},
        {TLS_TEXT_EMAILS, 0, "a@b.example", ""},
        {TLS_TEXT_IPS, TLS_TEXT_ALL, "[10.0.0.1 ::1]", "[]"},
        {TLS_TEXT_URIS, TLS_TEXT_ALL, "[https://x/y]", "[]"},
    };
    struct arena arena = ARENA_INIT;
    unsigned char *bytes = NULL;
    struct str der = der_of(&bytes);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct strbuf text = strbuf_in(&arena), nothing = strbuf_in(&arena);
        tls_certificate_text(der, rows[i].what, rows[i].index, &text);
        tls_certificate_text(STR(""), rows[i].what, rows[i].index, &nothing);
        CHECK_STR(strbuf_str(&text), rows[i].text);
        CHECK_STR(strbuf_str(&nothing), rows[i].of_nothing);
    }
    OPENSSL_free(bytes);
    arena_free(&arena);
}

/* ---- OCSP responses ---- */

/* What the certificate's own key says of it; <next> 0: nothing of the next response. */
static struct str respond(struct arena *arena, int status, long from, long next)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    ASN1_TIME *this_update = X509_gmtime_adj(NULL, from);
    ASN1_TIME *next_update = next ? X509_gmtime_adj(NULL, next) : NULL;
    ASN1_TIME *revoked = X509_gmtime_adj(NULL, from);
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha256(), certificate, certificate);
    unsigned char *bytes = NULL;
    OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_NOSTATUS, revoked, this_update,
                           next_update);
    OCSP_basic_sign(basic, certificate, key, EVP_sha256(), NULL, OCSP_NOCERTS);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    int len = i2d_OCSP_RESPONSE(response, &bytes);
    struct str text = str_dup(arena, str_make((char *)bytes, (size_t)len));
    OPENSSL_free(bytes);
    OCSP_RESPONSE_free(response);
    OCSP_CERTID_free(id);
    OCSP_BASICRESP_free(basic);
    ASN1_TIME_free(this_update);
    ASN1_TIME_free(next_update);
    ASN1_TIME_free(revoked);
    EVP_PKEY_free(key);
    X509_free(certificate);
    BIO_free(in);
    return text;
}

static void test_staples(void)
{
    enum { DAY = 86400 };
    static const struct {
        int status;
        long from, next;
        enum tls_staple_result result;
        const char *wrong;
    } rows[] = {
        {V_OCSP_CERTSTATUS_GOOD, -DAY, DAY, TLS_STAPLE_OK, ""},
        {V_OCSP_CERTSTATUS_GOOD, -DAY, 0, TLS_STAPLE_OK, ""},
        {V_OCSP_CERTSTATUS_GOOD, 60, DAY, TLS_STAPLE_OK, ""},
        {V_OCSP_CERTSTATUS_GOOD, -2 * DAY, -DAY, TLS_STAPLE_STALE, "the response has expired"},
        {V_OCSP_CERTSTATUS_GOOD, DAY, 2 * DAY, TLS_STAPLE_STALE, "the response is not valid yet"},
        {V_OCSP_CERTSTATUS_REVOKED, -DAY, DAY, TLS_STAPLE_BAD, "the certificate is revoked"},
        {V_OCSP_CERTSTATUS_UNKNOWN, -DAY, DAY, TLS_STAPLE_BAD,
         "the responder does not know the certificate"},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char error[TLS_ERROR_BYTES] = "";
        struct tls_identity *identity = parsed();
        struct str response = respond(&arena, rows[i].status, rows[i].from, rows[i].next);
        CHECK_INT(tls_identity_staple(identity, response, error), rows[i].result);
        CHECK_STR(str_from(error), rows[i].wrong);
        tls_identity_unref(identity);
    }
    char error[TLS_ERROR_BYTES] = "";
    struct tls_identity *identity = parsed();
    struct str response = respond(&arena, V_OCSP_CERTSTATUS_GOOD, -DAY, DAY);
    ((char *)response.ptr)[response.len - 5] ^= 1; /* in its signature */
    CHECK_INT(tls_identity_staple(identity, response, error), TLS_STAPLE_BAD);
    CHECK_INT(tls_identity_staple(identity, STR("nonsense"), error), TLS_STAPLE_BAD);
    CHECK_STR(str_from(error), "it is no OCSP response");
    tls_identity_unref(identity);
    arena_free(&arena);
}

/* ---- local authorities ---- */

static void remove_all(struct arena *arena, const char *folder)
{
    static const char *const names[] = {"root.crt", "root.key", "intermediate.crt",
                                        "intermediate.key", ""};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        remove(arena_printf(arena, "%s/%s", folder, names[i]));
}

static void test_authority(void)
{
    static const char *const key_types[] = {"", "p256", "p384", "ed25519", "rsa2048"};
    struct arena arena = ARENA_INIT;
    char folder[] = "/tmp/dialtone-ca-XXXXXX", error[TLS_ERROR_BYTES] = "";
    CHECK(mkdtemp(folder) != NULL);
    struct local_ca_config config = {.directory = folder,
                                     .root_name = "Root",
                                     .intermediate_name = "Between",
                                     .intermediate_lifetime_ns = INT64_C(3600000000000),
                                     .renewal_permille = 200};
    struct local_ca *ca = local_ca_open(&config, error);
    CHECK_STR(str_from(error), "");
    int64_t now = (int64_t)time(NULL), due = local_ca_due(ca);
    CHECK(due > now + 2800 && due <= now + 2900); /* four fifths of an hour */
    CHECK(local_ca_maintain(ca, error) && local_ca_due(ca) == due);
    for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++) {
        struct tls_issue issue = {.name = STR("a.localhost"),
                                  .key_type = str_from(key_types[i]),
                                  .lifetime_ns = INT64_C(86400000000000),
                                  .renewal_permille = 333};
        struct tls_identity *identity = tls_identity_issue(ca, &issue, error);
        CHECK(identity != NULL);
        const struct tls_identity_facts *facts = tls_identity_facts(identity);
        CHECK_INT(facts->n_names, 1);
        CHECK_STR(facts->names[0], "a.localhost");
        CHECK(facts->not_after <= now + 3600 + 5); /* never longer than its issuer */
        CHECK(facts->renew_at > now && facts->renew_at < facts->not_after);
        tls_identity_unref(identity);
    }
    local_ca_free(ca);
    ca = local_ca_open(&config, error); /* the same again */
    CHECK(ca && local_ca_due(ca) == due);
    local_ca_free(ca);
    config.renewal_permille = 1000; /* due at once */
    ca = local_ca_open(&config, error);
    CHECK(ca && local_ca_due(ca) <= (int64_t)time(NULL));
    local_ca_free(ca);
    config.intermediate_lifetime_ns = INT64_C(3600) * 86400 * 1000000000;
    remove(arena_printf(&arena, "%s/intermediate.crt", folder));
    CHECK(!local_ca_open(&config, error));
    CHECK_STR(str_from(error), "the root certificate ends before an intermediate one would");
    remove_all(&arena, folder);
    arena_free(&arena);
}

static const struct test tests[] = {
    {"facts", test_facts},     {"bad pairs", test_bad_pairs}, {"texts", test_texts},
    {"staples", test_staples}, {"authority", test_authority},
};
TESTS_MAIN(tests)
