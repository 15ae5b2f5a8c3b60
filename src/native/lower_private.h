#ifndef DIALTONE_NATIVE_LOWER_PRIVATE_H
#define DIALTONE_NATIVE_LOWER_PRIVATE_H

/* What the lower_*.c files share: the tables while they grow. */
#include "json/value.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "dialtone/tables.h"
#include "native/reader.h"

struct diags;
struct document;
struct lower_options;
struct token;

struct lowering {
    struct arena *arena;
    struct diags *diags;
    const struct document *document;
    const struct lower_options *options;
    const struct token *place; /* what is being lowered came from there; NULL: unknown */
    uint32_t n_errors;

    struct dt_application application;
    const json_t *automation;   /* apps.tls.automation.policies; NULL: none */
    struct map acme_rows;       /* of acme_issuers by their JSON's address, + 1 */
    struct map automated_names; /* that the configuration wants certificates for */
    bool has_no_staples, has_certificates; /* of those that are loaded */
    bool has_untagged_certificates;
    uint32_t n_body_uses; /* placeholders so far that show the request's body */
    struct map authority_rows; /* id of a CA → row of authorities + 1 */

    /* of the server being lowered */
    const json_t *named_routes;
    struct map invoked; /* named route → row of subroutes + 1 */
    struct map groups;  /* name → bit + 1 */

    bool is_without_request; /* placeholders that a request tells are unknown */
    struct map mapped_names; /* placeholders that maps give → row of mapped + 1 */

    struct strbuf strings;
    struct map string_offsets, origin_rows, header_rows, variable_rows, state_numbers;
    struct map certificate_tags; /* of those that are loaded */
#define X(type, name) VEC(struct type) name;
    DT_TABLE_ARRAYS(X)
#undef X
};

/* builder.c */

#define X(type, name)                                                                              \
    uint32_t push_##name(struct lowering *lo, struct type row);                                    \
    uint32_t reserve_##name(struct lowering *lo, uint32_t n); /* zeroed rows; the first of them */
DT_TABLE_ARRAYS(X)
#undef X

/* Text in the blob, each once. */
struct dt_text intern(struct lowering *lo, struct str text);
struct str text_of(const struct lowering *lo, struct dt_text text); /* until the next intern */
/* The row for the current place. */
uint32_t origin_here(struct lowering *lo);
/* The row of a header name, in Go's canonical form. */
uint32_t builder_header(struct lowering *lo, struct str name);
uint32_t variable(struct lowering *lo, struct str name);
struct dt_range numbers_of(struct lowering *lo, const uint32_t *values, size_t n);
/* Go's http.CanonicalHeaderKey. */
struct str canonical_header(struct arena *arena, struct str name);
void builder_init(struct lowering *lo);
struct dt_tables builder_finish(struct lowering *lo);

/* lower_templates.c */

enum template_mode {
    UNKNOWN_IS_EMPTY,         /* Caddy's ReplaceAll */
    UNKNOWN_IS_KEPT,          /* Caddy's ReplaceKnown */
    UNKNOWN_IS_EMPTY_AT_START, /* all that needs a request is unknown */
    UNKNOWN_IS_KEPT_AT_START,  /* the same */
    UNKNOWN_IS_EMPTY_IN_PATH,  /* of a rewrite: {path} goes in as it is written in the URI */
};
uint32_t template_of(struct lowering *lo, struct str text, enum template_mode mode);
/* Text that is expanded when the proxy starts, when there is no request yet; DT_NONE where no
 * placeholder of it has a value then: <*text> is what then is left. */
uint32_t start_template_of(struct lowering *lo, struct str *text, enum template_mode mode);
/* Text that has no placeholders, whatever it looks like. */
uint32_t constant_template(struct lowering *lo, struct str text);
/* The row of parts for one placeholder, without braces; DT_NONE where Caddy knows none of that
 * name, or after an error. */
uint32_t placeholder_part(struct lowering *lo, struct str key);
/* Whether the placeholder has a value before there are requests. */
bool is_known_at_start(enum dt_part_kind kind);
bool template_is_constant(const struct lowering *lo, uint32_t template, struct str *text);

/* lower_servers.c */

void lower_servers(struct lowering *lo, const json_t *servers);

/* lower_routes.c */

/* Routes of one chain, neighbours in the table. */
struct dt_range lower_routes(struct lowering *lo, const json_t *routes);
struct dt_route lower_route(struct lowering *lo, const json_t *route);
/* One route as a chain of its own. */
struct dt_range lower_route_alone(struct lowering *lo, const json_t *route);
/* Gives the groups of a server's routes their bits; returns how many there are. */
uint32_t number_groups(struct lowering *lo, const json_t *server);

/* lower_matchers.c */

struct dt_range lower_matcher_sets(struct lowering *lo, const json_t *sets);
/* The matcher of that name, at the current place. */
void lower_matcher(struct lowering *lo, const char *name, const json_t *value,
                   struct dt_matcher *out);
struct dt_range lower_ip_ranges(struct lowering *lo, const json_t *ranges);
/* The same where Caddy expands no placeholders. */
struct dt_range lower_known_ranges(struct lowering *lo, const json_t *ranges, const char *what);
struct dt_range lower_host_patterns(struct lowering *lo, const json_t *hosts, uint32_t *n_exact);
struct dt_range host_patterns_of(struct lowering *lo, const struct str *hosts, size_t n,
                                 uint32_t *n_exact);
/* {ph} and nothing else. */
bool is_placeholder_key(struct str key);
/* The fields of a header matcher, or of a response matcher. */
uint32_t lower_response_matcher(struct lowering *lo, const json_t *matcher);

/* lower_expressions.c */

/* An expression in CEL, a string; <name> is that of its regular expressions. */
void lower_cel(struct lowering *lo, const json_t *text, struct str name, struct dt_matcher *out);

/* lower_handlers.c */

struct dt_range lower_handlers(struct lowering *lo, const json_t *handlers);
/* Named routes that nothing invokes are looked at too, for what the core cannot run. */
void check_named_routes(struct lowering *lo);

/* A status as Caddy's WeakString: number or text, maybe with placeholders; <*status> stays where
 * there is none. */
void lower_status(struct lowering *lo, const json_t *value, uint32_t *status, uint32_t *template);

/* lower_files.c */

void lower_file_matcher(struct lowering *lo, const json_t *value, struct dt_matcher *out);
void lower_file_server(struct lowering *lo, const json_t *handler, struct dt_handler *out);

/* lower_responses.c: handlers that look at answers */

void lower_copy_response(struct lowering *lo, const json_t *handler, struct dt_handler *out);
void lower_copy_headers(struct lowering *lo, const json_t *handler, struct dt_handler *out);
void lower_intercept(struct lowering *lo, const json_t *handler, struct dt_handler *out);
/* The list of handle_response. */
struct dt_range lower_response_handlers(struct lowering *lo, const json_t *list);

/* lower_login.c */

void lower_login(struct lowering *lo, const json_t *handler, struct dt_handler *out);

/* lower_regexps.c */

/* A row of regexps; DT_NONE after an error, or where the pattern is empty. */
uint32_t regexp_of(struct lowering *lo, const json_t *value, struct str pattern, struct str name);
/* The same of a pattern that may hold placeholders, which are expanded each time. */
uint32_t late_regexp_of(struct lowering *lo, const json_t *value, struct str pattern);
void lower_url_pattern(struct lowering *lo, const json_t *value, struct dt_matcher *out);
void lower_path_regexp(struct lowering *lo, const json_t *value, struct dt_matcher *out);
void lower_header_regexp(struct lowering *lo, const json_t *value, struct dt_matcher *out);
void lower_vars_regexp(struct lowering *lo, const json_t *value, struct dt_matcher *out);

/* lower_map.c */

/* Finds the placeholders that the maps of the configuration define, before any is resolved. */
void find_mapped_names(struct lowering *lo, const json_t *root);
void lower_map(struct lowering *lo, const json_t *handler, struct dt_handler *out);

/* lower_encode.c */

void lower_encode(struct lowering *lo, const json_t *handler, struct dt_handler *out);

/* lower_headers.c */

/* The headers handler's object, also a proxy's `headers`; <head> goes before the request's, or is
 * NULL. */
uint32_t lower_header_edit(struct lowering *lo, const json_t *edit,
                           const struct dt_header_op *head);
/* Fields to set: names to lists of values. */
struct dt_range lower_header_fields(struct lowering *lo, const json_t *fields,
                                    enum template_mode mode);

/* lower_rewrite.c */

uint32_t lower_rewrite(struct lowering *lo, const json_t *rewrite);

/* lower_upstreams.c, lower_transport.c */

uint32_t lower_pool(struct lowering *lo, const json_t *handler);
uint32_t lower_transport(struct lowering *lo, const json_t *transport);

/* lower_fastcgi.c: the transport of that name, with Caddy's defaults */

struct dt_transport lower_fastcgi(struct lowering *lo, const json_t *transport);

/* lower_sources.c */

/* A row of resolvers; DT_NONE for NULL. */
uint32_t lower_resolver(struct lowering *lo, const json_t *resolver);
/* dynamic_upstreams. */
void lower_sources(struct lowering *lo, const json_t *dynamic, struct dt_pool *pool);

/* lower_pki.c */

void lower_pki(struct lowering *lo, const json_t *pki);
/* The row of a local CA, made where it is the default one; DT_NONE after an error. */
uint32_t authority_of(struct lowering *lo, struct str id);

/* lower_tls.c, lower_policies.c */

void lower_tls_app(struct lowering *lo, const json_t *tls);
/* A ratio as a number out of thousand; <otherwise> where it says nothing. */
uint32_t lower_permille(struct lowering *lo, const json_t *value, const char *key,
                        uint32_t otherwise);
/* A pool of CA certificates, by its provider. */
uint32_t lower_trust_pool(struct lowering *lo, const json_t *pool);
struct dt_range lower_connection_policies(struct lowering *lo, const json_t *policies,
                                          bool adds_empty);

/* lower_logs.c */

void lower_logs(struct lowering *lo, const json_t *logging);
void lower_server_logs(struct lowering *lo, const json_t *logs, struct dt_server *server);
/* access_logger_names: rows of access_loggers. */
struct dt_range lower_logger_list(struct lowering *lo, const json_t *names);

/* lower_metrics.c */

/* What is counted: by the http app's `metrics` and the servers'. */
void lower_meter(struct lowering *lo, const json_t *metrics, const json_t *servers);
/* When all servers are there: the hosts that are told apart. */
void finish_meter(struct lowering *lo);
/* The route is counted, as what its first handler is called; where anything is. */
void measure_route(struct lowering *lo, struct dt_route *route, struct str handler);
/* The name of the first handler of a route. */
struct str first_handler(const json_t *route);
void lower_metrics_page(struct lowering *lo, const json_t *handler, struct dt_handler *out);

/* lower_log_encoders.c */

/* The chain of a log's encoders; NULL: the one it has by default. */
struct dt_range lower_log_encoders(struct lowering *lo, const json_t *encoder);
void lower_log_append(struct lowering *lo, const json_t *handler, struct dt_handler *out);

#endif
