/* The reverse proxy: its handler, transports, selection policies and sources of upstreams. */
#include "modules/tables.h"

#define POLICIES "http.reverse_proxy.selection_policies"
#define UPSTREAMS "http.reverse_proxy.upstreams"

static const struct module_object load_balancing = {
    .name = "load_balancing",
    .noun = "the load balancing settings",
    .fields = FIELDS{
        FIELD("selection_policy", MODULE(POLICIES, "policy"), "who is next; random by default"),
        FIELD("retries", ONE(INTEGER), "how often a request is tried again", .since = "2.6"),
        FIELD("try_duration", ONE(DURATION), "for how long it is tried again"),
        FIELD("try_interval", ONE(DURATION), "pause between tries; 250ms by default"),
        FIELD("retry_match", MODULE_MAPS("http.matchers"),
              "requests that are tried again though they may change something"),
        {0},
    },
};

static const struct module_object active_checks = {
    .name = "active_checks",
    .noun = "the active health checks",
    .fields = FIELDS{
        FIELD("path", ONE(STRING), "path of the request", .deprecated = "uri"),
        FIELD("uri", ONE(STRING), "path and query of the request", .since = "2.4"),
        FIELD("upstream", ONE(STRING), "address that is asked in place of the upstream's",
              .since = "2.9"),
        FIELD("port", ONE(INTEGER), "port that is asked in place of the upstream's"),
        FIELD("headers", MAP_OF_LISTS(STRING), "fields of the request"),
        FIELD("method", ONE(STRING), "its method; GET by default", .since = "2.9"),
        FIELD("body", ONE(STRING), "its body", .since = "2.9"),
        FIELD("follow_redirects", ONE(BOOL), "goes where the answer leads", .since = "2.8"),
        FIELD("interval", ONE(DURATION), "time between checks; 30s by default"),
        FIELD("timeout", ONE(DURATION), "how long an answer may take; 5s by default"),
        FIELD("passes", ONE(INTEGER), "good answers until an upstream is healthy again",
              .since = "2.8"),
        FIELD("fails", ONE(INTEGER), "bad answers until it is unhealthy", .since = "2.8"),
        FIELD("max_size", ONE(INTEGER), "bytes of the answer that are read"),
        FIELD("expect_status", ONE(INTEGER), "the good status; a single digit is its hundred"),
        FIELD("expect_body", ONE(STRING), "regular expression that a good body matches"),
        {0},
    },
};

static const struct module_object passive_checks = {
    .name = "passive_checks",
    .noun = "the passive health checks",
    .fields = FIELDS{
        FIELD("fail_duration", ONE(DURATION), "how long a failure is remembered; 0: not at all"),
        FIELD("max_fails", ONE(INTEGER), "remembered failures that make an upstream unhealthy"),
        FIELD("unhealthy_request_count", ONE(INTEGER), "requests at once that do"),
        FIELD("unhealthy_status", LIST(INTEGER), "codes that are failures"),
        FIELD("unhealthy_latency", ONE(DURATION), "time to answer that is a failure"),
        {0},
    },
};

static const struct module_object health_checks = {
    .name = "health_checks",
    .noun = "the health checks",
    .fields = FIELDS{
        FIELD("active", OBJECT(active_checks), "asks upstreams from time to time"),
        FIELD("passive", OBJECT(passive_checks), "watches what becomes of requests"),
        {0},
    },
};

static const struct module_object upstream = {
    .name = "upstream",
    .noun = "an upstream",
    .fields = FIELDS{
        FIELD("dial", ONE(STRING), "its address, host:port or unix//path"),
        FIELD("max_requests", ONE(INTEGER), "requests it gets at once; 0: any number"),
        {0},
    },
};

static const struct module_object reverse_proxy = {
    .name = "reverse_proxy",
    .noun = "the reverse_proxy handler",
    .fields = FIELDS{
        FIELD("transport", MODULE("http.reverse_proxy.transport", "protocol"),
              "how upstreams are spoken to; http by default"),
        FIELD("circuit_breaker", MODULE("http.reverse_proxy.circuit_breakers", "type"),
              "keeps requests away from upstreams in trouble"),
        FIELD("load_balancing", OBJECT(load_balancing), "how upstreams are chosen"),
        FIELD("health_checks", OBJECT(health_checks), "how it is found out who is well"),
        FIELD("upstreams", POINTERS(upstream), "where requests go"),
        FIELD("dynamic_upstreams", MODULE(UPSTREAMS, "source"),
              "or what says where, at each request",
              .since = "2.5"),
        FIELD("flush_interval", ONE(DURATION), "how soon a response is passed on; -1: at once"),
        FIELD("trusted_proxies", LIST(STRING), "whose X-Forwarded fields are kept", .since = "2.5"),
        FIELD("headers", OBJECT(module_headers), "changes to request and response"),
        FIELD("request_buffers", ONE(INTEGER), "bytes of a request that are read first",
              .since = "2.7"),
        FIELD("response_buffers", ONE(INTEGER), "bytes of a response that are read first",
              .since = "2.7"),
        FIELD("proxy_status_name", ONE(STRING), "this proxy's name in Proxy-Status fields",
              .since = "2.11.5"),
        FIELD("stream_timeout", ONE(DURATION), "how long a WebSocket or the like may last",
              .since = "2.7"),
        FIELD("stream_buffer_size", ONE(INTEGER), "bytes of buffer for those", .since = "2.11.3"),
        FIELD("stream_close_delay", ONE(DURATION), "how long they go on after a new configuration",
              .since = "2.7"),
        FIELD("rewrite", OBJECT(module_rewrite), "changes to method, path and query",
              .since = "2.6"),
        FIELD("handle_response", OBJECTS(module_response_handler),
              "what is done with which responses",
              .since = "2.1"),
        FIELD("verbose_logs", ONE(BOOL), "logs every step at debug level", .since = "2.8"),
        {0},
    },
};

static const struct module_object resolver = {
    .name = "resolver",
    .noun = "a resolver",
    .fields = FIELDS{
        FIELD("addresses", LIST(STRING), "DNS servers"),
        {0},
    },
};

static const struct module_object fastcgi = {
    .name = "fastcgi",
    .noun = "the fastcgi transport",
    .fields = FIELDS{
        FIELD("root", ONE(STRING), "the folder of scripts; {http.vars.root} by default"),
        FIELD("split_path", LIST(STRING), "what ends a script's name within a path, like .php"),
        FIELD("resolve_root_symlink", ONE(BOOL), "says the folder's real path", .since = "2.2"),
        FIELD("env", MAP(STRING), "more variables"),
        FIELD("dial_timeout", ONE(DURATION), "how long connecting may take; 3s by default"),
        FIELD("read_timeout", ONE(DURATION), "how long a read may take"),
        FIELD("write_timeout", ONE(DURATION), "how long a write may take"),
        FIELD("capture_stderr", ONE(BOOL), "logs what scripts print there", .since = "2.6"),
        {0},
    },
};

static const struct module_object keep_alive = {
    .name = "keep_alive",
    .noun = "the keep-alive settings",
    .fields = FIELDS{
        FIELD("enabled", ONE(BOOL), "whether connections are used again; true by default"),
        FIELD("probe_interval", ONE(DURATION), "time between TCP probes; 30s by default"),
        FIELD("max_idle_conns", ONE(INTEGER), "connections kept in all; 0: any number"),
        FIELD("max_idle_conns_per_host", ONE(INTEGER), "kept for each upstream; 32 by default"),
        FIELD("idle_timeout", ONE(DURATION), "how long they are kept; 2m by default"),
        {0},
    },
};

#define RENEGOTIATION                                                                              \
    FIELD("renegotiation", ONE(STRING), "whether servers may begin TLS anew; never by default",    \
          .since = "2.6", .values = "never|once|freely", .is_strict = true)

static const struct module_object upstream_tls = {
    .name = "upstream_tls",
    .noun = "the TLS settings of a transport",
    .fields = FIELDS{
        FIELD("ca", MODULE("tls.ca_pool.source", "provider"), "authorities to trust",
              .since = "2.8"),
        FIELD("root_ca_pool", LIST(STRING), "authorities to trust, in base64 DER",
              .deprecated = "ca with the provider inline"),
        FIELD("root_ca_pem_files", LIST(STRING), "authorities to trust, in PEM files",
              .deprecated = "ca with the provider file"),
        FIELD("client_certificate_file", ONE(STRING), "PEM file with our certificate"),
        FIELD("client_certificate_key_file", ONE(STRING), "PEM file with its key"),
        FIELD("client_certificate_automate", ONE(STRING), "or a name we have a certificate for",
              .since = "2.1"),
        FIELD("insecure_skip_verify", ONE(BOOL), "believes any certificate"),
        FIELD("handshake_timeout", ONE(DURATION), "how long the handshake may take"),
        FIELD("server_name", ONE(STRING), "the name in the handshake and on the certificate"),
        RENEGOTIATION,
        FIELD("except_ports", LIST(STRING), "ports without TLS", .since = "2.6"),
        FIELD("curves", LIST(STRING), "curves for the key exchange", .since = "2.8"),
        {0},
    },
};

static const struct module_object http_transport = {
    .name = "http_transport",
    .noun = "the http transport",
    .fields = FIELDS{
        FIELD("resolver", OBJECT(resolver), "who looks names up", .since = "2.2"),
        FIELD("tls", OBJECT(upstream_tls), "speaks HTTPS; {} is enough"),
        FIELD("keep_alive", OBJECT(keep_alive), "whether connections are used again"),
        FIELD("compression", ONE(BOOL), "whether compression is asked for; true by default"),
        FIELD("max_conns_per_host", ONE(INTEGER), "connections to each upstream; 0: any number"),
        FIELD("proxy_protocol", ONE(STRING), "sends a PROXY header of this version",
              .since = "2.7", .values = "v1|v2"),
        FIELD("forward_proxy_url", ONE(STRING), "a proxy on the way", .since = "2.8",
              .deprecated = "network_proxy"),
        FIELD("dial_timeout", ONE(DURATION), "how long connecting may take; 3s by default"),
        FIELD("dial_fallback_delay", ONE(DURATION),
              "when the other IP version is tried, too; 300ms by default"),
        FIELD("response_header_timeout", ONE(DURATION), "how long an answer's head may take"),
        FIELD("expect_continue_timeout", ONE(DURATION), "how long 100 Continue is waited for"),
        FIELD("max_response_header_size", ONE(INTEGER), "bytes of a head; 10 MiB by default"),
        FIELD("write_buffer_size", ONE(INTEGER), "bytes; 4 KiB by default"),
        FIELD("read_buffer_size", ONE(INTEGER), "bytes; 4 KiB by default"),
        FIELD("read_timeout", ONE(DURATION), "how long a read may take", .since = "2.6"),
        FIELD("write_timeout", ONE(DURATION), "how long a write may take", .since = "2.6"),
        FIELD("versions", LIST(STRING), "HTTP versions; 1.1 and 2 by default",
              .values = "1.1|2|h2c|3", .is_strict = true),
        FIELD("local_address", ONE(STRING), "the address connections come from", .since = "2.9"),
        FIELD("network_proxy", MODULE("caddy.network_proxy", "from"), "a proxy on the way",
              .since = "2.10"),
        {0},
    },
};

static const struct module_object proxy_url = {
    .name = "proxy_url",
    .noun = "the url network proxy",
    .fields = FIELDS{
        FIELD("url", ONE(STRING), "where the proxy is"),
        {0},
    },
};

#define FALLBACK(since_)                                                                           \
    FIELD("fallback", MODULE(POLICIES, "policy"), "who is next without one", .since = since_)

static const struct module_object cookie_policy = {
    .name = "cookie_policy",
    .noun = "the cookie policy",
    .fields = FIELDS{
        FIELD("name", ONE(STRING), "of the cookie; lb by default"),
        FIELD("secret", ONE(STRING), "key of the hash in it"),
        FIELD("max_age", ONE(DURATION), "how long browsers keep it", .since = "2.9"),
        FALLBACK("2.7"),
        {0},
    },
};

static const struct module_object header_policy = {
    .name = "header_policy",
    .noun = "the header policy",
    .fields = FIELDS{
        FIELD("field", ONE(STRING), "the request's field", .is_required = true),
        FALLBACK("2.7"),
        {0},
    },
};

static const struct module_object query_policy = {
    .name = "query_policy",
    .noun = "the query policy",
    .fields = FIELDS{
        FIELD("key", ONE(STRING), "the parameter", .is_required = true),
        FALLBACK(NULL),
        {0},
    },
};

static const struct module_object random_choose_policy = {
    .name = "random_choose_policy",
    .noun = "the random_choose policy",
    .fields = FIELDS{
        FIELD("choose", ONE(INTEGER), "how many are drawn; 2 by default"),
        {0},
    },
};

static const struct module_object weighted_policy = {
    .name = "weighted_policy",
    .noun = "the weighted_round_robin policy",
    .fields = FIELDS{
        FIELD("weights", LIST(INTEGER), "weights of the upstreams, in order", .is_required = true),
        {0},
    },
};

static const struct module_object ip_versions = {
    .name = "ip_versions",
    .noun = "the IP versions",
    .fields = FIELDS{
        FIELD("ipv4", ONE(BOOL), "asks for A records"),
        FIELD("ipv6", ONE(BOOL), "asks for AAAA records"),
        {0},
    },
};

static const struct module_object a_upstreams = {
    .name = "a_upstreams",
    .noun = "the a source",
    .fields = FIELDS{
        FIELD("name", ONE(STRING), "the name that is looked up"),
        FIELD("port", ONE(STRING), "port of the upstreams"),
        FIELD("refresh", ONE(DURATION), "how long answers are used; 1m by default"),
        FIELD("resolver", OBJECT(resolver), "who looks it up"),
        FIELD("dial_timeout", ONE(DURATION), "how long reaching that one may take"),
        FIELD("dial_fallback_delay", ONE(DURATION), "when the other IP version is tried, too"),
        FIELD("versions", OBJECT(ip_versions), "which addresses are asked for", .since = "2.7"),
        {0},
    },
};

static const struct module_object srv_upstreams = {
    .name = "srv_upstreams",
    .noun = "the srv source",
    .fields = FIELDS{
        FIELD("service", ONE(STRING), "service of the record, without _"),
        FIELD("proto", ONE(STRING), "its protocol, without _"),
        FIELD("name", ONE(STRING), "its name, or all of it"),
        FIELD("refresh", ONE(DURATION), "how long answers are used; 1m by default"),
        FIELD("grace_period", ONE(DURATION), "how long old ones are used when looking up fails",
              .since = "2.8"),
        FIELD("resolver", OBJECT(resolver), "who looks it up"),
        FIELD("dial_timeout", ONE(DURATION), "how long reaching that one may take"),
        FIELD("dial_fallback_delay", ONE(DURATION), "when the other IP version is tried, too"),
        FIELD("dial_network", ONE(STRING), "network of the upstreams, like tcp4", .since = "2.11"),
        {0},
    },
};

static const struct module_object multi_upstreams = {
    .name = "multi_upstreams",
    .noun = "the multi source",
    .fields = FIELDS{
        FIELD("sources", MODULES(UPSTREAMS, "source"), "sources, taken together"),
        {0},
    },
};

const struct module modules_reverse_proxy[] = {
    ROW("http.handlers.reverse_proxy", OBJECT(reverse_proxy), "passes requests on"),
    ROW("caddy.network_proxy.none", OBJECT(module_nothing), "no proxy on the way",
        .since = "2.10"),
    ROW("caddy.network_proxy.url", OBJECT(proxy_url), "a proxy at a fixed place", .since = "2.10"),
    ROW("http.reverse_proxy.selection_policies.client_ip_hash", OBJECT(module_nothing),
        "by the client's address, past trusted proxies", .since = "2.7"),
    ROW("http.reverse_proxy.selection_policies.cookie", OBJECT(cookie_policy), "by a cookie",
        .since = "2.3"),
    ROW("http.reverse_proxy.selection_policies.first", OBJECT(module_nothing),
        "the first that is well"),
    ROW("http.reverse_proxy.selection_policies.header", OBJECT(header_policy),
        "by a request field"),
    ROW("http.reverse_proxy.selection_policies.ip_hash", OBJECT(module_nothing),
        "by the address of the connection"),
    ROW("http.reverse_proxy.selection_policies.least_conn", OBJECT(module_nothing),
        "the one with the fewest requests"),
    ROW("http.reverse_proxy.selection_policies.query", OBJECT(query_policy), "by a query parameter",
        .since = "2.7"),
    ROW("http.reverse_proxy.selection_policies.random", OBJECT(module_nothing), "any"),
    ROW("http.reverse_proxy.selection_policies.random_choose", OBJECT(random_choose_policy),
        "the least busy of a few drawn ones"),
    ROW("http.reverse_proxy.selection_policies.round_robin", OBJECT(module_nothing),
        "one after the other"),
    ROW("http.reverse_proxy.selection_policies.uri_hash", OBJECT(module_nothing),
        "by path and query"),
    ROW("http.reverse_proxy.selection_policies.weighted_round_robin", OBJECT(weighted_policy),
        "one after the other, some more often", .since = "2.7"),
    ROW("http.reverse_proxy.transport.fastcgi", OBJECT(fastcgi), "FastCGI, for PHP"),
    ROW("http.reverse_proxy.transport.http", OBJECT(http_transport), "HTTP and HTTPS"),
    ROW("http.reverse_proxy.upstreams.a", OBJECT(a_upstreams), "addresses of a name",
        .since = "2.5"),
    ROW("http.reverse_proxy.upstreams.multi", OBJECT(multi_upstreams), "several sources",
        .since = "2.6"),
    ROW("http.reverse_proxy.upstreams.srv", OBJECT(srv_upstreams), "SRV records", .since = "2.5"),
    {0},
};
