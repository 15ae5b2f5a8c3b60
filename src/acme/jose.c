/* JOSE and PKCS #10 with OpenSSL, as far as ACME needs them. */
#include "acme/jose.h"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { COORDINATE_BYTES = 32, ALPN_DAYS = 7 };

EVP_PKEY *jose_new_key(struct str type)
{
    if (type.len == 0 || str_is(type, "p256"))
        return EVP_EC_gen("P-256");
    if (str_is(type, "p384"))
        return EVP_EC_gen("P-384");
    if (str_is(type, "rsa2048"))
        return EVP_RSA_gen(2048);
    if (str_is(type, "rsa4096"))
        return EVP_RSA_gen(4096);
    if (str_is(type, "ed25519"))
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return NULL;
}

struct str jose_base64url(struct arena *arena, struct str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *out = arena_alloc(arena, bytes.len / 3 * 4 + 4);
    size_t n = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t bits = (uint32_t)(unsigned char)bytes.ptr[i] << 16;
        if (left > 1)
            bits |= (uint32_t)(unsigned char)bytes.ptr[i + 1] << 8;
        if (left > 2)
            bits |= (unsigned char)bytes.ptr[i + 2];
        for (size_t k = 0; k < (left > 2 ? 4 : left + 1); k++)
            out[n++] = digits[bits >> (18 - 6 * k) & 63];
    }
    return str_make(out, n);
}

static int url_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool jose_base64url_read(struct arena *arena, struct str text, struct str *bytes)
{
    char *out = arena_alloc(arena, text.len);
    uint32_t bits = 0;
    size_t n = 0;
    while (text.len > 0 && text.ptr[text.len - 1] == '=')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        int digit = url_digit(text.ptr[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 > 0)
            out[n++] = (char)(bits >> (6 - 2 * (i % 4)));
    }
    *bytes = str_make(out, n);
    return text.len % 4 != 1;
}

/* --- keys --- */

static struct str coordinate(struct arena *arena, EVP_PKEY *key, const char *name)
{
    BIGNUM *number = NULL;
    unsigned char bytes[COORDINATE_BYTES];
    struct str text = {0};
    if (EVP_PKEY_get_bn_param(key, name, &number) &&
        BN_bn2binpad(number, bytes, sizeof(bytes)) == (int)sizeof(bytes))
        text = jose_base64url(arena, str_make((const char *)bytes, sizeof(bytes)));
    BN_free(number);
    return text;
}

struct str jose_jwk(struct arena *arena, EVP_PKEY *key)
{
    struct str x = coordinate(arena, key, OSSL_PKEY_PARAM_EC_PUB_X);
    struct str y = coordinate(arena, key, OSSL_PKEY_PARAM_EC_PUB_Y);
    if (x.len == 0 || y.len == 0)
        return (struct str){0};
    return str_printf(
        arena, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" STR_FMT "\",\"y\":\"" STR_FMT "\"}",
        STR_ARG(x), STR_ARG(y));
}

static bool sha256(struct str bytes, unsigned char out[32])
{
    return EVP_Digest(bytes.ptr, bytes.len, out, NULL, EVP_sha256(), NULL) == 1;
}

struct str jose_thumbprint(struct arena *arena, EVP_PKEY *key)
{
    unsigned char digest[32];
    struct str jwk = jose_jwk(arena, key);
    if (jwk.len == 0 || !sha256(jwk, digest))
        return (struct str){0};
    return jose_base64url(arena, str_make((const char *)digest, sizeof(digest)));
}

/* What was written into <bio>, which goes; empty where nothing could be. */
static struct str taken(struct arena *arena, BIO *bio, bool is_written)
{
    char *bytes;
    struct str text = {0};
    long len = bio && is_written ? BIO_get_mem_data(bio, &bytes) : 0;
    if (len > 0)
        text = str_dup(arena, str_make(bytes, (size_t)len));
    BIO_free(bio);
    return text;
}

struct str jose_key_pem(struct arena *arena, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return taken(arena, bio,
                 bio && PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL));
}

struct str jose_certificate_pem(struct arena *arena, X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return taken(arena, bio, bio && PEM_write_bio_X509(bio, certificate));
}

EVP_PKEY *jose_key_read(struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return key;
}

/* --- signatures --- */

/* ECDSA's two numbers, one behind the other (RFC 7518 3.4). */
static struct str raw_signature(struct arena *arena, const unsigned char *der, size_t len)
{
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &der, (long)len);
    unsigned char bytes[2 * COORDINATE_BYTES];
    struct str text = {0};
    if (both && BN_bn2binpad(ECDSA_SIG_get0_r(both), bytes, COORDINATE_BYTES) > 0 &&
        BN_bn2binpad(ECDSA_SIG_get0_s(both), bytes + COORDINATE_BYTES, COORDINATE_BYTES) > 0)
        text = jose_base64url(arena, str_make((const char *)bytes, sizeof(bytes)));
    ECDSA_SIG_free(both);
    return text;
}

static struct str es256(struct arena *arena, EVP_PKEY *key, struct str input)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char der[128];
    size_t len = sizeof(der);
    struct str text = {0};
    if (context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(context, der, &len, (const unsigned char *)input.ptr, input.len) == 1)
        text = raw_signature(arena, der, len);
    EVP_MD_CTX_free(context);
    return text;
}

static struct str hs256(struct arena *arena, struct str key, struct str input)
{
    unsigned char mac[32];
    unsigned len = sizeof(mac);
    if (!HMAC(EVP_sha256(), key.ptr, (int)key.len, (const unsigned char *)input.ptr, input.len, mac,
              &len))
        return (struct str){0};
    return jose_base64url(arena, str_make((const char *)mac, len));
}

static struct str signed_with(struct arena *arena, EVP_PKEY *key, struct str mac_key,
                              struct str header, struct str payload)
{
    struct str protected =
        str_printf(arena, "{\"alg\":\"%s\"," STR_FMT "}", key ? "ES256" : "HS256", STR_ARG(header));
    protected = jose_base64url(arena, protected);
    payload = jose_base64url(arena, payload);
    struct str input = STR_JOIN(arena, protected, STR("."), payload);
    struct str signature = key ? es256(arena, key, input) : hs256(arena, mac_key, input);
    if (signature.len == 0)
        return (struct str){0};
    return str_printf(arena,
                      "{\"protected\":\"" STR_FMT "\",\"payload\":\"" STR_FMT
                      "\",\"signature\":\"" STR_FMT "\"}",
                      STR_ARG(protected), STR_ARG(payload), STR_ARG(signature));
}

struct str jose_sign(struct arena *arena, EVP_PKEY *key, struct str header, struct str payload)
{
    return signed_with(arena, key, (struct str){0}, header, payload);
}

struct str jose_sign_hmac(struct arena *arena, struct str mac_key, struct str header,
                          struct str payload)
{
    return signed_with(arena, NULL, mac_key, header, payload);
}

/* --- certificates --- */

static bool is_address(struct arena *arena, struct str subject)
{
    unsigned char ip[16];
    char *text = arena_strndup(arena, subject.ptr, subject.len);
    return inet_pton(AF_INET, text, ip) == 1 || inet_pton(AF_INET6, text, ip) == 1;
}

static X509_EXTENSION *names_of(struct arena *arena, struct str subject)
{
    char *value = arena_printf(arena, "%s:" STR_FMT, is_address(arena, subject) ? "IP" : "DNS",
                               STR_ARG(subject));
    return X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, value);
}

/* Takes the extension, which may be NULL. */
static bool push(STACK_OF(X509_EXTENSION) * list, X509_EXTENSION *extension)
{
    if (extension && sk_X509_EXTENSION_push(list, extension))
        return true;
    X509_EXTENSION_free(extension);
    return false;
}

static const EVP_MD *digest_for(EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
}

struct str jose_request(struct arena *arena, EVP_PKEY *key, struct str subject, bool must_staple)
{
    X509_REQ *request = X509_REQ_new();
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    unsigned char *der = NULL;
    int len = 0;
    struct str bytes = {0};
    if (request && list && X509_REQ_set_version(request, 0) && X509_REQ_set_pubkey(request, key) &&
        push(list, names_of(arena, subject)) &&
        (!must_staple ||
         push(list, X509V3_EXT_conf_nid(NULL, NULL, NID_tlsfeature, "status_request"))) &&
        X509_REQ_add_extensions(request, list) && X509_REQ_sign(request, key, digest_for(key)))
        len = i2d_X509_REQ(request, &der);
    if (len > 0)
        bytes = str_dup(arena, str_make((const char *)der, (size_t)len));
    OPENSSL_free(der);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    X509_REQ_free(request);
    return bytes;
}

/* acmeIdentifier (RFC 8737 3): critical, the digest in an octet string. */
static X509_EXTENSION *acme_identifier(struct str key_authorization)
{
    unsigned char value[34] = {V_ASN1_OCTET_STRING, 32};
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    X509_EXTENSION *extension = NULL;
    if (octets && object && sha256(key_authorization, value + 2) &&
        ASN1_OCTET_STRING_set(octets, value, sizeof(value)))
        extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, octets);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(object);
    return extension;
}

static bool add(X509 *certificate, X509_EXTENSION *extension)
{
    bool added = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

X509 *jose_alpn_certificate(EVP_PKEY *key, struct str subject, struct str key_authorization)
{
    struct arena arena = ARENA_INIT;
    X509 *certificate = X509_new();
    X509_NAME *name = X509_NAME_new();
    bool made = certificate && name && X509_set_version(certificate, 2) &&
                ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
                X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) &&
                X509_gmtime_adj(X509_getm_notAfter(certificate), ALPN_DAYS * 24 * 3600) &&
                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                           (const unsigned char *)"ACME challenge", -1, -1, 0) &&
                X509_set_subject_name(certificate, name) &&
                X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
                add(certificate, names_of(&arena, subject)) &&
                add(certificate, acme_identifier(key_authorization)) &&
                X509_sign(certificate, key, digest_for(key));
    X509_NAME_free(name);
    arena_free(&arena);
    if (made)
        return certificate;
    X509_free(certificate);
    return NULL;
}
