/* Files of accounts and certificates. */
#include "acme/store.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "acme/jose.h"
#include "acme/paths.h"

enum { FILE_BYTES_MAX = 1 << 20 };

/* --- files --- */

static bool file_failed(struct arena *arena, const char *path, struct str *error)
{
    *error = str_printf(arena, "%s: %s", path, strerror(errno));
    return false;
}

static bool make_folders(struct arena *arena, const char *path, struct str *error)
{
    char *part = arena_strndup(arena, path, strlen(path));
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) && errno != EEXIST)
            return file_failed(arena, part, error);
        *slash = '/';
    }
    return true;
}

static bool write_fully(int fd, struct str text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text = str_slice(text, (size_t)n, text.len);
    }
    return fsync(fd) == 0;
}

static bool save(struct arena *arena, const char *path, struct str text, struct str *error)
{
    char *passing = arena_printf(arena, "%s.new", path);
    if (!make_folders(arena, path, error))
        return false;
    int fd = open(passing, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return file_failed(arena, passing, error);
    bool written = write_fully(fd, text);
    int reason = errno;
    written &= close(fd) == 0;
    if (written && rename(passing, path) == 0)
        return true;
    if (!written)
        errno = reason;
    file_failed(arena, passing, error);
    unlink(passing);
    return false;
}

static bool load(struct arena *arena, const char *path, struct str *text)
{
    struct strbuf in = strbuf_in(arena);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 1;
    if (fd < 0)
        return false;
    while (n > 0 && in.len < FILE_BYTES_MAX) {
        strbuf_reserve(&in, 4096);
        n = read(fd, in.ptr + in.len, 4096);
        if (n > 0)
            in.len += (size_t)n;
    }
    close(fd);
    *text = strbuf_str(&in);
    return n == 0;
}

/* --- accounts --- */

bool acme_account_load(struct arena *arena, struct str root, const struct acme_authority *authority,
                       struct acme_account *account, struct str *error)
{
    struct str base = acme_account_base(arena, root, authority->directory, authority->email), text;
    *account = (struct acme_account){0};
    if (load(arena, arena_printf(arena, STR_FMT ".key", STR_ARG(base)), &text))
        account->key = jose_key_read(text);
    /* an account signs with ES256 here; one with another key is left alone, and a new one made */
    if (account->key && jose_jwk(arena, account->key).len == 0) {
        EVP_PKEY_free(account->key);
        account->key = NULL;
    }
    if (account->key && load(arena, arena_printf(arena, STR_FMT ".json", STR_ARG(base)), &text)) {
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
    return save(arena, arena_printf(arena, STR_FMT ".key", STR_ARG(base)),
                jose_key_pem(arena, account->key), error) &&
           save(arena, arena_printf(arena, STR_FMT ".json", STR_ARG(base)), about, error);
}

/* --- certificates --- */

bool acme_certificate_save(struct arena *arena, const struct acme_paths *paths, struct str subject,
                           const struct acme_result *result, struct str *error)
{
    struct str about =
        dumped(arena, json_pack("{s:[s%],s:{s:s%}}", "sans", subject.ptr, subject.len,
                                "issuer_data", "url", result->url.ptr, result->url.len));
    return save(arena, paths->key, result->key, error) &&
           save(arena, paths->certificate, result->chain, error) &&
           save(arena, paths->about, about, error);
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm parts;
    return ASN1_TIME_to_tm(time, &parts) ? (int64_t)timegm(&parts) : 0;
}

bool acme_certificate_times(const struct acme_paths *paths, int64_t *from, int64_t *until)
{
    struct arena arena = ARENA_INIT;
    struct str chain, pem;
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;
    bool fits = false;
    if (load(&arena, paths->certificate, &chain) && load(&arena, paths->key, &pem)) {
        BIO *bio = BIO_new_mem_buf(chain.ptr, (int)chain.len);
        certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
        key = jose_key_read(pem);
        BIO_free(bio);
        fits = certificate && key && X509_check_private_key(certificate, key) == 1;
    }
    if (fits) {
        *from = seconds_of(X509_get0_notBefore(certificate));
        *until = seconds_of(X509_get0_notAfter(certificate));
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    arena_free(&arena);
    return fits;
}
