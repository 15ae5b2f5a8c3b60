/* The columns of every table. A new field of tables.h has its row here, and nowhere else. */
#include "native/layout.h"

#define CELL_OF(type, member)                                                                      \
    _Generic(((struct type *)0)->member, uint8_t                                                   \
             : CELL_U8, uint16_t                                                                   \
             : CELL_U16, uint32_t                                                                  \
             : CELL_U32, int64_t                                                                   \
             : CELL_I64, struct dt_text                                                            \
             : CELL_TEXT, struct dt_range                                                          \
             : CELL_RANGE, uint8_t *                                                               \
             : CELL_IP)

#define LEN(list) (sizeof(list) / sizeof((list)[0]))
#define COLUMN(m) .name = #m, .offset = offsetof(struct ROW, m), .cell = CELL_OF(ROW, m)
#define PLAIN(m)                                                                                   \
    {                                                                                              \
        COLUMN(m)                                                                                  \
    }
#define OPTIONAL(m)                                                                                \
    {                                                                                              \
        COLUMN(m), .is_optional = true                                                             \
    }
#define TO(m, array)                                                                               \
    {                                                                                              \
        COLUMN(m), .target = ARRAY_##array, .is_optional = true                                    \
    }
#define NAMED(m, list)                                                                             \
    {                                                                                              \
        COLUMN(m), .names = list, .n_names = LEN(list)                                             \
    }

static const char *const part_kinds[] = {"DT_PART_LITERAL", "DT_PART_PATH_RAW",
                                         "DT_PART_FILE_ESCAPED", "DT_PART_MAPPED",
#define X(id, name, argument) "DT_PART_" #id,
                                         DT_PLACEHOLDERS(X)
#undef X
};

static const char *const matcher_kinds[] = {"DT_MATCHER_NONE",
#define X(id, name, rows) "DT_MATCHER_" #id,
                                            DT_MATCHERS(X)
#undef X
};

static const char *const handler_kinds[] = {"DT_HANDLER_NONE",
#define X(id, name, rows) "DT_HANDLER_" #id,
                                            DT_HANDLERS(X)
#undef X
};

static const char *const expression_kinds[] = {
#define X(id, number) "DT_EXPRESSION_" #id,
    DT_EXPRESSIONS(X)
#undef X
};

static const char *const functions[] = {"DT_FUNCTION_NONE",
#define X(id, name) "DT_FUNCTION_" #id,
                                        DT_FUNCTIONS(X)
#undef X
};

static const char *const policy_kinds[] = {"DT_POLICY_NONE",
#define X(id, name) "DT_POLICY_" #id,
                                           DT_POLICIES(X)
#undef X
};

static const char *const proxy_policies[] = {
    "DT_PROXY_IGNORE", "DT_PROXY_USE", "DT_PROXY_REJECT", "DT_PROXY_REQUIRE", "DT_PROXY_SKIP",
};

static const char *const source_kinds[] = {"DT_SOURCE_NONE", "DT_SOURCE_A", "DT_SOURCE_SRV"};

static const char *const networks[] = {
    "DT_NETWORK_NONE", "DT_NETWORK_TCP",  "DT_NETWORK_TCP4",
    "DT_NETWORK_TCP6", "DT_NETWORK_UNIX", "DT_NETWORK_FD",
};
static const char *const host_kinds[] = {
    "DT_HOST_NONE", "DT_HOST_IP4",  "DT_HOST_IP6",
    "DT_HOST_NAME", "DT_HOST_PATH", "DT_HOST_TEMPLATE",
};
static const char *const host_pattern_kinds[] = {
    "DT_HOST_PATTERN_EXACT", "DT_HOST_PATTERN_WILDCARD", "DT_HOST_PATTERN_TEMPLATE"};
static const char *const path_kinds[] = {
    "DT_PATH_ANY",      "DT_PATH_EXACT", "DT_PATH_PREFIX",  "DT_PATH_SUFFIX",
    "DT_PATH_CONTAINS", "DT_PATH_GLOB",  "DT_PATH_ESCAPED", "DT_PATH_TEMPLATE",
    "DT_PATH_TEMPLATE_LOWER",
};
static const char *const condition_kinds[] = {"DT_CONDITION_VALUES", "DT_CONDITION_PRESENT",
                                              "DT_CONDITION_ABSENT"};
static const char *const value_kinds[] = {
    "DT_VALUE_EXACT",  "DT_VALUE_ANY",      "DT_VALUE_PREFIX",
    "DT_VALUE_SUFFIX", "DT_VALUE_CONTAINS", "DT_VALUE_TEMPLATE",
};
static const char *const header_op_kinds[] = {
    "DT_HEADER_NONE",          "DT_HEADER_DELETE_ALL",      "DT_HEADER_ADD",
    "DT_HEADER_SET",           "DT_HEADER_DELETE",          "DT_HEADER_DELETE_PREFIX",
    "DT_HEADER_DELETE_SUFFIX", "DT_HEADER_DELETE_CONTAINS", "DT_HEADER_REPLACE",
    "DT_HEADER_REPLACE_ALL",
};
static const char *const query_op_kinds[] = {
    "DT_QUERY_NONE", "DT_QUERY_RENAME",  "DT_QUERY_SET",
    "DT_QUERY_ADD",  "DT_QUERY_REPLACE", "DT_QUERY_DELETE",
};
static const char *const try_policies[] = {"DT_TRY_FIRST", "DT_TRY_FIRST_OR_LAST",
                                           "DT_TRY_SMALLEST", "DT_TRY_LARGEST", "DT_TRY_NEWEST"};
static const char *const types[] = {"DT_TYPE_STRING", "DT_TYPE_TRUE", "DT_TYPE_FALSE",
                                    "DT_TYPE_NUMBER", "DT_TYPE_NULL", "DT_TYPE_OTHER",
                                    "DT_TYPE_LOGGERS"};
static const char *const password_hashes[] = {"DT_HASH_BCRYPT", "DT_HASH_ARGON2ID"};
static const char *const contents[] = {"DT_CONTENT_EMPTY", "DT_CONTENT_TEXT", "DT_CONTENT_JSON",
                                       "DT_CONTENT_RUN_TIME"};
static const char *const certificate_kinds[] = {"DT_CERTIFICATE_NONE", "DT_CERTIFICATE_FILES",
                                                "DT_CERTIFICATE_PEM", "DT_CERTIFICATE_INTERNAL",
                                                "DT_CERTIFICATE_FOLDER", "DT_CERTIFICATE_STORED",
                                                "DT_CERTIFICATE_ACME"};
static const char *const key_algorithms[] = {"DT_KEY_ANY", "DT_KEY_RSA", "DT_KEY_DSA",
                                             "DT_KEY_ECDSA"};
static const char *const client_auths[] = {
    "DT_CLIENT_AUTH_NONE", "DT_CLIENT_AUTH_REQUEST", "DT_CLIENT_AUTH_REQUIRE",
    "DT_CLIENT_AUTH_VERIFY_IF_GIVEN", "DT_CLIENT_AUTH_REQUIRE_AND_VERIFY"};
static const char *const outputs[] = {"DT_LOG_STDERR", "DT_LOG_STDOUT", "DT_LOG_DISCARD",
                                      "DT_LOG_FILE", "DT_LOG_NET"};
static const char *const log_directories[] = {"DT_LOG_DIRECTORY_PRIVATE", "DT_LOG_DIRECTORY_MODE",
                                              "DT_LOG_DIRECTORY_INHERIT", "DT_LOG_DIRECTORY_FILE"};
static const char *const log_encoder_kinds[] = {"DT_LOG_AUTOMATIC", "DT_LOG_JSON",
                                                "DT_LOG_CONSOLE",   "DT_LOG_FILTER",
                                                "DT_LOG_APPEND",    "DT_LOG_JOURNALD"};
static const char *const log_times[] = {"DT_LOG_TIME_SECONDS", "DT_LOG_TIME_MILLIS",
                                        "DT_LOG_TIME_NANOS", "DT_LOG_TIME_LAYOUT"};
static const char *const log_durations[] = {"DT_LOG_DURATION_SECONDS", "DT_LOG_DURATION_MILLIS",
                                            "DT_LOG_DURATION_NANOS", "DT_LOG_DURATION_TEXT"};
static const char *const log_level_formats[] = {"DT_LOG_LEVEL_LOWER", "DT_LOG_LEVEL_UPPER",
                                                "DT_LOG_LEVEL_COLOR", "DT_LOG_LEVEL_NONE"};
static const char *const log_filter_kinds[] = {
    "DT_LOG_FILTER_NONE",   "DT_LOG_FILTER_DELETE",  "DT_LOG_FILTER_RENAME",
    "DT_LOG_FILTER_REPLACE", "DT_LOG_FILTER_HASH",   "DT_LOG_FILTER_IP_MASK",
    "DT_LOG_FILTER_QUERY",  "DT_LOG_FILTER_COOKIE", "DT_LOG_FILTER_SET_COOKIE",
    "DT_LOG_FILTER_REGEXP",
};
static const char *const log_values[] = {"DT_LOG_VALUE_TEXT", "DT_LOG_VALUE_PART",
                                         "DT_LOG_VALUE_NULL", "DT_LOG_VALUE_ANSWER",
                                         "DT_LOG_VALUE_ANSWER_BASE64"};
static const char *const levels[] = {"DT_LOG_DEBUG", "DT_LOG_INFO",  "DT_LOG_WARN",
                                     "DT_LOG_ERROR", "DT_LOG_PANIC", "DT_LOG_FATAL"};

_Static_assert(LEN(part_kinds) == DT_N_PART_KINDS, "part kinds");
_Static_assert(LEN(networks) == DT_N_NETWORKS, "networks");
_Static_assert(LEN(host_kinds) == DT_N_HOST_KINDS, "host kinds");
_Static_assert(LEN(certificate_kinds) == DT_N_CERTIFICATE_KINDS, "certificate kinds");

#define ROW dt_origin
static const struct column origins_columns[] = {PLAIN(file), PLAIN(line), PLAIN(column)};
#undef ROW
#define ROW dt_number
static const struct column numbers_columns[] = {PLAIN(value)};
#undef ROW
#define ROW dt_text
static const struct column texts_columns[] = {PLAIN(at), PLAIN(len)};
#undef ROW
#define ROW dt_listener
static const struct column listeners_columns[] = {NAMED(network, networks),
                                                  NAMED(host_kind, host_kinds),
                                                  PLAIN(is_tls),
                                                  PLAIN(protocols),
                                                  PLAIN(port),
                                                  PLAIN(unix_mode),
                                                  PLAIN(fd),
                                                  PLAIN(host),
                                                  TO(host_template, templates),
                                                  PLAIN(zone),
                                                  PLAIN(ip),
                                                  PLAIN(address),
                                                  TO(server, servers),
                                                  TO(origin, origins)};
#undef ROW
#define ROW dt_server
static const struct column servers_columns[] = {PLAIN(read_timeout_ns),
                                                PLAIN(read_header_timeout_ns),
                                                PLAIN(read_idle_timeout_ns),
                                                PLAIN(write_timeout_ns),
                                                PLAIN(write_idle_timeout_ns),
                                                PLAIN(idle_timeout_ns),
                                                PLAIN(read_min_rate),
                                                PLAIN(write_min_rate),
                                                PLAIN(keepalive_interval_ns),
                                                PLAIN(keepalive_idle_ns),
                                                PLAIN(name),
                                                TO(routes, routes),
                                                TO(error_routes, routes),
                                                TO(host_index, host_indexes),
                                                PLAIN(n_groups),
                                                TO(connection_policies, connection_policies),
                                                TO(trusted_proxies, ip_ranges),
                                                TO(client_ip_headers, numbers),
                                                TO(access_loggers, access_loggers),
                                                TO(skip_log_hosts, texts),
                                                TO(underscore_headers, texts),
                                                TO(dot_headers, texts),
                                                TO(default_logger, access_loggers),
                                                PLAIN(max_header_bytes),
                                                PLAIN(keepalive_count),
                                                PLAIN(protocols),
                                                PLAIN(has_access_log),
                                                PLAIN(skips_unmapped_hosts),
                                                PLAIN(logs_credentials),
                                                PLAIN(is_strict_sni_host),
                                                PLAIN(is_trusted_proxies_strict),
                                                PLAIN(is_trusted_proxies_unix),
                                                PLAIN(is_automatic_redirect),
                                                TO(origin, origins),
                                                TO(proxy_header, proxy_headers),
                                                PLAIN(redirected_head_bytes)};
#undef ROW
#define ROW dt_proxy_header
static const struct column proxy_headers_columns[] = {
    PLAIN(timeout_ns),           TO(allowed, ip_ranges), TO(denied, ip_ranges),
    NAMED(policy, proxy_policies), PLAIN(is_in_tls),       TO(origin, origins)};
#undef ROW
#define ROW dt_host_index
static const struct column host_indexes_columns[] = {TO(slots, host_entries), TO(others, numbers)};
#undef ROW
#define ROW dt_host_entry
static const struct column host_entries_columns[] = {PLAIN(host), PLAIN(hash), TO(routes, numbers)};
#undef ROW
#define ROW dt_route
static const struct column routes_columns[] = {TO(matcher_sets, matcher_sets),
                                               TO(handlers, handlers), OPTIONAL(group),
                                               PLAIN(is_terminal), PLAIN(needs_body), PLAIN(is_measured),
                                               PLAIN(measured_as), TO(origin, origins)};
#undef ROW
#define ROW dt_matcher_set
static const struct column matcher_sets_columns[] = {TO(matchers, matchers)};
#undef ROW
#define ROW dt_matcher
static const struct column matchers_columns[] = {NAMED(kind, matcher_kinds), PLAIN(number),
                                                 TO(rows, MATCHER_ROWS), TO(origin, origins)};
#undef ROW
#define ROW dt_host_pattern
static const struct column host_patterns_columns[] = {PLAIN(text), NAMED(kind, host_pattern_kinds),
                                                      TO(template, templates)};
#undef ROW
#define ROW dt_path_pattern
static const struct column path_patterns_columns[] = {
    PLAIN(text), NAMED(kind, path_kinds), TO(template, templates), PLAIN(keeps_slashes)};
#undef ROW
#define ROW dt_condition
static const struct column conditions_columns[] = {NAMED(kind, condition_kinds), OPTIONAL(number),
                                                   TO(template, templates),
                                                   TO(values, value_patterns)};
#undef ROW
#define ROW dt_value_pattern
static const struct column value_patterns_columns[] = {PLAIN(text), NAMED(kind, value_kinds),
                                                       TO(template, templates)};
#undef ROW
#define ROW dt_ip_range
static const struct column ip_ranges_columns[] = {PLAIN(ip), PLAIN(family), PLAIN(bits),
                                                  PLAIN(zone), TO(template, templates)};
#undef ROW
#define ROW dt_status_range
static const struct column status_ranges_columns[] = {PLAIN(from), PLAIN(to)};
#undef ROW
#define ROW dt_regexp
static const struct column regexps_columns[] = {PLAIN(pattern), TO(template, templates), PLAIN(name),
                                                TO(groups, texts)};
#undef ROW
#define ROW dt_regexp_condition
static const struct column regexp_conditions_columns[] = {
    OPTIONAL(number), TO(template, templates), TO(regexp, regexps)};
#undef ROW
#define ROW dt_expression
static const struct column expressions_columns[] = {
    NAMED(kind, expression_kinds), NAMED(function, functions), PLAIN(value),
    PLAIN(number),                 TO(template, templates),    TO(matcher, matchers),
    TO(operands, expressions),     PLAIN(text)};
#undef ROW
#define ROW dt_file_matcher
static const struct column file_matchers_columns[] = {
    TO(root, templates), TO(filesystem, templates), NAMED(policy, try_policies),
    TO(tries, try_files), TO(splits, texts)};
#undef ROW
#define ROW dt_try_file
static const struct column try_files_columns[] = {TO(template, templates), PLAIN(status),
                                                  PLAIN(is_directory), PLAIN(is_pattern)};
#undef ROW
#define ROW dt_handler
static const struct column handlers_columns[] = {NAMED(kind, handler_kinds), TO(row, HANDLER_ROW),
                                                 PLAIN(n), PLAIN(needs_body),
                                                 TO(origin, origins)};
#undef ROW
#define ROW dt_response
static const struct column responses_columns[] = {PLAIN(status),
                                                  TO(status_template, templates),
                                                  TO(body, templates),
                                                  TO(headers, header_ops),
                                                  NAMED(content, contents),
                                                  PLAIN(closes),
                                                  PLAIN(aborts)};
#undef ROW
#define ROW dt_header_edit
static const struct column header_edits_columns[] = {
    TO(request, header_ops), TO(response, header_ops), TO(require, response_matchers),
    PLAIN(is_deferred)};
#undef ROW
#define ROW dt_header_op
static const struct column header_ops_columns[] = {
    NAMED(kind, header_op_kinds), TO(name, header_names), TO(name_template, templates),
    TO(value, templates),         TO(search, templates),  TO(regexp, regexps),
    PLAIN(text)};
#undef ROW
#define ROW dt_response_matcher
static const struct column response_matchers_columns[] = {TO(statuses, numbers),
                                                          TO(conditions, conditions)};
#undef ROW
#define ROW dt_rewrite
static const struct column rewrites_columns[] = {TO(method, templates),
                                                 TO(path, templates),
                                                 PLAIN(sets_path),
                                                 PLAIN(sets_query),
                                                 PLAIN(sets_fragment),
                                                 TO(query, query_pieces),
                                                 TO(fragment, templates),
                                                 TO(strip_prefix, templates),
                                                 TO(strip_suffix, templates),
                                                 TO(substitutions, substitutions),
                                                 TO(query_ops, query_ops)};
#undef ROW
#define ROW dt_query_piece
static const struct column query_pieces_columns[] = {TO(template, templates), PLAIN(is_value),
                                                     PLAIN(separator)};
#undef ROW
#define ROW dt_substitution
static const struct column substitutions_columns[] = {TO(find, templates), TO(replace, templates),
                                                      PLAIN(limit), TO(regexp, regexps)};
#undef ROW
#define ROW dt_query_op
static const struct column query_ops_columns[] = {NAMED(kind, query_op_kinds), TO(key, templates),
                                                  TO(value, templates), TO(search, templates),
                                                  TO(regexp, regexps)};
#undef ROW
#define ROW dt_assignment
static const struct column assignments_columns[] = {TO(variable, variables), TO(name, templates),
                                                    NAMED(kind, types), TO(value, templates),
                                                    TO(compared, templates), TO(loggers, access_loggers)};
#undef ROW
#define ROW dt_subroute
static const struct column subroutes_columns[] = {TO(routes, routes), TO(error_routes, routes)};
#undef ROW
#define ROW dt_failure
static const struct column failures_columns[] = {PLAIN(status), TO(status_template, templates),
                                                 TO(message, templates)};
#undef ROW
#define ROW dt_file_server
static const struct column file_servers_columns[] = {TO(root, templates),
                                                     TO(hidden, templates),
                                                     TO(index, templates),
                                                     PLAIN(status),
                                                     TO(status_template, templates),
                                                     TO(precompressed, numbers),
                                                     TO(etag_suffixes, texts),
                                                     TO(filesystem, templates),
                                                     TO(browse, browses),
                                                     PLAIN(passes_through),
                                                     PLAIN(keeps_uris)};
#undef ROW
#define ROW dt_browse
static const struct column browses_columns[] = {PLAIN(sort), PLAIN(order), PLAIN(max_files),
                                                PLAIN(reveals_links)};
#undef ROW
#define ROW dt_encoder
static const struct column encoders_columns[] = {TO(codings, numbers),
                                                 TO(matcher, response_matchers),
                                                 PLAIN(min_length),
                                                 PLAIN(gzip_level),
                                                 PLAIN(zstd_level),
                                                 PLAIN(zstd_has_checksum)};
#undef ROW
#define ROW dt_body_limit
static const struct column body_limits_columns[] = {PLAIN(max_bytes), TO(body, templates)};
#undef ROW
#define ROW dt_pace
static const struct column paces_columns[] = {PLAIN(read_idle_ns), PLAIN(read_min_rate),
                                              PLAIN(write_idle_ns), PLAIN(write_min_rate)};
#undef ROW
#define ROW dt_copy
static const struct column copies_columns[] = {PLAIN(status), TO(status_template, templates),
                                               TO(include, numbers), TO(exclude, numbers)};
#undef ROW
#define ROW dt_login
static const struct column logins_columns[] = {TO(accounts, accounts), PLAIN(realm), PLAIN(caches),
                                               NAMED(hash, password_hashes)};
#undef ROW
#define ROW dt_account
static const struct column accounts_columns[] = {PLAIN(name), PLAIN(hash),
                                                 TO(name_template, templates),
                                                 TO(hash_template, templates)};
#undef ROW
#define ROW dt_map
static const struct column maps_columns[] = {TO(source, templates), TO(names, numbers),
                                             TO(mappings, mappings), TO(defaults, templates)};
#undef ROW
#define ROW dt_mapping
static const struct column mappings_columns[] = {PLAIN(input), TO(regexp, regexps),
                                                 TO(outputs, numbers)};
#undef ROW
#define ROW dt_mapped
static const struct column mapped_columns[] = {PLAIN(name)};
#undef ROW
#define ROW dt_interception
static const struct column interceptions_columns[] = {TO(handlers, response_handlers)};
#undef ROW
#define ROW dt_response_handler
static const struct column response_handlers_columns[] = {TO(matcher, response_matchers),
                                                          PLAIN(status),
                                                          TO(status_template, templates),
                                                          TO(routes, routes)};
#undef ROW
#define ROW dt_pool
static const struct column pools_columns[] = {PLAIN(try_duration_ns),
                                              PLAIN(try_interval_ns),
                                              PLAIN(fail_duration_ns),
                                              PLAIN(unhealthy_latency_ns),
                                              PLAIN(flush_interval_ns),
                                              PLAIN(stream_timeout_ns),
                                              PLAIN(stream_close_delay_ns),
                                              PLAIN(request_buffers),
                                              PLAIN(response_buffers),
                                              TO(upstreams, upstreams),
                                              TO(sources, sources),
                                              PLAIN(merges_sources),
                                              PLAIN(max_requests),
                                              TO(policy, policies),
                                              PLAIN(retries),
                                              TO(retry_match, matcher_sets),
                                              PLAIN(max_fails),
                                              TO(unhealthy_statuses, numbers),
                                              TO(active_health, active_healths),
                                              TO(transport, transports),
                                              TO(headers, header_edits),
                                              TO(rewrite, rewrites),
                                              TO(trusted_proxies, ip_ranges),
                                              TO(responses, response_handlers),
                                              PLAIN(stream_buffer_bytes),
                                              PLAIN(is_verbose),
                                              TO(origin, origins)};
#undef ROW
#define ROW dt_upstream
static const struct column upstreams_columns[] = {NAMED(network, networks),
                                                  NAMED(host_kind, host_kinds),
                                                  PLAIN(port),
                                                  PLAIN(host),
                                                  PLAIN(zone),
                                                  PLAIN(ip),
                                                  PLAIN(dial),
                                                  PLAIN(address),
                                                  PLAIN(hostport),
                                                  TO(dial_template, templates),
                                                  PLAIN(state),
                                                  PLAIN(max_requests),
                                                  TO(origin, origins)};
#undef ROW
#define ROW dt_policy
static const struct column policies_columns[] = {PLAIN(max_age_ns),
                                                 NAMED(kind, policy_kinds),
                                                 PLAIN(choose),
                                                 TO(weights, numbers),
                                                 PLAIN(key),
                                                 PLAIN(secret),
                                                 TO(number, header_names),
                                                 TO(fallback, policies)};
#undef ROW
#define ROW dt_active_health
static const struct column active_healths_columns[] = {PLAIN(interval_ns),
                                                       PLAIN(timeout_ns),
                                                       PLAIN(max_bytes),
                                                       PLAIN(uri),
                                                       PLAIN(method),
                                                       TO(body, templates),
                                                       TO(headers, header_ops),
                                                       TO(expect_body, regexps),
                                                       PLAIN(port),
                                                       TO(upstream, upstreams),
                                                       PLAIN(passes),
                                                       PLAIN(fails),
                                                       PLAIN(expect_status),
                                                       PLAIN(follows_redirects)};
#undef ROW
#define ROW dt_transport
static const struct column transports_columns[] = {PLAIN(dial_timeout_ns),
                                                   PLAIN(dial_fallback_delay_ns),
                                                   PLAIN(response_header_timeout_ns),
                                                   PLAIN(read_timeout_ns),
                                                   PLAIN(write_timeout_ns),
                                                   PLAIN(tls_handshake_timeout_ns),
                                                   PLAIN(keepalive_probe_ns),
                                                   PLAIN(idle_timeout_ns),
                                                   PLAIN(max_response_header_bytes),
                                                   PLAIN(max_idle),
                                                   PLAIN(max_idle_per_host),
                                                   PLAIN(max_per_host),
                                                   PLAIN(keeps_alive),
                                                   PLAIN(compresses),
                                                   PLAIN(versions),
                                                   PLAIN(proxy_protocol),
                                                   PLAIN(is_tls),
                                                   PLAIN(skips_verify),
                                                   PLAIN(renegotiates),
                                                   PLAIN(ignores_environment),
                                                   TO(server_name, templates),
                                                   TO(trust_pool, trust_pools),
                                                   PLAIN(client_certificate),
                                                   PLAIN(client_key),
                                                   TO(plain_ports, numbers),
                                                   TO(curves, texts),
                                                   PLAIN(local_address),
                                                   TO(forward_proxy, templates),
                                                   TO(resolver, resolvers),
                                                   TO(fastcgi, fastcgis),
                                                   TO(origin, origins)};
#undef ROW
#define ROW dt_fastcgi
static const struct column fastcgis_columns[] = {TO(root, templates), TO(splits, texts),
                                                 TO(variables, cgi_variables),
                                                 PLAIN(resolves_links), PLAIN(captures_stderr)};
#undef ROW
#define ROW dt_cgi_variable
static const struct column cgi_variables_columns[] = {PLAIN(name), TO(value, templates)};
#undef ROW
#define ROW dt_source
static const struct column sources_columns[] = {PLAIN(refresh_ns),
                                                PLAIN(grace_period_ns),
                                                NAMED(kind, source_kinds),
                                                TO(name, templates),
                                                TO(port, templates),
                                                TO(service, templates),
                                                TO(proto, templates),
                                                PLAIN(families),
                                                PLAIN(network),
                                                TO(resolver, resolvers),
                                                TO(origin, origins)};
#undef ROW
#define ROW dt_resolver
static const struct column resolvers_columns[] = {TO(addresses, texts), PLAIN(uses_tcp),
                                                  TO(origin, origins)};
#undef ROW
#define ROW dt_template
static const struct column templates_columns[] = {PLAIN(literal), TO(parts, parts),
                                                  PLAIN(keeps_unknown)};
#undef ROW
#define ROW dt_part
static const struct column parts_columns[] = {NAMED(kind, part_kinds), PLAIN(number), PLAIN(text),
                                              PLAIN(raw)};
#undef ROW
#define ROW dt_header_name
static const struct column header_names_columns[] = {PLAIN(canonical), PLAIN(lower)};
#undef ROW
#define ROW dt_variable
static const struct column variables_columns[] = {PLAIN(name)};
#undef ROW
#define ROW dt_authority
static const struct column authorities_columns[] = {PLAIN(id),
                                                    PLAIN(name),
                                                    PLAIN(root_common_name),
                                                    PLAIN(intermediate_common_name),
                                                    PLAIN(intermediate_lifetime_ns),
                                                    PLAIN(root_certificate),
                                                    PLAIN(root_key),
                                                    PLAIN(intermediate_certificate),
                                                    PLAIN(intermediate_key),
                                                    PLAIN(renewal_permille),
                                                    TO(origin, origins)};
#undef ROW
#define ROW dt_certificate
static const struct column certificates_columns[] = {PLAIN(lifetime_ns),
                                                     NAMED(kind, certificate_kinds),
                                                     PLAIN(certificate),
                                                     PLAIN(key),
                                                     PLAIN(subject),
                                                     TO(authority, authorities),
                                                     PLAIN(key_type),
                                                     TO(tags, texts),
                                                     TO(issuers, numbers),
                                                     PLAIN(renewal_permille),
                                                     PLAIN(signs_with_root),
                                                     PLAIN(unless_loaded),
                                                     PLAIN(staples),
                                                     PLAIN(must_staple),
                                                     TO(origin, origins)};
#undef ROW
#define ROW dt_acme_issuer
static const struct column acme_issuers_columns[] = {
    PLAIN(directory),   PLAIN(email),           PLAIN(eab_key_id),
    PLAIN(eab_mac_key), TO(ca_files, texts),    PLAIN(profile),
    PLAIN(has_no_http), PLAIN(has_no_tls_alpn), PLAIN(shares_no_challenges)};
#undef ROW
#define ROW dt_trust_pool
static const struct column trust_pools_columns[] = {
    TO(files, texts),   TO(certificates, texts),        TO(stored, texts),
    TO(roots, numbers), TO(intermediates, numbers), PLAIN(uses_system)};
#undef ROW
#define ROW dt_leaf_verifier
static const struct column leaf_verifiers_columns[] = {TO(certificates, texts), TO(files, texts),
                                                       TO(folders, texts), TO(pems, texts),
                                                       TO(stored, texts)};
#undef ROW
#define ROW dt_connection_policy
static const struct column connection_policies_columns[] = {TO(sni, host_patterns),
                                                            TO(sni_regexp, regexps),
                                                            TO(remote_ranges, ip_ranges),
                                                            TO(remote_not_ranges, ip_ranges),
                                                            TO(local_ranges, ip_ranges),
                                                            PLAIN(has_selection),
                                                            TO(any_tags, texts),
                                                            TO(all_tags, texts),
                                                            TO(serial_numbers, texts),
                                                            TO(organizations, texts),
                                                            NAMED(key_algorithm, key_algorithms),
                                                            TO(alpn, texts),
                                                            TO(cipher_suites, texts),
                                                            TO(curves, texts),
                                                            PLAIN(min_version),
                                                            PLAIN(max_version),
                                                            NAMED(client_auth, client_auths),
                                                            PLAIN(drops),
                                                            TO(client_pool, trust_pools),
                                                            TO(client_leafs, leaf_verifiers),
                                                            PLAIN(default_sni),
                                                            PLAIN(fallback_sni),
                                                            PLAIN(secrets_log),
                                                            TO(origin, origins)};
#undef ROW
#define ROW dt_meter
static const struct column meters_columns[] = {TO(hosts, texts), PLAIN(is_per_host),
                                               PLAIN(observes_all), PLAIN(has_tls_server)};
#undef ROW
#define ROW dt_metrics_page
static const struct column metrics_pages_columns[] = {PLAIN(is_plain)};
#undef ROW
#define ROW dt_log
static const struct column logs_columns[] = {PLAIN(name),
                                             TO(file, templates),
                                             TO(include, texts),
                                             TO(exclude, texts),
                                             TO(encoders, log_encoders),
                                             PLAIN(file_mode),
                                             PLAIN(directory_mode),
                                             PLAIN(roll_megabytes),
                                             PLAIN(roll_keep),
                                             PLAIN(roll_keep_days),
                                             PLAIN(roll_interval_ns),
                                             TO(roll_at, numbers),
                                             PLAIN(backup_layout),
                                             PLAIN(network),
                                             PLAIN(host),
                                             PLAIN(port),
                                             PLAIN(dial_timeout_ns),
                                             PLAIN(sampling_interval_ns),
                                             PLAIN(sampling_first),
                                             PLAIN(sampling_thereafter),
                                             NAMED(output, outputs),
                                             NAMED(level, levels),
                                             NAMED(directory, log_directories),
                                             PLAIN(roll_coding),
                                             PLAIN(roll_local_time),
                                             PLAIN(is_soft_start),
                                             TO(origin, origins)};
#undef ROW
#define ROW dt_log_encoder
static const struct column log_encoders_columns[] = {NAMED(kind, log_encoder_kinds),
                                                     PLAIN(message_key),
                                                     PLAIN(level_key),
                                                     PLAIN(time_key),
                                                     PLAIN(name_key),
                                                     PLAIN(line_ending),
                                                     NAMED(time, log_times),
                                                     PLAIN(time_layout),
                                                     PLAIN(is_local_time),
                                                     NAMED(duration, log_durations),
                                                     NAMED(level, log_level_formats),
                                                     PLAIN(obeys_no_color),
                                                     TO(filters, log_filters),
                                                     TO(additions, log_additions)};
#undef ROW
#define ROW dt_log_filter
static const struct column log_filters_columns[] = {PLAIN(field),
                                                    NAMED(kind, log_filter_kinds),
                                                    PLAIN(value),
                                                    PLAIN(ip4_bits),
                                                    PLAIN(ip6_bits),
                                                    TO(actions, log_actions),
                                                    TO(replacements, log_replacements)};
#undef ROW
#define ROW dt_log_action
static const struct column log_actions_columns[] = {NAMED(kind, log_filter_kinds), PLAIN(name),
                                                    PLAIN(value)};
#undef ROW
#define ROW dt_log_replacement
static const struct column log_replacements_columns[] = {TO(regexp, regexps), PLAIN(value)};
#undef ROW
#define ROW dt_log_addition
static const struct column log_additions_columns[] = {PLAIN(field), PLAIN(json), TO(part, parts)};
#undef ROW
#define ROW dt_log_field
static const struct column log_fields_columns[] = {PLAIN(key),
                                                   NAMED(kind, log_values),
                                                   PLAIN(text),
                                                   TO(part, parts),
                                                   TO(variable, variables),
                                                   PLAIN(is_early),
                                                   PLAIN(is_late)};
#undef ROW
#define ROW dt_access_logger
static const struct column access_loggers_columns[] = {PLAIN(host), PLAIN(name), TO(logs, numbers),
                                                       PLAIN(error_name), TO(error_logs, numbers)};
#undef ROW

static const struct layout layouts[] = {
#define X(type, name) {#name, #type, sizeof(struct type), name##_columns, LEN(name##_columns)},
    DT_TABLE_ARRAYS(X)
#undef X
};

const struct layout *layout_of(enum array array)
{
    return &layouts[array - 1];
}

const void *layout_rows(const struct dt_tables *tables, enum array array, uint32_t *n)
{
    switch (array) {
#define X(type, name)                                                                              \
    case ARRAY_##name:                                                                             \
        *n = tables->n_##name;                                                                     \
        return tables->name;
        DT_TABLE_ARRAYS(X)
#undef X
    case ARRAY_NONE:
    case ARRAY_MATCHER_ROWS:
    case ARRAY_HANDLER_ROW:
    case N_ARRAYS:
        break;
    }
    *n = 0;
    return NULL;
}

int64_t layout_integer(const struct column *column, const void *row)
{
    const char *cell = (const char *)row + column->offset;
    switch (column->cell) {
    case CELL_U8:
        return *(const uint8_t *)cell;
    case CELL_U16:
        return *(const uint16_t *)(const void *)cell;
    case CELL_U32:
        return *(const uint32_t *)(const void *)cell;
    case CELL_I64:
        return *(const int64_t *)(const void *)cell;
    case CELL_TEXT:
    case CELL_RANGE:
    case CELL_IP:
        break;
    }
    return 0;
}

/* Texts and ranges have the same shape: where it begins, and how much it is. */
struct dt_range layout_range(const struct column *column, const void *row)
{
    struct dt_range range;
    memcpy(&range, (const char *)row + column->offset, sizeof(range));
    return range;
}

uint32_t layout_origin(const struct layout *layout, const void *row)
{
    for (size_t i = 0; i < layout->n_columns; i++) {
        if (layout->columns[i].target == ARRAY_origins)
            return (uint32_t)layout_integer(&layout->columns[i], row);
    }
    return 0;
}

enum array layout_target(const struct column *column, const void *row)
{
    static const enum array matcher_rows[] = {ARRAY_NONE,
#define X(id, name, rows) ARRAY_##rows,
                                              DT_MATCHERS(X)
#undef X
    };
    static const enum array handler_rows[] = {ARRAY_NONE,
#define X(id, name, rows) ARRAY_##rows,
                                              DT_HANDLERS(X)
#undef X
    };
    if (column->target == ARRAY_MATCHER_ROWS) {
        uint32_t kind = ((const struct dt_matcher *)row)->kind;
        return kind < DT_N_MATCHER_KINDS ? matcher_rows[kind] : ARRAY_NONE;
    }
    if (column->target == ARRAY_HANDLER_ROW) {
        uint32_t kind = ((const struct dt_handler *)row)->kind;
        return kind < DT_N_HANDLER_KINDS ? handler_rows[kind] : ARRAY_NONE;
    }
    return column->target;
}

/* ---- soundness ---- */

static bool cell_is_sound(const struct dt_tables *tables, const struct column *column,
                          const void *row)
{
    struct dt_range range = {0};
    uint32_t limit = 0;
    enum array target = layout_target(column, row);
    if (column->names)
        return (size_t)layout_integer(column, row) < column->n_names;
    if (column->cell == CELL_TEXT) {
        range = layout_range(column, row);
        return (uint64_t)range.first + range.n < tables->strings_len;
    }
    if (column->target == ARRAY_NONE)
        return true;
    layout_rows(tables, target, &limit);
    if (column->cell == CELL_RANGE) {
        range = layout_range(column, row);
        return (uint64_t)range.first + range.n <= limit || range.n == 0;
    }
    uint32_t index = (uint32_t)layout_integer(column, row);
    if (column->target == ARRAY_HANDLER_ROW) {
        uint32_t n = ((const struct dt_handler *)row)->n;
        return (uint64_t)index + n <= limit || n == 0;
    }
    return index == DT_NONE || index < limit;
}

/* Operands stand behind their row, so that no walk ends where it began; and what a kind needs is
 * there. */
static bool expression_is_sound(const struct dt_tables *tables, uint32_t row)
{
    static const enum { NOTHING, NANOS, TEMPLATE, SLOT, FUNCTION, REGEXP, MATCHER } needs[] = {
#define X(id, need) need,
        DT_EXPRESSIONS(X)
#undef X
    };
    const struct dt_expression *expression = &tables->expressions[row];
    if (expression->operands.n > 0 && expression->operands.first <= row)
        return false;
    switch (needs[expression->kind]) {
    case NOTHING:
    case FUNCTION:
        return true;
    case NANOS:
        return expression->number < 1000000000;
    case SLOT:
        return expression->number < DT_MAX_SLOTS;
    case REGEXP:
        return expression->number < tables->n_regexps;
    case TEMPLATE:
        return expression->template != DT_NONE;
    case MATCHER:
        return expression->matcher != DT_NONE;
    }
    return false;
}

/* What no column can tell: the numbers whose meaning is in another column. */
static bool details_are_sound(const struct dt_tables *tables)
{
    for (uint32_t i = 0; i < tables->n_texts; i++) {
        if ((uint64_t)tables->texts[i].at + tables->texts[i].len >= tables->strings_len)
            return false;
    }
    for (uint32_t i = 0; i < tables->n_parts; i++) {
        enum dt_argument argument = DT_ARGUMENT_NONE;
        switch (tables->parts[i].kind) {
#define X(id, name, type)                                                                          \
    case DT_PART_##id:                                                                             \
        argument = DT_ARGUMENT_##type;                                                             \
        break;
            DT_PLACEHOLDERS(X)
#undef X
        }
        if (argument == DT_ARGUMENT_HEADER && tables->parts[i].number >= tables->n_header_names)
            return false;
        if (argument == DT_ARGUMENT_VARIABLE && tables->parts[i].number >= tables->n_variables)
            return false;
        if (tables->parts[i].kind == DT_PART_MAPPED && tables->parts[i].number >= tables->n_mapped)
            return false;
    }
    for (uint32_t i = 0; i < tables->n_expressions; i++) {
        if (!expression_is_sound(tables, i))
            return false;
    }
    for (uint32_t i = 0; i < tables->n_mappings; i++) {
        struct dt_range list = tables->mappings[i].outputs;
        for (uint32_t k = 0; k < list.n; k++) {
            uint32_t row = tables->numbers[list.first + k].value;
            if (row != DT_NONE && row >= tables->n_templates)
                return false;
        }
    }
    for (uint32_t i = 0; i < tables->n_copies; i++) {
        const struct dt_range lists[] = {tables->copies[i].include, tables->copies[i].exclude};
        for (uint32_t k = 0; k < lists[0].n + lists[1].n; k++) {
            uint32_t at = k < lists[0].n ? lists[0].first + k : lists[1].first + k - lists[0].n;
            if (tables->numbers[at].value >= tables->n_header_names)
                return false;
        }
    }
    for (uint32_t i = 0; i < tables->n_upstreams; i++) {
        if (tables->upstreams[i].state >= tables->n_states)
            return false;
    }
    return true;
}

bool tables_are_sound(const struct dt_tables *tables)
{
    if (tables->abi != DT_TABLES_ABI || tables->size != sizeof(*tables) || !tables->strings_len)
        return false;
    for (size_t a = 1; a <= N_LAYOUTS; a++) {
        const struct layout *layout = layout_of((enum array)a);
        uint32_t n;
        const char *rows = layout_rows(tables, (enum array)a, &n);
        for (uint32_t r = 0; r < n; r++) {
            for (size_t c = 0; c < layout->n_columns; c++) {
                if (!cell_is_sound(tables, &layout->columns[c], rows + r * layout->row_size))
                    return false;
            }
        }
    }
    return details_are_sound(tables);
}
