/* What ACME takes of JOSE and PKCS #10, and where Caddy keeps its files. */
#include <fcntl.h>
#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "acme/challenges.h"
#include "acme/files.h"
#include "acme/jose.h"
#include "acme/lock.h"
#include "acme/renewal.h"
#include "acme/store.h"
#include "acme/tokens.h"
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

    EVP_PKEY *key = jose_new_key(STR("p256")), *other = jose_new_key(STR("p256"));
    X509 *certificate = jose_alpn_certificate(key, STR("a.test"), STR("x"));
    struct acme_result result = {.chain = jose_certificate_pem(&arena, certificate),
                                 .key = jose_key_pem(&arena, key),
                                 .stored = {.url = STR("https://ca.test/1"),
                                            .authority = authority.directory,
                                            .account = STR("https://ca.test/account/1")}};
    struct acme_stored stored;
    paths = acme_paths_of(&arena, str_from(folder), authority.directory, STR("a.test"));
    CHECK(!acme_certificate_load(&arena, &paths, &stored));
    CHECK(acme_certificate_save(&arena, &paths, STR("a.test"), &result, &error));
    CHECK(acme_certificate_load(&arena, &paths, &stored));
    CHECK_INT(stored.until - stored.from, 7 * 24 * 3600 + 3600);
    CHECK_STR(stored.url, "https://ca.test/1");
    CHECK_STR(stored.account, "https://ca.test/account/1");
    CHECK(str_eq(stored.authority, authority.directory));
    CHECK_INT(stored.renewal.end_ns, 0);
    /* nothing of three is written where one of them cannot be */
    CHECK(unlink(paths.about) == 0 && mkdir(paths.about, 0700) == 0);
    result.key = jose_key_pem(&arena, other);
    const char *passing = arena_printf(&arena, "%s.%ld.new", paths.certificate, (long)getpid());
    CHECK_INT(mkdir(passing, 0700), 0);
    CHECK(!acme_certificate_save(&arena, &paths, STR("a.test"), &result, &error));
    CHECK(acme_certificate_load(&arena, &paths, &stored));
    CHECK(rmdir(passing) == 0 && rmdir(paths.about) == 0);
    /* junk in the metadata is no metadata */
    static const char *const junk[] = {
        "",         "{",
        "[]",       "{\"issuer_data\":7}",
        "\xff\xfe", "{\"issuer_data\":{\"renewal_info\":{\"suggestedWindow\":1}}}"};
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
        struct acme_file file = {paths.about, str_from(junk[i])};
        CHECK(acme_files_save(&arena, &file, 1, &error));
        CHECK(acme_certificate_load(&arena, &paths, &stored));
        CHECK_INT(stored.url.len, 0);
        CHECK_INT(stored.renewal.end_ns, 0);
    }
    CHECK(acme_certificate_save(&arena, &paths, STR("a.test"), &result, &error));
    CHECK(!acme_certificate_load(&arena, &paths, &stored)); /* a crash between two files */
    paths = acme_paths_of(&arena, STR("/proc/nowhere"), authority.directory, STR("a.test"));
    CHECK(!acme_certificate_save(&arena, &paths, STR("a.test"), &result, &error) && error.len > 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    CHECK_INT(system(arena_printf(&arena, "rm -r %s", folder)), 0);
    arena_free(&arena);
}

static void set_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* Locks: certmagic's file, one owner at a time, and what becomes of those that died. */
static void locks(void)
{
    struct arena arena = ARENA_INIT;
    char folder[] = "/tmp/acme_test.XXXXXX";
    struct acme_lock *lock = NULL, *other = NULL;
    struct acme_lock_wait wait = {0};
    struct str error = {0}, text = {0}, root, name = STR("issue_cert_*.A.test");
    CHECK(mkdtemp(folder) != NULL);
    root = str_from(folder);
    const char *path = acme_lock_path(&arena, root, name);
    CHECK_STR(str_from(path),
              arena_printf(&arena, "%s/locks/issue_cert_wildcard_.a.test.lock", folder));
    CHECK_INT(acme_lock_take(&arena, root, name, &wait, &lock, &error), ACME_LOCK_TAKEN);
    CHECK(acme_file_load(&arena, path, &text));
    CHECK(str_has_prefix(text, STR("{\"created\":\"2")));
    CHECK_INT(acme_lock_take(&arena, root, name, &wait, &other, &error), ACME_LOCK_BUSY);
    CHECK_INT(acme_lock_take(&arena, root, STR("another"), &wait, &other, &error), ACME_LOCK_TAKEN);
    acme_lock_release(other);
    acme_lock_release(lock);
    CHECK(access(path, F_OK) != 0);

    static const struct {
        const char *text;
        enum acme_lock_state state;
    } rows[] = {
        {"{\"created\":\"2020-01-02T03:04:05.6Z\",\"updated\":\"2020-01-02T03:04:05+01:00\"}\n",
         ACME_LOCK_TAKEN},
        {"{\"created\":\"2020-01-02T03:04:05Z\"}", ACME_LOCK_TAKEN},
        {"{\"created\":\"2020-01-02T03:04:05Z\",\"updated\":\"2200-01-02T03:04:05.678Z\"}",
         ACME_LOCK_BUSY},
        /* written just now, whatever it is */
        {"", ACME_LOCK_BUSY},
        {"{\"created", ACME_LOCK_BUSY},
        {"\xff\xff", ACME_LOCK_BUSY},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wait = (struct acme_lock_wait){0};
        set_file(path, rows[i].text);
        CHECK_INT(acme_lock_take(&arena, root, name, &wait, &lock, &error), rows[i].state);
        if (rows[i].state == ACME_LOCK_TAKEN)
            acme_lock_release(lock);
        unlink(path);
    }
    /* the same, long after it was written */
    for (size_t i = 3; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
        set_file(path, rows[i].text);
        CHECK_INT(utimensat(AT_FDCWD, path, old, 0), 0);
        CHECK_INT(acme_lock_take(&arena, root, name, &wait, &lock, &error), ACME_LOCK_TAKEN);
        acme_lock_release(lock);
    }
    /* a time to come, which nobody has changed for long */
    set_file(path, rows[2].text);
    wait = (struct acme_lock_wait){0};
    CHECK_INT(acme_lock_take(&arena, root, name, &wait, &lock, &error), ACME_LOCK_BUSY);
    CHECK(wait.since_ms > 0);
    wait.since_ms -= 10500;
    CHECK_INT(acme_lock_take(&arena, root, name, &wait, &lock, &error), ACME_LOCK_TAKEN);
    /* somebody takes a lock away from us: it is not ours to remove */
    set_file(path, rows[2].text);
    acme_lock_release(lock);
    CHECK_INT(access(path, F_OK), 0);
    CHECK_INT(acme_lock_take(&arena, STR("/proc/nowhere"), name, &wait, &lock, &error),
              ACME_LOCK_FAILED);
    CHECK(error.len > 0);
    CHECK_INT(system(arena_printf(&arena, "rm -r %s", folder)), 0);
    arena_free(&arena);
}

/* What one process leaves for another is what certmagic leaves. */
static void shared_challenges(void)
{
    struct arena arena = ARENA_INIT;
    char folder[] = "/tmp/acme_test.XXXXXX";
    struct str error = {0}, text = {0}, root, directory = STR("https://ca.test/dir");
    struct acme_token http = {ACME_HTTP, STR("a.test"), STR("tok"), STR("tok.thumb"),
                              STR("https://ca.test/c/1")};
    struct acme_token ip = http, found;
    CHECK(mkdtemp(folder) != NULL);
    root = str_from(folder);
    CHECK(acme_token_save(&arena, root, directory, &http, &error));
    const char *path =
        arena_printf(&arena, "%s/acme/ca.test-dir/challenge_tokens/a.test.json", folder);
    CHECK(acme_file_load(&arena, path, &text));
    CHECK_STR(text, "{\"type\":\"http-01\",\"url\":\"https://ca.test/c/1\",\"status\":\"pending\","
                    "\"token\":\"tok\",\"keyAuthorization\":\"tok.thumb\","
                    "\"identifier\":{\"type\":\"dns\",\"value\":\"a.test\"}}");
    CHECK(acme_token_load(&arena, root, directory, ACME_HTTP, STR("A.test"), &found));
    CHECK_STR(found.key_authorization, "tok.thumb");
    CHECK(!acme_token_load(&arena, root, directory, ACME_ALPN, STR("a.test"), &found));
    CHECK(!acme_token_load(&arena, root, directory, ACME_HTTP, STR("b.test"), &found));
    CHECK(!acme_token_load(&arena, root, STR("https://other.test/dir"), ACME_HTTP, STR("a.test"),
                           &found));
    CHECK(!acme_token_load(&arena, root, directory, ACME_HTTP, STR("../../a.test"), &found));
    acme_token_drop(&arena, root, directory, &http);
    CHECK(access(path, F_OK) != 0);

    ip.kind = ACME_ALPN;
    static const struct {
        const char *name, *file;
    } addresses[] = {
        {"192.0.2.1", "1.2.0.192.in-addr.arpa"},
        {"2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
    };
    for (size_t i = 0; i < 2; i++) {
        ip.name = str_from(addresses[i].name);
        CHECK(acme_token_save(&arena, root, directory, &ip, &error));
        CHECK_INT(access(arena_printf(&arena, "%s/acme/ca.test-dir/challenge_tokens/%s.json",
                                      folder, addresses[i].file),
                         F_OK),
                  0);
        CHECK(acme_token_load(&arena, root, directory, ACME_ALPN, str_from(addresses[i].file),
                              &found));
        CHECK_STR(found.name, addresses[i].name);
    }
    static const char *const junk[] = {
        "", "7", "{\"type\":\"http-01\"}",
        "{\"type\":\"http-01\",\"token\":\"a\",\"keyAuthorization\":\"b.c\","
        "\"identifier\":{\"value\":\"a.test\"}}",
        "{\"type\":\"dns-01\",\"token\":\"a\",\"keyAuthorization\":\"a.c\","
        "\"identifier\":{\"value\":\"a.test\"}}"};
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
        CHECK(!acme_token_read(&arena, str_from(junk[i]), ACME_HTTP, &found));
    CHECK_INT(system(arena_printf(&arena, "rm -r %s", folder)), 0);
    arena_free(&arena);
}

static json_t *window(const char *start, const char *end)
{
    return json_pack("{s:{s:s,s:s},s:s}", "suggestedWindow", "start", start, "end", end,
                     "explanationURL", "https://ca.test/why");
}

static void renewals(void)
{
    struct arena arena = ARENA_INIT;
    static const struct {
        const char *start, *end;
        bool is_fine;
    } rows[] = {
        {"2025-01-02T04:00:00Z", "2025-01-03T04:00:00Z", true},
        {"2025-01-02T04:00:00.5+02:00", "2025-01-03T04:00:00.123456789Z", true},
        {"2025-01-03T04:00:00Z", "2025-01-02T04:00:00Z", false},
        {"2025-01-02T04:00:00Z", "2025-01-02T04:00:00Z", false},
        {"0001-01-01T00:00:00Z", "2025-01-02T04:00:00Z", false},
        {"2025-01-02", "2025-01-03", false},
        {"", "", false},
    };
    struct acme_renewal none = {.id = STR("a.b")}, fresh, kept;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *answer = window(rows[i].start, rows[i].end);
        for (int k = 0; k < 100; k++) {
            CHECK(acme_renewal_read(&arena, answer, &none, 0, &fresh) == rows[i].is_fine);
            CHECK(!rows[i].is_fine ||
                  (fresh.selected_ns >= fresh.start_ns && fresh.selected_ns < fresh.end_ns));
        }
        json_decref(answer);
    }
    json_t *answer = window(rows[0].start, rows[0].end);
    CHECK(acme_renewal_read(&arena, answer, &none, 7200, &fresh));
    int64_t left_s = fresh.retry_at_ns / 1000000000 - (int64_t)time(NULL);
    CHECK(left_s > 7100 && left_s <= 7200);
    /* it is written as certmagic reads it, and read again as it was */
    json_t *json = acme_renewal_json(&arena, &fresh);
    CHECK_STR(str_from(json_string_value(
                  json_object_get(json_object_get(json, "suggestedWindow"), "start"))),
              "2025-01-02T04:00:00.000000000Z");
    CHECK_STR(str_from(json_string_value(json_object_get(json, "_uniqueIdentifier"))), "a.b");
    acme_renewal_load(&arena, json, &kept);
    CHECK_INT(kept.start_ns, fresh.start_ns);
    CHECK_INT(kept.end_ns, fresh.end_ns);
    CHECK_INT(kept.selected_ns, fresh.selected_ns);
    CHECK_INT(kept.retry_at_ns, fresh.retry_at_ns);
    CHECK_STR(kept.explanation, "https://ca.test/why");
    CHECK_STR(kept.id, "a.b");
    json_decref(json);
    /* the moment that was drawn stays as long as the window does; waits are a minute to a day */
    struct acme_renewal again;
    CHECK(acme_renewal_read(&arena, answer, &kept, 1, &again));
    CHECK_INT(again.selected_ns, kept.selected_ns);
    CHECK(again.retry_at_ns / 1000000000 - (int64_t)time(NULL) > 30);
    CHECK(acme_renewal_read(&arena, answer, &kept, 1 << 30, &again));
    CHECK(again.retry_at_ns / 1000000000 - (int64_t)time(NULL) <= 24 * 3600);
    json_decref(answer);
    answer = window("2035-01-02T04:00:00Z", "2035-01-03T04:00:00Z");
    CHECK(acme_renewal_read(&arena, answer, &kept, 0, &again));
    CHECK(again.selected_ns >= again.start_ns && again.selected_ns != kept.selected_ns);
    json_decref(answer);
    CHECK(acme_renewal_json(&arena, &none) == NULL);
    arena_free(&arena);
}

/* The example of RFC 9773 4.1, with the numbers of its certificate. */
static void renewal_ids(void)
{
    struct arena arena = ARENA_INIT;
    static const unsigned char key_id[] = {0x69, 0x88, 0x5B, 0x6B, 0x87, 0x46, 0x40,
                                           0x41, 0xE1, 0xB3, 0x7B, 0x84, 0x7B, 0xA0,
                                           0xAE, 0x2C, 0xDE, 0x01, 0xC8, 0xD4};
    EVP_PKEY *key = jose_new_key(STR("p256"));
    X509 *certificate = jose_alpn_certificate(key, STR("a.test"), STR("x"));
    CHECK_INT(acme_renewal_id(&arena, certificate).len, 0); /* no authority's key is named */
    AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
    authority->keyid = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(authority->keyid, key_id, sizeof(key_id));
    CHECK_INT(X509_add1_ext_i2d(certificate, NID_authority_key_identifier, authority, 0, 0), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 0x87654321);
    X509_sign(certificate, key, EVP_sha256());
    struct str der = jose_certificate_pem(&arena, certificate);
    BIO *bio = BIO_new_mem_buf(der.ptr, (int)der.len);
    X509 *read = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    CHECK_STR(acme_renewal_id(&arena, read), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    BIO_free(bio);
    X509_free(read);
    AUTHORITY_KEYID_free(authority);
    X509_free(certificate);
    EVP_PKEY_free(key);
    arena_free(&arena);
}

static const struct test tests[] = {
    {"base64url", base64url},
    {"signatures", signatures},
    {"macs", macs},
    {"requests", requests},
    {"challenge_certificate", challenge_certificate},
    {"files", files},
    {"locks", locks},
    {"shared challenges", shared_challenges},
    {"renewals", renewals},
    {"names for renewals", renewal_ids},
};

TESTS_MAIN(tests)
