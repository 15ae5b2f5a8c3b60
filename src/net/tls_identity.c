/* A certificate with its chain and key, ready for handshakes; and what it is chosen by. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "net/tls_private.h"

static void credentials_free(struct credentials *credentials)
{
    X509_free(credentials->leaf);
    sk_X509_pop_free(credentials->chain, X509_free);
    EVP_PKEY_free(credentials->key);
    *credentials = (struct credentials){0};
}

int64_t tls_time_of(const ASN1_TIME *time)
{
    struct tm tm;
    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* ---- Facts. */

static struct str text_of(struct arena *arena, const ASN1_STRING *value)
{
    unsigned char *utf8 = NULL;
    int len = value ? ASN1_STRING_to_UTF8(&utf8, value) : -1;
    struct str text = len > 0 ? str_dup(arena, str_make((char *)utf8, (size_t)len)) : STR("");
    OPENSSL_free(utf8);
    return text;
}

static struct str address_text_of(struct arena *arena, const ASN1_OCTET_STRING *bytes)
{
    struct address address = {.family = AF_UNSPEC};
    const unsigned char *data = ASN1_STRING_get0_data(bytes);
    char text[ADDRESS_TEXT_BYTES];
    if (ASN1_STRING_length(bytes) == 4) {
        address.in = (struct sockaddr_in){.sin_family = AF_INET};
        memcpy(&address.in.sin_addr, data, 4);
    } else if (ASN1_STRING_length(bytes) == 16) {
        address.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
        memcpy(&address.in6.sin6_addr, data, 16);
    } else {
        return STR("");
    }
    return str_dup(arena, str_make(text, address_host(&address, false, text)));
}

static struct str alternative_name(struct arena *arena, const GENERAL_NAME *name)
{
    switch (name->type) {
    case GEN_DNS:
        return str_lower(arena, text_of(arena, name->d.dNSName));
    case GEN_EMAIL:
        return str_lower(arena, text_of(arena, name->d.rfc822Name));
    case GEN_URI:
        return text_of(arena, name->d.uniformResourceIdentifier);
    case GEN_IPADD:
        return address_text_of(arena, name->d.iPAddress);
    default:
        return STR("");
    }
}

static void find_names(struct tls_identity *identity)
{
    struct arena *arena = identity->arena;
    X509_NAME *subject = X509_get_subject_name(identity->credentials.leaf);
    GENERAL_NAMES *others =
        X509_get_ext_d2i(identity->credentials.leaf, NID_subject_alt_name, NULL, NULL);
    size_t n = 0, n_others = others ? (size_t)sk_GENERAL_NAME_num(others) : 0;
    struct str *names = arena_array(arena, struct str, n_others + 1);
    int at = -1;
    for (int i; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
        at = i; /* the last one is it */
    if (at >= 0)
        names[n++] = str_lower(
            arena, text_of(arena, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
    if (n && names[0].len == 0)
        n = 0;
    for (size_t i = 0; i < n_others; i++) {
        struct str name = alternative_name(arena, sk_GENERAL_NAME_value(others, (int)i));
        if (name.len && !(n && str_eq(names[0], name)))
            names[n++] = name;
    }
    GENERAL_NAMES_free(others);
    identity->facts.names = names;
    identity->facts.n_names = n;
}

static void find_organizations(struct tls_identity *identity)
{
    X509_NAME *subject = X509_get_subject_name(identity->credentials.leaf);
    struct str *list = arena_array(identity->arena, struct str, X509_NAME_entry_count(subject) + 1);
    size_t n = 0;
    for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_organizationName, i)) >= 0;)
        list[n++] =
            text_of(identity->arena, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)));
    identity->facts.organizations = list;
    identity->facts.n_organizations = n;
}

static void find_serial(struct tls_identity *identity)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(identity->credentials.leaf), NULL);
    char *decimal = number ? BN_bn2dec(number) : NULL;
    identity->facts.serial = str_dup(identity->arena, str_from(decimal ? decimal : ""));
    OPENSSL_free(decimal);
    BN_free(number);
}

static enum tls_key_algorithm algorithm_of(const EVP_PKEY *key)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return TLS_KEY_RSA;
    case EVP_PKEY_DSA:
        return TLS_KEY_DSA;
    case EVP_PKEY_EC:
        return TLS_KEY_ECDSA;
    default:
        return TLS_KEY_OTHER;
    }
}

static void find_facts(struct tls_identity *identity)
{
    const X509 *leaf = identity->credentials.leaf;
    find_names(identity);
    find_organizations(identity);
    find_serial(identity);
    identity->facts.algorithm = algorithm_of(X509_get0_pubkey(leaf));
    identity->facts.not_before = tls_time_of(X509_get0_notBefore(leaf));
    identity->facts.not_after = tls_time_of(X509_get0_notAfter(leaf));
}

const struct tls_identity_facts *tls_identity_facts(const struct tls_identity *identity)
{
    return &identity->facts;
}

/* ---- The OCSP response. */

static int on_status_request(SSL *ssl, void *arg)
{
    const struct tls_identity *identity = arg;
    if (!identity->staple.len || time(NULL) >= identity->staple_until)
        return SSL_TLSEXT_ERR_NOACK;
    unsigned char *copy = OPENSSL_memdup(identity->staple.ptr, identity->staple.len);
    if (!copy)
        return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)identity->staple.len);
    return SSL_TLSEXT_ERR_OK;
}

/* The certificate that signed the leaf: behind it in the file, or itself. */
static X509 *issuer_of(const struct credentials *credentials)
{
    for (int i = 0; i < sk_X509_num(credentials->chain); i++) {
        X509 *other = sk_X509_value(credentials->chain, i);
        if (X509_check_issued(other, credentials->leaf) == X509_V_OK)
            return other;
    }
    return X509_check_issued(credentials->leaf, credentials->leaf) == X509_V_OK ? credentials->leaf
                                                                                : NULL;
}

static bool is_signed(OCSP_BASICRESP *basic, X509 *issuer)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509_STORE_add_cert(store, issuer);
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    sk_X509_push(chain, issuer);
    /* what the issuer signs itself, or lets somebody sign (RFC 6960 4.2.2.2) */
    bool is_fine = OCSP_basic_verify(basic, chain, store, OCSP_TRUSTOTHER) == 1;
    sk_X509_free(chain);
    X509_STORE_free(store);
    return is_fine;
}

/* The response's word about the leaf; NULL, or what is wrong. */
static const char *read_response(const struct credentials *credentials, OCSP_BASICRESP *basic,
                                 int64_t *from, int64_t *until)
{
    X509 *issuer = issuer_of(credentials);
    OCSP_CERTID *id = issuer ? OCSP_cert_to_id(NULL, credentials->leaf, issuer) : NULL;
    ASN1_GENERALIZEDTIME *revoked, *this_update, *next_update;
    int status, reason;
    const char *wrong = NULL;
    bool is_found = false;
    if (!id)
        return "the certificate's issuer is not in its file";
    for (int i = 0; i < OCSP_resp_count(basic) && !is_found; i++) {
        const OCSP_CERTID *other = OCSP_SINGLERESP_get0_id(OCSP_resp_get0(basic, i));
        ASN1_OBJECT *digest;
        OCSP_id_get0_info(NULL, &digest, NULL, NULL, (OCSP_CERTID *)other);
        OCSP_CERTID *same = OCSP_cert_to_id(EVP_get_digestbyobj(digest), credentials->leaf, issuer);
        is_found = same && OCSP_id_cmp(same, other) == 0;
        OCSP_CERTID_free(same);
        if (is_found)
            status = OCSP_single_get0_status(OCSP_resp_get0(basic, i), &reason, &revoked,
                                             &this_update, &next_update);
    }
    OCSP_CERTID_free(id);
    if (!is_found)
        return "it is about another certificate";
    if (!is_signed(basic, issuer))
        return "its signature is not the issuer's";
    if (status != V_OCSP_CERTSTATUS_GOOD)
        wrong = status == V_OCSP_CERTSTATUS_REVOKED ? "the certificate is revoked"
                                                    : "the responder does not know the certificate";
    *from = tls_time_of(this_update);
    *until = next_update ? tls_time_of(next_update) : INT64_MAX;
    return wrong;
}

enum tls_staple_result tls_identity_staple(struct tls_identity *identity, struct str response,
                                           char error[TLS_ERROR_BYTES])
{
    enum { CLOCK_SECONDS = 300 }; /* how much the responder's clock may be ahead */
    const unsigned char *at = (const unsigned char *)response.ptr;
    OCSP_RESPONSE *parsed = d2i_OCSP_RESPONSE(NULL, &at, (long)response.len);
    OCSP_BASICRESP *basic = NULL;
    const char *wrong = "it is no OCSP response";
    int64_t from = 0, until = 0, now = (int64_t)time(NULL);
    if (parsed && OCSP_response_status(parsed) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        wrong = OCSP_response_status_str(OCSP_response_status(parsed));
    else if (parsed)
        basic = OCSP_response_get1_basic(parsed);
    if (basic)
        wrong = read_response(&identity->credentials, basic, &from, &until);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(parsed);
    ERR_clear_error();
    if (wrong) {
        snprintf(error, TLS_ERROR_BYTES, "%s", wrong);
        return TLS_STAPLE_BAD;
    }
    if (now + CLOCK_SECONDS < from || now >= until) {
        snprintf(error, TLS_ERROR_BYTES,
                 now >= until ? "the response has expired" : "the response is not valid yet");
        return TLS_STAPLE_STALE;
    }
    identity->staple = str_dup(identity->arena, response);
    identity->staple_until = until;
    SSL_CTX_set_tlsext_status_cb(identity->context, on_status_request);
    SSL_CTX_set_tlsext_status_arg(identity->context, identity);
    return TLS_STAPLE_OK;
}

/* ---- Making and releasing. */

/* Takes over the credentials; NULL where they do not fit together. */
static struct tls_identity *identity_new(struct credentials *credentials, const char *what,
                                         char error[TLS_ERROR_BYTES])
{
    struct tls_identity *identity = calloc(1, sizeof(*identity));
    if (identity)
        identity->arena = calloc(1, sizeof(*identity->arena));
    if (!identity || !identity->arena)
        abort();
    atomic_init(&identity->references, 1);
    identity->credentials = *credentials;
    identity->context = tls_context_new(TLS_server_method());
    if (identity->context) {
        tls_context_server_setup(identity->context);
        if (SSL_CTX_use_cert_and_key(identity->context, credentials->leaf, credentials->key,
                                     credentials->chain, 1) == 1) {
            find_facts(identity);
            ERR_clear_error();
            return identity;
        }
    }
    tls_error_describe(what, error);
    tls_identity_unref(identity);
    return NULL;
}

struct tls_identity *tls_identity_ref(struct tls_identity *identity)
{
    if (identity)
        atomic_fetch_add(&identity->references, 1);
    return identity;
}

void tls_identity_unref(struct tls_identity *identity)
{
    if (!identity || atomic_fetch_sub(&identity->references, 1) != 1)
        return;
    SSL_CTX_free(identity->context);
    credentials_free(&identity->credentials);
    arena_free(identity->arena);
    free(identity->arena);
    free(identity);
}

/* The text's key: nobody is there to be asked for a passphrase. */
static EVP_PKEY *parse_key(struct str pem)
{
    BIO *in = BIO_new_mem_buf(pem.ptr ? pem.ptr : "", (int)pem.len);
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, NULL, (void *)"") : NULL;
    BIO_free(in);
    return key;
}

struct tls_identity *tls_identity_parse(struct str certificate, struct str key, const char *what,
                                        char error[TLS_ERROR_BYTES])
{
    struct credentials credentials = {.chain = sk_X509_new_null()};
    int n = pem_certificates(certificate, false, credentials.chain);
    ERR_clear_error();
    credentials.leaf = sk_X509_shift(credentials.chain);
    bool is_encrypted = str_find(key, STR("ENCRYPTED")) >= 0;
    credentials.key = is_encrypted ? NULL : parse_key(key);
    const char *wrong = NULL;
    if (n < 0)
        wrong = "a certificate cannot be read";
    else if (n == 0)
        wrong = "no certificate in it";
    else if (is_encrypted)
        wrong = "encrypted keys are not supported, decrypt it first";
    else if (!credentials.key)
        wrong = "no key that can be read";
    else if (X509_check_private_key(credentials.leaf, credentials.key) != 1)
        wrong = "the key is not the certificate's";
    ERR_clear_error();
    if (!wrong)
        return identity_new(&credentials, what, error);
    snprintf(error, TLS_ERROR_BYTES, "%.180s: %s", what, wrong);
    credentials_free(&credentials);
    return NULL;
}

struct tls_identity *tls_identity_load(const char *certificate_file, const char *key_file,
                                       char error[TLS_ERROR_BYTES])
{
    struct tls_identity *identity = NULL;
    size_t certificate_len = 0, key_len = 0;
    char *certificate = read_whole_file(certificate_file, &certificate_len);
    const char *failed = certificate ? key_file : certificate_file;
    char *key = certificate ? read_whole_file(key_file, &key_len) : NULL;
    if (key) {
        char what[512];
        snprintf(what, sizeof(what), "%s with %s", certificate_file, key_file);
        identity =
            tls_identity_parse(str_make(certificate, certificate_len), str_make(key, key_len),
                               strcmp(certificate_file, key_file) == 0 ? key_file : what, error);
        OPENSSL_cleanse(key, key_len);
    } else {
        snprintf(error, TLS_ERROR_BYTES, "%.180s: %s", failed, strerror(errno));
    }
    free(certificate);
    free(key);
    return identity;
}

struct tls_identity *tls_identity_issue(struct local_ca *ca, const struct tls_issue *issue,
                                        char error[TLS_ERROR_BYTES])
{
    struct credentials credentials = {0};
    if (!local_ca_issue(ca, issue, &credentials, error))
        return NULL;
    struct tls_identity *identity = identity_new(&credentials, "a certificate of our own", error);
    if (!identity)
        return NULL;
    struct tls_identity_facts *facts = &identity->facts;
    int64_t lifetime = facts->not_after - facts->not_before;
    facts->renew_at = facts->not_after - lifetime * issue->renewal_permille / 1000;
    return identity;
}

bool tls_identity_same(const struct tls_identity *a, const struct tls_identity *b)
{
    const struct credentials *x = &a->credentials, *y = &b->credentials;
    if (X509_cmp(x->leaf, y->leaf) != 0 || sk_X509_num(x->chain) != sk_X509_num(y->chain))
        return false;
    for (int i = 0; i < sk_X509_num(x->chain); i++)
        if (X509_cmp(sk_X509_value(x->chain, i), sk_X509_value(y->chain, i)) != 0)
            return false;
    return true;
}

bool tls_identity_covers(const struct tls_identity *identity, struct str name)
{
    char ip[ADDRESS_TEXT_BYTES];
    X509 *leaf = identity->credentials.leaf;
    if (tls_name_is_ip(name, ip))
        return X509_check_ip_asc(leaf, ip, 0) == 1;
    return X509_check_host(leaf, name.ptr, name.len,
                           X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                           NULL) == 1;
}
