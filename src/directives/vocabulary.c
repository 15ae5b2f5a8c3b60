/* The whole vocabulary, as lists of the tables in this folder. */
#include "directives/vocabulary.h"

#include "directives/module_spaces.h"
#include "directives/vocabulary_private.h"

static const struct directive *const directives[] = {
    routing_directives,
    reverse_proxy_directives,
    php_fastcgi_directives,
    forward_auth_directives,
    file_server_directives,
    header_directives,
    rewrite_directives,
    respond_directives,
    vars_directives,
    filter_directives,
    auth_directives,
    logging_directives,
    limit_directives,
    tls_directives,
    NULL,
};

static const struct matcher *const matchers[] = {
    request_matchers,
    NULL,
};

static const struct option *const global_option_tables[] = {
    global_options,
    global_tls_options,
    NULL,
};

static const struct module_space *const module_spaces[] = {
    &transport_space,
    &selection_policy_space,
    &upstream_source_space,
    &network_proxy_space,
    &http_encoder_space,
    &precompressed_space,
    &template_function_space,
    &hash_algorithm_space,
    &log_encoder_space,
    &log_filter_space,
    &log_writer_space,
    &log_core_space,
    &issuer_space,
    &certificate_manager_space,
    &permission_space,
    &dns_provider_space,
    &ca_pool_space,
    &verifier_space,
    &leaf_loader_space,
    &storage_space,
    &listener_wrapper_space,
    &packet_wrapper_space,
    &ip_source_space,
    &event_handler_space,
    &file_system_space,
    NULL,
};

/* Where handlers are sorted to; what is not here stands only in route blocks and sites. */
static const char *const order[] = {
    "tracing",
    "map",
    "vars",
    "fs",
    "root",
    "log_append",
    "skip_log",
    "log_skip",
    "log_name",
    "header",
    "copy_response_headers",
    "request_body",
    "timeouts",
    "redir",
    /* these rewrite the request, so later ones see the new one */
    "method",
    "rewrite",
    "uri",
    "try_files",
    /* these wrap the handlers below */
    "basicauth",
    "basic_auth",
    "forward_auth",
    "request_header",
    "encode",
    "push",
    "intercept",
    "templates",
    /* these hold handlers */
    "invoke",
    "handle",
    "handle_path",
    "route",
    /* these answer */
    "abort",
    "error",
    "copy_response",
    "respond",
    "metrics",
    "reverse_proxy",
    "php_fastcgi",
    "file_server",
    "acme_server",
    NULL,
};

static const struct vocabulary vocabulary = {
    .directives = directives,
    .order = order,
    .matchers = matchers,
    .global_options = global_option_tables,
    .modules = module_spaces,
};

const struct vocabulary *caddy_vocabulary(void)
{
    return &vocabulary;
}
