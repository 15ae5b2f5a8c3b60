/* Whom to believe: pools of CA certificates, and lists of the only leafs that are let in. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/tls_private.h"

/* ---- Text and files. */

char *read_whole_file(const char *path, size_t *len)
{
    enum { MAX_BYTES = 64 << 20 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    char *bytes = NULL;
    if (fd < 0)
        return NULL;
    if (fstat(fd, &stat) < 0)
        goto close_file;
    if (!S_ISREG(stat.st_mode) || stat.st_size > MAX_BYTES) {
        errno = S_ISDIR(stat.st_mode) ? EISDIR : EFBIG;
        goto close_file;
    }
    bytes = malloc((size_t)stat.st_size + 1);
    size_t at = 0;
    ssize_t got = 1;
    while (bytes && got > 0 && at < (size_t)stat.st_size) {
        got = read(fd, bytes + at, (size_t)stat.st_size - at);
        at += got > 0 ? (size_t)got : 0;
    }
    if (bytes && got < 0) {
        free(bytes);
        bytes = NULL;
        goto close_file;
    }
    if (bytes)
        bytes[at] = '\0';
    *len = at;
close_file:
    close(fd);
    return bytes;
}

int pem_certificates(struct str pem, bool only_certificates, STACK_OF(X509) * out)
{
    BIO *in = BIO_new_mem_buf(pem.ptr ? pem.ptr : "", (int)pem.len);
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long len;
    int n = 0;
    while (in && n >= 0 && PEM_read_bio(in, &name, &header, &der, &len)) {
        const unsigned char *at = der;
        bool is_certificate = strcmp(name, "CERTIFICATE") == 0;
        X509 *certificate = is_certificate ? d2i_X509(NULL, &at, len) : NULL;
        if (certificate && sk_X509_push(out, certificate) > 0) {
            n++;
        } else if (is_certificate || only_certificates) {
            X509_free(certificate);
            n = -1;
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
        name = header = NULL, der = NULL;
    }
    BIO_free(in);
    ERR_clear_error(); /* the end of the text counts as an error there */
    return n;
}

static X509 *decode(struct str base64)
{
    base64 = str_trim(base64);
    size_t cap = base64.len / 4 * 3 + 4;
    unsigned char *der = malloc(cap);
    int len = der ? EVP_DecodeBlock(der, (const unsigned char *)base64.ptr, (int)base64.len) : -1;
    const unsigned char *at = der;
    X509 *certificate = len > 0 ? d2i_X509(NULL, &at, len) : NULL;
    free(der);
    ERR_clear_error();
    return certificate;
}

/* ---- Pools. */

struct tls_trust *tls_trust_new(void)
{
    struct tls_trust *trust = calloc(1, sizeof(*trust));
    if (!trust)
        return NULL;
    atomic_init(&trust->references, 1);
    trust->store = X509_STORE_new();
    trust->names = sk_X509_NAME_new_null();
    /* as Go: whatever is in the pool is believed, be it no root */
    X509_STORE_set_flags(trust->store, X509_V_FLAG_PARTIAL_CHAIN);
    return trust;
}

struct tls_trust *tls_trust_ref(struct tls_trust *trust)
{
    if (trust)
        atomic_fetch_add(&trust->references, 1);
    return trust;
}

void tls_trust_unref(struct tls_trust *trust)
{
    if (!trust || atomic_fetch_sub(&trust->references, 1) != 1)
        return;
    X509_STORE_free(trust->store);
    sk_X509_NAME_pop_free(trust->names, X509_NAME_free);
    while (trust->leafs) {
        struct leaf_list *list = trust->leafs;
        trust->leafs = list->next;
        sk_X509_pop_free(list->certificates, X509_free);
        free(list);
    }
    free(trust);
}

static void trust_add(struct tls_trust *trust, X509 *certificate)
{
    X509_STORE_add_cert(trust->store, certificate);
    for (int i = 0; i < sk_X509_NAME_num(trust->names); i++)
        if (X509_NAME_cmp(sk_X509_NAME_value(trust->names, i),
                          X509_get_subject_name(certificate)) == 0)
            return;
    sk_X509_NAME_push(trust->names, X509_NAME_dup(X509_get_subject_name(certificate)));
}

bool tls_trust_add_system(struct tls_trust *trust, char error[TLS_ERROR_BYTES])
{
    if (X509_STORE_set_default_paths(trust->store))
        return true;
    tls_error_describe("loading the system's certificates", error);
    return false;
}

/* The file's certificates, each once more in <out>; false with the reason. */
static bool read_certificates(const char *file, bool only_certificates, STACK_OF(X509) * out,
                              char error[TLS_ERROR_BYTES])
{
    size_t len;
    char *text = read_whole_file(file, &len);
    if (!text) {
        snprintf(error, TLS_ERROR_BYTES, "%.180s: %s", file, strerror(errno));
        return false;
    }
    int n = pem_certificates(str_make(text, len), only_certificates, out);
    free(text);
    if (n > 0)
        return true;
    snprintf(error, TLS_ERROR_BYTES,
             n == 0 ? "no certificate in %.200s" : "a certificate in %.200s cannot be read", file);
    return false;
}

bool tls_trust_add_file(struct tls_trust *trust, const char *pem_file, char error[TLS_ERROR_BYTES])
{
    STACK_OF(X509) *found = sk_X509_new_null();
    bool is_fine = read_certificates(pem_file, false, found, error);
    for (int i = 0; is_fine && i < sk_X509_num(found); i++)
        trust_add(trust, sk_X509_value(found, i));
    sk_X509_pop_free(found, X509_free);
    return is_fine;
}

bool tls_trust_add_inline(struct tls_trust *trust, struct str der_base64,
                          char error[TLS_ERROR_BYTES])
{
    X509 *certificate = decode(der_base64);
    if (!certificate) {
        snprintf(error, TLS_ERROR_BYTES, "a certificate is not base64 of DER");
        return false;
    }
    trust_add(trust, certificate);
    X509_free(certificate);
    return true;
}

void tls_trust_add_authority(struct tls_trust *trust, const struct local_ca *ca, bool is_root)
{
    STACK_OF(X509) *certificates = local_ca_certificates(ca, is_root);
    for (int i = 0; i < sk_X509_num(certificates); i++)
        trust_add(trust, sk_X509_value(certificates, i));
    sk_X509_pop_free(certificates, X509_free);
}

/* ---- Leafs. */

void tls_trust_begin_leafs(struct tls_trust *trust)
{
    struct leaf_list *list = calloc(1, sizeof(*list));
    if (!list)
        abort();
    list->next = trust->leafs;
    list->certificates = sk_X509_new_null();
    trust->leafs = list;
}

bool tls_trust_add_leaf_file(struct tls_trust *trust, const char *pem_file,
                             char error[TLS_ERROR_BYTES])
{
    return read_certificates(pem_file, true, trust->leafs->certificates, error);
}

bool tls_trust_add_leaf_pem(struct tls_trust *trust, struct str pem, char error[TLS_ERROR_BYTES])
{
    if (pem_certificates(pem, true, trust->leafs->certificates) > 0)
        return true;
    snprintf(error, TLS_ERROR_BYTES, "a leaf certificate is not PEM");
    return false;
}

bool tls_trust_add_leaf_inline(struct tls_trust *trust, struct str der_base64,
                               char error[TLS_ERROR_BYTES])
{
    X509 *certificate = decode(der_base64);
    if (certificate && sk_X509_push(trust->leafs->certificates, certificate) > 0)
        return true;
    X509_free(certificate);
    snprintf(error, TLS_ERROR_BYTES, "a leaf certificate is not base64 of DER");
    return false;
}

static bool is_listed(const struct leaf_list *list, X509 *leaf)
{
    for (int i = 0; i < sk_X509_num(list->certificates); i++)
        if (X509_cmp(sk_X509_value(list->certificates, i), leaf) == 0)
            return true;
    return false;
}

/* ---- The verdict. */

/* The alerts are those of Go: it knows an unknown authority and an expired certificate, everything
 * else is bad. */
static int reported(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return X509_V_ERR_CERT_HAS_EXPIRED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    default:
        return X509_V_ERR_CERT_REJECTED;
    }
}

/* Where a certificate says what it is for, that must hold clients; as Go, which asks no more of it.
 */
static bool is_for_clients(X509_STORE_CTX *store)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
    for (int i = 0; i < sk_X509_num(chain); i++)
        if (!(X509_get_extended_key_usage(sk_X509_value(chain, i)) & (XKU_SSL_CLIENT | XKU_ANYEKU)))
            return false;
    return true;
}

static int verify_chain(X509_STORE_CTX *store)
{
    X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(store), X509_PURPOSE_ANY);
    if (X509_verify_cert(store) != 1)
        return reported(X509_STORE_CTX_get_error(store));
    return is_for_clients(store) ? X509_V_OK : X509_V_ERR_CERT_REJECTED;
}

int tls_verify_client(X509_STORE_CTX *store, void *unused)
{
    (void)unused;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct tls_session *session = SSL_get_app_data(ssl);
    const struct tls_policy *policy = session->policy;
    bool is_verified = policy && (policy->client_auth == TLS_CLIENT_AUTH_VERIFY_IF_GIVEN ||
                                  policy->client_auth == TLS_CLIENT_AUTH_REQUIRE_AND_VERIFY);
    int verdict = is_verified ? verify_chain(store) : X509_V_OK;
    X509_STORE_CTX_set_error(store, verdict);
    if (verdict != X509_V_OK)
        return 0;
    const struct leaf_list *list = session->trust ? session->trust->leafs : NULL;
    for (; list; list = list->next) {
        if (is_listed(list, X509_STORE_CTX_get0_cert(store)))
            continue;
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
        return 0;
    }
    return 1;
}
