/* The thread that compares passwords, its queue, and the memory of answers. */

#include "proxy/password.h"

#include <crypt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/parse.h"
#include "dialtone/proxy.h"
#include "proxy/digest.h"

enum {
    MAX_WAITING = 1000,
    KNOWN_SLOTS = 1024, /* a power of two */
    KEY_BYTES = 32,
};

/* A keyed digest of hash and password; the password itself is not kept. */
struct known {
    char digest[DIGEST_HEX_BYTES];
    bool is_set, is_right;
};

struct passwords {
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    struct password_job *first, **last; /* waiting */
    unsigned n_waiting;
    bool is_running, is_over;
    char key[KEY_BYTES];
    struct known known[KNOWN_SLOTS];
};

static dt_argon2id_function *argon2id;

void dt_proxy_use_argon2id(dt_argon2id_function *function)
{
    argon2id = function;
}

struct passwords *passwords_new(void)
{
    struct passwords *passwords = calloc(1, sizeof(*passwords));
    if (!passwords || getrandom(passwords->key, KEY_BYTES, 0) != KEY_BYTES)
        abort();
    passwords->last = &passwords->first;
    pthread_mutex_init(&passwords->lock, NULL);
    pthread_cond_init(&passwords->wake, NULL);
    return passwords;
}

static void job_free(struct password_job *job)
{
    free(job->password);
    free(job);
}

/* --- the memory --- */

static struct known *slot_of(struct passwords *passwords, const struct password_job *job,
                             char digest[DIGEST_HEX_BYTES])
{
    struct str key = str_make(passwords->key, KEY_BYTES);
    struct str password = str_make(job->password, job->password_len);
    char inner[2 * DIGEST_HEX_BYTES + 1];
    uint32_t at = 0;
    digest_hmac_sha256_hex(key, job->hash, inner);
    digest_hmac_sha256_hex(key, password, inner + DIGEST_HEX_BYTES);
    inner[2 * DIGEST_HEX_BYTES] = (char)job->kind;
    digest_hmac_sha256_hex(key, str_make(inner, sizeof(inner)), digest);
    for (int i = 0; i < 8; i++)
        at = at * 31 + (uint8_t)digest[i];
    return &passwords->known[at % KNOWN_SLOTS];
}

bool passwords_known(struct passwords *passwords, struct password_job *job)
{
    char digest[DIGEST_HEX_BYTES];
    struct known *known = slot_of(passwords, job, digest);
    pthread_mutex_lock(&passwords->lock);
    bool is_known = known->is_set && memcmp(known->digest, digest, sizeof(digest)) == 0;
    job->is_right = is_known && known->is_right;
    pthread_mutex_unlock(&passwords->lock);
    return is_known;
}

static void remember(struct passwords *passwords, const struct password_job *job)
{
    char digest[DIGEST_HEX_BYTES];
    struct known *known = slot_of(passwords, job, digest);
    pthread_mutex_lock(&passwords->lock);
    memcpy(known->digest, digest, sizeof(digest));
    known->is_set = true;
    known->is_right = job->is_right;
    pthread_mutex_unlock(&passwords->lock);
}

/* --- the thread --- */

/* Looks at all of both whatever they hold, so that time tells nothing. */
static bool are_equal(const char *a, const char *b, size_t len)
{
    unsigned difference = 0;
    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

/* crypt would read other schemes' hashes as well, and a password only up to a NUL. */
static bool fits_bcrypt(struct crypt_data *scratch, const struct password_job *job)
{
    if (!str_has_prefix(job->hash, STR("$2")) ||
        memchr(job->password, '\0', job->password_len))
        return false;
    /* a text of the tables has a NUL behind it */
    const char *made = crypt_r(job->password, job->hash.ptr, scratch);
    return made && strlen(made) == job->hash.len && are_equal(made, job->hash.ptr, job->hash.len);
}

/* "m=47104" → 47104; false where it is something else. */
static bool take_parameter(struct str *rest, struct str name, int bits, uint64_t *value)
{
    struct str part;
    str_cut(*rest, STR(","), &part, rest);
    return parse_go_uint(str_trim_prefix(part, name), bits, value) == PARSE_OK;
}

/* $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$KEY */
static bool fits_argon2id(const struct password_job *job)
{
    struct arena arena = ARENA_INIT;
    struct str parts[6], rest = job->hash, salt, key;
    uint64_t version, kibibytes, passes, lanes;
    bool fits = false;
    for (size_t i = 0; i < 6; i++) {
        if (str_cut(rest, STR("$"), &parts[i], &rest) != (i < 5))
            return false;
    }
    rest = parts[3];
    if (argon2id && parts[0].len == 0 && str_is(parts[1], "argon2id") &&
        parse_go_uint(str_trim_prefix(parts[2], STR("v=")), 32, &version) == PARSE_OK &&
        version == 19 && take_parameter(&rest, STR("m="), 32, &kibibytes) &&
        take_parameter(&rest, STR("t="), 32, &passes) &&
        take_parameter(&rest, STR("p="), 8, &lanes) && rest.len == 0 &&
        base64_decode(&arena, parts[4], BASE64_RAW, &salt) &&
        base64_decode(&arena, parts[5], BASE64_RAW, &key)) {
        char *made = arena_alloc(&arena, key.len + 1);
        fits = argon2id((uint32_t)passes, (uint32_t)kibibytes, (uint32_t)lanes, job->password,
                        job->password_len, salt.ptr, salt.len, made, key.len) &&
               are_equal(made, key.ptr, key.len);
    }
    arena_free(&arena);
    return fits;
}

static bool is_right(struct crypt_data *scratch, const struct password_job *job)
{
    switch (job->kind) {
    case DT_HASH_BCRYPT:
        return fits_bcrypt(scratch, job);
    case DT_HASH_ARGON2ID:
        return fits_argon2id(job);
    }
    return false;
}

static struct password_job *take_job(struct passwords *passwords)
{
    pthread_mutex_lock(&passwords->lock);
    while (!passwords->first && !passwords->is_over)
        pthread_cond_wait(&passwords->wake, &passwords->lock);
    struct password_job *job = passwords->is_over ? NULL : passwords->first;
    if (job) {
        passwords->first = job->next;
        if (!passwords->first)
            passwords->last = &passwords->first;
        passwords->n_waiting--;
    }
    pthread_mutex_unlock(&passwords->lock);
    return job;
}

static void *run(void *arg)
{
    struct passwords *passwords = arg;
    struct crypt_data *scratch = calloc(1, sizeof(*scratch));
    struct password_job *job;
    if (!scratch)
        abort();
    while ((job = take_job(passwords))) {
        bool known = job->is_cached && passwords_known(passwords, job);
        if (!known)
            job->is_right = is_right(scratch, job);
        if (!known && job->is_cached)
            remember(passwords, job);
        loop_post(job->loop, &job->done);
    }
    free(scratch);
    return NULL;
}

bool passwords_ask(struct passwords *passwords, struct password_job *job)
{
    bool is_taken = false;
    pthread_mutex_lock(&passwords->lock);
    if (!passwords->is_running && !passwords->is_over)
        passwords->is_running = pthread_create(&passwords->thread, NULL, run, passwords) == 0;
    if (passwords->is_running && !passwords->is_over && passwords->n_waiting < MAX_WAITING) {
        job->next = NULL;
        *passwords->last = job;
        passwords->last = &job->next;
        passwords->n_waiting++;
        is_taken = true;
        pthread_cond_signal(&passwords->wake);
    }
    pthread_mutex_unlock(&passwords->lock);
    return is_taken;
}

void passwords_stop(struct passwords *passwords)
{
    pthread_mutex_lock(&passwords->lock);
    bool is_running = passwords->is_running;
    passwords->is_over = true;
    passwords->is_running = false;
    pthread_cond_signal(&passwords->wake);
    pthread_mutex_unlock(&passwords->lock);
    if (is_running)
        pthread_join(passwords->thread, NULL);
}

void passwords_free(struct passwords *passwords)
{
    while (passwords->first) {
        struct password_job *job = passwords->first;
        passwords->first = job->next;
        job_free(job);
    }
    free(passwords);
}
