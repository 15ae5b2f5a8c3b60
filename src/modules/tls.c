/* TLS as servers speak it: connection policies, who is matched, certificates that are loaded. */
#include "modules/tables.h"

static const struct module_object certificate_selection = {
    .name = "certificate_selection",
    .noun = "a certificate selection",
    .fields = FIELDS{
        FIELD("serial_number", LIST(BIG_INTEGER), "one of these serial numbers"),
        FIELD("subject_organization", LIST(STRING), "one of these organizations"),
        FIELD("public_key_algorithm", ONE(KEY_ALGORITHM), "this kind of key",
              .values = "rsa|dsa|ecdsa", .any_case = true, .is_strict = true),
        FIELD("any_tag", LIST(STRING), "one of these tags"),
        FIELD("all_tags", LIST(STRING), "all of these tags"),
        {0},
    },
};

static const struct module_object client_auth = {
    .name = "client_auth",
    .noun = "the client authentication",
    .fields = FIELDS{
        FIELD("ca", MODULE("tls.ca_pool.source", "provider"), "authorities to trust",
              .since = "2.8"),
        FIELD("trusted_ca_certs", LIST(STRING), "authorities to trust, in base64 DER",
              .deprecated = "ca with the provider inline"),
        FIELD("trusted_ca_certs_pem_files", LIST(STRING), "authorities to trust, in PEM files",
              .since = "2.3", .deprecated = "ca with the provider file"),
        FIELD("trusted_leaf_certs", LIST(STRING), "certificates to trust, in base64 DER",
              .deprecated = "verifiers with the verifier leaf"),
        FIELD("verifiers", MODULES("tls.client_auth.verifier", "verifier"), "more conditions",
              .since = "2.6"),
        FIELD("mode", ONE(STRING), "what is asked of clients; require_and_verify with authorities",
              .values = "request|require|verify_if_given|require_and_verify", .is_strict = true),
        {0},
    },
};

#define TLS_VERSIONS .values = "tls1.2|tls1.3"
#define CURVES .values = "x25519mlkem768|x25519|secp256r1|secp384r1|secp521r1"

const struct module_object module_tls_connection_policy = {
    .name = "tls_connection_policy",
    .noun = "a TLS connection policy",
    .fields = FIELDS{
        FIELD("match", MODULE_MAP("tls.handshake_match"), "which handshakes; all must match"),
        FIELD("certificate_selection", OBJECT(certificate_selection), "which of our certificates"),
        FIELD("cipher_suites", LIST(STRING), "cipher suites of TLS 1.2, by their IANA names"),
        FIELD("curves", LIST(STRING), "curves for the key exchange", CURVES),
        FIELD("alpn", LIST(STRING), "protocols above TLS; h2 and http/1.1 by default"),
        FIELD("protocol_min", ONE(STRING), "the oldest version; tls1.2 by default", TLS_VERSIONS),
        FIELD("protocol_max", ONE(STRING), "the newest version; tls1.3 by default", TLS_VERSIONS),
        FIELD("drop", ONE(BOOL), "ends the handshake", .since = "2.8"),
        FIELD("client_authentication", OBJECT(client_auth), "certificates of clients"),
        FIELD("default_sni", ONE(STRING), "the name where the client gives none"),
        FIELD("fallback_sni", ONE(STRING), "the name where we have nothing for its name",
              .since = "2.7"),
        FIELD("insecure_secrets_log", ONE(STRING), "file that gets all keys", .since = "2.6"),
        FIELD("handshake_context", MODULE("tls.context", "module"),
              "changes the handshake's context",
              .since = "2.9"),
        {0},
    },
};

static const struct module_object local_ip = {
    .name = "local_ip_matcher",
    .noun = "the local_ip matcher",
    .fields = FIELDS{
        FIELD("ranges", LIST(STRING), "addresses and CIDR ranges"),
        {0},
    },
};

static const struct module_object remote_ip = {
    .name = "remote_ip_matcher",
    .noun = "the remote_ip matcher",
    .fields = FIELDS{
        FIELD("ranges", LIST(STRING), "addresses and CIDR ranges"),
        FIELD("not_ranges", LIST(STRING), "those that do not match"),
        {0},
    },
};

static const struct module_object file_pair = {
    .name = "file_pair",
    .noun = "a certificate to load",
    .fields = FIELDS{
        FIELD("certificate", ONE(STRING), "file with the certificate and its chain",
              .is_required = true),
        FIELD("key", ONE(STRING), "file with its key", .is_required = true),
        FIELD("format", ONE(STRING), "of both", .values = "pem", .is_strict = true),
        FIELD("tags", LIST(STRING), "names for selecting it"),
        {0},
    },
};

static const struct module_object pem_pair = {
    .name = "pem_pair",
    .noun = "a certificate",
    .fields = FIELDS{
        FIELD("certificate", ONE(STRING), "the certificate and its chain, in PEM",
              .is_required = true),
        FIELD("key", ONE(STRING), "its key, in PEM", .is_required = true),
        FIELD("tags", LIST(STRING), "names for selecting it"),
        {0},
    },
};

static const struct module_object storage_loader = {
    .name = "storage_loader",
    .noun = "the load_storage loader",
    .fields = FIELDS{
        FIELD("pairs", OBJECTS(file_pair), "certificates, by their keys in the storage"),
        {0},
    },
};

static const struct module_object distributed_stek = {
    .name = "distributed_stek",
    .noun = "the distributed key source",
    .fields = FIELDS{
        FIELD("storage", MODULE("caddy.storage", "module"), "where the keys are shared"),
        {0},
    },
};

const struct module modules_tls[] = {
    ROW("tls.certificates.automate", LIST(STRING), "names to get certificates for"),
    ROW("tls.certificates.load_files", OBJECTS(file_pair), "certificates in files"),
    ROW("tls.certificates.load_folders", LIST(STRING), "folders with certificates in PEM files"),
    ROW("tls.certificates.load_pem", OBJECTS(pem_pair), "certificates right here"),
    ROW("tls.certificates.load_storage", OBJECT(storage_loader), "certificates in the storage",
        .since = "2.4"),
    ROW("tls.handshake_match.local_ip", OBJECT(local_ip), "our address", .since = "2.8"),
    ROW("tls.handshake_match.remote_ip", OBJECT(remote_ip), "the client's address",
        .since = "2.4"),
    ROW("tls.handshake_match.sni", LIST(STRING), "the name in the handshake; * for one label"),
    ROW("tls.handshake_match.sni_regexp", OBJECT(module_regexp), "that name by regular expression",
        .since = "2.9"),
    ROW("tls.stek.distributed", OBJECT(distributed_stek), "session keys that servers share"),
    ROW("tls.stek.standard", OBJECT(module_nothing), "session keys of this server"),
    {0},
};
