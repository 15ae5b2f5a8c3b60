/* When certificates are ordered, and what follows from it. */
#include "acme/keeper.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "acme/store.h"

enum {
    LOOK_SECONDS = 600, /* between two looks at the clock, which may jump */
    DAY_SECONDS = 24 * 3600,
};
static const double RENEWAL_RATIO = 1.0 / 3;

/* After so many failures in a row, so many minutes. */
static const uint16_t pauses_minutes[] = {1,  2,  2,  5,  10, 10, 10, 20, 20,  20,  20,
                                          30, 30, 30, 30, 30, 30, 60, 60, 120, 180, 360};

struct task {
    int64_t due; /* in seconds since 1970 */
    unsigned failures;
};

struct acme_keeper {
    const struct acme_plan *plan;
    pthread_t thread;
    int stop_fd;
    struct task tasks[];
};

static int64_t now(void)
{
    return (int64_t)time(NULL);
}

/* When the certificate of a subject is to be renewed; 0 where there is none. */
static int64_t renewal_time(struct arena *arena, const struct acme_plan *plan,
                            const struct acme_subject *subject)
{
    double ratio = subject->renewal_ratio > 0 ? subject->renewal_ratio : RENEWAL_RATIO;
    int64_t from, until, best = 0;
    for (size_t i = 0; i < subject->n_authorities; i++) {
        struct str directory = plan->authorities[subject->authorities[i]].directory;
        struct acme_paths paths =
            acme_paths_of(arena, plan->storage, directory, subject->wish.subject);
        if (!acme_certificate_times(&paths, &from, &until))
            continue;
        int64_t due = until - (int64_t)((double)(until - from) * ratio);
        if (due > best)
            best = due;
    }
    return best;
}

static void say(const struct acme_plan *plan, enum acme_level level, const char *message,
                struct str subject, struct str authority, struct str error)
{
    plan->log(plan->ctx, level, message, subject, authority, error);
}

/* Asks one authority. */
static bool order_from(struct acme_keeper *keeper, struct arena *arena,
                       const struct acme_subject *subject, const struct acme_authority *authority,
                       int64_t *retry_after_s)
{
    const struct acme_plan *plan = keeper->plan;
    struct acme_account account;
    struct acme_result result = {0};
    struct str error = {0}, name = subject->wish.subject;
    struct acme_paths paths = acme_paths_of(arena, plan->storage, authority->directory, name);
    if (!acme_account_load(arena, plan->storage, authority, &account, &error)) {
        say(plan, ACME_ERROR, "no account for certificates", name, authority->directory, error);
        return false;
    }
    say(plan, ACME_INFO, "obtaining certificate", name, authority->directory, (struct str){0});
    bool done = acme_order(authority, &account, &subject->wish, plan->challenges, keeper->stop_fd,
                           arena, &result);
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
    plan->changed(plan->ctx);
    return true;
}

static bool is_stopping(const struct acme_keeper *keeper)
{
    struct pollfd fd = {keeper->stop_fd, POLLIN, 0};
    return poll(&fd, 1, 0) > 0;
}

static void see_to(struct acme_keeper *keeper, size_t i)
{
    const struct acme_subject *subject = &keeper->plan->subjects[i];
    struct task *task = &keeper->tasks[i];
    struct arena arena = ARENA_INIT;
    int64_t due = renewal_time(&arena, keeper->plan, subject), wait = 0;
    bool done = due > now();
    for (size_t k = 0; !done && k < subject->n_authorities && !is_stopping(keeper); k++) {
        int64_t asked = 0;
        done = order_from(keeper, &arena, subject,
                          &keeper->plan->authorities[subject->authorities[k]], &asked);
        if (asked > wait)
            wait = asked;
        if (done)
            due = renewal_time(&arena, keeper->plan, subject);
    }
    if (done) {
        task->failures = 0;
        task->due = due > now() ? due : now() + 60;
    } else {
        size_t last = sizeof(pauses_minutes) / sizeof(pauses_minutes[0]) - 1;
        int64_t pause = pauses_minutes[task->failures < last ? task->failures : last] * 60;
        if (wait > DAY_SECONDS)
            wait = DAY_SECONDS;
        task->failures++;
        task->due = now() + (wait > pause ? wait : pause);
    }
    arena_free(&arena);
}

static void *run(void *ctx)
{
    struct acme_keeper *keeper = ctx;
    size_t n = keeper->plan->n_subjects;
    while (!is_stopping(keeper)) {
        int64_t next = now() + LOOK_SECONDS;
        for (size_t i = 0; i < n && !is_stopping(keeper); i++) {
            /* a clock that was set back must not put anything off for ever */
            if (keeper->tasks[i].due <= now() || keeper->tasks[i].failures == 0)
                see_to(keeper, i);
            if (keeper->tasks[i].due < next)
                next = keeper->tasks[i].due;
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

struct acme_keeper *acme_keeper_start(const struct acme_plan *plan)
{
    struct acme_keeper *keeper =
        calloc(1, sizeof(*keeper) + plan->n_subjects * sizeof(keeper->tasks[0]));
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
