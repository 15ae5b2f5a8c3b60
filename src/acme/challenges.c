/* The answers to challenges, a short list. */
#include "acme/challenges.h"

#include <stdlib.h>
#include <string.h>

struct acme_challenge {
    struct acme_challenge *next;
    X509 *certificate; /* TLS-ALPN-01; else NULL */
    EVP_PKEY *key;
    size_t name_len, answer_len;
    char text[]; /* the token or subject, then the answer */
};

static struct str name_of(const struct acme_challenge *challenge)
{
    return str_make(challenge->text, challenge->name_len);
}

static void challenge_free(struct acme_challenge *challenge)
{
    X509_free(challenge->certificate);
    EVP_PKEY_free(challenge->key);
    free(challenge);
}

void acme_challenges_init(struct acme_challenges *challenges)
{
    *challenges = (struct acme_challenges){0};
    pthread_mutex_init(&challenges->lock, NULL);
}

void acme_challenges_free(struct acme_challenges *challenges)
{
    while (challenges->list) {
        struct acme_challenge *first = challenges->list;
        challenges->list = first->next;
        challenge_free(first);
    }
    pthread_mutex_destroy(&challenges->lock);
}

static bool put(struct acme_challenges *challenges, struct str name, struct str answer,
                X509 *certificate, EVP_PKEY *key)
{
    struct acme_challenge *challenge = calloc(1, sizeof(*challenge) + name.len + answer.len);
    if (!challenge || answer.len > ACME_KEY_AUTHORIZATION_BYTES) {
        free(challenge);
        return false;
    }
    if (certificate) {
        X509_up_ref(certificate);
        EVP_PKEY_up_ref(key);
    }
    challenge->certificate = certificate;
    challenge->key = key;
    challenge->name_len = name.len;
    challenge->answer_len = answer.len;
    memcpy(challenge->text, name.ptr, name.len);
    if (answer.len > 0)
        memcpy(challenge->text + name.len, answer.ptr, answer.len);
    pthread_mutex_lock(&challenges->lock);
    challenge->next = challenges->list;
    challenges->list = challenge;
    pthread_mutex_unlock(&challenges->lock);
    atomic_fetch_add(&challenges->n, 1);
    return true;
}

bool acme_challenge_http(struct acme_challenges *challenges, struct str token,
                         struct str key_authorization)
{
    return put(challenges, token, key_authorization, NULL, NULL);
}

bool acme_challenge_alpn(struct acme_challenges *challenges, struct str subject, X509 *certificate,
                         EVP_PKEY *key)
{
    return put(challenges, subject, (struct str){0}, certificate, key);
}

void acme_challenge_drop(struct acme_challenges *challenges, struct str name)
{
    struct acme_challenge *found = NULL;
    pthread_mutex_lock(&challenges->lock);
    for (struct acme_challenge **at = &challenges->list; *at && !found; at = &(*at)->next) {
        if (!str_eq(name_of(*at), name))
            continue;
        found = *at;
        *at = found->next;
        break;
    }
    pthread_mutex_unlock(&challenges->lock);
    if (!found)
        return;
    atomic_fetch_sub(&challenges->n, 1);
    challenge_free(found);
}

size_t acme_challenges_find_http(struct acme_challenges *challenges, struct str token,
                                 char out[ACME_KEY_AUTHORIZATION_BYTES])
{
    size_t len = 0;
    pthread_mutex_lock(&challenges->lock);
    for (const struct acme_challenge *at = challenges->list; at && len == 0; at = at->next) {
        if (at->certificate || !str_eq(name_of(at), token))
            continue;
        len = at->answer_len;
        memcpy(out, at->text + at->name_len, len);
    }
    pthread_mutex_unlock(&challenges->lock);
    return len;
}

bool acme_challenges_find_alpn(struct acme_challenges *challenges, struct str server_name,
                               X509 **certificate, EVP_PKEY **key)
{
    bool found = false;
    pthread_mutex_lock(&challenges->lock);
    for (const struct acme_challenge *at = challenges->list; at && !found; at = at->next) {
        if (!at->certificate || !str_eq_nocase(name_of(at), server_name))
            continue;
        found = X509_up_ref(at->certificate) && EVP_PKEY_up_ref(at->key);
        *certificate = at->certificate;
        *key = at->key;
    }
    pthread_mutex_unlock(&challenges->lock);
    return found;
}
