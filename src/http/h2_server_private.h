#ifndef DIALTONE_HTTP_H2_SERVER_PRIVATE_H
#define DIALTONE_HTTP_H2_SERVER_PRIVATE_H

#include "http/h2_private.h"

/* A client's connection that speaks HTTP/2 (h2_server.c), and its requests (h2_reply.c). */
struct h2_server {
    struct h2_session session;
    struct http_connection *connection;
    struct server_request *requests; /* newest first */
    int64_t head_since_ns;           /* a block of fields has begun, if <reads_head> */
    int64_t unsent_since_ns;         /* the socket takes nothing */
    /* The streams that ended last, and whether it was we who ended them, so that the client may
     * not know yet. */
    struct h2_ended {
        int32_t id;
        bool by_us;
    } ended[16];
    unsigned n_ended;
    unsigned n_requests;
    bool settings_confirmed; /* by the client */
    bool reads_head;
    bool is_draining, goaway_sent;
};

struct server_request *h2_request_of(struct http_request *request);
/* The request is over for its handler; the stream may still have bytes to send. */
void h2_request_end(struct server_request *request, enum http_end end);
/* Hands a piece of the body to the handler. */
void h2_request_body(struct server_request *request, struct str data);
/* Hands over what was saved, and the end where it has come. */
void h2_request_deliver(struct task *task);
void h2_request_drained(struct h2_body *body);
void h2_request_paced(struct http_request *request);
void h2_server_goaway(struct h2_server *server);

#endif
