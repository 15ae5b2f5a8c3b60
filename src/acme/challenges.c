/* The answers to challenges, a short list. */
#include "acme/challenges.h"

#include <stdlib.h>
#include <string.h>

struct acme_challenge {
    struct acme_challenge *next;
    enum acme_challenge_kind kind;
    size_t name_len, answer_len;
    char text[]; /* the name, then the answer */
};

static bool is_for(const struct acme_challenge *challenge, enum acme_challenge_kind kind,
                   struct str name)
{
    struct str own = str_make(challenge->text, challenge->name_len);
    return challenge->kind == kind &&
           (kind == ACME_ALPN ? str_eq_nocase(own, name) : str_eq(own, name));
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
        free(first);
    }
    pthread_mutex_destroy(&challenges->lock);
}

bool acme_challenges_put(struct acme_challenges *challenges, enum acme_challenge_kind kind,
                         struct str name, struct str answer)
{
    struct acme_challenge *challenge = calloc(1, sizeof(*challenge) + name.len + answer.len);
    if (!challenge)
        return false;
    challenge->kind = kind;
    challenge->name_len = name.len;
    challenge->answer_len = answer.len;
    memcpy(challenge->text, name.ptr, name.len);
    memcpy(challenge->text + name.len, answer.ptr, answer.len);
    pthread_mutex_lock(&challenges->lock);
    challenge->next = challenges->list;
    challenges->list = challenge;
    pthread_mutex_unlock(&challenges->lock);
    atomic_fetch_add(&challenges->n, 1);
    return true;
}

void acme_challenges_drop(struct acme_challenges *challenges, enum acme_challenge_kind kind,
                          struct str name)
{
    struct acme_challenge *found = NULL;
    pthread_mutex_lock(&challenges->lock);
    for (struct acme_challenge **at = &challenges->list; *at && !found; at = &(*at)->next) {
        if (!is_for(*at, kind, name))
            continue;
        found = *at;
        *at = found->next;
        break;
    }
    pthread_mutex_unlock(&challenges->lock);
    if (!found)
        return;
    atomic_fetch_sub(&challenges->n, 1);
    free(found);
}

bool acme_challenges_find(struct acme_challenges *challenges, enum acme_challenge_kind kind,
                          struct str name, struct arena *arena, struct str *answer)
{
    bool found = false;
    pthread_mutex_lock(&challenges->lock);
    for (const struct acme_challenge *at = challenges->list; at && !found; at = at->next) {
        found = is_for(at, kind, name);
        if (found)
            *answer = str_dup(arena, str_make(at->text + at->name_len, at->answer_len));
    }
    pthread_mutex_unlock(&challenges->lock);
    return found;
}
