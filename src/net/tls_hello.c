/* Whether a client can do with a certificate: the numbers of its hello against the certificate's
 * key (Go: ClientHelloInfo.SupportsCertificate). */
#include <openssl/x509v3.h>

#include "net/tls_private.h"

/* An extension whose body is a list of numbers of two bytes behind a length of <prefix> bytes. */
struct number_list {
    const unsigned char *at;
    size_t n;
};

static struct number_list numbers_in(SSL *ssl, unsigned extension, size_t prefix)
{
    struct number_list none = {NULL, 0};
    const unsigned char *data;
    size_t len;
    if (!SSL_client_hello_get0_ext(ssl, extension, &data, &len) || len < prefix)
        return none;
    return (struct number_list){data + prefix, (len - prefix) / 2};
}

static bool has(struct number_list list, unsigned number)
{
    for (size_t i = 0; i < list.n; i++)
        if (((unsigned)list.at[2 * i] << 8 | list.at[2 * i + 1]) == number)
            return true;
    return false;
}

static bool has_any(struct number_list list, const unsigned *numbers)
{
    for (; *numbers; numbers++)
        if (has(list, *numbers))
            return true;
    return false;
}

/* What a key can do: how it signs in TLS 1.3 and 1.2, and the suites of 1.2 that it is for. */
struct abilities {
    const unsigned *schemes_1_3, *schemes_1_2, *suites;
    unsigned group; /* of its curve, 0: none */
};

static const unsigned pss[] = {0x0804, 0x0805, 0x0806, 0};
static const unsigned pss_and_pkcs1[] = {0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0};
static const unsigned all_ecdsa[] = {0x0403, 0x0503, 0x0603, 0};
static const unsigned ecdsa_p256[] = {0x0403, 0};
static const unsigned ecdsa_p384[] = {0x0503, 0};
static const unsigned ecdsa_p521[] = {0x0603, 0};
static const unsigned ed25519[] = {0x0807, 0};
static const unsigned nothing[] = {0};
/* the AEAD ones, then those with CBC, which only a list of one's own has */
static const unsigned ecdsa_suites[] = {0xc02b, 0xc02c, 0xcca9, 0};
static const unsigned rsa_suites[] = {0xc02f, 0xc030, 0xcca8, 0};
static const unsigned all_ecdsa_suites[] = {0xc02b, 0xc02c, 0xcca9, 0xc009, 0xc00a, 0};
static const unsigned all_rsa_suites[] = {0xc02f, 0xc030, 0xcca8, 0xc013, 0xc014, 0};

static struct abilities abilities_of(const EVP_PKEY *key, bool has_cbc)
{
    const unsigned *ecdsa = has_cbc ? all_ecdsa_suites : ecdsa_suites;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return (struct abilities){pss, pss_and_pkcs1, has_cbc ? all_rsa_suites : rsa_suites, 0};
    case EVP_PKEY_EC:
        switch (EVP_PKEY_get_bits(key)) {
        case 256:
            return (struct abilities){ecdsa_p256, all_ecdsa, ecdsa, 23};
        case 384:
            return (struct abilities){ecdsa_p384, all_ecdsa, ecdsa, 24};
        default:
            return (struct abilities){ecdsa_p521, all_ecdsa, ecdsa, 25};
        }
    case EVP_PKEY_ED25519:
        return (struct abilities){ed25519, ed25519, ecdsa, 0};
    default:
        return (struct abilities){nothing, nothing, nothing, 0};
    }
}

bool tls_hello_supports(const struct tls_hello *hello, const struct tls_policy *policy,
                        const struct tls_identity *identity)
{
    SSL *ssl = hello->inside;
    struct number_list versions = numbers_in(ssl, TLSEXT_TYPE_supported_versions, 1);
    struct number_list schemes = numbers_in(ssl, TLSEXT_TYPE_signature_algorithms, 2);
    struct number_list groups = numbers_in(ssl, TLSEXT_TYPE_supported_groups, 2);
    bool is_1_3 = has(versions, TLS1_3_VERSION) &&
                  (!policy->max_version || policy->max_version >= TLS1_3_VERSION);
    struct abilities can =
        abilities_of(X509_get0_pubkey(identity->credentials.leaf), policy->ciphers != NULL);
    if (hello->server_name.len && !tls_identity_covers(identity, hello->server_name))
        return false;
    if ((is_1_3 || schemes.n) && !has_any(schemes, is_1_3 ? can.schemes_1_3 : can.schemes_1_2))
        return false;
    if (is_1_3)
        return true;
    if (can.group && !has(groups, can.group))
        return false;
    struct number_list suites;
    suites.n = SSL_client_hello_get0_ciphers(ssl, &suites.at) / 2;
    return has_any(suites, can.suites);
}
