/* A local certificate authority: a root for people to trust, an intermediate that signs, leafs of
 * a few hours. Root and intermediate live in files, so that trust survives restarts. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "net/tls_private.h"

enum {
    ROOT_SECONDS = 3600 * 24 * 3600, /* 3600 days, as Caddy's */
    LEAF_SECONDS = 12 * 3600,
    BACKDATE_SECONDS = 60, /* for clocks that are a little behind */
    PATH_BYTES = 4096,
    NAME_BYTES = 256,
};

struct authority {
    X509 *certificate;
    EVP_PKEY *key;          /* NULL: a root that signs nothing any more */
    STACK_OF(X509) * chain; /* what is behind it in its file */
};

struct local_ca {
    struct authority root, intermediate; /* owned */
    bool is_intermediate_given;          /* by files: nobody renews it but who wrote them */
    unsigned renewal_permille;
    int64_t intermediate_seconds;
    char directory[PATH_BYTES - 64];
    char root_name[NAME_BYTES], intermediate_name[NAME_BYTES];
};

static void authority_free(struct authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    sk_X509_pop_free(authority->chain, X509_free);
    *authority = (struct authority){0};
}

static void path_in(const struct local_ca *ca, const char *file, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%s", ca->directory, file);
}

static bool make_directories(const char *path)
{
    char part[PATH_BYTES];
    size_t len = strlen(path);
    if (len >= sizeof(part))
        return false;
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return false;
    }
    return true;
}

/* Writes beside the file and renames, so that nobody ever reads a half. */
static bool store(const struct local_ca *ca, const char *file, X509 *certificate, EVP_PKEY *key)
{
    char path[PATH_BYTES], beside[PATH_BYTES + 32];
    path_in(ca, file, path);
    snprintf(beside, sizeof(beside), "%s.%d.new", path, (int)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, key ? 0600 : 0644);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!out)
        return false;
    bool written = key ? PEM_write_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL)
                       : PEM_write_X509(out, certificate);
    written = fclose(out) == 0 && written;
    if (written && rename(beside, path) == 0)
        return true;
    unlink(beside);
    return false;
}

/* From two files, the key's may be left out; false with the reason. */
static bool load_files(const char *certificate_file, const char *key_file, struct authority *out,
                       char error[TLS_ERROR_BYTES])
{
    size_t len;
    char *text = read_whole_file(certificate_file, &len);
    if (!text) {
        snprintf(error, TLS_ERROR_BYTES, "%.180s: %s", certificate_file, strerror(errno));
        return false;
    }
    out->chain = sk_X509_new_null();
    int n = pem_certificates(str_make(text, len), false, out->chain);
    free(text);
    out->certificate = sk_X509_shift(out->chain);
    if (n <= 0) {
        snprintf(error, TLS_ERROR_BYTES, "no certificate in %.200s", certificate_file);
        return false;
    }
    if (!key_file)
        return true;
    text = read_whole_file(key_file, &len);
    BIO *in = text ? BIO_new_mem_buf(text, (int)len) : NULL;
    out->key = in ? PEM_read_bio_PrivateKey(in, NULL, NULL, (void *)"") : NULL;
    BIO_free(in);
    if (text)
        OPENSSL_cleanse(text, len);
    free(text);
    ERR_clear_error();
    if (out->key && X509_check_private_key(out->certificate, out->key) == 1)
        return true;
    snprintf(error, TLS_ERROR_BYTES,
             out->key ? "the key in %.180s is not the certificate's" : "no key in %.200s",
             key_file);
    ERR_clear_error();
    return false;
}

static bool load(const struct local_ca *ca, const char *name, struct authority *out)
{
    char certificate[PATH_BYTES], key[PATH_BYTES], file[64], error[TLS_ERROR_BYTES];
    snprintf(file, sizeof(file), "%s.crt", name);
    path_in(ca, file, certificate);
    snprintf(file, sizeof(file), "%s.key", name);
    path_in(ca, file, key);
    if (load_files(certificate, key, out, error))
        return true;
    authority_free(out);
    return false;
}

/* ---- Certificates. */

static bool add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool added = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

/* DNS names and addresses; critical, since the subject is empty. */
static bool add_names(X509 *certificate, const struct str *names, size_t n)
{
    GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
    bool fine = list != NULL;
    for (size_t i = 0; fine && i < n; i++) {
        char ip[ADDRESS_TEXT_BYTES];
        GENERAL_NAME *name = GENERAL_NAME_new();
        if (name && tls_name_is_ip(names[i], ip)) {
            GENERAL_NAME_set0_value(name, GEN_IPADD, a2i_IPADDRESS(ip));
        } else if (name) {
            ASN1_IA5STRING *text = ASN1_IA5STRING_new();
            ASN1_STRING_set(text, names[i].ptr, (int)names[i].len);
            GENERAL_NAME_set0_value(name, GEN_DNS, text);
        }
        fine = name && sk_GENERAL_NAME_push(list, name);
    }
    fine = fine && X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 1, 0) == 1;
    sk_GENERAL_NAME_pop_free(list, GENERAL_NAME_free);
    return fine;
}

struct issue {
    const char *common_name; /* NULL: an empty subject */
    const struct str *names;
    size_t n_names;
    int64_t seconds;
    const char *constraints, *usage;
    struct str key_type;            /* empty: p256 */
    const struct authority *issuer; /* NULL: itself */
};

static bool fill(X509 *certificate, const struct issue *issue, EVP_PKEY *key)
{
    unsigned char serial[16];
    X509 *issuer = issue->issuer ? issue->issuer->certificate : certificate;
    BIGNUM *number = BN_new();
    bool fine = number && RAND_bytes(serial, sizeof(serial)) == 1;
    serial[0] &= 0x7f;
    fine = fine && BN_bin2bn(serial, sizeof(serial), number) &&
           BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    if (!fine)
        return false;
    X509_set_version(certificate, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -BACKDATE_SECONDS);
    X509_time_adj_ex(X509_getm_notAfter(certificate), (int)(issue->seconds / 86400),
                     issue->seconds % 86400, NULL);
    X509_set_pubkey(certificate, key);
    if (issue->common_name)
        X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                   V_ASN1_UTF8STRING, /* of any length */
                                   (const unsigned char *)issue->common_name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    if (issue->constraints &&
        !add_extension(certificate, issuer, NID_basic_constraints, issue->constraints))
        return false;
    if (!add_extension(certificate, issuer, NID_key_usage, issue->usage) ||
        !add_extension(certificate, issuer, NID_subject_key_identifier, "hash"))
        return false;
    if (issue->issuer && !add_extension(certificate, issuer, NID_authority_key_identifier, "keyid"))
        return false;
    if (issue->n_names &&
        (!add_names(certificate, issue->names, issue->n_names) ||
         !add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth")))
        return false;
    return true;
}

static EVP_PKEY *make_key(struct str type)
{
    if (str_is(type, "p384"))
        return EVP_EC_gen("P-384");
    if (str_is(type, "ed25519"))
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (str_is(type, "rsa2048"))
        return EVP_RSA_gen(2048);
    if (str_is(type, "rsa4096"))
        return EVP_RSA_gen(4096);
    return EVP_EC_gen("P-256");
}

/* Go signs with what is as strong as the key; Ed25519 brings its own. */
static const EVP_MD *digest_for(const EVP_PKEY *signer)
{
    switch (EVP_PKEY_get_base_id(signer)) {
    case EVP_PKEY_ED25519:
        return NULL;
    case EVP_PKEY_EC:
        return EVP_PKEY_get_bits(signer) > 384   ? EVP_sha512()
               : EVP_PKEY_get_bits(signer) > 256 ? EVP_sha384()
                                                 : EVP_sha256();
    default:
        return EVP_sha256();
    }
}

static bool make(const struct issue *issue, struct authority *out)
{
    EVP_PKEY *key = make_key(issue->key_type);
    X509 *certificate = X509_new();
    EVP_PKEY *signer = issue->issuer ? issue->issuer->key : key;
    if (key && certificate && fill(certificate, issue, key) &&
        X509_sign(certificate, signer, digest_for(signer))) {
        *out = (struct authority){certificate, key, NULL};
        return true;
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return false;
}

/* ---- The authority. */

static bool make_root(struct local_ca *ca)
{
    struct issue issue = {.common_name = ca->root_name,
                          .seconds = ROOT_SECONDS,
                          .constraints = "critical,CA:TRUE,pathlen:1",
                          .usage = "critical,keyCertSign,cRLSign"};
    return make(&issue, &ca->root) && store(ca, "root.key", NULL, ca->root.key) &&
           store(ca, "root.crt", ca->root.certificate, NULL);
}

static bool make_intermediate(struct local_ca *ca)
{
    struct issue issue = {.common_name = ca->intermediate_name,
                          .seconds = ca->intermediate_seconds,
                          .constraints = "critical,CA:TRUE,pathlen:0",
                          .usage = "critical,keyCertSign,cRLSign",
                          .issuer = &ca->root};
    struct authority fresh = {0};
    if (!ca->root.key || !make(&issue, &fresh))
        return false;
    authority_free(&ca->intermediate);
    ca->intermediate = fresh;
    /* A read-only directory only means that the next start makes another one. */
    store(ca, "intermediate.key", NULL, fresh.key);
    store(ca, "intermediate.crt", fresh.certificate, NULL);
    return true;
}

int64_t local_ca_due(const struct local_ca *ca)
{
    if (ca->is_intermediate_given)
        return 0;
    int64_t from = tls_time_of(X509_get0_notBefore(ca->intermediate.certificate));
    int64_t until = tls_time_of(X509_get0_notAfter(ca->intermediate.certificate));
    return until - (until - from) * ca->renewal_permille / 1000;
}

bool local_ca_maintain(struct local_ca *ca, char error[TLS_ERROR_BYTES])
{
    if (ca->is_intermediate_given || time(NULL) < local_ca_due(ca))
        return true;
    if (make_intermediate(ca))
        return true;
    tls_error_describe("making an intermediate certificate", error);
    return false;
}

static bool intermediate_fits(const struct local_ca *ca)
{
    return X509_verify(ca->intermediate.certificate, X509_get0_pubkey(ca->root.certificate)) == 1;
}

static bool open_root(struct local_ca *ca, const struct local_ca_config *config,
                      char error[TLS_ERROR_BYTES])
{
    if (config->root_certificate)
        return load_files(config->root_certificate, config->root_key, &ca->root, error);
    if (!make_directories(ca->directory)) {
        snprintf(error, TLS_ERROR_BYTES, "creating %.160s: %s", ca->directory, strerror(errno));
        return false;
    }
    if (load(ca, "root", &ca->root) || make_root(ca))
        return true;
    snprintf(error, TLS_ERROR_BYTES, "making a root certificate in %.160s: %s", ca->directory,
             strerror(errno));
    return false;
}

static bool open_intermediate(struct local_ca *ca, const struct local_ca_config *config,
                              char error[TLS_ERROR_BYTES])
{
    ca->is_intermediate_given = config->intermediate_certificate != NULL;
    if (ca->is_intermediate_given)
        return load_files(config->intermediate_certificate, config->intermediate_key,
                          &ca->intermediate, error);
    int64_t root_left = tls_time_of(X509_get0_notAfter(ca->root.certificate)) - time(NULL);
    if (ca->intermediate_seconds >= root_left) {
        snprintf(error, TLS_ERROR_BYTES,
                 "the root certificate ends before an intermediate one would");
        return false;
    }
    if (!make_directories(ca->directory)) {
        snprintf(error, TLS_ERROR_BYTES, "creating %.160s: %s", ca->directory, strerror(errno));
        return false;
    }
    if (load(ca, "intermediate", &ca->intermediate) && !intermediate_fits(ca))
        authority_free(&ca->intermediate);
    if (ca->intermediate.certificate)
        return local_ca_maintain(ca, error);
    if (make_intermediate(ca))
        return true;
    tls_error_describe("making an intermediate certificate", error);
    return false;
}

struct local_ca *local_ca_open(const struct local_ca_config *config, char error[TLS_ERROR_BYTES])
{
    struct local_ca *ca = calloc(1, sizeof(*ca));
    if (!ca || strlen(config->directory) >= sizeof(ca->directory)) {
        snprintf(error, TLS_ERROR_BYTES, "path too long");
        free(ca);
        return NULL;
    }
    strcpy(ca->directory, config->directory);
    snprintf(ca->root_name, sizeof(ca->root_name), "%s", config->root_name);
    snprintf(ca->intermediate_name, sizeof(ca->intermediate_name), "%s", config->intermediate_name);
    ca->renewal_permille = config->renewal_permille;
    ca->intermediate_seconds = config->intermediate_lifetime_ns / 1000000000;
    ERR_clear_error();
    if (open_root(ca, config, error) && open_intermediate(ca, config, error))
        return ca;
    local_ca_free(ca);
    return NULL;
}

void local_ca_free(struct local_ca *ca)
{
    if (!ca)
        return;
    authority_free(&ca->root);
    authority_free(&ca->intermediate);
    free(ca);
}

static void push_copy(STACK_OF(X509) * list, X509 *certificate)
{
    if (X509_up_ref(certificate) && sk_X509_push(list, certificate) <= 0)
        X509_free(certificate);
}

STACK_OF(X509) * local_ca_certificates(const struct local_ca *ca, bool is_root)
{
    const struct authority *authority = is_root ? &ca->root : &ca->intermediate;
    STACK_OF(X509) *list = sk_X509_new_null();
    push_copy(list, authority->certificate);
    for (int i = 0; !is_root && i < sk_X509_num(authority->chain); i++)
        push_copy(list, sk_X509_value(authority->chain, i));
    return list;
}

bool local_ca_issue(struct local_ca *ca, const struct tls_issue *issue, struct credentials *out,
                    char error[TLS_ERROR_BYTES])
{
    const struct authority *issuer = issue->signs_with_root ? &ca->root : &ca->intermediate;
    int64_t seconds = issue->lifetime_ns > 0 ? issue->lifetime_ns / 1000000000 : LEAF_SECONDS;
    int64_t left = tls_time_of(X509_get0_notAfter(issuer->certificate)) - time(NULL);
    bool is_rsa = str_has_prefix(issue->key_type, STR("rsa"));
    struct issue leaf = {.names = &issue->name,
                         .n_names = 1,
                         .seconds = seconds < left ? seconds : left,
                         .usage = is_rsa ? "critical,digitalSignature,keyEncipherment"
                                         : "critical,digitalSignature",
                         .key_type = issue->key_type,
                         .issuer = issuer};
    struct authority made = {0};
    if (!issuer->key || left <= 0) {
        snprintf(error, TLS_ERROR_BYTES,
                 issuer->key ? "the authority's certificate has expired"
                             : "the authority has no key to sign with");
        return false;
    }
    if (!make(&leaf, &made)) {
        tls_error_describe("issuing a certificate", error);
        return false;
    }
    *out = (struct credentials){made.certificate, local_ca_certificates(ca, issue->signs_with_root),
                                made.key};
    return true;
}
