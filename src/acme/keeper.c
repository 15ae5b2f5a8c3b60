/* When certificates are ordered, and what follows from it. */
#include "acme/keeper.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "acme/lock.h"
#include "acme/store.h"
#include "acme/tokens.h"

enum {
    LOOK_SECONDS = 600, /* between two looks at the clock, which may jump */
    DAY_SECONDS = 24 * 3600,
    LOCK_SECONDS = 1,           /* between two looks at a lock that somebody else has */
    ASK_AGAIN_SECONDS = 3600,   /* after an authority could not say when to renew */
    NO_OPINION_SECONDS = 21600, /* where it never does */
    JUST_NOW_SECONDS = 60,
    TRIES_WITHOUT_NAME = 2, /* failures after which one order does not say what it replaces */
};
static const double RENEWAL_RATIO = 1.0 / 3;

/* After so many failures in a row, so many minutes. */
static const uint16_t pauses_minutes[] = {1,  2,  2,  5,  10, 10, 10, 20, 20,  20,  20,
                                          30, 30, 30, 30, 30, 30, 60, 60, 120, 180, 360};

struct duty {
    int64_t due; /* in seconds since 1970 */
    unsigned failures;
    struct acme_lock_wait wait; /* for the lock of the subject */
    struct timespec seen;       /* when the certificate's file was written, at the last look */
    bool has_looked;
    int64_t ask_at; /* not before: when the certificate is to be renewed; seconds since 1970 */
};

struct acme_keeper {
    const struct acme_plan *plan;
    pthread_t thread;
    int stop_fd;
    struct duty duties[];
};

/* What there is for a subject. */
struct found {
    const struct acme_authority *authority; /* NULL: nothing */
    struct acme_paths paths;
    struct acme_stored stored;
    int64_t due; /* for renewal; 0: nothing */
};

static int64_t now(void)
{
    return (int64_t)time(NULL);
}

/* When a certificate is to be renewed, as certmagic does: at the moment that the authority's window
 * gave, and in any case when little of its life is left. */
static int64_t renewal_time(const struct acme_subject *subject, const struct acme_stored *stored)
{
    double ratio = subject->renewal_ratio > 0 ? subject->renewal_ratio : RENEWAL_RATIO;
    int64_t due = stored->until - (int64_t)((double)(stored->until - stored->from) * ratio);
    int64_t selected = stored->renewal.selected_ns / 1000000000;
    return selected > 0 && selected < due ? selected : due;
}

/* Of several authorities' certificates the one that holds longest: it is what the servers show. */
static struct found look(struct arena *arena, const struct acme_plan *plan,
                         const struct acme_subject *subject)
{
    struct found best = {0};
    for (size_t i = 0; i < subject->n_authorities; i++) {
        struct found one = {.authority = &plan->authorities[subject->authorities[i]]};
        one.paths =
            acme_paths_of(arena, plan->storage, one.authority->directory, subject->wish.subject);
        if (acme_certificate_load(arena, &one.paths, &one.stored) &&
            (!best.authority || one.stored.until > best.stored.until))
            best = one;
    }
    if (best.authority)
        best.due = renewal_time(subject, &best.stored);
    return best;
}

static void say(const struct acme_plan *plan, enum acme_level level, const char *message,
                struct str subject, struct str authority, struct str error)
{
    plan->log(plan->ctx, level, message, subject, authority, error);
}

/* Another process that shares the storage may have got a certificate. */
static void notice(struct acme_keeper *keeper, struct duty *duty, const struct found *found)
{
    const struct acme_plan *plan = keeper->plan;
    struct stat status;
    if (!found->authority || stat(found->paths.certificate, &status) != 0)
        return;
    bool is_news = duty->has_looked ? duty->seen.tv_sec != status.st_mtim.tv_sec ||
                                          duty->seen.tv_nsec != status.st_mtim.tv_nsec
                                    /* it may have come after the start's look */
                                    : now() - status.st_mtim.tv_sec < JUST_NOW_SECONDS;
    duty->seen = status.st_mtim;
    if (is_news)
        plan->changed(plan->ctx);
}

/* --- when to renew --- */

/* Asks the authority, unless another process does so. */
static void ask_renewal(struct acme_keeper *keeper, struct arena *arena,
                        const struct acme_subject *subject, struct duty *duty, struct found *found)
{
    const struct acme_plan *plan = keeper->plan;
    struct str name = subject->wish.subject, directory = found->authority->directory, error = {0};
    struct acme_renewal before = found->stored.renewal;
    struct acme_lock_wait wait = {0};
    struct acme_lock *lock = NULL;
    struct str lock_name = STR_JOIN(arena, STR("ari_"), before.id);
    const struct https_means means = {keeper->stop_fd, plan->way, plan->ctx};
    duty->ask_at = now() + ASK_AGAIN_SECONDS;
    if (acme_lock_take(arena, plan->storage, lock_name, &wait, &lock, &error) != ACME_LOCK_TAKEN) {
        duty->ask_at = now() + LOCK_SECONDS;
        return;
    }
    struct acme_stored fresh;
    if (acme_certificate_load(arena, &found->paths, &fresh) &&
        fresh.renewal.retry_at_ns > before.retry_at_ns) {
        found->stored = fresh; /* somebody else has asked */
    } else if (!acme_ask_renewal(found->authority, &means, arena, &found->stored, &error)) {
        if (error.len > 0)
            say(plan, ACME_WARN, "the authority does not say when to renew", name, directory,
                error);
        else
            duty->ask_at = now() + NO_OPINION_SECONDS;
    } else if (!acme_about_save(arena, &found->paths, name, &found->stored, &error)) {
        say(plan, ACME_WARN, "the time of renewal cannot be kept", name, directory, error);
    } else if (before.start_ns != found->stored.renewal.start_ns ||
               before.end_ns != found->stored.renewal.end_ns) {
        say(plan, before.end_ns > 0 ? ACME_WARN : ACME_INFO, "the authority has told when to renew",
            name, directory, found->stored.renewal.explanation);
    }
    acme_lock_release(lock);
    if (found->stored.renewal.retry_at_ns / 1000000000 > now())
        duty->ask_at = found->stored.renewal.retry_at_ns / 1000000000;
    found->due = renewal_time(subject, &found->stored);
}

static bool is_to_ask(const struct duty *duty, const struct found *found)
{
    int64_t retry_at = found->stored.renewal.retry_at_ns / 1000000000;
    /* neither a clock that was set back nor junk in a file puts it off for longer than a day */
    return found->authority && found->stored.renewal.id.len > 0 &&
           (duty->ask_at <= now() || duty->ask_at > now() + DAY_SECONDS) &&
           (retry_at <= now() || retry_at > now() + DAY_SECONDS);
}

/* --- orders --- */

/* Asks one authority; <old> is what there is so far. */
static bool order_from(struct acme_keeper *keeper, struct arena *arena,
                       const struct acme_subject *subject, const struct acme_authority *authority,
                       const struct found *old, int64_t *retry_after_s)
{
    const struct acme_plan *plan = keeper->plan;
    const struct acme_means means = {
        plan->challenges, plan->storage, {keeper->stop_fd, plan->way, plan->ctx}};
    struct acme_account account;
    struct acme_result result = {0};
    struct acme_wish wish = subject->wish;
    struct str error = {0}, name = subject->wish.subject;
    struct acme_paths paths = acme_paths_of(arena, plan->storage, authority->directory, name);
    if (!acme_account_load(arena, plan->storage, authority, &account, &error)) {
        say(plan, ACME_ERROR, "no account for certificates", name, authority->directory, error);
        return false;
    }
    if (old->authority == authority)
        wish.replaces = old->stored.renewal.id;
    say(plan, ACME_INFO, "obtaining certificate", name, authority->directory, (struct str){0});
    bool done = acme_order(authority, &account, &wish, &means, arena, &result);
    *retry_after_s = result.retry_after_s;
    if (account.is_new && !acme_account_save(arena, plan->storage, authority, &account, &error))
        say(plan, ACME_WARN, "the account cannot be kept", name, authority->directory, error);
    EVP_PKEY_free(account.key);
    if (!done) {
        say(plan, ACME_ERROR, "could not get certificate", name, authority->directory,
            result.error);
        return false;
    }
    if (!acme_certificate_save(arena, &paths, name, &result, &error)) {
        say(plan, ACME_ERROR, "the certificate cannot be kept", name, authority->directory, error);
        return false;
    }
    say(plan, ACME_INFO, "certificate obtained successfully", name, authority->directory,
        (struct str){0});
    return true;
}

static bool is_stopping(const struct acme_keeper *keeper)
{
    struct pollfd fd = {keeper->stop_fd, POLLIN, 0};
    return poll(&fd, 1, 0) > 0;
}

/* One authority after the other; what they ask to wait for goes to <wait_s>. */
static bool order(struct acme_keeper *keeper, struct arena *arena, size_t i,
                  const struct found *old, int64_t *wait_s)
{
    const struct acme_plan *plan = keeper->plan;
    const struct acme_subject *subject = &plan->subjects[i];
    /* certmagic: an authority that stumbles over the old certificate's name gets one without */
    struct found nothing = {0};
    if (keeper->duties[i].failures == TRIES_WITHOUT_NAME)
        old = &nothing;
    *wait_s = 0;
    for (size_t k = 0; k < subject->n_authorities && !is_stopping(keeper); k++) {
        int64_t asked = 0;
        if (order_from(keeper, arena, subject, &plan->authorities[subject->authorities[k]], old,
                       &asked))
            return true;
        if (asked > *wait_s)
            *wait_s = asked;
    }
    return false;
}

static void put_off(struct duty *duty, int64_t wait_s)
{
    size_t last = sizeof(pauses_minutes) / sizeof(pauses_minutes[0]) - 1;
    int64_t pause = pauses_minutes[duty->failures < last ? duty->failures : last] * 60;
    if (wait_s > DAY_SECONDS)
        wait_s = DAY_SECONDS;
    duty->failures++;
    duty->due = now() + (wait_s > pause ? wait_s : pause);
}

/* Orders, unless another process does so, or has done so while we waited for it. */
static void renew(struct acme_keeper *keeper, struct arena *arena, size_t i)
{
    const struct acme_plan *plan = keeper->plan;
    const struct acme_subject *subject = &plan->subjects[i];
    struct duty *duty = &keeper->duties[i];
    struct acme_lock *lock = NULL;
    struct str error = {0};
    struct str name = STR_JOIN(arena, STR("issue_cert_"), subject->wish.subject);
    int64_t wait_s = 0;
    bool done = false;
    switch (acme_lock_take(arena, plan->storage, name, &duty->wait, &lock, &error)) {
    case ACME_LOCK_FAILED:
        say(plan, ACME_ERROR, "the storage cannot be locked", subject->wish.subject, plan->storage,
            error);
        break;
    case ACME_LOCK_BUSY:
        duty->due = now() + LOCK_SECONDS;
        return;
    case ACME_LOCK_TAKEN: {
        struct found found = look(arena, plan, subject);
        done = found.due > now() || order(keeper, arena, i, &found, &wait_s);
        acme_lock_release(lock);
        break;
    }
    }
    duty->wait = (struct acme_lock_wait){0};
    if (!done) {
        put_off(duty, wait_s);
        return;
    }
    struct found found = look(arena, plan, subject);
    notice(keeper, duty, &found);
    if (found.due > now()) {
        duty->failures = 0;
        duty->due = found.due;
    } else { /* an authority that wants the newest one renewed at once gets no order a minute */
        put_off(duty, 0);
    }
}

static void see_to(struct acme_keeper *keeper, size_t i)
{
    const struct acme_subject *subject = &keeper->plan->subjects[i];
    struct duty *duty = &keeper->duties[i];
    struct arena arena = ARENA_INIT;
    struct found found = look(&arena, keeper->plan, subject);
    notice(keeper, duty, &found);
    /* a start by itself is no reason to ask about certificates of which nothing was ever told */
    if (!duty->has_looked && found.stored.renewal.end_ns == 0)
        duty->ask_at = now() + ASK_AGAIN_SECONDS;
    duty->has_looked = true;
    if (is_to_ask(duty, &found))
        ask_renewal(keeper, &arena, subject, duty, &found);
    if (found.due > now()) {
        duty->failures = 0;
        duty->due = found.due;
    } else {
        renew(keeper, &arena, i);
    }
    arena_free(&arena);
}

/* A clock that was set back must not put anything off for ever. */
static bool is_due(const struct duty *duty)
{
    return duty->due <= now() || duty->failures == 0 || duty->due > now() + DAY_SECONDS;
}

static void *run(void *ctx)
{
    struct acme_keeper *keeper = ctx;
    size_t n = keeper->plan->n_subjects;
    while (!is_stopping(keeper)) {
        int64_t next = now() + LOOK_SECONDS;
        for (size_t i = 0; i < n && !is_stopping(keeper); i++) {
            if (is_due(&keeper->duties[i]))
                see_to(keeper, i);
            if (keeper->duties[i].due < next)
                next = keeper->duties[i].due;
        }
        int64_t left = next - now();
        struct pollfd fd = {keeper->stop_fd, POLLIN, 0};
        if (left < 1)
            left = 1;
        if (poll(&fd, 1, (int)(left < LOOK_SECONDS ? left : LOOK_SECONDS) * 1000) < 0 &&
            errno != EINTR)
            break;
    }
    return NULL;
}

bool acme_keeper_elsewhere(const struct acme_plan *plan, enum acme_challenge_kind kind,
                           struct str identifier, struct str token, struct arena *arena,
                           struct str *answer)
{
    for (size_t i = 0; i < plan->n_authorities; i++) {
        struct acme_token found;
        if (plan->authorities[i].shares_no_challenges ||
            !acme_token_load(arena, plan->storage, plan->authorities[i].directory, kind, identifier,
                             &found))
            continue;
        if (kind == ACME_HTTP && !str_eq(found.token, token))
            continue;
        *answer = kind == ACME_HTTP ? found.key_authorization
                                    : acme_alpn_answer(arena, found.name, found.key_authorization);
        return answer->len > 0;
    }
    return false;
}

struct acme_keeper *acme_keeper_start(const struct acme_plan *plan)
{
    struct acme_keeper *keeper =
        calloc(1, sizeof(*keeper) + plan->n_subjects * sizeof(keeper->duties[0]));
    if (!keeper)
        return NULL;
    keeper->plan = plan;
    keeper->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (keeper->stop_fd >= 0 && pthread_create(&keeper->thread, NULL, run, keeper) == 0)
        return keeper;
    if (keeper->stop_fd >= 0)
        close(keeper->stop_fd);
    free(keeper);
    return NULL;
}

void acme_keeper_stop(struct acme_keeper *keeper)
{
    if (!keeper)
        return;
    eventfd_write(keeper->stop_fd, 1);
    pthread_join(keeper->thread, NULL);
    close(keeper->stop_fd);
    free(keeper);
}
