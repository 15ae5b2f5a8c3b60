/* The thread that compares passwords, its queue, and the memory of answers. */

#include "proxy/password.h"

#include <crypt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

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

static struct known *slot_of(struct passwords *passwords, struct str hash, struct str password,
                             char digest[DIGEST_HEX_BYTES])
{
    struct str key = str_make(passwords->key, KEY_BYTES);
    char inner[2 * DIGEST_HEX_BYTES];
    uint32_t at = 0;
    digest_hmac_sha256_hex(key, hash, inner);
    digest_hmac_sha256_hex(key, password, inner + DIGEST_HEX_BYTES);
    digest_hmac_sha256_hex(key, str_make(inner, sizeof(inner)), digest);
    for (int i = 0; i < 8; i++)
        at = at * 31 + (uint8_t)digest[i];
    return &passwords->known[at % KNOWN_SLOTS];
}

bool passwords_known(struct passwords *passwords, struct str hash, struct str password,
                     bool *is_right)
{
    char digest[DIGEST_HEX_BYTES];
    struct known *known = slot_of(passwords, hash, password, digest);
    pthread_mutex_lock(&passwords->lock);
    bool is_known = known->is_set && memcmp(known->digest, digest, sizeof(digest)) == 0;
    *is_right = known->is_right;
    pthread_mutex_unlock(&passwords->lock);
    return is_known;
}

static void remember(struct passwords *passwords, const struct password_job *job)
{
    char digest[DIGEST_HEX_BYTES];
    struct known *known = slot_of(passwords, job->hash, str_from(job->password), digest);
    pthread_mutex_lock(&passwords->lock);
    memcpy(known->digest, digest, sizeof(digest));
    known->is_set = true;
    known->is_right = job->is_right;
    pthread_mutex_unlock(&passwords->lock);
}

/* --- the thread --- */

static bool is_right(struct crypt_data *scratch, const struct password_job *job)
{
    /* a text of the tables has a NUL behind it */
    const char *made = crypt_r(job->password, job->hash.ptr, scratch);
    unsigned difference = 0;
    if (!made || strlen(made) != job->hash.len)
        return false;
    for (size_t i = 0; i < job->hash.len; i++)
        difference |= (unsigned char)(made[i] ^ job->hash.ptr[i]);
    return difference == 0;
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
        bool known = job->is_cached && passwords_known(passwords, job->hash,
                                                       str_from(job->password), &job->is_right);
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
