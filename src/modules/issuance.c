/* Where certificates come from: tls and pki apps, issuers, managers, ECH, the ACME server. */
#include "modules/tables.h"

#define DNS_PROVIDER MODULE("dns.providers", "name")
#define NETWORK_PROXY MODULE("caddy.network_proxy", "from")

static const struct module_object automation_policy = {
    .name = "automation_policy",
    .noun = "an automation policy",
    .fields = FIELDS{
        FIELD("subjects", LIST(STRING), "names it is for; none: all others"),
        FIELD("issuers", MODULES("tls.issuance", "module"), "who issues, the first that does"),
        FIELD("get_certificate", MODULES("tls.get_certificate", "via"),
              "who is asked for a certificate during handshakes", .since = "2.5"),
        FIELD("must_staple", ONE(BOOL), "asks for OCSP Must-Staple"),
        FIELD("renewal_window_ratio", ONE(NUMBER),
              "part of the lifetime before whose end is renewed"),
        FIELD("key_type", ONE(STRING), "kind of keys; p256 by default",
              .values = "ed25519|p256|p384|rsa2048|rsa4096", .is_strict = true),
        FIELD("storage", MODULE("caddy.storage", "module"), "the storage; Caddy's by default"),
        FIELD("on_demand", ONE(BOOL), "gets certificates when a handshake asks for them"),
        FIELD("reuse_private_keys", ONE(BOOL), "keeps keys when renewing", .since = "2.8"),
        FIELD("disable_ocsp_stapling", ONE(BOOL), "no OCSP responses are stapled", .since = "2.4"),
        FIELD("ocsp_overrides", MAP(STRING), "OCSP responders by those in certificates",
              .since = "2.4"),
        {0},
    },
};

static const struct module_object on_demand = {
    .name = "on_demand",
    .noun = "the on-demand settings",
    .fields = FIELDS{
        FIELD("ask", ONE(STRING), "URL that is asked whether a name is ours",
              .deprecated = "permission with the module http"),
        FIELD("permission", MODULE("tls.permission", "module"), "who says whether a name is ours",
              .since = "2.8"),
        {0},
    },
};

static const struct module_object automation = {
    .name = "automation",
    .noun = "the automation settings",
    .fields = FIELDS{
        FIELD("policies", POINTERS(automation_policy), "policies, the first for a name counts"),
        FIELD("on_demand", OBJECT(on_demand), "limits of getting certificates on demand"),
        FIELD("ocsp_interval", ONE(DURATION), "how often OCSP is looked after; 1h by default"),
        FIELD("renew_interval", ONE(DURATION), "how often renewals are; 10m by default"),
        FIELD("storage_clean_interval", ONE(DURATION), "how often the storage is cleaned; 24h",
              .since = "2.4"),
        {0},
    },
};

static const struct module_object session_tickets = {
    .name = "session_tickets",
    .noun = "the session ticket settings",
    .fields = FIELDS{
        FIELD("key_source", MODULE("tls.stek", "provider"), "where keys come from"),
        FIELD("rotation_interval", ONE(DURATION), "how often there is a new one; 12h by default"),
        FIELD("max_keys", ONE(INTEGER), "how many are kept; 4 by default"),
        FIELD("disable_rotation", ONE(BOOL), "keeps one key"),
        FIELD("disabled", ONE(BOOL), "no session tickets"),
        {0},
    },
};

static const struct module_object certificate_cache = {
    .name = "certificate_cache",
    .noun = "the certificate cache",
    .fields = FIELDS{
        FIELD("capacity", ONE(INTEGER), "certificates in memory; 10000 by default"),
        {0},
    },
};

static const struct module_object ech_config = {
    .name = "ech_config",
    .noun = "an ECH configuration",
    .fields = FIELDS{
        FIELD("public_name", ONE(STRING), "the name that everybody may see", .is_required = true),
        {0},
    },
};

static const struct module_object ech_publication = {
    .name = "ech_publication",
    .noun = "an ECH publication",
    .fields = FIELDS{
        FIELD("configs", LIST(STRING), "public names; none: all"),
        FIELD("domains", LIST(STRING), "domains; none: all"),
        FIELD("publishers", MODULE_MAP("tls.ech.publishers"), "who publishes"),
        {0},
    },
};

static const struct module_object ech = {
    .name = "ech",
    .noun = "the ECH settings",
    .fields = FIELDS{
        FIELD("configs", OBJECTS(ech_config), "configurations"),
        FIELD("publication", POINTERS(ech_publication), "how clients learn of them"),
        {0},
    },
};

static const struct module_object tls = {
    .name = "tls_app",
    .noun = "the tls app",
    .fields = FIELDS{
        FIELD("certificates", MODULE_MAP("tls.certificates"), "certificates to load or get"),
        FIELD("automation", OBJECT(automation), "how certificates are got"),
        FIELD("session_tickets", OBJECT(session_tickets), "how sessions are taken up again"),
        FIELD("cache", OBJECT(certificate_cache), "certificates in memory", .since = "2.1"),
        FIELD("disable_ocsp_stapling", ONE(BOOL), "no OCSP responses are stapled", .since = "2.4"),
        FIELD("disable_storage_check", ONE(BOOL), "does not try the storage first",
              .since = "2.9"),
        FIELD("disable_storage_clean", ONE(BOOL), "does not clean the storage", .since = "2.9"),
        FIELD("encrypted_client_hello", OBJECT(ech), "hides names in handshakes",
              .since = "2.10"),
        FIELD("dns", DNS_PROVIDER, "DNS provider where none is said", .since = "2.10"),
        FIELD("resolvers", LIST(STRING), "DNS servers where none are said", .since = "2.11"),
        {0},
    },
};

const struct module_object module_dns_challenge = {
    .name = "dns_challenge",
    .noun = "the DNS challenge",
    .fields = FIELDS{
        FIELD("provider", DNS_PROVIDER, "who runs the domain's DNS"),
        FIELD("ttl", ONE(DURATION), "lifetime of the record"),
        FIELD("propagation_delay", ONE(DURATION), "how long to wait before looking for it",
              .since = "2.5"),
        FIELD("propagation_timeout", ONE(DURATION), "how long it is looked for; -1: not at all",
              .since = "2.2"),
        FIELD("resolvers", LIST(STRING), "DNS servers that are asked", .since = "2.2"),
        FIELD("override_domain", ONE(STRING), "domain that gets the record", .since = "2.5"),
        {0},
    },
};

static const struct module_object port_challenge = {
    .name = "port_challenge",
    .noun = "a challenge",
    .fields = FIELDS{
        FIELD("disabled", ONE(BOOL), "turns it off"),
        FIELD("alternate_port", ONE(INTEGER), "port that the usual one is led to"),
        {0},
    },
};

static const struct module_object challenges = {
    .name = "challenges",
    .noun = "the ACME challenges",
    .fields = FIELDS{
        FIELD("http", OBJECT(port_challenge), "the one on port 80"),
        FIELD("tls-alpn", OBJECT(port_challenge), "the one on port 443"),
        FIELD("dns", OBJECT(module_dns_challenge), "the one by DNS; the others are then off"),
        FIELD("bind_host", ONE(STRING), "address for answering them"),
        FIELD("distributed", ONE(BOOL), "whether servers answer for one another", .since = "2.11"),
        {0},
    },
};

static const struct module_object external_account = {
    .name = "external_account",
    .noun = "an external account",
    .fields = FIELDS{
        FIELD("key_id", ONE(STRING), "its name"),
        FIELD("mac_key", ONE(STRING), "its key"),
        {0},
    },
};

static const struct module_object preferred_chains = {
    .name = "preferred_chains",
    .noun = "the preferred chains",
    .fields = FIELDS{
        FIELD("smallest", ONE(BOOL), "the one with the fewest bytes"),
        FIELD("root_common_name", LIST(STRING), "one whose root has this name"),
        FIELD("any_common_name", LIST(STRING), "one with any certificate of this name"),
        {0},
    },
};

static const struct module_object acme_issuer = {
    .name = "acme_issuer",
    .noun = "the acme issuer",
    .fields = FIELDS{
        FIELD("ca", ONE(STRING), "URL of the ACME directory; Let's Encrypt by default"),
        FIELD("test_ca", ONE(STRING), "the one for trying again after failures"),
        FIELD("email", ONE(STRING), "where the authority may write to"),
        FIELD("profile", ONE(STRING), "kind of certificate", .since = "2.10"),
        FIELD("account_key", ONE(STRING), "key of the account, in PEM", .since = "2.4"),
        FIELD("external_account", OBJECT(external_account), "account that is ours elsewhere"),
        FIELD("acme_timeout", ONE(DURATION), "how long the authority may take"),
        FIELD("challenges", OBJECT(challenges), "how we prove that names are ours"),
        FIELD("trusted_roots_pem_files", LIST(STRING), "authorities to trust, in PEM files"),
        FIELD("preferred_chains", OBJECT(preferred_chains), "which of several chains",
              .since = "2.3"),
        FIELD("certificate_lifetime", ONE(DURATION), "how long certificates shall be valid",
              .since = "2.8"),
        FIELD("network_proxy", NETWORK_PROXY, "a proxy on the way", .since = "2.10"),
        {0},
    },
};

static const struct module_object internal_issuer = {
    .name = "internal_issuer",
    .noun = "the internal issuer",
    .fields = FIELDS{
        FIELD("ca", ONE(STRING), "authority of the pki app; local by default"),
        FIELD("lifetime", ONE(DURATION), "of certificates; 12h by default"),
        FIELD("sign_with_root", ONE(BOOL), "without an intermediate certificate"),
        {0},
    },
};

static const struct module_object zerossl_issuer = {
    .name = "zerossl_issuer",
    .noun = "the zerossl issuer",
    .fields = FIELDS{
        FIELD("api_key", ONE(STRING), "key for ZeroSSL's API"),
        FIELD("validity_days", ONE(INTEGER), "how long certificates are valid", .since = "2.8"),
        FIELD("listen_host", ONE(STRING), "address for the HTTP validation", .since = "2.8"),
        FIELD("alternate_http_port", ONE(INTEGER), "port that 80 is led to", .since = "2.8"),
        FIELD("cname_validation", OBJECT(module_dns_challenge), "validation by DNS",
              .since = "2.8"),
        {0},
    },
};

static const struct module_object http_getter = {
    .name = "http_getter",
    .noun = "the http manager",
    .fields = FIELDS{
        FIELD("url", ONE(STRING), "URL that answers with certificate and key, in PEM",
              .is_required = true),
        {0},
    },
};

static const struct module_object http_permission = {
    .name = "http_permission",
    .noun = "the http permission",
    .fields = FIELDS{
        FIELD("endpoint", ONE(STRING), "URL that is asked with ?domain=; 200 is yes"),
        {0},
    },
};

static const struct module_object dns_publisher = {
    .name = "dns_publisher",
    .noun = "the dns publisher",
    .fields = FIELDS{
        FIELD("provider", DNS_PROVIDER, "who runs the domains' DNS", .is_required = true),
        {0},
    },
};

static const struct module_object key_pair = {
    .name = "key_pair",
    .noun = "a key pair",
    .fields = FIELDS{
        FIELD("certificate", ONE(STRING), "file with the certificate"),
        FIELD("private_key", ONE(STRING), "file with its key"),
        FIELD("format", ONE(STRING), "of both", .values = "pem_file", .is_strict = true),
        {0},
    },
};

static const struct module_object authority = {
    .name = "authority",
    .noun = "a certificate authority",
    .fields = FIELDS{
        FIELD("name", ONE(STRING), "what people see"),
        FIELD("root_common_name", ONE(STRING), "name of the root certificate"),
        FIELD("intermediate_common_name", ONE(STRING), "name of the intermediate one"),
        FIELD("intermediate_lifetime", ONE(DURATION), "how long that one is valid; 7d by default",
              .since = "2.7"),
        FIELD("install_trust", ONE(BOOL), "whether this system is made to trust it"),
        FIELD("root", OBJECT(key_pair), "a root of your own"),
        FIELD("intermediate", OBJECT(key_pair), "an intermediate certificate of your own"),
        FIELD("maintenance_interval", ONE(DURATION), "how often renewals are looked after",
              .since = "2.11"),
        FIELD("renewal_window_ratio", ONE(NUMBER),
              "part of the lifetime before whose end is renewed",
              .since = "2.11"),
        FIELD("storage", MODULE("caddy.storage", "module"), "the storage; Caddy's by default"),
        {0},
    },
};

static const struct module_object pki = {
    .name = "pki_app",
    .noun = "the pki app",
    .fields = FIELDS{
        FIELD("certificate_authorities", OBJECT_MAP(authority), "authorities by name, like local"),
        {0},
    },
};

static const struct module_object acme_rules = {
    .name = "acme_rules",
    .noun = "rules of the ACME server",
    .fields = FIELDS{
        FIELD("domains", LIST(STRING), "names"),
        FIELD("ip_ranges", LIST(STRING), "addresses and CIDR ranges"),
        {0},
    },
};

static const struct module_object acme_policy = {
    .name = "acme_policy",
    .noun = "the policy of the ACME server",
    .fields = FIELDS{
        FIELD("allow", OBJECT(acme_rules), "what certificates are issued for"),
        FIELD("deny", OBJECT(acme_rules), "what not"),
        FIELD("allow_wildcard_names", ONE(BOOL), "for wildcards, too"),
        {0},
    },
};

static const struct module_object acme_server = {
    .name = "acme_server",
    .noun = "the acme_server handler",
    .fields = FIELDS{
        FIELD("ca", ONE(STRING), "authority of the pki app; local by default"),
        FIELD("lifetime", ONE(DURATION), "of certificates; 12h by default", .since = "2.7"),
        FIELD("host", ONE(STRING), "this server's name in URLs"),
        FIELD("path_prefix", ONE(STRING), "of its paths; /acme/ by default"),
        FIELD("sign_with_root", ONE(BOOL), "without an intermediate certificate", .since = "2.4"),
        FIELD("resolvers", LIST(STRING), "DNS servers for challenges", .since = "2.7"),
        FIELD("challenges", LIST(STRING), "challenges that are offered; all by default",
              .since = "2.8", .values = "http-01|dns-01|tls-alpn-01", .any_case = true,
              .is_strict = true),
        FIELD("policy", OBJECT(acme_policy), "what certificates are issued for", .since = "2.8"),
        {0},
    },
};

const struct module modules_issuance[] = {
    ROW("tls", OBJECT(tls), "certificates and how they are got"),
    ROW("tls.issuance.acme", OBJECT(acme_issuer), "an authority that speaks ACME"),
    ROW("tls.issuance.internal", OBJECT(internal_issuer), "an authority of this server"),
    ROW("tls.issuance.zerossl", OBJECT(zerossl_issuer), "ZeroSSL by its own API", .since = "2.2"),
    ROW("tls.get_certificate.http", OBJECT(http_getter), "asks a URL", .since = "2.5"),
    ROW("tls.get_certificate.tailscale", OBJECT(module_nothing), "asks Tailscale", .since = "2.5"),
    ROW("tls.permission.http", OBJECT(http_permission), "asks a URL", .since = "2.8"),
    ROW("tls.ech.publishers.dns", OBJECT(dns_publisher), "publishes in HTTPS records",
        .since = "2.10"),
    ROW("pki", OBJECT(pki), "certificate authorities of this server"),
    ROW("http.handlers.acme_server", OBJECT(acme_server), "gives out certificates by ACME",
        .since = "2.1"),
    {0},
};
