#ifndef DIALTONE_DIRECTIVES_REVERSE_PROXY_H
#define DIALTONE_DIRECTIVES_REVERSE_PROXY_H

#include "adapt/directive.h"

/* A reverse_proxy handler while its lines are read; also what php_fastcgi and forward_auth are made
 * of. */
struct proxy {
    json_t *handler;
    bool has_fixed_transport;     /* the directive brings its own; a `transport` is refused */
    struct str scheme;            /* of the upstreams: of the last one read */
    const struct token *upstream; /* that one */
    json_t *transport;            /* NULL: none yet */
    bool transport_is_http;
    json_t *response_matchers;    /* "@name" → matcher */
    VEC(struct cursor) responses; /* the handle_response segments: read last */
    const struct token *verbose;  /* verbose_logs, once it was seen */
};

/* Begins a handler; what the caller puts into .handler before proxy_read is a preset. */
struct proxy proxy_begin(struct scope *scope);
/* Reads the upstreams on the line and the block; the cursor stands before the directive's name. */
bool proxy_read(struct scope *scope, struct cursor *in, struct proxy *proxy);
/* Reads the blocks of handle_response, which hold directives. After proxy_read. */
bool proxy_read_responses(struct scope *scope, struct proxy *proxy);

/* The rows of the block. Their <state> is a struct proxy. */
extern const struct option reverse_proxy_options[];

/* Of reverse_proxy_health.c, for those rows. */
typedef bool option_parse(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state);
option_parse parse_health_upstream;
option_parse parse_health_port;
option_parse parse_health_headers;
extern const struct option health_header_options[];
option_parse parse_health_status;
option_parse parse_unhealthy_status;
/* Of reverse_proxy_upstreams.c: `to` and `dynamic`; and one upstream by itself. */
option_parse parse_to;
option_parse parse_dynamic;
bool proxy_add_upstream(struct scope *scope, struct proxy *proxy, const struct token *token);
/* Of reverse_proxy_policies.c: lb_policy. */
option_parse parse_policy;
/* Of reverse_proxy_responses.c. */
option_parse parse_handle_response;
option_parse parse_replace_status;
handler_fn handle_copy_response;
handler_fn handle_copy_response_headers;
extern const struct option copy_response_options[];
extern const struct option copy_response_headers_options[];
/* Of transport.c: `transport`, and what the upstreams' scheme makes of it in the end. */
option_parse parse_transport;
bool proxy_finish_transport(struct scope *scope, struct cursor *in, struct proxy *proxy);

#endif
