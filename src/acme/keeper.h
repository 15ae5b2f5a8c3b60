#ifndef DIALTONE_ACME_KEEPER_H
#define DIALTONE_ACME_KEEPER_H

#include "acme/order.h"

/* Other processes may share the storage: locks in it see to it that one of them orders at a time,
 * what one has got all of them show, and any of them answers an authority's question.
 *
 * A thread that sees to it that there is a valid certificate for every subject: it orders what is
 * missing, renews in time, and tries again later what fails, ever more seldom (from a minute to six
 * hours, as Caddy). A certificate that there is stays until there is a better one. */

struct acme_subject {
    struct acme_wish wish;
    const uint32_t *authorities; /* to be asked one after the other, until one gives it */
    size_t n_authorities;
    double renewal_ratio; /* renewed when less than this part of its life is left; 0: a third */
};

enum acme_level { ACME_INFO, ACME_WARN, ACME_ERROR };

/* What the keeper needs; all of it must outlive it. */
struct acme_plan {
    struct str storage; /* folder of accounts and certificates */
    const struct acme_authority *authorities;
    size_t n_authorities;
    const struct acme_subject *subjects;
    size_t n_subjects;
    struct acme_challenges *challenges;
    https_find_way *way; /* to authorities */
    /* From the keeper's thread. <subject> and <error> may be empty. */
    void (*log)(void *ctx, enum acme_level level, const char *message, struct str subject,
                struct str authority, struct str error);
    /* A certificate was written to its files. */
    void (*changed)(void *ctx);
    void *ctx;
};

struct acme_keeper;
/* NULL where no thread can be had. */
struct acme_keeper *acme_keeper_start(const struct acme_plan *plan);
/* Ends it, within the time of a name's resolution at most. */
void acme_keeper_stop(struct acme_keeper *keeper);

/* From any thread: what another process, which shares the storage, would answer an authority that
 * asks for <identifier> (and, by HTTP, for <token>); as acme_challenges_find has it. Reads a file
 * or two. */
bool acme_keeper_elsewhere(const struct acme_plan *plan, enum acme_challenge_kind kind,
                           struct str identifier, struct str token, struct arena *arena,
                           struct str *answer);

#endif
