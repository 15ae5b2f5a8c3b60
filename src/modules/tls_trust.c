/* Whose certificates are believed: pools of authorities and verifiers of leaves. */
#include "modules/tables.h"

#define CA_POOLS "tls.ca_pool.source"

static const struct module_object file_pool = {
    .name = "file_pool",
    .noun = "the file CA pool",
    .fields = FIELDS{
        FIELD("pem_files", LIST(STRING), "PEM files"),
        {0},
    },
};

static const struct module_object pool_tls = {
    .name = "pool_tls",
    .noun = "the TLS settings of the http CA pool",
    .fields = FIELDS{
        FIELD("ca", MODULE(CA_POOLS, "provider"), "authorities to trust while asking"),
        FIELD("insecure_skip_verify", ONE(BOOL), "believes any certificate"),
        FIELD("handshake_timeout", ONE(DURATION), "how long the handshake may take"),
        FIELD("server_name", ONE(STRING), "the name in the handshake and on the certificate"),
        FIELD("renegotiation", ONE(STRING), "whether servers may begin TLS anew; never by default",
              .values = "never|once|freely", .is_strict = true),
        {0},
    },
};

static const struct module_object http_pool = {
    .name = "http_pool",
    .noun = "the http CA pool",
    .fields = FIELDS{
        FIELD("endpoints", LIST(STRING), "URLs of PEM files"),
        FIELD("tls", OBJECT(pool_tls), "how HTTPS is spoken"),
        {0},
    },
};

static const struct module_object inline_pool = {
    .name = "inline_pool",
    .noun = "the inline CA pool",
    .fields = FIELDS{
        FIELD("trusted_ca_certs", LIST(STRING), "certificates, in base64 DER"),
        {0},
    },
};

static const struct module_object pki_pool = {
    .name = "pki_pool",
    .noun = "a PKI CA pool",
    .fields = FIELDS{
        FIELD("authority", LIST(STRING), "authorities of the pki app, like local"),
        {0},
    },
};

static const struct module_object storage_pool = {
    .name = "storage_pool",
    .noun = "the storage CA pool",
    .fields = FIELDS{
        FIELD("storage", MODULE("caddy.storage", "module"), "the storage; Caddy's by default"),
        FIELD("pem_keys", LIST(STRING), "keys of PEM texts in it", .is_required = true),
        {0},
    },
};

static const struct module_object combined_pool = {
    .name = "combined_pool",
    .noun = "the combined CA pool",
    .fields = FIELDS{
        FIELD("sources", MODULES(CA_POOLS, "provider"), "pools, taken together",
              .is_required = true),
        {0},
    },
};

static const struct module_object leaf_verifier = {
    .name = "leaf_verifier",
    .noun = "the leaf verifier",
    .fields = FIELDS{
        FIELD("leaf_certs_loaders", MODULES("tls.leaf_cert_loader", "loader"), "the certificates"),
        {0},
    },
};

static const struct module_object leaf_files = {
    .name = "leaf_files",
    .noun = "the file leaf loader",
    .fields = FIELDS{
        FIELD("files", LIST(STRING), "PEM files"),
        {0},
    },
};

static const struct module_object leaf_folders = {
    .name = "leaf_folders",
    .noun = "the folder leaf loader",
    .fields = FIELDS{
        FIELD("folders", LIST(STRING), "folders with PEM files"),
        {0},
    },
};

static const struct module_object leaf_pems = {
    .name = "leaf_pems",
    .noun = "the pem leaf loader",
    .fields = FIELDS{
        FIELD("certificates", LIST(STRING), "certificates, in PEM"),
        {0},
    },
};

static const struct module_object leaf_storage = {
    .name = "leaf_storage",
    .noun = "the storage leaf loader",
    .fields = FIELDS{
        FIELD("certificates", LIST(STRING), "keys of PEM texts in the storage"),
        FIELD("storage", MODULE("caddy.storage", "module"), "the storage; Caddy's by default"),
        {0},
    },
};

const struct module modules_tls_trust[] = {
    ROW("tls.ca_pool.source.combined", OBJECT(combined_pool), "several pools", .since = "2.11"),
    ROW("tls.ca_pool.source.file", OBJECT(file_pool), "authorities in files", .since = "2.8"),
    ROW("tls.ca_pool.source.http", OBJECT(http_pool), "authorities from elsewhere",
        .since = "2.8"),
    ROW("tls.ca_pool.source.inline", OBJECT(inline_pool), "authorities right here",
        .since = "2.8"),
    ROW("tls.ca_pool.source.pki_intermediate", OBJECT(pki_pool),
        "intermediate certificates of local authorities", .since = "2.8"),
    ROW("tls.ca_pool.source.pki_root", OBJECT(pki_pool), "root certificates of local authorities",
        .since = "2.8"),
    ROW("tls.ca_pool.source.storage", OBJECT(storage_pool), "authorities in the storage",
        .since = "2.8"),
    ROW("tls.ca_pool.source.system", OBJECT(module_nothing), "authorities the system trusts",
        .since = "2.11"),
    ROW("tls.client_auth.verifier.leaf", OBJECT(leaf_verifier), "only these very certificates",
        .since = "2.8"),
    ROW("tls.leaf_cert_loader.file", OBJECT(leaf_files), "certificates in files", .since = "2.8"),
    ROW("tls.leaf_cert_loader.folder", OBJECT(leaf_folders), "certificates in folders",
        .since = "2.8"),
    ROW("tls.leaf_cert_loader.pem", OBJECT(leaf_pems), "certificates right here", .since = "2.8"),
    ROW("tls.leaf_cert_loader.storage", OBJECT(leaf_storage), "certificates in the storage",
        .since = "2.8"),
    {0},
};
