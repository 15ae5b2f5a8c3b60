#ifndef DIALTONE_PROXY_PASSWORD_H
#define DIALTONE_PROXY_PASSWORD_H

#include <stdbool.h>

#include "base/str.h"
#include "net/loop.h"

/* Passwords against bcrypt hashes, which takes a tenth of a second and more: in a thread of its own,
 * with a memory for what was found out. */
struct passwords;

/* One question. It belongs to the thread until <done> is called. */
struct password_job {
    struct password_job *next;
    struct task done; /* runs in <loop> */
    struct loop *loop;
    struct str hash;     /* borrowed: from the tables */
    char *password;      /* owned; NUL-terminated */
    bool is_cached;      /* the answer may come from the memory, and goes there */
    bool is_right;       /* the answer */
};

struct passwords *passwords_new(void);
/* No answer comes any more when it returns, and no question is taken: while the loops still are. */
void passwords_stop(struct passwords *passwords);
void passwords_free(struct passwords *passwords);
/* What is known already; false where it has to be asked. */
bool passwords_known(struct passwords *passwords, struct str hash, struct str password,
                     bool *is_right);
/* False where too many wait; the job then stays the caller's. */
bool passwords_ask(struct passwords *passwords, struct password_job *job);

#endif
