#ifndef DIALTONE_PROXY_PASSWORD_H
#define DIALTONE_PROXY_PASSWORD_H

#include <stdbool.h>

#include "base/str.h"
#include "dialtone/tables.h"
#include "net/loop.h"

/* Passwords against their hashes, which takes a tenth of a second and more: in a thread of its own,
 * with a memory for what was found out. */
struct passwords;

/* One question. It belongs to the thread until <done> is called. */
struct password_job {
    struct password_job *next;
    struct task done; /* runs in <loop> */
    struct loop *loop;
    enum dt_password_hash kind;
    struct str hash;     /* borrowed: from the tables */
    char *password;      /* owned; NUL-terminated, and may hold more of them */
    size_t password_len;
    bool is_cached;      /* the answer may come from the memory, and goes there */
    bool is_right;       /* the answer */
};

struct passwords *passwords_new(void);
/* No answer comes any more when it returns, and no question is taken: while the loops still are. */
void passwords_stop(struct passwords *passwords);
void passwords_free(struct passwords *passwords);
/* The answer, where it is known already; false where the question has to be asked. The password then
 * is only borrowed. */
bool passwords_known(struct passwords *passwords, struct password_job *job);
/* False where too many wait; the job then stays the caller's. */
bool passwords_ask(struct passwords *passwords, struct password_job *job);

#endif
