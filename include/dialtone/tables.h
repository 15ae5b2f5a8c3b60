#ifndef DIALTONE_TABLES_H
#define DIALTONE_TABLES_H

/* The native tables: the only contract between the compiler, the C it emits and the proxy core.
 *
 * Everything is const data. Rows point at each other by index and hold no pointers, so emitted C
 * needs no relocation but those of the one root struct. All text is in one blob; a text is an
 * offset and a length, and has a NUL behind it that does not count. Rows that belong together are
 * neighbours, named by a range. Run-time state is the proxy's own, in arrays with the same
 * indices. The order of rows is stable: the same JSON gives the same tables. */
#include <stdint.h>

#define DT_TABLES_ABI 8u         /* changes whenever a row changes its shape */
#define DT_NONE       UINT32_MAX /* "no row", wherever an index may be missing */

struct dt_text {
    uint32_t at, len; /* in dt_tables.strings; {0, 0} is the empty text */
};

struct dt_range {
    uint32_t first, n;
};

/* Every array of the root: row type, name. */
#define DT_TABLE_ARRAYS(X)                                                                         \
    X(dt_origin, origins)                                                                          \
    X(dt_number, numbers)                                                                          \
    X(dt_text, texts)                                                                              \
    X(dt_listener, listeners)                                                                      \
    X(dt_server, servers)                                                                          \
    X(dt_proxy_header, proxy_headers)                                                              \
    X(dt_host_index, host_indexes)                                                                 \
    X(dt_host_entry, host_entries)                                                                 \
    X(dt_route, routes)                                                                            \
    X(dt_matcher_set, matcher_sets)                                                                \
    X(dt_matcher, matchers)                                                                        \
    X(dt_host_pattern, host_patterns)                                                              \
    X(dt_path_pattern, path_patterns)                                                              \
    X(dt_condition, conditions)                                                                    \
    X(dt_value_pattern, value_patterns)                                                            \
    X(dt_ip_range, ip_ranges)                                                                      \
    X(dt_status_range, status_ranges)                                                              \
    X(dt_regexp, regexps)                                                                          \
    X(dt_regexp_condition, regexp_conditions)                                                      \
    X(dt_expression, expressions)                                                                  \
    X(dt_file_matcher, file_matchers)                                                              \
    X(dt_try_file, try_files)                                                                      \
    X(dt_handler, handlers)                                                                        \
    X(dt_response, responses)                                                                      \
    X(dt_header_edit, header_edits)                                                                \
    X(dt_header_op, header_ops)                                                                    \
    X(dt_response_matcher, response_matchers)                                                      \
    X(dt_rewrite, rewrites)                                                                        \
    X(dt_query_piece, query_pieces)                                                                \
    X(dt_substitution, substitutions)                                                              \
    X(dt_query_op, query_ops)                                                                      \
    X(dt_assignment, assignments)                                                                  \
    X(dt_subroute, subroutes)                                                                      \
    X(dt_failure, failures)                                                                        \
    X(dt_file_server, file_servers)                                                                \
    X(dt_browse, browses)                                                                          \
    X(dt_encoder, encoders)                                                                        \
    X(dt_body_limit, body_limits)                                                                  \
    X(dt_pace, paces)                                                                              \
    X(dt_copy, copies)                                                                             \
    X(dt_login, logins)                                                                            \
    X(dt_account, accounts)                                                                        \
    X(dt_interception, interceptions)                                                              \
    X(dt_map, maps)                                                                                \
    X(dt_mapping, mappings)                                                                        \
    X(dt_mapped, mapped)                                                                           \
    X(dt_response_handler, response_handlers)                                                      \
    X(dt_pool, pools)                                                                              \
    X(dt_upstream, upstreams)                                                                      \
    X(dt_policy, policies)                                                                         \
    X(dt_active_health, active_healths)                                                            \
    X(dt_transport, transports)                                                                    \
    X(dt_fastcgi, fastcgis)                                                                        \
    X(dt_cgi_variable, cgi_variables)                                                              \
    X(dt_source, sources)                                                                          \
    X(dt_resolver, resolvers)                                                                      \
    X(dt_template, templates)                                                                      \
    X(dt_part, parts)                                                                              \
    X(dt_header_name, header_names)                                                                \
    X(dt_variable, variables)                                                                      \
    X(dt_authority, authorities)                                                                   \
    X(dt_certificate, certificates)                                                                \
    X(dt_trust_pool, trust_pools)                                                                  \
    X(dt_leaf_verifier, leaf_verifiers)                                                            \
    X(dt_acme_issuer, acme_issuers)                                                                \
    X(dt_connection_policy, connection_policies)                                                   \
    X(dt_meter, meters)                                                                            \
    X(dt_metrics_page, metrics_pages)                                                              \
    X(dt_log, logs)                                                                                \
    X(dt_log_encoder, log_encoders)                                                                \
    X(dt_log_filter, log_filters)                                                                  \
    X(dt_log_action, log_actions)                                                                  \
    X(dt_log_replacement, log_replacements)                                                        \
    X(dt_log_addition, log_additions)                                                              \
    X(dt_log_field, log_fields)                                                                    \
    X(dt_access_logger, access_loggers)

/* ---- places, numbers, names ---- */

/* Where a row came from; printed in logs and by --check. */
struct dt_origin {
    struct dt_text file;
    uint32_t line, column;
};

struct dt_number {
    uint32_t value;
};

/* A header field name, each once. The proxy maps the index to its own header ids at start. */
struct dt_header_name {
    struct dt_text canonical; /* Go's form: X-Forwarded-For */
    struct dt_text lower;
};

/* A request variable ({http.vars.NAME}, the vars handler). The index is its slot in a request.
 * The first rows are always DT_BUILTIN_VARIABLES, in that order. */
struct dt_variable {
    struct dt_text name;
};

#define DT_BUILTIN_VARIABLES(X)                                                                    \
    X(CLIENT_IP, "client_ip")         /* set before routing */                                     \
    X(TRUSTED_PROXY, "trusted_proxy") /* bool, set before routing */                               \
    X(LOG_SKIP, "log_skip")           /* true: no access log line */                               \
    X(ACCESS_LOGGER_NAMES, "access_logger_names")                                                  \
    X(ROOT, "root")

#define X(id, name) DT_VARIABLE_##id,
enum dt_builtin_variable { DT_BUILTIN_VARIABLES(X) DT_N_BUILTIN_VARIABLES };
#undef X

/* ---- templates ---- */

enum dt_argument {
    DT_ARGUMENT_NONE,
    DT_ARGUMENT_TEXT,     /* part.text is what follows the prefix */
    DT_ARGUMENT_NUMBER,   /* part.number is a non-negative index */
    DT_ARGUMENT_HEADER,   /* part.number is a row of header_names */
    DT_ARGUMENT_VARIABLE, /* part.number is a row of variables */
};

/* What a part of a template stands for: id, name (a prefix where there is an argument), argument.
 * Those marked (run time) may be unset when they are expanded; a template that keeps_unknown then
 * writes dt_part.raw, any other writes nothing. All others always have a value, maybe empty. */
#define DT_PLACEHOLDERS(X)                                                                         \
    X(METHOD, "http.request.method", NONE)                                                         \
    X(SCHEME, "http.request.scheme", NONE)                                                         \
    X(PROTO, "http.request.proto", NONE)           /* HTTP/1.1, HTTP/2.0 */                        \
    X(PROTO_NAME, "http.request.proto_name", NONE) /* HTTP/1.1, HTTP/2 */                          \
    X(HOST, "http.request.host", NONE)             /* without port and brackets */                 \
    X(PORT, "http.request.port", NONE)                                                             \
    X(HOSTPORT, "http.request.hostport", NONE)                                                     \
    X(LOCAL, "http.request.local", NONE)                                                           \
    X(LOCAL_HOST, "http.request.local.host", NONE)                                                 \
    X(LOCAL_PORT, "http.request.local.port", NONE)                                                 \
    X(REMOTE, "http.request.remote", NONE)                                                         \
    X(REMOTE_HOST, "http.request.remote.host", NONE)                                               \
    X(REMOTE_PORT, "http.request.remote.port", NONE)                                               \
    X(REMOTE_MASKED, "http.request.remote.host/", TEXT) /* "24" or "24,64": the network */         \
    X(URI, "http.request.uri", NONE)                                                               \
    X(URI_ESCAPED, "http.request.uri_escaped", NONE) /* query-escaped */                           \
    X(PATH, "http.request.uri.path", NONE)           /* decoded */                                 \
    X(PATH_ESCAPED, "http.request.uri.path_escaped", NONE)                                         \
    X(PATH_FILE, "http.request.uri.path.file", NONE)                                               \
    X(PATH_DIR, "http.request.uri.path.dir", NONE)                                                 \
    X(PATH_FILE_BASE, "http.request.uri.path.file.base", NONE)                                     \
    X(PATH_FILE_EXT, "http.request.uri.path.file.ext", NONE)                                       \
    X(PATH_SEGMENT, "http.request.uri.path.", NUMBER)                                              \
    X(QUERY, "http.request.uri.query", NONE)                                                       \
    X(QUERY_ESCAPED, "http.request.uri.query_escaped", NONE)                                       \
    X(PREFIXED_QUERY, "http.request.uri.prefixed_query", NONE)                                     \
    X(QUERY_VALUE, "http.request.uri.query.", TEXT)    /* values joined by "," */                  \
    X(HEADER, "http.request.header.", HEADER)          /* values joined by ","; Host is empty */   \
    X(COOKIE, "http.request.cookie.", TEXT)            /* name compared without case */            \
    X(HOST_LABEL, "http.request.host.labels.", NUMBER) /* 0 is the rightmost; lower case */        \
    X(DURATION, "http.request.duration", NONE)         /* Go style: 1.5ms */                       \
    X(DURATION_MS, "http.request.duration_ms", NONE)                                               \
    X(BODY, "http.request.body", NONE)                                                             \
    X(BODY_BASE64, "http.request.body_base64", NONE)                                               \
    X(UUID, "http.request.uuid", NONE)                                                             \
    X(ORIG_METHOD, "http.request.orig_method", NONE)                                               \
    X(ORIG_URI, "http.request.orig_uri", NONE)                                                     \
    X(ORIG_PATH, "http.request.orig_uri.path", NONE)                                               \
    X(ORIG_PATH_FILE, "http.request.orig_uri.path.file", NONE)                                     \
    X(ORIG_PATH_DIR, "http.request.orig_uri.path.dir", NONE)                                       \
    X(ORIG_PATH_SEGMENT, "http.request.orig_uri.path.", NUMBER)                                    \
    X(ORIG_QUERY, "http.request.orig_uri.query", NONE)                                             \
    X(ORIG_PREFIXED_QUERY, "http.request.orig_uri.prefixed_query", NONE)                           \
    X(TLS_VERSION, "http.request.tls.version", NONE) /* tls1.3; empty without TLS, as all of tls */\
    X(TLS_CIPHER_SUITE, "http.request.tls.cipher_suite", NONE)                                     \
    X(TLS_RESUMED, "http.request.tls.resumed", NONE)                                               \
    X(TLS_PROTO, "http.request.tls.proto", NONE)                                                   \
    X(TLS_PROTO_MUTUAL, "http.request.tls.proto_mutual", NONE)                                     \
    X(TLS_SERVER_NAME, "http.request.tls.server_name", NONE)                                       \
    X(TLS_ECH, "http.request.tls.ech", NONE)                                                       \
    X(TLS_CLIENT_FINGERPRINT, "http.request.tls.client.fingerprint", NONE)                         \
    X(TLS_CLIENT_PUBLIC_KEY, "http.request.tls.client.public_key", NONE)                           \
    X(TLS_CLIENT_PUBLIC_KEY_SHA256, "http.request.tls.client.public_key_sha256", NONE)             \
    X(TLS_CLIENT_ISSUER, "http.request.tls.client.issuer", NONE)                                   \
    X(TLS_CLIENT_SERIAL, "http.request.tls.client.serial", NONE)                                   \
    X(TLS_CLIENT_SUBJECT, "http.request.tls.client.subject", NONE)                                 \
    X(TLS_CLIENT_PEM, "http.request.tls.client.certificate_pem", NONE)                             \
    X(TLS_CLIENT_DER, "http.request.tls.client.certificate_der_base64", NONE)                      \
    X(TLS_CLIENT_DNS_NAMES, "http.request.tls.client.san.dns_names", NONE) /* all: [a b] */        \
    X(TLS_CLIENT_DNS_NAME, "http.request.tls.client.san.dns_names.", NUMBER)                       \
    X(TLS_CLIENT_EMAILS, "http.request.tls.client.san.emails", NONE)                               \
    X(TLS_CLIENT_EMAIL, "http.request.tls.client.san.emails.", NUMBER)                             \
    X(TLS_CLIENT_IPS, "http.request.tls.client.san.ips", NONE)                                     \
    X(TLS_CLIENT_IP, "http.request.tls.client.san.ips.", NUMBER)                                   \
    X(TLS_CLIENT_URIS, "http.request.tls.client.san.uris", NONE)                                   \
    X(TLS_CLIENT_URI, "http.request.tls.client.san.uris.", NUMBER)                                 \
    X(RESPONSE_HEADER, "http.response.header.", HEADER)                                            \
    X(VARIABLE, "http.vars.", VARIABLE)                                                            \
    X(REGEXP, "http.regexp.", TEXT)           /* run time, as the next */                          \
    X(URL_PATTERN, "http.url_pattern.", TEXT) /* pathname.id */                                    \
    X(USER_ID, "http.auth.user.id", NONE) /* run time */                                           \
    X(INTERCEPT_STATUS, "http.intercept.status_code", NONE) /* run time, as the next */            \
    X(INTERCEPT_HEADER, "http.intercept.header.", HEADER)                                          \
    X(FILE_RELATIVE, "http.matchers.file.relative", NONE) /* run time, as the next */              \
    X(FILE_ABSOLUTE, "http.matchers.file.absolute", NONE)                                          \
    X(FILE_TYPE, "http.matchers.file.type", NONE) /* file, directory */                            \
    X(FILE_REMAINDER, "http.matchers.file.remainder", NONE)                                        \
    X(ERROR, "http.error", NONE)    /* run time, as the next */                                    \
    X(ERROR_STATUS_CODE, "http.error.status_code", NONE)                                           \
    X(ERROR_STATUS_TEXT, "http.error.status_text", NONE)                                           \
    X(ERROR_MESSAGE, "http.error.message", NONE)                                                   \
    X(ERROR_TRACE, "http.error.trace", NONE)                                                       \
    X(ERROR_ID, "http.error.id", NONE)                                                             \
    X(UPSTREAM_ADDRESS, "http.reverse_proxy.upstream.address", NONE) /* run time, as the next */   \
    X(UPSTREAM_HOSTPORT, "http.reverse_proxy.upstream.hostport", NONE)                             \
    X(UPSTREAM_HOST, "http.reverse_proxy.upstream.host", NONE)                                     \
    X(UPSTREAM_PORT, "http.reverse_proxy.upstream.port", NONE)                                     \
    X(UPSTREAM_REQUESTS, "http.reverse_proxy.upstream.requests", NONE)                             \
    X(UPSTREAM_MAX_REQUESTS, "http.reverse_proxy.upstream.max_requests", NONE)                     \
    X(UPSTREAM_FAILS, "http.reverse_proxy.upstream.fails", NONE)                                   \
    X(UPSTREAM_LATENCY, "http.reverse_proxy.upstream.latency", NONE)                               \
    X(UPSTREAM_LATENCY_MS, "http.reverse_proxy.upstream.latency_ms", NONE)                         \
    X(UPSTREAM_DURATION, "http.reverse_proxy.upstream.duration", NONE)                             \
    X(UPSTREAM_DURATION_MS, "http.reverse_proxy.upstream.duration_ms", NONE)                       \
    X(PROXY_DURATION, "http.reverse_proxy.duration", NONE)                                         \
    X(PROXY_DURATION_MS, "http.reverse_proxy.duration_ms", NONE)                                   \
    X(PROXY_RETRIES, "http.reverse_proxy.retries", NONE)                                           \
    X(PROXY_STATUS_CODE, "http.reverse_proxy.status_code", NONE)                                   \
    X(PROXY_STATUS_TEXT, "http.reverse_proxy.status_text", NONE)                                   \
    X(PROXY_TRANSPORT_ERROR, "http.reverse_proxy.is_transport_error", NONE)                        \
    X(PROXY_HEADER, "http.reverse_proxy.header.", HEADER)                                          \
    X(HEALTH_TARGET, "http.reverse_proxy.active.target_upstream", NONE) /* in health checks */     \
    X(SHUTTING_DOWN, "http.shutting_down", NONE)                                                   \
    X(TIME_UNTIL_SHUTDOWN, "http.time_until_shutdown", NONE)                                       \
    X(ENV, "env.", TEXT)           /* the environment of the running proxy */                      \
    X(FILE_CONTENT, "file.", TEXT) /* of a path */                                                 \
    X(HOSTNAME, "system.hostname", NONE)                                                           \
    X(SLASH, "system.slash", NONE)                                                                 \
    X(OS, "system.os", NONE)                                                                       \
    X(WORKING_DIRECTORY, "system.wd", NONE)                                                        \
    X(ARCH, "system.arch", NONE) /* Go's names: amd64, arm64 */                                    \
    X(NOW, "time.now", NONE)                                                                       \
    X(NOW_HTTP, "time.now.http", NONE)                                                             \
    X(NOW_COMMON_LOG, "time.now.common_log", NONE)                                                 \
    X(NOW_YEAR, "time.now.year", NONE)                                                             \
    X(NOW_UNIX, "time.now.unix", NONE)                                                             \
    X(NOW_UNIX_MS, "time.now.unix_ms", NONE)

#define X(id, name, argument) DT_PART_##id,
enum dt_part_kind {
    DT_PART_LITERAL,
    DT_PART_PATH_RAW,         /* the path as it is written in the URI: {path} inside of a rewrite */
    DT_PART_FILE_ESCAPED, /* {http.matchers.file.relative} there, escaped as a path */
    DT_PART_MAPPED,       /* what a map gives; <number> is a row of mapped; run time */
    DT_PLACEHOLDERS(X) DT_N_PART_KINDS
};
#undef X

struct dt_part {
    uint32_t kind;       /* enum dt_part_kind */
    uint32_t number;     /* by enum dt_argument; else 0 */
    struct dt_text text; /* the literal, or the text argument */
    struct dt_text raw;  /* the placeholder as written, braces included; empty for a literal */
};

/* Text with placeholders. A constant one has no parts: <literal> is all of it. */
struct dt_template {
    struct dt_text literal;
    struct dt_range parts;
    uint32_t keeps_unknown; /* bool: see DT_PLACEHOLDERS */
};

/* ---- listeners and servers ---- */

enum dt_network {
    DT_NETWORK_NONE,
    DT_NETWORK_TCP, /* both families */
    DT_NETWORK_TCP4,
    DT_NETWORK_TCP6,
    DT_NETWORK_UNIX,
    DT_NETWORK_FD, /* an inherited socket; listeners only */
    DT_N_NETWORKS
};

enum dt_host_kind {
    DT_HOST_NONE,     /* every address */
    DT_HOST_IP4,      /* ip[0..3] */
    DT_HOST_IP6,      /* ip, maybe with a zone */
    DT_HOST_NAME,     /* to be resolved */
    DT_HOST_PATH,     /* a unix socket; an abstract one begins with '@' */
    DT_HOST_TEMPLATE, /* upstreams: expand dt_upstream.dial_template, then parse; listeners:
                         dt_listener.host_template, when the proxy starts */
    DT_N_HOST_KINDS
};

/* One socket; port ranges are already expanded. */
struct dt_listener {
    uint8_t network;   /* enum dt_network */
    uint8_t host_kind; /* enum dt_host_kind */
    uint8_t is_tls;
    uint8_t protocols; /* enum dt_protocols, or'ed; 0: the server's */
    uint16_t port;
    uint16_t unix_mode;     /* permission bits of a unix socket */
    uint32_t fd;            /* DT_NETWORK_FD */
    struct dt_text host;    /* as text, canonical, without brackets and zone; the path for unix */
    uint32_t host_template; /* DT_HOST_TEMPLATE; else DT_NONE */
    struct dt_text zone;    /* interface name or number; look it up when listening */
    uint8_t ip[16];         /* network order */
    struct dt_text address; /* as Caddy prints it, one port: "tcp6/[fe80::1%eth0]:443", ":80" */
    uint32_t server;
    uint32_t origin;
};

enum dt_protocols {
    DT_PROTOCOL_H1 = 1,
    DT_PROTOCOL_H2 = 2,
    DT_PROTOCOL_H3 = 4,
    DT_PROTOCOL_H2C = 8
};

struct dt_server {
    /* nanoseconds; 0 is none, defaults are filled in */
    int64_t read_timeout_ns, read_header_timeout_ns, read_idle_timeout_ns;
    int64_t write_timeout_ns, write_idle_timeout_ns, idle_timeout_ns;
    int64_t read_min_rate, write_min_rate; /* bytes a second on average; 0: any */
    int64_t keepalive_interval_ns, keepalive_idle_ns; /* of TCP; <0 is off */
    struct dt_text name;
    struct dt_range routes;
    struct dt_range error_routes; /* n 0: none */
    uint32_t host_index;          /* over <routes>; DT_NONE: try them all */
    uint32_t n_groups;            /* dt_route.group is below it, in every route of the server */
    struct dt_range connection_policies; /* n 0: no TLS */
    struct dt_range trusted_proxies;     /* ip_ranges */
    struct dt_range client_ip_headers;   /* numbers: header_names, in order */
    struct dt_range access_loggers;      /* by host; see dt_access_logger */
    struct dt_range skip_log_hosts;      /* texts, lower case */
    struct dt_range underscore_headers;  /* texts, lower case: names with '_' let through; x* */
    struct dt_range dot_headers;         /* the same for '.' */
    uint32_t default_logger;             /* access_loggers; DT_NONE: none */
    uint32_t max_header_bytes;
    uint32_t keepalive_count;
    uint8_t protocols; /* enum dt_protocols, or'ed */
    uint8_t has_access_log;
    uint8_t skips_unmapped_hosts; /* no log line for hosts that are not in access_loggers */
    uint8_t logs_credentials;
    uint8_t is_strict_sni_host;
    uint8_t is_trusted_proxies_strict;
    uint8_t is_trusted_proxies_unix;
    uint8_t is_automatic_redirect; /* made by the compiler: HTTP to HTTPS */
    uint32_t origin;
    uint32_t proxy_header; /* proxy_headers; DT_NONE: none is looked for */
    uint32_t redirected_head_bytes; /* HTTP in the clear with a head of at most so many bytes is
                                     * redirected to HTTPS; 0: it is not */
};

/* What is done with the PROXY header in front of a connection. */
enum dt_proxy_policy {
    DT_PROXY_IGNORE,  /* it is taken off and counts for nothing */
    DT_PROXY_USE,     /* its addresses are the connection's */
    DT_PROXY_REJECT,  /* connections with one are closed */
    DT_PROXY_REQUIRE, /* as USE; connections without one are closed */
    DT_PROXY_SKIP,    /* none is looked for */
};

/* By the peer: <denied> are rejected, those <allowed> use theirs, for all others <policy> holds. Unix
 * peers use theirs. */
struct dt_proxy_header {
    int64_t timeout_ns; /* then there is none; <0: waits for ever */
    struct dt_range allowed, denied; /* ip_ranges */
    uint8_t policy;                  /* enum dt_proxy_policy */
    uint8_t is_in_tls;               /* it stands inside of TLS, not in front of it */
    uint8_t reserved[2];
    uint32_t origin;
};

/* The routes that may match a host, without walking all of them. Look up, in lower case and
 * without port and brackets: the host itself, else its first label replaced by '*', else take
 * <others>. Each list is ascending indices of routes and includes those without host matcher; the
 * matchers still have to run. After a handler changed the Host, look up again and go on behind
 * the current route. An entry's slot is dt_hash(host) & (n_slots - 1), the next one when taken. */
struct dt_host_index {
    struct dt_range slots;  /* host_entries; n is a power of two, or 0: only <others> */
    struct dt_range others; /* numbers: routes */
};

struct dt_host_entry {
    struct dt_text host; /* lower case, may begin with "*."; len 0: a free slot */
    uint32_t hash;
    struct dt_range routes; /* numbers: routes */
};

/* ---- routes and matchers ---- */

struct dt_route {
    struct dt_range matcher_sets; /* one of them must match; n 0: always */
    struct dt_range handlers;
    uint32_t group; /* DT_NONE, or a bit in the request's set of satisfied groups */
    uint32_t is_terminal;
    uint32_t needs_body;        /* bool: its matchers look at the request's body */
    uint32_t is_measured;       /* bool: counted by the meter */
    struct dt_text measured_as; /* the name of its first handler, maybe empty */
    uint32_t origin;
};

struct dt_matcher_set {
    struct dt_range matchers; /* all of them must match */
};

/* Matcher kinds: id, the module's name, what dt_matcher.rows is a range of. */
#define DT_MATCHERS(X)                                                                             \
    X(HOST, "host", host_patterns) /* <number> exact ones first, sorted by bytes */                \
    X(PATH, "path", path_patterns)                                                                 \
    X(METHOD, "method", texts)      /* compared as they are */                                     \
    X(HEADER, "header", conditions) /* all must hold; subject is a row of header_names */          \
    X(QUERY, "query", conditions)   /* all must hold; n 0: only an empty query */                  \
    X(REMOTE_IP, "remote_ip", ip_ranges)                                                           \
    X(CLIENT_IP, "client_ip", ip_ranges)                                                           \
    X(PROTOCOL, "protocol", texts) /* no rows; <number> is enum dt_protocol_match */               \
    X(TLS, "tls", texts)           /* no rows; <number>: 0 any TLS, 1 handshake complete, 2 not */ \
    X(NOT, "not", matcher_sets)    /* true if none of them matches */                              \
    X(VARS, "vars", conditions)    /* one must hold */                                             \
    X(ERROR_STATUS, "expression", status_ranges) /* {err.status_code} in one of them */            \
    X(FILE, "file", file_matchers)               /* one row */                                     \
    X(PATH_REGEXP, "path_regexp", regexps)       /* one row */                                     \
    X(HEADER_REGEXP, "header_regexp", regexp_conditions) /* all must hold */                       \
    X(VARS_REGEXP, "vars_regexp", regexp_conditions)     /* one must hold */                       \
    /* of each enum dt_url_component, which it must match as a whole; <number>: slashes stay */    \
    X(URL_PATTERN, "url_pattern", regexps)                                                         \
    X(EXPRESSION, "expression", expressions)             /* one row: the root */

#define X(id, name, rows) DT_MATCHER_##id,
enum dt_matcher_kind { DT_MATCHER_NONE, DT_MATCHERS(X) DT_N_MATCHER_KINDS };
#undef X

struct dt_matcher {
    uint32_t kind; /* enum dt_matcher_kind */
    uint32_t number;
    struct dt_range rows;
    uint32_t origin;
};

/* Id, name in placeholders. */
#define DT_URL_COMPONENTS(X)                                                                       \
    X(PROTOCOL, "protocol")                                                                        \
    X(USERNAME, "username")                                                                        \
    X(PASSWORD, "password")                                                                        \
    X(HOSTNAME, "hostname")                                                                        \
    X(PORT, "port")                                                                                \
    X(PATHNAME, "pathname")                                                                        \
    X(SEARCH, "search")                                                                            \
    X(HASH, "hash")

#define X(id, name) DT_URL_##id,
enum dt_url_component { DT_URL_COMPONENTS(X) DT_N_URL_COMPONENTS };
#undef X

enum dt_protocol_match {
    DT_PROTOCOL_MATCH_NEVER, /* a word Caddy does not know either */
    DT_PROTOCOL_MATCH_HTTP,
    DT_PROTOCOL_MATCH_HTTPS,
    DT_PROTOCOL_MATCH_GRPC,
    DT_PROTOCOL_MATCH_1_0,
    DT_PROTOCOL_MATCH_1_1,
    DT_PROTOCOL_MATCH_2,
    DT_PROTOCOL_MATCH_3,
    DT_PROTOCOL_MATCH_FROM_1_0,
    DT_PROTOCOL_MATCH_FROM_1_1,
    DT_PROTOCOL_MATCH_FROM_2,
    DT_PROTOCOL_MATCH_FROM_3,
};

enum dt_host_pattern_kind {
    DT_HOST_PATTERN_EXACT,
    DT_HOST_PATTERN_WILDCARD, /* some labels are '*', each standing for one whole label */
    DT_HOST_PATTERN_TEMPLATE, /* expand, then compare as above */
};

struct dt_host_pattern {
    struct dt_text text; /* lower case, IDNA in ASCII */
    uint32_t kind;       /* enum dt_host_pattern_kind */
    uint32_t template;
};

enum dt_path_pattern_kind {
    DT_PATH_ANY,
    DT_PATH_EXACT,
    DT_PATH_PREFIX,
    DT_PATH_SUFFIX,
    DT_PATH_CONTAINS,
    DT_PATH_GLOB,     /* Go's path.Match: * ? [a-z] [^a] \x */
    DT_PATH_ESCAPED,  /* has '%': compared in the escaped path */
    DT_PATH_TEMPLATE, /* expand, then find the kind */
    DT_PATH_TEMPLATE_LOWER, /* the same in lower case: of expressions */
};

struct dt_path_pattern {
    struct dt_text text; /* lower case; without the '*' for prefix, suffix and contains */
    uint32_t kind;       /* enum dt_path_pattern_kind */
    uint32_t template;
    uint32_t keeps_slashes; /* has "//": the request path is cleaned without merging them */
};

enum dt_condition_kind {
    DT_CONDITION_VALUES,  /* one of <values> fits one of the subject's values */
    DT_CONDITION_PRESENT, /* the subject exists */
    DT_CONDITION_ABSENT,
};

/* One field of a header, query or vars matcher. The subject: a header name; a query key (template);
 * a variable, or for keys like {ph} the template. */
struct dt_condition {
    uint32_t kind;          /* enum dt_condition_kind */
    uint32_t number;        /* header_names or variables; DT_NONE: <template> */
    uint32_t template;      /* DT_NONE: <number> */
    struct dt_range values; /* value_patterns */
};

enum dt_value_pattern_kind {
    DT_VALUE_EXACT,
    DT_VALUE_ANY,
    DT_VALUE_PREFIX,
    DT_VALUE_SUFFIX,
    DT_VALUE_CONTAINS,
    DT_VALUE_TEMPLATE, /* expand, then find the kind as the matcher does ('*' at the ends) */
};

struct dt_value_pattern {
    struct dt_text text; /* without the '*' */
    uint32_t kind;       /* enum dt_value_pattern_kind; query and vars: EXACT, ANY, TEMPLATE */
    uint32_t template;
};

/* An address or network. IPv4 peers on an IPv6 socket are IPv4 here. */
struct dt_ip_range {
    uint8_t ip[16]; /* masked; IPv4 in the first four bytes */
    uint8_t family; /* 4 or 6 */
    uint8_t bits;
    uint8_t reserved[2];
    struct dt_text zone; /* when there is one the peer's must be equal */
    uint32_t template;   /* what it is, once the proxy starts; DT_NONE: as above */
};

struct dt_status_range {
    uint32_t from, to; /* inclusive */
};

/* An expression in RE2's syntax. What its groups matched last is {http.regexp.*}, by number and by
 * name, with and without <name> before it. */
struct dt_regexp {
    struct dt_text pattern;
    uint32_t template;      /* what the pattern is each time; DT_NONE: <pattern> */
    struct dt_text name;    /* empty: none */
    struct dt_range groups; /* texts: their names, from the first group on; empty: none */
};

struct dt_regexp_condition {
    uint32_t number;   /* header_names or variables; DT_NONE: <template> */
    uint32_t template; /* DT_NONE: <number> */
    uint32_t regexp;   /* regexps */
};

/* ---- expressions ---- */

/* What a row of expressions does with its operands: id, which of its numbers it has. */
#define DT_EXPRESSIONS(X)                                                                          \
    X(NULL, NOTHING)        /* constants: this one, */                                             \
    X(BOOL, NOTHING)        /* <value>, */                                                         \
    X(INT, NOTHING)         /* <value>, */                                                         \
    X(UINT, NOTHING)        /* <value>'s bits, */                                                  \
    X(DOUBLE, NOTHING)      /* <value>'s bits, */                                                  \
    X(STRING, NOTHING)      /* <text>, */                                                          \
    X(BYTES, NOTHING)       /* <text>, */                                                          \
    X(DURATION, NOTHING)    /* <value> nanoseconds, */                                             \
    X(TIMESTAMP, NANOS)     /* <value> seconds since 1970, */                                      \
    X(TYPE, NOTHING)        /* <text>, the name of a type, */                                      \
    X(ERROR, NOTHING)       /* <text>: always fails so */                                          \
    X(REQUEST, NOTHING)                                                                            \
    X(LIST, NOTHING)        /* of the operands */                                                  \
    X(MAP, NOTHING)         /* key, value, key, value … */                                         \
    X(PLACEHOLDER, TEMPLATE) /* of one part or none */                                             \
    X(LOCAL, SLOT)          /* what the loop or binding around it has put there */                 \
    X(FIELD, NOTHING)       /* the operand's field <text> */                                       \
    X(HAS, NOTHING)         /* whether it has that */                                              \
    X(CALL, FUNCTION)                                                                              \
    X(AND, NOTHING)         /* of all operands */                                                  \
    X(OR, NOTHING)                                                                                 \
    X(CHOICE, NOTHING)      /* operand 0 ? 1 : 2 */                                                \
    X(MATCHES, REGEXP)      /* the operand; with a second one that is the pattern instead */                                              \
    X(MATCHER, MATCHER)     /* after its operands proved to be texts */                            \
    X(ALL, SLOT)            /* loops: over operand 0, each in the slot; operand 1 is asked, */     \
    X(EXISTS, SLOT)                                                                                \
    X(EXISTS_ONE, SLOT)                                                                            \
    X(FILTER, SLOT)                                                                                \
    X(MAP_EACH, SLOT)       /* operand 1 is what becomes of each; with 2, of those it is true for */ \
    X(SORT_BY, SLOT)        /* operand 1 is the key of each */                                     \
    X(BIND, SLOT)           /* operand 0 in the slot while operand 1 is worked out */

#define X(id, number) DT_EXPRESSION_##id,
enum dt_expression_kind { DT_EXPRESSIONS(X) DT_N_EXPRESSION_KINDS };
#undef X

/* Functions of expressions: id, name. Which of its forms is meant is seen by the operands. */
#define DT_FUNCTIONS(X)                                                                            \
    X(NOT, "!_")                                                                                   \
    X(EQUAL, "_==_")                                                                               \
    X(NOT_EQUAL, "_!=_")                                                                           \
    X(LESS, "_<_")                                                                                 \
    X(LESS_EQUAL, "_<=_")                                                                          \
    X(GREATER, "_>_")                                                                              \
    X(GREATER_EQUAL, "_>=_")                                                                       \
    X(ADD, "_+_")                                                                                  \
    X(DIVIDE, "_/_")                                                                               \
    X(MODULO, "_%_")                                                                               \
    X(MULTIPLY, "_*_")                                                                             \
    X(NEGATE, "-_")                                                                                \
    X(SUBTRACT, "_-_")                                                                             \
    X(INDEX, "_[_]")                                                                               \
    X(IN, "@in")                                                                                   \
    X(SIZE, "size")                                                                                \
    X(TYPE, "type")                                                                                \
    X(DYN, "dyn")                                                                                  \
    X(BOOL, "bool")                                                                                \
    X(BYTES, "bytes")                                                                              \
    X(DOUBLE, "double")                                                                            \
    X(DURATION, "duration")                                                                        \
    X(INT, "int")                                                                                  \
    X(STRING, "string")                                                                            \
    X(TIMESTAMP, "timestamp")                                                                      \
    X(UINT, "uint")                                                                                \
    X(CONTAINS, "contains")                                                                        \
    X(ENDS_WITH, "endsWith")                                                                       \
    X(STARTS_WITH, "startsWith")                                                                   \
    X(MATCHES, "matches")                                                                          \
    X(CHAR_AT, "charAt")                                                                           \
    X(INDEX_OF, "indexOf")                                                                         \
    X(LAST_INDEX_OF, "lastIndexOf")                                                                \
    X(JOIN, "join")                                                                                \
    X(LOWER_ASCII, "lowerAscii")                                                                   \
    X(UPPER_ASCII, "upperAscii")                                                                   \
    X(REPLACE, "replace")                                                                          \
    X(SPLIT, "split")                                                                              \
    X(SUBSTRING, "substring")                                                                      \
    X(TRIM, "trim")                                                                                \
    X(REVERSE, "reverse")                                                                          \
    X(FORMAT, "format")                                                                            \
    X(QUOTE, "strings.quote")                                                                      \
    X(SLICE, "slice")                                                                              \
    X(FLATTEN, "flatten")                                                                          \
    X(SORT, "sort")                                                                                \
    X(SORT_BY_KEYS, "@sortByAssociatedKeys")                                                       \
    X(RANGE, "lists.range")                                                                        \
    X(DISTINCT, "distinct")                                                                        \
    X(MIN, "math.@min")                                                                            \
    X(MAX, "math.@max")                                                                            \
    X(CEIL, "math.ceil")                                                                           \
    X(FLOOR, "math.floor")                                                                         \
    X(ROUND, "math.round")                                                                         \
    X(TRUNC, "math.trunc")                                                                         \
    X(IS_INF, "math.isInf")                                                                        \
    X(IS_NAN, "math.isNaN")                                                                        \
    X(IS_FINITE, "math.isFinite")                                                                  \
    X(ABS, "math.abs")                                                                             \
    X(SIGN, "math.sign")                                                                           \
    X(BIT_AND, "math.bitAnd")                                                                      \
    X(BIT_OR, "math.bitOr")                                                                        \
    X(BIT_XOR, "math.bitXor")                                                                      \
    X(BIT_NOT, "math.bitNot")                                                                      \
    X(BIT_SHIFT_LEFT, "math.bitShiftLeft")                                                         \
    X(BIT_SHIFT_RIGHT, "math.bitShiftRight")                                                       \
    X(SQRT, "math.sqrt")                                                                           \
    X(FULL_YEAR, "getFullYear")                                                                    \
    X(MONTH, "getMonth")                                                                           \
    X(DAY_OF_YEAR, "getDayOfYear")                                                                 \
    X(DAY_OF_MONTH, "getDayOfMonth")                                                               \
    X(DATE, "getDate")                                                                             \
    X(DAY_OF_WEEK, "getDayOfWeek")                                                                 \
    X(HOURS, "getHours")                                                                           \
    X(MINUTES, "getMinutes")                                                                       \
    X(SECONDS, "getSeconds")                                                                       \
    X(MILLISECONDS, "getMilliseconds")

#define X(id, name) DT_FUNCTION_##id,
enum dt_function { DT_FUNCTION_NONE, DT_FUNCTIONS(X) DT_N_FUNCTIONS };
#undef X

enum { DT_MAX_SLOTS = 32 }; /* of loops and bindings inside of each other */

/* A node of an expression; its operands are neighbours that stand behind it. */
struct dt_expression {
    int64_t value;
    uint16_t kind;     /* enum dt_expression_kind */
    uint16_t function; /* enum dt_function */
    uint32_t number;   /* nanoseconds, slot, or a row of regexps */
    uint32_t template; /* DT_NONE */
    uint32_t matcher;  /* matchers; DT_NONE */
    struct dt_range operands;
    struct dt_text text;
};

enum dt_try_policy {
    DT_TRY_FIRST,
    DT_TRY_FIRST_OR_LAST, /* the last is taken without being looked at */
    DT_TRY_SMALLEST,
    DT_TRY_LARGEST,
    DT_TRY_NEWEST,
};

struct dt_file_matcher {
    uint32_t root;       /* template */
    uint32_t filesystem; /* template: its name; DT_NONE: the variable fs */
    uint32_t policy;     /* enum dt_try_policy */
    struct dt_range tries;
    struct dt_range splits; /* texts, lower case: the path ends behind the first that is found */
};

struct dt_try_file {
    uint32_t template;     /* below the root; holds '*', '?' or '[': a pattern of files */
    uint32_t status;       /* "=404": the request fails with it; 0: a file */
    uint32_t is_directory; /* 1: ends in '/'; 2: if what it expands to does (of expressions) */
    uint32_t is_pattern;
};

/* ---- handlers ---- */

/* Handler kinds: id, the module's name, what dt_handler.row is a row of. */
#define DT_HANDLERS(X)                                                                             \
    X(RESPOND, "static_response", responses)                                                       \
    X(HEADERS, "headers", header_edits)                                                            \
    X(REWRITE, "rewrite", rewrites)                                                                \
    X(VARS, "vars", assignments)                                                                   \
    X(SUBROUTE, "subroute", subroutes)                                                             \
    X(ERROR, "error", failures)                                                                    \
    X(PROXY, "reverse_proxy", pools)                                                               \
    X(FILES, "file_server", file_servers)                                                          \
    X(ENCODE, "encode", encoders)                                                                  \
    X(REQUEST_BODY, "request_body", body_limits)                                                   \
    X(TIMEOUTS, "timeouts", paces)                                                                 \
    X(COPY_RESPONSE, "copy_response", copies)                                                      \
    X(COPY_HEADERS, "copy_response_headers", copies)                                               \
    X(LOGIN, "authentication", logins)                                                             \
    X(INTERCEPT, "intercept", interceptions)                                                       \
    X(MAP, "map", maps)                                                                            \
    X(LOG_APPEND, "log_append", log_fields)                                                        \
    X(METRICS, "metrics", metrics_pages)

#define X(id, name, rows) DT_HANDLER_##id,
enum dt_handler_kind { DT_HANDLER_NONE, DT_HANDLERS(X) DT_N_HANDLER_KINDS };
#undef X

struct dt_handler {
    uint32_t kind; /* enum dt_handler_kind */
    uint32_t row;  /* VARS: the first of <n> assignments */
    uint32_t n;    /* 1 but for VARS */
    uint32_t needs_body; /* bool: it shows the request's body, which is read before it runs */
    uint32_t origin;
};

enum dt_content {
    DT_CONTENT_EMPTY,    /* no body, no Content-Type */
    DT_CONTENT_TEXT,     /* text/plain; charset=utf-8 */
    DT_CONTENT_JSON,     /* application/json */
    DT_CONTENT_RUN_TIME, /* has placeholders: look at the body */
};

struct dt_response {
    uint32_t status;          /* 0: the error's status in error routes, else 200 */
    uint32_t status_template; /* DT_NONE: <status> */
    uint32_t body;            /* templates; keeps_unknown; DT_NONE: none */
    struct dt_range headers;  /* header_ops: DT_HEADER_SET, then ADD for more values of a name */
    uint8_t content;          /* enum dt_content: unless a header says what it is */
    uint8_t closes;           /* Connection: close */
    uint8_t aborts;           /* drop the connection without an answer */
    uint8_t reserved;
};

enum dt_header_op_kind {
    DT_HEADER_NONE,
    DT_HEADER_DELETE_ALL, /* "-*"; with a <name_template> if that is "*" */
    DT_HEADER_ADD,
    DT_HEADER_SET,
    DT_HEADER_DELETE, /* the expanded <name_template> may begin or end with '*' */
    DT_HEADER_DELETE_PREFIX, /* <text>, lower case; also the next two */
    DT_HEADER_DELETE_SUFFIX,
    DT_HEADER_DELETE_CONTAINS,
    DT_HEADER_REPLACE,     /* <search>, or what <regexp> finds, becomes <value> in every value */
    DT_HEADER_REPLACE_ALL, /* the same in every field */
};

/* One change, in the order in which they are to be made. */
struct dt_header_op {
    uint32_t kind;          /* enum dt_header_op_kind */
    uint32_t name;          /* header_names; DT_NONE: <name_template> */
    uint32_t name_template; /* DT_NONE: <name> */
    uint32_t value;         /* templates; DT_NONE: none */
    uint32_t search;        /* templates; DT_NONE: none */
    uint32_t regexp;        /* regexps; DT_NONE: <search> */
    struct dt_text text;
};

/* The `headers` handler, and a proxy's header_up and header_down. */
struct dt_header_edit {
    struct dt_range request;  /* header_ops */
    struct dt_range response; /* header_ops */
    uint32_t require;         /* response_matchers, for the response ops; DT_NONE: always */
    uint32_t is_deferred;     /* response ops run when the head of the answer is written */
};

struct dt_response_matcher {
    struct dt_range statuses;   /* numbers; 1 to 5 are classes; n 0: any */
    struct dt_range conditions; /* headers, all must hold */
};

/* Parts that are DT_NONE or have n 0 change nothing. In this order: method, URI, prefix, suffix,
 * substitutions, query. */
struct dt_rewrite {
    uint32_t method;    /* template */
    uint32_t path;      /* template; DT_PART_PATH_RAW for {path} */
    uint8_t sets_path;  /* also to nothing */
    uint8_t sets_query; /* also to nothing */
    uint8_t sets_fragment;
    uint8_t reserved;
    struct dt_range query; /* query_pieces */
    uint32_t fragment;     /* template */
    uint32_t strip_prefix; /* templates */
    uint32_t strip_suffix;
    struct dt_range substitutions;
    struct dt_range query_ops;
};

/* A piece of a query to build: what placeholders give is query-escaped, but {query} in key position
 * goes in as it is. A key that is empty, or the first that is written, gets no '&' before it. */
struct dt_query_piece {
    uint32_t template;
    uint32_t is_value;  /* behind '=': escape {query} too */
    uint32_t separator; /* the byte before it: '=' or '&' */
};

struct dt_substitution {
    uint32_t find, replace; /* templates */
    uint32_t limit;         /* 0: all */
    uint32_t regexp;        /* regexps: in the path only; DT_NONE: <find> */
};

enum dt_query_op_kind {
    DT_QUERY_NONE,
    DT_QUERY_RENAME,
    DT_QUERY_SET,
    DT_QUERY_ADD,
    DT_QUERY_REPLACE, /* <search> becomes <value> in the values of <key>; key "*": all */
    DT_QUERY_DELETE,
};

struct dt_query_op {
    uint32_t kind;               /* enum dt_query_op_kind; rows are in the order to run */
    uint32_t key, value, search; /* templates; DT_NONE: none */
    uint32_t regexp;             /* regexps; DT_NONE: <search> */
};

enum dt_type {
    DT_TYPE_STRING,
    DT_TYPE_TRUE,
    DT_TYPE_FALSE,
    DT_TYPE_NUMBER,
    DT_TYPE_NULL,
    DT_TYPE_OTHER,   /* a list or an object */
    DT_TYPE_LOGGERS, /* the names that access_logger_names lists */
};

struct dt_assignment {
    uint32_t variable;       /* DT_NONE: <name> */
    uint32_t name;           /* template; DT_NONE: <variable> */
    uint32_t kind;           /* enum dt_type */
    uint32_t value;          /* template: the string, or what else it is as Go prints it */
    uint32_t compared;       /* template: a number as the vars matchers see it; DT_NONE: <value> */
    struct dt_range loggers; /* access_loggers, of DT_TYPE_LOGGERS */
};

struct dt_subroute {
    struct dt_range routes;
    struct dt_range error_routes; /* n 0: none */
};

struct dt_failure {
    uint32_t status;          /* 0: not a number, 500 */
    uint32_t status_template; /* DT_NONE: <status> */
    uint32_t message;         /* template, keeps_unknown; DT_NONE: none */
};

enum dt_encoding { DT_ENCODING_NONE, DT_ENCODING_GZIP, DT_ENCODING_ZSTD, DT_ENCODING_BR };

struct dt_file_server {
    uint32_t root;                 /* template */
    struct dt_range hidden;        /* templates: a name, or with '/' a path; both may be patterns */
    struct dt_range index;         /* templates */
    uint32_t status;               /* 0: by what happens */
    uint32_t status_template;      /* DT_NONE: <status> */
    struct dt_range precompressed; /* numbers: enum dt_encoding, the best first */
    struct dt_range etag_suffixes; /* texts: of files that hold the ETag */
    uint32_t filesystem;           /* template: its name; DT_NONE: the variable fs */
    uint32_t browse;               /* browses: directories are listed; DT_NONE: they are not */
    uint8_t passes_through;        /* what is not there is left to the next handler */
    uint8_t keeps_uris;            /* no redirect that adds or takes away the last '/' */
    uint8_t reserved[2];
};

struct dt_browse {
    struct dt_text sort, order; /* name, namedirfirst, size, time; asc, desc; empty: not said */
    uint32_t max_files;
    uint32_t reveals_links; /* bool: where symbolic links lead */
};

/* Bodies that fit <matcher> and are longer than <min_length> are compressed. */
struct dt_encoder {
    struct dt_range codings; /* numbers: enum dt_encoding, the best first */
    uint32_t matcher;        /* response_matchers */
    uint32_t min_length;     /* bytes */
    uint32_t gzip_level;     /* zlib's */
    uint32_t zstd_level;     /* libzstd's */
    uint32_t zstd_has_checksum;
};

struct dt_body_limit {
    int64_t max_bytes; /* 0: no limit */
    uint32_t body;     /* template: instead of what the client sends; DT_NONE: none */
    uint32_t reserved;
};

/* How fast clients have to be from here on, beside what the server says. */
struct dt_pace {
    int64_t read_idle_ns, read_min_rate; /* 0: no matter */
    int64_t write_idle_ns, write_min_rate;
};

/* What of an upstream's answer goes to the client, in the routes of handle_response. */
struct dt_copy {
    uint32_t status;          /* of copy_response; 0: the upstream's */
    uint32_t status_template; /* DT_NONE: <status> */
    struct dt_range include;  /* numbers: header_names; n 0: all */
    struct dt_range exclude;  /* numbers: header_names */
};

enum dt_password_hash { DT_HASH_BCRYPT, DT_HASH_ARGON2ID };

/* HTTP's basic authentication. */
struct dt_login {
    struct dt_range accounts;
    struct dt_text realm;
    uint32_t caches; /* bool: what was found out about a password is remembered */
    uint32_t hash;   /* enum dt_password_hash; any other hash fits no password */
};

/* Templates here, as of address ranges and listeners, are expanded once, when the proxy starts. */
struct dt_account {
    struct dt_text name;
    struct dt_text hash;    /* "$2a$14$…", "$argon2id$v=19$m=47104,t=1,p=1$…" */
    uint32_t name_template; /* DT_NONE: <name> */
    uint32_t hash_template; /* DT_NONE: <hash> */
};

/* Placeholders whose values depend on another's; worked out when they are asked for. */
struct dt_map {
    uint32_t source;          /* template */
    struct dt_range names;    /* numbers: mapped; what each output of a mapping is for */
    struct dt_range mappings; /* the first that fits and has such an output counts */
    struct dt_range defaults; /* templates, by name; n 0: none */
};

struct dt_mapping {
    struct dt_text input;
    uint32_t regexp;         /* regexps; DT_NONE: <input> */
    struct dt_range outputs; /* numbers: templates, or DT_NONE; with a regexp constant: $1 is a group */
};

struct dt_mapped {
    struct dt_text name;
};

struct dt_interception {
    struct dt_range handlers; /* response_handlers */
};

/* What is done with an answer that fits: its status is changed, or <routes> run instead of it. */
struct dt_response_handler {
    uint32_t matcher;         /* response_matchers; DT_NONE: every answer */
    uint32_t status;          /* 0: <routes> */
    uint32_t status_template; /* DT_NONE: <status> */
    struct dt_range routes;
};

/* ---- reverse proxy ---- */

struct dt_pool {
    int64_t try_duration_ns, try_interval_ns;
    int64_t fail_duration_ns; /* passive health; 0: off */
    int64_t unhealthy_latency_ns;
    int64_t flush_interval_ns; /* <0: at once */
    int64_t stream_timeout_ns, stream_close_delay_ns;
    int64_t request_buffers, response_buffers; /* bytes; <0: all, 0: none */
    struct dt_range upstreams;
    struct dt_range sources; /* of upstreams that are found while requests come; n 0: none. They
                                take the place of <upstreams> while their look-ups succeed */
    uint32_t merges_sources; /* bool: all that any of them finds; what fails is left out */
    uint32_t max_requests;   /* of an upstream that was found; 0: no limit */
    uint32_t policy;         /* policies */
    uint32_t retries;
    struct dt_range retry_match; /* matcher_sets; n 0: only GET */
    uint32_t max_fails;
    struct dt_range unhealthy_statuses; /* numbers; 1 to 5 are classes; counted once for each */
    uint32_t active_health;             /* active_healths; DT_NONE: off */
    uint32_t transport;
    uint32_t headers; /* header_edits: up is <request>, down is <response>; DT_NONE: none. For TLS
                         the first op up is Host := {upstream.hostport}. A Host that goes to an
                         upstream is always written without zone. */
    uint32_t rewrite; /* rewrites, of the request sent up; DT_NONE: none */
    struct dt_range trusted_proxies; /* ip_ranges */
    struct dt_range responses;       /* response_handlers: the first that fits an answer counts */
    uint32_t stream_buffer_bytes;
    uint32_t is_verbose;
    uint32_t origin;
};

struct dt_upstream {
    uint8_t network;         /* enum dt_network */
    uint8_t host_kind;       /* enum dt_host_kind */
    uint16_t port;           /* 0 for unix */
    struct dt_text host;     /* name, path, or IP without brackets and zone */
    struct dt_text zone;     /* interface name or number; look it up when dialing */
    uint8_t ip[16];          /* network order */
    struct dt_text dial;     /* as in the JSON: key of hashes and of shared counters */
    struct dt_text address;  /* {upstream.address}: network/host:port */
    struct dt_text hostport; /* {upstream.hostport} */
    uint32_t dial_template;  /* DT_HOST_TEMPLATE; else DT_NONE */
    uint32_t state;          /* equal for equal <dial> in all pools; below dt_tables.n_states */
    uint32_t max_requests;   /* 0: no limit */
    uint32_t origin;
};

/* Selection policies: id, name. */
#define DT_POLICIES(X)                                                                             \
    X(RANDOM, "random")                                                                            \
    X(RANDOM_CHOOSE, "random_choose") /* <choose> */                                               \
    X(LEAST_CONN, "least_conn")                                                                    \
    X(ROUND_ROBIN, "round_robin")                                                                  \
    X(WEIGHTED_ROUND_ROBIN, "weighted_round_robin") /* <weights> */                                \
    X(FIRST, "first")                                                                              \
    X(IP_HASH, "ip_hash")                                                                          \
    X(CLIENT_IP_HASH, "client_ip_hash")                                                            \
    X(URI_HASH, "uri_hash")                                                                        \
    X(QUERY, "query")   /* <key> */                                                                \
    X(HEADER, "header") /* <number>: header_names */                                               \
    X(COOKIE, "cookie") /* <key>, <secret>, <max_age_ns> */

#define X(id, name) DT_POLICY_##id,
enum dt_policy_kind { DT_POLICY_NONE, DT_POLICIES(X) DT_N_POLICY_KINDS };
#undef X

struct dt_policy {
    int64_t max_age_ns;
    uint32_t kind; /* enum dt_policy_kind */
    uint32_t choose;
    struct dt_range weights; /* numbers */
    struct dt_text key, secret;
    uint32_t number;
    uint32_t fallback; /* policies, for query, header and cookie; DT_NONE: random */
};

struct dt_active_health {
    int64_t interval_ns, timeout_ns;
    int64_t max_bytes; /* of the answer that are read; 0: no limit */
    struct dt_text uri;
    struct dt_text method;
    uint32_t body;           /* template; DT_NONE: none. What a request tells is not in it, nor in
                                <headers> */
    struct dt_range headers; /* header_ops: SET and ADD; Host too */
    uint32_t expect_body;    /* regexps: what the answer's body must hold; DT_NONE */
    uint32_t port;           /* 0: the upstream's */
    uint32_t upstream;       /* upstreams: ask this one instead; DT_NONE */
    uint32_t passes, fails;
    uint32_t expect_status; /* 1 to 5 are classes; 0: 2xx */
    uint32_t follows_redirects;
};

enum dt_proxy_protocol { DT_PROXY_PROTOCOL_NONE, DT_PROXY_PROTOCOL_V1, DT_PROXY_PROTOCOL_V2 };

/* How upstreams of a pool are talked to. Defaults are filled in; 0 ns is no limit. */
struct dt_transport {
    int64_t dial_timeout_ns, dial_fallback_delay_ns; /* <0: no happy eyeballs */
    int64_t response_header_timeout_ns, read_timeout_ns, write_timeout_ns;
    int64_t tls_handshake_timeout_ns;
    int64_t keepalive_probe_ns, idle_timeout_ns; /* <0: no probes */
    int64_t max_response_header_bytes;
    uint32_t max_idle, max_idle_per_host, max_per_host; /* 0: no limit */
    uint8_t keeps_alive;
    uint8_t compresses; /* asks for gzip on its own and unpacks it */
    uint8_t versions;   /* enum dt_protocols, or'ed */
    uint8_t proxy_protocol;
    uint8_t is_tls;
    uint8_t skips_verify; /* insecure_skip_verify */
    uint8_t renegotiates; /* 0 never, 1 once, 2 freely */
    uint8_t ignores_environment; /* HTTP_PROXY and its like */
    uint32_t server_name; /* template, or DT_NONE: the dial host */
    uint32_t trust_pool;  /* trust_pools; DT_NONE: the system's certificates */
    struct dt_text client_certificate, client_key; /* files; empty: none */
    struct dt_range plain_ports;                   /* numbers: upstream ports that get no TLS */
    struct dt_range curves;                        /* texts: Go's names */
    struct dt_text local_address; /* "tcp/[fe80::1%eth0]:0"; empty: any */
    uint32_t forward_proxy; /* template of a URL: the proxy that requests go through; DT_NONE */
    uint32_t resolver;      /* resolvers: who looks up names of upstreams; DT_NONE: the system */
    uint32_t fastcgi; /* fastcgis: upstreams speak FastCGI; DT_NONE: they speak HTTP */
    uint32_t origin;
    uint32_t reserved_too;
};

/* What scripts behind FastCGI are told. */
struct dt_fastcgi {
    uint32_t root;          /* template: DOCUMENT_ROOT; what of it has no value is "." */
    struct dt_range splits; /* texts, lower case: a path is a script up to the first that is found */
    struct dt_range variables; /* cgi_variables: set beside CGI's own, and instead of them */
    uint32_t resolves_links;   /* DOCUMENT_ROOT is the root without symbolic links */
    uint32_t captures_stderr;  /* what scripts complain of is logged */
};

struct dt_cgi_variable {
    struct dt_text name;
    uint32_t value; /* template */
};

/* DNS servers that are asked instead of the system's. */
struct dt_resolver {
    struct dt_range addresses; /* texts: "192.0.2.1:53", "[fe80::1%eth0]:53" */
    uint32_t uses_tcp;         /* bool */
    uint32_t origin;
};

enum dt_source_kind {
    DT_SOURCE_NONE,
    DT_SOURCE_A,   /* the addresses of <name>, with <port> */
    DT_SOURCE_SRV, /* the services of _service._proto.name, or of <name> alone */
};

/* Where upstreams are found while requests come. */
struct dt_source {
    int64_t refresh_ns;      /* how long an answer is used */
    int64_t grace_period_ns; /* SRV: how long an old one is where there is no new one; 0: not */
    uint32_t kind;           /* enum dt_source_kind */
    uint32_t name;           /* template, as the next */
    uint32_t port;           /* A */
    uint32_t service, proto; /* SRV; both DT_NONE: <name> is all */
    uint32_t families;       /* A: 4, 6; 0: both */
    struct dt_text network;  /* SRV: goes before the addresses, as "tcp4"; empty: none */
    uint32_t resolver;       /* resolvers; DT_NONE: the system's */
    uint32_t origin;
};

/* ---- TLS ---- */

/* A local CA: a root for people to trust, an intermediate that signs. Both are kept below the
 * storage and made where they are missing, or come from PEM files. */
struct dt_authority {
    int64_t intermediate_lifetime_ns; /* of new ones; defaults are filled in */
    struct dt_text id, name;          /* name: empty for the default */
    struct dt_text root_common_name;  /* templates with {pki.ca.name}; empty for the defaults */
    struct dt_text intermediate_common_name;
    struct dt_text root_certificate, root_key;                 /* files; empty: the storage's */
    struct dt_text intermediate_certificate, intermediate_key; /* the same */
    uint32_t renewal_permille; /* the part of an intermediate's life in which it is renewed */
    uint32_t origin;
};

enum dt_certificate_kind {
    DT_CERTIFICATE_NONE,
    DT_CERTIFICATE_FILES,    /* <certificate>, <key>: paths of PEM files */
    DT_CERTIFICATE_PEM,      /* <certificate>, <key>: the PEM texts */
    DT_CERTIFICATE_INTERNAL, /* made for <subject> by a local CA */
    DT_CERTIFICATE_FOLDER,   /* <certificate>: a folder; each *.pem below it holds chain and key */
    DT_CERTIFICATE_STORED,   /* <certificate>, <key>: paths below the storage */
    DT_CERTIFICATE_ACME,     /* got for <subject> from one of <issuers>, and kept in the storage */
    DT_N_CERTIFICATE_KINDS
};

struct dt_certificate {
    int64_t lifetime_ns; /* internal; 0: the default, 12 hours */
    uint32_t kind;       /* enum dt_certificate_kind */
    struct dt_text certificate, key;
    struct dt_text subject;  /* name, "*.name" or IP address */
    uint32_t authority;      /* of internal ones */
    struct dt_text key_type; /* Caddy's name; empty: p256 */
    struct dt_range tags;    /* texts */
    struct dt_range issuers; /* numbers: acme_issuers, asked one after the other */
    uint32_t renewal_permille; /* how much of its lifetime is left when it is renewed */
    uint8_t signs_with_root;
    uint8_t unless_loaded;   /* internal; not made where one that is loaded has the name */
    uint8_t staples;         /* sends the OCSP response beside <certificate>, where there is one */
    uint8_t must_staple;     /* ACME: asked for with that extension */
    uint32_t origin;
};

/* An authority that gives certificates by ACME (RFC 8555). */
struct dt_acme_issuer {
    struct dt_text directory;               /* its URL */
    struct dt_text email;                   /* of the account; empty: none */
    struct dt_text eab_key_id, eab_mac_key; /* the account that it is bound to; empty: none */
    struct dt_range ca_files;               /* texts: PEM files to verify it by; n 0: the system's */
    struct dt_text profile;                 /* of its certificates; empty: its own choice */
    uint8_t has_no_http, has_no_tls_alpn;   /* challenges that are switched off */
    uint8_t shares_no_challenges;           /* they are not left in the storage for others */
    uint8_t reserved;
};

/* Whose certificates are believed; all of it together. */
struct dt_trust_pool {
    struct dt_range files;         /* texts: PEM files */
    struct dt_range certificates;  /* texts: DER in base64 */
    struct dt_range stored;        /* texts: PEM files below the storage */
    struct dt_range roots;         /* numbers: authorities whose root is */
    struct dt_range intermediates; /* numbers: authorities whose intermediate is */
    uint32_t uses_system;          /* bool: and the system's */
};

/* The only leaf certificates that are accepted. */
struct dt_leaf_verifier {
    struct dt_range certificates; /* texts: DER in base64 */
    struct dt_range files;        /* texts: PEM files */
    struct dt_range folders;      /* texts: folders of *.pem files */
    struct dt_range pems;         /* texts: PEM */
    struct dt_range stored;       /* texts: PEM files below the storage */
};

enum dt_key_algorithm { DT_KEY_ANY, DT_KEY_RSA, DT_KEY_DSA, DT_KEY_ECDSA };

enum dt_client_auth {
    DT_CLIENT_AUTH_NONE,
    DT_CLIENT_AUTH_REQUEST,
    DT_CLIENT_AUTH_REQUIRE,
    DT_CLIENT_AUTH_VERIFY_IF_GIVEN,
    DT_CLIENT_AUTH_REQUIRE_AND_VERIFY,
};

/* The first that fits a ClientHello is used; none: the handshake fails. All ranges of conditions
 * must hold, n 0 always does. */
struct dt_connection_policy {
    struct dt_range sni;                                            /* host_patterns */
    struct dt_range remote_ranges, remote_not_ranges, local_ranges; /* ip_ranges */
    uint32_t sni_regexp;               /* regexps, or DT_NONE */
    uint32_t has_selection;            /* bool: of what follows; where no certificate has the name,
                                        * it chooses from all of them */
    struct dt_range any_tags, all_tags; /* texts */
    struct dt_range serial_numbers;    /* texts: decimal */
    struct dt_range organizations;     /* texts */
    struct dt_range alpn;              /* texts; n 0: by the server's protocols */
    struct dt_range cipher_suites;     /* texts: Go's names, TLS 1.2; n 0: the defaults */
    struct dt_range curves;            /* texts: Go's names; n 0: the defaults */
    uint16_t min_version, max_version; /* 0x0303, 0x0304; defaults are filled in */
    uint8_t client_auth;               /* enum dt_client_auth */
    uint8_t drops;                     /* end the connection at once */
    uint8_t key_algorithm;             /* enum dt_key_algorithm, of the certificate */
    uint8_t reserved;
    uint32_t client_pool;              /* trust_pools; DT_NONE: the system's */
    struct dt_range client_leafs;      /* leaf_verifiers: each must accept */
    struct dt_text default_sni, fallback_sni;
    struct dt_text secrets_log;        /* file for what decrypts the connections; empty: none */
    uint32_t origin;
};

/* ---- metrics ---- */

/* What is counted; no row: nothing. */
struct dt_meter {
    struct dt_range hosts;   /* texts, lower case and sorted: those that may be told apart */
    uint32_t is_per_host;    /* bool */
    uint32_t observes_all;   /* bool: other hosts are told apart, too; else they are "_other" */
    uint32_t has_tls_server; /* bool: and over TLS they are */
};

/* An answer for Prometheus. */
struct dt_metrics_page {
    uint32_t is_plain; /* bool: never in the format of OpenMetrics */
};

/* ---- logs ---- */

enum dt_log_output { DT_LOG_STDERR, DT_LOG_STDOUT, DT_LOG_DISCARD, DT_LOG_FILE, DT_LOG_NET };
enum dt_log_level {
    DT_LOG_DEBUG,
    DT_LOG_INFO,
    DT_LOG_WARN,
    DT_LOG_ERROR,
    DT_LOG_PANIC,
    DT_LOG_FATAL
};
/* The permissions of directories that are made for a log file. */
enum dt_log_directory {
    DT_LOG_DIRECTORY_PRIVATE, /* 0700 */
    DT_LOG_DIRECTORY_MODE,    /* <directory_mode> */
    DT_LOG_DIRECTORY_INHERIT, /* as the nearest one that is there */
    DT_LOG_DIRECTORY_FILE,    /* as the file's, and whoever may read may enter */
};

/* A log. The first row is always the default one. Logs with the same output share it, as the first
 * of them opens it. */
struct dt_log {
    int64_t roll_interval_ns;     /* 0: not by age */
    int64_t sampling_interval_ns; /* 0: every line is written */
    int64_t dial_timeout_ns;      /* 0: the system's */
    struct dt_text name;
    struct dt_range include, exclude; /* texts: logger names, a name covers all below it */
    struct dt_range encoders;         /* log_encoders: the outermost first; at least one */
    uint32_t file;                    /* template of what the process knows; DT_NONE */
    uint32_t file_mode;               /* 0: not said, 0600 where it is new */
    uint32_t directory_mode;
    uint32_t roll_megabytes, roll_keep, roll_keep_days; /* roll_megabytes 0: never rolled */
    struct dt_range roll_at;                            /* numbers: minutes of the day, ascending */
    struct dt_text backup_layout;  /* Go's, of the time in names of rolled files; empty: Caddy's */
    struct dt_text network, host;  /* of DT_LOG_NET, in Go's words; <host>: or a socket's path */
    uint32_t port;
    uint32_t sampling_first, sampling_thereafter; /* all of <first>, then one in <thereafter> */
    uint8_t output;                               /* enum dt_log_output */
    uint8_t level;                                /* enum dt_log_level */
    uint8_t directory;                            /* enum dt_log_directory */
    uint8_t roll_coding;                          /* enum dt_encoding, of rolled files */
    uint8_t roll_local_time;
    uint8_t is_soft_start; /* it does not matter whether the peer is there at the start */
    uint8_t reserved[2];
    uint32_t origin;
};

/* How lines are written. The first three are the last of a chain, the others change what the next
 * one writes. */
enum dt_log_encoder_kind {
    DT_LOG_AUTOMATIC, /* on a terminal as CONSOLE by this row, else as JSON by the defaults */
    DT_LOG_JSON,
    DT_LOG_CONSOLE,
    DT_LOG_FILTER,
    DT_LOG_APPEND,
    DT_LOG_JOURNALD, /* syslog's "<6>" goes before the line; a console line then has no time */
};
enum dt_log_time { DT_LOG_TIME_SECONDS, DT_LOG_TIME_MILLIS, DT_LOG_TIME_NANOS, DT_LOG_TIME_LAYOUT };
enum dt_log_duration {
    DT_LOG_DURATION_SECONDS,
    DT_LOG_DURATION_MILLIS,
    DT_LOG_DURATION_NANOS,
    DT_LOG_DURATION_TEXT
};
enum dt_log_level_format {
    DT_LOG_LEVEL_LOWER,
    DT_LOG_LEVEL_UPPER,
    DT_LOG_LEVEL_COLOR,
    DT_LOG_LEVEL_NONE
};

struct dt_log_encoder {
    /* a line has no field whose key is empty; defaults are filled in */
    struct dt_text message_key, level_key, time_key, name_key;
    struct dt_text line_ending;
    struct dt_text time_layout; /* Go's */
    struct dt_range filters;    /* log_filters, of DT_LOG_FILTER */
    struct dt_range additions;  /* log_additions, of DT_LOG_APPEND */
    uint8_t kind;               /* enum dt_log_encoder_kind */
    uint8_t time;               /* enum dt_log_time */
    uint8_t duration;           /* enum dt_log_duration */
    uint8_t level;              /* enum dt_log_level_format */
    uint32_t is_local_time;     /* bool; of <time_layout> */
    uint32_t obeys_no_color;    /* bool: the environment may turn colours off */
};

enum dt_log_filter_kind {
    DT_LOG_FILTER_NONE,
    DT_LOG_FILTER_DELETE,
    DT_LOG_FILTER_RENAME,  /* <value> */
    DT_LOG_FILTER_REPLACE, /* <value> */
    DT_LOG_FILTER_HASH,
    DT_LOG_FILTER_IP_MASK,
    DT_LOG_FILTER_QUERY, /* <actions>, as the next two */
    DT_LOG_FILTER_COOKIE,
    DT_LOG_FILTER_SET_COOKIE,
    DT_LOG_FILTER_REGEXP, /* <replacements> */
};

/* What becomes of one field. */
struct dt_log_filter {
    struct dt_text field; /* "request>headers>Cookie" */
    struct dt_text value;
    struct dt_range actions;      /* log_actions */
    struct dt_range replacements; /* log_replacements: one after the other */
    uint32_t kind;                /* enum dt_log_filter_kind */
    uint32_t ip4_bits, ip6_bits;  /* 0, or too many: the address becomes "<nil>" */
};

/* Of a query parameter or a cookie. */
struct dt_log_action {
    uint32_t kind; /* DT_LOG_FILTER_REPLACE, HASH or DELETE */
    struct dt_text name;
    struct dt_text value;
};

struct dt_log_replacement {
    uint32_t regexp;
    struct dt_text value; /* $1 and ${name} are groups */
};

/* A field that an encoder adds to every line. */
struct dt_log_addition {
    struct dt_text field;
    struct dt_text json; /* the value, where there is no <part> */
    uint32_t part;       /* parts: a placeholder that the process knows; DT_NONE */
};

enum dt_log_value {
    DT_LOG_VALUE_TEXT,          /* <text>, or the variable that has this name */
    DT_LOG_VALUE_PART,          /* <part> */
    DT_LOG_VALUE_NULL,          /* a placeholder that nobody knows */
    DT_LOG_VALUE_ANSWER,        /* the body of the answer */
    DT_LOG_VALUE_ANSWER_BASE64, /* the same in base64 */
};

/* A field that a handler adds to the line of its request: when the request is answered, or
 * <is_early> before it goes on. */
struct dt_log_field {
    struct dt_text key;
    struct dt_text text;
    uint32_t kind;     /* enum dt_log_value */
    uint32_t part;     /* parts; DT_NONE */
    uint32_t variable; /* variables; DT_NONE */
    uint32_t is_early; /* bool */
    uint32_t is_late;  /* bool; what a body is made into is early and late */
};

/* Where the access log lines of a host go; rows of a server are sorted by host. Look up the host
 * without port as it is, then with one more of its labels replaced by '*' each time, from the left
 * on (*.b.c, *.*.c); else the server's default_logger. All rows of one host are used. */
struct dt_access_logger {
    struct dt_text host;        /* may begin with "*."; compared with regard to case */
    struct dt_text name;        /* the "logger" of its lines: http.log.access[.NAME] */
    struct dt_text error_name;  /* of its failures: http.log.error[.NAME] */
    struct dt_range logs;       /* numbers: logs that take <name>; each still decides by level */
    struct dt_range error_logs; /* numbers: the same of <error_name> */
};

/* ---- the root ---- */

struct dt_application {
    int64_t grace_period_ns; /* 0: for ever */
    int64_t shutdown_delay_ns;
    uint16_t http_port, https_port;
    uint32_t is_debug;
    struct dt_text storage; /* root of certificates and keys; empty: the data directory */
    struct dt_text admin;       /* path of the admin endpoint's unix socket; empty: none */
    int64_t ticket_rotation_ns; /* a new key for session tickets that often */
    uint32_t max_ticket_keys;   /* how many open tickets; 0: no tickets */
    uint32_t admin_mode;        /* permission bits of <admin>; 0: 0600 */
};

/* What PROXY --version tells. */
struct dt_build {
    struct dt_text source;  /* name of the file it was made from */
    struct dt_text digest;  /* SHA-256 of the JSON, in hex */
    struct dt_text version; /* of dialtone */
};

struct dt_tables {
    uint32_t abi;  /* DT_TABLES_ABI */
    uint32_t size; /* sizeof(struct dt_tables) */
    uint32_t n_states;
    uint32_t strings_len;
    struct dt_application application;
    struct dt_build build;
    const char *strings;
#define X(type, name) const struct type *name;
    DT_TABLE_ARRAYS(X)
#undef X
#define X(type, name) uint32_t n_##name;
    DT_TABLE_ARRAYS(X)
#undef X
};

static inline const char *dt_chars(const struct dt_tables *tables, struct dt_text text)
{
    return tables->strings + text.at;
}

/* FNV-1a, the hash of host indexes. */
static inline uint32_t dt_hash(const char *bytes, uint32_t len)
{
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)bytes[i]) * 16777619u;
    return hash;
}

/* Whether services are looked up with the system's DNS servers, which its C library does not do. */
static inline int dt_needs_system_dns(const struct dt_tables *tables)
{
    for (uint32_t i = 0; i < tables->n_sources; i++)
        if (tables->sources[i].kind == DT_SOURCE_SRV && tables->sources[i].resolver == DT_NONE)
            return 1;
    return 0;
}

/* Whether dt_proxy_use_dns must be called. */
static inline int dt_needs_dns(const struct dt_tables *tables)
{
    return tables->n_resolvers > 0 || dt_needs_system_dns(tables);
}

/* No row has hidden padding: what is written is all there is. */
_Static_assert(sizeof(struct dt_origin) == 16, "dt_origin");
_Static_assert(sizeof(struct dt_part) == 24, "dt_part");
_Static_assert(sizeof(struct dt_template) == 20, "dt_template");
_Static_assert(sizeof(struct dt_listener) == 64, "dt_listener");
_Static_assert(sizeof(struct dt_server) == 200, "dt_server");
_Static_assert(sizeof(struct dt_proxy_header) == 32, "dt_proxy_header");
_Static_assert(sizeof(struct dt_host_index) == 16, "dt_host_index");
_Static_assert(sizeof(struct dt_host_entry) == 20, "dt_host_entry");
_Static_assert(sizeof(struct dt_route) == 44, "dt_route");
_Static_assert(sizeof(struct dt_matcher) == 20, "dt_matcher");
_Static_assert(sizeof(struct dt_host_pattern) == 16, "dt_host_pattern");
_Static_assert(sizeof(struct dt_path_pattern) == 20, "dt_path_pattern");
_Static_assert(sizeof(struct dt_condition) == 20, "dt_condition");
_Static_assert(sizeof(struct dt_value_pattern) == 16, "dt_value_pattern");
_Static_assert(sizeof(struct dt_ip_range) == 32, "dt_ip_range");
_Static_assert(sizeof(struct dt_handler) == 20, "dt_handler");
_Static_assert(sizeof(struct dt_response) == 24, "dt_response");
_Static_assert(sizeof(struct dt_header_op) == 32, "dt_header_op");
_Static_assert(sizeof(struct dt_header_edit) == 24, "dt_header_edit");
_Static_assert(sizeof(struct dt_rewrite) == 48, "dt_rewrite");
_Static_assert(sizeof(struct dt_expression) == 40, "dt_expression");
_Static_assert(sizeof(struct dt_file_matcher) == 28, "dt_file_matcher");
_Static_assert(sizeof(struct dt_file_server) == 56, "dt_file_server");
_Static_assert(sizeof(struct dt_encoder) == 28, "dt_encoder");
_Static_assert(sizeof(struct dt_body_limit) == 16, "dt_body_limit");
_Static_assert(sizeof(struct dt_copy) == 24, "dt_copy");
_Static_assert(sizeof(struct dt_response_handler) == 20, "dt_response_handler");
_Static_assert(sizeof(struct dt_pool) == 168, "dt_pool");
_Static_assert(sizeof(struct dt_upstream) == 76, "dt_upstream");
_Static_assert(sizeof(struct dt_policy) == 48, "dt_policy");
_Static_assert(sizeof(struct dt_active_health) == 80, "dt_active_health");
_Static_assert(sizeof(struct dt_transport) == 160, "dt_transport");
_Static_assert(sizeof(struct dt_fastcgi) == 28, "dt_fastcgi");
_Static_assert(sizeof(struct dt_cgi_variable) == 12, "dt_cgi_variable");
_Static_assert(sizeof(struct dt_resolver) == 16, "dt_resolver");
_Static_assert(sizeof(struct dt_source) == 56, "dt_source");
_Static_assert(sizeof(struct dt_authority) == 80, "dt_authority");
_Static_assert(sizeof(struct dt_acme_issuer) == 52, "dt_acme_issuer");
_Static_assert(sizeof(struct dt_certificate) == 80, "dt_certificate");
_Static_assert(sizeof(struct dt_trust_pool) == 44, "dt_trust_pool");
_Static_assert(sizeof(struct dt_leaf_verifier) == 40, "dt_leaf_verifier");
_Static_assert(sizeof(struct dt_connection_policy) == 144, "dt_connection_policy");
_Static_assert(sizeof(struct dt_log) == 136, "dt_log");
_Static_assert(sizeof(struct dt_log_encoder) == 76, "dt_log_encoder");
_Static_assert(sizeof(struct dt_log_filter) == 44, "dt_log_filter");
_Static_assert(sizeof(struct dt_log_field) == 36, "dt_log_field");
_Static_assert(sizeof(struct dt_access_logger) == 40, "dt_access_logger");

#endif
