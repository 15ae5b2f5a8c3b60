#ifndef DIALTONE_PROXY_CGI_H
#define DIALTONE_PROXY_CGI_H

#include "proxy/proxying.h"

struct core;

/* What scripts behind FastCGI are told of a request: the variables of CGI (RFC 3875), as Caddy sets
 * them. */

/* Those of a running attempt, in the request's arena. False where there are none; <*problem> says
 * why. */
bool cgi_variables(struct proxying *proxying, struct http_headers *out, struct str *problem);

/* What Content-Length says to the script; empty where there is none. */
struct str cgi_content_length(struct proxying *proxying);
/* Methods with which Caddy passes no body on. */
bool cgi_leaves_body_out(struct str method);

/* What a health check asks for; there is no client. */
struct cgi_check {
    struct str method, target, host;
    const struct http_headers *headers;
    int64_t content_length;
    int64_t wall_ns; /* now */
};
struct http_headers cgi_check_variables(const struct core *core, struct arena *arena,
                                        const struct dt_fastcgi *fastcgi,
                                        const struct cgi_check *check);

/* A piece of what the script complains of: kept for the log where that is wanted. */
void cgi_complaint(struct proxying *proxying, struct str data);
/* Logs what was kept, once the answer is through. */
void cgi_write_complaints(struct proxying *proxying);
static inline void cgi_log_complaints(struct proxying *proxying)
{
    if (proxying->complaints.len > 0)
        cgi_write_complaints(proxying);
}

#endif
