/* OpenSSL contexts: choosing by the client's hello, trust, identities, resumption. */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/net_private.h"
#include "net/stream.h"
#include "net/tls_private.h"

/* Caddy's choice for TLS 1.2; 1.3 has no weak ones. */
static const char DEFAULT_CIPHERS[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

struct tls_identity {
    pthread_mutex_t lock;
    SSL_CTX *context; /* owned; under lock */
    struct credentials credentials; /* owned; under lock */
    int64_t renew_at; /* seconds since 1970; 0: never */
    struct local_ca *ca;
    struct str *names; /* owned, with their text */
    size_t n_names;
    int64_t lifetime_ns;
};

void tls_error_describe(const char *what, char error[TLS_ERROR_BYTES])
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    snprintf(error, TLS_ERROR_BYTES, "%s%s%s", what ? what : "", what ? ": " : "",
             reason ? reason : "failed");
    ERR_clear_error();
}

bool tls_name_is_ip(struct str name, char out[ADDRESS_TEXT_BYTES])
{
    struct address address;
    ptrdiff_t zone = str_index(name, '%');
    if (zone >= 0)
        name.len = (size_t)zone;
    if (!address_parse(name, &address))
        return false;
    address_host(&address, false, out);
    return true;
}

SSL_CTX *tls_context_new(const SSL_METHOD *method)
{
    SSL_CTX *context = SSL_CTX_new(method);
    if (!context)
        return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_cipher_list(context, DEFAULT_CIPHERS);
    if (!SSL_CTX_set1_groups_list(context, "X25519MLKEM768:X25519:P-256"))
        SSL_CTX_set1_groups_list(context, "X25519:P-256");
    ERR_clear_error();
    return context;
}

/* ---- The server's side. */

static struct str hello_server_name(SSL *ssl, char out[256])
{
    const unsigned char *data;
    size_t len;
    /* A list of one: list length (2), type 0, name length (2), name. */
    if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &len) || len < 5 ||
        data[2] != 0)
        return str_make("", 0);
    size_t name_len = (size_t)data[3] << 8 | data[4];
    if (name_len > len - 5 || name_len > 255)
        return str_make("", 0);
    for (size_t i = 0; i < name_len; i++) {
        char c = (char)data[5 + i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    return str_make(out, name_len);
}

static int accept_any_certificate(X509_STORE_CTX *store, void *unused)
{
    (void)store;
    (void)unused;
    return 1;
}

static int accept_at_verify(int ok, X509_STORE_CTX *store)
{
    (void)ok;
    (void)store;
    return 1;
}

static void apply_client_auth(SSL *ssl, const struct tls_policy *policy)
{
    int mode = SSL_VERIFY_PEER;
    SSL_verify_cb check = NULL;
    switch (policy->client_auth) {
    case TLS_CLIENT_AUTH_NONE:
        return;
    case TLS_CLIENT_AUTH_REQUEST:
        check = accept_at_verify;
        break;
    case TLS_CLIENT_AUTH_REQUIRE:
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        check = accept_at_verify;
        break;
    case TLS_CLIENT_AUTH_VERIFY_IF_GIVEN:
        break;
    case TLS_CLIENT_AUTH_REQUIRE_AND_VERIFY:
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        break;
    }
    SSL_set_verify(ssl, mode, check);
    if (policy->client_trust) {
        SSL_set1_verify_cert_store(ssl, policy->client_trust->store);
        SSL_set_client_CA_list(ssl, SSL_dup_CA_list(policy->client_trust->names));
    }
    /* Caddy: a resumed session would not show its certificate again. */
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(ssl, 0);
}

static void apply_policy(SSL *ssl, const struct tls_policy *policy)
{
    if (policy->min_version)
        SSL_set_min_proto_version(ssl, policy->min_version);
    if (policy->max_version)
        SSL_set_max_proto_version(ssl, policy->max_version);
    if (policy->ciphers)
        SSL_set_cipher_list(ssl, policy->ciphers);
    if (policy->groups)
        SSL_set1_groups_list(ssl, policy->groups);
    apply_client_auth(ssl, policy);
    ERR_clear_error();
}

static int on_hello(SSL *ssl, int *alert, void *unused)
{
    (void)unused;
    struct tls_session *session = SSL_get_app_data(ssl);
    struct tls_server *server = session->server;
    char name[256];
    struct tls_hello hello = {.server_name = hello_server_name(ssl, name),
                              .peer = session->peer,
                              .stream = session->stream};
    const unsigned char *alpn;
    size_t alpn_len;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &alpn,
                                  &alpn_len) &&
        alpn_len > 2) {
        hello.alpn = alpn + 2;
        hello.alpn_len = alpn_len - 2;
    }
    struct tls_choice choice = server->config.choose(&hello, server->config.ctx);
    SSL_CTX *context = choice.identity ? tls_identity_context(choice.identity) : NULL;
    if (!context) {
        snprintf(session->error, sizeof(session->error), "no certificate for \"%.*s\"",
                 (int)hello.server_name.len, hello.server_name.ptr);
        *alert = choice.policy ? SSL_AD_INTERNAL_ERROR : SSL_AD_HANDSHAKE_FAILURE;
        return SSL_CLIENT_HELLO_ERROR;
    }
    SSL_set_SSL_CTX(ssl, context);
    SSL_CTX_free(context); /* the session holds its own reference */
    session->policy = choice.policy;
    if (choice.policy)
        apply_policy(ssl, choice.policy);
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* Our order of preference; no common protocol ends the handshake, but for a client that offers
 * http/1.1 to a server that would speak h2 only (Go does the same). */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *offered, unsigned offered_len, void *unused)
{
    (void)unused;
    const struct tls_session *session = SSL_get_app_data(ssl);
    const char *const *alpn = session->policy ? session->policy->alpn : NULL;
    bool offers_http1 = false, ours_h2 = false;
    if (!alpn || !alpn[0])
        return SSL_TLSEXT_ERR_NOACK;
    for (; *alpn; alpn++) {
        size_t len = strlen(*alpn);
        ours_h2 |= strcmp(*alpn, "h2") == 0;
        for (unsigned at = 0; at < offered_len; at += 1u + offered[at]) {
            unsigned name_len = offered[at];
            if (name_len > offered_len - at - 1)
                break;
            offers_http1 |= name_len == 8 && memcmp(offered + at + 1, "http/1.1", 8) == 0;
            if (name_len == len && memcmp(offered + at + 1, *alpn, len) == 0) {
                *out = offered + at + 1;
                *out_len = (unsigned char)len;
                return SSL_TLSEXT_ERR_OK;
            }
        }
    }
    return ours_h2 && offers_http1 ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void tls_context_server_setup(SSL_CTX *context)
{
    static const unsigned char session_context[] = "dialtone";
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(context, session_context, sizeof(session_context) - 1);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_alpn_select_cb(context, select_alpn, NULL);
}

struct tls_server *tls_server_new(const struct tls_server_config *config)
{
    struct tls_server *server = calloc(1, sizeof(*server));
    SSL_CTX *context = tls_context_new(TLS_server_method());
    if (!server || !context) {
        free(server);
        SSL_CTX_free(context);
        return NULL;
    }
    tls_context_server_setup(context);
    SSL_CTX_set_client_hello_cb(context, on_hello, NULL);
    server->context = context;
    server->config = *config;
    return server;
}

void tls_server_free(struct tls_server *server)
{
    if (!server)
        return;
    SSL_CTX_free(server->context);
    free(server);
}

/* ---- Identities. */

void credentials_free(struct credentials *credentials)
{
    X509_free(credentials->leaf);
    sk_X509_pop_free(credentials->chain, X509_free);
    EVP_PKEY_free(credentials->key);
    *credentials = (struct credentials){0};
}

static bool use_credentials(SSL_CTX *context, const struct credentials *credentials)
{
    return SSL_CTX_use_cert_and_key(context, credentials->leaf, credentials->key,
                                    credentials->chain, 1) == 1;
}

static SSL_CTX *context_of(const struct credentials *credentials)
{
    SSL_CTX *context = tls_context_new(TLS_server_method());
    if (!context)
        return NULL;
    tls_context_server_setup(context);
    if (!use_credentials(context, credentials)) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

static struct tls_identity *identity_new(void)
{
    struct tls_identity *identity = calloc(1, sizeof(*identity));
    if (identity)
        pthread_mutex_init(&identity->lock, NULL);
    return identity;
}

static bool read_chain(const char *file, struct credentials *out)
{
    FILE *in = fopen(file, "re");
    if (!in)
        return false;
    out->leaf = PEM_read_X509_AUX(in, NULL, NULL, NULL);
    out->chain = sk_X509_new_null();
    X509 *more;
    while (out->leaf && out->chain && (more = PEM_read_X509(in, NULL, NULL, NULL)))
        sk_X509_push(out->chain, more);
    fclose(in);
    if (out->leaf)
        ERR_clear_error(); /* the end of the file counts as an error there */
    return out->leaf != NULL;
}

static bool read_key(const char *file, struct credentials *out)
{
    FILE *in = fopen(file, "re");
    if (!in)
        return false;
    out->key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
    fclose(in);
    return out->key != NULL;
}

struct tls_identity *tls_identity_load(const char *certificate_file, const char *key_file,
                                       char error[TLS_ERROR_BYTES])
{
    char what[160];
    struct tls_identity *identity = identity_new();
    if (!identity)
        return NULL;
    struct credentials *credentials = &identity->credentials;
    ERR_clear_error();
    if (!read_chain(certificate_file, credentials)) {
        snprintf(what, sizeof(what), "reading certificate %s", certificate_file);
    } else if (!read_key(key_file, credentials)) {
        snprintf(what, sizeof(what), "reading key %s", key_file);
    } else {
        identity->context = context_of(credentials);
        if (identity->context)
            return identity;
        snprintf(what, sizeof(what), "%s with %s", certificate_file, key_file);
    }
    tls_error_describe(what, error);
    tls_identity_free(identity);
    return NULL;
}

struct tls_identity *tls_identity_issue(struct local_ca *ca, const struct str *names, size_t n,
                                        int64_t lifetime_ns)
{
    struct tls_identity *identity = identity_new();
    if (!identity)
        return NULL;
    size_t bytes = n * sizeof(*names);
    for (size_t i = 0; i < n; i++)
        bytes += names[i].len;
    identity->names = malloc(bytes + 1);
    char *text = (char *)(identity->names + n);
    for (size_t i = 0; i < n; i++) {
        identity->names[i] = str_make(text, names[i].len);
        memcpy(text, names[i].ptr, names[i].len);
        text += names[i].len;
    }
    identity->n_names = n;
    identity->ca = ca;
    identity->lifetime_ns = lifetime_ns;
    return identity;
}

void tls_identity_free(struct tls_identity *identity)
{
    if (!identity)
        return;
    SSL_CTX_free(identity->context);
    credentials_free(&identity->credentials);
    pthread_mutex_destroy(&identity->lock);
    free(identity->names);
    free(identity);
}

/* Issues where there is nothing yet, or a third of the lifetime is left; under the lock. */
static void refresh(struct tls_identity *identity)
{
    char error[TLS_ERROR_BYTES];
    int64_t now = (int64_t)time(NULL);
    if (!identity->ca || (identity->context && now < identity->renew_at))
        return;
    struct credentials fresh = {0};
    if (!local_ca_issue(identity->ca, identity->names, identity->n_names, identity->lifetime_ns,
                        &fresh, error))
        return;
    SSL_CTX *context = context_of(&fresh);
    if (!context) {
        credentials_free(&fresh);
        return;
    }
    SSL_CTX_free(identity->context);
    credentials_free(&identity->credentials);
    identity->context = context;
    identity->credentials = fresh;
    int days, seconds;
    ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(fresh.leaf));
    identity->renew_at = now + ((int64_t)days * 86400 + seconds) * 2 / 3;
}

SSL_CTX *tls_identity_context(struct tls_identity *identity)
{
    pthread_mutex_lock(&identity->lock);
    refresh(identity);
    SSL_CTX *context = identity->context;
    if (context)
        SSL_CTX_up_ref(context);
    pthread_mutex_unlock(&identity->lock);
    return context;
}

bool tls_identity_use(struct tls_identity *identity, SSL_CTX *context)
{
    pthread_mutex_lock(&identity->lock);
    refresh(identity);
    bool used = identity->context && use_credentials(context, &identity->credentials);
    pthread_mutex_unlock(&identity->lock);
    return used;
}

bool tls_identity_covers(struct tls_identity *identity, struct str name)
{
    char text[256];
    bool covers = false;
    if (name.len == 0 || name.len >= sizeof(text))
        return false;
    pthread_mutex_lock(&identity->lock);
    refresh(identity);
    X509 *leaf = identity->credentials.leaf;
    char ip[ADDRESS_TEXT_BYTES];
    if (leaf && tls_name_is_ip(name, ip)) {
        covers = X509_check_ip_asc(leaf, ip, 0) == 1;
    } else if (leaf) {
        memcpy(text, name.ptr, name.len);
        text[name.len] = '\0';
        covers = X509_check_host(leaf, text, name.len,
                                 X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
    }
    pthread_mutex_unlock(&identity->lock);
    return covers;
}

/* ---- Trust. */

static struct tls_trust *trust_new(void)
{
    struct tls_trust *trust = calloc(1, sizeof(*trust));
    if (!trust)
        return NULL;
    trust->store = X509_STORE_new();
    trust->names = sk_X509_NAME_new_null();
    return trust;
}

void tls_trust_free(struct tls_trust *trust)
{
    if (!trust)
        return;
    X509_STORE_free(trust->store);
    sk_X509_NAME_pop_free(trust->names, X509_NAME_free);
    free(trust);
}

static void trust_add(struct tls_trust *trust, X509 *certificate)
{
    X509_STORE_add_cert(trust->store, certificate);
    sk_X509_NAME_push(trust->names, X509_NAME_dup(X509_get_subject_name(certificate)));
}

struct tls_trust *tls_trust_system(char error[TLS_ERROR_BYTES])
{
    struct tls_trust *trust = trust_new();
    if (trust && X509_STORE_set_default_paths(trust->store))
        return trust;
    tls_error_describe("loading the system's certificates", error);
    tls_trust_free(trust);
    return NULL;
}

static bool trust_add_file(struct tls_trust *trust, const char *file)
{
    FILE *in = fopen(file, "re");
    bool any = false;
    X509 *certificate;
    while (in && (certificate = PEM_read_X509(in, NULL, NULL, NULL))) {
        trust_add(trust, certificate);
        X509_free(certificate);
        any = true;
    }
    if (in)
        fclose(in);
    return any;
}

struct tls_trust *tls_trust_files(const char *const *pem_files, size_t n,
                                  char error[TLS_ERROR_BYTES])
{
    struct tls_trust *trust = trust_new();
    for (size_t i = 0; trust && i < n; i++) {
        if (trust_add_file(trust, pem_files[i]))
            continue;
        snprintf(error, TLS_ERROR_BYTES, "no certificate in %.200s", pem_files[i]);
        tls_trust_free(trust);
        trust = NULL;
    }
    ERR_clear_error();
    return trust;
}

static X509 *decode(struct str base64)
{
    size_t cap = base64.len / 4 * 3 + 4;
    unsigned char *der = malloc(cap);
    int len = der ? EVP_DecodeBlock(der, (const unsigned char *)base64.ptr, (int)base64.len) : -1;
    const unsigned char *at = der;
    X509 *certificate = len > 0 ? d2i_X509(NULL, &at, len) : NULL;
    free(der);
    return certificate;
}

struct tls_trust *tls_trust_inline(const struct str *der_base64, size_t n,
                                   char error[TLS_ERROR_BYTES])
{
    struct tls_trust *trust = trust_new();
    for (size_t i = 0; trust && i < n; i++) {
        X509 *certificate = decode(str_trim(der_base64[i]));
        if (certificate) {
            trust_add(trust, certificate);
            X509_free(certificate);
            continue;
        }
        snprintf(error, TLS_ERROR_BYTES, "certificate %zu is not base64 of DER", i + 1);
        tls_trust_free(trust);
        trust = NULL;
    }
    ERR_clear_error();
    return trust;
}

/* ---- The client's side. */

static int keep_ticket(SSL *ssl, SSL_SESSION *fresh)
{
    struct tls_session *session = SSL_get_app_data(ssl);
    if (!session || !session->ticket)
        return 0;
    SSL_SESSION_free(session->ticket->session);
    session->ticket->session = fresh;
    return 1; /* the reference is ours now */
}

static bool set_alpn(SSL_CTX *context, const char *const *alpn)
{
    unsigned char wire[256];
    unsigned len = 0;
    for (; alpn && *alpn; alpn++) {
        size_t name_len = strlen(*alpn);
        if (name_len > 255 || len + 1 + name_len > sizeof(wire))
            return false;
        wire[len++] = (unsigned char)name_len;
        memcpy(wire + len, *alpn, name_len);
        len += (unsigned)name_len;
    }
    return len == 0 || SSL_CTX_set_alpn_protos(context, wire, len) == 0;
}

static bool client_setup(struct tls_client *client, char error[TLS_ERROR_BYTES])
{
    const struct tls_client_config *config = &client->config;
    SSL_CTX *context = client->context;
    if (config->min_version)
        SSL_CTX_set_min_proto_version(context, config->min_version);
    if (config->max_version)
        SSL_CTX_set_max_proto_version(context, config->max_version);
    if (!set_alpn(context, config->alpn)) {
        tls_error_describe("ALPN", error);
        return false;
    }
    if (config->groups && !SSL_CTX_set1_groups_list(context, config->groups)) {
        tls_error_describe("key exchange groups", error);
        return false;
    }
    if (config->identity && !tls_identity_use(config->identity, context)) {
        tls_error_describe("client certificate", error);
        return false;
    }
    if (config->insecure_skip_verify) {
        SSL_CTX_set_cert_verify_callback(context, accept_any_certificate, NULL);
        return true;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (config->trust) {
        SSL_CTX_set1_cert_store(context, config->trust->store);
    } else if (!SSL_CTX_set_default_verify_paths(context)) {
        tls_error_describe("loading the system's certificates", error);
        return false;
    }
    return true;
}

struct tls_client *tls_client_new(const struct tls_client_config *config,
                                  char error[TLS_ERROR_BYTES])
{
    struct tls_client *client = calloc(1, sizeof(*client));
    if (!client)
        return NULL;
    client->config = *config;
    client->context = tls_context_new(TLS_client_method());
    if (!client->context || !client_setup(client, error)) {
        tls_client_free(client);
        return NULL;
    }
    SSL_CTX_set_session_cache_mode(client->context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client->context, keep_ticket);
    return client;
}

void tls_client_free(struct tls_client *client)
{
    if (!client)
        return;
    SSL_CTX_free(client->context);
    free(client);
}
