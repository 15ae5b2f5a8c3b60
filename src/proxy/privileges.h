#ifndef DIALTONE_PROXY_PRIVILEGES_H
#define DIALTONE_PROXY_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/* Who the process becomes when everything is open that only root may open. */
struct privileges {
    bool is_wanted; /* false: it stays who it is */
    bool is_there;  /* it is that user already (a successor) */
    const char *name;
    uid_t uid;
    gid_t gid;
};

/* Looks <spec>, "NAME[:GROUP]" by name or number, up; NULL wants nothing. False after saying on
 * standard error why it cannot be. */
bool privileges_find(struct privileges *privileges, const char *spec, const char *program);
/* From here to privileges_drop files are opened with root's rights, and new ones are the user's. */
bool privileges_borrow(const struct privileges *privileges, const char *program);
/* For good: user, groups, capabilities; no program that is run later gets any back. Before the
 * first thread. */
bool privileges_drop(const struct privileges *privileges, const char *program);

#endif
