/* A local certificate authority: a root for people to trust, an intermediate that signs, leaves of
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

#include "net/net_private.h"
#include "net/tls_private.h"

enum {
    ROOT_SECONDS = 3600 * 24 * 3600, /* 3600 days, as Caddy's */
    INTERMEDIATE_SECONDS = 7 * 24 * 3600,
    LEAF_SECONDS = 12 * 3600,
    BACKDATE_SECONDS = 60, /* for clocks that are a little behind */
    PATH_BYTES = 4096,
};

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
};

struct local_ca {
    pthread_mutex_t lock;
    struct authority root, intermediate; /* owned; under lock */
    char directory[PATH_BYTES - 64];
    char name[128];
};

static void authority_free(struct authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
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

static bool load(const struct local_ca *ca, const char *name, struct authority *out)
{
    char path[PATH_BYTES], file[64];
    snprintf(file, sizeof(file), "%s.crt", name);
    path_in(ca, file, path);
    FILE *in = fopen(path, "re");
    if (in) {
        out->certificate = PEM_read_X509(in, NULL, NULL, NULL);
        fclose(in);
    }
    snprintf(file, sizeof(file), "%s.key", name);
    path_in(ca, file, path);
    in = fopen(path, "re");
    if (in) {
        out->key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
        fclose(in);
    }
    if (out->certificate && out->key && X509_check_private_key(out->certificate, out->key))
        return true;
    authority_free(out);
    ERR_clear_error();
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
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                   (const unsigned char *)issue->common_name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    if (issue->constraints &&
        !add_extension(certificate, issuer, NID_basic_constraints, issue->constraints))
        return false;
    if (!add_extension(certificate, issuer, NID_key_usage, issue->usage) ||
        !add_extension(certificate, issuer, NID_subject_key_identifier, "hash"))
        return false;
    if (issue->issuer &&
        !add_extension(certificate, issuer, NID_authority_key_identifier, "keyid"))
        return false;
    if (issue->n_names &&
        (!add_names(certificate, issue->names, issue->n_names) ||
         !add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth")))
        return false;
    return true;
}

static bool make(const struct issue *issue, struct authority *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    EVP_PKEY *signer = issue->issuer ? issue->issuer->key : key;
    if (key && certificate && fill(certificate, issue, key) &&
        X509_sign(certificate, signer, EVP_sha256())) {
        *out = (struct authority){certificate, key};
        return true;
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return false;
}

static int64_t seconds_left(X509 *certificate)
{
    int days, seconds;
    if (!certificate ||
        !ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)))
        return 0;
    return (int64_t)days * 86400 + seconds;
}

static bool make_root(struct local_ca *ca)
{
    char name[160];
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    snprintf(name, sizeof(name), "%s - %d ECC Root", ca->name, tm.tm_year + 1900);
    struct issue issue = {.common_name = name,
                          .seconds = ROOT_SECONDS,
                          .constraints = "critical,CA:TRUE,pathlen:1",
                          .usage = "critical,keyCertSign,cRLSign"};
    return make(&issue, &ca->root) && store(ca, "root.key", NULL, ca->root.key) &&
           store(ca, "root.crt", ca->root.certificate, NULL);
}

/* Replaces an intermediate that would end before a leaf of <seconds>. */
static bool renew_intermediate(struct local_ca *ca, int64_t seconds)
{
    char name[160];
    if (seconds_left(ca->intermediate.certificate) > seconds)
        return true;
    snprintf(name, sizeof(name), "%s - ECC Intermediate", ca->name);
    struct issue issue = {.common_name = name,
                          .seconds = seconds < INTERMEDIATE_SECONDS / 2 ? INTERMEDIATE_SECONDS
                                                                        : seconds * 2,
                          .constraints = "critical,CA:TRUE,pathlen:0",
                          .usage = "critical,keyCertSign,cRLSign",
                          .issuer = &ca->root};
    struct authority fresh = {0};
    if (!make(&issue, &fresh))
        return false;
    authority_free(&ca->intermediate);
    ca->intermediate = fresh;
    /* A read-only directory only means that the next start makes another one. */
    store(ca, "intermediate.key", NULL, fresh.key);
    store(ca, "intermediate.crt", fresh.certificate, NULL);
    return true;
}

static bool intermediate_fits(const struct local_ca *ca)
{
    return X509_verify(ca->intermediate.certificate, X509_get0_pubkey(ca->root.certificate)) == 1;
}

struct local_ca *local_ca_open(const char *directory, const char *common_name,
                               char error[TLS_ERROR_BYTES])
{
    struct local_ca *ca = calloc(1, sizeof(*ca));
    if (!ca || strlen(directory) >= sizeof(ca->directory)) {
        snprintf(error, TLS_ERROR_BYTES, "path too long");
        free(ca);
        return NULL;
    }
    pthread_mutex_init(&ca->lock, NULL);
    strcpy(ca->directory, directory);
    snprintf(ca->name, sizeof(ca->name), "%s", common_name);
    ERR_clear_error();
    if (!make_directories(directory)) {
        snprintf(error, TLS_ERROR_BYTES, "creating %.160s: %s", directory, strerror(errno));
    } else if (!load(ca, "root", &ca->root) && !make_root(ca)) {
        snprintf(error, TLS_ERROR_BYTES, "making a root certificate in %.160s: %s", directory,
                 strerror(errno));
    } else {
        if (load(ca, "intermediate", &ca->intermediate) && !intermediate_fits(ca))
            authority_free(&ca->intermediate);
        if (renew_intermediate(ca, LEAF_SECONDS))
            return ca;
        tls_error_describe("making an intermediate certificate", error);
    }
    local_ca_free(ca);
    return NULL;
}

void local_ca_free(struct local_ca *ca)
{
    if (!ca)
        return;
    authority_free(&ca->root);
    authority_free(&ca->intermediate);
    pthread_mutex_destroy(&ca->lock);
    free(ca);
}

bool local_ca_issue(struct local_ca *ca, const struct str *names, size_t n, int64_t lifetime_ns,
                    struct credentials *out, char error[TLS_ERROR_BYTES])
{
    int64_t seconds = lifetime_ns > 0 ? lifetime_ns / 1000000000 : LEAF_SECONDS;
    struct issue issue = {.names = names,
                          .n_names = n,
                          .seconds = seconds,
                          .usage = "critical,digitalSignature",
                          .issuer = &ca->intermediate};
    struct authority leaf = {0};
    pthread_mutex_lock(&ca->lock);
    bool made = renew_intermediate(ca, seconds) && make(&issue, &leaf);
    if (made) {
        X509_up_ref(ca->intermediate.certificate);
        out->chain = sk_X509_new_null();
        sk_X509_push(out->chain, ca->intermediate.certificate);
        out->leaf = leaf.certificate;
        out->key = leaf.key;
    } else {
        tls_error_describe("issuing a certificate", error);
    }
    pthread_mutex_unlock(&ca->lock);
    return made;
}
