/* authentication: HTTP's basic scheme (RFC 7617). */

#include "proxy/login.h"

#include <stdlib.h>

#include "base/base64.h"
#include "proxy/handlers.h"
#include "proxy/password.h"
#include "proxy/worker.h"

/* A password that is being looked at; lives until its answer is there. */
struct login {
    struct password_job job;
    struct transaction *tx; /* NULL: the request is over */
    struct str user;        /* in the transaction's arena */
    struct str realm;
    bool exists; /* such a user */
};

enum { MAX_BCRYPT_BYTES = 72 /* it looks at no more */ };

/* For users that do not exist, so that they take as long as others: nobody's password. */
static const struct str nobodys_hashes[] = {
    [DT_HASH_BCRYPT] = STR_INIT("$2a$14$Qq9cLPCVFBxQTLHlXPY2gOqZ0sVwZJ3uVpc0e3bN5PVxJ0JxM1v2K"),
    [DT_HASH_ARGON2ID] =
        STR_INIT("$argon2id$v=19$m=47104,t=1,p=1$G3EsxHtUn0EbUHnsHJuIqg"
                 "$KfNEQooqgT9ttos9LzGHYRtq8ZB2lG5W8Jjp1VCi4sE"),
};

static enum step ask_for_password(struct transaction *tx, struct str realm)
{
    headers_set_named(&tx->response, STR("Www-Authenticate"),
                      str_printf(tx->arena, "Basic realm=\"" STR_FMT "\"", STR_ARG(realm)));
    return transaction_fail(tx, 401, STR("not authenticated"));
}

static bool read_credentials(struct transaction *tx, struct str *user, struct str *password)
{
    struct str value = headers_get(&tx->headers, HEADER_AUTHORIZATION), text;
    if (value.len < 6 || !str_eq_nocase(str_slice(value, 0, 6), STR("Basic ")))
        return false;
    return base64_decode(tx->arena, str_slice(value, 6, value.len), BASE64_PADDED, &text) &&
           str_cut(text, STR(":"), user, password);
}

static enum step conclude(struct transaction *tx, struct str user, bool exists, bool is_right,
                          struct str realm)
{
    if (!exists || !is_right)
        return ask_for_password(tx, realm);
    tx->user = user;
    return STEP_NEXT;
}

/* The answer is there. */
static void on_answer(struct task *task)
{
    struct login *login = (struct login *)((char *)task - offsetof(struct login, job.done));
    struct transaction *tx = login->tx;
    struct str user = login->user, realm = login->realm;
    bool exists = login->exists, is_right = login->job.is_right;
    free(login->job.password);
    free(login);
    if (!tx)
        return;
    tx->login = NULL;
    enum step step = conclude(tx, user, exists, is_right, realm);
    transaction_resume(tx, step);
}

void login_cancel(struct login *login)
{
    login->tx = NULL;
}

static enum step ask(struct transaction *tx, const struct login *question, struct str password)
{
    struct login *login = malloc(sizeof(*login));
    char *copy = malloc(password.len + 1);
    if (!login || !copy)
        arena_exhausted();
    if (password.len > 0)
        memcpy(copy, password.ptr, password.len);
    copy[password.len] = '\0';
    *login = *question;
    login->job.password = copy;
    login->job.password_len = password.len;
    if (!passwords_ask(tx->core->passwords, &login->job)) {
        free(copy);
        free(login);
        return transaction_fail(tx, 503, STR("too many passwords wait to be compared"));
    }
    tx->login = login;
    return STEP_TAKEN;
}

enum step handle_login(struct transaction *tx, const struct dt_handler *handler)
{
    const struct dt_tables *tables = tx->tables;
    const struct dt_login *row = &tables->logins[handler->row];
    struct str user, password;
    struct login login = {.tx = tx, .realm = table_text(tables, row->realm)};
    login.job.kind = (enum dt_password_hash)row->hash;
    login.job.hash = nobodys_hashes[row->hash];
    if (!read_credentials(tx, &user, &password))
        return ask_for_password(tx, login.realm);
    for (uint32_t i = 0; i < row->accounts.n && !login.exists; i++) {
        const struct dt_account *account = &tables->accounts[row->accounts.first + i];
        if (!str_eq(table_text(tables, account->name), user))
            continue;
        login.exists = true;
        login.job.hash = table_text(tables, account->hash);
    }
    login.user = user;
    login.job.is_cached = row->caches != 0;
    if (row->hash == DT_HASH_BCRYPT && password.len > MAX_BCRYPT_BYTES)
        password.len = MAX_BCRYPT_BYTES;
    login.job.password = (char *)password.ptr;
    login.job.password_len = password.len;
    if (row->caches && passwords_known(tx->core->passwords, &login.job))
        return conclude(tx, user, login.exists, login.job.is_right, login.realm);
    login.job.done.run = on_answer;
    login.job.loop = tx->worker->loop;
    return ask(tx, &login, password);
}
