/* The http app: servers, routes, listeners, and what finds client addresses. */
#include "modules/tables.h"

const struct module_object module_http_metrics = {
    .name = "http_metrics",
    .noun = "the metrics settings",
    .fields = FIELDS{
        FIELD("per_host", ONE(BOOL), "counts each host by itself", .since = "2.9"),
        FIELD("observe_catchall_hosts", ONE(BOOL), "counts hosts that no route names, too",
              .since = "2.11"),
        FIELD("otlp", ONE(BOOL), "sends metrics by OpenTelemetry", .since = "2.11.3"),
        {0},
    },
};

const struct module_object module_http_route = {
    .name = "http_route",
    .noun = "a route",
    .fields = FIELDS{
        FIELD("group", ONE(STRING), "of the routes of one group only the first that matches runs"),
        FIELD("match", MODULE_MAPS("http.matchers"),
              "sets of matchers; all of a set must match, one set is enough"),
        FIELD("handle", MODULES("http.handlers", "handler"), "handlers, in order"),
        FIELD("terminal", ONE(BOOL), "no other route runs after this one"),
        {0},
    },
};

const struct module_object module_http_routes = {
    .name = "http_routes",
    .noun = "an object with routes",
    .fields = FIELDS{
        FIELD("routes", OBJECTS(module_http_route), "routes, in order"),
        {0},
    },
};

static const struct module_object automatic_https = {
    .name = "automatic_https",
    .noun = "the automatic HTTPS settings",
    .fields = FIELDS{
        FIELD("disable", ONE(BOOL), "turns it off"),
        FIELD("disable_redirects", ONE(BOOL), "no redirects from HTTP to HTTPS"),
        FIELD("disable_certificates", ONE(BOOL), "no certificates are got", .since = "2.5"),
        FIELD("skip", LIST(STRING), "hosts that are left out"),
        FIELD("skip_certificates", LIST(STRING), "hosts that get no certificate"),
        FIELD("ignore_loaded_certificates", ONE(BOOL),
              "gets certificates for hosts that a loaded one covers, too"),
        {0},
    },
};

static const struct module_object server_logs = {
    .name = "server_logs",
    .noun = "the access log settings",
    .fields = FIELDS{
        FIELD("default_logger_name", ONE(STRING), "logger of hosts that have none of their own"),
        FIELD("logger_names", MAP(TEXT_OR_LIST), "loggers by host"),
        FIELD("skip_hosts", LIST(STRING), "hosts that are not logged"),
        FIELD("skip_unmapped_hosts", ONE(BOOL), "only hosts with loggers are logged"),
        FIELD("should_log_credentials", ONE(BOOL),
              "logs Cookie, Authorization and the like as they are",
              .since = "2.5"),
        FIELD("trace", ONE(BOOL), "logs every handler that runs, at debug level", .since = "2.8"),
        {0},
    },
};

#define PROTOCOLS .values = "h1|h2|h2c|h3"

static const struct module_object server = {
    .name = "server",
    .noun = "a server",
    .fields = FIELDS{
        FIELD("listen", LIST(STRING), "addresses to listen on, like :443 or unix//run/web.sock"),
        FIELD("listener_wrappers", MODULES("caddy.listeners", "wrapper"),
              "what connections pass through, `tls` marking where TLS is"),
        FIELD("packet_conn_wrappers", MODULES("caddy.packetconns", "wrapper"),
              "what QUIC packets pass through", .since = "2.11"),
        FIELD("read_timeout", ONE(DURATION), "how long reading a whole request may take"),
        FIELD("read_header_timeout", ONE(DURATION), "how long reading its head may take"),
        FIELD("read_idle_timeout", ONE(DURATION), "longest pause between reads of a body",
              .since = "2.11.5"),
        FIELD("read_min_rate", ONE(INTEGER), "bytes a second a client must send at least",
              .since = "2.11.5"),
        FIELD("write_timeout", ONE(DURATION), "how long writing a whole response may take"),
        FIELD("write_idle_timeout", ONE(DURATION), "longest pause between writes of a body",
              .since = "2.11.5"),
        FIELD("write_min_rate", ONE(INTEGER), "bytes a second a client must take at least",
              .since = "2.11.5"),
        FIELD("max_write_chunk", ONE(INTEGER), "bytes written at once; 64 KiB by default",
              .since = "2.11.5"),
        FIELD("idle_timeout", ONE(DURATION), "how long a connection may wait; 5m by default"),
        FIELD("keepalive_interval", ONE(DURATION), "time between TCP probes; 15s by default",
              .since = "2.6"),
        FIELD("keepalive_idle", ONE(DURATION), "silence before the first one; 15s by default",
              .since = "2.11"),
        FIELD("keepalive_count", ONE(INTEGER), "probes until a connection is given up",
              .since = "2.11"),
        FIELD("max_header_bytes", ONE(INTEGER), "longest request head; 16 KiB by default"),
        FIELD("enable_full_duplex", ONE(BOOL), "writes HTTP/1 responses while requests are read",
              .since = "2.7"),
        FIELD("expected_underscore_headers", LIST(STRING),
              "fields with _ in their names that are kept",
              .since = "2.11.5"),
        FIELD("expected_dot_headers", LIST(STRING), "fields with . in their names that are kept",
              .since = "2.11.5"),
        FIELD("routes", OBJECTS(module_http_route), "what is done with requests"),
        FIELD("errors", OBJECT(module_http_routes), "what is done when a handler fails"),
        FIELD("named_routes", OBJECT_MAP(module_http_route), "routes for the `invoke` handler",
              .since = "2.7"),
        FIELD("tls_connection_policies", POINTERS(module_tls_connection_policy),
              "how TLS is spoken; the first policy that matches"),
        FIELD("automatic_https", OBJECT(automatic_https),
              "certificates and redirects by themselves"),
        FIELD("strict_sni_host", ONE(BOOL), "the Host field must be the name of the TLS handshake"),
        FIELD("trusted_proxies", MODULE("http.ip_sources", "source"),
              "whose X-Forwarded fields are believed", .since = "2.7"),
        FIELD("client_ip_headers", LIST(STRING),
              "fields with the client's address", .since = "2.7"),
        FIELD("trusted_proxies_strict", ONE(INTEGER),
              "1: reads those fields from the right, past trusted proxies", .since = "2.8"),
        FIELD("trusted_proxies_unix", ONE(BOOL), "trusts clients on Unix sockets", .since = "2.11"),
        FIELD("logs", OBJECT(server_logs), "access logs; {} is enough"),
        FIELD("protocols", LIST(STRING), "HTTP versions; h1, h2 and h3 by default", .since = "2.6",
              PROTOCOLS),
        FIELD("listen_protocols", LIST_OF_LISTS(STRING), "the same for each address of `listen`",
              .since = "2.9", PROTOCOLS),
        FIELD("allow_0rtt", ONE(BOOL), "whether QUIC takes early data", .since = "2.11"),
        FIELD("metrics", OBJECT(module_http_metrics), "turns metrics on", .since = "2.6",
              .deprecated = "metrics of the http app"),
        {0},
    },
};

static const struct module_object http_app = {
    .name = "http_app",
    .noun = "the http app",
    .fields = FIELDS{
        FIELD("http_port", ONE(INTEGER), "the port that is HTTP; 80 by default"),
        FIELD("https_port", ONE(INTEGER), "the port that is HTTPS; 443 by default"),
        FIELD("grace_period", ONE(DURATION), "how long requests may go on when servers stop"),
        FIELD("shutdown_delay", ONE(DURATION), "how long to wait before they stop", .since = "2.6"),
        FIELD("servers", OBJECT_MAP(server), "servers by name"),
        FIELD("metrics", OBJECT(module_http_metrics), "turns metrics on", .since = "2.9"),
        {0},
    },
};

static const struct module_object redirect_listener = {
    .name = "redirect_listener",
    .noun = "the http_redirect listener wrapper",
    .fields = FIELDS{
        FIELD("max_header_bytes", ONE(INTEGER), "longest request head it reads", .since = "2.8"),
        {0},
    },
};

static const struct module_object proxy_protocol_listener = {
    .name = "proxy_protocol_listener",
    .noun = "the proxy_protocol listener wrapper",
    .fields = FIELDS{
        FIELD("timeout", ONE(DURATION), "how long the PROXY header may take; 5s by default"),
        FIELD("allow", LIST(STRING), "addresses and CIDR ranges that may send one"),
        FIELD("deny", LIST(STRING), "those that may not", .since = "2.8"),
        FIELD("fallback_policy", ONE(KEYWORD), "what is done with all others; IGNORE by default",
              .since = "2.8", .values = "IGNORE|USE|REJECT|REQUIRE|SKIP", .any_case = true,
              .is_strict = true),
        {0},
    },
};

static const struct module_object static_ips = {
    .name = "static_ip_source",
    .noun = "the static IP source",
    .fields = FIELDS{
        FIELD("ranges", LIST(STRING), "addresses and CIDR ranges"),
        {0},
    },
};

const struct module modules_http[] = {
    ROW("http", OBJECT(http_app), "HTTP servers"),
    ROW("caddy.listeners.http_redirect", OBJECT(redirect_listener),
        "answers HTTP on an HTTPS port with a redirect", .since = "2.5"),
    ROW("caddy.listeners.proxy_protocol", OBJECT(proxy_protocol_listener),
        "reads the PROXY header before a connection", .since = "2.7"),
    ROW("caddy.listeners.tls", OBJECT(module_nothing), "marks where TLS stands among wrappers"),
    ROW("http.ip_sources.static", OBJECT(static_ips), "a fixed list of addresses", .since = "2.7"),
    {0},
};
