#ifndef DIALTONE_PROXY_LOGIN_H
#define DIALTONE_PROXY_LOGIN_H

struct login;

/* The request is over; the answer about its password is not waited for any more. */
void login_cancel(struct login *login);

#endif
